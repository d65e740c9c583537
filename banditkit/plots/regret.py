"""Regret over time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from banditkit.plots.curves import CurveDisplay, unit_of
from banditkit.result import Result
from banditkit.theory.bounds import bounds_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["RegretDisplay"]

Bounds = bool | Mapping[str, Callable[[np.ndarray], Any]]


@dataclass
class RegretDisplay(CurveDisplay):
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
        self.ax_.set_ylabel(f"regret $R(t)$, in units of {unit_of(self.result.problem)}")
        self._label_ends(self.lines_, self.bound_lines_)
        return self

    def _draw_learners(self, band: tuple[float, float] | None) -> None:
        means = self.result.mean()
        if band is None:
            margin = 2.0 * np.nan_to_num(self.result.stderr())
            low, high = means - margin, means + margin
        else:
            low, high = self.result.quantiles(band)
        self._draw_curves(self.result.times, self.result.names, (means, low, high))

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


def _check_band(band: Any) -> tuple[float, float]:
    try:
        low, high = map(float, band)
    except (TypeError, ValueError):
        low, high = 1.0, 0.0
    if not 0.0 <= low <= high <= 1.0:
        raise ValueError(f"band must be two increasing levels in [0, 1]; got {band!r}")
    return low, high
