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
    horizon, count = whole("horizon", horizon, least=1), whole("count", count, least=1)
    return np.unique(np.ceil(np.linspace(0, horizon, count + 1)[1:]).astype(np.int64))


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
    horizon, count = whole("horizon", horizon, least=1), whole("count", count, least=1)
    return np.unique(np.rint(np.geomspace(1, horizon, count)[::-1]).astype(np.int64))


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
