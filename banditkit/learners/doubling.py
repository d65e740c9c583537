"""The doubling trick: what needs the horizon is restarted with longer and longer ones."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from banditkit.core import verbs
from banditkit.core.copies import pick, stack
from banditkit.core.description import Learner, Problem
from banditkit.core.jit import jit_inline
from banditkit.core.spec import Arms

__all__ = ["Doubling"]


@jit_inline
def phase_of(t):
    """Return the phase of round t, both counted from 0: phase i starts at 2**(i+1) - 2."""
    return math.frexp(t + 2.0)[1] - 2


class DoublingPolicy(NamedTuple):
    """State of `Doubling`."""

    phases: Any  # the policies of all phases, stacked

    def select(self, t, x, rng):
        i = phase_of(t)
        return pick(self.phases, i).select(t - (2 ** (i + 1) - 2), x, rng)

    def update(self, t, x, a, y):
        i = phase_of(t)
        pick(self.phases, i).update(t - (2 ** (i + 1) - 2), x, a, y)


@dataclass(frozen=True, repr=False)
class Doubling(Learner):
    """Play `learner` in phases of 2, 4, 8, ... rounds, afresh in each (the doubling trick).

    Phase i lasts ``2**i`` rounds, and the learner is told that ``2**i`` is the horizon; it
    restarts after 2, 6, 14, ... rounds.  So a learner that needs the horizon serves without.

    Parameters
    ----------
    learner : Learner
        The learner to restart.

    Raises
    ------
    ValueError
        If `learner` is not a learner.

    Notes
    -----
    If the learner's regret with horizon T is at most ``C sqrt(T)`` for every T, that of the
    doubled one is at most ``sqrt(2) / (sqrt(2) - 1) < 3.42`` times as much in every round.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 1.5 and Exercise 1.5.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.Doubling(bk.MOSS())
    Doubling(MOSS())
    """

    learner: Learner

    def __post_init__(self) -> None:
        if not isinstance(self.learner, Learner):
            raise ValueError(
                f"Doubling needs a learner, as in Doubling(MOSS()); got {self.learner!r}"
            )

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if the learner can't play `problem`; see `Learner.check`."""
        self.learner.check(problem)

    def start(self, spec: Arms, horizon: int) -> DoublingPolicy:
        """Return the policy; see `Learner.start`."""
        phases = range(1, phase_of(horizon - 1) + 2)
        policies = [self.learner.start(spec, 2**i) for i in phases]
        return DoublingPolicy(stack([verbs.complete(policy) for policy in policies]))
