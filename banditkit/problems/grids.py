"""Grids to walk on: drawn as text, with flags, a cliff, wind, or the thin walls of rooms."""

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from banditkit.core.checks import flag, number, whole
from banditkit.core.planning import Model
from banditkit.problems.mdp import FiniteMDP, model_from_lists
from banditkit.problems.worlds import slippery

__all__ = [
    "CliffWalk",
    "EndlessRooms",
    "FlagGrid",
    "Grid",
    "GridWorld",
    "Rooms",
    "WindyGrid",
]

Cell = tuple[int, int]  # row and column; or by how many rows and columns a move goes

MOVES = {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1)}
DIAGONALS = {"up right": (-1, 1), "down right": (1, 1), "down left": (1, -1), "up left": (-1, -1)}


@dataclass(frozen=True, repr=False)
class Grid(FiniteMDP):
    """What all grids have in common: cells in rows, and moves between them.

    Letters are the cells: ``S`` the start, ``G`` a goal, ``#`` a wall.  Cells that are no walls are
    numbered row by row, beginning at the top, and the number of a cell is that of its state.  The
    actions are 0 up, 1 right, 2 down, 3 left.  A subclass gives `rows` and `model`.

    Examples
    --------
    A corridor which is left at its goal, and in which every step costs 1:

    >>> from dataclasses import dataclass
    >>> from functools import cached_property
    >>> import banditkit as bk
    >>> from banditkit.problems.mdp import model_from_lists
    >>> @dataclass(frozen=True, repr=False)
    ... class Corridor(bk.Grid):
    ...     rows = ["S..G"]
    ...     @cached_property
    ...     def model(self):
    ...         steps = [
    ...             [[(1.0, self.beside(cell, by), -1.0)] for by in self.directions.values()]
    ...             for cell in self.cells
    ...         ]
    ...         return model_from_lists(steps, self.find("G"), gamma=1.0)
    >>> Corridor().solution.V
    array([-3., -2., -1.,  0.])
    >>> Corridor().distances()
    array([3., 2., 1., 0.])
    """

    @property
    @abstractmethod
    def rows(self) -> list[str]:
        """The rows of the grid."""

    @property
    def directions(self) -> dict[str, Cell]:
        """The actions in order: their names, and by how many rows and columns each moves."""
        return MOVES

    @cached_property
    def _numbers(self) -> dict[Cell, int]:
        rows = self.rows
        cells = [(i, j) for i in range(len(rows)) for j in range(len(rows[0])) if rows[i][j] != "#"]
        return {cell: k for k, cell in enumerate(cells)}

    @property
    def cells(self) -> list[Cell]:
        """Row and column of each cell that is no wall, by number."""
        return list(self._numbers)

    def cell(self, row: int, column: int) -> int:
        """Return the number of a cell, which is that of its state.

        Raises
        ------
        ValueError
            If it is a wall, or outside of the grid.
        """
        if (row, column) not in self._numbers:
            raise ValueError(f"there is no state in row {row}, column {column}")
        return self._numbers[row, column]

    def find(self, letter: str) -> list[int]:
        """Return the numbers of the cells with a letter."""
        rows = self.rows
        return [k for (i, j), k in self._numbers.items() if rows[i][j] == letter]

    def beside(self, cell: Cell, by: Cell) -> int:
        """Return the number of the cell that a move leads to; where there is none, it stays."""
        return self._numbers.get((cell[0] + by[0], cell[1] + by[1]), self._numbers[cell])

    @property
    def start_distribution(self) -> np.ndarray:
        """Probability of each state to start an episode: 1 for S."""
        return np.eye(1, self.model.terminal.size, self.find("S")[0])[0]

    def distances(self) -> np.ndarray:
        """Return the Manhattan distance of each state to the nearest goal, shape (S,).

        Walls do not count.  With a reward of -1 a step, ``-distances / (1 - slip)`` is a potential
        near to the optimal values (Ng, Harada & Russell 1999).
        """
        distances = np.zeros(self.model.terminal.size)
        distances[: len(self._numbers)] = self._distances_to(self.find("G"))
        return distances

    def _distances_to(self, goals: list[int]) -> np.ndarray:
        """Return the Manhattan distance of each cell to the nearest of some."""
        cells = np.array(self.cells)
        return np.abs(cells[:, None] - cells[goals]).sum(axis=2).min(axis=1)

    def favour(self, *directions: str, amount: float = 1.0) -> np.ndarray:
        """Return a table of advice, shape (S, A): what an adviser would pay for each action.

        Parameters
        ----------
        *directions : str
            The names of the actions to favour in every state, such as ``"right", "down"``.
        amount : float, default 1
            What is paid for them; other actions, and terminal states, have 0.

        Raises
        ------
        ValueError
            If there is no such direction, or the amount is not finite.

        References
        ----------
        Harutyunyan, Devlin, Vrancx & Nowé (2015), "Expressing arbitrary reward functions as
        potential-based advice".

        Examples
        --------
        >>> import banditkit as bk
        >>> bk.GridWorld("S.G").favour("right", "down")
        array([[0., 1., 1., 0.],
               [0., 1., 1., 0.],
               [0., 0., 0., 0.]])
        """
        names = list(self.directions)
        amount = number("amount", amount)
        advice = np.zeros((self.model.terminal.size, len(names)))
        for each in directions:
            if each not in names:
                raise ValueError(f"there is no direction {each!r}; known are {', '.join(names)}")
            advice[~self.model.terminal, names.index(each)] = amount
        return advice


@dataclass(frozen=True, repr=False)
class _DrawnGrid(Grid):
    """A grid that is drawn as text, with the numbers that such a grid has."""

    letters: ClassVar[str] = "SG#."
    known: ClassVar[str] = "S (start), G (goal), # (wall) and . (free)"

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
        self._check_letters(rows)
        self._set(
            text="\n".join(rows),
            gamma=number("gamma", self.gamma, low=0.0, high=1.0),
            slip=number("slip", self.slip, low=0.0, high=1.0),
            step_reward=number("step_reward", self.step_reward),
            goal_reward=number("goal_reward", self.goal_reward),
            limit=whole("limit", self.limit, least=0),
        )
        self.check_ends()

    def _check_letters(self, rows: list[str]) -> None:
        for i, row in enumerate(rows):
            for j, letter in enumerate(row):
                if letter not in self.letters:
                    raise ValueError(
                        f"row {i}, column {j} of the grid has {letter!r}; known are {self.known}"
                    )
            if len(row) != len(rows[0]):
                raise ValueError(
                    f"rows must have equal length; row 0 has {len(rows[0])} cells and row {i} has "
                    f"{len(row)}"
                )
        text = "".join(rows)
        if "G" not in text:
            raise ValueError("the grid has no goal; write G where the episode ends")
        if text.count("S") != 1:
            raise ValueError(f"the grid needs one start, S; it has {text.count('S')}")

    @property
    def rows(self) -> list[str]:
        """The rows of the grid."""
        return self.text.split("\n")

    def _paid(self, arrives: bool) -> float:
        return self.step_reward + (self.goal_reward if arrives else 0.0)


@dataclass(frozen=True, repr=False)
class GridWorld(_DrawnGrid):
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
    Ng, Harada & Russell (1999), "Policy invariance under reward transformations"; Sutton, Precup &
    Singh (1999), "Between MDPs and semi-MDPs"; Harutyunyan, Devlin, Vrancx & Nowé (2015),
    "Expressing arbitrary reward functions as potential-based advice".

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("..G\n.#.\nS..")
    >>> grid.spec.S, float(grid.solution.V[grid.cell(2, 0)].round(6))
    (8, 0.970299)
    """

    @classmethod
    def ng(cls, n: int = 10) -> "GridWorld":
        """Return the n x n grid of Ng, Harada & Russell: from bottom left to top right.

        A step costs 1, gamma is 1, and a move goes as intended with probability 0.8; else it is
        drawn from all four.

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

    @classmethod
    def four_rooms(cls) -> "GridWorld":
        """Return the four rooms of Sutton, Precup & Singh: from a corner to a hallway.

        There are 104 cells in a square of 11 x 11.  An episode starts in the top left corner, and
        ends with a reward of 1 in the hallway on the right; gamma is 0.9.  A move goes as intended
        with probability 2/3, and in each of the other three directions with 1/9: a `slip` of 4/9.
        The paper has several goals; this is one of them.

        Examples
        --------
        >>> import banditkit as bk
        >>> rooms = bk.GridWorld.four_rooms()
        >>> rooms.spec.S, [rooms.cells[s] for s in rooms.find("G")]
        (104, [(6, 8)])
        """
        rows = [
            "S....#.....",
            ".....#.....",
            "...........",
            ".....#.....",
            ".....#.....",
            "#.####.....",
            ".....###G##",
            ".....#.....",
            ".....#.....",
            "...........",
            ".....#.....",
        ]
        return cls("\n".join(rows), gamma=0.9, slip=4 / 9)

    @classmethod
    def advice(cls, n: int = 20) -> "GridWorld":
        """Return the n x n grid of Harutyunyan et al.: from top left to bottom right.

        Nothing is random, only the goal pays (1), gamma is 0.99, and an episode is cut off after
        10,000 steps.  The adviser there is ``favour("right", "down")``.

        Parameters
        ----------
        n : int, default 20
            Length of a side, 2 or more.

        Raises
        ------
        ValueError
            If `n` is not a whole number, 2 or more.

        Examples
        --------
        >>> import banditkit as bk
        >>> grid = bk.GridWorld.advice()
        >>> grid.spec.S, float(grid.solution.V[0].round(6))
        (400, 0.689449)
        """
        n = whole("n", n, least=2)
        rows = ["S" + "." * (n - 1), *["." * n] * (n - 2), "." * (n - 1) + "G"]
        return cls("\n".join(rows), limit=10_000)

    @cached_property
    def model(self) -> Model:
        """The transitions and rewards."""
        goals = {*self.find("G")}

        def move(cell: Cell, by: Cell) -> tuple[int, float]:
            to = self.beside(cell, by)
            return to, self._paid(to in goals)

        outcomes = (
            slippery([move(cell, by) for by in MOVES.values()], self.slip) for cell in self.cells
        )
        return model_from_lists(outcomes, goals, self.gamma)


@dataclass(frozen=True, repr=False)
class FlagGrid(_DrawnGrid):
    r"""A grid with flags to collect in order, and then the goal.

    Drawn as a `GridWorld`, with digits: flags that count when they are entered in the order 1, 2,
    and so on.  The goal ends the episode only with all of them.  With C cells, state ``k C + c`` is
    to be in cell c with k flags.

    Parameters
    ----------
    text : str
        Rows of letters of equal length, with line breaks between.
    gamma : float, default 0.99
        What a reward of the next step is worth, in [0, 1].
    slip : float, default 0
        Probability that the move is drawn uniformly from all four, in [0, 1].
    step_reward : float, default 0
        Reward of every step, the last included.
    goal_reward : float, default 1
        What entering a goal with all flags adds.
    limit : int, default 0
        Steps after which an episode is cut off; 0 for never.

    Raises
    ------
    ValueError
        If there is an unknown letter, no goal, not exactly one start, no flag, a number missing or
        used twice among the flags, rows differ in length, a number leaves its range, or gamma is 1
        and some state has no way to the end.

    References
    ----------
    Ng, Harada & Russell (1999), "Policy invariance under reward transformations", whose grid is
    ``FlagGrid.ng()``.

    Examples
    --------
    A step to the right, two back to the left, and three to the goal:

    >>> import banditkit as bk
    >>> grid = bk.FlagGrid("2S1G", gamma=1.0, step_reward=-1.0, goal_reward=0.0)
    >>> float(grid.solution.V[grid.cell(0, 1)])
    -6.0
    """

    letters: ClassVar[str] = "SG#.123456789"
    known: ClassVar[str] = "S (start), G (goal), 1 to 9 (flags), # (wall) and . (free)"

    @classmethod
    def ng(cls) -> "FlagGrid":
        """Return the 5 x 5 grid of Ng, Harada & Russell: four flags, and the goal as the fifth.

        A step costs 1, gamma is 1, and a move goes as intended with probability 0.8; else it is
        drawn from all four.  The tour has 22 steps if nobody slips.

        Examples
        --------
        >>> import banditkit as bk
        >>> grid = bk.FlagGrid.ng()
        >>> grid.spec.S, grid.distances()[grid.cell(4, 0)]
        (125, np.float64(22.0))
        """
        rows = ["....G", ".2...", ".....", "3...1", "S...4"]
        return cls("\n".join(rows), gamma=1.0, slip=0.2, step_reward=-1.0, goal_reward=0.0)

    def _check_letters(self, rows: list[str]) -> None:
        super()._check_letters(rows)
        flags = sorted(letter for letter in "".join(rows) if letter.isdigit())
        if not flags:
            raise ValueError("the grid has no flags; write 1, 2, ... for them, or use GridWorld")
        for k, letter in enumerate(flags):
            if letter != str(k + 1):
                wrong = f"{letter} is there twice" if letter in flags[:k] else f"{k + 1} is missing"
                raise ValueError(f"flags must be numbered 1, 2, ... without a gap; {wrong}")

    @cached_property
    def flags(self) -> list[int]:
        """The cell of each flag, in order."""
        return [self.find(letter)[0] for letter in sorted({*self.text} & {*"123456789"})]

    def cell(self, row: int, column: int, flags: int = 0) -> int:
        """Return the number of the state in a cell with so many flags.

        Raises
        ------
        ValueError
            If it is a wall, or outside of the grid, or there are not so many flags.
        """
        flags = whole("flags", flags, least=0)
        if flags > len(self.flags):
            raise ValueError(f"flags must be from 0 to {len(self.flags)}; got {flags}")
        return flags * len(self._numbers) + super().cell(row, column)

    @cached_property
    def model(self) -> Model:
        """The transitions and rewards."""
        cells, flags, goals = self.cells, self.flags, self.find("G")

        def move(k: int, cell: Cell, by: Cell) -> tuple[int, float]:
            to = self.beside(cell, by)
            k += k < len(flags) and to == flags[k]
            return k * len(cells) + to, self._paid(k == len(flags) and to in goals)

        outcomes = [
            slippery([move(k, cell, by) for by in MOVES.values()], self.slip)
            for k in range(len(flags) + 1)
            for cell in cells
        ]
        ends = [len(flags) * len(cells) + goal for goal in goals]
        return model_from_lists(outcomes, ends, self.gamma)

    def distances(self) -> np.ndarray:
        """Return the length of the rest of the tour from each state, shape (S,).

        That is the Manhattan distance to the next flag, and on to the others and the goal.
        """
        stops = [*([each] for each in self.flags), self.find("G")]
        ways = [self._distances_to(stop) for stop in stops]
        rest = np.zeros(len(ways))
        for k in range(len(ways) - 2, -1, -1):
            rest[k] = ways[k + 1][self.flags[k]] + rest[k + 1]
        return np.concatenate([way + after for way, after in zip(ways, rest, strict=True)])

    def subgoal_potential(self) -> np.ndarray:
        """Return the potential that only counts flags, shape (S,), for a reward of -1 a step.

        ``Phi = -(n - k - 1/2) / n * T`` with k of n subgoals reached, the goal being the last, and
        T the steps of the whole tour divided by ``1 - slip``; 0 at the end.

        Raises
        ------
        ValueError
            If slip is 1.

        Examples
        --------
        >>> import banditkit as bk
        >>> grid = bk.FlagGrid.ng()
        >>> states = [grid.cell(2, 2, flags=k) for k in range(5)]
        >>> grid.subgoal_potential()[states].round(6)
        array([-24.75, -19.25, -13.75,  -8.25,  -2.75])
        """
        n = len(self.flags) + 1
        k = np.repeat(np.arange(n), len(self._numbers))
        tour = self.distances()[self.find("S")[0]]
        return self._steps((n - k - 0.5) / n * tour)

    def manhattan_potential(self) -> np.ndarray:
        """Return the potential that counts steps, shape (S,), for a reward of -1 a step.

        ``Phi = -distances / (1 - slip)``; 0 at the end.

        Raises
        ------
        ValueError
            If slip is 1.

        Examples
        --------
        >>> import banditkit as bk
        >>> grid = bk.FlagGrid.ng()
        >>> float(grid.manhattan_potential()[grid.cell(4, 0)])
        -27.5
        """
        return self._steps(self.distances())

    def _steps(self, distances: np.ndarray) -> np.ndarray:
        if self.slip == 1.0:
            raise ValueError("slip is 1, and no step goes as intended; make it less")
        return np.where(self.model.terminal, 0.0, -distances / (1.0 - self.slip))


@dataclass(frozen=True, repr=False)
class CliffWalk(Grid):
    """Walk along a cliff: the shortest way is beside it, and safe only for who never errs.

    A grid of 4 x 12 cells with start and goal in the bottom corners, and the cliff between them.
    A step costs 1; one over the edge costs 100, and leads back to the start.

    Parameters
    ----------
    slip : float, default 0
        Probability that the move is drawn uniformly from all four, in [0, 1].
    gamma : float, default 1
        What a reward of the next step is worth, in [0, 1].
    limit : int, default 0
        Steps after which an episode is cut off; 0 for never.

    Raises
    ------
    ValueError
        If a number leaves its range.

    Notes
    -----
    Without slips the best way has 13 steps, and the values of the cells above the cliff are their
    Manhattan distances, below 0.  The cells of the cliff are no states: nobody stays there.

    References
    ----------
    Sutton & Barto (2018), *Reinforcement Learning*, Example 6.6.

    Examples
    --------
    >>> import banditkit as bk
    >>> walk = bk.CliffWalk()
    >>> float(walk.solution.V[walk.cell(3, 0)])
    -13.0
    """

    slip: float = 0.0
    gamma: float = 1.0
    limit: int = 0

    def __post_init__(self) -> None:
        self._set(
            slip=number("slip", self.slip, low=0.0, high=1.0),
            gamma=number("gamma", self.gamma, low=0.0, high=1.0),
            limit=whole("limit", self.limit, least=0),
        )

    @property
    def rows(self) -> list[str]:
        """The rows of the grid; # is the cliff."""
        return ["............"] * 3 + ["S##########G"]

    @cached_property
    def model(self) -> Model:
        """The transitions and rewards."""
        start, goals = self.find("S")[0], self.find("G")

        def move(cell: Cell, by: Cell) -> tuple[int, float]:
            row, column = cell[0] + by[0], cell[1] + by[1]
            falls = row == 3 and 0 < column < 11
            return (start, -100.0) if falls else (self.beside(cell, by), -1.0)

        outcomes = (
            slippery([move(cell, by) for by in MOVES.values()], self.slip) for cell in self.cells
        )
        return model_from_lists(outcomes, goals, self.gamma)


@dataclass(frozen=True, repr=False)
class WindyGrid(Grid):
    """Walk to the goal in a wind that blows upwards.

    A grid of 7 x 10 cells.  A step costs 1, and the wind in the column that is left carries it up,
    by 0, 0, 0, 1, 1, 1, 2, 2, 1 and 0 rows; the edges hold.

    Parameters
    ----------
    kings : bool, default False
        Whether the diagonal moves are allowed, too, as in chess: actions 4 up right, 5 down right,
        6 down left, 7 up left.
    gamma : float, default 1
        What a reward of the next step is worth, in [0, 1].
    limit : int, default 0
        Steps after which an episode is cut off; 0 for never.

    Raises
    ------
    ValueError
        If `kings` is not True or False, or a number leaves its range.

    Notes
    -----
    The best way has 15 steps, and with the moves of a king 7.

    References
    ----------
    Sutton & Barto (2018), *Reinforcement Learning*, Example 6.5 and Exercise 6.9.

    Examples
    --------
    >>> import banditkit as bk
    >>> grids = bk.WindyGrid(), bk.WindyGrid(kings=True)
    >>> [float(grid.solution.V[grid.cell(3, 0)]) for grid in grids]
    [-15.0, -7.0]
    """

    winds: ClassVar[tuple[int, ...]] = (0, 0, 0, 1, 1, 1, 2, 2, 1, 0)

    kings: bool = False
    gamma: float = 1.0
    limit: int = 0

    def __post_init__(self) -> None:
        self._set(
            kings=flag("kings", self.kings),
            gamma=number("gamma", self.gamma, low=0.0, high=1.0),
            limit=whole("limit", self.limit, least=0),
        )

    @property
    def rows(self) -> list[str]:
        """The rows of the grid."""
        return [".........."] * 3 + ["S......G.."] + [".........."] * 3

    @property
    def directions(self) -> dict[str, Cell]:
        """The actions in order: their names, and by how many rows and columns each moves."""
        return MOVES | DIAGONALS if self.kings else MOVES

    @cached_property
    def model(self) -> Model:
        """The transitions and rewards."""

        def move(cell: Cell, by: Cell) -> int:
            row = min(max(cell[0] + by[0] - self.winds[cell[1]], 0), 6)
            return self.cell(row, min(max(cell[1] + by[1], 0), 9))

        steps = [
            [[(1.0, move(cell, by), -1.0)] for by in self.directions.values()]
            for cell in self.cells
        ]
        return model_from_lists(steps, self.find("G"), self.gamma)


@dataclass(frozen=True, repr=False)
class Rooms(Grid):
    """Four rooms with thin walls and narrow doors: the rooms of EXPRD.

    A grid of 7 x 7 cells.  Thin walls run between columns 2 and 3, with doors in rows 1 and 5, and
    between rows 3 and 4, with doors in columns 1 and 5.  An episode starts in row 5, column 1.
    Going right at the goal, in the top right corner, is paid, and ends it; going up there ends it,
    too, and so does going left or down in the bottom left corner, unpaid.  Beside the 49 cells
    there is a last state, the end.

    Parameters
    ----------
    gamma : float, default 0.95
        What a reward of the next step is worth, in [0, 1].
    slip : float, default 0.1
        Probability that, in place of what was intended, the move leads to one of the other cells
        (or the end) beside this one that no wall is before, each equally likely; in [0, 1].
    goal_reward : float, default 10
        What going right at the goal is paid, wherever it leads.
    limit : int, default 50
        Steps after which an episode is cut off; 0 for never.
    mended : bool, default False
        Whether going down from the goal leads to the cell below it.  In the code that was released
        with the paper it leads, by a slip of an index, to the top left corner.

    Raises
    ------
    ValueError
        If a number leaves its range, or `mended` is not True or False.

    Notes
    -----
    The optimal values are 5.902160 at the start and 10.801213 at the goal, more than is paid there
    as who slips may come back; mended, they are 5.999502 and 10.979353.  In the paper the origin is
    at the bottom left: its cell (x, y) is ``cell(6 - y, x)`` here.

    References
    ----------
    Devidze, Radanovic, Kamalaruban & Singla (2021), "Explicable reward design for reinforcement
    learning agents", ROOMSNAVENV.

    Examples
    --------
    >>> import banditkit as bk
    >>> rooms = bk.Rooms()
    >>> rooms.solution.V[[rooms.cell(5, 1), rooms.cell(0, 6)]].round(6)
    array([ 5.90216 , 10.801213])
    """

    exits: ClassVar[tuple[Cell, ...]] = ((6, 0), (0, 6))  # where leaving the grid ends the episode

    gamma: float = 0.95
    slip: float = 0.1
    goal_reward: float = 10.0
    limit: int = 50
    mended: bool = False

    def __post_init__(self) -> None:
        self._set(
            gamma=number("gamma", self.gamma, low=0.0, high=1.0),
            slip=number("slip", self.slip, low=0.0, high=1.0),
            goal_reward=number("goal_reward", self.goal_reward),
            limit=whole("limit", self.limit, least=0),
            mended=flag("mended", self.mended),
        )

    @property
    def rows(self) -> list[str]:
        """The rows of the grid."""
        return ["......G"] + ["......."] * 4 + [".S....."] + ["......."]

    @cached_property
    def model(self) -> Model:
        """The transitions and rewards."""
        outcomes: list[Any] = []
        for cell in self.cells:
            reached = [self._reached(cell, by) for by in MOVES.values()]
            chances = self._chances(self.cell(*cell), reached)
            paid = [self._reward(cell, name) for name in MOVES]
            outcomes.append(
                [[(p, to, paid[a]) for p, to in each] for a, each in enumerate(chances)]
            )
        end = len(outcomes)
        return model_from_lists([*outcomes, [[]] * 4], (end,), self.gamma)

    def _reached(self, cell: Cell, by: Cell) -> int:
        """Return the state that a move leads to if nobody slips."""
        row, column = cell[0] + by[0], cell[1] + by[1]
        outside = not (0 <= row < 7 and 0 <= column < 7)
        if outside and cell in self.exits:
            return len(self._numbers)
        if cell == (0, 6) and by == MOVES["down"] and not self.mended:
            return self.cell(0, 0)  # as released
        between_rows = {cell[0], row} == {3, 4} and column not in (1, 5)
        between_columns = {cell[1], column} == {2, 3} and row not in (1, 5)
        walled = between_rows or between_columns
        return self.cell(*cell) if walled else self.beside(cell, by)

    def _chances(self, s: int, reached: list[int]) -> list[list[tuple[float, int]]]:
        """Return, for each action, what may follow; ``reached[a]`` is what follows if intended."""
        chances = []
        for to in reached:
            others = sorted({*reached} - {s, to})
            slips = [(self.slip / len(others), other) for other in others]
            chances.append([(1.0 - self.slip, to), *slips])
        return chances

    def _reward(self, cell: Cell, direction: str) -> float:
        return self.goal_reward if (cell, direction) == ((0, 6), "right") else 0.0


@dataclass(frozen=True, repr=False)
class EndlessRooms(Rooms):
    """Four rooms whose goal pays again and again, perhaps with a distractor: the rooms of ExploRS.

    The `Rooms`, but for three things.  Going right at the goal is paid and leads nowhere, so that
    it can be done until the episode is cut off; who slips makes a move drawn uniformly from all
    four; and going up in row 6, column 1, just below the start, may be paid as well.

    Parameters
    ----------
    gamma : float, default 0.99
        What a reward of the next step is worth, in [0, 1).
    slip : float, default 0.05
        Probability that the move is drawn uniformly from all four, in [0, 1].
    goal_reward : float, default 1
        What going right at the goal is paid.
    limit : int, default 30
        Steps after which an episode is cut off; 0 for never.
    mended : bool, default False
        Whether going down from the goal leads to the cell below it.  In the code that was released
        with the paper it leads, by a slip of an index, to the top left corner.
    distractor : float, default 0
        What going up in row 6, column 1 is paid: 0.01 in the paper, where there is one.

    Raises
    ------
    ValueError
        If a number leaves its range, or `mended` is not True or False.

    Notes
    -----
    What can be had in an episode of 30 steps is 14.597005, and with the distractor 14.597213, by
    `planning.finite_horizon`.

    References
    ----------
    Devidze, Kamalaruban & Singla (2022), "Exploration-guided reward shaping for reinforcement
    learning under sparse rewards", ROOM.

    Examples
    --------
    >>> import banditkit as bk
    >>> rooms = bk.EndlessRooms(distractor=0.01)
    >>> V, policy = bk.planning.finite_horizon(rooms, rooms.limit)
    >>> float(V[30, rooms.cell(5, 1)].round(6))
    14.597213
    """

    exits: ClassVar[tuple[Cell, ...]] = ((6, 0),)

    gamma: float = 0.99
    slip: float = 0.05
    goal_reward: float = 1.0
    limit: int = 30
    mended: bool = False
    distractor: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(
            gamma=number("gamma", self.gamma, low=0.0, high=1.0 - 1e-9),
            distractor=number("distractor", self.distractor),
        )

    def _chances(self, s: int, reached: list[int]) -> list[list[tuple[float, int]]]:
        return slippery([(to,) for to in reached], self.slip)

    def _reward(self, cell: Cell, direction: str) -> float:
        distracts = (cell, direction) == ((6, 1), "up")
        return self.distractor if distracts else super()._reward(cell, direction)
