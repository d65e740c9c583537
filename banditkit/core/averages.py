"""What most learners remember of each arm: how often it was pulled, and what it paid."""

import math
from typing import NamedTuple

import numpy as np

from banditkit.core.jit import jit_inline

__all__ = ["Averages", "blank_averages", "record"]


class Averages(NamedTuple):
    """Pulls and average reward of each arm."""

    pulls: np.ndarray  # (K,) n_t(a)
    sums: np.ndarray  # (K,) sum of the rewards
    means: np.ndarray  # (K,) sums / pulls


def blank_averages(K: int, unpulled: float = math.inf) -> Averages:
    """Return the averages of K arms that nobody has pulled.

    `unpulled` stands for an average without data: +inf puts an arm first, -inf last.
    """
    return Averages(np.zeros(K), np.zeros(K), np.full(K, unpulled))


@jit_inline
def record(arms, a, y):
    """Count reward `y` of arm `a`."""
    arms.pulls[a] += 1.0
    arms.sums[a] += y
    arms.means[a] = arms.sums[a] / arms.pulls[a]
