"""The tabular learners of Part II, from the textbook's boxes: dicts and floats, no banditkit.

Sources: Sutton & Barto (2018), sections 6.4 to 6.7 and 12.7; for advice, Wiewiora, Cottrell & Elkan
(2003), Harutyunyan et al. (2015), Behboudian et al. (2020), Adamczyk et al. (2025).

A box plays for some rounds in a `world`, which has ``begin(t)``, the state in which an episode
starts, and ``step(t, s, a)``, which returns reward, next state, and whether the episode has ended
there or is cut off.  It returns its actions; what it has learned is in the actor's Q.

Chance is asked in this order.  To act takes one number from [0, 1): below epsilon, another one
decides between all actions alike; otherwise Boltzmann's distribution takes another one, and the
best action takes none.  Double Q-learning tosses its coin before that, and below 1/2 the second
table learns.  Of equal values, up to 1e-9, the first action wins.

A step size is a number, or a pair: what is counted, and a function of the count.  A step is learned
as soon as the next action is known: by Sarsa in the next round, unless the episode is over.
"""

import math

NEAR = 1e-9


def at(schedule, t, episode, visits=0):
    if isinstance(schedule, float):
        return schedule
    counted, value = schedule
    return value({"round": t, "episode": episode, "visit": visits}[counted])


class World:
    """A world of which nothing is known but the verbs of an environment."""

    def __init__(self, env, rng):
        self.env, self.rng = env, rng

    def begin(self, t):
        return int(self.env.observe(t, self.rng))

    def step(self, t, s, a):
        assert self.env.observe(t, self.rng) == s
        y = self.env.respond(t, s, a, self.rng)
        return float(y.reward), int(y.state), bool(y.terminal), bool(y.truncated)


def play(env, policy, rounds, env_rng, rng):
    """Yield state, action and reward of each round, as the verbs of both sides say."""
    for t in range(rounds):
        s = env.observe(t, env_rng)
        a = policy.select(t, s, rng)
        y = env.respond(t, s, a, env_rng)
        policy.update(t, s, a, y)
        yield int(s), int(a), float(y.reward)


class Nobody:
    """No advice."""

    def lean(self, actor, t, s, a):
        return 0.0

    def pay(self, actor, s, a, later, b):
        return 0.0


class LookAhead:
    """Pay ``gamma Phi(s', a') - Phi(s, a)``, and act by Q + Phi; b is None where nothing comes."""

    def __init__(self, potential, gamma):
        self.potential, self.gamma = potential, gamma

    def lean(self, actor, t, s, a):
        return self.potential[s][a]

    def pay(self, actor, s, a, later, b):
        if b is None:
            return -self.potential[s][a]
        return self.gamma * self.potential[later][b] - self.potential[s][a]


class Returned:
    """A potential that learns the value of the bonus, with its sign turned."""

    def __init__(self, bonus, rate, gamma):
        self.bonus, self.rate, self.gamma = bonus, rate, gamma
        self.potential = [[0.0 for _ in row] for row in bonus]

    def learn(self, s, a, later, b):
        target = -self.bonus[s][a]
        if b is not None:
            target = target + self.gamma * self.potential[later][b]
        self.potential[s][a] += self.rate * (target - self.potential[s][a])


class DPBA(Returned):
    """Pay ``gamma Phi(s', a') - Phi(s, a)``, Phi of s' after learning and that of s before."""

    def __init__(self, bonus, rate, gamma, biased=False):
        super().__init__(bonus, rate, gamma)
        self.biased = biased

    def lean(self, actor, t, s, a):
        return self.potential[s][a] if self.biased else 0.0

    def pay(self, actor, s, a, later, b):
        old = self.potential[s][a]
        self.learn(s, a, later, b)
        return (0.0 if b is None else self.gamma * self.potential[later][b]) - old


class PIES(Returned):
    """Pay nothing, and act by ``Q - weight Phi``."""

    def __init__(self, bonus, rate, gamma, weight):
        super().__init__(bonus, rate, gamma)
        self.weight = weight

    def lean(self, actor, t, s, a):
        return -at(self.weight, t, actor.episode) * self.potential[s][a]

    def pay(self, actor, s, a, later, b):
        self.learn(s, a, later, b)
        return 0.0


class BSRS(Nobody):
    """Pay by the potential ``scale max_a Q(s, a)``."""

    def __init__(self, scale, gamma):
        self.scale, self.gamma = scale, gamma

    def pay(self, actor, s, a, later, b):
        ahead = 0.0 if b is None else max(actor.values(later))
        return self.scale * (self.gamma * ahead - max(actor.values(s)))


class Actor:
    """Values of pairs, and how they choose an action."""

    def __init__(self, S, A, rng, *, epsilon=0.1, initial=0.0, temperature=0.0, advice=None):
        begin = initial if isinstance(initial, list) else [initial] * S
        self.Q = {(s, a): begin[s] for s in range(S) for a in range(A)}
        self.A, self.rng = A, rng
        self.epsilon, self.temperature = epsilon, temperature
        self.advice = advice or Nobody()
        self.episode = 0
        self.visits = dict.fromkeys(self.Q, 0)

    def values(self, s):
        return [self.Q[s, a] for a in range(self.A)]

    def preferences(self, t, s):
        return [self.Q[s, a] + self.advice.lean(self, t, s, a) for a in range(self.A)]

    def best(self, t, s):
        preferences = self.preferences(t, s)
        return next(a for a in range(self.A) if preferences[a] >= max(preferences) - NEAR)

    def tied(self, t, s):
        preferences = self.preferences(t, s)
        first = preferences[self.best(t, s)]
        return [a for a in range(self.A) if preferences[a] >= first - NEAR]

    def softly(self, t, s, temperature):
        preferences = self.preferences(t, s)
        weights = [math.exp((v - max(preferences)) / temperature) for v in preferences]
        return [w / math.fsum(weights) for w in weights]

    def probabilities(self, t, s):
        epsilon, temperature = (
            at(self.epsilon, t, self.episode),
            at(self.temperature, t, self.episode),
        )
        if temperature > 0.0:
            wanted = self.softly(t, s, temperature)
        else:
            tied = self.tied(t, s)
            tied = tied if len(tied) == self.A else tied[:1]
            wanted = [1.0 / len(tied) if a in tied else 0.0 for a in range(self.A)]
        return [epsilon / self.A + (1.0 - epsilon) * p for p in wanted]

    def choose(self, t, s):
        if self.rng.random() < at(self.epsilon, t, self.episode):
            return math.floor(self.rng.random() * self.A)
        temperature = at(self.temperature, t, self.episode)
        if temperature == 0.0:
            tied = self.tied(t, s)
            return tied[0] if len(tied) < self.A else math.floor(self.rng.random() * self.A)
        left = self.rng.random()
        for a, p in enumerate(self.softly(t, s, temperature)):
            left -= p
            if left < 0.0:
                return a
        return self.A - 1

    def step_size(self, rate, t, s, a):
        alpha = at(rate, t, self.episode, self.visits[s, a])
        self.visits[s, a] += 1
        return alpha


def q_learning(world, actor, rate, gamma, rounds):
    """Section 6.5; where a' leans on advice, the best action is the best with the advice."""
    actions, s = [], None
    for t in range(rounds):
        s = world.begin(t) if s is None else s
        a = actor.choose(t, s)
        r, later, ended, cut = world.step(t, s, a)
        if ended:
            b, ahead = None, 0.0
        else:
            preferences = actor.preferences(t, later)
            b = next(b for b in range(actor.A) if preferences[b] >= max(preferences) - NEAR)
            ahead = actor.Q[later, b]
        r += actor.advice.pay(actor, s, a, later, b)
        actor.Q[s, a] += actor.step_size(rate, t, s, a) * (r + gamma * ahead - actor.Q[s, a])
        actions.append(a)
        s = later
        if ended or cut:
            s = None
            actor.episode += 1
    return actions


def expected_sarsa(world, actor, rate, gamma, rounds):
    """Section 6.6, equation 6.9."""
    actions, s = [], None
    for t in range(rounds):
        s = world.begin(t) if s is None else s
        a = actor.choose(t, s)
        r, later, ended, cut = world.step(t, s, a)
        ahead = 0.0
        if not ended:
            chances = actor.probabilities(t, later)
            ahead = math.fsum(p * q for p, q in zip(chances, actor.values(later), strict=True))
        actor.Q[s, a] += actor.step_size(rate, t, s, a) * (r + gamma * ahead - actor.Q[s, a])
        actions.append(a)
        s = later
        if ended or cut:
            s = None
            actor.episode += 1
    return actions


def double_q_learning(world, actor, rate, gamma, rounds):
    """Section 6.7; the actor's values are the mean of both tables."""
    both, actions, s = (dict(actor.Q), dict(actor.Q)), [], None
    for t in range(rounds):
        s = world.begin(t) if s is None else s
        coin = actor.rng.random()
        learning, other = (both[1], both[0]) if coin < 0.5 else (both[0], both[1])
        a = actor.choose(t, s)
        r, later, ended, cut = world.step(t, s, a)
        ahead = 0.0
        if not ended:
            values = [learning[later, b] for b in range(actor.A)]
            best = next(b for b in range(actor.A) if values[b] >= max(values) - NEAR)
            ahead = other[later, best]
        learning[s, a] += actor.step_size(rate, t, s, a) * (r + gamma * ahead - learning[s, a])
        actor.Q = {pair: (both[0][pair] + both[1][pair]) / 2.0 for pair in actor.Q}
        actions.append(a)
        s = later
        if ended or cut:
            s = None
            actor.episode += 1
    return actions


def sarsa(world, actor, rate, gamma, rounds):
    """Section 6.4; where an episode is cut off, a' is the best action."""
    return sarsa_lambda(world, actor, rate, gamma, rounds, trace=0.0)


def sarsa_lambda(world, actor, rate, gamma, rounds, trace=0.9, replacing=False):
    """Section 12.7 for a table, with backward traces of all pairs; with trace 0, section 6.4."""
    actions, t = [], 0
    while t < rounds:  # an episode
        traces = dict.fromkeys(actor.Q, 0.0)
        s = world.begin(t)
        a = actor.choose(t, s)
        over = False
        while not over:
            r, later, ended, cut = world.step(t, s, a)
            actions.append(a)
            over = ended or cut
            if not over:
                t += 1
                if t == rounds:
                    return actions
            b = None
            if not ended:
                b = actor.best(t, later) if cut else actor.choose(t, later)
            r += actor.advice.pay(actor, s, a, later, b)
            delta = r + (0.0 if b is None else gamma * actor.Q[later, b]) - actor.Q[s, a]
            traces[s, a] = 1.0 if replacing else traces[s, a] + 1.0
            alpha = actor.step_size(rate, t, s, a)
            for pair in actor.Q:
                actor.Q[pair] += alpha * delta * traces[pair]
                traces[pair] *= gamma * trace
            s, a = later, b
        t += 1
        actor.episode += 1
    return actions
