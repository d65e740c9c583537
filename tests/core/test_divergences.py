"""The divergence of two coins and its inverse, against 60 digits of decimal arithmetic."""

import math
from decimal import Decimal, localcontext

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from banditkit.core.divergences import kl_bernoulli, kl_upper
from banditkit.core.jit import jit

# p: sure coins, tiny ones, ordinary ones, and those with little room above.
COINS = [0.0, 1e-300, 1e-17, 1e-9, 1e-3, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999, 1 - 1e-9, 1 - 2**-53, 1.0]
LEVELS = [1e-12, 1e-9, 1e-6, 1e-3, 0.1, 1.0, 5.0, 20.0, 36.0, 37.0, 50.0]


@jit
def compiled_kl(p, q):
    return kl_bernoulli(p, q)


@jit
def compiled_upper(p, level):
    return kl_upper(p, level)


of_versions = pytest.mark.parametrize(
    ("kl", "upper"),
    [(compiled_kl, compiled_upper), (kl_bernoulli, kl_upper)],
    ids=["compiled", "interpreted"],
)


def exact_kl(p, q):
    """Return p ln(p/q) + (1-p) ln((1-p)/(1-q)) as a Decimal; p and q may be Decimals."""
    p, q = Decimal(p), Decimal(q)
    if p == q:
        return Decimal(0)
    if q <= 0 or q >= 1:
        return Decimal("inf")
    heads = p * (p / q).ln() if p > 0 else Decimal(0)
    tails = (1 - p) * ((1 - p) / (1 - q)).ln() if p < 1 else Decimal(0)
    return heads + tails


def check_kl(kl, p, q):
    with localcontext(prec=60):
        expected = exact_kl(p, q)
    assert kl(p, q) >= 0.0
    assert kl(p, q) == pytest.approx(float(expected), rel=1e-12)


def check_upper(upper, p, level):
    """The divergence is the level to 12 digits, or else at the floating-point numbers next to q."""
    q = upper(p, level)
    assert p <= q <= 1.0
    with localcontext(prec=60):
        step, slack = 8 * Decimal(math.ulp(q)), Decimal("1e-12")
        below, above = max(Decimal(p), Decimal(q) - step), Decimal(q) + step
        assert exact_kl(p, below) <= Decimal(level) * (1 + slack)
        assert p == 1.0 or exact_kl(p, above) >= Decimal(level) * (1 - slack)


@of_versions
@pytest.mark.parametrize("p", COINS)
@pytest.mark.parametrize("apart", [1e-12, 1e-9, 1e-6, 1e-3, 0.1, 0.4])
def test_the_divergence_keeps_its_digits_even_of_nearly_equal_coins(kl, upper, p, apart):
    for q in (p + apart, p - apart):
        if 0.0 < q < 1.0:
            check_kl(kl, p, q)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(p=st.floats(0.0, 1.0), q=st.floats(1e-300, 1.0 - 1e-16))
@example(p=0.5, q=0.5 + 1e-9)  # the plain formula gives -2e-18
def test_the_divergence_keeps_its_digits(p, q):
    check_kl(kl_bernoulli, p, q)


@of_versions
def test_the_divergence_at_the_ends(kl, upper):
    for p in COINS:
        assert kl(p, p) == 0.0
    assert kl(0.0, 0.5) == kl(1.0, 0.5) == pytest.approx(math.log(2.0), rel=1e-15)
    for p, q in ((0.5, 0.0), (0.5, 1.0), (0.0, 1.0), (1.0, 0.0)):
        assert kl(p, q) == math.inf


@of_versions
@pytest.mark.parametrize("p", COINS)
def test_the_upper_bound_solves_its_equation(kl, upper, p):
    for level in LEVELS:
        check_upper(upper, p, level)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(p=st.floats(0.0, 1.0), level=st.floats(1e-12, 50.0))
@example(p=1.5537709489985325e-06, level=3.641623771776103e-12)
def test_the_upper_bound_solves_its_equation_for_any_coin(p, level):
    check_upper(kl_upper, p, level)


@of_versions
@pytest.mark.parametrize("p", [0.0, 1e-3, 0.1, 0.3, 0.5, 0.7])
@pytest.mark.parametrize("level", [1e-3, 1e-2, 0.1, 0.5, 1.0])
def test_the_divergence_of_the_upper_bound_is_the_level(kl, upper, p, level):
    # Where a float has room for it: kl(p, q) moves by 1e-13 of itself from one q to the next.
    with localcontext(prec=60):
        assert float(exact_kl(p, upper(p, level))) == pytest.approx(level, rel=1e-12)


@of_versions
def test_the_upper_bound_at_the_ends(kl, upper):
    for p in COINS:
        assert upper(p, 0.0) == p
        assert upper(p, 1e5) == 1.0
    for level in LEVELS:
        assert upper(1.0, level) == 1.0
        assert upper(0.0, level) == pytest.approx(-math.expm1(-level), rel=1e-15)


@of_versions
def test_the_upper_bound_grows_with_the_level_and_stays_below_pinskers(kl, upper):
    for p in COINS:
        bounds = [upper(p, level) for level in LEVELS]
        assert bounds == sorted(bounds)
        for q, level in zip(bounds, LEVELS, strict=True):
            assert q <= p + math.sqrt(level / 2.0) + 1e-15  # 2 (q - p)^2 <= kl(p, q)
