"""What a learner is told about a problem before the first round, and the actions it has.

`SHOWS` says in words what the world shows in a round of each kind, and on what problem to see it.
"""

from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "Advice",
    "Arms",
    "Box",
    "Budgeted",
    "BudgetedFeatures",
    "Contexts",
    "Features",
    "Interval",
    "NoSuchArm",
    "Tabular",
]


class NoSuchArm(ValueError):
    """A learner chose an arm that does not exist: ``NoSuchArm(t, arm, K)``."""


class Arms(NamedTuple):
    """A finite set of arms, numbered 0 to K - 1, with rewards or costs in [lowest, highest]."""

    K: int
    lowest: float = 0.0
    highest: float = 1.0
    costs: bool = False  # does the world answer with costs, or with rewards?

    def fault(self, action: Any) -> str | None:
        """Say what is wrong with an action, or return None if nothing is."""
        return _fault(self.K, action)


class Advice(NamedTuple):
    """Arms, and N experts, each of whom recommends an arm in each round.

    The recommendations are what the world shows: x is an array of N arms.
    """

    K: int
    N: int
    lowest: float = 0.0
    highest: float = 1.0
    costs: bool = False

    def fault(self, action: Any) -> str | None:
        """Say what is wrong with an action, or return None if nothing is."""
        return _fault(self.K, action)


class Contexts(NamedTuple):
    """Arms, and a context in each round, numbered 0 to X - 1: x is that number."""

    X: int
    K: int
    lowest: float = 0.0
    highest: float = 1.0
    costs: bool = False

    def fault(self, action: Any) -> str | None:
        """Say what is wrong with an action, or return None if nothing is."""
        return _fault(self.K, action)


class Interval(NamedTuple):
    """Arms, and a context in each round, a number in [0, 1]; with K = 0 arms are such numbers, too.

    The mean reward changes by at most `lipschitz` times the change of the context, or of the arm
    where arms are numbers.
    """

    K: int
    lipschitz: float
    lowest: float = 0.0
    highest: float = 1.0
    costs: bool = False

    def fault(self, action: Any) -> str | None:
        """Say what is wrong with an action, or return None if nothing is."""
        if self.K > 0:
            return _fault(self.K, action)
        if isinstance(action, int | float | np.number) and 0.0 <= action <= 1.0:
            return None
        return f"{action!r}; an arm is a number from 0 to 1"


class Features(NamedTuple):
    """Arms, and features in each round: x is an array (K, d), or (1, d) if all arms share them."""

    K: int
    d: int
    shared: bool = False
    lowest: float = -np.inf
    highest: float = np.inf
    costs: bool = False

    def fault(self, action: Any) -> str | None:
        """Say what is wrong with an action, or return None if nothing is."""
        return _fault(self.K, action)


class Budgeted(NamedTuple):
    """Arms that use up d resources beside time, of each of which there are `budget` units.

    Consumption is told in units in which all budgets are equal, as in the book: a unit of resource
    i, of which the problem has B_i, counts as ``scale[i] = budget / B_i``.
    """

    K: int
    d: int
    budget: float  # B, at most the number of rounds
    scale: tuple[float, ...]  # (d,) in (0, 1]
    null: int  # an arm that pays nothing and uses nothing
    lowest: float = 0.0
    highest: float = 1.0
    costs: bool = False

    def fault(self, action: Any) -> str | None:
        """Say what is wrong with an action, or return None if nothing is."""
        return _fault(self.K, action)


class BudgetedFeatures(NamedTuple):
    """Arms as in `Budgeted`, with n features of each: x is an array (K, n).

    Mean reward and mean consumption are linear in the features.
    """

    K: int
    d: int
    n: int
    budget: float
    scale: tuple[float, ...]
    null: int  # its features are 0
    lowest: float = 0.0
    highest: float = 1.0
    costs: bool = False

    def fault(self, action: Any) -> str | None:
        """Say what is wrong with an action, or return None if nothing is."""
        return _fault(self.K, action)


class Tabular(NamedTuple):
    """A finite MDP: S states, A actions in each, and what a reward of the next round is worth."""

    S: int
    A: int
    gamma: float
    lowest: float = -np.inf
    highest: float = np.inf
    costs: bool = False
    H: int = 0  # steps of every episode; 0: they have no fixed length

    def fault(self, action: Any) -> str | None:
        """Say what is wrong with an action, or return None if nothing is."""
        return _no_such_action(self.A, action)


class Box(NamedTuple):
    """An MDP whose states are points of a box: arrays of d numbers; with A actions in each.

    Examples
    --------
    >>> import banditkit as bk
    >>> bk.MountainCar().spec.low, bk.MountainCar().spec.A
    ((-1.2, -0.07), 3)
    """

    low: tuple[float, ...]  # (d,) the least that each number may be; -inf where there is none
    high: tuple[float, ...]  # (d,) the largest
    A: int
    gamma: float
    lowest: float = -np.inf
    highest: float = np.inf
    costs: bool = False

    def fault(self, action: Any) -> str | None:
        """Say what is wrong with an action, or return None if nothing is."""
        return _no_such_action(self.A, action)


SHOWS: dict[Any, tuple[str, str]] = {
    Arms: ("arms alone", "Bernoulli"),
    Advice: ("the advice of experts", "ExpertAdvice"),
    Contexts: ("numbered contexts", "FiniteContexts"),
    Interval: ("contexts in [0, 1]", "LipschitzContexts"),
    Features: ("features", "LinearContexts"),
    Budgeted: ("arms with budgets", "Knapsack"),
    BudgetedFeatures: ("features, and arms with budgets", "LinearKnapsack"),
    Tabular: ("numbered states", "GridWorld"),
    Box: ("states that are points of a box", "CartPole"),
}


def _no_such_action(A: int, action: Any) -> str | None:
    if _fault(A, action) is None:
        return None
    return f"{action!r}; an action is a whole number from 0 to {A - 1}"


def _fault(K: int, action: Any) -> str | None:
    if isinstance(action, int | np.integer) and 0 <= action < K:
        return None
    return f"{action!r}; an arm is a whole number from 0 to {K - 1}"
