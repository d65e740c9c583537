"""Shaping by a potential: it changes how fast something is learned, and not what."""

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import flag, number, numbers, whole
from banditkit.core.description import Description, Problem
from banditkit.core.feedback import Feedback, Step
from banditkit.core.planning import Model, new_model
from banditkit.core.spec import Tabular
from banditkit.problems.mdp import FiniteMDP

__all__ = [
    "DynamicShaped",
    "FadingPotential",
    "Potential",
    "RewardedMDP",
    "Shaped",
    "SubgoalPotential",
    "matching_gamma",
    "per_state",
]


class TablePotential(NamedTuple):
    """A potential that is a table."""

    values: np.ndarray  # (S,)

    def potential_of(self, t, age, x):
        return self.values[x]


class ShapedEnv(NamedTuple):
    """Something with steps being played, with rewards on top; its gaps are its own."""

    env: Any
    potential: Any
    gamma: float
    held: np.ndarray  # (1,) Phi of the state, as it was when the state was entered
    age: np.ndarray  # (1,) int64, steps of this episode; -1: a new one has to start
    plain: np.ndarray  # (1,) the reward without the shaping

    def observe(self, t, rng):
        x = self.env.observe(t, rng)
        if self.age[0] < 0:
            self.age[0] = 0
            self.held[0] = self.potential.potential_of(t, 0, x)
        return x

    def gap(self, t, x, a):
        return self.env.gap(t, x, a)

    def respond(self, t, x, a, rng):
        y = self.env.respond(t, x, a, rng)
        self.plain[0] = self.env.earned(y)
        self.age[0] += 1
        later = 0.0 if y.terminal else self.potential.potential_of(t + 1, self.age[0], y.state)
        reward = y.reward + self.gamma * later - self.held[0]  # F = gamma Phi(s') - Phi(s)
        self.held[0] = later
        if y.terminal or y.truncated:
            self.age[0] = -1
        return Step(reward, y.state, y.terminal, y.truncated)

    def earned(self, y):
        return self.plain[0]

    def done(self):
        return self.env.done()


def shaped_env(env: Any, potential: Any, gamma: float) -> ShapedEnv:
    """Return the environment with the potential around it, before the first step."""
    return ShapedEnv(env, potential, gamma, np.zeros(1), np.full(1, -1), np.zeros(1))


def per_state(name: str, values: Any, S: int) -> np.ndarray:
    """Return a checked number for each state."""
    array = np.array(numbers(name, values, each="state"))
    if array.size != S:
        raise ValueError(f"{name} needs a number for each of the {S} states; got {array.size}")
    return array


def matching_gamma(gamma: float | None, mdp: float, mismatched: bool) -> float | None:
    """Return the checked gamma of a shaping, which must be that of the MDP; None: it is."""
    if gamma is None:
        return None
    gamma = number("gamma", gamma, low=0.0, high=1.0)
    if gamma != mdp and not mismatched:
        raise ValueError(
            f"the gamma of the shaping, {gamma:g}, must be that of the MDP, {mdp:g}, or the best "
            "policy may change - mismatched=True allows it"
        )
    return gamma


class RewardedMDP(FiniteMDP):
    """A finite MDP with other rewards: a subclass has a field `problem` and says what is added."""

    reshaped: ClassVar[bool] = True
    problem: FiniteMDP

    @property
    @abstractmethod
    def added(self) -> np.ndarray:
        """What is added to the reward of each transition, in the order of the model."""

    @property
    def limit(self) -> int:  # type: ignore[override]
        """That of the MDP inside."""
        return self.problem.limit

    @property
    def start_distribution(self) -> np.ndarray:
        """That of the MDP inside."""
        return self.problem.start_distribution

    @cached_property
    def model(self) -> Model:
        """The transitions, with the other rewards."""
        first, following, chance, rewards, _, terminal, _, gamma = self.problem.model
        return new_model(first, following, chance, rewards + self.added, terminal, gamma)


@dataclass(frozen=True, repr=False)
class Shaped(RewardedMDP):
    """An MDP whose rewards are shaped by a potential: ``r + gamma Phi(s') - Phi(s)``.

    Each step is paid by how much better off, by the potential, the learner is afterwards.  Regret
    stays that of the MDP inside.

    Parameters
    ----------
    problem : FiniteMDP
        The MDP to shape.
    potential : sequence of float, shape (S,)
        Phi.  Those of terminal states count as 0, or else shaping would change what is best; where
        an episode is only cut off, the potential of the state counts.
    gamma : float, optional
        The gamma of the shaping, in [0, 1]; by default that of the MDP.
    mismatched : bool, default False
        Whether `gamma` may differ from that of the MDP: then the best policy may change, too.

    Raises
    ------
    ValueError
        If `problem` is not a finite MDP, the potential has another length or is not finite, or
        gamma differs from that of the MDP unasked.

    See Also
    --------
    DynamicShaped : by a potential that changes, or of a world that is no table.

    Notes
    -----
    ``Q*(s, a)`` of the shaped MDP is that of the MDP less ``Phi(s)``, so the same actions are best;
    and for each other form of F, given the potential of no MDP, there is one where they are not
    (Ng, Harada & Russell 1999).  A learner that begins with ``Q = Phi`` and no shaping does the
    same as one that begins with 0 and is shaped (Wiewiora 2003).

    References
    ----------
    Ng, Harada & Russell (1999), "Policy invariance under reward transformations"; Wiewiora (2003),
    "Potential-based shaping and Q-value initialization are equivalent"; Grzes (2017), "Reward
    shaping in episodic reinforcement learning".

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S..G")
    >>> shaped = bk.Shaped(grid, potential=grid.solution.V)  # nothing is left to look forward to
    >>> shaped.solution.V.round(9) + 0.0
    array([0., 0., 0., 0.])
    """

    problem: FiniteMDP
    potential: tuple[float, ...]
    gamma: float | None = None
    mismatched: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.problem, FiniteMDP):
            raise ValueError(
                'Shaped needs a finite MDP, as in Shaped(GridWorld("S.G"), [0, 0.5, 0]); '
                f"got {self.problem!r}"
            )
        model = self.problem.model
        potential = per_state("potential", self.potential, model.terminal.size)
        potential[model.terminal] = 0.0
        mismatched = flag("mismatched", self.mismatched)
        self._set(
            potential=tuple(potential.tolist()),
            mismatched=mismatched,
            gamma=matching_gamma(self.gamma, model.gamma, mismatched),
        )

    @property
    def _gamma(self) -> float:
        return self.problem.model.gamma if self.gamma is None else self.gamma

    @property
    def added(self) -> np.ndarray:
        """F of each transition, in the order of the model."""
        model, potential = self.problem.model, np.array(self.potential)
        states = np.repeat(np.arange(model.first.size - 1), np.diff(model.first)) // model.A
        return self._gamma * potential[model.following] - potential[states]

    def start(self, horizon: int, rng: np.random.Generator) -> Any:
        """Return the shaped MDP being played; see `Problem.start`."""
        env = self.problem.start(horizon, rng)
        return shaped_env(env, TablePotential(np.array(self.potential)), self._gamma)


class Potential(Description):
    """A potential that may change while it is played; subclass it for one of your own.

    `start` returns a NamedTuple with one method, ``potential_of(self, t, age, x)``: how good it
    takes state x for in round t, `age` steps after the beginning of the episode.  It is called once
    for each state that is entered, the first of an episode included (with age 0); numbers that
    change are kept in arrays.

    Examples
    --------
    The height of the car on its mountain:

    >>> import math
    >>> from typing import NamedTuple
    >>> import banditkit as bk
    >>> class HeightOfCar(NamedTuple):
    ...     def potential_of(self, t, age, x):
    ...         return math.sin(3.0 * x[0])
    >>> class Height(bk.Potential):
    ...     def start(self, spec):
    ...         return HeightOfCar()
    """

    @abstractmethod
    def start(self, spec: Any) -> Any:
        """Return the record that is asked.

        Parameters
        ----------
        spec
            What is known of the problem.
        """


@dataclass(frozen=True, repr=False)
class FadingPotential(Potential):
    """A potential that fades away: ``Phi(s) max(0, 1 - t / over)`` in round t.

    Parameters
    ----------
    potential : sequence of float, shape (S,)
        Phi, at the beginning.
    over : int
        Rounds after which nothing is left, 1 or more.

    Raises
    ------
    ValueError
        If the potential is not finite, or `over` not a whole number, 1 or more.

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S..G")
    >>> shaped = bk.DynamicShaped(grid, bk.FadingPotential(grid.solution.V, over=1000))
    """

    potential: tuple[float, ...]
    over: int

    def __post_init__(self) -> None:
        self._set(
            potential=numbers("potential", self.potential, each="state"),
            over=whole("over", self.over, least=1),
        )

    def start(self, spec: Any) -> Any:
        """Return the record that is asked; see `Potential.start`."""
        values = per_state("potential", self.potential, states_of(self, spec))
        return FadingTable(values, float(self.over))


def states_of(potential: Potential, spec: Any) -> int:
    """Return the number of states, which a potential needs that knows them by their numbers."""
    if not isinstance(spec, Tabular):
        raise ValueError(
            f"{type(potential).__name__} is for problems whose states are numbered - for points of "
            "a box write a Potential of your own"
        )
    return spec.S


class FadingTable(NamedTuple):
    """State of `FadingPotential`."""

    values: np.ndarray  # (S,)
    over: float

    def potential_of(self, t, age, x):
        return self.values[x] * max(0.0, 1.0 - t / self.over)


@dataclass(frozen=True, repr=False)
class SubgoalPotential(Potential):
    """How many of some states were reached, one after the other, in this episode.

    Phi is `height` times the number of subgoals that were reached in their order; it remembers,
    where the state of the MDP may not.  To go back and forth over a subgoal pays nothing.

    Parameters
    ----------
    subgoals : sequence of int
        States to be reached, in this order.
    height : float, default 1
        What each of them adds to the potential.

    Raises
    ------
    ValueError
        If there is no subgoal, one is not a whole number, or `height` is not finite.

    References
    ----------
    Okudo & Yamada (2021), "Subgoal-based reward shaping to improve efficiency in reinforcement
    learning".

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S....G")
    >>> shaped = bk.DynamicShaped(grid, bk.SubgoalPotential([2, 4], height=0.3))
    """

    subgoals: tuple[int, ...]
    height: float = 1.0

    def __post_init__(self) -> None:
        subgoals = tuple(whole("a subgoal", s, least=0) for s in np.atleast_1d(self.subgoals))
        if not subgoals:
            raise ValueError("subgoals is empty; give at least one state")
        self._set(subgoals=subgoals, height=number("height", self.height))

    def start(self, spec: Any) -> Any:
        """Return the record that is asked; see `Potential.start`."""
        S = states_of(self, spec)
        for s in self.subgoals:
            if s >= S:
                raise ValueError(f"a subgoal must be a state from 0 to {S - 1}; got {s}")
        return SubgoalsReached(np.array(self.subgoals), np.zeros(1, dtype=np.int64), self.height)


class SubgoalsReached(NamedTuple):
    """State of `SubgoalPotential`."""

    subgoals: np.ndarray  # (m,) int64
    reached: np.ndarray  # (1,) int64, in this episode
    height: float

    def potential_of(self, t, age, x):
        if age == 0:
            self.reached[0] = 0
        if self.reached[0] < self.subgoals.size and x == self.subgoals[self.reached[0]]:
            self.reached[0] += 1
        return self.height * self.reached[0]


@dataclass(frozen=True, repr=False)
class DynamicShaped(Problem):
    """A problem with steps, shaped by a potential that may change while it is played.

    ``F = gamma Phi_{t'}(s') - Phi_t(s)``, with the potential of each state as it was when the state
    was entered: then the sum over an episode still telescopes, and the best policies stay the best
    (Devlin & Kudenko 2012).  Regret stays that of the problem inside.

    Parameters
    ----------
    problem : Problem
        An MDP, finite or not: whatever answers with a `Step`.
    potential : Potential
        Phi.  It counts as 0 where an episode has ended, but not where it is only cut off.
    gamma : float, optional
        The gamma of the shaping, in [0, 1]; by default that of the problem.
    mismatched : bool, default False
        Whether `gamma` may differ from that of the problem.

    Raises
    ------
    ValueError
        If `problem` is no MDP, `potential` no potential or not one of these states, or gamma
        differs from that of the problem unasked.

    See Also
    --------
    Shaped : by a table; it is a finite MDP again, with exact values.

    Notes
    -----
    Initial values do not do the same any more, as they do for a potential that stays.

    References
    ----------
    Devlin & Kudenko (2012), "Dynamic potential-based reward shaping".

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S....G")
    >>> shaped = bk.DynamicShaped(grid, bk.SubgoalPotential([2, 4], height=0.3))
    >>> result = bk.simulate(shaped, [bk.QLearning()], horizon=1000, replications=5, seed=0)
    """

    feedback: ClassVar[Feedback] = Feedback.STEP
    problem: Problem
    potential: Potential
    gamma: float | None = None
    mismatched: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.problem, Problem) or self.problem.feedback is not Feedback.STEP:
            raise ValueError(
                f"DynamicShaped needs an MDP, as in GridWorld('S.G'); got {self.problem!r}"
            )
        if not isinstance(self.potential, Potential):
            raise ValueError(
                "potential must be a Potential, as in FadingPotential([0, 0.5, 0], over=1000) - "
                f"for a table that stays use Shaped; got {self.potential!r}"
            )
        spec = self.problem.spec
        self.potential.start(spec)  # a fault should show now
        mismatched = flag("mismatched", self.mismatched)
        gamma = matching_gamma(self.gamma, spec.gamma, mismatched)
        self._set(mismatched=mismatched, gamma=gamma)

    @property
    def spec(self) -> Any:
        """That of the problem inside, but for the range of rewards, which nobody knows."""
        return self.problem.spec._replace(lowest=-np.inf, highest=np.inf)

    def start(self, horizon: int, rng: np.random.Generator) -> Any:
        """Return the shaped problem being played; see `Problem.start`."""
        env = self.problem.start(horizon, rng)
        gamma = self.spec.gamma if self.gamma is None else self.gamma
        return shaped_env(env, self.potential.start(self.spec), gamma)
