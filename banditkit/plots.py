"""Pictures of results, in the manner of scikit-learn's displays."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from banditkit.core.description import Problem
from banditkit.result import Foreign, Result
from banditkit.theory.bounds import bounds_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["GridDisplay", "RegretDisplay"]

# Okabe and Ito's colours, told apart by the colour-blind; yellow is left out, for white paper.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)))  # for the eighth learner and on

Bounds = bool | Mapping[str, Callable[[np.ndarray], Any]]


@dataclass
class RegretDisplay:
    """Regret over time: the mean of each learner, a band around it, and theorems beside it.

    Use `from_result` to make one, and `plot` to draw it.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure around it.
    lines_, bands_, bound_lines_, labels_ : list
        The lines of the means, the bands, the lines of the bounds, and the texts at their ends.

    Examples
    --------
    >>> import banditkit as bk
    >>> arms = bk.Bernoulli((0.4, 0.6))
    >>> result = bk.simulate(arms, [bk.UCB1(), bk.Greedy()], horizon=100, replications=10, seed=0)
    >>> display = bk.RegretDisplay.from_result(result).plot(bounds=True)
    >>> [label.get_text() for label in display.labels_][-1]
    'Auer et al., Thm 1'
    """

    result: Result
    lines_: list[Any] = field(default_factory=list, init=False, repr=False)
    bands_: list[Any] = field(default_factory=list, init=False, repr=False)
    bound_lines_: list[Any] = field(default_factory=list, init=False, repr=False)
    labels_: list[Any] = field(default_factory=list, init=False, repr=False)

    @classmethod
    def from_result(cls, result: Result) -> "RegretDisplay":
        """Return the display of a result."""
        return cls(result)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        bounds: Bounds = False,
        band: tuple[float, float] | None = None,
        log: str = "xy",
    ) -> "RegretDisplay":
        """Draw the regret of all learners.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure.
        bounds : bool or mapping, default False
            True draws, dashed, every theorem that holds for one of the learners on this
            problem.  A mapping of names to functions of time draws those instead.
        band : pair of float, optional
            Quantiles over replications to shade between, such as ``(0.05, 0.95)``; by default
            two standard errors on either side of the mean.
        log : {"xy", "x", "y", ""}, default "xy"
            The axes that are logarithmic.

        Returns
        -------
        RegretDisplay
            Itself.

        Raises
        ------
        ValueError
            If `log` or `band` make no sense.
        """
        if not isinstance(log, str) or log not in {"xy", "x", "y", ""}:
            raise ValueError(f'log must be "xy", "x", "y" or ""; got {log!r}')
        if not isinstance(bounds, bool | Mapping):
            raise ValueError(f"bounds must be True, False, or a dict of functions; got {bounds!r}")
        if band is not None:
            band = _check_band(band)
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(figsize=(9, 5.5), layout="constrained")
        self.ax_, self.figure_ = ax, ax.get_figure()
        self.lines_, self.bands_, self.bound_lines_, self.labels_ = [], [], [], []
        ax.set_xscale("log" if "x" in log else "linear")
        ax.set_yscale("log" if "y" in log else "linear")
        self._draw_learners(ax, band)
        self._draw_bounds(ax, bounds)
        self._dress(ax, band)
        self._label_ends(ax)
        return self

    def _draw_learners(self, ax: "Axes", band: tuple[float, float] | None) -> None:
        times, means = self.result.times, self.result.mean()
        if band is None:
            margin = 2.0 * np.nan_to_num(self.result.stderr())
            low, high = means - margin, means + margin
        else:
            low, high = self.result.quantiles(band)
        if ax.get_yscale() == "log":  # no regret is not on a logarithmic axis
            means, low, high = (np.where(curve > 0, curve, np.nan) for curve in (means, low, high))
        for i, name in enumerate(self.result.names):
            style = {"color": _COLOURS[i % len(_COLOURS)], "linestyle": _dash(i)}
            (line,) = ax.plot(times, means[i], label=name, linewidth=1.8, **style)
            shade = ax.fill_between(times, low[i], high[i], color=style["color"], alpha=0.18, lw=0)
            self.lines_.append(line)
            self.bands_.append(shade)

    def _draw_bounds(self, ax: "Axes", bounds: Bounds) -> None:
        times = self.result.times
        if isinstance(bounds, Mapping):
            for name, function in bounds.items():
                try:
                    curve = np.broadcast_to(np.asarray(function(times), dtype=float), times.shape)
                except (TypeError, ValueError) as error:
                    raise ValueError(
                        f"bound {name!r} must be a function of an array of times, with a number "
                        f"for each: {error}"
                    ) from None
                self._draw_bound(ax, name, curve, "#555555")
        elif bounds:
            drawn = set()  # learners may share a theorem, and the curve with it
            for line, learner in zip(self.lines_, self.result.learners, strict=True):
                for bound in bounds_of(learner, self.result.problem, self.result.horizon):
                    curve = np.asarray(bound.curve(times))
                    if (bound.theorem, curve.tobytes()) not in drawn:
                        drawn.add((bound.theorem, curve.tobytes()))
                        self._draw_bound(ax, bound.theorem, curve, line.get_color())

    def _draw_bound(self, ax: "Axes", name: str, curve: Any, colour: Any) -> None:
        if ax.get_yscale() == "log":
            curve = np.where(np.asarray(curve) > 0, curve, np.nan)
        (line,) = ax.plot(
            self.result.times, curve, label=name, color=colour, linewidth=1.0, linestyle=(0, (4, 3))
        )
        self.bound_lines_.append(line)

    def _dress(self, ax: "Axes", band: tuple[float, float] | None) -> None:
        replications = self.result.regret.shape[1]
        shade = "2 standard errors" if band is None else f"{band[0]:.0%} to {band[1]:.0%}"
        what = f"mean of {replications:,} replications" if replications > 1 else "one replication"
        shading = f", shaded: {shade}" if replications > 1 else ""
        ax.set_xlabel("round $t$")
        ax.set_ylabel(f"regret $R(t)$, in units of {_unit(self.result.problem)}")
        ax.set_title(f"{_shorten(repr(self.result.problem))}\n{what}{shading}", fontsize=10)
        ax.grid(which="major", color="#dddddd", linewidth=0.6)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
        first, last = self.result.times[[0, -1]]
        ax.set_xlim(first if first < last else 0.5 * last, last)

    def _label_ends(self, ax: "Axes") -> None:
        """Write each line's name at its right end, and push names apart that would overlap."""
        size = 8.5
        height = ax.get_window_extent().height * 72.0 / ax.figure.dpi  # points
        room = 1.25 * size / max(height, 1.0)
        to_axes = ax.transData + ax.transAxes.inverted()
        ends = []
        for line in (*self.lines_, *self.bound_lines_):
            values = np.asarray(line.get_ydata(), dtype=float)
            finite = np.flatnonzero(np.isfinite(values))
            if finite.size:
                end = to_axes.transform((self.result.times[-1], values[finite[-1]]))[1]
                ends.append((end, line))
        heights = _spread([end for end, _ in ends], room)
        for (end, line), at in zip(ends, heights, strict=True):
            text = ax.annotate(
                line.get_label(),
                xy=(1.0, end),
                xytext=(1.03, at),
                xycoords="axes fraction",
                textcoords="axes fraction",
                color=_ink(line.get_color()),
                fontsize=size,
                fontstyle="italic" if line in self.bound_lines_ else "normal",
                verticalalignment="center",
                annotation_clip=False,
                arrowprops={
                    "arrowstyle": "-",
                    "color": line.get_color(),
                    "lw": 0.5,
                    "relpos": (0.0, 0.5),
                    "shrinkB": 0,
                },
            )
            self.labels_.append(text)


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


def _unit(problem: Problem) -> str:
    if isinstance(problem, Foreign):
        return "reward"  # only its words were saved
    return "cost" if problem.spec.costs else "reward"


def _check_band(band: Any) -> tuple[float, float]:
    try:
        low, high = map(float, band)
    except (TypeError, ValueError):
        low, high = 1.0, 0.0
    if not 0.0 <= low <= high <= 1.0:
        raise ValueError(f"band must be two increasing levels in [0, 1]; got {band!r}")
    return low, high


def _dash(i: int) -> Any:
    return _DASHES[i // len(_COLOURS) % len(_DASHES)]


def _ink(colour: Any) -> tuple[float, ...]:
    """Return a darker shade: light colours that do for a line are too faint for letters."""
    from matplotlib.colors import to_rgb

    return tuple(0.75 * part for part in to_rgb(colour))


def _shorten(text: str, width: int = 90) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def _spread(heights: list[float], room: float) -> np.ndarray:
    """Move heights as little as possible, in their order, until all are `room` apart.

    Neighbours that are too close are merged into a block, which settles around their mean.
    """
    order = np.argsort(heights, kind="stable")
    blocks: list[list[float]] = []  # the wanted heights of labels that stand together
    for i in order:
        blocks.append([heights[i]])
        while len(blocks) > 1 and _bottom(blocks[-1], room) < _top(blocks[-2], room) + room:
            last = blocks.pop()
            blocks[-1].extend(last)
    settled = [_bottom(block, room) + room * k for block in blocks for k in range(len(block))]
    spread = np.empty(len(heights))
    spread[order] = settled
    return spread


def _bottom(block: list[float], room: float) -> float:
    return float(np.mean(block)) - room * (len(block) - 1) / 2.0


def _top(block: list[float], room: float) -> float:
    return _bottom(block, room) + room * (len(block) - 1)
