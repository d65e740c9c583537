"""A generator that gives nothing: who asks it for a random number is not deterministic."""

from typing import Any

__all__ = ["DrawsAtRandom", "NoDice"]


class DrawsAtRandom(Exception):
    """Somebody asked `NoDice` for a random number."""


class NoDice:
    """Stands for a generator where nothing may be drawn."""

    def __getattr__(self, name: str) -> Any:
        raise DrawsAtRandom
