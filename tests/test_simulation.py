"""simulate: the same numbers however the work is done, and mistakes in one line."""

import json
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pytest

import banditkit as bk
from banditkit.core.play import blank_scorecard, play_interpreted
from banditkit.simulation import Game, play_replications

ARMS = bk.Bernoulli((0.3, 0.5, 0.6))
PLAYERS = [bk.UCB1(), bk.Thompson(), bk.EpsilonGreedy()]


def run(**options):
    words = {"horizon": 500, "replications": 7, "seed": 3} | options
    return bk.simulate(words.pop("problem", ARMS), words.pop("learners", PLAYERS), **words)


def test_the_arrays_are_the_same_for_any_workers_chunks_and_executors(monkeypatch):
    one = run(workers=1)
    assert (run(workers=3).regret == one.regret).all()
    monkeypatch.setattr("banditkit.simulation._TASK_SECONDS", 1e-9)  # a task per replication
    assert (run(workers=2).regret == one.regret).all()
    with ThreadPoolExecutor(2) as threads:
        assert (run(executor=threads).regret == one.regret).all()
        assert threads.submit(int).result() == 0  # a user's executor is left open


def test_worker_processes_give_the_same_arrays():
    with ProcessPoolExecutor(2) as processes:
        assert (run(executor=processes).regret == run().regret).all()


def test_the_arrays_are_those_of_the_generators_that_the_design_names():
    result = run(times=[1, 10, 500])
    children = np.random.SeedSequence(3).spawn(7)
    for r in (0, 6):
        env_seed, policy_seed = children[r].spawn(2)
        for i, learner in enumerate(PLAYERS):
            env = ARMS.start(500, None)
            policy = learner.start(ARMS.spec, 500)
            card = blank_scorecard(np.array([1, 10, 500]))
            rngs = map(np.random.default_rng, (env_seed, policy_seed))
            play_interpreted(env, policy, card, 500, *rngs)
            assert (result.regret[i, r] == card.regret).all()
            env_seed, policy_seed = np.random.SeedSequence(3).spawn(7)[r].spawn(2)


def test_a_learners_numbers_do_not_depend_on_who_else_plays():
    alone, together = run(learners=[bk.Thompson()]), run()
    assert (alone.regret[0] == together.regret[1]).all()


def test_more_replications_keep_the_first_ones():
    assert (run(replications=3).regret == run().regret[:, :3]).all()


def test_a_coarser_grid_is_a_part_of_a_finer_one():
    fine, coarse = run(times=range(1, 501)), run(times=[5, 77, 500])
    assert (fine.regret[:, :, [4, 76, 499]] == coarse.regret).all()


def test_a_grid_that_ends_before_the_horizon_is_played_that_far():
    short = run(learners=[bk.UCB1()], times=[50])
    assert (short.regret[..., 0] == run(learners=[bk.UCB1()], times=[50, 500]).regret[..., 0]).all()
    assert short.horizon == 500


def test_without_a_seed_the_result_remembers_a_fresh_one():
    first, second = run(seed=None), run(seed=None)
    assert first.seed != second.seed
    assert (run(seed=first.seed).regret == first.regret).all()


def test_compiled_and_interpreted_processes_give_the_same_arrays():
    program = (
        "import json, banditkit as bk\\n"
        "r = bk.simulate(bk.Bernoulli([.1,.2,.3,.4,.5,.6,.7,.8,.9,.95]),"
        " [bk.UCB1(), bk.KLUCB(), bk.Thompson(), bk.MOSS()], horizon=300, replications=2, seed=0)\\n"
        "print(json.dumps([[x.hex() for x in row] for row in r.regret.reshape(8, -1).tolist()]))"
    ).replace("\\n", "\n")
    said = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", program],
                check=True,
                capture_output=True,
                text=True,
                env={**os.environ, "NUMBA_DISABLE_JIT": off},
            ).stdout
        )
        for off in ("0", "1")
    ]
    assert said[0] == said[1]


def test_names_come_from_the_dict():
    result = run(learners={"careful": bk.UCB1(), "bold": bk.UCB1(exploration=0.1)})
    assert result.names == ("careful", "bold")


def test_progress_counts_rounds_up_to_the_total():
    heard = []
    run(progress=lambda done, total, doing: heard.append((done, total, doing)), workers=2)
    counts = [done for done, _, doing in heard if doing == "playing"]
    assert counts == sorted(counts)
    assert counts[-1] == heard[-1][1] == 3 * 7 * 500


def test_who_stops_early_gives_a_valid_result():
    class LeavesPolicy(NamedTuple):
        rounds: np.ndarray

        def select(self, t, x, rng):
            return 0

        def update(self, t, x, a, y):
            self.rounds[0] += 1

        def done(self):
            return self.rounds[0] >= 20

    class Leaves(bk.Learner):
        def start(self, spec, horizon):
            return LeavesPolicy(np.zeros(1))

    result = run(problem=bk.Bernoulli((0.0, 0.5)), learners=[Leaves()], times=[10, 30, 500])
    assert result.mean()[0].tolist() == [5.0, 10.0, 10.0]


def test_memory_does_not_grow_with_the_horizon():
    game = Game(ARMS, bk.Uniform(), 10**12, np.array([1, 1000]), 0)
    regret = play_replications(game, range(2)).regret
    assert regret.shape == (2, 2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"horizon": 0}, "horizon must be a whole number, 1 or more; got 0"),
        ({"horizon": 10.5}, "horizon must be a whole number, 1 or more; got 10.5"),
        ({"horizon": float("nan")}, "horizon must be a whole number"),
        ({"horizon": "many"}, "horizon must be a whole number, 1 or more; got 'many'"),
        ({"horizon": True}, "horizon must be a whole number"),
        ({"replications": -3}, "replications must be a whole number, 1 or more; got -3"),
        ({"replications": 0}, "replications must be a whole number"),
        ({"seed": -1}, "seed must be a whole number, 0 or more; got -1"),
        ({"workers": 0}, "workers must be a whole number"),
        ({"times": []}, "times is empty"),
        ({"times": [10, 10]}, "times must increase; got 10 and then 10"),
        ({"times": [501]}, "times must not exceed the horizon 500; got 501"),
        ({"times": "loog"}, "no preset 'loog'; did you mean log"),
        ({"learners": []}, "learners is empty"),
        ({"learners": [bk.UCB1(), bk.UCB1()]}, r"two learners are called UCB1\(\)"),
        ({"learners": [bk.UCB1]}, r"UCB1 is a class; write UCB1\(\)"),
        ({"learners": ["UCB1"]}, r"a learner must be a Learner, as in UCB1\(\); got 'UCB1'"),
        ({"learners": 7}, "learners must be a list or a dict"),
        ({"problem": (0.1, 0.2)}, "problem must be a Problem"),
        ({"problem": bk.Gaussian((0, 1)), "learners": [bk.KLUCB()]}, r"KLUCB needs rewards in \[0"),
        ({"problem": bk.Gaussian((0, 1)), "learners": [bk.Doubling(bk.IMED())]}, "IMED needs"),
    ],
)
def test_bad_arguments_are_named(options, words):
    with pytest.raises(ValueError, match=words):
        run(**options)


def test_workers_and_executor_exclude_each_other():
    with (
        ThreadPoolExecutor(1) as threads,
        pytest.raises(ValueError, match="not both"),
    ):
        run(workers=2, executor=threads)


def test_horizon_may_be_written_as_a_float():
    assert run(horizon=5e2).horizon == 500
