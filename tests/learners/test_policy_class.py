"""Learners that compete with a class of policies, against their definitions and constraints."""

import itertools
import math

import numpy as np
import pytest
from instances import generators, regret_of
from naive import oracles as naive
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import banditkit as bk
from banditkit.core.play import play, play_interpreted
from banditkit.learners.policy_class import find_weights

RNG = np.random.default_rng(8)
VISITORS = bk.FiniteContexts(RNG.random((4, 3)), odds=(0.1, 0.2, 0.3, 0.4))
FEW = bk.PolicyClass(
    VISITORS,
    [[0, 1, 2, 0], [1, 1, 2, 0], [2, 0, 0, 1], [0, 2, 1, 1], [0, 0, 1, 2], [2, 2, 0, 1]],
)
# All 16 policies of two arms in four contexts; a wrong arm costs 0.8 or 0.6.
WIDE = bk.PolicyClass(
    bk.FiniteContexts([[0.1, 0.9], [0.9, 0.1], [0.2, 0.8], [0.8, 0.2]]),
    tuple(itertools.product(range(2), repeat=4)),
)
POINTS = bk.Classification(RNG.normal(size=(60, 2)), np.arange(60) % 3)


class Game:
    """Rounds (t, x, a, y) of a policy, which is told of each after it was looked at."""

    def __init__(self, problem, policy, horizon, seed):
        self.env_rng, self.rng = generators(seed)
        self.problem, self.policy, self.horizon = problem, policy, horizon

    def __iter__(self):
        env = self.problem.start(self.horizon, self.env_rng)
        for t in range(self.horizon):
            x = env.observe(t, self.env_rng)
            a = self.policy.select(t, x, self.rng)
            y = env.respond(t, x, a, self.env_rng)
            yield t, x.copy(), a, y
            self.policy.update(t, x, a, y)


class Counting:
    """A generator that counts what is drawn from it."""

    def __init__(self, seed):
        self.rng, self.drawn = np.random.default_rng(seed), 0

    def random(self):
        self.drawn += 1
        return self.rng.random()


# --- Algorithm 8.3 ------------------------------------------------------------------------------


def test_fake_rewards_are_k_times_the_reward_of_those_who_would_have_played_the_arm():
    policy = bk.OracleCommit(explore=80).start(FEW.spec, 300)
    explored, arms = [], []
    _, rng = generators(0)
    for t, x, a, y in Game(FEW, policy, 300, seed=0):
        if t < 80:
            assert a == int(3 * rng.random())
            expected = [naive.ips(explored, n) for n in range(6)]
            assert policy.scores == pytest.approx(expected, abs=1e-9)
            explored.append((x, a, y, 1.0 / 3.0))
        else:
            arms.append((x, a))
    scores = [naive.ips(explored, n) for n in range(6)]
    assert policy.scores == pytest.approx(scores, abs=1e-9)  # later rounds do not count
    best = scores.index(max(scores))
    assert all(a == x[best] for x, a in arms)
    assert len({int(a) for _, a in arms}) > 1  # it looks at the context


def test_scores_are_those_of_off_policy_evaluation():
    policy = bk.OracleCommit(explore=200).start(FEW.spec, 200)
    rounds = list(Game(FEW, policy, 200, seed=1))
    for n in range(6):
        fake = [3.0 * y if x[n] == a else 0.0 for _, x, a, y in rounds]
        assert policy.scores[n] / 200 == pytest.approx(np.mean(fake), abs=1e-12)
    # unbiased (Lemma 8.11): each score is near the value of its policy, as rewards are at most K
    assert policy.scores / 200 == pytest.approx(FEW.values, abs=5.0 * 3.0 / math.sqrt(4 * 200))


def test_fake_rewards_are_unbiased_by_enumeration():
    """All arms and all coins of one round of exploration, each with its probability."""
    x, means = np.array([0, 2, 1, 2]), (0.25, 0.5, 0.875)
    expected = np.zeros(4)
    for a, y in itertools.product(range(3), (0.0, 1.0)):
        policy = bk.OracleCommit(explore=1).start(bk.Advice(3, 4), 10)
        policy.update(0, x, a, y)
        expected += policy.scores * (means[a] if y else 1.0 - means[a]) / 3.0
    assert expected == pytest.approx([means[a] for a in x], abs=1e-15)


def test_rounds_of_exploration_by_default():
    # T^(2/3) (K log(M T))^(1/3), rounded up: 464.16 * 3.2874, 100 * (2 ln 4000)^(1/3)
    assert bk.OracleCommit().start(bk.Advice(3, 14), 10_000).explore == 1527
    assert bk.OracleCommit().start(bk.Advice(2, 4), 1000).explore == 256
    assert bk.OracleCommit().start(bk.Advice(5, 7), 10).explore == 10  # at most T
    assert bk.OracleCommit().start(bk.Advice(2, 1), 1).explore == 1
    assert bk.OracleCommit(explore=50).start(bk.Advice(2, 4), 20).explore == 20
    for T, K, d in ((10_000, 3, 5), (300_000, 10, 65)):  # M = 2^d
        learner = bk.OracleCommit(oracle=LogisticRegression())
        expected = T ** (2 / 3) * (K * math.log(2.0**d * T)) ** (1 / 3)
        assert learner.start(bk.Features(K, d, True), T).explore == math.ceil(expected)


# --- With a classifier --------------------------------------------------------------------------


class Diary:
    """A classifier that writes down what it is fitted to, and always says the same."""

    fits: list = []

    def fit(self, rows, arms, sample_weight):
        self.arm = arms[0]
        self.fits.append((rows, arms, sample_weight))
        return self

    def predict(self, rows):
        assert rows.shape == (1, 3)
        return np.array([self.arm])


@pytest.fixture
def diary(monkeypatch):
    monkeypatch.setattr(Diary, "fits", [])
    return Diary()


class Paying:
    """`POINTS`, with a reward of a quarter where the guess is wrong by one."""

    spec = POINTS.spec

    def start(self, horizon, rng):
        env = POINTS.start(horizon, rng)

        class Env:
            observe = staticmethod(env.observe)

            @staticmethod
            def respond(t, x, a, rng):
                return (0.0, 1.0, 0.25)[(env.classes[env.row[0]] - a) % 3]

        return Env


def test_a_classifier_is_fitted_once_to_arms_weighted_by_fake_rewards(diary):
    policy = bk.OracleCommit(explore=50, oracle=diary).start(POINTS.spec, 120)
    rounds = list(Game(Paying(), policy, 120, seed=2))
    ((rows, arms, weights),) = diary.fits
    paid = [(x[0], a, 3.0 * y) for t, x, a, y in rounds if t < 50 and y > 0.0]
    assert (rows == [x for x, _, _ in paid]).all()
    assert arms.tolist() == [a for _, a, _ in paid]
    assert weights.tolist() == [weight for _, _, weight in paid]
    assert set(weights) == {3.0, 0.75}
    assert {a for t, _, a, _ in rounds if t >= 50} == {arms[0]}
    assert not hasattr(diary, "arm")  # what was handed in stays as it was


def test_who_was_only_paid_by_one_arm_plays_it_for_ever(diary):
    policy = bk.OracleCommit(explore=30, oracle=diary).start(POINTS.spec, 60)
    x, rng = np.ones((1, 3)), np.random.default_rng(3)
    arms = []
    for t in range(60):
        arms.append(policy.select(t, x, rng))
        policy.update(t, x, arms[-1], 1.0 if arms[-1] == 2 else 0.0)
    assert set(arms[30:]) == {2}
    assert set(arms[:30]) == {0, 1, 2}
    assert diary.fits == []  # classifiers refuse a single class


def test_who_was_never_paid_goes_on_exploring(diary):
    policy = bk.OracleCommit(explore=10, oracle=diary).start(POINTS.spec, 400)
    x, rng, same = np.ones((1, 3)), np.random.default_rng(4), np.random.default_rng(4)
    for t in range(400):
        assert policy.select(t, x, rng) == int(3 * same.random())
        policy.update(t, x, 0, 1.0 if t >= 10 else 0.0)  # too late
    assert diary.fits == []


def test_simulate_plays_classifiers_on_threads_and_replications_share_nothing():
    oracle = LogisticRegression()
    learners = {
        "logistic": bk.OracleCommit(explore=60, oracle=oracle),
        "tree": bk.OracleCommit(40, DecisionTreeClassifier(max_depth=2, random_state=0)),
        "again": bk.OracleCommit(explore=60, oracle=oracle),
    }
    options = {"horizon": 120, "seed": 5, "times": [20, 60, 90, 120]}
    threads, one = (
        bk.simulate(POINTS, learners, replications=4, workers=workers, **options).regret
        for workers in (3, 1)
    )
    assert (threads == one).all()
    assert (threads[0] == threads[2]).all()
    assert (threads[0, 0] != threads[0, 1]).any()
    assert not hasattr(oracle, "classes_")


def test_logistic_regression_learns_from_uniform_guesses():
    oracle = LogisticRegression(max_iter=1000)
    learner = bk.OracleCommit(explore=600, oracle=oracle)
    iris = bk.Classification.from_sklearn("iris")
    result = bk.simulate(iris, [learner], horizon=1200, replications=3, seed=6, times=[600, 1200])
    explored, all_of_it = result.mean()[0]
    assert explored == pytest.approx(600 * 2 / 3, abs=5.0 * math.sqrt(600 * 2 / 9))
    assert all_of_it - explored < 0.2 * 600


# --- Epoch-greedy -------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.0, 1.0, 7.5])
@pytest.mark.parametrize(("K", "N"), [(2, 1), (2, 4), (5, 40)])
def test_epochs_of_epoch_greedy(K, N, scale):
    policy = bk.EpochGreedy(scale=scale).start(bk.Advice(K, N), 400)
    schedule, n = [], 0  # of all rounds: is an arm drawn?
    while len(schedule) < 400:
        n += 1
        longer = scale * math.sqrt(n) if N == 1 else scale * math.sqrt(n / (K * math.log(N)))
        schedule += [True] + [False] * int(longer)
    rng, other = Counting(1), np.random.default_rng(2)
    scores = np.zeros(N)  # of rounds of exploration alone
    for t in range(400):
        x, before = other.integers(0, K, size=N), rng.drawn
        a = policy.select(t, x, rng)
        assert rng.drawn - before == schedule[t]
        if not schedule[t]:
            assert a == x[int(np.argmax(scores))]
        y = other.random()
        policy.update(t, x, a, y)
        if schedule[t]:
            scores += np.where(x == a, y, 0.0)
    assert policy.clock[0] == sum(schedule)


def test_epoch_greedy_explores_of_order_two_thirds():
    """The n-th epoch has c sqrt(n) rounds, so n of them 2/3 c n^1.5: n ~ (1.5 T / c)^(2/3)."""
    x, rng = np.zeros(8, dtype=np.int64), np.random.default_rng(0)
    policy = bk.EpochGreedy(scale=10.0).start(bk.Advice(2, 8), 1)
    for t in range(20_000):
        policy.update(t, x, policy.select(t, x, rng), 0.0)
    c = 10.0 / math.sqrt(2 * math.log(8))
    assert policy.clock[0] == pytest.approx((1.5 * 20_000 / c) ** (2 / 3), rel=0.05)


# --- ILOVETOCONBANDITS --------------------------------------------------------------------------

MONSTERS = [
    (bk.MiniMonster(), FEW, 300),
    (bk.MiniMonster(delta=1.0, psi=0.01), FEW, 600),
    (bk.MiniMonster(delta=1.0, psi=1.0), WIDE, 1100),
    (bk.MiniMonster(delta=0.5, psi=1e-9), WIDE, 600),
    (bk.MiniMonster(), bk.PolicyClass(VISITORS, [[0, 1, 2, 0]]), 70),
]


@pytest.mark.parametrize(("learner", "problem", "T"), MONSTERS, ids=lambda value: repr(value)[:60])
def test_mini_monster_plays_as_its_oracle(learner, problem, T):
    K, N = problem.spec.K, problem.spec.N
    policy = learner.start(problem.spec, T)
    oracle = naive.Monster(K, N, learner.delta, learner.psi)
    _, rng = generators(7)
    for t, x, a, y in Game(problem, policy, T, seed=7):
        p = policy.distribution(t, x)
        assert p == pytest.approx(oracle.distribution(x), abs=1e-9)
        assert (p >= oracle.mu * (1.0 - 1e-12)).all()
        assert math.fsum(p) == pytest.approx(1.0, abs=1e-12)
        assert a == naive.draw(p, rng)
        oracle.update(x, a, y)
    # what was credited is what was played: 1 / p of the very law that drew the arm
    assert policy.scores == pytest.approx([naive.ips(oracle.rounds, n) for n in range(N)], rel=1e-9)
    assert policy.Q == pytest.approx(oracle.Q, abs=1e-9)
    assert policy.leader[0] == oracle.leader
    assert (policy.history == [x for x, *_ in oracle.rounds]).all()


def test_mu_in_numbers():
    """``min(1 / 2K, sqrt(log(16 t^2 N / delta) / (K t)))`` for 2 arms, 16 policies, delta 0.05."""
    policy = bk.MiniMonster().start(bk.Advice(2, 16), 4096)
    expected = {1: 0.25, 64: 0.25, 1024: 0.104591, 4096: 0.055437}
    x, rng = np.zeros(16, dtype=np.int64), np.random.default_rng(0)
    for t in range(4096):
        policy.update(t, x, policy.select(t, x, rng), 0.0)
        if t + 1 in expected:
            assert policy.least[0] == pytest.approx(expected[t + 1], abs=1e-6)


def monster_with(seed):
    """Return a policy with a random history, a small mu, and random scores, before its weights."""
    rng = np.random.default_rng(seed)
    K, N, X = (int(rng.integers(1, high)) for high in (8, 30, 12))
    t, log = int(rng.choice([2, 8, 64, 200])), 10 ** rng.uniform(-4, 1)
    policy = bk.MiniMonster(psi=10 ** rng.uniform(-6, 3)).start(bk.Advice(K, N), t)
    policy.history[:] = rng.integers(0, K, size=(N, X))[:, rng.integers(X, size=t)].T
    policy.scores[:] = rng.random(N) * t * rng.choice([0.0, 0.01, 1.0])
    policy.rounds[0] = t
    return policy._replace(confidence=math.exp(log) / t**2)


def test_weights_solve_the_optimisation_problem_whatever_the_history():
    """(OP) of the paper: low regret, low variance; and as many steps as its Theorem 3 allows."""
    most = 0
    for seed in range(120):
        policy = monster_with(seed)
        find_weights(policy)
        K, t, mu, Q = policy.p.size, policy.rounds[0], policy.least[0], policy.Q
        plays = policy.history.astype(int)
        b = (policy.scores.max() - policy.scores) / t / (policy.psi * mu)
        assert (Q >= 0.0).all()
        assert Q.sum() <= 1.0 + 1e-12
        assert Q @ b <= 2.0 * K * (1.0 + 1e-12)
        V = naive.inverses(plays, Q, mu, K).mean(axis=0)
        assert (V <= (2.0 * K + b) * (1.0 + 1e-12)).all()
        expected, steps = naive.descend(plays, b, mu, K)
        assert Q == pytest.approx(expected, abs=1e-9)
        assert steps <= 4.0 * math.log(1.0 / (K * mu)) / mu
        assert np.count_nonzero(Q) <= steps
        most = max(most, steps)
    assert most > 20  # there was something to do


def test_few_rounds_need_no_weights():
    """With mu = 1 / 2K every variance is at most 2K as it is: the leader gets all but K mu."""
    policy = bk.MiniMonster().start(FEW.spec, 32)
    for _ in Game(FEW, policy, 32, seed=9):
        pass
    assert not policy.Q.any()
    x = np.array([0, 1, 2, 0, 1, 2])
    expected = np.full(3, 1.0 / 6.0)
    expected[x[int(np.argmax(policy.scores))]] += 0.5
    assert policy.distribution(32, x) == pytest.approx(expected, abs=1e-15)


def test_mini_monster_draws_as_its_distribution_says():
    policy, n = bk.MiniMonster(delta=1.0, psi=1.0).start(WIDE.spec, 600), 4000
    for _ in Game(WIDE, policy, 600, seed=10):
        pass
    x, rng = np.array(WIDE.policies)[:, 2], np.random.default_rng(11)
    p = policy.distribution(600, x).copy()
    counts = np.bincount([policy.select(600, x, rng) for _ in range(n)], minlength=2)
    assert (np.abs(counts - n * p) < 5.0 * np.sqrt(n * p * (1.0 - p))).all()


# --- The same numbers, and regret ---------------------------------------------------------------

LEARNERS = [bk.OracleCommit(explore=40), bk.EpochGreedy(scale=3.0), bk.MiniMonster(1.0, psi=0.1)]


@pytest.mark.parametrize("learner", LEARNERS, ids=repr)
def test_games_are_the_same_compiled_and_interpreted(learner):
    for problem, horizon in ((FEW, 300), (WIDE, 530)):
        compiled, python = (
            regret_of(loop, problem, learner, horizon=horizon, seed=12, calls=calls)
            for loop, calls in ((play, (64, 201)), (play_interpreted, ()))
        )
        assert (compiled == python).all()


def test_regret_of_oracle_commit_and_exp4_as_powers_of_the_horizon():
    learners = {"8.3": bk.OracleCommit(), "Exp4": bk.Exp4()}
    ends = []
    for T in (1000, 8000, 64_000):
        result = bk.simulate(WIDE, learners, horizon=T, replications=10, seed=13, times=[T])
        ends.append(result.mean()[:, -1])
        # the best policy is found, so that regret is that of exploration: 0.35 a round
        explored = bk.OracleCommit().start(WIDE.spec, T).explore
        assert ends[-1][0] == pytest.approx(0.35 * explored, rel=0.06)
    commit, exp4 = (np.log(ends[2] / ends[0]) / math.log(64)).tolist()
    assert 0.64 < commit < 0.76  # 2/3, and a logarithm
    assert 0.42 < exp4 < 0.58  # 1/2
    assert ends[2][1] < ends[2][0]


def test_all_of_them_leave_uniform_behind():
    learners = [bk.Uniform(), bk.OracleCommit(), bk.EpochGreedy(), bk.MiniMonster(psi=1.0)]
    learners += [bk.MiniMonster()]
    result = bk.simulate(WIDE, learners, horizon=8000, replications=6, seed=14)
    uniform, commit, greedy, monster, careful = result.mean()[:, -1]
    assert uniform == pytest.approx(0.35 * 8000, rel=0.03)
    assert commit < 0.2 * uniform
    assert greedy < 0.2 * uniform
    assert monster < 0.3 * uniform
    assert careful < 0.75 * uniform  # the theorem's psi counts regret for little


# --- What makes no sense ------------------------------------------------------------------------

BAD = [
    (lambda: bk.OracleCommit(explore=0), "explore must be a whole number, 1 or more; got 0"),
    (lambda: bk.OracleCommit(explore=2.5), "explore must be a whole number, 1 or more; got 2.5"),
    (lambda: bk.OracleCommit(oracle="logistic"), "oracle must be a classifier with fit and"),
    (lambda: bk.OracleCommit(oracle=LogisticRegression), "oracle must be a classifier with fit"),
    (lambda: bk.OracleCommit().check(POINTS), "needs a classifier where features are shown"),
    (
        lambda: bk.OracleCommit(oracle=LogisticRegression()).check(bk.LinearContexts([1.0], K=2)),
        "which the arms share",
    ),
    (lambda: bk.OracleCommit().check(VISITORS), "OracleCommit learns from the advice of experts"),
    (lambda: bk.EpochGreedy(scale=-1.0), "scale must be 0 or more; got -1.0"),
    (lambda: bk.EpochGreedy().check(POINTS), "EpochGreedy learns from the advice of experts"),
    (lambda: bk.MiniMonster(delta=0.0), "delta must lie in [1e-300, 1]; got 0.0"),
    (lambda: bk.MiniMonster(delta=1.5), "delta must lie in [1e-300, 1]; got 1.5"),
    (lambda: bk.MiniMonster(psi=0.0), "psi must be 1e-09 or more; got 0.0"),
    (lambda: bk.MiniMonster().start(bk.Advice(2, 1000), 10**6), "1,000 policies do in 1,000,000"),
]


@pytest.mark.parametrize(("call", "words"), BAD, ids=[str(i) for i in range(len(BAD))])
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        call()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
