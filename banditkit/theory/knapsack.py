"""What a knapsack is worth: the linear programme, fixed arms and mixes, and the exact optimum.

With T rounds and budgets B_1, ..., B_d the benchmarks of chapter 10 come in an order::

    T lp_value = best_fixed_distribution >= optimal_value >= expected_reward of any mix
    T lp_value >= best_fixed_arm >= T lp_value / (d + 1)

The first row is Claim 10.5, the second Exercise 10.2, where time counts as a resource, too.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.checks import number, numbers, whole
from banditkit.problems import KnapsackProblem, LinearKnapsack

__all__ = [
    "best_fixed_arm",
    "best_fixed_distribution",
    "expected_reward",
    "fixed_distribution_value",
    "lagrange_game",
    "lp_value",
    "optimal_value",
]

_MOST_STEPS = 10**9  # sums of an exact programme: some seconds


def lp_value(problem: KnapsackProblem | LinearKnapsack, horizon: int) -> float:
    """Return OPT_LP, the value of the linear programme (141): reward a round.

    T times this is at least what any algorithm earns in T rounds on average (Claim 10.5).
    Distribution and prices come with the `lp` of the problem.

    Parameters
    ----------
    problem : KnapsackProblem or LinearKnapsack
        The arms and budgets.
    horizon : int
        T, the number of rounds, at least the largest budget.

    Returns
    -------
    float
        OPT_LP, from 0 to 1.

    Raises
    ------
    ValueError
        If a budget is larger than the number of rounds.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10.

    Examples
    --------
    >>> import banditkit as bk
    >>> 100 * bk.lp_value(bk.Procurement([0.25, 0.5, 1], budget=25), horizon=100)
    50.0
    """
    if not hasattr(problem, "lp"):
        raise ValueError(f"{_wanted('lp_value')}; got {problem!r}")
    return float(problem.lp(horizon).value)


def fixed_distribution_value(problem: KnapsackProblem, distribution: Any, horizon: int) -> float:
    """Return the reward of T rounds with arms drawn from D, if all went as it does on average.

    A fluid: each round pays r(D) and uses c(D), until a budget or time is used up:
    ``r(D) * min(T, min_i B_i / c_i(D))``.

    Parameters
    ----------
    problem : KnapsackProblem
        The arms and budgets.
    distribution : sequence of float, shape (K,)
        D, the probability of each arm.
    horizon : int
        T, the number of rounds, at least the largest budget.

    Returns
    -------
    float
        Total reward.  The mean reward of the game, `expected_reward`, differs a little, to either
        side: chance decides who comes last, and the last purchase is not made by halves.

    Raises
    ------
    ValueError
        If D is not a distribution over the arms, or a budget is larger than the number of rounds.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10.

    Examples
    --------
    >>> import banditkit as bk
    >>> gap = bk.SeparateResources(budget=50)
    >>> bk.fixed_distribution_value(gap, [0.75, 0.25, 0], horizon=100)
    66.66666666666667
    """
    horizon = _horizon(problem, horizon)
    D = _distribution(problem, distribution)
    used = D @ problem.consumption
    return float(D @ problem.rewards) * _lasts(used, problem.limits, horizon)


def best_fixed_arm(problem: KnapsackProblem, horizon: int) -> tuple[int, float]:
    """Return the arm that is best if it is played all the time, and its total reward.

    It is ``max_a r(a) * min(T, min_i B_i / c_i(a))``, where all goes as it does on average.

    Parameters
    ----------
    problem : KnapsackProblem
        The arms and budgets.
    horizon : int
        T, the number of rounds, at least the largest budget.

    Returns
    -------
    arm : int
        The best arm; of equal ones, the first.
    reward : float
        Total reward: OPT_FA, where all goes as it does on average.

    Raises
    ------
    ValueError
        If a budget is larger than the number of rounds.

    Notes
    -----
    With d resources beside time, mixes are at most d + 1 times as good (Exercise 10.2).  Proof: let
    M be OPT_FA.  For each arm ``r(a) <= M max_i c_i(a) / B_i <= M sum_i c_i(a) / B_i``, where time
    is one of the d + 1 resources, ``1 / T`` a round.  So ``T r(D) <= M sum_i T c_i(D) / B_i``, and
    no term of the sum is above 1 for a mix that T rounds can afford.  No smaller factor would do:
    let arm i pay 1 and use 1 unit of resource i, of which there is B, and a free arm pay B / T.
    The best arm earns B, the best mix ``d B + (T - d B) B / T``, d + 1 times that where T is large.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10, Exercise 10.2.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.best_fixed_arm(bk.SeparateResources(budget=50), horizon=100)
    (0, 50.0)
    """
    horizon = _horizon(problem, horizon)
    limits = problem.limits
    totals = [
        r * _lasts(used, limits, horizon)
        for r, used in zip(problem.rewards, problem.consumption, strict=True)
    ]
    arm = int(np.argmax(totals))
    return arm, float(totals[arm])


def best_fixed_distribution(problem: KnapsackProblem, horizon: int) -> tuple[np.ndarray, float]:
    """Return the best distribution to draw arms from all the time, and its total reward.

    It maximises `fixed_distribution_value`, ``r(D) * min(T, min_i B_i / c_i(D))``.

    Parameters
    ----------
    problem : KnapsackProblem
        The arms and budgets.
    horizon : int
        T, the number of rounds, at least the largest budget.

    Returns
    -------
    distribution : array of float, shape (K,)
        D.
    reward : float
        Total reward: OPT_FD, and T OPT_LP.

    Raises
    ------
    ValueError
        If a budget is larger than the number of rounds.

    Notes
    -----
    Why these are the same: the solution of the linear programme uses ``B_i / T`` a round at most,
    and so lasts for T rounds.  And a D that lasts for tau rounds only earns as much as the mix of D
    and the null arm with weights ``tau / T`` and ``1 - tau / T``, which the programme allows.

    In the book OPT_FD is what a distribution earns in the game on average (`expected_reward`), and
    so at most OPT.  Here all goes as it does on average, which is an upper bound of it.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.best_fixed_distribution(bk.SeparateResources(budget=50), horizon=100)
    (array([0.5, 0.5, 0. ]), 100.0)
    """
    horizon = _horizon(problem, horizon)
    best = problem.lp(horizon)
    return best.distribution.copy(), horizon * best.value


def lagrange_game(problem: KnapsackProblem, horizon: int) -> np.ndarray:
    """Return the payoffs (146) of the game between arms and resources.

    ``L(a, i) = r(a) + 1 - (T / B_i) c_i(a)``: one player chooses the arm, and the other the
    resource that it is charged for.  Its value is OPT_LP (Lemma 10.7).

    Parameters
    ----------
    problem : KnapsackProblem
        The arms and budgets.
    horizon : int
        T, the number of rounds, at least the largest budget.

    Returns
    -------
    array of float, shape (K, d + 1)
        The payoffs, a row for each arm and a column for each resource.  Time is the last: it is
        used up evenly, 1 a round, so its payoff is r(a).

    Raises
    ------
    ValueError
        If a budget is larger than the number of rounds.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10.

    Examples
    --------
    >>> import banditkit as bk
    >>> gap = bk.SeparateResources(budget=50)
    >>> bk.lagrange_game(gap, horizon=100)
    array([[0., 2., 1.],
           [2., 0., 1.],
           [1., 1., 0.]])
    >>> value, *strategies = bk.simplex.game_value(bk.lagrange_game(gap, horizon=100))
    >>> round(value, 9)
    1.0
    """
    horizon = _horizon(problem, horizon)
    charge = np.insert(problem.consumption / problem.limits, problem.limits.size, 1 / horizon, 1)
    return problem.rewards[:, None] + 1.0 - horizon * charge


def optimal_value(problem: KnapsackProblem, horizon: int, unit: float = 1.0) -> float:
    """Return OPT, what the best algorithm earns that knows the arms: exact, by dynamic programming.

    All algorithms count that choose by time, and by what is left of the budgets, and never choose
    an arm that might use more than is left; in our game nothing is better, as such a choice ends
    it.  ``V(n, left) = max_a E[reward + V(n - 1, left - consumption)]`` with n rounds to go.

    Parameters
    ----------
    problem : KnapsackProblem
        The arms and budgets.
    horizon : int
        T, the number of rounds, at least the largest budget.
    unit : float, default 1
        A number of which all consumption is a multiple, such as 0.05; above 0.

    Returns
    -------
    float
        OPT: expected total reward.

    Raises
    ------
    ValueError
        If a consumption is not a multiple of `unit`, or the table would be too large.

    See Also
    --------
    expected_reward : the same for a fixed distribution.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10.

    Examples
    --------
    The linear programme promises a little more than can be had, since customers come at random:

    >>> import banditkit as bk
    >>> shop = bk.DynamicPricing([0.5, 0.6, 0.7, 0.8, 0.9], supply=30)
    >>> round(bk.optimal_value(shop, horizon=100), 3), round(100 * bk.lp_value(shop, 100), 3)
    (20.212, 21.0)
    """

    def best(following: np.ndarray, arms: "_Arms") -> np.ndarray:
        values = np.zeros_like(following)
        for region, mean in arms(following):
            np.maximum(values[region], mean, out=values[region])
        return values

    return _backward(problem, horizon, unit, best)


def expected_reward(
    problem: KnapsackProblem, distribution: Any, horizon: int, unit: float = 1.0
) -> float:
    """Return the expected total reward of drawing arms from D in every round: exact.

    The game ends with the horizon, or when an arm is drawn that might use more than is left.

    Parameters
    ----------
    problem : KnapsackProblem
        The arms and budgets.
    distribution : sequence of float, shape (K,)
        D, the probability of each arm.
    horizon : int
        T, the number of rounds, at least the largest budget.
    unit : float, default 1
        A number of which all consumption is a multiple, such as 0.05; above 0.

    Returns
    -------
    float
        Expected total reward, at most `optimal_value`.

    Raises
    ------
    ValueError
        If D is not a distribution over the arms, a consumption is not a multiple of `unit`, or the
        table would be too large.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10.

    Examples
    --------
    Always at 0.7, at which 30 of 100 customers buy on average:

    >>> import banditkit as bk
    >>> shop = bk.DynamicPricing([0.5, 0.6, 0.7, 0.8, 0.9], supply=30)
    >>> round(bk.expected_reward(shop, [0, 0, 1, 0, 0, 0], horizon=100), 3)
    19.724
    """
    D = _distribution(problem, distribution)

    def mixed(following: np.ndarray, arms: "_Arms") -> np.ndarray:
        values = np.zeros_like(following)  # who draws what can't be had is done
        for weight, (region, mean) in zip(D, arms(following), strict=True):
            values[region] += weight * mean
        return values

    return _backward(problem, horizon, unit, mixed)


# Of each arm: where it is possible, and what a round with it and all that follows are worth there.
_Arms = Callable[[np.ndarray], Iterator[tuple[Any, np.ndarray]]]


class _Grid(NamedTuple):
    """Consumption and budgets in whole units."""

    size: tuple[int, ...]  # (d,) states of each resource: 0, 1, ..., its budget
    laws: list[tuple[np.ndarray, np.ndarray]]  # of each arm the outcomes, and what they use


def _backward(
    problem: KnapsackProblem,
    horizon: int,
    unit: float,
    choose: Callable[[np.ndarray, _Arms], np.ndarray],
) -> float:
    """Return what T rounds are worth with full budgets, going back from the last one."""
    horizon = _horizon(problem, horizon)
    grid = _grid(problem, horizon, unit)

    def arms(following: np.ndarray) -> Iterator[tuple[Any, np.ndarray]]:
        for law, used in grid.laws:
            most = used.max(axis=0)
            mean: Any = 0.0
            for (p, reward, *_), units in zip(law, used, strict=True):
                after = tuple(  # where one comes to from `most` or more, if there is so much
                    slice(m - u, max(m, size) - u)
                    for m, u, size in zip(most, units, grid.size, strict=True)
                )
                mean = mean + p * (reward + following[after])
            yield tuple(slice(m, None) for m in most), mean

    values = np.zeros(grid.size)
    for _ in range(horizon):
        values = choose(values, arms)
    return float(values[(-1,) * values.ndim])


def _grid(problem: KnapsackProblem, horizon: int, unit: float) -> _Grid:
    """Return arms that could ever be afforded in whole units, or say what is wrong with these."""
    unit = number("unit", unit)
    if unit <= 0.0:
        raise ValueError(f"unit must be above 0; got {unit!r}")
    most = np.zeros(problem.limits.size, dtype=np.int64)  # what all rounds may use
    laws = []
    for a, table in enumerate(problem.tables):
        law = table[table[:, 0] > 0.0]
        used = np.rint(law[:, 2:] / unit).astype(np.int64)
        wrong = np.argwhere(np.abs(law[:, 2:] - used * unit) > 1e-9)
        if wrong.size:
            row, i = wrong[0]
            raise ValueError(
                f"all consumption must be a multiple of unit={unit:g}; arm {a} uses "
                f"{law[row, 2 + i]:.12g} of resource {i} - give a unit that divides it"
            )
        most = np.maximum(most, horizon * used.max(axis=0))
        laws.append((law, used))
    budgets = np.floor(problem.limits / unit + 1e-9).astype(np.int64)
    size = tuple(int(n) + 1 for n in np.minimum(budgets, most))
    steps = math.prod(size) * sum(len(law) for law, _ in laws) * horizon
    if steps > _MOST_STEPS:
        raise ValueError(
            f"{' x '.join(map(str, size))} states, {horizon} rounds and the outcomes of "
            f"{len(laws)} arms make {steps:.2g} sums, and {_MOST_STEPS:.0g} are the most; take "
            "smaller budgets, fewer rounds, or a larger unit"
        )
    return _Grid(size, laws)


def _wanted(name: str) -> str:
    return f"{name} needs a problem with budgets, such as Knapsack, whose outcomes are IID"


def _check_arms(problem: Any) -> None:
    """Raise a ValueError unless outcomes are IID, by arm."""
    if not isinstance(problem, KnapsackProblem):
        raise ValueError(f"{_wanted('this benchmark')}; got {problem!r}")


def _horizon(problem: KnapsackProblem, horizon: int) -> int:
    """Return the number of rounds, which the problem must agree to."""
    _check_arms(problem)
    horizon = whole("horizon", horizon, least=1)
    problem.check_horizon(horizon)
    return horizon


def _distribution(problem: KnapsackProblem, distribution: Any) -> np.ndarray:
    """Return the probabilities of the arms."""
    _check_arms(problem)
    D = numbers("distribution", distribution, low=0.0, high=1.0)
    if len(D) != len(problem.tables):
        raise ValueError(
            f"distribution must have a probability for each of the {len(problem.tables)} arms, the "
            f"null arm among them; got {len(D)}"
        )
    if abs(math.fsum(D) - 1.0) > 1e-9:
        raise ValueError(f"distribution must add up to 1; got {math.fsum(D):.12g}")
    return np.array(D)


def _lasts(used: np.ndarray, limits: np.ndarray, horizon: int) -> float:
    """Return after how many rounds that use so much a budget, or time, is used up."""
    drained = used > 0.0
    return float(np.min(limits[drained] / used[drained], initial=horizon))
