"""What the world answers after an action: five words, shared by problems and learners."""

from enum import StrEnum
from typing import NamedTuple

import numpy as np

__all__ = ["AidedStep", "Feedback", "Purchase", "Step"]


class Purchase(NamedTuple):
    """What a knapsack answers to an action."""

    reward: float
    costs: np.ndarray  # (d,) what was used up of each resource, in units of the common budget


class Step(NamedTuple):
    """What an MDP answers to an action."""

    reward: float
    state: int  # the next state; where states are points of a box, an array of shape (d,)
    terminal: bool  # the episode has ended there: nothing comes any more
    truncated: bool  # the episode is cut off by a time limit: more would have come


class AidedStep(NamedTuple):
    """What an MDP with a designer's heuristic answers: a `Step`, and what the heuristic says."""

    reward: float  # the primary reward, which is what counts
    state: int
    terminal: bool
    truncated: bool
    auxiliary: float  # the heuristic's reward for this step, which may be good advice or bad


class Feedback(StrEnum):
    """What ``respond`` returns and ``update`` is given as ``y``.

    A problem says which feedback it gives and a learner which it understands; the two are
    compared before anything is compiled.  Where a problem takes it as a parameter, the plain
    word will do: ``feedback="full"``.
    """

    BANDIT = "bandit", "the reward (or cost) of the chosen action, a number"
    FULL = "full", "the reward (or cost) of every action, an array of shape (K,)"
    SEMI = "semi", "the reward (or cost) of every part of the chosen action"
    PURCHASE = "purchase", "a Purchase: the reward, and what was used up of each resource"
    STEP = "step", "a Step: the reward, the next state, and whether the episode has ended"

    meaning: str

    def __new__(cls, word: str, meaning: str) -> "Feedback":
        """Make a member of a word and what it means."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.meaning = meaning
        return member

    def __repr__(self) -> str:
        return repr(str(self))
