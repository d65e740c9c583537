"""Figures of chapter S1, what shaping may change.

``python chapters/s1_potential/figures.py`` draws them all into the current folder.
"""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter, StrMethodFormatter

import banditkit as bk

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")  # Okabe and Ito's

EPSILON = 0.1
SARSA = bk.Sarsa(rate=0.02, epsilon=EPSILON)

MAZE = """
    .........G
    .####.###.
    ....#.#...
    ###.#.#.##
    ..#.#.#...
    ..........
    .####.###.
    .#......#.
    .#.##.#.#.
    S..#..#...
"""


def learning_curves(
    n: int = 10, trials: int = 200, replications: int = 40, seed: int = 0
) -> Figure:
    """Draw steps of each trial on the n x n grid of Ng, Harada & Russell, with three potentials.

    Phi is k times what a straight walk costs.  With n = 50 and 50 trials the potential is worth
    even more.
    """
    grid = bk.GridWorld.ng(n)
    walk = -grid.distances() / (1.0 - grid.slip)
    potentials = {
        "no shaping, $k = 0$": 0.0 * walk,
        "half of it, $k = 1/2$": 0.5 * walk,
        "Manhattan, $k = 1$": walk,
    }
    figure = _race(grid, potentials, trials, replications, seed)
    _title(figure, rf"{n} x {n} grid, $\Phi = -k$ Manhattan distance / {1.0 - grid.slip:g}")
    return figure


def flags(trials: int = 500, replications: int = 40, seed: int = 0) -> Figure:
    """Draw steps of each trial on the grid with flags: a potential of flags, and one of steps."""
    grid = bk.FlagGrid.ng()
    potentials = {
        "no shaping": np.zeros(grid.spec.S),
        "flags only": grid.subgoal_potential(),
        "steps to go": grid.manhattan_potential(),
    }
    figure = _race(grid, potentials, trials, replications, seed)
    _title(figure, "5 x 5 grid, four flags and the goal in their order")
    return figure


def _race(
    grid: bk.Grid,
    potentials: Mapping[str, np.ndarray],
    trials: int,
    replications: int,
    seed: int,
) -> Figure:
    """Draw steps of each trial of Sarsa, shaped by one potential after the other."""
    results = [
        bk.simulate(
            bk.Episodes(bk.Shaped(grid, potential), trials),
            {name: SARSA},
            horizon=1_000 * trials * grid.spec.S,  # more than anybody needs
            replications=replications,
            seed=seed,
        )
        for name, potential in potentials.items()
    ]
    start = grid.find("S")[0]
    best = (1.0 - EPSILON) * np.eye(grid.spec.A)[grid.solution.policy] + EPSILON / grid.spec.A
    levels = {
        "optimal policy": -grid.solution.V[start],
        rf"optimal, $\epsilon$ = {EPSILON:g}": -bk.planning.evaluate(grid, best)[start],
    }
    display = bk.EpisodeDisplay.from_result(results).plot(smooth=5, log="y", levels=levels)
    display.ax_.set(xlabel="trial", ylabel="steps of a trial, mean of 5")
    display.ax_.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    display.ax_.yaxis.set_minor_formatter(LogFormatter(labelOnlyBase=False))
    return display.figure_


def _title(figure: Figure, words: str) -> None:
    (ax,) = figure.axes
    ax.set_title(f"{words}\n{ax.get_title()}", fontsize=10)


def ring(N: int = 10, gamma: float = 0.9, points: int = 200) -> Figure:
    """Draw what is best on a ring that pays for steps towards its exit, against that bonus.

    With h = N/2, lapping the one-way ring is best where the bonus exceeds
    ``(1 - gamma) (1 + gamma**h) / gamma**h``, and on the other ring going to and fro before the
    exit, where it exceeds ``(1 - gamma**2) / gamma``.
    """
    ahead = gamma ** (N // 2)  # the exit is so many steps away
    thresholds = {
        "one-way": (1.0 - gamma) * (1.0 + ahead) / ahead,
        "two-way": (1.0 - gamma**2) / gamma,
    }
    bonuses = np.linspace(0.0, 1.7 * max(thresholds.values()), points)
    leave = bk.Ring(N, gamma=gamma).solution.policy
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.8), sharey=True, layout="constrained")
    for ax, (way, threshold) in zip(axes, thresholds.items(), strict=True):
        rings = [bk.Ring(N, bonus=c, gamma=gamma, one_way=way == "one-way") for c in bonuses]
        habits = np.array([_habit(each) for each in rings])
        values = np.array([each.solution.V[0] for each in rings])
        for habit, colour in zip(("leaves", "laps", "oscillates"), COLOURS, strict=False):
            if (habits == habit).any():
                curve = np.where(habits == habit, values, np.nan)
                label = f"the best policy {habit}"
                ax.plot(bonuses, curve, color=colour, linewidth=2.2, label=label)
        left = [bk.planning.evaluate(each, leave)[0] for each in rings]
        ax.plot(
            bonuses,
            left,
            "--",
            color="#777777",
            linewidth=1,
            label="leaving all the same",
            zorder=1,
        )
        true = np.where(habits == "leaves", ahead, 0.0)
        ax.plot(bonuses, true, color="black", linewidth=1.2, drawstyle="steps-mid",
                label="the best policy, bonus aside")  # fmt: skip
        ax.axvline(threshold, color="#999999", linewidth=0.8)
        ax.annotate(f"$c$ = {threshold:.5f}", (threshold, 0.35), xytext=(6, 0),
                    textcoords="offset points", color="#555555")  # fmt: skip
        ax.set(xlabel="bonus $c$ of a step towards the exit")
        ax.set_title(f"{way} ring", fontsize=10)
        ax.legend(loc="upper left", fontsize=9, framealpha=1.0, edgecolor="none")
        _dress(ax)
    axes[0].set_ylabel("value of the start, in units of reward")
    figure.suptitle(
        rf"{N} states, $\gamma$ = {gamma:g}, leaving at the exit pays 1: too large a bonus, and "
        "nobody leaves",
        fontsize=11,
    )
    return figure


def _habit(ring: bk.Ring) -> str:
    """Return what the best policy does: it leaves, laps, or oscillates."""
    model, policy = ring.model, ring.solution.policy
    path = [0]
    while not model.terminal[path[-1]] and len(path) <= 2 * ring.N:
        path.append(int(model.following[model.first[path[-1] * model.A + policy[path[-1]]]]))
    if model.terminal[path[-1]]:
        return "leaves"
    return "laps" if len({*path}) == ring.N else "oscillates"


def heat_maps(text: str = MAZE) -> Figure:
    """Draw V*, a potential that knows no walls, and what is left of V* when it has shaped."""
    grid = bk.GridWorld(text, gamma=1.0, slip=0.2, step_reward=-1.0, goal_reward=0.0)
    potential = -grid.distances() / (1.0 - grid.slip)
    shaped = bk.Shaped(grid, potential)
    panels = {
        "$V^*$ of the grid": (grid.solution.V, grid.solution.Q),
        r"potential $\Phi$": (potential, None),
        r"$V^*$ of the shaped grid, $V^* - \Phi$": (shaped.solution.V, shaped.solution.Q),
    }
    figure, axes = plt.subplots(1, 3, figsize=(15, 4.2), layout="constrained")
    for ax, (title, (values, policy)) in zip(axes, panels.items(), strict=True):
        bk.GridDisplay.from_values(grid, values, policy).plot(ax, label="")
        ax.set_title(title, fontsize=10)
    return figure


def mismatch(
    gamma: float = 0.9, mdps: int = 100, height: float = 5.0, points: int = 21, seed: int = 0
) -> Figure:
    """Draw in how many random MDPs some best action changes if F has a gamma of its own.

    MDPs of 6 states and 3 actions, with rewards of standard deviation 1 and potentials of
    standard deviation `height`.
    """
    rng = np.random.default_rng(seed)
    gammas = np.union1d(np.linspace(0.5, 1.0, points), [gamma])
    changed = np.zeros((mdps, gammas.size), dtype=bool)
    for row in changed:
        P = rng.dirichlet(np.ones(6), size=(6, 3))
        mdp = bk.MDP(P, rng.normal(size=(6, 3)), gamma)
        potential = rng.normal(0.0, height, size=6)
        for i, each in enumerate(gammas):
            shaped = bk.Shaped(mdp, potential, gamma=each, mismatched=True)
            row[i] = (shaped.solution.policy != mdp.solution.policy).any()
    figure, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
    ax.plot(gammas, 100.0 * changed.mean(axis=0), "o-", color=COLOURS[1], markersize=4)
    ax.axvline(gamma, color="#999999", linewidth=0.8)
    ax.annotate(rf"the agent's $\gamma$ = {gamma:g}", (gamma, 95.0), xytext=(-6, 0), ha="right",
                textcoords="offset points", color="#555555")  # fmt: skip
    ax.set(xlabel=r"$\gamma_F$, the discount in $F$", ylim=(-3.0, 103.0))
    ax.set_ylabel("MDPs in which a best action changes, %")
    ax.set_title(
        f"{mdps} random MDPs, 6 states, 3 actions, $\\Phi$ of spread {height:g}", fontsize=10
    )
    _dress(ax)
    return figure


def _dress(ax: plt.Axes) -> None:
    ax.grid(which="major", color="#dddddd", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    for draw in (learning_curves, flags, ring, heat_maps, mismatch):
        draw().savefig(f"{draw.__name__}.png", dpi=150)
        print(f"wrote {draw.__name__}.png")
