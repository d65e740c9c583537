"""Figures of chapter 6, adversarial bandits.

``python chapters/ch06_adversarial/figures.py`` draws them all into the current folder.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import banditkit as bk
from banditkit import bounds
from banditkit.core.weights import blank_tree
from banditkit.learners.exp3 import Exp3Policy

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


def second_moments(K: int = 5, points: int = 200) -> Figure:
    """Draw Lemma 6.10: the second moment of estimated costs, exactly, where all costs are 1."""
    gammas = np.linspace(0.0, 0.499, points)
    distributions = {
        "Hedge draws uniformly": np.full(K, 1 / K),
        "it prefers an arm": np.array([0.9, *[0.1 / (K - 1)] * (K - 1)]),
        "it is nearly sure": np.array([1 - 1e-3, *[1e-3 / (K - 1)] * (K - 1)]),
    }
    figure, ax = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
    for (name, p), colour in zip(distributions.items(), COLOURS, strict=False):
        moments = [np.sum(p / ((1 - gamma) * p + gamma / K)) for gamma in gammas]
        ax.semilogy(gammas, moments, color=colour, label=name)
    ax.semilogy(gammas, K / (1 - gammas), "--", color="#555555", label="Lemma 6.10: K / (1 - γ)")
    crude = (K / gammas[1:]) ** 2
    ax.semilogy(
        gammas[1:], crude, ":", color="#555555", label="no estimate exceeds K / γ: (K / γ)²"
    )
    ax.set(
        xlabel="γ, the probability of drawing an arm uniformly",
        ylabel="second moment of the estimates",
        title=f"What Hedge sees of fake costs: {K} arms whose true costs are 1",
        ylim=(0.8, 1e5),
    )
    _dress(ax)
    ax.legend(frameon=False)
    return figure


def experts(
    horizons: Sequence[int] = (1_000, 5_000, 20_000, 100_000),
    K: int = 2,
    blocks: int = 5,
    replications: int = 20,
    seed: int = 0,
) -> Figure:
    """Draw Exp4's regret at several horizons, tuned by the crude and by the sharp theorem."""
    problem = bk.BlockAdvice(K=K, blocks=blocks, epsilon=0.4)
    N, curves = problem.spec.N, np.zeros((2, len(horizons)))
    for i, T in enumerate(horizons):
        crude = min(0.5, T**-0.25 * math.sqrt(K) * math.log(N) ** 0.25)
        rate = math.sqrt(math.log(N) / (3 * (K / crude) ** 2 * T))
        learners = [bk.Exp4(), bk.Exp4(mixing=crude, rate=rate)]
        result = bk.simulate(
            problem, learners, horizon=T, replications=replications, seed=seed, times=[T]
        )
        curves[:, i] = result.mean()[:, -1]
    figure, ax = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
    names = ("γ = 0, tuned by Theorem 6.11", "γ and ε of Theorem 6.7")
    for name, curve, colour in zip(names, curves, COLOURS, strict=False):
        ax.loglog(horizons, curve, marker="o", markersize=4, color=colour, label=f"Exp4, {name}")
    theorems = {"Thm 6.11": bounds.exp4, "Thm 6.7": bounds.exp4_crude}
    for (name, bound), colour in zip(theorems.items(), COLOURS, strict=False):
        ax.loglog(horizons, bound(problem, horizons), "--", linewidth=1, color=colour, label=name)
    ax.set(
        xlabel="rounds $T$",
        ylabel="regret against the best expert, in units of cost",
        title=f"{K} arms, {N} experts; the best arm is drawn anew in each of {blocks} blocks",
    )
    _dress(ax)
    ax.legend(frameon=False)
    return figure


@dataclass(frozen=True, repr=False)
class Confused(bk.Learner):
    """Exp3 on rewards that nobody turned round: its weights rise with them, or fall."""

    sign: int

    def start(self, spec: bk.Arms, horizon: int) -> Exp3Policy:
        """Return the policy; see `Learner.start`."""
        step = math.sqrt(2 * math.log(spec.K) / (spec.K * horizon))
        return Exp3Policy(blank_tree(spec.K), np.zeros(spec.K), self.sign * step, 0.0, 0.0)


def signs(horizon: int = 100_000, replications: int = 50, seed: int = 0) -> Figure:
    """Draw what becomes of Exp3 where rewards are taken for costs, or not turned round."""
    arms = bk.Bernoulli((0.6, 0.5, 0.5, 0.5, 0.5))
    learners = {
        "Exp3, rewards turned into costs": bk.Exp3(),
        "Exp3 with rewards, which explores": bk.Exp3Rewards(),
        "weights rise with r / p, no exploring": Confused(1),
        "rewards taken for costs": Confused(-1),
    }
    result = bk.simulate(arms, learners, horizon=horizon, replications=replications, seed=seed)
    worst = {"the worst arm, always": lambda t: 0.1 * np.asarray(t, dtype=float)}
    return bk.RegretDisplay.from_result(result).plot(bounds=worst, log="").figure_


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
    every = (
        fooled, second_moments, with_bounds, experts, signs, distribution, both_worlds, variation
    )  # fmt: skip
    for draw in every:
        draw().savefig(f"{draw.__name__}.png", dpi=150)
        print(f"wrote {draw.__name__}.png")
