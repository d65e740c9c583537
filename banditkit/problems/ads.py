"""Budgets of money: what an agency spends for others, or a buyer for tasks (Slivkins, ch. 10)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from banditkit.core.checks import numbers, pair_up, whole
from banditkit.problems.demands import UNIFORM, Demand, chances_of, checked_demand
from banditkit.problems.knapsack import (
    KnapsackProblem,
    checked_budget,
    checked_budgets,
    null_law,
    sale_law,
)

__all__ = ["PayPerClick", "Procurement"]


@dataclass(frozen=True, repr=False)
class Procurement(KnapsackProblem):
    """A buyer with a budget of money offers a price to one seller after the other.

    A seller with a private cost sells one item if the price covers it: the reward is 1 for each
    item, and the price is paid from the budget.  Sellers may be workers on a crowdsourcing market,
    and items tasks.  The last arm offers nothing.

    Parameters
    ----------
    prices : sequence of float, shape (K - 1,)
        Prices, in [0, 1].
    budget : float
        The money, above 0, and at most the number of rounds.
    supply : Demand or sequence of float, default UniformDemand()
        How likely a seller agrees.  Of a demand the sellers' costs have the distribution that it
        gives to customers' values: a seller agrees to price p with probability ``F(p) = 1 - S(p)``,
        which is p by default.  Or the probability for each of the prices.

    Raises
    ------
    ValueError
        If a number leaves its range, or a list of probabilities does not fit the prices.

    Notes
    -----
    Among all prices, with uniform costs, the best one is ``p = sqrt(B / T)``, at which all of the
    money is just spent, and ``OPT_LP = sqrt(B / T)``: a distribution of prices buys E[p] a round
    and spends E[p**2], which is at least the square of that.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10; Badanidiyuru, Kleinberg & Singer
    (2012), "Learning on a budget: posted price mechanisms for online procurement"; Singla & Krause
    (2013), "Truthful incentives in crowdsourcing tasks using regret minimization mechanisms".

    Examples
    --------
    >>> import banditkit as bk
    >>> tasks = bk.Procurement([0.25, 0.5, 0.75], budget=25)
    >>> best = tasks.lp(horizon=100)
    >>> best.value, best.distribution
    (0.5, array([0., 1., 0., 0.]))
    """

    prices: tuple[float, ...]
    budget: float
    supply: Demand | tuple[float, ...] = UNIFORM

    def __post_init__(self) -> None:
        prices = numbers("prices", self.prices, low=0.0, high=1.0, each="price")
        self._set(
            prices=prices,
            budget=checked_budget(self.budget),
            supply=checked_demand("supply", self.supply, len(prices)),
        )

    @property
    def budgets(self) -> tuple[float, ...]:
        """The money."""
        return (self.budget,)

    @cached_property
    def laws(self) -> list[np.ndarray]:
        """Of each arm its outcomes; see `KnapsackProblem.laws`."""
        chances = chances_of(self.supply, self.prices)
        if isinstance(self.supply, Demand):  # costs are at most p as often as values are not above
            chances = tuple(1.0 - S for S in chances)
        sales = [sale_law(F, 1.0, (p,)) for F, p in zip(chances, self.prices, strict=True)]
        return [*sales, null_law(1)]


@dataclass(frozen=True, repr=False)
class PayPerClick(KnapsackProblem):
    """An agency shows an ad in each round; its advertiser pays if it is clicked on.

    Arm a is an ad: it is clicked on with probability ``click_rates[a]``, and then pays
    ``values[a]`` from the budget of its advertiser.  The last arm shows no ad.

    Parameters
    ----------
    click_rates : sequence of float, shape (K - 1,)
        Probability of a click on each ad, in [0, 1].
    values : sequence of float, shape (K - 1,)
        What is paid for a click on each ad, in [0, 1].
    advertisers : sequence of int, shape (K - 1,)
        Whose ad it is, numbered from 0.
    budgets : float or sequence of float, shape (d,)
        How much each advertiser spends at most, above 0 and at most the number of rounds.

    Raises
    ------
    ValueError
        If a number leaves its range, or there is not one of each for each ad.

    Notes
    -----
    A budget that is nearly spent ends the game when an ad is shown that might cost more than is
    left, as in `Knapsack`.  With one ad for each advertiser the linear programme is a fractional
    knapsack: take ads in the order of ``click_rates * values``, what a round with them pays; show
    ad a in ``B_a / (T * click_rates[a] * values[a])`` of the rounds, until no rounds are left.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10; Slivkins (2013), "Dynamic ad
    allocation: bandits with budgets".

    Examples
    --------
    The better ad is shown until its budget is spent, which takes half of the rounds:

    >>> import banditkit as bk
    >>> ads = bk.PayPerClick([0.5, 0.25], [0.8, 0.8], advertisers=[0, 1], budgets=[20, 50])
    >>> ads.lp(horizon=100).distribution
    array([0.5, 0.5, 0. ])
    """

    click_rates: tuple[float, ...]
    values: tuple[float, ...]
    advertisers: tuple[int, ...]
    budgets: tuple[float, ...]

    def __post_init__(self) -> None:
        budgets = checked_budgets("budgets", self.budgets)
        rates = numbers("click_rates", self.click_rates, low=0.0, high=1.0, each="ad")
        values = numbers("values", self.values, low=0.0, high=1.0, each="ad")
        whose = numbers("advertisers", self.advertisers, low=0, each="ad")
        pair_up("ad", click_rates=rates, values=values, advertisers=whose)
        for a, who in enumerate(whose):
            if whole(f"advertisers[{a}]", who, least=0) >= len(budgets):
                raise ValueError(
                    f"advertisers are numbered from 0 to {len(budgets) - 1}, as there are "
                    f"{len(budgets)} budgets; ad {a} has {who:g}"
                )
        self._set(
            click_rates=rates,
            values=values,
            advertisers=tuple(int(who) for who in whose),
            budgets=budgets,
        )

    @cached_property
    def laws(self) -> list[np.ndarray]:
        """Of each arm its outcomes; see `KnapsackProblem.laws`."""
        d = len(self.budgets)
        ads = zip(self.click_rates, self.values, self.advertisers, strict=True)
        paid = np.eye(d)
        return [*(sale_law(rate, v, v * paid[who]) for rate, v, who in ads), null_law(d)]
