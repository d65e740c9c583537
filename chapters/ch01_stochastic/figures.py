"""Figures of chapter 1, stochastic bandits: each a function, with its parameters in the signature.

``python chapters/ch01_stochastic/figures.py`` draws them all into the current folder.
"""

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import banditkit as bk
from banditkit import bounds

RACE = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def race(
    means: Sequence[float] = RACE, horizon: float = 1e5, replications: int = 100, seed: int = 0
) -> Figure:
    """Draw regret over time of chapter 1's learners, with the theorems that hold for them."""
    learners = [
        bk.ExploreFirst(),
        bk.EpsilonGreedy(),
        bk.SuccessiveElimination(),
        bk.UCB1(),
        bk.UCB1(exploration=0.5),
        bk.KLUCB(),
        bk.Thompson(),
    ]
    result = bk.simulate(
        bk.Bernoulli(means), learners, horizon=horizon, replications=replications, seed=seed
    )
    return bk.RegretDisplay.from_result(result).plot(bounds=True).figure_


def worst_cases(
    K: int = 2,
    horizons: Sequence[int] = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000),
    gaps: int = 8,
    replications: int = 100,
    seed: int = 0,
) -> Figure:
    """Draw regret at T against T, each T with the gap that is worst for the learner.

    So many `gaps` are tried, from sqrt(K log(T) / T) / 4 up to 1/2.  On log-log axes the slope is
    2/3 for learners that explore on a timetable (Theorems 1.5 and 1.6): large gaps are worst for
    them.  It is 1/2 for those that adapt (Theorems 1.10 and 1.15), whose worst gap shrinks with T.
    """
    learners = {
        "explore-first": bk.ExploreFirst(),
        "epsilon-greedy": bk.EpsilonGreedy(),
        "successive elimination, c = 0.5": bk.SuccessiveElimination(exploration=0.5),
        "UCB1, c = 0.5": bk.UCB1(exploration=0.5, anytime=False),
        "UCB1, c = 2": bk.UCB1(anytime=False),
    }
    worst = np.zeros((len(learners), len(horizons)))
    for j, T in enumerate(horizons):
        for gap in np.geomspace(0.25 * math.sqrt(K * math.log(T) / T), 0.5, gaps):
            arms = bk.Bernoulli((*[0.5] * (K - 1), 0.5 + gap))
            result = bk.simulate(
                arms, learners, horizon=T, replications=replications, seed=seed, times=[T]
            )
            worst[:, j] = np.maximum(worst[:, j], result.mean()[:, -1])
    figure, ax = plt.subplots(figsize=(7.5, 5), layout="constrained")
    colours = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")  # Okabe and Ito's
    for name, row, colour in zip(learners, worst, colours, strict=True):
        slope = np.polyfit(np.log(horizons), np.log(row), 1)[0]
        label = f"{name}: slope {slope:.2f}"
        ax.loglog(horizons, row, marker="o", markersize=4, color=colour, label=label)
    ax.set(
        xlabel="horizon $T$",
        ylabel="regret $R(T)$ at the worst gap, in units of reward",
        title=f"{K} coins: in theory, slope 2/3 on a timetable, 1/2 with adaptive exploration",
    )
    ax.legend(frameon=False)
    ax.grid(which="major", color="#dddddd", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    return figure


def lai_robbins_slopes(
    means: Sequence[float] = (0.4, 0.5, 0.6),
    horizon: float = 1e6,
    replications: int = 50,
    seed: int = 0,
) -> Figure:
    """Draw regret against log t: straight lines, for the best learners with Lai-Robbins' slope."""
    arms = bk.Bernoulli(means)
    learners = [bk.UCB1(), bk.UCB1(exploration=0.5), bk.KLUCB(), bk.IMED(), bk.Thompson()]
    result = bk.simulate(arms, learners, horizon=horizon, replications=replications, seed=seed)
    line = {"Lai & Robbins, C log t": lambda t: bounds.lai_robbins(arms, t)}
    return bk.RegretDisplay.from_result(result).plot(bounds=line, log="x").figure_


if __name__ == "__main__":
    for draw in (race, worst_cases, lai_robbins_slopes):
        draw().savefig(f"{draw.__name__}.png", dpi=150)
        print(f"wrote {draw.__name__}.png")
