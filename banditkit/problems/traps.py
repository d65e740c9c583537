"""Small knapsacks in which simple ways of spending go wrong (Slivkins, ch. 10)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from banditkit.core.checks import whole
from banditkit.problems.knapsack import KnapsackProblem, checked_budget, null_law, sale_law

__all__ = ["DecoyKnapsack", "SeparateResources"]


@dataclass(frozen=True, repr=False)
class SeparateResources(KnapsackProblem):
    """Each arm has a resource of its own: no arm is good for long, and all of them are together.

    Arm i surely pays 1 and uses one unit of resource i; the last arm pays nothing and uses nothing.

    Parameters
    ----------
    budget : float
        B, how much there is of each resource, above 0 and at most the number of rounds.
    count : int, default 2
        Number of resources, and of arms that pay, 1 or more.

    Raises
    ------
    ValueError
        If a number leaves its range.

    Notes
    -----
    An arm that is played all the time earns B, and the uniform mix of all of them count * B, if
    the horizon is as long as that: ``T = count * B`` is the example of the book, in which the
    best fixed distribution is `count` times as good as the best fixed arm.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10, Exercise 10.2.

    Examples
    --------
    >>> import banditkit as bk
    >>> gap = bk.SeparateResources(budget=50)
    >>> gap.lp(horizon=100).distribution
    array([0.5, 0.5, 0. ])
    """

    budget: float
    count: int = 2

    def __post_init__(self) -> None:
        self._set(budget=checked_budget(self.budget), count=whole("count", self.count, least=1))

    @property
    def budgets(self) -> tuple[float, ...]:
        """B, of each resource."""
        return (self.budget,) * self.count

    @cached_property
    def laws(self) -> list[np.ndarray]:
        """Of each arm its outcomes; see `KnapsackProblem.laws`."""
        return [
            *(sale_law(1.0, 1.0, used) for used in np.eye(self.count).tolist()),
            null_law(self.count),
        ]


@dataclass(frozen=True, repr=False)
class DecoyKnapsack(KnapsackProblem):
    """A small budget is gone before the good arm is told from its decoy (Exercise 10.1).

    There is one resource, and four arms:

    * bad: pays 0, uses 1;
    * good: pays 1, uses 1 with probability B/T;
    * decoy: pays 1, uses 1 with probability 2B/T;
    * null: pays nothing, uses nothing.

    Parameters
    ----------
    budget : float
        B, above 0 and at most half of the horizon; of interest where it is less than its root.
    horizon : int
        T, the number of rounds of every game, 1 or more.

    Raises
    ------
    ValueError
        If a number leaves its range.

    Notes
    -----
    The good arm alone is the best mix: ``OPT_LP = 1``, and T rounds of the decoy would need twice
    the budget.  Who explores first with n rounds for each of the first three arms pays n units
    for the bad one; and while ``n <= B <= sqrt(T)``, good and decoy have used nothing at all with
    probability ``(1 - B/T)**n * (1 - 2B/T)**n``, about ``exp(-3 n B / T)``.  Then they look the
    same; who does not know which is which does not get more than 3/4 of T on average over the two
    orders.  So some instance makes every explore-first lose a constant share of T.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, Exercise 10.1(a).

    Examples
    --------
    >>> import banditkit as bk
    >>> decoy = bk.DecoyKnapsack(budget=10, horizon=400)
    >>> decoy.lp(400).value, decoy.lp(400).distribution
    (1.0, array([0., 1., 0., 0.]))
    """

    budget: float
    horizon: int

    def __post_init__(self) -> None:
        budget = checked_budget(self.budget)
        horizon = whole("horizon", self.horizon, least=1)
        if 2.0 * budget > horizon:
            raise ValueError(
                f"budget must be at most half of the horizon, {horizon}, since the decoy uses 2B/T "
                f"a round; got {budget:g}"
            )
        self._set(budget=budget, horizon=horizon)

    @property
    def budgets(self) -> tuple[float, ...]:
        """B."""
        return (self.budget,)

    def check_horizon(self, horizon: int) -> None:
        """Raise a ValueError if the number of rounds is not the one that arms were made for."""
        if horizon != self.horizon:
            raise ValueError(
                f"DecoyKnapsack was made for {self.horizon} rounds, on which its arms depend; got "
                f"{horizon} - write DecoyKnapsack({self.budget:g}, {horizon})"
            )

    @cached_property
    def laws(self) -> list[np.ndarray]:
        """Of each arm its outcomes; see `KnapsackProblem.laws`."""
        share = self.budget / self.horizon
        good, decoy = (np.array([(c, 1.0, 1.0), (1.0 - c, 1.0, 0.0)]) for c in (share, 2.0 * share))
        return [sale_law(1.0, 0.0, (1.0,)), good, decoy, null_law(1)]
