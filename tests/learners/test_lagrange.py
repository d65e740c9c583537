"""The reduction of knapsacks to two learners: oracles, the book's lemmas, and refusals."""

import itertools
import math

import numpy as np
import pytest

import banditkit as bk
from banditkit.core.verbs import complete
from banditkit.simulation import generators

T = 256
# Budgets T / 4 and T / 2: all payoffs of sure outcomes are exact binary fractions.
SURE = bk.Knapsack.sure([1.0, 0.5, 0.25, 0], [[1, 0.5], [0.25, 1], [0.25, 0], [0, 0]], [64, 128])
COINS = bk.Knapsack.coins([0.5, 0.75, 0], [[0.25, 0.75], [0.75, 0.25], [0, 0]], [128, 64])
TIGHT = bk.Knapsack.coins([0.9, 0.3, 0], [[0.9], [0.1], [0]], budgets=32)
SPENT = bk.Knapsack.coins([0.9, 0.8, 0], [[0.9], [0.9], [0]], budgets=4)  # nobody comes through
AMPLE = bk.Knapsack.coins([0.5, 0.25, 0], [[0.75], [0.25], [0]], budgets=T)  # and here everybody

PRIMALS = [bk.UCB1(0.5), bk.Thompson(), bk.Exp3(), bk.Exp3IX(), bk.Exp3P(), bk.TsallisINF()]
DUALS = [
    bk.Hedge(),
    bk.AdaHedge(),
    bk.FollowTheLeader(),
    bk.OnlineGradientDescent(),
    bk.OptimisticHedge(),
]
PAIRS = [bk.LagrangeBwK(primal, dual) for primal, dual in itertools.product(PRIMALS, DUALS)]


class Run:
    """What happened in a game, played by the box of Algorithm 10.1 in plain Python."""

    def __init__(self, problem, learner, rate, resources, seed):
        spec, d = problem.spec, problem.spec.d
        env_rng, rng = generators(seed, 0)
        primal, dual = (
            complete(each.start(bk.Arms(size, costs=each.costs), T))
            for each, size in ((learner.primal, spec.K), (learner.dual, resources))
        )
        laws, limits = problem.laws, np.array(problem.budgets)
        left = limits.copy()
        self.arms, self.resources, self.rewards, self.rows, self.prices = [], [], [], [], []
        self.short = None  # the resource there was not enough of
        for t in range(T):
            a = primal.select(t, None, rng)
            i = dual.select(t, None, rng)
            most = laws[a][:, 2:].max(axis=0)
            self.arms.append(int(a))
            if (most > left + 1e-6).any():
                self.short = int(np.argmax(most > left + 1e-6))
                break
            u, k = env_rng.random(), 0
            while k < len(laws[a]) - 1 and u >= laws[a][: k + 1, 0].sum():
                k += 1
            reward, used = laws[a][k, 1], laws[a][k, 2:]
            left = left - used
            shares = np.append(used * limits.min() / limits, limits.min() / T)[:resources]
            row = reward + 1 - rate * shares  # L_t(a, .)
            scaled = (row - (1 - rate)) / (1 + rate)
            primal.update(t, None, a, 1 - scaled[i] if learner.primal.costs else scaled[i])
            dual.update(t, None, i, scaled if learner.dual.costs else 1 - scaled)
            self.resources.append(int(i))
            self.rewards.append(reward)
            self.rows.append(row)
            p = np.eye(resources)[i]
            if hasattr(dual, "distribution"):
                p = dual.distribution(t, None).copy()
            self.prices.append(p[:d] * rate * limits.min() / limits)


def run_of(problem, learner, seed):
    return Run(problem, learner, T / problem.spec.budget, problem.spec.d + 1, seed)


def adversarial_run(problem, learner, seed):
    return Run(problem, learner, learner.guess, problem.spec.d, seed)


@pytest.mark.parametrize("learner", PAIRS, ids=repr)
def test_the_reduction_is_the_box_of_the_book(learner):
    guessing = bk.AdversarialBwK(learner.primal, learner.dual, guess=0.5)
    for problem, seed in ((SURE, 0), (COINS, 1), (TIGHT, 2)):
        for player, oracle in ((learner, run_of), (guessing, adversarial_run)):
            watched = bk.watch(problem, player, horizon=T, seed=seed)
            run = oracle(problem, player, seed)
            assert watched.arms.tolist() == run.arms
            rewards = [answer.reward for answer in watched.answers]
            assert rewards == run.rewards + [0.0] * (run.short is not None)


@pytest.mark.parametrize("learner", [PAIRS[0], PAIRS[2], PAIRS[8], PAIRS[-1]], ids=repr)
def test_prices_are_notes_of_the_dual_learner_in_units_of_the_problem(learner):
    for problem, seed in ((SURE, 3), (COINS, 4)):
        result = bk.simulate(
            problem, [learner], horizon=T, replications=1, seed=seed, times=range(1, T + 1)
        )
        prices, run = result.logs["prices"][0, 0], run_of(problem, learner, seed)
        n = len(run.prices)
        assert prices[:n] == pytest.approx(np.array(run.prices), abs=1e-12)
        assert result.logs["reward"][0, 0, :n] == pytest.approx(np.cumsum(run.rewards), abs=1e-12)
        assert (prices[n:] == prices[-1]).all()


@pytest.mark.parametrize("learner", PAIRS, ids=repr)
def test_lemma_10_13_holds_in_every_run(learner):
    """For the rule of our game: who chooses what there may not be enough of gets nothing for it.

    More than B - 1 of that resource was used.  So rewards are at least the payoffs of that
    resource, and a reward of 1 for each round that is left, less T / B; if none is short they are
    the payoffs of time.
    """
    ended = 0
    for problem, seed in itertools.product((SURE, COINS, TIGHT, SPENT, AMPLE), range(2)):
        run, rate = run_of(problem, learner, seed), T / problem.spec.budget
        payoffs, tau = np.sum(run.rows, axis=0), len(run.rows)
        if run.short is None:
            assert tau == T
            assert sum(run.rewards) == pytest.approx(payoffs[-1], abs=1e-9)
        else:
            ended += 1
            best = problem.lp(T).value
            assert sum(run.rewards) >= payoffs[run.short] + (T - tau) - rate - 1e-9
            assert sum(run.rewards) >= payoffs[run.short] + (T - tau) * best - rate - 1e-9
    assert 2 <= ended <= 8  # both cases are met


@pytest.mark.parametrize("learner", PAIRS, ids=repr)
def test_average_play_is_an_equilibrium_up_to_regrets(learner):
    """Lemma 10.11, and what it is for: the average mix of arms is nearly the linear programme's."""
    for problem in (SURE, COINS, TIGHT):
        spec, best = problem.spec, problem.lp(T)
        rate, run = T / spec.budget, run_of(problem, learner, 5)
        tau, K, m = len(run.rows), spec.K, spec.d + 1
        shares = np.column_stack([problem.consumption * spec.scale, np.full(K, spec.budget / T)])
        L = problem.rewards[:, None] + 1 - rate * shares  # means
        D = np.bincount(run.arms[:tau], minlength=K) / tau
        lam = np.bincount(run.resources, minlength=m) / tau
        told = sum(row[i] for row, i in zip(run.rows, run.resources, strict=True))
        # Regrets, of the primal learner in means, of the dual one as it was told.
        primal = tau * (L @ lam).max() - told
        dual = told - np.sum(run.rows, axis=0).min()
        err = np.abs(np.sum(run.rows, axis=0) - tau * D @ L).max()
        delta = (primal + dual + err) / tau
        value = D @ L @ lam
        assert (L @ lam).max() <= value + delta + 1e-12  # nobody gains more than delta
        assert (D @ L).min() >= value - delta - 1e-12
        # The value of the game is OPT_LP (Lemma 10.7), which lies between what both guarantee.
        assert (D @ L).min() - 1e-12 <= best.value <= (L @ lam).max() + 1e-12
        assert D @ problem.rewards >= best.value - delta - 1e-12  # time is a resource
        assert (1 - rate * (D @ shares) >= best.value - 1 - delta - 1e-12).all()


def test_learners_made_for_adversaries_come_near_the_equilibrium():
    """Average play tends to the solution of the linear programme: a mix of both arms."""
    shop = bk.Knapsack.coins([0.5, 0.25, 0], [[0.5], [0.125], [0]], budgets=15_000)
    best = shop.lp(60_000)
    result = bk.simulate(
        shop, [bk.LagrangeBwK(bk.Exp3IX()), bk.RewardOnly(bk.UCB1())], horizon=60_000,
        replications=10, seed=0,
    )  # fmt: skip
    shares = result.logs["reward"][:, :, -1].mean(axis=1) / (60_000 * best.value)
    assert 0.85 < shares[0] < 1
    assert shares[1] < 0.87
    assert shares[0] > shares[1] + 0.05


def test_pricing_in_the_proxy_of_the_survey():
    """Nine prices, B = T / 5: a survey had 11350 to 11853 of 16000 with Exp3-IX."""
    p = np.arange(1, 10) / 10
    sales = np.append(1 - p, 0)
    shop = bk.Knapsack.coins(np.append(p, 0) * sales, sales[:, None], budgets=20_000)
    assert 100_000 * shop.lp(100_000).value == pytest.approx(16_000, rel=1e-9)
    result = bk.simulate(
        shop, [bk.LagrangeBwK(bk.Exp3IX())], horizon=100_000, replications=10, seed=0
    )
    assert 10_700 < result.logs["reward"][0, :, -1].mean() < 12_000
    assert (result.logs["left"][0, :, -1] > 0).mean() > 0.5  # the budget is seldom used up


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bk.LagrangeBwK(bk.Hedge()), "bandit feedback as primal, such as UCB1"),
        (lambda: bk.LagrangeBwK(bk.QLearning()), "of arms from bandit feedback as primal"),
        (lambda: bk.LagrangeBwK(bk.LinUCB()), "LagrangeBwK needs a learner of arms"),
        (lambda: bk.LagrangeBwK(bk.Exp4()), "LagrangeBwK needs a learner of arms"),
        (lambda: bk.LagrangeBwK(bk.UcbBwK()), "LagrangeBwK needs a learner of arms"),
        (lambda: bk.LagrangeBwK("UCB1"), "got 'UCB1'"),
        (lambda: bk.LagrangeBwK(bk.UCB1), "as primal, such as UCB1"),
        (lambda: bk.LagrangeBwK(dual=bk.UCB1()), "full feedback as dual, such as Hedge"),
        (lambda: bk.LagrangeBwK(dual=bk.MajorityVote()), "as dual, such as Hedge"),
        (lambda: bk.AdversarialBwK(bk.Hedge()), "AdversarialBwK needs a learner of arms"),
        (lambda: bk.AdversarialBwK(base=1.0), "base must be 1.01 or more"),
        (lambda: bk.AdversarialBwK(guess=0), "guess must be"),
        (lambda: bk.AdversarialBwK(guess=math.inf), "guess must be"),
        (lambda: bk.RewardOnly(bk.Hedge()), "learner of arms from bandit feedback, such as"),
        (lambda: bk.RewardOnly(None), "got None"),
    ],
)  # fmt: skip
def test_wrong_learners_and_numbers_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_arms_without_budgets_are_refused():
    for learner in (bk.LagrangeBwK(), bk.AdversarialBwK(), bk.RewardOnly(bk.UCB1())):
        with pytest.raises(ValueError, match="purchase feedback"):
            learner.check(bk.Bernoulli((0.4, 0.6)))


def test_what_a_learner_inside_minds_is_asked():
    learner = bk.BlumMansour(bk.FollowTheLeader())  # which has no distribution
    for outer in (bk.LagrangeBwK(learner), bk.RewardOnly(learner)):
        with pytest.raises(ValueError, match="learner that draws"):
            outer.check(SURE)


@pytest.mark.parametrize("base", [1.5, 2.0, 4.0, 10.0])
@pytest.mark.parametrize("horizon", [1, 16, 1000, 10**6])
def test_guesses_go_from_all_of_the_time_down_to_its_root(base, horizon):
    spec = bk.Budgeted(2, 1, budget=max(1.0, horizon / 8), scale=(1.0,), null=1)
    rates = bk.AdversarialBwK(base=base).rates(spec, horizon)
    assert rates[0] == horizon / spec.budget
    assert rates[:-1] / rates[1:] == pytest.approx(base)
    least = math.sqrt(horizon) / spec.budget
    assert rates[-1] <= least * (1 + 1e-9)
    assert (rates[:-1] > least * (1 - 1e-9)).all()


def test_the_guess_is_uniform_on_the_grid_and_stays():
    problem, learner = bk.PhasedKnapsack.two_phase(8), bk.AdversarialBwK(dual=bk.FollowTheLeader())
    result = bk.simulate(problem, [learner], horizon=16, replications=3000, seed=0)
    prices = result.logs["prices"][0, :, :, 0]  # of a single resource: gamma itself
    assert (prices == prices[:, :1]).all()
    rates, counts = np.unique(prices[:, 0], return_counts=True)
    assert rates.tolist() == [0.5, 1.0, 2.0]
    assert np.abs(counts / 3000 - 1 / 3).max() < 5 * math.sqrt(2 / 9 / 3000)


def test_a_given_guess_is_used_and_nothing_is_drawn_for_it():
    learner = bk.AdversarialBwK(bk.UCB1(), bk.FollowTheLeader(), guess=3.0)
    watched = bk.watch(SURE, learner, horizon=T)
    assert watched.policy.rate[0] == 3.0
    assert watched.arms.tolist() == bk.watch(SURE, learner, horizon=T, seed=1).arms.tolist()


@pytest.mark.parametrize(
    "learner", [bk.UCB1(), bk.Exp3(), bk.TsallisINF(), bk.Thompson()], ids=repr
)
def test_reward_only_is_the_learner_on_the_rewards_alone(learner):
    means = (0.5, 1.0, 0.0)  # both specs say [0, 1]
    arms = bk.UniformArms(low=means, high=means)
    knapsack = bk.Knapsack.sure(means, [[0.5], [0.25], [0]], budgets=100)
    alone = bk.watch(arms, learner, horizon=100, seed=6)
    assert bk.watch(knapsack, bk.RewardOnly(learner), horizon=100, seed=6).arms.tolist() == (
        alone.arms.tolist()
    )


def test_reward_only_earns_little_more_than_the_budget():
    trap = bk.Knapsack.sure([1, 0.5, 0], [[1], [0.1], [0]], budgets=500)
    players = [bk.RewardOnly(bk.UCB1(0.5)), bk.LagrangeBwK(bk.UCB1(0.5), bk.AdaHedge())]
    result = bk.simulate(trap, players, horizon=5000, replications=5, seed=0)
    blind, careful = result.logs["reward"][:, :, -1].mean(axis=1)
    assert 500 <= blind < 600
    assert careful > 1500
