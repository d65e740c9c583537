"""Shaping by a potential: invariance, telescoping sums, and the same as other initial values."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import banditkit as bk
from banditkit import planning
from banditkit.core.verbs import complete


@settings(max_examples=40, deadline=None)
@given(
    weights=hnp.arrays(float, (4, 2, 4), elements=st.floats(0.01, 1.0)),
    rewards=hnp.arrays(float, (4, 2), elements=st.floats(-5, 5)),
    potential=hnp.arrays(float, 4, elements=st.floats(-10, 10)),
    gamma=st.floats(0.0, 0.95),
    end=st.booleans(),
)
def test_values_fall_by_the_potential_and_the_same_actions_are_best(
    weights, rewards, potential, gamma, end
):
    P = weights / weights.sum(axis=2, keepdims=True)
    mdp = bk.MDP(P, rewards, gamma, terminal=[3] if end else [])
    shaped = bk.Shaped(mdp, potential)
    potential = np.array(shaped.potential)
    assert potential[3] == 0.0 or not end
    alive = ~mdp.model.terminal
    assert shaped.solution.V == pytest.approx(mdp.solution.V - potential, abs=1e-9)
    expected = mdp.solution.Q - potential[:, None]
    assert shaped.solution.Q[alive] == pytest.approx(expected[alive], abs=1e-9)
    clear = alive & (np.ptp(mdp.solution.Q, axis=1) > 1e-6)
    assert (shaped.solution.policy == mdp.solution.policy)[clear].all()
    pi = np.array([[0.3, 0.7]] * 4)
    assert planning.evaluate(shaped, pi) == pytest.approx(
        planning.evaluate(mdp, pi) - potential, abs=1e-9
    )


def play(problem, actions, seed):
    rng = np.random.default_rng(seed)
    env = complete(problem.start(len(actions), rng))
    for t, a in enumerate(actions):
        s = env.observe(t, rng)
        yield s, env.respond(t, s, a, rng)


@pytest.mark.parametrize("seed", range(5))
def test_the_shaped_return_of_a_trajectory_telescopes(seed):
    rng = np.random.default_rng(seed)
    grid = bk.GridWorld("....\n.#..\nS..G", gamma=0.9, slip=0.2, step_reward=-0.3)
    potential = rng.normal(size=grid.spec.S)
    shaped = bk.Shaped(grid, potential)
    actions = rng.integers(4, size=30)
    total, first, discount = 0.0, None, 1.0
    for (s, plain), (_, y) in zip(
        play(grid, actions, seed), play(shaped, actions, seed), strict=True
    ):
        first = s if first is None else first
        assert (plain.state, plain.terminal) == (y.state, y.terminal)
        total += discount * (y.reward - plain.reward)
        discount *= 0.9
        last = 0.0 if y.terminal else shaped.potential[y.state]
        assert total == pytest.approx(discount * last - shaped.potential[first], abs=1e-12)
        if y.terminal:
            break


def test_the_potential_is_0_where_an_episode_ends_and_counts_where_it_is_cut_off():
    grid = bk.GridWorld("S.G", gamma=0.5, goal_reward=0.0, limit=1)
    shaped = bk.Shaped(grid, [3.0, 5.0, 100.0])
    (_, cut), *_ = play(shaped, [1], 0)
    assert cut.truncated
    assert cut.reward == 0.5 * 5.0 - 3.0
    shaped = bk.Shaped(bk.GridWorld("S.G", gamma=0.5, goal_reward=0.0), [3.0, 5.0, 100.0])
    _, (_, end) = play(shaped, [1, 1], 0)
    assert end.terminal
    assert end.reward == -5.0


@pytest.mark.parametrize("n", [10, 50])
def test_initial_values_do_what_shaping_does(n):
    """Wiewiora 2003: the same actions on the same streams, and values that differ by Phi."""
    grid = bk.GridWorld.ng(n)
    potential = np.array([-(i + (n - 1 - j)) / 0.8 for i, j in grid.cells])
    shaped = bk.Shaped(grid, potential)
    pairs = [(grid, bk.QLearning(rate=0.1, initial=potential)), (shaped, bk.QLearning(rate=0.1))]
    games, tables = [], []
    for problem, learner in pairs:
        env_rng, rng = np.random.default_rng(1), np.random.default_rng(2)
        env = complete(problem.start(4000, env_rng))
        policy = learner.start(problem.spec, 4000)
        actions = []
        for t in range(4000):
            s = env.observe(t, env_rng)
            a = policy.select(t, s, rng)
            policy.update(t, s, a, env.respond(t, s, a, env_rng))
            actions.append(a)
        games.append(actions)
        tables.append(policy.actor.Q)
    assert games[0] == games[1]
    assert np.abs(tables[0] - tables[1] - np.array(shaped.potential)[:, None]).max() < 1e-12
    # and compiled: the same regret, round for round
    results = [
        bk.simulate(problem, [learner], horizon=20_000, replications=2, seed=3)
        for problem, learner in pairs
    ]
    assert np.array_equal(results[0].regret, results[1].regret)


def test_a_gamma_of_its_own_may_change_what_is_best():
    flipped = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        P = rng.dirichlet(np.ones(6), size=(6, 3))
        mdp = bk.MDP(P, rng.normal(size=(6, 3)), 0.9)
        potential = 5 * rng.normal(size=6)
        wrong = bk.Shaped(mdp, potential, gamma=1.0, mismatched=True)
        flipped += (wrong.solution.policy != mdp.solution.policy).any()
        assert (bk.Shaped(mdp, potential, gamma=0.9).solution.policy == mdp.solution.policy).all()
    assert 15 < flipped < 45  # about half of them


def test_a_bonus_for_progress_is_no_potential_but_the_ring_has_one():
    ring, trap = bk.Ring(10), bk.Ring(10, bonus=0.3)
    assert ring.solution.policy[5] == 2 != trap.solution.policy[5]
    progress = [0.3 * min(s, 10 - s) for s in range(10)] + [0.0]
    assert bk.Shaped(ring, progress).solution.policy[5] == 2


def test_a_potential_makes_learning_faster_on_the_grid_of_ng():
    grid = bk.GridWorld.ng(10)
    manhattan = [-(i + (9 - j)) / 0.8 for i, j in grid.cells]
    learner = {"q": bk.QLearning(rate=0.02)}
    plain, shaped = (
        bk.simulate(problem, learner, horizon=20_000, replications=10, seed=0).mean()[0, -1]
        for problem in (grid, bk.Shaped(grid, manhattan))
    )
    assert shaped < 0.5 * plain


# Potentials that change


class Restless(NamedTuple):
    """A potential that remembers how often it was asked; what it said of each is kept."""

    asked: np.ndarray

    def potential_of(self, t, age, x):
        self.asked[0] += 1
        return math.sin(3.0 * t + 7.0 * age + 11.0 * x) * math.sqrt(self.asked[0])


class RestlessPotential(bk.Potential):
    def start(self, spec):
        return Restless(np.zeros(1))


GRID = bk.GridWorld("....\n.#..\nS..G", gamma=0.9, slip=0.4, step_reward=-0.3, limit=12)


@pytest.mark.parametrize("gamma", [0.9, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_the_sum_telescopes_though_the_potential_changes(seed, gamma):
    """Each state has the potential that it had when it was entered; the end of an episode has 0.

    The potential is asked once for each state that is entered, so a second copy, asked in the same
    order, says the same.
    """
    actions = np.random.default_rng(seed).integers(4, size=200)
    shaped = bk.DynamicShaped(GRID, RestlessPotential(), gamma=gamma, mismatched=gamma != 0.9)
    copy, total, discount, age, seen = RestlessPotential().start(GRID.spec), 0.0, 1.0, 0, set()
    games = zip(play(GRID, actions, seed), play(shaped, actions, seed), strict=True)
    for t, ((s, plain), (same, y)) in enumerate(games):
        assert (s, *plain[1:]) == (same, *y[1:])
        if age == 0:
            first = copy.potential_of(t, 0, s)
        age += 1
        total += discount * (y.reward - plain.reward)
        discount *= gamma
        last = 0.0 if y.terminal else copy.potential_of(t + 1, age, y.state)
        assert total == pytest.approx(discount * last - first, abs=1e-12)
        if y.terminal or y.truncated:
            seen.add("end" if y.terminal else "cut")
            total, discount, age = 0.0, 1.0, 0
    assert seen == {"end", "cut"}


def test_a_potential_that_fades_so_slowly_that_it_stays_is_a_table():
    potential = np.random.default_rng(0).normal(size=GRID.spec.S)
    actions = np.random.default_rng(1).integers(4, size=300)
    fading = bk.DynamicShaped(GRID, bk.FadingPotential(potential, over=10**15))
    both = zip(play(bk.Shaped(GRID, potential), actions, 2), play(fading, actions, 2), strict=True)
    for (s, y), (same, z) in both:
        assert (s, *y[1:]) == (same, *z[1:])
        assert z.reward == pytest.approx(y.reward, abs=1e-11)


def test_a_potential_fades_on_a_straight_line_and_then_pays_nothing():
    record = bk.FadingPotential([2.0, -1.0], over=4).start(bk.GridWorld("SG").spec)
    assert [record.potential_of(t, 0, 0) for t in range(6)] == [2.0, 1.5, 1.0, 0.5, 0.0, 0.0]
    assert record.potential_of(1, 7, 1) == -0.75
    potential, actions = np.arange(GRID.spec.S) + 1.0, np.zeros(60, dtype=int)
    fading = bk.DynamicShaped(GRID, bk.FadingPotential(potential, over=30))
    games = zip(play(GRID, actions, 3), play(fading, actions, 3), strict=True)
    added = [y.reward - plain.reward for (_, plain), (_, y) in games]
    assert all(added[:29])
    assert not any(added[30:])


def walk(problem, path, episodes=1):
    """Return what is added to the rewards along a row of cells: r is right, l left, u stays."""
    actions = [{"u": 0, "r": 1, "l": 3}[letter] for letter in path] * episodes
    games = zip(play(problem.problem, actions, 0), play(problem, actions, 0), strict=True)
    return [y.reward - plain.reward for (_, plain), (_, y) in games]


@pytest.mark.parametrize(
    ("subgoals", "path", "paid"),
    [
        # S is cell 0, and G, which ends the episode and takes all back, is cell 5
        ([2, 4], "rrrrr", [0, 1, 0, 1, -2]),
        ([2, 4], "rrlrlrrrr", [0, 1, 0, 0, 0, 0, 0, 1, -2]),  # once each, to and fro
        ([4, 2], "rrrrllrrr", [0, 0, 0, 1, 0, 1, 0, 0, -2]),  # in their order only
        ([2], "rruurrr", [0, 1, 0, 0, 0, 0, -1]),
        ([0, 1], "rrrrr", [1, 0, 0, 0, -2]),  # the start counts: Phi is 1 there already
        ([3, 5], "rrrrr", [0, 0, 1, 0, -1]),  # the end has potential 0
    ],
)
def test_each_subgoal_pays_once_in_an_episode_and_in_its_order(subgoals, path, paid):
    """With gamma 1 what is added is the rise of the count, times the height."""
    row = bk.GridWorld("S....G", gamma=1.0)
    shaped = bk.DynamicShaped(row, bk.SubgoalPotential(subgoals, height=0.5))
    assert walk(shaped, path, episodes=3) == pytest.approx([0.5 * each for each in paid] * 3)


def test_subgoals_begin_anew_where_an_episode_is_cut_off_and_keep_what_they_gave():
    row = bk.GridWorld("S....G", gamma=1.0, limit=3)
    shaped = bk.DynamicShaped(row, bk.SubgoalPotential([2, 3]))
    assert walk(shaped, "rrr", episodes=2) == pytest.approx([0.0, 1.0, 1.0] * 2)
    row = bk.GridWorld("S....G", gamma=0.5)
    shaped = bk.DynamicShaped(row, bk.SubgoalPotential([1]))
    assert walk(shaped, "rurrrr") == pytest.approx([0.5, -0.5, -0.5, -0.5, -0.5, -1.0])


def test_a_changing_potential_shapes_a_world_that_is_no_table():
    car = bk.MountainCar()
    actions = np.random.default_rng(0).integers(3, size=100)
    games = zip(
        play(car, actions, 1),
        play(bk.DynamicShaped(car, Slope()), actions, 1),
        strict=True,
    )
    for (s, plain), (_, y) in games:
        F = car.spec.gamma * y.state[0] - s[0]
        assert y.reward - plain.reward == pytest.approx(F, abs=1e-12)


class SlopeRecord(NamedTuple):
    """The position of the car."""

    def potential_of(self, t, age, x):
        return x[0]


class Slope(bk.Potential):
    def start(self, spec):
        return SlopeRecord()


STEADY = bk.FadingPotential([0.0, 1.0], over=1000)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bk.Shaped(bk.Bernoulli((0.5,)), [0]), "needs a finite MDP"),
        (lambda: bk.Shaped(bk.Chain(), [0, 1]), "each of the 7 states; got 2"),
        (lambda: bk.Shaped(bk.GridWorld("SG"), [0, np.nan]), "potential must be finite"),
        (lambda: bk.Shaped(bk.GridWorld("SG"), [0, 1], gamma=1.0), "must be that of the MDP, 0.99"),
        (lambda: bk.Shaped(bk.GridWorld("SG"), [0, 1], gamma=1.5), "gamma must lie in"),
        (lambda: bk.Shaped(bk.GridWorld("SG"), [0, 1], mismatched=1), "mismatched must be True"),
        (
            lambda: bk.simulate(bk.Chain(), [bk.QLearning(initial=[0, 1])], horizon=9),
            "7 states; got 2",
        ),
        (lambda: bk.Shaped(bk.CartPole(), [0]), "Shaped needs a finite MDP"),
        (lambda: bk.Shaped(bk.GridWorld("SG"), 3.0), "potential must be a list .* per state"),
        (lambda: bk.Shaped(bk.GridWorld("SG"), [[0, 1]]), r"potential must be one row .*\(1, 2\)"),
        (lambda: bk.DynamicShaped(bk.Bernoulli((0.5,)), STEADY), "DynamicShaped needs an MDP"),
        (lambda: bk.DynamicShaped(GRID, [0.0] * 11), "potential must be a Potential"),
        (lambda: bk.DynamicShaped(GRID, STEADY), "each of the 11 states; got 2"),
        (lambda: bk.DynamicShaped(bk.GridWorld("SG"), STEADY, gamma=0.5), "that of the MDP, 0.99"),
        (
            lambda: bk.DynamicShaped(bk.GridWorld("SG"), STEADY, mismatched=0),
            "mismatched must be True or False",
        ),
        (
            lambda: bk.DynamicShaped(bk.GridWorld("SG"), STEADY, gamma=-1, mismatched=True),
            "gamma must lie in",
        ),
        (lambda: bk.FadingPotential([0.0], over=0), "over must be a whole number, 1 or more"),
        (lambda: bk.FadingPotential([0.0], over=1.5), "over must be a whole number"),
        (lambda: bk.FadingPotential([np.inf], over=9), "potential must be finite; state 0 has inf"),
        (lambda: bk.FadingPotential([], over=9), "potential is empty; give one number per state"),
        (lambda: bk.SubgoalPotential([]), "subgoals is empty"),
        (lambda: bk.SubgoalPotential([1.5]), "a subgoal must be a whole number.* got 1.5"),
        (lambda: bk.SubgoalPotential([-1]), "a subgoal must be a whole number, 0 or more; got -1"),
        (lambda: bk.SubgoalPotential("AB"), "a subgoal must be a whole number"),
        (lambda: bk.SubgoalPotential([1], height=np.nan), "height must be finite; got nan"),
        (
            lambda: bk.DynamicShaped(GRID, bk.SubgoalPotential([3, 11])),
            "a subgoal must be a state from 0 to 10; got 11",
        ),
        (
            lambda: bk.DynamicShaped(bk.MountainCar(), bk.SubgoalPotential([3])),
            "SubgoalPotential .*states are numbered",
        ),
        (
            lambda: bk.DynamicShaped(bk.MountainCar(), bk.FadingPotential([3], over=9)),
            "FadingPotential .*states are numbered",
        ),
    ],
)
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


class NoNumber(NamedTuple):
    def potential_of(self, t, age, x):
        return math.nan


class NotFinite(bk.Potential):
    def start(self, spec):
        return NoNumber()


def test_a_potential_that_is_no_number_is_named():
    shaped = bk.DynamicShaped(bk.GridWorld("S...G"), NotFinite())
    with pytest.raises(ValueError, match="in round 1, respond returned a reward of nan"):
        bk.simulate(shaped, [bk.QLearning()], horizon=9)
