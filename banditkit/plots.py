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

__all__ = ["RegretDisplay"]

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
