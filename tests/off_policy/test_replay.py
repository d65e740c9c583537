"""replay: the rows that count are those of the paper's box, and the average is unbiased."""

import itertools
import math
from typing import NamedTuple

import numpy as np
import pytest
from naive import off_policy as naive

import banditkit as bk
from banditkit import off_policy as op

MEANS = np.array([0.3, 0.6])


def coins(N, seed=0, means=MEANS):
    rng, K = np.random.default_rng(seed), len(means)
    actions = rng.integers(0, K, N)
    return bk.LoggedData(actions, rng.random(N) < means[actions], np.full(N, 1 / K), K)


@pytest.mark.parametrize("horizon", [None, 40, 1000])
def test_the_rows_that_count_are_those_of_the_box(horizon):
    log = coins(300)
    told = 150 if horizon is None else horizon
    policy = bk.UCB1(exploration=0.5).start(bk.Arms(2), told)
    rounds = itertools.count()
    counted = naive.replay(
        log.actions.tolist(),
        log.rewards.tolist(),
        lambda t: policy.select(t, None, None),
        lambda a, r: policy.update(next(rounds), None, a, r),
        told,
    )
    replayed = op.replay(log, bk.UCB1(exploration=0.5), horizon=horizon)
    assert replayed.rows.tolist() == counted
    assert replayed.matched == len(counted) <= told
    assert replayed.rewards.tolist() == log.rewards[counted].tolist()
    assert replayed.value == log.rewards[counted].mean()


class SameRow(bk.Learner):
    """Plays arm 0 and writes down what it is told."""

    def start(self, spec, horizon):
        class TellTale(NamedTuple):
            told: list
            spec: object
            horizon: int

            def select(self, t, x, rng):
                return 0

            def update(self, t, x, a, y):
                self.told.append((t, x, a, y))

        TOLD.append(TellTale([], spec, horizon))
        return TOLD[-1]


TOLD = []


def test_the_learner_is_told_of_no_row_but_its_own():
    log = bk.LoggedData([1, 0, 1, 0, 0], [9.0, 1.0, 8.0, 2.0, 3.0], [0.5] * 5, 2)
    replayed = op.replay(log, SameRow(), horizon=3)
    assert replayed.rows.tolist() == [1, 3, 4]
    assert TOLD[-1].told == [(0, None, 0, 1.0), (1, None, 0, 2.0), (2, None, 0, 3.0)]
    assert TOLD[-1].spec == bk.Arms(2, 1.0, 9.0)
    assert TOLD[-1].horizon == 3


def test_contexts_are_shown():
    contexts = np.arange(10.0).reshape(5, 2)
    log = bk.LoggedData([1, 0, 1, 0, 0], [0, 1, 0, 1, 0], [0.5] * 5, 2, contexts)
    op.replay(log, SameRow(), horizon=3)
    shown = [x.tolist() for _, x, _, _ in TOLD[-1].told]
    assert shown == [[[2.0, 3.0]], [[6.0, 7.0]], [[8.0, 9.0]]]
    assert TOLD[-1].spec == bk.Features(2, 2, True, 0.0, 1.0)


def test_a_learner_from_features_finds_out_what_contexts_are_for():
    """Two kinds of visitors, each of whom wants another arm; LinUCB may know of them, UCB1 not."""
    rng = np.random.default_rng(1)
    x, actions = rng.integers(0, 2, (2, 4000))
    rewards = rng.random(4000) < np.where(actions == x, 0.8, 0.2)
    log = bk.LoggedData(actions, rewards, np.full(4000, 0.5), 2, np.eye(2)[x])
    assert op.replay(log, bk.LinUCB()).value > 0.75
    assert op.replay(log, bk.UCB1()).value < 0.55


def test_the_average_of_a_learner_is_unbiased():
    """Of UCB1 in 20 rounds, against the same learner on the arms themselves."""
    learner, T = bk.UCB1(exploration=0.5), 20
    earned = [op.replay(coins(90, seed), learner, horizon=T) for seed in range(600)]
    assert all(each.matched == T for each in earned)
    values = np.array([each.value for each in earned])
    regret = bk.simulate(
        bk.Bernoulli(MEANS), [learner], horizon=T, replications=4000, seed=0
    ).mean()
    expected = MEANS.max() - regret[0, -1] / T
    assert abs(values.mean() - expected) < 5 * values.std() / math.sqrt(600)


def test_learners_of_costs_and_learners_that_draw_play_too():
    log = coins(400)
    for learner in (bk.Exp3(), bk.Thompson(), bk.EpsilonGreedy(), bk.ExploreFirst()):
        replayed = op.replay(log, learner, seed=3)
        again = op.replay(log, learner, seed=3)
        assert (replayed.rows == again.rows).all()
        assert 0.2 < replayed.value < 0.8
    drawn = {tuple(op.replay(log, bk.Thompson(), seed=seed).rows) for seed in range(3)}
    assert len(drawn) == 3


def test_a_fixed_action_earns_its_average():
    log = coins(500)
    replayed = op.replay(log, SameRow(), horizon=500)
    own = log.actions == 0
    assert (replayed.value, replayed.matched) == (log.rewards[own].mean(), own.sum())


def test_no_row_may_count():
    log = bk.LoggedData([1, 1], [0, 1], [0.5, 0.5], 2)
    replayed = op.replay(log, SameRow())
    assert replayed.matched == 0
    assert math.isnan(replayed.value)


def test_a_log_that_was_not_uniform_warns():
    log = bk.LoggedData([0, 1, 0], [1, 0, 1], [0.7, 0.3, 0.7], 2)
    with pytest.warns(
        op.NotUniform, match=r"propensities of 1/2; these lie between 0.3 and 0.7"
    ) as w:
        op.replay(log, bk.UCB1())
    assert w[0].filename == __file__


class Beyond(SameRow):
    """Plays an arm that there is not."""

    def start(self, spec, horizon):
        class BeyondPolicy(NamedTuple):
            K: int

            def select(self, t, x, rng):
                return self.K

            def update(self, t, x, a, y):
                pass

        return BeyondPolicy(spec.K)


@pytest.mark.parametrize(
    ("learner", "options", "message"),
    [
        (bk.UCB1, {}, "a learner must be a Learner, as in UCB1"),
        (bk.Hedge(), {}, "Hedge learns from full feedback"),
        (bk.QLearning(), {}, "QLearning learns"),
        (Beyond(), {}, r"in round 1, select returned 2; an arm is a whole number from 0 to 1"),
        (bk.UCB1(), {"horizon": 0}, "horizon must be a whole number, 1 or more"),
        (bk.UCB1(), {"seed": -1}, "seed must be a whole number, 0 or more"),
    ],
)
def test_what_makes_no_sense_is_named(learner, options, message):
    with pytest.raises(ValueError, match=message):
        op.replay(coins(10), learner, **options)


def test_rewards_beyond_the_learners_range_are_refused():
    log = bk.LoggedData([0, 1], [5.0, 0.0], [0.5, 0.5], 2)
    with pytest.raises(ValueError, match=r"needs rewards in \[0, 1\]; those of LogProblem lie in"):
        op.replay(log, bk.Thompson())
