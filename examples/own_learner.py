"""
A learner of one's own
======================

Write `select` and `update`, race it against the library's: the loop compiles it like any other.
Here, UCB1 with a radius for rewards that are known to vary little.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

import banditkit as bk


class NarrowUCBPolicy(NamedTuple):
    pulls: np.ndarray  # (K,)
    sums: np.ndarray  # (K,)
    width: float

    def select(self, t, x, rng):
        if t < self.pulls.size:
            return t  # each arm once
        best, top = 0, -math.inf
        for a in range(self.pulls.size):
            radius = self.width * math.sqrt(2 * math.log(t + 1) / self.pulls[a])
            if self.sums[a] / self.pulls[a] + radius > top:
                best, top = a, self.sums[a] / self.pulls[a] + radius
        return best

    def update(self, t, x, a, y):
        self.pulls[a] += 1
        self.sums[a] += y


@dataclass(frozen=True, repr=False)
class NarrowUCB(bk.Learner):
    """UCB1 for rewards from a known interval of length `width`: Slivkins' Exercise 1.1."""

    width: float

    def start(self, spec, horizon):
        return NarrowUCBPolicy(np.zeros(spec.K), np.zeros(spec.K), self.width)


arms = bk.TwoPoint(low=[0.5] * 3, high=[0.6] * 3, probability=[0.3, 0.5, 0.7])
learners = [NarrowUCB(width=0.1), bk.UCB1(), bk.UCBV()]
result = bk.simulate(arms, learners, horizon=20_000, replications=50, seed=0)
print(result.summary())
bk.RegretDisplay.from_result(result).plot()
plt.show()
