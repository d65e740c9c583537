"""Linear and logistic learners against equations solved anew, theorems, and the laws of draws."""

import math
import warnings

import numba
import numpy as np
import pytest
from instances import generators
from naive import contextual as naive
from scipy import optimize

import banditkit as bk
from banditkit.core.adapters import begin
from banditkit.learners import linear

JOINT = bk.LinearContexts((1.0, -0.5, 0.25), K=4, noise=0.2)
DISJOINT = bk.LinearContexts([[1.0, -0.5], [0.5, 0.25], [-0.25, 1.0]], noise=0.2)
BOTH = [JOINT, DISJOINT]
LOGISTIC = bk.LogisticContexts((4.0, -2.0, 2.0), K=5)


def game(problem, learner, horizon, seed=0):
    """Play as Python; yield the policy before it learns, and what happens in each round."""
    rngs = generators(seed)
    env, policy = begin(problem, learner, horizon, rngs[0])
    for t in range(horizon):
        x = env.observe(t, rngs[0])
        a = policy.select(t, x, rngs[1])
        gap, y = env.gap(t, x, a), env.respond(t, x, a, rngs[0])
        yield policy, naive.Round(x.copy(), a, y, gap)
        policy.update(t, x, a, y)


def regret_of(problem, learner, horizon, seed=0):
    return math.fsum(step.gap for _, step in game(problem, learner, horizon, seed))


def indices_of(policy, x):
    """Return the indices of LinUCB from what its policy has worked out."""
    models, rows, found = len(policy.theta), len(x), []
    for a in range(max(models, rows)):
        m, features = min(a, models - 1), x[min(a, rows - 1)]
        width = policy.alpha
        if width < 0.0:
            width = linear.beta_of(policy.radius, policy.pulls[m])
        spread = math.sqrt(features @ policy.inverse[m] @ features)
        found.append(policy.theta[m] @ features + width * spread)
    return np.array(found)


def unit_rows(rng, n, d):
    """Return n vectors in the unit ball."""
    return rng.uniform(-1.0, 1.0, size=(n, d)) / math.sqrt(d)


# --- LinUCB -------------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", BOTH, ids=["joint", "disjoint"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"alpha": 0.3},
        {"alpha": 0.0},
        {"ridge": 0.1, "delta": 0.2, "noise": 0.2, "norm": 1.5},
        {"alpha": 2.0, "ridge": 5.0},
    ],
    ids=str,
)
def test_linucb_is_the_box_with_equations_solved_in_each_round(problem, options):
    K, d, shared = problem.spec.K, problem.spec.d, problem.spec.shared
    oracle = naive.LinUCB(K, d, shared, **options)
    played = set()
    for policy, (x, a, y, _) in game(problem, bk.LinUCB(**options), 300):
        indices = oracle.indices(x)
        assert indices_of(policy, x) == pytest.approx(indices, abs=1e-9)
        assert indices[a] >= indices.max() - 1e-9
        ties = np.flatnonzero(indices >= indices.max() - 1e-9)
        assert a == ties[0] or len(ties) > 1
        oracle.update(x, a, y)
        played.add(a)
    assert len(played) == K
    assert policy.pulls.sum() == 300
    for m, model in enumerate(oracle.models):
        assert policy.theta[m] == pytest.approx(model.theta, abs=1e-9)
        assert policy.gram[m] == pytest.approx(model.gram, abs=1e-9)
        assert policy.inverse[m] == pytest.approx(np.linalg.inv(model.gram), abs=1e-9)
        assert policy.moments[m] == pytest.approx(model.moments, abs=1e-9)


def test_in_the_first_round_equal_arms_tie_and_the_first_is_played():
    policy = bk.LinUCB().start(bk.Features(3, 2, True), 100)
    assert policy.select(0, np.array([[0.5, 0.5]]), None) == 0
    policy = bk.LinUCB().start(bk.Features(3, 2), 100)
    assert policy.select(0, np.array([[0.1, 0.0], [0.0, 0.9], [0.9, 0.0]]), None) == 1


def many_updates(ridge, n, d=6, size=1.0):
    """Return a policy that has learnt from n rewards, and the equations."""
    rng = np.random.default_rng(7)
    policy = bk.LinUCB(ridge=ridge).start(bk.Features(1, d), n)
    xs, theta = size * unit_rows(rng, n, d), rng.normal(size=d)
    ys = xs @ theta + 0.1 * rng.normal(size=n)
    for x, y in zip(xs, ys, strict=True):
        policy.update(0, x[None], 0, y)
    A = ridge * np.eye(d) + xs.T @ xs
    return policy, A, np.linalg.solve(A, xs.T @ ys)


@pytest.mark.parametrize("ridge", [1.0, 1e-6])
@pytest.mark.parametrize("n", [10_000, 10_499])  # right after the inverse was new, and long after
def test_the_inverse_after_many_updates_is_that_of_the_sums(ridge, n):
    policy, A, theta = many_updates(ridge, n)
    inverse = np.linalg.inv(A)
    assert np.abs(policy.inverse[0] - inverse).max() < 1e-8 * np.abs(inverse).max()
    assert np.abs(policy.theta[0] - theta).max() < 1e-8
    assert policy.pulls[0] == n
    assert policy.inverse[0] @ A == pytest.approx(np.eye(6), abs=1e-8)


def test_without_being_computed_anew_the_inverse_would_drift(monkeypatch):
    """Little with a ridge of 1; with the least ridge, and large features, beyond use."""
    refreshed = many_updates(1e-9, 3000, size=1e3)
    monkeypatch.setattr(linear, "_FRESH", 10**9)
    drifted = many_updates(1e-9, 3000, size=1e3)
    errors = [
        np.abs(policy.inverse[0] @ A - np.eye(6)).max() for policy, A, _ in (refreshed, drifted)
    ]
    assert errors[0] < 1e-9
    assert errors[1] > 1e3 * errors[0]
    kind, A, _ = many_updates(1.0, 3000)
    assert np.abs(kind.inverse[0] @ A - np.eye(6)).max() < 1e-9


def test_the_radius_of_the_theorem():
    """By hand: sigma 0.5, delta 0.05, lambda 1, |theta| 1, d 2; then n rewards."""
    radius = bk.LinUCB().start(bk.Features(4, 2), 100).radius
    assert linear.beta_of(radius, 0) == pytest.approx(0.5 * math.sqrt(2 * math.log(20)) + 1)
    for n in (1, 10, 1000):
        beta = 0.5 * math.sqrt(2 * math.log(20) + 2 * math.log(1 + n / 2)) + 1
        assert linear.beta_of(radius, n) == pytest.approx(beta, rel=1e-15)
    shared = bk.LinUCB(noise=2.0, norm=3.0, ridge=4.0).start(bk.Features(5, 2, True), 100).radius
    beta = 2 * math.sqrt(2 * math.log(5 / 0.05) + 2 * math.log(1 + 7 / 8)) + 2 * 3
    assert linear.beta_of(shared, 7) == pytest.approx(beta, rel=1e-15)


@pytest.mark.parametrize("problem", BOTH, ids=["joint", "disjoint"])
def test_what_the_radius_takes_for_the_determinant_is_never_too_small(problem):
    """log det(A / lambda) <= d log(1 + n / (lambda d)) for |x| <= 1, whatever is played."""
    for ridge in (0.1, 1.0, 10.0):
        for policy, _ in game(problem, bk.LinUCB(ridge=ridge), 200):
            for m, n in enumerate(policy.pulls):
                d = policy.theta.shape[1]
                _, logdet = np.linalg.slogdet(policy.gram[m] / ridge)
                assert logdet <= d * math.log(1 + n / (ridge * d)) + 1e-9


@pytest.mark.parametrize("problem", BOTH, ids=["joint", "disjoint"])
def test_theta_stays_in_the_ellipsoid_with_the_confidence_promised(problem):
    """In all rounds of a game and for all models at once; less than half of it would not do."""
    games, T, delta = 120, 150, 0.2
    rows = np.atleast_2d(problem.theta)
    norm = np.linalg.norm(rows, axis=1).max()
    learner = bk.LinUCB(ridge=0.01, delta=delta, noise=problem.noise, norm=norm)
    failed, failed_narrow = 0, 0
    for seed in range(games):
        worst = 0.0
        for policy, _ in game(problem, learner, T, seed):
            for m, theta in enumerate(rows):
                off = policy.theta[m] - theta
                distance = math.sqrt(off @ policy.gram[m] @ off)
                worst = max(worst, distance / linear.beta_of(policy.radius, policy.pulls[m]))
        failed += worst > 1.0
        failed_narrow += worst > 0.45
    assert failed <= delta * games
    assert failed_narrow > delta * games


def test_an_index_is_never_below_the_mean_while_theta_is_in_the_ellipsoid():
    learner = bk.LinUCB(noise=0.2, norm=1.2)
    for policy, (x, _, _, _) in game(JOINT, learner, 300):
        assert (indices_of(policy, x) >= x @ np.array(JOINT.theta) - 1e-12).all()


def test_with_alpha_0_linucb_is_greedy_and_a_wide_one_explores():
    counts = {}
    for alpha in (0.0, 100.0):
        learner = bk.LinUCB(alpha=alpha)
        *_, (policy, _) = game(DISJOINT, learner, 300)
        counts[alpha] = policy.pulls
    assert counts[100.0].min() > 80  # three arms, who have the same features
    for policy, (x, a, _, _) in game(JOINT, bk.LinUCB(alpha=0.0), 200):
        means = x @ policy.theta[0]
        assert means[a] == pytest.approx(means.max(), abs=1e-12)


# --- LinThompson --------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", BOTH, ids=["joint", "disjoint"])
@pytest.mark.parametrize("ridge", [1.0, 0.01])
def test_the_posterior_mean_is_ridge_regression_and_the_triangle_is_cholesky_s(problem, ridge):
    spec = problem.spec
    oracle = naive.Linear(spec.K, spec.d, ridge, spec.shared)
    learner = bk.LinThompson(scale=0.3, ridge=ridge)
    for t, (policy, (x, a, y, _)) in enumerate(game(problem, learner, 600)):
        if t % 50 == 0:
            for m, model in enumerate(oracle.models):
                L = np.linalg.cholesky(model.gram)
                assert policy.factor[m] == pytest.approx(L, abs=1e-10)
                assert policy.theta[m] == pytest.approx(
                    model.theta if model.n else np.zeros(spec.d), abs=1e-10
                )
        oracle.update(x, a, y)
    assert sum(model.n for model in oracle.models) == 600


def test_the_triangle_after_10_000_updates_is_still_cholesky_s():
    rng, n, d = np.random.default_rng(3), 10_000, 6
    policy = bk.LinThompson(ridge=1e-4).start(bk.Features(1, d), n)
    xs = unit_rows(rng, n, d)
    for x in xs:
        policy.update(0, x[None], 0, float(x[0]))
    A = 1e-4 * np.eye(d) + xs.T @ xs
    L = np.linalg.cholesky(A)
    assert np.abs(policy.factor[0] - L).max() < 1e-9 * np.abs(L).max()
    assert policy.theta[0] == pytest.approx(np.linalg.solve(A, xs.T @ xs[:, 0]), abs=1e-10)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_draws_have_the_mean_and_covariance_of_the_posterior(scale):
    d, n = 3, 6000
    rng = np.random.default_rng(2)
    policy = bk.LinThompson(scale=scale, ridge=0.5).start(bk.Features(2, d), 100)
    for x in unit_rows(rng, 30, d):
        policy.update(0, np.array([x, x]), 0, 1.0 + x[0])
    features, draws = np.eye(2, d), np.empty((n, d))
    for i in range(n):
        arm = policy.select(0, features, rng)
        draws[i] = policy.draw
        assert arm == (draws[i, 1] > draws[i, 0])
    A = policy.factor[0] @ policy.factor[0].T
    spread = scale * np.sqrt(np.diag(np.linalg.inv(A)))
    assert (np.abs(draws.mean(axis=0) - policy.theta[0]) < 5 * spread / math.sqrt(n)).all()
    white = (draws - policy.theta[0]) @ np.linalg.cholesky(A) / scale  # should be standard normal
    assert np.cov(white.T) == pytest.approx(np.eye(d), abs=5 * math.sqrt(2 / n))
    squares = (white**2).sum(axis=1)
    assert abs(squares.mean() - d) < 5 * math.sqrt(2 * d / n)
    assert abs((white**4).mean() - 3.0) < 5 * math.sqrt(96 / (d * n))  # of a normal law


def test_each_arm_has_a_draw_of_its_own_where_arms_share_features():
    policy = bk.LinThompson().start(bk.Features(3, 2, True), 100)
    rng = np.random.default_rng(0)
    arms = [policy.select(0, np.array([[0.5, 0.5]]), rng) for _ in range(3000)]
    shares = np.bincount(arms) / 3000
    assert np.abs(shares - 1 / 3).max() < 5 * math.sqrt(2 / 9 / 3000)


def test_without_spread_thompson_is_greedy_ridge_regression():
    for problem in BOTH:
        for policy, (x, a, _, _) in game(problem, bk.LinThompson(scale=0.0), 100):
            rows = np.broadcast_to(x, (problem.spec.K, problem.spec.d))
            means = (rows * policy.theta).sum(axis=1)
            assert means[a] == pytest.approx(means.max(), abs=1e-12)


# --- LogisticThompson ---------------------------------------------------------------------------


@pytest.mark.parametrize("y", [0.0, 1.0, 0.3])
@pytest.mark.parametrize("ridge", [10.0, 1.0, 0.01])
def test_a_step_minimises_the_objective_that_is_stated(y, ridge):
    rng = np.random.default_rng(int(100 * ridge + 10 * y))
    for _ in range(15):
        mean, x = rng.normal(size=4), rng.uniform(-1.0, 1.0, size=4)
        precision = ridge * rng.uniform(0.5, 2.0, size=4)
        arguments = mean.copy(), precision.copy(), x, y
        found, curved = mean.copy(), precision.copy()
        linear.learn_logistic(found, curved, x, y)

        def gradient(w, mean, precision, x, y):
            return precision * (w - mean) + (naive.chance(x @ w) - y) * x

        def hessian(w, mean, precision, x, y):
            p = naive.chance(x @ w)
            return np.diag(precision) + p * (1 - p) * np.outer(x, x)

        best = optimize.minimize(
            naive.penalised, mean, arguments, "trust-exact", jac=gradient, hess=hessian,
            options={"gtol": 1e-12},
        )  # fmt: skip
        polished = optimize.root(gradient, best.x, arguments, jac=hessian, tol=1e-14)
        assert found == pytest.approx(best.x, abs=1e-6)  # as far as values tell points apart
        assert found == pytest.approx(polished.x, abs=1e-8)
        assert found == pytest.approx(naive.most_likely(*arguments), abs=1e-10)
        assert np.abs(gradient(found, *arguments)).max() < 1e-10
        near = [found + 1e-3 * rng.normal(size=4) for _ in range(20)]
        least = naive.penalised(found, *arguments)
        assert all(naive.penalised(w, *arguments) > least for w in near)
        p = naive.chance(x @ found)
        assert curved - precision == pytest.approx(x * x * p * (1 - p), abs=1e-12)


EXTREMES = [
    (u, v, y)
    for u in (-1000.0, -300.0, -50.0, -5.0, 0.0, 5.0, 20.0, 50.0, 300.0, 1000.0)
    for v in (1e-9, 1e-2, 1.0, 4.0, 30.0, 1e2, 1e4, 1e6)
    for y in (0.0, 0.3, 1.0)
]


def test_a_step_ends_well_whatever_the_numbers_and_the_same_when_compiled():
    """Newton's method alone would run to and fro between 0 and 1 where a curve is flat."""

    @numba.njit
    def compiled(mean, precision, x, y):
        linear.learn_logistic(mean, precision, x, y)

    x = np.ones(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for u, v, y in EXTREMES:
            start = np.array([u]), np.array([1.0 / v])
            best = naive.most_likely(*start, x, y)
            mean, precision = start[0].copy(), start[1].copy()
            linear.learn_logistic(mean, precision, x, y)
            assert mean == pytest.approx(best, rel=2e-8, abs=2e-8), (u, v, y)
            assert precision[0] >= 1.0 / v
            again, curved = start[0].copy(), start[1].copy()
            compiled(again, curved, x, y)
            assert again[0] == mean[0], (u, v, y)
            assert curved[0] == precision[0], (u, v, y)


@pytest.mark.parametrize("ridge", [1e-9, 1e-3, 1.0])
def test_steep_coins_and_a_weak_prior_are_learnt_all_the_same(ridge):
    for theta in (5.0, 5000.0):
        problem = bk.LogisticContexts((theta, -theta), K=3)
        regret = regret_of(problem, bk.LogisticThompson(ridge=ridge), 400)
        assert regret < regret_of(problem, bk.Uniform(), 400) / 3


def test_precisions_grow_by_at_most_a_quarter_of_the_squares():
    before = None
    bound = np.full(3, 2.0)
    for policy, (x, a, _, _) in game(LOGISTIC, bk.LogisticThompson(ridge=2.0), 500):
        now = policy.precision[0].copy()
        if before is None:
            assert now.tolist() == [2.0, 2.0, 2.0]
        else:
            assert (now > before).all()
            assert (now <= bound + 1e-12).all()
        before = now
        bound += x[a] ** 2 / 4
    assert before.min() > 10.0  # 500 coins, which are far from sure


def test_logistic_draws_have_the_mean_and_spread_of_the_policy():
    n, rng = 6000, np.random.default_rng(4)
    policy = bk.LogisticThompson(scale=2.0, ridge=0.5).start(bk.Features(2, 2, False, 0.0, 1.0), 9)
    for x in unit_rows(rng, 40, 2):
        policy.update(0, np.array([x, x]), 0, float(rng.random() < 0.8))
    draws = np.empty((n, 2))
    for i in range(n):
        policy.select(0, np.eye(2), rng)
        draws[i] = policy.draw
    white = (draws - policy.mean[0]) * np.sqrt(policy.precision[0]) / 2.0
    assert np.abs(white.mean(axis=0)).max() < 5 / math.sqrt(n)
    assert np.cov(white.T) == pytest.approx(np.eye(2), abs=5 * math.sqrt(2 / n))


def test_the_estimate_points_the_way_of_theta():
    *_, (policy, _) = game(LOGISTIC, bk.LogisticThompson(), 2500)
    theta = np.array(LOGISTIC.theta)
    cosine = policy.mean[0] @ theta / np.linalg.norm(policy.mean[0]) / np.linalg.norm(theta)
    assert cosine > 0.97


# --- Regret -------------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", BOTH, ids=["joint", "disjoint"])
def test_who_learns_from_features_is_far_ahead_of_who_sees_none(problem):
    T = 1500
    blind = [regret_of(problem, learner, T) for learner in (bk.Uniform(), bk.UCB1())]
    for learner in (bk.LinUCB(alpha=0.3), bk.LinThompson(scale=0.2)):
        assert regret_of(problem, learner, T) < min(blind) / 8


def test_regret_of_linucb_grows_slowly():
    """With alpha 0.3, from T to 4 T: like the square root at most, and far from T."""
    gaps = [step.gap for _, step in game(JOINT, bk.LinUCB(alpha=0.3), 4000)]
    assert math.fsum(gaps) < 2.0 * math.fsum(gaps[:1000])


def test_logistic_thompson_is_far_ahead_on_coins():
    T = 2000
    blind = [regret_of(LOGISTIC, learner, T) for learner in (bk.Uniform(), bk.Thompson())]
    assert regret_of(LOGISTIC, bk.LogisticThompson(), T) < min(blind) / 4
    shared = bk.LogisticContexts([[6.0, 0.0], [0.0, 6.0], [-6.0, -6.0]])
    seen, unseen = (regret_of(shared, x, T) for x in (bk.LogisticThompson(), bk.Uniform()))
    assert seen < unseen / 4


def test_models_of_different_kinds_agree_where_they_are_the_same():
    """One arm: nothing to choose, and joint and disjoint are the same regression."""
    rng = np.random.default_rng(0)
    for learner in (bk.LinUCB(), bk.LinThompson(), bk.LogisticThompson()):
        joint, disjoint = (
            learner.start(bk.Features(1, 2, shared, 0.0, 1.0), 50) for shared in (False, True)
        )
        for x in unit_rows(rng, 50, 2):
            for policy in (joint, disjoint):
                assert policy.select(0, x[None], np.random.default_rng(1)) == 0
                policy.update(0, x[None], 0, 1.0)
        for one, other in zip(joint, disjoint, strict=True):
            if isinstance(one, np.ndarray):
                assert (one == other).all()


def test_features_that_are_all_the_same_leave_a_finite_inverse():
    """The Gram matrix has one large direction, and next to nothing in the other."""
    policy = bk.LinUCB(alpha=0.1, ridge=1e-9).start(bk.Features(1, 2, shared=True), 2000)
    x = np.full((1, 2), 1e4)
    for t in range(2000):
        policy.update(t, x, policy.select(t, x, None), 1.0)
    assert np.isfinite(policy.inverse).all()
    assert policy.theta[0] @ x[0] == pytest.approx(1.0, rel=0.2)
