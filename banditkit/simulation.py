"""Problem + learners + horizon + replications + seed -> Result."""

import math
import os
import secrets
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.adapters import ShownChoicePolicy, begin
from banditkit.core.checks import whole
from banditkit.core.description import Learner, Problem
from banditkit.core.jit import NumbaError, on_compile
from banditkit.core.play import blank_scorecard, logs_of, player_of
from banditkit.core.spec import NoSuchArm
from banditkit.progress import Hook, Reporter
from banditkit.rehearsal import compile_fault, hidden_draws, no_such_arm, rehearse
from banditkit.result import Result, versions
from banditkit.times import grid_of

__all__ = ["simulate"]

_CALL_SECONDS = 0.05  # one call of the compiled loop: short, so that Ctrl-C is heard soon
_TASK_SECONDS = 0.2  # one task of an executor: long against the cost of sending it
_WARM_UP_ROUNDS = 20_000


class Game(NamedTuple):
    """Everything that replications of one learner need, and nothing that changes."""

    problem: Problem
    learner: Learner
    horizon: int
    times: np.ndarray  # (m,) int64
    seed: int


class Played(NamedTuple):
    """What replications of a game leave."""

    regret: np.ndarray  # (replication, time)
    seconds: float
    logs: dict[str, np.ndarray]  # (replication, ...): what environment and learner wrote down


def simulate(
    problem: Problem,
    learners: Sequence[Learner] | Mapping[str, Learner],
    *,
    horizon: int,
    replications: int = 100,
    seed: int | None = None,
    times: str | Iterable[int] | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: bool | Hook | None = None,
) -> Result:
    """Let learners play a problem many times, and write down their regret.

    In replication i all learners meet the same random stream of the environment, so that they
    can be compared in pairs; what a learner does depends on nothing but problem, learner,
    horizon and seed: not on the other learners, on the number of workers, or on `executor`.

    Parameters
    ----------
    problem : Problem
        What is played.
    learners : sequence or mapping of Learner
        Who plays: a list, where each goes by its ``repr``, or a dict of names.
    horizon : int
        Number of rounds T, 1 or more; ``1e6`` is a number, too.
    replications : int, default 100
        How often each learner plays, 1 or more.
    seed : int, optional
        The same seed gives the same arrays, always and everywhere.  By default a fresh one,
        which the result remembers.
    times : {"log", "linear"} or sequence of int, optional
        The rounds after which regret is written down, increasing, at most T; by default about
        200, evenly spaced on a logarithmic axis.  Memory grows with their number, not with T.
    executor : concurrent.futures.Executor, optional
        Where the work is done: for instance ``client.get_executor()`` of Dask, for more than
        one machine.  It is not shut down.  By default threads of this process.
    workers : int, optional
        Number of threads, by default one per processor.  Not together with `executor`.
    progress : bool or callable, optional
        Whether to show how far the work is; by default where a person looks on and it takes
        more than a second.  A function is called as ``progress(done, total, doing)``, with
        rounds played, rounds to play, and a text.

    Returns
    -------
    Result
        Regret of each learner in each replication at each time.

    Raises
    ------
    ValueError
        If an argument makes no sense, a learner can't play the problem, or makes a mistake: the
        message names who, where, and what to do.

    Examples
    --------
    >>> import banditkit as bk
    >>> arms = bk.Bernoulli((0.4, 0.6))
    >>> result = bk.simulate(arms, [bk.UCB1(), bk.Greedy()], horizon=1e4, replications=50, seed=1)
    >>> result.regret.shape == (2, 50, result.times.size)
    True
    """
    named = _named(learners)
    if not isinstance(problem, Problem):
        raise ValueError(f"problem must be a Problem, as in Bernoulli((0.4, 0.6)); got {problem!r}")
    horizon = whole("horizon", horizon, least=1)
    replications = whole("replications", replications, least=1)
    seed = secrets.randbits(64) if seed is None else whole("seed", seed, least=0)
    grid = grid_of(times, horizon)
    if workers is not None and executor is not None:
        raise ValueError("give workers or executor, not both: an executor has its own workers")
    workers = _processors() if workers is None else whole("workers", workers, least=1)

    problem.check_horizon(horizon)
    for learner in named.values():
        learner.check(problem)
    games = [Game(problem, learner, horizon, grid, seed) for learner in named.values()]
    regret = _blank_regret(len(games), replications, grid.size)
    seconds = np.zeros(len(games))
    logs: dict[str, np.ndarray] = {}
    with Reporter(progress, total=len(games) * replications * int(grid[-1])) as reporter:
        speeds = [_warm_up(game, reporter) for game in games]
        tasks = list(_tasks(speeds, replications))
        outcomes = _carry_out(games, tasks, executor, workers, reporter)
        with closing(outcomes):  # on Ctrl-C the work stops at once, wherever we are
            for i, part, played in outcomes:
                regret[i, part.start : part.stop] = played.regret
                seconds[i] += played.seconds
                for name, rows in played.logs.items():
                    shape = len(games), replications, *rows.shape[1:]
                    log = logs.setdefault(name, np.full(shape, np.nan))
                    log[i, part.start : part.stop] = rows
    return Result(
        problem=problem,
        learners=tuple(named.values()),
        names=tuple(named),
        horizon=horizon,
        times=grid,
        regret=regret,
        seed=seed,
        seconds=seconds,
        versions=versions(),
        logs=logs,
    )


def _blank_regret(*shape: int) -> np.ndarray:
    try:
        return np.zeros(shape)
    except (MemoryError, ValueError):
        gigabytes = 8e-9 * math.prod(shape)
        raise ValueError(
            f"{shape[1]:.3g} replications of {shape[0]} learners at {shape[2]} times are "
            f"{gigabytes:.3g} GB; ask for fewer replications, or fewer times"
        ) from None


def play_replications(game: Game, replications: range, watch: "Watch | None" = None) -> Played:
    """Play some replications of a game."""
    logs: list[dict[str, np.ndarray]] = []
    regret = np.zeros((len(replications), game.times.size))
    began = time.perf_counter()
    until = int(game.times[-1])
    rounds = 4096  # of one call; then as many as take `_CALL_SECONDS`
    for row, replication in zip(regret, replications, strict=True):
        env_rng, policy_rng = generators(game.seed, replication)
        env, policy = begin(game.problem, game.learner, game.horizon, env_rng)
        loop = player_of(env, policy)
        card = blank_scorecard(game.times, env, policy)
        ended = False
        while not ended and card.played[0] < until:
            if watch and watch.stopped:
                return Played(regret, time.perf_counter() - began, {})
            before, clock = int(card.played[0]), time.perf_counter()
            try:
                ended = loop(env, policy, card, min(until, before + rounds), env_rng, policy_rng)
            except Exception as error:
                raise _explained(error, game, replication) from None
            played, took = int(card.played[0]) - before, time.perf_counter() - clock
            if played == rounds:
                rounds = max(1, int(rounds * min(4.0, _CALL_SECONDS / max(took, 1e-9))))
            if watch:
                watch.count(until - before if ended else played)
        if isinstance(policy, ShownChoicePolicy):
            _check_nothing_drawn(game, replication, policy_rng)
        row[:] = card.regret
        logs.append(logs_of(env, card.env_notes) | logs_of(policy, card.policy_notes))
    stacked = {name: np.stack([log[name] for log in logs]) for name in logs[0]}
    return Played(regret, time.perf_counter() - began, stacked)


def _check_nothing_drawn(game: Game, replication: int, rng: np.random.Generator) -> None:
    """Raise a ValueError if the learner has drawn, after the rehearsal, without telling it."""
    _, unused = generators(game.seed, replication)
    if rng.bit_generator.state != unused.bit_generator.state:
        raise ValueError(hidden_draws(game.learner))


def generators(seed: int, replication: int) -> tuple[np.random.Generator, np.random.Generator]:
    """Return the generators of environment and learner: ``SeedSequence(seed).spawn`` twice."""
    env, policy = (np.random.SeedSequence(seed, spawn_key=(replication, who)) for who in (0, 1))
    return np.random.default_rng(env), np.random.default_rng(policy)


def _explained(error: Exception, game: Game, replication: int) -> Exception:
    """Return what to raise in place of an error that came out of the loop."""
    if isinstance(error, NumbaError):
        return compile_fault(game.problem, game.learner, error)
    if isinstance(error, NoSuchArm):
        return ValueError(no_such_arm(game.learner, *error.args))
    # The same game as Python makes the same mistake, and shows the line.
    rngs = generators(game.seed, replication)
    try:
        rehearse(game.problem, game.learner, game.horizon, game.horizon, rngs)
    except ValueError as explanation:
        return explanation
    return error


class Watch:
    """What threads share with the main one: rounds played so far, and whether to stop."""

    def __init__(self) -> None:
        self.rounds, self.stopped, self.lock = 0, False, threading.Lock()

    def count(self, rounds: int) -> None:
        """Add rounds that have been played."""
        with self.lock:
            self.rounds += rounds


def _named(learners: Sequence[Learner] | Mapping[str, Learner]) -> dict[str, Learner]:
    if isinstance(learners, Learner):
        learners = [learners]
    if isinstance(learners, Mapping):
        named = {str(name): learner for name, learner in learners.items()}
    else:
        try:
            listed = list(learners)
        except TypeError:
            raise ValueError(
                f"learners must be a list or a dict of names; got {learners!r}"
            ) from None
        named = {}
        for learner in listed:
            if repr(learner) in named:
                raise ValueError(f"two learners are called {learner!r}; give a dict of names")
            named[repr(learner)] = learner
    if not named:
        raise ValueError("learners is empty; give at least one, as in [UCB1()]")
    for learner in named.values():
        if isinstance(learner, type):
            raise ValueError(f"{learner.__name__} is a class; write {learner.__name__}()")
        if not isinstance(learner, Learner):
            raise ValueError(f"a learner must be a Learner, as in UCB1(); got {learner!r}")
    return named


def _warm_up(game: Game, reporter: Reporter) -> float:
    """Compile the loop of learner and problem, and return seconds a replication."""
    rehearse(game.problem, game.learner, game.horizon, 3, generators(0, 0))
    last = int(game.times[-1])
    first, short = (
        game._replace(times=np.array([min(rounds, last)])) for rounds in (1, _WARM_UP_ROUNDS)
    )
    doing = f"compiling {type(game.learner).__name__} (the first time only)"
    with on_compile(lambda: reporter.say(doing)):
        play_replications(first, range(1))
    seconds = play_replications(short, range(1)).seconds
    return seconds * last / int(short.times[-1])


def _tasks(speeds: Sequence[float], replications: int) -> Iterator[tuple[int, range]]:
    """Cut the work into pieces: (number of the game, replications)."""
    for i, seconds in enumerate(speeds):
        size = math.ceil(_TASK_SECONDS / seconds)
        for start in range(0, replications, size):
            yield i, range(start, min(start + size, replications))


def _carry_out(
    games: Sequence[Game],
    tasks: Sequence[tuple[int, range]],
    executor: Executor | None,
    workers: int,
    reporter: Reporter,
) -> Generator[tuple[int, range, Played]]:
    """Yield each task with what came out of it, as they are finished."""
    if executor is not None:
        yield from _collect(games, tasks, executor, None, reporter)
        return
    watch = Watch()
    with ThreadPoolExecutor(workers, thread_name_prefix="banditkit") as threads:
        try:
            yield from _collect(games, tasks, threads, watch, reporter)
        finally:  # on Ctrl-C the threads stop after their current call
            watch.stopped = True


def _collect(
    games: Sequence[Game],
    tasks: Sequence[tuple[int, range]],
    executor: Executor,
    watch: Watch | None,
    reporter: Reporter,
) -> Generator[tuple[int, range, Played]]:
    arguments = () if watch is None else (watch,)
    waiting: dict[Future[Any], tuple[int, range]] = {
        executor.submit(play_replications, games[i], part, *arguments): (i, part)
        for i, part in tasks
    }
    finished = 0
    try:
        while waiting:
            done, _ = wait(waiting, timeout=0.1, return_when=FIRST_COMPLETED)
            for future in done:
                i, part = waiting.pop(future)
                yield i, part, future.result()
                finished += len(part) * int(games[i].times[-1])
            reporter.update(watch.rounds if watch else finished, "playing")
    finally:
        for future in waiting:
            future.cancel()


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
