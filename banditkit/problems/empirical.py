"""Arms that replay a log: every pull draws one of the rewards that the arm earned in it."""

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.tables import finite, read_rows
from banditkit.problems.arms import IIDArms

__all__ = ["EmpiricalArms"]


class EmpiricalLaw(NamedTuple):
    """Urns, all in one array: arm a draws from rewards[first[a] : first[a + 1]]."""

    rewards: np.ndarray  # (n,) the rewards of arm 0, then of arm 1, ...
    first: np.ndarray  # (K + 1,) int64

    def respond(self, t, x, a, rng):
        size = self.first[a + 1] - self.first[a]
        return self.rewards[self.first[a] + int(rng.random() * size)]


@dataclass(frozen=True, repr=False)
class EmpiricalArms(IIDArms):
    """Arms that resample the rewards of a log, such as that of an A/B test.

    What would a bandit have done?  Each pull of an arm draws, with replacement, one of the
    rewards that this arm earned in the log; the mean of an arm is its average in the log.  This
    is sound where the log chose its arms without looking at anything that also moves the
    rewards, as an A/B test does.

    Parameters
    ----------
    rewards : sequence of sequences of float
        For each arm the rewards it earned, at least one.
    labels : sequence of str, shape (K,)
        What the arms are called in the log; by default their numbers.

    Raises
    ------
    ValueError
        If there is no arm, an arm without rewards, a reward that is not finite, or a number of
        labels other than that of arms.

    Examples
    --------
    >>> import banditkit as bk
    >>> arms = bk.EmpiricalArms([[0, 0, 1], [0, 1, 1, 1]], labels=["red", "green"])
    >>> arms.means[1]
    0.75
    """

    rewards: tuple[tuple[float, ...], ...]
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        rows = _listed("rewards", "rows of numbers, one per arm", self.rewards)
        labels = tuple(map(str, _listed("labels", "texts, one per arm", self.labels)))
        labels = labels or tuple(map(str, range(len(rows))))
        if not rows:
            raise ValueError("rewards is empty; give the rewards of at least one arm")
        if len(labels) != len(rows):
            raise ValueError(f"each arm needs a label: got {len(rows)} arms, {len(labels)} labels")
        rewards = []
        for label, row in zip(labels, rows, strict=True):
            try:
                array = np.asarray(row)
            except ValueError:  # ragged rows
                array = np.array([])
            if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "biuf":
                raise ValueError(f"arm {label!r} needs a row of one or more rewards, as numbers")
            if not np.isfinite(array).all():
                raise ValueError(f"arm {label!r} has a reward that is not finite")
            rewards.append(tuple(array.astype(float).tolist()))
        self._set(rewards=tuple(rewards), labels=labels)

    @classmethod
    def from_csv(cls, path: str | Path, *, arm: str, reward: str) -> "EmpiricalArms":
        """Read a log with a header line and a row per pull.

        Parameters
        ----------
        path
            The file, UTF-8 text with commas.
        arm
            Name of the column that says which arm was pulled.  Arms are sorted: as numbers if
            all are whole numbers, else as text.
        reward
            Name of the column with the reward, a number.

        Raises
        ------
        ValueError
            If the file can't be read, a column is missing, or an entry is not a number: the
            message names the column and the line.

        Examples
        --------
        >>> import banditkit as bk
        >>> log = bk.EmpiricalArms.from_csv("examples/data/open_bandit_random_all.csv",
        ...                                 arm="item_id", reward="click")
        >>> log
        <EmpiricalArms: 80 arms, 10000 rewards, best mean 0.02632>
        """
        rewards: dict[str, list[float]] = {}
        for where, row in read_rows(path, {"arm": arm, "reward": reward}):
            if not row[arm]:
                raise ValueError(f"{where}: {arm} is empty")
            rewards.setdefault(row[arm], []).append(finite(row[reward], reward, where))
        labels = sorted(rewards, key=int if all(map(_is_whole, rewards)) else str)
        return cls(tuple(tuple(rewards[label]) for label in labels), tuple(labels))

    def __repr__(self) -> str:
        size = sum(map(len, self.rewards))
        return (
            f"<EmpiricalArms: {len(self.rewards)} arms, {size} rewards, "
            f"best mean {max(self.means):.4g}>"
        )

    @cached_property
    def means(self) -> tuple[float, ...]:
        """Average reward of each arm in the log."""
        return tuple(math.fsum(row) / len(row) for row in self.rewards)

    @property
    def support(self) -> tuple[float, float]:
        """Smallest and largest reward in the log."""
        return min(map(min, self.rewards)), max(map(max, self.rewards))

    @cached_property
    def law(self) -> EmpiricalLaw:
        """Urns with these rewards."""
        first = np.cumsum([0, *map(len, self.rewards)])
        return EmpiricalLaw(np.concatenate([np.array(row) for row in self.rewards]), first)

    @cached_property
    def rewards_are_clicks(self) -> bool:
        """Whether every reward in the log is 0 or 1."""
        return all(reward in (0.0, 1.0) for row in self.rewards for reward in row)


def _listed(name: str, what: str, values: Any) -> list[Any]:
    try:
        return list(values)
    except TypeError:
        raise ValueError(f"{name} must be {what}; got {values!r}") from None


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal()
