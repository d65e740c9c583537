"""Problems: descriptions of environments, one file a setting."""

from banditkit.problems.adversaries import AdaptiveAdversary
from banditkit.problems.advice import (
    BinaryStrings,
    BlockAdvice,
    ExpertAdvice,
    ExpertProblem,
    PerfectExpert,
)
from banditkit.problems.arms import Bernoulli, Beta, Gaussian, IIDArms, TwoPoint, UniformArms
from banditkit.problems.costs import (
    AlternatingCosts,
    CostTape,
    DriftingCosts,
    HeavyCosts,
    IIDCosts,
    LossTable,
    SwitchingCosts,
)
from banditkit.problems.empirical import EmpiricalArms
from banditkit.problems.mdp import MDP, FiniteMDP
from banditkit.problems.regrets import (
    DynamicRegret,
    ExpectedRegret,
    ForesightRegret,
    ShiftingRegret,
    SwapRegret,
    SwitchingFee,
)
from banditkit.problems.worlds import Chain, GridWorld, Ring

__all__ = [
    "MDP",
    "AdaptiveAdversary",
    "AlternatingCosts",
    "Bernoulli",
    "Beta",
    "BinaryStrings",
    "BlockAdvice",
    "Chain",
    "CostTape",
    "DriftingCosts",
    "DynamicRegret",
    "EmpiricalArms",
    "ExpectedRegret",
    "ExpertAdvice",
    "ExpertProblem",
    "FiniteMDP",
    "ForesightRegret",
    "Gaussian",
    "GridWorld",
    "HeavyCosts",
    "IIDArms",
    "IIDCosts",
    "LossTable",
    "PerfectExpert",
    "Ring",
    "ShiftingRegret",
    "SwapRegret",
    "SwitchingCosts",
    "SwitchingFee",
    "TwoPoint",
    "UniformArms",
]
