"""For users of Gymnasium: shaping as a wrapper, and MDPs to and fro.

It is not imported with banditkit, and needs Gymnasium: ``pip install "banditkit[gym]"``.

>>> import gymnasium
>>> from banditkit.gym import PotentialShaping, from_gymnasium, to_gymnasium
>>> lake = from_gymnasium("FrozenLake-v1", gamma=1.0)  # to plan in it, and to play with Q-learning
>>> float(lake.solution.V[0].round(4))
0.8235
>>> env = gymnasium.make("FrozenLake-v1")
>>> env = PotentialShaping(env, lake.solution.V, gamma=1.0)  # for agents of other libraries
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from banditkit.core.checks import number, shorten, whole
from banditkit.core.description import Problem
from banditkit.core.feedback import Feedback
from banditkit.core.planning import Model, start_distribution
from banditkit.core.spec import Box, Tabular
from banditkit.core.verbs import complete
from banditkit.problems.mdp import FiniteMDP, model_from_lists

try:
    import gymnasium
    from gymnasium import spaces
    from gymnasium.error import ResetNeeded
    from gymnasium.utils import RecordConstructorArgs
except ImportError as error:
    raise ImportError('banditkit.gym needs Gymnasium: pip install "banditkit[gym]"') from error

__all__ = ["PotentialShaping", "from_gymnasium", "to_gymnasium"]

# Wrappers that leave states, actions and rewards as they are.
_HARMLESS = {"OrderEnforcing", "PassiveEnvChecker", "RecordEpisodeStatistics", "TimeLimit"}


class PotentialShaping(gymnasium.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """A wrapper that shapes rewards by a potential: ``r + gamma Phi(s') - Phi(s)``.

    Each step is paid by how much better off, by the potential, the agent is afterwards.  Where the
    environment terminates, Phi(s') counts as 0, or else shaping would change which policy is best;
    where an episode is only truncated, more would have come, and Phi(s') counts.

    Parameters
    ----------
    env : gymnasium.Env
        What to shape.  A time limit may be inside or outside.
    potential : callable or sequence of float, shape (S,)
        Phi: a function of the observation, or where observations are numbers (`Discrete`) a number
        for each of them.
    gamma : float
        The discount factor of the agent, in [0, 1]; with another one, shaping may change which
        policy is best.

    Raises
    ------
    ValueError
        If gamma leaves its range, or the potential is neither a function nor a finite number for
        each observation; in `step` and `reset`, if the function returns something else than a
        finite number.
    gymnasium.error.ResetNeeded
        In `step`, before the first `reset` and after the end of an episode.

    Notes
    -----
    An episode's discounted return is that of `env` less Phi of its first state, plus, if it is
    truncated after T steps, ``gamma**T Phi(s_T)``.  So an agent that goes on from the value of the
    last state where an episode is truncated finds the same policies best (Ng, Harada & Russell
    1999; Grzes 2017).

    Curves of learning should show the reward of `env`: each step's ``info`` has it as
    ``"unshaped_reward"``, and as ``"unshaped_return"`` its sum over the episode so far, not
    discounted.  Where wrappers of this kind are nested, both are what the innermost was given.

    Who resets by a wrapper (`Autoreset`) puts that outside.  To shape vector environments, give
    this wrapper to `gymnasium.make_vec` in its `wrappers`.

    References
    ----------
    Ng, Harada & Russell (1999), "Policy invariance under reward transformations"; Grzes (2017),
    "Reward shaping in episodic reinforcement learning".

    Examples
    --------
    >>> import gymnasium
    >>> from banditkit.gym import PotentialShaping
    >>> def upright(x):
    ...     return -abs(x[2])
    >>> env = PotentialShaping(gymnasium.make("CartPole-v1"), upright, gamma=0.99)
    >>> before, _ = env.reset(seed=0)
    >>> after, reward, _, _, info = env.step(1)
    >>> bool(abs(reward - (1 + 0.99 * upright(after) - upright(before))) < 1e-7)
    True
    >>> info["unshaped_reward"], info["unshaped_return"]
    (1.0, 1.0)
    """

    def __init__(
        self,
        env: gymnasium.Env[Any, Any],
        potential: Callable[[Any], float] | Sequence[float] | np.ndarray,
        gamma: float,
    ) -> None:
        gymnasium.Wrapper.__init__(self, env)
        self.gamma = number("gamma", gamma, low=0.0, high=1.0)
        space = self.observation_space
        self.potential = potential if callable(potential) else _table(potential, space)
        self._first = 0 if callable(potential) else int(getattr(space, "start", 0))
        self._is_innermost = not any(isinstance(each, PotentialShaping) for each in _layers(env))
        self._phi: float | None = None  # Phi(s); None: no episode is going on
        self._return = 0.0
        # what `env.spec.make()` makes this wrapper again with
        RecordConstructorArgs.__init__(
            self, _disable_deepcopy=True, potential=self.potential, gamma=self.gamma
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode; see `gymnasium.Env.reset`."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._phi, self._return = self._phi_of(observation), 0.0
        return observation, info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Act, and be paid with shaping on top; see `gymnasium.Env.step`."""
        if self._phi is None:
            raise ResetNeeded("no episode is going on; call reset before step")
        observation, reward, terminated, truncated, info = self.env.step(action)
        plain = float(reward)
        later = 0.0 if terminated else self._phi_of(observation)
        shaped = plain + self.gamma * later - self._phi  # F = gamma Phi(s') - Phi(s)
        self._phi = None if terminated or truncated else later
        self._return += plain
        if self._is_innermost:
            info = {**info, "unshaped_reward": plain, "unshaped_return": self._return}
        return observation, shaped, terminated, truncated, info

    def _phi_of(self, observation: Any) -> float:
        if not callable(self.potential):
            return self.potential[int(observation) - self._first]
        phi = self.potential(observation)
        try:
            value = float(phi)
        except (TypeError, ValueError):
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(
                "the potential must be a finite number; that of observation "
                f"{shorten(repr(observation))} is {shorten(repr(phi))}"
            )
        return value


def _table(potential: Any, space: spaces.Space[Any]) -> tuple[float, ...]:
    """Return the potential of each observation of a space that numbers them."""
    if not isinstance(space, spaces.Discrete):
        raise ValueError(
            f"a table of potentials needs numbered observations, a Discrete space; here it is "
            f"{shorten(repr(space))} - give a function of the observation"
        )
    try:
        table = np.asarray(potential, dtype=float)
    except (TypeError, ValueError):
        raise ValueError("potential must be a function, or a number for each state") from None
    if table.shape != (space.n,):
        raise ValueError(
            f"potential needs a number for each of the {space.n} states; got an array of shape "
            f"{table.shape}"
        )
    if not np.isfinite(table).all():
        state = int(np.argmin(np.isfinite(table)))
        raise ValueError(
            f"potential must be finite; state {state + int(space.start)} has {table[state]}"
        )
    return tuple(table.tolist())


def _layers(env: Any) -> Iterator[gymnasium.Wrapper[Any, Any, Any, Any]]:
    """Yield the wrappers of an environment, from outside to inside."""
    while isinstance(env, gymnasium.Wrapper):
        yield env
        env = env.env


# Outcomes of pairs, as ``outcomes[s][a]``: (probability, next state, reward).
Outcomes = tuple[tuple[tuple[tuple[float, int, float], ...], ...], ...]


@dataclass(frozen=True, repr=False)
class ListedMDP(FiniteMDP):
    """A finite MDP that lists what may follow, as `from_gymnasium` makes it."""

    name: str
    outcomes: Outcomes
    terminal: tuple[int, ...]
    initial: tuple[float, ...]
    gamma: float
    limit: int

    def __post_init__(self) -> None:
        self._set(
            gamma=number("gamma", self.gamma, low=0.0, high=1.0),
            limit=whole("limit", self.limit, least=0),
        )
        self.check_ends()

    @cached_property
    def model(self) -> Model:
        """The transitions and rewards."""
        return model_from_lists(self.outcomes, self.terminal, self.gamma)  # type: ignore[arg-type]

    @property
    def start_distribution(self) -> np.ndarray:
        """Probability of each state to start an episode, shape (S,)."""
        return np.array(self.initial)

    def __repr__(self) -> str:
        S, A = self.model.terminal.size, self.model.A
        return f"<{self.name}: {S} states, {A} actions, gamma {self.gamma:g}>"


def from_gymnasium(
    env: gymnasium.Env[Any, Any] | str, gamma: float = 0.99, **options: Any
) -> ListedMDP:
    """Return the MDP behind a tabular environment of Gymnasium.

    States, actions, probabilities and rewards are those of its table ``env.unwrapped.P``, starts
    those of ``initial_state_distrib``, and the limit is that of its registration.

    Parameters
    ----------
    env : gymnasium.Env or str
        A tabular environment, such as FrozenLake, Taxi or CliffWalking, or its id.
    gamma : float, default 0.99
        What a reward of the next step is worth, in [0, 1].
    **options
        For an id, what `gymnasium.make` is to be given, too.

    Returns
    -------
    FiniteMDP
        To plan in, and to play.

    Raises
    ------
    ValueError
        If the environment has no table, something is wrong with the table, a wrapper changes what
        the table says, a number leaves its range, or gamma is 1 and some state has no way to the
        end.

    Notes
    -----
    In Gymnasium it is a transition that terminates, here a state is terminal.  A state that others
    enter only by transitions which terminate is made terminal.  If it is entered in passing, too,
    or an episode may start there, it stays what it is, and transitions that terminate there lead
    to one more state, the last, which is terminal: Taxi has 500 states and an end.

    Examples
    --------
    >>> from banditkit.gym import from_gymnasium
    >>> lake = from_gymnasium("FrozenLake-v1", gamma=1.0)
    >>> lake
    <FrozenLake-v1: 16 states, 4 actions, gamma 1>
    >>> float(lake.solution.V[0].round(6))  # 14/17 get to the other side, if they have the time
    0.823529
    """
    if isinstance(env, str):
        env = gymnasium.make(env, **options)
    elif options:
        raise ValueError(f"{', '.join(options)}: options go with the id of an environment")
    if not isinstance(env, gymnasium.Env):
        raise ValueError(
            f"from_gymnasium needs an environment of Gymnasium, or its id; got {env!r}"
        )
    for wrapper in _layers(env):
        if type(wrapper).__name__ not in _HARMLESS:
            raise ValueError(
                f"the table of {env} knows nothing of its wrapper {type(wrapper).__name__} - give "
                "the environment without it"
            )
    table, initial = _read_table(env)
    outcomes, terminal = _with_ends(table, initial)
    odds = np.append(initial, [0.0] * (len(outcomes) - initial.size))
    spec = env.spec
    name = spec.id if spec else type(env.unwrapped).__name__
    limit = (spec.max_episode_steps if spec else None) or 0
    return ListedMDP(name, outcomes, terminal, tuple(odds.tolist()), gamma, limit)


# As `Outcomes`, and does the transition terminate?
_Table = list[list[list[tuple[float, int, float, bool]]]]


def _read_table(env: gymnasium.Env[Any, Any]) -> tuple[_Table, np.ndarray]:
    """Return table and starts of a tabular environment, checked."""
    plain: Any = env.unwrapped
    name = type(plain).__name__
    S, A = getattr(plain.observation_space, "n", None), getattr(plain.action_space, "n", None)
    if S is None or A is None or not hasattr(plain, "P"):
        raise ValueError(
            f"{name} has no table of transitions P; tabular are FrozenLake, Taxi and CliffWalking"
        )
    if not hasattr(plain, "initial_state_distrib"):
        raise ValueError(
            f"{name} does not say where it starts; give it an array initial_state_distrib of {S} "
            "probabilities"
        )
    if getattr(plain, "fickle_passenger", False):
        raise ValueError(f"the table of {name} knows nothing of fickle passengers")
    table = [[_read_pair(plain.P, s, a, int(S)) for a in range(int(A))] for s in range(int(S))]
    return table, start_distribution(plain.initial_state_distrib, int(S))


def _read_pair(P: Any, s: int, a: int, S: int) -> list[tuple[float, int, float, bool]]:
    where = f"state {s}, action {a}"
    try:
        pair = [(float(p), int(to), float(r), bool(end)) for p, to, r, end in P[s][a] if p != 0]
    except (LookupError, TypeError, ValueError):
        raise ValueError(
            f"P must list (probability, next state, reward, terminated); that of {where} does not"
        ) from None
    odds = [p for p, *_ in pair]
    if not all(p > 0 for p in odds) or abs(sum(odds) - 1.0) > 1e-9:
        raise ValueError(
            f"probabilities must be 0 or more and sum to 1; those of {where} are {odds}"
        )
    for _, following, reward, _ in pair:
        if not 0 <= following < S:
            raise ValueError(f"{where} leads to {following}; states are 0 to {S - 1}")
        if not math.isfinite(reward):
            raise ValueError(f"rewards must be finite; {where} has {reward}")
    return pair


def _with_ends(table: _Table, initial: np.ndarray) -> tuple[Outcomes, tuple[int, ...]]:
    """Return what may follow each pair, and the states that are terminal.

    Transitions terminate; where their next state can't be terminal, they lead to one more state.
    """
    S = len(table)
    ended: set[int] = set()
    passed = set(np.flatnonzero(initial).tolist())
    for s, actions in enumerate(table):
        for pair in actions:
            for _, following, _, end in pair:
                if following != s:  # where a terminal state leads to is nobody's business
                    (ended if end else passed).add(following)
    terminal = ended - passed

    def target(following: int, end: bool) -> int:
        return S if end and following not in terminal else following

    outcomes = tuple(
        tuple(tuple((p, target(to, end), r) for p, to, r, end in pair) for pair in actions)
        for actions in table
    )
    alive = [pair for s, actions in enumerate(outcomes) if s not in terminal for pair in actions]
    if any(to == S for pair in alive for _, to, _ in pair):
        outcomes += (((),) * len(table[0]),)
        terminal.add(S)
    return outcomes, tuple(sorted(terminal))


class ProblemEnv(gymnasium.Env[Any, Any]):
    """An MDP of this library as an environment of Gymnasium: what `to_gymnasium` returns."""

    metadata = {"render_modes": []}

    def __init__(self, problem: Problem) -> None:
        spec = problem.spec if isinstance(problem, Problem) else None
        if not isinstance(spec, Tabular | Box) or problem.feedback is not Feedback.STEP:
            raise ValueError(
                'to_gymnasium needs an MDP, such as GridWorld("S.G") or CartPole(); got '
                f"{problem!r}"
            )
        self.problem = problem
        self.action_space = spaces.Discrete(spec.A)
        if isinstance(spec, Tabular):
            self.observation_space = spaces.Discrete(spec.S)
        else:
            low, high = np.array(spec.low), np.array(spec.high)
            self.observation_space = spaces.Box(low, high, dtype=np.float64)
        self._env: Any = None
        self._t = 0  # steps so far, since the last seed
        self._x: Any = None  # the state as the problem shows it; None: no episode is going on

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode, where the problem begins or in ``options["state"]``."""
        super().reset(seed=seed)
        if seed is not None:
            self._t = 0
        self._env = complete(self.problem.start(1, self.np_random))  # no MDP asks for the horizon
        if options and "state" in options:
            keeper = _keeper(self._env)
            keeper.state[:] = self._checked(options["state"])
            keeper.age[0] = 0
        self._x = self._env.observe(self._t, self.np_random)
        return self._shown(self._x), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Act; see `gymnasium.Env.step`."""
        if self._x is None:
            raise ResetNeeded("no episode is going on; call reset before step")
        if not self.action_space.contains(action):
            raise ValueError(
                f"an action is a whole number from 0 to {self.problem.spec.A - 1}; got {action!r}"
            )
        y = self._env.respond(self._t, self._x, int(action), self.np_random)
        self._t += 1
        ended = y.terminal or y.truncated
        self._x = None if ended else self._env.observe(self._t, self.np_random)
        info = {"auxiliary": float(y.auxiliary)} if self.problem.aided else {}
        return self._shown(y.state), float(y.reward), bool(y.terminal), bool(y.truncated), info

    def _shown(self, x: Any) -> Any:
        return np.array(x) if isinstance(self.observation_space, spaces.Box) else int(x)

    def _checked(self, state: Any) -> Any:
        """Return a state to start from, in which an episode may go on."""
        space = self.observation_space
        if isinstance(space, spaces.Box):
            point = np.asarray(state, dtype=float)
            if not space.contains(point):
                raise ValueError(f"state must be a point of {space}; got {state!r}")
            return point
        s = whole("state", state, least=0)
        if not space.contains(s):
            raise ValueError(f"state must be from 0 to {self.problem.spec.S - 1}; got {s}")
        if isinstance(self.problem, FiniteMDP) and self.problem.model.terminal[s]:
            raise ValueError(f"state {s} is terminal: no episode can start there")
        return s


def _keeper(record: Any) -> Any:
    """Return the record that keeps the state, which may lie within others."""
    if "state" in getattr(record, "_fields", ()):
        return record
    inside = [_keeper(field) for field in record if isinstance(field, tuple)]
    return next((each for each in inside if each is not None), None)


def to_gymnasium(problem: Problem) -> ProblemEnv:
    """Return an MDP as an environment of Gymnasium.

    States and actions of a finite MDP are numbers (`Discrete`), states of `CartPole` and
    `MountainCar` arrays (`Box`).  An episode that ends is terminated, one that is cut off by the
    limit of the problem truncated; rewards are those of the problem, and what a heuristic pays
    beside them, if there is one, is ``info["auxiliary"]``.  ``reset(seed=...)`` makes what is
    random repeat itself, and ``reset(options={"state": s})`` starts in a state of choice.

    Parameters
    ----------
    problem : Problem
        A finite MDP, shaped or not, `CartPole`, `MountainCar` or `OpenField`, with a heuristic
        beside it or without.

    Returns
    -------
    gymnasium.Env
        A new one each time.

    Raises
    ------
    ValueError
        If `problem` is no MDP.

    Notes
    -----
    To have an id for `gymnasium.make` and `gymnasium.make_vec`, register this function:
    ``gymnasium.register("Ring-v0", entry_point="banditkit.gym:to_gymnasium",
    kwargs={"problem": Ring()})``.

    Examples
    --------
    >>> import banditkit as bk
    >>> from banditkit.gym import to_gymnasium
    >>> env = to_gymnasium(bk.GridWorld("S.G"))
    >>> env.reset(seed=0)
    (0, {})
    >>> env.step(1)
    (1, 0.0, False, False, {})
    >>> env.step(1)
    (2, 1.0, True, False, {})
    """
    return ProblemEnv(problem)
