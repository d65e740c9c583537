"""Figures of chapter 8, contextual bandits.

``python chapters/ch08_contextual/figures.py`` draws them all into the current folder.
"""

import itertools
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

import banditkit as bk
from banditkit import bounds, off_policy

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe and Ito's
DATA = Path(__file__).parents[2] / "examples" / "data"


class DescribedEnv(NamedTuple):
    """Numbered contexts that are shown by their features, being played."""

    env: Any
    features: np.ndarray  # (X, K, d)
    context: np.ndarray  # (1,) int64

    def observe(self, t, rng):
        """Return the features of a new context."""
        self.context[0] = self.env.observe(t, rng)
        return self.features[self.context[0]]

    def gap(self, t, x, a):
        """Return how much better the best arm would have been."""
        return self.env.gap(t, self.context[0], a)

    def respond(self, t, x, a, rng):
        """Return the reward."""
        return self.env.respond(t, self.context[0], a, rng)


@dataclass(frozen=True, repr=False)
class Described(bk.Problem):
    """Numbered contexts that are shown by their features: a row for each context and arm."""

    problem: bk.FiniteContexts
    features: Any  # (X, K, d)

    @property
    def spec(self) -> bk.Features:
        """Number of arms and features; rewards are coins."""
        _, K, d = self.features.shape
        return bk.Features(K, d, False, 0.0, 1.0)

    def start(self, horizon: int, rng: np.random.Generator) -> DescribedEnv:
        """Return the contexts being played."""
        env = self.problem.start(horizon, rng)
        return DescribedEnv(env, self.features, np.zeros(1, dtype=np.int64))


def linear_coins(X: int, K: int, d: int, rng: np.random.Generator) -> Described:
    """Return contexts whose means are ``(1 + u . v) / 2`` with random unit vectors of d numbers."""
    vectors = rng.standard_normal((X * K + 1, d))
    u, *v = vectors / np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    directions = np.reshape(v, (X, K, d))
    means = (1.0 + directions @ u) / 2.0
    constant = np.ones((X, K, 1))  # with it, means are linear, |x| = 1 and |theta| = 1
    features = np.concatenate([constant, directions], axis=2) / math.sqrt(2.0)
    return Described(bk.FiniteContexts(means), features)


def more_contexts(
    contexts: Sequence[int] = (1, 4, 16, 64, 256, 1024),
    K: int = 5,
    d: int = 5,
    horizon: int = 20_000,
    replications: int = 40,
    seed: int = 0,
) -> Figure:
    """Draw regret against the number of contexts: copies start anew in each, a linear model not.

    The same coins are played by learners who see a context's number, and by one who sees features
    in which the means are linear.  Each of the replications has features of its own.
    """
    by_number = {
        "copies of UCB1": bk.PerContext(bk.UCB1()),
        "copies of UCB1, c = 0.5": bk.PerContext(bk.UCB1(exploration=0.5)),
        "copies of Thompson sampling": bk.PerContext(bk.Thompson()),
    }
    by_features = {
        "LinUCB, the theorem's width": bk.LinUCB(),
        "LinUCB, α = 0.5": bk.LinUCB(alpha=0.5),
    }
    words: dict[str, Any] = {"horizon": horizon, "replications": 1, "times": [horizon]}
    regret: dict[str, list[float]] = {name: [] for name in (*by_number, *by_features)}
    for X in contexts:
        ends = []
        for each in range(replications):
            coins = linear_coins(X, K, d, np.random.default_rng([seed, X, each]))
            numbers = bk.simulate(coins.problem, by_number, seed=each, **words)
            features = bk.simulate(coins, by_features, seed=each, **words)
            ends.append([*numbers.regret[:, 0, -1], *features.regret[:, 0, -1]])
        for name, mean in zip(regret, np.mean(ends, axis=0), strict=True):
            regret[name].append(mean)
    theorem = [bounds.per_context(bk.FiniteContexts(np.zeros((X, K))), horizon) for X in contexts]
    figure, ax = plt.subplots(figsize=(7.5, 5), layout="constrained")
    for (name, curve), colour in zip(regret.items(), COLOURS, strict=False):
        ax.loglog(contexts, curve, marker="o", markersize=4, color=colour, label=name)
    ax.loglog(contexts, theorem, "--", color="#555555", linewidth=1, label="Theorem 8.1, for UCB1")
    ax.set(
        xlabel="number of contexts $X$",
        ylabel=f"regret after {horizon:,} rounds, in units of reward",
        title=f"{K} arms, whose means are linear in {d + 1} features",
    )
    _dress(ax)
    ax.legend(frameon=False, fontsize=9, loc="lower right", bbox_to_anchor=(1.0, 0.18))
    return figure


def exponents(
    horizons: Sequence[int] = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000),
    contexts: int = 4,
    replications: int = 20,
    seed: int = 0,
) -> Figure:
    """Draw regret at T against T: a timetable of exploration costs T^(2/3), weights T^(1/2).

    The class holds all policies for so many contexts and two arms.  That the arms differ much is
    hard for neither; but N and Exp4's rate are chosen for the worst case, and so regret is of the
    worst case's order.  The timetable has the smaller constant, and loses in the long run.
    """
    means = [(0.2, 0.8) if x % 2 else (0.8, 0.2) for x in range(contexts)]
    policies = tuple(itertools.product(range(2), repeat=contexts))
    problem = bk.PolicyClass(bk.FiniteContexts(means), policies)
    learners = {
        "OracleCommit": bk.OracleCommit(),
        "Exp4": bk.Exp4(),
    }
    regret = np.array(
        [
            bk.simulate(
                problem, learners, horizon=T, replications=replications, seed=seed, times=[T]
            ).mean()[:, -1]
            for T in horizons
        ]
    ).T
    figure, ax = plt.subplots(figsize=(7.5, 5), layout="constrained")
    for name, row, colour in zip(learners, regret, COLOURS, strict=False):
        label = f"{name}: slope {_slope(horizons, row):.2f}"
        ax.loglog(horizons, row, marker="o", markersize=4, color=colour, label=label)
    for name, theorem, colour in (
        ("Theorem 8.8, OracleCommit", bounds.oracle_commit, COLOURS[0]),
        ("Theorem 8.6, Exp4", bounds.exp4_policies, COLOURS[1]),
    ):
        curve = theorem(problem, np.array(horizons))
        ax.loglog(horizons, curve, "--", color=colour, linewidth=1, label=name)
    ax.set(
        xlabel="horizon $T$",
        ylabel="regret $R(T)$ against the best policy, in units of reward",
        title=f"{len(policies)} policies, {contexts} contexts, 2 arms with means 0.2 and 0.8",
    )
    _dress(ax)
    ax.legend(frameon=False, fontsize=9)
    return figure


def digits(
    horizon: int = 20_000, windows: int = 20, replications: int = 10, seed: int = 0
) -> Figure:
    """Draw what learners make of handwritten digits: regret, and how many guesses are right.

    Regret is against always being right, so its rise over a window is the number of wrong guesses
    in it, those of exploration among them.
    """
    problem = bk.Classification.from_sklearn("digits")
    learners = {
        "LinUCB, the theorem's width": bk.LinUCB(),
        "LinUCB, α = 0.5": bk.LinUCB(alpha=0.5),
        "SquareCB": bk.SquareCB(),
        "Falcon": bk.Falcon(),
        "RegressionGreedy, ε = 0.1": bk.RegressionGreedy(),
        "Uniform": bk.Uniform(),
    }
    ends = np.linspace(0, horizon, windows + 1).astype(int)
    result = bk.simulate(
        problem,
        learners,
        horizon=horizon,
        replications=replications,
        seed=seed,
        times=ends[1:].tolist(),
    )
    mean = np.column_stack([np.zeros(len(learners)), result.mean()])
    right = 1.0 - np.diff(mean, axis=1) / np.diff(ends)
    figure, (left, middle) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    for name, curve, share, colour in zip(learners, mean, right, COLOURS, strict=True):
        left.plot(ends, curve, color=colour)
        label = f"{name}: {100 * share[-1]:.1f} %"
        middle.plot((ends[1:] + ends[:-1]) / 2, share, color=colour, label=label)
    left.set(xlabel="round $t$", ylabel="wrong guesses so far", ylim=(0, 1.1 * mean[:-1].max()))
    middle.set(
        xlabel="round $t$",
        ylabel=f"share of right guesses in {horizon // windows:,} rounds",
        ylim=(0, 1),
    )
    for ax in (left, middle):
        ax.set_xticks(np.linspace(0, horizon, 5))
        _dress(ax)
    middle.legend(frameon=False, fontsize=9, title="in the last window", loc=(0.42, 0.2))
    figure.suptitle(f"Digits as a bandit: 64 pixels, 10 arms; mean of {replications} replications")
    return figure


class Setting(NamedTuple):
    """How logs are drawn: rows, smallest propensity, and how many logs."""

    N: int
    p_0: float
    logs: int


def draw_log(setting: Setting, K: int, rng: np.random.Generator) -> bk.LoggedData:
    """Return a log of coins with means ``1/2 + 0.4 sin(3 x + a)``, x uniform in [-1, 1].

    Arm 0 is played with the smallest propensity where x is above -1/2, elsewhere every other time.
    """
    N = setting.N
    x = rng.uniform(-1.0, 1.0, N)
    first = np.where(x > -0.5, setting.p_0, 0.5)  # propensity of arm 0
    arms = np.where(rng.random(N) < first, 0, rng.integers(1, K, N))
    paid = rng.random(N) < 0.5 + 0.4 * np.sin(3.0 * x + arms)
    propensities = np.where(arms == 0, first, (1.0 - first) / (K - 1))
    return bk.LoggedData(arms, 1.0 * paid, propensities, K=K, contexts=x[:, None])


def off_policy_errors(
    setting: Setting, K: int = 5, level: float = 0.95, seed: int = 0
) -> dict[str, float]:
    """Return, for each estimator, what its error exceeds in a share ``1 - level`` of the logs.

    The policy that is judged always plays arm 0, and earns 1/2 on average.  The model of rewards
    fits straight lines, mostly where the arm was played often.
    """
    rng = np.random.default_rng(seed)
    estimators = {
        "IPS": off_policy.ips,
        "doubly robust": off_policy.doubly_robust,
        "direct method": off_policy.direct_method,
    }
    errors = np.zeros((len(estimators), setting.logs))
    for i in range(setting.logs):
        log = draw_log(setting, K, rng)
        model = off_policy.cross_fit(log)
        for row, estimator in zip(errors, estimators.values(), strict=True):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", off_policy.WeakOverlap)  # it is what is studied
                row[i] = estimator(log, np.zeros(log.N, dtype=np.int64), model).value - 0.5
    return dict(zip(estimators, np.quantile(np.abs(errors), level, axis=1).tolist(), strict=True))


def estimation(
    rows: Sequence[int] = (300, 1_000, 3_000, 10_000, 30_000),
    propensities: Sequence[float] = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2),
    logs: int = 400,
    seed: int = 0,
) -> Figure:
    """Draw errors of off-policy evaluation against rows, and against the smallest propensity.

    Lemma 8.11: both slopes are -1/2.  The model alone is biased, and more rows do not help it.
    """
    figure, (left, middle) = plt.subplots(
        1, 2, figsize=(11, 4.5), sharey=True, layout="constrained"
    )
    N, p_0 = rows[-2], 0.05
    sweeps = (
        (left, rows, [Setting(n, p_0, logs) for n in rows]),
        (middle, propensities, [Setting(N, p, logs) for p in propensities]),
    )
    for ax, x, settings in sweeps:
        errors = [off_policy_errors(setting, seed=seed) for setting in settings]
        for name, colour in zip(errors[0], COLOURS, strict=False):
            y = [each[name] for each in errors]
            label = name if name == "direct method" else f"{name}: slope {_slope(x, y):.2f}"
            ax.loglog(x, y, marker="o", markersize=4, color=colour, label=label)
        lemma = [bounds.ips_error(each.N, each.p_0) for each in settings]
        ax.loglog(x, lemma, "--", color="#555555", linewidth=1, label="Lemma 8.11")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.set_major_formatter("{x:,g}")
            axis.set_minor_formatter(NullFormatter())
        _dress(ax)
        ax.legend(frameon=False, fontsize=9)
    left.set(
        xlabel="rows $N$",
        ylabel="error that 5 % of the logs exceed, in units of reward",
        title=f"smallest propensity {p_0:g}",
    )
    middle.set(xlabel="smallest propensity $p_0$", title=f"{N:,} rows")
    return figure


def open_bandit(seed: int = 0) -> Figure:
    """Draw what each of two policies of a shop would earn, by the log of the other.

    Thick bars are intervals of the bootstrap, thin ones Bernstein's, with numbers where they leave
    the picture; the band is what the policy earned in a log of its own, with two standard errors.
    """
    random = bk.LoggedData.from_open_bandit(DATA / "open_bandit_random_all.csv")
    bts = bk.LoggedData.from_open_bandit(DATA / "open_bandit_bts_all.csv")
    judged = {
        "Thompson sampling, by the random log": (random, bts.action_shares(), bts),
        "random, by the log of Thompson sampling": (bts, np.full(80, 1 / 80), random),
    }
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True, layout="constrained")
    for ax, (title, (log, policy, own)) in zip(axes, judged.items(), strict=True):
        truth, margin = own.rewards.mean(), 2.0 * own.rewards.std() / math.sqrt(own.N)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", off_policy.WeakOverlap)  # as the thin bars show
            table = off_policy.compare_estimates(log, policy, truth=truth, seed=seed)
        table *= 100.0  # but for the rows, all in clicks
        for i, row in enumerate(table.itertuples()):
            low, high = row.bernstein_low, row.bernstein_high
            ax.plot([low, high], [i, i], color=COLOURS[0], linewidth=1)
            ax.plot([row.low, row.high], [i, i], color=COLOURS[0], linewidth=4)
            ax.plot(row.value, i, "o", color="white", markeredgecolor=COLOURS[0])
            if high > 2.0:
                ax.text(2.0, i - 0.1, f"{low:.0f} to {high:.0f}", ha="right", fontsize=8)
        ends = 100.0 * (truth - margin), 100.0 * (truth + margin)
        ax.axvspan(*ends, color=COLOURS[1], alpha=0.15, lw=0)
        ax.axvline(100.0 * truth, color=COLOURS[1], linestyle="--", linewidth=1)
        worth = table["effective_sample_size"].iloc[0] / 100.0
        ax.set(
            title=f"{title},\nworth {worth:,.0f} of {log.N:,} rows",
            xlabel="clicks per 100 impressions",
            xlim=(-1.0, 2.0),
        )
        _dress(ax)
    axes[0].set_yticks(range(len(table)), table.index)
    axes[0].invert_yaxis()
    return figure


def _slope(x: Sequence[float], y: Any) -> float:
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def _dress(ax: plt.Axes) -> None:
    ax.grid(which="major", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    for draw in (more_contexts, exponents, digits, estimation, open_bandit):
        draw().savefig(f"{draw.__name__}.png", dpi=150)
        print(f"wrote {draw.__name__}.png")
