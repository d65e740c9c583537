"""From a chapter's source to notebooks, and back."""

import json
import os

import pytest

from banditkit.course.contents import Chapter, chapters
from banditkit.course.notebooks import notebook, read, solution


@pytest.fixture
def chapter(sand):
    return Chapter(sand)


def cells(text):
    return json.loads(text)["cells"]


def words(text, kind="markdown"):
    return "\n\n".join(cell["source"] for cell in cells(text) if cell["cell_type"] == kind)


def test_a_students_notebook_has_stubs_and_no_solution(chapter):
    made = notebook(chapter)
    code = words(made, "code")
    assert "def square(x):\n    ..." in code
    assert "return" not in code
    assert "Because." not in words(made)
    assert words(made).endswith("Text.")
    assert "More text." in words(made)


def test_a_teachers_notebook_has_both(chapter):
    made = notebook(chapter, solutions=True)
    assert "return x * x" in words(made, "code")
    assert "**Solution.**\n\nBecause." in words(made)


def test_directives_and_roles_become_what_every_notebook_shows(chapter):
    text = words(notebook(chapter))
    assert "Text with Auer (2002) and Explore-first (Theorem 1.5)." in text
    assert (
        "> **Theorem: Explore-first (Theorem 1.5).** It holds that\n>\n> $$ x = 1 $$\n> and more."
        in text
    )
    assert "### Exercise: The index" in text
    assert ":label:" not in text
    assert ":::" not in text


def test_it_is_a_valid_notebook_and_the_same_one_every_time(chapter):
    import nbformat

    for solutions in (False, True):
        made = notebook(chapter, solutions=solutions)
        nbformat.validate(nbformat.reads(made, as_version=4))
        assert made == notebook(chapter, solutions=solutions)


def test_what_is_written_is_read(chapter, tmp_path):
    path = tmp_path / "ch99.ipynb"
    path.write_text(notebook(chapter))
    handed = read(path)
    assert handed.chapter == "ch99"
    assert [cell.code.split("\n")[0] for cell in handed.cells] == [
        "import math",
        "def sand_index(mean, pulls, T):",
        "def square(x):",
    ]


def test_a_cell_of_the_students_own_is_read_and_one_that_shows_something_is_not(chapter, tmp_path):
    whole = json.loads(notebook(chapter))
    own = {"cell_type": "code", "metadata": {}, "source": ["x = 1\n", "%time x\n"], "outputs": []}
    demo = {"cell_type": "code", "metadata": {"tags": ["demo"]}, "source": "1 / 0", "outputs": []}
    whole["cells"] += [own, demo]
    path = tmp_path / "ch99.ipynb"
    path.write_text(json.dumps(whole))
    assert read(path).cells[-1].code == "x = 1\npass  # %time x\n"


def test_percent_signs_of_python_stay(chapter, tmp_path):
    code = "x = (7\n  % 2)\n"
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": code}]}))
    assert read(path).cells[0].code == code


def test_notebooks_of_odd_editors_are_read(tmp_path):
    tags = ["demo", "exercise", ["setup", {}, 3], 3, None]
    codes = [{"cell_type": "code", "source": "x", "metadata": {"tags": each}} for each in tags]
    codes += [{"cell_type": "code", "source": None, "metadata": None}]
    text = json.dumps({"cells": codes}, indent=1).replace("\n", "\r\n")
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read(path).cells == [(2, "x"), (3, "x"), (4, "x"), (5, "x"), (6, "")]
    path = tmp_path / "a.PY"
    path.write_bytes(b"\xef\xbb\xbfx = 1\r\n")
    assert read(path).cells == [(1, "x = 1\n")]


def test_what_is_no_file_is_said_and_not_waited_for(tmp_path):
    (tmp_path / "folder.ipynb").mkdir()
    with pytest.raises(ValueError, match=r"folder\.ipynb is no file"):
        read(tmp_path / "folder.ipynb")
    with pytest.raises(ValueError, match="is no file"):
        read(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="pipes and links are of POSIX")
def test_pipes_and_links_that_lead_nowhere_are_said(tmp_path):
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "loop.ipynb").symlink_to(tmp_path / "loop.ipynb")
    with pytest.raises(ValueError, match="is no file"):
        read(tmp_path / "pipe.ipynb")
    with pytest.raises(ValueError, match="can't read"):
        read(tmp_path / "loop.ipynb")


def test_a_solution_is_the_code_between_its_gates(chapter):
    assert solution(chapter, "sand-square") == "def square(x):\n    return x * x"
    assert "log(T)" in solution(chapter, "sand-index")


@pytest.mark.parametrize("chapter", chapters(), ids=lambda chapter: chapter.key)
@pytest.mark.parametrize("solutions", [False, True], ids=["student", "teacher"])
def test_chapters_become_notebooks_without_a_trace_of_their_source(chapter, solutions):
    import nbformat

    made = notebook(chapter, solutions=solutions)
    nbformat.validate(nbformat.reads(made, as_version=4))
    for trace in (":::", "```{", ":label:", "{prf:", "{cite", "{math}", "{eq}"):
        assert trace not in words(made), trace
    for line in words(made).split("\n"):  # a formula in a quotation stands on one line
        assert not line.startswith(">") or line.count("$$") % 2 == 0, line
    if not solutions:
        for exercise in chapter.exercises:
            assert solution(chapter, exercise.slug) not in words(made, "code")
