"""One game, round by round: what was played, what it cost, and from which distribution."""

import copy
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.adapters import Draw, begin
from banditkit.core.checks import whole
from banditkit.core.description import Learner, Problem
from banditkit.simulation import generators

__all__ = ["Watched", "watch"]


class Watched(NamedTuple):
    """A game that was watched."""

    arms: np.ndarray  # (n,) int64, the arm of each round
    gaps: np.ndarray  # (n,) what each round added to regret
    answers: list[Any]  # n answers, as the learner was told them: numbers, or arrays of shape (K,)
    distributions: np.ndarray | None  # (n, K), if the learner tells them
    policy: Any  # the record that played, as it was in the end: what the learner had learned


def watch(
    problem: Problem, learner: Learner, *, horizon: int, seed: int = 0, replication: int = 0
) -> Watched:
    """Play one game as Python, and write down every round.

    It is the game that `simulate` plays in this replication with the same seed and horizon: the
    same arms and the same answers.  It takes some ten microseconds a round.

    Parameters
    ----------
    problem : Problem
        What is played; its actions are arms.
    learner : Learner
        Who plays.
    horizon : int
        Number of rounds T, 1 or more.
    seed : int, default 0
        As in `simulate`.
    replication : int, default 0
        Which of the replications, 0 or more.

    Returns
    -------
    Watched
        Arms, gaps, answers, for a learner that tells them distributions, and the policy as it was
        in the end: ``policy.actor.Q`` of `QLearning`, for instance.

    Raises
    ------
    ValueError
        If the learner can't play the problem, or a number makes no sense.

    Examples
    --------
    >>> import banditkit as bk
    >>> game = bk.watch(bk.AlternatingCosts(feedback="full"), bk.Hedge(), horizon=100)
    >>> game.distributions.shape
    (100, 2)
    >>> bool((game.distributions.sum(axis=1).round(9) == 1).all())
    True
    """
    horizon = whole("horizon", horizon, least=1)
    seed, replication = whole("seed", seed, least=0), whole("replication", replication, least=0)
    problem.check_horizon(horizon)
    learner.check(problem)
    env_rng, policy_rng = generators(seed, replication)
    env, policy = begin(problem, learner, horizon, env_rng)
    arms, gaps, answers, distributions = [], [], [], []
    for t in range(horizon):
        if env.done() or policy.done():
            break
        x = env.observe(t, env_rng)
        p = policy.distribution(t, x).copy() if hasattr(policy, "distribution") else None
        a = policy.select(t, x, policy_rng)
        if isinstance(a, Draw):
            p = a.p.copy()
        gaps.append(env.gap(t, x, a))
        y = env.respond(t, x, a, env_rng)
        answers.append(copy.deepcopy(y))  # an array may be used again for the next answer
        policy.update(t, x, a, y)
        arms.append(a.arm if isinstance(a, Draw) else a)
        distributions.append(p)
    told_any = bool(distributions) and distributions[0] is not None
    return Watched(
        np.array(arms, dtype=np.int64),
        np.array(gaps, dtype=float),
        answers,
        np.array(distributions) if told_any else None,
        policy,
    )
