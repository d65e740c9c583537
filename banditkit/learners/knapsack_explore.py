"""Learners that mind budgets on a timetable, or hardly: explore-first and greedy (ch. 10)."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import whole
from banditkit.core.description import Learner
from banditkit.core.draws import argmax
from banditkit.core.feedback import Feedback
from banditkit.core.simplex import Program, solve_apart
from banditkit.core.spec import Budgeted
from banditkit.learners.knapsack import (
    Ledger,
    blank_ledger,
    checked_margin,
    draw_mix,
    enter,
    hope,
    mixing_program,
    other_arm,
    unseen,
    write_prices,
)

__all__ = ["ExploreFirstBwK", "GreedyBwK"]


class ExploreFirstBwKPolicy(NamedTuple):
    """State of `ExploreFirstBwK`."""

    ledger: Ledger
    lp: Program
    due: np.ndarray  # (1,) bool: is the programme to be solved?
    N: int  # exploration pulls of each arm
    scale: np.ndarray  # (d,) for prices in units of the problem

    def select(self, t, x, rng):
        others = self.ledger.pulls.size - 1
        if t < others * self.N:
            return other_arm(self.ledger.null, t % others)
        if self.due[0]:
            for a in range(self.lp.c.size):
                hope(self.ledger, a, self.lp.c, self.lp.A)  # with a radius of 0: the averages
            solve_apart(self.lp)
            self.due[0] = False
        return draw_mix(self.lp, self.ledger.null, rng)

    def update(self, t, x, a, y):
        if t < (self.ledger.pulls.size - 1) * self.N:
            enter(self.ledger, a, y)

    def note(self, row):
        write_prices(row, self.lp, self.scale)

    def noted(self):
        return {"prices": (self.scale.size,)}


@dataclass(frozen=True, repr=False)
class ExploreFirstBwK(Learner):
    """Pull every arm N times, then play one distribution for good (Slivkins, Exercise 10.1).

    Arms are explored in turn, without the null arm.  Then the linear programme is solved once, with
    averages in place of means and ``(1 - margin) B`` in place of the budget.

    Parameters
    ----------
    N : int, optional
        Exploration pulls of each arm, 1 or more.  By default, with k arms beside the null arm,
        ``ceil((T/k)**(2/3) * log(T)**(1/3))``, but not so many that they might cost more than half
        of the budget, and at least 1.
    margin : float, default 0.0
        Share of the budget that the programme leaves aside, in [0, 1), for what exploration cost
        and for averages that are too small.

    Raises
    ------
    ValueError
        If `N` is not a whole number, 1 or more, or `margin` leaves [0, 0.999].

    Notes
    -----
    Why this N.  With high probability each average is within ``rad = sqrt(2 log(T) / N)`` of its
    mean, and so are reward and consumption of every distribution.  Suppose ``T rad <= B``.  The
    best distribution, played with probability ``1 - rad T / B`` and else the null arm, keeps within
    its means by the averages, too; so the distribution that is found pays
    ``(1 - rad T / B) OPT_LP - 2 rad`` or more a round.  It may use up to ``B / T + rad`` a round,
    and exploration up to ``k N``: the game ends by ``O(T / B) (k N + T rad)`` rounds early.
    Altogether

        ``T OPT_LP - E[REW] = O(T / B) (k N + T sqrt(log(T) / N))``.

    The two terms are equal for ``N = (T/k)**(2/3) * log(T)**(1/3)``, as in Algorithm 1.1, and then
    the sum is ``O(T / B) T**(2/3) (k log T)**(1/3)``, so ``O~(T**(2/3))`` for budgets that are a
    constant share of T.  With ``B < sqrt(T)`` no N helps: part (a) of the exercise.

    `Result.logs` has "prices", the dual solution of the programme: what it takes one more unit of
    each resource for, in rewards.  They are 0 until it is solved.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, Exercise 10.1.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.ExploreFirstBwK().pulls_per_arm(k=9, budget=20_000, horizon=100_000)
    1111
    """

    N: int | None = None
    margin: float = 0.0
    accepts: ClassVar[Feedback] = Feedback.PURCHASE
    plays: ClassVar[tuple[type, ...]] = (Budgeted,)

    def __post_init__(self) -> None:
        if self.N is not None:
            self._set(N=whole("N", self.N, least=1))
        self._set(margin=checked_margin(self.margin))

    def pulls_per_arm(self, k: int, budget: float, horizon: int) -> int:
        """Return N for k arms beside the null arm, a common budget, and T rounds."""
        if self.N is not None:
            return self.N
        if k == 0:
            return 1
        T = horizon
        best = math.ceil((T / k) ** (2 / 3) * math.log(T) ** (1 / 3))
        return max(1, min(best, int(budget / (2 * k))))

    def start(self, spec: Budgeted, horizon: int) -> ExploreFirstBwKPolicy:
        """Return the policy; see `Learner.start`."""
        return ExploreFirstBwKPolicy(
            ledger=blank_ledger(spec, 0.0, horizon),
            lp=mixing_program(spec, (1.0 - self.margin) * spec.budget / horizon),
            due=np.ones(1, dtype=np.bool_),
            N=self.pulls_per_arm(spec.K - 1, spec.budget, horizon),
            scale=np.array(spec.scale),
        )


class GreedyBwKPolicy(NamedTuple):
    """State of `GreedyBwK`."""

    ledger: Ledger
    values: np.ndarray  # (K,) what each arm alone would pay until the end, by its averages
    budget: float  # B
    horizon: float  # T

    def select(self, t, x, rng):
        a = unseen(self.ledger, t)
        return a if a >= 0 else argmax(self.values)

    def update(self, t, x, a, y):
        enter(self.ledger, a, y)
        rate = self.budget / self.horizon  # what may be used in a round
        for i in range(y.costs.size):
            rate = max(rate, self.ledger.means[1 + i, a])
        self.values[a] = self.ledger.means[0, a] * self.budget / rate  # r min(T, min_i B / c_i)


@dataclass(frozen=True, repr=False)
class GreedyBwK(Learner):
    """Pull each arm once, then the one that would pay most if it were played alone to the end.

    By its averages arm a pays ``r(a) * min(T, min_i B / c_i(a))`` until time or a resource runs
    out; of equal arms the first is pulled.  A baseline that goes wrong in two ways:

    * it does not explore: an arm that was unlucky in its first rounds is never tried again, and the
      regret grows like T;
    * it looks for a fixed arm, and with d resources beside time the best mix of arms may pay up to
      d + 1 times as much (Exercise 10.2).  It goes wrong in this way without any noise.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10, Exercise 10.2.

    Examples
    --------
    Each of two arms uses up a resource of its own.  Together they last for all rounds; the greedy
    learner tries the second once and stays with the first until that is over.

    >>> import banditkit as bk
    >>> pair = bk.Knapsack.sure([1, 1, 0], [[1, 0], [0, 1], [0, 0]], budgets=[50, 50])
    >>> pair.lp(100).value
    1.0
    >>> result = bk.simulate(pair, [bk.GreedyBwK()], horizon=100, replications=1, seed=0)
    >>> float(result.logs["reward"][0, 0, -1])
    51.0
    """

    accepts: ClassVar[Feedback] = Feedback.PURCHASE
    plays: ClassVar[tuple[type, ...]] = (Budgeted,)

    def start(self, spec: Budgeted, horizon: int) -> GreedyBwKPolicy:
        """Return the policy; see `Learner.start`."""
        ledger = blank_ledger(spec, 0.0, horizon)
        return GreedyBwKPolicy(ledger, np.zeros(spec.K), spec.budget, float(horizon))
