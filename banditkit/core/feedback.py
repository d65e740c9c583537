"""What the world answers after an action: five words, shared by problems and learners."""

from enum import Enum

__all__ = ["Feedback"]


class Feedback(Enum):
    """What ``respond`` returns and ``update`` is given as ``y``.

    A problem says which feedback it gives and a learner which it understands; the two are
    compared before anything is compiled.
    """

    BANDIT = "the reward (or cost) of the chosen action, a number"
    FULL = "the reward (or cost) of every action, an array of shape (K,)"
    SEMI = "the reward (or cost) of every part of the chosen action"
    PURCHASE = "the reward and the consumption of each resource"
    STEP = "the reward, the next state, and whether the episode has ended"
