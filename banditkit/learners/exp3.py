"""Exponential weights for bandit feedback: Exp3 and its relatives (Slivkins, ch. 6).

Of the arms that were not played nothing is known, so costs are estimated by importance weighting:
the cost of the arm that was played, divided by the probability with which it was played.  In Exp3,
Exp3-IX and Exp3 with rewards only the weight of that arm changes; they keep their weights in a
tree, and a round takes log K steps.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number, whole
from banditkit.core.description import Learner
from banditkit.core.draws import draw_index
from banditkit.core.jit import jit_inline
from banditkit.core.spec import Arms
from banditkit.core.weights import (
    WeightTree,
    add_to_log,
    blank_tree,
    draw_arm,
    draw_leaf,
    share_of,
    softmax,
)

__all__ = ["Exp3", "Exp3IX", "Exp3P", "Exp3Rewards", "Exp3S"]


class Exp3Policy(NamedTuple):
    """State of `Exp3`, `Exp3Rewards` and `Exp3IX`, which differ in three numbers."""

    weights: WeightTree
    p: np.ndarray  # (K,) probabilities, where somebody asks for all of them
    step: float  # what an estimate of 1 adds to a logarithm; below 0 for costs
    mixing: float  # gamma of Exp3: how much is drawn uniformly
    implicit: float  # gamma of Exp3-IX: what is added to a probability before dividing by it

    def distribution(self, t, x):
        for a in range(self.p.size):
            self.p[a] = mixed(self.weights, a, self.mixing)
        return self.p

    def select(self, t, x, rng):
        if self.mixing > 0.0 and rng.random() < self.mixing:
            return draw_index(self.p.size, rng)
        return draw_leaf(self.weights, rng)

    def update(self, t, x, a, y):
        estimate = y / (mixed(self.weights, a, self.mixing) + self.implicit)
        add_to_log(self.weights, a, self.step * estimate)  # w *= exp(step * estimate)


@jit_inline
def mixed(weights, a, mixing):
    """Return the probability (1 - gamma) w / sum(w) + gamma / K of arm a."""
    return (1.0 - mixing) * share_of(weights, a) + mixing / weights.logs.size


@dataclass(frozen=True, repr=False)
class Exp3(Learner):
    """Hedge on estimated costs (Slivkins, Algorithm 6.2 with the arms as experts).

    The cost c of the arm that was drawn with probability q counts ``c / q``, that of the others 0;
    its weight is multiplied by ``(1 - epsilon)**(c / q)``.  Costs need no exploration of their own:
    what was not played for long keeps its weight while others lose theirs.

    Parameters
    ----------
    rate : float, optional
        epsilon, in [0, 1/2]; by default ``sqrt((1 - mixing) log(K) / (3 K T))``.
    mixing : float, default 0
        gamma, in [0, 1/2]: the probability of drawing an arm uniformly instead.

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    Notes
    -----
    Expected regret against the best arm is at most ``2 sqrt(3) sqrt(K T log K) + 1`` for gamma
    below ``1 / (2 T)`` (Theorem 6.11): `banditkit.bounds.exp3`.  Its distribution is wide, since an
    estimate may be huge; `Exp3IX` is the safer choice for a single game.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, sections 6.2 to 6.5; Auer, Cesa-Bianchi, Freund
    & Schapire (2002), "The nonstochastic multiarmed bandit problem".

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.Exp3().epsilon(K=10, horizon=10_000), 6)
    0.00277
    >>> tape = bk.SwitchingCosts([[0.2, 0.8, 0.8], [0.8, 0.2, 0.8]])
    >>> result = bk.simulate(tape, [bk.Exp3()], horizon=10_000, replications=10, seed=0)
    >>> bool(result.mean()[0, -1] < bk.bounds.exp3(tape, 10_000))
    True
    """

    rate: float | None = None
    mixing: float = 0.0
    costs: ClassVar[bool] = True
    unit_range: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.rate is not None:
            self._set(rate=number("rate", self.rate, low=0.0, high=0.5))
        self._set(mixing=number("mixing", self.mixing, low=0.0, high=0.5))

    def epsilon(self, K: int, horizon: int) -> float:
        """Return epsilon for K arms and T rounds."""
        if self.rate is not None:
            return self.rate
        u = K / (1.0 - self.mixing)
        return math.sqrt(math.log(K) / (3 * u * horizon))

    def start(self, spec: Arms, horizon: int) -> Exp3Policy:
        """Return the policy; see `Learner.start`."""
        K = spec.K
        step = math.log1p(-self.epsilon(K, horizon))  # w *= (1 - epsilon)**estimate
        return Exp3Policy(blank_tree(K), np.zeros(K), step, self.mixing, 0.0)


@dataclass(frozen=True, repr=False)
class Exp3Rewards(Learner):
    """The original Exp3, with rewards, which must explore.

    Arms are drawn with probability ``(1 - gamma) w / sum(w) + gamma / K``; the reward r of the arm
    multiplies its weight by ``exp(gamma r / (p K))``.  A weight grows with each reward, so an arm
    that was lucky would be played for ever: the uniform part is what finds the better one.

    Parameters
    ----------
    mixing : float, optional
        gamma, in [0, 1]; by default ``min(1, sqrt(K log(K) / ((e - 1) T)))``.

    Raises
    ------
    ValueError
        If `mixing` leaves [0, 1].

    Notes
    -----
    Expected regret is at most ``2 sqrt(e - 1) sqrt(T K log K)`` (Auer et al., Corollary 3.2 with
    g = T): `banditkit.bounds.exp3_rewards`.

    References
    ----------
    Auer, Cesa-Bianchi, Freund & Schapire (2002), "The nonstochastic multiarmed bandit problem",
    section 3.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.Exp3Rewards().gamma(K=10, horizon=10_000), 6)
    0.036607
    """

    mixing: float | None = None
    unit_range: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.mixing is not None:
            self._set(mixing=number("mixing", self.mixing, low=0.0, high=1.0))

    def gamma(self, K: int, horizon: int) -> float:
        """Return gamma for K arms and T rounds."""
        if self.mixing is not None:
            return self.mixing
        return min(1.0, math.sqrt(K * math.log(K) / ((math.e - 1) * horizon)))

    def start(self, spec: Arms, horizon: int) -> Exp3Policy:
        """Return the policy; see `Learner.start`."""
        K = spec.K
        gamma = self.gamma(K, horizon)
        return Exp3Policy(blank_tree(K), np.zeros(K), gamma / K, gamma, 0.0)


@dataclass(frozen=True, repr=False)
class Exp3IX(Learner):
    """Exp3 that explores implicitly: it estimates costs by ``c / (p + gamma)``, a little too low.

    That small optimism bounds every estimate by ``1 / gamma``, and with it the spread of regret:
    the theorem holds with high probability, and not only on average.

    Parameters
    ----------
    rate : float, optional
        eta, 0 or more; by default ``sqrt(2 log(K) / (K T))``.
    implicit : float, optional
        gamma, 0 or more; by default half the rate.

    Raises
    ------
    ValueError
        If a parameter is negative or not finite.

    Notes
    -----
    With probability ``1 - delta``, regret is at most ``2 sqrt(2 K T log K) +
    (sqrt(K T / (2 log K)) + 1) log(2 / delta)``: `banditkit.bounds.exp3_ix` derives it.

    References
    ----------
    Neu (2015), "Explore no more: improved high-probability regret bounds for non-stochastic
    bandits".

    Examples
    --------
    Both at about the same rate, on a tape where the better arm changes:

    >>> import banditkit as bk
    >>> tape = bk.SwitchingCosts([[0.5, 1], [0.5, 0], [0.5, 0], [0.5, 0]])
    >>> learners = [bk.Exp3(rate=0.012), bk.Exp3IX()]
    >>> result = bk.simulate(tape, learners, horizon=5000, replications=400, seed=0)
    >>> bool(2 * result.regret[1, :, -1].std() < result.regret[0, :, -1].std())
    True
    """

    rate: float | None = None
    implicit: float | None = None
    costs: ClassVar[bool] = True
    unit_range: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for name in ("rate", "implicit"):
            if getattr(self, name) is not None:
                self._set(**{name: number(name, getattr(self, name), low=0.0)})

    def eta(self, K: int, horizon: int) -> float:
        """Return the rate for K arms and T rounds."""
        return math.sqrt(2 * math.log(K) / (K * horizon)) if self.rate is None else self.rate

    def gamma(self, K: int, horizon: int) -> float:
        """Return gamma for K arms and T rounds."""
        return 0.5 * self.eta(K, horizon) if self.implicit is None else self.implicit

    def start(self, spec: Arms, horizon: int) -> Exp3Policy:
        """Return the policy; see `Learner.start`."""
        K = spec.K
        eta, gamma = self.eta(K, horizon), self.gamma(K, horizon)
        return Exp3Policy(blank_tree(K), np.zeros(K), -eta, 0.0, gamma)


class Exp3PPolicy(NamedTuple):
    """State of `Exp3P`."""

    gains: np.ndarray  # (K,) sums of the estimates
    logs: np.ndarray  # (K,)
    p: np.ndarray  # (K,) probabilities
    eta: float
    gamma: float
    beta: float

    def distribution(self, t, x):
        K = self.p.size
        for i in range(K):
            self.logs[i] = self.eta * self.gains[i]
        softmax(self.logs, self.p)
        for i in range(K):
            self.p[i] = (1.0 - self.gamma) * self.p[i] + self.gamma / K
        return self.p

    def select(self, t, x, rng):
        return draw_arm(self.distribution(t, x), rng)

    def update(self, t, x, a, y):
        for i in range(self.p.size):
            self.gains[i] += ((y if i == a else 0.0) + self.beta) / self.p[i]


@dataclass(frozen=True, repr=False)
class Exp3P(Learner):
    """Exp3 with rewards, and with estimates that are likely to be too high.

    The gain of every arm is estimated in each round by ``(r [i = a] + beta) / p_i``: arms that are
    rarely played get a bonus for what they may have missed.

    Parameters
    ----------
    delta : float, default 0.05
        The probability with which the theorem may fail, above 0 (at least 1e-300) and below 1.

    Raises
    ------
    ValueError
        If `delta` leaves its range.

    Notes
    -----
    With ``beta = sqrt(log(K / delta) / (T K))``, ``eta = 0.95 sqrt(log(K) / (T K))`` and
    ``gamma = 1.05 sqrt(K log(K) / T)``, regret is at most ``5.15 sqrt(T K log(K / delta))`` with
    probability ``1 - delta`` (Theorem 3.3 of the source): `banditkit.bounds.exp3_p`.  Where gamma
    would exceed 1, it is 1, and beta likewise.

    References
    ----------
    Bubeck & Cesa-Bianchi (2012), *Regret Analysis of Stochastic and Nonstochastic Multi-armed
    Bandit Problems*, section 3.2; Auer et al. (2002), section 6.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.Exp3P(delta=0.01)
    Exp3P(delta=0.01)
    """

    delta: float = 0.05
    unit_range: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._set(delta=number("delta", self.delta, low=1e-300, high=1.0 - 1e-12))

    def start(self, spec: Arms, horizon: int) -> Exp3PPolicy:
        """Return the policy; see `Learner.start`."""
        K, T = spec.K, horizon
        beta = min(1.0, math.sqrt(math.log(K / self.delta) / (T * K)))
        eta = 0.95 * math.sqrt(math.log(K) / (T * K))
        gamma = min(1.0, 1.05 * math.sqrt(K * math.log(K) / T))
        return Exp3PPolicy(np.zeros(K), np.zeros(K), np.zeros(K), eta, gamma, beta)


class Exp3SPolicy(NamedTuple):
    """State of `Exp3S`."""

    w: np.ndarray  # (K,) weights, scaled to sum 1
    p: np.ndarray  # (K,) probabilities
    gamma: float
    alpha: float

    def distribution(self, t, x):
        K = self.p.size
        for i in range(K):
            self.p[i] = (1.0 - self.gamma) * self.w[i] + self.gamma / K
        return self.p

    def select(self, t, x, rng):
        return draw_arm(self.distribution(t, x), rng)

    def update(self, t, x, a, y):
        K = self.w.size
        p = (1.0 - self.gamma) * self.w[a] + self.gamma / K
        self.w[a] *= math.exp(self.gamma * (y / p) / K)
        total = 0.0
        for i in range(K):
            self.w[i] += math.e * self.alpha / K  # times the sum before, which is 1
            total += self.w[i]
        for i in range(K):
            self.w[i] /= total


@dataclass(frozen=True, repr=False)
class Exp3S(Learner):
    """Exp3 with rewards that follows shifts: every weight gets a share of their sum in each round.

    Parameters
    ----------
    shifts : int, default 1
        S, how often the benchmark changes its arm, 0 or more; the other two are tuned to it.
    mixing : float, optional
        gamma, in [0, 1]; by default
        ``min(1, sqrt(K ((S + 1) log(K T) + e) / ((e - 1) T)))``.
    share : float, optional
        alpha, in [0, 1]; by default ``1 / T``.

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    Notes
    -----
    Expected regret against every sequence of arms with at most S shifts is at most
    ``2 sqrt(e - 1) sqrt(K T ((S + 1) log(K T) + e))`` (Auer et al., Corollary 8.2):
    `banditkit.bounds.exp3_s`.

    References
    ----------
    Auer, Cesa-Bianchi, Freund & Schapire (2002), "The nonstochastic multiarmed bandit problem",
    section 8.

    Examples
    --------
    >>> import banditkit as bk
    >>> tape = bk.ShiftingRegret(bk.SwitchingCosts([[0, 1], [1, 0]]), shifts=1)
    >>> result = bk.simulate(tape, [bk.Exp3S(), bk.Exp3()], horizon=10_000, seed=0)
    >>> bool(2 * result.mean()[0, -1] < result.mean()[1, -1])
    True
    """

    shifts: int = 1
    mixing: float | None = None
    share: float | None = None
    unit_range: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._set(shifts=whole("shifts", self.shifts, least=0))
        for name in ("mixing", "share"):
            if getattr(self, name) is not None:
                self._set(**{name: number(name, getattr(self, name), low=0.0, high=1.0)})

    def gamma(self, K: int, horizon: int) -> float:
        """Return gamma for K arms and T rounds."""
        if self.mixing is not None:
            return self.mixing
        segments = (self.shifts + 1) * math.log(K * horizon) + math.e
        return min(1.0, math.sqrt(K * segments / ((math.e - 1) * horizon)))

    def start(self, spec: Arms, horizon: int) -> Exp3SPolicy:
        """Return the policy; see `Learner.start`."""
        K = spec.K
        alpha = 1.0 / horizon if self.share is None else self.share
        return Exp3SPolicy(np.full(K, 1.0 / K), np.zeros(K), self.gamma(K, horizon), alpha)
