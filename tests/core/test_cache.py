"""The cache on disk: used when nothing changed, and never when anything did."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import banditkit
from banditkit.core.jit import _OneFilePerSignature, is_packaged
from banditkit.learners import UCB1
from banditkit.problems import Bernoulli

# Plays UCB1 for ten rounds, prints its regret and whether anything had to be compiled.
PROGRAM = """
import banditkit as bk
from banditkit.core.jit import on_compile
compiled = []
with on_compile(lambda: compiled.append(1)):
    result = bk.simulate(bk.Bernoulli((0.0, 1.0)), [bk.UCB1()], horizon=10, replications=1, seed=0)
print(result.regret[0, 0, -1], bool(compiled))
"""


@pytest.fixture
def package(tmp_path):
    """Return a copy of the package, to be edited."""
    source = Path(banditkit.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(source, tmp_path / "banditkit", ignore=ignored))


def play(package):
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "NUMBA_DISABLE_JIT": "0"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
        cwd=package.parent,
    )
    regret, compiled = done.stdout.split()
    return float(regret), compiled == "True"


def test_an_edit_of_any_file_is_seen_by_the_next_run(package):
    before, compiled = play(package)
    assert compiled
    assert play(package) == (before, False)  # a second process takes it from the disk

    averages = package / "core" / "averages.py"  # a helper, far from the file of the loop
    text = averages.read_text()
    averages.write_text(text.replace("arms.sums[a] += y", "arms.sums[a] -= y"))
    assert averages.read_text() != text
    after, compiled = play(package)
    assert compiled
    assert after > before  # it now runs after what pays least

    averages.write_text(text)
    assert play(package)[0] == before


def test_a_damaged_file_is_compiled_again(package):
    before, _ = play(package)
    files = list(package.rglob("*.nbc"))
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[:100])
    assert play(package) == (before, True)
    assert play(package) == (before, False)


def test_a_key_that_only_looks_alike_is_not_taken_for_the_same(tmp_path):
    class Key:
        def __init__(self, value):
            self.value = value

        def __str__(self):
            return "alike"

        def __eq__(self, other):
            return self.value == other.value

        __hash__ = None

    file = _OneFilePerSignature(tmp_path, "loop", "stamp")
    file.save(("alike", 1), "machine code")
    assert file.load(("alike", 1)) == "machine code"
    assert file.path(Key(1)) == file.path(Key(2))
    assert file.load(("alike", 2)) is None
    assert _OneFilePerSignature(tmp_path, "loop", "another stamp").load(("alike", 1)) is None
    file.flush()
    assert file.load(("alike", 1)) is None
    assert list(tmp_path.iterdir()) == []


def test_only_records_made_of_our_classes_are_kept_on_disk():
    from typing import NamedTuple

    class Mine(NamedTuple):
        inner: object

    env = Bernoulli((0.5,)).start(1, None)
    policy = UCB1().start(Bernoulli((0.5,)).spec, 1)
    assert is_packaged(env)
    assert is_packaged(policy)
    assert not is_packaged(Mine(env))
    assert not is_packaged(env._replace(law=Mine(1.0)))
    assert not is_packaged(env._replace(law=len))  # a function of somebody's own
