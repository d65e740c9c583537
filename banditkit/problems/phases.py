"""Knapsacks of an adversary who changes his mind: outcomes are fixed in phases."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.checks import number, shorten, table, whole
from banditkit.core.jit import jit
from banditkit.core.simplex import blank_program, solve
from banditkit.core.spec import Budgeted
from banditkit.problems.knapsack import (
    BudgetProblem,
    KnapsackEnv,
    LPSolution,
    blank_env,
    checked_budgets,
    match_resources,
    tell_of_null_arm,
)

__all__ = ["FixedMix", "PhasedKnapsack"]

_CLOSE = 1e-12  # relative: values nearer than this are equal


@dataclass(frozen=True, eq=False)
class FixedMix:
    """The best fixed distribution over arms, if means were known and nothing were random."""

    value: float  # OPT_FD, what it earns in all rounds
    distribution: np.ndarray  # (K,) D
    rounds: int  # it is played in so many rounds, and then nothing more
    incomes: np.ndarray  # (J,) what it earns in a round of each phase


class SureLaw(NamedTuple):
    """Outcomes that are certain."""

    outcomes: np.ndarray  # (K, 1 + d) reward, and consumption of each resource

    def respond(self, t, x, a, rng):
        return self.outcomes[a]


class PhasedEnv(NamedTuple):
    """A phased knapsack being played: a knapsack whose numbers are those of the phase."""

    knapsack: KnapsackEnv
    outcomes: np.ndarray  # (J, K, 1 + d) reward, and consumption of each resource
    incomes: np.ndarray  # (J,) what the benchmark earns in a round of each phase
    ahead: np.ndarray  # (1,) what the benchmark will earn from this round on
    length: int  # rounds of a phase
    stop: int  # rounds of the benchmark

    def observe(self, t, rng):
        if t % self.length == 0 or t == self.stop:
            j = min(t // self.length, self.incomes.size - 1)
            income = self.incomes[j] if t < self.stop else 0.0
            now = self.knapsack
            for a in range(now.reduced.size):
                now.reduced[a] = income - self.outcomes[j, a, 0]
                now.means[a, 0] = self.outcomes[j, a, 0]  # and so the outcomes of its law
                for i in range(now.left.size):
                    now.means[a, 1 + i] = self.outcomes[j, a, 1 + i]
                    now.most[a, i] = self.outcomes[j, a, 1 + i]

    def gap(self, t, x, a):
        gap = self.knapsack.gap(t, x, a)
        if self.knapsack.done():  # what the benchmark earns from now on is lost
            return self.ahead[0]
        self.ahead[0] -= gap + self.knapsack.means[a, 0]
        return gap

    def respond(self, t, x, a, rng):
        return self.knapsack.respond(t, x, a, rng)

    def done(self):
        return self.knapsack.done()

    def note(self, row):
        row[0] = self.knapsack.sums[0]
        for i in range(self.knapsack.left.size):
            row[1 + i] = self.knapsack.left[i]

    def noted(self):
        return {"reward": (), "left": (self.knapsack.left.size,)}


@dataclass(frozen=True, repr=False)
class PhasedKnapsack(BudgetProblem):
    """Budgets, and outcomes that are certain, but change from phase to phase.

    There are J phases of ``T // J`` rounds each; the last one has the rounds that are left over,
    too.  The game ends with the horizon, or when an arm is chosen that would use more of some
    resource than is left.

    Parameters
    ----------
    rewards : array of float, shape (J, K)
        What each arm pays in a round of each phase, in [0, 1].
    consumption : array of float, shape (J, K, d), or (J, K) for a single resource
        What each arm uses of each resource in a round of each phase, in [0, 1].
    budgets : float or sequence of float, shape (d,)
        How much there is of each resource, above 0 and at most the number of rounds.

    Raises
    ------
    ValueError
        If a number leaves its range, or shapes do not fit together.

    Warns
    -----
    NullArmAdded
        If no arm is free and pays nothing in all phases: such an arm is added as the last one.

    Notes
    -----
    The benchmark is the best fixed distribution, OPT_FD (`best_fixed`): an arm is drawn from the
    same D in every round, until what it uses on average reaches a budget.  It knows the phases; no
    learner does, and no learner earns a fixed share of it in every such problem: so
    compare ratios, as well as regret.  A round's gap is what D earns in it on average less what
    the arm pays, and when an arm is chosen that there is not enough for, what D would still have
    earned is added.  So regret in the end is OPT_FD less the reward, in every run.

    `Result.logs` has "reward", and "left" of each budget, at the times of the result.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10; Immorlica, Sankararaman, Schapire
    & Slivkins (2022), "Adversarial bandits with knapsacks".

    Examples
    --------
    Who waits is right in one of the two, and who does not in the other:

    >>> import banditkit as bk
    >>> better, worse = (bk.PhasedKnapsack.two_phase(100, later) for later in (1, 0))
    >>> better.best_fixed(200).value, worse.best_fixed(200).value
    (75.0, 50.0)
    """

    rewards: tuple[tuple[float, ...], ...]
    consumption: tuple[tuple[tuple[float, ...], ...], ...]
    budgets: tuple[float, ...]

    def __post_init__(self) -> None:
        rewards = table("rewards", self.rewards, "phase", "arm", low=0.0, high=1.0)
        consumption = _consumption(self.consumption, len(rewards), len(rewards[0]))
        budgets = checked_budgets("budgets", self.budgets)
        d = len(consumption[0][0])
        match_resources(budgets, d, "arms")
        if not _free(rewards, consumption):
            tell_of_null_arm(self, len(rewards[0]), "every arm uses something or pays something")
            rewards = tuple((*row, 0.0) for row in rewards)
            consumption = tuple((*row, (0.0,) * d) for row in consumption)
        self._set(rewards=rewards, consumption=consumption, budgets=budgets)

    @classmethod
    def two_phase(cls, budget: float, later: float = 1.0) -> "PhasedKnapsack":
        """Return the two-phase example, to be played for ``T = 2 B`` rounds.

        One arm uses 1 in every round, and pays 1/2 in the first half of the rounds.  Nobody knows
        what it pays `later`.  If it is 1, OPT_FD is ``3 B / 4``, and if it is 0 ``B / 2``.  Who
        spends a fraction x of the budget in the first half gets ``B (1 - x / 2)`` or ``B x / 2``;
        with x = 4/5 both are 4/5 of OPT_FD, and no x gets more than that of both.

        Parameters
        ----------
        budget : float
            B, above 0.
        later : float, default 1
            What the arm pays in the second half, in [0, 1].

        Raises
        ------
        ValueError
            If a number leaves its range.

        Examples
        --------
        >>> import banditkit as bk
        >>> bk.PhasedKnapsack.two_phase(100, later=0).rewards
        ((0.5, 0.0), (0.0, 0.0))
        """
        later = number("later", later, low=0.0, high=1.0)
        return cls(((0.5, 0.0), (later, 0.0)), ((1.0, 0.0),) * 2, budget)  # type: ignore[arg-type]

    @classmethod
    def rising(cls, phases: int, active: int, budget: float) -> "PhasedKnapsack":
        """Return the example of many phases, to be played for ``T = J B`` rounds.

        One arm uses 1 in every round.  It pays ``j / J`` in phase j, but nothing after phase
        `active`; up to then all these problems look the same.  OPT_FD is
        ``B (active + 1) / (2 J)``, and who does not know `active` can't promise more than the
        fraction ``2 / (1 + H_J)`` of it, H_J = 1 + 1/2 + ... + 1/J:
        `banditkit.bounds.competitive_ratio`.

        Parameters
        ----------
        phases : int
            J, 1 or more.
        active : int
            The last phase in which the arm pays, from 1 to J.
        budget : float
            B, above 0.

        Raises
        ------
        ValueError
            If a number leaves its range.

        Examples
        --------
        >>> import banditkit as bk
        >>> rising = bk.PhasedKnapsack.rising(phases=4, active=3, budget=100)
        >>> rising.rewards
        ((0.25, 0.0), (0.5, 0.0), (0.75, 0.0), (0.0, 0.0))
        >>> round(rising.best_fixed(400).value, 9)
        50.0
        """
        J, active = whole("phases", phases, least=1), whole("active", active, least=1)
        if active > J:
            raise ValueError(f"active must be at most the number of phases, {J}; got {active}")
        rewards = tuple((j / J if j <= active else 0.0, 0.0) for j in range(1, J + 1))
        return cls(rewards, ((1.0, 0.0),) * J, budget)  # type: ignore[arg-type]

    @property
    def null(self) -> int:
        """The arm that pays nothing and uses nothing; of several, the last."""
        return _free(self.rewards, self.consumption)[-1]

    @property
    def spec(self) -> Budgeted:
        """Number of arms and resources, and the common budget: the smallest one."""
        K, d = len(self.rewards[0]), len(self.budgets)
        return Budgeted(K, d, min(self.budgets), self.scale, self.null)

    def check_horizon(self, horizon: int) -> None:
        """Raise a ValueError if a budget, or the number of phases, exceeds that of rounds."""
        super().check_horizon(horizon)
        if len(self.rewards) > horizon:
            raise ValueError(
                f"each phase needs a round: {len(self.rewards)} phases, but a horizon of {horizon}"
            )

    def best_fixed(self, horizon: int) -> FixedMix:
        """Return the benchmark for T rounds: the best fixed distribution, and what it earns.

        It is played for a whole number of rounds; a part of a round, which would use up the very
        last of a budget, does not count.  For each number of rounds s it is a linear programme to
        find the distribution that earns most in s rounds within the budgets; the best s wins, of
        equal ones the first.

        Parameters
        ----------
        horizon : int
            T, at least the number of phases and the largest budget.

        Returns
        -------
        FixedMix
            `value`, OPT_FD, in reward of all rounds; the `distribution`, shape (K,); the number
            of `rounds` in which it is played; and its `incomes`, in reward a round of each phase,
            shape (J,).

        Raises
        ------
        ValueError
            If there are too few rounds.

        Examples
        --------
        >>> import banditkit as bk
        >>> mix = bk.PhasedKnapsack.two_phase(100).best_fixed(200)
        >>> mix.distribution, mix.rounds, mix.incomes
        (array([0.5, 0.5]), 200, array([0.25, 0.5 ]))
        """
        return self.benchmark(horizon)

    def solve(self, horizon: int) -> FixedMix:
        """Find the best fixed distribution of T rounds."""
        outcomes = _outcomes(self)
        distribution = np.zeros(outcomes.shape[1])
        lp = blank_program(1 + self.limits.size, distribution.size)
        rounds = _search(lp, outcomes, self.limits, horizon, distribution)
        distribution[self.null] += max(0.0, 1.0 - distribution.sum())
        incomes = outcomes[:, :, 0] @ distribution
        J, length = len(incomes), horizon // len(incomes)
        spans = np.clip(rounds - length * np.arange(J), 0, length)
        spans[-1] = max(0, rounds - length * (J - 1))
        return FixedMix(float(incomes @ spans), distribution, rounds, incomes)

    def start(self, horizon: int, rng: np.random.Generator) -> PhasedEnv:
        """Return the knapsack being played; see `Problem.start`."""
        best, outcomes = self.solved(horizon), _outcomes(self)
        J, K, d = len(outcomes), len(best.distribution), len(self.budgets)
        now = np.zeros((K, 1 + d))  # of the phase
        no_prices = LPSolution(best.value, best.distribution, np.zeros(d), 0.0, np.zeros(K))
        knapsack = blank_env(SureLaw(now), now, np.zeros((K, d)), no_prices, self.limits, horizon)
        ahead = np.array([best.value])
        return PhasedEnv(knapsack, outcomes, best.incomes, ahead, horizon // J, best.rounds)


@jit
def _search(lp, outcomes, limits, horizon, best):
    """Write the best fixed distribution into `best`, and return in how many rounds it is played.

    For each number of rounds s: max s r.D s.t. D is a distribution and s c_i.D <= B_i, where r and
    c are averages over these rounds.  The solution for s - 1 is where the search for s begins.
    """
    J, K, columns = outcomes.shape
    length = horizon // J
    totals = np.zeros((K, columns))
    most, stop = -1.0, 0
    lp.A[0, :] = 1.0
    lp.b[0] = 1.0
    for s in range(1, horizon + 1):
        j = min((s - 1) // length, J - 1)
        for a in range(K):
            for i in range(columns):
                totals[a, i] += outcomes[j, a, i]
            lp.c[a] = totals[a, 0] / s
            for i in range(1, columns):
                lp.A[i, a] = totals[a, i] / s
        for i in range(1, columns):
            lp.b[i] = min(1.0, limits[i - 1] / s)  # an average is at most 1 anyway
        solve(lp)
        value = 0.0
        for i in range(lp.x.size):
            if lp.basis[i] < K:
                value += s * lp.c[lp.basis[i]] * lp.x[i]
        if value > most + _CLOSE * s:
            most, stop = value, s
            best[:] = 0.0
            for i in range(lp.x.size):
                if lp.basis[i] < K:
                    best[lp.basis[i]] = max(0.0, lp.x[i])
    return stop


def _outcomes(problem: PhasedKnapsack) -> np.ndarray:
    """Return reward and consumption by phase and arm, shape (J, K, 1 + d)."""
    rewards, consumption = np.array(problem.rewards), np.array(problem.consumption)
    return np.concatenate([rewards[:, :, None], consumption], axis=2)


def _free(rewards: Any, consumption: Any) -> list[int]:
    """Return the arms that pay nothing and use nothing, in all phases."""
    used = np.any(consumption, axis=(0, 2)) | np.any(rewards, axis=0)
    return [int(a) for a in np.flatnonzero(~used)]


def _consumption(values: Any, J: int, K: int) -> tuple[tuple[tuple[float, ...], ...], ...]:
    """Return consumption by phase, arm and resource, or say what is wrong, and in which phase."""
    try:
        array = np.asarray(values)
    except ValueError:  # ragged rows
        array = np.zeros(0)
    if array.ndim not in (2, 3) or array.shape[:2] != (J, K):
        got = f"shape {array.shape}" if array.ndim > 1 else shorten(repr(values))
        raise ValueError(
            f"consumption must have a number, or a row of numbers, for each of the {J} phases and "
            f"{K} arms; got {got}"
        )
    if array.ndim == 2:
        array = array[:, :, None]
    return tuple(
        table(f"consumption[{j}]", phase, "arm", "resource", low=0.0, high=1.0)
        for j, phase in enumerate(array)
    )
