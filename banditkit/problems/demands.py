"""Demand: what part of all customers would pay a price, or what they are willing to pay."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from banditkit.core.checks import number, numbers, shorten
from banditkit.core.description import Description

__all__ = ["Demand", "ExponentialDemand", "LinearDemand", "UniformDemand"]


class Demand(Description):
    """What the demands have in common: a customer buys if their value is at least the price."""

    @abstractmethod
    def sale(self, price: float) -> float:
        """Return S(p), the probability that a customer buys at a price of 0 or more."""

    @abstractmethod
    def myerson_price(self) -> float:
        """Return the price in [0, 1] that maximises ``p S(p)``, the revenue of a customer.

        It is the best price where stock is no concern (Myerson, 1981, "Optimal auction design").
        """


@dataclass(frozen=True, repr=False)
class UniformDemand(Demand):
    """Values are uniform on [0, 1]: ``S(p) = 1 - p``.

    The Myerson price is 1/2.  For values that are uniform on [0, h], write
    ``LinearDemand(1, 1 / h)``.

    Examples
    --------
    >>> import banditkit as bk
    >>> demand = bk.UniformDemand()
    >>> demand.sale(0.25), demand.myerson_price()
    (0.75, 0.5)
    """

    def sale(self, price: float) -> float:
        """Return S(p), the probability that a customer buys; see `Demand.sale`."""
        return max(0.0, 1.0 - number("price", price, low=0.0))

    def myerson_price(self) -> float:
        """Return the price that maximises revenue; see `Demand.myerson_price`."""
        return 0.5


@dataclass(frozen=True, repr=False)
class ExponentialDemand(Demand):
    """Values have an exponential distribution: ``S(p) = exp(-rate * p)``.

    The Myerson price is 1 / rate, but at most 1.

    Parameters
    ----------
    rate : float
        One over the mean value, above 0.

    Raises
    ------
    ValueError
        If the rate is not above 0.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.ExponentialDemand(rate=4).myerson_price()
    0.25
    """

    rate: float

    def __post_init__(self) -> None:
        self._set(rate=_positive("rate", self.rate))

    def sale(self, price: float) -> float:
        """Return S(p), the probability that a customer buys; see `Demand.sale`."""
        return math.exp(-self.rate * number("price", price, low=0.0))

    def myerson_price(self) -> float:
        """Return the price that maximises revenue; see `Demand.myerson_price`."""
        return 1.0 / max(1.0, self.rate)


@dataclass(frozen=True, repr=False)
class LinearDemand(Demand):
    """Demand falls on a line: ``S(p) = intercept - slope * p``, where that is in [0, 1].

    The Myerson price is ``intercept / (2 slope)``.  But where everybody buys up to the price
    ``(intercept - 1) / slope``, it is at least that; and it is at most 1.

    Parameters
    ----------
    intercept : float
        S(0) if it is at most 1, above 0.  A larger one means that everybody buys at low prices.
    slope : float
        By how much S falls where the price rises by 1, above 0.

    Raises
    ------
    ValueError
        If a number is not above 0.

    Examples
    --------
    Every second customer would take it for free, and nobody at 0.8:

    >>> import banditkit as bk
    >>> demand = bk.LinearDemand(intercept=0.5, slope=0.625)
    >>> demand.sale(0.4), demand.myerson_price()
    (0.25, 0.4)
    """

    intercept: float
    slope: float

    def __post_init__(self) -> None:
        self._set(
            intercept=_positive("intercept", self.intercept), slope=_positive("slope", self.slope)
        )

    def sale(self, price: float) -> float:
        """Return S(p), the probability that a customer buys; see `Demand.sale`."""
        share = self.intercept - self.slope * number("price", price, low=0.0)
        return min(1.0, max(0.0, share))

    def myerson_price(self) -> float:
        """Return the price that maximises revenue; see `Demand.myerson_price`."""
        flat = (self.intercept - 1.0) / self.slope  # up to here everybody buys
        return min(1.0, max(flat, self.intercept / (2.0 * self.slope)))


UNIFORM = UniformDemand()  # whoever names no demand


def _positive(name: str, value: Any) -> float:
    checked = number(name, value)
    if checked <= 0.0:
        raise ValueError(f"{name} must be above 0; got {checked!r}")
    return checked


def checked_demand(name: str, demand: Any, arms: int) -> Any:
    """Return a demand, or a table of probabilities with one for each arm."""
    if isinstance(demand, Demand):
        return demand
    if not isinstance(demand, Sequence) and not hasattr(demand, "__array__"):
        raise ValueError(
            f"{name} must be a demand, such as UniformDemand(), or a list of probabilities, one "
            f"per arm; got {shorten(repr(demand))}"
        )
    chances = numbers(name, demand, low=0.0, high=1.0)
    if len(chances) != arms:
        raise ValueError(
            f"{name} must have a probability for each of the {arms} prices; got {len(chances)}"
        )
    return chances


def chances_of(demand: Any, prices: Sequence[float]) -> tuple[float, ...]:
    """Return the probability of a sale at each price: of a demand, or as it stands in a table."""
    return tuple(map(demand.sale, prices)) if isinstance(demand, Demand) else demand
