"""Learners: descriptions of algorithms, one file a family."""

from banditkit.learners.doubling import Doubling
from banditkit.learners.elimination import SuccessiveElimination
from banditkit.learners.explore import EpsilonGreedy, ExploreFirst, Greedy, Uniform
from banditkit.learners.kl import IMED, KLUCB
from banditkit.learners.thompson import Thompson
from banditkit.learners.ucb import MOSS, UCB1, UCBV

__all__ = [
    "IMED",
    "KLUCB",
    "MOSS",
    "UCB1",
    "UCBV",
    "Doubling",
    "EpsilonGreedy",
    "ExploreFirst",
    "Greedy",
    "SuccessiveElimination",
    "Thompson",
    "Uniform",
]
