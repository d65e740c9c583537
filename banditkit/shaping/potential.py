"""Shaping by a potential: it changes how fast something is learned, and not what."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.checks import flag, number, numbers
from banditkit.core.feedback import Step
from banditkit.core.planning import Model, new_model
from banditkit.problems.mdp import FiniteMDP

__all__ = ["Shaped"]


class ShapedEnv(NamedTuple):
    """An MDP being played with rewards on top; its gaps are those of the MDP."""

    env: Any
    potential: np.ndarray  # (S,)
    gamma: float

    def observe(self, t, rng):
        return self.env.observe(t, rng)

    def gap(self, t, x, a):
        return self.env.gap(t, x, a)

    def respond(self, t, x, a, rng):
        y = self.env.respond(t, x, a, rng)
        later = 0.0 if y.terminal else self.potential[y.state]
        reward = y.reward + self.gamma * later - self.potential[x]  # F = gamma Phi(s') - Phi(s)
        return Step(reward, y.state, y.terminal, y.truncated)


@dataclass(frozen=True, repr=False)
class Shaped(FiniteMDP):
    """An MDP whose rewards are shaped by a potential: ``r + gamma Phi(s') - Phi(s)``.

    Each step is paid by how much better off, by the potential, the learner is afterwards.  Regret
    stays that of the MDP inside.

    Parameters
    ----------
    problem : FiniteMDP
        The MDP to shape.
    potential : sequence of float, shape (S,)
        Phi.  Those of terminal states count as 0, or else shaping would change what is best; where
        an episode is only cut off, the potential of the state counts.
    gamma : float, optional
        The gamma of the shaping, in [0, 1]; by default that of the MDP.
    mismatched : bool, default False
        Whether `gamma` may differ from that of the MDP: then the best policy may change, too.

    Raises
    ------
    ValueError
        If `problem` is not a finite MDP, the potential has another length or is not finite, or
        gamma differs from that of the MDP unasked.

    Notes
    -----
    ``Q*(s, a)`` of the shaped MDP is that of the MDP less ``Phi(s)``, so the same actions are best;
    and for each other form of F, given the potential of no MDP, there is one where they are not
    (Ng, Harada & Russell 1999).  A learner that begins with ``Q = Phi`` and no shaping does the
    same as one that begins with 0 and is shaped (Wiewiora 2003).

    References
    ----------
    Ng, Harada & Russell (1999), "Policy invariance under reward transformations"; Wiewiora (2003),
    "Potential-based shaping and Q-value initialization are equivalent"; Grzes (2017), "Reward
    shaping in episodic reinforcement learning".

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S..G")
    >>> shaped = bk.Shaped(grid, potential=grid.solution.V)  # nothing is left to look forward to
    >>> shaped.solution.V.round(9) + 0.0
    array([0., 0., 0., 0.])
    """

    problem: FiniteMDP
    potential: tuple[float, ...]
    gamma: float | None = None
    mismatched: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.problem, FiniteMDP):
            raise ValueError(
                'Shaped needs a finite MDP, as in Shaped(GridWorld("S.G"), [0, 0.5, 0]); '
                f"got {self.problem!r}"
            )
        model = self.problem.model
        potential = np.array(numbers("potential", self.potential))
        S = model.terminal.size
        if potential.size != S:
            raise ValueError(
                f"potential needs a number for each of the {S} states; got {potential.size}"
            )
        potential[model.terminal] = 0.0
        self._set(
            potential=tuple(potential.tolist()), mismatched=flag("mismatched", self.mismatched)
        )
        if self.gamma is not None:
            gamma = number("gamma", self.gamma, low=0.0, high=1.0)
            if gamma != model.gamma and not self.mismatched:
                raise ValueError(
                    f"the gamma of the shaping, {gamma:g}, must be that of the MDP, "
                    f"{model.gamma:g}, or the best policy may change - mismatched=True allows it"
                )
            self._set(gamma=gamma)

    @property
    def limit(self) -> int:  # type: ignore[override]
        """That of the MDP inside."""
        return self.problem.limit

    @property
    def start_distribution(self) -> np.ndarray:
        """That of the MDP inside."""
        return self.problem.start_distribution

    @property
    def _gamma(self) -> float:
        return self.problem.model.gamma if self.gamma is None else self.gamma

    @cached_property
    def model(self) -> Model:
        """The transitions, with shaped rewards."""
        model, potential = self.problem.model, np.array(self.potential)
        states = np.repeat(np.arange(model.first.size - 1), np.diff(model.first)) // model.A
        shaping = self._gamma * potential[model.following] - potential[states]
        return new_model(
            model.first,
            model.following,
            model.chance,
            model.rewards + shaping,
            model.terminal,
            model.gamma,
        )

    def start(self, horizon: int, rng: np.random.Generator) -> Any:
        """Return the shaped MDP being played; see `Problem.start`."""
        env = self.problem.start(horizon, rng)
        return ShapedEnv(env, np.array(self.potential), self._gamma)
