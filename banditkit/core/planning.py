"""Exact planning in finite MDPs: values, policies, occupancies.

Every function takes an MDP (or its `Model`) and knows nothing of learning.  States and actions are
numbered from 0; the value of a terminal state is 0.  V is an array of shape (S,), Q of shape (S,
A); a policy is an array of actions, int of shape (S,), or of probabilities, shape (S, A).
"""

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.checks import number, whole
from banditkit.core.jit import jit, jit_inline

__all__ = [
    "Model",
    "Solution",
    "action_values",
    "evaluate",
    "finite_horizon",
    "linear_programme",
    "modified_policy_iteration",
    "occupancy",
    "policy_iteration",
    "value_iteration",
]

_MOST = np.iinfo(np.int32).max  # where lists of a model are numbered by half as long integers
_TIE = 1e-10  # actions nearer than this, beside the largest, are equally good


class Model(NamedTuple):
    """A finite MDP as lists: what may follow each pair of a state and an action.

    Pair (s, a) has the number ``s * A + a``; what may follow it stands from ``first[pair]`` up to
    ``first[pair + 1]``.  A terminal state has no followers.
    """

    first: np.ndarray  # (S A + 1,) int32
    following: np.ndarray  # (n,) int32, the next state
    chance: np.ndarray  # (n,) its probability
    rewards: np.ndarray  # (n,) the reward on the way there
    expected: np.ndarray  # (S A,) expected reward of a pair
    terminal: np.ndarray  # (S,) bool
    A: int
    gamma: float


def new_model(
    first: Any, following: Any, chance: Any, rewards: Any, terminal: Any, gamma: float
) -> Model:
    """Return the model with these lists, as arrays of the right kinds."""
    if len(following) > _MOST:
        raise ValueError(f"a model has room for {_MOST:,} next states; got {len(following):,}")
    first, following = np.asarray(first, dtype=np.int32), np.asarray(following, dtype=np.int32)
    chance, rewards = np.asarray(chance, dtype=float), np.asarray(rewards, dtype=float)
    ends = np.asarray(terminal, dtype=np.bool_)
    A = (first.size - 1) // ends.size
    model = Model(first, following, chance, rewards, np.zeros(first.size - 1), ends, A, gamma)
    expect(model)
    return model


@jit_inline
def followers(model, pair):
    """Return where what may follow a pair stands in the lists.

    The numbers are unsigned: of others, compiled code would ask each time whether they count from
    the end, as in ``V[-1]``, and that would take half of the time.
    """
    pair = np.uint64(pair)
    return range(np.uint64(model.first[pair]), np.uint64(model.first[pair + np.uint64(1)]))


@jit
def expect(model):
    """Write the expected reward of each pair into the model."""
    for pair in range(model.expected.size):
        for i in followers(model, pair):
            model.expected[pair] += model.chance[i] * model.rewards[i]


class Solution(NamedTuple):
    """What planning finds."""

    V: np.ndarray  # (S,) value of each state
    Q: np.ndarray  # (S, A) value of each action, to go on optimally afterwards
    policy: np.ndarray  # (S,) int64, the best action; of equal ones the first
    iterations: int


@jit_inline
def backup(model, V, pair):
    """Return the value of a pair: ``r + gamma sum_s' P(s') V(s')``."""
    value = 0.0
    for i in followers(model, pair):
        value += model.chance[i] * V[np.uint64(model.following[i])]
    return model.expected[np.uint64(pair)] + model.gamma * value


@jit_inline
def improve(model, V, W, policy, backwards):
    """Write the improved value of every state into W; return the lowest and highest change.

    If W is V itself, what was found for a state already helps the next one, and sweeps to and fro
    carry a value across the whole state space, where copies take it a step at a time.
    """
    S = V.size
    lowest, highest = math.inf, -math.inf
    for k in range(S):
        s = S - 1 - k if backwards else k
        if not model.terminal[s]:
            best, choice = -math.inf, 0
            for a in range(model.A):
                value = backup(model, V, s * model.A + a)
                if value > best:
                    best, choice = value, a
            change = best - V[s]
            lowest, highest = min(lowest, change), max(highest, change)
            W[s], policy[s] = best, choice
    return lowest, highest


@jit_inline
def follow(model, V, W, policy, backwards):
    """Write the value of every state after one step of a policy into W, which may be V itself."""
    S = V.size
    for k in range(S):
        s = S - 1 - k if backwards else k
        if not model.terminal[s]:
            W[s] = backup(model, V, s * model.A + policy[s])


@jit_inline
def rounding(V):
    """Return a change that may be rounding alone: some units in the last place of V."""
    largest = 0.0
    for s in range(V.size):
        largest = max(largest, abs(V[s]))
    return 2.0**-50 * largest


@jit
def iterate(model, tolerance, sweeps, evaluations):
    """Improve all values, and after each time follow the policy found for some sweeps.

    Until they are sure to be within `tolerance`; return them and how often they were improved, or
    -1 if `sweeps` were not enough.

    If a sweep from V to W changes no value by more than d, later ones change none by more than
    ``gamma d, gamma**2 d, ...``: W is within ``d gamma / (1 - gamma)`` of V*.  Where nothing ends,
    and W is a copy, more can be said.  To add c to all of V adds just gamma c to W; so if changes
    lie between a and b, V* lies between ``W + a gamma / (1 - gamma)`` and ``W + b gamma /
    (1 - gamma)`` (MacQueen 1966), and where states mix, these meet long before W gets there.  In
    place it is not so, but there values travel faster.

    So sweeps in place and copies take turns where nothing ends, each turn twice as long as the last
    one, and a turn of copies ends with a step into the middle of the bounds.  At worst that step
    makes the error ``2 / (1 - gamma)`` times as large; each sweep makes it at most gamma times as
    large; and in the end turns are so long that the sweeps win.
    """
    S = model.terminal.size
    V, spare = np.zeros(S), np.zeros(S)
    policy = np.zeros(S, dtype=np.int64)
    reach = model.gamma / (1.0 - model.gamma) if model.gamma < 1.0 else 1.0
    endless = model.gamma < 1.0 and not model.terminal.any()
    in_place, turn, middle = True, 8, 0.0
    for n in range(sweeps):
        if endless and n == turn:
            V += middle
            in_place, turn, middle = not in_place, 2 * turn, 0.0
        W = V if in_place else spare
        lowest, highest = improve(model, V, W, policy, n % 2 == 1)
        if in_place:
            error = reach * max(0.0, -lowest, highest)
        else:
            V, spare = W, V
            error, middle = reach * (highest - lowest) / 2, reach * (highest + lowest) / 2
        if error <= tolerance or (n % 64 == 63 and error <= reach * rounding(V)):
            V += middle
            return V, n + 1
        for k in range(evaluations):
            W = V if in_place else spare
            follow(model, V, W, policy, (n + k) % 2 == 0)
            if not in_place:
                V, spare = W, V
                middle *= model.gamma  # what is missing shrinks as well
    return V, -1


@jit
def look_ahead(model, V, Q):
    """Write the value of every pair into Q."""
    for s in range(V.size):
        for a in range(model.A):
            Q[s, a] = backup(model, V, s * model.A + a)


@jit
def choose(Q, V, policy):
    """Write the best value of each state, and the first action that has it but for rounding."""
    S, A = Q.shape
    for s in range(S):
        best, largest, choice = -math.inf, 0.0, 0
        for a in range(A):
            best, largest = max(best, Q[s, a]), max(largest, abs(Q[s, a]))
        while Q[s, choice] < best - _TIE * largest:
            choice += 1
        V[s], policy[s] = best, choice


def value_iteration(mdp: Any, *, tolerance: float = 1e-9, sweeps: int = 1_000_000) -> Solution:
    """Return the optimal values, by improving every state until nothing changes any more.

    States are improved in place (Gauss and Seidel), in one order and then in the other; where
    nothing ends, bounds of MacQueen may say so long before the last value stands still.

    Parameters
    ----------
    mdp : MDP or Model
        What to solve.
    tolerance : float, default 1e-9
        How far the values may be from the optimal ones, above 0.  With gamma below 1 this is
        guaranteed, but for rounding: that is about 1e-15 of the largest value, over 1 - gamma.
        With gamma 1 it is the largest change of the last sweep.
    sweeps : int, default 1,000,000
        How many sweeps to make at most.

    Raises
    ------
    ValueError
        If a number makes no sense, or `sweeps` were not enough.

    References
    ----------
    MacQueen (1966), "A modified dynamic programming method for Markovian decision problems";
    Puterman (1994), *Markov Decision Processes*, section 6.6.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.planning.value_iteration(bk.GridWorld("S..G")).V.round(6)
    array([0.9801, 0.99  , 1.    , 0.    ])
    """
    return _iterate(mdp, tolerance, whole("sweeps", sweeps, least=1), evaluations=0)


def policy_iteration(mdp: Any) -> Solution:
    """Return the optimal values, exactly, by evaluating a policy and improving it until it is best.

    Each policy is evaluated by solving its linear equations (Howard's algorithm).  With gamma 1 it
    begins with a policy that surely ends, and finds the best one of those.

    Parameters
    ----------
    mdp : MDP or Model
        What to solve.

    Raises
    ------
    ValueError
        If gamma is 1 and it pays to go on for ever.

    Examples
    --------
    >>> import banditkit as bk
    >>> solution = bk.planning.policy_iteration(bk.GridWorld("S..G"))
    >>> solution.V.round(6), solution.iterations
    (array([0.9801, 0.99  , 1.    , 0.    ]), 1)
    """
    model = model_of(mdp)
    S = model.terminal.size
    policy = np.zeros(S, dtype=np.int64)
    _towards_the_end(model, policy, np.ones((S, model.A), dtype=np.bool_))
    before = np.full(S, -np.inf)
    for iteration in itertools.count(1):
        pi = _one_hot(policy, model.A)
        endless = _endless_state(model, pi)
        if endless >= 0:
            raise ValueError(
                f"with gamma 1 it pays to go on for ever from state {endless}; take gamma below 1"
            )
        V = _exact_values(model, pi)
        Q = action_values(model, V)
        margin = 1e-12 * np.abs(Q).max(axis=1)  # not by rounding alone
        better = Q.max(axis=1) > Q[np.arange(S), policy] + margin
        if not better.any() or not (before < V).any():
            return _solution(model, V, iteration)
        policy, before = np.where(better, Q.argmax(axis=1), policy), V
    raise AssertionError  # there are only so many policies, and each is better than the last


def modified_policy_iteration(
    mdp: Any, *, evaluations: int = 5, tolerance: float = 1e-9
) -> Solution:
    """Return the optimal values: improve the policy, evaluate it a little, and so on.

    Parameters
    ----------
    mdp : MDP or Model
        What to solve.
    evaluations : int, default 5
        Sweeps that evaluate each policy, 0 or more; with 0 it is value iteration.
    tolerance : float, default 1e-9
        As in `value_iteration`.

    Raises
    ------
    ValueError
        If a number makes no sense, or a million sweeps were not enough.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.planning.modified_policy_iteration(bk.GridWorld("S..G")).V.round(6)
    array([0.9801, 0.99  , 1.    , 0.    ])
    """
    evaluations = whole("evaluations", evaluations, least=0)
    return _iterate(mdp, tolerance, 1_000_000, evaluations)


def _iterate(mdp: Any, tolerance: float, sweeps: int, evaluations: int) -> Solution:
    model = model_of(mdp)
    tolerance = number("tolerance", tolerance, low=1e-300)
    V, iterations = iterate(model, tolerance, sweeps, evaluations)
    if iterations < 0:
        raise ValueError(
            f"{sweeps:,} sweeps did not reach a tolerance of {tolerance:g}; allow more, or, with "
            "gamma 1, see whether it pays to go on for ever"
        )
    return _solution(model, V, iterations)


def linear_programme(mdp: Any) -> Solution:
    """Return the optimal values as the smallest V that no action can improve: a linear programme.

    ``min sum(V)`` such that ``V(s) >= r(s, a) + gamma sum_s' P(s') V(s')`` for every pair; solved
    by HiGHS, through SciPy.

    Parameters
    ----------
    mdp : MDP or Model
        What to solve.

    Raises
    ------
    ValueError
        If the programme has no solution: with gamma 1, if it pays to go on for ever.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.planning.linear_programme(bk.GridWorld("S..G")).V.round(6)
    array([0.9801, 0.99  , 1.    , 0.    ])
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, eye_array, kron

    model = model_of(mdp)
    S, A = model.terminal.size, model.A
    P, r = transitions(model), model.expected
    stay = csr_array(kron(eye_array(S), np.ones((A, 1))))
    alive = np.repeat(~model.terminal, A)
    found = linprog(
        np.ones(S),
        A_ub=(model.gamma * P - stay)[alive],
        b_ub=-r[alive],
        bounds=[(0.0, 0.0) if end else (None, None) for end in model.terminal],
    )
    if found.status != 0:
        raise ValueError(f"the linear programme has no solution: {found.message}")
    return _solution(model, np.asarray(found.x), int(found.nit))


def evaluate(mdp: Any, policy: Any) -> np.ndarray:
    """Return the value of a policy in each state, exactly, shape (S,).

    Parameters
    ----------
    mdp : MDP or Model
        Where it acts.
    policy : array of int, shape (S,), or of float, shape (S, A)
        An action for each state, or probabilities of the actions.

    Raises
    ------
    ValueError
        If it is not a policy, or with gamma 1 never ends.

    Examples
    --------
    Walking to either side with equal probability:

    >>> import numpy as np
    >>> import banditkit as bk
    >>> walk = bk.Chain(5, gamma=1.0)
    >>> bk.planning.evaluate(walk, np.full((7, 2), 0.5)).round(4)
    array([0.    , 0.1667, 0.3333, 0.5   , 0.6667, 0.8333, 0.    ])
    """
    model = model_of(mdp)
    pi = _probabilities(model, policy)
    _check_that_it_ends(model, pi)
    return _exact_values(model, pi)


def occupancy(mdp: Any, policy: Any, start: Any = None) -> np.ndarray:
    """Return how often each pair is visited: ``sum_t gamma**t P(s_t = s, a_t = a)``, shape (S, A).

    Its sum is ``1 / (1 - gamma)`` if nothing ends, and ``sum(occupancy * rewards)`` is the value of
    the policy in the start.

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

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S.G", gamma=0.5)
    >>> bk.planning.occupancy(grid, [1, 1, 1]).sum(axis=1)
    array([1. , 0.5, 0. ])
    """
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import splu

    model = model_of(mdp)
    S, A = model.terminal.size, model.A
    if start is None and mdp is model:
        raise ValueError("a Model does not say where it starts; give start")
    start = mdp.start_distribution if start is None else start_distribution(start, S)
    pi = _probabilities(model, policy)
    _check_that_it_ends(model, pi)
    moves = _moves(model, pi)
    visits = splu((eye_array(S) - model.gamma * moves.T).tocsc()).solve(start)
    return np.where(model.terminal[:, None], 0.0, visits[:, None] * pi.reshape(S, A))


def finite_horizon(mdp: Any, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Return values and best actions when h rounds are left, by dynamic programming.

    Parameters
    ----------
    mdp : MDP or Model
        What to solve; gamma may be 1 without any terminal state.
    horizon : int
        H, 0 or more.

    Returns
    -------
    V : array of float, shape (H + 1, S)
        ``V[h]`` with h rounds left.
    policy : array of int, shape (H, S)
        ``policy[h - 1]`` with h rounds left.

    Raises
    ------
    ValueError
        If `horizon` is not a whole number, 0 or more.

    Examples
    --------
    >>> import banditkit as bk
    >>> V, policy = bk.planning.finite_horizon(bk.GridWorld("S..G", gamma=1.0), 3)
    >>> V[:, 0]
    array([0., 0., 0., 1.])
    """
    model = model_of(mdp)
    horizon = whole("horizon", horizon, least=0)
    V = np.zeros((horizon + 1, model.terminal.size))
    policy = np.zeros((horizon, model.terminal.size), dtype=np.int64)
    for h in range(1, horizon + 1):
        Q = action_values(model, V[h - 1])
        policy[h - 1] = Q.argmax(axis=1)
        V[h] = Q.max(axis=1)
    return V, policy


def action_values(mdp: Any, V: Any) -> np.ndarray:
    """Return the value of each action if V are the values of the next states, shape (S, A).

    Parameters
    ----------
    mdp : MDP or Model
        Where to act.
    V : array of float, shape (S,)
        Values of the states; those of terminal states count as 0.

    Raises
    ------
    ValueError
        If V has another shape.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.planning.action_values(bk.GridWorld("SG"), [0, 0]).max(axis=1)
    array([1., 0.])
    """
    model = model_of(mdp)
    try:
        values = np.array(V, dtype=float)
    except (TypeError, ValueError):
        raise ValueError("V must be numbers, one for each state") from None
    if values.shape != model.terminal.shape:
        raise ValueError(
            f"V must have a value for each of {model.terminal.size} states; got {values.shape}"
        )
    values[model.terminal] = 0.0
    Q = np.zeros((values.size, model.A))
    look_ahead(model, values, Q)
    return Q


def model_of(mdp: Any) -> Model:
    """Return the model of an MDP, or the model itself."""
    model = getattr(mdp, "model", mdp)
    if not isinstance(model, Model):
        raise ValueError(f"planning needs an MDP; got {mdp!r}")
    return model


def start_distribution(start: Any, S: int, name: str = "start") -> np.ndarray:
    """Return the probabilities of the states to start in, from a state or from probabilities."""
    if np.ndim(start) == 0:
        state = whole(name, start, least=0)
        if state >= S:
            raise ValueError(f"{name} must be a state from 0 to {S - 1}; got {state}")
        return np.eye(1, S, state)[0]
    try:
        p = np.asarray(start, dtype=float)
    except (TypeError, ValueError):
        p = np.zeros(0)
    if p.shape != (S,) or not (p >= 0).all() or abs(p.sum() - 1.0) > 1e-9:
        raise ValueError(
            f"{name} must be a state, or probabilities of the {S} states that sum to 1"
        )
    return p


def _solution(model: Model, V: np.ndarray, iterations: int) -> Solution:
    Q = action_values(model, V)
    best, policy = np.empty(V.size), np.empty(V.size, dtype=np.int64)
    choose(Q, best, policy)
    if model.gamma == 1.0:  # of the best actions one that leads to the end, or nothing would end
        near = _TIE * np.abs(Q).max(axis=1, keepdims=True)
        _towards_the_end(model, policy, best[:, None] - near <= Q)
    return Solution(best, Q, policy, iterations)


def transitions(model: Model) -> Any:
    """Return P as a sparse matrix, (S A, S), on the arrays of the model."""
    from scipy.sparse import csr_array

    shape = model.first.size - 1, model.terminal.size
    return csr_array((model.chance, model.following, model.first), shape=shape)


def _moves(model: Model, pi: np.ndarray) -> Any:
    """Return the transitions under a policy, a sparse matrix (S, S)."""
    from scipy.sparse import csr_array

    S, A = model.terminal.size, model.A
    columns = np.arange(S * A)
    choose = csr_array((pi.ravel(), columns, np.arange(0, S * A + 1, A)), shape=(S, S * A))
    return choose @ transitions(model)


def _exact_values(model: Model, pi: np.ndarray) -> np.ndarray:
    """Return the values of a policy that surely ends, if gamma is 1, from linear equations."""
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import spsolve

    S, A = model.terminal.size, model.A
    r = (pi * model.expected.reshape(S, A)).sum(axis=1)
    equations = (eye_array(S) - model.gamma * _moves(model, pi)).tocsc()
    return np.where(model.terminal, 0.0, np.atleast_1d(spsolve(equations, r)))


def _check_that_it_ends(model: Model, pi: np.ndarray) -> None:
    endless = _endless_state(model, pi)
    if endless >= 0:
        raise ValueError(
            f"with gamma 1 the policy never ends from state {endless}, and its value there is no "
            "number"
        )


def _endless_state(model: Model, pi: np.ndarray) -> int:
    """Return a state from which a policy never ends, if gamma is 1; -1 if there is none."""
    distance = np.where(model.terminal, 0, -1)
    if model.gamma < 1.0:
        return -1
    walk_back(model, np.zeros(distance.size, dtype=np.int64), distance, pi > 0.0)
    return int(np.argmax(distance < 0)) if (distance < 0).any() else -1


def _probabilities(model: Model, policy: Any) -> np.ndarray:
    """Return a checked policy as probabilities, (S, A)."""
    S, A = model.terminal.size, model.A
    array = np.asarray(policy)
    if array.shape == (S,) and array.dtype.kind in "iu":
        if not ((array >= 0) & (array < A)).all():
            s = int(np.argmax((array < 0) | (array >= A)))
            raise ValueError(f"an action is a number from 0 to {A - 1}; state {s} has {array[s]}")
        return _one_hot(array, A)
    if array.shape == (S, A) and array.dtype.kind in "iuf":
        bad = (array < 0).any(axis=1) | ~(np.abs(array.sum(axis=1) - 1.0) <= 1e-9)
        if bad.any():
            s = int(np.argmax(bad))
            raise ValueError(
                f"probabilities of the actions must be 0 or more and sum to 1; state {s} has "
                f"{array[s].tolist()}"
            )
        return array.astype(float)
    raise ValueError(
        f"a policy has an action for each state, int of shape ({S},), or probabilities of shape "
        f"({S}, {A}); got shape {array.shape} of {array.dtype}"
    )


def _one_hot(policy: np.ndarray, A: int) -> np.ndarray:
    return np.eye(A)[policy]


def _towards_the_end(model: Model, policy: np.ndarray, allowed: np.ndarray) -> None:
    """Let a policy come nearer to a terminal state wherever allowed actions have a way there."""
    walk_back(model, policy, np.where(model.terminal, 0, -1), allowed)


@jit
def walk_back(model, policy, distance, allowed):
    """Write for each state an allowed action that may lead nearer to the end, and how far it is."""
    S = distance.size
    changed, backwards = True, False
    while changed:  # to and fro, as values are improved
        changed = False
        for k in range(S):
            s = S - 1 - k if backwards else k
            if distance[s] < 0:
                for a in range(model.A):
                    for i in followers(model, s * model.A + a):
                        if allowed[s, a] and distance[s] < 0 <= distance[model.following[i]]:
                            policy[s] = a
                            distance[s] = distance[model.following[i]] + 1
                            changed = True
        backwards = not backwards
