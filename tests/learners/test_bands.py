"""Regret of the learners of chapter 1: numbers that others agree on, and exact expectations.

Seeds are fixed.  A mean is held against an exact number within 4 standard errors.
"""

import math

import numpy as np
import pytest
from naive import learners as naive
from naive.play import expected_regret
from numba import config
from scipy import stats

import banditkit as bk

needs_compiler = pytest.mark.skipif(config.DISABLE_JIT, reason="too long without the compiler")


def final_regret(problem, learner, horizon, replications, seed):
    times = [horizon]
    options = {"horizon": horizon, "replications": replications, "seed": seed, "times": times}
    return bk.simulate(problem, [learner], **options).regret[0, :, 0]


def check_mean(regret, expected):
    error = regret.std(ddof=1) / math.sqrt(regret.size)
    assert regret.mean() == pytest.approx(expected, abs=4.0 * error + 1e-12)


@needs_compiler
@pytest.mark.parametrize(
    ("learner", "low", "high", "replications"),
    [
        (bk.EpsilonGreedy(epsilon=0.1), 444.0, 465.0, 1000),
        (bk.UCB1(), 377.0, 383.0, 2000),
        (bk.KLUCB(), 52.0, 57.0, 500),
        (bk.Thompson(), 35.0, 40.0, 500),
    ],
    ids=repr,
)
def test_regret_lies_in_the_band_of_correct_implementations(learner, low, high, replications):
    # Bands from other libraries and plain C, as compared in the design notes of this project
    problem = bk.Bernoulli((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95))
    regret = final_regret(problem, learner, 10_000, replications, seed=1)
    error = regret.std(ddof=1) / math.sqrt(replications)
    assert error < (high - low) / 6.0
    assert low < regret.mean() < high


@pytest.mark.parametrize("means", [(0.3,), (0.2, 0.9), (0.1, 0.5, 0.5, 0.8)])
def test_uniform_pays_the_average_gap_in_each_round(means):
    problem = bk.Bernoulli(means)
    regret = final_regret(problem, bk.Uniform(), 100, 2000, seed=1)
    check_mean(regret, 100 * problem.gaps.mean())


def test_greedy_is_stuck_where_its_first_reward_puts_it():
    # Against an arm that never pays, the first reward of the other decides: 1, and its average
    # stays above 0 for ever; 0, and the tie goes to arm 0.
    p, T = 0.3, 50
    regret = final_regret(bk.Bernoulli((0.0, p)), bk.Greedy(), T, 4000, seed=2)
    check_mean(regret, p + (1.0 - p) * (T - 2) * p)
    assert set(regret.round(9)) == {round(p, 9), round((T - 1) * p, 9)}
    assert set(final_regret(bk.Bernoulli((p, 0.0)), bk.Greedy(), T, 100, seed=2)) == {p}


@pytest.mark.parametrize(("means", "N"), [((0.4, 0.6), 5), ((0.6, 0.4), 5), ((0.5, 0.55), 30)])
def test_explore_first_is_wrong_as_often_as_two_binomials_say(means, N):
    # R(T) = N gap + (T - 2N) gap [wrong arm]; the tie goes to arm 0
    T, gap = 200, abs(means[1] - means[0])
    first, second = (stats.binom(N, mean).pmf(np.arange(N + 1)) for mean in means)
    takes_second = sum(second[s] * first[:s].sum() for s in range(N + 1))
    wrong = takes_second if means[0] > means[1] else 1.0 - takes_second
    regret = final_regret(bk.Bernoulli(means), bk.ExploreFirst(N=N), T, 4000, seed=3)
    check_mean(regret, N * gap + (T - 2 * N) * gap * wrong)
    times_wrong = (regret > (T / 2) * gap).sum()
    assert abs(times_wrong - 4000 * wrong) < 4 * math.sqrt(4000 * wrong * (1.0 - wrong))


@pytest.mark.parametrize("means", [(0.3, 0.6), (0.8, 0.5)])
@pytest.mark.parametrize(
    ("learner", "oracle"),
    [
        (bk.Greedy(), naive.Greedy(2)),
        (bk.UCB1(), naive.UCB1(2)),
        (bk.UCB1(exploration=0.5, anytime=False), naive.UCB1(2, 12, exploration=0.5)),
        (
            bk.SuccessiveElimination(exploration=0.1),
            naive.SuccessiveElimination(2, 12, exploration=0.1),
        ),
        (bk.ExploreFirst(N=2), naive.ExploreFirst(2, 12, N=2)),
        (bk.KLUCB(), naive.KLUCB(2)),
        (bk.MOSS(), naive.MOSS(2, 12)),
        (bk.UCBV(exploration=0.25), naive.UCBV(2, exploration=0.25)),
        (bk.IMED(), naive.IMED(2)),
        (
            bk.Doubling(bk.UCB1(anytime=False)),
            naive.Doubling(lambda length: naive.UCB1(2, length)),
        ),
    ],
    ids=lambda x: repr(x) if isinstance(x, bk.Learner) else "",
)
def test_mean_regret_is_that_of_all_4096_sequences_of_rewards(learner, oracle, means):
    exact = expected_regret(oracle, means, 12)
    check_mean(final_regret(bk.Bernoulli(means), learner, 12, 4000, seed=4), exact)


def test_the_enumeration_agrees_with_pencil_and_paper():
    # Two rounds, one of each arm; then greedy goes on with arm 1 just if it alone paid.
    p, q = 0.3, 0.6
    wrong = 1.0 - (1.0 - p) * q
    assert expected_regret(naive.Greedy(2), (p, q), 2) == pytest.approx(q - p)
    assert expected_regret(naive.Greedy(2), (p, q), 3) == pytest.approx((q - p) * (1.0 + wrong))
