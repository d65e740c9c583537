"""Learners for problems with a designer's heuristic, and a controller that needs no learning."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number, shorten, whole
from banditkit.core.controllers import pd_action
from banditkit.core.description import Learner, Problem
from banditkit.core.feedback import Feedback, Step
from banditkit.core.spec import Box, Tabular
from banditkit.learners.policy_gradient import Reinforce, ReinforcePolicy

__all__ = ["HeuristicBaseline", "PDController"]


def check_aided(learner: Learner, problem: Problem) -> None:
    """Raise a ValueError if a problem has no heuristic for who learns from one."""
    if not problem.aided:
        raise ValueError(
            f"{type(learner).__name__} learns from a designer's heuristic, which "
            f"{shorten(repr(problem))} does not have - add one: WithHeuristic(problem, heuristic)"
        )


class PDPolicy(NamedTuple):
    """State of `PDController`."""

    before: np.ndarray  # (1,) the angle a step ago
    fresh: np.ndarray  # (1,) bool, does an episode begin?
    P: float
    D: float
    axis: int

    def select(self, t, x, rng):
        angle = x[self.axis]
        before = angle if self.fresh[0] else self.before[0]
        return pd_action(self.P, self.D, angle, before)

    def update(self, t, x, a, y):
        self.before[0] = x[self.axis]
        self.fresh[0] = y.terminal or y.truncated


@dataclass(frozen=True, repr=False)
class PDController(Learner):
    """Push the way that the pole leans, and the more the faster it falls: nothing is learned.

    Action 1 if ``P angle + D (angle - the angle a step ago)`` is above 0, and 0 if not; in the
    first step of an episode the angle a step ago is that of now.

    Parameters
    ----------
    P : float, default 0.1
        Weight of the angle.
    D : float, default 0.5
        Weight of its change in a step.
    axis : int, default 2
        Which of the numbers of a state is the angle.

    Raises
    ------
    ValueError
        If a weight is not finite or `axis` is not a whole number, 0 or more; when it plays, if
        states have no such number, or there are not two actions.

    See Also
    --------
    PoleController : a heuristic that pays for doing the same.

    Notes
    -----
    On `CartPole` the mean return of ``(P, D)`` = (0.1, 0.5) is 500, the most there is, of
    (0.1, 0.1) about 300 and of (0.1, 0.05) about 72.

    References
    ----------
    Gupta, Chandak, Jordan, Thomas & da Silva (2023), "Behavior alignment via reward function
    optimization", NeurIPS, arXiv 2310.19007, and its code.

    Examples
    --------
    >>> import banditkit as bk
    >>> result = bk.simulate(bk.CartPole(), [bk.PDController()], horizon=5000, seed=0)
    >>> float(result.mean()[0, -1])  # it never falls
    0.0
    """

    accepts: ClassVar[Feedback] = Feedback.STEP
    plays: ClassVar[tuple[type, ...]] = (Box,)
    P: float = 0.1
    D: float = 0.5
    axis: int = 2

    def __post_init__(self) -> None:
        self._set(
            P=number("P", self.P), D=number("D", self.D), axis=whole("axis", self.axis, least=0)
        )

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        super().check(problem)
        spec = problem.spec
        if spec.A != 2 or self.axis >= len(spec.low):
            raise ValueError(
                f"{self!r} needs two actions and states with a number {self.axis}, as CartPole "
                f"has; {type(problem).__name__} has {spec.A} actions and states of "
                f"{len(spec.low)} numbers"
            )

    def start(self, spec: Any, horizon: int) -> PDPolicy:
        """Return the policy; see `Learner.start`."""
        return PDPolicy(np.zeros(1), np.ones(1, dtype=np.bool_), self.P, self.D, self.axis)


class HeuristicBaselinePolicy(NamedTuple):
    """State of `HeuristicBaseline`."""

    policy: ReinforcePolicy

    def select(self, t, x, rng):
        return self.policy.select(t, x, rng)

    def update(self, t, x, a, y):
        n = self.policy.clock[0]
        if n > 0:  # now it is known what the heuristic pays for the step after
            self.policy.rewards[n - 1] += self.policy.gamma * y.auxiliary
        told = Step(y.reward - y.auxiliary, y.state, y.terminal, y.truncated)
        self.policy.update(t, x, a, told)


@dataclass(frozen=True, repr=False)
class HeuristicBaseline(Learner):
    """Reinforce, with what the heuristic pays for a step as its baseline: ``G_t - h_t``.

    Step t counts ``r_t + gamma h_{t+1} - h_t``, as if the heuristic were a potential; the return
    from step t on is then that of the rewards alone, less what the heuristic pays for step t.

    Parameters
    ----------
    learner : Reinforce, default Reinforce()
        Who learns; with ``critic_rate=0`` it has no other baseline.

    Raises
    ------
    ValueError
        If `learner` is not a `Reinforce`; when it plays, if the problem has no heuristic.

    See Also
    --------
    HeuristicPotential : the potential that can't go wrong.

    Notes
    -----
    It is what the code that was released with BARFI calls the potential of a heuristic.  A baseline
    must not depend on the action.  Where the heuristic looks at it, this one changes the expected
    gradient by ``-E[h_t grad log p(a_t | s_t)]``: what the heuristic recommends becomes less
    likely, be it good or bad.

    References
    ----------
    Gupta, Chandak, Jordan, Thomas & da Silva (2023), "Behavior alignment via reward function
    optimization", NeurIPS, arXiv 2310.19007, and its code, ``REINFORCEPotential``.

    Examples
    --------
    >>> import banditkit as bk
    >>> trials = bk.Episodes(bk.OpenField("good"), 300)
    >>> learner = bk.HeuristicBaseline(bk.Reinforce(0.01))
    >>> result = bk.simulate(trials, [learner], horizon=15_000, seed=0)
    """

    accepts: ClassVar[Feedback] = Feedback.STEP
    plays: ClassVar[tuple[type, ...]] = (Tabular, Box)
    learner: Learner = Reinforce()  # noqa: RUF009 - frozen, and so shared by nobody

    def __post_init__(self) -> None:
        if not isinstance(self.learner, Reinforce):
            raise ValueError(f"HeuristicBaseline needs a Reinforce; got {self.learner!r}")

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        self.learner.check(problem)
        check_aided(self, problem)

    def start(self, spec: Any, horizon: int) -> HeuristicBaselinePolicy:
        """Return the policy; see `Learner.start`."""
        return HeuristicBaselinePolicy(self.learner.start(spec, horizon))
