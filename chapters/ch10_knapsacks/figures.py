"""Figures of chapter 10, bandits with knapsacks.

``python chapters/ch10_knapsacks/figures.py`` draws them all into the current folder.
"""

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

import banditkit as bk
from banditkit import bounds

COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000",
)  # fmt: skip
MARKERS = "osDv^P*X"
PRICES = tuple(i / 10 for i in range(1, 10))  # of one item; valuations are uniform in [0, 1]


def players() -> dict[str, bk.Learner]:
    """Return the learners of the pictures; with confidence bounds that are narrower than proven."""
    c = 0.5
    return {
        "UcbBwK": bk.UcbBwK(exploration=c),
        "PrimalDualBwK": bk.PrimalDualBwK(exploration=c),
        "DualDescentBwK": bk.DualDescentBwK(exploration=c),
        "SuccessiveEliminationBwK": bk.SuccessiveEliminationBwK(exploration=c),
        "LagrangeBwK": bk.LagrangeBwK(),
        "ExploreFirstBwK": bk.ExploreFirstBwK(),
        "GreedyBwK": bk.GreedyBwK(),
        "RewardOnly(UCB1)": bk.RewardOnly(bk.UCB1(exploration=c)),
    }


def shop(horizon: int, share: float) -> bk.DynamicPricing:
    """Return a seller with items for that share of the customers."""
    return bk.DynamicPricing(PRICES, supply=math.ceil(share * horizon))


def trajectories(
    horizon: int = 20_000, share: float = 0.25, replications: int = 20, seed: int = 0
) -> Figure:
    """Draw reward, stock and prices over time while a shop sells its items.

    With items for every fourth customer the best price would be 0.75.  It is not among the nine: a
    mix of 0.7 and 0.8 is best, and better than any of them alone.
    """
    problem = shop(horizon, share)
    arm, fixed = bk.best_fixed_arm(problem, horizon)
    result = bk.simulate(
        problem,
        players(),
        horizon=horizon,
        replications=replications,
        seed=seed,
        times="linear",
    )
    levels = {f"always ask {PRICES[arm]:g}": fixed}
    display = bk.KnapsackDisplay.from_result(result).plot(levels=levels, top_price=0.5 / share)
    return display.figure_


def regret_against_horizon(
    horizons: Sequence[int] = (
        1_000,
        3_000,
        10_000,
        30_000,
        100_000,
        300_000,
        1_000_000,
    ),
    share: float = 0.25,
    replications: int = 6,
    seed: int = 0,
) -> Figure:
    """Draw regret at T against T, with a stock for the same share of the customers."""
    learners = players()
    regret = ends_of([(shop(T, share), T) for T in horizons], learners, replications, seed)
    figure, ax = plt.subplots(figsize=(8, 5.5), layout="constrained")
    names = [  # slopes are those of the last three points
        f"{name}: slope {slope(horizons[-3:], row[-3:]):.2f}"
        for name, row in zip(learners, regret, strict=True)
    ]
    draw_lines(ax, horizons, regret, names)
    draw_powers(ax, horizons, regret)
    ax.set(
        xlabel="customers $T$",
        ylabel=r"regret $T \cdot \mathrm{OPT}_\mathrm{LP} - $ reward, in units of reward",
        title=f"Items for {share:.0%} of the customers, {len(PRICES)} prices",
    )
    dress(ax)
    ax.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def regret_against_budget(
    shares: Sequence[float] = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0),
    horizon: int = 20_000,
    replications: int = 20,
    seed: int = 0,
) -> Figure:
    """Draw which part of the linear programme's reward is lost, against the share B / T."""
    learners = players()
    problems = [(shop(horizon, share), horizon) for share in shares]
    regret = ends_of(problems, learners, replications, seed)
    best = np.array([problem.lp(T).value * T for problem, T in problems])
    figure, ax = plt.subplots(figsize=(8, 5.5), layout="constrained")
    draw_lines(ax, shares, regret / best, list(learners))
    ax.set(
        xscale="log",
        xlabel="items per customer, $B / T$",
        ylabel=r"part of $T \cdot \mathrm{OPT}_\mathrm{LP}$ that is lost",
        title=f"{horizon:,} customers, {len(PRICES)} prices",
    )
    ax.set_ylim(bottom=0.0)
    ax.set_xticks(shares, [f"{share:g}" for share in shares])
    ax.xaxis.set_minor_formatter(NullFormatter())
    dress(ax)
    ax.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def two_resources(horizon: int = 2_000, replications: int = 10, seed: int = 0) -> Figure:
    """Draw two arms, each of which uses up a resource of its own: the best mix is twice as good."""
    problem = bk.SeparateResources(budget=horizon // 2)
    chosen = ("UcbBwK", "DualDescentBwK", "LagrangeBwK", "GreedyBwK")
    learners = {name: players()[name] for name in chosen}
    result = bk.simulate(
        problem,
        learners,
        horizon=horizon,
        replications=replications,
        seed=seed,
        times="linear",
    )
    levels = {"best fixed arm": bk.best_fixed_arm(problem, horizon)[1]}
    return bk.KnapsackDisplay.from_result(result).plot(levels=levels).figure_


def phases(
    counts: Sequence[int] = (1, 2, 3, 5, 8),
    shown: int = 5,
    budget: int = 2_000,
    replications: int = 100,
    seed: int = 0,
) -> Figure:
    """Draw how far learners fall behind the best fixed mix when an adversary stops paying.

    In phase j of J an item earns j / J, until after a phase that nobody knows it earns nothing.
    """
    learners = {
        "AdversarialBwK": bk.AdversarialBwK(),
        **{name: players()[name] for name in ("LagrangeBwK", "UcbBwK", "DualDescentBwK")},
    }
    ratios = {J: ratios_of(J, budget, learners, replications, seed) for J in {*counts, shown}}
    worst = np.array([ratios[J].max(axis=1) for J in counts]).T
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
    draw_lines(left, range(1, shown + 1), ratios[shown], list(learners))
    draw_lines(right, counts, worst, list(learners))
    promised = [bounds.competitive_ratio(J) for J in counts]
    left.axhline(bounds.competitive_ratio(shown), color="#555555", linestyle="--", linewidth=1)
    right.plot(
        counts,
        promised,
        "--",
        color="#555555",
        linewidth=1,
        label=r"$(1 + H_J) / 2$: best possible",
    )
    left.set(xlabel="last phase that pays", title=f"{shown} phases", xticks=range(1, shown + 1))
    right.set(
        xlabel="number of phases $J$",
        title="worst case over the last phase that pays",
        xticks=counts,
    )
    for ax in (left, right):
        ax.set(ylabel=r"$\mathrm{OPT}_\mathrm{FD}$ / mean reward", ylim=(0.0, None))
        dress(ax)
    right.legend(frameon=False, fontsize=9)
    return figure


def features(
    horizon: int = 20_000, share: float = 0.2, replications: int = 20, seed: int = 0
) -> Figure:
    """Draw knapsacks whose arms have features: who sees them, and who looks away."""
    problem = bk.LinearKnapsack.random(share * horizon, X=200, K=8, n=6, seed=1)
    learners = {
        "LinearBwK, the theorem's width": bk.LinearBwK(norm=2.0),
        "LinearBwK, α = 0.3": bk.LinearBwK(alpha=0.3),
        "UcbBwK, blind": bk.UcbBwK(exploration=0.5),
        "DualDescentBwK, blind": bk.DualDescentBwK(exploration=0.5),
    }
    result = bk.simulate(
        problem,
        learners,
        horizon=horizon,
        replications=replications,
        seed=seed,
        times="linear",
    )
    display = bk.KnapsackDisplay.from_result(result).plot()
    words = f"200 contexts, 8 arms, 6 features, items for {share:.0%} of the rounds"
    display.axes_[0].set_title(
        f"{words}\nmean of {replications} replications, shaded: 2 standard errors", fontsize=10
    )
    return display.figure_


def ends_of(
    problems: Sequence[tuple[bk.KnapsackProblem, int]],
    learners: Mapping[str, bk.Learner],
    replications: int,
    seed: int,
) -> np.ndarray:
    """Return mean regret in the end, a row for each learner and a column for each problem."""
    ends = [
        bk.simulate(
            problem, learners, horizon=T, replications=replications, seed=seed, times=[T]
        ).mean()[:, -1]
        for problem, T in problems
    ]
    return np.array(ends).T


def ratios_of(
    J: int, budget: int, learners: Mapping[str, bk.Learner], replications: int, seed: int
) -> np.ndarray:
    """Return the best fixed mix over mean reward: a row for each learner, a column per phase."""
    T, ratios = J * budget, []
    for active in range(1, J + 1):
        problem = bk.PhasedKnapsack.rising(J, active, budget)
        result = bk.simulate(
            problem, learners, horizon=T, replications=replications, seed=seed, times=[T]
        )
        rewards = result.logs["reward"][:, :, -1].mean(axis=1)
        ratios.append(problem.best_fixed(T).value / np.maximum(rewards, 1e-9))
    return np.array(ratios).T


def slope(x: Sequence[float], y: np.ndarray) -> float:
    """Return the slope of a line through the points, both axes logarithmic."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def draw_lines(ax: Axes, x: Sequence[float], curves: np.ndarray, names: Sequence[str]) -> None:
    """Draw a line for each name; from the eighth on they are dashed."""
    for i, (name, curve) in enumerate(zip(names, curves, strict=True)):
        style = "-" if i < len(COLOURS) else "--"
        colour = COLOURS[i % len(COLOURS)]
        words = {
            "color": colour,
            "marker": MARKERS[i % len(MARKERS)],
            "markersize": 5,
            "label": name,
        }
        ax.plot(x, curve, style, **words)


def draw_powers(ax: Axes, x: Sequence[float], curves: np.ndarray) -> None:
    """Draw how sqrt(T), T^(2/3) and T rise, below the last three points."""
    ax.set(xscale="log", yscale="log")
    x = np.array(x[-3:], dtype=float)
    start = 0.5 * curves[:, -1].min() * x[0] / x[-1]  # the steepest ends below the lowest curve
    for power, words in ((1 / 2, r"$\sqrt{T}$"), (2 / 3, "$T^{2/3}$"), (1.0, "$T$")):
        y = start * (x / x[0]) ** power
        ax.plot(x, y, ":", color="#888888", linewidth=1)
        ax.annotate(
            words, (x[-1], y[-1]), xytext=(4, 0), textcoords="offset points", color="#555555",
            fontsize=9, verticalalignment="center",
        )  # fmt: skip


def dress(ax: Axes) -> None:
    """Draw a faint grid behind the curves, and leave the frame open."""
    ax.grid(which="major", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    for draw in (
        trajectories,
        regret_against_horizon,
        regret_against_budget,
        two_resources,
        phases,
        features,
    ):
        draw().savefig(f"{draw.__name__}.png", dpi=150)
        print(f"wrote {draw.__name__}.png")
