"""Blum and Mansour's reduction: a learner for each arm, so that no arm is regretted."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.copies import pick, stack
from banditkit.core.description import Learner, Problem
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit_helper
from banditkit.core.spec import Arms
from banditkit.core.verbs import complete
from banditkit.core.weights import draw_arm
from banditkit.learners.hedge import Hedge

__all__ = ["BlumMansour", "stationary"]

_LEAST = 1e-100  # probabilities below it count as this, so that every arm can be reached


class BlumMansourPolicy(NamedTuple):
    """State of `BlumMansour`."""

    copies: Any  # a policy for each arm, stacked
    Q: np.ndarray  # (K, K) distribution of each copy, a row each
    p: np.ndarray  # (K,) probabilities: p = p Q
    charges: np.ndarray  # (K,) costs that a copy is told

    def distribution(self, t, x):
        K = self.p.size
        for i in range(K):
            row = pick(self.copies, i).distribution(t, None)
            for j in range(K):
                self.Q[i, j] = max(row[j], _LEAST)
        stationary(self.Q, self.p)
        return self.p

    def select(self, t, x, rng):
        return draw_arm(self.distribution(t, x), rng)

    def update(self, t, x, a, y):
        K = self.p.size
        for i in range(K):
            for j in range(K):  # copy i answers for the share p_i of what is paid
                self.charges[j] = self.p[i] * y / self.p[a] if j == a else 0.0
            pick(self.copies, i).update(t, None, a, self.charges)


@dataclass(frozen=True, repr=False)
class BlumMansour(Learner):
    """A copy of a learner for each arm, each responsible for what happens where its arm is played.

    Copy i has a distribution q_i.  The arm is drawn from the p with ``p = sum_i p_i q_i``: to draw
    copy i with probability p_i and then from q_i is the same.  Costs are estimated by importance
    weighting, and copy i is told the share p_i of them.  So the regret of copy i bounds what could
    have been saved by replacing arm i.

    Parameters
    ----------
    learner : Learner, optional
        A learner from full feedback that draws, and whose costs may exceed 1, such as
        ``Hedge(rate=0.1)``.  By default Hedge with ``epsilon = 1 - exp(-eta)``,
        ``eta = sqrt(2 log(K) / T)``.

    Raises
    ------
    ValueError
        If `learner` does not learn from full feedback.

    Notes
    -----
    Expected swap regret is at most ``K log(K) / eta + eta T K / 2``, so ``K sqrt(2 T log K)`` for
    the default: `banditkit.bounds.blum_mansour` derives it.

    References
    ----------
    Blum & Mansour (2007), "From external to internal regret"; Slivkins, *Introduction to
    Multi-Armed Bandits*, section 6.6.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.BlumMansour(bk.Hedge(rate=0.1))
    BlumMansour(learner=Hedge(rate=0.1))
    """

    learner: Learner | None = None
    costs: ClassVar[bool] = True
    unit_range: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.learner is None:
            return
        full = isinstance(self.learner, Learner) and self.learner.accepts is Feedback.FULL
        if not full or Arms not in self.learner.plays:
            raise ValueError(
                "BlumMansour needs a learner from full feedback, as in "
                f"BlumMansour(Hedge(rate=0.1)); got {self.learner!r}"
            )

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        super().check(problem)
        if self.learner and not hasattr(self.learner.start(Arms(2), 1), "distribution"):
            raise ValueError(f"BlumMansour needs a learner that draws; {self.learner!r} does not")

    def start(self, spec: Arms, horizon: int) -> BlumMansourPolicy:
        """Return the policy; see `Learner.start`."""
        K = spec.K
        eta = min(math.sqrt(2 * math.log(K) / horizon), math.log(2))
        learner = self.learner or Hedge(rate=-math.expm1(-eta))
        copies = stack([complete(learner.start(spec, horizon)) for _ in range(K)])
        return BlumMansourPolicy(copies, np.zeros((K, K)), np.zeros(K), np.zeros(K))


@jit_helper
def stationary(Q, p):
    """Write the distribution with p = p Q into p; Q, of shape (K, K), is used up.

    States are taken out one after the other, the last first, without a subtraction, and put back in
    reverse order (Grassmann, Taksar & Heyman 1985).
    """
    K = p.size
    for n in range(K - 1, 0, -1):
        leaving = 0.0
        for j in range(n):
            leaving += Q[n, j]
        for i in range(n):
            Q[i, n] /= leaving
            for j in range(n):
                Q[i, j] += Q[i, n] * Q[n, j]
    p[0] = 1.0
    total = 1.0
    for n in range(1, K):
        p[n] = 0.0
        for i in range(n):
            p[n] += p[i] * Q[i, n]
        total += p[n]
    for n in range(K):
        p[n] /= total
