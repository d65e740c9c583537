"""Contextual problems against their definitions: means, gaps, rewards, and what learners are told.

Also who may play them, and what makes no sense and is named at once.
"""

import itertools
import math
import re
from typing import NamedTuple

import numpy as np
import pytest
from instances import CONTEXTS, all_of, plays, regret_of
from naive import contextual as naive

import banditkit as bk
from banditkit.core.jit import on_compile
from banditkit.core.play import play, play_interpreted
from banditkit.core.spec import NoSuchArm

RNG = np.random.default_rng(8)
VISITORS = bk.FiniteContexts(RNG.random((4, 3)).round(2), odds=(0.1, 0.2, 0.3, 0.4))
EVEN = bk.FiniteContexts([[0.2, 0.8], [0.8, 0.2]])
LINES = bk.LipschitzContexts(RNG.random((3, 5)).round(2))
SQUARE = bk.LipschitzSquare(RNG.random((4, 6)).round(2))
OWN = bk.LinearContexts((1.0, -0.5, 0.25), K=4, noise=0.2)  # each arm has features of its own
SHARED = bk.LinearContexts(RNG.normal(size=(3, 2)).round(2))
COINS = bk.LogisticContexts((3.0, -2.0), K=3)
COINS_SHARED = bk.LogisticContexts([[2.0, -1.0], [0.0, 5.0]])
CLASS = bk.PolicyClass(VISITORS, tuple(itertools.product(range(3), repeat=4)))

LINEAR = [OWN, SHARED, COINS, COINS_SHARED]


def rounds_of(problem, n, seed=0):
    """Yield the environment and what it shows, round by round."""
    rng = np.random.default_rng(seed)
    env = problem.start(n, rng)
    for t in range(n):
        yield env, t, env.observe(t, rng), rng


def message_of(call, *words):
    """Return the message of the ValueError that `call` raises: one line with these words."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        call()
    message = str(caught.value)
    assert message
    assert "\n" not in message
    for words_of_others in ("inhomogeneous", "object is not", "has no attribute", "np.float64("):
        assert words_of_others not in message
    for word in words:
        assert word in message
    return message


def check_coins(rewards, mean):
    assert set(rewards) <= {0.0, 1.0}
    spread = math.sqrt(mean * (1.0 - mean) / len(rewards))
    assert abs(np.mean(rewards) - mean) <= 5.0 * spread + 1e-12


# --- Numbered contexts --------------------------------------------------------------------------


def test_numbered_contexts_come_with_their_odds_and_arms_pay_their_means():
    for problem in (VISITORS, EVEN):
        n, means, odds = 6000, np.array(problem.means), problem.probabilities
        assert math.fsum(odds) == pytest.approx(1.0, abs=1e-15)
        rewards = {(x, a): [] for x, a in np.ndindex(*means.shape)}
        for env, t, x, rng in rounds_of(problem, n):
            for a in range(problem.spec.K):
                assert env.gap(t, x, a) == max(means[x]) - means[x, a]
                rewards[x, a].append(env.respond(t, x, a, rng))
        for (x, a), row in rewards.items():
            spread = math.sqrt(odds[x] * (1.0 - odds[x]) / n)
            assert abs(len(row) / n - odds[x]) < 5.0 * spread
            check_coins(row, means[x, a])


def test_odds_that_are_not_given_are_equal_and_contexts_of_odds_0_never_come():
    assert EVEN.probabilities.tolist() == [0.5, 0.5]
    assert bk.FiniteContexts([[0.5]] * 3).probabilities.tolist() == [1 / 3] * 3
    rare = bk.FiniteContexts([[0.1], [0.2], [0.3]], odds=(0.0, 1.0, 0.0))
    assert {x for _, _, x, _ in rounds_of(rare, 500)} == {1}


def test_what_a_learner_is_told():
    assert VISITORS.spec == bk.Contexts(4, 3)
    assert CLASS.spec == bk.Advice(3, 81)
    assert LINES.spec.K == 3
    assert SQUARE.spec.K == 0
    assert OWN.spec == bk.Features(4, 3, False)
    assert SHARED.spec == bk.Features(3, 2, True)
    assert COINS.spec == bk.Features(3, 2, False, 0.0, 1.0)
    assert COINS_SHARED.spec == bk.Features(2, 2, True, 0.0, 1.0)


# --- Classes of policies ------------------------------------------------------------------------


def test_values_of_policies_by_enumeration():
    means, odds = VISITORS.means, VISITORS.odds
    values = [
        math.fsum(odds[x] * means[x][arm] for x, arm in enumerate(policy))
        for policy in itertools.product(range(3), repeat=4)
    ]
    assert CLASS.values == pytest.approx(values, abs=1e-15)
    # the class holds all policies, and so the best of all: the best arm everywhere
    assert CLASS.policies[CLASS.best] == tuple(np.argmax(means, axis=1))
    few = bk.PolicyClass(EVEN, [[1, 1], [0, 0], [1, 0], [1, 0]])
    assert few.values == pytest.approx([0.5, 0.5, 0.8, 0.8])
    assert few.best == 2  # of equal ones, the first


def test_expected_gap_of_a_policy_is_its_value_less_than_the_best():
    few = bk.PolicyClass(VISITORS, [[0, 0, 0, 0], [1, 2, 1, 0], [2, 1, 0, 1]])
    env = few.start(10, np.random.default_rng(0))
    for n, policy in enumerate(few.policies):
        expected = 0.0
        for x, odds in enumerate(VISITORS.odds):
            env.context[0] = x
            expected += odds * env.gap(0, None, policy[x])
        assert expected == pytest.approx(few.values[few.best] - few.values[n], abs=1e-15)
    assert expected != 0.0 or few.best == 2
    for x in range(4):  # and the best of the class has no gap in any round
        env.context[0] = x
        assert env.gap(0, None, few.policies[few.best][x]) == 0.0


def test_a_gap_may_be_below_0_where_the_class_is_poor():
    poor = bk.PolicyClass(EVEN, [[0, 0]])
    gaps = [env.gap(t, advice, 1) for env, t, advice, _ in rounds_of(poor, 50)]
    assert sorted({round(gap, 12) for gap in gaps}) == [-0.6, 0.6]


def test_advice_is_what_each_policy_does_and_rewards_are_those_of_the_context():
    rewards = {}
    for env, t, advice, rng in rounds_of(CLASS, 3000):
        x = env.context[0]
        assert advice.tolist() == [policy[x] for policy in CLASS.policies]
        rewards.setdefault((x, t % 3), []).append(env.respond(t, advice, t % 3, rng))
    for (x, a), row in rewards.items():
        check_coins(row, VISITORS.means[x][a])


# --- Contexts in an interval --------------------------------------------------------------------


@pytest.mark.parametrize("problem", [LINES, bk.LipschitzContexts([[0.5, 0.5], [0.25, 1.0]])])
def test_means_lie_on_straight_lines(problem):
    rewards, seen = {}, []
    for env, t, x, rng in rounds_of(problem, 2000):
        means = [naive.on_a_line(row, x) for row in problem.values]
        seen.append(x)
        for a, mean in enumerate(means):
            assert env.gap(t, x, a) == pytest.approx(max(means) - mean, abs=1e-14)
            rewards.setdefault(a, []).append(env.respond(t, x, a, rng) - mean)
    for row in rewards.values():  # differences from the mean have mean 0 and lie in [-1, 1]
        assert abs(np.mean(row)) < 5.0 * 0.5 / math.sqrt(2000)
    assert abs(np.mean(seen) - 0.5) < 5.0 / math.sqrt(12 * 2000)
    assert min(seen) < 0.01
    assert max(seen) > 0.99


def test_the_ends_of_the_interval_belong_to_it():
    class Fixed(NamedTuple):
        x: float

        def random(self):
            return self.x

    env = LINES.start(1, np.random.default_rng(0))
    for j in range(5):
        env.observe(0, Fixed(j / 4))
        column = [row[j] for row in LINES.values]
        assert env.means == pytest.approx(column, abs=1e-15)


def test_the_lipschitz_constant_bounds_every_change_and_is_reached():
    fine = np.linspace(0.0, 1.0, 4001)
    for problem in (LINES, *CONTEXTS["LipschitzContexts"]):
        changes = [np.diff([naive.on_a_line(row, x) for x in fine]) for row in problem.values]
        steepest = np.abs(changes).max() * 4000
        assert problem.spec.lipschitz == pytest.approx(steepest, rel=1e-9)
    for problem in (SQUARE, *CONTEXTS["LipschitzSquare"]):
        # 60 is a multiple of the 3 and 5 (or 2) pieces, so that no line bends within a step
        points = np.linspace(0.0, 1.0, 61)
        values = np.array([[naive.in_a_square(problem.values, x, a) for x in points]
                           for a in points])  # fmt: skip
        steepest = max(np.abs(np.diff(values, axis=axis)).max() * 60 for axis in (0, 1))
        assert problem.spec.lipschitz == pytest.approx(steepest, rel=1e-9)


def test_the_best_arm_of_a_square_by_brute_force():
    arms = np.linspace(0.0, 1.0, 301)  # the 4 rows are among them
    for env, t, x, _ in rounds_of(SQUARE, 100):
        means = np.array([naive.in_a_square(SQUARE.values, x, a) for a in arms])
        gaps = [env.gap(t, x, a) for a in arms]
        assert gaps == pytest.approx(means.max() - means, abs=1e-13)
        assert min(gaps) == 0.0


def test_rewards_in_a_square_are_coins_with_the_mean_of_the_arm():
    rng, env = np.random.default_rng(1), SQUARE.start(1, np.random.default_rng(0))
    x = env.observe(0, rng)
    for a in (0.0, 0.1, 1 / 3, 0.77, 1.0):
        rewards = [env.respond(0, x, a, rng) for _ in range(2000)]
        check_coins(rewards, naive.in_a_square(SQUARE.values, x, a))


# --- Features -----------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", LINEAR, ids=repr)
def test_features_give_the_means_and_lie_in_the_unit_ball(problem):
    K, d, n = problem.spec.K, problem.spec.d, 2000
    theta = np.array(problem.theta)
    seen, off = [], []
    for env, t, x, rng in rounds_of(problem, n):
        assert x.shape == (1 if problem.shared else K, d)
        assert (np.linalg.norm(x, axis=1) <= 1.0 + 1e-15).all()
        seen.append(x.copy())
        means = [theta[a] @ x[0] if problem.shared else theta @ x[a] for a in range(K)]
        if isinstance(problem, bk.LogisticContexts):
            means = [naive.chance(mean) for mean in means]
        for a, mean in enumerate(means):
            assert env.gap(t, x, a) == pytest.approx(max(means) - mean, abs=1e-14)
        a = t % K
        y = env.respond(t, x, a, rng)
        off.append(y - means[a])
        if isinstance(problem, bk.LogisticContexts):
            assert y in (0.0, 1.0)
    seen = np.array(seen)
    assert abs(seen).max() <= 1.0 / math.sqrt(d)
    assert abs(seen).max() > 0.99 / math.sqrt(d)
    spread = 1.0 / math.sqrt(3 * d * n)  # of an average of uniform numbers
    assert np.abs(seen.mean(axis=0)).max() < 5.0 * spread
    assert abs(np.mean(off)) < 5.0 * 0.5 / math.sqrt(n)
    if isinstance(problem, bk.LinearContexts):
        assert np.std(off) == pytest.approx(problem.noise, rel=5.0 / math.sqrt(2 * n))


def test_without_noise_rewards_are_the_means():
    problem = bk.LinearContexts([[1.0, 2.0], [0.5, -3.0]], noise=0.0)
    for env, t, x, rng in rounds_of(problem, 20):
        assert [env.respond(t, x, a, rng) for a in (0, 1)] == list(env.means)


def test_however_steep_a_coin_is_its_chance_lies_in_the_interval():
    steep = bk.LogisticContexts([[5000.0], [-5000.0], [0.0]])
    for env, t, x, _ in rounds_of(steep, 200):
        assert 0.0 <= min(env.means) <= max(env.means) <= 1.0
        assert env.means[2] == 0.5
        assert env.gap(t, x, 0 if x[0, 0] > 0.0 else 1) <= 1e-9 or abs(x[0, 0]) < 0.01


def test_the_number_of_arms_is_read_off_a_table():
    assert bk.LinearContexts([[1.0], [2.0]]) == bk.LinearContexts([[1.0], [2.0]], K=2)
    assert bk.LinearContexts(np.ones(3), K=2).theta == (1.0, 1.0, 1.0)


# --- The same numbers ---------------------------------------------------------------------------

GAMES = [
    (VISITORS, bk.PerContext(bk.Thompson())),
    (bk.PolicyClass(EVEN, [[0, 0], [1, 0]]), bk.Exp4()),
    (LINES, bk.ContextMesh(step=0.2)),
    (SQUARE, bk.ContextMesh(arms=3)),
    (OWN, bk.LinUCB()),
    (SHARED, bk.LinThompson()),
    (COINS, bk.LogisticThompson()),
]


@pytest.mark.parametrize(("problem", "learner"), GAMES, ids=repr)
def test_games_are_the_same_compiled_interpreted_and_again(problem, learner):
    compiled, python, again = (
        regret_of(loop, problem, learner, horizon=700, seed=4, calls=calls)
        for loop, calls in ((play, (123,)), (play_interpreted, ()), (play, ()))
    )
    assert (compiled == python).all()
    assert (compiled == again).all()
    other = regret_of(play_interpreted, problem, learner, horizon=700, seed=5)
    assert (other != python).any()


def test_learners_meet_the_same_contexts():
    """Who plays what does not change the contexts: each arm takes one number of the stream."""
    for problem in (VISITORS, LINES, COINS):
        shown = []
        for who in (0, 1):
            seen = []
            for env, t, x, rng in rounds_of(problem, 50):
                seen.append(np.array(x))
                env.respond(t, x, who, rng)
            shown.append(np.array(seen))
        assert (shown[0] == shown[1]).all()


# --- Who may play -------------------------------------------------------------------------------

BLIND = [bk.UCB1(), bk.Uniform(), bk.EpsilonGreedy(0.1)]
MESSAGES = [
    (bk.LinUCB(), bk.Bernoulli((0.4, 0.6)), "LinUCB learns from features, which Bernoulli"),
    (bk.LinThompson(), EVEN, "LinThompson learns from features, which FiniteContexts"),
    (bk.LinUCB(), LINES, "a problem such as LinearContexts"),
    (bk.LogisticThompson(), OWN, "needs rewards in [0, 1]; those of LinearContexts"),
    (bk.KLUCB(), OWN, "needs rewards in [0, 1]"),
    (bk.PerContext(bk.UCB1()), OWN, "PerContext learns from numbered contexts, which Linear"),
    (bk.PerContext(bk.UCB1()), LINES, "a problem such as FiniteContexts"),
    (bk.PerContext(bk.UCB1()), bk.Bernoulli((0.4, 0.6)), "numbered contexts"),
    (bk.PerContext(bk.Hedge()), EVEN, "full feedback"),
    (bk.ContextMesh(), EVEN, "ContextMesh learns from contexts in [0, 1], which FiniteContexts"),
    (bk.ContextMesh(), CLASS, "such as LipschitzContexts"),
    (bk.ContextMesh(bk.LinUCB()), LINES, "needs a learner that plays arms, such as UCB1()"),
    (bk.PerContext(bk.PerContext(bk.UCB1())), EVEN, "got PerContext(UCB1())"),
    (bk.PerContext(bk.Exp4()), EVEN, "got Exp4()"),
    (bk.Exp4(), EVEN, "the advice of experts"),
    (bk.UCB1(), SQUARE, "UCB1 learns from arms alone, which LipschitzSquare does not show"),
    (bk.Doubling(bk.Thompson()), SQUARE, "Thompson learns from arms alone"),
    (bk.QLearning(), EVEN, "step feedback"),
    (bk.ContextMesh(step=1e-6), LINES, "1,000,001 contexts need as many copies"),
]


@pytest.mark.parametrize("problem", all_of(CONTEXTS), ids=repr)
@pytest.mark.parametrize("learner", BLIND, ids=repr)
def test_who_sees_no_features_plays_every_problem_with_numbered_arms(problem, learner):
    assert plays(learner, problem) == (problem.spec.K > 0)
    if problem.spec.K > 0:
        regret = regret_of(play_interpreted, problem, learner, horizon=60, seed=0)
        assert np.isfinite(regret).all()


@pytest.mark.parametrize(("learner", "problem", "words"), MESSAGES, ids=str)
def test_who_can_not_play_is_told_so_before_anything_is_compiled(learner, problem, words):
    compiled = []
    with on_compile(lambda: compiled.append(True)):
        message_of(lambda: bk.simulate(problem, [learner], horizon=30, seed=0), words)
    assert not compiled


def test_a_copy_is_checked_as_if_it_played_alone():
    class Wide(bk.LipschitzSquare):
        @property
        def spec(self):
            return bk.Interval(0, 1.0, 0.0, 5.0)

    wide = Wide([[0.0, 1.0], [1.0, 0.0]])
    assert plays(bk.ContextMesh(), wide)
    words = "KLUCB needs rewards in [0, 1]; those of Wide lie in [0, 5]"
    message_of(lambda: bk.ContextMesh(bk.KLUCB()).check(wide), words)
    message_of(lambda: bk.ContextMesh(bk.Doubling(bk.KLUCB())).check(wide), words)


class StubbornPolicy(NamedTuple):
    arm: float

    def select(self, t, x, rng):
        return 0 if t < 10 else self.arm

    def update(self, t, x, a, y):
        pass


class Stubborn(bk.Learner):
    """Plays what there is at first, and what there is not after ten rounds."""

    plays = (bk.Arms, bk.Interval)

    def __init__(self, arm):
        object.__setattr__(self, "arm", arm)

    def start(self, spec, horizon):
        return StubbornPolicy(self.arm)

    def __repr__(self):
        return "Stubborn()"


@pytest.mark.parametrize(
    ("problem", "arm", "wanted"),
    [
        (EVEN, 2, "a whole number from 0 to 1"),
        (LINES, -1, "a whole number from 0 to 2"),
        (OWN, 4, "a whole number from 0 to 3"),
        (COINS, 3, "a whole number from 0 to 2"),
        (CLASS, 3, "a whole number from 0 to 2"),
        (SQUARE, 1.5, "a number from 0 to 1"),
        (SQUARE, math.nan, "a number from 0 to 1"),
    ],
    ids=str,
)
def test_an_arm_that_does_not_exist_is_refused(problem, arm, wanted):
    ((env, t, x, _),) = rounds_of(problem, 1)
    with pytest.raises(NoSuchArm):
        env.gap(t, x, arm)
    assert wanted in problem.spec.fault(arm)


def test_what_the_loop_says_of_an_arm_that_does_not_exist():
    words = "Stubborn(): in round 11, select returned 1.5; an arm is a number from 0 to 1"
    message = message_of(lambda: bk.simulate(SQUARE, [Stubborn(1.5)], horizon=20, seed=0))
    assert message == words


# --- What makes no sense ------------------------------------------------------------------------

BAD = [
    (lambda: bk.FiniteContexts([[0.5, 0.5], [0.5, 1.5]]), "context 1, arm 1 has 1.5"),
    (lambda: bk.FiniteContexts([[0.5, math.nan]]), "context 0, arm 1 has nan"),
    (lambda: bk.FiniteContexts([0.5, 0.5]), "a row for each context and a column for each arm"),
    (lambda: bk.FiniteContexts([[0.5], [0.5, 0.5]]), "means must be a table of numbers"),
    (lambda: bk.FiniteContexts([]), "means must be a table of numbers"),
    (lambda: bk.FiniteContexts([["a"]]), "means must be a table of numbers"),
    (lambda: bk.FiniteContexts([[0.5]] * 2, odds=(1.0,)), "2 probabilities, one per context"),
    (lambda: bk.FiniteContexts([[0.5]] * 2, odds=(0.5, 0.6)), "with sum 1.1"),
    (lambda: bk.FiniteContexts([[0.5]] * 2, odds=(1.5, -0.5)), "context 0 has 1.5"),
    (lambda: bk.FiniteContexts([[0.5]] * 2, odds=0.5), "odds must be a list of numbers"),
    (lambda: bk.PolicyClass(LINES, [[0, 0]]), "PolicyClass needs FiniteContexts; got Lipschitz"),
    (lambda: bk.PolicyClass(EVEN, [[0, 1], [0, 2]]), "policy 1, context 1 has 2"),
    (lambda: bk.PolicyClass(EVEN, [[0, -1]]), "policy 0, context 1 has -1"),
    (lambda: bk.PolicyClass(EVEN, [[0, 1], [0, 0.5]]), "policy 1 in context 1"),
    (lambda: bk.PolicyClass(EVEN, [[0, 1, 0]]), "an arm for each of 2 contexts; got 3"),
    (lambda: bk.PolicyClass(EVEN, []), "policies is empty; a class needs at least one policy"),
    (lambda: bk.PolicyClass(EVEN, [[]]), "policies is empty"),
    (lambda: bk.PolicyClass(EVEN, 3), "a row for each policy"),
    (lambda: bk.PolicyClass(EVEN, [[0], [0, 1]]), "a row for each policy"),
    (lambda: bk.LipschitzContexts([[0.0, 1.0], [0.0, -1.0]]), "arm 1, context 1 has -1"),
    (lambda: bk.LipschitzContexts([[0.0], [1.0]]), "two contexts or more"),
    (lambda: bk.LipschitzContexts([[0.0, 1.0], [0.0]]), "values must be a table of numbers"),
    (lambda: bk.LipschitzSquare([[0.0, 1.0]]), "two rows and two columns or more"),
    (lambda: bk.LipschitzSquare([[0.0], [1.0]]), "two rows and two columns or more"),
    (lambda: bk.LipschitzSquare([[0.0, 1.0], [2.0, 0.0]]), "arm 1, context 0 has 2"),
    (lambda: bk.LinearContexts([[1.0, 2.0], [1.0]]), "theta must"),
    (lambda: bk.LinearContexts([[1.0, math.inf]]), "arm 0, feature 1 has inf"),
    (lambda: bk.LinearContexts([1.0, math.nan], K=2), "feature 1 has nan"),
    (lambda: bk.LinearContexts([], K=2), "theta is empty; give one number per feature"),
    (lambda: bk.LinearContexts(3.0, K=2), "theta must be a list of numbers"),
    (lambda: bk.LinearContexts("abc", K=2), "theta must be a list of numbers"),
    (lambda: bk.LinearContexts([[[1.0]]], K=1), "an array of shape (1, 1, 1)"),
    (lambda: bk.LinearContexts([1.0]), "give K"),
    (lambda: bk.LinearContexts([1.0], K=2.5), "K must be a whole number, 1 or more; got 2.5"),
    (lambda: bk.LinearContexts([[1.0], [2.0]], K=3), "rows for 2 arms; K says 3"),
    (lambda: bk.LinearContexts([1.0], K=2, noise=-0.1), "noise must be 0 or more; got -0.1"),
    (lambda: bk.LogisticContexts([1.0, -math.inf], K=2), "feature 1 has -inf"),
    (lambda: bk.LogisticContexts([[1.0], ["a"]]), "theta must be a table of numbers"),
    (lambda: bk.LogisticContexts([1.0], K=0), "give K"),
    (lambda: bk.LogisticContexts([1.0], K=-1), "K must be a whole number, 1 or more; got -1"),
    (lambda: bk.PerContext(UCB1), "PerContext needs a learner"),
    (lambda: bk.ContextMesh(None), "ContextMesh needs a learner"),
    (lambda: bk.ContextMesh(step=0.0), "step must lie in [1e-06, 1]; got 0.0"),
    (lambda: bk.ContextMesh(step=1.5), "step must lie in [1e-06, 1]; got 1.5"),
    (lambda: bk.ContextMesh(arms=1), "arms must be a whole number, 2 or more; got 1"),
    (lambda: bk.ContextMesh(arms=2.5), "arms must be a whole number, 2 or more; got 2.5"),
    (lambda: bk.LinUCB(alpha=-0.1), "alpha must be 0 or more; got -0.1"),
    (lambda: bk.LinUCB(alpha="wide"), "alpha must be a number"),
    (lambda: bk.LinUCB(ridge=0), "ridge must be 1e-09 or more"),
    (lambda: bk.LinUCB(delta=0), "delta must lie in [1e-300, 1]"),
    (lambda: bk.LinUCB(delta=1.5), "delta must lie in [1e-300, 1]; got 1.5"),
    (lambda: bk.LinUCB(noise=-1), "noise must be 0 or more"),
    (lambda: bk.LinUCB(norm=math.inf), "norm must be finite; got inf"),
    (lambda: bk.LinThompson(scale=-1), "scale must be 0 or more"),
    (lambda: bk.LinThompson(ridge=-1), "ridge must be 1e-09 or more"),
    (lambda: bk.LogisticThompson(scale=math.nan), "scale must"),
    (lambda: bk.LogisticThompson(ridge=0.0), "ridge must be 1e-09 or more"),
]
UCB1 = bk.UCB1  # the class, where an instance is wanted


@pytest.mark.parametrize(
    ("call", "words"), BAD, ids=[f"{i}-{bad[1][:40]}" for i, bad in enumerate(BAD)]
)
def test_what_makes_no_sense_is_named(call, words):
    message = message_of(call, words)
    assert not re.search(r"\bNone\b", message) or "got None" in message
