"""SORS: its gradient, an oracle, what a ranking can't say, and what it learns to rank."""

import copy

import numpy as np
import pytest
from instances import TABULAR, generators, regret_of
from naive import designed as naive

import banditkit as bk
from banditkit.core.play import play, play_interpreted
from banditkit.core.verbs import complete
from banditkit.learners.sors import Ranking, add_pair, judged, rank_pairs


def random_mdp(seed, S=4, A=2, limit=9):
    """Return an MDP in which episodes end, in the last state, and are cut off."""
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.full(S, 0.5), size=(S, A))
    return bk.MDP(P, rng.normal(size=(S, A, S)), 0.7, terminal=[S - 1], limit=limit)


def ranking_of(episodes, returns, gamma=0.9, S=3, A=2, reward=None):
    """Return the record that holds some episodes, lists of pairs."""
    counts = np.zeros((len(episodes), S, A))
    for k, episode in enumerate(episodes):
        for t, pair in enumerate(episode):
            counts[(k, *pair)] += gamma**t
    reward = np.zeros((S, A)) if reward is None else reward.copy()
    room = np.zeros(len(episodes))
    return Ranking(reward, np.zeros((S, A)), counts, np.array(returns, dtype=float), room)


def random_episodes(rng, n, S=3, A=2):
    pairs = [(s, a) for s in range(S) for a in range(A)]
    return [[pairs[i] for i in rng.integers(len(pairs), size=rng.integers(1, 9))] for _ in range(n)]


@pytest.mark.parametrize("seed", range(5))
def test_the_gradient_is_the_difference_quotient_of_the_loss(seed):
    rng = np.random.default_rng(seed)
    episodes, returns = random_episodes(rng, 6), rng.normal(size=6)
    returns[5] = returns[4]
    reward, h = rng.normal(size=(3, 2)), 1e-6
    drawn = [(0, 1), (2, 3), (3, 2), (4, 5), (5, 0)]
    named = [((episodes[i], returns[i]), (episodes[j], returns[j])) for i, j in drawn]

    def loss(table):
        return naive.ranking_loss(dict(np.ndenumerate(table)), named, 0.9)

    ranking = ranking_of(episodes, returns, reward=reward)
    ranking.worth[:] = [judged(ranking, i) for i in range(6)]
    found = sum(add_pair(ranking, i, j, 0.2) for i, j in drawn)
    assert found == pytest.approx(loss(reward), abs=1e-12)
    for s in range(3):
        for a in range(2):
            e = np.zeros((3, 2))
            e[s, a] = h
            slope = (loss(reward + e) - loss(reward - e)) / (2 * h)
            assert ranking.slope[s, a] == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_a_pair_moves_the_reward_as_the_formula_says():
    ranking = ranking_of([[(0, 0), (1, 1)], [(0, 1)]], [1.0, 0.0])
    assert add_pair(ranking, 1, 0, 1.0) == pytest.approx(np.log(2.0))  # whichever comes first
    assert ranking.slope == pytest.approx(np.array([[-0.5, 0.5], [0.0, -0.45], [0.0, 0.0]]))


def test_rankings_that_a_table_can_make_bring_the_loss_to_0():
    """Returns are those of some table of rewards: it ranks all pairs, and so does a multiple."""
    rng = np.random.default_rng(0)
    true = rng.normal(size=(3, 2))
    episodes = random_episodes(rng, 8)
    returns = [naive.worth(true, episode, 0.9) for episode in episodes]
    ranking = ranking_of(episodes, returns)
    losses = [rank_pairs(ranking, 8, 10, 10.0, rng) for _ in range(4000)]
    assert losses[0] == pytest.approx(np.log(2.0))
    assert np.mean(losses[-100:]) < 0.01
    order = np.argsort([judged(ranking, i) for i in range(8)])
    assert (order == np.argsort(returns)).all()


def test_huge_rewards_do_not_overflow():
    ranking = ranking_of([[(0, 0)], [(1, 0)]], [1.0, 0.0], reward=np.full((3, 2), 1e300))
    ranking.reward[0, 0] = -1e300
    assert np.isfinite(rank_pairs(ranking, 2, 3, 0.01, np.random.default_rng(0)))
    assert np.isfinite(ranking.reward).all()


def test_equal_returns_teach_nothing():
    rng = np.random.default_rng(1)
    ranking = ranking_of(random_episodes(rng, 8), np.ones(8), reward=rng.normal(size=(3, 2)))
    before = ranking.reward.copy()
    assert rank_pairs(ranking, 8, 10, 1.0, rng) == 0.0
    assert (ranking.reward == before).all()
    unpaid = bk.Episodes(bk.GridWorld("S..G", goal_reward=0.0, gamma=0.9), 30)
    result = bk.simulate(unpaid, [bk.SORS(rate=1.0)], horizon=5000, replications=2, seed=0)
    assert (result.logs["learned"] == 0.0).all()
    assert (result.logs["loss"][..., -1] == 0.0).all()


def episodes_of(problem, policy, rounds, seed):
    """Play as Python; yield ("before", generator of the learner) and ("after", s, a, y)."""
    env_rng, rng = generators(seed)
    env = complete(problem.start(rounds, env_rng))
    for t in range(rounds):
        s = int(env.observe(t, env_rng))
        yield "before", copy.deepcopy(rng)
        a = int(policy.select(t, s, rng))
        y = env.respond(t, s, a, env_rng)
        policy.update(t, s, a, y)
        yield "after", (s, a, y)


@pytest.mark.parametrize("parameters", [{"pairs": 2, "capacity": 4, "updates": 3}, {"pairs": 5}])
def test_it_is_the_oracle(parameters):
    parameters = {"rate": 0.5, "capacity": 12, "updates": 1} | parameters
    problem = random_mdp(2)
    pairs = [(s, a) for s in range(4) for a in range(2)]
    oracle = naive.SORS(pairs, 0.7, None, **parameters)
    policy = bk.SORS(bk.Sarsa(epsilon=1.0), **parameters).start(problem.spec, 300)
    episode, rewards, fresh = [], [], True
    for when, what in episodes_of(problem, policy, 160, seed=0):
        if when == "before":
            if fresh:
                oracle.rng = what
                oracle.descend()
            fresh = False
        else:
            s, a, y = what
            episode.append((s, a))
            rewards.append(float(y.reward))
            for pair, value in oracle.reward.items():
                assert policy.ranking.reward[pair] == pytest.approx(value, abs=1e-6)
            if y.terminal or y.truncated:
                oracle.learn(episode, rewards)
                episode, rewards, fresh = [], [], True
    assert len(oracle.episodes) > parameters["capacity"]
    kept = [G for _, G in oracle.buffer()]
    over = policy.stored[0] % parameters["capacity"]  # where the episode that goes on is written
    same = [k for k in range(parameters["capacity"]) if k != over or fresh]
    assert policy.ranking.returns[same] == pytest.approx(np.array(kept)[same])


@pytest.mark.parametrize("mixed", [False, True])
def test_who_is_inside_is_told_the_learned_reward_and_nothing_else(mixed):
    """The table of a Q-learner inside moves by the learned reward, to the bit."""
    problem = random_mdp(5)
    policy = bk.SORS(bk.QLearning(), 0.5, mixed=mixed).start(problem.spec, 300)
    alone = bk.QLearning().start(problem.spec, 300)
    steps = (what for when, what in episodes_of(problem, policy, 120, seed=1) if when == "after")
    for t, (s, a, y) in enumerate(steps):
        told = policy.ranking.reward[s, a]  # fits are made before the choice: it is still that
        if mixed:
            told += y.reward
        alone.update(t, s, a, bk.Step(told, y.state, y.terminal, y.truncated))
        assert (policy.learner.actor.Q == alone.actor.Q).all()
    assert np.abs(alone.actor.Q).max() > 0.01


def test_the_learned_reward_ranks_walks_that_it_never_saw():
    """A sparse goal: of random walks of its own length, those that get there are worth more."""
    grid = bk.GridWorld("S...\n....\n...G", gamma=0.95, limit=40)
    learner = bk.SORS(bk.QLearning(epsilon=0.3), rate=1.0, updates=5)
    result = bk.simulate(bk.Episodes(grid, 400), [learner], horizon=1e5, replications=3, seed=0)
    env_rng, rng = generators(99)
    env, walks, t = complete(grid.start(1, env_rng)), [], 0
    while len(walks) < 150:
        episode, G, discount, over = [], 0.0, 1.0, False
        while not over:
            s, a = int(env.observe(t, env_rng)), int(rng.integers(4))
            y = env.respond(t, s, a, env_rng)
            episode.append((s, a))
            G, discount, t = G + discount * y.reward, discount * grid.gamma, t + 1
            over = y.terminal or y.truncated
        walks.append((episode, G))
    returns = np.array([G for _, G in walks])
    assert 0.2 < (returns > 0).mean() < 0.9
    for learned in result.logs["learned"][0]:
        worth = np.array([naive.worth(learned, episode, grid.gamma) for episode, _ in walks])
        apart = np.sign(returns[:, None] - returns)
        right = (np.sign(worth[:, None] - worth) == apart)[apart != 0.0].mean()
        assert right > 0.8
    assert (result.logs["loss"][0, :, -1] < 0.3).all()
    assert result.logs["steps"][0, :, -50:].mean() < 12  # it walks by that reward alone


@pytest.mark.parametrize("learner", TABULAR["SORS"], ids=repr)
def test_it_is_the_same_to_the_bit_compiled_and_interpreted(learner):
    for problem in (random_mdp(3), bk.Episodes(bk.Chain(n=3, gamma=0.9), 20)):
        compiled, python = (
            regret_of(loop, problem, learner, horizon=200, seed=3, calls=(90,))
            for loop in (play, play_interpreted)
        )
        assert (compiled == python).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rate": -0.01}, "rate must be 0 or more"),
        ({"rate": np.nan}, "rate must be"),
        ({"pairs": 0}, "pairs must be a whole number, 1 or more"),
        ({"capacity": 19}, "a batch of 10 pairs has 20 episodes, but the buffer keeps 19"),
        ({"capacity": 1, "pairs": 1}, "capacity must be a whole number, 2 or more"),
        ({"updates": 0}, "updates must be a whole number, 1 or more"),
        ({"mixed": 1}, "mixed must be True or False"),
        ({"learner": bk.UCBVI()}, "learner must take rewards as they come"),
        ({"learner": bk.RMax()}, "learner must take rewards as they come"),
        ({"learner": "QLearning"}, "learner must take rewards as they come"),
    ],
)
def test_bad_parameters_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        bk.SORS(**arguments)


def test_what_it_cannot_play_is_named_before_anything_is_compiled():
    with pytest.raises(ValueError, match="SORS learns from"):
        bk.SORS(bk.Reinforce()).check(bk.MountainCar())
    with pytest.raises(ValueError, match="initial needs a number for each of the 7 states"):
        bk.SORS(bk.QLearning(initial=[1.0, 2.0])).check(bk.Chain())
    with pytest.raises(ValueError, match="is too large; give a smaller capacity"):
        bk.SORS(capacity=100_000).check(bk.GridWorld.ng(20))


def test_by_default_a_short_corridor_is_learned():
    """A small step after each episode would leave a fifth of the runs in the corridor."""
    grid = bk.GridWorld("S...G", gamma=0.9, limit=30)
    learners = {"default": bk.SORS(), "small steps": bk.SORS(rate=0.01, updates=1)}
    result = bk.simulate(bk.Episodes(grid, 300), learners, horizon=1e4, replications=30, seed=3)
    stuck = result.logs["steps"][..., -50:].mean(axis=2) > 15
    assert stuck[0].sum() <= 1
    assert stuck[1].sum() >= 3
