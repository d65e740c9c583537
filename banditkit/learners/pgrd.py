r"""A planner that designs its own reward: PGRD (Part II).

The agent plans d steps ahead with a model and a reward ``R(s, a) = theta . f(s, a)``, and draws
actions by the values that it finds.  With the plan held, these are linear in theta, too:

    dQ^d(s, a) = f(s, a) + gamma sum_s' P(s' | s, a) dQ^(d-1)(s', b),    b the best action there,

and ``Q^d = theta . dQ^d``.  So the plan keeps the features that it expects, and one programme finds
values and gradient at once.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core import planning
from banditkit.core.checks import number, numbers, table, whole
from banditkit.core.description import Description, Learner, Problem
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit_helper, jit_inline
from banditkit.core.planning import Model, followers
from banditkit.core.spec import Tabular
from banditkit.core.weights import draw_arm, softmax
from banditkit.learners.divergence import divergence
from banditkit.learners.model_based import (
    Experience,
    blank_experience,
    check_size,
    remember,
    write_model,
)
from banditkit.learners.schedules import Course, Schedule, course_of, scheduled

__all__ = ["PGRD", "RewardDesign"]


@dataclass(frozen=True, repr=False)
class RewardDesign(Description):
    """What a designed reward is made of, and in which model it is planned with.

    The features of a pair (s, a) are, in this order: its expected objective reward; its entry in
    each table; and, where there are places, how long ago it is that the next state's place was
    visited.  The designed reward is ``theta . f``.

    Parameters
    ----------
    problem : FiniteMDP, optional
        The MDP in which the agent plans, with its gamma: the true one, or another.  By default the
        agent counts what it sees, and plans in what the frequencies say; a pair that was never
        tried is followed by nothing, and pays nothing.
    tables : sequence of arrays of float, shape (S, A), optional
        Features that are fixed, such as indicators of some pairs.
    places : sequence of int, shape (S,), optional
        Where each state is, numbers from 0 on; without them there is no feature of recency.
    weights : sequence of float, optional
        theta at the beginning, one for each feature; by default 1 for the objective and 0 for the
        others, so that the agent begins with what it is there for.

    Raises
    ------
    ValueError
        If `problem` is no finite MDP, a table no table of finite numbers, tables differ in shape, a
        place is no whole number, 0 or more, or there is not one weight for each feature.

    Notes
    -----
    Recency is ``1 - 1 / c``, with c the steps since the agent was last in a place, and 1 for the
    place where it is: 0 there, 1/2 in the place it has just left, and near 1 where it has not been
    for long; a place where it never was has 1.  The feature of a pair is its mean over the next
    states.  While a plan is made, recency stays what it is now: a plan does not see that it would
    use a place up, which keeps it a plan over states, rather than over histories.  The form of the
    feature is from memory.

    References
    ----------
    Sorg, Singh & Lewis (2010), "Reward design via online gradient ascent".

    Examples
    --------
    >>> import banditkit as bk
    >>> world = bk.Foraging()
    >>> bk.RewardDesign(world, places=world.places).size
    2
    """

    problem: Problem | None = None
    tables: tuple[tuple[tuple[float, ...], ...], ...] = ()
    places: tuple[int, ...] | None = None
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.problem is not None:
            model = getattr(self.problem, "model", None)
            if not (isinstance(self.problem, Problem) and isinstance(model, Model)):
                raise ValueError(
                    f"problem must be a finite MDP, as in Foraging(); got {self.problem!r}"
                )
        tables = tuple(
            table(f"table {k}", each, "state", "action") for k, each in enumerate(self.tables)
        )
        if len({(len(each), len(each[0])) for each in tables}) > 1:
            raise ValueError("all tables must have the same shape, (S, A)")
        self._set(tables=tables)
        if self.places is not None:
            places = tuple(whole("a place", place, least=0) for place in np.atleast_1d(self.places))
            self._set(places=places)
        if self.weights is not None:
            weights = numbers("weights", self.weights, each="feature")
            if len(weights) != self.size:
                raise ValueError(
                    f"weights needs a number for each of the {self.size} features; got "
                    f"{len(weights)}"
                )
            self._set(weights=weights)

    @property
    def size(self) -> int:
        """Number of features."""
        return 1 + len(self.tables) + (self.places is not None)

    def check(self, spec: Tabular) -> None:
        """Raise a ValueError if it does not fit an MDP with these numbers of states and actions."""
        shape = spec.S, spec.A
        if self.problem is not None:
            model = planning.model_of(self.problem)
            theirs = model.terminal.size, model.A
            if theirs != shape:
                raise ValueError(
                    f"the agent plans in {theirs[0]} states with {theirs[1]} actions, but plays in "
                    f"{shape[0]} with {shape[1]}"
                )
        for each in self.tables[:1]:
            if (len(each), len(each[0])) != shape:
                raise ValueError(
                    f"tables must have a row for each of {spec.S} states and a column for each of "
                    f"{spec.A} actions; got {len(each)} rows of {len(each[0])}"
                )
        if self.places is not None and len(self.places) != spec.S:
            raise ValueError(
                f"places needs a number for each of the {spec.S} states; got {len(self.places)}"
            )

    def experience(self, spec: Tabular) -> Experience:
        """Return what is known of the world before the first step."""
        if self.problem is None:
            return blank_experience(spec, spec.gamma)
        known = planning.model_of(self.problem)
        own = {  # two policies share nothing
            name: getattr(known, name).copy()
            for name in known._fields
            if name not in ("A", "gamma")
        }
        model = known._replace(**own)
        pairs = spec.S * spec.A
        visits = np.zeros(pairs, dtype=np.int64)
        return Experience(visits, np.zeros(pairs), np.zeros((pairs, 0), dtype=np.int64), model)


class Outlook(NamedTuple):
    """Room for a plan: the states within reach, nearest first, and what is expected of each."""

    near: np.ndarray  # (S,) int64, states in the order in which they are reached
    ends: np.ndarray  # (depth,) int64, how many are reached within 0, 1, ... steps
    found: np.ndarray  # (S,) bool
    future: np.ndarray  # (2, S, F) dV: features expected from a state on; of two depths in turn
    slope: np.ndarray  # (A, F) dQ: features expected from an action on
    Q: np.ndarray  # (A,)


class PGRDPolicy(NamedTuple):
    """State of `PGRD`."""

    theta: np.ndarray  # (F,) weights of the reward
    trace: np.ndarray  # (F,) z
    seen: Experience
    tables: np.ndarray  # (S A, F_t) features that are fixed
    places: np.ndarray  # (S,) int64; empty: there is no recency
    last: np.ndarray  # (places,) int64, when each was visited last; -1: never
    recency: np.ndarray  # (places,)
    plan: Outlook
    p: np.ndarray  # (A,) probabilities of the actions
    mean: np.ndarray  # (F,) room
    episode: np.ndarray  # (1,) int64, episodes that are over
    paid: np.ndarray  # (1,) objective rewards so far
    rate: Course  # alpha
    fading: float  # beta
    decay: float  # lambda
    sharpness: float  # tau
    counted: bool  # is the model what was seen, or known?

    def select(self, t, x, rng):
        look_back(self, t, x)
        look_forward(self, x)
        for a in range(self.p.size):
            self.p[a] = self.sharpness * self.plan.Q[a]
        softmax(self.p, self.p)
        return draw_arm(self.p, rng)

    def update(self, t, x, a, y):
        add_score(self, a)
        rate = self.rate.value_at(t, self.episode[0], 0)
        for j in range(self.theta.size):
            step = y.reward * self.trace[j] - self.decay * self.theta[j]
            self.theta[j] += rate * step  # theta += alpha (r z - lambda theta)
        self.paid[0] += y.reward
        if self.counted:
            remember(self.seen, x, a, y, y.terminal)
            write_model(self.seen, 1)
        if y.terminal or y.truncated:
            self.trace[:] = 0.0
            self.episode[0] += 1

    def note(self, row):
        for j in range(self.theta.size):
            row[j] = self.theta[j]
        row[self.theta.size] = self.paid[0]

    def noted(self):
        return {"weights": (self.theta.size,), "reward": ()}

    def logged(self):
        return divergence(self.theta, self.plan.Q)


@jit_helper
def look_back(policy, t, x):
    """Write how long ago each place was visited, now that the agent is in state x."""
    if policy.places.size > 0:
        policy.last[policy.places[x]] = t
        for k in range(policy.last.size):
            c = t - policy.last[k] + 1
            policy.recency[k] = 1.0 - 1.0 / c if policy.last[k] >= 0 else 1.0


@jit_helper
def look_forward(policy, x):
    """Plan from state x: write Q and its gradient for each action."""
    plan, model = policy.plan, policy.seen.model
    depth = plan.ends.size
    reach(plan, model, x)
    for k in range(1, depth + 1):  # steps to go; a state is needed if there are so many left there
        now, then = k % 2, (k - 1) % 2
        for i in range(plan.ends[depth - k]):
            s = plan.near[i]
            if model.terminal[s]:
                plan.future[now, s, :] = 0.0
            else:
                weigh_actions(policy, s, plan.future[then], k > 1)
                best = 0
                for a in range(1, plan.Q.size):
                    if plan.Q[a] > plan.Q[best]:
                        best = a
                plan.future[now, s, :] = plan.slope[best]


@jit_inline
def reach(plan, model, x):
    """List the states that are reached from x within depth - 1 steps, nearest first."""
    plan.found[:] = False
    plan.found[x] = True
    plan.near[0], n, k = x, 1, 0
    plan.ends[0] = 1
    for m in range(1, plan.ends.size):
        while k < plan.ends[m - 1]:
            s = plan.near[k]
            for pair in range(s * model.A, (s + 1) * model.A):
                for i in followers(model, pair):
                    later = model.following[i]
                    if not plan.found[later]:
                        plan.found[later] = True
                        plan.near[n] = later
                        n += 1
            k += 1
        plan.ends[m] = n


@jit_helper
def weigh_actions(policy, s, future, goes_on):
    """Write the features that are expected after each action in state s, and its value."""
    model, slope, theta = policy.seen.model, policy.plan.slope, policy.theta
    fixed, last = policy.tables.shape[1], theta.size - 1
    for a in range(model.A):
        pair = s * model.A + a
        slope[a, :] = 0.0
        slope[a, 0] = model.expected[pair]
        for j in range(fixed):
            slope[a, 1 + j] = policy.tables[pair, j]
        for i in followers(model, pair):
            later = model.following[i]
            if policy.places.size > 0:
                slope[a, last] += model.chance[i] * policy.recency[policy.places[later]]
            if goes_on:
                for j in range(theta.size):
                    slope[a, j] += model.gamma * model.chance[i] * future[later, j]
        value = 0.0
        for j in range(theta.size):
            value += theta[j] * slope[a, j]
        policy.plan.Q[a] = value


@jit_helper
def add_score(policy, a):
    """Let the trace fade, and add the gradient of log p(a) to it: z <- beta z + grad."""
    slope, mean = policy.plan.slope, policy.mean
    mean[:] = 0.0
    for b in range(policy.p.size):
        for j in range(mean.size):
            mean[j] += policy.p[b] * slope[b, j]
    for j in range(mean.size):
        score = policy.sharpness * (slope[a, j] - mean[j])  # tau (dQ(a) - sum_b p(b) dQ(b))
        policy.trace[j] = policy.fading * policy.trace[j] + score


@dataclass(frozen=True, repr=False)
class PGRD(Learner):
    """Plan some steps ahead with a reward of your own, and move that reward up the objective.

    In every step the agent plans `depth` steps ahead from where it is, with the reward
    ``theta . f``, and draws an action in proportion to ``exp(Q(a) / temperature)``.  Then, with
    the objective reward r that it was paid,

        z <- trace * z + grad log p(a),    theta <- theta + rate * (r z - decay * theta).

    A bounded agent, which can't plan far enough, does better with another reward than the
    objective.

    Parameters
    ----------
    design : RewardDesign, default RewardDesign()
        The features of the reward, its first weights, and the model that is planned with; by
        default the objective alone, and the model that is counted.
    depth : int, default 4
        d, how many steps are planned ahead, 1 or more.
    temperature : float, default 0.1
        ``1 / tau``, in units of reward, above 0 (at least 1e-9).
    rate : float or Schedule, default 0.01
        alpha, the step size of the weights, 0 or more; with 0 the reward stays as it was designed.
    trace : float, default 0.9
        beta, in [0, 1): how much of a reward actions before the last one are given.
    decay : float, default 0
        lambda, by how much weights are drawn to 0, 0 or more.

    Raises
    ------
    ValueError
        If a parameter leaves its range, the design does not fit the problem, or a model has to be
        counted and there are too many states for that.

    See Also
    --------
    RewardDesign : what the reward is made of.
    Foraging : the world in which a bounded agent needs another reward.

    Notes
    -----
    ``grad log p(a) = tau (dQ(a) - sum_b p(b) dQ(b))``, exactly but where two actions tie in the
    plan; there it is a subgradient, of the first of them.  With ``trace`` 0 it is REINFORCE for the
    next reward alone.  Where an episode ends, the trace does, too.

    The plan is a dynamic programme over the states that are within reach, layer by layer: state s
    is evaluated for k steps to go only if it can be reached in depth - k steps.  That is at most
    ``depth S A b`` sums over the features, b being how many states follow an action, and, where
    depth is small, as few as a tree of plans would need, whose leaves would be ``(A b)**depth``.
    A model that is counted is written down anew in every step, in ``S S A`` comparisons.

    `Result.logs` has an array "weights" of shape (learners, replications, times, F), and "reward",
    the sum of the objective rewards up to that time.  Formulas are from memory of the source.

    References
    ----------
    Singh, Lewis & Barto (2009), "Where do rewards come from?"; Sorg, Singh & Lewis (2010), "Reward
    design via online gradient ascent".

    Examples
    --------
    >>> import banditkit as bk
    >>> world = bk.Foraging()
    >>> design = bk.RewardDesign(world, places=world.places)
    >>> birds = {"learned": bk.PGRD(design, 2), "objective": bk.PGRD(design, 2, rate=0.0)}
    >>> result = bk.simulate(world, birds, horizon=10_000, replications=4, seed=0)
    >>> worms = result.logs["reward"][..., -1].mean(axis=1)
    >>> bool(worms[0] > 2 * worms[1])
    True
    """

    design: RewardDesign = RewardDesign()
    depth: int = 4
    temperature: float = 0.1
    rate: float | Schedule = 0.01
    trace: float = 0.9
    decay: float = 0.0
    accepts: ClassVar[Feedback] = Feedback.STEP
    plays: ClassVar[tuple[type, ...]] = (Tabular,)

    def __post_init__(self) -> None:
        if not isinstance(self.design, RewardDesign):
            raise ValueError(
                "design must be a RewardDesign, as in RewardDesign(world, places=world.places); "
                f"got {self.design!r}"
            )
        self._set(
            depth=whole("depth", self.depth, least=1),
            temperature=number("temperature", self.temperature, low=1e-9),
            rate=scheduled("rate", self.rate),
            trace=number("trace", self.trace, low=0.0, high=1.0 - 1e-12),
            decay=number("decay", self.decay, low=0.0),
        )

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        super().check(problem)
        self.design.check(problem.spec)
        if self.design.problem is None:
            check_size(self, problem.spec)

    def start(self, spec: Tabular, horizon: int) -> PGRDPolicy:
        """Return the policy; see `Learner.start`."""
        S, A, F = spec.S, spec.A, self.design.size
        tables, places = np.array(self.design.tables), self.design.places or ()
        fixed = np.ascontiguousarray(tables.reshape(len(tables), S * A).T)
        known = max(places, default=-1) + 1
        return PGRDPolicy(
            theta=np.array(self.design.weights or np.eye(1, F)[0]),
            trace=np.zeros(F),
            seen=self.design.experience(spec),
            tables=fixed,
            places=np.array(places, dtype=np.int64),
            last=np.full(known, -1),
            recency=np.ones(known),
            plan=Outlook(
                near=np.zeros(S, dtype=np.int64),
                ends=np.zeros(self.depth, dtype=np.int64),
                found=np.zeros(S, dtype=np.bool_),
                future=np.zeros((2, S, F)),
                slope=np.zeros((A, F)),
                Q=np.zeros(A),
            ),
            p=np.zeros(A),
            mean=np.zeros(F),
            episode=np.zeros(1, dtype=np.int64),
            paid=np.zeros(1),
            rate=course_of(self.rate),
            fading=self.trace,
            decay=self.decay,
            sharpness=1.0 / self.temperature,
            counted=self.design.problem is None,
        )
