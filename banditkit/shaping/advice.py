"""Advice on actions: what a learner is told, or paid, for doing as somebody says.

Some advice is part of the problem: it is paid on top (`NaiveBonus`, which may change what is best)
or paid and taken back (`LookBack`).  The rest needs the next action, or the learner's own values,
and stands around a learner: `LookAhead`, `DPBA`, `PIES`, `BSRS`, `QInit`.
"""

from abc import abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import flag, number, numbers, table
from banditkit.core.description import Learner, Problem
from banditkit.core.feedback import Feedback, Step
from banditkit.core.jit import jit_inline
from banditkit.core.spec import Tabular
from banditkit.learners.actor import advised
from banditkit.learners.schedules import Course, LinearDecay, Schedule, course_of, scheduled
from banditkit.learners.td import TabularLearner
from banditkit.problems.mdp import FiniteMDP
from banditkit.shaping.potential import RewardedMDP, matching_gamma

__all__ = ["BSRS", "DPBA", "PIES", "LookAhead", "LookBack", "NaiveBonus", "QInit"]


def per_pair(name: str, values: Any, spec: Tabular | None = None) -> tuple[tuple[float, ...], ...]:
    """Return a checked table with a row for each state and a column for each action."""
    checked = table(name, values, "state", "action")
    if spec is not None and (len(checked), len(checked[0])) != (spec.S, spec.A):
        raise ValueError(
            f"{name} must have a row for each of {spec.S} states and a column for each of "
            f"{spec.A} actions; got {len(checked)} rows of {len(checked[0])}"
        )
    return checked


class BonusEnv(NamedTuple):
    """An MDP being played with a bonus on some actions; its gaps are its own."""

    env: Any
    bonus: np.ndarray  # (S, A)
    plain: np.ndarray  # (1,) the reward without the bonus

    def observe(self, t, rng):
        return self.env.observe(t, rng)

    def gap(self, t, x, a):
        return self.env.gap(t, x, a)

    def respond(self, t, x, a, rng):
        y = self.env.respond(t, x, a, rng)
        self.plain[0] = self.env.earned(y)
        return Step(y.reward + self.bonus[x, a], y.state, y.terminal, y.truncated)

    def earned(self, y):
        return self.plain[0]

    def done(self):
        return self.env.done()


@dataclass(frozen=True, repr=False)
class NaiveBonus(RewardedMDP):
    """An MDP that pays a bonus for some actions, and never takes it back: how not to do it.

    The bonus is no potential: where it can be earned again and again, the best policy may be to do
    just that (a bicycle that rides in circles).  Regret stays that of the MDP inside; `solution`
    is that of the MDP with the bonus.

    Parameters
    ----------
    problem : FiniteMDP
        The MDP to add to.
    bonus : array of float, shape (S, A)
        What is paid on top for each action in each state.

    Raises
    ------
    ValueError
        If `problem` is not a finite MDP, or the bonus has another shape or is not finite.

    References
    ----------
    Randløv & Alstrøm (1998); Harutyunyan, Devlin, Vrancx & Nowé (2015), whose grid it makes worse
    with time.

    Examples
    --------
    >>> import banditkit as bk
    >>> row = bk.GridWorld("S.G", gamma=0.9)
    >>> paid = bk.NaiveBonus(row, [[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])  # 1 is right
    >>> row.solution.policy[1], paid.solution.policy[1]  # back to the start, again and again
    (np.int64(1), np.int64(3))
    """

    problem: FiniteMDP
    bonus: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        if not isinstance(self.problem, FiniteMDP):
            raise ValueError(f"NaiveBonus needs a finite MDP; got {self.problem!r}")
        self._set(bonus=per_pair("bonus", self.bonus, self.problem.spec))

    @property
    def added(self) -> np.ndarray:
        """The bonus of each transition, in the order of the model."""
        return np.repeat(np.ravel(self.bonus), np.diff(self.problem.model.first))

    def start(self, horizon: int, rng: np.random.Generator) -> Any:
        """Return the MDP being played; see `Problem.start`."""
        return BonusEnv(self.problem.start(horizon, rng), np.array(self.bonus), np.zeros(1))


class LookBackEnv(NamedTuple):
    """An MDP being played with look-back advice; its gaps are its own."""

    env: Any
    potential: np.ndarray  # (S, A)
    gamma: float
    before: np.ndarray  # (1,) Phi of the pair before; 0 in the first step of an episode
    plain: np.ndarray  # (1,) the reward without the advice

    def observe(self, t, rng):
        return self.env.observe(t, rng)

    def gap(self, t, x, a):
        return self.env.gap(t, x, a)

    def respond(self, t, x, a, rng):
        y = self.env.respond(t, x, a, rng)
        self.plain[0] = self.env.earned(y)
        now = self.potential[x, a]
        reward = y.reward + now - self.before[0] / self.gamma  # F = Phi(s, a) - Phi' / gamma
        self.before[0] = 0.0 if y.terminal or y.truncated else now
        return Step(reward, y.state, y.terminal, y.truncated)

    def earned(self, y):
        return self.plain[0]

    def done(self):
        return self.env.done()


@dataclass(frozen=True, repr=False)
class LookBack(Problem):
    """An MDP with look-back advice: ``F = Phi(s, a) - Phi(s', a') / gamma`` of the step before.

    Here (s', a') is the pair before; in the first step of an episode only ``Phi(s, a)`` is paid.
    An action is paid for as soon as it is taken, and it is taken back in the next step.  The reward
    depends on the step before, so this is no MDP in the states alone.  Regret stays that of the MDP
    inside.

    Parameters
    ----------
    problem : FiniteMDP
        The MDP to advise in.
    potential : array of float, shape (S, A)
        Phi, how good each action seems to the adviser.
    gamma : float, optional
        The gamma of the shaping, in (0, 1]; by default that of the MDP.
    mismatched : bool, default False
        Whether `gamma` may differ from that of the MDP.

    Raises
    ------
    ValueError
        If `problem` is not a finite MDP, the potential has another shape or is not finite, or gamma
        is 0, or differs from that of the MDP unasked.

    Notes
    -----
    The discounted sum over an episode that ends is ``gamma**n Phi`` of its last pair, n steps after
    the first: what was paid for the last action is never taken back, so let Phi be 0 for actions
    that may end an episode.
    Among learners from experience it is for those that learn of what they do, such as `Sarsa`.

    References
    ----------
    Wiewiora, Cottrell & Elkan (2003), "Principled methods for advising reinforcement learning
    agents".

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S...G", gamma=0.9)
    >>> advice = [[0, 1, 0, 0]] * 3 + [[0, 0, 0, 0]] * 2  # go right
    >>> result = bk.simulate(bk.LookBack(grid, advice), [bk.Sarsa()], horizon=1000, seed=0)
    """

    feedback: ClassVar[Feedback] = Feedback.STEP
    problem: FiniteMDP
    potential: tuple[tuple[float, ...], ...]
    gamma: float | None = None
    mismatched: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.problem, FiniteMDP):
            raise ValueError(f"LookBack needs a finite MDP; got {self.problem!r}")
        mismatched = flag("mismatched", self.mismatched)
        gamma = matching_gamma(self.gamma, self.problem.spec.gamma, mismatched)
        self._set(
            potential=per_pair("potential", self.potential, self.problem.spec),
            mismatched=mismatched,
            gamma=gamma,
        )
        if self._gamma == 0.0:
            raise ValueError("look-back advice divides by gamma, which must be above 0")

    @property
    def _gamma(self) -> float:
        return self.problem.spec.gamma if self.gamma is None else self.gamma

    @property
    def spec(self) -> Tabular:
        """That of the MDP inside, with room in the range of rewards for the advice."""
        spec, largest = self.problem.spec, float(np.abs(self.potential).max())
        most = largest * (1.0 + 1.0 / self._gamma)
        return spec._replace(lowest=spec.lowest - most, highest=spec.highest + most)

    def start(self, horizon: int, rng: np.random.Generator) -> LookBackEnv:
        """Return the MDP being played; see `Problem.start`."""
        env = self.problem.start(horizon, rng)
        return LookBackEnv(env, np.array(self.potential), self._gamma, np.zeros(1), np.zeros(1))


class AdvisedLearner(Learner):
    """A learner that is advised: a subclass has a field `learner` and makes the `advice`."""

    accepts: ClassVar[Feedback] = Feedback.STEP
    plays: ClassVar[tuple[type, ...]] = (Tabular,)
    learner: Any

    @abstractmethod
    def advice(self, spec: Tabular) -> Any:
        """Return the record with the verbs ``lean`` and ``reshape``."""

    def __post_init__(self) -> None:
        takes_advice = getattr(self.learner, "takes_advice", False)
        if not isinstance(self.learner, Learner) or not takes_advice:
            raise ValueError(
                f"{type(self).__name__} needs a learner whose target names the next action, as in "
                f"{type(self).__name__}(Sarsa(), ...); got {self.learner!r}"
            )

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        self.learner.check(problem)
        self.advice(problem.spec)

    def start(self, spec: Tabular, horizon: int) -> Any:
        """Return the policy; see `Learner.start`."""
        return advised(self.learner.start(spec, horizon), self.advice(spec))


class LookAheadAdvice(NamedTuple):
    """State of `LookAhead`."""

    potential: np.ndarray  # (S, A)
    gamma: float

    def lean(self, t, episode, x, a):
        return self.potential[x, a]

    def reshape(self, Q, x, a, later, b):
        ahead = self.potential[later, b] if b >= 0 else 0.0
        return self.gamma * ahead - self.potential[x, a]


@dataclass(frozen=True, repr=False)
class LookAhead(AdvisedLearner):
    """A learner with look-ahead advice: ``F = gamma Phi(s', a') - Phi(s, a)``.

    a' is the action that the learner's target names: Sarsa's is the one it takes, Q-learning's the
    best.  What is learned is ``Q* - Phi``, so it acts by ``Q + Phi`` (the biased greedy choice):
    all is then as if its values had begun with Phi.

    Parameters
    ----------
    learner : Learner
        `QLearning`, `Sarsa` or `SarsaLambda`, or one of these with `QInit`.
    potential : array of float, shape (S, A)
        Phi, how good each action seems to the adviser.

    Raises
    ------
    ValueError
        If `learner` takes no advice, or the potential is not finite or of another shape.

    Notes
    -----
    Without the bias the advice would deter: a constant bonus for an action makes F negative
    wherever that action is taken.

    References
    ----------
    Wiewiora, Cottrell & Elkan (2003), "Principled methods for advising reinforcement learning
    agents".

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S...G", gamma=0.9)
    >>> learner = bk.LookAhead(bk.Sarsa(), potential=grid.solution.Q)
    >>> result = bk.simulate(grid, [learner], horizon=1000, seed=0)
    """

    learner: Learner
    potential: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(potential=per_pair("potential", self.potential))

    def advice(self, spec: Tabular) -> LookAheadAdvice:
        """Return the record with the advice."""
        return LookAheadAdvice(np.array(per_pair("potential", self.potential, spec)), spec.gamma)


class LearnedPotential(NamedTuple):
    """A potential of pairs that learns to give back a bonus: ``Phi = - its value``."""

    potential: np.ndarray  # (S, A)
    bonus: np.ndarray  # (S, A)
    rate: float  # beta
    gamma: float


@jit_inline
def learn_potential(learned, x, a, later, b):
    """Move Phi(s, a) towards ``-bonus + gamma Phi(s', a')``, and return what it was."""
    before = learned.potential[x, a]
    ahead = (b >= 0) * learned.potential[later, b]
    learned.potential[x, a] += learned.rate * (
        -learned.bonus[x, a] + learned.gamma * ahead - before
    )
    return before


class DPBAAdvice(NamedTuple):
    """State of `DPBA`."""

    learned: LearnedPotential
    bias: float  # 1: act by Q + Phi; 0: by Q

    def lean(self, t, episode, x, a):
        return self.bias * self.learned.potential[x, a]

    def reshape(self, Q, x, a, later, b):
        before = learn_potential(self.learned, x, a, later, b)
        ahead = self.learned.potential[later, b] if b >= 0 else 0.0
        return self.learned.gamma * ahead - before


@dataclass(frozen=True, repr=False)
class DPBA(AdvisedLearner):
    """Dynamic potential-based advice: a bonus on actions, paid as a potential that is learned.

    The potential learns from the bonus with its sign turned, by
    ``Phi(s, a) += rate (-bonus(s, a) + gamma Phi(s', a') - Phi(s, a))``, and the reward is shaped
    by ``F = gamma Phi(s', a') - Phi(s, a)``, the first Phi after and the second before this step.
    Where Phi has settled, F is the bonus on average.

    Parameters
    ----------
    learner : Learner
        `QLearning`, `Sarsa` or `SarsaLambda`, or one of these with `QInit`.
    bonus : array of float, shape (S, A)
        What the adviser would pay for each action in each state.
    rate : float, default 0.1
        beta, step size of the potential, in [0, 1].
    biased : bool, default False
        Whether it acts by ``Q + Phi``, or as its authors say by Q.

    Raises
    ------
    ValueError
        If `learner` takes no advice, or a parameter leaves its range or has another shape.

    Notes
    -----
    Acting by Q is a flaw (Behboudian et al. 2020): what has been learned is ``Q* - Phi_t``, with
    the potential of *now*, not of the beginning, and the best action by Q need not be the best.
    Two arms with rewards 1 and 0 and a bonus of 0 and 2 end with ``Q = (1, 2)``.  ``Q + Phi`` is
    right, and then the advice has no effect in the end.

    References
    ----------
    Harutyunyan, Devlin, Vrancx & Nowé (2015), "Expressing arbitrary reward functions as
    potential-based advice".

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S...G", gamma=0.9)
    >>> learner = bk.DPBA(bk.Sarsa(), bonus=[[0, 1, 0, 0]] * 5)  # go right
    >>> result = bk.simulate(grid, [learner], horizon=1000, seed=0)
    """

    learner: Learner
    bonus: tuple[tuple[float, ...], ...]
    rate: float = 0.1
    biased: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(
            bonus=per_pair("bonus", self.bonus),
            rate=number("rate", self.rate, low=0.0, high=1.0),
            biased=flag("biased", self.biased),
        )

    def advice(self, spec: Tabular) -> DPBAAdvice:
        """Return the record with the advice."""
        return DPBAAdvice(blank_potential(self.bonus, self.rate, spec), float(self.biased))


def blank_potential(bonus: Any, rate: float, spec: Tabular) -> LearnedPotential:
    """Return a potential of pairs before the first step: 0."""
    checked = np.array(per_pair("bonus", bonus, spec))
    return LearnedPotential(np.zeros(checked.shape), checked, rate, spec.gamma)


class PIESAdvice(NamedTuple):
    """State of `PIES`."""

    learned: LearnedPotential
    weight: Course  # xi

    def lean(self, t, episode, x, a):
        return -self.weight.value_at(t, episode, 0) * self.learned.potential[x, a]

    def reshape(self, Q, x, a, later, b):
        learn_potential(self.learned, x, a, later, b)
        return 0.0


@dataclass(frozen=True, repr=False)
class PIES(AdvisedLearner):
    """Policy-invariant explicit shaping: advice leans on the choice of actions, not on rewards.

    Q learns from the true rewards; the potential learns from the bonus as in `DPBA`; and the
    learner acts by ``Q - weight Phi``, where the weight falls to 0.  In the end nothing is left of
    the advice but where it led.

    Parameters
    ----------
    learner : Learner
        `QLearning`, `Sarsa` or `SarsaLambda`, or one of these with `QInit`.
    bonus : array of float, shape (S, A)
        What the adviser would pay for each action in each state.
    rate : float, default 0.1
        beta, step size of the potential, in [0, 1].
    weight : float or Schedule, optional
        xi, 0 or more; by default it falls from 1 to 0 on a straight line over 50 episodes.

    Raises
    ------
    ValueError
        If `learner` takes no advice, or a parameter leaves its range or has another shape.

    Notes
    -----
    The target of `QLearning` names the action that it would take, advice included: what it learns
    is the value of the best actions only when the weight has fallen to 0.  A weight that falls with
    the episodes does not fall where the advice keeps the learner from ending any.

    References
    ----------
    Behboudian, Satsangi, Taylor, Harutyunyan & Bowling (2020), "Useful policy invariant shaping
    from arbitrary advice".

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S...G", gamma=0.9)
    >>> weight = bk.LinearDecay(1.0, 0.0, over=20)
    >>> learner = bk.PIES(bk.Sarsa(), bonus=[[0, 1, 0, 0]] * 5, weight=weight)
    >>> result = bk.simulate(grid, [learner], horizon=1000, seed=0)
    """

    learner: Learner
    bonus: tuple[tuple[float, ...], ...]
    rate: float = 0.1
    weight: float | Schedule | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(
            bonus=per_pair("bonus", self.bonus), rate=number("rate", self.rate, low=0.0, high=1.0)
        )
        if self.weight is not None:
            self._set(weight=scheduled("weight", self.weight))

    def advice(self, spec: Tabular) -> PIESAdvice:
        """Return the record with the advice."""
        weight = LinearDecay(1.0, 0.0, over=50) if self.weight is None else self.weight
        return PIESAdvice(blank_potential(self.bonus, self.rate, spec), course_of(weight))


class BSRSAdvice(NamedTuple):
    """State of `BSRS`."""

    scale: float  # eta
    gamma: float

    def lean(self, t, episode, x, a):
        return 0.0

    def reshape(self, Q, x, a, later, b):
        now, ahead = Q[x, 0], Q[later, 0]
        for c in range(1, Q.shape[1]):
            now = max(now, Q[x, c])
            ahead = max(ahead, Q[later, c])
        return self.scale * (self.gamma * (ahead if b >= 0 else 0.0) - now)


@dataclass(frozen=True, repr=False)
class BSRS(AdvisedLearner):
    """Bootstrapped reward shaping: the learner's own values are the potential.

    ``Phi(s) = scale max_a Q(s, a)``, as Q stands in each step.

    Parameters
    ----------
    learner : Learner
        `QLearning`, `Sarsa` or `SarsaLambda`, or one of these with `QInit`.
    scale : float, default 0.5
        eta, in (-1, 1].

    Raises
    ------
    ValueError
        If `learner` takes no advice, or `scale` leaves its range.

    Notes
    -----
    Where Q-learning settles, ``(1 + scale) max_a Q(s, a) = V*(s)``: the best values shrink by that
    factor, and the other actions stay as much worse as they are.  ``scale`` -1 would let the values
    grow for ever.

    References
    ----------
    Adamczyk, Makarenko, Tiomkin & Kulkarni (2025), "Bootstrapped reward shaping".

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S...G", gamma=0.9)
    >>> result = bk.simulate(grid, [bk.BSRS(bk.QLearning())], horizon=1000, seed=0)
    """

    learner: Learner
    scale: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(scale=number("scale", self.scale, low=-1.0 + 1e-9, high=1.0))

    def advice(self, spec: Tabular) -> BSRSAdvice:
        """Return the record with the advice."""
        return BSRSAdvice(self.scale, spec.gamma)


@dataclass(frozen=True, repr=False)
class QInit(Learner):
    r"""A learner whose values begin with a potential: it does what shaping by it does.

    Parameters
    ----------
    learner : Learner
        A learner with a table of values, such as `QLearning`; its own `initial` is replaced.
    potential : sequence of float, shape (S,)
        Phi.

    Raises
    ------
    ValueError
        If `learner` has no initial values, or the potential is not finite or of another length.

    Notes
    -----
    Theorem (Wiewiora 2003).  A learner with values ``Q + Phi`` in an MDP and one with values Q in
    the MDP shaped by Phi learn the same in every step, if they act by differences of values in a
    state only (epsilon-greedily, or by Boltzmann's distribution).

    References
    ----------
    Wiewiora (2003), "Potential-based shaping and Q-value initialization are equivalent".

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S..\n...\n..G", gamma=0.9)
    >>> potential = [1.0, 0.5, 0.2, 0.7, 0.1, 0.0, 0.3, 0.0, 0.0]
    >>> options = dict(horizon=2000, replications=5, seed=0)
    >>> initial = bk.simulate(grid, [bk.QInit(bk.Sarsa(), potential)], **options)
    >>> shaped = bk.simulate(bk.Shaped(grid, potential), [bk.Sarsa()], **options)
    >>> bool((initial.regret == shaped.regret).all())
    True
    """

    learner: TabularLearner
    potential: tuple[float, ...]
    accepts: ClassVar[Feedback] = Feedback.STEP
    plays: ClassVar[tuple[type, ...]] = (Tabular,)

    def __post_init__(self) -> None:
        if not isinstance(self.learner, TabularLearner):
            raise ValueError(
                "QInit needs a learner with a table of values, as in QInit(Sarsa(), ...); got "
                f"{self.learner!r}"
            )
        self._set(potential=numbers("potential", self.potential, each="state"))

    @property
    def takes_advice(self) -> bool:
        """Whether the learner inside does."""
        return self.learner.takes_advice

    @cached_property
    def _begun(self) -> TabularLearner:
        return replace(self.learner, initial=self.potential)

    def check(self, problem: Problem) -> None:
        """Raise a ValueError if it can't play `problem`; see `Learner.check`."""
        self._begun.check(problem)

    def start(self, spec: Tabular, horizon: int) -> Any:
        """Return the policy; see `Learner.start`."""
        return self._begun.start(spec, horizon)
