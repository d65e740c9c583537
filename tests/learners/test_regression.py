"""Learners that predict rewards, against their formulas, linear equations and scikit-learn."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from instances import generators, regret_of
from naive import oracles as naive
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.linear_model import Ridge as SklearnRidge
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import banditkit as bk
from banditkit.core.play import play, play_interpreted
from banditkit.learners.regression import Rule, write_probabilities_of
from banditkit.learners.schedules import course_of

OWN = bk.LinearContexts((1.0, -0.5, 0.25), K=4, noise=0.2)  # each arm has features of its own
SHARED = bk.LinearContexts([[1.0, -0.5], [0.3, 0.8], [-1.0, 0.0]])
COINS = bk.LogisticContexts((3.0, -2.0), K=3)
PROBLEMS = [OWN, SHARED, COINS]
HALVING = bk.HarmonicDecay(first=0.8, pace=20.0, per="round")


def squarecb(gamma=None):
    def rule_of(spec, horizon):
        g = math.sqrt(spec.K * horizon) if gamma is None else gamma
        return lambda values, n: naive.inverse_gap(values, g)

    return rule_of


def falcon(scale=1.0):
    def rule_of(spec, horizon):
        return lambda values, n: naive.inverse_gap(values, scale * math.sqrt(spec.K * n))

    return rule_of


def greedy(epsilon):
    return lambda spec, horizon: lambda values, n: naive.epsilon_greedy(values, epsilon)


# A learner, its rule, the ridge, and whether it acts by what it knew at the last doubling.
LEARNERS = [
    (bk.SquareCB(), squarecb(), 1.0, False),
    (bk.SquareCB(gamma=30.0, ridge=0.25), squarecb(30.0), 0.25, False),
    (bk.SquareCB(gamma=0.0), squarecb(0.0), 1.0, False),
    (bk.Falcon(), falcon(), 1.0, True),
    (bk.Falcon(scale=20.0, ridge=3.0), falcon(20.0), 3.0, True),
    (bk.RegressionGreedy(), greedy(0.1), 1.0, False),
    (bk.RegressionGreedy(epsilon=0.0, ridge=1e-3), greedy(0.0), 1e-3, False),
    (bk.RegressionGreedy(epsilon=1.0), greedy(1.0), 1.0, False),
]
of_learners = pytest.mark.parametrize(
    ("learner", "rule_of", "ridge", "doubling"), LEARNERS, ids=[repr(row[0]) for row in LEARNERS]
)
of_problems = pytest.mark.parametrize("problem", PROBLEMS, ids=repr)


def game(problem, policy, horizon, seed):
    """Yield the rounds of a game before the policy learns of them, and let it learn."""
    env_rng, policy_rng = generators(seed)
    env = problem.start(horizon, env_rng)
    for t in range(horizon):
        x = env.observe(t, env_rng)
        a = policy.select(t, x, policy_rng)
        y = env.respond(t, x, a, env_rng)
        yield t, x.copy(), a, y
        policy.update(t, x, a, y)


def oracle_for(problem, rule_of, ridge, doubling, horizon):
    spec = problem.spec
    rule = rule_of(spec, horizon)
    return naive.Regression(spec.K, spec.d, spec.shared, rule, ridge=ridge, doubling=doubling)


# --- From predictions to probabilities ----------------------------------------------------------

TABLES = [[0.3], [0.1, 0.7], [0.7, 0.7], [0.0, 0.0, 0.0], [-3.0, 5.0, 4.5, 5.0, 0.1]]
TABLES += np.random.default_rng(0).normal(size=(5, 7)).tolist()


def probabilities(values, *, epsilon=0.0, gamma=-1.0, growing=False, t=0, n=0):
    p = np.full(len(values), np.nan)
    rule = Rule(course_of(epsilon), gamma, growing)
    write_probabilities_of(rule, t, n, np.array(values), p)
    assert (p >= 0.0).all()
    assert math.fsum(p) == pytest.approx(1.0, abs=1e-14)
    return p


@pytest.mark.parametrize("values", TABLES, ids=lambda values: f"{len(values)}-{values[0]:.3g}")
def test_probabilities_by_plain_loops(values):
    for epsilon in (0.0, 0.1, 0.75, 1.0):
        expected = naive.epsilon_greedy(values, epsilon)
        assert probabilities(values, epsilon=epsilon) == pytest.approx(expected, abs=1e-15)
    for gamma in (0.0, 0.01, 1.0, 37.5, 1e4, 1e12):
        expected = naive.inverse_gap(values, gamma)
        assert probabilities(values, gamma=gamma) == pytest.approx(expected, abs=1e-15)
        for n in (0, 1, 9, 1024):
            expected = naive.inverse_gap(values, gamma * math.sqrt(n))
            found = probabilities(values, gamma=gamma, growing=True, n=n)
            assert found == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("values", TABLES, ids=lambda values: f"{len(values)}-{values[0]:.3g}")
def test_gamma_leads_from_uniform_to_greedy_and_loses_at_most_k_over_gamma(values):
    K, gaps = len(values), max(values) - np.array(values)
    assert probabilities(values, gamma=0.0) == pytest.approx([1.0 / K] * K, abs=1e-15)
    if len(set(values)) == K:
        assert probabilities(values, gamma=1e15) == pytest.approx(
            np.where(gaps == 0.0, 1.0, 0.0), abs=1e-12
        )
    lost = []
    for gamma in (0.0, 0.1, 1.0, 10.0, 1e3):
        p = probabilities(values, gamma=gamma)
        lost.append(p @ gaps)
        assert gamma * lost[-1] <= K - 1 + 1e-12  # Foster & Rakhlin (2020), Lemma 3
        assert max(p) == p[int(np.argmax(values))]
        order = np.argsort(values, kind="stable")
        rest = p[[a for a in order if a != int(np.argmax(values))]]
        assert (np.diff(rest) >= -1e-15).all()
    assert (np.diff(lost) <= 1e-15).all()


def test_a_schedule_of_epsilon_counts_rounds():
    values = [0.1, 0.9, 0.3]
    for t in (0, 1, 20, 60, 10**6):
        expected = naive.epsilon_greedy(values, 0.8 * 20.0 / (20.0 + t))
        assert probabilities(values, epsilon=HALVING, t=t) == pytest.approx(expected, abs=1e-15)
    policy = bk.RegressionGreedy(epsilon=HALVING).start(OWN.spec, 100)
    for t, x, _, _ in game(OWN, policy, 100, seed=0):
        expected = 0.8 * 20.0 / (20.0 + t) / 4
        assert sorted(policy.distribution(t, x))[:3] == pytest.approx([expected] * 3, abs=1e-15)


def test_default_gammas_in_numbers():
    for problem, horizon, expected in ((OWN, 10_000, 200.0), (SHARED, 300, 30.0), (OWN, 1, 2.0)):
        rule = bk.SquareCB().start(problem.spec, horizon).rule
        assert rule.gamma == pytest.approx(expected, rel=1e-15)  # sqrt(K T)
        assert not rule.growing
        rule = bk.Falcon(scale=0.5).start(problem.spec, horizon).rule
        assert rule.gamma == pytest.approx(0.5 * math.sqrt(problem.spec.K), rel=1e-15)
        assert rule.growing  # sqrt(K n), whatever the horizon


# --- Ridge regression ---------------------------------------------------------------------------


@of_problems
def test_predictions_solve_the_normal_equations_in_every_round(problem):
    """In rounds beyond 500 of a model, too, when its inverse is computed anew."""
    horizon = 1300 if problem is OWN else 500
    policy = bk.RegressionGreedy(epsilon=0.3, ridge=0.5).start(problem.spec, horizon)
    K, d, shared = problem.spec.K, problem.spec.d, problem.spec.shared
    A = np.array([0.5 * np.eye(d)] * K)
    b = np.zeros((K, d))
    for t, x, a, y in game(problem, policy, horizon, seed=1):
        policy.distribution(t, x)
        rows = np.array([x[0] if shared else x[each] for each in range(K)])
        models = range(K) if shared else [0] * K
        expected = [rows[each] @ np.linalg.solve(A[m], b[m]) for each, m in enumerate(models)]
        assert policy.values == pytest.approx(expected, abs=1e-9, rel=1e-9)
        m = models[a]
        A[m] += np.outer(rows[a], rows[a])
        b[m] += y * rows[a]


@of_learners
@of_problems
def test_a_learner_plays_as_its_oracle(problem, learner, rule_of, ridge, doubling):
    horizon = 200
    policy = learner.start(problem.spec, horizon)
    oracle = oracle_for(problem, rule_of, ridge, doubling, horizon)
    _, rng = generators(2)
    for t, x, a, y in game(problem, policy, horizon, seed=2):
        p = oracle.distribution(x)
        assert policy.p == pytest.approx(p, abs=1e-9)
        assert policy.distribution(t, x) == pytest.approx(p, abs=1e-9)
        assert a == naive.draw(p, rng)
        oracle.update(x, a, y)


@pytest.mark.parametrize("problem", [OWN, SHARED], ids=repr)
def test_falcon_changes_only_when_the_rounds_have_doubled(problem):
    policy = bk.Falcon(scale=10.0).start(problem.spec, 300)
    rng = np.random.default_rng(3)
    x = rng.uniform(-0.5, 0.5, size=(1 if problem.spec.shared else problem.spec.K, problem.spec.d))
    changes, before = [], policy.distribution(0, x).copy()
    assert before == pytest.approx(1.0 / problem.spec.K, abs=1e-15)  # knows nothing yet
    for t, *_ in game(problem, policy, 300, seed=3):
        now = policy.distribution(t, x).copy()
        if not np.array_equal(now, before):
            changes.append(t)
        before = now
    assert changes == [1, 2, 4, 8, 16, 32, 64, 128, 256]


@pytest.mark.parametrize("problem", [OWN, SHARED], ids=repr)
def test_arms_are_drawn_as_the_distribution_says(problem):
    n = 4000
    for learner in (bk.SquareCB(gamma=20.0), bk.Falcon(scale=10.0), bk.RegressionGreedy()):
        policy = learner.start(problem.spec, 200)
        *_, (_, x, _, _) = game(problem, policy, 200, seed=4)
        p = policy.distribution(200, x).copy()
        rng = np.random.default_rng(5)
        arms = [policy.select(200, x, rng) for _ in range(n)]
        counts = np.bincount(arms, minlength=p.size)
        assert (np.abs(counts - n * p) < 5.0 * np.sqrt(n * p * (1.0 - p)) + 1e-9).all()


# --- Regressors of somebody's own ---------------------------------------------------------------


class Diary:
    """A regressor that writes down what it is fitted to, and predicts the mean reward."""

    fits: list = []

    def fit(self, rows, rewards):
        self.mean = float(np.mean(rewards))
        self.fits.append((rows, rewards))
        return self

    def predict(self, rows):
        return np.full(len(rows), self.mean)


@pytest.fixture
def diary(monkeypatch):
    monkeypatch.setattr(Diary, "fits", [])
    return Diary()


def test_a_regressor_of_all_arms_is_fitted_to_all_rounds_after_1_2_4_of_them(diary):
    policy = bk.SquareCB(oracle=diary).start(OWN.spec, 100)
    rounds = [(x[a], y) for _, x, a, y in game(OWN, policy, 100, seed=6)]
    assert [len(rows) for rows, _ in diary.fits] == [1, 2, 4, 8, 16, 32, 64]
    for rows, rewards in diary.fits:
        n = len(rows)
        assert (rows == [x for x, _ in rounds[:n]]).all()
        assert (rewards == [y for _, y in rounds[:n]]).all()
    assert not hasattr(diary, "mean")  # what was handed in stays as it was


def test_arms_that_share_their_features_have_a_regressor_each(diary):
    policy = bk.RegressionGreedy(oracle=diary, epsilon=1.0).start(SHARED.spec, 64)
    rounds = [(x[0], a, y) for _, x, a, y in game(SHARED, policy, 64, seed=7)]
    latest = diary.fits[-3:]
    for arm, (rows, rewards) in enumerate(latest):
        assert (rows == [x for x, a, _ in rounds if a == arm]).all()
        assert (rewards == [y for _, a, y in rounds if a == arm]).all()
    assert sum(len(rows) for rows, _ in latest) == 64
    x = np.ones((1, 2))
    policy.distribution(64, x)
    assert policy.values.tolist() == [np.mean(rewards) for _, rewards in latest]


def test_an_arm_without_rewards_is_predicted_to_pay_nothing(diary):
    policy = bk.SquareCB(oracle=diary).start(SHARED.spec, 10)
    policy.update(0, np.ones((1, 2)), 1, 0.75)
    p = policy.distribution(1, np.ones((1, 2)))
    assert policy.values.tolist() == [0.0, 0.75, 0.0]
    gamma = bk.SquareCB().start(SHARED.spec, 10).rule.gamma
    assert p == pytest.approx(naive.inverse_gap([0.0, 0.75, 0.0], gamma), abs=1e-15)


@of_problems
def test_ridge_of_scikit_learn_predicts_as_equations_of_the_last_doubling(problem):
    spec = problem.spec
    oracle = SklearnRidge(alpha=1.0, fit_intercept=False)
    policy = bk.SquareCB(oracle=oracle, gamma=10.0).start(spec, 150)
    expected = oracle_for(problem, squarecb(10.0), 1.0, True, 150)
    for t, x, a, y in game(problem, policy, 150, seed=8):
        p = policy.distribution(t, x)
        assert policy.values == pytest.approx(expected.values(x)[0], abs=1e-9)
        assert p == pytest.approx(expected.distribution(x), abs=1e-9)
        expected.update(x, a, y)
    assert not hasattr(oracle, "coef_")


@of_problems
def test_falcon_with_either_ridge_regression_is_the_same_game(problem):
    oracle = SklearnRidge(alpha=0.5, fit_intercept=False)
    games = [
        regret_of(loop, problem, learner, horizon=200, seed=9)
        for learner, loop in (
            (bk.Falcon(ridge=0.5, scale=5.0), play),
            (bk.Falcon(oracle=oracle, scale=5.0), play_interpreted),
        )
    ]
    assert games[0] == pytest.approx(games[1], abs=1e-12)


def test_simulate_plays_a_regressor_on_threads_and_replications_share_nothing():
    oracle = SklearnRidge()
    learners = {
        "one": bk.SquareCB(oracle=oracle),
        "same": bk.SquareCB(oracle=oracle),
        "tree": bk.Falcon(oracle=DecisionTreeRegressor(max_depth=2, random_state=0)),
        "greedy": bk.RegressionGreedy(oracle=LinearRegression()),
    }
    for problem in (OWN, SHARED):
        options = {"horizon": 60, "seed": 10, "times": [10, 30, 60]}
        threads, one = (
            bk.simulate(problem, learners, replications=4, workers=workers, **options).regret
            for workers in (3, 1)
        )
        assert (threads == one).all()
        assert (threads[0] == threads[1]).all()  # though they have the regressor in common
        alone = bk.simulate(problem, {"one": learners["one"]}, replications=1, **options).regret
        assert (alone[0, 0] == threads[0, 0]).all()
        assert (threads[0, 0] != threads[0, 1]).any()
    assert not hasattr(oracle, "coef_")


def test_policies_of_one_learner_share_nothing(diary):
    for learner in (bk.SquareCB(), bk.Falcon(oracle=diary), bk.RegressionGreedy(oracle=diary)):
        first, second = (learner.start(SHARED.spec, 50) for _ in range(2))
        x = np.array([[1.0, 0.5]])
        for t in range(5):
            first.update(t, x, t % 3, 1.0)
        second.distribution(0, x)
        first.distribution(5, x)
        assert second.values.tolist() == [0.0] * 3
        assert (first.values > 0.0).all()


# --- The same numbers, and how well it goes -----------------------------------------------------


@of_problems
def test_games_are_the_same_compiled_and_interpreted(problem):
    learners = (bk.SquareCB(), bk.Falcon(scale=7.0), bk.RegressionGreedy(epsilon=HALVING))
    for learner in learners:
        compiled, python = (
            regret_of(loop, problem, learner, horizon=600, seed=11, calls=calls)
            for loop, calls in ((play, (77, 301)), (play_interpreted, ()))
        )
        assert (compiled == python).all()


@pytest.mark.parametrize(("problem", "ratio"), [(OWN, 0.2), (SHARED, 0.3), (COINS, 0.4)], ids=repr)
def test_all_three_leave_uniform_far_behind(problem, ratio):
    learners = [bk.Uniform(), bk.SquareCB(), bk.Falcon(), bk.RegressionGreedy()]
    result = bk.simulate(problem, learners, horizon=5000, replications=8, seed=12)
    uniform, *others = result.mean()[:, -1]
    assert max(others) < ratio * uniform


def test_without_noise_or_doubt_greedy_stops_making_mistakes():
    """Contexts that differ explore by themselves: theta is known after d rounds."""
    problem = bk.LinearContexts((1.0, -0.5, 0.25), K=4, noise=0.0)
    learner = bk.RegressionGreedy(epsilon=0.0, ridge=1e-9)
    regret = regret_of(play, problem, learner, horizon=2000, seed=13)
    assert regret[0] <= regret[-1]
    assert regret[-1] - regret[5] < 1e-4
    assert regret[-1] < 5.0


# --- What makes no sense ------------------------------------------------------------------------


class Nothing(NamedTuple):
    """Can neither fit nor predict."""


BAD = [
    (lambda: bk.SquareCB(oracle=Nothing()), "oracle must be a regressor with fit and predict"),
    (lambda: bk.Falcon(oracle=0.1), "oracle must be a regressor with fit and predict"),
    (
        lambda: bk.RegressionGreedy(oracle=SklearnRidge),
        "oracle must be a regressor with fit and predict",
    ),
    (lambda: bk.SquareCB(ridge=0.0), "ridge must be 1e-09 or more; got 0.0"),
    (lambda: bk.SquareCB(gamma=-1.0), "gamma must be 0 or more; got -1.0"),
    (lambda: bk.SquareCB(gamma=math.inf), "gamma must"),
    (lambda: bk.Falcon(scale=-0.5), "scale must be 0 or more; got -0.5"),
    (lambda: bk.RegressionGreedy(epsilon=1.5), "epsilon must lie in [0, 1]; got 1.5"),
    (lambda: bk.RegressionGreedy(epsilon=bk.LinearDecay(2.0, 0.0, 9.0)), "the largest epsilon"),
    (lambda: bk.SquareCB().check(bk.Bernoulli((0.4, 0.6))), "SquareCB learns from features"),
]


@pytest.mark.parametrize(("call", "words"), BAD, ids=[str(i) for i in range(len(BAD))])
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        call()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


class Doubtful:
    """A regressor whose `fit` returns nothing, and that predicts no number."""

    def fit(self, X, y):
        self.fitted = True

    def predict(self, X):
        return np.array([np.nan])


def test_an_oracle_that_predicts_no_number_is_named():
    with pytest.raises(ValueError, match=r"Doubtful.* predicted nan in round 2"):
        bk.simulate(SHARED, [bk.SquareCB(Doubtful())], horizon=20, replications=1, seed=0)


def test_a_classifier_is_no_regressor_and_a_regressor_no_classifier():
    with pytest.raises(ValueError, match=r"must be a regressor; .* is a classifier"):
        bk.SquareCB(LogisticRegression())
    with pytest.raises(ValueError, match=r"must be a classifier; .* is a regressor"):
        bk.OracleCommit(20, LinearRegression())


def test_chance_in_an_oracle_comes_from_the_game():
    data = bk.Classification.from_sklearn("wine")
    for learner in (
        bk.SquareCB(DecisionTreeRegressor(max_features=2)),
        bk.OracleCommit(50, DecisionTreeClassifier(max_features=2)),
    ):
        first, second = (
            bk.simulate(data, [learner], horizon=200, replications=2, seed=0).regret
            for _ in range(2)
        )
        assert np.array_equal(first, second)


class Narrow(bk.LinearContexts):
    @property
    def spec(self):
        return super().spec._replace(d=5)


def test_features_of_another_shape_than_the_spec_says_are_the_problems_mistake():
    with pytest.raises(ValueError, match=r"observe must return features of shape \(3, 5\)"):
        bk.simulate(Narrow((1.0, 0.0), K=3), [bk.LinUCB()], horizon=9)
