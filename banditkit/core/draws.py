"""Random draws and the best of a row, the same to the bit compiled and interpreted.

All randomness comes from `random`, `standard_normal` and `standard_exponential` of a NumPy
generator, whose streams Numba reproduces exactly.
"""

import math

from banditkit.core.jit import jit_inline

__all__ = ["argmax", "argmin", "draw_beta", "draw_gamma", "draw_index"]


@jit_inline
def argmax(values):
    """Return the position of the largest entry; of equal ones, the first."""
    best = 0
    for i in range(1, values.size):
        if values[i] > values[best]:
            best = i
    return best


@jit_inline
def argmin(values):
    """Return the position of the smallest entry; of equal ones, the first."""
    best = 0
    for i in range(1, values.size):
        if values[i] < values[best]:
            best = i
    return best


@jit_inline
def draw_index(n, rng):
    """Draw a whole number from 0 to n - 1, each equally likely (up to n / 2**53)."""
    return int(rng.random() * n)


@jit_inline
def draw_gamma(shape, rng):
    """Draw from the Gamma distribution with scale 1.

    Source: Marsaglia & Tsang (2000), "A simple method for generating gamma variables"; a shape
    below 1 is lifted to shape + 1 and scaled back by U**(1 / shape).
    """
    lift = 1.0
    if shape < 1.0:
        lift = (1.0 - rng.random()) ** (1.0 / shape)  # 1 - random() is never 0
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        z = rng.standard_normal()
        v = 1.0 + c * z
        if v > 0.0:
            v = v * v * v
            u = 1.0 - rng.random()
            squared = z * z
            # The first test accepts most draws without a logarithm; alone, it is not exact.
            if u < 1.0 - 0.0331 * squared * squared or math.log(u) < 0.5 * squared + d * (
                1.0 - v + math.log(v)
            ):
                return lift * d * v


@jit_inline
def draw_beta(a, b, rng):
    """Draw from the Beta(a, b) distribution: X / (X + Y) with X, Y Gamma of shapes a, b.

    For two tiny shapes both X and Y may underflow to 0; the draw then is 0 or 1 with the odds
    a : b, the limit of the distribution.
    """
    x = draw_gamma(a, rng)
    y = draw_gamma(b, rng)
    if x + y == 0.0:
        return 1.0 if rng.random() * (a + b) < a else 0.0
    return x / (x + y)
