"""The open field: a plain walk beside it, exact values on its places, and what is known of it."""

import math
from collections import deque
from typing import NamedTuple

import numpy as np
import pytest
from instances import generators

import banditkit as bk
from banditkit.core.play import blank_scorecard, play_interpreted, player_of
from banditkit.core.verbs import complete

FIELDS = [
    bk.OpenField(),
    bk.OpenField("good", slip=0.4, limit=9),
    bk.OpenField("good", mended=True, slip=0.0),
    bk.OpenField("none", slip=1.0, limit=3),
]
UP, RIGHT, DOWN, LEFT = range(4)


def plain_walk(field, x, y, a):
    """Walk as the released code does; return the place, whether it is the goal, and the advice."""
    dx, dy = {UP: (0, 1), RIGHT: (1, 0), DOWN: (0, -1), LEFT: (-1, 0)}[a]
    advice = 0.0
    for _ in range(4):
        to_x, to_y = x + 0.045 * dx, y + 0.045 * dy
        if to_x < 0 or to_x > 1 or to_y < 0 or to_y > 1:
            return x, y, False, advice
        x, y = to_x, to_y
        if 0.75 <= x <= 0.99 and 0.75 <= y <= 0.99:
            return x, y, True, 0.0
        if field.heuristic == "bad" and 0.4 <= x <= 0.6 and 0.4 <= y <= 0.6:
            advice += 50.0
        if field.heuristic == "good" and not field.mended:
            advice -= (x - 0.87) ** 2 + 0.0144
        if field.heuristic == "good" and field.mended:
            advice -= (x - 0.87) ** 2 + (y - 0.87) ** 2
    return x, y, False, advice


class WalkerPolicy(NamedTuple):
    """Walk by a rule; write down every step, and sum up every episode."""

    rule: int  # 0 at random, 1 up and then right, 2 stay in the middle
    steps: np.ndarray  # (n, 6) x, y, reward, advice, terminal, truncated
    sums: np.ndarray  # (episodes, 3) reward, advice, arrived
    over: np.ndarray  # (1,) int64, episodes that are over

    def select(self, t, x, rng):
        if self.rule == 0:
            return int(4 * rng.random())
        if self.rule == 1:
            return 0 if x[1] < 0.75 else 1
        across, along = 0.5 - x[0], 0.5 - x[1]
        if abs(across) > abs(along) + 1e-6:  # of equal ones one is larger by rounding
            return 1 if across > 0 else 3
        return 0 if along > 0 else 2

    def update(self, t, x, a, y):
        if t < self.steps.shape[0]:
            self.steps[t, 0], self.steps[t, 1] = y.state[0], y.state[1]
            self.steps[t, 2], self.steps[t, 3] = y.reward, y.auxiliary
            self.steps[t, 4], self.steps[t, 5] = y.terminal, y.truncated
        k = self.over[0]
        self.sums[k, 0] += y.reward
        self.sums[k, 1] += y.auxiliary
        self.sums[k, 2] += y.terminal
        self.over[0] += y.terminal or y.truncated

    def done(self):
        return self.over[0] == self.sums.shape[0]


def walked(field, rule, *, episodes=10**4, steps=0, seed=0, loop=None):
    """Return what a walker wrote down, and the regret."""
    horizon = steps or episodes * field.limit + 1
    policy = WalkerPolicy(
        rule, np.zeros((steps, 6)), np.zeros((episodes, 3)), np.zeros(1, np.int64)
    )
    env_rng, policy_rng = generators(seed)
    env = complete(field.start(horizon, env_rng))
    card = blank_scorecard(np.array([horizon]))
    play = loop or player_of(env, complete(policy))
    play(env, policy, card, horizon, env_rng, policy_rng)
    return policy, card.total[0]


def stepped(field, *actions):
    """Return the answers to some actions."""
    rng = np.random.default_rng(0)
    env = complete(field.start(len(actions), rng))
    return [env.respond(t, env.observe(t, rng), a, rng) for t, a in enumerate(actions)]


# Steps


@pytest.mark.parametrize("field", FIELDS, ids=repr)
def test_every_step_is_that_of_the_plain_walk_to_the_bit(field):
    n = 3000
    compiled, regret = walked(field, 0, steps=n)
    python, regret_of_python = walked(field, 0, steps=n, loop=play_interpreted)
    assert (compiled.steps == python.steps).all()
    assert regret == regret_of_python
    env_rng, policy_rng = generators(0)
    x = y = 0.125
    age = 0
    for t in range(n):
        a = int(4 * policy_rng.random())
        if env_rng.random() < field.slip:
            a = int(4 * env_rng.random())
        x, y, arrived, advice = plain_walk(field, x, y, a)
        age += 1
        cut = age == field.limit and not arrived
        reward = pytest.approx(99.9 if arrived else -0.1, abs=1e-14)
        assert compiled.steps[t].tolist() == [x, y, reward, pytest.approx(advice), arrived, cut]
        if arrived or cut:
            x = y = 0.125
            age = 0
    assert field.slip == 0.0 or compiled.sums[:, 2].sum() > 0 or field.limit < 8


def test_the_way_to_the_goal_has_eight_steps_and_ends_there():
    way = [UP] * 4 + [RIGHT] * 4
    answers = stepped(bk.OpenField("none", slip=0, limit=8), *way, UP)
    assert [y.terminal for y in answers] == [False] * 7 + [True, False]
    assert not any(y.truncated for y in answers)  # an end on the last step is no cut
    assert sum(y.reward for y in answers[:8]) == pytest.approx(99.2)
    assert answers[7].state.tolist() == pytest.approx([0.755, 0.845])  # it stops at the edge
    assert answers[8].state.tolist() == pytest.approx([0.125, 0.305])  # and begins anew
    answers = stepped(bk.OpenField("none", slip=0, limit=7), *way[:7], UP)
    assert [y.truncated for y in answers] == [False] * 6 + [True, False]
    assert not any(y.terminal for y in answers)
    assert answers[7].state.tolist() == pytest.approx([0.125, 0.305])


def test_the_border_stops_a_step():
    (first, second) = stepped(bk.OpenField("good", slip=0), LEFT, LEFT)
    assert first.state.tolist() == pytest.approx([0.035, 0.125])  # two strides
    assert first.auxiliary == pytest.approx(-(0.79**2) - 0.835**2 - 2 * 0.0144)
    assert second.state.tolist() == first.state.tolist()
    assert second.auxiliary == 0.0


# Advice


def test_bad_advice_pays_for_each_stride_in_the_middle():
    paid = [y.auxiliary for y in stepped(bk.OpenField(slip=0), *[UP] * 2, *[RIGHT] * 3)]
    # x is 0.305, 0.485 after the first steps to the right, and y is 0.485
    assert paid == [0.0, 0.0, 0.0, 100.0, 100.0]


def test_good_advice_as_released_looks_at_x_alone_and_as_intended_at_both():
    released, intended = (
        [y.auxiliary for y in stepped(bk.OpenField("good", mended=each, slip=0), UP, UP, RIGHT)]
        for each in (False, True)
    )
    assert released[0] == released[1] == pytest.approx(-4 * (0.745**2 + 0.0144))
    assert intended[0] < intended[1] < 0.0
    strides = [0.125 + 0.045 * k for k in range(1, 5)]
    assert intended[0] == pytest.approx(-sum(0.745**2 + (y - 0.87) ** 2 for y in strides))
    assert intended[2] == pytest.approx(-sum((x - 0.87) ** 2 + 0.385**2 for x in strides))


def test_nobody_pays_for_arriving():
    for field in (bk.OpenField("good", slip=0), bk.OpenField("good", mended=True, slip=0)):
        *_, last = stepped(field, *[UP] * 4, *[RIGHT] * 4)
        assert last.terminal
        assert last.auxiliary == 0.0


# Known values


def exact(field, rule):
    """Return the mean return, advice and share of arrivals of an episode, by dynamic programming.

    Over the places that the plain walk reaches, and with the limit.
    """
    places, chances = {}, {}
    queue = deque([(0.125, 0.125)])
    while queue:
        x, y = queue.popleft()
        here = round(x, 6), round(y, 6)
        if here in places:
            continue
        places[here] = [plain_walk(field, x, y, a) for a in range(4)]
        if rule == 0:
            p = np.full(4, 0.25)
        else:
            policy = WalkerPolicy(rule, None, None, None)
            p = np.eye(4)[policy.select(0, (x, y), None)]
        chances[here] = (1 - field.slip) * p + field.slip / 4
        queue.extend(to[:2] for to in places[here] if not to[2])
    value = dict.fromkeys(places, np.zeros(3))
    for _ in range(field.limit):
        value = {
            here: sum(
                p
                * (
                    np.array([99.9, 0.0, 1.0])
                    if arrived
                    else [-0.1, advice, 0.0] + value[round(x, 6), round(y, 6)]
                )
                for p, (x, y, arrived, advice) in zip(chances[here], moves, strict=True)
            )
            for here, moves in places.items()
        }
    return value[0.125, 0.125]


@pytest.mark.parametrize("rule", [0, 1, 2])
@pytest.mark.parametrize("field", [bk.OpenField(), bk.OpenField("good")], ids=repr)
def test_a_rule_earns_what_dynamic_programming_says(field, rule):
    n = 10**4
    policy, _ = walked(field, rule, episodes=n)
    errors = policy.sums.std(axis=0) / math.sqrt(n)
    assert (np.abs(policy.sums.mean(axis=0) - exact(field, rule)) <= 5 * errors + 1e-9).all()


def test_the_values_of_the_map_of_shaping():
    """Simulated there, with 20,000 episodes: a standard error of 0.35 for the uniform policy."""
    reward, _, arrived = exact(bk.OpenField(), 0)
    assert reward == pytest.approx(33.2, abs=4 * 0.35)
    assert arrived == pytest.approx(0.376, abs=4 * 0.0034)
    reward, _, arrived = exact(bk.OpenField(), 1)
    assert reward == pytest.approx(99.12, abs=0.01)
    assert arrived == pytest.approx(1.0, abs=1e-9)
    reward, advice, _ = exact(bk.OpenField(), 2)
    assert reward == pytest.approx(-4.85, abs=0.1)  # another loiterer than theirs
    assert advice > 36 * 99.12  # the naive sum likes it more than the best way


# Regret


@pytest.mark.parametrize("field", FIELDS[:3], ids=repr)
def test_gaps_are_those_of_the_plain_walk(field):
    """By value iteration on places that are found by walking."""
    value, places = {}, {}
    queue = deque([(0.125, 0.125)])
    while queue:
        x, y = queue.popleft()
        if (round(x, 6), round(y, 6)) not in places:
            places[round(x, 6), round(y, 6)] = x, y
            value[round(x, 6), round(y, 6)] = 0.0
            moves = [plain_walk(field, x, y, a) for a in range(4)]
            queue.extend(to[:2] for to in moves if not to[2])
    ways = {here: [plain_walk(field, *places[here], a)[:3] for a in range(4)] for here in places}

    def values_of(here):
        each = np.array(
            [
                99.9 if arrived else -0.1 + field.gamma * value[round(x, 6), round(y, 6)]
                for x, y, arrived in ways[here]
            ]
        )
        return (1 - field.slip) * each + field.slip * each.mean()

    for _ in range(400):
        value = {here: values_of(here).max() for here in places}
    env = complete(field.start(1, np.random.default_rng(0)))
    for here, point in places.items():
        gaps = [env.gap(0, np.array(point), a) for a in range(4)]
        assert gaps == pytest.approx(values_of(here).max() - values_of(here), abs=1e-6)
    assert len(places) == 264


def test_regret_of_an_episode_is_what_the_value_falls_short():
    field = bk.OpenField(gamma=0.9)
    uniform = np.full((484, 4), 0.25)
    missed = field.solution.V - bk.planning.evaluate(field, uniform)
    gaps = field.solution.V[:, None] - field.solution.Q
    for s in (0, 22 * 2 + 2, 22 * 13 + 7):
        assert missed[s] == pytest.approx((bk.planning.occupancy(field, uniform, s) * gaps).sum())
    _, regret = walked(bk.OpenField(slip=0), 1, episodes=10)
    assert regret == pytest.approx(0.0, abs=1e-9)  # up and then right is best


def test_nobody_leaves_the_places():
    policy, _ = walked(bk.OpenField(slip=0.5, limit=500), 0, steps=10**5)
    strides = (policy.steps[:, :2] - 0.035) / 0.045
    assert np.abs(strides - strides.round()).max() < 1e-9
    assert strides.round().min() == 0
    assert strides.round().max() == 21


# Bad input


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bk.OpenField("god"), "heuristic must be one of none, bad, good; got 'god'"),
        (lambda: bk.OpenField(3), "heuristic must be one of"),
        (lambda: bk.OpenField(mended=1), "mended must be True or False"),
        (lambda: bk.OpenField(gamma=1.5), "gamma must lie in"),
        (lambda: bk.OpenField(slip=-0.1), "slip must lie in"),
        (lambda: bk.OpenField(limit=0), "limit must be a whole number, 1 or more"),
        (lambda: bk.simulate(bk.OpenField(), [bk.QLearning()], horizon=9), "numbered states"),
    ],
)
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("action", [-1, 4])
def test_an_action_that_does_not_exist_is_named(action):
    env = complete(bk.OpenField().start(1, np.random.default_rng(0)))
    with pytest.raises(ValueError, match=rf"\(0, {action}, 4\)"):
        env.gap(0, np.array([0.125, 0.125]), action)
