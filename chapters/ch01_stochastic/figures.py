"""Figures of chapter 1, stochastic bandits: each a function, with its parameters in the signature.

``python chapters/ch01_stochastic/figures.py`` draws them all into the current folder.
"""

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import banditkit as bk
from banditkit import bounds

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")  # Okabe and Ito's
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
    for name, row, colour in zip(learners, worst, COLOURS, strict=True):
        slope = np.polyfit(np.log(horizons), np.log(row), 1)[0]
        label = f"{name}: slope {slope:.2f}"
        ax.loglog(horizons, row, marker="o", markersize=4, color=colour, label=label)
    ax.set(
        xlabel="horizon $T$",
        ylabel="regret $R(T)$ at the worst gap, in units of reward",
        title=f"{K} coins: in theory, slope 2/3 on a timetable, 1/2 with adaptive exploration",
    )
    _tidy(ax)
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


def misses(mean: float = 0.5, T: int = 100, pulls: int = 100) -> Figure:
    """Draw how likely an average misses its mean by more than the radius, exactly and by theorem.

    The exact chance is a sum of binomial probabilities, so it jumps with the number of pulls.
    """
    figure, ax = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
    n = np.arange(1, pulls + 1)
    for c, colour in ((2.0, COLOURS[0]), (0.5, COLOURS[1])):
        bound = 2.0 * T ** (-2.0 * c)
        exact = np.array([_chance_of_a_miss(mean, k, math.sqrt(c * math.log(T) / k)) for k in n])
        at_all = exact > 0
        ax.semilogy(n[at_all], exact[at_all], ".", color=colour, label=f"c = {c:g}, exactly (or 0)")
        ax.axhline(
            bound, color=colour, linestyle=(0, (4, 3)), label=f"c = {c:g}: Hoeffding, {bound:.2g}"
        )
    ax.set(
        xlabel="pulls $n$",
        ylabel="probability of a miss",
        title=f"a coin of mean {mean:g}, radius $\\sqrt{{c\\,\\log(T)/n}}$, $T$ = {T}",
    )
    _tidy(ax)
    return figure


def explore_first(means: tuple[float, float] = (0.5, 0.6), T: int = 10_000) -> Figure:
    """Draw the regret of explore-first against N for two coins, exactly, with Theorem 1.5."""
    gap = abs(means[0] - means[1])
    N = np.unique(np.geomspace(1, T // 2, 120).astype(int))
    exact = np.array([gap * (n + (T - 2 * n) * _wrong_choice(means, n)) for n in N])
    bound = np.array([bounds.explore_first(bk.Bernoulli(means), T, N=int(n)) for n in N])
    whole = np.arange(1, T // 2)
    theorem = 2 * whole + 2 * T * np.sqrt(2 * math.log(T) / whole)
    marks = {
        "the bound's best N": int(whole[np.argmin(theorem)]),
        "the book's N": bk.ExploreFirst().pulls_per_arm(2, T),
        "best for these coins, about": int(N[np.argmin(exact)]),
    }
    figure, ax = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
    ax.loglog(N, exact, color=COLOURS[0], linewidth=1.8, label="expected regret, exactly")
    dashes = {"color": COLOURS[0], "linewidth": 1.0, "linestyle": (0, (4, 3))}
    ax.loglog(N, bound, **dashes, label="Theorem 1.5, $2N + 2T\\sqrt{2\\log(T)/N} + 4/T^3$")
    for (name, n), colour in zip(marks.items(), COLOURS[1:], strict=False):
        ax.axvline(n, color=colour, linewidth=1.2, label=f"{name}: {n:,}")
    ax.set(
        ylim=(exact.min() / 60, None),
        xlabel="exploration pulls of each arm, $N$",
        ylabel=f"regret $R(T)$ at $T$ = {T:,}",
        title=f"explore-first on coins of means {means[0]:g} and {means[1]:g}",
    )
    _tidy(ax, loc="lower left")
    return figure


def intervals(
    means: Sequence[float] = (0.25, 0.45, 0.6, 0.8),
    T: int = 3000,
    exploration: float = 0.5,
    seed: int = 0,
) -> Figure:
    """Draw the confidence intervals of elimination and of UCB1 in one game each."""
    arms = bk.Bernoulli(means)
    learners = {
        "successive elimination": bk.SuccessiveElimination(exploration),
        "UCB1": bk.UCB1(exploration, anytime=False),
    }
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.5), layout="constrained", sharey=True)
    for ax, (name, learner) in zip(axes, learners.items(), strict=True):
        game = bk.watch(arms, learner, horizon=T, seed=seed)
        answers = np.array(game.answers)
        for a, (mean, colour) in enumerate(zip(means, COLOURS, strict=False)):
            rounds = np.flatnonzero(game.arms == a)
            n = np.arange(1, rounds.size + 1)
            average = np.cumsum(answers[rounds]) / n
            r = np.sqrt(exploration * math.log(T) / n)
            # between two pulls nothing changes; an arm that was dropped ends with its last pull
            elimination = name != "UCB1" and rounds[-1] < T - len(means)
            t, average, r = _until(rounds + 1, average, r, None if elimination else T)
            label = f"arm {a}: {n.size:,} pulls"
            band = {"step": "post", "color": colour, "alpha": 0.13, "lw": 0}
            ax.fill_between(t, average - r, average + r, **band)
            for end in (average - r, average + r):
                ax.step(t, end, where="post", color=colour, linewidth=0.6)
            ax.step(t, average, where="post", color=colour, linewidth=1.5, label=label)
            ax.axhline(mean, color=colour, linewidth=0.8, linestyle=(0, (1, 2)))
        ax.set(xscale="log", xlabel="round $t$", title=name, xlim=(10, T), ylim=(-0.3, 1.7))
        _tidy(ax)
    axes[0].set_ylabel("average $\\pm$ radius (dots: the means)")
    return figure


def radii(
    K: int = 10, gap: float = 0.1, horizon: float = 1e6, replications: int = 10, seed: int = 0
) -> Figure:
    """Draw UCB1 with the book's radius and a narrower one, theorems, and playing at random."""
    arms = bk.Bernoulli((0.5 + gap, *[0.5] * (K - 1)))
    learners = {
        "at random": bk.Uniform(),
        "UCB1, c = 2": bk.UCB1(anytime=False),
        "UCB1, c = 0.5": bk.UCB1(exploration=0.5, anytime=False),
    }
    result = bk.simulate(arms, learners, horizon=horizon, replications=replications, seed=seed)
    return bk.RegretDisplay.from_result(result).plot(bounds=True).figure_


def each_round(
    means: Sequence[float] = (0.9, 0.5, 0.6, 0.7, 0.8),
    horizon: int = 100_000,
    replications: int = 200,
    seed: int = 0,
) -> Figure:
    """Draw what a round costs on average, over time: elimination, UCB1 and explore-first."""
    learners = {
        "explore-first": bk.ExploreFirst(),
        "successive elimination": bk.SuccessiveElimination(),
        "UCB1": bk.UCB1(anytime=False),
    }
    K = len(means)
    times = np.unique(K * np.geomspace(1, horizon // K, 120).astype(int))  # whole phases
    result = bk.simulate(
        bk.Bernoulli(means),
        learners,
        horizon=horizon,
        replications=replications,
        seed=seed,
        times=times,
    )
    t = result.times
    cost = np.diff(result.mean(), axis=1) / np.diff(t)
    figure, ax = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
    for name, row, colour in zip(learners, cost, COLOURS, strict=False):
        ax.step(t[1:], np.where(row > 0, row, np.nan), color=colour, label=name)
    phases = np.maximum((t - 1) // K, 1)
    bound = np.minimum(1.0, 4.0 * np.sqrt(2.0 * math.log(horizon) / phases) + 2.0 / horizon**2)
    dashes = {"color": COLOURS[1], "linewidth": 1.0, "linestyle": (0, (4, 3))}
    ax.plot(t, bound, **dashes, label="Exercise 1.3(a), for elimination")
    N = bk.ExploreFirst().pulls_per_arm(K, horizon)
    after = min(1.0, 2.0 * math.sqrt(2.0 * math.log(horizon) / N) + 2.0 * K / horizon**4)
    dashes["color"] = COLOURS[0]
    ax.plot(t, np.where(t <= K * N, 1.0, after), **dashes, label="Exercise 1.3(b), explore-first")
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="round $t$",
        ylabel="expected gap of the arm in round $t$",
        title=f"{bk.Bernoulli(means)!r}\nmean of {replications} replications",
    )
    _tidy(ax)
    return figure


def predictions(
    gap: float = 0.2, horizons: Sequence[int] = tuple(range(20, 1001, 20)), replications: int = 200
) -> Figure:
    """Draw the expected gap of three predictions of the best of two coins, against the horizon."""
    means = (0.5 - gap / 2, 0.5 + gap / 2)  # ties go to the first arm, which is the worse one
    T = np.array(horizons)
    exact = [gap * _wrong_choice(means, n // 2) for n in horizons]
    learner = bk.UCB1()
    result = bk.simulate(
        bk.Bernoulli(means), [learner], horizon=T[-1], replications=replications, seed=0, times=T
    )
    figure, ax = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
    ax.semilogy(T, result.mean()[0] / T, color=COLOURS[1], label="1.4(a): a round of UCB1, drawn")
    ax.semilogy(T, exact, color=COLOURS[0], label="1.4(c): alternate, the better average; exact")
    dashes = {"color": COLOURS[0], "linewidth": 1.0, "linestyle": (0, (4, 3))}
    ax.semilogy(
        T, gap * np.exp(-T * gap**2 / 2), **dashes, label="1.4(c): $\\Delta e^{-T\\Delta^2/2}$"
    )
    ax.set(
        xlabel="horizon $T$",
        ylabel="expected gap of the prediction $y_T$",
        title=f"two coins, gap {gap:g}",
    )
    _tidy(ax)
    return figure


def doubling(
    means: Sequence[float] = (0.5, 0.6),
    horizon: int = 60_000,
    replications: int = 200,
    seed: int = 0,
) -> Figure:
    """Draw UCB1 that is told T, that is restarted by doubling, and that uses log t."""
    learners = {
        "UCB1, told T": bk.UCB1(anytime=False),
        "UCB1, doubling": bk.Doubling(bk.UCB1(anytime=False)),
        "UCB1, log t": bk.UCB1(),
    }
    result = bk.simulate(
        bk.Bernoulli(means),
        learners,
        horizon=horizon,
        replications=replications,
        seed=seed,
        times="linear",
    )
    return bk.RegretDisplay.from_result(result).plot(log="").figure_


def _chance_of_a_miss(mean: float, n: int, r: float) -> float:
    return math.fsum(
        math.comb(n, k) * mean**k * (1 - mean) ** (n - k)
        for k in range(n + 1)
        if abs(k / n - mean) > r
    )


def _wrong_choice(means: tuple[float, float], n: int) -> float:
    """Return the probability that the worse coin has the better average; equal: the first."""
    k = np.arange(n + 1)
    log_factorial = np.cumsum(np.log(np.maximum(k, 1)))
    ways = log_factorial[n] - log_factorial - log_factorial[::-1]
    first, second = (np.exp(ways + k * math.log(m) + (n - k) * math.log1p(-m)) for m in means)
    second_above = np.append(np.cumsum(second[::-1])[::-1][1:], 0.0)
    chosen = float((first * second_above).sum())  # the second
    if means[0] >= means[1]:
        return chosen
    second_below = np.cumsum(second)  # at most k: the first is chosen
    return float((first * second_below).sum())


def _until(
    t: np.ndarray, average: np.ndarray, r: np.ndarray, end: int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the steps of a curve, the last of them drawn on to the end."""
    if end is None:
        return t, average, r
    return np.append(t, end), np.append(average, average[-1]), np.append(r, r[-1])


def _tidy(ax: Axes, loc: str = "best") -> None:
    ax.legend(frameon=False, fontsize=8.5, loc=loc)
    ax.grid(which="major", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


FIGURES = (
    misses,
    explore_first,
    intervals,
    race,
    worst_cases,
    lai_robbins_slopes,
    radii,
    each_round,
    predictions,
    doubling,
)


if __name__ == "__main__":
    for draw in FIGURES:
        draw().savefig(f"{draw.__name__}.png", dpi=150)
        print(f"wrote {draw.__name__}.png")
