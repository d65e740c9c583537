"""Learners that learn the model and plan in it: against oracles, bounds, and exact values."""

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pytest
from instances import generators

import banditkit as bk
from banditkit.core.verbs import complete

NEAR = 1e-9  # of values nearer than this the first action wins


def random_mdp(seed, S=4, A=2, gamma=0.7, limit=9):
    """Return an MDP in which episodes end, in the last state, and are cut off."""
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.full(S, 0.5), size=(S, A))
    return bk.MDP(P, rng.normal(size=(S, A, S)), gamma, terminal=[S - 1], limit=limit)


def rounds_of(problem, learner, rounds, seed=0):
    """Play as Python; yield the policy before and after each update, with (s, a, gap, answer)."""
    env_rng, rng = generators(seed)
    env, policy = complete(problem.start(rounds, env_rng)), learner.start(problem.spec, rounds)
    for t in range(rounds):
        s = int(env.observe(t, env_rng))
        a = int(policy.select(t, s, rng))
        gap = float(env.gap(t, s, a))
        y = env.respond(t, s, a, env_rng)
        policy.update(t, s, a, y)
        yield policy, s, a, gap, y


class Book:
    """What was seen, and how to act by values Q: a dict of pairs."""

    def __init__(self, S, A):
        self.S, self.A = S, A
        self.visits, self.paid = defaultdict(int), defaultdict(float)
        self.seen, self.ends = defaultdict(int), set()

    def write(self, s, a, reward, later):
        self.visits[s, a] += 1
        self.paid[s, a] += reward
        self.seen[s, a, later] += 1

    def look_ahead(self, s, a, gamma, V):
        """Return the value of a pair by averages and frequencies."""
        n = self.visits[s, a]
        ahead = math.fsum(self.seen[s, a, z] / n * V[z] for z in range(self.S))
        return self.paid[s, a] / n + gamma * ahead


def best(values):
    return next(a for a, value in enumerate(values) if value >= max(values) - NEAR)


class RMaxOracle(Book):
    """Brafman & Tennenholtz (2002), with a value in place of the paradise they have."""

    def __init__(self, S, A, gamma, known, optimism):
        super().__init__(S, A)
        self.gamma, self.known, self.optimism = gamma, known, optimism
        self.Q = {(s, a): optimism[s] for s in range(S) for a in range(A)}

    def act(self, s):
        return best([self.Q[s, a] for a in range(self.A)])

    def learn(self, s, a, y):
        if self.visits[s, a] >= self.known:
            return
        self.write(s, a, float(y.reward), int(y.state))
        if y.terminal:
            self.ends.add(int(y.state))
        if self.visits[s, a] == self.known:
            self.plan()

    def plan(self):
        V, change = [0.0] * self.S, math.inf
        while change > 1e-11:
            for s, a in self.Q:
                known = self.visits[s, a] >= self.known
                self.Q[s, a] = self.look_ahead(s, a, self.gamma, V) if known else self.optimism[s]
            new = [
                0.0 if s in self.ends else max(self.Q[s, a] for a in range(self.A))
                for s in range(self.S)
            ]
            change = max(abs(v - w) for v, w in zip(V, new, strict=True))
            V = new


class UCBVIOracle(Book):
    """Azar, Osband & Munos (2017), with Hoeffding's bonus; rounds of an episode count from 0."""

    def __init__(self, spec, T, delta, scale):
        super().__init__(spec.S, spec.A)
        self.H, self.gamma, self.age = spec.H, spec.gamma, 0
        worth = [sum(spec.gamma**i for i in range(spec.H - h)) for h in range(spec.H)]
        self.most = [max(0.0, spec.highest) * rounds for rounds in worth]
        self.ranges = [(max(0.0, spec.highest) - min(0.0, spec.lowest)) * x for x in worth]
        self.scale = scale
        self.log = math.log(2 * spec.S * spec.A * spec.H * T / delta)
        self.Q = {
            (h, s, a): self.most[h]
            for h in range(self.H)
            for s in range(self.S)
            for a in range(self.A)
        }

    def act(self, s):
        return best([self.Q[self.age, s, a] for a in range(self.A)])

    def learn(self, s, a, y):
        self.write(s, a, float(y.reward), int(y.state))
        self.age += 1
        if y.terminal:
            if self.age < self.H:
                self.ends.add(int(y.state))
            self.age = 0
            self.plan()

    def plan(self):
        V = [0.0] * self.S
        for h in reversed(range(self.H)):
            for s in range(self.S):
                for a in range(self.A):
                    n, value = self.visits[s, a], math.inf
                    if n:
                        bonus = self.scale * self.ranges[h] * math.sqrt(self.log / (2 * n))
                        value = self.look_ahead(s, a, self.gamma, V) + bonus
                    self.Q[h, s, a] = min(self.most[h], value)
            V = [
                0.0 if s in self.ends else max(self.Q[h, s, a] for a in range(self.A))
                for s in range(self.S)
            ]


def compare(problem, learner, oracle, rounds, seed=0):
    """Assert that the actions and, after each round, the values are those of the oracle."""
    actions, values = [], set()
    for policy, s, a, _, y in rounds_of(problem, learner, rounds, seed):
        assert a == oracle.act(s)
        oracle.learn(s, a, y)
        expected = np.array([oracle.Q[place] for place in np.ndindex(*policy.Q.shape)])
        assert np.abs(policy.Q.ravel() - expected).max() < 1e-6
        actions.append(a)
        values.add(round(policy.Q.sum(), 9))
    assert len(set(actions)) == problem.spec.A
    assert len(values) > 3  # it planned, and found something else


# R-MAX


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("optimism", [None, 2.5, (3.0, 1.0, 2.0, 0.5)], ids=repr)
@pytest.mark.parametrize("known", [1, 5])
def test_rmax_is_that_of_the_paper(known, optimism, seed):
    problem = random_mdp(seed)
    expected = optimism
    if optimism is None:
        expected = problem.spec.highest / 0.3
    if not isinstance(expected, tuple):
        expected = (expected,) * 4
    oracle = RMaxOracle(4, 2, 0.7, known, expected)
    compare(problem, bk.RMax(known, optimism), oracle, 150, seed)


GRID = bk.GridWorld("..G\n.#.\nS..", gamma=0.6)
COSTLY = bk.GridWorld("..G\n.#.\nS..", gamma=0.6, step_reward=-1.0, goal_reward=-0.5)


@pytest.mark.parametrize("problem", [GRID, COSTLY], ids=["goal", "costs"])
@pytest.mark.parametrize("known", [1, 3])
@pytest.mark.parametrize("told", [None, 0.0, 0.5], ids=["nothing", "V*", "more than V*"])
def test_in_a_world_without_chance_values_are_never_too_low(told, known, problem):
    Q, alive = problem.solution.Q, ~problem.model.terminal
    optimism = None if told is None else tuple(problem.solution.V + told)
    changes = []
    for policy, *_ in rounds_of(problem, bk.RMax(known, optimism), 300):
        assert (policy.Q - Q)[alive].min() > -1e-6
        changes.append(policy.Q.sum())
    assert changes[-1] < changes[0]


@pytest.mark.parametrize("problem", [GRID, COSTLY], ids=["goal", "costs"])
@pytest.mark.parametrize("known", [1, 4])
def test_in_a_world_without_chance_it_finds_all_values_and_errs_no_more(known, problem):
    games = [*rounds_of(problem, bk.RMax(known), 600)]
    policy, gaps = games[-1][0], np.array([gap for _, _, _, gap, _ in games])
    assert (gaps > 1e-6).any()
    assert gaps[400:].max() < 1e-12
    if problem is GRID:  # what costs too much is left unknown
        alive = ~problem.model.terminal
        assert np.abs(policy.Q - problem.solution.Q)[alive].max() < 1e-8


def test_with_costs_alone_nothing_is_worth_more_than_0():
    """Else everything unknown would look as bad as a walk for ever, and nobody would look."""
    wind = bk.WindyGrid(gamma=0.9)
    policy = bk.RMax(known=1).start(wind.spec, 9)
    assert wind.spec.highest == -1.0
    assert not policy.Q.any()
    result = bk.simulate(wind, [bk.RMax(1)], horizon=4000, seed=0, times=[3000, 4000])
    assert np.ptp(result.regret) < 1e-9


def test_told_what_states_are_worth_it_tries_nothing_bad_twice():
    """Unknown pairs are worth V* of their state, known ones Q*: who knows a pair is bad leaves it.

    So each bad pair is tried at most `known` times, and far fewer states are seen.
    """
    grid = bk.GridWorld(".....\n.....\n..S..\n.....\n....G", gamma=0.6)
    tries = {}
    for told in (False, True):
        V = grid.solution.V if told else np.full(grid.spec.S, 1 / 0.4)
        tries[told] = np.zeros((grid.spec.S, 4), dtype=int)
        for policy, s, a, gap, _ in rounds_of(grid, bk.RMax(2, tuple(V)), 250):
            tries[told][s, a] += gap > 1e-9
            if told:
                known = policy.seen.visits.reshape(-1, 4) >= 2
                assert np.abs(policy.Q - grid.solution.Q)[known].max(initial=0.0) < 1e-8
                assert np.abs(policy.Q - V[:, None])[~known].max() == 0.0
    assert tries[True].max() <= 2 < tries[False].max()
    assert 0 < tries[True].sum() < 0.4 * tries[False].sum()


def test_told_what_states_are_worth_it_never_errs_where_the_best_action_comes_first():
    """Of equal values the first wins, and upwards is the first action."""
    grid = bk.GridWorld("G..\n...\nS..", gamma=0.9)
    told = rounds_of(grid, bk.RMax(3, tuple(grid.solution.V)), 200)
    assert {(a, gap) for _, _, a, gap, _ in told} == {(0, 0.0)}
    assert any(gap > 1e-6 for *_, gap, _ in rounds_of(grid, bk.RMax(3), 200))


def test_what_is_learned_after_a_pair_is_known_does_not_count():
    policy = bk.RMax(known=2, optimism=9.0).start(bk.Tabular(2, 1, 0.5, 0.0, 4.0), 99)
    for reward in (1.0, 3.0, 1000.0):
        policy.update(0, 0, 0, bk.Step(reward, 1, True, False))
    assert policy.seen.visits.tolist() == [2, 0]
    assert policy.Q.tolist() == [[2.0], [9.0]]
    assert policy.V.tolist() == [2.0, 0.0]


# UCBVI


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("gamma", [1.0, 0.6])
@pytest.mark.parametrize(
    "options", [{}, {"scale": 0.05}, {"scale": 0.0}, {"delta": 1.0, "scale": 0.3}], ids=repr
)
def test_ucbvi_is_that_of_the_definition(options, gamma, seed):
    problem = bk.FiniteHorizon(random_mdp(seed), 4, gamma)
    oracle = UCBVIOracle(problem.spec, 400, **{"delta": 0.05, "scale": 1.0, **options})
    compare(problem, bk.UCBVI(**options), oracle, 400, seed)


@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["gains", "costs"])
@pytest.mark.parametrize("seed", range(5))
def test_with_the_full_bonus_values_are_never_too_low(seed, sign):
    """With probability 0.95, says the theorem; it is careful, and with these seeds it is so."""
    P = np.random.default_rng(seed).dirichlet(np.full(4, 0.5), size=(4, 2))
    R = sign * np.random.default_rng(seed + 9).uniform(size=(4, 2, 4))
    problem = bk.FiniteHorizon(bk.MDP(P, R, 0.9, terminal=[3]), 3)
    values, _ = bk.planning.finite_horizon(problem.step_model, 3)
    least = {}
    for scale in (0.0, 1.0):
        least[scale] = math.inf
        for policy, *_, y in rounds_of(problem, bk.UCBVI(scale=scale), 1200, seed):
            if y.terminal:
                least[scale] = min(least[scale], (policy.V - values[::-1])[:, :3].min())
    assert least[0.0] < -1e-3  # a bonus is needed
    assert least[1.0] > -1e-9
    assert policy.V[0, 0] < policy.largest[0] - 0.05  # and says something


def test_without_a_bonus_it_is_greedy_in_what_it_has_seen():
    """Once all pairs were seen, values are those of the MDP of averages and frequencies."""
    H, problem = 3, bk.FiniteHorizon(random_mdp(8, S=3), 3)
    policy = bk.UCBVI(scale=0.0).start(problem.spec, 400)
    env_rng, rng = generators(1)
    env = complete(problem.start(400, env_rng))
    for t in range(400):
        s, a = int(env.observe(t, env_rng)), int(rng.integers(2))
        policy.update(t, s, a, env.respond(t, s, a, env_rng))
    counts = policy.seen.counts.reshape(3, 2, 3)
    visits = policy.seen.visits.reshape(3, 2)
    assert visits[:2].min() > 20
    P, R = counts / np.maximum(visits, 1)[:, :, None], policy.seen.paid.reshape(3, 2)
    seen = bk.MDP(P, R / np.maximum(visits, 1), 1.0, terminal=[2])
    V, actions = bk.planning.finite_horizon(seen, H)
    for h in range(H):
        assert np.abs(policy.V[h, :2] - np.minimum(V[H - h], policy.largest[h])[:2]).max() < 1e-12
        for s in range(2):
            policy.age[0] = h
            assert policy.select(0, s, rng) == actions[H - h - 1, s]


def test_an_episode_that_ends_with_its_last_step_says_nothing_of_its_state():
    """Only a state that ends an episode before is terminal."""
    policy = bk.UCBVI(scale=0.0).start(bk.Tabular(2, 1, 1.0, 0.0, 1.0, H=2), 99)
    policy.update(0, 0, 0, bk.Step(0.5, 0, False, False))
    policy.update(1, 0, 0, bk.Step(0.5, 1, True, False))
    assert not policy.seen.model.terminal.any()
    assert policy.V.tolist() == [[1.25, 2.0], [0.5, 1.0], [0.0, 0.0]]
    policy.update(2, 0, 0, bk.Step(0.5, 1, True, False))
    assert policy.seen.model.terminal.tolist() == [False, True]
    assert policy.age[0] == 0
    assert policy.V[0].tolist() == [pytest.approx(0.5 + 0.5 / 3), 0.0]


def test_a_river_is_learned_far_sooner_with_a_bonus():
    swim = bk.FiniteHorizon(bk.RiverSwim(n=4), 10)
    learners = [bk.UCBVI(scale=0.05), bk.QLearning()]
    result = bk.simulate(
        swim, learners, horizon=20_000, replications=4, seed=0, times=[10_000, 20_000]
    )
    ours, theirs = result.mean()
    assert ours[1] < 0.2 * theirs[1]  # measured: 0.01 to 0.02
    assert ours[1] - ours[0] < 0.5 * ours[0]  # measured: 0.001 to 0.03


# Bad input


@dataclass(frozen=True)
class Boundless(bk.Problem):
    """A problem of which nobody knows what it may pay."""

    feedback = bk.Feedback.STEP
    H: int = 0

    @property
    def spec(self):
        return bk.Tabular(3, 2, 0.9, H=self.H)

    def start(self, horizon, rng):
        raise AssertionError("it should not come to this")


LONG, SHORT = bk.Chain(4000, gamma=0.9), bk.GridWorld("S.G")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bk.RMax(known=0), "^known must be a whole number, 1 or more; got 0"),
        (lambda: bk.RMax(known=1.5), "^known must be a whole number, 1 or more; got 1.5"),
        (lambda: bk.RMax(optimism="high"), "^optimism must be a number; got 'high'"),
        (lambda: bk.RMax(optimism=math.inf), "^optimism must be finite; got inf"),
        (lambda: bk.RMax(optimism=[0, math.nan]), "^optimism must be finite; state 1 has nan"),
        (lambda: bk.RMax(optimism=[[1.0]]), "^optimism must be a number"),
        (lambda: bk.RMax(optimism=[1, 2]).check(SHORT), "each of the 3 states; got 2"),
        (lambda: bk.RMax(optimism=[1]).check(SHORT), "each of the 3 states; got 1"),
        (lambda: bk.RMax().check(bk.FiniteHorizon(SHORT, 5)), "^RMax plans for ever; .* use UCBVI"),
        (lambda: bk.RMax().check(LONG), "counts every .* 4,002 x 2 x 4,002 here, too many"),
        (lambda: bk.RMax().check(bk.Chain()), "^RMax can't tell how much .*; give optimism"),
        (lambda: bk.RMax().check(Boundless()), "^RMax can't tell how much rewards may come to"),
        (lambda: bk.RMax().check(bk.CartPole()), "^RMax learns .*numbered.* CartPole"),
        (lambda: bk.UCBVI(delta=0), "^delta must lie in"),
        (lambda: bk.UCBVI(delta=1.1), "^delta must lie in"),
        (lambda: bk.UCBVI(scale=-0.1), "^scale must be 0 or more; got -0.1"),
        (lambda: bk.UCBVI(scale=math.nan), "^scale must be .*nan"),
        (
            lambda: bk.UCBVI().check(SHORT),
            r"^UCBVI needs episodes of a fixed .*, as in FiniteHorizon\(GridWorld\(...\), H=20\)",
        ),
        (lambda: bk.UCBVI().check(Boundless(5)), "^UCBVI needs rewards with a lower and an upper"),
        (
            lambda: bk.UCBVI().check(bk.FiniteHorizon(LONG, 5)),
            "^UCBVI counts every .* too many; use QLearning",
        ),
        (lambda: bk.UCBVI().check(bk.MountainCar()), "^UCBVI learns .*numbered.* MountainCar"),
    ],
)
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("optimism", [None, 1.0, (1.0, 2.0, 0.0)])
def test_what_can_be_played_is_not_refused(optimism):
    bk.RMax(optimism=optimism).check(SHORT)
    bk.RMax(optimism=1.0).check(bk.Chain())  # gamma 1, but told
    bk.RMax().check(bk.CliffWalk())  # gamma 1, and nothing but costs
    bk.UCBVI().check(bk.FiniteHorizon(bk.RiverSwim(), 5))
