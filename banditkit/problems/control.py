"""Problems of control with the dynamics of Gymnasium, where states are arrays of numbers."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import flag, number, whole
from banditkit.core.description import Problem
from banditkit.core.feedback import Feedback, Step
from banditkit.core.jit import jit_helper, jit_inline
from banditkit.core.spec import Box, NoSuchArm

__all__ = ["CartPole", "MountainCar"]

# The car, as Gymnasium has it: places and speeds, a step being the unit of time.
_LEFT, _RIGHT, _GOAL = -1.2, 0.6, 0.5
_TOP_SPEED, _PUSH, _SLOPE = 0.07, 0.001, 0.0025

# The pole, as Gymnasium has it: metres, kilogrammes, seconds, newtons, radians.
_GRAVITY, _CART, _POLE, _HALF_LENGTH, _FORCE, _TICK = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
_TRACK, _TILT = 2.4, 12 * 2 * math.pi / 360


@dataclass(frozen=True)
class _Control(Problem):
    """What the car and the pole have in common."""

    gamma: float = 0.99
    limit: int = 200
    feedback: ClassVar[Feedback] = Feedback.STEP

    def __post_init__(self) -> None:
        self._set(
            gamma=number("gamma", self.gamma, low=0.0, high=1.0),
            limit=whole("limit", self.limit, least=1),
        )


@jit_inline
def within(low, high, rng):
    """Draw a number uniformly from [low, high): what NumPy's `uniform` draws."""
    return low + (high - low) * rng.random()


@jit_inline
def conclude(env, following, reward, terminal):
    """Move a record on to the next state, and return what the world answers."""
    for i in range(following.size):
        env.state[i] = following[i]
    env.age[0] += 1
    truncated = env.age[0] == env.limit and not terminal
    if terminal or truncated:
        env.age[0] = -1
    return Step(reward, following, terminal, truncated)


@jit_helper
def drive(position, velocity, a):
    """Return where the car is a step later, and how fast."""
    velocity += (a - 1) * _PUSH - _SLOPE * math.cos(3 * position)
    velocity = min(max(velocity, -_TOP_SPEED), _TOP_SPEED)
    position = min(max(position + velocity, _LEFT), _RIGHT)
    if position == _LEFT and velocity < 0:  # the wall stops it
        velocity = 0.0
    return position, velocity


@jit_helper
def steps_of_bang_bang(position, velocity, limit):
    """Return how long an episode is if the engine always pushes the way the car moves."""
    steps = 0
    while steps < limit:
        steps += 1
        position, velocity = drive(position, velocity, 2 if velocity >= 0 else 0)
        if position >= _GOAL and velocity >= 0:
            break
    return steps


class MountainCarEnv(NamedTuple):
    """The car, being driven."""

    state: np.ndarray  # (2,) position, velocity
    age: np.ndarray  # (1,) int64, steps of this episode; -1: a new episode has to start
    limit: int  # steps after which an episode is cut off
    sparse: bool  # is arriving paid, or does every step cost?

    def observe(self, t, rng):
        if self.age[0] < 0:
            self.state[0] = within(-0.6, -0.4, rng)
            self.state[1] = 0.0
            self.age[0] = 0
        return self.state.copy()

    def gap(self, t, x, a):
        if not 0 <= a < 3:
            raise NoSuchArm(t, a, 3)
        if self.age[0] > 0:
            return 1.0
        return 1.0 - steps_of_bang_bang(x[0], x[1], self.limit)

    def respond(self, t, x, a, rng):
        position, velocity = drive(x[0], x[1], a)
        terminal = position >= _GOAL and velocity >= 0
        reward = (1.0 if terminal else 0.0) if self.sparse else -1.0
        return conclude(self, np.array([position, velocity]), reward, terminal)


@dataclass(frozen=True, repr=False)
class MountainCar(_Control):
    """Drive a car out of a valley, up a slope that is too steep for its engine.

    The state is an array of position, in [-1.2, 0.6], and velocity, in [-0.07, 0.07].  The actions
    are 0 push to the left, 1 do nothing, 2 push to the right.  Every step costs 1: its reward is
    -1.  An episode starts at rest, at a place drawn uniformly from [-0.6, -0.4), and ends at 0.5,
    to the right.  It is MountainCar-v0 of Gymnasium, in double precision.

    Parameters
    ----------
    gamma : float, default 0.99
        What a reward of the next step is worth, in [0, 1].
    limit : int, default 200
        Steps after which an episode is cut off, 1 or more.
    sparse : bool, default False
        Whether the reward is 1 for the step that arrives and 0 for all others, as in the code of
        BARFI; regret counts steps in either case.

    Raises
    ------
    ValueError
        If a number leaves its range, or `sparse` is not True or False.

    Notes
    -----
    Optimal values are not known.  Regret of an episode is how many steps longer it takes than that
    of a rule that always pushes the way the car moves (to the right if it rests), from the same
    start and with the same limit: 1 in each step, less the steps of the rule in the first.  So it
    is right where an episode ends, and may be negative: the rule takes 113 to 125 steps, 119.4 on
    average, and there are better ones.

    References
    ----------
    Moore (1990), *Efficient memory-based learning for robot control*; Sutton & Barto (2018),
    Example 10.1; Towers et al. (2024), "Gymnasium", arXiv 2407.17032.

    Examples
    --------
    >>> import numpy as np
    >>> import banditkit as bk
    >>> rng = np.random.default_rng(0)
    >>> env = bk.MountainCar().start(200, rng)
    >>> x = env.observe(0, rng)
    >>> env.respond(0, x, 2, rng).state.round(3)
    array([-0.472,  0.001])
    """

    sparse: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(sparse=flag("sparse", self.sparse))

    @property
    def spec(self) -> Box:
        """The box of the states, the number of actions, gamma, and the range of rewards."""
        low, high = (_LEFT, -_TOP_SPEED), (_RIGHT, _TOP_SPEED)
        lowest, highest = (0.0, 1.0) if self.sparse else (-1.0, -1.0)
        return Box(low, high, 3, self.gamma, lowest, highest)

    def start(self, horizon: int, rng: np.random.Generator) -> MountainCarEnv:
        """Return the car being driven; see `Problem.start`."""
        return MountainCarEnv(np.zeros(2), np.full(1, -1), self.limit, self.sparse)


@jit_helper
def balance(x, a):
    """Return place, velocity, angle and angular velocity a step later."""
    place, velocity, angle, spin = x[0], x[1], x[2], x[3]
    total = _CART + _POLE
    moment = _POLE * _HALF_LENGTH
    cosine, sine = math.cos(angle), math.sin(angle)
    force = _FORCE if a == 1 else -_FORCE
    push = (force + moment * (spin * spin) * sine) / total
    spin_up = (_GRAVITY * sine - cosine * push) / (
        _HALF_LENGTH * (4.0 / 3.0 - _POLE * (cosine * cosine) / total)
    )
    speed_up = push - moment * spin_up * cosine / total
    return (
        place + _TICK * velocity,
        velocity + _TICK * speed_up,
        angle + _TICK * spin,
        spin + _TICK * spin_up,
    )


@jit_inline
def fallen(state):
    """Tell whether the cart has left the track, or the pole leans too far."""
    return abs(state[0]) > _TRACK or abs(state[2]) > _TILT


class CartPoleEnv(NamedTuple):
    """The pole, being balanced."""

    state: np.ndarray  # (4,) place, velocity, angle, angular velocity
    age: np.ndarray  # (1,) int64, steps of this episode; -1: a new episode has to start
    limit: int  # steps after which an episode is cut off

    def observe(self, t, rng):
        if self.age[0] < 0:
            for i in range(4):
                self.state[i] = within(-0.05, 0.05, rng)
            self.age[0] = 0
        return self.state.copy()

    def gap(self, t, x, a):
        if not 0 <= a < 2:
            raise NoSuchArm(t, a, 2)
        if fallen(balance(x, a)):
            return 1.0 * (self.limit - (self.age[0] + 1))
        return 0.0

    def respond(self, t, x, a, rng):
        following = np.array(balance(x, a))
        return conclude(self, following, 1.0, fallen(following))


@dataclass(frozen=True, repr=False)
class CartPole(_Control):
    """Balance a pole on a cart, by pushing the cart to and fro.

    The state is an array of four numbers: the place of the cart in metres, its velocity, the angle
    of the pole in radians, its angular velocity.  The actions are 0 push to the left and 1 push to
    the right.  Every step is paid 1, the last one included.  An episode starts with four numbers
    drawn uniformly from [-0.05, 0.05), and ends when the cart is more than 2.4 metres from the
    middle or the pole leans by more than 12 degrees.  It is CartPole-v1 of Gymnasium, with the
    state shown in double precision.

    Parameters
    ----------
    gamma : float, default 0.99
        What a reward of the next step is worth, in [0, 1].
    limit : int, default 500
        Steps after which an episode is cut off, 1 or more.

    Raises
    ------
    ValueError
        If a number leaves its range.

    Notes
    -----
    Regret is against never falling: where the pole falls in step n of an episode it is the
    ``limit - n`` steps that are missed, and in every other step it is 0.

    References
    ----------
    Barto, Sutton & Anderson (1983), "Neuronlike adaptive elements that can solve difficult learning
    control problems"; Florian (2005), "Correct equations for the dynamics of the cart-pole system";
    Towers et al. (2024), "Gymnasium", arXiv 2407.17032.

    Examples
    --------
    >>> import numpy as np
    >>> import banditkit as bk
    >>> rng = np.random.default_rng(0)
    >>> env = bk.CartPole().start(500, rng)
    >>> x = env.observe(0, rng)
    >>> x.round(3)
    array([ 0.014, -0.023, -0.046, -0.048])
    >>> env.respond(0, x, 1, rng).state.round(3)
    array([ 0.013,  0.173, -0.047, -0.355])
    """

    limit: int = 500

    @property
    def spec(self) -> Box:
        """The box of the states, the number of actions, gamma, and the range of rewards.

        The box is twice as wide as what counts as upright, so that the pole falls within it.
        """
        high = (2 * _TRACK, math.inf, 2 * _TILT, math.inf)
        low = (-2 * _TRACK, -math.inf, -2 * _TILT, -math.inf)
        return Box(low, high, 2, self.gamma, lowest=1.0, highest=1.0)

    def start(self, horizon: int, rng: np.random.Generator) -> CartPoleEnv:
        """Return the pole being balanced; see `Problem.start`."""
        return CartPoleEnv(np.zeros(4), np.full(1, -1), self.limit)
