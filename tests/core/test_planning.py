"""Planning keeps to its tolerance, whatever gamma and whether or not anything ends."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import banditkit as bk
from banditkit import planning
from banditkit.core.jit import interpreted
from banditkit.problems.mdp import model_from_lists

GAMMAS = (0.0, 0.5, 0.99, 0.9999)


def model_of(weights, rewards, gamma, ends):
    """Return the model of these dense tables; weights that are no more than 0.3 count as 0."""
    S, A, _ = weights.shape
    P = np.where(weights > 0.3, weights, 0.0) + 1e-3 * np.eye(S)[:, None]
    P /= P.sum(axis=2, keepdims=True)
    outcomes = [
        [[(P[s, a, n], n, rewards[s, a]) for n in range(S)] for a in range(A)] for s in range(S)
    ]
    return model_from_lists(outcomes, [S - 1] if ends else [], gamma)


def furthest(model, V):
    """Return how far V is from the values of the best of all policies, and the largest of those."""
    states, actions = model.terminal.size, range(model.A)
    everything = itertools.product(actions, repeat=states)
    best = np.max([planning.evaluate(model, np.array(each)) for each in everything], axis=0)
    return np.abs(V - best).max(), np.abs(best).max()


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("gamma", GAMMAS)
@settings(max_examples=10, deadline=None)
@given(
    weights=hnp.arrays(float, (3, 2, 3), elements=st.floats(0.0, 1.0)),
    rewards=hnp.arrays(float, (3, 2), elements=st.floats(-5, 5)),
    tolerance=st.sampled_from([1e-2, 1e-6, 1e-300]),
    evaluations=st.integers(0, 9),
)
def test_values_are_within_the_tolerance(gamma, ends, weights, rewards, tolerance, evaluations):
    model = model_of(weights, rewards, gamma, ends)
    V, sweeps = planning.iterate(model, tolerance, 1_000_000, evaluations)
    assert sweeps > 0
    distance, largest = furthest(model, V)
    assert distance <= tolerance + 3e-15 * largest / (1.0 - gamma)


@settings(max_examples=30, deadline=None)
@given(
    weights=hnp.arrays(float, (4, 2, 4), elements=st.floats(0.0, 1.0)),
    costs=hnp.arrays(float, (4, 2), elements=st.floats(0.01, 5)),
    leave=st.floats(0.31, 1.0),
)
def test_without_discount_what_always_may_end_is_found(weights, costs, leave):
    weights = np.where(weights > 0.3, weights, 0.0)
    weights[:, :, 3] = leave * (1.0 + weights[:, :, :3].sum(axis=2))  # to the end
    model = model_of(weights, -costs, 1.0, ends=True)
    exact = planning.policy_iteration(model).V
    for evaluations in (0, 1, 7):
        V, sweeps = planning.iterate(model, 1e-10, 1_000_000, evaluations)
        assert sweeps > 0
        assert V == pytest.approx(exact, abs=1e-6)


@pytest.mark.parametrize("evaluations", [0, 3])
@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_compiled_and_interpreted_values_are_the_same_to_the_bit(seed, ends, evaluations):
    rng = np.random.default_rng(seed)
    weights, rewards = rng.random((6, 3, 6)), rng.standard_normal((6, 3))
    model = model_of(weights, rewards, 0.97, ends)
    V, sweeps = planning.iterate(model, 1e-9, 1000, evaluations)
    slowly, as_many = interpreted(planning.iterate)(model, 1e-9, 1000, evaluations)
    assert sweeps == as_many > 8  # turns were taken
    assert V.tobytes() == slowly.tobytes()
    again = model._replace(expected=np.zeros(18))
    interpreted(planning.expect)(again)
    assert again.expected.tobytes() == model.expected.tobytes()


def random_endless(S, gamma, m=3, A=2):
    rng = np.random.default_rng(S)
    first, following = np.arange(0, S * A * m + 1, m), rng.integers(0, S, S * A * m)
    chance = rng.dirichlet(np.ones(m), S * A).ravel()
    rewards = np.repeat(rng.standard_normal(S * A), m)
    return planning.new_model(first, following, chance, rewards, np.zeros(S), gamma)


@pytest.mark.parametrize("gamma", [0.99, 0.9999])
@pytest.mark.parametrize("evaluations", [0, 5])
def test_where_nothing_ends_and_states_mix_gamma_hardly_matters(gamma, evaluations):
    model = random_endless(200, gamma)
    V, sweeps = planning.iterate(model, 1e-6, 1000, evaluations)
    assert 0 < sweeps <= 300  # without the bounds, 10 times the horizon and more
    bellman = planning.action_values(model, V).max(axis=1)
    assert np.abs(bellman - V).max() <= (1.0 + gamma) * 1e-6


def test_where_nothing_ends_and_nothing_mixes_sweeps_in_place_still_help():
    S, gamma = 100, 0.99  # a ring, walked around for ever: to copy is to move by a state a sweep
    ring = planning.new_model(
        np.arange(S + 1), (np.arange(S) + 1) % S, np.ones(S), np.arange(S) == 0, np.zeros(S), gamma
    )
    V, sweeps = planning.iterate(ring, 1e-6, 10_000, 0)
    steps = (S - np.arange(S)) % S
    assert V == pytest.approx(gamma**steps / (1.0 - gamma**S), abs=1e-6)
    assert sweeps < 300  # copies alone take about 1600


def test_a_way_back_from_the_end_is_found_from_either_side():
    for goal in (0, 999):
        corridor = bk.MDP(*corridor_of(1000, goal), 1.0, terminal=[goal], initial=500)
        values = -np.abs(np.arange(1000.0) - goal)
        assert planning.policy_iteration(corridor).V == pytest.approx(values)


def corridor_of(S, goal):
    """Return P, sparse, and R of a corridor, where one goes to either side, and a step costs 1."""
    from scipy.sparse import csr_array

    s = np.arange(S)
    after = np.stack([np.maximum(s - 1, 0), np.minimum(s + 1, S - 1)], axis=1)
    P = csr_array((np.ones(2 * S), after.ravel(), np.arange(2 * S + 1)), shape=(2 * S, S))
    return P, np.full((S, 2), -1.0)


def test_a_model_says_how_many_transitions_it_has_room_for():
    many = np.broadcast_to(np.int32(0), 2**31)  # takes no memory
    with pytest.raises(ValueError, match="room for 2,147,483,647 next states; got 2,147,483,648"):
        planning.new_model([0, 2**31], many, many, many, [False], 0.9)


def waiting(S, seed):
    """Return an MDP without discount whose first action never ends, and whose second always may."""
    rng = np.random.default_rng(seed)
    P = np.zeros((S + 1, 2, S + 1))
    P[:S, 0, :S] = rng.dirichlet(np.ones(S), size=S)
    P[:S, 1, S] = 1.0
    P[S, :, S] = 1.0
    return P


@pytest.mark.parametrize("seed", range(10))
def test_without_discount_what_never_ends_is_an_error_and_no_number(seed):
    paid = bk.MDP(waiting(5, seed), np.full((6, 2), 0.1), 1.0, terminal=[5])
    with pytest.raises(ValueError, match="it pays to go on for ever from state 0"):
        bk.planning.policy_iteration(paid)
    for ask in (bk.planning.evaluate, bk.planning.occupancy):
        with pytest.raises(ValueError, match="the policy never ends from state 0"):
            ask(paid, np.zeros(6, dtype=int))


@pytest.mark.parametrize(
    "mdp",
    [
        bk.Chain(),
        bk.GridWorld("S..\n...\n..G", gamma=1.0),
        bk.FlagGrid("2S1G", gamma=1.0),
        bk.MDP(waiting(4, 0), [[0, 0]] * 5, 1.0, terminal=[4]),
    ],
    ids=["chain", "grid", "flags", "waiting"],
)
def test_without_discount_the_policy_of_a_solution_ends_and_is_worth_the_values(mdp):
    """Where waiting is free, it must not win the tie."""
    solutions = [
        solve(mdp)
        for solve in (
            bk.planning.policy_iteration,
            bk.planning.value_iteration,
            bk.planning.modified_policy_iteration,
            bk.planning.linear_programme,
        )
    ]
    for solution in solutions:
        assert bk.planning.evaluate(mdp, solution.policy) == pytest.approx(solution.V, abs=1e-8)


def test_small_values_are_told_apart_too():
    far = bk.GridWorld("S" + "." * 60 + "G", gamma=0.5)
    right = np.ones(61, dtype=int)
    assert (far.solution.policy[:61] == right).all()
    precise = bk.planning.value_iteration(far, tolerance=1e-30)
    assert (precise.policy[:61] == right).all()
