"""A bird, three corridors and a worm: what to eat is seen from afar, and is always elsewhere."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from banditkit.core import planning
from banditkit.core.checks import number
from banditkit.core.planning import Model
from banditkit.problems.grids import MOVES
from banditkit.problems.mdp import FiniteMDP, model_from_lists
from banditkit.problems.worlds import slippery

__all__ = ["Foraging"]

_SIDE, _PLACES = 3, 9


@dataclass(frozen=True, repr=False)
class Foraging(FiniteMDP):
    """Three dead-end corridors, and a worm at the end of one of them: eat, and it is elsewhere.

    The rows of a 3 x 3 grid are corridors: walls are between them, but for the first column, where
    the bird may go up and down.  At the right end of one row is a worm.  Once eaten, it is back at
    one of the other two ends, each with probability 1/2.  Actions are 0 up, 1 right, 2 down, 3 left
    and 4 to eat, which pays 1 where the worm is, and nothing elsewhere.  State ``9 w + p`` is to be
    in place p, counted row by row, while the worm is in row w; see `places`.

    Nothing ever ends.  The objective is worms per step, which `pace` tells of any policy; learners
    and `solution` know the discounted sum of worms instead, as they do everywhere.

    Parameters
    ----------
    gamma : float, default 0.95
        What a worm of the next step is worth, in [0, 1).
    slip : float, default 0.1
        Probability that a move is drawn anew, uniformly from all four, in [0, 1]; eating never
        slips.

    Raises
    ------
    ValueError
        If a number leaves its range.

    See Also
    --------
    PGRD : a learner that plans some steps ahead, and designs the reward that it plans with.

    Notes
    -----
    From one worm to the next it is 5 moves or 6, which makes ``19/3`` steps for a worm if nobody
    slips: a pace of 3/19.  Who plans fewer than 6 steps ahead sees no worm from where the last one
    was eaten, and the reward that counts is of no help there: with another reward, as for going
    where it has not been for long, such a bird eats more.  That is why the best reward for a
    bounded agent need not be the objective.

    The world is as a secondary source has it; that the bird sees the worm from everywhere, so that
    the state is known, begins in the middle of the first column, with the worm in any row, and what
    gamma is, are choices made here.  The papers have variants in which it sees the worm only where
    it stands; then nothing is Markov, and this is not one of them.

    References
    ----------
    Singh, Lewis & Barto (2009), "Where do rewards come from?"; Sorg, Singh & Lewis (2010), "Reward
    design via online gradient ascent".

    Examples
    --------
    >>> import banditkit as bk
    >>> world = bk.Foraging(slip=0.0)
    >>> round(1 / world.pace(world.solution.policy), 6)  # steps for a worm
    6.333333
    """

    gamma: float = 0.95
    slip: float = 0.1

    def __post_init__(self) -> None:
        self._set(
            gamma=number("gamma", self.gamma, low=0.0, high=1.0 - 1e-9),
            slip=number("slip", self.slip, low=0.0, high=1.0),
        )

    @property
    def places(self) -> tuple[int, ...]:
        """Where the bird is in each state, shape (27,): numbers from 0 to 8, row by row."""
        return tuple(range(_PLACES)) * _SIDE

    @cached_property
    def model(self) -> Model:
        """The transitions and rewards."""
        steps = [self._outcomes(w, p) for w in range(_SIDE) for p in range(_PLACES)]
        return model_from_lists(steps, (), self.gamma)

    def _outcomes(self, w: int, p: int) -> list[Any]:
        reached = [(_PLACES * w + _beside(p, by), 0.0) for by in MOVES.values()]
        eating = [(1.0, _PLACES * w + p, 0.0)]
        if p == _SIDE * w + _SIDE - 1:
            eating = [(0.5, _PLACES * row + p, 1.0) for row in range(_SIDE) if row != w]
        return [*slippery(reached, self.slip), eating]

    @property
    def start_distribution(self) -> np.ndarray:
        """Probability of each state to start in: 1/3 for the middle of the first column."""
        return np.tile(np.eye(1, _PLACES, _SIDE)[0], _SIDE) / _SIDE

    def pace(self, policy: Any) -> float:
        """Return how many worms a policy eats in a step, in the long run.

        Parameters
        ----------
        policy : array of int, shape (27,), or of float, shape (27, 5)
            An action for each state, or probabilities of the actions.

        Raises
        ------
        ValueError
            If it is not a policy, or there are states that it never leaves for some others, so that
            the pace depends on where it starts.
        """
        S, A = self.model.terminal.size, self.model.A
        everywhere = planning.occupancy(self, policy, np.full(S, 1.0 / S))
        pi = everywhere / everywhere.sum(axis=1, keepdims=True)
        moves = (pi[:, :, None] * planning.transitions(self.model).toarray().reshape(S, A, S)).sum(
            1
        )
        stays = np.eye(S) - moves.T
        if np.linalg.matrix_rank(stays, tol=1e-9) < S - 1:
            raise ValueError(
                "the policy is caught in more than one part of the world, and how much it eats "
                "depends on where it starts; give each action some probability"
            )
        equations = np.vstack([stays, np.ones(S)])  # d = d P, and d sums to 1
        shares = np.linalg.lstsq(equations, np.eye(1, S + 1, S)[0], rcond=None)[0]
        return float((shares[:, None] * pi * self.model.expected.reshape(S, A)).sum())


def _beside(p: int, by: tuple[int, int]) -> int:
    """Return the place that a move leads to; walls and edges hold."""
    row, column = divmod(p, _SIDE)
    to = row + by[0], column + by[1]
    walled = by[0] != 0 and column > 0  # between corridors
    return p if walled or not (0 <= to[0] < _SIDE and 0 <= to[1] < _SIDE) else _SIDE * to[0] + to[1]
