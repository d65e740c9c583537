"""Figures of chapter S5, gradients of a learner.

``python chapters/s5_hypergradients/figures.py`` draws them all into the current folder.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import banditkit as bk
from banditkit.bilevel import HyperGradient, InnerProblem

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")  # Okabe and Ito's
GAMMA = 0.9
RELEASED = (5e-4, 5)  # alpha and L of the code that was released with BARFI


class Chain(NamedTuple):
    """A learner on a chain: what it climbs, where that is highest, and what counts."""

    inner: InnerProblem
    theta: np.ndarray  # (2, S) the maximum
    outer: InnerProblem

    def by(self, method: Callable[..., HyperGradient], **words: float) -> HyperGradient:
        """Return the hyper-gradient at the maximum by one of the methods of `banditkit.bilevel`."""
        return method(self.inner, self.theta, self.outer.gradient, **words)

    @property
    def stable(self) -> float:
        """The step beyond which Neumann's series diverges."""
        return -2.0 / bk.bilevel.lowest_eigenvalue(self.inner, self.theta)


def chain(S: int = 9, trajectories: int = 60, seed: int = 0) -> Chain:
    """Return a learner on a chain of S states, whose right end pays 1 and whose middle misleads.

    A walker who tosses a coin for each step, left or right, has left trajectories of up to 20
    steps from the middle.  The inner problem has 0.3 for each visit to the middle as heuristic, and
    an entropy of 0.25; the upper objective has the same trajectories, and the primary reward alone.
    """
    rng = np.random.default_rng(seed)
    columns: tuple[list[np.ndarray], ...] = ([], [], [], [])
    for _ in range(trajectories):
        at, row = S // 2, []
        while len(row) < 20 and at < S - 1:
            action = int(rng.integers(2))
            later = min(max(at + 2 * action - 1, 0), S - 1)
            row.append((np.eye(S)[at], action, float(later == S - 1), 0.3 * (later == S // 2)))
            at = later
        for column, each in zip(columns, zip(*row, strict=True), strict=True):
            column.append(np.array(each))
    phi = rng.uniform(0.0, 0.2, (3, S))
    reward = bk.bilevel.reward_model(S, phi=phi, gamma=GAMMA)
    inner = InnerProblem(bk.bilevel.batch_of(*columns, longest=21), reward, A=2, entropy=0.25)
    primary = bk.bilevel.reward_model(S, base=(0, 1, 0))
    return Chain(inner, inner.solve(), InnerProblem(inner.batch, primary, A=2))


def directions(counts: Sequence[int] = (5, 50, 500), points: int = 80) -> Figure:
    """Draw how far approximate hyper-gradients turn from the exact one, against alpha and L.

    The first-order one is a line across: it knows neither.  With a small alpha Neumann's series has
    the same direction however long it is, unless ``alpha L`` is large; the alpha and L of the code
    that was released with BARFI are such ones here.  (There returns are a hundred times larger, and
    with them the Hessian.)  Beyond the largest stable alpha more steps make it worse; `neumann`
    refuses to go there, so that the right part of the picture is the geometric series in closed
    form.
    """
    game = chain()
    exact = flat(game.by(bk.bilevel.implicit))
    edge = [np.linspace(0.5, 1 - 1e-9, points), np.linspace(1 + 1e-9, 2, points)]  # it turns there
    rates = game.stable * np.concatenate([np.geomspace(1e-5, 0.5, points), *edge])
    figure, ax = plt.subplots(figsize=(8, 5), layout="constrained")
    for steps, colour in zip(counts, COLOURS, strict=False):
        turned = np.array([angle(flat(series(game, rate, steps)), exact) for rate in rates])
        below = rates < game.stable
        ax.plot(rates[below], turned[below], color=colour, label=f"Neumann, $L$ = {steps:,}")
        ax.plot(rates[~below], turned[~below], ":", color=colour)
    first = angle(flat(game.by(bk.bilevel.first_order)), exact)
    ax.axhline(
        first, color="black", linestyle="--", linewidth=1, label="first-order, $L$ = 0", zorder=3
    )
    ax.axvline(game.stable, color="#999999", linewidth=0.8)
    ax.annotate(rf"$2 / |\lambda_\mathrm{{min}}|$ = {game.stable:.3g}", (game.stable, 0.97),
                xycoords=("data", "axes fraction"), xytext=(-6, 0), textcoords="offset points",
                ha="right", color="#555555", va="top")  # fmt: skip
    here = angle(flat(series(game, *RELEASED)), exact)
    ax.plot(RELEASED[0], here, "o", color=COLOURS[0], markersize=7, clip_on=False,
            label=rf"BARFI's, $\alpha$ = {RELEASED[0]:g}, $L$ = {RELEASED[1]}")  # fmt: skip
    ax.set(xscale="log", xlabel=r"step of the series $\alpha$",
           ylabel="angle to the exact hyper-gradient, in degrees", xlim=rates[[0, -1]],
           ylim=(-1.5, 40))  # fmt: skip
    ax.set_title("A softmax learner on a chain: the direction in which its reward is moved",
                 fontsize=10)  # fmt: skip
    ax.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5))
    dress(ax)
    return figure


def unrolls(counts: Sequence[int] = tuple(range(1, 178, 16))) -> Figure:
    """Draw how unrolled gradients approach the implicit one as the learner takes more steps.

    From the maximum the unroll is Neumann's series, with one step less.  From anywhere else the
    policy has to arrive as well; in the end both errors fall by the same factor each step, which
    the eigenvalue nearest to 0 sets, ``1 - alpha |lambda_max|``, of those along which the upper
    objective changes: it does not in the state at the left end, too far away from what pays.
    """
    game = chain()
    rate = game.stable / 2.0
    exact = flat(game.by(bk.bilevel.implicit))
    starts = {
        "from a uniform policy": np.zeros_like(game.theta),
        "from the maximum": game.theta,
    }
    figure, ax = plt.subplots(figsize=(8, 5), layout="constrained")
    for (name, theta), marker, colour in zip(starts.items(), "os", COLOURS, strict=False):
        errors = [
            error(bk.bilevel.reverse_unroll(game.inner, theta, game.outer.gradient, rate=rate,
                                          steps=T),
                  exact)
            for T in counts
        ]  # fmt: skip
        ax.plot(counts, errors, marker + "-", color=colour, markersize=5, label=f"unroll {name}")
    after = [error(game.by(bk.bilevel.neumann, rate=rate, steps=T - 1), exact) for T in counts]
    ax.plot(counts, after, "x", color="black", markersize=8, label="Neumann, $L = T - 1$")
    values, vectors = game.inner.curvature(game.theta)
    wanted = np.abs(vectors.T @ game.outer.gradient(game.theta).ravel())
    slowest = values[wanted > 1e-9 * wanted.max()].max()
    T = np.array([counts[0], counts[-1]])
    ax.plot(T, (1.0 + rate * slowest) ** T, "--", color="#777777", linewidth=1, zorder=1,
            label=r"$(1 - \alpha |\lambda_\mathrm{max}|)^T$")  # fmt: skip
    ax.set(yscale="log", xlabel="steps of the learner, $T$", ylim=(1e-13, 5),
           ylabel="relative error to the implicit gradient")  # fmt: skip
    ax.set_title(rf"Differentiating through $T$ steps, $\alpha$ = {rate:.3g}", fontsize=10)
    ax.legend(frameon=False, fontsize=9)
    dress(ax)
    return figure


def differences(widths: Sequence[float] = tuple(np.geomspace(1e-7, 0.05, 18))) -> Figure:
    """Draw the implicit gradient's error against differences of the problem solved anew.

    The error of central differences falls with the square of their width, to where rounding takes
    over; no other slope is seen, for none of the parameters.
    """
    game = chain()
    exact = game.by(bk.bilevel.implicit)
    figure, ax = plt.subplots(figsize=(8, 5), layout="constrained")
    parts = {f"$w_{k + 1}$, by its {game.inner.d} weights": k for k in range(3)}
    for (name, k), marker in zip({**parts, r"$\gamma$": 3}.items(), "osv^", strict=True):
        by = exact.gamma if k == 3 else exact.phi[k]
        off = [np.abs(by - solved_anew(game, k, width)).max() / np.abs(by).max()
               for width in widths]  # fmt: skip
        ax.plot(widths, off, marker + "-", color=COLOURS[k], markersize=4, label=name)
    square = np.array(widths)[len(widths) // 2 :]
    ax.plot(
        square, 0.06 * square**2, "--", color="#777777", linewidth=1, label="width squared, lowered"
    )
    ax.set(xscale="log", yscale="log", xlabel="width of the difference",
           ylabel="largest error, relative to the largest entry")  # fmt: skip
    ax.set_title("Implicit gradient against central differences of the inner problem, solved anew",
                 fontsize=10)  # fmt: skip
    ax.legend(frameon=False, fontsize=9)
    dress(ax)
    return figure


def series(game: Chain, rate: float, steps: int) -> HyperGradient:
    """Return Neumann's hyper-gradient; where it would be refused, its direction in closed form."""
    if rate < game.stable:
        return game.by(bk.bilevel.neumann, rate=rate, steps=steps)
    values, vectors = game.inner.curvature(game.theta)
    factors = 1.0 + rate * values
    largest = np.abs(factors).max()  # above 1; its power is divided out, lest it overflow
    powers = (factors / largest) ** (steps + 1)
    sums = (powers - largest ** -(steps + 1.0)) / values
    U = vectors @ (sums * (vectors.T @ game.outer.gradient(game.theta).ravel()))
    return HyperGradient(*game.inner.contract(game.theta, U.reshape(game.theta.shape)), game.theta)


def solved_anew(game: Chain, k: int, width: float) -> np.ndarray:
    """Return central differences of the upper objective by row k of phi, or by gamma (k = 3)."""
    phi = game.inner.reward.phi

    def reached(**changes: object) -> float:
        return game.outer.objective(game.inner.with_reward(**changes).solve(game.theta))

    if k == 3:
        apart = reached(gamma=GAMMA + width) - reached(gamma=GAMMA - width)
        return np.array(apart / (2.0 * width))
    slopes = np.zeros(game.inner.d)
    for i in range(game.inner.d):
        nudge = np.zeros_like(phi)
        nudge[k, i] = width
        slopes[i] = (reached(phi=phi + nudge) - reached(phi=phi - nudge)) / (2.0 * width)
    return slopes


def flat(found: HyperGradient) -> np.ndarray:
    """Return all of a hyper-gradient, by the logit of gamma, in a row."""
    return np.array([*found.phi.ravel(), GAMMA * (1.0 - GAMMA) * found.gamma])


def angle(found: np.ndarray, exact: np.ndarray) -> float:
    """Return the angle between two vectors, in degrees."""
    found, exact = found / np.linalg.norm(found), exact / np.linalg.norm(exact)
    return float(np.degrees(2.0 * np.arcsin(min(1.0, np.linalg.norm(found - exact) / 2.0))))


def error(found: HyperGradient, exact: np.ndarray) -> float:
    """Return the relative error of a hyper-gradient."""
    return float(np.linalg.norm(flat(found) - exact) / np.linalg.norm(exact))


def dress(ax: Axes) -> None:
    """Give axes a faint grid and no frame."""
    ax.grid(which="major", color="#dddddd", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    for draw in (directions, unrolls, differences):
        draw().savefig(f"{draw.__name__}.png", dpi=150)
        print(f"wrote {draw.__name__}.png")
