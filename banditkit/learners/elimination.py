"""Learners that drop arms which are clearly worse than another."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditkit.core.averages import Averages, blank_averages, record
from banditkit.core.checks import number
from banditkit.core.description import Learner
from banditkit.core.spec import Arms

__all__ = ["SuccessiveElimination"]


class SuccessiveEliminationPolicy(NamedTuple):
    """State of `SuccessiveElimination`."""

    arms: Averages
    active: np.ndarray  # (K,) int64: the active arms come first, in increasing order
    left: np.ndarray  # (1,) int64: how many arms are active
    turn: np.ndarray  # (1,) int64: whose turn it is in this phase
    log_horizon: float
    exploration: float

    def select(self, t, x, rng):
        return self.active[self.turn[0]]

    def update(self, t, x, a, y):
        record(self.arms, a, y)
        self.turn[0] += 1
        if self.turn[0] < self.left[0]:
            return
        # The phase is over: all active arms have the same number of pulls, thus the same radius.
        self.turn[0] = 0
        radius = math.sqrt(self.exploration * self.log_horizon / self.arms.pulls[a])
        best_lcb = -math.inf
        for i in range(self.left[0]):
            best_lcb = max(best_lcb, self.arms.means[self.active[i]] - radius)
        kept = 0
        for i in range(self.left[0]):
            arm = self.active[i]
            if self.arms.means[arm] + radius >= best_lcb:  # UCB(a) < LCB(a') for no a'
                self.active[kept] = arm
                kept += 1
        self.left[0] = kept


@dataclass(frozen=True, repr=False)
class SuccessiveElimination(Learner):
    """Pull all active arms in turn, and drop those that another beats (Slivkins, Algorithm 1.4).

    After each phase, in which every active arm is pulled once, arm a is dropped if
    ``UCB(a) < LCB(a')`` for some a', with the radius ``sqrt(exploration * log(T) / n)``.

    Parameters
    ----------
    exploration : float, default 2.0
        Constant under the root of the radius, 0 or more.  The book's 2 is so careful that at
        classroom horizons arms with small gaps are never dropped; try 0.5 beside it.

    Raises
    ------
    ValueError
        If `exploration` is negative or not finite.

    Notes
    -----
    For rewards in [0, 1]: ``E[R(t)] = O(sqrt(K t log T))`` for all t up to T (Theorem 1.10) and
    ``E[R(T)] <= O(log T) * sum(1 / gap)`` (Theorem 1.11); `banditkit.bounds` has the constants.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.SuccessiveElimination(exploration=0.5)
    SuccessiveElimination(exploration=0.5)
    """

    exploration: float = 2.0

    def __post_init__(self) -> None:
        self._set(exploration=number("exploration", self.exploration, low=0.0))

    def start(self, spec: Arms, horizon: int) -> SuccessiveEliminationPolicy:
        """Return the policy; see `Learner.start`."""
        return SuccessiveEliminationPolicy(
            arms=blank_averages(spec.K),
            active=np.arange(spec.K),
            left=np.array([spec.K]),
            turn=np.zeros(1, dtype=np.int64),
            log_horizon=math.log(horizon),
            exploration=self.exploration,
        )
