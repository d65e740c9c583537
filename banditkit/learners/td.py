"""Learners in finite MDPs that move a table of values step by step (Part II).

They differ in what they take the next state to be worth; how they act, and how their step sizes
change, is common to all.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import flag, number, numbers
from banditkit.core.description import Learner, Problem
from banditkit.core.draws import first_best
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit_helper, jit_inline
from banditkit.core.spec import Tabular
from banditkit.learners.actor import (
    Actor,
    NoAdvice,
    best_action,
    choose,
    write_probabilities,
)
from banditkit.learners.schedules import Course, Schedule, course_of, scheduled

__all__ = [
    "DoubleQLearning",
    "ExpectedSarsa",
    "QLearning",
    "Sarsa",
    "SarsaLambda",
    "TabularLearner",
]


@dataclass(frozen=True, repr=False)
class TabularLearner(Learner):
    """What learners with a table of values have in common; subclass it for one of your own."""

    rate: float | Schedule = 0.1
    epsilon: float | Schedule = 0.1
    initial: float | tuple[float, ...] = 0.0
    temperature: float | Schedule = 0.0
    accepts: ClassVar[Feedback] = Feedback.STEP
    plays: ClassVar[tuple[type, ...]] = (Tabular,)
    takes_advice: ClassVar[bool] = False  # does its target name the next action?

    def __post_init__(self) -> None:
        self._set(
            rate=scheduled("rate", self.rate, high=1.0, visits=True),
            epsilon=scheduled("epsilon", self.epsilon, high=1.0),
            temperature=scheduled("temperature", self.temperature),
        )
        if np.isscalar(self.initial):
            self._set(initial=number("initial", self.initial))
        else:
            self._set(initial=numbers("initial", self.initial, each="state"))

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        super().check(problem)
        size, S = np.size(self.initial), problem.spec.S
        if np.ndim(self.initial) == 1 and size != S:
            raise ValueError(f"initial needs a number for each of the {S} states; got {size}")

    def table(self, spec: Tabular) -> np.ndarray:
        """Return the values at the beginning, shape (S, A)."""
        initial = np.broadcast_to(np.array(self.initial), (spec.S,))
        return np.repeat(initial[:, None], spec.A, axis=1)

    def actor(self, spec: Tabular) -> Actor:
        """Return who acts by the values, which are those of the beginning."""
        epsilon, temperature = course_of(self.epsilon), course_of(self.temperature)
        episode, p = np.zeros(1, dtype=np.int64), np.zeros(spec.A)
        return Actor(self.table(spec), epsilon, temperature, episode, p, NoAdvice())


class QLearningPolicy(NamedTuple):
    """State of `QLearning`."""

    actor: Actor
    visits: np.ndarray  # (S, A) int64
    rate: Course  # alpha
    gamma: float

    def select(self, t, x, rng):
        return choose(self.actor, t, x, rng)

    def update(self, t, x, a, y):
        Q = self.actor.Q
        b = -1 if y.terminal else best_action(self.actor, t, y.state)
        worth = Q[y.state, b] if b >= 0 else 0.0  # cut off, more would have come; ended, nothing
        reward = y.reward + self.actor.advice.reshape(Q, x, a, y.state, b)
        learn(self, t, x, a, reward + self.gamma * worth)
        if y.terminal or y.truncated:
            self.actor.episode[0] += 1


@jit_inline
def learn(policy, t, s, a, target):
    """Move the value of a pair towards its target."""
    rate = policy.rate.value_at(t, policy.actor.episode[0], policy.visits[s, a])
    policy.actor.Q[s, a] += rate * (target - policy.actor.Q[s, a])
    policy.visits[s, a] += 1


@dataclass(frozen=True, repr=False)
class QLearning(TabularLearner):
    r"""Move the value of each step towards the reward plus the best value of the next state.

    ``Q(s, a) += rate * (r + gamma max_b Q(s', b) - Q(s, a))``; the value of a terminal state is 0,
    and an episode that is only cut off is taken to go on.  Actions are drawn epsilon-greedily, or
    by Boltzmann's distribution; of equal values, up to 1e-9, the first wins, but where all are
    equal chance decides.

    Parameters
    ----------
    rate : float or Schedule, default 0.1
        alpha, in [0, 1].
    epsilon : float or Schedule, default 0.1
        Probability of a random action, in [0, 1].
    initial : float or sequence of float, shape (S,), default 0
        Value of every pair at the beginning, or of every pair of each state: a large one makes it
        try everything, and a potential does what `Shaped` does.
    temperature : float or Schedule, default 0
        If above 0, actions are drawn in proportion to ``exp(Q / temperature)``, but for the random
        ones; a tiny one, such as 1e-60, draws among equal values.

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    References
    ----------
    Watkins & Dayan (1992), "Q-learning"; Sutton & Barto (2018), section 6.5.

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S..\n.#.\n..G", gamma=0.9)
    >>> result = bk.simulate(grid, [bk.QLearning(initial=1.0)], horizon=5000, seed=0)
    >>> bool(result.mean()[0, -1] < 5000 * 0.1)
    True
    """

    takes_advice: ClassVar[bool] = True

    def start(self, spec: Tabular, horizon: int) -> QLearningPolicy:
        """Return the policy; see `Learner.start`."""
        visits = np.zeros((spec.S, spec.A), dtype=np.int64)
        return QLearningPolicy(self.actor(spec), visits, course_of(self.rate), spec.gamma)


class SarsaPolicy(NamedTuple):
    """State of `Sarsa`: a step waits until the next action is known."""

    actor: Actor
    visits: np.ndarray  # (S, A) int64
    rate: Course  # alpha
    gamma: float
    waiting: np.ndarray  # (3,) int64, state, action and next state; a state of -1: nothing waits
    reward: np.ndarray  # (1,) the reward of that step

    def select(self, t, x, rng):
        b = choose(self.actor, t, x, rng)
        if self.waiting[0] >= 0:
            sarsa_step(self, t, b)
        return b

    def update(self, t, x, a, y):
        self.waiting[0], self.waiting[1], self.waiting[2] = x, a, y.state
        self.reward[0] = y.reward
        if y.terminal or y.truncated:  # nobody will act in that state
            sarsa_step(self, t, -1 if y.terminal else best_action(self.actor, t, y.state))
            self.actor.episode[0] += 1


@jit_inline
def sarsa_step(policy, t, b):
    """Learn from the step that waits, now that the next action b is known; -1: there is none."""
    s, a, later = policy.waiting[0], policy.waiting[1], policy.waiting[2]
    Q = policy.actor.Q
    worth = (b >= 0) * Q[later, b]  # 0 where nothing comes any more
    reward = policy.reward[0] + policy.actor.advice.reshape(Q, s, a, later, b)
    learn(policy, t, s, a, reward + policy.gamma * worth)
    policy.waiting[0] = -1


@dataclass(frozen=True, repr=False)
class Sarsa(TabularLearner):
    """Move the value of each step towards the reward plus the value of the next step.

    ``Q(s, a) += rate * (r + gamma Q(s', a') - Q(s, a))``, with a' the action that is taken next:
    it learns the value of what it does, random actions included.  Where an episode is cut off, and
    nobody acts any more, a' is the best action.

    Parameters
    ----------
    rate : float or Schedule, default 0.1
        alpha, in [0, 1].
    epsilon : float or Schedule, default 0.1
        Probability of a random action, in [0, 1].
    initial : float or sequence of float, shape (S,), default 0
        Value of every pair at the beginning, or of every pair of each state.
    temperature : float or Schedule, default 0
        If above 0, actions are drawn in proportion to ``exp(Q / temperature)``, but for the random
        ones; a tiny one, such as 1e-60, draws among equal values.

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    References
    ----------
    Rummery & Niranjan (1994); Sutton & Barto (2018), section 6.4.

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld.ng(5)
    >>> result = bk.simulate(grid, [bk.Sarsa(), bk.QLearning()], horizon=5000, seed=0)
    """

    takes_advice: ClassVar[bool] = True

    def start(self, spec: Tabular, horizon: int) -> SarsaPolicy:
        """Return the policy; see `Learner.start`."""
        visits = np.zeros((spec.S, spec.A), dtype=np.int64)
        waiting = np.full(3, -1, dtype=np.int64)
        rate = course_of(self.rate)
        return SarsaPolicy(self.actor(spec), visits, rate, spec.gamma, waiting, np.zeros(1))


class ExpectedSarsaPolicy(NamedTuple):
    """State of `ExpectedSarsa`."""

    actor: Actor
    visits: np.ndarray  # (S, A) int64
    rate: Course  # alpha
    gamma: float

    def select(self, t, x, rng):
        return choose(self.actor, t, x, rng)

    def update(self, t, x, a, y):
        target = y.reward
        if not y.terminal:
            write_probabilities(self.actor, t, y.state)
            for b in range(self.actor.p.size):
                target += self.gamma * self.actor.p[b] * self.actor.Q[y.state, b]
        learn(self, t, x, a, target)
        if y.terminal or y.truncated:
            self.actor.episode[0] += 1


@dataclass(frozen=True, repr=False)
class ExpectedSarsa(TabularLearner):
    """Move the value of each step towards the reward plus the mean value of the next step.

    ``Q(s, a) += rate * (r + gamma sum_b p(b | s') Q(s', b) - Q(s, a))``, with the probabilities p
    with which it acts: Sarsa without the noise of the next action.

    Parameters
    ----------
    rate : float or Schedule, default 0.1
        alpha, in [0, 1].
    epsilon : float or Schedule, default 0.1
        Probability of a random action, in [0, 1].
    initial : float or sequence of float, shape (S,), default 0
        Value of every pair at the beginning, or of every pair of each state.
    temperature : float or Schedule, default 0
        If above 0, actions are drawn in proportion to ``exp(Q / temperature)``, but for the random
        ones; a tiny one, such as 1e-60, draws among equal values.

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    References
    ----------
    van Seijen, van Hasselt, Whiteson & Wiering (2009), "A theoretical and empirical analysis of
    expected Sarsa"; Sutton & Barto (2018), section 6.6.

    Examples
    --------
    >>> import banditkit as bk
    >>> result = bk.simulate(bk.GridWorld.ng(5), [bk.ExpectedSarsa()], horizon=5000, seed=0)
    """

    def start(self, spec: Tabular, horizon: int) -> ExpectedSarsaPolicy:
        """Return the policy; see `Learner.start`."""
        visits = np.zeros((spec.S, spec.A), dtype=np.int64)
        rate = course_of(self.rate)
        return ExpectedSarsaPolicy(self.actor(spec), visits, rate, spec.gamma)


class DoubleQLearningPolicy(NamedTuple):
    """State of `DoubleQLearning`: it acts by the mean of two tables."""

    actor: Actor
    visits: np.ndarray  # (S, A) int64
    rate: Course  # alpha
    gamma: float
    tables: np.ndarray  # (2, S, A)
    coin: np.ndarray  # (1,) int64, the table that learns in this round

    def select(self, t, x, rng):
        self.coin[0] = draw_table(rng)
        return choose(self.actor, t, x, rng)

    def update(self, t, x, a, y):
        own, other = self.tables[self.coin[0]], self.tables[1 - self.coin[0]]
        target = y.reward
        if not y.terminal:
            target += self.gamma * other[y.state, first_best(own[y.state])]
        rate = self.rate.value_at(t, self.actor.episode[0], self.visits[x, a])
        own[x, a] += rate * (target - own[x, a])
        self.actor.Q[x, a] = 0.5 * (own[x, a] + other[x, a])
        self.visits[x, a] += 1
        if y.terminal or y.truncated:
            self.actor.episode[0] += 1


@jit_inline
def draw_table(rng):
    """Toss a coin."""
    return int(rng.random() < 0.5)


@dataclass(frozen=True, repr=False)
class DoubleQLearning(TabularLearner):
    """Two tables: one says which action is best in the next state, the other what that is worth.

    A coin decides which of them learns in a round.  The largest of noisy values is too large on
    average, and Q-learning believes it; the value that the other table gives to the same action
    knows nothing of that noise.  It acts by the mean of the two.

    Parameters
    ----------
    rate : float or Schedule, default 0.1
        alpha, in [0, 1]; visits are counted for both tables together.
    epsilon : float or Schedule, default 0.1
        Probability of a random action, in [0, 1].
    initial : float or sequence of float, shape (S,), default 0
        Value of every pair at the beginning, or of every pair of each state.
    temperature : float or Schedule, default 0
        If above 0, actions are drawn in proportion to ``exp(Q / temperature)``, but for the random
        ones; a tiny one, such as 1e-60, draws among equal values.

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    References
    ----------
    van Hasselt (2010), "Double Q-learning"; Sutton & Barto (2018), section 6.7.

    Examples
    --------
    >>> import banditkit as bk
    >>> result = bk.simulate(bk.GridWorld.ng(5), [bk.DoubleQLearning()], horizon=5000, seed=0)
    """

    def start(self, spec: Tabular, horizon: int) -> DoubleQLearningPolicy:
        """Return the policy; see `Learner.start`."""
        actor = self.actor(spec)
        visits, coin = np.zeros(actor.Q.shape, dtype=np.int64), np.zeros(1, dtype=np.int64)
        tables = np.stack([actor.Q, actor.Q])
        return DoubleQLearningPolicy(actor, visits, course_of(self.rate), spec.gamma, tables, coin)


class SarsaLambdaPolicy(NamedTuple):
    """State of `SarsaLambda`: the pairs with a trace stand in a list."""

    sarsa: SarsaPolicy
    traces: np.ndarray  # (S, A)
    pairs: np.ndarray  # (S A,) int64, the pairs with a trace, in the order in which they got it
    held: np.ndarray  # (1,) int64, how many there are
    fading: float  # gamma lambda
    replacing: bool

    def select(self, t, x, rng):
        b = choose(self.sarsa.actor, t, x, rng)
        if self.sarsa.waiting[0] >= 0:
            traced_step(self, t, b)
        return b

    def update(self, t, x, a, y):
        sarsa = self.sarsa
        sarsa.waiting[0], sarsa.waiting[1], sarsa.waiting[2] = x, a, y.state
        sarsa.reward[0] = y.reward
        if y.terminal or y.truncated:
            traced_step(self, t, -1 if y.terminal else best_action(sarsa.actor, t, y.state))
            forget_traces(self)
            sarsa.actor.episode[0] += 1


@jit_helper
def traced_step(policy, t, b):
    """Learn from the step that waits: every pair with a trace learns, by as much as its trace."""
    sarsa, traces, pairs = policy.sarsa, policy.traces, policy.pairs
    Q, A = sarsa.actor.Q, policy.traces.shape[1]
    s, a, later = sarsa.waiting[0], sarsa.waiting[1], sarsa.waiting[2]
    delta = sarsa.reward[0] + sarsa.actor.advice.reshape(Q, s, a, later, b) - Q[s, a]
    if b >= 0:
        delta += sarsa.gamma * Q[later, b]
    if traces[s, a] == 0.0:
        pairs[policy.held[0]] = s * A + a
        policy.held[0] += 1
    traces[s, a] = 1.0 if policy.replacing else traces[s, a] + 1.0
    rate = sarsa.rate.value_at(t, sarsa.actor.episode[0], sarsa.visits[s, a])
    kept = 0
    for i in range(policy.held[0]):
        s, a = divmod(pairs[i], A)
        Q[s, a] += rate * delta * traces[s, a]
        traces[s, a] *= policy.fading
        if traces[s, a] < FAINT:
            traces[s, a] = 0.0
        else:
            pairs[kept] = pairs[i]
            kept += 1
    policy.held[0] = kept
    sarsa.visits[sarsa.waiting[0], sarsa.waiting[1]] += 1
    sarsa.waiting[0] = -1


FAINT = 1e-12  # a trace below this is none


@jit_helper
def forget_traces(policy):
    """Forget all traces, where an episode ends."""
    A = policy.traces.shape[1]
    for i in range(policy.held[0]):
        s, a = divmod(policy.pairs[i], A)
        policy.traces[s, a] = 0.0
    policy.held[0] = 0


@dataclass(frozen=True, repr=False)
class SarsaLambda(TabularLearner):
    """Sarsa, where all steps of the episode so far learn from what comes, recent ones most.

    Each pair has a trace, which grows by 1 when it is visited and falls to ``gamma trace`` of
    itself in every round; ``Q(s, a) += rate * delta * trace(s, a)`` for all of them, with Sarsa's
    delta.  Traces below 1e-12 are dropped, so a round costs as much as there are pairs with one.

    Parameters
    ----------
    rate : float or Schedule, default 0.1
        alpha, in [0, 1].
    epsilon : float or Schedule, default 0.1
        Probability of a random action, in [0, 1].
    initial : float or sequence of float, shape (S,), default 0
        Value of every pair at the beginning, or of every pair of each state.
    temperature : float or Schedule, default 0
        If above 0, actions are drawn in proportion to ``exp(Q / temperature)``, but for the random
        ones; a tiny one, such as 1e-60, draws among equal values.
    trace : float, default 0.9
        lambda, in [0, 1]; with 0 it is `Sarsa`.
    replacing : bool, default False
        Whether a visit sets the trace to 1, where it would grow by 1.

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    References
    ----------
    Rummery & Niranjan (1994); Singh & Sutton (1996), "Reinforcement learning with replacing
    eligibility traces"; Sutton & Barto (2018), section 12.7.

    Examples
    --------
    >>> import banditkit as bk
    >>> result = bk.simulate(bk.GridWorld.ng(5), [bk.SarsaLambda()], horizon=5000, seed=0)
    """

    trace: float = 0.9
    replacing: bool = False
    takes_advice: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(
            trace=number("trace", self.trace, low=0.0, high=1.0),
            replacing=flag("replacing", self.replacing),
        )

    def start(self, spec: Tabular, horizon: int) -> SarsaLambdaPolicy:
        """Return the policy; see `Learner.start`."""
        sarsa: Any = Sarsa(self.rate, self.epsilon, self.initial, self.temperature)
        pairs, held = np.zeros(spec.S * spec.A, dtype=np.int64), np.zeros(1, dtype=np.int64)
        return SarsaLambdaPolicy(
            sarsa.start(spec, horizon),
            np.zeros((spec.S, spec.A)),
            pairs,
            held,
            spec.gamma * self.trace,
            self.replacing,
        )
