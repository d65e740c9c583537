"""The learners of chapter 1, written from the book's boxes: no arrays, no Numba, no banditkit.

An oracle remembers nothing but its history, the list of (arm, reward), and works everything out
from it anew in every round.  So there is no state that could go wrong; in exchange T rounds take
time T squared.

``select(t, rng)`` returns an arm, where t counts the rounds played before this one: the book's
t is t + 1.  ``update(arm, reward)`` adds to the history.  Of equal values the first arm wins.
"""

import math

LOWEST = -math.inf  # stands for the average of an arm without rewards


def total(rewards):
    """Add from left to right; Python's own ``sum`` rounds otherwise since version 3.12."""
    result = 0.0
    for reward in rewards:
        result += reward
    return result


def mean(rewards):
    return total(rewards) / len(rewards)


def first_of_the_largest(values):
    return values.index(max(values))


def kl(p, q):
    """Divergence of two coins, kl(p, q) = p ln(p/q) + (1-p) ln((1-p)/(1-q))."""
    if p == q:
        return 0.0
    if q in (0.0, 1.0):
        return math.inf
    tails = (1.0 - p) * math.log((1.0 - p) / (1.0 - q)) if p < 1.0 else 0.0
    heads = p * math.log(p / q) if p > 0.0 else 0.0
    return heads + tails


class Oracle:
    """What all have in common: K arms and a history."""

    def __init__(self, K):
        self.K = K
        self.history = []

    def update(self, arm, reward):
        self.history.append((arm, reward))

    def rewards(self):
        """Return the rewards of each arm, in the order in which they came."""
        rows = [[] for _ in range(self.K)]
        for arm, reward in self.history:
            rows[arm].append(reward)
        return rows


class IndexOracle(Oracle):
    """Pull each arm once, then the one with the highest index."""

    def select(self, t, rng):
        rows = self.rewards()
        for arm in range(self.K):
            if not rows[arm]:
                return arm
        return first_of_the_largest([self.index(row, t + 1, rows) for row in rows])

    def index(self, rewards, t, rows):
        """Return the index of an arm in the book's round t, from its rewards and everybody's."""
        raise NotImplementedError


class Uniform(Oracle):
    def select(self, t, rng):
        return int(rng.random() * self.K)


class Greedy(IndexOracle):
    def index(self, rewards, t, rows):
        return mean(rewards)


class ExploreFirst(Oracle):
    """Slivkins, Algorithm 1.1: N rounds through all arms, then the best average for ever."""

    def __init__(self, K, T, N=None):
        super().__init__(K)
        if N is None:
            N = math.ceil((T / K) ** (2 / 3) * math.log(T) ** (1 / 3))
            N = max(1, min(N, T // K))
        self.N = N

    def select(self, t, rng):
        if t < self.K * self.N:
            return t % self.K
        exploration = Oracle(self.K)
        exploration.history = self.history[: self.K * self.N]
        return first_of_the_largest([mean(row) for row in exploration.rewards()])


class EpsilonGreedy(Oracle):
    """Slivkins, Algorithm 1.2, with a constant epsilon or the schedule of Theorem 1.6."""

    def __init__(self, K, epsilon=None):
        super().__init__(K)
        self.epsilon = epsilon

    def select(self, t, rng):
        t += 1  # the book's t
        epsilon = self.epsilon
        if epsilon is None:
            epsilon = t ** (-1 / 3) * (self.K * math.log(t)) ** (1 / 3)
        if rng.random() < epsilon:
            return int(rng.random() * self.K)
        return first_of_the_largest([mean(row) if row else LOWEST for row in self.rewards()])


class SuccessiveElimination(Oracle):
    """Slivkins, Algorithm 1.4: after each phase drop a if UCB(a) < LCB(a') for some a'."""

    def __init__(self, K, T, exploration=2.0):
        super().__init__(K)
        self.T = T
        self.exploration = exploration

    def select(self, t, rng):
        active, sums = list(range(self.K)), [0.0] * self.K
        played, phases = 0, 0
        while played + len(active) <= t:  # this phase was completed
            for arm, reward in self.history[played : played + len(active)]:
                sums[arm] += reward
            played, phases = played + len(active), phases + 1
            radius = math.sqrt(self.exploration * math.log(self.T) / phases)  # a pull a phase
            best_lcb = max(sums[arm] / phases - radius for arm in active)
            active = [arm for arm in active if not sums[arm] / phases + radius < best_lcb]
        return active[t - played]


class UCB1(IndexOracle):
    """Slivkins, Algorithm 1.5, with log T; without a horizon, with log t."""

    def __init__(self, K, T=None, exploration=2.0):
        super().__init__(K)
        self.T = T
        self.exploration = exploration

    def index(self, rewards, t, rows):
        n = len(rewards)
        return mean(rewards) + math.sqrt(self.exploration * math.log(self.T or t) / n)


class Doubling:
    """Phases of 2, 4, 8, ... rounds; `make(horizon)` returns a fresh oracle for each."""

    def __init__(self, make):
        self.make = make
        self.history = []

    def select(self, t, rng):
        start, length = 0, 2
        while t >= start + length:
            start, length = start + length, 2 * length
        inner = self.make(length)
        inner.history = self.history[start:]
        return inner.select(t - start, rng)

    def update(self, arm, reward):
        self.history.append((arm, reward))


class KLUCB(IndexOracle):
    """Garivier & Cappe (2011), Algorithm 1: max{q : n kl(mean, q) <= ln t + c ln ln t}."""

    def __init__(self, K, c=0.0):
        super().__init__(K)
        self.c = c

    def index(self, rewards, t, rows):
        n, p = len(rewards), mean(rewards)
        threshold = math.log(t) + self.c * math.log(max(1.0, math.log(t)))
        low, high = p, 1.0
        while low < (middle := (low + high) / 2) < high:  # until there is no number between
            if n * kl(p, middle) <= threshold:
                low = middle
            else:
                high = middle
        return low


class MOSS(IndexOracle):
    """Audibert & Bubeck (2009): mean + sqrt(max(0, ln(T / (K n))) / n)."""

    def __init__(self, K, T, exploration=1.0):
        super().__init__(K)
        self.T = T
        self.exploration = exploration

    def index(self, rewards, t, rows):
        n = len(rewards)
        bonus = max(0.0, math.log(self.T / (self.K * n)))
        return mean(rewards) + math.sqrt(self.exploration * bonus / n)


class UCBV(IndexOracle):
    """Audibert, Munos & Szepesvari (2009): mean + sqrt(2 V E / n) + 3 b E / n, E = zeta ln t."""

    def __init__(self, K, b=1.0, exploration=1.0):
        super().__init__(K)
        self.b = b
        self.exploration = exploration

    def index(self, rewards, t, rows):
        n, average = len(rewards), mean(rewards)
        # fsum rounds once, so that the order of the rewards can't break a tie
        V = math.fsum((reward - average) ** 2 for reward in rewards) / n
        E = self.exploration * math.log(t)
        return average + math.sqrt(2.0 * V * E / n) + 3.0 * self.b * E / n


class IMED(IndexOracle):
    """Honda & Takemura (2015): the lowest n kl(mean, best mean) + ln n."""

    def index(self, rewards, t, rows):
        n, best = len(rewards), max(mean(row) for row in rows)
        return -(n * kl(mean(rewards), best) + math.log(n))


class Thompson(Oracle):
    """Slivkins, section 3.1: draw from each arm's posterior Beta, pull the best draw.

    A reward between 0 and 1 is a success if the coin of its round says so (Agrawal & Goyal,
    2012).  The coin is tossed before the reward is known, which makes no difference in law.
    """

    def __init__(self, K, a=1.0, b=1.0):
        super().__init__(K)
        self.a, self.b = a, b
        self.coins = []

    def select(self, t, rng):
        successes, failures = [0] * self.K, [0] * self.K
        for (arm, reward), coin in zip(self.history, self.coins, strict=True):
            if coin < reward:
                successes[arm] += 1
            else:
                failures[arm] += 1
        self.coins.append(rng.random())
        draws = [rng.beta(self.a + successes[arm], self.b + failures[arm]) for arm in range(self.K)]
        return first_of_the_largest(draws)
