"""Arithmetic of the inner problem of bi-level shaping, for a policy that is softmax-linear.

A softmax policy with linear preferences climbs, on trajectories that stay as they are,

    J(theta) = mean over trajectories of 1/H sum_t log pi(a_t | s_t) G_t  +  entropy * Ent,

where ``G_t = sum over j >= t of gamma**(j - t) r(s_j, a_j)`` is the return of the shaped reward

    r(s, a) = w_1(s) + w_2(s) r_p + w_3(s) r_aux,    w_i(s) = base_i + phi_i . x(s).

Everything that depends on phi and gamma is known in closed form: the gradient Delta = dJ/dtheta,
products with the Hessian H = dDelta/dtheta, and the contractions with A = dDelta/dphi and
B = dDelta/dgamma.  The trajectories may come from any policy: there are no importance weights, and
the factor gamma**t of the states is dropped, as in the method's code.
"""

import math
from typing import NamedTuple

import numpy as np

from banditkit.core.draws import chance_of
from banditkit.core.jit import jit_helper, jit_inline

__all__ = [
    "Batch",
    "Policies",
    "RewardModel",
    "blank_batch",
    "blank_policies",
    "contract",
    "cross_matrix",
    "gamma_of",
    "gradient",
    "hessian_vector",
    "objective",
    "write_policies",
    "write_returns",
]


class Batch(NamedTuple):
    """Trajectories, one after the other, with the features of their states."""

    at: np.ndarray  # (n, k) int64, features that are active in each step
    weight: np.ndarray  # (n, k) what they are worth
    action: np.ndarray  # (n,) int64
    primary: np.ndarray  # (n,) r_p, the reward that counts
    auxiliary: np.ndarray  # (n,) r_aux, the designer's
    first: np.ndarray  # (m + 1,) int64, where each trajectory begins; the last: how many steps
    longest: float  # H, by which the sum over a trajectory is divided
    d: int  # how many features there are, active ones or not


class RewardModel(NamedTuple):
    """The reward that is learned, and how it discounts."""

    phi: np.ndarray  # (3, d) of the bonus, of the primary, and of the auxiliary reward
    base: np.ndarray  # (3,) what they begin with, and keep if they are not learned
    learned: np.ndarray  # (3,) bool
    logit: np.ndarray  # (1,) gamma = 1 / (1 + exp(-logit))


class Policies(NamedTuple):
    """What a policy does in each step of a batch."""

    p: np.ndarray  # (n, A) probabilities
    logs: np.ndarray  # (n, A) their logarithms
    entropy: np.ndarray  # (n,) -sum(p log p)


def blank_batch(n: int, m: int, *, active: int, d: int, longest: float) -> Batch:
    """Return room for m trajectories of n steps in all, with so many features active in each."""
    return Batch(
        at=np.zeros((n, active), dtype=np.int64),
        weight=np.zeros((n, active)),
        action=np.zeros(n, dtype=np.int64),
        primary=np.zeros(n),
        auxiliary=np.zeros(n),
        first=np.zeros(m + 1, dtype=np.int64),
        longest=longest,
        d=d,
    )


def blank_policies(n: int, A: int) -> Policies:
    """Return room for the policies of n steps."""
    return Policies(np.zeros((n, A)), np.zeros((n, A)), np.zeros(n))


@jit_inline
def gamma_of(model):
    """Return the discount factor."""
    return chance_of(model.logit[0])


@jit_inline
def shaped_reward(model, batch, t):
    """Return the reward of step t."""
    w1, w2, w3 = model.base[0], model.base[1], model.base[2]
    for i in range(batch.at.shape[1]):
        j, x = batch.at[t, i], batch.weight[t, i]
        w1 += model.phi[0, j] * x
        w2 += model.phi[1, j] * x
        w3 += model.phi[2, j] * x
    return w1 + w2 * batch.primary[t] + w3 * batch.auxiliary[t]


@jit_helper
def write_returns(batch, model, G):
    """Write the shaped return of each step into G, shape (n,)."""
    gamma = gamma_of(model)
    for m in range(batch.first.size - 1):
        later = 0.0
        for t in range(batch.first[m + 1] - 1, batch.first[m] - 1, -1):
            later = shaped_reward(model, batch, t) + gamma * later
            G[t] = later


@jit_helper
def write_policies(batch, theta, policies):
    """Write what the policy does in each step."""
    for t in range(batch.action.size):
        logs, p = policies.logs[t], policies.p[t]
        write_preferences(batch, theta, t, logs)
        top = logs[0]
        for a in range(1, logs.size):
            top = max(top, logs[a])
        total = 0.0
        for a in range(logs.size):
            p[a] = math.exp(logs[a] - top)
            total += p[a]
        shift, entropy = top + math.log(total), 0.0
        for a in range(logs.size):
            logs[a] -= shift
            p[a] /= total
            entropy -= p[a] * logs[a]
        policies.entropy[t] = entropy


@jit_inline
def write_preferences(batch, U, t, row):
    """Write ``U x(s_t)`` into a row, shape (A,).

    Four sums side by side: of a single one, each addition would have to wait for the last.
    """
    at, weight = batch.at[t], batch.weight[t]
    fours = weight.size // 4 * 4
    for a in range(row.size):
        one, two, three, four = 0.0, 0.0, 0.0, 0.0
        for i in range(0, fours, 4):
            one += U[a, at[i]] * weight[i]
            two += U[a, at[i + 1]] * weight[i + 1]
            three += U[a, at[i + 2]] * weight[i + 2]
            four += U[a, at[i + 3]] * weight[i + 3]
        for i in range(fours, weight.size):
            one += U[a, at[i]] * weight[i]
        row[a] = (one + two) + (three + four)


@jit_inline
def add_outer(batch, t, row, out):
    """Add the outer product of a row, shape (A,), and x(s_t) to `out`, shape (A, d)."""
    for a in range(row.size):
        for i in range(batch.at.shape[1]):
            out[a, batch.at[t, i]] += row[a] * batch.weight[t, i]


@jit_inline
def shares(batch, entropy):
    """Return what a step counts: in the mean over trajectories, and in the mean entropy."""
    m, n = batch.first.size - 1, batch.action.size
    return 1.0 / (m * batch.longest), entropy / n


@jit_helper
def objective(batch, policies, G, entropy):
    """Return J, for the policies and the returns G of all steps."""
    share, care = shares(batch, entropy)
    total = 0.0
    for t in range(batch.action.size):
        total += share * G[t] * policies.logs[t, batch.action[t]] + care * policies.entropy[t]
    return total


@jit_helper
def gradient(batch, policies, G, entropy, out):
    """Write Delta = dJ/dtheta into `out`, shape (A, d)."""
    share, care = shares(batch, entropy)
    out[:] = 0.0
    row = np.empty(out.shape[0])
    for t in range(batch.action.size):
        p, logs = policies.p[t], policies.logs[t]
        for a in range(row.size):
            row[a] = share * G[t] * ((a == batch.action[t]) - p[a])
            row[a] -= care * p[a] * (logs[a] + policies.entropy[t])
        add_outer(batch, t, row, out)


@jit_helper
def hessian_vector(batch, policies, G, entropy, U, out):
    """Write H U into `out`; U and `out` are of shape (A, d).

    In direction u = U x the logits change by u, so p_a changes by ``dp_a = p_a (u_a - p . u)``, and
    the slope of the entropy, ``-p_a (log p_a + Ent)``, by
    ``-dp_a (log p_a + Ent) - p_a (u_a - p . u + dEnt)``, dEnt = -sum(dp log p).
    """
    share, care = shares(batch, entropy)
    out[:] = 0.0
    row = np.empty(out.shape[0])
    for t in range(batch.action.size):
        p, logs = policies.p[t], policies.logs[t]
        write_preferences(batch, U, t, row)
        mean, rise = 0.0, 0.0
        for a in range(row.size):
            mean += p[a] * row[a]
        for a in range(row.size):
            row[a] -= mean  # u_a - p . u
            rise -= p[a] * row[a] * logs[a]  # dEnt
        for a in range(row.size):
            dp = p[a] * row[a]
            curved = dp * (logs[a] + policies.entropy[t]) + p[a] * (row[a] + rise)
            row[a] = -share * G[t] * dp - care * curved
        add_outer(batch, t, row, out)


@jit_helper
def contract(batch, policies, model, U, out):
    """Write ``U . A`` into `out`, shape (3, d), and return ``U . B``, for U of shape (A, d).

    One pass forward: ``e_t = gamma e_(t-1) + c_t`` with ``c_t = U . psi_t`` sums what all actions
    up to t owe to the reward of step t; and ``f_t = gamma f_(t-1) + e_(t-1)`` is its derivative.
    """
    share, _ = shares(batch, 0.0)
    gamma, slope = gamma_of(model), 0.0
    out[:] = 0.0
    u = np.empty(U.shape[0])
    for m in range(batch.first.size - 1):
        owed, faster = 0.0, 0.0
        for t in range(batch.first[m], batch.first[m + 1]):
            write_preferences(batch, U, t, u)
            score = u[batch.action[t]]
            for a in range(u.size):
                score -= policies.p[t, a] * u[a]
            faster = gamma * faster + owed
            owed = gamma * owed + share * score
            slope += faster * shaped_reward(model, batch, t)
            for i in range(batch.at.shape[1]):
                j, x = batch.at[t, i], batch.weight[t, i]
                out[0, j] += owed * x
                out[1, j] += owed * x * batch.primary[t]
                out[2, j] += owed * x * batch.auxiliary[t]
    for i in range(3):
        if not model.learned[i]:
            out[i] = 0.0
    return slope


@jit_helper
def cross_matrix(batch, policies, model, out):
    """Write A and B into `out`, shape (A, d, 3 d + 1): Delta's derivatives, the last by gamma.

    Backwards through each trajectory, ``g_t = dr_t + gamma g_(t+1)`` is the derivative of G_t, and
    its last entry, by gamma, ``G_(t+1) + gamma g_(t+1)``.  For small problems: it has many entries.
    """
    share, _ = shares(batch, 0.0)
    gamma, d = gamma_of(model), model.phi.shape[1]
    out[:] = 0.0
    g = np.empty(3 * d + 1)
    for m in range(batch.first.size - 1):
        g[:] = 0.0
        later = 0.0  # the return of the next step
        for t in range(batch.first[m + 1] - 1, batch.first[m] - 1, -1):
            for j in range(g.size):
                g[j] *= gamma
            g[3 * d] += later
            for i in range(batch.at.shape[1]):
                j, x = batch.at[t, i], batch.weight[t, i]
                g[j] += x * model.learned[0]
                g[d + j] += x * batch.primary[t] * model.learned[1]
                g[2 * d + j] += x * batch.auxiliary[t] * model.learned[2]
            later = shaped_reward(model, batch, t) + gamma * later
            for a in range(out.shape[0]):
                score = share * ((a == batch.action[t]) - policies.p[t, a])
                for i in range(batch.at.shape[1]):
                    for j in range(g.size):
                        out[a, batch.at[t, i], j] += score * batch.weight[t, i] * g[j]
