"""
Advice of which nobody knows whether it is good
===============================================

A designer pays a walker for standing in the middle of a field, and the goal is in its corner.
Whoever adds that to the reward stays in the middle; BARFI learns what the advice is worth from
what its policy earns without it.
"""

import matplotlib.pyplot as plt

import banditkit as bk

field = bk.OpenField("bad")
reinforce = bk.Reinforce(rate=0.001, critic_rate=0.01)
methods = {
    "reward and advice": (bk.NaiveSum, reinforce),
    "reward alone": (bk.PrimaryOnly, reinforce),
    "BARFI": [bk.BARFI(upper=bk.UpperLevel(gamma_penalty=cost)) for cost in (0.25, 1.0)],
}
comparison = bk.compare(field, methods, episodes=2000, seeds=20, selection_seeds=5, seed=0)

print("Returns of the last 100 episodes")
print(comparison.table("last").round(1).to_string())
print("BARFI played as", comparison.picked["BARFI", repr(field)])

bk.LearningCurveDisplay.from_comparison(comparison).plot(smooth=0.95)
plt.show()
