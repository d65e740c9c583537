"""Learners for both worlds: optimal regret against adversaries, and log T where costs are IID."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.averages import Averages, blank_averages, record
from banditkit.core.checks import number
from banditkit.core.description import Learner
from banditkit.core.jit import jit_helper
from banditkit.core.spec import Arms
from banditkit.core.weights import draw_arm, softmax

__all__ = ["Exp3PlusPlus", "TsallisINF", "tsallis_weights"]

_STEPS = 60  # of Newton's method: a handful are taken; this many only if rounding keeps it moving


@jit_helper
def tsallis_weights(totals, eta, p):
    """Write ``p_i = 4 / (eta (totals_i - x))**2`` into p, with the x that makes their sum 1.

    Newton's method on ``h(x) = sum(p)**(-1/2) = 1``.  In ``totals_i - x`` the function h is a power
    mean with exponent -2, so it is concave, and it falls in x.  It starts at
    ``x = min(totals) - 2 / eta``, where the best arm alone has p = 1, so h <= 1: from there each
    step goes down and none goes past the root.
    """
    least = totals[0]
    for i in range(1, totals.size):
        least = min(least, totals[i])
    x = -2.0 / eta  # from here on relative to the smallest total, for precision
    for _ in range(_STEPS):
        total, slope = 0.0, 0.0
        for i in range(totals.size):
            root = 2.0 / (eta * (totals[i] - least - x))
            p[i] = root * root
            total += p[i]
            slope += p[i] * root
        # h = total**-0.5 and h' = -eta / 2 * slope * total**-1.5
        step = (total - math.sqrt(total) * total) * 2.0 / (eta * slope)
        if x + step >= x:  # down to the last bit
            break
        x += step
    for i in range(totals.size):
        p[i] /= total


class TsallisPolicy(NamedTuple):
    """State of `TsallisINF`."""

    totals: np.ndarray  # (K,) sums of the estimated costs
    p: np.ndarray  # (K,) probabilities

    def distribution(self, t, x):
        eta = 2.0 / math.sqrt(t + 1.0)
        tsallis_weights(self.totals, eta, self.p)
        return self.p

    def select(self, t, x, rng):
        return draw_arm(self.distribution(t, x), rng)

    def update(self, t, x, a, y):
        self.totals[a] += y / self.p[a]


@dataclass(frozen=True, repr=False)
class TsallisINF(Learner):
    """Follow the leader, regularised by Tsallis entropy with power 1/2: best in both worlds.

    Arm i is drawn with probability ``4 / (eta (L_i - x))**2``, where L_i is its total estimated
    cost, by importance weighting, ``eta = 2 / sqrt(t)``, and x makes the sum 1, to the last bit.
    It needs no horizon.

    Notes
    -----
    Expected regret is at most ``4 sqrt(K t) + 1`` on every tape, without the logarithm of Exp3;
    with IID costs it is of the order of ``log(t)`` divided by the gaps (Theorem 1 of the source):
    `banditkit.bounds.tsallis_inf`.

    References
    ----------
    Zimmert & Seldin (2021), "Tsallis-INF: an optimal algorithm for stochastic and adversarial
    bandits".

    Examples
    --------
    >>> import banditkit as bk
    >>> arms = bk.Bernoulli((0.4, 0.6))
    >>> learners = [bk.TsallisINF(), bk.Exp3()]
    >>> result = bk.simulate(arms, learners, horizon=20_000, replications=20, seed=0)
    >>> bool(2 * result.mean()[0, -1] < result.mean()[1, -1])
    True
    """

    costs: ClassVar[bool] = True
    unit_range: ClassVar[bool] = True

    def start(self, spec: Arms, horizon: int) -> TsallisPolicy:
        """Return the policy; see `Learner.start`."""
        return TsallisPolicy(np.zeros(spec.K), np.zeros(spec.K))


class Exp3PlusPlusPolicy(NamedTuple):
    """State of `Exp3PlusPlus`."""

    arms: Averages  # of the costs as they were observed
    totals: np.ndarray  # (K,) sums of the estimated costs
    explore: np.ndarray  # (K,) least probability of each arm
    p: np.ndarray  # (K,) probabilities
    alpha: float
    scale: float

    def distribution(self, t, x):
        K = self.p.size
        if t < K:
            self.p[:] = 0.0
            self.p[t] = 1.0
            return self.p
        n = t + 1.0  # the number of this round
        beta = 0.5 * math.sqrt(math.log(K) / (n * K))
        confidence = self.alpha * math.log(n) + math.log(K)
        lowest_upper = 1.0
        for i in range(K):
            radius = math.sqrt(confidence / (2.0 * self.arms.pulls[i]))
            lowest_upper = min(lowest_upper, self.arms.means[i] + radius)
        exploring = 0.0
        for i in range(K):
            lower = max(
                0.0, self.arms.means[i] - math.sqrt(confidence / (2.0 * self.arms.pulls[i]))
            )
            gap = lower - lowest_upper
            self.explore[i] = min(0.5 / K, beta)
            if gap > 0.0:  # it is known to be worse than some other arm
                self.explore[i] = min(self.explore[i], self.scale * math.log(n) / (n * gap * gap))
            exploring += self.explore[i]
        for i in range(K):
            self.p[i] = -beta * self.totals[i]
        softmax(self.p, self.p)
        for i in range(K):
            self.p[i] = (1.0 - exploring) * self.p[i] + self.explore[i]
        return self.p

    def select(self, t, x, rng):
        return draw_arm(self.distribution(t, x), rng)

    def update(self, t, x, a, y):
        record(self.arms, a, y)
        self.totals[a] += y / self.p[a]


@dataclass(frozen=True, repr=False)
class Exp3PlusPlus(Learner):
    """Exp3 that explores each arm as much as its gap deserves: best in both worlds.

    Every arm is played once.  Then weights are ``exp(-beta L)`` with the estimated totals L and
    ``beta = sqrt(log(K) / (t K)) / 2``, and each arm has at least the probability
    ``min(1 / (2 K), beta, scale log(t) / (t gap**2))``, where the gap is estimated from below by
    confidence bounds.

    Parameters
    ----------
    alpha : float, default 3
        Width of the confidence bounds, above 0 (at least 1e-9): their radius is
        ``sqrt((alpha log(t) + log(K)) / (2 n))`` after n pulls.
    scale : float, default 256
        How much is explored, above 0 (at least 1e-9).

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    Notes
    -----
    With the defaults, expected regret is of the order of ``sqrt(K t log K)`` on every tape, and
    with IID costs of that of ``log(t)**2`` divided by the gaps.  The default scale is what the
    proof needs; up to a hundred million rounds it explores by beta alone, and a smaller one does
    better.

    References
    ----------
    Seldin & Lugosi (2017), "An improved parametrization and analysis of the EXP3++ algorithm for
    stochastic and adversarial bandits"; Seldin & Slivkins (2014).

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.Exp3PlusPlus(scale=1.0)
    Exp3PlusPlus(scale=1.0)
    """

    alpha: float = 3.0
    scale: float = 256.0
    costs: ClassVar[bool] = True
    unit_range: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._set(alpha=number("alpha", self.alpha, low=1e-9))
        self._set(scale=number("scale", self.scale, low=1e-9))

    def start(self, spec: Arms, horizon: int) -> Exp3PlusPlusPolicy:
        """Return the policy; see `Learner.start`."""
        K = spec.K
        arms = blank_averages(K, unpulled=0.0)
        return Exp3PlusPlusPolicy(
            arms, np.zeros(K), np.zeros(K), np.zeros(K), self.alpha, self.scale
        )
