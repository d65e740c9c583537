"""Judging files of students: each in a process of its own, with limits of time and memory."""

import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from banditkit.core.checks import flag, number, whole
from banditkit.course.checking import JUDGED
from banditkit.course.contents import chapter, exercise_of
from banditkit.course.exercises import Exercise, one_line, printable
from banditkit.course.notebooks import Handed, read
from banditkit.files import write_whole

__all__ = ["Graded", "Limits", "grade", "judge", "write_csv"]

_GLANCE = 0.25  # seconds between two looks whether to go on
_PATIENCE = 120.0  # seconds that a process may take to begin, on a machine that is busy


@dataclass(frozen=True)
class Limits:
    """What an answer may take.

    Parameters
    ----------
    seconds : float, default 20
        Time for each cell and each exercise, 0.1 or more.
    memory : float, default 2
        Memory beyond what the library needs, and the size of each file that is written, in GiB,
        0.1 or more.  It is only kept where the system can: memory on Linux, files not on Windows.
    isolate : bool, default False
        Whether to forbid the network, other programs, and writing outside the file's folder, as far
        as Python sees them; otherwise they are reported.  It is no wall against an attacker: for
        that, grade in a container.

    Raises
    ------
    ValueError
        If a number leaves its range.
    """

    seconds: float = 20.0
    memory: float = 2.0
    isolate: bool = False

    def __post_init__(self) -> None:
        number("seconds", self.seconds, low=0.1)
        number("memory", self.memory, low=0.1)
        flag("isolate", self.isolate)


class Graded(NamedTuple):
    """A row: what there is to say of a student's answer to an exercise."""

    student: str
    chapter: str
    exercise: str
    right: bool
    line: str  # "right", or what is wrong
    notes: str  # what the code did beyond computing
    seconds: float


def judge(
    path: Path,
    slug: str | None = None,
    *,
    key: str | None = None,
    seed: int | None = None,
    limits: Limits | None = None,
) -> Iterator[Graded]:
    """Yield what there is to say of each exercise of a file, or of one of them.

    Parameters
    ----------
    path : Path
        A notebook, or a file of Python.
    slug : str, optional
        The exercise; without, all exercises of the chapter.
    key : str, optional
        The chapter, such as "ch01", for a file that does not say of which it is.
    seed : int, optional
        For instances that can be repeated, 0 or more; by default they are fresh.
    limits : Limits, optional
        What an answer may take.

    Raises
    ------
    ValueError
        If the file can't be read, its chapter isn't known, there is no such exercise, or the
        process that should judge it does not begin.
    """
    handed = read(path)
    if slug is not None:
        where, exercise = exercise_of(slug)
        task = _Task(handed, where.key, [exercise], _seed(seed), limits or Limits())
    else:
        task = _every_exercise(handed, key, _seed(seed), limits or Limits())
    yield from _rows(task, threading.Event())


class _Task(NamedTuple):
    """Which exercises of a file are to be judged, and how."""

    handed: Handed
    key: str
    exercises: list[Exercise]
    seed: int
    limits: Limits


def _every_exercise(handed: Handed, key: str | None, seed: int, limits: Limits) -> _Task:
    key = handed.chapter or key
    if key is None:
        raise ValueError(
            f"{handed.path.name} does not say of which chapter it is - name an exercise, or the "
            "chapter: --chapter ch01"
        )
    exercises = list(chapter(key).exercises)
    if not exercises:
        raise ValueError(f"{handed.path.name} is of chapter {key}, which has no exercises")
    return _Task(handed, key, exercises, seed, limits)


def _seed(seed: int | None) -> int:
    return secrets.randbits(32) if seed is None else whole("seed", seed, least=0)


def _rows(task: _Task, cancelled: threading.Event) -> Iterator[Graded]:
    """Yield a row for each exercise; a new process begins whenever one had to be stopped."""
    left, stopped = {each.slug: each for each in task.exercises}, dict[int, str]()
    while left and not cancelled.is_set():
        run = _Run(task._replace(exercises=list(left.values())), cancelled)
        try:
            run.hand_over(stopped)
            for row in run.rows():
                del left[row.exercise]
                yield row
        finally:
            run.end()
        if run.cell is not None:
            stopped[run.cell] = run.why
        elif run.exercise is not None:
            name = left.pop(run.exercise).name
            yield run.row(run.exercise, False, f"{name} {run.why}", [])
        elif left and not cancelled.is_set():
            raise ValueError(
                f"the process that should judge {task.handed.path.name} {run.why} - it may need "
                "more memory"
            )


class _Run:
    """A process that judges a file, until it is through or has to be stopped."""

    def __init__(self, task: _Task, cancelled: threading.Event) -> None:
        self.task, self.cancelled = task, cancelled
        self.cell: int | None = None  # what it was at when it stopped
        self.exercise: str | None = None
        self.why = ""
        self.began = time.monotonic()
        self.token = secrets.token_hex(16)
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "banditkit.course.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "MPLBACKEND": "agg", JUDGED: "1"},
                start_new_session=True,  # so that what it starts ends with it
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            why = error.strerror or error
            raise ValueError(
                f"can't start a process to judge {task.handed.path.name}: {why}"
            ) from None

    def hand_over(self, stopped: dict[int, str]) -> None:
        """Hand the process its request, in one line; at the end of the stream, it ends itself."""
        limits = self.task.limits
        request = {
            "token": self.token,
            "folder": str(self.task.handed.path.resolve().parent),
            "chapter": self.task.key,
            "exercises": [exercise.slug for exercise in self.task.exercises],
            "cells": self.task.handed.cells,
            "stopped": stopped,
            "seed": self.task.seed,
            "memory": limits.memory,
            "isolate": limits.isolate,
        }
        self.said: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        with suppress(BrokenPipeError):  # it is over already: `rows` will say so
            assert self.process.stdin is not None
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                try:
                    words = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                if isinstance(words, dict) and words.get("token") == self.token:
                    self.said.put(words)
        self.said.put(None)

    def rows(self) -> Iterator[Graded]:
        """Yield a row for each exercise; say in the end what it was at, if it was stopped."""
        patience, open_ones = _PATIENCE, {each.slug for each in self.task.exercises}
        while open_ones:
            try:
                words = self._next(patience)
            except queue.Empty:
                self.why = f"does not end within {patience:.3g} s"
                break
            if words is None:
                self.why = "ends the whole process: a crash, or os._exit"
                break
            patience = self.task.limits.seconds
            if "cell" in words:
                self.cell, self.began = words["cell"], time.monotonic()
            elif words.get("exercise") in open_ones:  # a fork tells everything again
                self.cell, self.exercise = None, words["exercise"]
                self.began = time.monotonic()
            elif "verdict" in words and self.exercise is not None:
                slug, self.exercise = self.exercise, None
                open_ones.remove(slug)
                yield self.row(slug, words["verdict"], words["line"], words["notes"])

    def _next(self, patience: float) -> dict[str, Any] | None:
        """Return what is said next; None if there will be no more."""
        deadline = time.monotonic() + patience
        while True:
            left = deadline - time.monotonic()
            try:
                return self.said.get(timeout=max(0.0, min(left, _GLANCE)))
            except queue.Empty:
                if self.cancelled.is_set():
                    return None
                if left <= 0.0:
                    raise

    def row(self, slug: str, right: bool, line: str, notes: Sequence[str]) -> Graded:
        """Return the row of an exercise."""
        seconds = round(time.monotonic() - self.began, 3)
        task = self.task
        return Graded(task.handed.path.stem, task.key, slug, right, line, "; ".join(notes), seconds)

    def end(self) -> None:
        """End the process, and what it has started."""
        if os.name == "posix":
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self.process.wait()
        with suppress(OSError):  # it may not have read all
            assert self.process.stdin is not None
            self.process.stdin.close()
        self.listener.join(timeout=1.0)  # longer only if something that it has started lives on


def grade(
    folder: Path,
    *,
    key: str | None = None,
    seed: int | None = None,
    limits: Limits | None = None,
    workers: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Graded]:
    """Return a row for each student and exercise: all notebooks in a folder, and in those in it.

    A student is called by the path of the file, without its ending.  All get the same instances.
    Whatever happens to one file, the others are judged.

    Parameters
    ----------
    folder : Path
        Where the notebooks are.
    key : str, optional
        The chapter, such as "ch01", of files that do not say of which they are.
    seed : int, optional
        For instances that can be repeated, 0 or more; by default they are fresh.
    limits : Limits, optional
        What an answer may take.
    workers : int, optional
        Files that are judged at a time, 1 or more; by default one for each processor.
    progress : callable, optional
        Called with a line whenever a file is through.

    Raises
    ------
    ValueError
        If there is no such folder, no notebook in it, or no such chapter.
    """
    workers = whole("workers", (os.cpu_count() or 1) if workers is None else workers, least=1)
    asked = chapter(key).exercises if key else ()
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() == ".ipynb"
        and not path.is_dir()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not paths:
        raise ValueError(f"there is no notebook (.ipynb) in {folder}")
    cancelled, rows = threading.Event(), list[Graded]()
    common, bounds = _seed(seed), limits or Limits()

    def judged(path: Path) -> list[Graded]:
        student = printable(path.relative_to(folder).with_suffix("").as_posix())
        try:
            task = _every_exercise(read(path), key, common, bounds)
            found = list(_rows(task, cancelled))
        except (ValueError, OSError, MemoryError) as error:
            slugs = [exercise.slug for exercise in asked] or [""]
            line = one_line(error)
            found = [Graded(student, key or "", slug, False, line, "", 0.0) for slug in slugs]
        return [row._replace(student=student) for row in found]

    with ThreadPoolExecutor(workers) as pool:
        try:
            for number, found in enumerate(pool.map(judged, paths), start=1):
                rows += found
                if progress:
                    right = sum(row.right for row in found)
                    name = found[0].student
                    progress(f"{number} of {len(paths)}: {name}, {right} of {len(found)} right")
        except BaseException:
            cancelled.set()
            pool.shutdown(cancel_futures=True)
            raise
    return rows


def write_csv(rows: Sequence[Graded], path: Path) -> None:
    """Write rows as a table with a line of names; a spreadsheet takes no cell for a formula.

    Raises
    ------
    ValueError
        If the file can't be written.
    """
    import pandas as pd

    table = pd.DataFrame(rows, columns=Graded._fields)
    words = ["student", "chapter", "exercise", "line", "notes"]
    table[words] = table[words].map(_harmless)
    table["right"] = table["right"].astype(int)
    write_whole({path: lambda file: table.to_csv(file, index=False)})


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell
