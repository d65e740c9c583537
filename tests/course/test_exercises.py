"""Every chapter's stubs fail, its solutions pass, and known wrong answers get their own hint."""

import re
import time

import pytest

from banditkit.course.contents import chapters
from banditkit.course.notebooks import source_cells

CHAPTERS = chapters()
EXERCISES = [
    pytest.param(chapter, exercise, id=f"{chapter.key}-{exercise.slug}")
    for chapter in CHAPTERS
    for exercise in chapter.exercises
]
ANSWERS = [
    pytest.param(exercise, answer, id=f"{chapter.key}-{exercise.slug}-{name}")
    for chapter in CHAPTERS
    for exercise in chapter.exercises
    for name, answer in chapter.answers.items()
    if answer.slug == exercise.slug
]
SEEDS = range(5)
every_exercise = pytest.mark.parametrize(("chapter", "exercise"), EXERCISES)


def names_of(chapter, kind):
    """Return what the cells of a kind define, after the chapter's setup."""
    names = {"__name__": "__main__"}
    for cell in source_cells(chapter):
        if cell.cell_type == "code" and {"setup", kind} & set(cell.metadata.get("tags", [])):
            exec(compile(cell.source, f"<{chapter.key}>", "exec"), names)
    return names


def bare(line):
    """Return a line without its numbers."""
    return re.sub(r"[-+.\d]+", "0", line)


@every_exercise
def test_the_stub_fails_and_says_that_nothing_is_there(chapter, exercise):
    verdict = exercise.judge(names_of(chapter, "exercise")[exercise.name], seed=0)
    assert not verdict.right


@every_exercise
def test_the_solution_passes_on_fresh_instances_and_at_once(chapter, exercise):
    solution = names_of(chapter, "solution")[exercise.name]
    began = time.perf_counter()
    for seed in SEEDS:
        assert exercise.judge(solution, seed).line == "right"
    # an answer within seconds is promised; the bound is wide, as machines are shared
    assert (time.perf_counter() - began) / len(SEEDS) < 10.0


@pytest.mark.parametrize(("exercise", "answer"), ANSWERS)
def test_known_answers_get_the_line_that_they_deserve(exercise, answer):
    for seed in SEEDS:
        verdict = exercise.judge(answer.answer, seed)
        assert verdict.right == (answer.hint is None), verdict.line
        assert answer.hint is None or answer.hint in verdict.line
        assert "\n" not in verdict.line


@every_exercise
def test_each_wrong_answer_has_a_hint_of_its_own(chapter, exercise):
    mine = [each for each in chapter.answers.values() if each.slug == exercise.slug]
    wrong = [each for each in mine if each.hint is not None]
    lines = {bare(exercise.judge(each.answer, seed=0).line) for each in wrong}
    assert len(lines) == len(wrong) >= 5
    assert len(mine) > len(wrong), "a second solution, written differently"


@every_exercise
def test_whatever_is_handed_in_gets_one_line(chapter, exercise):
    def nothing(*arguments):
        return None

    def words(*arguments):
        return "no"

    class Empty:
        pass

    for answer in (nothing, words, lambda: 0, Empty, 3, None, float):
        verdict = exercise.judge(answer, seed=0)
        assert not verdict.right
        assert verdict.line
        assert "\n" not in verdict.line


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.key)
def test_a_chapter_has_its_exercises_in_the_text(chapter):
    slugs = re.findall(r"^:{3,}\{exercise\}[^\n]*\n:label: (\S+)", chapter.text, flags=re.MULTILINE)
    assert slugs == [exercise.slug for exercise in chapter.exercises]
    assert len(slugs) >= 6
    for slug in slugs:
        assert f'check("{slug}")' in chapter.text
        assert f"{{solution-start}} {slug}\n" in chapter.text


def test_slugs_are_unique():
    slugs = [exercise.slug for chapter in CHAPTERS for exercise in chapter.exercises]
    assert len(set(slugs)) == len(slugs)
    for chapter in CHAPTERS:
        known = {exercise.slug for exercise in chapter.exercises}
        assert {each.slug for each in chapter.answers.values()} == known
