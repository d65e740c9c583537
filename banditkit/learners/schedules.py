"""Numbers that change while a learner plays: step sizes, probabilities, temperatures."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

from banditkit.core.checks import number, one_of
from banditkit.core.description import Description

__all__ = [
    "Course",
    "ExponentialDecay",
    "HarmonicDecay",
    "LinearDecay",
    "Schedule",
    "course_of",
    "scheduled",
]

_CLOCKS = ("round", "episode", "visit")
_VISITS = 2
_CONSTANT, _EXPONENTIAL, _HARMONIC, _LINEAR = range(4)


class Course(NamedTuple):
    """A schedule being followed: one record for all of them, so that they compile once."""

    kind: int
    first: float
    last: float
    pace: float
    clock: int  # what is counted: 0 rounds, 1 episodes, 2 visits of the pair

    def value_at(self, t, episode, visits):
        if self.kind == _CONSTANT:
            return self.first
        n = (t, episode, visits)[self.clock]
        if self.kind == _EXPONENTIAL:
            return max(self.last, self.first * math.exp(n * self.pace))
        if self.kind == _HARMONIC:
            return max(self.last, self.first * self.pace / (self.pace + n))
        return self.first + (self.last - self.first) * min(1.0, n / self.pace)


class Schedule(Description):
    """What the schedules have in common; `first` and `last` are the ends of their range."""

    first: float
    last: float
    per: str

    @property
    def clock(self) -> int:
        """What is counted: 0 rounds, 1 episodes, 2 visits of the pair."""
        return _CLOCKS.index(self.per)

    @abstractmethod
    def start(self) -> Course:
        """Return the schedule being followed."""


def scheduled(name: str, value: Any, *, high: float = math.inf, visits: bool = False) -> Any:
    """Return a checked number from 0 to `high`, or a schedule that stays in that range."""
    if not isinstance(value, Schedule):
        return number(name, value, low=0.0, high=high)
    number(f"the largest {name}", max(value.first, value.last), low=0.0, high=high)
    if value.clock == _VISITS and not visits:
        raise ValueError(f"{name} belongs to no pair whose visits could be counted; got {value!r}")
    return value


def course_of(value: float | Schedule) -> Course:
    """Return the schedule being followed; that of a number stays where it is."""
    if isinstance(value, Schedule):
        return value.start()
    return Course(_CONSTANT, value, value, 1.0, 0)


@dataclass(frozen=True, repr=False)
class ExponentialDecay(Schedule):
    """The same factor in every episode: ``max(last, first * factor**n)``.

    Parameters
    ----------
    first : float
        Value at the beginning, 0 or more.
    factor : float
        By what it is multiplied, in (0, 1] (at least 1e-9).
    last : float, default 0
        What it does not fall below, from 0 to `first`.
    per : {"round", "episode", "visit"}, default "episode"
        What n counts: rounds, episodes, or visits of the pair of state and action before this one.

    Raises
    ------
    ValueError
        If a number leaves its range, or nothing of that name can be counted.

    Examples
    --------
    >>> import banditkit as bk
    >>> learner = bk.Sarsa(rate=bk.ExponentialDecay(0.05, 0.999))
    """

    first: float
    factor: float
    last: float = 0.0
    per: str = "episode"

    def __post_init__(self) -> None:
        first = number("first", self.first, low=0.0)
        self._set(
            first=first,
            factor=number("factor", self.factor, low=1e-9, high=1.0),
            last=number("last", self.last, low=0.0, high=first),
            per=one_of("per", self.per, _CLOCKS),
        )

    def start(self) -> Course:
        """Return the schedule being followed."""
        return Course(_EXPONENTIAL, self.first, self.last, math.log(self.factor), self.clock)


@dataclass(frozen=True, repr=False)
class HarmonicDecay(Schedule):
    """Falling as 1 / n: ``max(last, first * pace / (pace + n))``.

    With ``first`` 1, pace 1 and visits it is 1 / n for the n-th visit: a plain average, and the
    step sizes with which Q-learning is known to converge.

    Parameters
    ----------
    first : float, default 1
        Value at the beginning, 0 or more.
    pace : float, default 1
        After how many counts it has halved, above 0 (at least 1e-9).
    last : float, default 0
        What it does not fall below, from 0 to `first`.
    per : {"round", "episode", "visit"}, default "visit"
        What n counts: rounds, episodes, or visits of the pair of state and action before this one.

    Raises
    ------
    ValueError
        If a number leaves its range, or nothing of that name can be counted.

    Examples
    --------
    >>> import banditkit as bk
    >>> learner = bk.QLearning(rate=bk.HarmonicDecay(pace=10))
    """

    first: float = 1.0
    pace: float = 1.0
    last: float = 0.0
    per: str = "visit"

    def __post_init__(self) -> None:
        first = number("first", self.first, low=0.0)
        self._set(
            first=first,
            pace=number("pace", self.pace, low=1e-9),
            last=number("last", self.last, low=0.0, high=first),
            per=one_of("per", self.per, _CLOCKS),
        )

    def start(self) -> Course:
        """Return the schedule being followed."""
        return Course(_HARMONIC, self.first, self.last, self.pace, self.clock)


@dataclass(frozen=True, repr=False)
class LinearDecay(Schedule):
    """On a straight line from `first` to `last`, and level from then on.

    Parameters
    ----------
    first : float
        Value at the beginning, 0 or more.
    last : float
        Value from `over` on, 0 or more.
    over : float
        After how many counts it arrives, 1 or more.
    per : {"round", "episode", "visit"}, default "episode"
        What is counted: rounds, episodes, or visits of the pair of state and action before this
        one.

    Raises
    ------
    ValueError
        If a number leaves its range, or nothing of that name can be counted.

    Examples
    --------
    >>> import banditkit as bk
    >>> learner = bk.QLearning(epsilon=bk.LinearDecay(1.0, 0.05, over=100))
    """

    first: float
    last: float
    over: float
    per: str = "episode"

    def __post_init__(self) -> None:
        self._set(
            first=number("first", self.first, low=0.0),
            last=number("last", self.last, low=0.0),
            over=number("over", self.over, low=1.0),
            per=one_of("per", self.per, _CLOCKS),
        )

    def start(self) -> Course:
        """Return the schedule being followed."""
        return Course(_LINEAR, self.first, self.last, self.over, self.clock)
