"""The process in which a student's code runs: ``python -P -m banditkit.course.worker``.

It reads what to do from its standard input, and tells a line of JSON of each cell that it begins
and of each verdict.  Whatever the code does, at worst it costs this process: the one that started
it goes on with the next exercise in a new one.
"""

import io
import json
import linecache
import os
import re
import sys
import tempfile
import types
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from banditkit.course.exercises import Exercise, Verdict, one_line, said

__all__ = ["main"]

_MANY_LETTERS = 1_000_000  # printed letters from which on it is reported
_CACHES = {"__pycache__", "numba", "matplotlib", "fontconfig"}
_NETWORK = {"socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind"}
_PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"}
_CHANGES = {
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.truncate",
    "os.link",
    "os.symlink",
}


class _Sink(io.TextIOBase):
    """A stream that counts what is printed, and forgets it."""

    def __init__(self) -> None:
        self.letters = 0

    def write(self, text: str) -> int:
        self.letters += len(text)
        return len(text)


class _Watcher:
    """Sees what code does beyond computing: an audit hook, which Python calls."""

    def __init__(self, folder: Path, isolate: bool) -> None:
        self.isolate, self.looking = isolate, False
        self.notes = dict[str, None]()  # in the order in which they came
        self.allowed = [folder, Path(tempfile.gettempdir()), Path(sys.prefix), Path("/dev/null")]

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.looking:
            return
        if event in _NETWORK:
            self._note("opens the network")
        elif event in _PROGRAMS:
            self._note("starts another program")
        elif event == "open" and _writes(arguments) and self._strange(arguments[0]):
            self._note(f"writes outside its folder ({arguments[0]})")
        elif event in _CHANGES and any(map(self._strange, arguments[:2])):
            self._note(f"changes files outside its folder ({arguments[0]})")

    def _note(self, what: str) -> None:
        self.notes[what] = None
        if self.isolate:
            raise PermissionError(f"this answer {what}, which is not allowed here")

    def _strange(self, path: Any) -> bool:
        """Tell whether a path is one that is none of an answer's business."""
        if not isinstance(path, str | bytes | os.PathLike):
            return False  # something that is open already
        place = Path(os.path.realpath(os.fsdecode(path)))  # resolve() would call this hook again
        if _CACHES & set(place.parts):
            return False
        return not any(place.is_relative_to(each) for each in self.allowed)


def _writes(arguments: tuple[Any, ...]) -> bool:
    """Tell whether a file is opened to be written."""
    mode, flags = arguments[1], arguments[2]
    if isinstance(mode, str):
        return bool(set("wax+") & set(mode))
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def main() -> None:
    """Run cells and judge exercises, as the request on the standard input says."""
    request = json.load(sys.stdin)
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # what is printed below Python goes nowhere, too
        os.dup2(nowhere, stream)
    sys.stdout = sys.stderr = sink = _Sink()

    def tell(**words: Any) -> None:
        channel.write(json.dumps({**words, "token": request["token"]}) + "\n")
        channel.flush()

    sys.path.append(request["folder"])  # last: a student's numpy.py must not stand for NumPy
    exercises = _exercises(request["chapter"], request["exercises"])
    watcher = _Watcher(Path(os.path.realpath(request["folder"])), request["isolate"])
    _limit_memory(request["memory"])
    sys.addaudithook(watcher)
    tell(ready=True)
    student = _Student(request["cells"], request["stopped"], {each.name for each in exercises})
    for number, code in student.cells:
        tell(cell=number)
        with _watched(watcher, sink) as notes:
            student.run(number, code)
        student.notes[number] = notes
    for exercise in exercises:
        tell(exercise=exercise.slug)
        with _watched(watcher, sink) as notes:
            verdict = student.answer(exercise, request["seed"])
        every = dict.fromkeys([*student.notes_on(exercise.name), *notes])
        tell(verdict=verdict.right, line=verdict.line, notes=list(every))
    os._exit(0)  # whatever threads are left


@contextmanager
def _watched(watcher: _Watcher, sink: _Sink) -> Iterator[list[str]]:
    """Watch what is done in this context, and write it down."""
    notes: list[str] = []
    sink.letters, watcher.looking = 0, True
    watcher.notes.clear()
    yield notes
    watcher.looking = False
    notes += watcher.notes
    if sink.letters > _MANY_LETTERS:
        notes.append(f"prints {sink.letters / 1e6:.0f} million letters")


def _exercises(key: str, slugs: list[str]) -> list[Exercise]:
    """Return the exercises, with what they import: memory is limited for answers, not for it."""
    from banditkit.course.contents import chapter

    import_module("banditkit.watching")  # and with it NumPy and Numba
    known = {exercise.slug: exercise for exercise in chapter(key).exercises}
    return [known[slug] for slug in slugs]


def _limit_memory(gigabytes: float) -> None:
    """Let this process take so much memory more than it has, where the system can say so."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):  # Windows, macOS
        return
    most = pages * resource.getpagesize() + int(gigabytes * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


class _Student:
    """The cells of a student, and what they define."""

    def __init__(
        self, cells: list[tuple[int, str]], stopped: dict[str, str], asked: set[str]
    ) -> None:
        self.all, self.asked = cells, asked
        self.notes = dict[int, list[str]]()  # of each cell, on what it did beyond computing
        self.failed = {int(number): why for number, why in stopped.items()}
        self.cells = [each for each in cells if each[0] not in self.failed]
        # classes that cells define say that they come from __main__, as in a notebook
        self.main = types.ModuleType("__main__")
        sys.modules["__main__"] = self.main

    def run(self, number: int, code: str) -> None:
        """Run a cell; if it fails, remember why."""
        file = f"<cell {number}>"
        linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
        try:
            exec(compile(code, file, "exec"), self.main.__dict__)
        except SystemExit:
            self.failed[number] = "calls exit()"
        except SyntaxError as error:
            line = f" (line {error.lineno}: {(error.text or '').strip()})"
            self.failed[number] = f"is no Python: {error.msg}{line}"
        except BaseException as error:
            self.failed[number] = said(error)

    def answer(self, exercise: Exercise, seed: int | None) -> Verdict:
        """Return the verdict on an exercise."""
        name, missing = exercise.name, object()
        answer = self.main.__dict__.get(name, missing)
        if answer is not missing:
            try:
                return exercise.judge(answer, seed)
            except BaseException as error:  # what no answer should raise
                return Verdict(exercise.slug, False, one_line(f"{name} {said(error)}"))
        for number, code in reversed(self.all):
            if number in self.failed and name in _defined(code):
                line = f"cell {number}, which defines {name}, {self.failed[number]}"
                return Verdict(exercise.slug, False, one_line(line))
        return Verdict(exercise.slug, False, f"no cell defines {name}")

    def notes_on(self, name: str) -> Iterator[str]:
        """Yield the notes on cells that define a name, or that define no answer at all."""
        for number, code in self.cells:
            answers = _defined(code) & self.asked
            if name in answers or not answers:
                yield from self.notes[number]


def _defined(code: str) -> set[str]:
    """Return the names that a cell defines, even if it is no Python."""
    found = re.findall(r"^(?:def|class)\s+(\w+)|^(\w+)\s*=[^=]", code, flags=re.MULTILINE)
    return {name for pair in found for name in pair if name}


if __name__ == "__main__":
    main()
