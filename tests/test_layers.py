"""Imports point one way: core <- problems, learners <- result <- theory, plots <- cli."""

import ast
from pathlib import Path

import pytest

import banditkit

PACKAGE = Path(banditkit.__file__).parent

# Each part may import from itself and from these.
MAY_IMPORT = {
    "core": set(),
    "problems": {"core"},
    "bilevel": {"core"},
    "learners": {"core", "bilevel"},
    "shaping": {"core", "learners", "problems"},
    "files": set(),
    "progress": set(),
    "times": {"core"},
    "catalogue": {"core", "problems", "learners", "shaping"},
    "rehearsal": {"core"},
    "result": {"core", "catalogue", "files"},
    "simulation": {"core", "problems", "progress", "rehearsal", "result", "times"},
    "theory": {"core", "problems", "learners"},
    "watching": {"core", "simulation"},
    "aggregates": {"core"},
    "comparison": {"aggregates", "core", "files", "result"},
    "learning_curves": {"comparison", "core", "problems", "progress", "result", "simulation"},
    "gym": {"core", "problems"},
    "off_policy": {"core"},
    "plots": {"comparison", "core", "result", "theory"},
    "experiment": {
        "core", "catalogue", "files", "plots", "progress", "result", "simulation", "theory",
    },
    "course": {"core", "files", "watching"},
    "cli": {"catalogue", "core", "course", "experiment"},
    "__main__": {"cli"},
}  # fmt: skip


def part_of(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path):
    """Return the parts of the package that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written out in full"
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            words = name.split(".")
            if words[0] == "banditkit" and len(words) > 1 and words[1] in MAY_IMPORT:
                yield words[1]


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_imports_point_one_way(path):
    part = part_of(path)
    if part in {"__init__", "_chapters"}:
        return
    assert part in MAY_IMPORT, f"say in this file what {part} may import"
    strangers = set(imported(path)) - MAY_IMPORT[part] - {part}
    assert not strangers, f"{part} may not import {strangers}"


def test_only_one_file_knows_the_compiler():
    """Decorators come from core/jit.py; Numba itself is named where it is taught something."""
    taught = {"core/jit.py", "core/verbs.py", "core/copies.py"}
    for path in PACKAGE.rglob("*.py"):
        names = {
            alias.name.split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import)
            for alias in node.names
        } | {
            (node.module or "").split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom)
        }
        if "numba" in names:
            assert path.relative_to(PACKAGE).as_posix() in taught
