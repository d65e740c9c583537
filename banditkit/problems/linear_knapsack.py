"""Knapsacks where reward and consumption are linear in features that are shown in each round."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.checks import numbers, shorten, table, whole
from banditkit.core.draws import draw_index
from banditkit.core.simplex import maximise
from banditkit.core.spec import BudgetedFeatures
from banditkit.problems.knapsack import (
    BudgetProblem,
    KnapsackEnv,
    LPSolution,
    blank_env,
    checked_budgets,
    match_resources,
    tell_of_null_arm,
)

__all__ = ["LinearKnapsack"]

_ROUNDING = 1e-9  # so far may rounding carry a mean outside [0, 1]
_CLOSE = 1e-12  # bounds of the linear programme that are nearer than this are equal


class CommonToss(NamedTuple):
    """Coins for reward and consumption that one uniform number decides."""

    means: np.ndarray  # (K, 1 + d) of this round
    outcome: np.ndarray  # (1 + d,) room

    def respond(self, t, x, a, rng):
        u = rng.random()
        for i in range(self.outcome.size):
            self.outcome[i] = 1.0 if u < self.means[a, i] else 0.0
        return self.outcome


class LinearKnapsackEnv(NamedTuple):
    """A linear knapsack being played: a knapsack whose numbers are those of the context."""

    knapsack: KnapsackEnv
    contexts: np.ndarray  # (X, K, n)
    means: np.ndarray  # (X, K, 1 + d) mean reward, and mean consumption
    reduced: np.ndarray  # (X, K) reduced costs; that of the last arm, which is free, is v(x)
    drawn: np.ndarray  # (1,) int64, the context of this round
    luck: np.ndarray  # (1,) sum of v(x) - E v over the contexts that came

    def observe(self, t, rng):
        x = draw_index(self.reduced.shape[0], rng)
        now = self.knapsack
        for a in range(now.reduced.size):
            now.reduced[a] = self.reduced[x, a]
            now.means[a, 0] = self.means[x, a, 0]
            for i in range(now.left.size):
                now.means[a, 1 + i] = self.means[x, a, 1 + i]
                now.most[a, i] = 1.0 if self.means[x, a, 1 + i] > 0.0 else 0.0
        self.drawn[0] = x
        self.luck[0] += now.reduced[now.reduced.size - 1] - now.time_price
        return self.contexts[x]

    def gap(self, t, x, a):
        gap = self.knapsack.gap(t, x, a)
        if self.knapsack.done():  # this round is lost at v(x), and only later ones at E v
            gap += self.reduced[self.drawn[0], self.reduced.shape[1] - 1] - self.knapsack.time_price
        return gap

    def respond(self, t, x, a, rng):
        return self.knapsack.respond(t, x, a, rng)

    def done(self):
        return self.knapsack.done()

    def note(self, row):
        row[0] = self.luck[0]
        self.knapsack.note(row[1:])

    def noted(self):
        return {"luck": ()} | self.knapsack.noted()


@dataclass(frozen=True, repr=False)
class LinearKnapsack(BudgetProblem):
    """Contexts by features, budgets, and coins whose means are linear in the features.

    In each round one of X contexts comes, each equally likely, and shows n features of each arm.
    Arm a pays 1 with probability ``x(a) . theta``, and uses a unit of resource i with probability
    ``x(a) . weights[i]``.  The last arm has no features: it pays nothing and uses nothing.  The
    game ends as a `Knapsack` does.

    Parameters
    ----------
    contexts : array of float, shape (X, K, n)
        Features of each arm in each context.
    theta : sequence of float, shape (n,)
        What each feature adds to the mean reward; all mean rewards must lie in [0, 1].
    weights : array of float, shape (d, n)
        What each feature adds to the mean consumption of each resource; in [0, 1] as well.
    budgets : float or sequence of float, shape (d,)
        How much there is of each resource, above 0 and at most the number of rounds.

    Raises
    ------
    ValueError
        If a number leaves its range, or shapes do not fit together.

    Warns
    -----
    NullArmAdded
        If the last arm has features: an arm without any is added.

    Notes
    -----
    One uniform number decides the coins of a round, as one customer does: whoever pays the more
    also takes the more.  Means are all that the benchmark depends on.

    The benchmark is the linear programme over contexts and arms: to maximise the mean reward of an
    arm drawn from ``D(x)``, whose mean consumption of each resource is at most ``B_i / T`` over all
    contexts (not in each).  With its prices p, ``v(x)``, the most of ``r(x, a) - p . c(x, a)`` over
    arms, is what a round with context x is worth, and ``OPT_LP = E v + p . B / T``.  A round's gap
    is ``v(x) + p . c(x, a) - r(x, a)``, never negative.  In the end what is left of the resources
    is charged at its price, were each arm to use its mean.  When an arm is chosen that there is
    not enough for, that round is charged ``v(x)``, and each one after it ``E v``.  The sum of the
    gaps then is, in every run,

        ``T OPT_LP + sum of (v(x) - E v) over the contexts that came - mean rewards of the arms
        that were played``.

    The sum over contexts, "luck" in `Result.logs`, is 0 on average, whenever a learner makes the
    game end, since it counts the context with which it does; without that one, who stops when a
    poor context comes would be lucky on average.  So mean regret is ``T OPT_LP - E[reward]``, and
    never negative, since no strategy earns more than ``T OPT_LP`` on average.  The other logs are
    those of `Knapsack`.

    The programme is solved by generating columns.  A map from contexts to arms counts as one arm,
    and at given prices the best map is found for each context on its own; `simplex.maximise` mixes
    the maps that were found so far.

    References
    ----------
    Agrawal & Devanur (2016), "Linear contextual bandits with knapsacks"; Slivkins, *Introduction
    to Multi-Armed Bandits*, chapter 10.

    Examples
    --------
    Every other customer is rich, and pays almost surely; there are items for half of them:

    >>> import banditkit as bk
    >>> rich, poor = [[1, 0], [0, 0]], [[0, 1], [0, 0]]  # features of selling, and of sending away
    >>> shop = bk.LinearKnapsack([rich, poor], theta=[0.9, 0.3], weights=[[1, 1]], budgets=50)
    >>> best = shop.lp(horizon=100)
    >>> round(best.value, 12), best.distribution.round(3).tolist()
    (0.45, [[1.0, 0.0], [0.0, 1.0]])
    """

    contexts: tuple[tuple[tuple[float, ...], ...], ...]
    theta: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]
    budgets: tuple[float, ...]

    def __post_init__(self) -> None:
        contexts = _checked_contexts(self.contexts)
        features = np.array(contexts)
        n = features.shape[2]
        theta = numbers("theta", self.theta, each="feature")
        weights = table("weights", self.weights, "resource", "feature")
        if len(theta) != n or len(weights[0]) != n:
            raise ValueError(
                f"theta, and each row of weights, must have a number for each of the {n} features; "
                f"got {len(theta)} and {len(weights[0])}"
            )
        budgets = checked_budgets("budgets", self.budgets)
        match_resources(budgets, len(weights), "weights")
        _check_means("reward", features @ np.array(theta))
        for i, row in enumerate(weights):
            _check_means(f"use of resource {i}", features @ np.array(row))
        if features[:, -1].any():
            tell_of_null_arm(self, features.shape[1], "the last arm has features")
            contexts = tuple((*arms, (0.0,) * n) for arms in contexts)
        self._set(contexts=contexts, theta=theta, weights=weights, budgets=budgets)

    @classmethod
    def random(
        cls, budgets: Any, *, X: int = 50, K: int = 5, n: int = 4, seed: int = 0
    ) -> "LinearKnapsack":
        """Return a linear knapsack drawn at random, with as many resources as there are budgets.

        Features of an arm are 0 or more and add up to 1, drawn from the Dirichlet distribution with
        parameters 1/2; theta and weights are uniform in [0, 1], rounded to hundredths.  So means
        are averages of numbers in [0, 1].

        Parameters
        ----------
        budgets : float or sequence of float, shape (d,)
            As in `LinearKnapsack`.
        X, K, n : int
            How many contexts (1 or more), arms (2 or more, that without features among them) and
            features (1 or more).
        seed : int
            Where the random numbers begin, 0 or more.

        Raises
        ------
        ValueError
            If a number leaves its range.

        Examples
        --------
        >>> import banditkit as bk
        >>> bk.LinearKnapsack.random([300, 400], X=100, K=10).spec
        BudgetedFeatures(K=10, d=2, n=4, budget=300.0, scale=(1.0, 0.75), null=9, \
lowest=0.0, highest=1.0, costs=False)
        """
        limits = checked_budgets("budgets", budgets)
        X, K, n = whole("X", X, least=1), whole("K", K, least=2), whole("n", n, least=1)
        rng = np.random.default_rng(whole("seed", seed, least=0))
        contexts = np.zeros((X, K, n))
        contexts[:, :-1] = rng.dirichlet(np.full(n, 0.5), size=(X, K - 1))
        theta, weights = rng.random(n).round(2), rng.random((len(limits), n)).round(2)
        return cls(contexts, theta, weights, limits)  # type: ignore[arg-type]

    @property
    def spec(self) -> BudgetedFeatures:
        """Numbers of arms, resources and features, and the common budget: the smallest one."""
        _, K, n = self._features.shape
        d, budget = len(self.budgets), min(self.budgets)
        return BudgetedFeatures(K, d, n, budget, self.scale, K - 1)

    @cached_property
    def _features(self) -> np.ndarray:
        return np.array(self.contexts)

    @property
    def rewards(self) -> np.ndarray:
        """Mean reward of each arm in each context, shape (X, K)."""
        return np.clip(self._features @ np.array(self.theta), 0.0, 1.0)

    @property
    def consumption(self) -> np.ndarray:
        """Mean consumption of each resource by each arm in each context, shape (X, K, d)."""
        return np.clip(self._features @ np.array(self.weights).T, 0.0, 1.0)

    def lp(self, horizon: int) -> LPSolution:
        """Return the linear programme's solution for T rounds.

        Parameters
        ----------
        horizon : int
            T, 1 or more, and at least the largest budget.

        Returns
        -------
        LPSolution
            In it `distribution` and `reduced_costs` have shape (X, K), a row for each context;
            `time_price` is ``E v``.  The reduced costs of the last arm are ``v(x)``.

        Raises
        ------
        ValueError
            If a budget is larger than the number of rounds.
        """
        return self.benchmark(horizon)

    def solve(self, horizon: int) -> LPSolution:
        """Solve the linear programme of T rounds."""
        rewards, consumption, shares = self.rewards, self.consumption, self.limits / horizon
        X, K = rewards.shape
        maps = [np.full(X, K - 1)]  # from contexts to arms; that of the null arm is always allowed
        each = np.arange(X)
        while True:
            paid = [rewards[each, arms].mean() for arms in maps]
            used = np.array([consumption[each, arms].mean(axis=0) for arms in maps]).T
            best = maximise(paid, np.vstack([np.ones(len(maps)), used]), np.append(1.0, shares))
            prices = best.prices[1:]
            profits = rewards - consumption @ prices
            v = profits.max(axis=1)  # 0 or more, as the last arm is free
            value = float(v.mean() + prices @ shares)  # of the dual, at these prices
            arms = profits.argmax(axis=1)
            if value <= best.value + _CLOSE or any((arms == known).all() for known in maps):
                break
            maps.append(arms)
        distribution = np.zeros((X, K))
        for weight, arms in zip(best.x, maps, strict=True):
            distribution[each, arms] += weight
        distribution[:, -1] += np.maximum(0.0, 1.0 - distribution.sum(axis=1))
        return LPSolution(value, distribution, prices, float(v.mean()), v[:, None] - profits)

    def start(self, horizon: int, rng: np.random.Generator) -> LinearKnapsackEnv:
        """Return the knapsack being played; see `Problem.start`."""
        solution = self.solved(horizon)
        _, K, d = self.consumption.shape
        means = np.concatenate([self.rewards[..., None], self.consumption], axis=2)
        now = np.zeros((K, 1 + d))  # of the context
        knapsack = blank_env(
            CommonToss(now, np.zeros(1 + d)),
            now,
            np.zeros((K, d)),
            replace(solution, reduced_costs=np.zeros(K)),
            self.limits,
            horizon,
        )
        drawn, luck = np.zeros(1, dtype=np.int64), np.zeros(1)
        return LinearKnapsackEnv(
            knapsack, self._features, means, solution.reduced_costs, drawn, luck
        )


def _checked_contexts(contexts: Any) -> tuple[tuple[tuple[float, ...], ...], ...]:
    """Return features by context, arm and feature, or say what is wrong, and in which context."""
    try:
        array = np.asarray(contexts)
    except ValueError:  # ragged rows
        array = np.zeros(0)
    if array.ndim != 3 or array.size == 0:
        got = f"shape {array.shape}" if array.ndim > 1 else shorten(repr(contexts))
        raise ValueError(
            "contexts must be features of each arm in each context, an array of numbers of shape "
            f"(X, K, n); got {got}"
        )
    return tuple(table(f"contexts[{x}]", arms, "arm", "feature") for x, arms in enumerate(array))


def _check_means(what: str, means: np.ndarray) -> None:
    """Raise a ValueError if a mean is outside [0, 1]."""
    outside = (means < -_ROUNDING) | (means > 1.0 + _ROUNDING)
    if outside.any():
        x, a = (int(i) for i in np.argwhere(outside)[0])
        raise ValueError(
            f"mean {what} must lie in [0, 1]; context {x}, arm {a} has {means[x, a]:.6g} - scale "
            "the features, or add one that is always 1"
        )
