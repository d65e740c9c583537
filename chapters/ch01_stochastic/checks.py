"""The checks of chapter 1, stochastic bandits, in the order of the chapter."""

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from banditkit.course.exercises import Hint, call, compare, exercise, expect


def real(answer: Any, *arguments: Any) -> float:
    """Return the number that a student's function returns; infinity is one."""
    value = call(answer, *arguments)
    name = getattr(answer, "__name__", "the function")
    try:
        number = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise Hint(f"{name} must return a number; got {value!r}") from None
    expect(number.shape == (), f"{name} must return one number; got shape {number.shape}")
    expect(not np.isnan(number), f"{name} returns nan, which is not a number")
    return float(number)


def coin_sums(n: int, mean: float) -> np.ndarray:
    """Return the probabilities of 0, ..., n heads in n tosses, for a mean inside (0, 1)."""
    k = np.arange(n + 1)
    log_factorial = np.cumsum(np.log(np.maximum(k, 1)))
    ways = log_factorial[n] - log_factorial - log_factorial[::-1]
    return np.exp(ways + k * math.log(mean) + (n - k) * math.log1p(-mean))


def chance_to_exceed(first: float, second: float, n: int) -> tuple[float, float]:
    """Return the chances that the second coin shows more heads in n tosses, and as many."""
    p, q = coin_sums(n, first), coin_sums(n, second)
    above = np.append(np.cumsum(q[::-1])[::-1][1:], 0.0)  # Pr[second > k]
    return float((p * above).sum()), float((p * q).sum())


# -- what is counted ---------------------------------------------------------------------------


@exercise("pseudo-regret", "Pseudo-regret, round by round", minutes=5)
def pseudo_regret(answer, rng):
    def truth(means, arms, rewards):
        return np.cumsum(max(means) - np.array(means)[arms])

    mistakes = {
        "that is realised regret, which counts the luck of the rewards too: take the means of the "
        "arms that were played": lambda means, arms, rewards: np.cumsum(max(means) - rewards),
        "regret is wanted after every round, one number a round, not only after the last": (
            lambda *game: truth(*game)[-1]
        ),
        "these are the gaps of the rounds; regret after a round is the sum of the gaps so far": (
            lambda means, arms, rewards: max(means) - np.array(means)[arms]
        ),
        "compare with the best of all arms, even if it was never played": (
            lambda means, arms, rewards: np.cumsum(
                np.array(means)[arms].max() - np.array(means)[arms]
            )
        ),
        "the sign is turned: regret is what was lost, and grows": lambda *game: -truth(*game),
        "divide by nothing: regret is a sum over rounds, not their average": (
            lambda *game: truth(*game) / np.arange(1, len(game[1]) + 1)
        ),
    }
    cases = []
    for K in (3, 4, 5):
        means = rng.permutation(np.round(rng.choice(np.arange(1, 20), K, replace=False) / 20, 2))
        arms = rng.integers(0, K, 9)
        rewards = (rng.random(9) < means[arms]).astype(float)
        cases.append((means, arms, rewards))
    means = np.sort(cases[-1][0])
    cases.append((means, rng.integers(0, means.size - 1, 9), np.ones(9)))  # the best never played
    compare(answer, truth, cases, mistakes)


# -- confidence --------------------------------------------------------------------------------


def radius(n, T):
    return math.sqrt(2 * math.log(T) / n)


@exercise("confidence-radius", "The confidence radius", minutes=5, book="Section 1.3.1")
def confidence_radius(answer, rng):
    mistakes = {
        "the logarithm is that of the horizon T, not of the number of pulls n": (
            lambda n, T: math.sqrt(2 * math.log(n) / n)
        ),
        "the 2 under the root is missing": lambda n, T: math.sqrt(math.log(T) / n),
        "the logarithm is the natural one, math.log; this is another base": (
            lambda n, T: math.sqrt(2 * math.log10(T) / n)
        ),
        "the logarithm is the natural one, math.log; base 2 makes the radius too wide": (
            lambda n, T: math.sqrt(2 * math.log2(T) / n)
        ),
        "the root is missing: this is the square of the radius": lambda n, T: radius(n, T) ** 2,
        "the 2 belongs above the fraction line: sqrt(2 log(T) / n)": (
            lambda n, T: math.sqrt(math.log(T) / (2 * n))
        ),
        "the root covers n as well: the radius shrinks with the root of n, not with n": (
            lambda n, T: math.sqrt(2 * math.log(T)) / n
        ),
    }
    cases = [(int(rng.integers(1, 60)), int(10 ** rng.uniform(1.5, 6))) for _ in range(8)]
    compare(answer, radius, [*cases, (1, 100), (7, 7)], mistakes)


@exercise("exact-coverage", "How sure the radius really is", minutes=15, book="Equation (2)")
def coverage(answer, rng):
    def within(mean, n, radius, inside):
        return sum(p for k, p in enumerate(coin_sums(n, mean)) if inside(k, n, mean, radius))

    def truth(mean, n, radius):
        return within(mean, n, radius, lambda k, n, mean, r: abs(k / n - mean) <= r)

    mistakes = {
        "an average exactly at the edge counts as covered: <=, not <": lambda *case: within(
            *case, lambda k, n, mean, r: abs(k / n - mean) < r
        ),
        "that is the chance that the average misses; its complement is wanted": (
            lambda *case: 1 - truth(*case)
        ),
        "the average may be too low as well as too high: both sides count": lambda *case: within(
            *case, lambda k, n, mean, r: k / n - mean <= r
        ),
        "the average is the number of heads divided by n": lambda *case: within(
            *case, lambda k, n, mean, r: abs(k - n * mean) <= r
        ),
        "the last possibility is missing: n tosses can show n heads, so k runs from 0 to n": (
            lambda *case: within(*case, lambda k, n, mean, r: k < n and abs(k / n - mean) <= r)
        ),
        "k heads can fall in math.comb(n, k) ways, which are missing": lambda mean, n, r: sum(
            mean**k * (1 - mean) ** (n - k) for k in range(n + 1) if abs(k / n - mean) <= r
        ),
        "Hoeffding's inequality only bounds this chance; add up the exact probabilities": (
            lambda mean, n, r: 1 - 2 * math.exp(-2 * n * r**2)
        ),
    }
    cases = [(0.5, 4, 0.25), (0.25, 8, 0.125), (0.5, 2, 0.5), (0.75, 16, 0.1875)]  # exact in binary
    while len(cases) < 10:
        mean, n = round(rng.uniform(0.1, 0.9), 3), int(rng.integers(3, 40))
        radius = round(rng.uniform(0.05, 0.6), 4)
        from_edge = np.abs(np.abs(np.arange(n + 1) / n - mean) - radius).min()
        if from_edge > 1e-6:  # rounding must not decide
            cases.append((mean, n, radius))
    compare(answer, truth, cases, mistakes)


# -- exploration on a timetable ----------------------------------------------------------------


@exercise("explore-first-n", "How long to explore first", minutes=10, book="Theorem 1.5")
def best_n(answer, rng):
    def least(K, T, bound):
        N = np.arange(1, max(2, T // K + 1))
        return int(N[np.argmin(bound(N))])

    def truth(K, T, uncertain=2.0, arms=None):
        log = math.log(T)
        return least(K, T, lambda N: (arms or K) * N + uncertain * T * np.sqrt(2 * log / N))

    def where_the_slope_is_0(K, T):
        return (T / K) ** (2 / 3) * (2 * math.log(T)) ** (1 / 3)

    def rounded(to_whole):
        return lambda K, T: max(1, min(T // K, to_whole(where_the_slope_is_0(K, T))))

    def book(K, T):
        return math.ceil((T / K) ** (2 / 3) * math.log(T) ** (1 / 3))

    mistakes = {
        "N must be a whole number: compare the bound at the whole numbers on either side": (
            where_the_slope_is_0
        ),
        "cutting off the decimals is not minimising: the next whole number may be better": (
            rounded(math.floor)
        ),
        "rounding up is not minimising: the whole number below may be better": rounded(math.ceil),
        "rounding is not minimising: near the half, the farther whole number may be better": (
            rounded(round)
        ),
        "that is the book's choice, which leaves the constants out: minimise the bound itself": (
            lambda K, T: max(1, min(T // K, book(K, T)))
        ),
        "N is at most T // K: there are not more rounds than that": (
            lambda K, T: max(1, round(where_the_slope_is_0(K, T)))
        ),
        "there are two radii in the bound, one for each of the two arms: 2 T sqrt(2 log T / N)": (
            functools.partial(truth, uncertain=1.0)
        ),
        "exploring costs K N, as each of the K arms is played N times": (
            functools.partial(truth, arms=1)
        ),
        "this is the value of the bound; the N at which it is least is wanted": lambda K, T: (
            K * truth(K, T) + 2 * T * math.sqrt(2 * math.log(T) / truth(K, T))
        ),
    }
    cases = [(50, 100), (30, 60), (2, 1000), (10, 100_000)]
    cases += [(int(rng.integers(2, 12)), int(10 ** rng.uniform(2, 5))) for _ in range(14)]
    halves = []  # where the nearest whole number is not the best one
    while len(halves) < 2:
        K, T = int(rng.integers(10, 200)), int(rng.integers(50, 3000))
        if rounded(round)(K, T) != truth(K, T):
            halves.append((K, T))
    compare(answer, truth, cases + halves, mistakes)


@exercise("explore-first-regret", "Explore-first, exactly", minutes=20, book="Algorithm 1.1")
def explore_first_regret(answer, rng):
    def made_of(means, N, T, explored, exploited, first_of_equal=1.0):
        """Return explored * gap + exploited * gap * Pr[the worse arm is chosen]."""
        first, second = means
        higher, equal = chance_to_exceed(first, second, N)  # of the second arm
        wrong = higher + (1 - first_of_equal) * equal
        if first < second:
            wrong = 1 - wrong
        return abs(first - second) * (explored + exploited * wrong)

    def truth(means, N, T):
        return made_of(means, N, T, N, T - 2 * N)

    mistakes = {
        "of equal averages the first arm wins, always; here each wins half of the time": (
            lambda means, N, T: made_of(means, N, T, N, T - 2 * N, 0.5)
        ),
        "of equal averages the first arm wins; here the second does": (
            lambda means, N, T: made_of(means, N, T, N, T - 2 * N, 0.0)
        ),
        "2 N of the T rounds are spent exploring: only T - 2 N are left to exploit": (
            lambda means, N, T: made_of(means, N, T, N, T)
        ),
        "T - N rounds are not left: each of the two arms is explored N times": (
            lambda means, N, T: made_of(means, N, T, N, T - N)
        ),
        "exploring costs something too: the worse arm is played N times": (
            lambda means, N, T: made_of(means, N, T, 0, T - 2 * N)
        ),
        "only half of the exploration is lost: N rounds with the worse arm, not 2 N": (
            lambda means, N, T: made_of(means, N, T, 2 * N, T - 2 * N)
        ),
        "a worse arm that was chosen costs the gap in each round, not 1": lambda means, N, T: (
            made_of(means, N, T, N, 0)
            + (made_of(means, N, T, 0, T - 2 * N) / abs(means[0] - means[1]))
        ),
        "exploration may end with the wrong arm: after it, regret is not always 0": (
            lambda means, N, T: made_of(means, N, T, N, 0)
        ),
        "exploration may end with the right arm: after it, not every round costs the gap": (
            lambda means, N, T: abs(means[0] - means[1]) * (T - N)
        ),
    }
    cases: list[tuple[tuple[float, float], int, int]] = [((0.5, 0.75), 1, 10), ((0.75, 0.5), 1, 10)]
    for N in (1, 2, 5, 12, 30):
        first, second = (float(each) for each in rng.choice(np.arange(2, 19), 2, replace=False))
        cases.append(((first / 20, second / 20), N, 2 * N + int(rng.integers(1, 200))))
    cases.append(((0.4, 0.7), 6, 12))  # no time to exploit
    compare(answer, truth, cases, mistakes, close=1e-8)


def book_rate(t, K):
    return min(1.0, t ** (-1 / 3) * (K * math.log(t)) ** (1 / 3))


@exercise("exploration-rate", "The book's schedule of exploration", minutes=5, book="Theorem 1.6")
def exploration_rate(answer, rng):
    mistakes = {
        "a probability is at most 1: in the first rounds the formula exceeds it": (
            lambda t, K: t ** (-1 / 3) * (K * math.log(t)) ** (1 / 3)
        ),
        "K belongs under the third root: more arms need more exploration": (
            lambda t, K: min(1.0, t ** (-1 / 3) * math.log(t) ** (1 / 3))
        ),
        "the log t under the third root is missing": (
            lambda t, K: min(1.0, t ** (-1 / 3) * K ** (1 / 3))
        ),
        "the exponent of t is -1/3: exploration gets rarer": (
            lambda t, K: min(1.0, t ** (1 / 3) * (K * math.log(t)) ** (1 / 3))
        ),
        "t counts from 1 already, so it is log t and not log(t + 1)": (
            lambda t, K: min(1.0, (t + 1) ** (-1 / 3) * (K * math.log(t + 1)) ** (1 / 3))
        ),
        "these are square roots; the exponents are a third": (
            lambda t, K: min(1.0, t ** (-1 / 2) * (K * math.log(t)) ** (1 / 2))
        ),
        "only log t stands in the numerator, with K, under the third root: K^(1/3), not K": (
            lambda t, K: min(1.0, t ** (-1 / 3) * K * math.log(t) ** (1 / 3))
        ),
    }
    cases = [(1, 4), (2, 2), (5, 10), (100, 2), (100_000, 10)]
    cases += [(int(10 ** rng.uniform(1, 7)), int(rng.integers(2, 30))) for _ in range(8)]
    compare(answer, book_rate, cases, mistakes)


@exercise("epsilon-greedy-proof", "The proof of Theorem 1.6", minutes=45, book="Exercise 1.2")
def round_bound(answer, rng):
    def summed(weights=(1, 1, 1, 1), upto=0, shared=True):
        def bound(t, K):
            m = sum(book_rate(s, K) for s in range(1, t + upto)) / (K if shared else 1)
            error, few, missed = 4 * math.sqrt(math.log(t) / m), K * math.exp(-m / 8), 2 * K / t**3
            parts = (book_rate(t, K), error, few, missed)
            return sum(w * part for w, part in zip(weights, parts, strict=True))

        return bound

    def one_arm(t, K):
        return summed()(t, K) - (K - 1) / K * summed((0, 0, 1, 1))(t, K)

    mistakes = {
        "with probability epsilon_t round t explores, and may cost 1: that term is missing": (
            summed((0, 1, 1, 1))
        ),
        "the clean event gives m / 2 pulls, not m: the radius is sqrt(4 log(t) / m)": (
            summed((1, math.sqrt(0.5), 1, 1))
        ),
        "one radius for each of two arms, the chosen and the best: twice the radius": (
            summed((1, 0.5, 1, 1))
        ),
        "the event that some arm was explored less than m / 2 times is forgotten: K exp(-m / 8)": (
            summed((1, 1, 0, 1))
        ),
        "the event that an average misses its mean by more than the radius is forgotten: 2 K / t^3"
        "": summed((1, 1, 1, 0)),
        "both bad events are unions over K arms: a factor K is missing": one_arm,
        "m is what one arm can expect: exploration is shared by K arms": summed(shared=False),
        "m counts the rounds before t, up to t - 1": summed(upto=1),
        "the plain sum is wanted, also where it exceeds 1": lambda t, K: min(1.0, summed()(t, K)),
    }
    cases = [(3, 2), (10, 2), (400, 2), (6000, 2)]
    cases += [(int(10 ** rng.uniform(0.7, 3.5)), int(rng.integers(2, 6))) for _ in range(6)]
    compare(answer, summed(), cases, mistakes)


# -- adaptive exploration ----------------------------------------------------------------------


@exercise("elimination-phase", "Who is deactivated", minutes=10, book="Algorithm 1.4")
def deactivated(answer, rng):
    def below(threshold_of):
        def dropped(means, n, T):
            return [a for a in range(len(means)) if threshold_of(np.array(means), n, T)[a]]

        return dropped

    def truth(means, n, T):
        r = radius(n, T)
        return [a for a in range(len(means)) if means[a] + r < max(means) - r]

    mistakes = {
        "these are the arms that stay; the ones to be dropped are wanted": below(
            lambda m, n, T: m + radius(n, T) >= m.max() - radius(n, T)
        ),
        "the radius counts on both sides: UCB(a) below LCB(a') means two radii apart": below(
            lambda m, n, T: m + radius(n, T) < m.max()
        ),
        "that drops all but the leader: the confidence intervals must be apart": below(
            lambda m, n, T: m < m.max()
        ),
        "nobody is ever dropped: one active arm that is clearly better suffices": (
            lambda means, n, T: []
        ),
        "the 2 under the root of the radius is missing": below(
            lambda m, n, T: m + 2 * math.sqrt(math.log(T) / n) < m.max()
        ),
        "the radius has log T in it, also after few phases: not log n": below(
            lambda m, n, T: m + 2 * math.sqrt(2 * math.log(n) / n) < m.max()
        ),
        "in the radius stands the number of pulls of one arm, n, not that of all arms together": (
            below(lambda m, n, T: m + 2 * radius(n * m.size, T) < m.max())
        ),
        "more than one arm may be dropped after a phase, not only the worst": (
            lambda means, n, T: [a for a in truth(means, n, T) if means[a] == min(means)]
        ),
        "the radius divides by the number of pulls so far: n, not n + 1": below(
            lambda m, n, T: m + 2 * radius(n + 1, T) < m.max()
        ),
    }
    cases: list[tuple[list[float], int, int]] = []

    def add(n, T, *radii):
        """Add a case with arms so many radii below the best of them."""
        top = rng.uniform(0.93, 0.99)
        means = rng.permutation([top, *(top - factor * radius(n, T) for factor in radii)])
        cases.append(([round(float(each), 4) for each in means], n, T))

    for factor, K in ((0.6, 4), (0.95, 5), (1.1, 3), (1.3, 4), (1.46, 3), (1.7, 3), (2.2, 4)):
        add(200, 10_000, factor, *rng.uniform(0.0, 0.4, K - 2))
    for factor in (1.99, 2.01):  # n + 1 and n - 1 are told from n
        add(int(rng.integers(40, 50)), int(rng.integers(40, 50)), factor)
    add(2000, 10_000, 1.5, 2.5, 3.0, 5.0)  # more than one, and the second best is behind
    low, high = rng.uniform(0.0, 0.3, 3), rng.uniform(0.8, 0.95, 2)
    cases.append(([round(float(each), 4) for each in (*low, *high)], 2000, 10_000))
    for _ in range(5):
        K, pulls = int(rng.integers(2, 7)), int(rng.integers(60, 2000))
        cases.append(([round(x, 4) for x in rng.random(K).tolist()], pulls, 100_000))
    cases.append(([0.9, 0.1], 3, 1000))  # too early for anybody

    @functools.wraps(answer)
    def listed(*case):
        arms = answer(*case)
        if isinstance(arms, set | frozenset):
            return sorted(arms)
        found = np.asarray([] if arms is None else arms)
        if arms is not None and found.dtype == bool and found.shape == (len(case[0]),):
            raise Hint("return the indices of the arms, counted from 0, not True and False for all")
        return arms if arms is None or found.ndim != 1 else sorted(arms)

    compare(listed, truth, cases, mistakes)


@exercise("ucb-index", "The index of UCB1", minutes=5, book="Algorithm 1.5")
def ucb_index(answer, rng):
    mistakes = {
        "the bonus is missing: that is exploitation alone": lambda mean, pulls, T: mean,
        "UCB is the upper end of the interval: the radius is added, not subtracted": (
            lambda mean, pulls, T: mean - radius(pulls, T)
        ),
        "the logarithm is that of T: the radius must shrink as 1 / sqrt(pulls)": (
            lambda mean, pulls, T: mean + math.sqrt(2 * math.log(max(pulls, 1)) / pulls)
        ),
        "the book's constant under the root is 2, here it is 1": (
            lambda mean, pulls, T: mean + math.sqrt(math.log(T) / pulls)
        ),
        "the average stands outside the root": lambda mean, pulls, T: math.sqrt(
            mean + 2 * math.log(T) / pulls
        ),
        "the 2 stands under the root: sqrt(2 log(T) / pulls)": (
            lambda mean, pulls, T: mean + 2 * math.sqrt(math.log(T) / pulls)
        ),
        "the radius is divided by the pulls before this round: pulls, not pulls + 1": (
            lambda mean, pulls, T: mean + radius(pulls + 1, T)
        ),
        "`mean` is an average already: don't divide it by the pulls": (
            lambda mean, pulls, T: mean / pulls + radius(pulls, T)
        ),
        "an index may exceed 1: don't cut it off, or unsure arms look alike": (
            lambda mean, pulls, T: min(1.0, mean + radius(pulls, T))
        ),
    }
    cases = [
        (round(rng.random(), 3), int(rng.integers(1, 90)), int(10 ** rng.uniform(2, 6)))
        for _ in range(10)
    ]
    compare(
        answer,
        lambda mean, pulls, T: mean + radius(pulls, T),
        [*cases, (0.5, 1, 1000), (0.2, 900, 1000)],
        mistakes,
    )


class _Seat(NamedTuple):
    """A student's policy, with a look at each arm that it selects."""

    policy: Any
    K: int

    def select(self, t, x, rng):
        a = self.policy.select(t, x, rng)
        expect(a is not None, f"select returns nothing, in round t = {t}")
        try:
            arm = int(a)
        except (TypeError, ValueError):
            raise Hint(f"select must return the number of an arm; got {a!r} at t = {t}") from None
        expect(
            arm == a and 0 <= arm < self.K,
            f"select returns {a} at t = {t}, but the arms are 0 to {self.K - 1}",
        )
        return arm

    def update(self, t, x, a, y):
        self.policy.update(t, x, a, y)


class _Indexed(NamedTuple):
    """A policy that plays the arm with the highest index: UCB1, and its misreadings."""

    pulls: np.ndarray
    sums: np.ndarray
    T: int
    index: Any  # of the sum of rewards, pulls, t and T

    def select(self, t, x, rng):
        if t < self.pulls.size:
            return t
        pairs = zip(self.sums, self.pulls, strict=True)
        return int(np.argmax([self.index(s, n, t, self.T) for s, n in pairs]))

    def update(self, t, x, a, y):
        self.pulls[a] += 1
        self.sums[a] += y


def seated(start):
    """Return a learner whose policy is ``start(K, T)``, with a look at what it selects."""
    import banditkit as bk

    class Student(bk.Learner):
        def start(self, spec, horizon):
            return _Seat(start(spec.K, horizon), spec.K)

    return Student()


@exercise("ucb1-policy", "UCB1, a class that plays", minutes=25, book="Algorithm 1.5")
def UCB1Policy(answer, rng):
    import banditkit as bk

    def blank(K, T):
        return answer(np.zeros(K), np.zeros(K), T)

    policy = blank(3, 100)
    for verb in ("select", "update"):
        expect(callable(getattr(policy, verb, None)), f"the class needs a method {verb}")
    policy.update(0, None, 1, 0.5)
    policy.update(1, None, 1, 0.25)
    pulls, sums = (np.asarray(getattr(policy, each)).tolist() for each in ("pulls", "sums"))
    expect(pulls != [0, 0, 0], "update must count the pull: pulls[a] grows by 1")
    expect(pulls == [0, 2, 0], f"after two pulls of arm 1, pulls must be [0, 2, 0]; got {pulls}")
    expect(sums != [0, 0.25, 0], "update must add the reward to sums[a], not replace it")
    expect(
        np.allclose(sums, [0, 0.75, 0]),
        f"after rewards 0.5 and 0.25 of arm 1, sums must be [0, 0.75, 0]; got {sums}",
    )
    games = []
    for K in (2, 4, 6):
        low = rng.uniform(0.0, 0.5, K)
        games.append((bk.UniformArms(low, low), 120))  # the same reward at every pull
        games.append((bk.UniformArms(low, low + rng.uniform(0.1, 0.5, K)), 250))
    for _ in range(3):  # arms that are much alike
        games.append((bk.UniformArms([0.0] * 8, rng.uniform(0.9, 1.0, 8)), 200))
    seed = int(rng.integers(2**31))

    def arms_of(learner):
        watched = []
        for i, (arms, T) in enumerate(games):
            watched.append(bk.watch(arms, learner, horizon=T, seed=seed + i).arms)
        return np.concatenate(watched)

    found, right = arms_of(seated(blank)), arms_of(bk.UCB1(anytime=False))
    if (found == right).all():
        return

    def mistaken(index):
        return seated(lambda K, T: _Indexed(np.zeros(K), np.zeros(K), T, index))

    mistakes = {
        "the radius is that of the horizon, log T; log t, with the round, is the anytime variant": (
            mistaken(lambda s, n, t, T: s / n + radius(n, max(t, 1)))
        ),
        "the radius is that of the horizon, log T; log(t + 1) is the anytime variant": bk.UCB1(),
        "the 2 under the root of the radius is missing": bk.UCB1(exploration=1.0, anytime=False),
        "the bonus is missing: the arm with the best average is not yet UCB1": bk.Greedy(),
        "the index starts with the average reward, sums / pulls, not with the sum": mistaken(
            lambda s, n, t, T: s + radius(n, T)
        ),
        "the radius is added to the average: an upper bound, not a lower one": mistaken(
            lambda s, n, t, T: s / n - radius(n, T)
        ),
        "the arm with the highest index is played, not the one with the lowest": mistaken(
            lambda s, n, t, T: -s / n - radius(n, T)
        ),
        "the root is missing: the bonus is sqrt(2 log(T) / n)": mistaken(
            lambda s, n, t, T: s / n + radius(n, T) ** 2
        ),
        "the radius divides by the number of pulls so far: n, not n + 1": mistaken(
            lambda s, n, t, T: s / n + radius(n + 1, T)
        ),
        "the radius shrinks with the pulls of its own arm, not with the round": mistaken(
            lambda s, n, t, T: s / n + radius(t, T)
        ),
    }
    for hint, learner in mistakes.items():
        expect(not (found == arms_of(learner)).all(), hint)
    t, K = 0, 2  # each game begins with each arm once
    for arms, T in games:
        K = arms.spec.K
        first = found[t : t + K].tolist()
        expect(
            sorted(first) == list(range(K)),
            f"the first K rounds play each arm once; with {K} arms these were {first}",
        )
        expect(
            first == list(range(K)),
            f"the first K rounds play arms 0, 1, ..., K - 1 in this order; these were {first}",
        )
        t += T
    at = int(np.argmax(found != right))
    start = 0
    for arms, T in games:
        if at < start + T:
            raise Hint(
                f"with {arms.spec.K} arms and T = {T}, round t = {at - start} plays arm "
                f"{found[at]}; the highest index is that of arm {right[at]}"
            )
        start += T


@exercise("growth-exponent", "The slope of regret on log-log axes", minutes=10)
def growth_exponent(answer, rng):
    def fit(x, y, which=0):
        return np.polyfit(x, y, 1)[which]

    def truth(times, regret):
        return fit(np.log(times), np.log(regret))

    mistakes = {
        "take the logarithm of both, times and regret": lambda t, R: fit(np.asarray(t), R),
        "the logarithm of the regret is missing": lambda t, R: fit(np.log(t), R),
        "the logarithm of the times is missing": lambda t, R: fit(np.asarray(t), np.log(R)),
        "that is the intercept of the line; its slope is wanted": (
            lambda t, R: fit(np.log(t), np.log(R), 1)
        ),
        "the axes are swapped: regret against time": lambda t, R: fit(np.log(R), np.log(t)),
        "fit a line through all points, not only through the first and the last": (
            lambda t, R: math.log(R[-1] / R[0]) / math.log(t[-1] / t[0])
        ),
        "the line need not pass through the origin: R = C t^a has an intercept, log C": (
            lambda t, R: np.dot(np.log(t), np.log(R)) / np.dot(np.log(t), np.log(t))
        ),
        "that is the average of the ratios log R / log t; the slope of the fitted line is wanted": (
            lambda t, R: np.mean(np.log(R) / np.log(t))
        ),
    }
    cases = []
    for _ in range(5):
        times = np.unique(np.round(10 ** rng.uniform(1, 5, 12)))
        noise = np.exp(rng.normal(0, 0.1, times.size))
        cases.append((times, rng.uniform(0.5, 9) * times ** rng.uniform(0.3, 0.9) * noise))
    compare(answer, truth, cases, mistakes, close=1e-7)


# -- variations: Exercises 1.1 and 1.3 ---------------------------------------------------------


@exercise("narrow-radius", "Rewards from a small interval", minutes=10, book="Exercise 1.1")
def narrow_radius(answer, rng):
    mistakes = {
        "that is the radius for rewards in [0, 1]; use that they vary by eps only": (
            lambda n, T, eps: radius(n, T)
        ),
        "eps goes in front of the root, or squared under it: an average shrinks as its rewards do"
        "": lambda n, T, eps: math.sqrt(2 * eps * math.log(T) / n),
        "squared under the root, eps comes out as eps: here it comes out squared": (
            lambda n, T, eps: eps**2 * radius(n, T)
        ),
        "the interval is eps long, not 1/2 + eps: where it lies does not matter": (
            lambda n, T, eps: (0.5 + eps) * radius(n, T)
        ),
        "narrow rewards are easier: multiply by eps, don't divide": (
            lambda n, T, eps: radius(n, T) / eps
        ),
        "that is narrower than the event of probability 1 - 2 / T^4 allows: keep the 2": (
            lambda n, T, eps: eps * math.sqrt(math.log(T) / n)
        ),
        "half the width? Hoeffding's inequality has the whole length of the interval in it": (
            lambda n, T, eps: eps / 2 * radius(n, T)
        ),
        "a radius may be wider than the interval: don't cut it off at eps": (
            lambda n, T, eps: min(eps, eps * radius(n, T))
        ),
    }
    cases = [
        (int(rng.integers(1, 80)), int(10 ** rng.uniform(2, 6)), round(rng.uniform(0.01, 0.5), 3))
        for _ in range(10)
    ]
    cases.append((1, 1000, 0.25))  # wider than the interval itself
    compare(answer, lambda n, T, eps: eps * radius(n, T), cases, mistakes)


@exercise("narrow-pulls", "Fewer pulls from a small interval", minutes=15, book="Exercise 1.1")
def narrow_pulls(answer, rng):
    def pulls(factors=(8, 32), one=1, power=2, log=math.log, gap_power=2):
        def bounds(gap, T, eps):
            return tuple(one + f * eps**power * log(T) / gap**gap_power for f in factors)

        return bounds

    mistakes = {
        "a factor eps in the radius is a factor eps squared in the pulls": pulls(power=1),
        "the interval's length eps is not used": pulls(power=0),
        "UCB1 comes first, then elimination": pulls((32, 8)),
        "elimination stops an arm later: intervals of four radii must fit into the gap, not two": (
            pulls((8, 8))
        ),
        "on the clean event gap <= 2 r with r^2 = 2 eps^2 log(T) / n: the 2 of the radius is lost "
        "on the way": pulls((4, 16)),
        "on the clean event the gap is at most two radii, and for elimination four: square the 2 "
        "and the 4 as well": pulls((4, 8)),
        "add the last pull: the inequality speaks of the pulls before it": pulls(one=0),
        "the gap is squared: twice as small a gap takes four times as many pulls": pulls(
            gap_power=1
        ),
        "these are regrets: pulls times the gap; only the pulls are wanted": lambda gap, T, eps: (
            tuple(gap * each for each in pulls()(gap, T, eps))
        ),
    }
    cases = []
    for _ in range(8):
        eps = rng.uniform(0.05, 0.5)
        cases.append((round(eps * rng.uniform(0.1, 0.9), 4), int(10 ** rng.uniform(2, 6)), eps))
    compare(answer, pulls(), cases, mistakes)


@exercise(
    "instantaneous-elimination",
    "Every round of successive elimination",
    minutes=40,
    book="Exercise 1.3(a)",
)
def instantaneous_bound(answer, rng):
    def certain(t, K, T):
        """Return a gap that elimination does play in round t, with rewards 1 and 1 - gap."""
        phases = (t - 1) // K
        return 1.0 if phases == 0 else min(1.0, 2 * radius(phases, T)) * (1 - 1e-9)

    t, K, T = int(rng.integers(10**7, 2 * 10**7)), int(rng.integers(4, 9)), 10**9
    value = real(answer, t, K, T)
    expect(value > 0, f"round {t} may cost something; your bound is {value:g}")
    later, wider = real(answer, 4 * t, K, T) / value, real(answer, t, 4 * K, T) / value
    longer = real(answer, t, K, T**2) / value
    expect(
        later < 1.5, "your bound grows with t: R(t), the regret so far, may do so, not one round's"
    )
    expect(
        later < 0.9,
        "your bound does not fall with t: it must hold in round t for the t - 1 rounds before it",
    )
    expect(
        wider > 1.1,
        "your bound does not grow with K: a phase of K rounds pulls an arm once",
    )
    expect(
        longer > 1.1,
        "your bound does not grow with T, but the radius has log T in it, from the first round on",
    )
    expect(
        later > 0.3,
        "your bound falls too fast: four times as many rounds halve the radius, not more",
    )
    slowly = real(answer, 10**4 * t, K, 10**4 * T) / real(answer, 100 * t, K, 10**4 * T)
    expect(
        slowly < 0.17,
        "your bound falls too slowly: a hundred times as many rounds make the radius ten times "
        "smaller; a third root would not be below 24 log(T) sqrt(K / t) for all t",
    )
    cases = [(1, 2, 100), (7, 7, 1000), (8, 7, 1000), (t, K, T), (900, 2, 10**15), (5000, 10, 5000)]
    for _ in range(20):
        K, T = int(rng.integers(2, 40)), int(10 ** rng.uniform(3, 9))
        cases.append((int(math.exp(rng.uniform(0, math.log(T)))), K, T))
    for t, K, T in cases:
        value, floor = real(answer, t, K, T), certain(t, K, T)
        expect(
            value >= floor,
            f"too low: with rewards 1 and 1 - gap, in round {t} of T = {T}, K = {K}, elimination "
            f"still plays the gap {floor:.4g}; your bound says {value:.4g}",
        )
        ceiling = 24 * math.log(T) * math.sqrt(K / t)
        expect(
            value <= ceiling * (1 + 1e-9) or t <= K,
            f"too high: round {t} of T = {T}, K = {K} costs at most 24 log(T) sqrt(K / t) = "
            f"{ceiling:.4g}; your bound says {value:.4g}",
        )


@exercise(
    "instantaneous-explore-first",
    "Every round of explore-first",
    minutes=20,
    book="Exercise 1.3(b)",
)
def explore_first_round(answer, rng):
    def certain(N):
        """Return the largest expected gap after N tosses of each of two coins (on a grid)."""
        gaps = np.array([0.4, 0.55, 0.7]) / math.sqrt(N)
        return max(g * chance_to_exceed(0.5 + g / 2, 0.5 - g / 2, N)[0] for g in gaps if g < 1)

    T, N, K = 10**8, int(rng.integers(3000, 9000)), int(rng.integers(3, 9))
    during = real(answer, K * N - int(rng.integers(1, 99)), K, N, T)
    expect(
        during >= 1,
        "before K N rounds have been played every arm has its turn: a round of exploration can "
        "cost 1",
    )
    expect(
        real(answer, K * N, K, N, T) >= 1,
        "round K N is the last one of exploration, and rounds count from 1: t <= K N can cost 1",
    )
    value = real(answer, K * N + 1, K, N, T)
    expect(value > 0, f"after exploration a round may still cost something; your bound is {value}")
    expect(
        value < 1 or during <= 1,
        "your bound does not tell exploration from what follows: then a round costs at most two "
        "radii on the clean event",
    )
    expect(
        real(answer, 64 * K * N, K, N, T) > 0.9 * value,
        "your bound falls with t after exploration, but then the arm is chosen and never changes",
    )
    expect(
        real(answer, K * 4 * N + 1, K, 4 * N, T) < 0.7 * value,
        "four times as much exploration must halve the bound: it depends on N, by the radius",
    )
    expect(
        real(answer, 16 * K * N + 1, 16 * K, N, T) > 0.9 * value,
        "each average comes from N rewards of its own arm: don't count those of all K together",
    )
    for N in (2, 4, 20, 60, 10**6):
        K = int(rng.integers(2, 9))
        T = max(K * N + 2, int(10 ** rng.uniform(3, 7)))
        value, floor = real(answer, K * N + 1, K, N, T), certain(N)
        expect(
            value >= floor,
            f"too low: after {N:,} tosses of each of two coins, a round can cost {floor:.4g} on "
            f"average; your bound says {value:.4g}",
        )
    for N in (200, 5000):
        K, T = int(rng.integers(2, 9)), int(10 ** rng.uniform(5, 8))
        value, ceiling = real(answer, K * N + 1, K, N, T), 8 * radius(N, T)
        expect(
            value <= ceiling * (1 + 1e-9),
            f"too high: after N = {N} pulls of each arm, T = {T}, two radii are {ceiling / 4:.4g}; "
            f"your bound says {value:.4g}",
        )


# -- pure exploration: Exercise 1.4 ------------------------------------------------------------


@exercise("prediction", "From regret to a prediction", minutes=15, book="Exercise 1.4(a)")
def prediction(answer, rng):
    def counts(arms, K):
        return np.bincount(arms, minlength=K)

    mistakes = {
        "the last arm may be any: an algorithm with little regret still explores now and then": (
            lambda arms, K: np.eye(K)[arms[-1]]
        ),
        "the arm played most need not do: the book's bound is on the average gap over all rounds": (
            lambda arms, K: np.eye(K)[np.argmax(counts(arms, K))]
        ),
        "uniform over the arms forgets how often each was played": (
            lambda arms, K: np.full(K, 1 / K)
        ),
        "each round counts once, so an arm that was played often counts often": (
            lambda arms, K: (counts(arms, K) > 0) / (counts(arms, K) > 0).sum()
        ),
        "these are numbers of pulls; divide by T to make them probabilities": counts,
        "no arm gets a share for nothing: an arm never played has probability 0": (
            lambda arms, K: (counts(arms, K) + 1) / (len(arms) + K)
        ),
        "there are K arms, also if the last ones were never played: K probabilities": (
            lambda arms, K: np.bincount(arms) / len(arms)
        ),
    }
    cases: list[tuple[np.ndarray, int]] = []
    while len(cases) < 6:
        K = int(rng.integers(3, 7))
        arms = rng.choice(K - 1, int(rng.integers(8, 25)), p=rng.dirichlet(np.ones(K - 1)))
        pulls = np.sort(counts(arms, K))
        if pulls[-1] > pulls[-2] and arms[-1] != np.argmax(counts(arms, K)):
            cases.append((arms, K))
    compare(answer, lambda arms, K: counts(arms, K) / len(arms), cases, mistakes)


@exercise("polynomial-prediction", "Eliminated in time", minutes=40, book="Exercise 1.4(b)")
def constant_and_horizon(answer, rng):
    def made_of(alpha_of, gap_of, factor=16.0, per_arm=True):
        def both(gaps, gamma):
            alpha, gap = alpha_of(gamma), gap_of([g for g in gaps if g > 0])
            arms, T = len(gaps) if per_arm else 1, 2
            while arms * (1 + factor * alpha * math.log(T) / gap**2) >= T:
                T += 1
            return alpha, T

        return both

    def right(gamma):
        return (3 + gamma) / 2

    mistakes = {
        "the gap that matters is the smallest one: the last arm to be dropped": made_of(right, max),
        "elimination waits until four radii are below the gap: 16 alpha log(T) / gap^2 phases": (
            made_of(right, min, factor=4.0)
        ),
        "a phase lasts up to K rounds: the horizon counts rounds, not phases": made_of(
            right, min, per_arm=False
        ),
        "the 2 in front of T^(2 - 2 alpha) has to go, too: alpha = (2 + gamma) / 2 leaves it": (
            made_of(lambda gamma: (2 + gamma) / 2, min)
        ),
        "the clean event is about K T averages, up to T^2 of them, not about one": made_of(
            lambda gamma: (1 + gamma) / 2, min
        ),
        "an average misses with probability 2 T^(-2 alpha): Hoeffding's exponent doubles alpha": (
            made_of(lambda gamma: 3 + gamma, min)
        ),
        "that alpha is the book's 2, whatever gamma: it has to grow with gamma": made_of(
            lambda gamma: 2.0, min
        ),
        "for gamma below 1 a constant less than the book's 2 is enough: the smallest is wanted": (
            made_of(lambda gamma: max(2.0, right(gamma)), min)
        ),
    }
    cases = []
    for best, others in ((1, 1), (1, 2), (2, 1)):
        gaps = [0.0] * best + [round(g, 2) for g in rng.uniform(0.3, 0.45, others)] + [0.5]
        for least, most in ((0.3, 0.8), (1.2, 3.5)):  # powers
            gamma = round(rng.uniform(least, most), 2)
            cases.append(([float(g) for g in rng.permutation(gaps)], gamma))
    compare(answer, made_of(right, min), cases, mistakes)


@exercise("alternation", "Alternating the arms", minutes=30, book="Exercise 1.4(c)")
def alternation_bound(answer, rng):
    def exact(gap, T):
        """Return the expected gap of the prediction, with ties broken the wrong way."""
        return gap * sum(chance_to_exceed(0.5 + gap / 2, 0.5 - gap / 2, T // 2))

    gap, T = round(rng.uniform(0.18, 0.22), 3), 2 * int(rng.integers(500, 700))
    value = real(answer, gap, T)
    expect(value > 0, f"after {T} rounds the prediction can still be wrong; your bound is {value}")
    expect(
        value < 0.25,
        f"after {T} rounds, a gap of {gap} is long known: {value:.3g} is far too cautious",
    )
    falling, wider = (math.log(real(answer, *case)) for case in ((gap, 2 * T), (2 * gap, T)))
    powers = falling / math.log(value), wider / math.log(value)
    expect(
        powers[0] > 1.7,
        "your bound is not exponential in T: it falls like a power of it, or in a root of it, or "
        "not at all; with a radius that does not shrink, Hoeffding's inequality is exponential",
    )
    rate = -math.log(value) / (T * gap**2)
    expect(powers[1] > 2.5, "in Hoeffding's exponent the deviation is squared, and so is the gap")
    expect(
        rate < 1.6,
        "too low: there are T / 2 rewards of each arm, and either average may be off - half the "
        "gap each is enough",
    )
    expect(
        rate < 0.8,
        "too low: the averages have T / 2 rewards each and may both be off; the exponent is not "
        "better than T gap^2 / 2",
    )
    cases = [(gap, T), (0.5, 10), (0.3, 2), (0.8, 4), (0.1, 200), (0.4, 600), (0.25, 1200)]
    cases += [(round(rng.uniform(0.1, 0.6), 3), 2 * int(rng.integers(5, 400))) for _ in range(10)]
    for gap, T in cases:
        value, floor, ceiling = real(answer, gap, T), exact(gap, T), 4 * math.exp(-T * gap**2 / 8)
        expect(
            value >= floor * (1 - 1e-9),
            f"too low: for coins with the gap {gap:g} and T = {T} the exact value is {floor:.4g}; "
            f"your bound says {value:.4g}",
        )
        expect(
            value <= ceiling * (1 + 1e-9),
            f"too high: at the gap {gap:g} and T = {T}, 4 exp(-T gap^2 / 8) = {ceiling:.4g} is "
            f"easily proved; your bound says {value:.4g}",
        )


# -- unknown horizons: Exercise 1.5 ------------------------------------------------------------


@exercise("doubling-phases", "Phases that double", minutes=10, book="Exercise 1.5")
def phase_of(answer, rng):
    def counted(t, first=1, from_0=0):
        i, begun = first, 0
        while t > begun + 2**i:
            begun += 2**i
            i += 1
        return i, t - begun - from_0

    def stepped(t):
        i, begun = 1, 0
        while t > begun + 2 * i:
            begun += 2 * i
            i += 1
        return i, t - begun

    mistakes = {
        "phase 1 has 2 rounds: the phases last 2, 4, 8, ..., not 1, 2, 4, ...": (
            lambda t: (counted(t, first=0)[0] + 1, counted(t, first=0)[1])
        ),
        "phases count from 1: there is no phase 0 of 1 round": lambda t: counted(t, first=0),
        "rounds within a phase count from 1": lambda t: counted(t, from_0=1),
        "a phase ends after its last round: rounds 2, 6, 14, ... still belong to it": (
            lambda t: counted(t + 1, from_0=1)
        ),
        "the phases double, 2, 4, 8, ...: they do not grow by 2": stepped,
        "the second number is the round within its phase, not the round of the game": (
            lambda t: (counted(t)[0], t)
        ),
        "first the phase, then the round in it": lambda t: counted(t)[::-1],
        "both are wanted, the phase and the round in it": lambda t: counted(t)[0],
    }
    cases = [(t,) for t in (1, 2, 3, 6, 7, 14, 15, 30, 31)]
    cases += [(int(10 ** rng.uniform(1, 8)),) for _ in range(8)]
    compare(answer, counted, cases, mistakes)


@exercise("doubling-bound", "What doubling does to a bound", minutes=20, book="Exercise 1.5")
def doubled(answer, rng):
    def summed(f, t, first=1, last=0, length=lambda i: 2**i):
        m = int(t + 1).bit_length() - 1
        return sum(f(length(i)) for i in range(first, m + 1 + last))

    def cut(f, t):
        m = int(t + 1).bit_length() - 1
        return summed(f, t, last=-1) + f(t - (2**m - 2))

    mistakes = {
        "the phase that round t is in counts too, even if it is cut short": (
            functools.partial(summed, last=-1)
        ),
        "there is no phase of one round: the first has 2": functools.partial(summed, first=0),
        "A runs with horizon 2^i in the last phase too: f(2^i), though the phase is cut short": cut,
        "the algorithm starts afresh in each phase, so the bounds of the phases add up": (
            lambda f, t: f(t)
        ),
        "only the last phase? All phases so far cost something": (
            lambda f, t: f(2 ** (int(t + 1).bit_length() - 1))
        ),
        "one phase too many: round t lies in phase m if 2^m - 1 <= t <= 2^(m + 1) - 2": (
            functools.partial(summed, last=1)
        ),
        "phase i has 2^i rounds, not i": functools.partial(summed, length=lambda i: i),
        "the bound is on all rounds so far, f(2) + f(4) + ..., not on their average": (
            lambda f, t: summed(f, t) / (int(t + 1).bit_length() - 1)
        ),
    }
    C, power = rng.uniform(1, 5), rng.uniform(0.4, 0.8)
    bounds = [math.sqrt, lambda T: C * T**power, lambda T: C * math.log(T) + 1]
    times = [1, 2, 3, 6, 7, 8, 14, 15, *(int(10 ** rng.uniform(1, 6)) for _ in range(5))]
    cases = [(f, t) for f in bounds for t in times]
    compare(answer, summed, cases, mistakes)


@exercise("doubling-constant", "The price of not knowing T", minutes=10, book="Exercise 1.5(a)")
def doubling_constant(answer, rng):
    def truth(power):
        return 2**power / (2**power - 1)

    mistakes = {
        "that fits the root of T only: use the power": lambda power: truth(0.5),
        "the last phase may have just begun: t is about 2^m then, not 2^(m + 1)": (
            lambda power: 1 / (2**power - 1)
        ),
        "that is the ratio of one phase to the next; all the phases before add up, too": (
            lambda power: 2**power
        ),
        "the geometric series is 1 / (1 - q) with q = 2^(-power), which is less than 1": (
            lambda power: 1 / (1 - 2**power)
        ),
        "the phases double, so the base is 2, not e": (
            lambda power: math.exp(power) / (math.exp(power) - 1)
        ),
        "f(2^i) = C 2^(i power): the power is in the exponent": lambda power: 2 / (2 - power),
        "one power too many: the phase of round t began after 2^m - 2 rounds": (
            lambda power: 4**power / (2**power - 1)
        ),
    }
    cases = [(0.5,), (2 / 3,), *((round(rng.uniform(0.2, 0.95), 3),) for _ in range(6))]
    compare(answer, truth, cases, mistakes)


# -- an afternoon ------------------------------------------------------------------------------

_UNLUCKY = 3  # first pulls of the better arm that pay nothing
_FADED = 12  # late pulls of bad arms that are forgiven


class _Tape(NamedTuple):
    """Two coins on a tape: the better one, arm 1, begins with bad luck."""

    pulls: np.ndarray  # (1,) of arm 1
    tape: np.ndarray  # rewards of arm 0

    def reward(self, t, a):
        if a == 0:
            return float(self.tape[t])
        self.pulls[0] += 1
        return float(self.pulls[0] > _UNLUCKY)


@exercise("beat-ucb1", "A learner of your own that beats UCB1", minutes=180)
def MyLearner(answer, rng):
    import banditkit as bk

    learner = answer()
    expect(
        isinstance(learner, bk.Learner),
        "MyLearner must be a class that inherits from bk.Learner and has a method start",
    )
    try:
        for _ in range(5):
            _come_back(learner, rng)
        ours, theirs = _race(learner, rng)
    except TypeError as error:
        if "NoneType" in str(error):
            raise Hint("your learner uses the horizon, which here is None: do without") from None
        raise
    score = f"your regret is {ours:.0f} on average, that of UCB1 {theirs:.0f}"
    expect(ours < 1.6 * theirs, f"{score}: that is playing at random; does it learn at all?")
    expect(ours < 1.07 * theirs, f"{score}: it explores too long, or gives up too early")
    expect(ours < 0.85 * theirs, f"{score}: about the same; a narrower radius is a first step")
    expect(
        ours <= 0.5 * theirs,
        f"{score}: better, but half of it is the aim; try a narrower radius, or KL-UCB",
    )
    _fade(learner, rng)


def _student(learner):
    """Return a student's learner with a look at what it selects, untold of the horizon."""
    return seated(lambda K, T: _started(learner, K))


def _started(learner, K):
    """Return the policy that a student's learner starts."""
    import banditkit as bk

    policy = learner.start(bk.Arms(K), None)
    for verb in ("select", "update"):
        expect(callable(getattr(policy, verb, None)), f"start must return a record with {verb}")
    return policy


def _come_back(learner, rng, rounds=800):
    """Play an arm with bad luck at first: whoever never comes back to it never learns better."""
    env = _Tape(np.zeros(1), (rng.random(rounds) < 0.5).astype(float))
    seat, dice = _Seat(_started(learner, 2), 2), np.random.default_rng(rng.integers(2**31))
    for t in range(rounds):
        a = seat.select(t, None, dice)
        seat.update(t, None, a, env.reward(t, a))
    expect(
        env.pulls[0] >= rounds / 10,
        f"an arm whose first {_UNLUCKY} rewards were 0 and all others 1 was played "
        f"{env.pulls[0]:.0f} times in {rounds} rounds: it must get another chance, and be noticed",
    )


def _race(learner, rng, rounds=1000):
    """Return average regret of a student's learner and of UCB1, in five games on four instances.

    In 40 trials UCB1 with c = 1 had 0.65 of the regret of c = 2, and c = 0.5 had 0.38, with
    standard deviations below 0.02: the half is more than five of them away from either.
    """
    import banditkit as bk

    regret = np.zeros(2)
    for _ in range(4):
        gaps = np.array([0.0, *rng.uniform(0.25, 0.5, 9)])
        arms = bk.Bernoulli(rng.permutation(rng.uniform(0.65, 0.85) - gaps))
        seed = int(rng.integers(2**31))
        for game in range(5):
            for i, each in enumerate((_student(learner), bk.UCB1())):
                watched = bk.watch(arms, each, horizon=rounds, seed=seed, replication=game)
                regret[i] += watched.gaps.sum() / 20
    return regret


def _fade(learner, rng, rounds=15_000):
    """Count late pulls of arms that are far worse: a constant share of the rounds is too many."""
    import banditkit as bk

    arms = bk.Bernoulli(rng.permutation([0.9, *rng.uniform(0.05, 0.2, 2)]))
    seed = int(rng.integers(2**31))
    game = bk.watch(arms, _student(learner), horizon=rounds, seed=seed)
    late = np.count_nonzero(game.gaps[rounds // 2 :])
    expect(
        late <= _FADED,
        f"in the last {rounds // 2:,} of {rounds:,} rounds, arms of mean 0.2 or less were played "
        f"{late} times, beside one of 0.9: exploration must fade, or regret grows like T",
    )
