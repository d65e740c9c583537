"""Grids of times: they increase, stay within the game, and end with it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import banditkit as bk
from banditkit.times import grid_of

PRESETS = pytest.mark.parametrize("preset", [bk.linear_times, bk.log_times])

horizons = st.one_of(st.integers(1, 300), st.integers(1, 10**6), st.integers(1, 2**53))
counts = st.one_of(st.integers(1, 5), st.integers(1, 400))


@PRESETS
@settings(deadline=None, max_examples=100)
@given(horizon=horizons, count=counts)
def test_times_increase_from_a_round_of_the_game_to_its_last(preset, horizon, count):
    times = preset(horizon, count)
    assert times.dtype == np.int64
    assert 1 <= times.size <= count
    assert times[0] >= 1
    assert times[-1] == horizon
    assert (np.diff(times) > 0).all()


@settings(deadline=None, max_examples=100)
@given(horizon=horizons, count=counts)
def test_linear_times_are_as_even_as_whole_numbers_can_be(horizon, count):
    times = bk.linear_times(horizon, count)
    if horizon <= count:
        assert times.tolist() == list(range(1, horizon + 1))
    else:
        assert times.size == count
        even = [i * horizon / count for i in range(1, count + 1)]
        assert np.abs(times - even).max() <= 1 + 1e-12 * horizon


@settings(deadline=None, max_examples=100)
@given(horizon=horizons, count=st.integers(2, 400))
def test_log_times_are_the_nearest_rounds_to_even_steps_of_the_logarithm(horizon, count):
    steps = [math.exp(math.log(horizon) * i / (count - 1)) for i in range(count)]
    times = bk.log_times(horizon, count)
    assert times[0] == 1
    for step in steps:
        distance = np.abs(times - step).min()
        assert distance <= 0.5 + 1e-12 * horizon


@PRESETS
def test_there_are_about_200_times_unless_asked_otherwise(preset):
    assert 150 < preset(10**6).size <= 200
    assert preset(10**6, 7).size == 7


@PRESETS
@pytest.mark.parametrize("horizon", [2**53 + 1, 10**17 + 1, 2**62 + 1, 2**63, 10**25, 1e300])
def test_a_horizon_beyond_the_whole_floats_is_met_exactly_or_refused(preset, horizon):
    try:
        times = preset(horizon)
    except ValueError as refusal:
        times = str(refusal)
    if isinstance(times, str):
        assert times.startswith("horizon ")
    else:
        assert times[0] >= 1
        assert times[-1] == horizon
        assert (np.diff(times) > 0).all()


@PRESETS
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0,), "horizon must be a whole number, 1 or more; got 0"),
        ((2.5,), "horizon must be a whole number, 1 or more; got 2.5"),
        (("100",), "horizon must be a whole number, 1 or more; got '100'"),
        ((100, 0), "count must be a whole number, 1 or more; got 0"),
        ((100, 1.5), "count must be a whole number, 1 or more; got 1.5"),
    ],
)
def test_bad_arguments_are_named(preset, arguments, words):
    with pytest.raises(ValueError, match=words):
        preset(*arguments)


def test_a_horizon_may_be_written_as_a_float():
    assert bk.linear_times(1e3, 4).tolist() == [250, 500, 750, 1000]


@pytest.mark.parametrize("horizon", [1, 100, 10**5])
def test_presets_go_by_name_and_log_is_the_default(horizon):
    assert grid_of("linear", horizon).tolist() == bk.linear_times(horizon).tolist()
    for words in ("log", None):
        assert grid_of(words, horizon).tolist() == bk.log_times(horizon).tolist()


@pytest.mark.parametrize(
    "times", [[1, 5, 100], (1, 5, 100), np.array([1, 5, 100]), [1, 5.0, 1e2], iter([1, 5, 100])]
)
def test_a_list_of_times_is_taken_as_it_is(times):
    grid = grid_of(times, 100)
    assert grid.dtype == np.int64
    assert grid.tolist() == [1, 5, 100]


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ("lin", "times has no preset 'lin'; did you mean linear?"),
        ("hourly", "times has no preset 'hourly'; known are linear, log"),
        ([], "times is empty; give at least one round"),
        ([5, 5], "times must increase; got 5 and then 5"),
        ([1, 7, 3], "times must increase; got 7 and then 3"),
        ([1, 101], "times must not exceed the horizon 100; got 101"),
        ([300, 5], "times must"),
        ([0, 5], "time must be a whole number, 1 or more; got 0"),
        ([1.5], "time must be a whole number, 1 or more; got 1.5"),
        ([math.nan], "time must be a whole number, 1 or more; got nan"),
        (["a"], "time must be a whole number, 1 or more; got 'a'"),
        ([True], "time must be a whole number, 1 or more; got True"),
        (50, "times must be a list of rounds"),
        ([[1, 2], [3, 4]], "time must be a whole number"),
    ],
)
def test_a_grid_that_makes_no_sense_is_named(times, words):
    with pytest.raises(ValueError, match=words.replace("?", r"\?")):
        grid_of(times, 100)


def test_numpys_own_numbers_read_as_numbers_in_a_message():
    with pytest.raises(ValueError, match=r"got 0$"):
        grid_of(np.array([0, 5]), 100)
