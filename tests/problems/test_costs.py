"""Tapes, adversaries, experts and regrets by name, against plain definitions and sure theorems.

Games are played as Python, which takes no compiling; one compiled game of each kind shows that
machine code plays the same to the bit.  Losses that are multiples of 1/16 have exact sums, so that
what two ways of counting yield must be equal, and not just close.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import adversarial as naive

import banditkit as bk
from banditkit.core.adapters import adapt, told
from banditkit.core.play import blank_scorecard, play_interpreted

# ------------------------------------------------------------------------- players that watch


class ScriptPolicy(NamedTuple):
    arms: np.ndarray  # (T,) int64
    seen: np.ndarray  # (T, 1)

    def select(self, t, x, rng):
        return self.arms[t]

    def update(self, t, x, a, y):
        self.seen[t, 0] = y


class FullScriptPolicy(NamedTuple):
    arms: np.ndarray  # (T,) int64
    seen: np.ndarray  # (T, K)

    def select(self, t, x, rng):
        return self.arms[t]

    def update(self, t, x, a, y):
        for i in range(y.size):
            self.seen[t, i] = y[i]


class AdvisedScriptPolicy(NamedTuple):
    arms: np.ndarray  # (T,) int64
    seen: np.ndarray  # (T, K)
    advice: np.ndarray  # (T, N)

    def select(self, t, x, rng):
        for e in range(x.size):
            self.advice[t, e] = x[e]
        return self.arms[t]

    def update(self, t, x, a, y):
        for i in range(y.size):
            self.seen[t, i] = y[i]


@dataclass(frozen=True, repr=False)
class Script(bk.Learner):
    """Plays a list of arms, over and over, and keeps what it is told: bandit feedback."""

    arms: Sequence[int]
    book: list = field(default_factory=list, compare=False)  # a policy for each game
    costs = True
    plays = (bk.Arms, bk.Advice)

    def __repr__(self):
        return f"{type(self).__name__}({list(self.arms)})"

    def start(self, spec, horizon):
        arms = np.resize(np.array(self.arms, dtype=np.int64), horizon)
        self.book.append(self.policy(arms, spec))
        return self.book[-1]

    def policy(self, arms, spec):
        return ScriptPolicy(arms, np.full((arms.size, 1), np.nan))


class FullScript(Script):
    """The same with full feedback; on experts it keeps their advice, too."""

    accepts = bk.Feedback.FULL

    def policy(self, arms, spec):
        seen = np.full((arms.size, spec.K), np.nan)
        if isinstance(spec, bk.Advice):
            return AdvisedScriptPolicy(arms, seen, np.full((arms.size, spec.N), -1))
        return FullScriptPolicy(arms, seen)


class DrawsPolicy(NamedTuple):
    chances: np.ndarray  # (T, K)
    seen: np.ndarray  # (T, K)

    def distribution(self, t, x):
        return self.chances[t]

    def select(self, t, x, rng):
        left, arm = rng.random(), 0
        while left >= self.chances[t, arm] and arm < self.chances.shape[1] - 1:
            left -= self.chances[t, arm]
            arm += 1
        return arm

    def update(self, t, x, a, y):
        self.seen[t, a] = y


class FullDrawsPolicy(DrawsPolicy):
    __slots__ = ()

    def update(self, t, x, a, y):
        for i in range(y.size):
            self.seen[t, i] = y[i]


@dataclass(frozen=True, repr=False)
class Draws(bk.Learner):
    """Draws arms from a list of distributions, and tells it: bandit feedback."""

    chances: Sequence[Sequence[float]]
    book: list = field(default_factory=list, compare=False)
    costs = True
    plays = (bk.Arms, bk.Advice)

    def __repr__(self):
        return f"{type(self).__name__}(...)"

    def start(self, spec, horizon):
        policy = FullDrawsPolicy if self.accepts is bk.Feedback.FULL else DrawsPolicy
        chances = np.array(self.chances)
        self.book.append(policy(chances, np.full(chances.shape, np.nan)))
        return self.book[-1]


class FullDraws(Draws):
    """The same with full feedback."""

    accepts = bk.Feedback.FULL


class SpyPolicy(NamedTuple):
    inner: Any
    notes: list  # a round each: t, x, a, y

    def select(self, t, x, rng):
        return self.inner.select(t, x, rng)

    def update(self, t, x, a, y):
        self.notes.append((t, np.copy(x), int(a), np.copy(y)))
        self.inner.update(t, x, a, y)


@dataclass(frozen=True, repr=False)
class Spy(bk.Learner):
    """Plays as a learner does, and keeps what that is told; for games as Python."""

    learner: bk.Learner
    notes: list = field(default_factory=list)

    accepts = property(lambda self: self.learner.accepts)
    costs = property(lambda self: self.learner.costs)
    plays = property(lambda self: self.learner.plays)

    def start(self, spec, horizon):
        return SpyPolicy(self.learner.start(spec, horizon), self.notes)


def generators_of(seed, replication):
    """Return the generators of environment and learner, as docs/design.md says."""
    children = np.random.SeedSequence(seed).spawn(replication + 1)[replication].spawn(2)
    return [np.random.default_rng(child) for child in children]


def regret_of(problem, learner, horizon, *, seed=0, replication=0, rngs=None):
    """Return the regret after each round of a game that is played as Python."""
    learner.check(problem)
    problem.check_horizon(horizon)
    env_rng, policy_rng = rngs or generators_of(seed, replication)
    env = problem.start(horizon, env_rng)
    env, policy = adapt(problem, learner, env, learner.start(told(problem, learner), horizon))
    card = blank_scorecard(np.arange(1, horizon + 1))
    play_interpreted(env, policy, card, horizon, env_rng, policy_rng)
    return card.regret


def seen_of(problem, arms, **options):
    """Return the policy that has played these arms, and what it saw, and the regret."""
    full = problem.feedback is bk.Feedback.FULL
    learner = (FullScript if full else Script)(arms)
    regret = regret_of(problem, learner, len(arms), **options)
    return learner.book[-1], regret


def costs_of(tape, horizon, **options):
    """Return the costs of a tape, (T, K), by its full feedback."""
    policy, _ = seen_of(replace(tape, feedback="full"), [0] * horizon, **options)
    assert not np.isnan(policy.seen).any()
    return policy.seen


def advice_of(experts, horizon, **options):
    """Return the costs (T, K) and the advice (T, N) of a problem with experts."""
    policy, _ = seen_of(replace(experts, feedback="full"), [0] * horizon, **options)
    return policy.seen, policy.advice


def simulate_each_round(problem, learners, horizon, replications=3, seed=0):
    """Play compiled, in one thread; regret is (learner, replication, round)."""
    return bk.simulate(
        problem,
        learners,
        horizon=horizon,
        replications=replications,
        seed=seed,
        times=range(1, horizon + 1),
        workers=1,
    ).regret


class Loaded:
    """A generator whose numbers are known beforehand: for `draw_index`, the first k of n."""

    def __init__(self, k, n):
        self.value = (k + 0.5) / n

    def random(self):
        return self.value


# -------------------------------------------------------------------------- tables of chance

sixteenths = st.integers(0, 16).map(lambda n: n / 16)
bits = st.sampled_from([0.0, 1.0])
halves = st.sampled_from([0.0, 0.5, 1.0])


@st.composite
def tables(draw, *, K=(1, 4), T=(1, 12), values=sixteenths):
    """Return a table of losses."""
    width, length = draw(st.integers(*K)), draw(st.integers(*T))
    row = st.lists(values, min_size=width, max_size=width)
    return draw(st.lists(row, min_size=length, max_size=length))


@st.composite
def long_tables(draw, *, T=60):
    """Return a table that is long enough for the theorems, T >= 4 log K."""
    K = draw(st.integers(2, 5))
    seed = draw(st.integers(0, 2**32))
    length = draw(st.integers(math.ceil(4 * math.log(K)), T))
    rng = np.random.default_rng(seed)
    kind = draw(st.sampled_from(["any", "coins", "segments", "turns", "one is good", "drawn"]))
    if kind == "any":
        table = rng.random((length, K))
    elif kind == "coins":
        table = rng.integers(0, 2, (length, K)).astype(float)
    elif kind == "segments":
        pieces = draw(st.integers(1, 5))
        table = rng.integers(0, 2, (pieces, K))[np.arange(length) * pieces // length] * 1.0
    elif kind == "turns":  # one after the other is the only one that costs
        table = np.eye(K)[np.arange(length) % K]
    elif kind == "one is good":
        table = np.ones((length, K))
        table[:, draw(st.integers(0, K - 1))] = draw(sixteenths)
    else:
        row = st.lists(bits, min_size=K, max_size=K)
        table = np.array(draw(st.lists(row, min_size=length, max_size=length)))
    return table


def arms_for(table):
    """Return a strategy for an arm in each round of a table."""
    arm = st.integers(0, len(table[0]) - 1)
    return st.lists(arm, min_size=len(table), max_size=len(table))


few = settings(deadline=None, max_examples=60)
some = settings(deadline=None, max_examples=100)


# -------------------------------------------------------------------- regret at every round

# How a tape is scored, and the oracle for it: of costs, or where the second says so of means.
SCORES = {
    "hindsight": (lambda tape: tape, False, naive.hindsight_regret),
    "foresight": (bk.ForesightRegret, True, naive.foresight_regret),
    "dynamic": (bk.DynamicRegret, True, naive.dynamic_regret),
    "swap": (bk.SwapRegret, False, naive.swap_regret),
    **{
        f"{S} shifts": (
            lambda tape, S=S: bk.ShiftingRegret(tape, S),
            False,
            lambda losses, arms, S=S: naive.shifting_regret(losses, arms, S),
        )
        for S in range(4)
    },
}
of_scores = pytest.mark.parametrize(("wrap", "of_means", "oracle"), SCORES.values(), ids=SCORES)
of_feedback = pytest.mark.parametrize("feedback", ["bandit", "full"])


@of_scores
@of_feedback
@some
@given(st.data())
def test_regret_of_a_table_is_that_of_the_oracle_at_every_round(
    wrap, of_means, oracle, feedback, data
):
    table = data.draw(tables())
    arms = data.draw(arms_for(table))
    policy, regret = seen_of(wrap(bk.LossTable(table, feedback=feedback)), arms)
    assert regret.tolist() == oracle(table, arms).tolist()
    paid = [[table[t][arm]] for t, arm in enumerate(arms)]
    assert policy.seen.tolist() == (table if feedback == "full" else paid)


@of_scores
@few
@given(st.data())
def test_regret_of_a_table_with_another_range_is_that_of_the_oracle(wrap, of_means, oracle, data):
    table = data.draw(tables(values=st.floats(-3.0, 5.0, allow_subnormal=False)))
    arms = data.draw(arms_for(table))
    tape = bk.LossTable(table, lowest=-3, highest=5)
    _, regret = seen_of(wrap(tape), arms)
    assert regret == pytest.approx(oracle(table, arms), rel=1e-12, abs=1e-12)


@few
@given(tables(K=(1, 3), T=(1, 6)), st.integers(0, 3))
def test_shifting_regret_at_the_end_is_that_of_all_sequences_gone_through(table, shifts):
    arms = [0] * len(table)
    _, regret = seen_of(bk.ShiftingRegret(bk.LossTable(table), shifts), arms)
    best = naive.shifting_brute(table, shifts)
    assert regret[-1] == naive.paid(table, arms)[-1] - best


@few
@given(tables())
def test_with_shifts_without_end_each_round_is_compared_with_its_best_arm(table):
    tape = bk.ShiftingRegret(bk.LossTable(table), shifts=10**12)
    _, regret = seen_of(tape, [0] * len(table))
    assert regret.tolist() == naive.dynamic_regret(table, [0] * len(table)).tolist()


@of_feedback
@some
@given(st.data())
def test_regret_with_experts_is_against_the_best_expert_so_far(feedback, data):
    table = data.draw(tables())
    K, T, N = len(table[0]), len(table), data.draw(st.integers(1, 5))
    row = st.lists(st.integers(0, K - 1), min_size=N, max_size=N)
    advice = data.draw(st.lists(row, min_size=T, max_size=T))
    arms = data.draw(arms_for(table))
    learner = Spy((FullScript if feedback == "full" else Script)(arms))
    regret = regret_of(bk.ExpertAdvice(table, advice, feedback=feedback), learner, T)
    assert regret.tolist() == naive.expert_regret(table, advice, arms).tolist()
    assert [x.tolist() for _, x, _, _ in learner.notes] == advice
    answers = table if feedback == "full" else [table[t][arm] for t, arm in enumerate(arms)]
    assert [y.tolist() for _, _, _, y in learner.notes] == answers


def ceil_of_ratio(a, b):
    return -(-a // b)


def means_of(tape, T):
    """Return the expected costs in each round, (T, K), from the words of each class."""
    rounds = range(T)
    if isinstance(tape, bk.IIDCosts):
        return np.array([tape.means for _ in rounds])
    if isinstance(tape, bk.SwitchingCosts):
        S = len(tape.means)
        starts = [ceil_of_ratio(s * T, S) for s in range(S)]
        return np.array([tape.means[max(s for s in range(S) if starts[s] <= t)] for t in rounds])
    if isinstance(tape, bk.DriftingCosts):
        periods = tape.variation * np.arange(T)[:, None] / max(1, T - 1)
        phases = (periods + np.arange(tape.K) / tape.K) % 1.0
        return np.interp(phases, [0.0, 0.5, 1.0], [0.75, 0.25, 0.75])
    if isinstance(tape, bk.HeavyCosts):
        return np.array([[tape.highest * p for p in tape.probability] for _ in rounds])
    assert isinstance(tape, bk.AlternatingCosts)
    return np.array([[0.5, 0.0] if t == 0 else [float(t % 2 == 0), float(t % 2)] for t in rounds])


TAPES = [
    bk.IIDCosts([0.4, 0.5, 0.6]),
    bk.SwitchingCosts([[0.2, 0.8], [0.9, 0.1], [0.5, 0.3]]),
    bk.DriftingCosts(3, 2.5),
    bk.HeavyCosts([0.1, 0.3], highest=4.0),
    bk.AlternatingCosts(),
]
EXPERTS = [
    bk.PerfectExpert(6),
    bk.BinaryStrings(3),
    bk.BlockAdvice(3, 2, epsilon=0.5),
    bk.ExpertAdvice([[0, 1], [0.5, 0.25], [1, 0]] * 4, [[0, 1, 1], [1, 1, 0], [0, 0, 0]] * 4),
]


def name_of(value):
    return type(value).__name__ if isinstance(value, bk.Problem | bk.Learner) else ""


of_tapes = pytest.mark.parametrize("tape", TAPES, ids=name_of)
of_experts = pytest.mark.parametrize("experts", EXPERTS, ids=name_of)


@of_scores
@of_tapes
def test_regret_of_a_tape_with_dice_is_that_of_the_oracle(tape, wrap, of_means, oracle):
    T, K = 40, tape.spec.K
    for replication in range(3):
        arms = np.random.default_rng(replication).integers(K, size=T).tolist()
        costs = costs_of(tape, T, replication=replication)
        expected = oracle(means_of(tape, T) if of_means else costs, arms)
        for feedback in ("bandit", "full"):
            problem = wrap(replace(tape, feedback=feedback))
            policy, regret = seen_of(problem, arms, replication=replication)
            assert regret == pytest.approx(expected, rel=1e-12, abs=1e-12)
            paid = costs if feedback == "full" else costs[np.arange(T), arms][:, None]
            assert (policy.seen == paid).all()


@of_experts
def test_regret_of_experts_with_dice_is_that_of_the_oracle(experts):
    T = 12
    for replication in range(3):
        arms = np.random.default_rng(replication).integers(experts.spec.K, size=T).tolist()
        costs, advice = advice_of(experts, T, replication=replication)
        expected = naive.expert_regret(costs, advice, arms)
        for feedback in ("bandit", "full"):
            problem = replace(experts, feedback=feedback)
            _, regret = seen_of(problem, arms, replication=replication)
            assert regret == pytest.approx(expected, rel=1e-12, abs=1e-12)


# ------------------------------------------------------------- the same games as machine code

RNG = np.random.default_rng(5)
TABLE = bk.LossTable(RNG.integers(0, 17, (12, 3)) / 16, feedback="full")
COMPILED = [
    *((replace(tape, feedback="full"), naive.hindsight_regret) for tape in TAPES),
    *((replace(experts, feedback="full"), naive.expert_regret) for experts in EXPERTS),
    (TABLE, naive.hindsight_regret),
    (replace(TABLE, feedback="bandit"), naive.hindsight_regret),
    (bk.ForesightRegret(TABLE), naive.foresight_regret),
    (bk.DynamicRegret(TABLE), naive.dynamic_regret),
    (bk.ShiftingRegret(TABLE, 2), lambda costs, arms: naive.shifting_regret(costs, arms, 2)),
    (bk.SwapRegret(TABLE), naive.swap_regret),
]


@pytest.mark.parametrize(
    ("problem", "oracle"), COMPILED, ids=[repr(problem) for problem, _ in COMPILED]
)
def test_compiled_games_are_the_interpreted_ones_and_all_learners_meet_the_same_tape(
    problem, oracle
):
    T, last = 12, problem.spec.K - 1
    full = problem.feedback is bk.Feedback.FULL
    script = FullScript if full else Script
    learners = [script([0]), script([0, last, 0, last, last])]
    compiled = simulate_each_round(problem, learners, T)
    for i, learner in enumerate(learners):
        games = learner.book[-3:]  # those before were rehearsals; replications come in order
        for replication, game in enumerate(games):
            arms = game.arms.tolist()
            policy, regret = seen_of(problem, arms, replication=replication)
            assert (compiled[i, replication] == regret).all()
            for mine, other in zip(game, policy, strict=True):
                assert (mine == other).all()
            if full:
                other = learners[0].book[-3:][replication]
                assert (game.seen == other.seen).all()
                advice = [game.advice] if hasattr(game, "advice") else []
                expected = oracle(game.seen, *advice, arms)
            else:
                expected = oracle(problem.losses.tolist(), arms)
            assert regret == pytest.approx(expected, rel=1e-12, abs=1e-12)


# ----------------------------------------------------------------------------- oblivious tapes


@pytest.mark.parametrize("problem", [*TAPES, *EXPERTS], ids=name_of)
def test_every_learner_of_a_replication_meets_the_same_tape(problem):
    T = 12
    full, rows = replace(problem, feedback="full"), {}
    for replication in range(4):
        rows[replication] = costs_of(problem, T, replication=replication)
        for learner in map(Spy, (bk.FollowTheLeader(), bk.AdaHedge(), FullScript([0]))):
            regret_of(full, learner, T, replication=replication)
            tape = rows[replication]
            if isinstance(problem.spec, bk.Advice) and not isinstance(learner.learner, FullScript):
                _, advice = advice_of(problem, T, replication=replication)
                tape = expert_costs(tape, advice)  # it believes that experts are arms
            assert (np.array([y for _, _, _, y in learner.notes]) == tape).all()
        for learner in map(Spy, (bk.UCB1(), Script([0]), bk.Uniform())):
            regret_of(problem, learner, T, replication=replication)
            for t, _, arm, y in learner.notes:
                cost = y if learner.costs else problem.spec.highest - y
                assert cost == rows[replication][t, arm]


@pytest.mark.parametrize("problem", [*TAPES, *EXPERTS], ids=name_of)
def test_replications_and_seeds_differ_where_there_are_dice(problem):
    T = 12
    games = [
        costs_of(problem, T, seed=seed, replication=replication).tobytes()
        for seed, replication in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
    ]
    certain = isinstance(problem, bk.AlternatingCosts | bk.ExpertAdvice)
    if isinstance(problem, bk.BinaryStrings):  # eight tapes in all
        assert len(set(games)) > 1
    else:
        assert len(set(games)) == (1 if certain else 5)


@pytest.mark.parametrize(
    "problem", [*TAPES, bk.LossTable([[-1.0, 2.0]] * 12, lowest=-3.0, highest=2.5)], ids=name_of
)
def test_a_learner_of_rewards_is_told_lowest_plus_highest_less_the_cost(problem):
    spy, T = Spy(bk.UCB1()), 12
    regret = regret_of(problem, spy, T)
    costs, spec = costs_of(problem, T), problem.spec
    for t, _, arm, y in spy.notes:
        assert y == spec.lowest + spec.highest - costs[t, arm]
    arms = [arm for _, _, arm, _ in spy.notes]
    assert regret == pytest.approx(naive.hindsight_regret(costs, arms), rel=1e-12, abs=1e-12)


# -------------------------------------------------------------------- tapes as they are defined


def close(values, mean, spread):
    """Tell whether the average of `values` is within 5 standard errors of their mean."""
    values = np.asarray(values)
    return (abs(values.mean(axis=0) - mean) <= 5 * spread / math.sqrt(len(values)) + 1e-12).all()


def spread_of_coins(means):
    means = np.asarray(means)
    return np.sqrt(means * (1.0 - means))


def recorded(tape, horizon, seed=0):
    """Return costs and means of a tape, (T, K), as its record writes them."""
    rng = np.random.default_rng(seed)
    record = tape.tape(horizon, rng)
    costs, means = [], []
    for t in range(horizon):
        record.observe(t, rng)
        costs.append(record.costs.copy())
        means.append(record.means.copy())
    return np.array(costs), np.array(means)


@of_tapes
def test_the_record_of_a_tape_tells_the_expected_costs(tape):
    for T in (1, 2, 7, 30):
        costs, means = recorded(tape, T)
        assert means == pytest.approx(means_of(tape, T), rel=1e-12, abs=1e-12)
        spec = tape.spec
        assert costs.shape == means.shape == (T, spec.K)
        assert (costs >= spec.lowest).all()
        assert (costs <= spec.highest).all()


def test_iid_costs_are_independent_coins_with_their_means():
    means = [0.0, 0.1, 0.5, 0.5, 0.9, 1.0]
    costs, _ = recorded(bk.IIDCosts(means), 20_000)
    assert set(costs.ravel()) == {0.0, 1.0}
    assert close(costs, means, spread_of_coins(means))
    noise = costs[:, 1:5] - means[1:5]
    covariance = noise.T @ noise / len(noise)
    spread = spread_of_coins(means[1:5])
    scaled = covariance / np.outer(spread, spread) - np.eye(4)
    assert abs(scaled[~np.eye(4, dtype=bool)]).max() <= 5 / math.sqrt(len(noise))
    after = (noise[1:] * noise[:-1]).mean(axis=0) / spread**2  # one round and the next
    assert abs(after).max() <= 5 / math.sqrt(len(noise))


@some
@given(st.integers(1, 12), st.integers(1, 60))
def test_segment_s_of_switching_costs_lasts_from_ceil_of_s_t_over_s_to_the_next(S, T):
    rows = [[float(s % 2), float(1 - s % 2), (s + 1) / 16] for s in range(S)]
    costs, means = recorded(bk.SwitchingCosts(rows), T)
    for s in range(S):
        begin, end = ceil_of_ratio(s * T, S), ceil_of_ratio((s + 1) * T, S)
        assert means[begin:end].tolist() == [rows[s]] * (end - begin)
        assert costs[begin:end, :2].tolist() == [rows[s][:2]] * (end - begin)
    assert end == T


def test_switching_costs_are_coins_with_the_means_of_their_segment():
    means = [[0.2, 0.8, 0.5], [0.7, 0.3, 0.1]]
    costs, _ = recorded(bk.SwitchingCosts(means), 20_000)
    for s in range(2):
        assert close(costs[s * 10_000 : (s + 1) * 10_000], means[s], spread_of_coins(means[s]))


def test_alternating_costs_are_a_half_and_then_one_in_turn():
    costs, means = recorded(bk.AlternatingCosts(), 6)
    assert costs.tolist() == [[0.5, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 1]]
    assert means.tolist() == costs.tolist()


def test_who_follows_the_leader_pays_all_but_a_half_of_the_alternating_costs():
    tape = bk.AlternatingCosts(feedback="full")
    for T in (1, 2, 3, 10, 101, 1000):
        costs, _ = recorded(tape, T)
        regret = regret_of(tape, bk.FollowTheLeader(), T)
        least = np.cumsum(costs, axis=0).min(axis=1)
        assert (regret + least).tolist() == [t - 0.5 for t in range(1, T + 1)]
    assert regret[-1] == 500.0  # arm 0 has cost 1/2, and 1 in rounds 3, 5, ..., 999


@some
@given(st.integers(1, 6), st.floats(0.0, 30.0), st.integers(1, 400))
def test_the_variation_of_drifting_costs_is_at_most_what_was_asked_for(K, variation, T):
    _, means = recorded(bk.DriftingCosts(K, variation), T)
    assert means.min() >= 0.25 - 1e-12
    assert means.max() <= 0.75 + 1e-12
    steps = abs(np.diff(means, axis=0)).max(axis=1, initial=0.0)
    assert steps.sum() <= variation * (1 + 1e-12) + 1e-9
    if T > 1:  # where a mean turns, it may not move so far
        speed, turns = variation / (T - 1), 2 * K * (variation + 1)
        assert steps.sum() >= variation - turns * speed - 1e-9
        assert steps.max(initial=0.0) <= speed + 1e-9


@pytest.mark.parametrize(("K", "variation"), [(1, 3.0), (2, 5.0), (3, 8.0), (10, 2.0)])
def test_the_variation_of_drifting_costs_is_what_was_asked_for_within_a_percent(K, variation):
    T = 3000
    _, means = recorded(bk.DriftingCosts(K, variation), T)
    total = abs(np.diff(means, axis=0)).max(axis=1).sum()
    assert 0.99 * variation <= total <= variation * (1 + 1e-12)


def test_drifting_costs_are_coins_with_the_means_of_their_round():
    costs, means = recorded(bk.DriftingCosts(3, 4.0), 20_000)
    assert set(costs.ravel()) == {0.0, 1.0}
    scaled = (costs - means) / spread_of_coins(means)
    assert close(scaled, 0.0, 1.0)
    assert close(scaled * (means - 0.5), 0.0, 0.25)  # neither too high nor too low for high means
    assert means.mean(axis=0) == pytest.approx([0.5] * 3, abs=0.01)


def test_heavy_costs_have_the_second_moment_that_they_tell():
    tape = bk.HeavyCosts([0.01, 0.04, 0.0], highest=10.0)
    assert tape.second_moment == 4.0
    costs, means = recorded(tape, 40_000)
    assert set(costs.ravel()) == {0.0, 10.0}
    p = np.array(tape.probability)
    assert close(costs, 10.0 * p, 10.0 * spread_of_coins(p))
    assert close(costs**2, 100.0 * p, 100.0 * spread_of_coins(p))
    assert (means == 10.0 * p).all()
    assert tape.spec == bk.Arms(3, 0.0, 10.0, costs=True)


# ------------------------------------------------------------------ experts as they are defined


def expert_costs(costs, advice):
    """Return what each expert pays in each round, (T, N)."""
    return costs[np.arange(len(costs))[:, None], advice]


def test_one_expert_is_perfect_and_the_others_throw_fair_coins():
    T, N = 4000, 6
    costs, advice = advice_of(bk.PerfectExpert(N), T)
    assert (costs.sum(axis=1) == 1.0).all()
    assert set(costs.ravel()) == {0.0, 1.0}
    paid = expert_costs(costs, advice)
    perfect = np.flatnonzero(paid.sum(axis=0) == 0.0)
    assert perfect.size == 1
    assert close(np.delete(paid, perfect, axis=1), 0.5, 0.5)
    coins = 2.0 * advice - 1.0
    correlation = coins.T @ coins / T - np.eye(N)
    assert abs(correlation).max() <= 5 / math.sqrt(T)
    assert abs(coins.mean(axis=0)).max() <= 5 / math.sqrt(T)


@pytest.mark.parametrize("experts", [bk.PerfectExpert(4), bk.BinaryStrings(2)], ids=name_of)
def test_each_expert_is_perfect_alike_often(experts):
    games, counts = 400, np.zeros(4)
    for seed in range(games):
        costs, advice = advice_of(experts, 25, seed=seed)
        perfect = np.flatnonzero(expert_costs(costs, advice).sum(axis=0) == 0.0)
        assert perfect.size == 1
        counts[perfect] += 1
    assert abs(counts - games / 4).max() <= 5 * math.sqrt(games * 3 / 16)


def test_a_single_expert_is_perfect():
    costs, advice = advice_of(bk.PerfectExpert(1), 50)
    assert expert_costs(costs, advice).sum() == 0.0


@pytest.mark.parametrize("d", [1, 2, 3, 5, 8])
def test_the_experts_of_binary_strings_say_all_strings_and_then_0(d):
    costs, advice = advice_of(bk.BinaryStrings(d), d + 3)
    strings = {tuple(column) for column in advice[:d].T.tolist()}
    assert len(strings) == advice.shape[1] == 2**d
    assert set(advice.ravel().tolist()) == {0, 1}
    assert (advice[d:] == 0).all()
    assert (costs[d:] == [0.0, 1.0]).all()
    paid = expert_costs(costs, advice)[:d]
    assert (paid.sum(axis=0) == 0.0).sum() == 1


@pytest.mark.parametrize("d", [1, 2, 3, 6])
@pytest.mark.parametrize(
    "learner",
    [
        bk.MajorityVote(),
        bk.WeightedMajority(),
        bk.FollowTheLeader(),
        bk.Hedge(),
        bk.AdaHedge(),
        bk.Exp4(),
        bk.Uniform(),
        bk.UCB1(),
        FullScript([0, 1]),
    ],
    ids=name_of,
)
def test_every_learner_makes_d_halves_mistakes_against_all_strings_of_d_bits(d, learner):
    strings = bk.BinaryStrings(d, feedback=learner.accepts)
    mistakes = []
    for perfect in range(2**d):
        rngs = Loaded(perfect, 2**d), np.random.default_rng(3)
        regret = regret_of(bk.ExpectedRegret(strings), learner, d, rngs=rngs)
        mistakes.append(regret[-1])  # the perfect expert makes none
    if isinstance(learner, bk.MajorityVote):
        assert sum(mistakes) / 2**d == d / 2
        assert max(mistakes) == d
    assert sum(mistakes) / 2**d == pytest.approx(d / 2, rel=1e-9)


@pytest.mark.parametrize(("K", "M", "T"), [(2, 3, 12), (3, 2, 7), (4, 1, 5), (2, 5, 11), (3, 3, 3)])
def test_experts_of_blocks_are_all_ways_to_stay_with_one_arm_a_block(K, M, T):
    experts = bk.BlockAdvice(K, M)
    assert experts.spec == bk.Advice(K, K**M, costs=True)
    _, advice = advice_of(experts, T)
    assert advice.shape == (T, K**M)
    starts = [ceil_of_ratio(b * T, M) for b in range(M + 1)]
    for begin, end in itertools.pairwise(starts):
        assert (advice[begin:end] == advice[begin]).all()
    sequences = {tuple(column) for column in advice[starts[:-1]].T.tolist()}
    assert len(sequences) == K**M
    assert set(advice.ravel().tolist()) == set(range(K))


def test_the_best_arm_of_each_block_is_drawn():
    K, M, T, games = 3, 2, 60, 300
    counts, pairs = np.zeros((M, K)), set()
    for seed in range(games):
        costs, _ = advice_of(bk.BlockAdvice(K, M, epsilon=1.0), T, seed=seed)
        totals = costs.reshape(M, T // M, K).sum(axis=1)
        assert ((totals == 0.0).sum(axis=1) == 1).all()  # with epsilon = 1 the best costs nothing
        best = totals.argmin(axis=1)
        counts[np.arange(M), best] += 1
        pairs.add(tuple(best.tolist()))
    assert abs(counts - games / K).max() <= 5 * math.sqrt(games * 2 / 9)
    assert len(pairs) == K**M


@pytest.mark.parametrize(
    ("experts", "epsilon"),
    [
        (bk.BlockAdvice(3, 4), math.sqrt(12 / 400)),
        (bk.BlockAdvice(2, 5, epsilon=0.6), 0.6),
        (bk.BlockAdvice(2, 1, epsilon=0.0), 0.0),
    ],
    ids=repr,
)
def test_all_arms_of_a_block_cost_a_half_less_half_an_epsilon_for_the_best(experts, epsilon):
    K, T = experts.spec.K, 400
    rounds = np.concatenate([advice_of(experts, T, seed=seed)[0] for seed in range(60)])
    assert set(rounds.ravel()) == {0.0, 1.0}
    totals = rounds.sum(axis=1)  # all arms together: which one is best does not matter
    assert close(totals, 0.5 * K - 0.5 * epsilon, 0.5 * math.sqrt(K))


def test_in_blocks_shorter_than_the_number_of_arms_the_best_costs_nothing():
    for seed in range(8):
        costs, advice = advice_of(bk.BlockAdvice(2, 7), 7, seed=seed)  # sqrt(14 / 7) is cut to 1
        assert expert_costs(costs, advice).sum(axis=0).min() == 0.0


def test_expert_advice_tells_its_shape():
    losses, advice = np.zeros((7, 3)), np.zeros((7, 5))
    experts = bk.ExpertAdvice(losses, advice, feedback="full")
    assert experts.spec == bk.Advice(3, 5, 0.0, 1.0, costs=True)
    assert (experts.losses.shape, experts.advice.shape) == ((7, 3), (7, 5))
    assert experts.advice.dtype == np.int64
    assert repr(experts) == "<ExpertAdvice: 7 rounds, 3 arms, 5 experts, full feedback>"
    with pytest.raises(ValueError, match=r"7 rounds; the horizon is 8"):
        experts.check_horizon(8)


@few
@given(st.data())
def test_a_learner_of_arms_follows_experts_as_if_they_were_arms(data):
    table = data.draw(tables(K=(2, 3), values=halves))
    K, T, N = len(table[0]), len(table), 4
    row = st.lists(st.integers(0, K - 1), min_size=N, max_size=N)
    advice = data.draw(st.lists(row, min_size=T, max_size=T))
    problem = bk.ExpectedRegret(bk.ExpertAdvice(table, advice, feedback="full"))
    charges = [[table[t][arm] for arm in advice[t]] for t in range(T)]
    expected = regret_of_oracle(naive.Hedge(N, T, rate=0.25), charges)
    assert regret_of(problem, bk.Hedge(rate=0.25), T) == pytest.approx(expected, abs=1e-9)


def regret_of_oracle(oracle, charges):
    """Return the regret of an oracle in expectation at every round; experts are its arms."""
    paid = []
    for t, costs in enumerate(charges):
        paid.append(sum(p * c for p, c in zip(oracle.distribution(t, None), costs, strict=True)))
        oracle.update(t, None, 0, costs)
    return np.cumsum(paid) - np.cumsum(charges, axis=0).min(axis=1)


def test_who_follows_the_leader_follows_the_best_expert():
    rng = np.random.default_rng(8)
    losses, advice = rng.integers(0, 5, (40, 3)) / 4, rng.integers(0, 3, (40, 4))
    experts = bk.ExpertAdvice(losses, advice, feedback="full")
    expected = regret_of_oracle(naive.FollowTheLeader(4), expert_costs(losses, advice).tolist())
    assert regret_of(experts, bk.FollowTheLeader(), 40).tolist() == expected.tolist()
    scored = bk.ExpectedRegret(experts)
    assert regret_of(scored, bk.FollowTheLeader(), 40).tolist() == expected.tolist()


# -------------------------------------------------------------------- adversaries that look

DETERMINISTIC = [
    bk.UCB1(),
    bk.Greedy(),
    bk.SuccessiveElimination(),
    bk.MOSS(),
    bk.KLUCB(),
    bk.IMED(),
    bk.ExploreFirst(),
    bk.FollowTheLeader(),
]


@pytest.mark.parametrize("learner", DETERMINISTIC, ids=name_of)
@pytest.mark.parametrize("K", [1, 2, 5])
def test_who_throws_no_dice_pays_in_every_round(learner, K):
    spite, T = bk.AdaptiveAdversary(K, feedback=learner.accepts), 150
    spy = Spy(learner)
    regret = regret_of(spite, spy, T)
    rounds, arms = np.arange(1, T + 1), np.array([arm for _, _, arm, _ in spy.notes])
    answers = np.array([y for _, _, _, y in spy.notes])
    charged = np.eye(K)[arms]  # the arm that is played, and no other
    if learner.accepts is bk.Feedback.FULL:
        assert (answers == charged).all()
    else:
        assert (answers == (1.0 if learner.costs else 0.0)).all()
    least = np.cumsum(charged, axis=0).min(axis=1)
    assert (regret + least).tolist() == rounds.tolist()  # it has paid 1 in each round
    assert (regret >= rounds - rounds / K).all()


@pytest.mark.parametrize("learner", [bk.Greedy(), bk.FollowTheLeader()], ids=name_of)
def test_who_throws_no_dice_pays_in_every_compiled_round_too(learner):
    spite, T = bk.AdaptiveAdversary(3, feedback=learner.accepts), 150
    regret = simulate_each_round(spite, [learner], T, replications=2)
    assert (regret[0] == regret_of(spite, learner, T)).all()


def test_the_adversary_charges_the_likeliest_arm_and_of_equal_ones_the_first():
    chances = [[0.25, 0.5, 0.25], [0.2, 0.4, 0.4], [1 / 3] * 3, [0.0, 0.0, 1.0]]
    learner = Spy(FullDraws(chances))
    with pytest.raises(ValueError, match="draws at random"):  # the spy hides the distribution
        bk.simulate(bk.AdaptiveAdversary(3, feedback="full"), [learner], horizon=4)
    learner = FullDraws(chances)
    regret = regret_of(bk.AdaptiveAdversary(3, feedback="full"), learner, 4)
    charged = np.eye(3)[[1, 1, 0, 2]]
    assert (learner.book[-1].seen == charged).all()
    assert regret == pytest.approx([0.5, 0.9, 0.9 + 1 / 3, 1.9 + 1 / 3 - 1.0])


class MirrorRecord(NamedTuple):
    costs: np.ndarray

    def charge(self, t, p):
        for i in range(p.size):
            self.costs[i] = p[i] if t % 2 == 0 else 1.0 - p[i]
        return self.costs


class Mirror(bk.AdaptiveAdversary):
    """Charges what the learner thinks, and in every other round what it does not."""

    def adversary(self, horizon, rng):
        return MirrorRecord(np.zeros(self.K))

    @staticmethod
    def expected(chances, env_rng):
        return np.array([p if t % 2 == 0 else 1.0 - p for t, p in enumerate(chances)])


class DiceRecord(NamedTuple):
    costs: np.ndarray
    dice: np.ndarray  # (1,)

    def observe(self, t, rng):
        self.dice[0] = rng.random()

    def charge(self, t, p):
        for i in range(p.size):
            self.costs[i] = self.dice[0] if p[i] > 0.3 else 0.25
        return self.costs


class Dicey(bk.AdaptiveAdversary):
    """Throws a die, and charges who is likely what it shows."""

    def adversary(self, horizon, rng):
        return DiceRecord(np.zeros(self.K), np.zeros(1))

    @staticmethod
    def expected(chances, env_rng):
        return np.array([np.where(p > 0.3, env_rng.random(), 0.25) for p in chances])


@pytest.mark.parametrize("adversary", [Mirror, Dicey])
@of_feedback
def test_an_adversary_of_ones_own_is_paid_in_expectation(adversary, feedback):
    T, K = 30, 3
    chances = np.random.default_rng(1).dirichlet([0.5] * K, size=T)
    problem = adversary(K, feedback=feedback)
    learner = (FullDraws if feedback == "full" else Draws)(chances)
    for replication in range(2):
        regret = regret_of(problem, learner, T, replication=replication)
        costs = adversary.expected(chances, generators_of(0, replication)[0])
        best = np.cumsum(costs, axis=0).min(axis=1)
        assert regret == pytest.approx(np.cumsum((chances * costs).sum(axis=1)) - best, abs=1e-12)
        seen = learner.book[-1].seen
        told_of = ~np.isnan(seen)
        assert (seen[told_of] == costs[told_of]).all()
        assert (told_of.sum(axis=1) == (K if feedback == "full" else 1)).all()


def test_an_adversary_of_ones_own_that_throws_dice_is_compiled():
    T, K = 30, 3
    chances = np.random.default_rng(1).dirichlet([0.5] * K, size=T)
    compiled = simulate_each_round(Dicey(K), [Draws(chances)], T)
    for replication in range(3):
        regret = regret_of(Dicey(K), Draws(chances), T, replication=replication)
        assert (compiled[0, replication] == regret).all()
    assert len(set(compiled[0, :, -1])) == 3


# -------------------------------------------------------------------------- expected regret


def drawn_regret(chances, costs, best):
    """Return the regret in expectation, (T,), against what the benchmark has paid so far."""
    return np.cumsum((chances * costs).sum(axis=1)) - best


@of_tapes
@of_feedback
def test_expected_regret_is_the_sum_of_p_times_c_less_the_benchmark(tape, feedback):
    T, K = 30, tape.spec.K
    chances = np.random.default_rng(2).dirichlet([0.7] * K, size=T)
    chances[3] = np.eye(K)[0]
    costs, means = costs_of(tape, T, replication=1), means_of(tape, T)
    totals = np.cumsum(costs, axis=0)
    shifting = [-x for x in naive.shifting_regret(costs, [0] * T, 1)] + totals[:, 0]
    tape = replace(tape, feedback=feedback)
    for problem, charged, best in (
        (tape, costs, totals.min(axis=1)),
        (bk.ForesightRegret(tape), means, np.cumsum(means, axis=0).min(axis=1)),
        (bk.DynamicRegret(tape), means, np.cumsum(means.min(axis=1))),
        (bk.ShiftingRegret(tape, 1), costs, shifting),
    ):
        learner = (FullDraws if feedback == "full" else Draws)(chances)
        regret = regret_of(bk.ExpectedRegret(problem), learner, T, replication=1)
        assert regret == pytest.approx(drawn_regret(chances, charged, best), rel=1e-9, abs=1e-9)


@of_experts
def test_expected_regret_with_experts_is_against_the_best_of_them(experts):
    T, K = 12, experts.spec.K
    chances = np.random.default_rng(2).dirichlet([0.7] * K, size=T)
    costs, advice = advice_of(experts, T)
    best = np.cumsum(expert_costs(costs, advice), axis=0).min(axis=1)
    regret = regret_of(bk.ExpectedRegret(experts), Draws(chances), T)
    assert regret == pytest.approx(drawn_regret(chances, costs, best), rel=1e-9, abs=1e-9)


def test_expected_regret_on_arms_with_rewards_is_the_expected_gap():
    T, arms = 30, bk.Bernoulli((0.3, 0.5, 0.9))
    chances = np.random.default_rng(2).dirichlet([0.7] * 3, size=T)
    regret = regret_of(bk.ExpectedRegret(arms), Draws(chances), T)
    assert regret == pytest.approx(np.cumsum(chances @ arms.gaps), rel=1e-12)
    regret = regret_of(bk.ExpectedRegret(arms), bk.Uniform(), T)
    assert regret == pytest.approx(np.arange(1, T + 1) * arms.gaps.mean(), rel=1e-12)


@pytest.mark.parametrize("learner", [bk.UCB1(), bk.MOSS(), Script([1, 0, 1])], ids=name_of)
def test_of_who_throws_no_dice_the_expected_regret_is_the_regret(learner):
    for problem in (bk.IIDCosts([0.25, 0.5]), bk.Bernoulli((0.25, 0.5)), bk.AlternatingCosts()):
        regret = regret_of(problem, learner, 100)
        assert regret_of(bk.ExpectedRegret(problem), learner, 100).tolist() == regret.tolist()


FULL_LEARNERS = [
    bk.Hedge(),
    bk.FixedShare(),
    bk.AdaHedge(),
    bk.OptimisticHedge(),
    bk.OnlineGradientDescent(),
    bk.FollowTheLeader(),
    bk.Restarting(bk.Hedge(), every=7),
    bk.Doubling(bk.OptimisticHedge()),
]


@pytest.mark.parametrize("learner", FULL_LEARNERS, ids=repr)
def test_with_full_feedback_nothing_random_is_left_of_expected_regret(learner):
    table = bk.LossTable(np.random.default_rng(4).random((40, 3)), feedback="full")
    problem = bk.ExpectedRegret(table)
    games = [regret_of(problem, learner, 40, replication=i).tolist() for i in range(4)]
    assert games == [games[0]] * 4


def test_with_full_feedback_nothing_random_is_left_of_compiled_expected_regret():
    table = bk.LossTable(np.random.default_rng(4).random((40, 3)), feedback="full")
    problem = bk.ExpectedRegret(table)
    compiled = simulate_each_round(problem, [bk.Hedge()], 40, replications=20)
    assert (compiled == compiled[:, :1]).all()
    assert (compiled[0, 0] == regret_of(problem, bk.Hedge(), 40)).all()


@pytest.mark.parametrize(
    ("problem", "learner"),
    [
        (bk.LossTable(np.random.default_rng(4).random((25, 3)), feedback="full"), bk.Hedge()),
        (bk.IIDCosts([0.3, 0.5, 0.7], feedback="full"), bk.Hedge(rate=0.3)),
        (bk.LossTable(np.random.default_rng(4).random((25, 3))), bk.Exp3(rate=0.2)),
        (bk.IIDCosts([0.3, 0.5, 0.7]), bk.Exp3(rate=0.2, mixing=0.2)),
        (bk.SwitchingCosts([[0.0, 1.0], [1.0, 0.0]]), bk.Exp3S()),
        (bk.Bernoulli((0.3, 0.5, 0.7)), bk.Exp3(rate=0.2)),
        (bk.Bernoulli((0.3, 0.5, 0.7)), bk.EpsilonGreedy()),
        (bk.PerfectExpert(4), bk.Exp4(rate=0.3)),
        (bk.PerfectExpert(4, feedback="full"), bk.Hedge(rate=0.3)),
    ],
    ids=lambda value: repr(value),
)
def test_regret_is_on_average_the_expected_regret(problem, learner):
    games, T = 300, 20
    plain = np.array([regret_of(problem, learner, T, replication=i) for i in range(games)])
    expected = np.array(
        [regret_of(bk.ExpectedRegret(problem), learner, T, replication=i) for i in range(games)]
    )
    difference = plain - expected  # both meet the same tape and throw the same dice
    error = difference.std(axis=0, ddof=1) / math.sqrt(games)
    assert (abs(difference.mean(axis=0)) <= 4 * error + 1e-12).all()
    if problem.feedback is bk.Feedback.FULL:  # its draws change nothing but what it pays
        assert expected[:, -1].std() < plain[:, -1].std()


def test_compiled_expected_regret_on_arms_is_the_interpreted_one():
    problem, learner, T = bk.ExpectedRegret(bk.Bernoulli((0.3, 0.5, 0.7))), bk.Exp3(rate=0.2), 100
    compiled = simulate_each_round(problem, [learner], T)[0]
    games = [regret_of(problem, learner, T, replication=i) for i in range(3)]
    assert (compiled == games).all()
    assert len(set(compiled[:, -1])) == 3


# ------------------------------------------------------------------------- fees for a change


def regret_with_fees(table, arms, fee):
    """Return what is told, and the regret, from the words of the class."""
    told_of, paid = [], 0.0
    regret = []
    for t, arm in enumerate(arms):
        change = fee if t > 0 and arm != arms[t - 1] else 0.0
        told_of.append((table[t][arm] + change) / (1.0 + fee))
        paid += told_of[-1]
        alone = [sum(row[a] for row in table[: t + 1]) / (1.0 + fee) for a in range(len(table[0]))]
        regret.append(paid - min(alone))
    return told_of, regret


@some
@given(st.data(), st.sampled_from([0.0, 0.5, 1.0, 3.0]))
def test_who_changes_the_arm_pays_the_fee(data, fee):
    table = data.draw(tables())
    arms = data.draw(arms_for(table))
    policy, regret = seen_of(bk.SwitchingFee(bk.LossTable(table), fee=fee), arms)
    told_of, expected = regret_with_fees(table, arms, fee)
    assert policy.seen[:, 0] == pytest.approx(told_of, rel=1e-12, abs=1e-12)
    assert regret == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_the_range_of_costs_with_a_fee_is_told():
    assert bk.SwitchingFee(bk.IIDCosts([0.4, 0.6])).spec == bk.Arms(2, 0.0, 1.0, costs=True)
    wide = bk.SwitchingFee(bk.LossTable([[1.0, 5.0]], lowest=1, highest=5), fee=3.0)
    assert wide.spec == bk.Arms(2, 0.25, 2.0, costs=True)


def test_compiled_fees_are_the_interpreted_ones():
    arms = [0, 1, 1, 0, 2, 2, 1, 1, 1, 0, 2, 0]
    problem = bk.SwitchingFee(replace(TABLE, feedback="bandit"), fee=0.5)
    learner = Script(arms)
    regret = simulate_each_round(problem, [learner], 12, replications=1)[0, 0]
    told_of, expected = regret_with_fees(TABLE.losses.tolist(), arms, 0.5)
    assert regret == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert learner.book[-1].seen[:, 0] == pytest.approx(told_of, rel=1e-12)


# ------------------------------------------------------------------------- what is surely so


def expected_regret_of(learner, table, shifts=0):
    """Return the expected regret at every round, against sequences with so many shifts."""
    tape = bk.LossTable(table, feedback="full")
    problem = bk.ExpectedRegret(bk.ShiftingRegret(tape, shifts) if shifts else tape)
    return regret_of(problem, learner, len(table))


@some
@given(long_tables())
def test_hedge_is_below_its_bound_on_every_table(table):
    T, K = table.shape
    assert expected_regret_of(bk.Hedge(), table)[-1] < 2 * math.sqrt(T * math.log(K))
    least = table.sum(axis=0).min() / T
    u = min(1.0, max(least, 4 * math.log(K) / T))
    regret = expected_regret_of(bk.Hedge(best_cost=u), table)[-1]
    assert regret < 2 * math.sqrt(u * T * math.log(K))


@some
@given(long_tables())
def test_adahedge_is_below_its_bound_on_every_table_at_every_time(table):
    T, K = table.shape
    t = np.arange(1, T + 1)
    bound = np.sqrt(t * math.log(K)) + 4 / 3 * math.log(K) + 2
    assert (expected_regret_of(bk.AdaHedge(), table) <= bound).all()


@some
@given(long_tables())
def test_gradient_descent_is_below_its_bound_on_every_table(table):
    T, K = table.shape
    regret = expected_regret_of(bk.OnlineGradientDescent(), table)[-1]
    assert regret <= math.sqrt((K - 1) * T) + 1e-9


@some
@given(long_tables())
def test_optimistic_hedge_is_below_its_bounds_on_every_table(table):
    T, K = table.shape
    regret = expected_regret_of(bk.OptimisticHedge(), table)[-1]
    assert regret <= math.sqrt(2 * T * math.log(K)) + 1e-9
    eta = math.sqrt(2 * math.log(K) / T)
    steps = abs(np.diff(table, axis=0, prepend=0.0)).max(axis=1)
    assert regret <= math.log(K) / eta + eta / 2 * (steps**2).sum() + 1e-9


def log_or_nothing(count, chance):
    """Return count * log(1 / chance), which is 0 for count 0."""
    return count * math.log(1.0 / chance) if count else 0.0


@some
@given(long_tables(), st.integers(0, 5), st.sampled_from([None, 0.01, 0.3, 2.0]))
def test_fixed_share_is_below_its_bound_on_every_table(table, S, rate):
    T, K = table.shape
    S = min(S, T - 1)
    alpha = S / (T - 1)
    C = (S + 1) * math.log(K) + log_or_nothing(S, alpha) + log_or_nothing(T - 1 - S, 1 - alpha)
    eta = math.sqrt(8 * C / T) if rate is None else rate
    regret = expected_regret_of(bk.FixedShare(S, rate=rate), table, shifts=S)[-1]
    assert regret <= C / eta + eta * T / 8 + 1e-9
    assert bk.FixedShare(S).code_length(K, T) == pytest.approx(C)


@pytest.mark.parametrize("S", [1, 2, 5])
def test_fixed_share_soon_follows_a_shift_of_the_only_good_arm(S):
    T, K = 120, 3
    good = np.arange(T) * (S + 1) // T % K
    table = 1.0 - np.eye(K)[good]
    C = bk.FixedShare(S).code_length(K, T)
    regret = expected_regret_of(bk.FixedShare(S), table, shifts=S)[-1]
    assert regret <= math.sqrt(C * T / 2)
    assert expected_regret_of(bk.FixedShare(0), table, shifts=S)[-1] > math.sqrt(C * T / 2)


@pytest.mark.parametrize("N", [1, 2, 3, 5, 8, 9, 64, 200])
def test_majority_vote_makes_at_most_log2_n_mistakes(N):
    experts = bk.PerfectExpert(N, feedback="full")
    for seed in range(12):
        mistakes = regret_of(experts, bk.MajorityVote(), 25, seed=seed)
        assert mistakes[-1] <= math.log2(N)
        assert set(np.diff(mistakes, prepend=0.0)) <= {0.0, 1.0}  # the best makes none


@some
@given(st.data())
def test_majority_vote_makes_at_most_log2_n_mistakes_whoever_is_perfect(data):
    T, N = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 16))
    row = st.lists(st.integers(0, 1), min_size=N, max_size=N)
    advice = data.draw(st.lists(row, min_size=T, max_size=T))
    perfect = data.draw(st.integers(0, N - 1))
    losses = [[float(said[perfect] != label) for label in (0, 1)] for said in advice]
    experts = bk.ExpertAdvice(losses, advice, feedback="full")
    assert regret_of(experts, bk.MajorityVote(), T)[-1] <= math.log2(N)


@some
@given(st.data())
def test_weighted_majority_is_below_its_bound_on_every_table_at_every_time(data):
    T, N = data.draw(st.integers(1, 60)), data.draw(st.integers(1, 8))
    eps = data.draw(st.floats(0.01, 0.95))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    advice = (rng.random((T, N)) < rng.random(N)).astype(int)  # some say 1 more often
    losses = np.eye(2)[(rng.random(T) < data.draw(sixteenths)).astype(int)]
    experts = bk.ExpertAdvice(losses, advice, feedback="full")
    best = np.cumsum(expert_costs(losses, advice), axis=0).min(axis=1)
    mistakes = regret_of(experts, bk.WeightedMajority(eps), T) + best
    assert (mistakes <= 2 * best / (1 - eps) + 2 * math.log(N) / eps + 1e-9).all()


@some
@given(st.data())
def test_swap_regret_is_never_negative_and_at_least_hindsight_regret(data):
    table = data.draw(tables(T=(1, 20)))
    arms = data.draw(arms_for(table))
    tape = bk.LossTable(table)
    _, swap = seen_of(bk.SwapRegret(tape), arms)
    _, hindsight = seen_of(tape, arms)
    assert (swap >= 0.0).all()
    assert (swap >= hindsight).all()


@pytest.mark.parametrize("learner", [bk.Exp3(), bk.UCB1(), bk.BlumMansour()], ids=name_of)
@of_tapes
def test_swap_regret_of_a_learner_is_at_least_its_hindsight_regret(learner, tape):
    if isinstance(tape, bk.HeavyCosts):
        tape = bk.HeavyCosts(tape.probability, highest=1.0)
    swap, hindsight = regret_of(bk.SwapRegret(tape), learner, 60), regret_of(tape, learner, 60)
    assert (swap >= -1e-12).all()
    assert (swap >= hindsight - 1e-9).all()


# ----------------------------------------------------------------------- tapes of one's own


class CountingTape(NamedTuple):
    costs: np.ndarray
    means: np.ndarray

    def observe(self, t, rng):
        for a in range(self.costs.size):
            self.means[a] = (t + a) % 3 / 2.0
            self.costs[a] = 1.0 if rng.random() < self.means[a] else 0.0


@dataclass(frozen=True, repr=False)
class Counting(bk.CostTape):
    K: int

    @property
    def spec(self):
        return bk.Arms(self.K, costs=True)

    def tape(self, horizon, rng):
        return CountingTape(np.zeros(self.K), np.zeros(self.K))


def test_a_tape_of_ones_own_has_all_regrets():
    T, K = 12, 3
    tape, arms = Counting(K, feedback="full"), [0, 1, 2, 2] * 3
    costs = costs_of(tape, T)
    means = [[(t + a) % 3 / 2 for a in range(K)] for t in range(T)]
    for wrap, of_means, oracle in SCORES.values():
        _, regret = seen_of(wrap(tape), arms)
        assert regret == pytest.approx(oracle(means if of_means else costs, arms), abs=1e-12)
    compiled = simulate_each_round(tape, [FullScript(arms)], T)
    assert (compiled[0, 0] == seen_of(tape, arms)[1]).all()
    with pytest.raises(ValueError, match="feedback must be"):
        Counting(3, feedback="none")


class ParrotTape(NamedTuple):
    costs: np.ndarray
    advice: np.ndarray

    def observe(self, t, rng):
        for e in range(self.advice.size):
            self.advice[e] = (t + e) % 2
        self.costs[0], self.costs[1] = rng.random(), 0.5


@dataclass(frozen=True, repr=False)
class Parrots(bk.ExpertProblem):
    spec = bk.Advice(2, 3, costs=True)

    def tape(self, horizon, rng):
        return ParrotTape(np.zeros(2), np.zeros(3, dtype=np.int64))


def test_experts_of_ones_own_are_scored_against_the_best_of_them():
    T, arms = 12, [0, 1, 1] * 4
    costs, advice = advice_of(Parrots(), T)
    assert advice.tolist() == [[(t + e) % 2 for e in range(3)] for t in range(T)]
    for feedback in ("bandit", "full"):
        _, regret = seen_of(Parrots(feedback=feedback), arms)
        assert regret == pytest.approx(naive.expert_regret(costs, advice, arms), abs=1e-12)


# --------------------------------------------------------------------- what descriptions keep


def test_a_table_of_losses_cannot_be_changed():
    losses, advice = np.array([[0.0, 1.0], [0.5, 0.25]]), np.array([[0, 1], [1, 1]])
    table, experts = bk.LossTable(losses), bk.ExpertAdvice(losses, advice)
    losses[:], advice[:] = 0.75, 0
    for kept in (table.losses, experts.losses):
        assert kept.tolist() == [[0.0, 1.0], [0.5, 0.25]]
        with pytest.raises(ValueError, match="read-only"):
            kept[0, 0] = 0.5
    assert experts.advice.tolist() == [[0, 1], [1, 1]]
    with pytest.raises(ValueError, match="read-only"):
        experts.advice[0, 0] = 1
    with pytest.raises(AttributeError):
        table.losses = losses


def test_a_table_of_losses_may_be_given_in_many_ways():
    pd = pytest.importorskip("pandas")
    rows = [[0, 1], [1, 0], [1, 1]]
    expected = bk.LossTable(np.array(rows, dtype=float))
    for same in (
        rows,
        tuple(map(tuple, rows)),
        np.array(rows, dtype=bool),
        np.asfortranarray(rows, dtype=np.float32),
        np.array(rows * 2, dtype=np.int8)[:3],
        pd.DataFrame(rows, columns=["red", "blue"]),
    ):
        table = bk.LossTable(same)
        assert table == expected
        assert hash(table) == hash(expected)
        assert table.losses.dtype == np.float64
        assert table.losses.flags.c_contiguous


def test_tables_are_equal_if_all_that_they_say_is_equal():
    table = bk.LossTable([[0.0, 1.0], [0.5, 0.25]])
    assert len({table, bk.LossTable(table.losses), bk.LossTable(table.losses.tolist())}) == 1
    others = [
        bk.LossTable([[0.0, 1.0], [0.5, 0.5]]),
        bk.LossTable([[0.0, 1.0, 0.5, 0.25]]),
        bk.LossTable(table.losses, highest=2),
        bk.LossTable(table.losses, lowest=-1),
        bk.LossTable(table.losses, feedback="full"),
        bk.ExpertAdvice(table.losses, [[0], [1]]),
        bk.ExpertAdvice(table.losses, [[0], [0]]),
        bk.ExpertAdvice(table.losses, [[0], [1]], feedback="full"),
        bk.ExpertAdvice([[0.0, 1.0], [0.5, 0.5]], [[0], [1]]),
    ]
    assert len({table, *others}) == len(others) + 1
    assert table != 3
    again = bk.ExpertAdvice(table.losses, [[0.0], [1.0]])
    assert again == others[5]
    assert hash(again) == hash(others[5])
    wrapped = [bk.DynamicRegret(bk.LossTable([[0.0, 1.0]])) for _ in range(2)]
    assert wrapped[0] == wrapped[1]
    assert hash(wrapped[0]) == hash(wrapped[1])


def test_a_table_says_how_much_there_is_rather_than_all_of_it():
    table = bk.LossTable(np.zeros((1000, 5)), feedback="full")
    assert repr(table) == "<LossTable: 1000 rounds, 5 arms, full feedback>"
    assert repr(bk.ExpectedRegret(table)) == f"ExpectedRegret({table!r})"


@pytest.mark.parametrize(
    "problem",
    [
        *TAPES,
        *EXPERTS[:-1],
        *(replace(problem, feedback="full") for problem in (*TAPES, *EXPERTS[:-1])),
        bk.AdaptiveAdversary(3),
        bk.AdaptiveAdversary(3, feedback="full"),
        bk.ShiftingRegret(bk.IIDCosts([0.5], feedback="full"), 3),
        bk.SwitchingFee(bk.IIDCosts([0.5]), fee=0.25),
        bk.SwitchingFee(bk.IIDCosts([0.5])),
    ],
    ids=repr,
)
def test_the_words_of_a_problem_make_an_equal_one(problem):
    assert eval(repr(problem), vars(bk) | {name: getattr(bk, name) for name in bk.__all__}) == (
        problem
    )


# A result with each kind of problem inside; only the first of them has to be played.
SAVED = [
    bk.LossTable(np.random.default_rng(0).random((1000, 5)), feedback="full"),
    bk.LossTable([[-1.0, 2.0]], lowest=-1, highest=3),
    bk.ExpectedRegret(bk.ShiftingRegret(bk.LossTable([[0.5, 1 / 3]], feedback="full"), 2)),
    *EXPERTS,
    *(replace(experts, feedback="full") for experts in EXPERTS),
    *(replace(tape, feedback="full") for tape in TAPES),
    bk.AdaptiveAdversary(3, feedback="full"),
    bk.SwitchingFee(bk.IIDCosts([0.5, 0.25]), fee=2),
]


@pytest.fixture(scope="module")
def result():
    return bk.simulate(SAVED[0], [FullScript([0])], horizon=1000, replications=2, seed=0)


@pytest.mark.parametrize("problem", SAVED, ids=repr)
def test_a_result_is_saved_and_comes_back_with_its_problem(problem, result, tmp_path):
    result = replace(result, problem=problem, learners=(bk.Hedge(),))
    result.save(tmp_path / "result.npz")
    again = bk.load(tmp_path / "result.npz")
    assert again.problem == problem
    assert hash(again.problem) == hash(problem)
    assert (again.regret == result.regret).all()
    assert again.learners == (bk.Hedge(),)


def test_a_loaded_table_cannot_be_changed_either(result, tmp_path):
    replace(result, learners=(bk.Hedge(),)).save(tmp_path / "result.npz")
    again = bk.load(tmp_path / "result.npz")
    assert (again.problem.losses == SAVED[0].losses).all()
    assert not again.problem.losses.flags.writeable
