"""From a chapter's source to the notebooks of student and teacher, and back from a student's file.

A chapter is one MyST notebook.  Its code cells carry tags: ``setup`` and ``exercise`` are what an
answer needs, ``check`` asks the checker, ``demo`` shows something, ``solution`` is for teachers.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from banditkit.core.checks import shorten
from banditkit.course.contents import Chapter

__all__ = ["Cell", "Handed", "notebook", "read", "solution", "source_cells"]

_RUNS = {"setup", "exercise"}  # tags of cells that an answer needs; cells without tags, too
_SHOWS = {"demo", "check", "solution"}
_OPENING = re.compile(r"^(?P<fence>:{3,}|`{3,})\{(?P<kind>[\w:-]+)\}[ ]*(?P<title>.*)$")
_OPTION = re.compile(r"^:[\w-]+:")
_ROLE = re.compile(r"\{(?P<kind>[\w:]+)\}`(?P<text>[^`]+)`")
_GATE = re.compile(r"^:{3,}\{solution-(start|end)\}.*?^:{3,}[ ]*$", re.MULTILINE | re.DOTALL)
_DISPLAYED = re.compile(r"\$\$.*?\$\$", re.DOTALL)
_BOXES = {"note": "Note", "tip": "Tip", "warning": "Take care"}


class Cell(NamedTuple):
    """A code cell of what a student has handed in."""

    number: int  # from 1 on, among all cells
    code: str


class Handed(NamedTuple):
    """What a student has handed in: the cells that an answer needs."""

    path: Path
    chapter: str | None  # key of its chapter, if the file knows
    cells: list[Cell]


def source_cells(chapter: Chapter) -> list[Any]:
    """Return the cells of a chapter's source, as nbformat's nodes.

    Raises
    ------
    ValueError
        If jupytext, which reads it, is not installed.
    """
    try:
        import jupytext
    except ImportError:
        raise ValueError(
            "notebooks are made with jupytext, which is not installed - pip install "
            "'banditkit[course]'"
        ) from None
    return list(jupytext.reads(chapter.text, fmt="md:myst").cells)


def notebook(chapter: Chapter, *, solutions: bool = False) -> str:
    """Return the notebook of a chapter as the text of an .ipynb file.

    Parameters
    ----------
    chapter : Chapter
        Which one.
    solutions : bool, default False
        Whether solutions are in it: the teacher's; otherwise there are stubs only.

    Raises
    ------
    ValueError
        If jupytext is not installed.
    """
    cells = list(source_cells(chapter))
    titles = {
        found["label"]: found["title"]
        for found in re.finditer(
            r"^:{3,}\{[\w:-]+\}[ ]*(?P<title>[^\n]*)\n:label: (?P<label>\S+)",
            chapter.text,
            flags=re.MULTILINE,
        )
    }
    made: list[dict[str, Any]] = []
    for kind, text, tags in _shown_cells(cells, solutions):
        cell: dict[str, Any] = {
            "cell_type": kind,
            "id": f"cell-{len(made) + 1}",  # the same source gives the same file
            "metadata": {"tags": tags} if tags else {},
            "source": text if kind == "code" else _plain(text, titles),
        }
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        made.append(cell)
    python = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {
        "cells": made,
        "metadata": {"banditkit": {"chapter": chapter.key}, "kernelspec": python},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _shown_cells(cells: list[Any], solutions: bool) -> Iterator[tuple[str, str, list[str]]]:
    """Yield kind, text and tags of what is shown; between the gates stand solutions."""
    inside = False
    for cell in cells:
        if cell.cell_type != "markdown":
            tags = [tag for tag in cell.metadata.get("tags", []) if tag != "skip-execution"]
            if solutions or not inside:
                yield cell.cell_type, cell.source, tags or ["demo"]
            continue
        shown, at = [], 0
        for gate in _GATE.finditer(cell.source):
            if solutions or not inside:
                shown.append(cell.source[at : gate.start()])
            inside = gate[1] == "start"
            if inside and solutions:
                shown.append("**Solution.**")
            at = gate.end()
        if solutions or not inside:
            shown.append(cell.source[at:])
        text = "\n\n".join(part.strip() for part in shown if part.strip())
        if text:
            yield "markdown", text, []


def _plain(text: str, titles: dict[str, str]) -> str:
    """Return MyST as the Markdown that every notebook shows."""

    def role(found: re.Match[str]) -> str:
        kind, inner = found["kind"], found["text"]
        if kind == "math":
            return f"${inner}$"
        if kind.startswith("cite"):
            works = [re.sub(r"(\d{4}\w?)$", r" \1", key.strip()) for key in inner.split(",")]
            if kind == "cite:t":
                return ", ".join(re.sub(r" (\d{4}\w?)$", r" (\1)", work) for work in works)
            return f"({'; '.join(works)})"
        return titles.get(inner, inner)

    return _ROLE.sub(role, _unfenced(text))


def _unfenced(text: str) -> str:
    """Return text with its directives written out."""
    lines, made = text.split("\n"), []
    at = 0
    while at < len(lines):
        opening = _OPENING.match(lines[at])
        at += 1
        if opening is None:
            made.append(lines[at - 1])
            continue
        fence, body = opening["fence"], []
        while at < len(lines) and lines[at].strip() != fence:
            body.append(lines[at])
            at += 1
        at += 1  # the closing fence
        while body and (_OPTION.match(body[0]) or not body[0].strip()):
            body.pop(0)
        made.append(_directive(opening["kind"], opening["title"], "\n".join(body)))
    return "\n".join(made)


def _directive(kind: str, title: str, body: str) -> str:
    """Return a directive as Markdown."""
    if kind == "math":
        return f"$$\n{body}\n$$"
    body = _unfenced(body).strip()
    if kind == "exercise":
        return f"### Exercise: {title}\n\n{body}"
    if kind == "dropdown":
        return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"
    name = _BOXES.get(kind, kind.removeprefix("prf:").capitalize())
    head = f"**{name}: {title}.**" if title else f"**{name}.**"
    # in a quotation, Jupyter takes the > of a further line for a part of the formula
    body = _DISPLAYED.sub(lambda formula: " ".join(formula[0].split()), body)
    quoted = f"{head} {body}".split("\n")
    return "\n".join(f"> {line}".rstrip() for line in quoted)


def solution(chapter: Chapter, slug: str) -> str:
    """Return the code of the solution of an exercise.

    Raises
    ------
    ValueError
        If jupytext is not installed.
    """
    inside, code = False, []
    for cell in source_cells(chapter):
        if cell.cell_type == "markdown":
            for gate in _GATE.finditer(cell.source):
                inside = gate[1] == "start" and gate[0].split()[1] == slug
        elif inside:
            code.append(cell.source)
    return "\n\n".join(code)


def read(path: Path) -> Handed:
    """Return what a student has handed in: a notebook, or a file of Python.

    Raises
    ------
    ValueError
        If it can't be read, or is no notebook.
    """
    if path.exists() and not path.is_file():  # a pipe would have nothing to read, and no end
        raise ValueError(f"{path.name} is no file")
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors begin with a mark
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is not a text of UTF-8 - save it again") from None
    except OSError as error:
        raise ValueError(f"can't read {path}: {error.strerror or error}") from None
    if path.suffix.lower() == ".py":
        return Handed(path, None, [Cell(1, text)])
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path.name} is no notebook: {shorten(str(error))} - save it again in Jupyter"
        ) from None
    cells = whole.get("cells") if isinstance(whole, dict) else None
    if not isinstance(cells, list):
        raise ValueError(
            f"{path.name} is no notebook of today's format: it has no list of cells - "
            "save it again in Jupyter"
        )
    kept = []
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        tags = _tags(cell)
        if tags & _RUNS or not tags & _SHOWS:
            source = cell.get("source") or ""
            code = "".join(map(str, source)) if isinstance(source, list) else str(source)
            kept.append(Cell(number, _without_magic(code)))
    key = _inside(whole, "metadata", "banditkit", "chapter")
    return Handed(path, key if isinstance(key, str) else None, kept)


def _tags(cell: dict[str, Any]) -> set[str]:
    """Return the tags of a cell; whoever writes them by hand may write only one."""
    tags = _inside(cell, "metadata", "tags")
    each = tags if isinstance(tags, list) else [tags]
    return {tag for tag in each if isinstance(tag, str)}


def _inside(node: Any, *names: str) -> Any:
    """Return what stands in nested dictionaries, or None."""
    for name in names:
        node = node.get(name) if isinstance(node, dict) else None
    return node


def _without_magic(code: str) -> str:
    """Return code in which lines of the notebook's own language (%, !) are comments."""
    try:
        ast.parse(code)
        return code
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        lines = code.split("\n")
    if lines[0].startswith("%%") and not lines[0].startswith(("%%time", "%%capture")):
        return "\n".join(f"# {line}" for line in lines)
    return "\n".join(re.sub(r"^(\s*)([%!].*)$", r"\1pass  # \2", line) for line in lines)
