"""Every learner of chapter 1 against its oracle, and identities that hold whatever the numbers.

Where indices tie, the rule "the first arm wins" decides, and on coins ties are daily bread.  Arms
with equal histories tie on both sides, whatever the arithmetic.  Arms with different histories
may tie by mathematics, as IMED's 3 kl(1/3, 2/3) + ln 3 = ln 6 = 6 kl(2/3, 2/3) + ln 6, or by
rounding, as KL-UCB's indices near 1; then rounding decides, and either arm is right.
"""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from instances import (
    IID,
    LEARNERS,
    PROBLEMS,
    STOCHASTIC,
    actions_of,
    all_of,
    generators,
    plays,
    regret_of,
)
from naive import learners as naive
from naive.play import play as play_naively

import banditkit as bk
from banditkit import catalogue
from banditkit.core.copies import pick
from banditkit.core.play import play, play_interpreted

TESTS = Path(__file__).parents[1]


def interval(spec):
    return spec.highest - spec.lowest


# What to compare with what: a learner, and its oracle for a spec and a horizon.
PAIRS = [
    (bk.Uniform(), lambda spec, T: naive.Uniform(spec.K)),
    (bk.Greedy(), lambda spec, T: naive.Greedy(spec.K)),
    (bk.ExploreFirst(), lambda spec, T: naive.ExploreFirst(spec.K, T)),
    (bk.ExploreFirst(N=1), lambda spec, T: naive.ExploreFirst(spec.K, T, N=1)),
    (bk.ExploreFirst(N=20), lambda spec, T: naive.ExploreFirst(spec.K, T, N=20)),
    (bk.EpsilonGreedy(), lambda spec, T: naive.EpsilonGreedy(spec.K)),
    (bk.EpsilonGreedy(epsilon=0.0), lambda spec, T: naive.EpsilonGreedy(spec.K, 0.0)),
    (bk.EpsilonGreedy(epsilon=0.1), lambda spec, T: naive.EpsilonGreedy(spec.K, 0.1)),
    (bk.EpsilonGreedy(epsilon=1.0), lambda spec, T: naive.EpsilonGreedy(spec.K, 1.0)),
    (bk.SuccessiveElimination(), lambda spec, T: naive.SuccessiveElimination(spec.K, T)),
    (
        bk.SuccessiveElimination(exploration=0.1),
        lambda spec, T: naive.SuccessiveElimination(spec.K, T, exploration=0.1),
    ),
    (
        bk.SuccessiveElimination(exploration=0.0),
        lambda spec, T: naive.SuccessiveElimination(spec.K, T, exploration=0.0),
    ),
    (bk.UCB1(), lambda spec, T: naive.UCB1(spec.K)),
    (bk.UCB1(exploration=0.5), lambda spec, T: naive.UCB1(spec.K, exploration=0.5)),
    (bk.UCB1(anytime=False), lambda spec, T: naive.UCB1(spec.K, T)),
    (
        bk.Doubling(bk.UCB1(anytime=False)),
        lambda spec, T: naive.Doubling(lambda length: naive.UCB1(spec.K, length)),
    ),
    (
        bk.Doubling(bk.SuccessiveElimination(exploration=0.1)),
        lambda spec, T: naive.Doubling(
            lambda length: naive.SuccessiveElimination(spec.K, length, exploration=0.1)
        ),
    ),
    (bk.KLUCB(), lambda spec, T: naive.KLUCB(spec.K)),
    (bk.KLUCB(c=3.0), lambda spec, T: naive.KLUCB(spec.K, c=3.0)),
    (bk.MOSS(), lambda spec, T: naive.MOSS(spec.K, T)),
    (bk.MOSS(exploration=4.0), lambda spec, T: naive.MOSS(spec.K, T, exploration=4.0)),
    (bk.UCBV(), lambda spec, T: naive.UCBV(spec.K, b=interval(spec))),
    (
        bk.UCBV(exploration=0.25),
        lambda spec, T: naive.UCBV(spec.K, b=interval(spec), exploration=0.25),
    ),
    (bk.IMED(), lambda spec, T: naive.IMED(spec.K)),
]
NOT_RANDOM = [pair for pair in PAIRS if not isinstance(pair[0], (bk.Uniform, bk.EpsilonGreedy))]
# These don't look at the horizon, so that a longer one must not change what they do.
NO_HORIZON = [
    bk.Doubling(bk.SuccessiveElimination(exploration=0.1)),
    bk.Doubling(bk.Thompson()),
    bk.Doubling(bk.UCB1(anytime=False)),
    bk.EpsilonGreedy(),
    bk.EpsilonGreedy(epsilon=0.1),
    bk.Greedy(),
    bk.IMED(),
    bk.KLUCB(),
    bk.KLUCB(c=3.0),
    bk.Thompson(),
    bk.UCB1(),
    bk.UCBV(),
    bk.Uniform(),
]
ALL_LEARNERS, ALL_PROBLEMS = all_of(STOCHASTIC), all_of(IID)

of_pairs = pytest.mark.parametrize(("learner", "oracle_of"), PAIRS, ids=lambda x: _name(x))
of_learners = pytest.mark.parametrize("learner", ALL_LEARNERS, ids=repr)


def _name(value):
    return repr(value) if isinstance(value, bk.Learner) else ""


def check_choice(oracle, t, arm, rng=None):
    """The learner's arm is the oracle's, or ties with it by rounding, with another history."""
    expected = oracle.select(t, rng)
    if arm != expected:
        assert isinstance(oracle, naive.IndexOracle), (t, arm, expected)
        rows = oracle.rewards()
        histories = [(len(rows[a]), naive.mean(rows[a])) for a in (arm, expected)]
        assert histories[0] != histories[1], (t, arm, expected)
        indices = [oracle.index(rows[a], t + 1, rows) for a in (arm, expected)]
        assert indices[0] == pytest.approx(indices[1], rel=1e-12), (t, arm, expected)


def check_game(actions, oracle, problem, seed):
    """Each choice of a game is the oracle's, which has seen the same actions and rewards."""
    env_rng, policy_rng = generators(seed)
    law = problem.law
    for t, arm in enumerate(actions):
        check_choice(oracle, t, arm, policy_rng)
        oracle.update(arm, float(law.respond(t, None, arm, env_rng)))


def test_the_instances_cover_the_catalogue():
    assert set(LEARNERS) == set(catalogue.learners())
    assert set(PROBLEMS) == set(catalogue.problems())
    for table in (LEARNERS, PROBLEMS):
        for name, instances in table.items():
            assert {type(instance).__name__ for instance in instances} == {name}


def test_the_oracles_cover_the_learners_of_chapter_1():
    compared = {type(learner).__name__ for learner, _ in PAIRS} | {"Thompson"}
    assert compared >= {
        *("Uniform", "Greedy", "ExploreFirst", "EpsilonGreedy", "SuccessiveElimination", "UCB1"),
        *("Doubling", "KLUCB", "MOSS", "UCBV", "IMED", "Thompson"),
    }


@of_pairs
@pytest.mark.parametrize("problem", ALL_PROBLEMS, ids=repr)
def test_a_learner_plays_as_its_oracle(learner, oracle_of, problem):
    if not plays(learner, problem):
        pytest.skip("does not play it")
    for horizon, seed in ((1, 0), (2, 0), (11, 0), (300, 0), (300, 1)):
        actions = actions_of(play, problem, learner, horizon=horizon, seed=seed)
        check_game(actions, oracle_of(problem.spec, horizon), problem, seed)
        assert actions == actions_of(play_interpreted, problem, learner, horizon=horizon, seed=seed)


@of_pairs
def test_a_learner_plays_as_its_oracle_for_2000_rounds(learner, oracle_of):
    problem = bk.Bernoulli((0.3, 0.5, 0.5))
    actions = actions_of(play, problem, learner, horizon=2000, seed=3)
    check_game(actions, oracle_of(problem.spec, 2000), problem, seed=3)


@of_pairs
def test_a_learner_has_the_regret_of_its_oracle(learner, oracle_of):
    # Left to itself the oracle plays the same game, as there are no ties by rounding here.
    problem = bk.UniformArms(low=(0.0, 0.2, 0.1), high=(0.9, 0.8, 1.0))
    (env_rng, policy_rng), oracle = generators(5), oracle_of(problem.spec, 300)
    arms = [lambda rng, a=a: problem.law.respond(0, None, a, rng) for a in range(3)]
    actions, _, regret = play_naively(oracle, arms, problem.means, 300, env_rng, policy_rng)
    assert actions == actions_of(play, problem, learner, horizon=300, seed=5)
    assert regret == pytest.approx(regret_of(play, problem, learner, horizon=300, seed=5))


@pytest.mark.parametrize(("learner", "oracle_of"), NOT_RANDOM, ids=lambda x: _name(x))
@pytest.mark.parametrize(("K", "rounds", "outcomes"), [(2, 9, (0.0, 1.0)), (3, 6, (0.0, 0.5, 1.0))])
def test_a_learner_plays_as_its_oracle_on_every_sequence_of_rewards(
    learner, oracle_of, K, rounds, outcomes
):
    spec = bk.Arms(K)
    for rewards in itertools.product(outcomes, repeat=rounds):
        policy, oracle = learner.start(spec, rounds), oracle_of(spec, rounds)
        for t, reward in enumerate(rewards):
            arm = policy.select(t, None, None)
            check_choice(oracle, t, arm)
            policy.update(t, None, arm, reward)
            oracle.update(arm, reward)


@pytest.mark.parametrize(("successes", "pulls"), [(1, 2), (3, 4), (7, 8), (15, 16), (0, 5)])
def test_kl_ucb_pulls_the_first_of_arms_with_equal_histories(successes, pulls):
    # It spares itself most indices; also near 1, where rounding is coarse, it must see the tie.
    rewards = [1.0] * successes + [0.0] * (pulls - successes)
    for t in np.geomspace(20, 1e12, 200).astype(int).tolist():
        policy = bk.KLUCB().start(bk.Arms(3), 10)
        for arm, earlier in ((0, rewards), (1, rewards), (2, rewards[:1])):
            for reward in earlier:
                policy.update(0, None, arm, reward)
        assert policy.select(20, None, None) == 2  # has one pull: the arm to beat from now on
        for reward in rewards[1:]:
            policy.update(0, None, 2, reward)
        assert policy.select(t, None, None) == 0


@of_learners
@pytest.mark.parametrize("problem", ALL_PROBLEMS, ids=repr)
def test_compiled_and_interpreted_games_are_equal_to_the_bit(learner, problem):
    if not plays(learner, problem):
        pytest.skip("does not play it")
    for seed in range(3):
        options = {"horizon": 150, "seed": seed}
        compiled = regret_of(play, problem, learner, **options)
        assert np.array_equal(compiled, regret_of(play_interpreted, problem, learner, **options))
        assert actions_of(play, problem, learner, **options) == actions_of(
            play_interpreted, problem, learner, **options
        )


WITHOUT_COMPILER = """
import sys, warnings
import numpy as np
from instances import IID, STOCHASTIC, all_of, plays, regret_of
from banditkit.core.play import play

warnings.simplefilter("error")
regrets = [
    regret_of(play, problem, learner, horizon=100, seed=5)
    for learner in all_of(STOCHASTIC) for problem in all_of(IID) if plays(learner, problem)
]
np.save(sys.argv[1], np.array(regrets))
"""


def test_a_process_without_compiler_plays_the_same_to_the_bit(tmp_path):
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-c", WITHOUT_COMPILER, str(tmp_path / "regrets.npy")]
    subprocess.run(command, env=environment, cwd=TESTS.parent, check=True)
    interpreted = np.load(tmp_path / "regrets.npy")
    pairs = [pair for pair in itertools.product(ALL_LEARNERS, ALL_PROBLEMS) if plays(*pair)]
    assert len(pairs) == len(interpreted)
    for (learner, problem), regret in zip(pairs, interpreted, strict=True):
        compiled = regret_of(play, problem, learner, horizon=100, seed=5)
        assert np.array_equal(compiled, regret), (learner, problem)


def test_what_needs_rewards_in_the_unit_interval_or_a_bounded_one_refuses_others():
    normal, wide = bk.Gaussian((0.0, 1.0)), bk.UniformArms((0.0, 0.0), (1.0, 2.0))
    refusing = {name for name, (learner, *_) in STOCHASTIC.items() if not plays(learner, normal)}
    assert {"KLUCB", "IMED", "Thompson", "UCBV"} <= refusing
    refusing = {name for name, (learner, *_) in STOCHASTIC.items() if not plays(learner, wide)}
    assert {"KLUCB", "IMED", "Thompson"} <= refusing
    assert "UCBV" not in refusing
    assert not plays(bk.Doubling(bk.KLUCB()), normal)
    assert not plays(bk.Doubling(bk.UCBV()), normal)


# Identities


@of_learners
def test_regret_is_the_sum_of_the_gaps(learner):
    problem = bk.Bernoulli((0.1, 0.5, 0.7, 0.7))
    actions = actions_of(play, problem, learner, horizon=500, seed=2)
    regret = regret_of(play, problem, learner, horizon=500, seed=2)
    assert np.array_equal(regret, np.cumsum(problem.gaps[actions]))


@of_learners
@pytest.mark.parametrize("loop", [play, play_interpreted], ids=["compiled", "interpreted"])
def test_a_game_may_be_cut_into_calls(learner, loop):
    problem = bk.Bernoulli((0.4, 0.6, 0.5))
    whole = regret_of(loop, problem, learner, horizon=200, seed=2)
    cut = regret_of(loop, problem, learner, horizon=200, seed=2, calls=(0, 1, 2, 2, 3, 37, 199))
    assert np.array_equal(whole, cut)


@pytest.mark.parametrize("learner", NO_HORIZON, ids=repr)
def test_what_needs_no_horizon_does_not_look_at_it(learner):
    problem = bk.Bernoulli((0.4, 0.6, 0.5))
    short = actions_of(play, problem, learner, horizon=500, seed=4)
    for horizon in (501, 5000):
        assert actions_of(play, problem, learner, horizon=horizon, seed=4)[:500] == short


@pytest.mark.parametrize(
    "learner", [bk.UCB1(anytime=False), bk.MOSS(), bk.ExploreFirst()], ids=repr
)
def test_what_needs_the_horizon_does_look_at_it(learner):
    problem = bk.Bernoulli((0.4, 0.6, 0.5))
    short = actions_of(play, problem, learner, horizon=500, seed=4)
    assert actions_of(play, problem, learner, horizon=50_000, seed=4)[:500] != short


def play_tape(learner, tape, horizon):
    """Return the actions on a tape of rewards: row a holds what arm a pays, pull by pull."""
    policy = learner.start(bk.Arms(len(tape)), horizon)
    pulls, actions = [0] * len(tape), []
    for t in range(horizon):
        arm = int(policy.select(t, None, None))
        policy.update(t, None, arm, tape[arm][pulls[arm]])
        pulls[arm] += 1
        actions.append(arm)
    return actions


def relabelled(tape, seed):
    """Return the tape with its arms in another order, and what each old arm is called there."""
    order = np.random.default_rng(seed).permutation(len(tape))
    return tape[order], np.argsort(order)


@pytest.fixture(scope="module")
def tape():
    """Continuous rewards: no two averages are equal."""
    return np.random.default_rng(7).beta([[2], [3], [4], [5], [4.5]], 4.0, size=(5, 600))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("learner", "start"),
    [
        (bk.Greedy(), 5),
        (bk.ExploreFirst(N=20), 100),
        (bk.UCB1(), 5),
        (bk.UCB1(anytime=False, exploration=0.5), 5),
        (bk.MOSS(), 5),
        (bk.UCBV(exploration=0.25), 5),
        (bk.KLUCB(), 5),
        (bk.IMED(), 5),
    ],
    ids=lambda x: _name(x),
)
def test_other_names_for_the_arms_change_nothing_else(learner, start, tape, seed):
    # After the first `start` rounds, which go through the arms in turn, names don't matter.
    moved, name = relabelled(tape, seed)
    actions = play_tape(learner, tape, 600)[start:]
    assert play_tape(learner, moved, 600)[start:] == name[actions].tolist()
    assert len(set(actions)) > 1 or isinstance(learner, (bk.Greedy, bk.ExploreFirst))


@pytest.mark.parametrize("seed", range(5))
def test_other_names_for_the_arms_eliminate_the_same(tape, seed):
    # Within a phase arms are pulled in the order of their names; T is the end of a phase.
    learner, T = bk.SuccessiveElimination(exploration=0.02), 599
    moved, name = relabelled(tape, seed)
    pulls = np.bincount(play_tape(learner, tape, T), minlength=5)
    moved_pulls = np.bincount(play_tape(learner, moved, T), minlength=5)
    assert moved_pulls[name].tolist() == pulls.tolist()
    assert len(set(pulls)) > 2  # arms went at different times


@pytest.mark.parametrize("N", [1, 7, 33])
def test_explore_first_pulls_each_arm_n_times_and_then_one(N):
    problem = bk.Bernoulli((0.4, 0.6, 0.5))
    actions = actions_of(play, problem, bk.ExploreFirst(N=N), horizon=200, seed=1)
    assert np.bincount(actions[: 3 * N], minlength=3).tolist() == [N, N, N]
    assert len(set(actions[3 * N :])) == 1


def test_explore_first_without_n_takes_the_books_choice():
    # N = (T/K)^(2/3) (log T)^(1/3), at most T // K
    assert bk.ExploreFirst().pulls_per_arm(K=2, horizon=10_000) == 613  # 292.40 * 2.0961 = 612.9
    assert bk.ExploreFirst().pulls_per_arm(K=10, horizon=20) == 2  # 2.29 is more than 20 // 10
    assert bk.ExploreFirst().pulls_per_arm(K=10, horizon=5) == 1
    assert bk.ExploreFirst().pulls_per_arm(K=1, horizon=1) == 1


@pytest.mark.parametrize(
    "inner",
    [
        bk.UCB1(anytime=False),
        bk.SuccessiveElimination(exploration=0.1),
        bk.MOSS(),
        bk.ExploreFirst(),
        bk.EpsilonGreedy(),
        bk.Thompson(),
    ],
    ids=repr,
)
def test_doubling_is_a_fresh_run_after_2_6_14_rounds(inner):
    spec, horizon, (env_rng, rng) = bk.Arms(3), 500, generators(6)
    rewards = env_rng.random(horizon)
    doubled = bk.Doubling(inner).start(spec, horizon)
    actions = []
    for t in range(horizon):
        arm = doubled.select(t, None, rng)
        doubled.update(t, None, arm, rewards[t])
        actions.append(arm)

    _, rng = generators(6)
    restarts = [0, 2, 6, 14, 30, 62, 126, 254, 510]
    for i, (start, end) in enumerate(itertools.pairwise(restarts), start=1):
        assert end - start == 2**i
        fresh = inner.start(spec, 2**i)
        for t in range(start, min(end, horizon)):
            arm = fresh.select(t - start, None, rng)
            assert arm == actions[t]
            fresh.update(t - start, None, arm, rewards[t])


def test_doubling_keeps_what_earlier_phases_learnt_to_themselves():
    doubled = bk.Doubling(bk.UCB1(anytime=False)).start(bk.Arms(2), 14)
    for t in range(14):
        arm = doubled.select(t, None, None)
        doubled.update(t, None, arm, 1.0)
    assert [pick(doubled.phases, i).arms.pulls.sum() for i in range(3)] == [2.0, 4.0, 8.0]
