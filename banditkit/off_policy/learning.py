"""Learning from a log: the best policy of a class, by inverse propensity scoring."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from banditkit.off_policy.estimators import ips
from banditkit.off_policy.log import LoggedData
from banditkit.off_policy.policies import recommended

__all__ = ["Learned", "learn_policy"]

_AT_ONCE = 4_000_000  # recommendations that are compared with the log at once


class Learned(NamedTuple):
    """The policy that looks best in a log, and how good all of them look.

    Examples
    --------
    >>> import banditkit as bk
    >>> log = bk.LoggedData([0, 1, 0, 1], [1, 0, 0, 1], [0.5] * 4, K=2)
    >>> bk.off_policy.learn_policy(log, [[0, 0, 0, 0], [0, 0, 1, 1]])
    Learned(best=1, values=array([0.5, 1. ]))
    """

    best: int
    values: np.ndarray  # (M,) the estimate for each policy, in units of reward


def learn_policy(log: LoggedData, policies: Any) -> Learned:
    """Return the policy with the largest estimate by `ips`; of equal ones the first.

    Parameters
    ----------
    log : LoggedData
        What was logged.
    policies : array of int, shape (M, N), or sequence of functions
        What M policies recommend in each row; or functions of the contexts, (N, d), that return
        actions, (N,).

    Returns
    -------
    Learned
        The number of the best policy, and the estimates of all.

    Raises
    ------
    ValueError
        If there is no policy, or one does not fit the log.

    Warns
    -----
    WeakOverlap
        If the log shows little of what the best policy does.

    Notes
    -----
    With probability 1 - delta the policy is worse than the best of the class by at most
    ``O(sqrt(log(M/delta) / (p_0 N)))`` a round, where p_0 is the smallest propensity and rewards
    lie in [0, 1] (Corollary 8.14): data for one policy serve exponentially many.  The estimate of
    the winner is too high on average, since it was chosen for being high; judge it by another log.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, Corollary 8.14.

    Examples
    --------
    >>> import numpy as np
    >>> import banditkit as bk
    >>> contexts = [[0], [0], [1], [1]]
    >>> log = bk.LoggedData([0, 1, 0, 1], [1, 0, 0, 1], [0.5] * 4, K=2, contexts=contexts)
    >>> class_of_two = [lambda x: np.zeros(len(x), int), lambda x: x[:, 0].astype(int)]
    >>> best, values = bk.off_policy.learn_policy(log, class_of_two)
    >>> best, values.tolist()
    (1, [0.5, 1.0])
    """
    chosen = _class(log, policies)
    paid = np.flatnonzero(log.rewards)  # rows without a reward add nothing
    terms = log.rewards[paid] / log.propensities[paid]
    values = np.empty(len(chosen))
    step = max(1, _AT_ONCE // max(1, paid.size))
    for first in range(0, len(chosen), step):
        agree = chosen[first : first + step, paid] == log.actions[paid]
        values[first : first + step] = agree @ terms / log.N
    best = int(np.argmax(values))
    ips(log, chosen[best])  # warns if the log shows little of it
    return Learned(best, values)


def _class(log: LoggedData, policies: Any) -> np.ndarray:
    """Return what each policy recommends in each row, (M, N)."""
    if not isinstance(policies, Sequence | np.ndarray):
        raise ValueError(f"policies must be a list or an array of policies; got {policies!r}")
    if len(policies) == 0:
        raise ValueError("policies is empty; a class needs at least one policy")
    array = policies if isinstance(policies, np.ndarray) else None
    if array is not None and array.dtype.kind in "iu" and array.shape[1:] == (log.N,):
        bad = (array < 0) | (array >= log.K)
        if bad.any():
            m, i = (int(k) for k in np.argwhere(bad)[0])
            raise ValueError(
                f"policy {m}, row {i}: an action is a whole number from 0 to {log.K - 1}; got "
                f"{array[m, i]}"
            )
        return array
    rows = []
    for m, policy in enumerate(policies):
        try:
            rows.append(recommended(log, policy))
        except ValueError as error:
            raise ValueError(f"policy {m}: {error}") from error
    return np.array(rows)
