"""Worlds: values of the literature, closed forms, and the rules of each read off its model."""

from itertools import pairwise

import numpy as np
import pytest
from instances import MDPS, all_of

import banditkit as bk
from banditkit import planning

UP, RIGHT, DOWN, LEFT = range(4)


def table(mdp):
    """Return P, shape (S, A, S)."""
    model = mdp.model
    pairs = np.repeat(np.arange(model.first.size - 1), np.diff(model.first))
    P = np.zeros((model.first.size - 1, model.terminal.size))
    np.add.at(P, (pairs, model.following), model.chance)
    return P.reshape(model.terminal.size, model.A, -1)


def value(mdp):
    """Return the optimal value of the start."""
    return mdp.start_distribution @ mdp.solution.V


def within(mdp, horizon):
    """Return the optimal value of the start if there are so many steps."""
    return mdp.start_distribution @ planning.finite_horizon(mdp, horizon)[0][horizon]


# Exact values.  Those of EXPRD and ExploRS are of the environments as released by their authors,
# computed before with other code; the rest follows from a specification and is kept from drifting.


EXACT = {
    "CliffWalk": (bk.CliffWalk(), -13.0),  # Sutton & Barto, Example 6.6
    "WindyGrid": (bk.WindyGrid(), -15.0),  # Example 6.5
    "WindyGrid kings": (bk.WindyGrid(kings=True), -7.0),  # Exercise 6.9
    "ng 10": (bk.GridWorld.ng(10), -21.998965),  # Ng, Harada & Russell
    "Rooms": (bk.Rooms(), 5.902160),  # EXPRD, ROOM
    "LineKey": (bk.LineKey(), 3.692131),  # EXPRD, LINEKEY
    "ng 5": (bk.GridWorld.ng(5), -9.738350),
    "ng 50": (bk.GridWorld.ng(50), -120.681838),
    "FlagGrid ng": (bk.FlagGrid.ng(), -27.534390),
    "four rooms": (bk.GridWorld.four_rooms(), 0.093109),
    "CliffWalk slip": (bk.CliffWalk(slip=0.1), -20.707677),
    "Rooms mended": (bk.Rooms(mended=True), 5.999502),
    "LongChain": (bk.LongChain(), 78.885656),  # without a limit
    "EndlessRooms": (bk.EndlessRooms(), 80.722552),  # without a limit
    "RiverSwim": (bk.RiverSwim(), 8027.107046),
}


@pytest.mark.parametrize("name", EXACT)
def test_the_value_of_the_start_is_as_published_or_computed(name):
    world, expected = EXACT[name]
    assert value(world) == pytest.approx(expected, abs=1e-6)
    by_sweeps = planning.value_iteration(world, tolerance=1e-8).V
    assert world.start_distribution @ by_sweeps == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("world", "horizon", "expected"),
    [
        (bk.LongChain(), 40, 13.703792),  # ExploRS, CHAIN
        (bk.LongChain(distractor=0.01), 40, 13.703792),  # which is not worth the way
        (bk.EndlessRooms(), 30, 14.597005),
        (bk.EndlessRooms(distractor=0.01), 30, 14.597213),
        (bk.EndlessRooms(mended=True), 30, 15.533696),
    ],
    ids=repr,
)
def test_what_an_episode_can_bring_is_as_computed(world, horizon, expected):
    assert world.limit == horizon
    assert within(world, horizon) == pytest.approx(expected, abs=1e-6)


def test_the_goal_of_the_rooms_is_worth_more_than_is_paid_there():
    rooms = bk.Rooms()
    assert rooms.solution.V[rooms.cell(0, 6)] == pytest.approx(10.801213, abs=1e-6)
    assert rooms.solution.V[rooms.find("G")[0]] == rooms.solution.V[rooms.cell(0, 6)]


# What holds for all


@pytest.mark.parametrize("world", all_of(MDPS), ids=repr)
def test_probabilities_sum_to_1_and_the_end_has_no_sequel(world):
    P, terminal = table(world), world.model.terminal
    assert (P >= 0.0).all()
    assert P[~terminal].sum(axis=2) == pytest.approx(1.0, abs=1e-12)
    assert not P[terminal].any()
    starts = world.start_distribution
    assert starts.shape == terminal.shape
    assert starts.sum() == pytest.approx(1.0)
    assert not starts[terminal].any()


GRIDS = [world for world in all_of(MDPS) if isinstance(world, bk.Grid)]


@pytest.mark.parametrize("grid", GRIDS, ids=repr)
def test_every_grid_knows_its_cells_and_how_far_the_goal_is(grid):
    assert [grid.cell(*cell) for cell in grid.cells] == [*range(len(grid.cells))]
    distances = grid.distances()
    assert distances.shape == (grid.spec.S,)
    assert (distances[grid.model.terminal] == 0.0).all()
    assert distances[grid.find("S")[0]] > 0.0
    assert len(grid.directions) == grid.spec.A
    with pytest.raises(ValueError, match="no state in row -1, column 0"):
        grid.cell(-1, 0)


# Grids drawn as text


def test_four_rooms_have_104_cells_and_moves_that_go_astray_by_a_third():
    rooms = bk.GridWorld.four_rooms()
    assert rooms.spec.S == 104
    P = table(rooms)
    middle = rooms.cell(7, 2)
    beside = [rooms.cell(6, 2), rooms.cell(7, 3), rooms.cell(8, 2), rooms.cell(7, 1)]
    for a in range(4):
        expected = np.full(4, 1 / 9)
        expected[a] = 2 / 3
        assert P[middle, a, beside] == pytest.approx(expected)
    # in a corner two ways are barred
    assert P[0, UP, 0] == pytest.approx(2 / 3 + 1 / 9)
    # each hallway joins two rooms: left and right, or above and below
    for hallway, ways in {
        (2, 5): (LEFT, RIGHT),
        (9, 5): (LEFT, RIGHT),
        (5, 1): (UP, DOWN),
        (6, 8): (UP, DOWN),
    }.items():
        neighbours = {rooms.beside(hallway, by) for by in rooms.directions.values()}
        there = {rooms.beside(hallway, [*rooms.directions.values()][a]) for a in ways}
        assert neighbours - {rooms.cell(*hallway)} == there
        assert len(there) == 2


def test_four_rooms_agree_with_value_iteration_from_the_definition():
    rooms = bk.GridWorld.four_rooms()
    free = {(i, j) for i, row in enumerate(rooms.rows) for j, x in enumerate(row) if x != "#"}
    V = dict.fromkeys(free, 0.0)
    goal = (6, 8)
    for _ in range(300):
        for i, j in free - {goal}:
            to = [(i - 1, j), (i, j + 1), (i + 1, j), (i, j - 1)]
            to = [cell if cell in free else (i, j) for cell in to]
            worth = [1.0 if cell == goal else 0.9 * V[cell] for cell in to]
            V[i, j] = max(2 / 3 * w + (sum(worth) - w) / 9 for w in worth)
    assert rooms.solution.V == pytest.approx([V[cell] for cell in rooms.cells], abs=1e-12)


@pytest.mark.parametrize("n", [2, 5, 20])
def test_the_grid_of_advice_has_values_that_fall_with_the_distance(n):
    grid = bk.GridWorld.advice(n)
    distances = grid.distances()
    assert distances.tolist() == [2 * n - 2 - i - j for i in range(n) for j in range(n)]
    expected = np.where(distances > 0, 0.99 ** (distances - 1), 0.0)
    assert grid.solution.V == pytest.approx(expected, abs=1e-12)
    assert grid.limit == 10_000
    assert grid.start_distribution[0] == 1.0


def test_advice_that_is_paid_out_is_a_trap():
    """Who is paid 1 for right and down presses against the edge for ever: 1 / (1 - gamma)."""
    grid = bk.GridWorld.advice(6)
    advice = grid.favour("right", "down")
    assert advice[0].tolist() == [0.0, 1.0, 1.0, 0.0]
    assert advice[:-1].sum() == 2 * 35
    assert not advice[-1].any()
    model = grid.model
    paid = planning.policy_iteration(model._replace(expected=model.expected + advice.ravel()))
    assert paid.V[:-1] == pytest.approx(100.0)
    corner = grid.cell(5, 4)  # one step before the goal
    assert paid.policy[corner] == DOWN
    assert grid.solution.policy[corner] == RIGHT


def test_favour_names_the_actions_of_its_grid():
    assert bk.GridWorld("SG").favour("up", amount=-2.5).tolist() == [[-2.5, 0, 0, 0], [0, 0, 0, 0]]
    assert bk.GridWorld("SG").favour().tolist() == [[0.0] * 4] * 2
    kings = bk.WindyGrid(kings=True).favour("down left")
    assert kings.shape == (70, 8)
    assert np.flatnonzero(kings[0]).tolist() == [6]
    flags = bk.FlagGrid.ng()
    assert flags.favour("up", "left").sum() == 2 * 124


def test_distances_are_to_the_nearest_goal_whatever_is_between():
    grid = bk.GridWorld("G#..\n.S.G")
    assert grid.distances().tolist() == [0.0, 2.0, 1.0, 1.0, 2.0, 1.0, 0.0]


# Flags


def test_a_tour_of_flags_takes_as_long_as_its_parts():
    """With gamma 1, the optimal value is the sum of those of the ways from flag to flag."""
    grid = bk.FlagGrid.ng()
    stops = [(4, 0), (3, 4), (1, 1), (3, 0), (4, 4), (0, 4)]
    assert grid.flags == [grid.cell(*stop) for stop in stops[1:-1]]
    total = 0.0
    for start, goal in pairwise(stops):
        letters = [["."] * 5 for _ in range(5)]
        letters[start[0]][start[1]], letters[goal[0]][goal[1]] = "S", "G"
        text = "\n".join("".join(row) for row in letters)
        way = bk.GridWorld(text, gamma=1.0, slip=0.2, step_reward=-1.0, goal_reward=0.0)
        total += value(way)
    assert value(grid) == pytest.approx(total, abs=1e-10)


def test_flags_count_in_order_and_the_goal_only_with_all():
    grid = bk.FlagGrid("S21G", gamma=1.0, step_reward=-1.0, goal_reward=5.0)
    P = table(grid)
    assert grid.spec.S == 12
    assert P[grid.cell(0, 0), RIGHT, grid.cell(0, 1)] == 1.0  # flag 2 does not count yet
    assert P[grid.cell(0, 1), RIGHT, grid.cell(0, 2, flags=1)] == 1.0
    assert P[grid.cell(0, 2), RIGHT, grid.cell(0, 3)] == 1.0  # nor does the goal
    assert P[grid.cell(0, 2, 1), LEFT, grid.cell(0, 1, 2)] == 1.0
    assert np.flatnonzero(grid.model.terminal).tolist() == [grid.cell(0, 3, flags=2)]
    # two steps to flag 1, one back to flag 2, two to the goal
    assert value(grid) == -5.0 + 5.0
    assert grid.distances()[0] == 5.0
    assert grid.distances()[grid.cell(0, 3)] == 1.0 + 1.0 + 2.0
    with pytest.raises(ValueError, match="flags must be from 0 to 2; got 3"):
        grid.cell(0, 0, flags=3)


def test_the_potentials_of_the_flags_are_those_of_the_paper():
    grid = bk.FlagGrid.ng()
    T = 22 / 0.8
    coarse, fine = grid.subgoal_potential(), grid.manhattan_potential()
    for k in range(5):
        assert coarse[grid.cell(2, 3, flags=k)] == pytest.approx(-(5 - k - 0.5) / 5 * T)
    after = {0: 22, 1: 17, 2: 12, 3: 9, 4: 4}  # steps to go from each stop
    stops = [(4, 0), (3, 4), (1, 1), (3, 0), (4, 4)]
    for k, stop in enumerate(stops):
        assert fine[grid.cell(*stop, flags=k)] == pytest.approx(-after[k] / 0.8)
    end = grid.cell(0, 4, flags=4)
    assert coarse[end] == fine[end] == 0.0
    assert (np.delete(coarse, end) < 0.0).all()
    assert (np.delete(fine, end) < 0.0).all()
    # the fine one is nearly the optimal value, but where nobody comes: at a flag without it
    nowhere = [grid.cell(*stops[k + 1], flags=k) for k in range(4)]
    assert np.abs(np.delete(fine - grid.solution.V, nowhere)).max() < 1.0
    for potential in (coarse, fine):
        shaped = bk.Shaped(grid, potential)
        assert shaped.solution.V == pytest.approx(grid.solution.V - potential, abs=1e-9)


# A cliff, and wind


def test_above_the_cliff_the_value_is_the_distance_and_over_it_a_fall():
    walk = bk.CliffWalk()
    assert walk.spec.S == 38
    distances = walk.distances()
    above = [walk.cell(i, j) for i in range(3) for j in range(12)]
    assert walk.solution.V[above] == pytest.approx(-distances[above], abs=1e-12)
    start = walk.cell(3, 0)
    assert walk.solution.V[start] == pytest.approx(-13.0)  # up, along, and down
    assert walk.solution.Q[start, RIGHT] == pytest.approx(-113.0)
    assert walk.solution.Q[walk.cell(2, 5), DOWN] == pytest.approx(-113.0)
    assert walk.spec.lowest == -100.0
    with pytest.raises(ValueError, match="no state in row 3, column 5"):
        walk.cell(3, 5)


def test_who_may_slip_keeps_away_from_the_cliff():
    edge = [(2, j) for j in range(1, 10)]
    safe, slipping = bk.CliffWalk(), bk.CliffWalk(slip=0.1)
    assert [safe.solution.policy[safe.cell(*cell)] for cell in edge] == [RIGHT] * 9
    assert [slipping.solution.policy[slipping.cell(*cell)] for cell in edge] == [UP] * 9


def test_wind_carries_up_by_that_of_the_column_that_is_left():
    grid = bk.WindyGrid()
    P = table(grid)
    # "if you are one cell to the right of the goal, left takes you to the cell just above it"
    assert P[grid.cell(3, 8), LEFT, grid.cell(2, 7)] == 1.0
    assert P[grid.cell(3, 6), RIGHT, grid.cell(1, 7)] == 1.0
    assert P[grid.cell(6, 6), UP, grid.cell(3, 6)] == 1.0
    assert P[grid.cell(1, 7), DOWN, grid.cell(0, 7)] == 1.0
    assert P[grid.cell(0, 7), UP, grid.cell(0, 7)] == 1.0  # the edge holds
    assert P[grid.cell(6, 9), RIGHT, grid.cell(6, 9)] == 1.0
    kings = bk.WindyGrid(kings=True)
    up_right, down_right, down_left, up_left = (
        table(kings)[kings.cell(3, 4), a] for a in (4, 5, 6, 7)
    )
    assert up_right[kings.cell(1, 5)] == down_right[kings.cell(3, 5)] == 1.0
    assert down_left[kings.cell(3, 3)] == up_left[kings.cell(1, 3)] == 1.0


# Rooms


def test_doors_are_the_only_ways_through_thin_walls():
    rooms = bk.Rooms(slip=0.0, mended=True)
    P = table(rooms)
    for k in range(7):
        across = P[rooms.cell(k, 2), RIGHT, rooms.cell(k, 3)]
        along = P[rooms.cell(4, k), UP, rooms.cell(3, k)]
        assert across == along == float(k in (1, 5))
    V = rooms.solution.V
    assert value(rooms) == pytest.approx(10 * 0.95**10)  # ten steps, and the pay
    assert V[rooms.cell(4, 2)] == pytest.approx(10 * 0.95**10)  # eight, and two for the detour
    mirror = [rooms.cell(6 - j, 6 - i) for i, j in rooms.cells]  # x and y exchanged
    assert V[mirror] == pytest.approx(V[:-1])


def test_the_corners_of_the_rooms_are_as_released():
    released, mended = bk.Rooms(), bk.Rooms(mended=True)
    goal, end = released.cell(0, 6), 49
    assert released.spec.S == 50
    for a in (UP, RIGHT):
        assert table(released)[goal, a, end] == pytest.approx(0.9)
    assert table(released)[goal, DOWN, released.cell(0, 0)] == pytest.approx(0.9)
    assert table(mended)[goal, DOWN, mended.cell(1, 6)] == pytest.approx(0.9)
    left = table(released)[goal, LEFT]
    assert left[[released.cell(0, 5), end, released.cell(0, 0)]] == pytest.approx([0.9, 0.05, 0.05])
    trap = table(released)[released.cell(6, 0)]
    assert trap[LEFT, end] == trap[DOWN, end] == pytest.approx(0.9)
    # only right at the goal is paid, wherever it leads
    expected = released.model.expected
    assert np.flatnonzero(expected).tolist() == [4 * goal + RIGHT]
    assert expected.max() == pytest.approx(10.0)
    # before a wall who does not stay is carried to one of the three others
    walled = table(released)[released.cell(2, 2), RIGHT]
    assert walled[released.cell(2, 2)] == pytest.approx(0.9)
    assert walled[[released.cell(1, 2), released.cell(3, 2), released.cell(2, 1)]] == pytest.approx(
        0.1 / 3
    )


def test_rooms_without_an_end_pay_again_and_again():
    rooms = bk.EndlessRooms(slip=0.0)
    gamma = 0.99
    assert within(rooms, 30) == pytest.approx(gamma**10 * (1 - gamma**20) / (1 - gamma))
    assert value(rooms) == pytest.approx(gamma**10 / (1 - gamma))
    P = table(bk.EndlessRooms())
    goal = rooms.cell(0, 6)
    assert P[goal, RIGHT, goal] == pytest.approx(0.95 + 2 * 0.05 / 4)
    assert P[goal, LEFT, goal] == pytest.approx(2 * 0.05 / 4)
    assert P[rooms.cell(6, 0), LEFT, 49] == pytest.approx(0.95 + 2 * 0.05 / 4)
    paid = bk.EndlessRooms(distractor=0.01).model.expected
    assert paid[4 * rooms.cell(6, 1) + UP] == pytest.approx(0.01)
    assert np.count_nonzero(paid) == 2


# Along a line


def test_a_long_chain_pays_at_its_right_end_and_ends_at_its_left():
    gamma = 0.99
    chain = bk.LongChain(slip=0.0)
    assert within(chain, 40) == pytest.approx(gamma**20 * (1 - gamma**20) / (1 - gamma))
    P = table(bk.LongChain(slip=0.1))
    assert P[0, 0, 61] == pytest.approx(0.95)
    assert P[60, 1, 60] == pytest.approx(0.95)
    assert P[60, 1, 59] == pytest.approx(0.05)
    paid = bk.LongChain(distractor=0.01).model.expected.reshape(62, 2)
    assert np.argwhere(paid).tolist() == [[25, 0], [60, 1]]
    assert paid.sum() == pytest.approx(1.01)


def test_a_long_chain_agrees_with_the_recursion():
    chain = bk.LongChain(3, 2, gamma=0.9, slip=0.2, distractor=0.3)

    def best(s, left):
        if left == 0 or s == 6:
            return 0.0
        back, on = best(s - 1 if s else 6, left - 1), best(min(s + 1, 5), left - 1)
        return max(
            0.3 * (s == 1) + 0.9 * (0.9 * back + 0.1 * on),
            1.0 * (s == 5) + 0.9 * (0.9 * on + 0.1 * back),
        )

    assert within(chain, 9) == pytest.approx(best(3, 9), abs=1e-12)


def test_the_key_opens_the_goal():
    line = bk.LineKey(gamma=1.0, slip=0.0, goal_reward=7.0)
    assert line.solution.V == pytest.approx([7.0] * 40 + [0.0])  # everybody can fetch it
    model = bk.LineKey()
    V, P = model.solution.V, table(model)
    assert V[10] == pytest.approx(3.765006, abs=1e-6)
    assert V[11] == pytest.approx(3.619256, abs=1e-6)
    assert model.solution.policy[[2, 3, 22, 38, 39]].tolist() == [2, 2, 1, 1, 1]
    assert P[3, 2, [23, 1, 2, 4, 5]] == pytest.approx([0.9, 0.025, 0.025, 0.025, 0.025])
    assert P[5, 2, 5] == pytest.approx(0.9)  # no key there
    assert P[39, 1, 40] == P[18, 1, 40] == 1.0  # which never slips
    assert P[39, 0, 40] == pytest.approx(0.05)
    assert P[21, 0, 20] == pytest.approx(0.9)  # the left end holds
    paid = model.model.expected.reshape(41, 3)
    assert np.argwhere(paid).tolist() == [[38, 1], [39, 1]]


@pytest.mark.parametrize("n", [3, 6, 9])
def test_swimming_up_a_river_pays_by_detailed_balance(n):
    """Each state is visited three times as often as the one before, the last 3/7 times as often."""
    visits = np.append(3.0 ** np.arange(n - 1), 3.0 ** (n - 2) * 3 / 7)
    gain = 10_000 * 0.3 * visits[-1] / visits.sum()
    if n == 6:
        assert gain == pytest.approx(668.807, abs=1e-3)
    gamma = 1 - 1e-7
    river = bk.RiverSwim(n, gamma=gamma)
    up, down = (planning.evaluate(river, [a] * n) for a in (1, 0))
    assert (1 - gamma) * up == pytest.approx(gain, rel=1e-5)
    assert down == pytest.approx(5 * gamma ** np.arange(n) / (1 - gamma))
    assert river.start_distribution[1:3].tolist() == [0.5, 0.5]
    assert (river.solution.policy == 1).all()


def test_a_river_that_is_too_long_for_the_patience_is_not_swum():
    impatient = bk.RiverSwim(gamma=0.3)
    assert impatient.solution.policy[0] == 0
    assert impatient.solution.policy[-1] == 1
    assert impatient.solution.V[0] == pytest.approx(5 / 0.7)


# Bad input


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bk.FlagGrid("S1?G"), r"row 0, column 2 of the grid has '\?'; known are S .*flags"),
        (lambda: bk.FlagGrid("S10G"), "row 0, column 2 of the grid has '0'"),
        (lambda: bk.GridWorld("S1G"), "row 0, column 1 of the grid has '1'; known are S"),
        (lambda: bk.FlagGrid("S1.."), "the grid has no goal"),
        (lambda: bk.FlagGrid("1G"), "needs one start, S; it has 0"),
        (lambda: bk.FlagGrid("S1\n..G"), "row 0 has 2 cells and row 1 has 3"),
        (lambda: bk.FlagGrid("S.G"), "no flags; write 1, 2, .* or use GridWorld"),
        (lambda: bk.FlagGrid("S13G"), "without a gap; 2 is missing"),
        (lambda: bk.FlagGrid("S2G"), "without a gap; 1 is missing"),
        (lambda: bk.FlagGrid("S122G"), "without a gap; 2 is there twice"),
        (lambda: bk.FlagGrid("S1G", slip=-0.1), "slip must lie in"),
        (lambda: bk.FlagGrid("SG#1", gamma=1.0), "within reach of every state; state 0"),
        (lambda: bk.FlagGrid("S1#G", gamma=1.0), "within reach of every state; state 0"),
        (lambda: bk.FlagGrid("S1G", slip=1).subgoal_potential(), "slip is 1, and no step goes"),
        (lambda: bk.FlagGrid("S1G", slip=1).manhattan_potential(), "slip is 1, and no step goes"),
        (lambda: bk.GridWorld.advice(1), "n must be a whole number, 2 or more"),
        (lambda: bk.GridWorld("SG").favour("north"), "no direction 'north'; known are up, right"),
        (lambda: bk.GridWorld("SG").favour("up", amount=np.inf), "amount must be finite"),
        (lambda: bk.CliffWalk(slip=2), "slip must lie in"),
        (lambda: bk.CliffWalk(gamma=-1), "gamma must lie in"),
        (lambda: bk.CliffWalk(limit=0.5), "limit must be a whole number"),
        (lambda: bk.WindyGrid(kings=1), "kings must be True or False"),
        (lambda: bk.WindyGrid(gamma=1.5), "gamma must lie in"),
        (lambda: bk.WindyGrid(limit=-1), "limit must be a whole number"),
        (lambda: bk.Rooms(slip=-0.5), "slip must lie in"),
        (lambda: bk.Rooms(gamma=2), "gamma must lie in"),
        (lambda: bk.Rooms(goal_reward=np.nan), "goal_reward must be finite"),
        (lambda: bk.Rooms(limit=None), "limit must be a whole number"),
        (lambda: bk.Rooms(mended=0), "mended must be True or False"),
        (lambda: bk.EndlessRooms(gamma=1.0), "gamma must lie in"),
        (lambda: bk.EndlessRooms(distractor=np.inf), "distractor must be finite"),
        (lambda: bk.EndlessRooms(slip=7), "slip must lie in"),
        (lambda: bk.LongChain(left=0), "left must be a whole number, 1 or more"),
        (lambda: bk.LongChain(right=1.5), "right must be a whole number, 1 or more"),
        (lambda: bk.LongChain(gamma=1.0), "gamma must lie in"),
        (lambda: bk.LongChain(slip=-1), "slip must lie in"),
        (lambda: bk.LongChain(distractor="x"), "distractor must be a number"),
        (lambda: bk.LongChain(limit=-2), "limit must be a whole number"),
        (lambda: bk.LineKey(gamma=1.1), "gamma must lie in"),
        (lambda: bk.LineKey(slip=1.1), "slip must lie in"),
        (lambda: bk.LineKey(goal_reward=np.inf), "goal_reward must be finite"),
        (lambda: bk.LineKey(limit=-1), "limit must be a whole number"),
        (lambda: bk.RiverSwim(2), "n must be a whole number, 3 or more"),
        (lambda: bk.RiverSwim(gamma=1.0), "gamma must lie in"),
        (lambda: bk.RiverSwim(limit="7"), "limit must be a whole number"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
