"""An experiment in words: it plays what it says, and writes its three files or none."""

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import banditkit as bk
from banditkit.experiment import Experiment, read_toml, table
from banditkit.theory.bounds import Bound

NAMES = ["regret.csv", "regret.png", "result.npz"]
SMALL = {"learners": ["UCB1", "Greedy"], "horizon": 200, "replications": 3, "seed": 5}


@pytest.fixture
def small(tmp_path):
    return Experiment(problem="Bernoulli([0.4, 0.6])", output=str(tmp_path / "out"), **SMALL)


def contents(folder):
    """Return everything in a folder, temporary files included."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def toml(folder, text):
    path = folder / "experiment.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_by_default_it_is_the_race_of_chapter_1():
    race = Experiment()
    assert race.problem == "Bernoulli([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])"
    assert [*race.players().values()] == [
        bk.ExploreFirst(),
        bk.EpsilonGreedy(),
        bk.SuccessiveElimination(),
        bk.UCB1(),
        bk.UCB1(exploration=0.5),
        bk.KLUCB(),
        bk.Thompson(),
    ]
    assert (race.horizon, race.replications, race.seed) == (100_000, 100, 0)
    assert race.output == "results"


def test_a_run_is_what_simulate_gives_written_three_times(small):
    result = small.run()
    same = bk.simulate(
        bk.Bernoulli((0.4, 0.6)), [bk.UCB1(), bk.Greedy()], horizon=200, replications=3, seed=5
    )
    assert (result.regret == same.regret).all()
    assert sorted(contents(small.output)) == NAMES
    loaded = bk.load(Path(small.output) / "result.npz")
    assert (loaded.regret == result.regret).all()
    assert loaded.learners == (bk.UCB1(), bk.Greedy())
    curves = pd.read_csv(Path(small.output) / "regret.csv")
    pd.testing.assert_frame_equal(curves, result.curves(), rtol=1e-12)
    picture = contents(small.output)["regret.png"]
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(picture) > 20_000


def test_the_same_words_write_the_same_numbers(small, tmp_path):
    small.run()
    again = replace(small, output=str(tmp_path / "again"), workers=1)
    again.run()
    assert contents(again.output)["regret.csv"] == contents(small.output)["regret.csv"]
    other = replace(small, output=str(tmp_path / "other"), seed=6)
    other.run()
    assert contents(other.output)["regret.csv"] != contents(small.output)["regret.csv"]


def test_all_of_the_words_are_heeded(small, monkeypatch):
    heard = {}

    def listen(problem, learners, **options):
        heard.update(options, problem=problem, learners=learners)
        return bk.simulate(problem, learners, horizon=10, replications=2, seed=0)

    monkeypatch.setattr("banditkit.experiment.simulate", listen)
    words = {"problem": "Gaussian([0, 1])", "learners": {"bold": "UCB1(0.1)"}, "workers": 2}
    replace(small, **words, times="linear", horizon=77).run(progress=False)
    assert heard == {
        "problem": bk.Gaussian((0.0, 1.0)),
        "learners": {"bold": bk.UCB1(0.1)},
        "horizon": 77,
        "replications": 3,
        "seed": 5,
        "times": "linear",
        "workers": 2,
        "progress": False,
    }


def test_learners_go_by_their_words_or_by_the_names_of_a_table():
    listed = Experiment(learners=["UCB1", "UCB1(2.0, anytime=False)"]).players()
    assert list(listed) == ["UCB1()", "UCB1(anytime=False)"]
    named = Experiment(learners={"ours": "UCB1", "theirs": "Doubling(MOSS())"}).players()
    assert named == {"ours": bk.UCB1(), "theirs": bk.Doubling(bk.MOSS())}


@pytest.mark.parametrize(
    ("learners", "words"),
    [
        (["UCB1", "UCB1(exploration=2)"], r"learners names UCB1\(\) twice"),
        ("UCB1", "learners must be a list of texts; got 'UCB1'"),
        (3, "learners must be a list of texts; got 3"),
        (None, "learners must be a list of texts; got None"),
        ([3], "a learner is written as text"),
        ({"ours": 3}, "a learner is written as text"),
        (["UBC1"], r"there is no learner 'UBC1'; did you mean UCB1\?"),
        ([], "learners is empty"),
    ],
)
def test_learners_that_make_no_sense_are_named(small, learners, words):
    with pytest.raises(ValueError, match=words):
        replace(small, learners=learners).run()


@pytest.mark.parametrize("output", [3, None, ["a"], "a\0b"])
def test_an_output_that_is_no_path_is_named(small, output):
    with pytest.raises(ValueError, match="output"):
        replace(small, output=output).run()


@pytest.mark.parametrize(
    "words",
    [
        {"problem": "Bernoulli([1.5])"},
        {"learners": ["UBC1"]},
        {"learners": ["KLUCB"], "problem": "Gaussian([0, 1])"},
        {"horizon": 0},
        {"replications": -1},
        {"times": "lin"},
    ],
)
def test_a_word_that_makes_no_sense_writes_nothing(small, words):
    with pytest.raises(ValueError, match=r"means|learner|rewards|horizon|replications|times"):
        replace(small, **words).run()
    assert not Path(small.output).exists() or contents(small.output) == {}


def test_where_nothing_can_be_written_nothing_is_played(small, tmp_path, monkeypatch):
    def fail(*arguments, **options):
        raise AssertionError("it is played")

    (tmp_path / "out").write_text("a file")
    monkeypatch.setattr("banditkit.experiment.simulate", fail)
    with pytest.raises(ValueError, match=r"can't write to .*out: File exists"):
        small.run()


@pytest.mark.parametrize("earlier", [True, False])
@pytest.mark.parametrize("error", [RuntimeError("in the middle"), KeyboardInterrupt()])
@pytest.mark.parametrize(
    "place",
    [
        "banditkit.experiment.simulate",
        "banditkit.experiment.RegretDisplay.plot",
        "matplotlib.figure.Figure.savefig",
        "pandas.DataFrame.to_csv",
        "numpy.savez_compressed",
    ],
)
def test_a_run_that_fails_leaves_the_earlier_files(small, monkeypatch, place, error, earlier):
    def fail(*arguments, **options):
        raise error

    Path(small.output).mkdir()
    if earlier:
        small.run()
    before = contents(small.output)
    monkeypatch.setattr(place, fail)
    with pytest.raises(type(error)) as caught:
        replace(small, seed=6).run()
    assert caught.value is error
    assert contents(small.output) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_in_the_way_of_one_file_leaves_the_others(small, name):
    small.run()
    (Path(small.output) / name).unlink()
    before = contents(small.output)
    (Path(small.output) / name).mkdir()
    with pytest.raises(ValueError, match=rf"{name}.*directory"):
        replace(small, seed=6).run()
    (Path(small.output) / name).rmdir()
    assert contents(small.output) == before


def test_what_else_is_in_the_folder_is_left_alone(small):
    Path(small.output).mkdir()
    (Path(small.output) / "notes.txt").write_text("mine")
    small.run()
    assert sorted(contents(small.output)) == ["notes.txt", *NAMES]
    assert contents(small.output)["notes.txt"] == b"mine"


def test_the_example_is_an_experiment():
    path = Path(__file__).parents[1] / "examples" / "experiment.toml"
    experiment = Experiment(**read_toml(str(path)))
    assert len(experiment.players()) >= 2
    assert "learners" in tomllib.loads(path.read_text())


def test_a_file_has_the_words_of_the_fields(tmp_path):
    path = toml(
        tmp_path,
        'problem = "Gaussian([0, 1])"\nhorizon = 1e3\nreplications = 7\nseed = 1\n'
        'times = [1, 10, 1000]\nworkers = 2\noutput = "é"\n[learners]\na = "UCB1"\n',
    )
    assert read_toml(path) == {
        "problem": "Gaussian([0, 1])",
        "horizon": 1000.0,
        "replications": 7,
        "seed": 1,
        "times": [1, 10, 1000],
        "workers": 2,
        "output": "é",
        "learners": {"a": "UCB1"},
    }


def test_a_file_may_be_empty(tmp_path):
    assert read_toml(toml(tmp_path, "# nothing\n")) == {}


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    assert read_toml(toml(tmp_path, b"\xef\xbb\xbfhorizon = 100\n")) == {"horizon": 100}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("horizn = 100\n", "has an unknown key 'horizn'; did you mean horizon?"),
        ("learner = ['UCB1']\n", "has an unknown key 'learner'; did you mean learners?"),
        ("xyz = 1\n", "has an unknown key 'xyz'; known are problem, learners, "),
        ("[simulate]\nhorizon = 100\n", "has an unknown key 'simulate'"),
        ("'two\\nlines' = 1\n\"two\\nlines\" = 1\n", "has an unknown key"),
        ("horizon = \n", "is not TOML: "),
        ("horizon: 100\n", "is not TOML: "),
        ("problem = Bernoulli([0.4])\n", "is not TOML: "),
        ("horizon = 1\nhorizon = 2\n", "is not TOML: "),
        (b"problem = '\xe9'\n", "is not TOML: "),
        (b"\x00\x01\x02", "is not TOML: "),
    ],
)
def test_a_file_that_makes_no_sense_is_named(tmp_path, text, words):
    path = toml(tmp_path, text)
    with pytest.raises(ValueError) as error:  # noqa: PT011
        read_toml(path)
    assert str(error.value).startswith(f"{path} {words}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("path", ["nowhere.toml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"can't be read: ") as error:
        read_toml(path)
    assert str(error.value).startswith(f"{path} can't")


def columns(text):
    """Return header and rows of a table, cut where two spaces are."""
    return [[word for word in line.split("  ") if word] for line in text.splitlines()]


def numbers(cell):
    return [float(word.replace(",", "")) for word in cell.split("+-")]


def test_the_table_has_a_line_per_learner():
    players = [bk.UCB1(), bk.UCB1(exploration=0.5), bk.SuccessiveElimination(), bk.KLUCB()]
    arms = bk.Bernoulli((0.1, 0.4, 0.6))
    result = bk.simulate(arms, players, horizon=3000, replications=10, seed=0)
    header, *rows = columns(table(result))
    assert [word.strip() for word in header] == [
        "learner", "regret at t = 3,000", "bound", "theorem", "rounds/s",
    ]  # fmt: skip
    assert [row[0] for row in rows] == list(map(repr, players))
    speeds = [10 * 3000 / seconds for seconds in result.seconds]
    for i, row in enumerate(rows):
        mean, error = numbers(row[1])
        assert mean == pytest.approx(result.mean()[i, -1], rel=0.01)
        assert error == pytest.approx(result.stderr()[i, -1], rel=0.1)
        assert float(row[-1]) == pytest.approx(speeds[i], rel=0.1)
    bounds = {row[0]: row[2:4] for row in rows if len(row) == 5}
    lower = bk.bounds.lai_robbins(arms, 3000)
    log = bk.bounds.successive_elimination_log(arms, 3000)
    root = bk.bounds.successive_elimination_root(arms, 3000)
    for name, value, theorem in (
        ("UCB1()", bk.bounds.ucb1_auer(arms, 3000), "Auer et al., Thm 1"),
        ("SuccessiveElimination()", min(log, root), "Thm 1.1" + ("1" if log < root else "0")),
        ("KLUCB()", lower, "Lai & Robbins, C log t, from below in the long run"),
    ):
        cell, words = bounds.pop(name)
        assert numbers(cell) == pytest.approx([value], rel=0.01)
        assert words.strip() == theorem
    assert bounds == {}  # no theorem speaks of UCB1(exploration=0.5)


def test_the_table_shows_a_bound_from_above_before_one_from_below(monkeypatch):
    below = Bound("a floor", lambda t: 1.0, from_above=False)
    above = [Bound("from above", lambda t: 70.0), Bound("higher", lambda t: 80.0)]
    result = bk.simulate(bk.Bernoulli((0.4, 0.6)), [bk.UCB1()], horizon=100, replications=2, seed=0)
    for bounds, theorem, value in (
        ([below, *above], "from above", 70.0),
        ([below], "a floor, from below in the long run", 1.0),
    ):
        monkeypatch.setattr("banditkit.experiment.bounds_of", lambda *words, b=bounds: b)
        _, row = columns(table(result))
        assert row[3].strip() == theorem
        assert numbers(row[2]) == [value]


def test_the_table_of_one_replication_has_no_standard_error():
    result = bk.simulate(bk.Bernoulli((0.4, 0.6)), [bk.UCB1()], horizon=100, replications=1, seed=0)
    assert "+-" not in table(result)
    assert "nan" not in table(result)


def test_the_table_says_of_which_time_it_speaks():
    arms = bk.Bernoulli((0.4, 0.6))
    result = bk.simulate(arms, [bk.UCB1()], horizon=1000, replications=3, seed=0, times=[1, 50])
    header, row = columns(table(result))
    assert "t = 50" in header[1]
    assert numbers(row[1])[0] == pytest.approx(result.mean()[0, 1], rel=0.01)
    assert numbers(row[2]) == pytest.approx([bk.bounds.ucb1_auer(arms, 50)], rel=0.01)


def test_where_there_is_no_regret_the_table_says_0():
    result = bk.simulate(bk.Bernoulli((0.5,)), [bk.Greedy()], horizon=10, replications=3, seed=0)
    assert numbers(columns(table(result))[1][1]) == [0.0, 0.0]
    assert np.isfinite(result.seconds).all()
