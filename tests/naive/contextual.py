"""Contextual bandits, written from the definitions: histories, linear equations, optimisers.

As in `learners.py`, an oracle remembers its history and nothing else.  Contexts are what a
problem shows: a number, a point of [0, 1], or rows of features, one for each arm; where arms share
their features there is one row, and a model for each arm.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq


class Round(NamedTuple):
    """What happened in a round of a game."""

    x: object
    a: object
    y: float
    gap: float


def on_a_line(values, x):
    """Return the value at x on straight lines between evenly spaced ones."""
    return float(np.interp(x, np.linspace(0.0, 1.0, len(values)), values))


def in_a_square(values, x, a):
    """Return the value at context x and arm a: along contexts first, and then along arms."""
    return on_a_line([on_a_line(row, x) for row in values], a)


def nearest(x, points):
    """Return the number of the nearest of so many points from 0 to 1; of equally near the lower."""
    distances = [abs(x - k / (points - 1)) for k in range(points)]
    least = min(distances)
    return next(k for k, distance in enumerate(distances) if distance <= least + 1e-12)


class PerContext:
    """A learner of its own for each context, made when the context is first seen."""

    def __init__(self, make):
        self.make = make
        self.of = {}

    def select(self, x, rng):
        if x not in self.of:
            self.of[x] = [self.make(), 0]
        policy, rounds = self.of[x]
        return policy.select(rounds, None, rng)

    def update(self, x, a, y):
        policy, rounds = self.of[x]
        policy.update(rounds, None, a, y)
        self.of[x][1] += 1


class Ridge:
    """Ridge regression of the rewards of a model, from all of them anew each time."""

    def __init__(self, d, ridge):
        self.xs, self.ys, self.d, self.ridge = [], [], d, ridge

    def add(self, x, y):
        self.xs.append(np.array(x))
        self.ys.append(y)

    @property
    def gram(self):
        X = np.array(self.xs).reshape(-1, self.d)
        return self.ridge * np.eye(self.d) + X.T @ X

    @property
    def moments(self):
        return np.array(self.xs).reshape(-1, self.d).T @ np.array(self.ys)

    @property
    def theta(self):
        return np.linalg.solve(self.gram, self.moments)

    @property
    def n(self):
        return len(self.ys)


class Linear:
    """What linear learners have in common: the models, and which of them an arm uses."""

    def __init__(self, K, d, ridge, shared):
        self.K, self.shared = K, shared
        self.models = [Ridge(d, ridge) for _ in range(K if shared else 1)]

    def parts(self, x, a):
        """Return the model of an arm, and its features."""
        return (self.models[a], x[0]) if self.shared else (self.models[0], x[a])

    def update(self, x, a, y):
        model, features = self.parts(x, a)
        model.add(features, y)


class LinUCB(Linear):
    """Alg. 8.2 with ``alpha``, or with the ellipsoid of Abbasi-Yadkori, Pal & Szepesvari."""

    def __init__(self, K, d, shared, *, alpha=None, ridge=1.0, delta=0.05, noise=0.5, norm=1.0):
        super().__init__(K, d, ridge, shared)
        self.alpha, self.ridge, self.noise, self.norm, self.d = alpha, ridge, noise, norm, d
        self.delta = delta / len(self.models)

    def beta(self, n):
        growth = self.d * math.log(1 + n / (self.ridge * self.d))
        radius = math.sqrt(2 * math.log(1 / self.delta) + growth)
        return self.noise * radius + math.sqrt(self.ridge) * self.norm

    def indices(self, x):
        found = []
        for a in range(self.K):
            model, features = self.parts(x, a)
            width = self.beta(model.n) if self.alpha is None else self.alpha
            spread = math.sqrt(features @ np.linalg.solve(model.gram, features))
            found.append(features @ model.theta + width * spread)
        return np.array(found)


def most_likely(mean, precision, x, y):
    """Return theta that minimises `penalised`, by bisection (Brent) on its log-odds.

    Where the gradient is 0, ``w = mean + x (y - p) / precision``: then the log-odds z of the coin
    are those at which ``z = x . mean + (y - p(z)) sum(x**2 / precision)``.
    """
    v = float(np.sum(x * x / precision))
    u = float(x @ mean)

    def left(z):
        return z - u - v * (y - chance(z))

    z = brentq(left, u - v - 1.0, u + v + 1.0, xtol=1e-13, rtol=1e-15, maxiter=500)
    return mean + x * (y - chance(z)) / precision


def chance(z):
    """Return the probability of a coin with log-odds z."""
    return 1.0 / (1.0 + math.exp(-z)) if z >= 0.0 else 1.0 - 1.0 / (1.0 + math.exp(z))


def penalised(w, mean, precision, x, y):
    """Return ``sum precision (w - mean)**2 / 2 - log likelihood`` of a coin."""
    z = x @ w
    return 0.5 * np.sum(precision * (w - mean) ** 2) + np.logaddexp(0.0, z) - y * z
