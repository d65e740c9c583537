"""Reward shaping: the same problem, with other rewards on the way."""

from banditkit.shaping.potential import Shaped

__all__ = ["Shaped"]
