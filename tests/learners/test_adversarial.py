"""The learners of chapters 5 and 6: each against its oracle, and the parts that they are made of.

An oracle works its distribution out from the whole history, in every round, and the learner must
have the same one.  Arms are drawn from the oracle's, with dice of the test's own, so that both see
the same history; what the learner itself would draw is tested apart, with a frozen state.
"""

import copy
import math
import multiprocessing
import signal
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from naive import adversarial as naive
from scipy.stats import chi2

import banditkit as bk
from banditkit.core.adapters import adapt, told
from banditkit.core.copies import restore
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit
from banditkit.core.play import blank_scorecard, play_interpreted, player_of
from banditkit.core.spec import Advice, Arms
from banditkit.core.verbs import complete
from banditkit.core.weights import (
    add_to_log,
    blank_tree,
    draw_arm,
    draw_leaf,
    share_of,
    softmax,
)
from banditkit.learners.gradient import project_on_simplex
from banditkit.learners.swap import stationary
from banditkit.learners.tsallis import tsallis_weights
from banditkit.rehearsal import rehearse


@contextmanager
def patience(seconds):
    """Interrupt a loop that never ends, if it is Python's."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def give_up(*_):
        raise TimeoutError(f"no end after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except TimeoutError as error:  # without the frames of the loop, whose line is not known
        raise AssertionError(str(error)) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


# ------------------------------------------------------------------------------- what is compared


class Doubled:
    """Slivkins, section 1.5: a fresh oracle after 2, 6, 14, ... rounds, told 2, 4, 8, ..."""

    def __init__(self, make):
        self.make, self.inners = make, []

    def place(self, t):
        """Return the oracle of round t, and the number of the round for it."""
        start, length, phase = 0, 2, 0
        while t >= start + length:
            start, length, phase = start + length, 2 * length, phase + 1
        while len(self.inners) <= phase:
            self.inners.append(self.make(2 ** (len(self.inners) + 1)))
        return self.inners[phase], t - start

    def distribution(self, t, x):
        inner, own = self.place(t)
        return inner.distribution(own, x)

    def update(self, t, x, a, y):
        inner, own = self.place(t)
        inner.update(own, x, a, y)


class Swapping:
    """Blum & Mansour (2007) with any oracles inside; what they rule out has probability 1e-100."""

    def __init__(self, K, make):
        self.K, self.copies = K, [make() for _ in range(K)]

    def distribution(self, t, x):
        rows = [inner.distribution(t, None) for inner in self.copies]
        return naive.stationary([[max(chance, 1e-100) for chance in row] for row in rows])

    def update(self, t, x, a, y):
        p = self.distribution(t, x)
        for i, inner in enumerate(self.copies):
            inner.update(t, None, a, naive.at(self.K, a, p[i] * y / p[a]))


def fixed_share(K, T, shifts, share=None):
    """Return the oracle with the share and the rate that are tuned to so many shifts."""
    S, share = min(shifts, T - 1), min(1.0, shifts / max(1, T - 1)) if share is None else share
    C = (S + 1) * math.log(K)
    C += S * math.log(1.0 / share) if S else 0.0
    C += (T - 1 - S) * math.log(1.0 / (1.0 - share)) if T - 1 > S else 0.0
    return naive.FixedShare(K, T, math.sqrt(8.0 * C / T), share)


def exp3p(K, T, delta=0.05):
    """Return the oracle; where so few rounds are played that beta exceeds 1, it is 1."""
    oracle = naive.Exp3P(K, T, delta)
    oracle.beta = min(1.0, oracle.beta)
    return oracle


def rexp3(K, T, variation):
    """Return the oracle with the period of Besbes, Gur & Zeevi."""
    period = math.ceil((K * math.log(K)) ** (1 / 3) * (T / variation) ** (2 / 3))
    period = max(1, min(T, period))
    return naive.Restarting(lambda: naive.Exp3Rewards(K, period), period)


def batched(T, size, make):
    """Return the oracle whose inner one is told the number of batches."""
    return naive.Batched(lambda: make(max(1, T // size)), size)


def swapping_hedge(K, T):
    """Return the oracle; Hedge's epsilon is at most 1/2, so the rate at most log 2."""
    return naive.BlumMansour(K, T, rate=min(math.log(2), math.sqrt(2 * math.log(K) / T)))


def cube_root(T, K):
    return max(1, math.ceil(round((T / K) ** (1 / 3), 9)))


# What to compare with what: a learner, and its oracle for K arms and T rounds.
FULL = [
    (bk.FollowTheLeader(), lambda K, T: naive.FollowTheLeader(K)),
    (bk.Hedge(), lambda K, T: naive.Hedge(K, T)),
    (bk.Hedge(rate=0.0), lambda K, T: naive.Hedge(K, T, rate=0.0)),
    (bk.Hedge(rate=0.1), lambda K, T: naive.Hedge(K, T, rate=0.1)),
    (bk.Hedge(rate=0.5), lambda K, T: naive.Hedge(K, T, rate=0.5)),
    (bk.Hedge(best_cost=0.25), lambda K, T: naive.Hedge(K, T, best_cost=0.25)),
    (bk.Hedge(second_moment=4.0), lambda K, T: naive.Hedge(K, T, second_moment=4.0)),
    (bk.FixedShare(), lambda K, T: fixed_share(K, T, 1)),
    (bk.FixedShare(shifts=0), lambda K, T: fixed_share(K, T, 0)),
    (bk.FixedShare(shifts=5), lambda K, T: fixed_share(K, T, 5)),
    (bk.FixedShare(shifts=5, share=0.1), lambda K, T: fixed_share(K, T, 5, share=0.1)),
    (bk.FixedShare(share=0.1, rate=0.7), lambda K, T: naive.FixedShare(K, T, 0.7, 0.1)),
    (bk.FixedShare(share=0.0, rate=0.7), lambda K, T: naive.FixedShare(K, T, 0.7, 0.0)),
    (bk.FixedShare(share=1.0, rate=0.7), lambda K, T: naive.FixedShare(K, T, 0.7, 1.0)),
    (bk.AdaHedge(), lambda K, T: naive.AdaHedge(K)),
    (bk.OnlineGradientDescent(), lambda K, T: naive.OnlineGradientDescent(K, T)),
    (bk.OnlineGradientDescent(rate=0.2), lambda K, T: naive.OnlineGradientDescent(K, T, rate=0.2)),
    (bk.OnlineGradientDescent(rate=2.0), lambda K, T: naive.OnlineGradientDescent(K, T, rate=2.0)),
    (bk.OptimisticHedge(), lambda K, T: naive.OptimisticHedge(K, T)),
    (bk.OptimisticHedge(rate=0.6), lambda K, T: naive.OptimisticHedge(K, T, rate=0.6)),
    (
        bk.Restarting(bk.AdaHedge(), every=17),
        lambda K, T: naive.Restarting(lambda: naive.AdaHedge(K), 17),
    ),
    (bk.Doubling(bk.Hedge()), lambda K, T: Doubled(lambda length: naive.Hedge(K, length))),
]
BANDIT = [
    (bk.Exp3(), lambda K, T: naive.Exp3(K, T)),
    (bk.Exp3(rate=0.0), lambda K, T: naive.Exp3(K, T, rate=0.0)),
    (bk.Exp3(rate=0.1), lambda K, T: naive.Exp3(K, T, rate=0.1)),
    (bk.Exp3(mixing=0.2), lambda K, T: naive.Exp3(K, T, mixing=0.2)),
    (bk.Exp3(rate=0.1, mixing=0.5), lambda K, T: naive.Exp3(K, T, rate=0.1, mixing=0.5)),
    (bk.Exp3Rewards(), lambda K, T: naive.Exp3Rewards(K, T)),
    (bk.Exp3Rewards(mixing=0.4), lambda K, T: naive.Exp3Rewards(K, T, mixing=0.4)),
    (bk.Exp3Rewards(mixing=1.0), lambda K, T: naive.Exp3Rewards(K, T, mixing=1.0)),
    (bk.Exp3IX(), lambda K, T: naive.Exp3IX(K, T)),
    (bk.Exp3IX(rate=0.2), lambda K, T: naive.Exp3IX(K, T, rate=0.2)),
    (bk.Exp3IX(rate=0.2, implicit=0.0), lambda K, T: naive.Exp3IX(K, T, rate=0.2, implicit=0.0)),
    (bk.Exp3IX(implicit=0.3), lambda K, T: naive.Exp3IX(K, T, implicit=0.3)),
    (bk.Exp3P(), exp3p),
    (bk.Exp3P(delta=0.5), lambda K, T: exp3p(K, T, delta=0.5)),
    (bk.Exp3P(delta=1e-9), lambda K, T: exp3p(K, T, delta=1e-9)),
    (bk.Exp3S(), lambda K, T: naive.Exp3S(K, T, shifts=1)),
    (bk.Exp3S(shifts=4), lambda K, T: naive.Exp3S(K, T, shifts=4)),
    (
        bk.Exp3S(mixing=0.2, share=0.05),
        lambda K, T: naive.Exp3S(K, T, shifts=1, mixing=0.2, share=0.05),
    ),
    (
        bk.Exp3S(mixing=0.2, share=0.0),
        lambda K, T: naive.Exp3S(K, T, shifts=1, mixing=0.2, share=0.0),
    ),
    (bk.TsallisINF(), lambda K, T: naive.TsallisINF(K)),
    (bk.Exp3PlusPlus(), lambda K, T: naive.Exp3PlusPlus(K, T)),
    (
        bk.Exp3PlusPlus(alpha=0.05, scale=0.02),
        lambda K, T: naive.Exp3PlusPlus(K, T, alpha=0.05, constant=0.02),
    ),
    (
        bk.Restarting(bk.Exp3(), every=23),
        lambda K, T: naive.Restarting(lambda: naive.Exp3(K, 23), 23),
    ),
    (
        bk.Restarting(bk.TsallisINF(), every=31),
        lambda K, T: naive.Restarting(lambda: naive.TsallisINF(K), 31),
    ),
    (bk.Rexp3(variation=1.0), lambda K, T: rexp3(K, T, 1.0)),
    (bk.Rexp3(variation=20.0), lambda K, T: rexp3(K, T, 20.0)),
    (
        bk.Batched(bk.Exp3()),
        lambda K, T: batched(T, cube_root(T, K), lambda rounds: naive.Exp3(K, rounds)),
    ),
    (
        bk.Batched(bk.TsallisINF(), size=7),
        lambda K, T: batched(T, 7, lambda rounds: naive.TsallisINF(K)),
    ),
    (
        bk.Batched(bk.Exp3Rewards(), size=3),
        lambda K, T: batched(T, 3, lambda rounds: naive.Exp3Rewards(K, rounds)),
    ),
    (bk.Doubling(bk.Exp3()), lambda K, T: Doubled(lambda length: naive.Exp3(K, length))),
    (bk.Doubling(bk.Exp3PlusPlus()), lambda K, T: Doubled(lambda T: naive.Exp3PlusPlus(K, T))),
]
# With high rates estimates feed back, and rounding grows by a factor of ten in ten rounds.
WILD = [
    (bk.Exp3(rate=0.5), lambda K, T: naive.Exp3(K, T, rate=0.5)),
    (bk.Exp3(rate=0.5, mixing=0.2), lambda K, T: naive.Exp3(K, T, rate=0.5, mixing=0.2)),
    (bk.Exp3IX(rate=0.5, implicit=0.0), lambda K, T: naive.Exp3IX(K, T, rate=0.5, implicit=0.0)),
]
# These take long: K copies of an oracle.
SWAPPING = [
    (bk.BlumMansour(), swapping_hedge),
    (
        bk.BlumMansour(bk.Hedge(rate=0.3)),
        lambda K, T: naive.BlumMansour(K, T, rate=-math.log1p(-0.3)),
    ),
    (bk.BlumMansour(bk.AdaHedge()), lambda K, T: Swapping(K, lambda: naive.AdaHedge(K))),
    (
        bk.Doubling(bk.BlumMansour(bk.OnlineGradientDescent())),
        lambda K, T: Doubled(
            lambda length: Swapping(K, lambda: naive.OnlineGradientDescent(K, length))
        ),
    ),
]
# With experts: the oracle is for N experts, K arms and T rounds.
FOLLOWERS = [
    bk.FollowTheLeader(),
    bk.Hedge(),
    bk.FixedShare(shifts=5),
    bk.AdaHedge(),
    bk.OnlineGradientDescent(rate=0.2),
    bk.OptimisticHedge(rate=0.6),
    bk.Restarting(bk.AdaHedge(), every=17),
    bk.Doubling(bk.Hedge()),
]
ADVISED_FULL = [
    (bk.MajorityVote(), lambda N, K, T: naive.MajorityVote(N, K)),
    (bk.WeightedMajority(), lambda N, K, T: naive.WeightedMajority(N, K)),
    (bk.WeightedMajority(rate=0.3), lambda N, K, T: naive.WeightedMajority(N, K, rate=0.3)),
    *(
        (learner, lambda N, K, T, make=make: naive.Following(make(N, T), K))
        for learner, make in FULL
        if learner in FOLLOWERS
    ),
]
ADVISED_BANDIT = [
    (bk.Exp4(), lambda N, K, T: naive.Exp4(N, K, T)),
    (bk.Exp4(rate=0.1), lambda N, K, T: naive.Exp4(N, K, T, rate=0.1)),
    (bk.Exp4(mixing=0.2), lambda N, K, T: naive.Exp4(N, K, T, mixing=0.2)),
    (bk.Exp4(rate=0.1, mixing=0.5), lambda N, K, T: naive.Exp4(N, K, T, rate=0.1, mixing=0.5)),
    (
        bk.Restarting(bk.Exp4(), every=29),
        lambda N, K, T: naive.Restarting(lambda: naive.Exp4(N, K, 29), 29),
    ),
    (
        bk.Doubling(bk.Exp4(mixing=0.1)),
        lambda N, K, T: Doubled(lambda length: naive.Exp4(N, K, length, mixing=0.1)),
    ),
    (bk.Exp3(), lambda N, K, T: naive.Exp3(K, T)),  # it does not listen
]
WITHOUT_DICE = (bk.FollowTheLeader, bk.MajorityVote, bk.WeightedMajority)
FAMILY = {
    *("FollowTheLeader", "Hedge", "FixedShare", "AdaHedge", "OnlineGradientDescent"),
    *("OptimisticHedge", "MajorityVote", "WeightedMajority", "Exp3", "Exp3Rewards", "Exp3IX"),
    *("Exp3P", "Exp3S", "TsallisINF", "Exp3PlusPlus", "Exp4", "Restarting", "Rexp3", "Batched"),
    *("BlumMansour", "Doubling"),
}


def _name(value):
    return repr(value) if isinstance(value, bk.Learner) else ""


def of(cases):
    return pytest.mark.parametrize(("learner", "oracle_of"), cases, ids=_name)


def draws(learner):
    return not isinstance(learner, WITHOUT_DICE)


def costs_of(rng, T, K):
    """Return costs, (T, K): half of the rounds in quarters, so that arms tie, and then any."""
    quarters = rng.integers(0, 5, size=(T // 2, K)) / 4
    return np.concatenate([quarters, rng.random((T - T // 2, K))])


def clear_costs(rng, T, K):
    """Return costs, (T, K), of which those of one arm are plainly smaller."""
    costs = 0.75 + 0.25 * rng.random((T, K))
    costs[:, rng.integers(K)] -= 0.75
    return costs


def advice_of(rng, T, N, K):
    return rng.integers(0, K, size=(T, N))


def answer_for(learner, feedback, row, arm):
    """Return what a learner is told of a row of costs, as the book has it."""
    seen = row if learner.costs else 1.0 - row
    return seen if feedback == "full" else seen[arm]


def start(problem, learner, horizon, rng=None):
    """Return environment and policy, as `simulate` starts them."""
    env = problem.start(horizon, rng)
    policy = learner.start(told(problem, learner), horizon)
    return adapt(problem, learner, env, policy)


def ask_once(oracle):
    """Let an oracle work out each round only once, though it asks itself when it is told."""
    known, work_out = {}, oracle.distribution

    def distribution(t, x):
        if t not in known:
            known[t] = work_out(t, x)
        return known[t]

    oracle.distribution = distribution
    return oracle


def drawn(p, u):
    """Return the arm that the number u draws from p."""
    return int(min(np.searchsorted(np.cumsum(p), u, side="right"), np.flatnonzero(p)[-1]))


@patience(10.0)
def check_game(learner, oracle, losses, advice=None, feedback="bandit", seed=0, check=None):
    """In each round the learner has the oracle's distribution.

    In every other round the policy itself is only asked for an action, as by the plain loop, and a
    copy of it for the distribution.
    """
    if advice is None:
        highest = max(1.0, losses.max())
        problem = bk.LossTable(losses, highest=highest, feedback=feedback)
    else:
        problem = bk.ExpertAdvice(losses, advice, feedback=feedback)
    learner.check(problem)
    env, policy = start(problem, learner, len(losses))
    ask_once(oracle)
    rng, dice = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    for t, row in enumerate(losses):
        x = env.observe(t, None)
        expected = np.array(oracle.distribution(t, x))
        assert expected.sum() == pytest.approx(1.0, abs=1e-12)
        if draws(learner):
            asked = policy if t % 2 else copy.deepcopy(policy)
            p = np.array(asked.distribution(t, x))
            np.testing.assert_allclose(p, expected, rtol=0.0, atol=1e-9, err_msg=f"round {t}")
            assert p[policy.select(t, x, dice)] > 0.0
        else:
            arm = policy.select(t, x, None)
            (check or check_choice)(oracle, t, x, arm)
        a = drawn(expected, rng.random())
        policy.update(t, x, a, env.respond(t, x, a, None))
        oracle.update(t, x, a, answer_for(learner, feedback, row, a))


def check_choice(oracle, t, x, arm):
    assert oracle.distribution(t, x)[arm] == 1.0, t


def check_vote(oracle, t, x, arm):
    """The arm is the oracle's, or has as many votes up to rounding."""
    mistakes = naive.column_totals(oracle.expert_costs(t), oracle.N)
    weights = [(1.0 - oracle.rate) ** (m - min(mistakes)) for m in mistakes]
    votes = [naive.total(weights[e] for e in range(oracle.N) if x[e] == k) for k in range(oracle.K)]
    assert votes[arm] == pytest.approx(max(votes), rel=1e-12), t


# -------------------------------------------------------------------------- against the oracles


def test_the_oracles_cover_the_learners_of_chapters_5_and_6():
    cases = [*FULL, *BANDIT, *SWAPPING, *ADVISED_FULL, *ADVISED_BANDIT]
    assert {type(learner).__name__ for learner, _ in cases} == FAMILY
    assert len(ADVISED_FULL) == 3 + len(FOLLOWERS)


@pytest.mark.parametrize("K", [1, 2, 3, 7])
@of(FULL)
def test_with_full_feedback_a_learner_has_the_distribution_of_its_oracle(learner, oracle_of, K):
    T = 200
    losses = costs_of(np.random.default_rng(K), T, K)
    if learner == bk.Hedge(second_moment=4.0):
        losses = 3.0 * losses
    check_game(learner, oracle_of(K, T), losses, feedback="full", seed=K)


@pytest.mark.parametrize("K", [1, 2, 3, 7])
@of(BANDIT)
def test_with_bandit_feedback_a_learner_has_the_distribution_of_its_oracle(learner, oracle_of, K):
    T = 200
    losses = costs_of(np.random.default_rng(K), T, K)
    check_game(learner, oracle_of(K, T), losses, seed=K)


@pytest.mark.parametrize("K", [1, 2, 3, 7])
@of(WILD)
def test_with_a_high_rate_a_learner_begins_with_the_distribution_of_its_oracle(
    learner, oracle_of, K
):
    T = 30
    losses = costs_of(np.random.default_rng(K), T, K)
    check_game(learner, oracle_of(K, T), losses, seed=K)


@pytest.mark.parametrize("K", [1, 2, 3, 4])
@of(SWAPPING)
def test_a_swapping_learner_has_the_distribution_of_its_oracle(learner, oracle_of, K):
    T = 60
    losses = costs_of(np.random.default_rng(K), T, K)
    check_game(learner, oracle_of(K, T), losses, seed=K)


@pytest.mark.parametrize("K", [1, 2, 3, 7])
@of(ADVISED_FULL)
def test_who_follows_experts_has_the_distribution_of_its_oracle(learner, oracle_of, K):
    T, N, rng = 200, 5, np.random.default_rng(K)
    losses, advice = costs_of(rng, T, K), advice_of(rng, T, N, K)
    if not draws(learner):  # mistakes are what majorities look at
        losses = (losses > 0.75).astype(float)
    # Weights like 0.7**3 have no exact sums: rounding may break a tie.
    check = check_vote if learner == bk.WeightedMajority(rate=0.3) else None
    check_game(learner, oracle_of(N, K, T), losses, advice, "full", seed=K, check=check)


@pytest.mark.parametrize("K", [1, 2, 3, 7])
@of(ADVISED_BANDIT)
def test_exp4_has_the_distribution_of_its_oracle(learner, oracle_of, K):
    T, N, rng = 200, 5, np.random.default_rng(K)
    losses, advice = costs_of(rng, T, K), advice_of(rng, T, N, K)
    check_game(learner, oracle_of(N, K, T), losses, advice, seed=K)


@pytest.mark.parametrize("T", [1, 2, 3, 5])
@of([*FULL, *BANDIT, *WILD, *SWAPPING])
def test_a_few_rounds_are_played_as_by_the_oracle(learner, oracle_of, T):
    # Here parameters that are tuned to the horizon meet their limits.
    feedback = learner.accepts.value
    for K in (1, 2, 7):
        losses = costs_of(np.random.default_rng(K), T, K)
        check_game(learner, oracle_of(K, T), losses, feedback=feedback, seed=K)


@pytest.mark.parametrize("T", [1, 2, 3, 5])
@of([*ADVISED_FULL, *ADVISED_BANDIT])
def test_a_few_rounds_with_experts_are_played_as_by_the_oracle(learner, oracle_of, T):
    for K, N in ((1, 1), (2, 1), (2, 40), (7, 3)):
        rng = np.random.default_rng([K, N])
        losses, advice = (costs_of(rng, T, K) > 0.5) * 1.0, advice_of(rng, T, N, K)
        check = check_vote if isinstance(learner, bk.WeightedMajority) else None
        feedback = learner.accepts.value
        check_game(learner, oracle_of(N, K, T), losses, advice, feedback, seed=K, check=check)


@pytest.mark.parametrize("K", [2, 3, 7])
@pytest.mark.parametrize(("alpha", "scale"), [(3.0, 256.0), (0.05, 256.0), (0.05, 0.02)])
def test_exp3_plus_plus_explores_by_the_gaps_as_its_oracle(alpha, scale, K):
    T = 400
    losses = clear_costs(np.random.default_rng(K), T, K)
    oracle = naive.Exp3PlusPlus(K, T, alpha=alpha, constant=scale)
    check_game(bk.Exp3PlusPlus(alpha=alpha, scale=scale), oracle, losses, seed=K)
    spared = 0  # rounds in which some arm was known to be worth less exploration
    for t in range(K, T):
        best = min(oracle.interval(a, t)[1] for a in range(K))
        gap = max(oracle.interval(a, t)[0] for a in range(K)) - best
        usual = min(0.5 / K, 0.5 * math.sqrt(math.log(K) / ((t + 1) * K)))
        spared += gap > 0 and scale * math.log(t + 1) / ((t + 1) * gap * gap) < usual
    assert spared > 50 if (alpha, scale) == (0.05, 0.02) else spared == 0


@pytest.mark.parametrize("K", [2, 3])
def test_exp3_plus_plus_sees_no_gap_where_all_arms_may_cost_1(K):
    # Upper confidence bounds beyond 1 say nothing: costs are at most 1.
    losses = 0.96 + 0.04 * clear_costs(np.random.default_rng(K), 400, K)
    oracle = naive.Exp3PlusPlus(K, 400, alpha=0.05, constant=1e-4)
    check_game(bk.Exp3PlusPlus(alpha=0.05, scale=1e-4), oracle, losses, seed=K)


@pytest.mark.parametrize("seed", range(20))
def test_of_equal_halves_of_the_experts_the_lowest_prediction_wins(seed):
    # With rate 1/2 weights are powers of 2, and a tie is a tie: experts who were wrong in other
    # rounds, or of whom several weigh as much as one, are no exception.
    rng = np.random.default_rng(seed)
    T, N, K = 100, 8, 2 + seed % 3
    losses, advice = (rng.random((T, K)) < 0.3) * 1.0, advice_of(rng, T, N, K)
    oracle = naive.WeightedMajority(N, K)
    check_game(bk.WeightedMajority(), oracle, losses, advice, "full", seed)


def test_a_batch_is_the_cube_root_of_the_rounds_for_each_arm():
    for n in range(1, 1001):
        assert bk.Batched(bk.Exp3()).rounds(K=1, horizon=n**3) == n
        assert bk.Batched(bk.Exp3()).rounds(K=7, horizon=7 * n**3 + 1) == n + 1


# ----------------------------------------------------------------------------------------- draws


@patience(10.0)
def played(problem, learner, rounds, seed=0):
    """Return environment and policy after some rounds as Python, and what is shown next."""
    env_rng, policy_rng = (np.random.default_rng([seed, who]) for who in (0, 1))
    env, policy = start(problem, learner, max(2, 2 * rounds), env_rng)
    card = blank_scorecard(np.array([rounds + 1]))
    play_interpreted(env, policy, card, rounds, env_rng, policy_rng)
    return env, policy, env.observe(rounds, env_rng)


def arrays_of(record):
    for field in record:
        if isinstance(field, tuple):
            yield from arrays_of(field)
        elif isinstance(field, np.ndarray):
            yield field


def check_draws(policy, t, x, n=20_000):
    """Frozen, a policy draws as its distribution says, by a chi-square test; return it."""
    policy = copy.deepcopy(policy)
    p = np.array(policy.distribution(t, x))
    rng = np.random.default_rng(12345)
    counts = np.zeros(p.size)
    for _ in range(n):
        counts[policy.select(t, x, rng)] += 1
    assert np.array_equal(policy.distribution(t, x), p)  # to draw is not to learn
    assert not counts[p == 0.0].any()
    often = n * p >= 10.0
    expected, seen = n * p[often], counts[often]
    if n * p[~often].sum() > 0.0:  # rare arms are counted together
        rare = n * p[~often].sum()
        expected, seen = np.append(expected, rare), np.append(seen, counts[~often].sum())
    far = ((seen - expected) ** 2 / expected).sum()
    assert far <= (chi2.isf(1e-6, len(seen) - 1) if len(seen) > 1 else 1e-9)
    return p


DRAWING = [
    *(learner for learner, _ in [*FULL, *BANDIT, SWAPPING[0], SWAPPING[-1]] if draws(learner)),
    bk.Uniform(),
    bk.EpsilonGreedy(),
    bk.Doubling(bk.EpsilonGreedy()),
]
DRAWING_ADVISED = [learner for learner, _ in [*ADVISED_FULL, *ADVISED_BANDIT] if draws(learner)]


def tape_for(learner, K, T, seed=3):
    losses = costs_of(np.random.default_rng(seed), T, K)
    return bk.LossTable(losses, feedback=learner.accepts)


def experts_for(learner, K, N, T, seed=3):
    rng = np.random.default_rng(seed)
    return bk.ExpertAdvice(costs_of(rng, T, K), advice_of(rng, T, N, K), feedback=learner.accepts)


@pytest.mark.parametrize("learner", DRAWING, ids=repr)
def test_draws_follow_the_distribution(learner):
    _, policy, x = played(tape_for(learner, K=5, T=60), learner, rounds=40)
    check_draws(policy, 40, x)


@pytest.mark.parametrize("learner", DRAWING_ADVISED, ids=repr)
def test_draws_of_who_follows_experts_follow_the_distribution(learner):
    _, policy, x = played(experts_for(learner, K=4, N=6, T=60), learner, rounds=40)
    check_draws(policy, 40, x)


@pytest.mark.parametrize(
    ("learner", "rounds"),
    [
        (bk.OnlineGradientDescent(rate=0.5), 12),  # it has left arms behind
        (bk.Exp3PlusPlus(), 3),  # it plays every arm once
        (bk.Batched(bk.Exp3(), size=7), 18),  # in the middle of a batch
        (bk.Restarting(bk.Exp3PlusPlus(), every=10), 12),
    ],
    ids=_name,
)
def test_arms_without_probability_are_not_drawn(learner, rounds):
    _, policy, x = played(tape_for(learner, K=5, T=60), learner, rounds)
    assert (check_draws(policy, rounds, x, n=5000) == 0.0).any()


def test_arms_that_no_expert_recommends_are_not_drawn():
    problem = bk.ExpertAdvice(np.ones((9, 4)), np.full((9, 3), 2), feedback="bandit")
    _, policy, x = played(problem, bk.Exp4(), rounds=5)
    assert check_draws(policy, 5, x, n=1000).tolist() == [0.0, 0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    "learner", [bk.Exp3(rate=0.5), bk.Exp3IX(rate=0.5, implicit=0.0)], ids=repr
)
def test_an_arm_whose_weight_has_vanished_is_not_drawn(learner):
    for K in (2, 3, 5, 8):
        for last in (False, True):
            policy = learner.start(Arms(K, costs=True), 100)
            bad = K - 1 if last else 0
            while share_of(policy.weights, bad) > 0.0:  # estimates grow beyond all bounds
                policy.update(0, None, bad, 1.0)
            p = check_draws(policy, 0, None, n=2000)
            assert p.tolist() == [0.0 if a == bad else 1.0 / (K - 1) for a in range(K)]


# ------------------------------------------------------------------------- compiled and interpreted

COINS = bk.SwitchingCosts([[0.2, 0.5, 0.7], [0.7, 0.5, 0.2]])
FULL_COINS = bk.SwitchingCosts(COINS.means, feedback="full")
DIMES = bk.HeavyCosts((0.2, 0.5, 0.7), highest=0.1, feedback="full")
EXPERTS = bk.BlockAdvice(K=3, blocks=2, feedback="full")
SILENT_EXPERTS = bk.BlockAdvice(K=3, blocks=2)

# Every kind of code once; settings that change no more than numbers need no compilation of their
# own.  Two processes share the compiling: the slow ones come first.
GAMES = [
    (COINS, bk.Rexp3(variation=1.0)),
    (SILENT_EXPERTS, bk.Exp4()),
    (SILENT_EXPERTS, bk.Exp4(mixing=0.2)),
    (COINS, bk.BlumMansour()),
    (bk.ShiftingRegret(COINS, shifts=1), bk.Exp3S()),
    (COINS, bk.Exp3()),
    (COINS, bk.Exp3(mixing=0.3)),
    (COINS, bk.Exp3PlusPlus()),
    (COINS, bk.Exp3PlusPlus(alpha=0.05, scale=0.02)),
    (bk.ExpectedRegret(DIMES), bk.Hedge()),
    (bk.ShiftingRegret(FULL_COINS, shifts=1), bk.FixedShare()),
    (COINS, bk.Exp3Rewards()),
    (EXPERTS, bk.Hedge()),
    (COINS, bk.Exp3P()),
    (EXPERTS, bk.MajorityVote()),
    (EXPERTS, bk.WeightedMajority(rate=0.3)),
    (COINS, bk.Exp3IX()),
    (COINS, bk.Batched(bk.TsallisINF())),
    (COINS, bk.TsallisINF()),
    (DIMES, bk.OptimisticHedge()),
    (FULL_COINS, bk.AdaHedge()),
    (FULL_COINS, bk.Doubling(bk.AdaHedge())),
    (FULL_COINS, bk.Hedge()),
    (DIMES, bk.FollowTheLeader()),
    (DIMES, bk.OnlineGradientDescent(rate=0.4)),
]


@pytest.fixture(scope="module", autouse=True)
def _compiling(request):
    """Two processes compile all games, while the first tests run, and leave the code on disk."""
    if not any("machine_code" in test.fixturenames for test in request.session.items):
        yield []
        return
    words = {"horizon": 2, "replications": 1, "seed": 0, "progress": False}
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield [pool.submit(bk.simulate, game, [learner], **words) for game, learner in GAMES]


@pytest.fixture(scope="module")
def machine_code(_compiling):
    """Wait until all games are compiled."""
    for task in _compiling:
        task.result()


@pytest.mark.usefixtures("machine_code")
@pytest.mark.parametrize(("problem", "learner"), GAMES, ids=repr)
def test_compiled_and_interpreted_games_and_states_are_equal_to_the_bit(problem, learner):
    T, seed = 300, 6
    regret = []
    for replication in range(2):
        states = []
        for compiled in (False, True):  # Python first: it can be interrupted
            env_rng, policy_rng = generators = [
                np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(replication, who)))
                for who in (0, 1)
            ]
            env, policy = start(problem, learner, T, env_rng)
            loop = player_of(env, policy) if compiled else play_interpreted
            card = blank_scorecard(np.arange(1, T + 1))
            for until in (1, 2, 77, T):  # cut into calls, as `simulate` does
                with nullcontext() if compiled else patience(10.0):
                    loop(env, policy, card, until, env_rng, policy_rng)
            state = [*arrays_of(policy), *arrays_of(env)]
            states.append([*state, card.regret, np.array([rng.random() for rng in generators])])
        for python, machine in zip(*states, strict=True):
            assert python.dtype == machine.dtype
            assert python.tobytes() == machine.tobytes()
        regret.append(card.regret)
    words = {"horizon": T, "replications": 2, "seed": seed, "times": range(1, T + 1)}
    assert np.array_equal(bk.simulate(problem, [learner], **words).regret[0], regret)


# --------------------------------------------------------------------------------- a million rounds

MILLION = 1_000_000


def play_a_million(learner, shifting=False):
    """Return regret after a quarter, a half, three quarters and all of a million rounds."""
    tape = bk.SwitchingCosts([[0, 1], [1, 0]], feedback=learner.accepts)
    problem = bk.ShiftingRegret(tape, shifts=1) if shifting else tape
    times = [MILLION // 4, MILLION // 2, 3 * MILLION // 4, MILLION]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = bk.simulate(
            problem, [learner], horizon=MILLION, replications=1, seed=0, times=times
        )
    assert np.isfinite(result.regret).all()
    return result.regret[0, 0]


@pytest.mark.usefixtures("machine_code")
@pytest.mark.parametrize(
    "learner",
    [
        bk.Hedge(),
        bk.Hedge(rate=0.5),
        bk.AdaHedge(),
        bk.Exp3(),
        bk.Exp3(rate=0.5),
        bk.Exp3(mixing=0.01),
        bk.Exp3IX(),
        bk.Exp3IX(rate=0.5),
        bk.Exp3Rewards(),
        bk.Exp3Rewards(mixing=0.5),
        bk.TsallisINF(),
    ],
    ids=repr,
)
def test_a_million_rounds_neither_overflow_nor_underflow(learner):
    quarter, half, _, end = play_a_million(learner)
    # While the first arm is best for half a million rounds, it is found; and in the end neither is
    # better than the other, so that nobody who learns pays much more than half a million.
    sure = {bk.Exp3(mixing=0.01): 0.01, bk.Exp3Rewards(mixing=0.5): 0.5}
    wasted = 0.5 * sure.get(learner, 0.0)  # by mixing
    limit = 2.0 * math.sqrt(3.0) * math.sqrt(2 * MILLION * math.log(2)) + 1.0  # of Theorem 6.11
    assert -1e-6 <= quarter <= half <= wasted * MILLION / 2 + limit
    assert end <= wasted * MILLION + limit


@pytest.mark.usefixtures("machine_code")
@pytest.mark.parametrize("share", [None, 1e-12, 0.1])
def test_fixed_share_recovers_from_a_shift_after_half_a_million_rounds(share):
    *_, end = play_a_million(bk.FixedShare(share=share), shifting=True)
    alpha = 1 / (MILLION - 1) if share is None else share
    C = 2 * math.log(2) - math.log(alpha) - (MILLION - 2) * math.log1p(-alpha)
    assert -1e-6 <= end <= 1.01 * math.sqrt(C * MILLION / 2)


@pytest.mark.usefixtures("machine_code")
@pytest.mark.parametrize("share", [None, 1e-12])
def test_exp3s_recovers_from_a_shift_after_half_a_million_rounds(share):
    *_, end = play_a_million(bk.Exp3S(share=share), shifting=True)
    segments = 2 * math.log(2 * MILLION) + math.e
    assert end <= 2 * math.sqrt(math.e - 1) * math.sqrt(2 * MILLION * segments)


# ---------------------------------------------------------------------------------- core/weights.py


class Given:
    """Stands for a generator: its random numbers are these."""

    def __init__(self, *numbers):
        self.numbers = list(numbers)

    def random(self):
        return self.numbers.pop(0)


LAST = 1.0 - 2.0**-53  # the largest number that a generator returns
CHANGES = st.one_of(
    st.floats(-5.0, 5.0),
    st.floats(-1e6, 300.0),
    st.sampled_from([-1e6, -750.0, -230.5, 0.0, 199.9, 200.0, 300.0]),
)


@st.composite
def changed_trees(draw):
    """Return a number of arms, and changes of their logarithms: (arm, amount)."""
    K = draw(st.integers(1, 9))
    return K, draw(st.lists(st.tuples(st.integers(0, K - 1), CHANGES), max_size=40))


def check_tree(tree):
    """Nodes are sums, and shares are the softmax of the logarithms."""
    K, size, nodes = tree.logs.size, tree.size, tree.nodes
    assert size >= K
    assert nodes.shape == (2 * size,)
    for i in range(1, size):
        assert nodes[i] == nodes[2 * i] + nodes[2 * i + 1]
    assert not nodes[size + K :].any()
    assert 1e-100 <= nodes[1] < math.inf
    expected = naive.softmax(tree.logs.tolist())
    for a, share in enumerate(expected):
        assert share_of(tree, a) == pytest.approx(share, rel=1e-9, abs=1e-80)


def inverse(weights, left):
    """Return the first leaf up to which weights exceed `left`, or the last that weighs anything."""
    for a, weight in enumerate(weights):
        left -= weight
        if left < 0.0:
            return a
    return int(np.flatnonzero(weights)[-1])


@settings(max_examples=300, deadline=None)
@given(changed_trees())
def test_a_tree_holds_sums_of_the_weights(change):
    K, steps = change
    tree, logs = blank_tree(K), np.zeros(K)
    check_tree(tree)
    for a, amount in steps:
        add_to_log(tree, a, amount)
        logs[a] += amount
        assert np.array_equal(tree.logs, logs)
        check_tree(tree)
    leaves = tree.nodes[tree.size : tree.size + K]
    bounds = np.cumsum(leaves) / leaves.sum()
    for u in [0.0, 5e-324, 1e-300, *np.linspace(0.0, 1.0, 65)[1:-1], 1.0 - 1e-9, LAST]:
        leaf = draw_leaf(tree, Given(u))
        assert 0 <= leaf < K
        assert leaves[leaf] > 0.0
        if np.abs(u - bounds).min() > 1e-12:  # or rounding decides
            assert leaf == inverse(leaves / leaves.sum(), u)


def test_a_tree_forgets_nothing_in_a_long_game():
    rng = np.random.default_rng(0)
    for amounts in (-rng.exponential(3.0, 30_000), rng.exponential(3.0, 30_000)):
        tree = blank_tree(6)
        for a, amount in zip(rng.integers(0, 6, amounts.size), amounts, strict=True):
            add_to_log(tree, int(a), float(amount))
        check_tree(tree)


def test_weights_that_vanished_come_back_when_the_others_fall():
    tree = blank_tree(3)
    add_to_log(tree, 0, -1e6)
    assert share_of(tree, 0) == 0.0
    for a in (1, 2):
        add_to_log(tree, a, -1e6 - a)
    check_tree(tree)
    assert share_of(tree, 0) > 0.6
    add_to_log(tree, 1, 2e6)
    assert [share_of(tree, a) for a in range(3)] == [0.0, 1.0, 0.0]
    check_tree(tree)


def tree_of(weights):
    tree = blank_tree(len(weights))
    tree.nodes[tree.size : tree.size + len(weights)] = weights
    for i in range(tree.size - 1, 0, -1):
        tree.nodes[i] = tree.nodes[2 * i] + tree.nodes[2 * i + 1]
    return tree


@pytest.mark.parametrize(
    "weights",
    [[1.0], [0.25, 0.5, 0.0, 0.125, 0.125], [0.0, 1.0], [0.0, 0.0, 0.5, 0.0, 0.0, 0.5, 0.0]],
)
def test_a_leaf_is_drawn_on_a_fine_grid_by_the_inverse_of_the_sums(weights):
    tree, p = tree_of(weights), np.array(weights)
    for i in range(4096):  # all sums are exact here
        assert draw_leaf(tree, Given(i / 4096)) == inverse(weights, i / 4096)
        assert draw_arm(p, Given(i / 4096)) == inverse(weights, i / 4096)
    assert draw_leaf(tree, Given(LAST)) == draw_arm(p, Given(LAST)) == np.flatnonzero(weights)[-1]


def test_a_leaf_is_drawn_even_where_rounding_leads_past_the_last():
    # 3 + (2**53 + 4) is rounded up, and what is left of it after 3 is rounded up once more.
    tree = tree_of([3.0, 0.0, 2.0**53 + 4.0])
    assert draw_leaf(tree, Given(LAST)) == 2


@given(
    st.lists(st.one_of(st.just(0.0), st.floats(1e-12, 1.0)), min_size=1, max_size=12).filter(any),
    st.one_of(st.floats(0.0, 1.0, exclude_max=True), st.sampled_from([0.0, LAST, 1.0 - 1e-15])),
)
@example([0.1] * 10, LAST)
@example([0.7, 0.1, 0.2, 0.0, 0.0], LAST)
@example([0.0, 1.0, 0.0], 0.0)
def test_an_arm_is_drawn_by_the_inverse_of_the_sums(weights, u):
    p = np.array(weights) / sum(weights)
    arm = draw_arm(p, Given(u))
    assert p[arm] > 0.0
    below, above = p[:arm].sum(), p[: arm + 1].sum()
    assert below - 1e-12 <= u < above + 1e-12


@given(st.lists(st.floats(-800.0, 800.0), min_size=1, max_size=8), st.floats(-1e6, 1e6))
@example([0.0, -1e6, 1e6], 0.0)
@example([-1e6, -1e6 - 1.0], 0.0)
def test_softmax_does_not_mind_how_large_the_logarithms_are(differences, level):
    logs = np.array(differences) + level
    p = np.full(logs.size, np.nan)
    softmax(logs, p)
    exact = [math.fsum(math.exp(min(700.0, b - a)) for b in logs) for a in logs]
    assert p == pytest.approx([1.0 / each for each in exact], rel=1e-12, abs=1e-290)
    assert p.sum() == pytest.approx(1.0, rel=1e-14)
    softmax(logs, logs)  # in place
    assert np.array_equal(logs, p)


# ------------------------------------------------------------- Tsallis, projection, stationarity


def check_tsallis(totals, eta):
    totals, p = np.asarray(totals, dtype=float), np.full(len(totals), np.nan)
    kept = totals.copy()
    tsallis_weights(totals, eta, p)
    assert np.array_equal(totals, kept)
    assert (p > 0.0).all()
    assert abs(math.fsum(p) - 1.0) <= 4e-16 * p.size
    # p_i = 4 / (eta (totals_i - x))**2: the best arm tells x, as a distance from its total
    behind = totals - totals.min()
    distance = 2.0 / (eta * math.sqrt(p[int(np.argmin(totals))]))
    np.testing.assert_allclose(p, 4.0 / (eta * (behind + distance)) ** 2, rtol=1e-12, atol=0.0)
    return p


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(st.floats(0.0, 1e8), st.floats(0.0, 10.0), st.sampled_from([0.0, 1.0, 1e8])),
        min_size=1,
        max_size=30,
    ),
    st.floats(math.log(2e-5), math.log(2.0)).map(math.exp),
)
def test_tsallis_weights_solve_their_equation(totals, eta):
    check_tsallis(totals, eta)


@pytest.mark.parametrize("eta", [2.0, 0.3, 2e-3, 2e-5])
@pytest.mark.parametrize("magnitude", [0.0, 1.0, 1e4, 1e8])
def test_tsallis_weights_solve_their_equation_for_up_to_200_arms(magnitude, eta):
    rng = np.random.default_rng(0)
    for K in (1, 2, 3, 10, 50, 127, 200):
        check_tsallis(magnitude * rng.random(K), eta)
        check_tsallis(magnitude * rng.random(K) ** 8, eta)
        p = check_tsallis(np.full(K, magnitude), eta)
        np.testing.assert_allclose(p, 1.0 / K, rtol=1e-14)
        tied = check_tsallis(np.repeat(magnitude * rng.random((K + 1) // 2), 2), eta)
        assert np.array_equal(tied[::2], tied[1::2])


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.lists(st.floats(-10.0, 10.0), min_size=1, max_size=12),
        st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12),
        st.lists(st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=12),
    )
)
@example([-1.7, -1.6, -0.8])
@example([0.6953125, -0.0953125, -0.19999999999999998])
@example([1.5, 0.9, 1.3])
def test_the_nearest_distribution_is_what_sorting_finds(v):
    p = np.array(v)
    with patience(1.0):
        project_on_simplex(p)
    tolerance = 1e-14 * (1.0 + max(map(abs, v))) * len(v)
    assert (p >= 0.0).all()
    assert p.sum() == pytest.approx(1.0, abs=tolerance)
    np.testing.assert_allclose(p, naive.projection(v), rtol=0.0, atol=tolerance)
    again = p.copy()
    project_on_simplex(again)
    np.testing.assert_allclose(again, p, rtol=0.0, atol=1e-14)


@pytest.mark.parametrize("rate", [1e3, 1e9, 1e15, 1e16, 1e18, 1e300])
def test_a_gradient_step_of_any_length_ends_in_a_distribution(rate):
    for costs in ([1.0, 1.0], [0.0, 1.0], [0.25, 1.0, 0.25], [0.3, 0.3, 0.3, 0.1]):
        policy = bk.OnlineGradientDescent(rate=rate).start(Arms(len(costs), costs=True), 10)
        with patience(1.0):
            policy.update(0, None, 0, np.array(costs))
        p = policy.distribution(1, None)
        assert (p >= 0.0).all()
        assert p.sum() == pytest.approx(1.0)
        cheapest = np.array(costs) == min(costs)
        np.testing.assert_allclose(p, cheapest / cheapest.sum())


def check_stationary(Q):
    Q, p = np.asarray(Q, dtype=float), np.full(len(Q), np.nan)
    stationary(Q.copy(), p)
    assert (p >= 0.0).all()
    assert p.sum() == pytest.approx(1.0, abs=1e-14)
    np.testing.assert_allclose(p @ Q, p, rtol=1e-12, atol=0.0)
    np.testing.assert_allclose(p, naive.stationary(Q.tolist()), rtol=1e-12, atol=0.0)
    return p


def test_a_stationary_distribution_stays_the_same():
    rng = np.random.default_rng(1)
    for K in (1, 2, 3, 5, 20):
        for _ in range(20):
            Q = rng.dirichlet(np.full(K, 0.5), size=K) + 1e-100
            check_stationary(Q / Q.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("leak", [1e-3, 1e-12, 1e-50, 1e-100])
def test_a_stationary_distribution_stays_the_same_where_states_are_hardly_left(leak):
    # Two states: p goes like (b, a), where a and b are the chances to leave.
    for a, b in ((leak, leak), (leak, 2 * leak), (leak, 0.5), (1.0, leak)):
        p = check_stationary([[1.0 - a, a], [b, 1.0 - b]])
        assert p == pytest.approx([b / (a + b), a / (a + b)], rel=1e-12)
    # Two blocks, each with a distribution of its own, and as hard to leave as to enter.
    rng = np.random.default_rng(2)
    for sizes in ((1, 3), (3, 1), (2, 2), (4, 3)):
        m, n = sizes
        Q = np.full((m + n, m + n), leak)
        Q[:m, :m] += rng.dirichlet(np.ones(m), size=m)
        Q[m:, m:] += rng.dirichlet(np.ones(n), size=n)
        check_stationary(Q / Q.sum(axis=1, keepdims=True))
    # All copies sure of themselves: nobody is preferred.
    Q = np.full((4, 4), leak)
    np.fill_diagonal(Q, 1.0 - 3.0 * leak)
    np.testing.assert_allclose(check_stationary(Q), 0.25, rtol=1e-12)


# ------------------------------------------------------------------------- copies and restarts

NESTED = [
    bk.Restarting(bk.Restarting(bk.UCB1(), every=3), every=10),
    bk.Doubling(bk.Exp3()),
    bk.BlumMansour(bk.AdaHedge()),
    bk.Batched(bk.TsallisINF(), size=4),
]


@pytest.mark.parametrize(
    ("learner", "make"),
    [*((learner, lambda f: f) for learner in NESTED), (NESTED[-1], jit)],
    ids=lambda x: _name(x) or ("compiled" if x is jit else "interpreted"),
)
def test_a_restored_state_is_equal_and_shares_no_memory(learner, make):
    tape = tape_for(learner, K=3, T=60)
    _, policy, _ = played(tape, learner, rounds=25, seed=1)
    _, other, _ = played(tape, learner, rounds=19, seed=2)
    original = copy.deepcopy(other)
    mine, theirs = list(arrays_of(policy)), list(arrays_of(other))
    assert any(not np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))
    make(lambda policy, other: restore(policy, other))(policy, other)
    for a, b, before in zip(mine, theirs, arrays_of(original), strict=True):
        assert np.array_equal(a, b)
        assert np.array_equal(b, before)
    assert not any(np.shares_memory(a, b) for a in mine for b in theirs)
    for a in mine:
        a += 1
    for b, before in zip(theirs, arrays_of(original), strict=True):
        assert np.array_equal(b, before)


@pytest.mark.parametrize("every", [1, 2, 7, 50, 99, 100, 1000])
@pytest.mark.parametrize(
    "inner", [bk.UCB1(), bk.MOSS(), bk.Exp3(), bk.TsallisINF(), bk.Batched(bk.Exp3IX())], ids=repr
)
def test_a_restarted_learner_plays_each_block_as_a_fresh_one(inner, every):
    T, K = 100, 3
    rewards = np.random.default_rng(4).random((T, K))
    dice, same_dice = np.random.default_rng(5), np.random.default_rng(5)
    policy = complete(bk.Restarting(inner, every=every).start(Arms(K, costs=inner.costs), T))
    for t in range(T):
        if t % every == 0:
            fresh = complete(inner.start(Arms(K, costs=inner.costs), every))
        arm = policy.select(t, None, dice)
        assert arm == fresh.select(t % every, None, same_dice)
        policy.update(t, None, arm, rewards[t, arm])
        fresh.update(t % every, None, arm, rewards[t, arm])


# --------------------------------------------------------------------------------------- adapters


class NotesPolicy(NamedTuple):
    """Plays the arms in turn, and writes down what it is told."""

    notes: np.ndarray  # (T, 1) or (T, K)
    K: int

    def select(self, t, x, rng):
        return t % self.K

    def update(self, t, x, a, y):
        self.notes[t, :] = y


class Notes(bk.Learner):
    def start(self, spec, horizon):
        columns = spec.K if self.accepts is Feedback.FULL else 1
        return NotesPolicy(np.full((horizon, columns), np.nan), spec.K)


class CostNotes(Notes):
    costs: ClassVar[bool] = True


class FullNotes(Notes):
    accepts: ClassVar[Feedback] = Feedback.FULL


class FullCostNotes(FullNotes):
    costs: ClassVar[bool] = True


def notes_of(problem, learner, horizon, compiled=False):
    """Return what a learner is told, (T, 1) or (T, K)."""
    learner.check(problem)
    rngs = np.random.default_rng(0), np.random.default_rng(1)
    policy = learner.start(told(problem, learner), horizon)
    env, adapted = adapt(problem, learner, problem.start(horizon, rngs[0]), policy)
    loop = player_of(env, adapted) if compiled else play_interpreted
    loop(env, adapted, blank_scorecard(np.array([horizon])), horizon, *rngs)
    assert np.isfinite(policy.notes).all()
    return policy.notes


@pytest.mark.parametrize(("lowest", "highest"), [(0.0, 1.0), (-1.0, 3.0)])
def test_a_learner_of_rewards_is_told_what_a_cost_falls_short_of_the_highest(lowest, highest):
    T, K = 30, 3
    losses = lowest + (highest - lowest) * np.random.default_rng(0).integers(0, 9, (T, K)) / 8
    own = losses[np.arange(T), np.arange(T) % K][:, np.newaxis]
    words = {"lowest": lowest, "highest": highest}
    bandit = bk.LossTable(losses, **words)
    full = bk.LossTable(losses, feedback="full", **words)
    turned = lowest + highest  # all sums are exact here
    for problem, mine, costs, expected in (
        (bandit, Notes(), CostNotes(), own),
        (full, FullNotes(), FullCostNotes(), losses),
    ):
        for each in (problem, bk.ExpectedRegret(problem)):
            assert np.array_equal(notes_of(each, costs, T), expected)
            assert np.array_equal(notes_of(each, mine, T), turned - expected)
    if lowest:  # to compile once is enough
        compiled = notes_of(full, FullNotes(), T, compiled=True)
        assert np.array_equal(compiled, turned - losses)


def test_a_learner_of_costs_is_told_what_a_reward_falls_short_of_the_highest():
    for problem, total in (
        (bk.Bernoulli((0.2, 0.5, 0.9)), 1.0),
        (bk.UniformArms((1.0, 2.0), (3.0, 2.5)), 4.0),
        (bk.Gaussian((0.0, -2.0, 7.0)), 0.0),  # no range to speak of
    ):
        rewards, costs = notes_of(problem, Notes(), 50), notes_of(problem, CostNotes(), 50)
        assert np.array_equal(costs, total - rewards)
        assert len(np.unique(rewards)) > 1
    costs = notes_of(bk.Bernoulli((0.2, 0.5, 0.9)), CostNotes(), 50)
    compiled = notes_of(bk.Bernoulli((0.2, 0.5, 0.9)), CostNotes(), 50, compiled=True)
    assert np.array_equal(compiled, costs)


def test_a_turned_switching_fee_is_the_reward_that_is_left():
    tape = bk.LossTable([[0.0, 0.5], [0.25, 1.0], [0.5, 0.0], [1.0, 0.75]])
    costs = notes_of(bk.SwitchingFee(tape, fee=1.0), CostNotes(), 4)
    assert costs[:, 0].tolist() == [0.0, 1.0, 0.75, 0.875]  # arms 0, 1, 0, 1
    rewards = notes_of(bk.SwitchingFee(tape, fee=1.0), Notes(), 4)
    assert np.array_equal(rewards, 1.0 - costs)


class WatchedPolicy(NamedTuple):
    """A policy, and what it chose."""

    policy: Any
    chosen: np.ndarray  # (T,) int64

    def select(self, t, x, rng):
        self.chosen[t] = arm = self.policy.select(t, x, rng)
        return arm

    def update(self, t, x, a, y):
        self.policy.update(t, x, a, y)


@patience(10.0)
def chosen_by(problem, learner, horizon):
    """Return what a learner chooses, and its regret in each round."""
    rngs = np.random.default_rng(0), np.random.default_rng(1)
    policy = complete(learner.start(told(problem, learner), horizon))
    watched = WatchedDrawingPolicy if hasattr(policy, "distribution") else WatchedPolicy
    policy = watched(policy, np.full(horizon, -1))
    env, adapted = adapt(problem, learner, problem.start(horizon, rngs[0]), policy)
    card = blank_scorecard(np.arange(1, horizon + 1))
    play_interpreted(env, adapted, card, horizon, *rngs)
    return policy.chosen, card.regret


@pytest.mark.parametrize("learner", [*DRAWING, *DRAWING_ADVISED], ids=repr)
def test_who_is_scored_by_distributions_plays_the_same_arms(learner):
    advised = learner in DRAWING_ADVISED
    problem = experts_for(learner, 3, 5, 120) if advised else tape_for(learner, 3, 120)
    arms, regret = chosen_by(problem, learner, 120)
    same, expected = chosen_by(bk.ExpectedRegret(problem), learner, 120)
    assert (arms >= 0).all()
    assert np.array_equal(arms, same)
    # the score is another one, whose steps differ by less than the costs of a round
    assert np.abs(np.diff(regret - expected, prepend=0.0)).max() <= 1.0
    assert np.abs(regret - expected).max() <= 5.0 * math.sqrt(120)


class DrawingPolicy(NamedTuple):
    """Plays the arms in turn until it begins to draw."""

    p: np.ndarray
    begins: int

    def select(self, t, x, rng):
        if t < self.begins:
            return t % self.p.size
        return int(rng.random() * self.p.size)

    def update(self, t, x, a, y):
        pass


class TellingPolicy(NamedTuple):
    """Draws, and tells from what."""

    p: np.ndarray

    def distribution(self, t, x):
        return self.p

    def select(self, t, x, rng):
        return int(rng.random() * self.p.size)

    def update(self, t, x, a, y):
        pass


class WatchedDrawingPolicy(WatchedPolicy):
    """The same, where it tells its distribution."""

    __slots__ = ()

    def distribution(self, t, x):
        return self.policy.distribution(t, x)


def user_learner(policy_of: Callable[[int], Any]) -> bk.Learner:
    class Mine(bk.Learner):
        def start(self, spec, horizon):
            return policy_of(spec.K)

    return Mine()


SEES = [
    bk.AdaptiveAdversary(2),
    bk.ExpectedRegret(bk.Bernoulli((0.3, 0.5))),
    bk.ExpectedRegret(COINS),
]


@pytest.mark.parametrize(
    ("problem", "begins"), [*((each, t) for each in SEES for t in (0, 2)), (SEES[1], 10)], ids=str
)
def test_who_draws_without_telling_from_what_is_refused_in_a_line(problem, begins):
    learner = user_learner(lambda K: DrawingPolicy(np.full(K, 1.0 / K), begins))
    message = r"Mine\(\) draws at random.*distribution\(self, t, x\)"
    with pytest.raises(ValueError, match=message) as fault:
        bk.simulate(problem, [learner], horizon=100, replications=1, seed=0)
    assert "\n" not in str(fault.value)


def test_who_draws_and_tells_or_does_not_draw_is_accepted():
    sure = user_learner(lambda K: NotesPolicy(np.zeros((100, 1)), K))
    telling = user_learner(lambda K: TellingPolicy(np.full(K, 1.0 / K)))
    words = {"horizon": 100, "replications": 2, "seed": 0}
    result = bk.simulate(bk.AdaptiveAdversary(2), [sure], **words)
    assert result.regret[0, :, -1].tolist() == [50.0, 50.0]  # 1 each round; an arm costs half
    # Of two arms that are equally likely the first is charged: the second costs nothing.
    arms, scored = chosen_by(bk.AdaptiveAdversary(2), telling, 100)
    assert scored[-1] == 50.0
    assert 20 < arms.sum() < 80
    _, plain = chosen_by(COINS, sure, 100)
    _, scored = chosen_by(bk.ExpectedRegret(COINS), sure, 100)
    assert np.array_equal(plain, scored)  # without dice both are the same
    _, scored = chosen_by(bk.ExpectedRegret(bk.Bernoulli((0.25, 0.75))), telling, 100)
    assert scored[-1] == 25.0


@pytest.mark.parametrize(
    "learner",
    [
        bk.FollowTheLeader(),
        bk.Restarting(bk.FollowTheLeader(), every=30),
        bk.MajorityVote(),
        bk.WeightedMajority(),
    ],
    ids=repr,
)
def test_who_follows_experts_without_dice_may_be_scored_by_distributions(learner):
    regrets = []
    for problem in (EXPERTS, bk.ExpectedRegret(EXPERTS)):
        rehearse(problem, learner, 100, 100, (np.random.default_rng(0), np.random.default_rng(1)))
        rngs = np.random.default_rng(0), np.random.default_rng(1)
        env, policy = start(problem, learner, 100, rngs[0])
        card = blank_scorecard(np.arange(1, 101))
        play_interpreted(env, policy, card, 100, *rngs)
        regrets.append(card.regret)
    assert regrets[0] == pytest.approx(regrets[1])


def test_who_follows_experts_is_told_that_they_are_arms():
    assert told(EXPERTS, bk.Hedge()) == Arms(9, 0.0, 1.0, costs=True)
    assert told(EXPERTS, bk.Doubling(bk.Hedge())) == Arms(9, 0.0, 1.0, costs=True)
    for learner in (bk.MajorityVote(), bk.WeightedMajority()):
        assert told(EXPERTS, learner) == Advice(3, 9, costs=True)
    for learner in (bk.Exp4(), bk.Exp3(), bk.Restarting(bk.Exp4(), every=5)):
        assert told(SILENT_EXPERTS, learner) == Advice(3, 9, costs=True)
