"""The verbs, and how compiled code finds them.

An environment knows ``observe``, ``gap`` and ``respond``; a policy knows ``select`` and
``update``; both may know ``done``.  A policy that draws may tell its ``distribution``, and an
adversary will ``charge`` who shows it.  Records that are parts of others have verbs of their own:
a schedule, a potential, a heuristic, an advice, features.  They are ordinary methods of a
``NamedTuple`` class.  Numba compiles functions, not methods: the registration below tells it, for
every NamedTuple, to look the verb up in the class.  Nothing has to be added when a learner or a
problem is.
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
    "note": ("row",),  # of who keeps a diary at the times of the scorecard: write down where it is
    "earned": ("y",),  # of an environment: the reward that counts, without any shaping
    "value_at": ("t", "episode", "visits"),  # of a schedule: its value
    "potential_of": ("t", "age", "x"),  # of a potential: how good it takes state x for
    "advise": ("t", "age", "x", "a", "y"),  # of a heuristic: what it pays for the step
    "lean": ("t", "episode", "x", "a"),  # of advice: what acting adds to the value of an action
    "reshape": ("Q", "x", "a", "later", "b"),  # of advice: what learning adds to the reward
    "keep": ("i", "j", "x"),  # of a store of states: keep x as step j of trajectory i
    "kept": ("i", "j"),  # of a store of states: what was kept
    "pull_back": ("lower", "v"),  # of an upper level: write down -v H^-1, or what stands for it
    "encode": ("x", "at", "weight"),  # of features: write down which are active in x, how much
}


def _sees_nothing(self, t, rng):
    return None


def _never(self):
    return False


def _reward(self, y):
    return y.reward


def _nothing(self, row):
    pass


_DEFAULTS = {"observe": _sees_nothing, "done": _never, "earned": _reward, "note": _nothing}


def complete(player: Any) -> Any:
    """Give a record's class, and those of records inside it, the verbs that it may leave out.

    An environment without ``observe`` shows nothing, and without ``earned`` every reward counts; a
    player without ``done`` never stops, and without ``note`` it writes nothing down.
    """
    for field in player:
        if isinstance(field, tuple):
            complete(field)
    for verb, default in _DEFAULTS.items():
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
