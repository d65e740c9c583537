"""Theorems of chapters 5 and 6: closed forms, conditions, and that regret respects them."""

import itertools
import math

import numpy as np
import pytest

import banditkit as bk
from banditkit import bounds
from banditkit.theory.bounds import bounds_of

K, T = 10, 10_000
LOG = math.log(K)
COINS = bk.IIDCosts([0.5] * K)
FULL = bk.IIDCosts([0.5] * K, feedback="full")
EXPERTS = bk.BlockAdvice(K=2, blocks=5)  # 32 experts


@pytest.mark.parametrize(
    ("value", "formula"),
    [
        (bounds.hedge(FULL, T), 2 * math.sqrt(T * LOG)),
        (bounds.hedge(FULL, T, best_cost=0.1), 2 * math.sqrt(0.1 * T * LOG)),
        (bounds.hedge(FULL, T, rate=0.1), LOG / 0.1 + 0.1 * T),
        (bounds.hedge_second_moment(FULL, T, second_moment=4), 2 * math.sqrt(12 * T * LOG)),
        (bounds.gradient_descent(FULL, T), math.sqrt((K - 1) * T)),
        (bounds.optimistic_hedge(FULL, T), math.sqrt(2 * T * LOG)),
        (bounds.adahedge(FULL, T), math.sqrt(T * LOG) + 4 / 3 * LOG + 2),
        (bounds.exp3(COINS, T), 2 * math.sqrt(3) * math.sqrt(T * K * LOG) + 1),
        (bounds.exp4(EXPERTS, T), 2 * math.sqrt(3) * math.sqrt(T * 2 * math.log(32)) + 1),
        (bounds.exp3_rewards(COINS, T), 2 * math.sqrt(math.e - 1) * math.sqrt(T * K * LOG)),
        (
            bounds.exp3_ix(COINS, T, delta=0.01),
            2 * math.sqrt(2 * K * T * LOG)
            + (math.sqrt(K * T / (2 * LOG)) + 1) * math.log(2 / 0.01),
        ),
        (bounds.tsallis_inf(COINS, T), 4 * math.sqrt(K * T) + 1),
        (
            bounds.exp3_s(bk.ShiftingRegret(COINS, 3), T),
            2 * math.sqrt(math.e - 1) * math.sqrt(K * T * (4 * math.log(K * T) + math.e)),
        ),
        (bounds.blum_mansour(bk.SwapRegret(COINS), T), K * math.sqrt(2 * T * LOG)),
        (bounds.fooled(bk.AdaptiveAdversary(7), 100), 100 - 14),
        (bounds.majority_vote(bk.PerfectExpert(1000), 100), 9),
        (bounds.binary_strings(bk.BinaryStrings(6), 4), 2),
        (bounds.foresight_gap(COINS, T), math.sqrt(T * LOG / 2)),
    ],
)
def test_at_the_horizon_a_bound_is_its_closed_form(value, formula):
    assert value == pytest.approx(formula, rel=1e-12)


def test_exp3_p_is_at_most_the_five_of_its_theorem():
    for horizon in (1_000, 10_000, 10**7):
        for delta in (0.5, 0.05, 1e-6):
            theorem = 5.15 * math.sqrt(horizon * K * math.log(K / delta))
            try:
                assert bounds.exp3_p(COINS, horizon, delta=delta) <= theorem
            except ValueError as error:
                assert "more rounds" in str(error)  # noqa: PT017 - where it does not hold


def test_fixed_share_is_hedge_over_sequences():
    tape = bk.ShiftingRegret(FULL, shifts=3)
    alpha = 3 / (T - 1)
    C = 4 * LOG - 3 * math.log(alpha) - (T - 4) * math.log1p(-alpha)
    assert bounds.fixed_share(tape, T) == pytest.approx(math.sqrt(C * T / 2), rel=1e-12)
    tuned = bounds.fixed_share(tape, T, learner=bk.FixedShare(5, share=0.01, rate=0.2))
    C = 4 * LOG - 3 * math.log(0.01) - (T - 4) * math.log(0.99)
    assert tuned == pytest.approx(C / 0.2 + 0.2 * T / 8, rel=1e-12)


@pytest.mark.parametrize("t", [1, 2, 5])
def test_fair_coins_are_what_all_tables_of_coins_give_on_average(t):
    tables = itertools.product((0, 1), repeat=3 * t)
    least = [min(np.reshape(table, (t, 3)).sum(axis=0)) for table in tables]
    problem = bk.IIDCosts([0.5] * 3)
    assert bounds.fair_coins(problem, t) == pytest.approx(t / 2 - np.mean(least), abs=1e-12)


@pytest.mark.parametrize(("arms", "ratio"), [(2, 0.47), (10, 0.71), (100, 0.83)])
def test_fair_coins_against_the_limit_of_exercise_5_2(arms, ratio):
    exact = bounds.fair_coins(bk.IIDCosts([0.5] * arms), 5_000)
    assert exact / math.sqrt(5_000 * math.log(arms) / 2) == pytest.approx(ratio, abs=0.01)


def test_fair_coins_are_what_every_learner_regrets():
    exact = bounds.fair_coins(bk.IIDCosts([0.5] * 3), 400)
    tape = bk.ExpectedRegret(bk.IIDCosts([0.5] * 3))
    for learner in (bk.UCB1(), bk.Exp3(), bk.Uniform()):
        result = bk.simulate(tape, [learner], horizon=400, replications=4000, seed=0, times=[400])
        assert abs(result.mean()[0, 0] - exact) <= 4.5 * result.stderr()[0, 0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bounds.hedge(FULL, 9), "epsilon < 1/2"),  # 4 log(10) = 9.2
        (lambda: bounds.hedge(FULL, 100, best_cost=0.05), "epsilon < 1/2"),
        (lambda: bounds.hedge(FULL, 100, rate=0.6), "rate must lie in"),
        (lambda: bounds.hedge(FULL, 200, horizon=100), "up to the horizon 100"),
        (lambda: bounds.hedge(bk.LossTable([[0, 5]], highest=5), 100), r"costs in \[0, 1\]"),
        (lambda: bounds.hedge(bk.DynamicRegret(FULL), 100), "best fixed arm or expert"),
        (lambda: bounds.hedge_second_moment(bk.LossTable([[-1, 1]], lowest=-1), 9), "0 or more"),
        (lambda: bounds.exp3(bk.AdaptiveAdversary(2), 100), "does not look"),
        (lambda: bounds.exp3(EXPERTS, 100), "best fixed arm"),
        (lambda: bounds.exp4(COINS, 100), "about experts"),
        (lambda: bounds.exp4_crude(EXPERTS, 10), "gamma < 1/2"),
        (lambda: bounds.exp3_p(COINS, 50), "more rounds"),
        (lambda: bounds.exp3_ix(COINS, 50, delta=2), "delta must lie in"),
        (lambda: bounds.tsallis_inf(COINS, 0), "a time is a number of rounds"),
        (lambda: bounds.rexp3(COINS, 100), "about DynamicRegret"),
        (lambda: bounds.rexp3(bk.DynamicRegret(COINS), 100), "variation"),
        (lambda: bounds.blum_mansour(COINS, 100), "about SwapRegret"),
        (lambda: bounds.fair_coins(bk.IIDCosts((0.4, 0.5)), 9), "all means 1/2"),
        (lambda: bounds.fooled(FULL, 100), "about AdaptiveAdversary"),
        (lambda: bounds.majority_vote(EXPERTS, 100), "always right"),
        (lambda: bounds.weighted_majority(COINS, 100), "binary prediction"),
        (lambda: bounds.follow_the_leader(bk.AlternatingCosts(), 9), "about IIDCosts"),
        (lambda: bounds.adahedge(bk.Gaussian((0, 1)), 9), "finite range"),
        (
            lambda: bounds.fixed_share(
                bk.ShiftingRegret(FULL, 1), 100, learner=bk.FixedShare(0, share=0.0)
            ),
            "shifts are not followed",
        ),
    ],
)  # fmt: skip
def test_where_a_theorem_does_not_hold_it_says_so(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_hedge_needs_more_than_four_log_k_rounds():
    assert bounds.hedge(FULL, 10) == pytest.approx(2 * math.sqrt(10 * LOG))


SURE = [bk.Hedge(), bk.Hedge(rate=0.2), bk.FixedShare(0), bk.AdaHedge(), bk.OptimisticHedge()]
SURE += [bk.OnlineGradientDescent(), bk.OnlineGradientDescent(rate=0.3)]
TAPES = [
    bk.AlternatingCosts(feedback="full"),
    bk.IIDCosts((0.2, 0.5, 0.6), feedback="full"),
    bk.SwitchingCosts([[0, 1, 1], [1, 0, 1], [1, 1, 0]], feedback="full"),
]


@pytest.mark.parametrize("learner", SURE, ids=repr)
def test_sure_bounds_hold_in_every_game_at_every_time(learner):
    for tape in TAPES:
        problem = bk.ExpectedRegret(tape)
        (bound,) = bounds_of(learner, problem, 2000)
        result = bk.simulate(problem, [learner], horizon=2000, replications=5, seed=0)
        assert (result.regret[0] <= bound.curve(result.times) + 1e-9).all(), tape


BANDITS = [bk.Exp3(), bk.Exp3Rewards(), bk.Exp3IX(), bk.Exp3P(), bk.TsallisINF()]


@pytest.mark.parametrize("learner", BANDITS, ids=repr)
def test_bandits_stay_below_their_theorems_on_average(learner):
    for tape in (
        bk.AlternatingCosts(),
        bk.SwitchingCosts([[0.5, 1.0], [0.5, 0.0], [0.5, 0.0]]),
        bk.Bernoulli((0.4, 0.6)),
    ):
        (bound,) = bounds_of(learner, tape, 3000)
        result = bk.simulate(tape, [learner], horizon=3000, replications=100, seed=0)
        assert (result.mean()[0] <= bound.curve(result.times) + 4 * result.stderr()[0]).all()


def test_other_regrets_stay_below_their_theorems_on_average():
    switching = bk.SwitchingCosts([[0.2, 0.8], [0.8, 0.2]])
    for problem, learner in (
        (bk.ShiftingRegret(switching, 1), bk.Exp3S(1)),
        (bk.DynamicRegret(bk.DriftingCosts(2, 3.0)), bk.Rexp3(3.0)),
        (bk.BlockAdvice(3, 3), bk.Exp4()),
    ):
        (bound,) = bounds_of(learner, problem, 5000)
        result = bk.simulate(problem, [learner], horizon=5000, replications=50, seed=0)
        assert (result.mean()[0] <= bound.curve(result.times) + 4 * result.stderr()[0]).all()
    swap = bk.SwapRegret(bk.IIDCosts((0.4, 0.5, 0.6)))
    result = bk.simulate(swap, [bk.BlumMansour()], horizon=5000, replications=20, seed=0)
    assert result.mean()[0, -1] < bounds.blum_mansour(swap, 5000)


def test_binary_strings_are_as_hard_as_theorem_5_8_says():
    problem = bk.BinaryStrings(6, feedback="full")
    theorems = {x.theorem: x for x in bounds_of(bk.MajorityVote(), problem, 100)}
    assert theorems["Thm 5.6"].from_above
    assert not theorems["Thm 5.8"].from_above
    result = bk.simulate(problem, [bk.MajorityVote()], horizon=10, replications=4000, seed=0)
    assert abs(result.mean()[0, -1] - 3.0) <= 4 * result.stderr()[0, -1]


def test_only_theorems_that_hold_are_drawn():
    drawn = {
        (repr(learner), repr(problem)): [
            bound.theorem for bound in bounds_of(learner, problem, 1000)
        ]
        for learner in (bk.Exp3(), bk.Hedge(), bk.FollowTheLeader(), bk.UCB1())
        for problem in (COINS, FULL, bk.AdaptiveAdversary(3), bk.DynamicRegret(COINS))
    }
    assert drawn["Exp3()", repr(COINS)] == ["Thm 6.11"]
    assert drawn["Exp3()", "AdaptiveAdversary(3)"] == []
    assert drawn["Exp3()", repr(bk.DynamicRegret(COINS))] == []
    assert drawn["Hedge()", "AdaptiveAdversary(3)"] == ["Thm 5.14"]
    assert drawn["FollowTheLeader()", "AdaptiveAdversary(3)"] == ["Thm 5.11"]
    assert drawn["UCB1()", repr(COINS)] == []
