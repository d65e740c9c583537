"""Finite Markov decision processes, from tables (Part II)."""

from abc import abstractmethod
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core import planning
from banditkit.core.checks import number, whole
from banditkit.core.description import Problem
from banditkit.core.feedback import Feedback, Step
from banditkit.core.planning import Model, Solution, new_model
from banditkit.core.spec import NoSuchArm, Tabular

__all__ = ["MDP", "FiniteMDP", "model_from_lists", "new_env"]

_EXACT_STATES = 5_000  # up to here optimal values are those of linear equations


class MDPEnv(NamedTuple):
    """An MDP being played: a round is a step, and an episode follows the other."""

    model: Model
    gaps: np.ndarray  # (S A,) V*(s) - Q*(s, a)
    starts: np.ndarray  # (m,) int64, the states in which an episode may start
    odds: np.ndarray  # (m,) their probabilities
    state: np.ndarray  # (1,) int64; -1: a new episode has to start
    age: np.ndarray  # (1,) int64, steps of this episode
    limit: int  # steps after which an episode is cut off; 0: never

    def observe(self, t, rng):
        if self.state[0] < 0:
            left, k = rng.random(), 0
            while k < self.odds.size - 1 and left >= self.odds[k]:
                left -= self.odds[k]
                k += 1
            self.state[0] = self.starts[k]
            self.age[0] = 0
        return self.state[0]

    def gap(self, t, x, a):
        if not 0 <= a < self.model.A:
            raise NoSuchArm(t, a, self.model.A)
        return self.gaps[x * self.model.A + a]

    def respond(self, t, x, a, rng):
        model = self.model
        pair = x * model.A + a
        i, last = model.first[pair], model.first[pair + 1] - 1
        if i < last:  # chance decides
            left = rng.random()
            while i < last and left >= model.chance[i]:
                left -= model.chance[i]
                i += 1
        s = int(model.following[i])
        self.age[0] += 1
        terminal = model.terminal[s]
        truncated = self.age[0] == self.limit and not terminal
        self.state[0] = -1 if terminal or truncated else s
        return Step(model.rewards[i], s, terminal, truncated)


def new_env(model: Model, gaps: np.ndarray, odds: np.ndarray, limit: int) -> MDPEnv:
    """Return an MDP before its first episode; `odds` are those of the states to start in."""
    starts = np.flatnonzero(odds > 0.0)
    age = np.zeros(1, dtype=np.int64)
    return MDPEnv(model, gaps.ravel(), starts, odds[starts], np.full(1, -1), age, limit)


@dataclass(frozen=True)
class FiniteMDP(Problem):
    """What all finite MDPs have in common; subclass it for a family of your own.

    A subclass gives `model` and `start_distribution`, and `limit` if episodes are cut off.

    Examples
    --------
    A coin that is tossed until it shows heads, for 1; or sold at once, for 0.8:

    >>> from dataclasses import dataclass
    >>> from functools import cached_property
    >>> import numpy as np
    >>> import banditkit as bk
    >>> @dataclass(frozen=True, repr=False)
    ... class Coin(bk.FiniteMDP):
    ...     gamma: float = 0.9
    ...     @cached_property
    ...     def model(self):
    ...         toss = [(0.5, 0, 0.0), (0.5, 1, 1.0)]  # probability, next state, reward
    ...         sell = [(1.0, 1, 0.8)]
    ...         return bk.model_from_lists([[toss, sell], [[], []]], terminal=[1], gamma=self.gamma)
    ...     @property
    ...     def start_distribution(self):
    ...         return np.array([1.0, 0.0])
    >>> Coin().solution.V.round(4), int(Coin(gamma=0.5).solution.policy[0])
    (array([0.9091, 0.    ]), 1)
    """

    feedback: ClassVar[Feedback] = Feedback.STEP
    reshaped: ClassVar[bool] = False  # are its rewards others than those that count?
    limit = 0  # steps after which an episode is cut off; 0: never

    @property
    @abstractmethod
    def model(self) -> Model:
        """The transitions and rewards."""

    @property
    @abstractmethod
    def start_distribution(self) -> np.ndarray:
        """Probability of each state to start an episode, shape (S,)."""

    @property
    def spec(self) -> Tabular:
        """Number of states and actions, gamma, and the range of rewards."""
        model = self.model
        lowest, highest = float(model.rewards.min()), float(model.rewards.max())
        return Tabular(model.terminal.size, model.A, model.gamma, lowest, highest)

    @cached_property
    def solution(self) -> Solution:
        """Optimal values and policy, found once: exactly, up to some thousand states."""
        if self.model.terminal.size <= _EXACT_STATES:
            return planning.policy_iteration(self)
        return planning.value_iteration(self, tolerance=1e-10)

    def check_ends(self) -> None:
        """Raise a ValueError if gamma is 1 and some state has no way to a terminal one."""
        model = self.model
        distance = np.where(model.terminal, 0, -1)
        if model.gamma == 1.0:
            policy = np.zeros(distance.size, dtype=np.int64)
            allowed = np.ones((distance.size, model.A), dtype=np.bool_)
            planning.walk_back(model, policy, distance, allowed)
        if model.gamma == 1.0 and (distance < 0).any():
            raise ValueError(
                "with gamma 1 a terminal state must be within reach of every state; state "
                f"{int(np.argmax(distance < 0))} has no way to one"
            )

    def start(self, horizon: int, rng: np.random.Generator) -> MDPEnv:
        """Return the MDP being played; see `Problem.start`."""
        gaps = np.maximum(0.0, self.solution.V[:, None] - self.solution.Q)
        return new_env(self.model, gaps, self.start_distribution, self.limit)


@dataclass(frozen=True, repr=False, eq=False)
class MDP(FiniteMDP):
    """A finite MDP from tables.

    Regret of a step in state s with action a is ``V*(s) - Q*(s, a)``: on average, its discounted
    sum over an episode is what the learner's value falls short of the optimal one (performance
    difference lemma); with gamma 1 only if the episode surely ends.

    Parameters
    ----------
    P : array of float, shape (S, A, S), or sparse, shape (S A, S)
        ``P[s, a, s']`` is the probability of the next state; the sparse form has row ``s A + a``.
        Rows of terminal states are ignored, and kept empty.
    R : array of float, shape (S, A) or (S, A, S)
        Reward of an action, or of an action and the next state.
    gamma : float
        What a reward of the next step is worth, in [0, 1].
    terminal : sequence of int, optional
        States in which an episode ends; their value is 0.
    initial : int or array of float, shape (S,), default 0
        The state in which an episode starts, or probabilities of states.
    limit : int, default 0
        Steps after which an episode is cut off, though it would go on; 0 for never.

    Raises
    ------
    ValueError
        If shapes do not fit, a row of P has a negative entry or does not sum to 1, a reward is not
        finite, gamma leaves [0, 1], or gamma is 1 and some state has no way to a terminal one.

    References
    ----------
    Puterman (1994), *Markov Decision Processes*; Sutton & Barto (2018), chapter 3.

    Examples
    --------
    Stay for 1, or leave for 5 and the end:

    >>> import banditkit as bk
    >>> mdp = bk.MDP([[[1, 0], [0, 1]], [[0, 1], [0, 1]]], [[1, 5], [0, 0]], 0.9, terminal=[1])
    >>> mdp.solution.V.round(6), int(mdp.solution.policy[0])
    (array([10.,  0.]), 0)
    """

    P: Any
    R: np.ndarray
    gamma: float
    terminal: tuple[int, ...] = ()
    initial: Any = 0
    limit: int = 0

    def __post_init__(self) -> None:
        gamma = number("gamma", self.gamma, low=0.0, high=1.0)
        limit = whole("limit", self.limit, least=0)
        P, S, A = _transitions(self.P)
        R = _rewards(self.R, S, A)
        terminal = tuple(
            whole("a terminal state", s, least=0) for s in np.atleast_1d(self.terminal)
        )
        if any(s >= S for s in terminal):
            raise ValueError(f"terminal states must be from 0 to {S - 1}; got {max(terminal)}")
        odds = planning.start_distribution(self.initial, S, "initial")
        if any(odds[s] > 0 for s in terminal):
            raise ValueError("an episode can't start in a terminal state")
        model = _model(P, R, terminal, gamma)
        P = planning.transitions(model)  # on the arrays of the model: large ones are not kept twice
        self._set(P=P, R=R, gamma=gamma, limit=limit, terminal=terminal, initial=odds, _model=model)
        self.check_ends()

    @property
    def model(self) -> Model:
        """The transitions and rewards."""
        return self._model  # type: ignore[attr-defined]

    @property
    def start_distribution(self) -> np.ndarray:
        """Probability of each state to start an episode, shape (S,)."""
        return np.asarray(self.initial)

    def __repr__(self) -> str:
        S, A = self.model.terminal.size, self.model.A
        return f"<MDP: {S} states, {A} actions, gamma {self.gamma:g}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MDP):
            return NotImplemented
        mine, theirs = self._parts(), other._parts()
        return all(np.array_equal(x, y) for x, y in zip(mine, theirs, strict=True))

    def __hash__(self) -> int:
        model = self.model  # its sizes tell most MDPs apart, and reading it all takes long
        return hash((model.first.size, model.chance.size, model.gamma, self.limit))

    def _parts(self) -> tuple[Any, ...]:
        return *self.model, self.limit, self.start_distribution


def model_from_lists(
    outcomes: Iterable[list[list[tuple[float, int, float]]]], terminal: Any, gamma: float
) -> Model:
    """Return the model where ``outcomes[s][a]`` lists (probability, next state, reward).

    Equal next states with equal rewards are put together.

    Parameters
    ----------
    outcomes : iterable of lists
        For each state a list for each action of what may follow; of terminal states they are
        ignored.  Where states are many, let a generator give one after the other.
    terminal : sequence of int
        States in which an episode ends.
    gamma : float
        What a reward of the next step is worth, in [0, 1].

    Examples
    --------
    >>> import banditkit as bk
    >>> model = bk.model_from_lists([[[(1.0, 1, 5.0)]], [[]]], terminal=[1], gamma=0.9)
    >>> bk.planning.value_iteration(model).V
    array([5., 0.])
    """
    # arrays of plain numbers: a list would keep an object of each
    first, following, chance, rewards = array("i", [0]), array("i"), array("d"), array("d")
    ending, S = {*terminal}, 0
    for s, actions in enumerate(outcomes):
        S += 1
        for pairs in actions:
            merged: dict[tuple[int, float], float] = {}
            for p, state, reward in () if s in ending else pairs:
                if p > 0.0:
                    merged[state, reward] = merged.get((state, reward), 0.0) + p
            for (state, reward), p in merged.items():
                following.append(state)
                rewards.append(reward)
                chance.append(p)
            first.append(len(following))
    ends = np.zeros(S, dtype=np.bool_)
    ends[[*ending]] = True
    return new_model(first, following, chance, rewards, ends, gamma)


def _transitions(P: Any) -> tuple[Any, int, int]:
    """Return a copy of P as a sparse matrix (S A, S), with S and A."""
    from scipy.sparse import csr_array, issparse

    if issparse(P):
        sparse: Any = P
        matrix = csr_array(sparse, dtype=float, copy=True)
        matrix.sum_duplicates()
        rows, S = matrix.shape
        if S == 0 or rows % S:
            raise ValueError(f"sparse P must have shape (S A, S); got {matrix.shape}")
        return matrix, S, rows // S
    try:
        dense = np.array(P, dtype=float)
    except (TypeError, ValueError):
        raise ValueError("P must be numbers, of shape (S, A, S)") from None
    if dense.ndim != 3 or dense.shape[0] != dense.shape[2] or dense.size == 0:
        raise ValueError(f"P must have shape (S, A, S); got {dense.shape}")
    S, A, _ = dense.shape
    flat: Any = dense.reshape(S * A, S)
    return csr_array(flat), S, A


def _rewards(R: Any, S: int, A: int) -> np.ndarray:
    try:
        rewards = np.array(R, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"R must be numbers, of shape ({S}, {A}) or ({S}, {A}, {S})") from None
    if rewards.shape not in ((S, A), (S, A, S)):
        raise ValueError(
            f"R must have shape ({S}, {A}) or ({S}, {A}, {S}), as P has; got {rewards.shape}"
        )
    if not np.isfinite(rewards).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(rewards))[0])
        raise ValueError(f"R must be finite; state {at[0]}, action {at[1]} has {rewards[at]}")
    rewards.setflags(write=False)
    return rewards


def _model(P: Any, R: np.ndarray, terminal: tuple[int, ...], gamma: float) -> Model:
    """Return the model, on the arrays of P, from which what is never followed is removed."""
    rows, S = P.shape
    A = rows // S
    ends = np.zeros(S, dtype=np.bool_)
    ends[list(terminal)] = True
    P.data[np.repeat(np.repeat(ends, A), np.diff(P.indptr))] = 0.0
    bad = ~((P.data >= 0.0) & (P.data < np.inf))
    if bad.any():
        i = int(np.argmax(bad))
        s, a = divmod(int(np.searchsorted(P.indptr, i, side="right")) - 1, A)
        raise ValueError(
            f"probabilities must be 0 or more; P of state {s}, action {a} has {float(P.data[i])!r}"
        )
    sums = P @ np.ones(S)
    wrong = (np.abs(sums - 1.0) > 1e-9) & ~np.repeat(ends, A)
    if wrong.any():
        s, a = divmod(int(np.argmax(wrong)), A)
        raise ValueError(
            f"probabilities of the next state must sum to 1; those of state {s}, action {a} sum to "
            f"{float(sums[s * A + a])!r}"
        )
    P.eliminate_zeros()
    counts = np.diff(P.indptr)
    if R.ndim == 2:
        rewards = np.repeat(R.ravel(), counts)
    else:
        rewards = R.reshape(rows, S)[np.repeat(np.arange(rows), counts), P.indices]
    return new_model(P.indptr, P.indices, P.data, rewards, ends, gamma)
