"""Policies that climb their gradient: against oracles, finite differences, and every trajectory."""

import itertools
import math
from typing import NamedTuple

import numpy as np
import pytest
from instances import generators
from naive import gradients as naive

import banditkit as bk
from banditkit.core.feedback import Step
from banditkit.core.play import blank_scorecard, play, play_interpreted
from banditkit.core.verbs import complete
from banditkit.learners.policy_gradient import add_score, look_at


def random_mdp(seed, limit=9):
    """Return an MDP in which episodes end, in the last state, and are cut off."""
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.full(5, 0.5), size=(5, 3))
    return bk.MDP(P, rng.normal(size=(5, 3, 5)), 0.9, terminal=[4], limit=limit)


class SharedFeatures(NamedTuple):
    """A row of numbers for each state."""

    size: int
    active: int
    rows: np.ndarray

    def encode(self, x, at, weight):
        for i in range(self.size):
            at[i], weight[i] = i, self.rows[x, i]


class Shared(bk.FeatureMap):
    """Three features, none of which any state has for itself."""

    def start(self, spec):
        rows = np.random.default_rng(7).normal(size=(spec.S, 3))
        return SharedFeatures(3, 3, rows)


def run(problem, learner, rounds, seed=0):
    """Play as Python; return the policy, all steps, and the probabilities before each of them."""
    env_rng, rng = generators(seed)
    env, policy = complete(problem.start(rounds, env_rng)), learner.start(problem.spec, rounds)
    steps, seen = [], []
    for t in range(rounds):
        x = env.observe(t, env_rng)
        a = policy.select(t, x, rng)
        seen.append(policy.actor.p.copy())
        y = env.respond(t, x, a, env_rng)
        policy.update(t, x, a, y)
        x = x if np.ndim(x) else int(x)
        steps.append((t, x, int(a), float(y.reward), y.state, bool(y.terminal), bool(y.truncated)))
    return policy, steps, np.array(seen)


def wave(order, low, high):
    """Return Fourier's features as a function."""
    low, high = np.array(low), np.array(high)
    waves = [*itertools.product(range(order + 1), repeat=low.size)]

    def phi(x):
        scaled = np.clip((x - low) / (high - low), 0.0, 1.0)
        return {i: math.cos(math.pi * np.dot(c, scaled)) for i, c in enumerate(waves)}

    return phi


ROWS = np.random.default_rng(7).normal(size=(5, 3))
CAR, POLE = bk.MountainCar(limit=30), bk.CartPole()
TRACK = {"low": (-2.4, -3.0, -0.2, -3.0), "high": (2.4, 3.0, 0.2, 3.0)}

# A problem, what the learner sees of it, and the same as a function.
SIGHTS = {
    "table": (random_mdp(0), None, lambda s: {s: 1.0}),
    "shared": (random_mdp(1), Shared(), lambda s: dict(enumerate(ROWS[s]))),
    "tiles": (
        CAR,
        bk.TileCoding(3, 4),
        lambda x: dict.fromkeys(naive.tiles_at(x, CAR.spec.low, CAR.spec.high, 3, 4), 1.0),
    ),
    "waves": (POLE, bk.Fourier(1, **TRACK), wave(1, **TRACK)),
}

# What the library is given, and what the oracle is.
OPTIONS = {
    "plain": ({"rate": 0.05, "critic_rate": 0.02}, {"rate": 0.05, "critic_rate": 0.02}),
    "discounted": (
        {"rate": 0.05, "critic_rate": 0.02, "discounted": True},
        {"rate": 0.05, "critic_rate": 0.02, "discounted": True},
    ),
    "no critic": ({"rate": 0.03, "critic_rate": 0.0}, {"rate": 0.03, "critic_rate": 0.0}),
    "by episodes": (
        {"rate": bk.ExponentialDecay(0.1, 0.9), "critic_rate": bk.LinearDecay(0.0, 0.03, over=7)},
        {
            "rate": ("episode", lambda n: 0.1 * 0.9**n),
            "critic_rate": ("episode", lambda n: min(0.03, 0.03 * n / 7)),
        },
    ),
    "by rounds": (
        {
            "rate": bk.LinearDecay(0.1, 0.0, over=150, per="round"),
            "critic_rate": bk.ExponentialDecay(0.05, 0.98, per="round"),
        },
        {
            "rate": ("round", lambda n: max(0.0, 0.1 * (1 - n / 150))),
            "critic_rate": ("round", lambda n: 0.05 * 0.98**n),
        },
    ),
}


def compare(oracle, problem, learner, phi, options, seed=0):
    """Assert that probabilities, preferences and critic are those of the oracle."""
    policy, steps, seen = run(problem, learner, 200, seed)
    actor = naive.Actor(problem.spec.A, phi)
    expected = [*oracle(actor, steps, gamma=problem.spec.gamma, **options)]
    assert np.abs(seen - expected).max() < 1e-9
    d = policy.critic.size
    theta = np.array([[row[i] for i in range(d)] for row in actor.theta])
    critic = np.array([actor.w[i] for i in range(d)])
    assert np.abs(policy.actor.theta - theta).max() < 1e-9
    assert np.abs(policy.critic - critic).max() < 1e-9
    assert np.abs(theta).max() > 1e-3
    return steps


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("sight", SIGHTS)
def test_reinforce_is_that_of_the_textbook(sight, options):
    problem, features, phi = SIGHTS[sight]
    theirs, ours = OPTIONS[options]
    steps = compare(naive.reinforce, problem, bk.Reinforce(features=features, **theirs), phi, ours)
    assert sum(ended or cut for *_, ended, cut in steps) >= 5  # episodes


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("sight", SIGHTS)
def test_the_actor_and_the_critic_are_those_of_the_textbook(sight, options):
    problem, features, phi = SIGHTS[sight]
    theirs, ours = OPTIONS[options]
    learner = bk.ActorCritic(features=features, **theirs)
    compare(naive.actor_critic, problem, learner, phi, ours)


@pytest.mark.parametrize("critic_rate", [0.0, 0.3])
@pytest.mark.parametrize("longest", [1, 4, 9, 1000])
def test_an_episode_that_is_too_long_is_taken_to_be_cut_off(longest, critic_rate):
    problem = random_mdp(2, limit=9)
    learner = bk.Reinforce(0.05, critic_rate, longest=longest)
    options = {"rate": 0.05, "critic_rate": critic_rate, "longest": longest}
    compare(naive.reinforce, problem, learner, lambda s: {s: 1.0}, options)


def test_an_episode_is_never_kept_longer_than_the_game():
    policy = bk.Reinforce().start(random_mdp(0).spec, 12)
    assert policy.rewards.size == 12


# Closed forms


class Written:
    """A generator that says what is written down for it."""

    def __init__(self, *numbers):
        self.numbers = list(numbers)

    def random(self):
        return self.numbers.pop(0)


@pytest.mark.parametrize("kind", [bk.Reinforce, bk.ActorCritic])
def test_one_number_draws_the_action(kind):
    policy = kind().start(random_mdp(0).spec, 9)
    policy.actor.theta[:, 2] = np.log([0.2, 0.5, 0.3])
    draws = {0.0: 0, 0.199: 0, 0.201: 1, 0.699: 1, 0.701: 2, 0.999: 2}
    assert {u: policy.select(0, 2, Written(u)) for u in draws} == draws
    assert policy.actor.p == pytest.approx([0.2, 0.5, 0.3], abs=1e-15)


@pytest.mark.parametrize(
    ("ended", "discounted", "step"),
    [(True, False, [1.0, 1.75]), (True, True, [1.0, 0.875]), (False, False, [1.25, 2.25])],
    ids=["ended", "discounted", "cut off"],
)
def test_an_episode_of_two_steps_by_hand(ended, discounted, step):
    """Rewards 1 and 4, gamma 1/2, in states 0 and 1; v is 1, 1/2, 2.

    Returns are 3 and 4, or where it is cut off 3.5 and 5; less the baseline 2 and 3.5, or 2.5 and
    4.5.  With even chances, half of that is the step.
    """
    learner = bk.Reinforce(rate=1.0, critic_rate=0.0, discounted=discounted)
    policy = learner.start(bk.Tabular(3, 2, 0.5), 9)
    policy.critic[:] = (1.0, 0.5, 2.0)
    policy.select(0, 0, Written(0.1))
    policy.update(0, 0, 0, Step(1.0, 1, False, False))
    assert not policy.actor.theta.any()
    policy.select(1, 1, Written(0.1))
    policy.update(1, 1, 0, Step(4.0, 2, ended, not ended))
    assert policy.actor.theta[0].tolist() == [*step, 0.0]
    assert policy.actor.theta[1].tolist() == [-step[0], -step[1], 0.0]


def random_policy(learner, problem, seed=0):
    """Return a policy with preferences and a critic that were drawn."""
    policy, rng = learner.start(problem.spec, 50), np.random.default_rng(seed)
    policy.actor.theta[:] = rng.normal(size=policy.actor.theta.shape)
    policy.critic[:] = rng.normal(size=policy.critic.size)
    return policy


@pytest.mark.parametrize("sight", SIGHTS)
def test_the_score_is_the_gradient_of_the_logarithm_of_the_probability(sight):
    problem, features, _ = SIGHTS[sight]
    policy = random_policy(bk.Reinforce(features=features), problem)
    actor, x = policy.actor, (1 if isinstance(problem, bk.MDP) else np.array([0.03, 0.01, 0.1, 1]))
    for a in range(problem.spec.A):
        look_at(actor, x)
        score, plain = np.ones_like(actor.theta), actor.theta.copy()
        add_score(actor, a, -2.5, score)
        slope = np.zeros_like(score)
        for place in np.ndindex(*score.shape):
            logs = []
            for change in (1e-5, -1e-5):
                actor.theta[place] = plain[place] + change
                look_at(actor, x)
                logs.append(math.log(actor.p[a]))
            actor.theta[place] = plain[place]
            slope[place] = (logs[0] - logs[1]) / 2e-5
        assert np.abs(score - (1.0 - 2.5 * slope)).max() < 1e-9


@pytest.mark.parametrize("kind", [bk.Reinforce, bk.ActorCritic])
@pytest.mark.parametrize("sight", SIGHTS)
def test_a_constant_on_all_preferences_changes_nothing(sight, kind):
    problem, features, _ = SIGHTS[sight]
    learner, after, seen = kind(features=features, rate=0.1), [], []
    for shift in (0.0, 3.0):
        policy = learner.start(problem.spec, 60)
        policy.actor.theta[:] += shift * np.arange(policy.critic.size)
        env_rng, rng = generators(0)
        env = complete(problem.start(60, env_rng))
        for t in range(60):
            x = env.observe(t, env_rng)
            a = policy.select(t, x, rng)
            seen.append(policy.actor.p.copy())
            policy.update(t, x, a, env.respond(t, x, a, env_rng))
        after.append(policy.actor.theta - shift * np.arange(policy.critic.size))
    assert np.abs(np.array(seen[:60]) - seen[60:]).max() < 1e-9
    assert np.abs(after[0] - after[1]).max() < 1e-9
    assert np.abs(after[0].sum(axis=0)).max() < 1e-9  # what one action wins the others lose
    assert np.abs(after[0]).max() > 1e-3


# Every trajectory


def layers():
    """Return an MDP whose episodes end after 2 or 3 steps: from 0 to 1 or 2, to 3, to the end."""
    rng = np.random.default_rng(3)
    P, R = np.zeros((5, 2, 5)), rng.normal(size=(5, 2, 5))
    P[0, :, 1:3] = rng.dirichlet([1.0, 1.0], size=2)
    P[1:3, :, 3:] = rng.dirichlet([1.0, 1.0], size=(2, 2))
    P[3, :, 4] = 1.0
    return bk.MDP(P, R, 0.8, terminal=[4])


LAYERS = layers()
PHI = np.array([0.4, -1.3, 0.7, 0.2, 5.0])


def trajectories(mdp, pi, s=0):
    """Yield the probability and the steps (s, a, reward, s') of every way to the end."""
    model = mdp.model
    if model.terminal[s]:
        yield 1.0, []
        return
    for a in range(model.A):
        pair = s * model.A + a
        for i in range(model.first[pair], model.first[pair + 1]):
            step = (s, a, float(model.rewards[i]), int(model.following[i]))
            for p, rest in trajectories(mdp, pi, step[3]):
                yield pi[s, a] * model.chance[i] * p, [step, *rest]


def softmax_policy(policy, S):
    """Return the probabilities of the actions in every state, shape (S, A)."""
    rows = []
    for s in range(S):
        look_at(policy.actor, s)
        rows.append(policy.actor.p.copy())
    return np.array(rows)


def direction(learner, mdp, path, critic=None, seed=0):
    """Return the step of the preferences after an episode, from random ones, shape (A, d)."""
    policy = random_policy(learner, mdp, seed)
    policy.critic[:] = 0.0 if critic is None else critic
    before = policy.actor.theta.copy()
    for t, (s, a, r, later) in enumerate(path):
        policy.select(t, s, Written(0.0))
        policy.update(t, s, a, Step(r, later, bool(mdp.model.terminal[later]), False))
    assert policy.clock.tolist() == [0, 1]
    return policy.actor.theta - before


def all_directions(learner, mdp, critic=None, seed=0):
    """Return the probabilities of all trajectories and the step after each of them."""
    pi = softmax_policy(random_policy(learner, mdp, seed), mdp.spec.S)
    chances, paths = zip(*trajectories(mdp, pi), strict=True)
    assert sum(chances) == pytest.approx(1.0, abs=1e-14)
    assert {len(path) for path in paths} == {2, 3}
    return np.array(chances), np.array([direction(learner, mdp, x, critic, seed) for x in paths])


def mean(chances, directions):
    return np.tensordot(chances, directions, axes=1)


def spread(chances, directions):
    """Return the variance, summed over all preferences."""
    squares = ((directions - mean(chances, directions)) ** 2).sum(axis=(1, 2))
    return float(chances @ squares)


def exact_gradient(learner, mdp, seed=0):
    """Return the gradient of the value of the start, by central differences of exact values."""
    policy = random_policy(learner, mdp, seed)
    theta, slope = policy.actor.theta, np.zeros_like(policy.actor.theta)
    plain = theta.copy()
    for place in np.ndindex(*theta.shape):
        values = []
        for change in (1e-5, -1e-5):
            theta[place] = plain[place] + change
            pi = softmax_policy(policy, mdp.spec.S)
            values.append(bk.planning.evaluate(mdp, pi)[0])
        theta[place] = plain[place]
        slope[place] = (values[0] - values[1]) / 2e-5
    return slope


def gradient_theorem(learner, mdp, gamma, seed=0):
    """Return ``sum_s d(s) sum_a Q(s, a) grad p(a | s)``, where d counts visits by this gamma."""
    policy = random_policy(learner, mdp, seed)
    pi = softmax_policy(policy, mdp.spec.S)
    Q = bk.planning.action_values(mdp, bk.planning.evaluate(mdp, pi))
    visits = bk.planning.occupancy(mdp.model._replace(gamma=gamma), pi, 0)
    total = np.zeros_like(policy.actor.theta)
    for s, a in np.ndindex(*pi.shape):
        look_at(policy.actor, s)
        add_score(policy.actor, a, visits[s, a] * Q[s, a], total)
    return total


FEATURES = [None, Shared()]
PLAIN = bk.Reinforce(rate=1.0, critic_rate=0.0, discounted=True)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("features", FEATURES, ids=["table", "shared"])
def test_the_step_of_reinforce_is_on_average_the_gradient(features, seed):
    learner = bk.Reinforce(1.0, 0.0, features, discounted=True)
    step = mean(*all_directions(learner, LAYERS, seed=seed))
    assert np.abs(step - exact_gradient(learner, LAYERS, seed)).max() < 1e-7
    assert np.abs(step - gradient_theorem(learner, LAYERS, 0.8, seed)).max() < 1e-13
    assert np.abs(step).max() > 0.01


def test_without_the_discount_late_states_count_too_much():
    """What most people follow is no gradient of the return: visits are not discounted in it."""
    learner = bk.Reinforce(1.0, 0.0, discounted=False)
    step = mean(*all_directions(learner, LAYERS))
    assert np.abs(step - gradient_theorem(learner, LAYERS, 1.0)).max() < 1e-13
    assert np.abs(step - exact_gradient(learner, LAYERS)).max() > 0.01


@pytest.mark.parametrize("discounted", [False, True])
@pytest.mark.parametrize("features", FEATURES, ids=["table", "shared"])
def test_a_baseline_changes_the_variance_and_not_the_mean(features, discounted):
    learner = bk.Reinforce(1.0, 0.0, features, discounted)
    critic = np.random.default_rng(5).normal(size=learner.actor(LAYERS.spec).theta.shape[1])
    plain, based = all_directions(learner, LAYERS), all_directions(learner, LAYERS, critic)
    assert np.abs(mean(*plain) - mean(*based)).max() < 1e-13
    assert abs(spread(*plain) / spread(*based) - 1.0) > 0.1


def test_a_baseline_that_learns_is_as_good_where_no_state_comes_twice():
    learning = bk.Reinforce(1.0, 0.5, discounted=True)
    steps = all_directions(learning, LAYERS, critic=PHI)
    assert np.abs(mean(*steps) - mean(*all_directions(PLAIN, LAYERS))).max() < 1e-13


def test_the_value_of_the_policy_is_a_good_baseline():
    pi = softmax_policy(random_policy(PLAIN, LAYERS), 5)
    V = bk.planning.evaluate(LAYERS, pi)
    assert spread(*all_directions(PLAIN, LAYERS, V)) < 0.8 * spread(*all_directions(PLAIN, LAYERS))


@pytest.mark.parametrize("features", FEATURES, ids=["table", "shared"])
def test_shaping_changes_the_variance_and_not_the_mean(features):
    """The return of a shaped episode is that without shaping less Phi of the state it began in."""
    learner = bk.Reinforce(1.0, 0.0, features, discounted=True)
    plain = all_directions(learner, LAYERS)
    shaped = all_directions(learner, bk.Shaped(LAYERS, PHI))
    assert np.abs(mean(*plain) - mean(*shaped)).max() < 1e-13
    assert np.abs(plain[0] - shaped[0]).max() == 0.0
    assert abs(spread(*shaped) / spread(*plain) - 1.0) > 0.1
    biased = mean(*all_directions(learner, bk.NaiveBonus(LAYERS, np.outer(PHI, [1.0, 0.0]))))
    assert np.abs(mean(*plain) - biased).max() > 0.01  # where a bonus that is no potential is not


def test_a_potential_is_a_baseline():
    """Whatever happens, the step is the same: shaped by Phi, or with Phi for a baseline."""
    shaped = all_directions(PLAIN, bk.Shaped(LAYERS, PHI))
    based = all_directions(PLAIN, LAYERS, critic=PHI)
    assert np.abs(shaped[1] - based[1]).max() < 1e-14


def test_an_actor_whose_critic_is_right_climbs_the_gradient_on_average():
    """``sum_s d(s) E[delta grad log p]`` with ``delta = r + gamma V(s') - V(s)``."""
    learner = bk.ActorCritic(rate=1.0, critic_rate=0.0)
    policy = random_policy(learner, LAYERS)
    pi, theta = softmax_policy(policy, 5), policy.actor.theta.copy()
    policy.critic[:] = bk.planning.evaluate(LAYERS, pi)
    policy.critic[4] = 9.0  # of the end nobody asks
    visits, model = bk.planning.occupancy(LAYERS, pi), LAYERS.model
    total = np.zeros_like(theta)
    for s, a in np.ndindex(*pi.shape):
        for i in range(model.first[2 * s + a], model.first[2 * s + a + 1]):
            policy.select(0, s, Written(0.0))
            later = int(model.following[i])
            policy.update(0, s, a, Step(model.rewards[i], later, later == 4, False))
            total += visits[s, a] * model.chance[i] * (policy.actor.theta - theta)
            policy.actor.theta[:] = theta
    assert np.abs(total - gradient_theorem(learner, LAYERS, 0.8)).max() < 1e-13


def test_what_is_cut_off_would_have_gone_on_and_what_has_ended_would_not():
    """One state, one action, reward 1: with a whole step the critic is 1, 1 + gamma, ..."""
    P = np.zeros((2, 1, 2))
    P[0, 0, 0] = P[1, 0, 1] = 1.0
    cut = bk.MDP(P, [[1.0], [0.0]], 0.5, limit=1)
    P[0, 0] = (0.0, 1.0)
    ends = bk.MDP(P, [[1.0], [0.0]], 0.5, terminal=[1])
    for kind in (bk.Reinforce, bk.ActorCritic):
        assert run(cut, kind(critic_rate=1.0), 4)[0].critic[0] == 1.875
        assert run(ends, kind(critic_rate=1.0), 4)[0].critic[0] == 1.0


# Compiled


@pytest.mark.parametrize(
    ("problem", "learner"),
    [
        (bk.MountainCar(limit=50), bk.ActorCritic(0.01, 0.0125, bk.TileCoding(), discounted=True)),
        (bk.CartPole(), bk.Reinforce(0.01, 0.01, bk.Fourier(1, **TRACK), discounted=True)),
    ],
    ids=["car", "pole"],
)
def test_it_is_the_same_to_the_bit_compiled_and_interpreted(problem, learner):
    after = []
    for loop in (play, play_interpreted):
        env_rng, rng = generators(0)
        env, policy = problem.start(400, env_rng), learner.start(problem.spec, 400)
        card = blank_scorecard(np.array([400]))
        loop(complete(env), complete(policy), card, 400, env_rng, rng)
        after.append(policy.actor.theta)
    assert after[0].tolist() == after[1].tolist()
    assert len(set(after[0].ravel())) > 10


def test_the_pole_learns_to_stand():
    trials = bk.Episodes(bk.CartPole(limit=500), 200)
    learner = bk.ActorCritic(0.001, 0.005, bk.Fourier(3, **TRACK))
    result = bk.simulate(trials, [learner], horizon=1e5, replications=2, seed=0)
    steps = result.logs["steps"][0]
    assert steps[:, 100:].mean() > 400  # measured: 500, with all of 12 seeds; by chance about 22


def test_the_car_learns_to_leave_the_valley():
    trials = bk.Episodes(bk.MountainCar(limit=2000), 200)
    learner = bk.ActorCritic(0.01, 0.0125, bk.TileCoding())
    result = bk.simulate(trials, [learner], horizon=4e5, replications=2, seed=0)
    steps = result.logs["steps"][0]
    assert steps[:, :5].mean() > 250
    assert steps[:, 150:].mean() < 170  # measured: 126 to 140 with 12 seeds


# Bad input

GRID = bk.GridWorld("S.G")


@pytest.mark.parametrize("kind", [bk.Reinforce, bk.ActorCritic])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rate": -1}, "^rate must be 0 or more; got -1"),
        ({"rate": "fast"}, "^rate must be a number; got 'fast'"),
        ({"critic_rate": math.nan}, "^critic_rate must be .*nan"),
        ({"critic_rate": math.inf}, "^critic_rate must be .*inf"),
        ({"rate": bk.HarmonicDecay()}, r"^rate belongs to no pair .*; got HarmonicDecay\(\)"),
        ({"critic_rate": bk.HarmonicDecay()}, "^critic_rate belongs to no pair"),
        ({"features": "tiles"}, "^features must be .*, as in TileCoding.*; got 'tiles'"),
        ({"features": bk.TileCoding}, "^features must be .*; got <class"),
        ({"discounted": 1}, "^discounted must be True or False; got 1"),
    ],
)
def test_what_makes_no_sense_is_named(kind, options, words):
    with pytest.raises(ValueError, match=words):
        kind(**options)


@pytest.mark.parametrize("longest", [0, -1, 2.5, None])
def test_an_episode_has_at_least_a_step(longest):
    with pytest.raises(ValueError, match=r"^longest must be a whole number, 1 or more; got"):
        bk.Reinforce(longest=longest)


@pytest.mark.parametrize("kind", [bk.Reinforce, bk.ActorCritic])
@pytest.mark.parametrize(
    ("problem", "features", "words"),
    [
        (bk.Bernoulli((0.5,)), None, "learns from step feedback"),
        (bk.CartPole(), None, "^Fourier needs a box that ends; axis 1"),
        (bk.CartPole(), bk.OneHot(), "^OneHot needs states that are numbered"),
        (GRID, bk.TileCoding(), "^TileCoding needs states that are arrays of numbers"),
    ],
    ids=["coins", "CartPole", "OneHot", "TileCoding"],
)
def test_what_it_cannot_play_is_named_before_anything_is_compiled(kind, problem, features, words):
    with pytest.raises(ValueError, match=words):
        bk.simulate(problem, [kind(features=features)], horizon=9)
