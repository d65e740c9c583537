"""Models of what an action earns in a context, fitted to a log."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from banditkit.core.checks import number, whole
from banditkit.off_policy.log import LoggedData

__all__ = ["RewardModel", "cross_fit", "fit_rewards"]


@dataclass(frozen=True, repr=False, eq=False)
class RewardModel:
    """A line for each action; what `fit_rewards` returns.

    Attributes
    ----------
    coefficients : array of float, shape (K, 1 + d)
        For each action what it earns where the context is 0, and the slope in each number.

    Examples
    --------
    >>> import banditkit as bk
    >>> log = bk.LoggedData([0, 0, 1], [0, 1, 5], [0.5] * 3, K=2, contexts=[[0], [1], [1]])
    >>> bk.off_policy.fit_rewards(log, ridge=1e-9).predict([[0.5]]).round(3)
    array([[0.5 , 4.25]])
    """

    coefficients: np.ndarray

    def predict(self, contexts: Any = None) -> np.ndarray:
        """Return what each action is thought to earn.

        Parameters
        ----------
        contexts : array of float, shape (N, d), optional
            Not needed if the log had none.

        Returns
        -------
        array of float, shape (N, K), or (K,) without contexts
            In units of reward.

        Raises
        ------
        ValueError
            If the contexts have another width than those of the log.
        """
        d = self.coefficients.shape[1] - 1
        if d == 0:
            return self.coefficients[:, 0]
        X = np.asarray(contexts if contexts is not None else [], dtype=float)
        if X.ndim != 2 or X.shape[1] != d:
            raise ValueError(
                f"the model was fitted to contexts of {d} numbers; got shape {X.shape}"
            )
        return _with_one(X) @ self.coefficients.T


def fit_rewards(log: LoggedData, *, ridge: float = 1.0) -> RewardModel:
    """Fit a line to the rewards of each action, by ridge regression.

    The lines are drawn towards the mean reward of the log: without contexts an action's reward is
    its average together with `ridge` rows that earned that mean, and an action that was never
    taken is thought to earn just that.

    Parameters
    ----------
    log : LoggedData
        What to learn from.  Positions play no part; where they matter, give them as contexts.
    ridge : float, default 1.0
        What the squared coefficients are multiplied with, above 0.

    Returns
    -------
    RewardModel
        To be given to an estimator as its `model`; better is `cross_fit`.

    Raises
    ------
    ValueError
        If `ridge` is not above 0.

    Examples
    --------
    >>> import banditkit as bk
    >>> log = bk.LoggedData([0, 1, 1], rewards=[1, 0, 0.5], propensities=[0.2, 0.8, 0.8], K=3)
    >>> bk.off_policy.fit_rewards(log).predict()
    array([0.75      , 0.33333333, 0.5       ])
    """
    return _fitted(log, np.ones(log.N, dtype=bool), _checked_ridge(ridge))


def cross_fit(log: LoggedData, *, folds: int = 5, ridge: float = 1.0, seed: int = 0) -> np.ndarray:
    """Predict each row's rewards by a model that has not seen the row.

    The log is cut into folds at random; the rows of a fold are predicted by the model that
    `fit_rewards` makes of the others.  Then a model can't flatter itself, and the doubly robust
    estimate stays unbiased.

    Parameters
    ----------
    log : LoggedData
        What to learn from.
    folds : int, default 5
        Number of folds, 2 or more and at most N.
    ridge : float, default 1.0
        As in `fit_rewards`.
    seed : int, default 0
        The same seed cuts the log in the same way.

    Returns
    -------
    array of float, shape (N, K)
        To be given to an estimator as its `model`.

    Raises
    ------
    ValueError
        If a number makes no sense.

    References
    ----------
    Chernozhukov et al. (2018), "Double/debiased machine learning for treatment and structural
    parameters".

    Examples
    --------
    >>> import banditkit as bk
    >>> log = bk.LoggedData([0, 1, 1], rewards=[1, 0, 0.5], propensities=[0.2, 0.8, 0.8], K=2)
    >>> bk.off_policy.cross_fit(log, folds=3).shape
    (3, 2)
    """
    folds = whole("folds", folds, least=2)
    ridge, seed = _checked_ridge(ridge), whole("seed", seed, least=0)
    if folds > log.N:
        raise ValueError(f"{folds} folds need as many rows; the log has {log.N}")
    fold = np.random.default_rng(seed).permutation(np.arange(log.N) % folds)
    q = np.empty((log.N, log.K))
    for k in range(folds):
        own = fold == k
        contexts = None if log.contexts is None else log.contexts[own]
        q[own] = _fitted(log, ~own, ridge).predict(contexts)
    return q


def _fitted(log: LoggedData, rows: np.ndarray, ridge: float) -> RewardModel:
    """Return the model of some of the rows."""
    actions, mean = log.actions[rows], log.rewards[rows].mean()
    X = np.ones((actions.size, 1)) if log.contexts is None else _with_one(log.contexts[rows])
    above = log.rewards[rows] - mean
    if X.shape[1] == 1:
        pulls, sums = np.bincount(actions, minlength=log.K), np.bincount(actions, above, log.K)
        return RewardModel((mean + sums / (pulls + ridge))[:, None])
    coefficients = np.zeros((log.K, X.shape[1]))
    for a in np.unique(actions):
        own = X[actions == a]
        gram = own.T @ own + ridge * np.eye(X.shape[1])
        coefficients[a] = np.linalg.solve(gram, own.T @ above[actions == a])
    coefficients[:, 0] += mean
    return RewardModel(coefficients)


def _checked_ridge(ridge: Any) -> float:
    ridge = number("ridge", ridge, low=0.0)
    if ridge == 0.0:
        raise ValueError("ridge must be above 0; got 0 - with 0 an action seen once has no line")
    return ridge


def _with_one(X: np.ndarray) -> np.ndarray:
    """Return contexts with a 1 before each, for the intercept."""
    return np.column_stack([np.ones(X.shape[0]), X])
