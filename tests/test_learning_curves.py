"""Comparisons of methods: what is picked, on which seeds, and the numbers made of the runs."""

import io
import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from scipy.stats import trim_mean

import banditkit as bk
from banditkit.aggregates import bootstrap_iqm
from banditkit.comparison import Candidate, Choice
from banditkit.core.play import play_interpreted
from banditkit.learning_curves import _horizon
from banditkit.simulation import generators

mpl.use("Agg")

nan = np.nan
GRID = bk.GridWorld("S..\n..G", gamma=0.9, step_reward=-1, limit=40)
LINE = bk.GridWorld("S....G", step_reward=-1, limit=60)
GRIDS = {"square": GRID, "line": LINE}
GRADES = [bk.QLearning(rate=rate) for rate in (0.01, 0.6, 0.1)]


def shaped(mdp):
    return bk.Shaped(mdp, -mdp.distances())


METHODS = {
    "graded": GRADES,
    "plain": bk.QLearning(rate=0.3),
    "shaped": (shaped, {"half": bk.QLearning(rate=0.5), "little": bk.QLearning(rate=0.01)}),
}


def compared(problems=GRID, methods=METHODS, **options):
    words = {"episodes": 12, "seeds": 6, "selection_seeds": 5, "seed": 3}
    return bk.compare(problems, methods, **words | options)


@pytest.fixture(scope="module")
def race():
    return compared(GRIDS)


def made(returns, diverged=None):
    """Return a comparison of which the returns are given, shape (M, P, R, n)."""
    returns = np.asarray(returns, dtype=float)
    M, P, R, _ = returns.shape
    methods, problems = tuple("abcdef"[:M]), tuple("uvw"[:P])
    results, choices = {}, {}
    for m, method in enumerate(methods):
        for p, problem in enumerate(problems):
            log = returns[m, p][None]
            logs = {"return": log, "steps": np.where(np.isnan(log), nan, 7.0)}
            if diverged is not None:
                logs["diverged"] = np.array(diverged, dtype=float)[m, p][None]
            results[method, problem] = bk.Result(
                problem=bk.Episodes(GRID, log.shape[2]),
                learners=(bk.QLearning(),),
                names=(method,),
                horizon=100,
                times=np.array([100]),
                regret=np.zeros((1, R, 1)),
                seed=0,
                seconds=np.zeros(1),
                versions={},
                logs=logs,
            )
            team = (Candidate(method, GRID, bk.QLearning()),)
            choices[method, problem] = Choice(team, np.zeros((1, 0)), None)
    return bk.Comparison(methods, problems, results, choices, 0)


# --- the interquartile mean ---------------------------------------------------------------------


@pytest.mark.parametrize("n", [4, 8, 40, 100])
def test_the_interquartile_mean_cuts_off_quarters(n):
    values = np.random.default_rng(n).standard_cauchy((3, n, 2))
    assert bk.interquartile_mean(values, axis=1) == pytest.approx(
        trim_mean(values, 0.25, axis=1), rel=1e-13
    )


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=30))
def test_with_any_number_it_is_that_of_everything_four_times(values):
    n = len(values)
    oracle = sorted(4 * values)[n : 3 * n]
    assert bk.interquartile_mean(values) == pytest.approx(sum(oracle) / (2 * n), abs=1e-9)


def test_single_failures_do_not_move_it_and_holes_are_told():
    assert bk.interquartile_mean([-math.inf, 1, 3, math.inf]) == 2.0
    assert bk.interquartile_mean([5, 5, 5, math.inf, math.inf]) == math.inf
    assert math.isnan(bk.interquartile_mean([-math.inf, -math.inf, math.inf, math.inf]))
    assert math.isnan(bk.interquartile_mean([1, 2, 3, 4, nan]))
    assert type(bk.interquartile_mean([1])) is float


@pytest.mark.parametrize(
    ("values", "axis", "words"),
    [
        ([], -1, r"values must be numbers, one or more; got \[\]"),
        (["a"], -1, "values must be numbers"),
        (3.0, -1, "axis must be one of 0"),
        ([[1, 2], [3]], -1, "rows of different lengths"),
        ([1, 2], 1, "axis must be one of 1; got 1"),
        ([1, 2], 0.0, "axis must be one of 1; got 0.0"),
    ],
)
def test_what_has_no_interquartile_mean(values, axis, words):
    with pytest.raises(ValueError, match=words):
        bk.interquartile_mean(values, axis)


# --- the bootstrap ------------------------------------------------------------------------------


@pytest.mark.parametrize("strata", [1, 3])
def test_intervals_hold_the_truth_about_as_often_as_they_say(strata):
    scores = np.random.default_rng(7).normal(5.0, 2.0, (400, strata, 40))
    low, high = bootstrap_iqm(scores, level=0.9, resamples=400, seed=0)
    assert 0.84 < ((low < 5.0) & (high > 5.0)).mean() < 0.95
    # The ends are as far apart as those of a mean of the middle half of normal numbers: its
    # asymptotic variance is 1.1949 sigma^2 / n.
    wide = 2 * 1.645 * 2.0 * math.sqrt(1.1949 / (40 * strata))
    assert (high - low).mean() == pytest.approx(wide, rel=0.08)


def test_intervals_of_few_runs_are_a_little_too_narrow():
    scores = np.random.default_rng(3).exponential(size=(2000, 1, 8))
    truth = bk.interquartile_mean(np.random.default_rng(4).exponential(size=10**6))
    low, high = bootstrap_iqm(scores, level=0.95, resamples=400, seed=0)
    assert 0.9 < ((low < truth) & (truth < high)).mean() < 0.94


def test_runs_are_drawn_within_their_stratum():
    scores = np.repeat([[1.0], [2.0], [6.0], [9.0]], 10, axis=1)
    low, high = bootstrap_iqm(scores, level=0.99, resamples=200, seed=0)
    assert low == pytest.approx(4.0)
    assert high == pytest.approx(4.0)
    low, high = bootstrap_iqm(scores.reshape(1, 40), level=0.99, resamples=200, seed=0)
    assert high - low > 1.0


def test_intervals_are_those_of_a_plain_bootstrap():
    scores = np.random.default_rng(1).exponential(size=(2, 7))
    rng, means = np.random.default_rng(5), []
    for _ in range(300):
        drawn = rng.integers(0, 7, (2, 7))
        pooled = [scores[i, j] for i in range(2) for j in drawn[i]]
        means.append(bk.interquartile_mean(pooled))
    ends = np.quantile(means, [0.1, 0.9])
    assert bootstrap_iqm(scores, level=0.8, resamples=300, seed=5) == pytest.approx(ends)


def test_resamples_may_be_more_than_fit_at_once(monkeypatch):
    scores = np.random.default_rng(1).normal(size=(3, 2, 10))
    whole = bootstrap_iqm(scores, level=0.9, resamples=100, seed=1)
    monkeypatch.setattr("banditkit.aggregates._AT_ONCE", 60)
    parts = bootstrap_iqm(scores, level=0.9, resamples=100, seed=1)
    assert np.array(whole) == pytest.approx(np.array(parts), abs=1e-15)


def test_a_single_run_or_a_hole_has_no_interval():
    assert np.isnan(bootstrap_iqm(np.ones((2, 3, 1)), level=0.9, resamples=9, seed=0)).all()
    scores = np.ones((2, 1, 8))
    scores[1, 0, 3] = nan
    low, high = bootstrap_iqm(scores, level=0.9, resamples=9, seed=0)
    assert low[0] == high[0] == 1.0
    assert np.isnan([low[1], high[1]]).all()


def test_the_bootstrap_is_fast():
    scores = np.random.default_rng(0).normal(size=(5, 1, 40))
    took = []
    for _ in range(3):
        began = time.perf_counter()
        bootstrap_iqm(scores, level=0.95, resamples=2000, seed=0)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.2


# --- what is played -----------------------------------------------------------------------------


def test_the_arrays_are_the_same_for_any_number_of_workers(race):
    again = compared(GRIDS, workers=1)
    other = compared(GRIDS, workers=2, seed=4)
    assert np.array_equal(race.returns, again.returns)
    assert race.picked == again.picked
    assert race.table().equals(again.table())
    assert not np.array_equal(race.returns, other.returns)


def test_a_report_is_what_simulate_plays_with_its_seed(race):
    for (method, _), result in race.results.items():
        again = bk.simulate(
            result.problem,
            {method: result.learners[0]},
            horizon=result.horizon,
            replications=6,
            seed=result.seed,
        )
        assert np.array_equal(again.logs["return"], result.logs["return"])
    assert race.returns.shape == (3, 2, 6, 12)
    for m, method in enumerate(race.methods):
        for p, problem in enumerate(race.problems):
            assert np.array_equal(
                race.returns[m, p], race.results[method, problem].logs["return"][0]
            )


def test_work_may_be_done_elsewhere(race):
    with ThreadPoolExecutor(2) as threads:
        again = compared(GRIDS, {"plain": METHODS["plain"]}, executor=threads)
        assert threads.submit(int).result() == 0  # it is still open
    assert np.array_equal(again.returns[0], race.returns[1])


def test_methods_meet_the_same_seeds_and_problems_and_selection_have_their_own(race):
    for problem in GRIDS:
        assert len({race.results[method, problem].seed for method in METHODS}) == 1
    seeds = {race.results["plain", problem].seed for problem in GRIDS}
    seeds |= {race.choices["graded", problem].seed for problem in GRIDS}
    assert len(seeds) == 4
    streams = [
        rng.bit_generator.state["state"]["state"]
        for seed in seeds
        for i in range(6)
        for rng in generators(seed, i)
    ]
    assert len(set(streams)) == len(streams) == 4 * 6 * 2


def test_the_candidate_of_the_highest_mean_is_picked(race):
    for (method, problem), choice in race.choices.items():
        if method == "plain":
            assert choice.seed is None
            assert np.isnan(choice.scores).all()
            assert race.picked[method, problem] == "QLearning(rate=0.3)"
            continue
        own = shaped(GRIDS[problem]) if method == "shaped" else GRIDS[problem]
        played = bk.simulate(
            bk.Episodes(own, 12),
            {candidate.name: candidate.learner for candidate in choice.candidates},
            horizon=12 * GRIDS[problem].limit,
            replications=5,
            seed=choice.seed,
        )
        means = played.logs["return"].mean(axis=2)
        assert choice.auc == pytest.approx(means)
        assert choice.scores == pytest.approx(means.mean(axis=1))
        best = choice.candidates[int(means.mean(axis=1).argmax())]
        assert choice.picked == best
        assert race.picked[method, problem] == best.name
        assert race.results[method, problem].learners == (best.learner,)
        assert race.results[method, problem].problem == bk.Episodes(best.problem, 12)
    assert race.picked["graded", "line"] == "QLearning(rate=0.6)"
    assert race.picked["shaped", "line"] == "half"
    assert race.choices["shaped", "line"].picked.problem == shaped(LINE)


def test_what_was_picked_is_a_table(race):
    table = race.selection()
    assert len(table) == 2 * (3 + 1 + 2)
    assert table.groupby(["method", "problem"])["picked"].sum().eq(1).all()
    raced = table[table["method"] != "plain"]
    best = raced.loc[raced.groupby(["method", "problem"])["score"].idxmax()]
    assert best["picked"].all()
    assert table["failed"].eq(0).all()
    assert table.loc[table["method"] == "plain", "score"].isna().all()


def test_a_methods_numbers_do_not_depend_on_the_others_and_more_seeds_keep_the_first(race):
    alone = compared(GRIDS, {"shaped": METHODS["shaped"]}, seeds=8)
    assert np.array_equal(alone.returns[0, :, :6], race.returns[2])


def test_candidates_may_play_problems_of_their_own():
    weights = [0.5, 1.0]
    walk = -GRID.distances()
    pairs = {f"{weight}": (bk.Shaped(GRID, weight * walk), bk.QLearning()) for weight in weights}
    result = compared(GRID, {"weighted": pairs, "pair": (GRID, bk.QLearning())})
    choice = result.choices["weighted", repr(GRID)]
    assert [candidate.name for candidate in choice.candidates] == ["0.5", "1.0"]
    assert choice.candidates[0].problem != choice.candidates[1].problem
    assert choice.auc.shape == (2, 5)
    again = compared(GRID, {"x": (lambda mdp: mdp, [bk.QLearning()])})
    assert np.array_equal(again.returns[0], result.returns[1])


def test_without_a_seed_a_fresh_one_is_remembered():
    methods = {"a": bk.QLearning()}
    first, second = (compared(methods=methods, seed=None) for _ in range(2))
    assert first.seed != second.seed
    assert np.array_equal(compared(methods=methods, seed=first.seed).returns, first.returns)


def test_where_episodes_have_a_length_no_horizon_is_needed():
    for problem, longest in [(bk.FiniteHorizon(GRID, 7), 7), (shaped(GRID), 40)]:
        result = compared(problem, {"a": bk.QLearning()}, seeds=2, episodes=3)
        assert result.results["a", repr(problem)].horizon == 3 * longest
        assert (result.finished == 3).all()
    assert _horizon(bk.MountainCar(limit=11), 3, None) == 33


def test_progress_counts_all_the_work():
    told = []
    compared(GRIDS, progress=lambda done, total, doing: told.append((done, total, doing)))
    totals = {total for _, total, _ in told}
    candidates = 3 + 2  # of the two methods with more than one
    rounds = 12 * sum(grid.limit for grid in GRIDS.values())
    assert totals == {rounds * (3 * 6 + candidates * 5)}
    done = [done for done, _, _ in told]
    assert done == sorted(done)
    assert done[-1] == totals.pop()


def test_an_interrupt_is_heard():
    def interrupt(done, total, doing):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compared(progress=interrupt)


def test_everything_is_checked_before_anything_is_played(monkeypatch):
    def fail(*arguments, **options):
        raise AssertionError("something was played")

    monkeypatch.setattr("banditkit.learning_curves.simulate", fail)
    with pytest.raises(ValueError, match="UCBVI"):
        compared(methods={"a": bk.QLearning(), "b": [bk.Sarsa(), bk.UCBVI()]})
    with pytest.raises(ValueError, match="Episodes needs an MDP"):
        compared(bk.Bernoulli((0.1, 0.9)), {"a": bk.UCB1()}, horizon=10)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"problems": 3}, "problems must be an MDP, or a list or dict of them; got 3"),
        ({"problems": []}, "problems is empty"),
        ({"problems": [GRID, "x"]}, "a problem must be an MDP.*got 'x'"),
        ({"problems": [GRID, GRID]}, "two problems are called GridWorld"),
        ({"problems": bk.Episodes(GRID, 3)}, "give the problem without Episodes"),
        ({"problems": bk.GridWorld("S.G")}, "may take any number of steps; give a horizon"),
        ({"methods": bk.QLearning()}, "methods must be a dict"),
        ({"methods": [bk.QLearning()]}, "methods must be a dict"),
        ({"methods": {}}, "methods is empty"),
        ({"methods": {3: bk.QLearning()}}, "a method's name must be a text; got 3"),
        ({"methods": {"a": []}}, "method 'a' has no candidates"),
        ({"methods": {"a": 7}}, "method 'a' must be a learner, .*; got 7"),
        ({"methods": {"a": bk.QLearning}}, "QLearning is a class; write QLearning()"),
        ({"methods": {"a": (bk.QLearning, bk.Sarsa)}}, "QLearning is a class"),
        ({"methods": {"a": [bk.Sarsa(), bk.Sarsa()]}}, "two candidates called Sarsa"),
        ({"methods": {"a": (lambda mdp: 3, bk.Sarsa())}}, "of method 'a' must return a problem"),
        (
            {"problems": GRIDS, "methods": {"a": (GRID, bk.Sarsa())}},
            "method 'a' plays GridWorld.* in place of several problems; give a function",
        ),
        ({"episodes": 0}, "episodes must be a whole number, 1 or more; got 0"),
        ({"seeds": 2.5}, "seeds must be a whole number"),
        ({"selection_seeds": 0}, "selection_seeds must be"),
        ({"seed": -1}, "seed must be"),
        ({"horizon": 0}, "horizon must be"),
        ({"workers": 0}, "workers must be"),
    ],
)
def test_bad_arguments_are_named(words, message):
    with pytest.raises(ValueError, match=message):
        compared(**words)


def test_an_unknown_option_is_named():
    with pytest.raises(TypeError, match=r"no option 'worker'; did you mean workers\?"):
        compared(worker=2)


# --- runs in numbers ----------------------------------------------------------------------------


def test_metrics_are_means_of_all_episodes_and_of_the_last_hundred():
    returns = np.random.default_rng(0).normal(size=(2, 1, 5, 130))
    result = made(returns)
    assert result.scores() == pytest.approx(returns.mean(axis=3))
    assert result.scores("last") == pytest.approx(returns[..., 30:].mean(axis=3))
    short = made(returns[..., :60])
    assert short.scores("last") == pytest.approx(short.scores("auc"))


@pytest.mark.parametrize("by_problem", [False, True])
def test_the_table_aggregates_the_scores(race, by_problem):
    table = race.table("last", by_problem=by_problem, level=0.8, resamples=100, seed=9)
    scores = race.scores("last")
    assert len(table) == (6 if by_problem else 3)
    for m, method in enumerate(race.methods):
        for p, problem in enumerate(race.problems):
            row = table.loc[(problem, method) if by_problem else method]
            part = scores[m, [p]] if by_problem else scores[m]
            assert row["iqm"] == pytest.approx(bk.interquartile_mean(part.ravel()))
            ends = bootstrap_iqm(part, level=0.8, resamples=100, seed=9)
            assert (row["low"], row["high"]) == pytest.approx(np.array(ends))
            assert row["low"] <= row["iqm"] <= row["high"]
            assert row["mean"] == pytest.approx(part.mean())
            assert row["median"] == pytest.approx(np.median(part))
            assert row["runs"] == part.size
            assert row["diverged"] == row["cut short"] == 0


def test_the_frame_is_tidy(race):
    frame = race.to_frame()
    assert len(frame) == 3 * 2 * 6
    assert frame.columns.tolist() == [
        "method", "problem", "seed", "candidate", "auc", "last", "diverged", "finished",
    ]  # fmt: skip
    row = frame[(frame.method == "shaped") & (frame.problem == "line") & (frame.seed == 4)]
    assert row["auc"].item() == pytest.approx(race.returns[2, 1, 4].mean())
    assert row["candidate"].item() == race.picked["shaped", "line"]
    assert row["finished"].item() == 12


def test_differences_are_of_pairs():
    rng = np.random.default_rng(0)
    luck = rng.normal(0, 10, (1, 20, 1))  # of the seed, which both share
    returns = np.array([luck + 3, luck + 1 + rng.normal(0, 0.1, (1, 20, 1))])
    result = made(returns)
    ahead = result.difference("a", "b")
    pairs = (returns[0] - returns[1])[0, :, 0]
    assert ahead.mean == pytest.approx(pairs.mean())
    assert ahead.median == pytest.approx(np.median(pairs))
    assert ahead.iqm == pytest.approx(bk.interquartile_mean(pairs))
    assert 1.9 < ahead.low < ahead.iqm < ahead.high < 2.1
    back = result.difference("b", "a")
    assert (back.iqm, back.mean) == pytest.approx((-ahead.iqm, -ahead.mean))
    assert result.table().loc["a", "high"] - result.table().loc["a", "low"] > 2
    assert result.difference("a", "a") == (0.0, 0.0, 0.0, 0.0, 0.0)


def test_a_run_that_diverged_counts_as_the_worst_of_the_others_on_its_problem():
    returns = np.arange(2 * 2 * 4 * 3, dtype=float).reshape(2, 2, 4, 3)
    returns[0, 0, 2, 1] = math.inf
    returns[1, 1, 0, 2] = -math.inf
    told = np.zeros((2, 2, 4, 2))
    told[0, 1, 3, 1] = 1.0
    told[:, 0, 1, 0] = nan  # a note that was never written
    result = made(returns, told)
    assert np.argwhere(result.diverged).tolist() == [[0, 0, 2], [0, 1, 3], [1, 1, 0]]
    scores, means = result.scores(), returns.mean(axis=3)
    assert scores[0, 0, 2] == means[0, 0, 0] == scores[:, 0].min()
    assert scores[0, 1, 3] == scores[1, 1, 0] == means[0, 1, 0] == 13.0
    healthy = ~result.diverged
    assert scores[healthy] == pytest.approx(means[healthy])
    assert result.table()["diverged"].tolist() == [2, 1]
    assert result.table(by_problem=True)["diverged"].tolist() == [1, 0, 1, 1]
    assert result.table()["cut short"].tolist() == [0, 0]
    assert np.isfinite(result.table().to_numpy(dtype=float)).all()
    curves = result.smoothed(0.0)
    assert curves[0, 0, 2].tolist() == [0.0, 1.0, 2.0]
    assert curves[1, 1, 0].tolist() == [12.0, 13.0, 14.0]


def test_where_all_runs_diverged_there_is_no_number_and_no_crash():
    result = made(np.full((2, 1, 3, 4), math.inf))
    assert np.isnan(result.scores()).all()
    assert result.table()["diverged"].tolist() == [3, 3]
    assert result.table()[["iqm", "low", "high", "mean", "median"]].isna().all(axis=None)
    assert math.isnan(result.difference("a", "b").iqm)
    assert result.curves()["iqm"].isna().all()
    huge = made(np.full((1, 1, 3, 4), 1.7e308))
    assert np.isnan(huge.scores()).all()


def test_a_run_that_was_cut_short_has_the_mean_of_what_it_finished():
    returns = np.array([[[[1, 2, 3, 4], [5, 7, nan, nan], [nan] * 4, [9, 9, 9, 9]]]], dtype=float)
    result = made(returns)
    assert result.finished.tolist() == [[[4, 2, 0, 4]]]
    assert not result.diverged.any()
    assert result.scores()[0, 0].tolist() == [2.5, 6.0, 2.5, 9.0]
    row = result.table().loc["a"]
    assert (row["runs"], row["diverged"], row["cut short"]) == (4, 0, 2)
    long = np.concatenate([np.zeros(50), np.arange(120.0), np.full(30, nan)])
    assert made(long[None, None, None]).scores("last").item() == np.arange(20, 120).mean()


def test_a_horizon_may_cut_runs_short():
    result = compared(GRID, {"a": bk.QLearning()}, horizon=30)
    assert (result.finished < 12).all()
    assert result.table().loc["a", "cut short"] == 6
    assert result.scores()[0, 0] == pytest.approx(np.nanmean(result.returns[0, 0], axis=1))


def test_a_candidate_that_diverges_is_not_picked():
    class DoubtfulPolicy(NamedTuple):
        fails: bool

        def select(self, t, x, rng):
            return int(4 * rng.random())

        def update(self, t, x, a, y):
            pass

        def note(self, row):
            row[0] = 1.0 if self.fails else 0.0

        def noted(self):
            return {"diverged": ()}

    class Doubtful(bk.Learner):
        accepts = bk.Feedback.STEP
        plays = (bk.Tabular,)

        def __init__(self, fails):
            self.fails = fails

        def __repr__(self):
            return f"Doubtful({self.fails})"

        def start(self, spec, horizon):
            return DoubtfulPolicy(self.fails)

    result = compared(GRID, {"a": [Doubtful(True), Doubtful(False)], "b": Doubtful(True)})
    choice = result.choices["a", repr(GRID)]
    assert np.isnan(choice.auc[0]).all()
    assert choice.scores[0] == np.nanmin(choice.auc)
    assert result.picked["a", repr(GRID)] == "Doubtful(False)"
    assert result.table()["diverged"].tolist() == [0, 6]
    assert (result.scores()[1] == result.scores()[0].min()).all()
    assert result.selection()["failed"].tolist() == [5, 0, 0]


def test_of_candidates_that_all_failed_the_first_is_picked():
    team = tuple(Candidate(name, GRID, bk.QLearning()) for name in "xy")
    assert Choice(team, np.full((2, 3), nan), 0).picked.name == "x"
    assert Choice(team, np.array([[nan, nan], [1.0, 1.0]]), 0).picked.name == "y"  # a tie
    assert Choice(team, np.array([[nan, 1.0], [2.0, 3.0]]), 0).scores.tolist() == [1.0, 2.5]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda c: c.scores("area"), "metric must be one of auc, last; got 'area'"),
        (lambda c: c.table("AUC"), "metric must be one of"),
        (lambda c: c.table(level=1.0), "level must lie between 0 and 1"),
        (lambda c: c.table(resamples=0), "resamples must be"),
        (lambda c: c.table(seed=-1), "seed must be"),
        (lambda c: c.difference("a", "z"), "a method must be one of a, b; got 'z'"),
        (lambda c: c.smoothed(1.0), "smooth must be below 1"),
        (lambda c: c.smoothed(-0.1), "smooth must"),
        (lambda c: c.curves("t"), "problem must be one of u"),
        (lambda c: c.curves(points=1), "points must be"),
    ],
)
def test_questions_that_make_no_sense_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call(made(np.ones((2, 1, 3, 4))))


# --- curves -------------------------------------------------------------------------------------


@pytest.mark.parametrize("smooth", [0.0, 0.5, 0.9])
def test_smoothing_weighs_the_past_less_and_less(smooth):
    returns = np.random.default_rng(0).normal(size=(2, 1, 3, 20))
    weights = smooth ** np.arange(20)
    curves = made(returns).smoothed(smooth)
    for n in range(20):
        past = weights[: n + 1][::-1]
        expected = (returns[..., : n + 1] * past).sum(axis=3) / past.sum()
        assert curves[..., n] == pytest.approx(expected)


def test_after_its_last_episode_a_curve_stays_where_it_was():
    returns = np.array([[[[2.0, 4, nan, nan], [1, 1, 1, nan]]]])
    curves = made(returns).smoothed(0.5)
    assert curves[0, 0, 0] == pytest.approx([2, 10 / 3, 10 / 3, 10 / 3])
    table = made(returns).curves(smooth=0.0)
    assert table["episode"].tolist() == [1, 2, 3, 4]
    assert table["iqm"].tolist()[:3] == [1.5, 2.5, 2.5]
    assert table.loc[3, ["iqm", "low", "high"]].isna().all()  # which nobody finished


def test_curves_are_interquartile_means_at_some_episodes(race):
    curves = race.curves("line", points=5, resamples=50)
    assert isinstance(curves, pd.DataFrame)
    assert curves["episode"].unique().tolist() == [1, 4, 7, 9, 12]
    smoothed = race.smoothed()[:, 1]
    for m, method in enumerate(race.methods):
        part = curves[curves["method"] == method]
        for episode, iqm, low, high in part[["episode", "iqm", "low", "high"]].to_numpy():
            runs = smoothed[m, :, int(episode) - 1]
            assert iqm == pytest.approx(bk.interquartile_mean(runs))
            ends = bootstrap_iqm(runs[None], level=0.95, resamples=50, seed=0)
            assert (low, high) == pytest.approx(np.array(ends))
    pooled = race.curves(points=2, smooth=0.0)
    runs = race.returns[0, :, :, 0].ravel()
    assert pooled["iqm"][0] == pytest.approx(bk.interquartile_mean(runs))


def test_the_display_draws_the_curves(race):
    levels = {"optimum": -5}
    display = bk.LearningCurveDisplay.from_comparison(race, "line")
    ax = Figure().subplots()
    assert display.plot(ax, smooth=0.5, level=0.8, levels=levels) is display
    curves = race.curves("line", smooth=0.5, level=0.8)
    for line, shade, method in zip(display.lines_, display.bands_, race.methods, strict=True):
        part = curves[curves["method"] == method]
        assert line.get_label() == method
        assert line.get_xdata().tolist() == part["episode"].tolist()
        assert line.get_ydata() == pytest.approx(part["iqm"].to_numpy())
        (path,) = shade.get_paths()
        assert path.vertices[:, 1].min() == pytest.approx(part["low"].min())
        assert path.vertices[:, 1].max() == pytest.approx(part["high"].max())
    assert [label.get_text() for label in display.labels_] == [*race.methods, "optimum"]
    title = display.ax_.get_title()
    assert title == "line\ninterquartile mean of 6 replications, shaded: 80% interval"
    assert "smoothed by 0.5" in display.ax_.get_ylabel()
    assert "return" in display.ax_.get_ylabel()
    both = bk.LearningCurveDisplay.from_comparison(race).plot(Figure().subplots(), smooth=0)
    assert "2 problems\ninterquartile mean of 12 replications" in both.ax_.get_title()
    assert "smoothed" not in both.ax_.get_ylabel()


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda race: bk.LearningCurveDisplay.from_comparison(3), "needs a comparison; got 3"),
        (lambda race: bk.LearningCurveDisplay.from_comparison(race, "x"), "problem must be one of"),
        (
            lambda race: bk.LearningCurveDisplay.from_comparison(race).plot(level=2),
            "level must lie between",
        ),
        (
            lambda race: bk.LearningCurveDisplay.from_comparison(race).plot(levels=3),
            "levels must be a dict",
        ),
    ],
)
def test_a_display_of_something_else_is_refused(race, draw, words):
    with pytest.raises(ValueError, match=words):
        draw(race)


def test_a_comparison_shows_itself(race):
    assert repr(race) == "<Comparison: 3 methods, 2 problems, 6 seeds, 12 episodes>"
    assert "<table" in race._repr_html_()
    assert "shaped" in race._repr_html_()


# --- what diverges, whatever the learner --------------------------------------------------------


class LateAdvice(NamedTuple):
    """A heuristic that pays 0, and from a round on something else."""

    amount: float

    def advise(self, t, age, x, a, y):
        return self.amount if t >= 60 else 0.0


class Late(bk.Heuristic):
    """Pay an amount from a round on."""

    def __init__(self, amount):
        self.__dict__.update(amount=amount)

    def __repr__(self):
        return f"Late({self.amount})"

    def start(self, spec):
        return LateAdvice(self.amount)


MAD = {
    "Reinforce": bk.Reinforce(0.1),
    "ActorCritic": bk.ActorCritic(0.1),
    "QLearning": bk.QLearning(),
    "Boltzmann": bk.QLearning(temperature=1.0),
    "Sarsa": bk.Sarsa(),
    "SarsaLambda": bk.SarsaLambda(),
    "ExpectedSarsa": bk.ExpectedSarsa(),
    "DoubleQLearning": bk.DoubleQLearning(),
    "PGRD": bk.PGRD(),
    "SORS": bk.SORS(),
    "BSRS": bk.BSRS(bk.QLearning()),
}


def interpreted(monkeypatch):
    """Let games be played as Python, silently: the numbers are the same, and nothing compiles."""

    def quiet(*arguments):
        with np.errstate(all="ignore"):
            return play_interpreted(*arguments)

    monkeypatch.setattr("banditkit.simulation.player_of", lambda env, policy: quiet)


@pytest.mark.parametrize("amount", [nan, -math.inf, 1e200])
def test_whoever_learns_from_a_heuristic_that_goes_mad_diverged(amount, monkeypatch):
    interpreted(monkeypatch)
    sound = bk.WithHeuristic(LINE, Late(0.0))
    for problem, share in ((sound, 0.0), (bk.WithHeuristic(LINE, Late(amount)), 1.0)):
        methods = {name: (bk.NaiveSum, learner) for name, learner in MAD.items()}
        methods["deaf"] = (bk.PrimaryOnly, bk.QLearning())
        result = compared(problem, methods, seeds=2, episodes=8)
        *mad, deaf = result.diverged[:, 0].mean(axis=1)
        assert dict(zip(methods, mad, strict=False)) == dict.fromkeys(MAD, share)
        assert deaf == 0.0
        assert result.table()["diverged"].tolist() == [*(2 * share for _ in MAD), 0.0]
        assert np.isfinite(result.scores()).all()  # the worst of those that did not
        assert np.isfinite(result.table().to_numpy(dtype=float)).all()


def test_a_huge_rate_ends_as_a_diverged_run_and_the_display_says_so(monkeypatch):
    interpreted(monkeypatch)
    methods = {
        "Reinforce": bk.Reinforce(1e200),
        "its baseline": bk.Reinforce(0.1, critic_rate=1e200),
        "ActorCritic": bk.ActorCritic(1e200),
        "PGRD": bk.PGRD(rate=1e200),
        "SORS": bk.SORS(bk.Reinforce(1e200)),
        "its reward": bk.SORS(rate=1e200),
        "candidates": [bk.Reinforce(1e200), bk.Reinforce(0.1)],
        "sound": bk.Reinforce(0.1),
    }
    line = bk.GridWorld("S..G", step_reward=-1, limit=20)
    result = compared(line, methods, seeds=2, episodes=30, selection_seeds=2)
    assert result.table()["diverged"].tolist() == [2, 2, 2, 2, 2, 2, 0, 0]
    assert result.picked["candidates", repr(line)] == "Reinforce(rate=0.1)"
    display = bk.LearningCurveDisplay.from_comparison(result).plot(Figure().subplots())
    names = [line.get_label() for line in display.lines_]
    assert names[:2] == ["Reinforce (2 of 2 diverged)", "its baseline (2 of 2 diverged)"]
    assert names[-2:] == ["candidates", "sound"]


def test_a_regret_that_is_no_number_is_of_a_run_that_diverged():
    result = made(np.ones((1, 1, 3, 4)))
    result.results["a", "u"].regret[0, 1, 0] = nan
    assert result.diverged.tolist() == [[[False, True, False]]]


# --- returns that are not discounted ------------------------------------------------------------


def test_returns_may_be_plain_sums(race):
    plain = compared(GRIDS, discounted=False)
    steps = plain.results["plain", "square"].logs["steps"][0]
    assert plain.returns[1, 0] == pytest.approx(1 - steps)  # each costs 1, the last one pays 1
    powers = GRID.gamma ** (steps - 1)
    discounted = powers - (1 - GRID.gamma**steps) / (1 - GRID.gamma)
    assert race.returns[1, 0] == pytest.approx(discounted)
    assert race.discounted
    assert not plain.discounted
    assert plain.results["plain", "square"].problem == bk.Episodes(GRID, 12, discounted=False)
    for comparison, words in ((race, "discounted return"), (plain, "undiscounted return")):
        display = bk.LearningCurveDisplay.from_comparison(comparison).plot(Figure().subplots())
        assert display.ax_.get_ylabel().startswith(f"{words} of the episode, in units of reward")
        result = comparison.results["plain", "square"]
        display = bk.EpisodeDisplay.from_result(result, "return").plot(Figure().subplots())
        assert display.ax_.get_ylabel() == f"{words} of the episode, in units of reward"
    with pytest.raises(ValueError, match="discounted must be True or False; got 'no'"):
        compared(discounted="no")


# --- files --------------------------------------------------------------------------------------


class Mine(bk.QLearning):
    """A learner of one's own."""


def test_a_file_gives_back_what_was_saved(tmp_path):
    saved = compared(GRIDS, {**METHODS, "mine": Mine(0.2)}, discounted=False)
    saved.save(tmp_path / "race.npz")
    again = bk.Comparison.load(tmp_path / "race.npz")
    assert (again.methods, again.problems) == (saved.methods, saved.problems)
    assert (again.seed, again.discounted) == (saved.seed, saved.discounted)
    assert again.picked == saved.picked
    assert np.array_equal(again.returns, saved.returns)
    assert np.array_equal(again.diverged, saved.diverged)
    for key, choice in saved.choices.items():
        read, result = again.choices[key], again.results[key]
        assert np.array_equal(read.auc, choice.auc)
        assert read.seed == choice.seed
        assert [each.name for each in read.candidates] == [each.name for each in choice.candidates]
        if key[0] != "mine":
            assert read.candidates == choice.candidates
            assert result.problem == saved.results[key].problem
            assert result.learners == saved.results[key].learners
        assert result.seed == saved.results[key].seed
    assert repr(again.choices["mine", "line"].picked.learner) == "Mine(rate=0.2)"
    assert again.table().equals(saved.table())
    assert again.selection().equals(saved.selection())
    assert again.curves().equals(saved.curves())
    bk.LearningCurveDisplay.from_comparison(again).plot(Figure().subplots())


def test_a_file_is_written_whole_or_not_at_all(race, tmp_path, monkeypatch):
    path = tmp_path / "race.npz"
    race.save(path)
    before = path.read_bytes()

    def fail(*arguments, **words):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(ValueError, match=r"can't write .*race.npz: No space left"):
        race.save(path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["race.npz"]


def test_what_is_no_file_of_a_comparison_is_named(race, tmp_path):
    path = tmp_path / "race.npz"
    with pytest.raises(ValueError, match="there is no file"):
        bk.Comparison.load(path)
    race.results["plain", "line"].save(path)
    with pytest.raises(ValueError, match="format is 'banditkit result 1', not 'banditkit compar"):
        bk.Comparison.load(path)
    race.save(path)
    with pytest.raises(ValueError, match="format is 'banditkit comparison 1', not 'banditkit res"):
        bk.load(path)
    whole = path.read_bytes()
    for part in (b"", whole[: len(whole) // 2], b"x" * 100):
        path.write_bytes(part)
        with pytest.raises(ValueError, match=r"is not a comparison .*anew with Comparison.save"):
            bk.Comparison.load(path)
    with np.load(io.BytesIO(whole)) as archive:
        arrays = dict(archive)
    np.savez(path, **{name: each for name, each in arrays.items() if name != "auc 0"})
    with pytest.raises(ValueError, match="it lacks 'auc 0"):
        bk.Comparison.load(path)
    for auc in (np.zeros((7, 1)), np.zeros(2), np.full(arrays["auc 0"].shape, "no")):
        np.savez(path, **arrays | {"auc 0": auc})
        with pytest.raises(ValueError, match="its candidates of 'graded' do not fit together"):
            bk.Comparison.load(path)
    for changes, message in (
        ({"methods": ["plain", "plain"]}, "one result of each method on each problem"),
        ({"methods": ["plain"]}, "one result of each method on each problem"),
    ):
        words = json.dumps(json.loads(str(arrays["words"])) | changes)
        np.savez(path, **arrays | {"words": np.array(words)})
        with pytest.raises(ValueError, match=message):
            bk.Comparison.load(path)
    words = json.loads(str(arrays["words"]))
    words["entries"][0]["candidates"][0]["learner"] = None
    np.savez(path, **arrays | {"words": np.array(json.dumps(words))})
    with pytest.raises(ValueError, match="its candidates of 'graded' do not fit together"):
        bk.Comparison.load(path)
    pickled = np.empty(1, dtype=object)
    np.savez(path, **arrays | {"auc 0": pickled})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        bk.Comparison.load(path)
