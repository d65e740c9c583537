"""An open field to walk across, with a designer's advice beside it: the GridWorld of BARFI."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core import planning
from banditkit.core.checks import flag, number, one_of, whole
from banditkit.core.description import Problem
from banditkit.core.draws import draw_index
from banditkit.core.feedback import AidedStep, Feedback
from banditkit.core.jit import jit_helper
from banditkit.core.planning import Model, Solution
from banditkit.core.spec import Box, NoSuchArm
from banditkit.problems.control import conclude
from banditkit.problems.mdp import model_from_lists
from banditkit.problems.worlds import slippery

__all__ = ["OpenField"]

# Places are numbers in [0, 1] along both axes; a step is that many strides.
_START, _STRIDE, _STRIDES = 0.125, 0.045, 4
_NEAR, _FAR = 0.75, 0.99  # the goal
_INNER, _OUTER, _TOLL = 0.4, 0.6, 50.0  # the middle, and what bad advice pays for being there
_CENTRE = (_NEAR + _FAR) / 2
_COST, _PRIZE = 0.1, 100.0

# A walk begins at _START, and a stride is taken or not: so nobody leaves these places, 22 along
# each axis, the lowest of which is two strides below the start.
_LOWEST, _PLACES = _START - 2 * _STRIDE, 22

# The heuristics by number; the last is what "good" is if it is mended.
_HEURISTICS = ("none", "bad", "good")
_BAD, _GOOD, _MENDED = 1, 2, 3


@jit_helper
def praise(heuristic, x, y):
    """Return what a heuristic pays for a stride that leads to a place."""
    if heuristic == _BAD:
        return _TOLL if _INNER <= x <= _OUTER and _INNER <= y <= _OUTER else 0.0
    if heuristic == _GOOD:  # as released: in place of y stands the lower edge of the goal
        return -((x - _CENTRE) ** 2 + (_NEAR - _CENTRE) ** 2)
    if heuristic == _MENDED:
        return -((x - _CENTRE) ** 2 + (y - _CENTRE) ** 2)
    return 0.0


@jit_helper
def walk(x, y, a, heuristic):
    """Return where a step leads, whether that is the goal, and what the heuristic pays."""
    right, up = (a == 1) - (a == 3), (a == 0) - (a == 2)
    paid = 0.0
    for _ in range(_STRIDES):
        later_x, later_y = x + _STRIDE * right, y + _STRIDE * up
        if not (0.0 <= later_x <= 1.0 and 0.0 <= later_y <= 1.0):
            break
        x, y = later_x, later_y
        if _NEAR <= x <= _FAR and _NEAR <= y <= _FAR:
            return x, y, True, 0.0
        paid += praise(heuristic, x, y)
    return x, y, False, paid


@jit_helper
def place(x):
    """Return the number of a place along an axis, or of the nearest one."""
    return min(max(math.floor((x - _LOWEST) / _STRIDE + 0.5), 0), _PLACES - 1)


class OpenFieldEnv(NamedTuple):
    """The field, being walked on."""

    gaps: np.ndarray  # (places, places, 4)
    state: np.ndarray  # (2,) x, y
    age: np.ndarray  # (1,) int64, steps of this episode; -1: a new episode has to start
    slip: float
    limit: int  # steps after which an episode is cut off
    heuristic: int

    def observe(self, t, rng):
        if self.age[0] < 0:
            self.state[:] = _START
            self.age[0] = 0
        return self.state.copy()

    def gap(self, t, x, a):
        if not 0 <= a < 4:
            raise NoSuchArm(t, a, 4)
        return self.gaps[place(x[0]), place(x[1]), a]

    def respond(self, t, x, a, rng):
        taken = draw_index(4, rng) if rng.random() < self.slip else a
        later_x, later_y, terminal, paid = walk(x[0], x[1], taken, self.heuristic)
        reward = _PRIZE - _COST if terminal else -_COST
        y = conclude(self, np.array([later_x, later_y]), reward, terminal)
        return AidedStep(y.reward, y.state, y.terminal, y.truncated, paid)


@dataclass(frozen=True, repr=False)
class OpenField(Problem):
    """Walk across an open field to a goal, with advice on the way that is good or bad.

    The state is an array of x and y, both in [0, 1].  An episode starts at (0.125, 0.125) and ends
    in the box [0.75, 0.99] x [0.75, 0.99].  The actions are 0 up (y grows), 1 right, 2 down,
    3 left; each goes four strides of 0.045, and stops at the goal, or before a stride that would
    lead out of the field.  Every step costs 0.1, also the one that reaches the goal, which is paid
    100 for that: 99.9 in all.  It is the GridWorld of BARFI.

    Parameters
    ----------
    heuristic : {"bad", "good", "none"}, default "bad"
        What the designer pays for each stride, summed over a step: 50 in the box
        [0.4, 0.6] x [0.4, 0.6] in the middle of the field; less the squared distance of the place
        from (0.87, 0.87), the middle of the goal; nothing.  A step that ends the episode is paid
        nothing.
    mended : bool, default False
        Whether the good heuristic is as intended.  In the code that was released with the paper it
        has the lower edge of the goal, 0.75, in place of y, and so looks at x alone.
    gamma : float, default 0.99
        What a reward of the next step is worth, in [0, 1].
    slip : float, default 0.1
        Probability that the action is drawn uniformly from all four, in [0, 1].
    limit : int, default 50
        Steps after which an episode is cut off, 1 or more.

    Raises
    ------
    ValueError
        If the heuristic is none of these, `mended` is not True or False, or a number leaves its
        range.

    See Also
    --------
    NaiveSum : what happens to who adds the heuristic to the reward.

    Notes
    -----
    Walks begin in one place and strides are equal, so that only 22 x 22 places can be reached:
    `model` is the finite MDP that they make, state ``22 i + j`` being the place i strides to the
    right and j above (0.035, 0.035), and `solution` has its optimal values.  Regret of a step is
    ``V* - Q*`` there, as it is of an `MDP`: exact, but for the limit, of which optimal values know
    nothing.

    References
    ----------
    Gupta, Chandak, Jordan, Thomas & da Silva (2023), "Behavior alignment via reward function
    optimization", NeurIPS, arXiv 2310.19007, and its code.

    Examples
    --------
    >>> import numpy as np
    >>> import banditkit as bk
    >>> rng = np.random.default_rng(0)
    >>> env = bk.OpenField(slip=0).start(50, rng)
    >>> for t, a in enumerate([0, 0, 1, 1]):
    ...     y = env.respond(t, env.observe(t, rng), a, rng)
    >>> y.state.round(3), y.reward, y.auxiliary  # on the loot in the middle
    (array([0.485, 0.485]), -0.1, 100.0)
    """

    feedback: ClassVar[Feedback] = Feedback.STEP
    aided: ClassVar[bool] = True
    heuristic: str = "bad"
    mended: bool = False
    gamma: float = 0.99
    slip: float = 0.1
    limit: int = 50

    def __post_init__(self) -> None:
        self._set(
            heuristic=one_of("heuristic", self.heuristic, _HEURISTICS),
            mended=flag("mended", self.mended),
            gamma=number("gamma", self.gamma, low=0.0, high=1.0),
            slip=number("slip", self.slip, low=0.0, high=1.0),
            limit=whole("limit", self.limit, least=1),
        )

    @property
    def spec(self) -> Box:
        """The box of the states, the number of actions, gamma, and the range of rewards."""
        return Box((0.0, 0.0), (1.0, 1.0), 4, self.gamma, -_COST, _PRIZE - _COST)

    @cached_property
    def model(self) -> Model:
        """The finite MDP of the places that can be reached."""
        along = [_LOWEST + k * _STRIDE for k in range(_PLACES)]
        outcomes, terminal = [], []
        for s, (x, y) in enumerate((x, y) for x in along for y in along):
            if x >= _NEAR and y >= _NEAR:
                terminal.append(s)
            moves = [walk(x, y, a, 0) for a in range(4)]
            reached = [
                (_PLACES * place(to_x) + place(to_y), (_PRIZE if ends else 0.0) - _COST)
                for to_x, to_y, ends, _ in moves
            ]
            outcomes.append(slippery(reached, self.slip))
        return model_from_lists(outcomes, terminal, self.gamma)

    @cached_property
    def solution(self) -> Solution:
        """Optimal values and policy of `model`, found once, exactly."""
        return planning.policy_iteration(self)

    def start(self, horizon: int, rng: np.random.Generator) -> OpenFieldEnv:
        """Return the field being walked on; see `Problem.start`."""
        gaps = np.maximum(0.0, self.solution.V[:, None] - self.solution.Q)
        mended = self.mended and self.heuristic == "good"
        heuristic = _MENDED if mended else _HEURISTICS.index(self.heuristic)
        grid = gaps.reshape(_PLACES, _PLACES, 4)
        return OpenFieldEnv(grid, np.zeros(2), np.full(1, -1), self.slip, self.limit, heuristic)
