"""Learners that mind budgets by linear programmes: bandits with knapsacks (Slivkins, ch. 10).

They solve (141) of the book with confidence bounds in place of the means.  Those in
`knapsack_prices` put a price on each resource instead, and those in `knapsack_explore` are simpler.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number
from banditkit.core.description import Learner
from banditkit.core.draws import draw_index
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit_inline
from banditkit.core.simplex import Program, blank_program, solve, solve_apart, stand
from banditkit.core.spec import Budgeted

__all__ = ["SuccessiveEliminationBwK", "UcbBwK"]

_ROUNDING = 1e-9  # so much less than the best value still counts as the best


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
        ledger.radius[a] = math.sqrt(ledger.care / n)  # rad = sqrt(c log(T) / n)


@jit_inline
def hope(ledger, a, rewards, use):
    """Write down an arm at its best: UCB of its reward, and LCBs of its consumption.

    `use` has a row for each resource below row 0, which is about time.
    """
    rewards[a] = min(1.0, ledger.means[0, a] + ledger.radius[a])
    for i in range(1, use.shape[0]):
        use[i, a] = max(0.0, ledger.means[i, a] - ledger.radius[a])


@jit_inline
def fear(ledger, a, rewards, use):
    """Write down an arm at its worst: LCB of its reward, and UCBs of its consumption."""
    rewards[a] = max(0.0, ledger.means[0, a] - ledger.radius[a])
    for i in range(1, use.shape[0]):
        use[i, a] = min(1.0, ledger.means[i, a] + ledger.radius[a])


@jit_inline
def other_arm(null, i):
    """Return arm number i of all but the null arm."""
    return i + 1 if i >= null else i


@jit_inline
def unseen(ledger, t):
    """Return an arm that was never pulled, or -1: arms in their order, without the null arm."""
    return other_arm(ledger.null, t) if t < ledger.pulls.size - 1 else -1


def mixing_program(spec: Budgeted, share: float, extra: int = 0) -> Program:
    """Return a programme over mixes of arms, which use at most a share of each resource a round.

    Row 0 says that D is a distribution (what it lacks is the null arm's), row i what it uses of
    resource i; as many `extra` rows as wanted follow.
    """
    lp = blank_program(1 + spec.d + extra, spec.K)
    lp.A[0], lp.b[0] = 1.0, 1.0
    lp.b[1 : 1 + spec.d] = share
    return lp


@jit_inline
def draw_mix(lp, null, rng):
    """Draw an arm from the distribution that solves the linear programme."""
    u = rng.random()
    for i in range(lp.x.size):
        if lp.basis[i] < lp.c.size:
            u -= lp.x[i]
            if u < 0.0:
                return lp.basis[i]
    return null


@jit_inline
def write_prices(row, lp, scale):
    """Write down the dual solution, in reward per unit of a resource of the problem."""
    for i in range(row.size):
        row[i] = lp.prices[1 + i] * scale[i]


class UcbBwKPolicy(NamedTuple):
    """State of `UcbBwK`."""

    ledger: Ledger
    lp: Program
    solved: np.ndarray  # (K,) pulls of each arm when its bounds were last refreshed
    due: np.ndarray  # (1,) bool: is the programme to be solved again?
    growth: float  # refresh the bounds of an arm when its pulls grew by this factor
    scale: np.ndarray  # (d,) for prices in units of the problem

    def select(self, t, x, rng):
        a = unseen(self.ledger, t)
        if a >= 0:
            return a
        if self.due[0]:
            solve(self.lp)  # max r^UCB(D) s.t. c_i^LCB(D) <= B' / T  (150)
            self.due[0] = False
        return draw_mix(self.lp, self.ledger.null, rng)

    def update(self, t, x, a, y):
        enter(self.ledger, a, y)
        if self.ledger.pulls[a] >= self.growth * self.solved[a] and a != self.ledger.null:
            self.solved[a] = self.ledger.pulls[a]
            hope(self.ledger, a, self.lp.c, self.lp.A)
            self.due[0] = True

    def note(self, row):
        write_prices(row, self.lp, self.scale)

    def noted(self):
        return {"prices": (self.scale.size,)}


@dataclass(frozen=True, repr=False)
class UcbBwK(Learner):
    """Play the best mix of arms if each were as good as it may be (Slivkins, Algorithm 10.3).

    Each arm is pulled once first.  From then on, the arm of a round is drawn from the distribution
    D that maximises ``r^UCB(D)`` subject to ``c_i^LCB(D) <= (1 - margin) B / T`` for each resource
    i: upper confidence bounds of rewards, lower ones of consumption, all with the radius
    ``sqrt(exploration * log(T) / n)`` and clipped to [0, 1].  What D lacks to a distribution is
    the null arm's.

    Parameters
    ----------
    exploration : float, default 2.0
        Constant under the root of the radius, 0 or more.  The theorem (`banditkit.bounds.ucb_bwk`)
        needs 1; at classroom horizons 0.5 explores less and usually wins.
    margin : float, default 0.0
        Share of the budget that the programme leaves aside, in [0, 1): the book's epsilon.  Lower
        bounds of consumption promise too much, so that without it the budget is gone too early.
        The end of the game is another matter: everything may be used up.
    patience : float, default 0.0
        The bounds of an arm are refreshed, and the programme is solved again, only when the pulls
        of the arm have grown by this share, 0 or more.  With 0 this is after every pull, as in
        Algorithm 10.3; with 1, when they have doubled, which makes a round cheap at a small loss.

    Raises
    ------
    ValueError
        If `exploration` or `patience` is negative or not finite, or `margin` leaves [0, 0.999].

    Notes
    -----
    With this radius ``OPT - REW`` is at most of the order of ``sqrt(K T log(T)) (1 + OPT / B)``,
    with high probability: (152) and (153) of the book, `banditkit.bounds.ucb_bwk`.  The best
    possible, (148), is ``O~(sqrt(K OPT) + OPT sqrt(K / B))``, which is less where OPT is much
    smaller than T.  Agrawal & Devanur prove it for radii ``sqrt(g m / n) + g / n`` that shrink with
    the average m, ``g = log(d K T)``, and a margin of about ``sqrt(g K / B) + g K log(T) / B``.
    For small budgets this exceeds 1, and a tenth is a sensible value.

    The solution of a round is the first to be tried in the next one; as a rule an exchange or two
    lead to the new one.  A solution mixes at most 1 + d arms.

    `Result.logs` has "prices", the dual solution of the programme: what it takes one more unit of
    each resource for, in rewards.  They are 0 until it is first solved.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10; Agrawal & Devanur (2014),
    "Bandits with concave rewards and convex knapsacks".

    Examples
    --------
    An arm pays nine times as much as another one that costs the same, and the budget lasts for
    half of the rounds.

    >>> import banditkit as bk
    >>> coins = bk.Knapsack.coins([0.9, 0.1, 0], [[0.5], [0.5], [0]], budgets=1000)
    >>> learner = bk.UcbBwK(exploration=0.5)
    >>> result = bk.simulate(coins, [learner], horizon=4000, replications=1, seed=0)
    >>> bool(result.logs["reward"][0, 0, -1] > 0.95 * 4000 * coins.lp(4000).value)
    True
    """

    exploration: float = 2.0
    margin: float = 0.0
    patience: float = 0.0
    accepts: ClassVar[Feedback] = Feedback.PURCHASE
    plays: ClassVar[tuple[type, ...]] = (Budgeted,)

    def __post_init__(self) -> None:
        self._set(
            exploration=number("exploration", self.exploration, low=0.0),
            margin=checked_margin(self.margin),
            patience=number("patience", self.patience, low=0.0),
        )

    def start(self, spec: Budgeted, horizon: int) -> UcbBwKPolicy:
        """Return the policy; see `Learner.start`."""
        return UcbBwKPolicy(
            ledger=blank_ledger(spec, self.exploration, horizon),
            lp=mixing_program(spec, (1.0 - self.margin) * spec.budget / horizon),
            solved=np.zeros(spec.K),
            due=np.ones(1, dtype=np.bool_),
            growth=1.0 + self.patience,
            scale=np.array(spec.scale),
        )


def checked_margin(value: float) -> float:
    """Return the part of the budget that is kept back, from 0 to 0.999."""
    return number("margin", value, low=0.0, high=0.999)


class SuccessiveEliminationBwKPolicy(NamedTuple):
    """State of `SuccessiveEliminationBwK`."""

    ledger: Ledger
    sure: Program  # max r^LCB(D) s.t. c_i^UCB(D) <= B / T
    mix: Program  # the arms at their best, and a last row: -r^UCB(D) <= -value of `sure`
    bases: np.ndarray  # (K, 2 + d) int64, where `mix` ended when it last favoured each arm
    scale: np.ndarray  # (d,) for prices in units of the problem

    def select(self, t, x, rng):
        null, others = self.ledger.null, self.ledger.pulls.size - 1
        if others == 0:
            return null
        b = other_arm(null, draw_index(others, rng))
        favour(self.sure, self.mix, b, self.bases[b])
        return draw_mix(self.mix, null, rng)

    def update(self, t, x, a, y):
        enter(self.ledger, a, y)
        if a != self.ledger.null:
            fear(self.ledger, a, self.sure.c, self.sure.A)
            learn_mix(self.ledger, self.mix, a)

    def note(self, row):
        write_prices(row, self.sure, self.scale)

    def noted(self):
        return {"prices": (self.scale.size,)}


@jit_inline
def learn_mix(ledger, mix, a):
    """Write down an arm at its best, with the reward in the last row, where it is less than 0."""
    last = mix.b.size - 1
    hope(ledger, a, mix.c, mix.A[:last])
    mix.A[last, a] = -mix.c[a]


@jit_inline
def favour(sure, mix, b, basis):
    """Find, of all mixes that may be optimal, the one that plays arm b most.

    The walk begins at a basis, and what it ends at is written there.
    """
    solve_apart(sure)
    value, last = 0.0, mix.b.size - 1
    for i in range(sure.x.size):
        if sure.basis[i] < sure.c.size:
            value += sure.c[sure.basis[i]] * sure.x[i]
    floor = _ROUNDING - value  # r^UCB(D) >= OPT_LP of (r^LCB, c^UCB)
    mix.b[last] = floor
    for i in range(basis.size):
        mix.basis[i] = basis[i]
    if not stand(mix):  # begin where r^UCB is largest: that surely is enough
        mix.b[last] = 0.0
        for a in range(mix.c.size):
            mix.c[a] = -mix.A[last, a]
        solve_apart(mix)
        mix.b[last] = floor
    for a in range(mix.c.size):
        mix.c[a] = 1.0 if a == b else 0.0
    solve_apart(mix)
    for i in range(basis.size):
        basis[i] = mix.basis[i]


@dataclass(frozen=True, repr=False)
class SuccessiveEliminationBwK(Learner):
    """Try out each arm as often as the best mix might (Slivkins, Algorithm 10.2).

    A distribution is *potentially optimal* if it solves the linear programme for some rewards and
    consumptions within the confidence bounds.  In each round an arm b is drawn uniformly among all
    but the null arm, and the arm of the round from that potentially optimal distribution which
    plays b most.  So each arm is explored as much as it can be without doing what is known to be
    wrong.

    Parameters
    ----------
    exploration : float, default 2.0
        Constant under the root of the radius ``sqrt(exploration * log(T) / n)``, 0 or more.  With
        1 or more all bounds hold, but for a probability of the order of 1 / T; at classroom
        horizons 0.5 explores less and usually wins.

    Raises
    ------
    ValueError
        If `exploration` is negative or not finite.

    Notes
    -----
    The distribution maximises ``D(b)`` subject to ``c_i^LCB(D) <= B / T`` for each resource and
    ``r^UCB(D) >= v``, where v is the value of the linear programme with ``r^LCB`` and ``c^UCB``.
    Every potentially optimal distribution is among these, by the definition, and a few others may
    be: this is the price of no more than two linear programmes a round.  What D lacks to 1 is the
    null arm's.  Before anything is known all distributions are allowed, and b itself is played.

    The book has ``sqrt(d)`` times (148), ``O~(sqrt(K OPT) + OPT sqrt(K / B))``, proven for radii
    that shrink with the averages; see `UcbBwK` for what the plain radius costs.  The learner
    explores evenly, and so at length: where one arm is much better than all others, `UcbBwK` is far
    ahead.

    `Result.logs` has "prices", the dual solution of the programme with ``r^LCB`` and ``c^UCB``:
    what one more unit of each resource is worth, in rewards, if all arms are at their worst.  They
    are 0 until an arm is sure to pay.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10; Badanidiyuru, Kleinberg &
    Slivkins (2018), "Bandits with knapsacks", who call it balanced exploration.

    Examples
    --------
    >>> import banditkit as bk
    >>> pair = bk.Knapsack.sure([1, 1, 0], [[1, 0], [0, 1], [0, 0]], budgets=[500, 500])
    >>> learner = bk.SuccessiveEliminationBwK()
    >>> result = bk.simulate(pair, [learner], horizon=1000, replications=1, seed=0)
    >>> bool(result.logs["reward"][0, 0, -1] > 0.95 * 1000 * pair.lp(1000).value)
    True
    """

    exploration: float = 2.0
    accepts: ClassVar[Feedback] = Feedback.PURCHASE
    plays: ClassVar[tuple[type, ...]] = (Budgeted,)

    def __post_init__(self) -> None:
        self._set(exploration=number("exploration", self.exploration, low=0.0))

    def start(self, spec: Budgeted, horizon: int) -> SuccessiveEliminationBwKPolicy:
        """Return the policy; see `Learner.start`."""
        ledger, share = blank_ledger(spec, self.exploration, horizon), spec.budget / horizon
        sure, mix = mixing_program(spec, share), mixing_program(spec, share, extra=1)
        for a in range(spec.K):
            fear(ledger, a, sure.c, sure.A)
            learn_mix(ledger, mix, a)
        bases = np.tile(mix.basis, (spec.K, 1))
        return SuccessiveEliminationBwKPolicy(ledger, sure, mix, bases, np.array(spec.scale))
