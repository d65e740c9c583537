"""A learner that minds budgets where reward and consumption are linear in features."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number
from banditkit.core.description import Learner
from banditkit.core.feedback import Feedback
from banditkit.core.spec import BudgetedFeatures
from banditkit.core.vectors import dot
from banditkit.learners.knapsack_prices import DualDescentBwK, next_price
from banditkit.learners.linear import Radius, add_observation, beta_of, multiply

__all__ = ["LinearBwK"]


class LinearBwKPolicy(NamedTuple):
    """State of `LinearBwK`; the first seven fields are as in `LinUCBPolicy`, with one model."""

    gram: np.ndarray  # (1, n, n) ridge I + sum of x x'
    inverse: np.ndarray  # (1, n, n) of it
    moments: np.ndarray  # (1, n) sum of r x
    theta: np.ndarray  # (1, n) inverse times moments
    pulls: np.ndarray  # (1,) int64
    product: np.ndarray  # (n,) room
    factor: np.ndarray  # (n, n) room
    used: np.ndarray  # (d, n) sum of c_i x
    dual: np.ndarray  # (d,) lambda, reward per unit of the common budget
    scale: np.ndarray  # (d,) common budget over budget
    share: float  # B / T
    rate: float  # eta
    alpha: float  # width of the bounds; below 0: that of the theorem
    radius: Radius
    null: int

    def select(self, t, x, rng):
        best, top = self.null, 0.0  # the null arm pays nothing, and costs nothing
        width = beta_of(self.radius, self.pulls[0]) if self.alpha < 0.0 else self.alpha
        for a in range(x.shape[0]):
            if a == self.null:
                continue
            multiply(self.inverse[0], x[a], self.product)
            spread = width * math.sqrt(max(0.0, dot(self.product, x[a])))
            index = min(1.0, dot(self.theta[0], x[a]) + spread)
            for i in range(self.dual.size):  # product . used[i] is the estimate of x . W_i
                least = dot(self.product, self.used[i]) - self.scale[i] * spread
                index -= self.dual[i] * max(0.0, least)  # r^UCB - sum of lambda_i c_i^LCB
            if index > top:
                best, top = a, index
        return best

    def update(self, t, x, a, y):
        if a != self.null:
            add_observation(self, 0, x[a], y.reward)
            for i in range(self.dual.size):
                for j in range(self.product.size):
                    self.used[i, j] += y.costs[i] * x[a, j]
        for i in range(self.dual.size):
            self.dual[i] = next_price(self.dual[i], y.costs[i], self.share, self.rate)

    def note(self, row):
        for i in range(self.dual.size):
            row[i] = self.dual[i] * self.scale[i]

    def noted(self):
        return {"prices": (self.dual.size,)}


@dataclass(frozen=True, repr=False)
class LinearBwK(Learner):
    """Play the arm that is worth most at prices that rise where the budget is spent too fast.

    Mean reward and mean consumption are estimated as `LinUCB` does, from one matrix of features.
    The index of arm a is the upper confidence bound of its reward, less, for each resource, a price
    lambda_i times the lower confidence bound of its consumption.  The arm without features has
    index 0.  A price rises when a round uses more than its share of the budget, and falls when it
    uses less: ``lambda_i <- lambda_i + rate (c_i - B / T)``, kept within ``[0, T / B]``.  It begins
    at 0.  A round costs about ``K n (n + d)`` multiplications.

    Parameters
    ----------
    alpha : float, optional
        The width of the confidence bounds, 0 or more; by default that of the theorem, which is
        wide, as in `LinUCB`.
    rate : float, optional
        The step of prices, 0 or more, by default ``(T / B) / sqrt(d T)``, which is best against the
        worst case; as in `DualDescentBwK`.
    ridge : float, default 1
        lambda of the regression, above 0 (at least 1e-9).
    delta : float, default 0.05
        Probability with which the confidence bounds may fail, in (0, 1] (at least 1e-300).
    noise : float, default 0.5
        For the theorem: reward and consumption are sub-Gaussian around their means with this
        factor, 0 or more; 0.5 fits numbers in [0, 1].
    norm : float, default 1
        For the theorem: ``|theta|``, and ``|W_i|`` of each resource, are at most this, 0 or more.

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    Notes
    -----
    Agrawal and Devanur (2016) prove that an algorithm of this kind has regret
    ``O((1 + OPT / B) n sqrt(T) log T)`` for budgets of the order of ``n T**(3/4)`` or more.  They
    set prices by multiplicative weights, on a scale of OPT / B that is first estimated by
    exploring.  Here prices descend along the gradient instead, as in pacing, on the scale T / B,
    which is never too small.  That needs no estimate, and prices begin at 0 rather than in the
    middle of a scale that is mostly too large.  It costs ``T / B`` in the guarantee where
    theirs has ``OPT / B``, which is much only where little can be earned.

    The guarantee is by their argument.  While the bounds hold, the index of the arm is at least
    what the linear programme's mix of arms would earn at these prices, on average ``OPT_LP -
    lambda . B / T``.  Reward is hence at least ``OPT_LP + lambda . (c - B / T)`` a round, less
    the widths of the bounds, and against any fixed price in [0, T / B], such as T / B of a
    resource that is used up early, prices that descend lose at most ``(T / B) sqrt(d T)``.  The
    widths add up to ``O(n sqrt(T) log T)``, each counted ``1 + sum of the prices`` times.  So with
    the default rate and width, if ``|x| <= 1``, regret is

        ``O((1 + d T / B) (n log(T) + sqrt(n log(T) log(1 / delta))) sqrt(T))``

    with probability ``1 - (d + 2) delta``, for noise and norm that fit.  A width or a rate of your
    own is outside the theorem, and a narrow width mostly earns more.

    `Result.logs` has the "prices", in reward per unit of each resource.

    References
    ----------
    Agrawal & Devanur (2016), "Linear contextual bandits with knapsacks"; Slivkins, *Introduction
    to Multi-Armed Bandits*, chapter 10; Balseiro & Gur (2019), "Learning in repeated
    auctions with budgets: regret minimization and equilibrium", on pacing.

    Examples
    --------
    >>> import banditkit as bk
    >>> problem = bk.LinearKnapsack.random(budgets=1000)
    >>> learners = [bk.LinearBwK(), bk.LinearBwK(alpha=0.3)]
    >>> result = bk.simulate(problem, learners, horizon=5000, replications=5, seed=0)
    >>> bool(result.mean()[1, -1] < result.mean()[0, -1])
    True
    """

    alpha: float | None = None
    rate: float | None = None
    ridge: float = 1.0
    delta: float = 0.05
    noise: float = 0.5
    norm: float = 1.0
    accepts: ClassVar[Feedback] = Feedback.PURCHASE
    plays: ClassVar[tuple[type, ...]] = (BudgetedFeatures,)

    def __post_init__(self) -> None:
        if self.alpha is not None:
            self._set(alpha=number("alpha", self.alpha, low=0.0))
        if self.rate is not None:
            self._set(rate=number("rate", self.rate, low=0.0))
        self._set(
            ridge=number("ridge", self.ridge, low=1e-9),
            delta=number("delta", self.delta, low=1e-300, high=1.0),
            noise=number("noise", self.noise, low=0.0),
            norm=number("norm", self.norm, low=0.0),
        )

    def start(self, spec: BudgetedFeatures, horizon: int) -> LinearBwKPolicy:
        """Return the policy; see `Learner.start`."""
        n, d = spec.n, spec.d
        return LinearBwKPolicy(
            gram=self.ridge * np.eye(n)[None],
            inverse=np.eye(n)[None] / self.ridge,
            moments=np.zeros((1, n)),
            theta=np.zeros((1, n)),
            pulls=np.zeros(1, dtype=np.int64),
            product=np.zeros(n),
            factor=np.zeros((n, n)),
            used=np.zeros((d, n)),
            dual=np.zeros(d),
            scale=np.array(spec.scale),
            share=spec.budget / horizon,
            rate=DualDescentBwK(self.rate).step(d, spec.budget, horizon),
            alpha=-1.0 if self.alpha is None else self.alpha,
            radius=Radius(self.noise, self.norm, self.ridge, 2.0 * math.log(1.0 / self.delta), n),
            null=spec.null,
        )
