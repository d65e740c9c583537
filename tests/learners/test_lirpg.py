"""LIRPG: its gradient through a step, an oracle, and what goes wrong."""

import math

import numpy as np
import pytest
from instances import generators, steps_of
from naive import meta_gradients as naive

import banditkit as bk
from banditkit.core.adapters import begin
from banditkit.core.play import blank_scorecard, play, play_interpreted
from banditkit.learners.lirpg import judge_intrinsic
from banditkit.learners.trajectories import gather


def random_mdp(seed, limit=9):
    """Return an MDP in which episodes end, in the last state, and are cut off."""
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.full(5, 0.5), size=(5, 3))
    return bk.MDP(P, rng.normal(size=(5, 3, 5)), 0.9, terminal=[4], limit=limit)


# A problem, and what the learner sees of it.
SIGHTS = {
    "table": (random_mdp(0), None),
    "tiles": (bk.MountainCar(limit=12), bk.TileCoding(2, 3)),
    "waves": (bk.OpenField(limit=6), bk.Fourier(1)),
}

CLIMBS = {
    "plain": bk.Ascent(0.3, critic_rate=0.0, episodes=1),
    "all": bk.Ascent(0.2, entropy=0.3, critic_rate=0.2, episodes=2, longest=7),
}


def seen(policy, x):
    """Return the features of a state as a row of numbers."""
    actor = policy.actor
    at, weight = np.zeros_like(actor.at), np.zeros_like(actor.weight)
    actor.features.encode(x, at, weight)
    row = np.zeros(actor.theta.shape[1])
    np.add.at(row, at, weight)
    return row.tolist()


def batch_of(problem, learner, seed=0):
    """Play until there is a batch to learn from; return the policy, and the batch."""
    for policy, *_ in steps_of(problem, learner, 5000, seed):
        if policy.state[0]:
            return policy, gather(policy, learner.ascent.episodes, True, None)
    raise AssertionError("no batch")


def setting_of(learner, gamma):
    """Return how the oracle has LIRPG's rewards: ``r + weight * eta_a . x``."""
    return naive.Setting(
        fixed=lambda r, f: r,
        slopes=lambda x, a, f: {(a, i): learner.weight * v for i, v in enumerate(x)},
        gamma=gamma,
        rate=learner.ascent.rate,
        entropy=learner.ascent.entropy,
    )


@pytest.mark.parametrize("climb", CLIMBS)
@pytest.mark.parametrize("sight", SIGHTS)
def test_the_gradient_is_that_of_what_counts_after_the_step(sight, climb):
    """By central differences of the objective at ``theta + alpha g(eta +- e)``, on one batch."""
    problem, features = SIGHTS[sight]
    learner = bk.LIRPG(CLIMBS[climb], weight=0.7, features=features)
    policy, batch = batch_of(problem, learner)
    rng = np.random.default_rng(1)
    for table in (policy.actor.theta, policy.intrinsic, policy.critic):
        table[:] = 0.5 * rng.standard_normal(table.shape)
    judge_intrinsic(policy, batch)
    theta, critics = policy.actor.theta.tolist(), policy.critic.tolist()
    setting = setting_of(learner, problem.spec.gamma)
    episodes = naive.listed(batch, len(theta[0]))

    def value(eta):
        eta = dict(np.ndenumerate(eta))
        after = naive.climbed(setting, theta, eta, episodes, critics[0])
        return naive.what_counts(setting, theta, after, episodes, critics[1])

    found = policy.space.wish
    assert np.abs(found).max() > 1e-3
    places = list(np.argwhere(np.abs(found) > 0)[:: max(1, found.size // 12)])
    for place in map(tuple, places):
        e = np.zeros(found.shape)
        e[place] = 1e-4
        slope = (value(policy.intrinsic + e) - value(policy.intrinsic - e)) / 2e-4
        assert found[place] == pytest.approx(slope, rel=1e-5, abs=1e-7)
    exact, after = naive.meta_gradient(
        setting, theta, dict(np.ndenumerate(policy.intrinsic)), episodes, critics
    )
    wanted = np.array([exact[place] for place in np.ndindex(found.shape)]).reshape(found.shape)
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-11)
    assert policy.space.ahead == pytest.approx(np.array(after), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("climb", CLIMBS)
@pytest.mark.parametrize("sight", SIGHTS)
def test_it_is_the_oracle(sight, climb):
    problem, features = SIGHTS[sight]
    ascent = CLIMBS[climb]
    learner = bk.LIRPG(ascent, reward_rate=0.05, weight=0.5, features=features)
    oracle, learned = None, 0
    for policy, x, a, y in steps_of(problem, learner, 100):
        A, d = policy.actor.theta.shape
        if oracle is None:
            oracle = naive.MetaLearner(
                setting_of(learner, problem.spec.gamma),
                A,
                d,
                list(np.ndindex(A, d)),
                reward_rate=0.05,
                critic_rate=ascent.critic_rate,
                episodes=ascent.episodes,
                longest=ascent.longest,
            )
        row = seen(policy, x)
        assert policy.actor.p == pytest.approx(naive.probabilities(oracle.theta, row), abs=1e-8)
        oracle.told(row, a, y.reward, 0.0, y.terminal or y.truncated)
        learned += oracle.batch == [] and oracle.episode == []
    assert learned >= 3
    # of the last batch the library has yet to learn, if it is complete in the last round
    if not policy.state[0]:
        eta = [oracle.parameters[place] for place in np.ndindex(A, d)]
        assert policy.intrinsic.ravel() == pytest.approx(np.array(eta), abs=1e-7)
        assert policy.critic == pytest.approx(np.array(oracle.critics), abs=1e-8)
    assert np.abs(policy.intrinsic).max() > 0.1


def played(loop, problem, learner, rounds, seed=0):
    """Return the policy after a game."""
    env_rng, rng = generators(seed)
    env, policy = begin(problem, learner, rounds, env_rng)
    card = blank_scorecard(np.array([rounds]), env, policy)
    for until in (rounds // 3, rounds):
        loop(env, policy, card, until, env_rng, rng)
    return policy


def test_compiled_and_interpreted_are_the_same_to_the_bit():
    problem, features = SIGHTS["tiles"]
    learner = bk.LIRPG(CLIMBS["all"], weight=0.5, features=features)
    one, other = (played(loop, problem, learner, 200) for loop in (play, play_interpreted))
    assert (one.intrinsic == other.intrinsic).all()
    assert (one.actor.theta == other.actor.theta).all()
    assert (one.critic == other.critic).all()
    assert np.abs(one.intrinsic).max() > 0.0


def test_a_reward_of_no_weight_is_never_learned():
    policy = played(play_interpreted, random_mdp(1), bk.LIRPG(weight=0.0, reward_rate=1.0), 200)
    assert (policy.intrinsic == 0.0).all()
    assert np.abs(policy.actor.theta).max() > 0.0


@pytest.mark.parametrize("seed", range(3))
def test_what_leads_to_the_prize_is_to_be_paid_most(seed):
    """On a large batch of a policy that knows nothing: to go right, from both places."""
    grid = bk.GridWorld("S.G", gamma=0.9, limit=30)
    learner = bk.LIRPG(bk.Ascent(episodes=100), weight=0.1)
    policy, batch = batch_of(grid, learner, seed)
    judge_intrinsic(policy, batch)
    assert policy.space.wish[:, :2].argmax(axis=0).tolist() == [1, 1]


def test_a_run_that_diverges_stops_to_learn_and_says_so():
    learner = bk.LIRPG(bk.Ascent(rate=1e150, critic_rate=0.0), weight=1.0)
    policy = played(play_interpreted, random_mdp(2), learner, 60)
    assert policy.logged()["diverged"] == 1.0
    assert np.isfinite(policy.actor.theta).all()
    assert np.isfinite(policy.actor.p).all()
    before = policy.actor.theta.copy(), policy.intrinsic.copy()
    for t in range(60, 90):  # episodes come and go, and nothing is learned
        policy.update(t, 0, 0, bk.Step(1.0, 1, t % 3 == 0, False))
        policy.select(t, 1, np.random.default_rng(t))
    assert (policy.actor.theta == before[0]).all()
    assert (policy.intrinsic == before[1]).all()
    sound = played(play_interpreted, random_mdp(2), bk.LIRPG(), 60)
    assert sound.logged()["diverged"] == 0.0


def test_a_reward_that_is_no_number_counts_as_diverged():
    policy = bk.LIRPG(bk.Ascent(episodes=1)).start(bk.Tabular(3, 2, 0.5), 9)
    rng = np.random.default_rng(0)
    policy.update(0, 0, policy.select(0, 0, rng), bk.Step(math.nan, 1, True, False))
    policy.select(1, 0, rng)
    assert policy.logged()["diverged"] == 1.0
    assert policy.actor.p == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"reward_rate": -0.1}, "reward_rate must be 0 or more; got -0.1"),
        ({"weight": -1.0}, "weight must be 0 or more"),
        ({"weight": [0.1, 0.2]}, "weight must be a number"),
        ({"ascent": 0.5}, r"ascent must be Ascent\(\.\.\.\); got 0.5"),
        ({"features": 3}, "features must be a FeatureMap"),
    ],
)
def test_bad_input(arguments, words):
    with pytest.raises(ValueError, match=words):
        bk.LIRPG(**arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"rate": -1.0}, "rate must be 0 or more"),
        ({"entropy": -1.0}, "entropy must be 0 or more"),
        ({"critic_rate": 1.5}, r"critic_rate must lie in \[0, 1\]"),
        ({"episodes": 0}, "episodes must be a whole number, 1 or more"),
        ({"longest": 0}, "longest must be a whole number, 1 or more"),
    ],
)
def test_bad_input_for_the_ascent(arguments, words):
    with pytest.raises(ValueError, match=words):
        bk.Ascent(**arguments)


def test_features_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="OneHot needs states that are numbered"):
        bk.LIRPG(features=bk.OneHot()).check(bk.MountainCar())
    with pytest.raises(ValueError, match="needs a box that ends"):
        bk.LIRPG().check(bk.CartPole())
