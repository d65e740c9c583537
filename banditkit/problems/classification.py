"""Classification turned into a bandit: guess the class, and be told whether it was right."""

from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.checks import nearest
from banditkit.core.description import Problem
from banditkit.core.draws import draw_index
from banditkit.core.spec import Features, NoSuchArm

__all__ = ["Classification"]

_SETS = ("breast_cancer", "digits", "iris", "wine")  # of scikit-learn, which need no network


class ClassificationEnv(NamedTuple):
    """Rows of a data set being played, drawn with replacement."""

    rows: np.ndarray  # (n, d)
    classes: np.ndarray  # (n,) int64
    comparator: np.ndarray  # (n,) int64, the guesses that regret is against
    K: int
    row: np.ndarray  # (1,) int64, of this round
    x: np.ndarray  # (1, d)

    def observe(self, t, rng):
        row = draw_index(self.classes.size, rng)
        self.row[0] = row
        for j in range(self.rows.shape[1]):
            self.x[0, j] = self.rows[row, j]
        return self.x

    def gap(self, t, x, a):
        if not 0 <= a < self.K:
            raise NoSuchArm(t, a, self.K)
        row = self.row[0]
        right = self.classes[row]
        return 1.0 * (self.comparator[row] == right) - 1.0 * (a == right)

    def respond(self, t, x, a, rng):
        return 1.0 if a == self.classes[self.row[0]] else 0.0


@dataclass(frozen=True, repr=False, eq=False)
class Classification(Problem):
    """A data set with classes as a contextual bandit: features are shown, arms are the classes.

    In each round a row is drawn with replacement; the reward is 1 for its class and 0 for any
    other, and nobody says which would have been right.  The arms share the features, which are
    centred and brought to the same spread; a constant is added, and each row scaled to length 1.

    Regret is against always being right, or against the guesses of a comparator, such as the best
    policy of a class; then a round may have a gap below 0.

    Parameters
    ----------
    features : array of float, shape (n, d)
        The rows.
    classes : array of int, shape (n,)
        The class of each row, from 0 to K - 1, each of them at least once.
    comparator : array of int, shape (n,) or (M, n), optional
        Guesses for each row; of several policies the best is taken.  By default the classes.
    name : str, optional
        What the data set is called.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is not finite, a class is missing, or a guess is no class.

    References
    ----------
    Bietti, Agarwal & Langford (2021), "A contextual bandit bake-off"; Slivkins, section 8.6.

    Examples
    --------
    >>> import banditkit as bk
    >>> data = bk.Classification([[0, 0], [0, 1], [1, 0], [1, 1]], classes=[0, 0, 1, 1])
    >>> data
    <Classification: 4 rows, 2 features, 2 classes>
    >>> result = bk.simulate(data, [bk.LinUCB(alpha=0.5)], horizon=500, replications=5, seed=0)
    >>> bool(result.mean()[0, -1] < 50)
    True
    """

    features: np.ndarray
    classes: np.ndarray
    comparator: np.ndarray | None = None
    name: str = ""

    def __post_init__(self) -> None:
        try:
            features = np.array(self.features, dtype=float)
        except (TypeError, ValueError):
            raise ValueError(
                "features must be a table of numbers, with a row for each case"
            ) from None
        if features.ndim != 2 or features.size == 0:
            raise ValueError(f"features must have shape (n, d); got {features.shape}")
        if not np.isfinite(features).all():
            row, column = (int(i) for i in np.argwhere(~np.isfinite(features))[0])
            raise ValueError(
                f"features must be finite; row {row}, column {column} has {features[row, column]}"
            )
        n = features.shape[0]
        classes = _whole_numbers("classes", self.classes, (n,))
        present = np.unique(classes)
        K = present.size
        if not np.array_equal(present, np.arange(K)):
            wrong = int((present != np.arange(K)).argmax())
            fault = f"{present[0]} is below 0" if present[0] < 0 else f"{wrong} is missing"
            raise ValueError(f"classes must be numbered from 0 without a gap; {fault}")
        comparator = classes
        if self.comparator is not None:
            guesses = np.atleast_2d(_whole_numbers("comparator", self.comparator, None))
            if guesses.shape[1] != n or guesses.size == 0:
                raise ValueError(
                    f"comparator needs a guess for each of {n} rows; got shape {guesses.shape}"
                )
            wrong_guesses = np.argwhere((guesses < 0) | (guesses >= K))
            for policy, row in wrong_guesses[:1]:
                raise ValueError(
                    f"a guess is a class from 0 to {K - 1}; policy {policy}, row {row} has "
                    f"{guesses[policy, row]}"
                )
            comparator = guesses[(guesses == classes).sum(axis=1).argmax()]
        for array in (features, classes, comparator):
            array.setflags(write=False)
        self._set(features=features, classes=classes, comparator=comparator)

    @classmethod
    def from_sklearn(cls, name: str, comparator: Any = None) -> "Classification":
        """Return a data set that comes with scikit-learn.

        Parameters
        ----------
        name : {"breast_cancer", "digits", "iris", "wine"}
            Which.
        comparator : array of int or classifier, optional
            Guesses for each row, or a scikit-learn classifier, which is fitted to all rows: regret
            is then against what it would say, knowing everything.

        Raises
        ------
        ValueError
            If there is no such data set.
        ImportError
            If scikit-learn is not installed.

        Examples
        --------
        >>> import banditkit as bk
        >>> bk.Classification.from_sklearn("digits")
        <Classification of digits: 1797 rows, 64 features, 10 classes>
        """
        if name not in _SETS:
            raise ValueError(f"there is no data set {name!r}; {nearest(str(name), _SETS)}")
        try:
            from sklearn import datasets
        except ImportError as error:
            raise ImportError('this needs scikit-learn: pip install "banditkit[data]"') from error
        rows, classes = getattr(datasets, f"load_{name}")(return_X_y=True)
        if hasattr(comparator, "fit"):
            clone = deepcopy(comparator)
            clone = clone.fit(rows, classes) or clone
            comparator = clone.predict(rows)
        return cls(rows, classes, comparator, name)

    @classmethod
    def from_frame(cls, frame: Any, label: str, comparator: Any = None) -> "Classification":
        """Return a data frame of pandas as a bandit; other columns than the label are features.

        Parameters
        ----------
        frame : pandas.DataFrame
            The rows.
        label : str
            The column with the classes, which may be words; they are numbered in sorted order.
        comparator : array of int, shape (n,) or (M, n), optional
            As for the class.

        Raises
        ------
        ValueError
            If there is no such column, it has no class for a row, or another one holds something
            else than numbers.

        Examples
        --------
        >>> import pandas as pd
        >>> import banditkit as bk
        >>> kinds = ["mouse", "mouse", "cat", "cat"]
        >>> frame = pd.DataFrame({"size": [1.0, 2.0, 9.0, 8.0], "kind": kinds})
        >>> bk.Classification.from_frame(frame, "kind").classes
        array([1, 1, 0, 0])
        """
        if label not in frame.columns:
            raise ValueError(
                f"there is no column {label!r}; {nearest(str(label), [*map(str, frame.columns)])}"
            )
        features = frame.drop(columns=label)
        for column in features.columns:
            if features[column].dtype.kind not in "biuf":
                raise ValueError(f"column {column!r} must hold numbers; turn its words into some")
        labels = frame[label]
        if labels.isna().any():
            row = int(labels.isna().to_numpy().argmax())
            raise ValueError(f"column {label!r} must name a class in each row; row {row} has none")
        words = labels.to_numpy()
        words = words if words.dtype.kind in "biuf" else words.astype(str)
        _, classes = np.unique(words, return_inverse=True)
        return cls(features.to_numpy(dtype=float), classes, comparator, label)

    @cached_property
    def rows(self) -> np.ndarray:
        """What is shown of each row, shape (n, d + 1)."""
        # By the range: the spread of equal numbers may be a rounding error above 0.
        spread = np.where(np.ptp(self.features, axis=0) > 0.0, self.features.std(axis=0), np.inf)
        scaled = (self.features - self.features.mean(axis=0)) / spread
        rows = np.column_stack([scaled, np.ones(len(scaled))])
        return np.ascontiguousarray(rows / np.sqrt((rows * rows).sum(axis=1, keepdims=True)))

    @property
    def spec(self) -> Features:
        """Number of classes, and of features with the constant."""
        K = int(self.classes.max()) + 1
        return Features(K, self.features.shape[1] + 1, True, 0.0, 1.0)

    def start(self, horizon: int, rng: np.random.Generator) -> ClassificationEnv:
        """Return the data set being played; see `Problem.start`."""
        rows = self.rows
        row, x = np.zeros(1, dtype=np.int64), np.zeros((1, rows.shape[1]))
        classes, comparator = (np.array(each) for each in (self.classes, self.comparator))
        return ClassificationEnv(rows, classes, comparator, self.spec.K, row, x)

    def __repr__(self) -> str:
        of = f" of {self.name}" if self.name else ""
        n, d = self.features.shape
        return f"<Classification{of}: {n} rows, {d} features, {self.spec.K} classes>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Classification):
            return NotImplemented
        mine, theirs = self._parts(), other._parts()
        return all(np.array_equal(x, y) for x, y in zip(mine, theirs, strict=True))

    def __hash__(self) -> int:
        return hash((self.features.shape, self.classes.tobytes()))  # -0.0 equals 0.0

    def _parts(self) -> tuple[Any, ...]:
        return self.features, self.classes, self.comparator, self.name


def _whole_numbers(name: str, values: Any, shape: tuple[int, ...] | None) -> np.ndarray:
    """Return an array of whole numbers, of this shape if one is asked for."""
    try:
        array = np.asarray(values)
    except ValueError:  # ragged rows
        raise ValueError(f"{name} must be whole numbers, in rows of one length") from None
    if array.dtype.kind in "OSU":
        raise ValueError(f"{name} must be numbers from 0; of words from_frame makes them")
    if array.dtype.kind == "f" and np.isfinite(array).all() and (array == np.floor(array)).all():
        array = array.astype(np.int64)
    if array.dtype.kind not in "iu" or (shape is not None and array.shape != shape):
        wanted = "" if shape is None else f", of shape {shape}"
        raise ValueError(
            f"{name} must be whole numbers{wanted}; got {array.dtype} of shape {array.shape}"
        )
    return array.astype(np.int64)
