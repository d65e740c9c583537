"""Features of a state: what linear learners see of it.

Each is a record that lists which features are active in a state, and with what weight: one for a
cell of a table, one for each tiling, all for Fourier's.
"""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.checks import numbers, pair_up, shorten, whole
from banditkit.core.description import Description
from banditkit.core.spec import Box, Tabular

__all__ = ["FeatureMap", "Fourier", "OneHot", "TileCoding"]

_LARGEST = 10_000_000  # features that fit into the memory of a laptop, for a few actions


class FeatureMap(Description):
    """Features of a state; subclass it for your own.

    `start` returns a NamedTuple with two numbers, ``size``, how many features there are, and
    ``active``, how many of them are not 0 in a state, and with a method ``encode(self, x, at,
    weight)``, which writes into two arrays of that length which they are and what they are worth.

    Examples
    --------
    A constant, and the state itself:

    >>> from typing import NamedTuple
    >>> import banditkit as bk
    >>> class LineFeatures(NamedTuple):
    ...     size: int
    ...     active: int
    ...     def encode(self, x, at, weight):
    ...         at[0], weight[0] = 0, 1.0
    ...         at[1], weight[1] = 1, float(x)
    >>> class Line(bk.FeatureMap):
    ...     def start(self, spec):
    ...         return LineFeatures(2, 2)
    """

    @abstractmethod
    def start(self, spec: Any) -> Any:
        """Return the record that encodes states.

        Parameters
        ----------
        spec
            What is known of the problem.
        """


class OneHotFeatures(NamedTuple):
    """State of `OneHot`."""

    size: int
    active: int

    def encode(self, x, at, weight):
        at[0] = x
        weight[0] = 1.0


@dataclass(frozen=True, repr=False)
class OneHot(FeatureMap):
    """A feature for each state of a finite MDP: a table.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.OneHot().start(bk.Chain(5).spec).size
    7
    """

    def start(self, spec: Any) -> OneHotFeatures:
        """Return the record that encodes states; see `FeatureMap.start`."""
        if not isinstance(spec, Tabular):
            raise ValueError("OneHot needs states that are numbered; use TileCoding or Fourier")
        return OneHotFeatures(spec.S, 1)


class TileFeatures(NamedTuple):
    """State of `TileCoding`."""

    size: int
    active: int
    low: np.ndarray  # (d,)
    tile: np.ndarray  # (d,) width of a tile
    tiles: int  # along each axis, without the one more that the offsets need

    def encode(self, x, at, weight):
        d, rows = self.low.size, self.tiles + 1
        for k in range(self.active):
            cell = k
            for i in range(d):
                # tiling k is moved by (2 i + 1) k / tilings of a tile along axis i
                offset = ((2 * i + 1) * k % self.active) / self.active
                place = (x[i] - self.low[i]) / self.tile[i] + offset
                # first the bounds: far outside there is no whole number for the row
                cell = cell * rows + math.floor(min(max(place, 0.0), rows - 1.0))
            at[k] = cell
            weight[k] = 1.0


@dataclass(frozen=True, repr=False)
class TileCoding(FeatureMap):
    """Several grids over the box of states, each moved a little: a feature for each of their tiles.

    Along axis i, tiling k is moved by ``(2 i + 1) k`` parts of a tile, of which there are as many
    as tilings; let their number be a power of 2, or some axis may not be moved at all.  One tile of
    each tiling is active; states beyond the box belong to the outermost.

    Parameters
    ----------
    tilings : int, default 8
        Number of grids, 1 or more.
    tiles : int, default 8
        Tiles of a grid along each axis, 1 or more; there is one more for the offset.
    low, high : sequence of float, shape (d,), optional
        Corners of the box, in the units of the state; by default those of the problem.

    Raises
    ------
    ValueError
        If a number leaves its range, the corners do not fit the problem or are not finite, or there
        are more than ten million features.

    References
    ----------
    Sutton & Barto (2018), section 9.5.4, for the offsets too.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.TileCoding(tilings=4, tiles=7).start(bk.MountainCar().spec).size
    256
    """

    tilings: int = 8
    tiles: int = 8
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        self._set(
            tilings=whole("tilings", self.tilings, least=1),
            tiles=whole("tiles", self.tiles, least=1),
        )
        _check_corners(self)

    def start(self, spec: Any) -> TileFeatures:
        """Return the record that encodes states; see `FeatureMap.start`."""
        low, high = _corners(self, spec)
        size = self.tilings * (self.tiles + 1) ** low.size
        _check_size(self, size)
        return TileFeatures(size, self.tilings, low, (high - low) / self.tiles, self.tiles)


class FourierFeatures(NamedTuple):
    """State of `Fourier`."""

    size: int
    active: int
    low: np.ndarray  # (d,)
    width: np.ndarray  # (d,)
    order: int
    sine: np.ndarray  # (size,) room: the sines of the waves of which the cosines are the features

    def encode(self, x, at, weight):
        # exp(i pi c . x) is a product of exp(i pi x_k) to the power of c_k: one cosine and one sine
        # for each axis are enough.  The last axis swings fastest, and comes first.
        at[0], weight[0], self.sine[0] = 0, 1.0, 0.0
        known = 1
        for k in range(self.low.size - 1, -1, -1):
            place = min(max((x[k] - self.low[k]) / self.width[k], 0.0), 1.0)
            turn, rise = math.cos(math.pi * place), math.sin(math.pi * place)
            for j in range(known, known * (self.order + 1)):
                cosine, sine = weight[j - known], self.sine[j - known]
                at[j] = j
                weight[j] = cosine * turn - sine * rise
                self.sine[j] = cosine * rise + sine * turn
            known *= self.order + 1


@dataclass(frozen=True, repr=False)
class Fourier(FeatureMap):
    """Cosines over the box of states: ``cos(pi c @ x)`` for all c of whole numbers up to the order.

    x is scaled to [0, 1] along each axis; states beyond the box count as on its edge.

    Parameters
    ----------
    order : int, default 3
        The largest entry of c, 0 or more; there are ``(order + 1)**d`` features.
    low, high : sequence of float, shape (d,), optional
        Corners of the box, in the units of the state; by default those of the problem.

    Raises
    ------
    ValueError
        If a number leaves its range, the corners do not fit the problem or are not finite, or there
        are more than ten million features.

    References
    ----------
    Konidaris, Osentoski & Thomas (2011), "Value function approximation in reinforcement learning
    using the Fourier basis".

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.Fourier(order=3).start(bk.MountainCar().spec).size
    16
    """

    order: int = 3
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        self._set(order=whole("order", self.order, least=0))
        _check_corners(self)

    def start(self, spec: Any) -> FourierFeatures:
        """Return the record that encodes states; see `FeatureMap.start`."""
        low, high = _corners(self, spec)
        size = (self.order + 1) ** low.size
        _check_size(self, size)
        return FourierFeatures(size, size, low, high - low, self.order, np.zeros(size))


def _check_corners(features: Any) -> None:
    """Check the corners that somebody gave, and store them as tuples."""
    if (features.low is None) != (features.high is None):
        raise ValueError("give both low and high, or neither")
    if features.low is not None:
        low, high = (
            numbers(name, getattr(features, name), each="axis") for name in ("low", "high")
        )
        pair_up(low=low, high=high, each="axis")
        for i, (a, b) in enumerate(zip(low, high, strict=True)):
            if not a < b:
                raise ValueError(f"low must be below high; axis {i} has {a:g} and {b:g}")
        features._set(low=low, high=high)


def _corners(features: Any, spec: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of the box of states, given or those of the problem."""
    name = type(features).__name__
    if not isinstance(spec, Box):
        raise ValueError(f"{name} needs states that are arrays of numbers, as in MountainCar()")
    low, high = (
        np.array(getattr(spec if features.low is None else features, side))
        for side in ("low", "high")
    )
    if low.size != len(spec.low):
        raise ValueError(
            f"{name} needs corners of {len(spec.low)} numbers, as states have; got {low.size}"
        )
    if not np.isfinite(high - low).all():
        axis = int(np.argmin(np.isfinite(high - low)))
        raise ValueError(
            f"{name} needs a box that ends; axis {axis} goes from {low[axis]:g} to {high[axis]:g} "
            "- give low and high"
        )
    return low, high


def _check_size(features: FeatureMap, size: int) -> None:
    if size > _LARGEST:
        raise ValueError(f"{shorten(repr(features))} would have {size:,} features; ask for fewer")
