"""A number for each episode."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from banditkit.comparison import Comparison
from banditkit.core.checks import between_0_and_1, one_of, whole
from banditkit.core.description import Problem
from banditkit.plots.curves import CurveDisplay, checked_levels, shorten_title, unit_of
from banditkit.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["EpisodeDisplay", "LearningCurveDisplay"]

# Words of the vertical axis, and whether they are in units of reward; others go by their name.
_DIARY = {
    "steps": ("steps of the episode", False),
    "return": ("return of the episode", True),
    "regret": ("regret of the episode", True),
}


@dataclass
class _OverEpisodes(CurveDisplay):
    """What displays of numbers for each episode have in common: lines across, and words."""

    level_lines_: list[Any] = field(default_factory=list, init=False, repr=False)

    def _draw_levels(self, episodes: np.ndarray, heights: Mapping[str, float]) -> None:
        """Draw lines across."""
        self.level_lines_ = [
            self._draw_reference(episodes, name, np.full(episodes.size, height), "#555555")
            for name, height in heights.items()
        ]

    def _name_axes(self, what: str, problem: Problem, mean: str, discounted: bool | None) -> None:
        """Write what is drawn, of which problem, and what is done to it; then the lines' names."""
        self.ax_.set_xlabel("episode")
        words, paid = _DIARY.get(what, (what, False))
        if what == "return":  # of a problem that was only saved in words nobody knows
            words = {True: "discounted ", False: "undiscounted ", None: ""}[discounted] + words
        unit = f", in units of {unit_of(problem)}" if paid else ""
        self.ax_.set_ylabel(f"{words}{unit}{mean}")
        self._label_ends(self.lines_, self.level_lines_)


@dataclass
class EpisodeDisplay(_OverEpisodes):
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
        heights = checked_levels(levels)
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
        self._draw_curves(episodes, names, (means, means - margins, means + margins))
        self._draw_levels(episodes, heights)
        title = repr(self.results[0].problem) if len(self.results) == 1 else ""
        self._dress(episodes, title, self.results[0].regret.shape[1], "2 standard errors")
        mean = f"\nmean of {smooth} episodes" if smooth > 1 else ""
        problem = self.results[0].problem
        self._name_axes(self.what, problem, mean, getattr(problem, "discounted", None))
        return self


@dataclass
class LearningCurveDisplay(_OverEpisodes):
    """The return of each episode, smoothed: interquartile means of methods, and their intervals.

    Use `from_comparison` to make one, and `plot` to draw it.

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
    >>> grid = bk.GridWorld("S......G", step_reward=-1, limit=100)
    >>> methods = {"slow": bk.QLearning(rate=0.01), "quick": bk.QLearning(rate=0.5)}
    >>> comparison = bk.compare(grid, methods, episodes=30, seeds=8, seed=0)
    >>> display = bk.LearningCurveDisplay.from_comparison(comparison)
    >>> display = display.plot(levels={"optimum": -5.85})
    >>> [label.get_text() for label in display.labels_]
    ['slow', 'quick', 'optimum']
    """

    comparison: Comparison
    problem: str | None = None

    @classmethod
    def from_comparison(
        cls, comparison: Comparison, problem: str | None = None
    ) -> "LearningCurveDisplay":
        """Return the display of a comparison.

        Parameters
        ----------
        comparison : Comparison
            What `compare` returns.
        problem : str, optional
            Name of the one to draw; by default the runs on all of them are pooled.

        Raises
        ------
        ValueError
            If it is no comparison, or has no problem of that name.
        """
        if not isinstance(comparison, Comparison):
            raise ValueError(f"LearningCurveDisplay needs a comparison; got {comparison!r}")
        if problem is not None:
            one_of("problem", problem, comparison.problems)
        return cls(comparison, problem)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        smooth: float = 0.9,
        level: float = 0.95,
        log: str = "",
        levels: Mapping[str, float] | None = None,
    ) -> "LearningCurveDisplay":
        """Draw the interquartile mean over seeds for each episode, with an interval around it.

        A method's name tells how many of its runs diverged, if any did.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure.
        smooth : float, default 0.9
            As for `Comparison.smoothed`, which also says what becomes of runs that diverged.
        level : float, default 0.95
            Of the intervals, between 0 and 1.
        log : {"xy", "x", "y", ""}, default ""
            The axes that are logarithmic.
        levels : mapping of str to float, optional
            Names and heights of lines to draw across, dashed, such as ``{"optimum": 22}``.

        Returns
        -------
        LearningCurveDisplay
            Itself.

        Raises
        ------
        ValueError
            If `smooth`, `level`, `log` or `levels` make no sense.
        """
        level, heights = between_0_and_1("level", level), checked_levels(levels)
        methods, problems = self.comparison.methods, self.comparison.problems
        frame = self.comparison.curves(self.problem, smooth=smooth, level=level)
        episodes = frame["episode"].unique()
        iqm, low, high = (
            frame[name].to_numpy().reshape(len(methods), -1) for name in ("iqm", "low", "high")
        )
        self._begin(ax, log)
        shown = [self.problem] if self.problem is not None else problems
        self._draw_curves(episodes, self._names(shown), (iqm, low, high))
        self._draw_levels(episodes, heights)
        runs = len(shown) * self.comparison.returns.shape[2]
        title = shown[0] if len(shown) == 1 else f"{len(shown)} problems"
        self._dress(episodes, title, runs, f"{100 * level:.4g}% interval", "interquartile mean")
        mean = f"\nsmoothed by {smooth:g}" if smooth > 0.0 else ""
        result = self.comparison.results[methods[0], shown[0]]
        self._name_axes("return", result.problem, mean, self.comparison.discounted)
        return self

    def _names(self, shown: Sequence[str]) -> list[str]:
        """Return the names of the methods, and how many of their runs diverged, if any did."""
        part = [self.comparison.problems.index(problem) for problem in shown]
        diverged = self.comparison.diverged[:, part]
        counts, runs = diverged.sum(axis=(1, 2)), diverged[0].size
        return [
            f"{method} ({count} of {runs} diverged)" if count else method
            for method, count in zip(self.comparison.methods, counts, strict=True)
        ]


def _check_diary(result: Result, what: Any) -> None:
    """Raise a ValueError unless there is a log of that name, with a number for each episode."""
    if not result.logs or (what in list(_DIARY) and what not in result.logs):
        raise ValueError(
            "the result has no logs of episodes; play Episodes(problem, count) - got a result on "
            f"{shorten_title(repr(result.problem))}"
        )
    if not isinstance(what, str) or what not in result.logs:
        known = ", ".join(map(repr, sorted(result.logs)))
        raise ValueError(f"there is no log {what!r}; the result has {known}")
    shape = np.shape(result.logs[what])
    if len(shape) != 3:
        raise ValueError(f"log {what!r} has no number for each episode; its shape is {shape}")


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
