"""Nanoseconds a round of Exp3 against the number of arms, beside one that touches every weight.

``python tests/benchmarks/arms.py [ROUNDS]``: coins, one thread, kernels warm; each figure is the best
of three games, taken in turns.  Exp3 and Exp3-IX draw and update in log K steps; Exp3.P changes every
weight in each round, since it gives each arm a bonus, and so does Tsallis-INF.
"""

import sys

import numpy as np
from rounds import nanoseconds

import banditkit as bk

LEARNERS = [bk.Exp3(), bk.Exp3IX(), bk.Exp3P(), bk.TsallisINF()]
ARMS = (2, 10, 100, 1_000, 10_000, 100_000)


def main(rounds=1_000_000, games=3):
    """Print the table."""
    best = {}
    for K in ARMS:
        problem = bk.Bernoulli(np.linspace(0.1, 0.9, K))
        for learner in LEARNERS:
            # who touches all K weights plays fewer rounds, or we would wait for hours
            dense = isinstance(learner, bk.Exp3P | bk.TsallisINF)
            some = max(1_000, rounds // K) if dense else rounds
            nanoseconds(learner, 1_000, 0, problem)  # compile
            spent = (nanoseconds(learner, some, game, problem) for game in range(games))
            best[learner, K] = min(spent)
    print(f"{'K':>8}" + "".join(f"{learner!r:>16}" for learner in LEARNERS))
    for K in ARMS:
        print(f"{K:8,}" + "".join(f"{best[learner, K]:16.1f}" for learner in LEARNERS))


if __name__ == "__main__":
    main(*(int(float(word)) for word in sys.argv[1:]))
