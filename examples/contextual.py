"""
Which article, for whom?
========================

Five articles a round, each described by features; who clicks on what is linear in them.  LinUCB
learns one model for all articles.  The theorem that holds for it is drawn dashed: it is careful,
and a narrower confidence bound earns more here.
"""

import matplotlib.pyplot as plt

import banditkit as bk

articles = bk.LinearContexts([0.6, -0.4, 0.5, 0.1], K=5, noise=0.5)
learners = [
    bk.LinUCB(),
    bk.LinUCB(alpha=0.3),
    bk.LinThompson(),
    bk.SquareCB(),
    bk.RegressionGreedy(),
    bk.Uniform(),
]
result = bk.simulate(articles, learners, horizon=20_000, replications=50, seed=0)
print(result.summary())
bk.RegretDisplay.from_result(result).plot(bounds=True)
plt.show()
