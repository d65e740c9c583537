"""Learners that compete with a class of policies (Slivkins, section 8.4 and literature).

They are shown what each policy would do, and find the best one by looking at all of them: an oracle
by exhaustion.  Beside `Exp4`, which keeps a weight for each.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number, whole
from banditkit.core.description import Learner, Problem
from banditkit.core.draws import argmax, draw_index
from banditkit.core.jit import jit_helper, jit_inline
from banditkit.core.spec import Advice, Features
from banditkit.core.weights import draw_arm
from banditkit.learners.oracles import check_oracle, fitted

__all__ = ["EpochGreedy", "MiniMonster", "OracleCommit"]


@jit_inline
def credit(scores, x, a, amount):
    """Add a reward to the scores of the policies that would have played this arm."""
    for n in range(scores.size):
        if x[n] == a:
            scores[n] += amount


class OracleCommitPolicy(NamedTuple):
    """State of `OracleCommit`, with an oracle by exhaustion."""

    scores: np.ndarray  # (N,) sum of the fake rewards of each policy
    K: int
    explore: int  # rounds

    def select(self, t, x, rng):
        if t < self.explore:
            return draw_index(self.K, rng)
        return x[argmax(self.scores)]

    def update(self, t, x, a, y):
        if t < self.explore:
            credit(self.scores, x, a, self.K * y)  # K r 1{a = pi(x)}  (Alg. 8.3)


class ClassifierCommitPolicy(NamedTuple):
    """State of `OracleCommit`, with a classifier of somebody's own, which is played as Python."""

    oracle: Any
    fitted: list[Any]  # the classifier, once it is
    rows: list[Any]  # features of the rounds with a reward
    arms: list[int]
    rewards: list[float]
    K: int
    explore: int

    @property
    def interpreted(self) -> bool:
        """A classifier can't be compiled."""
        return True

    def select(self, t, x, rng):
        if t < self.explore or not self.fitted:
            return draw_index(self.K, rng)
        guess = self.fitted[0]
        return guess if isinstance(guess, int) else int(guess.predict(x[:1])[0])

    def update(self, t, x, a, y):
        if t >= self.explore:
            return
        if y > 0.0:
            self.rows.append(x[0].copy())
            self.arms.append(int(a))
            self.rewards.append(self.K * y)
        if t == self.explore - 1 and self.arms:
            self.fitted.append(self._fit(t + 1))

    def _fit(self, seed):
        """Return a classifier for the arms, weighted by fake rewards; of a single arm the arm."""
        if len({*self.arms}) == 1:  # classifiers refuse to be fitted to one class
            return self.arms[0]
        weights = np.array(self.rewards)
        return fitted(self.oracle, self.rows, self.arms, seed, sample_weight=weights)


@dataclass(frozen=True, repr=False)
class OracleCommit(Learner):
    """Play uniformly for a while, ask an oracle for the best policy, and follow it (Algorithm 8.3).

    Each round of exploration gives a policy the fake reward ``K r`` if it would have played the
    same arm, and else 0.  The best policy of an enumerated class is found by looking at all of
    them; with features, by a classifier, which is fitted to the arms that were played, weighted by
    fake rewards.

    Parameters
    ----------
    explore : int, optional
        N, rounds of exploration, 1 or more; by default ``T**(2/3) (K log(M T))**(1/3)`` for M
        policies, and for a classifier with M = 2**d; at most T.
    oracle : classifier, optional
        For problems that show features: what classifies, with `fit`, that takes sample weights, and
        `predict`, such as a classifier of scikit-learn.  If its `random_state` is None it is given
        one.

    Raises
    ------
    ValueError
        If `explore` is not a whole number, 1 or more, `oracle` can't fit and predict, is missing
        where features are shown or given where policies are, or rewards may be below 0.

    Notes
    -----
    Theorem 8.8.  With N by default, expected regret against the best of M policies is
    ``O(T**(2/3) (K log(M T))**(1/3))``.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, Algorithm 8.3.

    Examples
    --------
    >>> import banditkit as bk
    >>> visitors = bk.FiniteContexts([[0.2, 0.8], [0.8, 0.2], [0.5, 0.6]])
    >>> few = bk.PolicyClass(visitors, [[0, 0, 0], [1, 1, 1], [1, 0, 0]])
    >>> result = bk.simulate(few, [bk.OracleCommit(explore=100)], horizon=2000, seed=0)
    """

    explore: int | None = None
    oracle: Any = None
    plays: ClassVar[tuple[type, ...]] = (Advice, Features)

    def __post_init__(self) -> None:
        if self.explore is not None:
            self._set(explore=whole("explore", self.explore, least=1))
        if self.oracle is not None:
            check_oracle(self.oracle, "classifier")

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        super().check(problem)
        spec = problem.spec
        if isinstance(spec, Features) and (self.oracle is None or not spec.shared):
            raise ValueError(
                "OracleCommit needs a classifier where features are shown, which the arms share, "
                "as in OracleCommit(oracle=LogisticRegression())"
            )
        if isinstance(spec, Features) and spec.lowest < 0.0:
            raise ValueError(
                "OracleCommit weighs cases by their rewards, which must not be below 0; those of "
                f"{type(problem).__name__} may be"
            )
        if isinstance(spec, Advice) and self.oracle is not None:
            raise ValueError("a class of policies needs no classifier; leave out oracle")

    def start(self, spec: Any, horizon: int) -> Any:
        """Return the policy; see `Learner.start`."""
        log = math.log(horizon) + (
            math.log(spec.N) if isinstance(spec, Advice) else spec.d * math.log(2.0)
        )
        explore = self.explore
        if explore is None:
            explore = math.ceil(horizon ** (2 / 3) * (spec.K * max(log, 1.0)) ** (1 / 3))
        explore = min(explore, horizon)
        if isinstance(spec, Advice):
            return OracleCommitPolicy(np.zeros(spec.N), spec.K, explore)
        return ClassifierCommitPolicy(self.oracle, [], [], [], [], spec.K, explore)


class EpochGreedyPolicy(NamedTuple):
    """State of `EpochGreedy`."""

    scores: np.ndarray  # (N,) sum of the rewards of exploration that each policy would have had
    clock: np.ndarray  # (2,) int64: epochs so far, rounds of exploitation that are left in this one
    K: int
    scale: float

    def select(self, t, x, rng):
        if self.clock[1] == 0:
            return draw_index(self.K, rng)
        return x[argmax(self.scores)]

    def update(self, t, x, a, y):
        if self.clock[1] > 0:
            self.clock[1] -= 1
            return
        credit(self.scores, x, a, y)
        self.clock[0] += 1
        self.clock[1] = int(self.scale * math.sqrt(self.clock[0]))


@dataclass(frozen=True, repr=False)
class EpochGreedy(Learner):
    """One round of exploration, some of exploitation, and so on, with ever longer epochs.

    After n rounds of exploration, the policy that would have earned most in them is followed for
    ``scale sqrt(n / (K log M))`` rounds, with M policies.  It needs no horizon.

    Parameters
    ----------
    scale : float, default 1
        How long epochs are, 0 or more.

    Raises
    ------
    ValueError
        If `scale` leaves its range.

    Notes
    -----
    What n rounds of exploration are wrong by, ``sqrt(K log(M) / n)``, times the rounds of the epoch
    is a constant: exploration and exploitation cost the same, and regret is of order
    ``T**(2/3) (K log M)**(1/3)``.

    References
    ----------
    Langford & Zhang (2007), "The epoch-greedy algorithm for multi-armed bandits with side
    information".

    Examples
    --------
    >>> import banditkit as bk
    >>> visitors = bk.FiniteContexts([[0.2, 0.8], [0.8, 0.2], [0.5, 0.6]])
    >>> few = bk.PolicyClass(visitors, [[0, 0, 0], [1, 1, 1], [1, 0, 0]])
    >>> result = bk.simulate(few, [bk.EpochGreedy(scale=5)], horizon=2000, seed=0)
    """

    scale: float = 1.0
    plays: ClassVar[tuple[type, ...]] = (Advice,)

    def __post_init__(self) -> None:
        self._set(scale=number("scale", self.scale, low=0.0))

    def start(self, spec: Advice, horizon: int) -> EpochGreedyPolicy:
        """Return the policy; see `Learner.start`."""
        scale = self.scale / math.sqrt(spec.K * max(math.log(spec.N), 1e-9))
        scale = self.scale if spec.N == 1 else scale
        clock = np.zeros(2, dtype=np.int64)
        return EpochGreedyPolicy(np.zeros(spec.N), clock, spec.K, scale)


class MiniMonsterPolicy(NamedTuple):
    """State of `MiniMonster`."""

    Q: np.ndarray  # (N,) weights of the policies, with sum at most 1
    scores: np.ndarray  # (N,) sum of the rewards of each policy, by inverse propensities
    history: np.ndarray  # (T, N) int32, what the policies did in each round so far
    rounds: np.ndarray  # (2,) int64: rounds so far, and those at which Q is found next
    least: np.ndarray  # (1,) mu, the least probability of an arm
    p: np.ndarray  # (K,) probabilities of the arms
    leader: np.ndarray  # (1,) int64, the policy that gets what is left over
    confidence: float  # 16 M / delta
    psi: float

    def distribution(self, t, x):
        write_smoothed(self.Q, self.leader[0], x, self.least[0], self.p)
        return self.p

    def select(self, t, x, rng):
        return draw_arm(self.distribution(t, x), rng)

    def update(self, t, x, a, y):
        for n in range(self.scores.size):
            self.history[t, n] = x[n]
        credit(self.scores, x, a, y / self.p[a])
        self.rounds[0] += 1
        if self.rounds[0] == self.rounds[1]:
            find_weights(self)
            self.rounds[1] *= 2


@jit_inline
def write_smoothed(Q, leader, x, least, p):
    """Write the probabilities of the arms: by weights, the rest to the leader, `least` to each."""
    p[:] = 0.0
    rest = 1.0
    for n in range(Q.size):
        p[x[n]] += Q[n]
        rest -= Q[n]
    p[x[leader]] += rest
    for a in range(p.size):
        p[a] = (1.0 - p.size * least) * p[a] + least


@jit_helper
def find_weights(policy):
    """Find weights of low variance and low regret by coordinate descent (Algorithm 2 there)."""
    Q, scores, K = policy.Q, policy.scores, policy.p.size
    t = policy.rounds[0]
    policy.leader[0] = argmax(scores)
    best = scores[policy.leader[0]]
    log = math.log(policy.confidence * t * t)
    mu = min(0.5 / K, math.sqrt(log / (K * t)))
    policy.least[0] = mu
    N = Q.size
    b = np.zeros(N)
    for n in range(N):
        b[n] = (best - scores[n]) / t / (policy.psi * mu)  # estimated regret
    Q[:] = 0.0
    q = np.zeros((t, K))  # sum of the weights of the policies that play an arm in a round
    for _ in range(int(4.0 * math.log(1.0 / (K * mu)) / mu) + 4 * N):
        load = 0.0
        for n in range(N):
            load += Q[n] * (2.0 * K + b[n])
        if load > 2.0 * K:
            for n in range(N):
                Q[n] *= 2.0 * K / load
            for i in range(t):
                for a in range(K):
                    q[i, a] *= 2.0 * K / load
        worst, excess, step = -1, 0.0, 0.0
        for n in range(N):
            V, S = 0.0, 0.0
            for i in range(t):
                inverse = 1.0 / ((1.0 - K * mu) * q[i, policy.history[i, n]] + mu)
                V += inverse / t
                S += inverse * inverse / t
            D = V - (2.0 * K + b[n])
            if excess < D:
                worst, excess, step = n, D, (V + D) / (2.0 * (1.0 - K * mu) * S)
        if worst < 0:
            break
        Q[worst] += step
        for i in range(t):
            q[i, policy.history[i, worst]] += step


@dataclass(frozen=True, repr=False)
class MiniMonster(Learner):
    """ILOVETOCONBANDITS: few policies, weighted so that estimates of all of them stay reliable.

    After 1, 2, 4, ... rounds it looks for weights Q of the policies under which, on the contexts so
    far, the estimate of every policy has a low variance, and the worse a policy seems the less that
    matters: for each policy the mean of ``1 / q(its arm)`` is at most ``2 K + b``, with b its
    estimated regret over ``psi mu``, and the mean of b under Q at most ``2 K``.  Coordinate descent
    finds such weights, with few that are not 0.  In a round it draws an arm by these weights; what
    they lack to 1 is given to the policy that seems best, and each arm has at least mu.

    Parameters
    ----------
    delta : float, default 0.05
        Probability with which the theorem may fail, in (0, 1] (at least 1e-300).
    psi : float, default 100
        How little regret counts against variance, above 0 (at least 1e-9); 100 is the theorem's,
        and with some thousand rounds 1 is better.

    Raises
    ------
    ValueError
        If a parameter leaves its range, or all that the policies would do in T rounds does not fit
        into memory.

    Notes
    -----
    With probability ``1 - delta`` its regret is ``O(sqrt(K T log(T M / delta)) + K log(T M /
    delta))`` against the best of M policies.  Here the oracle is a look at all policies, and the
    history of what they would have done is kept, so it is for classes that can be listed.

    References
    ----------
    Agarwal, Hsu, Kale, Langford, Li & Schapire (2014), "Taming the monster: a fast and simple
    algorithm for contextual bandits", Algorithms 1 and 2.

    Examples
    --------
    >>> import banditkit as bk
    >>> visitors = bk.FiniteContexts([[0.2, 0.8], [0.8, 0.2], [0.5, 0.6]])
    >>> few = bk.PolicyClass(visitors, [[0, 0, 0], [1, 1, 1], [1, 0, 0]])
    >>> result = bk.simulate(few, [bk.MiniMonster()], horizon=2000, replications=5, seed=0)
    """

    delta: float = 0.05
    psi: float = 100.0
    plays: ClassVar[tuple[type, ...]] = (Advice,)

    def __post_init__(self) -> None:
        self._set(
            delta=number("delta", self.delta, low=1e-300, high=1.0),
            psi=number("psi", self.psi, low=1e-9),
        )

    def start(self, spec: Advice, horizon: int) -> MiniMonsterPolicy:
        """Return the policy; see `Learner.start`."""
        if horizon * (spec.N + spec.K) > 100_000_000:
            raise ValueError(
                f"MiniMonster keeps what {spec.N:,} policies do in {horizon:,} rounds, too much "
                "for memory; use Exp4"
            )
        return MiniMonsterPolicy(
            np.zeros(spec.N),
            np.zeros(spec.N),
            np.zeros((horizon, spec.N), dtype=np.int32),
            np.array([0, 1]),
            np.full(1, 1.0 / (2.0 * spec.K)),
            np.zeros(spec.K),
            np.zeros(1, dtype=np.int64),
            16.0 * spec.N / self.delta,
            self.psi,
        )
