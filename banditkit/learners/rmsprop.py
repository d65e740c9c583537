"""RMSprop: parameters that move by the sign of a gradient more than by its size."""

import math
from typing import NamedTuple

import numpy as np

from banditkit.core.jit import jit_helper, jit_inline
from banditkit.learners.divergence import FAR

__all__ = ["Climber", "climb"]

_DECAY, _TINY = 0.99, 1e-8  # of RMSprop, as PyTorch's defaults have it


class Climber(NamedTuple):
    """Parameters that RMSprop moves."""

    squares: np.ndarray  # (rows, columns) running mean of the squared gradient
    rate: float


@jit_helper
def climb(climber, parameters, gradient):
    """Move parameters uphill by ``rate * g / sqrt(mean of g**2)``; return whether that is possible.

    If one of them would leave the range of numbers, all stay where they are.
    """
    if climber.rate == 0.0:
        return True
    possible = True
    for i in range(parameters.shape[0]):
        for j in range(parameters.shape[1]):
            g = gradient[i, j]
            climber.squares[i, j] = _DECAY * climber.squares[i, j] + (1.0 - _DECAY) * g * g
            there = parameters[i, j] + stride(climber, i, j, g)
            # not so, too, if one is no number
            possible &= climber.squares[i, j] < math.inf and abs(there) < FAR
    if possible:
        for i in range(parameters.shape[0]):
            for j in range(parameters.shape[1]):
                parameters[i, j] += stride(climber, i, j, gradient[i, j])
    return possible


@jit_inline
def stride(climber, i, j, g):
    """Return how far a parameter moves."""
    return climber.rate * g / (math.sqrt(climber.squares[i, j]) + _TINY)
