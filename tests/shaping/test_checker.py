"""check_shaping: potentials are recovered, and of all else two routes are shown that say why."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import banditkit as bk

# From the definition


def possible(mdp):
    """Return all (s, a, s') that may happen, from the lists of the model."""
    model = mdp.model
    found = set()
    for s, a in itertools.product(range(model.terminal.size), range(model.A)):
        for i in range(model.first[s * model.A + a], model.first[s * model.A + a + 1]):
            if model.chance[i] > 0 and not model.terminal[s]:
                found.add((s, a, int(model.following[i])))
    return sorted(found)


def is_potential(F, mdp, gamma):
    """Tell whether the linear equations for Phi have a solution, by dense least squares."""
    steps = possible(mdp)
    equations = np.zeros((len(steps), mdp.model.terminal.size))
    for row, (s, _, to) in zip(equations, steps, strict=True):
        row[to] += gamma
        row[s] -= 1.0
    equations[:, mdp.model.terminal] = 0.0
    pays = np.array([F[step] for step in steps])
    Phi = np.linalg.lstsq(equations, pays)[0]
    return np.abs(equations @ Phi - pays).max(initial=0.0) < 1e-8


def best_totals(F, mdp, gamma):
    """Return the most that F pays from each state, by naive value iteration, gamma below 1."""
    V = np.zeros(mdp.model.terminal.size)
    for _ in range(400):
        new = np.where(mdp.model.terminal, 0.0, -np.inf)
        for s, a, to in possible(mdp):
            new[s] = max(new[s], F[s, a, to] + gamma * V[to])
        V = new
    return V


def sum_up(route, F, mdp, gamma):
    """Return what F pays on a route, step by step, and make sure that there is such a route."""
    steps = set(possible(mdp))
    pays = []
    for k, (a, back) in enumerate(zip(route.actions, route.backwards, strict=True)):
        s, to = route.states[k : k + 2]
        step = (to, a, s) if back else (s, a, to)
        assert step in steps
        assert not back or gamma == 1.0
        pays.append(-F[step] if back else F[step])
    total = 0.0
    if route.cycle_from is None:
        for k, pay in enumerate(pays):
            total += gamma**k * pay
        assert route.lap == 0.0
        return total
    assert route.states[-1] == route.states[route.cycle_from]
    assert not any(route.backwards)
    assert route.cycle == route.states[route.cycle_from :]
    lap = pays[route.cycle_from :]
    assert route.lap == pytest.approx(sum(gamma**k * pay for k, pay in enumerate(lap)), abs=1e-9)
    if gamma == 1.0:
        return math.copysign(math.inf, sum(lap))
    for k, pay in enumerate(itertools.chain(pays[: route.cycle_from], itertools.cycle(lap))):
        if gamma**k < 1e-15:
            break
        total += gamma**k * pay
    return total


def check_evidence(verdict, F, mdp, gamma):
    """Check that the two routes refute F."""
    assert not verdict.is_potential
    assert not verdict
    assert verdict.potential is None
    better, worse = verdict.better, verdict.worse
    totals = [sum_up(route, F, mdp, gamma) for route in (better, worse)]
    assert better.total == pytest.approx(totals[0], abs=1e-9)
    assert worse.total == pytest.approx(totals[1], abs=1e-9)
    assert verdict.gain == pytest.approx(totals[0] - totals[1], abs=2e-9)
    assert verdict.gain > 0.0
    assert better.states[0] == worse.states[0]
    for route in (better, worse):
        assert route.ends == bool(mdp.model.terminal[route.states[-1]])
    if math.isinf(verdict.gain):
        assert gamma == 1.0
        assert better.lap > 0.0 or worse.lap < 0.0
        assert "each lap of " in str(verdict)
    else:
        same_place = gamma == 1.0 and better.states[-1] == worse.states[-1]
        over = [route.ends or bool(route.cycle) for route in (better, worse)]
        assert all(over) or same_place
        assert f"pays {verdict.gain:.4g} more" in str(verdict)
    assert str(verdict).startswith("no potential: ")


def table(Phi, gamma, A=1):
    """Return F of a potential, (S, A, S)."""
    Phi = np.asarray(Phi, dtype=float)
    return np.repeat((gamma * Phi[None, :] - Phi[:, None])[:, None, :], A, axis=1)


def random_mdp(rng):
    """Return an MDP with few transitions: traps, lost states and self-loops are common."""
    S, A = rng.integers(1, 7), rng.integers(1, 4)
    P = (rng.random((S, A, S)) < rng.choice([0.1, 0.4])) * rng.random((S, A, S))
    P[np.arange(S)[:, None], np.arange(A), rng.integers(S, size=(S, A))] += 0.1
    terminal = np.flatnonzero(rng.random(S) < 0.25)[: S - 1]
    start = next(s for s in range(S) if s not in terminal)
    P /= P.sum(axis=2, keepdims=True)
    return bk.MDP(P, np.zeros((S, A)), 0.5, terminal=terminal, initial=start)


GAMMAS = st.sampled_from([0.0, 0.3, 0.9, 0.99, 1.0])
SEEDS = st.integers(0, 10**6)


@settings(max_examples=150, deadline=None)
@given(seed=SEEDS, gamma=GAMMAS)
def test_a_potential_is_recovered(seed, gamma):
    rng = np.random.default_rng(seed)
    mdp = random_mdp(rng)
    S, A = mdp.spec.S, mdp.spec.A
    Phi = 3.0 * rng.normal(size=S)
    Phi[mdp.model.terminal] = 0.0
    verdict = bk.check_shaping(table(Phi, gamma, A), mdp, gamma=gamma)
    assert verdict
    assert verdict.is_potential
    assert (verdict.better, verdict.worse, verdict.gain) == (None, None, 0.0)
    found = verdict.potential
    assert (found[[*mdp.terminal, *verdict.pinned]] == 0.0).all()
    if gamma < 1.0:
        assert verdict.pinned == ()
        assert found == pytest.approx(Phi, abs=1e-8)
    difference = Phi - found  # a constant in each part, and 0 where there is a terminal state
    for s, _, to in possible(mdp):
        assert difference[s] == pytest.approx(difference[to], abs=1e-8)
    assert ("up to a constant" in str(verdict)) == bool(verdict.pinned)


@settings(max_examples=200, deadline=None)
@given(seed=SEEDS, gamma=GAMMAS, delta=st.sampled_from([1e-4, -0.3, 2.0]))
def test_one_other_transition_is_found_and_two_routes_prove_it(seed, gamma, delta):
    rng = np.random.default_rng(seed)
    mdp = random_mdp(rng)
    Phi = rng.normal(size=mdp.spec.S)
    Phi[mdp.model.terminal] = 0.0
    F = table(Phi, gamma, mdp.spec.A)
    steps = possible(mdp)
    F[steps[rng.integers(len(steps))]] += delta
    verdict = bk.check_shaping(F, mdp, gamma=gamma)
    assert verdict.is_potential == is_potential(F, mdp, gamma)
    if not verdict:
        check_evidence(verdict, F, mdp, gamma)


@settings(max_examples=200, deadline=None)
@given(seed=SEEDS, gamma=GAMMAS, coarse=st.booleans())
@example(seed=0, gamma=1.0, coarse=True)
def test_of_any_other_rewards_two_routes_are_shown(seed, gamma, coarse):
    rng = np.random.default_rng(seed)
    mdp = random_mdp(rng)
    F = rng.normal(size=(mdp.spec.S, mdp.spec.A, mdp.spec.S))
    if coarse:  # many ties, and cycles that sum to 0
        F = rng.integers(-1, 2, size=F.shape).astype(float)
    verdict = bk.check_shaping(F, mdp, gamma=gamma)
    assert verdict.is_potential == is_potential(F, mdp, gamma)
    if not verdict:
        check_evidence(verdict, F, mdp, gamma)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(8))
def test_they_are_the_best_and_the_worst_and_differ_by_half_the_largest_gain_or_more(seed, gamma):
    rng = np.random.default_rng(seed)
    mdp = random_mdp(rng)
    F = rng.normal(size=(mdp.spec.S, mdp.spec.A, mdp.spec.S))
    verdict = bk.check_shaping(F, mdp, gamma=gamma)
    best, worst = best_totals(F, mdp, gamma), -best_totals(-F, mdp, gamma)
    if not verdict:
        s = verdict.better.states[0]
        assert verdict.better.total == pytest.approx(best[s], abs=1e-9)
        assert verdict.worse.total == pytest.approx(worst[s], abs=1e-9)
        assert verdict.gain >= 0.5 * (best - worst).max() - 1e-9
    else:
        assert best == pytest.approx(worst, abs=1e-8)


def test_random_mdps_are_of_all_kinds():
    """Or else the tests above would prove little."""
    kinds = set()
    for seed in range(400):
        rng = np.random.default_rng(seed)
        mdp = random_mdp(rng)
        F = rng.integers(-1, 2, size=(mdp.spec.S, mdp.spec.A, mdp.spec.S)).astype(float)
        for gamma in (0.9, 1.0):
            verdict = bk.check_shaping(F, mdp, gamma=gamma)
            if verdict:
                kinds.add((gamma, "potential", bool(verdict.pinned)))
                continue
            for route in (verdict.better, verdict.worse):
                how = "laps" if route.cycle else "ends" if route.ends else "stops"
                kinds.add((gamma, how, any(route.backwards)))
    routes = [("laps", False), ("ends", False)]
    undiscounted = [*routes, ("stops", False)]
    assert kinds == {
        *((0.9, *kind) for kind in [*routes, ("potential", False)]),
        *((1.0, *kind) for kind in [*undiscounted, ("potential", False), ("potential", True)]),
    }


# The counter-examples of the literature


@pytest.mark.parametrize("one_way", [True, False])
@pytest.mark.parametrize(("N", "gamma"), [(10, 0.9), (20, 0.95), (10, 0.99)])
def test_the_gain_on_the_ring_exceeds_the_exit_at_the_known_thresholds(N, gamma, one_way):
    h = N // 2
    lap = (1 - gamma) * (1 + gamma**h) / gamma**h
    threshold = lap if one_way else (1 - gamma**2) / gamma
    for factor in (0.999, 1.001):
        c = factor * threshold
        ring = bk.Ring(N, bonus=c, gamma=gamma, one_way=one_way)
        verdict = bk.check_shaping(lambda s, a, to, c=c: c * (a == 0 and s < h), ring)
        assert (verdict.gain > ring.reward) == (factor > 1)
        assert (ring.solution.policy[h] == 2) == (verdict.gain < ring.reward)
        assert verdict.gain == pytest.approx(factor, abs=1e-9)
        assert verdict.worse.states == (h, N)
        assert verdict.worse.ends
        around = (*range(h, N), *range(h + 1))
        assert verdict.better.states == verdict.better.cycle
        assert verdict.better.cycle == (around if one_way else (h, h - 1, h))
        if not one_way:
            assert verdict.better.actions == (1, 0)
            assert verdict.better.lap == pytest.approx(gamma * c)
            assert f"lapping {h} -> {h - 1} -> {h} for ever pays" in str(verdict)


@pytest.mark.parametrize("sign", [1, -1])
def test_with_gamma_1_a_lap_that_pays_anything_refutes(sign):
    verdict = bk.check_shaping(lambda s, a, to: sign * (a == 0 and s < 5), bk.Ring(), gamma=1)
    assert verdict.gain == math.inf
    lapping = verdict.better if sign > 0 else verdict.worse
    assert lapping.total == sign * math.inf
    assert lapping.lap == sign
    assert f"pays {sign}; with gamma 1 a potential pays 0" in str(verdict)


# From A (0), left ends in 1 with r = 1, and right in 2 with r = 0: B.2.3 of the map.
FORK = bk.MDP([[[0, 1, 0], [0, 0, 1]]] * 3, [[1, 0]] * 3, 0.9, terminal=[1, 2])


def test_a_potential_where_an_episode_ends_is_found_and_named():
    F = table([4.0, 0.0, 10.0], 0.9, 2)
    shaped = bk.MDP(FORK.P, np.array([[[1.0], [0.0]]] * 3) + F, 0.9, terminal=[1, 2])
    assert shaped.solution.Q[0] == pytest.approx([1 - 4, 9 - 4])
    verdict = bk.check_shaping(F, FORK)
    check_evidence(verdict, F, FORK, 0.9)
    assert verdict.gain == pytest.approx(9.0)
    assert (verdict.better.states, verdict.worse.states) == ((0, 2), (0, 1))
    assert verdict.better.ends
    assert verdict.better.cycle == verdict.worse.cycle == ()
    assert str(verdict) == (
        "no potential: 0 -> 2 (the end) pays 9 more than 0 -> 1 (the end); by a potential they "
        "pay the same. It would be one if Phi were 10 in state 2; but where an episode ends Phi "
        "must be 0"
    )


def test_a_potential_at_the_only_goal_is_found_for_it_matters_when_the_goal_is_reached():
    grid = bk.GridWorld("....\n.#..\nS..G", gamma=0.9)
    Phi = np.random.default_rng(0).normal(size=grid.spec.S)
    Phi[-1] = 10.0
    verdict = bk.check_shaping(table(Phi, 0.9, 4), grid)
    check_evidence(verdict, table(Phi, 0.9, 4), grid, 0.9)
    assert verdict.hint.startswith("It would be one if Phi were 10 in state 10; but")
    # with gamma 1 a constant does not matter
    verdict = bk.check_shaping(table(Phi, 1.0, 4), grid, gamma=1)
    assert verdict.potential == pytest.approx(Phi - 10.0)


def test_another_gamma_is_found_and_named_unless_there_is_no_choice():
    grid = bk.GridWorld("....\n.#..\nS..G", gamma=0.9)
    Phi = np.random.default_rng(0).normal(size=grid.spec.S)
    Phi[-1] = 0.0
    F = table(Phi, 1.0, 4)
    verdict = bk.check_shaping(F, grid)
    check_evidence(verdict, F, grid, 0.9)
    assert verdict.hint == "With gamma 1 it would be one; that of F must be that of the MDP, 0.9"
    assert bk.check_shaping(F, grid, gamma=1.0)
    # other than 1 it is found, and not named
    assert bk.check_shaping(table(Phi, 0.95, 4), grid).hint == ""
    # where one route leads from each state, any rewards are a potential's
    circle = bk.MDP(np.roll(np.eye(3), 1, axis=1)[:, None, :], np.zeros((3, 1)), 0.9)
    assert bk.check_shaping(table([1.0, 5.0, -2.0], 1.0), circle)
    # and a constant potential pays nothing
    assert bk.check_shaping(table([2.0] * 3, 1.0), circle).potential == pytest.approx(0.0)


def test_of_rewards_that_depend_on_the_action_the_actions_are_told():
    """Advice for an action, paid ahead: B.2.5."""
    verdict = bk.check_shaping(lambda s, a, to: -float(a == 0), bk.GridWorld("SG"))
    assert not verdict
    two = bk.MDP([[[0, 1], [0, 1]]] * 2, np.zeros((2, 2)), 0.9, terminal=[1])
    F = np.array([[[-1.0] * 2, [0.0] * 2]] * 2)
    verdict = bk.check_shaping(F, two)
    check_evidence(verdict, F, two, 0.9)
    assert "0 -[1]-> 1 (the end) pays 1 more than 0 -[0]-> 1 (the end)" in str(verdict)
    assert (verdict.better.actions, verdict.worse.actions) == ((1,), (0,))


def test_what_shaped_pays_is_what_the_checker_recovers():
    grid = bk.GridWorld.ng(10)
    Phi = np.array([-(i + (9 - j)) / 0.8 for i, j in grid.cells])
    shaped = bk.Shaped(grid, Phi)
    pairs = np.repeat(np.arange(shaped.model.first.size - 1), np.diff(shaped.model.first))
    extra = np.zeros((100, 4, 100))
    rewards = shaped.model.rewards - grid.model.rewards
    extra[pairs // 4, pairs % 4, shaped.model.following] = rewards
    verdict = bk.check_shaping(extra, grid)
    assert verdict.potential == pytest.approx(np.array(shaped.potential))
    assert str(verdict) == "a potential: F is Phi(s') - Phi(s) on all transitions"
    assert repr(verdict) == f"<Verdict: {verdict}>"


# Corners


def test_one_state():
    stay = bk.MDP([[[1.0]]], [[0.0]], 0.9)
    assert bk.check_shaping([[2.0]], stay).potential == pytest.approx([-20.0])
    assert bk.check_shaping([[0.0]], stay, gamma=1).pinned == (0,)
    verdict = bk.check_shaping([[2.0]], stay, gamma=1)
    check_evidence(verdict, np.full((1, 1, 1), 2.0), stay, 1.0)
    assert str(verdict) == (
        "no potential: each lap of 0 -> 0 pays 2; with gamma 1 a potential pays 0"
    )
    two = bk.MDP([[[1.0], [1.0]]], [[0.0, 0.0]], 0.9)
    verdict = bk.check_shaping([[1.0, 0.0]], two)
    assert verdict.gain == pytest.approx(10.0)
    assert "lapping 0 -[0]-> 0 for ever pays 10 more than lapping 0 -[1]-> 0" in str(verdict)


def test_states_that_are_never_reached_count_and_impossible_transitions_do_not():
    # 0 -> 1 (end); nothing leads to 2, from where it goes to 0 or stays
    P = np.zeros((3, 2, 3))
    P[0, :, 1] = P[1, :, 1] = P[2, 0, 0] = P[2, 1, 2] = 1.0
    mdp = bk.MDP(P, np.zeros((3, 2)), 0.9, terminal=[1])
    F = np.full((3, 2, 3), np.nan)
    F[1] = np.inf  # where an episode has ended
    F[0, :, 1], F[2, 0, 0], F[2, 1, 2] = -5.0, 4.5, 0.0
    assert bk.check_shaping(F, mdp).potential == pytest.approx([5.0, 0.0, 0.0])
    F[2, 1, 2] = 0.1
    verdict = bk.check_shaping(F, mdp)
    check_evidence(verdict, F, mdp, 0.9)
    assert verdict.better.states == (2, 2)
    assert verdict.worse.states == (2, 0, 1)
    assert verdict.gain == pytest.approx(1.0)


def test_with_gamma_1_and_no_end_routes_meet_and_parts_are_pinned_each():
    # 0 -> 1 or 2, and 3 -> 1 or 2; 1 and 2 stay; 4 stays on its own
    P = np.zeros((5, 2, 5))
    P[0, 0, 1] = P[0, 1, 2] = P[3, 0, 1] = P[3, 1, 2] = 1.0
    P[1, :, 1] = P[2, :, 2] = P[4, :, 4] = 1.0
    mdp = bk.MDP(P, np.zeros((5, 2)), 0.9)
    verdict = bk.check_shaping(np.zeros((5, 5)), mdp, gamma=1)
    assert verdict.pinned == (0, 4)
    assert str(verdict).endswith("Phi, known up to a constant, is set to 0 in states 0, 4")
    F = np.zeros((5, 2, 5))
    F[3, 1, 2] = 1.0
    verdict = bk.check_shaping(F, mdp, gamma=1)
    check_evidence(verdict, F, mdp, 1.0)
    assert verdict.gain == 1.0
    assert "3 -> 2 pays 1 more than 3 -> 1 <- 0 -> 2" in str(verdict)


def test_with_gamma_1_a_trap_is_compared_by_the_ways_into_it():
    # 0 and 1 -> the end, 2, or the trap, 3
    P = np.zeros((4, 2, 4))
    P[:2, 0, 2] = P[:2, 1, 3] = P[2, :, 2] = P[3, :, 3] = 1.0
    mdp = bk.MDP(P, np.zeros((4, 2)), 0.9, terminal=[2])
    F = np.zeros((4, 2, 4))
    F[0, 1, 3] = F[0, 0, 2] = 7.0
    verdict = bk.check_shaping(F, mdp, gamma=1)
    assert verdict.potential.tolist() == [-7.0, 0.0, 0.0, 0.0]
    F[1, 1, 3] = 2.0
    verdict = bk.check_shaping(F, mdp, gamma=1)
    check_evidence(verdict, F, mdp, 1.0)
    assert verdict.gain == 2.0
    assert "0 -> 2 (the end) pays 2 more than 0 -> 3 <- 1 -> 2 (the end)" in str(verdict)


def test_the_tolerance_is_a_share_of_the_largest_number():
    grid = bk.GridWorld("....\n.#..\nS..G", gamma=0.9)
    Phi = 1e9 * np.random.default_rng(0).normal(size=grid.spec.S)
    Phi[-1] = 0.0
    F = table(Phi, 0.9, 4)
    assert bk.check_shaping(F, grid).potential == pytest.approx(Phi, rel=1e-9)
    F[0, 2, 4] += 100.0
    assert not bk.check_shaping(F, grid)
    assert bk.check_shaping(F, grid, tolerance=1e-6)
    assert bk.check_shaping(1e-9 * F, grid, tolerance=1e-6)


def test_gamma_near_1_is_like_any_other():
    ring = bk.Ring(10, gamma=1 - 1e-6)
    verdict = bk.check_shaping(lambda s, a, to: 0.1 * (a == 0 and s < 5), ring)
    g = 1 - 1e-6
    assert verdict.gain == pytest.approx(0.1 * g / (1 - g**2), rel=1e-6)
    Phi = np.append(np.random.default_rng(0).normal(size=10), 0.0)
    verdict = bk.check_shaping(table(Phi, g, 3), ring)
    assert verdict.potential == pytest.approx(Phi, abs=1e-8)


@pytest.mark.parametrize("nearly", [1e-3, 1e-6, 1e-9])
def test_totals_are_exact_with_gamma_near_1(nearly):
    gamma = 1.0 - nearly
    two = bk.MDP([[[1, 0], [0, 1]], [[0, 1], [0, 1]]], np.zeros((2, 2)), gamma)
    F = np.array([[1.0, 1.1], [1.0, 1.0]])
    verdict = bk.check_shaping(F[:, :, None], two, tolerance=1e-12)
    assert verdict.better.states == (0, 1, 1)
    assert verdict.worse.total == pytest.approx(1.0 / (1.0 - gamma), rel=1e-14)
    assert verdict.gain == pytest.approx(0.1, abs=1e-15 / nearly)


@pytest.mark.parametrize("gamma", [0.9, 0.999, 1.0])
def test_a_grid_of_2500_cells(gamma):
    rows = ["." * 49 + "G", *["." * 50] * 48, "S" + "." * 49]
    grid = bk.GridWorld("\n".join(rows), gamma=gamma, slip=0.2)
    Phi = np.random.default_rng(0).normal(size=2500)
    Phi[grid.cell(0, 49)] = 0.0
    F = gamma * Phi[None, :] - Phi[:, None]
    assert bk.check_shaping(F, grid).potential == pytest.approx(Phi, abs=1e-8)
    F[grid.cell(25, 25), grid.cell(25, 26)] += 0.5
    verdict = bk.check_shaping(F, grid)
    there = F[:, None, :].repeat(4, axis=1)
    check_evidence(verdict, there, grid, gamma)
    there_and_back = {grid.cell(25, 25), grid.cell(25, 26)}
    assert set(verdict.better.cycle) == there_and_back
    if gamma == 1.0:
        assert verdict.better.lap == pytest.approx(0.5)


def test_a_long_route_is_told_by_its_beginning_and_end():
    verdict = bk.check_shaping(lambda s, a, to: float(to == 41), bk.Chain(40, gamma=0.99))
    assert " -> ... -> " in str(verdict)
    assert len(str(verdict)) < 300


# What F may be


def test_all_forms_of_the_same_rewards_are_one():
    grid = bk.GridWorld("..\nSG", gamma=0.9)
    grid3 = bk.MDP(np.full((3, 2, 3), 1 / 3), np.zeros((3, 2)), 0.9)
    Phi = np.array([0.3, -0.2, 0.5])
    square = 0.9 * Phi[None, :] - Phi[:, None]
    for F in (square, square.tolist(), square[:, None, :], table(Phi, 0.9, 2)):
        assert bk.check_shaping(F, grid3).potential == pytest.approx(Phi)
    by_action = np.array([[0.0, 1.0]] * 3)
    whole = np.repeat(by_action[:, :, None], 3, axis=2)
    totals = [
        (verdict.better, verdict.worse)
        for verdict in (
            bk.check_shaping(F, grid3)
            for F in (by_action, by_action[:, :, None], whole, lambda s, a, to: float(a))
        )
    ]
    assert len(set(totals)) == 1
    assert totals[0][0].total == pytest.approx(10.0)
    # as many states as actions: an axis of length 1 says what is meant
    phi = np.array([0.1, 0.2, 0.3, 0.0])
    square = 0.9 * phi[None, :] - phi[:, None]
    assert bk.check_shaping(square[:, None, :], grid).potential == pytest.approx(phi)
    assert not bk.check_shaping(square[:, :, None], grid)


def test_a_function_is_called_once_for_each_possible_transition_with_plain_numbers():
    grid = bk.GridWorld("..\nSG", slip=0.3)
    calls = []

    def nothing(*step):
        assert all(type(each) is int for each in step)
        calls.append(step)
        return np.float64(0.0)

    assert bk.check_shaping(nothing, grid)
    assert calls == possible(grid)
    assert bk.check_shaping(nothing, grid.model)


def broken(s, a, to):
    return {0: 0.0}[to]


STEPS = bk.Chain(2, gamma=0.9)  # 4 states, 2 actions


def holed(value):
    F = np.zeros((4, 4))
    F[2, 1] = value
    return F


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bk.check_shaping(holed(np.nan), STEPS), r"F\(s=2, a=0, s'=1\) is nan"),
        (lambda: bk.check_shaping(holed(-np.inf), STEPS), r"F\(s=2, a=0, s'=1\) is -inf"),
        (lambda: bk.check_shaping(lambda *x: math.nan, STEPS), r"s'=0\) must be finite; got nan"),
        (lambda: bk.check_shaping(lambda *x: None, STEPS), r"F\(s=1, a=0, s'=0\) must be a number"),
        (lambda: bk.check_shaping(broken, STEPS), r"F\(s=1, a=1, s'=2\) fails with KeyError: 2"),
        (lambda: bk.check_shaping(lambda s, a: 0, STEPS), r"s'=0\) fails with TypeError"),
        (lambda: bk.check_shaping(np.zeros(4), STEPS), r"\(4, 2, 4\).*; got \(4,\)"),
        (lambda: bk.check_shaping(np.zeros((2, 4)), STEPS), r"\(4, 4\).*; got \(2, 4\)"),
        (lambda: bk.check_shaping(np.zeros((4, 4, 2)), STEPS), r"got \(4, 4, 2\)"),
        (lambda: bk.check_shaping([[1, 2], [3]], STEPS), "F must be a function of s, a, s', or a"),
        (lambda: bk.check_shaping("phi", STEPS), "F must be a function"),
        (lambda: bk.check_shaping(None, STEPS), "F must be a function"),
        (
            lambda: bk.check_shaping(np.zeros((4, 4)), bk.GridWorld("..\nSG")),
            r"write F\[:, None, :\] for \[s, s'\], or F\[:, :, None\] for \[s, a\]",
        ),
        (lambda: bk.check_shaping(holed(0), bk.Bernoulli((0.5,))), "needs an MDP"),
        (lambda: bk.check_shaping(holed(0), STEPS, gamma=1.1), r"gamma must lie in \[0, 1\]"),
        (lambda: bk.check_shaping(holed(0), STEPS, tolerance=0), "tolerance must be"),
    ],
)
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
