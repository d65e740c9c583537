"""Instances of every problem and learner of the catalogue: what tests that walk it play with.

Whoever adds a class adds a line here; a test in tests/learners/test_oracles.py says so.
Problems are small, with what likes to go wrong: ties, sure arms, K = 1, rewards below 0.  Rewards
that repeat are binary fractions, such as 0.625, with exact sums, so that equal averages are equal
floats.
"""

import numpy as np

import banditkit as bk
from banditkit.core.adapters import begin
from banditkit.core.play import blank_scorecard

# Chapter 1 and its literature.
STOCHASTIC = {
    "Doubling": [
        bk.Doubling(bk.UCB1(anytime=False)),
        bk.Doubling(bk.SuccessiveElimination(exploration=0.1)),
        bk.Doubling(bk.Thompson()),
    ],
    "EpsilonGreedy": [bk.EpsilonGreedy(), bk.EpsilonGreedy(epsilon=0.1)],
    "ExploreFirst": [bk.ExploreFirst(), bk.ExploreFirst(N=5)],
    "Greedy": [bk.Greedy()],
    "IMED": [bk.IMED()],
    "KLUCB": [bk.KLUCB(), bk.KLUCB(c=3.0)],
    "MOSS": [bk.MOSS(), bk.MOSS(exploration=4.0)],
    "SuccessiveElimination": [
        bk.SuccessiveElimination(),
        bk.SuccessiveElimination(exploration=0.1),
    ],
    "Thompson": [bk.Thompson(), bk.Thompson(a=0.5, b=2.0)],
    "UCB1": [bk.UCB1(), bk.UCB1(exploration=0.5), bk.UCB1(anytime=False)],
    "UCBV": [bk.UCBV(), bk.UCBV(exploration=0.25)],
    "Uniform": [bk.Uniform()],
}

# Chapters 5 and 6.
ADVERSARIAL = {
    "AdaHedge": [bk.AdaHedge()],
    "Batched": [bk.Batched(bk.Exp3()), bk.Batched(bk.UCB1(), size=7)],
    "BlumMansour": [bk.BlumMansour(), bk.BlumMansour(bk.Hedge(rate=0.1))],
    "Exp3": [bk.Exp3(), bk.Exp3(rate=0.1, mixing=0.05)],
    "Exp3IX": [bk.Exp3IX(), bk.Exp3IX(rate=0.1, implicit=0.01)],
    "Exp3P": [bk.Exp3P(), bk.Exp3P(delta=0.01)],
    "Exp3PlusPlus": [bk.Exp3PlusPlus(), bk.Exp3PlusPlus(alpha=0.1, scale=0.5)],
    "Exp3Rewards": [bk.Exp3Rewards(), bk.Exp3Rewards(mixing=0.1)],
    "Exp3S": [bk.Exp3S(), bk.Exp3S(shifts=3, mixing=0.1, share=0.01)],
    "Exp4": [bk.Exp4(), bk.Exp4(rate=0.1, mixing=0.05)],
    "FixedShare": [bk.FixedShare(), bk.FixedShare(shifts=0), bk.FixedShare(2, 0.1, rate=0.3)],
    "FollowTheLeader": [bk.FollowTheLeader()],
    "Hedge": [bk.Hedge(), bk.Hedge(best_cost=0.5), bk.Hedge(second_moment=4.0)],
    "MajorityVote": [bk.MajorityVote()],
    "OnlineGradientDescent": [bk.OnlineGradientDescent(), bk.OnlineGradientDescent(rate=0.1)],
    "OptimisticHedge": [bk.OptimisticHedge(), bk.OptimisticHedge(rate=0.2)],
    "Restarting": [bk.Restarting(bk.UCB1(), every=13), bk.Restarting(bk.Exp3(), every=17)],
    "Rexp3": [bk.Rexp3(variation=2.0)],
    "TsallisINF": [bk.TsallisINF()],
    "WeightedMajority": [bk.WeightedMajority(), bk.WeightedMajority(rate=0.1)],
}

# Part II.  Tables of advice fit the three states and two actions of `_LITTLE`, below.
_BONUS = [[0.0, 1.0], [0.5, 0.0], [0.0, 0.0]]
TABULAR = {
    "BSRS": [bk.BSRS(bk.QLearning()), bk.BSRS(bk.Sarsa(), scale=-0.5)],
    "DPBA": [bk.DPBA(bk.Sarsa(), _BONUS), bk.DPBA(bk.QLearning(), _BONUS, 0.5, biased=True)],
    "ActorCritic": [bk.ActorCritic(), bk.ActorCritic(rate=0.5, discounted=True)],
    "DoubleQLearning": [bk.DoubleQLearning(), bk.DoubleQLearning(rate=0.5, initial=1.0)],
    "ExpectedSarsa": [bk.ExpectedSarsa(), bk.ExpectedSarsa(temperature=0.5)],
    "LookAhead": [bk.LookAhead(bk.Sarsa(), _BONUS), bk.LookAhead(bk.SarsaLambda(), _BONUS)],
    "LIRPG": [bk.LIRPG(), bk.LIRPG(bk.Ascent(0.5, 0.1, 0.0, 2, longest=9), weight=0.5)],
    "PGRD": [
        bk.PGRD(temperature=0.5),
        bk.PGRD(bk.RewardDesign(bk.Chain(n=1), [_BONUS], [0, 1, 0], [1.0, 0.5, 0.2]), 2, decay=0.1),
    ],
    "PIES": [
        bk.PIES(bk.Sarsa(), _BONUS),
        bk.PIES(bk.QLearning(), _BONUS, weight=bk.ExponentialDecay(1.0, 0.9)),
    ],
    "QInit": [bk.QInit(bk.Sarsa(), [1.0, 0.5, 0.0]), bk.QInit(bk.QLearning(), [0.5, 0.0, 0.0])],
    "QLearning": [
        bk.QLearning(),
        bk.QLearning(rate=0.5, epsilon=0.3, initial=1.0),
        bk.QLearning(rate=bk.HarmonicDecay(pace=10.0), temperature=0.5),
    ],
    "RMax": [bk.RMax(optimism=5.0), bk.RMax(known=2, optimism=[1.0, 2.0, 0.0])],
    "Reinforce": [bk.Reinforce(), bk.Reinforce(0.5, 0.0, discounted=True, longest=7)],
    "SORS": [
        bk.SORS(),
        bk.SORS(bk.Reinforce(), 0.5, pairs=2, capacity=4, updates=3, mixed=True),
    ],
    "Sarsa": [
        bk.Sarsa(),
        bk.Sarsa(bk.ExponentialDecay(0.5, 0.9), bk.LinearDecay(1.0, 0.0, 50.0, per="round")),
    ],
    "SarsaLambda": [bk.SarsaLambda(), bk.SarsaLambda(0.5, trace=0.5, replacing=True)],
}

# Where a heuristic stands beside the reward, or nothing is learned.
HEURISTIC = {
    "BARFI": [
        bk.BARFI(longest=20),
        bk.BARFI(
            ("bonus", "primary", "auxiliary"),
            lower=bk.LowerLevel(0.1, every=1, repeats=2, warm=0, capacity=4),
            upper=bk.UpperLevel(penalty=0.5, batch=2, solver=bk.FirstOrder()),
        ),
    ],
    "BiPaRS": [
        bk.BiPaRS(ascent=bk.Ascent(longest=9)),
        bk.BiPaRS(bk.IncrementalMetaGradient(), bk.Ascent(0.5, 0.1, 0.0), initial=-0.5),
        bk.BiPaRS(bk.ExplicitMapping(), bk.Ascent(episodes=2), weighing=bk.OneHot()),
    ],
    "HeuristicBaseline": [
        bk.HeuristicBaseline(),
        bk.HeuristicBaseline(bk.Reinforce(0.5, critic_rate=0.0)),
    ],
    "PDController": [bk.PDController(), bk.PDController(0.1, 0.05, axis=1)],
}

# Where episodes have a fixed length.
FIXED = {"UCBVI": [bk.UCBVI(), bk.UCBVI(delta=0.5, scale=0.1)]}

# Chapter 8.
CONTEXTUAL = {
    "ContextMesh": [bk.ContextMesh(), bk.ContextMesh(bk.Thompson(), step=0.25)],
    "EpochGreedy": [bk.EpochGreedy(), bk.EpochGreedy(scale=10.0)],
    "Falcon": [bk.Falcon(), bk.Falcon(scale=10.0)],
    "LinThompson": [bk.LinThompson(), bk.LinThompson(scale=0.1, ridge=2.0)],
    "LinUCB": [bk.LinUCB(), bk.LinUCB(alpha=0.5, ridge=0.5)],
    "LogisticThompson": [bk.LogisticThompson(), bk.LogisticThompson(scale=0.5, ridge=2.0)],
    "MiniMonster": [bk.MiniMonster(), bk.MiniMonster(delta=0.5, psi=1.0)],
    "OracleCommit": [bk.OracleCommit(), bk.OracleCommit(explore=20)],
    "PerContext": [bk.PerContext(bk.UCB1()), bk.PerContext(bk.Exp3())],
    "RegressionGreedy": [bk.RegressionGreedy(), bk.RegressionGreedy(epsilon=0.0)],
    "SquareCB": [bk.SquareCB(), bk.SquareCB(gamma=10.0)],
}

# Chapter 10.
BUDGETED = {
    "AdversarialBwK": [
        bk.AdversarialBwK(),
        bk.AdversarialBwK(bk.Exp3IX(), bk.FollowTheLeader(), base=4.0),
        bk.AdversarialBwK(bk.UCB1(), guess=0.5),
    ],
    "DualDescentBwK": [bk.DualDescentBwK(), bk.DualDescentBwK(rate=0.1, exploration=0.5)],
    "ExploreFirstBwK": [bk.ExploreFirstBwK(), bk.ExploreFirstBwK(N=3, margin=0.1)],
    "GreedyBwK": [bk.GreedyBwK()],
    "LagrangeBwK": [bk.LagrangeBwK(), bk.LagrangeBwK(bk.UCB1(), bk.FollowTheLeader())],
    "RewardOnly": [bk.RewardOnly(bk.UCB1()), bk.RewardOnly(bk.Exp3PlusPlus())],
    "PrimalDualBwK": [bk.PrimalDualBwK(), bk.PrimalDualBwK(rate=0.1, exploration=0.5)],
    "SuccessiveEliminationBwK": [
        bk.SuccessiveEliminationBwK(),
        bk.SuccessiveEliminationBwK(exploration=0.1),
    ],
    "LinearBwK": [bk.LinearBwK(), bk.LinearBwK(alpha=0.5, rate=0.1, ridge=0.5)],
    "UcbBwK": [bk.UcbBwK(), bk.UcbBwK(exploration=0.5, margin=0.1, patience=0.5)],
}

LEARNERS = STOCHASTIC | ADVERSARIAL | TABULAR | HEURISTIC | FIXED | CONTEXTUAL | BUDGETED

# Where the score is a sum of fixed gaps of the arms: IID arms.
IID = {
    "Bernoulli": [
        bk.Bernoulli((0.4, 0.6)),
        bk.Bernoulli((0.3,)),
        bk.Bernoulli((0.1, 0.5, 0.7, 0.7, 0.2, 0.7, 0.4)),
        bk.Bernoulli((0.0, 0.0, 0.0)),
        bk.Bernoulli((1.0, 1.0, 1.0)),
        bk.Bernoulli((0.0, 1.0)),
    ],
    "Beta": [bk.Beta(a=(1.0, 3.0, 0.3), b=(3.0, 1.0, 0.2))],
    "EmpiricalArms": [bk.EmpiricalArms([[0.0, 0.0, 1.0], [0.25, 0.75], [0.5]])],
    "Gaussian": [
        bk.Gaussian((0.2, 0.5, -0.1), std=0.3),
        bk.Gaussian((-3.2, -3.0), std=(0.1, 0.3)),
    ],
    "TwoPoint": [bk.TwoPoint([0.5] * 3, [0.625] * 3, (0.2, 0.9, 0.9))],
    "UniformArms": [
        bk.UniformArms(low=(0.0, 0.2, 0.5, 0.5), high=(1.0, 0.8, 0.5, 0.5)),
        bk.UniformArms(low=(0.1, 0.1, 0.3), high=(0.1, 0.1, 0.3)),
    ],
}

_TABLE = np.random.default_rng(0).integers(0, 9, size=(200, 3)) / 8
_ADVICE = np.random.default_rng(1).integers(0, 3, size=(200, 4))

COSTS = {
    "AdaptiveAdversary": [bk.AdaptiveAdversary(3), bk.AdaptiveAdversary(2, feedback="full")],
    "AlternatingCosts": [bk.AlternatingCosts(), bk.AlternatingCosts(feedback="full")],
    "BinaryStrings": [bk.BinaryStrings(3), bk.BinaryStrings(2, feedback="full")],
    "BlockAdvice": [bk.BlockAdvice(2, 3), bk.BlockAdvice(3, 2, epsilon=0.5, feedback="full")],
    "DriftingCosts": [bk.DriftingCosts(3, 2.0), bk.DriftingCosts(1, 0.0, feedback="full")],
    "DynamicRegret": [bk.DynamicRegret(bk.SwitchingCosts([[0.2, 0.8], [0.8, 0.2]]))],
    "ExpectedRegret": [
        bk.ExpectedRegret(bk.IIDCosts((0.2, 0.8), feedback="full")),
        bk.ExpectedRegret(bk.Bernoulli((0.4, 0.6))),
        bk.ExpectedRegret(bk.BlockAdvice(2, 2)),
    ],
    "ExpertAdvice": [
        bk.ExpertAdvice(_TABLE, _ADVICE),
        bk.ExpertAdvice(_TABLE, _ADVICE, feedback="full"),
    ],
    "ForesightRegret": [bk.ForesightRegret(bk.IIDCosts((0.2, 0.8)))],
    "HeavyCosts": [bk.HeavyCosts((0.1, 0.2)), bk.HeavyCosts((0.1, 0.2), 3.0, feedback="full")],
    "IIDCosts": [bk.IIDCosts((0.2, 0.5, 0.8)), bk.IIDCosts((0.4,), feedback="full")],
    "LossTable": [
        bk.LossTable(_TABLE),
        bk.LossTable(_TABLE, feedback="full"),
        bk.LossTable(4 * _TABLE - 2, lowest=-2, highest=2),
        bk.LossTable(4 * _TABLE, highest=4, feedback="full"),
    ],
    "PerfectExpert": [bk.PerfectExpert(5), bk.PerfectExpert(8, feedback="full")],
    "ShiftingRegret": [bk.ShiftingRegret(bk.LossTable(_TABLE, feedback="full"), shifts=2)],
    "SwapRegret": [bk.SwapRegret(bk.LossTable(_TABLE))],
    "SwitchingCosts": [
        bk.SwitchingCosts([[0.2, 0.8], [0.8, 0.2], [0.0, 1.0]]),
        bk.SwitchingCosts([[0.2, 0.8]], feedback="full"),
    ],
    "SwitchingFee": [bk.SwitchingFee(bk.IIDCosts((0.2, 0.8)), fee=0.5)],
}

_P = np.array([[[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]], [[0.25, 0.5, 0.25], [1.0, 0.0, 0.0]]])
_P = np.concatenate([_P, np.zeros((1, 2, 3))])  # of the terminal state

_LITTLE = bk.MDP(_P, [[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]], 0.9, terminal=[2])

MDPS = {
    "Chain": [bk.Chain(), bk.Chain(n=1, gamma=0.5)],
    "CliffWalk": [bk.CliffWalk(), bk.CliffWalk(slip=0.1, gamma=0.9, limit=30)],
    "EndlessRooms": [bk.EndlessRooms(), bk.EndlessRooms(mended=True, distractor=0.01, limit=9)],
    "FlagGrid": [bk.FlagGrid.ng(), bk.FlagGrid("1#.\nS.G", slip=0.3, step_reward=-0.1, limit=7)],
    "Foraging": [bk.Foraging(), bk.Foraging(gamma=0.5, slip=0.0)],
    "GridWorld": [
        bk.GridWorld("S.G"),
        bk.GridWorld(".#G\nS..", gamma=0.9, slip=0.3, step_reward=-0.1, limit=7),
        bk.GridWorld.ng(3),
    ],
    "LineKey": [bk.LineKey(), bk.LineKey(gamma=1.0, slip=0.2, goal_reward=1.0, limit=20)],
    "LongChain": [bk.LongChain(), bk.LongChain(3, 2, gamma=0.5, distractor=0.25, limit=5)],
    "MDP": [
        _LITTLE,
        bk.MDP(
            _P[:, :1], np.arange(9.0).reshape(3, 1, 3), 1.0, terminal=[2], initial=[0.5, 0.5, 0]
        ),
    ],
    "NaiveBonus": [bk.NaiveBonus(_LITTLE, _BONUS)],
    "Shaped": [
        bk.Shaped(bk.GridWorld("S.G"), [0.0, 0.5, 7.0]),
        bk.Shaped(bk.Chain(n=1, gamma=0.5), [0.0, 1.0, 0.0], gamma=1.0, mismatched=True),
    ],
    "Ring": [bk.Ring(), bk.Ring(4, bonus=1.0, one_way=True)],
    "RiverSwim": [bk.RiverSwim(), bk.RiverSwim(n=3, gamma=0.5, limit=20)],
    "Rooms": [bk.Rooms(), bk.Rooms(gamma=1.0, slip=0.0, goal_reward=1.0, mended=True)],
    "WindyGrid": [bk.WindyGrid(), bk.WindyGrid(kings=True, gamma=0.9, limit=20)],
}

# Where rewards depend on more than state and action, or episodes are counted.
STEPS = {
    "DynamicShaped": [
        bk.DynamicShaped(_LITTLE, bk.FadingPotential([1.0, 2.0, 3.0], over=50)),
        bk.DynamicShaped(bk.Chain(n=3, gamma=0.5), bk.SubgoalPotential([1, 3], height=0.5)),
    ],
    "Episodes": [bk.Episodes(bk.Chain(), 3), bk.Episodes(bk.Shaped(_LITTLE, [1.0, 2.0, 0.0]))],
    "FiniteHorizon": [
        bk.FiniteHorizon(_LITTLE, 4),
        bk.FiniteHorizon(bk.RiverSwim(n=3), 5, gamma=0.5),
    ],
    "LookBack": [bk.LookBack(_LITTLE, _BONUS)],
}

# Where states are arrays.
CONTROL = {
    "CartPole": [bk.CartPole(), bk.CartPole(gamma=1.0, limit=20)],
    "MountainCar": [bk.MountainCar(), bk.MountainCar(gamma=1.0, limit=2000)],
}

# Where a designer's heuristic stands beside the reward, or is mixed with it.
_POLE = bk.WithHeuristic(bk.CartPole(limit=20), bk.PoleController())

AIDED = {
    "HeuristicPotential": [bk.HeuristicPotential(_POLE), bk.HeuristicPotential(bk.OpenField())],
    "NaiveSum": [bk.NaiveSum(_POLE), bk.NaiveSum(bk.OpenField(limit=7), weight=-0.5)],
    "OpenField": [
        bk.OpenField(),
        bk.OpenField("good", gamma=1.0, slip=0.5, limit=9),
        bk.OpenField("good", mended=True, slip=0.0),
        bk.OpenField("none", slip=1.0),
    ],
    "PrimaryOnly": [bk.PrimaryOnly(_POLE), bk.PrimaryOnly(bk.OpenField("none"))],
    "WithHeuristic": [
        _POLE,
        bk.WithHeuristic(bk.MountainCar(limit=30), bk.BangBang()),
        bk.WithHeuristic(bk.MountainCar(), bk.CarSpeed(scale=1.0)),
        bk.WithHeuristic(_LITTLE, _BONUS),
        bk.WithHeuristic(bk.Chain(n=1, gamma=0.5), np.arange(18.0).reshape(3, 2, 3) / 8),
    ],
}

CONTEXTS = {
    "Classification": [
        bk.Classification([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 1, 1]),
        bk.Classification([[0.0], [1.0], [2.0]], [0, 1, 2], comparator=[[0, 0, 0], [0, 1, 0]]),
    ],
    "FiniteContexts": [
        bk.FiniteContexts([[0.2, 0.8], [0.8, 0.2]]),
        bk.FiniteContexts([[0.2, 0.5, 0.5], [1.0, 0.0, 0.0]], odds=[0.25, 0.75]),
    ],
    "LinearContexts": [
        bk.LinearContexts((1.0, -0.5, 0.5), K=4),
        bk.LinearContexts([[1.0, -0.5], [0.5, 0.25], [0.0, 0.0]], noise=0.0),
    ],
    "LipschitzContexts": [
        bk.LipschitzContexts([[0.0, 1.0], [1.0, 0.0]]),
        bk.LipschitzContexts([[0.0, 0.5, 0.25], [1.0, 0.0, 0.5], [0.5, 0.5, 0.5]]),
    ],
    "LipschitzSquare": [bk.LipschitzSquare([[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]])],
    "LogisticContexts": [
        bk.LogisticContexts((2.0, -1.0), K=3),
        bk.LogisticContexts([[2.0, -1.0], [0.0, 0.0]]),
    ],
    "PolicyClass": [
        bk.PolicyClass(bk.FiniteContexts([[0.2, 0.8], [0.8, 0.2]]), [[0, 0], [1, 1], [1, 0]])
    ],
}

# Chapter 10.
_SURE = bk.Knapsack.sure([1.0, 0.5, 0.0], [[1.0, 0.0], [0.25, 0.5], [0.0, 0.0]], budgets=[9, 5])

KNAPSACKS = {
    "BundlePricing": [bk.BundlePricing([[0], [1], [0, 1]], [0.5, 0.5, 1.25], supplies=[9, 5])],
    "DecoyKnapsack": [bk.DecoyKnapsack(4.0, horizon=60)],
    "DynamicPricing": [
        bk.DynamicPricing([0.25, 0.5, 0.5, 1.0], supply=12),
        bk.DynamicPricing([0.5, 0.75], 1, bk.ExponentialDemand(2.0)),
        bk.DynamicPricing([0.5, 0.75], 9, demand=[1.0, 0.0]),
    ],
    "Knapsack": [
        _SURE,
        bk.Knapsack.coins([0.5, 0.25, 0.0], [[0.5], [0.125], [0.0]], budgets=8),
        bk.Knapsack([[(0.5, 0.25, 0.0), (0.5, 1.0, 1.0)], [(1.0, 0.0, 0.0)]], budgets=1),
    ],
    "LinearKnapsack": [
        bk.LinearKnapsack([[[1, 0], [0, 0]], [[0, 1], [0, 0]]], [0.875, 0.25], [[1, 1]], budgets=9),
        bk.LinearKnapsack.random([20, 15], X=3, n=2),
    ],
    "PhasedKnapsack": [
        bk.PhasedKnapsack.two_phase(16, later=0),
        bk.PhasedKnapsack([[0.5, 1, 0], [0.25, 0, 0]], [[[1, 0], [0.5, 1], [0, 0]]] * 2, [9, 5]),
    ],
    "PayPerClick": [bk.PayPerClick([0.5, 0.25, 0.25], [0.5, 0.75, 1.0], [0, 1, 1], [4.0, 9.0])],
    "Procurement": [
        bk.Procurement([0.25, 0.5, 1.0], budget=7.5),
        bk.Procurement([0.25, 0.5], 5.0, supply=bk.LinearDemand(0.75, 0.5)),
    ],
    "ProductPricing": [
        bk.ProductPricing.grid([[0.25, 0.5], [0.25, 0.5]], [9, 5]),
        bk.ProductPricing([[0.5], [0.75]], [20], [[0.5, 0.25]]),
    ],
    "SeparateResources": [bk.SeparateResources(20.0), bk.SeparateResources(7.5, count=3)],
}

PROBLEMS = IID | COSTS | MDPS | STEPS | CONTROL | AIDED | CONTEXTS | KNAPSACKS


def all_of(table):
    """Return the instances of a table in one list."""
    return [instance for instances in table.values() for instance in instances]


def plays(learner, problem):
    """Tell whether a learner agrees to play a problem."""
    try:
        learner.check(problem)
    except ValueError:
        return False
    return True


def generators(seed):
    """Return generators of environment and learner."""
    return np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])


def regret_of(loop, problem, learner, *, horizon, seed, calls=(), gaps=None):
    """Return the regret after each round, as `loop` plays it; `calls` are times to pause at."""
    env_rng, policy_rng = generators(seed)
    env, policy = begin(problem, learner, horizon, env_rng)
    if gaps is not None:
        env = env._replace(gaps=gaps)
    card = blank_scorecard(np.arange(1, horizon + 1), env, policy)
    for until in (*calls, horizon):
        loop(env, policy, card, until, env_rng, policy_rng)
    return card.regret


def steps_of(problem, learner, rounds, seed=0):
    """Play as Python; yield the policy after each step, and state, action and answer."""
    env_rng, rng = generators(seed)
    env, policy = begin(problem, learner, rounds, env_rng)
    for t in range(rounds):
        x = env.observe(t, env_rng)
        a = int(policy.select(t, x, rng))
        y = env.respond(t, x, a, env_rng)
        policy.update(t, x, a, y)
        yield policy, x, a, y


def actions_of(loop, problem, learner, *, horizon, seed):
    """Return the arms that were pulled, as `loop` plays.

    A learner never sees the gaps.  With the number of each arm in place of its gap, regret adds
    up the numbers of the arms that were pulled.
    """
    numbers = np.arange(problem.spec.K, dtype=float)
    sums = regret_of(loop, problem, learner, horizon=horizon, seed=seed, gaps=numbers)
    return np.diff(sums, prepend=0.0).astype(int).tolist()
