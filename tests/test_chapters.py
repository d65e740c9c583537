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


@pytest.fixture(scope="module")
def figures():
    path = ROOT / "chapters" / "ch01_stochastic" / "figures.py"
    spec = importlib.util.spec_from_file_location("ch01_figures", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
