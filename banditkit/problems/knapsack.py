"""Bandits with knapsacks: arms that use up resources, of which there is only so much (ch. 10)."""

import math
import warnings
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number, numbers, table, whole
from banditkit.core.description import Problem
from banditkit.core.feedback import Feedback, Purchase
from banditkit.core.simplex import maximise
from banditkit.core.spec import Budgeted, NoSuchArm
from banditkit.core.vectors import dot

__all__ = ["Knapsack", "KnapsackProblem", "LPSolution", "NullArmAdded"]

_ROUNDING = 1e-12  # such a share of the budget may be wanting: 0.1 is not quite a tenth


class NullArmAdded(UserWarning):
    """No arm is free, so an arm that pays nothing and uses nothing was added."""


@dataclass(frozen=True, eq=False)
class LPSolution:
    """The best mix of arms if means were known and nothing were random: (141) of the book.

    It maximises the mean reward of a distribution D over arms, whose mean consumption of each
    resource is at most ``B_i / T``.
    """

    value: float  # OPT_LP, reward a round: time_price + sum(prices * budgets) / T
    distribution: np.ndarray  # (K,) D
    prices: np.ndarray  # (d,) dual: what one more unit of a resource would pay
    time_price: float  # dual: what one more round would pay
    reduced_costs: np.ndarray  # (K,) time_price + prices . consumption - reward; 0 where D plays


class OutcomeLaw(NamedTuple):
    """Joint distributions of reward and consumption with finitely many outcomes each."""

    first: np.ndarray  # (K,) int64, where the outcomes of an arm begin
    cumulative: np.ndarray  # (n,) probability of an arm's outcomes up to this one; the last: inf
    outcomes: np.ndarray  # (n, 1 + d) reward, and consumption of each resource

    def respond(self, t, x, a, rng):
        u, i = rng.random(), self.first[a]
        while u >= self.cumulative[i]:
            i += 1
        return self.outcomes[i]


class KnapsackEnv(NamedTuple):
    """A knapsack being played.

    The game ends when an arm is chosen that might use more than is left.  So what is left is never
    below 0, and nobody can do better on average than T OPT_LP.
    """

    law: Any  # a record whose `respond` draws an outcome: reward and consumption
    means: np.ndarray  # (K, 1 + d) mean reward, and mean consumption
    most: np.ndarray  # (K, d) what an arm may use at most
    reduced: np.ndarray  # (K,) reduced costs of the linear programme
    prices: np.ndarray  # (d,)
    time_price: float
    scale: np.ndarray  # (d,) common budget over budget
    bill: np.ndarray  # (d,) what was used in this round, in units of the common budget
    slack: np.ndarray  # (d,) what may be wanting, by rounding
    left: np.ndarray  # (d,) of each budget
    lost: np.ndarray  # (d,) what rounding took off `left` too little
    mean_left: np.ndarray  # (d,) what would be, if each arm used its mean
    sums: np.ndarray  # (2,) rewards so far, and means of the arms that paid them
    over: np.ndarray  # (1,) bool
    horizon: int

    def gap(self, t, x, a):
        if not 0 <= a < self.reduced.size:
            raise NoSuchArm(t, a, self.reduced.size)
        for i in range(self.left.size):
            if self.most[a, i] > self.left[i] + self.slack[i]:
                self.over[0] = True
        if self.over[0]:  # time that is left is lost, and so is what is left of the resources
            return self.time_price * (self.horizon - t) + dot(self.prices, self.mean_left)
        for i in range(self.left.size):
            self.mean_left[i] -= self.means[a, 1 + i]
        last = t == self.horizon - 1
        return self.reduced[a] + (dot(self.prices, self.mean_left) if last else 0.0)

    def respond(self, t, x, a, rng):
        self.bill[:] = 0.0
        if self.over[0]:
            return Purchase(0.0, self.bill)
        outcome = self.law.respond(t, x, a, rng)
        for i in range(self.left.size):
            paid = outcome[1 + i] + self.lost[i]  # Kahan's sum: a million payments leave no error
            rest = self.left[i] - paid
            self.lost[i] = paid - (self.left[i] - rest)
            self.left[i] = max(0.0, rest)
            self.bill[i] = self.scale[i] * outcome[1 + i]
        self.sums[0] += outcome[0]
        self.sums[1] += self.means[a, 0]
        return Purchase(outcome[0], self.bill)

    def done(self):
        return self.over[0]

    def note(self, row):
        row[0], row[1] = self.sums[0], self.sums[1]
        for i in range(self.left.size):
            row[2 + i] = self.left[i]

    def noted(self):
        return {"reward": (), "expected_reward": (), "left": (self.left.size,)}


def blank_env(
    law: Any,
    means: np.ndarray,
    most: np.ndarray,
    solution: LPSolution,
    limits: np.ndarray,
    horizon: int,
) -> KnapsackEnv:
    """Return a knapsack with full budgets."""
    return KnapsackEnv(
        law=law,
        means=means,
        most=most,
        reduced=solution.reduced_costs,
        prices=solution.prices,
        time_price=solution.time_price,
        scale=limits.min() / limits,
        bill=np.zeros(limits.size),
        slack=_ROUNDING * limits,
        left=limits.copy(),
        lost=np.zeros(limits.size),
        mean_left=limits.copy(),
        sums=np.zeros(2),
        over=np.zeros(1, dtype=np.bool_),
        horizon=horizon,
    )


@dataclass(frozen=True)
class BudgetProblem(Problem):
    """What all problems with budgets have in common; a subclass has a field `budgets`."""

    feedback: ClassVar[Feedback] = Feedback.PURCHASE

    @property
    def limits(self) -> np.ndarray:
        """Budget of each resource, shape (d,)."""
        budgets: Any = checked_budgets("budgets", self.budgets)  # type: ignore[attr-defined]
        return np.array(budgets)

    @property
    def scale(self) -> tuple[float, ...]:
        """The smallest budget over each budget, shape (d,); see `Budgeted`."""
        return tuple((self.limits.min() / self.limits).tolist())

    def check_horizon(self, horizon: int) -> None:
        """Raise a ValueError if a budget is larger than the number of rounds."""
        for i, limit in enumerate(self.limits):
            if limit > horizon:
                raise ValueError(
                    f"budgets must be at most the number of rounds, {horizon}, since a round uses "
                    f"1 at most; resource {i} has {limit:g} - lower it, or play longer"
                )

    @cached_property
    def kept(self) -> dict[int, Any]:
        """What was computed for a horizon: every replication asks for it."""
        return {}

    def benchmark(self, horizon: int) -> Any:
        """Return what `solve` returns for T rounds, or say why T will not do."""
        horizon = whole("horizon", horizon, least=1)
        self.check_horizon(horizon)
        return self.solved(horizon)

    def solved(self, horizon: int) -> Any:
        """Return what `solve` returns for T rounds; the second time at once."""
        if horizon not in self.kept:
            self.kept[horizon] = self.solve(horizon)
        return self.kept[horizon]

    @abstractmethod
    def solve(self, horizon: int) -> Any:
        """Compute the benchmark of T rounds."""


@dataclass(frozen=True)
class KnapsackProblem(BudgetProblem):
    """What all problems with budgets and IID outcomes have in common.

    To write your own, subclass it, and give it `laws` and `budgets`; its last arm is free and pays
    nothing, or `null` says which is.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import banditkit as bk
    >>> @dataclass(frozen=True, repr=False)
    ... class Lottery(bk.KnapsackProblem):
    ...     budgets: float
    ...     @property
    ...     def laws(self):
    ...         return [[(0.1, 1.0, 0.5), (0.9, 0.0, 0.5)], [(1.0, 0.0, 0.0)]]
    >>> round(Lottery(20.0).lp(horizon=100).value, 12)
    0.04
    """

    @property
    @abstractmethod
    def laws(self) -> Sequence[np.ndarray]:
        """Of each arm a table: a row for each outcome, of probability, reward and consumption."""

    @cached_property
    def tables(self) -> list[np.ndarray]:
        """The laws as arrays, of shape (outcomes, 2 + d), once they are found to make sense."""
        tables = [np.array(law) for law in checked_outcomes(self.laws)]
        match_resources(self.limits, tables[0].shape[1] - 2, "laws")
        if not _is_null(tables[self.null]):
            raise ValueError(
                f"{type(self).__name__}: arm {self.null} must pay nothing and use nothing - add "
                "such an arm as the last one, or say in null which one does"
            )
        return tables

    @property
    def null(self) -> int:
        """The arm that pays nothing and uses nothing."""
        return len(self.laws) - 1

    @property
    def spec(self) -> Budgeted:
        """Number of arms and resources, and the common budget: the smallest one."""
        budgets = self.limits
        return Budgeted(len(self.tables), budgets.size, float(budgets.min()), self.scale, self.null)

    @property
    def rewards(self) -> np.ndarray:
        """Mean reward of each arm, shape (K,)."""
        return np.array([law[:, 0] @ law[:, 1] for law in self.tables])

    @property
    def consumption(self) -> np.ndarray:
        """Mean consumption by each arm of each resource, shape (K, d)."""
        return np.array([law[:, 0] @ law[:, 2:] for law in self.tables])

    def lp(self, horizon: int) -> LPSolution:
        """Return the linear programme's solution for T rounds.

        Parameters
        ----------
        horizon : int
            T, 1 or more, and at least the largest budget.

        Returns
        -------
        LPSolution
            `value`, OPT_LP, in reward a round; the `distribution` that attains it, shape (K,);
            dual `prices`, in reward per unit of each resource, shape (d,), and `time_price`, in
            reward a round; and `reduced_costs`, shape (K,).

        Raises
        ------
        ValueError
            If a budget is larger than the number of rounds.
        """
        return self.benchmark(horizon)

    def check_horizon(self, horizon: int) -> None:
        """Raise a ValueError if laws make no sense, or a budget exceeds the number of rounds."""
        _ = self.tables
        super().check_horizon(horizon)

    def solve(self, horizon: int) -> LPSolution:
        """Solve the linear programme of T rounds."""
        rewards, consumption = self.rewards, self.consumption
        rows = np.vstack([np.ones(rewards.size), consumption.T])  # a distribution, in its means
        best = maximise(rewards, rows, np.append(1.0, self.limits / horizon))
        distribution = best.x.copy()
        distribution[self.null] += max(0.0, 1.0 - distribution.sum())
        time_price, prices = float(best.prices[0]), best.prices[1:]
        reduced = time_price + consumption @ prices - rewards
        return LPSolution(best.value, distribution, prices, time_price, reduced)

    @cached_property
    def law(self) -> OutcomeLaw:
        """The record that draws outcomes; nobody writes into it."""
        sizes = [len(table) for table in self.tables]
        cumulative = [np.append(np.cumsum(table[:-1, 0]), np.inf) for table in self.tables]
        outcomes = np.vstack([table[:, 1:] for table in self.tables])
        return OutcomeLaw(np.cumsum([0, *sizes[:-1]]), np.concatenate(cumulative), outcomes)

    def start(self, horizon: int, rng: np.random.Generator) -> KnapsackEnv:
        """Return the knapsack being played; see `Problem.start`."""
        means = np.column_stack([self.rewards, self.consumption])
        most = np.array([table[table[:, 0] > 0.0, 2:].max(axis=0) for table in self.tables])
        return blank_env(self.law, means, most, self.solved(horizon), self.limits, horizon)


@dataclass(frozen=True, repr=False)
class Knapsack(KnapsackProblem):
    """Arms with joint distributions of reward and consumption, and a budget of each resource.

    Reward and consumption of a round come from one draw: a sale is both revenue and stock.  Time is
    a resource, too, and need not be named.  The game ends with the horizon, or when an arm is
    chosen that might use more of some resource than is left.

    Parameters
    ----------
    outcomes : sequence of tables, length K
        Of each arm a table with a row for each outcome: its probability, its reward, and what it
        uses of each of the d resources; rewards and consumption in [0, 1].
    budgets : float or sequence of float, shape (d,)
        How much there is of each resource, above 0 and at most the number of rounds.

    Raises
    ------
    ValueError
        If a number leaves its range, probabilities do not add up to 1, or arms differ in the number
        of resources.

    Warns
    -----
    NullArmAdded
        If no arm is free and pays nothing: such an arm is added as the last one.

    Notes
    -----
    A round's gap is the reduced cost of its arm in the linear programme (`lp`), and what is left in
    the end is added at its price.  So regret in the end is ``T OPT_LP`` less the mean rewards of
    the arms that were played, surely; its mean is ``T OPT_LP - E[reward]``, which is never negative
    (Claim 10.5).  `Result.logs` has "reward", "expected_reward" (the means of the arms that were
    played), and "left" of each budget, at the times of the result.

    Learners are told consumption in units in which all budgets are equal: see `Budgeted`.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, chapter 10; Badanidiyuru, Kleinberg &
    Slivkins (2018), "Bandits with knapsacks".

    Examples
    --------
    An item is sold at 0.4 to every second customer, at 0.8 to every fifth, and never for free:

    >>> import banditkit as bk
    >>> shop = bk.Knapsack(
    ...     outcomes=[[(0.5, 0.4, 1), (0.5, 0, 0)], [(0.2, 0.8, 1), (0.8, 0, 0)], [(1, 0, 0)]],
    ...     budgets=30,
    ... )
    >>> best = shop.lp(horizon=100)
    >>> round(best.value, 3), best.distribution.round(3), best.prices.round(3)
    (0.173, array([0.333, 0.667, 0.   ]), array([0.133]))
    """

    outcomes: tuple[tuple[tuple[float, ...], ...], ...]
    budgets: tuple[float, ...]

    def __post_init__(self) -> None:
        outcomes = checked_outcomes(self.outcomes)
        d = len(outcomes[0][0]) - 2
        budgets = checked_budgets("budgets", self.budgets)
        match_resources(budgets, d, "outcomes")
        if not any(map(_is_null, outcomes)):
            tell_of_null_arm(self, len(outcomes), "every arm uses something or pays something")
            outcomes = *outcomes, ((1.0,) + (0.0,) * (1 + d),)
        self._set(outcomes=outcomes, budgets=budgets)

    @classmethod
    def sure(cls, rewards: Any, consumption: Any, budgets: Any) -> "Knapsack":
        """Return a knapsack without noise.

        Parameters
        ----------
        rewards : sequence of float, shape (K,)
            What each arm pays, in [0, 1].
        consumption : array of float, shape (K, d)
            What each arm uses of each resource, in [0, 1].
        budgets : float or sequence of float, shape (d,)
            As in `Knapsack`.

        Raises
        ------
        ValueError
            As in `Knapsack`.

        Examples
        --------
        >>> import banditkit as bk
        >>> sure = bk.Knapsack.sure([1, 0.5, 0], [[1], [0.25], [0]], budgets=50)
        >>> round(sure.lp(horizon=100).value, 12)
        0.666666666667
        """
        rewards, consumption = _means(rewards, consumption)
        rows = zip(rewards, consumption, strict=True)
        return cls(tuple(((1.0, r, *c),) for r, c in rows), budgets)

    @classmethod
    def coins(cls, rewards: Any, consumption: Any, budgets: Any) -> "Knapsack":
        """Return a knapsack where reward and each consumption are 0 or 1, independently.

        Parameters
        ----------
        rewards : sequence of float, shape (K,)
            Mean reward of each arm, in [0, 1].
        consumption : array of float, shape (K, d)
            Mean consumption by each arm of each resource, in [0, 1]; d is 10 at most.
        budgets : float or sequence of float, shape (d,)
            As in `Knapsack`.

        Raises
        ------
        ValueError
            As in `Knapsack`, or if there are more than 10 resources.

        Examples
        --------
        >>> import banditkit as bk
        >>> coins = bk.Knapsack.coins([0.5, 0], [[0.25], [0]], budgets=10)
        >>> coins.outcomes[0]
        ((0.375, 0.0, 0.0), (0.125, 0.0, 1.0), (0.375, 1.0, 0.0), (0.125, 1.0, 1.0))
        """
        rewards, consumption = _means(rewards, consumption)
        if len(consumption[0]) > 10:
            raise ValueError("coins of more than 10 resources have too many outcomes; use Knapsack")
        rows = zip(rewards, consumption, strict=True)
        return cls(tuple(coin_table((r, *c)) for r, c in rows), budgets)

    @cached_property
    def laws(self) -> list[np.ndarray]:
        """Of each arm a table: a row for each outcome, of probability, reward and consumption."""
        return [np.array(rows) for rows in self.outcomes]

    @property
    def null(self) -> int:
        """The arm that pays nothing and uses nothing; of several, the last."""
        return max(a for a, rows in enumerate(self.outcomes) if _is_null(rows))


def sale_law(chance: float, reward: float, used: Sequence[float]) -> np.ndarray:
    """Return the law of an arm that pays and uses something with a probability, else nothing."""
    rows = [(chance, reward, *used), (1.0 - chance, 0.0, *(0.0 for _ in used))]
    return np.array([row for row in rows if row[0] > 0.0])


def null_law(d: int) -> np.ndarray:
    """Return the law of the arm that pays nothing and uses nothing."""
    return np.array([[1.0, 0.0] + [0.0] * d])


def coin_table(means: Sequence[float]) -> tuple[tuple[float, ...], ...]:
    """Return the outcomes of independent coins, those of probability 0 left out."""
    rows = []
    for outcome in product((0.0, 1.0), repeat=len(means)):
        odds = [p if heads else 1.0 - p for p, heads in zip(means, outcome, strict=True)]
        if math.prod(odds) > 0.0:
            rows.append((math.prod(odds), *outcome))
    return tuple(rows)


def checked_budgets(name: str, values: Any) -> tuple[float, ...]:
    """Return budgets, one for each resource, as a tuple of numbers above 0."""
    alone = isinstance(values, int | float | np.number) and not isinstance(values, bool)
    budgets = numbers(name, [values] if alone else values, each="resource")
    for i, budget in enumerate(budgets):
        if budget <= 0.0:
            raise ValueError(f"{name} must be above 0; resource {i} has {budget:g}")
    return budgets


def match_resources(budgets: Any, d: int, users: str) -> None:
    """Raise a ValueError unless there is a budget of each of the d resources that `users` use."""
    if len(budgets) != d:
        raise ValueError(
            f"budgets must have a number for each of the {d} resources that {users} use; got "
            f"{len(budgets)}"
        )


def tell_of_null_arm(problem: Problem, arm: int, fault: str) -> None:
    """Warn, from a `__post_init__`, that an arm was added which pays nothing and uses nothing."""
    warnings.warn(
        f"{type(problem).__name__}: {fault}; an arm that pays nothing and uses nothing was added, "
        f"as arm {arm}",
        NullArmAdded,
        stacklevel=4,
    )


def checked_budget(value: Any) -> float:
    """Return the budget of a single resource, a number above 0."""
    return checked_budgets("budget", number("budget", value))[0]


def _means(
    rewards: Any, consumption: Any
) -> tuple[tuple[float, ...], tuple[tuple[float, ...], ...]]:
    means = numbers("rewards", rewards, low=0.0, high=1.0)
    used = table("consumption", consumption, "arm", "resource", low=0.0, high=1.0)
    if len(used) != len(means):
        raise ValueError(
            f"each arm needs one of each: got {len(means)} rewards and {len(used)} rows of "
            "consumption"
        )
    return means, used


def _is_null(rows: Any) -> bool:
    """Tell whether an arm surely pays nothing and uses nothing."""
    return all(row[0] == 0.0 or not any(row[1:]) for row in rows)


def checked_outcomes(outcomes: Any) -> tuple[tuple[tuple[float, ...], ...], ...]:
    """Return outcomes as tuples of numbers, or say which arm has what is wrong."""
    try:
        arms = [*outcomes]
    except TypeError:
        arms = []
    if not arms or isinstance(outcomes, str):
        raise ValueError(f"outcomes must be a list of tables, one per arm; got {outcomes!r}")
    checked: list[tuple[tuple[float, ...], ...]] = []
    for a, rows in enumerate(arms):
        try:
            law = table(f"outcomes[{a}]", rows, "outcome", "number of it", low=0.0, high=1.0)
        except ValueError as error:
            raise ValueError(_hint(a, rows, str(error))) from None
        if len(law[0]) < 3:
            raise ValueError(
                f"each outcome needs its probability, its reward, and its use of one resource or "
                f"more; those of arm {a} have {len(law[0])} numbers"
            )
        if len(law[0]) != len(checked[0][0] if checked else law[0]):
            raise ValueError(
                f"all arms must speak of the same resources; arm 0 has {len(checked[0][0]) - 2}, "
                f"arm {a} has {len(law[0]) - 2}"
            )
        total = sum(row[0] for row in law)
        if abs(total - 1.0) > 1e-9:
            raise ValueError(f"the probabilities of arm {a} add up to {total:.12g}, not to 1")
        checked.append(law)
    return tuple(checked)


def _hint(arm: int, rows: Any, fault: str) -> str:
    """Say of a number outside [0, 1] whether it is a probability, a reward or a consumption."""
    array = np.asarray(rows, dtype=object)
    if array.ndim == 2 and all(isinstance(x, int | float | np.number) for x in array.ravel()):
        outside = ~((array.astype(float) >= 0.0) & (array.astype(float) <= 1.0))
        row, column = (int(i) for i in np.argwhere(outside)[0])
        what = ("probability", "reward")[column] if column < 2 else f"use of resource {column - 2}"
        hint = ""
        if column >= 2 and array[row, column] > 1.0:
            hint = " - measure the resource and its budget in larger units"
        return (
            f"arm {arm}, outcome {row}: {what} must lie in [0, 1]; got "
            f"{float(array[row, column])!r}{hint}"
        )
    return fault
