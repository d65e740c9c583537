"""Contextual learners that predict rewards, and explore by what they predict (ch. 8, literature).

Whatever predicts is an *oracle*: ridge regression, built in and updated in every round, or any
regressor of scikit-learn, which is fitted anew whenever the number of rounds has doubled.
"""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number
from banditkit.core.description import Learner
from banditkit.core.draws import argmax
from banditkit.core.jit import jit_inline
from banditkit.core.spec import Features
from banditkit.core.vectors import dot
from banditkit.core.weights import draw_arm
from banditkit.learners.linear import LinUCB, LinUCBPolicy, add_observation
from banditkit.learners.oracles import check_oracle, fitted
from banditkit.learners.schedules import Course, Schedule, course_of, scheduled

__all__ = ["Falcon", "RegressionGreedy", "SquareCB"]


class Rule(NamedTuple):
    """How predicted rewards become probabilities."""

    epsilon: Course  # of an arm drawn uniformly
    gamma: float  # of inverse gap weighting; below 0: the best arm otherwise
    growing: bool  # does gamma grow with the square root of the rounds that were learned from?


@jit_inline
def write_probabilities_of(rule, t, n, values, p):
    """Write the probabilities of the arms into p, from the rewards predicted after n rounds."""
    K, best = values.size, argmax(values)
    epsilon = rule.epsilon.value_at(t, 0, 0)
    gamma = rule.gamma * math.sqrt(n) if rule.growing else rule.gamma
    total = 0.0
    for a in range(K):
        p[a] = 0.0
        if gamma >= 0.0:
            p[a] = 1.0 / (K + gamma * (values[best] - values[a]))  # inverse gap weighting
        total += p[a]
    p[best] += 1.0 - total  # what is left
    for a in range(K):
        p[a] = epsilon / K + (1.0 - epsilon) * p[a]


class RidgePolicy(NamedTuple):
    """State of a learner with ridge regression."""

    ridge: LinUCBPolicy
    theta: np.ndarray  # (m, d) as it was when the rounds had last doubled
    learned: np.ndarray  # (1,) int64, the rounds until then
    doubling: bool  # is it by that theta that the learner acts?
    values: np.ndarray  # (K,) predicted rewards
    p: np.ndarray  # (K,) probabilities of the arms
    rule: Rule

    def distribution(self, t, x):
        for a in range(self.values.size):
            m, row = min(a, self.theta.shape[0] - 1), min(a, x.shape[0] - 1)
            theta = self.theta[m] if self.doubling else self.ridge.theta[m]
            self.values[a] = dot(theta, x[row])
        write_probabilities_of(self.rule, t, self.learned[0], self.values, self.p)
        return self.p

    def select(self, t, x, rng):
        return draw_arm(self.distribution(t, x), rng)

    def update(self, t, x, a, y):
        m, row = min(a, self.theta.shape[0] - 1), min(a, x.shape[0] - 1)
        add_observation(self.ridge, m, x[row], y)
        if t + 1 >= 2 * self.learned[0]:
            self.learned[0] = t + 1
            self.theta[:] = self.ridge.theta


class RefittedPolicy(NamedTuple):
    """State of a learner with a regressor of somebody's own, which is played as Python."""

    regressors: list[Any]  # one for all arms, or one for each; None before the first fit
    features: list[list[Any]]  # that each of them is to be fitted to
    rewards: list[list[float]]
    oracle: Any
    learned: np.ndarray  # (1,) int64, rounds that they were fitted to
    values: np.ndarray  # (K,) predicted rewards
    p: np.ndarray  # (K,) probabilities of the arms
    rule: Rule

    @property
    def interpreted(self) -> bool:
        """A regressor can't be compiled."""
        return True

    def distribution(self, t, x):
        for a in range(self.values.size):
            regressor = self.regressors[min(a, len(self.regressors) - 1)]
            row = x[min(a, len(x) - 1)]
            self.values[a] = 0.0 if regressor is None else regressor.predict(row[None])[0]
            if not math.isfinite(self.values[a]):
                raise ValueError(f"{self.oracle!r} predicted {self.values[a]} in round {t + 1}")
        write_probabilities_of(self.rule, t, self.learned[0], self.values, self.p)
        return self.p

    def select(self, t, x, rng):
        return draw_arm(self.distribution(t, x), rng)

    def update(self, t, x, a, y):
        m = min(a, len(self.regressors) - 1)
        self.features[m].append(x[min(a, len(x) - 1)].copy())
        self.rewards[m].append(y)
        if t + 1 >= 2 * self.learned[0]:
            self.learned[0] = t + 1
            for m, rows in enumerate(self.features):
                if rows:
                    self.regressors[m] = fitted(self.oracle, rows, self.rewards[m], t + 1)


@dataclass(frozen=True)
class _RegressionLearner(Learner):
    """What the three have in common."""

    oracle: Any = None
    ridge: float = 1.0
    plays: ClassVar[tuple[type, ...]] = (Features,)
    doubling: ClassVar[bool] = False

    def __post_init__(self) -> None:
        self._set(ridge=number("ridge", self.ridge, low=1e-9))
        if self.oracle is not None:
            check_oracle(self.oracle, "regressor")

    @abstractmethod
    def rule(self, spec: Features, horizon: int) -> Rule:
        """Return how predicted rewards become probabilities."""

    def start(self, spec: Features, horizon: int) -> Any:
        """Return the policy; see `Learner.start`."""
        linear = LinUCB(ridge=self.ridge)
        m = linear.models(spec)
        values, p = np.zeros(spec.K), np.zeros(spec.K)
        learned, rule = np.zeros(1, dtype=np.int64), self.rule(spec, horizon)
        if self.oracle is None:
            theta = np.zeros((m, spec.d))
            ridge = linear.start(spec, horizon)
            return RidgePolicy(ridge, theta, learned, self.doubling, values, p, rule)
        features: list[list[Any]] = [[] for _ in range(m)]
        rewards: list[list[float]] = [[] for _ in range(m)]
        return RefittedPolicy([None] * m, features, rewards, self.oracle, learned, values, p, rule)


_NEVER = course_of(0.0)


@dataclass(frozen=True, repr=False)
class RegressionGreedy(_RegressionLearner):
    """Play the arm whose predicted reward is largest, or sometimes any: epsilon-greedy.

    Parameters
    ----------
    oracle : regressor, optional
        What predicts, with `fit` and `predict`, such as a regressor of scikit-learn; by default
        ridge regression.  If its `random_state` is None it is given one.
    ridge : float, default 1
        Penalty of the built-in ridge regression, above 0 (at least 1e-9).
    epsilon : float or Schedule, default 0.1
        Probability of an arm drawn uniformly, in [0, 1].

    Raises
    ------
    ValueError
        If a parameter leaves its range, or `oracle` can't fit and predict.

    Notes
    -----
    Where contexts differ enough by themselves, even ``epsilon=0`` may explore enough (Bastani,
    Bayati & Khosravi 2021).

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 8.8; Langford & Zhang (2007).

    Examples
    --------
    >>> import banditkit as bk
    >>> problem = bk.LinearContexts([0.8, -0.4, 0.4], K=5)
    >>> result = bk.simulate(problem, [bk.RegressionGreedy(epsilon=0.05)], horizon=1000, seed=0)
    """

    epsilon: float | Schedule = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(epsilon=scheduled("epsilon", self.epsilon, high=1.0))

    def rule(self, spec: Features, horizon: int) -> Rule:
        """Return how predicted rewards become probabilities."""
        return Rule(course_of(self.epsilon), -1.0, False)


@dataclass(frozen=True, repr=False)
class SquareCB(_RegressionLearner):
    """Play an arm the less often, the further its predicted reward is behind.

    This is inverse gap weighting: ``p(a) = 1 / (K + gamma (best - value(a)))`` for all but the best
    arm, which gets the rest.

    Parameters
    ----------
    oracle : regressor, optional
        What predicts, with `fit` and `predict`, such as a regressor of scikit-learn; by default
        ridge regression.  If its `random_state` is None it is given one.
    ridge : float, default 1
        Penalty of the built-in ridge regression, above 0 (at least 1e-9).
    gamma : float, optional
        How greedy it is, 0 or more; by default ``sqrt(K T)``.

    Raises
    ------
    ValueError
        If a parameter leaves its range, or `oracle` can't fit and predict.

    Notes
    -----
    Where the mean rewards are of the form that the oracle fits, and its squared error exceeds that
    of the truth by at most R over T rounds, regret is at most of order ``sqrt(K T R)``, with gamma
    of order ``sqrt(K T / R)`` (Foster & Rakhlin 2020); ridge regression has R of order m d log T
    for m models of d features.  The default has R = 1, which is less careful, and better at the
    horizons of a classroom.  A regressor that is fitted anew after 1, 2, 4, ... rounds comes with
    no such promise.

    References
    ----------
    Foster & Rakhlin (2020), "Beyond UCB: optimal and efficient contextual bandits with regression
    oracles".

    Examples
    --------
    >>> import banditkit as bk
    >>> problem = bk.LinearContexts([0.8, -0.4, 0.4], K=5)
    >>> result = bk.simulate(problem, [bk.SquareCB()], horizon=1000, seed=0)
    """

    gamma: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.gamma is not None:
            self._set(gamma=number("gamma", self.gamma, low=0.0))

    def rule(self, spec: Features, horizon: int) -> Rule:
        """Return how predicted rewards become probabilities."""
        gamma = self.gamma
        if gamma is None:
            gamma = math.sqrt(spec.K * horizon)
        return Rule(_NEVER, gamma, False)


@dataclass(frozen=True, repr=False)
class Falcon(_RegressionLearner):
    """SquareCB in epochs that double: it acts by what it had learned when the epoch began.

    In an epoch that began after n rounds, gamma is ``scale sqrt(K n)``.  Between two epochs the
    policy does not change, so an oracle is called only log T times.

    Parameters
    ----------
    oracle : regressor, optional
        What predicts, with `fit` and `predict`, such as a regressor of scikit-learn; by default
        ridge regression.  If its `random_state` is None it is given one.
    ridge : float, default 1
        Penalty of the built-in ridge regression, above 0 (at least 1e-9).
    scale : float, default 1
        How greedy it is, 0 or more.  The theorem's is much smaller: for m linear models of d
        features of order ``1 / sqrt(m d log(T))``, divided by 30.

    Raises
    ------
    ValueError
        If a parameter leaves its range, or `oracle` can't fit and predict.

    References
    ----------
    Simchi-Levi & Xu (2022), "Bypassing the monster: a faster and simpler optimal algorithm for
    contextual bandits under realizability".

    Examples
    --------
    >>> import banditkit as bk
    >>> problem = bk.LinearContexts([0.8, -0.4, 0.4], K=5)
    >>> result = bk.simulate(problem, [bk.Falcon()], horizon=1000, seed=0)
    """

    scale: float = 1.0
    doubling: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(scale=number("scale", self.scale, low=0.0))

    def rule(self, spec: Features, horizon: int) -> Rule:
        """Return how predicted rewards become probabilities."""
        return Rule(_NEVER, self.scale * math.sqrt(spec.K), True)
