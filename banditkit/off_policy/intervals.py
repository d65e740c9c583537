"""An estimate: a mean over rows, and how far the truth may be from it."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from banditkit.core.checks import between_0_and_1, number, whole

__all__ = ["Estimate", "bernstein_margin"]

_AT_ONCE = 1_000_000  # rows that are resampled at once: 8 MB


@dataclass(frozen=True, repr=False, eq=False)
class Estimate:
    """What a policy would earn a round, by a log; what the estimators return.

    Attributes
    ----------
    name : str
        The estimator.
    numerators : array of float, shape (N,)
        What each row adds: their mean is the value.
    weights : array of float, shape (N,)
        How many rows each row stands for, as the estimator uses it.
    bounds : pair of float, or None
        The range that `numerators` are taken to lie in, from the smallest and largest reward, the
        largest weight, and the model's smallest and largest predictions that occur in the log.
    self_normalised : bool
        Whether the value is the sum of `numerators` over that of `weights`, rather than over N.

    Examples
    --------
    >>> import banditkit as bk
    >>> log = bk.LoggedData([0, 1] * 50, [1, 0] * 50, propensities=[0.5] * 100, K=2)
    >>> estimate = bk.off_policy.ips(log, [0.8, 0.2])
    >>> estimate
    <ips: 0.8 +- 0.0804, 73.53 of 100 rows>
    >>> [round(end, 3) for end in estimate.bootstrap()]
    [0.64, 0.96]
    """

    name: str
    numerators: np.ndarray
    weights: np.ndarray
    bounds: tuple[float, float] | None
    self_normalised: bool = False

    def __repr__(self) -> str:
        rows = f"{self.effective_sample_size:.4g} of {self.N:,} rows"
        return f"<{self.name}: {self.value:.4g} +- {self.stderr:.3g}, {rows}>"

    @property
    def N(self) -> int:  # noqa: N802
        """Number of rows."""
        return self.numerators.size

    @cached_property
    def value(self) -> float:
        """The estimate, in units of reward; nan if it is a ratio and no row has any weight."""
        if not self.self_normalised:
            return float(self.numerators.mean())
        total = float(self.weights.sum())
        return float(self.numerators.sum()) / total if total > 0.0 else math.nan

    @cached_property
    def stderr(self) -> float:
        """Standard error of the value; of a ratio by the delta method.  It knows of no bias."""
        if self.N < 2:
            return math.nan
        terms = self.numerators
        if self.self_normalised:
            if math.isnan(self.value):
                return math.nan
            terms = (terms - self.value * self.weights) / self.weights.mean()
        return float(terms.std(ddof=1)) / math.sqrt(self.N)

    @cached_property
    def effective_sample_size(self) -> float:
        """How many rows of equal weight were worth as much, by Kish; 0 where nothing is weighed."""
        largest = float(self.weights.max())
        if largest == 0.0:
            return 0.0
        scaled = self.weights / largest  # squares of large weights would leave the range of numbers
        return float(scaled.sum()) ** 2 / float(scaled @ scaled)

    def bernstein(
        self, level: float = 0.95, bounds: tuple[float, float] | None = None
    ) -> tuple[float, float]:
        """Return an interval that holds for any number of rows: the empirical Bernstein bound.

        Parameters
        ----------
        level : float, default 0.95
            With what probability, at least, the expectation lies inside; between 0 and 1.
        bounds : pair of float, optional
            The range of `numerators`.  Give it where it is known: the theorem needs one that was
            known before.  By default what the log shows, which is in the attribute `bounds`.

        Returns
        -------
        pair of float
            The ends.

        Raises
        ------
        ValueError
            If the estimate is a ratio, of which the theorem does not speak; or some of
            `numerators` leave the range.

        References
        ----------
        Maurer & Pontil (2009), "Empirical Bernstein bounds and sample variance penalization",
        Theorem 4, on either side.
        """
        if self.self_normalised:
            raise ValueError(
                f"{self.name} is a ratio, not a mean, and the Bernstein bound speaks of means; use "
                "bootstrap"
            )
        low, high = self.bounds if bounds is None else bounds  # type: ignore[misc]
        tiny = 1e-9 * max(abs(low), abs(high))
        if self.numerators.min() < low - tiny or self.numerators.max() > high + tiny:
            raise ValueError(
                f"bounds must hold what each row adds, {self.numerators.min():.6g} to "
                f"{self.numerators.max():.6g}; got ({low:.6g}, {high:.6g})"
            )
        margin = bernstein_margin(self.numerators, high - low, level=level)
        return self.value - margin, self.value + margin

    def bootstrap(
        self,
        level: float = 0.95,
        *,
        resamples: int = 1000,
        seed: int | np.random.Generator = 0,
    ) -> tuple[float, float]:
        """Return the percentile interval of the bootstrap: rows are drawn anew, with replacement.

        A model of rewards is not fitted anew.  Resamples in which no row has any weight are left
        out of a ratio.

        Parameters
        ----------
        level : float, default 0.95
            Which part of the resamples lies inside, between 0 and 1.
        resamples : int, default 1000
            Their number, 1 or more.
        seed : int or Generator, default 0
            The same seed gives the same interval.

        Returns
        -------
        pair of float
            The ends.

        References
        ----------
        Efron & Tibshirani (1993), *An Introduction to the Bootstrap*, section 13.3.
        """
        level, resamples = between_0_and_1("level", level), whole("resamples", resamples, least=1)
        if not isinstance(seed, np.random.Generator):
            seed = np.random.default_rng(whole("seed", seed, least=0))
        if math.isnan(self.value):
            return math.nan, math.nan
        values = np.empty(resamples)
        step = max(1, _AT_ONCE // self.N)
        for first in range(0, resamples, step):
            part = values[first : first + step]
            rows = seed.integers(0, self.N, (part.size, self.N))
            part[:] = self.numerators[rows].sum(axis=1)
            if self.self_normalised:
                totals = self.weights[rows].sum(axis=1)
                part[:] = np.divide(part, totals, np.full(part.size, np.nan), where=totals > 0.0)
            else:
                part /= self.N
        tail = (1.0 - level) / 2.0
        low, high = np.nanquantile(values, (tail, 1.0 - tail))
        return float(low), float(high)


def bernstein_margin(terms: Any, spread: float, *, level: float = 0.95) -> float:
    """Return how far the mean of terms may be from its expectation, on either side.

    It is ``sqrt(2 V log(4/delta) / N) + 7 spread log(4/delta) / (3 (N - 1))``, V the sample
    variance and delta = 1 - level: what is nearly constant is known well, whatever its range.

    Parameters
    ----------
    terms : array of float, shape (N,)
        Independent terms.
    spread : float
        The length of an interval that they all lie in, known before they were seen.
    level : float, default 0.95
        With what probability, at least, the expectation is that near; between 0 and 1.

    Returns
    -------
    float
        Infinite for less than two terms.

    Raises
    ------
    ValueError
        If a number makes no sense.

    References
    ----------
    Maurer & Pontil (2009), "Empirical Bernstein bounds and sample variance penalization",
    Theorem 4, for each side with half of delta.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.off_policy.bernstein_margin([0.0, 1.0] * 500, 1.0), 4)
    0.0571
    """
    spread = number("spread", spread, low=0.0)
    log_term = math.log(4.0 / (1.0 - between_0_and_1("level", level)))
    terms = np.asarray(terms, dtype=float)
    N = terms.size
    if N < 2:
        return math.inf
    V = float(terms.var(ddof=1))
    return math.sqrt(2.0 * V * log_term / N) + 7.0 * spread * log_term / (3.0 * (N - 1))
