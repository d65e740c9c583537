"""Features of states: against their formulas, in exact fractions where there are tiles."""

import itertools
import math
from typing import NamedTuple

import numba
import numpy as np
import pytest
from naive.gradients import tiles_at

import banditkit as bk


def box(low, high):
    return bk.Box(tuple(low), tuple(high), 2, 0.9)


def encode(features, x):
    """Return which features are active, and what they are worth."""
    at, weight = np.full(features.active, -1), np.full(features.active, np.nan)
    features.encode(x, at, weight)
    return at.tolist(), weight


@numba.njit
def encode_compiled(features, x, at, weight):
    features.encode(x, at, weight)


def corners(d, seed=0):
    rng = np.random.default_rng(seed)
    low = rng.normal(size=d)
    return low, low + rng.uniform(0.1, 3.0, size=d)


def points(low, high, n, seed=1):
    """Return points of the box, and a few around it."""
    rng = np.random.default_rng(seed)
    return low + rng.uniform(-0.3, 1.3, size=(n, low.size)) * (high - low)


# Fourier


@pytest.mark.parametrize("order", [0, 1, 3])
@pytest.mark.parametrize("d", [1, 2, 4])
def test_fourier_is_the_cosine_of_every_wave(d, order):
    low, high = corners(d)
    features = bk.Fourier(order).start(box(low, high))
    waves = np.array(list(itertools.product(range(order + 1), repeat=d)))
    assert features.size == features.active == len(waves) == (order + 1) ** d
    for x in points(low, high, 30):
        at, weight = encode(features, x)
        scaled = np.clip((x - low) / (high - low), 0.0, 1.0)
        assert at == list(range(features.size))
        assert weight == pytest.approx(np.cos(np.pi * waves @ scaled), abs=1e-13)


@pytest.mark.parametrize(("order", "d"), [(1000, 1), (40, 2), (3, 4)])
def test_fourier_of_a_high_order_is_accurate_and_the_same_to_the_bit_compiled(order, d):
    low, high = corners(d)
    features = bk.Fourier(order).start(box(low, high))
    waves = np.array(list(itertools.product(range(order + 1), repeat=d)))
    at, weight = np.zeros(features.size, dtype=np.int64), np.zeros(features.size)
    for x in points(low, high, 10):
        encode_compiled(features, x, at, weight)
        assert (weight == encode(features, x)[1]).all()
        scaled = np.clip((x - low) / (high - low), 0.0, 1.0)
        assert weight == pytest.approx(np.cos(np.pi * (waves @ scaled % 2)), abs=2e-12)


def test_along_a_line_the_waves_are_orthogonal():
    """On the midpoints of a grid finer than the waves, exactly: the discrete cosine transform."""
    features = bk.Fourier(order=3).start(box([-1.0], [1.0]))
    rows = np.array([encode(features, [2 * (k + 0.5) / 8 - 1])[1] for k in range(8)])
    assert np.abs(rows.T @ rows / 8 - np.diag([1.0, 0.5, 0.5, 0.5])).max() < 1e-14


@pytest.mark.parametrize("kind", [bk.Fourier, bk.TileCoding])
def test_corners_that_are_given_are_those_that_count(kind):
    unbounded = box([-math.inf] * 2, [math.inf] * 2)
    given = kind(low=[0, -1], high=(2, np.float64(3))).start(unbounded)
    plain = kind().start(box([0.0, -1.0], [2.0, 3.0]))
    for x in points(np.array([0.0, -1.0]), np.array([2.0, 3.0]), 20):
        mine, theirs = encode(given, x), encode(plain, x)
        assert mine[0] == theirs[0]
        assert (mine[1] == theirs[1]).all()
    assert kind(low=[0, -1], high=[2, 3]) == kind(low=(0.0, -1.0), high=np.array([2.0, 3.0]))


# Tiles


@pytest.mark.parametrize(("tilings", "tiles"), [(1, 1), (1, 5), (4, 3), (5, 2), (8, 8)])
@pytest.mark.parametrize("d", [1, 2, 4])
def test_one_tile_of_each_tiling_is_active_and_it_is_the_one_of_the_definition(d, tilings, tiles):
    low, high = corners(d)
    features = bk.TileCoding(tilings, tiles).start(box(low, high))
    each = (tiles + 1) ** d
    assert (features.size, features.active) == (tilings * each, tilings)
    for x in points(low, high, 60):
        at, weight = encode(features, x)
        assert [tile // each for tile in at] == list(range(tilings))  # each in its own range
        assert at == tiles_at(x, low, high, tilings, tiles)
        assert (weight == 1.0).all()


def test_two_tilings_by_hand():
    """Two tiles of 1/2, once from 0 and once from -1/4; there are three of each."""
    features = bk.TileCoding(tilings=2, tiles=2).start(box([0.0], [1.0]))
    seen = {x: encode(features, [x])[0] for x in (-1.0, 0.0, 0.2, 0.25, 0.5, 0.7, 0.75, 1.0, 9.0)}
    assert seen == {
        -1.0: [0, 3],
        0.0: [0, 3],
        0.2: [0, 3],
        0.25: [0, 4],
        0.5: [1, 4],
        0.7: [1, 4],
        0.75: [1, 5],
        1.0: [2, 5],
        9.0: [2, 5],
    }


def test_a_step_over_an_edge_changes_one_tile_and_between_edges_none():
    """With 4 tilings of 4 tiles the edges of all together are 1/16 apart, along both axes."""
    features = bk.TileCoding(tilings=4, tiles=4).start(box([0.0, -2.0], [1.0, 2.0]))
    fine = np.array([1.0, 4.0]) / 16

    def seen(cell, inside):
        return encode(features, np.array([0.0, -2.0]) + (np.array(cell) + inside) * fine)[0]

    for cell in itertools.product(range(16), repeat=2):
        here = seen(cell, 0.5)
        for inside in itertools.product((0.0, 0.99), repeat=2):
            assert seen(cell, np.array(inside)) == here
        for following in ((cell[0] + 1, cell[1]), (cell[0], cell[1] + 1)):
            if max(following) < 16:
                assert sum(a != b for a, b in zip(here, seen(following, 0.5), strict=True)) == 1


def test_all_tiles_of_the_box_are_used_and_every_number_only_once():
    """The first tiling ends where the box does: its spare tiles are beyond."""
    features = bk.TileCoding(tilings=4, tiles=3).start(box([0.0, 0.0], [1.0, 1.0]))
    middles = (np.arange(24) + 0.5) / 24
    used = {tile for x in itertools.product(middles, repeat=2) for tile in encode(features, x)[0]}
    beyond = {4 * row + column for row in range(4) for column in range(4) if 3 in (row, column)}
    assert used == set(range(features.size)) - beyond


@pytest.mark.parametrize("far", [1.0001, 1e5, 1e25, math.inf])
@pytest.mark.parametrize("kind", [bk.Fourier(), bk.TileCoding(3, 5)], ids=repr)
def test_what_is_beyond_the_box_is_at_its_edge_compiled_and_not(kind, far):
    features = kind.start(box([-1.0, -1.0], [1.0, 1.0]))
    for x, edge in (((far, 0.3), (1.0, 0.3)), ((0.3, -far), (0.3, -1.0)), ((-far, far), (-1, 1))):
        at, weight = np.zeros(features.active, dtype=np.int64), np.zeros(features.active)
        expected = encode(features, np.array(edge, dtype=float))
        for encoder in (encode_compiled, encode_compiled.py_func):
            encoder(features, np.array(x), at, weight)
            assert at.tolist() == expected[0]
            assert (weight == expected[1]).all()


# A table, and one's own


def test_one_hot_is_the_number_of_the_state():
    features = bk.OneHot().start(bk.Chain(4).spec)
    assert (features.size, features.active) == (6, 1)
    for s in range(6):
        assert encode(features, s) == ([s], [1.0])


class PowersOf(NamedTuple):
    """1, x and its square."""

    size: int
    active: int

    def encode(self, x, at, weight):
        for i in range(3):
            at[i], weight[i] = i, float(x) ** i


class Powers(bk.FeatureMap):
    def start(self, spec):
        return PowersOf(3, 3)


def test_features_of_ones_own_are_as_good_as_ours():
    """What is learned about one state is learned about others; preferences are a parabola."""
    chain = bk.Chain(6, gamma=0.9)
    result = bk.simulate(
        bk.Episodes(chain, 60), [bk.ActorCritic(0.02, 0.01, Powers())], horizon=9999, seed=0
    )
    assert np.isfinite(result.logs["steps"]).all()


# Bad input

GRID, POLE = bk.GridWorld("S.G").spec, bk.CartPole().spec


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bk.TileCoding(tilings=0), "^tilings must be a whole number, 1 or more; got 0"),
        (lambda: bk.TileCoding(tiles=2.5), "^tiles must be a whole number, 1 or more; got 2.5"),
        (lambda: bk.Fourier(order=-1), "^order must be a whole number, 0 or more; got -1"),
        (lambda: bk.Fourier(low=[0]), "^give both low and high, or neither"),
        (lambda: bk.TileCoding(high=[0]), "^give both low and high, or neither"),
        (lambda: bk.Fourier(low="a", high=[1]), "^low must be a list of numbers, one per axis"),
        (lambda: bk.Fourier(low=[], high=[]), "^low is empty; give one number per axis"),
        (lambda: bk.Fourier(low=[0], high=[math.inf]), "^high must be finite; axis 0 has inf"),
        (lambda: bk.TileCoding(low=[0, math.nan], high=[1, 1]), "^low must be .*; axis 1 has nan"),
        (lambda: bk.TileCoding(low=[0, 1], high=[1]), "^each axis needs one of each: got 2 low"),
        (
            lambda: bk.TileCoding(low=[0, 2], high=[1, 2]),
            "^low must be below high; axis 1 has 2 and 2",
        ),
        (lambda: bk.OneHot().start(POLE), "^OneHot needs states that are numbered; use TileCoding"),
        (lambda: bk.Fourier().start(GRID), "^Fourier needs states that are arrays of numbers"),
        (lambda: bk.TileCoding().start(GRID), "^TileCoding needs states that are arrays"),
        (lambda: bk.Fourier().start(POLE), "ends; axis 1 goes from -inf to inf - give low and"),
        (lambda: bk.TileCoding().start(POLE), "^TileCoding needs a box that ends; axis 1"),
        (
            lambda: bk.Fourier(low=[0], high=[1]).start(POLE),
            "^Fourier needs corners of 4 numbers, as states have; got 1",
        ),
        (
            lambda: bk.TileCoding().start(box([0] * 8, [1] * 8)),
            r"^TileCoding\(\) would have 344,373,768 features; ask for fewer",
        ),
        (lambda: bk.Fourier(9).start(box([0] * 8, [1] * 8)), "have 100,000,000 features"),
    ],
)
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
