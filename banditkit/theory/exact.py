"""Exact answers for small games: expected regret by enumeration, and costs that fool a learner."""

import copy
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from banditkit.core.adapters import Draw, ShownChoicePolicy, ShownPolicy, begin
from banditkit.core.checks import whole
from banditkit.core.description import Learner, Problem
from banditkit.core.no_dice import DrawsAtRandom, NoDice
from banditkit.problems import AdaptiveAdversary

__all__ = ["expected_regret", "fooling_costs"]

_MOST_BITS = 16  # at most 2**16 games


def expected_regret(problem: Problem, learner: Learner, *, horizon: int) -> np.ndarray:
    """Return the exact expected regret after each round, by playing every possible game.

    A game is a sequence of arms; its probability is the product of those that the learner gives.
    Nothing else may be random: a table, or a tape without dice.  There are up to K**T games, so
    this is for tiny ones, to check simulations with, and proofs.

    Parameters
    ----------
    problem : Problem
        A problem whose environment draws nothing, such as `LossTable`.
    learner : Learner
        A learner that tells its distribution, or draws nothing.
    horizon : int
        T, with at most 2**16 games.

    Returns
    -------
    array of float, shape (T,)
        Expected regret after 1, ..., T rounds.

    Raises
    ------
    ValueError
        If something is random whose distribution is not known, or there are too many games.

    Examples
    --------
    Exp3 on two arms that cost 1 in turn:

    >>> import banditkit as bk
    >>> table = bk.LossTable([[1, 0], [0, 1]] * 3)
    >>> bk.expected_regret(table, bk.Exp3(), horizon=6).round(4)
    array([0.5   , 0.0371, 0.537 , 0.0737, 0.5737, 0.1099])
    """
    horizon = whole("horizon", horizon, least=1)
    problem.check_horizon(horizon)
    learner.check(problem)
    K = problem.spec.K
    try:
        env, policy = begin(problem, learner, horizon, NoDice())
        regret = np.zeros(horizon)
        games = [(1.0, env, policy)]
        if hasattr(_inner(policy), "distribution") and horizon * math.log2(K) > _MOST_BITS:
            raise ValueError(
                f"{K} arms and {horizon} rounds make too many games; expected_regret is for at "
                f"most {2**_MOST_BITS} of them"
            )
        for t in range(horizon):
            following = []
            for probability, env, policy in games:
                x = env.observe(t, NoDice())
                for p, action in _actions(policy, t, x):
                    game = copy.deepcopy((env, policy))  # keeps what the records share
                    regret[t] += probability * p * game[0].gap(t, x, action)
                    y = game[0].respond(t, x, action, NoDice())
                    game[1].update(t, x, action, y)
                    following.append((probability * p, *game))
            games = following
    except DrawsAtRandom:
        raise ValueError(
            f"{learner!r} on {problem!r}: something is drawn from a distribution that is not "
            "known; expected_regret is for tapes without dice, and learners that tell their "
            "distribution"
        ) from None
    return np.cumsum(regret)


def _actions(policy: Any, t: int, x: Any) -> Iterator[tuple[float, Any]]:
    """Yield the actions that are possible in round t, with their probabilities."""
    inner = _inner(policy)
    shown = inner is not policy
    if hasattr(inner, "distribution"):
        p = inner.distribution(t, x)
        for arm in np.flatnonzero(p > 0.0):
            yield p[arm], Draw(int(arm), p) if shown else int(arm)
    else:
        yield 1.0, policy.select(t, x, NoDice())


def _inner(policy: Any) -> Any:
    """Return the policy that draws: one that is shown stands inside of what shows it."""
    return policy.policy if isinstance(policy, ShownPolicy | ShownChoicePolicy) else policy


def fooling_costs(
    learner: Learner, *, K: int, horizon: int, feedback: str = "bandit"
) -> np.ndarray:
    """Return the costs of Theorem 5.11, which a deterministic learner pays in full.

    Its arm costs 1 in every round, all others 0: it pays T, while the best arm costs at most
    ``T / K``.  The costs are those of `AdaptiveAdversary`, written down beforehand: since nothing
    is drawn, the learner walks into them.

    Parameters
    ----------
    learner : Learner
        A learner that draws nothing, such as UCB1 or FollowTheLeader.
    K : int
        Number of arms, 1 or more.
    horizon : int
        T, the number of rounds.
    feedback : {"bandit", "full"}, default "bandit"
        What the learner is told.

    Returns
    -------
    array of float, shape (T, K)
        The costs: a table for `LossTable`.

    Raises
    ------
    ValueError
        If the learner draws at random.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, Theorem 5.11 and Exercise 5.3.

    Examples
    --------
    >>> import banditkit as bk
    >>> costs = bk.fooling_costs(bk.UCB1(), K=3, horizon=300)
    >>> result = bk.simulate(bk.LossTable(costs), [bk.UCB1()], horizon=300, seed=0)
    >>> bool(result.mean()[0, -1] >= 200), float(costs.sum())
    (True, 300.0)
    """
    horizon = whole("horizon", horizon, least=1)
    problem = AdaptiveAdversary(K, feedback=feedback)  # type: ignore[arg-type]
    learner.check(problem)
    costs = np.zeros((horizon, problem.K))
    try:
        env, policy = begin(problem, learner, horizon, NoDice())
        for t in range(horizon):
            action = policy.select(t, None, NoDice())
            env.gap(t, None, action)
            policy.update(t, None, action, env.respond(t, None, action, NoDice()))
            costs[t, action.arm] = 1.0
    except DrawsAtRandom:
        raise ValueError(
            f"{learner!r} draws at random: no costs, fixed beforehand, can fool it (Theorem 5.14)"
        ) from None
    return costs
