"""Figures of chapter 6, adversarial bandits.

``python chapters/ch06_adversarial/figures.py`` draws them all into the current folder.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import banditkit as bk
from banditkit import bounds

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")  # Okabe and Ito's

# The other arm is worse in the first quarter, and then free.
LATE = bk.SwitchingCosts([[0.5, 1.0], [0.5, 0.0], [0.5, 0.0], [0.5, 0.0]])


def distribution(horizon: int = 5_000, replications: int = 5_000, seed: int = 0) -> Figure:
    """Draw the distribution of regret, not only its mean: Exp3's is wide, Exp3-IX's is not.

    An arm that cost much early on is hardly ever tried later, when it has become free; a single
    draw of it then changes everything.
    """
    rate = bk.Exp3IX().eta(K=2, horizon=horizon)
    learners = {
        "Exp3, the book's rate": bk.Exp3(),
        "Exp3, the rate of Exp3-IX": bk.Exp3(rate=rate),
        "Exp3-IX": bk.Exp3IX(),
    }
    result = bk.simulate(
        LATE, learners, horizon=horizon, replications=replications, seed=seed, times=[horizon]
    )
    regret = result.regret[:, :, -1]
    figure, axes = plt.subplots(
        len(learners), 1, figsize=(7.5, 7), sharex=True, layout="constrained"
    )
    bins = np.linspace(*np.quantile(regret, [0.0005, 0.9995]), 70)
    for ax, name, row, colour in zip(axes, learners, regret, COLOURS, strict=False):
        ax.hist(row, bins=bins, color=colour, alpha=0.8)
        ax.axvline(row.mean(), color="black", linewidth=1)
        ax.set_title(
            f"{name}: mean {row.mean():.0f}, standard deviation {row.std():.0f}, "
            f"99 % quantile {np.quantile(row, 0.99):.0f}",
            fontsize=10,
            loc="left",
        )
        ax.set_ylabel("replications")
        _dress(ax)
    axes[-1].set_xlabel("hindsight regret, in units of cost")
    figure.suptitle(
        f"{replications:,} games of {horizon:,} rounds: arm 0 costs 1/2, arm 1 first 1 and then 0",
        fontsize=11,
    )
    return figure


def fooled(K: int = 10, horizon: float = 1e5, replications: int = 20, seed: int = 0) -> Figure:
    """Draw Theorem 5.11: an adversary who looks fools every learner without dice."""
    learners = [
        bk.UCB1(),
        bk.MOSS(),
        bk.EpsilonGreedy(0.1),
        bk.Exp3(),
        bk.Exp3IX(),
        bk.TsallisINF(),
    ]
    adversary = bk.AdaptiveAdversary(K)
    result = bk.simulate(adversary, learners, horizon=horizon, replications=replications, seed=seed)
    lines = {
        "Thm 5.11: t - t/K": lambda t: bounds.fooled(adversary, t),
        "Neu, with probability 0.95": lambda t: bounds.exp3_ix(adversary, t, horizon=int(horizon)),
    }
    return bk.RegretDisplay.from_result(result).plot(bounds=lines).figure_


def with_bounds(K: int = 10, horizon: float = 1e6, replications: int = 20, seed: int = 0) -> Figure:
    """Draw regret with its theorems on log-log axes, where one of K arms is a little better."""
    tape = bk.IIDCosts([0.45, *[0.5] * (K - 1)])
    learners = [bk.Exp3(), bk.Exp3Rewards(), bk.Exp3IX(), bk.TsallisINF(), bk.Exp3P()]
    result = bk.simulate(tape, learners, horizon=horizon, replications=replications, seed=seed)
    return bk.RegretDisplay.from_result(result).plot(bounds=True).figure_


def both_worlds(horizon: float = 1e6, replications: int = 20, seed: int = 0) -> Figure:
    """Draw regret with IID arms: being ready for adversaries costs something there."""
    learners = [
        bk.Exp3(),
        bk.Exp3IX(),
        bk.TsallisINF(),
        bk.Exp3PlusPlus(scale=1.0, alpha=0.5),
        bk.UCB1(exploration=0.5),
        bk.Thompson(),
    ]
    arms = bk.Bernoulli((0.6, 0.5, 0.5, 0.5, 0.5))
    result = bk.simulate(arms, learners, horizon=horizon, replications=replications, seed=seed)
    return bk.RegretDisplay.from_result(result).plot().figure_


def variation(
    variations: Sequence[float] = (1, 3, 10, 30, 100),
    horizon: int = 100_000,
    replications: int = 20,
    seed: int = 0,
) -> Figure:
    """Draw dynamic regret against total variation: restarting pays where the world moves."""
    curves: dict[str, list[float]] = {}
    theorem = []
    for V in variations:
        tape = bk.DynamicRegret(bk.DriftingCosts(K=2, variation=V))
        learners = {
            "Rexp3, told V": bk.Rexp3(variation=V),
            "Exp3.S": bk.Exp3S(shifts=round(2 * V)),
            "Exp3": bk.Exp3(),
            "Tsallis-INF": bk.TsallisINF(),
        }
        result = bk.simulate(
            tape, learners, horizon=horizon, replications=replications, seed=seed, times=[horizon]
        )
        for name, mean in zip(result.names, result.mean()[:, -1], strict=True):
            curves.setdefault(name, []).append(mean)
        theorem.append(bounds.rexp3(tape, horizon))
    figure, ax = plt.subplots(figsize=(7.5, 5), layout="constrained")
    for (name, curve), colour in zip(curves.items(), COLOURS, strict=False):
        ax.loglog(variations, curve, marker="o", markersize=4, color=colour, label=name)
    ax.loglog(variations, theorem, "--", color="#555555", linewidth=1, label="Besbes et al., Thm 2")
    ax.set(
        xlabel="total variation $V$ of the mean costs",
        ylabel=f"dynamic regret after {horizon:,} rounds, in units of cost",
        title="Two arms whose means drift between 1/4 and 3/4",
    )
    _dress(ax)
    ax.legend(frameon=False)
    return figure


def _dress(ax: plt.Axes) -> None:
    ax.grid(which="major", color="#dddddd", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    for draw in (distribution, fooled, with_bounds, both_worlds, variation):
        draw().savefig(f"{draw.__name__}.png", dpi=150)
        print(f"wrote {draw.__name__}.png")
