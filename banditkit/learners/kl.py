"""Learners for rewards in [0, 1] that measure distance by the divergence of coins."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.averages import Averages, blank_averages, record
from banditkit.core.checks import number
from banditkit.core.description import Learner
from banditkit.core.divergences import kl_bernoulli, kl_upper
from banditkit.core.draws import argmax, argmin
from banditkit.core.spec import Arms

__all__ = ["IMED", "KLUCB"]


class KLUCBPolicy(NamedTuple):
    """State of `KLUCB`."""

    arms: Averages
    leader: np.ndarray  # (1,) int64, the arm of the last round: likely the best again
    c: float

    def select(self, t, x, rng):
        mean, n = self.arms.means, self.arms.pulls
        if t < n.size:
            return t
        log_t = math.log(t + 1.0)
        level = log_t + self.c * math.log(max(1.0, log_t))
        best = self.leader[0]
        index = kl_upper(mean[best], level / n[best])
        for a in range(n.size):
            # An arm's index exceeds x just if n * kl(mean, x) < level: most arms fall at this
            # test, for an x a hair below `index` because of rounding; few indices are computed.
            below = index * (1.0 - 1e-14)
            if mean[a] < below and n[a] * kl_bernoulli(mean[a], below) > level:
                continue
            rival = kl_upper(mean[a], level / n[a])  # max{q: n * kl(mean, q) <= level}
            if rival > index or (rival == index and a < best):
                best, index = a, rival
        self.leader[0] = best
        return best

    def update(self, t, x, a, y):
        record(self.arms, a, y)


@dataclass(frozen=True, repr=False)
class KLUCB(Learner):
    """Pull the arm with the highest ``max{q : n * kl(mean, q) <= log(t) + c * log(log(t))}``.

    Each arm is pulled once first; of equal indices the first arm wins.

    Parameters
    ----------
    c : float, default 0.0
        Factor of ``log(log(t))``, 0 or more.  The proof uses 3; the authors recommend 0.

    Raises
    ------
    ValueError
        If `c` is negative or not finite; when played, if rewards may leave [0, 1].

    Notes
    -----
    On coins its regret grows like ``C log t`` with the constant C of Lai and Robbins, the
    smallest possible: see `banditkit.bounds.lai_robbins`.

    References
    ----------
    Garivier & Cappe (2011), "The KL-UCB algorithm for bounded stochastic bandits and beyond".

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.KLUCB(c=3)
    KLUCB(c=3.0)
    """

    unit_range: ClassVar[bool] = True
    c: float = 0.0

    def __post_init__(self) -> None:
        self._set(c=number("c", self.c, low=0.0))

    def start(self, spec: Arms, horizon: int) -> KLUCBPolicy:
        """Return the policy; see `Learner.start`."""
        return KLUCBPolicy(blank_averages(spec.K), np.zeros(1, dtype=np.int64), self.c)


class IMEDPolicy(NamedTuple):
    """State of `IMED`."""

    arms: Averages
    indices: np.ndarray  # (K,)

    def select(self, t, x, rng):
        mean, n = self.arms.means, self.arms.pulls
        if t < n.size:
            return t
        best = mean[argmax(mean)]
        for a in range(n.size):
            self.indices[a] = n[a] * kl_bernoulli(mean[a], best) + math.log(n[a])
        return argmin(self.indices)

    def update(self, t, x, a, y):
        record(self.arms, a, y)


@dataclass(frozen=True, repr=False)
class IMED(Learner):
    """Indexed minimum empirical divergence: pull the lowest ``n kl(mean, best) + log n``.

    As good as KL-UCB in theory, without a root to find.  Each arm is pulled once first; of
    equal indices the first arm wins.

    Raises
    ------
    ValueError
        When played, if rewards may leave [0, 1].

    Notes
    -----
    On coins its regret grows like ``C log t`` with the constant C of Lai and Robbins, the
    smallest possible: see `banditkit.bounds.lai_robbins`.

    References
    ----------
    Honda & Takemura (2015), "Non-asymptotic analysis of a new bandit algorithm for
    semi-bounded rewards".

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.IMED()
    IMED()
    """

    unit_range: ClassVar[bool] = True

    def start(self, spec: Arms, horizon: int) -> IMEDPolicy:
        """Return the policy; see `Learner.start`."""
        return IMEDPolicy(blank_averages(spec.K), np.zeros(spec.K))
