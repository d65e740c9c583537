"""
Hints that help, and one that does not
======================================

The shortest way through a slippery grid, and what the straight distance to the goal is good for:
as a potential, as initial values, which is the same, and as a bonus for each step towards the
goal, which is not.
"""

from dataclasses import replace

import matplotlib.pyplot as plt

import banditkit as bk

grid = replace(bk.GridWorld.ng(10), limit=2_000)  # a step costs 1
walk = -grid.distances() / (1 - grid.slip)
bonus = grid.favour("up", "right", amount=1.5)
print("The bonus is", bk.check_shaping(bonus, grid))

games = {
    "no hint": (grid, bk.Sarsa()),
    "potential": (bk.Shaped(grid, walk), bk.Sarsa()),
    "initial values": (grid, bk.QInit(bk.Sarsa(), walk)),
    "bonus": (bk.NaiveBonus(grid, bonus), bk.Sarsa()),
}
results = [
    bk.simulate(bk.Episodes(problem, 100), {name: learner}, horizon=1e6, replications=40, seed=0)
    for name, (problem, learner) in games.items()
]
for result in results:
    steps = result.logs["steps"][0]
    print(f"{result.names[0]}: mean steps {steps[:, :10].mean():.0f} in the first ten episodes, "
          f"{steps[:, -10:].mean():.0f} in the last ten")  # fmt: skip

levels = {"shortest way": -grid.solution.V[grid.find("S")[0]]}
bk.EpisodeDisplay.from_result(results).plot(smooth=3, log="y", levels=levels)
plt.show()
