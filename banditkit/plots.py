"""Pictures of results, in the manner of scikit-learn's displays."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from banditkit.core.checks import number, whole
from banditkit.core.description import Problem
from banditkit.result import Foreign, Result
from banditkit.theory.bounds import bounds_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["EpisodeDisplay", "GridDisplay", "RegretDisplay"]

# Okabe and Ito's colours, told apart by the colour-blind; yellow is left out, for white paper.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)))  # for the eighth learner and on

# Words of the vertical axis, and whether they are in units of reward; others go by their name.
_DIARY = {
    "steps": ("steps of the episode", False),
    "return": ("discounted return of the episode", True),
    "regret": ("regret of the episode", True),
}

Bounds = bool | Mapping[str, Callable[[np.ndarray], Any]]


@dataclass
class _CurveDisplay:
    """What displays of curves have in common: lines with bands, and names at their ends."""

    lines_: list[Any] = field(default_factory=list, init=False, repr=False)
    bands_: list[Any] = field(default_factory=list, init=False, repr=False)
    labels_: list[Any] = field(default_factory=list, init=False, repr=False)

    def _begin(self, ax: "Axes | None", log: str) -> "Axes":
        """Return where to draw, with nothing drawn yet."""
        if not isinstance(log, str) or log not in {"xy", "x", "y", ""}:
            raise ValueError(f'log must be "xy", "x", "y" or ""; got {log!r}')
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(figsize=(9, 5.5), layout="constrained")
        self.ax_, self.figure_ = ax, ax.get_figure()
        self.lines_, self.bands_, self.labels_ = [], [], []
        ax.set_xscale("log" if "x" in log else "linear")
        ax.set_yscale("log" if "y" in log else "linear")
        return ax

    def _draw_curves(
        self, x: np.ndarray, names: Sequence[str], means: Any, low: Any, high: Any
    ) -> None:
        """Draw a line and a band for each name."""
        means, low, high = (_drawable(self.ax_, curves) for curves in (means, low, high))
        for i, name in enumerate(names):
            style = {"color": _COLOURS[i % len(_COLOURS)], "linestyle": _dash(i)}
            (line,) = self.ax_.plot(x, means[i], label=name, linewidth=1.8, **style)
            shade = self.ax_.fill_between(
                x, low[i], high[i], color=style["color"], alpha=0.18, lw=0
            )
            self.lines_.append(line)
            self.bands_.append(shade)

    def _draw_reference(self, x: np.ndarray, name: str, curve: Any, colour: Any) -> Any:
        """Draw a thin, dashed line of what is not measured, and return it."""
        (line,) = self.ax_.plot(
            x,
            _drawable(self.ax_, curve),
            label=name,
            color=colour,
            linewidth=1.0,
            linestyle=(0, (4, 3)),
        )
        return line

    def _dress(self, x: np.ndarray, title: str, replications: int, shade: str) -> None:
        ax = self.ax_
        what = f"mean of {replications:,} replications" if replications > 1 else "one replication"
        shading = f", shaded: {shade}" if replications > 1 else ""
        ax.set_title(f"{_shorten(title)}\n{what}{shading}".strip(), fontsize=10)
        _rule(ax)
        first, last = x[[0, -1]]
        ax.set_xlim(first if first < last else 0.5 * last, last)

    def _label_ends(self, references: Sequence[Any]) -> None:
        """Write each line's name at its right end, and push names apart that would overlap."""
        ax, size = self.ax_, 8.5
        height = ax.get_window_extent().height * 72.0 / ax.figure.dpi  # points
        room = 1.25 * size / max(height, 1.0)
        to_axes = ax.transData + ax.transAxes.inverted()
        ends = []
        for line in (*self.lines_, *references):
            points = np.column_stack(line.get_data()).astype(float)
            finite = np.flatnonzero(np.isfinite(points[:, 1]))
            if finite.size:
                ends.append((to_axes.transform(points[finite[-1]]), line))
        heights = _spread([end[1] for end, _ in ends], room)
        for (end, line), at in zip(ends, heights, strict=True):
            text = ax.annotate(
                line.get_label(),
                xy=tuple(end),
                xytext=(1.03, at),
                xycoords="axes fraction",
                textcoords="axes fraction",
                color=_ink(line.get_color()),
                fontsize=size,
                fontstyle="italic" if line in references else "normal",
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
class RegretDisplay(_CurveDisplay):
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
    bound_lines_: list[Any] = field(default_factory=list, init=False, repr=False)

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
        if not isinstance(bounds, bool | Mapping):
            raise ValueError(f"bounds must be True, False, or a dict of functions; got {bounds!r}")
        if band is not None:
            band = _check_band(band)
        self._begin(ax, log)
        self.bound_lines_ = []
        self._draw_learners(band)
        self._draw_bounds(bounds)
        shade = "2 standard errors" if band is None else f"{band[0]:.0%} to {band[1]:.0%}"
        times, replications = self.result.times, self.result.regret.shape[1]
        self._dress(times, repr(self.result.problem), replications, shade)
        self.ax_.set_xlabel("round $t$")
        self.ax_.set_ylabel(f"regret $R(t)$, in units of {_unit(self.result.problem)}")
        self._label_ends(self.bound_lines_)
        return self

    def _draw_learners(self, band: tuple[float, float] | None) -> None:
        means = self.result.mean()
        if band is None:
            margin = 2.0 * np.nan_to_num(self.result.stderr())
            low, high = means - margin, means + margin
        else:
            low, high = self.result.quantiles(band)
        self._draw_curves(self.result.times, self.result.names, means, low, high)

    def _draw_bounds(self, bounds: Bounds) -> None:
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
                self._draw_bound(name, curve, "#555555")
        elif bounds:
            drawn = set()  # learners may share a theorem, and the curve with it
            for line, learner in zip(self.lines_, self.result.learners, strict=True):
                for bound in bounds_of(learner, self.result.problem, self.result.horizon):
                    curve = np.asarray(bound.curve(times))
                    if (bound.theorem, curve.tobytes()) not in drawn:
                        drawn.add((bound.theorem, curve.tobytes()))
                        self._draw_bound(bound.theorem, curve, line.get_color())

    def _draw_bound(self, name: str, curve: Any, colour: Any) -> None:
        self.bound_lines_.append(self._draw_reference(self.result.times, name, curve, colour))


@dataclass
class EpisodeDisplay(_CurveDisplay):
    """A number for each episode: the mean of each learner, and a band around it.

    Use `from_result` to make one, and `plot` to draw it.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure around it.
    lines_, bands_, level_lines_, labels_ : list
        The lines of the means, the bands, the lines of the levels, and the texts at their ends.

    Examples
    --------
    >>> import banditkit as bk
    >>> trials = bk.Episodes(bk.GridWorld.ng(5), 30)
    >>> result = bk.simulate(trials, [bk.Sarsa()], horizon=1e5, replications=10, seed=0)
    >>> display = bk.EpisodeDisplay.from_result(result).plot(smooth=5, levels={"optimum": 10})
    >>> [label.get_text() for label in display.labels_]
    ['Sarsa()', 'optimum']
    """

    results: tuple[Result, ...]
    what: str = "steps"
    level_lines_: list[Any] = field(default_factory=list, init=False, repr=False)

    @classmethod
    def from_result(
        cls, result: Result | list[Result] | tuple[Result, ...], what: str = "steps"
    ) -> "EpisodeDisplay":
        """Return the display of a result, or of several that belong into one picture.

        Parameters
        ----------
        result : Result, or list of Result
            What `simulate` returns for `Episodes`.  A learner with shaping and one without play
            different problems: give both results, with as many replications each, and names that
            tell the learners apart.
        what : str, default "steps"
            Which of the logs: ``"steps"``, ``"return"`` or ``"regret"`` of each episode, or
            another one with a number for each episode.

        Raises
        ------
        ValueError
            If there are no logs, none of that name, or it has no number for each episode; or if
            results differ in their replications, or share a learner's name.
        """
        results = tuple(result) if isinstance(result, list | tuple) else (result,)
        if not results or not all(isinstance(each, Result) for each in results):
            raise ValueError(f"EpisodeDisplay needs a result, or a list of them; got {result!r}")
        for each in results:
            _check_diary(each, what)
        counts = sorted({each.regret.shape[1] for each in results})
        if len(counts) > 1:
            raise ValueError(
                "results in one picture must have equally many replications; got "
                + " and ".join(map(str, counts))
            )
        names = [name for each in results for name in each.names]
        for i, name in enumerate(names):
            if name in names[:i]:
                raise ValueError(
                    f"two learners are called {name!r}; let them play under other names, as in "
                    '{"shaped": Sarsa()}'
                )
        return cls(results, what)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        smooth: int = 1,
        log: str = "",
        levels: Mapping[str, float] | None = None,
    ) -> "EpisodeDisplay":
        """Draw the mean over replications for each episode, with two standard errors around it.

        Episodes that nobody finished are left out.  An episode that only some replications
        finished has the mean of those, which are not the slowest: give a longer horizon.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure.
        smooth : int, default 1
            Draw the mean of so many episodes up to each, 1 or more; of the first ones there are
            fewer.
        log : {"xy", "x", "y", ""}, default ""
            The axes that are logarithmic.
        levels : mapping of str to float, optional
            Names and heights of lines to draw across, dashed, such as ``{"optimum": 22}``.

        Returns
        -------
        EpisodeDisplay
            Itself.

        Raises
        ------
        ValueError
            If `smooth`, `log` or `levels` make no sense, or no episode was finished.
        """
        smooth = whole("smooth", smooth, least=1)
        heights = _check_levels(levels)
        curves = [
            _trailing_mean(row, smooth) for each in self.results for row in each.logs[self.what]
        ]
        last = max(int(_finished(curve).max(initial=0)) for curve in curves)
        if last == 0:
            raise ValueError("no episode was finished; give a longer horizon")
        episodes = np.arange(1, last + 1)
        means, margins = zip(*(_mean_and_margin(curve, last) for curve in curves), strict=True)
        means, margins = np.array(means), 2.0 * np.nan_to_num(margins)
        names = [name for each in self.results for name in each.names]
        self._begin(ax, log)
        self._draw_curves(episodes, names, means, means - margins, means + margins)
        self.level_lines_ = [
            self._draw_reference(episodes, name, np.full(last, height), "#555555")
            for name, height in heights.items()
        ]
        title = repr(self.results[0].problem) if len(self.results) == 1 else ""
        self._dress(episodes, title, self.results[0].regret.shape[1], "2 standard errors")
        self.ax_.set_xlabel("episode")
        words, paid = _DIARY.get(self.what, (self.what, False))
        unit = f", in units of {_unit(self.results[0].problem)}" if paid else ""
        mean = f"\nmean of {smooth} episodes" if smooth > 1 else ""
        self.ax_.set_ylabel(f"{words}{unit}{mean}")
        self._label_ends(self.level_lines_)
        return self


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


def _drawable(ax: "Axes", curve: Any) -> np.ndarray:
    """Return the curve with nan for what is not on a logarithmic axis, such as no regret."""
    curve = np.asarray(curve, dtype=float)
    return np.where(curve > 0, curve, np.nan) if ax.get_yscale() == "log" else curve


def _check_diary(result: Result, what: Any) -> None:
    """Raise a ValueError unless there is a log of that name, with a number for each episode."""
    if not result.logs:
        raise ValueError(
            "the result has no logs of episodes; play Episodes(problem, count) - got a result on "
            f"{_shorten(repr(result.problem))}"
        )
    if not isinstance(what, str) or what not in result.logs:
        known = ", ".join(map(repr, sorted(result.logs)))
        raise ValueError(f"there is no log {what!r}; the result has {known}")
    shape = np.shape(result.logs[what])
    if len(shape) != 3:
        raise ValueError(f"log {what!r} has no number for each episode; its shape is {shape}")


def _check_levels(levels: Any) -> dict[str, float]:
    if levels is not None and not isinstance(levels, Mapping):
        raise ValueError(f"levels must be a dict of names and numbers; got {levels!r}")
    return {str(name): number(f"level {name!r}", height) for name, height in (levels or {}).items()}


def _trailing_mean(log: np.ndarray, smooth: int) -> np.ndarray:
    """Return the mean of so many episodes up to each, shape (R, n); nan where it is not over."""
    n = log.shape[1]
    total = np.array(log, dtype=float)
    for back in range(1, min(smooth, n)):
        total[:, back:] += log[:, : n - back]
    return np.asarray(total / np.minimum(np.arange(1, n + 1), smooth))


def _finished(curve: np.ndarray) -> np.ndarray:
    """Return the numbers, from 1, of the episodes that some replication finished."""
    return 1 + np.flatnonzero(np.isfinite(curve).any(axis=0))


def _mean_and_margin(curve: np.ndarray, last: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard error over the replications that finished each episode."""
    mean, stderr = np.full((2, last), np.nan)
    for n in _finished(curve) - 1:
        values = curve[np.isfinite(curve[:, n]), n]
        mean[n] = values.mean()
        if values.size > 1:
            stderr[n] = values.std(ddof=1) / np.sqrt(values.size)
    return mean, stderr


def _rule(ax: "Axes") -> None:
    """Draw a faint grid behind the curves, and leave the frame open."""
    ax.grid(which="major", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


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
