"""Learners in finite MDPs: a table of values (Part II)."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number, numbers
from banditkit.core.description import Learner, Problem
from banditkit.core.draws import draw_index
from banditkit.core.feedback import Feedback
from banditkit.core.jit import jit_inline
from banditkit.core.spec import Tabular

__all__ = ["QLearning"]

_TIE = 1e-9  # values nearer than this are equal: rounding must not decide


@jit_inline
def best_action(Q, s):
    """Return the first of the best actions in state s, up to rounding."""
    best = 0
    for a in range(1, Q.shape[1]):
        if Q[s, a] > Q[s, best] + _TIE:
            best = a
    return best


class QLearningPolicy(NamedTuple):
    """State of `QLearning`."""

    Q: np.ndarray  # (S, A)
    rate: float  # alpha
    epsilon: float
    gamma: float

    def select(self, t, x, rng):
        if rng.random() < self.epsilon:
            return draw_index(self.Q.shape[1], rng)
        return best_action(self.Q, x)

    def update(self, t, x, a, y):
        target = y.reward
        if not y.terminal:  # where an episode is only cut off, more would have come
            best = self.Q[y.state, 0]
            for b in range(1, self.Q.shape[1]):
                best = max(best, self.Q[y.state, b])
            target += self.gamma * best
        self.Q[x, a] += self.rate * (target - self.Q[x, a])


@dataclass(frozen=True, repr=False)
class QLearning(Learner):
    r"""Move the value of each step towards the reward plus the best value of the next state.

    ``Q(s, a) += rate * (r + gamma max_b Q(s', b) - Q(s, a))``; the value of a terminal state is 0,
    and an episode that is only cut off is taken to go on.  Actions are drawn epsilon-greedily; of
    equal values, up to 1e-9, the first wins.

    Parameters
    ----------
    rate : float, default 0.1
        alpha, in [0, 1].
    epsilon : float, default 0.1
        Probability of a random action, in [0, 1].
    initial : float or sequence of float, shape (S,), default 0
        Value of every pair at the beginning, or of every pair of each state: a large one makes it
        try everything, and a potential does what `Shaped` does.

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    References
    ----------
    Watkins & Dayan (1992), "Q-learning"; Sutton & Barto (2018), section 6.5.

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S..\n.#.\n..G", gamma=0.9)
    >>> result = bk.simulate(grid, [bk.QLearning(initial=1.0)], horizon=5000, seed=0)
    >>> bool(result.mean()[0, -1] < 5000 * 0.1)
    True
    """

    rate: float = 0.1
    epsilon: float = 0.1
    initial: float | tuple[float, ...] = 0.0
    accepts: ClassVar[Feedback] = Feedback.STEP
    plays: ClassVar[tuple[type, ...]] = (Tabular,)

    def __post_init__(self) -> None:
        self._set(
            rate=number("rate", self.rate, low=0.0, high=1.0),
            epsilon=number("epsilon", self.epsilon, low=0.0, high=1.0),
        )
        if np.ndim(self.initial) == 1:
            self._set(initial=numbers("initial", self.initial))
        else:
            self._set(initial=number("initial", self.initial))

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        super().check(problem)
        size, S = np.size(self.initial), problem.spec.S
        if np.ndim(self.initial) == 1 and size != S:
            raise ValueError(f"initial needs a number for each of the {S} states; got {size}")

    def start(self, spec: Tabular, horizon: int) -> QLearningPolicy:
        """Return the policy; see `Learner.start`."""
        initial = np.broadcast_to(np.array(self.initial), (spec.S,))
        Q = np.repeat(initial[:, None], spec.A, axis=1)
        return QLearningPolicy(Q, self.rate, self.epsilon, spec.gamma)
