"""Figures of chapter S2, initial values are potentials.

``python chapters/s2_initial_values/figures.py`` draws them all into the current folder.
"""

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import banditkit as bk

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")  # Okabe and Ito's


class Run(NamedTuple):
    """What was seen of one game."""

    actions: np.ndarray  # (n,)
    regret: np.ndarray  # (n,) after each round
    values: np.ndarray  # (m, S, A), at some times


def coincident(n: int = 8, horizon: int = 20_000, points: int = 200, seed: int = 0) -> Figure:
    """Draw a learner that begins with Q = Phi beside one that is shaped by Phi.

    They act alike in every round, and their values differ by Phi, up to rounding.  It takes little
    to part them: a potential that is not 0 at the end, one that changes, or another gamma.
    """
    grid = bk.GridWorld.advice(n)
    learner = bk.QLearning(rate=0.1, epsilon=0.1)
    potential = grid.spec.gamma ** grid.distances()
    zeroed = np.where(grid.model.terminal, 0.0, potential)
    unforced = bk.NaiveBonus(grid, _paid_at_the_end(grid, potential))
    fading = bk.FadingPotential(zeroed, over=horizon // 2)
    shaped = {
        r"shaped by $\Phi$": bk.Shaped(grid, zeroed),
        r"$\Phi$ is not 0 at the end": bk.Shaped(unforced, zeroed),
        r"$\Phi$ fades": bk.DynamicShaped(grid, fading),
        r"another $\gamma$": bk.Shaped(grid, zeroed, gamma=1.0, mismatched=True),
    }
    times = np.unique(np.geomspace(1, horizon, points).astype(np.int64))
    rounds = np.arange(1, horizon + 1)
    initial = _seen(grid, bk.QInit(learner, zeroed), times, seed)
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(8, 7.5), sharex=True, layout="constrained")
    label = r"values begin with $\Phi$"
    top.semilogx(rounds, initial.regret, color="#bbbbbb", linewidth=7, label=label)
    for (name, problem), colour in zip(shaped.items(), COLOURS, strict=False):
        run = _seen(problem, learner, times, seed)
        apart = run.actions != initial.actions
        fork = f"another action in round {1 + apart.argmax():,}" if apart.any() else "same actions"
        error = np.abs(initial.values - run.values - zeroed[:, None]).max(axis=(1, 2))
        top.plot(rounds, run.regret, color=colour, label=f"{name}: {fork}")
        bottom.loglog(times, np.where(error > 0.0, error, np.nan), color=colour)
    top.set_ylabel("regret $R(t)$, in units of reward")
    bottom.set(
        xlabel="round $t$", ylabel=r"largest $|Q_{\mathrm{initial}} - Q_{\mathrm{shaped}} - \Phi|$"
    )
    for ax in (top, bottom):
        _dress(ax)
    top.legend(frameon=False)
    figure.suptitle(
        rf"Q-learning, {n} x {n} grid, $\Phi = \gamma^\mathrm{{distance}}$: "
        "initial values and shaping are the same",
        fontsize=11,
    )
    return figure


def _paid_at_the_end(grid: bk.GridWorld, potential: np.ndarray) -> np.ndarray:
    """Return what each action is paid if the potential of a terminal state is not set to 0."""
    model = grid.model
    # Nothing is random: one state follows.  None follows an end, where what is paid is idle.
    later = model.following[model.first[:-1].clip(max=model.following.size - 1)]
    paid = np.where(model.terminal[later], model.gamma * potential[later], 0.0)
    return paid.reshape(grid.spec.S, grid.spec.A)


def _seen(problem: bk.Problem, learner: bk.Learner, times: np.ndarray, seed: int) -> Run:
    """Watch a game, and learn from it again: values at some times."""
    game = bk.watch(problem, learner, horizon=int(times[-1]), seed=seed)
    policy = learner.start(problem.spec, int(times[-1]))
    values, s = [], 0  # an episode starts in the corner
    for t, (a, y) in enumerate(zip(game.arms, game.answers, strict=True)):
        policy.update(t, s, a, y)
        s = 0 if y.terminal or y.truncated else y.state
        if t + 1 == times[len(values)]:
            values.append(policy.actor.Q.copy())
    return Run(game.arms, np.cumsum(game.gaps), np.array(values))


def _dress(ax: plt.Axes) -> None:
    ax.grid(which="major", color="#dddddd", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    for draw in (coincident,):
        draw().savefig(f"{draw.__name__}.png", dpi=150)
        print(f"wrote {draw.__name__}.png")
