"""Finite MDPs: planning against brute force and closed forms, playing against the definition."""

import itertools
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_array

import banditkit as bk
from banditkit import planning
from banditkit.core.verbs import complete

SOLVERS = [
    planning.value_iteration,
    planning.policy_iteration,
    planning.modified_policy_iteration,
    planning.linear_programme,
]


def random_mdp(seed, S=4, A=3, gamma=0.9, terminal=(), **options):
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.ones(S) * 0.5, size=(S, A))
    return bk.MDP(P, rng.standard_normal((S, A, S)), gamma, terminal=terminal, **options), P


def dense_value(mdp, P, policy):
    """Return the value of a deterministic policy from the definition, with dense matrices."""
    S = P.shape[0]
    alive = np.array([s not in mdp.terminal for s in range(S)])
    moves = P[np.arange(S), policy] * alive[:, None]
    R = np.asarray(mdp.R)[np.arange(S), policy]
    return np.linalg.solve(np.eye(S) - mdp.gamma * moves, (moves * R).sum(axis=1))


@pytest.mark.parametrize("terminal", [(), (3,), (0, 2)])
@pytest.mark.parametrize("seed", range(3))
def test_every_solver_finds_the_best_of_all_policies(seed, terminal):
    start = next(s for s in range(4) if s not in terminal)
    mdp, P = random_mdp(seed, terminal=terminal, initial=start)
    values = [dense_value(mdp, P, policy) for policy in itertools.product(range(3), repeat=4)]
    best = np.max(values, axis=0)
    for solve in SOLVERS:
        solution = solve(mdp)
        assert solution.V == pytest.approx(best, abs=1e-8), solve
        assert dense_value(mdp, P, solution.policy) == pytest.approx(best, abs=1e-8), solve
        assert solution.Q.max(axis=1)[list(terminal)] == pytest.approx(0.0)


@settings(max_examples=30, deadline=None)
@given(
    weights=hnp.arrays(float, (3, 2, 3), elements=st.floats(0.01, 1.0)),
    rewards=hnp.arrays(float, (3, 2), elements=st.floats(-5, 5)),
    gamma=st.floats(0.0, 0.99),
)
def test_bellmans_equation_holds(weights, rewards, gamma):
    P = weights / weights.sum(axis=2, keepdims=True)
    mdp = bk.MDP(P, rewards, gamma)
    V, Q, policy, _ = mdp.solution
    assert Q == pytest.approx(rewards + gamma * P @ V, abs=1e-8)
    assert V == pytest.approx(Q.max(axis=1), abs=1e-8)
    assert planning.evaluate(mdp, policy) == pytest.approx(V, abs=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_occupancy_gives_the_value_and_the_performance_difference(seed):
    mdp, P = random_mdp(seed, terminal=(2,), initial=[0.25, 0.25, 0.0, 0.5])
    pi = np.random.default_rng(seed).dirichlet(np.ones(3), size=4)
    visits = planning.occupancy(mdp, pi)
    V = planning.evaluate(mdp, pi)
    r = (P * np.asarray(mdp.R)).sum(axis=2)
    value = mdp.start_distribution @ V
    assert (visits * r).sum() == pytest.approx(value, abs=1e-10)
    gaps = mdp.solution.V[:, None] - mdp.solution.Q
    best = mdp.start_distribution @ mdp.solution.V
    assert (visits * gaps).sum() == pytest.approx(best - value, abs=1e-9)
    # flow: what comes in goes out
    inflow = mdp.start_distribution + 0.9 * np.einsum("sa,sat->t", visits, P)
    assert visits.sum(axis=1)[[0, 1, 3]] == pytest.approx(inflow[[0, 1, 3]], abs=1e-10)


def test_visits_of_what_never_ends_sum_to_a_geometric_series():
    mdp, _ = random_mdp(1)
    assert planning.occupancy(mdp, np.zeros(4, dtype=int)).sum() == pytest.approx(10.0)


def test_a_finite_horizon_is_a_recursion():
    mdp, P = random_mdp(5, terminal=(1,))
    R = np.asarray(mdp.R)

    def value(s, left):
        if left == 0 or s == 1:
            return 0.0
        return max(
            sum(P[s, a, n] * (R[s, a, n] + 0.9 * value(n, left - 1)) for n in range(4))
            for a in range(3)
        )

    V, policy = planning.finite_horizon(mdp, 4)
    assert V.shape == (5, 4)
    assert policy.shape == (4, 4)
    for left in range(5):
        assert V[left] == pytest.approx([value(s, left) for s in range(4)], abs=1e-12)


def test_sparse_and_dense_tables_make_the_same_mdp():
    mdp, P = random_mdp(3)
    sparse = bk.MDP(csr_array(P.reshape(12, 4)), mdp.R, 0.9)
    assert sparse == mdp
    assert hash(sparse) == hash(mdp)
    assert bk.MDP(P, mdp.R, 0.8) != mdp


def test_an_mdp_leaves_the_callers_matrix_alone_and_forgets_it():
    # the first row is out of order and has an entry in two parts
    data, columns = np.array([0.5, 0.25, 0.25, 1.0]), np.array([1, 0, 0, 0])
    P = csr_array((data, columns, np.array([0, 3, 4])), shape=(2, 2))
    mdp = bk.MDP(P, [[1.0], [0.0]], 0.5)
    assert data.tolist() == [0.5, 0.25, 0.25, 1.0]
    assert columns.tolist() == [1, 0, 0, 0]
    P.data[:] = 7.0
    assert mdp == bk.MDP([[[0.5, 0.5]], [[1.0, 0.0]]], [[1.0], [0.0]], 0.5)
    assert mdp.P.toarray().tolist() == [[0.5, 0.5], [1.0, 0.0]]


def test_an_mdp_can_be_made_anew_from_its_fields():
    mdp, _ = random_mdp(4, terminal=(1,))
    assert replace(mdp) == mdp
    assert hash(replace(mdp)) == hash(mdp)
    assert replace(mdp, gamma=0.5).solution.V == pytest.approx(
        planning.policy_iteration(mdp.model._replace(gamma=0.5)).V
    )


def test_a_large_mdp_is_kept_once():
    S, A, m = 2_000, 2, 10
    columns = np.arange(S * A * m) % S
    P = csr_array((np.full(S * A * m, 1 / m), columns, np.arange(0, S * A * m + 1, m)))
    R = np.zeros((S, A))
    bk.MDP(P, R, 0.9)  # imports, compiles
    tracemalloc.start()
    mdp = bk.MDP(P, R, 0.9)
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.shares_memory(mdp.P.data, mdp.model.chance)
    assert np.shares_memory(mdp.P.indices, mdp.model.following)
    # of each transition: the next state, 4 bytes, its chance and reward, 8 each; and some of pairs
    assert kept / P.nnz < 25
    assert most / P.nnz < 45


# Worlds


@pytest.mark.parametrize(("n", "steps"), [(10, 21.998965)])
def test_the_grid_of_ng_harada_and_russell_takes_as_long_as_computed(n, steps):
    grid = bk.GridWorld.ng(n)
    assert grid.solution.V[grid.cell(n - 1, 0)] == pytest.approx(-steps, abs=1e-5)
    for solve in SOLVERS:
        assert solve(grid).V[grid.cell(n - 1, 0)] == pytest.approx(-steps, abs=1e-5)


@pytest.mark.parametrize("one_way", [True, False])
@pytest.mark.parametrize(
    ("N", "gamma", "laps", "to_and_fro"),
    [(10, 0.9, 0.26935, 0.21111), (20, 0.95, 0.13351, 0.10263), (10, 0.99, 0.02052, 0.02010)],
)
def test_the_ring_is_left_up_to_its_threshold_and_never_beyond(N, gamma, laps, to_and_fro, one_way):
    h = N // 2
    exact = (1 - gamma) * (1 + gamma**h) / gamma**h if one_way else (1 - gamma**2) / gamma
    assert exact == pytest.approx(laps if one_way else to_and_fro, abs=6e-6)
    for factor, leaves in ((0.999, True), (1.001, False)):
        ring = bk.Ring(N, bonus=factor * exact, gamma=gamma, one_way=one_way)
        assert (ring.solution.policy[h] == 2) == leaves
        assert (planning.value_iteration(ring).policy[h] == 2) == leaves


def test_the_random_walk_on_a_chain_has_values_on_a_line():
    for n in (1, 4, 9):
        V = planning.evaluate(bk.Chain(n), np.full((n + 2, 2), 0.5))
        assert V[1:-1] == pytest.approx(np.arange(1, n + 1) / (n + 1))


def test_cells_of_a_grid_are_numbered_row_by_row():
    grid = bk.GridWorld(".#G\nS..")
    assert grid.cells == [(0, 0), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert [grid.cell(*cell) for cell in grid.cells] == [0, 1, 2, 3, 4]
    assert grid.start_distribution.tolist() == [0, 0, 1, 0, 0]
    with pytest.raises(ValueError, match="no state in row 0, column 1"):
        grid.cell(0, 1)
    # up into a wall stays; right, down, left move
    moves = [[planning.action_values(grid, np.eye(5)[k])[3, a] for k in range(5)] for a in range(4)]
    assert np.array(moves).argmax(axis=1).tolist() == [3, 4, 3, 2]


def test_who_slips_moves_anywhere():
    grid = bk.GridWorld("...\n.S.\n..G", gamma=1.0, slip=0.4)
    outcome = [planning.action_values(grid, np.eye(9)[k])[4, 1] for k in (1, 3, 5, 7)]
    assert outcome == pytest.approx([0.1, 0.1, 0.7, 0.1])


# Playing


def steps_of(problem, actions, seed=0, horizon=1000):
    """Yield (state, step) of a game in which the actions are given."""
    rng = np.random.default_rng(seed)
    env = complete(problem.start(horizon, rng))
    for t, a in enumerate(actions):
        s = env.observe(t, rng)
        yield s, env.respond(t, s, a, rng)


def test_an_episode_ends_at_the_goal_and_another_begins():
    steps = [*steps_of(bk.GridWorld("S.G"), [1, 1, 3, 1])]
    assert [s for s, _ in steps] == [0, 1, 0, 0]
    assert [y.state for _, y in steps] == [1, 2, 0, 1]
    assert [y.reward for _, y in steps] == [0.0, 1.0, 0.0, 0.0]
    assert [y.terminal for _, y in steps] == [False, True, False, False]
    assert not any(y.truncated for _, y in steps)


def test_an_episode_that_is_cut_off_has_not_ended():
    steps = [*steps_of(bk.GridWorld("S..G", limit=2), [1, 1, 1, 1, 1])]
    assert [s for s, _ in steps] == [0, 1, 0, 1, 0]
    assert [y.truncated for _, y in steps] == [False, True, False, True, False]
    assert not any(y.terminal for _, y in steps)
    # the goal on the last step is an end, and no cut
    (*_, (_, last)) = steps_of(bk.GridWorld("S.G", limit=2), [1, 1])
    assert last.terminal
    assert not last.truncated


def test_next_states_and_starts_are_as_likely_as_stated():
    mdp, P = random_mdp(7, initial=[0.1, 0.2, 0.3, 0.4], limit=1)
    n = 40_000
    steps = [*steps_of(mdp, [1] * n, seed=3)]
    starts = np.bincount([s for s, _ in steps], minlength=4) / n
    assert np.abs(starts - [0.1, 0.2, 0.3, 0.4]).max() < 5 * np.sqrt(0.25 / n)
    after = np.bincount([y.state for s, y in steps if s == 3], minlength=4)
    assert np.abs(after / after.sum() - P[3, 1]).max() < 5 * np.sqrt(0.25 / after.sum())
    R = np.asarray(mdp.R)
    assert all(y.reward == R[s, 1, y.state] for s, y in steps[:200])


def test_regret_is_the_sum_of_the_gaps_of_the_steps():
    grid = bk.GridWorld("S..\n.#.\n..G", gamma=0.9)
    game = bk.watch(grid, bk.QLearning(), horizon=500, seed=2)
    result = bk.simulate(
        grid, [bk.QLearning()], horizon=500, replications=1, seed=2, times=range(1, 501)
    )
    assert np.array_equal(result.regret[0, 0], np.cumsum(game.gaps))


def test_q_learning_with_rate_1_finds_the_exact_values_where_nothing_is_random():
    grid = bk.GridWorld("S..\n.#.\n..G", gamma=0.9)
    env_rng, rng = np.random.default_rng(0), np.random.default_rng(1)
    env = complete(grid.start(20_000, env_rng))
    policy = bk.QLearning(rate=1.0, epsilon=1.0).start(grid.spec, 20_000)
    for t in range(20_000):
        s = env.observe(t, env_rng)
        a = policy.select(t, s, rng)
        policy.update(t, s, a, env.respond(t, s, a, env_rng))
    assert policy.actor.Q == pytest.approx(grid.solution.Q, abs=1e-12)


def test_q_learning_goes_on_where_an_episode_is_cut_off():
    policy = bk.QLearning(rate=0.5).start(bk.Tabular(2, 2, 0.9), 10)
    policy.actor.Q[1] = 2.0, 4.0
    policy.update(0, 0, 1, bk.Step(1.0, 1, False, True))
    assert policy.actor.Q[0].tolist() == [0.0, 0.5 * (1.0 + 0.9 * 4.0)]
    policy.update(0, 0, 0, bk.Step(1.0, 1, True, False))
    assert policy.actor.Q[0, 0] == 0.5


# Bad input

GOOD = [[[0.5, 0.5], [1.0, 0.0]], [[0.0, 1.0], [0.5, 0.5]]]
R = [[0.0, 1.0], [2.0, 3.0]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bk.MDP([[[0.5, 0.4], [1, 0]], [[0, 1], [1, 0]]], R, 0.9), "state 0, action 0 sum to 0.9"),
        (lambda: bk.MDP([[[1.5, -0.5], [1, 0]], [[0, 1], [1, 0]]], R, 0.9), "state 0, action 0 has -0.5"),
        (lambda: bk.MDP([[[np.nan, 1], [1, 0]], [[0, 1], [1, 0]]], R, 0.9), "state 0, action 0 has nan"),
        (lambda: bk.MDP(GOOD, R, 1.1), "gamma must lie in"),
        (lambda: bk.MDP(GOOD, R, -0.1), "gamma must lie in"),
        (lambda: bk.MDP(GOOD, R, 1.0), "with gamma 1 a terminal state must be within reach"),
        (lambda: bk.MDP(GOOD, [1, 2], 0.9), r"R must have shape \(2, 2\) or \(2, 2, 2\)"),
        (lambda: bk.MDP(GOOD, [[0, np.inf], [0, 0]], 0.9), "state 0, action 1 has inf"),
        (lambda: bk.MDP(GOOD, "R", 0.9), "R must be numbers"),
        (lambda: bk.MDP([[1, 0], [0, 1]], R, 0.9), r"P must have shape \(S, A, S\)"),
        (lambda: bk.MDP([[[1, 0]], [[0]]], R, 0.9), "P must be numbers"),
        (lambda: bk.MDP(csr_array(np.eye(3)[:2]), R, 0.9), r"sparse P must have shape \(S A, S\)"),
        (lambda: bk.MDP(GOOD, R, 0.9, terminal=[2]), "terminal states must be from 0 to 1; got 2"),
        (lambda: bk.MDP(GOOD, R, 0.9, terminal=[0]), "can't start in a terminal state"),
        (lambda: bk.MDP(GOOD, R, 0.9, initial=2), "initial must be a state from 0 to 1"),
        (lambda: bk.MDP(GOOD, R, 0.9, initial=[0.5, 0.4]), "sum to 1"),
        (lambda: bk.MDP(GOOD, R, 0.9, limit=-1), "limit must be a whole number"),
        (lambda: bk.GridWorld("S.?G"), r"row 0, column 2 of the grid has '\?'"),
        (lambda: bk.GridWorld("S..."), "the grid has no goal"),
        (lambda: bk.GridWorld("..G"), "needs one start, S; it has 0"),
        (lambda: bk.GridWorld("S.S\n..G"), "needs one start, S; it has 2"),
        (lambda: bk.GridWorld("S.\n..G"), "row 0 has 2 cells and row 1 has 3"),
        (lambda: bk.GridWorld(""), "text must be rows of letters"),
        (lambda: bk.GridWorld(None), "text must be rows of letters"),
        (lambda: bk.GridWorld("S#G", gamma=1.0), "within reach of every state; state 0"),
        (lambda: bk.GridWorld("SG", slip=1.5), "slip must lie in"),
        (lambda: bk.GridWorld.ng(1), "n must be a whole number, 2 or more"),
        (lambda: bk.Ring(5), "N must be even"),
        (lambda: bk.Ring(gamma=1.0), "gamma must lie in"),
        (lambda: bk.Chain(0), "n must be a whole number, 1 or more"),
        (lambda: bk.QLearning(rate=2), "rate must lie in"),
        (lambda: planning.evaluate(bk.Chain(), [0] * 6), r"int of shape \(7,\)"),
        (lambda: planning.evaluate(bk.Chain(), [0, 0, 2, 0, 0, 0, 0]), "state 2 has 2"),
        (lambda: planning.evaluate(bk.Chain(), np.full((7, 2), 0.4)), "sum to 1; state 0"),
        (lambda: planning.evaluate(bk.GridWorld("S.G", gamma=1.0), [3, 3, 3]), "never ends"),
        (lambda: planning.occupancy(bk.GridWorld("S.G", gamma=1.0), [3, 3, 3]), "never ends"),
        (lambda: planning.action_values(bk.Chain(), [0.0]), "a value for each of 7 states"),
        (lambda: planning.value_iteration(bk.Bernoulli((0.5,))), "planning needs an MDP"),
        (lambda: planning.value_iteration(bk.GridWorld.ng(5), sweeps=2), "2 sweeps did not reach"),
        (lambda: bk.simulate(bk.Chain(), [bk.UCB1()], horizon=9), "learns from bandit feedback"),
        (lambda: bk.simulate(bk.Bernoulli((0.5,)), [bk.QLearning()], horizon=9), "from step feedback"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_what_was_learned_can_be_seen_after_a_game_was_watched():
    grid = bk.GridWorld("S..G", gamma=0.9)
    game = bk.watch(grid, bk.QLearning(rate=1.0), horizon=500)
    assert game.policy.actor.Q.max(axis=1)[:3] == pytest.approx(grid.solution.V[:3])
