"""Intervals: the theorem's formula, the truth inside as often as stated, errors that shrink."""

import math

import numpy as np
import pytest

import banditkit as bk
from banditkit import off_policy as op

MEANS = np.array([0.2, 0.5, 0.9])
LOGGING = np.array([0.2, 0.5, 0.3])
TARGET = np.array([0.6, 0.3, 0.1])
TRUTH = float(TARGET @ MEANS)


def coins(rng, N, p=LOGGING, means=MEANS):
    actions = rng.choice(len(p), N, p=p)
    return bk.LoggedData(actions, rng.random(N) < means[actions], p[actions], len(p))


def test_bernstein_is_the_formula_of_maurer_and_pontil():
    terms = [0.0, 0.25, 1.0, 0.75, 0.5]
    V, log_term = 0.15625, math.log(4 / 0.1)
    expected = math.sqrt(2 * V * log_term / 5) + 7 * 2 * log_term / (3 * 4)
    assert op.bernstein_margin(terms, 2, level=0.9) == pytest.approx(expected, rel=1e-14)


def test_bernstein_goes_by_the_range_that_is_given_or_shown():
    log = coins(np.random.default_rng(0), 100)
    estimate = op.ips(log, TARGET)
    largest = 0.6 / 0.2
    assert estimate.bounds == (0.0, pytest.approx(largest))
    for bounds, spread in ((None, largest), ((-1.0, 9.0), 10.0)):
        low, high = estimate.bernstein(0.9, bounds)
        margin = op.bernstein_margin(estimate.numerators, spread, level=0.9)
        assert (low, high) == pytest.approx((estimate.value - margin, estimate.value + margin))


def test_a_single_row_tells_of_no_interval():
    estimate = op.ips(bk.LoggedData([0], [1], [0.5], 1), [1.0])
    assert estimate.bernstein() == (-math.inf, math.inf)
    assert math.isnan(estimate.stderr)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda log: op.snips(log, TARGET).bernstein(), "snips is a ratio, not a mean"),
        (lambda log: op.ips(log, TARGET).bernstein(bounds=(0, 2)), r"0 to 3; got \(0, 2\)"),
        (lambda log: op.ips(log, TARGET).bernstein(1.0), "level must lie between 0 and 1, such as"),
        (lambda log: op.ips(log, TARGET).bootstrap(0), "level must lie between 0 and 1, such as"),
        (lambda log: op.ips(log, TARGET).bootstrap(95), "level must lie between 0 and 1"),
        (
            lambda log: op.ips(log, TARGET).bootstrap(resamples=0),
            "resamples must be a whole number",
        ),
        (
            lambda log: op.ips(log, TARGET).bootstrap(seed=-1),
            "seed must be a whole number, 0 or more",
        ),
        (lambda log: op.bernstein_margin([0, 1], -1), "spread must be 0 or more; got -1"),
        (
            lambda log: op.compare_estimates(log, TARGET, truth="1"),
            "truth must be a number; got '1'",
        ),
        (lambda log: op.compare_estimates(log, TARGET, seed=0.5), "seed must be a whole number"),
    ],
)
def test_what_makes_no_sense_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(coins(np.random.default_rng(0), 100))


@pytest.mark.parametrize("estimator", [op.ips, op.snips])
def test_the_bootstrap_is_that_of_resampled_logs(estimator):
    """The same rows drawn anew as a log of their own give the same numbers."""
    log, pi = coins(np.random.default_rng(1), 80), TARGET
    rows = np.random.default_rng(5).integers(0, 80, (200, 80))
    columns = log.actions, log.rewards, log.propensities
    again = [
        estimator(bk.LoggedData(*(column[drawn] for column in columns), 3), pi).value
        for drawn in rows
    ]
    expected = np.quantile(again, [0.1, 0.9])
    assert estimator(log, pi).bootstrap(0.8, resamples=200, seed=5) == pytest.approx(expected)


def test_the_bootstrap_can_be_made_again():
    estimate = op.doubly_robust(coins(np.random.default_rng(2), 3000), TARGET)
    assert estimate.bootstrap(seed=1) == estimate.bootstrap(seed=1) != estimate.bootstrap(seed=2)
    assert estimate.bootstrap(seed=np.random.default_rng(1)) == estimate.bootstrap(seed=1)
    rng = np.random.default_rng(1)
    assert estimate.bootstrap(seed=rng) != estimate.bootstrap(seed=rng)  # it goes on


def test_the_bootstrap_of_a_mean_is_as_wide_as_its_standard_error_says():
    estimate = op.ips(coins(np.random.default_rng(3), 2000), TARGET)
    low, high = estimate.bootstrap(0.95, resamples=4000)
    assert high - low == pytest.approx(2 * 1.96 * estimate.stderr, rel=0.08)


def test_the_truth_lies_inside_as_often_as_stated():
    """400 logs: 95 % of them is 380, five standard deviations are 22."""
    q = MEANS * 0.8  # a wrong model
    inside = dict.fromkeys(("ips", "snips", "doubly robust", "Bernstein"), 0)
    for seed in range(400):
        log = coins(np.random.default_rng(seed), 300)
        for estimate in (
            op.ips(log, TARGET),
            op.snips(log, TARGET),
            op.doubly_robust(log, TARGET, q),
        ):
            low, high = estimate.bootstrap(resamples=300, seed=seed)
            inside[estimate.name] += low <= TRUTH <= high
        low, high = op.ips(log, TARGET).bernstein(bounds=(0.0, 3.0))
        inside["Bernstein"] += low <= TRUTH <= high
    assert inside.pop("Bernstein") >= 380  # it holds for sure, and is wide
    assert all(350 <= count <= 398 for count in inside.values()), inside


def error(N, p0, replications=400):
    """Root of the mean squared error of IPS, for the arm that has propensity p0."""
    rng, p = np.random.default_rng(int(N / p0)), np.array([p0, 1.0 - p0])
    wins = rng.binomial(rng.binomial(N, p0, replications), 0.5)  # rows with a reward
    values = wins / p0 / N
    log = coins(rng, N, p, np.array([0.5, 0.5]))
    assert op.ips(log, [1.0, 0.0]).value == pytest.approx(
        log.rewards[log.actions == 0].sum() / p0 / N
    )
    return math.sqrt(((values - 0.5) ** 2).mean())


@pytest.mark.filterwarnings("ignore::banditkit.off_policy.WeakOverlap")
def test_the_error_falls_as_the_root_of_rows_and_of_the_smallest_propensity():
    """Lemma 8.11: O(1 / sqrt(p_0 N)): slopes of -1/2 in both, on logarithmic axes."""
    rows, propensities = np.array([1000, 4000, 16000, 64000]), np.array([0.005, 0.02, 0.08])
    by_rows = np.polyfit(np.log(rows), np.log([error(N, 0.05) for N in rows]), 1)[0]
    by_p0 = np.polyfit(np.log(propensities), np.log([error(20000, p) for p in propensities]), 1)[0]
    assert by_rows == pytest.approx(-0.5, abs=0.08)
    assert by_p0 == pytest.approx(-0.5, abs=0.08)


@pytest.mark.filterwarnings("ignore::banditkit.off_policy.WeakOverlap")
def test_standard_errors_fall_likewise():
    errors = [
        op.ips(
            coins(np.random.default_rng(0), N, np.array([p, 1 - p]), MEANS[:2]), [1.0, 0.0]
        ).stderr
        for N, p in ((20_000, 0.04), (80_000, 0.04), (80_000, 0.01))
    ]
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.1)
    assert errors[2] / errors[1] == pytest.approx(2.0, rel=0.15)


def test_a_good_model_makes_doubly_robust_vary_less():
    """With a perfect one only the noise is weighed: variance sum pi^2 / p times its own."""
    rng = np.random.default_rng(4)
    actions = rng.choice(3, 5000, p=LOGGING)
    rewards = MEANS[actions] + 0.1 * rng.standard_normal(5000)
    log = bk.LoggedData(actions, rewards, LOGGING[actions], 3)
    plain, better = op.ips(log, TARGET), op.doubly_robust(log, TARGET, MEANS)
    overlap = (TARGET**2 / LOGGING).sum()
    assert better.stderr == pytest.approx(math.sqrt(0.01 * overlap / 5000), rel=0.05)
    squares = (TARGET**2 / LOGGING * (MEANS**2 + 0.01)).sum()
    assert plain.stderr == pytest.approx(math.sqrt((squares - TRUTH**2) / 5000), rel=0.05)
    for estimate in (plain, better):
        assert abs(estimate.value - TRUTH) < 5 * estimate.stderr
