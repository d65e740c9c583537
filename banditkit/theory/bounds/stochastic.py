"""The theorems of chapter 1 as functions of a problem and a time.

Slivkins' theorems are stated with O(.); the constants here come from his proofs, spelled out.
All of them rest on the clean event, that every average of every arm is within
``sqrt(2 log(T) / n)`` of its mean, which fails with probability at most ``2 / T**2`` if K <= T
(Hoeffding's inequality, Theorem A.1, for each of the K T averages).

Every function takes a time `t`, a number or an array, and for learners that know the horizon
also `horizon`; without it, `t` itself is the horizon, so that ``ucb1_log(problem, T)`` is the
bound on ``E[R(T)]``.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from banditkit.core.description import Learner, Problem
from banditkit.core.divergences import kl_bernoulli
from banditkit.core.jit import jit, jit_helper
from banditkit.learners import (
    IMED,
    KLUCB,
    MOSS,
    UCB1,
    EpsilonGreedy,
    ExploreFirst,
    SuccessiveElimination,
    Thompson,
    Uniform,
)
from banditkit.problems import Bernoulli, EmpiricalArms, Gaussian, IIDArms, TwoPoint
from banditkit.theory.bounds.common import Curve, Theorems, out, times_and_horizon, times_of

__all__ = [
    "epsilon_greedy",
    "explore_first",
    "lai_robbins",
    "lai_robbins_constant",
    "moss",
    "successive_elimination_log",
    "successive_elimination_root",
    "ucb1_auer",
    "ucb1_log",
    "ucb1_root",
    "uniform",
]

_EXACT_ROUNDS = 200_000  # of epsilon-greedy's bound


def uniform(problem: IIDArms, t: ArrayLike) -> Curve:
    """Return the expected regret of `Uniform`, exactly: ``t * mean(gaps)``.

    Parameters
    ----------
    problem : IIDArms
        Any IID arms.
    t : int or array of int
        Times, in rounds.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.bounds.uniform(bk.Bernoulli((0.0, 1.0)), 100)
    50.0
    """
    t = times_of(t)
    return out(t * gaps_of(problem).mean())


def explore_first(
    problem: IIDArms, t: ArrayLike, *, horizon: int | None = None, N: int | None = None
) -> Curve:
    """Return Theorem 1.5 for `ExploreFirst`: ``K N + 2 T sqrt(2 log(T) / N) + 2 K / T**3``.

    The proof: exploration costs at most 1 in each of its K N rounds; on the clean event the
    chosen arm is within two radii of the best; all averages after N pulls fail to be within a
    radius with probability at most ``2 K / T**4``.  Before round K N, ``t`` is the bound.

    Parameters
    ----------
    problem : IIDArms
        Arms with rewards from an interval of length 1 at most.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    N : int, optional
        Exploration pulls of each arm; by default the book's choice.

    Raises
    ------
    ValueError
        If the theorem does not hold for these arms.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.explore_first(bk.Bernoulli((0.4, 0.6)), 10_000, N=500), 1)
    4838.8
    """
    t, T, K = *times_and_horizon(t, horizon), _arms_of_length_one(problem)
    learner = ExploreFirst(N)
    pulls = np.vectorize(partial(learner.pulls_per_arm, K), otypes=[float])(T)
    exploiting = 2.0 * t * np.sqrt(2.0 * np.log(T) / pulls) + 2.0 * K * t / T**4
    return out(np.where(t <= K * pulls, t, K * pulls + exploiting))


def epsilon_greedy(problem: IIDArms, t: ArrayLike) -> Curve:
    """Return a bound for `EpsilonGreedy` with the book's schedule: Theorem 1.6 with constants.

    ``E[R(t)] <= t**(2/3) * O(K log t)**(1/3)`` in every round.  Spelled out, round s costs at
    most ``epsilon_s + 4 sqrt(log(s) / m) + K exp(-m / 8) + 2 K / s**3`` and at most 1, where
    ``m = (epsilon_1 + ... + epsilon_{s-1}) / K`` is the expected number of exploration pulls of
    an arm: by Chernoff's bound an arm has m/2 pulls but for the third term, its average then is
    within half of the second term but for the fourth.  The bound is the sum over the rounds;
    beyond 200,000 of them, rounds are summed in blocks, which adds less than a thousandth.

    Parameters
    ----------
    problem : IIDArms
        Arms with rewards from an interval of length 1 at most.
    t : int or array of int
        Times, in rounds.

    Raises
    ------
    ValueError
        If the theorem does not hold for these arms.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.bounds.epsilon_greedy(bk.Bernoulli((0.4, 0.6)), 10)  # at first, no better than t
    10.0
    """
    t, K = times_of(t), _arms_of_length_one(problem)
    times, where = np.unique(t.astype(np.int64), return_inverse=True)
    return out(_epsilon_greedy_sums(K, times)[where].reshape(t.shape))


@jit
def _epsilon_greedy_sums(K, times):
    sums = np.zeros(times.size)
    total, m, s, k = 0.0, 0.0, 0, 0  # s: rounds summed up so far
    while k < times.size:
        # From here on the cost falls so slowly that a thousandth of the rounds so far may count
        # as much as the first of them; with epsilon, it is the last that is the least.
        width = min(1 if s < _EXACT_ROUNDS else s // 1000, times[k] - s)
        cost = 1.0
        if m > 0.0:
            t = s + 1.0
            cost = _book_epsilon(K, t) + 4.0 * math.sqrt(math.log(t) / m) + K * math.exp(-m / 8.0)
            cost = min(1.0, cost + 2.0 * K / t**3)
        total += width * cost
        s += width
        m += width * _book_epsilon(K, float(s)) / K
        if s == times[k]:
            sums[k] = total
            k += 1
    return sums


@jit_helper
def _book_epsilon(K, t):
    return min(1.0, t ** (-1 / 3) * (K * math.log(t)) ** (1 / 3))


def successive_elimination_root(
    problem: IIDArms, t: ArrayLike, *, horizon: int | None = None
) -> Curve:
    """Return Theorem 1.10 for elimination: ``K + 8 sqrt(2 K t log T) + 2 t / T**2``.

    On the clean event an active arm with n pulls has ``gap <= 4 sqrt(2 log(T) / n)``; summed
    over its pulls, and over the arms by Jensen's inequality.

    Parameters
    ----------
    problem : IIDArms
        Arms with rewards from an interval of length 1 at most.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.

    Raises
    ------
    ValueError
        If the theorem does not hold for these arms.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.successive_elimination_root(bk.Bernoulli((0.4, 0.6)), 10_000))
    4858
    """
    return _root_bound(8.0, problem, t, horizon)


def successive_elimination_log(
    problem: IIDArms, t: ArrayLike, *, horizon: int | None = None
) -> Curve:
    """Return Theorem 1.11 for elimination: ``sum(gap + 32 log(T) / gap) + 2 t / T**2``.

    On the clean event an arm is pulled at most ``1 + 32 log(T) / gap**2`` times.

    Parameters
    ----------
    problem : IIDArms
        Arms with rewards from an interval of length 1 at most.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.

    Raises
    ------
    ValueError
        If the theorem does not hold for these arms.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.successive_elimination_log(bk.Bernoulli((0.4, 0.6)), 10_000))
    1474
    """
    return _log_bound(32.0, problem, t, horizon)


def ucb1_root(problem: IIDArms, t: ArrayLike, *, horizon: int | None = None) -> Curve:
    """Return Theorem 1.15 (9) for `UCB1` with log T: ``K + 4 sqrt(2 K t log T) + 2 t / T**2``.

    On the clean event a pulled arm with n pulls has ``gap <= 2 sqrt(2 log(T) / n)``; summed over
    its pulls, and over the arms by Jensen's inequality.

    Parameters
    ----------
    problem : IIDArms
        Arms with rewards from an interval of length 1 at most.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.

    Raises
    ------
    ValueError
        If the theorem does not hold for these arms.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.ucb1_root(bk.Bernoulli((0.4, 0.6)), 10_000))
    2430
    """
    return _root_bound(4.0, problem, t, horizon)


def ucb1_log(problem: IIDArms, t: ArrayLike, *, horizon: int | None = None) -> Curve:
    """Return Theorem 1.15 (11) for `UCB1`, log T: ``sum(gap + 8 log(T) / gap) + 2 t / T**2``.

    On the clean event an arm is pulled at most ``1 + 8 log(T) / gap**2`` times.

    Parameters
    ----------
    problem : IIDArms
        Arms with rewards from an interval of length 1 at most.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.

    Raises
    ------
    ValueError
        If the theorem does not hold for these arms.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.ucb1_log(bk.Bernoulli((0.4, 0.6)), 10_000), 1)
    368.6
    """
    return _log_bound(8.0, problem, t, horizon)


def ucb1_auer(problem: IIDArms, t: ArrayLike) -> Curve:
    """Return Auer's bound for `UCB1`: ``8 log(t) sum(1 / gap) + (1 + pi**2 / 3) sum(gap)``.

    Theorem 1 of Auer, Cesa-Bianchi & Fischer (2002), "Finite-time analysis of the multiarmed
    bandit problem", about the radius with log t.

    Parameters
    ----------
    problem : IIDArms
        Arms with rewards from an interval of length 1 at most.
    t : int or array of int
        Times, in rounds.

    Raises
    ------
    ValueError
        If the theorem does not hold for these arms.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.ucb1_auer(bk.Bernoulli((0.4, 0.6)), 10_000), 1)
    369.3
    """
    t = times_of(t)
    _arms_of_length_one(problem)
    gaps = _positive_gaps(problem)
    return out(8.0 * np.log(t) * (1.0 / gaps).sum() + (1.0 + math.pi**2 / 3.0) * gaps.sum())


def moss(problem: IIDArms, t: ArrayLike, *, horizon: int | None = None) -> Curve:
    """Return the bound for `MOSS`: ``19.5 sqrt(K T) + sum(gaps)``, the same in every round up to T.

    Theorem 9.1 of Lattimore & Szepesvari, *Bandit Algorithms*, ``39 sqrt(K T) + sum(gaps)`` for
    1-subgaussian rewards and the index ``mean + sqrt(4 max(0, log(T / (K n))) / n)``; rewards
    from an interval of length 1 are 1/2-subgaussian, and twice these rewards turn that index
    into `MOSS`'s and 39 into 39/2.

    Parameters
    ----------
    problem : IIDArms
        Arms with rewards from an interval of length 1 at most.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.

    Raises
    ------
    ValueError
        If the theorem does not hold for these arms.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.moss(bk.Bernoulli((0.4, 0.6)), 10_000), 1)
    2757.9
    """
    _, T, K = *times_and_horizon(t, horizon), _arms_of_length_one(problem)
    return out(19.5 * np.sqrt(K * T) + gaps_of(problem).sum())


def lai_robbins_constant(problem: IIDArms) -> float:
    """Return Lai and Robbins' constant, the sum of ``gap / KL(arm, best arm)`` over the worse arms.

    No learner that does well on all problems of the kind has regret below ``C log t`` in the
    long run (Slivkins, Theorems 2.14 and 2.16; Lai & Robbins, 1985); KL-UCB, IMED and Thompson
    sampling reach it on coins.  The kind is known for coins (also with two prizes other than 0
    and 1, or from a log), and for normal rewards with known standard deviations.

    Parameters
    ----------
    problem : IIDArms
        `Bernoulli`, `TwoPoint` with the same two rewards for all arms, `EmpiricalArms` with
        rewards 0 and 1, or `Gaussian`.

    Raises
    ------
    ValueError
        If the divergence is not known for this kind of arms.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.lai_robbins_constant(bk.Bernoulli((0.4, 0.6))), 3)
    2.466
    """
    gaps = gaps_of(problem)
    divergences = _divergences(problem, int(np.argmin(gaps)))
    return math.fsum(gap / kl for gap, kl in zip(gaps, divergences, strict=True) if gap > 0.0)


def lai_robbins(problem: IIDArms, t: ArrayLike) -> Curve:
    """Return Lai and Robbins' line ``C log t``, with the constant of `lai_robbins_constant`.

    It bounds regret from below in the long run, ``R(t) / log t >= C`` in the limit; at finite
    times good learners may stay below it.

    Parameters
    ----------
    problem : IIDArms
        See `lai_robbins_constant`.
    t : int or array of int
        Times, in rounds.

    Raises
    ------
    ValueError
        If the divergence is not known for this kind of arms.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.lai_robbins(bk.Bernoulli((0.4, 0.6)), 10_000), 1)
    22.7
    """
    return out(lai_robbins_constant(problem) * np.log(times_of(t)))


def _of_explore_first(learner: ExploreFirst, T: int) -> Theorems:
    return {"Thm 1.5": partial(explore_first, horizon=T, N=learner.N)}


def _of_epsilon_greedy(learner: EpsilonGreedy, T: int) -> Theorems:
    return {"Thm 1.6": epsilon_greedy} if learner.epsilon is None else {}


def _of_successive_elimination(learner: SuccessiveElimination, T: int) -> Theorems:
    if learner.exploration != 2.0:
        return {}
    return {
        "Thm 1.10": partial(successive_elimination_root, horizon=T),
        "Thm 1.11": partial(successive_elimination_log, horizon=T),
    }


def _of_ucb1(learner: UCB1, T: int) -> Theorems:
    if learner.exploration != 2.0:
        return {}
    if learner.anytime:
        return {"Auer et al., Thm 1": ucb1_auer}
    return {
        "Thm 1.15 (9)": partial(ucb1_root, horizon=T),
        "Thm 1.15 (11)": partial(ucb1_log, horizon=T),
    }


def _of_moss(learner: MOSS, T: int) -> Theorems:
    return {"MOSS, sqrt(KT)": partial(moss, horizon=T)} if learner.exploration == 1.0 else {}


def _lai_robbins_only(learner: Learner, T: int) -> Theorems:
    return {"Lai & Robbins, C log t": lai_robbins}


THEOREMS: dict[type[Learner], Callable[[Any, int], Theorems]] = {
    Uniform: lambda learner, T: {"exact": uniform},
    ExploreFirst: _of_explore_first,
    EpsilonGreedy: _of_epsilon_greedy,
    SuccessiveElimination: _of_successive_elimination,
    UCB1: _of_ucb1,
    MOSS: _of_moss,
    KLUCB: _lai_robbins_only,
    IMED: _lai_robbins_only,
    Thompson: _lai_robbins_only,
}


def gaps_of(problem: Problem) -> np.ndarray:
    if not isinstance(problem, IIDArms):
        raise ValueError(f"the bound is about IID arms; got {type(problem).__name__}")
    return problem.gaps


def _arms_of_length_one(problem: Problem) -> int:
    """Return K, if Hoeffding's inequality holds for these arms with the radius of chapter 1."""
    gaps = gaps_of(problem)
    if isinstance(problem, Gaussian):
        holds = max(problem.std) <= 0.5 and gaps.max() <= 1.0  # variance 1/4: Theorem A.2
    else:
        spec = problem.spec
        holds = spec.highest - spec.lowest <= 1.0
    if not holds:
        raise ValueError(
            "the theorem is about rewards from an interval of length 1 (or normal ones with "
            f"std <= 0.5 and gaps <= 1); rescale the rewards of {type(problem).__name__}"
        )
    return gaps.size


def _positive_gaps(problem: IIDArms) -> np.ndarray:
    gaps = gaps_of(problem)
    return gaps[gaps > 0.0]


def _root_bound(factor: float, problem: IIDArms, t: ArrayLike, horizon: int | None) -> Curve:
    t, T, K = *times_and_horizon(t, horizon), _arms_of_length_one(problem)
    return out(K + factor * np.sqrt(2.0 * K * t * np.log(T)) + 2.0 * t / T**2)


def _log_bound(factor: float, problem: IIDArms, t: ArrayLike, horizon: int | None) -> Curve:
    t, T, _ = *times_and_horizon(t, horizon), _arms_of_length_one(problem)
    gaps = _positive_gaps(problem)
    return out(gaps.sum() + factor * np.log(T) * (1.0 / gaps).sum() + 2.0 * t / T**2)


def _divergences(problem: IIDArms, best: int) -> list[float]:
    """Return KL(arm, best arm) for each arm."""
    if isinstance(problem, Gaussian):
        star = problem.means[best]
        pairs = zip(problem.means, problem.std, strict=True)
        return [(star - m) ** 2 / (2.0 * s**2) if s else math.inf for m, s in pairs]
    coins: tuple[float, ...] | None = None
    if isinstance(problem, Bernoulli):
        coins = problem.means
    elif isinstance(problem, TwoPoint) and len({*problem.low}) == len({*problem.high}) == 1:
        coins = problem.probability
    elif isinstance(problem, EmpiricalArms) and problem.rewards_are_clicks:
        coins = problem.means
    if coins is None:
        raise ValueError(
            "Lai and Robbins' constant is known for coins and for normal rewards; got "
            f"{type(problem).__name__}"
        )
    return [kl_bernoulli(mean, coins[best]) for mean in coins]
