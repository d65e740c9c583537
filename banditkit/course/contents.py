"""The chapters that come with the package: where they are, and what stands in them."""

import importlib.util
import inspect
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from banditkit.core.checks import nearest
from banditkit.course.exercises import Answer, Exercise

__all__ = ["Chapter", "chapter", "chapters", "exercise_of", "figures", "source"]

_PACKAGE = Path(__file__).parents[1]
_MORE = "BANDITKIT_CHAPTERS"


@dataclass(frozen=True)
class Chapter:
    """A chapter: a folder with the notebook ``chapter.md``, ``checks.py`` and ``figures.py``.

    Parameters
    ----------
    folder : Path
        Where it is.
    """

    folder: Path

    @property
    def key(self) -> str:
        """What it is called in commands: "ch01"."""
        return self.folder.name.split("_")[0]

    @property
    def title(self) -> str:
        """Its title: the first heading of its notebook."""
        found = re.search(r"^# (.+)$", self.text, flags=re.MULTILINE)
        return found[1].strip() if found else self.folder.name

    @property
    def text(self) -> str:
        """Its notebook, as MyST Markdown."""
        return (self.folder / "chapter.md").read_text(encoding="utf-8")

    def module(self, name: str) -> ModuleType:
        """Return one of its files as a module: "checks", "figures" or "wrong_answers"."""
        path = self.folder / f"{name}.py"
        if not path.is_file():
            raise ValueError(f"the chapter in {self.folder} has no {path.name}")
        return _module(path)

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """Its exercises, in the order of the file."""
        return tuple(e for e in vars(self.module("checks")).values() if isinstance(e, Exercise))

    @property
    def answers(self) -> dict[str, Answer]:
        """Answers of which is known whether they are right, by name."""
        known = vars(self.module("wrong_answers")).items()
        return {name: each for name, each in known if isinstance(each, Answer)}


@cache
def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def chapters() -> tuple[Chapter, ...]:
    """Return the chapters of the course, in order.

    They are those that come with the package, and then those of a teacher's own: in the folders
    that the environment variable ``BANDITKIT_CHAPTERS`` names, as ``PATH`` does.

    Raises
    ------
    ValueError
        If two of them have the same key.
    """
    installed = _PACKAGE / "_chapters"
    homes = [installed if installed.is_dir() else _PACKAGE.parent / "chapters"]
    homes += [Path(each) for each in os.environ.get(_MORE, "").split(os.pathsep) if each]
    found = dict[str, Chapter]()
    for path in (path for home in homes for path in sorted(home.glob("*/chapter.md"))):
        each = Chapter(path.parent)
        if found.setdefault(each.key, each) != each:
            raise ValueError(
                f"two chapters are called {each.key}: {found[each.key].folder} and {each.folder} - "
                "rename the folder of one"
            )
    return tuple(found.values())


def chapter(key: str) -> Chapter:
    """Return the chapter with this key.

    Parameters
    ----------
    key : str
        Such as "ch01" or "ch01_stochastic".

    Raises
    ------
    ValueError
        If there is none.
    """
    for each in chapters():
        if key in (each.key, each.folder.name):
            return each
    raise ValueError(
        f"there is no chapter {key!r}; {nearest(str(key), [each.key for each in chapters()])}"
    )


def exercise_of(slug: str) -> tuple[Chapter, Exercise]:
    """Return the exercise with this slug, and its chapter.

    Raises
    ------
    ValueError
        If there is none.
    """
    slugs = []
    for each in chapters():
        for exercise in each.exercises:
            if exercise.slug == slug:
                return each, exercise
            slugs.append(exercise.slug)
    raise ValueError(f"there is no exercise {slug!r}; {nearest(str(slug), slugs)}")


def figures(key: str) -> ModuleType:
    """Return the figures of a chapter, each a function with its parameters in the signature.

    Parameters
    ----------
    key : str
        Such as "ch01".

    Raises
    ------
    ValueError
        If there is no such chapter.
    """
    return chapter(key).module("figures")


class _Source:
    """Code of the library, which a notebook shows in colours."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.text}```"


def source(*objects: Any) -> _Source:
    """Return the code of classes or functions of the library, for a notebook to show.

    What is shown is what runs.

    Raises
    ------
    ValueError
        If one of them is neither.

    Examples
    --------
    >>> from banditkit.core.draws import first_best
    >>> from banditkit.course import source
    >>> print(str(source(first_best)).splitlines()[1])
    def first_best(values):
    """
    plain = [getattr(each, "py_func", each) for each in objects]
    for each in plain:
        if not callable(each):
            raise ValueError(f"source shows classes and functions, as source(UCB1); got {each!r}")
    return _Source("\n".join(inspect.getsource(each) for each in plain))
