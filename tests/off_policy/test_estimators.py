"""The estimators: exact by enumeration, equal to their definitions, and honest about weak logs."""

import itertools
import math
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import off_policy as naive

import banditkit as bk
from banditkit import off_policy as op

ALL = [op.ips, op.clipped_ips, op.snips, op.direct_method, op.doubly_robust, op.switch]
WITH_MODEL = [op.direct_method, op.doubly_robust, op.switch]
WITHOUT_MODEL = [op.ips, op.clipped_ips, op.snips]
by_name = pytest.mark.parametrize("estimator", ALL, ids=lambda each: each.__name__)


@pytest.fixture(autouse=True)
def tiny_logs(request):
    """Warnings of weak overlap are for the tests that are about them."""
    with warnings.catch_warnings():
        if "warns" not in request.node.name:
            warnings.simplefilter("ignore", op.WeakOverlap)
        yield


def log_of(rng, N=200, K=4, d=0, low=0.0):
    """Return a log with random propensities, and those of all actions."""
    p = rng.dirichlet(np.ones(K), N) * 0.9 + 0.1 / K
    actions = (p.cumsum(axis=1) > rng.random((N, 1))).argmax(axis=1)
    rewards = low + rng.random(N)
    contexts = rng.standard_normal((N, d)) if d else None
    return bk.LoggedData(actions, rewards, p[np.arange(N), actions], K, contexts)


def rows_of(log):
    columns = (log.actions.tolist(), log.rewards.tolist(), log.propensities.tolist())
    return list(zip(*columns, strict=True))


# Truths: enumeration of every log that may come about.


def every_log(p, chance):
    """Yield each log of N rows of coins with its probability: p (N, K) draws, chance (N, K) pays."""
    N, K = p.shape
    for actions in itertools.product(range(K), repeat=N):
        for rewards in itertools.product((0, 1), repeat=N):
            at = range(N), actions
            paid = np.where(rewards, chance[at], 1.0 - chance[at])
            yield p[at].prod() * paid.prod(), bk.LoggedData(actions, rewards, p[at], K)


@pytest.mark.parametrize(("N", "K"), [(2, 2), (2, 3), (3, 2), (3, 3)])
def test_ips_and_doubly_robust_are_unbiased(N, K):
    rng = np.random.default_rng(N * K)
    p, pi = rng.dirichlet(np.ones(K), (2, N))
    chance, q = rng.random((2, N, K))
    truth = (pi * chance).sum(axis=1).mean()
    probability = expected = corrected = 0.0
    for likelihood, log in every_log(p, chance):
        probability += likelihood
        expected += likelihood * op.ips(log, pi).value
        corrected += likelihood * op.doubly_robust(log, pi, q).value
    assert probability == pytest.approx(1.0, abs=1e-12)
    assert expected == pytest.approx(truth, abs=1e-12)
    assert corrected == pytest.approx(truth, abs=1e-12)


def test_the_variance_of_ips_is_that_of_its_formula_and_within_exercise_8_3():
    """One row: E[w^2 r^2] - value^2, where E[w^2] <= sum_a pi(a)^2 / p(a) <= 1 / p_0."""
    rng = np.random.default_rng(5)
    p, pi = rng.dirichlet(np.ones(3), (2, 1))
    chance = rng.random((1, 3))
    values = [(likelihood, op.ips(log, pi).value) for likelihood, log in every_log(p, chance)]
    mean = sum(each * value for each, value in values)
    variance = sum(each * value**2 for each, value in values) - mean**2
    assert variance == pytest.approx(float((pi**2 / p * chance).sum() - mean**2), abs=1e-12)
    assert variance <= (1.0 / p).sum()  # V of Exercise 8.3
    assert variance <= 1.0 / p.min()


def test_actions_that_are_left_out_bias_ips_by_what_they_earn():
    p, pi = np.array([[0.5, 0.5, 0.0]]), np.array([[0.2, 0.3, 0.5]])
    chance = np.array([[0.4, 0.9, 0.8]])
    logs = [each for each in every_log(np.where(p, p, 1e-300), chance) if each[0] > 1e-200]
    expected = sum(likelihood * op.ips(log, pi).value for likelihood, log in logs)
    assert expected == pytest.approx(0.2 * 0.4 + 0.3 * 0.9, abs=1e-12)


def test_values_by_hand():
    log = bk.LoggedData([0, 1, 1], [1.0, 0.5, 0.0], [0.25, 0.5, 1.0], 2)
    pi = [[0.5, 0.5], [0.0, 1.0], [0.25, 0.75]]
    q = [[0.5, 0.25], [1.0, 0.25], [0.0, 1.0]]
    # weights 2, 2, 0.75; weighted rewards 2, 1, 0; expected 0.375, 0.25, 0.75; errors .5, .25, -1
    close = {"rel": 0, "abs": 1e-12}
    assert op.ips(log, pi).value == pytest.approx(1.0, **close)
    assert op.clipped_ips(log, pi, cap=1.5).value == pytest.approx(0.75, **close)
    assert op.snips(log, pi).value == pytest.approx(3 / 4.75, **close)
    assert op.direct_method(log, pi, q).value == pytest.approx(1.375 / 3, **close)
    assert op.doubly_robust(log, pi, q).value == pytest.approx(2.125 / 3, **close)
    assert op.switch(log, pi, q, threshold=1.0).value == pytest.approx(0.625 / 3, **close)
    assert op.ips(log, pi).effective_sample_size == pytest.approx(4.75**2 / 8.5625, **close)
    assert op.ips(log, pi).stderr == pytest.approx(1.0 / math.sqrt(3), **close)
    terms = np.array([2, 1, 0]) - 3 / 4.75 * np.array([2, 2, 0.75])
    spread = math.sqrt((terms**2).sum() / 2 / 3) / (4.75 / 3)  # of the linearised ratio
    assert op.snips(log, pi).stderr == pytest.approx(spread, **close)


# Identities.


@pytest.mark.parametrize("low", [0.0, -0.5])
@pytest.mark.parametrize("seed", range(5))
def test_all_equal_their_definitions(seed, low):
    rng = np.random.default_rng(seed)
    log = log_of(rng, low=low)
    pi, q = rng.dirichlet(np.ones(4), log.N), rng.random((log.N, 4))
    rows = rows_of(log)
    values = {
        op.ips(log, pi).value: naive.ips(rows, pi),
        op.clipped_ips(log, pi, cap=2.0).value: naive.clipped(rows, pi, 2.0),
        op.clipped_ips(log, pi).value: naive.clipped(rows, pi, math.sqrt(log.N)),
        op.snips(log, pi).value: naive.snips(rows, pi),
        op.direct_method(log, pi, q).value: naive.direct(rows, pi, q),
        op.doubly_robust(log, pi, q).value: naive.doubly_robust(rows, pi, q),
        op.switch(log, pi, q, threshold=1.5).value: naive.switch(rows, pi, q, 1.5),
        op.ips(log, pi).effective_sample_size: naive.effective(naive.weights(rows, pi)),
    }
    for value, expected in values.items():
        assert value == pytest.approx(expected, rel=0, abs=1e-12 * max(1.0, abs(expected)))


def test_with_a_perfect_model_doubly_robust_has_the_value_of_the_direct_method():
    rng = np.random.default_rng(0)
    log, q = log_of(rng), rng.random((200, 4))
    perfect = bk.LoggedData(log.actions, q[np.arange(200), log.actions], log.propensities, 4)
    pi = rng.dirichlet(np.ones(4), 200)
    exact = op.direct_method(perfect, pi, q)
    assert op.doubly_robust(perfect, pi, q).value == exact.value
    assert op.doubly_robust(perfect, pi, q).stderr == exact.stderr


def test_with_a_model_of_nothing_doubly_robust_is_ips():
    rng = np.random.default_rng(1)
    log, pi = log_of(rng), rng.dirichlet(np.ones(4))
    assert op.doubly_robust(log, pi, np.zeros(4)).value == op.ips(log, pi).value
    assert op.doubly_robust(log, pi, np.zeros(4)).bounds == op.ips(log, pi).bounds


def test_switch_is_the_direct_method_at_0_and_doubly_robust_at_infinity():
    rng = np.random.default_rng(2)
    log, pi, q = log_of(rng), rng.dirichlet(np.ones(4), 200), rng.random((200, 4))
    assert op.switch(log, pi, q, threshold=0).value == op.direct_method(log, pi, q).value
    assert op.switch(log, pi, q, threshold=0).effective_sample_size == 0.0
    assert op.switch(log, pi, q, threshold=math.inf).value == op.doubly_robust(log, pi, q).value


def test_the_own_policy_has_the_mean_reward():
    rng = np.random.default_rng(3)
    p = np.array([0.1, 0.3, 0.6])
    actions = rng.choice(3, 500, p=p)
    log = bk.LoggedData(actions, rng.random(500), p[actions], 3)
    for estimator in WITHOUT_MODEL:
        estimate = estimator(log, p)
        assert estimate.value == pytest.approx(log.rewards.mean(), abs=1e-14)
        assert estimate.effective_sample_size == pytest.approx(500)


@given(st.integers(0, 10**6), st.floats(0.01, 20.0), st.floats(-3, 3))
@settings(max_examples=60, deadline=None)
def test_clipping_only_lowers_and_snips_stays_in_the_range_of_rewards(seed, cap, low):
    rng = np.random.default_rng(seed)
    log, pi = log_of(rng, N=20, low=low), rng.dirichlet(np.full(4, 0.3), 20)
    if low >= 0.0:
        assert op.clipped_ips(log, pi, cap=cap).value <= op.ips(log, pi).value + 1e-15
    value = op.snips(log, pi).value
    assert math.isnan(value) or log.rewards.min() - 1e-9 <= value <= log.rewards.max() + 1e-9
    for estimate in (op.ips(log, pi), op.clipped_ips(log, pi, cap=cap)):
        low_end, high_end = estimate.bounds
        assert (estimate.numerators >= low_end - 1e-9).all()
        assert (estimate.numerators <= high_end + 1e-9).all()
    for estimator in WITH_MODEL:
        estimate = estimator(log, pi, rng.standard_normal((20, 4)))
        assert (estimate.numerators >= estimate.bounds[0] - 1e-9).all()
        assert (estimate.numerators <= estimate.bounds[1] + 1e-9).all()


def test_snips_moves_along_with_the_rewards():
    rng = np.random.default_rng(4)
    log, pi = log_of(rng), rng.dirichlet(np.ones(4), 200)
    lifted = bk.LoggedData(log.actions, log.rewards + 5.0, log.propensities, 4)
    assert op.snips(lifted, pi).value == pytest.approx(op.snips(log, pi).value + 5.0, abs=1e-12)
    assert op.snips(lifted, pi).stderr == pytest.approx(op.snips(log, pi).stderr, abs=1e-12)


# The forms of a policy and of a model.


@by_name
def test_a_policy_is_the_same_in_every_form(estimator):
    rng = np.random.default_rng(6)
    log, q = log_of(rng, d=2), rng.random((200, 4))
    fixed, actions = rng.dirichlet(np.ones(4)), rng.integers(0, 4, 200)
    by_row = np.tile(fixed, (200, 1))
    one_hot = np.eye(4)[actions]
    for same in (
        [by_row, fixed, fixed.tolist(), lambda x: by_row, lambda x: fixed],
        [one_hot, actions, actions.tolist(), one_hot.astype(int), lambda x: actions],
    ):
        values = [estimator(log, policy, q).value for policy in same]
        assert values == pytest.approx([values[0]] * len(values), rel=1e-12)


@by_name
def test_a_policy_with_positions_is_the_one_of_the_place_shown(estimator):
    rng = np.random.default_rng(7)
    log = log_of(rng)
    positions = rng.integers(1, 4, 200)
    placed = bk.LoggedData(log.actions, log.rewards, log.propensities, 4, positions=positions)
    table = dict(enumerate(rng.dirichlet(np.ones(4), 3), start=1))
    by_row = np.array([table[place] for place in positions.tolist()])
    q = rng.random((200, 4))
    expected = estimator(log, by_row, q).value
    assert estimator(placed, table, q).value == pytest.approx(expected, rel=1e-12)
    assert estimator(placed, by_row, q).value == pytest.approx(expected, rel=1e-12)


def test_a_function_is_called_with_the_contexts():
    log = log_of(np.random.default_rng(8), d=3)
    seen = []
    op.ips(log, lambda x: seen.append(x) or np.full(4, 0.25))
    assert seen[0] is log.contexts


class Regressor:
    def __init__(self, q):
        self.q = q

    def predict(self, contexts):
        return self.q(contexts)


@pytest.mark.parametrize("estimator", WITH_MODEL, ids=lambda each: each.__name__)
def test_a_model_is_the_same_in_every_form(estimator):
    rng = np.random.default_rng(9)
    log, pi = log_of(rng, d=2), rng.dirichlet(np.ones(4), 200)
    slopes, means = rng.random((2, 4)), rng.random(4)
    table = log.contexts @ slopes
    assert (
        estimator(log, pi, Regressor(lambda x: x @ slopes)).value == estimator(log, pi, table).value
    )
    by_row = estimator(log, pi, np.tile(means, (200, 1))).value
    assert estimator(log, pi, means).value == pytest.approx(by_row, rel=1e-12)
    default = estimator(log, pi).value
    assert default == estimator(log, pi, op.cross_fit(log)).value
    assert default == pytest.approx(estimator(log, pi, op.fit_rewards(log)).value, abs=0.1)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (np.full((3, 3), 1 / 3), r"a policy has .* shape \(4, 3\), .* got shape \(3, 3\)"),
        ([0.5, 0.5], r"a policy has .* got shape \(2,\) of float"),
        ([0.5, 0.5, 0.5], r"the policy: probabilities .* sum to 1; got .* sum 1.5"),
        ([1.5, -0.5, 0.0], "the policy: probabilities of the actions must be 0 or more"),
        ([[0, 1, 0]] * 3 + [[0.5, 0.5, 0.1]], r"row 3: probabilities .* \[0.5, 0.5, 0.1\]"),
        ([[0, 1, 0]] * 3 + [[0.5, np.nan, 0.5]], "row 3: probabilities of the actions must be"),
        ([0, 1, 3, 0], "row 2: an action is a whole number from 0 to 2; the policy has 3"),
        ([0, -1, 1, 0], "row 1: an action is a whole number from 0 to 2; the policy has -1"),
        ("best", "a policy must be an array of numbers; got 'best'"),
        ([[0.5, 0.5], [1.0]], "a policy must be an array of numbers"),
        (lambda x: [0, 1, 2, 0], "called with the contexts, and the log has none"),
        ({1: [1, 0, 0]}, "needs a log with positions; this log has none"),
    ],
)
@by_name
def test_a_policy_that_does_not_fit_is_named(estimator, policy, message):
    log = bk.LoggedData([0, 1, 2, 0], [1, 0, 1, 1], [0.5] * 4, 3)
    with pytest.raises(ValueError, match=message):
        estimator(log, policy, np.zeros(3))


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({1: [0.5, 0.5]}, "the policy has no distribution for position 2"),
        (
            {1: [0.5, 0.5], 2: [1.0]},
            "the policy at position 2 must have a probability for each of t",
        ),
        (
            {1: [0.5, 0.5], 2: [1.0, 1.0]},
            "position 2: probabilities of the actions must be 0 or mo",
        ),
    ],
)
def test_a_policy_that_does_not_fit_the_positions_is_named(policy, message):
    log = bk.LoggedData([0, 1], [1, 0], [0.5, 0.5], 2, positions=[1, 2])
    with pytest.raises(ValueError, match=message):
        op.ips(log, policy)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (np.zeros((4, 2)), r"a model predicts .* shape \(4, 3\), .* got shape \(4, 2\)"),
        (Regressor(lambda x: np.zeros(4)), r"got shape \(4,\) - a regressor's predict\(contexts\)"),
        ("linear", "a model must be an array of numbers; got 'linear'"),
        (np.full((4, 3), np.nan), "the model's rewards must be finite; in row 0 they are not"),
        ([0, 0, np.inf], "the model's rewards must be finite; in row 2 they are not"),
    ],
)
@pytest.mark.parametrize("estimator", WITH_MODEL, ids=lambda each: each.__name__)
def test_a_model_that_does_not_fit_is_named(estimator, model, message):
    log = bk.LoggedData([0, 1, 2, 0], [1, 0, 1, 1], [0.5] * 4, 3)
    with pytest.raises(ValueError, match=message):
        estimator(log, [1, 1, 2, 1], model)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda log: op.clipped_ips(log, [0.5, 0.5], cap=0), "cap must be above 0; got 0"),
        (lambda log: op.clipped_ips(log, [0.5, 0.5], cap=-1), "cap must be 0 or more; got -1"),
        (lambda log: op.switch(log, [0.5, 0.5], threshold=-1), "threshold must be 0 or more"),
        (lambda log: op.switch(log, [0.5, 0.5], threshold="1"), "threshold must be a number"),
        (lambda log: op.fit_rewards(log, ridge=0), "ridge must be above 0"),
        (lambda log: op.cross_fit(log, folds=1), "folds must be a whole number, 2 or more"),
        (lambda log: op.cross_fit(log, folds=5), "5 folds need as many rows; the log has 4"),
    ],
)
def test_numbers_that_make_no_sense_are_named(call, message):
    log = bk.LoggedData([0, 1, 1, 0], [1, 0, 1, 1], [0.5] * 4, 2)
    with pytest.raises(ValueError, match=message):
        call(log)


# Models that are fitted.


def test_the_mean_model_is_that_of_the_definition():
    log = log_of(np.random.default_rng(10), N=50)
    expected = naive.ridge_mean(rows_of(log), 4, 2.5)
    assert op.fit_rewards(log, ridge=2.5).predict() == pytest.approx(expected, abs=1e-12)


def test_the_ridge_model_solves_its_normal_equations():
    log = log_of(np.random.default_rng(11), d=3)
    model, mean = op.fit_rewards(log, ridge=0.7), log.rewards.mean()
    X = np.column_stack([np.ones(log.N), log.contexts])
    for a in range(4):
        own = log.actions == a
        theta = model.coefficients[a] - np.array([mean, 0, 0, 0])
        slope = X[own].T @ (X[own] @ theta - (log.rewards[own] - mean)) + 0.7 * theta
        assert slope == pytest.approx(np.zeros(4), abs=1e-10)
    with pytest.raises(ValueError, match=r"fitted to contexts of 3 numbers; got shape \(5, 2\)"):
        model.predict(np.zeros((5, 2)))
    with pytest.raises(ValueError, match=r"fitted to contexts of 3 numbers; got shape \(0,\)"):
        model.predict()


def test_lines_are_found_where_there_are_lines():
    rng = np.random.default_rng(12)
    log, slopes = log_of(rng, d=2), rng.standard_normal((3, 4))
    X = np.column_stack([np.ones(log.N), log.contexts])
    truth = X @ slopes
    exact = bk.LoggedData(
        log.actions, truth[np.arange(200), log.actions], log.propensities, 4, log.contexts
    )
    assert op.fit_rewards(exact, ridge=1e-10).predict(log.contexts) == pytest.approx(
        truth, abs=1e-6
    )
    assert op.cross_fit(exact, ridge=1e-10) == pytest.approx(truth, abs=1e-6)


def test_cross_fitting_predicts_a_row_by_the_others():
    log = log_of(np.random.default_rng(13), N=6, K=2)
    q = op.cross_fit(log, folds=6)
    for i in range(6):
        rest = [row for j, row in enumerate(rows_of(log)) if j != i]
        assert q[i] == pytest.approx(naive.ridge_mean(rest, 2, 1.0), abs=1e-12)
    assert (op.cross_fit(log, folds=3, seed=1) == op.cross_fit(log, folds=3, seed=1)).all()


# Warnings.


def test_a_policy_beyond_the_log_warns_with_numbers():
    log = bk.LoggedData([0, 1] * 20, [1, 0] * 20, [0.5] * 40, 5)
    words = r"40 % of the policy's choices .* never shows \(action 3, action 2, action 4\)"
    for estimator in ALL:
        with pytest.warns(op.WeakOverlap, match=words):
            estimator(log, [0.3, 0.3, 0.1, 0.25, 0.05], np.zeros(5))
    with pytest.warns(op.WeakOverlap, match=r"50 % .*\(action 4\)"):
        op.ips(log, [0, 4] * 20)
    by_row = np.eye(5)[[0, 4] * 20]
    with pytest.warns(op.WeakOverlap, match=r"50 % .*\(action 4\)"):
        op.ips(log, by_row)
    many = bk.LoggedData([0] * 40, [1] * 40, [0.5] * 40, 9)
    with pytest.warns(
        op.WeakOverlap, match=r"88.9 % .*\(action 1, action 2, action 3, and 5 more\)"
    ):
        op.ips(many, np.full(9, 1 / 9))


def test_a_policy_beyond_what_a_position_shows_warns():
    log = bk.LoggedData([0, 1, 0, 0], [1, 0, 1, 0], [0.5] * 4, 2, positions=[1, 1, 2, 2])
    words = r"25 % of the policy's choices .* \(action 1 at position 2\)"
    for policy in ([0.5, 0.5], [[0.5, 0.5]] * 4, {1: [1, 0], 2: [0.5, 0.5]}, [0, 0, 0, 1]):
        with pytest.warns(op.WeakOverlap, match=words):
            op.ips(log, policy)


def test_few_rows_with_most_of_the_weight_warns_with_numbers():
    p = np.array([0.001] * 2 + [0.999] * 998)
    log = bk.LoggedData([1] * 2 + [0] * 998, [1] * 1000, p, 2)
    words = (
        r"the weights amount to 4.495 of 1,000 rows \(0.45 %\); row 0 alone, with propensity 0.001"
    )
    for estimator in (op.ips, op.snips, op.doubly_robust):
        with pytest.warns(op.WeakOverlap, match=words):
            estimator(log, [0.5, 0.5], np.zeros(2))
    op.clipped_ips(log, [0.5, 0.5], cap=1.0)  # says nothing: errors would show
    op.switch(log, [0.5, 0.5], np.zeros(2), threshold=1.0)
    op.direct_method(log, [0.5, 0.5], np.zeros(2))


def test_one_row_with_much_of_the_weight_warns():
    p = np.array([0.01] + [0.99] * 499)
    log = bk.LoggedData([1] + [0] * 499, [1] * 500, p, 2)
    with pytest.warns(
        op.WeakOverlap, match=r"hangs on one row: .* row 0 alone, .* has 19.5 % of it"
    ):
        op.ips(log, [0.45, 0.55])


def test_no_weight_at_all_warns():
    log = bk.LoggedData([0, 0, 1], [1, 0, 1], [0.5] * 3, 2)
    with pytest.warns(op.WeakOverlap, match="no row has any weight"):
        estimate = op.snips(log, [1, 1, 0])
    assert math.isnan(estimate.value)
    assert math.isnan(estimate.stderr)
    assert estimate.bootstrap() == pytest.approx((math.nan, math.nan), nan_ok=True)
    with pytest.warns(op.WeakOverlap, match="no row has any weight"):
        assert op.ips(log, [1, 1, 0]).value == 0.0


def test_it_warns_where_the_call_is_written():
    log = bk.LoggedData([0], [1], [0.5], 2)
    for call in (
        lambda: op.ips(log, [0.5, 0.5]),
        lambda: op.doubly_robust(log, [0.5, 0.5], np.zeros(2)),
        lambda: op.switch(log, [0.5, 0.5], np.zeros(2)),
        lambda: op.compare_estimates(log, [0.5, 0.5], np.zeros(2)),
    ):
        with pytest.warns(op.WeakOverlap) as caught:
            call()
        assert [each.filename for each in caught] == [__file__]


# Side by side.


def test_the_table_has_the_estimates_that_the_functions_return():
    rng = np.random.default_rng(14)
    log, pi, q = log_of(rng), rng.dirichlet(np.ones(4), 200), rng.random((200, 4))
    table = op.compare_estimates(log, pi, q, truth=0.5, level=0.9, seed=3)
    assert table.index.name == "estimator"
    for estimator, (name, line) in zip(ALL, table.iterrows(), strict=True):
        estimate = estimator(log, pi, q)
        assert name == estimate.name
        assert line["value"] == estimate.value
        assert line["stderr"] == estimate.stderr
        assert (line["low"], line["high"]) == estimate.bootstrap(0.9, seed=3)
        if estimator is op.snips:
            assert math.isnan(line["bernstein_low"])
        else:
            assert (line["bernstein_low"], line["bernstein_high"]) == estimate.bernstein(0.9)
        assert line["effective_sample_size"] == estimate.effective_sample_size
        assert line["error"] == line["value"] - 0.5
    assert "truth" not in op.compare_estimates(log, pi, q)


def test_probabilities_in_single_precision_are_understood():
    log = bk.LoggedData([0, 1, 2], [1, 0, 1], [0.5, 0.25, 0.25], K=3)
    single = np.full(3, 1 / 3, dtype=np.float32)
    assert bk.off_policy.ips(log, single).value == pytest.approx(2.0 / 3.0, abs=1e-6)


@pytest.mark.filterwarnings("ignore::banditkit.off_policy.WeakOverlap")
def test_tiny_propensities_give_numbers_or_an_error_that_names_the_row():
    tiny = bk.LoggedData([0, 1] * 50, [1, 0] * 50, [1e-300, 0.5] * 50, K=2)
    assert bk.off_policy.ips(tiny, [0.5, 0.5]).effective_sample_size == pytest.approx(50.0)
    tiniest = bk.LoggedData([0, 1], [1, 0], [0.5, 5e-324], K=2)
    with pytest.raises(ValueError, match=r"row 1: a propensity of .* is too small to divide by"):
        bk.off_policy.ips(tiniest, [0.5, 0.5])


@pytest.mark.filterwarnings("ignore::banditkit.off_policy.WeakOverlap")
def test_a_log_of_one_row_has_estimates_and_equals_its_copy():
    log = bk.LoggedData([0], [1], [0.5], K=2)
    assert np.isfinite(bk.off_policy.doubly_robust(log, [0.5, 0.5]).value)
    again = pickle.loads(pickle.dumps(log))
    assert again == log
    assert hash(again) == hash(log)
    assert log != bk.LoggedData([0], [0], [0.5], K=2)


def test_numbers_that_are_names_ask_for_labels():
    with pytest.raises(ValueError, match="give them as labels"):
        bk.LoggedData([1_000_345_678], [1], [0.5], K=1_000_345_680)
