"""Contextual learners with oracles, written from the formulas: histories, and everything anew.

As in `learners.py`, an oracle remembers its history.  What is an "oracle" to the learner, the best
policy or regression, is found here by looking at all policies or by linear equations.
"""

import math

import numpy as np

from naive.contextual import Linear, Ridge


def draw(p, rng):
    """Draw an arm with probabilities p: where the sums of p pass a uniform number."""
    return min(int(np.searchsorted(np.cumsum(p), rng.random(), side="right")), len(p) - 1)


def last_doubling(n):
    """Return the last of 0, 1, 2, 4, 8, ... that is at most n."""
    return max([0, *(2**k for k in range(60) if 2**k <= n)])


# --- From predicted rewards to probabilities ----------------------------------------------------


def epsilon_greedy(values, epsilon):
    best, K = values.index(max(values)), len(values)
    return [epsilon / K + (1.0 - epsilon if a == best else 0.0) for a in range(K)]


def inverse_gap(values, gamma):
    """Return ``1 / (K + gamma (best - value))``, and for the best arm what is left."""
    best, K = values.index(max(values)), len(values)
    p = [1.0 / (K + gamma * (values[best] - value)) for value in values]
    p[best] = 1.0 - math.fsum(each for a, each in enumerate(p) if a != best)
    return p


class Regression(Linear):
    """Ridge regression, and a rule that makes probabilities of its predictions.

    `rule` is told the predictions, and how many rounds they come from; with `doubling` these are
    the rounds up to the last power of 2.
    """

    def __init__(self, K, d, shared, rule, *, ridge=1.0, doubling=False):
        super().__init__(K, d, ridge, shared)
        self.rule, self.doubling, self.d, self.ridge = rule, doubling, d, ridge
        self.history = []

    def values(self, x):
        n = len(self.history)
        models = self.models
        if self.doubling:
            n = last_doubling(n)
            models = [Ridge(self.d, self.ridge) for _ in models]
            for m, features, y in self.history[:n]:
                models[m].add(features, y)
        parts = [(0 if not self.shared else a, x[0 if self.shared else a]) for a in range(self.K)]
        return [float(models[m].theta @ features) for m, features in parts], n

    def distribution(self, x):
        return self.rule(*self.values(x))

    def update(self, x, a, y):
        super().update(x, a, y)
        features = x[0 if self.shared else a].copy()
        self.history.append((a if self.shared else 0, features, y))


# --- Classes of policies ------------------------------------------------------------------------


def ips(rounds, policy):
    """Return the sum of a policy's rewards by inverse propensities; rounds are (x, a, y, p)."""
    return math.fsum(y / p for x, a, y, p in rounds if x[policy] == a)


class Monster:
    """ILOVETOCONBANDITS: Algorithms 1 and 2 of Agarwal et al. (2014), by arrays."""

    def __init__(self, K, N, delta=0.05, psi=100.0):
        self.K, self.N, self.delta, self.psi = K, N, delta, psi
        self.rounds = []
        self.Q, self.leader, self.mu = np.zeros(N), 0, 1.0 / (2.0 * K)

    def distribution(self, x):
        """Return ``(1 - K mu) Q(a | x) + mu``, where the leader has what Q lacks to 1."""
        weights = self.Q.copy()
        weights[self.leader] += 1.0 - weights.sum()
        p = np.bincount(x, weights=weights, minlength=self.K)
        return (1.0 - self.K * self.mu) * p + self.mu

    def update(self, x, a, y):
        self.rounds.append((x.copy(), a, y, self.distribution(x)[a]))
        if len(self.rounds) == last_doubling(len(self.rounds)):
            self.solve()

    def solve(self):
        t, K = len(self.rounds), self.K
        rewards = np.array([ips(self.rounds, n) for n in range(self.N)]) / t
        self.leader = int(np.argmax(rewards))
        log = math.log(16.0 * t**2 * self.N / self.delta)
        self.mu = min(1.0 / (2.0 * K), math.sqrt(log / (K * t)))
        self.b = (rewards.max() - rewards) / (self.psi * self.mu)
        self.Q, self.steps = descend(np.array([x for x, *_ in self.rounds]), self.b, self.mu, K)


def smoothed(plays, Q, mu, K):
    """Return ``(1 - K mu) sum of Q of those who play a + mu``, shape (t, K), with nothing left."""
    mass = np.stack([(plays == a) @ Q for a in range(K)], axis=1)
    return (1.0 - K * mu) * mass + mu


def inverses(plays, Q, mu, K):
    """Return 1 / q of what each policy plays in each round, shape (t, N)."""
    return 1.0 / np.take_along_axis(smoothed(plays, Q, mu, K), plays, axis=1)


def descend(plays, b, mu, K):
    """Return weights that solve (OP), and how many steps it took: Algorithm 2."""
    Q, steps = np.zeros(b.size), 0
    while True:
        load = Q @ (2.0 * K + b)
        if load > 2.0 * K:
            Q = Q * (2.0 * K / load)
        inverse = inverses(plays, Q, mu, K)
        V, S = inverse.mean(axis=0), (inverse**2).mean(axis=0)
        D = V - (2.0 * K + b)
        worst = int(np.argmax(D))
        if D[worst] <= 0.0:
            return Q, steps
        Q[worst] += (V[worst] + D[worst]) / (2.0 * (1.0 - K * mu) * S[worst])
        steps += 1
