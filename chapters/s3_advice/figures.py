"""Figures of chapter S3, advice and its traps.

``python chapters/s3_advice/figures.py`` draws them all into the current folder.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import banditkit as bk

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")  # Okabe and Ito's

# Two arms, and the end after one pull: arm 0 pays 1, and the adviser says arm 1.
ARMS = bk.MDP(P=[[[0, 1], [0, 1]], [[0, 1], [0, 1]]], R=[[1, 0], [0, 0]], gamma=0.9, terminal=(1,))
ADVICE = ((0.0, 2.0), (0.0, 0.0))


def advice_grid(n: int = 20, episodes: int = 100, replications: int = 50, seed: int = 0) -> Figure:
    """Draw steps of each episode on the grid of Harutyunyan et al., whose adviser says how to go.

    A bonus of 1 for each step right or down pays better than to arrive, and things get worse with
    time.  The same bonus as a potential that is learned helps at once.
    """
    grid = bk.GridWorld.advice(n)
    bonus = grid.favour("right", "down")
    # So cold that equal values share, and no others: if the first won, many would stay in a corner.
    sarsa = bk.Sarsa(rate=bk.ExponentialDecay(0.05, 0.999), epsilon=0.1, temperature=1e-60)
    weight = bk.LinearDecay(1.0, 0.0, over=max(1, episodes // 2))
    games = [
        (grid, {"no advice": sarsa}),
        (bk.NaiveBonus(grid, bonus), {"bonus, kept": sarsa}),
        (
            grid,
            {"DPBA": bk.DPBA(sarsa, bonus, rate=0.1), "PIES": bk.PIES(sarsa, bonus, 0.1, weight)},
        ),
    ]
    results = [
        bk.simulate(
            bk.Episodes(problem, episodes),
            learners,
            horizon=episodes * grid.limit,
            replications=replications,
            seed=seed,
        )
        for problem, learners in games
    ]
    display = bk.EpisodeDisplay.from_result(results).plot(
        log="y", levels={"shortest way": grid.distances()[grid.find("S")[0]]}
    )
    ax = display.ax_
    ax.set_title(f"{n} x {n} grid, advised to go right and down\n{ax.get_title()}", fontsize=10)
    return display.figure_


def flaw(horizon: int = 600, seed: int = 0) -> Figure:
    """Draw values of two arms, the worse of which is advised: what DPBA forgets.

    What DPBA learns is Q* - Phi with the potential of now, (1, 2), and by that the worse arm is
    best.  Who adds Phi to it chooses well, with nothing left of the advice.  PIES learns the true
    values, and leans on the advice less and less.
    """
    sarsa = bk.Sarsa(rate=0.1, epsilon=0.2)
    weight = bk.LinearDecay(1.0, 0.0, over=horizon / 2)
    learners = {
        "DPBA acts by $Q$": bk.DPBA(sarsa, ADVICE),
        r"DPBA, biased, acts by $Q + \Phi$": bk.DPBA(sarsa, ADVICE, biased=True),
        r"PIES acts by $Q - \xi_t \Phi$": bk.PIES(sarsa, ADVICE, weight=weight),
    }
    figure, axes = plt.subplots(1, 3, figsize=(13, 4.6), sharey=True, layout="constrained")
    rounds = np.arange(1, horizon + 1)
    for ax, (name, learner) in zip(axes, learners.items(), strict=True):
        game = bk.watch(ARMS, learner, horizon=horizon, seed=seed)
        values, worth = _learned(learner, game)
        for arm, colour in zip(range(2), COLOURS, strict=False):
            ax.plot(rounds, values[:, arm], color=colour, label=f"$Q$(arm {arm})")
            ax.plot(rounds, worth[:, arm], "--", color=colour, label=f"by which it acts, arm {arm}")
        late = game.arms[horizon // 2 :]
        ax.set_title(f"{name}\narm 0 in {(late == 0).mean():.0%} of the second half", fontsize=10)
        ax.set_xlabel("round $t$")
        _dress(ax)
    axes[0].set_ylabel("value, in units of reward")
    figure.suptitle("Arm 0 pays 1, arm 1 pays 0, and advice for arm 1 is worth 2", fontsize=11)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4,
                  frameon=False)  # fmt: skip
    return figure


def _learned(learner: bk.Learner, game: bk.Watched) -> tuple[np.ndarray, np.ndarray]:
    """Return both arms' values after each round, and what the learner acts by, shape (n, 2)."""
    policy = learner.start(ARMS.spec, game.arms.size)
    values, worth = np.zeros((2, game.arms.size, 2))
    for t, (arm, y) in enumerate(zip(game.arms, game.answers, strict=True)):
        policy.update(t, 0, arm, y)
        values[t] = policy.actor.Q[0]
        worth[t] = [policy.actor.advice.lean(t, t + 1, 0, a) for a in range(2)]
    return values, values + worth


def _dress(ax: plt.Axes) -> None:
    ax.grid(which="major", color="#dddddd", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    for draw in (advice_grid, flaw):
        draw().savefig(f"{draw.__name__}.png", dpi=150)
        print(f"wrote {draw.__name__}.png")
