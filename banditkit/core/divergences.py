"""The Kullback-Leibler divergence of two coins, and its inverse."""

import math

from banditkit.core.jit import jit_helper

__all__ = ["kl_bernoulli", "kl_upper"]


@jit_helper
def kl_bernoulli(p, q):
    """Return kl(p, q) = p ln(p/q) + (1-p) ln((1-p)/(1-q)), the divergence of two coins, in nats.

    Never negative, and exact to about 13 digits, even where p and q nearly agree.

    Parameters
    ----------
    p, q : float
        Means of the coins, in [0, 1].  Infinite where q gives no weight to what p may do.
    """
    if p == q:
        return 0.0
    if q <= 0.0 or q >= 1.0:
        return math.inf
    # The two logarithms of nearly equal coins all but cancel.  With q - p added to the first
    # term and taken from the second, neither is negative.
    return _surplus(p, q, q - p) + _surplus(1.0 - p, 1.0 - q, p - q)


@jit_helper
def _surplus(p, q, d):
    """Return p ln(p/q) + d with d = q - p, to full precision where d is small; 0 or more."""
    if abs(d) >= 0.05 * p:
        return (p * math.log(p / q) if p > 0.0 else 0.0) + d
    r = d / (2.0 * p + d)  # ln(1 + d/p) = 2 artanh(r) = 2 (r + r**3/3 + r**5/5 + ...)
    s = r * r  # at most 0.0007: five terms are enough
    tail = s * (1 / 3 + s * (1 / 5 + s * (1 / 7 + s * (1 / 9 + s / 11))))
    return r * (d - 2.0 * p * tail)


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
