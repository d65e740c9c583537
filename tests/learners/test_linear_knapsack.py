"""LinearBwK against regressions solved anew, its prices by their recursion, and regret."""

import math

import numpy as np
import pytest
from instances import generators

import banditkit as bk
from banditkit.core.adapters import begin

PROBLEM = bk.LinearKnapsack.random([500, 250], X=30, seed=4)


def game(learner, horizon, problem=PROBLEM, seed=0):
    """Play as Python; yield the policy before it learns, and what happens in each round."""
    rngs = generators(seed)
    env, policy = begin(problem, learner, horizon, rngs[0])
    for t in range(horizon):
        x = env.observe(t, rngs[0])
        a = policy.select(t, x, rngs[1])
        env.gap(t, x, a)
        if env.done():
            return
        y = env.respond(t, x, a, rngs[0])
        yield policy, x.copy(), a, y.reward, y.costs.copy()
        policy.update(t, x, a, y)


class Regression:
    """What LinearBwK should think, from all rounds so far, each time anew."""

    def __init__(self, learner, spec, horizon):
        self.learner, self.spec, self.share = learner, spec, spec.budget / horizon
        self.rows, self.answers = np.zeros((0, spec.n)), np.zeros((0, 1 + spec.d))
        self.prices = np.zeros(spec.d)

    def width(self):
        its, n = self.learner, self.spec.n
        if its.alpha is not None:
            return its.alpha
        growth = n * math.log(1 + len(self.rows) / (its.ridge * n))
        bound = math.sqrt(2 * math.log(1 / its.delta) + growth)
        return its.noise * bound + math.sqrt(its.ridge) * its.norm

    def indices(self, x):
        gram = self.learner.ridge * np.eye(self.spec.n) + self.rows.T @ self.rows
        means = x @ np.linalg.solve(gram, self.rows.T @ self.answers)
        spread = self.width() * np.sqrt(np.sum(x * np.linalg.solve(gram, x.T).T, axis=1))
        best = np.minimum(1.0, means[:, 0] + spread)
        scale = np.array(self.spec.scale)
        least = np.maximum(0.0, means[:, 1:] - spread[:, None] * scale)
        return best - least @ self.prices

    def learn(self, x, reward, costs, rate):
        self.rows = np.vstack([self.rows, x])
        self.answers = np.vstack([self.answers, [reward, *costs]])
        step = self.prices + rate * (costs - self.share)
        self.prices = np.clip(step, 0.0, 1.0 / self.share)


@pytest.mark.parametrize(
    "learner",
    [
        bk.LinearBwK(),
        bk.LinearBwK(alpha=0.3),
        bk.LinearBwK(alpha=0.5, rate=2.0, ridge=0.1),
        bk.LinearBwK(rate=0.01, ridge=2.0, delta=0.5, noise=0.2, norm=2.0),
    ],
    ids=repr,
)
def test_it_plays_by_regressions_that_are_solved_anew(learner):
    """Beyond 500 rounds, after which the inverse is computed anew."""
    T, null = 700, PROBLEM.spec.null
    naive = Regression(learner, PROBLEM.spec, T)
    rate = learner.rate if learner.rate is not None else 1.0 / (naive.share * math.sqrt(2 * T))
    rounds = 0
    for policy, x, a, reward, costs in game(learner, T):
        indices = naive.indices(x)
        indices[null] = 0.0
        assert indices[a] == pytest.approx(indices.max(), abs=1e-9)
        assert policy.dual == pytest.approx(naive.prices, abs=1e-9)
        naive.learn(x[a], reward, costs, rate)
        rounds += 1
    assert rounds > 550


def test_prices_are_noted_in_units_of_the_problem():
    """Of resource 0 there is twice as much as the common budget: a unit of it counts one half."""
    learner, T = bk.LinearBwK(alpha=0.3), 300
    for policy, *_ in game(learner, T):
        row = np.zeros(2)
        policy.note(row)
        assert row == pytest.approx(policy.dual * [0.5, 1.0])
    result = bk.simulate(
        PROBLEM, [learner], horizon=600, times=[1, 300, 600], seed=0, replications=2
    )
    assert result.logs["prices"].shape == (1, 2, 3, 2)


def test_prices_stay_between_0_and_t_over_b():
    seen = np.array([policy.dual.copy() for policy, *_ in game(bk.LinearBwK(rate=5.0), 600)])
    assert seen.min() == 0.0
    assert seen.max() == pytest.approx(600 / 250)


def test_the_null_arm_teaches_nothing_and_lowers_prices():
    learner = bk.LinearBwK(alpha=0.0, rate=0.5)
    policy = learner.start(PROBLEM.spec, 1000)
    policy.dual[:] = 1.0
    x = np.array(PROBLEM.contexts[0])
    assert policy.select(0, x, None) == PROBLEM.spec.null  # at width 0 nobody promises anything
    before = [array.copy() for array in policy if isinstance(array, np.ndarray)]
    policy.update(0, x, PROBLEM.spec.null, bk.Purchase(0.0, np.zeros(2)))
    after = [array for array in policy if isinstance(array, np.ndarray)]
    changed = [not np.array_equal(old, new) for old, new in zip(before, after, strict=True)]
    assert sum(changed) == 1
    assert policy.dual == pytest.approx([1.0 - 0.5 * 0.25] * 2)


def test_what_is_true_stays_within_the_bounds_of_the_theorem():
    """|theta| and |W_i| are below 2 here; with delta 0.05, no round in 20 games leaves them."""
    learner, theta = bk.LinearBwK(norm=2.0), np.array(PROBLEM.theta)
    scaled = np.array(PROBLEM.weights) * np.array(PROBLEM.spec.scale)[:, None]
    for seed in range(20):
        for policy, *_ in game(learner, 200, bk.LinearKnapsack(
            PROBLEM.contexts, PROBLEM.theta, PROBLEM.weights, [200, 100]
        ), seed):  # fmt: skip
            n = policy.pulls[0]
            growth = 4 * math.log(1 + n / 4)
            beta = 0.5 * math.sqrt(2 * math.log(20) + growth) + 2.0
            error = policy.theta[0] - theta
            assert math.sqrt(error @ policy.gram[0] @ error) <= beta
            for i, truth in enumerate(scaled):
                error = policy.inverse[0] @ policy.used[i] - truth
                bound = PROBLEM.spec.scale[i] * beta
                assert math.sqrt(error @ policy.gram[0] @ error) <= bound


def test_regret_grows_no_faster_than_the_root_of_t():
    horizons, ends = (2000, 8000, 32_000), []
    for T in horizons:
        problem = bk.LinearKnapsack.random([0.15 * T, 0.3 * T], X=30, K=6, seed=4)
        learners = [bk.LinearBwK(), bk.LinearBwK(alpha=0.3)]
        result = bk.simulate(problem, learners, horizon=T, replications=20, seed=0, times=[T])
        ends.append(result.mean()[:, -1])
    for regret in np.transpose(ends):
        assert 0.1 < np.polyfit(np.log(horizons), np.log(regret), 1)[0] < 0.6


def test_without_prices_the_budget_is_gone_early():
    T = 4000
    problem = bk.LinearKnapsack.random(800, X=30, K=6, seed=4)
    learners = [bk.LinearBwK(alpha=0.3), bk.LinearBwK(alpha=0.3, rate=0.0)]
    words = {"horizon": T, "replications": 10, "seed": 0, "times": "linear"}
    result = bk.simulate(problem, learners, **words)
    halfway = result.logs["left"][..., 0].mean(axis=1)[:, result.times.size // 2]
    assert halfway[0] > 300 > 100 > halfway[1]
    assert 2 * result.mean()[0, -1] < result.mean()[1, -1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"alpha": -1}, "alpha must be 0 or more; got -1"),
        ({"alpha": math.nan}, "alpha must"),
        ({"rate": -0.1}, "rate must be 0 or more"),
        ({"rate": "fast"}, "rate must be a number"),
        ({"ridge": 0}, "ridge must"),
        ({"delta": 0.0}, "delta must"),
        ({"delta": 1.1}, "delta must"),
        ({"noise": -1}, "noise must"),
        ({"norm": math.inf}, "norm must"),
    ],
    ids=str,
)
def test_bad_input_is_named(words, message):
    with pytest.raises(ValueError, match=message):
        bk.LinearBwK(**words)


def test_it_needs_features():
    shop = bk.Knapsack.coins([0.5, 0], [[0.5], [0]], budgets=10)
    with pytest.raises(
        ValueError, match=r"learns from features, and arms with budgets.*as LinearK"
    ):
        bk.simulate(shop, [bk.LinearBwK()], horizon=20, seed=0)


def test_who_sees_features_earns_more_than_who_looks_away():
    problem = bk.LinearKnapsack.random(1000, X=30, seed=4)
    learners = [bk.LinearBwK(alpha=0.3), bk.UcbBwK(exploration=0.5)]
    result = bk.simulate(problem, learners, horizon=4000, replications=10, seed=0)
    assert 2 * result.mean()[0, -1] < result.mean()[1, -1]
