"""Exp4: Hedge over experts who recommend arms, with bandit feedback (Slivkins, ch. 6)."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number
from banditkit.core.description import Learner
from banditkit.core.spec import Advice
from banditkit.core.weights import draw_arm
from banditkit.learners.hedge import HedgePolicy

__all__ = ["Exp4"]


class Exp4Policy(NamedTuple):
    """State of `Exp4`."""

    hedge: HedgePolicy  # over the N experts
    estimates: np.ndarray  # (N,) estimated costs of the experts in this round
    q: np.ndarray  # (K,) probabilities of the arms
    mixing: float  # gamma

    def distribution(self, t, x):
        p = self.hedge.distribution(t, x)
        K = self.q.size
        self.q[:] = self.mixing / K
        for e in range(p.size):
            self.q[x[e]] += (1.0 - self.mixing) * p[e]
        return self.q

    def select(self, t, x, rng):
        return draw_arm(self.distribution(t, x), rng)

    def update(self, t, x, a, y):
        for e in range(self.estimates.size):
            self.estimates[e] = y / self.q[a] if x[e] == a else 0.0
        self.hedge.update(t, x, a, self.estimates)


@dataclass(frozen=True, repr=False)
class Exp4(Learner):
    """Follow an expert drawn by Hedge, and estimate the costs of all who said the same (Alg. 6.2).

    Parameters
    ----------
    rate : float, optional
        epsilon, in [0, 1/2]; by default ``sqrt((1 - mixing) log(N) / (3 K T))``, at most 1/2.
    mixing : float, default 0
        gamma, in [0, 1/2]: the probability of drawing an arm uniformly instead.

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    Notes
    -----
    Expected regret against the best of N experts is at most ``2 sqrt(3) sqrt(T K log N) + 1`` for
    gamma below ``1 / (2 T)`` (Theorem 6.11): `banditkit.bounds.exp4`.  A round takes N + K steps.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, Algorithm 6.2; Auer et al. (2002), section 7.

    Examples
    --------
    >>> import banditkit as bk
    >>> experts = bk.BlockAdvice(K=2, blocks=5)
    >>> result = bk.simulate(experts, [bk.Exp4()], horizon=10_000, replications=20, seed=0)
    >>> bool(result.mean()[0, -1] < bk.bounds.exp4(experts, 10_000))
    True
    """

    rate: float | None = None
    mixing: float = 0.0
    costs: ClassVar[bool] = True
    unit_range: ClassVar[bool] = True
    plays: ClassVar[tuple[type, ...]] = (Advice,)

    def __post_init__(self) -> None:
        if self.rate is not None:
            self._set(rate=number("rate", self.rate, low=0.0, high=0.5))
        self._set(mixing=number("mixing", self.mixing, low=0.0, high=0.5))

    def epsilon(self, K: int, N: int, horizon: int) -> float:
        """Return epsilon for K arms, N experts and T rounds."""
        if self.rate is not None:
            return self.rate
        u = K / (1.0 - self.mixing)
        return min(0.5, math.sqrt(math.log(N) / (3 * u * horizon)))

    def start(self, spec: Advice, horizon: int) -> Exp4Policy:
        """Return the policy; see `Learner.start`."""
        K, N = spec.K, spec.N
        fall = -math.log1p(-self.epsilon(K, N, horizon))
        hedge = HedgePolicy(np.zeros(N), np.zeros(N), fall)
        return Exp4Policy(hedge, np.zeros(N), np.zeros(K), self.mixing)
