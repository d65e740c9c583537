"""Problems: descriptions of environments, one file a setting."""

from banditkit.problems.arms import Bernoulli, Beta, Gaussian, IIDArms, TwoPoint, UniformArms
from banditkit.problems.empirical import EmpiricalArms

__all__ = ["Bernoulli", "Beta", "EmpiricalArms", "Gaussian", "IIDArms", "TwoPoint", "UniformArms"]
