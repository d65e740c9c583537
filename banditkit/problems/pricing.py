"""Dynamic pricing with limited stock: sell so much, to so many customers (Slivkins, ch. 10).

Arms are prices, and a last arm offers nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import comb, factorial, floor
from typing import Any

import numpy as np

from banditkit.core.checks import numbers, shorten, table, whole
from banditkit.problems.demands import UNIFORM, Demand, chances_of, checked_demand
from banditkit.problems.knapsack import KnapsackProblem, coin_table, null_law, sale_law

__all__ = ["BundlePricing", "DynamicPricing", "ProductPricing"]

_MOST_PRODUCTS = 10  # with 2**10 outcomes of a round


@dataclass(frozen=True, repr=False)
class DynamicPricing(KnapsackProblem):
    """A seller with `supply` items names a price to one customer after the other.

    A customer buys an item if it is worth the price to them: a sale pays the price, and uses one
    item.  The last arm offers nothing.

    Parameters
    ----------
    prices : sequence of float, length K - 1
        Prices, in [0, 1].
    supply : int
        Number of items in stock, 1 or more, and at most the number of rounds.
    demand : Demand or sequence of float, default UniformDemand()
        How likely a sale is: a demand, or the probability for each of the prices.

    Raises
    ------
    ValueError
        If a number leaves its range, or a list of probabilities does not fit the prices.

    Notes
    -----
    Let n be the number of customers, k the number of items, and S(p) the demand.  Among all
    prices, with uniform demand, the best one of the linear programme is
    ``p* = max(1/2, 1 - k/n)``, and ``T OPT_LP = n p* (1 - p*)``: the Myerson price where stock is
    enough, or else the price at which all of it is just sold.  The best of all algorithms, with
    prices that depend on stock and time, earns V(n, k), where ``V(n, k) = V(n-1, k) +
    max_p S(p) (p - V(n-1, k) + V(n-1, k-1))``; for uniform demand the maximum is
    ``(1 - V(n-1, k) + V(n-1, k-1))**2 / 4``.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10; Babaioff, Dughmi, Kleinberg &
    Slivkins (2015), "Dynamic pricing with limited supply"; Gallego & van Ryzin (1994), "Optimal
    dynamic pricing of inventories with stochastic demand over finite horizons".

    Examples
    --------
    With 30 items for 100 customers the best price is 0.7, at which 30 are sold:

    >>> import banditkit as bk
    >>> shop = bk.DynamicPricing([0.5, 0.6, 0.7, 0.8, 0.9], supply=30)
    >>> best = shop.lp(horizon=100)
    >>> round(best.value, 3), best.distribution.round(3)
    (0.21, array([0., 0., 1., 0., 0., 0.]))
    """

    prices: tuple[float, ...]
    supply: int
    demand: Demand | tuple[float, ...] = UNIFORM

    def __post_init__(self) -> None:
        prices = numbers("prices", self.prices, low=0.0, high=1.0, each="price")
        self._set(
            prices=prices,
            supply=whole("supply", self.supply, least=1),
            demand=checked_demand("demand", self.demand, len(prices)),
        )

    @property
    def budgets(self) -> tuple[float, ...]:
        """Number of items."""
        return (float(self.supply),)

    @cached_property
    def laws(self) -> list[np.ndarray]:
        """Of each arm its outcomes; see `KnapsackProblem.laws`."""
        chances = chances_of(self.demand, self.prices)
        sales = [sale_law(S, p, (1.0,)) for S, p in zip(chances, self.prices, strict=True)]
        return [*sales, null_law(1)]


@dataclass(frozen=True, repr=False)
class ProductPricing(KnapsackProblem):
    """A shop with several products names a price for each, to one customer after the other.

    Arms are vectors of prices; the last arm offers nothing.  The products are sold independently of
    each other, each at most once to a customer.  A sale pays the price, and uses an item of that
    product.

    Parameters
    ----------
    prices : array of float, shape (K - 1, n)
        A row of prices for each arm, a column for each of the n products, 10 at most; all prices
        of an arm together are at most 1, since that is what a round may pay at most.
    supplies : sequence of int, shape (n,)
        Number of items of each product in stock, 1 or more, and at most the number of rounds.
    demands : sequence of Demand, or of lists of float, length n
        How likely a sale of each product is: a demand, or the probability for each arm - which
        may depend on the prices of other products, too.  By default uniform demand.

    Raises
    ------
    ValueError
        If a number leaves its range, prices of an arm add up to more than 1, or there is not one
        of each for each product.

    Notes
    -----
    Where prices add up to more than 1, measure money in larger units.  With n products that cost
    up to 1, divide all prices by n; values that were uniform on [0, 1] are ``LinearDemand(1, n)``
    then.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10, Exercise 10.3; Besbes & Zeevi
    (2012), "Blind network revenue management".

    Examples
    --------
    Two products, and all pairs of their prices:

    >>> import banditkit as bk
    >>> demands = [bk.LinearDemand(1, 2), bk.LinearDemand(1, 2)]
    >>> shop = bk.ProductPricing.grid([[0.25, 0.375], [0.25]], [30, 50], demands)
    >>> shop.prices
    ((0.25, 0.25), (0.375, 0.25))
    >>> round(shop.lp(horizon=100).value, 6)
    0.225
    """

    prices: tuple[tuple[float, ...], ...]
    supplies: tuple[int, ...]
    demands: tuple[Demand | tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        supplies = _stock(self.supplies)
        prices = table("prices", self.prices, "arm", "product", low=0.0, high=1.0)
        n = len(supplies)
        if n > _MOST_PRODUCTS:
            raise ValueError(
                f"supplies names {n} products; with more than {_MOST_PRODUCTS} that are sold "
                "independently a round has too many outcomes"
            )
        if len(prices[0]) != n:
            raise ValueError(
                f"each product needs one of each: got {n} supplies and {len(prices[0])} columns of "
                "prices"
            )
        for a, row in enumerate(prices):
            if sum(row) > 1.0 + 1e-9:
                raise ValueError(
                    f"prices of an arm must add up to 1 at most, since a customer may buy all "
                    f"products; those of arm {a} add up to {sum(row):.12g} - measure money in "
                    "larger units"
                )
        demands = _demands(self.demands, [len(prices)] * n)
        self._set(supplies=supplies, prices=prices, demands=demands)

    @classmethod
    def grid(cls, prices: Any, supplies: Any, demands: Any = ()) -> "ProductPricing":
        """Return the shop whose arms are all vectors of given prices.

        Parameters
        ----------
        prices : sequence of lists of float, length n
            Of each product its prices.
        supplies, demands
            As in `ProductPricing`; probabilities in place of a demand are one for each price of
            that product.

        Raises
        ------
        ValueError
            As in `ProductPricing`.

        Examples
        --------
        >>> import banditkit as bk
        >>> bk.ProductPricing.grid([[0.5], [0.25, 0.5]], [1, 2], [[0.5], [0.9, 0.6]])
        ProductPricing(((0.5, 0.25), (0.5, 0.5)), (1, 2), demands=((0.5, 0.5), (0.9, 0.6)))
        """
        lists = [
            numbers(f"prices[{j}]", row, low=0.0, high=1.0, each="price")
            for j, row in enumerate(listed("prices", prices, "lists of prices, one per product"))
        ]
        demands = _demands(demands, [len(row) for row in lists])
        picks = [*product(*(range(len(row)) for row in lists))]
        spread = [
            demand if isinstance(demand, Demand) else tuple(demand[pick[j]] for pick in picks)
            for j, demand in enumerate(demands)
        ]
        return cls(tuple(product(*lists)), supplies, tuple(spread))

    @property
    def budgets(self) -> tuple[float, ...]:
        """Number of items of each product."""
        return tuple(map(float, self.supplies))

    @cached_property
    def laws(self) -> list[np.ndarray]:
        """Of each arm its outcomes; see `KnapsackProblem.laws`."""
        columns = zip(*self.prices, strict=True)
        chances = [chances_of(*pair) for pair in zip(self.demands, columns, strict=True)]
        laws = []
        for odds, prices in zip(zip(*chances, strict=True), self.prices, strict=True):
            sold = np.array(coin_table(odds))  # probability, and 0 or 1 for each product
            laws.append(np.insert(sold, 1, np.minimum(1.0, sold[:, 1:] @ prices), axis=1))
        return [*laws, null_law(len(self.supplies))]


@dataclass(frozen=True, repr=False)
class BundlePricing(KnapsackProblem):
    """A shop offers a bundle of products at a price to one customer after the other.

    What the n products are worth to a customer is uniform on [0, 1] for each, independently.  A
    customer buys the bundle if its products together are worth the price: that uses an item of each
    of them.  The last arm offers nothing.

    Rewards are measured in units of n, what all products may be worth at most: a sale at price p
    is a reward of p / n.

    Parameters
    ----------
    bundles : sequence of lists of int, length K - 1
        Of each arm the products that it offers, numbered 0 to n - 1: one or more.
    prices : sequence of float, shape (K - 1,)
        Of each arm the price, from 0 to the number of products in its bundle.
    supplies : sequence of int, shape (n,)
        Number of items of each product in stock, 1 or more, and at most the number of rounds.

    Raises
    ------
    ValueError
        If a number leaves its range, a bundle is empty or names a product twice, or there is not
        one of each for each arm.

    Notes
    -----
    The sum of m uniform values has the distribution of Irwin and Hall: a customer buys m products
    at price p with probability ``sum((-1)**k * C(m, k) * (m - p - k)**m for k <= m - p) / m!``.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10; Badanidiyuru, Kleinberg &
    Slivkins (2018), "Bandits with knapsacks".

    Examples
    --------
    Two products alone at 1/2, and both together at 3/4:

    >>> import banditkit as bk
    >>> shop = bk.BundlePricing([[0], [1], [0, 1]], [0.5, 0.5, 0.75], supplies=[40, 40])
    >>> shop.rewards * 2  # expected revenue: p times the probability of a sale
    array([0.25     , 0.25     , 0.5390625, 0.       ])
    """

    bundles: tuple[tuple[int, ...], ...]
    prices: tuple[float, ...]
    supplies: tuple[int, ...]

    def __post_init__(self) -> None:
        supplies = _stock(self.supplies)
        bundles = _bundles(self.bundles, len(supplies))
        prices = numbers("prices", self.prices, low=0.0)
        if len(bundles) != len(prices):
            raise ValueError(
                f"each arm needs one of each: got {len(bundles)} bundles and {len(prices)} prices"
            )
        for a, (bundle, price) in enumerate(zip(bundles, prices, strict=True)):
            if price > len(bundle):
                raise ValueError(
                    f"a price must be at most the number of products in its bundle, since each is "
                    f"worth 1 at most; arm {a} asks {price:g} for {len(bundle)}"
                )
        self._set(bundles=bundles, prices=prices, supplies=supplies)

    @property
    def budgets(self) -> tuple[float, ...]:
        """Number of items of each product."""
        return tuple(map(float, self.supplies))

    @cached_property
    def laws(self) -> list[np.ndarray]:
        """Of each arm its outcomes; see `KnapsackProblem.laws`."""
        n = len(self.supplies)
        laws = []
        for bundle, price in zip(self.bundles, self.prices, strict=True):
            used = [float(j in bundle) for j in range(n)]
            laws.append(sale_law(bundle_sale(len(bundle), price), price / n, used))
        return [*laws, null_law(n)]


def bundle_sale(m: int, price: float) -> float:
    """Return the probability that the sum of m uniform numbers is at least `price`."""
    x = m - Fraction(price)  # the sum is at least p as often as at most m - p; without rounding
    volume = sum((-1) ** k * comb(m, k) * (x - k) ** m for k in range(floor(x) + 1))
    return float(volume / factorial(m))


def _stock(supplies: Any) -> tuple[int, ...]:
    """Return the numbers of items, one for each product."""
    stock = numbers("supplies", supplies, each="product")
    return tuple(whole(f"supplies[{j}]", items, least=1) for j, items in enumerate(stock))


def _demands(demands: Any, arms: Sequence[int]) -> tuple[Any, ...]:
    """Return the demand of each product, or a table with so many probabilities."""
    given = listed("demands", demands, "demands, one per product") or [UNIFORM] * len(arms)
    if len(given) != len(arms):
        raise ValueError(
            f"each product needs one of each: got {len(arms)} products and {len(given)} demands"
        )
    return tuple(
        checked_demand(f"demands[{j}]", demand, size)
        for j, (demand, size) in enumerate(zip(given, arms, strict=True))
    )


def _bundles(bundles: Any, n: int) -> tuple[tuple[int, ...], ...]:
    """Return the products of each arm, each of them once."""
    checked = []
    for a, bundle in enumerate(listed("bundles", bundles, "lists of products, one per arm")):
        products = listed(f"bundles[{a}]", bundle, "products")
        each = tuple(whole(f"bundles[{a}]: a product", j, least=0) for j in products)
        if not each or len(set(each)) < len(each) or max(each) >= n:
            raise ValueError(
                f"bundles[{a}] must be one or more of the products 0 to {n - 1}, each of them "
                f"once; got {shorten(repr(bundle))}"
            )
        checked.append(each)
    return tuple(checked)


def listed(name: str, values: Any, what: str) -> list[Any]:
    """Return `values` as a list."""
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        raise ValueError(f"{name} must be a list of {what}; got {shorten(repr(values))}")
    return [*values]
