"""Knapsacks once more: exact values by plain recursion in fractions, and the game in a few lines.

`laws` are lists, one per arm, of outcomes ``(probability, reward, use of each resource ...)``.
"""

from fractions import Fraction
from functools import cache


def exact(laws):
    """Return laws with fractions in place of floats, and without what never happens."""
    return [[tuple(map(Fraction, row)) for row in rows if row[0] > 0] for rows in laws]


def affordable(rows, left):
    """Tell whether an arm never uses more than is left."""
    return all(use <= have for row in rows for use, have in zip(row[2:], left, strict=True))


def paid(left, row):
    return tuple(have - use for have, use in zip(left, row[2:], strict=True))


def optimum(laws, budgets, rounds):
    """Return the expected reward of the best algorithm that knows the laws."""
    laws = exact(laws)

    @cache
    def value(n, left):
        best = Fraction(0)
        for rows in laws if n > 0 else ():
            if affordable(rows, left):
                best = max(
                    best, sum(row[0] * (row[1] + value(n - 1, paid(left, row))) for row in rows)
                )
        return best

    return float(value(rounds, tuple(map(Fraction, budgets))))


def of_distribution(laws, budgets, rounds, distribution):
    """Return the expected reward of drawing each arm from a distribution until the game ends."""
    laws, weights = exact(laws), [*map(Fraction, distribution)]

    @cache
    def value(n, left):
        total = Fraction(0)
        for weight, rows in zip(weights, laws, strict=True) if n > 0 else ():
            if affordable(rows, left):
                total += weight * sum(
                    row[0] * (row[1] + value(n - 1, paid(left, row))) for row in rows
                )
        return total

    return float(value(rounds, tuple(map(Fraction, budgets))))


class Game:
    """The game, as the text tells it; gaps come from values and prices of the linear programme."""

    def __init__(self, laws, budgets, rounds, time_price, prices):
        self.laws, self.rounds = laws, rounds
        self.time_price, self.prices = time_price, prices
        self.left, self.unspent = [*budgets], [*budgets]
        self.reward = self.expected = self.regret = 0.0
        self.over = False

    def mean(self, arm, column):
        return sum(row[0] * row[column] for row in self.laws[arm])

    def play(self, t, arm, rng):
        """Play a round; return reward and what was used."""
        d = len(self.left)
        rows = [row for row in self.laws[arm] if row[0] > 0]
        worth = sum(p * u for p, u in zip(self.prices, self.unspent, strict=True))
        if not affordable(rows, [have + 1e-6 for have in self.left]):
            self.over = True
            self.regret += (self.rounds - t) * self.time_price + worth
            return 0.0, [0.0] * d
        u, row = rng.random(), rows[-1]
        for each in reversed(rows):
            if u < sum(r[0] for r in rows[: rows.index(each) + 1]):
                row = each
        used = [self.mean(arm, 2 + i) for i in range(d)]
        self.regret += self.time_price - self.mean(arm, 1)
        self.regret += sum(p * use for p, use in zip(self.prices, used, strict=True))
        self.unspent = [have - use for have, use in zip(self.unspent, used, strict=True)]
        if t == self.rounds - 1:
            self.regret += sum(p * u for p, u in zip(self.prices, self.unspent, strict=True))
        self.reward += row[1]
        self.expected += self.mean(arm, 1)
        self.left = [max(0.0, have - use) for have, use in zip(self.left, row[2:], strict=True)]
        return row[1], [*row[2:]]
