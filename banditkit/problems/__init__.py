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
from banditkit.problems.regrets import (
    DynamicRegret,
    ExpectedRegret,
    ForesightRegret,
    ShiftingRegret,
    SwapRegret,
    SwitchingFee,
)

__all__ = [
    "AdaptiveAdversary",
    "AlternatingCosts",
    "Bernoulli",
    "Beta",
    "BinaryStrings",
    "BlockAdvice",
    "CostTape",
    "DriftingCosts",
    "DynamicRegret",
    "EmpiricalArms",
    "ExpectedRegret",
    "ExpertAdvice",
    "ExpertProblem",
    "ForesightRegret",
    "Gaussian",
    "HeavyCosts",
    "IIDArms",
    "IIDCosts",
    "LossTable",
    "PerfectExpert",
    "ShiftingRegret",
    "SwapRegret",
    "SwitchingCosts",
    "SwitchingFee",
    "TwoPoint",
    "UniformArms",
]
