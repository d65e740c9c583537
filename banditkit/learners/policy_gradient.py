"""Policies that climb their own gradient: softmax of linear preferences (Part II).

The preference of action a in a state with features phi is ``h(a) = theta_a . phi``, its probability
p(a) is proportional to ``exp(h(a))``, and

    d log p(a) / d theta_b = (1{a = b} - p(b)) phi

is all the calculus there is.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import flag, whole
from banditkit.core.description import Learner, Problem
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit_helper, jit_inline
from banditkit.core.spec import Box, Tabular
from banditkit.core.weights import draw_arm, softmax
from banditkit.learners.divergence import divergence
from banditkit.learners.features import FeatureMap, Fourier, OneHot
from banditkit.learners.schedules import Course, Schedule, course_of, scheduled

__all__ = ["ActorCritic", "Reinforce"]


class SoftmaxLinear(NamedTuple):
    """A softmax policy of linear preferences, and room for the features of one state."""

    theta: np.ndarray  # (A, d) preferences
    features: Any
    at: np.ndarray  # (n,) int64, the features that are active
    weight: np.ndarray  # (n,) what they are worth
    p: np.ndarray  # (A,) probabilities of the actions

    def logged(self):
        return divergence(self.theta)


def check_features(name: str, features: Any) -> None:
    """Raise a ValueError if features are neither left to the problem nor a `FeatureMap`."""
    if features is not None and not isinstance(features, FeatureMap):
        raise ValueError(f"{name} must be a FeatureMap, as in TileCoding(); got {features!r}")


def encoder_of(features: FeatureMap | None, spec: Any) -> Any:
    """Return the record of the features: by default a table, or Fourier's of order 3."""
    return (features or (OneHot() if isinstance(spec, Tabular) else Fourier())).start(spec)


def blank_actor(A: int, features: Any) -> SoftmaxLinear:
    """Return a policy that draws every action with the same probability."""
    k = features.active
    at, weight = np.zeros(k, dtype=np.int64), np.zeros(k)
    return SoftmaxLinear(np.zeros((A, features.size)), features, at, weight, np.zeros(A))


@jit_inline
def look_at(actor, x):
    """Encode the state, and write the probabilities of the actions there."""
    actor.features.encode(x, actor.at, actor.weight)
    write_policy(actor)


@jit_inline
def write_policy(actor):
    """Write the probabilities of the actions for the features that are encoded."""
    for a in range(actor.p.size):
        preference = 0.0
        for i in range(actor.at.size):
            preference += actor.theta[a, actor.at[i]] * actor.weight[i]
        actor.p[a] = preference
    softmax(actor.p, actor.p)


@jit_inline
def add_score(actor, a, amount, target):
    """Add ``amount`` times the gradient of log p(a) to `target`, shape (A, d)."""
    for b in range(actor.p.size):
        slope = amount * ((b == a) - actor.p[b])
        for i in range(actor.at.size):
            target[b, actor.at[i]] += slope * actor.weight[i]


@jit_inline
def linear_value(critic, at, weight):
    """Return the value of a state with these features: ``w . phi``."""
    value = 0.0
    for i in range(at.size):
        value += critic[at[i]] * weight[i]
    return value


class ReinforcePolicy(NamedTuple):
    """State of `Reinforce`: an episode is kept until it is over."""

    actor: SoftmaxLinear
    critic: np.ndarray  # (d,) the baseline
    gradient: np.ndarray  # (A, d)
    trail_at: np.ndarray  # (longest, n) int64, features of the states of this episode
    trail_weight: np.ndarray  # (longest, n)
    actions: np.ndarray  # (longest,) int64
    rewards: np.ndarray  # (longest,)
    clock: np.ndarray  # (2,) int64, steps of this episode, and episodes
    rate: Course
    critic_rate: Course
    gamma: float
    discounted: bool

    def select(self, t, x, rng):
        look_at(self.actor, x)
        return draw_arm(self.actor.p, rng)

    def update(self, t, x, a, y):
        n = self.clock[0]
        self.trail_at[n] = self.actor.at
        self.trail_weight[n] = self.actor.weight
        self.actions[n] = a
        self.rewards[n] = y.reward
        self.clock[0] += 1
        cut = y.truncated or self.clock[0] == self.rewards.size
        if y.terminal or cut:
            beyond = 0.0
            if not y.terminal:  # what would have come, as the baseline has it
                self.actor.features.encode(y.state, self.actor.at, self.actor.weight)
                beyond = linear_value(self.critic, self.actor.at, self.actor.weight)
            climb(self, t, beyond)
            self.clock[0] = 0
            self.clock[1] += 1


@jit_helper
def climb(policy, t, beyond):
    """Go through the episode from its end, and climb the gradient; then let the baseline follow.

    The baseline must not move before the gradient is known: where features are shared it would
    know of what came after an action.
    """
    actor, n = policy.actor, policy.clock[0]
    rate = policy.rate.value_at(t, policy.clock[1], 0)
    critic_rate = policy.critic_rate.value_at(t, policy.clock[1], 0)
    policy.gradient[:] = 0.0
    G = beyond
    for k in range(n - 1, -1, -1):
        actor.at[:] = policy.trail_at[k]
        actor.weight[:] = policy.trail_weight[k]
        write_policy(actor)
        G = policy.rewards[k] + policy.gamma * G  # the return from step k on
        advantage = G - linear_value(policy.critic, actor.at, actor.weight)
        discount = policy.gamma ** float(k) if policy.discounted else 1.0
        add_score(actor, policy.actions[k], discount * advantage, policy.gradient)
    G = beyond
    for k in range(n - 1, -1, -1):
        at, weight = policy.trail_at[k], policy.trail_weight[k]
        G = policy.rewards[k] + policy.gamma * G
        error = G - linear_value(policy.critic, at, weight)
        for i in range(at.size):
            policy.critic[at[i]] += critic_rate * error * weight[i]
    for a in range(actor.theta.shape[0]):
        for i in range(actor.theta.shape[1]):
            actor.theta[a, i] += rate * policy.gradient[a, i]


@dataclass(frozen=True)
class _PolicyGradient(Learner):
    """What the two have in common."""

    rate: float | Schedule = 0.01
    critic_rate: float | Schedule = 0.1
    features: FeatureMap | None = None
    discounted: bool = False
    accepts: ClassVar[Feedback] = Feedback.STEP
    plays: ClassVar[tuple[type, ...]] = (Tabular, Box)

    def __post_init__(self) -> None:
        check_features("features", self.features)
        self._set(
            rate=scheduled("rate", self.rate),
            critic_rate=scheduled("critic_rate", self.critic_rate),
            discounted=flag("discounted", self.discounted),
        )

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        super().check(problem)
        self.actor(problem.spec)

    def actor(self, spec: Any) -> SoftmaxLinear:
        """Return a policy that draws every action with the same probability."""
        return blank_actor(spec.A, encoder_of(self.features, spec))


@dataclass(frozen=True, repr=False)
class Reinforce(_PolicyGradient):
    """Play an episode, and make each action more likely by how much better it went than expected.

    ``theta += rate sum_k (G_k - v(s_k)) grad log p(a_k | s_k)`` after every episode, with G_k the
    discounted return from step k on, and a linear baseline v that follows the returns.

    Parameters
    ----------
    rate : float or Schedule, default 0.01
        Step size of the preferences, 0 or more.
    critic_rate : float or Schedule, default 0.1
        Step size of the baseline, 0 or more; with 0 there is none.
    features : FeatureMap, optional
        What it sees of a state; by default the table of a finite MDP, and otherwise `Fourier`,
        which needs a box that ends: for `CartPole` give its corners.
    discounted : bool, default False
        Whether step k counts gamma**k, as the gradient of the discounted return has it; most people
        leave the factor out.
    longest : int, default 10,000
        Steps of an episode that are kept, 1 or more; a longer one is taken to be cut off there.

    Raises
    ------
    ValueError
        If a parameter leaves its range, or the features do not fit the problem.

    Notes
    -----
    Where an episode is cut off, the return goes on with the baseline of the state that was reached,
    or without a baseline with 0.  With ``discounted`` and episodes that end, the step is an
    unbiased estimate of the gradient of the expected discounted return (the policy
    gradient theorem).

    References
    ----------
    Williams (1992), "Simple statistical gradient-following algorithms for connectionist
    reinforcement learning"; Sutton & Barto (2018), sections 13.3 and 13.4.

    Examples
    --------
    >>> import banditkit as bk
    >>> trials = bk.Episodes(bk.GridWorld("S..G", gamma=0.9, limit=50), 200)
    >>> result = bk.simulate(trials, [bk.Reinforce(rate=0.5)], horizon=1e4, replications=5, seed=0)
    >>> bool(result.logs["steps"][..., -50:].mean() < 5)
    True
    """

    longest: int = 10_000

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(longest=whole("longest", self.longest, least=1))

    def start(self, spec: Any, horizon: int) -> ReinforcePolicy:
        """Return the policy; see `Learner.start`."""
        actor = self.actor(spec)
        longest, n = min(self.longest, horizon), actor.at.size
        return ReinforcePolicy(
            actor,
            np.zeros(actor.theta.shape[1]),
            np.zeros(actor.theta.shape),
            np.zeros((longest, n), dtype=np.int64),
            np.zeros((longest, n)),
            np.zeros(longest, dtype=np.int64),
            np.zeros(longest),
            np.zeros(2, dtype=np.int64),
            course_of(self.rate),
            course_of(self.critic_rate),
            spec.gamma,
            self.discounted,
        )


class ActorCriticPolicy(NamedTuple):
    """State of `ActorCritic`."""

    actor: SoftmaxLinear
    critic: np.ndarray  # (d,)
    at: np.ndarray  # (n,) int64, features of the next state
    weight: np.ndarray  # (n,)
    discount: np.ndarray  # (1,) gamma to the power of the steps of this episode
    episode: np.ndarray  # (1,) int64, episodes that are over
    rate: Course
    critic_rate: Course
    gamma: float
    discounted: bool

    def select(self, t, x, rng):
        look_at(self.actor, x)
        return draw_arm(self.actor.p, rng)

    def update(self, t, x, a, y):
        actor = self.actor
        delta = y.reward - linear_value(self.critic, actor.at, actor.weight)
        if not y.terminal:
            actor.features.encode(y.state, self.at, self.weight)
            delta += self.gamma * linear_value(self.critic, self.at, self.weight)
        rate = self.rate.value_at(t, self.episode[0], 0) * self.discount[0]
        critic_rate = self.critic_rate.value_at(t, self.episode[0], 0)
        for i in range(actor.at.size):
            self.critic[actor.at[i]] += critic_rate * delta * actor.weight[i]
        add_score(actor, a, rate * delta, actor.theta)
        if self.discounted:
            self.discount[0] *= self.gamma
        if y.terminal or y.truncated:
            self.discount[0] = 1.0
            self.episode[0] += 1


@dataclass(frozen=True, repr=False)
class ActorCritic(_PolicyGradient):
    """In each step, make the action more likely by how much better it went than the critic thought.

    With ``delta = r + gamma v(s') - v(s)``: the critic moves by ``critic_rate delta phi``, and the
    actor by ``rate delta grad log p(a | s)``.

    Parameters
    ----------
    rate : float or Schedule, default 0.01
        Step size of the preferences, 0 or more.
    critic_rate : float or Schedule, default 0.1
        Step size of the critic, 0 or more.
    features : FeatureMap, optional
        What it sees of a state; by default the table of a finite MDP, and otherwise `Fourier`,
        which needs a box that ends: for `CartPole` give its corners.
    discounted : bool, default False
        Whether step k counts gamma**k, as the gradient of the discounted return has it; most people
        leave the factor out.

    Raises
    ------
    ValueError
        If a parameter leaves its range, or the features do not fit the problem.

    References
    ----------
    Barto, Sutton & Anderson (1983); Sutton & Barto (2018), section 13.5.

    Examples
    --------
    >>> import banditkit as bk
    >>> trials = bk.Episodes(bk.GridWorld("S..G", gamma=0.9, limit=50), 200)
    >>> result = bk.simulate(trials, [bk.ActorCritic(rate=0.5)], horizon=1e4, seed=0)
    >>> bool(result.logs["steps"][..., -50:].mean() < 5)
    True
    """

    def start(self, spec: Any, horizon: int) -> ActorCriticPolicy:
        """Return the policy; see `Learner.start`."""
        actor = self.actor(spec)
        return ActorCriticPolicy(
            actor,
            np.zeros(actor.theta.shape[1]),
            np.zeros_like(actor.at),
            np.zeros_like(actor.weight),
            np.ones(1),
            np.zeros(1, dtype=np.int64),
            course_of(self.rate),
            course_of(self.critic_rate),
            spec.gamma,
            self.discounted,
        )
