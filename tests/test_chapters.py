"""The figures of the chapters and the examples run: here with small numbers."""

import importlib.util
import runpy
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import banditkit as bk
from banditkit import cli

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


@pytest.mark.parametrize("name", ["race", "ab_log", "own_learner"])
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


def test_the_experiment_file_runs(tmp_path, capsys):
    words = ["--horizon", "200", "--replications", "2", "--output", str(tmp_path), "--quiet"]
    assert cli.main(["simulate", str(ROOT / "examples" / "experiment.toml"), *words]) == 0
    assert "without knowing T" in capsys.readouterr().out
