"""Playing a log: a learner is told what it would have been told, where the log did the same."""

import warnings
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.adapters import adapt, told
from banditkit.core.checks import whole
from banditkit.core.description import Learner, Problem
from banditkit.core.spec import Arms, Features
from banditkit.off_policy.log import LoggedData

__all__ = ["NotUniform", "Replayed", "replay"]


class NotUniform(UserWarning):
    """The log did not choose its actions uniformly at random, so a replay is biased.

    Examples
    --------
    >>> import warnings
    >>> import banditkit as bk
    >>> log = bk.LoggedData([0, 1, 1], [1, 0, 1], propensities=[0.2, 0.8, 0.8], K=2)
    >>> with warnings.catch_warnings(record=True, action="always") as caught:
    ...     replayed = bk.off_policy.replay(log, bk.UCB1())
    >>> caught[0].category.__name__
    'NotUniform'
    """


class Replayed(NamedTuple):
    """How a learner fared in the rows where it did what the log did.

    Examples
    --------
    >>> import banditkit as bk
    >>> log = bk.LoggedData([1, 0, 0, 1], [0.4, 0.2, 0.3, 0.9], propensities=[0.5] * 4, K=2)
    >>> replayed = bk.off_policy.replay(log, bk.UCB1())
    >>> replayed.rows.tolist(), replayed.matched, round(replayed.value, 3)
    ([1, 3], 2, 0.55)
    """

    value: float  # average reward; nan if there was no such row
    rows: np.ndarray  # (matched,) int64, the rows that count
    rewards: np.ndarray  # (matched,) what they earned

    @property
    def matched(self) -> int:
        """Number of rows that count: the rounds that the learner played."""
        return self.rows.size


class LogRows(NamedTuple):
    """Environment of `replay`: the log, at one of its rows."""

    rewards: np.ndarray  # (N,)
    contexts: np.ndarray | None  # (N, d)
    row: np.ndarray  # (1,) int64

    def observe(self, t, rng):
        """Return the context of the row, shape (1, d), if the log has contexts."""
        return None if self.contexts is None else self.contexts[self.row[0] : self.row[0] + 1]

    def gap(self, t, x, a):
        """Return nan: nobody knows what the best action would have earned."""
        return np.nan

    def respond(self, t, x, a, rng):
        """Return the reward of the row."""
        return self.rewards[self.row[0]]


@dataclass(frozen=True, repr=False)
class LogProblem(Problem):
    """What a learner is told about a log: how many actions there are, and the range of rewards."""

    log: LoggedData

    @property
    def spec(self) -> Arms | Features:
        """As many arms as actions; rewards in [0, 1] if those of the log are."""
        low, high = float(self.log.rewards.min()), float(self.log.rewards.max())
        lowest, highest = (0.0, 1.0) if low >= 0.0 and high <= 1.0 else (low, high)
        if self.log.contexts is None:
            return Arms(self.log.K, lowest, highest)
        return Features(self.log.K, self.log.contexts.shape[1], True, lowest, highest)

    def start(self, horizon: int, rng: np.random.Generator) -> LogRows:
        """Return the rows, at the first."""
        return LogRows(self.log.rewards, self.log.contexts, np.zeros(1, dtype=np.int64))


def replay(
    log: LoggedData, learner: Learner, *, horizon: int | None = None, seed: int = 0
) -> Replayed:
    """Let a learner play the log, and count the rows where it does what the log did.

    The learner chooses in each row.  If the log took the same action, the learner is told the
    reward, and a round is over; if not, the row is passed over, and the learner is not told that
    it was there.

    Parameters
    ----------
    log : LoggedData
        A log whose actions were chosen uniformly at random.
    learner : Learner
        Who plays: a learner of arms with bandit feedback; or one that learns from features, if the
        log has contexts, which are then shown, shape (1, d).
    horizon : int, optional
        Number of rounds, 1 or more, which the learner is told; by default N // K, as many as rows
        are expected to match.  With fewer matches the game is as long as they last.
    seed : int, default 0
        That of the learner's own draws.

    Returns
    -------
    Replayed
        The average reward, the rows that count and their rewards.

    Raises
    ------
    ValueError
        If the learner can't play arms with such rewards, or chooses an arm that does not exist.

    Warns
    -----
    NotUniform
        If the propensities are not 1/K throughout.

    Notes
    -----
    If rows are independent and identically distributed, and actions uniform, the rows that count
    are distributed as the game itself: the average is an unbiased estimate of what the learner
    earns in so many rounds, though one in K rows is all that is used of the log.  It takes some ten
    microseconds a row.

    References
    ----------
    Li, Chu, Langford & Wang (2011), "Unbiased offline evaluation of contextual-bandit-based news
    article recommendation algorithms", Algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> import banditkit as bk
    >>> rng = np.random.default_rng(0)
    >>> actions = rng.integers(0, 2, 1000)
    >>> rewards = rng.random(1000) < np.array([0.2, 0.8])[actions]
    >>> log = bk.LoggedData(actions, rewards, np.full(1000, 0.5), K=2)
    >>> replayed = bk.off_policy.replay(log, bk.UCB1(exploration=0.5))
    >>> replayed.matched, round(replayed.value, 3)
    (500, 0.806)
    """
    seed = whole("seed", seed, least=0)
    horizon = max(1, log.N // log.K) if horizon is None else whole("horizon", horizon, least=1)
    if not isinstance(learner, Learner):
        raise ValueError(f"a learner must be a Learner, as in UCB1(); got {learner!r}")
    problem = LogProblem(log)
    learner.check(problem)
    _warn_unless_uniform(log)
    env_rng, policy_rng = (np.random.default_rng([seed, who]) for who in (0, 1))
    env = problem.start(horizon, env_rng)
    rows = env.row
    policy: Any = learner.start(told(problem, learner), horizon)
    env, policy = adapt(problem, learner, env, policy)
    matched: list[int] = []
    for rows[0] in range(log.N):
        t = len(matched)
        if t == horizon or policy.done():
            break
        x = env.observe(t, env_rng)
        a = policy.select(t, x, policy_rng)
        fault = problem.spec.fault(a)
        if fault:
            raise ValueError(f"{learner!r}: in round {t + 1}, select returned {fault}")
        if a == log.actions[rows[0]]:
            policy.update(t, x, a, env.respond(t, x, a, env_rng))
            matched.append(int(rows[0]))
    rewards = log.rewards[matched]
    value = float(rewards.mean()) if matched else np.nan
    return Replayed(value, np.array(matched, dtype=np.int64), rewards)


def _warn_unless_uniform(log: LoggedData) -> None:
    low, high = log.propensities.min(), log.propensities.max()
    if max(abs(low * log.K - 1.0), abs(high * log.K - 1.0)) > 1e-6:
        warnings.warn(
            f"a replay is valid for logs of uniformly random actions, with propensities of "
            f"1/{log.K}; these lie between {low:.4g} and {high:.4g} - judge a fixed policy by "
            "doubly_robust instead",
            NotUniform,
            stacklevel=3,
        )
