"""Bi-level shaping: rewards that are learned by differentiating through the learner."""

from banditkit.bilevel.bias import bias_corrected_reward, dropped_gradient, policy_gradient
from banditkit.bilevel.hypergradients import (
    HyperGradient,
    conjugate_gradients,
    first_order,
    forward_unroll,
    implicit,
    lowest_eigenvalue,
    neumann,
    one_step,
    reverse_unroll,
)
from banditkit.bilevel.inner import InnerProblem, NotAMaximum, batch_of, reward_model
from banditkit.bilevel.kernels import Batch, RewardModel

__all__ = [
    "Batch",
    "HyperGradient",
    "InnerProblem",
    "NotAMaximum",
    "RewardModel",
    "batch_of",
    "bias_corrected_reward",
    "conjugate_gradients",
    "dropped_gradient",
    "first_order",
    "forward_unroll",
    "implicit",
    "lowest_eigenvalue",
    "neumann",
    "one_step",
    "policy_gradient",
    "reverse_unroll",
    "reward_model",
]
