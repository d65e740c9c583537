"""Learners: descriptions of algorithms, one file a family."""

from banditkit.learners.aided import HeuristicBaseline, PDController
from banditkit.learners.barfi import BARFI, FirstOrder, LowerLevel, Neumann, UpperLevel
from banditkit.learners.bipars import (
    BiPaRS,
    ExplicitMapping,
    IncrementalMetaGradient,
    MetaGradient,
)
from banditkit.learners.contextual import ContextMesh, PerContext
from banditkit.learners.elimination import SuccessiveElimination
from banditkit.learners.exp3 import Exp3, Exp3IX, Exp3P, Exp3Rewards, Exp3S
from banditkit.learners.exp4 import Exp4
from banditkit.learners.explore import EpsilonGreedy, ExploreFirst, Greedy, Uniform
from banditkit.learners.features import FeatureMap, Fourier, OneHot, TileCoding
from banditkit.learners.gradient import OnlineGradientDescent
from banditkit.learners.hedge import AdaHedge, FixedShare, Hedge, OptimisticHedge
from banditkit.learners.kl import IMED, KLUCB
from banditkit.learners.knapsack import SuccessiveEliminationBwK, UcbBwK
from banditkit.learners.knapsack_explore import ExploreFirstBwK, GreedyBwK
from banditkit.learners.knapsack_prices import DualDescentBwK, PrimalDualBwK
from banditkit.learners.lagrange import AdversarialBwK, LagrangeBwK, RewardOnly
from banditkit.learners.leader import FollowTheLeader
from banditkit.learners.linear import LinThompson, LinUCB, LogisticThompson
from banditkit.learners.linear_knapsack import LinearBwK
from banditkit.learners.lirpg import LIRPG, Ascent
from banditkit.learners.majority import MajorityVote, WeightedMajority
from banditkit.learners.meta import Batched, Doubling, Restarting, Rexp3
from banditkit.learners.model_based import UCBVI, RMax
from banditkit.learners.pgrd import PGRD, RewardDesign
from banditkit.learners.policy_class import EpochGreedy, MiniMonster, OracleCommit
from banditkit.learners.policy_gradient import ActorCritic, Reinforce
from banditkit.learners.regression import Falcon, RegressionGreedy, SquareCB
from banditkit.learners.schedules import ExponentialDecay, HarmonicDecay, LinearDecay, Schedule
from banditkit.learners.sors import SORS
from banditkit.learners.swap import BlumMansour
from banditkit.learners.td import (
    DoubleQLearning,
    ExpectedSarsa,
    QLearning,
    Sarsa,
    SarsaLambda,
    TabularLearner,
)
from banditkit.learners.thompson import Thompson
from banditkit.learners.tsallis import Exp3PlusPlus, TsallisINF
from banditkit.learners.ucb import MOSS, UCB1, UCBV

__all__ = [
    "BARFI",
    "IMED",
    "KLUCB",
    "LIRPG",
    "MOSS",
    "PGRD",
    "SORS",
    "UCB1",
    "UCBV",
    "UCBVI",
    "ActorCritic",
    "AdaHedge",
    "AdversarialBwK",
    "Ascent",
    "Batched",
    "BiPaRS",
    "BlumMansour",
    "ContextMesh",
    "DoubleQLearning",
    "Doubling",
    "DualDescentBwK",
    "EpochGreedy",
    "EpsilonGreedy",
    "Exp3",
    "Exp3IX",
    "Exp3P",
    "Exp3PlusPlus",
    "Exp3Rewards",
    "Exp3S",
    "Exp4",
    "ExpectedSarsa",
    "ExplicitMapping",
    "ExploreFirst",
    "ExploreFirstBwK",
    "ExponentialDecay",
    "Falcon",
    "FeatureMap",
    "FirstOrder",
    "FixedShare",
    "FollowTheLeader",
    "Fourier",
    "Greedy",
    "GreedyBwK",
    "HarmonicDecay",
    "Hedge",
    "HeuristicBaseline",
    "IncrementalMetaGradient",
    "LagrangeBwK",
    "LinThompson",
    "LinUCB",
    "LinearBwK",
    "LinearDecay",
    "LogisticThompson",
    "LowerLevel",
    "MajorityVote",
    "MetaGradient",
    "MiniMonster",
    "Neumann",
    "OneHot",
    "OnlineGradientDescent",
    "OptimisticHedge",
    "OracleCommit",
    "PDController",
    "PerContext",
    "PrimalDualBwK",
    "QLearning",
    "RMax",
    "RegressionGreedy",
    "Reinforce",
    "Restarting",
    "RewardDesign",
    "RewardOnly",
    "Rexp3",
    "Sarsa",
    "SarsaLambda",
    "Schedule",
    "SquareCB",
    "SuccessiveElimination",
    "SuccessiveEliminationBwK",
    "TabularLearner",
    "Thompson",
    "TileCoding",
    "TsallisINF",
    "UcbBwK",
    "Uniform",
    "UpperLevel",
    "WeightedMajority",
]
