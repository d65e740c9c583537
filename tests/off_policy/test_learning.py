"""learn_policy: the best by IPS, and near the best of all as Corollary 8.14 says."""

import itertools
import math

import numpy as np
import pytest

import banditkit as bk
from banditkit import off_policy as op


def log_of(N, seed=0, K=3):
    """Uniform actions; in context 0, 1, 2 the action of this number pays more."""
    rng = np.random.default_rng(seed)
    x, actions = rng.integers(0, 3, N), rng.integers(0, K, N)
    rewards = rng.random(N) < np.where(actions == x, 0.7, 0.4)
    return bk.LoggedData(actions, rewards, np.full(N, 1 / K), K, np.eye(3)[x])


# every function of three contexts to three actions
CLASS = list(itertools.product(range(3), repeat=3))


def recommendations(log):
    x = log.contexts.argmax(axis=1)
    return np.array([np.array(policy)[x] for policy in CLASS])


def test_values_are_those_of_ips_and_the_best_is_the_largest():
    log = log_of(600)
    policies = recommendations(log)
    best, values = op.learn_policy(log, policies)
    assert values == pytest.approx([op.ips(log, policy).value for policy in policies], abs=1e-12)
    assert best == values.argmax()


def test_a_class_may_be_given_as_functions_lists_or_an_array():
    log = log_of(300)
    policies = recommendations(log)
    functions = [lambda x, policy=policy: np.array(policy)[x.argmax(axis=1)] for policy in CLASS]
    expected = op.learn_policy(log, policies)
    for same in (functions, policies.tolist(), list(policies), policies.astype(np.int8)):
        found = op.learn_policy(log, same)
        assert found.best == expected.best
        assert (found.values == expected.values).all()


def test_the_best_policy_is_found_and_its_value_is_near():
    """conf = sqrt(2 log(2 M / delta) / (p_0 N)) holds for the whole class at once."""
    N = 3000
    conf = math.sqrt(2 * math.log(2 * 27 / 1e-6) * 3 / N)
    for seed in range(5):
        best, values = op.learn_policy(log_of(N, seed), recommendations(log_of(N, seed)))
        assert CLASS[best] == (0, 1, 2)
        truths = [0.4 + 0.1 * sum(a == x for x, a in enumerate(policy)) for policy in CLASS]
        assert np.abs(values - truths).max() <= conf


def test_of_equal_policies_the_first_wins():
    log = log_of(90)
    assert op.learn_policy(log, np.tile(recommendations(log)[5], (4, 1))).best == 0


def test_rewards_of_nothing_and_less_count():
    log = bk.LoggedData([0, 1, 0, 1], [-1.0, 0.0, -1.0, -4.0], [0.5] * 4, 2)
    best, values = op.learn_policy(log, [[1, 1, 1, 1], [0, 0, 0, 0]])
    assert (best, values.tolist()) == (1, [-2.0, -1.0])


def test_a_large_class_is_judged_in_parts(monkeypatch):
    from banditkit.off_policy import learning

    log = log_of(300)
    expected = op.learn_policy(log, recommendations(log))
    monkeypatch.setattr(learning, "_AT_ONCE", 1000)
    assert (op.learn_policy(log, recommendations(log)).values == expected.values).all()


def test_a_winner_that_the_log_hardly_shows_warns():
    log = bk.LoggedData([0] * 99 + [1], [0] * 99 + [1], [0.99] * 99 + [0.01], 2)
    with pytest.warns(op.WeakOverlap, match=r"1 of 100 rows \(1 %\)"):
        assert op.learn_policy(log, np.array([[0] * 100, [1] * 100])).best == 1


@pytest.mark.parametrize(
    ("policies", "message"),
    [
        ([], "policies is empty; a class needs at least one policy"),
        (np.zeros((0, 6), dtype=int), "policies is empty"),
        (np.array([[0] * 6, [0, 1, 3, 0, 0, 0]]), "policy 1, row 2: an action is .* to 2; got 3"),
        ([[0] * 6, [0, 1, 3, 0, 0, 0]], "policy 1: row 2: an action is a whole number from 0 to 2"),
        ([[0] * 6, [0] * 5], r"policy 1: a policy has .* got shape \(5,\)"),
        ([[0.2, 0.3, 0.5]], "policy 0: each policy must recommend an action for each row"),
        ([lambda x: x], "policy 0: each policy must recommend an action for each row"),
        (5, "policies must be a list or an array of policies; got 5"),
    ],
)
def test_a_class_that_makes_no_sense_is_named(policies, message):
    with pytest.raises(ValueError, match=message):
        op.learn_policy(log_of(6), policies)
