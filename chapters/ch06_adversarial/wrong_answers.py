"""Answers to the exercises of chapter 6 of which is known whether they are right."""

import functools
import itertools
import math
from typing import NamedTuple

import numpy as np

from banditkit.course.exercises import another_solution, wrong

# -- two-regrets -------------------------------------------------------------------------------


@another_solution("two-regrets")
def regrets_in_loops(means, costs, arms):
    costs, means = np.asarray(costs), np.asarray(means)
    rounds = np.arange(len(arms))
    return (
        (costs[rounds, arms][:, None] - costs).sum(axis=0).max(),
        (means[arms] - means.min()).sum(),
    )


@wrong("two-regrets", "compares with one fixed arm")
def best_of_each_round(means, costs, arms):
    hindsight = sum(row[a] - min(row) for row, a in zip(costs, arms))
    return hindsight, sum(means[a] - min(means) for a in arms)


@wrong("two-regrets", "not at their means")
def best_mean_twice(means, costs, arms):
    paid = sum(costs[t, arms[t]] for t in range(len(arms)))
    return paid - len(arms) * min(means), sum(means[a] - min(means) for a in arms)


@wrong("two-regrets", "leave out the max with 0")
def never_below_zero(means, costs, arms):
    paid = sum(costs[t, arms[t]] for t in range(len(arms)))
    return max(0, paid - costs.sum(axis=0).min()), sum(means[a] - min(means) for a in arms)


@wrong("two-regrets", "in the wrong order")
def exchanged(means, costs, arms):
    paid = sum(costs[t, arms[t]] for t in range(len(arms)))
    return sum(means[a] - min(means) for a in arms), paid - costs.sum(axis=0).min()


@wrong("two-regrets", "the sign is the wrong one")
def as_with_rewards(means, costs, arms):
    paid = sum(costs[t, arms[t]] for t in range(len(arms)))
    return costs.sum(axis=0).min() - paid, sum(min(means) - means[a] for a in arms)


@wrong("two-regrets", "don't divide by T")
def regret_per_round(means, costs, arms):
    T = len(arms)
    paid = sum(costs[t, arms[t]] for t in range(T))
    return (paid - costs.sum(axis=0).min()) / T, np.mean([means[a] for a in arms]) - min(means)


@wrong("two-regrets", "has no noise")
def costs_less_means(means, costs, arms):
    paid = sum(costs[t, arms[t]] for t in range(len(arms)))
    return paid - costs.sum(axis=0).min(), paid - len(arms) * min(means)


@wrong("two-regrets", "not the largest")
def worst_arm(means, costs, arms):
    paid = sum(costs[t, arms[t]] for t in range(len(arms)))
    return paid - costs.sum(axis=0).max(), sum(means[a] - min(means) for a in arms)


@wrong("two-regrets", "fell out lowest")
def best_mean_on_the_table(means, costs, arms):
    paid = sum(costs[t, arms[t]] for t in range(len(arms)))
    hindsight = paid - costs[:, np.argmin(means)].sum()
    return hindsight, sum(means[a] - min(means) for a in arms)


@wrong("two-regrets", "lucky on this table")
def one_benchmark_for_both(means, costs, arms):
    lucky = costs.sum(axis=0).argmin()
    paid = sum(costs[t, arms[t]] for t in range(len(arms)))
    return paid - costs[:, lucky].sum(), sum(means[a] - means[lucky] for a in arms)


# -- fool --------------------------------------------------------------------------------------


@another_solution("fool")
def fool_with_an_array(choose, K, T):
    costs = np.zeros((T, K))
    for t in range(T):
        costs[t, choose([list(row) for row in costs[:t]])] = 1
    return costs


@wrong("fool", "so does every arm")
def all_arms_cost(choose, K, T):
    return [[1] * K for _ in range(T)]


@wrong("fool", "the other way round")
def free_for_the_learner(choose, K, T):
    past = []
    for _ in range(T):
        row = [1.0] * K
        row[choose(past)] = 0.0
        past.append(row)
    return past


@wrong("fool", "the arm of the round before")
def one_round_late(choose, K, T):
    past, arm = [], 0
    for _ in range(T):
        row = [0.0] * K
        row[arm] = 1.0
        arm = choose(past)
        past.append(row)
    return past


@wrong("fool", "is about to play cost 1")
def without_asking(choose, K, T):
    return [[1.0 if a == t % K else 0.0 for a in range(K)] for t in range(T)]


@wrong("fool", "costs must lie in [0, 1]")
def too_dear(choose, K, T):
    past = []
    for _ in range(T):
        row = [0.0] * K
        row[choose(past)] = float(K)
        past.append(row)
    return past


@wrong("fool", "got the shape")
def a_row_for_each_arm(choose, K, T):
    past = []
    for _ in range(T):
        row = [0.0] * K
        row[choose(past)] = 1.0
        past.append(row)
    return np.array(past).T


@wrong("fool", "more than T / K")
def all_but_one_cost(choose, K, T):
    past = []
    for _ in range(T):
        row = [1.0] * K
        row[(choose(past) + 1) % K] = 0.0
        past.append(row)
    for row in past:
        if K == 2:
            row[:] = [1.0, 1.0]
    return [*past[:-1], [0.0 if a == 0 and past[-1][0] == 0 else 1.0 for a in range(K)]]


# -- hedge-step --------------------------------------------------------------------------------


@another_solution("hedge-step")
def hedge_step_by_differences(logs, costs, epsilon):
    new = [log + c * math.log1p(-epsilon) for log, c in zip(logs, costs)]
    return [1 / sum(math.exp(min(other - mine, 700)) for other in new) for mine in new]


@wrong("hedge-step", "is only near it")
def exponential_weights(logs, costs, epsilon):
    logs = np.array(logs) - epsilon * np.array(costs)
    w = np.exp(logs - logs.max())
    return w / w.sum()


@wrong("hedge-step", "costs make weights fall")
def costs_as_rewards(logs, costs, epsilon):
    logs = np.array(logs) - np.log(1 - epsilon) * np.array(costs)
    w = np.exp(logs - logs.max())
    return w / w.sum()


@wrong("hedge-step", "is negative for large costs")
def linear_weights(logs, costs, epsilon):
    w = np.exp(logs) * (1 - epsilon * np.array(costs))
    return w / w.sum()


@wrong("hedge-step", "divide by their sum")
def only_weights(logs, costs, epsilon):
    return [math.exp(log) * (1 - epsilon) ** c for log, c in zip(logs, costs)]


@wrong("hedge-step", "these are the new logarithms")
def only_logs(logs, costs, epsilon):
    return [log + c * math.log(1 - epsilon) for log, c in zip(logs, costs)]


@wrong("hedge-step", "the weights so far are forgotten")
def only_this_round(logs, costs, epsilon):
    w = (1 - epsilon) ** np.array(costs)
    return w / w.sum()


@wrong("hedge-step", "subtract the largest logarithm")
def underflow(logs, costs, epsilon):
    w = np.exp(np.array(logs) + np.log(1 - epsilon) * np.array(costs))
    return w / w.sum()


@wrong("hedge-step", "exp overflows where anything but the largest")
def less_the_smallest(logs, costs, epsilon):
    logs = np.array(logs) + np.log(1 - epsilon) * np.array(costs)
    w = np.exp(logs - logs.min())
    return w / w.sum()


# -- fake-costs --------------------------------------------------------------------------------


@another_solution("fake-costs")
def fake_costs_array(p, a, c):
    estimates = np.zeros(len(p))
    estimates[a] = c / p[a]
    return estimates


@wrong("fake-costs", "an estimate for every arm")
def a_single_estimate(p, a, c):
    return c / p[a]


@wrong("fake-costs", "too low on average")
def plain_cost(p, a, c):
    costs = [0] * len(p)
    costs[a] = c
    return costs


@wrong("fake-costs", "must count more, not less")
def multiplied(p, a, c):
    costs = np.zeros(len(p))
    costs[a] = c * p[a]
    return costs


@wrong("fake-costs", "what it cost is missing")
def inverse_propensity_alone(p, a, c):
    return [1 / p[a] if i == a else 0 for i in range(len(p))]


@wrong("fake-costs", "of the other arms nothing was seen")
def everybody_pays(p, a, c):
    return np.full(len(p), c / p[a])


@wrong("fake-costs", "nobody else was played")
def divided_by_all(p, a, c):
    return c / np.array(p)


@wrong("fake-costs", "not by 1 - p[a]")
def divided_by_the_rest(p, a, c):
    return [c / (1 - p[a]) if i == a else 0.0 for i in range(len(p))]


@wrong("fake-costs", "neither cut it off nor keep")
def probability_kept_from_zero(p, a, c):
    return [c / max(p[a], 0.001) if i == a else 0.0 for i in range(len(p))]


# -- second-moment -----------------------------------------------------------------------------


@another_solution("second-moment")
def second_moment_by_draws(p, c, gamma):
    K = len(p)
    q = [(1 - gamma) * each + gamma / K for each in p]
    total = 0
    for drawn in range(K):
        if q[drawn] > 0:
            estimates = [c[drawn] / q[drawn] if i == drawn else 0 for i in range(K)]
            total += q[drawn] * sum(p[i] * estimates[i] ** 2 for i in range(K))
    return total


@wrong("second-moment", "is divided by q, not by p")
def divided_by_p(p, c, gamma):
    p, c = np.array(p), np.array(c)
    q = (1 - gamma) * p + gamma / len(p)
    return (q * p * (c / p) ** 2).sum()


@wrong("second-moment", "with its own p, not with q")
def weighed_with_q(p, c, gamma):
    p, c = np.array(p), np.array(c)
    q = (1 - gamma) * p + gamma / len(p)
    return (q * q * (c / q) ** 2).sum()


@wrong("second-moment", "that is what the expectation is over")
def drawn_from_p(p, c, gamma):
    p, c = np.array(p), np.array(c)
    q = (1 - gamma) * p + gamma / len(p)
    return (p * p * (c / q) ** 2).sum()


@wrong("second-moment", "weigh what it adds with q")
def no_draw(p, c, gamma):
    p, c = np.array(p), np.array(c)
    q = (1 - gamma) * p + gamma / len(p)
    return p @ (c / q) ** 2


@wrong("second-moment", "estimates that are squared")
def cost_not_squared(p, c, gamma):
    p, c = np.array(p), np.array(c)
    return (p * c / ((1 - gamma) * p + gamma / len(p))).sum()


@wrong("second-moment", "have to be squared")
def first_moment(p, c, gamma):
    return sum(p[a] * c[a] for a in range(len(p)))


@wrong("second-moment", "the squares are weighed with p")
def not_weighed(p, c, gamma):
    K = len(p)
    return sum(c[a] ** 2 / ((1 - gamma) * p[a] + gamma / K) for a in range(K))


@wrong("second-moment", "the bound of the lemma")
def bound_of_the_lemma(p, c, gamma):
    return len(p) / (1 - gamma)


@wrong("second-moment", "shared by all arms")
def gamma_for_each(p, c, gamma):
    return sum(x * y**2 / ((1 - gamma) * x + gamma) for x, y in zip(p, c))


@wrong("second-moment", "only the draw follows p")
def gamma_on_top(p, c, gamma):
    return sum(x * y**2 / (x + gamma / len(p)) for x, y in zip(p, c))


@wrong("second-moment", "not a variance")
def variance(p, c, gamma):
    K = len(p)
    square = sum(p[a] * c[a] ** 2 / ((1 - gamma) * p[a] + gamma / K) for a in range(K))
    return square - sum(p[a] * c[a] for a in range(K)) ** 2


@wrong("second-moment", "never drawn, and adds nothing")
def zero_by_zero(p, c, gamma):
    K = len(p)
    return sum(p[a] * c[a] ** 2 / ((1 - gamma) * p[a] + gamma / K) for a in range(K))


@wrong("second-moment", "that Hedge has given up")
def gamma_for_those_in_play(p, c, gamma):
    alive = [i for i in range(len(p)) if p[i] > 0]
    return sum(p[i] * c[i] ** 2 / ((1 - gamma) * p[i] + gamma / len(alive)) for i in alive)


# -- exp3-policy -------------------------------------------------------------------------------


@another_solution("exp3-policy")
class Exp3WithSums(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    def distribution(self, t, x):
        for i in range(len(self.logs)):
            odds = [math.exp(min(other - self.logs[i], 700)) for other in self.logs]
            self.p[i] = 1 / sum(odds)
        return self.p

    def select(self, t, x, rng):
        u = rng.random()
        for arm, share in enumerate(self.distribution(t, x)):
            u -= share
            if u < 0:
                return arm
        return len(self.p) - 1

    def update(self, t, x, a, y):
        self.logs[a] += y / self.p[a] * math.log1p(-self.epsilon)


def _softmax(self, t, x):
    self.p[:] = np.exp(self.logs - self.logs.max())
    self.p[:] /= self.p.sum()
    return self.p


def _draw(self, t, x, rng):
    return rng.choice(self.p.size, p=self.distribution(t, x))


def _update(self, t, x, a, y):
    self.logs[a] += math.log(1 - self.epsilon) * y / self.p[a]


@wrong("exp3-policy", "divide it by the probability")
class PlainCosts(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    distribution = _softmax
    select = _draw

    def update(self, t, x, a, y):
        self.logs[a] += math.log(1 - self.epsilon) * y


@wrong("exp3-policy", "not by exp(-epsilon * estimate)")
class ExponentialWeights(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    distribution = _softmax
    select = _draw

    def update(self, t, x, a, y):
        self.logs[a] -= self.epsilon * y / self.p[a]


@wrong("exp3-policy", "an arm that costs much rises")
class Rising(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    distribution = _softmax
    select = _draw

    def update(self, t, x, a, y):
        self.logs[a] -= math.log(1 - self.epsilon) * y / self.p[a]


@wrong("exp3-policy", "don't turn it round")
class TurnedRound(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    distribution = _softmax
    select = _draw

    def update(self, t, x, a, y):
        self.logs[a] += math.log(1 - self.epsilon) * (1 - y) / self.p[a]


@wrong("exp3-policy", "write into the array")
class ChangesACopy(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    distribution = _softmax
    select = _draw

    def update(self, t, x, a, y):
        logs = self.logs.copy()
        logs[a] += math.log(1 - self.epsilon) * y / self.p[a]
        return self._replace(logs=logs)


@wrong("exp3-policy", "update changes others, too")
class ChangesAll(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    distribution = _softmax
    select = _draw

    def update(self, t, x, a, y):
        for i in range(self.logs.size):
            self.logs[i] += math.log(1 - self.epsilon) * y / self.p[i]


@wrong("exp3-policy", "always takes the same arm")
class PlaysTheLikeliest(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    distribution = _softmax
    update = _update

    def select(self, t, x, rng):
        return int(np.argmax(self.distribution(t, x)))


@wrong("exp3-policy", "draw from the distribution")
class DrawsUniformly(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    distribution = _softmax
    update = _update

    def select(self, t, x, rng):
        self.distribution(t, x)
        return int(rng.integers(self.p.size))


@wrong("exp3-policy", "nobody else calls distribution")
class StaleProbabilities(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    distribution = _softmax
    update = _update

    def select(self, t, x, rng):
        if self.p.sum() == 0:
            self.p[:] = 1 / self.p.size
        return int(rng.choice(self.p.size, p=self.p))


@wrong("exp3-policy", "all weights 0")
class Underflows(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    select = _draw
    update = _update

    def distribution(self, t, x):
        w = np.exp(self.logs)
        self.p[:] = w / w.sum()
        return self.p


@wrong("exp3-policy", "must be a NamedTuple")
class NoRecord:
    def __init__(self, logs, p, epsilon):
        self.logs, self.p, self.epsilon = logs, p, epsilon

    distribution = _softmax
    select = _draw
    update = _update


@wrong("exp3-policy", "all arms equally likely")
class NotNormalised(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    update = _update

    def distribution(self, t, x):
        self.p[:] = np.exp(self.logs - self.logs.max())
        return self.p

    def select(self, t, x, rng):
        p = self.distribution(t, x)
        return int(rng.choice(p.size, p=p / p.sum()))


@wrong("exp3-policy", "must write what it returns")
class WritesNothing(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    def distribution(self, t, x):
        w = np.exp(self.logs - self.logs.max())
        return w / w.sum()

    select = _draw

    def update(self, t, x, a, y):
        self.logs[a] += math.log(1 - self.epsilon) * y / self.distribution(t, x)[a]


@wrong("exp3-policy", "exp overflows unless the largest")
class LessTheSmallest(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    def distribution(self, t, x):
        self.p[:] = np.exp(self.logs - self.logs.min())
        self.p[:] /= self.p.sum()
        return self.p

    select = _draw
    update = _update


@wrong("exp3-policy", "neither cut it off nor keep")
class CutsEstimatesOff(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    distribution = _softmax
    select = _draw

    def update(self, t, x, a, y):
        self.logs[a] += math.log(1 - self.epsilon) * min(y / self.p[a], 1000)


@wrong("exp3-policy", "is handed rng to draw with")
class ThrowsOtherDice(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    distribution = _softmax
    update = _update

    def select(self, t, x, rng):
        return np.random.default_rng().choice(self.p.size, p=self.distribution(t, x))


@wrong("exp3-policy", "there are no uniform draws")
class ExploresNowAndThen(NamedTuple):
    logs: np.ndarray
    p: np.ndarray
    epsilon: float

    distribution = _softmax
    update = _update

    def select(self, t, x, rng):
        p = self.distribution(t, x)
        return rng.choice(p.size, p=p if rng.random() > 0.05 else None)


# -- exact-regret ------------------------------------------------------------------------------


@another_solution("exact-regret")
def regret_over_sequences(costs, epsilon):
    costs = np.array(costs)
    T, K = costs.shape
    total = 0.0
    for arms in itertools.product(range(K), repeat=T):
        weights, chance, paid = np.ones(K), 1.0, 0.0
        for c, a in zip(costs, arms):
            p = weights / weights.sum()
            chance *= p[a]
            paid += c[a]
            weights[a] *= (1 - epsilon) ** (c[a] / p[a])
        total += chance * paid
    return total - costs.sum(axis=0).min()


def _play_all(costs, epsilon, change, law=None):
    costs = np.array(costs)

    def ahead(t, w):
        if t == len(costs):
            return 0
        p = w / w.sum()
        total = 0
        for a in range(len(p)):
            chance = p[a] if law is None else law
            total += chance * (costs[t][a] + ahead(t + 1, change(w, p, a, costs[t])))
        return total

    return ahead(0, np.ones(costs.shape[1]))


@wrong("exact-regret", "this is regret of Hedge")
def regret_of_hedge(costs, epsilon):
    costs = np.array(costs)
    w, paid = np.ones(costs.shape[1]), 0.0
    for c in costs:  # on average the estimates are the costs
        paid += w @ c / w.sum()
        w *= (1 - epsilon) ** c
    return paid - costs.sum(axis=0).min()


@wrong("exact-regret", "equally likely in every round")
def mean_over_all_games(costs, epsilon):
    costs = np.array(costs)
    T, K = costs.shape
    games = itertools.product(range(K), repeat=T)
    paid = np.mean([sum(c[a] for c, a in zip(costs, arms)) for arms in games])
    return paid - costs.sum(axis=0).min()


def _book_step(epsilon):
    def change(w, p, a, c):
        w = w.copy()
        w[a] *= (1 - epsilon) ** (c[a] / p[a])
        return w

    return change


@wrong("exact-regret", "this is the expected cost")
def expected_cost(costs, epsilon):
    return _play_all(costs, epsilon, _book_step(epsilon))


@wrong("exact-regret", "not the sum of the smallest")
def regret_against_each_round(costs, epsilon):
    least = np.min(costs, axis=1).sum()
    return _play_all(costs, epsilon, _book_step(epsilon)) - least


@wrong("exact-regret", "the best arm has the smallest total")
def regret_against_the_worst(costs, epsilon):
    return _play_all(costs, epsilon, _book_step(epsilon)) - np.sum(costs, axis=0).max()


@wrong("exact-regret", "divided by the probability of the arm")
def regret_without_weighting(costs, epsilon):
    def change(w, p, a, c):
        w = w.copy()
        w[a] *= (1 - epsilon) ** c[a]
        return w

    return _play_all(costs, epsilon, change) - np.sum(costs, axis=0).min()


@wrong("exact-regret", "not by exp(-epsilon * estimate)")
def regret_with_exponentials(costs, epsilon):
    def change(w, p, a, c):
        w = w.copy()
        w[a] *= math.exp(-epsilon * c[a] / p[a])
        return w

    return _play_all(costs, epsilon, change) - np.sum(costs, axis=0).min()


@wrong("exact-regret", "weights rise with costs")
def regret_of_the_keen(costs, epsilon):
    def change(w, p, a, c):
        w = w.copy()
        w[a] /= (1 - epsilon) ** (c[a] / p[a])
        return w

    return _play_all(costs, epsilon, change) - np.sum(costs, axis=0).min()


# -- exp4-arms ---------------------------------------------------------------------------------


@another_solution("exp4-arms")
def arms_by_comparing(p, advice, K, gamma):
    followed = [sum(x for x, said in zip(p, advice) if said == a) for a in range(K)]
    return [gamma / K + (1 - gamma) * each for each in followed]


@wrong("exp4-arms", "must be added up")
def fancy_index(p, advice, K, gamma):
    q = np.zeros(K)
    q[advice] += np.array(p)
    return (1 - gamma) * q + gamma / K


@wrong("exp4-arms", "the uniform part is missing")
def without_exploration(p, advice, K, gamma):
    return np.bincount(advice, weights=p, minlength=K)


@wrong("exp4-arms", "add up to more than 1")
def exploration_on_top(p, advice, K, gamma):
    return np.bincount(advice, weights=p, minlength=K) + gamma / K


@wrong("exp4-arms", "not gamma / N")
def uniform_over_experts(p, advice, K, gamma):
    return (1 - gamma) * np.bincount(advice, weights=p, minlength=K) + gamma / len(p)


@wrong("exp4-arms", "not by heads")
def majority(p, advice, K, gamma):
    return [(1 - gamma) * advice.count(a) / len(advice) + gamma / K for a in range(K)]


@wrong("exp4-arms", "all of them together")
def gamma_each(p, advice, K, gamma):
    return (1 - gamma) * np.bincount(advice, weights=p, minlength=K) + gamma


@wrong("exp4-arms", "are exchanged")
def mostly_uniform(p, advice, K, gamma):
    return gamma * np.bincount(advice, weights=p, minlength=K) + (1 - gamma) / K


@wrong("exp4-arms", "not for each expert")
def for_each_expert(p, advice, K, gamma):
    q = (1 - gamma) * np.bincount(advice, weights=p, minlength=K) + gamma / K
    return q[advice]


@wrong("exp4-arms", "don't subtract the smallest number")
def counted_from_the_first(p, advice, K, gamma):
    return (1 - gamma) * np.bincount(np.subtract(advice, min(advice)), p, K) + gamma / K


# -- exp4-tuning -------------------------------------------------------------------------------


@another_solution("exp4-tuning")
def tuning_by_balance(K, N, T):
    epsilon = (math.log(N) / (3 * K * T)) ** 0.5
    return epsilon, math.log(N) / epsilon + 3 * epsilon * K * T + 1


@wrong("exp4-tuning", "experts N, not of K")
def log_of_arms(K, N, T):
    return math.sqrt(math.log(K) / (3 * K * T)), 2 * math.sqrt(3 * T * K * math.log(K)) + 1


@wrong("exp4-tuning", "these are Hedge's")
def as_hedge(K, N, T):
    return math.sqrt(math.log(N) / (3 * T)), 2 * math.sqrt(3 * T * math.log(N)) + 1


@wrong("exp4-tuning", "only enters as log N")
def experts_for_arms(K, N, T):
    return math.sqrt(math.log(N) / (3 * N * T)), 2 * math.sqrt(3 * T * N * math.log(N)) + 1


@wrong("exp4-tuning", "but for the + 1")
def without_one(K, N, T):
    return math.sqrt(math.log(N) / (3 * K * T)), 2 * math.sqrt(3 * T * K * math.log(N))


@wrong("exp4-tuning", "below the root of the rate is missing")
def without_three(K, N, T):
    return math.sqrt(math.log(N) / (K * T)), 2 * math.sqrt(3 * T * K * math.log(N)) + 1


@wrong("exp4-tuning", "2 sqrt(3), not 2")
def bound_without_three(K, N, T):
    return math.sqrt(math.log(N) / (3 * K * T)), 2 * math.sqrt(T * K * math.log(N)) + 1


@wrong("exp4-tuning", "not to base 2")
def base_two(K, N, T):
    return math.sqrt(math.log2(N) / (3 * K * T)), 2 * math.sqrt(3 * T * K * math.log2(N)) + 1


@wrong("exp4-tuning", "what stands below it")
def rate_squared(K, N, T):
    return math.log(N) / (3 * K * T), 2 * math.sqrt(3 * T * K * math.log(N)) + 1


@wrong("exp4-tuning", "don't cut it off at T")
def no_more_than_all(K, N, T):
    return math.sqrt(math.log(N) / (3 * K * T)), min(T, math.sqrt(12 * T * K * math.log(N)) + 1)


# -- block-advice ------------------------------------------------------------------------------


@another_solution("block-advice")
def advice_by_digits(K, M, T):
    return [[e // K ** (t * M // T) % K for e in range(K**M)] for t in range(T)]


@wrong("block-advice", "the other way round")
def rows_of_experts(K, M, T):
    return [np.repeat(s, T // M) for s in itertools.product(range(K), repeat=M)]


@wrong("block-advice", "changes the arm within a block")
def alternating(K, M, T):
    sequences = list(itertools.product(range(K), repeat=M))
    return [[s[t % M] for s in sequences] for t in range(T)]


@wrong("block-advice", "for the whole game")
def constant_experts(K, M, T):
    return [list(range(K)) for _ in range(T)]


@wrong("block-advice", "nobody plays the arms")
def without_repetition(K, M, T):
    sequences = list(itertools.combinations_with_replacement(range(K), M))
    return [[s[t * M // T] for s in sequences] for t in range(T)]


@wrong("block-advice", "some experts are the same")
def experts_twice(K, M, T):
    sequences = list(itertools.product(range(K), repeat=M)) * 2
    return [[s[t * M // T] for s in sequences] for t in range(T)]


@wrong("block-advice", "numbered 0 to")
def arms_from_one(K, M, T):
    sequences = list(itertools.product(range(1, K + 1), repeat=M))
    return [[s[t * M // T] for s in sequences] for t in range(T)]


@wrong("block-advice", "rows, one a round")
def one_row_a_block(K, M, T):
    sequences = list(itertools.product(range(K), repeat=M))
    return [[s[b] for s in sequences] for b in range(M)]


# -- block-floor -------------------------------------------------------------------------------


@another_solution("block-floor")
def floor_from_the_largest_block_count(K, N, T, c):
    M = max(m for m in range(1, 64) if K**m <= N and m * K <= T)
    return sum(c * math.sqrt(K * T / M) for _ in range(M))


def _blocks(K, N, T):
    return min(int(math.log(N) / math.log(K) + 1e-9), T // K)


@wrong("block-floor", "a block has only T / M rounds")
def whole_game_each(K, N, T, c):
    return _blocks(K, N, T) * c * math.sqrt(K * T)


@wrong("block-floor", "floor of a single block")
def one_block(K, N, T, c):
    return c * math.sqrt(K * T / _blocks(K, N, T))


@wrong("block-floor", "log N is not the number of blocks")
def log_n_blocks(K, N, T, c):
    return c * math.sqrt(K * T * math.log(N))


@wrong("block-floor", "without experts")
def one_instance(K, N, T, c):
    return c * math.sqrt(K * T)


@wrong("block-floor", "a whole number of blocks")
def broken_blocks(K, N, T, c):
    return c * math.sqrt(K * T * math.log(N) / math.log(K))


@wrong("block-floor", "count with whole numbers")
def rounded_down(K, N, T, c):
    M = min(int(math.log(N) / math.log(K)), T // K)
    return c * math.sqrt(K * T * M)


@wrong("block-floor", "needs K rounds at least")
def too_many_blocks(K, N, T, c):
    M = int(math.log(N) / math.log(K) + 1e-9)
    return c * math.sqrt(K * T * M)


@wrong("block-floor", "one block too many")
def rounded_up(K, N, T, c):
    M = min(math.ceil(math.log(N) / math.log(K) - 1e-9), T // K)
    return c * math.sqrt(K * T * M)


@wrong("block-floor", "not with T // M")
def whole_rounds(K, N, T, c):
    M = _blocks(K, N, T)
    return M * c * math.sqrt(K * (T // M))


# -- turn-round --------------------------------------------------------------------------------


@another_solution("turn-round")
def turned_with_numpy(p, a, r, low, high):
    return (np.arange(len(p)) == a) * (1 - (r - low) / (high - low)) / np.array(p)


@wrong("turn-round", "come out as large costs")
def scaled_reward(p, a, r, low, high):
    costs = np.zeros(len(p))
    costs[a] = (r - low) / (high - low) / p[a]
    return costs


@wrong("turn-round", "a reward is not a cost")
def reward_as_cost(p, a, r, low, high):
    costs = np.zeros(len(p))
    costs[a] = r / p[a]
    return costs


@wrong("turn-round", "but negative")
def minus_reward(p, a, r, low, high):
    costs = np.zeros(len(p))
    costs[a] = -r / p[a]
    return costs


@wrong("turn-round", "only for rewards in [0, 1]")
def one_minus_reward(p, a, r, low, high):
    costs = np.zeros(len(p))
    costs[a] = (1 - r) / p[a]
    return costs


@wrong("turn-round", "divide high - r by high - low")
def not_scaled(p, a, r, low, high):
    costs = np.zeros(len(p))
    costs[a] = (high - r) / p[a]
    return costs


@wrong("turn-round", "turn the reward round first")
def estimated_and_turned(p, a, r, low, high):
    rewards = np.zeros(len(p))
    rewards[a] = (r - low) / (high - low) / p[a]
    return 1 - rewards


@wrong("turn-round", "division by its probability")
def not_weighted(p, a, r, low, high):
    return [(high - r) / (high - low) if i == a else 0.0 for i in range(len(p))]


@wrong("turn-round", "neither cut it off nor keep")
def cost_cut_off(p, a, r, low, high):
    costs = np.zeros(len(p))
    costs[a] = min((high - r) / (high - low) / p[a], 1000)
    return costs


# -- exp3-ix -----------------------------------------------------------------------------------


@another_solution("exp3-ix")
def ix_step_plain(p, a, c, eta, gamma):
    factor = math.exp(-eta * c / (p[a] + gamma))
    total = 1 - p[a] + p[a] * factor
    return [x * (factor if i == a else 1) / total for i, x in enumerate(p)]


def _with_factor(p, a, factor):
    w = np.array(p)
    w[a] *= factor
    return w / w.sum()


@wrong("exp3-ix", "gamma is missing")
def step_of_exp3(p, a, c, eta, gamma):
    return _with_factor(p, a, math.exp(-eta * c / p[a]))


@wrong("exp3-ix", "not mixed into it")
def mixed_below(p, a, c, eta, gamma):
    q = (1 - gamma) * p[a] + gamma / len(p)
    return _with_factor(p, a, math.exp(-eta * c / q))


@wrong("exp3-ix", "Hedge's way to write it")
def base_of_hedge(p, a, c, eta, gamma):
    return _with_factor(p, a, (1 - eta) ** (c / (p[a] + gamma)))


@wrong("exp3-ix", "the exponent is negative")
def growing(p, a, c, eta, gamma):
    return _with_factor(p, a, math.exp(eta * c / (p[a] + gamma)))


@wrong("exp3-ix", "not to the cost")
def gamma_above(p, a, c, eta, gamma):
    return _with_factor(p, a, math.exp(-eta * (c + gamma) / p[a]))


@wrong("exp3-ix", "divide by their sum")
def unnormalised(p, a, c, eta, gamma):
    w = list(p)
    w[a] *= math.exp(-eta * c / (p[a] + gamma))
    return w


@wrong("exp3-ix", "not gamma / K")
def shared_gamma(p, a, c, eta, gamma):
    return _with_factor(p, a, math.exp(-eta * c / (p[a] + gamma / len(p))))


# -- mesh-loss ---------------------------------------------------------------------------------


@another_solution("mesh-loss")
def mesh_loss_in_loops(costs, step):
    totals = [sum(row[i] for row in costs) for i in range(len(costs[0]))]
    on_mesh = [total for i, total in enumerate(totals) if i % step == 0]
    return (min(on_mesh) - min(totals)) / len(costs)


@wrong("mesh-loss", "the best fixed point")
def loss_of_each_round(costs, step):
    return np.mean([min(row[::step]) - min(row) for row in costs])


@wrong("mesh-loss", "the error is per round")
def total_loss(costs, step):
    totals = costs.sum(axis=0)
    return totals[::step].min() - totals.min()


@wrong("mesh-loss", "rows are rounds")
def fewer_rounds(costs, step):
    return (costs[::step].sum(axis=0).min() - costs.sum(axis=0).min()) / len(costs)


@wrong("mesh-loss", "the sign is the wrong one")
def gain_of_the_mesh(costs, step):
    means = costs.mean(axis=0)
    return means.min() - means[::step].min()


@wrong("mesh-loss", "subtract what the best of all points")
def cost_of_the_mesh(costs, step):
    return costs.mean(axis=0)[::step].min()


@wrong("mesh-loss", "the mesh begins at 0")
def mesh_without_zero(costs, step):
    means = costs.mean(axis=0)
    return min(means[i] for i in range(step, len(means), step)) - means.min()


@wrong("mesh-loss", "not the largest")
def loss_with_max(costs, step):
    means = costs.mean(axis=0)
    return means[::step].max() - means.max()


@wrong("mesh-loss", "a point like the others")
def without_the_last(costs, step):
    means = costs.mean(axis=0)
    return means[:-1:step].min() - means.min()


@wrong("mesh-loss", "only if a step leads there")
def always_with_the_last(costs, step):
    means = costs.mean(axis=0)
    return min(means[::step].min(), means[-1]) - means.min()


@wrong("mesh-loss", "need not be a neighbour")
def neighbour_below(costs, step):
    means = costs.mean(axis=0)
    return means[means.argmin() // step * step] - means.min()


# -- mesh-price --------------------------------------------------------------------------------


@another_solution("mesh-price")
def price_by_counting(price, epsilon):
    k = 0
    while (k + 1) * epsilon <= price:
        k += 1
    return k * epsilon


@wrong("mesh-price", "rounding to the nearest")
def nearest_price(price, epsilon):
    return round(price / epsilon) * epsilon


@wrong("mesh-price", "always rounding up")
def price_above(price, epsilon):
    return math.ceil(price / epsilon) * epsilon


@wrong("mesh-price", "the number of the mesh point")
def number_of_the_price(price, epsilon):
    return math.floor(price / epsilon)


@wrong("mesh-price", "one of the mesh")
def price_itself(price, epsilon):
    return price


@wrong("mesh-price", "less: more than epsilon")
def price_far_below(price, epsilon):
    return max(0, math.floor(price / epsilon) - 1) * epsilon


@wrong("mesh-price", "is not a multiple of epsilon")
def an_epsilon_less(price, epsilon):
    return max(0, price - epsilon)


@another_solution("mesh-price")
def price_never_zero(price, epsilon):
    return max(1, math.floor(price / epsilon)) * epsilon  # below epsilon little is lost anyway


# -- mesh-size ---------------------------------------------------------------------------------


@another_solution("mesh-size")
def size_by_ternary_search(T, L):
    def bound(K):
        return L * T / (K - 1) + 2 * math.sqrt(3 * T * K * math.log(K))

    low, high = 2, T
    while high - low > 3:
        left, right = low + (high - low) // 3, high - (high - low) // 3
        if bound(left) < bound(right):
            high = right
        else:
            low = left
    return min(range(low, high + 1), key=bound)


def _smallest(T, bound):
    return min(range(2, T + 1), key=bound)


@wrong("mesh-size", "for the stochastic")
def size_without_log(T, L):
    return _smallest(T, lambda K: L * T / (K - 1) + 2 * math.sqrt(3 * T * K))


@wrong("mesh-size", "of Theorem 6.11 is missing")
def size_without_constant(T, L):
    return _smallest(T, lambda K: L * T / (K - 1) + math.sqrt(T * K * math.log(K)))


@wrong("mesh-size", "the Lipschitz constant is missing")
def size_without_slope(T, L):
    return _smallest(T, lambda K: T / (K - 1) + 2 * math.sqrt(3 * T * K * math.log(K)))


@wrong("mesh-size", "lost in every round")
def size_with_one_error(T, L):
    return _smallest(T, lambda K: L / (K - 1) + 2 * math.sqrt(3 * T * K * math.log(K)))


@wrong("mesh-size", "the right order of epsilon")
def size_by_the_order(T, L):
    return math.ceil(1 / (math.log(T) / (T * L**2)) ** (1 / 3))


@wrong("mesh-size", "of steps, or of points")
def number_of_steps(T, L):
    best = _smallest(T, lambda K: L * T / (K - 1) + 2 * math.sqrt(3 * T * K * math.log(K)))
    return best - 1


@wrong("mesh-size", "must be a whole number")
def step_of_the_mesh(T, L):
    best = _smallest(T, lambda K: L * T / (K - 1) + 2 * math.sqrt(3 * T * K * math.log(K)))
    return 1 / (best - 1)


@wrong("mesh-size", "with 100 arms")
def no_more_than_a_hundred(T, L):
    return _smallest(
        min(T, 100), lambda K: L * T / (K - 1) + 2 * math.sqrt(3 * T * K * math.log(K))
    )


@wrong("mesh-size", "K goes from 2 to T")
def more_points_than_rounds(T, L):
    return _smallest(10 * T, lambda K: L * T / (K - 1) + 2 * math.sqrt(3 * T * K * math.log(K)))


# -- best-shifting -----------------------------------------------------------------------------


@another_solution("best-shifting")
def best_shifting_recursive(costs, n):
    T, K = len(costs), len(costs[0])

    @functools.cache
    def least(t, a, left):
        if t == T:
            return 0.0
        stay = least(t + 1, a, left)
        go = min(least(t + 1, b, left - 1) for b in range(K)) if left else math.inf
        return costs[t][a] + min(stay, go)

    return min(least(0, a, n) for a in range(K))


def _least(costs, fits):
    sequences = itertools.product(range(len(costs[0])), repeat=len(costs))
    return min(
        sum(row[a] for row, a in zip(costs, arms))
        for arms in sequences
        if fits(sum(a != b for a, b in itertools.pairwise(arms)))
    )


@wrong("best-shifting", "n counts changes")
def n_stretches(costs, n):
    return _least(costs, lambda changes: changes + 1 <= max(1, n))


@wrong("best-shifting", "one change too many")
def n_and_one_changes(costs, n):
    return _least(costs, lambda changes: changes <= n + 1)


@wrong("best-shifting", "not exactly n")
def exactly_n(costs, n):
    n = min(n, len(costs) - 1)
    return _least(costs, lambda changes: changes == n)


@wrong("best-shifting", "they need not be equal")
def equal_stretches(costs, n):
    return sum(block.sum(axis=0).min() for block in np.array_split(np.array(costs), n + 1))


@wrong("best-shifting", "however often it changes")
def changes_are_free(costs, n):
    return sum(min(row) for row in costs)


@wrong("best-shifting", "the best single arm")
def never_changes(costs, n):
    return min(map(sum, zip(*costs)))


@wrong("best-shifting", "some are worth waiting for")
def greedy_changes(costs, n):
    arm = int(np.argmin(costs[0]))
    total = 0
    for row in costs:
        cheaper = int(np.argmin(row))
        if cheaper != arm and n > 0:
            arm, n = cheaper, n - 1
        total += row[arm]
    return total


@wrong("best-shifting", "must be")
def no_change_after_the_first_round(costs, n):
    totals = np.full((n + 1, len(costs[0])), np.inf)
    totals[0] = costs[0]
    for row in costs[1:]:
        totals += row
        for k in range(n):
            totals[k + 1] = np.minimum(totals[k + 1], totals[k].min())
    return totals.min()


# -- drift-blocks ------------------------------------------------------------------------------


@another_solution("drift-blocks")
def blocks_by_search(T, K, eps):
    slope = math.sqrt(3 * K * T * math.log(K))  # the derivative of the bound grows with n
    low, high = 1e-12, 1e12
    for _ in range(200):
        n = math.sqrt(low * high)
        low, high = (n, high) if slope / math.sqrt(n) < eps * T**2 / n**2 else (low, n)
    return n


@wrong("drift-blocks", "both terms are equal")
def equal_terms(T, K, eps):
    return T * (eps**2 / (12 * K * math.log(K))) ** (1 / 3)


@wrong("drift-blocks", "of the theorem is missing")
def without_constant(T, K, eps):
    return T * (4 * eps**2 / (K * math.log(K))) ** (1 / 3)


@wrong("drift-blocks", "log K is missing")
def without_log(T, K, eps):
    return T * (eps**2 / (3 * K)) ** (1 / 3)


@wrong("drift-blocks", "length of a block")
def length_of_a_block(T, K, eps):
    return (3 * K * math.log(K) / eps**2) ** (1 / 3)


@wrong("drift-blocks", "taken for n**3")
def wrong_power(T, K, eps):
    return T * math.sqrt((eps**2 / (3 * K * math.log(K))) ** (1 / 3))


@wrong("drift-blocks", "n is proportional to T")
def without_rounds(T, K, eps):
    return (eps**2 / (3 * K * math.log(K))) ** (1 / 3)


@wrong("drift-blocks", "at which it is reached")
def smallest_bound(T, K, eps):
    n = T * (eps**2 / (3 * K * math.log(K))) ** (1 / 3)
    return eps * T**2 / n + 2 * math.sqrt(3 * n * K * T * math.log(K))


@wrong("drift-blocks", "may be below 1")
def at_least_a_block(T, K, eps):
    return max(1.0, T * (eps**2 / (3 * K * math.log(K))) ** (1 / 3))


# -- follow-the-drift --------------------------------------------------------------------------


class _Exp3:
    def __init__(self, K, eta, every=10**9, share=0.0, sign=-1):
        self.K, self.eta, self.every, self.share, self.sign = K, eta, every, share, sign
        self.w = np.ones(K) / K

    def select(self, t, x, rng):
        if t % self.every == 0:
            self.w[:] = 1 / self.K
        return int(rng.choice(self.K, p=self.w))

    def update(self, t, x, a, y):
        self.w[a] *= math.exp(self.sign * self.eta * y / (self.w[a] + self.eta / 2))
        self.w = self.w / self.w.sum()
        self.w = (1 - self.share) * self.w + self.share / self.K


@another_solution("follow-the-drift")
def restarts(K, T, S):
    rounds = T // (3 * (S + 1))
    return _Exp3(K, math.sqrt(2 * math.log(K) / (K * rounds)), every=rounds)


@wrong("follow-the-drift", "kept when another one is better")
def plain_exp3_ix(K, T, S):
    return _Exp3(K, math.sqrt(2 * math.log(K) / (K * T)))


@wrong("follow-the-drift", "are costs taken for rewards")
def fond_of_costs(K, T, S):
    return _Exp3(K, 0.1, every=T // (S + 1), sign=1)


@wrong("follow-the-drift", "as many as with a uniform draw")
def restarts_all_the_time(K, T, S):
    return _Exp3(K, 0.1, every=1)


@wrong("follow-the-drift", "learn faster")
def shy(K, T, S):
    return _Exp3(K, 0.002, every=T // (S + 1))


@wrong("follow-the-drift", "without dice it can be fooled")
class Windowed:
    def __init__(self, K, T, S):
        self.costs, self.pulls = np.ones(K), np.ones(K) * 2

    def select(self, t, x, rng):
        return int(np.argmin(self.costs / self.pulls - np.sqrt(0.5 / self.pulls)))

    def update(self, t, x, a, y):
        self.costs *= 0.98
        self.pulls *= 0.98
        self.costs[a] += y
        self.pulls[a] += 1


_SHARED = _Exp3(3, 0.1, share=0.002)


@wrong("follow-the-drift", "return a fresh learner")
def one_for_all(K, T, S):
    return _SHARED


@wrong("follow-the-drift", "there is no update")
def blind(K, T, S):
    class Blind:
        def select(self, t, x, rng):
            return int(rng.integers(K))

    return Blind()


@wrong("follow-the-drift", "select must return an arm")
def probabilities(K, T, S):
    class Probabilities(_Exp3):
        def select(self, t, x, rng):
            return self.w

    return Probabilities(K, 0.1, share=0.01)
