"""A reward that is learned from a ranking of trajectories: SORS (Part II)."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import flag, number, whole
from banditkit.core.description import Learner, Problem
from banditkit.core.draws import TIE, chance_of, draw_index
from banditkit.core.feedback import Feedback, Step
from banditkit.core.jit import jit_helper, jit_inline
from banditkit.core.play import logs_of
from banditkit.core.spec import Tabular
from banditkit.learners.divergence import divergence
from banditkit.learners.policy_gradient import ActorCritic, Reinforce
from banditkit.learners.td import QLearning, TabularLearner

__all__ = ["SORS"]

_LARGEST = 20_000_000  # numbers of a buffer that fit into the memory of a laptop


class Ranking(NamedTuple):
    """Trajectories as the discounted counts of their pairs, and the reward that ranks them."""

    reward: np.ndarray  # (S, A) the reward that is learned
    slope: np.ndarray  # (S, A) room for its gradient
    counts: np.ndarray  # (capacity, S, A) sum_t gamma**t of the visits of each pair
    returns: np.ndarray  # (capacity,) sum_t gamma**t of the true rewards
    worth: np.ndarray  # (capacity,) room for the returns by the reward that is learned


@jit_inline
def judged(ranking, i):
    """Return what trajectory i is worth by the learned reward: ``sum_t gamma**t r(s_t, a_t)``."""
    total = 0.0
    for s in range(ranking.reward.shape[0]):
        for a in range(ranking.reward.shape[1]):
            total += ranking.counts[i, s, a] * ranking.reward[s, a]
    return total


@jit_helper
def add_pair(ranking, i, j, share):
    """Add ``share`` times the gradient of the loss of a pair to the slope; return that loss.

    The loss is the cross-entropy ``-log p``, where p is the probability of the true ranking,
    ``1 / (1 + exp(r(worse) - r(better)))``; where returns are equal there is no ranking, and no
    loss.
    """
    if abs(ranking.returns[i] - ranking.returns[j]) <= TIE:
        return 0.0
    if ranking.returns[i] < ranking.returns[j]:
        i, j = j, i
    ahead = ranking.worth[i] - ranking.worth[j]
    p = chance_of(ahead)
    for s in range(ranking.reward.shape[0]):
        for a in range(ranking.reward.shape[1]):
            apart = ranking.counts[i, s, a] - ranking.counts[j, s, a]
            ranking.slope[s, a] -= share * (1.0 - p) * apart  # -(1 - p) (n_i - n_j)
    return share * (max(-ahead, 0.0) + math.log(1.0 + math.exp(-abs(ahead))))


@jit_helper
def rank_pairs(ranking, held, pairs, rate, rng):
    """Draw pairs among the trajectories that are held, make a step down; return the mean loss."""
    for i in range(held):
        ranking.worth[i] = judged(ranking, i)
    ranking.slope[:] = 0.0
    loss = 0.0
    for _ in range(pairs):
        i = draw_index(held, rng)
        j = draw_index(held - 1, rng)
        j += j >= i  # another one
        loss += add_pair(ranking, i, j, 1.0 / pairs)
    for s in range(ranking.reward.shape[0]):
        for a in range(ranking.reward.shape[1]):
            ranking.reward[s, a] -= rate * ranking.slope[s, a]
    return loss


class SORSPolicy(NamedTuple):
    """State of `SORS`."""

    learner: Any
    ranking: Ranking
    stored: np.ndarray  # (1,) int64, trajectories that are over
    discount: np.ndarray  # (1,) gamma to the power of the steps of this episode; -1: none has begun
    loss: np.ndarray  # (1,) mean loss of the last batch; -1: there was none
    rate: float
    pairs: int
    updates: int
    gamma: float
    mixed: bool

    def select(self, t, x, rng):
        if self.discount[0] < 0.0:
            begin_episode(self, rng)
        return self.learner.select(t, x, rng)

    def update(self, t, x, a, y):
        ranking = self.ranking
        i = self.stored[0] % ranking.returns.size
        ranking.counts[i, x, a] += self.discount[0]
        ranking.returns[i] += self.discount[0] * y.reward
        self.discount[0] *= self.gamma
        reward = ranking.reward[x, a]
        if self.mixed:
            reward += y.reward
        self.learner.update(t, x, a, Step(reward, y.state, y.terminal, y.truncated))
        if y.terminal or y.truncated:
            self.stored[0] += 1
            self.discount[0] = -1.0

    def note(self, row):
        row[0] = self.loss[0] if self.loss[0] >= 0.0 else math.nan

    def noted(self):
        return {"loss": ()}

    def logged(self):
        log = divergence(self.ranking.reward, self.ranking.returns)["diverged"]
        inside = logs_of(self.learner).get("diverged", 0.0)
        return {"learned": self.ranking.reward, "diverged": np.maximum(log, inside)}


@jit_helper
def begin_episode(policy, rng):
    """Learn from the trajectories so far, and make room for the next one, in place of the oldest.

    All of them are complete at this moment, and chance may be asked.
    """
    ranking = policy.ranking
    capacity = ranking.returns.size
    held = min(policy.stored[0], capacity)
    if held > 1:
        for _ in range(policy.updates):
            policy.loss[0] = rank_pairs(ranking, held, policy.pairs, policy.rate, rng)
    i = policy.stored[0] % capacity
    ranking.counts[i] = 0.0
    ranking.returns[i] = 0.0
    policy.discount[0] = 1.0


@dataclass(frozen=True, repr=False)
class SORS(Learner):
    """Learn a reward that ranks episodes as the true return does, and let a learner live on it.

    Each episode is kept with its discounted return.  Before the next one, pairs are drawn from the
    buffer, and a table r of rewards is fitted to rank them: the probability that i is better than j
    is ``1 / (1 + exp(r(j) - r(i)))``, with ``r(i) = sum_t gamma**t r(s_t, a_t)``, and the mean
    cross-entropy of the pairs is brought down by a gradient step.  The learner inside is told r in
    place of the reward, or both together.

    Parameters
    ----------
    learner : TabularLearner, Reinforce or ActorCritic, default QLearning()
        Who plays; what it is paid changes while it learns.
    rate : float, default 1
        Step size of the reward, 0 or more.
    pairs : int, default 10
        Pairs of a batch, 1 or more.
    capacity : int, default 100
        Episodes that are kept, at least as many as a batch may hold: ``2 * pairs``.  The oldest is
        given up for a new one.
    updates : int, default 10
        Batches after every episode, 1 or more.
    mixed : bool, default False
        Whether the learner is paid the true reward on top.

    Raises
    ------
    ValueError
        If a parameter leaves its range, the buffer is smaller than a batch, or too large for
        memory, or `learner` is none of these.

    Notes
    -----
    The gradient of a pair, of which i is better, is ``-(1 - p_ij) (n_i - n_j)`` in the table, with
    n the discounted counts of visits.  Pairs with equal returns are not ranked, and change nothing;
    batches are drawn with replacement.  Returns are discounted, with the gamma of the MDP, so that
    of two episodes with the same sparse reward the shorter one is better; with gamma 1 they are
    not.  Where a reward ranks *all* trajectories as the true one does, deterministic dynamics have
    the same optimal policies with both (order equivalence); a table that ranks what is in the
    buffer promises less.

    It may get stuck.  While episodes end without a prize their returns are equal, and nothing is
    learned; and a reward that is positive on the way pays for walking to and fro, until such
    episodes are ranked below others often enough.  In corridors of 5, 7 and 11 cells, with gamma
    0.9, 300 episodes and the defaults, 0, 4 and 52 of 100 runs do not arrive in the end, and with
    ``mixed`` 0, 1 and 40, where `QLearning` on the sparse reward always does: more than one small
    step for each episode, as the original has with its networks and Adam, is needed, with a single
    one at a rate of 0.01 it is 22, 62 and 99.

    An episode that never ends is never ranked: give the problem a `limit`.  A batch takes
    ``(capacity + pairs) S A`` steps.  The original has networks, and learns the policy from a
    replay buffer whose rewards are rewritten; here a step is paid what r says at that time.
    `Result.logs` has "learned", the table at the end, shape (learners, replications, S, A);
    "loss", that of the last batch before each time, nan where there was none; and "diverged", 1
    where the table, a return or what the learner inside has learned left the range of numbers.

    References
    ----------
    Memarian, Goo, Lioutikov, Niekum & Topcu (2021), "Self-supervised online reward shaping in
    sparse-reward environments".

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S...G", gamma=0.9, limit=30)
    >>> trials = bk.Episodes(grid, 300)
    >>> result = bk.simulate(trials, [bk.SORS()], horizon=1e4, replications=5, seed=0)
    >>> learned = result.logs["learned"][0].mean(axis=0)
    >>> bool((learned[:4, 1] > learned[:4, 3]).all())  # to go right is better than to go left
    True
    """

    learner: Learner = QLearning()  # noqa: RUF009 - frozen, and so shared by nobody
    rate: float = 1.0
    pairs: int = 10
    capacity: int = 100
    updates: int = 10
    mixed: bool = False
    accepts: ClassVar[Feedback] = Feedback.STEP
    plays: ClassVar[tuple[type, ...]] = (Tabular,)

    def __post_init__(self) -> None:
        if not isinstance(self.learner, TabularLearner | Reinforce | ActorCritic):
            raise ValueError(
                "learner must take rewards as they come, as QLearning() or Reinforce() do; got "
                f"{self.learner!r}"
            )
        pairs = whole("pairs", self.pairs, least=1)
        capacity = whole("capacity", self.capacity, least=2)
        if capacity < 2 * pairs:
            raise ValueError(
                f"a batch of {pairs} pairs has {2 * pairs} episodes, but the buffer keeps "
                f"{capacity}; give a capacity of {2 * pairs} or more, or fewer pairs"
            )
        self._set(
            rate=number("rate", self.rate, low=0.0),
            pairs=pairs,
            capacity=capacity,
            updates=whole("updates", self.updates, least=1),
            mixed=flag("mixed", self.mixed),
        )

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        super().check(problem)
        self.learner.check(problem)
        spec = problem.spec
        if self.capacity * spec.S * spec.A > _LARGEST:
            raise ValueError(
                f"a buffer of {self.capacity:,} episodes with counts of {spec.S * spec.A:,} pairs "
                "is too large; give a smaller capacity"
            )

    def start(self, spec: Tabular, horizon: int) -> SORSPolicy:
        """Return the policy; see `Learner.start`."""
        S, A, capacity = spec.S, spec.A, self.capacity
        ranking = Ranking(
            reward=np.zeros((S, A)),
            slope=np.zeros((S, A)),
            counts=np.zeros((capacity, S, A)),
            returns=np.zeros(capacity),
            worth=np.zeros(capacity),
        )
        return SORSPolicy(
            learner=self.learner.start(spec._replace(lowest=-np.inf, highest=np.inf), horizon),
            ranking=ranking,
            stored=np.zeros(1, dtype=np.int64),
            discount=np.full(1, -1.0),
            loss=np.full(1, -1.0),
            rate=self.rate,
            pairs=self.pairs,
            updates=self.updates,
            gamma=spec.gamma,
            mixed=self.mixed,
        )
