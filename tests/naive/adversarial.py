"""The learners of chapters 5 and 6, written from the definitions: no arrays, no Numba.

Nothing of banditkit is used.  An oracle remembers its history and works everything out from it
anew in every round; one that weighs by importance also remembers the distribution of each round,
for that is divided by.  So an oracle knows what it would have done in any round before, too.

``distribution(t, x)`` returns the probabilities of the arms in round t, where t counts the rounds
before this one (the book's t is t + 1) and x holds what the experts recommend, or is None.
``update(t, x, a, y)`` adds a round to the history: arm a was played, by whatever chance, and y is
the answer: a row of costs (full feedback), or the cost of arm a, or its reward where that is said
(bandit feedback).  Of equal values the first wins.
"""

import itertools
import math
from collections import namedtuple

import numpy as np

Round = namedtuple("Round", "t x a y q")  # q: the distribution, only where it is divided by


# ---------------------------------------------------------------------------------------- tools


def total(values):
    """Add from left to right (Python's own ``sum`` rounds otherwise since version 3.12)."""
    result = 0.0
    for value in values:
        result += value
    return result


def column_totals(rows, K):
    """Add K columns, each from the first row to the last (plain arithmetic)."""
    return [total(row[k] for row in rows) for k in range(K)]


def at(K, a, value=1.0):
    """Return a row of K zeros but for one entry: with 1, a point mass (plain arithmetic)."""
    return [value if k == a else 0.0 for k in range(K)]


def normalised(weights):
    """Return the probabilities that are proportional to weights (plain arithmetic)."""
    whole = total(weights)
    return [weight / whole for weight in weights]


def softmax(scores):
    """Return p proportional to exp(score); the highest is taken off first (log-sum-exp)."""
    highest = max(scores)
    return normalised([math.exp(score - highest) for score in scores])


def mixed(p, share):
    """Return (1 - share) p + share / K (Auer et al. 2002, the mixing of Exp3)."""
    return [(1.0 - share) * chance + share / len(p) for chance in p]


def hedge(totals, eps):
    """Return p proportional to (1 - eps)**total, for eps = 1 the limit (Slivkins, ch. 5)."""
    if eps == 1.0:
        return normalised([1.0 if cost == min(totals) else 0.0 for cost in totals])
    return softmax([math.log1p(-eps) * cost for cost in totals])


def first_of_the_lowest(values):
    """Return the index of the least value, the first of equals (plain)."""
    return values.index(min(values))


def first_of_the_largest(values):
    """Return the index of the largest value, the first of equals (plain)."""
    return values.index(max(values))


def projection(v):
    """Return the point of the simplex nearest to v, by sorting (Held, Wolfe & Crowder 1974)."""
    u = sorted(v, reverse=True)
    excess = [(total(u[:j]) - 1.0) / j for j in range(1, len(v) + 1)]
    threshold = [excess[j] for j in range(len(v)) if u[j] > excess[j]][-1]
    return [max(0.0, entry - threshold) for entry in v]


def stationary(Q):
    """Return p = p Q by censoring the last state, again and again (Grassmann et al. 1985).

    It is Gauss elimination without a subtraction, so that no digit of a small entry is lost.
    """
    K = len(Q)
    A = [list(row) for row in Q]
    for n in range(K - 1, 0, -1):
        leave = total(A[n][:n])
        for i in range(n):
            A[i][n] /= leave
            for j in range(n):
                A[i][j] += A[i][n] * A[n][j]
    p = [1.0]
    for n in range(1, K):
        p.append(total(p[i] * A[i][n] for i in range(n)))
    return normalised(p)


class Oracle:
    """What all have in common: K arms, a horizon and a history (no source)."""

    def __init__(self, K, T=None):
        self.K, self.T = K, T
        self.history = []

    def before(self, t):
        """Return the rounds before round t."""
        assert len(self.history) >= t, "a round was not reported"
        return self.history[:t]

    def update(self, t, x, a, y):
        assert len(self.history) == t, "rounds are reported one after the other"
        advice = None if x is None else [int(label) for label in x]
        self.history.append(Round(t, advice, int(a), self.read(y), self.used(t, advice)))

    def distribution(self, t, x):
        raise NotImplementedError


class Full(Oracle):
    """Full feedback: an answer is a row of K costs (Slivkins, chapter 5)."""

    def read(self, y):
        return [float(cost) for cost in y]

    def used(self, t, x):
        return None

    def costs(self, t):
        """Return the rows of costs before round t."""
        return [past.y for past in self.before(t)]


class Bandit(Oracle):
    """Bandit feedback: a number, and estimates that are weighed by importance (Slivkins, ch. 6)."""

    def read(self, y):
        return float(y)

    def used(self, t, x):
        return self.distribution(t, x)

    def estimates(self, past):
        """Return the estimated costs (or rewards) of all arms in a round that is over."""
        return at(self.K, past.a, past.y / past.q[past.a])

    def totals(self, t):
        """Return the sums of the estimates before round t."""
        return column_totals([self.estimates(past) for past in self.before(t)], self.K)


# -------------------------------------------------------------------------------- full feedback


class FollowTheLeader(Full):
    """Slivkins, chapter 5: the lowest total cost so far."""

    def distribution(self, t, x):
        return at(self.K, first_of_the_lowest(column_totals(self.costs(t), self.K)))


class Hedge(Full):
    """Slivkins, chapter 5: weights (1 - eps)**cost, with the eps of the theorems."""

    def __init__(self, K, T, rate=None, best_cost=1.0, second_moment=None):
        super().__init__(K, T)
        if rate is None:
            budget = best_cost * T if second_moment is None else 3.0 * second_moment * T
            rate = min(0.5, math.sqrt(math.log(K) / budget)) if budget > 0.0 else 0.5
        self.rate = rate

    def distribution(self, t, x):
        return hedge(column_totals(self.costs(t), self.K), self.rate)


class FixedShare(Full):
    """Herbster & Warmuth (1998): exponential weights that share a part after each round."""

    def __init__(self, K, T, rate, share):
        super().__init__(K, T)
        self.rate, self.share = rate, share

    def distribution(self, t, x):
        p = [1.0 / self.K] * self.K
        for row in self.costs(t):
            least = min(row)  # a common factor, so that not all weights vanish
            v = [
                chance * math.exp(-self.rate * (c - least))
                for chance, c in zip(p, row, strict=True)
            ]
            p = mixed(normalised(v), self.share)
        return p


class AdaHedge(Full):
    """De Rooij, van Erven, Grunwald & Koolen (2014): eta = ln K / the sum of mixability gaps."""

    def rate(self, gaps):
        # with a single arm there is no gap, whatever the rounding says
        return math.log(self.K) / gaps if gaps > 0.0 and self.K > 1 else math.inf

    def weights(self, totals, eta):
        """Return exp(-eta L), where L counts from the least; in the limit eta = inf, 0 or 1."""
        least = min(totals)
        behind = [L - least for L in totals]
        if eta == math.inf:
            return [1.0 if far == 0.0 else 0.0 for far in behind]
        return [math.exp(-eta * far) for far in behind]

    def distribution(self, t, x):
        gaps, L = 0.0, [0.0] * self.K
        for c in self.costs(t):
            eta = self.rate(gaps)
            after = [cost + new for cost, new in zip(L, c, strict=True)]
            w, w_after = self.weights(L, eta), self.weights(after, eta)
            h = total(chance * cost for chance, cost in zip(normalised(w), c, strict=True))
            m = min(after) - min(L) - (math.log(total(w_after)) - math.log(total(w))) / eta
            gaps, L = gaps + max(0.0, h - m), after
        return normalised(self.weights(L, self.rate(gaps)))


class OnlineGradientDescent(Full):
    """Zinkevich (2003) on the simplex: a step against the costs, then the nearest point."""

    def __init__(self, K, T, rate=None):
        super().__init__(K, T)
        self.rate = math.sqrt((1.0 - 1.0 / K) / (K * T)) if rate is None else rate

    def distribution(self, t, x):
        p = [1.0 / self.K] * self.K
        for row in self.costs(t):
            p = projection([chance - self.rate * cost for chance, cost in zip(p, row, strict=True)])
        return p


class OptimisticHedge(Full):
    """Rakhlin & Sridharan (2013): exponential weights that expect the last costs once more."""

    def __init__(self, K, T, rate=None):
        super().__init__(K, T)
        self.rate = math.sqrt(2.0 * math.log(K) / T) if rate is None else rate

    def distribution(self, t, x):
        rows = self.costs(t)
        return softmax([-self.rate * L for L in column_totals(rows + rows[-1:], self.K)])


# ------------------------------------------------------------------- full feedback, with experts


class Advised(Full):
    """N experts recommend labels; the arms are the labels (Slivkins, chapter 5)."""

    def __init__(self, N, labels):
        super().__init__(labels)
        self.N = N

    def expert_costs(self, t):
        """Return the rows of the experts' costs before round t: y[x[e]]."""
        return [[past.y[label] for label in past.x] for past in self.before(t)]


class MajorityVote(Advised):
    """Slivkins, chapter 5: the experts without a mistake vote; if none is left, all are back."""

    def distribution(self, t, x):
        everybody = set(range(self.N))
        alive = everybody
        for row in self.expert_costs(t):
            alive = {e for e in alive if not row[e] > 0.0} or everybody
        votes = [len([e for e in alive if x[e] == label]) for label in range(self.K)]
        return at(self.K, first_of_the_largest(votes))


class WeightedMajority(Advised):
    """Littlestone & Warmuth (1994); Slivkins, chapter 5: votes weigh (1 - rate)**mistakes."""

    def __init__(self, N, labels, rate=0.5):
        super().__init__(N, labels)
        self.rate = rate

    def distribution(self, t, x):
        mistakes = column_totals(self.expert_costs(t), self.N)
        weights = [(1.0 - self.rate) ** (m - min(mistakes)) for m in mistakes]
        votes = [  # fsum rounds once, so that the order of the experts can't break a tie
            math.fsum(weights[e] for e in range(self.N) if x[e] == label) for label in range(self.K)
        ]
        return at(self.K, first_of_the_largest(votes))


class Following:
    """Slivkins, chapter 5: draw an expert from an oracle over N experts, do what it says."""

    def __init__(self, inner, labels):
        self.inner, self.K = inner, labels

    def distribution(self, t, x):
        p = self.inner.distribution(t, None)
        return [total(p[e] for e in range(len(p)) if x[e] == label) for label in range(self.K)]

    def update(self, t, x, a, y):
        self.inner.update(t, None, a, [y[int(label)] for label in x])


# ------------------------------------------------------------------------------ bandit feedback


class Exp3(Bandit):
    """Slivkins, chapter 6: Hedge on the estimates c / q(a), mixed with uniform."""

    def __init__(self, K, T, rate=None, mixing=0.0):
        super().__init__(K, T)
        if rate is None:
            rate = math.sqrt(math.log(K) * (1.0 - mixing) / (3.0 * K * T))
        self.rate, self.mixing = rate, mixing

    def distribution(self, t, x):
        return mixed(hedge(self.totals(t), self.rate), self.mixing)


class Exp3Rewards(Bandit):
    """Auer, Cesa-Bianchi, Freund & Schapire (2002), Exp3 (REWARDS)."""

    def __init__(self, K, T, mixing=None):
        super().__init__(K, T)
        if mixing is None:
            mixing = min(1.0, math.sqrt(K * math.log(K) / ((math.e - 1.0) * T)))
        self.mixing = mixing

    def distribution(self, t, x):
        return mixed(softmax([self.mixing * G / self.K for G in self.totals(t)]), self.mixing)


class Exp3IX(Bandit):
    """Neu (2015): estimates c / (p + gamma), and no mixing."""

    def __init__(self, K, T, rate=None, implicit=None):
        super().__init__(K, T)
        self.rate = math.sqrt(2.0 * math.log(K) / (K * T)) if rate is None else rate
        self.implicit = self.rate / 2.0 if implicit is None else implicit

    def estimates(self, past):
        return at(self.K, past.a, past.y / (past.q[past.a] + self.implicit))

    def distribution(self, t, x):
        return softmax([-self.rate * L for L in self.totals(t)])


class Exp3P(Bandit):
    """Bubeck & Cesa-Bianchi (2012), section 3.2, for a known delta (REWARDS)."""

    def __init__(self, K, T, delta=0.05):
        super().__init__(K, T)
        self.beta = math.sqrt(math.log(K / delta) / (T * K))
        self.rate = 0.95 * math.sqrt(math.log(K) / (T * K))
        self.mixing = min(1.0, 1.05 * math.sqrt(K * math.log(K) / T))

    def estimates(self, past):
        gains = at(self.K, past.a, past.y)
        return [(gain + self.beta) / chance for gain, chance in zip(gains, past.q, strict=True)]

    def distribution(self, t, x):
        return mixed(softmax([self.rate * G for G in self.totals(t)]), self.mixing)


class Exp3S(Bandit):
    """Auer, Cesa-Bianchi, Freund & Schapire (2002), Exp3.S (REWARDS)."""

    def __init__(self, K, T, shifts, mixing=None, share=None):
        super().__init__(K, T)
        if mixing is None:
            segments = shifts + 1
            squared = K * (segments * math.log(K * T) + math.e) / ((math.e - 1.0) * T)
            mixing = min(1.0, math.sqrt(squared))
        self.mixing = mixing
        self.share = 1.0 / T if share is None else share  # the paper's alpha

    def distribution(self, t, x):
        w = [1.0] * self.K
        for past in self.before(t):
            W = total(w)
            grown = [g * self.mixing / self.K for g in self.estimates(past)]
            w = [
                weight * math.exp(growth) + math.e * self.share / self.K * W
                for weight, growth in zip(w, grown, strict=True)
            ]
            w = normalised(w)  # only ratios of weights matter
        return mixed(normalised(w), self.mixing)


class TsallisINF(Bandit):
    """Zimmert & Seldin (2021), with importance weighting: eta = 2 / sqrt(round)."""

    def distribution(self, t, x):
        eta = 2.0 / math.sqrt(t + 1)
        totals = self.totals(t)
        above = [L - min(totals) for L in totals]

        def chances(u):  # where u = min L - x
            return [(2.0 / (eta * (d + u))) ** 2 for d in above]

        low, high = 2.0 / eta, 2.0 * math.sqrt(self.K) / eta  # sums at least 1, at most 1
        while low < (middle := (low + high) / 2.0) < high:  # until there is no number between
            if total(chances(middle)) >= 1.0:
                low = middle
            else:
                high = middle
        return chances(low)


class Exp3PlusPlus(Bandit):
    """Seldin & Lugosi (2017): Exp3 that explores by estimated gaps, with eta_n = beta_n."""

    def __init__(self, K, T, alpha=3.0, constant=256.0):
        super().__init__(K, T)
        # the paper's constant lets the gaps speak after some 10**8 rounds: a test may take less
        self.alpha, self.constant = alpha, constant

    def estimates(self, past):
        if past.t < self.K:
            return at(self.K, past.a, past.y)
        return super().estimates(past)

    def interval(self, a, t):
        """Return the bounds LCB and UCB of the mean cost of an arm in round t."""
        costs = [past.y for past in self.before(t) if past.a == a]
        if not costs:  # somebody played another arm than the first rounds are for
            return 0.0, 1.0
        n, N = t + 1, len(costs)
        mean = total(costs) / N
        radius = math.sqrt(self.alpha * math.log(n * self.K ** (1.0 / self.alpha)) / (2.0 * N))
        return max(0.0, mean - radius), min(1.0, mean + radius)

    def distribution(self, t, x):
        K, n = self.K, t + 1
        if t < K:
            return at(K, t)
        beta = 0.5 * math.sqrt(math.log(K) / (n * K))
        bounds = [self.interval(a, t) for a in range(K)]
        eps = []
        for lcb, _ in bounds:
            gap = max(0.0, lcb - min(ucb for _, ucb in bounds))
            xi = self.constant * math.log(n) / (n * gap**2) if gap > 0.0 else math.inf
            eps.append(min(1.0 / (2.0 * K), beta, xi))
        rho = softmax([-beta * L for L in self.totals(t)])
        return [(1.0 - total(eps)) * chance + least for chance, least in zip(rho, eps, strict=True)]


class Exp4(Bandit):
    """Slivkins, chapter 6: Hedge over N experts, whose estimates are those of their arms."""

    def __init__(self, N, K, T, rate=None, mixing=0.0):
        super().__init__(K, T)
        self.N = N
        if rate is None:
            rate = min(0.5, math.sqrt(math.log(N) * (1.0 - mixing) / (3.0 * K * T)))
        self.rate, self.mixing = rate, mixing

    def estimates(self, past):
        """Return the estimated costs of the experts in a round that is over."""
        return [past.y / past.q[past.a] if label == past.a else 0.0 for label in past.x]

    def experts(self, t):
        """Return the distribution over the experts in round t."""
        rows = [self.estimates(past) for past in self.before(t)]
        return hedge(column_totals(rows, self.N), self.rate)

    def distribution(self, t, x):
        p = self.experts(t)
        arms = [total(p[e] for e in range(self.N) if x[e] == a) for a in range(self.K)]
        return mixed(arms, self.mixing)


class BlumMansour(Oracle):
    """Blum & Mansour (2007): K copies of exponential weights; copy i answers for arm i."""

    def __init__(self, K, T, rate=None, feedback="bandit"):
        super().__init__(K, T)
        self.feedback = feedback
        if rate is None:
            rate = math.sqrt(2.0 * math.log(K) / T * (K if feedback == "full" else 1))
        self.rate = rate

    def read(self, y):
        return float(y) if self.feedback == "bandit" else [float(cost) for cost in y]

    def used(self, t, x):
        return self.distribution(t, x)

    def estimates(self, past):
        """Return the costs of all arms in a round that is over, or their estimates."""
        if self.feedback == "full":
            return past.y
        return at(self.K, past.a, past.y / past.q[past.a])

    def copies(self, t):
        """Return the distributions of the copies in round t, one a row."""
        Q = []
        for i in range(self.K):
            fed = [[past.q[i] * c for c in self.estimates(past)] for past in self.before(t)]
            Q.append(softmax([-self.rate * L for L in column_totals(fed, self.K)]))
        return Q

    def distribution(self, t, x):
        return stationary(self.copies(t))


# ------------------------------------------------------------------ learners made from a learner


class Restarting:
    """The simplest learner against changes: a fresh one every `period` rounds (folklore)."""

    def __init__(self, make, period):
        self.make, self.period = make, period
        self.inners = []

    def inner(self, t):
        """Return the learner of round t."""
        while len(self.inners) <= t // self.period:
            self.inners.append(self.make())
        return self.inners[t // self.period]

    def distribution(self, t, x):
        return self.inner(t).distribution(t % self.period, x)

    def update(self, t, x, a, y):
        self.inner(t).update(t % self.period, x, a, y)


class Batched:
    """Arora, Dekel & Tewari (2012): one decision a batch, and its average cost is reported.

    The advice that is reported is that of the first round of the batch: it was decided on it.
    """

    def __init__(self, make, size):
        self.inner, self.size = make(), size
        self.rounds = []

    def distribution(self, t, x):
        number, place = divmod(t, self.size)
        if place == 0:
            return self.inner.distribution(number, x)
        return at(self.inner.K, self.rounds[t - place].a)

    def update(self, t, x, a, y):
        answer = [float(entry) for entry in np.atleast_1d(y)]
        advice = None if x is None else [int(label) for label in x]
        self.rounds.append(Round(t, advice, int(a), answer, None))
        number, place = divmod(t, self.size)
        if place == self.size - 1:
            batch = self.rounds[number * self.size :]
            sums = column_totals([past.y for past in batch], len(answer))
            averages = [entry / self.size for entry in sums]
            first = batch[0]
            self.inner.update(number, first.x, first.a, averages if np.ndim(y) else averages[0])


# --------------------------------------------------------------------------------------- regret


def running(values):
    """Return the totals after each round (plain arithmetic)."""
    return np.array(list(itertools.accumulate(float(value) for value in values)))


def paid(losses, actions):
    """Return what the actions cost up to each time (plain arithmetic)."""
    return running(losses[t][actions[t]] for t in range(len(actions)))


def hindsight_regret(losses, actions):
    """Regret against the best arm up to each time (Slivkins, chapter 5, "in hindsight")."""
    K = len(losses[0])
    alternatives = [paid(losses, [arm] * len(actions)) for arm in range(K)]
    return paid(losses, actions) - np.min(alternatives, axis=0)


def foresight_regret(means, actions):
    """Regret in means against the best arm in means (Slivkins, chapter 5, "in foresight")."""
    return hindsight_regret(means, actions)


def dynamic_regret(means, actions):
    """Regret against the best mean of each round by itself (Besbes, Gur & Zeevi 2014)."""
    return running(means[t][actions[t]] - min(means[t]) for t in range(len(actions)))


def shifting_regret(losses, actions, S):
    """Regret against the best sequence with at most S changes (Herbster & Warmuth 1998).

    least[s][k] is the least cost of a sequence with at most s changes whose last arm is k.
    """
    K = len(losses[0])
    least = [[0.0] * K for _ in range(S + 1)]
    best = []
    for t in range(len(actions)):
        # before the first round there is nothing to change from: all of `least` is zero
        came = [
            [min([least[s][k]] + [least[s - 1][j] for j in range(K) if s > 0]) for k in range(K)]
            for s in range(S + 1)
        ]
        least = [[came[s][k] + float(losses[t][k]) for k in range(K)] for s in range(S + 1)]
        best.append(min(least[S]))
    return paid(losses, actions) - np.array(best)


def shifting_brute(losses, S):
    """Least cost of a sequence with at most S changes, out of all K**T (the definition)."""
    T, K = len(losses), len(losses[0])
    return min(
        total(float(losses[t][sequence[t]]) for t in range(T))
        for sequence in itertools.product(range(K), repeat=T)
        if len([t for t in range(1, T) if sequence[t] != sequence[t - 1]]) <= S
    )


def swap_regret(losses, actions):
    """Regret against the best map of arms up to each time, of all K**K (Blum & Mansour 2007)."""
    K = len(losses[0])
    alternatives = [
        paid(losses, [swap[int(arm)] for arm in actions])
        for swap in itertools.product(range(K), repeat=K)
    ]
    return paid(losses, actions) - np.min(alternatives, axis=0)


def expert_regret(losses, advice, actions):
    """Regret against the best expert up to each time (Slivkins, chapter 6)."""
    T, N = len(actions), len(advice[0])
    alternatives = [paid(losses, [int(advice[t][e]) for t in range(T)]) for e in range(N)]
    return paid(losses, actions) - np.min(alternatives, axis=0)


# -------------------------------------------------------------------------------- expected values


def answer_to(row, arm, feedback, rewards):
    """Return what a learner sees of a row of costs: all, one, or as rewards (Slivkins, ch. 5)."""
    seen = [1.0 - float(cost) if rewards else float(cost) for cost in row]
    return seen if feedback == "full" else seen[arm]


def chance_of(oracle, arms, losses, advice=None, feedback="bandit", rewards=False):
    """Return the probability with which a fresh oracle plays exactly these arms (definition)."""
    chance = 1.0
    for t, arm in enumerate(arms):
        x = None if advice is None else advice[t]
        chance *= oracle.distribution(t, x)[arm]
        if chance == 0.0:
            break
        oracle.update(t, x, arm, answer_to(losses[t], arm, feedback, rewards))
    return chance


def games(make, losses, advice=None, feedback="bandit", rewards=False):
    """Yield each sequence of arms that can be, with its probability (the definition)."""
    for arms in itertools.product(range(len(losses[0])), repeat=len(losses)):
        chance = chance_of(make(), arms, losses, advice, feedback, rewards)
        if chance > 0.0:
            yield arms, chance


def expected_regret(make, losses, advice=None, feedback="bandit", rewards=False):
    """Return the expected hindsight regret at the end, over all sequences (the definition).

    `make()` returns a fresh oracle; the costs are given, so that the best arm is not random.
    """
    return total(
        chance * float(hindsight_regret(losses, arms)[-1])
        for arms, chance in games(make, losses, advice, feedback, rewards)
    )
