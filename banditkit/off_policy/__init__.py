"""Logged data: what another policy would have earned, and which one to learn from it.

Slivkins, *Introduction to Multi-Armed Bandits*, section 8.5.
"""

from banditkit.off_policy.estimators import (
    WeakOverlap,
    clipped_ips,
    compare_estimates,
    direct_method,
    doubly_robust,
    ips,
    snips,
    switch,
)
from banditkit.off_policy.intervals import Estimate, bernstein_margin
from banditkit.off_policy.learning import Learned, learn_policy
from banditkit.off_policy.log import LoggedData
from banditkit.off_policy.replay import NotUniform, Replayed, replay
from banditkit.off_policy.rewards import RewardModel, cross_fit, fit_rewards

__all__ = [
    "Estimate",
    "Learned",
    "LoggedData",
    "NotUniform",
    "Replayed",
    "RewardModel",
    "WeakOverlap",
    "bernstein_margin",
    "clipped_ips",
    "compare_estimates",
    "cross_fit",
    "direct_method",
    "doubly_robust",
    "fit_rewards",
    "ips",
    "learn_policy",
    "replay",
    "snips",
    "switch",
]
