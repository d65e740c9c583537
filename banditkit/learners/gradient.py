"""Online gradient descent on the simplex, with full feedback."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number
from banditkit.core.description import Learner
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit_helper
from banditkit.core.spec import Arms
from banditkit.core.weights import draw_arm

__all__ = ["OnlineGradientDescent", "project_on_simplex"]


@jit_helper
def project_on_simplex(v):
    """Replace v, shape (K,), by the nearest distribution: ``max(v - threshold, 0)``.

    The threshold makes the sum 1.  Entries that fall below it are left out, and it is computed
    again from the others, until none does: at most K times.  Source: Michelot (1986), "A finite
    algorithm for finding the projection of a point onto the canonical simplex".
    """
    top = v[0]
    for i in range(1, v.size):
        top = max(top, v[i])
    for i in range(v.size):
        v[i] -= top  # a shift changes nothing, and small numbers are more precise
    floor = -math.inf
    size = v.size + 1
    while True:
        total, kept = 0.0, 0
        for i in range(v.size):
            if v[i] > floor:
                total += v[i]
                kept += 1
        if kept >= size:  # by rounding, one may come back; never mind
            break
        size = kept
        floor = (total - 1.0) / kept
    for i in range(v.size):
        v[i] = max(v[i] - floor, 0.0)


class GradientPolicy(NamedTuple):
    """State of `OnlineGradientDescent`."""

    p: np.ndarray  # (K,) probabilities
    eta: float

    def distribution(self, t, x):
        return self.p

    def select(self, t, x, rng):
        return draw_arm(self.p, rng)

    def update(self, t, x, a, y):
        for i in range(self.p.size):
            self.p[i] -= self.eta * y[i]
        project_on_simplex(self.p)


@dataclass(frozen=True, repr=False)
class OnlineGradientDescent(Learner):
    """Move the distribution against the costs, and project it back on the simplex.

    Parameters
    ----------
    rate : float, optional
        Length of a step, 0 or more; by default ``sqrt((1 - 1/K) / (K T))``.

    Raises
    ------
    ValueError
        If `rate` is negative or not finite.

    Notes
    -----
    Regret is at most ``(1 - 1/K) / (2 rate) + rate K T / 2`` in expected costs, surely, which is
    ``sqrt((K - 1) T)`` for the default: K where Hedge has log K.
    `banditkit.bounds.gradient_descent` derives it.

    References
    ----------
    Zinkevich (2003), "Online convex programming and generalized infinitesimal gradient ascent".

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.OnlineGradientDescent().eta(K=2, horizon=10_000)
    0.005
    """

    rate: float | None = None
    accepts: ClassVar[Feedback] = Feedback.FULL
    costs: ClassVar[bool] = True
    unit_range: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.rate is not None:
            self._set(rate=number("rate", self.rate, low=0.0))

    def eta(self, K: int, horizon: int) -> float:
        """Return the length of a step for K arms and T rounds."""
        return math.sqrt((1 - 1 / K) / (K * horizon)) if self.rate is None else self.rate

    def start(self, spec: Arms, horizon: int) -> GradientPolicy:
        """Return the policy; see `Learner.start`."""
        return GradientPolicy(np.full(spec.K, 1.0 / spec.K), self.eta(spec.K, horizon))
