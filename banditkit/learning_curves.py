"""Methods that learn on problems: hyper-parameters are picked on some seeds, shown on others."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from typing import Any, NamedTuple, TypedDict, Unpack

import numpy as np

from banditkit.comparison import Candidate, Choice, Comparison, diverged_runs, mean_of_finished
from banditkit.core.checks import flag, nearest, shorten, whole
from banditkit.core.description import Learner, Problem
from banditkit.problems import Episodes
from banditkit.progress import Hook, Reporter
from banditkit.result import Result
from banditkit.simulation import simulate

__all__ = ["compare"]

_SELECTING, _REPORTING = 0, 1  # what a seed is for


class Options(TypedDict, total=False):
    """What `compare` hands on to `Episodes`, and to `simulate`."""

    discounted: bool
    horizon: int | None
    seed: int | None
    executor: Executor | None
    workers: int | None
    progress: bool | Hook | None


class RacePlan(NamedTuple):
    """How much is played, and with which seeds."""

    episodes: int
    seeds: int
    selection_seeds: int
    seed: int
    horizons: dict[str, int]  # of the problems
    discounted: bool  # are returns?

    def diary(self, problem: Problem) -> Episodes:
        """Return a problem with what is written down of it."""
        return Episodes(problem, self.episodes, self.discounted)

    def seed_of(self, world: str, what: int) -> int:
        """Return the seed of `simulate` for a problem, to select or to report."""
        key = (list(self.horizons).index(world), what)
        return int(np.random.SeedSequence(self.seed, spawn_key=key).generate_state(1, np.uint64)[0])

    def runs(self, what: int) -> int:
        """Return how many runs there are to select, or to report."""
        return self.seeds if what == _REPORTING else self.selection_seeds

    def rounds(self, world: str, candidates: int) -> int:
        """Return how many rounds a method takes at most."""
        selecting = candidates * self.selection_seeds if candidates > 1 else 0
        return self.horizons[world] * (self.seeds + selecting)


def compare(
    problems: Problem | list[Problem] | tuple[Problem, ...] | Mapping[str, Problem],
    methods: Mapping[str, Any],
    *,
    episodes: int,
    seeds: int = 40,
    selection_seeds: int = 10,
    **options: Unpack[Options],
) -> "Comparison":
    """Let methods learn on problems, with many seeds, and keep the return of every episode.

    Returns are discounted, as the problem is, unless asked otherwise.  A method may come with a
    grid of candidates.  Then for each problem the one with the highest mean return of an episode -
    the area under its learning curve - is picked on seeds of its own, and reported on other ones:
    the best of many noisy numbers is too good to be true.

    Parameters
    ----------
    problems : Problem, or list or dict of names of Problem
        MDPs, without `Episodes` around them.
    methods : dict of names
        What each plays with: a learner; or a pair ``(problem, learner)`` of who plays something
        else, where instead of a problem there may be a function that is given each of `problems`
        and returns what is played, such as ``NaiveSum``; or candidates: a list, or a dict of
        names, of these.  ``(function, candidates)`` is a pair, too.
    episodes : int
        Number of episodes of a run, 1 or more.
    seeds : int, default 40
        Runs of each method on each problem that are reported, 1 or more.
    selection_seeds : int, default 10
        Runs of each candidate to pick by, 1 or more.
    **options
        ``discounted``, by default True: whether returns are discounted, or plain sums of rewards;
        learners discount in either case.  ``horizon``, the rounds of a run: by default the
        episodes times the most steps that the problem lets one of them take, its `limit`.
        ``seed``: the same one gives the same numbers, by default a fresh one.  ``executor``,
        ``workers``, ``progress``: as in `simulate`, which does the work.

    Returns
    -------
    Comparison
        Tables, intervals, differences, and what was picked.

    Raises
    ------
    ValueError
        If something makes no sense, or a learner can't play its problem: before anything is
        played.
    TypeError
        If an option is unknown.

    Notes
    -----
    Run i of all methods on a problem meets the same random stream of the environment, so that
    methods can be compared in pairs.  Problems, and selection and report, have streams of their
    own, made of `seed` and the problem's number.  More seeds keep the first ones.

    Examples
    --------
    >>> import banditkit as bk
    >>> grid = bk.GridWorld("S......G", step_reward=-1, limit=100)
    >>> methods = {
    ...     "Q-learning": [bk.QLearning(rate=0.01), bk.QLearning(rate=0.5)],
    ...     "with a potential": (lambda mdp: bk.Shaped(mdp, -mdp.distances()), bk.QLearning()),
    ... }
    >>> comparison = bk.compare(grid, methods, episodes=30, seeds=8, seed=0)
    >>> comparison
    <Comparison: 2 methods, 1 problem, 8 seeds, 30 episodes>
    >>> comparison.picked["Q-learning", repr(grid)]
    'QLearning(rate=0.5)'
    """
    _check_options(options)
    episodes = whole("episodes", episodes, least=1)
    seeds = whole("seeds", seeds, least=1)
    selection_seeds = whole("selection_seeds", selection_seeds, least=1)
    seed = options.get("seed")
    seed = secrets.randbits(64) if seed is None else whole("seed", seed, least=0)
    worlds = _named_problems(problems)
    horizons = {
        name: _horizon(problem, episodes, options.get("horizon"))
        for name, problem in worlds.items()
    }
    teams = _teams(methods, worlds)
    discounted = flag("discounted", options.get("discounted", True))
    plan = RacePlan(episodes, seeds, selection_seeds, seed, horizons, discounted)
    for (_, world), team in teams.items():
        for candidate in team:
            plan.diary(candidate.problem).check_horizon(horizons[world])
            candidate.learner.check(candidate.problem)  # so that it is named as it was given
    results, choices = {}, {}
    total = sum(plan.rounds(world, len(team)) for (_, world), team in teams.items())
    with Reporter(options.get("progress"), total) as reporter:
        play = _player(plan, reporter, options)
        for (name, world), team in teams.items():
            choice = _chosen(team, world, play, plan) if len(team) > 1 else _only(team)
            picked = choice.picked
            results[name, world] = play(_REPORTING, world, picked.problem, {name: picked.learner})
            choices[name, world] = choice
    return Comparison(tuple(methods), tuple(worlds), results, choices, seed, discounted)


def _check_options(options: Mapping[str, Any]) -> None:
    """Raise a TypeError if an option is unknown."""
    known = list(Options.__annotations__)
    for name in options:
        if name not in known:
            raise TypeError(f"compare has no option {name!r}; {nearest(name, known)}")


def _named_problems(problems: Any) -> dict[str, Problem]:
    """Return problems by name."""
    if isinstance(problems, Problem):
        problems = [problems]
    if isinstance(problems, Mapping):
        pairs = [(str(name), each) for name, each in problems.items()]
    elif isinstance(problems, list | tuple):
        pairs = [(repr(each), each) for each in problems]
    else:
        raise ValueError(
            f"problems must be an MDP, or a list or dict of them; got {shorten(repr(problems))}"
        )
    named: dict[str, Problem] = {}
    for name, each in pairs:
        if name in named:
            raise ValueError(f"two problems are called {shorten(name)}; give a dict of names")
        named[name] = each
        if not isinstance(each, Problem):
            raise ValueError(f"a problem must be an MDP, as in GridWorld('S.G'); got {each!r}")
        if isinstance(each, Episodes):
            raise ValueError(
                f"give the problem without Episodes, whose number is `episodes`; got {each!r}"
            )
    if not named:
        raise ValueError("problems is empty; give at least one, as in GridWorld('S.G')")
    return named


def _horizon(problem: Problem, episodes: int, horizon: Any) -> int:
    """Return the rounds of a run: what is asked for, or as many as the episodes can take."""
    if horizon is not None:
        return whole("horizon", horizon, least=1)
    inner: Any = problem
    longest = getattr(problem.spec, "H", 0)
    while not longest and inner is not None:
        longest, inner = getattr(inner, "limit", 0), getattr(inner, "problem", None)
    if not longest:
        raise ValueError(
            f"episodes of {problem!r} may take any number of steps; give a horizon, or a problem "
            "with a limit"
        )
    return episodes * int(longest)


def _teams(
    methods: Any, worlds: Mapping[str, Problem]
) -> dict[tuple[str, str], tuple[Candidate, ...]]:
    """Return the candidates of each method on each problem."""
    if not isinstance(methods, Mapping):
        raise ValueError(
            f'methods must be a dict, as in {{"mine": QLearning()}}; got {shorten(repr(methods))}'
        )
    if not methods:
        raise ValueError('methods is empty; give at least one, as in {"mine": QLearning()}')
    teams = {}
    for name, method in methods.items():
        if not isinstance(name, str):
            raise ValueError(f"a method's name must be a text; got {name!r}")
        for world, problem in worlds.items():
            team = tuple(_candidates(name, method, problem, len(worlds) > 1))
            names = [candidate.name for candidate in team]
            for i, each in enumerate(names):
                if each in names[:i]:
                    raise ValueError(
                        f"method {name!r} has two candidates called {shorten(each)}; give a dict "
                        "of names"
                    )
            if not team:
                raise ValueError(f"method {name!r} has no candidates; give at least one learner")
            teams[name, world] = team
    return teams


def _candidates(name: str, method: Any, problem: Problem, several: bool) -> Iterator[Candidate]:
    """Yield the candidates of a method, which may be nested."""
    if isinstance(method, Learner):
        yield Candidate(repr(method), problem, method)
    elif _is_pair(method):
        played = _played(name, method[0], problem, several)
        yield from _candidates(name, method[1], played, False)
    elif isinstance(method, Mapping):
        for word, each in method.items():
            for candidate in _candidates(name, each, problem, several):
                yield candidate._replace(name=str(word))
    elif isinstance(method, list | tuple):
        for each in method:
            yield from _candidates(name, each, problem, several)
    elif isinstance(method, type) and issubclass(method, Learner):
        raise ValueError(f"{method.__name__} is a class; write {method.__name__}()")
    else:
        raise ValueError(
            f"method {name!r} must be a learner, as in QLearning(), a pair (problem, learner), or "
            f"a list or dict of these; got {shorten(repr(method))}"
        )


def _is_pair(method: Any) -> bool:
    """Tell whether something is (problem or function, what plays it), not a list of two."""
    if not isinstance(method, tuple) or len(method) != 2 or isinstance(method[0], Learner):
        return False
    is_class_of_learner = isinstance(method[0], type) and issubclass(method[0], Learner)
    return isinstance(method[0], Problem) or (callable(method[0]) and not is_class_of_learner)


def _played(name: str, wrap: Any, problem: Problem, several: bool) -> Problem:
    """Return what a method plays in place of a problem."""
    if isinstance(wrap, Problem):
        if several:
            raise ValueError(
                f"method {name!r} plays {wrap!r} in place of several problems; give a function "
                "that is given each of them"
            )
        return wrap
    played = wrap(problem)
    if not isinstance(played, Problem):
        raise ValueError(
            f"the function of method {name!r} must return a problem; of {problem!r} it returned "
            f"{shorten(repr(played))}"
        )
    return played


def _by_problem(team: tuple[Candidate, ...]) -> Iterator[tuple[Problem, dict[str, Learner]]]:
    """Yield the candidates that play the very same problem, one call of `simulate` for each."""
    groups: dict[int, list[Candidate]] = {}
    for each in team:
        groups.setdefault(id(each.problem), []).append(each)
    for group in groups.values():
        yield group[0].problem, {each.name: each.learner for each in group}


def _player(plan: RacePlan, reporter: Reporter, options: Options) -> Callable[..., Result]:
    """Return what plays one part of the work after the other, and tells how far all of it is."""
    before = 0

    def play(what: int, world: str, problem: Problem, learners: dict[str, Learner]) -> Result:
        nonlocal before
        result = simulate(
            plan.diary(problem),
            learners,
            horizon=plan.horizons[world],
            replications=plan.runs(what),
            seed=plan.seed_of(world, what),
            executor=options.get("executor"),
            workers=options.get("workers"),
            progress=lambda done, _, doing: reporter.update(before + done, doing),
        )
        before += len(learners) * plan.runs(what) * plan.horizons[world]
        return result

    return play


def _only(team: tuple[Candidate, ...]) -> Choice:
    """Return the choice where there is none."""
    return Choice(team, np.zeros((1, 0)), None)


def _chosen(
    team: tuple[Candidate, ...], world: str, play: Callable[..., Result], plan: RacePlan
) -> Choice:
    """Return the choice among candidates by what they do on the selection seeds."""
    rows = {}
    for problem, learners in _by_problem(team):
        result = play(_SELECTING, world, problem, learners)
        for i, name in enumerate(learners):
            means = mean_of_finished(result.logs["return"][i])
            rows[name] = np.where(diverged_runs(result, i), np.nan, means)
    auc = np.array([rows[candidate.name] for candidate in team])
    return Choice(team, auc, plan.seed_of(world, _SELECTING))
