"""Controllers from engineering, which learners follow and heuristics judge by."""

from banditkit.core.jit import jit_inline

__all__ = ["pd_action"]


@jit_inline
def pd_action(P, D, angle, before):
    """Return 1 (push to the right) if ``u = P angle + D (angle - before)`` is above 0, or else 0.

    That is the sigmoid of u, rounded to a whole number.
    """
    return 1 if P * angle + D * (angle - before) > 0.0 else 0
