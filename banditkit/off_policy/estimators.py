"""What would another policy have earned?  Six answers from the same log.

All but one are the mean over rows of ``v + w (r - q)``: what a model q expects of the policy, v,
and where the log took action a, what came of it less what the model expected, r - q, as often as
the policy takes a for each time that the log does, w.  The estimators differ in which weights they
trust, and whether there is a model.
"""

import math
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from banditkit.core.checks import number, whole
from banditkit.off_policy.intervals import Estimate
from banditkit.off_policy.log import LoggedData
from banditkit.off_policy.policies import Drawing, Recommending, predicted, read_policy
from banditkit.off_policy.rewards import cross_fit, fit_rewards

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "WeakOverlap",
    "clipped_ips",
    "compare_estimates",
    "direct_method",
    "doubly_robust",
    "ips",
    "snips",
    "switch",
]

_UNSEEN = 0.001  # share of a policy's choices that may go to actions the log never shows
_FEW = 0.05  # share of the rows that the weights should amount to; and of one row in all weight
_NAMED = 3  # actions that a warning names


class WeakOverlap(UserWarning):
    """The policy does what the log hardly shows: the estimate hangs on few rows, or on none.

    Examples
    --------
    >>> import warnings
    >>> import banditkit as bk
    >>> log = bk.LoggedData([0, 1, 1], [1, 0, 1], propensities=[0.2, 0.8, 0.8], K=3)
    >>> with warnings.catch_warnings(record=True, action="always") as caught:
    ...     estimate = bk.off_policy.ips(log, [0.5, 0.4, 0.1])
    >>> print(caught[0].message)
    10 % of the policy's choices are actions that the log never shows (action 2): the rows say
    nothing of what these earn
    """


@dataclass(frozen=True, eq=False)
class Case:
    """A log, a policy, and where there is one a model."""

    log: LoggedData
    policy: Recommending | Drawing
    q: np.ndarray | None = None  # (N, K)

    @cached_property
    def weights(self) -> np.ndarray:
        """Return pi(a|x) / p(a|x) of the action that each row took, shape (N,)."""
        with np.errstate(over="ignore"):
            weights = self.policy.taken(self.log) / self.log.propensities
        if not np.isfinite(weights).all():
            i = int(np.argmin(np.isfinite(weights)))
            p = self.log.propensities[i]
            raise ValueError(f"row {i}: a propensity of {p:.3g} is too small to divide by")
        return weights

    @cached_property
    def expected(self) -> np.ndarray:
        """Return what the model expects of the policy in each row, shape (N,)."""
        assert self.q is not None
        return _finite(self.policy.expect(self.q))

    @cached_property
    def guesses(self) -> np.ndarray:
        """Return what the model expects of the action that each row took, shape (N,)."""
        assert self.q is not None
        return _finite(self.q[np.arange(self.log.N), self.log.actions])


def ips(log: LoggedData, policy: Any, model: Any = None) -> Estimate:
    """Weigh each reward by ``pi(a|x) / p(a|x)``: inverse propensity scoring (Slivkins, 8.5).

    Parameters
    ----------
    log : LoggedData
        What was logged.
    policy : array, function, or dict
        What is judged, in one of these forms:

        * probabilities of the actions, of shape (N, K) for each row, or (K,) for all;
        * an action for each row, int of shape (N,), where it recommends one;
        * a function of the contexts, (N, d), that returns one of these;
        * in a log with positions, a dict of position to probabilities of shape (K,).
    model : object, optional
        Plays no part; all estimators are called alike.

    Returns
    -------
    Estimate
        The value, its standard error, intervals, and the effective sample size.

    Raises
    ------
    ValueError
        If the policy does not fit the log.

    Warns
    -----
    WeakOverlap
        If it chooses what the log never shows, or few rows have most of the weight.

    Notes
    -----
    The estimate is unbiased if every action that the policy may take has a positive propensity;
    with probability 1 - delta its error is ``O(sqrt(log(1/delta) / (p_0 N)))``, where p_0 is the
    smallest propensity and rewards lie in [0, 1] (Lemma 8.11); Exercise 8.3 has it by Bernstein's
    inequality, with ``V = max_t sum_a 1/p_t(a)`` in place of 1/p_0.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, Lemma 8.11; Horvitz & Thompson (1952), "A
    generalization of sampling without replacement from a finite universe".

    Examples
    --------
    >>> import banditkit as bk
    >>> log = bk.LoggedData([0, 1, 1, 1], [1, 0, 1, 1], [0.25, 0.75, 0.75, 0.75], K=2)
    >>> bk.off_policy.ips(log, [1.0, 0.0]).value
    1.0
    """
    return _judged(Case(log, read_policy(log, policy)), _ips)


def clipped_ips(
    log: LoggedData, policy: Any, model: Any = None, *, cap: float | None = None
) -> Estimate:
    """Weigh as `ips` does, but with no weight above `cap`.

    Where rewards are 0 or more this can only lower the estimate: less variance is bought with
    bias, which is at most ``max r * E[(w - cap)+]`` and of which the intervals know nothing.

    Parameters
    ----------
    log, policy, model
        As for `ips`.
    cap : float, optional
        Largest weight, above 0; by default ``sqrt(N)``, with which the bias vanishes as the log
        grows.

    Returns
    -------
    Estimate
        As of `ips`.

    Raises
    ------
    ValueError
        If the policy does not fit the log, or `cap` is not above 0.

    References
    ----------
    Ionides (2008), "Truncated importance sampling".

    Examples
    --------
    >>> import banditkit as bk
    >>> log = bk.LoggedData([0, 1, 1, 1], [1, 0, 1, 1], [0.25, 0.75, 0.75, 0.75], K=2)
    >>> bk.off_policy.clipped_ips(log, [1.0, 0.0], cap=3.0).value
    0.75
    """
    if cap is not None and number("cap", cap, low=0.0) == 0.0:
        raise ValueError("cap must be above 0; got 0 - then no reward would count")
    return _judged(Case(log, read_policy(log, policy)), _clipped, cap)


def snips(log: LoggedData, policy: Any, model: Any = None) -> Estimate:
    """Weigh as `ips` does, and divide by the sum of the weights rather than by N.

    The estimate is an average of rewards, so it never leaves their range, and it moves along when
    a constant is added to all rewards.  It has a bias of the order 1/N.

    Parameters
    ----------
    log, policy, model
        As for `ips`.

    Returns
    -------
    Estimate
        As of `ips`, without a Bernstein interval, since it is a ratio; nan if no row of the log
        has any weight.

    Raises
    ------
    ValueError
        If the policy does not fit the log.

    References
    ----------
    Swaminathan & Joachims (2015), "The self-normalized estimator for counterfactual learning".

    Examples
    --------
    >>> import banditkit as bk
    >>> log = bk.LoggedData([0, 1, 1, 1], [1, 0, 1, 1], [0.2, 0.8, 0.8, 0.8], K=2)
    >>> round(bk.off_policy.snips(log, [0.0, 1.0]).value, 4)
    0.6667
    """
    return _judged(Case(log, read_policy(log, policy)), _snips)


def direct_method(log: LoggedData, policy: Any, model: Any = None) -> Estimate:
    """Believe the model: the mean of what it expects of the policy.

    It weighs nothing and varies little; where the model is wrong, so is the estimate, and its
    standard error and intervals know nothing of that.

    Parameters
    ----------
    log, policy
        As for `ips`.
    model : array or object, optional
        The reward of each action in each row as predicted: an array of shape (N, K), or (K,); or
        an object whose ``predict(contexts)`` returns one, such as `fit_rewards` makes.  By default
        `cross_fit` of the log.

    Returns
    -------
    Estimate
        As of `ips`.

    Raises
    ------
    ValueError
        If policy or model do not fit the log.

    Examples
    --------
    >>> import banditkit as bk
    >>> log = bk.LoggedData([0, 1, 1, 1], [1, 0, 1, 1], [0.2, 0.8, 0.8, 0.8], K=2)
    >>> bk.off_policy.direct_method(log, [0.5, 0.5], model=[1.0, 0.5]).value
    0.75
    """
    return _judged(_modelled(log, policy, model), _direct)


def doubly_robust(log: LoggedData, policy: Any, model: Any = None) -> Estimate:
    """Believe the model, and correct it by what its errors in the log come to.

    It is unbiased if the propensities are right, whatever the model (one that has not seen the
    row that it predicts), and right on average if the model is, whatever the propensities.  A good
    model leaves small errors, and these are all that is weighed.

    Parameters
    ----------
    log, policy, model
        As for `direct_method`.

    Returns
    -------
    Estimate
        As of `ips`.

    Raises
    ------
    ValueError
        If policy or model do not fit the log.

    References
    ----------
    Dudik, Langford & Li (2011), "Doubly robust policy evaluation and learning".

    Examples
    --------
    >>> import banditkit as bk
    >>> log = bk.LoggedData([0, 1, 1, 1], [1, 0, 1, 1], [0.25, 0.75, 0.75, 0.75], K=2)
    >>> round(bk.off_policy.doubly_robust(log, [0.25, 0.75], model=[1.0, 0.5]).value, 6)
    0.75
    """
    return _judged(_modelled(log, policy, model), _doubly_robust)


def switch(
    log: LoggedData, policy: Any, model: Any = None, *, threshold: float | None = None
) -> Estimate:
    """Correct the model as `doubly_robust` does, but not where the weight is above `threshold`.

    With threshold 0 it is the direct method, with an infinite one the doubly robust estimate.

    Parameters
    ----------
    log, policy, model
        As for `direct_method`.
    threshold : float, optional
        Largest weight that is trusted, 0 or more; by default ``sqrt(N)``.

    Returns
    -------
    Estimate
        As of `ips`.

    Raises
    ------
    ValueError
        If policy or model do not fit the log, or `threshold` is below 0.

    Notes
    -----
    This is the variant SWITCH-DR.  It needs the weights of the actions that were taken and no
    others, and so no more than a log has; the variant that takes IPS below the threshold needs
    those of all actions.

    References
    ----------
    Wang, Agarwal & Dudik (2017), "Optimal and adaptive off-policy evaluation in contextual
    bandits".

    Examples
    --------
    >>> import banditkit as bk
    >>> log = bk.LoggedData([0, 1, 1, 1], [1, 0, 1, 1], [0.25, 0.75, 0.75, 0.75], K=2)
    >>> bk.off_policy.switch(log, [1.0, 0.0], model=[0.5, 0.5], threshold=3.0).value
    0.5
    """
    if threshold is not None and threshold != math.inf:
        threshold = number("threshold", threshold, low=0.0)
    return _judged(_modelled(log, policy, model), _switch, threshold)


def compare_estimates(
    log: LoggedData,
    policy: Any,
    model: Any = None,
    *,
    truth: float | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> "pd.DataFrame":
    """Return all estimates of a policy's value side by side, a row for each.

    Parameters
    ----------
    log, policy, model
        As for `direct_method`.
    truth : float, optional
        The value, where it is known, such as the mean reward of a log of the policy's own.
    level : float, default 0.95
        That of the intervals.
    seed : int, default 0
        That of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        Columns, in units of reward: value, stderr, the ends of the bootstrap's interval, low and
        high, and of Bernstein's, bernstein_low and bernstein_high (nan for `snips`); then
        effective_sample_size, in rows; with a truth, truth and error.

    Raises
    ------
    ValueError
        If something does not fit the log, or a number makes no sense.

    Warns
    -----
    WeakOverlap
        As `ips` does.

    Examples
    --------
    >>> import banditkit as bk
    >>> log = bk.LoggedData([0, 1] * 50, [1, 0] * 50, propensities=[0.5] * 100, K=2)
    >>> table = bk.off_policy.compare_estimates(log, [0.8, 0.2], truth=0.8)
    >>> table[["value", "stderr"]].round(3)
                   value  stderr
    estimator
    ips            0.800   0.080
    clipped ips    0.800   0.080
    snips          0.800   0.032
    direct method  0.793   0.000
    doubly robust  0.800   0.001
    switch         0.800   0.001
    """
    import pandas as pd

    seed = whole("seed", seed, least=0)
    case = _modelled(log, policy, model)
    _warn(case, case.weights, stacklevel=3)
    estimates = [
        _ips(case),
        _clipped(case),
        _snips(case),
        _direct(case),
        _doubly_robust(case),
        _switch(case),
    ]
    lines = []
    for estimate in estimates:
        low, high = estimate.bootstrap(level, seed=seed)
        normalised = estimate.self_normalised
        sure = (math.nan, math.nan) if normalised else estimate.bernstein(level)
        lines.append(
            {
                "value": estimate.value,
                "stderr": estimate.stderr,
                "low": low,
                "high": high,
                "bernstein_low": sure[0],
                "bernstein_high": sure[1],
                "effective_sample_size": estimate.effective_sample_size,
            }
        )
    table = pd.DataFrame(lines, index=pd.Index([e.name for e in estimates], name="estimator"))
    if truth is not None:
        truth = number("truth", truth)
        table = table.assign(truth=truth, error=table["value"] - truth)
    return table


def _modelled(log: LoggedData, policy: Any, model: Any) -> Case:
    found = read_policy(log, policy)
    if model is None:
        model = cross_fit(log, folds=min(5, log.N)) if log.N > 1 else fit_rewards(log)
    return Case(log, found, predicted(log, model))


def _judged(case: Case, estimator: Any, *parameters: Any) -> Estimate:
    """Return an estimate, and warn where few rows make it."""
    estimate = estimator(case, *parameters)
    _warn(case, None if estimator is _direct else estimate.weights, stacklevel=4)
    return estimate


def _ips(case: Case) -> Estimate:
    return _weighted("ips", case, case.weights)


def _clipped(case: Case, cap: float | None = None) -> Estimate:
    cap = math.sqrt(case.log.N) if cap is None else cap
    return _weighted("clipped ips", case, np.minimum(case.weights, cap))


def _snips(case: Case) -> Estimate:
    terms = case.weights * case.log.rewards
    return Estimate("snips", terms, case.weights, None, self_normalised=True)


def _direct(case: Case) -> Estimate:
    return _corrected("direct method", case, np.zeros(case.log.N))


def _doubly_robust(case: Case) -> Estimate:
    return _corrected("doubly robust", case, case.weights)


def _switch(case: Case, threshold: float | None = None) -> Estimate:
    threshold = math.sqrt(case.log.N) if threshold is None else threshold
    trusted = np.where(case.weights <= threshold, case.weights, 0.0)
    return _corrected("switch", case, trusted)


def _weighted(name: str, case: Case, w: np.ndarray) -> Estimate:
    r = case.log.rewards
    largest = float(w.max())
    bounds = largest * min(0.0, float(r.min())), largest * max(0.0, float(r.max()))
    return Estimate(name, w * r, w, bounds)


def _corrected(name: str, case: Case, w: np.ndarray) -> Estimate:
    r, v, q = case.log.rewards, case.expected, case.guesses
    largest = float(w.max())
    below = min(0.0, float(r.min()) - float(q.max()))
    above = max(0.0, float(r.max()) - float(q.min()))
    bounds = float(v.min()) + largest * below, float(v.max()) + largest * above
    return Estimate(name, v + w * (r - q), w, bounds)


def _warn(case: Case, weights: np.ndarray | None, stacklevel: int) -> None:
    """Warn, with numbers, where the log knows little of what the policy does."""
    faults = [_unseen(case), "" if weights is None else _few(case, weights)]
    for fault in faults:
        if fault:
            warnings.warn(fault, WeakOverlap, stacklevel=stacklevel)


def _unseen(case: Case) -> str:
    """Say how often the policy takes actions that the log never shows, or nothing."""
    log = case.log
    if log.counts.all():
        return ""
    mass = np.where(log.counts == 0, case.policy.mass(log), 0.0)
    if mass.sum() <= _UNSEEN:
        return ""
    places, actions = np.unravel_index(np.argsort(-mass, axis=None), mass.shape)
    number_of = int(np.count_nonzero(mass))
    names = [
        f"action {a}" if log.positions is None else f"action {a} at position {log.places[p]}"
        for p, a in zip(places[: min(_NAMED, number_of)], actions, strict=False)
    ]
    more = f", and {number_of - _NAMED} more" if number_of > _NAMED else ""
    return (
        f"{100 * mass.sum():.3g} % of the policy's choices are actions that the log never shows "
        f"({', '.join(names)}{more}): the rows say nothing of what these earn"
    )


def _few(case: Case, weights: np.ndarray) -> str:
    """Say that few rows have most of the weight, or nothing."""
    N, total = weights.size, float(weights.sum())
    if total == 0.0:
        return (
            ""
            if case.q is not None
            else "no row has any weight: the policy never takes the action that the log took"
        )
    i = int(np.argmax(weights))
    scaled = weights / weights[i]
    share, rows = 1.0 / float(scaled.sum()), float(scaled.sum()) ** 2 / float(scaled @ scaled)
    which = (
        f"row {i} alone, with propensity {case.log.propensities[i]:.3g} and weight "
        f"{weights[i]:.4g}, has {100 * share:.3g} % of it"
    )
    if rows < _FEW * N:
        return f"the weights amount to {rows:.4g} of {N:,} rows ({100 * rows / N:.2g} %); {which}"
    if share > _FEW and share * N > 1.0 / _FEW:
        return f"the estimate hangs on one row: of all weight, {which}"
    return ""


def _finite(values: np.ndarray) -> np.ndarray:
    if np.isfinite(values).all():
        return values
    i = int(np.argmin(np.isfinite(values)))
    raise ValueError(f"the model's rewards must be finite; in row {i} they are not")
