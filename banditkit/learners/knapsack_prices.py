"""Learners that mind budgets by putting a price on each resource (Slivkins, ch. 10)."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number
from banditkit.core.description import Learner
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit_inline
from banditkit.core.spec import Budgeted
from banditkit.learners.knapsack import Ledger, blank_ledger, enter, hope, unseen

__all__ = ["DualDescentBwK", "PrimalDualBwK"]

_FAINT = -500.0  # logarithm of the least weight, next to the largest: products stay above 0


def first_hopes(ledger: Ledger) -> tuple[np.ndarray, np.ndarray]:
    """Return UCBs of rewards, (K,), and LCBs of consumption, (1 + d, K): row 0, of time, is 0."""
    rewards, use = np.zeros(ledger.pulls.size), np.zeros(ledger.means.shape)
    for a in range(rewards.size):
        hope(ledger, a, rewards, use)
    return rewards, use


class PrimalDualBwKPolicy(NamedTuple):
    """State of `PrimalDualBwK`."""

    ledger: Ledger
    rewards: np.ndarray  # (K,) UCB
    use: np.ndarray  # (1 + d, K) LCB; row 0: time, of which each round uses B / T
    used: np.ndarray  # (1 + d,) sum of `use` over the arms that were played: v_i = growth**used
    weights: np.ndarray  # (1 + d,) lambda
    growth: float  # log(1 + epsilon)
    scale: np.ndarray  # (d,) for prices in units of the problem

    def select(self, t, x, rng):
        a = unseen(self.ledger, t)
        return a if a >= 0 else best_value(self.rewards, self.use, self.weights, self.ledger.null)

    def update(self, t, x, a, y):
        m = self.used.size
        if t >= self.rewards.size - 1:  # by the bounds that the choice was made with
            top = 0.0
            for i in range(m):
                self.used[i] += self.use[i, a]  # v_i *= (1 + epsilon)**c_i^LCB(a)
                top = max(top, self.used[i])
            total = 0.0
            for i in range(m):
                v = math.exp(max(_FAINT, self.growth * (self.used[i] - top)))
                self.weights[i] = v
                total += v
            for i in range(m):
                self.weights[i] /= total  # lambda = v / sum(v)
        enter(self.ledger, a, y)
        if a != self.ledger.null:
            hope(self.ledger, a, self.rewards, self.use)

    def note(self, row):
        a = best_value(self.rewards, self.use, self.weights, self.ledger.null)
        ratio = self.rewards[a] / cost_of(self.use, self.weights, a)
        for i in range(row.size):
            row[i] = self.weights[1 + i] * ratio * self.scale[i]

    def noted(self):
        return {"prices": (self.scale.size,)}


@jit_inline
def cost_of(use, weights, a):
    """Return what an arm uses, by weight."""
    cost = 0.0
    for i in range(weights.size):
        cost += weights[i] * use[i, a]
    return cost


@jit_inline
def best_value(rewards, use, weights, null):
    """Return the arm that pays most for what it costs; the null arm if nobody pays."""
    best, most, least = null, 0.0, 1.0
    for a in range(rewards.size):
        cost = cost_of(use, weights, a)
        if rewards[a] * least > most * cost:  # reward / cost > most / least, without dividing
            best, most, least = a, rewards[a], cost
    return best


@dataclass(frozen=True, repr=False)
class PrimalDualBwK(Learner):
    """Play the arm that pays most for what it costs, at prices that rise with use (Algorithm 10.4).

    Each arm is pulled once first.  Each resource, time included, has a weight ``v_i``, 1 in the
    beginning; with ``lambda = v / sum(v)`` the arm of a round maximises
    ``r^UCB(a) / sum_i lambda_i c_i^LCB(a)``, and then ``v_i *= (1 + rate)**c_i^LCB(a)``.  The
    bounds have the radius ``sqrt(exploration * log(T) / n)``.  Of equal arms the first is played;
    the null arm only if all others surely pay nothing.

    Parameters
    ----------
    rate : float, optional
        How fast weights grow, in (0, 1] (at least 1e-12): the book's epsilon.  By default
        ``min(1, sqrt(log(d + 1) / B))``, with d + 1 resources, time included.
    exploration : float, default 2.0
        Constant under the root of the radius, 0 or more.  With 1 or more all
        bounds hold, but for a probability of the order of 1 / T; at classroom horizons 0.5
        explores less and usually wins.

    Raises
    ------
    ValueError
        If `rate` leaves (0, 1], or `exploration` is negative or not finite.

    Notes
    -----
    ``OPT - E[REW] = O~(sqrt(K OPT) + OPT sqrt(K / B))``, the best possible, (148) of the book, is
    proven for radii that shrink with the averages; see `UcbBwK` for what the plain radius costs.

    Time has to be a resource: every round uses ``B / T`` of it, surely.  Without it nothing keeps
    the sum in the denominator above 0.  Weights are kept as logarithms, since with large budgets
    they leave the range of numbers.

    `Result.logs` has "prices", in reward per unit of each resource.  The dual of the linear
    programme is to minimise ``B sum_i y_i`` over prices ``y >= 0`` at which no arm is worth more
    than it costs, ``sum_i y_i c_i(a) >= r(a)``.  The vector lambda is but a direction.  Along it,
    ``y = rho lambda`` is allowed from ``rho = max_a r(a) / sum_i lambda_i c_i(a)`` on, and the
    least is the best: it is the ratio of the arm that is played.  So what is noted is ``lambda_i``
    times that ratio, with the bounds in place of the means.  While these hold,
    ``B sum_i y_i >= T OPT_LP``.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10; Badanidiyuru, Kleinberg &
    Slivkins (2018), "Bandits with knapsacks".

    Examples
    --------
    >>> import banditkit as bk
    >>> pair = bk.Knapsack.sure([1, 1, 0], [[1, 0], [0, 1], [0, 0]], budgets=[50, 50])
    >>> result = bk.simulate(pair, [bk.PrimalDualBwK()], horizon=100, replications=1, seed=0)
    >>> float(result.logs["reward"][0, 0, -1])
    100.0
    """

    rate: float | None = None
    exploration: float = 2.0
    accepts: ClassVar[Feedback] = Feedback.PURCHASE
    plays: ClassVar[tuple[type, ...]] = (Budgeted,)

    def __post_init__(self) -> None:
        if self.rate is not None:
            self._set(rate=number("rate", self.rate, low=1e-12, high=1.0))
        self._set(exploration=number("exploration", self.exploration, low=0.0))

    def step(self, d: int, budget: float) -> float:
        """Return epsilon for d resources beside time, and a common budget."""
        if self.rate is not None:
            return self.rate
        return min(1.0, math.sqrt(math.log(d + 1) / budget))

    def start(self, spec: Budgeted, horizon: int) -> PrimalDualBwKPolicy:
        """Return the policy; see `Learner.start`."""
        ledger = blank_ledger(spec, self.exploration, horizon)
        rewards, use = first_hopes(ledger)
        use[0] = spec.budget / horizon
        return PrimalDualBwKPolicy(
            ledger=ledger,
            rewards=rewards,
            use=use,
            used=np.zeros(1 + spec.d),
            weights=np.full(1 + spec.d, 1.0 / (1 + spec.d)),
            growth=math.log1p(self.step(spec.d, spec.budget)),
            scale=np.array(spec.scale),
        )


@jit_inline
def next_price(price, cost, share, rate):
    """Return the price of a resource after a round that cost so much of it, in [0, 1 / share]."""
    return min(1.0 / share, max(0.0, price + rate * (cost - share)))


class DualDescentBwKPolicy(NamedTuple):
    """State of `DualDescentBwK`."""

    ledger: Ledger
    rewards: np.ndarray  # (K,) UCB
    use: np.ndarray  # (1 + d, K) LCB, from row 1 on
    prices: np.ndarray  # (1 + d,) lambda; that of time, 0, is not used
    share: float  # B / T
    rate: float  # eta
    scale: np.ndarray  # (d,) for prices in units of the problem

    def select(self, t, x, rng):
        a = unseen(self.ledger, t)
        if a >= 0:
            return a
        best, most = self.ledger.null, 0.0  # the null arm is worth 0
        for a in range(self.rewards.size):
            value = self.rewards[a] - cost_of(self.use, self.prices, a)
            if value > most:
                best, most = a, value
        return best

    def update(self, t, x, a, y):
        for i in range(y.costs.size):
            cost = y.costs[i]
            self.prices[1 + i] = next_price(self.prices[1 + i], cost, self.share, self.rate)
        enter(self.ledger, a, y)
        if a != self.ledger.null:
            hope(self.ledger, a, self.rewards, self.use)

    def note(self, row):
        for i in range(row.size):
            row[i] = self.prices[1 + i] * self.scale[i]

    def noted(self):
        return {"prices": (self.scale.size,)}


@dataclass(frozen=True, repr=False)
class DualDescentBwK(Learner):
    """Raise the price of a resource that is used too fast, and lower it otherwise: pacing.

    Each arm is pulled once first.  Then the arm of a round is the one that is worth most at the
    prices, ``r^UCB(a) - sum_i lambda_i c_i^LCB(a)``, or the null arm if none is worth more than
    its 0; and after the round each price moves by how much more was used than is due,
    ``lambda_i += rate * (c_i - B / T)``, and is clipped to ``[0, T / B]``.  The bounds have the
    radius ``sqrt(exploration * log(T) / n)``; of equal arms the first is played.

    Parameters
    ----------
    rate : float, optional
        The step of the prices, 0 or more.  By default ``(T / B) / sqrt(d T)``.
    exploration : float, default 2.0
        As in `PrimalDualBwK`.

    Raises
    ------
    ValueError
        If `rate` or `exploration` is negative or not finite.

    Notes
    -----
    The dual of the linear programme is to minimise
    ``f(lambda) = sum_i lambda_i B / T + max(0, max_a r(a) - lambda . c(a))`` over prices of 0 or
    more, and ``B / T - c(a)`` is a subgradient for the arm that is worth most: the prices walk
    downhill.

    *Where they are capped.*  ``f(lambda) >= lambda_i B / T``, and the minimum is ``OPT_LP <= 1``;
    so no price above ``T / B`` is ever best, and the best prices have a sum, and so a norm, of at
    most ``T / B``.

    *The step.*  Gradient descent from 0, with steps of length eta times a subgradient g whose
    entries lie in [-1, 1], loses at most ``|lambda*|**2 / (2 eta) + eta T |g|**2 / 2``, which is at
    most ``(T / B)**2 / (2 eta) + eta T d / 2`` and least for ``eta = (T / B) / sqrt(d T)``: then it
    is ``(T / B) sqrt(d T)``.  What there is to learn about the arms comes on top.

    With the contexts and the known rewards of a market in place of bandit feedback, this is the
    dual mirror descent of Balseiro, Lu & Mirrokni, with the Euclidean distance; they show regret
    of ``O(sqrt(T))`` for IID and a fixed competitive ratio for adversarial inputs.

    `Result.logs` has "prices", in reward per unit of each resource.

    References
    ----------
    Balseiro, Lu & Mirrokni (2020), "Dual mirror descent for online allocation problems"; the same
    (2023), "The best of many worlds: dual mirror descent for online allocation problems".

    Examples
    --------
    >>> import banditkit as bk
    >>> pair = bk.Knapsack.sure([1, 1, 0], [[1, 0], [0, 1], [0, 0]], budgets=[50, 50])
    >>> result = bk.simulate(pair, [bk.DualDescentBwK()], horizon=100, replications=1, seed=0)
    >>> float(result.logs["reward"][0, 0, -1])
    96.0
    """

    rate: float | None = None
    exploration: float = 2.0
    accepts: ClassVar[Feedback] = Feedback.PURCHASE
    plays: ClassVar[tuple[type, ...]] = (Budgeted,)

    def __post_init__(self) -> None:
        if self.rate is not None:
            self._set(rate=number("rate", self.rate, low=0.0))
        self._set(exploration=number("exploration", self.exploration, low=0.0))

    def step(self, d: int, budget: float, horizon: int) -> float:
        """Return eta for d resources, a common budget, and T rounds."""
        return horizon / budget / math.sqrt(d * horizon) if self.rate is None else self.rate

    def start(self, spec: Budgeted, horizon: int) -> DualDescentBwKPolicy:
        """Return the policy; see `Learner.start`."""
        ledger = blank_ledger(spec, self.exploration, horizon)
        rewards, use = first_hopes(ledger)
        return DualDescentBwKPolicy(
            ledger=ledger,
            rewards=rewards,
            use=use,
            prices=np.zeros(1 + spec.d),
            share=spec.budget / horizon,
            rate=self.step(spec.d, spec.budget, horizon),
            scale=np.array(spec.scale),
        )
