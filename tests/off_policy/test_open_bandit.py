"""The Open Bandit samples: each of two policies is judged by the log of the other."""

import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import banditkit as bk
from banditkit import off_policy as op

DATA = Path(__file__).parents[2] / "examples" / "data"


@pytest.fixture(scope="module")
def logs():
    return {
        policy: bk.LoggedData.from_open_bandit(DATA / f"open_bandit_{policy}_all.csv")
        for policy in ("random", "bts")
    }


@pytest.mark.parametrize(("policy", "clicks"), [("random", 38), ("bts", 42)])
def test_the_logs_are_read_whole(logs, policy, clicks):
    log, table = logs[policy], pd.read_csv(DATA / f"open_bandit_{policy}_all.csv")
    assert (log.N, log.K, log.rewards.sum()) == (10_000, 80, clicks)
    for field, column in (
        ("actions", "item_id"),
        ("rewards", "click"),
        ("propensities", "propensity_score"),
        ("positions", "position"),
    ):
        assert (getattr(log, field) == table[column]).all()
    assert list(table) == ["timestamp", "item_id", "position", "click", "propensity_score"]
    assert log.places.tolist() == [1, 2, 3]


def test_propensities_are_probabilities(logs):
    """Given the position, E[1 / p] is the number of items that may be shown there."""
    assert (logs["random"].propensities == 1 / 80).all()
    log = logs["bts"]
    for place in range(3):
        inverse = 1 / log.propensities[log.place == place]
        assert abs(inverse.mean() - 80) < 5 * inverse.std() / np.sqrt(inverse.size)


def test_bts_is_judged_by_the_random_log(logs):
    """The policy as it was over the week: how often it showed each item at each position."""
    truth = logs["bts"].rewards.mean()
    table = op.compare_estimates(logs["random"], logs["bts"].action_shares(), truth=truth)
    weighed = table.drop("direct method")
    assert (weighed["low"] < truth).all()
    assert (truth < weighed["high"]).all()
    sure = weighed.drop("snips")
    assert (sure["bernstein_low"] < truth).all()
    assert (truth < sure["bernstein_high"]).all()
    assert table.loc["ips", "value"] == pytest.approx(0.00504, abs=1e-5)
    assert table.loc["ips", "effective_sample_size"] == pytest.approx(2638.9, abs=0.1)


def test_random_is_judged_by_the_log_of_bts(logs):
    truth = logs["random"].rewards.mean()
    with pytest.warns(op.WeakOverlap) as caught:
        table = op.compare_estimates(logs["bts"], np.full(80, 1 / 80), truth=truth)
    unseen, few = (str(each.message) for each in caught)
    assert "0.415 % of the policy's choices" in unseen
    assert "(action 77 at position 2)" in unseen
    assert "340.4 of 10,000 rows (3.4 %)" in few
    assert "propensity 4.5e-05" in few
    weighed = table.drop("direct method")
    assert (weighed["low"] < truth).all()
    assert (truth < weighed["high"]).all()


def test_each_log_knows_its_own_policy(logs):
    log = logs["random"]
    estimate = op.ips(log, np.full(80, 1 / 80))
    assert estimate.value == pytest.approx(log.rewards.mean(), rel=1e-12)
    assert estimate.effective_sample_size == pytest.approx(10_000)


def test_a_learner_replays_the_random_log(logs):
    games = [op.replay(logs["random"], bk.Uniform(), seed=s, horizon=10_000) for s in range(10)]
    matched = np.array([game.matched for game in games])
    assert abs(matched.mean() - 10_000 / 80) < 5 * np.sqrt(10_000 / 80 / 10)
    assert set(np.concatenate([game.rewards for game in games])) <= {0.0, 1.0}


def test_the_example_draws_both_truths(monkeypatch, capsys):
    monkeypatch.setattr(plt, "show", lambda: None)
    with pytest.warns(op.WeakOverlap):
        runpy.run_path(str(DATA.parent / "off_policy.py"))
    lines = [ax.lines[-1] for ax in plt.gcf().axes]
    assert [line.get_xdata()[0] for line in lines] == [0.0042, 0.0038]
    assert capsys.readouterr().out.count("doubly robust") == 2
    plt.close("all")
