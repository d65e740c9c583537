"""Rewards that are designed or learned, from their definitions: dicts and floats, no banditkit.

Sources: the recursions of PGRD (Sorg, Singh & Lewis 2010) and the loss of SORS (Memarian et al.
2021), from memory and from secondary texts.

A model is a dict: ``model[s, a]`` lists (probability, next state, reward); states in `ends` have
nothing to come.
"""

import math


def plan(model, ends, actions, gamma, features, depth, theta):
    """Return ``Q(s)``: values of the actions in state s, planned by the recursion itself.

    ``features(s, a)`` is a list of numbers.  A tree: nothing is kept, so depth must be small.
    """

    def worth_of(s, a, d):
        reward = math.fsum(w * f for w, f in zip(theta, features(s, a), strict=True))
        if d == 1:
            return reward
        return reward + gamma * math.fsum(p * best(z, d - 1) for p, z, _ in model.get((s, a), []))

    def best(s, d):
        return 0.0 if s in ends else max(worth_of(s, a, d) for a in range(actions))

    return lambda s: [worth_of(s, a, depth) for a in range(actions)]


def soften(values, tau):
    weights = [math.exp(tau * (v - max(values))) for v in values]
    return [w / math.fsum(weights) for w in weights]


class Counted:
    """The model that frequencies make."""

    def __init__(self):
        self.steps = {}

    def learn(self, s, a, reward, later):
        self.steps.setdefault((s, a), []).append((later, reward))

    @property
    def model(self):
        return {
            pair: [(1.0 / len(seen), later, reward) for later, reward in seen]
            for pair, seen in self.steps.items()
        }


class Recency:
    """When each place was visited last."""

    def __init__(self, places):
        self.places, self.visited = places, {}

    def enter(self, t, s):
        self.now = t
        self.visited[self.places[s]] = t

    def of(self, s):
        if self.places[s] not in self.visited:
            return 1.0
        return 1.0 - 1.0 / (self.now - self.visited[self.places[s]] + 1)


class PGRD:
    """The learner; its gradient is a difference quotient of log probabilities.

    `known` is a model with its ends, or None, and then what is seen is counted.
    """

    def __init__(self, actions, gamma, known, tables, places, theta, **parameters):
        self.actions, self.gamma, self.known, self.tables = actions, gamma, known, tables
        self.recency = None if places is None else Recency(places)
        self.theta, self.z = list(theta), [0.0] * len(theta)
        self.counted, self.ends = Counted(), set()
        self.parameters = parameters

    def features(self, model):
        def of(s, a):
            follow = model.get((s, a), [])
            found = [math.fsum(p * reward for p, _, reward in follow)]
            found += [table[s][a] for table in self.tables]
            if self.recency is not None:
                found.append(math.fsum(p * self.recency.of(z) for p, z, _ in follow))
            return found

        return of

    def probabilities(self, s, theta):
        model, ends = self.known or (self.counted.model, self.ends)
        features = self.features(model)
        Q = plan(model, ends, self.actions, self.gamma, features, self.parameters["depth"], theta)
        return soften(Q(s), 1.0 / self.parameters["temperature"])

    def look(self, t, s):
        """Enter state s, and return the probabilities of the actions."""
        if self.recency is not None:
            self.recency.enter(t, s)
        return self.probabilities(s, self.theta)

    def score(self, s, a, h=1e-6):
        def shifted(j, by):
            return [w + by * (i == j) for i, w in enumerate(self.theta)]

        def log(theta):
            return math.log(self.probabilities(s, theta)[a])

        moves = range(len(self.theta))
        return [(log(shifted(j, h)) - log(shifted(j, -h))) / (2 * h) for j in moves]

    def learn(self, s, a, reward, later, ended, cut):
        own = self.parameters
        score = self.score(s, a)
        self.z = [own["trace"] * z + g for z, g in zip(self.z, score, strict=True)]
        self.theta = [
            w + own["rate"] * (reward * z - own["decay"] * w)
            for w, z in zip(self.theta, self.z, strict=True)
        ]
        self.counted.learn(s, a, reward, later)
        if ended:
            self.ends.add(later)
        if ended or cut:
            self.z = [0.0] * len(self.z)


def worth(reward, episode, gamma):
    """Return the discounted sum of the rewards of an episode, a list of pairs."""
    return math.fsum(gamma**t * reward[pair] for t, pair in enumerate(episode))


def ranking_loss(reward, pairs, gamma):
    """Return the mean cross-entropy of pairs of (episode, return), as a two-way softmax has it."""
    losses = []
    for (one, G), (other, H) in pairs:
        if G == H:
            losses.append(0.0)
        else:
            better, worse = (one, other) if G > H else (other, one)
            up, down = worth(reward, better, gamma), worth(reward, worse, gamma)
            losses.append(-math.log(math.exp(up) / (math.exp(up) + math.exp(down))))
    return math.fsum(losses) / len(losses)


class SORS:
    """The reward of the learner: told of episodes, it descends by difference quotients."""

    def __init__(self, pairs_of_mdp, gamma, rng, **parameters):
        self.reward = dict.fromkeys(pairs_of_mdp, 0.0)
        self.gamma, self.rng, self.parameters = gamma, rng, parameters
        self.episodes = []  # newest last

    def learn(self, episode, rewards):
        """Keep an episode: its pairs, and what they were paid."""
        G = math.fsum(self.gamma**t * r for t, r in enumerate(rewards))
        self.episodes = [*self.episodes, (episode, G)]

    def buffer(self):
        """Return the episodes in the order of their places in the buffer."""
        n = self.parameters["capacity"]
        places = {k % n: each for k, each in enumerate(self.episodes)}
        return [places[k] for k in sorted(places)]

    def descend(self, h=1e-6):
        """Make a step before an episode; it asks chance for two numbers a pair."""
        held = self.buffer()
        if len(held) < 2:
            return
        for _ in range(self.parameters["updates"]):
            pairs = []
            for _ in range(self.parameters["pairs"]):
                i = int(self.rng.random() * len(held))
                j = int(self.rng.random() * (len(held) - 1))
                pairs.append((held[i], held[j + (j >= i)]))
            slope = {}
            for each in self.reward:
                up, down = dict(self.reward), dict(self.reward)
                up[each] += h
                down[each] -= h
                rise = ranking_loss(up, pairs, self.gamma) - ranking_loss(down, pairs, self.gamma)
                slope[each] = rise / (2 * h)
            for each, value in slope.items():
                self.reward[each] -= self.parameters["rate"] * value
