"""Exact expectations of small games, and costs that fool who draws nothing."""

import math

import numpy as np
import pytest
from naive import adversarial as naive

import banditkit as bk

T = 12
LOSSES = np.random.default_rng(4).integers(0, 5, size=(T, 2)) / 4
ADVICE = np.random.default_rng(5).integers(0, 2, size=(T, 3))

# learner, oracle, told rewards?
PAIRS = [
    (bk.Exp3(), lambda: naive.Exp3(2, T), False),
    (bk.Exp3(rate=0.3, mixing=0.1), lambda: naive.Exp3(2, T, rate=0.3, mixing=0.1), False),
    (bk.Exp3IX(), lambda: naive.Exp3IX(2, T), False),
    (bk.TsallisINF(), lambda: naive.TsallisINF(2, T), False),
    (bk.Exp3Rewards(), lambda: naive.Exp3Rewards(2, T), True),
]


@pytest.mark.parametrize(
    ("learner", "oracle", "rewards"), PAIRS, ids=[repr(learner) for learner, *_ in PAIRS]
)
def test_expected_regret_is_the_enumerators_and_the_simulated_mean(learner, oracle, rewards):
    exact = naive.expected_regret(oracle, LOSSES.tolist(), rewards=rewards)
    table = bk.LossTable(LOSSES)
    curve = bk.expected_regret(table, learner, horizon=T)
    assert curve[-1] == pytest.approx(exact, abs=1e-9)
    result = bk.simulate(
        table, [learner], horizon=T, replications=20_000, seed=0, times=range(1, T + 1)
    )
    assert (np.abs(result.mean()[0] - curve) <= 4 * result.stderr()[0] + 1e-12).all()


def test_expected_regret_of_exp4_is_the_enumerators_and_the_simulated_mean():
    experts = bk.ExpertAdvice(LOSSES, ADVICE)
    losses, advice = LOSSES.tolist(), ADVICE.tolist()
    games = naive.games(lambda: naive.Exp4(3, 2, T), losses, advice=advice)
    exact = math.fsum(
        chance * float(naive.expert_regret(losses, advice, arms)[-1]) for arms, chance in games
    )
    curve = bk.expected_regret(experts, bk.Exp4(), horizon=T)
    assert curve[-1] == pytest.approx(exact, abs=1e-9)
    result = bk.simulate(experts, [bk.Exp4()], horizon=T, replications=20_000, seed=0, times=[T])
    assert abs(result.mean()[0, 0] - curve[-1]) <= 4 * result.stderr()[0, 0]


def test_with_full_feedback_it_is_the_regret_of_the_distributions():
    table = bk.LossTable(LOSSES, feedback="full")
    scored = bk.ExpectedRegret(table)
    sure = bk.simulate(scored, [bk.Hedge()], horizon=8, seed=0, times=range(1, 9)).mean()[0]
    assert bk.expected_regret(table, bk.Hedge(), horizon=8) == pytest.approx(sure, abs=1e-12)
    assert bk.expected_regret(scored, bk.Hedge(), horizon=8) == pytest.approx(sure, abs=1e-12)


def test_who_draws_nothing_has_a_single_game():
    table = bk.LossTable(np.random.default_rng(0).random((200, 3)))
    exact = bk.expected_regret(table, bk.UCB1(), horizon=200)
    played = bk.simulate(table, [bk.UCB1()], horizon=200, seed=0, times=range(1, 201))
    assert exact == pytest.approx(played.mean()[0], abs=1e-9)


def test_an_adaptive_adversary_can_be_enumerated():
    curve = bk.expected_regret(bk.AdaptiveAdversary(2), bk.Exp3(), horizon=10)
    result = bk.simulate(
        bk.AdaptiveAdversary(2), [bk.Exp3()], horizon=10, replications=20_000, seed=0, times=[10]
    )
    assert abs(result.mean()[0, 0] - curve[-1]) <= 4 * result.stderr()[0, 0] + 1e-12


@pytest.mark.parametrize(
    ("problem", "learner", "horizon", "words"),
    [
        (bk.LossTable(LOSSES), bk.Thompson(), 5, "drawn from a distribution that is not known"),
        (bk.Bernoulli((0.4, 0.6)), bk.UCB1(), 5, "drawn from a distribution that is not known"),
        (bk.AlternatingCosts(), bk.Exp3(), 40, "too many games"),
        (bk.LossTable(LOSSES), bk.UCB1(), 13, "the losses of 12 rounds"),
        (bk.LossTable(LOSSES), bk.Hedge(), 5, "learns from full feedback"),
        (bk.LossTable(LOSSES), bk.UCB1(), 0, "horizon must be a whole number"),
    ],
)
def test_what_can_not_be_enumerated_is_an_error(problem, learner, horizon, words):
    with pytest.raises(ValueError, match=words):
        bk.expected_regret(problem, learner, horizon=horizon)


DETERMINISTIC = [
    *(bk.UCB1(), bk.UCB1(exploration=0.1, anytime=False), bk.Greedy(), bk.ExploreFirst()),
    *(bk.SuccessiveElimination(), bk.MOSS(), bk.UCBV(), bk.KLUCB(), bk.IMED()),
    *(bk.Doubling(bk.UCB1(anytime=False)), bk.Restarting(bk.UCB1(), every=30)),
    *(bk.Batched(bk.UCB1(), size=3), bk.FollowTheLeader()),
]


@pytest.mark.parametrize("K", [1, 2, 5])
@pytest.mark.parametrize("learner", DETERMINISTIC, ids=repr)
def test_every_learner_without_dice_is_fooled_as_theorem_5_11_says(learner, K):
    horizon = 103
    costs = bk.fooling_costs(learner, K=K, horizon=horizon, feedback=learner.accepts)
    assert costs.shape == (horizon, K)
    assert (costs.sum(axis=1) == 1).all()
    table = bk.LossTable(costs, feedback=learner.accepts)
    game = bk.watch(table, learner, horizon=horizon)
    paid = costs[np.arange(horizon), game.arms]
    assert paid.sum() == horizon
    assert costs.sum(axis=0).min() <= horizon / K
    regret = game.gaps.cumsum()
    times = np.arange(1, horizon + 1)
    # exact: the bound of the theorem, at every time
    assert (regret >= bk.bounds.fooled(bk.AdaptiveAdversary(K), times) - 1e-12).all()


def test_the_same_costs_do_not_fool_hedge():
    costs = bk.fooling_costs(bk.FollowTheLeader(), K=4, horizon=500, feedback="full")
    tape = bk.ExpectedRegret(bk.LossTable(costs, feedback="full"))
    result = bk.simulate(tape, [bk.Hedge()], horizon=500, replications=1, seed=0)
    assert result.regret[0, 0, -1] < 2 * math.sqrt(500 * math.log(4))


@pytest.mark.parametrize("learner", [bk.Exp3(), bk.Thompson(), bk.EpsilonGreedy(0.1), bk.Uniform()])
def test_who_draws_can_not_be_fooled_beforehand(learner):
    with pytest.raises(ValueError, match="draws at random"):
        bk.fooling_costs(learner, K=3, horizon=50)


def test_a_watched_game_is_the_simulated_one():
    for problem, learner in [
        (bk.IIDCosts((0.3, 0.6, 0.6)), bk.Exp3()),
        (bk.SwitchingCosts([[0.2, 0.8], [0.8, 0.2]], feedback="full"), bk.Hedge()),
        (bk.Bernoulli((0.4, 0.6)), bk.Thompson()),
        (bk.AdaptiveAdversary(3), bk.TsallisINF()),
    ]:
        times = range(1, 101)
        result = bk.simulate(problem, [learner], horizon=100, replications=3, seed=7, times=times)
        game = bk.watch(problem, learner, horizon=100, seed=7, replication=2)
        assert np.array_equal(np.cumsum(game.gaps), result.regret[0, 2])
        if isinstance(learner, bk.Thompson):
            assert game.distributions is None
        else:
            assert game.distributions.sum(axis=1) == pytest.approx(np.ones(100), abs=1e-12)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"horizon": 0}, "horizon"), ({"horizon": 5, "seed": -1}, "seed"),
     ({"horizon": 5, "replication": 0.5}, "replication")],
)  # fmt: skip
def test_watching_checks_its_numbers(options, words):
    with pytest.raises(ValueError, match=f"{words} must be a whole number"):
        bk.watch(bk.Bernoulli((0.4, 0.6)), bk.UCB1(), **options)
