"""What knapsacks are worth: closed forms, plain recursions, and the order of the benchmarks."""

import math

import numpy as np
import pytest
from naive import knapsack_exact as naive
from scipy.stats import binom

import banditkit as bk

CASES = range(60)


def random_knapsack(seed, unit=0.25):
    """Return a small knapsack with a null arm somewhere, and a horizon: probabilities are dyadic."""
    rng = np.random.default_rng([17, seed])
    K, d = rng.integers(1, 4), rng.integers(1, 3)
    arms = []
    for _ in range(K):
        odds = {1: [1.0], 2: [0.25, 0.75], 3: [0.5, 0.25, 0.25]}[int(rng.integers(1, 4))]
        rewards = rng.integers(0, 9, len(odds)) / 8
        used = rng.integers(0, int(1 / unit) + 1, (len(odds), d)) * unit
        if rng.random() < 0.5:  # who pays uses little, and the other way round
            used = np.rint((1.0 - rewards[:, None]) / unit).repeat(d, axis=1) * unit
        arms.append([(p, r, *c) for p, r, c in zip(odds, rewards, used, strict=True)])
    arms.insert(int(rng.integers(0, K + 1)), [(1.0,) + (0.0,) * (1 + d)])
    horizon = int(rng.integers(1, 8))
    budgets = np.minimum(horizon, rng.integers(1, 12, d) / 4 + 0.1 * rng.integers(0, 2, d))
    return bk.Knapsack(arms, budgets), horizon


def random_distribution(seed, K):
    return np.random.default_rng([18, seed]).multinomial(64, np.full(K, 1 / K)) / 64


# --- Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", CASES)
def test_exact_values_are_those_of_a_plain_recursion(seed):
    problem, T = random_knapsack(seed)
    D = random_distribution(seed, problem.spec.K)
    laws = [law.tolist() for law in problem.laws]
    best = bk.optimal_value(problem, T, unit=0.25)
    drawn = bk.expected_reward(problem, D, T, unit=0.25)
    assert best == pytest.approx(naive.optimum(laws, problem.budgets, T), abs=1e-12)
    assert drawn == pytest.approx(naive.of_distribution(laws, problem.budgets, T, D), abs=1e-12)
    for unit in (0.125, 0.05):  # finer than need be
        assert bk.optimal_value(problem, T, unit=unit) == pytest.approx(best, abs=1e-12)
        assert bk.expected_reward(problem, D, T, unit=unit) == pytest.approx(drawn, abs=1e-12)


@pytest.mark.parametrize("seed", CASES)
def test_benchmarks_come_in_their_order(seed):
    """Claim 10.5, for outcomes whose parts hang together, too; and Exercise 10.2."""
    problem, T = random_knapsack(seed)
    D = random_distribution(seed, problem.spec.K)
    lp = T * bk.lp_value(problem, T)
    best = bk.optimal_value(problem, T, unit=0.25)
    mix, of_mix = bk.best_fixed_distribution(problem, T)
    arm, of_arm = bk.best_fixed_arm(problem, T)
    assert lp >= best - 1e-12
    for each in (D, mix):
        assert best >= bk.expected_reward(problem, each, T, unit=0.25) - 1e-12
        assert lp >= bk.fixed_distribution_value(problem, each, T) - 1e-12
    assert bk.fixed_distribution_value(problem, mix, T) == pytest.approx(lp, abs=1e-9)
    assert of_mix == pytest.approx(lp, abs=1e-12)
    assert lp + 1e-9 >= of_arm >= lp / (1 + problem.spec.d) - 1e-12
    arms = [bk.fixed_distribution_value(problem, row, T) for row in np.eye(problem.spec.K)]
    assert of_arm == pytest.approx(max(arms), abs=1e-12)
    assert arm == np.argmax(arms)


def test_the_best_mix_without_the_null_arm_lasts_shorter_and_earns_as_much():
    """r(D) min(T, min B / c(D)) on a fine mesh of distributions: none is above T OPT_LP."""
    problem = bk.Knapsack.sure([1.0, 0.25, 0.0], [[1.0], [0.5], [0.0]], budgets=10)
    values = [
        bk.fixed_distribution_value(problem, [p / 200, 1 - p / 200, 0], 40) for p in range(201)
    ]
    assert max(values) == pytest.approx(10.0, abs=1e-12)
    assert np.argmax(values) == 200
    assert bk.best_fixed_distribution(problem, 40)[1] == pytest.approx(10.0, abs=1e-12)


@pytest.mark.parametrize("price", [0.3, 0.5, 0.7])
@pytest.mark.parametrize(("n", "k"), [(1, 1), (10, 3), (50, 50), (200, 40)])
def test_a_fixed_price_sells_as_often_as_coins_fall_while_stock_lasts(price, n, k):
    shop = bk.DynamicPricing([price], k)
    sales = np.arange(n + 1)
    expected = price * np.minimum(sales, k) @ binom.pmf(sales, n, 1 - price)
    assert bk.expected_reward(shop, [1, 0], n) == pytest.approx(expected, rel=1e-10)


def optimal_revenue(n, k):
    """Return V(0..n, 0..k) for uniform demand and all prices, and the best prices."""
    V, prices = np.zeros((n + 1, k + 1)), []
    for i in range(1, n + 1):
        for j in range(1, k + 1):
            item = V[i - 1, j] - V[i - 1, j - 1]  # what an item is worth later
            prices.append((1 + item) / 2)
            V[i, j] = V[i - 1, j] + (1 - item) ** 2 / 4
    return V, prices


def test_the_best_prices_for_a_stock_are_those_of_the_closed_recursion():
    V, prices = optimal_revenue(12, 4)
    assert V[1, 1] == 0.25  # one customer, one item: Myerson
    shop = bk.DynamicPricing(prices, supply=4)
    assert bk.optimal_value(shop, 12) == pytest.approx(V[12, 4], abs=1e-12)


@pytest.mark.parametrize(("n", "k"), [(40, 10), (30, 30), (60, 2)])
def test_prices_on_a_grid_lose_what_the_grid_may_lose(n, k):
    """A price that is off by h/2 loses (h/2)**2 in a round."""
    V, _ = optimal_revenue(n, k)
    h = 0.01
    value = bk.optimal_value(bk.DynamicPricing(np.arange(0, 1 + h / 2, h).clip(0, 1), k), n)
    assert V[n, k] - n * h**2 / 4 <= value <= V[n, k] + 1e-12


def test_what_is_sure_is_had_in_full():
    gap = bk.SeparateResources(budget=6, count=3)
    assert bk.optimal_value(gap, 18) == 18.0
    assert bk.expected_reward(gap, [1, 0, 0, 0], 18) == 6.0
    assert bk.expected_reward(gap, [1 / 3, 1 / 3, 1 / 3, 0], 18) < 18.0
    assert bk.expected_reward(gap, [0, 0, 0, 1], 18) == 0.0


def test_a_budget_that_no_arm_fits_into_is_worth_nothing():
    small = bk.Knapsack.sure([1.0, 0.0], [[1.0], [0.0]], budgets=0.5)
    assert bk.optimal_value(small, 10) == 0.0
    assert bk.expected_reward(small, [1, 0], 10) == 0.0
    assert 10 * bk.lp_value(small, 10) == pytest.approx(0.5)


def test_leftover_time_does_not_make_the_table_larger():
    """A resource that is never used has one state only."""
    two = bk.Knapsack.sure([0.5, 0.0], [[1.0, 0.0], [0.0, 0.0]], budgets=[5, 1000])
    assert bk.optimal_value(two, 1000) == 2.5


# --- The linear programme ----------------------------------------------------------------------


@pytest.mark.parametrize(("n", "k"), [(100, 30), (100, 50), (100, 80), (100, 5), (40, 40)])
def test_with_uniform_demand_the_programme_names_one_price(n, k):
    p = max(0.5, 1 - k / n)
    shop = bk.DynamicPricing([*np.arange(0.1, 1, 0.1), p], supply=k)
    assert n * bk.lp_value(shop, n) == pytest.approx(n * p * (1 - p), rel=1e-12)


@pytest.mark.parametrize(("T", "B"), [(100, 25), (100, 4), (50, 50)])
def test_with_uniform_costs_a_buyer_names_one_price(T, B):
    p = math.sqrt(B / T)
    tasks = bk.Procurement([*np.linspace(0, 1, 30), p], budget=B)
    assert bk.lp_value(tasks, T) == pytest.approx(p, rel=1e-12)


def greedy_ads(rates, values, budgets, T):
    """Return the value of ads taken in the order of what a round with them pays."""
    pays, rounds, total = np.multiply(rates, values), float(T), 0.0
    for a in np.argsort(-pays):
        shown = min(rounds, budgets[a] / pays[a])
        rounds, total = rounds - shown, total + shown * pays[a]
    return total


def test_one_ad_for_each_advertiser_is_a_fractional_knapsack():
    rng = np.random.default_rng(5)
    for _ in range(50):
        rates, values = rng.uniform(0.05, 1, 4), rng.uniform(0.05, 1, 4)
        budgets = rng.uniform(1, 30, 4)
        ads = bk.PayPerClick(rates, values, range(4), budgets)
        expected = greedy_ads(rates, values, budgets, 60)
        assert 60 * bk.lp_value(ads, 60) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_separate_resources_are_worth_as_often_as_they_are(count):
    B = 12
    gap = bk.SeparateResources(B, count)
    T = count * B
    assert bk.best_fixed_arm(gap, T) == (0, B)
    D, reward = bk.best_fixed_distribution(gap, T)
    assert reward == pytest.approx(count * B, abs=1e-9)
    assert D == pytest.approx([1 / count] * count + [0], abs=1e-12)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_a_mix_may_be_nearly_as_often_as_good_as_there_are_resources_time_among_them(d):
    B, T = 1, 10_000
    used = np.vstack([np.eye(d), np.zeros((2, d))])
    problem = bk.Knapsack.sure([*[1.0] * d, B / T, 0.0], used, budgets=[B] * d)
    ratio = bk.best_fixed_distribution(problem, T)[1] / bk.best_fixed_arm(problem, T)[1]
    assert ratio == pytest.approx(d + 1 - d * B / T, rel=1e-9)


def test_a_mix_is_at_most_as_often_as_good_as_there_are_resources():
    """Exercise 10.2, with time as a resource."""
    rng = np.random.default_rng(8)
    largest = 0.0
    for _ in range(400):
        K, d, T = rng.integers(1, 6), rng.integers(1, 4), 100
        used = rng.random((K, d)) * (rng.random((K, d)) < 0.5)
        rewards = [*10.0 ** rng.uniform(-2, 0, K), 0.0]
        problem = bk.Knapsack.sure(
            rewards, np.vstack([used, np.zeros((1, d))]), 10.0 ** rng.uniform(0, 2, d)
        )
        ratio = bk.best_fixed_distribution(problem, T)[1] / bk.best_fixed_arm(problem, T)[1]
        assert 1 - 1e-12 <= ratio <= d + 1 + 1e-9
        largest = max(largest, ratio)
    assert largest > 1.5  # the bound is not idle


# --- The game of arms and resources ------------------------------------------------------------


def test_the_value_of_the_lagrange_game_is_that_of_the_programme():
    """Lemma 10.7; and the best mix of arms uses no more than its share."""
    rng = np.random.default_rng(9)
    for trial in range(300):
        K, d, T = rng.integers(1, 7), rng.integers(1, 5), int(rng.integers(10, 1000))
        rewards, used = rng.random(K), rng.random((K, d))
        if trial % 3 == 0:  # ties, and what is free
            rewards, used = np.rint(2 * rewards) / 2, np.rint(used)
        problem = bk.Knapsack.sure(
            [*rewards, 0.0], np.vstack([used, np.zeros((1, d))]), T * rng.uniform(0.05, 1, d)
        )
        payoffs = bk.lagrange_game(problem, T)
        value, arms, resources = bk.simplex.game_value(payoffs)
        lp = problem.lp(T)
        assert payoffs.shape == (K + 1, d + 1)
        assert value == pytest.approx(lp.value, abs=1e-9)
        assert (arms @ payoffs >= lp.value - 1e-9).all()
        assert (payoffs @ resources <= lp.value + 1e-9).all()
        spent = arms @ problem.consumption * T / problem.limits
        assert (spent <= 1 + 1e-9).all() or value == pytest.approx(0.0, abs=1e-9)
        # Prices, with what is left of 1 on time, are the other player's best: see `bounds`.
        prices = lp.prices * problem.limits / T
        paid = payoffs @ np.append(prices, 1 - prices.sum())
        assert lp.value - paid == pytest.approx(lp.reduced_costs, abs=1e-9)
        assert payoffs.min() >= 1 - T / problem.limits.min() - 1e-12
        assert payoffs.max() <= 2.0


def test_payoffs_of_the_lagrange_game_are_those_of_the_book():
    problem = bk.Knapsack.sure([1.0, 0.5, 0.0], [[1.0, 0.5], [0.25, 0], [0, 0]], budgets=[10, 5])
    expected = [[1 + 1 - 4, 1 + 1 - 4, 1], [0.5 + 1 - 1, 0.5 + 1, 0.5], [1, 1, 0]]
    assert bk.lagrange_game(problem, 40) == pytest.approx(np.array(expected), abs=1e-12)


# --- The decoy ---------------------------------------------------------------------------------


def explore_first_at_most(B, T, n):
    """Return a bound on the reward of whoever explores n rounds of each arm, then fixes a mix.

    The two paying arms are equally likely to be the good one.  Mixes are of these alone, on a
    fine mesh; the rest goes as it does on average, which is not less than what it does.
    """
    k = np.arange(n + 1)
    good, decoy = binom.pmf(k, n, B / T), binom.pmf(k, n, 2 * B / T)
    x = np.linspace(0, 1, 101)  # weight of the first of them
    total = 0.0
    for i in k:
        for j in k:
            left, rounds = max(0, B - n - i - j), T - 3 * n
            first = np.minimum(rounds, left * T / (B * (x + 2 * (1 - x))))  # the first is good
            second = np.minimum(rounds, left * T / (B * (2 * x + (1 - x))))
            reward = good[i] * decoy[j] * first + decoy[i] * good[j] * second
            total += reward.max() / 2
    return total + 2 * n


@pytest.mark.parametrize(("B", "T"), [(9, 400), (20, 400), (30, 2500)])
def test_no_explore_first_does_well_on_the_decoy(B, T):
    decoy = bk.DecoyKnapsack(B, T)
    assert bk.lp_value(decoy, T) == pytest.approx(1.0, abs=1e-12)
    best = bk.optimal_value(decoy, T)
    assert best >= T * (1 - 1 / math.sqrt(B))
    for n in range(0, B + 1, max(1, B // 10)):
        assert explore_first_at_most(B, T, n) <= 0.8 * T
    # with no exploration at all, exactly: the mean over the two orders
    for x in (0.0, 0.25, 0.5):
        mixes = ([0, x, 1 - x, 0], [0, 1 - x, x, 0])
        assert np.mean([bk.expected_reward(decoy, D, T) for D in mixes]) <= 0.75 * T
    assert bk.expected_reward(decoy, [0, 0, 1, 0], T) <= T / 2
    assert bk.expected_reward(decoy, [0, 1, 0, 0], T) >= T * (1 - 1 / math.sqrt(B))


# --- What makes no sense -----------------------------------------------------------------------

SHOP = bk.DynamicPricing([0.5, 0.75], supply=5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bk.optimal_value(SHOP, 10, unit=0), ["unit must be above 0"]),
        (lambda: bk.optimal_value(SHOP, 10, unit=math.nan), ["unit must be finite"]),
        (
            lambda: bk.optimal_value(SHOP, 10, unit=0.3),
            ["multiple of unit=0.3", "arm 0 uses 1 of resource 0", "divides it"],
        ),
        (
            lambda: bk.optimal_value(bk.DynamicPricing([0.5] * 50, 50_000), 100_000),
            ["50001 states, 100000 rounds", "51 arms", "sums", "larger unit"],
        ),
        (lambda: bk.optimal_value(SHOP, 4), ["at most the number of rounds, 4", "has 5"]),
        (lambda: bk.optimal_value(SHOP, 0), ["horizon must be a whole number"]),
        (lambda: bk.best_fixed_arm(SHOP, 4), ["at most the number of rounds, 4"]),
        (lambda: bk.lagrange_game(SHOP, "long"), ["horizon must be a whole number"]),
        (lambda: bk.expected_reward(SHOP, [0.5, 0.5], 10), ["each of the 3 arms", "got 2"]),
        (lambda: bk.expected_reward(SHOP, [0.5, 0.5, 0.5], 10), ["add up to 1; got 1.5"]),
        (lambda: bk.expected_reward(SHOP, [1.5, -0.5, 0], 10), ["lie in [0, 1]", "arm 0 has 1.5"]),
        (lambda: bk.fixed_distribution_value(SHOP, [1, 1, 0], 10), ["add up to 1; got 2"]),
        (lambda: bk.lp_value(bk.DecoyKnapsack(4, 60), 61), ["made for 60", "DecoyKnapsack(4, 61)"]),
    ],
)
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        call()
    for each in words:
        assert each in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("problem", [bk.Bernoulli((0.5,)), 3, bk.LinearKnapsack.random(10)])
def test_benchmarks_of_arms_want_a_knapsack_of_arms(problem):
    for ask in (
        lambda: bk.best_fixed_arm(problem, 10),
        lambda: bk.best_fixed_distribution(problem, 10),
        lambda: bk.fixed_distribution_value(problem, [1.0], 10),
        lambda: bk.lagrange_game(problem, 10),
        lambda: bk.optimal_value(problem, 10),
        lambda: bk.expected_reward(problem, [1.0], 10),
    ):
        with pytest.raises(ValueError, match="needs a problem with budgets, such as Knapsack"):
            ask()


def test_the_programme_of_contexts_has_a_value_and_other_problems_none():
    problem = bk.LinearKnapsack.random(10)
    assert bk.lp_value(problem, 50) == problem.lp(50).value
    for other in (bk.Bernoulli((0.5,)), bk.PhasedKnapsack.two_phase(10)):
        with pytest.raises(ValueError, match="lp_value needs a problem with budgets"):
            bk.lp_value(other, 20)
