"""
What would a bandit have done with my A/B log?
==============================================

The arms resample the clicks of a real log of 80 items, shown at random (see data/README.md).
Clicks are so rare that 10,000 impressions teach any learner little; a million teach more.
"""

from pathlib import Path

import matplotlib.pyplot as plt

import banditkit as bk

log = Path(__file__).parent / "data" / "open_bandit_random_all.csv"
arms = bk.EmpiricalArms.from_csv(log, arm="item_id", reward="click")
learners = [bk.Uniform(), bk.UCB1(exploration=0.1), bk.KLUCB(), bk.Thompson(a=1, b=100)]
result = bk.simulate(arms, learners, horizon=1_000_000, replications=10, seed=0)
print(result.summary())
bk.RegretDisplay.from_result(result).plot(band=(0.05, 0.95))
plt.show()
