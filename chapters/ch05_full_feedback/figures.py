"""Figures of chapter 5, full feedback and adversarial costs.

``python chapters/ch05_full_feedback/figures.py`` draws them all into the current folder.
"""

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import banditkit as bk
from banditkit import bounds

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")  # Okabe and Ito's


def leader_and_hedge(horizon: float = 1e5, replications: int = 20, seed: int = 0) -> Figure:
    """Draw regret on the alternating tape: following the leader pays in every round."""
    tape = bk.ExpectedRegret(bk.AlternatingCosts(feedback="full"))
    learners = [
        bk.FollowTheLeader(),
        bk.Hedge(),
        bk.OnlineGradientDescent(),
        bk.AdaHedge(),
    ]
    result = bk.simulate(tape, learners, horizon=horizon, replications=replications, seed=seed)
    return bk.RegretDisplay.from_result(result).plot(bounds=True).figure_


def rates(
    horizon: int = 10_000, K: int = 10, points: int = 25, replications: int = 50, seed: int = 0
) -> Figure:
    """Draw Hedge's regret against its rate epsilon: a U-curve, on each tape another one."""
    rates = np.geomspace(1e-4, 0.5, points)
    means = [0.4, *[0.5] * (K - 1)]
    tapes = {
        "IID, gap 0.1": bk.IIDCosts(means, feedback="full"),
        "fair coins": bk.IIDCosts([0.5] * K, feedback="full"),
        "greedy adversary": bk.AdaptiveAdversary(K, feedback="full"),
    }
    figure, ax = plt.subplots(figsize=(7.5, 5), layout="constrained")
    for (name, tape), colour in zip(tapes.items(), COLOURS, strict=False):
        scored = tape if tape.sees_distribution else bk.ExpectedRegret(tape)
        learners = {f"{rate:.6f}": bk.Hedge(rate=rate) for rate in rates}
        result = bk.simulate(
            scored, learners, horizon=horizon, replications=replications, seed=seed, times=[horizon]
        )
        ax.loglog(rates, result.mean()[:, -1], marker="o", markersize=3, color=colour, label=name)
    bound = [bounds.hedge(scored, horizon, rate=rate) for rate in rates]
    ax.loglog(rates, bound, color="#555555", linestyle="--", linewidth=1, label="Thm 5.14")
    best = math.sqrt(math.log(K) / horizon)
    ax.axvline(best, color="#999999", linewidth=0.8)
    ax.annotate(r"$\sqrt{\ln K / T}$", (best, ax.get_ylim()[0]), xytext=(4, 6),
                textcoords="offset points", color="#555555")  # fmt: skip
    ax.set(
        xlabel=r"rate $\epsilon$",
        ylabel=f"expected regret after {horizon:,} rounds, in units of cost",
        title=f"Hedge with {K} arms: too slow to learn, or too quick to believe",
    )
    _dress(ax)
    ax.legend(frameon=False)
    return figure


def weights(horizon: int = 3_000, segments: int = 4, seed: int = 0) -> Figure:
    """Draw who is trusted on a switching tape: Hedge gets stuck with its past, sharing does not."""
    K = 3
    means = [[0.3 if arm == s % K else 0.6 for arm in range(K)] for s in range(segments)]
    tape = bk.SwitchingCosts(means, feedback="full")
    learners = {
        "Hedge": bk.Hedge(),
        "fixed share": bk.FixedShare(shifts=segments - 1),
        "AdaHedge": bk.AdaHedge(),
        "gradient descent": bk.OnlineGradientDescent(),
    }
    figure, axes = plt.subplots(
        len(learners), 1, figsize=(7.5, 7), sharex=True, sharey=True, layout="constrained"
    )
    rounds = np.arange(1, horizon + 1)
    for ax, (name, learner) in zip(axes, learners.items(), strict=True):
        p = bk.watch(tape, learner, horizon=horizon, seed=seed).distributions
        labels = [f"arm {arm}" for arm in range(K)]
        ax.stackplot(rounds, p.T, colors=COLOURS[:K], labels=labels, alpha=0.85, linewidth=0)
        for s in range(1, segments):
            ax.axvline(s * horizon / segments, color="white", linewidth=1.2, linestyle="--")
        ax.set(ylabel="probability", ylim=(0, 1), xlim=(1, horizon))
        ax.set_title(name, fontsize=10, loc="left")
    axes[-1].set_xlabel("round $t$")
    figure.suptitle("The best arm is 0, 1, 2, 0 in turn: it costs 0.3 on average, the others 0.6")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=K,
                  frameon=False)  # fmt: skip
    return figure


def gallery(horizon: float = 1e4, replications: int = 20, seed: int = 0) -> Figure:
    """Draw regret of the learners from full feedback on one tape after another."""
    tapes: Sequence[bk.Problem] = [
        bk.IIDCosts((0.4, 0.5, 0.5), feedback="full"),
        bk.AlternatingCosts(feedback="full"),
        bk.SwitchingCosts([[0.2, 0.5, 0.8], [0.8, 0.5, 0.2]], feedback="full"),
        bk.DriftingCosts(K=3, variation=5, feedback="full"),
    ]
    figure, axes = plt.subplots(2, 2, figsize=(13, 8), layout="constrained")
    learners = {
        "leader": bk.FollowTheLeader(),
        "Hedge": bk.Hedge(),
        "AdaHedge": bk.AdaHedge(),
        "fixed share": bk.FixedShare(),
        "optimistic Hedge": bk.OptimisticHedge(),
    }
    for ax, tape in zip(axes.flat, tapes, strict=True):
        result = bk.simulate(
            bk.ExpectedRegret(tape), learners, horizon=horizon, replications=replications, seed=seed
        )
        bk.RegretDisplay.from_result(result).plot(ax, log="")
        ax.axhline(0.0, color="#999999", linewidth=0.8)
    return figure


def _dress(ax: plt.Axes) -> None:
    ax.grid(which="major", color="#dddddd", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    for draw in (leader_and_hedge, rates, weights, gallery):
        draw().savefig(f"{draw.__name__}.png", dpi=150)
        print(f"wrote {draw.__name__}.png")
