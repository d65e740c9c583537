"""Grids of times at which regret is written down."""

from collections.abc import Iterable

import numpy as np

from banditkit.core.checks import nearest, whole

__all__ = ["linear_times", "log_times"]


def linear_times(horizon: int, count: int = 200) -> np.ndarray:
    """Return about `count` evenly spaced rounds, the last of them `horizon`.

    Parameters
    ----------
    horizon : int
        Number of rounds T, 1 or more.
    count : int, default 200
        How many, 1 or more; fewer if there are fewer rounds.

    Returns
    -------
    array of int64, shape (m,)
        Increasing.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.linear_times(1000, 4)
    array([ 250,  500,  750, 1000])
    """
    T, count = _exact(horizon), whole("count", count, least=1)
    return np.unique(np.array([-(-i * T // count) for i in range(1, count + 1)]))


def log_times(horizon: int, count: int = 200) -> np.ndarray:
    """Return about `count` rounds from 1 to `horizon`, evenly spaced on a logarithmic axis.

    Parameters
    ----------
    horizon : int
        Number of rounds T, 1 or more.
    count : int, default 200
        How many at most, 1 or more; where rounds are whole numbers close together, fewer.

    Returns
    -------
    array of int64, shape (m,)
        Increasing.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.log_times(1000, 4)
    array([   1,   10,  100, 1000])
    """
    T, count = _exact(horizon), whole("count", count, least=1)
    return np.unique(np.rint(np.geomspace(T, 1, count)).astype(np.int64))


def grid_of(times: str | Iterable[int] | None, horizon: int) -> np.ndarray:
    """Return the grid of times that `simulate` is asked for: a preset, a list, or log."""
    presets = {"linear": linear_times, "log": log_times}
    if times is None:
        times = "log"
    if isinstance(times, str):
        if times not in presets:
            raise ValueError(f"times has no preset {times!r}; {nearest(times, list(presets))}")
        return presets[times](horizon)
    try:
        listed = list(times)
    except TypeError:
        raise ValueError(
            f'times must be a list of rounds, "log" or "linear"; got {times!r}'
        ) from None
    grid = np.array([whole("a time", time, least=1) for time in listed])
    if grid.size == 0:
        raise ValueError("times is empty; give at least one round")
    if grid[-1] > horizon:
        raise ValueError(f"times must not exceed the horizon {horizon}; got {grid[-1]}")
    if (np.diff(grid) <= 0).any():
        i = int(np.argmax(np.diff(grid) <= 0))
        raise ValueError(f"times must increase; got {grid[i]} and then {grid[i + 1]}")
    return grid


def _exact(horizon: int) -> int:
    """Return the horizon, if a float can be that whole number."""
    T = whole("horizon", horizon, least=1)
    if T > 2**53:
        raise ValueError(f"horizon must be at most 2**53, about 9e15; got {T:.3g}")
    return T
