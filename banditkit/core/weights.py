"""Exponential weights, and how an arm is drawn in proportion to them.

Weights that fall for ever leave the range of numbers, so their logarithms are kept.  `softmax`
turns all of them into probabilities.  Where only one weight changes a round, as with bandit
feedback, a `WeightTree` keeps their sums in a binary tree: to change a weight, or to draw an arm,
takes log K steps instead of K.
"""

import math
from typing import NamedTuple

import numpy as np

from banditkit.core.jit import jit_helper, jit_inline

__all__ = [
    "WeightTree",
    "add_to_log",
    "blank_tree",
    "draw_arm",
    "draw_leaf",
    "share_of",
    "softmax",
]

# All weights of a tree are scaled anew when their sum falls below _LOW, or one of them would rise
# above exp(_FAR).
_LOW, _FAR = 1e-100, 200.0


@jit_inline
def draw_arm(p, rng):
    """Draw an arm with probabilities p, shape (K,): one uniform number, and the sums of p."""
    left = rng.random()
    arm = 0
    for i in range(p.size):
        if p[i] > 0.0:
            arm = i  # if rounding leaves something over, the last possible arm
            left -= p[i]
            if left < 0.0:
                break
    return arm


@jit_inline
def softmax(logs, p):
    """Write exp(logs) / sum(exp(logs)) into p, both of shape (K,)."""
    top = logs[0]
    for i in range(1, logs.size):
        top = max(top, logs[i])
    total = 0.0
    for i in range(logs.size):
        p[i] = math.exp(logs[i] - top)
        total += p[i]
    for i in range(logs.size):
        p[i] /= total


class WeightTree(NamedTuple):
    """K weights as the leaves of a binary tree, in which each node is the sum of its two."""

    logs: np.ndarray  # (K,) logarithms of the weights
    top: np.ndarray  # (1,) what was taken off the logarithms when the tree was built
    nodes: np.ndarray  # (2 size,) the root is node 1, the children of node i are 2 i and 2 i + 1
    size: int  # number of leaves: a power of 2, at least K; leaf a is node size + a


def blank_tree(K: int) -> WeightTree:
    """Return a tree of K weights that are 1."""
    size = 1 << (K - 1).bit_length()
    nodes = np.zeros(2 * size)
    nodes[size : size + K] = 1.0
    for i in range(size - 1, 0, -1):
        nodes[i] = nodes[2 * i] + nodes[2 * i + 1]
    return WeightTree(np.zeros(K), np.zeros(1), nodes, size)


@jit_inline
def share_of(tree, a):
    """Return weight a divided by the sum of all."""
    return tree.nodes[tree.size + a] / tree.nodes[1]


@jit_inline
def draw_leaf(tree, rng):
    """Draw an arm in proportion to its weight: go down from the root."""
    nodes = tree.nodes
    left = rng.random() * nodes[1]
    i = 1
    while i < tree.size:
        i *= 2
        right = left >= nodes[i]
        left = left - nodes[i] if right else left
        i += right
    while nodes[i] == 0.0:  # where rounding led past the last possible arm
        i -= 1
    return i - tree.size


@jit_inline
def add_to_log(tree, a, amount):
    """Add `amount` to logarithm a, and set the sums above it right."""
    nodes = tree.nodes
    tree.logs[a] += amount
    power = tree.logs[a] - tree.top[0]
    if power < _FAR:
        i = tree.size + a
        weight = math.exp(power)
        nodes[i] = weight
        while i > 1:
            weight += nodes[i ^ 1]  # the other child
            i >>= 1
            nodes[i] = weight
    if power >= _FAR or nodes[1] < _LOW:
        _rebuild(tree)


@jit_helper
def _rebuild(tree):
    """Make the largest weight 1 again; what is negligible beside it may be 0."""
    logs, nodes, size = tree.logs, tree.nodes, tree.size
    top = logs[0]
    for a in range(1, logs.size):
        top = max(top, logs[a])
    tree.top[0] = top
    for a in range(logs.size):
        nodes[size + a] = math.exp(logs[a] - top)
    for i in range(size - 1, 0, -1):
        nodes[i] = nodes[2 * i] + nodes[2 * i + 1]
