"""The policy that is judged, in whatever form it comes, and the model of rewards beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from banditkit.core.checks import shorten
from banditkit.off_policy.log import LoggedData

__all__ = ["Drawing", "Recommending", "predicted", "read_policy", "recommended"]

_ROUNDING = 1e-9  # by which probabilities may miss a sum of 1


@dataclass(frozen=True, eq=False)
class Recommending:
    """A deterministic policy: an action for each row."""

    actions: np.ndarray  # (N,) int64

    def taken(self, log: LoggedData) -> np.ndarray:
        """Return the probability of each row's action, shape (N,)."""
        return (self.actions == log.actions).astype(float)

    def expect(self, q: np.ndarray) -> np.ndarray:
        """Return what each row would earn if the actions were worth q, shape (N, K)."""
        return q[np.arange(self.actions.size), self.actions]

    def mass(self, log: LoggedData) -> np.ndarray:
        """Return how often each action is chosen at each position, as shares, shape (P, K)."""
        shape = log.counts.shape
        cells = np.bincount(log.place * log.K + self.actions, minlength=shape[0] * shape[1])
        return cells.reshape(shape) / log.N


@dataclass(frozen=True, eq=False)
class Drawing:
    """A policy that draws: row i by the probabilities of line `line[i]`."""

    table: np.ndarray  # (n, K)
    line: np.ndarray | None  # (N,) int64; None: a line for each row, or one for all

    def taken(self, log: LoggedData) -> np.ndarray:
        """Return the probability of each row's action, shape (N,)."""
        if self.table.shape[0] == 1:
            return self.table[0][log.actions]
        line = np.arange(log.N) if self.line is None else self.line
        return self.table[line, log.actions]

    def expect(self, q: np.ndarray) -> np.ndarray:
        """Return what each row would earn if the actions were worth q, shape (N, K)."""
        if self.table.shape[0] == 1:
            return np.einsum("ij,j->i", q, self.table[0])  # q @ p waits for threads
        table = self.table if self.line is None else self.table[self.line]
        return np.einsum("ij,ij->i", table, q)

    def mass(self, log: LoggedData) -> np.ndarray:
        """Return how often each action is chosen at each position, as shares, shape (P, K)."""
        if self.table.shape[0] == 1:
            return np.bincount(log.place)[:, None] / log.N * self.table
        table = self.table if self.line is None else self.table[self.line]
        return np.array([table[log.place == p].sum(axis=0) / log.N for p in range(log.places.size)])


def read_policy(log: LoggedData, policy: Any) -> Recommending | Drawing:
    """Return a policy in one of the two forms, checked against the log."""
    if not isinstance(log, LoggedData):
        raise ValueError(f"log must be LoggedData; got {shorten(repr(log))}")
    if callable(policy):
        policy = _called(log, policy)
    if isinstance(policy, Mapping):
        return _by_position(log, policy)
    array = _array("a policy", policy)
    if array.dtype.kind in "iu" and array.shape == (log.N,):
        return Recommending(_actions(log, array))
    if array.shape == (log.K,):
        return Drawing(_distributions(array[None], "the policy"), None)
    if array.shape == (log.N, log.K):
        return Drawing(_distributions(array, "row {}"), None)
    raise ValueError(
        f"a policy has a probability for each row and action, shape ({log.N}, {log.K}), one for "
        f"each action, ({log.K},), or an action for each row, int of shape ({log.N},); got shape "
        f"{array.shape} of {array.dtype}"
    )


def recommended(log: LoggedData, policy: Any) -> np.ndarray:
    """Return the actions of a deterministic policy, shape (N,)."""
    found = read_policy(log, policy)
    if isinstance(found, Recommending):
        return found.actions
    raise ValueError(f"each policy must recommend an action for each row, int of shape ({log.N},)")


def predicted(log: LoggedData, model: Any) -> np.ndarray:
    """Return what a model thinks that each action earns in each row, shape (N, K)."""
    if hasattr(model, "predict"):
        model = model.predict(log.contexts)
    q = _array("a model", model)
    if q.shape not in ((log.N, log.K), (log.K,)):
        raise ValueError(
            f"a model predicts a reward for each row and action, shape ({log.N}, {log.K}), or for "
            f"each action, ({log.K},); got shape {q.shape} - a regressor's predict(contexts) must "
            "return such an array"
        )
    return np.broadcast_to(q.astype(float, copy=False), (log.N, log.K))


def _called(log: LoggedData, policy: Any) -> Any:
    if log.contexts is None:
        raise ValueError(
            "a policy that is a function is called with the contexts, and the log has none; give "
            "it as an array of probabilities or of actions"
        )
    return policy(log.contexts)


def _by_position(log: LoggedData, policy: Mapping[Any, Any]) -> Drawing:
    """Return a policy with a distribution for each position."""
    if log.positions is None:
        raise ValueError(
            "a policy with a distribution for each position needs a log with positions; this log "
            f"has none - give one distribution, of shape ({log.K},)"
        )
    table = []
    for place in log.places.tolist():
        if place not in policy:
            raise ValueError(
                f"the policy has no distribution for position {place}, which the log has"
            )
        line = _array(f"the policy at position {place}", policy[place])
        if line.shape != (log.K,):
            raise ValueError(
                f"the policy at position {place} must have a probability for each of the {log.K} "
                f"actions; got shape {line.shape}"
            )
        table.append(_distributions(line[None], f"position {place}")[0])
    return Drawing(np.array(table), log.place)


def _array(name: str, values: Any) -> np.ndarray:
    try:
        array = np.asarray(values)
    except ValueError:  # ragged rows
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must be an array of numbers; got {shorten(repr(values))}")
    return array


def _actions(log: LoggedData, actions: np.ndarray) -> np.ndarray:
    bad = (actions < 0) | (actions >= log.K)
    if bad.any():
        i = int(np.argmax(bad))
        raise ValueError(
            f"row {i}: an action is a whole number from 0 to {log.K - 1}; the policy has "
            f"{actions[i]}"
        )
    return actions.astype(np.int64, copy=False)


def _distributions(table: np.ndarray, where: str) -> np.ndarray:
    """Return rows of probabilities, or name the first row that is none."""
    single = table.dtype.kind == "f" and table.dtype.itemsize < 8  # float32, of a neural network
    rounding = 1e-5 if single else _ROUNDING
    table = table.astype(float, copy=False)
    sums = np.einsum("ij->i", table)
    if table.min() >= 0.0 and (np.abs(sums - 1.0) <= rounding).all():
        return table
    bad = ~((table >= 0.0).all(axis=1) & (np.abs(sums - 1.0) <= rounding))
    i = int(np.argmax(bad))
    raise ValueError(
        f"{where.format(i)}: probabilities of the actions must be 0 or more and sum to 1; got "
        f"{shorten(str(table[i].tolist()))}, sum {sums[i]:.15g}"
    )
