"""Adversaries that look: the costs of a round depend on how the learner is about to draw."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import whole
from banditkit.core.draws import argmax
from banditkit.core.feedback import Feedback
from banditkit.core.spec import Arms, NoSuchArm
from banditkit.problems.costs import BestArm, CostProblem

__all__ = ["AdaptiveAdversary"]


class AdaptiveEnv(NamedTuple):
    """An adversary being played against, with bandit feedback.

    The action is a `Draw`: the adversary sees its distribution, and not the arm.
    """

    adversary: Any  # a record: `charge` returns the costs of a round, (K,)
    benchmark: BestArm  # its array `costs` holds those of this round

    def observe(self, t, rng):
        self.adversary.observe(t, rng)

    def gap(self, t, x, a):
        costs = self.benchmark.costs
        if not 0 <= a.arm < costs.size:
            raise NoSuchArm(t, a.arm, costs.size)
        charged = self.adversary.charge(t, a.p)
        paid = 0.0
        for i in range(costs.size):
            costs[i] = charged[i]
            paid += a.p[i] * costs[i]
        return paid - self.benchmark.observe(t, None)

    def respond(self, t, x, a, rng):
        return self.benchmark.costs[a.arm]


class FullAdaptiveEnv(AdaptiveEnv):
    """An adversary being played against, with full feedback."""

    __slots__ = ()

    def respond(self, t, x, a, rng):
        return self.benchmark.costs


class GreedyAdversary(NamedTuple):
    """Charges the likeliest arm; of equally likely ones the first."""

    costs: np.ndarray  # (K,)

    def charge(self, t, p):
        self.costs[:] = 0.0
        self.costs[argmax(p)] = 1.0
        return self.costs


@dataclass(frozen=True, repr=False)
class AdaptiveAdversary(CostProblem):
    """An adversary that looks at the learner's distribution: the likeliest arm costs 1, others 0.

    Against a deterministic learner it costs 1 in each round, while some arm costs at most 1 in K
    of them (Theorem 5.11).  Learners that draw have to tell from which distribution, which those of
    this library do wherever it is known.  Regret is hindsight regret of the *distributions*,
    ``p_1.c_1 + ... + p_t.c_t`` less the total of the best arm: what it is on average over the
    learner's last draws, without their noise.

    Parameters
    ----------
    K : int
        Number of arms, 1 or more.
    feedback : {"bandit", "full"}, default "bandit"
        Whether a learner is told the cost of its own arm, or those of all arms.

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    Notes
    -----
    For an adversary of your own, subclass this class, and let `adversary` return a NamedTuple with
    a method ``charge(self, t, p)`` that returns the costs of round t, an array of shape (K,) with
    entries in [0, 1], given the learner's probabilities p.  It must not change p.  An adversary
    that throws dice has a second method, ``observe(self, t, rng)``, which is called before.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 5.1 and Theorem 5.11.

    Examples
    --------
    >>> import banditkit as bk
    >>> spite = bk.AdaptiveAdversary(K=4)
    >>> result = bk.simulate(spite, [bk.UCB1(), bk.Exp3()], horizon=1000, seed=0)
    >>> bool(result.mean()[0, -1] >= 750), bool(result.mean()[1, -1] < 200)
    (True, True)

    One that does what it likes:

    >>> from typing import NamedTuple
    >>> import numpy as np
    >>> class Certain(NamedTuple):
    ...     costs: np.ndarray
    ...     def charge(self, t, p):
    ...         self.costs[:] = p > 0.9  # who is too sure pays
    ...         return self.costs
    >>> class PunishCertainty(bk.AdaptiveAdversary):
    ...     def adversary(self, horizon, rng):
    ...         return Certain(np.zeros(self.K))
    >>> result = bk.simulate(PunishCertainty(2), [bk.Exp3()], horizon=100, seed=0)
    """

    K: int
    sees_distribution: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(K=whole("K", self.K, least=1))

    @property
    def spec(self) -> Arms:
        """Number of arms and range of costs."""
        return Arms(self.K, costs=True)

    def adversary(self, horizon: int, rng: np.random.Generator) -> Any:
        """Return the record that charges."""
        return GreedyAdversary(np.zeros(self.K))

    def start(self, horizon: int, rng: np.random.Generator) -> AdaptiveEnv:
        """Return the adversary being played against; see `Problem.start`."""
        benchmark = BestArm(np.zeros(self.K), np.zeros(self.K), np.zeros(1))
        env = FullAdaptiveEnv if self.feedback is Feedback.FULL else AdaptiveEnv
        return env(self.adversary(horizon, rng), benchmark)
