"""EmpiricalArms: what is in the log is what is played, and what is wrong in it is named."""

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import banditkit as bk

OPEN_BANDIT = Path(__file__).parents[2] / "examples" / "data" / "open_bandit_random_all.csv"


@pytest.fixture(scope="module")
def open_bandit():
    return bk.EmpiricalArms.from_csv(OPEN_BANDIT, arm="item_id", reward="click")


@pytest.fixture
def log(tmp_path):
    """Return a function that writes a log and reads it."""

    def read(text, arm="arm", reward="reward"):
        path = tmp_path / "log.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return bk.EmpiricalArms.from_csv(path, arm=arm, reward=reward)

    return read


def test_the_open_bandit_log_is_read_whole(open_bandit):
    assert open_bandit.labels == tuple(map(str, range(80)))
    rewards = [reward for row in open_bandit.rewards for reward in row]
    assert len(rewards) == 10_000
    assert sum(rewards) == 38
    assert set(rewards) == {0.0, 1.0}


def test_means_are_those_of_pandas(open_bandit):
    table = pd.read_csv(OPEN_BANDIT).groupby("item_id")["click"].agg(["mean", "size"])
    assert open_bandit.means == pytest.approx(table["mean"].tolist(), rel=1e-14, abs=0)
    assert list(map(len, open_bandit.rewards)) == table["size"].tolist()
    assert open_bandit.gaps == pytest.approx((table["mean"].max() - table["mean"]).tolist())


def test_a_learner_plays_the_log(open_bandit):
    result = bk.simulate(open_bandit, [bk.UCB1()], horizon=2000, replications=3, seed=0)
    regret = result.regret[0]
    assert (np.diff(regret, axis=1) >= 0).all()
    # the first 80 rounds pull each arm once, which costs the sum of the gaps
    assert regret[:, result.times.tolist().index(1)] == pytest.approx(open_bandit.gaps[0])
    assert (regret[:, -1] >= open_bandit.gaps.sum()).all()
    assert (regret[:, -1] <= 2000 * open_bandit.gaps.max()).all()


def test_pulls_draw_from_the_rewards_of_their_arm_alike():
    arms = bk.EmpiricalArms([[0.5], [0.0, 0.25, 0.25, 1.0], [7.0, 8.0]])
    rng, n = np.random.default_rng(0), 4000
    env = arms.start(n, rng)
    for arm, row in enumerate(arms.rewards):
        drawn = [env.respond(t, (), arm, rng) for t in range(n)]
        assert set(drawn) == set(row)
        for value in set(row):
            share = row.count(value) / len(row)
            sigma = math.sqrt(n * share * (1 - share))
            assert abs(drawn.count(value) - n * share) <= 5 * sigma


def test_the_learner_is_told_the_number_of_arms_and_the_range_of_the_log():
    assert bk.EmpiricalArms([[0.5, -3.0], [0.25, 2.0, 1.0]]).spec == bk.Arms(2, -3.0, 2.0)


def test_rewards_of_an_arm_keep_their_order(log):
    arms = log("arm,reward\nb,1\na,2\nb,3\nb,-4.5\n")
    assert arms.labels == ("a", "b")
    assert arms.rewards == ((2.0,), (1.0, 3.0, -4.5))


@pytest.mark.parametrize(
    ("labels", "order"),
    [
        (["10", "9", "2"], ("2", "9", "10")),
        (["10", "-2", "9", "-10"], ("-10", "-2", "9", "10")),
        (["10", "9", "x2"], ("10", "9", "x2")),
        (["red", "Green", "blue"], ("Green", "blue", "red")),
        (["10.5", "9.5"], ("10.5", "9.5")),
    ],
)
def test_arms_are_sorted_as_numbers_where_all_are_whole_else_as_text(log, labels, order):
    assert log("arm,reward\n" + "".join(f"{label},1\n" for label in labels)).labels == order


@pytest.mark.parametrize(
    "text",
    [
        "arm,reward\n1,0.5\n",
        "arm,reward\r\n1,0.5\r\n",
        "arm,reward\n1,0.5",
        "arm,reward\n\n1,0.5\n\n",
        '"arm","reward"\n"1","0.5"\n',
        "when,arm,why,reward\n12:00,1,,0.5\n",
        "reward,arm\n5e-1,1\n",
        b"\xef\xbb\xbfarm,reward\n1,0.5\n",
        b'\xef\xbb\xbf"arm","reward"\n1,0.5\n',
    ],
)
def test_what_spreadsheets_write_is_read(log, text):
    assert log(text) == bk.EmpiricalArms([[0.5]], labels=["1"])


def test_quoted_fields_may_have_commas_quotes_and_line_breaks(log):
    labels = ('"', "cr\rlf", "crlf\r\n", "lf\nlf", "red, light")
    quoted = [label.replace('"', '""') for label in labels]
    arms = log("arm,reward\r\n" + "".join(f'"{label}",1\r\n' for label in quoted))
    assert arms.labels == labels


def test_a_log_may_be_in_any_language(log):
    assert log("Arm,Gewinn\nGrün,1\n红,0\n", arm="Arm", reward="Gewinn").labels == ("Grün", "红")


texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=5
)
floats = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(st.one_of(texts, st.integers(-20, 20).map(str)), floats), min_size=1, max_size=20
    )
)
def test_any_log_that_csv_can_write_comes_back(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("arm", "reward"), *rows])
    arms = bk.EmpiricalArms.from_csv(path, arm="arm", reward="reward")
    assert sorted(arms.labels) == sorted({label for label, _ in rows})
    for label, rewards in zip(arms.labels, arms.rewards, strict=True):
        assert list(rewards) == [reward for name, reward in rows if name == label]


@pytest.mark.parametrize("text", ["yes", "", "1,5", "1.5.2", "True", "1 000", "1_000", "0x1", "½"])
def test_text_in_the_reward_column_names_the_line(log, text):
    with pytest.raises(ValueError, match=r"log\.csv, line 3: reward must be a number; got '"):
        log(f'arm,reward\n1,0\n2,"{text}"\n3,1\n')


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "NaN", "Infinity", "1e999"])
def test_a_reward_that_is_not_finite_names_the_line(log, text):
    with pytest.raises(ValueError, match=rf"log\.csv, line 3: reward must be finite; got '{text}'"):
        log(f"arm,reward\n1,0\n2,{text}\n")


def test_lines_are_counted_as_an_editor_counts_them(log):
    with pytest.raises(ValueError, match=r"log\.csv, line 6: reward must be a number"):
        log('arm,reward\n"two\nlines",1\n\n2,1\n2,x\n')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("arms,reward\n1,0\n", "log.csv has no column 'arm'; did you mean arms?"),
        ("Arm,reward\n1,0\n", "log.csv has no column 'arm'; did you mean Arm?"),
        ("x,y\n1,0\n", "log.csv has no column 'arm'; known are x, y"),
        ("arm,rewards\n1,0\n", "log.csv has no column 'reward'; did you mean rewards?"),
        ("arm,reward\n", "log.csv has a header but no rows"),
        ("arm,reward\n\n\n", "log.csv has a header but no rows"),
        ("", "log.csv is empty"),
        (b"\xef\xbb\xbf", "log.csv is empty"),
        ("arm,reward\n1,0\n,1\n", "log.csv, line 3: arm is empty"),
        ('arm,reward\n1,0\n"2,1\n', "log.csv can't be read as CSV"),
        (b"arm,reward\n1,0\n\xff\xfe,1\n", "UTF-8"),
        ("arm,reward\n1,0\n".encode("utf-16"), "UTF-8"),
    ],
)
def test_a_log_that_makes_no_sense_is_named(log, text, words):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        log(text)
    assert words in str(error.value)
    assert "log.csv" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "arm,reward\n1,0\n2\n3,1\n",
        "reward,arm\n1,0\n2\n3,1\n",
        "arm,reward\n1,0\n2,1,7\n3,1\n",  # as where 1,7 means 1.7
    ],
)
def test_a_row_with_too_few_or_too_many_fields_is_named(log, text):
    with pytest.raises(ValueError, match=r"log\.csv, line 3: .*fields"):
        log(text)


def test_two_columns_of_one_name_are_refused(log):
    with pytest.raises(ValueError, match=r"two columns .*reward"):
        log("arm,reward,reward\n1,0,1\n")


@pytest.mark.parametrize("path", ["nowhere.csv", "."])
def test_a_log_that_cannot_be_opened_is_named_once(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"can't be read") as error:
        bk.EmpiricalArms.from_csv(path, arm="arm", reward="reward")
    assert str(error.value).startswith(path)
    assert str(error.value).count("nowhere.csv") == path.count("nowhere.csv")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"path": 0}, "path"),  # open(0) would wait for the keyboard
        ({"path": ["log.csv"]}, "path"),
        ({"path": "a\0b"}, "path"),
        ({"arm": 1}, "arm"),
        ({"reward": None}, "reward"),
    ],
)
def test_arguments_of_from_csv_are_texts(tmp_path, options, word):
    (tmp_path / "log.csv").write_text("arm,reward\n1,0\n")
    words = {"path": tmp_path / "log.csv", "arm": "arm", "reward": "reward"} | options
    with pytest.raises(ValueError, match=word):
        bk.EmpiricalArms.from_csv(words.pop("path"), **words)


@pytest.mark.parametrize(
    ("rewards", "words"),
    [
        ([], "rewards is empty; give the rewards of at least one arm"),
        ([[1.0], []], "arm '1' needs a row of one or more rewards"),
        ([[1.0], 2.0], "arm '1' needs a row of one or more rewards"),
        ([[1.0], ["a"]], "arm '1' needs a row of one or more rewards"),
        ([[1.0], [[1.0, 2.0]]], "arm '1' needs a row of one or more rewards"),
        ([[1.0], [1.0, [2.0]]], "arm '1' needs a row of one or more rewards"),
        ([[1.0], [math.nan]], "arm '1' has a reward that is not finite"),
        ([[-math.inf], [1.0]], "arm '0' has a reward that is not finite"),
        (3, "rewards must be"),
        (None, "rewards must be"),
    ],
)
def test_rewards_that_make_no_sense_are_named(rewards, words):
    with pytest.raises(ValueError, match=words):
        bk.EmpiricalArms(rewards)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["a"], "each arm needs a label: got 2 arms, 1 labels"),
        (["a", "b", "c"], "each arm needs a label: got 2 arms, 3 labels"),
        (3, "labels"),
    ],
)
def test_labels_that_do_not_fit_are_named(labels, words):
    with pytest.raises(ValueError, match=words):
        bk.EmpiricalArms([[0.0], [1.0]], labels=labels)


def test_arms_without_labels_are_called_by_their_numbers():
    expected = bk.EmpiricalArms([[0.0, 1.0], [1.0]], labels=["0", "1"])
    assert bk.EmpiricalArms([[0, 1], [True]]) == expected
    assert bk.EmpiricalArms([np.array([0, 1]), (1.0,)], labels=[0, 1]) == expected


def test_its_words_say_how_much_there_is_rather_than_all_of_it(open_bandit):
    best = max(open_bandit.means)
    assert repr(open_bandit) == f"<EmpiricalArms: 80 arms, 10000 rewards, best mean {best:.4g}>"
