"""BiPaRS: its gradients by each method, an oracle, heuristics good and bad, and what goes wrong."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from instances import generators, steps_of
from naive import meta_gradients as naive

import banditkit as bk
from banditkit.core.adapters import begin
from banditkit.core.play import blank_scorecard, play, play_interpreted
from banditkit.learners.bipars import judge_weight
from banditkit.learners.trajectories import gather

CHAIN = bk.GridWorld("S...G", gamma=0.9, limit=40)


def random_mdp(seed, limit=9):
    """Return an MDP in which episodes end, or are cut off, with a random heuristic."""
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.full(4, 0.5), size=(4, 3))
    mdp = bk.MDP(P, rng.normal(size=(4, 3, 4)), 0.9, terminal=[3], limit=limit)
    return bk.WithHeuristic(mdp, rng.normal(size=(4, 3)))


class One(bk.FeatureMap):
    """A single feature that is always 1."""

    def start(self, spec):
        return OneFeature(1, 1)


class OneFeature(NamedTuple):
    size: int
    active: int

    def encode(self, x, at, weight):
        at[0], weight[0] = 0, 1.0


# A problem, what the policy sees of it, and what the weight sees.
SIGHTS = {
    "table": (random_mdp(0), None, None),
    "tiles": (
        bk.WithHeuristic(bk.MountainCar(limit=12), bk.CarSpeed()),
        bk.TileCoding(2, 2),
        None,
    ),
    "one weight": (random_mdp(1), None, One()),
    "apart": (bk.OpenField("good", limit=6), bk.Fourier(1), bk.Fourier(2)),
}

CLIMBS = {
    "plain": bk.Ascent(0.3, critic_rate=0.0, episodes=1),
    "all": bk.Ascent(0.2, entropy=0.3, critic_rate=0.2, episodes=2, longest=7),
}

METHODS = {
    "explicit": bk.ExplicitMapping(),
    "meta": bk.MetaGradient(),
    "incremental": bk.IncrementalMetaGradient(),
}


def learner_of(sight, climb, method, **words):
    _, features, weighing = SIGHTS[sight]
    words = {"features": features, "weighing": weighing, "initial": 0.7} | words
    return bk.BiPaRS(METHODS[method], CLIMBS[climb], **words)


def random_batch(sight, climb, method, seed=0):
    """Return a policy whose numbers are random, and a batch that it has to learn from."""
    learner = learner_of(sight, climb, method)
    for policy, *_ in steps_of(SIGHTS[sight][0], learner, 500, seed):
        if policy.state[0]:
            break
    rng, features = np.random.default_rng(seed), policy.actor.features
    policy.actor.theta[:] = rng.standard_normal(policy.actor.theta.shape)
    policy.actor.theta[:, : policy.plan.own] = 0.0
    policy.critic[:] = rng.standard_normal(policy.critic.shape)
    features.reward.phi[2, : features.weighing.size] = rng.standard_normal(features.weighing.size)
    return policy, gather(policy, learner.ascent.episodes, True, None)


def setting_of(policy, gamma, initial=0.7):
    """Return how the oracle has the rewards ``r + z f``, z linear in the weight's features."""
    weights = policy.actor.features.weighing.size
    return naive.Setting(
        fixed=lambda r, f: r + initial * f,
        slopes=lambda x, a, f: {i: x[i] * f for i in range(weights)},
        gamma=gamma,
        rate=policy.plan.rate,
        entropy=policy.plan.entropy,
        own=policy.plan.own,
    )


def differences(function, x, width):
    """Return central differences of a function of a row of numbers."""
    steps = width * np.eye(len(x))
    return np.array([function(x + step) - function(x - step) for step in steps]) / (2 * width)


@pytest.mark.parametrize("climb", CLIMBS)
@pytest.mark.parametrize("sight", SIGHTS)
def test_the_meta_gradient_is_that_of_what_counts_after_the_step(sight, climb):
    policy, batch = random_batch(sight, climb, "meta")
    judge_weight(policy, batch)
    setting = setting_of(policy, SIGHTS[sight][0].spec.gamma)
    theta, critics = policy.actor.theta.tolist(), policy.critic.tolist()
    episodes = naive.listed(batch, len(theta[0]))
    weights = policy.actor.features.weighing.size
    phi = policy.actor.features.reward.phi[2, :weights]

    def value(phi):
        after = naive.climbed(setting, theta, dict(enumerate(phi)), episodes, critics[0])
        return naive.what_counts(setting, theta, after, episodes, critics[1])

    wish = policy.space.wish
    assert wish[2, :weights] == pytest.approx(differences(value, phi, 1e-4), rel=1e-5, abs=1e-8)
    assert np.abs(wish[2, :weights]).max() > 1e-5
    assert (wish[:2] == 0.0).all()
    assert (wish[2, weights:] == 0.0).all()


@pytest.mark.parametrize("climb", CLIMBS)
@pytest.mark.parametrize("sight", SIGHTS)
def test_what_is_carried_is_the_derivative_of_so_many_steps(sight, climb):
    """M after T steps on one batch, against differences of theta_T by phi."""
    policy, batch = random_batch(sight, climb, "incremental")
    setting = setting_of(policy, SIGHTS[sight][0].spec.gamma)
    theta, critic = policy.actor.theta.tolist(), policy.critic[0].tolist()
    episodes = naive.listed(batch, len(theta[0]))
    weights = policy.actor.features.weighing.size
    phi = policy.actor.features.reward.phi[2, :weights].copy()

    def reached(phi):
        after = theta
        for _ in range(3):
            after = naive.climbed(setting, after, dict(enumerate(phi)), episodes, critic)
        return np.array(after)

    for _ in range(3):
        judge_weight(policy, batch)
        policy.actor.theta[:] = policy.space.ahead  # phi and the baselines stay
    assert policy.actor.theta == pytest.approx(reached(phi), rel=1e-9, abs=1e-10)
    M = policy.method.M
    assert pytest.approx(differences(reached, phi, 1e-4), rel=1e-5, abs=1e-7) == M
    assert np.abs(M).max() > 1e-3
    inner = (policy.space.wanted * M).sum(axis=(1, 2))
    assert policy.space.wish[2, :weights] == pytest.approx(inner, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("climb", CLIMBS)
@pytest.mark.parametrize("sight", SIGHTS)
def test_the_explicit_gradient_is_that_of_the_policy_by_what_it_sees(sight, climb):
    """By differences of ``sum of log p(a | s, z(phi)) (G - v)``; z is the last feature."""
    policy, batch = random_batch(sight, climb, "explicit")
    lesson = judge_weight(policy, batch)
    worth, theta = lesson.worth.tolist(), policy.actor.theta.tolist()
    weights, m = policy.actor.features.weighing.size, batch.first.size - 1
    episodes = naive.listed(batch, len(theta[0]))
    phi = policy.actor.features.reward.phi[2, :weights].copy()

    def value(phi):
        total = 0.0
        steps = [step for episode in episodes for step in episode]
        for (x, a, *_), gain in zip(steps, worth, strict=True):
            z = 0.7 + naive.dot(phi, x[:weights])
            total += gain * math.log(naive.probabilities(theta, [*x[:-1], z])[a]) / m
        return total

    for x, *_ in episodes[0]:
        assert x[-1] == pytest.approx(0.7 + naive.dot(phi, x[:weights]))
    found = policy.space.wish[2, :weights]
    assert found == pytest.approx(differences(value, phi, 1e-4), rel=1e-5, abs=1e-8)
    assert np.abs(found).max() > 1e-3


@pytest.mark.parametrize("sight", ["table", "tiles"])
def test_meta_gradients_are_hyper_gradients_of_the_inner_problem(sight):
    """`one_step`, and `forward_unroll` on a batch that stays, with what is wanted after the steps."""
    for method, each, T in (
        ("meta", bk.bilevel.one_step, 1),
        ("incremental", bk.bilevel.forward_unroll, 4),
    ):
        policy, batch = random_batch(sight, "plain", method)
        policy.critic[:] = 0.0
        reward, start = policy.actor.features.reward, policy.actor.theta.copy()
        inner = bk.bilevel.InnerProblem(batch, reward, start.shape[0])
        for _ in range(T):
            judge_weight(policy, batch)
            policy.actor.theta[:] = policy.space.ahead
        wanted = policy.space.wanted.copy()
        found = each(inner, start, lambda _, v=wanted: v, rate=0.3, steps=T)
        assert found.theta == pytest.approx(policy.actor.theta, rel=1e-10)
        assert found.phi == pytest.approx(policy.space.wish, rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("climb", CLIMBS)
@pytest.mark.parametrize("sight", SIGHTS)
def test_it_is_the_oracle(sight, climb):
    problem, ascent = SIGHTS[sight][0], CLIMBS[climb]
    learner = learner_of(sight, climb, "meta", reward_rate=0.05)
    oracle = None
    for policy, x, a, y in steps_of(problem, learner, 80):
        features = policy.actor.features
        if oracle is None:
            oracle = naive.MetaLearner(
                setting_of(policy, problem.spec.gamma),
                *policy.actor.theta.shape,
                range(features.weighing.size),
                reward_rate=0.05,
                critic_rate=ascent.critic_rate,
                episodes=ascent.episodes,
                longest=ascent.longest,
            )
        at, weight = np.zeros_like(policy.actor.at), np.zeros_like(policy.actor.weight)
        features.encode(x, at, weight)
        row = np.zeros(features.size)
        np.add.at(row, at, weight)
        row = row.tolist()
        expected = naive.probabilities(oracle.theta, row)
        assert policy.actor.p == pytest.approx(expected, abs=1e-8)
        oracle.told(row, a, y.reward, y.auxiliary, y.terminal or y.truncated)
    if not policy.state[0]:  # or else it has yet to learn of the last batch
        learned = [oracle.parameters[i] for i in range(features.weighing.size)]
        assert features.reward.phi[2, : len(learned)] == pytest.approx(np.array(learned), abs=1e-7)
    assert np.abs(features.reward.phi).max() > 0.05


def played(loop, problem, learner, rounds, seed=0):
    """Return the policy after a game, and what was noted on the way."""
    env_rng, rng = generators(seed)
    env, policy = begin(problem, learner, rounds, env_rng)
    times = np.array([1, rounds // 2, rounds])
    card = blank_scorecard(times, env, policy)
    for until in (rounds // 3, rounds):
        loop(env, policy, card, until, env_rng, rng)
    return policy, card.policy_notes[:, 0]


@pytest.mark.parametrize(
    ("sight", "method"),
    [("table", "meta"), ("tiles", "incremental"), ("apart", "explicit")],
)
def test_compiled_and_interpreted_are_the_same_to_the_bit(sight, method):
    learner = learner_of(sight, "all", method)
    trials = bk.Episodes(SIGHTS[sight][0], 1000)  # records that other tests compile as well
    (one, notes), (other, written) = (
        played(loop, trials, learner, 150) for loop in (play, play_interpreted)
    )
    assert (one.actor.features.reward.phi == other.actor.features.reward.phi).all()
    assert (one.actor.theta == other.actor.theta).all()
    assert (one.critic == other.critic).all()
    assert (notes == written).all()
    assert notes[0] == 0.7 != notes[-1]


@pytest.mark.parametrize("method", ["meta", "incremental"])
def test_a_heuristic_that_pays_nothing_has_no_weight_to_learn(method):
    problem = bk.WithHeuristic(CHAIN, np.zeros((5, 4)))
    policy, notes = played(play_interpreted, problem, learner_of("table", "all", method), 300)
    assert (policy.actor.features.reward.phi == 0.0).all()
    assert (notes == 0.7).all()
    # it is then plain policy gradient, as LIRPG is whose reward has no weight
    other, _ = played(play_interpreted, problem, bk.BiPaRS(initial=-3.0), 300)
    same = bk.LIRPG(weight=0.0)
    env_rng, rng = generators(0)
    env, plain = begin(problem, same, 300, env_rng)
    play_interpreted(env, plain, blank_scorecard(np.array([300]), env, plain), 300, env_rng, rng)
    assert (plain.actor.theta == other.actor.theta).all()


@pytest.mark.parametrize("method", ["meta", "incremental"])
@pytest.mark.parametrize("weighing", [None, One()], ids=["by state", "one weight"])
def test_a_heuristic_that_misleads_is_turned_around(method, weighing):
    """It pays for going away from the prize."""
    problem = bk.WithHeuristic(CHAIN, 0.1 * CHAIN.favour("left"))
    ascent = bk.Ascent(0.5, episodes=5)
    learner = bk.BiPaRS(METHODS[method], ascent, reward_rate=0.05, weighing=weighing)
    for seed in range(3):
        assert played(play_interpreted, problem, learner, 3000, seed)[1][-1] < 0.0


def test_in_batches_of_five_hardly_a_run_is_stuck():
    """The example of the docstring, many times; with batches of one some never arrive."""
    grid = bk.GridWorld("S...G", gamma=0.9, limit=50)
    problem = bk.Episodes(bk.WithHeuristic(grid, 0.1 * grid.favour("left")), 300)
    learners = {
        n: bk.BiPaRS(METHODS["meta"], bk.Ascent(0.5, episodes=n), reward_rate=0.05) for n in (5, 1)
    }
    result = bk.simulate(problem, learners, horizon=2e4, replications=40, seed=2)
    stuck = result.logs["steps"][..., -50:].mean(axis=2) > 15
    assert stuck[0].sum() <= 1 < stuck[1].sum()
    assert (result.logs["weight"][0, :, -1] >= 0.0).sum() <= 2
    assert bk.Ascent().episodes == 5


@pytest.mark.parametrize("word", ["left", "right"])
@pytest.mark.parametrize("method", ["meta", "incremental"])
def test_which_heuristic_is_good_shows_on_a_large_batch(method, word):
    """Of a policy that knows nothing: the weight is to rise, or to fall."""
    problem = bk.WithHeuristic(CHAIN, 0.1 * CHAIN.favour(word))
    learner = bk.BiPaRS(METHODS[method], bk.Ascent(episodes=100), weighing=One())
    for policy, *_ in steps_of(problem, learner, 5000):
        if policy.state[0]:
            break
    judge_weight(policy, gather(policy, 100, True, None))
    assert np.sign(policy.space.wish[2, 0]) == {"left": -1.0, "right": 1.0}[word]


class NaNAdvice(NamedTuple):
    age: int

    def advise(self, t, age, x, a, y):
        return math.nan if t > self.age else 1.0


class NaNHeuristic(bk.Heuristic):
    """Pays 1 for a while, and then what is no number."""

    def start(self, spec):
        return NaNAdvice(50)


@pytest.mark.parametrize("method", METHODS)
def test_a_heuristic_that_is_no_number_ends_the_learning(method):
    problem = bk.WithHeuristic(CHAIN, NaNHeuristic())
    policy, notes = played(play_interpreted, problem, bk.BiPaRS(METHODS[method]), 300)
    logs = policy.logged()
    assert logs["diverged"] == 1.0
    for values in (logs["phi"], logs["theta"], policy.actor.p, notes):
        assert np.isfinite(values).all()
    sound, _ = played(play_interpreted, problem, bk.BiPaRS(METHODS[method]), 45)
    assert sound.logged()["diverged"] == 0.0


@pytest.mark.parametrize("rates", [(1e150, 0.01), (0.1, 1e150)], ids=["policy", "weight"])
@pytest.mark.parametrize("method", METHODS)
def test_a_rate_that_is_far_too_large_does_too(method, rates):
    learner = bk.BiPaRS(METHODS[method], bk.Ascent(rates[0]), reward_rate=rates[1])
    policy, _ = played(play_interpreted, random_mdp(3), learner, 100)
    logs = policy.logged()
    assert logs["diverged"] == 1.0
    assert np.isfinite(logs["theta"]).all()
    assert np.isfinite(policy.actor.p).all()


def test_logs_tell_what_was_learned():
    problem = bk.Episodes(bk.WithHeuristic(CHAIN, 0.1 * CHAIN.favour("left")), 1000)
    result = bk.simulate(problem, [bk.BiPaRS()], horizon=200, replications=2, seed=0)
    assert result.logs["weight"].shape == (1, 2, result.times.size)
    assert result.logs["phi"].shape == (1, 2, 5)
    assert result.logs["theta"].shape == (1, 2, 4, 5)
    assert (result.logs["diverged"] == 0.0).all()
    # z of the first state, from phi
    assert (result.logs["phi"][0, :, 0] != 0.0).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"method": "meta"}, "method must be MetaGradient.*got 'meta'"),
        ({"reward_rate": -0.1}, "reward_rate must be 0 or more; got -0.1"),
        ({"initial": math.inf}, "initial must be finite"),
        ({"initial": [1.0, 1.0]}, "initial must be a number"),
        ({"ascent": None}, r"ascent must be Ascent\(\.\.\.\); got None"),
        ({"features": "table"}, "features must be a FeatureMap"),
        ({"weighing": 1.0}, "weighing must be a FeatureMap"),
    ],
)
def test_bad_input(arguments, words):
    with pytest.raises(ValueError, match=words):
        bk.BiPaRS(**arguments)


def test_who_can_be_played():
    with pytest.raises(ValueError, match=r"GridWorld\(.*\) does not have - add one: WithHeuristic"):
        bk.BiPaRS().check(CHAIN)
    aided = bk.WithHeuristic(bk.MountainCar(), bk.CarSpeed())
    many = bk.TileCoding(8, 8)
    bk.BiPaRS(bk.MetaGradient(), features=many).check(aided)
    with pytest.raises(ValueError, match=r"would carry .* numbers, .* or use MetaGradient\(\)"):
        bk.BiPaRS(bk.IncrementalMetaGradient(), features=many).check(aided)
    with pytest.raises(ValueError, match="OneHot needs states that are numbered"):
        bk.BiPaRS(weighing=bk.OneHot()).check(aided)
