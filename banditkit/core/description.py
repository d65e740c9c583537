"""Descriptions: what a problem is and what a learner is, before anybody plays.

Describe, start, play: a description is a frozen, validated dataclass; ``start`` makes of it
the record of arrays that plays.
"""

from abc import ABC, abstractmethod
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar

import numpy as np

from banditkit.core.feedback import Feedback
from banditkit.core.spec import SHOWS, Arms, Budgeted, BudgetedFeatures, Tabular

__all__ = ["Description", "Learner", "Problem"]


_MANY = 30  # numbers that are written out


@dataclass(frozen=True)
class Description(ABC):  # noqa: B024 - what is abstract differs between problems and learners
    """A frozen dataclass whose ``repr`` is short enough for a legend.

    Fields that have their default value are left out; what is printed makes an equal
    description when it is evaluated, but for long tables, of which only the size is printed.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "__repr__" not in vars(cls):  # or else @dataclass would write a longer one
            cls.__repr__ = Description.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        words = []
        for field in sorted(fields(self), key=lambda field: bool(field.kw_only)):
            value = getattr(self, field.name)
            if field.default is MISSING:
                words.append(_brief(value))
            elif value != field.default:
                words.append(f"{field.name}={_brief(value)}")
        return f"{type(self).__name__}({', '.join(words)})"

    def _set(self, **values: Any) -> None:
        """Store checked values in place of the given ones, while the description is made."""
        for name, value in values.items():
            object.__setattr__(self, name, value)


def _brief(value: Any) -> str:
    """Return the words of a field: of a long table only how large it is."""
    if isinstance(value, tuple) and len(value) * np.size(value[:1]) > _MANY:
        shape = [str(len(value)), *(str(len(row)) for row in value[:1] if isinstance(row, tuple))]
        return f"<{' x '.join(shape)} numbers>"
    return repr(value)


class Problem(Description):
    """A description of an environment.

    A subclass says which `feedback` it gives and has two members: `spec`, what a learner is
    told before the first round, and `start`.
    """

    feedback: ClassVar[Feedback] = Feedback.BANDIT
    sees_distribution: ClassVar[bool] = False  # is the action a `Draw`, or just an arm?
    aided: ClassVar[bool] = False  # is the answer to a step an `AidedStep`, or a plain `Step`?

    @property
    @abstractmethod
    def spec(self) -> Any:
        """What a learner is told about the problem."""

    def check_horizon(self, horizon: int) -> None:
        """Raise a ValueError if the problem can't be played for so many rounds."""

    @abstractmethod
    def start(self, horizon: int, rng: np.random.Generator) -> Any:
        """Return the environment being played: a NamedTuple with the verbs of an environment.

        Parameters
        ----------
        horizon
            Number of rounds T.
        rng
            Source of whatever is random about the environment as a whole.
        """


class Learner(Description):
    """A description of an algorithm.

    To write your own, subclass it, and let `start` return a NamedTuple with two methods,
    ``select(self, t, x, rng)`` and ``update(self, t, x, a, y)``.  `t` counts the rounds played
    before this one, `x` is what the world shows, `rng` a NumPy generator, `a` the action that
    `select` returned, and `y` the answer: a reward, or where the class says ``costs = True`` a
    cost; with ``accepts = Feedback.FULL`` those of all arms.  Numbers that change are kept in
    arrays; functions of your own that the methods call need ``numba.njit`` on top.

    A policy that draws its actions may have a third method, ``distribution(self, t, x)``, which
    returns the probabilities of the arms in this round, shape (K,), and draws nothing: adversaries
    look at it, and `ExpectedRegret` needs it.

    Examples
    --------
    A learner that keeps an arm as long as it pays, and else moves on to the next:

    >>> from typing import NamedTuple
    >>> import numpy as np
    >>> import banditkit as bk
    >>> class WinStayPolicy(NamedTuple):
    ...     arm: np.ndarray  # (1,) the arm to play next
    ...     K: int
    ...     def select(self, t, x, rng):
    ...         return self.arm[0]
    ...     def update(self, t, x, a, y):
    ...         if y == 0:
    ...             self.arm[0] = (a + 1) % self.K
    >>> class WinStay(bk.Learner):
    ...     def start(self, spec, horizon):
    ...         return WinStayPolicy(np.zeros(1, dtype=np.int64), spec.K)
    >>> players = [WinStay(), bk.Uniform()]
    >>> result = bk.simulate(bk.Bernoulli((0.1, 0.9)), players, horizon=1000, seed=0)
    >>> bool(result.mean()[0, -1] < result.mean()[1, -1])
    True
    """

    accepts: ClassVar[Feedback] = Feedback.BANDIT
    costs: ClassVar[bool] = False  # is `update` told costs, or rewards?
    unit_range: ClassVar[bool] = False  # does the formula need rewards (or costs) in [0, 1]?
    plays: ClassVar[tuple[type, ...]] = (Arms,)  # the specs that it was made for

    @abstractmethod
    def start(self, spec: Any, horizon: int) -> Any:
        """Return the policy that will play: a NamedTuple with the verbs of a policy.

        Parameters
        ----------
        spec
            What the learner is told about the problem.
        horizon
            Number of rounds T.
        """

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if this learner can't play `problem`."""
        name, theirs = type(self).__name__, type(problem).__name__
        if problem.feedback is not self.accepts:
            raise ValueError(
                f"{name} learns from {self.accepts} feedback ({self.accepts.meaning}), but "
                f"{theirs} gives {problem.feedback} feedback ({problem.feedback.meaning})"
                f"{self._remedy(problem)}"
            )
        spec = problem.spec
        if type(spec) not in self.plays and not self._looks_away(spec):
            wanted = self.plays[0]
            shown, such_as = SHOWS.get(wanted, (wanted.__name__, f"one whose spec is {wanted!r}"))
            raise ValueError(
                f"{name} learns from {shown}, which {theirs} does not show - "
                f"play it on a problem such as {such_as}"
            )
        what = "costs" if spec.costs else "rewards"
        if self.unit_range and not (spec.lowest >= 0.0 and spec.highest <= 1.0):
            hint = ", or use UCB1" if self.accepts is Feedback.BANDIT else ""
            raise ValueError(
                f"{name} needs {what} in [0, 1]; those of {theirs} lie in "
                f"[{spec.lowest:g}, {spec.highest:g}] - rescale them{hint}"
            )

    def _looks_away(self, spec: Any) -> bool:
        """Tell whether it was made for plainer problems, and can ignore what else there is."""
        if Budgeted in self.plays:
            return isinstance(spec, BudgetedFeatures)
        steps = self.accepts is Feedback.STEP and isinstance(spec, Tabular)
        return Arms in self.plays and (getattr(spec, "K", 0) > 0 or steps)

    def _remedy(self, problem: Problem) -> str:
        """Return what to do where one side speaks of budgets and the other does not."""
        if self.accepts is Feedback.PURCHASE:
            return " - play a problem with budgets, such as Knapsack"
        if problem.feedback is not Feedback.PURCHASE:
            return ""
        if self.accepts is Feedback.BANDIT and Arms in self.plays:
            return f" - play LagrangeBwK({self!r}), or RewardOnly({self!r}) to spend blindly"
        able = "LinearBwK" if isinstance(problem.spec, BudgetedFeatures) else "UcbBwK"
        return f" - play a learner that minds budgets, such as {able}"
