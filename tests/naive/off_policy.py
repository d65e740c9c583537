"""Off-policy estimates from their definitions: lists of rows, plain sums, no banditkit.

A row is ``(action, reward, propensity)``; `pi` holds a list of probabilities for each row, and `q`
a list of predicted rewards.
"""


def weights(rows, pi):
    return [pi[i][a] / p for i, (a, _, p) in enumerate(rows)]


def ips(rows, pi, q=None):
    return sum(w * row[1] for w, row in zip(weights(rows, pi), rows, strict=True)) / len(rows)


def clipped(rows, pi, cap):
    pairs = zip(weights(rows, pi), rows, strict=True)
    return sum(min(w, cap) * row[1] for w, row in pairs) / len(rows)


def snips(rows, pi, q=None):
    return ips(rows, pi) * len(rows) / sum(weights(rows, pi))


def direct(rows, pi, q):
    total = 0.0
    for i in range(len(rows)):
        for chance, reward in zip(pi[i], q[i], strict=True):
            total += chance * reward
    return total / len(rows)


def doubly_robust(rows, pi, q):
    return switch(rows, pi, q, float("inf"))


def switch(rows, pi, q, threshold):
    """SWITCH-DR: believe the model, and correct it where the weight is small enough."""
    correction = 0.0
    for i, ((a, r, _), w) in enumerate(zip(rows, weights(rows, pi), strict=True)):
        if w <= threshold:
            correction += w * (r - q[i][a])
    return direct(rows, pi, q) + correction / len(rows)


def effective(w):
    return sum(w) ** 2 / sum(each * each for each in w)


def ridge_mean(rows, K, ridge):
    """Average of each action's rewards and `ridge` rows of the mean reward."""
    mean = sum(row[1] for row in rows) / len(rows)
    own = [[r for a, r, _ in rows if a == action] for action in range(K)]
    return [(sum(rewards) + ridge * mean) / (len(rewards) + ridge) for rewards in own]


def replay(actions, rewards, choose, learn, horizon):
    """Li et al. (2011), Algorithm 2: a row counts if the learner does what the log did."""
    counted = []
    for i, (a, r) in enumerate(zip(actions, rewards, strict=True)):
        if len(counted) == horizon:
            break
        if choose(len(counted)) == a:
            learn(a, r)
            counted.append(i)
    return counted
