"""Pictures of results, in the manner of scikit-learn's displays."""

from banditkit.plots.episodes import EpisodeDisplay, LearningCurveDisplay
from banditkit.plots.grid import GridDisplay
from banditkit.plots.knapsack import KnapsackDisplay
from banditkit.plots.regret import RegretDisplay

__all__ = [
    "EpisodeDisplay",
    "GridDisplay",
    "KnapsackDisplay",
    "LearningCurveDisplay",
    "RegretDisplay",
]
