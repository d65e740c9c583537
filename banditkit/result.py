"""What a simulation leaves: regret of each learner, in each replication, at each time."""

import html
import json
import platform
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np

from banditkit import __version__
from banditkit.catalogue import descriptions
from banditkit.core.description import Description, Learner, Problem
from banditkit.core.spec import Arms
from banditkit.files import write_whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Foreign", "Result", "load"]

_FORMAT = "banditkit result 1"
_LOG = "log "  # before the name of a log in a file

T = TypeVar("T")


@dataclass(frozen=True, repr=False)
class Foreign(Learner, Problem):
    """Stands in a loaded result for a class of somebody's own: only its words were saved."""

    words: str

    def __repr__(self) -> str:
        return self.words

    @property
    def spec(self) -> Arms:
        """Unknown."""
        raise ValueError(f"{self.words} is not a class of banditkit; only its words were saved")

    def start(self, *_: Any) -> Any:
        """Unknown."""
        return self.spec


@dataclass(frozen=True, eq=False)
class Result:
    """Regret of learners on a problem; what `banditkit.simulate` returns.

    Parameters
    ----------
    problem : Problem
        What was played.
    learners : tuple of Learner, length L
        Who played.
    names : tuple of str, length L
        What they are called.
    horizon : int
        Number of rounds T that the learners were told.
    times : array of int64, shape (m,)
        Rounds after which regret was written down, increasing.
    regret : array of float64, shape (L, R, m)
        Sum of the gaps up to that time, of learner l in replication r, in units of reward (or
        cost).  With IID arms it is pseudo-regret, which compares means rather than luck; with tapes
        of costs hindsight regret, unless the problem names another.
    seed : int
        What makes the same numbers again.
    seconds : array of float64, shape (L,)
        Time spent on each learner, summed over the workers.
    versions : dict
        Versions of what was at work.
    logs : dict of arrays, shape (L, R, ...)
        What the problem wrote down beside regret, by name; for instance of each episode, by
        `Episodes`.

    Examples
    --------
    >>> import banditkit as bk
    >>> arms = bk.Bernoulli((0.4, 0.6))
    >>> result = bk.simulate(arms, [bk.UCB1(), bk.Greedy()], horizon=100, replications=10, seed=0)
    >>> result.to_frame().columns.tolist()
    ['learner', 'replication', 'time', 'regret']
    """

    problem: Problem
    learners: tuple[Learner, ...]
    names: tuple[str, ...]
    horizon: int
    times: np.ndarray
    regret: np.ndarray
    seed: int
    seconds: np.ndarray
    versions: Mapping[str, str]
    logs: Mapping[str, np.ndarray] = field(default_factory=dict)

    def mean(self) -> np.ndarray:
        """Return the mean over replications, shape (L, m)."""
        return self.regret.mean(axis=1)

    def stderr(self) -> np.ndarray:
        """Return the standard error of the mean, shape (L, m); nan for a single replication."""
        count = self.regret.shape[1]
        if count < 2:
            return np.full(self.mean().shape, np.nan)
        return self.regret.std(axis=1, ddof=1) / np.sqrt(count)

    def quantiles(self, levels: Any = (0.05, 0.5, 0.95)) -> np.ndarray:
        """Return quantiles over replications, shape (number of levels, L, m).

        Parameters
        ----------
        levels : sequence of float
            Levels in [0, 1].

        Raises
        ------
        ValueError
            If a level leaves [0, 1].
        """
        levels = np.atleast_1d(np.asarray(levels, dtype=float))
        if not ((levels >= 0) & (levels <= 1)).all():
            raise ValueError(f"quantile levels must lie in [0, 1]; got {levels.tolist()}")
        return np.quantile(self.regret, levels, axis=1)

    def summary(self) -> "pd.DataFrame":
        """Return a table of regret at the last time, a row per learner, to be read.

        Its columns, to five significant digits, are the mean and its standard error, the 5, 50
        and 95 % quantiles over replications, all in units of reward, and nanoseconds a round.
        """
        import pandas as pd

        low, median, high = self.quantiles()[..., -1]
        rounds = self.regret.shape[1] * float(self.times[-1])
        columns = {
            "mean": self.mean()[:, -1],
            "stderr": self.stderr()[:, -1],
            "5%": low,
            "50%": median,
            "95%": high,
            "ns/round": 1e9 * self.seconds / rounds,
        }
        noise = 1e-12 * np.abs(self.regret[..., -1]).max()  # of summation
        rounded = {
            name: [0.0 if abs(x) <= noise else float(f"{x:.5g}") for x in column]
            for name, column in columns.items()
        }
        return pd.DataFrame(rounded, index=pd.Index(self.names, name="learner"))

    def to_frame(self) -> "pd.DataFrame":
        """Return a tidy table, a row per learner, replication and time.

        Its columns are learner, replication, time (rounds) and regret (units of reward).
        """
        import pandas as pd

        axes = [self.names, range(self.regret.shape[1]), self.times]
        index = pd.MultiIndex.from_product(axes, names=["learner", "replication", "time"])
        return pd.DataFrame({"regret": self.regret.ravel()}, index=index).reset_index()

    def curves(self) -> "pd.DataFrame":
        """Return a tidy table without the replications, a row per learner and time.

        Its columns are learner, time (rounds), and in units of reward mean, stderr, and the
        quantiles 5%, 50% and 95% over replications.
        """
        import pandas as pd

        index = pd.MultiIndex.from_product([self.names, self.times], names=["learner", "time"])
        low, median, high = self.quantiles()
        columns = {
            "mean": self.mean(),
            "stderr": self.stderr(),
            "5%": low,
            "50%": median,
            "95%": high,
        }
        flat = {name: column.ravel() for name, column in columns.items()}
        return pd.DataFrame(flat, index=index).reset_index()

    def save(self, path: str | Path) -> None:
        """Write the result to a file, which `banditkit.load` reads.

        The file is an npz archive of arrays with JSON beside them, without pickles.  It is
        written whole, or not at all.

        Parameters
        ----------
        path
            Name of the file, by custom ending in ``.npz``.

        Raises
        ------
        ValueError
            If it can't be written.
        """
        write_whole({Path(path): self.write})

    def write(self, file: BinaryIO) -> None:
        """Write the bytes of `save` to an open file."""
        tables: dict[str, np.ndarray] = {}
        words = {
            "format": _FORMAT,
            "problem": to_plain(self.problem, tables),
            "learners": [to_plain(learner, tables) for learner in self.learners],
            "names": self.names,
            "horizon": self.horizon,
            "seed": self.seed,
            "versions": dict(self.versions),
        }
        np.savez_compressed(
            file,
            words=np.array(json.dumps(words)),
            times=self.times,
            regret=self.regret,
            seconds=self.seconds,
            **tables,  # type: ignore[arg-type]
            **{_LOG + name: log for name, log in self.logs.items()},  # type: ignore[arg-type]
        )

    def _repr_html_(self) -> str:
        """Show the summary in a notebook."""
        learners, replications, _ = self.regret.shape
        title = (
            f"{learners} learners on {self.problem!r}, horizon {self.horizon:,}, "
            f"{replications} replications, seed {self.seed}"
        )
        return f"<p>{html.escape(title)}</p>{self.summary().to_html(float_format='{:.4g}'.format)}"

    def __repr__(self) -> str:
        learners, replications, times = self.regret.shape
        return (
            f"<Result: {learners} learners, {replications} replications, {times} times up to "
            f"{self.times[-1]}, on {self.problem!r}>"
        )


def load(path: str | Path) -> Result:
    """Read a result that was saved with `Result.save`.

    Learners and problems of banditkit come back as they were; of a class of somebody's own only
    its words come back.

    Parameters
    ----------
    path
        Name of the file.

    Raises
    ------
    ValueError
        If the file is missing, damaged, or not a result.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import banditkit as bk
    >>> result = bk.simulate(bk.Bernoulli((0.4, 0.6)), [bk.UCB1()], horizon=100, seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result.save(Path(folder) / "result.npz")
    ...     again = bk.load(Path(folder) / "result.npz")
    >>> (again.regret == result.regret).all() and again.learners == result.learners
    True
    """
    return read_whole(path, read_result, "result")


def read_result(file: BinaryIO) -> Result:
    """Read what `Result.write` wrote."""
    words, tables = open_archive(file, _FORMAT)
    arrays = {name: tables.pop(name) for name in ("times", "regret", "seconds")}
    shape = (len(words["names"]), arrays["regret"].shape[1], arrays["times"].size)
    logs = {name[len(_LOG) :]: tables.pop(name) for name in [*tables] if name.startswith(_LOG)}
    shapes = [log.shape[:2] for log in logs.values()]
    fitting = arrays["regret"].shape == shape and all(each == shape[:2] for each in shapes)
    if not fitting or arrays["seconds"].shape != shape[:1]:
        raise ValueError("its arrays do not fit together")
    problem = from_plain(words["problem"], tables)
    learners = tuple(from_plain(each, tables) for each in words["learners"])
    if len(learners) != shape[0] or not all(isinstance(each, Learner) for each in learners):
        raise ValueError("its learners are not learners")
    if not isinstance(problem, Problem):
        raise ValueError("its problem is not a problem")
    return Result(
        problem=problem,
        learners=learners,
        names=tuple(words["names"]),
        horizon=words["horizon"],
        seed=words["seed"],
        versions=words["versions"],
        logs=logs,
        **arrays,
    )


def read_whole(path: str | Path, read: Callable[[BinaryIO], T], what: str) -> T:
    """Return what `read` makes of a file, or raise a ValueError that says what is wrong with it."""
    try:
        with Path(path).open("rb") as file:
            return read(file)
    except FileNotFoundError:
        raise ValueError(f"there is no file {path}") from None
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror or error}") from None
    except Exception as error:  # whatever zipfile, zlib, NumPy and JSON say of a damaged file
        fault = f"it lacks {error}" if isinstance(error, KeyError) else error
        raise ValueError(
            f"{path} is not a {what} of banditkit, or damaged ({fault}); "
            f"save it anew with {what.title()}.save"
        ) from None


def open_archive(file: BinaryIO, form: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return words and arrays of an archive, if it is one of this format."""
    if not zipfile.is_zipfile(file):
        raise ValueError("it is not an npz archive")
    file.seek(0)
    with np.load(file, allow_pickle=False) as archive:
        tables = dict(archive)
    words = json.loads(str(tables.pop("words")))
    if words["format"] != form:
        raise ValueError(f"its format is {words['format']!r}, not {form!r}")
    return words, tables


def versions() -> dict[str, str]:
    """Return the versions of what computes."""
    packages = {name: version(name) for name in ("numba", "numpy")}
    return {"banditkit": __version__, "python": platform.python_version(), **packages}


def to_plain(value: Any, tables: dict[str, np.ndarray]) -> Any:
    """Return a description as words and numbers that JSON knows; arrays go into `tables`."""
    if isinstance(value, Foreign) or (
        isinstance(value, Description)
        and descriptions().get(type(value).__name__) is not type(value)
    ):
        return {"class": None, "words": repr(value)}
    if isinstance(value, Description):
        values = {each.name: to_plain(getattr(value, each.name), tables) for each in fields(value)}
        if any(map(_in_words, values.values())):
            return {"class": None, "words": repr(value)}  # what is around it may refuse words
        return {"class": type(value).__name__, **values}
    if isinstance(value, tuple) and any(isinstance(each, Description) for each in value):
        parts = [to_plain(each, tables) for each in value]
        return {"class": None, "words": repr(value)} if any(map(_in_words, parts)) else parts
    if isinstance(value, np.ndarray):
        name = f"table{len(tables)}"
        tables[name] = value
        return {"table": name}
    if hasattr(value, "indptr"):  # a sparse matrix, by rows
        parts = [to_plain(part, tables) for part in (value.data, value.indices, value.indptr)]
        return {"sparse": parts, "shape": value.shape}
    if not isinstance(value, str | int | float | tuple | list | None):  # somebody's regressor
        return {"class": None, "words": repr(value)}
    return value


def _in_words(plain: Any) -> bool:
    """Tell whether something could only be written down as what it is called."""
    return isinstance(plain, dict) and "words" in plain


def from_plain(value: Any, tables: Mapping[str, np.ndarray]) -> Any:
    """Return what `to_plain` made words of."""
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return [from_plain(each, tables) for each in value]
    if not isinstance(value, dict):
        return value
    if "class" not in value and "table" in value:
        return tables[value["table"]]
    if "class" not in value:
        from scipy.sparse import csr_array

        parts = tuple(from_plain(part, tables) for part in value["sparse"])
        return csr_array(parts, shape=value["shape"])
    values = {name: from_plain(each, tables) for name, each in value.items() if name != "class"}
    if value["class"] is None:
        return Foreign(**values)
    return descriptions()[value["class"]](**values)
