"""Shaping by a potential: invariance, telescoping sums, and the same as other initial values."""

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
    ],
)
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
