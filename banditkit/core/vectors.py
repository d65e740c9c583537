"""Arithmetic of short vectors, in an order that Python and the compiler share."""

from banditkit.core.jit import jit_inline

__all__ = ["dot"]


@jit_inline
def dot(u, v):
    """Return the inner product of two vectors."""
    total = 0.0
    for i in range(u.size):
        total += u[i] * v[i]
    return total
