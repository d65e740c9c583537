"""The Gamma and Beta draws against SciPy's distributions, with fixed seeds."""

import numpy as np
import pytest
from scipy import stats

from banditkit.core.draws import draw_beta, draw_gamma, gamma_step
from banditkit.core.jit import interpreted, jit

SHAPES = [0.05, 0.3, 1.0, 2.5, 50.0, 1e4]
N = 100_000


@jit
def many_gammas(shape, rng, draws):
    for i in range(draws.size):
        draws[i] = draw_gamma(shape, gamma_step(shape), rng)
    return draws


@jit
def many_betas(a, b, rng, draws):
    steps = gamma_step(a), gamma_step(b)
    for i in range(draws.size):
        draws[i] = draw_beta(a, b, steps, rng)
    return draws


def check_law(draws, law):
    """Kolmogorov and Smirnov's test, mean and variance: 5 standard errors, one in a million."""
    assert stats.kstest(draws, law.cdf).pvalue > 1e-6
    mean, variance, kurtosis = law.stats(moments="mvk")
    assert abs(draws.mean() - mean) < 5 * np.sqrt(variance / draws.size)
    # Var(sample variance) = (kurtosis + 2) variance^2 / n
    error = np.sqrt((kurtosis + 2.0) / draws.size) * variance
    assert abs(draws.var() - variance) < 5 * error


@pytest.mark.parametrize("shape", SHAPES)
def test_gamma_draws_have_their_law(shape):
    draws = many_gammas(shape, np.random.default_rng(1), np.zeros(N))
    check_law(draws, stats.gamma(shape))


@pytest.mark.parametrize("b", SHAPES[1:])
@pytest.mark.parametrize("a", SHAPES)
def test_beta_draws_have_their_law(a, b):
    draws = many_betas(a, b, np.random.default_rng(2), np.zeros(N))
    assert ((draws >= 0.0) & (draws <= 1.0)).all()
    check_law(draws, stats.beta(a, b))


def test_beta_draws_with_two_small_shapes_have_their_law():
    # Many draws are so near to 1 that they are rounded to it, so compare at points below.
    draws = many_betas(0.05, 0.05, np.random.default_rng(3), np.zeros(N))
    for point in (1e-100, 1e-10, 0.01, 0.3, 0.5, 0.9, 0.999):
        p = stats.beta(0.05, 0.05).cdf(point)
        assert abs((draws <= point).mean() - p) < 5 * np.sqrt(p * (1.0 - p) / N)


def test_beta_draws_with_tiny_shapes_are_0_or_1_with_the_odds_of_the_shapes():
    # P(Beta(a, b) = 1) tends to a / (a + b) as both go to 0; the Gammas behind it are 0 / 0
    draws = many_betas(1e-6, 3e-6, np.random.default_rng(4), np.zeros(N))
    assert ((draws < 1e-9) | (draws > 1.0 - 1e-9)).mean() > 0.999
    assert abs((draws > 0.5).mean() - 0.25) < 5 * np.sqrt(0.25 * 0.75 / N)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("many", [many_gammas, many_betas])
def test_draws_are_the_same_compiled_and_interpreted(many, shape):
    shapes = (shape,) if many is many_gammas else (shape, 0.3)
    compiled, plain = (
        version(*shapes, np.random.default_rng(5), np.zeros(500))
        for version in (many, interpreted(many))
    )
    assert compiled.tolist() == plain.tolist()
