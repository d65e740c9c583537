"""Copies of learners for contexts: each is the learner that would play its rounds alone."""

import math

import numba
import numpy as np
import pytest
from instances import generators
from naive import contextual as naive
from naive import learners as plain

import banditkit as bk
from banditkit.core.adapters import begin
from banditkit.core.verbs import complete

VISITORS = bk.FiniteContexts(
    [[0.2, 0.8, 0.5], [0.8, 0.2, 0.5], [0.5, 0.5, 0.5]], odds=(0.5, 0.3, 0.2)
)
CROSS = bk.LipschitzContexts([[0.0, 1.0], [1.0, 0.0]])
LEARNERS = [
    bk.UCB1(),
    bk.KLUCB(),
    bk.SuccessiveElimination(exploration=0.1),
    bk.ExploreFirst(),  # looks at the horizon
    bk.Doubling(bk.UCB1(anytime=False)),
    bk.Thompson(),
    bk.EpsilonGreedy(0.2),
    bk.Exp3(),  # learns from costs
]
compiles = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="would take long as Python")


def game(problem, learner, horizon, seed=0):
    """Play as Python; yield the policy, and what happened in each round."""
    rngs = generators(seed)
    env, policy = begin(problem, learner, horizon, rngs[0])
    for t in range(horizon):
        x = env.observe(t, rngs[0])
        a = policy.select(t, x, rngs[1])
        gap, y = env.gap(t, x, a), env.respond(t, x, a, rngs[0])
        policy.update(t, x, a, y)
        yield policy, naive.Round(x, a, y, gap)


class Oracle:
    """One of the oracles of chapter 1, called as policies are."""

    def __init__(self, oracle):
        self.oracle = oracle

    def select(self, t, x, rng):
        return self.oracle.select(t, rng)

    def update(self, t, x, a, y):
        self.oracle.update(a, y)


def separate(learner, K, horizon):
    """Return a function that makes a fresh policy, which plays arms and sees no context."""
    spec = bk.Arms(K)
    return lambda: complete(learner.start(spec, horizon))


# --- Numbered contexts --------------------------------------------------------------------------


@pytest.mark.parametrize("learner", LEARNERS, ids=repr)
def test_copies_are_separate_learners_that_play_the_rounds_of_their_context(learner):
    T, (_, rng) = 1200, generators(0)
    oracle, arms = naive.PerContext(separate(learner, 3, T)), set()
    for _, (x, a, y, _) in game(VISITORS, bk.PerContext(learner), T):
        assert a == oracle.select(x, rng)
        oracle.update(x, a, y)
        arms.add((x, a))
    assert len(arms) == 9  # nothing was left untried, so that there was something to compare


def test_copies_of_ucb1_are_those_of_the_book():
    """With c = 2 apart from its powers, histories of equal length never tie by rounding alone."""
    oracle = naive.PerContext(lambda: Oracle(plain.UCB1(3, exploration=1.9)))
    for _, (x, a, y, _) in game(VISITORS, bk.PerContext(bk.UCB1(exploration=1.9)), 400):
        assert a == oracle.select(x, None)
        oracle.update(x, a, y)


def test_what_happens_in_one_context_changes_nothing_in_another():
    learner = bk.PerContext(bk.UCB1())
    policy = learner.start(bk.Contexts(5, 3), 100)
    fresh = learner.start(bk.Contexts(5, 3), 100)
    for t in range(40):
        policy.update(t, 2, policy.select(t, 2, None), 1.0)
    assert policy.rounds.tolist() == [0, 0, 40, 0, 0]
    for x in (0, 1, 3, 4):
        assert (policy.copies.arms.pulls[x] == fresh.copies.arms.pulls[x]).all()
        assert policy.select(40, x, None) == 0
    assert policy.copies.arms.pulls[2].sum() == 40


def test_the_rewards_that_a_copy_is_told_of_are_those_of_the_problem():
    """The range of rewards matters to UCB-V, whose copies have to know it."""
    spec = bk.Contexts(2, 3, -1.0, 4.0)
    policy = bk.PerContext(bk.UCBV()).start(spec, 100)
    alone = bk.UCBV().start(bk.Arms(3, -1.0, 4.0), 100)
    rng = np.random.default_rng(0)
    for t in range(60):
        a = policy.select(t, 1, None)
        assert a == alone.select(t, None, None)
        y = rng.uniform(-1.0, 4.0)
        policy.update(t, 1, a, y)
        alone.update(t, None, a, y)


def test_copies_beat_who_sees_no_context():
    means = bk.FiniteContexts([[0.2, 0.8], [0.8, 0.2], [0.3, 0.7], [0.7, 0.3]])
    regret = {}
    for learner in (bk.PerContext(bk.UCB1(0.5)), bk.PerContext(bk.Thompson()), bk.UCB1()):
        regret[learner] = math.fsum(step.gap for _, step in game(means, learner, 3000))
    blind = regret.pop(bk.UCB1())
    assert blind > 3000 * 0.2  # half of the rounds at a gap of 0.5 on average, give or take
    assert max(regret.values()) < blind / 5


# --- The mesh -----------------------------------------------------------------------------------


def contexts_to_try(points, n=150):
    """Return contexts in the middle of cells, between two of them, and anywhere."""
    mesh = np.arange(points) / (points - 1)
    ties = (np.arange(points - 1) + 0.5) / (points - 1)
    beside = np.concatenate([ties - 1e-9, ties + 1e-9])
    some = np.random.default_rng(1).random(n)
    return np.concatenate([mesh, ties, beside, some])


def mesh_of(points, K, learner=None):
    learner = bk.ContextMesh(learner or bk.UCB1(), step=1.0 / (points - 1))
    policy = learner.start(bk.Interval(K, 1.0), 1000)
    assert policy.points == points
    return policy


@pytest.mark.parametrize("points", [2, 3, 5, 8, 11, 50])
def test_contexts_are_rounded_to_the_nearest_point_of_the_mesh(points):
    """Where the step is a power of 2, ties are exact, and go down; else rounding decides them."""
    for x in contexts_to_try(points):
        policy = mesh_of(points, 3)
        policy.update(0, x, policy.select(0, x, None), 1.0)
        (touched,) = np.flatnonzero(policy.inner.rounds)
        distance = abs(x - touched / (points - 1))
        assert distance <= 0.5 / (points - 1) + 1e-12
        if points in (2, 3, 5) or distance < 0.5 / (points - 1) - 1e-10:
            assert touched == naive.nearest(x, points)
        # select asks the copy that update taught, which goes on to the next arm; others begin
        assert policy.select(1, x, None) == 1
        for other in range(points):
            first = 1 if other == touched else 0
            assert policy.select(1, other / (points - 1), None) == first


@pytest.mark.parametrize("learner", LEARNERS, ids=repr)
def test_the_mesh_is_copies_that_are_told_the_nearest_point(learner):
    T, points, (_, rng) = 800, 5, generators(0)
    oracle = naive.PerContext(separate(learner, 2, T))
    for _, (x, a, y, _) in game(CROSS, bk.ContextMesh(learner, step=0.25), T):
        point = naive.nearest(x, points)
        assert a == oracle.select(point, rng)
        oracle.update(point, a, y)
    assert sorted(oracle.of) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("arms", [2, 3, 7, 10, 101])
def test_arms_that_are_numbers_come_from_a_mesh_and_are_recognised(arms):
    learner = bk.ContextMesh(step=0.5, arms=arms)
    policy = learner.start(bk.Interval(0, 1.0), 1000)
    played = []
    for t in range(arms):  # UCB1 tries each once
        a = policy.select(t, 0.1, None)
        policy.update(t, 0.1, a, 0.5)
        played.append(a)
    assert played == pytest.approx(np.linspace(0.0, 1.0, arms), abs=1e-15)
    assert played[0] == 0.0
    assert played[-1] == 1.0
    assert (policy.inner.copies.arms.pulls[0] == 1).all()
    assert (policy.inner.copies.arms.pulls[1:] == 0).all()


def test_in_a_square_the_copies_play_numbers_of_arms():
    square = bk.LipschitzSquare([[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]])
    T, (_, rng) = 1000, generators(0)
    oracle = naive.PerContext(separate(bk.Thompson(), 6, T))
    learner = bk.ContextMesh(bk.Thompson(), step=0.5, arms=6)
    for _, (x, a, y, _) in game(square, learner, T):
        point = naive.nearest(x, 3)
        arm = oracle.select(point, rng)
        assert a == arm / 5
        oracle.update(point, arm, y)


@pytest.mark.parametrize("T", [2, 100, 5000, 10**6])
@pytest.mark.parametrize("lipschitz", [0.5, 1.0, 4.0, 30.0])
def test_default_meshes_have_the_size_of_the_formula(T, lipschitz):
    for K, step in (
        (1, (1 * math.log(T) / (T * lipschitz**2)) ** (1 / 3)),
        (7, (7 * math.log(T) / (T * lipschitz**2)) ** (1 / 3)),
        (0, (math.log(T) / (T * lipschitz**2)) ** (1 / 4)),
    ):
        spec = bk.Interval(K, lipschitz)
        points = bk.ContextMesh().points(spec, T)
        spacing = 1.0 / (points - 1)
        assert spacing <= min(1.0, step) * (1 + 1e-9)  # fine enough, and no finer than need be
        assert points == 2 or 1.0 / (points - 2) > step * (1 - 1e-9)
        policy = bk.ContextMesh().start(spec, T)
        assert policy.points == policy.inner.rounds.size == points
        assert policy.inner.copies.arms.pulls.shape == (points, K or points)
    assert bk.ContextMesh(arms=3).start(bk.Interval(0, 1.0), T).arms == 3


def test_a_step_that_does_not_fit_is_made_smaller():
    sizes = {1.0: 2, 0.5: 3, 0.3: 5, 0.25: 5, 0.1: 11, 1 / 3: 4, 1 / 49: 50, 0.999: 3}
    for step, points in sizes.items():
        assert bk.ContextMesh(step=step).points(bk.Interval(2, 1.0), 100) == points


def test_where_nothing_depends_on_the_context_the_mesh_is_as_wide_as_can_be():
    flat = bk.LipschitzContexts([[0.5, 0.5], [0.25, 0.25]])
    assert flat.spec.lipschitz == 0.0
    assert bk.ContextMesh().points(flat.spec, 10**6) == 2
    assert bk.ContextMesh().points(bk.Interval(3, 0.0), 1) == 2


def test_rounding_costs_at_most_half_a_step_of_the_slope():
    """Claim 8.3: the best arm of the nearest point is worth nearly as much as the best arm."""
    rng = np.random.default_rng(3)
    lines = bk.LipschitzContexts(rng.random((4, 9)))
    for points in (2, 5, 20):
        for x in rng.random(300):
            near = naive.nearest(x, points) / (points - 1)
            there = [naive.on_a_line(row, near) for row in lines.values]
            here = [naive.on_a_line(row, x) for row in lines.values]
            missed = max(here) - here[int(np.argmax(there))]
            # either mean may move by L times half a step
            assert missed <= lines.spec.lipschitz / (points - 1) + 1e-12


# --- Exponents ----------------------------------------------------------------------------------


def bumps(T, rng):
    """Return two arms that differ by a step of the mesh in each of its cells, by a coin's sign.

    The gap is what a copy can barely tell in its rounds: the instance that the theorem has to fear.
    """
    points = bk.ContextMesh().points(bk.Interval(2, 1.0), T)
    height = np.zeros(2 * points - 1)
    height[::2] = rng.choice([-0.5, 0.5], size=points) / (points - 1)
    return bk.LipschitzContexts([0.5 + height, 0.5 - height])


def needles(T, rng):
    """Return a square with one good arm in each cell of contexts, better by half a step."""
    points = bk.ContextMesh().points(bk.Interval(0, 1.0), T)
    values = np.full((2 * points - 1, 2 * points - 1), 0.5)
    for cell in range(points):
        values[2 * rng.integers(points), 2 * cell] += 0.5 / (points - 1)
    return bk.LipschitzSquare(values)


def slope(make, power):
    """Return how log regret, but for its logarithm to a power, grows with log T."""
    times = [2000 * 4**k for k in range(1, 6)]
    found = []
    for T in times:
        total = 0.0
        for seed in range(3):
            problem = make(T, np.random.default_rng(seed))
            assert problem.spec.lipschitz == pytest.approx(1.0)
            result = bk.simulate(
                problem, [bk.ContextMesh(bk.UCB1(0.5))], horizon=T, replications=2, seed=seed
            )
            total += result.mean()[0, -1]
        found.append(math.log(total / math.log(T) ** power))
    return np.polyfit(np.log(times), found, 1)[0]


@compiles
def test_regret_grows_with_two_thirds_of_the_logarithm_on_a_line():
    assert 0.58 < slope(bumps, 1 / 3) < 0.72  # 2/3


@compiles
def test_regret_grows_with_three_quarters_of_the_logarithm_in_a_square():
    assert 0.70 < slope(needles, 1 / 4) < 0.82  # 3/4


@compiles
def test_a_mesh_that_is_too_wide_pays_in_each_round():
    """The better arm changes between the points 0 and 1 of the widest mesh, and back."""
    zigzag = bk.LipschitzContexts([[0.75, 0.25, 0.75], [0.25, 0.75, 0.25]])
    wide, fine = [], []
    for T in (10_000, 160_000):
        players = [bk.ContextMesh(step=1.0), bk.ContextMesh()]
        regret = bk.simulate(zigzag, players, horizon=T, replications=4, seed=0).mean()[:, -1]
        wide.append(regret[0])
        fine.append(regret[1])
    assert wide[1] / wide[0] == pytest.approx(16.0, rel=0.1)
    assert fine[1] / fine[0] < 16.0 ** (2 / 3) * math.log(160_000) / math.log(10_000)
    assert fine[1] < wide[1] / 5
