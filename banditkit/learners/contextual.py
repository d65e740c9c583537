"""Contextual bandits from plain ones: a copy of a learner for each context (Slivkins, ch. 8)."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number, whole
from banditkit.core.copies import pick, stack
from banditkit.core.description import Learner, Problem
from banditkit.core.jit import jit_inline
from banditkit.core.spec import Arms, Contexts, Interval
from banditkit.core.verbs import complete
from banditkit.learners.meta import MetaLearner, shown_as
from banditkit.learners.ucb import UCB1

__all__ = ["ContextMesh", "PerContext"]

_LARGEST = 1_000_000  # copies that fit into the memory of a laptop


class PerContextPolicy(NamedTuple):
    """State of `PerContext`."""

    copies: Any  # the policies of all contexts, stacked
    rounds: np.ndarray  # (X,) int64, rounds with each context so far

    def select(self, t, x, rng):
        return pick(self.copies, x).select(self.rounds[x], None, rng)

    def update(self, t, x, a, y):
        pick(self.copies, x).update(self.rounds[x], None, a, y)
        self.rounds[x] += 1


def per_context(learner: Learner, X: int, spec: Arms, horizon: int) -> PerContextPolicy:
    """Return a copy of the learner for each of X contexts."""
    if X > _LARGEST:
        raise ValueError(f"{X:,} contexts need as many copies of {learner!r}; make the mesh wider")
    copies = stack([complete(learner.start(spec, horizon)) for _ in range(X)])
    return PerContextPolicy(copies, np.zeros(X, dtype=np.int64))


class CopyingLearner(MetaLearner):
    """What learners with copies have in common: the one inside plays arms, and sees no context."""

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        Learner.check(self, problem)
        if Arms not in self.learner.plays:
            raise ValueError(
                f"{type(self).__name__} needs a learner that plays arms, such as UCB1(); got "
                f"{self.learner!r}"
            )
        spec = Arms(1, problem.spec.lowest, problem.spec.highest, problem.spec.costs)
        self.learner.check(shown_as(problem, problem.feedback, spec))


@dataclass(frozen=True, repr=False)
class PerContext(CopyingLearner):
    """A copy of a learner for each context, which knows nothing of the others (Algorithm 8.1).

    Parameters
    ----------
    learner : Learner
        Who learns in each context: any learner that plays arms.

    Raises
    ------
    ValueError
        If `learner` is not a learner; and when it is to play, if it does not play arms.

    Notes
    -----
    Theorem 8.1.  If each copy has regret ``O(sqrt(K n log T))`` in n rounds, all of them together
    have expected regret ``O(sqrt(K T X log T))``.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, Algorithm 8.1.

    Examples
    --------
    >>> import banditkit as bk
    >>> visitors = bk.FiniteContexts([[0.2, 0.8], [0.8, 0.2]])
    >>> result = bk.simulate(visitors, [bk.PerContext(bk.Thompson())], horizon=2000, seed=0)
    >>> bool(result.mean()[0, -1] < 40)
    True
    """

    plays: ClassVar[tuple[type, ...]] = (Contexts,)

    def start(self, spec: Contexts, horizon: int) -> PerContextPolicy:
        """Return the policy; see `Learner.start`."""
        arms = Arms(spec.K, spec.lowest, spec.highest, spec.costs)
        return per_context(self.learner, spec.X, arms, horizon)


@jit_inline
def nearest_point(x, points):
    """Return the nearest of so many points, evenly spaced from 0 to 1; of two the lower."""
    return math.ceil(x * (points - 1) - 0.5)


class ContextMeshPolicy(NamedTuple):
    """State of `ContextMesh`, where arms are few."""

    inner: PerContextPolicy
    points: int  # of the mesh of contexts

    def select(self, t, x, rng):
        return self.inner.select(t, nearest_point(x, self.points), rng)

    def update(self, t, x, a, y):
        self.inner.update(t, nearest_point(x, self.points), a, y)


class SquareMeshPolicy(NamedTuple):
    """State of `ContextMesh`, where arms are numbers."""

    inner: PerContextPolicy
    points: int  # of the mesh of contexts
    arms: int  # of the mesh of arms

    def select(self, t, x, rng):
        arm = self.inner.select(t, nearest_point(x, self.points), rng)
        return arm / (self.arms - 1)

    def update(self, t, x, a, y):
        arm = nearest_point(a, self.arms)
        self.inner.update(t, nearest_point(x, self.points), arm, y)


@dataclass(frozen=True, repr=False)
class ContextMesh(CopyingLearner):
    """Round the context to a mesh, and have a copy of a learner for each of its points.

    Where arms are numbers in [0, 1], they are taken from a mesh, too (Exercise 8.1).

    Parameters
    ----------
    learner : Learner, default UCB1()
        Who learns at each point: any learner that plays arms.
    step : float, optional
        epsilon, the distance between neighbours in the mesh of contexts, in (0, 1] (at least 1e-6);
        made smaller until it fits [0, 1] evenly.  By default
        ``(K log(T) / (T L**2))**(1/3)``, with L the Lipschitz constant of the problem; where arms
        are numbers ``(log(T) / (T L**2))**(1/4)``.
    arms : int, optional
        Points of the mesh of arms, 2 or more, where arms are numbers; by default as many as of
        contexts.

    Raises
    ------
    ValueError
        If `learner` does not play arms, or a number leaves its range.

    Notes
    -----
    Theorem 8.4.  With K arms and the step by default, expected regret is
    ``O(T**(2/3) (L K log T)**(1/3))``: a copy for each of 1/epsilon points costs
    ``sqrt(K T log(T) / epsilon)`` by Theorem 8.1, and rounding costs at most ``epsilon L T`` (Claim
    8.3).  In a square, the mesh of arms costs as much again, and regret is
    ``O(T**(3/4) (L**2 log T)**(1/4))``.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 8.2 and Exercise 8.1.

    Examples
    --------
    >>> import banditkit as bk
    >>> cross = bk.LipschitzContexts([[0, 1], [1, 0]])
    >>> result = bk.simulate(cross, [bk.ContextMesh(step=0.1)], horizon=2000, seed=0)
    >>> bool(result.mean()[0, -1] < 400)
    True
    """

    learner: Learner = UCB1()  # noqa: RUF009 - frozen, and so shared by nobody
    step: float | None = None
    arms: int | None = None
    plays: ClassVar[tuple[type, ...]] = (Interval,)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.step is not None:
            self._set(step=number("step", self.step, low=1e-6, high=1.0))
        if self.arms is not None:
            self._set(arms=whole("arms", self.arms, least=2))

    def points(self, spec: Interval, horizon: int) -> int:
        """Return how many points the mesh of contexts has."""
        step = self.step
        if step is None:
            K, power = (spec.K, 1 / 3) if spec.K > 0 else (1, 1 / 4)
            slope = max(spec.lipschitz, 1e-9)  # 0 where nothing depends on the context
            step = min(1.0, (K * math.log(max(horizon, 2)) / (horizon * slope**2)) ** power)
        return math.ceil(1.0 / step - 1e-9) + 1

    def start(self, spec: Interval, horizon: int) -> Any:
        """Return the policy; see `Learner.start`."""
        points = self.points(spec, horizon)
        arms = self.arms or points
        told = Arms(spec.K or arms, spec.lowest, spec.highest, spec.costs)
        inner = per_context(self.learner, points, told, horizon)
        if spec.K > 0:
            return ContextMeshPolicy(inner, points)
        return SquareMeshPolicy(inner, points, arms)
