"""Many runs in few numbers: the mean of the middle half, with intervals of the bootstrap."""

from typing import Any, NamedTuple

import numpy as np

from banditkit.core.checks import between_0_and_1, whole

__all__ = ["Aggregate", "interquartile_mean"]

_AT_ONCE = 1_000_000  # numbers that are resampled at once: 8 MB


class Aggregate(NamedTuple):
    """Runs of a method in few numbers; what `Comparison.difference` returns."""

    iqm: float  # the interquartile mean
    low: float  # the ends of its interval; nan for a single run
    high: float
    mean: float
    median: float


def interquartile_mean(values: Any, axis: int = -1) -> Any:
    """Return the mean of the middle half: a quarter is cut off at either end.

    Where n is not divisible by four, the outermost values that remain count in part, so that the
    weights always sum to n / 2.  It lies between mean and median: single runs that failed, or
    were lucky, do not move it, and yet half of the runs count.

    Parameters
    ----------
    values : array of float
        One number or more along the axis.
    axis : int, default -1
        Along which to take the mean.

    Returns
    -------
    float, or array of float without that axis
        In the units of `values`; nan where one of them is nan.

    Raises
    ------
    ValueError
        If there are no numbers, or the axis does not exist.

    Notes
    -----
    Packages that cut off whole values, ``scipy.stats.trim_mean(values, 0.25)`` for one, return the
    same where n is divisible by four.  An infinite value counts where it is in the middle half.

    References
    ----------
    Agarwal, Schwarzer, Castro, Courville & Bellemare (2021), "Deep reinforcement learning at the
    edge of the statistical precipice", section 4.3.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.interquartile_mean([0, 1, 2, 1000])
    1.5
    >>> bk.interquartile_mean([0, 1, 5])  # weights 1/4, 1, 1/4, over 3/2
    1.5
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError("values must be an array; got rows of different lengths") from None
    if array.dtype.kind not in "iufb" or array.size == 0:
        raise ValueError(f"values must be numbers, one or more; got {values!r}")
    if not isinstance(axis, int | np.integer) or not -array.ndim <= axis < array.ndim:
        raise ValueError(f"axis must be one of {array.ndim}; got {axis!r}")
    means = _mean_of_middle(np.sort(np.moveaxis(array.astype(float), axis, -1), axis=-1))
    return float(means) if means.ndim == 0 else means


def _mean_of_middle(ordered: np.ndarray) -> np.ndarray:
    """Return the interquartile means of rows that are in order."""
    n = ordered.shape[-1]
    ranks = np.arange(n)
    # Value i stands for [i, i + 1]; what counts is its part of [n / 4, 3 n / 4].
    weights = np.minimum(ranks + 1, 0.75 * n) - np.maximum(ranks, 0.25 * n)
    middle = slice(n // 4, n - n // 4)
    with np.errstate(invalid="ignore"):  # inf - inf
        means = ordered[..., middle] @ weights[middle] / (0.5 * n)
    return np.asarray(np.where(np.isnan(ordered[..., -1]), np.nan, means))  # nan is sorted last


def bootstrap_iqm(
    scores: np.ndarray, *, level: float, resamples: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return intervals of the interquartile mean over strata, by the percentile bootstrap.

    Parameters
    ----------
    scores : array of float, shape (..., strata, runs)
        Runs are drawn anew, with replacement, within each stratum; then all are pooled.
    level : float
        Which part of the resamples lies inside, between 0 and 1.
    resamples : int
        Their number, 1 or more.
    seed : int
        The same seed gives the same intervals.

    Returns
    -------
    pair of arrays, shape (...)
        The ends; nan where there is a single run, which tells nothing of its spread, or a nan.
    """
    level = between_0_and_1("level", level)
    resamples = whole("resamples", resamples, least=1)
    rng = np.random.default_rng(whole("seed", seed, least=0))
    *lead, strata, runs = scores.shape
    if runs < 2:
        return np.full(lead, np.nan), np.full(lead, np.nan)
    pooled = scores.reshape(-1, strata * runs)
    means = np.empty((len(pooled), resamples))
    step = max(1, _AT_ONCE // (strata * runs))
    for first in range(0, resamples, step):
        part = means[:, first : first + step]
        drawn = rng.integers(0, runs, (part.shape[1], strata, runs))
        places = (drawn + runs * np.arange(strata)[:, None]).reshape(-1, strata * runs)
        for row, values in zip(part, pooled, strict=True):
            resampled = values[places]
            resampled.sort(axis=1)
            row[:] = _mean_of_middle(resampled)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(means, (tail, 1.0 - tail), axis=1)
    holes = np.isnan(pooled).any(axis=1)  # a resample may have missed the nan
    low[holes] = high[holes] = np.nan
    return low.reshape(lead), high.reshape(lead)


def aggregate(scores: np.ndarray, *, level: float, resamples: int, seed: int) -> Aggregate:
    """Return the runs of strata, shape (strata, runs), in few numbers."""
    low, high = bootstrap_iqm(scores, level=level, resamples=resamples, seed=seed)
    pooled = scores.ravel()
    return Aggregate(
        interquartile_mean(pooled),
        float(low),
        float(high),
        float(pooled.mean()),
        float(np.median(pooled)),
    )
