"""Theorems of chapter 8: closed forms, conditions, and that regret and errors respect them."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binom

import banditkit as bk
from banditkit import bounds
from banditkit.learners.linear import beta_of
from banditkit.theory.bounds import bounds_of

T = 100_000
LOG = math.log(T)
RNG = np.random.default_rng(8)
EVEN = bk.FiniteContexts([[0.4, 0.6, 0.5]] * 5)
UNEVEN = bk.FiniteContexts([[0.4, 0.6], [0.6, 0.4], [0.5, 0.4]], odds=(0.64, 0.36, 0.0))
CROSS = bk.LipschitzContexts([[0, 1], [1, 0]])
HILL = bk.LipschitzSquare([[0.6, 0.4], [0.4, 0.6]])
CLASS = bk.PolicyClass(EVEN, [[0] * 5, [1] * 5, [2] * 5, [0, 1, 2, 0, 1]])
OWN = bk.LinearContexts((0.6, -0.8), K=5, noise=0.5)  # each arm has features of its own
SHARED = bk.LinearContexts([[0.6, -0.8], [0.0, 0.5], [0.3, 0.3]], noise=0.2)
TOLD_T = bk.UCB1(anytime=False)
TAIL = 1 + math.pi**2 / 3


def growth(d, models, ridge=1.0):
    return d * models * math.log(1 + T / (ridge * d * models))


@pytest.mark.parametrize(
    ("value", "formula"),
    [
        (bounds.per_context(EVEN, T), 4 * math.sqrt(2 * 3 * 5 * T * LOG) + TAIL * 3 * 5),
        (
            bounds.per_context(EVEN, T, learner=bk.PerContext(TOLD_T)),
            4 * math.sqrt(2 * 3 * 5 * T * LOG) + 3 * 5 + 2 / T,
        ),
        # the roots of the odds are 0.8, 0.6 and 0: the last context never comes
        (bounds.per_context(UNEVEN, T), 4 * math.sqrt(4 * T * LOG) * 1.4 + TAIL * 2 * 2),
        (bounds.mesh_error(CROSS, 1000, step=0.1), 100),
        (bounds.mesh_error(HILL, 1000, step=0.1, arm_step=0.1), 0.2 * 150),
        (
            # 5 points: three cells of 1/4, and two of 1/8 at the ends
            bounds.context_mesh(CROSS, T, learner=bk.ContextMesh(step=0.25)),
            4 * math.sqrt(4 * T * LOG) * (3 / 2 + 2 / math.sqrt(8)) + TAIL * 2 * 5 + T / 4,
        ),
        (
            # two points, and K = 11
            bounds.square_mesh(HILL, T, learner=bk.ContextMesh(TOLD_T, step=1, arms=11)),
            2 * (4 * math.sqrt(11 * T * LOG) + 11) + 2 / T + 0.2 * 1.05 * T,
        ),
        (bounds.exp4_policies(CLASS, T), 2 * math.sqrt(3) * math.sqrt(T * 3 * math.log(4)) + 1),
        (
            # Hoeffding's inequality is the better one for K = 3
            bounds.oracle_commit(CLASS, T, explore=20_000),
            20_000
            + 80_000 * (2 * 3 * math.sqrt(math.log(4 * T) / 40_000) + 1 / T)
        ),
        (
            bounds.linucb(OWN, T),
            2 * (1 + 0.5 * math.sqrt(2 * math.log(20) + growth(2, 1)))
            * math.sqrt(2 * T * growth(2, 1)),
        ),
        (
            bounds.linucb(SHARED, T, learner=bk.LinUCB(ridge=4, delta=0.01, noise=0.2, norm=2)),
            2 * (2 * 2 + 0.2 * math.sqrt(2 * math.log(300) + growth(2, 1, 4.0)))
            * math.sqrt(2 * T * growth(2, 3, 4.0)),
        ),
        (
            bounds.ips_error(T, p_0=0.01),
            math.sqrt(2 * math.log(40) / (0.01 * T)) + math.log(40) / (0.03 * T),
        ),
        (bounds.ips_error(T, p_0=0.5), 2 * math.sqrt(math.log(40) / (2 * T))),
        (bounds.ips_regret(T, p_0=1, delta=0.1, policies=7), 2 * math.sqrt(math.log(70) / 2 / T)),
    ],
)  # fmt: skip
def test_a_bound_is_its_closed_form(value, formula):
    assert value == pytest.approx(formula, rel=1e-12)


def test_copies_never_cost_more_than_the_title_says():
    for _ in range(20):
        problem = bk.FiniteContexts(RNG.random((6, 3)), odds=RNG.dirichlet([0.5] * 6))
        title = 4 * math.sqrt(2 * 3 * 6 * T * LOG) + TAIL * 3 * 6
        assert bounds.per_context(problem, T) <= title * (1 + 1e-12)


def test_in_the_default_mesh_regret_has_the_exponent_of_its_theorem():
    horizons = np.array([10**7, 10**10])
    for bound, problem, exponent in (
        (bounds.context_mesh, CROSS, 2 / 3),
        (bounds.square_mesh, HILL, 3 / 4),
    ):
        logless = bound(problem, horizons) / np.log(horizons) ** (1 - exponent)
        assert np.diff(np.log(logless)) / math.log(1000) == pytest.approx(exponent, abs=0.01)


def test_linucb_is_at_most_what_the_theorem_says():
    for d, delta in ((1, 0.05), (5, 1e-6), (20, 0.5)):
        problem = bk.LinearContexts([1 / math.sqrt(d)] * d, K=3, noise=0.5)
        n = np.array([10, 1000, T])
        log = d * np.log(1 + n / d)
        theorem = 4 * np.sqrt(n * log) * (1 + 0.5 * np.sqrt(2 * math.log(1 / delta) + log))
        assert (bounds.linucb(problem, n, learner=bk.LinUCB(delta=delta)) <= theorem).all()


def test_beta_of_linucb_is_that_of_its_bound():
    radius = bk.LinUCB().start(OWN.spec, T).radius
    bound = 2 * beta_of(radius, T) * math.sqrt(2 * T * growth(2, 1))
    assert bounds.linucb(OWN, T) == pytest.approx(bound, rel=1e-15)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bounds.per_context(CLASS, 9), "about FiniteContexts"),
        (lambda: bounds.per_context(EVEN, 9, learner=bk.PerContext(bk.MOSS())), "copies of UCB1"),
        (
            lambda: bounds.per_context(EVEN, 9, learner=bk.PerContext(bk.UCB1(exploration=0.5))),
            "exploration=2",
        ),
        (lambda: bounds.per_context(EVEN, 99, horizon=9), "up to the horizon 9"),
        (lambda: bounds.mesh_error(EVEN, 9, step=0.1), r"contexts in \[0, 1\]"),
        (lambda: bounds.mesh_error(CROSS, 9, step=2), "step must lie in"),
        (lambda: bounds.context_mesh(HILL, 9), "about LipschitzContexts"),
        (lambda: bounds.square_mesh(CROSS, 9), "about LipschitzSquare"),
        (
            lambda: bounds.context_mesh(CROSS, 9, learner=bk.ContextMesh(bk.Thompson())),
            "copies of UCB1",
        ),
        (lambda: bounds.exp4_policies(EVEN, 9), "about PolicyClass"),
        (lambda: bounds.exp4_policies(CLASS, 9, rate=0.6), "rate must lie in"),
        (lambda: bounds.oracle_commit(OWN, 9), "about PolicyClass"),
        (lambda: bounds.oracle_commit(CLASS, 9, explore=0), "explore"),
        (lambda: bounds.linucb(bk.LogisticContexts((1.0,), K=2), 9), "about LinearContexts"),
        (lambda: bounds.linucb(OWN, 9, learner=bk.LinUCB(alpha=1.0)), "alpha=None"),
        (lambda: bounds.linucb(OWN, 9, learner=bk.LinUCB(noise=0.4)), "noise of at least 0.5"),
        (lambda: bounds.linucb(OWN, 9, learner=bk.LinUCB(norm=0.9)), "norm of at least 1;"),
        (lambda: bounds.ips_error(9, p_0=0.0), "p_0 must lie in"),
        (lambda: bounds.ips_error(9, p_0=0.5, delta=0), "delta must lie in"),
        (lambda: bounds.ips_regret(9, p_0=0.5, policies=0), "policies"),
        (lambda: bounds.ips_regret(0, p_0=0.5), "1 or more"),
    ],
)
def test_where_a_theorem_does_not_hold_it_says_so(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_only_theorems_that_hold_are_drawn():
    def drawn(learner, problem):
        return [bound.theorem for bound in bounds_of(learner, problem, 1000)]

    assert drawn(bk.PerContext(bk.UCB1()), EVEN) == ["Thm 8.1"]
    assert drawn(bk.PerContext(bk.Thompson()), EVEN) == []
    assert drawn(bk.ContextMesh(), CROSS) == ["Thm 8.4"]
    assert drawn(bk.ContextMesh(), HILL) == ["Exercise 8.1"]
    assert drawn(bk.ContextMesh(bk.UCB1(exploration=0.5)), CROSS) == []
    assert drawn(bk.Exp4(), CLASS) == ["Thm 8.6"]
    assert drawn(bk.Exp4(), bk.BlockAdvice(2, 5)) == ["Thm 6.11"]
    assert drawn(bk.OracleCommit(), CLASS) == ["Thm 8.8"]
    assert drawn(bk.EpochGreedy(), CLASS) == []
    assert drawn(bk.LinUCB(delta=0.1), OWN) == ["LinUCB, with probability 0.9"]
    assert drawn(bk.LinUCB(alpha=0.5), OWN) == []
    assert drawn(bk.LinUCB(), bk.LinearContexts((2.0, 2.0), K=2)) == []
    assert drawn(bk.LinUCB(), bk.LogisticContexts((1.0,), K=2)) == []
    assert drawn(bk.UCB1(), EVEN) == []
    result = bk.simulate(CROSS, [bk.ContextMesh()], horizon=200, replications=2, seed=0)
    display = bk.RegretDisplay.from_result(result).plot(bounds=True)
    assert [line.get_label() for line in display.bound_lines_] == ["Thm 8.4"]


@pytest.mark.parametrize("points", [2, 3, 5, 9])
def test_what_rounding_to_a_mesh_costs_by_integration(points):
    step = 1 / (points - 1)
    x = (np.arange(8 * 3 * 5 * 100) + 0.5) / (8 * 3 * 5 * 100)
    cell = np.ceil(x * (points - 1) - 0.5).astype(int)
    for knots in (2, 4, 6):
        problem = bk.LipschitzContexts(RNG.random((3, knots)))
        means = np.array([np.interp(x, np.linspace(0, 1, knots), row) for row in problem.values])
        best = [means[:, cell == s].mean(axis=1).argmax() for s in range(points)]
        lost = means.max(axis=0) - means[np.array(best)[cell], np.arange(x.size)]
        bound = bounds.mesh_error(problem, 1, step=step)
        assert lost.max() <= bound + 1e-12  # surely, at every context
        assert lost.mean() <= bound / 2 + 1e-12


def test_claim_8_3_is_tight():
    # Around 1/2 both arms are as good on average; at 3/4, where the cell ends, arm 1 is behind.
    (rising, falling), at = CROSS.values, 0.75
    behind = np.interp(at, (0, 1), rising) - np.interp(at, (0, 1), falling)
    assert behind == bounds.mesh_error(CROSS, 1, step=0.5)


# What the theorems are about, from easy to hard: regret is far below where arms differ much.
GAMES = [
    (EVEN, bk.PerContext(bk.UCB1())),
    (EVEN, bk.PerContext(TOLD_T)),
    (UNEVEN, bk.PerContext(bk.UCB1())),
    (bk.FiniteContexts([[0.5, 0.58], [0.58, 0.5]] * 10), bk.PerContext(bk.UCB1())),
    (CROSS, bk.ContextMesh()),
    (CROSS, bk.ContextMesh(TOLD_T, step=0.05)),
    (bk.LipschitzContexts([[0.5, 0.6, 0.5], [0.6, 0.5, 0.6]]), bk.ContextMesh()),
    (HILL, bk.ContextMesh()),
    (HILL, bk.ContextMesh(step=0.5, arms=4)),
    (CLASS, bk.Exp4()),
    (CLASS, bk.OracleCommit()),
    (CLASS, bk.OracleCommit(explore=30)),
    (
        bk.PolicyClass(
            bk.FiniteContexts([[0.5, 0.55], [0.55, 0.5], [0.45, 0.5]]),
            tuple(itertools.product(range(2), repeat=3)),
        ),
        bk.OracleCommit(explore=200),
    ),
]


@pytest.mark.parametrize(("problem", "learner"), GAMES, ids=range(len(GAMES)))
def test_on_average_learners_stay_below_their_theorems(problem, learner):
    (bound,) = bounds_of(learner, problem, 5000)
    assert bound.from_above
    result = bk.simulate(problem, [learner], horizon=5000, replications=40, seed=0)
    assert (result.mean()[0] <= bound.curve(result.times) + 4 * result.stderr()[0]).all()


@pytest.mark.parametrize(
    ("problem", "learner"),
    [
        (OWN, bk.LinUCB()),
        (SHARED, bk.LinUCB(delta=0.5, noise=0.2)),
        (bk.LinearContexts((0.01, 0.0), K=3, noise=0.1), bk.LinUCB(ridge=0.01, noise=0.1)),
        (bk.LinearContexts((2.0, -2.0, 1.0), K=4), bk.LinUCB(norm=3, noise=0.1, ridge=0.1)),
    ],
    ids=["own", "shared", "tiny", "large"],
)
def test_linucb_stays_below_its_theorem_at_all_times_in_most_games(problem, learner):
    (bound,) = bounds_of(learner, problem, 3000)
    result = bk.simulate(problem, [learner], horizon=3000, replications=40, seed=0)
    exceeded = (result.regret[0] > bound.curve(result.times) + 1e-9).any(axis=1)
    assert exceeded.mean() <= learner.delta


@pytest.mark.parametrize("p_0", [0.5, 0.1, 0.01])
@pytest.mark.parametrize("delta", [0.5, 0.05, 1e-4])
def test_ips_is_off_by_more_as_rarely_as_promised_by_the_exact_distribution(p_0, delta):
    """All rewards are r, with probability: the estimate is a binomial number over p_0 N."""
    for N, mean in itertools.product((10, 100, 10_000), (1.0, 0.3)):
        paid = np.arange(N + 1)  # rows where the arm was taken, and it paid
        error = np.abs(paid / (N * p_0) - mean)
        chance = binom.pmf(paid, N, p_0 * mean)
        assert chance[error > bounds.ips_error(N, p_0, delta=delta)].sum() <= delta


def test_the_policy_that_looks_best_is_as_good_as_corollary_8_14_says():
    values = np.array([0.5, 0.45, 0.4, 0.3])  # four policies, each an arm, in a uniform log
    N, delta, games = 200, 0.2, 2000
    rng = np.random.default_rng(0)
    worse = 0
    for _ in range(games):
        arms = rng.integers(0, 4, N)
        log = bk.LoggedData(arms, 1.0 * (rng.random(N) < values[arms]), np.full(N, 0.25), K=4)
        every = np.repeat(np.arange(4)[:, None], N, axis=1)
        best = bk.off_policy.learn_policy(log, every).best
        worse += values[0] - values[best] > bounds.ips_regret(N, 0.25, delta=delta, policies=4)
    assert worse <= delta * games
