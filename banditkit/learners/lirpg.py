"""LIRPG: a reward of its own that a learner adds to the one that counts (Part II).

And what learners have in common that ask how one step of their policy depends on its reward.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.bilevel import kernels
from banditkit.bilevel.inner import fixed_reward
from banditkit.bilevel.kernels import (
    Batch,
    Policies,
    RewardModel,
    blank_batch,
    blank_policies,
    gamma_of,
)
from banditkit.core.checks import number, whole
from banditkit.core.description import Description, Learner, Problem
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit_helper, jit_inline
from banditkit.core.spec import Box, Tabular
from banditkit.core.weights import draw_arm
from banditkit.learners.divergence import bounded
from banditkit.learners.features import FeatureMap
from banditkit.learners.policy_gradient import (
    SoftmaxLinear,
    blank_actor,
    check_features,
    encoder_of,
    linear_value,
    look_at,
)
from banditkit.learners.rmsprop import Climber, climb
from banditkit.learners.trajectories import (
    Shelf,
    blank_shelf,
    finish,
    gather,
    keep_step,
    look_back,
)

__all__ = ["LIRPG", "Ascent"]

_STEEPEST = 700.0  # exp of more is no number


class Bench(NamedTuple):
    """Room for the trajectories of a batch, and what is computed of them."""

    batch: Batch  # as many steps as there may be; `gather` says how many there are
    policies: Policies  # before the step
    later: Policies  # after it
    G: np.ndarray  # (n,) returns of the reward that the policy climbs
    truth: np.ndarray  # (n,) returns of the reward that counts
    gain: np.ndarray  # (n,) G without its baseline
    worth: np.ndarray  # (n,) truth without its baseline
    steered: np.ndarray  # (n,) worth times the importance ratio
    slope: np.ndarray  # (A, d) what the policy climbs
    ahead: np.ndarray  # (A, d) the preferences after the step
    wanted: np.ndarray  # (A, d) gradient, after the step, of what counts
    wish: np.ndarray  # the gradient by the parameters of the reward


class AscentPlan(NamedTuple):
    """How a policy climbs, and which columns of its preferences are its own."""

    rate: float
    entropy: float
    critic_rate: float
    episodes: int
    own: int  # columns before this one stay 0


class Lesson(NamedTuple):
    """A batch of which was seen what a step of the policy does."""

    batch: Batch
    policies: Policies
    theta: np.ndarray  # (A, d) preferences before the step
    gain: np.ndarray  # (n,)
    worth: np.ndarray  # (n,)
    reward: RewardModel  # which the policy climbs
    rate: float
    entropy: float  # as the kernels count it
    own: int
    wish: np.ndarray


@jit_helper
def look_ahead(policy, batch, reward):
    """Look one step of the policy ahead: where it leads, and what would be wanted there.

    What counts there is the sum of the returns on the same batch, each times its importance ratio:
    how much more likely the action is after the step than before it.
    """
    space, plan, n = policy.space, policy.plan, batch.action.size
    policies, G = look_back(policy, batch, reward)
    later = Policies(space.later.p[:n], space.later.logs[:n], space.later.entropy[:n])
    truth, gain, worth, steered = (
        space.truth[:n],
        space.gain[:n],
        space.worth[:n],
        space.steered[:n],
    )
    kernels.write_returns(batch, policy.primary, truth)
    for t in range(n):
        gain[t] = G[t] - linear_value(policy.critic[0], batch.at[t], batch.weight[t])
        worth[t] = truth[t] - linear_value(policy.critic[1], batch.at[t], batch.weight[t])
    entropy = plan.entropy * n / (batch.first.size - 1)  # of each step, not their mean
    kernels.gradient(batch, policies, gain, entropy, space.slope)
    disown(space.slope, plan.own)
    theta = policy.actor.theta
    for a in range(theta.shape[0]):
        for i in range(theta.shape[1]):
            space.ahead[a, i] = theta[a, i] + plan.rate * space.slope[a, i]
    kernels.write_policies(batch, space.ahead, later)
    for t in range(n):
        a = batch.action[t]
        likelier = later.logs[t, a] - policies.logs[t, a]
        steered[t] = worth[t] * math.exp(min(likelier, _STEEPEST))
    kernels.gradient(batch, later, steered, 0.0, space.wanted)
    disown(space.wanted, plan.own)
    return Lesson(
        batch, policies, theta, gain, worth, reward, plan.rate, entropy, plan.own, space.wish
    )


@jit_inline
def disown(U, own):
    """Set the columns to 0 that are not the policy's."""
    for a in range(U.shape[0]):
        for i in range(own):
            U[a, i] = 0.0


@jit_helper
def go_ahead(policy, lesson, parameters):
    """Let the reward, the policy and the baselines move; or none, and never more, if one can't.

    The policy stays the last one whose numbers were sound, so that it can still be played.
    """
    space, batch = policy.space, lesson.batch
    if not (bounded(space.ahead) and climb(policy.climber, parameters, space.wish)):
        policy.state[1] = True
        return
    theta = policy.actor.theta
    for a in range(theta.shape[0]):
        for i in range(theta.shape[1]):
            theta[a, i] = space.ahead[a, i]
    for t in range(batch.action.size - 1, -1, -1):
        follow(policy.critic[0], policy.plan.critic_rate, batch, t, space.G[t])
        follow(policy.critic[1], policy.plan.critic_rate, batch, t, space.truth[t])


@jit_inline
def follow(critic, rate, batch, t, G):
    """Let a baseline make up for a share of its error in step t, whatever the features' size."""
    at, weight = batch.at[t], batch.weight[t]
    size = 0.0
    for i in range(weight.size):
        size += weight[i] * weight[i]
    if size > 0.0:
        error = G - linear_value(critic, at, weight)
        for i in range(at.size):
            critic[at[i]] += rate * error * weight[i] / size


class LIRPGPolicy(NamedTuple):
    """State of `LIRPG`."""

    actor: SoftmaxLinear
    shelf: Shelf
    space: Bench
    critic: np.ndarray  # (2, d) baselines of the mixed reward, and of the one that counts
    intrinsic: np.ndarray  # (A, d) eta
    mixed: RewardModel  # what the policy climbs, with the intrinsic reward as the auxiliary one
    primary: RewardModel
    climber: Climber  # of eta
    plan: AscentPlan
    state: np.ndarray  # (2,) bool: is there something to learn? diverged?

    def select(self, t, x, rng):
        if self.state[0]:
            self.state[0] = False
            learn_intrinsic(self, gather(self, self.plan.episodes, True, rng))
        look_at(self.actor, x)
        return draw_arm(self.actor.p, rng)

    def update(self, t, x, a, y):
        keep_to_learn(self, x, a, y, 0.0)

    def logged(self):
        return {
            "intrinsic": self.intrinsic,
            "theta": self.actor.theta,
            "diverged": np.array(float(self.state[1])),
        }


@jit_inline
def keep_to_learn(policy, x, a, y, auxiliary):
    """Keep a step, and say when there are episodes enough to learn from, in the next round."""
    full = keep_step(policy.shelf, x, a, y.reward, auxiliary)
    if y.terminal or y.truncated or full:
        finish(policy.shelf)
        if policy.shelf.place[0] % policy.plan.episodes == 0 and not policy.state[1]:
            policy.state[0] = True


@jit_helper
def learn_intrinsic(policy, batch):
    """Learn from a batch: eta by how the step that the policy makes depends on it."""
    go_ahead(policy, judge_intrinsic(policy, batch), policy.intrinsic)


@jit_helper
def judge_intrinsic(policy, batch):
    """Write the gradient by eta, through one step of the policy."""
    for t in range(batch.action.size):
        eta = policy.intrinsic[batch.action[t]]
        batch.auxiliary[t] = linear_value(eta, batch.at[t], batch.weight[t])
    lesson = look_ahead(policy, batch, policy.mixed)
    credit(lesson, policy.space.wanted, policy.space.wish)
    return lesson


@jit_helper
def credit(lesson, v, out):
    """Write what eta is worth, if a change of the policy after its step is worth v.

    ``e_t = gamma e_(t-1) + v . psi_t`` is what all actions up to t owe to the reward of step t.
    """
    batch, policies = lesson.batch, lesson.policies
    share, _ = kernels.shares(batch, 0.0)
    gamma, scale = gamma_of(lesson.reward), lesson.rate * share * lesson.reward.base[2]
    out[:] = 0.0
    u = np.empty(v.shape[0])
    for m in range(batch.first.size - 1):
        owed = 0.0
        for t in range(batch.first[m], batch.first[m + 1]):
            kernels.write_preferences(batch, v, t, u)
            score = u[batch.action[t]]
            for a in range(u.size):
                score -= policies.p[t, a] * u[a]
            owed = gamma * owed + score
            for i in range(batch.at.shape[1]):
                out[batch.action[t], batch.at[t, i]] += scale * owed * batch.weight[t, i]


@dataclass(frozen=True, repr=False)
class Ascent(Description):
    """How the policy of `LIRPG` or `BiPaRS` climbs: one step of gradient ascent on each batch.

    The step is along the sum over the steps of an episode, averaged over the episodes of a batch,
    of ``(G_t - v(s_t)) grad log p(a_t | s_t)``, and of the gradient of the entropy.

    Parameters
    ----------
    rate : float, default 0.05
        alpha, the step size of the preferences, 0 or more.
    entropy : float, default 0
        What a unit of the policy's entropy counts in each step, 0 or more.
    critic_rate : float, default 0.1
        Share of its error that a linear baseline makes up for in each step, in [0, 1]; with 0 there
        is no baseline.
    episodes : int, default 5
        Episodes of a batch, 1 or more; each is learned from once.  With one of them a policy
        climbs sooner, and a reward that is learned follows noise; see `BiPaRS`.
    longest : int, default 500
        Steps of an episode that are kept, 1 or more; a longer one is taken to be cut off there.

    Raises
    ------
    ValueError
        If a number leaves its range.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.Ascent(rate=0.5, episodes=4)
    Ascent(rate=0.5, episodes=4)
    """

    rate: float = 0.05
    entropy: float = 0.0
    critic_rate: float = 0.1
    episodes: int = 5
    longest: int = 500

    def __post_init__(self) -> None:
        self._set(
            rate=number("rate", self.rate, low=0.0),
            entropy=number("entropy", self.entropy, low=0.0),
            critic_rate=number("critic_rate", self.critic_rate, low=0.0, high=1.0),
            episodes=whole("episodes", self.episodes, least=1),
            longest=whole("longest", self.longest, least=1),
        )

    def plan(self, own: int = 0) -> AscentPlan:
        """Return the record of it; columns of the preferences before `own` stay 0."""
        return AscentPlan(self.rate, self.entropy, self.critic_rate, self.episodes, own)

    def shelf(self, spec: Any, horizon: int) -> Shelf:
        """Return room for the trajectories of a batch."""
        return blank_shelf(spec, self.episodes, min(self.longest, horizon))

    def bench(self, actor: SoftmaxLinear, wish: np.ndarray, horizon: int) -> Bench:
        """Return room for what is computed of a batch."""
        (A, d), k = actor.theta.shape, actor.at.size
        n = self.episodes * min(self.longest, horizon)
        batch = blank_batch(n, self.episodes, active=k, d=d, longest=1.0)  # sums, not means
        G, truth, gain, worth, steered = np.zeros((5, n))
        slope, ahead, wanted = np.zeros((3, A, d))
        return Bench(
            batch=batch,
            policies=blank_policies(n, A),
            later=blank_policies(n, A),
            G=G,
            truth=truth,
            gain=gain,
            worth=worth,
            steered=steered,
            slope=slope,
            ahead=ahead,
            wanted=wanted,
            wish=wish,
        )


@dataclass(frozen=True, repr=False)
class LIRPG(Learner):
    """Learning intrinsic rewards for policy gradient: pay oneself what makes one learn.

    A softmax-linear policy climbs ``r + weight * r_in(s, a)``, with an intrinsic reward
    ``r_in(s, a) = eta_a . x(s)`` that is learned: after each batch of episodes the policy makes one
    step, and eta moves by how what the policy earns of r alone, after that step, depends on it.

    Parameters
    ----------
    ascent : Ascent, default Ascent()
        How the policy climbs.
    reward_rate : float, default 0.01
        beta, the step size of eta, by RMSprop, 0 or more.
    weight : float, default 0.01
        lambda, what a unit of the intrinsic reward counts, 0 or more.
    features : FeatureMap, optional
        What policy and intrinsic reward see of a state; by default the table of a finite MDP, and
        otherwise `Fourier`, which needs a box that ends: for `CartPole` give its corners.

    Raises
    ------
    ValueError
        If a parameter leaves its range, or the features do not fit the problem.

    See Also
    --------
    BiPaRS : where a designer's heuristic is to be weighed.
    banditkit.bilevel.one_step : the gradient through one step, for rewards that see states only.

    Notes
    -----
    With theta' the preferences after the step, what counts is the sum over the same batch of
    ``p'(a_t | s_t) / p(a_t | s_t) (G_t - v(s_t))``, the returns being those of r alone; g is its
    gradient by theta'.  The step is plain gradient ascent, so that its derivative by eta is known:
    with ``e_t = gamma e_(t-1) + g . grad log p(a_t | s_t)`` the gradient is
    ``rate * weight * sum_t e_t d r_in(s_t, a_t) / d eta``, exactly, for the batch as it is and
    baselines that stay.  It takes one pass over the batch.

    In the paper policy and intrinsic reward are networks, and the code has RMSprop for both steps,
    also for the one that is differentiated; here it is for eta alone, so that the size of `weight`
    matters for the policy but not for the pace of eta.  An episode that is cut off ends there.

    `Result.logs` has "intrinsic", eta at the end, shape (learners, replications, A, d), "theta", of
    the same shape, and "diverged": 1 where a number left its range.  Such a run learns nothing from
    then on, and plays on.

    References
    ----------
    Zheng, Oh & Singh (2018), "On learning intrinsic rewards for policy gradient methods", NeurIPS,
    and its code.

    Examples
    --------
    >>> import banditkit as bk
    >>> trials = bk.Episodes(bk.GridWorld("S...G", gamma=0.9, limit=50), 200)
    >>> learner = bk.LIRPG(bk.Ascent(rate=0.5), weight=0.1)
    >>> result = bk.simulate(trials, [learner], horizon=1e4, replications=5, seed=0)
    >>> bool(result.logs["steps"][..., -50:].mean() < 6)
    True
    >>> result.logs["intrinsic"].shape  # learner, replication, action, state
    (1, 5, 4, 5)
    """

    ascent: Ascent = Ascent()
    reward_rate: float = 0.01
    weight: float = 0.01
    features: FeatureMap | None = None
    accepts: ClassVar[Feedback] = Feedback.STEP
    plays: ClassVar[tuple[type, ...]] = (Tabular, Box)

    def __post_init__(self) -> None:
        check_ascent(self.ascent)
        check_features("features", self.features)
        self._set(
            reward_rate=number("reward_rate", self.reward_rate, low=0.0),
            weight=number("weight", self.weight, low=0.0),
        )

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        super().check(problem)
        encoder_of(self.features, problem.spec)

    def start(self, spec: Any, horizon: int) -> LIRPGPolicy:
        """Return the policy; see `Learner.start`."""
        actor = blank_actor(spec.A, encoder_of(self.features, spec))
        shape = actor.theta.shape
        return LIRPGPolicy(
            actor=actor,
            shelf=self.ascent.shelf(spec, horizon),
            space=self.ascent.bench(actor, np.zeros(shape), horizon),
            critic=np.zeros((2, shape[1])),
            intrinsic=np.zeros(shape),
            mixed=fixed_reward(shape[1], (0.0, 1.0, self.weight), spec.gamma),
            primary=fixed_reward(shape[1], (0.0, 1.0, 0.0), spec.gamma),
            climber=Climber(np.zeros(shape), self.reward_rate),
            plan=self.ascent.plan(),
            state=np.zeros(2, dtype=np.bool_),
        )


def check_ascent(ascent: Any) -> None:
    """Raise a ValueError if how to climb is not an `Ascent`."""
    if not isinstance(ascent, Ascent):
        raise ValueError(f"ascent must be Ascent(...); got {ascent!r}")
