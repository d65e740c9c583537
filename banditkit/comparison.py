"""What a comparison of methods leaves: tables, intervals, differences, and learning curves."""

import html
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np

from banditkit.aggregates import Aggregate, aggregate, bootstrap_iqm, interquartile_mean
from banditkit.core.checks import number, one_of, whole
from banditkit.core.description import Learner, Problem
from banditkit.files import write_whole
from banditkit.result import Result, from_plain, open_archive, read_result, read_whole, to_plain

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Comparison"]

_FORMAT = "banditkit comparison 1"
_LAST = 100  # episodes of the metric "last"
_METRICS = ("auc", "last")


class Candidate(NamedTuple):
    """A learner and what it plays."""

    name: str
    problem: Problem
    learner: Learner


@dataclass(frozen=True, eq=False)
class Choice:
    """Which of a method's candidates plays a problem, and what it was picked by.

    Attributes
    ----------
    candidates : tuple of Candidate, length C
        Each has a name, the problem that it plays, and a learner.
    auc : array of float, shape (C, S)
        Mean return of an episode on each of the selection seeds; nan for a run that diverged or
        finished no episode.  S is 0 where there was nothing to pick from.
    seed : int or None
        The seed of `simulate` that the selection was played with, if there was one.
    """

    candidates: tuple[Candidate, ...]
    auc: np.ndarray
    seed: int | None

    @cached_property
    def scores(self) -> np.ndarray:
        """Mean over the selection seeds, shape (C,), in units of reward; see `Comparison`."""
        if self.auc.shape[1] == 0:
            return np.full(len(self.candidates), np.nan)
        return _worst_for_nan(self.auc).mean(axis=1)

    def fits(self) -> bool:
        """Tell whether all candidates are some, with a row of numbers for each."""
        numbers = self.auc.ndim == 2 and self.auc.dtype.kind == "f"
        return (
            numbers
            and len(self.auc) == len(self.candidates) > 0
            and all(
                isinstance(each.problem, Problem) and isinstance(each.learner, Learner)
                for each in self.candidates
            )
        )

    @property
    def picked(self) -> Candidate:
        """The candidate of the highest score; of several the one that failed least, the first."""
        failures = np.isnan(self.auc).sum(axis=1)
        order = np.lexsort((failures, -np.nan_to_num(self.scores, nan=-np.inf)))
        return self.candidates[int(order[0])]


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Runs of methods on problems; what `compare` returns.

    Attributes
    ----------
    methods, problems : tuple of str, length M and P
        What they are called.
    results : dict of (method, problem) to Result
        The reported runs, with whatever was logged.  Its problem and seed make the same run again
        with `simulate`.
    choices : dict of (method, problem) to Choice
        The candidates, their scores on the selection seeds, and which one was `picked`.
    seed : int
        What makes the same numbers again.
    discounted : bool
        Whether returns are discounted.

    Notes
    -----
    Two metrics are made of a run: ``"auc"``, the mean of the returns of all its episodes, and
    ``"last"``, that of the last 100, or of all where they are fewer.  Both are in units of reward,
    and of discounted returns if `discounted` says so.

    A run *diverged* if an episode's return or regret is not finite, or the learner says so in its
    log "diverged": what learns a policy, values or a reward logs whether these are still numbers,
    none beyond 1e100.  It counts as the worst of the runs, of any method, that did not diverge on
    this problem: to leave it out would favour a method that only looks good because its failures
    are not counted, and minus infinity would say nothing but that it happened.  Where all diverged,
    nan is left.  When candidates are scored, the worst is that of the candidates.

    A run that was *cut short*, by the horizon or the problem, has the mean over the episodes that
    it finished, the last of these for ``"last"``, since nobody knows what the others would have
    brought.  These tend to be the quick ones, so such numbers are not to be compared with others:
    give a longer horizon.  A run that finished no episode has the worst value, too.  `table`
    counts both kinds.

    Several problems are pooled as they are: where their returns are of different size, look at
    one at a time.

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S......G", step_reward=-1, limit=100)
    >>> methods = {"slow": bk.QLearning(rate=0.01), "quick": bk.QLearning(rate=0.5)}
    >>> comparison = bk.compare(grid, methods, episodes=30, seeds=8, seed=0)
    >>> comparison.table().round(2)
             iqm   low  high  mean  median  runs  diverged  cut short
    method
    slow    ...
    quick   ...
    >>> comparison.difference("quick", "slow").low > 0
    True
    """

    methods: tuple[str, ...]
    problems: tuple[str, ...]
    results: Mapping[tuple[str, str], Result]
    choices: Mapping[tuple[str, str], Choice]
    seed: int
    discounted: bool = True

    @cached_property
    def returns(self) -> np.ndarray:
        """Return of each episode, shape (M, P, seeds, episodes); nan where it is not over."""
        return self._of_results(lambda result: result.logs["return"][0])

    @cached_property
    def diverged(self) -> np.ndarray:
        """Whether each run diverged, shape (M, P, seeds)."""
        return self._of_results(diverged_runs)

    @cached_property
    def finished(self) -> np.ndarray:
        """How many episodes each run finished, shape (M, P, seeds)."""
        return self._of_results(lambda result: np.isfinite(result.logs["steps"][0]).sum(axis=1))

    @property
    def picked(self) -> dict[tuple[str, str], str]:
        """The name of the candidate that was picked for each (method, problem)."""
        return {key: choice.picked.name for key, choice in self.choices.items()}

    def _of_results(self, of: Callable[[Result], np.ndarray]) -> np.ndarray:
        """Return an array of each result, with axes for methods and problems in front."""
        return np.array([[of(self.results[m, p]) for p in self.problems] for m in self.methods])

    def scores(self, metric: str = "auc") -> np.ndarray:
        """Return a number for each run, shape (M, P, seeds), in units of reward.

        Parameters
        ----------
        metric : {"auc", "last"}
            The mean return of all episodes, or of the last 100.

        Raises
        ------
        ValueError
            If the metric is neither.
        """
        length = {"auc": None, "last": _LAST}[one_of("metric", metric, _METRICS)]
        means = mean_of_finished(self.returns, length)
        means[self.diverged] = np.nan
        for i in range(len(self.problems)):
            means[:, i] = _worst_for_nan(means[:, i])
        return means

    def table(
        self,
        metric: str = "auc",
        *,
        by_problem: bool = False,
        level: float = 0.95,
        resamples: int = 2000,
        seed: int = 0,
    ) -> "pd.DataFrame":
        """Return a table, a row per method.

        Parameters
        ----------
        metric : {"auc", "last"}
            The mean return of all episodes, or of the last 100.
        by_problem : bool, default False
            Whether to give each problem rows of its own, rather than to pool their runs.
        level : float, default 0.95
            Of the intervals, between 0 and 1.
        resamples : int, default 2000
            Of the bootstrap, 1 or more.
        seed : int, default 0
            Of the bootstrap.

        Returns
        -------
        pandas.DataFrame
            Columns, in units of reward: iqm, the interquartile mean; low and high, the ends of
            its interval; mean; median; then numbers of runs: all, those that diverged, those that
            were cut short.

        Raises
        ------
        ValueError
            If an argument makes no sense.

        Notes
        -----
        The interval is that of the stratified percentile bootstrap: runs are drawn anew within
        each problem, then pooled.  With few runs it is too narrow: of 4000 samples of 8 runs,
        normal, exponential or with a fifth of failures, a 95% interval holds the truth in 92 to
        93%; with 20 or 40 runs in 94 to 95%.  For a single run it is nan.

        References
        ----------
        Agarwal et al. (2021), as for `interquartile_mean`, section 4.1.
        """
        import pandas as pd

        scores, lines = self.scores(metric), []
        parts: dict[str, Any] = {p: [i] for i, p in enumerate(self.problems)}
        for problem, part in (parts if by_problem else {"": slice(None)}).items():
            for m, method in enumerate(self.methods):
                diverged, finished = self.diverged[m, part], self.finished[m, part]
                short = ~diverged & (finished < self.returns.shape[3])
                words = {"problem": problem, "method": method}
                aggregated = aggregate(
                    scores[m, part], level=level, resamples=resamples, seed=seed
                )._asdict()
                numbers = {"runs": diverged.size, "diverged": diverged.sum()}
                lines.append(words | aggregated | numbers | {"cut short": short.sum()})
        index = ["problem", "method"] if by_problem else ["method"]
        table = pd.DataFrame(lines).set_index(index)
        return table if by_problem else table.drop(columns="problem")

    def difference(
        self,
        first: str,
        second: str,
        metric: str = "auc",
        *,
        level: float = 0.95,
        resamples: int = 2000,
        seed: int = 0,
    ) -> Aggregate:
        """Return by how much one method is ahead of another on the same seeds.

        Parameters
        ----------
        first, second : str
            Names of methods.
        metric, level, resamples, seed
            As for `table`.

        Returns
        -------
        Aggregate
            iqm, low, high, mean and median of the differences, first less second, of the pairs of
            runs with the same seed, in units of reward.

        Raises
        ------
        ValueError
            If there is no such method, or an argument makes no sense.

        Notes
        -----
        That the interval leaves out 0 says that the middle half of the differences has a mean that
        is not 0, no more: see the mean, too, where some runs fail altogether.
        """
        i, j = (
            self.methods.index(one_of("a method", each, self.methods)) for each in (first, second)
        )
        scores = self.scores(metric)
        return aggregate(scores[i] - scores[j], level=level, resamples=resamples, seed=seed)

    def selection(self) -> "pd.DataFrame":
        """Return what was picked, and from what: a row per method, problem and candidate.

        Its columns are method, problem, candidate; score, the mean return of an episode on the
        selection seeds, nan where there was nothing to pick from; failed, how many of these runs
        diverged or finished no episode; and picked, whether it is the one.
        """
        import pandas as pd

        lines = []
        for (method, problem), choice in self.choices.items():
            for i, candidate in enumerate(choice.candidates):
                lines.append(
                    {
                        "method": method,
                        "problem": problem,
                        "candidate": candidate.name,
                        "score": choice.scores[i],
                        "failed": np.isnan(choice.auc[i]).sum(),
                        "picked": candidate is choice.picked,
                    }
                )
        return pd.DataFrame(lines)

    def to_frame(self) -> "pd.DataFrame":
        """Return a tidy table, a row per method, problem and seed.

        Its columns are method, problem, seed (the number of the run), candidate (which was
        picked), auc, last (both as in `scores`), diverged and finished (episodes).
        """
        import pandas as pd

        axes = [self.methods, self.problems, range(self.returns.shape[2])]
        frame = pd.MultiIndex.from_product(axes, names=["method", "problem", "seed"]).to_frame(
            index=False
        )
        picked = self.picked
        pairs = zip(frame["method"], frame["problem"], strict=True)
        frame["candidate"] = [picked[pair] for pair in pairs]
        for metric in _METRICS:
            frame[metric] = self.scores(metric).ravel()
        frame["diverged"] = self.diverged.ravel()
        frame["finished"] = self.finished.ravel()
        return frame

    def smoothed(self, smooth: float = 0.9) -> np.ndarray:
        """Return smoothed returns, shape (M, P, seeds, episodes), without a nan where possible.

        Parameters
        ----------
        smooth : float, default 0.9
            Weight of an episode, relative to the one after it, in the mean of all up to each;
            0 or more and below 1.

        Returns
        -------
        array of float
            In units of reward.  After the last episode that a run finished it stays where it was.
            A run that diverged has at each episode the lowest value of those that did not.

        Raises
        ------
        ValueError
            If `smooth` makes no sense.
        """
        smooth = number("smooth", smooth, low=0.0)
        if smooth >= 1.0:
            raise ValueError(f"smooth must be below 1, such as 0.9; got {smooth!r}")
        curves = _decaying_mean(self.returns, smooth)
        curves[self.diverged] = np.nan
        for i in range(len(self.problems)):
            curves[:, i] = _worst_for_nan(curves[:, i], axis=(0, 1))
        return curves

    def curves(
        self,
        problem: str | None = None,
        *,
        smooth: float = 0.9,
        level: float = 0.95,
        resamples: int = 500,
        points: int = 200,
    ) -> "pd.DataFrame":
        """Return learning curves, a row per method and episode.

        Parameters
        ----------
        problem : str, optional
            Name of the one to look at; by default the runs on all of them are pooled.
        smooth : float, default 0.9
            As for `smoothed`.
        level, resamples
            As for `table`; the bootstrap's seed is 0.
        points : int, default 200
            Number of episodes to show at most, evenly spaced, with the first and the last; 2 or
            more.

        Returns
        -------
        pandas.DataFrame
            Columns method, episode (from 1), and in units of reward iqm, the interquartile mean
            over runs, and low and high, the ends of its interval; nan after the last episode that
            any of the method's runs finished.

        Raises
        ------
        ValueError
            If an argument makes no sense.
        """
        import pandas as pd

        points = whole("points", points, least=2)
        parts = list(range(len(self.problems)))
        if problem is not None:
            parts = [self.problems.index(one_of("problem", problem, self.problems))]
        n = self.returns.shape[3]
        shown = np.unique(np.rint(np.linspace(0, n - 1, min(points, n))).astype(int))
        curves = np.moveaxis(self.smoothed(smooth)[:, parts][..., shown], 3, 1)
        flat = curves.reshape(*curves.shape[:2], -1)  # (M, episodes, runs)
        ends = bootstrap_iqm(curves, level=level, resamples=resamples, seed=0)
        columns = {"iqm": interquartile_mean(flat), "low": ends[0], "high": ends[1]}
        over = shown >= self.finished[:, parts].max(axis=(1, 2))[:, None]
        index = pd.MultiIndex.from_product([self.methods, shown + 1], names=["method", "episode"])
        return pd.DataFrame(
            {name: np.where(over, np.nan, each).ravel() for name, each in columns.items()}, index
        ).reset_index()

    def save(self, path: str | Path) -> None:
        """Write the comparison to a file, which `Comparison.load` reads.

        The file is an npz archive of arrays with JSON beside them, without pickles, and holds the
        result of each method on each problem.  It is written whole, or not at all.

        Parameters
        ----------
        path
            Name of the file, by custom ending in ``.npz``.

        Raises
        ------
        ValueError
            If it can't be written.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> import banditkit as bk
        >>> grid = bk.GridWorld("S..G", limit=20)
        >>> comparison = bk.compare(grid, {"a": bk.Sarsa()}, episodes=5, seeds=2, seed=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     comparison.save(Path(folder) / "comparison.npz")
        ...     again = bk.Comparison.load(Path(folder) / "comparison.npz")
        >>> bool((again.returns == comparison.returns).all()) and again.picked == comparison.picked
        True
        """
        write_whole({Path(path): self._write})

    def _write(self, file: BinaryIO) -> None:
        """Write the bytes of `save` to an open file: those of each result are an array of it."""
        tables: dict[str, np.ndarray] = {}
        arrays: dict[str, np.ndarray] = {}
        entries = []
        for i, key in enumerate(self.results):
            choice, bytes_ = self.choices[key], io.BytesIO()
            self.results[key].write(bytes_)
            arrays |= {
                f"result {i}": np.frombuffer(bytes_.getvalue(), dtype=np.uint8),
                f"auc {i}": choice.auc,
            }
            candidates = [
                {
                    "name": each.name,
                    "problem": to_plain(each.problem, tables),
                    "learner": to_plain(each.learner, tables),
                }
                for each in choice.candidates
            ]
            entries.append({"key": key, "candidates": candidates, "seed": choice.seed})
        words = {
            "format": _FORMAT,
            "methods": self.methods,
            "problems": self.problems,
            "entries": entries,
            "seed": self.seed,
            "discounted": self.discounted,
        }
        np.savez_compressed(
            file,
            words=np.array(json.dumps(words)),
            **tables | arrays,  # type: ignore[arg-type]
        )

    @classmethod
    def load(cls, path: str | Path) -> "Comparison":
        """Read a comparison that was saved with `save`.

        Learners and problems of banditkit come back as they were; of a class of somebody's own only
        its words come back.

        Parameters
        ----------
        path
            Name of the file.

        Raises
        ------
        ValueError
            If the file is missing, damaged, or not a comparison.
        """
        return read_whole(path, cls._read, "comparison")

    @classmethod
    def _read(cls, file: BinaryIO) -> "Comparison":
        """Read what `_write` wrote."""
        words, tables = open_archive(file, _FORMAT)
        results, choices = {}, {}
        for i, entry in enumerate(words["entries"]):
            method, problem = entry["key"]
            results[method, problem] = read_result(io.BytesIO(tables[f"result {i}"].tobytes()))
            candidates = tuple(
                Candidate(
                    each["name"],
                    from_plain(each["problem"], tables),
                    from_plain(each["learner"], tables),
                )
                for each in entry["candidates"]
            )
            choices[method, problem] = Choice(candidates, tables[f"auc {i}"], entry["seed"])
            if not choices[method, problem].fits():
                raise ValueError(f"its candidates of {method!r} do not fit together")
        methods, problems = tuple(words["methods"]), tuple(words["problems"])
        if sorted(results) != sorted((m, p) for m in methods for p in problems):
            raise ValueError("it does not have one result of each method on each problem")
        read = cls(methods, problems, results, choices, words["seed"], words["discounted"])
        if read.returns.ndim != 4 or read.diverged.shape != read.returns.shape[:3]:
            raise ValueError("its results do not fit together")
        return read

    def _repr_html_(self) -> str:
        """Show the table in a notebook."""
        table = self.table().to_html(float_format="{:.4g}".format)
        return f"<p>{html.escape(repr(self)[1:-1])}</p>{table}"

    def __repr__(self) -> str:
        M, P, R, n = self.returns.shape
        words = (
            _counted(M, "method"), _counted(P, "problem"), _counted(R, "seed"),
            _counted(n, "episode"),
        )  # fmt: skip
        return f"<Comparison: {', '.join(words)}>"


def _counted(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def diverged_runs(result: Result, i: int = 0) -> np.ndarray:
    """Return whether each run of a learner diverged, shape (R,)."""
    over = np.isfinite(result.logs["steps"][i])
    diverged = (over & ~np.isfinite(result.logs["return"][i])).any(axis=1)
    diverged |= ~np.isfinite(result.regret[i]).all(axis=1)
    if "diverged" in result.logs:
        told = np.nan_to_num(result.logs["diverged"][i]).reshape(diverged.size, -1)
        diverged |= (told != 0.0).any(axis=1)
    return np.asarray(diverged)


def mean_of_finished(returns: np.ndarray, length: int | None = None) -> np.ndarray:
    """Return the mean of the (last) finite returns of each run, nan where there is none."""
    over = np.isfinite(returns)
    if length is not None:
        over &= over[..., ::-1].cumsum(axis=-1)[..., ::-1] <= length
    counts = over.sum(axis=-1)
    with np.errstate(over="ignore"):
        means = np.where(over, returns, 0.0).sum(axis=-1) / np.maximum(counts, 1)
    return np.where((counts > 0) & np.isfinite(means), means, np.nan)


def _worst_for_nan(values: np.ndarray, axis: Any = None) -> np.ndarray:
    """Return values with the lowest one along the axes in place of nan; nan if all of them are."""
    holes = np.isnan(values)
    worst = np.where(holes, np.inf, values).min(axis=axis, keepdims=True, initial=np.inf)
    return np.where(holes, np.where(np.isfinite(worst), worst, np.nan), values)


def _decaying_mean(returns: np.ndarray, factor: float) -> np.ndarray:
    """Return means up to each episode, in which the past counts less and less; nan is no news."""
    means = np.empty_like(returns)
    total, weight = np.zeros((2, *returns.shape[:-1]))
    for n in range(returns.shape[-1]):
        news = np.isfinite(returns[..., n])
        total = np.where(news, factor * total + np.where(news, returns[..., n], 0.0), total)
        weight = np.where(news, factor * weight + 1.0, weight)
        means[..., n] = np.where(weight > 0.0, total / np.maximum(weight, 1.0), np.nan)
    return means
