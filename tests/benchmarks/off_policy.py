"""Microseconds an estimate, with its standard error; and milliseconds of a bootstrap.

``python tests/benchmarks/off_policy.py [ROWS] [ACTIONS]``: a log of 10,000 rows and 10 actions by
default, a policy as probabilities of each row, as one distribution, and as an action for each row,
and a model as a table.  Each figure is the best of fifty, since machines are noisy.
"""

import sys
import time
import warnings

import numpy as np

import banditkit as bk
from banditkit import off_policy as op

ESTIMATORS = op.ips, op.clipped_ips, op.snips, op.direct_method, op.doubly_robust, op.switch


def best(function, games=50):
    """Return the seconds of the fastest call."""
    seconds = np.inf
    for _ in range(games):
        began = time.perf_counter()
        function()
        seconds = min(seconds, time.perf_counter() - began)
    return seconds


def compare(N=10_000, K=10):
    """Print a line for each estimator."""
    rng = np.random.default_rng(0)
    log = bk.LoggedData(rng.integers(0, K, N), rng.random(N) < 0.3, np.full(N, 1 / K), K)
    q = rng.random((N, K))
    policies = {
        "(N, K)": rng.dirichlet(np.ones(K), N),
        "(K,)": np.full(K, 1 / K),
        "actions": rng.integers(0, K, N),
    }
    warnings.simplefilter("ignore", op.WeakOverlap)
    print(f"{N:,} rows, {K} actions: us".ljust(28), *(f"{name:>9}" for name in policies))
    for estimator in ESTIMATORS:
        seconds = [best(lambda: estimator(log, policy, q).stderr) for policy in policies.values()]  # noqa: B023
        print(f"{estimator.__name__:28}", *(f"{1e6 * each:9.0f}" for each in seconds))
    estimate, policy = op.snips(log, policies["(N, K)"]), policies["(N, K)"]
    chosen = rng.integers(0, K, (1000, N))
    for job, function in {
        "bootstrap, 1,000 resamples": estimate.bootstrap,
        "cross_fit": lambda: op.cross_fit(log),
        "compare_estimates": lambda: op.compare_estimates(log, policy, q),
        "learn_policy, 1,000 policies": lambda: op.learn_policy(log, chosen),
        "replay of UCB1": lambda: op.replay(log, bk.UCB1()),
    }.items():
        print(f"{job:28} {1e3 * best(function, 5):9.2f} ms")


if __name__ == "__main__":
    compare(*(int(float(each)) for each in sys.argv[1:]))
