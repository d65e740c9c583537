"""Small linear programmes: maximise ``c @ x`` subject to ``A x <= b`` and ``x >= 0``.

The revised simplex method, made for programmes with few rows that are solved again and again with
slightly other numbers: the basis of the last solution is tried first.  With ``b >= 0`` there is
always a point to begin at, x = 0.

Examples
--------
Two goods, and 4 hours of which they take 1 and 2:

>>> import banditkit as bk
>>> best = bk.simplex.maximise([3, 5], [[1, 2], [0, 1]], [4, 1])
>>> best.value, best.x, best.prices
(12.0, array([4., 0.]), array([3., 0.]))
"""

from typing import Any, NamedTuple

import numpy as np

from banditkit.core.checks import numbers, shorten, table
from banditkit.core.jit import jit, jit_helper, jit_inline
from banditkit.core.vectors import dot

__all__ = ["Optimum", "game_value", "maximise"]

_TOL = 1e-11  # what counts as 0, among numbers of the order of 1
_GREEDY_STEPS = 50  # then Bland's rule, which never goes round in circles
_MOST_STEPS = 10_000  # rounding might, where numbers are far apart: then the best so far must do


class Program(NamedTuple):
    """A linear programme, and the vertex where it stands."""

    A: np.ndarray  # (m, n)
    b: np.ndarray  # (m,)
    c: np.ndarray  # (n,)
    basis: np.ndarray  # (m,) int64, variables that are not 0; n + i is what row i leaves over
    inverse: np.ndarray  # (m, m) of the columns of the basis
    x: np.ndarray  # (m,) values of the basis
    prices: np.ndarray  # (m,) what one more unit of b is worth
    column: np.ndarray  # (m,) room to work in


class Optimum(NamedTuple):
    """The solution of a linear programme."""

    value: float
    x: np.ndarray  # (n,) where it is attained
    prices: np.ndarray  # (m,) dual solution: what one more unit of b is worth


def blank_program(m: int, n: int) -> Program:
    """Return a programme with m rows and n variables, all numbers 0, standing at x = 0."""
    A, b, c, inverse, x, prices, column = (
        np.zeros(shape) for shape in ((m, n), m, n, (m, m), m, m, m)
    )
    return Program(A, b, c, np.arange(n, n + m), inverse, x, prices, column)


@jit_inline
def solve(lp):
    """Walk to the best vertex, beginning where the programme stands if that is allowed.

    Returns -1, or the variable that can grow without end.
    """
    m, n = lp.A.shape
    if not stand(lp):
        for i in range(m):
            lp.basis[i] = n + i
        stand(lp)
    exact = True  # do inverse and x come from the basis itself, without rounding of steps?
    steps = 0
    while steps < _MOST_STEPS:
        steps += 1
        set_prices(lp)
        entering = best_entering(lp, steps > _GREEDY_STEPS)
        if entering >= 0:
            leaving = leaving_row(lp, entering)
            if leaving < 0:
                return entering
            exchange(lp, entering, leaving)
            exact = False
        elif exact or not stand(lp):
            break
        else:
            exact = True  # look again, without the rounding of steps
    return -1


@jit_inline
def stand(lp):
    """Compute inverse and x from the basis; return whether it is a vertex that is allowed."""
    m = lp.x.size
    for i in range(m):
        for j in range(m):
            lp.inverse[i, j] = 1.0 if i == j else 0.0
        lp.x[i] = lp.b[i]
    # Gauss and Jordan: bring the columns of the basis to unit vectors, one after the other.
    for k in range(m):
        direction(lp, lp.basis[k])
        row = k
        for i in range(k + 1, m):
            if abs(lp.column[i]) > abs(lp.column[row]):
                row = i
        if abs(lp.column[row]) < _TOL:
            return False
        if row != k:  # exchange of rows
            for j in range(m):
                lp.inverse[k, j], lp.inverse[row, j] = lp.inverse[row, j], lp.inverse[k, j]
            lp.x[k], lp.x[row] = lp.x[row], lp.x[k]
            lp.column[k], lp.column[row] = lp.column[row], lp.column[k]
        eliminate(lp, k)
    least = 0.0
    for i in range(m):
        least = min(least, lp.x[i])
    return least >= -_TOL


@jit_inline
def direction(lp, variable):
    """Write into `column` how the basis pays for one more unit of a variable."""
    m, n = lp.A.shape
    for i in range(m):
        if variable >= n:
            lp.column[i] = lp.inverse[i, variable - n]
        else:
            total = 0.0
            for k in range(m):
                total += lp.inverse[i, k] * lp.A[k, variable]
            lp.column[i] = total


@jit_inline
def eliminate(lp, row):
    """Make a unit vector of `column`, and apply the same steps to inverse and x."""
    m = lp.x.size
    pivot = lp.column[row]
    for j in range(m):
        lp.inverse[row, j] /= pivot
    lp.x[row] /= pivot
    for i in range(m):
        factor = lp.column[i]
        if i != row and factor != 0.0:
            for j in range(m):
                lp.inverse[i, j] -= factor * lp.inverse[row, j]
            lp.x[i] -= factor * lp.x[row]


@jit_inline
def set_prices(lp):
    """Compute the dual solution that belongs to the basis."""
    m, n = lp.A.shape
    for j in range(m):
        price = 0.0
        for i in range(m):
            if lp.basis[i] < n:
                price += lp.c[lp.basis[i]] * lp.inverse[i, j]
        lp.prices[j] = price


@jit_inline
def best_entering(lp, first):
    """Return the variable that is worth most above its price, or the first that is; or -1."""
    m, n = lp.A.shape
    best, most = -1, _TOL
    for j in range(n + m):
        if j < n:
            gain = lp.c[j]
            for i in range(m):
                gain -= lp.prices[i] * lp.A[i, j]
        else:
            gain = -lp.prices[j - n]
        if gain > most and not (first and best >= 0):
            best, most = j, gain
    return best


@jit_inline
def leaving_row(lp, entering):
    """Return the row whose variable reaches 0 first when another one grows; -1: none does.

    Of several, the one with the smallest variable: Bland's rule.
    """
    direction(lp, entering)
    row, least = -1, np.inf
    for i in range(lp.x.size):
        if lp.column[i] > _TOL:
            ratio = max(lp.x[i], 0.0) / lp.column[i]
            if ratio < least or (ratio == least and lp.basis[i] < lp.basis[row]):
                row, least = i, ratio
    return row


@jit_inline
def exchange(lp, entering, row):
    """Let a variable into the basis, in place of that of a row; `column` is its direction."""
    eliminate(lp, row)
    lp.basis[row] = entering


@jit_helper
def solve_apart(lp):
    """Do what `solve` does, without being pasted: for who asks at several places.

    To paste it makes a round some tens of nanoseconds quicker, and the compiler seconds slower.
    """
    return solve(lp)


_solve = jit(lambda lp: solve(lp))


def maximise(c: Any, A: Any, b: Any) -> Optimum:
    """Maximise ``c @ x`` subject to ``A x <= b`` and ``x >= 0``.

    Parameters
    ----------
    c : sequence of float, shape (n,)
        What a unit of each variable is worth.
    A : array of float, shape (m, n)
        A row for each constraint.
    b : sequence of float, shape (m,)
        Right-hand sides, 0 or more, so that x = 0 is allowed.

    Returns
    -------
    Optimum
        Value, x of shape (n,), and the prices of shape (m,): the solution of the dual, to
        minimise ``b @ y`` subject to ``y A >= c`` and ``y >= 0``, which has the same value.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is not finite, a right-hand side is negative, or the
        programme is unbounded.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.simplex.maximise([1, 1], [[1, 0], [0, 1]], [2, 3]).value
    5.0
    >>> bk.simplex.maximise([1, 1], [[1, -1]], [2])
    Traceback (most recent call last):
    ...
    ValueError: the programme is unbounded: variable 1 can grow without end
    """
    values = numbers("c", c, each="variable")
    rows = table("A", A, "constraint", "variable")
    limits = numbers("b", b, each="constraint")
    if len(rows[0]) != len(values) or len(rows) != len(limits):
        raise ValueError(
            f"A must have a row for each of the {len(limits)} numbers of b and a column for each "
            f"of the {len(values)} numbers of c; got shape ({len(rows)}, {len(rows[0])})"
        )
    for i, limit in enumerate(limits):
        if limit < 0.0:
            raise ValueError(
                f"b must be 0 or more, so that x = 0 is allowed; constraint {i} has "
                f"{shorten(repr(limit))}"
            )
    lp = blank_program(len(limits), len(values))
    A, worth = np.array(rows), _size(np.array(values))
    sizes = np.array([_size(row) for row in A])
    plenty = _size(limits / sizes)
    lp.A[:] = A / sizes[:, None]  # all in units in which the largest number is 1
    lp.b[:] = limits / sizes / plenty
    lp.c[:] = np.array(values) / worth
    endless = _solve(lp)
    if endless >= 0:
        raise ValueError(
            f"the programme is unbounded: variable {_grown(lp, endless)} can grow without end"
        )
    x = np.zeros(len(values) + len(limits))
    x[lp.basis] = plenty * np.maximum(lp.x, 0.0)
    x = x[: len(values)]
    prices = worth / sizes * np.maximum(lp.prices, 0.0)
    return Optimum(float(dot(np.array(values), x)), x, prices)


def _size(row: np.ndarray) -> float:
    """Return the largest absolute number of a row, or 1 if all are 0."""
    return float(np.abs(row).max()) or 1.0


def _grown(lp: Program, entering: int) -> int:
    """Return a variable of the user's that grows along an endless edge, rather than a slack."""
    n = lp.c.size
    if entering < n:
        return entering
    return int(next(j for j, d in zip(lp.basis, lp.column, strict=True) if j < n and d < -_TOL))


def game_value(payoffs: Any) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the value of a zero-sum game, and the best mixed strategies of both players.

    Parameters
    ----------
    payoffs : array of float, shape (K, m)
        What the player of columns pays to the player of rows.

    Returns
    -------
    value : float
        What the game is worth to the player of rows.
    rows, columns : array of float, shapes (K,) and (m,)
        Distributions that guarantee it.

    Raises
    ------
    ValueError
        If `payoffs` is not a table of finite numbers.

    Examples
    --------
    >>> import banditkit as bk
    >>> value, rows, columns = bk.simplex.game_value([[0, 2], [1, 0]])
    >>> round(value, 12), rows.round(3), columns.round(3)
    (0.666666666667, array([0.333, 0.667]), array([0.667, 0.333]))
    """
    M = np.array(table("payoffs", payoffs, "row", "column"))
    spread = M.max() - M.min()
    scale, shift = (spread, M.min() - spread) if spread > 0.0 else (1.0, M.min() - 1.0)
    # With payoffs in [1, 2] the value v is positive: y / v solves max sum(y) s.t. M y <= 1.
    best = maximise(np.ones(M.shape[1]), (M - shift) / scale, np.ones(M.shape[0]))
    rows, columns = best.prices / best.prices.sum(), best.x / best.x.sum()
    return float(scale / best.value + shift), rows, columns
