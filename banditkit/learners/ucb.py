"""Optimism: pull the arm whose upper confidence bound is highest."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditkit.core.averages import Averages, blank_averages, record
from banditkit.core.checks import flag, number
from banditkit.core.description import Learner, Problem
from banditkit.core.draws import argmax
from banditkit.core.spec import Arms

__all__ = ["MOSS", "UCB1", "UCBV"]


class UCB1Policy(NamedTuple):
    """State of `UCB1`."""

    arms: Averages
    indices: np.ndarray  # (K,)
    exploration: float
    horizon: float  # T of log T; 0: log t

    def select(self, t, x, rng):
        if t < self.indices.size:
            return t
        mean, pulls = self.arms.means, self.arms.pulls
        log_t = math.log(self.horizon if self.horizon > 0.0 else t + 1.0)
        for a in range(pulls.size):
            self.indices[a] = mean[a] + math.sqrt(self.exploration * log_t / pulls[a])  # Alg. 1.5
        return argmax(self.indices)

    def update(self, t, x, a, y):
        record(self.arms, a, y)


@dataclass(frozen=True, repr=False)
class UCB1(Learner):
    """Pull the arm with the highest ``mean + sqrt(2 * log(t) / pulls)`` (Slivkins, Algorithm 1.5).

    Each arm is pulled once first; of equal indices the first arm wins.

    Parameters
    ----------
    exploration : float, default 2.0
        Constant under the root, 0 or more.  The theorems need 2; at classroom horizons 0.5
        explores less and often wins.
    anytime : bool, default True
        With True the radius grows with ``log(t)``, t the current round, as in the paper that
        named the algorithm, and the horizon need not be known.  With False it has ``log(T)``,
        as in the book's box and its proofs.

    Raises
    ------
    ValueError
        If `exploration` is negative or not finite.

    Notes
    -----
    For rewards in [0, 1] and ``exploration=2``: ``E[R(T)] = O(sqrt(K T log T))`` and
    ``E[R(T)] <= O(log T) * sum(1 / gap)`` (Theorem 1.15, with ``log T``); with ``log t``,
    Theorem 1 of Auer et al.  `banditkit.bounds` has the constants.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 1.3.3; Auer, Cesa-Bianchi & Fischer
    (2002), "Finite-time analysis of the multiarmed bandit problem".

    Examples
    --------
    >>> import banditkit as bk
    >>> arms = bk.Bernoulli((0.2, 0.8))
    >>> result = bk.simulate(arms, [bk.UCB1(), bk.Uniform()], horizon=1000, seed=0)
    >>> bool(result.mean()[0, -1] < result.mean()[1, -1])
    True
    """

    exploration: float = 2.0
    anytime: bool = True

    def __post_init__(self) -> None:
        exploration = number("exploration", self.exploration, low=0.0)
        self._set(exploration=exploration, anytime=flag("anytime", self.anytime))

    def start(self, spec: Arms, horizon: int) -> UCB1Policy:
        """Return the policy; see `Learner.start`."""
        T = 0.0 if self.anytime else float(horizon)
        return UCB1Policy(blank_averages(spec.K), np.zeros(spec.K), self.exploration, T)


class MOSSPolicy(NamedTuple):
    """State of `MOSS`."""

    arms: Averages
    indices: np.ndarray  # (K,)
    exploration: float
    horizon: float  # T

    def select(self, t, x, rng):
        return argmax(self.indices)

    def update(self, t, x, a, y):
        record(self.arms, a, y)
        mean, n, K = self.arms.means[a], self.arms.pulls[a], self.indices.size
        log_plus = max(0.0, math.log(self.horizon / (K * n)))
        self.indices[a] = mean + math.sqrt(self.exploration * log_plus / n)


@dataclass(frozen=True, repr=False)
class MOSS(Learner):
    """Minimax optimal strategy: the index ``mean + sqrt(max(0, log(T / (K n))) / n)``.

    An arm that was pulled its fair share T/K has no bonus left, which removes the logarithm
    from the worst case: ``E[R(T)] = O(sqrt(K T))``.  Each arm is pulled once first; of equal
    indices the first arm wins.

    Parameters
    ----------
    exploration : float, default 1.0
        Constant under the root, 0 or more: 1 in the paper, for rewards in [0, 1]; 4 for rewards
        with Gaussian noise of standard deviation 1.

    Raises
    ------
    ValueError
        If `exploration` is negative or not finite.

    References
    ----------
    Audibert & Bubeck (2009), "Minimax policies for adversarial and stochastic bandits";
    Lattimore & Szepesvari, *Bandit Algorithms*, chapter 9, for the constant 4.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.MOSS()
    MOSS()
    """

    exploration: float = 1.0

    def __post_init__(self) -> None:
        self._set(exploration=number("exploration", self.exploration, low=0.0))

    def start(self, spec: Arms, horizon: int) -> MOSSPolicy:
        """Return the policy; see `Learner.start`."""
        index = np.full(spec.K, np.inf)
        return MOSSPolicy(blank_averages(spec.K), index, self.exploration, float(horizon))


class UCBVPolicy(NamedTuple):
    """State of `UCBV`."""

    arms: Averages
    squares: np.ndarray  # (K,) sum of the squared rewards, less the lowest reward
    indices: np.ndarray  # (K,)
    lowest: float
    width: float  # b, the length of the interval of rewards
    exploration: float

    def select(self, t, x, rng):
        if t < self.indices.size:
            return t
        log_t, b = self.exploration * math.log(t + 1.0), self.width
        for a in range(self.indices.size):
            mean, n = self.arms.means[a], self.arms.pulls[a]
            variance = max(0.0, self.squares[a] / n - (mean - self.lowest) ** 2)
            self.indices[a] = mean + math.sqrt(2.0 * variance * log_t / n) + 3.0 * b * log_t / n
        return argmax(self.indices)

    def update(self, t, x, a, y):
        record(self.arms, a, y)
        self.squares[a] += (y - self.lowest) ** 2


@dataclass(frozen=True, repr=False)
class UCBV(Learner):
    """UCB with the empirical variance: quick to leave alone what hardly varies.

    The index is ``mean + sqrt(2 V E / n) + 3 b E / n`` with the empirical variance V, the length
    b of the interval of rewards, and ``E = exploration * log(t)``.  Each arm is pulled once
    first; of equal indices the first arm wins.

    Parameters
    ----------
    exploration : float, default 1.0
        Factor of the logarithm, 0 or more; the guarantee needs more than 1.

    Raises
    ------
    ValueError
        If `exploration` is negative or not finite; when played, if the rewards are unbounded.

    References
    ----------
    Audibert, Munos & Szepesvari (2009), "Exploration-exploitation tradeoff using variance
    estimates in multi-armed bandits".

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.simulate(bk.Gaussian((0, 1)), [bk.UCBV()], horizon=10)
    Traceback (most recent call last):
    ...
    ValueError: UCBV needs rewards from a bounded interval; those of Gaussian lie in [-inf, inf]
    """

    exploration: float = 1.0

    def __post_init__(self) -> None:
        self._set(exploration=number("exploration", self.exploration, low=0.0))

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if the rewards of `problem` are unbounded; see `Learner.check`."""
        super().check(problem)
        lowest, highest = problem.spec.lowest, problem.spec.highest
        if not math.isfinite(highest - lowest):
            raise ValueError(
                f"UCBV needs rewards from a bounded interval; those of {type(problem).__name__} "
                f"lie in [{lowest:g}, {highest:g}]"
            )

    def start(self, spec: Arms, horizon: int) -> UCBVPolicy:
        """Return the policy; see `Learner.start`."""
        K, b = spec.K, spec.highest - spec.lowest
        arms = blank_averages(K)
        return UCBVPolicy(arms, np.zeros(K), np.zeros(K), spec.lowest, b, self.exploration)
