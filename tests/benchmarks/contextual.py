"""Nanoseconds a round of linear and logistic contextual learners, beside plain C in one run.

d = 10 features and K = 10 arms; contexts, scoring and recording are included.  "Joint" is where
each arm has features of its own, and one model serves all; "disjoint" where the arms share
the features, and have a model each.

``python tests/benchmarks/contextual.py [ROUNDS]``: as `rounds.py`, whose tables these are.
"""

import sys
from pathlib import Path

import numpy as np
from rounds import compare

import banditkit as bk

d = K = 10
ONE = np.where(np.arange(d) % 2, -1.0, 1.0)
MANY = np.sin(1.0 + np.arange(K * d)).reshape(K, d)
TABLES = {  # problem: learners, and their names in contextual.c
    bk.LinearContexts(ONE, K): {
        bk.LinUCB(alpha=0.3): "linucb_joint",
        bk.LinUCB(): None,
        bk.LinThompson(scale=0.1): "thompson_joint",
        bk.Uniform(): "only_joint",
    },
    bk.LinearContexts(MANY): {
        bk.LinUCB(alpha=0.3): "linucb_disjoint",
        bk.LinUCB(): None,
        bk.LinThompson(scale=0.1): "thompson_disjoint",
        bk.Uniform(): "only_disjoint",
    },
    bk.LogisticContexts(3.0 * ONE, K): {bk.LogisticThompson(): "logistic_joint"},
    bk.LogisticContexts(3.0 * MANY): {bk.LogisticThompson(): "logistic_disjoint"},
}


if __name__ == "__main__":
    count = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000
    for problem, learners in TABLES.items():
        kind = "disjoint" if problem.shared else "joint"
        print(f"{type(problem).__name__}, {kind}")
        compare(problem, learners, Path(__file__).with_suffix(".c"), count)
        print()
