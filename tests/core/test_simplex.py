"""The small linear programmes, beside scipy's HiGHS: values, both solutions, and what is refused."""

import math

import numba
import numpy as np
import pytest
from scipy.optimize import linprog

import banditkit as bk
from banditkit.core.simplex import _solve, blank_program, solve

TOL = 1e-9
STRICT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def uniform(rng, m, n):
    return rng.normal(size=n), rng.random((m, n)), rng.random(m)


def ties(rng, m, n):
    """Few different numbers: many vertices are equally good, or the same."""
    return rng.integers(0, 3, n), rng.integers(0, 3, (m, n)), rng.integers(0, 3, m)


def signs(rng, m, n):
    """Rows of either sign: many of these are unbounded."""
    return rng.integers(-2, 3, n), rng.integers(-2, 3, (m, n)), rng.integers(0, 3, m)


def duplicates(rng, m, n):
    c, A, b = uniform(rng, m, n)
    like = rng.integers(0, n, n)
    return c[like], A[:, like], b


def zero_columns(rng, m, n):
    c, A, b = uniform(rng, m, n)
    A[:, rng.random(n) < 0.4] = 0.0
    return c - 0.5, A, b


def same_rows(rng, m, n):
    c, A, b = uniform(rng, m, n)
    return c, A[np.zeros(m, dtype=int)], np.full(m, b[0])


def knapsacks(rng, m, n):
    """A distribution, within small budgets; the last variable is the null arm."""
    A = np.vstack([np.ones(n), rng.random((m - 1, n)) * (rng.random((m - 1, n)) < 0.7)])
    c = rng.integers(0, 5, n) / 4
    A[1:, -1], c[-1] = 0.0, 0.0
    return c, A, np.append(1.0, 10.0 ** rng.integers(-9, 0, m - 1))


def certainties(rng, m, n):
    """All consumption 0 or 1, as in examples of a book."""
    A = np.vstack([np.ones(n), rng.integers(0, 2, (m - 1, n))])
    return rng.integers(0, 2, n), A, np.append(1.0, rng.integers(0, 3, m - 1) / 2)


KINDS = [uniform, ties, signs, duplicates, zero_columns, same_rows, knapsacks, certainties]


def instances(kind, count):
    rng = np.random.default_rng([7, KINDS.index(kind)])
    for _ in range(count):
        m, n = rng.integers(1, 6), rng.integers(1, 9)
        yield tuple(np.asarray(each, dtype=float) for each in kind(rng, m, n))


def check(best, c, A, b):
    """Both solutions are allowed, of the same value, and no slack has a price."""
    x, y = best.x, best.prices
    slack, loss = b - A @ x, y @ A - c
    assert (x >= 0.0).all()
    assert (y >= 0.0).all()
    assert (slack >= -1e-12 * (1.0 + x.max())).all()
    assert (loss >= -1e-12 * (1.0 + y.max())).all()
    assert np.abs(y * slack).max() <= TOL * (1.0 + x.max())
    assert np.abs(x * loss).max() <= TOL * (1.0 + x.max())
    assert best.value == pytest.approx(c @ x, abs=1e-12, rel=1e-12)
    assert best.value == pytest.approx(b @ y, abs=TOL, rel=TOL)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_value_is_that_of_highs_and_the_solutions_prove_it(kind):
    outcomes = {"bounded": 0, "unbounded": 0}
    for c, A, b in instances(kind, 400):
        theirs = linprog(-c, A_ub=A, b_ub=b, method="highs", options=STRICT)
        if theirs.status == 0:
            best = bk.simplex.maximise(c, A, b)
            assert best.value == pytest.approx(-theirs.fun, abs=1e-8, rel=1e-8)
            check(best, c, A, b)
            outcomes["bounded"] += 1
        else:
            with pytest.raises(ValueError, match="unbounded: variable") as error:
                bk.simplex.maximise(c, A, b)
            grows = int(str(error.value).split("variable ")[1].split()[0])
            assert endless(c, A, grows)
            outcomes["unbounded"] += 1
    assert outcomes["bounded"] > 50
    if kind in (signs, zero_columns):
        assert outcomes["unbounded"] > 50


def endless(c, A, j):
    """Tell whether some direction of growth has variable j in it."""
    bounds = [(1, 1) if i == j else (0, 1e6) for i in range(c.size)]
    ray = linprog(-c, A_ub=A, b_ub=np.zeros(A.shape[0]), bounds=bounds, method="highs")
    return ray.status == 0 and -ray.fun > 0.0


def program(c, A, b):
    lp = blank_program(*A.shape)
    lp.A[:], lp.b[:], lp.c[:] = A, b, c
    return lp


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_compiled_and_interpreted_are_the_same_to_the_bit(kind):
    for c, A, b in instances(kind, 60):
        compiled, python = program(c, A, b), program(c, A, b)
        assert _solve(compiled) == solve(python)
        for one, other in zip(compiled, python, strict=True):
            assert np.array_equal(one, other)


@pytest.mark.parametrize("kind", [uniform, ties, knapsacks, certainties])
def test_going_on_from_the_last_basis_finds_the_value_of_a_fresh_start(kind):
    """As learners do; the last vertex may not be allowed any more."""
    rng = np.random.default_rng(11)
    for c, A, b in instances(kind, 40):
        lp = program(c, A, b)
        for step in range(25):
            lp.c[rng.integers(c.size)] += rng.normal() * 0.1
            j, i = rng.integers(c.size), rng.integers(b.size)
            lp.A[1:, j] = A[1:, j] * rng.random()
            if step % 5 == 4:
                lp.b[i] = b[i] * rng.random()
            if _solve(lp) >= 0:
                lp = program(c, A, b)  # unbounded now
                continue
            fresh = bk.simplex.maximise(lp.c, lp.A, lp.b)
            x = np.zeros(c.size + b.size)
            x[lp.basis] = lp.x
            assert lp.c @ x[: c.size] == pytest.approx(fresh.value, abs=TOL, rel=TOL)
            assert lp.b @ lp.prices == pytest.approx(fresh.value, abs=1e-8, rel=1e-8)


def test_a_programme_on_which_the_simplex_method_can_go_round_in_circles():
    """Beale (1955), "Cycling in the dual simplex algorithm": its value is 1/20."""
    c = [0.75, -150, 0.02, -6]
    A = [[0.25, -60, -0.04, 9], [0.5, -90, -0.02, 3], [0, 0, 1, 0]]
    best = bk.simplex.maximise(c, A, [0, 0, 1])
    assert best.value == pytest.approx(0.05, abs=1e-12)
    assert best.x == pytest.approx([0.04, 0, 1, 0], abs=1e-12)


def test_the_cube_of_klee_and_minty_is_walked_to_its_far_corner():
    n = 8
    A = np.array(
        [[2.0 ** (i - j + 1) if j < i else float(i == j) for j in range(n)] for i in range(n)]
    )
    c, b = 2.0 ** np.arange(n - 1, -1, -1), 5.0 ** np.arange(1, n + 1)
    best = bk.simplex.maximise(c, A, b)
    assert best.value == pytest.approx(5.0**n, rel=1e-12)


def test_a_budget_of_nothing_leaves_what_is_free():
    best = bk.simplex.maximise([1.0, 0.5], [[1.0, 1.0], [1.0, 0.0]], [1.0, 0.0])
    assert best.value == 0.5
    assert best.x.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("c", "A", "b", "words"),
    [
        ([1], [[1]], [-1], ["b must be 0 or more", "constraint 0 has -1"]),
        ([1, 1], [[1, 0], [0, 1]], [1, -0.5], ["constraint 1 has -0.5"]),
        ([1, 1], [[1, -1]], [2], ["unbounded: variable 1"]),
        ([0, 1], [[1, 0]], [2], ["unbounded: variable 1"]),
        ([1, 1], [[1]], [1], ["a column for each of the 2", "shape (1, 1)"]),
        ([1], [[1], [2]], [1], ["a row for each of the 1", "shape (2, 1)"]),
        ([1, 2], [[1, 2], [3]], [1, 1], ["A must be a table of numbers"]),
        ([math.nan], [[1]], [1], ["c must be finite", "variable 0 has nan"]),
        ([1], [[math.inf]], [1], ["A must be finite", "constraint 0, variable 0 has inf"]),
        ([1], [[1]], [math.inf], ["b must be finite", "constraint 0 has inf"]),
        ([], [[1]], [1], ["c is empty"]),
        ("1", [[1]], [1], ["c must be a list of numbers"]),
        ([1], [["x"]], [1], ["A must be a table of numbers"]),
        ([1], 3, [1], ["A must be a table of numbers"]),
    ],
)
def test_what_makes_no_sense_is_named(c, A, b, words):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        bk.simplex.maximise(c, A, b)
    for each in words:
        assert each in str(error.value)
    assert "\n" not in str(error.value)


# --- Games ---------------------------------------------------------------------------------------


def test_strategies_of_a_game_guarantee_its_value():
    rng = np.random.default_rng(3)
    for trial in range(300):
        M = rng.normal(size=(rng.integers(1, 6), rng.integers(1, 6)))
        if trial % 3 == 0:
            M = np.rint(M)
        if trial % 7 == 0:
            M = 1e6 * M - 5e6
        value, rows, columns = bk.simplex.game_value(M)
        size = 1.0 + np.abs(M).max()
        for strategy in (rows, columns):
            assert (strategy >= 0.0).all()
            assert strategy.sum() == pytest.approx(1.0, abs=1e-12)
        assert (rows @ M).min() == pytest.approx(value, abs=TOL * size)
        assert (M @ columns).max() == pytest.approx(value, abs=TOL * size)


@pytest.mark.parametrize(
    ("payoffs", "value", "rows"),
    [
        ([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], 0.0, [1 / 3, 1 / 3, 1 / 3]),  # rock, paper, scissors
        ([[1, -1], [-1, 1]], 0.0, [0.5, 0.5]),  # matching pennies
        ([[0, 2], [1, 0]], 2 / 3, [1 / 3, 2 / 3]),
        ([[3.0, 5.0], [1.0, 7.0]], 3.0, [1.0, 0.0]),  # a saddle point
        ([[7.0]], 7.0, [1.0]),
        ([[-2.5, -2.5]], -2.5, [1.0]),
    ],
)
def test_games_of_the_books(payoffs, value, rows):
    found, mine, _ = bk.simplex.game_value(payoffs)
    assert type(found) is float
    assert found == pytest.approx(value, abs=1e-12)
    assert mine == pytest.approx(rows, abs=1e-12)


@pytest.mark.parametrize("payoffs", [[], [[]], [[1, 2], [3]], [[math.nan]], "game", [1, 2]])
def test_a_game_is_a_table(payoffs):
    with pytest.raises(ValueError, match="payoffs must"):
        bk.simplex.game_value(payoffs)


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1e3, 1e6, 1e9])
def test_units_do_not_matter(scale):
    """Rewards in cents or in millions, and each resource in units of its own."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        m, n = rng.integers(1, 6), rng.integers(1, 12)
        units = 10.0 ** rng.uniform(-6, 6, (m, 1))
        A = np.vstack([np.ones(n), rng.random((m, n)) * units])
        b = np.append(1.0, rng.random(m) * A[1:].max(axis=1))
        c = scale * rng.random(n)
        best = bk.simplex.maximise(c, A, b)
        assert (A @ best.x <= b * (1 + 1e-9)).all()
        assert (best.prices @ A >= c - 1e-9 * scale).all()
        assert b @ best.prices == pytest.approx(best.value, rel=1e-9)  # so both are best


def test_a_tiny_entry_is_no_zero():
    assert bk.simplex.maximise([1.0], [[1e-12]], [1.0]).value == pytest.approx(1e12)
