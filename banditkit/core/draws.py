"""Random draws and the best of a row, the same to the bit compiled and interpreted.

All randomness comes from `random` and `standard_normal` of a NumPy generator, whose streams Numba
reproduces exactly.
"""

import math

from banditkit.core.jit import jit_inline

__all__ = [
    "TIE",
    "argmax",
    "argmin",
    "chance_of",
    "draw_beta",
    "draw_gamma",
    "draw_index",
    "first_best",
    "gamma_step",
    "toss",
]

TIE = 1e-9  # values nearer than this are equal: rounding must not decide


@jit_inline
def argmax(values):
    """Return the position of the largest entry; of equal ones, the first."""
    best = 0
    for i in range(1, values.size):
        if values[i] > values[best]:
            best = i
    return best


@jit_inline
def first_best(values):
    """Return the position of the first of the largest entries, up to rounding."""
    best = 0
    for i in range(1, values.size):
        if values[i] > values[best] + TIE:
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
def toss(mean, rng):
    """Return 1 with probability `mean`, else 0."""
    return 1.0 if rng.random() < mean else 0.0


@jit_inline
def chance_of(log_odds):
    """Return the probability of a coin with these log-odds."""
    return 1.0 / (1.0 + math.exp(min(-log_odds, 700.0)))  # no overflow


@jit_inline
def draw_index(n, rng):
    """Draw a whole number from 0 to n - 1, each equally likely (up to n / 2**53)."""
    return int(rng.random() * n)


@jit_inline
def gamma_step(shape):
    """Return 1 / sqrt(9 d), d = shape - 1/3: costly, so worth keeping by who draws often."""
    d = shape + (shape < 1.0) - 1.0 / 3.0
    return 1.0 / math.sqrt(9.0 * d)


@jit_inline
def draw_gamma(shape, step, rng):
    """Draw from the Gamma distribution with scale 1; `step` is ``gamma_step(shape)``.

    Source: Marsaglia & Tsang (2000), "A simple method for generating gamma variables"; a shape
    below 1 is lifted to shape + 1 and scaled back by U**(1 / shape).  They accept a normal z with
    probability exp(g), where, with d = shape - 1/3 and s = z / sqrt(9 d),

        g = z**2 / 2 + d * (1 - (1 + s)**3 + 3 * log(1 + s)) = -3 d (s**4 / 4 - s**5 / 5 + ...).

    The series is at least -s**2 z**2 / (12 (1 - abs(s))): each term is at most abs(s) times the
    one before.  As exp(g) >= 1 + g, most z are accepted without a logarithm.
    """
    lifted = shape < 1.0
    d = shape + lifted - 1.0 / 3.0
    while True:
        z = rng.standard_normal()
        s = step * z
        root = 1.0 + s
        if root > 0.0:
            v = root * root * root
            u, squared = rng.random(), z * z
            clear = u * (1.0 - abs(s)) > s * s * squared / 12.0
            if clear or math.log(1.0 - u) < 0.5 * squared + d * (1.0 - v + math.log(v)):
                if lifted:
                    return d * v * (1.0 - rng.random()) ** (1.0 / shape)  # 1 - random() is never 0
                return d * v


@jit_inline
def draw_beta(a, b, steps, rng):
    """Draw from the Beta(a, b) distribution: X / (X + Y) with X, Y Gamma of shapes a, b.

    `steps` is ``(gamma_step(a), gamma_step(b))``.  For two tiny shapes both X and Y may underflow
    to 0; the draw then is 0 or 1 with the odds a : b, the limit of the distribution.
    """
    x = draw_gamma(a, steps[0], rng)
    y = draw_gamma(b, steps[1], rng)
    if x + y == 0.0:
        return 1.0 if rng.random() * (a + b) < a else 0.0
    return x / (x + y)
