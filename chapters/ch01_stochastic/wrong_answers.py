"""Answers to the exercises of chapter 1 of which is known whether they are right."""

import itertools
import math
from typing import NamedTuple

import numpy as np

import banditkit as bk
from banditkit.course.exercises import another_solution, wrong

# -- pseudo-regret -----------------------------------------------------------------------------


@another_solution("pseudo-regret")
def regret_by_a_loop(means, arms, rewards):
    total, curve = 0.0, []
    for a in arms:
        total += max(means) - means[a]
        curve.append(total)
    return curve


@wrong("pseudo-regret", "realised regret")
def regret_of_rewards(means, arms, rewards):
    t = np.arange(1, len(rewards) + 1)
    return max(means) * t - np.cumsum(rewards)


@wrong("pseudo-regret", "after every round")
def regret_at_the_end(means, arms, rewards):
    return max(means) * len(arms) - sum(means[a] for a in arms)


@wrong("pseudo-regret", "the sum of the gaps so far")
def regret_not_summed(means, arms, rewards):
    return [max(means) - means[a] for a in arms]


@wrong("pseudo-regret", "best of all arms")
def regret_against_the_best_arm_played(means, arms, rewards):
    best = max(means[a] for a in set(arms.tolist()))
    return np.cumsum([best - means[a] for a in arms])


@wrong("pseudo-regret", "the sign")
def regret_upside_down(means, arms, rewards):
    return np.cumsum(means[arms] - means.max())


@wrong("pseudo-regret", "not their average")
def regret_per_round(means, arms, rewards):
    gaps = means.max() - means[arms]
    return [gaps[: t + 1].mean() for t in range(len(gaps))]


# -- confidence-radius -------------------------------------------------------------------------


@another_solution("confidence-radius")
def radius_by_powers(n, T):
    return (2 / n * np.log(T)) ** 0.5


@wrong("confidence-radius", "not of the number of pulls")
def radius_log_n(n, T):
    return math.sqrt(2 * math.log(n) / n)


@wrong("confidence-radius", "2 under the root is missing")
def radius_without_2(n, T):
    return np.sqrt(np.log(T) / n)


@wrong("confidence-radius", "another base")
def radius_log10(n, T):
    return math.sqrt(2 * math.log10(T) / n)


@wrong("confidence-radius", "base 2")
def radius_log2(n, T):
    return math.sqrt(2 * math.log2(T) / n)


@wrong("confidence-radius", "the root is missing")
def radius_squared(n, T):
    return 2 * math.log(T) / n


@wrong("confidence-radius", "above the fraction line")
def radius_of_hoeffding(n, T):
    return math.sqrt(math.log(T) / (2 * n))


@wrong("confidence-radius", "shrinks with the root of n")
def radius_bracket(n, T):
    return math.sqrt(2 * math.log(T)) / n


# -- exact-coverage ----------------------------------------------------------------------------


@another_solution("exact-coverage")
def coverage_by_convolution(mean, n, radius):
    chances = np.ones(1)
    for _ in range(n):
        chances = np.convolve(chances, [1 - mean, mean])
    averages = np.arange(n + 1) / n
    return chances[np.abs(averages - mean) <= radius].sum()


def heads(k, n, p):
    return math.comb(n, k) * p**k * (1 - p) ** (n - k)


@wrong("exact-coverage", "<=, not <")
def coverage_open(mean, n, radius):
    return sum(heads(k, n, mean) for k in range(n + 1) if abs(k / n - mean) < radius)


@wrong("exact-coverage", "complement")
def coverage_missed(mean, n, radius):
    return sum(heads(k, n, mean) for k in range(n + 1) if abs(k / n - mean) > radius)


@wrong("exact-coverage", "both sides")
def coverage_one_sided(mean, n, radius):
    return sum(heads(k, n, mean) for k in range(n + 1) if k / n <= mean + radius)


@wrong("exact-coverage", "divided by n")
def coverage_of_sums(mean, n, radius):
    return sum(heads(k, n, mean) for k in range(n + 1) if abs(k - n * mean) <= radius)


@wrong("exact-coverage", "from 0 to n")
def coverage_up_to_n(mean, n, radius):
    return sum(heads(k, n, mean) for k in range(n) if abs(k / n - mean) <= radius)


@wrong("exact-coverage", "math.comb")
def coverage_one_way(mean, n, radius):
    inside = [k for k in range(n + 1) if abs(k / n - mean) <= radius]
    return sum(mean**k * (1 - mean) ** (n - k) for k in inside)


@wrong("exact-coverage", "add up the exact")
def coverage_of_hoeffding(mean, n, radius):
    return 1 - 2 * math.exp(-2 * radius**2 * n)


# -- explore-first-regret ----------------------------------------------------------------------


@another_solution("explore-first-regret")
def explore_first_by_all_pairs(means, N, T):
    first, second = means
    chances = [[heads(k, N, p) for k in range(N + 1)] for p in means]
    regret = N * abs(first - second)
    for k, j in itertools.product(range(N + 1), repeat=2):
        chosen = second if j > k else first
        regret += chances[0][k] * chances[1][j] * (max(means) - chosen) * (T - 2 * N)
    return regret


def wrong_arm(means, N, second_wins=lambda k, j: j > k):
    """Return the probability of choosing the worse arm."""
    pairs = itertools.product(range(N + 1), repeat=2)
    second = sum(
        heads(k, N, means[0]) * heads(j, N, means[1]) for k, j in pairs if second_wins(k, j)
    )
    return second if means[0] > means[1] else 1 - second


@wrong("explore-first-regret", "each wins half")
def explore_first_fair_ties(means, N, T):
    pairs = itertools.product(range(N + 1), repeat=2)
    second = sum(
        heads(k, N, means[0]) * heads(j, N, means[1]) * (1 if j > k else 0.5)
        for k, j in pairs
        if j >= k
    )
    w = second if means[0] > means[1] else 1 - second
    return abs(means[0] - means[1]) * (N + (T - 2 * N) * w)


@wrong("explore-first-regret", "here the second does")
def explore_first_last_of_equal(means, N, T):
    w = wrong_arm(means, N, lambda k, j: j >= k)
    return abs(means[0] - means[1]) * (N + (T - 2 * N) * w)


@wrong("explore-first-regret", "only T - 2 N")
def explore_first_overtime(means, N, T):
    return abs(means[0] - means[1]) * (N + T * wrong_arm(means, N))


@wrong("explore-first-regret", "T - N rounds are not left")
def explore_first_half_counted(means, N, T):
    return abs(means[0] - means[1]) * (N + (T - N) * wrong_arm(means, N))


@wrong("explore-first-regret", "exploring costs something")
def explore_first_for_free(means, N, T):
    return abs(means[0] - means[1]) * (T - 2 * N) * wrong_arm(means, N)


@wrong("explore-first-regret", "half of the exploration")
def explore_first_all_lost(means, N, T):
    return abs(means[0] - means[1]) * (2 * N + (T - 2 * N) * wrong_arm(means, N))


@wrong("explore-first-regret", "not 1")
def explore_first_forgot_the_gap(means, N, T):
    return abs(means[0] - means[1]) * N + (T - 2 * N) * wrong_arm(means, N)


@wrong("explore-first-regret", "not always 0")
def explore_first_never_errs(means, N, T):
    return abs(means[0] - means[1]) * N


# -- explore-first-n ---------------------------------------------------------------------------


@another_solution("explore-first-n")
def best_n_by_two_candidates(K, T):
    real = (T / K * math.sqrt(2 * math.log(T))) ** (2 / 3)
    candidates = {max(1, min(T // K, n)) for n in (math.floor(real), math.ceil(real))}
    return min(candidates, key=lambda n: K * n + 2 * T * math.sqrt(2 * math.log(T) / n))


@wrong("explore-first-n", "whole number: compare")
def best_n_real(K, T):
    return (T / K) ** (2 / 3) * (2 * math.log(T)) ** (1 / 3)


@wrong("explore-first-n", "cutting off")
def best_n_cut_off(K, T):
    return max(1, min(T // K, int((T / K) ** (2 / 3) * (2 * math.log(T)) ** (1 / 3))))


@wrong("explore-first-n", "rounding up")
def best_n_rounded_up(K, T):
    return min(T // K, math.ceil((T / K) ** (2 / 3) * (2 * math.log(T)) ** (1 / 3)))


@wrong("explore-first-n", "rounding is not minimising")
def best_n_rounded(K, T):
    return max(1, min(T // K, round((T / K) ** (2 / 3) * (2 * math.log(T)) ** (1 / 3))))


@wrong("explore-first-n", "the book's choice")
def best_n_of_the_book(K, T):
    return min(T // K, math.ceil((T / K) ** (2 / 3) * math.log(T) ** (1 / 3)))


@wrong("explore-first-n", "two radii")
def best_n_one_radius(K, T):
    N = np.arange(1, T // K + 1)
    return N[np.argmin(K * N + T * np.sqrt(2 * np.log(T) / N))]


@wrong("explore-first-n", "costs K N")
def best_n_one_arm(K, T):
    N = np.arange(1, T // K + 1)
    return N[np.argmin(N + 2 * T * np.sqrt(2 * np.log(T) / N))]


@wrong("explore-first-n", "the value of the bound")
def best_n_value(K, T):
    N = np.arange(1, T // K + 1)
    return np.min(K * N + 2 * T * np.sqrt(2 * np.log(T) / N))


# -- exploration-rate --------------------------------------------------------------------------


@another_solution("exploration-rate")
def rate_as_one_root(t, K):
    return np.minimum(np.cbrt(K * np.log(t) / t), 1)


@wrong("exploration-rate", "at most 1")
def rate_unclipped(t, K):
    return (K * math.log(t) / t) ** (1 / 3)


@wrong("exploration-rate", "K belongs under")
def rate_without_arms(t, K):
    return min(1, (math.log(t) / t) ** (1 / 3))


@wrong("exploration-rate", "log t under the third root is missing")
def rate_without_log(t, K):
    return min(1, (K / t) ** (1 / 3))


@wrong("exploration-rate", "exploration gets rarer")
def rate_that_grows(t, K):
    return min(1, t ** (1 / 3) * (K * math.log(t)) ** (1 / 3))


@wrong("exploration-rate", "t counts from 1 already")
def rate_one_later(t, K):
    return min(1, (K * math.log(t + 1) / (t + 1)) ** (1 / 3))


@wrong("exploration-rate", "square roots")
def rate_square_root(t, K):
    return min(1, math.sqrt(K * math.log(t) / t))


@wrong("exploration-rate", "K^(1/3), not K")
def rate_bracket(t, K):
    return min(1, K * (math.log(t) / t) ** (1 / 3))


# -- epsilon-greedy-proof ----------------------------------------------------------------------


def rate(t, K):
    return min(1, (K * math.log(t) / t) ** (1 / 3))


def expected_exploration(t, K):
    return sum(rate(s, K) for s in range(1, t)) / K


@another_solution("epsilon-greedy-proof")
def round_bound_in_arrays(t, K):
    s = np.arange(1, t)
    m = np.minimum(1, np.cbrt(K * np.log(s) / s)).sum() / K
    r = np.sqrt(2 * np.log(t) / (m / 2))
    return rate(t, K) + 2 * r + K * (np.exp(-m / 8) + 2 * t**-3.0)


@wrong("epsilon-greedy-proof", "round t explores")
def round_bound_exploits(t, K):
    m = expected_exploration(t, K)
    return 4 * math.sqrt(math.log(t) / m) + K * math.exp(-m / 8) + 2 * K / t**3


@wrong("epsilon-greedy-proof", "m / 2 pulls, not m")
def round_bound_all_of_m(t, K):
    m = expected_exploration(t, K)
    r = math.sqrt(2 * math.log(t) / m)
    return rate(t, K) + 2 * r + K * math.exp(-m / 8) + 2 * K / t**3


@wrong("epsilon-greedy-proof", "twice the radius")
def round_bound_one_radius(t, K):
    m = expected_exploration(t, K)
    r = math.sqrt(4 * math.log(t) / m)
    return rate(t, K) + r + K * math.exp(-m / 8) + 2 * K / t**3


@wrong("epsilon-greedy-proof", "explored less than m / 2")
def round_bound_always_explored(t, K):
    m = expected_exploration(t, K)
    return rate(t, K) + 4 * math.sqrt(math.log(t) / m) + 2 * K / t**3


@wrong("epsilon-greedy-proof", "misses its mean")
def round_bound_always_clean(t, K):
    m = expected_exploration(t, K)
    return rate(t, K) + 4 * math.sqrt(math.log(t) / m) + K * math.exp(-m / 8)


@wrong("epsilon-greedy-proof", "unions over K arms")
def round_bound_one_arm(t, K):
    m = expected_exploration(t, K)
    return rate(t, K) + 4 * math.sqrt(math.log(t) / m) + math.exp(-m / 8) + 2 / t**3


@wrong("epsilon-greedy-proof", "shared by K arms")
def round_bound_pooled(t, K):
    m = K * expected_exploration(t, K)
    r = math.sqrt(4 * math.log(t) / m)
    return rate(t, K) + 2 * r + K * math.exp(-m / 8) + 2 * K / t**3


@wrong("epsilon-greedy-proof", "up to t - 1")
def round_bound_one_more(t, K):
    m = expected_exploration(t + 1, K)
    r = math.sqrt(4 * math.log(t) / m)
    return rate(t, K) + 2 * r + K * math.exp(-m / 8) + 2 * K / t**3


@wrong("epsilon-greedy-proof", "the plain sum")
def round_bound_capped(t, K):
    return min(1, round_bound_in_arrays.answer(t, K))


# -- elimination-phase -------------------------------------------------------------------------


@another_solution("elimination-phase")
def dropped_as_an_array(means, n, T):
    width = 2 * np.sqrt(2 * np.log(T) / n)
    return np.flatnonzero(np.max(means) - np.asarray(means) > width)


@another_solution("elimination-phase")
def dropped_as_a_set(means, n, T):
    r = math.sqrt(2 * math.log(T) / n)
    arms = range(len(means))
    return {a for a in arms if any(means[a] + r < means[b] - r for b in arms)}


@wrong("elimination-phase", "the arms that stay")
def dropped_kept(means, n, T):
    r = math.sqrt(2 * math.log(T) / n)
    return [a for a, mean in enumerate(means) if mean + r >= max(means) - r]


@wrong("elimination-phase", "both sides")
def dropped_by_the_average(means, n, T):
    r = math.sqrt(2 * math.log(T) / n)
    return [a for a, mean in enumerate(means) if mean + r < max(means)]


@wrong("elimination-phase", "all but the leader")
def dropped_all_but_one(means, n, T):
    r = math.sqrt(2 * math.log(T) / n)
    ucb = [mean + r for mean in means]
    return [a for a in range(len(means)) if ucb[a] < max(ucb)]


@wrong("elimination-phase", "nobody is ever dropped")
def dropped_if_worse_than_all(means, n, T):
    r = math.sqrt(2 * math.log(T) / n)
    return [a for a, mean in enumerate(means) if all(mean + r < other - r for other in means)]


@wrong("elimination-phase", "2 under the root")
def dropped_without_2(means, n, T):
    r = math.sqrt(math.log(T) / n)
    return [a for a, mean in enumerate(means) if mean + r < max(means) - r]


@wrong("elimination-phase", "not log n")
def dropped_log_n(means, n, T):
    r = math.sqrt(2 * math.log(n) / n)
    return [a for a, mean in enumerate(means) if mean + r < max(means) - r]


@wrong("elimination-phase", "that of all arms together")
def dropped_all_pulls(means, n, T):
    r = math.sqrt(2 * math.log(T) / (n * len(means)))
    return [a for a, mean in enumerate(means) if mean + r < max(means) - r]


@wrong("elimination-phase", "True and False")
def dropped_as_a_mask(means, n, T):
    r = math.sqrt(2 * math.log(T) / n)
    return np.array(means) + r < max(means) - r


@wrong("elimination-phase", "not only the worst")
def dropped_worst_only(means, n, T):
    r = math.sqrt(2 * math.log(T) / n)
    worst = int(np.argmin(means))
    return [worst] if means[worst] + r < max(means) - r else []


@wrong("elimination-phase", "n, not n + 1")
def dropped_one_pull_more(means, n, T):
    r = math.sqrt(2 * math.log(T) / (n + 1))
    return [a for a, mean in enumerate(means) if mean + r < max(means) - r]


# -- ucb-index ---------------------------------------------------------------------------------


@another_solution("ucb-index")
def index_in_numpy(mean, pulls, T):
    return np.add(mean, np.sqrt(np.log(float(T) ** 2) / pulls))


@wrong("ucb-index", "bonus is missing")
def index_greedy(mean, pulls, T):
    return mean


@wrong("ucb-index", "not subtracted")
def index_lower(mean, pulls, T):
    return mean - math.sqrt(2 * math.log(T) / pulls)


@wrong("ucb-index", "is that of T")
def index_log_n(mean, pulls, T):
    return mean + math.sqrt(2 * math.log(pulls) / pulls)


@wrong("ucb-index", "here it is 1")
def index_without_2(mean, pulls, T):
    return mean + math.sqrt(math.log(T) / pulls)


@wrong("ucb-index", "outside the root")
def index_bracket(mean, pulls, T):
    return math.sqrt(mean + 2 * math.log(T) / pulls)


@wrong("ucb-index", "stands under the root")
def index_2_outside(mean, pulls, T):
    return mean + 2 * math.sqrt(math.log(T) / pulls)


@wrong("ucb-index", "not pulls + 1")
def index_plus_1(mean, pulls, T):
    return mean + math.sqrt(2 * math.log(T) / (pulls + 1))


@wrong("ucb-index", "don't cut it off")
def index_clipped(mean, pulls, T):
    return min(1, mean + math.sqrt(2 * math.log(T) / pulls))


# -- ucb1-policy -------------------------------------------------------------------------------


@another_solution("ucb1-policy")
class InArrays(NamedTuple):
    pulls: np.ndarray
    sums: np.ndarray
    T: int

    def select(self, t, x, rng):
        unpulled = np.flatnonzero(self.pulls == 0)
        if unpulled.size:
            return unpulled[0]
        return np.argmax(self.sums / self.pulls + np.sqrt(2 * np.log(self.T) / self.pulls))

    def update(self, t, x, a, y):
        self.pulls[a] += 1
        self.sums[a] += y


class Started(NamedTuple):
    """What the wrong policies below have in common: the bookkeeping."""

    pulls: np.ndarray
    sums: np.ndarray
    T: int

    def update(self, t, x, a, y):
        self.pulls[a] += 1
        self.sums[a] += y


@wrong("ucb1-policy", "the anytime variant")
class WithLogT(Started):
    def select(self, t, x, rng):
        if t < len(self.pulls):
            return t
        return int(np.argmax(self.sums / self.pulls + np.sqrt(2 * math.log(t) / self.pulls)))


@wrong("ucb1-policy", "2 under the root")
class Without2(Started):
    def select(self, t, x, rng):
        if t < len(self.pulls):
            return t
        return int(np.argmax(self.sums / self.pulls + np.sqrt(math.log(self.T) / self.pulls)))


@wrong("ucb1-policy", "best average is not yet UCB1")
class JustGreedy(Started):
    def select(self, t, x, rng):
        return t if t < len(self.pulls) else int(np.argmax(self.sums / self.pulls))


@wrong("ucb1-policy", "not with the sum")
class WithSums(Started):
    def select(self, t, x, rng):
        if t < len(self.pulls):
            return t
        return int(np.argmax(self.sums + np.sqrt(2 * math.log(self.T) / self.pulls)))


@wrong("ucb1-policy", "not a lower one")
class WithLCB(Started):
    def select(self, t, x, rng):
        if t < len(self.pulls):
            return t
        r = np.sqrt(2 * math.log(self.T) / self.pulls)
        return int(np.argmax(self.sums / self.pulls - r))


@wrong("ucb1-policy", "not the one with the lowest")
class LowestIndex(Started):
    def select(self, t, x, rng):
        if t < len(self.pulls):
            return t
        r = np.sqrt(2 * math.log(self.T) / self.pulls)
        return int(np.argmin(self.sums / self.pulls + r))


@wrong("ucb1-policy", "play each arm once")
class NeverBegins(Started):
    def select(self, t, x, rng):
        pulls = np.maximum(self.pulls, 1)
        return int(np.argmax(self.sums / pulls + np.sqrt(2 * math.log(self.T) / pulls)))


@wrong("ucb1-policy", "in this order")
class FromTheLast(Started):
    def select(self, t, x, rng):
        if t < len(self.pulls):
            return len(self.pulls) - 1 - t
        r = np.sqrt(2 * math.log(self.T) / self.pulls)
        return int(np.argmax(self.sums / self.pulls + r))


@wrong("ucb1-policy", "but the arms are 0 to")
class ArmsFromOne(Started):
    def select(self, t, x, rng):
        if t < len(self.pulls):
            return t + 1
        r = np.sqrt(2 * math.log(self.T) / self.pulls)
        return int(np.argmax(self.sums / self.pulls + r)) + 1


@wrong("ucb1-policy", "must count the pull")
class NeverCounts(NamedTuple):
    pulls: np.ndarray
    sums: np.ndarray
    T: int

    def select(self, t, x, rng):
        return t % len(self.pulls)

    def update(self, t, x, a, y):
        self.sums[a] += y


@wrong("ucb1-policy", "not replace it")
class Replaces(NamedTuple):
    pulls: np.ndarray
    sums: np.ndarray
    T: int

    def select(self, t, x, rng):
        return t % len(self.pulls)

    def update(self, t, x, a, y):
        self.pulls[a] += 1
        self.sums[a] = y


# -- growth-exponent ---------------------------------------------------------------------------


@another_solution("growth-exponent")
def slope_by_covariance(times, regret):
    x, y = np.log10(times), np.log10(regret)
    return np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2)


@wrong("growth-exponent", "logarithm of both")
def slope_of_the_plain_curve(times, regret):
    return np.polyfit(times, regret, 1)[0]


@wrong("growth-exponent", "of the regret is missing")
def slope_against_log_t(times, regret):
    return np.polyfit(np.log(times), regret, 1)[0]


@wrong("growth-exponent", "of the times is missing")
def slope_of_log_regret(times, regret):
    return np.polyfit(times, np.log(regret), 1)[0]


@wrong("growth-exponent", "intercept")
def slope_intercept(times, regret):
    return np.polyfit(np.log(times), np.log(regret), 1)[1]


@wrong("growth-exponent", "swapped")
def slope_swapped(times, regret):
    return np.polyfit(np.log(regret), np.log(times), 1)[0]


@wrong("growth-exponent", "first and the last")
def slope_of_the_ends(times, regret):
    return (np.log(regret[-1]) - np.log(regret[0])) / (np.log(times[-1]) - np.log(times[0]))


@wrong("growth-exponent", "average of the ratios")
def slope_as_ratio(times, regret):
    return (np.log(regret) / np.log(times)).mean()


# -- narrow-radius -----------------------------------------------------------------------------


@another_solution("narrow-radius")
def narrow_radius_from_hoeffding(n, T, eps):
    failure = 2 / T**4  # 2 exp(-2 n (r / eps)^2)
    return np.sqrt(eps**2 / (2 * n) * math.log(2 / failure))


@wrong("narrow-radius", "rewards in [0, 1]")
def narrow_radius_unchanged(n, T, eps):
    return math.sqrt(2 * math.log(T) / n)


@wrong("narrow-radius", "squared under it")
def narrow_radius_under_the_root(n, T, eps):
    return math.sqrt(2 * eps * math.log(T) / n)


@wrong("narrow-radius", "comes out squared")
def narrow_radius_squared(n, T, eps):
    return eps**2 * math.sqrt(2 * math.log(T) / n)


@wrong("narrow-radius", "not 1/2 + eps")
def narrow_radius_from_zero(n, T, eps):
    return (0.5 + eps) * math.sqrt(2 * math.log(T) / n)


@wrong("narrow-radius", "don't divide")
def narrow_radius_divided(n, T, eps):
    return math.sqrt(2 * math.log(T) / n) / eps


@wrong("narrow-radius", "whole length")
def narrow_radius_halved(n, T, eps):
    return eps * math.sqrt(math.log(T) / (2 * n))


@wrong("narrow-radius", "cut it off at eps")
def narrow_radius_clipped(n, T, eps):
    return min(eps, eps * math.sqrt(2 * math.log(T) / n))


# -- narrow-pulls ------------------------------------------------------------------------------


@another_solution("narrow-pulls")
def narrow_pulls_by_rescaling(gap, T, eps):
    scaled = gap / eps  # the gap of the rewards (y - 1/2) / eps
    return np.array([8.0, 32.0]) * math.log(T) / scaled**2 + 1


@wrong("narrow-pulls", "eps squared in the pulls")
def narrow_pulls_linear(gap, T, eps):
    return 1 + 8 * eps * math.log(T) / gap**2, 1 + 32 * eps * math.log(T) / gap**2


@wrong("narrow-pulls", "is not used")
def narrow_pulls_wide(gap, T, eps):
    return 1 + 8 * math.log(T) / gap**2, 1 + 32 * math.log(T) / gap**2


@wrong("narrow-pulls", "UCB1 comes first")
def narrow_pulls_turned(gap, T, eps):
    L = eps**2 * math.log(T) / gap**2
    return 1 + 32 * L, 1 + 8 * L


@wrong("narrow-pulls", "four radii must fit")
def narrow_pulls_alike(gap, T, eps):
    L = eps**2 * math.log(T) / gap**2
    return 1 + 8 * L, 1 + 8 * L


@wrong("narrow-pulls", "lost on the way")
def narrow_pulls_lost_2(gap, T, eps):
    L = eps**2 * math.log(T) / gap**2
    return [1 + 4 * L, 1 + 16 * L]


@wrong("narrow-pulls", "the last pull")
def narrow_pulls_before(gap, T, eps):
    L = eps**2 * math.log(T) / gap**2
    return 8 * L, 32 * L


@wrong("narrow-pulls", "the gap is squared")
def narrow_pulls_plain_gap(gap, T, eps):
    return 1 + 8 * eps**2 * math.log(T) / gap, 1 + 32 * eps**2 * math.log(T) / gap


@wrong("narrow-pulls", "these are regrets")
def narrow_pulls_times_gap(gap, T, eps):
    return gap + 8 * eps**2 * math.log(T) / gap, gap + 32 * eps**2 * math.log(T) / gap


# -- instantaneous-elimination -----------------------------------------------------------------


@another_solution("instantaneous-elimination")
def instantaneous_rough(t, K, T):
    return min(1, 4 * math.sqrt(4 * K * math.log(T) / t) + 2 / T**2) if t > K else 1


@another_solution("instantaneous-elimination")
def instantaneous_as_careful_as_allowed(t, K, T):
    return min(1, 24 * math.log(T) * math.sqrt(K / t))


@another_solution("instantaneous-elimination")
def instantaneous_infinite(t, K, T):
    n = (t - 1) // K
    return np.inf if n == 0 else np.sqrt(32 * np.log(T) / n) + 2 / T


@wrong("instantaneous-elimination", "grows with t")
def instantaneous_cumulated(t, K, T):
    return 8 * math.sqrt(2 * K * t * math.log(T))


@wrong("instantaneous-elimination", "does not fall with t")
def instantaneous_average(t, K, T):
    return 8 * math.sqrt(2 * K * math.log(T) / T)


@wrong("instantaneous-elimination", "does not grow with K")
def instantaneous_without_arms(t, K, T):
    return 4 * math.sqrt(2 * math.log(T) / t)


@wrong("instantaneous-elimination", "does not grow with T")
def instantaneous_log_t(t, K, T):
    return 4 * math.sqrt(2 * K * math.log(t + 1) / t)


@wrong("instantaneous-elimination", "falls too fast")
def instantaneous_too_fast(t, K, T):
    return 32 * K * math.log(T) / t


@wrong("instantaneous-elimination", "falls too slowly")
def instantaneous_third_root(t, K, T):
    return (K / t) ** (1 / 3) * math.log(T)


@wrong("instantaneous-elimination", "too low")
def instantaneous_one_radius(t, K, T):
    n = max(1, (t - 1) // K)
    return math.sqrt(2 * math.log(T) / n)


@wrong("instantaneous-elimination", "too high")
def instantaneous_careless(t, K, T):
    return 400 * math.log(T) * math.sqrt(K / t)


# -- instantaneous-explore-first ---------------------------------------------------------------


@another_solution("instantaneous-explore-first")
def explore_first_in_expectation(t, K, N, T):
    if t <= K * N:
        return 1.0
    return min(1.0, 2 * np.sqrt(2 * np.log(T) / N) + 2 * K / T**4)


@another_solution("instantaneous-explore-first")
def explore_first_by_integration(t, K, N, T):
    # E[gap] <= E[2 max |average - mean|] <= 2 sqrt(log(2 K) / (2 N)) (maximal inequality)
    return 2 * math.sqrt(math.log(2 * K) / (2 * N)) if t > K * N else 1


@wrong("instantaneous-explore-first", "can cost 1")
def explore_first_always_chosen(t, K, N, T):
    return 2 * math.sqrt(2 * math.log(T) / N)


@wrong("instantaneous-explore-first", "round K N is the last")
def explore_first_off_by_one(t, K, N, T):
    return 1 if t < K * N else 2 * math.sqrt(2 * math.log(T) / N)


@wrong("instantaneous-explore-first", "falls with t")
def explore_first_goes_on_learning(t, K, N, T):
    return 1 if t <= K * N else 2 * math.sqrt(2 * math.log(T) * K / t)


@wrong("instantaneous-explore-first", "depends on N")
def explore_first_average(t, K, N, T):
    return 1 if t <= K * N else (K * math.log(T) / T) ** (1 / 3)


@wrong("instantaneous-explore-first", "don't count those of all")
def explore_first_pooled(t, K, N, T):
    return 1 if t <= K * N else 2 * math.sqrt(2 * math.log(T) / (K * N))


@wrong("instantaneous-explore-first", "does not tell exploration")
def explore_first_in_sum(t, K, N, T):
    return K * N + 2 * T * math.sqrt(2 * math.log(T) / N)


@wrong("instantaneous-explore-first", "too low")
def explore_first_lucky(t, K, N, T):
    return 1 if t <= K * N else 2 * math.log(T) / N / 100


@wrong("instantaneous-explore-first", "after 1,000,000 tosses")
def explore_first_root_forgotten(t, K, N, T):
    return 1 if t <= K * N else 2 * (2 * math.log(T) / N)


# -- prediction --------------------------------------------------------------------------------


@another_solution("prediction")
def prediction_by_counting(arms, K):
    played = [int(a) for a in arms]
    return [played.count(a) / len(played) for a in range(K)]


@wrong("prediction", "the last arm")
def prediction_last(arms, K):
    p = np.zeros(K)
    p[arms[-1]] = 1
    return p


@wrong("prediction", "played most")
def prediction_most(arms, K):
    pulls = [np.sum(arms == a) for a in range(K)]
    return [1.0 if a == np.argmax(pulls) else 0.0 for a in range(K)]


@wrong("prediction", "forgets how often")
def prediction_uniform(arms, K):
    return [1 / K] * K


@wrong("prediction", "each round counts once")
def prediction_distinct(arms, K):
    played = set(arms.tolist())
    return [(a in played) / len(played) for a in range(K)]


@wrong("prediction", "divide by T")
def prediction_counts(arms, K):
    return np.bincount(arms, minlength=K)


@wrong("prediction", "gets a share for nothing")
def prediction_smoothed(arms, K):
    return (np.bincount(arms, minlength=K) + 1) / (len(arms) + K)


@wrong("prediction", "there are K arms")
def prediction_short(arms, K):
    return np.bincount(arms) / arms.size


# -- polynomial-prediction ---------------------------------------------------------------------


@another_solution("polynomial-prediction")
def horizon_by_bisection(gaps, gamma):
    alpha = 1.5 + gamma / 2
    least = min(g for g in gaps if g > 0)

    def in_time(T):
        return len(gaps) * (1 + 16 * alpha * math.log(T) / least**2) < T

    high = 2
    while not in_time(high):
        high *= 2
    low = 1  # never in time
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if in_time(middle) else (middle, high)
    return [alpha, high]


def first_in_time(K, gap, alpha, factor=16):
    T = 2
    while K * (1 + factor * alpha * math.log(T) / gap**2) >= T:
        T += 1
    return T


@wrong("polynomial-prediction", "smallest one")
def horizon_of_the_largest_gap(gaps, gamma):
    alpha = (3 + gamma) / 2
    return alpha, first_in_time(len(gaps), max(gaps), alpha)


@wrong("polynomial-prediction", "four radii")
def horizon_of_two_radii(gaps, gamma):
    alpha = (3 + gamma) / 2
    return alpha, first_in_time(len(gaps), min(g for g in gaps if g), alpha, factor=4)


@wrong("polynomial-prediction", "not phases")
def horizon_in_phases(gaps, gamma):
    alpha = (3 + gamma) / 2
    return alpha, first_in_time(1, min(g for g in gaps if g), alpha)


@wrong("polynomial-prediction", "has to go, too")
def horizon_forgot_2(gaps, gamma):
    alpha = 1 + gamma / 2
    return alpha, first_in_time(len(gaps), min(g for g in gaps if g), alpha)


@wrong("polynomial-prediction", "not about one")
def horizon_without_union(gaps, gamma):
    alpha = (1 + gamma) / 2
    return alpha, first_in_time(len(gaps), min(g for g in gaps if g), alpha)


@wrong("polynomial-prediction", "doubles alpha")
def horizon_alpha_doubled(gaps, gamma):
    alpha = 3 + gamma
    return alpha, first_in_time(len(gaps), min(g for g in gaps if g), alpha)


@wrong("polynomial-prediction", "gamma below 1")
def horizon_at_least_the_books(gaps, gamma):
    alpha = max(2.0, (3 + gamma) / 2)
    return alpha, first_in_time(len(gaps), min(g for g in gaps if g), alpha)


@wrong("polynomial-prediction", "must be (")
def horizon_of_the_second_gap(gaps, gamma):
    alpha = (3 + gamma) / 2
    second = sorted(gaps)[1] or max(gaps)
    return alpha, first_in_time(len(gaps), second, alpha)


@wrong("polynomial-prediction", "ZeroDivisionError")
def horizon_of_the_best_arm(gaps, gamma):
    alpha = (3 + gamma) / 2
    return alpha, first_in_time(len(gaps), float(min(gaps)), alpha)


# -- alternation -------------------------------------------------------------------------------


@another_solution("alternation")
def alternation_by_two_events(gap, T):
    n = T // 2
    return gap * min(1, 2 * math.exp(-2 * n * (gap / 2) ** 2))


@another_solution("alternation")
def alternation_as_careful_as_allowed(gap, T):
    return 4 * math.exp(-gap * gap * T / 8)


@another_solution("alternation")
def alternation_by_bhattacharyya(gap, T):
    return gap * (1 - gap**2) ** (T // 2) if gap < 1 else 0.0


@wrong("alternation", "half the gap each")
def alternation_all_rounds(gap, T):
    return gap * math.exp(-2 * T * gap**2)


@wrong("alternation", "not better than")
def alternation_one_average(gap, T):
    return gap * math.exp(-2 * (T / 2) * gap**2)


@wrong("alternation", "not exponential in T")
def alternation_polynomial(gap, T):
    return 2 * gap / T**3


@wrong("alternation", "the deviation is squared")
def alternation_plain_gap(gap, T):
    return gap * math.exp(-T * gap / 4)


@wrong("alternation", "far too cautious")
def alternation_root(gap, T):
    return 2 * math.sqrt(2 * math.log(T) / (T / 2))


@wrong("alternation", "too low: for coins")
def alternation_a_bit_too_good(gap, T):
    return gap * math.exp(-0.7 * T * gap**2)


@wrong("alternation", "too high")
def alternation_too_careful(gap, T):
    return math.exp(-T * gap**2 / 16)


# -- doubling-phases ---------------------------------------------------------------------------


@another_solution("doubling-phases")
def phase_by_logarithm(t):
    i = int(t + 1).bit_length() - 1
    return [i, t + 2 - 2**i]


@wrong("doubling-phases", "there is no phase 0")
def phase_from_0(t):
    i = t.bit_length() - 1
    return i, t - 2**i + 1


@wrong("doubling-phases", "not 1, 2, 4")
def phase_of_1_first(t):
    i = t.bit_length() - 1
    return i + 1, t - 2**i + 1


@wrong("doubling-phases", "within a phase count from 1")
def phase_round_from_0(t):
    i = (t + 1).bit_length() - 1
    return i, t - (2**i - 1)


@wrong("doubling-phases", "still belong to it")
def phase_one_early(t):
    i = (t + 2).bit_length() - 1
    return i, t - (2**i - 2)


@wrong("doubling-phases", "do not grow by 2")
def phase_of_even_lengths(t):
    i = 1
    while t > 2 * i:
        t -= 2 * i
        i += 1
    return i, t


@wrong("doubling-phases", "not the round of the game")
def phase_and_round(t):
    return (t + 1).bit_length() - 1, t


@wrong("doubling-phases", "first the phase")
def phase_turned(t):
    i = (t + 1).bit_length() - 1
    return t - (2**i - 2), i


@wrong("doubling-phases", "both are wanted")
def phase_alone(t):
    return (t + 1).bit_length() - 1


# -- doubling-bound ----------------------------------------------------------------------------


@another_solution("doubling-bound")
def doubled_by_playing(f, t):
    total, length = 0.0, 2
    while t > 0:
        total += f(length)
        t -= length
        length *= 2
    return total


@wrong("doubling-bound", "even if it is cut short")
def doubled_whole_phases(f, t):
    m = math.floor(math.log2(t + 1))
    return sum(f(2**i) for i in range(1, m))


@wrong("doubling-bound", "no phase of one round")
def doubled_from_0(f, t):
    m = math.floor(math.log2(t + 1))
    return sum(f(2**i) for i in range(m + 1))


@wrong("doubling-bound", "though the phase is cut short")
def doubled_cut(f, t):
    total, length = 0.0, 2
    while t > 0:
        total += f(min(t, length))
        t -= length
        length *= 2
    return total


@wrong("doubling-bound", "starts afresh")
def doubled_not_at_all(f, t):
    return f(t)


@wrong("doubling-bound", "only the last phase")
def doubled_last(f, t):
    return f(2 ** math.floor(math.log2(t + 1)))


@wrong("doubling-bound", "one phase too many")
def doubled_one_more(f, t):
    m = math.ceil(math.log2(t + 2))
    return sum(f(2**i) for i in range(1, math.floor(math.log2(t + 1)) + 2)) if m else 0


@wrong("doubling-bound", "2^i rounds, not i")
def doubled_by_index(f, t):
    m = math.floor(math.log2(t + 1))
    return sum(f(i) for i in range(1, m + 1))


# -- doubling-constant -------------------------------------------------------------------------


@another_solution("doubling-constant")
def constant_as_series(power):
    return sum(2.0 ** (-power * j) for j in range(4000))


@wrong("doubling-constant", "use the power")
def constant_of_the_root(power):
    return math.sqrt(2) / (math.sqrt(2) - 1)


@wrong("doubling-constant", "may have just begun")
def constant_at_the_end(power):
    return 1 / (2**power - 1)


@wrong("doubling-constant", "one phase to the next")
def constant_of_one_phase(power):
    return 2**power


@wrong("doubling-constant", "less than 1")
def constant_of_a_series_that_diverges(power):
    return 1 / (1 - 2**power)


@wrong("doubling-constant", "not e")
def constant_base_e(power):
    return 1 / (1 - math.exp(-power))


@wrong("doubling-constant", "one power too many")
def constant_next_phase(power):
    return 2**power * 2**power / (2**power - 1)


# -- beat-ucb1 ---------------------------------------------------------------------------------


@another_solution("beat-ucb1")
class ByPosterior(bk.Learner):
    """Thompson sampling: the chance that an arm is the best is the chance that it is played."""

    class Policy(NamedTuple):
        wins: np.ndarray
        losses: np.ndarray

        def select(self, t, x, rng):
            return np.argmax(rng.beta(self.wins, self.losses))

        def update(self, t, x, a, y):
            self.wins[a] += y
            self.losses[a] += 1 - y

    def start(self, spec, horizon):
        return self.Policy(np.ones(spec.K), np.ones(spec.K))


@another_solution("beat-ucb1")
class OfTheLibrary(bk.Learner):
    def start(self, spec, horizon):
        return bk.KLUCB().start(spec, horizon)


class Averages(NamedTuple):
    pulls: np.ndarray
    sums: np.ndarray

    def update(self, t, x, a, y):
        self.pulls[a] += 1
        self.sums[a] += y


class UCBOf(Averages):
    def select(self, t, x, rng):
        if t < len(self.pulls):
            return t
        return np.argmax(self.sums / self.pulls + np.sqrt(2 * math.log(t + 1) / self.pulls))


class LittleLessOf(Averages):
    def select(self, t, x, rng):
        if t < len(self.pulls):
            return t
        return np.argmax(self.sums / self.pulls + np.sqrt(1.2 * math.log(t + 1) / self.pulls))


class GreedyOf(Averages):
    def select(self, t, x, rng):
        return t if t < len(self.pulls) else np.argmax(self.sums / self.pulls)


class DiceOf(Averages):
    def select(self, t, x, rng):
        return rng.integers(len(self.pulls))


class EpsilonOf(Averages):
    epsilon = 0.6
    first = 1  # pulls of each arm

    def select(self, t, x, rng):
        K = len(self.pulls)
        if t < K * self.first:
            return t % K
        if rng.random() < self.epsilon:
            return rng.integers(K)
        return np.argmax(self.sums / self.pulls)


class LittleEpsilonOf(EpsilonOf):
    epsilon, first = 0.03, 12


class Told(NamedTuple):
    pulls: np.ndarray
    sums: np.ndarray
    log_horizon: float

    def select(self, t, x, rng):
        if t < len(self.pulls):
            return t
        return np.argmax(self.sums / self.pulls + np.sqrt(0.5 * self.log_horizon / self.pulls))

    def update(self, t, x, a, y):
        self.pulls[a] += 1
        self.sums[a] += y


@wrong("beat-ucb1", "about the same")
class JustUCB1(bk.Learner):
    def start(self, spec, horizon):
        return UCBOf(np.zeros(spec.K), np.zeros(spec.K))


@wrong("beat-ucb1", "better, but half of it")
class LittleLessExploration(bk.Learner):
    def start(self, spec, horizon):
        return LittleLessOf(np.zeros(spec.K), np.zeros(spec.K))


@wrong("beat-ucb1", "another chance")
class NeverComesBack(bk.Learner):
    def start(self, spec, horizon):
        return GreedyOf(np.zeros(spec.K), np.zeros(spec.K))


@wrong("beat-ucb1", "at random")
class Dice(bk.Learner):
    def start(self, spec, horizon):
        return DiceOf(np.zeros(spec.K), np.zeros(spec.K))


@wrong("beat-ucb1", "explores too long")
class ConstantEpsilon(bk.Learner):
    def start(self, spec, horizon):
        return EpsilonOf(np.zeros(spec.K), np.zeros(spec.K))


@wrong("beat-ucb1", "exploration must fade")
class LittleConstantEpsilon(bk.Learner):
    def start(self, spec, horizon):
        return LittleEpsilonOf(np.zeros(spec.K), np.zeros(spec.K))


@wrong("beat-ucb1", "uses the horizon")
class KnowsTheHorizon(bk.Learner):
    def start(self, spec, horizon):
        return Told(np.zeros(spec.K), np.zeros(spec.K), math.log(horizon))


@wrong("beat-ucb1", "inherits from bk.Learner")
class APolicyOnly(NamedTuple):
    pulls: np.ndarray = np.zeros(5)
    sums: np.ndarray = np.zeros(5)

    def select(self, t, x, rng):
        return t % 5

    def update(self, t, x, a, y):
        self.pulls[a] += 1
