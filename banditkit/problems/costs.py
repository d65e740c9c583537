"""Costs that an adversary wrote down beforehand: tapes, stored or made on the fly.

A tape fixes the costs of all arms in each round, whatever the learner does; a learner is told the
cost of its arm (bandit feedback) or of all arms (full feedback).  Regret is by default hindsight
regret, *at every recorded time*: what the learner has paid up to then, less what the arm that is
best up to then has paid.  It may fall, and may be negative.  Other regrets stand in `regrets`.
"""

import math
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.checks import number, numbers, whole
from banditkit.core.description import Problem
from banditkit.core.draws import toss
from banditkit.core.feedback import Feedback
from banditkit.core.spec import Arms, NoSuchArm

__all__ = [
    "AlternatingCosts",
    "BestArm",
    "CostProblem",
    "CostTape",
    "DriftingCosts",
    "HeavyCosts",
    "IIDCosts",
    "LossTable",
    "SwitchingCosts",
    "loss_table",
    "play_tape",
]


class CostsEnv(NamedTuple):
    """A tape being played, with bandit feedback."""

    tape: Any  # a record: `observe` writes its array `costs`, (K,), anew in each round
    benchmark: Any  # a record: `observe` returns what the benchmark pays in a round
    charged: np.ndarray  # (K,) what an arm pays in regret: its cost, or its expected cost
    best: np.ndarray  # (1,) what the benchmark pays in this round

    def observe(self, t, rng):
        self.tape.observe(t, rng)  # before the learner chooses, and whatever it will choose
        self.best[0] = self.benchmark.observe(t, rng)

    def gap(self, t, x, a):
        if not 0 <= a < self.charged.size:
            raise NoSuchArm(t, a, self.charged.size)
        return self.charged[a] - self.best[0]

    def respond(self, t, x, a, rng):
        return self.tape.costs[a]


class FullCostsEnv(CostsEnv):
    """A tape being played, with full feedback."""

    __slots__ = ()

    def respond(self, t, x, a, rng):
        return self.tape.costs


class BestArm(NamedTuple):
    """The best fixed arm so far: in each round it pays the rise of the smallest total."""

    costs: np.ndarray  # (K,) of this round
    totals: np.ndarray  # (K,) of all rounds so far
    least: np.ndarray  # (1,) the smallest total

    def observe(self, t, rng):
        before = self.least[0]
        least = math.inf
        for a in range(self.totals.size):
            self.totals[a] += self.costs[a]
            least = min(least, self.totals[a])
        self.least[0] = least
        return least - before


def play_tape(tape: Any, feedback: Feedback) -> CostsEnv:
    """Return the environment of a tape, with hindsight regret."""
    benchmark = BestArm(tape.costs, np.zeros(tape.costs.size), np.zeros(1))
    env = FullCostsEnv if feedback is Feedback.FULL else CostsEnv
    return env(tape, benchmark, tape.costs, np.zeros(1))


@dataclass(frozen=True)
class CostProblem(Problem):
    """What all problems with costs have in common: a learner is told one cost, or all.

    Parameters
    ----------
    feedback : {"bandit", "full"}
        Whether a learner is told the cost of its own arm, or those of all arms.
    """

    feedback: Feedback = field(default=Feedback.BANDIT, kw_only=True)  # type: ignore[misc]

    def __post_init__(self) -> None:
        if not isinstance(self.feedback, str) or self.feedback not in ("bandit", "full"):
            raise ValueError(f'feedback must be "bandit" or "full"; got {self.feedback!r}')
        self._set(feedback=Feedback(self.feedback))  # type: ignore[call-arg]


@dataclass(frozen=True)
class CostTape(CostProblem):
    """What all tapes have in common; subclass it for a tape of your own.

    A subclass gives `spec`, with ``costs=True``, and `tape`.

    Parameters
    ----------
    feedback : {"bandit", "full"}
        Whether a learner is told the cost of its own arm, or those of all arms.
    """

    @abstractmethod
    def tape(self, horizon: int, rng: np.random.Generator) -> Any:
        """Return a record with two arrays and a method.

        The arrays are `costs` and `means`, shape (K,), the costs of the current round and their
        expectations; where nothing is random they may be the same array.  The method
        ``observe(self, t, rng)`` writes them for round t, all entries, in each round.
        """

    def start(self, horizon: int, rng: np.random.Generator) -> CostsEnv:
        """Return the tape being played; see `Problem.start`."""
        return play_tape(self.tape(horizon, rng), self.feedback)


class StoredTape(NamedTuple):
    """The rows of a table, one after the other."""

    costs: np.ndarray  # (K,)
    means: np.ndarray  # (K,) the same array: nothing is random
    losses: np.ndarray  # (T, K)

    def observe(self, t, rng):
        for a in range(self.costs.size):
            self.costs[a] = self.losses[t, a]


@dataclass(frozen=True, repr=False, eq=False)
class LossTable(CostTape):
    """Costs from a table, a row per round: a deterministic, oblivious adversary.

    Parameters
    ----------
    losses : array of float, shape (T, K)
        Cost of each arm in each round; it may be a NumPy array, lists of lists, or a data frame.
        No more rounds can be played than it has rows.
    lowest, highest : float, default 0 and 1
        The range that all losses lie in, which learners are told.
    feedback : {"bandit", "full"}, default "bandit"
        Whether a learner is told the cost of its own arm, or those of all arms.

    Raises
    ------
    ValueError
        If the table is empty or ragged, or a loss is not finite or leaves the range.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, sections 5.1 and 6.1.

    Examples
    --------
    Regret against the arm that is best so far, after each round:

    >>> import banditkit as bk
    >>> table = bk.LossTable([[0, 1], [0, 1], [1, 0]], feedback="full")
    >>> result = bk.simulate(table, [bk.FollowTheLeader()], horizon=3, times=[1, 2, 3], seed=0)
    >>> result.mean()[0]
    array([0., 0., 0.])
    """

    losses: np.ndarray
    lowest: float = 0.0
    highest: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        lowest, highest = number("lowest", self.lowest), number("highest", self.highest)
        if lowest > highest:
            raise ValueError(f"lowest must not exceed highest; got {lowest!r} and {highest!r}")
        self._set(losses=loss_table(self.losses, lowest, highest), lowest=lowest, highest=highest)

    @property
    def spec(self) -> Arms:
        """Number of arms and range of costs."""
        return Arms(int(self.losses.shape[1]), self.lowest, self.highest, costs=True)

    def check_horizon(self, horizon: int) -> None:
        """Raise a ValueError if the table has fewer rows."""
        if horizon > len(self.losses):
            raise ValueError(
                f"the table has the losses of {len(self.losses)} rounds; the horizon is {horizon}"
            )

    def tape(self, horizon: int, rng: np.random.Generator) -> StoredTape:
        """Return the rows; see `CostTape.tape`."""
        costs = np.zeros(self.spec.K)
        return StoredTape(costs, costs, self.losses)

    def __repr__(self) -> str:
        rounds, K = self.losses.shape
        return f"<LossTable: {rounds} rounds, {K} arms, {self.feedback} feedback>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LossTable):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> Any:
        rest = self.lowest, self.highest, self.feedback
        return *self.losses.shape, self.losses.tobytes(), *rest


class IIDTape(NamedTuple):
    """Coins that are thrown in each round."""

    costs: np.ndarray  # (K,)
    means: np.ndarray  # (K,)

    def observe(self, t, rng):
        for a in range(self.costs.size):
            self.costs[a] = toss(self.means[a], rng)


@dataclass(frozen=True, repr=False)
class IIDCosts(CostTape):
    """Each arm costs 1 with probability `means[a]` and else 0, independently in each round.

    All learners of a replication meet the same costs.

    Parameters
    ----------
    means : sequence of float, shape (K,)
        Expected cost of each arm, in [0, 1].
    feedback : {"bandit", "full"}, default "bandit"
        Whether a learner is told the cost of its own arm, or those of all arms.

    Raises
    ------
    ValueError
        If `means` is empty, not one row, not finite, or leaves [0, 1].

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 5.1 (IID costs).

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.IIDCosts([0.4, 0.6], feedback="full")
    IIDCosts((0.4, 0.6), feedback='full')
    """

    means: tuple[float, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(means=numbers("means", self.means, low=0.0, high=1.0))

    @property
    def spec(self) -> Arms:
        """Number of arms and range of costs."""
        return Arms(len(self.means), costs=True)

    def tape(self, horizon: int, rng: np.random.Generator) -> IIDTape:
        """Return the coins; see `CostTape.tape`."""
        return IIDTape(np.zeros(self.spec.K), np.array(self.means))


class SwitchingTape(NamedTuple):
    """Coins that are exchanged for others from time to time."""

    costs: np.ndarray  # (K,)
    means: np.ndarray  # (K,)
    segments: np.ndarray  # (S, K) the means in each segment
    horizon: int

    def observe(self, t, rng):
        s = t * self.segments.shape[0] // self.horizon
        for a in range(self.costs.size):
            self.means[a] = self.segments[s, a]
            self.costs[a] = toss(self.means[a], rng)


@dataclass(frozen=True, repr=False)
class SwitchingCosts(CostTape):
    """Segments of equal length, each with IID costs of its own: the best arm may change.

    Parameters
    ----------
    means : sequence of sequences of float, shape (S, K)
        Expected cost of each arm in each segment, in [0, 1]; means of 0 and 1 make costs without
        noise.  Segment s lasts from round ``ceil(s T / S)``, counted from 0, to the next one.
    feedback : {"bandit", "full"}, default "bandit"
        Whether a learner is told the cost of its own arm, or those of all arms.

    Raises
    ------
    ValueError
        If there is no segment, a mean leaves [0, 1], or segments differ in their number of arms.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 6.6 (shifting and dynamic regret).

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.SwitchingCosts([[0.2, 0.8], [0.8, 0.2]]).spec.K
    2
    """

    means: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            rows = list(self.means)
        except TypeError:
            raise ValueError(
                f"means must be rows of numbers, a row per segment; got {self.means!r}"
            ) from None
        if not rows:
            raise ValueError("means is empty; give a row of means for each segment")
        means = tuple(
            numbers(f"means of segment {s}", row, low=0.0, high=1.0) for s, row in enumerate(rows)
        )
        for s, row in enumerate(means):
            if len(row) != len(means[0]):
                raise ValueError(
                    f"segments must have the same arms; segment 0 has {len(means[0])} means and "
                    f"segment {s} has {len(row)}"
                )
        self._set(means=means)

    @property
    def spec(self) -> Arms:
        """Number of arms and range of costs."""
        return Arms(len(self.means[0]), costs=True)

    def tape(self, horizon: int, rng: np.random.Generator) -> SwitchingTape:
        """Return the coins; see `CostTape.tape`."""
        return SwitchingTape(
            np.zeros(self.spec.K), np.zeros(self.spec.K), np.array(self.means), horizon
        )


class AlternatingTape(NamedTuple):
    """Half a cost first, then one for each arm in turn."""

    costs: np.ndarray  # (2,)
    means: np.ndarray  # (2,) the same array

    def observe(self, t, rng):
        self.costs[0] = 0.5 if t == 0 else 1.0 - t % 2
        self.costs[1] = 0.0 if t == 0 else float(t % 2)


@dataclass(frozen=True, repr=False)
class AlternatingCosts(CostTape):
    """Two arms that fool who follows the leader: costs (1/2, 0), (0, 1), (1, 0), (0, 1), ...

    From the second round on, the arm that has paid less so far is the one that pays now: following
    the leader costs 1 in each of these rounds, and each arm alone half as much.

    Parameters
    ----------
    feedback : {"bandit", "full"}, default "bandit"
        Whether a learner is told the cost of its own arm, or those of both.

    Raises
    ------
    ValueError
        If `feedback` is neither.

    Examples
    --------
    >>> import banditkit as bk
    >>> tape = bk.AlternatingCosts(feedback="full")
    >>> result = bk.simulate(tape, [bk.FollowTheLeader()], horizon=1000, seed=0)
    >>> float(result.mean()[0, -1])
    500.0
    """

    @property
    def spec(self) -> Arms:
        """Number of arms and range of costs."""
        return Arms(2, costs=True)

    def tape(self, horizon: int, rng: np.random.Generator) -> AlternatingTape:
        """Return the costs; see `CostTape.tape`."""
        costs = np.zeros(2)
        return AlternatingTape(costs, costs)


class DriftingTape(NamedTuple):
    """Coins whose means go up and down."""

    costs: np.ndarray  # (K,)
    means: np.ndarray  # (K,)
    speed: float  # how far the means move in a round

    def observe(self, t, rng):
        K = self.costs.size
        for a in range(K):
            way = self.speed * t + a / K
            self.means[a] = 0.25 + abs(way - math.floor(way) - 0.5)
            self.costs[a] = toss(self.means[a], rng)


@dataclass(frozen=True, repr=False)
class DriftingCosts(CostTape):
    """Costs of 0 or 1 whose means wander between 1/4 and 3/4, with a given total variation.

    All means move up and down in straight lines, at the same speed and out of step: arm a begins
    ``a / K`` of a period further on.  The total variation, the sum over rounds of the largest
    change of a mean, is at most `variation`, and falls short of it only where a mean turns.

    Parameters
    ----------
    K : int
        Number of arms, 1 or more.
    variation : float
        Total variation V over the horizon, 0 or more; a period takes 1.
    feedback : {"bandit", "full"}, default "bandit"
        Whether a learner is told the cost of its own arm, or those of all arms.

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    References
    ----------
    Besbes, Gur & Zeevi (2014), "Stochastic multi-armed-bandit problem with non-stationary
    rewards"; Slivkins, *Introduction to Multi-Armed Bandits*, section 6.6 and Exercise 6.3, whose
    change of a round is ``variation / (T - 1)``.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.DriftingCosts(K=2, variation=3)
    DriftingCosts(2, 3.0)
    """

    K: int
    variation: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(
            K=whole("K", self.K, least=1), variation=number("variation", self.variation, low=0)
        )

    @property
    def spec(self) -> Arms:
        """Number of arms and range of costs."""
        return Arms(self.K, costs=True)

    def tape(self, horizon: int, rng: np.random.Generator) -> DriftingTape:
        """Return the coins; see `CostTape.tape`."""
        speed = self.variation / max(1, horizon - 1)
        return DriftingTape(np.zeros(self.K), np.zeros(self.K), speed)


class HeavyTape(NamedTuple):
    """Rare, large costs."""

    costs: np.ndarray  # (K,)
    means: np.ndarray  # (K,)
    probability: np.ndarray  # (K,)
    highest: float

    def observe(self, t, rng):
        for a in range(self.costs.size):
            self.costs[a] = self.highest if rng.random() < self.probability[a] else 0.0


@dataclass(frozen=True, repr=False)
class HeavyCosts(CostTape):
    """Rare but large costs: `highest` with probability `probability[a]`, and else 0.

    The costs leave [0, 1], but their second moment is small: Hedge's bound for such costs is
    Theorem 5.16, with ``Hedge(second_moment=problem.second_moment)``.

    Parameters
    ----------
    probability : sequence of float, shape (K,)
        Probability of a cost, in [0, 1].
    highest : float, default 10
        The cost, above 0 (at least 1e-6).
    feedback : {"bandit", "full"}, default "bandit"
        Whether a learner is told the cost of its own arm, or those of all arms.

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 5.3 (unbounded costs).

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.HeavyCosts([0.01, 0.02], highest=10).second_moment
    2.0
    """

    probability: tuple[float, ...]
    highest: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(
            probability=numbers("probability", self.probability, low=0.0, high=1.0),
            highest=number("highest", self.highest, low=1e-6),
        )

    @property
    def spec(self) -> Arms:
        """Number of arms and range of costs."""
        return Arms(len(self.probability), 0.0, self.highest, costs=True)

    @property
    def second_moment(self) -> float:
        """The largest expected squared cost of an arm, u of Theorem 5.16."""
        return self.highest**2 * max(self.probability)

    def tape(self, horizon: int, rng: np.random.Generator) -> HeavyTape:
        """Return the costs; see `CostTape.tape`."""
        probability = np.array(self.probability)
        return HeavyTape(
            np.zeros(self.spec.K), self.highest * probability, probability, self.highest
        )


def loss_table(losses: Any, lowest: float, highest: float) -> np.ndarray:
    """Return checked losses, (T, K), that nobody can change."""
    try:
        table = np.array(losses)
    except ValueError:  # ragged
        raise ValueError(
            f"losses must be a table, a row per round with a loss for each arm{_ragged(losses)}"
        ) from None
    if table.ndim != 2:
        raise ValueError(
            "losses must be a table, a row per round with a loss for each arm; got "
            + (f"an array of shape {table.shape}" if table.ndim else repr(losses))
        )
    if table.size == 0:
        raise ValueError(f"losses is empty, of shape {table.shape}; give a row of losses per round")
    if table.dtype.kind not in "biuf":
        raise ValueError(f"losses must be numbers; got {table.dtype} entries")
    table = np.ascontiguousarray(table, dtype=float)
    inside = np.isfinite(table) & (table >= lowest) & (table <= highest)
    if not inside.all():
        t, arm = np.unravel_index(int(np.argmin(inside)), table.shape)
        hint = ""
        if np.isfinite(table[t, arm]):
            hint = " - rescale them, or state their range with lowest and highest"
        raise ValueError(
            f"losses must lie in [{lowest:g}, {highest:g}]; row {t} (round {t + 1}), arm {arm} "
            f"has {float(table[t, arm])!r}{hint}"
        )
    table.setflags(write=False)
    return table


def _ragged(losses: Any) -> str:
    """Say which rows differ in length; a lone number is a row of one."""
    sizes = [len(row) if isinstance(row, list | tuple | np.ndarray) else 1 for row in losses]
    for t, size in enumerate(sizes):
        if size != sizes[0]:
            return f"; row 0 has {sizes[0]} losses and row {t} has {size}"
    return ""
