"""Known answers to the exercises of chapter S1: wrong ones, and second solutions."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from banditkit.course.exercises import another_solution, wrong

# -- cycling-bonus -------------------------------------------------------------------------------


@wrong("cycling-bonus", "the shortest cycle through the exit has two steps")
def bonus_always_laps(N, gamma, R, one_way):
    h = N // 2
    return R * (1 - gamma) * (1 + gamma**h) / gamma**h


@wrong("cycling-bonus", "on a one-way ring nobody can step back")
def bonus_never_laps(N, gamma, R, one_way):
    return R * (1 - gamma**2) / gamma


@wrong("cycling-bonus", "begins with steps that pay nothing")
def bonus_paid_at_once(N, gamma, R, one_way):
    k = N // 2 if one_way else 1
    paid = sum(gamma**i for i in range(k))
    return R * (1 - gamma ** (2 * k)) / paid


@wrong("cycling-bonus", "that is a single round")
def bonus_of_one_round(N, gamma, R, one_way):
    k = N // 2 if one_way else 1
    return R / sum(gamma**i for i in range(k, 2 * k))


@wrong("cycling-bonus", "the reward R of leaving is missing")
def bonus_for_a_reward_of_one(N, gamma, R, one_way):
    k = N // 2 if one_way else 1
    return (1 - gamma) * (1 + gamma**k) / gamma**k


@wrong("cycling-bonus", "only half of the lap is paid")
def bonus_on_every_step(N, gamma, R, one_way):
    return R * (1 - gamma)


@wrong("cycling-bonus", "not N")
def bonus_with_the_exit_too_far(N, gamma, R, one_way):
    k = N if one_way else 1
    return R * (1 - gamma) * (1 + gamma**k) / gamma**k


@another_solution("cycling-bonus")
def bonus_by_values(N, gamma, R, one_way):
    n = N if one_way else 2
    steps = np.arange(n)
    worth_of_one = (gamma ** steps[n // 2 :]).sum() / (1 - gamma**n)  # for ever, per unit of bonus
    return R / worth_of_one


# -- shaping-reward ------------------------------------------------------------------------------


@wrong("shaping-reward", "the sign is the wrong way round")
def shaping_turned_round(phi, s, s_next, gamma, terminal, truncated):
    if terminal:
        return phi[s]
    return phi[s] - gamma * phi[s_next]


@wrong("shaping-reward", "it is discounted by gamma")
def shaping_without_gamma(phi, s, s_next, gamma, terminal, truncated):
    return (0 if terminal else phi[s_next]) - phi[s]


@wrong("shaping-reward", "gamma belongs to the next state only")
def shaping_with_too_much_gamma(phi, s, s_next, gamma, terminal, truncated):
    return gamma * ((0 if terminal else phi[s_next]) - phi[s])


@wrong("shaping-reward", "Phi of the next state counts as 0")
def shaping_that_never_ends(phi, s, s_next, gamma, terminal, truncated):
    return gamma * phi[s_next] - phi[s]


@wrong("shaping-reward", "an episode that is only cut off")
def shaping_done(phi, s, s_next, gamma, terminal, truncated):
    done = terminal or truncated
    return gamma * phi[s_next] * (not done) - phi[s]


@wrong("shaping-reward", "the flags are mixed up")
def shaping_with_flags_mixed_up(phi, s, s_next, gamma, terminal, truncated):
    return gamma * (0.0 if truncated else phi[s_next]) - phi[s]


@wrong("shaping-reward", "in the very step in which time runs out")
def shaping_truncated_first(phi, s, s_next, gamma, terminal, truncated):
    if truncated:
        return gamma * phi[s_next] - phi[s]
    if terminal:
        return -phi[s]
    return gamma * phi[s_next] - phi[s]


@wrong("shaping-reward", "Phi(s) is still taken back")
def shaping_nothing_at_the_end(phi, s, s_next, gamma, terminal, truncated):
    if terminal:
        return 0.0
    return gamma * phi[s_next] - phi[s]


@wrong("shaping-reward", "to stay where one is takes a step as well")
def shaping_only_of_moves(phi, s, s_next, gamma, terminal, truncated):
    if s == s_next:
        return 0.0
    return gamma * (0.0 if terminal else phi[s_next]) - phi[s]


@another_solution("shaping-reward")
def shaping_by_factor(phi, s, s_next, gamma, terminal, truncated):
    return np.float64(gamma) * (1 - int(terminal)) * phi[s_next] - phi[s]


# -- loop-sum ------------------------------------------------------------------------------------


@wrong("loop-sum", "a loop of n steps has n + 1 entries")
def loop_of_one_step_more(phi, loop, gamma):
    return (gamma ** len(loop) - 1) * phi[loop[0]]


@wrong("loop-sum", "the sign is the wrong way round")
def loop_turned_round(phi, loop, gamma):
    return (1 - gamma ** (len(loop) - 1)) * phi[loop[-1]]


@wrong("loop-sum", "for gamma = 1 only")
def loop_of_nothing(phi, loop, gamma):
    return 0


@wrong("loop-sum", "the sum is discounted, too")
def loop_without_discount(phi, loop, gamma):
    return sum(gamma * phi[b] - phi[a] for a, b in pairwise(loop))


@wrong("loop-sum", "without it nothing cancels")
def loop_of_differences(phi, loop, gamma):
    return sum(gamma**t * (phi[b] - phi[a]) for t, (a, b) in enumerate(pairwise(loop)))


@wrong("loop-sum", "the first step is not discounted")
def loop_counted_from_one(phi, loop, gamma):
    total = 0.0
    for t in range(1, len(loop)):
        total += gamma**t * (gamma * phi[loop[t]] - phi[loop[t - 1]])
    return total


@another_solution("loop-sum")
def loop_step_by_step(phi, loop, gamma):
    total, discount = 0.0, 1.0
    for i in range(len(loop) - 1):
        a, b = loop[i], loop[i + 1]
        total += discount * (gamma * phi[b] - phi[a])
        discount *= gamma
    return total


# -- shaped-return -------------------------------------------------------------------------------


@wrong("shaped-return", "the last state of an episode that has ended counts 0")
def return_with_an_end(rewards, states, terminal, phi, gamma):
    G = 0.0
    for t, r in enumerate(rewards):
        G += gamma**t * (r + gamma * phi[states[t + 1]] - phi[states[t]])
    return G


@wrong("shaped-return", "of an episode that was only cut off")
def return_without_what_is_left(rewards, states, terminal, phi, gamma):
    return sum(gamma**t * r for t, r in enumerate(rewards)) - phi[states[0]]


@wrong("shaped-return", "the flag is the wrong way round")
def return_with_the_flag_turned(rewards, states, terminal, phi, gamma):
    G = sum(gamma**t * r for t, r in enumerate(rewards)) - phi[states[0]]
    if terminal:
        G += gamma ** len(rewards) * phi[states[-1]]
    return G


@wrong("shaped-return", "T is the number of rewards")
def return_of_one_state_more(rewards, states, terminal, phi, gamma):
    G = sum(gamma**t * r for t, r in enumerate(rewards)) - phi[states[0]]
    return G if terminal else G + gamma ** len(states) * phi[states[-1]]


@wrong("shaped-return", "but its potential is discounted once more")
def return_of_one_step_less(rewards, states, terminal, phi, gamma):
    G = sum(gamma**t * r for t, r in enumerate(rewards)) - phi[states[0]]
    return G if terminal else G + gamma ** (len(rewards) - 1) * phi[states[-1]]


@wrong("shaped-return", "is taken back: minus Phi(s_0)")
def return_that_adds_the_start(rewards, states, terminal, phi, gamma):
    G = sum(gamma**t * r for t, r in enumerate(rewards)) + phi[states[0]]
    return G + (not terminal) * gamma ** len(rewards) * phi[states[-1]]


@wrong("shaped-return", "the rewards themselves are discounted, too")
def return_of_plain_sums(rewards, states, terminal, phi, gamma):
    T = len(rewards)
    return sum(rewards) - phi[states[0]] + (1 - terminal) * gamma**T * phi[states[T]]


@wrong("shaped-return", "without any shaping")
def return_without_shaping(rewards, states, terminal, phi, gamma):
    return float(np.dot(gamma ** np.arange(len(rewards)), rewards))


@wrong("shaped-return", "which nothing cancels")
def return_without_the_start(rewards, states, terminal, phi, gamma):
    G = 0.0 if terminal else phi[states[-1]]
    for r in reversed(rewards):
        G = r + gamma * G
    return G


@another_solution("shaped-return")
def return_backwards(rewards, states, terminal, phi, gamma):
    if terminal:
        phi[states[-1]] = 0.0  # nobody has been there before
    G = 0.0
    while rewards:
        later = states.pop()
        G = rewards.pop() + gamma * phi[later] - phi[states[-1]] + gamma * G
    return np.array(G)


# -- shaped-values -------------------------------------------------------------------------------


def _iterate(P, R, gamma, sweeps=400):
    Q = np.zeros(R.shape)
    for _ in range(sweeps):
        Q = R + gamma * np.einsum("sat,t->sa", P, Q.max(axis=1))
    return Q


def _ended(phi, ends):
    return np.where(np.isin(np.arange(len(phi)), ends), 0.0, phi)


@wrong("shaped-values", "these are the values without shaping")
def values_without_shaping(P, R, gamma, phi, ends):
    return _iterate(P, R, gamma)


@wrong("shaped-values", "the sign is the wrong way round")
def values_plus_phi(P, R, gamma, phi, ends):
    return _iterate(P, R, gamma) + _ended(phi, ends)[:, None]


@wrong("shaped-values", "whatever the table says")
def values_with_ends(P, R, gamma, phi, ends):
    F = gamma * P @ phi - phi[:, None]
    F[ends] = 0.0
    return _iterate(P, R + F, gamma)


@wrong("shaped-values", "rows of terminal states are 0")
def values_less_phi_everywhere(P, R, gamma, phi, ends):
    return _iterate(P, R, gamma) - phi[:, None]


@wrong("shaped-values", "the next state's potential is discounted")
def values_without_gamma(P, R, gamma, phi, ends):
    phi = _ended(phi, ends)
    return _iterate(P, R + P @ phi - phi[:, None], gamma)


@wrong("shaped-values", "-Phi(s) is missing")
def values_of_what_comes(P, R, gamma, phi, ends):
    return _iterate(P, R + gamma * P @ _ended(phi, ends), gamma)


@wrong("shaped-values", "taken off twice")
def values_less_phi_twice(P, R, gamma, phi, ends):
    phi = _ended(phi, ends)
    return _iterate(P, R + gamma * P @ phi - phi[:, None], gamma) - phi[:, None]


@wrong("shaped-values", "after 100 sweeps the values are not there yet")
def values_of_100_sweeps(P, R, gamma, phi, ends):
    phi = _ended(phi, ends)
    return _iterate(P, R + gamma * P @ phi - phi[:, None], gamma, 100).tolist()


@another_solution("shaped-values")
def values_by_policy_iteration(P, R, gamma, phi, ends):
    S = len(R)
    policy = np.zeros(S, dtype=int)
    for _ in range(100):
        rows = np.arange(S)
        V = np.linalg.solve(np.eye(S) - gamma * P[rows, policy], R[rows, policy])
        Q = R + gamma * P @ V
        policy = Q.argmax(axis=1)
    for s in range(S):
        if s not in ends:
            Q[s] -= phi[s]
    return Q.tolist()


# -- tempting-end --------------------------------------------------------------------------------


@wrong("tempting-end", "one power is off")
def tempting_a_step_late(n, r, m, q, gamma):
    return (gamma**n * r - gamma**m * q) / gamma**m


@wrong("tempting-end", "is discounted as well")
def tempting_at_once(n, r, m, q, gamma):
    return gamma ** (n - 1) * r - gamma ** (m - 1) * q


@wrong("tempting-end", "what comes later counts less")
def tempting_without_discount(n, r, m, q, gamma):
    return r - q


@wrong("tempting-end", "the sign is the wrong way round")
def tempting_turned_round(n, r, m, q, gamma):
    return (gamma ** (m - 1) * q - gamma ** (n - 1) * r) / gamma**m


@wrong("tempting-end", "the right end pays q as well")
def tempting_without_q(n, r, m, q, gamma):
    return gamma ** (n - 1 - m) * r


@wrong("tempting-end", "x is negative: not 0")
def tempting_or_nothing(n, r, m, q, gamma):
    return max(0.0, (gamma ** (n - 1) * r - gamma ** (m - 1) * q) / gamma**m)


@wrong("tempting-end", "x is negative: leave its sign")
def tempting_in_size(n, r, m, q, gamma):
    return abs(gamma ** (n - 1 - m) * r - q / gamma)


@another_solution("tempting-end")
def tempting_by_loops(n, r, m, q, gamma):
    left, right = r, q
    for _ in range(n - 1):
        left *= gamma
    for _ in range(m - 1):
        right *= gamma
    x = left - right
    for _ in range(m):
        x /= gamma
    return x


# -- flipped-states ------------------------------------------------------------------------------


def _best(P, R, gamma):
    return _iterate(P, R, gamma).argmax(axis=1)


@wrong("flipped-states", "whose best action stays the same")
def flipped_not(P, R, gamma, phi, gamma_F):
    F = gamma_F * P @ phi - phi[:, None]
    return np.flatnonzero(_best(P, R, gamma) == _best(P, R + F, gamma))


@wrong("flipped-states", "in all of these the value changes")
def flipped_values(P, R, gamma, phi, gamma_F):
    F = gamma_F * P @ phi - phi[:, None]
    V = _iterate(P, R, gamma).max(axis=1)
    return [s for s, v in enumerate(_iterate(P, R + F, gamma).max(axis=1)) if abs(v - V[s]) > 1e-9]


@wrong("flipped-states", "the reward of a single step")
def flipped_rewards(P, R, gamma, phi, gamma_F):
    F = gamma_F * P @ phi - phi[:, None]
    return np.flatnonzero(R.argmax(axis=1) != (R + F).argmax(axis=1)).tolist()


@wrong("flipped-states", "only F has the other gamma")
def flipped_by_another_agent(P, R, gamma, phi, gamma_F):
    F = gamma_F * P @ phi - phi[:, None]
    return np.flatnonzero(_best(P, R, gamma) != _best(P, R + F, gamma_F)).tolist()


@wrong("flipped-states", "with the agent's gamma in F")
def flipped_never(P, R, gamma, phi, gamma_F):
    F = gamma * P @ phi - phi[:, None]
    return np.flatnonzero(_best(P, R, gamma) != _best(P, R + F, gamma)).tolist()


@wrong("flipped-states", "with the potential of the state that follows")
def flipped_without_steps(P, R, gamma, phi, gamma_F):
    F = gamma_F * phi[:, None] - phi[:, None]
    return np.flatnonzero(_best(P, R, gamma) != _best(P, R + F, gamma)).tolist()


@wrong("flipped-states", "the bonus is paid in later steps as well")
def flipped_by_one_bonus(P, R, gamma, phi, gamma_F):
    Q = _iterate(P, R, gamma)
    return np.flatnonzero(Q.argmax(axis=1) != (Q + (gamma_F - gamma) * P @ phi).argmax(axis=1))


@wrong("flipped-states", "F is paid in later steps as well")
def flipped_by_one_step(P, R, gamma, phi, gamma_F):
    Q = _iterate(P, R, gamma)
    return np.flatnonzero(Q.argmax(axis=1) != (Q + gamma_F * P @ phi - phi[:, None]).argmax(axis=1))


@wrong("flipped-states", "a few sweeps of value iteration are not enough")
def flipped_in_haste(P, R, gamma, phi, gamma_F):
    F = gamma_F * P @ phi - phi[:, None]
    plain, shaped = _iterate(P, R, gamma, 10), _iterate(P, R + F, gamma, 10)
    return np.flatnonzero(plain.argmax(axis=1) != shaped.argmax(axis=1))


@wrong("flipped-states", "only the first of the states")
def flipped_first(P, R, gamma, phi, gamma_F):
    F = gamma_F * P @ phi - phi[:, None]
    best, shaped = _best(P, R, gamma), _best(P, R + F, gamma)
    return next(([s] for s in range(len(R)) if best[s] != shaped[s]), [])


@another_solution("flipped-states")
def flipped_by_the_bonus(P, R, gamma, phi, gamma_F):
    bonus = (gamma_F - gamma) * P @ phi  # the rest is harmless
    return {int(s) for s in np.flatnonzero(_best(P, R, gamma) != _best(P, R + bonus, gamma))}


# -- flipping-reward -----------------------------------------------------------------------------


@wrong("flipping-reward", "its F is discounted by gamma")
def flipping_without_gamma(F12, F2, F1, gamma):
    return (F12 + F2 - F1) / 2


@wrong("flipping-reward", "leaving at once is shaped as well")
def flipping_without_leaving(F12, F2, F1, gamma):
    return 0.5 * (F12 + gamma * F2)


@wrong("flipping-reward", "the longer way goes on from s2")
def flipping_halfway(F12, F2, F1, gamma):
    return (F12 - F1) / 2


@wrong("flipping-reward", "equally good once F is paid")
def flipping_to_a_tie(F12, F2, F1, gamma):
    return F12 + gamma * F2 - F1


@wrong("flipping-reward", "equally good without shaping")
def flipping_nothing(F12, F2, F1, gamma):
    return 0.0


@wrong("flipping-reward", "has the wrong sign")
def flipping_turned_round(F12, F2, F1, gamma):
    return -(F12 + gamma * F2 - F1) / 2


@wrong("flipping-reward", "it decides both times")
def flipping_too_much(F12, F2, F1, gamma):
    return 2 * (F12 + gamma * F2 - F1)


@wrong("flipping-reward", "a negative rho is needed")
def flipping_upwards(F12, F2, F1, gamma):
    return abs(F12 + gamma * F2 - F1) / 2


@another_solution("flipping-reward")
def flipping_just_enough(F12, F2, F1, gamma):
    longer, shorter = F12 + gamma * F2, F1
    return np.float64(0.9 * longer - 0.9 * shorter)


# -- is-potential --------------------------------------------------------------------------------


@wrong("is-potential", "an F of random numbers is taken for a potential's")
def potential_always(F, gamma):
    return True


@wrong("is-potential", "with gamma = 1, Phi(s') - Phi(s) is a potential's")
def potential_never(F, gamma):
    return False


@wrong("is-potential", "though its loops do not sum to 0")
def potential_as_if_undiscounted(F, gamma):
    return bool(np.allclose(F, F[0][None, :] - F[0][:, None]))


@wrong("is-potential", "one of three steps does not")
def potential_by_two_steps(F, gamma):
    if gamma < 1:
        phi = -np.diag(F) / (1 - gamma)
        return bool(np.allclose(F, gamma * phi - phi[:, None]))
    return bool(np.allclose(F + F.T, 0.0))


@wrong("is-potential", "staying where one is must pay 0")
def potential_without_staying(F, gamma):
    if gamma < 1:
        phi = -np.diag(F) / (1 - gamma)
        return bool(np.allclose(F, gamma * phi - phi[:, None]))
    for a in range(len(F)):
        for b in range(len(F)):
            for c in range(len(F)):
                if len({a, b, c}) == 3 and abs(F[a, b] + F[b, c] + F[c, a]) > 1e-9:
                    return False
    return True


@wrong("is-potential", "two loops through state")
def potential_by_the_first_row(F, gamma):
    if gamma < 1:
        phi = -np.diag(F) / (1 - gamma)
        return bool(np.allclose(F[0], gamma * phi - phi[0]))
    return bool(np.allclose(F, F[0][None, :] - F[0][:, None]))


@wrong("is-potential", "which is no rounding")
def potential_with_much_room(F, gamma):
    phi = F[0] if gamma == 1 else -np.diag(F) / (1 - gamma)
    return bool(np.allclose(F, gamma * phi - phi[:, None], atol=1e-3))


@wrong("is-potential", "with gamma = 0.99 is a potential's")
def potential_of_nearly_one(F, gamma):
    phi = F[0] if gamma > 0.95 else -np.diag(F) / (1 - gamma)
    gamma = 1.0 if gamma > 0.95 else gamma
    return np.abs(F - gamma * phi + phi[:, None]).max() < 1e-9


@wrong("is-potential", "which is below the diagonal")
def potential_above_the_diagonal(F, gamma):
    phi = F[0] - F[0, 0] if gamma == 1 else -np.diag(F) / (1 - gamma)
    return np.abs(np.triu(F - gamma * phi + phi[:, None])).max() < 1e-9


@another_solution("is-potential")
def potential_by_least_squares(F, gamma):
    S = len(F)
    A = np.zeros((S * S, S))
    for s in range(S):
        for to in range(S):
            A[s * S + to, to] += gamma
            A[s * S + to, s] -= 1
    phi = np.linalg.lstsq(A, F.ravel(), rcond=None)[0]
    return np.abs(A @ phi - F.ravel()).max() < 1e-9


# -- recover-potential ---------------------------------------------------------------------------


def _walk(F, known, along, against):
    phi = np.full(len(F), np.nan)
    phi[known] = 0.0
    for _ in range(len(F)):
        for s in range(len(F)):
            for to in range(len(F)):
                if not np.isnan(F[s, to]):
                    if along and np.isnan(phi[to]):
                        phi[to] = along(F[s, to], phi[s])
                    if against and np.isnan(phi[s]):
                        phi[s] = against(F[s, to], phi[to])
    return phi


@wrong("recover-potential", "walk them both ways")
def recover_one_way(F, known, gamma):
    return _walk(F, known, lambda f, p: (f + p) / gamma, None)


@wrong("recover-potential", "go on from each that is found")
def recover_neighbours(F, known, gamma):
    phi = [0.0] * len(F)
    for s in range(len(F)):
        if s != known and not np.isnan(F[s, known]):
            phi[s] = -F[s, known]
        elif s != known and not np.isnan(F[known, s]):
            phi[s] = F[known, s] / gamma
    return phi


@wrong("recover-potential", "gamma is missing")
def recover_without_gamma(F, known, gamma):
    return _walk(F, known, lambda f, p: f + p, lambda f, p: p - f)


@wrong("recover-potential", "all of it is divided by gamma")
def recover_dividing_half(F, known, gamma):
    return _walk(F, known, lambda f, p: f / gamma + p, lambda f, p: gamma * p - f)


@wrong("recover-potential", "nothing is divided")
def recover_dividing_backwards(F, known, gamma):
    return _walk(F, known, lambda f, p: (f + p) / gamma, lambda f, p: (p - f) / gamma)


@wrong("recover-potential", "this is -Phi")
def recover_turned_round(F, known, gamma):
    return -_walk(F, known, lambda f, p: (f + p) / gamma, lambda f, p: gamma * p - f)


@wrong("recover-potential", "as if it led away")
def recover_without_directions(F, known, gamma):
    return _walk(F, known, lambda f, p: (f + p) / gamma, lambda f, p: (f + p) / gamma)


@wrong("recover-potential", "must be 0")
def recover_anywhere(F, known, gamma):
    steps = np.argwhere(~np.isnan(F))
    A = np.zeros((len(steps), len(F)))
    for row, (s, to) in zip(A, steps, strict=True):
        row[to] += gamma
        row[s] -= 1
    return np.linalg.lstsq(A, [F[s, to] for s, to in steps], rcond=None)[0]


@another_solution("recover-potential")
def recover_by_equations(F, known, gamma):
    S = len(F)
    rows, right = [np.eye(S)[known]], [0.0]
    for s in range(S):
        for to in range(S):
            if F[s, to] == F[s, to]:
                rows.append(gamma * np.eye(S)[to] - np.eye(S)[s])
                right.append(F[s, to])
    return np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)[0]


# -- initial-values ------------------------------------------------------------------------------


@wrong("initial-values", "those without shaping are the shaped ones plus Phi")
def initial_less_phi(phi, ends, q):
    values = q - phi
    values[ends] = 0
    return values


@wrong("initial-values", "not with 0: that has to be added")
def initial_phi_alone(phi, ends, q):
    return [0 if s in ends else phi[s] for s in range(len(phi))]


@wrong("initial-values", "the hint is lost")
def initial_q_alone(phi, ends, q):
    return np.where(np.isin(np.arange(len(phi)), ends), 0.0, q)


@wrong("initial-values", "terminal states begin with 0")
def initial_everywhere(phi, ends, q):
    return phi + q


@wrong("initial-values", "has the value 0, not q")
def initial_with_phi_ended(phi, ends, q):
    phi[ends] = 0.0
    return phi + q


@wrong("initial-values", "that begins with q less Phi")
def initial_less_q(phi, ends, q):
    phi[ends] = q
    return phi - q


@wrong("initial-values", "more than one end")
def initial_with_one_end(phi, ends, q):
    return [0.0 if s == ends[0] else phi[s] + q for s in range(len(phi))]


@another_solution("initial-values")
def initial_one_by_one(phi, ends, q):
    return tuple(0.0 if s in set(ends) else float(phi[s]) + q for s in range(len(phi)))


# -- shaped-q-learning ---------------------------------------------------------------------------


class _Learner(NamedTuple):
    """What all of these have in common: they act as they should."""

    Q: np.ndarray
    phi: np.ndarray
    rate: float
    epsilon: float
    gamma: float


def _greedy(policy, values, x, rng):
    A = len(values)
    if rng.random() < policy.epsilon or max(values) - min(values) <= 1e-9:
        return int(rng.random() * A)
    return int(np.argmax(values))


def _learn(policy, x, a, y, F, worth):
    target = y.reward + F + policy.gamma * worth
    policy.Q[x, a] += policy.rate * (target - policy.Q[x, a])


def _worth(policy, y):
    return 0.0 if y.terminal else policy.Q[y.state].max()


def _shaping(policy, x, y):
    return policy.gamma * (0.0 if y.terminal else policy.phi[y.state]) - policy.phi[x]


@wrong("shaped-q-learning", "the reward is not shaped")
class LearnerUnshaped(_Learner):
    def select(self, t, x, rng):
        return _greedy(self, self.Q[x], x, rng)

    def update(self, t, x, a, y):
        _learn(self, x, a, y, 0.0, _worth(self, y))


@wrong("shaped-q-learning", "in the shaping, the next state's potential is discounted")
class LearnerWithoutGamma(LearnerUnshaped.answer):
    def update(self, t, x, a, y):
        F = (0.0 if y.terminal else self.phi[y.state]) - self.phi[x]
        _learn(self, x, a, y, F, _worth(self, y))


@wrong("shaped-q-learning", "the potential of the last state counts as 0")
class LearnerWithAnEnd(LearnerUnshaped.answer):
    def update(self, t, x, a, y):
        _learn(self, x, a, y, self.gamma * self.phi[y.state] - self.phi[x], _worth(self, y))


@wrong("shaped-q-learning", "only cut off, the potential of the last state counts")
class LearnerDone(LearnerUnshaped.answer):
    def update(self, t, x, a, y):
        done = y.terminal or y.truncated
        F = self.gamma * self.phi[y.state] * (1 - done) - self.phi[x]
        _learn(self, x, a, y, F, _worth(self, y))


@wrong("shaped-q-learning", "neither the potential nor the value")
class LearnerDoneWithEverything(LearnerUnshaped.answer):
    def update(self, t, x, a, y):
        if y.terminal or y.truncated:
            _learn(self, x, a, y, -self.phi[x], 0.0)
        else:
            _learn(self, x, a, y, _shaping(self, x, y), _worth(self, y))


@wrong("shaped-q-learning", "after a terminal state nothing comes")
class LearnerBeyondTheEnd(LearnerUnshaped.answer):
    def update(self, t, x, a, y):
        _learn(self, x, a, y, _shaping(self, x, y), self.Q[y.state].max())


@wrong("shaped-q-learning", "the value of its last state counts")
class LearnerOverWhenCut(LearnerUnshaped.answer):
    def update(self, t, x, a, y):
        worth = 0.0 if y.truncated else _worth(self, y)
        _learn(self, x, a, y, _shaping(self, x, y), worth)


@wrong("shaped-q-learning", "update leaves Q as it was")
class LearnerThatForgets(LearnerUnshaped.answer):
    def update(self, t, x, a, y):
        Q = self.Q.copy()
        target = y.reward + _shaping(self, x, y) + self.gamma * _worth(self, y)
        Q[x, a] += self.rate * (target - Q[x, a])


class _Updates(_Learner):
    def update(self, t, x, a, y):
        _learn(self, x, a, y, _shaping(self, x, y), _worth(self, y))


@wrong("shaped-q-learning", "where all values are equal chance decides")
class LearnerWithoutTies(_Updates):
    def select(self, t, x, rng):
        if rng.random() < self.epsilon:
            return int(rng.random() * self.Q.shape[1])
        return int(np.argmax(self.Q[x]))


@wrong("shaped-q-learning", "explores with probability 1 - epsilon")
class LearnerTooCurious(_Updates):
    def select(self, t, x, rng):
        if rng.random() >= self.epsilon or np.ptp(self.Q[x]) <= 1e-9:
            return int(rng.random() * self.Q.shape[1])
        return int(np.argmax(self.Q[x]))


@wrong("shaped-q-learning", "or else the game is not the library's")
class LearnerOfOtherDraws(_Updates):
    def select(self, t, x, rng):
        if rng.random() < self.epsilon or np.ptp(self.Q[x]) <= 1e-9:
            return int(rng.integers(self.Q.shape[1]))
        return int(np.argmax(self.Q[x]))


@wrong("shaped-q-learning", "it takes the worst action")
class LearnerOfTheWorst(_Updates):
    def select(self, t, x, rng):
        return _greedy(self, -self.Q[x], x, rng)


@wrong("shaped-q-learning", "has ended: terminal decides")
class LearnerCutFirst(LearnerUnshaped.answer):
    def update(self, t, x, a, y):
        over = y.terminal and not y.truncated
        later = 0.0 if over else self.phi[y.state] + self.Q[y.state].max()
        _learn(self, x, a, y, -self.phi[x], later)


@wrong("shaped-q-learning", "the first one is taken")
class LearnerWithoutRounding(_Updates):
    def select(self, t, x, rng):
        if rng.random() < self.epsilon or np.ptp(self.Q[x]) <= 1e-9:
            return int(rng.random() * self.Q.shape[1])
        return int(np.argmax(self.Q[x]))


@wrong("shaped-q-learning", "are equal, and chance decides")
class LearnerOfExactTies(_Updates):
    def select(self, t, x, rng):
        values = self.Q[x]
        if rng.random() < self.epsilon or values.max() == values.min():
            return int(rng.random() * len(values))
        return int(np.flatnonzero(values >= values.max() - 1e-9)[0])


@wrong("shaped-q-learning", "must stay a NamedTuple")
class LearnerOfAnotherKind:
    def __init__(self, Q, phi, rate, epsilon, gamma):
        self.Q, self.phi, self.rate, self.epsilon, self.gamma = Q, phi, rate, epsilon, gamma


@another_solution("shaped-q-learning")
class LearnerOfUnshapedValues(NamedTuple):
    """It thinks in values without shaping, and writes them down with it."""

    Q: np.ndarray
    phi: np.ndarray
    rate: float
    epsilon: float
    gamma: float

    def select(self, t, x, rng):
        values = self.Q[x].tolist()
        top = max(values)
        if rng.random() < self.epsilon or top - min(values) <= 1e-9:
            return int(rng.random() * len(values))
        return next(a for a, value in enumerate(values) if value >= top - 1e-9)

    def update(self, t, x, a, y):
        later = 0.0 if y.terminal else max(self.phi[y.state] + Qb for Qb in self.Q[y.state])
        unshaped = self.Q[x, a] + self.phi[x]
        unshaped += self.rate * (y.reward + self.gamma * later - unshaped)
        self.Q[x, a] = unshaped - self.phi[x]


# -- design-potential ----------------------------------------------------------------------------


def _cells(rows):
    return [(i, j) for i, row in enumerate(rows) for j, c in enumerate(row) if c != "#"]


def _spread(rows, letter):
    cells = _cells(rows)
    steps = {cell: 0 for cell in cells if rows[cell[0]][cell[1]] == letter}
    front = list(steps)
    while front:
        front = [
            (i + k, j + m)
            for i, j in front
            for k, m in ((0, 1), (1, 0), (0, -1), (-1, 0))
            if (i + k, j + m) in cells and (i + k, j + m) not in steps
        ]
        level = max(steps.values()) + 1
        steps.update(dict.fromkeys(front, level))
    return np.array([steps[cell] for cell in cells])


@wrong("design-potential", "Manhattan distance looks through walls")
def design_straight(rows, slip):
    cells = _cells(rows)
    goal = next(c for c in cells if rows[c[0]][c[1]] == "G")
    return [-(abs(i - goal[0]) + abs(j - goal[1])) / (1 - slip) for i, j in cells]


@wrong("design-potential", "it pays for walking away")
def design_turned_round(rows, slip):
    return _spread(rows, "G") / (1 - slip)


@wrong("design-potential", "the distance from the start")
def design_from_the_start(rows, slip):
    return _spread(rows, "S") / (1 - slip)


@wrong("design-potential", "the same everywhere")
def design_nothing(rows, slip):
    return np.zeros(len(_cells(rows)))


@wrong("design-potential", "too flat")
def design_flat(rows, slip):
    return -0.2 * _spread(rows, "G")


@wrong("design-potential", "walls have no state")
def design_with_walls(rows, slip):
    goal = _spread(rows, "G")
    free = iter(goal)
    return [0.0 if c == "#" else -float(next(free)) for row in rows for c in row]


@wrong("design-potential", "too high")
def design_high(rows, slip):
    return 200.0 - _spread(rows, "G") / (1 - slip)


@wrong("design-potential", "are wanted")
def design_as_the_crow_flies(rows, slip):
    cells = _cells(rows)
    goal = next(c for c in cells if rows[c[0]][c[1]] == "G")
    return [-2 * np.hypot(i - goal[0], j - goal[1]) for i, j in cells]


@another_solution("design-potential")
def design_half_as_steep(rows, slip):
    return (-_spread(rows, "G") / 2).tolist()


@another_solution("design-potential")
def design_from_above(rows, slip):
    steps = _spread(rows, "G")
    return (steps.max() - steps) / (1 - slip)


@another_solution("design-potential")
def design_by_sweeps(rows, slip):
    cells = _cells(rows)
    V = {cell: 0.0 if rows[cell[0]][cell[1]] == "G" else -1e3 for cell in cells}
    for _ in cells:
        for i, j in cells:
            if rows[i][j] != "G":
                beside = ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1))
                V[i, j] = max(V.get(cell, -1e3) for cell in beside) - 1
    return np.array([V[cell] for cell in cells])
