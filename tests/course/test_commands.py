"""``banditkit course`` in a shell, and ``check`` in a notebook."""

import io
import json
import sys

import pytest
from sand import INDEX, SQUARE

from banditkit import cli
from banditkit.course import check, figures, source


@pytest.fixture(autouse=True)
def _in_an_empty_folder(sand, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def say(capsys):
    """Run a command; return its code, and what is said on both streams."""

    def run(*arguments):
        code = cli.main(["course", *arguments])
        heard = capsys.readouterr()
        return code, heard.out, heard.err

    return run


def test_a_students_path(say, tmp_path):
    code, out, _ = say("start", "ch99")
    assert code == 0
    assert "wrote ch99.ipynb" in out
    code, out, _ = say("check", "ch99.ipynb")
    assert code == 1
    assert "wrong: sand-index: sand_index(" in out
    assert "returns nothing yet" in out
    assert out.endswith("0 of 2 right\n")

    path = tmp_path / "ch99.ipynb"
    whole = json.loads(path.read_text())
    for cell in whole["cells"]:
        if "def square" in cell["source"]:
            cell["source"] = SQUARE
    path.write_text(json.dumps(whole))
    code, out, _ = say("check", "ch99.ipynb", "sand-square")
    assert (code, out) == (0, "right: sand-square\n")
    out = say("list")[1]
    assert "ch99: Chapter 99: Sand - 1 of 2 done" in out
    assert "wrong  sand-index     5 min  An index (Algorithm 1.5)" in out
    assert "right  sand-square    1 min  A square\n" in out

    for cell in whole["cells"]:
        if "def sand_index" in cell["source"]:
            cell["source"] = INDEX
    path.write_text(json.dumps(whole))
    code, out, _ = say("check", "ch99.ipynb")
    assert (code, out) == (0, "right: sand-index\nright: sand-square\n2 of 2 right\n")


def test_nothing_is_written_over(say, tmp_path):
    say("start", "ch99", "here")
    (tmp_path / "here" / "ch99.ipynb").write_text("mine")
    code, _, err = say("start", "ch99", "here")
    assert code == 2
    assert "exists and stays as it is" in err
    assert (tmp_path / "here" / "ch99.ipynb").read_text() == "mine"
    assert say("start", "ch99", "here", "--teacher")[0] == 0
    assert "return x * x" in (tmp_path / "here" / "ch99-teacher.ipynb").read_text()


def test_a_solution_is_shown_after_a_question(say, monkeypatch):
    for answer, code, shown in (("n\n", 1, False), ("", 1, False), ("y\n", 0, True)):
        monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        got, out, _ = say("solution", "sand-square")
        assert got == code
        assert "Show the solution of sand-square, A square? [y/N]" in out
        assert ("return x * x" in out) == shown
    assert say("solution", "sand-square", "--yes")[1] == "def square(x):\n    return x * x\n"


def test_hints_are_listed(say):
    out = say("hints", "ch99")[1]
    assert "sand-index: An index\n  log_of_the_pulls: the logarithm is that of T\n" in out


def test_a_class_is_graded(say, hand_in, tmp_path):
    hand_in(INDEX, SQUARE, name="class/ann")
    hand_in(INDEX, "def square(x):\n    exit()", name="class/bob")
    code, out, err = say("grade", "class", "--seconds", "5", "--seed", "1")
    assert code == 0
    assert "wrote grades.csv: 2 students, 3 right answers" in out
    assert "2 of 2: bob, 1 of 2 right" in err
    assert (tmp_path / "grades.csv").read_text().count("\n") == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("start", "ch9"), "there is no chapter 'ch9'; did you mean ch99?"),
        (("check", "none.ipynb"), "can't read none.ipynb"),
        (("check", "none.ipynb", "sand-squar"), "can't read none.ipynb"),
        (("solution", "sand-squar"), "did you mean sand-square?"),
        (("hints", "ch9"), "did you mean ch99?"),
        (("grade", "nowhere"), "nowhere is no folder"),
        (("grade", ".", "--seconds", "soon"), "seconds must be a number; got 'soon'"),
        (("grade", ".", "--workers", "1.5"), "workers must be a whole number"),
        (("grade", ".", "--seed", "-1"), "seed must be a whole number, 0 or more"),
        (("grade", ".", "--output", "/proc/none/grades.csv"), "can't write to /proc/none"),
    ],
)
def test_bad_words_are_said_in_one_line(say, arguments, said):
    code, _, err = say(*arguments)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1


def test_a_folder_is_no_table_which_is_said_before_anything_runs(say, hand_in, tmp_path):
    hand_in(INDEX, SQUARE, name="class/ann")
    code, _, err = say("grade", "class", "--output", str(tmp_path))
    assert code == 2
    assert "is a folder - name a file: --output" in err


def test_chapters_of_ones_own_that_are_not_ready(say, tmp_path, monkeypatch):
    own = tmp_path / "own" / "ch98_new"
    own.mkdir(parents=True)
    (own / "chapter.md").write_text("# New\n")
    monkeypatch.setenv("BANDITKIT_CHAPTERS", str(own.parent))
    code, _, err = say("list")
    assert code == 2
    assert "ch98_new has no checks.py" in err
    (own / "checks.py").write_text("")
    code, out, _ = say("list")
    assert code == 0
    assert "ch98: New - 0 of 0 done" in out
    own.rename(tmp_path / "own" / "ch01_new")
    code, _, err = say("list")
    assert code == 2
    assert "two chapters are called ch01" in err


def test_in_a_notebook(capsys, tmp_path):
    exec("check('sand-square')", {"check": check})
    assert capsys.readouterr().out == (
        "wrong: sand-square: nothing is called square yet - run the cell that defines it\n"
    )
    loud = "def square(x):\n    print('loud')\n    return x * x\n"
    exec(f"{loud}check('sand-square')", {"check": check})
    assert capsys.readouterr().out == "right: sand-square\n"
    assert json.loads((tmp_path / ".banditkit-course.json").read_text()) == {"sand-square": True}
    with pytest.raises(ValueError, match="did you mean sand-square"):
        check("sandsquare")
    with pytest.raises(ValueError, match="there is no exercise 3"):
        check(3)
    for seed in ("a", -1):
        with pytest.raises(ValueError, match="seed must be a whole number, 0 or more"):
            exec(f"{loud}check('sand-square', seed)", {"check": check, "seed": seed})
    with pytest.raises(ValueError, match="there is no chapter 1; did you mean"):
        figures(1)
    with pytest.raises(ValueError, match=r"source shows classes and functions.*got 3"):
        source(3)


def test_a_record_that_is_broken_is_begun_anew(tmp_path, say, hand_in):
    for broken in ("{", "[]", "\xff"):
        (tmp_path / ".banditkit-course.json").write_text(broken, encoding="latin-1")
        assert "0 of 2 done" in say("list")[1]
    hand_in(SQUARE, name="ann")
    say("check", "ann.ipynb", "sand-square")
    assert "1 of 2 done" in say("list")[1]
