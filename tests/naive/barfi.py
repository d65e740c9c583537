"""BARFI on a table, from its pseudo-code: matrices in full, sums in full; no banditkit.

Source: the authors' code, ``BarfiNeumann`` and ``Barfi``, of Gupta et al. (2023).  An episode is a
list of (state, action, primary reward, heuristic); a state is the number of a row of the table.
Where the authors' code descends on minus an objective, this climbs.
"""

import itertools
import math

import numpy as np


def softmax(preferences):
    weights = np.exp(preferences - preferences.max())
    return weights / weights.sum()


class RMSprop:
    """Root mean square propagation, with the constants of PyTorch but for the rate."""

    def __init__(self, rate, shape):
        self.rate, self.squares = rate, np.zeros(shape)

    def step(self, g):
        self.squares = 0.99 * self.squares + 0.01 * g**2
        return self.rate * g / (np.sqrt(self.squares) + 1e-8)


class Barfi:
    """State, and one method for each line of the pseudo-code.

    `settings` has the names of the library's; `learned` three truths, and `steps` the number L of
    terms, or None for the first-order direction.
    """

    def __init__(self, S, A, settings, rng):
        self.S, self.A, self.s, self.rng = S, A, settings, rng
        self.theta = np.array([[self.anywhere() for _ in range(S)] for _ in range(A)])
        self.phi = np.array(
            [[self.anywhere() if on else 0.0 for _ in range(S)] for on in settings["learned"]]
        )
        self.logit = math.log(settings["gamma"] / (1.0 - settings["gamma"]))
        self.actor = RMSprop(settings["rate"], self.theta.shape)
        self.reward_net = RMSprop(settings["upper_rate"], self.phi.shape)
        self.gamma_net = RMSprop(settings["gamma_rate"], ())
        self.buffer, self.episodes, self.first = [], 0, True

    def anywhere(self):
        return (2.0 * self.rng.random() - 1.0) / math.sqrt(self.S)

    def gamma(self):
        return 1.0 / (1.0 + math.exp(-self.logit))

    def act(self, x):
        sums = np.cumsum(softmax(self.theta[:, x]))
        return int(np.argmax(self.rng.random() < sums))

    def after_episode(self, episode):
        s = self.s
        self.episodes += 1
        self.buffer = [*self.buffer, episode][-s["capacity"] :]
        if self.episodes % s["every"]:
            return
        if not self.first:
            self.upper_level()
        else:
            aided = 1.0 if s["learned"][2] else 0.0
            pay = [[p + aided * h for _, _, p, h in tau] for tau in self.buffer[-2:]]
            self.climb(self.buffer[-2:], pay, s["evaluation"])
        if self.episodes > s["warm"] + s["repeats"]:
            for _ in range(s["every"] * s["repeats"] + (s["warm"] if self.first else 0)):
                drawn = self.drawn(1)
                self.climb(drawn, self.shaped(drawn), self.gamma())
            self.first = False

    def drawn(self, n):
        """Return n random trajectories; the library numbers them by their place in a ring."""
        ring = [None] * len(self.buffer)
        for back, tau in enumerate(reversed(self.buffer)):
            ring[(self.episodes - 1 - back) % self.s["capacity"]] = tau
        return [ring[int(self.rng.random() * len(ring))] for _ in range(n)]

    def shaped(self, batch):
        keep = 0.0 if self.s["learned"][1] else 1.0
        w1, w2, w3 = self.phi
        return [[w1[x] + (keep + w2[x]) * p + w3[x] * h for x, _, p, h in tau] for tau in batch]

    def psi(self, x, a):
        """Return the gradient of log pi(a | x), shape (A, S)."""
        score = np.zeros((self.A, self.S))
        score[:, x] = np.eye(self.A)[a] - softmax(self.theta[:, x])
        return score

    def steps_of(self, batch):
        return [(m, t) for m, tau in enumerate(batch) for t in range(len(tau))]

    def share(self, batch):
        return 1.0 / (len(batch) * (self.s["longest"] + 1))

    def delta(self, batch, pay, gamma, entropy):
        """Return the gradient of the surrogate objective."""
        total = np.zeros((self.A, self.S))
        for m, t in self.steps_of(batch):
            x, a = batch[m][t][:2]
            G = sum(gamma ** (j - t) * pay[m][j] for j in range(t, len(pay[m])))
            total += self.share(batch) * G * self.psi(x, a)
            p = softmax(self.theta[:, x])
            H = -(p * np.log(p)).sum()
            total[:, x] -= entropy * p * (np.log(p) + H) / len(self.steps_of(batch))
        return total

    def hessian(self, batch, pay, gamma):
        """Return the Hessian as a matrix: one block for each state."""
        blocks = np.zeros((self.A, self.S, self.A, self.S))
        for m, t in self.steps_of(batch):
            x = batch[m][t][0]
            G = sum(gamma ** (j - t) * pay[m][j] for j in range(t, len(pay[m])))
            p = softmax(self.theta[:, x])
            J = np.diag(p) - np.outer(p, p)  # of p by the preferences
            slope = np.log(p) - (p * np.log(p)).sum()
            moved = J * slope[:, None] + p[:, None] * (np.eye(self.A) - p * (1.0 + slope))
            care = self.s["entropy"] / len(self.steps_of(batch))
            blocks[:, x, :, x] -= self.share(batch) * G * J + care * moved
        return blocks.reshape(self.A * self.S, self.A * self.S)

    def cross(self, batch, pay, gamma):
        """Return A, shape (A S, 3 S), and B, shape (A S,)."""
        by_phi, by_gamma = np.zeros((self.A, self.S, 3, self.S)), np.zeros((self.A, self.S))
        for m, t in self.steps_of(batch):
            psi = self.share(batch) * self.psi(*batch[m][t][:2])
            for j in range(t, len(batch[m])):
                x, _, p, h = batch[m][j]
                moved = np.zeros((3, self.S))
                moved[:, x] = np.array([1.0, p, h]) * self.s["learned"]
                by_phi += gamma ** (j - t) * psi[:, :, None, None] * moved
                if j > t:
                    by_gamma += (j - t) * gamma ** (j - t - 1) * pay[m][j] * psi
        return by_phi.reshape(self.A * self.S, -1), by_gamma.ravel()

    def climb(self, batch, pay, gamma):
        self.theta = self.theta + self.actor.step(self.delta(batch, pay, gamma, self.s["entropy"]))

    def upper_level(self):
        s, gamma = self.s, self.gamma()
        on = self.buffer[-(s["every"] + 1) :]
        primary = [[p for _, _, p, _ in tau] for tau in on]
        v = self.delta(on, primary, s["evaluation"], 0.0).ravel()
        off = self.drawn(s["batch"])
        pay = self.shaped(off)
        if s["steps"] is None:
            v2 = -v
        else:
            H = self.hessian(off, pay, gamma)
            powers = itertools.accumulate(
                range(s["steps"]), lambda b, _: b + s["alpha"] * H @ b, initial=v
            )
            v2 = -s["alpha"] * sum(powers)
        by_phi, by_gamma = self.cross(off, pay, gamma)
        g = -(v2 @ by_phi).reshape(3, self.S)
        size = math.sqrt((self.phi**2).sum())
        if size > 0.0:
            g -= s["penalty"] * self.phi / size
        slope = gamma * (1.0 - gamma)
        self.phi = self.phi + self.reward_net.step(g)
        self.logit += self.gamma_net.step(np.float64(-(v2 @ by_gamma) - s["gamma_penalty"]) * slope)
