"""An experiment in words, from a TOML file or the command line, and what is written of it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO

from banditkit.catalogue import read_learner, read_problem
from banditkit.core.checks import nearest
from banditkit.core.description import Learner
from banditkit.files import folder_for_files, write_whole
from banditkit.plots import RegretDisplay
from banditkit.progress import Hook
from banditkit.result import Result
from banditkit.simulation import simulate
from banditkit.theory.bounds import Bound, bounds_of

__all__ = ["Experiment", "read_toml"]


@dataclass(frozen=True)
class Experiment:
    """The words of an experiment; by default the race of chapter 1.

    Parameters
    ----------
    problem : str
        Such as ``Bernoulli([0.4, 0.6])``.
    learners : list of str, or dict of names to str
        Such as ``UCB1`` or ``UCB1(exploration=0.5)``.
    horizon, replications, seed, times, workers
        As in `banditkit.simulate`.
    output : str
        Folder for the files.

    Examples
    --------
    >>> from banditkit.experiment import Experiment
    >>> Experiment(learners=["UCB1", "UCB1(exploration=0.5)"]).players()
    {'UCB1()': UCB1(), 'UCB1(exploration=0.5)': UCB1(exploration=0.5)}
    """

    problem: str = "Bernoulli([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])"
    learners: list[str] | dict[str, str] | tuple[str, ...] = (
        "ExploreFirst",
        "EpsilonGreedy",
        "SuccessiveElimination",
        "UCB1",
        "UCB1(exploration=0.5)",
        "KLUCB",
        "Thompson",
    )
    horizon: Any = 100_000
    replications: Any = 100
    seed: Any = 0
    times: Any = "log"
    workers: Any = None
    output: str = "results"

    def players(self) -> dict[str, Learner]:
        """Return the learners by name."""
        if isinstance(self.learners, Mapping):
            return {name: read_learner(words) for name, words in self.learners.items()}
        if not isinstance(self.learners, list | tuple):
            raise ValueError(f"learners must be a list of texts; got {self.learners!r}")
        players: dict[str, Learner] = {}
        for learner in map(read_learner, self.learners):
            if repr(learner) in players:
                raise ValueError(f"learners names {learner!r} twice")
            players[repr(learner)] = learner
        return players

    def run(self, progress: bool | Hook | None = None) -> Result:
        """Simulate, and write regret.png, regret.csv and result.npz into the output folder.

        Raises
        ------
        ValueError
            If a word makes no sense, or the folder can't be written: before anything is played.
            Files of an earlier run are replaced when all is done, all three or none.
        """
        problem, players = read_problem(self.problem), self.players()
        if not isinstance(self.output, str) or not self.output or "\0" in self.output:
            raise ValueError(f"output must be the name of a folder; got {self.output!r}")
        with folder_for_files(Path(self.output)) as folder:
            result = simulate(
                problem,
                players,
                horizon=self.horizon,
                replications=self.replications,
                seed=self.seed,
                times=self.times,
                workers=self.workers,
                progress=progress,
            )
            write_whole(
                {
                    folder / "regret.png": lambda file: _draw(result, file),
                    folder / "regret.csv": lambda file: result.curves().to_csv(file, index=False),
                    folder / "result.npz": result.write,
                }
            )
        return result


def read_toml(path: str) -> dict[str, Any]:
    """Return the words of an experiment file, which has the names of `Experiment`'s fields.

    Raises
    ------
    ValueError
        If the file can't be read, is not TOML, or has a word that is not known.
    """
    try:
        words = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not TOML: {error}") from None
    except ValueError as error:  # of the path: a null byte
        raise ValueError(f"{path!r} can't be read: {error}") from None
    known = [field.name for field in fields(Experiment)]
    for word in words:
        if word not in known:
            raise ValueError(f"{path} has an unknown key {word!r}; {nearest(word, known)}")
    return words


def table(result: Result) -> str:
    """Return regret at the last time, the theorem's bound and the speed, a line per learner."""
    time = int(result.times[-1])
    header = ("learner", f"regret at t = {time:,}", "bound", "theorem", "rounds/s")
    rows = [header]
    rounds = result.regret.shape[1] * time
    means, errors = result.mean()[:, -1], result.stderr()[:, -1]
    for i, (name, learner) in enumerate(zip(result.names, result.learners, strict=True)):
        error = f" +- {_short(errors[i])}" if result.regret.shape[1] > 1 else ""
        bound = _tightest(bounds_of(learner, result.problem, result.horizon), time)
        value = "" if bound is None else _short(bound.curve(time))
        theorem = "" if bound is None else bound.theorem
        if bound is not None and not bound.from_above:
            theorem += ", from below in the long run"
        speed = f"{rounds / result.seconds[i]:.2g}"
        rows.append((name, f"{_short(means[i])}{error}", value, theorem, speed))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = (True, False, False, True, False)
    return "\n".join(
        "  ".join(
            word.ljust(width) if is_left else word.rjust(width)
            for word, width, is_left in zip(row, widths, left, strict=True)
        ).rstrip()
        for row in rows
    )


def _short(value: Any) -> str:
    """Write a regret: whole from 1,000 on, else to three digits, noise of summation as 0."""
    value = float(value)
    return f"{value:,.0f}" if value >= 1000 else f"{0.0 if value < 1e-9 else value:.3g}"


def _tightest(bounds: list[Bound], time: int) -> Bound | None:
    """Return the lowest bound from above, else one from below, if there is any."""
    return min(bounds, key=lambda bound: (not bound.from_above, bound.curve(time)), default=None)


def _draw(result: Result, file: BinaryIO) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.5), layout="constrained")
    FigureCanvasAgg(figure)
    RegretDisplay.from_result(result).plot(figure.subplots(), bounds=True)
    figure.savefig(file, format="png", dpi=150)
