"""Learners around a learner: restarts, doubling, batches."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number, whole
from banditkit.core.copies import pick, restore, stack
from banditkit.core.description import Learner, Problem
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit_inline
from banditkit.core.spec import Arms
from banditkit.core.verbs import complete
from banditkit.learners.exp3 import Exp3Rewards

__all__ = ["Batched", "Doubling", "MetaLearner", "Restarting", "Rexp3"]


@dataclass(frozen=True)
class MetaLearner(Learner):
    """What learners around a learner have in common: they speak its language."""

    learner: Learner

    def __post_init__(self) -> None:
        if not isinstance(self.learner, Learner):
            name = type(self).__name__
            raise ValueError(f"{name} needs a learner, as in {name}(MOSS()); got {self.learner!r}")

    @property
    def accepts(self) -> Feedback:  # type: ignore[override]
        """That of the learner inside."""
        return self.learner.accepts

    @property
    def costs(self) -> bool:  # type: ignore[override]
        """That of the learner inside."""
        return self.learner.costs

    @property
    def plays(self) -> tuple[type, ...]:  # type: ignore[override]
        """That of the learner inside."""
        return self.learner.plays

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if the learner inside can't play `problem`; see `Learner.check`."""
        if problem.feedback is Feedback.PURCHASE:
            raise ValueError(
                f"{type(self).__name__} would let {self.learner!r} spend the budget of all rounds "
                f"in each of its parts - play {self.learner!r} itself"
            )
        self.learner.check(problem)


def shown_as(problem: Problem, feedback: Feedback, spec: Arms) -> Any:
    """Return what stands for `problem` in the `check` of a learner inside another: arms alone.

    It has the problem's name, which errors speak of.
    """
    return type(type(problem).__name__, (), {"feedback": feedback, "spec": spec})()


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


class DrawingDoublingPolicy(DoublingPolicy):
    """The same, where the learner tells its distribution."""

    __slots__ = ()

    def distribution(self, t, x):
        i = phase_of(t)
        return pick(self.phases, i).distribution(t - (2 ** (i + 1) - 2), x)


@dataclass(frozen=True, repr=False)
class Doubling(MetaLearner):
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

    def start(self, spec: Arms, horizon: int) -> DoublingPolicy:
        """Return the policy; see `Learner.start`."""
        phases = range(1, phase_of(horizon - 1) + 2)
        policies = [complete(self.learner.start(spec, 2**i)) for i in phases]
        draws = hasattr(policies[0], "distribution")
        return (DrawingDoublingPolicy if draws else DoublingPolicy)(stack(policies))


class RestartingPolicy(NamedTuple):
    """State of `Restarting`."""

    policy: Any  # that plays
    fresh: Any  # as it began
    every: int

    def select(self, t, x, rng):
        return self.policy.select(t % self.every, x, rng)

    def update(self, t, x, a, y):
        self.policy.update(t % self.every, x, a, y)
        if (t + 1) % self.every == 0:
            restore(self.policy, self.fresh)


class DrawingRestartingPolicy(RestartingPolicy):
    """The same, where the learner tells its distribution."""

    __slots__ = ()

    def distribution(self, t, x):
        return self.policy.distribution(t % self.every, x)


def restarting(learner: Learner, spec: Any, every: int) -> RestartingPolicy:
    """Return the policy that plays `learner`, told the horizon `every`, and then restarts it."""
    policy, fresh = (complete(learner.start(spec, every)) for _ in range(2))
    draws = hasattr(policy, "distribution")
    return (DrawingRestartingPolicy if draws else RestartingPolicy)(policy, fresh, every)


@dataclass(frozen=True, repr=False)
class Restarting(MetaLearner):
    """Play `learner` afresh every so many rounds: what it has learned from an old world is dropped.

    The learner is told that the rounds between two restarts are the horizon.

    Parameters
    ----------
    learner : Learner
        The learner to restart.
    every : int
        Rounds between two restarts, 1 or more.

    Raises
    ------
    ValueError
        If `learner` is not a learner, or `every` not a whole number, 1 or more.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 6.6.

    Examples
    --------
    >>> import banditkit as bk
    >>> tape = bk.DynamicRegret(bk.SwitchingCosts([[0, 1], [1, 0]] * 5))
    >>> ucb = bk.UCB1(exploration=0.5)
    >>> learners = [ucb, bk.Restarting(ucb, every=500)]
    >>> result = bk.simulate(tape, learners, horizon=10_000, replications=20, seed=0)
    >>> bool(2 * result.mean()[1, -1] < result.mean()[0, -1])
    True
    """

    every: int

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(every=whole("every", self.every, least=1))

    def start(self, spec: Any, horizon: int) -> RestartingPolicy:
        """Return the policy; see `Learner.start`."""
        return restarting(self.learner, spec, self.every)


@dataclass(frozen=True, repr=False)
class Rexp3(Learner):
    """`Exp3Rewards`, restarted as often as the total variation of the means asks for.

    Parameters
    ----------
    variation : float
        V, the sum over rounds of the largest change of a mean reward, above 0 (at least 1e-12).

    Raises
    ------
    ValueError
        If `variation` leaves its range.

    Notes
    -----
    It restarts every ``ceil((K log K)**(1/3) (T / V)**(2/3))`` rounds, at most T.  Dynamic regret
    is of the order of ``(K log K V)**(1/3) T**(2/3)`` (Theorem 2 of the source):
    `banditkit.bounds.rexp3` has constants.

    References
    ----------
    Besbes, Gur & Zeevi (2014), "Stochastic multi-armed-bandit problem with non-stationary rewards";
    Slivkins, *Introduction to Multi-Armed Bandits*, section 6.6.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.Rexp3(variation=2).period(K=2, horizon=10_000)
    327
    """

    variation: float
    unit_range: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._set(variation=number("variation", self.variation, low=1e-12))

    def period(self, K: int, horizon: int) -> int:
        """Return the rounds between two restarts for K arms and T rounds."""
        rounds = (K * math.log(K)) ** (1 / 3) * (horizon / self.variation) ** (2 / 3)
        return max(1, math.ceil(min(horizon, rounds)))

    def start(self, spec: Arms, horizon: int) -> RestartingPolicy:
        """Return the policy; see `Learner.start`."""
        return restarting(Exp3Rewards(), spec, self.period(spec.K, horizon))


class BatchedPolicy(NamedTuple):
    """State of `Batched`."""

    policy: Any
    arm: np.ndarray  # (1,) int64, the arm of this batch
    total: np.ndarray  # (1,) sum of the answers in this batch
    p: np.ndarray  # (K,) certainty, after the first round of a batch
    size: int

    def select(self, t, x, rng):
        if t % self.size == 0:
            self.arm[0] = self.policy.select(t // self.size, x, rng)
            self.total[0] = 0.0
        return self.arm[0]

    def update(self, t, x, a, y):
        self.arm[0] = a
        self.total[0] += y
        if (t + 1) % self.size == 0:
            self.policy.update(t // self.size, x, a, self.total[0] / self.size)


class DrawingBatchedPolicy(BatchedPolicy):
    """The same, where the learner tells its distribution."""

    __slots__ = ()

    def distribution(self, t, x):
        if t % self.size == 0:
            return self.policy.distribution(t // self.size, x)
        self.p[:] = 0.0
        self.p[self.arm[0]] = 1.0
        return self.p


@dataclass(frozen=True, repr=False)
class Batched(MetaLearner):
    """Play each arm that `learner` chooses for a whole batch of rounds, and tell it the average.

    An adversary who remembers the last arms, and charges for changes, is met seldom that way: only
    at the beginning of a batch.

    Parameters
    ----------
    learner : Learner
        A learner from bandit feedback; it is told that the number of batches is the horizon.
    size : int, optional
        Rounds in a batch, 1 or more; by default ``ceil((T / K)**(1/3))``.

    Raises
    ------
    ValueError
        If `learner` does not learn from bandit feedback, or `size` is not a whole number, 1 or
        more.

    Notes
    -----
    With Exp3 inside, policy regret against an adversary with memory m is of the order of
    ``m K**(1/3) T**(2/3)``, up to logarithms.

    References
    ----------
    Arora, Dekel & Tewari (2012), "Online bandit learning against an adaptive adversary"; Slivkins,
    *Introduction to Multi-Armed Bandits*, section 6.6 (counterfactual regret).

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.Batched(bk.Exp3()).rounds(K=10, horizon=80_000)
    20
    """

    size: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.learner.accepts is not Feedback.BANDIT or Arms not in self.learner.plays:
            raise ValueError(
                "Batched needs a learner from bandit feedback, as in Batched(Exp3()); "
                f"got {self.learner!r}"
            )
        if self.size is not None:
            self._set(size=whole("size", self.size, least=1))

    def rounds(self, K: int, horizon: int) -> int:
        """Return the size of a batch for K arms and T rounds."""
        return math.ceil((horizon / K) ** (1 / 3) - 1e-9) if self.size is None else self.size

    def start(self, spec: Arms, horizon: int) -> BatchedPolicy:
        """Return the policy; see `Learner.start`."""
        size = max(1, self.rounds(spec.K, horizon))
        policy = complete(self.learner.start(spec, max(1, horizon // size)))
        state = policy, np.zeros(1, dtype=np.int64), np.zeros(1), np.zeros(spec.K), size
        draws = hasattr(policy, "distribution")
        return (DrawingBatchedPolicy if draws else BatchedPolicy)(*state)
