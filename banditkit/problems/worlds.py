"""Small worlds to learn in: grids drawn as text, a chain, a ring."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from banditkit.core.checks import flag, number, whole
from banditkit.core.planning import Model
from banditkit.problems.mdp import FiniteMDP, model_from_lists

__all__ = ["Chain", "GridWorld", "Ring"]

MOVES = {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1)}


@dataclass(frozen=True, repr=False)
class GridWorld(FiniteMDP):
    r"""A grid, drawn as text: walk from S to G.

    A letter is a cell: ``S`` the start, ``G`` a goal, where the episode ends, ``#`` a wall, and
    ``.`` a free cell.  Cells that are no walls are the states, numbered row by row.  The actions
    are 0 up, 1 right, 2 down, 3 left; who would leave the grid, or enter a wall, stays.

    Parameters
    ----------
    text : str
        Rows of letters of equal length, with line breaks between.
    gamma : float, default 0.99
        What a reward of the next step is worth, in [0, 1].
    slip : float, default 0
        Probability that the move is drawn uniformly from all four, in [0, 1].
    step_reward : float, default 0
        Reward of every step, that into a goal included.
    goal_reward : float, default 1
        What entering a goal adds.
    limit : int, default 0
        Steps after which an episode is cut off; 0 for never.

    Raises
    ------
    ValueError
        If there is an unknown letter, no goal, not exactly one start, rows differ in length, a
        number leaves its range, or gamma is 1 and some cell has no way to a goal.

    References
    ----------
    Ng, Harada & Russell (1999), "Policy invariance under reward transformations", whose grid of
    n x n has gamma 1, slip 0.2, a step reward of -1 and no goal reward.

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("..G\n.#.\nS..")
    >>> grid.spec.S, float(grid.solution.V[grid.cell(2, 0)].round(6))
    (8, 0.970299)
    """

    text: str
    gamma: float = 0.99
    slip: float = 0.0
    step_reward: float = 0.0
    goal_reward: float = 1.0
    limit: int = 0

    def __post_init__(self) -> None:
        rows = self.text.strip().split() if isinstance(self.text, str) else []
        if not rows:
            raise ValueError(f"text must be rows of letters, such as 'S..G'; got {self.text!r}")
        for i, row in enumerate(rows):
            for j, letter in enumerate(row):
                if letter not in "SG#.":
                    raise ValueError(
                        f"row {i}, column {j} of the grid has {letter!r}; known are S (start), "
                        "G (goal), # (wall) and . (free)"
                    )
            if len(row) != len(rows[0]):
                raise ValueError(
                    f"rows must have equal length; row 0 has {len(rows[0])} cells and row {i} has "
                    f"{len(row)}"
                )
        text = "\n".join(rows)
        if "G" not in text:
            raise ValueError("the grid has no goal; write G where the episode ends")
        if text.count("S") != 1:
            raise ValueError(f"the grid needs one start, S; it has {text.count('S')}")
        self._set(
            text=text,
            gamma=number("gamma", self.gamma, low=0.0, high=1.0),
            slip=number("slip", self.slip, low=0.0, high=1.0),
            step_reward=number("step_reward", self.step_reward),
            goal_reward=number("goal_reward", self.goal_reward),
            limit=whole("limit", self.limit, least=0),
        )
        self.check_ends()

    @classmethod
    def ng(cls, n: int = 10) -> "GridWorld":
        """Return the n x n grid of Ng, Harada & Russell: from bottom left to top right.

        Parameters
        ----------
        n : int, default 10
            Length of a side, 2 or more.

        Raises
        ------
        ValueError
            If `n` is not a whole number, 2 or more.

        Examples
        --------
        >>> import banditkit as bk
        >>> grid = bk.GridWorld.ng(10)
        >>> float(grid.solution.V[grid.cell(9, 0)].round(4))
        -21.999
        """
        n = whole("n", n, least=2)
        rows = ["." * (n - 1) + "G", *["." * n] * (n - 2), "S" + "." * (n - 1)]
        return cls("\n".join(rows), gamma=1.0, slip=0.2, step_reward=-1.0, goal_reward=0.0)

    @property
    def rows(self) -> list[str]:
        """The rows of the grid."""
        return self.text.split("\n")

    def cell(self, row: int, column: int) -> int:
        """Return the number of the state in a cell.

        Raises
        ------
        ValueError
            If it is a wall, or outside of the grid.
        """
        rows = self.rows
        inside = 0 <= row < len(rows) and 0 <= column < len(rows[0])
        if not inside or rows[row][column] == "#":
            raise ValueError(f"there is no state in row {row}, column {column}")
        before = "".join(rows[:row]) + rows[row][:column]
        return len(before) - before.count("#")

    @property
    def cells(self) -> list[tuple[int, int]]:
        """Row and column of each state."""
        return [
            (i, j)
            for i, row in enumerate(self.rows)
            for j, letter in enumerate(row)
            if letter != "#"
        ]

    @cached_property
    def model(self) -> Model:
        """The transitions and rewards."""
        cells = self.cells
        state = {cell: s for s, cell in enumerate(cells)}
        goals = {s for s, (i, j) in enumerate(cells) if self.rows[i][j] == "G"}

        def move(s: int, by: tuple[int, int]) -> tuple[int, float]:
            to = state.get((cells[s][0] + by[0], cells[s][1] + by[1]), s)
            return to, self.step_reward + (self.goal_reward if to in goals else 0.0)

        outcomes = []
        for s in range(len(cells)):
            reached = [move(s, by) for by in MOVES.values()]
            slipping = [(self.slip / 4, *each) for each in reached]
            outcomes.append([[(1.0 - self.slip, *each), *slipping] for each in reached])
        return model_from_lists(outcomes, goals, self.gamma)

    @property
    def start_distribution(self) -> np.ndarray:
        """Probability of each state to start an episode: 1 for S."""
        letters = "".join(self.rows).replace("#", "")
        return np.array([float(letter == "S") for letter in letters])


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
