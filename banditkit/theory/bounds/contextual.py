"""The theorems of chapter 8 as functions of a problem and a time.

The book states them with O(.); the constants are derived here, in the docstrings.  Contexts are
drawn anew in each round, whatever the learner does: so given which contexts come, each copy of a
learner plays plain arms, and what a policy earns in a round is an independent number.

Theorems of which only the order is known have no function: those of `EpochGreedy`, `MiniMonster`,
`SquareCB` and `Falcon`, and of `LinThompson`.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from banditkit.core.checks import number, whole
from banditkit.core.description import Learner, Problem
from banditkit.learners import UCB1, ContextMesh, Exp4, LinUCB, OracleCommit, PerContext
from banditkit.learners.linear import beta_of
from banditkit.problems import (
    FiniteContexts,
    LinearContexts,
    LipschitzContexts,
    LipschitzSquare,
    PolicyClass,
)
from banditkit.theory.bounds.adversarial import exp4_curve
from banditkit.theory.bounds.common import Curve, Theorems, out, times_and_horizon, times_of

__all__ = [
    "context_mesh",
    "exp4_policies",
    "ips_error",
    "ips_regret",
    "linucb",
    "mesh_error",
    "oracle_commit",
    "per_context",
    "square_mesh",
]


def per_context(
    problem: Problem, t: ArrayLike, *, horizon: int | None = None, learner: PerContext | None = None
) -> Curve:
    """Return Theorem 8.1 for `PerContext` with `UCB1`: ``4 sqrt(2 K X t log t) + 4.3 K X``.

    The last number is ``1 + pi**2/3``.  In context x, which came n times, regret is at most
    ``4 sqrt(2 K n log t) + (1 + pi**2/3) K``.  For by Auer's theorem an arm is pulled
    ``8 log(n) / gap**2 + 1 + pi**2/3`` times at most, on average; the arms with gaps above D cost
    ``K (8 log(n) / D + 1 + pi**2/3)`` together, the others ``n D``, and the best choice is
    ``D = sqrt(8 K log(n) / n)``.  With log T in the radius it is
    ``K + 4 sqrt(2 K n log T) + 2 n / T**2`` (Theorem 1.15).

    Contexts with probabilities p come ``p(x) t`` times on average, and by Jensen's inequality the
    roots are at most ``sqrt(p(x) t)``.  The bound is the sum over contexts; a context costs no more
    than it comes.  By Cauchy and Schwarz's inequality the sum of the roots is at most
    ``sqrt(X t)``, as in the title, and just that if all contexts come equally often.

    Parameters
    ----------
    problem : FiniteContexts
        Numbered contexts.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    learner : PerContext, optional
        By default ``PerContext(UCB1())``.

    Raises
    ------
    ValueError
        If the problem has no numbered contexts, or the learner inside is not `UCB1` with
        ``exploration=2``.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.per_context(bk.FiniteContexts([[0.4, 0.6]] * 5), 100_000), 1)
    19237.0
    """
    if not isinstance(problem, FiniteContexts):
        raise ValueError(f"the theorem is about FiniteContexts; got {problem!r}")
    times, T = times_and_horizon(t, horizon)
    anytime = _anytime(PerContext(UCB1()) if learner is None else learner)
    odds, counts = np.unique(problem.probabilities, return_counts=True)
    return out(_copies(problem.spec.K, odds, counts, (times, T), anytime))


def mesh_error(problem: Problem, t: ArrayLike, *, step: float, arm_step: float = 0.0) -> Curve:
    """Return Claim 8.3: rounding contexts to a mesh costs at most ``epsilon L t``, surely.

    The nearest point s of the mesh is at most ``epsilon / 2`` away, so all means move by
    ``L epsilon / 2`` at most between x and s; what is best at s is worse at x than the best there
    by twice as much at most.  The same is true of what is best on average over all contexts that
    are rounded to s.  If contexts are uniform, they are ``epsilon / 4`` away on average, and the
    mean error is at most half of the bound.  Where arms are rounded, too, the nearest one costs
    ``L arm_step / 2`` more.

    Parameters
    ----------
    problem : LipschitzContexts or LipschitzSquare
        With its constant L.
    t : int or array of int
        Times, in rounds.
    step : float
        epsilon, the distance between two points of the mesh of contexts, in (0, 1].
    arm_step : float, default 0
        That of the mesh of arms, in [0, 1]; 0 where arms are not rounded.

    Raises
    ------
    ValueError
        If the problem has no Lipschitz constant, or a step leaves its range.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.bounds.mesh_error(bk.LipschitzContexts([[0, 0.5], [0.5, 0]]), 1000, step=0.125)
    62.5
    """
    if not isinstance(problem, LipschitzContexts | LipschitzSquare):
        raise ValueError(f"the claim is about contexts in [0, 1]; got {problem!r}")
    epsilon = number("step", step, low=1e-9, high=1.0)
    arms = number("arm_step", arm_step, low=0.0, high=1.0)
    return out((epsilon + arms / 2.0) * problem.spec.lipschitz * times_of(t))


def context_mesh(
    problem: Problem,
    t: ArrayLike,
    *,
    horizon: int | None = None,
    learner: ContextMesh | None = None,
) -> Curve:
    """Return Theorem 8.4 for `ContextMesh` with `UCB1`: Theorem 8.1 on the mesh, and Claim 8.3.

    The contexts that are rounded to a point are drawn independently, so its copy plays arms with
    their mean over these contexts, and Theorem 8.1 bounds regret against what is best on the mesh;
    `mesh_error` bounds the rest.  With epsilon of order ``(K log(T) / (T L**2))**(1/3)`` both are
    of order ``T**(2/3) (L K log T)**(1/3)``.

    Parameters
    ----------
    problem : LipschitzContexts
        Contexts that are uniform in [0, 1], and K arms.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    learner : ContextMesh, optional
        By default ``ContextMesh()``.

    Raises
    ------
    ValueError
        If the problem is another, or the learner inside is not `UCB1` with ``exploration=2``.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.context_mesh(bk.LipschitzContexts([[0, 1], [1, 0]]), 1_000_000))
    205210
    """
    if not isinstance(problem, LipschitzContexts):
        raise ValueError(f"the theorem is about LipschitzContexts; got {problem!r}")
    return _mesh(problem, times_and_horizon(t, horizon), learner)


def square_mesh(
    problem: Problem,
    t: ArrayLike,
    *,
    horizon: int | None = None,
    learner: ContextMesh | None = None,
) -> Curve:
    """Return a bound for `ContextMesh` where arms are numbers: Exercise 8.1 with constants.

    It is Theorem 8.4 with the mesh of arms for K, and with what rounding arms costs.

    Parameters
    ----------
    problem : LipschitzSquare
        Contexts that are uniform in [0, 1], and arms in [0, 1].
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    learner : ContextMesh, optional
        By default ``ContextMesh()``.

    Raises
    ------
    ValueError
        If the problem is another, or the learner inside is not `UCB1` with ``exploration=2``.

    Examples
    --------
    >>> import banditkit as bk
    >>> hill = bk.LipschitzSquare([[0.6, 0.4], [0.4, 0.6]])
    >>> round(bk.bounds.square_mesh(hill, 1_000_000))
    225497
    """
    if not isinstance(problem, LipschitzSquare):
        raise ValueError(f"the theorem is about LipschitzSquare; got {problem!r}")
    return _mesh(problem, times_and_horizon(t, horizon), learner)


def exp4_policies(
    problem: Problem,
    t: ArrayLike,
    *,
    horizon: int | None = None,
    rate: float | None = None,
    mixing: float = 0.0,
) -> Curve:
    """Return Theorem 8.6 for `Exp4` over M policies: ``2 sqrt(3) sqrt(T K log M) + 1``, on average.

    Policies are experts: given all contexts and rewards, Theorem 6.11 (`exp4`) bounds regret
    against each of them, and so against the one that is best on average.

    Parameters
    ----------
    problem : PolicyClass
        Contexts and a class of policies.
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
        If the problem has no class of policies, or epsilon would not be below 1/2.

    Examples
    --------
    >>> import banditkit as bk
    >>> visitors = bk.FiniteContexts([[0.2, 0.8], [0.8, 0.2]])
    >>> few = bk.PolicyClass(visitors, [[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> round(bk.bounds.exp4_policies(few, 10_000), 1)
    577.8
    """
    K, M = _class_of(problem)
    return exp4_curve(K, M, times_and_horizon(t, horizon), rate, mixing)


def oracle_commit(
    problem: Problem, t: ArrayLike, *, horizon: int | None = None, explore: int | None = None
) -> Curve:
    """Return Theorem 8.8 for `OracleCommit`: ``N + 2 (t - N) conf(N) + (t - N) / T``, on average.

    Exploration costs at most 1 in each of N rounds.  A policy's fake rewards are those of inverse
    propensity scoring with propensities 1/K; they say too little of the best policy by ``conf(N)``,
    or too much of one of the others, with probability at most ``1 / T`` if conf(N) is `ips_regret`
    with ``delta = 1 / T``, halved.  Otherwise the policy that looks best is worse by at most
    ``2 conf(N)``.  conf(N) is of the order of ``sqrt(K log(M T) / N)``, and with N by default
    regret of the order ``T**(2/3) (K log(M T))**(1/3)``.

    Parameters
    ----------
    problem : PolicyClass
        Contexts and a class of M policies.
    t : int or array of int
        Times, in rounds, at most the horizon.
    horizon : int, optional
        T; by default each time itself.
    explore : int, optional
        N, 1 or more; by default the learner's choice.

    Raises
    ------
    ValueError
        If the problem has no class of policies; of an oracle that need not find the best one the
        theorem does not speak.

    Examples
    --------
    >>> import banditkit as bk
    >>> visitors = bk.FiniteContexts([[0.2, 0.8], [0.8, 0.2]])
    >>> few = bk.PolicyClass(visitors, [[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> round(bk.bounds.oracle_commit(few, 100_000, explore=5000), 1)
    18648.8
    """
    K, M = _class_of(problem)
    learner = OracleCommit(explore)
    times, T = times_and_horizon(t, horizon)

    def curve(t: float, T: float) -> float:
        N = learner.start(problem.spec, int(T)).explore
        wrong = _ips_margin(N, 1.0 / K, math.log(M * T))
        return min(t, N + max(0.0, t - N) * (2.0 * wrong + 1.0 / T))

    return out(np.vectorize(curve, otypes=[float])(times, T))


def linucb(problem: Problem, t: ArrayLike, *, learner: LinUCB | None = None) -> Curve:
    """Return Theorem 3 of Abbasi-Yadkori et al. for `LinUCB`: with probability ``1 - delta``.

    It is ``2 beta sqrt(2 t d log(1 + t / (lambda d)))`` at all times at once, with beta, the radius
    of the ellipsoid, that of `LinUCB`.  While theta is in all ellipsoids, the arm that is played
    seemed at least as good as the best, and what it seems exceeds what it is by twice beta times
    its width w: a round costs at most ``2 beta w``, and also ``2 B`` if no mean is larger than B,
    so ``2 max(B, beta) min(1, w)``.  The sum of ``min(1, w**2)`` is at most
    ``2 log det(A / lambda)``, and this ``2 d log(1 + t / (lambda d))`` for ``|x| <= 1`` (their
    Lemma 11); Cauchy and Schwarz's inequality makes a bound on the sum of it.  The theorem has 4
    for the factor ``2 sqrt(2)`` of its proof, and ``B = 1 <= beta``.

    Where each of K arms has a model of its own, the determinants of all models count: d K takes
    the place of d in the root, and ``delta / K`` that of delta in beta.

    Parameters
    ----------
    problem : LinearContexts
        Rewards that are linear in features.
    t : int or array of int
        Times, in rounds.
    learner : LinUCB, optional
        By default ``LinUCB()``.

    Raises
    ------
    ValueError
        If the problem is another, the learner's width is not that of the theorem, or it counts
        on less noise or a shorter theta than there is.

    References
    ----------
    Abbasi-Yadkori, Pál & Szepesvári (2011), "Improved algorithms for linear stochastic bandits",
    Theorems 2 and 3.

    Examples
    --------
    >>> import banditkit as bk
    >>> problem = bk.LinearContexts([0.6, -0.8], K=5, noise=0.5)
    >>> round(bk.bounds.linucb(problem, 100_000), 1)
    15096.2
    """
    learner = LinUCB() if learner is None else learner
    if not isinstance(problem, LinearContexts):
        raise ValueError(f"the theorem is about LinearContexts; got {problem!r}")
    theta = np.atleast_2d(np.array(problem.theta))
    _check_ellipsoid(problem, learner, theta)
    times, d = times_of(t), problem.spec.d
    models = learner.models(problem.spec)
    largest = np.abs(theta).sum(axis=1).max() / math.sqrt(d)  # B, in a corner of the cube
    radius = learner.start(problem.spec, 1).radius
    beta = np.vectorize(partial(beta_of, radius), otypes=[float])(times)
    volume = d * models * np.log(1.0 + times / (learner.ridge * d * models))
    bound = 2.0 * np.maximum(largest, beta) * np.sqrt(2.0 * times * volume)
    return out(np.minimum(2.0 * largest * times, bound))


def ips_error(N: ArrayLike, p_0: float, *, delta: float = 0.05, policies: int = 1) -> Curve:
    """Return Lemma 8.11 with constants: how far `ips` is off, at most, with probability 1 - delta.

    A row adds ``1{pi(x) = a} r / p(a)``, a number between 0 and ``1 / p_0`` with a variance of
    ``1 / p_0`` at most, since its square has the mean ``E[r**2 / p(pi(x))]``.  So the estimate is
    off by more than

    * ``sqrt(log(2 M / delta) / (2 N)) / p_0`` (Hoeffding), or
    * ``sqrt(2 log(2 M / delta) / (p_0 N)) + log(2 M / delta) / (3 p_0 N)`` (Bernstein)

    for one of M policies with probability at most delta; returned is the smaller one.  Both hold
    for the value that a policy has on average, and for the realised one, given contexts and
    rewards (Lemma 8.13); and for propensities that depend on the rows before, none below p_0.

    Parameters
    ----------
    N : int or array of int
        Rows of the log.
    p_0 : float
        The smallest propensity, above 0 and at most 1.
    delta : float, default 0.05
        With what probability, at most, it is off by more; above 0 and at most 1.
    policies : int, default 1
        M, how many policies are judged by the same log.

    Raises
    ------
    ValueError
        If a number leaves its range.

    References
    ----------
    Slivkins, Lemmas 8.11 and 8.13; Boucheron, Lugosi & Massart (2013), *Concentration
    Inequalities*, Corollary 2.11, for Bernstein's inequality.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.ips_error(10_000, p_0=0.01), 4)
    0.2839
    """
    return out(_ips_margin(times_of(N), *_rare(p_0, 2.0, delta, policies)))


def ips_regret(N: ArrayLike, p_0: float, *, delta: float = 0.05, policies: int = 1) -> Curve:
    """Return Corollary 8.14: how much worse than the best of M policies the one is that looks best.

    At most so much a round, with probability 1 - delta, if all M are judged by `ips`: twice what
    the estimate of the best policy is too low by, or one of the others too high.  These are M
    events, so that ``log(M / delta)`` takes the place of ``log(2 M / delta)`` in `ips_error`.

    Parameters
    ----------
    N : int or array of int
        Rows of the log.
    p_0 : float
        The smallest propensity, above 0 and at most 1.
    delta : float, default 0.05
        With what probability, at most, it is worse; above 0 and at most 1.
    policies : int, default 1
        M, how many policies there are.

    Raises
    ------
    ValueError
        If a number leaves its range.

    Examples
    --------
    >>> import banditkit as bk
    >>> round(bk.bounds.ips_regret(10_000, p_0=0.1, policies=1000), 4)
    0.2881
    """
    return out(2.0 * _ips_margin(times_of(N), *_rare(p_0, 1.0, delta, policies)))


THEOREMS: dict[type[Learner], Callable[[Any, int], Theorems]] = {
    PerContext: lambda x, T: {"Thm 8.1": partial(per_context, horizon=T, learner=x)},
    ContextMesh: lambda x, T: {
        "Thm 8.4": partial(context_mesh, horizon=T, learner=x),
        "Exercise 8.1": partial(square_mesh, horizon=T, learner=x),
    },
    Exp4: lambda x, T: {"Thm 8.6": partial(exp4_policies, horizon=T, rate=x.rate, mixing=x.mixing)},
    OracleCommit: lambda x, T: {"Thm 8.8": partial(oracle_commit, horizon=T, explore=x.explore)},
    LinUCB: lambda x, T: {f"LinUCB, with probability {1 - x.delta:g}": partial(linucb, learner=x)},
}


def _anytime(learner: PerContext | ContextMesh) -> bool:
    """Return whether the copies of `UCB1` have log t in their radius, rather than log T."""
    inner = learner.learner
    if type(inner) is not UCB1 or inner.exploration != 2.0:
        raise ValueError(f"the theorem is about copies of UCB1 with exploration=2; got {learner!r}")
    return inner.anytime


def _copies(
    K: int,
    odds: np.ndarray,
    counts: np.ndarray,
    times: tuple[np.ndarray, np.ndarray],
    anytime: bool,
) -> np.ndarray:
    """Return Theorem 8.1, where so many contexts (`counts`) have each of the `odds`."""
    t, T = (each[..., None] for each in times)
    n = odds * t  # (..., X) rounds with a context, on average
    if anytime:
        regret = 4.0 * np.sqrt(2.0 * K * n * np.log(t)) + (1.0 + math.pi**2 / 3.0) * K
    else:
        regret = K + 4.0 * np.sqrt(2.0 * K * n * np.log(T)) + 2.0 * n / T**2
    return np.minimum(n, regret) @ counts


def _mesh(problem: Any, times: tuple[np.ndarray, np.ndarray], learner: ContextMesh | None) -> Curve:
    """Return what copies on a mesh cost, and the mesh itself."""
    learner = ContextMesh() if learner is None else learner
    anytime, spec = _anytime(learner), problem.spec

    def curve(t: float, T: float) -> float:
        points = learner.points(spec, int(T))
        step = 1.0 / (points - 1)
        arms = spec.K or learner.arms or points
        error = mesh_error(problem, t, step=step, arm_step=0.0 if spec.K else 1.0 / (arms - 1))
        # Half as many contexts are rounded to the two ends as to other points.
        cells, counts = np.array([step / 2.0, step]), np.array([2, points - 2])
        copies = _copies(arms, cells, counts, (np.array(t), np.array(T)), anytime)
        return min(t, float(copies) + float(error))

    return out(np.vectorize(curve, otypes=[float])(*times))


def _class_of(problem: Problem) -> tuple[int, int]:
    """Return the number of arms, and of policies."""
    if not isinstance(problem, PolicyClass):
        raise ValueError(f"the theorem is about PolicyClass; got {problem!r}")
    return problem.spec.K, problem.spec.N


def _check_ellipsoid(problem: LinearContexts, learner: LinUCB, theta: np.ndarray) -> None:
    """Raise a ValueError unless the learner's ellipsoids hold theta, but for delta."""
    if learner.alpha is not None:
        raise ValueError(
            f"the theorem is about the width that it gives itself, alpha=None; got {learner!r}"
        )
    norm = float(np.sqrt((theta**2).sum(axis=1).max()))
    for name, told, true in (
        ("noise", learner.noise, problem.noise),
        ("norm", learner.norm, norm),
    ):
        if told < true * (1.0 - 1e-12):
            raise ValueError(
                f"the theorem needs a {name} of at least {true:.6g}; the learner has {told:g}"
            )


def _rare(p_0: float, sides: float, delta: float, policies: int) -> tuple[float, float]:
    """Return p_0, and the logarithm of one over the probability of each event."""
    p_0 = number("p_0", p_0, low=1e-300, high=1.0)
    delta = number("delta", delta, low=1e-300, high=1.0)
    return p_0, math.log(sides * whole("policies", policies, least=1) / delta)


def _ips_margin(N: Any, p_0: float, log_term: float) -> Any:
    """Return by what `ips` is exceeded with probability ``exp(-log_term)`` at most, either way."""
    hoeffding = np.sqrt(log_term / (2.0 * N)) / p_0
    bernstein = np.sqrt(2.0 * log_term / (p_0 * N)) + log_term / (3.0 * p_0 * N)
    return np.minimum(hoeffding, bernstein)
