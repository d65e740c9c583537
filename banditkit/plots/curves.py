"""What pictures of curves have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from banditkit.core.checks import number
from banditkit.core.description import Problem
from banditkit.result import Foreign

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CurveDisplay", "checked_levels", "shorten_title", "unit_of"]

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)))  # for the eighth learner and on


@dataclass
class CurveDisplay:
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
        self,
        x: np.ndarray,
        names: Sequence[str],
        curves: tuple[np.ndarray, np.ndarray, np.ndarray],
        dash: Any = None,
    ) -> None:
        """Draw a line and a band for each name: middle, low and high, each of shape (L, m)."""
        means, low, high = (_drawable(self.ax_, each) for each in curves)
        for i, name in enumerate(names):
            style = {"color": _COLOURS[i % len(_COLOURS)], "linestyle": dash or _dash(i)}
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

    def _dress(
        self, x: np.ndarray, title: str, replications: int, shade: str, line: str = "mean"
    ) -> None:
        ax = self.ax_
        what = f"{line} of {replications:,} replications" if replications > 1 else "one replication"
        shading = f", shaded: {shade}" if replications > 1 else ""
        ax.set_title(f"{shorten_title(title)}\n{what}{shading}".strip(), fontsize=10)
        self._frame(x)

    def _frame(self, x: np.ndarray) -> None:
        """Draw a faint grid, from the first time to the last."""
        _rule(self.ax_)
        first, last = x[[0, -1]]
        self.ax_.set_xlim(first if first < last else 0.5 * last, last)

    def _label_ends(self, lines: Sequence[Any], references: Sequence[Any]) -> None:
        """Write each line's name at its right end, and push names apart that would overlap."""
        ax, size = self.ax_, 8.5
        height = ax.get_window_extent().height * 72.0 / ax.figure.dpi  # points
        room = 1.25 * size / max(height, 1.0)
        to_axes = ax.transData + ax.transAxes.inverted()
        ends = []
        for line in (*lines, *references):
            points = np.column_stack(line.get_data()).astype(float)
            finite = np.flatnonzero(np.isfinite(points[:, 1]))
            if finite.size:
                ends.append((np.clip(to_axes.transform(points[finite[-1]]), 0.0, 1.0), line))
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


def _drawable(ax: "Axes", curve: Any) -> np.ndarray:
    """Return the curve with nan for what is not on a logarithmic axis, such as no regret."""
    curve = np.asarray(curve, dtype=float)
    return np.where(curve > 0, curve, np.nan) if ax.get_yscale() == "log" else curve


def _rule(ax: "Axes") -> None:
    """Draw a faint grid behind the curves, and leave the frame open."""
    ax.grid(which="major", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def checked_levels(levels: Any) -> dict[str, float]:
    """Return names and heights of lines to draw across."""
    if levels is not None and not isinstance(levels, Mapping):
        raise ValueError(f"levels must be a dict of names and numbers; got {levels!r}")
    return {str(name): number(f"level {name!r}", height) for name, height in (levels or {}).items()}


def unit_of(problem: Problem) -> str:
    """Return what a problem answers with: rewards or costs."""
    if isinstance(problem, Foreign):
        return "reward"  # only its words were saved
    return "cost" if problem.spec.costs else "reward"


def _dash(i: int) -> Any:
    return _DASHES[i // len(_COLOURS) % len(_DASHES)]


def _ink(colour: Any) -> tuple[float, ...]:
    """Return a darker shade: light colours that do for a line are too faint for letters."""
    from matplotlib.colors import to_rgb

    return tuple(0.75 * part for part in to_rgb(colour))


def shorten_title(text: str, width: int = 90) -> str:
    """Return a text that is cut where it is too wide for a title."""
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
