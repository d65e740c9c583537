"""The loop, with players that write down what happens."""

from typing import NamedTuple

import numpy as np
import pytest

from banditkit.core.play import (
    Scorecard,
    blank_scorecard,
    logs_of,
    play_interpreted,
    player_of,
)
from banditkit.core.verbs import complete


class Diary(NamedTuple):
    """Is at once a world and a learner, and notes every call: (verb, t, a)."""

    notes: np.ndarray  # (n, 3)
    size: np.ndarray  # (1,)
    patience: int  # done after this many rounds

    def done(self):
        return self.size[0] >= 5 * self.patience

    def observe(self, t, rng):
        self.notes[self.size[0], 0] = 1
        self.notes[self.size[0], 1] = t
        self.size[0] += 1
        return t + 0.5

    def select(self, t, x, rng):
        self.notes[self.size[0], 0] = 2
        self.notes[self.size[0], 1] = x
        self.size[0] += 1
        return t + 10

    def gap(self, t, x, a):
        self.notes[self.size[0], 0] = 3
        self.notes[self.size[0], 1] = a
        self.size[0] += 1
        return t + 1.0

    def respond(self, t, x, a, rng):
        self.notes[self.size[0], 0] = 4
        self.notes[self.size[0], 1] = a
        self.size[0] += 1
        return 100.0 + t

    def update(self, t, x, a, y):
        self.notes[self.size[0], 0] = 5
        self.notes[self.size[0], 1] = y
        self.size[0] += 1


def diary(patience=1000):
    return complete(Diary(np.zeros((5000, 3)), np.zeros(1, dtype=np.int64), patience))


@pytest.fixture(params=["compiled", "interpreted"])
def loop(request):
    player = diary()
    return play_interpreted if request.param == "interpreted" else player_of(player, player)


def rngs():
    return np.random.default_rng(0), np.random.default_rng(1)


def test_a_round_is_observe_select_gap_respond_update(loop):
    player = diary()
    loop(player, player, blank_scorecard(np.array([2])), 2, *rngs())
    assert player.notes[:10, :2].tolist() == [
        [1, 0], [2, 0.5], [3, 10], [4, 10], [5, 100],
        [1, 1], [2, 1.5], [3, 11], [4, 11], [5, 101],
    ]  # fmt: skip


def test_regret_is_the_sum_of_the_gaps_at_the_times_of_the_grid(loop):
    player, card = diary(), blank_scorecard(np.array([1, 3, 10]))
    assert not loop(player, player, card, 10, *rngs())
    assert card.regret.tolist() == [1.0, 1.0 + 2.0 + 3.0, 55.0]
    assert (card.total[0], card.played[0]) == (55.0, 10)


@pytest.mark.parametrize("cuts", [[1, 2, 3, 10], [4, 10], [0, 10], [3, 3, 10]])
def test_a_game_may_be_cut_into_calls_anywhere(loop, cuts):
    player, card = diary(), blank_scorecard(np.array([1, 3, 10]))
    for until in cuts:
        loop(player, player, card, until, *rngs())
    assert card.regret.tolist() == [1.0, 6.0, 55.0]


def test_who_is_done_ends_the_game_and_regret_stays(loop):
    player, card = diary(patience=4), blank_scorecard(np.array([2, 4, 6, 10]))
    assert loop(player, player, card, 10, *rngs())
    assert card.played[0] == 4
    assert card.regret.tolist() == [3.0, 10.0, 10.0, 10.0]


def test_the_scorecard_begins_blank():
    card = blank_scorecard(np.array([5, 9]))
    assert isinstance(card, Scorecard)
    assert (card.regret.tolist(), card.total[0], card.played[0]) == ([0.0, 0.0], 0.0, 0)


class Noted(NamedTuple):
    """A world, and a learner, that writes down the last round."""

    last: np.ndarray  # (2,) round, and minus the round
    patience: int

    def done(self):
        return self.last[0] >= self.patience

    def select(self, t, x, rng):
        return 0

    def gap(self, t, x, a):
        return 0.0

    def respond(self, t, x, a, rng):
        self.last[0] = t + 1.0
        self.last[1] = -t - 1.0
        return 0.0

    def update(self, t, x, a, y):
        pass

    def note(self, row):
        row[0], row[1], row[2] = self.last[0], self.last[0], self.last[1]

    def noted(self):
        return {"round": (), "pair": (2,)}


@pytest.mark.parametrize("interpreted", [True, False])
@pytest.mark.parametrize("cuts", [[10], [1, 2, 3, 10], [4, 10]])
def test_notes_are_taken_at_the_times_of_the_grid_and_after_the_end_as_it_was(interpreted, cuts):
    env, policy = (complete(Noted(np.zeros(2), patience)) for patience in (4, 100))
    card = blank_scorecard(np.array([1, 3, 6, 10]), env)
    loop = play_interpreted if interpreted else player_of(env, policy)
    for until in cuts:
        loop(env, policy, card, until, *rngs())
    logs = logs_of(env, card.env_notes)
    assert logs["round"].tolist() == [1.0, 3.0, 4.0, 4.0]
    assert logs["pair"].tolist() == [[1, -1], [3, -3], [4, -4], [4, -4]]
    assert card.policy_notes.shape == (4, 0)  # nobody asked for room
