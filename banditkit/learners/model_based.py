"""Learners in finite MDPs that learn the model, and plan in it (Part II)."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number, numbers, whole
from banditkit.core.description import Learner, Problem
from banditkit.core.draws import TIE, first_best
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit_helper, jit_inline
from banditkit.core.planning import Model, backup, improve
from banditkit.core.spec import Tabular

__all__ = ["UCBVI", "RMax"]

_LARGEST = 20_000_000  # counts of (s, a, s') that fit into the memory of a laptop


class Experience(NamedTuple):
    """What was seen of an MDP: counts, and the model that they make."""

    visits: np.ndarray  # (S A,) int64
    paid: np.ndarray  # (S A,) sum of the rewards of a pair
    counts: np.ndarray  # (S A, S) int64, how often each state followed
    model: Model  # of the pairs that have been seen often enough


def blank_experience(spec: Tabular, gamma: float) -> Experience:
    """Return the experience before the first step."""
    S, A = spec.S, spec.A
    model = Model(
        first=np.zeros(S * A + 1, dtype=np.int32),
        following=np.zeros(S * A * S, dtype=np.int32),
        chance=np.zeros(S * A * S),
        rewards=np.zeros(0),
        expected=np.zeros(S * A),
        terminal=np.zeros(S, dtype=np.bool_),
        A=A,
        gamma=gamma,
    )
    visits = np.zeros(S * A, dtype=np.int64)
    return Experience(visits, np.zeros(S * A), np.zeros((S * A, S), dtype=np.int64), model)


@jit_inline
def remember(seen, x, a, y, terminal):
    """Count a step, which led to a state that is terminal or not."""
    pair = x * seen.model.A + a
    seen.visits[pair] += 1
    seen.paid[pair] += y.reward
    seen.counts[pair, y.state] += 1
    if terminal:
        seen.model.terminal[y.state] = True


@jit_helper
def write_model(seen, known):
    """Write the model of the pairs that were seen `known` times; others have no followers."""
    model, n = seen.model, 0
    for pair in range(seen.visits.size):
        model.first[pair] = n
        visits = seen.visits[pair]
        if visits >= known:
            model.expected[pair] = seen.paid[pair] / visits
            for s in range(seen.counts.shape[1]):
                if seen.counts[pair, s] > 0:
                    model.following[n] = s
                    model.chance[n] = seen.counts[pair, s] / visits
                    n += 1
    model.first[seen.visits.size] = n


def check_size(learner: Learner, spec: Any) -> None:
    """Raise a ValueError if the counts of all transitions would not fit into memory."""
    if spec.S * spec.S * spec.A > _LARGEST:
        raise ValueError(
            f"{type(learner).__name__} counts every (s, a, s'), which are {spec.S:,} x {spec.A} x "
            f"{spec.S:,} here, too many; use QLearning"
        )


class RMaxPolicy(NamedTuple):
    """State of `RMax`."""

    seen: Experience
    Q: np.ndarray  # (S, A)
    V: np.ndarray  # (S,)
    best: np.ndarray  # (S,) int64, room for a policy
    optimism: np.ndarray  # (S,) what a pair is worth that is not known
    known: int

    def select(self, t, x, rng):
        return first_best(self.Q[x])

    def update(self, t, x, a, y):
        pair = x * self.seen.model.A + a
        if self.seen.visits[pair] < self.known:
            remember(self.seen, x, a, y, y.terminal)
            if self.seen.visits[pair] == self.known:
                plan_with_optimism(self)


@jit_helper
def plan_with_optimism(policy):
    """Find the values of the model in which every unknown pair is worth its optimism."""
    model, V, A = policy.seen.model, policy.V, policy.seen.model.A
    write_model(policy.seen, policy.known)
    for pair in range(policy.seen.visits.size):
        if policy.seen.visits[pair] < policy.known:
            model.expected[pair] = policy.optimism[pair // A]
    for s in range(V.size):
        V[s] = 0.0 if model.terminal[s] else policy.optimism[s]
    change, sweep = math.inf, 0
    while change > TIE and sweep < 100_000:
        lowest, highest = improve(model, V, V, policy.best, sweep % 2 == 1)
        change = max(-lowest, highest)
        sweep += 1
    for s in range(V.size):
        for a in range(A):
            policy.Q[s, a] = backup(model, V, s * A + a)


@dataclass(frozen=True, repr=False)
class RMax(Learner):
    r"""Take what is not known for the best there could be, and plan: it pays to find out.

    A pair of a state and an action is known when it was visited `known` times; then its average
    reward and its frequencies count, and before its value is the optimism of its state.  Whenever a
    pair becomes known, the model is solved anew, by value iteration.

    Parameters
    ----------
    known : int, default 10
        m, visits that make a pair known, 1 or more.
    optimism : float or sequence of float, shape (S,), optional
        Value of a pair that is not known, in units of reward; by default the largest reward for
        ever, ``highest / (1 - gamma)``, or just 0 if no reward is above 0.  A potential shapes: it
        should be at least V*.

    Raises
    ------
    ValueError
        If a parameter leaves its range, optimism has another length than there are states, none is
        given where rewards have no upper end or gamma is 1, or there are too many states to count
        all transitions.

    Notes
    -----
    With optimism of at least V*(s) everywhere (an *admissible* potential) it stays probably
    approximately correct, and skips what the potential says is not worth a visit (Asmuth, Littman &
    Zinkov 2008).

    References
    ----------
    Brafman & Tennenholtz (2002), "R-max - a general polynomial time algorithm for near-optimal
    reinforcement learning"; Asmuth, Littman & Zinkov (2008), "Potential-based shaping in
    model-based reinforcement learning".

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S..\n...\n..G", gamma=0.9, slip=0.1)
    >>> learners = {"R-MAX": bk.RMax(5), "told V*": bk.RMax(5, optimism=grid.solution.V)}
    >>> result = bk.simulate(grid, learners, horizon=2000, replications=5, seed=0)
    >>> bool(result.mean()[1, -1] < result.mean()[0, -1])
    True
    """

    known: int = 10
    optimism: float | tuple[float, ...] | None = None
    accepts: ClassVar[Feedback] = Feedback.STEP
    plays: ClassVar[tuple[type, ...]] = (Tabular,)

    def __post_init__(self) -> None:
        self._set(known=whole("known", self.known, least=1))
        if np.ndim(self.optimism) == 1:  # type: ignore[arg-type]
            self._set(optimism=numbers("optimism", self.optimism, each="state"))
        elif self.optimism is not None:
            self._set(optimism=number("optimism", self.optimism))

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        super().check(problem)
        if problem.spec.H > 0:
            raise ValueError("RMax plans for ever; where episodes have a fixed length use UCBVI")
        check_size(self, problem.spec)
        self._optimism(problem.spec)

    def _optimism(self, spec: Tabular) -> np.ndarray:
        """Return the value of a pair that is not known, for each state, shape (S,)."""
        optimism: Any = self.optimism
        if optimism is None and spec.highest <= 0.0:
            optimism = 0.0  # an episode may end, and cost no more
        elif optimism is None and spec.gamma < 1.0:
            optimism = spec.highest / (1.0 - spec.gamma)
        if optimism is None or not np.isfinite(optimism).all():
            raise ValueError(
                "RMax can't tell how much rewards may come to; give optimism, at least the value "
                "of every state"
            )
        if np.ndim(optimism) == 1 and np.size(optimism) != spec.S:
            raise ValueError(
                f"optimism needs a number for each of the {spec.S} states; got {np.size(optimism)}"
            )
        return np.broadcast_to(np.asarray(optimism, dtype=float), (spec.S,)).copy()

    def start(self, spec: Tabular, horizon: int) -> RMaxPolicy:
        """Return the policy; see `Learner.start`."""
        optimism = self._optimism(spec)
        seen = blank_experience(spec, spec.gamma)
        Q = np.repeat(optimism[:, None], spec.A, axis=1)
        best = np.zeros(spec.S, dtype=np.int64)
        return RMaxPolicy(seen, Q, optimism.copy(), best, optimism, self.known)


class UCBVIPolicy(NamedTuple):
    """State of `UCBVI`."""

    seen: Experience
    Q: np.ndarray  # (H, S, A), in the first step of an episode, in the second ...
    V: np.ndarray  # (H + 1, S)
    age: np.ndarray  # (1,) int64, steps of this episode
    largest: np.ndarray  # (H + 1,) the most that can come from step h on
    width: np.ndarray  # (H,) radius of the value of a pair seen once, in step h

    def select(self, t, x, rng):
        return first_best(self.Q[self.age[0], x])

    def update(self, t, x, a, y):
        self.age[0] += 1  # after H steps every state ends the episode, and need not be terminal
        remember(self.seen, x, a, y, y.terminal and self.age[0] < self.Q.shape[0])
        if y.terminal or y.truncated:
            self.age[0] = 0
            plan_with_bonus(self)


@jit_helper
def plan_with_bonus(policy):
    """Find the values of the model, with the bonus of each pair on top, from the last step back."""
    seen, model = policy.seen, policy.seen.model
    write_model(seen, 1)
    H, S, A = policy.Q.shape
    for h in range(H - 1, -1, -1):
        for s in range(S):
            for a in range(A):
                pair = s * A + a
                policy.Q[h, s, a] = policy.largest[h]
                if seen.visits[pair] > 0:
                    bonus = policy.width[h] / math.sqrt(seen.visits[pair])
                    value = backup(model, policy.V[h + 1], pair) + bonus
                    policy.Q[h, s, a] = min(policy.largest[h], value)
            best = policy.Q[h, s, first_best(policy.Q[h, s])]
            policy.V[h, s] = 0.0 if model.terminal[s] else best


@dataclass(frozen=True, repr=False)
class UCBVI(Learner):
    r"""Upper confidence bounds by value iteration: optimism, where episodes have H steps.

    After every episode, the model of the frequencies is solved from the last step back, with a
    bonus for each pair that has been seen N times,
    ``scale * L_h * sqrt(log(2 S A H T / delta) / (2 N))``; L_h is by how much what can come in the
    rest of the episode may differ.  A pair that was never seen is worth the most that can come.

    Parameters
    ----------
    delta : float, default 0.05
        Probability with which a bound may fail, in (0, 1] (at least 1e-300).
    scale : float, default 1
        By what the bonus is multiplied, 0 or more; smaller ones are less careful.

    Raises
    ------
    ValueError
        If a parameter leaves its range, episodes have no fixed length (`FiniteHorizon`), rewards no
        bounds, or there are too many states to count all transitions.

    Notes
    -----
    The bonus of step h is Hoeffding's radius for ``r + gamma V*_{h+1}(s')``, whose range is at most
    L_h: for fixed values V*, and at once for every pair, step and number of visits up to T.  With
    probability ``1 - delta`` the values are then never below the true ones, by induction from the
    last step back.  It is the variant "CH" of the source, whose constants differ; its regret grows
    as ``H sqrt(S A T)``, up to logarithms and a term that does not grow with T.

    References
    ----------
    Azar, Osband & Munos (2017), "Minimax regret bounds for reinforcement learning".

    Examples
    --------
    >>> import banditkit as bk
    >>> swim = bk.FiniteHorizon(bk.RiverSwim(n=4), H=10)
    >>> learners = [bk.UCBVI(scale=0.1), bk.QLearning()]
    >>> result = bk.simulate(swim, learners, horizon=20_000, replications=5, seed=0)
    >>> bool(result.mean()[0, -1] < result.mean()[1, -1])
    True
    """

    delta: float = 0.05
    scale: float = 1.0
    accepts: ClassVar[Feedback] = Feedback.STEP
    plays: ClassVar[tuple[type, ...]] = (Tabular,)

    def __post_init__(self) -> None:
        self._set(
            delta=number("delta", self.delta, low=1e-300, high=1.0),
            scale=number("scale", self.scale, low=0.0),
        )

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        super().check(problem)
        spec = problem.spec
        if spec.H == 0:
            raise ValueError(
                "UCBVI needs episodes of a fixed number of steps, as in "
                f"FiniteHorizon({type(problem).__name__}(...), H=20)"
            )
        if not math.isfinite(spec.highest - spec.lowest):
            raise ValueError("UCBVI needs rewards with a lower and an upper bound")
        check_size(self, spec)

    def start(self, spec: Tabular, horizon: int) -> UCBVIPolicy:
        """Return the policy; see `Learner.start`."""
        H, S, A = spec.H, spec.S, spec.A
        rounds = np.array([sum(spec.gamma**i for i in range(H - h)) for h in range(H + 1)])
        # an episode may end early, and bring nothing more
        highest, lowest = max(spec.highest, 0.0), min(spec.lowest, 0.0)
        largest = highest * rounds
        log = math.log(2.0 * S * A * H * horizon / self.delta)
        width = self.scale * (highest - lowest) * rounds[:H] * math.sqrt(log / 2.0)
        Q = np.repeat(largest[:H], S * A).reshape(H, S, A)
        V = np.repeat(largest, S).reshape(H + 1, S)
        seen = blank_experience(spec, spec.gamma)
        return UCBVIPolicy(seen, Q, V, np.zeros(1, dtype=np.int64), largest, width)
