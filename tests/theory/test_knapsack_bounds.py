"""Theorems of chapter 10: closed forms, conditions, and that games respect them."""

import itertools
import math

import numpy as np
import pytest

import banditkit as bk
from banditkit import bounds
from banditkit.theory.bounds import bounds_of

T = 100_000
ONE = bk.Knapsack.coins([0.5, 0], [[0.5], [0]], budgets=50_000)  # an arm, and just enough
TWO = bk.Knapsack.coins([0.5, 0.25, 0], [[0.5, 0.25], [0.25, 0.5], [0, 0]], [50_000, 40_000])
PAIR = bk.PhasedKnapsack.two_phase(5_000)


def regret_of(learner, arms, name):
    stage = bk.IIDCosts([0.5] * arms, feedback=learner.accepts)
    return getattr(bounds, name)(stage, T)


@pytest.mark.parametrize(
    ("value", "formula"),
    [
        (
            bounds.lagrange_bwk(ONE, T),
            3 * (regret_of(bk.Exp3P(), 2, "exp3_p") + 2 * math.sqrt(T * math.log(2)))
            + 8 * math.sqrt(T * math.log(80) / 2)
            + 2,
        ),
        (
            bounds.lagrange_bwk(
                TWO, T, delta=0.1, learner=bk.LagrangeBwK(bk.Exp3IX(), bk.AdaHedge())
            ),
            3.5 * (regret_of(bk.Exp3IX(), 3, "exp3_ix") + regret_of(bk.AdaHedge(), 3, "adahedge"))
            + 9.5 * math.sqrt(T * math.log(40) / 2)
            + 2.5,
        ),
        (bounds.lagrange_reduction(ONE, 100_000, 7, 5, delta=4 * math.exp(-2)), 36 + 8 * math.sqrt(T) + 2),
        (
            # T OPT_LP = T / 2 = B
            bounds.ucb_bwk(ONE, T),
            2 * (
                4 * math.sqrt(2 * T * math.log(T)) + 2 * math.sqrt(T * math.log(60) / 2) + 2
            ),
        ),
        (
            bounds.ucb_bwk(ONE, T, learner=bk.UcbBwK(1.0, margin=0.1, patience=0.5)),
            0.1 * T / 2 + 2 * (
                4 * math.sqrt(1.5 * T * math.log(T)) + 2 * math.sqrt(T * math.log(60) / 2) + 2
            ),
        ),
        (bounds.knapsack_order(ONE, T), 2 * math.sqrt(2 * 50_000)),
        (bounds.competitive_ratio(4), (1 + 25 / 12) / 2),
        (bounds.guessing_ratio(PAIR, 10_000, base=10), 10 * 2 * 3),
        (bounds.pricing_order(64), 16),
    ],
)  # fmt: skip
def test_a_bound_is_its_closed_form(value, formula):
    assert value == pytest.approx(formula, rel=1e-12)


def test_before_the_horizon_bounds_grow_and_meet_those_of_the_horizon():
    times = np.array([100, 1_000, 30_000, T])
    for bound in (bounds.lagrange_bwk, bounds.ucb_bwk):
        curve = bound(TWO, times, horizon=T)
        assert (np.diff(curve) > 0).all()
        assert curve[-1] == pytest.approx(bound(TWO, T), rel=1e-12)
    assert (np.diff(bounds.knapsack_order(TWO, [50_000, 60_000, T])) > 0).all()
    assert (np.diff(bounds.guessing_ratio(PAIR, [10_000, 10**6, 10**8])) > 0).all()


@pytest.mark.parametrize("bound", [bounds.lagrange_bwk, bounds.ucb_bwk])
def test_bounds_fall_with_the_budget_and_with_what_may_fail(bound):
    richer = bk.Knapsack(ONE.outcomes, budgets=80_000)
    assert bound(richer, T) < bound(ONE, T)
    assert bound(ONE, T, delta=0.5) < bound(ONE, T) < bound(ONE, T, delta=0.001)
    more = bk.Knapsack((*ONE.outcomes[:1], *ONE.outcomes), budgets=50_000)
    assert bound(more, T) > bound(ONE, T)


def test_with_a_budget_for_all_rounds_regret_is_of_the_order_of_the_root():
    free = [bk.Knapsack.coins([0.5, 0], [[0.5], [0]], budgets=n) for n in (10**6, 4 * 10**6)]
    few, many = (bounds.lagrange_bwk(each, each.budgets[0]) for each in free)
    assert many / few == pytest.approx(2, rel=0.001)
    few, many = (bounds.ucb_bwk(each, each.budgets[0]) for each in free)
    assert 2 < many / few < 2.2


SHOP = bk.Knapsack.coins([0.9, 0.5, 0], [[0.9], [0.25], [0]], budgets=100_000)
LONG = 200_000


@pytest.mark.parametrize(
    "learner",
    [
        bk.UcbBwK(exploration=1.0),
        bk.UcbBwK(exploration=1.0, margin=0.05, patience=0.25),
        bk.LagrangeBwK(),
        bk.LagrangeBwK(bk.Exp3IX(), bk.OptimisticHedge()),
    ],
    ids=repr,
)
def test_games_respect_their_theorem_where_it_says_something(learner):
    (bound,) = bounds_of(learner, SHOP, LONG)
    result = bk.simulate(SHOP, [learner], horizon=LONG, replications=8, seed=0)
    assert bound.curve(LONG) < LONG * SHOP.lp(LONG).value  # not vacuous
    assert (result.regret[0] <= bound.curve(result.times)).all()


def test_only_theorems_that_hold_are_drawn():
    drawn = {
        repr(learner): [bound.theorem for bound in bounds_of(learner, SHOP, LONG)]
        for learner in (
            bk.LagrangeBwK(),
            bk.LagrangeBwK(bk.Exp3P(delta=0.01), bk.AdaHedge()),
            bk.LagrangeBwK(bk.UCB1()),
            bk.LagrangeBwK(bk.Exp3IX(rate=0.1)),
            bk.LagrangeBwK(dual=bk.FollowTheLeader()),
            bk.UcbBwK(),
            bk.UcbBwK(exploration=0.5),
            bk.AdversarialBwK(),
            bk.RewardOnly(bk.UCB1()),
        )
    }
    assert [*drawn.values()] == [
        ["Thm 10.14, with probability 0.9"],
        ["Thm 10.14, with probability 0.94"],
        [], [], [],
        ["(152), with probability about 0.95"],
        [], [], [],
    ]  # fmt: skip
    assert bounds_of(bk.LagrangeBwK(), PAIR, 10_000) == []
    assert bounds_of(bk.UcbBwK(), PAIR, 10_000) == []


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bounds.lagrange_bwk(bk.Bernoulli((0.4, 0.6)), T), "knapsacks with IID outcomes"),
        (lambda: bounds.lagrange_bwk(PAIR, T), "knapsacks with IID outcomes"),
        (lambda: bounds.lagrange_bwk(ONE, 1_000), "at most the number of rounds"),
        (lambda: bounds.lagrange_bwk(ONE, T, learner=bk.LagrangeBwK(bk.UCB1())), "UCB1"),
        (lambda: bounds.lagrange_bwk(ONE, T, learner=bk.LagrangeBwK(bk.Exp3())), "no bound"),
        (
            lambda: bounds.lagrange_bwk(ONE, T, learner=bk.LagrangeBwK(bk.Exp3IX(rate=0.1))),
            "with these parameters",
        ),
        (lambda: bounds.lagrange_bwk(ONE, T, learner=bk.UcbBwK()), "is about LagrangeBwK; got Ucb"),
        (lambda: bounds.ucb_bwk(ONE, T, learner=bk.UCB1()), "the theorem is about UcbBwK; got UCB1"),
        (lambda: bounds.lagrange_bwk(ONE, T, delta=2), "delta must lie in"),
        (lambda: bounds.lagrange_bwk(ONE, 2 * T, horizon=T), "up to the horizon"),
        (lambda: bounds.lagrange_reduction(ONE, 9, 1, 1), "at most the number of rounds"),
        (lambda: bounds.lagrange_reduction(PAIR, T, 1, 1), "knapsacks with IID outcomes"),
        (lambda: bounds.ucb_bwk(ONE, T, learner=bk.UcbBwK(exploration=0.5)), "exploration of 1"),
        (lambda: bounds.ucb_bwk(PAIR, T), "knapsacks with IID outcomes"),
        (lambda: bounds.ucb_bwk(ONE, 1_000), "at most the number of rounds"),
        (lambda: bounds.knapsack_order(PAIR, T), "knapsacks with IID outcomes"),
        (lambda: bounds.guessing_ratio(ONE, T), "about PhasedKnapsack"),
        (lambda: bounds.guessing_ratio(PAIR, T, base=1), "base must be"),
        (lambda: bounds.competitive_ratio(0), "phases must be a whole number"),
        (lambda: bounds.pricing_mesh(0), "step must lie in"),
        (lambda: bounds.pricing_mesh(0.1, products=2), "needs lipschitz"),
        (lambda: bounds.pricing_mesh(0.1, lipschitz=-1), "lipschitz must be"),
        (lambda: bounds.pricing_mesh(0.1, share=2), "share must lie in"),
        (lambda: bounds.pricing_order(0), "budget must be"),
    ],
)  # fmt: skip
def test_where_a_theorem_does_not_hold_it_says_so(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_guesses_promise_their_share_of_the_benchmark():
    """On average over guesses, with the regrets of the learners inside left out: horizons are long.

    Learners know nothing of the phases, and in one problem they should have waited.
    """
    for later in (1, 0):
        problem = bk.PhasedKnapsack.two_phase(10_000, later)
        learner = bk.AdversarialBwK(bk.Exp3IX())
        result = bk.simulate(problem, [learner], horizon=20_000, replications=200, seed=0)
        promised = problem.best_fixed(20_000).value / bounds.guessing_ratio(problem, 20_000)
        assert result.logs["reward"][0, :, -1].mean() > promised


def test_with_the_right_guess_half_of_the_benchmark_is_left():
    """For one resource: gamma = OPT_FD / (2 B), up to the regret of the learner inside."""
    for tau in (1, 2, 3, 4):
        problem = bk.PhasedKnapsack.rising(4, tau, 20_000)
        best = problem.best_fixed(80_000).value
        learner = bk.AdversarialBwK(bk.Exp3IX(), guess=best / 40_000)
        result = bk.simulate(problem, [learner], horizon=80_000, replications=5, seed=0)
        regret = (1 + learner.guess) * 2 * math.sqrt(2 * 2 * 80_000 * math.log(2))
        assert (result.logs["reward"][0, :, -1] >= best / 2 - learner.guess - regret).all()


def pricing(prices, sales, share):
    """Return OPT_LP where price vectors, shape (K, n), sell so much of each product, (K, n)."""
    rewards = (prices * sales).sum(axis=1)
    rows = np.vstack([np.ones(len(prices)), sales.T])
    return bk.simplex.maximise(rewards, rows, np.append(1, np.full(sales.shape[1], share))).value


@pytest.mark.parametrize("share", [0.1, 0.3, 0.7])
@pytest.mark.parametrize("coarse", [2, 3, 5, 10])
@pytest.mark.parametrize(
    "demand",
    [lambda p: 1 - p, lambda p: (1 - p) ** 2, lambda p: np.where(p <= 0.43, 1.0, 0.35 * (p <= 0.8))],
    ids=["uniform", "square", "steps"],
)  # fmt: skip
def test_one_product_loses_at_most_a_step_per_item(demand, coarse, share):
    fine = np.arange(901)[:, None] / 900
    mesh = np.arange(coarse + 1)[:, None] / coarse
    loss = pricing(fine, demand(fine), share) - pricing(mesh, demand(mesh), share)
    assert -1e-9 <= loss <= bounds.pricing_mesh(1 / coarse, share=share) + 1e-9


@pytest.mark.parametrize("share", [0.1, 0.5])
@pytest.mark.parametrize("cross", [0.0, 0.3])
def test_several_products_lose_little_if_sales_are_lipschitz(share, cross):
    """Linear demand; the other product sells the better the dearer this one is."""

    def sales(p):
        return np.clip(0.9 - p + cross * p[:, ::-1], 0, 1)

    def mesh(n):
        return np.array([*itertools.product(np.arange(n + 1) / n, repeat=2)])

    fine = pricing(mesh(60), sales(mesh(60)), share)
    for coarse in (2, 4, 6, 10):
        loss = fine - pricing(mesh(coarse), sales(mesh(coarse)), share)
        # sales change by 1 + cross at most for each unit that both prices change
        most = bounds.pricing_mesh(1 / coarse, products=2, lipschitz=1 + cross, share=share)
        assert loss <= most + 1e-9
