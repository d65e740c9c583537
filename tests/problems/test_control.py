"""The car and the pole: Gymnasium's transitions, known rules of thumb, and regret by hand."""

import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from instances import CONTROL, all_of, generators, plays, regret_of

import banditkit as bk
from banditkit.core.play import blank_scorecard, play_interpreted, player_of
from banditkit.core.verbs import complete

GYMNASIUM = {"MountainCar": "MountainCar-v0", "CartPole": "CartPole-v1"}
STATES = {  # what to draw states from: the middle, beyond the ends, and at the wall
    "MountainCar": ([-1.2, -0.07], [0.6, 0.07]),
    "CartPole": ([-2.5, -3.0, -0.25, -3.0], [2.5, 3.0, 0.25, 3.0]),
}


class BangBangPolicy(NamedTuple):
    """Push the way the car moves."""

    unused: np.ndarray

    def select(self, t, x, rng):
        return 2 if x[1] >= 0 else 0

    def update(self, t, x, a, y):
        pass


class PDPolicy(NamedTuple):
    """Push the way that the pole leans, and the more the faster it falls."""

    P: float
    D: float
    before: np.ndarray  # (1,) the angle a step ago; nan: an episode begins

    def select(self, t, x, rng):
        fall = 0.0 if math.isnan(self.before[0]) else x[2] - self.before[0]
        self.before[0] = x[2]
        u = self.P * x[2] + self.D * fall
        return 1 if 1 / (1 + math.exp(-u)) > 0.5 else 0

    def update(self, t, x, a, y):
        if y.terminal or y.truncated:
            self.before[0] = math.nan


class CountingPolicy(NamedTuple):
    """The policy, for some episodes; their steps are counted."""

    policy: Any
    steps: np.ndarray  # (1,) int64
    over: np.ndarray  # (1,) int64, episodes that are over
    episodes: int

    def select(self, t, x, rng):
        return self.policy.select(t, x, rng)

    def update(self, t, x, a, y):
        self.policy.update(t, x, a, y)
        self.steps[0] += 1
        self.over[0] += y.terminal or y.truncated

    def done(self):
        return self.over[0] == self.episodes


def steps_and_regret(problem, policy, episodes, seed):
    """Return the steps of all episodes together, and the regret."""
    policy = CountingPolicy(policy, np.zeros(1, np.int64), np.zeros(1, np.int64), episodes)
    rngs = generators(seed)
    most = episodes * problem.limit + 1
    env, card = complete(problem.start(most, rngs[0])), blank_scorecard(np.array([most]))
    assert player_of(env, complete(policy))(env, policy, card, most, *rngs)
    return policy.steps[0], card.total[0]


class LastStatePolicy(NamedTuple):
    """Draw the action; check that the states that were shown stay what they were."""

    before: np.ndarray  # (d,) x of this round, as it was in `select`
    following: np.ndarray  # (d,) the state that the last step told
    clean: np.ndarray  # (1,) bool, has nothing changed behind our back?
    fresh: np.ndarray  # (1,) bool, does an episode begin?
    A: int

    def select(self, t, x, rng):
        for i in range(x.size):
            self.clean[0] &= self.fresh[0] or x[i] == self.following[i]
            self.before[i] = x[i]
        return int(rng.random() * self.A)

    def update(self, t, x, a, y):
        for i in range(x.size):
            self.clean[0] &= x[i] == self.before[i]
            self.following[i] = y.state[i]
        self.fresh[0] = y.terminal or y.truncated


class LastState(bk.Learner):
    accepts = bk.Feedback.STEP
    plays = (bk.Box,)

    def start(self, spec, horizon):
        d = len(spec.low)
        return LastStatePolicy(np.zeros(d), np.zeros(d), np.ones(1, bool), np.ones(1, bool), spec.A)


def begun(problem, state):
    """Return an environment in this state, at the beginning of an episode."""
    env = complete(problem.start(1, np.random.default_rng(0)))
    env.state[:] = state
    env.age[0] = 0
    return env


# Transitions


@pytest.mark.parametrize("name", GYMNASIUM)
def test_a_step_is_that_of_gymnasium(name):
    gymnasium = pytest.importorskip("gymnasium")
    problem = getattr(bk, name)()
    theirs = gymnasium.make(GYMNASIUM[name]).unwrapped
    theirs.reset(seed=0)
    rng = np.random.default_rng(1)
    states = rng.uniform(*STATES[name], size=(2000, len(STATES[name][0])))
    if name == "MountainCar":  # at the wall, and beyond the goal
        states[:200, 0] = -1.2
        states[200:400, 0] = rng.uniform(0.4, 0.6, size=200)
    ends = 0
    for k, state in enumerate(states):
        a = k % problem.spec.A
        theirs.state, theirs.steps_beyond_terminated = state.copy(), None
        _, reward, terminated, _, _ = theirs.step(a)
        y = begun(problem, state).respond(0, state, a, rng)
        assert np.abs(y.state - np.array(theirs.state)).max() < 1e-12
        assert (y.reward, y.terminal) == (reward, terminated)
        ends += terminated
    assert 50 < ends < 1950


@pytest.mark.parametrize("name", GYMNASIUM)
def test_a_seed_gives_the_starts_of_gymnasium(name):
    gymnasium = pytest.importorskip("gymnasium")
    theirs = gymnasium.make(GYMNASIUM[name]).unwrapped
    theirs.reset(seed=3)
    rng = np.random.default_rng()
    rng.bit_generator.state = theirs.np_random.bit_generator.state
    env = complete(getattr(bk, name)(limit=1).start(10, rng))
    for t in range(10):
        theirs.reset()
        x = env.observe(t, rng)
        assert x.tolist() == theirs.state.tolist()
        assert env.respond(t, x, 0, rng).truncated


@pytest.mark.parametrize("name", GYMNASIUM)
def test_the_limit_is_that_of_gymnasium(name):
    gymnasium = pytest.importorskip("gymnasium")
    assert gymnasium.spec(GYMNASIUM[name]).max_episode_steps == getattr(bk, name)().limit


@pytest.mark.parametrize("name", GYMNASIUM)
def test_every_state_lies_in_the_box_of_the_spec(name):
    gymnasium = pytest.importorskip("gymnasium")
    spec = getattr(bk, name)().spec
    space = gymnasium.make(GYMNASIUM[name]).observation_space
    assert np.array(spec.low, np.float32).tolist() == space.low.tolist()
    assert np.array(spec.high, np.float32).tolist() == space.high.tolist()


def test_at_the_bottom_of_the_valley_only_the_engine_moves_the_car():
    bottom = -math.pi / 6  # there cos(3 p) is 0
    for a, push in enumerate((-0.001, 0.0, 0.001)):
        y = begun(bk.MountainCar(), [bottom, 0.0]).respond(0, np.array([bottom, 0.0]), a, None)
        assert y.state == pytest.approx([bottom + push, push], abs=1e-15)


def test_the_wall_stops_the_car_and_its_speed_is_bounded():
    y = begun(bk.MountainCar(), [-1.19, -0.07]).respond(0, np.array([-1.19, -0.07]), 0, None)
    assert y.state.tolist() == [-1.2, 0.0]
    y = begun(bk.MountainCar(), [0.0, 0.07]).respond(0, np.array([0.0, 0.07]), 2, None)
    assert y.state[1] <= 0.07


def test_left_and_right_mirror_each_other_for_the_pole():
    x = np.array([0.3, -0.2, 0.05, 0.4])
    left = begun(bk.CartPole(), x).respond(0, x, 0, None)
    right = begun(bk.CartPole(), -x).respond(0, -x, 1, None)
    assert left.state == pytest.approx(-right.state, abs=1e-15)


def test_without_a_lean_the_pole_obeys_newton():
    x = np.zeros(4)
    y = begun(bk.CartPole(), x).respond(0, x, 1, None)
    spin_up = -(10 / 1.1) / (0.5 * (4 / 3 - 0.1 / 1.1))
    speed_up = 10 / 1.1 - 0.05 * spin_up / 1.1
    assert y.state == pytest.approx([0, 0.02 * speed_up, 0, 0.02 * spin_up], abs=1e-15)


# Rules of thumb


def test_pushing_the_way_the_car_moves_takes_119_steps():
    rule = BangBangPolicy(np.zeros(1))
    steps, regret = steps_and_regret(bk.MountainCar(limit=2000), rule, 20_000, seed=0)
    assert steps / 20_000 == pytest.approx(119.41, abs=0.1)  # sd of the mean: 0.02
    assert regret == 0.0  # it is what regret is counted against


@pytest.mark.parametrize(
    ("P", "D", "mean", "tolerance"),
    [(0.1, 0.5, 500, 0), (0.1, 0.1, 298.6, 4.0), (0.1, 0.05, 72.2, 1.0)],  # sd of means: 0.9, 0.1
)
def test_a_pd_controller_balances_as_long_as_published(P, D, mean, tolerance):
    rule = PDPolicy(P, D, np.full(1, np.nan))
    steps, regret = steps_and_regret(bk.CartPole(), rule, 20_000, seed=1)
    assert steps / 20_000 == pytest.approx(mean, abs=tolerance)
    assert regret == 500 * 20_000 - steps  # never falling is worth 500


# Regret


def game_of(problem, actions, seed=0):
    """Yield (gap, step) of a game in which the actions are given."""
    rng = np.random.default_rng(seed)
    env = complete(problem.start(len(actions), rng))
    for t, a in enumerate(actions):
        x = env.observe(t, rng)
        yield env.gap(t, x, a), env.respond(t, x, a, rng)


def test_regret_of_an_episode_is_how_many_steps_longer_it_takes():
    idle = [*game_of(bk.MountainCar(limit=150), [1] * 300)]  # never arrives
    gaps = [gap for gap, _ in idle]
    assert [t for t, (_, y) in enumerate(idle) if y.truncated] == [149, 299]
    assert gaps[1:150] == gaps[151:] == [1.0] * 149
    assert all(150 - 125 <= sum(each) <= 150 - 113 for each in (gaps[:150], gaps[150:]))
    # with a limit that the rule does not make either, there is nothing to regret
    assert [gap for gap, _ in game_of(bk.MountainCar(limit=3), [1] * 6)] == [-2, 1, 1] * 2


def test_regret_of_a_fall_is_what_is_missed():
    game = [*game_of(bk.CartPole(limit=40), [1] * 60)]
    ends = [t for t, (_, y) in enumerate(game) if y.terminal]
    assert len(ends) >= 5
    for begin, end in zip([-1, *ends[:-1]], ends, strict=True):
        assert game[end][0] == 40 - (end - begin)
        assert not any(gap for gap, _ in game[begin + 1 : end])


def test_an_end_on_the_last_step_is_no_cut():
    lengths = [t for t, (_, y) in enumerate(game_of(bk.CartPole(), [1] * 20)) if y.terminal]
    limit = lengths[0] + 1
    (*_, (gap, last)) = game_of(bk.CartPole(limit=limit), [1] * limit)
    assert last.terminal
    assert not last.truncated
    assert gap == 0.0
    (*_, (_, cut)) = game_of(bk.CartPole(limit=limit - 1), [1] * (limit - 1))
    assert cut.truncated
    assert not cut.terminal


# Playing


@pytest.mark.parametrize("problem", all_of(CONTROL), ids=repr)
def test_a_game_is_the_same_compiled_and_interpreted(problem):
    def loop(env, policy, *rest):
        return player_of(env, policy)(env, policy, *rest)

    compiled, python = (
        regret_of(each, problem, LastState(), horizon=400, seed=3, calls=(70,))
        for each in (loop, play_interpreted)
    )
    assert (compiled == python).all()
    assert np.ptp(compiled) > 0 or problem.limit > 400


@pytest.mark.parametrize("name", GYMNASIUM)
def test_states_that_were_shown_do_not_change_any_more(name):
    problem = getattr(bk, name)(limit=50)
    for loop in (player_of, lambda *_: play_interpreted):
        rngs = generators(4)
        env = complete(problem.start(300, rngs[0]))
        policy = complete(LastState().start(problem.spec, 300))
        loop(env, policy)(env, policy, blank_scorecard(np.array([300])), 300, *rngs)
        assert policy.clean[0]
        assert policy.following.any()


def test_simulate_plays_a_learner_of_ones_own():
    result = bk.simulate(bk.CartPole(), [LastState()], horizon=500, replications=2, seed=0)
    assert (result.regret[0, :, -1] > 500).all()


# Bad input


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bk.CartPole(gamma=1.5), "gamma must lie in"),
        (lambda: bk.CartPole(limit=0), "limit must be a whole number, 1 or more"),
        (lambda: bk.MountainCar(limit=2.5), "limit must be a whole number, 1 or more"),
        (lambda: bk.MountainCar(gamma="x"), "gamma must be a number"),
        (
            lambda: bk.simulate(bk.CartPole(), [bk.QLearning()], horizon=9),
            "numbered states, which CartPole does not show",
        ),
        (lambda: bk.simulate(bk.CartPole(), [bk.UCB1()], horizon=9), "gives step feedback"),
        (lambda: bk.planning.value_iteration(bk.CartPole()), "planning needs an MDP"),
    ],
)
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("problem", all_of(CONTROL), ids=repr)
def test_an_action_that_does_not_exist_is_named(problem):
    A = problem.spec.A
    assert problem.spec.fault(A - 1) is None
    assert f"a whole number from 0 to {A - 1}" in problem.spec.fault(A)
    for action in (-1, A):
        with pytest.raises(ValueError, match=rf"\(0, {action}, {A}\)"):
            begun(problem, problem.spec.low).gap(0, np.zeros(4), action)


def test_no_learner_of_tables_plays_with_arrays():
    assert not plays(bk.QLearning(), bk.MountainCar())
    assert plays(LastState(), bk.MountainCar())


def test_a_sparse_car_is_paid_where_it_arrives_and_moves_as_the_other():
    rng = np.random.default_rng(0)
    dense, sparse = (bk.MountainCar(sparse=each).start(200, rng) for each in (False, True))
    x, arrived = dense.observe(0, rng), False
    sparse.observe(0, rng)
    sparse.state[:] = x
    for t in range(130):
        a = 2 if x[1] >= 0 else 0  # with the motion
        assert dense.gap(t, x, a) == sparse.gap(t, x, a)
        one, other = (env.respond(t, x, a, rng) for env in (dense, sparse))
        assert (one.state == other.state).all()
        assert one.terminal == other.terminal
        assert (one.reward, other.reward) == (-1.0, 1.0 if one.terminal else 0.0)
        x = one.state
        if one.terminal:
            arrived = True
            break
    assert arrived
    spec = bk.MountainCar(sparse=True).spec
    assert (spec.lowest, spec.highest) == (0.0, 1.0)
    with pytest.raises(ValueError, match="sparse must be True or False; got 1"):
        bk.MountainCar(sparse=1)
