"""A fixed number of episodes, and what each of them brought."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import flag, whole
from banditkit.core.description import Problem
from banditkit.core.feedback import Feedback

__all__ = ["Episodes"]


class EpisodesEnv(NamedTuple):
    """A problem with steps being played, with a diary of its episodes."""

    env: Any
    steps: np.ndarray  # (n,) of each episode; nan: it is not over
    returns: np.ndarray  # (n,) sum of the rewards that count, discounted or not
    regrets: np.ndarray  # (n,) sum of the gaps
    over: np.ndarray  # (1,) int64, episodes that are over
    age: np.ndarray  # (1,) int64, steps of this episode
    sums: np.ndarray  # (3,) of this episode: return, regret, and gamma to the power of its age
    gamma: float  # what a return is discounted by

    def observe(self, t, rng):
        if self.age[0] == 0:
            self.sums[0], self.sums[1], self.sums[2] = 0.0, 0.0, 1.0
        return self.env.observe(t, rng)

    def gap(self, t, x, a):
        gap = self.env.gap(t, x, a)
        self.sums[1] += gap
        return gap

    def respond(self, t, x, a, rng):
        y = self.env.respond(t, x, a, rng)
        self.sums[0] += self.sums[2] * self.env.earned(y)
        self.sums[2] *= self.gamma
        self.age[0] += 1
        if y.terminal or y.truncated:
            n = self.over[0]
            self.steps[n] = self.age[0]
            self.returns[n], self.regrets[n] = self.sums[0], self.sums[1]
            self.over[0] += 1
            self.age[0] = 0
        return y

    def earned(self, y):
        return self.env.earned(y)

    def done(self):
        return self.over[0] == self.steps.size or self.env.done()

    def logged(self):
        return {"steps": self.steps, "return": self.returns, "regret": self.regrets}


@dataclass(frozen=True, repr=False)
class Episodes(Problem):
    """A problem with steps, played for so many episodes, with a diary.

    The game ends with the last episode, or with the horizon, whichever comes first.  Of each
    episode the number of its steps is written down, the (discounted) sum of its rewards without any
    shaping, and the sum of its gaps: `Result.logs` has arrays "steps", "return" and "regret" of
    shape (learners, replications, episodes), with nan for episodes that are not over.

    Parameters
    ----------
    problem : Problem
        An MDP, shaped or not: whatever answers with a `Step`.
    count : int, default 100
        Number of episodes, 1 or more.
    discounted : bool, default True
        Whether "return" is the discounted sum of the rewards, or the plain one.  Learners discount
        as the problem does in either case.

    Raises
    ------
    ValueError
        If `problem` is no MDP, `count` is not a whole number, 1 or more, or `discounted` is not
        True or False.

    Examples
    --------
    >>> import banditkit as bk
    >>> trials = bk.Episodes(bk.GridWorld.ng(5), 30)
    >>> result = bk.simulate(trials, [bk.Sarsa()], horizon=1e5, replications=10, seed=0)
    >>> result.logs["steps"].shape
    (1, 10, 30)
    >>> bool(result.logs["steps"][..., 20:].mean() < result.logs["steps"][..., :10].mean())
    True
    """

    feedback: ClassVar[Feedback] = Feedback.STEP
    problem: Problem
    count: int = 100
    discounted: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.problem, Problem) or self.problem.feedback is not Feedback.STEP:
            raise ValueError(f"Episodes needs an MDP, as in GridWorld('S.G'); got {self.problem!r}")
        self._set(
            count=whole("count", self.count, least=1),
            discounted=flag("discounted", self.discounted),
        )

    @property
    def aided(self) -> bool:  # type: ignore[override]
        """Whether the problem inside has a heuristic."""
        return self.problem.aided

    @property
    def spec(self) -> Any:
        """That of the problem inside."""
        return self.problem.spec

    def check_horizon(self, horizon: int) -> None:
        """Raise a ValueError if the problem inside can't be played for so many rounds."""
        self.problem.check_horizon(horizon)

    def start(self, horizon: int, rng: np.random.Generator) -> EpisodesEnv:
        """Return the problem being played; see `Problem.start`."""
        steps, returns, regrets = (np.full(self.count, np.nan) for _ in range(3))
        over, age = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        env = self.problem.start(horizon, rng)
        gamma = self.spec.gamma if self.discounted else 1.0
        return EpisodesEnv(env, steps, returns, regrets, over, age, np.zeros(3), gamma)
