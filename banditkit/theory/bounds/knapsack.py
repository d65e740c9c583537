"""The theorems of chapter 10 as functions of a problem and a time.

A function takes a problem, a time `t`, a number or an array, and where the horizon matters also
`horizon`; without it, `t` itself is the horizon.  Before the horizon the bounds are those of the
proofs.  Regret is that of `Knapsack`: ``T OPT_LP`` less the mean rewards of the arms that were
played, when the game is over, and the sum of the reduced costs before.

Three of the functions say "order only": the book gives them without constants.

What the proofs share is Azuma's inequality for all rounds at once.  A sum of t numbers, each of
mean 0 given the past and from an interval of length w, exceeds ``w sqrt(t log(1 / delta) / 2)`` at
any time up to t with probability at most delta.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from banditkit.core.checks import number, whole
from banditkit.core.description import Learner, Problem
from banditkit.learners import (
    AdaHedge,
    AdversarialBwK,
    Exp3IX,
    Exp3P,
    Hedge,
    LagrangeBwK,
    OnlineGradientDescent,
    OptimisticHedge,
    UcbBwK,
)
from banditkit.problems import IIDCosts, KnapsackProblem, PhasedKnapsack
from banditkit.theory.bounds import adversarial
from banditkit.theory.bounds.common import Curve, Theorems, out, times_and_horizon, times_of

__all__ = [
    "competitive_ratio",
    "guessing_ratio",
    "knapsack_order",
    "lagrange_bwk",
    "lagrange_reduction",
    "pricing_mesh",
    "pricing_order",
    "ucb_bwk",
]

# Whose bounds hold with high probability against any adversary, and whose hold surely.
_PRIMAL = (Exp3P, Exp3IX)
_DUAL = (Hedge, AdaHedge, OptimisticHedge, OnlineGradientDescent)


def lagrange_bwk(
    problem: Problem,
    t: ArrayLike,
    *,
    horizon: int | None = None,
    delta: float = 0.05,
    learner: LagrangeBwK | None = None,
) -> Curve:
    """Return Theorem 10.14 with constants: the bound of `LagrangeBwK`.

    It is `lagrange_reduction` with the bounds of the two learners inside, such as `exp3_p` and
    `hedge`, and holds at each time with probability ``1 - delta`` less the probability that the
    bound of the primal learner fails, which is 0.05 for the default: of the order of
    ``(T / B) sqrt(T K log(K / delta))``.

    Parameters
    ----------
    problem : KnapsackProblem
        Budgets, and outcomes that are IID.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    delta : float, default 0.05
        The probability with which the martingales of the proof may fail.
    learner : LagrangeBwK, optional
        Who plays; by default ``LagrangeBwK()``.

    Raises
    ------
    ValueError
        If outcomes are not IID, a budget exceeds T, the learner is another, or no theorem is known
        for one of the learners inside, or not for so few rounds.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, Theorem 10.14; Immorlica, Sankararaman,
    Schapire & Slivkins (2022), "Adversarial bandits with knapsacks".

    Examples
    --------
    >>> import banditkit as bk
    >>> coins = bk.Knapsack.coins([0.5, 0], [[0.5], [0]], budgets=500_000)
    >>> round(bk.bounds.lagrange_bwk(coins, 1_000_000))
    43923
    """
    learner = _given(learner, LagrangeBwK)
    _knapsack(problem)
    times, T = times_and_horizon(t, horizon)
    primal = _regret(learner.primal, _PRIMAL, problem.spec.K, times, T)
    dual = _regret(learner.dual, _DUAL, problem.spec.d + 1, times, T)
    return lagrange_reduction(problem, times, primal, dual, horizon=horizon, delta=delta)


def lagrange_reduction(
    problem: Problem,
    t: ArrayLike,
    primal: ArrayLike,
    dual: ArrayLike,
    *,
    horizon: int | None = None,
    delta: float = 0.05,
) -> Curve:
    """Return (151) with constants: what two learners make of the Lagrangian game.

    With ``R = T / B`` it is ``(1 + R) (R1 + R2) + (2 + 3 R) sqrt(t log(4 / delta) / 2) + R``, with
    probability ``1 - delta`` where R1 holds.  Payoffs ``L_t(a, i) = r + 1 - R c_i`` are from an
    interval of length ``1 + R``, and R1, R2 are regrets in units of it.  Let D be the solution of
    the linear programme.  The dual learner does not regret any i, nor the primal one D, against
    which every payoff is OPT_LP or more on average.  So, up to regrets and martingales,

        ``sum L_t(a_t, i) >= sum L_t(a_t, i_t) >= sum L_t(D, i_t) >= t OPT_LP``.

    The martingales are, at most: ``1 + R`` a round for the outcomes of D, and R for the draw of
    i_t.  *Before the end*, let lambda put ``prices_i / R`` on resource i, and on time what is left
    of 1.  By duality ``sum_i prices_i / R = OPT_LP - v``, v the price of time.  So
    ``OPT_LP - L(a, lambda) = v + prices . c - r`` in means, which is the reduced cost of arm a, and
    regret is ``t OPT_LP - sum L(a_t, lambda)``; the outcomes of lambda are another martingale of
    ``1 + R``.  *In the end*, after tau rounds, let i be the resource there was not enough of, or
    else time.  Of i more than ``B - 1`` was used, so
    ``sum r_t = sum L_t(a_t, i) - tau + R sum c_i >= sum L_t(a_t, i) + (T - tau) - R``, and OPT_LP
    is at most 1 (Lemma 10.13); that arms pay their means is a martingale of 1.  Regrets hold at
    tau, too: let all payoffs be equal in the rounds that are left.

    Parameters
    ----------
    problem : KnapsackProblem
        Budgets, and outcomes that are IID.
    t : int or array of int
        Times, in rounds, at most the horizon.
    primal : float or array of float
        R1, a bound on the primal learner's regret at these times against any adversary, with
        rewards in [0, 1].
    dual : float or array of float
        R2, one on the dual learner's regret in expected costs.
    horizon : int, optional
        T; by default each time itself.
    delta : float, default 0.05
        The probability with which the martingales may fail, above 0 and below 1.

    Raises
    ------
    ValueError
        If outcomes are not IID, a budget exceeds T, or `delta` leaves its range.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10, with the martingales and the end
    of the game made explicit.

    Examples
    --------
    >>> import banditkit as bk
    >>> coins = bk.Knapsack.coins([0.5, 0], [[0.5], [0]], budgets=500)
    >>> round(bk.bounds.lagrange_reduction(coins, 1000, primal=60, dual=50), 3)
    706.466
    """
    _knapsack(problem)
    delta = number("delta", delta, low=1e-300, high=1.0)
    times, T = times_and_horizon(t, horizon)
    problem.check_horizon(int(T.min()))
    R = T / problem.spec.budget
    luck = np.sqrt(times * math.log(4.0 / delta) / 2.0)
    regrets = np.asarray(primal, dtype=float) + np.asarray(dual, dtype=float)
    return out((1.0 + R) * regrets + (2.0 + 3.0 * R) * luck + R)


def ucb_bwk(
    problem: Problem,
    t: ArrayLike,
    *,
    horizon: int | None = None,
    delta: float = 0.05,
    learner: UcbBwK | None = None,
) -> Curve:
    """Return (152) and (153) with constants: the bound of `UcbBwK`.

    It is ``margin t OPT_LP + (1 + T OPT_LP / B) (W + 2 A + K)``, where ``W = 4 sqrt((1 + p) c (K -
    1) t log T)`` with c the learner's exploration and p its patience, and
    ``A = sqrt(t log((1 + 2 d) / delta) / 2)``.

    All averages are within ``rad = sqrt(c log(T) / n)`` of their means, but for probability
    ``2 (1 + d) K T**(1 - 2 c)`` (Hoeffding), at most ``2 (1 + d) K / T``.  Then the mix of the
    linear programme, shrunk by the margin, is allowed in each round, so the distribution D_t that
    is played promises ``(1 - margin) OPT_LP`` or more, and ``(1 - margin) B / T`` of each
    resource or less.  An arm keeps what it promises up to ``2 rad``.  Summed over rounds that is W:
    the n-th pull of an arm counts ``2 sqrt((1 + p) c log(T) / (n - 1))``, and by Jensen's
    inequality it is most if all K - 1 arms but the null arm are pulled equally often; their first
    pulls count 1 each.  Arms drawn from D_t, and outcomes, are martingales: A each.  So

        ``sum r >= (1 - margin) t OPT_LP - W - A - (K - 1)``, and each resource is used at most
        ``(1 - margin) t B / T + W + 2 A + (K - 1)``.

    *Before the end*, regret is ``sum (v + prices . c - r)`` with v the price of time, where
    ``v + prices . budgets / T = OPT_LP``; and prices add up to ``T OPT_LP / B`` at most.  *In the
    end*, if a resource is short after tau rounds, more than ``B - 1`` of it was used, so
    ``(1 - margin) tau >= T - (T / B) (W + 2 A + K)``, and regret is at most
    ``(T - (1 - margin) tau) OPT_LP + W + A + K - 1``.

    Parameters
    ----------
    problem : KnapsackProblem
        Budgets, and outcomes that are IID.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    delta : float, default 0.05
        It holds with probability ``1 - delta - 2 (1 + d) K / T``.
    learner : UcbBwK, optional
        Who plays; by default ``UcbBwK()``.

    Raises
    ------
    ValueError
        If outcomes are not IID, a budget exceeds T, the learner is another, or its exploration is
        below 1.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10; Sankararaman & Slivkins (2021),
    "Bandits with knapsacks beyond the worst case".

    Examples
    --------
    >>> import banditkit as bk
    >>> coins = bk.Knapsack.coins([0.5, 0], [[0.5], [0]], budgets=1_000_000)
    >>> round(bk.bounds.ucb_bwk(coins, 1_000_000))
    35835
    """
    learner = _given(learner, UcbBwK)
    _knapsack(problem)
    delta = number("delta", delta, low=1e-300, high=1.0)
    if learner.exploration < 1.0:
        raise ValueError(
            "the theorem needs an exploration of 1 or more, so that averages are within the "
            f"radius; got {learner!r}"
        )
    times, T = times_and_horizon(t, horizon)
    K, d, B = problem.spec.K, problem.spec.d, problem.spec.budget
    best = _best(problem, T)
    care = (1.0 + learner.patience) * learner.exploration * np.log(T)
    W = 4.0 * np.sqrt(care * (K - 1) * times)
    A = np.sqrt(times * math.log((1 + 2 * d) / delta) / 2.0)
    return out(learner.margin * times * best / T + (1.0 + best / B) * (W + 2.0 * A + K))


def knapsack_order(problem: Problem, t: ArrayLike) -> Curve:
    """Return (148), the order of the best possible regret: order only, without a constant.

    ``min(OPT, sqrt(K OPT) + OPT sqrt(K / B))`` with ``OPT = T OPT_LP``.  Up to logarithms it is
    reached, and up to a constant no learner does better on all problems with this K, B and OPT.  So
    it is drawn for no learner: on a single problem regret may well be lower.

    Parameters
    ----------
    problem : KnapsackProblem
        Budgets, and outcomes that are IID.
    t : int or array of int
        Horizons T.

    Raises
    ------
    ValueError
        If outcomes are not IID, or a budget exceeds T.

    References
    ----------
    Badanidiyuru, Kleinberg & Slivkins (2018), "Bandits with knapsacks"; Slivkins, *Introduction to
    Multi-Armed Bandits*, chapter 10.

    Examples
    --------
    >>> import banditkit as bk
    >>> coins = bk.Knapsack.coins([0.5, 0], [[0.5], [0]], budgets=5_000)
    >>> round(bk.bounds.knapsack_order(coins, 10_000))
    200
    """
    _knapsack(problem)
    K, B, best = problem.spec.K, problem.spec.budget, _best(problem, times_of(t))
    return out(np.minimum(best, np.sqrt(K * best) + best * math.sqrt(K / B)))


def competitive_ratio(phases: int) -> float:
    """Return how far behind OPT_FD everybody falls in one of J rising phases: ``(1 + H_J) / 2``.

    The problems are `PhasedKnapsack.rising`, for tau = 1, ..., J: one arm uses 1 a round and pays
    ``j / J`` in phase j up to tau, and then nothing.  In phase j nobody knows whether it is the
    last one that pays; let ``x_j B`` be what is spent in it on average, if it pays.  The fixed
    distribution that plays the arm with probability ``1 / tau`` earns ``B (tau + 1) / (2 J)``.  Who
    earns the share ``1 / rho`` of it, whatever tau is, has

        ``sum_{j <= tau} j x_j >= (tau + 1) / (2 rho)``  for all tau.

    Weigh these with ``1 / tau - 1 / (tau + 1)``, and the last with ``1 / J``: on the left each x_j
    then counts 1, so it is at most 1, and on the right stands ``(1 + H_J) / (2 rho)``.  So rho is
    at least ``(1 + H_J) / 2 > log(J) / 2 + 0.788``; and with ``x_1 = 1 / rho`` and
    ``x_j = 1 / (2 j rho)`` all of it is reached.  The book's 5/4 is J = 2 (`two_phase`), and as
    ``J = T / B`` nobody promises a better ratio than ``log(T / B) / 2`` in general.

    Parameters
    ----------
    phases : int
        J, 1 or more.

    Raises
    ------
    ValueError
        If `phases` is not a whole number, 1 or more.

    References
    ----------
    Immorlica, Sankararaman, Schapire & Slivkins (2022), "Adversarial bandits with knapsacks";
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.bounds.competitive_ratio(1), bk.bounds.competitive_ratio(2)
    (1.0, 1.25)
    """
    J = whole("phases", phases, least=1)
    return (1.0 + math.fsum(1.0 / j for j in range(1, J + 1))) / 2.0


def guessing_ratio(problem: Problem, t: ArrayLike, *, base: float = 2.0) -> Curve:
    """Return the ratio that `AdversarialBwK` promises: ``base (d + 1) n`` with n guesses.

    Average reward is at least OPT_FD divided by it, up to the regrets of the learners inside: order
    only, for that reason.  With gamma fixed, and up to regrets, the game ends early with a reward
    of ``gamma (B - 1)`` or more: of some resource i ``B - 1`` was used, the dual learner does not
    regret i, nor the primal one the null arm, which pays ``L = 1`` in each round; so
    ``sum r = sum L_t(a_t, i) - tau + gamma sum c_i >= gamma (B - 1)``.  Or it does not end before
    the benchmark D stops, which uses ``d B`` at most, and the primal learner does not regret D:
    ``sum r >= sum L_t(D, i_t) - tau >= OPT_FD - gamma d B``.  For ``OPT_FD >= (d + 1) sqrt(T)``
    some guess lies within a factor `base` below ``OPT_FD / ((d + 1) B)``, and guarantees
    ``OPT_FD / (base (d + 1))``; it is drawn with probability ``1 / n``, and n is about
    ``log(T) / (2 log(base))``.

    Parameters
    ----------
    problem : PhasedKnapsack
        Budgets, and an adversary.
    t : int or array of int
        Horizons T.
    base : float, default 2
        That of the learner.

    Raises
    ------
    ValueError
        If the problem is another, or `base` is below 1.01.

    References
    ----------
    Immorlica, Sankararaman, Schapire & Slivkins (2022), "Adversarial bandits with knapsacks".

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.bounds.guessing_ratio(bk.PhasedKnapsack.two_phase(5_000), 10_000)
    32.0
    """
    if not isinstance(problem, PhasedKnapsack):
        raise ValueError(f"the theorem is about PhasedKnapsack; got {problem!r}")
    learner, spec = AdversarialBwK(base=base), problem.spec
    guesses = np.vectorize(lambda T: len(learner.rates(spec, T)), otypes=[float])(times_of(t))
    return out(learner.base * (spec.d + 1) * guesses)


def pricing_mesh(
    step: float, *, products: int = 1, lipschitz: float | None = None, share: float = 1.0
) -> float:
    """Return how much OPT_LP of dynamic pricing falls, at most, if prices are on a mesh (Ex 10.3).

    Prices of n products are in ``[0, 1]**n``, and all budgets are B.  *One product* whose demand S
    falls with its price, and nothing more is known: ``step B / T``.  Take the mesh price p' just
    below each price p of the best mix; it sells at least as often, so play it with ``S(p) /
    S(p')`` of the probability of p, and the null arm instead of the rest: the same items are sold,
    each of them for less by at most `step`, and ``B / T`` a round.

    *n products* whose mean sales are Lipschitz, ``abs(S_i(p) - S_i(q)) <= L max_j abs(p_j - q_j)``:
    ``n step (L + B / (2 T))``.  Move each p to the nearest mesh point, at most ``e = step / 2``
    away.  Sales of a product change by ``L e``, and revenue by ``e S_i + L e``: in all
    ``n (e B / T + L e)``.  Now ``B / T + L e`` may be sold, which is too much; play the mix with
    probability ``(B / T) / (B / T + L e)``.  It earns at most ``n (B / T + L e)``, so that costs
    ``n L e`` more.

    Parameters
    ----------
    step : float
        Largest distance of neighbouring prices on the mesh, which has 0, and with several products
        also 1; in (0, 1].
    products : int, default 1
        n.
    lipschitz : float, optional
        L, 0 or more; needed for two products or more.
    share : float, default 1
        B / T, above 0 and at most 1.

    Raises
    ------
    ValueError
        If a number leaves its range, or `lipschitz` is missing.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, Exercise 10.3, with constants.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.bounds.pricing_mesh(0.1, share=0.5)
    0.05
    >>> bk.bounds.pricing_mesh(0.1, products=2, lipschitz=1)
    0.30000000000000004
    """
    step = number("step", step, low=1e-12, high=1.0)
    n = whole("products", products, least=1)
    share = number("share", share, low=1e-12, high=1.0)
    if lipschitz is None:
        if n > 1:
            raise ValueError(
                "more than one product needs lipschitz, how much sales change with prices"
            )
        return step * share
    return n * step * (number("lipschitz", lipschitz, low=0.0) + share / 2.0)


def pricing_order(budget: float) -> float:
    """Return the order of regret for pricing one product: ``B**(2/3)``, order only.

    On a mesh with ``K = 1 / step`` prices, `pricing_mesh` loses ``step B`` in all, and `UcbBwK`
    of the order of ``sqrt(K OPT) + OPT sqrt(K / B)``, which is ``2 sqrt(B / step)`` since OPT is at
    most B.  The best step is ``B**(-1/3)``.

    Parameters
    ----------
    budget : float
        B, the number of items, above 0.

    Raises
    ------
    ValueError
        If `budget` leaves its range.

    References
    ----------
    Badanidiyuru, Kleinberg & Slivkins (2018), "Bandits with knapsacks"; Slivkins, *Introduction to
    Multi-Armed Bandits*, chapter 10.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.pricing_order(1000), 9)
    100.0
    """
    return float(number("budget", budget, low=1e-12) ** (2 / 3))


def _of_lagrange(learner: LagrangeBwK, T: int) -> Theorems:
    sure = 1.0 - 0.05 - getattr(learner.primal, "delta", 0.05)
    name = f"Thm 10.14, with probability {sure:g}"
    return {name: partial(lagrange_bwk, horizon=T, learner=learner)}


def _of_ucb(learner: UcbBwK, T: int) -> Theorems:
    return {"(152), with probability about 0.95": partial(ucb_bwk, horizon=T, learner=learner)}


THEOREMS: dict[type[Learner], Callable[[Any, int], Theorems]] = {
    LagrangeBwK: _of_lagrange,
    UcbBwK: _of_ucb,
}


def _knapsack(problem: Problem) -> None:
    if not isinstance(problem, KnapsackProblem):
        raise ValueError(f"the theorem is about knapsacks with IID outcomes; got {problem!r}")


def _given(learner: Learner | None, kind: type[Learner]) -> Any:
    """Return the learner, which must be of the kind that the theorem is about, or that kind's."""
    if learner is None:
        return kind()
    if not isinstance(learner, kind):
        raise ValueError(f"the theorem is about {kind.__name__}; got {learner!r}")
    return learner


def _best(problem: Any, T: np.ndarray) -> np.ndarray:
    """Return T OPT_LP for each horizon."""
    return np.vectorize(lambda T: T * problem.lp(T).value, otypes=[float])(T)


def _regret(
    learner: Learner, known: tuple[type, ...], arms: int, times: np.ndarray, T: np.ndarray
) -> np.ndarray:
    """Return the theorem of a learner of arms with payoffs in [0, 1], if it is one of the known."""
    if type(learner) not in known:
        names = ", ".join(each.__name__ for each in known)
        raise ValueError(
            f"no bound that will do is known for {learner!r}; there are some for {names}"
        )
    stage = IIDCosts((0.5,) * arms, feedback=learner.accepts)

    def at(t: float, horizon: float) -> Curve:
        theorems = [*adversarial.THEOREMS[type(learner)](learner, int(horizon)).values()]
        if not theorems:
            raise ValueError(f"no bound is known for {learner!r} with these parameters")
        return theorems[0](stage, t)

    return np.vectorize(at, otypes=[float])(times, T)
