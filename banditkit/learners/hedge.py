"""Exponential weights for full feedback: Hedge and its relatives (Slivkins, ch. 5)."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number, whole
from banditkit.core.description import Learner, Problem
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit_helper, jit_inline
from banditkit.core.spec import Arms
from banditkit.core.weights import draw_arm, softmax

__all__ = ["AdaHedge", "FixedShare", "Hedge", "HedgePolicy", "OptimisticHedge"]


class HedgePolicy(NamedTuple):
    """State of `Hedge`."""

    logs: np.ndarray  # (K,) logarithms of the weights
    p: np.ndarray  # (K,) probabilities
    fall: float  # -log(1 - epsilon): a cost of 1 takes so much off a logarithm

    def distribution(self, t, x):
        softmax(self.logs, self.p)  # p = w / sum(w)
        return self.p

    def select(self, t, x, rng):
        return draw_arm(self.distribution(t, x), rng)

    def update(self, t, x, a, y):
        for i in range(self.logs.size):
            self.logs[i] -= self.fall * y[i]  # w *= (1 - epsilon)**c


@dataclass(frozen=True, repr=False)
class Hedge(Learner):
    """Multiply each arm's weight by ``(1 - epsilon)**cost``, and draw by weight (Algorithm 5.2).

    Weights are kept as logarithms, so that they never leave the range of numbers.

    Parameters
    ----------
    rate : float, optional
        epsilon, in [0, 1/2].  By default it is tuned to the horizon and the next two parameters.
    best_cost : float, optional
        u, above 0 and at most 1, if some arm is known to cost at most ``u T``:
        ``epsilon = sqrt(log(K) / (u T))``; by default 1.
    second_moment : float, optional
        u, above 0, for costs that may exceed 1 but whose square is at most u on average:
        ``epsilon = sqrt(log(K) / (3 u T))``.  Any costs of 0 or more are played then.

    Raises
    ------
    ValueError
        If a parameter leaves its range, or more than one of the three is given.

    Notes
    -----
    A default above 1/2, for T < 4 log(K) / u, is cut to 1/2; the theorems do not speak of so few
    rounds.  Regret against the best arm is below ``2 sqrt(u T log(K))`` on average (Theorem 5.14),
    and with expected costs surely (Remark 5.15): `banditkit.bounds.hedge`.  With `second_moment` it
    is below ``2 sqrt(3 u T log(K))`` (Theorem 5.16): `banditkit.bounds.hedge_second_moment`.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 5.3; Freund & Schapire (1997).

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.Hedge().epsilon(K=10, horizon=10_000)
    0.015174271293851465
    >>> bk.Hedge(second_moment=4.0)
    Hedge(second_moment=4.0)
    """

    rate: float | None = None
    best_cost: float | None = None
    second_moment: float | None = None
    accepts: ClassVar[Feedback] = Feedback.FULL
    costs: ClassVar[bool] = True

    def __post_init__(self) -> None:
        ranges = {"rate": (0.0, 0.5), "best_cost": (1e-12, 1.0), "second_moment": (1e-12, math.inf)}
        given = [name for name in ranges if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"give one of {' and '.join(given)}: each of them sets the rate")
        for name in given:
            low, high = ranges[name]
            self._set(**{name: number(name, getattr(self, name), low=low, high=high)})

    @property
    def unit_range(self) -> bool:  # type: ignore[override]
        """Does it need costs in [0, 1]?  Not if their second moment is known."""
        return self.second_moment is None

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        super().check(problem)
        if problem.spec.lowest < 0.0:
            raise ValueError(
                f"Hedge needs costs of 0 or more; those of {type(problem).__name__} go down to "
                f"{problem.spec.lowest:g} - add a constant, or use AdaHedge"
            )

    def epsilon(self, K: int, horizon: int) -> float:
        """Return epsilon for K arms and T rounds."""
        if self.rate is not None:
            return self.rate
        if self.second_moment is not None:
            return min(0.5, math.sqrt(math.log(K) / (3 * self.second_moment * horizon)))
        return min(0.5, math.sqrt(math.log(K) / ((self.best_cost or 1.0) * horizon)))

    def start(self, spec: Arms, horizon: int) -> HedgePolicy:
        """Return the policy; see `Learner.start`."""
        K = spec.K
        return HedgePolicy(np.zeros(K), np.zeros(K), -math.log1p(-self.epsilon(K, horizon)))


class FixedSharePolicy(NamedTuple):
    """State of `FixedShare`."""

    logs: np.ndarray  # (K,) logarithms of the weights
    p: np.ndarray  # (K,) probabilities
    eta: float
    share: float  # alpha

    def distribution(self, t, x):
        softmax(self.logs, self.p)
        return self.p

    def select(self, t, x, rng):
        return draw_arm(self.distribution(t, x), rng)

    def update(self, t, x, a, y):
        K = self.logs.size
        for i in range(K):
            self.logs[i] -= self.eta * y[i]
        if self.share > 0.0:
            softmax(self.logs, self.p)
            for i in range(K):
                # p = (1 - alpha) p + alpha / K
                self.logs[i] = math.log((1.0 - self.share) * self.p[i] + self.share / K)


@dataclass(frozen=True, repr=False)
class FixedShare(Learner):
    """Hedge that hands a share of the weight to all arms in each round, to follow shifts.

    ``p`` is multiplied by ``exp(-rate * cost)`` and normalised, and becomes
    ``(1 - share) p + share / K``.

    Parameters
    ----------
    shifts : int, default 1
        S, how often the benchmark changes its arm, 0 or more; the next two are tuned to it.
    share : float, optional
        alpha, in [0, 1]; by default ``S / (T - 1)``.
    rate : float, optional
        eta, 0 or more; by default the one that makes the bound smallest.

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    Notes
    -----
    Regret against every sequence of arms with at most S shifts is at most ``C / eta + eta T / 8``
    in expected costs, surely, where ``C = (S + 1) log K + S log(1 / alpha) +
    (T - 1 - S) log(1 / (1 - alpha))``: `banditkit.bounds.fixed_share` derives it.

    References
    ----------
    Herbster & Warmuth (1998), "Tracking the best expert"; Cesa-Bianchi & Lugosi (2006),
    *Prediction, Learning, and Games*, section 5.2.

    Examples
    --------
    >>> import banditkit as bk
    >>> tape = bk.SwitchingCosts([[0, 1], [1, 0]], feedback="full")
    >>> tape = bk.ShiftingRegret(tape, shifts=1)
    >>> result = bk.simulate(tape, [bk.FixedShare(), bk.Hedge()], horizon=1000, seed=0)
    >>> bool(result.mean()[0, -1] < 50 < 250 < result.mean()[1, -1])
    True
    """

    shifts: int = 1
    share: float | None = None
    rate: float | None = None
    accepts: ClassVar[Feedback] = Feedback.FULL
    costs: ClassVar[bool] = True
    unit_range: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._set(shifts=whole("shifts", self.shifts, least=0))
        if self.share is not None:
            self._set(share=number("share", self.share, low=0.0, high=1.0))
        if self.rate is not None:
            self._set(rate=number("rate", self.rate, low=0.0))

    def alpha(self, horizon: int) -> float:
        """Return the share for T rounds."""
        if self.share is not None:
            return self.share
        return min(1.0, self.shifts / max(1, horizon - 1))

    def code_length(self, K: int, horizon: int) -> float:
        """Return C: what a sequence with S shifts weighs at least is ``exp(-C)``."""
        alpha, S = self.alpha(horizon), min(self.shifts, horizon - 1)
        stay = (horizon - 1 - S) * -_log(1.0 - alpha) if horizon - 1 > S else 0.0
        return (S + 1) * math.log(K) + (S * -_log(alpha) if S else 0.0) + stay

    def eta(self, K: int, horizon: int) -> float:
        """Return the rate for K arms and T rounds."""
        if self.rate is not None:
            return self.rate
        length = self.code_length(K, horizon)
        return math.sqrt(8.0 * length / horizon) if math.isfinite(length) else 1.0

    def start(self, spec: Arms, horizon: int) -> FixedSharePolicy:
        """Return the policy; see `Learner.start`."""
        K = spec.K
        return FixedSharePolicy(np.zeros(K), np.zeros(K), self.eta(K, horizon), self.alpha(horizon))


class AdaHedgePolicy(NamedTuple):
    """State of `AdaHedge`."""

    totals: np.ndarray  # (K,) cost of each arm so far
    p: np.ndarray  # (K,) probabilities
    Delta: np.ndarray  # (1,) sum of the mixability gaps

    def distribution(self, t, x):
        mix(self.totals, _eta(self.totals.size, self.Delta[0]), self.p)
        return self.p

    def select(self, t, x, rng):
        return draw_arm(self.distribution(t, x), rng)

    def update(self, t, x, a, y):
        eta = _eta(self.totals.size, self.Delta[0])
        before = mix(self.totals, eta, self.p)
        expected = 0.0
        for i in range(self.totals.size):
            expected += self.p[i] * y[i]
            self.totals[i] += y[i]
        mixed = mix(self.totals, eta, self.p) - before
        self.Delta[0] += max(0.0, expected - mixed)  # the mixability gap


@dataclass(frozen=True, repr=False)
class AdaHedge(Learner):
    """Hedge that finds its rate by itself: no horizon, costs of any range.

    The rate is ``eta = log(K) / Delta``, where Delta sums the mixability gaps so far: by how much
    the expected cost exceeds the mix loss, ``-log(sum(p * exp(-eta * cost))) / eta``.  While Delta
    is 0 it follows the leaders.

    Notes
    -----
    With costs in [0, 1], regret is below ``sqrt(T log K) + 4/3 log K + 2`` in expected costs,
    surely, and far smaller on easy tapes: `banditkit.bounds.adahedge`.

    References
    ----------
    de Rooij, van Erven, Grünwald & Koolen (2014), "Follow the leader if you can, hedge if you
    must".

    Examples
    --------
    On an easy tape it pays no more than following the leader does:

    >>> import banditkit as bk
    >>> tape = bk.IIDCosts([0.1, 0.9], feedback="full")
    >>> learners = [bk.AdaHedge(), bk.Hedge()]
    >>> result = bk.simulate(tape, learners, horizon=10_000, replications=20, seed=0)
    >>> bool(result.mean()[0, -1] < 0.2 * result.mean()[1, -1])
    True
    """

    accepts: ClassVar[Feedback] = Feedback.FULL
    costs: ClassVar[bool] = True

    def start(self, spec: Arms, horizon: int) -> AdaHedgePolicy:
        """Return the policy; see `Learner.start`."""
        return AdaHedgePolicy(np.zeros(spec.K), np.zeros(spec.K), np.zeros(1))


class OptimisticHedgePolicy(NamedTuple):
    """State of `OptimisticHedge`."""

    totals: np.ndarray  # (K,) cost of each arm so far
    last: np.ndarray  # (K,) cost in the last round
    logs: np.ndarray  # (K,)
    p: np.ndarray  # (K,) probabilities
    eta: float

    def distribution(self, t, x):
        for i in range(self.totals.size):
            self.logs[i] = -self.eta * (self.totals[i] + self.last[i])
        softmax(self.logs, self.p)
        return self.p

    def select(self, t, x, rng):
        return draw_arm(self.distribution(t, x), rng)

    def update(self, t, x, a, y):
        for i in range(self.totals.size):
            self.totals[i] += y[i]
            self.last[i] = y[i]


@dataclass(frozen=True, repr=False)
class OptimisticHedge(Learner):
    """Hedge that expects the last costs to come again: ``p`` goes like ``exp(-eta (L + last))``.

    Parameters
    ----------
    rate : float, optional
        eta, 0 or more; by default ``sqrt(2 log(K) / T)``, which is right for the worst tape.

    Raises
    ------
    ValueError
        If `rate` is negative or not finite.

    Notes
    -----
    Regret is at most ``log(K) / eta + eta / 2 * sum(max(abs(c_t - c_{t-1}))**2)`` in expected
    costs, surely: tapes that change slowly cost little.  `banditkit.bounds.optimistic_hedge`.

    References
    ----------
    Rakhlin & Sridharan (2013), "Online learning with predictable sequences"; Syrgkanis et al.
    (2015), "Fast convergence of regularized learning in games".

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.OptimisticHedge(rate=0.1)
    OptimisticHedge(rate=0.1)
    """

    rate: float | None = None
    accepts: ClassVar[Feedback] = Feedback.FULL
    costs: ClassVar[bool] = True
    unit_range: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.rate is not None:
            self._set(rate=number("rate", self.rate, low=0.0))

    def eta(self, K: int, horizon: int) -> float:
        """Return the rate for K arms and T rounds."""
        return math.sqrt(2 * math.log(K) / horizon) if self.rate is None else self.rate

    def start(self, spec: Arms, horizon: int) -> OptimisticHedgePolicy:
        """Return the policy; see `Learner.start`."""
        totals, last, logs, p = (np.zeros(spec.K) for _ in range(4))
        return OptimisticHedgePolicy(totals, last, logs, p, self.eta(spec.K, horizon))


@jit_inline
def _eta(K, Delta):
    """Return AdaHedge's rate; of a single arm we say log 2, since all rates do the same."""
    return math.log(max(K, 2)) / Delta if Delta > 0.0 else math.inf


@jit_helper
def mix(totals, eta, p):
    """Write the distribution that goes like exp(-eta * totals) into p; return the mix so far.

    The mix is ``-log(sum(exp(-eta * totals)) / K) / eta``, or for an infinite eta the smallest
    total; what it gains in a round is the mix loss.
    """
    K = totals.size
    least = totals[0]
    for i in range(1, K):
        least = min(least, totals[i])
    weights = 0.0
    for i in range(K):
        if eta == math.inf:
            p[i] = 1.0 if totals[i] == least else 0.0
        else:
            p[i] = math.exp(-eta * (totals[i] - least))
        weights += p[i]
    for i in range(K):
        p[i] /= weights
    return least if eta == math.inf else least - math.log(weights / K) / eta


def _log(x: float) -> float:
    return math.log(x) if x > 0.0 else -math.inf
