"""Files of students are judged each in its own process, whatever they do there."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numba
import pandas as pd
import pytest
from sand import INDEX, SQUARE

from banditkit.course.grading import Limits, grade, judge, write_csv

pytestmark = pytest.mark.usefixtures("sand")
QUICK = Limits(seconds=2.0, memory=1.0)


def lines(path, **words):
    """Return what is said of each exercise."""
    return {row.exercise: row.line for row in judge(path, seed=0, **{"limits": QUICK, **words})}


def notes(path, **words):
    return {row.exercise: row.notes for row in judge(path, seed=0, **{"limits": QUICK, **words})}


def test_right_answers_are_right(hand_in):
    assert lines(hand_in(INDEX, SQUARE)) == {"sand-index": "right", "sand-square": "right"}
    assert notes(hand_in(INDEX, SQUARE)) == {"sand-index": "", "sand-square": ""}


def test_a_typical_mistake_is_recognised_and_the_rest_is_judged(hand_in):
    wrong = INDEX.replace("log(T)", "log(pulls)")
    assert lines(hand_in(wrong, SQUARE)) == {
        "sand-index": "the logarithm is that of T",
        "sand-square": "right",
    }


FAILS = {
    "a loop without end": ("while True: pass", "square does not end within 2 s"),
    "exit": ("exit()", "square calls exit()"),
    "os._exit": ("import os; os._exit(0)", "square ends the whole process"),
    "a signal": ("import os; os.kill(os.getpid(), 9)", "square ends the whole process"),
    "a crash": ("import ctypes; ctypes.string_at(0)", "square ends the whole process"),
    "an error": ("1 / 0", "raises ZeroDivisionError: division by zero (in square: 1 / 0)"),
    "an interrupt": ("raise KeyboardInterrupt", "square raises KeyboardInterrupt"),
    "recursion": ("square(x)", "raises RecursionError"),
    "a question": ("input()", "raises EOFError"),
    "nothing": ("pass", "returns nothing yet"),
    "words": ("return 'no'", "got 'no'"),
    "a closed channel": ("import os; os.closerange(3, 99)", "square ends the whole process"),
    "a number that exits": ("return type('A', (), {'__float__': exit})()", "square calls exit()"),
    "a big file": (
        "open('big', 'wb').truncate(2**31)",
        "raises OSError: [Errno 27] File too large",
    ),
}


@pytest.mark.parametrize("kind", FAILS)
def test_what_an_answer_does_costs_only_its_own_row(hand_in, kind):
    code, said = FAILS[kind]
    found = lines(hand_in(INDEX, f"def square(x):\n    {code}\n"))
    assert found["sand-index"] == "right"
    assert said in found["sand-square"]


BREAKS = {
    "a loop without end": ("while True: pass", "cell 1, which defines square, does not end"),
    "exit": ("exit()", "cell 1, which defines square, calls exit()"),
    "os._exit": ("import os; os._exit(3)", "cell 1, which defines square, ends the whole process"),
    "an error": ("import numpyy", "cell 1, which defines square, raises ModuleNotFoundError"),
    "no Python": ("retrun 3", "cell 1, which defines square, is no Python: invalid syntax (line 1"),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_a_broken_cell_costs_only_what_it_defines(hand_in, kind):
    code, said = BREAKS[kind]
    found = lines(hand_in(f"{code}\n{SQUARE}", INDEX))
    assert said in found["sand-square"]
    assert found["sand-index"] == "right"


def test_a_cell_below_the_stub_that_breaks_is_what_is_said(hand_in):
    stub = "def square(x):\n    ...\n"
    for kind in ("a loop without end", "an error"):
        code, said = BREAKS[kind]
        found = lines(hand_in(stub, f"{code}\n{SQUARE}", INDEX))
        assert said.replace("cell 1", "cell 2") in found["sand-square"]
    broken = "1 / 0\n" + SQUARE  # never runs, so that the answer is still the one above
    assert lines(hand_in(SQUARE, broken, INDEX))["sand-square"] == "right"
    assert "must be" in lines(hand_in(stub, SQUARE.replace("*", "+") + "1 / 0"))["sand-square"]


def test_a_cell_that_is_not_there_is_said(hand_in):
    assert lines(hand_in(INDEX))["sand-square"] == "no cell defines square"


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is limited on Linux")
def test_memory_is_limited(hand_in):
    found = lines(hand_in(INDEX, "import numpy as np\ndef square(x):\n    return np.ones(10**10)"))
    assert "raises MemoryError" in found["sand-square"]
    assert found["sand-index"] == "right"


DOES = {
    "opens the network": "import socket; socket.socket().connect_ex(('127.0.0.1', 9))",
    "starts another program": "import subprocess, sys; subprocess.run([sys.executable, '-c', ''])",
    "writes outside its folder": "open(OUTSIDE, 'w').close()",
    "changes files outside its folder": "import os; os.mkdir(OUTSIDE)",
    "prints 25 million letters": "print('x' * 4_999_999)",
}


@pytest.mark.parametrize("what", DOES)
def test_what_an_answer_does_beyond_computing_is_reported(hand_in, tmp_path, monkeypatch, what):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "ann"))  # or else all of this would be inside
    (tmp_path / "ann").mkdir()
    code = DOES[what].replace("OUTSIDE", repr(str(tmp_path / "outside")))
    path = hand_in(INDEX, f"def square(x):\n    {code}\n    return x * x\n", name="ann/ch99")
    found = notes(path)
    assert what in found["sand-square"]
    assert found["sand-index"] == ""
    if "prints" not in what:
        said = lines(path, limits=Limits(seconds=5, isolate=True))["sand-square"]
        assert what in said
        assert "which is not allowed here" in said


def test_writing_beside_the_notebook_is_nobodys_business(hand_in, tmp_path):
    code = "def square(x):\n    open('mine.txt', 'w').close()\n    return x * x\n"
    path = hand_in(INDEX, code)
    assert notes(path, limits=Limits(isolate=True))["sand-square"] == ""
    assert (tmp_path / "mine.txt").exists()


def test_what_a_cell_of_ones_own_does_is_reported_of_all(hand_in):
    path = hand_in("print('x' * 2_000_000)", INDEX, SQUARE)
    assert notes(path) == dict.fromkeys(("sand-index", "sand-square"), "prints 2 million letters")


HARMLESS = {
    "names of Python": "print = len = list = isinstance = 3",
    "no output": "import os, sys\nos.close(1)\nos.close(2)\nsys.stdout = sys.stderr = None",
    "words to everybody": (
        "import os\nfor i in range(3, 9):\n    try: os.write(i, b'\\xff' + b'[' * 9999 + b'\\n')\n"
        "    except OSError: pass"
    ),
    "a thread without end": (
        "import threading\ndef talk():\n    while True: print()\n"
        "threading.Thread(target=talk).start()"
    ),
    "a fork without end": "import os, time\nif not os.fork(): time.sleep(99)",
    "another folder": "import os\nos.mkdir('sub')\nos.chdir('sub')",
    "no signal": "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "waiting": "import asyncio\nawait asyncio.sleep(0)",
    "annotations of later": "from __future__ import annotations",
    "classes of one's own": (
        "import pickle\nfrom typing import NamedTuple\nclass A(NamedTuple):\n    x: float\n"
        "assert pickle.loads(pickle.dumps(A(1))) == A(1)"
    ),
}


@pytest.mark.skipif(os.name != "posix", reason="forks are of POSIX")
@pytest.mark.parametrize("what", HARMLESS)
def test_what_works_in_a_notebook_works_here(hand_in, what):
    typed = SQUARE.replace("(x)", "(x: Later)") if "annotations" in what else SQUARE
    began = time.perf_counter()
    assert set(lines(hand_in(HARMLESS[what], INDEX, typed), limits=Limits(30)).values()) == {
        "right"
    }
    assert time.perf_counter() - began < 25  # nobody waits for what is left behind


def test_the_checker_in_a_cell_leaves_nothing_in_the_folder(hand_in, tmp_path):
    (tmp_path / "mine.py").write_text("")
    asked = "import mine\nfrom banditkit.course import check\n"
    path = hand_in(INDEX, f"{asked}{SQUARE}check('sand-square')")
    assert lines(path)["sand-square"] == "right"
    assert {each.name for each in tmp_path.iterdir()} == {path.name, "mine.py"}


def test_a_note_tells_the_first_of_many(hand_in, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "ann"))
    (tmp_path / "ann").mkdir()
    code = f"for i in range(9): open({str(tmp_path)!r} + f'/{{i}}', 'w').close()\n"
    path = hand_in(code + SQUARE, INDEX, name="ann/ch99")
    assert notes(path)["sand-square"] == f"writes outside its folder ({tmp_path / '0'})"


def test_notebooks_of_others_and_the_library_are_none_of_an_answers_business(hand_in, tmp_path):
    for file in (tmp_path / "bob.ipynb", Path(numba.__file__).parent / "mine.py"):
        said = lines(
            hand_in(INDEX, f"def square(x):\n    open({str(file)!r}, 'a')"),
            limits=Limits(seconds=5, isolate=True),
        )
        assert "writes outside its folder" in said["sand-square"]
        assert not file.exists()


@pytest.mark.skipif(os.name != "posix", reason="signals are of POSIX")
def test_an_answer_does_not_outlive_the_grader(hand_in, tmp_path):
    mark = tmp_path / "pid"
    endless = f"import os\nopen({str(mark)!r}, 'w').write(str(os.getpid()))\nwhile True: pass"
    path = hand_in(endless, INDEX)
    grader = subprocess.Popen([sys.executable, "-m", "banditkit", "course", "check", str(path)])
    until(lambda: mark.exists() and mark.read_text())
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    until(lambda: not running(int(mark.read_text())))


def until(happens):
    deadline = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def running(pid):
    said = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return said.stdout.strip() not in ("", "Z", "Zs")


def test_a_fork_does_not_answer_twice(hand_in):
    rows = list(judge(hand_in("import os\nos.fork()\n" + SQUARE, INDEX), seed=0, limits=QUICK))
    assert [row.exercise for row in rows] == ["sand-index", "sand-square"]


def test_a_file_beside_the_notebook_can_be_imported_but_stands_for_no_library(hand_in, tmp_path):
    (tmp_path / "mine.py").write_text("def twice(x): return 2 * x")
    (tmp_path / "numpy.py").write_text("raise ImportError('not this one')")
    (tmp_path / "random.py").write_text("raise ImportError('not this one')")
    code = "import mine, numpy, random\ndef square(x):\n    return mine.twice(x) * x / 2\n"
    assert lines(hand_in(INDEX, code))["sand-square"] == "right"


def test_lines_of_the_notebooks_own_language_are_passed_over(hand_in):
    path = hand_in("%matplotlib inline\n!ls\n" + INDEX, "%%time\n" + SQUARE, "%%html\n<b>")
    assert set(lines(path).values()) == {"right"}


def test_a_file_of_python_is_judged_for_the_exercise_that_is_named(tmp_path):
    path = tmp_path / "ann.py"
    path.write_text(SQUARE)
    assert [row.line for row in judge(path, "sand-square")] == ["right"]
    with pytest.raises(ValueError, match="does not say of which chapter"):
        list(judge(path))
    assert len(list(judge(path, key="ch99"))) == 2


def test_one_seed_draws_the_same_instances(hand_in):
    path = hand_in(SQUARE.replace("x * x", "0"), INDEX)
    assert lines(path) == lines(path)
    first, second = (next(iter(judge(path, "sand-square"))).line for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"cells": [', "is no notebook: Expecting value"),
        (b"[1, 2]", "has no list of cells"),
        (b'{"cells": {}}', "has no list of cells"),
        (b"\xff\xfe\x00", "is not a text of UTF-8"),
        (b"[" * 100_000, "is no notebook"),
        (b'{"cells": [], "metadata": {"banditkit": {"chapter": "ch77"}}}', "there is no chapter"),
        (b'{"cells": [], "metadata": {"banditkit": 3}}', "does not say of which chapter"),
        (b'{"cells": [3, {"cell_type": "code"}, null], "metadata": 1}', "does not say of which"),
    ],
)
def test_files_that_are_no_notebooks_are_said_in_one_line(tmp_path, content, said):
    path = tmp_path / "bob.ipynb"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=said):
        list(judge(path))
    (row,) = grade(tmp_path)
    assert said in row.line
    assert "\n" not in row.line


def test_a_folder_becomes_a_table(hand_in, tmp_path):
    hand_in(INDEX, SQUARE, name="class/ann")
    hand_in(INDEX, "def square(x):\n    while True: pass", name="class/bob/ch99")
    hand_in(INDEX, SQUARE, name="class/=cmd", key=None)
    hand_in(INDEX, SQUARE, name="class/.ipynb_checkpoints/ann")
    (tmp_path / "class" / "cleo.ipynb").write_text("{")
    said = []
    rows = grade(tmp_path / "class", key="ch99", seed=3, limits=QUICK, progress=said.append)
    write_csv(rows, tmp_path / "grades.csv")
    table = pd.read_csv(tmp_path / "grades.csv").set_index(["student", "exercise"])
    assert len(table) == 8
    assert table.loc[("ann", "sand-square"), "right"] == 1
    assert table.loc[("bob/ch99", "sand-index"), "line"] == "right"
    assert "does not end" in table.loc[("bob/ch99", "sand-square"), "line"]
    assert table.loc[("'=cmd", "sand-square"), "right"] == 1
    assert "is no notebook" in table.loc[("cleo", "sand-index"), "line"]
    assert sorted(said) == said
    assert said[0] == "1 of 4: =cmd, 2 of 2 right"
    again = grade(tmp_path / "class", key="ch99", seed=3, limits=QUICK, workers=1)
    assert [row._replace(seconds=0) for row in again] == [row._replace(seconds=0) for row in rows]


@pytest.mark.skipif(sys.platform != "linux", reason="names of files that are no text")
def test_whatever_lies_in_the_folder_the_others_are_judged(hand_in, tmp_path):
    good = hand_in(INDEX, SQUARE, name="class/a/ann").read_bytes()
    folder = tmp_path / "class"
    for name in (b"b/ann.ipynb", b"bob lee\n'.IPYNB", b"\xff.ipynb", b"x.ipynb/cleo.ipynb"):
        path = folder / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(good)
    (folder / "dan.ipynb").symlink_to("nowhere")
    os.mkfifo(folder / "eve.ipynb")
    odd = json.loads(good) | {"metadata": {"banditkit": {"chapter": "\ud800\n"}}}
    (folder / "fay.ipynb").write_text(json.dumps(odd))
    rows = grade(folder, limits=QUICK)
    write_csv(rows, tmp_path / "grades.csv")
    assert len(pd.read_csv(tmp_path / "grades.csv")) == len(rows) == 13
    right = {row.student for row in rows if row.right}
    assert right == {"a/ann", "b/ann", "bob lee?'", "?", "x.ipynb/cleo"}
    assert [row.student for row in rows if not row.right] == ["dan", "eve", "fay"]


def test_a_chapter_without_exercises_costs_a_row(hand_in, tmp_path, monkeypatch):
    own = tmp_path / "own" / "ch98_new"
    own.mkdir(parents=True)
    (own / "chapter.md").write_text("# New")
    (own / "checks.py").write_text("")
    monkeypatch.setenv("BANDITKIT_CHAPTERS", str(own.parent))
    hand_in(SQUARE, name="class/ann", key="ch98")
    (row,) = grade(tmp_path / "class")
    assert row.line == "ann.ipynb is of chapter ch98, which has no exercises"


def test_chapters_may_be_named_from_here(hand_in, tmp_path, monkeypatch, sand):
    monkeypatch.chdir(sand.parents[1])
    monkeypatch.setenv("BANDITKIT_CHAPTERS", sand.parent.name)
    assert lines(hand_in(INDEX, SQUARE))["sand-square"] == "right"


def test_what_a_process_starts_ends_with_it(hand_in, tmp_path):
    mark = tmp_path / "mark"
    child = f"import time, pathlib; time.sleep(3); pathlib.Path({str(mark)!r}).touch()"
    code = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {child!r}])\n"
    assert lines(hand_in(code + SQUARE, INDEX))["sand-square"] == "right"
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert str(mark) not in left
    assert not mark.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"seconds": 0}, "seconds must be 0.1 or more"),
        ({"seconds": "2"}, "seconds must be a number"),
        ({"memory": float("nan")}, "memory must be finite"),
        ({"isolate": 1}, "isolate must be True or False"),
    ],
)
def test_limits_are_checked(words, said):
    with pytest.raises(ValueError, match=said):
        Limits(**words)


def test_bad_words_are_said_before_anything_runs(tmp_path, hand_in):
    with pytest.raises(ValueError, match="is no folder"):
        grade(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="there is no notebook"):
        grade(tmp_path)
    path = hand_in(INDEX)
    with pytest.raises(ValueError, match="there is no chapter 'ch98'; did you mean ch99"):
        grade(tmp_path, key="ch98")
    with pytest.raises(ValueError, match="did you mean sand-square"):
        list(judge(path, "sand-squar"))
    with pytest.raises(ValueError, match="can't read"):
        list(judge(tmp_path / "none.ipynb"))
    for workers in (0, -1):
        with pytest.raises(ValueError, match="workers must be a whole number"):
            grade(tmp_path, workers=workers)
    with pytest.raises(ValueError, match="can't write"):
        write_csv([], tmp_path / "no" / "folder.csv")


def test_a_process_that_does_not_begin_is_said(hand_in, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.devnull)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ValueError, match="ends the whole process"):
        list(judge(hand_in(INDEX)))
    monkeypatch.setattr(sys, "executable", os.devnull)
    with pytest.raises(ValueError, match=r"can't start a process to judge ann\.ipynb: Permission"):
        list(judge(hand_in(INDEX)))
