"""Shops, buyers, agencies and traps: closed forms, and what makes no sense."""

import itertools
import math
import pickle
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest

import banditkit as bk
from banditkit.catalogue import read_problem
from banditkit.problems.pricing import bundle_sale

DEMANDS = [
    bk.UniformDemand(),
    *(bk.ExponentialDemand(rate) for rate in (0.25, 1.0, 3.0, 50.0)),
    *itertools.starmap(
        bk.LinearDemand,
        [(1, 1), (1, 2), (0.5, 0.25), (0.75, 3), (1.5, 1), (3, 4), (3, 2), (0.5, 0.1), (9, 1)],
    ),
]


def plain(problem):
    """Return the laws of a problem as lists, sorted."""
    return [sorted(tuple(row) for row in law.tolist()) for law in problem.laws]


# --- Demand ------------------------------------------------------------------------------------


@pytest.mark.parametrize("demand", DEMANDS, ids=repr)
def test_no_price_on_a_fine_grid_is_better_than_myersons(demand):
    prices = np.linspace(0, 1, 20_001)
    revenue = [p * demand.sale(p) for p in prices]
    best = demand.myerson_price()
    assert 0.0 <= best <= 1.0
    assert best * demand.sale(best) >= max(revenue) - 1e-15
    assert best * demand.sale(best) == pytest.approx(max(revenue), abs=1e-6)


@pytest.mark.parametrize("demand", DEMANDS, ids=repr)
def test_demand_is_a_probability_that_falls_with_the_price(demand):
    sales = [demand.sale(p) for p in np.linspace(0, 3, 301)]
    assert all(0.0 <= S <= 1.0 for S in sales)
    assert (np.diff(sales) <= 0.0).all()


@pytest.mark.parametrize(
    ("demand", "price", "revenue"),
    [
        (bk.UniformDemand(), 1 / 2, 1 / 4),
        (bk.ExponentialDemand(4.0), 1 / 4, 1 / (4 * math.e)),
        (bk.ExponentialDemand(0.5), 1.0, math.exp(-0.5)),
        (bk.LinearDemand(1, 2), 1 / 4, 1 / 8),
        (bk.LinearDemand(0.5, 1), 1 / 4, 1 / 16),
        (bk.LinearDemand(3, 4), 1 / 2, 1 / 2),  # everybody buys up to 1/2
    ],
    ids=repr,
)
def test_myersons_prices_in_closed_form(demand, price, revenue):
    assert demand.myerson_price() == pytest.approx(price, abs=1e-15)
    assert price * demand.sale(price) == pytest.approx(revenue, abs=1e-15)


@pytest.mark.parametrize("demand", DEMANDS, ids=repr)
def test_where_stock_is_enough_the_programme_names_myersons_price(demand):
    prices = sorted({*np.linspace(0, 1, 21), demand.myerson_price()})
    shop = bk.DynamicPricing(prices, supply=50, demand=demand)
    p = demand.myerson_price()
    assert bk.lp_value(shop, 50) == pytest.approx(p * demand.sale(p), rel=1e-12)


@pytest.mark.parametrize("demand", DEMANDS, ids=repr)
def test_a_demand_is_a_description(demand):
    assert eval(repr(demand), vars(bk) | {type(demand).__name__: type(demand)}) == demand
    again = pickle.loads(pickle.dumps(demand))
    assert (again, hash(again)) == (demand, hash(demand))
    shop = bk.DynamicPricing([0.5], 3, demand)
    assert read_problem(repr(shop)) == shop


@dataclass(frozen=True, repr=False)
class Half(bk.Demand):
    """Somebody's own: every second customer buys."""

    def sale(self, price):
        return 0.5

    def myerson_price(self):
        return 1.0


def test_products_come_back_from_a_file_and_somebodys_own_demand_as_words(tmp_path):
    for demand, comes_back in ((bk.ExponentialDemand(2.0), True), (Half(), False)):
        shop = bk.ProductPricing([[0.25, 0.5]], [9, 9], [[0.5], demand])
        result = bk.simulate(shop, [bk.GreedyBwK()], horizon=20, replications=2, seed=0)
        result.save(tmp_path / "result.npz")
        again = bk.load(tmp_path / "result.npz").problem
        assert (again == shop) is comes_back
        assert repr(again) == repr(shop)


# --- Outcomes ----------------------------------------------------------------------------------


def test_a_sale_is_both_revenue_and_stock():
    shop = bk.DynamicPricing([0.25, 1.0], supply=5)
    assert plain(shop) == [
        [(0.25, 0.0, 0.0), (0.75, 0.25, 1.0)],
        [(1.0, 0.0, 0.0)],  # nobody pays 1: no such outcome
        [(1.0, 0.0, 0.0)],
    ]
    assert shop.null == 2


def test_a_table_of_probabilities_is_a_demand():
    shop = bk.DynamicPricing([0.5, 0.75], 5, demand=np.array([0.75, 0.25]))
    assert shop.demand == (0.75, 0.25)
    assert shop.consumption.tolist() == [[0.75], [0.25], [0.0]]
    assert shop == bk.DynamicPricing([0.5, 0.75], 5, demand=(0.75, 0.25))
    tasks = bk.Procurement([0.5, 0.75], 5, supply=[0.25, 0.5])
    assert tasks.rewards.tolist() == [0.25, 0.5, 0.0]
    assert tasks.consumption.tolist() == [[0.125], [0.375], [0.0]]


def test_products_are_sold_independently():
    shop = bk.ProductPricing([[0.25, 0.5]], supplies=[5, 7])
    S = [0.75, 0.5]
    rows = [
        (
            math.prod(s if sold else 1 - s for s, sold in zip(S, which, strict=True)),
            float(np.dot(which, [0.25, 0.5])),
            *map(float, which),
        )
        for which in itertools.product((0, 1), repeat=2)
    ]
    assert plain(shop) == [sorted(rows), [(1.0, 0.0, 0.0, 0.0)]]
    assert shop.limits.tolist() == [5.0, 7.0]


def test_with_one_product_it_is_dynamic_pricing():
    one = bk.ProductPricing([[0.25], [0.5], [0.75]], supplies=[9])
    other = bk.DynamicPricing([0.25, 0.5, 0.75], supply=9)
    assert plain(one) == plain(other)


def test_with_stock_for_all_each_product_has_its_own_price():
    """The programme falls apart: n revenues of Myerson's."""
    demands = [bk.LinearDemand(1, 2), bk.ExponentialDemand(4.0)]
    shop = bk.ProductPricing.grid([[0.1, 0.25, 0.4], [0.2, 0.25, 0.3]], [50, 50], demands)
    assert shop.spec.K == 10
    expected = sum(p * each.sale(p) for each in demands for p in [each.myerson_price()])
    assert bk.lp_value(shop, 50) == pytest.approx(expected, rel=1e-12)


def test_a_table_on_a_grid_follows_its_own_product():
    shop = bk.ProductPricing.grid(
        [[0.1, 0.2], [0.3, 0.4, 0.5]], [5, 5], [[0.9, 0.8], [0.7, 0.6, 0.5]]
    )
    assert shop.prices == ((0.1, 0.3), (0.1, 0.4), (0.1, 0.5), (0.2, 0.3), (0.2, 0.4), (0.2, 0.5))
    assert shop.demands == ((0.9, 0.9, 0.9, 0.8, 0.8, 0.8), (0.7, 0.6, 0.5, 0.7, 0.6, 0.5))
    assert shop.consumption[4] == pytest.approx([0.8, 0.6])


def test_prices_that_add_up_to_one_but_for_rounding_will_do():
    shop = bk.ProductPricing([[0.1] * 10], [5] * 10)
    assert max(law[:, 1].max() for law in shop.laws) <= 1.0
    assert bk.ProductPricing([[0.7, 0.1, 0.2]], [5] * 3).laws[0][:, 1].max() == 1.0


def test_a_bundle_uses_an_item_of_each_of_its_products():
    shop = bk.BundlePricing([[2, 0], [1]], [0.5, 0.25], supplies=[5, 6, 7])
    sale = 1 - 0.5**2 / 2
    assert plain(shop) == [
        sorted([(sale, 0.5 / 3, 1.0, 0.0, 1.0), (1 - sale, 0.0, 0.0, 0.0, 0.0)]),
        sorted([(0.75, 0.25 / 3, 0.0, 1.0, 0.0), (0.25, 0.0, 0.0, 0.0, 0.0)]),
        [(1.0, 0.0, 0.0, 0.0, 0.0)],
    ]


@pytest.mark.parametrize("price", [0.0, 0.125, 0.5, 1.0, 1.375, 2.0, 2.5, 3.0])
def test_sums_of_two_and_three_values_in_closed_form(price):
    two = 1 - price**2 / 2 if price <= 1 else max(0.0, 2 - price) ** 2 / 2
    assert bundle_sale(1, min(price, 1.0)) == 1 - min(price, 1.0)
    if price <= 2:
        assert bundle_sale(2, price) == pytest.approx(two, abs=1e-15)
    if price <= 1:
        assert bundle_sale(3, price) == pytest.approx(1 - price**3 / 6, abs=1e-15)


@pytest.mark.parametrize("m", [1, 2, 5, 12, 40])
def test_the_chance_of_selling_a_bundle(m):
    """It falls from 1 to 0, evenly around m/2; and one more value averages over it."""
    prices = np.linspace(0, m, 33)
    chances = np.array([bundle_sale(m, p) for p in prices])
    assert chances[0] == 1.0
    assert chances[-1] == 0.0
    assert (np.diff(chances) <= 0.0).all()
    assert chances + chances[::-1] == pytest.approx(1.0, abs=1e-15)
    nodes, weights = np.polynomial.legendre.leggauss(30)
    for p in range(m + 2):  # at whole prices the pieces of the integral are polynomials
        averaged = sum(
            w / 2 * bundle_sale(m, min(m, max(0, p - (x + 1) / 2)))
            for x, w in zip(nodes, weights, strict=True)
        )
        assert bundle_sale(m + 1, p) == pytest.approx(averaged, abs=1e-12)


def test_bundles_of_one_product_are_that_product():
    single = bk.BundlePricing([[0], [0]], [0.5, 0.75], supplies=[5])
    assert plain(single) == plain(bk.DynamicPricing([0.5, 0.75], supply=5))


def test_a_price_for_both_may_be_better_than_prices_for_each():
    """Two values, uniform: 2 * 1/4 apart, and (2/3)**1.5 together at sqrt(2/3)."""
    p = math.sqrt(2 / 3)
    shop = bk.BundlePricing([[0], [1], [0, 1]], [0.5, 0.5, p], supplies=[50, 50])
    assert 2 * bk.lp_value(shop, 50) == pytest.approx((2 / 3) ** 1.5, rel=1e-12)
    assert Fraction(bundle_sale(2, 1.0)) == Fraction(1, 2)


def test_who_buys_pays_from_the_budget():
    tasks = bk.Procurement([0.25, 0.5], budget=3.5)
    assert plain(tasks) == [
        [(0.25, 1.0, 0.25), (0.75, 0.0, 0.0)],
        [(0.5, 0.0, 0.0), (0.5, 1.0, 0.5)],
        [(1.0, 0.0, 0.0)],
    ]
    assert tasks.limits.tolist() == [3.5]
    costs = bk.Procurement([0.5], 3, supply=bk.ExponentialDemand(2.0))
    assert costs.rewards[0] == pytest.approx(1 - math.exp(-1))


def test_a_click_is_paid_by_its_advertiser():
    ads = bk.PayPerClick([0.5, 1.0], [0.25, 0.75], advertisers=[1, 0], budgets=[4, 2.5])
    assert plain(ads) == [
        [(0.5, 0.0, 0.0, 0.0), (0.5, 0.25, 0.0, 0.25)],
        [(1.0, 0.75, 0.75, 0.0)],
        [(1.0, 0.0, 0.0, 0.0)],
    ]
    assert bk.PayPerClick([0.5], [1.0], [0], 9).budgets == (9.0,)


def test_traps_are_those_of_the_book():
    assert plain(bk.SeparateResources(5)) == [
        [(1.0, 1.0, 1.0, 0.0)],
        [(1.0, 1.0, 0.0, 1.0)],
        [(1.0, 0.0, 0.0, 0.0)],
    ]
    decoy = bk.DecoyKnapsack(8, 64)
    assert plain(decoy) == [
        [(1.0, 0.0, 1.0)],
        [(0.125, 1.0, 1.0), (0.875, 1.0, 0.0)],
        [(0.25, 1.0, 1.0), (0.75, 1.0, 0.0)],
        [(1.0, 0.0, 0.0)],
    ]
    assert decoy.null == 3
    assert bk.DecoyKnapsack(8, 16).consumption[2, 0] == 1.0  # surely


def test_the_decoy_is_played_for_its_own_horizon_only():
    with pytest.raises(ValueError, match=r"made for 64 rounds.*DecoyKnapsack\(8, 100\)"):
        bk.simulate(bk.DecoyKnapsack(8, 64), [bk.UcbBwK()], horizon=100, seed=0)


# --- What makes no sense -----------------------------------------------------------------------


class Nothing:
    def __repr__(self):
        return "Nothing()"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: bk.ExponentialDemand(0), ["rate must be above 0"]),
        (lambda: bk.ExponentialDemand(math.inf), ["rate must be finite"]),
        (lambda: bk.LinearDemand(1, -1), ["slope must be above 0", "-1"]),
        (lambda: bk.LinearDemand("1", 1), ["intercept must be a number"]),
        (lambda: bk.DynamicPricing([], 5), ["prices is empty"]),
        (lambda: bk.DynamicPricing([0.5, 1.5], 5), ["prices must lie in [0, 1]", "price 1 has"]),
        (lambda: bk.DynamicPricing([math.nan], 5), ["prices must lie in", "nan"]),
        (lambda: bk.DynamicPricing("free", 5), ["prices must be a list"]),
        (lambda: bk.DynamicPricing([0.5], 0), ["supply must be a whole number, 1 or more"]),
        (lambda: bk.DynamicPricing([0.5], 2.5), ["supply must be a whole number"]),
        (lambda: bk.DynamicPricing([0.5], math.inf), ["supply must be a whole number"]),
        (lambda: bk.DynamicPricing([0.5], 5, "uniform"), ["demand must be", "'uniform'"]),
        (lambda: bk.DynamicPricing([0.5], 5, Nothing()), ["demand must be a demand", "Nothing()"]),
        (lambda: bk.DynamicPricing([0.5], 5, bk.UniformDemand), ["demand must be a demand"]),
        (lambda: bk.DynamicPricing([0.5, 0.6], 5, [0.5]), ["each of the 2 prices; got 1"]),
        (lambda: bk.DynamicPricing([0.5], 5, [1.5]), ["demand must lie in [0, 1]", "1.5"]),
        (lambda: bk.DynamicPricing([0.5], 30).lp(20), ["number of rounds, 20", "has 30"]),
        (
            lambda: bk.ProductPricing([[0.2, 0.3], [0.5, 0.75]], [5, 5]),
            ["arm 1 add up to 1.25", "larger units"],
        ),
        (lambda: bk.ProductPricing([[0.5]], [5, 5]), ["2 supplies and 1 columns"]),
        (lambda: bk.ProductPricing([[0.5], [0.1, 0.2]], [5]), ["prices must be a table"]),
        (lambda: bk.ProductPricing([[0.5]], 5), ["supplies must be a list"]),
        (lambda: bk.ProductPricing([[0.5]], [0.5]), ["supplies[0] must be a whole number"]),
        (lambda: bk.ProductPricing([[0.05] * 11], [5] * 11), ["11 products", "too many outcomes"]),
        (
            lambda: bk.ProductPricing([[0.1, 0.1]], [5, 5], [bk.UniformDemand()]),
            ["2 products and 1 demands"],
        ),
        (lambda: bk.ProductPricing([[0.1]], [5], bk.UniformDemand()), ["demands must be a list"]),
        (lambda: bk.ProductPricing([[0.1]], [5], [0.5]), ["demands[0] must be a demand"]),
        (lambda: bk.ProductPricing([[0.1]], [5], [[0.5, 0.5]]), ["demands[0]", "1 prices; got 2"]),
        (lambda: bk.ProductPricing.grid([[0.5], []], [5, 5]), ["prices[1] is empty"]),
        (lambda: bk.ProductPricing.grid(0.5, [5]), ["prices must be a list of"]),
        (lambda: bk.BundlePricing([[0, 1]], [2.5], [5, 5]), ["arm 0 asks 2.5 for 2"]),
        (lambda: bk.BundlePricing([[]], [0.5], [5]), ["bundles[0]", "one or more"]),
        (lambda: bk.BundlePricing([[0], [0, 0]], [0.5] * 2, [5]), ["bundles[1]", "each of them"]),
        (lambda: bk.BundlePricing([[1]], [0.5], [5]), ["products 0 to 0", "[1]"]),
        (lambda: bk.BundlePricing([[-1]], [0.5], [5]), ["bundles[0]: a product", "-1"]),
        (lambda: bk.BundlePricing([0, 1], [0.5, 0.5], [5, 5]), ["bundles[0] must be a list"]),
        (lambda: bk.BundlePricing("01", [0.5, 0.5], [5, 5]), ["bundles must be a list"]),
        (lambda: bk.BundlePricing([[0]], [0.5, 0.5], [5]), ["1 bundles and 2 prices"]),
        (lambda: bk.BundlePricing([[0]], [-0.5], [5]), ["prices must be 0 or more"]),
        (lambda: bk.Procurement([0.5], 0), ["budget must be above 0"]),
        (lambda: bk.Procurement([0.5], [5]), ["budget must be a number"]),
        (lambda: bk.Procurement([0.5], math.nan), ["budget must be finite"]),
        (lambda: bk.Procurement([1.5], 5), ["prices must lie in [0, 1]"]),
        (lambda: bk.Procurement([0.5], 5, [0.5, 0.5]), ["supply", "1 prices; got 2"]),
        (lambda: bk.PayPerClick([1.5], [1], [0], 5), ["click_rates must lie in [0, 1]", "ad 0"]),
        (lambda: bk.PayPerClick([0.5], [-1], [0], 5), ["values must lie in [0, 1]", "ad 0"]),
        (lambda: bk.PayPerClick([0.5], [1], [1], 5), ["numbered from 0 to 0", "ad 0 has 1"]),
        (lambda: bk.PayPerClick([0.5], [1], [0.5], [5, 5]), ["advertisers[0]", "whole number"]),
        (lambda: bk.PayPerClick([0.5, 1], [1], [0], 5), ["each ad", "2 click_rates and 1 values"]),
        (lambda: bk.PayPerClick([0.5], [1], [0], [5, 0]), ["budgets must be above 0"]),
        (lambda: bk.SeparateResources(0), ["budget must be above 0"]),
        (lambda: bk.SeparateResources([5, 5]), ["budget must be a number"]),
        (lambda: bk.SeparateResources(5, 0), ["count must be a whole number, 1 or more"]),
        (lambda: bk.DecoyKnapsack(9, 17), ["at most half of the horizon, 17", "got 9"]),
        (lambda: bk.DecoyKnapsack(-1, 17), ["budget must be above 0"]),
        (lambda: bk.DecoyKnapsack(1, 0), ["horizon must be a whole number"]),
    ],
)
def test_what_makes_no_sense_is_named(make, words):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        make()
    for each in words:
        assert each in str(error.value)
    assert "\n" not in str(error.value)
    assert "np.float64(" not in str(error.value)
