"""Learners that explore on a timetable: uniform, greedy, explore-first, epsilon-greedy."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditkit.core.averages import Averages, blank_averages, record
from banditkit.core.checks import number, whole
from banditkit.core.description import Learner
from banditkit.core.draws import argmax, draw_index
from banditkit.core.jit import jit_inline
from banditkit.core.spec import Arms

__all__ = ["EpsilonGreedy", "ExploreFirst", "Greedy", "Uniform"]


class UniformPolicy(NamedTuple):
    """State of `Uniform`."""

    p: np.ndarray  # (K,) probabilities, all 1 / K

    def distribution(self, t, x):
        return self.p

    def select(self, t, x, rng):
        return draw_index(self.p.size, rng)

    def update(self, t, x, a, y):
        pass


@dataclass(frozen=True, repr=False)
class Uniform(Learner):
    """Pull an arm at random in each round, whatever happened: the baseline that learns nothing.

    Its expected regret is the average gap in every round, ``T * mean(gaps)``.

    Examples
    --------
    >>> import banditkit as bk
    >>> result = bk.simulate(bk.Bernoulli((0.0, 1.0)), [bk.Uniform()], horizon=100, seed=0)
    >>> bool(45 < result.mean()[0, -1] < 55)
    True
    """

    def start(self, spec: Arms, horizon: int) -> UniformPolicy:
        """Return the policy; see `Learner.start`."""
        return UniformPolicy(np.full(spec.K, 1.0 / spec.K))


class GreedyPolicy(NamedTuple):
    """State of `Greedy`."""

    arms: Averages

    def select(self, t, x, rng):
        return argmax(self.arms.means)

    def update(self, t, x, a, y):
        record(self.arms, a, y)


@dataclass(frozen=True, repr=False)
class Greedy(Learner):
    """Pull each arm once, then always the arm with the best average; of equal ones the first.

    Without exploration it may stick to a bad arm for ever: its expected regret grows like T.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, sections 1.2 and 11.2.

    Examples
    --------
    >>> import banditkit as bk
    >>> result = bk.simulate(bk.Bernoulli((0.4, 0.6)), [bk.Greedy()], horizon=1000, seed=0)
    >>> bool(result.regret.max() > 190)  # in some replication the better arm was never tried again
    True
    """

    def start(self, spec: Arms, horizon: int) -> GreedyPolicy:
        """Return the policy; see `Learner.start`."""
        return GreedyPolicy(blank_averages(spec.K))


class ExploreFirstPolicy(NamedTuple):
    """State of `ExploreFirst`."""

    arms: Averages
    best: np.ndarray  # (1,) int64, the arm to stay with
    N: int  # exploration pulls of each arm

    def select(self, t, x, rng):
        K = self.arms.pulls.size
        return t % K if t < K * self.N else self.best[0]

    def update(self, t, x, a, y):
        K = self.arms.pulls.size
        if t < K * self.N:
            record(self.arms, a, y)
            self.best[0] = argmax(self.arms.means)


@dataclass(frozen=True, repr=False)
class ExploreFirst(Learner):
    """Pull every arm N times, then stay with the one that did best (Slivkins, Algorithm 1.1).

    Arms are explored in turn; of equal averages the first arm wins.

    Parameters
    ----------
    N : int, optional
        Exploration pulls of each arm, 1 or more.  By default the book's choice,
        ``ceil((T/K)**(2/3) * log(T)**(1/3))``, but at most ``T // K`` and at least 1.

    Raises
    ------
    ValueError
        If `N` is not a whole number, 1 or more.

    Notes
    -----
    With the book's N, ``E[R(T)] <= T**(2/3) * O(K log T)**(1/3)`` (Theorem 1.5);
    `banditkit.bounds.explore_first` has the constants.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.ExploreFirst().pulls_per_arm(K=10, horizon=100_000)
    1049
    """

    N: int | None = None

    def __post_init__(self) -> None:
        if self.N is not None:
            self._set(N=whole("N", self.N, least=1))

    def pulls_per_arm(self, K: int, horizon: int) -> int:
        """Return N for K arms and T rounds."""
        if self.N is not None:
            return self.N
        T = horizon
        return max(1, min(T // K, math.ceil((T / K) ** (2 / 3) * math.log(T) ** (1 / 3))))

    def start(self, spec: Arms, horizon: int) -> ExploreFirstPolicy:
        """Return the policy; see `Learner.start`."""
        N = self.pulls_per_arm(spec.K, horizon)
        return ExploreFirstPolicy(blank_averages(spec.K), np.zeros(1, dtype=np.int64), N)


@jit_inline
def exploration_rate(t, K, constant):
    """Return the probability of exploring in round t: a constant, or if below 0 the book's."""
    if constant >= 0.0:
        return constant
    # the book's round t is t + 1 here, since t counts from 0
    return (t + 1.0) ** (-1 / 3) * (K * math.log(t + 1.0)) ** (1 / 3)  # Theorem 1.6


class EpsilonGreedyPolicy(NamedTuple):
    """State of `EpsilonGreedy`."""

    arms: Averages
    p: np.ndarray  # (K,) probabilities, where somebody asks for them
    constant: float  # probability of exploring; below 0: the book's schedule

    def distribution(self, t, x):
        K = self.p.size
        epsilon = min(1.0, exploration_rate(t, K, self.constant))
        self.p[:] = epsilon / K
        self.p[argmax(self.arms.means)] += 1.0 - epsilon
        return self.p

    def select(self, t, x, rng):
        K = self.p.size
        if rng.random() < exploration_rate(t, K, self.constant):
            return draw_index(K, rng)
        return argmax(self.arms.means)

    def update(self, t, x, a, y):
        record(self.arms, a, y)


@dataclass(frozen=True, repr=False)
class EpsilonGreedy(Learner):
    """With probability epsilon a random arm, else the best average (Slivkins, Algorithm 1.2).

    The best average is one among the arms pulled so far, as the box says; of equal averages,
    and before the first pull, the first arm wins.

    Parameters
    ----------
    epsilon : float, optional
        A constant probability of exploring, in [0, 1].  By default the book's schedule,
        ``t**(-1/3) * (K log t)**(1/3)`` in round t, counted from 1; where it exceeds 1, every
        round explores.

    Raises
    ------
    ValueError
        If `epsilon` leaves [0, 1].

    Notes
    -----
    With the book's schedule ``E[R(t)] <= t**(2/3) * O(K log t)**(1/3)`` in every round t
    (Theorem 1.6); `banditkit.bounds.epsilon_greedy` has constants.  A constant epsilon pays
    ``epsilon * mean(gaps)`` in each round, for ever.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.EpsilonGreedy(epsilon=0.1)
    EpsilonGreedy(epsilon=0.1)
    """

    epsilon: float | None = None

    def __post_init__(self) -> None:
        if self.epsilon is not None:
            self._set(epsilon=number("epsilon", self.epsilon, low=0.0, high=1.0))

    def start(self, spec: Arms, horizon: int) -> EpsilonGreedyPolicy:
        """Return the policy; see `Learner.start`."""
        constant = -1.0 if self.epsilon is None else self.epsilon
        arms = blank_averages(spec.K, unpulled=-math.inf)
        return EpsilonGreedyPolicy(arms, np.zeros(spec.K), constant)
