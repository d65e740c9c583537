"""Regrets by their own names: wrappers that play the same game and keep another score.

A tape by itself keeps hindsight regret, against the arm that is best so far; IID arms keep
pseudo-regret.  The wrappers leave alone what the learner sees.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number, whole
from banditkit.core.description import Problem
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit_inline
from banditkit.core.spec import Arms, NoSuchArm
from banditkit.problems.costs import BestArm, CostsEnv, CostTape

__all__ = [
    "DynamicRegret",
    "ExpectedRegret",
    "ForesightRegret",
    "ShiftingRegret",
    "SwapRegret",
    "SwitchingFee",
]


@dataclass(frozen=True)
class AnotherScore(Problem):
    """What the wrappers have in common: the problem inside."""

    problem: Problem

    @property
    def feedback(self) -> Feedback:  # type: ignore[override]
        """That of the problem inside."""
        return self.problem.feedback

    @property
    def spec(self) -> Any:
        """That of the problem inside."""
        return self.problem.spec

    def check_horizon(self, horizon: int) -> None:
        """Raise a ValueError if the problem inside can't be played for so many rounds."""
        self.problem.check_horizon(horizon)


@dataclass(frozen=True)
class TapeScore(AnotherScore):
    """What the wrappers of tapes have in common."""

    problem: CostTape

    def __post_init__(self) -> None:
        if not isinstance(self.problem, CostTape):
            name = type(self).__name__
            raise ValueError(
                f"{name} is about a tape of costs, as in {name}(IIDCosts([0.4, 0.6])); "
                f"got {self.problem!r}"
            )


class ExpectedEnv(NamedTuple):
    """A game that is scored by the distributions that actions are drawn from."""

    env: Any

    def observe(self, t, rng):
        return self.env.observe(t, rng)

    def gap(self, t, x, a):
        if not 0 <= a.arm < a.p.size:
            raise NoSuchArm(t, a.arm, a.p.size)
        total = 0.0
        for arm in range(a.p.size):
            if a.p[arm] > 0.0:
                total += a.p[arm] * self.env.gap(t, x, arm)
        return total

    def respond(self, t, x, a, rng):
        return self.env.respond(t, x, a.arm, rng)

    def done(self):
        return self.env.done()


@dataclass(frozen=True, repr=False)
class ExpectedRegret(AnotherScore):
    """The same game, scored by the distribution that each arm was drawn from.

    In each round regret grows by the expectation of the gap over the learner's draw, given all
    that happened before: ``p_t.c_t`` in place of ``c_t(a_t)``.  Its expectation is that of the
    regret itself, without the noise of the draw; with full feedback, on a given tape, nothing
    random is left, and theorems about expected regret become inequalities that hold surely.

    Parameters
    ----------
    problem : Problem
        A problem with finitely many arms, whose gaps do not depend on earlier actions.

    Raises
    ------
    ValueError
        If `problem` is not a problem, or already scored by distributions, or `SwapRegret`.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, Remark 5.15.

    Examples
    --------
    >>> import banditkit as bk
    >>> tape = bk.ExpectedRegret(bk.AlternatingCosts(feedback="full"))
    >>> result = bk.simulate(tape, [bk.Hedge()], horizon=100, replications=5, seed=0)
    >>> at_last = result.regret[0, :, -1]
    >>> bool(at_last.min() == at_last.max() < bk.bounds.hedge(tape, 100))
    True
    """

    sees_distribution: ClassVar[bool] = True

    def __post_init__(self) -> None:
        problem = self.problem
        if not isinstance(problem, Problem):
            raise ValueError(
                "ExpectedRegret needs a problem, as in ExpectedRegret(IIDCosts([0.4, 0.6])); "
                f"got {problem!r}"
            )
        if problem.sees_distribution:
            raise ValueError(f"{problem!r} is scored by the learner's distributions as it is")
        if isinstance(problem, SwapRegret | SwitchingFee):
            raise ValueError(
                f"the gaps of {type(problem).__name__} depend on earlier draws; it can't be scored "
                "by distributions"
            )

    def start(self, horizon: int, rng: np.random.Generator) -> ExpectedEnv:
        """Return the game being played; see `Problem.start`."""
        return ExpectedEnv(self.problem.start(horizon, rng))


@dataclass(frozen=True, repr=False)
class ForesightRegret(TapeScore):
    """Regret in expected costs, against the arm whose total expected cost is smallest so far.

    The benchmark does not know how the coins will fall: ``min_a E[cost(a)]`` in place of
    ``E[min_a cost(a)]``.  The learner's costs, too, are counted by their expectations.  For IID
    costs this is the pseudo-regret of chapter 1.  It is at most hindsight regret, on average.

    Parameters
    ----------
    problem : CostTape
        A tape of costs.

    Raises
    ------
    ValueError
        If `problem` is not a tape.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 5.1 and Exercise 5.2.

    Examples
    --------
    >>> import banditkit as bk
    >>> tape = bk.ForesightRegret(bk.IIDCosts([0.25, 0.75]))
    >>> result = bk.simulate(tape, [bk.Uniform()], horizon=1000, seed=0)
    >>> bool(240 < result.mean()[0, -1] < 260)
    True
    """

    def start(self, horizon: int, rng: np.random.Generator) -> CostsEnv:
        """Return the tape being played; see `Problem.start`."""
        env = self.problem.start(horizon, rng)
        means = env.tape.means
        benchmark = BestArm(means, np.zeros(means.size), np.zeros(1))
        return env._replace(benchmark=benchmark, charged=means)


class BestNow(NamedTuple):
    """The best arm of each round."""

    costs: np.ndarray  # (K,)

    def observe(self, t, rng):
        least = self.costs[0]
        for a in range(1, self.costs.size):
            least = min(least, self.costs[a])
        return least


@dataclass(frozen=True, repr=False)
class DynamicRegret(TapeScore):
    """Regret in expected costs, against the arm that is best in each single round.

    Parameters
    ----------
    problem : CostTape
        A tape of costs.

    Raises
    ------
    ValueError
        If `problem` is not a tape.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 6.6; Besbes, Gur & Zeevi (2014).

    Examples
    --------
    >>> import banditkit as bk
    >>> tape = bk.DynamicRegret(bk.SwitchingCosts([[0, 1], [1, 0]]))
    >>> result = bk.simulate(tape, [bk.Uniform()], horizon=1000, seed=0)
    >>> bool(480 < result.mean()[0, -1] < 520)
    True
    """

    def start(self, horizon: int, rng: np.random.Generator) -> CostsEnv:
        """Return the tape being played; see `Problem.start`."""
        env = self.problem.start(horizon, rng)
        return env._replace(benchmark=BestNow(env.tape.means), charged=env.tape.means)


class BestShifting(NamedTuple):
    """The best sequence of arms with at most S changes so far, by dynamic programming."""

    costs: np.ndarray  # (K,) of this round
    totals: np.ndarray  # (S + 1, K) least total with at most s changes that ends in an arm
    least: np.ndarray  # (1,) the smallest total with at most S changes

    def observe(self, t, rng):
        before = self.least[0]
        for s in range(self.totals.shape[0] - 1, -1, -1):  # downwards: s - 1 is of the last round
            change = math.inf
            if s > 0:
                for a in range(self.costs.size):
                    change = min(change, self.totals[s - 1, a])
            for a in range(self.costs.size):
                self.totals[s, a] = min(self.totals[s, a], change) + self.costs[a]
        least = math.inf
        for a in range(self.costs.size):
            least = min(least, self.totals[-1, a])
        self.least[0] = least
        return least - before


@dataclass(frozen=True, repr=False)
class ShiftingRegret(TapeScore):
    """Regret against the best sequence of arms that changes at most `shifts` times.

    It is computed by a dynamic programme with K (shifts + 1) numbers, at every round; with no
    shifts it is hindsight regret.

    Parameters
    ----------
    problem : CostTape
        A tape of costs.
    shifts : int
        S, how often the benchmark may change its arm, 0 or more.

    Raises
    ------
    ValueError
        If `problem` is not a tape, or `shifts` not a whole number, 0 or more.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 6.6.

    Examples
    --------
    >>> import banditkit as bk
    >>> table = bk.LossTable([[0, 1], [0, 1], [1, 0], [1, 0]], feedback="full")
    >>> tape = bk.ShiftingRegret(table, shifts=1)
    >>> result = bk.simulate(tape, [bk.FollowTheLeader()], horizon=4, seed=0)
    >>> float(result.mean()[0, -1])
    2.0
    """

    shifts: int

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(shifts=whole("shifts", self.shifts, least=0))

    def start(self, horizon: int, rng: np.random.Generator) -> CostsEnv:
        """Return the tape being played; see `Problem.start`."""
        env = self.problem.start(horizon, rng)
        totals = np.zeros((min(self.shifts, horizon) + 1, env.tape.costs.size))
        benchmark = BestShifting(env.tape.costs, totals, np.zeros(1))
        return env._replace(benchmark=benchmark)


class SwapEnv(NamedTuple):
    """A tape being played, scored by the best replacement of each arm by another."""

    env: Any
    costs: np.ndarray  # (K,) of this round
    gains: np.ndarray  # (K, K) what playing b would have saved in the rounds of a
    best: np.ndarray  # (K,) the largest saving in the rounds of a

    def observe(self, t, rng):
        return self.env.observe(t, rng)

    def gap(self, t, x, a):
        if not 0 <= a < self.best.size:
            raise NoSuchArm(t, a, self.best.size)
        before = self.best[a]
        best = 0.0
        for b in range(self.best.size):
            self.gains[a, b] += self.costs[a] - self.costs[b]
            best = max(best, self.gains[a, b])
        self.best[a] = best
        return best - before

    def respond(self, t, x, a, rng):
        return self.env.respond(t, x, a, rng)


@dataclass(frozen=True, repr=False)
class SwapRegret(TapeScore):
    """Regret against the best rule "wherever I played a, I would have played f(a)".

    Players with small swap regret come to a correlated equilibrium.  It is at least hindsight
    regret, and never negative.

    Parameters
    ----------
    problem : CostTape
        A tape of costs.

    Raises
    ------
    ValueError
        If `problem` is not a tape.

    References
    ----------
    Blum & Mansour (2007), "From external to internal regret"; Slivkins, *Introduction to
    Multi-Armed Bandits*, section 6.6.

    Examples
    --------
    >>> import banditkit as bk
    >>> tape = bk.SwapRegret(bk.IIDCosts([0.5, 0.5, 0.5]))
    >>> result = bk.simulate(tape, [bk.BlumMansour()], horizon=1000, replications=20, seed=0)
    >>> bool(result.regret.min() >= 0)
    True
    """

    def start(self, horizon: int, rng: np.random.Generator) -> SwapEnv:
        """Return the tape being played; see `Problem.start`."""
        env = self.problem.start(horizon, rng)
        K = env.tape.costs.size
        return SwapEnv(env, env.tape.costs, np.zeros((K, K)), np.zeros(K))


class FeeEnv(NamedTuple):
    """A tape being played, with a fee for each change of the arm."""

    env: Any
    fee: float
    arm: np.ndarray  # (1,) int64, the last arm; at first -1

    def observe(self, t, rng):
        return self.env.observe(t, rng)

    def gap(self, t, x, a):
        return (self.env.gap(t, x, a) + _fee_due(self, a)) / (1.0 + self.fee)

    def respond(self, t, x, a, rng):
        answer = (self.env.respond(t, x, a, rng) + _fee_due(self, a)) / (1.0 + self.fee)
        self.arm[0] = a
        return answer


@jit_inline
def _fee_due(env, a):
    return env.fee if 0 <= env.arm[0] != a else 0.0


@dataclass(frozen=True, repr=False)
class SwitchingFee(TapeScore):
    """Who changes the arm pays a fee: the simplest adversary with a memory.

    Costs are ``(c_t(a_t) + fee * [a_t != a_{t-1}]) / (1 + fee)``, which lie in [0, 1] if those of
    the tape do; the first round is free.  Regret is policy regret (counterfactual
    regret): the benchmark is what the best fixed arm would have paid, had it been played all the
    time, and so without fees.

    Parameters
    ----------
    problem : CostTape
        A tape of costs, with bandit feedback.
    fee : float, default 1
        What a change costs, 0 or more.

    Raises
    ------
    ValueError
        If `problem` is not a tape with bandit feedback, or `fee` is negative or not finite.

    References
    ----------
    Arora, Dekel & Tewari (2012), "Online bandit learning against an adaptive adversary"; Slivkins,
    *Introduction to Multi-Armed Bandits*, section 6.6 (counterfactual regret).

    Examples
    --------
    >>> import banditkit as bk
    >>> tape = bk.SwitchingFee(bk.IIDCosts([0.4, 0.6]), fee=1)
    >>> learners = [bk.Exp3(), bk.Batched(bk.Exp3(), size=20)]
    >>> result = bk.simulate(tape, learners, horizon=2000, replications=20, seed=0)
    >>> bool(result.mean()[1, -1] < result.mean()[0, -1])
    True
    """

    fee: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.problem.feedback is not Feedback.BANDIT:
            raise ValueError("SwitchingFee is about bandit feedback; this tape gives full feedback")
        self._set(fee=number("fee", self.fee, low=0.0))

    @property
    def spec(self) -> Arms:
        """Number of arms and range of costs with the fee."""
        spec = self.problem.spec
        unit = 1.0 + self.fee
        return spec._replace(lowest=spec.lowest / unit, highest=(spec.highest + self.fee) / unit)

    def start(self, horizon: int, rng: np.random.Generator) -> FeeEnv:
        """Return the tape being played; see `Problem.start`."""
        return FeeEnv(self.problem.start(horizon, rng), self.fee, np.full(1, -1))
