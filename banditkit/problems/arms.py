"""IID arms: every pull of an arm draws a reward from that arm's distribution (Slivkins, ch. 1)."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.checks import numbers, pair_up
from banditkit.core.description import Problem
from banditkit.core.draws import draw_beta, gamma_step, toss
from banditkit.core.spec import Arms, NoSuchArm

__all__ = ["Bernoulli", "Beta", "Gaussian", "IIDArms", "TwoPoint", "UniformArms"]


class ArmsEnv(NamedTuple):
    """IID arms being played: the gaps keep the score, the law draws the rewards."""

    gaps: np.ndarray  # (K,) best mean minus mean
    law: Any  # a record whose `respond` draws a reward

    def gap(self, t, x, a):
        if not 0 <= a < self.gaps.size:
            raise NoSuchArm(t, a, self.gaps.size)
        return self.gaps[a]

    def respond(self, t, x, a, rng):
        return self.law.respond(t, x, a, rng)


@dataclass(frozen=True)
class IIDArms(Problem):
    """What all problems with IID arms have in common.

    A subclass gives `means` and `law`; and `support`, if rewards may leave [0, 1].
    """

    @property
    @abstractmethod
    def law(self) -> Any:
        """The record that draws the rewards."""

    @property
    def support(self) -> tuple[float, float]:
        """Smallest and largest reward that any arm can give."""
        return 0.0, 1.0

    @property
    def spec(self) -> Arms:
        """Number of arms and range of rewards."""
        return Arms(len(self.means), *self.support)  # type: ignore[attr-defined]

    @property
    def gaps(self) -> np.ndarray:
        """Gap of each arm: best mean minus its mean, shape (K,)."""
        means = np.array(self.means)  # type: ignore[attr-defined]
        return means.max() - means

    def start(self, horizon: int, rng: np.random.Generator) -> ArmsEnv:
        """Return the arms being played; see `Problem.start`."""
        return ArmsEnv(self.gaps, self.law)


class BernoulliLaw(NamedTuple):
    """Coins."""

    means: np.ndarray  # (K,)

    def respond(self, t, x, a, rng):
        return toss(self.means[a], rng)


@dataclass(frozen=True, repr=False)
class Bernoulli(IIDArms):
    """Arms that pay 1 with probability `means[a]`, and else 0.

    Parameters
    ----------
    means : sequence of float, shape (K,)
        Mean reward of each arm, in [0, 1].

    Raises
    ------
    ValueError
        If `means` is empty, not one row, not finite, or leaves [0, 1].

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 1.1.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.Bernoulli([0.4, 0.6]).gaps.round(3)
    array([0.2, 0. ])
    """

    means: tuple[float, ...]

    def __post_init__(self) -> None:
        hint = " - for unbounded rewards use Gaussian"
        self._set(means=numbers("means", self.means, low=0.0, high=1.0, hint=hint))

    @property
    def law(self) -> BernoulliLaw:
        """Coins with these means."""
        return BernoulliLaw(np.array(self.means))


class GaussianLaw(NamedTuple):
    """Bell curves."""

    means: np.ndarray  # (K,)
    std: np.ndarray  # (K,)

    def respond(self, t, x, a, rng):
        return self.means[a] + self.std[a] * rng.standard_normal()


@dataclass(frozen=True, repr=False)
class Gaussian(IIDArms):
    """Arms with normally distributed rewards.

    Parameters
    ----------
    means : sequence of float, shape (K,)
        Mean reward of each arm.
    std : float or sequence of float, shape (K,)
        Standard deviation (not variance) of a reward, 0 or more; one number serves all arms.

    Raises
    ------
    ValueError
        If a mean is not finite, or a standard deviation negative or not finite.

    Notes
    -----
    Confidence radii for rewards in [0, 1], such as UCB1's, hold for ``std <= 0.5``: Hoeffding's
    inequality holds for normal rewards with variance up to 1/4 (Slivkins, Theorem A.2).

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.Gaussian([0.0, 1.0], std=0.5).std
    (0.5, 0.5)
    """

    means: tuple[float, ...]
    std: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        means = numbers("means", self.means)
        alone = isinstance(self.std, int | float | np.number)
        std = numbers("std", [self.std] if alone else self.std, low=0.0)
        if len(std) == 1:
            std *= len(means)
        pair_up(means=means, std=std)
        self._set(means=means, std=std)

    @property
    def support(self) -> tuple[float, float]:
        """The whole line."""
        return -math.inf, math.inf

    @property
    def law(self) -> GaussianLaw:
        """Bell curves with these means and standard deviations."""
        return GaussianLaw(np.array(self.means), np.array(self.std))


class BetaLaw(NamedTuple):
    """Beta distributions."""

    a: np.ndarray  # (K,)
    b: np.ndarray  # (K,)

    def respond(self, t, x, a, rng):
        steps = gamma_step(self.a[a]), gamma_step(self.b[a])
        return draw_beta(self.a[a], self.b[a], steps, rng)


@dataclass(frozen=True, repr=False)
class Beta(IIDArms):
    """Arms with Beta-distributed rewards in [0, 1]; the mean of an arm is ``a / (a + b)``.

    Parameters
    ----------
    a, b : sequence of float, shape (K,)
        The two shapes of each arm's distribution, above 0 (at least 1e-6).

    Raises
    ------
    ValueError
        If a shape is not positive or not finite, or `a` and `b` differ in length.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.Beta(a=[1, 3], b=[3, 1]).means
    (0.25, 0.75)
    """

    a: tuple[float, ...]
    b: tuple[float, ...]

    def __post_init__(self) -> None:
        a = numbers("a", self.a, low=1e-6)
        b = numbers("b", self.b, low=1e-6)
        pair_up(a=a, b=b)
        self._set(a=a, b=b)

    @property
    def means(self) -> tuple[float, ...]:
        """Mean reward of each arm."""
        return tuple(a / (a + b) for a, b in zip(self.a, self.b, strict=True))

    @property
    def law(self) -> BetaLaw:
        """Beta distributions with these shapes."""
        return BetaLaw(np.array(self.a), np.array(self.b))


class UniformLaw(NamedTuple):
    """Intervals."""

    low: np.ndarray  # (K,)
    high: np.ndarray  # (K,)

    def respond(self, t, x, a, rng):
        return self.low[a] + (self.high[a] - self.low[a]) * rng.random()


@dataclass(frozen=True, repr=False)
class UniformArms(IIDArms):
    """Arms with rewards uniform on ``[low[a], high[a]]``.

    Parameters
    ----------
    low, high : sequence of float, shape (K,)
        Ends of each arm's interval; ``low[a] == high[a]`` makes an arm without noise.

    Raises
    ------
    ValueError
        If an end is not finite, or an interval ends before it begins.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.UniformArms(low=[0, 0.5], high=[1, 0.75]).means
    (0.5, 0.625)
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        low, high = numbers("low", self.low), numbers("high", self.high)
        _check_ordered(low, high)
        self._set(low=low, high=high)

    @property
    def means(self) -> tuple[float, ...]:
        """Mean reward of each arm: the middle of its interval."""
        return tuple(
            low + 0.5 * (high - low) for low, high in zip(self.low, self.high, strict=True)
        )

    @property
    def support(self) -> tuple[float, float]:
        """Smallest and largest reward."""
        return min(self.low), max(self.high)

    @property
    def law(self) -> UniformLaw:
        """Uniform distributions on these intervals."""
        return UniformLaw(np.array(self.low), np.array(self.high))


class TwoPointLaw(NamedTuple):
    """Coins with two prizes."""

    low: np.ndarray  # (K,)
    high: np.ndarray  # (K,)
    probability: np.ndarray  # (K,) of `high`

    def respond(self, t, x, a, rng):
        return self.high[a] if rng.random() < self.probability[a] else self.low[a]


@dataclass(frozen=True, repr=False)
class TwoPoint(IIDArms):
    """Arms that pay `high[a]` with probability `probability[a]`, and else `low[a]`.

    The rewards of a known small interval [1/2, 1/2 + epsilon] of Slivkins' Exercise 1.1 are
    ``TwoPoint([0.5] * K, [0.5 + epsilon] * K, probability)``.

    Parameters
    ----------
    low, high : sequence of float, shape (K,)
        The two rewards of each arm.
    probability : sequence of float, shape (K,)
        Probability of the higher one, in [0, 1].

    Raises
    ------
    ValueError
        If a reward is not finite, ``low[a] > high[a]``, a probability leaves [0, 1], or the
        lengths differ.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.TwoPoint(low=[0, -1], high=[1, 2], probability=[0.5, 0.5]).means
    (0.5, 0.5)
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    probability: tuple[float, ...]

    def __post_init__(self) -> None:
        low, high = numbers("low", self.low), numbers("high", self.high)
        probability = numbers("probability", self.probability, low=0.0, high=1.0)
        pair_up(low=low, high=high, probability=probability)
        _check_ordered(low, high)
        self._set(low=low, high=high, probability=probability)

    @property
    def means(self) -> tuple[float, ...]:
        """Mean reward of each arm."""
        rows = zip(self.low, self.high, self.probability, strict=True)
        return tuple((1.0 - p) * low + p * high for low, high, p in rows)

    @property
    def support(self) -> tuple[float, float]:
        """Smallest and largest reward."""
        return min(self.low), max(self.high)

    @property
    def law(self) -> TwoPointLaw:
        """Coins with these prizes."""
        return TwoPointLaw(np.array(self.low), np.array(self.high), np.array(self.probability))


def _check_ordered(low: tuple[float, ...], high: tuple[float, ...]) -> None:
    pair_up(low=low, high=high)
    for arm, (bottom, top) in enumerate(zip(low, high, strict=True)):
        if bottom > top:
            raise ValueError(
                f"low must not exceed high; arm {arm} has low {bottom!r} and high {top!r}"
            )
