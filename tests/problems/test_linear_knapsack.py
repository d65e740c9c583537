"""Linear knapsacks: the linear programme against HiGHS, and the sum of the gaps as an identity."""

import itertools
import warnings
from typing import NamedTuple

import numpy as np
import pytest
from instances import generators
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

import banditkit as bk
from banditkit.core.adapters import begin
from banditkit.core.play import blank_scorecard, play_interpreted

# Features of a rich customer and a poor one.
RICH, POOR, NOTHING = [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]
SHOP = bk.LinearKnapsack([[RICH, NOTHING], [POOR, NOTHING]], [0.75, 0.25], [[1.0, 0.75]], 3)


def by_highs(problem, horizon):
    """Return the value of the programme with a variable for each context and arm."""
    rewards, used = problem.rewards, problem.consumption
    X, K = rewards.shape
    rows = np.repeat(np.arange(X), K)
    one_each = csr_matrix((np.ones(X * K), (rows, np.arange(X * K))))
    best = linprog(
        -rewards.ravel() / X,
        A_ub=used.reshape(X * K, -1).T / X,
        b_ub=problem.limits / horizon,
        A_eq=one_each,
        b_eq=np.ones(X),
        method="highs",
    )
    return -best.fun


def drawn(seed):
    """Return a problem of some size, with budgets from scarce to ample, and its horizon."""
    rng = np.random.default_rng(seed)
    X, K, n, d = rng.integers(1, 30), rng.integers(2, 7), rng.integers(1, 6), rng.integers(1, 5)
    budgets = np.ceil(100 * rng.random(d) ** 2)
    return bk.LinearKnapsack.random(budgets, X=X, K=K, n=n, seed=seed), 100


# --- The linear programme -----------------------------------------------------------------------


@pytest.mark.parametrize("block", range(4))
def test_the_programme_agrees_with_highs(block):
    for seed in range(50 * block, 50 * block + 50):
        problem, T = drawn(seed)
        best = problem.lp(T)
        assert best.value == pytest.approx(by_highs(problem, T), abs=1e-9), seed


@pytest.mark.parametrize("block", range(4))
def test_mix_and_prices_prove_each_other_right(block):
    for seed in range(50 * block, 50 * block + 50):
        problem, T = drawn(seed)
        best, shares = problem.lp(T), problem.limits / T
        X = len(problem.contexts)
        assert best.distribution.sum(axis=1) == pytest.approx(np.ones(X), abs=1e-9)
        assert best.distribution.min() >= 0.0
        used = np.einsum("xa,xai->i", best.distribution, problem.consumption) / X
        assert (used <= shares + 1e-9).all()
        earned = (best.distribution * problem.rewards).sum() / X
        assert earned == pytest.approx(best.value, abs=1e-9)
        assert best.value == pytest.approx(best.time_price + best.prices @ shares, abs=1e-12)
        assert best.reduced_costs.min() >= 0.0
        assert best.prices.min() >= 0.0
        slack = (best.distribution * best.reduced_costs).sum() / X + best.prices @ (shares - used)
        assert slack == pytest.approx(0.0, abs=1e-9)


def test_what_a_context_is_worth_is_the_reduced_cost_of_the_arm_that_is_free():
    problem, T = drawn(7)
    best = problem.lp(T)
    profits = problem.rewards - problem.consumption @ best.prices
    assert best.reduced_costs[:, -1] == pytest.approx(profits.max(axis=1), abs=1e-12)
    assert best.time_price == pytest.approx(profits.max(axis=1).mean(), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_with_one_context_it_is_a_knapsack(seed):
    problem = bk.LinearKnapsack.random([30, 20, 50], X=1, K=6, seed=seed)
    plain = bk.Knapsack.sure(problem.rewards[0], problem.consumption[0], problem.budgets)
    ours, theirs = problem.lp(80), plain.lp(80)
    assert ours.value == pytest.approx(theirs.value, abs=1e-11)
    assert ours.prices == pytest.approx(theirs.prices, abs=1e-9)
    assert ours.distribution[0] == pytest.approx(theirs.distribution, abs=1e-9)


@pytest.mark.parametrize("items", [1, 30, 50, 99, 100])
def test_the_customers_who_pay_most_are_served_first(items):
    """Each of X customers is as likely, and pays another price for one item."""
    prices = np.linspace(1.0, 0.1, 10)
    contexts = np.zeros((10, 2, 11))
    contexts[:, 0, :10], contexts[:, 0, 10] = np.eye(10), 1.0
    weights = [[0.0] * 10 + [1.0]]
    shop = bk.LinearKnapsack(contexts, [*prices, 0.0], weights, budgets=items)
    served = np.clip(items / 10 - np.arange(10), 0.0, 1.0)
    assert shop.lp(100).value == pytest.approx((served * prices).mean(), abs=1e-12)


def test_a_thousand_contexts_are_no_trouble():
    problem = bk.LinearKnapsack.random([200, 100, 300], X=1000, K=10, n=6)
    assert problem.lp(1000).value == pytest.approx(by_highs(problem, 1000), abs=1e-9)


# --- The sum of the gaps ------------------------------------------------------------------------


class PickyPolicy(NamedTuple):
    """State of `Picky`."""

    left: np.ndarray  # (1,)
    spiteful: bool

    def select(self, t, x, rng):
        poor = x[0, 0] == 0.0
        if self.spiteful and self.left[0] < 1.0 and not poor:
            return 1
        return 0 if poor or t % 2 == 0 else 1

    def update(self, t, x, a, y):
        self.left[0] -= y.costs[0]


class Picky(bk.Learner):
    """Who has nothing left goes on offering it, but to the poor only: so luck is made, not had."""

    accepts = bk.Feedback.PURCHASE
    plays = (bk.BudgetedFeatures,)

    def __init__(self, spiteful):
        object.__setattr__(self, "spiteful", spiteful)

    def start(self, spec, horizon):
        return PickyPolicy(np.array([spec.budget]), self.spiteful)


class Script:
    """Random numbers that were written down before."""

    def __init__(self, numbers):
        self.numbers = iter(numbers)

    def random(self):
        return next(self.numbers)


@pytest.mark.parametrize("spiteful", [False, True])
def test_mean_regret_is_the_programmes_value_less_mean_reward(spiteful):
    """Exactly, over all that can happen in four rounds: two contexts, and coins of quarters."""
    T, regret, reward, luck, early = 4, [], [], [], 0
    for coins in itertools.product([0.125, 0.375, 0.625, 0.875], repeat=T):
        for contexts in itertools.product([0.25, 0.75], repeat=T):
            rng = Script([u for pair in zip(contexts, coins, strict=True) for u in pair])
            env, policy = begin(SHOP, Picky(spiteful), T, np.random.default_rng(0))
            card = blank_scorecard(np.array([T]), env, policy)
            play_interpreted(env, policy, card, T, rng, rng)
            early += env.done()
            regret.append(card.regret[0])
            luck.append(card.env_notes[0, 0])
            reward.append(card.env_notes[0, 1])
    assert early > 0
    assert np.mean(luck) == pytest.approx(0.0, abs=1e-12)
    assert np.mean(regret) == pytest.approx(T * SHOP.lp(T).value - np.mean(reward), abs=1e-12)
    assert np.mean(regret) >= 0.0


@pytest.mark.parametrize("budgets", [[100, 60], [500, 350], [3, 400], [0.5, 100]], ids=str)
def test_regret_is_the_value_and_luck_less_the_means_that_were_earned(budgets):
    problem, T = bk.LinearKnapsack.random(budgets, X=20, seed=3), 500
    learners = [bk.LinearBwK(), bk.LinearBwK(alpha=0.2, rate=0.0), bk.LinearBwK(rate=1.0)]
    result = bk.simulate(problem, learners, horizon=T, replications=10, seed=1)
    ends = {name: log[:, :, -1] for name, log in result.logs.items()}
    expected = T * problem.lp(T).value + ends["luck"] - ends["expected_reward"]
    assert result.regret[:, :, -1] == pytest.approx(expected, abs=1e-9)
    assert (ends["left"] >= 0.0).all()


def test_gaps_are_never_negative():
    problem = bk.LinearKnapsack.random([40, 60], X=10, seed=5)
    rngs = generators(2)
    env, _ = begin(problem, bk.LinearBwK(), 100, rngs[0])
    for t in range(60):
        x = env.observe(t, rngs[0])
        a = t % 5
        assert env.gap(t, x, a) >= 0.0
        env.respond(t, x, a, rngs[0])


def test_a_game_that_ends_in_the_first_round_has_a_result():
    problem = bk.LinearKnapsack([[RICH, NOTHING], [POOR, NOTHING]], [0.5, 0.25], [[1, 0.5]], 0.5)
    result = bk.simulate(problem, [bk.LinearBwK()], horizon=50, replications=4, seed=0)
    assert (result.logs["reward"] == 0.0).all()
    assert (result.logs["left"] == 0.5).all()
    value = 50 * problem.lp(50).value
    assert result.regret[0, :, -1] == pytest.approx(value + result.logs["luck"][0, :, -1])


# --- What the world does ------------------------------------------------------------------------


def test_one_number_decides_reward_and_consumption():
    problem = bk.LinearKnapsack([[[1.0], [0.0]]], [0.25], [[0.5], [0.75]], [50, 25])
    for u, outcome in [(0.2, (1, 0.5, 1)), (0.4, (0, 0.5, 1)), (0.6, (0, 0, 1)), (0.8, (0, 0, 0))]:
        env = problem.start(100, np.random.default_rng(0))
        rng = Script([0.0, u])
        x = env.observe(0, rng)
        env.gap(0, x, 0)
        y = env.respond(0, x, 0, rng)
        assert (y.reward, *y.costs) == outcome  # of resource 0 there is twice as much


def test_contexts_come_equally_often_and_coins_have_their_means():
    problem, T = bk.LinearKnapsack.random([40_000, 40_000], X=4, K=2, n=3, seed=2), 40_000
    result = bk.simulate(problem, [bk.LinearBwK(alpha=1.0, rate=0.0)], horizon=T, seed=0)
    ends = {name: log[0, 0, -1] for name, log in result.logs.items()}
    means = problem.rewards[:, 0].mean(), problem.consumption[:, 0].mean(axis=0)
    assert ends["reward"] == pytest.approx(T * means[0], abs=5 * np.sqrt(T / 4))
    assert ends["expected_reward"] == pytest.approx(T * means[0], abs=5 * np.sqrt(T / 4))
    assert T - ends["left"] == pytest.approx(T * means[1], abs=5 * np.sqrt(T / 4))
    assert abs(ends["luck"]) < 5 * np.sqrt(T / 4)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_drawn_at_random_is_a_problem(seed):
    sizes = {"X": 1 + seed, "K": 2 + seed % 4, "n": 1 + seed % 6, "seed": seed}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        problem = bk.LinearKnapsack.random([10, 20], **sizes)
    assert problem == bk.LinearKnapsack.random([10, 20], **sizes)
    assert problem != bk.LinearKnapsack.random([10, 20], **sizes | {"seed": seed + 1})
    means = np.concatenate([problem.rewards[..., None], problem.consumption], axis=2)
    assert means.shape == (sizes["X"], sizes["K"], 3)
    assert ((means >= 0.0) & (means <= 1.0)).all()
    assert not means[:, -1].any()
    norms = np.linalg.norm(np.array(problem.contexts), axis=2)
    assert norms.max() <= 1.0 + 1e-12  # as the theorems want it
    spec = bk.BudgetedFeatures(sizes["K"], 2, sizes["n"], 10.0, (1.0, 0.5), sizes["K"] - 1)
    assert problem.spec == spec


def test_a_missing_null_arm_is_added_and_said_so():
    with pytest.warns(bk.NullArmAdded, match="was added, as arm 1"):
        problem = bk.LinearKnapsack([[RICH], [POOR]], [0.75, 0.25], [[1.0, 0.75]], 3)
    assert problem == SHOP


ARMS = [[RICH, NOTHING]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"contexts": ARMS[0]}, r"of shape \(X, K, n\).*shape \(2, 2\)"),
        ({"contexts": [[[1.0], [0.0, 1.0]]]}, "contexts must be features"),
        ({"contexts": "many"}, "contexts must be features .* got 'many'"),
        ({"contexts": [[["a", "b"]]]}, r"contexts\[0\] must be a table of numbers"),
        (
            {"contexts": [[[np.nan, 0.0], NOTHING]]},
            r"contexts\[0\] must be finite; arm 0, feature 0 has nan",
        ),
        ({"theta": [0.5]}, "for each of the 2 features; got 1 and 2"),
        ({"theta": [1.5, 0.0]}, r"mean reward must lie in \[0, 1\]; context 0, arm 0 has 1.5"),
        ({"theta": [-0.5, 0.0]}, "mean reward .* has -0.5"),
        ({"theta": [np.inf, 0.0]}, "theta must be finite; feature 0"),
        ({"weights": [[2.0, 0.0]]}, "mean use of resource 0 .* has 2 - scale the features"),
        ({"weights": [[1.0]]}, "for each of the 2 features; got 2 and 1"),
        ({"weights": [1.0, 0.0]}, "row for each resource"),
        ({"budgets": 0}, "budgets must be above 0"),
        ({"budgets": [1.0, -1.0]}, "budgets must be above 0; resource 1 has -1"),
        ({"budgets": np.nan}, "budgets must be finite"),
        ({"budgets": [1.0, 1.0]}, "each of the 1 resources that weights use; got 2"),
    ],
    ids=str,
)
def test_bad_input_is_named(words, message):
    good = {"contexts": ARMS, "theta": [0.5, 0.5], "weights": [[1.0, 0.5]], "budgets": 2}
    with pytest.raises(ValueError, match=message):
        bk.LinearKnapsack(**good | words)


@pytest.mark.parametrize(
    ("words", "message"),
    [({"K": 1}, "K must"), ({"X": 0}, "X must"), ({"n": 0}, "n must"), ({"seed": -1}, "seed must")],
    ids=str,
)
def test_random_names_what_it_cannot_draw(words, message):
    with pytest.raises(ValueError, match=message):
        bk.LinearKnapsack.random(10, **words)


def test_budgets_above_the_horizon_are_refused():
    for call in (
        lambda: SHOP.lp(1),
        lambda: bk.simulate(SHOP, [bk.LinearBwK()], horizon=1, seed=0),
    ):
        with pytest.raises(
            ValueError, match=r"at most the number of rounds, 1, .*resource 0 has 3"
        ):
            call()


def test_features_of_another_shape_than_spec_says_are_found_in_the_first_round():
    class Odd(bk.LinearKnapsack):
        @property
        def spec(self):
            return super().spec._replace(n=3)

    odd = Odd(SHOP.contexts, SHOP.theta, SHOP.weights, SHOP.budgets)
    with pytest.raises(ValueError, match=r"features of shape \(2, 3\), as spec says; got .*2, 2"):
        bk.simulate(odd, [bk.LinearBwK()], horizon=10, seed=0)
