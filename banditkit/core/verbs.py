"""The verbs, and how compiled code finds them.

An environment knows ``observe``, ``gap`` and ``respond``; a policy knows ``select`` and
``update``; both may know ``done``.  A policy that draws may tell its ``distribution``, and an
adversary will ``charge`` who shows it.  They are ordinary methods of a ``NamedTuple`` class.
Numba compiles functions, not methods: the registration below tells it, for every NamedTuple,
to look the verb up in the class.  Nothing has to be added when a learner or a problem is.
"""

from collections.abc import Callable
from typing import Any

from numba.core import types
from numba.extending import overload_method

__all__ = ["VERBS", "complete"]

# What each verb is called with, after ``self``.
VERBS = {
    "observe": ("t", "rng"),
    "gap": ("t", "x", "a"),
    "respond": ("t", "x", "a", "rng"),
    "select": ("t", "x", "rng"),
    "update": ("t", "x", "a", "y"),
    "done": (),
    "distribution": ("t", "x"),
    "charge": ("t", "p"),
}


def _sees_nothing(self, t, rng):
    return None


def _never(self):
    return False


def complete(player: Any) -> Any:
    """Give a record's class, and those of records inside it, the two verbs that it may leave out.

    An environment without ``observe`` shows nothing; a player without ``done`` never stops.
    """
    for field in player:
        if isinstance(field, tuple):
            complete(field)
    for verb, default in {"observe": _sees_nothing, "done": _never}.items():
        if not hasattr(type(player), verb):
            setattr(type(player), verb, default)
    return player


def _register(verb: str, arguments: tuple[str, ...]) -> None:
    def method_of(record: Any) -> Callable[..., Any] | None:
        return getattr(record.instance_class, verb, None)

    # Numba reads the number of arguments off the function: it has to be spelled out.
    source = f"lambda {', '.join(('self', *arguments))}: method_of(self)"
    template = eval(source, {"method_of": method_of})
    for kind in (types.NamedTuple, types.NamedUniTuple):
        # strict=False: a student may call the arguments what they like
        options: dict[str, Any] = {"strict": False, "inline": "always"}
        overload_method(kind, verb, **options)(template)


for _verb, _arguments in VERBS.items():
    _register(_verb, _arguments)
