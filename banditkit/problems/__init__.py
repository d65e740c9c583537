"""Problems: descriptions of environments, one file a setting."""

from banditkit.problems.ads import PayPerClick, Procurement
from banditkit.problems.adversaries import AdaptiveAdversary
from banditkit.problems.advice import (
    BinaryStrings,
    BlockAdvice,
    ExpertAdvice,
    ExpertProblem,
    PerfectExpert,
)
from banditkit.problems.arms import Bernoulli, Beta, Gaussian, IIDArms, TwoPoint, UniformArms
from banditkit.problems.classification import Classification
from banditkit.problems.contextual import (
    FiniteContexts,
    LinearContexts,
    LipschitzContexts,
    LipschitzSquare,
    LogisticContexts,
    PolicyClass,
)
from banditkit.problems.control import CartPole, MountainCar
from banditkit.problems.costs import (
    AlternatingCosts,
    CostTape,
    DriftingCosts,
    HeavyCosts,
    IIDCosts,
    LossTable,
    SwitchingCosts,
)
from banditkit.problems.demands import Demand, ExponentialDemand, LinearDemand, UniformDemand
from banditkit.problems.empirical import EmpiricalArms
from banditkit.problems.episodes import Episodes
from banditkit.problems.foraging import Foraging
from banditkit.problems.grids import (
    CliffWalk,
    EndlessRooms,
    FlagGrid,
    Grid,
    GridWorld,
    Rooms,
    WindyGrid,
)
from banditkit.problems.heuristics import (
    BangBang,
    CarSpeed,
    Heuristic,
    HeuristicPotential,
    NaiveSum,
    PoleController,
    PrimaryOnly,
    WithHeuristic,
)
from banditkit.problems.horizon import FiniteHorizon
from banditkit.problems.knapsack import Knapsack, KnapsackProblem, LPSolution, NullArmAdded
from banditkit.problems.linear_knapsack import LinearKnapsack
from banditkit.problems.mdp import MDP, FiniteMDP, model_from_lists
from banditkit.problems.open_field import OpenField
from banditkit.problems.phases import PhasedKnapsack
from banditkit.problems.pricing import BundlePricing, DynamicPricing, ProductPricing
from banditkit.problems.regrets import (
    DynamicRegret,
    ExpectedRegret,
    ForesightRegret,
    ShiftingRegret,
    SwapRegret,
    SwitchingFee,
)
from banditkit.problems.traps import DecoyKnapsack, SeparateResources
from banditkit.problems.worlds import Chain, LineKey, LongChain, Ring, RiverSwim

__all__ = [
    "MDP",
    "AdaptiveAdversary",
    "AlternatingCosts",
    "BangBang",
    "Bernoulli",
    "Beta",
    "BinaryStrings",
    "BlockAdvice",
    "BundlePricing",
    "CarSpeed",
    "CartPole",
    "Chain",
    "Classification",
    "CliffWalk",
    "CostTape",
    "DecoyKnapsack",
    "Demand",
    "DriftingCosts",
    "DynamicPricing",
    "DynamicRegret",
    "EmpiricalArms",
    "EndlessRooms",
    "Episodes",
    "ExpectedRegret",
    "ExpertAdvice",
    "ExpertProblem",
    "ExponentialDemand",
    "FiniteContexts",
    "FiniteHorizon",
    "FiniteMDP",
    "FlagGrid",
    "Foraging",
    "ForesightRegret",
    "Gaussian",
    "Grid",
    "GridWorld",
    "HeavyCosts",
    "Heuristic",
    "HeuristicPotential",
    "IIDArms",
    "IIDCosts",
    "Knapsack",
    "KnapsackProblem",
    "LPSolution",
    "LineKey",
    "LinearContexts",
    "LinearDemand",
    "LinearKnapsack",
    "LipschitzContexts",
    "LipschitzSquare",
    "LogisticContexts",
    "LongChain",
    "LossTable",
    "MountainCar",
    "NaiveSum",
    "NullArmAdded",
    "OpenField",
    "PayPerClick",
    "PerfectExpert",
    "PhasedKnapsack",
    "PoleController",
    "PolicyClass",
    "PrimaryOnly",
    "Procurement",
    "ProductPricing",
    "Ring",
    "RiverSwim",
    "Rooms",
    "SeparateResources",
    "ShiftingRegret",
    "SwapRegret",
    "SwitchingCosts",
    "SwitchingFee",
    "TwoPoint",
    "UniformArms",
    "UniformDemand",
    "WindyGrid",
    "WithHeuristic",
    "model_from_lists",
]
