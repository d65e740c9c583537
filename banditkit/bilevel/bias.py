"""Bias correction by reward design: rewards that mend what a policy gradient leaves out.

Most people's policy gradient drops the factor gamma**t of step t: its expected update is

    g = sum_s d(s) sum_a pi(a | s) grad log pi(a | s) G(s, a),

with ``d(s) = sum_t P(s_t = s)`` and G the return that is expected from there on.  That is the
gradient of nothing; the policy gradient theorem has ``d_gamma(s) = sum_t gamma**t P(s_t = s)`` in
place of d(s), and Q^pi in place of G.  But rewards and the discount factor of returns may be
designed.  With 0 for the latter the return of a step is its reward alone, so that with

    r(s, a) = d_gamma(s) / d(s) * Q^pi(s, a)

the very same update becomes ``sum_s d(s) sum_a pi grad log pi * d_gamma(s) / d(s) * Q^pi``, which
is the policy gradient.  Where episodes are another policy's, beta's, and no importance weights are
used, the expected update has ``d_D(s) beta(a | s)`` in place of ``d(s) pi(a | s)``, and

    r(s, a) = d_gamma(s) / d_D(s) * pi(a | s) / beta(a | s) * Q^pi(s, a)

mends that as well.  It needs what nobody knows who has to learn; what it shows is that rewards and
a discount factor can make up for a learner's faults, and so may be learned to do so.

Here policies are tables, and gradients are by their preferences theta, (S, A): pi(. | s) is the
softmax of theta[s], and ``d log pi(a | s) / d theta[s, b] = 1{a = b} - pi(b | s)``.
"""

from typing import Any

import numpy as np

from banditkit.core import planning
from banditkit.core.checks import number, table

__all__ = ["bias_corrected_reward", "dropped_gradient", "policy_gradient"]


def policy_gradient(mdp: Any, policy: Any, start: Any = None) -> np.ndarray:
    """Return the gradient of the value of a policy in the start, exactly, shape (S, A).

    It is by the preferences of the softmax: ``d_gamma(s) pi(a | s) (Q(s, a) - V(s))``.

    Parameters
    ----------
    mdp : MDP or Model
        Where the policy acts.
    policy : array of int, shape (S,), or of float, shape (S, A)
        An action for each state, or probabilities of the actions.
    start : int or array of float, shape (S,), optional
        A state, or probabilities of states; by default the start of the MDP.  A Model has none.

    Raises
    ------
    ValueError
        If it is not a policy, `start` not a state or missing, or with gamma 1 the policy never
        ends.

    References
    ----------
    Sutton, McAllester, Singh & Mansour (1999), "Policy gradient methods for reinforcement learning
    with function approximation".

    Examples
    --------
    >>> import numpy as np
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S.G", gamma=0.5)
    >>> bk.bilevel.policy_gradient(grid, np.full((3, 4), 0.25))[0].round(4)
    array([-0.0143,  0.0428, -0.0143, -0.0143])
    """
    visits = planning.occupancy(mdp, policy, start)
    Q = planning.action_values(mdp, planning.evaluate(mdp, policy))
    return _by_preferences(visits, Q, policy)


def dropped_gradient(
    mdp: Any,
    policy: Any,
    reward: Any = None,
    gamma: float | None = None,
    *,
    behaviour: Any = None,
    start: Any = None,
) -> np.ndarray:
    """Return the expected update that drops gamma**t and importance weights, exactly, (S, A).

    That is, summed over the steps of an episode, the expectation of ``grad log pi(a | s) G`` with
    the discounted return G from there on: the lower level of `BARFI`, without entropy, times its
    H, where episodes are played to their end.

    Parameters
    ----------
    mdp : MDP or Model
        Where episodes are played.
    policy : array of int, shape (S,), or of float, shape (S, A)
        The policy that is to be improved.
    reward : array of float, shape (S, A), optional
        What is paid in place of the reward of the MDP.
    gamma : float, optional
        By which returns are discounted, in [0, 1]; by default as the MDP is.
    behaviour : array, like `policy`, optional
        The policy that has played the episodes; by default the same one.
    start : int or array of float, shape (S,), optional
        A state, or probabilities of states; by default the start of the MDP.  A Model has none.

    Raises
    ------
    ValueError
        If it is not a policy, `start` not a state or missing, a shape does not fit, gamma leaves
        [0, 1], or an episode may never end.

    Examples
    --------
    >>> import numpy as np
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S.G", gamma=0.5)
    >>> bk.bilevel.dropped_gradient(grid, np.full((3, 4), 0.25))[0].round(4)
    array([-0.069 ,  0.2069, -0.069 , -0.069 ])
    """
    model = planning.model_of(mdp)
    gamma = model.gamma if gamma is None else number("gamma", gamma, low=0.0, high=1.0)
    behaviour = policy if behaviour is None else behaviour
    taken = _visits(mdp, behaviour, start)
    paid = model._replace(gamma=gamma)
    if reward is not None:
        rows = np.array(table("reward", reward, "state", "action"))
        if rows.shape != taken.shape:
            raise ValueError(f"reward must have shape {taken.shape}; got {rows.shape}")
        paid = paid._replace(expected=np.where(model.terminal[:, None], 0.0, rows).ravel())
    G = planning.action_values(paid, planning.evaluate(paid, behaviour))
    return _by_preferences(taken, G, policy)


def bias_corrected_reward(
    mdp: Any, policy: Any, *, behaviour: Any = None, start: Any = None
) -> np.ndarray:
    """Return the reward with which the update that drops gamma**t is the policy gradient, (S, A).

    It is ``d_gamma(s) / d(s) * Q(s, a)``, to be used with 0 for the discount factor of returns;
    where another policy has played, ``d_gamma(s) / d_D(s) * pi(a | s) / beta(a | s) * Q(s, a)``.

    Parameters
    ----------
    mdp : MDP or Model
        Where episodes are played; gamma is that of what counts.
    policy : array of int, shape (S,), or of float, shape (S, A)
        The policy that is to be improved: the reward is right for this one.
    behaviour : array, like `policy`, optional
        The policy that has played the episodes; by default the same one.
    start : int or array of float, shape (S,), optional
        A state, or probabilities of states; by default the start of the MDP.  A Model has none.

    Raises
    ------
    ValueError
        If it is not a policy, `start` not a state or missing, an episode may never end, or the
        other policy never takes an action that this one takes.

    Notes
    -----
    See the derivation at the top of `banditkit.bilevel.bias`.  Pairs that are never met are paid 0.

    References
    ----------
    Gupta, Chandak, Jordan, Thomas & da Silva (2023), "Behavior alignment via reward function
    optimization", arXiv 2310.19007, who say that rewards can correct biases of a learner; Thomas
    (2014), "Bias in natural actor-critic algorithms", and Nota & Thomas (2020), "Is the policy
    gradient a gradient?", on the factor that is dropped.

    Examples
    --------
    >>> import numpy as np
    >>> import banditkit as bk
    >>> grid, walk = bk.GridWorld("S.G", gamma=0.5), np.full((3, 4), 0.25)
    >>> reward = bk.bilevel.bias_corrected_reward(grid, walk)
    >>> update = bk.bilevel.dropped_gradient(grid, walk, reward, gamma=0.0)
    >>> bool(abs(update - bk.bilevel.policy_gradient(grid, walk)).max() < 1e-15)
    True
    """
    wanted = planning.occupancy(mdp, policy, start)
    taken = _visits(mdp, policy if behaviour is None else behaviour, start)
    missing = (wanted > 0.0) & (taken <= 0.0)
    if missing.any():
        s, a = (int(i) for i in np.argwhere(missing)[0])
        raise ValueError(
            f"behaviour never takes action {a} in state {s}, and policy does: no reward makes up "
            "for what is never seen"
        )
    Q = planning.action_values(mdp, planning.evaluate(mdp, policy))
    return np.divide(wanted, taken, out=np.zeros_like(Q), where=taken > 0.0) * Q


def _visits(mdp: Any, policy: Any, start: Any) -> np.ndarray:
    """Return how often each pair is met in an episode, not discounted, shape (S, A)."""
    model = planning.model_of(mdp)
    if start is None and mdp is not model:
        start = mdp.start_distribution
    return planning.occupancy(model._replace(gamma=1.0), policy, start)


def _by_preferences(visits: np.ndarray, G: np.ndarray, policy: Any) -> np.ndarray:
    """Return ``sum_a visits(s, a) (1{a = b} - pi(b | s)) G(s, a)`` for each s and b."""
    weight = visits * G
    pi = np.asarray(policy)
    pi = np.eye(G.shape[1])[pi] if pi.ndim == 1 else pi
    return weight - pi * weight.sum(axis=1, keepdims=True)
