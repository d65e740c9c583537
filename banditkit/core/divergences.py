"""The Kullback-Leibler divergence of two coins, and its inverse."""

import math

from banditkit.core.jit import jit_helper

__all__ = ["kl_bernoulli", "kl_upper"]


@jit_helper
def kl_bernoulli(p, q):
    """Return kl(p, q) = p ln(p/q) + (1-p) ln((1-p)/(1-q)), the divergence of two coins, in nats.

    Never negative, and exact to about 14 digits even where p and q nearly agree, and the two
    terms nearly cancel.

    Parameters
    ----------
    p, q : float
        Means of the coins, in [0, 1].  Infinite where q gives no weight to what p may do.
    """
    d = q - p
    return _surplus(p, q, d) + _surplus(1.0 - p, 1.0 - q, -d)


@jit_helper
def _surplus(p, q, d):
    """Return p ln(p / q) + d, with d = q - p: half of kl, whose two d cancel."""
    if d == 0.0:
        return 0.0
    if p == 0.0:
        return d
    if q == 0.0:
        return math.inf
    x = d / p
    if x > 1.0 or x < -0.5:
        return d - p * (math.log(q) - math.log(p))
    if abs(x) > 0.02:
        return d - p * math.log1p(x)
    # p * (x - log(1 + x)) = p * x**2 * (1/2 - x/3 + x**2/4 - ...), to 1e-16
    series = 0.0
    for k in range(11, 1, -1):
        series = 1.0 / k - x * series
    return p * x * x * series


@jit_helper
def kl_upper(p, level):
    """Return the largest q in [p, 1] with kl(p, q) <= level: KL-UCB's upper confidence bound.

    Newton's method from the right end of Pinsker's interval, q = p + sqrt(level / 2): kl(p, .)
    is convex and increasing there, so the steps fall towards the root and never jump over it.
    """
    if level <= 0.0 or p >= 1.0:
        return p
    if p == 0.0:
        return -math.expm1(-level)  # kl(0, q) = -ln(1 - q)
    q = p + math.sqrt(0.5 * level)
    if q >= 1.0:
        # (1-p) ln(1/(1-q)) <= level + entropy of p bounds the root from the right
        entropy = -p * math.log(p) - (1.0 - p) * math.log1p(-p)
        q = -math.expm1(-(level + entropy) / (1.0 - p))
    while p < q < 1.0:
        excess = kl_bernoulli(p, q) - level
        slope = (q - p) / (q * (1.0 - q))  # d kl(p, q) / dq
        lower = q - excess / slope
        if not lower < q:
            break
        if q - lower <= 1e-15 * q:
            q = lower
            break
        q = lower
    return min(max(q, p), 1.0)
