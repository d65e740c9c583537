"""Learners for knapsacks, written from the definitions: histories, means of lists, SciPy's solver.

An oracle remembers its history and nothing else.  Consumption is in units of the common budget,
as learners are told it; the null arm is known to pay and to use nothing.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog


class Bounds(NamedTuple):
    """Confidence bounds of an arm."""

    reward: tuple[float, float]
    use: list[tuple[float, float]]  # of each resource


def best_mix(values, rows, limits):
    """Maximise values . D over distributions, each of whose rows . D is at most its limit.

    Returns the value; what D lacks to 1 is somebody's who is worth nothing and uses nothing.
    """
    values, rows = np.asarray(values), np.atleast_2d(rows)
    rows, limits = np.vstack([np.ones(len(values)), rows]), np.append(1.0, limits)
    solved = linprog(-values, rows, limits, method="highs")
    assert solved.status == 0, solved.message
    return float(values @ solved.x)


class Oracle:
    """What all have in common: a history, and bounds of means."""

    def __init__(self, spec, T, exploration=2.0):
        self.K, self.d, self.B, self.null, self.T = spec.K, spec.d, spec.budget, spec.null, T
        self.exploration = exploration
        self.history = []  # (arm, reward, costs)

    def others(self):
        return [a for a in range(self.K) if a != self.null]

    def update(self, a, y):
        self.history.append((a, float(y.reward), [float(c) for c in y.costs]))

    def averages(self, a, history=None):
        """Return pulls of an arm, its average reward, and its average consumption."""
        seen = [(r, c) for b, r, c in (self.history if history is None else history) if b == a]
        n = len(seen)
        if a == self.null or n == 0:
            return n, 0.0, [0.0] * self.d
        return (
            n,
            sum(r for r, _ in seen) / n,
            [sum(c[i] for _, c in seen) / n for i in range(self.d)],
        )

    def bounds(self, a, history=None):
        n, reward, use = self.averages(a, history)
        if a == self.null:
            return Bounds((0.0, 0.0), [(0.0, 0.0)] * self.d)
        rad = math.sqrt(self.exploration * math.log(self.T) / n) if n else math.inf
        around = [(max(0.0, m - rad), min(1.0, m + rad)) for m in (reward, *use)]
        return Bounds(around[0], around[1:])

    def table(self):
        """Return LCBs and UCBs of rewards, (K,), and of consumption, (d, K)."""
        each = [self.bounds(a) for a in range(self.K)]
        low, high = ([b.reward[side] for b in each] for side in (0, 1))
        used = [
            np.array([[b.use[i][side] for b in each] for i in range(self.d)]) for side in (0, 1)
        ]
        return np.array(low), np.array(high), used[0], used[1]


class UcbBwK(Oracle):
    """Value of max r^UCB(D) s.t. c_i^LCB(D) <= (1 - margin) B / T, with bounds kept for a while."""

    def __init__(self, spec, T, exploration=2.0, margin=0.0, patience=0.0):
        super().__init__(spec, T, exploration)
        self.margin, self.patience = margin, patience
        self.kept = {}  # of each arm: pulls, and the bounds of that time

    def table(self):
        rows = []
        for a in range(self.K):
            n = self.averages(a)[0]
            if a not in self.kept or n >= (1 + self.patience) * self.kept[a][0]:
                self.kept[a] = n, self.bounds(a)
            rows.append(self.kept[a][1])
        rewards = np.array([b.reward[1] for b in rows])
        return rewards, np.array([[b.use[i][0] for b in rows] for i in range(self.d)])

    def limit(self):
        return (1 - self.margin) * self.B / self.T

    def value(self):
        rewards, use = self.table()
        return best_mix(rewards, use, [self.limit()] * self.d)


class SuccessiveElimination(Oracle):
    """Distributions that may be optimal, up to a few more; and how much of an arm they may play."""

    def floor(self):
        """The least that the best distribution may be worth."""
        low, _, _, most = self.table()
        return best_mix(low, most, [self.B / self.T] * self.d)

    def most_of(self, b, floor):
        """The most that a mix worth `floor` or more may play of arm b."""
        _, high, least, _ = self.table()
        wanted = np.eye(self.K)[b]
        rows = np.vstack([least, -high])
        return best_mix(wanted, rows, [self.B / self.T] * self.d + [-floor])


class ExploreFirst(Oracle):
    """The value of the best distribution by the averages of the first rounds."""

    def __init__(self, spec, T, N, margin=0.0):
        super().__init__(spec, T)
        self.N, self.margin = N, margin

    def arm(self, t):
        """The arm to explore in round t, or None."""
        return self.others()[t % (self.K - 1)] if t < self.N * (self.K - 1) else None

    def programme(self):
        first = self.history[: self.N * (self.K - 1)]
        each = [self.averages(a, first) for a in range(self.K)]
        rewards = np.array([reward for _, reward, _ in each])
        use = np.array([[use[i] for _, _, use in each] for i in range(self.d)])
        return rewards, use, (1 - self.margin) * self.B / self.T


class Chooser(Oracle):
    """Each arm once, and then the arm with the best score: no dice."""

    def select(self, t):
        if t < self.K - 1:
            return self.others()[t]
        scores = self.scores()
        return max(scores, key=lambda a: (scores[a], -a))  # of equal ones the first


class PrimalDual(Chooser):
    """Algorithm 10.4, with weights as products."""

    def __init__(self, spec, T, rate, exploration=2.0):
        super().__init__(spec, T, exploration)
        self.rate = rate
        self.v = [1.0] * (1 + self.d)

    def use(self, a):
        """LCBs of what an arm uses of time and of each resource."""
        return [self.B / self.T] + [low for low, _ in self.bounds(a).use]

    def lam(self):
        return [v / sum(self.v) for v in self.v]

    def scores(self):
        ratios = {}
        for a in self.others():
            cost = sum(p * c for p, c in zip(self.lam(), self.use(a), strict=True))
            ratios[a] = self.bounds(a).reward[1] / cost
        if not any(ratios.values()):
            ratios = {self.null: 0.0}
        return ratios

    def prices(self):
        best = max(self.scores().values())
        return [p * best for p in self.lam()]

    def update(self, a, y):
        if len(self.history) >= self.K - 1:
            self.v = [v * (1 + self.rate) ** c for v, c in zip(self.v, self.use(a), strict=True)]
        super().update(a, y)


class DualDescent(Chooser):
    """Prices that move by how much more was used than is due."""

    def __init__(self, spec, T, rate, exploration=2.0):
        super().__init__(spec, T, exploration)
        self.rate = rate

    def prices(self):
        share, lam = self.B / self.T, [0.0] * self.d
        for _, _, costs in self.history:
            lam = [
                min(max(p + self.rate * (c - share), 0.0), 1.0 / share)
                for p, c in zip(lam, costs, strict=True)
            ]
        return lam

    def scores(self):
        scores, lam = {}, self.prices()
        for a in self.others():
            bounds = self.bounds(a)
            scores[a] = bounds.reward[1] - sum(
                p * low for p, (low, _) in zip(lam, bounds.use, strict=True)
            )
        if max(scores.values(), default=0.0) <= 0.0:
            scores = {self.null: 0.0}
        return scores


class Greedy(Chooser):
    """What each arm alone would pay by its averages."""

    def scores(self):
        scores = {}
        for a in range(self.K):
            _, reward, use = self.averages(a)
            lasts = [self.T] + [self.B / c for c in use if c > 0.0]
            scores[a] = reward * min(lasts)
        return scores
