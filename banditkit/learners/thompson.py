"""Thompson sampling: pull each arm as often as it is likely to be the best."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number
from banditkit.core.description import Learner
from banditkit.core.draws import argmax, draw_beta, gamma_step
from banditkit.core.spec import Arms

__all__ = ["Thompson"]


class ThompsonPolicy(NamedTuple):
    """State of `Thompson`."""

    a: np.ndarray  # (K,) the prior's a plus successes
    b: np.ndarray  # (K,) the prior's b plus failures
    a_step: np.ndarray  # (K,) gamma_step(a), kept from round to round
    b_step: np.ndarray  # (K,) gamma_step(b)
    theta: np.ndarray  # (K,) this round's draw from the posterior
    coin: np.ndarray  # (1,) uniform on [0, 1), to turn a reward in between into 0 or 1

    def select(self, t, x, rng):
        for arm in range(self.theta.size):
            steps = self.a_step[arm], self.b_step[arm]
            self.theta[arm] = draw_beta(self.a[arm], self.b[arm], steps, rng)
        self.coin[0] = rng.random()
        return argmax(self.theta)

    def update(self, t, x, a, y):
        if y > self.coin[0]:  # always for y = 1, never for y = 0
            self.a[a] += 1.0
            self.a_step[a] = gamma_step(self.a[a])
        else:
            self.b[a] += 1.0
            self.b_step[a] = gamma_step(self.b[a])


@dataclass(frozen=True, repr=False)
class Thompson(Learner):
    """Draw each arm's mean from its posterior, pull the best draw (Slivkins, section 3.1).

    Each arm starts with the prior Beta(a, b) and counts successes and failures; a reward between
    0 and 1 counts as a success with probability equal to the reward.

    Parameters
    ----------
    a, b : float, default 1.0
        Shapes of the prior Beta distribution of every arm's mean, above 0 (at least 1e-6);
        a = b = 1 is uniform.

    Raises
    ------
    ValueError
        If a shape is not positive or not finite; when played, if rewards may leave [0, 1].

    Notes
    -----
    ``E[R(T)] = O(sqrt(K T log T))``, and ``(1 + epsilon) C log T`` for large T, with the constant
    C of Lai and Robbins (Theorems 3.13 to 3.15): see `banditkit.bounds.lai_robbins`.

    References
    ----------
    Thompson (1933); Slivkins, *Introduction to Multi-Armed Bandits*, chapter 3; the coin for
    rewards between 0 and 1 is Agrawal & Goyal's (2012).

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.Thompson(a=1, b=9)  # arms that seldom pay
    Thompson(b=9.0)
    """

    unit_range: ClassVar[bool] = True
    a: float = 1.0
    b: float = 1.0

    def __post_init__(self) -> None:
        self._set(a=number("a", self.a, low=1e-6), b=number("b", self.b, low=1e-6))

    def start(self, spec: Arms, horizon: int) -> ThompsonPolicy:
        """Return the policy; see `Learner.start`."""
        K = spec.K
        a, b = np.full(K, self.a), np.full(K, self.b)
        a_step, b_step = np.full(K, gamma_step(self.a)), np.full(K, gamma_step(self.b))
        return ThompsonPolicy(a, b, a_step, b_step, np.zeros(K), np.zeros(1))
