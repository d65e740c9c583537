"""The theorems of chapters 5 and 6 as functions of a problem and a time.

A function takes a problem, a time `t`, a number or an array, and for learners that are tuned to the
horizon also `horizon`; without it, `t` itself is the horizon.  Before the horizon the bounds are
those of the proofs, with the rate that is tuned to it.

With full feedback most of them hold *surely* for expected costs, in games that are scored by
`ExpectedRegret`, and against any adversary.  With bandit feedback they hold on average, against
adversaries that do not look: given the tape, the best arm is fixed, and so is what it pays.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from banditkit.core.checks import number
from banditkit.core.description import Learner, Problem
from banditkit.core.spec import Advice
from banditkit.learners import (
    AdaHedge,
    Exp3,
    Exp3IX,
    Exp3P,
    Exp3Rewards,
    Exp3S,
    Exp4,
    FixedShare,
    FollowTheLeader,
    Hedge,
    MajorityVote,
    OnlineGradientDescent,
    OptimisticHedge,
    Rexp3,
    TsallisINF,
    WeightedMajority,
)
from banditkit.problems import (
    AdaptiveAdversary,
    BinaryStrings,
    CostTape,
    DriftingCosts,
    DynamicRegret,
    ExpectedRegret,
    ExpertProblem,
    ForesightRegret,
    HeavyCosts,
    IIDArms,
    IIDCosts,
    PerfectExpert,
    ShiftingRegret,
    SwapRegret,
)
from banditkit.theory.bounds.common import Curve, Theorems, out, times_and_horizon, times_of

__all__ = [
    "adahedge",
    "binary_strings",
    "blum_mansour",
    "exp3",
    "exp3_ix",
    "exp3_p",
    "exp3_rewards",
    "exp3_s",
    "exp4",
    "exp4_crude",
    "fair_coins",
    "fixed_share",
    "follow_the_leader",
    "fooled",
    "foresight_gap",
    "gradient_descent",
    "hedge",
    "hedge_second_moment",
    "majority_vote",
    "optimistic_hedge",
    "rexp3",
    "tsallis_inf",
    "weighted_majority",
]


def follow_the_leader(problem: Problem, t: ArrayLike) -> Curve:
    """Return a bound for `FollowTheLeader` with IID costs: Remark 5.3 with constants.

    After s rounds each average is a mean of s independent costs in [0, 1], so the largest of K
    deviations is on average at most ``sqrt(log(2 K) / (2 s))`` (Hoeffding's lemma); the leader is
    worse than the best arm by at most twice as much.  Summed over the rounds, foresight regret is
    at most ``1 + 2 sqrt(2 t log(2 K))``; hindsight regret adds `foresight_gap`.

    Parameters
    ----------
    problem : IIDCosts
        IID costs, or `ForesightRegret` of them.
    t : int or array of int
        Times, in rounds.

    Raises
    ------
    ValueError
        If costs are not IID.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.follow_the_leader(bk.IIDCosts((0.4, 0.6), feedback="full"), 10_000), 1)
    392.9
    """
    t = times_of(t)
    inner = _plain(problem)
    foresight = isinstance(inner, ForesightRegret)
    if foresight:
        inner = inner.problem
    if not isinstance(inner, IIDCosts):
        raise ValueError(f"the theorem is about IIDCosts; got {problem!r}")
    K = inner.spec.K
    gap = 0.0 if foresight else np.sqrt(t * math.log(K) / 2)
    return out(1.0 + 2.0 * np.sqrt(2.0 * t * math.log(2 * K)) + gap)


def foresight_gap(problem: Problem, t: ArrayLike) -> Curve:
    """Return how far hindsight is ahead of foresight at most: ``sqrt(t log(K) / 2)``.

    ``min_a E[cost(a)] - E[min_a cost(a)]`` is at most the expected maximum of K sums of t
    independent, centred numbers from an interval of length 1: sub-Gaussian with variance ``t / 4``,
    so ``sqrt(2 log(K) t / 4)`` (Exercise 5.2a, whose O(.) has log(K T)).

    Parameters
    ----------
    problem : CostTape
        A tape with costs in [0, 1], independent between rounds.
    t : int or array of int
        Times, in rounds.

    Raises
    ------
    ValueError
        If costs leave [0, 1].

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.foresight_gap(bk.IIDCosts([0.5] * 10), 10_000), 1)
    107.3
    """
    return out(np.sqrt(times_of(t) * math.log(_choices(problem)) / 2))


def fair_coins(problem: Problem, t: ArrayLike) -> Curve:
    """Return the exact expected regret of *every* learner, if all costs are fair coins.

    Whoever does whatever pays t/2; the best of K arms in hindsight pays the smallest of K
    independent binomial numbers.  The difference, about ``sqrt(t log(K) / 2)`` for large t and K,
    bounds from below what a learner can promise (Exercise 5.2b).

    Parameters
    ----------
    problem : IIDCosts
        With all means 1/2.
    t : int or array of int
        Times, in rounds, at most a million.

    Raises
    ------
    ValueError
        If the costs are not fair coins.

    Examples
    --------
    Of two coins that are thrown once, one is 0 with probability 3/4:

    >>> import banditkit as bk
    >>> bk.bounds.fair_coins(bk.IIDCosts((0.5, 0.5)), 1)
    0.25
    """
    inner = _plain(problem)
    if not isinstance(inner, IIDCosts) or set(inner.means) != {0.5}:
        raise ValueError(f"the formula is about IIDCosts with all means 1/2; got {problem!r}")
    times = times_of(t)
    if times.max() > 1e6:
        raise ValueError(f"the exact formula is for a million rounds at most; got {times.max():g}")
    return out(np.vectorize(partial(_best_of_coins, inner.spec.K), otypes=[float])(times))


def fooled(problem: Problem, t: ArrayLike) -> Curve:
    """Return Theorem 5.11: a deterministic learner can be made to regret ``t - floor(t / K)``.

    An adversary who knows it lets the arm that will be played cost 1, and the others 0.  The
    learner pays in each round, and the K arms together pay t, so one of them at most ``floor(t /
    K)``.

    Parameters
    ----------
    problem : AdaptiveAdversary
        With deterministic learners regret is at least as large as this.
    t : int or array of int
        Times, in rounds.

    Raises
    ------
    ValueError
        If the problem is not the greedy `AdaptiveAdversary`.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.bounds.fooled(bk.AdaptiveAdversary(K=10), 1000)
    900.0
    """
    if type(problem) is not AdaptiveAdversary:
        raise ValueError(f"the theorem is about AdaptiveAdversary; got {problem!r}")
    t = times_of(t)
    return out(t - np.floor(t / problem.K))


def majority_vote(problem: Problem, t: ArrayLike) -> Curve:
    """Return Theorem 5.6: with a perfect expert, at most ``log2(N)`` mistakes, surely.

    Each mistake ends the trust in half of the trusted experts at least.

    Parameters
    ----------
    problem : PerfectExpert or BinaryStrings
        Binary prediction with an expert who is always right.
    t : int or array of int
        Times, in rounds.

    Raises
    ------
    ValueError
        If no expert is known to be perfect.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.bounds.majority_vote(bk.PerfectExpert(N=64, feedback="full"), 100)
    6.0
    """
    N = _perfect(problem)
    return out(np.minimum(times_of(t), math.floor(math.log2(N) + 1e-12)))


def weighted_majority(
    problem: Problem, t: ArrayLike, *, rate: float = 0.5, best_cost: float = 0.0
) -> Curve:
    """Return Theorem 5.10 as regret: ``2 cost* / (1 - rate) + 2 log(N) / rate - cost*``, surely.

    Each mistake takes away a ``rate / 2`` of all weights at least, and the best expert keeps
    ``(1 - rate)**cost*``; so ``mistakes * rate / 2 <= log(N) + cost* log(1 / (1 - rate))``, and
    ``log(1 / (1 - rate)) <= rate / (1 - rate)``.

    Parameters
    ----------
    problem : ExpertProblem
        Binary prediction: two arms.
    t : int or array of int
        Times, in rounds.
    rate : float, default 0.5
        epsilon, above 0 and below 1.
    best_cost : float, default 0
        cost*, the mistakes of the best expert.

    Raises
    ------
    ValueError
        If the problem is not binary prediction, or a number leaves its range.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.weighted_majority(bk.PerfectExpert(N=64, feedback="full"), 100), 2)
    16.64
    """
    spec = problem.spec
    if not isinstance(spec, Advice) or spec.K != 2:
        raise ValueError(f"the theorem is about binary prediction with experts; got {problem!r}")
    rate = number("rate", rate, low=1e-9, high=1.0 - 1e-9)
    star = number("best_cost", best_cost, low=0.0)
    mistakes = 2.0 * star / (1.0 - rate) + 2.0 * math.log(spec.N) / rate
    return out(np.minimum(times_of(t), mistakes - star))


def binary_strings(problem: Problem, t: ArrayLike) -> Curve:
    """Return Theorem 5.8 exactly: every learner makes ``min(t, d) / 2`` mistakes on average.

    The bits of the perfect expert are fair coins that nobody has seen.

    Parameters
    ----------
    problem : BinaryStrings
        All strings of d bits.
    t : int or array of int
        Times, in rounds.

    Raises
    ------
    ValueError
        If the problem is another.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.bounds.binary_strings(bk.BinaryStrings(d=10), 100)
    5.0
    """
    inner = _plain(problem)
    if not isinstance(inner, BinaryStrings):
        raise ValueError(f"the theorem is about BinaryStrings; got {problem!r}")
    return out(np.minimum(times_of(t), inner.d) / 2)


def hedge(
    problem: Problem,
    t: ArrayLike,
    *,
    horizon: int | None = None,
    rate: float | None = None,
    best_cost: float = 1.0,
) -> Curve:
    """Return Theorem 5.14 for `Hedge`: ``log(K) / epsilon + epsilon cost*``, surely.

    In expected costs.  With ``epsilon = sqrt(log(K) / (u T))`` and cost* at most u T it is ``2
    sqrt(u T log K)`` at the horizon.  The proof: the sum W of the weights falls to at most
    ``W (1 - epsilon p.c) <= W exp(-epsilon p.c)`` in a round, and stays above
    ``(1 - epsilon)**cost*``; and ``log(1 / (1 - epsilon)) <= epsilon + epsilon**2`` up to 1/2.

    Parameters
    ----------
    problem : Problem
        Costs in [0, 1], of arms or experts, with any adversary.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    rate : float, optional
        epsilon, above 0 and at most 1/2; by default the theorem's.
    best_cost : float, default 1
        u, above 0 and at most 1: the best arm costs at most u in a round, on average.

    Raises
    ------
    ValueError
        If the theorem does not hold: costs leave [0, 1], or epsilon would not be below 1/2, which
        takes more than ``4 log(K) / u`` rounds.

    Examples
    --------
    >>> import banditkit as bk
    >>> tape = bk.IIDCosts([0.5] * 10, feedback="full")
    >>> round(bk.bounds.hedge(tape, 10_000), 1)
    303.5
    """
    times, T = times_and_horizon(t, horizon)
    K, u = _choices(problem), number("best_cost", best_cost, low=1e-12, high=1.0)
    epsilon = _epsilon(K, u * T, rate)
    return out(math.log(K) / epsilon + epsilon * np.minimum(times, u * T))


def hedge_second_moment(
    problem: Problem,
    t: ArrayLike,
    *,
    horizon: int | None = None,
    rate: float | None = None,
    second_moment: float | None = None,
) -> Curve:
    """Return Theorem 5.16 for `Hedge` and costs that may be large: ``log(K) / eps + 3 eps u t``.

    With ``epsilon = sqrt(log(K) / (3 u T))`` it is ``2 sqrt(3) sqrt(u T log K)`` at the horizon.
    Here u bounds the expected second moment ``sum_a p(a) c(a)**2`` of a round, on average; for
    independent costs with means at most mu and variances at most sigma**2 it is
    ``mu**2 + sigma**2`` (Corollary 5.17).

    Parameters
    ----------
    problem : Problem
        Costs of 0 or more.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    rate : float, optional
        epsilon, above 0 and at most 1/2; by default the theorem's.
    second_moment : float, optional
        u; by default that of `HeavyCosts`, or else the square of the largest cost.

    Raises
    ------
    ValueError
        If costs can be negative, or epsilon would not be below 1/2.

    Examples
    --------
    >>> import banditkit as bk
    >>> tape = bk.HeavyCosts([0.01, 0.02], highest=10, feedback="full")
    >>> round(bk.bounds.hedge_second_moment(tape, 10_000), 1)
    407.9
    """
    times, T = times_and_horizon(t, horizon)
    K = _choices(problem, unit=False)
    if second_moment is None:
        inner: Any = _plain(problem)
        heavy = isinstance(inner, HeavyCosts)
        second_moment = inner.second_moment if heavy else problem.spec.highest**2
    if problem.spec.lowest < 0.0:
        raise ValueError(f"the theorem is about costs of 0 or more; got {problem!r}")
    u = number("second_moment", second_moment, low=1e-12)
    epsilon = _epsilon(K, 3.0 * u * T, rate)
    return out(math.log(K) / epsilon + 3.0 * epsilon * u * times)


def fixed_share(
    problem: Problem, t: ArrayLike, *, horizon: int | None = None, learner: FixedShare | None = None
) -> Curve:
    """Return the bound of `FixedShare`: ``C / eta + eta t / 8``, surely in expected costs.

    Sharing makes the weights those of Hedge over all sequences of arms, each with a prior: an arm
    to begin with, 1/K; then in each round a change, alpha, to any of the K arms, or none, ``1 -
    alpha``. A sequence with S shifts has a prior of at least ``exp(-C)`` with
    ``C = (S + 1) log K + S log(1 / alpha) + (T - 1 - S) log(1 / (1 - alpha))``, and Hedge with the
    rate eta pays at most ``C / eta`` more than it, and ``eta / 8`` in each round (Hoeffding's
    lemma).

    Parameters
    ----------
    problem : ShiftingRegret
        Of a tape with costs in [0, 1]; or a tape itself, as shifting regret with no shifts.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    learner : FixedShare, optional
        By default ``FixedShare(shifts)`` with the shifts of the problem.

    Raises
    ------
    ValueError
        If costs leave [0, 1], or the share can't follow so many shifts.

    Examples
    --------
    >>> import banditkit as bk
    >>> tape = bk.ShiftingRegret(bk.IIDCosts([0.5] * 10, feedback="full"), shifts=3)
    >>> round(bk.bounds.fixed_share(tape, 10_000), 1)
    427.5
    """
    K, S = _choices_shifting(problem)
    learner = FixedShare(S) if learner is None else learner
    times, T = times_and_horizon(t, horizon)

    def curve(t: float, T: float) -> float:
        share, eta = learner.alpha(int(T)), learner.eta(K, int(T))
        length = FixedShare(S, share=share).code_length(K, int(T))
        if not math.isfinite(length) or eta == 0.0:
            raise ValueError(f"with share {share:g} and rate {eta:g}, {S} shifts are not followed")
        return length / eta + eta * t / 8

    return out(np.vectorize(curve, otypes=[float])(times, T))


def adahedge(problem: Problem, t: ArrayLike) -> Curve:
    """Return the bound of `AdaHedge`: ``s (sqrt(t log K) + 4/3 log K + 2)``, surely, for range s.

    Regret is at most twice the sum Delta of the mixability gaps, and
    ``Delta**2 <= V log K + s (2/3 log K + 1) Delta``, where the sum V of the variances of the costs
    under p is at most ``s**2 t / 4``.

    Parameters
    ----------
    problem : Problem
        Costs from an interval of length s.
    t : int or array of int
        Times, in rounds.

    Raises
    ------
    ValueError
        If the range is not finite.

    References
    ----------
    de Rooij, van Erven, Grünwald & Koolen (2014), Lemma 3 and Theorem 6.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.adahedge(bk.IIDCosts([0.5] * 10, feedback="full"), 10_000), 1)
    156.8
    """
    K = _choices(problem, unit=False)
    s = problem.spec.highest - problem.spec.lowest
    return out(s * (np.sqrt(times_of(t) * math.log(K)) + 4 / 3 * math.log(K) + 2))


def gradient_descent(
    problem: Problem, t: ArrayLike, *, horizon: int | None = None, rate: float | None = None
) -> Curve:
    """Return the bound of `OnlineGradientDescent`: ``(1 - 1/K) / (2 eta) + eta K t / 2``, surely.

    A step changes the squared distance to the best arm by ``-2 eta (p.c - c(best)) + eta**2
    |c|**2`` at most, since projecting brings nearer; the distance begins with ``1 - 1/K``, and
    ``|c|**2`` is at most K.

    Parameters
    ----------
    problem : Problem
        Costs in [0, 1].
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    rate : float, optional
        eta, above 0; by default the learner's, which makes it ``sqrt((K - 1) T)``.

    Raises
    ------
    ValueError
        If costs leave [0, 1].

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.bounds.gradient_descent(bk.IIDCosts([0.5] * 10, feedback="full"), 10_000)
    300.0
    """
    K = _choices(problem)
    times, T = times_and_horizon(t, horizon)
    eta = _rate(np.sqrt((1 - 1 / K) / (K * T)), rate)
    return out((1 - 1 / K) / (2 * eta) + eta * K * times / 2)


def optimistic_hedge(
    problem: Problem, t: ArrayLike, *, horizon: int | None = None, rate: float | None = None
) -> Curve:
    """Return the bound of `OptimisticHedge`: ``log(K) / eta + eta t / 2``, surely.

    On the worst tape; in general the second term is ``eta / 2`` times the sum of ``max(abs(c_t -
    c_{t-1}))**2``: entropy is strongly convex, so what a wrong guess of the next costs can do is at
    most that.

    Parameters
    ----------
    problem : Problem
        Costs in [0, 1].
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    rate : float, optional
        eta, above 0; by default the learner's, which makes it ``sqrt(2 T log K)``.

    Raises
    ------
    ValueError
        If costs leave [0, 1].

    Examples
    --------
    >>> import banditkit as bk
    >>> tape = bk.IIDCosts([0.5] * 10, feedback="full")
    >>> round(bk.bounds.optimistic_hedge(tape, 10_000), 1)
    214.6
    """
    K = _choices(problem)
    times, T = times_and_horizon(t, horizon)
    eta = _rate(np.sqrt(2 * math.log(K) / T), rate)
    return out(math.log(K) / eta + eta * times / 2)


def exp4(
    problem: Problem,
    t: ArrayLike,
    *,
    horizon: int | None = None,
    rate: float | None = None,
    mixing: float = 0.0,
) -> Curve:
    """Return Theorem 6.11 for `Exp4`: ``2 sqrt(3) sqrt(T K log N) + 1``, on average.

    The estimated costs have second moments of at most ``u = K / (1 - gamma)`` (Lemma 6.10); Theorem
    5.16 then bounds regret in estimated costs, and with it in true ones, by
    ``log(N) / epsilon + 3 epsilon u t``.  The uniform part costs gamma in a round.

    Parameters
    ----------
    problem : ExpertProblem
        Arms and experts, with costs in [0, 1].
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    rate : float, optional
        epsilon, above 0 and at most 1/2; by default the theorem's.
    mixing : float, default 0
        gamma, below 1/2.

    Raises
    ------
    ValueError
        If the problem has no experts, costs leave [0, 1], or epsilon would not be below 1/2.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.exp4(bk.BlockAdvice(K=2, blocks=5), 10_000), 1)
    913.0
    """
    if not isinstance(problem.spec, Advice):
        raise ValueError(f"the theorem is about experts; got {problem!r}")
    N = _choices(problem, looks=False)
    return exp4_curve(problem.spec.K, N, times_and_horizon(t, horizon), rate, mixing)


def exp4_crude(problem: Problem, t: ArrayLike) -> Curve:
    """Return Theorem 6.7 for `Exp4` with ``gamma = T**(-1/4) K**(1/2) log(N)**(1/4)``.

    It is ``2 sqrt(3) (K / gamma) sqrt(T log N) + gamma T``, of the order of T**(3/4): what follows
    from nothing but that no estimate exceeds ``K / gamma``.

    Parameters
    ----------
    problem : ExpertProblem
        Arms and experts, with costs in [0, 1].
    t : int or array of int
        Horizons, in rounds.

    Raises
    ------
    ValueError
        If the problem has no experts, costs leave [0, 1], or gamma would not be below 1/2.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.exp4_crude(bk.BlockAdvice(K=2, blocks=5), 100_000))
    48439
    """
    if not isinstance(problem.spec, Advice):
        raise ValueError(f"the theorem is about experts; got {problem!r}")
    T, K, N = times_of(t), problem.spec.K, _choices(problem, looks=False)
    gamma = T**-0.25 * math.sqrt(K) * math.log(N) ** 0.25
    if gamma.max() >= 0.5:
        raise ValueError(
            "the theorem needs gamma < 1/2, so more than "
            f"{16 * K**2 * math.log(N):.0f} rounds; got {T.min():g}"
        )
    return out(2 * math.sqrt(3) * (K / gamma) * np.sqrt(T * math.log(N)) + gamma * T)


def exp3(
    problem: Problem,
    t: ArrayLike,
    *,
    horizon: int | None = None,
    rate: float | None = None,
    mixing: float = 0.0,
) -> Curve:
    """Return Theorem 6.11 for `Exp3`: ``2 sqrt(3) sqrt(T K log K) + 1``, on average.

    It is `exp4` with the arms as experts.

    Parameters
    ----------
    problem : Problem
        Arms with costs or rewards in [0, 1]; an adversary must not look.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    rate : float, optional
        epsilon, above 0 and at most 1/2; by default the theorem's.
    mixing : float, default 0
        gamma, below 1/2.

    Raises
    ------
    ValueError
        If costs leave [0, 1], an adversary looks, or epsilon would not be below 1/2.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.exp3(bk.IIDCosts([0.5] * 10), 10_000), 1)
    1663.3
    """
    K = _choices(problem, looks=False, experts=False)
    return exp4_curve(K, K, times_and_horizon(t, horizon), rate, mixing)


def exp3_rewards(
    problem: Problem, t: ArrayLike, *, horizon: int | None = None, mixing: float | None = None
) -> Curve:
    """Return the bound of `Exp3Rewards`: ``(e - 1) gamma t + K log(K) / gamma``, on average.

    With the gamma of the learner it is ``2 sqrt(e - 1) sqrt(T K log K)`` at the horizon, or T where
    that would make gamma exceed 1.

    Parameters
    ----------
    problem : Problem
        Arms with rewards or costs in [0, 1]; an adversary must not look.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    mixing : float, optional
        gamma, above 0 and at most 1; by default the learner's.

    Raises
    ------
    ValueError
        If rewards leave [0, 1], or an adversary looks.

    References
    ----------
    Auer, Cesa-Bianchi, Freund & Schapire (2002), Theorem 3.1 and Corollary 3.2.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.exp3_rewards(bk.IIDCosts([0.5] * 10), 10_000), 1)
    1258.0
    """
    K = _choices(problem, looks=False, experts=False)
    times, T = times_and_horizon(t, horizon)
    gamma = _rate(np.minimum(1.0, np.sqrt(K * math.log(K) / ((math.e - 1) * T))), mixing)
    return out(np.minimum(times, (math.e - 1) * gamma * times + K * math.log(K) / gamma))


def exp3_ix(
    problem: Problem, t: ArrayLike, *, horizon: int | None = None, delta: float = 0.05
) -> Curve:
    """Return the bound of `Exp3IX`, which holds with probability ``1 - delta`` at each time.

    It is ``(log(K) + log(2 K / delta)) / eta + eta K t + log(2 / delta)``: at the horizon
    ``2 sqrt(2 K T log K) + (sqrt(K T / (2 log K)) + 1) log(2 / delta)``.  Regret in the
    estimates is at most ``log(K) / eta + eta / 2 * sum(estimates)``, since a cost c of the arm that
    was played is ``sum(p * estimates) + gamma * estimate``, and gamma is ``eta / 2``.  By the lemma
    of the source the sum of the estimates of one arm exceeds that of its costs by more than
    ``log(2 K / delta) / eta`` with probability at most ``delta / (2 K)``, and the sum over all arms
    by more than ``log(2 / delta) / eta`` with probability at most ``delta / 2``.

    Parameters
    ----------
    problem : Problem
        Arms with costs or rewards in [0, 1], with any adversary.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    delta : float, default 0.05
        The probability with which it may fail, above 0 and below 1.

    Raises
    ------
    ValueError
        If costs leave [0, 1], or `delta` its range.

    References
    ----------
    Neu (2015), Lemma 1 and Theorem 1, whose constant of the second term is twice as large.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.exp3_ix(bk.IIDCosts([0.5] * 10), 10_000), 1)
    1904.5
    """
    K = _choices(problem, experts=False)
    delta = number("delta", delta, low=1e-300, high=1.0)
    times, T = times_and_horizon(t, horizon)
    eta = np.sqrt(2 * math.log(max(K, 2)) / (K * T))
    confidence = math.log(K) + math.log(2 * K / delta)
    return out(confidence / eta + eta * K * times + math.log(2 / delta))


def exp3_p(
    problem: Problem, t: ArrayLike, *, horizon: int | None = None, delta: float = 0.05
) -> Curve:
    """Return the bound of `Exp3P`, which holds with probability ``1 - delta`` at each time.

    It is ``(beta K + gamma + (1 + beta) eta K) t + log(K / delta) / beta + log(K) / eta``, and at
    the horizon at most ``5.15 sqrt(T K log(K / delta))``.

    Parameters
    ----------
    problem : Problem
        Arms with rewards or costs in [0, 1], with any adversary.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    delta : float, default 0.05
        The learner's delta, above 0 and below 1.

    Raises
    ------
    ValueError
        If rewards leave [0, 1], or T is too small: the theorem needs gamma at most 1/2 and
        ``(1 + beta) eta K`` at most gamma.

    References
    ----------
    Bubeck & Cesa-Bianchi (2012), Theorem 3.3 and its proof.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.exp3_p(bk.IIDCosts([0.5] * 10), 10_000), 1)
    2923.9
    """
    K = _choices(problem, experts=False)
    delta = number("delta", delta, low=1e-300, high=1.0)
    times, T = times_and_horizon(t, horizon)
    beta = np.sqrt(math.log(K / delta) / (T * K))
    eta = 0.95 * np.sqrt(math.log(max(K, 2)) / (T * K))
    gamma = 1.05 * np.sqrt(K * math.log(max(K, 2)) / T)
    if (gamma > 0.5).any() or ((1 + beta) * eta * K > gamma).any():
        raise ValueError(
            "the theorem needs gamma <= 1/2 and (1 + beta) eta K <= gamma: more rounds than "
            f"{T.min():g}"
        )
    steady = (beta * K + gamma + (1 + beta) * eta * K) * times
    return out(steady + math.log(K / delta) / beta + math.log(K) / eta)


def exp3_s(
    problem: Problem, t: ArrayLike, *, horizon: int | None = None, shifts: int | None = None
) -> Curve:
    """Return the bound of `Exp3S` on shifting regret, on average.

    It is ``K ((S + 1) log(K T) + e t / T) / gamma + (e - 1) gamma t``: at the horizon
    ``2 sqrt(e - 1) sqrt(K T ((S + 1) log(K T) + e))``, or T where that would make gamma exceed 1.

    Parameters
    ----------
    problem : ShiftingRegret
        Of a tape with costs in [0, 1]; or a tape itself, as shifting regret with no shifts.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    shifts : int, optional
        What the learner is tuned to; by default the shifts of the problem.

    Raises
    ------
    ValueError
        If costs leave [0, 1], or an adversary looks.

    References
    ----------
    Auer, Cesa-Bianchi, Freund & Schapire (2002), Theorem 8.1 and Corollary 8.2.

    Examples
    --------
    >>> import banditkit as bk
    >>> tape = bk.ShiftingRegret(bk.IIDCosts([0.5] * 10), shifts=3)
    >>> round(bk.bounds.exp3_s(tape, 10_000), 1)
    5789.7
    """
    K, S = _choices_shifting(problem)
    learner = Exp3S(S if shifts is None else shifts)
    times, T = times_and_horizon(t, horizon)
    gamma = np.vectorize(lambda T: learner.gamma(K, int(T)), otypes=[float])(T)
    hardness = K * ((S + 1) * np.log(K * T) + math.e * times / T)
    return out(np.minimum(times, hardness / gamma + (math.e - 1) * gamma * times))


def tsallis_inf(problem: Problem, t: ArrayLike) -> Curve:
    """Return the bound of `TsallisINF`: ``4 sqrt(K t) + 1``, on average.

    The constants are those of the source; they are not derived again here.

    Parameters
    ----------
    problem : Problem
        Arms with costs or rewards in [0, 1]; an adversary must not look.
    t : int or array of int
        Times, in rounds.

    Raises
    ------
    ValueError
        If costs leave [0, 1], or an adversary looks.

    References
    ----------
    Zimmert & Seldin (2021), Theorem 1.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.tsallis_inf(bk.IIDCosts([0.5] * 10), 10_000), 1)
    1265.9
    """
    return out(4 * np.sqrt(_choices(problem, looks=False, experts=False) * times_of(t)) + 1)


def rexp3(
    problem: Problem,
    t: ArrayLike,
    *,
    horizon: int | None = None,
    variation: float | None = None,
) -> Curve:
    """Return the bound of `Rexp3` on dynamic regret.

    It is ``2 V D + ceil(t / D) 2 sqrt((e - 1) D K log K)``, on average.

    D are the rounds between two restarts.  In each block the best arm at a time is at most twice
    the variation of the block better than the best arm of the block; and `exp3_rewards` bounds
    regret against that one.

    Parameters
    ----------
    problem : DynamicRegret
        Of a tape with costs in [0, 1].
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    variation : float, optional
        V; by default that of `DriftingCosts`.

    Raises
    ------
    ValueError
        If the problem is not dynamic regret, or its variation is not known.

    References
    ----------
    Besbes, Gur & Zeevi (2014), proof of Theorem 2.

    Examples
    --------
    >>> import banditkit as bk
    >>> tape = bk.DynamicRegret(bk.DriftingCosts(K=2, variation=2))
    >>> round(bk.bounds.rexp3(tape, 100_000), 1)
    14103.2
    """
    inner = _plain(problem)
    if not isinstance(inner, DynamicRegret):
        raise ValueError(f"the theorem is about DynamicRegret of a tape; got {problem!r}")
    K = _choices(inner.problem, looks=False)
    if variation is None:
        if not isinstance(inner.problem, DriftingCosts):
            raise ValueError(f"the variation of {inner.problem!r} is not known; pass it")
        variation = inner.problem.variation
    learner = Rexp3(variation)
    times, T = times_and_horizon(t, horizon)
    D = np.vectorize(lambda T: learner.period(K, int(T)), otypes=[float])(T)
    block = np.minimum(D, 2 * np.sqrt((math.e - 1) * D * K * math.log(K)))
    return out(np.minimum(times, 2 * variation * D + np.ceil(times / D) * block))


def blum_mansour(problem: Problem, t: ArrayLike, *, horizon: int | None = None) -> Curve:
    """Return the bound of `BlumMansour`: ``K log(K) / eta + eta K t / 2``, for each fixed rule.

    So much, on average, is saved at most by any rule "wherever I play a, play f(a)" that is fixed
    beforehand; `SwapRegret` picks the rule afterwards, and may exceed it by luck.  The proof: copy
    i regrets at most ``log(K) / eta + eta / 2 * sum(q_i * (p_i * estimate)**2)``.  On average the
    last sum, over all copies, is at most ``sum_a sum_i p_i**2 q_i(a) / p(a) <= K`` in a round,
    since ``sum_i p_i q_i(a) = p(a)``.  With ``eta = sqrt(2 log(K) / T)`` it is ``K sqrt(2 T log
    K)``.

    Parameters
    ----------
    problem : SwapRegret
        Of a tape with costs in [0, 1].
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.

    Raises
    ------
    ValueError
        If the problem is not swap regret, or costs leave [0, 1].

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.blum_mansour(bk.SwapRegret(bk.IIDCosts([0.5] * 3)), 10_000), 1)
    444.7
    """
    if not isinstance(problem, SwapRegret):
        raise ValueError(f"the theorem is about SwapRegret of a tape; got {problem!r}")
    K = _choices(problem.problem)
    times, T = times_and_horizon(t, horizon)
    eta = np.minimum(np.sqrt(2 * math.log(max(K, 2)) / T), math.log(2))
    return out(K * math.log(K) / eta + eta * K * times / 2)


def _of_hedge(learner: Hedge, T: int) -> Theorems:
    if learner.second_moment is not None:
        u = learner.second_moment
        return {"Thm 5.16": partial(hedge_second_moment, horizon=T, second_moment=u)}
    u = learner.best_cost or 1.0
    return {"Thm 5.14": partial(hedge, horizon=T, rate=learner.rate, best_cost=u)}


def _of_exp3(learner: Exp3, T: int) -> Theorems:
    return {"Thm 6.11": partial(exp3, horizon=T, rate=learner.rate, mixing=learner.mixing)}


def _of_exp4(learner: Exp4, T: int) -> Theorems:
    return {"Thm 6.11": partial(exp4, horizon=T, rate=learner.rate, mixing=learner.mixing)}


def _of_exp3_ix(learner: Exp3IX, T: int) -> Theorems:
    if (learner.rate, learner.implicit) != (None, None):
        return {}
    return {"Neu, with probability 0.95": partial(exp3_ix, horizon=T)}


def _of_exp3_p(learner: Exp3P, T: int) -> Theorems:
    name = f"Exp3.P, with probability {1 - learner.delta:g}"
    return {name: partial(exp3_p, horizon=T, delta=learner.delta)}


def _of_exp3_s(learner: Exp3S, T: int) -> Theorems:
    if (learner.mixing, learner.share) != (None, None):
        return {}
    return {"Auer et al., Cor 8.2": partial(exp3_s, horizon=T, shifts=learner.shifts)}


# The learners that draw nothing are bound by Theorem 5.11, from below.
THEOREMS: dict[type[Learner], Callable[[Any, int], Theorems]] = {
    FollowTheLeader: lambda x, T: {"Rem 5.3": follow_the_leader, "Thm 5.11": fooled},
    MajorityVote: lambda x, T: {"Thm 5.6": majority_vote, "Thm 5.8": binary_strings},
    WeightedMajority: lambda x, T: {
        "Thm 5.10": partial(_of_perfect, rate=x.rate),
        "Thm 5.8": binary_strings,
    },
    Hedge: _of_hedge,
    FixedShare: lambda x, T: {
        "Herbster & Warmuth": partial(fixed_share, horizon=T, learner=x),
    },
    AdaHedge: lambda x, T: {"de Rooij et al., Thm 6": adahedge},
    OnlineGradientDescent: lambda x, T: {
        "Zinkevich": partial(gradient_descent, horizon=T, rate=x.rate)
    },
    OptimisticHedge: lambda x, T: {
        "Rakhlin & Sridharan": partial(optimistic_hedge, horizon=T, rate=x.rate)
    },
    Exp3: _of_exp3,
    Exp3Rewards: lambda x, T: {
        "Auer et al., Cor 3.2": partial(exp3_rewards, horizon=T, mixing=x.mixing)
    },
    Exp3IX: _of_exp3_ix,
    Exp3P: _of_exp3_p,
    Exp3S: _of_exp3_s,
    Exp4: _of_exp4,
    TsallisINF: lambda x, T: {"Zimmert & Seldin, Thm 1": tsallis_inf},
    Rexp3: lambda x, T: {"Besbes et al., Thm 2": partial(rexp3, horizon=T)},
}


def _of_perfect(problem: Problem, t: ArrayLike, *, rate: float) -> Curve:
    """Return Theorem 5.10 where the best expert is known to make no mistake."""
    _perfect(problem)
    return weighted_majority(problem, t, rate=rate)


def _plain(problem: Problem) -> Any:
    """Return the problem inside `ExpectedRegret`, which keeps the expectation of regret."""
    return problem.problem if isinstance(problem, ExpectedRegret) else problem


def _choices(
    problem: Problem, *, unit: bool = True, looks: bool = True, experts: bool = True
) -> int:
    """Return the number of arms, or experts, that regret compares with the best of.

    `unit` asks for costs in [0, 1], and else of 0 or more; `looks` says whether an adversary may
    look at the learner, `experts` whether the theorem is about them, too.
    """
    inner: Any = _plain(problem)
    kinds: tuple[type, ...] = (CostTape, ForesightRegret, IIDArms)
    kinds += (ExpertProblem,) if experts else ()
    kinds += (AdaptiveAdversary,) if looks else ()
    if not isinstance(inner, kinds):
        raise ValueError(
            "the theorem is about regret against the best fixed "
            + ("arm or expert" if experts else "arm")
            + ("" if looks else " and an adversary who does not look")
            + f"; got {problem!r}"
        )
    spec = problem.spec
    if unit and not (spec.lowest >= 0.0 and spec.highest <= 1.0):
        raise ValueError(
            f"the theorem is about costs in [0, 1]; those of {type(inner).__name__} lie in "
            f"[{spec.lowest:g}, {spec.highest:g}]"
        )
    if not math.isfinite(spec.highest - spec.lowest):
        raise ValueError("the theorem is about costs from a finite range")
    return int(spec.N if isinstance(spec, Advice) else spec.K)


def _choices_shifting(problem: Problem) -> tuple[int, int]:
    """Return the number of arms, and of shifts that the benchmark has."""
    inner = _plain(problem)
    if isinstance(inner, ShiftingRegret):
        return _choices(inner.problem, experts=False), inner.shifts
    return _choices(inner, experts=False, looks=False), 0


def _epsilon(K: int, denominator: np.ndarray, rate: float | None) -> np.ndarray:
    """Return sqrt(log(K) / denominator), or the rate, which must be above 0 and at most 1/2."""
    if rate is not None:
        return np.full(denominator.shape, number("rate", rate, low=1e-300, high=0.5))
    if (denominator <= 4 * math.log(K)).any():
        raise ValueError(
            "the theorem needs epsilon < 1/2; with so few rounds, epsilon would be "
            f"{math.sqrt(math.log(K) / denominator.min()):.3g}"
        )
    return np.sqrt(math.log(max(K, 2)) / denominator)  # one arm: any rate will do


def _rate(tuned: np.ndarray, rate: float | None) -> np.ndarray:
    """Return the tuned rate, or a given one."""
    if rate is None:
        return np.maximum(tuned, 1e-300)
    return np.full(tuned.shape, number("rate", rate, low=1e-300))


def exp4_curve(
    K: int, N: int, times: tuple[np.ndarray, np.ndarray], rate: float | None, mixing: float
) -> Curve:
    t, T = times
    gamma = number("mixing", mixing, low=0.0, high=0.499)
    u = K / (1.0 - gamma)
    epsilon = _epsilon(N, 3.0 * u * T, rate)
    uniform = 1.0 if gamma * t.max() < 0.5 else gamma * t  # Theorem 6.11 says 1
    return out(math.log(N) / epsilon + 3.0 * epsilon * u * t + uniform)


def _perfect(problem: Problem) -> int:
    inner = _plain(problem)
    if not isinstance(inner, PerfectExpert | BinaryStrings):
        raise ValueError(f"the theorem needs an expert who is always right; got {problem!r}")
    return int(inner.spec.N)


def _best_of_coins(K: int, t: float) -> float:
    from scipy.stats import binom

    n = int(t)
    above = binom.sf(np.arange(n), n, 0.5)  # P(one arm's total > j), j = 0, ..., n - 1
    return n / 2 - float(np.sum(above**K))
