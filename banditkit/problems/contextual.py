"""Contextual bandits: in each round a context is shown, and what an arm pays depends on it (ch. 8).

Contexts are drawn anew in each round, and never stored.  Regret of a round is against the best arm
for its context.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.checks import number, numbers, table, whole
from banditkit.core.description import Problem
from banditkit.core.draws import argmax, chance_of, toss
from banditkit.core.jit import jit_inline
from banditkit.core.spec import Advice, Contexts, Features, Interval, NoSuchArm
from banditkit.core.weights import draw_arm

__all__ = [
    "FiniteContexts",
    "LinearContexts",
    "LipschitzContexts",
    "LipschitzSquare",
    "LogisticContexts",
    "PolicyClass",
]


class FiniteContextsEnv(NamedTuple):
    """Numbered contexts being played."""

    means: np.ndarray  # (X, K)
    best: np.ndarray  # (X,) largest mean of each context
    odds: np.ndarray  # (X,) probabilities of the contexts

    def observe(self, t, rng):
        return draw_arm(self.odds, rng)

    def gap(self, t, x, a):
        if not 0 <= a < self.means.shape[1]:
            raise NoSuchArm(t, a, self.means.shape[1])
        return self.best[x] - self.means[x, a]

    def respond(self, t, x, a, rng):
        return toss(self.means[x, a], rng)


@dataclass(frozen=True, repr=False)
class FiniteContexts(Problem):
    """Contexts with a number each, and coins whose means depend on the context.

    Parameters
    ----------
    means : array of float, shape (X, K)
        Mean reward of each arm in each context, in [0, 1].
    odds : sequence of float, shape (X,), optional
        Probabilities of the contexts, 0 or more, with sum 1; by default all equal.

    Raises
    ------
    ValueError
        If a mean leaves [0, 1], or the odds are no probabilities.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 8.1.

    Examples
    --------
    >>> import banditkit as bk
    >>> visitors = bk.FiniteContexts([[0.2, 0.8], [0.8, 0.2]])
    >>> result = bk.simulate(visitors, [bk.PerContext(bk.UCB1()), bk.UCB1()], horizon=5000, seed=0)
    >>> bool(result.mean()[0, -1] < result.mean()[1, -1] / 4)
    True
    """

    means: tuple[tuple[float, ...], ...]
    odds: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        means = table("means", self.means, "context", "arm", low=0.0, high=1.0)
        self._set(means=means)
        if self.odds is not None:
            odds = numbers("odds", self.odds, low=0.0, high=1.0, each="context")
            if len(odds) != len(means) or abs(math.fsum(odds) - 1.0) > 1e-9:
                raise ValueError(
                    f"odds must be {len(means)} probabilities, one per context, with sum 1; got "
                    f"{len(odds)} with sum {math.fsum(odds):g}"
                )
            self._set(odds=odds)

    @property
    def spec(self) -> Contexts:
        """Number of contexts and arms."""
        return Contexts(len(self.means), len(self.means[0]))

    @property
    def probabilities(self) -> np.ndarray:
        """Probability of each context, shape (X,)."""
        X = len(self.means)
        return np.full(X, 1.0 / X) if self.odds is None else np.array(self.odds)

    def start(self, horizon: int, rng: np.random.Generator) -> FiniteContextsEnv:
        """Return the problem being played; see `Problem.start`."""
        means = np.array(self.means)
        return FiniteContextsEnv(means, means.max(axis=1), self.probabilities)


class PolicyClassEnv(NamedTuple):
    """Policies that recommend arms for numbered contexts, being played."""

    env: FiniteContextsEnv
    policies: np.ndarray  # (N, X) int64
    target: int  # the policy that regret is against
    context: np.ndarray  # (1,) int64
    advice: np.ndarray  # (N,) int64, what each policy does in this context

    def observe(self, t, rng):
        x = self.env.observe(t, rng)
        self.context[0] = x
        for n in range(self.advice.size):
            self.advice[n] = self.policies[n, x]
        return self.advice

    def gap(self, t, x, a):
        s = self.context[0]
        missed = self.env.gap(t, s, a)
        return missed - self.env.gap(t, s, self.policies[self.target, s])

    def respond(self, t, x, a, rng):
        return self.env.respond(t, self.context[0], a, rng)


@dataclass(frozen=True, repr=False)
class PolicyClass(Problem):
    """Numbered contexts, and a class of policies: regret is against the best policy of the class.

    A learner is shown what each policy would do, the advice of N experts, and needs to know
    nothing else of the context.  A round may have a gap below 0, where the learner does better than
    the best policy of the class.

    Parameters
    ----------
    problem : FiniteContexts
        The contexts and their coins.
    policies : array of int, shape (N, X)
        The arm that each policy plays in each context.

    Raises
    ------
    ValueError
        If `problem` is something else, the class is empty, or a policy plays what is no arm.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 8.4.

    Examples
    --------
    >>> import banditkit as bk
    >>> visitors = bk.FiniteContexts([[0.2, 0.8], [0.8, 0.2], [0.5, 0.6]])
    >>> few = bk.PolicyClass(visitors, [[0, 0, 0], [1, 1, 1], [1, 0, 0]])
    >>> few.values.round(6), few.best
    (array([0.5     , 0.533333, 0.7     ]), 2)
    >>> result = bk.simulate(few, [bk.Exp4()], horizon=5000, replications=5, seed=0)
    """

    problem: FiniteContexts
    policies: np.ndarray | tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        if not isinstance(self.problem, FiniteContexts):
            raise ValueError(f"PolicyClass needs FiniteContexts; got {self.problem!r}")
        if np.asarray(self.policies, dtype=object).size == 0:  # of objects: rows may be ragged
            raise ValueError("policies is empty; a class needs at least one policy")
        X, K = self.problem.spec.X, self.problem.spec.K
        policies = table("policies", self.policies, "policy", "context", low=0.0, high=K - 1.0)
        if len(policies[0]) != X:
            raise ValueError(
                f"a policy needs an arm for each of {X} contexts; got {len(policies[0])}"
            )
        for n, policy in enumerate(policies):
            for x, arm in enumerate(policy):
                whole(f"the arm of policy {n} in context {x}", arm, least=0)
        self._set(policies=tuple(tuple(int(arm) for arm in policy) for policy in policies))

    @property
    def spec(self) -> Advice:
        """Number of arms and of policies."""
        return Advice(self.problem.spec.K, len(self.policies))

    @cached_property
    def values(self) -> np.ndarray:
        """Mean reward of each policy, shape (N,)."""
        means, odds = np.array(self.problem.means), self.problem.probabilities
        return means[np.arange(odds.size), np.array(self.policies)] @ odds

    @property
    def best(self) -> int:
        """The number of the best policy; of equal ones, the first."""
        return int(self.values.argmax())

    def start(self, horizon: int, rng: np.random.Generator) -> PolicyClassEnv:
        """Return the problem being played; see `Problem.start`."""
        policies = np.array(self.policies)
        return PolicyClassEnv(
            self.problem.start(horizon, rng),
            policies,
            self.best,
            np.zeros(1, dtype=np.int64),
            np.zeros(policies.shape[0], dtype=np.int64),
        )


@jit_inline
def between(values, x):
    """Return the value at x in [0, 1] on straight lines between evenly spaced ones, (m,)."""
    place = x * (values.size - 1)
    i = min(int(place), values.size - 2)
    return values[i] + (place - i) * (values[i + 1] - values[i])


class LipschitzContextsEnv(NamedTuple):
    """Contexts in [0, 1] being played."""

    values: np.ndarray  # (K, m)
    means: np.ndarray  # (K,) in this round

    def observe(self, t, rng):
        x = rng.random()
        for a in range(self.means.size):
            self.means[a] = between(self.values[a], x)
        return x

    def gap(self, t, x, a):
        if not 0 <= a < self.means.size:
            raise NoSuchArm(t, a, self.means.size)
        return self.means[argmax(self.means)] - self.means[a]

    def respond(self, t, x, a, rng):
        return toss(self.means[a], rng)


@dataclass(frozen=True, repr=False)
class LipschitzContexts(Problem):
    """Contexts drawn uniformly from [0, 1], and coins whose means change slowly with the context.

    Parameters
    ----------
    values : array of float, shape (K, m)
        Mean reward of each arm at m contexts evenly spaced from 0 to 1, 2 or more, in [0, 1]; in
        between on straight lines.

    Raises
    ------
    ValueError
        If a value leaves [0, 1], or there is one context only.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 8.2.

    Examples
    --------
    >>> import banditkit as bk
    >>> cross = bk.LipschitzContexts([[0, 1], [1, 0]])  # the better arm changes in the middle
    >>> cross.spec.lipschitz
    1.0
    >>> players = [bk.ContextMesh(), bk.UCB1()]
    >>> result = bk.simulate(cross, players, horizon=1e4, replications=5, seed=0)
    >>> bool(result.mean()[0, -1] < result.mean()[1, -1] / 4)
    True
    """

    values: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        values = table("values", self.values, "arm", "context", low=0.0, high=1.0)
        if len(values[0]) < 2:
            raise ValueError("values needs the means at two contexts or more, 0 and 1 among them")
        self._set(values=values)

    @property
    def spec(self) -> Interval:
        """Number of arms, and how fast means may change with the context."""
        slopes = np.abs(np.diff(np.array(self.values), axis=1)) * (len(self.values[0]) - 1)
        return Interval(len(self.values), float(slopes.max()))

    def start(self, horizon: int, rng: np.random.Generator) -> LipschitzContextsEnv:
        """Return the problem being played; see `Problem.start`."""
        return LipschitzContextsEnv(np.array(self.values), np.zeros(len(self.values)))


class LipschitzSquareEnv(NamedTuple):
    """Contexts and arms in [0, 1] being played."""

    values: np.ndarray  # (n, m) at arms and contexts
    means: np.ndarray  # (n,) at the arms, in this round

    def observe(self, t, rng):
        x = rng.random()
        for i in range(self.means.size):
            self.means[i] = between(self.values[i], x)
        return x

    def gap(self, t, x, a):
        if not 0.0 <= a <= 1.0:
            raise NoSuchArm(t, a, 0)
        return self.means[argmax(self.means)] - between(self.means, a)

    def respond(self, t, x, a, rng):
        return toss(between(self.means, a), rng)


@dataclass(frozen=True, repr=False)
class LipschitzSquare(Problem):
    """Contexts and arms in [0, 1]: mean rewards change slowly with both.

    Parameters
    ----------
    values : array of float, shape (n, m)
        Mean rewards in [0, 1], at n arms (rows) and m contexts (columns), both 2 or more and evenly
        spaced from 0 to 1; in between on straight lines, along contexts and then along arms.

    Raises
    ------
    ValueError
        If a value leaves [0, 1], or there is one row or column only.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, Exercise 8.1.

    Examples
    --------
    >>> import banditkit as bk
    >>> hill = bk.LipschitzSquare([[1, 0.5, 0], [0.5, 1, 0.5], [0, 0.5, 1]])
    >>> result = bk.simulate(hill, [bk.ContextMesh(arms=5)], horizon=5000, replications=5, seed=0)
    """

    values: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        values = table("values", self.values, "arm", "context", low=0.0, high=1.0)
        if len(values) < 2 or len(values[0]) < 2:
            raise ValueError("values needs two rows and two columns or more")
        self._set(values=values)

    @property
    def spec(self) -> Interval:
        """Arms are numbers; how fast means may change with arm or context."""
        values = np.array(self.values)
        slopes = [
            float(np.abs(np.diff(values, axis=axis)).max()) * (values.shape[axis] - 1)
            for axis in (0, 1)
        ]
        return Interval(0, max(slopes))

    def start(self, horizon: int, rng: np.random.Generator) -> LipschitzSquareEnv:
        """Return the problem being played; see `Problem.start`."""
        return LipschitzSquareEnv(np.array(self.values), np.zeros(len(self.values)))


class LinearContextsEnv(NamedTuple):
    """Features being played: the mean of an arm is linear in them, or logistic."""

    theta: np.ndarray  # (K, d); equal rows where arms share theta
    x: np.ndarray  # (K, d), or (1, d) where arms share the features
    means: np.ndarray  # (K,) in this round
    noise: float  # standard deviation of rewards; below 0: coins
    reach: float  # features are drawn from [-reach, reach]
    logistic: bool

    def observe(self, t, rng):
        x, theta, d = self.x, self.theta, self.theta.shape[1]
        for i in range(x.shape[0]):
            for j in range(d):
                x[i, j] = self.reach * (2.0 * rng.random() - 1.0)
        for a in range(self.means.size):
            row = min(a, x.shape[0] - 1)
            mean = 0.0
            for j in range(d):
                mean += x[row, j] * theta[a, j]
            self.means[a] = chance_of(mean) if self.logistic else mean
        return x

    def gap(self, t, x, a):
        if not 0 <= a < self.means.size:
            raise NoSuchArm(t, a, self.means.size)
        return self.means[argmax(self.means)] - self.means[a]

    def respond(self, t, x, a, rng):
        if self.noise < 0.0:
            return toss(self.means[a], rng)
        return self.means[a] + self.noise * rng.standard_normal()


@dataclass(frozen=True, repr=False)
class _LinearContexts(Problem):
    """What linear and logistic contexts have in common."""

    theta: tuple[Any, ...]
    K: int = 0

    def __post_init__(self) -> None:
        if np.asarray(self.theta, dtype=object).ndim == 2:  # of objects: rows may be ragged
            theta: Any = table("theta", self.theta, "arm", "feature")
            if self.K not in (0, len(theta)):
                raise ValueError(f"theta has rows for {len(theta)} arms; K says {self.K!r}")
            self._set(theta=theta, K=len(theta))
        else:
            theta = numbers("theta", self.theta, each="feature")
            if isinstance(self.K, int) and self.K == 0:
                raise ValueError("one theta for all arms says nothing of their number; give K")
            self._set(theta=theta, K=whole("K", self.K, least=1))

    @property
    def shared(self) -> bool:
        """Whether the arms share the features, and differ in theta."""
        return isinstance(self.theta[0], tuple)

    @property
    def _rows(self) -> np.ndarray:
        """Theta of each arm, shape (K, d)."""
        theta = np.atleast_2d(np.array(self.theta))
        return np.ascontiguousarray(np.broadcast_to(theta, (self.K, theta.shape[1])))

    def _env(self, noise: float, logistic: bool) -> LinearContextsEnv:
        theta = self._rows
        d = theta.shape[1]
        x = np.zeros((1 if self.shared else self.K, d))
        return LinearContextsEnv(theta, x, np.zeros(self.K), noise, 1.0 / math.sqrt(d), logistic)


@dataclass(frozen=True, repr=False)
class LinearContexts(_LinearContexts):
    """Features drawn in each round, and rewards that are linear in them, with noise.

    The mean of arm a is ``x(a) . theta`` with features of its own for each arm, or ``x . theta(a)``
    with the same features and a theta for each arm.  Features are uniform in a cube, scaled so that
    ``|x| <= 1``.

    Parameters
    ----------
    theta : array of float, shape (d,) or (K, d)
        What features are worth: one for all arms, or one for each.
    K : int, optional
        Number of arms, 1 or more; to be given where theta is one for all.
    noise : float, default 0.1
        Standard deviation of rewards around their mean, 0 or more.

    Raises
    ------
    ValueError
        If theta is not finite or of another shape, or a number leaves its range.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 8.3; Li, Chu, Langford & Schapire
    (2010), "A contextual-bandit approach to personalized news article recommendation".

    Examples
    --------
    >>> import banditkit as bk
    >>> problem = bk.LinearContexts([0.8, -0.4, 0.4], K=5)
    >>> result = bk.simulate(problem, [bk.LinUCB(), bk.UCB1()], horizon=2000, seed=0)
    >>> bool(result.mean()[0, -1] < result.mean()[1, -1] / 4)
    True
    """

    noise: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(noise=number("noise", self.noise, low=0.0))

    @property
    def spec(self) -> Features:
        """Number of arms and features."""
        return Features(self.K, self._rows.shape[1], self.shared)

    def start(self, horizon: int, rng: np.random.Generator) -> LinearContextsEnv:
        """Return the problem being played; see `Problem.start`."""
        return self._env(self.noise, False)


@dataclass(frozen=True, repr=False)
class LogisticContexts(_LinearContexts):
    """Features drawn in each round, and coins whose log-odds are linear in them.

    As `LinearContexts`, with the mean ``1 / (1 + exp(-x(a) . theta))``.

    Parameters
    ----------
    theta : array of float, shape (d,) or (K, d)
        What features are worth: one for all arms, or one for each.
    K : int, optional
        Number of arms, 1 or more; to be given where theta is one for all.

    Raises
    ------
    ValueError
        If theta is not finite or of another shape, or a number leaves its range.

    References
    ----------
    Filippi, Cappé, Garivier & Szepesvári (2010), "Parametric bandits: the generalized linear case".

    Examples
    --------
    >>> import banditkit as bk
    >>> problem = bk.LogisticContexts([4.0, -2.0, 2.0], K=5)
    >>> result = bk.simulate(problem, [bk.LogisticThompson()], horizon=1000, seed=0)
    """

    @property
    def spec(self) -> Features:
        """Number of arms and features."""
        return Features(self.K, self._rows.shape[1], self.shared, 0.0, 1.0)

    def start(self, horizon: int, rng: np.random.Generator) -> LinearContextsEnv:
        """Return the problem being played; see `Problem.start`."""
        return self._env(-1.0, True)
