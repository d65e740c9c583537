"""The process in which a student's code runs: ``python -P -m banditkit.course.worker``.

It reads what to do from its standard input, and tells a line of JSON of each cell that it begins
and of each verdict.  Whatever the code does, at worst it costs this process: the one that started
it goes on with the next exercise in a new one.  If that one is gone, its input ends, and it ends.
"""

import __future__

import ast
import asyncio
import inspect
import io
import json
import linecache
import os
import re
import signal
import sys
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import gettempdir
from typing import Any, TextIO

from banditkit.course.exercises import Exercise, Verdict, one_line, said

__all__ = ["main"]

_MANY_LETTERS = 1_000_000  # printed letters from which on it is reported
_CACHES = {"numba", "matplotlib", "fontconfig"}
_NETWORK = {"socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind"}
_PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"}
_SIGNALS = {"os.kill", "os.killpg"}
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
        self.notes = dict[str, str]()  # the first of each kind, in the order in which they came
        self.folder = folder
        caches = os.environ.get("NUMBA_CACHE_DIR", gettempdir())
        places = (gettempdir(), os.devnull, caches)
        self.elsewhere = [Path(os.path.realpath(each)) for each in places]
        self.installed = Path(os.path.realpath(sys.prefix))

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.looking:
            return
        if event in _NETWORK:
            self._note("opens the network")
        elif event in _PROGRAMS:
            self._note("starts another program")
        elif event == "open" and _writes(arguments) and self._strange(arguments[0]):
            self._note("writes outside its folder", arguments[0])
        elif event in _CHANGES and any(map(self._strange, arguments[:2])):
            self._note("changes files outside its folder", arguments[0])
        elif event in _SIGNALS and arguments[0] != os.getpid():
            self._note("sends a signal to another process")

    def _note(self, what: str, file: Any = None) -> None:
        note = what if file is None else one_line(f"{what} ({file})")
        self.notes.setdefault(what, note)
        if self.isolate:
            raise PermissionError(f"this answer {note}, which is not allowed here")

    def _strange(self, path: Any) -> bool:
        """Tell whether a path is one that is none of an answer's business."""
        if not isinstance(path, str | bytes | os.PathLike):
            return False  # something that is open already
        place = Path(os.path.realpath(os.fsdecode(path)))  # resolve() would call this hook again
        if place.suffix == ".ipynb":
            return True  # in a folder of many students, those of others are there, too
        if "__pycache__" in place.parts or place.is_relative_to(self.folder):
            return False
        if place.is_relative_to(self.installed):
            return True
        return not (_CACHES & set(place.parts) or any(map(place.is_relative_to, self.elsewhere)))


def _writes(arguments: tuple[Any, ...]) -> bool:
    """Tell whether a file is opened to be written."""
    mode, flags = arguments[1], arguments[2]
    if isinstance(mode, str):
        return bool(set("wax+") & set(mode))
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def main() -> None:
    """Run cells and judge exercises, as the request on the standard input says."""
    orders = os.fdopen(os.dup(0), encoding="utf-8")
    request = json.loads(orders.readline())
    threading.Thread(target=_end_with, args=(orders,), daemon=True).start()
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
    os.chdir(request["folder"])
    _limit(int(min(request["memory"] * 2**30, 2**62)))
    sys.dont_write_bytecode = True  # of files beside the student's
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


def _end_with(orders: TextIO) -> None:
    """End when the process that started this one does, even if it was killed."""
    orders.read()
    if os.name == "posix":
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


@contextmanager
def _watched(watcher: _Watcher, sink: _Sink) -> Iterator[list[str]]:
    """Watch what is done in this context, and write it down."""
    notes: list[str] = []
    sink.letters, watcher.looking = 0, True
    watcher.notes.clear()
    yield notes
    watcher.looking = False
    notes += watcher.notes.values()
    if sink.letters > _MANY_LETTERS:
        notes.append(f"prints {sink.letters / 1e6:.0f} million letters")


def _exercises(key: str, slugs: list[str]) -> list[Exercise]:
    """Return the exercises, with what they import: memory is limited for answers, not for it."""
    from banditkit.course.contents import chapter

    import_module("banditkit.watching")  # and with it NumPy and Numba
    known = {exercise.slug: exercise for exercise in chapter(key).exercises}
    return [known[slug] for slug in slugs]


def _limit(most: int) -> None:
    """Let this process take so many bytes more than it has, and in a file, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return

    def lower(kind: int, limit: int) -> None:
        already = resource.getrlimit(kind)[1]
        limit = limit if already == resource.RLIM_INFINITY else min(limit, already)
        resource.setrlimit(kind, (limit, limit))

    lower(resource.RLIMIT_CORE, 0)  # a crash leaves no file behind
    lower(resource.RLIMIT_FSIZE, most)
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:  # macOS
        return
    lower(resource.RLIMIT_AS, pages * resource.getpagesize() + most)


class _Student:
    """The cells of a student, and what they define."""

    def __init__(
        self, cells: list[tuple[int, str]], stopped: dict[str, str], asked: set[str]
    ) -> None:
        self.all, self.asked = cells, asked
        self.origin = dict[str, int]()  # of each answer, the cell that has defined it
        self.notes = dict[int, list[str]]()  # of each cell, on what it did beyond computing
        self.failed = {int(number): why for number, why in stopped.items()}
        self.cells = [each for each in cells if each[0] not in self.failed]
        # classes that cells define say that they come from __main__, as in a notebook
        self.main = types.ModuleType("__main__")
        sys.modules["__main__"] = self.main
        self.flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # as notebooks do

    def run(self, number: int, code: str) -> None:
        """Run a cell; if it fails, remember why."""
        file = f"<cell {number}>"
        earlier = dict(self.main.__dict__)
        linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
        try:
            made = compile(code, file, "exec", self.flags, dont_inherit=True)
            self.flags |= made.co_flags & __future__.annotations.compiler_flag  # for later cells
            if inspect.iscoroutine(waiting := eval(made, self.main.__dict__)):
                asyncio.run(waiting)
        except SystemExit:
            self.failed[number] = "calls exit()"
        except SyntaxError as error:
            line = f" (line {error.lineno}: {(error.text or '').strip()})"
            self.failed[number] = f"is no Python: {error.msg}{line}"
        except BaseException as error:
            self.failed[number] = said(error)
        for name in self.asked:
            if self.main.__dict__.get(name) is not earlier.get(name):
                self.origin[name] = number

    def answer(self, exercise: Exercise, seed: int | None) -> Verdict:
        """Return the verdict on an exercise."""
        name = exercise.name
        verdict = Verdict(exercise.slug, False, f"no cell defines {name}")
        if name in self.main.__dict__:
            try:
                verdict = exercise.judge(self.main.__dict__[name], seed)
            except BaseException as error:  # what no answer should raise
                verdict = verdict._replace(line=one_line(f"{name} {said(error)}"))
        broken = [n for n, code in self.all if n in self.failed and name in _defined(code)]
        if verdict.right or not broken or broken[-1] <= self.origin.get(name, 0):
            return verdict
        # what was judged is a stub above the cell in which the student went on
        line = f"cell {broken[-1]}, which defines {name}, {self.failed[broken[-1]]}"
        return verdict._replace(line=one_line(line))

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
