"""
Chapter 1's race
================

Seven learners on ten coins, and the theorems that hold for them, drawn dashed.
"""

import matplotlib.pyplot as plt

import banditkit as bk

arms = bk.Bernoulli((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95))
learners = [
    bk.ExploreFirst(),
    bk.EpsilonGreedy(),
    bk.SuccessiveElimination(),
    bk.UCB1(),
    bk.UCB1(exploration=0.5),
    bk.KLUCB(),
    bk.Thompson(),
]
result = bk.simulate(arms, learners, horizon=100_000, replications=100, seed=0)
print(result.summary())
bk.RegretDisplay.from_result(result).plot(bounds=True)
plt.show()
