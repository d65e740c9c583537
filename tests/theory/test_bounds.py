"""Bounds against their written-out forms, and against what learners really do."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from instances import LEARNERS, all_of

import banditkit as bk
from banditkit import bounds
from banditkit.theory.bounds import bounds_of

ARMS = bk.Bernoulli((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95))
GAPS = [0.95 - mean for mean in ARMS.means if mean < 0.95]
K, T = 10, 10_000


def test_ucb1s_two_bounds_are_the_books():
    log = sum(gap + 8 * math.log(T) / gap for gap in GAPS) + 2 / T
    root = K + 4 * math.sqrt(2 * K * T * math.log(T)) + 2 / T
    assert bounds.ucb1_log(ARMS, T) == pytest.approx(log, rel=1e-12)
    assert bounds.ucb1_root(ARMS, T) == pytest.approx(root, rel=1e-12)


def test_successive_eliminations_two_bounds_have_larger_constants():
    log = sum(gap + 32 * math.log(T) / gap for gap in GAPS) + 2 / T
    root = K + 8 * math.sqrt(2 * K * T * math.log(T)) + 2 / T
    assert bounds.successive_elimination_log(ARMS, T) == pytest.approx(log, rel=1e-12)
    assert bounds.successive_elimination_root(ARMS, T) == pytest.approx(root, rel=1e-12)


def test_explore_first_with_a_given_and_with_the_books_choice():
    def written(N):
        return K * N + 2 * T * math.sqrt(2 * math.log(T) / N) + 2 * K / T**3

    N = min(T // K, math.ceil((T / K) ** (2 / 3) * math.log(T) ** (1 / 3)))
    assert bounds.explore_first(ARMS, T, N=50) == pytest.approx(written(50), rel=1e-12)
    assert bounds.explore_first(ARMS, T) == pytest.approx(written(N), rel=1e-12)
    assert bounds.explore_first(ARMS, K * N, horizon=T) == K * N


def test_auers_bound():
    written = 8 * math.log(T) * sum(1 / gap for gap in GAPS) + (1 + math.pi**2 / 3) * sum(GAPS)
    assert bounds.ucb1_auer(ARMS, T) == pytest.approx(written, rel=1e-12)


def test_epsilon_greedys_bound_is_the_sum_of_the_written_costs():
    total, pulls = 0.0, 0.0
    for s in range(1, 3001):
        epsilon = min(1.0, s ** (-1 / 3) * (K * math.log(s)) ** (1 / 3))
        cost = math.inf
        if pulls > 0:
            failing = K * math.exp(-pulls / 8) + 2 * K / s**3
            cost = epsilon + 4 * math.sqrt(math.log(s) / pulls) + failing
        total += min(1.0, cost)
        pulls += epsilon / K
    times = np.array([3000, 10, 3000])
    found = bounds.epsilon_greedy(ARMS, times)
    assert found[[0, 2]] == pytest.approx(total, rel=1e-12)
    assert found[1] == 10.0


def test_epsilon_greedys_bound_grows_like_two_thirds_of_a_power():
    early, late = bounds.epsilon_greedy(bk.Bernoulli((0.4, 0.6)), [10**5, 10**7])
    assert 0.6 < math.log(late / early) / math.log(100) < 0.75


def test_lai_and_robbins_constants():
    def kl(p, q):
        return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))

    coins = sum(gap / kl(0.95 - gap, 0.95) for gap in GAPS)
    assert bounds.lai_robbins_constant(ARMS) == pytest.approx(coins, rel=1e-12)
    normal = bk.Gaussian((0.0, 0.5, 1.0), std=2.0)  # gap / (gap**2 / (2 std**2))
    assert bounds.lai_robbins_constant(normal) == pytest.approx(8 / 1 + 8 / 0.5, rel=1e-12)
    prizes = bk.TwoPoint([-1, -1], [3, 3], [0.2, 0.7])
    assert bounds.lai_robbins_constant(prizes) == pytest.approx(2.0 / kl(0.2, 0.7), rel=1e-12)
    log = bk.EmpiricalArms([[0, 0, 0, 1], [0, 1]])
    assert bounds.lai_robbins_constant(log) == pytest.approx(0.25 / kl(0.25, 0.5), rel=1e-12)
    assert bounds.lai_robbins(ARMS, T) == pytest.approx(coins * math.log(T), rel=1e-12)
    assert bounds.lai_robbins_constant(bk.Bernoulli((0.5, 1.0))) == 0.0  # one failure tells all
    assert bounds.lai_robbins_constant(bk.Bernoulli((0.5, 0.5))) == 0.0


@pytest.mark.parametrize(
    "problem", [bk.Beta([1, 2], [2, 1]), bk.TwoPoint([0, 0], [1, 0.5], [0.2, 0.7])]
)
def test_lai_and_robbins_constant_is_not_made_up_for_other_arms(problem):
    with pytest.raises(ValueError, match="coins and for normal"):
        bounds.lai_robbins_constant(problem)


@pytest.mark.parametrize(
    "problem",
    [bk.Gaussian((0, 0.5)), bk.UniformArms([0, 0], [2, 1]), bk.Gaussian((0, 5), std=0.1)],
)
@pytest.mark.parametrize("bound", [bounds.ucb1_log, bounds.moss, bounds.explore_first])
def test_a_theorem_about_unit_rewards_is_not_applied_to_others(problem, bound):
    with pytest.raises(ValueError, match="interval of length 1"):
        bound(problem, 1000)


def test_a_narrow_normal_distribution_counts_as_bounded():
    assert bounds.ucb1_log(bk.Gaussian((0, 0.5), std=0.5), 1000) > 0


def test_the_horizon_is_not_exceeded_and_times_begin_with_one():
    with pytest.raises(ValueError, match="up to the horizon 10"):
        bounds.ucb1_log(ARMS, [5, 11], horizon=10)
    with pytest.raises(ValueError, match="1 or more"):
        bounds.uniform(ARMS, 0)


@pytest.mark.parametrize("learner", all_of(LEARNERS), ids=repr)
def test_every_theorem_gives_an_array_for_an_array_and_a_number_for_a_number(learner):
    for bound in bounds_of(learner, ARMS, T):
        curve = bound.curve(np.array([[100, T]]))
        assert curve.shape == (1, 2)
        assert isinstance(bound.curve(T), float)
        assert bound.curve(T) == pytest.approx(curve[0, 1], rel=1e-12)


@settings(max_examples=15, deadline=None)
@given(
    means=st.lists(st.floats(0, 1), min_size=1, max_size=6),
    seed=st.integers(0, 2**32),
    horizon=st.integers(20, 3000),
)
def test_no_learner_exceeds_its_theorem(means, seed, horizon):
    """Bounds on the expected regret are so loose that the mean of four runs stays below them."""
    arms = bk.Bernoulli(means)
    players = [
        bk.ExploreFirst(),
        bk.ExploreFirst(N=3),
        bk.EpsilonGreedy(),
        bk.SuccessiveElimination(),
        bk.UCB1(),
        bk.UCB1(anytime=False),
        bk.MOSS(),
    ]
    result = bk.simulate(arms, players, horizon=horizon, replications=4, seed=seed)
    for mean, learner in zip(result.mean(), players, strict=True):
        theorems = bounds_of(learner, arms, horizon)
        assert theorems
        for bound in theorems:
            assert (mean <= bound.curve(result.times) + 1e-9).all(), (learner, bound.theorem)


def test_uniforms_regret_is_exact():
    result = bk.simulate(ARMS, [bk.Uniform()], horizon=1000, replications=400, seed=3)
    error = np.abs(result.mean()[0] - bounds.uniform(ARMS, result.times))
    assert (error <= 4.5 * result.stderr()[0]).all()


def test_lower_bounds_say_that_they_are():
    assert [bound.from_above for bound in bounds_of(bk.KLUCB(), ARMS, T)] == [False]
    assert all(bound.from_above for bound in bounds_of(bk.UCB1(), ARMS, T))


@pytest.mark.parametrize(
    "learner",
    [bk.UCB1(exploration=1), bk.MOSS(exploration=4), bk.EpsilonGreedy(0.1), bk.Greedy()],
)
def test_without_a_theorem_there_is_no_bound(learner):
    assert bounds_of(learner, ARMS, T) == []
