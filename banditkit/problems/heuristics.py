"""Problems with a designer's heuristic, which pays something of its own beside the reward."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number, shorten
from banditkit.core.controllers import pd_action
from banditkit.core.description import Description, Problem
from banditkit.core.feedback import AidedStep, Feedback, Step
from banditkit.core.spec import Box, Tabular

__all__ = [
    "BangBang",
    "CarSpeed",
    "Heuristic",
    "HeuristicPotential",
    "NaiveSum",
    "PoleController",
    "PrimaryOnly",
    "WithHeuristic",
]


class Heuristic(Description):
    """What a designer pays for a step, well meant; subclass it for one of your own.

    `start` returns a NamedTuple with one method, ``advise(self, t, age, x, a, y)``: what it pays in
    round t for action a in state x, which was answered with the `Step` y, `age` steps after the
    beginning of the episode.  It is called once for each step, in their order; numbers that change
    are kept in arrays.

    See Also
    --------
    WithHeuristic : a problem with it; for numbered states it takes a table as well.

    Examples
    --------
    Keep the cart in the middle:

    >>> from typing import NamedTuple
    >>> import banditkit as bk
    >>> class MiddleOfTrack(NamedTuple):
    ...     weight: float
    ...     def advise(self, t, age, x, a, y):
    ...         return -self.weight * abs(y.state[0])
    >>> class Middle(bk.Heuristic):
    ...     def start(self, spec):
    ...         return MiddleOfTrack(1.0)
    >>> problem = bk.WithHeuristic(bk.CartPole(), Middle())
    """

    @abstractmethod
    def start(self, spec: Any) -> Any:
        """Return the record that is asked.

        Parameters
        ----------
        spec
            What is known of the problem.
        """


class PoleAdvice(NamedTuple):
    """State of `PoleController`."""

    P: float
    D: float
    agree: float
    differ: float
    before: np.ndarray  # (1,) the angle a step ago

    def advise(self, t, age, x, a, y):
        before = self.before[0] if age > 0 else x[2]
        self.before[0] = x[2]
        if y.terminal:
            return 0.0
        return self.agree if a == pd_action(self.P, self.D, x[2], before) else self.differ


@dataclass(frozen=True, repr=False)
class PoleController(Heuristic):
    """Pay for pushing the cart as a controller would, which looks at the angle of the pole.

    The controller pushes to the right if ``P angle + D (angle - the angle a step ago)`` is above 0,
    and to the left if not; in the first step of an episode the angle a step ago is that of now.
    The step with which the pole falls is paid 0.

    Parameters
    ----------
    P : float, default 0.1
        Weight of the angle, in radians.
    D : float, default 0.5
        Weight of its change in a step.
    agree : float, default 5
        What is paid for the action of the controller.
    differ : float, default -1
        What is paid for the other one.

    Raises
    ------
    ValueError
        If a number is not finite; in `start`, if the problem is not that of the pole.

    See Also
    --------
    PDController : a learner that does as the controller says.

    Notes
    -----
    These are the good heuristic for the pole of the code that was released with BARFI; its bad one
    is ``PoleController(agree=-5, differ=1)``.

    References
    ----------
    Gupta, Chandak, Jordan, Thomas & da Silva (2023), "Behavior alignment via reward function
    optimization", NeurIPS, arXiv 2310.19007, and its code.

    Examples
    --------
    >>> import banditkit as bk
    >>> problem = bk.WithHeuristic(bk.CartPole(), bk.PoleController())
    """

    P: float = 0.1
    D: float = 0.5
    agree: float = 5.0
    differ: float = -1.0

    def __post_init__(self) -> None:
        self._set(
            P=number("P", self.P),
            D=number("D", self.D),
            agree=number("agree", self.agree),
            differ=number("differ", self.differ),
        )

    def start(self, spec: Any) -> PoleAdvice:
        """Return the record that is asked; see `Heuristic.start`."""
        _check_box(self, spec, 4, 2, "CartPole")
        return PoleAdvice(self.P, self.D, self.agree, self.differ, np.zeros(1))


class BangBangAdvice(NamedTuple):
    """State of `BangBang`."""

    agree: float
    differ: float

    def advise(self, t, age, x, a, y):
        if y.terminal:
            return 0.0
        speed = y.state[1]
        return self.agree if (speed < 0 and a == 0) or (speed > 0 and a == 2) else self.differ


@dataclass(frozen=True, repr=False)
class BangBang(Heuristic):
    """Pay for pushing the car the way it moves, after the push.

    To the left if it moves to the left, to the right if it moves to the right; for whatever else is
    done, and if it rests, the other sum is paid.  The step that reaches the goal is paid 0.

    Parameters
    ----------
    agree : float, default 1
        What is paid for pushing the way the car moves.
    differ : float, default -1
        What is paid for the rest.

    Raises
    ------
    ValueError
        If a number is not finite; in `start`, if the problem is not that of the car.

    References
    ----------
    Gupta, Chandak, Jordan, Thomas & da Silva (2023), "Behavior alignment via reward function
    optimization", NeurIPS, arXiv 2310.19007, and its code, ``MCSenseSparseBangAux``.

    Examples
    --------
    >>> import banditkit as bk
    >>> problem = bk.WithHeuristic(bk.MountainCar(limit=2000), bk.BangBang())
    """

    agree: float = 1.0
    differ: float = -1.0

    def __post_init__(self) -> None:
        self._set(agree=number("agree", self.agree), differ=number("differ", self.differ))

    def start(self, spec: Any) -> BangBangAdvice:
        """Return the record that is asked; see `Heuristic.start`."""
        _check_box(self, spec, 2, 3, "MountainCar")
        return BangBangAdvice(self.agree, self.differ)


class CarSpeedAdvice(NamedTuple):
    """State of `CarSpeed`."""

    scale: float

    def advise(self, t, age, x, a, y):
        return 0.0 if y.terminal else self.scale * abs(y.state[1])


@dataclass(frozen=True, repr=False)
class CarSpeed(Heuristic):
    """Pay the car for its speed after the step; the step that reaches the goal is paid 0.

    Parameters
    ----------
    scale : float, default 10
        What a speed of 1 is paid; the car goes 0.07 at most.

    Raises
    ------
    ValueError
        If `scale` is not finite; in `start`, if the problem is not that of the car.

    References
    ----------
    Gupta, Chandak, Jordan, Thomas & da Silva (2023), "Behavior alignment via reward function
    optimization", NeurIPS, arXiv 2310.19007, and its code.

    Examples
    --------
    >>> import banditkit as bk
    >>> problem = bk.WithHeuristic(bk.MountainCar(limit=2000), bk.CarSpeed())
    """

    scale: float = 10.0

    def __post_init__(self) -> None:
        self._set(scale=number("scale", self.scale))

    def start(self, spec: Any) -> CarSpeedAdvice:
        """Return the record that is asked; see `Heuristic.start`."""
        _check_box(self, spec, 2, 3, "MountainCar")
        return CarSpeedAdvice(self.scale)


def _check_box(heuristic: Heuristic, spec: Any, d: int, A: int, name: str) -> None:
    """Raise a ValueError if a heuristic that knows what numbers mean meets a problem of others."""
    if not isinstance(spec, Box) or (len(spec.low), spec.A) != (d, A):
        raise ValueError(
            f"{type(heuristic).__name__} is for {name}(), whose states are {d} numbers, with {A} "
            "actions - for another problem write a Heuristic of your own"
        )


class TableAdvice(NamedTuple):
    """A heuristic that is a table."""

    values: np.ndarray  # (S, A, S), or (S, A, 1) where the next state does not matter

    def advise(self, t, age, x, a, y):
        return self.values[x, a, y.state if self.values.shape[2] > 1 else 0]


class AidedEnv(NamedTuple):
    """Something with steps being played, with a heuristic beside it; its gaps are its own."""

    env: Any
    heuristic: Any
    age: np.ndarray  # (1,) int64, steps of this episode

    def observe(self, t, rng):
        return self.env.observe(t, rng)

    def gap(self, t, x, a):
        return self.env.gap(t, x, a)

    def respond(self, t, x, a, rng):
        y = self.env.respond(t, x, a, rng)
        paid = self.heuristic.advise(t, self.age[0], x, a, y)
        self.age[0] = 0 if y.terminal or y.truncated else self.age[0] + 1
        return AidedStep(y.reward, y.state, y.terminal, y.truncated, paid)

    def earned(self, y):
        return self.env.earned(y)

    def done(self):
        return self.env.done()


@dataclass(frozen=True, repr=False)
class WithHeuristic(Problem):
    """A problem with steps and a designer's heuristic, which pays something of its own beside it.

    It answers with an `AidedStep`: the step of the problem inside, its reward included, and what
    the heuristic pays.  What a learner makes of it is its own business: most look at the reward
    alone; the wrappers below mix the two.  Regret stays that of the problem inside.

    Parameters
    ----------
    problem : Problem
        An MDP, finite or not: whatever answers with a step.  If it has a heuristic, this one takes
        its place.
    heuristic : Heuristic, or array of float, shape (S, A) or (S, A, S)
        What is paid; as a table, for each action in each numbered state, or for each next state,
        too.

    Raises
    ------
    ValueError
        If `problem` is no MDP, or the heuristic does not fit it, or is a table with another shape
        or with numbers that are not finite.

    See Also
    --------
    NaiveSum : add it to the reward.
    HeuristicPotential : make a potential of it.

    Examples
    --------
    >>> import numpy as np
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S.G")
    >>> problem = bk.WithHeuristic(grid, grid.favour("right"))
    >>> rng = np.random.default_rng(0)
    >>> env = problem.start(10, rng)
    >>> env.respond(0, env.observe(0, rng), 1, rng).auxiliary
    np.float64(1.0)
    """

    feedback: ClassVar[Feedback] = Feedback.STEP
    aided: ClassVar[bool] = True
    problem: Problem
    heuristic: Any

    def __post_init__(self) -> None:
        if not isinstance(self.problem, Problem) or self.problem.feedback is not Feedback.STEP:
            raise ValueError(
                f"WithHeuristic needs an MDP, as in GridWorld('S.G'); got {self.problem!r}"
            )
        if not isinstance(self.heuristic, Heuristic):
            self._set(heuristic=_checked_table(self.heuristic, self.problem.spec))
        elif not callable(getattr(self._record(), "advise", None)):  # a fault should show now
            raise ValueError(
                f"{self.heuristic!r}: start must return a NamedTuple with a method "
                "advise(self, t, age, x, a, y)"
            )

    def _record(self) -> Any:
        """Return the record of the heuristic, before the first step."""
        if isinstance(self.heuristic, Heuristic):
            return self.heuristic.start(self.problem.spec)
        values = np.array(self.heuristic)
        return TableAdvice(values if values.ndim == 3 else values[:, :, None])

    @property
    def spec(self) -> Any:
        """That of the problem inside."""
        return self.problem.spec

    def check_horizon(self, horizon: int) -> None:
        """Raise a ValueError if the problem inside can't be played for so many rounds."""
        self.problem.check_horizon(horizon)

    def start(self, horizon: int, rng: np.random.Generator) -> AidedEnv:
        """Return the problem being played; see `Problem.start`."""
        env = self.problem.start(horizon, rng)
        return AidedEnv(env, self._record(), np.zeros(1, dtype=np.int64))


def _checked_table(values: Any, spec: Any) -> tuple[Any, ...]:
    """Return a table of what is paid as tuples of tuples."""
    if not isinstance(spec, Tabular):
        raise ValueError(
            "heuristic must be a Heuristic, as in PoleController(): only numbered states have a "
            f"table; got {shorten(repr(values))}"
        )
    try:
        array = np.asarray(values)
    except ValueError:  # ragged rows
        array = np.zeros(0)
    S, A = spec.S, spec.A
    if array.dtype.kind not in "iuf" or array.shape not in ((S, A), (S, A, S)):
        raise ValueError(
            f"heuristic must be a Heuristic, or a table of numbers of shape ({S}, {A}) or "
            f"({S}, {A}, {S}); got {shorten(repr(values))}"
        )
    if not np.isfinite(array).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(
            f"heuristic must be finite; state {at[0]}, action {at[1]} has {float(array[at])!r}"
        )
    return _as_tuples(array.astype(float).tolist())


def _as_tuples(rows: Any) -> Any:
    return tuple(map(_as_tuples, rows)) if isinstance(rows, list) else rows


@dataclass(frozen=True)
class _Mixed(Problem):
    """What answers with a plain step, made of an aided one."""

    feedback: ClassVar[Feedback] = Feedback.STEP
    problem: Problem

    def __post_init__(self) -> None:
        if not isinstance(self.problem, Problem) or not self.problem.aided:
            name = type(self).__name__
            raise ValueError(
                f"{name} needs a problem with a heuristic, as in {name}(OpenField()) or "
                f"{name}(WithHeuristic(CartPole(), PoleController())); got {self.problem!r}"
            )

    @property
    def spec(self) -> Any:
        """That of the problem inside, but for the range of rewards, which nobody knows."""
        return self.problem.spec._replace(lowest=-np.inf, highest=np.inf)

    def check_horizon(self, horizon: int) -> None:
        """Raise a ValueError if the problem inside can't be played for so many rounds."""
        self.problem.check_horizon(horizon)


class SummedEnv(NamedTuple):
    """An aided problem being played, with what the heuristic pays added to the reward."""

    env: Any
    weight: float
    plain: np.ndarray  # (1,) the reward without the heuristic

    def observe(self, t, rng):
        return self.env.observe(t, rng)

    def gap(self, t, x, a):
        return self.env.gap(t, x, a)

    def respond(self, t, x, a, rng):
        y = self.env.respond(t, x, a, rng)
        self.plain[0] = self.env.earned(y)
        reward = y.reward
        if self.weight != 0.0:  # 0 times what is no number would be heard
            reward += self.weight * y.auxiliary
        return Step(reward, y.state, y.terminal, y.truncated)

    def earned(self, y):
        return self.plain[0]

    def done(self):
        return self.env.done()


@dataclass(frozen=True, repr=False)
class NaiveSum(_Mixed):
    """A problem whose heuristic is simply added to the reward: how not to do it.

    Where the heuristic is bad, what is best for the sum may be worthless.  Regret stays that of the
    problem inside, and so do the rewards that count.

    Parameters
    ----------
    problem : Problem
        A problem with a heuristic.
    weight : float, default 1
        What a unit of the heuristic counts.

    Raises
    ------
    ValueError
        If `problem` has no heuristic, or `weight` is not finite.

    See Also
    --------
    NaiveBonus : the same for a finite MDP and a table, with exact values.

    Examples
    --------
    >>> import banditkit as bk
    >>> trials = bk.Episodes(bk.NaiveSum(bk.OpenField()), 300)
    >>> learner = bk.Reinforce(rate=0.001, critic_rate=0.01)
    >>> result = bk.simulate(trials, [learner], horizon=15_000, replications=5, seed=0)
    >>> bool(result.logs["return"][..., -100:].mean() < 0)  # it stays in the middle of the field
    True
    """

    weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(weight=number("weight", self.weight))

    def start(self, horizon: int, rng: np.random.Generator) -> SummedEnv:
        """Return the problem being played; see `Problem.start`."""
        return SummedEnv(self.problem.start(horizon, rng), self.weight, np.zeros(1))


@dataclass(frozen=True, repr=False)
class PrimaryOnly(_Mixed):
    """A problem whose heuristic nobody hears: its steps are plain ones.

    Parameters
    ----------
    problem : Problem
        A problem with a heuristic.

    Raises
    ------
    ValueError
        If `problem` has no heuristic.

    Examples
    --------
    >>> import numpy as np
    >>> import banditkit as bk
    >>> rng = np.random.default_rng(0)
    >>> env = bk.PrimaryOnly(bk.OpenField()).start(10, rng)
    >>> type(env.respond(0, env.observe(0, rng), 1, rng)).__name__
    'Step'
    """

    @property
    def spec(self) -> Any:
        """That of the problem inside."""
        return self.problem.spec

    def start(self, horizon: int, rng: np.random.Generator) -> SummedEnv:
        """Return the problem being played; see `Problem.start`."""
        return SummedEnv(self.problem.start(horizon, rng), 0.0, np.zeros(1))


class HeuristicPotentialEnv(NamedTuple):
    """An aided problem being played, shaped by what the heuristic paid for getting here."""

    env: Any
    gamma: float
    held: np.ndarray  # (1,) what the heuristic paid for the step before; 0 where an episode begins
    plain: np.ndarray  # (1,) the reward without the shaping

    def observe(self, t, rng):
        return self.env.observe(t, rng)

    def gap(self, t, x, a):
        return self.env.gap(t, x, a)

    def respond(self, t, x, a, rng):
        y = self.env.respond(t, x, a, rng)
        self.plain[0] = self.env.earned(y)
        later = 0.0 if y.terminal else 1.0 * y.auxiliary
        reward = y.reward + self.gamma * later - self.held[0]
        self.held[0] = 0.0 if y.truncated else later
        return Step(reward, y.state, y.terminal, y.truncated)

    def earned(self, y):
        return self.plain[0]

    def done(self):
        return self.env.done()


@dataclass(frozen=True, repr=False)
class HeuristicPotential(_Mixed):
    """A problem shaped by a potential that its heuristic makes: what it paid for getting here.

    The potential of a state, on entering it, is what the heuristic paid for the step that led
    there; it is 0 where an episode starts, and where it has ended.  So step t is paid
    ``r_t + gamma h_t - h_{t-1}``, with h_t what the heuristic pays for it, and the return from step
    t on is that of the rewards alone less ``h_{t-1}``: as little can be won by the heuristic as by
    any potential.  Regret stays that of the problem inside.

    Parameters
    ----------
    problem : Problem
        A problem with a heuristic.

    Raises
    ------
    ValueError
        If `problem` has no heuristic.

    See Also
    --------
    HeuristicBaseline : what the code of BARFI calls the potential of its heuristic.

    Notes
    -----
    What is paid depends on the step before, so this is no MDP in the states alone; it is a dynamic
    potential of what has happened so far, which no action can change any more when it is chosen.
    In the code that was released with BARFI the potential of a state is ``h_t``, what is paid for
    the step to be taken there, and the return from step t on becomes ``G_t - h_t``.  No problem can
    answer so, as the next action is not known yet; and where the heuristic looks at the action
    (`PoleController`, `BangBang`) that is no potential either: h_t depends on the very action whose
    preference it moves, and the expected gradient changes, to the disadvantage of the actions that
    the heuristic recommends.

    References
    ----------
    Devlin & Kudenko (2012), "Dynamic potential-based reward shaping"; Gupta, Chandak, Jordan,
    Thomas & da Silva (2023), arXiv 2310.19007, and its code.

    Examples
    --------
    >>> import banditkit as bk
    >>> trials = bk.Episodes(bk.HeuristicPotential(bk.OpenField()), 300)
    >>> learner = bk.Reinforce(rate=0.001, critic_rate=0.01)
    >>> result = bk.simulate(trials, [learner], horizon=15_000, replications=5, seed=0)
    >>> bool(result.logs["return"][..., -100:].mean() > 80)
    True
    """

    def start(self, horizon: int, rng: np.random.Generator) -> HeuristicPotentialEnv:
        """Return the problem being played; see `Problem.start`."""
        env = self.problem.start(horizon, rng)
        return HeuristicPotentialEnv(env, self.spec.gamma, np.zeros(1), np.zeros(1))
