"""
What should it cost, while stocks last?
=======================================

A shop has 500 items and expects 2,000 customers.  It may ask one of nine prices, and does not know
how many customers would pay which.  Had it items for all, it would ask the price that earns most
per customer; as it is, it should ask more, and sell to those who want it most.  Learners find out
while they sell.

The table shows what they miss of the best plan that demand would allow, if it were known.  The
picture shows what they earned, the stock, and what they think an item is worth.
"""

import matplotlib.pyplot as plt

import banditkit as bk

customers = 2_000
shop = bk.DynamicPricing(
    prices=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    supply=500,
    demand=bk.LinearDemand(intercept=1.0, slope=1.0),  # nobody pays 1, half of them pay 0.5
)
learners = {
    "pacing": bk.DualDescentBwK(exploration=0.1),
    "linear programmes": bk.UcbBwK(exploration=0.1),
    "revenue per item": bk.PrimalDualBwK(exploration=0.1),
    "try all prices, then choose": bk.ExploreFirstBwK(),
    "as if stock were endless": bk.RewardOnly(bk.UCB1(exploration=0.1)),
}
result = bk.simulate(shop, learners, horizon=customers, replications=100, seed=0, times="linear")
plan = shop.lp(customers)
print(f"the best plan earns {customers * plan.value:.0f}; an item is worth {plan.prices[0]:.2f}")
print(result.summary())

price, revenue = bk.best_fixed_arm(shop, customers)
levels = {f"always ask {shop.prices[price]:g}": revenue}
bk.KnapsackDisplay.from_result(result).plot(levels=levels)
plt.show()
