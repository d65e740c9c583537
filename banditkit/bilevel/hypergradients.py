"""Hyper-gradients: how what a policy learns moves with the reward that it learns from.

The upper level asks for the gradient by phi and gamma of ``J(theta(phi, gamma))``.  Each function
here answers for another idea of how theta comes about, and all take the same arguments: the inner
problem, where the policy stands, and the gradient of the upper objective as a function of theta.

* `first_order`: the Hessian is taken for minus the identity.
* `one_step`: theta makes one step of gradient ascent (LIRPG; BiPaRS by its meta-gradient).
* `forward_unroll` and `reverse_unroll`: theta makes so many steps; the derivative is carried
  forward (BiPaRS, incremental), or back (FRODO), to the same number.
* `neumann`, `conjugate_gradients`, `implicit`: theta is where Delta = 0, and moves by the implicit
  function theorem, ``dtheta = -H^-1 (A dphi + B dgamma)``.

One step from theta has the direction of `first_order`, if the upper gradient is taken at theta; the
unroll of n steps that begins at a maximum is `neumann` with n - 1; and as n grows both become
`implicit`.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from banditkit.bilevel.inner import InnerProblem, NotAMaximum
from banditkit.core.checks import number, shorten, whole

__all__ = [
    "HyperGradient",
    "conjugate_gradients",
    "first_order",
    "forward_unroll",
    "implicit",
    "lowest_eigenvalue",
    "neumann",
    "one_step",
    "reverse_unroll",
]

_FAR = 1e100  # preferences beyond it have diverged
_ROUNDING = 1e-12  # a derivative this small is none
_DENSE = 200  # so many entries of theta: a Hessian in full costs nothing

Upper = Callable[[np.ndarray], np.ndarray]  # theta, (A, d) -> gradient of the upper objective


class HyperGradient(NamedTuple):
    """How fast the upper objective rises with the parameters of the reward."""

    phi: np.ndarray  # (3, d); 0 in rows that are not learned
    gamma: float  # by gamma itself; times gamma (1 - gamma) it is by the logit, which is stored
    theta: np.ndarray  # (A, d) the policy that the upper gradient was asked for


def implicit(
    inner: InnerProblem, theta: np.ndarray, upper: Upper, *, rate: float = 5e-4, steps: int = 5
) -> HyperGradient:
    """Return the exact one at a maximum: ``-v H^-1 A`` and ``-v H^-1 B`` with v = upper(theta).

    Directions in which nothing changes count 0, so that the same added to all preferences of a
    state, which is no change of the policy, is none of the gradient either.

    Parameters
    ----------
    inner : InnerProblem
        The inner problem.
    theta : array of float, shape (A, d)
        A maximum of the inner objective; see `InnerProblem.solve`.
    upper : callable
        Gradient of the upper objective as a function of theta, shape (A, d).
    rate, steps
        Not used; here so that all functions can be called alike.

    Raises
    ------
    NotAMaximum
        If Delta is not 0 at theta, or the inner Hessian is not negative definite on the directions
        in which something changes: it curves upwards along one of them, or is flat along one that
        matters, for the upper objective and for how the reward moves Delta.

    References
    ----------
    Gupta, Chandak, Jordan, Thomas & da Silva (2023), "Behavior alignment via reward function
    optimization".

    Examples
    --------
    >>> import numpy as np
    >>> import banditkit as bk
    >>> batch = bk.bilevel.batch_of([[[1.0]], [[1.0]]], [[0], [1]], [[1.0], [0.0]], [[0.0], [1.0]])
    >>> inner = bk.bilevel.InnerProblem(batch, bk.bilevel.reward_model(1), A=2, entropy=0.25)
    >>> primary = bk.bilevel.reward_model(1, base=(0, 1, 0))
    >>> upper = bk.bilevel.InnerProblem(batch, primary, A=2)  # what counts
    >>> found = bk.bilevel.implicit(inner, inner.solve(), upper.gradient)
    >>> found.phi.round(3)[1:].ravel()  # more of the primary reward, less of the other
    array([ 0.2, -0.2])
    """
    v = _asked(inner, upper, theta)
    values, vectors = inner.curvature(theta)
    left = float(np.abs(inner.gradient(theta)).max())
    if left > 1e-6 * max(1.0, float(np.abs(inner.returns).max())):
        raise NotAMaximum(
            f"theta is no maximum: Delta is {left:.3g} there - solve the inner problem first"
        )
    along = vectors.T @ v.ravel()
    _check_flat(inner, theta, v, v - (vectors @ along).reshape(v.shape))
    return _spread(inner, theta, -(vectors @ (along / values)).reshape(v.shape))


def neumann(
    inner: InnerProblem, theta: np.ndarray, upper: Upper, *, rate: float = 5e-4, steps: int = 5
) -> HyperGradient:
    """Return `implicit` with ``-H^-1`` replaced by Neumann's series.

    That is ``rate * sum over j <= steps of (I + rate H)^j``.  It needs products with the Hessian
    only.  On the directions in which something changes the series converges to the inverse, as the
    number of steps grows, if and only if ``0 < rate < 2 / |lambda_min|``, with lambda_min the
    smallest eigenvalue of H.

    Parameters
    ----------
    inner, theta, upper
        As for `implicit`; theta need not be a maximum, though it is what the formula is about.
    rate : float, default 5e-4
        alpha, above 0 (at least 1e-12).
    steps : int, default 5
        L, 0 or more; with 0 it has the direction of `first_order`.

    Raises
    ------
    ValueError
        If the series diverges at this rate: the message names the largest that is stable.
    NotAMaximum
        If its terms grow, since the inner objective curves upwards somewhere.

    Notes
    -----
    As long as ``rate * L * |lambda_min|`` is far below 1, nearly nothing of the inverse is there:
    the direction is that of `first_order`.  Where the inner objective is flat along a direction
    that matters, there is no inverse, and the sum grows with every step.

    References
    ----------
    Lorraine, Vicol & Duvenaud (2020), "Optimizing millions of hyperparameters by implicit
    differentiation".

    Examples
    --------
    >>> import numpy as np
    >>> import banditkit as bk
    >>> batch = bk.bilevel.batch_of([[[1.0]], [[1.0]]], [[0], [1]], [[1.0], [0.0]], [[0.0], [1.0]])
    >>> inner = bk.bilevel.InnerProblem(batch, bk.bilevel.reward_model(1), A=2, entropy=0.25)
    >>> found = bk.bilevel.neumann(inner, inner.solve(), inner.gradient, rate=1.0, steps=100)
    """
    rate, steps = number("rate", rate, low=1e-12), whole("steps", steps, least=0)
    v = _asked(inner, upper, theta)
    lowest = lowest_eigenvalue(inner, theta)
    if rate * lowest <= -2.0:
        raise ValueError(
            f"the Neumann series diverges at rate {rate:g}, as the Hessian has the eigenvalue "
            f"{lowest:.6g}: the rate must be below {-2.0 / lowest:.6g}"
        )
    power, total = v.copy(), v.copy()
    for _ in range(steps):
        power = power + rate * inner.hessian_vector(theta, power)
        total = total + power
    if np.linalg.norm(power) > (1.0 + 1e-9) * np.linalg.norm(v):
        raise NotAMaximum(
            "the terms of the Neumann series grow: the inner objective curves upwards - solve the "
            f"inner problem first, or raise entropy (now {inner.entropy:g})"
        )
    return _spread(inner, theta, rate * total)


def lowest_eigenvalue(inner: InnerProblem, theta: np.ndarray) -> float:
    """Return the smallest eigenvalue of the inner Hessian: how sharply it curves downwards.

    Small problems are solved exactly, large ones by Lanczos' method.

    Parameters
    ----------
    inner : InnerProblem
        The inner problem.
    theta : array of float, shape (A, d)
        Where.

    Examples
    --------
    >>> import banditkit as bk
    >>> batch = bk.bilevel.batch_of([[[1.0]], [[1.0]]], [[0], [1]], [[1.0], [0.0]])
    >>> inner = bk.bilevel.InnerProblem(batch, bk.bilevel.reward_model(1), A=2, entropy=0.25)
    >>> round(bk.bilevel.lowest_eigenvalue(inner, inner.solve()), 4)
    -0.0539
    """
    from scipy.sparse.linalg import LinearOperator, eigsh

    if theta.size <= _DENSE:
        return float(np.linalg.eigvalsh(inner.hessian(theta))[0])

    def times(u: np.ndarray) -> np.ndarray:
        return inner.hessian_vector(theta, u.reshape(theta.shape)).ravel()

    operator = LinearOperator((theta.size, theta.size), matvec=times, dtype=float)
    start = np.random.default_rng(0).standard_normal(theta.size)  # the same answer each time
    return float(eigsh(operator, k=1, which="SA", v0=start, return_eigenvectors=False)[0])


def conjugate_gradients(
    inner: InnerProblem, theta: np.ndarray, upper: Upper, *, rate: float = 5e-4, steps: int = 5
) -> HyperGradient:
    """Return `implicit` by conjugate gradients: products with the Hessian only, and few of them.

    Parameters
    ----------
    inner, theta, upper
        As for `implicit`.
    rate
        Not used; here so that all functions can be called alike.
    steps : int, default 5
        At most so many products, 1 or more; ``A * d`` of them would be exact without rounding.

    Raises
    ------
    NotAMaximum
        If a direction is met along which the inner objective curves upwards.

    Examples
    --------
    >>> import banditkit as bk
    >>> batch = bk.bilevel.batch_of([[[1.0]], [[1.0]]], [[0], [1]], [[1.0], [0.0]], [[0.0], [1.0]])
    >>> inner = bk.bilevel.InnerProblem(batch, bk.bilevel.reward_model(1), A=2, entropy=0.25)
    >>> one = bk.bilevel.conjugate_gradients(inner, inner.solve(), inner.gradient)
    >>> other = bk.bilevel.implicit(inner, inner.solve(), inner.gradient)
    >>> bool(abs(one.phi - other.phi).max() < 1e-9)
    True
    """
    steps = whole("steps", steps, least=1)
    v = _asked(inner, upper, theta)
    U, left = np.zeros_like(v), v.copy()
    along, size = left.copy(), float((left * left).sum())
    enough = 1e-28 * size
    for _ in range(steps):
        if size <= enough:
            break
        curved = -inner.hessian_vector(theta, along)
        curvature = float((along * curved).sum())
        if curvature <= 1e-14 * float((along * along).sum()):
            raise NotAMaximum(
                "the inner objective does not curve downwards along a direction that matters - "
                f"solve the inner problem first, or raise entropy (now {inner.entropy:g})"
            )
        length = size / curvature
        U += length * along
        left -= length * curved
        before, size = size, float((left * left).sum())
        along = left + size / before * along
    return _spread(inner, theta, U)


def first_order(
    inner: InnerProblem, theta: np.ndarray, upper: Upper, *, rate: float = 5e-4, steps: int = 5
) -> HyperGradient:
    """Return `implicit` with ``-H^-1`` replaced by the identity.

    Parameters
    ----------
    inner, theta, upper
        As for `implicit`; theta may be anywhere.
    rate, steps
        Not used; here so that all functions can be called alike.

    Examples
    --------
    >>> import banditkit as bk
    >>> batch = bk.bilevel.batch_of([[[1.0]], [[1.0]]], [[0], [1]], [[1.0], [0.0]], [[0.0], [1.0]])
    >>> inner = bk.bilevel.InnerProblem(batch, bk.bilevel.reward_model(1), A=2, entropy=0.25)
    >>> found = bk.bilevel.first_order(inner, inner.solve(), inner.gradient)
    """
    return _spread(inner, theta, _asked(inner, upper, theta))


def one_step(
    inner: InnerProblem, theta: np.ndarray, upper: Upper, *, rate: float = 5e-4, steps: int = 5
) -> HyperGradient:
    """Return the gradient through one step, ``theta' = theta + rate * Delta``, at theta'.

    Parameters
    ----------
    inner, theta, upper
        As for `implicit`; theta may be anywhere.
    rate : float, default 5e-4
        alpha, the step of the policy, 0 or more.
    steps
        Not used; here so that all functions can be called alike.

    References
    ----------
    Zheng, Oh & Singh (2018), "On learning intrinsic rewards for policy gradient methods"; Hu et al.
    (2020), "Learning to utilize shaping rewards", their meta-gradient method.

    Examples
    --------
    >>> import banditkit as bk
    >>> batch = bk.bilevel.batch_of([[[1.0]], [[1.0]]], [[0], [1]], [[1.0], [0.0]], [[0.0], [1.0]])
    >>> inner = bk.bilevel.InnerProblem(batch, bk.bilevel.reward_model(1), A=2, entropy=0.25)
    >>> found = bk.bilevel.one_step(inner, inner.solve(), inner.gradient, rate=0.1)
    """
    return reverse_unroll(inner, theta, upper, rate=rate, steps=1)


def forward_unroll(
    inner: InnerProblem, theta: np.ndarray, upper: Upper, *, rate: float = 5e-4, steps: int = 5
) -> HyperGradient:
    """Return the gradient through so many steps from theta, carried forward with them.

    The derivative ``M = dtheta / d(phi, gamma)`` goes along, ``M += rate * (H M + (A, B))``: it has
    ``A d (3 d + 1)`` entries, whatever the number of steps.

    Parameters
    ----------
    inner, theta, upper
        As for `implicit`; theta is where the policy begins.
    rate : float, default 5e-4
        alpha, the step of the policy, 0 or more.
    steps : int, default 5
        T, 1 or more.

    Raises
    ------
    ValueError
        If a number leaves its range.

    References
    ----------
    Hu et al. (2020), "Learning to utilize shaping rewards: a new approach of reward shaping", their
    incremental meta-gradient method.

    Examples
    --------
    >>> import numpy as np
    >>> import banditkit as bk
    >>> batch = bk.bilevel.batch_of([[[1.0]], [[1.0]]], [[0], [1]], [[1.0], [0.0]], [[0.0], [1.0]])
    >>> inner = bk.bilevel.InnerProblem(batch, bk.bilevel.reward_model(1), A=2, entropy=0.25)
    >>> start = np.zeros((2, 1))
    >>> one = bk.bilevel.forward_unroll(inner, start, inner.gradient, rate=0.5, steps=20)
    >>> other = bk.bilevel.reverse_unroll(inner, start, inner.gradient, rate=0.5, steps=20)
    >>> bool(abs(one.phi - other.phi).max() < 1e-12)
    True
    """
    rate, steps = number("rate", rate, low=0.0), whole("steps", steps, least=1)
    theta = inner.at(theta)
    M = np.zeros((theta.size, 3 * inner.d + 1))
    for _ in range(steps):
        M = M + rate * (inner.hessian(theta) @ M + inner.cross_matrix(theta))
        theta = _after(theta + rate * inner.gradient(theta), rate)
    moved = _asked(inner, upper, theta).ravel() @ M
    return HyperGradient(moved[:-1].reshape(3, inner.d), float(moved[-1]), theta)


def reverse_unroll(
    inner: InnerProblem, theta: np.ndarray, upper: Upper, *, rate: float = 5e-4, steps: int = 5
) -> HyperGradient:
    """Return the gradient through so many steps from theta, carried back from their end.

    All policies on the way are kept, and what the upper level wants, ``a = upper(theta_T)``, goes
    back along them, ``a += rate * H a``; each step adds ``rate * a . (A, B)``.

    Parameters
    ----------
    inner, theta, upper
        As for `implicit`; theta is where the policy begins.
    rate : float, default 5e-4
        alpha, the step of the policy, 0 or more.
    steps : int, default 5
        T, 1 or more.

    Raises
    ------
    ValueError
        If a number leaves its range.

    Examples
    --------
    >>> import numpy as np
    >>> import banditkit as bk
    >>> batch = bk.bilevel.batch_of([[[1.0]], [[1.0]]], [[0], [1]], [[1.0], [0.0]], [[0.0], [1.0]])
    >>> inner = bk.bilevel.InnerProblem(batch, bk.bilevel.reward_model(1), A=2, entropy=0.25)
    >>> best = inner.solve()
    >>> found = bk.bilevel.reverse_unroll(inner, best, inner.gradient, rate=0.5, steps=20)
    >>> series = bk.bilevel.neumann(inner, best, inner.gradient, rate=0.5, steps=19)
    >>> bool(abs(found.phi - series.phi).max() < 1e-9)  # from a maximum it is Neumann's series
    True
    """
    rate, steps = number("rate", rate, low=0.0), whole("steps", steps, least=1)
    path = [inner.at(theta)]
    for _ in range(steps):
        path.append(_after(path[-1] + rate * inner.gradient(path[-1]), rate))
    wanted, phi, gamma = _asked(inner, upper, path[-1]), np.zeros((3, inner.d)), 0.0
    for at in reversed(path[:-1]):
        moved, slope = inner.contract(at, rate * wanted)
        phi, gamma = phi + moved, gamma + slope
        wanted = wanted + rate * inner.hessian_vector(at, wanted)
    return HyperGradient(phi, gamma, path[-1])


def _check_flat(inner: InnerProblem, theta: np.ndarray, v: np.ndarray, rest: np.ndarray) -> None:
    """Raise a NotAMaximum if what v wants where the Hessian is flat depends on the reward."""
    flat, everywhere = (
        max(float(np.abs(phi).max()), abs(slope))
        for phi, slope in (inner.contract(theta, rest), inner.contract(theta, v))
    )
    if flat > _ROUNDING + 1e-8 * everywhere:
        raise NotAMaximum(
            "the inner objective is flat along a direction that matters: nothing says where theta "
            f"stands there - raise entropy (now {inner.entropy:g})"
        )


def _asked(inner: InnerProblem, upper: Upper, theta: np.ndarray) -> np.ndarray:
    """Return the upper level's gradient, if it is one."""
    if not callable(upper):
        raise ValueError(
            f"upper must be a function of theta, as InnerProblem.gradient is; got {upper!r}"
        )
    answer = upper(inner.at(theta))
    try:
        v = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"upper must return numbers; got {shorten(repr(answer))}") from None
    if v.shape != (inner.A, inner.d) or not np.isfinite(v).all():
        raise ValueError(
            f"upper must return finite numbers of shape {(inner.A, inner.d)}; got shape {v.shape}"
            + ("" if np.isfinite(v).all() else ", not all of them finite")
        )
    return v


def _after(theta: np.ndarray, rate: float) -> np.ndarray:
    """Return the policy after a step, if it is still among the numbers."""
    if not (np.abs(theta) < _FAR).all():
        raise ValueError(f"the steps diverge at rate {rate:g}; take a smaller one")
    return theta


def _spread(inner: InnerProblem, theta: np.ndarray, U: np.ndarray) -> HyperGradient:
    """Return what a change of theta that is worth U is worth in phi and gamma."""
    phi, gamma = inner.contract(theta, U)
    return HyperGradient(phi, gamma, theta)
