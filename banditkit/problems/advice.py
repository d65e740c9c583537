"""Experts who recommend an arm in each round; regret is against the best expert so far.

With two arms, named 0 and 1, and full feedback this is binary prediction with expert advice: to
play arm 1 is to predict a 1, and a wrong prediction costs 1 (Slivkins, section 5.2).  With bandit
feedback it is the problem of Exp4 (chapter 6).
"""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.checks import number, whole
from banditkit.core.draws import draw_index, toss
from banditkit.core.spec import Advice
from banditkit.problems.costs import CostProblem, loss_table, play_tape

__all__ = ["BinaryStrings", "BlockAdvice", "ExpertAdvice", "ExpertProblem", "PerfectExpert"]


class AdviceEnv(NamedTuple):
    """Experts and costs being played."""

    env: Any  # the costs, scored against the best expert
    advice: np.ndarray  # (N,) int64, what each expert recommends in this round

    def observe(self, t, rng):
        self.env.observe(t, rng)
        return self.advice

    def gap(self, t, x, a):
        return self.env.gap(t, x, a)

    def respond(self, t, x, a, rng):
        return self.env.respond(t, x, a, rng)


class BestExpert(NamedTuple):
    """The best expert so far: in each round it pays the rise of the smallest total."""

    costs: np.ndarray  # (K,) of this round
    advice: np.ndarray  # (N,) int64
    totals: np.ndarray  # (N,) of all rounds so far
    least: np.ndarray  # (1,) the smallest total

    def observe(self, t, rng):
        before = self.least[0]
        least = math.inf
        for e in range(self.totals.size):
            self.totals[e] += self.costs[self.advice[e]]
            least = min(least, self.totals[e])
        self.least[0] = least
        return least - before


@dataclass(frozen=True)
class ExpertProblem(CostProblem):
    """What all problems with experts have in common; subclass it for one of your own.

    A subclass gives `spec`, an `Advice` with ``costs=True``, and `tape`.

    Parameters
    ----------
    feedback : {"bandit", "full"}
        Whether a learner is told the cost of its own arm, or those of all arms.
    """

    @abstractmethod
    def tape(self, horizon: int, rng: np.random.Generator) -> Any:
        """Return a record with two arrays and a method.

        The arrays are `costs`, shape (K,), and `advice`, int64 of shape (N,).  The method
        ``observe(self, t, rng)`` writes them for round t.
        """

    def start(self, horizon: int, rng: np.random.Generator) -> AdviceEnv:
        """Return the experts and costs being played; see `Problem.start`."""
        tape = self.tape(horizon, rng)
        benchmark = BestExpert(tape.costs, tape.advice, np.zeros(tape.advice.size), np.zeros(1))
        env = play_tape(tape, self.feedback)._replace(benchmark=benchmark)
        return AdviceEnv(env, tape.advice)


class StoredAdviceTape(NamedTuple):
    """The rows of two tables, one after the other."""

    costs: np.ndarray  # (K,)
    advice: np.ndarray  # (N,) int64
    losses: np.ndarray  # (T, K)
    table: np.ndarray  # (T, N) int64

    def observe(self, t, rng):
        for a in range(self.costs.size):
            self.costs[a] = self.losses[t, a]
        for e in range(self.advice.size):
            self.advice[e] = self.table[t, e]


@dataclass(frozen=True, repr=False, eq=False)
class ExpertAdvice(ExpertProblem):
    """Costs and the advice of experts from two tables, with a row per round.

    Parameters
    ----------
    losses : array of float, shape (T, K)
        Cost of each arm in each round, in [0, 1].
    advice : array of int, shape (T, N)
        The arm, from 0 to K - 1, that each expert recommends in each round.
    feedback : {"bandit", "full"}, default "bandit"
        Whether a learner is told the cost of its own arm, or those of all arms.

    Raises
    ------
    ValueError
        If a table is empty or ragged, the two differ in their number of rounds, a loss leaves
        [0, 1], or an expert recommends what is not an arm.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, sections 5.2 and 6.3.

    Examples
    --------
    >>> import banditkit as bk
    >>> losses = [[0, 1], [1, 0], [0, 1]]
    >>> advice = [[0, 1, 0], [1, 1, 0], [0, 0, 1]]  # expert 0 is always right
    >>> bk.ExpertAdvice(losses, advice, feedback="full")
    <ExpertAdvice: 3 rounds, 2 arms, 3 experts, full feedback>
    """

    losses: np.ndarray
    advice: np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        losses = loss_table(self.losses, 0.0, 1.0)
        self._set(losses=losses, advice=_advice_table(self.advice, *losses.shape))

    @property
    def spec(self) -> Advice:
        """Number of arms and experts, and range of costs."""
        return Advice(int(self.losses.shape[1]), int(self.advice.shape[1]), costs=True)

    def check_horizon(self, horizon: int) -> None:
        """Raise a ValueError if the tables have fewer rows."""
        if horizon > len(self.losses):
            raise ValueError(
                f"the tables are of {len(self.losses)} rounds; the horizon is {horizon}"
            )

    def tape(self, horizon: int, rng: np.random.Generator) -> StoredAdviceTape:
        """Return the rows; see `ExpertProblem.tape`."""
        K, N = self.spec.K, self.spec.N
        return StoredAdviceTape(np.zeros(K), np.zeros(N, dtype=np.int64), self.losses, self.advice)

    def __repr__(self) -> str:
        (rounds, K), N = self.losses.shape, self.spec.N
        return f"<ExpertAdvice: {rounds} rounds, {K} arms, {N} experts, {self.feedback} feedback>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ExpertAdvice):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> Any:
        return self.spec, self.losses.tobytes(), self.advice.tobytes(), self.feedback


class PerfectExpertTape(NamedTuple):
    """Experts who throw coins, and one who is always right."""

    costs: np.ndarray  # (2,)
    advice: np.ndarray  # (N,) int64
    perfect: int

    def observe(self, t, rng):
        for e in range(self.advice.size):
            self.advice[e] = draw_index(2, rng)
        label = self.advice[self.perfect]
        self.costs[label] = 0.0
        self.costs[1 - label] = 1.0


@dataclass(frozen=True, repr=False)
class PerfectExpert(ExpertProblem):
    """Binary prediction: N experts predict by fair coins, and one of them is always right.

    Parameters
    ----------
    N : int
        Number of experts, 1 or more.  Which of them is perfect is drawn in each replication.
    feedback : {"bandit", "full"}, default "bandit"
        With two predictions both say the same.

    Raises
    ------
    ValueError
        If `N` is not a whole number, 1 or more.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 5.2 and Theorem 5.6.

    Examples
    --------
    Majority vote makes at most log2(N) mistakes:

    >>> import banditkit as bk
    >>> experts = bk.PerfectExpert(N=64, feedback="full")
    >>> result = bk.simulate(experts, [bk.MajorityVote()], horizon=100, seed=0)
    >>> bool(result.regret.max() <= 6)
    True
    """

    N: int

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(N=whole("N", self.N, least=1))

    @property
    def spec(self) -> Advice:
        """Number of arms and experts, and range of costs."""
        return Advice(2, self.N, costs=True)

    def tape(self, horizon: int, rng: np.random.Generator) -> PerfectExpertTape:
        """Return the experts; see `ExpertProblem.tape`."""
        advice = np.zeros(self.N, dtype=np.int64)
        return PerfectExpertTape(np.zeros(2), advice, draw_index(self.N, rng))


class BinaryStringsTape(NamedTuple):
    """Expert e predicts the bits of the number e, the highest first, and then always 0."""

    costs: np.ndarray  # (2,)
    advice: np.ndarray  # (2**d,) int64
    perfect: int
    d: int

    def observe(self, t, rng):
        for e in range(self.advice.size):
            self.advice[e] = (e >> (self.d - 1 - t)) & 1 if t < self.d else 0
        label = self.advice[self.perfect]
        self.costs[label] = 0.0
        self.costs[1 - label] = 1.0


@dataclass(frozen=True, repr=False)
class BinaryStrings(ExpertProblem):
    """Binary prediction against all strings of d bits: each is an expert, a random one is right.

    In each of the first d rounds half of the experts who were right so far say 0, and half 1: every
    learner makes d/2 mistakes on average, and log2 of the number of experts is d (Theorem 5.8).
    After d rounds all predict 0, and are right.

    Parameters
    ----------
    d : int
        Length of the strings, from 1 to 20; there are 2**d experts.
    feedback : {"bandit", "full"}, default "bandit"
        With two predictions both say the same.

    Raises
    ------
    ValueError
        If `d` is not a whole number from 1 to 20.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, Theorem 5.8 and Exercise 5.1.

    Examples
    --------
    >>> import banditkit as bk
    >>> strings = bk.BinaryStrings(d=6, feedback="full")
    >>> result = bk.simulate(strings, [bk.MajorityVote()], horizon=6, replications=400, seed=0)
    >>> bool(2.7 < result.mean()[0, -1] < 3.3)
    True
    """

    d: int

    def __post_init__(self) -> None:
        super().__post_init__()
        d = whole("d", self.d, least=1)
        if d > 20:
            raise ValueError(f"d must be at most 20, which makes 2**20 experts; got {d}")
        self._set(d=d)

    @property
    def spec(self) -> Advice:
        """Number of arms and experts, and range of costs."""
        return Advice(2, 2**self.d, costs=True)

    def tape(self, horizon: int, rng: np.random.Generator) -> BinaryStringsTape:
        """Return the experts; see `ExpertProblem.tape`."""
        advice = np.zeros(2**self.d, dtype=np.int64)
        return BinaryStringsTape(np.zeros(2), advice, draw_index(2**self.d, rng), self.d)


class BlockTape(NamedTuple):
    """A fresh hard instance in each block; experts are all ways to stay with one arm a block."""

    costs: np.ndarray  # (K,)
    advice: np.ndarray  # (K**M,) int64
    best: np.ndarray  # (M,) int64, the best arm of each block
    epsilon: float
    horizon: int

    def observe(self, t, rng):
        K, M = self.costs.size, self.best.size
        b = t * M // self.horizon
        if t == 0 or (t - 1) * M // self.horizon != b:  # a block begins
            power = K**b
            for e in range(self.advice.size):
                self.advice[e] = e // power % K  # digit b of e
        for a in range(K):
            mean = 0.5 - 0.5 * self.epsilon if a == self.best[b] else 0.5
            self.costs[a] = toss(mean, rng)


@dataclass(frozen=True, repr=False)
class BlockAdvice(ExpertProblem):
    """Exercise 6.1: every learner has regret of the order of sqrt(K T log N / log K) here.

    The rounds are cut into `blocks` blocks of equal length.  In each block all arms cost 1 with
    probability 1/2, except for one, drawn afresh, with probability (1 - epsilon) / 2.  The experts
    are all sequences that stay with one arm throughout each block: N = K**blocks.

    Parameters
    ----------
    K : int
        Number of arms, 2 or more.
    blocks : int
        M, 1 or more; ``K**blocks`` is at most 2**20.
    epsilon : float, optional
        Twice the gap, in [0, 1]; by default ``min(1, sqrt(K blocks / T))``, the order at which a
        block is just too short to find its best arm.
    feedback : {"bandit", "full"}, default "bandit"
        Whether a learner is told the cost of its own arm, or those of all arms.

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, Exercise 6.1 and Eq. (87).

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.BlockAdvice(K=3, blocks=4).spec.N
    81
    """

    K: int
    blocks: int
    epsilon: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        K, blocks = whole("K", self.K, least=2), whole("blocks", self.blocks, least=1)
        if blocks > 20 or blocks * math.log2(K) > 20:
            raise ValueError(
                f"K**blocks, the number of experts, must be at most 2**20; got {K}**{blocks}"
            )
        self._set(K=K, blocks=blocks)
        if self.epsilon is not None:
            self._set(epsilon=number("epsilon", self.epsilon, low=0.0, high=1.0))

    @property
    def spec(self) -> Advice:
        """Number of arms and experts, and range of costs."""
        return Advice(self.K, self.K**self.blocks, costs=True)

    def tape(self, horizon: int, rng: np.random.Generator) -> BlockTape:
        """Return the blocks; see `ExpertProblem.tape`."""
        epsilon = self.epsilon
        if epsilon is None:
            epsilon = min(1.0, math.sqrt(self.K * self.blocks / horizon))
        best = np.array([draw_index(self.K, rng) for _ in range(self.blocks)])
        advice = np.zeros(self.spec.N, dtype=np.int64)
        return BlockTape(np.zeros(self.K), advice, best, epsilon, horizon)


def _advice_table(advice: Any, T: int, K: int) -> np.ndarray:
    """Return checked advice, int64 of shape (T, N), that nobody can change."""
    shape = f"a row for each of the {T} rounds, with an arm for each expert"
    try:
        table = np.array(advice)
    except ValueError:  # ragged
        raise ValueError(f"advice must have {shape}; its rows differ in length") from None
    if table.ndim != 2 or len(table) != T or table.shape[1] == 0:
        raise ValueError(f"advice must have {shape}; got an array of shape {table.shape}")
    if table.dtype.kind not in "biuf":
        raise ValueError(f"advice must be numbers of arms; got {table.dtype} entries")
    with np.errstate(invalid="ignore"):
        arms = np.ascontiguousarray(table, dtype=np.int64)
    good = (arms == table) & (arms >= 0) & (arms < K)
    if not good.all():
        t, e = np.unravel_index(int(np.argmin(good)), table.shape)
        raise ValueError(
            f"advice must be arms, whole numbers from 0 to {K - 1}; in row {t} (round {t + 1}) "
            f"expert {e} says {table[t, e].item()!r}"
        )
    arms.setflags(write=False)
    return arms
