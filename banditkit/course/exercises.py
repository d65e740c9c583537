"""What a chapter's checks are written with: an exercise, what it expects, and what it says if not.

A check is a function that is handed a student's answer, a function or a class, and a generator for
fresh instances.  It returns if the answer is right, and otherwise raises a `Hint`: one line that
says what is wrong.

>>> from banditkit.course.exercises import compare, exercise
>>> @exercise("radius", "The confidence radius", minutes=5, book="Equation (2)")
... def radius(answer, rng):
...     cases = [(int(rng.integers(2, 50)), int(rng.integers(100, 9999))) for _ in range(10)]
...     mistakes = {"the logarithm is that of T": lambda n, T: math.sqrt(2 * math.log(n) / n)}
...     compare(answer, lambda n, T: math.sqrt(2 * math.log(T) / n), cases, mistakes)
>>> import math
>>> radius.judge(lambda n, T: math.sqrt(2 * math.log(T) / n), seed=0)
Verdict(slug='radius', right=True, line='right')
>>> radius.judge(lambda n, T: math.sqrt(2 * math.log(n) / n), seed=0).line
'the logarithm is that of T'
"""

import copy
import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.checks import shorten, whole

__all__ = [
    "Answer",
    "Exercise",
    "Hint",
    "Verdict",
    "another_solution",
    "call",
    "compare",
    "exercise",
    "expect",
    "one_line",
    "printable",
    "said",
    "same",
    "shown",
    "wrong",
]

# Where code is that is no student's: this package, what is installed, and Python's own.
_OTHERS = (Path(__file__).parents[1], Path(np.__file__).parents[1], Path(traceback.__file__).parent)
_LONGEST = 300  # letters of what a student is told
_DEEPEST = 100  # calls that are looked through for the student's line
_NOTHING = "returns nothing yet"


class Hint(Exception):
    """What a student is told: one line that says what is wrong."""


class Verdict(NamedTuple):
    """What the checker says of an answer."""

    slug: str
    right: bool
    line: str  # "right", or what is wrong


@dataclass(frozen=True)
class Exercise:
    """An exercise of a chapter; see `exercise`.

    Parameters
    ----------
    slug : str
        What it is called everywhere, such as "ucb-index": small letters, digits and hyphens.
    title : str
        A few words for lists.
    minutes : int
        How long it takes, 1 or more.
    book : str
        Where it stands in the literature; empty if it is our own.
    check : callable
        Called as ``check(answer, rng)``; its name is the name of what the student defines.

    Raises
    ------
    ValueError
        If the slug has other letters, or `minutes` is no whole number.
    """

    slug: str
    title: str
    minutes: int
    book: str
    check: Callable[[Any, np.random.Generator], None]

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.slug):
            raise ValueError(
                f"a slug is small letters, digits and hyphens, as in ucb-index; got {self.slug!r}"
            )
        whole(f"minutes of {self.slug}", self.minutes, least=1)

    @property
    def name(self) -> str:
        """The name of the function or class that the student writes."""
        return self.check.__name__

    def judge(self, answer: Any, seed: int | None = None) -> Verdict:
        """Return what there is to say of an answer.

        Parameters
        ----------
        answer : function or class
            What the student has written.
        seed : int, optional
            For instances that can be repeated, 0 or more; by default they are fresh.

        Raises
        ------
        ValueError
            If the seed is no whole number, 0 or more.
        """
        rng = np.random.default_rng(None if seed is None else whole("seed", seed, least=0))
        try:
            if not callable(answer):
                raise Hint(f"{self.name} must be a function or a class; it is {_shown(answer)}")
            self.check(answer, rng)
        except Hint as hint:
            return Verdict(self.slug, False, one_line(hint))
        except NotImplementedError:
            return Verdict(self.slug, False, f"{self.name} {_NOTHING}")
        except SystemExit:
            return Verdict(self.slug, False, f"{self.name} calls exit()")
        except Exception as error:
            return Verdict(self.slug, False, one_line(f"{self.name} {said(error)}"))
        return Verdict(self.slug, True, "right")


def exercise(
    slug: str, title: str, *, minutes: int, book: str = ""
) -> Callable[[Callable[[Any, np.random.Generator], None]], Exercise]:
    """Make a function ``check(answer, rng)`` an exercise; the student writes what has its name.

    Parameters
    ----------
    slug : str
        What the exercise is called everywhere, such as "ucb-index".
    title : str
        A few words for lists.
    minutes : int
        How long it takes, 1 or more.
    book : str, default ""
        Where it stands in the literature.

    Raises
    ------
    ValueError
        If the slug has other letters, or `minutes` is no whole number.
    """
    return lambda check: Exercise(slug, title, minutes, book, check)


def expect(condition: Any, hint: str) -> None:
    """Raise a `Hint` unless the condition holds.

    Examples
    --------
    >>> from banditkit.course.exercises import expect
    >>> expect(1 + 1 == 2, "the sum of 1 and 1 is 2")
    """
    if not condition:
        raise Hint(hint)


def call(answer: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a student's function returns for copies of the arguments.

    Raises
    ------
    Hint
        If it raises something, or returns None.

    Examples
    --------
    >>> from banditkit.course.exercises import Hint, call
    >>> def inverse(x):
    ...     return 1 / x
    >>> try:
    ...     call(inverse, 0)
    ... except Hint as hint:
    ...     print(hint)
    inverse(0) raises ZeroDivisionError: division by zero (in inverse: return 1 / x)
    """
    try:
        value = answer(*copy.deepcopy(arguments))
    except (Hint, NotImplementedError):
        raise
    except Exception as error:
        raise Hint(f"{_called(answer, arguments)} {said(error)}") from None
    if value is None:
        raise Hint(f"{_called(answer, arguments)} {_NOTHING}")
    return value


def compare(
    answer: Callable[..., Any],
    truth: Callable[..., Any],
    cases: Iterable[tuple[Any, ...]],
    mistakes: Mapping[str, Callable[..., Any]] | None = None,
    *,
    close: float = 1e-9,
    axes: Sequence[str] = (),
) -> None:
    """Raise a `Hint` unless a student's function has the values of the truth in all cases.

    Parameters
    ----------
    answer, truth : callable
        Functions of the same arguments; numbers, arrays, booleans, words, and lists of them.
    cases : iterable of tuples
        The arguments of each call.
    mistakes : mapping from hints to callables, optional
        Typical mistakes, as functions.  Where the answer has the values of one in every case, its
        hint is what is said; otherwise, the first case in which the answer is wrong.
    close : float, default 1e-9
        How far numbers may be apart, relatively and absolutely.
    axes : sequence of str, optional
        Names of the axes of what is returned, such as ``("the value of state", "action")``, where
        it and the arguments are too large to be shown: then the entry that is off is what is said.

    Examples
    --------
    >>> from banditkit.course.exercises import compare
    >>> def square(x):
    ...     return 2 * x
    >>> compare(square, lambda x: x**2, [(2,), (3,)], {"twice is not squared": lambda x: x + x})
    Traceback (most recent call last):
        ...
    banditkit.course.exercises.Hint: twice is not squared
    """
    cases = list(cases)
    found = [call(answer, *case) for case in cases]
    wanted = [truth(*case) for case in cases]
    for case, value, right in zip(cases, found, wanted, strict=True):
        if same(value, right, close):
            continue
        for hint, mistake in (mistakes or {}).items():
            if _has_values(mistake, cases, found, close):
                raise Hint(hint)
        if axes:
            raise Hint(_entry(value, np.asarray(right, dtype=float), axes))
        raise Hint(f"{_called(answer, case)} must be {_shown(right)}; got {_shown(value)}")


def _entry(value: Any, right: np.ndarray, axes: Sequence[str]) -> str:
    """Say where a table differs most from the right one."""
    try:
        table = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return f"the answer must be an array of shape {right.shape}, of numbers"
    if table.shape != right.shape:
        return f"the answer must have shape {right.shape}; it has {table.shape}"
    error = np.nan_to_num(np.abs(table - right), nan=np.inf)
    at = tuple(int(i) for i in np.unravel_index(np.argmax(error), error.shape))
    where = ", ".join(f"{axis} {i}" for axis, i in zip(axes, at, strict=True))
    return f"in a fresh case, {where} must be {right[at]:.6g}; got {table[at]:.6g}"


def _has_values(
    mistake: Callable[..., Any], cases: list[tuple[Any, ...]], found: list[Any], close: float
) -> bool:
    """Tell whether a typical mistake would have returned just what was found."""
    for case, value in zip(cases, found, strict=True):
        try:
            if not same(value, mistake(*copy.deepcopy(case)), close):
                return False
        except Exception:  # the mistake can't be made here
            return False
    return True


def same(value: Any, right: Any, close: float = 1e-9) -> bool:
    """Tell whether two answers agree: shapes, and numbers up to `close`."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(right, list | tuple) and isinstance(value, list | tuple):
        value = list(value)  # a class of one's own may say that it has any length
        pairs = zip(value, right, strict=False)
        return len(value) == len(right) and all(same(v, r, close) for v, r in pairs)
    if isinstance(right, str | bool | np.bool_):
        return isinstance(value, str | bool | np.bool_) and bool(value == right)
    if value is None or isinstance(value, str | bytes | complex):
        return False  # NumPy would make numbers of them
    try:
        found, wanted = np.asarray(value, dtype=float), np.asarray(right, dtype=float)
    except (TypeError, ValueError, OverflowError):
        return False
    return found.shape == wanted.shape and bool(
        np.allclose(found, wanted, rtol=close, atol=close, equal_nan=True)
    )


def said(error: BaseException) -> str:
    """Return "raises ..." with the line of the student's code where it happened."""
    where = ""
    for frame in traceback.extract_tb(error.__traceback__, limit=-_DEEPEST):
        file = Path(frame.filename)
        others = file.name == "checks.py" or any(file.is_relative_to(each) for each in _OTHERS)
        if frame.line and not others:
            where = f" (in {frame.name}: {frame.line})"
    kind, words = type(error).__name__, _words(error)
    if isinstance(error, AttributeError) and "set attribute" in words:
        words = "a field of a record stays what it is - change its numbers: self.name[:] = ..."
    return f"raises {kind}: {words}{where}" if words else f"raises {kind}{where}"


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an error of the student's own may fail to say what it is
        return ""


def shown(verdict: Verdict) -> str:
    """Return a verdict as a line for people."""
    return f"right: {verdict.slug}" if verdict.right else f"wrong: {verdict.slug}: {verdict.line}"


def one_line(message: object) -> str:
    """Return a message as one line that is not too long, and that every terminal can show."""
    return shorten(printable(" ".join(str(message).split())), _LONGEST)


def printable(text: str) -> str:
    """Return a text with question marks for what can't be shown, such as a terminal's escapes.

    Examples
    --------
    >>> from banditkit.course.exercises import printable
    >>> printable("red: " + chr(27) + "[31m")
    'red: ?[31m'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _called(answer: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
    name = getattr(answer, "__name__", "your function")
    return f"{name}({', '.join(_shown(each) for each in arguments)})"


def _shown(value: Any) -> str:
    """Return a value as a student would write it, numbers with a few digits."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return f"{value + 0.0:.6g}"  # -0 is 0
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        left, right = "[]" if isinstance(value, list) else "()"
        return shorten(f"{left}{', '.join(map(_shown, value))}{right}", 80)
    return shorten(" ".join(repr(value).split()), 80)


class Answer(NamedTuple):
    """An answer of which is known whether it is right: see `wrong` and `another_solution`."""

    slug: str
    answer: Any  # function or class
    hint: str | None  # part of what must be said of it; None: it is right


def wrong(slug: str, hint: str) -> Callable[[Any], Answer]:
    """Make a function or class a known wrong answer, of which a line with `hint` must be said.

    Examples
    --------
    >>> from banditkit.course.exercises import wrong
    >>> @wrong("square", "twice is not squared")
    ... def doubled(x):
    ...     return 2 * x
    >>> doubled.slug
    'square'
    """
    if not hint:
        raise ValueError(f"a wrong answer to {slug} needs words of its hint; got none")
    return lambda answer: Answer(slug, answer, hint)


def another_solution(slug: str) -> Callable[[Any], Answer]:
    """Make a function or class a second solution, written differently from the chapter's."""
    return lambda answer: Answer(slug, answer, None)
