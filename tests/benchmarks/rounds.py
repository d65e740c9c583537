"""Nanoseconds a round of every learner, with scoring and recording, beside plain C in one run.

The first table is of K = 10 coins, the second of learners in MDPs on a 10 x 10 grid without slips.
Then come contextual learners with d = 10 features and K = 10 arms, contexts included, and learners
with budgets: nine prices and one resource, and twenty arms and three resources.  The last one shows
how learners from adversarial costs grow with the number of arms: Exp3 and Exp3-IX draw and update
in log K steps; Exp3.P and Tsallis-INF change every weight in each round.

``python tests/benchmarks/rounds.py [ROUNDS]``: one thread, kernels warm; each figure is the best of
five games, taken in turns with the C programs, since machines are noisy.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import banditkit as bk
from banditkit.core.adapters import begin
from banditkit.core.play import blank_scorecard, player_of

ARMS = bk.Bernoulli((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95))
LEARNERS = {  # learner: its name in rounds.c
    bk.Uniform(): None,
    bk.Greedy(): None,
    bk.ExploreFirst(): None,
    bk.EpsilonGreedy(): None,
    bk.EpsilonGreedy(0.1): "epsilon_greedy",
    bk.SuccessiveElimination(): None,
    bk.UCB1(): "ucb1",
    bk.UCB1(anytime=False): None,
    bk.MOSS(): None,
    bk.UCBV(): None,
    bk.KLUCB(): "klucb",
    bk.IMED(): None,
    bk.Thompson(): "thompson",
    bk.Doubling(bk.UCB1(anytime=False)): None,
    bk.Exp3(): "exp3",
    bk.Exp3Rewards(): None,
    bk.Exp3IX(): None,
    bk.Exp3P(): None,
    bk.Exp3S(): None,
    bk.TsallisINF(): None,
    bk.Exp3PlusPlus(): None,
    bk.BlumMansour(): None,
}
GRID = bk.GridWorld("\n".join(["S........."] + [".........."] * 8 + [".........G"]))
IN_MDPS = {  # learner: its name in steps.c
    bk.QLearning(): "q_learning",
    bk.QInit(bk.QLearning(), GRID.solution.V): None,
    bk.QLearning(temperature=0.1): None,
    bk.Sarsa(): None,
    bk.ExpectedSarsa(): None,
    bk.DoubleQLearning(): None,
    bk.SarsaLambda(): None,
    bk.DPBA(bk.Sarsa(), GRID.favour("right", "down")): None,
    bk.RMax(): None,
    bk.Reinforce(): None,
    bk.ActorCritic(): None,
}
ONE = np.where(np.arange(10) % 2, -1.0, 1.0)
MANY = np.sin(1.0 + np.arange(100)).reshape(10, 10)
WITH_FEATURES = {  # problem: learners, and their names in contextual.c
    bk.LinearContexts(ONE, K=10): {  # joint: arms have features of their own, and share a model
        bk.LinUCB(alpha=0.3): "linucb_joint",
        bk.LinUCB(): None,
        bk.LinThompson(scale=0.1): "thompson_joint",
        bk.Uniform(): "only_joint",
    },
    bk.LinearContexts(MANY): {  # disjoint: arms share the features, and have models of their own
        bk.LinUCB(alpha=0.3): "linucb_disjoint",
        bk.LinUCB(): None,
        bk.LinThompson(scale=0.1): "thompson_disjoint",
        bk.SquareCB(): None,
        bk.Uniform(): "only_disjoint",
    },
    bk.LogisticContexts(3.0 * ONE, K=10): {bk.LogisticThompson(): "logistic_joint"},
    bk.LogisticContexts(3.0 * MANY): {bk.LogisticThompson(): "logistic_disjoint"},
}

WITH_BUDGETS = {  # learner: its name in knapsack.c
    bk.UcbBwK(): "ucb_bwk",
    bk.UcbBwK(patience=0.1): None,
    bk.PrimalDualBwK(): "primal_dual",
    bk.DualDescentBwK(): None,
    bk.SuccessiveEliminationBwK(): None,
    bk.ExploreFirstBwK(): None,
    bk.GreedyBwK(): None,
}


def nine_prices(rounds):
    """Return nine prices with stock for a fifth of the rounds, as in knapsack.c."""
    price = np.append(np.arange(1, 10) / 10, 1.0)
    return bk.Knapsack.coins(price * (1 - price), 1 - price[:, None], 0.2 * rounds)


def twenty_arms(rounds):
    """Return twenty arms that use up three resources."""
    means = np.random.default_rng(0).random((20, 4))
    means[-1] = 0.0
    return bk.Knapsack.coins(means[:, 0], means[:, 1:], np.array([0.3, 0.2, 0.25]) * rounds)


def nanoseconds(learner, rounds, seed, problem=ARMS):
    """Return nanoseconds a round of one game."""
    rngs = [np.random.default_rng([seed, who]) for who in (0, 1)]
    env, policy = begin(problem, learner, rounds, rngs[0])
    card = blank_scorecard(bk.log_times(rounds))
    loop = player_of(env, policy)
    began = time.perf_counter()
    loop(env, policy, card, rounds, *rngs)
    return (time.perf_counter() - began) / card.played[0] * 1e9  # a budget may end a game early


def plain_c(program, rounds):
    """Return nanoseconds a round of each learner of the C program."""
    if program is None:
        return {}
    said = subprocess.run([program, str(rounds)], check=True, capture_output=True, text=True)
    return {line.split()[0]: float(line.split()[1]) for line in said.stdout.splitlines()}


def compare(problem, learners, source, rounds, games=5):
    """Print a table of learners on a problem, beside the C program if there is one."""
    compiler = source and (shutil.which("cc") or shutil.which("gcc"))
    with tempfile.TemporaryDirectory() as folder:
        program = None
        if compiler:
            program = f"{folder}/program"
            flags = ["-O3", "-march=native", "-o", program, str(source), "-lm"]
            subprocess.run([compiler, *flags], check=True)
        best = dict.fromkeys(learners, np.inf)
        best_c: dict[str, float] = {}
        for learner in learners:
            nanoseconds(learner, 1000, 0, problem)  # compile
        for game in range(games):
            for learner in learners:
                best[learner] = min(best[learner], nanoseconds(learner, rounds, game, problem))
            for name, spent in plain_c(program, rounds).items():
                best_c[name] = min(best_c.get(name, np.inf), spent)
    print(f"{'learner':38} {'ns/round':>9} {'plain C':>9} {'ratio':>7}")
    for learner, name in learners.items():
        beside = (
            f"{best_c[name]:9.1f} {best[learner] / best_c[name]:7.2f}" if name in best_c else ""
        )
        print(f"{repr(learner)[:38]:38} {best[learner]:9.1f} {beside}".rstrip())
    if "only" in best_c:
        print(f"{'(C, one arm only: the floor)':48} {best_c['only']:9.1f}")


def grow(rounds, games=3):
    """Print the table of arms."""
    learners = [bk.Exp3(), bk.Exp3IX(), bk.Exp3P(), bk.TsallisINF()]
    print(f"\n{'K':>8}" + "".join(f"{learner!r:>16}" for learner in learners))
    for K in (2, 10, 100, 1_000, 10_000, 100_000):
        problem = bk.Bernoulli(np.linspace(0.1, 0.9, K))
        row = []
        for learner in learners:
            # who touches all K weights plays fewer rounds, or we would wait for hours
            touches_all = isinstance(learner, bk.Exp3P | bk.TsallisINF)
            some = max(1_000, rounds // K) if touches_all else rounds
            nanoseconds(learner, 1_000, 0, problem)  # compile
            row.append(min(nanoseconds(learner, some, game, problem) for game in range(games)))
        print(f"{K:8,}" + "".join(f"{spent:16.1f}" for spent in row))


if __name__ == "__main__":
    count = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000
    here = Path(__file__)
    compare(ARMS, LEARNERS, here.with_name("rounds.c"), count)
    print()
    compare(GRID, IN_MDPS, here.with_name("steps.c"), count)
    for problem, learners in WITH_FEATURES.items():
        print(f"\n{type(problem).__name__}, {'disjoint' if problem.shared else 'joint'}")
        compare(problem, learners, here.with_name("contextual.c"), count // 10)
    print("\nKnapsack, nine prices")
    compare(nine_prices(count), WITH_BUDGETS, here.with_name("knapsack.c"), count)
    print("\nKnapsack, twenty arms and three resources")
    compare(twenty_arms(count), dict.fromkeys(WITH_BUDGETS), None, count)
    grow(count)
