"""The one loop: a learner plays a problem.  This is the page to read first."""

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.jit import cached, interpreted, is_packaged, jit_checked, jit_inline

__all__ = ["Scorecard", "blank_scorecard", "logs_of", "play", "play_interpreted", "player_of"]


class Scorecard(NamedTuple):
    """What is written down of a game: the regret at chosen times, and where the game stands."""

    times: np.ndarray  # (m,) int64, increasing: the rounds after which regret is written
    regret: np.ndarray  # (m,) sum of the gaps of all rounds up to that time
    total: np.ndarray  # (1,) sum of the gaps so far
    played: np.ndarray  # (1,) int64, rounds played so far
    env_notes: np.ndarray  # (m, n) what the environment writes down at these times
    policy_notes: np.ndarray  # (m, n) what the policy writes down


def blank_scorecard(times: np.ndarray, env: Any = None, policy: Any = None) -> Scorecard:
    """Return the scorecard of a game that has not begun, with room for the notes of both sides."""
    total, played = np.zeros(1), np.zeros(1, dtype=np.int64)
    notes = (np.full((times.size, _width(player)), np.nan) for player in (env, policy))
    return Scorecard(times, np.zeros(times.size), total, played, *notes)


def _play(env, policy, card, until, env_rng, policy_rng):
    """Play on, from where `card` stands up to round `until` or until somebody is done.

    May be called again to go on: how a game is cut into calls does not change it.
    Returns True when the game has ended before `until`.
    """
    total = card.total[0]
    t = card.played[0]  # rounds played before this one: the book's t is t + 1
    k = np.searchsorted(card.times, t, side="right")
    ended = False
    while t < until:
        if env.done() or policy.done():
            ended = True
            break
        x = env.observe(t, env_rng)  # nothing | context | state: what the world shows
        a = policy.select(t, x, policy_rng)  # the learner's action
        total += env.gap(t, x, a)  # the world keeps the score; the learner never sees it
        y = env.respond(t, x, a, env_rng)  # reward | costs | ...: what the world answers
        policy.update(t, x, a, y)
        t += 1
        if t == card.times[k]:
            _write_down(card, k, total, env, policy)
            k += 1
    if ended:
        for later in range(k, card.times.size):  # nobody plays any more, so all stays as it is
            _write_down(card, later, total, env, policy)
    card.total[0] = total
    card.played[0] = t
    return ended


@jit_inline
def _write_down(card, k, total, env, policy):
    card.regret[k] = total
    if card.env_notes.shape[1] > 0:  # there may be no room for notes
        env.note(card.env_notes[k])
    if card.policy_notes.shape[1] > 0:
        policy.note(card.policy_notes[k])


play = cached(_play)  # for classes of the package: machine code is kept on disk
play_interpreted = interpreted(_play)  # the same as Python


def player_of(env: Any, policy: Any) -> Callable[..., bool]:
    """Return the loop that fits these two, which are complete (`adapters.adapt`): a compiled one.

    A record that holds what can't be compiled, such as somebody's regressor, says so by an
    attribute ``interpreted``; then the loop is played as Python.
    """
    if _interpreted(env) or _interpreted(policy):
        return play_interpreted
    if is_packaged(env) and is_packaged(policy):
        return play
    return _loop_of((*_classes(env), *_classes(policy)))


@lru_cache(maxsize=256)
def _loop_of(classes: tuple[type, ...]) -> Callable[..., bool]:
    """Return a loop for classes of a user: compiled in each process, and for these alone.

    Numba tells the records that it is called with apart by the names of their classes; a class
    that is defined anew in a notebook would run the code of its predecessor.  And an index out
    of range is an IndexError here, rather than somebody else's memory.
    """
    return jit_checked(_play)


def _interpreted(player: Any) -> bool:
    """Tell whether a record, or one inside it, asks to be played as Python."""
    inside = (field for field in player if isinstance(field, tuple))
    return getattr(player, "interpreted", False) or any(map(_interpreted, inside))


def logs_of(player: Any, notes: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Return what a record, and those inside it, wrote down of a game: arrays by name.

    A record that keeps a diary has a method ``logged()``, which is called after the game.  One that
    writes notes, at the times of the scorecard, has the verb ``note`` and a method ``noted()``: the
    names of what it writes, in this order, and their shapes.
    """
    logs: dict[str, np.ndarray] = {}
    for field in player:
        if isinstance(field, tuple):
            logs |= logs_of(field)
    if hasattr(player, "logged"):
        logs |= player.logged()
    if notes is not None and hasattr(player, "noted"):
        shapes = player.noted()
        ends = np.cumsum([math.prod(shape) for shape in shapes.values()])
        parts = np.split(notes, ends[:-1], axis=1)
        for (name, shape), part in zip(shapes.items(), parts, strict=True):
            logs[name] = part.reshape(len(notes), *shape)
    return logs


def _width(player: Any) -> int:
    """Return how many numbers a record writes down at a time."""
    shapes = player.noted() if hasattr(player, "noted") else {}
    return sum(math.prod(shape) for shape in shapes.values())


def _classes(player: Any) -> Iterator[type]:
    """Yield the classes of a record and of the records inside it."""
    yield type(player)
    for field in player:
        if isinstance(field, tuple):
            yield from _classes(field)
