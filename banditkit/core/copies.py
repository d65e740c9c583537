"""Many copies of a policy in one record: for restarts, for a copy per context, for meta-learners.

Copies of a policy share a class and the shapes of their arrays, so they can be stacked: each
field becomes an array with one more axis in front.  `pick` takes one copy out again, as views,
so that what it learns stays in the stack.  `restore` makes a policy what another one is.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload

__all__ = ["pick", "restore", "stack"]


def stack(policies: Sequence[Any]) -> Any:
    """Return one record with the fields of all `policies`, stacked along a new first axis.

    Raises
    ------
    ValueError
        If they differ in class, or in the shape of an array.
    """
    first = policies[0]
    if isinstance(first, tuple):
        if any(type(policy) is not type(first) for policy in policies):
            raise ValueError("only policies of one class can be stacked")
        return type(first)(*(stack(field) for field in zip(*policies, strict=True)))
    return np.stack([np.asarray(field) for field in policies])


def pick(copies: Any, i: int) -> Any:
    """Return copy `i`, whose arrays are views of the stack."""
    if isinstance(copies, tuple):
        return type(copies)(*(pick(field, i) for field in copies))
    return copies[i]


@overload(pick, inline="always")
def _compile_pick(copies, i):
    if not isinstance(copies, types.NamedTuple | types.NamedUniTuple):
        return lambda copies, i: copies[i]
    # Numba needs the constructor's arguments spelled out.
    arguments = ", ".join(f"pick(copies.{field}, i)" for field in copies.fields)
    return eval(
        f"lambda copies, i: record({arguments})", {"record": copies.instance_class, "pick": pick}
    )


def restore(policy: Any, fresh: Any) -> None:
    """Write the arrays of `fresh` into those of `policy`, a record of the same class and shapes."""
    for field, source in zip(policy, fresh, strict=True):
        if isinstance(field, tuple):
            restore(field, source)
        elif isinstance(field, np.ndarray):
            field[...] = source


@overload(restore, inline="always")
def _compile_restore(policy, fresh):
    steps = []
    for field, kind in zip(policy.fields, policy.types, strict=True):
        if isinstance(kind, types.Array):
            steps.append(f"policy.{field}[...] = fresh.{field}")
        elif isinstance(kind, types.NamedTuple | types.NamedUniTuple):
            steps.append(f"restore(policy.{field}, fresh.{field})")
    source = "def restoring(policy, fresh):\n    " + "\n    ".join(steps or ["pass"])
    names = {"restore": restore}
    exec(source, names)
    return names["restoring"]
