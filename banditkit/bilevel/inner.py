"""The inner problem: what a policy would learn from shaped rewards, on trajectories that stay."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from banditkit.bilevel import kernels
from banditkit.bilevel.kernels import Batch, RewardModel
from banditkit.core.checks import flag, number, numbers, shorten, table, whole
from banditkit.core.jit import jit

__all__ = ["InnerProblem", "NotAMaximum", "batch_of", "fixed_reward", "reward_model"]

_NULL = 1e-10  # relative: eigenvalues nearer to 0 belong to directions in which nothing changes

_write_returns = jit(lambda *args: kernels.write_returns(*args))
_write_policies = jit(lambda *args: kernels.write_policies(*args))
_objective = jit(lambda *args: kernels.objective(*args))
_gradient = jit(lambda *args: kernels.gradient(*args))
_hessian_vector = jit(lambda *args: kernels.hessian_vector(*args))
_contract = jit(lambda *args: kernels.contract(*args))
_cross_matrix = jit(lambda *args: kernels.cross_matrix(*args))


def _logit(gamma: float) -> float:
    """Return the logit of a discount factor."""
    gamma = number("gamma", gamma, low=1e-12, high=1.0 - 1e-12)
    return math.log(gamma / (1.0 - gamma))


def _array(name: str, values: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return finite numbers of this shape as an array of their own."""
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.shape != shape:
        raise ValueError(f"{name} must be numbers of shape {shape}; got {shorten(repr(values))}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite; got {shorten(repr(values))}")
    return array


def _listed(name: str, column: Any) -> list[Any]:
    """Return what has an entry for each trajectory as a list."""
    try:
        return list(column)
    except TypeError:
        raise ValueError(
            f"{name} must have an entry for each trajectory; got {shorten(repr(column))}"
        ) from None


class NotAMaximum(ValueError):
    """The inner objective curves upwards somewhere: where the policy stands is no maximum."""


def batch_of(
    features: Sequence[Any],
    actions: Sequence[Any],
    primary: Sequence[Any],
    auxiliary: Sequence[Any] | None = None,
    *,
    longest: float | None = None,
) -> Batch:
    """Return trajectories as a batch; each argument has an entry for each trajectory.

    Parameters
    ----------
    features : sequence of arrays, shape (steps, d) each
        Features of the states; for a table, a row with a single 1.
    actions : sequence of sequences of int
        The action of each step, numbered from 0.
    primary, auxiliary : sequence of sequences of float
        Rewards of each step; without `auxiliary` those of the heuristic are 0.
    longest : float, optional
        H, by which the sum over a trajectory is divided, above 0; by default the steps of the
        longest one.

    Raises
    ------
    ValueError
        If there is no trajectory, one is empty, or shapes do not fit together.

    Examples
    --------
    >>> import banditkit as bk
    >>> batch = bk.bilevel.batch_of([[[1, 0], [0, 1]]], [[0, 1]], [[0.0, 1.0]])
    >>> batch.first, batch.weight.shape
    (array([0, 2]), (2, 2))
    """
    states = _listed("features", features)
    columns = {"actions": _listed("actions", actions), "primary": _listed("primary", primary)}
    if auxiliary is not None:
        columns["auxiliary"] = _listed("auxiliary", auxiliary)
    if not states:
        raise ValueError("a batch needs a trajectory or more; got none")
    for name, column in columns.items():
        if len(column) != len(states):
            raise ValueError(
                f"{name} must have an entry for each of the {len(states)} trajectories; got "
                f"{len(column)}"
            )
    rows = []
    for m, each in enumerate(states):
        rows.append(np.array(table(f"features of trajectory {m}", each, "step", "feature")))
        if rows[m].shape[1] != rows[0].shape[1]:
            raise ValueError(
                f"all states have the same features; trajectory 0 has {rows[0].shape[1]}, "
                f"trajectory {m} has {rows[m].shape[1]}"
            )
        for name, column in columns.items():
            given = numbers(f"{name} of trajectory {m}", column[m], each="step")
            if len(given) != len(rows[m]):
                raise ValueError(
                    f"{name} of trajectory {m} must have a number for each of its "
                    f"{len(rows[m])} steps; got {len(given)}"
                )
    lengths = [len(each) for each in rows]
    weight = np.concatenate(rows)
    n, d = weight.shape
    taken, *paid = (np.concatenate([np.asarray(each) for each in c]) for c in columns.values())
    if taken.dtype.kind not in "iu" or taken.min() < 0:
        raise ValueError(f"actions must be whole numbers from 0 on; got {shorten(repr(actions))}")
    return Batch(
        at=np.tile(np.arange(d), (n, 1)),
        weight=weight,
        action=taken.astype(np.int64),
        primary=paid[0].astype(float),
        auxiliary=paid[1].astype(float) if len(paid) > 1 else np.zeros(n),
        first=np.concatenate([[0], np.cumsum(lengths)]),
        longest=float(max(lengths)) if longest is None else number("longest", longest, low=1e-9),
        d=d,
    )


def reward_model(
    d: int,
    *,
    base: Any = (0.0, 1.0, 1.0),
    learned: Any = (True, True, True),
    phi: Any = None,
    gamma: float = 0.99,
) -> RewardModel:
    """Return the reward ``w_1(s) + w_2(s) r_p + w_3(s) r_aux`` with ``w_i = base_i + phi_i @ x``.

    Parameters
    ----------
    d : int
        Number of features of a state, 1 or more.
    base : sequence of float, shape (3,)
        What bonus, weight of the primary and weight of the auxiliary reward begin with.
    learned : sequence of bool, shape (3,)
        Which of the three are learned; phi of the others stays.
    phi : array of float, shape (3, d), optional
        By default 0.
    gamma : float, default 0.99
        Discount factor, in (0, 1); kept as its logit.

    Raises
    ------
    ValueError
        If a shape does not fit, or gamma leaves (0, 1).

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.bilevel.reward_model(2, gamma=0.5).logit
    array([0.])
    """
    d, logit = whole("d", d, least=1), _logit(gamma)
    start = np.zeros((3, d)) if phi is None else np.array(table("phi", phi, "weight", "feature"))
    if start.shape != (3, d):
        raise ValueError(f"phi must have 3 rows of {d} numbers; got shape {start.shape}")
    begin = np.array(numbers("base", base, each="weight"))
    which = np.array([flag("learned", each) for each in np.ravel(learned).tolist()])
    if begin.shape != (3,) or which.shape != (3,):
        raise ValueError("base and learned must have three entries: bonus, primary, auxiliary")
    return RewardModel(start, begin, which, np.array([logit]))


def fixed_reward(d: int, base: tuple[float, float, float], gamma: float) -> RewardModel:
    """Return a reward that is not learned; gamma may be 1."""
    logit = math.inf if gamma >= 1.0 else math.log(gamma / (1.0 - gamma)) if gamma else -math.inf
    nothing = np.zeros(3, dtype=np.bool_)
    return RewardModel(np.zeros((3, d)), np.array(base), nothing, np.array([logit]))


@dataclass(frozen=True, eq=False)
class InnerProblem:
    """What a softmax-linear policy climbs, with its derivatives in closed form.

    On a batch of trajectories that stays as it is, whoever played them,

        ``J(theta) = mean over trajectories of 1/H sum_t log pi(a_t | s_t) G_t + entropy * Ent``,

    where G_t is the return from step t on under the learned reward and gamma, and Ent the mean
    entropy of the policy over all steps.  Delta is its gradient.

    Parameters
    ----------
    batch : Batch
        Trajectories; see `batch_of`.
    reward : RewardModel
        The learned reward; see `reward_model`.
    A : int
        Number of actions, 1 or more.
    entropy : float, default 0
        What a unit of entropy counts, 0 or more.  Without it there may be no maximum.

    Raises
    ------
    ValueError
        If an action is A or more, the reward has other features than the batch, or `entropy` is
        negative.

    Examples
    --------
    Two steps, and an action that pays: its probability rises until entropy holds it.

    >>> import banditkit as bk
    >>> batch = bk.bilevel.batch_of([[[1.0]], [[1.0]]], [[0], [1]], [[1.0], [0.0]])
    >>> inner = bk.bilevel.InnerProblem(batch, bk.bilevel.reward_model(1), A=2, entropy=0.25)
    >>> inner.policies(inner.solve())[0].round(4)
    array([0.9018, 0.0982])
    """

    batch: Batch
    reward: RewardModel
    A: int
    entropy: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.batch, Batch) or not isinstance(self.reward, RewardModel):
            raise ValueError(
                "InnerProblem needs a batch and a reward, as batch_of and reward_model make them; "
                f"got {shorten(repr(self.batch))} and {shorten(repr(self.reward))}"
            )
        object.__setattr__(self, "entropy", number("entropy", self.entropy, low=0.0))
        object.__setattr__(self, "A", whole("A", self.A, least=1))
        if self.batch.action.max() >= self.A:
            raise ValueError(
                f"actions are numbered from 0 to {self.A - 1}; the batch has "
                f"{self.batch.action.max()}"
            )
        if self.batch.d != self.d:
            raise ValueError(f"the reward has {self.d} features, the batch has {self.batch.d}")

    @property
    def d(self) -> int:
        """Number of features of a state."""
        return self.reward.phi.shape[1]

    def with_reward(self, *, phi: Any = None, gamma: float | None = None) -> "InnerProblem":
        """Return the same problem with another `phi` (3, d) or `gamma`."""
        reward = self.reward
        if phi is not None:
            reward = reward._replace(phi=_array("phi", phi, (3, self.d)))
        if gamma is not None:
            reward = reward._replace(logit=np.array([_logit(gamma)]))
        return replace(self, reward=reward)

    def at(self, theta: Any) -> np.ndarray:
        """Return theta as an array of floats, if its shape is (A, d) and all are finite."""
        return _array("theta", theta, (self.A, self.d))

    @cached_property
    def returns(self) -> np.ndarray:
        """Return from each step on under the learned reward, shape (n,)."""
        G = np.zeros(self.batch.action.size)
        _write_returns(self.batch, self.reward, G)
        return G

    def policies(self, theta: np.ndarray) -> np.ndarray:
        """Return the probabilities of the actions in each step, shape (n, A)."""
        return self._policies(theta).p

    def _policies(self, theta: np.ndarray) -> kernels.Policies:
        policies = kernels.blank_policies(self.batch.action.size, self.A)
        _write_policies(self.batch, self.at(theta), policies)
        return policies

    def objective(self, theta: np.ndarray) -> float:
        """Return J at theta, shape (A, d)."""
        return float(_objective(self.batch, self._policies(theta), self.returns, self.entropy))

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        """Return Delta at theta, shape (A, d)."""
        out = np.zeros((self.A, self.d))
        _gradient(self.batch, self._policies(theta), self.returns, self.entropy, out)
        return out

    def hessian_vector(self, theta: np.ndarray, U: np.ndarray) -> np.ndarray:
        """Return the product of the Hessian at theta with U, both of shape (A, d)."""
        out = np.zeros((self.A, self.d))
        p = self._policies(theta)
        U = _array("U", U, (self.A, self.d))
        _hessian_vector(self.batch, p, self.returns, self.entropy, U, out)
        return out

    def hessian(self, theta: np.ndarray) -> np.ndarray:
        """Return the Hessian at theta, shape (A d, A d)."""
        p, size = self._policies(theta), self.A * self.d
        H = np.zeros((size, size))
        for row, U in zip(H, np.eye(size).reshape(size, self.A, self.d), strict=True):
            out = row.reshape(self.A, self.d)  # a view; H is symmetric
            _hessian_vector(self.batch, p, self.returns, self.entropy, U, out)
        return H

    def contract(self, theta: np.ndarray, U: np.ndarray) -> tuple[np.ndarray, float]:
        """Return ``U . A``, (3, d), and ``U . B``: how ``U . Delta`` moves with phi and gamma."""
        out = np.zeros((3, self.d))
        U = _array("U", U, (self.A, self.d))
        slope = _contract(self.batch, self._policies(theta), self.reward, U, out)
        return out, float(slope)

    def cross_matrix(self, theta: np.ndarray) -> np.ndarray:
        """Return A, and B as its last column, shape (A d, 3 d + 1)."""
        out = np.zeros((self.A, self.d, 3 * self.d + 1))
        _cross_matrix(self.batch, self._policies(theta), self.reward, out)
        return out.reshape(self.A * self.d, -1)

    def curvature(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return eigenvalues, below 0, and eigenvectors of the Hessian where something changes.

        Directions along which it is flat are left out: those in which nothing changes, which are
        the same added to the preferences of all actions and features that no step has; and others
        if returns are 0 there and entropy counts nothing, or the policy is all but sure.

        Parameters
        ----------
        theta : array of float, shape (A, d)
            Where the policy stands.

        Raises
        ------
        NotAMaximum
            If the Hessian is not negative definite on the other directions.
        """
        values, vectors = np.linalg.eigh(self.hessian(theta))
        moving = np.abs(values) > _NULL * np.abs(values).max(initial=1e-300)
        top = values[moving].max(initial=-np.inf)
        if top > 0.0:
            raise NotAMaximum(
                f"the inner objective curves upwards: the largest eigenvalue of its Hessian is "
                f"{top:.3g} - solve the inner problem first, or raise entropy (now "
                f"{self.entropy:g})"
            )
        return values[moving], vectors[:, moving]

    def solve(self, theta: np.ndarray | None = None, *, steps: int = 1000) -> np.ndarray:
        """Return the theta where Delta is 0, by Newton's method with a line search.

        Parameters
        ----------
        theta : array of float, shape (A, d), optional
            Where to begin; by default 0.
        steps : int, default 1000
            At most so many, 1 or more.

        Raises
        ------
        NotAMaximum
            If it ends where Delta is not 0: the objective may grow for ever.

        Notes
        -----
        Without entropy it may grow for ever by less and less, where nothing but one action of a
        state ever pays; then theta is so far out that Delta is 0 up to rounding.
        """
        steps = whole("steps", steps, least=1)
        theta = np.zeros((self.A, self.d)) if theta is None else self.at(theta)
        for _ in range(steps):
            delta = self.gradient(theta).ravel()
            values, vectors = np.linalg.eigh(self.hessian(theta))
            moving = np.abs(values) > _NULL * np.abs(values).max(initial=1e-300)
            along = vectors[:, moving].T @ delta
            step = vectors[:, moving] @ (along / np.abs(values[moving]))  # uphill, whatever curves
            there = self._uphill(theta, delta, step)
            if there is None:
                break
            theta = there
        return self._arrived(theta)

    def _uphill(self, theta: np.ndarray, delta: np.ndarray, step: np.ndarray) -> np.ndarray | None:
        """Return theta after as much of the step as brings it up; None if nothing does."""
        height, rise = self.objective(theta), float(delta @ step)
        near = rise < 1e-9 * max(1.0, abs(height))  # then rounding hides what J gains
        length = 1.0
        while length > 1e-9:
            there = theta + length * step.reshape(theta.shape)
            if near:
                smaller = np.abs(self.gradient(there)).max() < 0.9 * np.abs(delta).max()
                return there if smaller else None
            if self.objective(there) >= height + 1e-4 * length * rise:
                return there
            length /= 2.0
        return None

    def _arrived(self, theta: np.ndarray) -> np.ndarray:
        """Return theta if Delta is 0 there, as far as rounding lets it."""
        size = float(np.abs(self.gradient(theta)).max())
        if size > 1e-9 * max(1.0, float(np.abs(self.returns).max())):
            raise NotAMaximum(
                f"the inner problem has no maximum that was found; where the search ended, Delta "
                f"still is {size:.3g} - raise entropy (now {self.entropy:g})"
            )
        return theta
