"""Knapsacks being played: beside a plain oracle, the sum of the gaps, and what makes no sense."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import pytest
from instances import BUDGETED, KNAPSACKS, all_of, generators, plays
from naive.knapsack_exact import Game

import banditkit as bk
from banditkit.core.adapters import begin
from banditkit.core.play import blank_scorecard, play_interpreted
from banditkit.core.spec import NoSuchArm

IID_KNAPSACKS = [each for each in all_of(KNAPSACKS) if isinstance(each, bk.KnapsackProblem)]
PLAYERS = [each[0] for each in BUDGETED.values() if plays(each[0], IID_KNAPSACKS[0])]
T = 60


class MixPolicy(NamedTuple):
    """State of `Mix`."""

    cumulative: np.ndarray  # (K,)

    def select(self, t, x, rng):
        u = rng.random()
        for a in range(self.cumulative.size):
            if u < self.cumulative[a]:
                return a
        return self.cumulative.size - 1

    def update(self, t, x, a, y):
        pass


@dataclass(frozen=True, repr=False)
class Mix(bk.Learner):
    """Draws each arm with its probability, for ever."""

    distribution: tuple
    accepts: ClassVar[bk.Feedback] = bk.Feedback.PURCHASE
    plays: ClassVar[tuple] = (bk.Budgeted,)

    def start(self, spec, horizon):
        return MixPolicy(np.cumsum(self.distribution))


# --- Beside the oracle -------------------------------------------------------------------------


@pytest.mark.parametrize("problem", IID_KNAPSACKS, ids=repr)
@pytest.mark.parametrize("seed", range(6))
def test_gap_answer_and_what_is_left_are_those_of_a_plain_oracle(problem, seed):
    lp, K = problem.lp(T), problem.spec.K
    laws = [[tuple(row) for row in law.tolist()] for law in problem.laws]
    game = Game(laws, problem.limits.tolist(), T, lp.time_price, lp.prices.tolist())
    env = problem.start(T, np.random.default_rng(0))
    rng, twin, arms = (np.random.default_rng([seed, i]) for i in (0, 0, 1))
    odds = arms.dirichlet(np.ones(K))  # some seeds end early, some at T
    regret = 0.0
    for t in range(T):
        assert env.done() == game.over
        if game.over:
            break
        arm = int(arms.choice(K, p=odds))
        regret += env.gap(t, None, arm)
        reward, costs = env.respond(t, None, arm, rng)
        expected, used = game.play(t, arm, twin)
        assert reward == expected
        assert costs == pytest.approx(np.array(used) * problem.spec.scale, abs=1e-15)
        assert env.left == pytest.approx(game.left, abs=1e-12)
        assert (env.left >= 0.0).all()
        assert regret == pytest.approx(game.regret, abs=1e-9)
        row = np.zeros(2 + problem.spec.d)
        env.note(row)
        assert row == pytest.approx([game.reward, game.expected, *game.left], abs=1e-9)
    assert regret == pytest.approx(T * lp.value - game.expected, abs=1e-9)
    assert rng.random() == twin.random()  # the same draws, and no more


def test_all_budgets_are_told_as_one():
    problem = bk.Knapsack.sure([1, 0], [[0.5, 1.0], [0, 0]], budgets=[4, 10])
    assert problem.spec == bk.Budgeted(2, 2, 4.0, (1.0, 0.4), 1)
    env = problem.start(20, np.random.default_rng(0))
    env.gap(0, None, 0)
    assert env.respond(0, None, 0, np.random.default_rng(0)).costs.tolist() == [0.5, 0.4]


@pytest.mark.parametrize("arm", [-1, 2])
def test_an_arm_that_does_not_exist_is_named(arm):
    env = bk.Knapsack.sure([1, 0], [[1], [0]], budgets=5).start(20, np.random.default_rng(0))
    with pytest.raises(NoSuchArm):
        env.gap(0, None, arm)


# --- The sum of the gaps -----------------------------------------------------------------------


@pytest.mark.parametrize("learner", PLAYERS, ids=repr)
def test_regret_and_means_of_the_arms_add_up_to_the_programme_in_every_run(learner):
    """Whoever ends early loses what is left, at its price: T OPT_LP in every single game."""
    for problem in IID_KNAPSACKS:
        for seed in range(2):
            env_rng, policy_rng = generators(seed)
            env, policy = begin(problem, learner, T, env_rng)
            card = blank_scorecard(np.array([1, T // 2, T]), env, policy)
            play_interpreted(env, policy, card, T, env_rng, policy_rng)
            total = T * problem.lp(T).value
            assert card.regret[-1] + card.env_notes[-1, 1] == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize(
    ("budget", "horizon", "distribution", "rounds"),
    [
        (0.5, 40, (1.0, 0.0), 1),  # nothing fits: round 1 ends it
        (1.0, 40, (1.0, 0.0), 2),  # used up in round 1
        (10.0, 40, (1.0, 0.0), 11),
        (40.0, 40, (1.0, 0.0), 40),  # the last unit in the last round
        (10.0, 40, (0.0, 1.0), 40),  # nothing is used
        (10.0, 40, (0.5, 0.5), None),
        (1.0, 1, (1.0, 0.0), 1),
    ],
)
def test_games_that_end_at_once_early_or_at_the_horizon(budget, horizon, distribution, rounds):
    problem = bk.Knapsack.sure([0.75, 0.0], [[1.0], [0.0]], budgets=budget)
    times = range(1, horizon + 1)
    result = bk.simulate(
        problem, [Mix(distribution)], horizon=horizon, replications=20, seed=0, times=times
    )
    regret, logs = result.regret[0], {name: log[0] for name, log in result.logs.items()}
    total = horizon * bk.lp_value(problem, horizon)
    assert total == pytest.approx(0.75 * min(budget, horizon))
    assert regret[:, -1] + logs["expected_reward"][:, -1] == pytest.approx(total, rel=1e-9)
    assert np.isfinite(regret).all()
    assert logs["left"].shape == (20, horizon, 1)
    assert (logs["reward"] == logs["expected_reward"]).all()  # without noise
    assert logs["left"][..., 0] == pytest.approx(budget - logs["reward"] / 0.75, abs=1e-12)
    if rounds is not None:
        sold = np.floor(budget) if distribution[0] == 1.0 else 0.0
        assert (logs["reward"][:, -1] == 0.75 * sold).all()
        assert (logs["left"][:, -1, 0] == budget - sold).all()
        assert (np.ptp(logs["reward"][:, rounds - 1 :], axis=1) == 0.0).all()  # and stays


NOISY = bk.Knapsack(  # who pays uses nothing, and the other way round
    [
        [(0.5, 1.0, 0.0, 0.25), (0.5, 0.0, 1.0, 0.25)],
        [(0.25, 0.5, 1.0, 0.0), (0.75, 0.25, 0.0, 0.5)],
        [(1.0, 0.0, 0.0, 0.0)],
    ],
    budgets=[8, 6],
)


@pytest.mark.parametrize("mix", [(1.0, 0.0, 0.0), (0.25, 0.5, 0.25), (0.0, 0.25, 0.75)], ids=repr)
def test_rewards_have_the_means_that_are_logged_and_these_the_exact_ones(mix):
    n = 4000
    result = bk.simulate(NOISY, [Mix(mix)], horizon=40, replications=n, seed=1, times=[10, 40])
    reward, expected = (result.logs[name][0] for name in ("reward", "expected_reward"))
    for at, horizon in enumerate((10, 40)):
        for values, mean in (
            (reward[:, at] - expected[:, at], 0.0),
            (reward[:, at], bk.expected_reward(NOISY, mix, horizon, unit=0.25)),
            (expected[:, at], bk.expected_reward(NOISY, mix, horizon, unit=0.25)),
        ):
            assert abs(values.mean() - mean) <= 5 * values.std() / math.sqrt(n) + 1e-9
    assert result.mean()[0, -1] >= -5 * result.stderr()[0, -1]  # Claim 10.5
    lp = 40 * bk.lp_value(NOISY, 40)
    assert result.regret[0, :, -1] + expected[:, -1] == pytest.approx(lp, rel=1e-9)


@pytest.mark.parametrize("problem", IID_KNAPSACKS, ids=repr)
def test_outcomes_have_the_means_that_the_problem_states(problem):
    env, rng, n = problem.start(T, np.random.default_rng(0)), np.random.default_rng(5), 3000
    for arm in range(problem.spec.K):
        draws = np.array([env.law.respond(0, None, arm, rng) for _ in range(n)])
        for column, mean in enumerate([problem.rewards[arm], *problem.consumption[arm]]):
            spread = draws[:, column].std() / math.sqrt(n)
            assert abs(draws[:, column].mean() - mean) <= 5 * spread + 1e-12
        assert (draws[:, 1:] <= env.most[arm]).all()


@pytest.mark.parametrize("problem", IID_KNAPSACKS, ids=repr)
def test_every_knapsack_is_what_its_base_promises(problem):
    null, lp = problem.null, problem.lp(T)
    assert problem.rewards[null] == 0.0
    assert (problem.consumption[null] == 0.0).all()
    for law in problem.laws:
        assert law[:, 0].sum() == pytest.approx(1.0, abs=1e-12)
        assert (law >= 0.0).all()
        assert (law <= 1.0).all()
    assert lp.distribution.sum() == pytest.approx(1.0, abs=1e-12)
    assert (lp.distribution @ problem.consumption <= problem.limits / T + 1e-9).all()
    assert lp.distribution @ problem.rewards == pytest.approx(lp.value, abs=1e-12)
    assert lp.time_price + lp.prices @ problem.limits / T == pytest.approx(lp.value, abs=1e-12)
    assert (lp.reduced_costs >= -1e-12).all()
    assert np.abs(lp.reduced_costs * lp.distribution).max() <= 1e-12


# --- What makes no sense -----------------------------------------------------------------------

FREE = [(1.0, 0.0, 0.0)]
SALE = [(0.5, 1.0, 1.0), (0.5, 0.0, 0.0)]


@pytest.mark.parametrize(
    ("outcomes", "budgets", "words"),
    [
        ([SALE, FREE], 0, ["budgets must be above 0", "resource 0 has 0"]),
        ([SALE, FREE], -1, ["budgets must be above 0", "resource 0 has -1"]),
        ([SALE, FREE], math.inf, ["budgets must be finite", "has inf"]),
        ([SALE, FREE], math.nan, ["budgets must be finite", "has nan"]),
        ([SALE, FREE], "9", ["budgets must be a list of numbers"]),
        ([SALE, FREE], None, ["budgets must be a list of numbers"]),
        ([SALE, FREE], True, ["budgets must be"]),
        ([SALE, FREE], [], ["budgets is empty"]),
        ([SALE, FREE], [9, 9], ["each of the 1 resources", "got 2"]),
        ([SALE, FREE], [[9]], ["budgets must be one row of numbers"]),
        ([[(1, 1, 1.2)], FREE], 9, ["arm 0, outcome 0", "resource 0", "1.2", "larger units"]),
        ([[(1, 1, -0.5)], FREE], 9, ["arm 0, outcome 0", "resource 0", "-0.5"]),
        ([[(1, 1.5, 1)], FREE], 9, ["arm 0, outcome 0", "reward must lie in [0, 1]", "1.5"]),
        ([FREE, [(1.1, 1, 1)]], 9, ["arm 1, outcome 0", "probability", "1.1"]),
        ([[(1, math.nan, 1)], FREE], 9, ["arm 0, outcome 0", "reward", "nan"]),
        ([[(0.5, 1, 1), (0.4, 0, 0)], FREE], 9, ["probabilities of arm 0 add up to 0.9"]),
        ([[(0.5, 1, 1), (0.6, 0, 0)], FREE], 9, ["probabilities of arm 0 add up to 1.1"]),
        ([[(0.5, 1, 1), (0.5, 0)], FREE], 9, ["outcomes[0] must be a table"]),
        ([SALE, [(1, 0, 0, 0)]], 9, ["same resources", "arm 0 has 1, arm 1 has 2"]),
        ([[(1.0, 1.0)]], 9, ["use of one resource or more", "arm 0 have 2"]),
        ([], 9, ["outcomes must be a list of tables"]),
        ([[]], 9, ["outcomes[0] must be a table"]),
        (5, 9, ["outcomes must be a list of tables"]),
        ("arms", 9, ["outcomes must be a list of tables"]),
        ([[("a", 1, 1)], FREE], 9, ["outcomes[0] must be a table of numbers"]),
    ],
)
def test_what_makes_no_sense_is_named(outcomes, budgets, words):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        bk.Knapsack(outcomes, budgets)
    for each in words:
        assert each in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: bk.Knapsack.sure([1, 0], [[1]], 5), ["2 rewards and 1 rows"]),
        (lambda: bk.Knapsack.sure([2, 0], [[1], [0]], 5), ["rewards must lie in", "arm 0 has 2"]),
        (lambda: bk.Knapsack.sure([1, 0], [[1.2], [0]], 5), ["consumption", "arm 0, resource 0"]),
        (lambda: bk.Knapsack.coins([1, 0], [1, 0], 5), ["consumption must be a table"]),
        (lambda: bk.Knapsack.coins([1], [[0.5] * 11], 5), ["more than 10 resources"]),
    ],
)
def test_what_makes_no_sense_in_other_words_is_named(make, words):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        make()
    for each in words:
        assert each in str(error.value)


def test_a_budget_that_is_larger_than_the_horizon_is_named_before_anybody_plays():
    problem = bk.Knapsack.sure([1, 0], [[0, 1], [0, 0]], budgets=[5, 30])
    for call in (
        lambda: problem.lp(20),
        lambda: bk.simulate(problem, [bk.UcbBwK()], horizon=20, seed=0),
    ):
        with pytest.raises(ValueError, match=r"number of rounds, 20.*resource 1 has 30"):
            call()


@pytest.mark.parametrize("horizon", [0, -1, 2.5, math.inf, "20", True])
def test_a_horizon_is_a_whole_number(horizon):
    with pytest.raises(ValueError, match="horizon must be a whole number"):
        bk.Knapsack.sure([1, 0], [[1], [0]], budgets=5).lp(horizon)


def test_a_missing_null_arm_is_added_and_said_so():
    with pytest.warns(bk.NullArmAdded, match="^Knapsack: .* was added, as arm 1$"):
        problem = bk.Knapsack([SALE], budgets=5)
    assert problem == bk.Knapsack([SALE, FREE], budgets=5)
    assert problem.null == 1
    with pytest.warns(bk.NullArmAdded):
        assert bk.Knapsack.sure([1, 0], [[1], [0.5]], budgets=5).null == 2
    with pytest.warns(bk.NullArmAdded):  # free, but not idle
        assert bk.Knapsack.sure([0.5], [[0.0]], budgets=5).null == 1


def test_the_null_arm_may_stand_anywhere():
    problem = bk.Knapsack.sure([0, 1, 0], [[0], [1], [0.5]], budgets=5)
    assert problem.null == problem.spec.null == 0
    assert problem.lp(20).distribution == pytest.approx([0.75, 0.25, 0.0])
    assert bk.Knapsack.sure([0, 1, 0], [[0], [1], [0]], budgets=5).null == 2


def test_an_outcome_that_never_happens_uses_nothing():
    """It does not end the game either."""
    problem = bk.Knapsack([[(1.0, 1.0, 0.0), (0.0, 1.0, 1.0)], FREE], budgets=0.5)
    result = bk.simulate(problem, [Mix((1.0, 0.0))], horizon=30, replications=3, seed=0)
    assert (result.logs["reward"][..., -1] == 30.0).all()


class Shop(bk.KnapsackProblem):
    """A knapsack of somebody's own, with no more than it takes."""

    def __init__(self, laws, budgets, null=None):
        for name, value in (("given", laws), ("budgets", budgets), ("free", null)):
            object.__setattr__(self, name, value)

    @property
    def laws(self):
        return self.given

    @property
    def null(self):
        return super().null if self.free is None else self.free


SALE, FREE = [(0.5, 1.0, 1.0), (0.5, 0.0, 0.0)], [(1.0, 0.0, 0.0)]


def test_a_knapsack_of_ones_own_has_a_benchmark_of_its_own():
    """Two instances that Python takes for equal, since they are no dataclasses."""
    few, many = Shop([SALE, FREE], 10.0), Shop([SALE, FREE], [25.0])
    assert (few.lp(100).value, many.lp(100).value) == pytest.approx((0.1, 0.25))
    assert few.lp(50).value == pytest.approx(0.2)
    result = bk.simulate(many, [bk.UcbBwK()], horizon=100, replications=3, seed=0)
    total = result.regret[0, :, -1] + result.logs["expected_reward"][0, :, -1]
    assert total == pytest.approx(25.0, rel=1e-12)


@pytest.mark.parametrize(
    ("laws", "budgets", "null", "words"),
    [
        ([[(0.9, 1.0, 1.0)], FREE], 10, None, "probabilities of arm 0 add up to 0.9"),
        ([[(1.0, 1.0, 1.2)], FREE], 10, None, r"use of resource 0 must lie in \[0, 1\]; got 1.2"),
        ([SALE], 10, None, "Shop: arm 0 must pay nothing and use nothing"),
        ([FREE, SALE], 10, None, "Shop: arm 1 must pay nothing .* say in null which one does"),
        ([SALE, FREE], 0, None, "budgets must be above 0"),
        ([SALE, FREE], [10, 10], None, "for each of the 1 resources that laws use; got 2"),
        ([SALE, [(1.0, 0.0, 0.0, 0.0)]], 10, None, "same resources; arm 0 has 1, arm 1 has 2"),
        ([SALE, FREE], 1000, None, "at most the number of rounds, 100"),
    ],
)
def test_a_knapsack_of_ones_own_is_checked_before_it_is_played(laws, budgets, null, words):
    problem = Shop(laws, budgets, null)
    for ask in (
        lambda: problem.lp(100),
        lambda: bk.simulate(problem, [bk.UcbBwK()], horizon=100, replications=1),
        lambda: bk.best_fixed_arm(problem, 100),
    ):
        with pytest.raises(ValueError, match=words):
            ask()
    assert Shop([FREE, SALE], 10, null=0).lp(100).value == pytest.approx(0.1)


def test_a_million_small_payments_leave_what_is_left_exact():
    """0.1 is not a tenth, and a budget of a thousand takes ten thousand of them, no more."""
    tenth = bk.Knapsack.sure([1.0, 0.0], [[0.1], [0.0]], budgets=1000)
    result = bk.simulate(tenth, [bk.GreedyBwK()], horizon=20_000, replications=1, seed=0)
    assert result.logs["reward"][0, 0, -1] == 10_000.0
    assert 0.0 <= result.logs["left"][0, 0, -1, 0] < 1e-9


@pytest.mark.parametrize("budget", [1e-9, 1e-300, 0.3])
def test_a_budget_is_never_overdrawn_however_small_its_units(budget):
    """Ten purchases spend all of it, and the game ends with the eleventh."""
    problem = bk.Knapsack.sure([1.0, 0.0], [[budget / 10], [0.0]], budget)
    result = bk.simulate(problem, [Mix((1.0, 0.0))], horizon=100, replications=1, seed=0)
    assert result.logs["reward"][0, 0, -1] == 10.0 == pytest.approx(100 * problem.lp(100).value)
    assert result.regret[0, 0, -1] == pytest.approx(0.0, abs=1e-9)


def test_only_what_is_too_large_is_to_be_measured_in_larger_units():
    for used, ends in ((1.2, "got 1.2 - measure the .* in larger units"), (-0.1, "got -0.1")):
        with pytest.raises(ValueError, match=ends + "$"):
            bk.Knapsack([[(1.0, 0.5, used)]], budgets=5)


@pytest.mark.parametrize("outer", [bk.Doubling(bk.UcbBwK()), bk.Restarting(bk.UcbBwK(), 10)])
def test_restarts_would_spend_the_budget_again_and_are_refused(outer):
    with pytest.raises(ValueError, match=r"the budget of all rounds .* play UcbBwK\(\) itself"):
        bk.simulate(bk.Knapsack([SALE, FREE], 10), [outer], horizon=100)


@pytest.mark.parametrize(
    ("learner", "problem", "words"),
    [
        (bk.UCB1(), bk.Knapsack([SALE, FREE], 10), r"LagrangeBwK\(UCB1\(\)\), or RewardOnly"),
        (bk.Hedge(), bk.Knapsack([SALE, FREE], 10), "minds budgets, such as UcbBwK"),
        (bk.LinUCB(), bk.LinearKnapsack.random(10), "minds budgets, such as LinearBwK"),
        (bk.UcbBwK(), bk.Bernoulli((0.5,)), "a problem with budgets, such as Knapsack"),
        (bk.LinearBwK(), bk.Chain(), "a problem with budgets, such as Knapsack"),
    ],
)
def test_who_does_not_fit_is_told_what_would(learner, problem, words):
    with pytest.raises(ValueError, match=words):
        bk.simulate(problem, [learner], horizon=100)
