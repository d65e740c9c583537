"""The bird and the worm: walls, closed forms, and what a short plan can see."""

import numpy as np
import pytest

import banditkit as bk
from banditkit import planning

UP, RIGHT, DOWN, LEFT, EAT = range(5)
ENDS = (2, 5, 8)


def table(world):
    return planning.transitions(world.model).toarray().reshape(27, 5, 27)


def test_corridors_are_connected_in_the_first_column_alone():
    P = table(bk.Foraging(slip=0.0))
    ways = {
        (p, q) for a in range(4) for p in range(9) for q in range(9) if P[p, a, q] > 0 and p != q
    }
    rows = {(3 * i + j, 3 * i + j + 1) for i in range(3) for j in range(2)}
    column = {(0, 3), (3, 6)}
    assert ways == {way for p, q in rows | column for way in ((p, q), (q, p))}
    assert P[0, DOWN, 3] == P[3, UP, 0] == P[0, RIGHT, 1] == P[1, LEFT, 0] == 1.0
    assert P[1, DOWN, 1] == P[2, RIGHT, 2] == P[0, UP, 0] == 1.0  # walls and edges hold


def test_a_move_slips_to_all_four_sides_and_leaves_the_worm_where_it_is():
    P = table(bk.Foraging(slip=0.1))
    assert P[3, RIGHT, [4, 0, 6, 3]] == pytest.approx([0.925, 0.025, 0.025, 0.025])
    worms = np.arange(27) // 9
    assert (P[:, :4] * (worms[:, None] != worms)[:, None]).sum() == 0.0


def test_eating_pays_at_the_worm_alone_and_moves_it_to_either_other_end():
    world = bk.Foraging()
    P, r = table(world), world.model.expected.reshape(27, 5)
    at_worm = [9 * w + ENDS[w] for w in range(3)]
    assert np.flatnonzero(r.ravel()).tolist() == [5 * s + EAT for s in at_worm]
    assert (r[at_worm, EAT] == 1.0).all()
    for w, s in enumerate(at_worm):
        assert {z: P[s, EAT, z] for z in np.flatnonzero(P[s, EAT])} == {
            9 * other + ENDS[w]: 0.5 for other in range(3) if other != w
        }
    others = np.setdiff1d(np.arange(27), at_worm)
    assert (P[others, EAT, others] == 1.0).all()
    assert not world.model.terminal.any()
    assert world.places == tuple(np.arange(27) % 9)


def test_the_pace_without_slips_is_known():
    """Of the six ways from an end to another one, four take 5 moves and two take 6."""
    for gamma in (0.5, 0.95):
        world = bk.Foraging(gamma, slip=0.0)
        assert world.pace(world.solution.policy) == pytest.approx(3 / 19, abs=1e-12)


def test_paces_that_were_computed_before():
    world = bk.Foraging()
    assert world.pace(world.solution.policy) == pytest.approx(0.144385357, abs=1e-9)
    assert world.pace(np.full((27, 5), 0.2)) == pytest.approx(1 / 165, abs=1e-12)
    start = world.start_distribution
    assert start[[3, 12, 21]] == pytest.approx([1 / 3] * 3)
    assert start @ world.solution.V == pytest.approx(2.884002, abs=1e-6)


def test_the_pace_is_the_limit_of_discounted_values():
    """Abel's theorem: (1 - gamma) V(s) goes to the pace, in every state."""
    world = bk.Foraging(slip=0.3)
    policy = np.random.default_rng(0).dirichlet(np.ones(5), size=27)
    model = world.model._replace(gamma=1.0 - 1e-7)
    assert 1e-7 * planning.evaluate(model, policy) == pytest.approx(world.pace(policy), abs=1e-5)


def test_no_policy_is_faster_than_the_best_one():
    world, rng = bk.Foraging(), np.random.default_rng(1)
    best = world.pace(world.solution.policy)
    for _ in range(20):
        policy = world.solution.policy.copy()
        changed = rng.integers(0, 27, size=2)
        policy[changed] = rng.integers(0, 5, size=2)
        try:
            pace = world.pace(policy)
        except ValueError:
            continue
        assert pace <= best + 1e-12


def test_five_steps_ahead_there_is_no_worm_where_one_was_eaten():
    """Of two neighbouring ends the nearest worm takes 5 moves and a bite."""
    world = bk.Foraging(slip=0.0)
    V, _ = planning.finite_horizon(world, 6)
    s = 9 * 1 + ENDS[0]  # at the end of the first row; the worm is in the second
    assert (V[:6, s] == 0.0).all()
    assert V[6, s] == pytest.approx(world.gamma**5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"gamma": 1.0}, "gamma must lie in"),
        ({"slip": 1.5}, "slip must lie in"),
        ({"slip": -0.1}, "slip must lie in"),
        ({"gamma": "high"}, "gamma must be a number"),
    ],
)
def test_bad_worlds_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        bk.Foraging(**arguments)


def test_a_pace_needs_a_policy_that_gets_around():
    world = bk.Foraging(slip=0.0)
    with pytest.raises(ValueError, match="caught in more than one part"):
        world.pace(np.full(27, EAT))
    with pytest.raises(ValueError, match="a policy has"):
        world.pace([0.5])
    with pytest.raises(ValueError, match="an action is a number"):
        world.pace(np.full(27, 5))
