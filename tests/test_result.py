"""Result: its numbers are NumPy's, its tables are tidy, and a file gives back what was saved."""

import gc
import html
import json
import math
import pickle
import warnings
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from instances import LEARNERS, PROBLEMS, all_of

import banditkit as bk

ARMS = bk.Bernoulli((0.4, 0.6))


def result_of(regret, problem=ARMS, learners=None, **fields):
    """Return a result with this regret, which nobody has played."""
    regret = np.asarray(regret, dtype=float)
    count, _, m = regret.shape
    learners = learners or tuple(bk.UCB1(exploration=float(i)) for i in range(count))
    words = {
        "problem": problem,
        "learners": learners,
        "names": tuple(map(repr, learners)),
        "horizon": 10 * m,
        "times": np.arange(10, 10 * m + 1, 10),
        "regret": regret,
        "seed": 7,
        "seconds": np.linspace(0.1, 0.3, count),
        "versions": {"python": "3.11.0", "banditkit": "0.1.0"},
    }
    return bk.Result(**words | fields)


def assert_same(loaded, saved):
    """Assert that two results are equal to the last bit."""
    for name in ("times", "regret", "seconds"):
        mine, theirs = getattr(loaded, name), getattr(saved, name)
        assert mine.dtype == theirs.dtype
        assert mine.shape == theirs.shape
        assert mine.tobytes() == theirs.tobytes()
    for name in ("problem", "learners", "names", "horizon", "seed", "versions"):
        assert getattr(loaded, name) == getattr(saved, name)
    assert type(loaded.horizon) is type(loaded.seed) is int
    assert type(loaded.names) is type(loaded.learners) is tuple


def saved_and_loaded(result, folder):
    result.save(folder / "result.npz")
    return bk.load(folder / "result.npz")


REGRET = np.random.default_rng(0).exponential(100.0, (3, 5, 4)).cumsum(axis=2)
RESULT = result_of(REGRET)
PLAYED = bk.simulate(
    ARMS,
    {"bold": bk.UCB1(exploration=0.1), "<b>": bk.UCB1()},
    horizon=100,
    replications=3,
    seed=2**64,
)

regrets = npst.arrays(
    float,
    st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 4)),
    elements=st.floats(0.0, 1e6),
)


@settings(deadline=None, max_examples=50)
@given(regrets)
def test_mean_and_stderr_are_the_textbooks(regret):
    result = result_of(regret)
    count, R, m = regret.shape
    for i in range(count):
        for k in range(m):
            values = regret[i, :, k].tolist()
            mean = math.fsum(values) / R
            assert result.mean()[i, k] == pytest.approx(mean, abs=1e-9)
            if R == 1:
                assert math.isnan(result.stderr()[i, k])
            else:
                squares = math.fsum((value - mean) ** 2 for value in values)
                stderr = math.sqrt(squares / (R - 1)) / math.sqrt(R)
                assert result.stderr()[i, k] == pytest.approx(stderr, rel=1e-7, abs=1e-6)


def test_quantiles_are_numpys():
    levels = (0.0, 0.05, 0.5, 1.0)
    quantiles = RESULT.quantiles(levels)
    assert quantiles.shape == (4, 3, 4)
    assert (quantiles == np.quantile(REGRET, levels, axis=1)).all()
    assert (quantiles[0] == REGRET.min(axis=1)).all()
    assert (quantiles[2] == np.median(REGRET, axis=1)).all()
    assert (quantiles[3] == REGRET.max(axis=1)).all()


def test_the_usual_quantiles_are_5_50_and_95_percent():
    assert (RESULT.quantiles() == np.quantile(REGRET, [0.05, 0.5, 0.95], axis=1)).all()
    assert (RESULT.quantiles(0.5) == RESULT.quantiles([0.5])).all()


@pytest.mark.parametrize("levels", [(-0.1, 0.5), (0.5, 1.1), 5, math.nan])
def test_levels_outside_the_unit_interval_are_named(levels):
    with pytest.raises(ValueError, match=r"quantile levels must lie in \[0, 1\]; got \["):
        RESULT.quantiles(levels)


def test_summary_is_about_the_last_time():
    table = RESULT.summary()
    assert table.index.name == "learner"
    assert tuple(table.index) == RESULT.names
    assert table.columns.tolist() == ["mean", "stderr", "5%", "50%", "95%", "ns/round"]
    low, median, high = np.quantile(REGRET[:, :, -1], [0.05, 0.5, 0.95], axis=1)
    for column, values in {
        "mean": REGRET[:, :, -1].mean(axis=1),
        "stderr": REGRET[:, :, -1].std(axis=1, ddof=1) / math.sqrt(5),
        "5%": low,
        "50%": median,
        "95%": high,
        "ns/round": RESULT.seconds / (5 * 40) * 1e9,
    }.items():
        assert table[column].tolist() == pytest.approx(values.tolist(), rel=1e-4)
    assert table.loc["UCB1(exploration=0.0)", "mean"] == float(f"{REGRET[0, :, -1].mean():.5g}")


def test_where_all_replications_agree_the_summary_shows_no_noise():
    table = result_of(np.full((1, 3, 1), 0.1)).summary()
    assert table["stderr"].tolist() == [0.0]
    assert table["mean"].tolist() == [0.1]


def test_one_replication_has_no_standard_error():
    one = result_of(REGRET[:, :1])
    assert np.isnan(one.stderr()).all()
    assert one.summary()["stderr"].isna().all()
    assert one.curves()["stderr"].isna().all()
    assert "nan" in one._repr_html_().lower()


def test_to_frame_has_a_row_per_learner_replication_and_time():
    frame = RESULT.to_frame()
    assert frame.columns.tolist() == ["learner", "replication", "time", "regret"]
    assert len(frame) == REGRET.size
    cells = frame.set_index(["learner", "replication", "time"])["regret"]
    assert cells.index.is_unique
    for i, name in enumerate(RESULT.names):
        for r in range(5):
            for k, time in enumerate(RESULT.times):
                assert cells[name, r, time] == REGRET[i, r, k]


def test_curves_have_a_row_per_learner_and_time():
    curves = RESULT.curves()
    assert curves.columns.tolist() == ["learner", "time", "mean", "stderr", "5%", "50%", "95%"]
    assert len(curves) == 3 * 4
    groups = RESULT.to_frame().groupby(["learner", "time"])["regret"]
    expected = pd.DataFrame(
        {
            "mean": groups.mean(),
            "stderr": groups.sem(),
            **{f"{p}%": groups.quantile(p / 100) for p in (5, 50, 95)},
        }
    )
    cells = curves.set_index(["learner", "time"])
    pd.testing.assert_frame_equal(cells.sort_index(), expected.sort_index(), rtol=1e-12)


def test_a_notebook_shows_the_summary():
    shown = PLAYED._repr_html_()
    assert shown.count("<table") == 1
    assert "&lt;b&gt;" in shown  # a name is text, not HTML
    assert "<b>" not in shown
    for words in ("2 learners", "horizon 100", "3 replications", html.escape(repr(ARMS))):
        assert words in shown
    for value in PLAYED.summary()["mean"]:
        assert f"{value:.4g}" in shown
    log = bk.EmpiricalArms([[0.0, 1.0]])
    assert html.escape(repr(log)) in result_of(REGRET, log)._repr_html_()


def test_its_words_fit_a_line():
    assert repr(PLAYED) == (
        f"<Result: 2 learners, 3 replications, {PLAYED.times.size} times up to 100, "
        "on Bernoulli((0.4, 0.6))>"
    )


def test_what_was_played_comes_back_as_it_was(tmp_path):
    assert_same(saved_and_loaded(PLAYED, tmp_path), PLAYED)


@settings(deadline=None, max_examples=30)
@given(
    npst.arrays(
        float,
        st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)),
        elements=st.floats(),  # inf and nan, too
    ),
    st.integers(0, 2**200),
)
def test_any_numbers_come_back_to_the_bit(tmp_path_factory, regret, seed):
    result = result_of(regret, seed=seed)
    assert_same(saved_and_loaded(result, tmp_path_factory.getbasetemp()), result)


@pytest.mark.parametrize("problem", all_of(PROBLEMS), ids=repr)
def test_every_problem_comes_back(tmp_path, problem):
    result = result_of(REGRET, problem)
    assert_same(saved_and_loaded(result, tmp_path), result)


def test_every_learner_comes_back(tmp_path):
    learners = (*all_of(LEARNERS), bk.Doubling(bk.Doubling(bk.MOSS(exploration=0.1 + 0.2))))
    result = result_of(np.zeros((len(learners), 2, 1)), learners=learners)
    assert_same(saved_and_loaded(result, tmp_path), result)


def test_options_of_numpys_types_come_back_equal(tmp_path):
    learners = (bk.UCB1(np.float32(0.5), anytime=np.bool_(False)), bk.ExploreFirst(np.int64(3)))
    result = result_of(np.zeros((2, 1, 1)), bk.Gaussian(np.array([0, 1]), np.float64(2)), learners)
    assert_same(saved_and_loaded(result, tmp_path), result)


def test_names_may_be_in_any_language(tmp_path):
    names = ("grün, 'bold'", '红 "\n', "\\")
    result = result_of(REGRET, names=names)
    assert saved_and_loaded(result, tmp_path).names == names


@pytest.mark.parametrize("name", ["result.npz", "result", "a result.of mine"])
@pytest.mark.parametrize("kind", [str, Path])
def test_the_file_has_the_name_it_was_given(tmp_path, name, kind):
    PLAYED.save(kind(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert_same(bk.load(kind(tmp_path / name)), PLAYED)


def test_what_was_loaded_can_be_played_again(tmp_path):
    again = saved_and_loaded(PLAYED, tmp_path)
    players = dict(zip(again.names, again.learners, strict=True))
    options = {"horizon": again.horizon, "replications": 3, "seed": again.seed}
    assert (bk.simulate(again.problem, players, **options).regret == PLAYED.regret).all()


class FirstPolicy(NamedTuple):
    pulls: np.ndarray

    def select(self, t, x, rng):
        return 0

    def update(self, t, x, a, y):
        self.pulls[a] += 1


@dataclass(frozen=True, repr=False)
class Mine(bk.Learner):
    patience: float = 1.0

    def start(self, spec, horizon):
        return FirstPolicy(np.zeros(spec.K))


@dataclass(frozen=True, repr=False)
class UCB1(Mine):
    """A learner of one's own with a name of ours."""


class Coins(bk.Bernoulli):
    """A problem of one's own."""


def test_of_ones_own_classes_the_words_come_back(tmp_path):
    learners = (Mine(patience=2.0), UCB1(), bk.Doubling(Mine()), bk.UCB1())
    result = result_of(np.zeros((4, 2, 1)), Coins((0.4, 0.6)), learners)
    loaded = saved_and_loaded(result, tmp_path)
    words = ["Mine(patience=2.0)", "UCB1()", "Doubling(Mine())", "UCB1()"]
    assert list(map(repr, loaded.learners)) == words
    assert repr(loaded.problem) == "Coins((0.4, 0.6))"
    assert loaded.learners[1] != bk.UCB1()
    assert loaded.learners[3] == bk.UCB1()
    assert not isinstance(loaded.problem, bk.Bernoulli)
    assert_same(saved_and_loaded(loaded, tmp_path), loaded)


def test_who_plays_with_mere_words_is_told_so(tmp_path):
    loaded = saved_and_loaded(result_of(REGRET[:1], Coins((0.4, 0.6)), (Mine(),)), tmp_path)
    with pytest.raises(ValueError, match=r"Mine\(\) is not a class of banditkit; only its words"):
        bk.simulate(ARMS, loaded.learners, horizon=10)
    with pytest.raises(ValueError, match=r"Coins\(.* is not a class of banditkit; only its words"):
        bk.simulate(loaded.problem, [bk.UCB1()], horizon=10)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Return the bytes of a file as it should be."""
    path = tmp_path_factory.mktemp("good") / "result.npz"
    PLAYED.save(path)
    return path.read_bytes()


def load_error(path):
    """Return what `load` says of a file that it refuses."""
    with pytest.raises(ValueError) as error:  # noqa: PT011
        bk.load(path)
    said = str(error.value)
    assert "\n" not in said
    assert "unsafe" not in said  # NumPy's advice about pickles is not for students
    return said


def test_a_missing_file_is_named(tmp_path):
    assert load_error(tmp_path / "none.npz") == f"there is no file {tmp_path / 'none.npz'}"


def test_a_folder_is_named(tmp_path):
    assert load_error(tmp_path) == f"{tmp_path} can't be read: Is a directory"


@pytest.mark.parametrize("path", [3, None, "a\0b"])
def test_what_is_no_path_is_a_value_error(path):
    load_error(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"PK\x03\x04",
        b"learner,time,mean\nUCB1(),1,0.5\n",
        b"\x93NUMPY",
        pickle.dumps({"regret": [1.0]}),
        bytes(range(256)) * 20,
    ],
    ids=lambda data: repr(data[:8]),
)
def test_a_file_of_another_kind_is_named(tmp_path, data):
    path = tmp_path / "other.npz"
    path.write_bytes(data)
    said = load_error(path)
    assert said.startswith(f"{path} is not a result of banditkit, or damaged")
    assert said.endswith("save it anew with Result.save")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"text"])
def test_a_file_that_is_refused_is_closed(tmp_path, data):
    path = tmp_path / "other.npz"
    path.write_bytes(data)
    with warnings.catch_warnings(record=True) as left_open:
        warnings.simplefilter("always", ResourceWarning)
        load_error(path)
        gc.collect()
    assert left_open == []


def test_arrays_of_somebody_else_are_named(tmp_path):
    np.save(tmp_path / "one.npy", np.arange(3))
    np.savez(tmp_path / "some.npz", a=np.arange(3))
    for path in tmp_path.iterdir():
        assert load_error(path).startswith(f"{path} is not a result of banditkit")


class Canary:
    """Unpickled, it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["words", "times", "regret", "seconds"])
def test_a_pickle_inside_is_not_opened(tmp_path, name):
    arrays = {"times": PLAYED.times, "regret": PLAYED.regret, "seconds": PLAYED.seconds}
    canary = np.array([Canary(tmp_path / "canary")], dtype=object)
    np.savez(tmp_path / "result.npz", **{"words": np.array("{}"), **arrays, name: canary})
    assert "result.npz is not a result of banditkit" in load_error(tmp_path / "result.npz")
    assert not (tmp_path / "canary").exists()


def without(name):
    return lambda words: {key: value for key, value in words.items() if key != name}


@pytest.mark.parametrize(
    "change",
    [
        lambda words: [words],
        lambda words: {},
        without("format"),
        without("seed"),
        lambda words: words | {"format": "banditkit result 99"},
        lambda words: words | {"names": ["one"]},
        lambda words: words | {"learners": []},
        lambda words: words | {"problem": {"class": "Roulette"}},
        lambda words: words | {"problem": {"class": "UCB1"}},
        lambda words: words | {"problem": {"class": "Bernoulli", "means": [1.5]}},
        lambda words: words | {"problem": {"class": "Bernoulli", "bias": [0.5]}},
        lambda words: words | {"problem": [0.4, 0.6]},
        lambda words: words | {"learners": ["UCB1()", "UCB1()"]},
    ],
)
def test_words_that_make_no_result_are_refused(tmp_path, good, change):
    path = tmp_path / "result.npz"
    path.write_bytes(good)
    with np.load(path) as archive:
        arrays = dict(archive)
    words = change(json.loads(str(arrays.pop("words"))))
    np.savez(path, words=np.array(json.dumps(words)), **arrays)
    assert load_error(path).startswith(f"{path} is not a result of banditkit, or damaged (")


@pytest.mark.parametrize(
    "changes",
    [
        {"regret": PLAYED.regret[:1]},
        {"regret": PLAYED.regret[:, :, :-1]},
        {"regret": PLAYED.regret[0]},
        {"regret": np.float64(3.0)},
        {"times": PLAYED.times[:-1]},
        {"seconds": PLAYED.seconds[:-1]},
    ],
    ids=["a learner less", "a time less", "two axes", "no axis", "times", "seconds"],
)
def test_arrays_that_do_not_fit_together_are_refused(tmp_path, changes):
    path = tmp_path / "result.npz"
    replace(PLAYED, **changes).save(path)
    assert load_error(path).startswith(f"{path} is not a result of banditkit, or damaged (")


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_file_that_ends_early_is_refused(tmp_path_factory, good, data):
    path = tmp_path_factory.getbasetemp() / "short.npz"
    path.write_bytes(good[: data.draw(st.integers(0, len(good) - 1))])
    assert load_error(path).startswith(f"{path} is not a result of banditkit, or damaged")


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_a_flipped_bit_is_noticed_or_does_no_harm(tmp_path_factory, good, data):
    damaged = bytearray(good)
    damaged[data.draw(st.integers(0, len(good) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    path.write_bytes(damaged)
    try:
        loaded = bk.load(path)
    except ValueError as refusal:
        loaded = str(refusal)
    if isinstance(loaded, str):
        assert str(path) in loaded
    else:
        assert_same(loaded, PLAYED)


@pytest.mark.parametrize(
    "error",
    [
        zlib.error("Error -3 while decompressing data: invalid block type"),
        NotImplementedError("That compression method is not supported"),
        RuntimeError("File 'words.npy' is encrypted, password required for extraction"),
    ],
    ids=["zlib", "compression", "encryption"],
)
def test_whatever_is_wrong_with_the_archive_the_file_is_named(tmp_path, monkeypatch, good, error):
    def fail(*arguments, **options):
        raise error

    path = tmp_path / "result.npz"
    path.write_bytes(good)
    monkeypatch.setattr("zipfile.ZipExtFile.read", fail)
    assert load_error(path).startswith(f"{path} is not a result of banditkit, or damaged")


@pytest.mark.parametrize("error", [RuntimeError("in the middle"), KeyboardInterrupt()])
def test_saving_over_a_result_is_whole_or_not_at_all(tmp_path, monkeypatch, good, error):
    def fail(file, **arrays):
        file.write(b"PK\x03\x04")
        raise error

    path = tmp_path / "result.npz"
    path.write_bytes(good)
    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(type(error)):
        RESULT.save(path)
    assert path.read_bytes() == good
    assert list(tmp_path.iterdir()) == [path]


def test_saving_over_a_result_replaces_it(tmp_path, good):
    path = tmp_path / "result.npz"
    path.write_bytes(good)
    RESULT.save(path)
    assert_same(bk.load(path), RESULT)
    assert list(tmp_path.iterdir()) == [path]


def test_where_nothing_can_be_saved_the_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"can't write .*nowhere/result\.npz: No such file"):
        PLAYED.save(tmp_path / "nowhere" / "result.npz")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match=r"can't write .*folder: Is a directory"):
        PLAYED.save(tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_wrapper_around_a_tape_of_ones_own_comes_back_as_words(tmp_path):
    class Mine(bk.CostTape):
        @property
        def spec(self):
            return bk.Arms(2, costs=True)

        def tape(self, horizon, rng):
            return bk.IIDCosts((0.4, 0.6)).tape(horizon, rng)

    problem = bk.DynamicRegret(Mine())
    result = bk.simulate(problem, [bk.Exp3()], horizon=50, replications=2, seed=0)
    result.save(tmp_path / "result.npz")
    again = bk.load(tmp_path / "result.npz")
    assert repr(again.problem) == "DynamicRegret(Mine())"
    assert np.array_equal(again.regret, result.regret)
    assert bk.RegretDisplay.from_result(again).plot().lines_


def test_a_table_is_saved_beside_the_words(tmp_path):
    losses = np.random.default_rng(0).random((300, 4))
    problem = bk.ExpectedRegret(bk.LossTable(losses, feedback="full"))
    result = bk.simulate(problem, [bk.Hedge()], horizon=300, replications=1, seed=0)
    result.save(tmp_path / "result.npz")
    assert bk.load(tmp_path / "result.npz").problem == problem
