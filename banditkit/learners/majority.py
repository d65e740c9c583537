"""Prediction with expert advice, without dice: majority vote and weighted majority."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number
from banditkit.core.description import Learner
from banditkit.core.draws import argmax
from banditkit.core.feedback import Feedback
from banditkit.core.spec import Advice

__all__ = ["MajorityVote", "WeightedMajority"]


class MajorityPolicy(NamedTuple):
    """State of `MajorityVote`."""

    trusted: np.ndarray  # (N,) 1 for who was always right so far, else 0
    votes: np.ndarray  # (K,) for each prediction

    def select(self, t, x, rng):
        self.votes[:] = 0.0
        for e in range(self.trusted.size):
            self.votes[x[e]] += self.trusted[e]
        return argmax(self.votes)

    def update(self, t, x, a, y):
        left = 0.0
        for e in range(self.trusted.size):
            if y[x[e]] > 0.0:
                self.trusted[e] = 0.0
            left += self.trusted[e]
        if left == 0.0:
            self.trusted[:] = 1.0


@dataclass(frozen=True, repr=False)
class MajorityVote(Learner):
    """Predict with the majority of the experts who were always right so far.

    Of equally many votes the lowest prediction wins.  If no such expert is left, all are trusted
    again.

    Notes
    -----
    If one of N experts is always right, and there are two predictions, it makes at most ``log2(N)``
    mistakes, surely (Theorem 5.6): `banditkit.bounds.majority_vote`.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 5.2.

    Examples
    --------
    >>> import banditkit as bk
    >>> experts = bk.PerfectExpert(N=1000, feedback="full")
    >>> result = bk.simulate(experts, [bk.MajorityVote()], horizon=200, seed=0)
    >>> bool(result.regret.max() < 10)  # log2(1000) = 9.97
    True
    """

    accepts: ClassVar[Feedback] = Feedback.FULL
    costs: ClassVar[bool] = True
    plays: ClassVar[tuple[type, ...]] = (Advice,)

    def start(self, spec: Advice, horizon: int) -> MajorityPolicy:
        """Return the policy; see `Learner.start`."""
        return MajorityPolicy(np.ones(spec.N), np.zeros(spec.K))


class WeightedMajorityPolicy(NamedTuple):
    """State of `WeightedMajority`."""

    mistakes: np.ndarray  # (N,) of each expert
    votes: np.ndarray  # (K,) for each prediction
    rate: float  # epsilon

    def select(self, t, x, rng):
        fewest = self.mistakes[0]
        for e in range(1, self.mistakes.size):
            fewest = min(fewest, self.mistakes[e])
        self.votes[:] = 0.0
        for e in range(self.mistakes.size):
            # w = (1 - epsilon)**mistakes, relative to the largest
            self.votes[x[e]] += (1.0 - self.rate) ** (self.mistakes[e] - fewest)
        return argmax(self.votes)

    def update(self, t, x, a, y):
        for e in range(self.mistakes.size):
            if y[x[e]] > 0.0:
                self.mistakes[e] += 1.0


@dataclass(frozen=True, repr=False)
class WeightedMajority(Learner):
    """Predict with the weighted majority, and trust an expert less for each mistake (Alg. 5.1).

    An expert begins with weight 1, which is multiplied by ``1 - rate`` for each mistake.  Of
    predictions with equal weights the lowest wins.

    Parameters
    ----------
    rate : float, default 0.5
        epsilon, above 0 (at least 1e-9) and at most 0.999.

    Raises
    ------
    ValueError
        If `rate` leaves its range.

    Notes
    -----
    With two predictions, it makes at most ``2 cost* / (1 - epsilon) + 2 log(N) / epsilon``
    mistakes, surely, where cost* are the mistakes of the best expert (Theorem 5.10):
    `banditkit.bounds.weighted_majority`.

    References
    ----------
    Littlestone & Warmuth (1994), "The weighted majority algorithm"; Slivkins, *Introduction to
    Multi-Armed Bandits*, section 5.2.

    Examples
    --------
    >>> import banditkit as bk
    >>> experts = bk.PerfectExpert(N=1000, feedback="full")
    >>> result = bk.simulate(experts, [bk.WeightedMajority()], horizon=200, seed=0)
    >>> bool(result.regret.max() < 2 * 6.91 / 0.5)
    True
    """

    rate: float = 0.5
    accepts: ClassVar[Feedback] = Feedback.FULL
    costs: ClassVar[bool] = True
    plays: ClassVar[tuple[type, ...]] = (Advice,)

    def __post_init__(self) -> None:
        self._set(rate=number("rate", self.rate, low=1e-9, high=0.999))

    def start(self, spec: Advice, horizon: int) -> WeightedMajorityPolicy:
        """Return the policy; see `Learner.start`."""
        return WeightedMajorityPolicy(np.zeros(spec.N), np.zeros(spec.K), self.rate)
