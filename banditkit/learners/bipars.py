"""BiPaRS: how much a designer's heuristic is to count, from state to state (Part II)."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.bilevel import kernels
from banditkit.bilevel.inner import fixed_reward
from banditkit.bilevel.kernels import RewardModel
from banditkit.core.checks import number
from banditkit.core.description import Description, Learner, Problem
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit_helper, jit_inline
from banditkit.core.spec import Box, Tabular
from banditkit.core.weights import draw_arm
from banditkit.learners.aided import check_aided
from banditkit.learners.features import FeatureMap
from banditkit.learners.lirpg import (
    Ascent,
    AscentPlan,
    Bench,
    check_ascent,
    disown,
    go_ahead,
    keep_to_learn,
    look_ahead,
)
from banditkit.learners.policy_gradient import (
    SoftmaxLinear,
    blank_actor,
    check_features,
    encoder_of,
    look_at,
)
from banditkit.learners.rmsprop import Climber
from banditkit.learners.trajectories import Shelf, gather

__all__ = ["BiPaRS", "ExplicitMapping", "IncrementalMetaGradient", "MetaGradient"]

_LARGEST = 5_000_000  # numbers of a derivative that fit into memory, and are computed in time


class WeighedFeatures(NamedTuple):
    """What policy and weight see of a state, side by side: columns of one table.

    First those that the weight sees; then those of the policy, if they are others; and last the
    weight itself, if the policy sees it.
    """

    size: int
    active: int
    weighing: Any  # what the weight sees
    others: Any  # what the policy sees, where that is something else
    reward: RewardModel  # the weight
    apart: bool  # does the policy see something else?
    shown: bool  # does it see the weight?

    def encode(self, x, at, weight):
        k = self.weighing.active
        self.weighing.encode(x, at[:k], weight[:k])
        z = weight_at(self.reward, at[:k], weight[:k])
        if self.apart:
            rest = self.others.active
            self.others.encode(x, at[k : k + rest], weight[k : k + rest])
            for i in range(rest):
                at[k + i] += self.weighing.size
            k += rest
        if self.shown:
            at[k] = self.size - 1
            weight[k] = z


@jit_inline
def weight_at(reward, at, weight):
    """Return z, what the heuristic counts where these features are active."""
    z = reward.base[2]
    for i in range(at.size):
        z += reward.phi[2, at[i]] * weight[i]
    return z


class SeenWeight(NamedTuple):
    """State of `ExplicitMapping`."""

    last: int  # the column where the policy sees the weight

    def pull_back(self, lower, v):
        batch, theta, out, last = lower.batch, lower.theta, lower.wish, self.last
        share, _ = kernels.shares(batch, 0.0)
        out[:] = 0.0
        for t in range(batch.action.size):
            slope = theta[batch.action[t], last]
            for a in range(theta.shape[0]):
                slope -= lower.policies.p[t, a] * theta[a, last]
            for i in range(batch.at.shape[1]):
                out[2, batch.at[t, i]] += share * lower.worth[t] * slope * batch.weight[t, i]


class OneStep(NamedTuple):
    """State of `MetaGradient`."""

    scaled: np.ndarray  # (A, d) room

    def pull_back(self, lower, v):
        for a in range(v.shape[0]):
            for i in range(v.shape[1]):
                self.scaled[a, i] = lower.rate * v[a, i]
        kernels.contract(lower.batch, lower.policies, lower.reward, self.scaled, lower.wish)


class CarriedDerivative(NamedTuple):
    """State of `IncrementalMetaGradient`."""

    M: np.ndarray  # (weights, A, d) derivative of the preferences by each parameter of the weight
    cross: np.ndarray  # (A, d, 3 d + 1) room
    product: np.ndarray  # (A, d) room

    def pull_back(self, lower, v):
        carry(self, lower)
        lower.wish[:] = 0.0
        for j in range(self.M.shape[0]):
            total = 0.0
            for a in range(v.shape[0]):
                for i in range(v.shape[1]):
                    total += v[a, i] * self.M[j, a, i]
            lower.wish[2, j] = total


@jit_helper
def carry(derivative, lower):
    """Carry the derivative over the step that the policy makes: ``M += rate (H M + A)``."""
    A, d = derivative.product.shape
    kernels.cross_matrix(lower.batch, lower.policies, lower.reward, derivative.cross)
    for j in range(derivative.M.shape[0]):
        M = derivative.M[j]
        kernels.hessian_vector(
            lower.batch, lower.policies, lower.gain, lower.entropy, M, derivative.product
        )
        for a in range(A):
            for i in range(d):
                change = derivative.product[a, i] + derivative.cross[a, i, 2 * d + j]
                M[a, i] += lower.rate * change
        disown(M, lower.own)


class BiPaRSPolicy(NamedTuple):
    """State of `BiPaRS`."""

    actor: SoftmaxLinear  # its features hold the weight
    shelf: Shelf
    space: Bench
    critic: np.ndarray  # (2, d) baselines of the mixed reward, and of the one that counts
    primary: RewardModel
    method: Any
    climber: Climber  # of the weight
    plan: AscentPlan
    mean: np.ndarray  # (1,) of the weights in the steps of the last batch
    state: np.ndarray  # (2,) bool: is there something to learn? diverged?

    def select(self, t, x, rng):
        if self.state[0]:
            self.state[0] = False
            learn_weight(self, gather(self, self.plan.episodes, True, rng))
        look_at(self.actor, x)
        return draw_arm(self.actor.p, rng)

    def update(self, t, x, a, y):
        keep_to_learn(self, x, a, y, y.auxiliary)

    def note(self, row):
        row[0] = self.mean[0]

    def noted(self):
        return {"weight": ()}

    def logged(self):
        features = self.actor.features
        return {
            "phi": features.reward.phi[2, : features.weighing.size].copy(),
            "theta": self.actor.theta,
            "diverged": np.array(float(self.state[1])),
        }


@jit_helper
def learn_weight(policy, batch):
    """Learn from a batch: the policy by a step, the weight by how much good that does."""
    reward, total = policy.actor.features.reward, 0.0
    for t in range(batch.action.size):
        total += weight_at(reward, batch.at[t], batch.weight[t])
    policy.mean[0] = total / batch.action.size
    go_ahead(policy, judge_weight(policy, batch), reward.phi)


@jit_helper
def judge_weight(policy, batch):
    """Write the gradient by the parameters of the weight, as the method has it."""
    features = policy.actor.features
    lesson = look_ahead(policy, batch, features.reward)
    policy.method.pull_back(lesson, policy.space.wanted)
    for i in range(features.weighing.size, features.size):  # columns that the weight does not see
        lesson.wish[2, i] = 0.0
    return lesson


@dataclass(frozen=True, repr=False)
class ExplicitMapping(Description):
    """BiPaRS by explicit mapping: the policy sees the weight, and is differentiated by it.

    The weight z(s) is one more feature of the state.  The gradient is the sum over the batch of
    ``(G_t - v(s_t)) d log p(a_t | s_t, z) / dz * dz(s_t) / dphi``, with the returns that count.
    How the heuristic moves the policy does not come into it, and so a linear policy hardly notices
    a heuristic that misleads.

    See Also
    --------
    BiPaRS : the learner that takes it.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.BiPaRS(bk.ExplicitMapping())
    BiPaRS(method=ExplicitMapping())
    """

    shown: ClassVar[bool] = True

    def start(self, A: int, d: int, weights: int) -> SeenWeight:
        """Return the record that computes it."""
        return SeenWeight(d - 1)

    def numbers_kept(self, A: int, d: int, weights: int) -> int:
        """Return how many numbers the record has."""
        return 1


@dataclass(frozen=True, repr=False)
class MetaGradient(Description):
    """BiPaRS by a meta-gradient: through the one step that the policy makes on the batch.

    See Also
    --------
    BiPaRS : the learner that takes it.
    banditkit.bilevel.one_step : the same on its own.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.BiPaRS(bk.MetaGradient(), reward_rate=0.1)
    BiPaRS(reward_rate=0.1)
    """

    shown: ClassVar[bool] = False

    def start(self, A: int, d: int, weights: int) -> OneStep:
        """Return the record that computes it."""
        return OneStep(np.zeros((A, d)))

    def numbers_kept(self, A: int, d: int, weights: int) -> int:
        """Return how many numbers the record has."""
        return A * d


@dataclass(frozen=True, repr=False)
class IncrementalMetaGradient(Description):
    """BiPaRS by an incremental meta-gradient: through all steps that the policy has made.

    The derivative ``M = dtheta / dphi`` is carried over each step, ``M += rate (H M + A)``, with H
    the Hessian of what the policy climbs and A its derivative by theta and phi.  It has a number
    for each preference and each parameter of the weight, and takes as many products with H as
    there are parameters.

    See Also
    --------
    BiPaRS : the learner that takes it.
    banditkit.bilevel.forward_unroll : the same on a batch that stays.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.BiPaRS(bk.IncrementalMetaGradient())
    BiPaRS(method=IncrementalMetaGradient())
    """

    shown: ClassVar[bool] = False

    def start(self, A: int, d: int, weights: int) -> CarriedDerivative:
        """Return the record that computes it."""
        room = np.zeros((A, d, 3 * d + 1))
        return CarriedDerivative(np.zeros((weights, A, d)), room, np.zeros((A, d)))

    def numbers_kept(self, A: int, d: int, weights: int) -> int:
        """Return how many numbers the record has."""
        return A * d * (weights + 3 * d + 2)


@dataclass(frozen=True, repr=False)
class BiPaRS(Learner):
    """Bi-level parameterised reward shaping: learn how much a heuristic counts in each state.

    A softmax-linear policy climbs ``r + z(s) f``, with f what the heuristic pays, and
    ``z(s) = initial + phi . x(s)`` a weight that is learned: by the gradient of what the policy
    earns of r alone.  A heuristic that misleads is to be ignored, or turned around (z below 0).

    Parameters
    ----------
    method : MetaGradient, IncrementalMetaGradient or ExplicitMapping, default MetaGradient()
        How the gradient by phi is found.
    ascent : Ascent, default Ascent()
        How the policy climbs.
    reward_rate : float, default 0.01
        beta, the step size of phi, by RMSprop, 0 or more.
    initial : float, default 1
        What the heuristic counts at first: with 1 all of it, as in the naive sum.
    features : FeatureMap, optional
        What the policy sees of a state; by default the table of a finite MDP, and otherwise
        `Fourier`, which needs a box that ends: for `CartPole` give its corners.
    weighing : FeatureMap, optional
        What the weight sees; by default what the policy sees.  With a single feature that is
        always 1, such as that of ``Fourier(order=0)``, there is one weight for all states.

    Raises
    ------
    ValueError
        If a parameter leaves its range, or the features do not fit the problem; when it plays, if
        the problem has no heuristic, or what the incremental method carries is too large.

    See Also
    --------
    BARFI : the limit of many steps of the policy, by the implicit function theorem.
    LIRPG : where there is no heuristic.

    Notes
    -----
    In the paper the weight may depend on the action too, ``z(s, a)``; here it does not, as the
    third weight of `BARFI` does not: rewards of this form are what `banditkit.bilevel` knows the
    derivatives of, so that all methods can be compared.  The heuristic itself, ``f(s, a)``, sees
    the action.

    The two meta-gradients ask how what counts depends on phi after the step of the policy,
    ``theta' = theta + rate * gradient``: g is the gradient by theta' of the sum over the same batch
    of the returns of r, each times the ratio of its action's probabilities after the step and
    before it.  `MetaGradient` is ``g . dtheta' / dphi`` with theta taken for given: exact for the
    batch as it is and baselines that stay.  `IncrementalMetaGradient` takes into account that theta
    came of phi as well; since phi moves meanwhile, that is exact only while it does not.
    `ExplicitMapping` adds the weight to what the policy sees.

    What to expect: a heuristic that pays again and again for steps in the right direction also pays
    for detours, and a meta-gradient lowers its weight once the policy knows the way.  RMSprop goes
    on at its pace where nothing is left to learn, and a policy that has become sure of the wrong
    way finishes no episode that could tell.  So batches should not be small.  In corridors of 5 and
    8 cells with the heuristic of the example, 400 episodes and the settings of the example, none
    and 2 of 40 runs are stuck in the end with batches of 5 episodes (none and 1 by
    `IncrementalMetaGradient`), and 5 and 26 with batches of one; the naive sum loses 22 of 24 in
    the shorter one.  `ExplicitMapping` loses 35 and 38, as little as 5 episodes make of it.

    The original has deep networks with PPO, and Adam for phi; that the step of the policy is plain
    gradient ascent, and that phi moves by RMSprop, is ours.  An episode that is cut off ends there.

    `Result.logs` has "weight", the mean of z over the steps of the last batch before each time;
    "phi" and "theta" at the end, shapes (learners, replications, ...); and "diverged": 1 where a
    number left its range, such as a heuristic that pays nan.  Such a run learns nothing from then
    on, and plays on.

    References
    ----------
    Hu, Wang, Jia, Wang, Chen, Hao, Wu & Fan (2020), "Learning to utilize shaping rewards: a new
    approach of reward shaping", NeurIPS.  Followed here from descriptions of its algorithms.

    Examples
    --------
    A heuristic that pays for going the wrong way:

    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S...G", gamma=0.9, limit=50)
    >>> problem = bk.Episodes(bk.WithHeuristic(grid, 0.1 * grid.favour("left")), 300)
    >>> learner = bk.BiPaRS(bk.MetaGradient(), bk.Ascent(rate=0.5), reward_rate=0.05)
    >>> result = bk.simulate(problem, [learner], horizon=2e4, replications=5, seed=0)
    >>> bool((result.logs["weight"][0, :, -1] < 0).all())
    True
    >>> bool((result.logs["steps"][..., -50:].mean(axis=-1) < 8).all())
    True
    """

    method: MetaGradient | IncrementalMetaGradient | ExplicitMapping = MetaGradient()
    ascent: Ascent = Ascent()  # noqa: RUF009 - frozen, and so shared by nobody
    reward_rate: float = 0.01
    initial: float = 1.0
    features: FeatureMap | None = None
    weighing: FeatureMap | None = None
    accepts: ClassVar[Feedback] = Feedback.STEP
    plays: ClassVar[tuple[type, ...]] = (Tabular, Box)

    def __post_init__(self) -> None:
        if not isinstance(self.method, MetaGradient | IncrementalMetaGradient | ExplicitMapping):
            raise ValueError(
                "method must be MetaGradient(), IncrementalMetaGradient() or ExplicitMapping(); "
                f"got {self.method!r}"
            )
        check_ascent(self.ascent)
        check_features("features", self.features)
        check_features("weighing", self.weighing)
        self._set(
            reward_rate=number("reward_rate", self.reward_rate, low=0.0),
            initial=number("initial", self.initial),
        )

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        super().check(problem)
        check_aided(self, problem)
        spec = problem.spec
        features = self._encoder(spec)
        needed = self.method.numbers_kept(spec.A, features.size, features.weighing.size)
        if needed > _LARGEST:
            raise ValueError(
                f"{self.method!r} would carry {needed:,} numbers, for {spec.A} actions and "
                f"{features.size} features, of which the weight sees {features.weighing.size} - "
                "give fewer features, or use MetaGradient()"
            )

    def _encoder(self, spec: Any) -> WeighedFeatures:
        """Return what policy and weight see."""
        apart, shown = self.weighing is not None, self.method.shown
        others = encoder_of(self.features, spec)
        weighing = encoder_of(self.weighing or self.features, spec)
        size = weighing.size + (others.size if apart else 0) + shown
        active = weighing.active + (others.active if apart else 0) + shown
        learned = np.array([False, False, True])
        reward = fixed_reward(size, (0.0, 1.0, self.initial), spec.gamma)._replace(learned=learned)
        return WeighedFeatures(size, active, weighing, others, reward, apart, shown)

    def start(self, spec: Any, horizon: int) -> BiPaRSPolicy:
        """Return the policy; see `Learner.start`."""
        features = self._encoder(spec)
        actor, d = blank_actor(spec.A, features), features.size
        return BiPaRSPolicy(
            actor=actor,
            shelf=self.ascent.shelf(spec, horizon),
            space=self.ascent.bench(actor, np.zeros((3, d)), horizon),
            critic=np.zeros((2, d)),
            primary=fixed_reward(d, (0.0, 1.0, 0.0), spec.gamma),
            method=self.method.start(spec.A, d, features.weighing.size),
            climber=Climber(np.zeros((3, d)), self.reward_rate),
            plan=self.ascent.plan(features.weighing.size if features.apart else 0),
            mean=np.full(1, self.initial),
            state=np.zeros(2, dtype=np.bool_),
        )
