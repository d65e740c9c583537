"""The checker in a notebook: ``check("ucb-index")``."""

import contextlib
import io
import os
import sys
from pathlib import Path

from banditkit.course.contents import exercise_of
from banditkit.course.exercises import Verdict, shown
from banditkit.course.progress import remember

__all__ = ["JUDGED", "check"]

JUDGED = "BANDITKIT_JUDGED"  # environment variable of a process that judges a student's file


def check(slug: str, seed: int | None = None) -> None:
    """Say whether the answer to an exercise is right, and if not, what is wrong, in one line.

    The answer is the function or class of the caller that has the name the exercise asks for.

    Parameters
    ----------
    slug : str
        The exercise, such as "ucb-index".
    seed : int, optional
        For instances that can be repeated, 0 or more; by default they are fresh.

    Raises
    ------
    ValueError
        If there is no such exercise, or the seed is no whole number, 0 or more.
    """
    exercise = exercise_of(slug)[1]
    if JUDGED in os.environ:
        return  # by the grader, which asks by itself, and leaves nothing in a student's folder
    names = sys._getframe(1).f_globals
    if exercise.name in names:
        with contextlib.redirect_stdout(_Nowhere()):
            verdict = exercise.judge(names[exercise.name], seed)
    else:
        line = f"nothing is called {exercise.name} yet - run the cell that defines it"
        verdict = Verdict(slug, False, line)
    remember(Path(), [(slug, verdict.right)])
    print(shown(verdict))


class _Nowhere(io.TextIOBase):
    """A stream that forgets what is printed."""

    def write(self, text: str) -> int:
        return len(text)
