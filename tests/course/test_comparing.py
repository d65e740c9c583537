"""What a check is written with: values compared, mistakes recognised, hints in one line."""

import math
from typing import NamedTuple

import numpy as np
import pytest

from banditkit.course.exercises import (
    Exercise,
    Hint,
    another_solution,
    call,
    compare,
    exercise,
    expect,
    same,
    wrong,
)

CASES = [(2.0,), (3.0,), (-1.0,)]


class Endless(list):
    """Says that it is as long as anybody could wish."""

    def __len__(self):
        return 2


def square(x):
    return x * x


def line(answer, check=None, **words):
    def judged(answer, rng):
        compare(answer, square, CASES, **words)

    return Exercise("sand", "Sand", 1, "", check or judged).judge(answer, seed=0).line


@pytest.mark.parametrize(
    ("value", "right", "agree"),
    [
        (1, 1.0, True),
        (np.float64(1), 1, True),
        (1 + 1e-12, 1, True),
        (1 + 1e-6, 1, False),
        ([1, 2], (1.0, 2.0), True),
        (np.array([1, 2]), [1, 2], True),
        ([[1, 2]], [1, 2], False),
        ([1, 2, 3], [1, 2], False),
        ((1, "no"), (1, 2), False),
        (float("nan"), 1, False),
        (float("nan"), float("nan"), True),
        (float("inf"), math.inf, True),
        (True, True, True),
        (np.bool_(True), True, True),
        (1, True, False),
        ("a", "a", True),
        ("a", "b", False),
        ("a", 1, False),
        (None, 1, False),
        (None, float("nan"), False),
        ("1", 1, False),
        (b"1", 1, False),
        (np.str_("1"), 1, False),
        (np.complex128(1 + 1j), 1, False),
        (Endless(), [1, 2], False),
        (10**400, 1, False),
        (np.array(3), [3], False),
        (np.array(3), 3, True),
        (np.array(True), True, True),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]], True),
        ({1: 2}, 1, False),
        (lambda: 0, 1, False),
    ],
)
def test_what_counts_as_the_same(value, right, agree):
    assert same(value, right) == agree


def test_a_mistake_is_recognised_if_it_explains_every_value():
    mistakes = {"twice is not squared": lambda x: 2 * x, "one too many": lambda x: x * x + 1}
    assert line(lambda x: x + x, mistakes=mistakes) == "twice is not squared"
    assert line(lambda x: 1 + x**2, mistakes=mistakes) == "one too many"
    assert line(lambda x: 2 * x if x > 0 else 1, mistakes=mistakes).endswith("must be 9; got 6")
    assert line(lambda x: x**2.0, mistakes=mistakes) == "right"


def test_a_mistake_that_can_not_be_made_is_passed_over():
    assert "must be 4; got 0" in line(lambda x: 0, mistakes={"no": lambda x: math.sqrt(x)})


def test_of_a_large_answer_the_entry_that_is_off_is_said():
    def table(x):
        return np.arange(6.0).reshape(2, 3) * x

    def off(x):
        return table(x) + np.array([[0, 0, 0], [0, 7, 1]])

    def said(answer):
        with pytest.raises(Hint) as caught:
            compare(answer, table, CASES, axes=("the value of state", "action"))
        return str(caught.value)

    compare(table, table, CASES, axes=("state", "action"))
    assert said(off) == "in a fresh case, the value of state 1, action 1 must be 8; got 15"
    assert said(lambda x: table(x)[0]) == "the answer must have shape (2, 3); it has (3,)"
    assert said(lambda x: "no") == "the answer must be an array of shape (2, 3), of numbers"
    assert "action 0 must be 0; got nan" in said(lambda x: np.full((2, 3), np.nan))


def test_arguments_are_copies():
    given = [np.arange(3.0)]
    call(lambda a: a.fill(7) or 1, *given)
    assert given[0].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (3, "judged must be a function or a class; it is 3"),
        (lambda x: None, "<lambda>(2) returns nothing yet"),
        (lambda: 1, "raises TypeError"),
        (lambda x: 1 / 0, "raises ZeroDivisionError: division by zero"),
        (lambda x: [1] * 1000, "got [1, 1, 1"),
        (lambda x: "a\nb", "got 'a\\nb'"),
    ],
)
def test_what_is_said_of_odd_answers(answer, said):
    told = line(answer)
    assert said in told
    assert "\n" not in told
    assert len(told) <= 300


def test_a_check_may_fail_in_the_students_code():
    def stubborn(answer, rng):
        answer(3)

    def answer(x):
        raise NotImplementedError

    assert line(answer, stubborn) == "stubborn returns nothing yet"
    assert "stubborn raises KeyError: 3 (in" in line(lambda x: {}[x], stubborn)
    assert line(lambda x: exit(), stubborn) == "stubborn calls exit()"


def test_an_error_that_fails_to_say_what_it_is_is_named():
    class Mute(Exception):
        def __str__(self):
            raise Mute

    def answer(x):
        raise Mute

    assert "raises Mute (in answer: raise Mute)" in line(answer)


def test_what_is_said_can_be_shown_and_written_anywhere():
    def answer(x):
        raise ValueError("\x1b[2J \ud800 \u00e9")

    assert "raises ValueError: ?[2J ? \u00e9 (in answer" in line(answer)


def test_a_record_that_is_given_another_array_is_told_what_to_do():
    class Sums(NamedTuple):
        total: np.ndarray

    def answer(x):
        Sums(np.zeros(1)).total += x

    assert "self.name[:] = ... (in answer: Sums(np.zeros(1)).total += x)" in line(answer)


def test_expectations():
    expect(np.bool_(True), "no")
    with pytest.raises(Hint, match="this is why"):
        expect([], "this is why")


@pytest.mark.parametrize("slug", ["", "UCB", "ucb index", "ucb_index", "-ucb", "ucb--index"])
def test_slugs_are_small_letters_and_hyphens(slug):
    with pytest.raises(ValueError, match="a slug is small letters"):
        exercise(slug, "Title", minutes=5)(square)


def test_minutes_are_whole():
    with pytest.raises(ValueError, match="minutes of square must be a whole number"):
        exercise("square", "Title", minutes=0)(square)


def test_known_answers_say_of_which_exercise_they_are():
    assert wrong("a", "hint")(square) == ("a", square, "hint")
    assert another_solution("a")(square) == ("a", square, None)
    with pytest.raises(ValueError, match="a wrong answer to a needs words of its hint"):
        wrong("a", "")
