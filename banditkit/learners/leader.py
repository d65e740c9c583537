"""Follow the leader: with full feedback, the arm that has been cheapest so far."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.description import Learner
from banditkit.core.draws import argmin
from banditkit.core.feedback import Feedback
from banditkit.core.spec import Arms

__all__ = ["FollowTheLeader"]


class LeaderPolicy(NamedTuple):
    """State of `FollowTheLeader`."""

    totals: np.ndarray  # (K,) cost of each arm so far

    def select(self, t, x, rng):
        return argmin(self.totals)

    def update(self, t, x, a, y):
        for i in range(self.totals.size):
            self.totals[i] += y[i]


@dataclass(frozen=True, repr=False)
class FollowTheLeader(Learner):
    """Play the arm with the smallest total cost so far; of equal ones the first.

    It needs full feedback, and costs of any range.  With IID costs its regret is
    ``O(sqrt(T log(K T)))`` (Remark 5.3); an adversary who knows it makes it pay in every round
    (Theorem 5.11).

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 5.1.

    Examples
    --------
    >>> import banditkit as bk
    >>> tape = bk.AlternatingCosts(feedback="full")
    >>> result = bk.simulate(tape, [bk.FollowTheLeader(), bk.Hedge()], horizon=1000, seed=0)
    >>> bool(result.mean()[0, -1] > 400 > result.mean()[1, -1])
    True
    """

    accepts: ClassVar[Feedback] = Feedback.FULL
    costs: ClassVar[bool] = True

    def start(self, spec: Arms, horizon: int) -> LeaderPolicy:
        """Return the policy; see `Learner.start`."""
        return LeaderPolicy(np.zeros(spec.K))
