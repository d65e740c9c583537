"""Features and policy gradients, from their definitions: dicts, floats, fractions; no banditkit.

Sources: Sutton & Barto (2018), sections 9.5.4 and 13.3 to 13.5; Williams (1992).

A learner is told what happened: steps (t, x, a, reward, next state, ended, cut off), one after the
other, and answers with the probabilities of the actions before each of them.  Features are a
function ``phi(x)``: a dict of those that are not 0.  A step size is a number or a pair, as in
`naive.tabular`; the round that counts is that in which something is learned.
"""

import math
from collections import defaultdict
from fractions import Fraction

from naive.tabular import at


def tiles_at(x, low, high, tilings, tiles):
    """Return the tile of each tiling that x is in, numbered tiling by tiling, the last axis first.

    Tiling k is moved by ``(2 i + 1) k`` parts of a tile along axis i, one tiling having as many
    parts as there are tilings; a whole tile does not count.
    """
    found = []
    for k in range(tilings):
        number = k
        for i in range(len(low)):
            width = (Fraction(high[i]) - Fraction(low[i])) / tiles
            moved = Fraction((2 * i + 1) * k, tilings) % 1
            row = math.floor((Fraction(x[i]) - Fraction(low[i])) / width + moved)
            number = number * (tiles + 1) + sorted((0, row, tiles))[1]
        found.append(number)
    return found


class Actor:
    """A softmax of linear preferences, and a linear critic."""

    def __init__(self, A, phi):
        self.phi = phi
        self.theta = [defaultdict(float) for _ in range(A)]
        self.w = defaultdict(float)

    def probabilities(self, x):
        preferences = [math.fsum(row[i] * v for i, v in self.phi(x).items()) for row in self.theta]
        weights = [math.exp(h - max(preferences)) for h in preferences]
        return [w / math.fsum(weights) for w in weights]

    def score(self, x, a):
        """Return the gradient of log p(a): a dict of (action, feature)."""
        p = self.probabilities(x)
        return {
            (b, i): ((1.0 if a == b else 0.0) - p[b]) * v
            for b in range(len(p))
            for i, v in self.phi(x).items()
        }

    def value(self, x):
        return math.fsum(self.w[i] * v for i, v in self.phi(x).items())

    def learn(self, x, amount):
        for i, v in self.phi(x).items():
            self.w[i] += amount * v

    def climb(self, step, amount):
        for (b, i), slope in step.items():
            self.theta[b][i] += amount * slope


def reinforce(actor, steps, rate, critic_rate, gamma, *, discounted=False, longest=math.inf):
    """Section 13.4, an episode at a time: the preferences move once, then the baseline, on the way back.

    What an episode that is cut off would have brought is the baseline's word for it.
    """
    episode, episodes = [], 0
    for t, x, a, r, later, ended, cut in steps:
        yield actor.probabilities(x)
        episode.append((x, a, r))
        if not (ended or cut or len(episode) == longest):
            continue
        n, rewards = len(episode), [r for _, _, r in episode]
        beyond = 0.0 if ended else actor.value(later)
        step = defaultdict(float)
        returns = [
            math.fsum(gamma ** (j - k) * rewards[j] for j in range(k, n))
            + gamma ** (n - k) * beyond
            for k in range(n)
        ]
        for k in reversed(range(n)):
            x, a, _ = episode[k]
            advantage = returns[k] - actor.value(x)
            for pair, slope in actor.score(x, a).items():
                step[pair] += (gamma**k if discounted else 1.0) * advantage * slope
        for k in reversed(range(n)):
            x = episode[k][0]
            actor.learn(x, at(critic_rate, t, episodes) * (returns[k] - actor.value(x)))
        actor.climb(step, at(rate, t, episodes))
        episode, episodes = [], episodes + 1


def actor_critic(actor, steps, rate, critic_rate, gamma, *, discounted=False):
    """Section 13.5, "One-step Actor-Critic (episodic)"; with its I, if discounted."""
    age, episodes = 0, 0
    for t, x, a, r, later, ended, cut in steps:
        yield actor.probabilities(x)
        delta = r + (0.0 if ended else gamma * actor.value(later)) - actor.value(x)
        step = actor.score(x, a)
        actor.learn(x, at(critic_rate, t, episodes) * delta)
        actor.climb(step, at(rate, t, episodes) * (gamma**age if discounted else 1.0) * delta)
        age += 1
        if ended or cut:
            age, episodes = 0, episodes + 1
