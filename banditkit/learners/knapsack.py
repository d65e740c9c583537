"""Learners that mind budgets: bandits with knapsacks (Slivkins, ch. 10)."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number
from banditkit.core.description import Learner
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit_inline
from banditkit.core.simplex import Program, blank_program, solve
from banditkit.core.spec import Budgeted

__all__ = ["UcbBwK"]


class Ledger(NamedTuple):
    """What is known of each arm: averages of reward and consumption, and how sure they are."""

    pulls: np.ndarray  # (K,)
    means: np.ndarray  # (1 + d, K) average reward, and average consumption of each resource
    radius: np.ndarray  # (K,) of all of them; 0 for the null arm, which is known
    care: float  # exploration * log(T)
    null: int


def blank_ledger(spec: Budgeted, exploration: float, horizon: int) -> Ledger:
    """Return the ledger of somebody who has seen nothing."""
    radius = np.full(spec.K, np.inf)
    radius[spec.null] = 0.0
    care = exploration * math.log(horizon)
    return Ledger(np.zeros(spec.K), np.zeros((1 + spec.d, spec.K)), radius, care, spec.null)


@jit_inline
def enter(ledger, a, y):
    """Enter a purchase into the ledger."""
    if a != ledger.null:
        ledger.pulls[a] += 1.0
        n = ledger.pulls[a]
        ledger.means[0, a] += (y.reward - ledger.means[0, a]) / n
        for i in range(y.costs.size):
            ledger.means[1 + i, a] += (y.costs[i] - ledger.means[1 + i, a]) / n
        ledger.radius[a] = math.sqrt(ledger.care / n)  # rad = sqrt(2 log(T) / n)


@jit_inline
def reward_ucb(ledger, a):
    """Return the upper confidence bound of an arm's mean reward."""
    return min(1.0, ledger.means[0, a] + ledger.radius[a])


@jit_inline
def cost_lcb(ledger, i, a):
    """Return the lower confidence bound of an arm's mean consumption of resource i."""
    return max(0.0, ledger.means[1 + i, a] - ledger.radius[a])


@jit_inline
def unseen(ledger, t):
    """Return an arm that was never pulled, or -1: arms in their order, without the null arm."""
    K = ledger.pulls.size
    if t >= K - 1:
        return -1
    return t + 1 if t >= ledger.null else t


@jit_inline
def draw_basis(lp, null, rng):
    """Draw an arm from the distribution that solves the linear programme."""
    u = rng.random()
    for i in range(lp.x.size):
        if lp.basis[i] < lp.c.size:
            u -= lp.x[i]
            if u < 0.0:
                return lp.basis[i]
    return null


class UcbBwKPolicy(NamedTuple):
    """State of `UcbBwK`."""

    ledger: Ledger
    lp: Program  # rows: D is a distribution; D uses at most its share of each resource
    solved: np.ndarray  # (K,) pulls of each arm when the programme was last solved
    due: np.ndarray  # (1,) bool: is it to be solved again?
    patience: float
    scale: np.ndarray  # (d,) for prices in units of the problem

    def select(self, t, x, rng):
        a = unseen(self.ledger, t)
        if a >= 0:
            return a
        if self.due[0]:
            solve(self.lp)
            self.due[0] = False
        return draw_basis(self.lp, self.ledger.null, rng)

    def update(self, t, x, a, y):
        enter(self.ledger, a, y)
        if self.ledger.pulls[a] >= self.patience * self.solved[a] and a != self.ledger.null:
            self.solved[a] = self.ledger.pulls[a]
            self.lp.c[a] = reward_ucb(self.ledger, a)  # max r^UCB(D)
            for i in range(y.costs.size):
                self.lp.A[1 + i, a] = cost_lcb(self.ledger, i, a)  # s.t. c_i^LCB(D) <= B' / T
            self.due[0] = True

    def note(self, row):
        for i in range(row.size):
            row[i] = self.lp.prices[1 + i] * self.scale[i]

    def noted(self):
        return {"prices": (self.scale.size,)}


@dataclass(frozen=True, repr=False)
class UcbBwK(Learner):
    """UcbBwK.

    Parameters
    ----------
    exploration : float, default 2
        c.
    margin : float, default 0
        e.
    patience : float, default 0
        p.

    Raises
    ------
    ValueError
        If.
    """

    exploration: float = 2.0
    margin: float = 0.0
    patience: float = 0.0
    accepts: ClassVar[Feedback] = Feedback.PURCHASE
    plays: ClassVar[tuple[type, ...]] = (Budgeted,)

    def __post_init__(self) -> None:
        self._set(
            exploration=number("exploration", self.exploration, low=0.0),
            margin=number("margin", self.margin, low=0.0, high=1.0 - 1e-9),
            patience=number("patience", self.patience, low=0.0),
        )

    def start(self, spec: Budgeted, horizon: int) -> UcbBwKPolicy:
        """Return the policy; see `Learner.start`."""
        lp = blank_program(1 + spec.d, spec.K)
        lp.A[0] = 1.0
        lp.b[0], lp.b[1:] = 1.0, (1.0 - self.margin) * spec.budget / horizon
        ledger = blank_ledger(spec, self.exploration, horizon)
        return UcbBwKPolicy(
            ledger,
            lp,
            np.zeros(spec.K),
            np.ones(1, dtype=np.bool_),
            self.patience + 1.0,
            np.array(spec.scale),
        )
