"""What is written down of knapsacks: reward, what is left of the budgets, and prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from banditkit.core.checks import number
from banditkit.plots.curves import CurveDisplay, checked_levels, shorten_title
from banditkit.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["KnapsackDisplay"]

_GREY = "#555555"
_STYLES: Any = (  # of resources
    "-", (0, (5, 1.5)), (0, (1.5, 1.5)), (0, (5, 1.5, 1.5, 1.5)), (0, (9, 1.5)),
    (0, (5, 1.5, 1.5, 1.5, 1.5, 1.5)), (0, (1.5, 4)), (0, (9, 1.5, 5, 1.5)),
)  # fmt: skip


@dataclass
class KnapsackPanel(CurveDisplay):
    """One of the panels: lines of one kind, with a style for each resource if there are several."""

    times: np.ndarray
    names: Sequence[str]
    reference_lines_: list[Any] = field(default_factory=list, init=False, repr=False)

    def draw(self, ax: "Axes", ylabel: str, curves: np.ndarray) -> None:
        """Draw means over replications of curves of shape (L, R, m, d)."""
        self._begin(ax, "")
        self.reference_lines_ = []
        d = curves.shape[3]
        for i in range(d):
            mean, margin = _mean_and_margin(curves[..., i])
            dash = _STYLES[i % len(_STYLES)] if d > 1 else None
            self._draw_curves(self.times, self.names, (mean, mean - margin, mean + margin), dash)
        if d > 1:
            self._explain_styles(d)
        ax.set_ylabel(ylabel)
        self._frame(self.times)

    def refer(self, name: str, curve: Any) -> None:
        """Draw a thin, dashed line to compare with."""
        curve = np.broadcast_to(np.asarray(curve, dtype=float), self.times.shape)
        self.reference_lines_.append(self._draw_reference(self.times, name, curve, _GREY))

    def label(self, learners: bool) -> None:
        """Write names at the ends of lines; of learners only where each has one line."""
        lines = self.lines_ if learners and len(self.lines_) == len(self.names) else []
        self._label_ends(lines, self.reference_lines_)

    def _explain_styles(self, d: int) -> None:
        from matplotlib.lines import Line2D

        handles = [
            Line2D([], [], color=_GREY, linewidth=1.8, linestyle=_STYLES[i % len(_STYLES)])
            for i in range(d)
        ]
        words = [f"resource {i}" for i in range(d)]
        self.ax_.legend(handles, words, frameon=False, fontsize=8.5, handlelength=3.2)


@dataclass
class KnapsackDisplay:
    """Reward, what is left of the budgets, and prices over time: three panels, one above the other.

    Use `from_result` to make one, and `plot` to draw it.

    Attributes
    ----------
    axes_ : array of matplotlib Axes, shape (3,)
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure around it.
    reward_, left_, prices_ : panels
        Each has `lines_`, `bands_`, `reference_lines_` and `labels_`, as `RegretDisplay` has.
        Where there are several resources, `lines_` are those of resource 0, then those of 1, ...

    Examples
    --------
    >>> import banditkit as bk
    >>> shop = bk.Knapsack.coins([0.5, 0.25, 0], [[0.5], [0.125], [0]], budgets=100)
    >>> result = bk.simulate(shop, [bk.UcbBwK()], horizon=500, times="linear", seed=0)
    >>> display = bk.KnapsackDisplay.from_result(result).plot()
    >>> [label.get_text() for label in display.prices_.labels_]
    ['UcbBwK()', 'LP price']
    """

    result: Result

    @classmethod
    def from_result(cls, result: Result) -> "KnapsackDisplay":
        """Return the display of a result.

        Parameters
        ----------
        result : Result
            What `simulate` returns for a problem with budgets.

        Raises
        ------
        ValueError
            If the result has no logs of reward and of what is left, or nobody knows its budgets.
        """
        if not isinstance(result, Result):
            raise ValueError(f"KnapsackDisplay needs a result; got {result!r}")
        missing = [name for name in ("reward", "left") if name not in result.logs]
        if missing or not hasattr(result.problem, "limits"):
            what = f"logs of {' and '.join(map(repr, missing))}" if missing else "budgets"
            raise ValueError(
                f"the result has no {what}; play a problem with budgets, such as Knapsack - got a "
                f"result on {shorten_title(repr(result.problem))}"
            )
        return cls(result)

    def plot(
        self,
        axes: "Sequence[Axes] | None" = None,
        *,
        levels: Mapping[str, float] | None = None,
        top_price: float | None = None,
    ) -> "KnapsackDisplay":
        """Draw means over replications, with two standard errors around them.

        Dashed, to compare with: the reward that the linear programme promises, t OPT_LP; budgets
        that are spent evenly; and the prices of the linear programme.  A learner without prices has
        no line among them.

        Parameters
        ----------
        axes : three matplotlib Axes, optional
            Where to draw; by default a new figure.
        levels : mapping of str to float, optional
            Names and heights of lines to draw across the rewards, dashed, such as what the best
            fixed arm earns.
        top_price : float, optional
            Where the axis of prices ends, above 0; by default above all of them.  Some learners
            begin with prices far above those that count.

        Returns
        -------
        KnapsackDisplay
            Itself.

        Raises
        ------
        ValueError
            If `axes` are not three, or `levels` or `top_price` make no sense.
        """
        heights = checked_levels(levels)
        if top_price is not None and number("top_price", top_price) <= 0.0:
            raise ValueError(f"top_price must be above 0; got {top_price!r}")
        result, logs = self.result, self.result.logs
        self.axes_ = np.ravel(_new_axes() if axes is None else np.array(axes, dtype=object))
        if self.axes_.size != 3:
            raise ValueError(f"axes must be three, for rewards, budgets and prices; got {axes!r}")
        self.figure_ = self.axes_[0].get_figure()
        panels = [KnapsackPanel(result.times, result.names) for _ in range(3)]
        self.reward_, self.left_, self.prices_ = panels
        top, middle, bottom = self.axes_
        d = logs["left"].shape[3]
        self.reward_.draw(top, "reward so far", logs["reward"][..., None])
        left = logs["left"] / result.problem.limits  # type: ignore[attr-defined]
        self.left_.draw(middle, "share of the budget\nthat is left", left)
        nobody = np.full((*result.regret.shape, d), np.nan)
        words = "dual price, in units of\nreward per unit of resource"
        self.prices_.draw(bottom, words, logs.get("prices", nobody))
        self._refer(heights)
        middle.set_ylim(-0.02, 1.02)
        top.set_ylim(bottom=0.0)
        bottom.set_ylim(0.0, top_price)
        bottom.set_xlabel("round $t$")
        top.set_title(self._title(), fontsize=10)
        for panel in panels:  # budgets end together, near 0: names would not find their lines
            panel.label(learners=panel is not self.left_)
        return self

    def _refer(self, heights: Mapping[str, float]) -> None:
        """Draw what to compare with."""
        T, times, problem = self.result.horizon, self.result.times, self.result.problem
        self.left_.refer("spent evenly", 1.0 - times / T)
        if hasattr(problem, "lp"):
            best = problem.lp(T)
            self.reward_.refer(r"$t \cdot \mathrm{OPT}_\mathrm{LP}$", times * best.value)
            for i, price in enumerate(best.prices):
                of = f" of resource {i}" if best.prices.size > 1 else ""
                self.prices_.refer(f"LP price{of}", price)
        for name, height in heights.items():
            self.reward_.refer(name, height)

    def _title(self) -> str:
        replications = self.result.regret.shape[1]
        what = "one replication"
        if replications > 1:
            what = f"mean of {replications:,} replications, shaded: 2 standard errors"
        return f"{shorten_title(repr(self.result.problem))}\n{what}"


def _new_axes() -> Any:
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(3, 1, sharex=True, figsize=(9, 10), layout="constrained")
    return axes


def _mean_and_margin(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and two standard errors over replications, (L, m); nan where there is nothing."""
    R = curves.shape[1]
    if R == 1:
        return curves[:, 0], np.zeros_like(curves[:, 0])
    return curves.mean(axis=1), 2.0 * curves.std(axis=1, ddof=1) / np.sqrt(R)
