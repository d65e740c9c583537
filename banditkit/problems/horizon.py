"""Episodes of a fixed number of steps."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core import planning
from banditkit.core.checks import number, whole
from banditkit.core.description import Problem
from banditkit.core.feedback import Feedback, Step
from banditkit.core.planning import Model
from banditkit.core.spec import NoSuchArm, Tabular
from banditkit.problems.mdp import FiniteMDP, MDPEnv, new_env

__all__ = ["FiniteHorizon"]


class FiniteHorizonEnv(NamedTuple):
    """An MDP being played for H steps at a time."""

    env: MDPEnv
    gaps: np.ndarray  # (H, S, A), in the first step of an episode, in the second ...

    def observe(self, t, rng):
        return self.env.observe(t, rng)

    def gap(self, t, x, a):
        if not 0 <= a < self.gaps.shape[2]:
            raise NoSuchArm(t, a, self.gaps.shape[2])
        return self.gaps[self.env.age[0], x, a]

    def respond(self, t, x, a, rng):
        y = self.env.respond(t, x, a, rng)
        return Step(y.reward, y.state, y.terminal or y.truncated, False)


@dataclass(frozen=True, repr=False)
class FiniteHorizon(Problem):
    """A finite MDP in episodes of H steps, after which nothing comes any more.

    What is best depends on how many steps are left; the learner is told H, and can count.  Regret
    of a step is ``V*_h(s) - Q*_h(s, a)`` with h steps left, so that with gamma 1 its sum over an
    episode is, on average, what the learner's policy falls short of the best one.

    Parameters
    ----------
    problem : FiniteMDP
        The MDP; its own limit does not count.
    H : int
        Steps of an episode, 1 or more; it may end earlier in a terminal state.
    gamma : float, default 1
        What a reward of the next step is worth, in [0, 1], in place of the MDP's own.

    Raises
    ------
    ValueError
        If `problem` is not a finite MDP, or has been shaped, or a number leaves its range.

    References
    ----------
    Azar, Osband & Munos (2017), "Minimax regret bounds for reinforcement learning".

    Examples
    --------
    >>> import banditkit as bk
    >>> swim = bk.FiniteHorizon(bk.RiverSwim(), H=20)
    >>> result = bk.simulate(swim, [bk.UCBVI()], horizon=2000, replications=2, seed=0)
    """

    feedback: ClassVar[Feedback] = Feedback.STEP
    problem: FiniteMDP
    H: int
    gamma: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.problem, FiniteMDP):
            raise ValueError(f"FiniteHorizon needs a finite MDP; got {self.problem!r}")
        if self.problem.reshaped:
            raise ValueError(
                "FiniteHorizon needs the rewards that count; shape it from outside, with "
                f"DynamicShaped; got {self.problem!r}"
            )
        self._set(
            H=whole("H", self.H, least=1), gamma=number("gamma", self.gamma, low=0.0, high=1.0)
        )

    @property
    def step_model(self) -> Model:
        """The transitions and rewards of one step, with this gamma."""
        return self.problem.model._replace(gamma=self.gamma)

    @property
    def spec(self) -> Tabular:
        """Number of states, actions and steps, gamma, and the range of rewards."""
        return self.problem.spec._replace(gamma=self.gamma, H=self.H)

    @cached_property
    def gaps(self) -> np.ndarray:
        """V* - Q* in the first step of an episode, in the second ..., shape (H, S, A)."""
        V, _ = planning.finite_horizon(self.step_model, self.H)
        left = range(self.H, 0, -1)
        gaps = [V[h][:, None] - planning.action_values(self.step_model, V[h - 1]) for h in left]
        return np.maximum(0.0, np.array(gaps))

    def start(self, horizon: int, rng: np.random.Generator) -> FiniteHorizonEnv:
        """Return the MDP being played; see `Problem.start`."""
        odds = self.problem.start_distribution
        env = new_env(self.step_model, np.zeros(0), odds, self.H)
        return FiniteHorizonEnv(env, self.gaps)
