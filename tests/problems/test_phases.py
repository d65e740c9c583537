"""Knapsacks in phases: the best fixed distribution, the game, and what is refused."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

import banditkit as bk
from banditkit.theory import bounds


def random_knapsack(seed, J=3, K=3, budgets=(6.5, 9)):
    rng, d = np.random.default_rng([10, seed]), len(budgets)
    rewards, used = rng.integers(0, 9, size=(J, K)) / 8, rng.integers(0, 9, size=(J, K, d)) / 8
    rewards[:, -1], used[:, -1] = 0, 0
    return bk.PhasedKnapsack(rewards, used, budgets)


def tables(problem, horizon):
    """Return reward (T, K) and consumption (T, K, d) of every round."""
    J = len(problem.rewards)
    phase = np.minimum(np.arange(horizon) // (horizon // J), J - 1)
    return np.array(problem.rewards)[phase], np.array(problem.consumption)[phase]


def by_linear_programmes(problem, horizon):
    """Return OPT_FD by a solver that starts anew for every number of rounds."""
    rewards, used = tables(problem, horizon)
    values = []
    for s in range(1, horizon + 1):
        solution = linprog(
            -rewards[:s].sum(axis=0),
            A_ub=used[:s].sum(axis=0).T,
            b_ub=problem.budgets,
            A_eq=np.ones((1, rewards.shape[1])),
            b_eq=[1],
        )
        values.append(-solution.fun)
    return max(values)


def income(problem, horizon, D):
    """Return what D earns in the rounds before what it uses on average exceeds a budget."""
    rewards, used = tables(problem, horizon)
    enough = np.cumsum(used.transpose(0, 2, 1) @ D, axis=0) <= np.array(problem.budgets) + 1e-9
    return (rewards @ D)[enough.all(axis=1)].sum()


@pytest.mark.parametrize("seed", range(12))
def test_the_benchmark_is_the_best_of_all_linear_programmes(seed):
    budgets = (5.5, 9)[: seed % 2 + 1]
    problem = random_knapsack(seed, J=seed % 4 + 1, K=seed % 3 + 2, budgets=budgets)
    for horizon in (17, 24):
        mix = problem.best_fixed(horizon)
        assert mix.value == pytest.approx(by_linear_programmes(problem, horizon), abs=1e-9)
        assert mix.distribution.sum() == pytest.approx(1, abs=1e-12)
        assert income(problem, horizon, mix.distribution) == pytest.approx(mix.value, abs=1e-9)


def test_no_distribution_of_a_fine_grid_does_better():
    grid = [(p, q, 1 - p - q) for p, q in itertools.product(np.arange(101) / 100, repeat=2)]
    grid = np.array([D for D in grid if D[2] >= 0])
    for seed in range(3):
        problem = random_knapsack(seed)
        mix, best = problem.best_fixed(20), max(income(problem, 20, D) for D in grid)
        assert best <= mix.value + 1e-9
        # From below: a mix on the grid that uses no more, at most 2/100 of the rounds away.
        assert best >= mix.value - 0.02 * 20


def test_the_examples_have_the_values_of_the_book():
    for budget in (1, 8, 1000):
        better, worse = (bk.PhasedKnapsack.two_phase(budget, later) for later in (1, 0))
        assert better.best_fixed(2 * budget).value == pytest.approx(0.75 * budget, rel=1e-12)
        assert worse.best_fixed(2 * budget).value == pytest.approx(0.5 * budget, rel=1e-12)
        assert better.best_fixed(2 * budget).rounds == 2 * budget
        assert worse.best_fixed(2 * budget).rounds == budget
    for J in (1, 2, 5):
        for tau in range(1, J + 1):
            mix = bk.PhasedKnapsack.rising(J, tau, 60).best_fixed(60 * J)
            assert mix.value == pytest.approx(60 * (tau + 1) / (2 * J), rel=1e-12)
            assert mix.distribution[0] == pytest.approx(1 / tau, rel=1e-9)
    assert bk.PhasedKnapsack.rising(2, 2, 60) == bk.PhasedKnapsack.two_phase(60)
    assert bk.PhasedKnapsack.rising(2, 1, 60) == bk.PhasedKnapsack.two_phase(60, later=0)


def best_ratio(J, budget=60):
    """Return the best ratio for the J rising problems, as a linear programme.

    Variables: what is spent in each phase, and the share of OPT_FD that is promised.
    """
    worth = np.zeros((J, J + 1))
    for tau in range(1, J + 1):
        problem = bk.PhasedKnapsack.rising(J, tau, budget)
        worth[tau - 1, :J] = -budget * np.array(problem.rewards)[:, 0]
        worth[tau - 1, J] = problem.best_fixed(J * budget).value
    rows = np.vstack([worth, np.append(np.ones(J), 0)])
    best = bk.simplex.maximise(np.append(np.zeros(J), 1), rows, np.append(np.zeros(J), 1))
    return 1 / best.value


@pytest.mark.parametrize("J", [1, 2, 3, 7, 20])
def test_the_competitive_ratio_is_the_value_of_a_game(J):
    assert best_ratio(J) == pytest.approx(bounds.competitive_ratio(J), rel=1e-9)
    assert bounds.competitive_ratio(J) >= 0.5 * np.log(J) + 0.577


def test_two_phases_cost_a_fifth():
    assert best_ratio(2) == pytest.approx(5 / 4, rel=1e-12)


LEARNERS = [
    bk.RewardOnly(bk.UCB1(0.5)),
    bk.AdversarialBwK(bk.Exp3IX()),
    bk.LagrangeBwK(),
    bk.UcbBwK(exploration=0.1),
]


@pytest.mark.parametrize("learner", LEARNERS, ids=repr)
def test_regret_in_the_end_is_the_benchmark_less_the_reward(learner):
    problem = random_knapsack(20, budgets=(25.5, 40))
    for each in (problem, bk.PhasedKnapsack.two_phase(50), bk.PhasedKnapsack.rising(3, 2, 30)):
        best = each.best_fixed(100)
        result = bk.simulate(
            each, [learner], horizon=100, replications=20, seed=0, times=range(1, 101)
        )
        regret, reward, left = result.regret[0], result.logs["reward"][0], result.logs["left"][0]
        assert regret[:, -1] == pytest.approx(best.value - reward[:, -1], abs=1e-9)
        assert (left >= 0).all()
        # Before the end, it is what the benchmark has earned so far less the reward.
        rewards, _ = tables(each, 100)
        earned = np.cumsum(np.where(np.arange(100) < best.rounds, rewards @ best.distribution, 0))
        playing = np.abs(regret - (earned - reward)) < 1e-9
        over = np.abs(regret - (best.value - reward)) < 1e-9
        assert (playing | over).all()
        assert (np.diff(over[:, best.rounds - 1 :].astype(int), axis=1) >= 0).all()


@pytest.mark.parametrize("learner", LEARNERS, ids=repr)
def test_the_game_is_the_one_of_its_tables(learner):
    problem, horizon = random_knapsack(21, budgets=(9, 6.5)), 31
    rewards, used = tables(problem, horizon)
    watched, left = bk.watch(problem, learner, horizon=horizon, seed=3), np.array([9, 6.5])
    for t, (arm, answer) in enumerate(zip(watched.arms, watched.answers, strict=True)):
        if (used[t, arm] > left + 1e-6).any():
            assert answer.reward == 0
            assert not answer.costs.any()
            assert t == len(watched.arms) - 1
            return
        assert answer.reward == rewards[t, arm]
        assert answer.costs == pytest.approx(used[t, arm] * [6.5 / 9, 1], abs=1e-12)
        left = left - used[t, arm]
    assert len(watched.arms) == horizon


def test_a_budget_for_no_round_at_all_gives_a_valid_result():
    problem = bk.PhasedKnapsack([[1.0, 0.0]], [[1.0, 0.0]], budgets=0.5)
    result = bk.simulate(problem, [bk.RewardOnly(bk.UCB1())], horizon=10, replications=2, seed=0)
    assert (result.logs["reward"] == 0).all()
    assert result.regret[0, :, -1] == pytest.approx(0.5, abs=1e-12)  # a mix may spend half a unit


def test_the_last_phase_has_the_rounds_that_are_left_over():
    problem = bk.PhasedKnapsack([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]], [[0.0, 0.0]] * 3, budgets=1)
    assert problem.best_fixed(11).value == 5.0  # phases of 3, 3 and 5 rounds
    assert problem.best_fixed(11).rounds == 11


def test_an_arm_that_is_free_in_all_phases_is_the_null_arm():
    problem = bk.PhasedKnapsack([[0, 0.5], [0, 0]], [[0, 0.5], [0, 0]], budgets=1)
    assert problem.null == 0
    with pytest.warns(bk.NullArmAdded, match="^PhasedKnapsack: .* was added, as arm 2$"):
        problem = bk.PhasedKnapsack([[0, 0.5], [0.5, 0]], [[0, 0.5], [0, 0]], budgets=1)
    assert problem.spec == bk.Budgeted(3, 1, 1.0, (1.0,), 2)
    assert problem.rewards == ((0, 0.5, 0), (0.5, 0, 0))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bk.PhasedKnapsack([[1.5, 0]], [[1, 0]], 1), r"rewards must lie in \[0, 1\]; phase"),
        (lambda: bk.PhasedKnapsack([1, 0], [[1, 0]], 1), "rewards must be a table"),
        (lambda: bk.PhasedKnapsack([[1, 0]], [[2, 0]], 1), r"consumption\[0\] must lie in \[0, 1\]"),
        (lambda: bk.PhasedKnapsack([[1, 0]], [[-1, 0]], 1), "arm 0, resource 0 has -1"),
        (lambda: bk.PhasedKnapsack([[1, 0]], [[1, 0, 0]], 1), r"1 phases and 2 arms; got shape"),
        (lambda: bk.PhasedKnapsack([[1, 0]], [[1, 0]] * 2, 1), r"got shape \(2, 2\)"),
        (lambda: bk.PhasedKnapsack([[1, 0]], [[1], [0, 0]], 1), "got "),
        (lambda: bk.PhasedKnapsack([[1, 0]], "no", 1), "consumption must have a number"),
        (lambda: bk.PhasedKnapsack([[1, 0]], [[1, 0]], [1, 2]), "for each of the 1 resources"),
        (lambda: bk.PhasedKnapsack([[1, 0]], [[1, 0]], 0), "budgets must be above 0"),
        (lambda: bk.PhasedKnapsack([[1, 0]], [[1, 0]], -1), "budgets must be above 0"),
        (lambda: bk.PhasedKnapsack([[1, 0]], [[1, 0]], np.nan), "budgets must be finite"),
        (lambda: bk.PhasedKnapsack.two_phase(9, later=2), "later must lie in"),
        (lambda: bk.PhasedKnapsack.rising(0, 1, 9), "phases must be a whole number"),
        (lambda: bk.PhasedKnapsack.rising(3, 4, 9), "active must be at most"),
        (lambda: bk.PhasedKnapsack.rising(3, 0, 9), "active must be a whole number"),
        (lambda: bk.PhasedKnapsack.rising(3, 1, 9).best_fixed(8), "at most the number of rounds"),
        (lambda: bk.PhasedKnapsack.rising(3, 1, 1).best_fixed(2), "3 phases, but a horizon of 2"),
        (lambda: bk.PhasedKnapsack.rising(3, 1, 1).best_fixed(0), "horizon must be"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
