"""What a log says: which action was taken, what came of it, and how probable it was."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from banditkit.core.checks import nearest, pair_up, shorten, whole
from banditkit.core.tables import finite, read_rows

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LoggedData"]

Place = Callable[[int], str]  # where a row stands, in words

_MISSING = "without it the log says nothing of this action"


@dataclass(frozen=True, repr=False, eq=False)
class LoggedData:
    """What somebody did, what came of it, and how probable it was: a row for each round.

    The propensity is the probability with which the logging policy took the action that it took,
    in that round.  It must have been written down then: a probability that is estimated
    afterwards, or one that does not belong to the action of its row, makes every estimate wrong
    without a sign.

    Parameters
    ----------
    actions : array of int, shape (N,)
        The action of each row, from 0 to K - 1.
    rewards : array of float, shape (N,)
        What it earned.
    propensities : array of float, shape (N,)
        The probability with which it was taken, in (0, 1].
    K : int
        Number of actions, 1 or more; those that were never taken count, too.
    contexts : array of float, shape (N, d), optional
        What was known before the action was chosen.
    positions : array of int, shape (N,), optional
        The place where an item was shown, if several were shown at once, a row for each.  The
        propensity is then that of the item at this place.

    Raises
    ------
    ValueError
        If the columns differ in length or are empty, or an entry makes no sense: the message
        names row and column.

    Notes
    -----
    The arrays are copied, and can't be written to.  Rows are numbered from 0; in a file, messages
    name the line.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, section 8.5.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.LoggedData([0, 1, 1], rewards=[1, 0, 1], propensities=[0.2, 0.8, 0.8], K=2)
    <LoggedData: 3 rows, 2 actions, mean reward 0.6667, propensities 0.2 to 0.8>
    """

    actions: np.ndarray
    rewards: np.ndarray
    propensities: np.ndarray
    K: int
    contexts: np.ndarray | None = None
    positions: np.ndarray | None = None

    def __post_init__(self) -> None:
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        checked = _check(fields, {name: name for name in fields}, "row {}".format)
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        extras = "" if self.positions is None else f", {self.places.size} positions"
        extras += "" if self.contexts is None else f", contexts of {self.contexts.shape[1]} numbers"
        p = self.propensities
        return (
            f"<LoggedData: {self.N:,} rows, {self.K} actions{extras}, mean reward "
            f"{self.rewards.mean():.4g}, propensities {p.min():.4g} to {p.max():.4g}>"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LoggedData):
            return NotImplemented
        names = self.__dataclass_fields__
        return all(np.array_equal(getattr(self, n), getattr(other, n)) for n in names)

    def __hash__(self) -> int:
        return hash((self.K, self.N, self.actions[:100].tobytes(), self.rewards[:100].tobytes()))

    @property
    def N(self) -> int:  # noqa: N802
        """Number of rows."""
        return self.actions.size

    @cached_property
    def places(self) -> np.ndarray:
        """The positions that there are, increasing, shape (P,); a single 0 if none are given."""
        return np.zeros(1, dtype=np.int64) if self.positions is None else np.unique(self.positions)

    @cached_property
    def place(self) -> np.ndarray:
        """Which of the `places` each row has, from 0 to P - 1, shape (N,)."""
        if self.positions is None:
            return np.zeros(self.N, dtype=np.int64)
        return np.searchsorted(self.places, self.positions)

    @cached_property
    def counts(self) -> np.ndarray:
        """How often each action was taken at each of the `places`, shape (P, K)."""
        cells = np.bincount(self.place * self.K + self.actions, minlength=self.places.size * self.K)
        return cells.reshape(-1, self.K)

    def action_shares(self) -> Any:
        """Return how often each action was taken: the logging policy as an average over time.

        Returns
        -------
        array of float, shape (K,), or dict of int to array
            The shares; where there are positions, those at each position.  Either is a policy that
            an estimator understands.

        Examples
        --------
        >>> import banditkit as bk
        >>> log = bk.LoggedData([0, 1, 1, 1], [1, 0, 1, 1], [0.2, 0.8, 0.8, 0.8], K=3)
        >>> log.action_shares()
        array([0.25, 0.75, 0.  ])
        """
        shares = self.counts / self.counts.sum(axis=1, keepdims=True)
        if self.positions is None:
            return shares[0]
        return dict(zip(self.places.tolist(), shares, strict=True))

    @classmethod
    def from_csv(
        cls,
        path: str | Path,
        *,
        action: str,
        reward: str,
        propensity: str,
        contexts: Sequence[str] = (),
        position: str | None = None,
        labels: Sequence[Any] | None = None,
    ) -> "LoggedData":
        """Read a log with a header line and a row for each round.

        Parameters
        ----------
        path
            The file, UTF-8 text with commas.
        action, reward, propensity
            Names of the columns.
        contexts
            Names of the columns with numbers that were known before the action was chosen.
        position
            Name of the column with the position, if there is one.
        labels
            What the actions are called in the file, in the order of their numbers; so many there
            are.  By default they are called by their numbers, and the largest is K - 1.

        Raises
        ------
        ValueError
            If the file can't be read, a column is missing, or an entry makes no sense: the
            message names column and line.

        Examples
        --------
        >>> import banditkit as bk
        >>> bk.LoggedData.from_csv("examples/data/open_bandit_random_all.csv", action="item_id",
        ...                        reward="click", propensity="propensity_score")
        <LoggedData: 10,000 rows, 80 actions, mean reward 0.0038, propensities 0.0125 to 0.0125>
        """
        names = _names(action, reward, propensity, contexts, position)
        keys = _columns_of(names)
        lines: list[str] = []
        columns: dict[str, list[Any]] = {key: [] for key in keys.values()}
        for where, row in read_rows(path, keys):
            lines.append(where)
            for key in columns:
                named = key == action and labels is not None
                columns[key].append(row[key] if named else finite(row[key], key, where))
        return cls._of(columns, names, labels, lines.__getitem__)

    @classmethod
    def from_frame(
        cls,
        frame: "pd.DataFrame",
        *,
        action: str,
        reward: str,
        propensity: str,
        contexts: Sequence[str] = (),
        position: str | None = None,
        labels: Sequence[Any] | None = None,
    ) -> "LoggedData":
        """Take a log from a pandas DataFrame with a row for each round.

        Parameters and errors are those of `from_csv`; rows are numbered from 0, whatever the index.

        Examples
        --------
        >>> import banditkit as bk
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"ad": ["b", "a"], "click": [0, 1], "p": [0.9, 0.1]})
        >>> log = bk.LoggedData.from_frame(frame, action="ad", reward="click", propensity="p",
        ...                                labels=["a", "b"])
        >>> log.actions
        array([1, 0])
        """
        names = _names(action, reward, propensity, contexts, position)
        columns = {}
        for key in _columns_of(names).values():
            if key not in frame.columns:
                known = nearest(str(key), [str(column) for column in frame.columns])
                raise ValueError(f"the frame has no column {key!r}; {known}")
            if frame.columns.tolist().count(key) > 1:
                raise ValueError(f"the frame has two columns {key!r}; rename one")
            columns[key] = frame[key].to_numpy()
        return cls._of(columns, names, labels, "row {}".format)

    @classmethod
    def from_open_bandit(cls, path: str | Path) -> "LoggedData":
        """Read a file of the Open Bandit Dataset, or of its samples.

        An impression shows three items, and a row is an item: its number (80 in the campaign
        "all", 34 in "men", 46 in "women"), its position, whether it was clicked, and the
        probability that it was shown in this position.

        Parameters
        ----------
        path
            A CSV file with columns item_id, position, click and propensity_score.

        Raises
        ------
        ValueError
            As `from_csv` does.

        References
        ----------
        Saito, Aihara, Matsutani & Narita (2021), "Open Bandit Dataset and Pipeline: Towards
        Realistic and Reproducible Off-Policy Evaluation".

        Examples
        --------
        >>> import banditkit as bk
        >>> bk.LoggedData.from_open_bandit("examples/data/open_bandit_bts_all.csv")
        <LoggedData: 10,000 rows, 80 actions, 3 positions, mean reward 0.0042, propensities
        4.5e-05 to 0.9542>
        """
        return cls.from_csv(
            path,
            action="item_id",
            reward="click",
            propensity="propensity_score",
            position="position",
        )

    @classmethod
    def _of(
        cls,
        columns: Mapping[str, Any],
        names: Mapping[str, Any],
        labels: Sequence[Any] | None,
        where: Place,
    ) -> "LoggedData":
        """Make a log of columns, and say in their words and places what is wrong with them."""
        fields: dict[str, Any] = {
            field: columns[name] for field, name in names.items() if field != "contexts"
        }
        if "contexts" in names:
            parts = [_numbers(name, columns[name], where) for name in names["contexts"]]
            fields["contexts"] = np.stack(parts, axis=1)
        if labels is not None:
            fields["actions"] = _numbered(names["actions"], fields["actions"], labels, where)
            fields["K"] = len(labels)
        else:
            taken = _numbers(names["actions"], fields["actions"], where)
            fields["K"] = max(1, 1 + int(taken.max(initial=0.0)))
        return cls(**_check(fields, names, where))


def _names(
    action: str, reward: str, propensity: str, contexts: Sequence[str], position: str | None
) -> dict[str, Any]:
    """Return the names of the columns by the fields that they are for."""
    if isinstance(contexts, str):
        raise ValueError(f"contexts must be a list of names of columns; got {contexts!r}")
    names = {"actions": action, "rewards": reward, "propensities": propensity}
    extras = {"contexts": tuple(contexts) or None, "positions": position}
    return names | {field: name for field, name in extras.items() if name is not None}


def _columns_of(names: Mapping[str, Any]) -> dict[str, str]:
    """Return the name of every column, by the word under which it was given."""
    single = {field: name for field, name in names.items() if field != "contexts"}
    several = enumerate(names.get("contexts", ()))
    return single | {f"contexts[{i}]": name for i, name in several}


def _numbered(name: str, column: Any, labels: Sequence[Any], where: Place) -> np.ndarray:
    """Return the numbers of actions that go by labels."""
    words = [str(label) for label in labels]
    numbers = {word: number for number, word in enumerate(words)}
    if len(numbers) < len(words):
        twice = next(word for word in words if words.count(word) > 1)
        raise ValueError(f"two actions have the label {twice!r}; each needs one of its own")
    taken = [numbers.get(str(entry), -1) for entry in column]
    if -1 in taken:
        i = taken.index(-1)
        raise ValueError(
            f"{where(i)}: {name} is {column[i]!r}, which is not one of the labels; "
            f"{nearest(str(column[i]), words)}"
        )
    return np.array(taken, dtype=np.int64)


def _check(fields: Mapping[str, Any], names: Mapping[str, Any], where: Place) -> dict[str, Any]:
    """Return the fields of a log as arrays that can't be written to, or say what is wrong."""
    checked: dict[str, Any] = {"K": whole("K", fields["K"], least=1)}
    for field in ("actions", "rewards", "propensities", "positions"):
        if field != "positions" or fields.get(field) is not None:
            hint = f" - {_MISSING}" if field == "propensities" else ""
            checked[field] = _numbers(names[field], fields[field], where, hint)
    if fields.get("contexts") is not None:
        checked["contexts"] = _contexts(fields["contexts"])
    pair_up("row", **{field: array for field, array in checked.items() if field != "K"})
    if not checked["actions"].size:
        raise ValueError("the log is empty; it needs a row for each round")
    _check_actions(checked, names["actions"], where)
    _check_propensities(checked["propensities"], names["propensities"], where)
    if "positions" in checked:
        checked["positions"] = _whole(checked["positions"], names["positions"], where)
    for array in checked.values():
        if isinstance(array, np.ndarray):
            array.setflags(write=False)
    return checked


_MOST = 1_000_000  # actions that are numbers from 0 on, and not names


def _check_actions(checked: dict[str, Any], name: str, where: Place) -> None:
    actions, K = checked["actions"], checked["K"]
    if K > _MOST:
        raise ValueError(
            f"{K:,} actions are too many; if {name} holds numbers that are names, give them as "
            "labels"
        )
    bad = ~((actions >= 0) & (actions < K) & (actions == np.floor(actions)))
    if bad.any():
        i = int(np.argmax(bad))
        raise ValueError(
            f"{where(i)}: {name} must be a whole number from 0 to {K - 1}; got {actions[i]:.15g} - "
            "give as K how many actions there are, or labels if they go by other names"
        )
    checked["actions"] = actions.astype(np.int64)


def _check_propensities(propensities: np.ndarray, name: str, where: Place) -> None:
    bad = ~((propensities > 0.0) & (propensities <= 1.0))
    if bad.any():
        i = int(np.argmax(bad))
        raise ValueError(
            f"{where(i)}: {name} must lie in (0, 1]; got {propensities[i]:.15g} - {_MISSING}"
        )


def _whole(column: np.ndarray, name: str, where: Place) -> np.ndarray:
    bad = column != np.floor(column)
    if bad.any():
        i = int(np.argmax(bad))
        raise ValueError(f"{where(i)}: {name} must be a whole number; got {column[i]:.15g}")
    return column.astype(np.int64)


def _numbers(name: str, values: Any, where: Place, hint: str = "") -> np.ndarray:
    """Return a column as finite floats, copied."""
    try:
        array = np.asarray(values)
    except ValueError:  # ragged rows
        array = np.zeros((0, 0))
    if array.ndim != 1:
        raise ValueError(f"{name} must be one row of numbers, a number for each row of the log")
    if array.dtype.kind not in "biuf":
        for i, value in enumerate(array.tolist()):
            if not isinstance(value, int | float | np.number):
                raise ValueError(f"{where(i)}: {name} must be a number; got {value!r}{hint}")
    array = array.astype(float)
    if not np.isfinite(array).all():
        i = int(np.argmin(np.isfinite(array)))
        raise ValueError(f"{where(i)}: {name} must be finite; got {array[i]}{hint}")
    return array


def _contexts(values: Any) -> np.ndarray:
    """Return contexts as an array of finite floats, (N, d), copied."""
    try:
        array = np.asarray(values)
    except ValueError:  # ragged rows
        widths = [np.size(row) for row in values]
        i = next(i for i, width in enumerate(widths) if width != widths[0])
        raise ValueError(
            f"row {i}: contexts must have {widths[0]} numbers, as in row 0; got {widths[i]}"
        ) from None
    if array.ndim != 2 or array.dtype.kind not in "biuf":
        raise ValueError(
            "contexts must be numbers of shape (N, d), a row for each row of the log; got "
            f"{shorten(repr(values))}"
        )
    finite_rows = np.isfinite(array).all(axis=1)
    if not finite_rows.all():
        i = int(np.argmin(finite_rows))
        raise ValueError(f"row {i}: contexts must be finite; got {array[i].tolist()}")
    return array.astype(float)
