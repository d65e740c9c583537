"""Small worlds to learn in, along a line: chains, a ring, a river, a corridor with a key."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from banditkit.core.checks import flag, number, whole
from banditkit.core.planning import Model
from banditkit.problems.mdp import FiniteMDP, model_from_lists

__all__ = ["Chain", "LineKey", "LongChain", "Ring", "RiverSwim"]


def slippery(reached: list[Any], slip: float) -> list[Any]:
    """Return the outcomes of each action if, with probability slip, another one is drawn instead.

    It is drawn uniformly from all; ``reached[a]`` is what follows action a: the next state, and
    perhaps a reward.  Each outcome is that, with its probability before it.
    """
    slips = [(slip / len(reached), *each) for each in reached]
    return [[(1.0 - slip, *each), *slips] for each in reached]


@dataclass(frozen=True, repr=False)
class Chain(FiniteMDP):
    """A row of n states with an end on either side; the right one pays 1.

    State 0 and state n + 1 are terminal, an episode starts in the middle, action 0 goes left and 1
    right.  Under the random walk the value of state k is ``k / (n + 1)`` if gamma is 1.

    Parameters
    ----------
    n : int, default 5
        Number of states between the ends, 1 or more.
    gamma : float, default 1
        What a reward of the next step is worth, in [0, 1].

    Raises
    ------
    ValueError
        If a number leaves its range.

    References
    ----------
    Sutton & Barto (2018), *Reinforcement Learning*, Example 6.2.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.Chain(5, gamma=0.5).solution.V
    array([0.    , 0.0625, 0.125 , 0.25  , 0.5   , 1.    , 0.    ])
    """

    n: int = 5
    gamma: float = 1.0

    def __post_init__(self) -> None:
        self._set(n=whole("n", self.n, least=1), gamma=number("gamma", self.gamma, low=0, high=1))

    @cached_property
    def model(self) -> Model:
        """The transitions and rewards."""
        n = self.n
        steps = [
            [[(1.0, max(s - 1, 0), 0.0)], [(1.0, min(s + 1, n + 1), float(s == n))]]
            for s in range(n + 2)
        ]
        return model_from_lists(steps, (0, n + 1), self.gamma)

    @property
    def start_distribution(self) -> np.ndarray:
        """Probability of each state to start an episode: 1 for the middle."""
        return np.eye(1, self.n + 2, (self.n + 1) // 2)[0]


@dataclass(frozen=True, repr=False)
class Ring(FiniteMDP):
    """A ring with an exit opposite to the start, and a bonus for going the right way: a trap.

    States 0 to N - 1 lie on a ring, and an episode starts in 0.  Action 0 steps clockwise, action 1
    counterclockwise (on a one-way ring it stays), and action 2 leaves: from state N/2 with
    `reward`, to the end; elsewhere it stays.  Each clockwise step from states 0, ..., N/2 - 1,
    towards the exit, is paid the `bonus` on top.

    Such a bonus is no potential, as nobody gives it back.  If it is too large, the optimal policy
    never leaves: it laps the one-way ring, and on the other it goes to and fro before the exit.

    Parameters
    ----------
    N : int, default 10
        Number of states on the ring, even, 4 or more.
    bonus : float, default 0
        What a step towards the exit is paid, 0 or more.
    gamma : float, default 0.9
        What a reward of the next step is worth, in [0, 1).
    one_way : bool, default False
        Whether the ring can only be walked clockwise.
    reward : float, default 1
        What leaving pays, above 0 (at least 1e-9).

    Raises
    ------
    ValueError
        If a number leaves its range.

    Notes
    -----
    With h = N/2, lapping for ever beats leaving at once where ``bonus`` exceeds
    ``reward (1 - gamma) (1 + gamma**h) / gamma**h``, and going to and fro where it exceeds
    ``reward (1 - gamma**2) / gamma``: a lap from the exit is worth
    ``gamma**h bonus (1 - gamma**h) / (1 - gamma)``, and ``1 / (1 - gamma**N)`` times as much for
    ever; to and fro is worth ``gamma bonus / (1 - gamma**2)``.

    References
    ----------
    Randløv & Alstrøm (1998), whose bicycle rode in circles; Ng, Harada & Russell (1999).

    Examples
    --------
    >>> import banditkit as bk
    >>> [int(bk.Ring(10, bonus=c).solution.policy[5]) for c in (0.21, 0.22)]  # 2 is to leave
    [2, 1]
    """

    N: int = 10
    bonus: float = 0.0
    gamma: float = 0.9
    one_way: bool = False
    reward: float = 1.0

    def __post_init__(self) -> None:
        N = whole("N", self.N, least=4)
        if N % 2:
            raise ValueError(f"N must be even, so that the exit is opposite to the start; got {N}")
        self._set(
            N=N,
            bonus=number("bonus", self.bonus, low=0.0),
            gamma=number("gamma", self.gamma, low=0.0, high=1.0 - 1e-9),
            one_way=flag("one_way", self.one_way),
            reward=number("reward", self.reward, low=1e-9),
        )

    @cached_property
    def model(self) -> Model:
        """The transitions and rewards."""
        N = self.N
        steps: list[Any] = []
        for s in range(N):
            clockwise = [(1.0, (s + 1) % N, self.bonus if s < N // 2 else 0.0)]
            back = [(1.0, s if self.one_way else (s - 1) % N, 0.0)]
            leave = [(1.0, N, self.reward)] if s == N // 2 else [(1.0, s, 0.0)]
            steps.append([clockwise, back, leave])
        steps.append([[], [], []])
        return model_from_lists(steps, (N,), self.gamma)

    @property
    def start_distribution(self) -> np.ndarray:
        """Probability of each state to start an episode: 1 for state 0."""
        return np.eye(1, self.N + 1, 0)[0]


@dataclass(frozen=True, repr=False)
class RiverSwim(FiniteMDP):
    """A row of states in a river: a little for drifting down, a lot for swimming up to the end.

    Action 0 swims left, with the current, and always moves; in state 0 it stays there, and is paid
    5.  Action 1 swims right: it moves on with probability 0.3, stays with 0.6, and is carried back
    with 0.1.  In state 0 it moves on with 0.3 and else stays; in the last state it stays with 0.3,
    which is paid 10,000, and else is carried back.  Nothing ever ends; an episode starts in state 1
    or 2.

    Parameters
    ----------
    n : int, default 6
        Number of states, 3 or more.
    gamma : float, default 0.95
        What a reward of the next step is worth, in [0, 1).
    limit : int, default 0
        Steps after which an episode is cut off; 0 for never.

    Raises
    ------
    ValueError
        If a number leaves its range.

    Notes
    -----
    Who always swims right is paid 668.807 a step in the long run (six states): by detailed balance
    each state is visited three times as often as the one before, and the last 3/7 times as often.
    The numbers are those on which public implementations that name the paper agree; later papers
    have others under the same name (0.35, 0.6 and 0.05, and rewards of 0.005 and 1).

    References
    ----------
    Strehl & Littman (2008), "An analysis of model-based interval estimation for Markov decision
    processes".

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.RiverSwim().solution.policy
    array([1, 1, 1, 1, 1, 1])
    """

    n: int = 6
    gamma: float = 0.95
    limit: int = 0

    def __post_init__(self) -> None:
        self._set(
            n=whole("n", self.n, least=3),
            gamma=number("gamma", self.gamma, low=0.0, high=1.0 - 1e-9),
            limit=whole("limit", self.limit, least=0),
        )

    @cached_property
    def model(self) -> Model:
        """The transitions and rewards."""
        last = self.n - 1
        steps: list[Any] = [
            [[(1.0, s - 1, 0.0)], [(0.3, s + 1, 0.0), (0.6, s, 0.0), (0.1, s - 1, 0.0)]]
            for s in range(self.n)
        ]
        steps[0] = [[(1.0, 0, 5.0)], [(0.3, 1, 0.0), (0.7, 0, 0.0)]]
        steps[last][1] = [(0.3, last, 10_000.0), (0.7, last - 1, 0.0)]
        return model_from_lists(steps, (), self.gamma)

    @property
    def start_distribution(self) -> np.ndarray:
        """Probability of each state to start an episode: 1/2 for states 1 and 2."""
        return np.eye(3, self.n)[1:].mean(axis=0)


@dataclass(frozen=True, repr=False)
class LongChain(FiniteMDP):
    """A long row of states whose right end pays again and again: the chain of ExploRS.

    Action 0 goes left and 1 right.  Going right in the last state of the row is paid 1 and stays
    there, until the episode is cut off; going left in state 0 ends it.  The last number, beyond the
    row, is that of the end.

    Parameters
    ----------
    left : int, default 40
        Number of states left of the start, 1 or more: the start has this number.
    right : int, default 20
        Number of states right of the start, 1 or more.
    gamma : float, default 0.99
        What a reward of the next step is worth, in [0, 1).
    slip : float, default 0.05
        Probability that the action is drawn uniformly from both, in [0, 1].
    distractor : float, default 0
        What going left is paid in state ``5 left // 8``, 25 of 40: 0.01 in the paper, where there
        is a distractor.
    limit : int, default 40
        Steps after which an episode is cut off; 0 for never.

    Raises
    ------
    ValueError
        If a number leaves its range.

    Notes
    -----
    An action is paid where it is chosen, even if it slips.  What can be had in an episode of 40
    steps is 13.703792, by `planning.finite_horizon`.

    References
    ----------
    Devidze, Kamalaruban & Singla (2022), "Exploration-guided reward shaping for reinforcement
    learning under sparse rewards", CHAIN.

    Examples
    --------
    >>> import banditkit as bk
    >>> chain = bk.LongChain()
    >>> V, policy = bk.planning.finite_horizon(chain, chain.limit)
    >>> chain.spec.S, float(V[40, chain.left].round(6))
    (62, 13.703792)
    """

    left: int = 40
    right: int = 20
    gamma: float = 0.99
    slip: float = 0.05
    distractor: float = 0.0
    limit: int = 40

    def __post_init__(self) -> None:
        self._set(
            left=whole("left", self.left, least=1),
            right=whole("right", self.right, least=1),
            gamma=number("gamma", self.gamma, low=0.0, high=1.0 - 1e-9),
            slip=number("slip", self.slip, low=0.0, high=1.0),
            distractor=number("distractor", self.distractor),
            limit=whole("limit", self.limit, least=0),
        )

    @cached_property
    def model(self) -> Model:
        """The transitions and rewards."""
        goal = self.left + self.right
        end = goal + 1
        steps: list[Any] = []
        for s in range(end):
            paid = self.distractor if s == 5 * self.left // 8 else 0.0, float(s == goal)
            chances = slippery([(s - 1 if s > 0 else end,), (min(s + 1, goal),)], self.slip)
            steps.append([[(p, to, paid[a]) for p, to in chances[a]] for a in (0, 1)])
        steps.append([[], []])
        return model_from_lists(steps, (end,), self.gamma)

    @property
    def start_distribution(self) -> np.ndarray:
        """Probability of each state to start an episode: 1 for state `left`."""
        return np.eye(1, self.left + self.right + 2, self.left)[0]


@dataclass(frozen=True, repr=False)
class LineKey(FiniteMDP):
    """A line with a key near its left end and a goal at the right: the abstraction of EXPRD.

    Of a walk on [0, 1] with steps of 0.075, twenty intervals of 0.05 are kept.  State b is to be in
    interval b without the key, 20 + b with it, and 40 is the end.  Action 0 goes left and 1 right,
    by one interval or two, each with probability 1/2, the left end holding; 2 picks up the key,
    which works in intervals 2 and 3.  Going right in the last two intervals ends the episode, and
    is paid if the key is there.  An episode starts in interval 10 or 11, without the key.

    Parameters
    ----------
    gamma : float, default 0.95
        What a reward of the next step is worth, in [0, 1].
    slip : float, default 0.1
        Probability that one of the other two actions happens, each with half of it; only going
        right in the last two intervals never slips.
    goal_reward : float, default 10
        What going right at the goal with the key is paid.
    limit : int, default 0
        Steps after which an episode is cut off; 0 for never.

    Raises
    ------
    ValueError
        If a number leaves its range.

    Notes
    -----
    Who slips to the right in the last two intervals ends the episode unpaid.  The optimal value is
    3.765006 in state 10 and 3.619256 in state 11: at the start, on average, 3.692131.

    References
    ----------
    Devidze, Radanovic, Kamalaruban & Singla (2021), "Explicable reward design for reinforcement
    learning agents", LINEKEYNAVENV.

    Examples
    --------
    >>> import banditkit as bk
    >>> line = bk.LineKey()
    >>> float((line.start_distribution @ line.solution.V).round(6))
    3.692131
    """

    gamma: float = 0.95
    slip: float = 0.1
    goal_reward: float = 10.0
    limit: int = 0

    def __post_init__(self) -> None:
        self._set(
            gamma=number("gamma", self.gamma, low=0.0, high=1.0),
            slip=number("slip", self.slip, low=0.0, high=1.0),
            goal_reward=number("goal_reward", self.goal_reward),
            limit=whole("limit", self.limit, least=0),
        )
        self.check_ends()

    @cached_property
    def model(self) -> Model:
        """The transitions and rewards."""
        steps: list[Any] = [[self._outcomes(s, a) for a in range(3)] for s in range(40)]
        steps.append([[], [], []])
        return model_from_lists(steps, (40,), self.gamma)

    def _outcomes(self, s: int, a: int) -> list[tuple[float, int, float]]:
        if a == 1 and s % 20 >= 18:  # at the goal
            return [(1.0, 40, self.goal_reward if s >= 20 else 0.0)]
        slips = [(self.slip / 2 * p, to) for b in range(3) if b != a for p, to in _moves(s, b)]
        intended = [((1.0 - self.slip) * p, to) for p, to in _moves(s, a)]
        return [(p, to, 0.0) for p, to in intended + slips]

    @property
    def start_distribution(self) -> np.ndarray:
        """Probability of each state to start an episode: 1/2 for states 10 and 11."""
        return np.eye(12, 41)[10:].mean(axis=0)


def _moves(s: int, a: int) -> list[tuple[float, int]]:
    """Return what may follow an action on the line with the key if nobody slips."""
    key, at = divmod(s, 20)
    if a == 2:
        return [(1.0, 20 + at if at in (2, 3) else s)]
    if a == 1 and at >= 18:
        return [(1.0, 40)]
    way = 1 if a == 1 else -1
    return [(0.5, 20 * key + max(at + way * step, 0)) for step in (1, 2)]
