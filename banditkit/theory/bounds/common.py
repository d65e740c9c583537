"""What the theorems share: times, horizons, and what a bound is."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from banditkit.core.checks import whole

__all__ = ["Bound", "Curve", "Theorems", "out", "times_and_horizon", "times_of"]

Curve = np.ndarray | float
Theorems = dict[str, Callable[..., Curve]]  # name -> function of a problem and a time


class Bound(NamedTuple):
    """A theorem about a learner on a problem, ready to be drawn."""

    theorem: str  # e.g. "Thm 1.15 (11)"
    curve: Callable[[ArrayLike], Curve]  # time, in rounds -> bound on the expected regret
    from_above: bool = True  # False: regret can't be lower, in the long run


def times_of(t: ArrayLike) -> np.ndarray:
    """Return times as floats, all of them 1 or more."""
    times = np.asarray(t, dtype=float)
    if not (np.isfinite(times) & (times >= 1)).all():
        raise ValueError(f"a time is a number of rounds, 1 or more; got {t!r}")
    return times


def times_and_horizon(t: ArrayLike, horizon: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return times, and the horizon of each: by default the time itself."""
    times = times_of(t)
    if horizon is None:
        return times, times
    if times.max() > whole("horizon", horizon, least=1):
        raise ValueError(f"the bound holds up to the horizon {horizon}; got time {times.max():g}")
    return times, np.full(times.shape, float(horizon))


def out(curve: ArrayLike) -> Curve:
    """Return a number for a number, and an array for an array."""
    array = np.asarray(curve, dtype=float)
    return array if array.ndim else float(array)
