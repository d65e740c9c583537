"""Tables in files, CSV with a header: what is wrong in one is named with file, line and column."""

import csv
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from banditkit.core.checks import nearest

__all__ = ["finite", "read_rows"]


def read_rows(path: str | Path, columns: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each row of a file as its place, for messages, and its fields by name of column.

    Parameters
    ----------
    path
        The file, UTF-8 text with commas.
    columns
        Names of columns that have to be there, each under the word by which the caller was given
        it.

    Raises
    ------
    ValueError
        If the file can't be read, has no rows, or a column is missing; or a row has too many
        fields or too few.
    """
    for name, value in {"path": path, **columns}.items():
        if not isinstance(value, str | Path) or "\0" in str(value):
            raise ValueError(f"{name} must be text; got {value!r}")
    empty = True
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file, strict=True)
            header = list(rows.fieldnames or ())
            if not header:
                raise ValueError(f"{path} is empty; it needs a header and a row per pull")
            for column in columns.values():
                if column not in header:
                    raise ValueError(f"{path} has no column {column!r}; {nearest(column, header)}")
                if header.count(column) > 1:
                    raise ValueError(f"{path} has two columns {column!r}; rename one")
            for row in rows:
                where = f"{path}, line {rows.line_num}"
                if None in row or None in row.values():
                    raise ValueError(
                        f"{where}: there are {_fields(row)} fields under {len(header)} names; "
                        "a comma inside a field needs quotes around it"
                    )
                empty = False
                yield where, row
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8: {error}; save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise ValueError(f"{path} can't be read as CSV: {error}") from None
    if empty:
        raise ValueError(f"{path} has a header but no rows; it needs a row per pull")


def finite(text: str, column: str, where: str) -> float:
    """Return a field as a finite number."""
    try:
        value = float(text.replace("_", "x"))  # 1_000 is Python, not CSV
    except ValueError:
        raise ValueError(f"{where}: {column} must be a number; got {text!r}") from None
    if not math.isfinite(value):
        raise ValueError(f"{where}: {column} must be finite; got {text!r}")
    return value


def _fields(row: dict[Any, Any]) -> int:
    """Return how many fields DictReader found in a row."""
    rest = row.get(None, [])
    return len(rest) + sum(value is not None for name, value in row.items() if name is not None)
