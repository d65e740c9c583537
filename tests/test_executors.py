"""On Dask's workers: the same arrays, even when a worker dies in the middle."""

import os
import signal
import time

import pytest

import banditkit as bk

distributed = pytest.importorskip("distributed")

ARMS = bk.Bernoulli((0.3, 0.5, 0.6))
WORDS = {"horizon": 400_000, "replications": 40, "seed": 11}


@pytest.mark.filterwarnings("ignore")  # Dask's, about ports and closing connections
def test_a_killed_worker_changes_nothing():
    learners = [bk.UCB1(), bk.Thompson()]
    expected = bk.simulate(ARMS, learners, **WORDS)
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    )
    with cluster, distributed.Client(cluster) as client:
        executor = client.get_executor()
        victim = cluster.workers[0].pid
        killed = []

        def kill_in_the_middle(done, total, doing):
            if doing == "playing" and 0 < done < total and not killed:
                os.kill(victim, signal.SIGKILL)
                killed.append(done)

        result = bk.simulate(
            ARMS, learners, executor=executor, progress=kill_in_the_middle, **WORDS
        )
        assert killed, "the work was over before the worker could be killed"
        assert (result.regret == expected.regret).all()
        assert executor.submit(time.time).result() > 0  # it is still open
