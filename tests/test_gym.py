"""Gymnasium: shaping telescopes, tables come over exactly, and our MDPs pass its own checks."""

import copy
import itertools
import math
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from gymnasium import spaces  # noqa: E402
from gymnasium.error import ResetNeeded  # noqa: E402
from gymnasium.utils.env_checker import check_env  # noqa: E402
from gymnasium.wrappers import TimeLimit, TransformReward  # noqa: E402
from instances import CONTROL, MDPS, all_of  # noqa: E402

import banditkit as bk  # noqa: E402
from banditkit.core.verbs import complete  # noqa: E402
from banditkit.gym import PotentialShaping, from_gymnasium, to_gymnasium  # noqa: E402


def latest(name):
    """Return the id of the latest version: Gymnasium 1.0 has Taxi-v3, and 1.4 Taxi-v4."""
    known = (
        spec for spec in gymnasium.registry.values() if spec.name == name and not spec.namespace
    )
    return max(known, key=lambda spec: spec.version).id


class Corridor(gymnasium.Env):
    """Five cells from left to right, the last one an end; hands out the same objects each time."""

    metadata = {"render_modes": ["ansi"]}

    def __init__(self, first=0, render_mode=None):
        self.observation_space = spaces.Discrete(5, start=first)
        self.action_space = spaces.Discrete(2)
        self.first, self.render_mode = first, render_mode
        self.info = {"kept": 7}
        self.colour = "green"

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.cell = 0
        return self.first, self.info

    def step(self, action):
        self.cell = max(0, self.cell + (1 if action else -1))
        return self.first + self.cell, 2.0**-self.cell, self.cell == 4, False, self.info

    def render(self):
        return "." * self.cell


class Reusing(Corridor):
    """The corridor, shown as an array that is always the same object."""

    def __init__(self):
        super().__init__()
        self.observation_space = spaces.Box(0.0, 4.0, (1,))
        self.array = np.zeros(1, np.float32)

    def reset(self, *, seed=None, options=None):
        cell, info = super().reset(seed=seed)
        self.array[0] = cell
        return self.array, info

    def step(self, action):
        cell, *rest = super().step(action)
        self.array[0] = cell
        return self.array, *rest


def upright(x):
    return 1.0 - abs(float(x[2])) + 0.1 * float(x[0])


def square(x):
    return float(x[0]) ** 2


def episode(env, rng, seed=None):
    """Return observations, rewards, infos and how a random episode ended."""
    observation, _ = env.reset(seed=seed)
    seen, rewards, infos = [copy.deepcopy(observation)], [], []
    while True:
        observation, reward, terminated, truncated, info = env.step(
            int(rng.integers(env.action_space.n))
        )
        seen.append(copy.deepcopy(observation))
        rewards.append(reward)
        infos.append(info)
        if terminated or truncated:
            return seen, rewards, infos, terminated


# Shaping

PHI = [3.0, -1.0, 4.0, 1.0, 5.0]


def test_shaping_of_each_step_by_hand():
    env = PotentialShaping(TimeLimit(Corridor(), 6), PHI, gamma=0.5)
    assert env.reset() == (0, {"kept": 7})
    steps = [env.step(a) for a in (1, 1, 1, 1)]
    assert [reward for _, reward, *_ in steps] == [
        0.5 + 0.5 * -1.0 - 3.0,
        0.25 + 0.5 * 4.0 + 1.0,
        0.125 + 0.5 * 1.0 - 4.0,
        0.0625 - 1.0,  # the potential of the end counts as 0
    ]
    assert [terminated for _, _, terminated, *_ in steps] == [False, False, False, True]
    assert [info["unshaped_reward"] for *_, info in steps] == [0.5, 0.25, 0.125, 0.0625]
    assert [info["unshaped_return"] for *_, info in steps] == [0.5, 0.75, 0.875, 0.9375]
    assert all(info["kept"] == 7 for *_, info in steps)
    assert env.unwrapped.info == {"kept": 7}  # the dictionary of the environment is its own


@pytest.mark.parametrize("outside", [True, False])
def test_where_an_episode_is_cut_off_the_potential_counts(outside):
    env = TimeLimit(Corridor(), 2)
    env = PotentialShaping(env, PHI, gamma=0.5)
    if outside:
        env = TimeLimit(PotentialShaping(Corridor(), PHI, gamma=0.5), 2)
    env.reset()
    env.step(1)
    _, reward, terminated, truncated, _ = env.step(1)
    assert (terminated, truncated) == (False, True)
    assert reward == 0.25 + 0.5 * 4.0 + 1.0
    env.reset()  # and the next episode begins with the potential of its own first state
    assert env.step(0)[1] == 1.0 + 0.5 * 3.0 - 3.0


@pytest.mark.parametrize("gamma", [0.0, 0.9, 1.0])
@pytest.mark.parametrize(
    ("make", "potential"),
    [
        (lambda: gymnasium.make("FrozenLake-v1", max_episode_steps=6), np.arange(16.0) ** 2 / 7),
        (lambda: gymnasium.make("CartPole-v1", max_episode_steps=20), upright),
        (lambda: TimeLimit(Reusing(), 5), square),
        (lambda: to_gymnasium(bk.GridWorld("S.\n.G", slip=0.3, limit=4)), [1.0, -2.0, 0.5, 9.0]),
    ],
    ids=["lake", "pole", "reusing", "ours"],
)
def test_the_shaping_of_an_episode_telescopes(make, potential, gamma):
    env, rng = PotentialShaping(make(), potential, gamma), np.random.default_rng(0)
    phi = potential if callable(potential) else potential.__getitem__
    ends = []
    for k in range(60):
        seen, rewards, infos, terminated = episode(env, rng, seed=k)
        shaped = sum(gamma**t * r for t, r in enumerate(rewards))
        plain = sum(gamma**t * info["unshaped_reward"] for t, info in enumerate(infos))
        left = 0.0 if terminated else gamma ** len(rewards) * phi(seen[-1])
        assert shaped == pytest.approx(plain - phi(seen[0]) + left, abs=1e-12)
        total = sum(info["unshaped_reward"] for info in infos)
        assert infos[-1]["unshaped_return"] == pytest.approx(total, abs=1e-12)
        ends.append(terminated)
    assert True in ends
    assert False in ends


def test_a_table_counts_from_the_first_observation_of_the_space():
    env = PotentialShaping(Corridor(first=10), PHI, gamma=1.0)
    assert env.reset()[0] == 10
    assert env.step(1)[1] == 0.5 - 1.0 - 3.0


def test_wrappers_that_are_nested_add_up_and_tell_the_innermost_reward():
    env = PotentialShaping(Corridor(), PHI, gamma=0.5)
    env = PotentialShaping(TransformReward(env, lambda r: 1.0 * r), [0, 1, 0, 0, 0], gamma=0.5)
    env.reset()
    _, reward, _, _, info = env.step(1)
    assert reward == (0.5 + 0.5 * -1.0 - 3.0) + 0.5 * 1.0 - 0.0
    assert (info["unshaped_reward"], info["unshaped_return"]) == (0.5, 0.5)


def test_attributes_are_those_of_the_environment():
    env = PotentialShaping(Corridor(render_mode="ansi"), PHI, gamma=0.5)
    env.reset(seed=1)
    assert isinstance(env, gymnasium.Wrapper)
    assert isinstance(env.unwrapped, Corridor)
    assert (env.render_mode, env.render(), env.metadata) == ("ansi", "", Corridor.metadata)
    assert env.get_wrapper_attr("colour") == "green"
    assert env.get_wrapper_attr("gamma") == 0.5
    assert (env.observation_space, env.action_space) == (spaces.Discrete(5), spaces.Discrete(2))


def told_by(check, env):
    """Return the warnings that a check gives."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        check(env)
    return {str(each.message).split(":")[-1].strip() for each in told}


def check(env):
    check_env(env, skip_render_check=True)  # pictures need pygame


@pytest.mark.parametrize(
    ("name", "potential"),
    [("FrozenLake-v1", [0.5] * 16), ("CartPole-v1", upright), ("MountainCar-v0", square)],
)
def test_the_checker_of_gymnasium_has_nothing_to_say_about_the_wrapper(name, potential):
    env = gymnasium.make(name)
    shaped = PotentialShaping(gymnasium.make(name), potential, gamma=0.99)
    about_wrapping = {each for each in told_by(check, shaped) if "unwrapped version" in each}
    assert told_by(check, shaped) - about_wrapping == {
        each for each in told_by(check, env) if "unwrapped version" not in each
    }
    assert len(about_wrapping) <= 1


@pytest.mark.parametrize(
    ("name", "potential"), [("FrozenLake-v1", np.linspace(0, 1, 16)), ("CartPole-v1", upright)]
)
def test_a_wrapped_environment_can_be_sent_and_made_again(name, potential):
    env = PotentialShaping(gymnasium.make(name), potential, gamma=0.9)
    expected = episode(env, np.random.default_rng(0), seed=5)[1]
    for again in (pickle.loads(pickle.dumps(env)), env.spec.make(), copy.deepcopy(env)):
        assert isinstance(again, PotentialShaping)
        assert again.gamma == 0.9
        assert episode(again, np.random.default_rng(0), seed=5)[1] == expected


def test_shaping_in_a_vector_of_environments():
    def wrap(env):
        return PotentialShaping(env, upright, gamma=0.9)

    envs = gymnasium.make_vec("CartPole-v1", 3, vectorization_mode="sync", wrappers=[wrap])
    before, _ = envs.reset(seed=0)
    resets = np.zeros(3, dtype=bool)
    for t in range(60):
        after, rewards, terminated, truncated, infos = envs.step(np.full(3, t % 3 > 0, dtype=int))
        for i in np.flatnonzero(~resets):  # in the step after the end a sub-environment is reset
            later = 0.0 if terminated[i] else upright(after[i])
            assert rewards[i] == pytest.approx(1 + 0.9 * later - upright(before[i]), abs=1e-6)
            assert infos["unshaped_reward"][i] == 1.0
        assert (rewards[resets] == 0.0).all()
        before, resets = after, terminated | truncated
    envs.close()


# What wrappers refuse


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: PotentialShaping(Corridor(), PHI, gamma=1.5), r"gamma must lie in \[0, 1\]; got 1.5"),
        (lambda: PotentialShaping(Corridor(), PHI, gamma=np.nan), "gamma must lie in"),
        (lambda: PotentialShaping(Corridor(), PHI[1:], gamma=1.0), r"each of the 5 states; got .* \(4,\)"),
        (lambda: PotentialShaping(Corridor(), 3.0, gamma=1.0), "each of the 5 states"),
        (lambda: PotentialShaping(Corridor(), "Phi", gamma=1.0), "a function, or a number for each"),
        (lambda: PotentialShaping(Corridor(2), [0, 1, np.inf, 0, 0], 1.0), "finite; state 4 has inf"),
        (lambda: PotentialShaping(Reusing(), PHI, gamma=1.0), "needs numbered observations"),
        (lambda: PotentialShaping(Reusing(), lambda x: np.nan, 1.0).reset(), r"array\(\[0.*is nan"),
        (lambda: PotentialShaping(Corridor(), lambda x: "far", 1.0).reset(), "observation 0 is 'far'"),
        (lambda: PotentialShaping(Corridor(), lambda x: None, 1.0).reset(), "observation 0 is None"),
    ],
)  # fmt: skip
def test_a_potential_that_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_mistake_inside_the_potential_is_left_alone():
    env = PotentialShaping(Corridor(), lambda x: x[0], gamma=1.0)
    with pytest.raises(TypeError, match="not subscriptable"):
        env.reset()


@pytest.mark.parametrize(
    "make",
    [
        lambda: PotentialShaping(TimeLimit(Corridor(), 4), PHI, 0.5),
        lambda: to_gymnasium(bk.Chain(1)),
    ],
    ids=["shaping", "ours"],
)
def test_a_step_without_an_episode_is_an_error(make):
    env = make()
    with pytest.raises(ResetNeeded, match="call reset before step"):
        env.step(0)
    env.reset()
    while not any(env.step(1)[2:4]):
        pass
    with pytest.raises(ResetNeeded, match="call reset before step"):
        env.step(0)


# From Gymnasium


class Table(gymnasium.Env):
    """An environment that is nothing but its table."""

    def __init__(self, P, initial):
        self.P, self.initial_state_distrib = P, np.asarray(initial, dtype=float)
        self.observation_space = spaces.Discrete(len(P))
        self.action_space = spaces.Discrete(len(P[0]))


TABULAR = [
    (latest("FrozenLake"), {}),
    (latest("FrozenLake8x8"), {"is_slippery": False}),
    (latest("Taxi"), {}),
    (latest("CliffWalking"), {}),
]


def lists_of(mdp, s, a):
    """Return what may follow a pair in our model, as {(next state, reward): probability}."""
    model = mdp.model
    pair = s * model.A + a
    followers = range(model.first[pair], model.first[pair + 1])
    return {(int(model.following[i]), float(model.rewards[i])): model.chance[i] for i in followers}


@pytest.mark.parametrize(("name", "options"), TABULAR)
def test_every_transition_is_that_of_the_table(name, options):
    env = gymnasium.make(name, **options)
    mdp, P = from_gymnasium(env, gamma=0.9), env.unwrapped.P
    S, terminal = env.observation_space.n, mdp.model.terminal
    assert mdp.spec.A == env.action_space.n
    assert S <= mdp.spec.S <= S + 1
    for s, a in itertools.product(range(S), range(mdp.spec.A)):
        if terminal[s]:
            continue
        theirs = {}
        for p, to, reward, end in P[s][a]:
            key = (S if end and not terminal[to] else int(to)), float(reward)
            assert terminal[key[0]] == end
            theirs[key] = theirs.get(key, 0.0) + p
        assert lists_of(mdp, s, a) == pytest.approx(theirs, abs=1e-15)
    assert mdp.start_distribution[:S].tolist() == env.unwrapped.initial_state_distrib.tolist()
    assert mdp.limit == (env.spec.max_episode_steps or 0)


@pytest.mark.parametrize(
    ("name", "gamma", "value"),
    [
        ("FrozenLake", 1.0, 14 / 17),
        ("FrozenLake", 0.99, 0.5420259),
        ("FrozenLake8x8", 1.0, 1.0),
        ("FrozenLake8x8", 0.99, 0.4146404),
        ("CliffWalking", 1.0, -13.0),
        ("Taxi", 1.0, 7.93),
    ],
)
def test_optimal_values_are_those_that_are_known(name, gamma, value):
    mdp = from_gymnasium(latest(name), gamma=gamma)
    assert mdp.start_distribution @ mdp.solution.V == pytest.approx(value, abs=1e-7)


def test_the_taxi_has_an_end_of_its_own_and_the_lake_has_none():
    # passengers at their destination may be taken for a ride, in states that nobody can reach
    assert from_gymnasium(latest("Taxi")).terminal == (500,)
    assert from_gymnasium("FrozenLake-v1").terminal == (5, 7, 11, 12, 15)  # holes and the goal
    assert from_gymnasium(latest("CliffWalking")).terminal == (47,)


def test_options_of_an_id_are_those_of_make():
    sure = from_gymnasium("FrozenLake-v1", 1.0, is_slippery=False, max_episode_steps=9)
    assert sure.solution.V[0] == 1.0
    assert sure.limit == 9
    paid = from_gymnasium("FrozenLake-v1", 1.0, is_slippery=False, desc=["SF", "HG"])
    assert paid.terminal == (2, 3)


def values_by_flags(P, S, A, gamma, sweeps=400):
    """Return values from Gymnasium's definition: what comes after a termination is worth 0."""
    V = np.zeros(S)
    for _ in range(sweeps):
        V = np.array([
            max(
                sum(p * (r + (0.0 if end else gamma * V[to])) for p, to, r, end in P[s][a])
                for a in range(A)
            )
            for s in range(S)
        ])  # fmt: skip
    return V


@pytest.mark.parametrize("seed", range(12))
def test_terminations_of_any_table_are_kept(seed):
    rng = np.random.default_rng(seed)
    S, A = 5, 2
    enders = rng.random(S) < 0.5  # states that are entered by terminations alone
    P = {s: {} for s in range(S)}
    for s, a in itertools.product(range(S), range(A)):
        odds = rng.dirichlet(np.ones(4)) * (1 - 0.25) + 0.25 / 4
        to = rng.integers(S, size=4)
        ends = enders[to] | (rng.random(4) < 0.2 * (seed % 3))
        P[s][a] = [
            (p, int(k), float(r), bool(e))
            for p, k, r, e in zip(odds, to, rng.integers(-2, 3, size=4), ends, strict=True)
        ]
    mdp = from_gymnasium(Table(P, rng.dirichlet(np.ones(S)) * 0.5 + np.eye(S)[0] * 0.5), 0.8)
    alive = ~mdp.model.terminal[:S]
    V = values_by_flags(P, S, A, 0.8)
    assert mdp.solution.V[:S][alive] == pytest.approx(V[alive], abs=1e-9)


def test_rewards_belong_to_transitions_and_ends_too():
    # 0 goes to 1 in passing and to its end, with different rewards; 2 is an end for others alone
    P = [
        [
            [
                (0.25, 1, 1.0, False),
                (0.25, 1, 2.0, False),
                (0.25, 1, 4.0, True),
                (0.25, 2, 8.0, True),
            ]
        ],
        [[(1.0, 1, 3.0, False)]],
        [[(1.0, 0, 0.0, False)]],
    ]
    mdp = from_gymnasium(Table(P, [1, 0, 0]), gamma=0.5)
    assert mdp.terminal == (2, 3)
    expected = {(1, 1.0): 0.25, (1, 2.0): 0.25, (3, 4.0): 0.25, (2, 8.0): 0.25}
    assert lists_of(mdp, 0, 0) == expected
    assert mdp.solution.V.tolist() == [15 / 4 + 0.5 * 0.5 * 6.0, 6.0, 0.0, 0.0]


def test_an_episode_may_start_where_others_end():
    P = [[[(1.0, 1, 1.0, True)]], [[(1.0, 0, 2.0, False)]]]
    mdp = from_gymnasium(Table(P, [0.5, 0.5]), gamma=1.0)
    assert mdp.terminal == (2,)
    assert mdp.solution.V.tolist() == [1.0, 3.0, 0.0]
    # a state that ends by itself, and that nobody else enters, pays first
    mdp = from_gymnasium(Table([[[(1.0, 0, 5.0, True)]]], [1.0]), gamma=1.0)
    assert mdp.solution.V.tolist() == [5.0, 0.0]


def test_it_is_a_problem_like_any_other():
    mdp = from_gymnasium("FrozenLake-v1", gamma=0.9)
    assert repr(mdp) == "<FrozenLake-v1: 16 states, 4 actions, gamma 0.9>"
    again = pickle.loads(pickle.dumps(mdp))
    assert again == mdp
    assert hash(again) == hash(mdp)
    assert mdp != from_gymnasium("FrozenLake-v1", gamma=0.8)
    sure = from_gymnasium("FrozenLake-v1", gamma=0.9, is_slippery=False)
    learner = bk.QLearning(rate=1.0, epsilon=0.0, initial=1.0)  # an optimist finds the way
    gaps = bk.watch(sure, learner, horizon=3000).gaps
    assert gaps[:100].sum() > 0.1
    assert gaps[-1000:].max() < 1e-12
    shaped = bk.Shaped(mdp, mdp.solution.V)
    assert np.abs(shaped.solution.V).max() < 1e-9


GOOD = [[[(1.0, 1, 0.0, True)]], [[(1.0, 1, 0.0, True)]]]


def with_pair(*pair):
    return Table([[[*pair]], GOOD[1]], [1, 0])


def without_starts():
    env = Table(GOOD, [1, 0])
    del env.initial_state_distrib
    return env


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: from_gymnasium("CartPole-v1"), "CartPoleEnv has no table of transitions"),
        (lambda: from_gymnasium("MountainCar-v0"), "MountainCarEnv has no table"),
        (lambda: from_gymnasium(bk.Chain()), "needs an environment of Gymnasium, or its id"),
        (lambda: from_gymnasium(Table(GOOD, [1, 0]), is_slippery=True), "is_slippery: options go with"),
        (lambda: from_gymnasium(Table(GOOD, [1, 0]), gamma=2), "gamma must lie in"),
        (lambda: from_gymnasium(Table(GOOD, [0.5, 0.4])), "probabilities of the 2 states"),
        (lambda: from_gymnasium(Table(GOOD, [1.0])), "probabilities of the 2 states"),
        (lambda: from_gymnasium(without_starts()), "Table does not say where it starts"),
        (lambda: from_gymnasium(with_pair((0.9, 1, 0.0, True))), r"state 0, action 0 are \[0.9\]"),
        (lambda: from_gymnasium(with_pair((1.5, 1, 0, True), (-0.5, 0, 0, True))), "action 0 are"),
        (lambda: from_gymnasium(with_pair((math.nan, 1, 0, True))), "action 0 are"),
        (lambda: from_gymnasium(with_pair((1.0, 2, 0.0, True))), "state 0, action 0 leads to 2"),
        (lambda: from_gymnasium(with_pair((1.0, 1, math.inf, True))), "state 0, action 0 has inf"),
        (lambda: from_gymnasium(with_pair((1.0, 1))), "that of state 0, action 0 does not"),
        (lambda: from_gymnasium(with_pair((1.0, 0, 0.0, False)), gamma=1.0), "state 0 has no way"),
        (lambda: from_gymnasium(TransformReward(Table(GOOD, [1, 0]), abs)), "wrapper TransformReward"),
        (
            lambda: from_gymnasium(PotentialShaping(Table(GOOD, [1, 0]), [0, 1], 0.9)),
            "knows nothing of its wrapper PotentialShaping",
        ),
        (lambda: to_gymnasium(bk.Bernoulli((0.5,))), "to_gymnasium needs an MDP"),
        (lambda: to_gymnasium("Chain"), "to_gymnasium needs an MDP"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# To Gymnasium


@pytest.fixture
def registered():
    """Return a function that gives a problem an id, until the test is over."""
    names = []

    def register(problem, **options):
        names.append(f"Banditkit{len(names)}-v0")
        gymnasium.register(
            names[-1], "banditkit.gym:to_gymnasium", kwargs={"problem": problem}, **options
        )
        return names[-1]

    yield register
    for name in names:
        del gymnasium.registry[name]


@pytest.mark.parametrize("problem", [*all_of(MDPS), *all_of(CONTROL)], ids=repr)
def test_the_checker_of_gymnasium_is_content_with_our_problems(problem, registered):
    told = told_by(check_env, gymnasium.make(registered(problem)).unwrapped)
    assert all("infinity" in each for each in told)  # the velocities of the pole have no bounds
    assert not told or isinstance(problem, bk.CartPole)


@pytest.mark.parametrize("problem", [*all_of(MDPS), *all_of(CONTROL)], ids=repr)
def test_an_environment_is_the_problem_being_played(problem):
    env, rng = to_gymnasium(problem), np.random.default_rng(4)
    observation, _ = env.reset(seed=3)
    twin, _ = gymnasium.utils.seeding.np_random(3)
    record = complete(problem.start(200, twin))
    for t in range(200):
        x, a = record.observe(t, twin), int(rng.integers(problem.spec.A))
        assert np.array_equal(observation, x)
        y = record.respond(t, x, a, twin)
        observation, reward, terminated, truncated, info = env.step(a)
        assert np.array_equal(observation, y.state)
        assert env.observation_space.contains(observation)
        assert (reward, terminated, truncated, info) == (y.reward, y.terminal, y.truncated, {})
        assert {type(terminated), type(truncated)} == {bool}
        if terminated or truncated:
            observation, _ = env.reset()


@pytest.mark.parametrize(("problem", "name"), [(bk.CartPole(), "CartPole-v1"), (bk.MountainCar(), "MountainCar-v0")], ids=["pole", "car"])  # fmt: skip
def test_the_same_seed_and_actions_give_the_episode_of_gymnasium(problem, name):
    ours, theirs, rng = to_gymnasium(problem), gymnasium.make(name), np.random.default_rng(2)
    for seed in range(3):
        mine, _ = ours.reset(seed=seed)
        other, _ = theirs.reset(seed=seed)
        ended = False
        while not ended:
            assert mine == pytest.approx(other, abs=1e-5)
            a = int(rng.integers(problem.spec.A))
            (mine, *mine_told, _), (other, *other_told, _) = ours.step(a), theirs.step(a)
            assert mine_told == other_told  # reward, terminated, truncated
            ended = mine_told[1] or mine_told[2]


def test_next_states_are_as_likely_as_stated():
    rng, n = np.random.default_rng(0), 20_000
    P = rng.dirichlet(np.ones(4), size=(4, 2))
    mdp = bk.MDP(P, rng.standard_normal((4, 2, 4)), 0.9, initial=[0.1, 0.2, 0.3, 0.4])
    env = to_gymnasium(mdp)
    counts, s = np.zeros((4, 2, 4)), env.reset(seed=1)[0]
    for _ in range(n):
        a = int(rng.integers(2))
        to, reward, *_ = env.step(a)
        assert reward == mdp.R[s, a, to]
        counts[s, a, to] += 1
        s = to
    tried = counts.sum(axis=2, keepdims=True)
    assert (np.abs(counts / tried - P) < 5 * np.sqrt(P * (1 - P) / tried)).all()
    starts = np.bincount([env.reset()[0] for _ in range(4000)], minlength=4) / 4000
    assert np.abs(starts - [0.1, 0.2, 0.3, 0.4]).max() < 5 * np.sqrt(0.25 / 4000)


def test_a_lake_that_went_to_and_fro_is_as_slippery_as_before():
    lake = from_gymnasium("FrozenLake-v1")
    env, n = to_gymnasium(lake), 3000
    ends = []
    for seed in range(n):
        env.reset(seed=seed, options={"state": 14})
        ends.append(env.step(1)[:3])  # down: to the left, or against the bank, or to the goal
    assert {end[:2] for end in ends} == {(13, 0.0), (14, 0.0), (15, 1.0)}
    assert all(terminated == (state == 15) for state, _, terminated in ends)
    for state in (13, 14, 15):
        share = sum(end[0] == state for end in ends) / n
        assert abs(share - 1 / 3) < 5 * math.sqrt(2 / 9 / n)


def test_a_shaped_problem_and_a_wrapped_one_pay_the_same():
    grid = bk.GridWorld("S..\n.#.\n..G", gamma=0.9, slip=0.3, step_reward=-0.1, limit=9)
    phi = [2.0, 3.0, -1.0, 0.5, 4.0, 1.0, 0.0, 7.0]
    inside = to_gymnasium(bk.Shaped(grid, phi))
    outside = PotentialShaping(to_gymnasium(grid), phi, gamma=0.9)
    for seed in range(30):
        ours, theirs = (
            episode(env, np.random.default_rng(seed), seed=seed) for env in (inside, outside)
        )
        assert ours[0] == theirs[0]
        assert ours[1] == pytest.approx(theirs[1], abs=1e-15)
        assert ours[3] == theirs[3]


def test_an_end_is_terminated_and_a_cut_truncated():
    env = to_gymnasium(bk.GridWorld("S..G", limit=3))
    env.reset()
    assert [env.step(a)[2:4] for a in (1, 3, 1)] == [(False, False), (False, False), (False, True)]
    env.reset()
    assert [env.step(1)[2:4] for _ in range(3)] == [(False, False), (False, False), (True, False)]


@pytest.mark.parametrize(
    "problem", [bk.GridWorld("S..G"), bk.Shaped(bk.GridWorld("S..G"), [0] * 4)]
)
def test_an_episode_may_begin_in_a_state_of_choice(problem):
    env = to_gymnasium(problem)
    assert env.reset(options={"state": np.int64(2)})[0] == 2
    assert env.step(1)[:3] == (3, 1.0, True)
    assert env.reset(options={})[0] == 0
    assert env.reset()[0] == 0
    with pytest.raises(ValueError, match="state 3 is terminal"):
        env.reset(options={"state": 3})
    with pytest.raises(ValueError, match="state must be from 0 to 3; got 4"):
        env.reset(options={"state": 4})
    with pytest.raises(ValueError, match="state must be a whole number"):
        env.reset(options={"state": 0.5})


def test_the_car_may_begin_in_a_state_of_choice():
    env = to_gymnasium(bk.MountainCar())
    x, _ = env.reset(options={"state": [0.45, 0.07]})
    assert x.tolist() == [0.45, 0.07]
    x[:] = 0.0  # it is the agent's own
    y, reward, terminated, *_ = env.step(2)
    assert y[0] > 0.5
    assert (reward, terminated) == (-1.0, True)
    with pytest.raises(ValueError, match="state must be a point of Box"):
        env.reset(options={"state": [0.7, 0.0]})
    with pytest.raises(ValueError, match="state must be a point of Box"):
        env.reset(options={"state": 3})


def test_an_action_that_does_not_exist_is_named():
    env = to_gymnasium(bk.Chain())
    env.reset()
    for action in (2, -1, 0.5, None):
        with pytest.raises(ValueError, match=f"from 0 to 1; got {action}"):
            env.step(action)
    env.step(np.int64(1))
    env.step(np.array(1))


def test_our_problems_in_a_vector(registered):
    name = registered(bk.GridWorld("S.G"), max_episode_steps=50)
    envs = gymnasium.make_vec(name, 3, vectorization_mode="sync")
    assert envs.reset(seed=0)[0].tolist() == [0, 0, 0]
    assert envs.step(np.array([1, 3, 1]))[0].tolist() == [1, 0, 1]
    states, rewards, terminated, *_ = envs.step(np.array([1, 1, 3]))
    assert (states.tolist(), rewards.tolist()) == ([2, 1, 0], [1.0, 0.0, 0.0])
    assert terminated.tolist() == [True, False, False]
    envs.close()


def test_an_environment_can_be_sent_in_mid_episode():
    env = to_gymnasium(bk.GridWorld.ng(4))
    env.reset(seed=0)
    env.step(1)
    again = pickle.loads(pickle.dumps(env))
    assert [env.step(k % 4) for k in range(9)] == [again.step(k % 4) for k in range(9)]


# Without Gymnasium


def test_banditkit_alone_leaves_gymnasium_alone():
    code = "import sys, banditkit as bk; bk.__all__; print('gymnasium' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_who_has_no_gymnasium_is_told_how_to_get_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "banditkit.gym")
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(ImportError, match=r'pip install "banditkit\[gym\]"'):
        import banditkit.gym  # noqa: F401


def test_time_goes_on_from_episode_to_episode_until_a_seed_begins_anew():
    fading = bk.FadingPotential([0.0, 10.0, 0.0], over=4)
    shaped = bk.DynamicShaped(bk.GridWorld("S.G", gamma=0.9, goal_reward=0.0), fading)
    env = to_gymnasium(shaped)
    paid = []
    for seed in (0, None, None, 1):
        env.reset(seed=seed)
        paid.append([env.step(1)[1], env.step(1)[1]])
    full = [0.9 * 10.0 * 0.75, -10.0 * 0.75]
    late = [0.9 * 10.0 * 0.25, -10.0 * 0.25]
    assert np.array(paid) == pytest.approx(np.array([full, late, [0.0, 0.0], full]))


def test_a_table_that_does_not_tell_all_is_refused():
    try:
        env = gymnasium.make("Taxi-v4", fickle_passenger=True)
    except (TypeError, gymnasium.error.Error):
        pytest.skip("this Gymnasium has no fickle passengers")
    with pytest.raises(ValueError, match="knows nothing of fickle passengers"):
        from_gymnasium(env)


def test_what_a_heuristic_pays_is_told_beside_the_reward():
    grid = bk.GridWorld("S.G")
    env = to_gymnasium(bk.WithHeuristic(grid, grid.favour("right")))
    env.reset(seed=0)
    assert env.step(1) == (1, 0.0, False, False, {"auxiliary": 1.0})
    assert env.step(3)[4] == {"auxiliary": 0.0}
    plain = to_gymnasium(grid)
    plain.reset(seed=0)
    assert plain.step(1)[4] == {}
