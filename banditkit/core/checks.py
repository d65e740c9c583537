"""Checks of what people pass in: each says what is wrong, where, and what to do."""

import math
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

__all__ = [
    "between_0_and_1",
    "flag",
    "nearest",
    "number",
    "number_in",
    "numbers",
    "one_of",
    "pair_up",
    "shorten",
    "table",
    "whole",
]


_MANY = 20  # words that a message may list


def whole(name: str, value: Any, *, least: int) -> int:
    """Return `value` as an int; ``1e6`` counts as whole, True and "7" do not."""
    finite = _is_number(value) and (isinstance(value, int) or math.isfinite(value))
    if finite and value == int(value) and value >= least:
        return int(value)
    raise ValueError(f"{name} must be a whole number, {least} or more; got {_plain(value)!r}")


def flag(name: str, value: Any) -> bool:
    """Return `value`, which must be True or False, as a bool."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise ValueError(f"{name} must be True or False; got {value!r}")


def one_of(name: str, value: Any, known: Sequence[str]) -> str:
    """Return `value`, which must be one of the known words."""
    if isinstance(value, str) and value in known:
        return value
    meant = nearest(value, known) if isinstance(value, str) else ""
    hint = f"; {meant}" if meant.startswith("did you") else ""
    raise ValueError(f"{name} must be one of {', '.join(known)}; got {shorten(repr(value))}{hint}")


def number(
    name: str, value: Any, *, low: float = -math.inf, high: float = math.inf, hint: str = ""
) -> float:
    """Return `value` as a finite float in [low, high]."""
    if not _is_number(value):
        raise ValueError(f"{name} must be a number; got {value!r}")
    if _is_finite(value) and low <= value <= high:
        return float(value)
    got = float(value) if _is_finite(value) or isinstance(value, float | np.floating) else value
    wanted = _interval(low, high) if _is_finite(value) or high < math.inf else "be finite"
    raise ValueError(f"{name} must {wanted}; got {shorten(repr(got))}{hint}")


def number_in(name: str, text: str) -> float:
    """Return the number that a word of the command line stands for; "1e6" is one."""
    try:
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    except ValueError:
        raise ValueError(f"{name} must be a number; got {text!r}") from None


def between_0_and_1(name: str, value: Any) -> float:
    """Return `value`, such as the level of an interval, as a float above 0 and below 1."""
    value = number(name, value)
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} must lie between 0 and 1, such as 0.95; got {value!r}")
    return float(value)


def numbers(
    name: str,
    values: Any,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    hint: str = "",
    each: str = "arm",
) -> tuple[float, ...]:
    """Return `values`, one per arm (or state ...), as a tuple of finite floats in [low, high]."""
    if isinstance(values, str):
        raise ValueError(f"{name} must be a list of numbers, one per {each}; got {values!r}")
    try:
        array = np.asarray(values)
    except ValueError:  # ragged rows
        raise ValueError(f"{name} must be one row of numbers, one per {each}") from None
    if array.ndim == 0:
        raise ValueError(
            f"{name} must be a list of numbers, one per {each}; got {_plain(values)!r}"
        )
    if array.ndim != 1:
        raise ValueError(
            f"{name} must be one row of numbers, one per {each}; got an array of shape "
            f"{array.shape}"
        )
    if array.size == 0:
        raise ValueError(f"{name} is empty; give one number per {each}")
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must be numbers; got {values!r}")
    inside = np.isfinite(array) & (array >= low) & (array <= high)
    if not inside.all():
        i = int(np.argmin(inside))
        raise ValueError(
            f"{name} must {_interval(low, high)}; {each} {i} has {float(array[i])!r}{hint}"
        )
    return tuple(float(value) for value in array)


def table(
    name: str,
    values: Any,
    rows: str,
    columns: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
) -> tuple[tuple[float, ...], ...]:
    """Return a table of finite floats in [low, high]; `rows` and `columns` say what they are."""
    try:
        array = np.asarray(values)
    except ValueError:  # ragged rows
        array = np.zeros(0)
    if array.ndim != 2 or array.size == 0 or array.dtype.kind not in "iuf":
        raise ValueError(
            f"{name} must be a table of numbers, with a row for each {rows} and a column for each "
            f"{columns}; got {shorten(repr(values))}"
        )
    inside = np.isfinite(array) & (array >= low) & (array <= high)
    if not inside.all():
        at = tuple(int(i) for i in np.argwhere(~inside)[0])
        raise ValueError(
            f"{name} must {_interval(low, high)}; {rows} {at[0]}, {columns} {at[1]} has "
            f"{float(array[at])!r}"
        )
    return tuple(tuple(float(value) for value in row) for row in array.tolist())


def pair_up(each: str = "arm", **columns: tuple[float, ...]) -> None:
    """Raise unless all columns have an entry for each arm (or axis ...)."""
    sizes = {name: len(column) for name, column in columns.items()}
    if len(set(sizes.values())) > 1:
        described = " and ".join(f"{size} {name}" for name, size in sizes.items())
        raise ValueError(f"each {each} needs one of each: got {described}")


def nearest(name: str, known: Sequence[str]) -> str:
    """Return a hint: the known word that looks most like `name`, or the first that are known."""
    matches = get_close_matches(name.lower(), [word.lower() for word in known], n=1)
    for word in known:
        if matches and word.lower() == matches[0]:
            return f"did you mean {word}?"
    more = f", and {len(known) - _MANY} more" if len(known) > _MANY else ""
    return f"known are {', '.join(known[:_MANY])}{more}"


def shorten(text: str, width: int = 100) -> str:
    """Return `text`, or where it is longer than `width` its beginning and end."""
    if len(text) <= width:
        return text
    return f"{text[: width - 25]} ... {text[-20:]}"


def _plain(value: Any) -> Any:
    """Return a NumPy scalar as Python's number, whose repr is shorter."""
    return value.item() if isinstance(value, np.generic) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _is_finite(value: Any) -> bool:
    """Tell whether a number is a finite float, or an int that is not too large for one."""
    return abs(value) <= sys.float_info.max if isinstance(value, int) else math.isfinite(value)


def _interval(low: float, high: float) -> str:
    if low == -math.inf and high == math.inf:
        return "be finite"
    if high == math.inf:
        return f"be {low:.15g} or more"
    return f"lie in [{low:.15g}, {high:.15g}]"
