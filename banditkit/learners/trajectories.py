"""Trajectories that are kept: the last ones, in rooms of a fixed size."""

from typing import Any, NamedTuple

import numpy as np

from banditkit.bilevel import kernels
from banditkit.bilevel.kernels import Batch, Policies
from banditkit.core.draws import draw_index
from banditkit.core.jit import jit_helper, jit_inline
from banditkit.core.spec import Box, Tabular

__all__ = ["Shelf", "blank_shelf", "finish", "gather", "keep_step", "look_back"]


_LARGEST = 100_000_000  # numbers that are kept: 0.8 GB for each run that is played at a time


class NumberedStates(NamedTuple):
    """States that are numbers, by trajectory and step."""

    cells: np.ndarray  # (capacity, longest) int64

    def keep(self, i, j, x):
        self.cells[i, j] = x

    def kept(self, i, j):
        return self.cells[i, j]


class PointStates(NamedTuple):
    """States that are points of a box, by trajectory and step."""

    cells: np.ndarray  # (capacity, longest, dimensions)

    def keep(self, i, j, x):
        for k in range(self.cells.shape[2]):
            self.cells[i, j, k] = x[k]

    def kept(self, i, j):
        return self.cells[i, j]


class Shelf(NamedTuple):
    """The last trajectories: the oldest makes room for the newest."""

    states: Any
    action: np.ndarray  # (capacity, longest) int64
    primary: np.ndarray  # (capacity, longest)
    auxiliary: np.ndarray  # (capacity, longest)
    length: np.ndarray  # (capacity,) int64, steps of each
    place: np.ndarray  # (2,) int64, trajectories that are finished, and steps of the one played


def check_room(spec: Any, capacity: int, longest: int) -> None:
    """Raise a ValueError if so many trajectories, of so many steps, do not fit into memory."""
    cells = len(spec.low) if isinstance(spec, Box) else 1
    size = capacity * longest * (cells + 3)
    if size > _LARGEST:
        raise ValueError(
            f"{capacity:,} trajectories of {longest:,} steps would take {8e-9 * size:,.3g} GB of "
            "memory - keep fewer, or shorter ones"
        )


def blank_shelf(spec: Any, capacity: int, longest: int) -> Shelf:
    """Return a shelf without trajectories, for the states of a spec."""
    check_room(spec, capacity, longest)
    rooms = capacity, longest
    if isinstance(spec, Box):
        states: Any = PointStates(np.zeros((*rooms, len(spec.low))))
    else:
        assert isinstance(spec, Tabular)
        states = NumberedStates(np.zeros(rooms, dtype=np.int64))
    return Shelf(
        states=states,
        action=np.zeros(rooms, dtype=np.int64),
        primary=np.zeros(rooms),
        auxiliary=np.zeros(rooms),
        length=np.zeros(capacity, dtype=np.int64),
        place=np.zeros(2, dtype=np.int64),
    )


@jit_inline
def keep_step(shelf, x, a, primary, auxiliary):
    """Keep a step of the trajectory being played; return whether its room is full."""
    i, j = shelf.place[0] % shelf.length.size, shelf.place[1]
    shelf.states.keep(i, j, x)
    shelf.action[i, j] = a
    shelf.primary[i, j] = primary
    shelf.auxiliary[i, j] = auxiliary
    shelf.place[1] += 1
    return shelf.place[1] == shelf.action.shape[1]


@jit_inline
def finish(shelf):
    """The trajectory being played is over."""
    shelf.length[shelf.place[0] % shelf.length.size] = shelf.place[1]
    shelf.place[0] += 1
    shelf.place[1] = 0


@jit_inline
def newest(shelf, back):
    """Return the place of the newest trajectory (0), the one before it (1), ..."""
    return (shelf.place[0] - 1 - back) % shelf.length.size


@jit_helper
def gather(policy, m, latest, rng):
    """Return the m newest trajectories, or m drawn from all that are kept, as a batch."""
    room, shelf = policy.space.batch, policy.shelf
    kept = min(shelf.place[0], shelf.length.size)
    m = min(m, kept) if latest else m
    n = 0
    for k in range(m):
        i = newest(shelf, k) if latest else draw_index(kept, rng)
        room.first[k] = n
        for j in range(shelf.length[i]):
            policy.actor.features.encode(shelf.states.kept(i, j), room.at[n], room.weight[n])
            room.action[n] = shelf.action[i, j]
            room.primary[n] = shelf.primary[i, j]
            room.auxiliary[n] = shelf.auxiliary[i, j]
            n += 1
    room.first[m] = n
    return Batch(
        room.at[:n],
        room.weight[:n],
        room.action[:n],
        room.primary[:n],
        room.auxiliary[:n],
        room.first[: m + 1],
        room.longest,
        room.d,
    )


@jit_inline
def look_back(policy, batch, reward):
    """Write what the policy does, and earns, in each step; return both."""
    n, room = batch.action.size, policy.space.policies
    policies, G = Policies(room.p[:n], room.logs[:n], room.entropy[:n]), policy.space.G[:n]
    kernels.write_policies(batch, policy.actor.theta, policies)
    kernels.write_returns(batch, reward, G)
    return policies, G
