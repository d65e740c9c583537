"""The inner problem from its definition, one step after the other."""

import itertools
import math


def rewards(inner):
    """Return the learned reward of each step."""
    batch, model = inner.batch, inner.reward
    found = []
    for t in range(len(batch.action)):
        x = [0.0] * model.phi.shape[1]
        for j, value in zip(batch.at[t], batch.weight[t], strict=True):
            x[j] += value
        w = [
            base + sum(p * each for p, each in zip(row, x, strict=True))
            for base, row in zip(model.base, model.phi, strict=True)
        ]
        found.append(w[0] + w[1] * batch.primary[t] + w[2] * batch.auxiliary[t])
    return found


def returns(inner):
    """Return the discounted sum of the learned rewards from each step to the end."""
    first, gamma = inner.batch.first, 1.0 / (1.0 + math.exp(-inner.reward.logit[0]))
    r = rewards(inner)
    found = []
    for begin, end in itertools.pairwise(first):
        for t in range(begin, end):
            found.append(sum(gamma ** (j - t) * r[j] for j in range(t, end)))
    return found


def objective(inner, theta):
    """Return the surrogate objective."""
    batch, G = inner.batch, returns(inner)
    trajectories, n = len(batch.first) - 1, len(batch.action)
    total = 0.0
    for t in range(n):
        logits = [
            sum(row[j] * v for j, v in zip(batch.at[t], batch.weight[t], strict=True))
            for row in theta
        ]
        weights = [math.exp(each) for each in logits]
        p = [w / sum(weights) for w in weights]
        total += math.log(p[batch.action[t]]) * G[t] / (trajectories * batch.longest)
        total -= inner.entropy * sum(q * math.log(q) for q in p) / n
    return total
