"""Learners that estimate means and mind budgets, against oracles, linear programmes and bounds."""

import copy
import math
from typing import NamedTuple

import numpy as np
import pytest
from instances import generators
from naive import knapsack as naive

import banditkit as bk
from banditkit.core.adapters import begin
from banditkit.core.play import blank_scorecard, play, play_interpreted

_FREE = [(1.0,) + (0.0,) * 2], [(1.0,) + (0.0,) * 3], [(1.0,) + (0.0,) * 4]


def _random_arm(rng, d, outcomes=3):
    """Return an arm with a few outcomes, none like another."""
    odds = rng.dirichlet(np.ones(outcomes))
    return [(p, *rng.random(1 + d)) for p in odds / odds.sum()]


def _random_knapsack(seed, K, budgets, null):
    """Return a knapsack with K arms, of which `null` is free, and no ties."""
    rng, d = np.random.default_rng(seed), len(budgets)
    arms = [_random_arm(rng, d) for _ in range(K - 1)]
    return bk.Knapsack([*arms[:null], _FREE[d - 1], *arms[null:]], budgets)


PROBLEMS = {
    "one resource": _random_knapsack(1, 4, [60.0], null=3),
    "null arm first": _random_knapsack(2, 4, [40.0], null=0),
    "two resources": _random_knapsack(3, 5, [30.0, 80.0], null=2),
    "three resources": _random_knapsack(4, 6, [70.0, 40.0, 55.5], null=1),
    "one arm": _random_knapsack(5, 2, [50.0, 25.0], null=0),
    "coins": bk.Knapsack.coins([0.7, 0.4, 0.0, 0.2], [[0.8], [0.3], [0.0], [0.05]], [50.0]),
}
NINE = np.arange(1, 10) / 10
LEARNERS = [
    bk.DualDescentBwK(),
    bk.ExploreFirstBwK(),
    bk.GreedyBwK(),
    bk.PrimalDualBwK(),
    bk.SuccessiveEliminationBwK(),
    bk.UcbBwK(),
]
of_problems = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=[*PROBLEMS])
of_learners = pytest.mark.parametrize("learner", LEARNERS, ids=repr)


class Round(NamedTuple):
    """A round of a game, after the choice and before the policy learns of it."""

    t: int
    policy: object
    a: int
    y: bk.Purchase
    rng: np.random.Generator  # of the policy, as it was before the choice


def game(problem, learner, T, seed=0):
    """Play as Python, and yield the rounds."""
    env_rng, rng = generators(seed)
    env, policy = begin(problem, learner, T, env_rng)
    for t in range(T):
        before = copy.deepcopy(rng)
        a = policy.select(t, None, rng)
        env.gap(t, None, a)
        if env.done():
            break
        y = env.respond(t, None, a, env_rng)
        yield Round(t, policy, a, y, before)
        policy.update(t, None, a, y)


def mix_of(lp):
    """Return the distribution that solves a programme, and the arms in their order in it."""
    D, n = np.zeros(lp.c.size), lp.c.size
    order = [int(j) for j in lp.basis if j < n]
    D[order] = [x for j, x in zip(lp.basis, lp.x, strict=True) if j < n]
    assert D.min() >= -1e-10
    assert D.sum() <= 1.0 + 1e-10
    return D, order


def drawn(D, order, null, u):
    """Return the arm that a number in [0, 1) draws: the null arm has what is left."""
    ends = np.cumsum(D[order])
    return next((a for a, end in zip(order, ends, strict=True) if u < end), null)


# --- Choices, against oracles -------------------------------------------------------------------


@of_problems
@pytest.mark.parametrize(
    "options",
    [{}, {"exploration": 0.1, "margin": 0.2}, {"exploration": 0.05, "patience": 0.5}],
    ids=repr,
)
def test_ucb_bwk_draws_from_the_best_mix_of_its_bounds(problem, options):
    T, learner = 120, bk.UcbBwK(**options)
    oracle, mixed = naive.UcbBwK(problem.spec, T, **options), 0
    for t, policy, a, y, before in game(problem, learner, T):
        rewards, use = oracle.table()
        if t < oracle.K - 1:
            assert a == oracle.others()[t]
        else:
            D, order = mix_of(policy.lp)
            assert (use @ D <= oracle.limit() + 1e-9).all()
            assert rewards @ D == pytest.approx(oracle.value(), abs=1e-9)
            assert a == drawn(D, order, oracle.null, before.random())
            mixed += (D > 1e-6).sum() > 1
            y_ = policy.lp.prices  # which solve the dual
            assert y_.min() >= -1e-10
            assert (y_[0] + y_[1:] @ use >= rewards - 1e-9).all()
            assert y_ @ policy.lp.b == pytest.approx(rewards @ D, abs=1e-9)
        oracle.update(a, y)
    assert t > 50
    assert mixed or problem.spec.K == 2 or "margin" not in options


@of_problems
@pytest.mark.parametrize("exploration", [2.0, 0.1, 0.0])
def test_successive_elimination_plays_each_arm_as_much_as_an_optimal_mix_might(
    problem, exploration
):
    T, learner = 100, bk.SuccessiveEliminationBwK(exploration)
    oracle, cautious = naive.SuccessiveElimination(problem.spec, T, exploration), 0
    share = problem.spec.budget / T
    for _, policy, a, y, before in game(problem, learner, T):
        b = oracle.others()[int(before.random() * (oracle.K - 1))]
        D, order = mix_of(policy.mix)
        (_, high, least, _), floor = oracle.table(), oracle.floor()
        assert (least @ D <= share + 1e-9).all()
        assert high @ D >= floor - 2e-9
        assert D[b] == pytest.approx(oracle.most_of(b, floor - 1e-9), abs=1e-7)
        assert a == drawn(D, order, oracle.null, before.random())
        cautious += D[b] < 1.0 - 1e-6
        oracle.update(a, y)
    assert cautious or exploration > 0.0


@of_problems
@pytest.mark.parametrize("options", [{"N": 1}, {"N": 7, "margin": 0.3}, {}], ids=repr)
def test_explore_first_takes_turns_and_then_plays_the_best_mix_of_its_averages(problem, options):
    T, learner, k = 200, bk.ExploreFirstBwK(**options), problem.spec.K - 1
    N = learner.pulls_per_arm(k, problem.spec.budget, T)
    oracle = naive.ExploreFirst(problem.spec, T, N, options.get("margin", 0.0))
    for t, policy, a, y, before in game(problem, learner, T):
        if t < k * N:
            assert a == oracle.arm(t)
        else:
            D, order = mix_of(policy.lp)
            if t == k * N:
                rewards, use, limit = oracle.programme()
                first = D
                assert (use @ D <= limit + 1e-9).all()
                best = naive.best_mix(rewards, use, [limit] * oracle.d)
                assert rewards @ D == pytest.approx(best, abs=1e-9)
            assert (D == first).all()  # for good
            assert a == drawn(D, order, oracle.null, before.random())
        oracle.update(a, y)
    assert t > k * N


@of_problems
@pytest.mark.parametrize(
    ("learner", "oracle"),
    [
        (bk.PrimalDualBwK(rate=0.1), lambda s, T: naive.PrimalDual(s, T, 0.1)),
        (bk.PrimalDualBwK(1.0, 0.1), lambda s, T: naive.PrimalDual(s, T, 1.0, 0.1)),
        (
            bk.PrimalDualBwK(exploration=0.02),
            lambda s, T: naive.PrimalDual(s, T, math.sqrt(math.log(s.d + 1) / s.budget), 0.02),
        ),
        (bk.DualDescentBwK(rate=0.1), lambda s, T: naive.DualDescent(s, T, 0.1)),
        (
            bk.DualDescentBwK(exploration=0.02),
            lambda s, T: naive.DualDescent(s, T, math.sqrt(T / s.d) / s.budget, 0.02),
        ),
        (bk.GreedyBwK(), naive.Greedy),
    ],
    ids=lambda each: repr(each) if isinstance(each, bk.Learner) else "",
)
def test_learners_without_dice_play_as_their_oracles(problem, learner, oracle):
    T, oracle, row = 250, oracle(problem.spec, 250), np.zeros(problem.spec.d)
    for t, policy, a, y, _ in game(problem, learner, T):
        expected = oracle.select(t)
        if a != expected:  # a tie by rounding
            scores = oracle.scores()
            assert scores[a] == pytest.approx(scores[expected], rel=1e-12), (t, a, expected)
        if hasattr(oracle, "prices") and t >= oracle.K - 1:
            policy.note(row)
            prices = np.array(oracle.prices())[-oracle.d :]  # without that of time
            assert row == pytest.approx(prices * problem.spec.scale, rel=1e-9)
        oracle.update(a, y)
    assert t > 40


# --- What holds while the means are within their bounds -----------------------------------------


@of_problems
def test_with_bounds_that_hold_the_programme_is_worth_as_much_as_the_true_one(problem):
    T, truth = 250, problem.lp(250)
    means = np.column_stack([problem.rewards, problem.consumption * problem.spec.scale])
    for _, policy, _, _, _ in game(problem, bk.UcbBwK(), T):
        known = policy.ledger.pulls > 0
        off = np.abs(policy.ledger.means.T - means).max(axis=1)
        assert (off <= policy.ledger.radius)[known].all()  # with this seed
        if policy.ledger.pulls.sum() >= problem.spec.K and not policy.due[0]:
            value = policy.lp.prices @ policy.lp.b
            assert value >= truth.value - 1e-9


@of_problems
def test_with_bounds_that_hold_the_optimal_mix_is_never_ruled_out(problem):
    T, truth = 250, problem.lp(250)
    others = naive.Oracle(problem.spec, T).others()
    for _, policy, _, _, before in game(problem, bk.SuccessiveEliminationBwK(1.0), T):
        b = others[int(before.random() * len(others))]
        assert policy.sure.prices @ policy.sure.b <= truth.value + 1e-9
        assert mix_of(policy.mix)[0][b] >= truth.distribution[b] - 1e-7


@of_problems
def test_prices_of_primal_dual_are_an_upper_bound_of_the_value(problem):
    T, row = 250, np.zeros(problem.spec.d)
    for t, policy, _, _, _ in game(problem, bk.PrimalDualBwK(), T):
        if t >= problem.spec.K - 1:
            policy.note(row)
            prices = row / problem.spec.scale  # of a unit of the common budget
            of_time = prices[0] * policy.weights[0] / policy.weights[1]
            y = np.append(of_time, prices)
            assert (y @ policy.use >= policy.rewards * (1 - 1e-12)).all()  # no arm is worth more
            assert problem.spec.budget * y.sum() >= T * problem.lp(T).value - 1e-9


# --- Without noise, and without caution: theorems with constants --------------------------------

SURE = {
    "pair": bk.Knapsack.sure([1, 1, 0], [[1, 0], [0, 1], [0, 0]], [5000, 5000]),
    "ten": bk.Knapsack.sure(
        [*np.linspace(0.1, 1, 9), 0], [*(np.linspace(0.1, 1, 9) ** 2)[:, None], [0]], 2500
    ),
    "unequal": bk.Knapsack.sure(
        [0, 0.9, 0.6, 0.5], [[0, 0], [1, 0.3], [0.2, 0.9], [0.4, 0.2]], [3000, 2000]
    ),
}


@pytest.mark.parametrize("problem", SURE.values(), ids=[*SURE])
def test_primal_dual_keeps_its_bound_on_sure_arms(problem):
    # Hedge over d + 1 resources: REW >= OPT (1 - epsilon - log(d + 1) / (epsilon B)).
    T = 10_000
    result = bk.simulate(
        problem, [bk.PrimalDualBwK(exploration=0.0)], horizon=T, replications=1, seed=0
    )
    most, B, d = T * problem.lp(T).value, problem.spec.budget, problem.spec.d
    loss = most - result.logs["reward"][0, 0, -1]
    assert -1e-6 <= loss <= 2 * most * math.sqrt(math.log(d + 1) / B) + 2 * problem.spec.K


@pytest.mark.parametrize("problem", SURE.values(), ids=[*SURE])
def test_dual_descent_keeps_its_bound_on_sure_arms(problem):
    T = 10_000
    result = bk.simulate(
        problem, [bk.DualDescentBwK(exploration=0.0)], horizon=T, replications=1, seed=0
    )
    truth, B, d = problem.lp(T), problem.spec.budget, problem.spec.d
    loss = T * truth.value - result.logs["reward"][0, 0, -1]
    assert -1e-6 <= loss <= T / B * (math.sqrt(d * T) + problem.spec.K)
    prices = result.logs["prices"][0, 0, -1]
    assert (prices >= 0.0).all()
    assert (prices <= T / B * np.array(problem.spec.scale) + 1e-12).all()


def test_prices_go_to_those_of_the_linear_programme_where_arms_are_known():
    problem, T = SURE["ten"], 200_000
    problem = bk.Knapsack(problem.outcomes, 0.25 * T)
    truth = problem.lp(T).prices
    exact = (bk.UcbBwK(0.0), bk.SuccessiveEliminationBwK(0.0))
    for learner, near in (
        (bk.DualDescentBwK(exploration=0.0), 0.05),
        *((of, 1e-9) for of in exact),
    ):
        result = bk.simulate(problem, [learner], horizon=T, replications=1, seed=0)
        assert result.logs["prices"][0, 0, -1] == pytest.approx(truth, abs=near)


def test_prices_are_per_unit_of_the_problem():
    """A resource that is counted in units twice as large costs twice as much a unit."""
    rewards, use = [1.0, 0.5, 0.0], np.array([[1.0, 0.5], [0.25, 0.5], [0.0, 0.0]])
    small = bk.Knapsack.sure(rewards, use, [100, 400])
    large = bk.Knapsack.sure(rewards, use / [1, 2], [100, 200])
    for learner in (
        bk.UcbBwK(),
        bk.SuccessiveEliminationBwK(0.1),
        bk.PrimalDualBwK(),
        bk.DualDescentBwK(),
        bk.ExploreFirstBwK(),
    ):
        results = [
            bk.simulate(problem, [learner], horizon=400, replications=1, seed=0)
            for problem in (small, large)
        ]
        of_small, of_large = (result.logs["prices"][0, 0] for result in results)
        assert of_small * [1, 2] == pytest.approx(of_large, rel=1e-12), learner
        assert (of_large[-1] > 0.0).any()


# --- Edges ---------------------------------------------------------------------------------------


@of_learners
@pytest.mark.parametrize("T", [1, 2, 3])
def test_games_shorter_than_the_number_of_arms(learner, T):
    problem = bk.Knapsack.coins([0.5] * 6 + [0.0], [[0.5]] * 6 + [[0.0]], [1.0])
    result = bk.simulate(problem, [learner], horizon=T, replications=3, seed=0)
    assert np.isfinite(result.regret).all()
    arms = [each.a for each in game(problem, learner, T)]
    if not isinstance(learner, bk.SuccessiveEliminationBwK):
        assert arms == [0, 1, 2][: len(arms)]


@of_learners
def test_a_budget_that_is_too_small_for_any_arm_ends_the_game_in_the_first_round(learner):
    problem = bk.Knapsack.coins([0.5, 0.5, 0.0], [[0.5], [0.5], [0.0]], [0.5])
    result = bk.simulate(problem, [learner], horizon=100, replications=3, seed=0)
    assert (result.logs["reward"] == 0.0).all()
    assert (result.logs["left"] == 0.5).all()
    assert result.regret[..., -1] == pytest.approx(100 * problem.lp(100).value)


@of_learners
def test_who_has_nothing_but_the_null_arm_plays_it(learner):
    problem = bk.Knapsack.sure([0.0], [[0.0, 0.0]], [3.0, 2.0])
    assert [r.a for r in game(problem, learner, 5)] == [0] * 5


@of_learners
def test_arms_that_cost_nothing_and_arms_that_pay_nothing(learner):
    problem = bk.Knapsack.sure([0.0, 1.0, 0.0, 0.25], [[1.0], [1.0], [0.0], [0.0]], [20.0])
    result = bk.simulate(problem, [learner], horizon=400, replications=3, seed=0)
    assert np.isfinite(result.logs["reward"]).all()
    for name, log in result.logs.items():
        assert np.isfinite(log).all(), name


def test_the_null_arm_is_the_last_choice_of_primal_dual():
    problem = bk.Knapsack.sure([0.0, 0.0, 0.0], [[0.0], [1.0], [0.5]], [50.0])
    arms = [r.a for r in game(problem, bk.PrimalDualBwK(exploration=0.0), 60)]
    assert arms == [1, 2] + [0] * 58
    problem = bk.Knapsack.sure([0.0, 0.0, 1e-6], [[0.0], [1.0], [0.5]], [50.0])
    arms = [r.a for r in game(problem, bk.PrimalDualBwK(exploration=0.0), 60)]
    assert arms == [1] + [2] * 59


@pytest.mark.parametrize("rate", [None, 1.0])
def test_weights_do_not_overflow(rate):
    T = 2_000_000
    problem = bk.Knapsack.sure([1, 1, 0], [[1, 0], [0, 0.5], [0, 0]], [1e6, 1e6])
    result = bk.simulate(problem, [bk.PrimalDualBwK(rate, 0.5)], horizon=T, replications=1, seed=0)
    assert np.isfinite(result.logs["prices"]).all()
    assert result.logs["reward"][0, 0, -1] > 0.99 * T * problem.lp(T).value
    # Ten million units of one resource, none of the other.
    policy = bk.PrimalDualBwK(rate).start(bk.Budgeted(3, 2, 1e7, (1.0, 1.0), 2), 10**8)
    policy.used[:] = 1e7, 1e7, 0.0
    policy.update(10, None, 0, bk.Purchase(1.0, np.array([1.0, 0.0])))
    assert policy.weights.sum() == pytest.approx(1.0)
    assert 0.0 < policy.weights[2] < 1e-200
    policy.used[2] = 2e7
    policy.update(11, None, 0, bk.Purchase(1.0, np.array([1.0, 0.0])))
    assert policy.weights[2] == pytest.approx(1.0)  # what was faint can come back


@of_learners
def test_notes_are_the_same_compiled_and_interpreted(learner):
    for problem in (PROBLEMS["two resources"], PROBLEMS["coins"]):
        notes = []
        for loop in (play, play_interpreted):
            env_rng, rng = generators(4)
            env, policy = begin(problem, learner, 120, env_rng)
            card = blank_scorecard(np.arange(1, 121), env, policy)
            loop(env, policy, card, 120, env_rng, rng)
            notes.append((card.regret, card.env_notes, card.policy_notes))
        for compiled, python in zip(*notes, strict=True):
            assert (compiled == python).all()


# --- Explore-first and greedy -------------------------------------------------------------------


def test_explore_first_explores_as_its_notes_say():
    learner = bk.ExploreFirstBwK()
    T = 10**6
    N = math.ceil((T / 8) ** (2 / 3) * math.log(T) ** (1 / 3))
    assert learner.pulls_per_arm(8, 0.5 * T, T) == N
    assert 8 * learner.pulls_per_arm(8, 100.0, T) <= 50
    assert learner.pulls_per_arm(8, 1.0, T) == 1
    assert bk.ExploreFirstBwK(N=5).pulls_per_arm(8, 1.0, T) == 5


def _pricing(T, share=0.2):
    """Return nine prices; reward and sale are independent coins, with the means of pricing."""
    rewards, sales = np.append(NINE * (1 - NINE), 0), np.append(1 - NINE, 0)
    return bk.Knapsack.coins(rewards, sales[:, None], [share * T])


def test_regret_of_explore_first_grows_no_faster_than_the_exercise_asks():
    regret = []
    for T in (20_000, 1_280_000):
        problem, learner = _pricing(T, share=0.5), bk.ExploreFirstBwK()
        regret.append(bk.simulate(problem, [learner], horizon=T, replications=20, seed=0))
    small, large = (each.mean()[0, -1] for each in regret)
    assert math.log(large / small) / math.log(64) < 0.72


@pytest.mark.parametrize("d", [2, 3, 5])
def test_greedy_gets_one_part_in_d_of_the_best_mix(d):
    B, T = 100, 100 * d
    problem = bk.Knapsack.sure([1.0] * d + [0.0], np.vstack([np.eye(d), np.zeros(d)]), [B] * d)
    assert T * problem.lp(T).value == pytest.approx(d * B)
    result = bk.simulate(problem, [bk.GreedyBwK()], horizon=T, replications=1, seed=0)
    assert result.logs["reward"][0, 0, -1] == B + d - 1  # each arm once, and the first to its end


def test_greedy_never_returns_to_an_arm_that_was_unlucky_once():
    problem = bk.Knapsack.coins([0.6, 0.5, 0.0], [[0.1], [0.1], [0.0]], [100.0])
    stuck = [[r.a for r in game(problem, bk.GreedyBwK(), 100, seed)] for seed in range(60)]
    never = sum(arms.count(0) == 1 for arms in stuck)
    assert never >= 5  # of 60 games: a first 0 of the better arm beside a 1 has probability 0.2


# --- The numbers of the book's companion --------------------------------------------------------


def test_rewards_of_pricing_are_those_of_an_independent_simulation():
    T, expected = 100_000, {
        bk.UcbBwK(): 13106,
        bk.UcbBwK(margin=0.1): 13526,
        bk.UcbBwK(0.5, 0.1): 14964,
        bk.PrimalDualBwK(): 12974,
        bk.PrimalDualBwK(exploration=0.5): 14473,
    }  # fmt: skip
    problem = _pricing(T)
    assert T * problem.lp(T).value == pytest.approx(16_000)
    result = bk.simulate(problem, [*expected], horizon=T, replications=10, seed=0)
    rewards = result.logs["expected_reward"][:, :, -1].mean(axis=1)
    for learner, reward, there in zip(expected, rewards, expected.values(), strict=True):
        assert abs(reward - there) < 300, learner
    left = result.logs["left"][:, :, -1, 0]
    assert (left < 1.0).all()  # everything is sold


# --- Bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: bk.UcbBwK(-1.0), "exploration must be 0 or more; got -1.0"),
        (lambda: bk.UcbBwK("much"), "exploration must be a number; got 'much'"),
        (lambda: bk.UcbBwK(np.nan), "exploration must be finite; got nan"),
        (lambda: bk.UcbBwK(margin=1.0), r"margin must lie in \[0, 0.999\]; got 1.0"),
        (lambda: bk.UcbBwK(margin=-0.1), r"margin must lie in \[0, 0.999\]; got -0.1"),
        (lambda: bk.UcbBwK(margin=1.5), r"margin must lie in \[0, 0.999\]; got 1.5"),
        (lambda: bk.UcbBwK(patience=-1), "patience must be 0 or more; got -1.0"),
        (lambda: bk.UcbBwK(patience=np.inf), "patience must be finite; got inf"),
        (lambda: bk.SuccessiveEliminationBwK(-0.5), "exploration must be 0 or more; got -0.5"),
        (lambda: bk.SuccessiveEliminationBwK(True), "exploration must be a number; got True"),
        (lambda: bk.PrimalDualBwK(rate=0), r"rate must lie in \[1e-12, 1\]; got 0.0"),
        (lambda: bk.PrimalDualBwK(rate=2), r"rate must lie in \[1e-12, 1\]; got 2.0"),
        (lambda: bk.PrimalDualBwK(rate="slow"), "rate must be a number; got 'slow'"),
        (lambda: bk.PrimalDualBwK(exploration=-1), "exploration must be 0 or more; got -1.0"),
        (lambda: bk.DualDescentBwK(rate=-0.1), "rate must be 0 or more; got -0.1"),
        (lambda: bk.DualDescentBwK(rate=np.inf), "rate must be finite; got inf"),
        (lambda: bk.DualDescentBwK(exploration=-1), "exploration must be 0 or more; got -1.0"),
        (lambda: bk.ExploreFirstBwK(N=0), "N must be a whole number, 1 or more; got 0"),
        (lambda: bk.ExploreFirstBwK(N=2.5), "N must be a whole number, 1 or more; got 2.5"),
        (lambda: bk.ExploreFirstBwK(margin=1), r"margin must lie in \[0, 0.999\]; got 1.0"),
        (lambda: bk.ExploreFirstBwK(margin=-1), r"margin must lie in \[0, 0.999\]; got -1.0"),
    ],
)  # fmt: skip
def test_bad_input_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@of_learners
def test_arms_without_budgets_are_not_for_them(learner):
    with pytest.raises(ValueError, match="purchase"):
        bk.simulate(bk.Bernoulli((0.2, 0.8)), [learner], horizon=10)
