"""The course: chapters with exercises that check themselves.

In a notebook:

>>> from banditkit.course import check
>>> check("ucb-index")  # doctest: +SKIP
right: ucb-index
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from banditkit.course.checking import check as check
    from banditkit.course.contents import chapter as chapter
    from banditkit.course.contents import chapters as chapters
    from banditkit.course.contents import figures as figures
    from banditkit.course.contents import source as source

__all__ = ["chapter", "chapters", "check", "figures", "source"]


def __getattr__(name: str) -> Any:
    """Return a public name, whose module is imported when it is first asked for.

    The command line, whose words for the course stand in this package, answers at once.
    """
    if name not in __all__:
        raise AttributeError(f"module 'banditkit.course' has no attribute {name!r}")
    from importlib import import_module

    home = import_module(f"banditkit.course.{'checking' if name == 'check' else 'contents'}")
    return getattr(home, name)
