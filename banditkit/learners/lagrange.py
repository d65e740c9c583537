"""Knapsacks by learners who know nothing of budgets (Slivkins, ch. 10).

The Lagrangian turns a knapsack into a game.  One player picks an arm, and wants a large payoff; the
other picks the resource that is to be paid for, and wants a small one.  Two learners of low regret
play it, and their average play comes near the best mix of arms within the budgets.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number
from banditkit.core.description import Learner, Problem
from banditkit.core.draws import draw_index
from banditkit.core.feedback import Feedback
from banditkit.core.spec import Arms, Budgeted
from banditkit.core.verbs import complete
from banditkit.learners.exp3 import Exp3P
from banditkit.learners.hedge import Hedge
from banditkit.learners.meta import shown_as

__all__ = ["AdversarialBwK", "LagrangeBwK", "LagrangianLearner", "RewardOnly"]


class LagrangianPolicy(NamedTuple):
    """State of `LagrangeBwK` and `AdversarialBwK`."""

    primal: Any  # picks arms
    dual: Any  # picks resources
    guesses: np.ndarray  # (n,) what the exchange rate is drawn from
    rate: np.ndarray  # (1,) what a unit of a resource counts, in rewards: T / B, or gamma
    row: np.ndarray  # (m,) what the dual learner is told; the d resources, and maybe time
    chosen: np.ndarray  # (2,) int64, resource of this round, and the round
    scale: np.ndarray  # (d,) for prices in units of the problem
    time: float  # what a round uses of time
    primal_costs: bool
    dual_costs: bool

    def select(self, t, x, rng):
        if t == 0 and self.guesses.size > 1:
            self.rate[0] = self.guesses[draw_index(self.guesses.size, rng)]
        a = self.primal.select(t, None, rng)
        self.chosen[0] = self.dual.select(t, None, rng)
        self.chosen[1] = t
        return a

    def update(self, t, x, a, y):
        rate = self.rate[0]
        for i in range(self.row.size):
            used = y.costs[i] if i < self.scale.size else self.time
            # L(a, i) = r + 1 - (T/B) c_i from [1 - T/B, 2] to [0, 1]  (146)
            self.row[i] = (y.reward + rate * (1.0 - used)) / (1.0 + rate)
        payoff = self.row[self.chosen[0]]
        self.primal.update(t, None, a, 1.0 - payoff if self.primal_costs else payoff)
        if not self.dual_costs:  # who wants the payoff to be small is paid what is missing
            for i in range(self.row.size):
                self.row[i] = 1.0 - self.row[i]
        self.dual.update(t, None, self.chosen[0], self.row)

    def note(self, row):
        for i in range(self.scale.size):
            row[i] = self.rate[0] * self.scale[i] if i == self.chosen[0] else 0.0

    def noted(self):
        return {"prices": (self.scale.size,)}


class MixedLagrangianPolicy(LagrangianPolicy):
    """The same, where the dual learner tells its distribution."""

    __slots__ = ()

    def note(self, row):
        p = self.dual.distribution(self.chosen[1], None)
        for i in range(self.scale.size):
            row[i] = p[i] * self.rate[0] * self.scale[i]


@dataclass(frozen=True)
class LagrangianLearner(Learner):
    """What `LagrangeBwK` and `AdversarialBwK` have in common: two learners play the Lagrangian."""

    primal: Learner = Exp3P()  # noqa: RUF009 - frozen, and so shared by nobody
    dual: Learner = Hedge()  # noqa: RUF009
    accepts: ClassVar[Feedback] = Feedback.PURCHASE
    plays: ClassVar[tuple[type, ...]] = (Budgeted,)
    unit_range: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_inside(self, self.primal, Feedback.BANDIT, " as primal, such as UCB1()")
        check_inside(self, self.dual, Feedback.FULL, " as dual, such as Hedge()")

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        super().check(problem)
        for learner in (self.primal, self.dual):
            payoffs = Arms(problem.spec.K, costs=learner.costs)
            learner.check(shown_as(problem, learner.accepts, payoffs))

    def rates(self, spec: Budgeted, horizon: int) -> np.ndarray:
        """Return what the exchange rate is drawn from, one number or more, the largest first."""
        return np.array([horizon / spec.budget])

    def policy(self, spec: Budgeted, horizon: int, resources: int) -> LagrangianPolicy:
        """Return the policy, with a dual learner for so many resources."""
        rates = self.rates(spec, horizon)
        primal = complete(self.primal.start(Arms(spec.K, costs=self.primal.costs), horizon))
        dual = complete(self.dual.start(Arms(resources, costs=self.dual.costs), horizon))
        draws = hasattr(dual, "distribution")
        return (MixedLagrangianPolicy if draws else LagrangianPolicy)(
            primal=primal,
            dual=dual,
            guesses=rates,
            rate=rates[:1].copy(),
            row=np.zeros(resources),
            chosen=np.zeros(2, dtype=np.int64),
            scale=np.array(spec.scale),
            time=spec.budget / horizon,
            primal_costs=self.primal.costs,
            dual_costs=self.dual.costs,
        )


@dataclass(frozen=True, repr=False)
class LagrangeBwK(LagrangianLearner):
    """Let two learners play the Lagrangian game of the knapsack (Algorithm 10.1).

    In each round the primal learner picks an arm a, and the dual learner a resource i; time is one
    of them, the last, of which every round uses B / T.  Then the primal learner is told the payoff
    ``L(a, i) = r + 1 - (T / B) c_i``, and the dual learner the payoffs of all resources.  The
    primal learner wants them large, the dual one small.  Both see them moved from
    ``[1 - T / B, 2]`` to [0, 1], as rewards or as costs, whichever they learn from.

    Parameters
    ----------
    primal : Learner, default Exp3P()
        A learner from bandit feedback that plays arms.
    dual : Learner, default Hedge()
        A learner from full feedback that plays arms: resources, here.

    Raises
    ------
    ValueError
        If one of the two does not learn from the feedback that it gets, or does not play arms.

    Notes
    -----
    In the equilibrium of the game the primal learner plays the solution of the linear programme,
    and its value is OPT_LP (Lemma 10.7); the average play of two learners is an equilibrium up to
    their regrets (Lemma 10.11).  So reward falls short of ``T OPT_LP`` by at most
    ``O(T / B) sqrt(T K log(d T / delta))`` with probability ``1 - delta`` (Theorem 10.14):
    `banditkit.bounds.lagrange_bwk` has the constants.  No learner is promised IID payoffs, as the
    other one learns, too: theorems need a primal and a dual learner made for adversaries, though
    others, such as `UCB1`, often do better.

    `Result.logs` has "prices", what a unit of each resource counts in rewards: the probability that
    it is paid for, times T / B.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10; Immorlica, Sankararaman, Schapire
    & Slivkins (2022), "Adversarial bandits with knapsacks".

    Examples
    --------
    >>> import banditkit as bk
    >>> trap = bk.Knapsack.sure([1, 0.5, 0], [[1], [0.1], [0]], budgets=1000)
    >>> players = [bk.LagrangeBwK(bk.UCB1(0.5), bk.AdaHedge()), bk.RewardOnly(bk.UCB1(0.5))]
    >>> result = bk.simulate(trap, players, horizon=10_000, replications=10, seed=0)
    >>> bool(result.mean()[0, -1] < 0.5 * result.mean()[1, -1])
    True
    """

    def start(self, spec: Budgeted, horizon: int) -> LagrangianPolicy:
        """Return the policy; see `Learner.start`."""
        return self.policy(spec, horizon, spec.d + 1)


@dataclass(frozen=True, repr=False)
class AdversarialBwK(LagrangianLearner):
    """`LagrangeBwK` for outcomes that an adversary chose: at a guessed exchange rate.

    Time is no resource, and a unit of a resource counts ``gamma`` in place of T / B.  Before the
    first round gamma is drawn uniformly from ``(T / B) base**-j``, j = 0, 1, ..., down to the first
    that is at most ``sqrt(T) / B``.

    Parameters
    ----------
    primal, dual : Learner
        As in `LagrangeBwK`.
    base : float, default 2
        Ratio of two neighbouring guesses, 1.01 or more.
    guess : float, optional
        gamma itself, above 0 (at least 1e-12), to draw none.

    Raises
    ------
    ValueError
        If a number leaves its range, or a learner does not learn from the feedback that it gets.

    Notes
    -----
    Nobody can promise a fixed share of the best fixed distribution OPT_FD: what is promised is a
    share that falls with log T.  Compare ratios, not differences.  With gamma fixed, and up to the
    regrets of the two learners, reward is at least ``gamma (B - 1)`` if a resource runs out, and
    else at least ``OPT_FD - gamma d B``.  The first: in all rounds together the null arm would have
    paid ``L = 1`` each.  The second: up to where the benchmark stops, the best distribution would
    have paid its reward less what all of its consumption counts, at most ``gamma d B``.  So
    ``gamma = OPT_FD / ((d + 1) B)`` guarantees the fraction ``1 / (d + 1)``, and the guess next to
    it, drawn with a chance of one in the number of guesses, no less than ``1 / (base (d + 1))``:
    `banditkit.bounds.guessing_ratio`.

    That is also where the grid ends.  A guess guarantees ``gamma B`` at most.  Learners of K arms
    regret ``sqrt(K T)`` anyway, so a guess with ``gamma B`` below ``sqrt(T)`` guarantees nothing,
    and would only take from the chance of the others.

    `Result.logs` has "prices", as in `LagrangeBwK`.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10; Immorlica, Sankararaman, Schapire
    & Slivkins (2022), "Adversarial bandits with knapsacks".

    Examples
    --------
    >>> import banditkit as bk
    >>> spec = bk.Budgeted(K=2, d=1, budget=100.0, scale=(1.0,), null=1)
    >>> bk.AdversarialBwK(base=4).rates(spec, horizon=10_000)
    array([100.      ,  25.      ,   6.25    ,   1.5625  ,   0.390625])
    >>> bk.AdversarialBwK(bk.Exp3IX(), guess=0.5).rates(spec, horizon=10_000)
    array([0.5])
    """

    base: float = 2.0
    guess: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(base=number("base", self.base, low=1.01))
        if self.guess is not None:
            self._set(guess=number("guess", self.guess, low=1e-12))

    def rates(self, spec: Budgeted, horizon: int) -> np.ndarray:
        """Return what the exchange rate is drawn from, one number or more, the largest first."""
        if self.guess is not None:
            return np.array([self.guess])
        last = math.ceil(0.5 * math.log(horizon) / math.log(self.base) - 1e-9)
        return horizon / spec.budget * self.base ** -np.arange(last + 1.0)

    def start(self, spec: Budgeted, horizon: int) -> LagrangianPolicy:
        """Return the policy; see `Learner.start`."""
        return self.policy(spec, horizon, spec.d)


class RewardOnlyPolicy(NamedTuple):
    """State of `RewardOnly`."""

    policy: Any
    total: float  # lowest + highest reward
    costs: bool

    def select(self, t, x, rng):
        return self.policy.select(t, None, rng)

    def update(self, t, x, a, y):
        self.policy.update(t, None, a, self.total - y.reward if self.costs else y.reward)


@dataclass(frozen=True, repr=False)
class RewardOnly(Learner):
    """Play a knapsack with a learner that is told rewards alone, and spends blindly.

    It finds the arm that pays most in a round, not the arm that pays most for what it uses.  While
    there is something left it earns more than anybody; then it stands there with nothing, and the
    rounds that are left are lost.  A mix of arms, which is what a budget asks for, it would never
    play.  A baseline, to see what budgets are about.

    Parameters
    ----------
    learner : Learner
        A learner from bandit feedback that plays arms.

    Raises
    ------
    ValueError
        If `learner` does not learn from bandit feedback, or does not play arms.

    Notes
    -----
    If one arm pays 1 and uses 1, another pays 1/2 and uses ``B / T``, playing the second one all
    the time earns ``T / 2``, and `RewardOnly` little more than B: the loss is linear in T however
    well it learns.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10.

    Examples
    --------
    >>> import banditkit as bk
    >>> trap = bk.Knapsack.sure([1, 0.5, 0], [[1], [0.1], [0]], budgets=100)
    >>> result = bk.simulate(trap, [bk.RewardOnly(bk.UCB1(0.5))], horizon=1000, seed=0)
    >>> bool(result.logs["reward"][0, 0, -1] < 150 < 0.5 * trap.lp(1000).value * 1000)
    True
    """

    learner: Learner
    accepts: ClassVar[Feedback] = Feedback.PURCHASE
    plays: ClassVar[tuple[type, ...]] = (Budgeted,)

    def __post_init__(self) -> None:
        check_inside(self, self.learner, Feedback.BANDIT, ", such as UCB1()")

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        super().check(problem)
        self.learner.check(shown_as(problem, Feedback.BANDIT, self._arms(problem.spec)))

    def _arms(self, spec: Budgeted) -> Arms:
        return Arms(spec.K, spec.lowest, spec.highest, self.learner.costs)

    def start(self, spec: Budgeted, horizon: int) -> RewardOnlyPolicy:
        """Return the policy; see `Learner.start`."""
        policy = complete(self.learner.start(self._arms(spec), horizon))
        return RewardOnlyPolicy(policy, spec.lowest + spec.highest, self.learner.costs)


def check_inside(outer: Learner, inner: Learner, feedback: Feedback, such_as: str) -> None:
    """Raise a ValueError unless `inner` is a learner of arms from this feedback."""
    able = isinstance(inner, Learner) and inner.accepts is feedback and Arms in inner.plays
    if not able:
        raise ValueError(
            f"{type(outer).__name__} needs a learner of arms from {feedback} feedback{such_as}; "
            f"got {inner!r}"
        )
