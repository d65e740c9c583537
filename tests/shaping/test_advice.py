"""Advice: against oracles, as identities between learners, and where it leads astray."""

import math

import numpy as np
import pytest
from instances import generators
from naive import tabular as naive

import banditkit as bk
from banditkit.core.verbs import complete

S, A, GAMMA = 5, 3, 0.9
TABLE = np.random.default_rng(7).normal(size=(S, A))
ROWS = TABLE.tolist()
LEARNERS = [bk.QLearning, bk.Sarsa, bk.ExpectedSarsa, bk.DoubleQLearning, bk.SarsaLambda]
ADVISED = {
    bk.QLearning: naive.q_learning,
    bk.Sarsa: naive.sarsa,
    bk.SarsaLambda: naive.sarsa_lambda,
}


def random_mdp(seed, limit=9, gamma=GAMMA):
    """Return an MDP in which episodes end, in the last state, and are cut off."""
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.full(S, 0.5), size=(S, A))
    return bk.MDP(P, rng.normal(size=(S, A, S)), gamma, terminal=[S - 1], limit=limit)


def run(problem, learner, rounds, seed=0, prepare=None):
    """Play as Python; return actions, rewards and the policy."""
    env_rng, rng = generators(seed)
    env, policy = complete(problem.start(rounds, env_rng)), learner.start(problem.spec, rounds)
    if prepare is not None:
        prepare(table_of(policy))
    _, actions, rewards = zip(*naive.play(env, policy, rounds, env_rng, rng), strict=True)
    return actions, rewards, policy


def actor_of(policy):
    return policy.sarsa.actor if hasattr(policy, "sarsa") else policy.actor


def table_of(policy):
    return actor_of(policy).Q


WEIGHT = bk.ExponentialDecay(2.0, 0.97, per="round")

# What stands around the learner, and what advises the oracle.
ADVICE = {
    "look-ahead": (
        lambda learner: bk.LookAhead(learner, TABLE),
        lambda: naive.LookAhead(ROWS, GAMMA),
    ),
    "DPBA": (
        lambda learner: bk.DPBA(learner, TABLE, rate=0.3),
        lambda: naive.DPBA(ROWS, 0.3, GAMMA),
    ),
    "DPBA, biased": (
        lambda learner: bk.DPBA(learner, TABLE, biased=True),
        lambda: naive.DPBA(ROWS, 0.1, GAMMA, biased=True),
    ),
    "PIES": (
        lambda learner: bk.PIES(learner, TABLE),
        lambda: naive.PIES(ROWS, 0.1, GAMMA, ("episode", lambda n: max(0.0, 1.0 - n / 50))),
    ),
    "PIES by rounds": (
        lambda learner: bk.PIES(learner, TABLE, rate=0.5, weight=WEIGHT),
        lambda: naive.PIES(ROWS, 0.5, GAMMA, ("round", lambda n: 2.0 * 0.97**n)),
    ),
    "BSRS": (lambda learner: bk.BSRS(learner), lambda: naive.BSRS(0.5, GAMMA)),
    "BSRS below 0": (
        lambda learner: bk.BSRS(learner, scale=-0.7),
        lambda: naive.BSRS(-0.7, GAMMA),
    ),
}

OPTIONS = {
    "plain": ({}, {}),
    "soft, by visits": (
        {"rate": bk.HarmonicDecay(pace=5.0), "temperature": 0.5},
        {"rate": ("visit", lambda n: 5.0 / (5 + n)), "temperature": 0.5},
    ),
}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("kind", ADVISED)
@pytest.mark.parametrize("advice", ADVICE)
@pytest.mark.parametrize("begun", [False, True], ids=["from 0", "from a potential"])
def test_it_does_what_is_written_down(advice, kind, options, begun):
    potential = [0.5, -1.0, 0.0, 2.0, 0.0]
    around, adviser = ADVICE[advice]
    theirs, ours = OPTIONS[options]
    learner = bk.QInit(kind(**theirs), potential) if begun else kind(**theirs)
    problem = random_mdp(1)
    actions, _, policy = run(problem, around(learner), 300)
    (env_rng, rng), given = generators(0), adviser()
    actor_options = {key: value for key, value in ours.items() if key != "rate"}
    initial = potential if begun else 0.0
    actor = naive.Actor(S, A, rng, initial=initial, advice=given, **actor_options)
    world = naive.World(complete(problem.start(300, env_rng)), env_rng)
    expected = ADVISED[kind](world, actor, ours.get("rate", 0.1), GAMMA, 300)
    assert list(actions) == expected
    table = [actor.values(s) for s in range(S)]
    assert np.abs(table_of(policy) - table).max() < 1e-12
    if isinstance(given, naive.Returned):
        learned = actor_of(policy).advice.learned.potential
        assert np.abs(learned - given.potential).max() < 1e-12
    assert actions != run(problem, learner, 300)[0]  # it makes a difference


# The same as something else


def ng_potential(grid, n):
    return [-(i + (n - 1 - j)) / 0.8 for i, j in grid.cells]


@pytest.mark.parametrize("temperature", [0.0, 0.5], ids=["epsilon-greedy", "Boltzmann"])
@pytest.mark.parametrize("kind", LEARNERS)
def test_initial_values_do_what_shaping_does(kind, temperature):
    """Wiewiora 2003: the same actions on the same streams, and values that differ by Phi."""
    check_initial_values(kind, 10, 2500, temperature=temperature)


def test_initial_values_do_what_shaping_does_on_a_large_grid():
    check_initial_values(bk.Sarsa, 50, 8000)


def test_ties_but_for_rounding_do_not_tell_initial_values_from_shaping():
    """Equal values of one of two tables rounded otherwise here: the other table's value counted."""
    check_initial_values(bk.DoubleQLearning, 10, 1000, seed=2, rate=bk.HarmonicDecay(pace=2.0))


def check_initial_values(kind, n, rounds, seed=0, **options):
    grid = bk.GridWorld.ng(n)
    potential = ng_potential(grid, n)
    traces = {"trace": 0.5} if kind is bk.SarsaLambda else {}
    learner = kind(**options, **traces)
    first, _, begun = run(grid, bk.QInit(learner, potential), rounds, seed)
    second, _, shaped = run(bk.Shaped(grid, potential), learner, rounds, seed)
    assert first == second
    difference = table_of(begun) - table_of(shaped)
    assert np.abs(difference - np.array(potential)[:, None]).max() < 1e-12


@pytest.mark.parametrize("kind", LEARNERS)
@pytest.mark.parametrize("seed", range(3))
def test_initial_values_do_what_shaping_does_where_episodes_are_cut_off(kind, seed):
    problem, potential = random_mdp(seed), 3.0 * TABLE[:, 0]
    shaped = bk.Shaped(problem, potential)
    rate = bk.HarmonicDecay(pace=4.0)
    first, _, begun = run(problem, bk.QInit(kind(rate), shaped.potential), 500, seed)
    second, _, other = run(shaped, kind(rate), 500, seed)
    assert first == second
    difference = table_of(begun) - table_of(other)
    assert np.abs(difference - np.array(shaped.potential)[:, None]).max() < 1e-12


@pytest.mark.parametrize("kind", ADVISED)
def test_look_ahead_advice_is_a_table_that_begins_with_it(kind):
    problem = random_mdp(2)

    def begin(Q):
        Q += TABLE

    first, _, advised = run(problem, bk.LookAhead(kind(), TABLE), 500)
    second, _, begun = run(problem, kind(), 500, prepare=begin)
    assert first == second
    assert np.abs(table_of(begun) - table_of(advised) - TABLE)[:4].max() < 1e-12


@pytest.mark.parametrize("kind", ADVISED)
def test_look_ahead_advice_that_is_the_same_for_all_actions_is_a_potential(kind):
    problem, potential = random_mdp(3), TABLE[:, 1]
    every = np.repeat(potential[:, None], A, axis=1)
    first, _, advised = run(problem, bk.LookAhead(kind(), every), 500)
    second, _, begun = run(problem, bk.QInit(kind(), potential), 500)
    assert first == second
    assert np.abs(table_of(begun) - table_of(advised) - every)[:4].max() < 1e-12


@pytest.mark.parametrize("kind", ADVISED)
@pytest.mark.parametrize(
    "around",
    [
        lambda learner: bk.PIES(learner, TABLE, weight=0.0),
        lambda learner: bk.DPBA(learner, np.zeros((S, A))),
        lambda learner: bk.DPBA(learner, np.zeros((S, A)), biased=True),
        lambda learner: bk.DPBA(learner, TABLE, rate=0.0),
        lambda learner: bk.LookAhead(learner, np.zeros((S, A))),
        lambda learner: bk.BSRS(learner, scale=0.0),
    ],
    ids=["PIES", "DPBA", "biased DPBA", "DPBA that does not learn", "LookAhead", "BSRS"],
)
def test_advice_that_says_nothing_changes_nothing(around, kind):
    problem = random_mdp(4)
    actions, _, policy = run(problem, around(kind()), 300)
    same, _, plain = run(problem, kind(), 300)
    assert actions == same
    assert np.array_equal(table_of(policy), table_of(plain))


def test_pies_learns_from_true_rewards_only():
    """With all actions drawn by chance the leaning has no effect: Sarsa's values, to the bit."""
    problem = random_mdp(5, limit=0)  # where an episode is cut off, a' is the best action
    actions, _, plain = run(problem, bk.Sarsa(epsilon=1.0), 300)
    same, _, leaning = run(problem, bk.PIES(bk.Sarsa(epsilon=1.0), TABLE, weight=5.0), 300)
    assert actions == same
    assert np.array_equal(table_of(leaning), table_of(plain))


# What the potential of DPBA settles at


def walk_of_pairs(problem, policy, steps, seed):
    """Yield steps with the next action, of a fixed random policy; None where nothing comes."""
    rng = np.random.default_rng(seed)
    env = complete(problem.start(steps, rng))
    s = int(env.observe(0, rng))
    a = int(rng.choice(A, p=policy[s]))
    for t in range(steps):
        y = env.respond(t, env.observe(t, rng), a, rng)
        if y.terminal:
            yield s, a, int(y.state), None
            s = int(env.observe(t + 1, rng))
            a = int(rng.choice(A, p=policy[s]))
        else:
            b = int(rng.choice(A, p=policy[y.state]))
            yield s, a, int(y.state), b
            s, a = int(y.state), b


@pytest.mark.parametrize("seed", range(3))
def test_what_dpba_pays_is_the_bonus_on_average(seed):
    """Each step moves Phi by rate (F' - bonus), where F' = gamma Phi(s', a') - Phi(s, a) of now.

    So over n visits of a pair the average of F' is the bonus + (Phi_n - Phi_0) / (rate n), which
    is as near as one likes; and F' is F, unless the next pair is the same one.
    """
    problem = random_mdp(seed, limit=0)
    policy = np.random.default_rng(seed).dirichlet(np.full(A, 9.0), size=S)
    advice = bk.DPBA(bk.Sarsa(), TABLE, rate=0.05).advice(problem.spec)
    Phi, paid, n = advice.learned.potential, np.zeros((S, A)), np.zeros((S, A))
    for s, a, later, b in walk_of_pairs(problem, policy, 20_000, seed):
        before = Phi[s, a]
        F = advice.reshape(np.zeros((S, A)), s, a, later, -1 if b is None else b)
        if (later, b) == (s, a):
            F -= GAMMA * (Phi[s, a] - before)
        paid[s, a] += F
        n[s, a] += 1
    paid, n, bonus, Phi = paid[:4], n[:4], TABLE[:4], Phi[:4]
    assert n.min() > 100
    assert paid / n == pytest.approx(bonus + Phi / (0.05 * n), abs=1e-11)
    assert np.abs(paid / n - bonus).max() < 0.5


def test_where_the_potential_of_dpba_settles_it_pays_the_bonus():
    """Nothing is random, and the policy never changes: Phi = - the value of the bonus, and F it."""
    grid = bk.GridWorld("SG", gamma=0.5, goal_reward=0.0)
    ring = np.zeros((3, 1, 3))
    for s in range(3):
        ring[s, 0, (s + 1) % 3] = 1.0
    problem = bk.MDP(ring, np.zeros((3, 1)), 0.5)
    bonus = np.array([[1.0], [-2.0], [0.5]])
    learner = bk.DPBA(bk.Sarsa(rate=1.0), bonus, rate=0.5)
    _, _, policy = run(problem, learner, 1000)
    value = np.linalg.solve(np.eye(3) - 0.5 * ring[:, 0], bonus)
    Phi = actor_of(policy).advice.learned.potential
    assert Phi == pytest.approx(-value, abs=1e-12)
    # Sarsa values what is paid
    assert table_of(policy) == pytest.approx(value, abs=1e-12)
    # at the end nothing comes any more
    _, _, policy = run(grid, bk.DPBA(bk.Sarsa(epsilon=1.0), np.ones((2, 4)), rate=1.0), 300)
    assert actor_of(policy).advice.learned.potential[0, 1] == -1.0


def arms_of_two():
    """Return a bandit: both actions end the episode, and pay 1 and 0."""
    P = np.zeros((2, 2, 2))
    P[:, :, 1] = 1.0
    return bk.MDP(P, [[1.0, 0.0], [0.0, 0.0]], 0.9, terminal=[1])


@pytest.mark.parametrize("kind", ADVISED)
def test_dpba_goes_wrong_on_two_arms_unless_it_acts_with_its_bias(kind):
    bonus, problem = [[0.0, 2.0], [0.0, 0.0]], arms_of_two()
    actions, _, policy = run(problem, bk.DPBA(kind(rate=0.2), bonus, rate=0.1), 3000)
    assert table_of(policy)[0] == pytest.approx([1.0, 2.0], abs=1e-3)
    assert actor_of(policy).advice.learned.potential[0] == pytest.approx([0.0, -2.0], abs=1e-3)
    assert np.mean(actions[-1000:]) > 0.9
    actions, _, policy = run(problem, bk.DPBA(kind(rate=0.2), bonus, biased=True), 3000)
    assert np.mean(actions[-1000:]) < 0.1
    Q, Phi = table_of(policy)[0], actor_of(policy).advice.learned.potential[0]
    assert Q + Phi == pytest.approx([1.0, 0.0], abs=1e-3)
    actions, _, policy = run(problem, bk.PIES(kind(rate=0.2), bonus), 3000)
    assert np.mean(actions[-1000:]) < 0.1
    assert table_of(policy)[0] == pytest.approx([1.0, 0.0], abs=1e-3)


def test_pies_follows_the_advice_first_and_the_rewards_later():
    problem, bonus = arms_of_two(), [[0.0, 5.0], [0.0, 0.0]]
    weight = bk.LinearDecay(1.0, 0.0, over=600)
    actions, _, _ = run(problem, bk.PIES(bk.Sarsa(), bonus, weight=weight), 1200)
    assert np.mean(actions[50:300]) > 0.9
    assert np.mean(actions[-500:]) < 0.1


# Look-ahead, without and with its bias; look-back


def lonely(limit=0):
    """Return one state with two actions, both of which pay nothing and lead back."""
    return bk.MDP(np.ones((1, 2, 1)), np.zeros((1, 2)), 0.9, limit=limit)


def test_a_constant_bonus_as_look_ahead_advice_deters_unless_one_acts_with_its_bias():
    """F of the praised action is gamma Phi(s', a') - 1 < 0, and of the other one >= 0."""
    praise = [[0.0, 1.0]]
    advice = bk.LookAhead(bk.Sarsa(), praise).advice(lonely().spec)
    Q = np.zeros((1, 2))
    assert [advice.reshape(Q, 0, 1, 0, b) for b in (0, 1)] == pytest.approx([-1.0, -0.1])
    assert [advice.reshape(Q, 0, 0, 0, b) for b in (0, 1)] == pytest.approx([0.0, 0.9])
    assert advice.reshape(Q, 0, 1, 0, -1) == -1.0
    # whoever acts by Q alone keeps away from it; with Q + Phi the first action is the praised one
    learner = bk.LookAhead(bk.Sarsa(epsilon=0.0), praise)
    actions, _, policy = run(lonely(), learner, 50)
    assert set(actions) == {1}
    Q = table_of(policy)[0]
    assert Q[1] < 0.0 == Q[0]


@pytest.mark.parametrize("limit", [0, 4])
@pytest.mark.parametrize("seed", range(4))
def test_look_back_advice_sums_to_the_last_pair(seed, limit):
    plain = random_mdp(seed, limit=limit)
    paid = bk.LookBack(plain, TABLE)
    rng = np.random.default_rng(seed)
    actions = rng.integers(A, size=200)
    streams = [np.random.default_rng([seed, 9]) for _ in range(2)]
    games = [complete(p.start(200, r)) for p, r in zip((plain, paid), streams, strict=True)]
    total, n, episodes, cut = 0.0, 0, 0, 0
    for t, a in enumerate(actions):
        states = [env.observe(t, r) for env, r in zip(games, streams, strict=True)]
        y, z = (env.respond(t, s, a, r) for env, s, r in zip(games, states, streams, strict=True))
        assert y[1:] == z[1:]
        assert games[1].earned(z) == y.reward
        assert games[1].gap(t, states[1], a) == games[0].gap(t, states[0], a)
        total += GAMMA**n * (z.reward - y.reward)
        assert total == pytest.approx(GAMMA**n * TABLE[states[0], a], abs=1e-12)
        n += 1
        if y.terminal or y.truncated:
            total, n, episodes, cut = 0.0, 0, episodes + 1, cut + y.truncated
    assert episodes > 5
    assert (cut > 0) == (limit > 0)


def test_sarsa_learns_of_look_back_advice_what_it_learns_without():
    """Wiewiora et al.: the advice that was paid is taken back, so Q is that of no advice + Phi.

    With one action, and values of what comes next: r + Phi(s) - Phi(before) / gamma is paid, so the
    values under the policy are V(s) - Phi(before) / gamma, which is no function of s; where each
    state has one predecessor, it is.
    """
    n = 5
    P = np.zeros((n + 1, 1, n + 1))
    for s in range(n):
        P[s, 0, s + 1] = 1.0
    R, Phi = np.zeros((n + 1, 1)), np.array([[0.3], [-1.0], [2.0], [0.7], [0.0], [0.0]])
    R[n - 1] = 1.0
    corridor = bk.MDP(P, R, 0.5, terminal=[n])
    _, _, policy = run(bk.LookBack(corridor, Phi), bk.Sarsa(rate=0.5), 1000)
    before = np.array([0.0, *Phi[: n - 1, 0]])
    expected = corridor.solution.V[:n] - before / 0.5
    assert table_of(policy)[:n, 0] == pytest.approx(expected, abs=1e-12)


# Bootstrapped shaping


@pytest.mark.parametrize("scale", [-0.5, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_bootstrapped_shaping_shrinks_the_best_values_and_keeps_the_gaps(scale, seed):
    """Where expected updates settle, max Q = V* / (1 + scale), and Q - max Q is that of Q*.

    M = max Q solves M = max_a (r + (1 + scale) gamma P M) - scale M, so (1 + scale) M is V*.
    """
    problem = random_mdp(seed)
    advice = bk.BSRS(bk.QLearning(), scale).advice(problem.spec)
    P = np.array(problem.P.todense()).reshape(S, A, S)
    R, Q = np.array(problem.R), np.zeros((S, A))
    for _ in range(2000):
        target = np.zeros((S, A))
        for s in range(S - 1):
            for a in range(A):
                for later in range(S):
                    b = -1 if later == S - 1 else int(np.argmax(Q[later]))
                    ahead = Q[later, b] if b >= 0 else 0.0
                    reward = R[s, a, later] + advice.reshape(Q, s, a, later, b)
                    target[s, a] += P[s, a, later] * (reward + GAMMA * ahead)
        if np.abs(target - Q).max() < 1e-11:
            break
        Q += 0.5 * (target - Q)
    V, best = problem.solution.V[:4], problem.solution.Q[:4]
    M = Q[:4].max(axis=1)
    assert (1.0 + scale) * M == pytest.approx(V, abs=1e-8)
    assert Q[:4] - M[:, None] == pytest.approx(best - V[:, None], abs=1e-8)


def test_bootstrapped_shaping_settles_there_when_it_is_played():
    grid = bk.GridWorld("..G\n.#.\nS..", gamma=0.5)
    _, _, policy = run(grid, bk.BSRS(bk.QLearning(rate=0.5, epsilon=1.0), scale=0.5), 6000)
    alive = ~grid.model.terminal
    best = table_of(policy).max(axis=1)
    assert 1.5 * best[alive] == pytest.approx(grid.solution.V[alive], abs=1e-9)


# A bonus that is never taken back


def test_a_naive_bonus_is_the_mdp_with_other_rewards():
    plain = random_mdp(6)
    paid = bk.NaiveBonus(plain, TABLE)
    by_hand = bk.MDP(
        plain.P.toarray().reshape(S, A, S),
        np.array(plain.R) + TABLE[:, :, None],
        GAMMA,
        terminal=[4],
        limit=9,
    )
    assert paid.limit == 9
    assert np.array_equal(paid.start_distribution, by_hand.start_distribution)
    for mine, theirs in zip(paid.model, by_hand.model, strict=True):
        assert np.allclose(mine, theirs, atol=1e-14, rtol=0.0)
    assert paid.solution.Q == pytest.approx(by_hand.solution.Q, abs=1e-9)
    assert (paid.solution.policy == by_hand.solution.policy)[:4].all()
    actions, rewards, policy = run(paid, bk.Sarsa(), 300)
    same, expected, other = run(by_hand, bk.Sarsa(), 300)
    assert actions == same
    assert rewards == pytest.approx(expected, abs=1e-12)
    assert table_of(policy) == pytest.approx(table_of(other), abs=1e-12)


def test_a_naive_bonus_leads_astray_and_as_advice_it_does_not():
    """A bonus for going back: the best policy with it never reaches the goal."""
    grid = bk.GridWorld("S..G", gamma=0.9)
    bonus = grid.favour("left")
    assert bk.NaiveBonus(grid, bonus).solution.policy[:3].tolist() == [3, 3, 3]
    fading = bk.LinearDecay(1.0, 0.0, over=1000, per="round")
    for learner in (
        bk.DPBA(bk.QLearning(epsilon=0.3), bonus, biased=True),
        bk.PIES(bk.QLearning(epsilon=0.3), bonus, weight=fading),
        bk.LookAhead(bk.QLearning(epsilon=0.3), bonus),
    ):
        _, _, policy = run(grid, learner, 6000)
        actor = actor_of(policy)
        worth = [
            [actor.Q[s, a] + actor.advice.lean(6000, actor.episode[0], s, a) for a in range(4)]
            for s in range(3)
        ]
        assert np.argmax(worth, axis=1).tolist() == [1, 1, 1], learner


# Wrappers of wrappers


def wrapped(plain):
    """Return problems around problems around `plain`."""
    paid, shaped = bk.NaiveBonus(plain, TABLE), bk.Shaped(plain, TABLE[:, 0])
    fading = bk.FadingPotential(TABLE[:, 1], over=500)
    return {
        "Shaped": shaped,
        "NaiveBonus": paid,
        "LookBack": bk.LookBack(plain, TABLE),
        "DynamicShaped": bk.DynamicShaped(plain, fading),
        "Shaped(NaiveBonus)": bk.Shaped(paid, TABLE[:, 0]),
        "NaiveBonus(Shaped)": bk.NaiveBonus(shaped, TABLE),
        "Shaped(Shaped)": bk.Shaped(shaped, TABLE[:, 2]),
        "LookBack(Shaped(NaiveBonus))": bk.LookBack(bk.Shaped(paid, TABLE[:, 0]), TABLE),
        "DynamicShaped(LookBack)": bk.DynamicShaped(bk.LookBack(plain, TABLE), fading),
        "DynamicShaped(DynamicShaped)": bk.DynamicShaped(bk.DynamicShaped(plain, fading), fading),
    }


@pytest.mark.parametrize("name", list(wrapped(random_mdp(8))))
def test_the_score_and_the_reward_that_counts_are_those_of_the_innermost(name):
    plain = random_mdp(8)
    around = wrapped(plain)[name]
    assert (around.spec.S, around.spec.A, around.spec.gamma) == (S, A, GAMMA)
    streams = [np.random.default_rng(3), np.random.default_rng(3)]
    games = [complete(p.start(200, r)) for p, r in zip((plain, around), streams, strict=True)]
    differs = 0
    for t, a in enumerate(np.random.default_rng(4).integers(A, size=200)):
        s, same = (env.observe(t, r) for env, r in zip(games, streams, strict=True))
        assert s == same
        assert games[0].gap(t, s, a) == games[1].gap(t, s, a)
        y, z = (env.respond(t, s, a, r) for env, r in zip(games, streams, strict=True))
        assert y[1:] == z[1:]
        assert games[1].earned(z) == games[0].earned(y) == y.reward
        differs += z.reward != y.reward
    assert differs > 100
    assert not games[1].done()


def test_shaping_over_a_bonus_pays_both():
    plain = random_mdp(8)
    both = bk.Shaped(bk.NaiveBonus(plain, TABLE), TABLE[:, 0])
    turned = bk.NaiveBonus(bk.Shaped(plain, TABLE[:, 0]), TABLE)
    assert both.model.rewards == pytest.approx(turned.model.rewards, abs=1e-14)
    one, other = (run(problem, bk.Sarsa(), 200)[1] for problem in (both, turned))
    assert one == pytest.approx(other, abs=1e-12)


# Bad input

ROW = bk.GridWorld("S.G")
RIGHT = [[0.0, 1.0, 0.0, 0.0]] * 3


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bk.LookAhead(bk.ExpectedSarsa(), RIGHT), r"as in LookAhead\(Sarsa\(\), ...\)"),
        (lambda: bk.LookAhead(bk.Sarsa, RIGHT), "LookAhead needs a learner .* got <class"),
        (lambda: bk.DPBA(bk.UCB1(), RIGHT), r"DPBA needs a learner .*; got UCB1\(\)"),
        (lambda: bk.DPBA(bk.DoubleQLearning(), RIGHT), "DPBA needs a learner whose target"),
        (lambda: bk.PIES(bk.LookAhead(bk.Sarsa(), RIGHT), RIGHT), "PIES needs a learner .* LookA"),
        (lambda: bk.BSRS("Sarsa"), "BSRS needs a learner .*; got 'Sarsa'"),
        (lambda: bk.BSRS(bk.QInit(bk.ExpectedSarsa(), [0.0])), "BSRS needs a learner whose target"),
        (lambda: bk.QInit(bk.UCB1(), [0.0]), r"QInit needs a learner .*; got UCB1\(\)"),
        (lambda: bk.QInit(bk.BSRS(bk.Sarsa()), [0.0]), r"QInit needs a learner .*; got BSRS"),
        (lambda: bk.QInit(bk.Sarsa, [0.0]), "QInit needs a learner .*; got <class"),
        (lambda: bk.QInit(bk.Sarsa(), [0.0, math.nan]), "^potential must be finite; state 1 has"),
        (lambda: bk.QInit(bk.Sarsa(), 1.0), "^potential must be a list of numbers, one per state"),
        (lambda: bk.QInit(bk.Sarsa(), [1.0]).check(ROW), "each of the 3 states; got 1"),
        (lambda: bk.LookAhead(bk.Sarsa(), [1.0, 2.0]), "^potential must be a table of numbers"),
        (lambda: bk.LookAhead(bk.Sarsa(), [[1.0], [1.0, 2.0]]), "^potential must be a table"),
        (lambda: bk.LookAhead(bk.Sarsa(), [["a"]]), "^potential must be a table of numbers"),
        (lambda: bk.LookAhead(bk.Sarsa(), [[0.0, math.inf]]), "state 0, action 1 has inf"),
        (
            lambda: bk.LookAhead(bk.Sarsa(), np.zeros((3, 3))).check(ROW),
            "^potential must have a row for each of 3 states .* 4 actions; got 3 rows of 3",
        ),
        (lambda: bk.DPBA(bk.Sarsa(), None), "^bonus must be a table of numbers.*got None"),
        (lambda: bk.DPBA(bk.Sarsa(), [[math.nan]]), "^bonus must be finite; state 0, action 0"),
        (lambda: bk.DPBA(bk.Sarsa(), RIGHT, rate=1.5), r"^rate must lie in \[0, 1\]; got 1.5"),
        (lambda: bk.DPBA(bk.Sarsa(), RIGHT, rate=bk.HarmonicDecay()), "^rate must be a number"),
        (lambda: bk.DPBA(bk.Sarsa(), RIGHT, biased=1), "^biased must be True or False; got 1"),
        (lambda: bk.DPBA(bk.Sarsa(), [[1.0]]).check(ROW), "^bonus must have a row .* 1 rows of 1"),
        (lambda: bk.PIES(bk.Sarsa(), RIGHT, weight=-1.0), "^weight must be 0 or more; got -1"),
        (lambda: bk.PIES(bk.Sarsa(), RIGHT, rate=-1.0), "^rate must lie in"),
        (
            lambda: bk.PIES(bk.Sarsa(), RIGHT, weight=bk.HarmonicDecay()),
            "^weight belongs to no pair whose visits could be counted",
        ),
        (lambda: bk.PIES(bk.Sarsa(), [[1.0]]).check(ROW), "^bonus must have a row"),
        (lambda: bk.BSRS(bk.Sarsa(), scale=-1.0), "^scale must lie in .*; got -1"),
        (lambda: bk.BSRS(bk.Sarsa(), scale=1.1), "^scale must lie in .*; got 1.1"),
        (lambda: bk.BSRS(bk.Sarsa(), scale=math.nan), "^scale must lie in .*; got nan"),
        (lambda: bk.NaiveBonus(bk.CartPole(), RIGHT), "^NaiveBonus needs a finite MDP; got CartP"),
        (lambda: bk.NaiveBonus(bk.Bernoulli((0.5,)), RIGHT), "^NaiveBonus needs a finite MDP"),
        (lambda: bk.NaiveBonus(ROW, [[1.0]]), "^bonus must have a row for each of 3 states"),
        (lambda: bk.NaiveBonus(ROW, [[math.nan] * 4] * 3), "^bonus must be finite; state 0"),
        (lambda: bk.LookBack(bk.MountainCar(), RIGHT), "^LookBack needs a finite MDP; got Mount"),
        (lambda: bk.LookBack(ROW, [[1.0]]), "^potential must have a row for each of 3 states"),
        (lambda: bk.LookBack(ROW, RIGHT, gamma=0.5), "must be that of the MDP, 0.99"),
        (lambda: bk.LookBack(ROW, RIGHT, gamma=0.0, mismatched=True), "divides by gamma"),
        (lambda: bk.LookBack(bk.GridWorld("SG", gamma=0.0), RIGHT[:2]), "divides by gamma"),
        (lambda: bk.LookBack(ROW, RIGHT, mismatched="yes"), "^mismatched must be True or False"),
    ],
)
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    "around",
    [
        lambda: bk.LookAhead(bk.Sarsa(), RIGHT),
        lambda: bk.DPBA(bk.Sarsa(), RIGHT),
        lambda: bk.PIES(bk.Sarsa(), RIGHT),
        lambda: bk.BSRS(bk.Sarsa()),
        lambda: bk.QInit(bk.Sarsa(), [0.0] * 3),
    ],
    ids=["LookAhead", "DPBA", "PIES", "BSRS", "QInit"],
)
@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (bk.Bernoulli((0.5,)), "learns from step feedback"),
        (bk.CartPole(), "learns from numbered states, which CartPole does not show"),
        (bk.MountainCar(), "learns from numbered states, which MountainCar does not show"),
    ],
    ids=["coins", "CartPole", "MountainCar"],
)
def test_what_it_cannot_play_is_named_before_anything_is_compiled(around, problem, words):
    with pytest.raises(ValueError, match=words):
        bk.simulate(problem, [around()], horizon=9)
