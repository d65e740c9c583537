"""A number for each cell of a grid."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["GridDisplay"]


@dataclass
class GridDisplay:
    """A number for each cell of a grid, as colours, with arrows for a policy.

    Use `from_values` to make one, and `plot` to draw it.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure around it.
    image_, colorbar_ : matplotlib AxesImage, Colorbar
        The coloured cells, and what the colours mean.
    letters_ : list
        The letters of the grid, such as S and G.
    arrows_ : matplotlib Quiver or None
        The arrows of the policy.

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld.ng(5)
    >>> display = bk.GridDisplay.from_values(grid, grid.solution.V, grid.solution.Q).plot()
    >>> [letter.get_text() for letter in display.letters_]
    ['G', 'S']
    """

    problem: Any
    values: np.ndarray
    policy: np.ndarray | None = None

    @classmethod
    def from_values(cls, problem: Any, values: Any, policy: Any = None) -> "GridDisplay":
        """Return the display of values over a grid.

        Parameters
        ----------
        problem : Grid
            The grid, such as a `GridWorld`.
        values : array of float, shape (S,)
            A number for each state, such as ``solution.V``, visits, or a potential.  Where there
            are more states than cells, as many as there are cells do, and the first are drawn.
            What is not finite is left light, and so are cells where an episode ends.
        policy : array of int, shape (S,), or of float, shape (S, A), optional
            An action for each state, or numbers of which the largest are best: action values, or
            probabilities.  Each best action gets an arrow.

        Raises
        ------
        ValueError
            If `problem` is no grid, or an array has another shape or kind.
        """
        if not all(hasattr(problem, word) for word in ("rows", "cells", "directions")):
            raise ValueError(f"GridDisplay needs a grid, such as a GridWorld; got {problem!r}")
        sizes = {len(problem.cells), problem.spec.S}
        known = " or ".join(map(str, sorted(sizes)))
        numbers = np.asarray(values)
        if numbers.dtype.kind not in "iuf" or numbers.ndim != 1 or numbers.size not in sizes:
            raise ValueError(
                f"values must be numbers, {known} of them, one for each state; got "
                f"{numbers.dtype} of shape {numbers.shape}"
            )
        if policy is not None:
            policy = _best_actions(policy, sizes, known, problem.spec.A)
        return cls(problem, numbers.astype(float), policy)

    def plot(self, ax: "Axes | None" = None, *, label: str = "value $V(s)$") -> "GridDisplay":
        """Draw the grid.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure.
        label : str, default "value $V(s)$"
            What the colours mean, for the colour bar.

        Returns
        -------
        GridDisplay
            Itself.
        """
        from matplotlib.ticker import MaxNLocator

        rows = self.problem.rows
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(figsize=(6.4, 5.2), layout="constrained")
        self.ax_, self.figure_ = ax, ax.get_figure()
        colours = np.full((len(rows), len(rows[0])), np.nan)
        for (i, j), value in zip(self.problem.cells, self.values, strict=False):
            colours[i, j] = value
        colours[~np.isfinite(colours)] = np.nan
        colours[self._ended()] = np.nan  # their value is 0 by definition, and says nothing
        ground = np.ones_like(colours)
        ground[tuple(np.transpose(self.problem.cells))] = 0.0
        ax.imshow(ground, cmap="Greys", vmin=-0.15, vmax=1.3)  # walls are dark, ends are light
        self.image_ = ax.imshow(np.ma.masked_invalid(colours), cmap="viridis")
        self.colorbar_ = ax.figure.colorbar(self.image_, ax=ax, label=label)
        for axis, name in ((ax.xaxis, "column"), (ax.yaxis, "row")):
            axis.set_major_locator(MaxNLocator(integer=True))
            axis.set_label_text(name)
        height, width = colours.shape
        ax.hlines(np.arange(1, height) - 0.5, -0.5, width - 0.5, color="white", linewidth=0.4)
        ax.vlines(np.arange(1, width) - 0.5, -0.5, height - 0.5, color="white", linewidth=0.4)
        self._draw_letters(ax, colours)
        self._draw_arrows(ax, colours)
        return self

    def _draw_letters(self, ax: "Axes", colours: np.ndarray) -> None:
        size = _font_for(ax, colours.shape)
        self.letters_ = [
            ax.text(
                j,
                i,
                self.problem.rows[i][j],
                color=self._ink(colours[i, j]),
                fontsize=size,
                fontweight="bold",
                horizontalalignment="center",
                verticalalignment="center",
            )
            for i, j in self.problem.cells
            if self.problem.rows[i][j] != "."
        ]

    def _draw_arrows(self, ax: "Axes", colours: np.ndarray) -> None:
        self.arrows_ = None
        if self.policy is None:
            return
        cells = np.array(self.problem.cells)
        going = self.policy[: len(cells)] & ~self.problem.model.terminal[: len(cells), None]
        cell, action = np.nonzero(going)
        directions = np.array([*self.problem.directions.values()], dtype=float)
        ways = (directions / np.hypot(*directions.T)[:, None])[action]
        # Where there is a letter arrows are around it; where there are several, they leave the
        # middle; an arrow on its own fills its cell.
        lettered = np.array([self.problem.rows[i][j] != "." for i, j in cells])[cell]
        alone = going.sum(axis=1)[cell] == 1
        begin = np.select([lettered, alone], [0.24, -0.32], 0.04)[:, None]
        end = np.select([lettered, alone], [0.47, 0.32], 0.42)[:, None]
        tails, arrows = cells[cell] + begin * ways, (end - begin) * ways
        self.arrows_ = ax.quiver(
            *tails.T[::-1],  # columns are x, and rows y, which goes down
            *arrows.T[::-1],
            color=[self._ink(colours[i, j]) for i, j in cells[cell]],
            angles="xy",
            units="xy",
            scale_units="xy",
            scale=1.0,
            width=0.07,
            headwidth=3.6,
            headlength=3.2,
            headaxislength=3.0,
        )

    def _ended(self) -> Any:
        """Return rows and columns of the cells where an episode ends."""
        ends = self.problem.model.terminal[: len(self.problem.cells)]
        return tuple(np.array(self.problem.cells)[ends].T)

    def _ink(self, value: float) -> str:
        """Return black or white, whichever can be read on the colour of a value."""
        if np.isnan(value):
            return "black"
        red, green, blue, _ = self.image_.to_rgba(np.array([value]))[0]
        return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"


def _font_for(ax: "Axes", shape: tuple[int, ...]) -> float:
    """Return the size, in points, of letters that fill about half a cell."""
    box = ax.get_window_extent()
    cell = min(box.height / shape[0], box.width / shape[1]) * 72.0 / ax.figure.dpi
    return float(np.clip(0.5 * cell, 4.0, 16.0))


def _best_actions(policy: Any, sizes: set[int], known: str, A: int) -> np.ndarray:
    """Return which actions are best in each state, (S, A) bool, from a checked policy."""
    array = np.asarray(policy)
    if array.ndim == 1 and array.size in sizes and array.dtype.kind in "iu":
        if not ((array >= 0) & (array < A)).all():
            s = int(np.argmax((array < 0) | (array >= A)))
            raise ValueError(f"an action is a number from 0 to {A - 1}; state {s} has {array[s]}")
        return array[:, None] == np.arange(A)
    if array.ndim == 2 and array.shape[0] in sizes and array.shape[1] == A:
        return np.asarray(array >= array.max(axis=1, keepdims=True) - 1e-9)
    raise ValueError(
        f"policy must have an action for each state, {known} of them, or a table of {A} numbers "
        f"for each; got {array.dtype} of shape {array.shape}"
    )
