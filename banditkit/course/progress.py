"""What a student has done in a folder: a small file beside the notebook."""

import json
from collections.abc import Iterable
from pathlib import Path

from banditkit.files import write_text

__all__ = ["done_in", "remember"]

_FILE = ".banditkit-course.json"


def done_in(folder: Path) -> dict[str, bool]:
    """Return which exercises were checked in a folder, and whether they were right."""
    try:
        known = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return {str(slug): bool(right) for slug, right in known.items()} if type(known) is dict else {}


def remember(folder: Path, verdicts: Iterable[tuple[str, bool]]) -> None:
    """Write down which exercises are right; where nothing can be written, nothing is remembered."""
    text = json.dumps({**done_in(folder), **dict(verdicts)}, indent=1, sort_keys=True)
    try:
        write_text(folder / _FILE, text + "\n")
    except ValueError:
        return
