import numpy as np
import pytest

from banditkit.core.averages import blank_averages, record
from banditkit.core.draws import argmax, argmin, draw_index
from banditkit.core.jit import jit


@pytest.mark.parametrize("best", [argmax, jit(lambda values: argmax(values))])
def test_the_first_of_equal_best_entries_wins(best):
    assert best(np.array([1.0, 3.0, 3.0, 2.0])) == 1
    assert best(np.array([np.inf, np.inf])) == 0
    assert best(np.array([7.0])) == 0


@pytest.mark.parametrize("worst", [argmin, jit(lambda values: argmin(values))])
def test_the_first_of_equal_least_entries_wins(worst):
    assert worst(np.array([3.0, 1.0, 1.0])) == 1
    assert worst(np.array([-np.inf, -np.inf])) == 0


def test_each_index_is_as_likely():
    rng, n = np.random.default_rng(0), 7
    counts = np.bincount([draw_index(n, rng) for _ in range(70_000)], minlength=n)
    assert counts.size == n
    assert abs(counts - 10_000).max() < 5 * np.sqrt(10_000)


def test_averages_are_sums_over_pulls():
    arms = blank_averages(2)
    assert np.isposinf(arms.means).all()
    for y in (1.0, 0.0, 1.0):
        record(arms, 1, y)
    assert arms.pulls.tolist() == [0.0, 3.0]
    assert arms.means.tolist() == [np.inf, 2.0 / 3.0]
