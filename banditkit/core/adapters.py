"""What stands between a learner and a problem that speak differently, and makes them fit.

* A learner of rewards meets costs, or a learner of costs meets rewards: `TurnedEnv` turns each
  answer round.
* A problem looks at the distribution that the learner draws from: `ShownPolicy` shows it with each
  action, as a `Draw`.
* A learner that chooses among arms with full feedback meets experts: `FollowingPolicy` lets it
  choose among the experts instead.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.description import Learner, Problem
from banditkit.core.feedback import Feedback
from banditkit.core.spec import Advice, Arms, NoSuchArm
from banditkit.core.verbs import complete

__all__ = ["Draw", "ShownChoicePolicy", "ShownPolicy", "adapt", "begin", "told"]


class Draw(NamedTuple):
    """An action together with the distribution that it was drawn from."""

    arm: int
    p: np.ndarray  # (K,) probabilities of the arms


def begin(problem: Problem, learner: Learner, horizon: int, rng: Any) -> tuple[Any, Any]:
    """Return environment and policy before the first round, ready for the loop.

    Parameters
    ----------
    problem, learner
        The descriptions; the learner must be able to play the problem.
    horizon
        Number of rounds T.
    rng
        Source of whatever is random about the environment as a whole.
    """
    env = problem.start(horizon, rng)
    return adapt(problem, learner, env, learner.start(told(problem, learner), horizon))


def told(problem: Problem, learner: Learner) -> Any:
    """Return the spec that a learner is told: who follows experts is told that they are arms."""
    spec = problem.spec
    if _follows(problem, learner):
        return Arms(spec.N, spec.lowest, spec.highest, spec.costs)
    return spec


def _follows(problem: Problem, learner: Learner) -> bool:
    experts = isinstance(problem.spec, Advice) and Advice not in learner.plays
    return experts and learner.accepts is Feedback.FULL


def adapt(problem: Problem, learner: Learner, env: Any, policy: Any) -> tuple[Any, Any]:
    """Return environment and policy, made to fit each other and ready for the loop.

    Parameters
    ----------
    problem, learner
        The descriptions.
    env, policy
        What their `start` returned.
    """
    spec = problem.spec
    if learner.costs != spec.costs:
        total = spec.lowest + spec.highest
        env = TurnedEnv(env, total if math.isfinite(total) else 0.0)
    if _follows(problem, learner):
        draws = hasattr(policy, "distribution")
        following = DrawingFollowingPolicy if draws else FollowingPolicy
        policy = following(policy, np.zeros(spec.N), np.zeros(spec.K))
    if problem.sees_distribution:
        if hasattr(policy, "distribution"):
            policy = ShownPolicy(policy)
        else:
            policy = ShownChoicePolicy(policy, np.zeros(spec.K))
    return complete(env), complete(policy)


class TurnedEnv(NamedTuple):
    """The environment, with costs for rewards: ``lowest + highest`` less the answer."""

    env: Any
    total: float  # lowest + highest; 0 where there is no such thing

    def observe(self, t, rng):
        return self.env.observe(t, rng)

    def gap(self, t, x, a):
        return self.env.gap(t, x, a)

    def respond(self, t, x, a, rng):
        return self.total - self.env.respond(t, x, a, rng)

    def done(self):
        return self.env.done()


class ShownPolicy(NamedTuple):
    """The policy, with the distribution that each action was drawn from beside it."""

    policy: Any

    def select(self, t, x, rng):
        p = self.policy.distribution(t, x)
        return Draw(self.policy.select(t, x, rng), p)

    def update(self, t, x, a, y):
        self.policy.update(t, x, a.arm, y)

    def done(self):
        return self.policy.done()


class ShownChoicePolicy(NamedTuple):
    """A policy that draws nothing: it plays its action with probability 1."""

    policy: Any
    p: np.ndarray  # (K,)

    def select(self, t, x, rng):
        arm = self.policy.select(t, x, rng)
        self.p[:] = 0.0
        if 0 <= arm < self.p.size:  # or else the environment says that there is no such arm
            self.p[arm] = 1.0
        return Draw(arm, self.p)

    def update(self, t, x, a, y):
        self.policy.update(t, x, a.arm, y)

    def done(self):
        return self.policy.done()


class FollowingPolicy(NamedTuple):
    """A policy over experts: it plays the arm that its expert recommends."""

    policy: Any
    charges: np.ndarray  # (N,) cost of each expert in this round
    p: np.ndarray  # (K,) probabilities of the arms

    def select(self, t, x, rng):
        e = self.policy.select(t, None, rng)
        if not 0 <= e < self.charges.size:
            raise NoSuchArm(t, e, self.charges.size)
        return x[e]

    def update(self, t, x, a, y):
        for e in range(self.charges.size):
            self.charges[e] = y[x[e]]
        self.policy.update(t, None, 0, self.charges)  # who sees all costs needs no action

    def done(self):
        return self.policy.done()


class DrawingFollowingPolicy(FollowingPolicy):
    """The same, where the learner tells its distribution."""

    __slots__ = ()

    def distribution(self, t, x):
        self.p[:] = 0.0
        experts = self.policy.distribution(t, None)
        for e in range(experts.size):
            self.p[x[e]] += experts[e]
        return self.p
