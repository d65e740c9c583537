"""BARFI: a reward that learns how much of a heuristic to use (Part II)."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.bilevel import kernels
from banditkit.bilevel.inner import fixed_reward, reward_model
from banditkit.bilevel.kernels import (
    Batch,
    Policies,
    RewardModel,
    blank_batch,
    blank_policies,
    gamma_of,
)
from banditkit.core.checks import number, one_of, whole
from banditkit.core.description import Description, Learner, Problem
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit_helper, jit_inline
from banditkit.core.spec import Box, Tabular
from banditkit.core.weights import draw_arm
from banditkit.learners.aided import check_aided
from banditkit.learners.features import FeatureMap
from banditkit.learners.policy_gradient import (
    SoftmaxLinear,
    blank_actor,
    check_features,
    encoder_of,
    look_at,
)
from banditkit.learners.rmsprop import Climber, climb
from banditkit.learners.trajectories import (
    Shelf,
    blank_shelf,
    check_room,
    finish,
    gather,
    keep_step,
    look_back,
)

__all__ = ["BARFI", "FirstOrder", "LowerLevel", "Neumann", "UpperLevel"]

_GROWN = 1.0 + 1e-9  # a term is larger than the first by more than rounding


class Workspace(NamedTuple):
    """Room for the trajectories that are being looked at, and what is computed of them."""

    batch: Batch  # as many steps as there may be; `gather` says how many there are
    policies: Policies
    G: np.ndarray  # (n,)
    slope: np.ndarray  # (A, d) a gradient by theta
    power: np.ndarray  # (A, d)
    total: np.ndarray  # (A, d)
    by_phi: np.ndarray  # (3, d)
    by_logit: np.ndarray  # (1, 1)


class Ground(NamedTuple):
    """Where an upper level asks for ``-v H^-1``: a batch, policies and returns there."""

    batch: Batch
    policies: Policies
    G: np.ndarray  # (n,)
    entropy: float
    power: np.ndarray  # (A, d) room
    total: np.ndarray  # (A, d) the answer


@jit_inline
def squared(M):
    """Return the sum of the squares of a matrix."""
    total = 0.0
    for i in range(M.shape[0]):
        for j in range(M.shape[1]):
            total += M[i, j] * M[i, j]
    return total


class NeumannSeries(NamedTuple):
    """State of `Neumann`; tells whether a term was larger than the first."""

    rate: float
    steps: int

    def pull_back(self, lower, v):
        lower.power[:] = v
        lower.total[:] = v
        product = np.empty_like(v)
        most, grown = min(_GROWN * squared(v), 1e300), False
        for _ in range(self.steps):
            kernels.hessian_vector(
                lower.batch, lower.policies, lower.G, lower.entropy, lower.power, product
            )
            for a in range(v.shape[0]):
                for i in range(v.shape[1]):
                    lower.power[a, i] += self.rate * product[a, i]
                    lower.total[a, i] += lower.power[a, i]
            grown |= not squared(lower.power) <= most  # also if it is no number
        for a in range(v.shape[0]):
            for i in range(v.shape[1]):
                lower.total[a, i] *= self.rate
        return grown


class Identity(NamedTuple):
    """State of `FirstOrder`."""

    size: float

    def pull_back(self, lower, v):
        for a in range(v.shape[0]):
            for i in range(v.shape[1]):
                lower.total[a, i] = self.size * v[a, i]
        return False


class BARFIPlan(NamedTuple):
    """When what is done, and what is charged for it."""

    entropy: float
    every: int
    repeats: int
    warm: int
    batch: int
    penalty: float
    gamma_penalty: float


class BARFIPolicy(NamedTuple):
    """State of `BARFI`."""

    actor: SoftmaxLinear
    shelf: Shelf
    reward: RewardModel  # what is learned
    primary: RewardModel  # what counts, discounted as the evaluation is
    naive: RewardModel  # of the first steps
    space: Workspace
    theta_climber: Climber
    phi_climber: Climber
    gamma_climber: Climber
    solver: Any  # of the upper level
    plan: BARFIPlan
    state: (
        np.ndarray
    )  # (3,) bool: is there something to learn? has the lower level begun? diverged?
    steps: np.ndarray  # (2,) int64, of the upper level, and those where its series grew

    def select(self, t, x, rng):
        if t == 0:
            scatter(self, rng)
        if self.state[0]:
            self.state[0] = False
            learn(self, rng)
        look_at(self.actor, x)
        return draw_arm(self.actor.p, rng)

    def update(self, t, x, a, y):
        full = keep_step(self.shelf, x, a, y.reward, y.auxiliary)
        if y.terminal or y.truncated or full:
            finish(self.shelf)
            if self.shelf.place[0] % self.plan.every == 0 and not self.state[2]:
                self.state[0] = True  # in the next round, where there is a generator

    def note(self, row):
        row[0] = gamma_of(self.reward)

    def noted(self):
        return {"gamma": ()}

    def logged(self):
        return {
            "phi": self.reward.phi,
            "theta": self.actor.theta,
            "diverged": np.array(float(self.state[2])),
            "unstable": np.array(self.steps[1] / max(1, self.steps[0])),
        }


@jit_helper
def scatter(policy, rng):
    """Begin at random, as a linear layer of PyTorch does: uniform in +- 1 / sqrt(d)."""
    d = policy.actor.theta.shape[1]
    reach = 1.0 / math.sqrt(d)
    for a in range(policy.actor.theta.shape[0]):
        for i in range(d):
            policy.actor.theta[a, i] = reach * (2.0 * rng.random() - 1.0)
    for k in range(3):
        if policy.reward.learned[k]:
            for i in range(d):
                policy.reward.phi[k, i] = reach * (2.0 * rng.random() - 1.0)


@jit_helper
def learn(policy, rng):
    """Let the upper level learn from the last trajectories, and the lower level from old ones."""
    plan, finished = policy.plan, policy.shelf.place[0]
    if policy.state[1]:
        raise_reward(policy, rng)
    else:  # the first steps, on what the designer would take
        raise_policy(policy, gather(policy, 2, True, rng), policy.naive)
    if finished > plan.warm + plan.repeats:
        steps = plan.every * plan.repeats + (0 if policy.state[1] else plan.warm)
        for _ in range(steps):
            if not policy.state[2]:
                raise_policy(policy, gather(policy, 1, False, rng), policy.reward)
        policy.state[1] = True


@jit_helper
def raise_policy(policy, batch, reward):
    """Make one step of the lower level."""
    policies, G = look_back(policy, batch, reward)
    kernels.gradient(batch, policies, G, policy.plan.entropy, policy.space.slope)
    if not climb(policy.theta_climber, policy.actor.theta, policy.space.slope):
        policy.state[2] = True


@jit_helper
def raise_reward(policy, rng):
    """Make one step of the upper level: phi and gamma, by an implicit gradient."""
    plan, space, reward = policy.plan, policy.space, policy.reward
    played = gather(policy, plan.every + 1, True, rng)
    policies, G = look_back(policy, played, policy.primary)
    v = np.empty_like(space.slope)
    kernels.gradient(played, policies, G, 0.0, v)  # of what counts
    batch = gather(policy, plan.batch, False, rng)
    policies, G = look_back(policy, batch, reward)
    ground = Ground(batch, policies, G, plan.entropy, space.power, space.total)
    policy.steps[0] += 1
    policy.steps[1] += policy.solver.pull_back(ground, v)
    slope = kernels.contract(batch, policies, reward, space.total, space.by_phi)
    gamma = gamma_of(reward)
    if plan.penalty > 0.0:
        length = math.sqrt(squared(reward.phi))
        if length > 0.0:
            for k in range(3):
                for i in range(reward.phi.shape[1]):
                    space.by_phi[k, i] -= plan.penalty * reward.phi[k, i] / length
    space.by_logit[0, 0] = (slope - plan.gamma_penalty) * gamma * (1.0 - gamma)
    moved = climb(policy.phi_climber, reward.phi, space.by_phi)
    moved &= climb(policy.gamma_climber, reward.logit.reshape(1, 1), space.by_logit)
    if not moved:
        policy.state[2] = True


@dataclass(frozen=True, repr=False)
class Neumann(Description):
    """``-v H^-1`` by so many steps of Neumann's series: `banditkit.bilevel.neumann`.

    Parameters
    ----------
    rate : float, default 5e-4
        alpha, above 0 (at least 1e-12).
    steps : int, default 5
        L, 0 or more.

    Raises
    ------
    ValueError
        If a number leaves its range.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.UpperLevel(solver=bk.Neumann(rate=1e-3))
    UpperLevel(solver=Neumann(rate=0.001))
    """

    rate: float = 5e-4
    steps: int = 5

    def __post_init__(self) -> None:
        self._set(
            rate=number("rate", self.rate, low=1e-12), steps=whole("steps", self.steps, least=0)
        )

    def start(self) -> NeumannSeries:
        """Return the record that computes it."""
        return NeumannSeries(self.rate, self.steps)


@dataclass(frozen=True, repr=False)
class FirstOrder(Description):
    """``-v H^-1`` with the Hessian taken for minus the identity.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.UpperLevel(solver=bk.FirstOrder())
    UpperLevel(solver=FirstOrder())
    """

    def start(self) -> Identity:
        """Return the record that computes it."""
        return Identity(1.0)


@dataclass(frozen=True, repr=False)
class LowerLevel(Description):
    """The lower level of `BARFI`: how a policy learns from the learned reward.

    Parameters
    ----------
    rate : float, default 0.001
        Step of RMSprop for the policy, 0 or more.
    entropy : float, default 0.25
        What a unit of the policy's mean entropy counts, 0 or more.
    every : int, default 3
        Episodes between two times of learning, 1 or more.
    repeats : int, default 5
        Steps of the policy for each episode, 0 or more.
    warm : int, default 150
        Episodes before the lower level begins, and steps more that it then makes, 0 or more.
    capacity : int, default 1000
        Trajectories that are kept, 2 or more; old ones make room.

    Raises
    ------
    ValueError
        If a number leaves its range.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.LowerLevel(entropy=0.1)
    LowerLevel(entropy=0.1)
    """

    rate: float = 0.001
    entropy: float = 0.25
    every: int = 3
    repeats: int = 5
    warm: int = 150
    capacity: int = 1000

    def __post_init__(self) -> None:
        self._set(
            rate=number("rate", self.rate, low=0.0),
            entropy=number("entropy", self.entropy, low=0.0),
            every=whole("every", self.every, least=1),
            repeats=whole("repeats", self.repeats, least=0),
            warm=whole("warm", self.warm, least=0),
            capacity=whole("capacity", self.capacity, least=2),
        )


@dataclass(frozen=True, repr=False)
class UpperLevel(Description):
    """The upper level of `BARFI`: how the reward, and gamma, learn from what the policy becomes.

    Parameters
    ----------
    rate : float, default 0.005
        Step of RMSprop for phi, 0 or more.
    gamma_rate : float, default 0.005
        Step of RMSprop for the logit of gamma, 0 or more.
    penalty : float, default 0
        lambda_r, what a unit of ``|phi|`` (not squared) costs, 0 or more.
    gamma_penalty : float, default 0.25
        lambda_gamma, what a unit of gamma costs, 0 or more.
    batch : int, default 15
        Trajectories on which the inner Hessian is taken, 1 or more, drawn from those that are kept.
    solver : Neumann or FirstOrder, default Neumann()
        What stands for the inverse of the Hessian.

    Raises
    ------
    ValueError
        If a number leaves its range, or the solver is none.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.UpperLevel(gamma_penalty=1.0)
    UpperLevel(gamma_penalty=1.0)
    """

    rate: float = 0.005
    gamma_rate: float = 0.005
    penalty: float = 0.0
    gamma_penalty: float = 0.25
    batch: int = 15
    solver: Neumann | FirstOrder = Neumann()

    def __post_init__(self) -> None:
        names = ("rate", "gamma_rate", "penalty", "gamma_penalty")
        self._set(**{name: number(name, getattr(self, name), low=0.0) for name in names})
        self._set(batch=whole("batch", self.batch, least=1))
        if not isinstance(self.solver, Neumann | FirstOrder):
            raise ValueError(f"solver must be Neumann() or FirstOrder(); got {self.solver!r}")


_WEIGHTS = ("bonus", "primary", "auxiliary")


@dataclass(frozen=True, repr=False)
class BARFI(Learner):
    """Behaviour alignment via reward function optimisation: learn how much of a heuristic to use.

    A softmax-linear policy climbs, on old trajectories, a reward
    ``w_1(s) + w_2(s) r_p + w_3(s) r_aux`` that is itself learned, together with its discount
    factor gamma: by the gradient of what the policy earns of the primary reward r_p, through the
    policy's own learning (the implicit function theorem).

    Parameters
    ----------
    learned : sequence of str, default ("bonus", "auxiliary")
        Which of the weights w_1 ("bonus"), w_2 ("primary") and w_3 ("auxiliary") are learned, each
        linear in the features of the state.  Those that are not stay as they are: no bonus, all of
        the primary reward, none of the auxiliary one.
    features : FeatureMap, optional
        What policy and weights see of a state; by default the table of a finite MDP, and otherwise
        `Fourier`, which needs a box that ends: for `CartPole` give its corners.
    longest : int, default 50
        Steps of an episode, 1 or more; a longer one is taken to be cut off there.  Sums over an
        episode are divided by one more than that.
    gamma : float, default 0.99
        Where the learned discount factor begins, in (0, 1).
    lower : LowerLevel, default LowerLevel()
        How the policy learns.
    upper : UpperLevel, default UpperLevel()
        How the reward learns.

    Raises
    ------
    ValueError
        If a parameter leaves its range, the shelf has less room than the upper level's batch, the
        features do not fit the problem, the problem has no heuristic, or what is kept does not fit
        into memory.

    Notes
    -----
    Every `LowerLevel.every` episodes: first the upper level makes one step, with the policy
    gradient v of the last ``every + 1`` trajectories, of the primary reward and discounted as the
    problem is, and the inner Hessian of `UpperLevel.batch` old ones; then the policy makes
    ``every * repeats`` steps, each on a single old trajectory.  Before its first such step, which
    comes after ``warm + repeats`` episodes, the policy makes one step every time on the last two
    trajectories, for the naive sum ``r_p + r_aux``, or for r_p if the weight of r_aux is not
    learned.  Parameters begin at random, uniform in +- 1 / sqrt(d).  This is the schedule of the
    authors' code; RMSprop hides the size of a gradient, so that what counts of the upper level is
    its direction.

    What holds, and what does not: a bad heuristic is recovered from, which the naive sum is not;
    the primary reward alone often does as well.  With ``learned=()`` and ``UpperLevel(rate=0,
    gamma_rate=0)`` it *is* the primary reward alone, with the same replay; and with the latter
    alone a random reward that never learns: two controls that belong beside any claim.  Random
    weights are as often negative as positive, and so most runs of the second recover, too: on
    ``OpenField("bad")``, at the rates that were picked, a fifth to two fifths of them are lost, by
    the seeds, where BARFI loses none of 40.

    `Result.logs` has "gamma" at the times of the result, and from the end "phi" (3, d), "theta"
    (A, d), and two that say whether to believe them.  "diverged" is 1 where a step would have led
    parameters out of the range of numbers, as rates that are far too large do, or a heuristic that
    pays nan or inf: the step is not made, nothing is learned any more, and the policy plays on as
    it is.  "unstable" is the share of the steps of the upper level in which a term of Neumann's
    series was larger than the first: its rate is above ``2 / |lambda_min|``, or the inner
    objective curves upwards there, and the series stands for no inverse.  A little of the latter
    is common long before a maximum.

    References
    ----------
    Gupta, Chandak, Jordan, Thomas & da Silva (2023), "Behavior alignment via reward function
    optimization", arXiv 2310.19007, and its code.

    Examples
    --------
    The designer likes the wrong way, and the weight of the heuristic falls below 0; the naive sum
    of both never arrives.

    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S...G", goal_reward=10.0, limit=50)
    >>> trials = bk.Episodes(bk.WithHeuristic(grid, grid.favour("left")), 600)
    >>> learner = bk.BARFI(lower=bk.LowerLevel(rate=0.02, entropy=0.05))
    >>> result = bk.simulate(trials, [learner], horizon=30_000, replications=10, seed=0)
    >>> bool(result.logs["steps"][..., -50:].mean() < 12)
    True
    >>> result.logs["phi"][0, :, 2, :4].mean() < 0
    np.True_
    """

    learned: tuple[str, ...] = ("bonus", "auxiliary")
    features: FeatureMap | None = None
    longest: int = 50
    gamma: float = 0.99
    lower: LowerLevel = LowerLevel()
    upper: UpperLevel = UpperLevel()
    accepts: ClassVar[Feedback] = Feedback.STEP
    plays: ClassVar[tuple[type, ...]] = (Tabular, Box)

    def __post_init__(self) -> None:
        words = (self.learned,) if isinstance(self.learned, str) else self.learned
        if not isinstance(words, tuple | list):
            raise ValueError(f'learned must be words, as in ("bonus", "auxiliary"); got {words!r}')
        for i, word in enumerate(words):
            one_of("learned", word, _WEIGHTS)
            if word in words[:i]:
                raise ValueError(f"learned names {word!r} twice; got {words!r}")
        check_features("features", self.features)
        for name, kind in (("lower", LowerLevel), ("upper", UpperLevel)):
            if not isinstance(getattr(self, name), kind):
                raise ValueError(
                    f"{name} must be {kind.__name__}(...); got {getattr(self, name)!r}"
                )
        most = max(self.upper.batch, self.lower.every + 1)
        if self.lower.capacity < most:
            raise ValueError(
                f"the upper level looks at {most} trajectories, its batch or those since the last "
                f"time and one more, and only {self.lower.capacity} are kept - raise capacity"
            )
        self._set(
            learned=tuple(words),
            longest=whole("longest", self.longest, least=1),
            gamma=number("gamma", self.gamma, low=1e-9, high=1.0 - 1e-9),
        )

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        super().check(problem)
        check_aided(self, problem)
        encoder_of(self.features, problem.spec)
        check_room(problem.spec, self.lower.capacity, self.longest)

    def start(self, spec: Any, horizon: int) -> BARFIPolicy:
        """Return the policy; see `Learner.start`."""
        lower, upper = self.lower, self.upper
        actor = blank_actor(spec.A, encoder_of(self.features, spec))
        (A, d), k = actor.theta.shape, actor.at.size
        most = max(lower.every + 1, 2, upper.batch)
        n = most * self.longest
        room = blank_batch(n, most, active=k, d=d, longest=self.longest + 1.0)
        learned = np.array([word in self.learned for word in _WEIGHTS])
        rest = (0.0, 0.0 if "primary" in self.learned else 1.0, 0.0)
        sum_of_both = (0.0, 1.0, 1.0 if "auxiliary" in self.learned else 0.0)
        return BARFIPolicy(
            actor=actor,
            shelf=blank_shelf(spec, lower.capacity, self.longest),
            reward=reward_model(d, base=rest, learned=learned, gamma=self.gamma),
            primary=fixed_reward(d, (0.0, 1.0, 0.0), spec.gamma),
            naive=fixed_reward(d, sum_of_both, spec.gamma),
            space=Workspace(
                batch=room,
                policies=blank_policies(n, A),
                G=np.zeros(n),
                slope=np.zeros((A, d)),
                power=np.zeros((A, d)),
                total=np.zeros((A, d)),
                by_phi=np.zeros((3, d)),
                by_logit=np.zeros((1, 1)),
            ),
            theta_climber=Climber(np.zeros((A, d)), lower.rate),
            phi_climber=Climber(np.zeros((3, d)), upper.rate),
            gamma_climber=Climber(np.zeros((1, 1)), upper.gamma_rate),
            solver=upper.solver.start(),
            plan=BARFIPlan(
                lower.entropy,
                lower.every,
                lower.repeats,
                lower.warm,
                upper.batch,
                upper.penalty,
                upper.gamma_penalty,
            ),
            state=np.zeros(3, dtype=np.bool_),
            steps=np.zeros(2, dtype=np.int64),
        )
