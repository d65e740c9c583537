"""The diary of episodes, against the same game watched round by round."""

import numpy as np
import pytest

import banditkit as bk

GRID = bk.GridWorld("S..\n.#.\n..G", gamma=0.9, slip=0.3, step_reward=-0.1, limit=15)


def watched(problem, learner, horizon, seed, replication):
    """Return steps, discounted return and summed gaps of each episode that came to its end."""
    game = bk.watch(problem, learner, horizon=horizon, seed=seed, replication=replication)
    rows, steps, total, regret = [], 0, 0.0, 0.0
    for gap, y in zip(game.gaps, game.answers, strict=True):
        total += 0.9**steps * y.reward
        regret += gap
        steps += 1
        if y.terminal or y.truncated:
            rows.append((steps, total, regret))
            steps, total, regret = 0, 0.0, 0.0
    return np.array(rows).T


@pytest.mark.parametrize("learner", [bk.QLearning(), bk.Sarsa()], ids=repr)
def test_the_diary_tells_what_was_seen(learner):
    result = bk.simulate(
        bk.Episodes(GRID, 20), [learner], horizon=1000, replications=2, seed=3, times=[1000]
    )
    for replication in range(2):
        expected = watched(GRID, learner, 1000, 3, replication)[:, :20]
        logs = [result.logs[name][0, replication] for name in ("steps", "return", "regret")]
        assert np.array(logs) == pytest.approx(expected, abs=1e-12)
        assert result.regret[0, replication, -1] == pytest.approx(expected[2].sum())


def test_rewards_that_were_added_do_not_count():
    """Whatever is wrapped around it, the return is that of the grid."""
    bonus = np.ones((GRID.spec.S, GRID.spec.A))
    shaped = bk.Shaped(bk.NaiveBonus(GRID, bonus), np.arange(float(GRID.spec.S)))
    around = bk.DynamicShaped(shaped, bk.SubgoalPotential([3]))
    logs = [
        bk.simulate(problem, [bk.QLearning(epsilon=1.0)], horizon=900, replications=2, seed=1).logs
        for problem in (bk.Episodes(GRID, 30), bk.Episodes(around, 30))
    ]
    for name in logs[0]:
        assert logs[0][name] == pytest.approx(logs[1][name], abs=1e-12)


def test_an_episode_that_is_not_over_is_nan_and_the_game_ends_with_the_last():
    never = bk.GridWorld("S.G", step_reward=-1.0, gamma=1.0)
    result = bk.simulate(bk.Episodes(never, 5), [bk.QLearning()], horizon=2, replications=2, seed=0)
    assert np.isnan(result.logs["steps"]).all()
    result = bk.simulate(
        bk.Episodes(never, 5),
        [bk.QLearning()],
        horizon=10**9,
        replications=2,
        seed=0,
        times=[10**9],
    )
    assert (result.logs["steps"] >= 2).all()
    assert result.regret[0, :, -1] == pytest.approx(result.logs["regret"][0].sum(axis=1))


def test_a_diary_does_not_depend_on_workers_and_survives_a_file(tmp_path):
    options = {"horizon": 500, "replications": 6, "seed": 5}
    players = [bk.QLearning(), bk.Sarsa()]
    one, two = (bk.simulate(bk.Episodes(GRID, 10), players, workers=w, **options) for w in (1, 2))
    one.save(tmp_path / "result.npz")
    again = bk.load(tmp_path / "result.npz")
    assert sorted(one.logs) == ["diverged", "regret", "return", "steps"]
    for name, log in one.logs.items():
        assert log.shape == ((2, 6) if name == "diverged" else (2, 6, 10))
        assert np.array_equal(log, two.logs[name], equal_nan=True)
        assert np.array_equal(log, again.logs[name], equal_nan=True)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: bk.Episodes(bk.Bernoulli((0.5,))), "Episodes needs an MDP"),
        (lambda: bk.Episodes(GRID, 0), "count must be a whole number, 1 or more"),
        (lambda: bk.Episodes(GRID, 2.5), "count must be a whole number"),
    ],
)
def test_bad_input_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()
