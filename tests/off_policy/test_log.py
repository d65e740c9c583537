"""LoggedData: what is read is what was written, and what is wrong in it is named."""

import dataclasses
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import banditkit as bk

DATA = Path(__file__).parents[2] / "examples" / "data"
COLUMNS = {"action": "a", "reward": "r", "propensity": "p"}


def log_of(**changes):
    fields = {"actions": [0, 1, 1], "rewards": [1, 0, 1], "propensities": [0.2, 0.8, 0.8], "K": 2}
    return bk.LoggedData(**(fields | changes))


@pytest.fixture
def read(tmp_path):
    """Return a function that writes a file and reads it."""

    def read(text, **options):
        path = tmp_path / "log.csv"
        path.write_text(text)
        return bk.LoggedData.from_csv(path, **(COLUMNS | options))

    return read


def test_a_log_keeps_copies_that_nobody_can_write_to():
    rewards, contexts = np.array([1.0, 0.0, 1.0]), np.ones((3, 2))
    log = log_of(rewards=rewards, contexts=contexts, positions=[1, 1, 2])
    rewards[0], contexts[0] = 7.0, 7.0
    assert log.rewards[0] == log.contexts[0, 0] == 1.0
    for field in ("actions", "rewards", "propensities", "contexts", "positions"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(log, field)[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        log.K = 3


def test_a_log_can_be_sent():
    log = log_of(contexts=np.eye(3), positions=[3, 1, 3])
    again = pickle.loads(pickle.dumps(log))
    for field in dataclasses.fields(log):
        assert np.array_equal(getattr(log, field.name), getattr(again, field.name))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "<LoggedData: 3 rows, 2 actions, mean reward 0.6667, propensities 0.2 to 0.8>"),
        (
            {"positions": [1, 3, 3], "contexts": np.eye(3)},
            "<LoggedData: 3 rows, 2 actions, 2 positions, contexts of 3 numbers, "
            "mean reward 0.6667, propensities 0.2 to 0.8>",
        ),
    ],
)
def test_a_log_says_in_a_line_what_it_holds(options, words):
    assert repr(log_of(**options)) == words


def test_truth_values_and_objects_that_are_numbers_are_numbers():
    log = log_of(rewards=np.array([True, False, True]), actions=np.array([0, 1.0, 1], dtype=object))
    assert log.rewards.tolist() == [1.0, 0.0, 1.0]
    assert log.actions.dtype == np.int64


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"propensities": [0.2, 0, 0.8]},
            r"row 1: propensities must lie in \(0, 1\]; got 0 - without it the log says nothing of "
            "this action",
        ),
        ({"propensities": [0.2, 0.8, 1.5]}, r"row 2: propensities must lie in \(0, 1\]; got 1.5"),
        ({"propensities": [0.2, -0.1, 1]}, r"row 1: propensities must lie in \(0, 1\]; got -0.1"),
        ({"propensities": [np.nan, 1, 1]}, "row 0: propensities must be finite; got nan - without"),
        (
            {"propensities": [1, None, 1]},
            "row 1: propensities must be a number; got None - without",
        ),
        ({"actions": [0, 1, 2]}, "row 2: actions must be a whole number from 0 to 1; got 2 - give"),
        ({"actions": [0, -1, 1]}, "row 1: actions must be a whole number from 0 to 1; got -1"),
        ({"actions": [0, 0.5, 1]}, "row 1: actions must be a whole number from 0 to 1; got 0.5"),
        ({"actions": ["0", "1", "1"]}, "row 0: actions must be a number; got '0'"),
        ({"rewards": [1, "x", 0]}, "row 0: rewards must be a number; got '1'"),
        ({"rewards": [1, None, 0]}, "row 1: rewards must be a number; got None"),
        ({"rewards": [1, 0, np.inf]}, "row 2: rewards must be finite; got inf"),
        ({"rewards": [[1], [0], [1]]}, "rewards must be one row of numbers"),
        ({"rewards": [1, 0]}, "each row needs one of each: got 3 actions and 2 rewards and 3 prop"),
        ({"contexts": [[1, 2], [3], [4, 5]]}, "row 1: contexts must have 2 numbers, as in row 0"),
        ({"contexts": [1, 2, 3]}, r"contexts must be numbers of shape \(N, d\)"),
        ({"contexts": [["a"], ["b"], ["c"]]}, r"contexts must be numbers of shape \(N, d\)"),
        ({"contexts": [[1], [np.nan], [2]]}, r"row 1: contexts must be finite; got \[nan\]"),
        ({"contexts": [[1], [2]]}, "each row needs one of each: .* 2 contexts"),
        ({"positions": [1, 2.5, 3]}, "row 1: positions must be a whole number; got 2.5"),
        ({"positions": [1, 2]}, "each row needs one of each: .* 2 positions"),
        ({"K": 0}, "K must be a whole number, 1 or more; got 0"),
        ({"actions": [], "rewards": [], "propensities": []}, "the log is empty"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_named_with_row_and_column(changes, message):
    with pytest.raises(ValueError, match=message):
        log_of(**changes)


def test_counts_and_shares_are_those_of_the_rows():
    log = log_of(K=3)
    assert log.counts.tolist() == [[1, 2, 0]]
    assert log.action_shares().tolist() == [1 / 3, 2 / 3, 0.0]
    placed = log_of(K=3, positions=[7, -1, 7])
    assert placed.places.tolist() == [-1, 7]
    assert placed.counts.tolist() == [[0, 1, 0], [1, 1, 0]]
    shares = placed.action_shares()
    assert {place: each.tolist() for place, each in shares.items()} == {
        -1: [0.0, 1.0, 0.0],
        7: [0.5, 0.5, 0.0],
    }


def test_a_file_is_read_by_the_names_of_its_columns(read):
    text = "when,p,a,r,x,y,place\n1,0.5,2,1,0.25,7,3\n2,0.25,0,0.5,1,-1,1\n"
    log = read(text, contexts=["y", "x"], position="place")
    assert log.actions.tolist() == [2, 0]
    assert log.rewards.tolist() == [1.0, 0.5]
    assert log.propensities.tolist() == [0.5, 0.25]
    assert log.contexts.tolist() == [[7.0, 0.25], [-1.0, 1.0]]
    assert log.positions.tolist() == [3, 1]
    assert log.K == 3


def test_a_column_may_serve_twice(read):
    log = read("a,r,p\n0,1,0.5\n1,0,0.25\n", contexts=["p"], position="a")
    assert log.contexts[:, 0].tolist() == log.propensities.tolist() == [0.5, 0.25]
    assert log.positions.tolist() == log.actions.tolist() == [0, 1]


def test_labels_say_what_actions_are_called(read):
    log = read("a,r,p\nred,1,0.5\nblue,0,0.5\n", labels=["blue", "green", "red"])
    assert log.actions.tolist() == [2, 0]
    assert log.K == 3
    assert read("a,r,p\n200,1,0.5\n100,0,0.5\n", labels=[100, 200]).actions.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            "a,r,p\n0,1,0.5\n0,1,0\n",
            {},
            r"log.csv, line 3: p must lie in \(0, 1\]; got 0 - without",
        ),
        ("a,r,p\n0,1,0.5\n0,1,\n", {}, "log.csv, line 3: p must be a number; got ''"),
        ("a,r,p\n0,1,0.5\n-2,1,1\n", {}, "log.csv, line 3: a must be a whole number from 0"),
        ("a,r,p\nred,1,0.5\n", {}, "log.csv, line 2: a must be a number; got 'red'"),
        ("a,r,p\nred,1,1\n", {"labels": ["Red"]}, "line 2: a is 'red', which is not one of the la"),
        ("a,r,p\nred,1,1\n", {"labels": ["red", "red"]}, "two actions have the label 'red'"),
        ("a,r,p\n0,yes,0.5\n", {}, "log.csv, line 2: r must be a number; got 'yes'"),
        ("a,r,p\n0,nan,0.5\n", {}, "log.csv, line 2: r must be finite; got 'nan'"),
        ("a,r,prob\n0,1,0.5\n", {}, "log.csv has no column 'p'; known are a, r, prob"),
        ("a,r,p,x\n0,1,0.5,b\n", {"contexts": ["x"]}, "line 2: x must be a number; got 'b'"),
        ("a,r,p\n0,1,0.5\n", {"contexts": ["x"]}, "log.csv has no column 'x'"),
        ("a,r,p\n0,1,0.5\n", {"contexts": "p"}, "contexts must be a list of names"),
        ("a,r,p\n0,1,0.5\n", {"position": "x"}, "log.csv has no column 'x'"),
        ("a,r,p,x\n0,1,1,1.5\n", {"position": "x"}, "line 2: x must be a whole number; got 1.5"),
        ("a,r,p\n0,1,0.5\n", {"action": 3}, "actions must be text; got 3"),
        ("a,r,p\n0,1\n", {}, "log.csv, line 2: there are 2 fields under 3 names"),
        ("a,r,p\n", {}, "log.csv has a header but no rows"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_line_and_column(read, text, options, message):
    with pytest.raises(ValueError, match=message):
        read(text, **options)


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"nowhere.csv can't be read: No such file"):
        bk.LoggedData.from_open_bandit("nowhere.csv")


def test_a_frame_is_read_as_the_file_is(tmp_path):
    frame = pd.read_csv(DATA / "open_bandit_bts_all.csv")
    columns = {"action": "item_id", "reward": "click", "propensity": "propensity_score"}
    log = bk.LoggedData.from_frame(frame, **columns, position="position")
    file = bk.LoggedData.from_open_bandit(DATA / "open_bandit_bts_all.csv")
    for field in ("actions", "rewards", "propensities", "positions"):
        assert (getattr(log, field) == getattr(file, field)).all()
    assert log.K == file.K == 80


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("p", [0.5, 0.0], r"row 1: p must lie in \(0, 1\]; got 0"),
        ("p", [0.5, None], "row 1: p must be finite; got nan - without it"),
        ("a", ["red", "blue"], "row 0: a must be a number; got 'red'"),
        ("r", ["1", "0"], "row 0: r must be a number; got '1'"),
        ("P", [0.5, 0.5], "the frame has no column 'p'; did you mean P?"),
    ],
)
def test_what_is_wrong_in_a_frame_is_named_with_row_and_column(column, values, message):
    frame = pd.DataFrame({"a": [0, 1], "r": [1, 0], "p": [0.5, 0.5]}, index=[17, 4])
    frame = frame.drop(columns=column.lower()).assign(**{column: values})
    with pytest.raises(ValueError, match=message):
        bk.LoggedData.from_frame(frame, **COLUMNS)


def test_a_column_that_comes_twice_is_refused():
    frame = pd.DataFrame([[0, 1, 0.5, 0.5]], columns=["a", "r", "p", "p"])
    with pytest.raises(ValueError, match="the frame has two columns 'p'; rename one"):
        bk.LoggedData.from_frame(frame, **COLUMNS)
