"""Write the page that maps every algorithm and statement of the book to code, from ``map.toml``.

A name that does not exist, or a test that does not, fails the build: the map can't grow stale
without somebody noticing.
"""

import importlib
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from public_names import is_there, public_names

INTRODUCTION = """\
# The map of the book

Every algorithm and every numbered statement of Slivkins' *Introduction to Multi-Armed Bandits*
{cite}`Slivkins2019` (numbers as in arXiv 1904.07272), in our own words, and the literature of
reward shaping: with the code that is it, or that computes it, or with the test that holds it."""


class Count(NamedTuple):
    """How many statements of a chapter are there."""

    total: int
    coded: int  # have code
    tested: int  # have no code of their own, but a test that holds them

    @property
    def missing(self) -> int:
        """How many have neither."""
        return self.total - self.coded - self.tested


def write_map(app: Any, config: Any) -> None:
    """Write ``map.md`` if it changes."""
    home = Path(app.confdir)
    text = page_of(tomllib.loads((home / "map.toml").read_text("utf-8"))["chapter"], home.parent)
    page = home / "map.md"
    if not page.exists() or page.read_text("utf-8") != text:
        page.write_text(text, "utf-8")


def page_of(chapters: list[dict[str, Any]], root: Path) -> str:
    """Return the page: what is there in numbers, and a table for each chapter."""
    counts = [count(chapter["entries"]) for chapter in chapters]
    whole = Count(*map(sum, zip(*counts, strict=True)))
    titles = [chapter["title"] for chapter in chapters]
    summary = [
        (f"[{title}](#{anchor(title)})", *map(str, each), str(each.missing))
        for title, each in zip(titles, counts, strict=True)
    ]
    lines = [
        INTRODUCTION,
        "",
        f"**{whole.coded} of {whole.total} have code, {whole.tested} more are held by a test, and "
        f"{whole.missing} are missing.**",
        "",
        *table(("chapter", "all", "code", "test only", "missing"), summary),
    ]
    for chapter in chapters:
        rows = [
            (entry["number"], entry["says"], place(entry, root)) for entry in chapter["entries"]
        ]
        lines += ["", f"({anchor(chapter['title'])})=", f"## {chapter['title']}", ""]
        lines += table(("where", "what", "code"), rows)
    return "\n".join(lines) + "\n"


def count(entries: list[dict[str, Any]]) -> Count:
    """Count the entries of a chapter."""
    coded = sum("code" in entry for entry in entries)
    return Count(len(entries), coded, sum("test" in e and "code" not in e for e in entries))


def place(entry: dict[str, Any], root: Path) -> str:
    """Return where an entry is to be found, or that it is missing."""
    words = [link(name) for name in entry.get("code", ())]
    words += [held_by(test, root) for test in entry.get("test", ())]
    return ", ".join(words) or "{bdg-warning-line}`missing`"


def link(name: str) -> str:
    """Return a link to the page of a name below ``banditkit``."""
    if is_there(name):
        if name not in PUBLIC:
            raise ValueError(f"map.toml names {name}, which is not public")
        return f"{{py:obj}}`{name} <banditkit.{name}>`"
    module, _, member = name.rpartition(".")
    if not hasattr(importlib.import_module(f"banditkit.{module}"), member):
        raise ValueError(f"map.toml names {name}, which does not exist")
    return f"`{name}`"


def held_by(test: str, root: Path) -> str:
    """Return the name of a test that exists."""
    file, _, name = test.partition("::")
    if f"def {name}(" not in (root / file).read_text("utf-8"):
        raise ValueError(f"map.toml names the test {test}, which does not exist")
    return f"[test](../{file})"


def anchor(title: str) -> str:
    """Return the label of a chapter."""
    return "map-" + title.split(".")[0].split(":")[0].lower().replace(" ", "-")


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    """Return a table as the lines of Markdown."""
    return [f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows)]


PUBLIC = frozenset(public_names())


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("config-inited", write_map)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
