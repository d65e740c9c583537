"""Schedules: closed forms, the clocks that they count by, and what they refuse."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import banditkit as bk
from banditkit.core.verbs import complete
from banditkit.learners.schedules import course_of, scheduled


def values(schedule, counts):
    """Return the schedule's values after so many rounds, episodes or visits."""
    course, clock = course_of(schedule), ("round", "episode", "visit").index(schedule.per)
    return [course.value_at(*(n if k == clock else -1 for k in range(3))) for n in counts]


def test_exponential_decay_is_a_power():
    decay = bk.ExponentialDecay(0.8, 0.9, 0.1)
    expected = [max(0.1, 0.8 * 0.9**n) for n in range(40)]
    assert values(decay, range(40)) == pytest.approx(expected, abs=1e-15)
    assert values(bk.ExponentialDecay(0.8, 1.0), [0, 10**9]) == [0.8, 0.8]
    assert values(bk.ExponentialDecay(0.8, 0.5), [10**6]) == [0.0]


def test_harmonic_decay_halves_at_its_pace_and_begins_as_one_over_n():
    assert values(bk.HarmonicDecay(), range(5)) == [1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5]
    assert values(bk.HarmonicDecay(0.6, 7.0), [0, 7, 21]) == pytest.approx([0.6, 0.3, 0.15])
    assert values(bk.HarmonicDecay(0.6, 7.0, 0.2), [13, 14, 15]) == pytest.approx([0.21, 0.2, 0.2])


def test_linear_decay_arrives_and_stays():
    assert values(bk.LinearDecay(1.0, 0.5, over=4), range(6)) == [1, 0.875, 0.75, 0.625, 0.5, 0.5]
    rising = bk.LinearDecay(0.0, 2.0, over=8, per="round")
    assert values(rising, [0, 4, 8, 10**9]) == [0.0, 1.0, 2.0, 2.0]


def test_a_number_stays_where_it_is():
    course = course_of(0.3)
    assert [course.value_at(*counts) for counts in ((0, 0, 0), (10**9, 5, 7))] == [0.3, 0.3]


KINDS = {
    "exponential": lambda first, last, per: bk.ExponentialDecay(first, 0.97, last, per),
    "harmonic": lambda first, last, per: bk.HarmonicDecay(first, 3.5, last, per),
    "linear": lambda first, last, per: bk.LinearDecay(first, last, 37.5, per),
}


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    per=st.sampled_from(["round", "episode", "visit"]),
    ends=st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)),
)
def test_it_falls_from_first_to_last_and_never_leaves_their_range(kind, per, ends):
    last, first = sorted(ends)
    course = values(KINDS[kind](first, last, per), [*range(300), 10**12])
    assert course[0] == pytest.approx(first, rel=1e-15)
    assert course[-1] == pytest.approx(last, abs=1e-10)
    assert all(b <= a + 1e-15 for a, b in pairwise(course))
    assert min(course) >= last - 1e-15


@pytest.mark.parametrize(
    ("kind", "per"),
    [
        (bk.ExponentialDecay(0.5, 0.9), "episode"),
        (bk.HarmonicDecay(), "visit"),
        (bk.LinearDecay(0.5, 0.0, 9), "episode"),
    ],
    ids=["exponential", "harmonic", "linear"],
)
def test_what_is_counted_unless_one_says_so(kind, per):
    assert kind.per == per


# In a learner: one state and one action, rewards of 1 and then 0 for ever tell the rate of a step.


def rates(per, rounds, limit):
    """Return the rates with which Q-learning learns that 1 is 0, in episodes of `limit` steps."""
    learner = bk.QLearning(rate=bk.LinearDecay(0.5, 0.1, over=4, per=per), initial=1.0)
    problem = bk.MDP(np.ones((1, 1, 1)), [[0.0]], 0.0, limit=limit)
    rng = np.random.default_rng(0)
    env, policy = complete(problem.start(rounds, rng)), learner.start(problem.spec, rounds)
    found = []
    for t in range(rounds):
        before = policy.actor.Q[0, 0]
        x = env.observe(t, rng)
        policy.update(t, x, policy.select(t, x, rng), env.respond(t, x, 0, rng))
        found.append(1.0 - policy.actor.Q[0, 0] / before)
    return found


def test_rounds_episodes_and_visits_are_counted_from_0():
    falling = [0.5, 0.4, 0.3, 0.2, 0.1, 0.1]
    assert rates("round", 6, limit=2) == pytest.approx(falling)
    assert rates("visit", 6, limit=2) == pytest.approx(falling)
    assert rates("episode", 6, limit=2) == pytest.approx([0.5, 0.5, 0.4, 0.4, 0.3, 0.3])
    assert rates("episode", 6, limit=1) == pytest.approx(falling)


def test_visits_are_those_of_each_pair():
    """Two states in turn, each of which keeps its own count."""
    P = np.array([[[0.0, 1.0]], [[1.0, 0.0]]])
    problem = bk.MDP(P, [[0.0], [0.0]], 0.0)
    rng = np.random.default_rng(0)
    learner = bk.QLearning(rate=bk.LinearDecay(0.5, 0.1, over=4, per="visit"), initial=1.0)
    env, policy = complete(problem.start(9, rng)), learner.start(problem.spec, 9)
    for t in range(5):
        x = env.observe(t, rng)
        policy.update(t, x, policy.select(t, x, rng), env.respond(t, x, 0, rng))
    assert policy.visits.ravel().tolist() == [3, 2]
    assert policy.actor.Q.ravel() == pytest.approx([0.5 * 0.6 * 0.7, 0.5 * 0.6])


def test_it_shows_as_it_is_written():
    for schedule in (
        bk.ExponentialDecay(0.5, 0.9, last=0.1, per="round"),
        bk.HarmonicDecay(pace=3.0),
        bk.LinearDecay(1.0, 0.0, 20.0, per="visit"),
    ):
        same = eval(repr(schedule), {type(schedule).__name__: type(schedule)})
        assert same == schedule
        assert hash(same) == hash(schedule)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bk.ExponentialDecay(-0.1, 0.9), "^first must be 0 or more; got -0.1"),
        (lambda: bk.ExponentialDecay(math.nan, 0.9), "^first must be finite; got nan"),
        (lambda: bk.ExponentialDecay(0.5, 0.0), "^factor must lie in"),
        (lambda: bk.ExponentialDecay(0.5, 1.1), "^factor must lie in .*; got 1.1"),
        (lambda: bk.ExponentialDecay(0.5, 0.9, 0.6), r"^last must lie in \[0, 0.5\]; got 0.6"),
        (lambda: bk.ExponentialDecay(0.5, 0.9, -0.1), "^last must lie in"),
        (lambda: bk.ExponentialDecay(0.5, 0.9, per="day"), "^per must be one of .* got 'day'"),
        (lambda: bk.HarmonicDecay(-1.0), "^first must be 0 or more; got -1"),
        (lambda: bk.HarmonicDecay(math.inf), "^first must be finite; got inf"),
        (lambda: bk.HarmonicDecay(pace=0.0), "^pace must be 1e-09 or more; got 0"),
        (lambda: bk.HarmonicDecay(pace="slow"), "^pace must be a number; got 'slow'"),
        (lambda: bk.HarmonicDecay(0.5, last=0.6), "^last must lie in"),
        (lambda: bk.HarmonicDecay(per="visits"), "got 'visits'; did you mean visit?"),
        (lambda: bk.LinearDecay(-1.0, 0.0, 9), "^first must be 0 or more; got -1"),
        (lambda: bk.LinearDecay(1.0, -0.5, 9), "^last must be 0 or more; got -0.5"),
        (lambda: bk.LinearDecay(1.0, 0.0, 0.5), "^over must be 1 or more; got 0.5"),
        (lambda: bk.LinearDecay(1.0, 0.0, None), "^over must be a number; got None"),
        (lambda: bk.LinearDecay(1.0, 0.0, 9, per=2), "^per must be one of .*; got 2"),
        (lambda: scheduled("rate", bk.LinearDecay(0, 3, 9), high=1.0), "^the largest rate"),
        (lambda: scheduled("rate", bk.HarmonicDecay()), "^rate belongs to no pair"),
        (lambda: scheduled("rate", bk.HarmonicDecay), "^rate must be a number; got <class"),
    ],
)
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
