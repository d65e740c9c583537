"""LIRPG and BiPaRS from their definitions: lists, dicts and floats; no banditkit.

Sources: Zheng, Oh & Singh (2018); Hu et al. (2020); as the library's docstrings describe them.

An episode is a list of steps (x, a, r, f): features of the state, a list; action, reward, and what
a heuristic pays.  A reward is ``fixed(r, f) + sum of parameters[k] * slopes(x, a, f)[k]``.
"""

import itertools
import math
from typing import NamedTuple


class Setting(NamedTuple):
    """How rewards are made, and how policies climb."""

    fixed: object  # (r, f) -> float
    slopes: object  # (x, a, f) -> dict: what the reward changes with each parameter
    gamma: float
    rate: float
    entropy: float = 0.0
    own: int = 0  # columns of the preferences before this one stay 0


def listed(batch, d):
    """Return a batch of arrays as lists of steps."""
    steps = []
    for t in range(len(batch.action)):
        x = [0.0] * d
        for i, v in zip(batch.at[t], batch.weight[t], strict=True):
            x[int(i)] += float(v)
        rewards = float(batch.primary[t]), float(batch.auxiliary[t])
        steps.append((x, int(batch.action[t]), *rewards))
    return [steps[i:j] for i, j in itertools.pairwise(batch.first)]


def dot(row, x):
    return math.fsum(w * v for w, v in zip(row, x, strict=True))


def probabilities(theta, x):
    preferences = [dot(row, x) for row in theta]
    weights = [math.exp(h - max(preferences)) for h in preferences]
    return [w / math.fsum(weights) for w in weights]


def score(theta, x, a):
    """Return the gradient of log p(a), a table."""
    p = probabilities(theta, x)
    return [[((b == a) - p[b]) * v for v in x] for b in range(len(p))]


def entropy_slope(theta, x):
    """Return the gradient of ``-sum p log p``: ``-p_b (log p_b + entropy)`` by preference b."""
    p = probabilities(theta, x)
    entropy = -math.fsum(q * math.log(q) for q in p)
    return [[-q * (math.log(q) + entropy) * v for v in x] for q in p]


def add(table, amount, other):
    return [
        [u + amount * v for u, v in zip(row, each, strict=True)]
        for row, each in zip(table, other, strict=True)
    ]


def later_sum(values, t, gamma):
    return math.fsum(gamma ** (j - t) * values[j] for j in range(t, len(values)))


def paid(setting, parameters, episode):
    """Return the rewards of an episode."""
    return [
        setting.fixed(r, f)
        + math.fsum(parameters[k] * v for k, v in setting.slopes(x, a, f).items())
        for x, a, r, f in episode
    ]


def blank(theta):
    return [[0.0] * len(row) for row in theta]


def climbed(setting, theta, parameters, episodes, critic):
    """Return the preferences after one step, on the sum over an episode, averaged over episodes."""
    step = blank(theta)
    for episode in episodes:
        rewards = paid(setting, parameters, episode)
        for t, (x, a, _, _) in enumerate(episode):
            gain = later_sum(rewards, t, setting.gamma) - dot(critic, x)
            step = add(step, gain / len(episodes), score(theta, x, a))
            step = add(step, setting.entropy / len(episodes), entropy_slope(theta, x))
    return add(theta, setting.rate, owned(setting, step))


def owned(setting, table):
    return [[0.0] * setting.own + row[setting.own :] for row in table]


def what_counts(setting, theta, after, episodes, critic):
    """Return the objective of the upper level for preferences `after`, on episodes of `theta`."""
    total = 0.0
    for episode in episodes:
        rewards = [r for _, _, r, _ in episode]
        for t, (x, a, _, _) in enumerate(episode):
            ratio = probabilities(after, x)[a] / probabilities(theta, x)[a]
            total += ratio * (later_sum(rewards, t, setting.gamma) - dot(critic, x))
    return total / len(episodes)


def meta_gradient(setting, theta, parameters, episodes, critics):
    """Return the gradient by the parameters, by the sums of the definition."""
    after = climbed(setting, theta, parameters, episodes, critics[0])
    wanted = blank(theta)
    for episode in episodes:
        rewards = [r for _, _, r, _ in episode]
        for t, (x, a, _, _) in enumerate(episode):
            ratio = probabilities(after, x)[a] / probabilities(theta, x)[a]
            worth = ratio * (later_sum(rewards, t, setting.gamma) - dot(critics[1], x))
            wanted = add(wanted, worth / len(episodes), score(after, x, a))
    wanted, found = owned(setting, wanted), dict.fromkeys(parameters, 0.0)
    for episode in episodes:
        for t, (x, a, _, _) in enumerate(episode):
            along = math.fsum(
                u * v
                for row, each in zip(wanted, score(theta, x, a), strict=True)
                for u, v in zip(row, each, strict=True)
            )
            for j in range(t, len(episode)):
                y, b, _, f = episode[j]
                for k, v in setting.slopes(y, b, f).items():
                    share = setting.gamma ** (j - t) / len(episodes)
                    found[k] += setting.rate * share * along * v
    return found, after


class MetaLearner:
    """Who learns both, a batch of episodes at a time."""

    def __init__(self, setting, A, d, parameters, *, reward_rate, critic_rate, episodes, longest):
        self.setting, self.parameters = setting, dict.fromkeys(parameters, 0.0)
        self.theta = [[0.0] * d for _ in range(A)]
        self.critics = [[0.0] * d, [0.0] * d]
        self.squares = dict.fromkeys(parameters, 0.0)
        self.rates = reward_rate, critic_rate
        self.size, self.longest = episodes, longest
        self.batch, self.episode = [], []

    def told(self, x, a, r, f, over):
        self.episode.append((x, a, r, f))
        if over or len(self.episode) == self.longest:
            self.batch.append(self.episode)
            self.episode = []
        if len(self.batch) == self.size:
            self.learn()
            self.batch = []

    def learn(self):
        found, after = meta_gradient(
            self.setting, self.theta, self.parameters, self.batch, self.critics
        )
        steps = [step for episode in self.batch for step in reversed(self.returns(episode))]
        for k, g in found.items():  # RMSprop
            self.squares[k] = 0.99 * self.squares[k] + 0.01 * g * g
            self.parameters[k] += self.rates[0] * g / (math.sqrt(self.squares[k]) + 1e-8)
        self.theta = after
        for x, *both in steps:
            size = dot(x, x)
            for critic, G in zip(self.critics, both, strict=True):
                error = G - dot(critic, x)
                for i, v in enumerate(x):
                    critic[i] += self.rates[1] * error * v / size

    def returns(self, episode):
        """Return the features, and both returns, of each step; before the parameters move."""
        gamma = self.setting.gamma
        mixed, truth = paid(self.setting, self.parameters, episode), [r for _, _, r, _ in episode]
        return [
            (x, later_sum(mixed, t, gamma), later_sum(truth, t, gamma))
            for t, (x, *_) in enumerate(episode)
        ]
