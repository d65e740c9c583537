"""The figures of the chapters and the examples run: here with small numbers."""

import importlib.util
import math
import runpy
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import banditkit as bk
from banditkit import cli
from banditkit.core.play import play_interpreted

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _agg(monkeypatch):
    mpl.use("agg")
    yield
    plt.close("all")


def load(chapter):
    path = ROOT / "chapters" / chapter / "figures.py"
    spec = importlib.util.spec_from_file_location(f"{chapter}_figures", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def figures():
    return load("ch01_stochastic")


@pytest.fixture(scope="module")
def full_feedback():
    return load("ch05_full_feedback")


@pytest.fixture(scope="module")
def adversarial():
    return load("ch06_adversarial")


@pytest.fixture(scope="module")
def contextual():
    return load("ch08_contextual")


@pytest.fixture(scope="module")
def knapsacks():
    return load("ch10_knapsacks")


@pytest.fixture(scope="module")
def potential():
    return load("s1_potential")


@pytest.fixture(scope="module")
def initial_values():
    return load("s2_initial_values")


@pytest.fixture(scope="module")
def advice():
    return load("s3_advice")


@pytest.fixture(scope="module")
def hypergradients():
    return load("s5_hypergradients")


@pytest.fixture(scope="module")
def barfi():
    return load("s6_barfi")


def curves(ax):
    """Return the numbers of each line by its label."""
    return {line.get_label(): np.asarray(line.get_ydata(), dtype=float) for line in ax.lines}


def test_the_race_has_a_line_for_each_learner_and_theorem(figures):
    (ax,) = figures.race(horizon=300, replications=2).axes
    assert len(ax.lines) > 7


def test_slopes_are_steeper_on_a_timetable_than_with_adaptive_exploration(figures):
    figure = figures.worst_cases(horizons=(1000, 10_000, 100_000), gaps=5, replications=20)
    (ax,) = figure.axes
    slopes = {
        line.get_label().split(":")[0]: np.polyfit(*np.log(line.get_data()), 1)[0]
        for line in ax.lines
    }
    for timetable in ("explore-first", "epsilon-greedy"):
        assert 0.6 < slopes[timetable] < 0.8
    for adaptive in ("successive elimination, c = 0.5", "UCB1, c = 0.5", "UCB1, c = 2"):
        assert 0.4 < slopes[adaptive] < 0.62


def test_lai_and_robbins_line_is_drawn(figures):
    (ax,) = figures.lai_robbins_slopes(horizon=300, replications=2).axes
    assert ax.lines[-1].get_label() == "Lai & Robbins, C log t"


def test_a_coin_misses_its_mean_as_often_as_was_counted_and_less_than_hoeffding_says(figures):
    (ax,) = figures.misses(mean=0.5, T=100, pulls=20).axes
    drawn = curves(ax)
    extreme = sum(math.comb(20, k) for k in range(4)) / 2**19  # radius 0.339: 0-3 or 17-20 ones
    assert drawn["c = 0.5, exactly (or 0)"][-1] == pytest.approx(extreme)
    assert (drawn["c = 0.5, exactly (or 0)"] < drawn["c = 0.5: Hoeffding, 0.02"][0]).all()


def test_explore_first_is_exact_for_one_toss_and_below_its_theorem(figures):
    (ax,) = figures.explore_first(means=(0.5, 0.75), T=100).axes
    exact, theorem = ax.lines[0].get_ydata(), ax.lines[1].get_ydata()
    assert exact[0] == pytest.approx(0.25 * (1 + 98 * 5 / 8))  # the second wins with 0 to 1: 3/8
    assert (exact <= theorem).all()


def test_ucb1_leaves_bad_arms_alone_sooner_than_elimination(figures):
    elimination, ucb = (
        [int(label.split()[2].replace(",", "")) for label in curves(ax) if "pulls" in label]
        for ax in figures.intervals(T=3000).axes
    )
    assert sum(elimination) == sum(ucb) == 3000
    assert all(fewer < more for fewer, more in zip(ucb[:3], elimination[:3], strict=True))


def test_a_narrower_radius_is_drawn_below_playing_at_random(figures):
    (ax,) = figures.radii(horizon=3000, replications=3).axes
    drawn = curves(ax)
    assert drawn["UCB1, c = 0.5"][-1] < drawn["UCB1, c = 2"][-1] < drawn["at random"][-1]


def test_each_round_costs_less_than_its_bound(figures):
    (ax,) = figures.each_round(horizon=3000, replications=4).axes
    drawn = curves(ax)
    for learner, bound in (
        ("explore-first", "Exercise 1.3(b), explore-first"),
        ("successive elimination", "Exercise 1.3(a), for elimination"),
    ):
        paid = drawn[learner]
        assert (paid <= drawn[bound][1:])[np.isfinite(paid)].all()


def test_alternating_predicts_better_than_a_round_of_ucb1(figures):
    (ax,) = figures.predictions(gap=0.5, horizons=(2, 20, 100), replications=10).axes
    drawn, alternated, bound = (line.get_ydata() for line in ax.lines)
    assert alternated[0] == pytest.approx(0.5 * (1 - 0.75**2))  # unless the better one wins 1 to 0
    assert (alternated <= bound).all()
    assert alternated[-1] < drawn[-1] / 100


def test_doubling_costs_more_than_being_told_the_horizon(figures):
    (ax,) = figures.doubling(horizon=2000, replications=5).axes
    drawn = curves(ax)
    assert drawn["UCB1, doubling"][-1] > drawn["UCB1, told T"][-1]


def test_hedge_stays_below_its_theorem_where_following_the_leader_is_linear(full_feedback):
    (ax,) = full_feedback.leader_and_hedge(horizon=1000, replications=2).axes
    ends = {line.get_label(): line.get_ydata()[-1] for line in ax.lines}
    assert ends["FollowTheLeader()"] == pytest.approx(500)
    assert ends["Hedge()"] < ends["Thm 5.14"] == pytest.approx(2 * np.sqrt(1000 * np.log(2)))


def test_no_rate_of_hedge_exceeds_its_theorem(full_feedback):
    (ax,) = full_feedback.rates(horizon=500, points=6, replications=2).axes
    *curves, bound = (line.get_ydata() for line in ax.lines[:4])
    assert all((curve <= bound).all() for curve in curves)


def test_sharing_follows_the_shifts(full_feedback):
    figure = full_feedback.weights(horizon=1200)
    assert [ax.get_title(loc="left") for ax in figure.axes][:2] == ["Hedge", "fixed share"]


def test_the_gallery_has_a_tape_in_each_panel(full_feedback):
    figure = full_feedback.gallery(horizon=100, replications=2)
    assert len({ax.get_title() for ax in figure.axes}) == 4


def test_exp3_spreads_more_than_exp3_ix_at_its_rate(adversarial):
    figure = adversarial.distribution(horizon=3000, replications=300)
    spreads = [
        float(ax.get_title(loc="left").split("deviation ")[1].split(",")[0]) for ax in figure.axes
    ]
    assert spreads[1] > 2 * spreads[2]


def test_ucb1_is_fooled_in_every_round(adversarial):
    (ax,) = adversarial.fooled(horizon=500, replications=2).axes
    ends = {line.get_label(): line.get_ydata()[-1] for line in ax.lines}
    assert ends["UCB1()"] >= 450
    assert ends["TsallisINF()"] < 250


def test_regret_stays_below_the_theorems(adversarial):
    (ax,) = adversarial.with_bounds(horizon=2000, replications=5).axes
    ends = {line.get_label(): line.get_ydata()[-1] for line in ax.lines}
    assert ends["Exp3()"] < ends["Thm 6.11"]
    assert ends["TsallisINF()"] < ends["Zimmert & Seldin, Thm 1"]


def test_the_best_of_both_worlds_beats_exp3_on_coins(adversarial):
    (ax,) = adversarial.both_worlds(horizon=20_000, replications=5).axes
    ends = {line.get_label(): line.get_ydata()[-1] for line in ax.lines}
    assert 2 * ends["TsallisINF()"] < ends["Exp3()"]


def test_restarting_pays_where_the_world_moves(adversarial):
    (ax,) = adversarial.variation(variations=(3, 10), horizon=10_000, replications=5).axes
    ends = {line.get_label(): line.get_ydata()[-1] for line in ax.lines}
    assert ends["Rexp3, told V"] < ends["Exp3"]
    assert ends["Rexp3, told V"] < ends["Besbes et al., Thm 2"]


def test_second_moments_stay_below_the_lemma_and_meet_it_without_uniform_draws(adversarial):
    (ax,) = adversarial.second_moments(K=4, points=20).axes
    *exact, lemma, crude = curves(ax).values()
    for moments in exact:
        assert moments[0] == pytest.approx(4)
        assert (moments <= lemma + 1e-9).all()
    assert (lemma[1:] < crude).all()


def test_exp4_stays_below_both_theorems_and_prefers_the_sharp_one(adversarial):
    (ax,) = adversarial.experts(horizons=(1000, 20_000), replications=3).axes
    sharp, crude, sharp_bound, crude_bound = curves(ax).values()
    assert (sharp < sharp_bound).all()
    assert (crude < crude_bound).all()
    assert 2 * sharp[-1] < crude[-1]


def test_rewards_taken_for_costs_lead_to_the_worst_arms(adversarial):
    (ax,) = adversarial.signs(horizon=20_000, replications=3).axes
    ends = {line.get_label(): line.get_ydata()[-1] for line in ax.lines}
    worst = ends["the worst arm, always"]
    assert 0.9 * worst < ends["rewards taken for costs"] < 1.1 * worst
    assert ends["Exp3, rewards turned into costs"] < worst / 1.5


def test_copies_pay_for_each_context_and_a_linear_model_does_not(contextual):
    (ax,) = contextual.more_contexts(contexts=(4, 64), horizon=3000, replications=3).axes
    few, many = np.array(list(curves(ax).values())).T
    assert (many[:3] > 1.5 * few[:3]).all()  # copies
    assert (many[3:5] < many[:3].min() / 3).all()  # features
    assert (many[:3] < many[5]).all()  # Theorem 8.1


def test_a_timetable_costs_more_in_the_long_run_than_weights(contextual):
    (ax,) = contextual.exponents(horizons=(1000, 10_000, 100_000), replications=5).axes
    oracle, exp4, theorem_8_8, theorem_8_6 = curves(ax).values()
    slopes = [np.diff(np.log(curve[[0, -1]])) / np.log(100) for curve in (oracle, exp4)]
    assert slopes[0] == pytest.approx(2 / 3, abs=0.05)
    assert slopes[1] == pytest.approx(1 / 2, abs=0.05)
    assert oracle[-1] > exp4[-1]
    assert (oracle < theorem_8_8).all()
    assert (exp4 < theorem_8_6).all()


def test_digits_are_learned_without_being_told_the_right_answer(contextual):
    pytest.importorskip("sklearn")
    regret, accuracy = contextual.digits(horizon=2000, windows=4, replications=2).axes
    shares = {name.split(":")[0]: share for name, share in curves(accuracy).items()}
    assert shares["Uniform"] == pytest.approx(0.1, abs=0.04)
    assert shares["LinUCB, α = 0.5"][-1] > 0.9
    assert shares["SquareCB"][-1] > 0.8
    wrong = [line.get_ydata()[-1] for line in regret.lines]
    assert wrong == pytest.approx([500 * (1 - share).sum() for share in shares.values()])


def test_errors_of_ips_fall_with_the_root_of_rows_and_propensities(contextual):
    rows, propensities = (100, 400, 1600), (0.05, 0.2)
    figure = contextual.estimation(rows=rows, propensities=propensities, logs=60)
    for ax, x in zip(figure.axes, (rows, propensities), strict=True):
        ips, robust, _, lemma = curves(ax).values()
        assert np.polyfit(np.log(x), np.log(ips), 1)[0] == pytest.approx(-0.5, abs=0.2)
        assert (ips < lemma).all()
        assert robust[-1] < ips[-1]


def test_each_policy_of_the_shop_is_judged_by_the_log_of_the_other(contextual):
    figure = contextual.open_bandit()
    left, right = figure.axes
    assert "worth 2,639 of 10,000 rows" in left.get_title()
    assert "worth 340 of 10,000 rows" in right.get_title()
    for ax, truth in ((left, 0.42), (right, 0.38)):
        thick = next(line for line in ax.lines if line.get_linewidth() == 4)  # of IPS
        low, high = thick.get_xdata()
        assert low < truth < high
        assert ax.lines[-1].get_xdata()[0] == pytest.approx(truth)


def test_who_spends_evenly_earns_most_and_nobody_more_than_the_programme(knapsacks):
    reward, left, prices = knapsacks.trajectories(horizon=4000, replications=4).axes
    programme = next(name for name in curves(reward) if "OPT" in name)
    ends = {name: curve[-1] for name, curve in curves(reward).items()}
    assert ends[programme] == pytest.approx(4000 * 0.185)
    assert ends["always ask 0.7"] == pytest.approx(0.7 * 1000)
    assert max(ends.values()) == ends[programme]
    spending = curves(left)
    halfway = len(spending["spent evenly"]) // 2
    assert spending["DualDescentBwK"][halfway] == pytest.approx(0.5, abs=0.1)
    assert spending["RewardOnly(UCB1)"][halfway + 10] == pytest.approx(0.0, abs=0.02)
    assert ends["DualDescentBwK"] > 1.2 * ends["RewardOnly(UCB1)"]
    assert curves(prices)["LP price"] == pytest.approx(0.5)


def test_baselines_lose_a_share_of_all_rounds_and_learners_do_not(knapsacks):
    (ax,) = knapsacks.regret_against_horizon(
        horizons=(100_000, 300_000, 1_000_000), replications=2
    ).axes
    slopes = {
        name.split(":")[0]: float(name.split("slope ")[1]) for name in curves(ax) if "slope" in name
    }
    for name in ("UcbBwK", "PrimalDualBwK", "DualDescentBwK"):
        assert 0.3 < slopes[name] < 0.65
    for name in ("GreedyBwK", "RewardOnly(UCB1)"):
        assert slopes[name] > 0.9
    assert 0.6 < slopes["ExploreFirstBwK"] < 0.82


def test_a_budget_for_everybody_asks_for_nothing_but_the_best_price(knapsacks):
    (ax,) = knapsacks.regret_against_budget(shares=(0.1, 1.0), horizon=5000, replications=4).axes
    lost = curves(ax)
    assert lost["RewardOnly(UCB1)"][0] > 2 * lost["DualDescentBwK"][0]
    assert lost["RewardOnly(UCB1)"][1] == pytest.approx(lost["DualDescentBwK"][1], abs=0.03)


def test_a_mix_of_two_arms_earns_twice_as_much_as_one(knapsacks):
    reward, *_ = knapsacks.two_resources(horizon=600, replications=3).axes
    ends = {name: curve[-1] for name, curve in curves(reward).items()}
    assert ends["best fixed arm"] == 300
    assert ends["GreedyBwK"] == pytest.approx(300, abs=2)
    assert ends["DualDescentBwK"] > 590


def test_nobody_does_better_against_an_adversary_than_the_best_ratio(knapsacks):
    left, right = knapsacks.phases(counts=(1, 4), shown=3, budget=400, replications=20).axes
    *learners, best = curves(right).values()
    assert best == pytest.approx([1.0, (1 + 25 / 12) / 2])
    assert all(ratios[1] > best[1] for ratios in learners)
    assert curves(right)["AdversarialBwK"][1] == min(ratios[1] for ratios in learners)
    assert len(left.lines) == 5


def test_features_are_worth_more_than_the_best_blind_learner_makes(knapsacks):
    reward, *_ = knapsacks.features(horizon=6000, replications=4).axes
    ends = {name: curve[-1] for name, curve in curves(reward).items()}
    blind = max(end for name, end in ends.items() if "blind" in name)
    assert ends["LinearBwK, α = 0.3"] > 1.2 * blind


def test_a_potential_helps_ten_times_and_in_the_end_reaches_the_optimum(potential):
    (ax,) = potential.learning_curves(trials=110, replications=8).axes
    plain, _, full, best, best_soft = curves(ax).values()
    assert best == pytest.approx(21.998965)
    assert 1.05 < best_soft[0] / best[0] < 1.15
    assert full[99:].mean() < 1.3 * best[0]
    assert plain[4:50].mean() > 8 * full[4:50].mean()


def test_a_potential_helps_some_ten_times_more_on_a_larger_grid(potential):
    (ax,) = potential.learning_curves(n=50, trials=20, replications=3).axes
    plain, half, full, *_ = curves(ax).values()
    assert plain.sum() > 30 * full.sum()
    assert plain.sum() > half.sum() > full.sum()


def test_counting_steps_helps_more_than_counting_flags(potential):
    (ax,) = potential.flags(trials=60, replications=10).axes
    ends = {name: curve[-1] for name, curve in curves(ax).items()}
    assert ends["no shaping"] > 2 * ends["flags only"] > 3 * ends["steps to go"]
    assert ends["optimal policy"] == pytest.approx(27.534390)


@pytest.mark.parametrize(
    ("N", "gamma", "thresholds"),
    [(10, 0.9, (0.26935, 0.21111)), (20, 0.95, (0.13351, 0.10263)), (10, 0.99, (0.02052, 0.0201))],
)
def test_beyond_the_threshold_nobody_leaves_the_ring(potential, N, gamma, thresholds):
    figure = potential.ring(N, gamma, points=41)
    for ax, threshold, habit in zip(figure.axes, thresholds, ("laps", "oscillates"), strict=True):
        drawn = curves(ax)
        bonuses = ax.lines[0].get_xdata()
        stays = np.isfinite(drawn[f"the best policy {habit}"])
        assert (stays == (bonuses > threshold)).all()
        assert (np.isfinite(drawn["the best policy leaves"]) == ~stays).all()
        true = drawn["the best policy, bonus aside"]
        assert true == pytest.approx(np.where(stays, 0.0, gamma ** (N // 2)))
        gain = drawn[f"the best policy {habit}"] - drawn["leaving all the same"]
        assert (gain[stays] > 0.0).all()
        assert ax.texts[0].get_text() == f"$c$ = {threshold:.5f}"


def test_the_same_actions_are_best_on_the_shaped_grid_and_little_is_left_to_find(potential):
    figure = potential.heat_maps()
    plain, shape, left = (ax.images[1].get_array() for ax in figure.axes[:3])
    assert (left - (plain - shape)).max() == pytest.approx(0.0, abs=1e-9)
    assert left.max() <= 0.0
    assert left.min() > -8.0 > -22.0 > plain.min()
    arrows, same = (figure.axes[panel].collections[-1] for panel in (0, 2))
    for part in ("XY", "U", "V"):
        assert getattr(arrows, part).tolist() == getattr(same, part).tolist()


def test_a_best_action_changes_only_if_the_gamma_of_the_shaping_is_another(potential):
    (ax,) = potential.mismatch(gamma=0.9, mdps=20, points=3).axes
    gammas, share = ax.lines[0].get_data()
    assert gammas.tolist() == [0.5, 0.75, 0.9, 1.0]
    assert share[2] == 0.0
    assert (share[[0, 1, 3]] > 10.0).all()
    assert share[0] > share[1]  # more, the farther off
    assert (share <= 100.0).all()


def test_initial_values_and_shaping_coincide_until_something_differs(initial_values):
    top, bottom = initial_values.coincident(n=6, horizon=10_000, points=40).axes
    regret = curves(top)
    start, same, *others = regret
    assert same.endswith("same actions")
    assert (regret[start] == regret[same]).all()
    assert all("another action in round " in name for name in others)
    rounding, *errors = (line.get_ydata() for line in bottom.lines)
    assert 0.0 < np.nanmax(rounding) < 1e-12
    assert min(error[-1] for error in errors) > 1e-3


def test_advice_that_is_kept_makes_things_worse_and_a_learned_potential_better(advice):
    (ax,) = advice.advice_grid(replications=10).axes
    drawn = curves(ax)
    early = {name: curve[:10].mean() for name, curve in drawn.items()}
    late = {name: curve[-10:].mean() for name, curve in drawn.items()}
    assert early["no advice"] > 5 * early["DPBA"]
    assert late["no advice"] < 0.25 * early["no advice"]
    assert late["bonus, kept"] > 1.2 * early["bonus, kept"]
    assert early["PIES"] > 2000 > 1000 > late["PIES"]
    assert 38 == drawn["shortest way"][0] < late["DPBA"] < 120


def test_dpba_prefers_the_wrong_arm(advice):
    figure = advice.flaw()
    ends = [[line.get_ydata()[-1] for line in ax.lines] for ax in figure.axes]
    for (q0, by0, q1, by1), values in zip(
        ends, [(1, 1, 2, 2), (1, 1, 2, 0), (1, 1, 0, 0)], strict=True
    ):
        assert (q0, by0, q1, by1) == pytest.approx(values, abs=0.1)
    shares = [float(ax.get_title().split("arm 0 in ")[1].split("%")[0]) for ax in figure.axes]
    assert shares[0] < 20
    assert min(shares[1:]) > 80


def test_neumanns_series_turns_from_first_order_to_exact_and_is_lost_beyond_its_limit(
    hypergradients,
):
    (ax,) = hypergradients.directions(counts=(5, 50), points=9).axes
    drawn = curves(ax)
    first = drawn["first-order, $L$ = 0"][0]
    assert 5.0 < first < 15.0
    assert drawn[next(name for name in drawn if "BARFI" in name)] == pytest.approx(first, abs=0.1)
    for steps, best in ((5, 1.0), (50, 0.01)):
        stable = drawn[f"Neumann, $L$ = {steps}"]
        assert stable[0] == pytest.approx(first, abs=0.1)
        assert stable.min() < best
    beyond = [line.get_ydata() for line in ax.lines if line.get_linestyle() == ":"]
    assert all((angles[1:] > 30.0).all() for angles in beyond)


def test_the_closed_form_beyond_the_limit_is_the_series(hypergradients):
    game = hypergradients.chain()
    rate, v = 1.3 * game.stable, game.outer.gradient(game.theta)
    power, total = v, v.copy()
    for _ in range(12):
        power = power + rate * game.inner.hessian_vector(game.theta, power)
        total += power
    found = hypergradients.flat(hypergradients.series(game, rate, 12))
    phi, gamma = game.inner.contract(game.theta, total)
    wanted = hypergradients.flat(bk.bilevel.HyperGradient(phi, gamma, game.theta))
    assert hypergradients.angle(found, wanted) < 1e-6


def test_unrolls_become_the_implicit_gradient(hypergradients):
    (ax,) = hypergradients.unrolls(counts=(1, 40, 80, 120)).axes
    drawn = curves(ax)
    maximum, series = drawn["unroll from the maximum"], drawn["Neumann, $L = T - 1$"]
    assert series == pytest.approx(maximum, rel=1e-2)
    for name in ("unroll from a uniform policy", "unroll from the maximum"):
        assert drawn[name][-1] < 1e-9 < 0.1 < drawn[name][0]


def test_differences_leave_an_error_of_order_two(hypergradients):
    (ax,) = hypergradients.differences(widths=(1e-3, 1e-2)).axes
    drawn = curves(ax)
    drawn.pop("width squared, lowered")
    assert len(drawn) == 4
    for near, far in drawn.values():
        assert near < 2e-5
        assert far / near == pytest.approx(100.0, rel=0.1)


def test_the_naive_sum_collapses_and_barfi_recovers(barfi):
    sizes = {"episodes": 400, "seeds": 4, "selection_seeds": 2}
    numbers = barfi.table(**sizes)
    last = numbers["last", "iqm"].loc["bad"]
    assert last["naive sum"] < 10.0 < 50.0 < last["BARFI"] < last["$r_p$ alone"] < 91.65
    assert numbers["lost", "share"].loc["bad", "naive sum"] > 0.5
    good = numbers["last", "iqm"].loc["good"]
    assert good["naive sum"] > 85.0
    assert good["BARFI"] > 60.0
    none = numbers["auc", "iqm"].loc["none"]
    assert none["naive sum"] == none["potential"] == none["$r_p$ alone"]
    panels = barfi.learning_curves(**sizes).axes
    for ax in panels:
        assert list(curves(ax)) == [*barfi.methods(), "optimum, without a limit"]
        assert curves(ax)["optimum, without a limit"][0] == pytest.approx(91.648, abs=1e-3)


def test_every_run_has_a_dot(barfi):
    (ax,) = barfi.every_run(episodes=20, seeds=2).axes
    *dots, _ = ax.lines
    assert len(dots) == len(ax.get_yticklabels()) == 16
    assert all(len(line.get_xdata()) == 2 for line in dots)


def test_learning_lowers_the_weight_of_a_bad_heuristic_where_it_pays(barfi):
    figure = barfi.heat_maps(episodes=600, seeds=4)
    maps = [ax.images[0].get_array() for ax in figure.axes if ax.images]
    reach = 4 / np.sqrt(16) * 4  # 16 features in [-1, 1], each weighed by at most 1/4
    for before in (maps[0], maps[3]):
        assert 0.0 < np.abs(before).max() <= reach
    assert maps[5][40:61, 40:61].mean() < 0.0  # w_3 on the loot, mean of runs


def test_gamma_falls_with_its_cost_by_neumanns_series_and_hardly_to_first_order(barfi):
    neumann, first = barfi.discounts(penalties=(0.25, 4.0), episodes=600, seeds=2).axes
    lost = curves(neumann)
    assert lost[r"$\lambda_\gamma$ = 4"][-1] > 2 * lost[r"$\lambda_\gamma$ = 0.25"][-1] > 0.015
    same = curves(first)
    assert same[r"$\lambda_\gamma$ = 4"][-1] == pytest.approx(0.01, abs=0.004)
    assert same[r"$\lambda_\gamma$ = 333.3"][-1] > 0.015


def test_the_car_is_driven_by_everybody_with_either_heuristic(barfi, monkeypatch):
    short = bk.MountainCar(limit=130, sparse=True)
    cars = {name: bk.WithHeuristic(short, car.heuristic) for name, car in barfi.CARS.items()}
    monkeypatch.setattr(barfi, "CARS", cars)
    monkeypatch.setattr("banditkit.simulation.player_of", lambda env, policy: play_interpreted)
    for ax in barfi.mountain_car(episodes=4, seeds=2).axes:
        drawn = curves(ax)
        assert list(drawn) == [*barfi.car_methods(), "always with the motion"]
        assert all(len(steps) == 4 for steps in drawn.values())
        assert all((0 < steps).all() and (steps <= 130).all() for steps in drawn.values())
        assert ax.get_ylim()[0] == 0.0


def test_controllers_hold_the_pole_as_long_as_published(barfi):
    numbers = barfi.controllers(episodes=1000)
    assert numbers["mean"].iloc[0] == 500.0
    for row, width in ((1, 20.0), (2, 3.0)):
        assert numbers["mean"].iloc[row] == pytest.approx(numbers["published"].iloc[row], abs=width)


@pytest.mark.parametrize(
    "name", ["race", "ab_log", "own_learner", "shaping", "contextual", "pricing"]
)
def test_an_example_runs(name, monkeypatch, capsys):
    simulate, played = bk.simulate, []

    def shorter(problem, learners, **words):
        played.append(words["horizon"])
        return simulate(problem, learners, **words | {"horizon": 500, "replications": 2})

    monkeypatch.setattr(bk, "simulate", shorter, raising=False)
    monkeypatch.setattr(plt, "show", lambda: None)
    runpy.run_path(str(ROOT / "examples" / f"{name}.py"))
    assert played
    assert "mean" in capsys.readouterr().out


def test_the_example_of_barfi_runs(monkeypatch, capsys):
    compare = bk.compare

    def smaller(*args, **words):
        return compare(*args, **words | {"episodes": 20, "seeds": 2, "selection_seeds": 1})

    monkeypatch.setattr(bk, "compare", smaller, raising=False)
    monkeypatch.setattr(plt, "show", lambda: None)
    runpy.run_path(str(ROOT / "examples" / "barfi.py"))
    assert "BARFI played as BARFI(" in capsys.readouterr().out


def test_the_experiment_file_runs(tmp_path, capsys):
    words = ["--horizon", "200", "--replications", "2", "--output", str(tmp_path), "--quiet"]
    assert cli.main(["simulate", str(ROOT / "examples" / "experiment.toml"), *words]) == 0
    assert "without knowing T" in capsys.readouterr().out
