"""
What would the other policy have earned?
========================================

A shop showed its items in two ways in the same week: uniformly at random, and by Thompson sampling
("bts").  Each policy is judged by the log of the other, beside what it really earned.  From the
random log the answer is good.  In the log of bts many items are rare, and the table says how few
rows the answer hangs on (see data/README.md).
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import banditkit as bk

data = Path(__file__).parent / "data"
random = bk.LoggedData.from_open_bandit(data / "open_bandit_random_all.csv")
bts = bk.LoggedData.from_open_bandit(data / "open_bandit_bts_all.csv")

# bts went on learning: what is judged is how it was on average, at each of the three positions.
judged = {
    "bts, by the random log": (random, bts.action_shares(), bts.rewards.mean()),
    "random, by the log of bts": (bts, np.full(80, 1 / 80), random.rewards.mean()),
}
figure, axes = plt.subplots(1, 2, figsize=(10, 3.5), sharey=True, layout="constrained")
for ax, (title, (log, policy, truth)) in zip(axes, judged.items(), strict=True):
    table = bk.off_policy.compare_estimates(log, policy, truth=truth)
    print(title, table.round(5).to_string(), sep="\n", end="\n\n")
    ends = abs(table[["low", "high"]].to_numpy().T - table["value"].to_numpy())
    ax.errorbar(table["value"], table.index, xerr=ends, fmt="o", capsize=3)
    ax.axvline(truth, color="#555555", linestyle="--", label="clicks in its own log")
    ax.set(title=title, xlabel="clicks an impression, 95 % by bootstrap")
axes[0].invert_yaxis()
axes[0].legend()
plt.show()
