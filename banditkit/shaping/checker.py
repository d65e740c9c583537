"""Whether extra rewards are those of a potential; and if not, how they can be exploited."""

import math
from collections import deque
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditkit.core.checks import number
from banditkit.core.planning import Model, model_of

__all__ = ["Route", "Verdict", "check_shaping"]

_NOISE = 1e-12  # of the largest number around: what rounding may do to a sum
_LONG = 12  # states of a route that are written out


class Route(NamedTuple):
    """A way through an MDP, and what F pays on it.

    It ends in a terminal state; or it laps a cycle for ever; or, with gamma 1 where no end is
    within reach, it stops where another route stops, too.
    """

    states: tuple[int, ...]  # one more than actions; of a cycle the first comes again at the end
    actions: tuple[int, ...]
    backwards: tuple[bool, ...]  # a step against a transition, which pays -F: only with gamma 1
    cycle_from: int | None  # where in `states` the cycle begins; None: no cycle
    ends: bool  # whether the last state is terminal
    total: float  # what the route pays, discounted; a cycle is lapped for ever
    lap: float  # what a lap pays, discounted from its beginning; 0 without a cycle

    @property
    def cycle(self) -> tuple[int, ...]:
        """States of the cycle, the first again at the end; () if there is none."""
        return () if self.cycle_from is None else self.states[self.cycle_from :]

    def in_words(self, *, actions: bool = False) -> str:
        """Return the route as words, with its actions in brackets or without."""
        if self.cycle_from is None:
            return self._chain(0, len(self.actions), actions) + (" (the end)" if self.ends else "")
        before = self._chain(0, self.cycle_from, actions)
        lapping = f"lapping {self.lap_in_words(actions=actions)} for ever"
        return f"{before} and then {lapping}" if self.cycle_from else lapping

    def lap_in_words(self, *, actions: bool = False) -> str:
        """Return the states of a lap with arrows between them."""
        return self._chain(self.cycle_from or 0, len(self.actions), actions)

    def _chain(self, first: int, last: int, actions: bool) -> str:
        """Return states with arrows between them; of a long chain beginning and end."""
        links = []
        for k in range(first, last):
            shaft = f"-[{self.actions[k]}]-" if actions else "-"
            links.append(
                f"{self.states[k]} " + (f"<{shaft} " if self.backwards[k] else f"{shaft}> ")
            )
        links.append(str(self.states[last]))
        if len(links) > _LONG:
            links[_LONG // 2 : -_LONG // 2] = ["... -> "]
        return "".join(links)


@dataclass(frozen=True, repr=False, eq=False)
class Verdict:
    """What `check_shaping` found; as text, a sentence or two.  True if F is a potential's.

    Attributes
    ----------
    potential : array of float, shape (S,), or None
        Phi, if there is one.
    pinned : tuple of int
        States where Phi is 0 by choice, as it is known up to a constant in their part.
    better, worse : Route or None
        If there is no potential: two routes from the same state that F pays differently.
    hint : str
        What the mistake may be, where that can be told.
    gamma : float
        That of the check.
    """

    potential: np.ndarray | None
    pinned: tuple[int, ...]
    better: Route | None
    worse: Route | None
    hint: str
    gamma: float

    @property
    def is_potential(self) -> bool:
        """Whether F is that of a potential."""
        return self.potential is not None

    @property
    def gain(self) -> float:
        """What the better route pays more; infinite with gamma 1 and a cycle; 0 for a potential."""
        if self.better is None or self.worse is None:
            return 0.0
        return self.better.total - self.worse.total

    def __bool__(self) -> bool:
        return self.is_potential

    def __str__(self) -> str:
        if self.better is None or self.worse is None:
            later = "Phi(s')" if self.gamma == 1.0 else f"{self.gamma:.15g} Phi(s')"
            words = f"a potential: F is {later} - Phi(s) on all transitions"
            pins = ", ".join(map(str, self.pinned[:5])) + (", ..." if len(self.pinned) > 5 else "")
            if not self.pinned:
                return words
            where = f"state{'s' if len(self.pinned) > 1 else ''} {pins}"
            return f"{words}, and Phi, known up to a constant, is set to 0 in {where}"
        better, worse = self.better, self.worse
        same = better.states == worse.states  # only the actions differ
        if math.isinf(self.gain):
            lapped = better if better.cycle else worse
            lap = lapped.lap_in_words(actions=same)
            words = f"each lap of {lap} pays {lapped.lap:.4g}; with gamma 1 a potential pays 0"
        else:
            words = (
                f"{better.in_words(actions=same)} pays {self.gain:.4g} more than "
                f"{worse.in_words(actions=same)}; by a potential they pay the same"
            )
        return f"no potential: {words}" + (f". {self.hint}" if self.hint else "")

    def __repr__(self) -> str:
        return f"<Verdict: {self}>"


def check_shaping(
    F: Any, mdp: Any, *, gamma: float | None = None, tolerance: float = 1e-9
) -> Verdict:
    """Tell whether F is the shaping of a potential; and if not, which route exploits it.

    F is if there is a Phi, 0 in terminal states, such that ``F(s, a, s') = gamma Phi(s') - Phi(s)``
    on every possible transition.  Then every route from s, whether it ends or goes on for ever,
    is paid ``-Phi(s)`` by F, and nothing can be gained by taking another one.

    Parameters
    ----------
    F : array of float, or function
        The extra reward: a table [s, s'] of shape (S, S), [s, a] of shape (S, A) or [s, a, s'] of
        shape (S, A, S), where an axis of an (S, A, S) table that makes no difference may have
        length 1; or a function of s, a and s', which is called once for each possible transition.
        What F is elsewhere does not matter.  With as many states as actions a square table can be
        read in two ways: write ``F[:, None, :]`` for [s, s'], or ``F[:, :, None]`` for [s, a].
    mdp : FiniteMDP or Model
        Where F is paid.  Its transitions and terminal states count, whether or not an episode
        comes by; its rewards and probabilities do not.
    gamma : float, optional
        What a reward of the next step is worth, in [0, 1]; by default that of the MDP.
    tolerance : float, default 1e-9
        By how much F may differ from a potential's, from 1e-12: as a share of the largest
        absolute value of F or Phi, or of 1 if they are smaller.

    Returns
    -------
    Verdict
        `is_potential` and the `potential`; or `better` and `worse`, two routes from one state, and
        the `gain`, by which their totals differ.

    Raises
    ------
    ValueError
        If F has another shape, or fails or is not finite on a possible transition; if a number
        leaves its range, or `mdp` is no finite MDP.

    Notes
    -----
    Think of F as the only reward, and let each possible transition be chosen.  F is a potential's
    if and only if the best and the worst route from every state pay the same.  One route from each
    state, the shortest to an end, gives the only Phi that may fit; if it does not, policy iteration
    with transitions for actions finds the best and the worst routes.  The two that are shown begin
    where the gain is at least half of the largest: if possible on the cycle that is lapped, and
    then where the worse route ends soonest.

    With gamma below 1 there is only one potential.  With gamma 1 it is known up to a constant in
    each part of the MDP (states that transitions connect, in whatever direction) without a terminal
    state: there the lowest-numbered state is pinned to 0.  A lap of a cycle then pays 0, or else
    the gain is without limit.  Where no end is within reach, both routes stop in the same state,
    and if need be go against a transition for that, which pays ``-F``.

    References
    ----------
    Ng, Harada & Russell (1999), "Policy invariance under reward transformations"; Grzes (2017),
    "Reward shaping in episodic reinforcement learning".

    Examples
    --------
    A bonus of 0.1 for each step towards the exit of a ring:

    >>> import banditkit as bk
    >>> ring = bk.Ring(10)
    >>> verdict = bk.check_shaping(lambda s, a, to: 0.1 * (a == 0 and s < 5), ring)
    >>> print(verdict)
    no potential: lapping 5 -> 4 -> 5 for ever pays 0.4737 more than 5 -> 10 (the end); by a
    potential they pay the same
    >>> verdict.better.actions
    (1, 0)

    The same idea as a potential:

    >>> Phi = [0.1 * min(s, 10 - s) for s in range(10)] + [0]
    >>> verdict = bk.check_shaping(lambda s, a, to: 0.9 * Phi[to] - Phi[s], ring)
    >>> verdict.is_potential, verdict.potential[:6].round(6) + 0.0
    (True, array([0. , 0.1, 0.2, 0.3, 0.4, 0.5]))
    """
    model = model_of(mdp)
    gamma = model.gamma if gamma is None else number("gamma", gamma, low=0.0, high=1.0)
    tolerance = number("tolerance", tolerance, low=_NOISE)
    world = _world(model, F, gamma)
    forest = _forest(world)
    Phi = _fit(world, forest)
    off = world.pays - (gamma * Phi[world.target] - Phi[world.origin])
    scale = max(1.0, _largest(world.pays), _largest(Phi))
    off[np.abs(off) <= tolerance * scale] = 0.0
    if not off.any():
        pinned = np.flatnonzero((forest < 0) & ~world.ends)
        return Verdict(Phi, tuple(pinned.tolist()), None, None, "", gamma)
    better, worse = _two_routes(world, forest, off, scale)
    hint = _hint(world, forest, off, tolerance * scale)
    return Verdict(None, (), better, worse, hint, gamma)


class _World(NamedTuple):
    """The possible transitions, each once, in the order of s, a and s'."""

    origin: np.ndarray  # (n,) int64, s
    action: np.ndarray  # (n,) int64, a
    target: np.ndarray  # (n,) int64, s'
    pays: np.ndarray  # (n,) F(s, a, s')
    ends: np.ndarray  # (S,) bool: nothing follows
    gamma: float

    @property
    def states(self) -> int:
        """Their number, S."""
        return self.ends.size


def _world(model: Model, F: Any, gamma: float) -> _World:
    S, A = model.terminal.size, model.A
    pairs = np.repeat(np.arange(S * A), np.diff(model.first))
    possible = (model.chance > 0.0) & ~model.terminal[pairs // A]
    triples = np.unique(pairs[possible] * S + model.following[possible])
    origin, action, target = triples // (A * S), triples // S % A, triples % S
    pays = (_called if callable(F) else _looked_up)(F, origin, action, target, (S, A, S))
    ends = np.bincount(origin, minlength=S) == 0
    return _World(origin, action, target, pays, ends, gamma)


def _called(F: Any, origin: Any, action: Any, target: Any, shape: Any) -> np.ndarray:
    pays = np.zeros(origin.size)
    for i, at in enumerate(zip(origin.tolist(), action.tolist(), target.tolist(), strict=True)):
        name = f"F(s={at[0]}, a={at[1]}, s'={at[2]})"
        try:
            value = F(*at)
        except Exception as error:
            raise ValueError(f"{name} fails with {type(error).__name__}: {error}") from error
        pays[i] = number(name, value)
    return pays


def _looked_up(F: Any, origin: Any, action: Any, target: Any, shape: Any) -> np.ndarray:
    S, A, _ = shape
    known = f"({S}, {S}) for [s, s'], ({S}, {A}) for [s, a] or ({S}, {A}, {S}) for [s, a, s']"
    try:
        table = np.asarray(F)
    except ValueError:  # ragged rows
        table = np.asarray(None)
    if table.dtype.kind not in "iuf":
        raise ValueError(f"F must be a function of s, a, s', or a table of shape {known}")
    if table.ndim == 2 and 1 < S == A and table.shape == (S, S):
        raise ValueError(
            f"F of shape ({S}, {S}) may be [s, s'] or [s, a], as there are {S} states and {S} "
            "actions; write F[:, None, :] for [s, s'], or F[:, :, None] for [s, a]"
        )
    if table.ndim == 2 and table.shape == (S, S):
        table = table[:, None, :]
    elif table.ndim == 2:
        table = table[:, :, None]
    if table.ndim != 3 or any(
        n not in (1, full) for n, full in zip(table.shape, shape, strict=True)
    ):
        raise ValueError(f"F as a table must have shape {known}; got {np.shape(F)}")
    pays = np.broadcast_to(table, shape)[origin, action, target].astype(float)
    if not np.isfinite(pays).all():
        i = int(np.argmin(np.isfinite(pays)))
        raise ValueError(
            f"F must be finite on every possible transition; F(s={origin[i]}, a={action[i]}, "
            f"s'={target[i]}) is {float(pays[i])}"
        )
    return pays


def _noise(world: _World, scale: float) -> float:
    """Return what rounding may do to totals: with gamma near 1 they are sums of many terms."""
    terms = 1.0 / (1.0 - world.gamma) if world.gamma < 1.0 else 1.0
    return max(_NOISE, 1e-15 * terms) * scale


def _largest(values: np.ndarray) -> float:
    return float(np.abs(values).max(initial=0.0))


# A plan has a transition for each state, by its number, or -1 where it stops.  That of state s
# begins in s; or, in a forest with gamma 1, it ends there, and is gone against.


def _following(world: _World, plan: np.ndarray) -> np.ndarray:
    """Return the state that follows each one; itself where the plan stops."""
    states = np.arange(world.states)
    if not world.origin.size:
        return states
    ahead = np.where(world.origin[plan] == states, world.target[plan], world.origin[plan])
    return np.where(plan < 0, states, ahead)


def _paid(world: _World, plan: np.ndarray, pays: np.ndarray) -> np.ndarray:
    """Return what each state's step is paid: against a transition, less than nothing."""
    if not world.origin.size:
        return np.zeros(world.states)
    forward = world.origin[plan] == np.arange(world.states)
    return np.where(plan < 0, 0.0, np.where(forward, pays[plan], -pays[plan]))


def _totals(paid: np.ndarray, following: np.ndarray, gamma: float) -> np.ndarray:
    """Return the discounted sum of what is paid from each state on.

    From 1, 2, 4, 8, ... steps: with gamma 1 as many as there are states, where an acyclic plan has
    stopped; below until the discount has vanished.
    """
    reach = 1
    while reach <= following.size if gamma == 1.0 else gamma**reach > 0.0:
        paid = paid + gamma**reach * paid[following]
        following = following[following]
        reach *= 2
    return paid


def _forest(world: _World) -> np.ndarray:
    """Return the plan that takes each state to an end by the shortest way.

    Where there is none, with gamma below 1 any transition does: the sum over an endless route is
    finite, too.  With gamma 1 the way goes against as few transitions as possible, to an end or,
    in parts without one, to the lowest-numbered state.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components, dijkstra

    S, undiscounted = world.states, world.gamma == 1.0
    roots = world.ends.copy()
    steps = np.unique(world.origin * S + world.target)
    s, to = steps // S, steps % S
    links = coo_array((np.ones(s.size), (s, to)), shape=(S, S))
    if undiscounted:
        _, part = connected_components(links, directed=False)
        lowest = np.unique(part, return_index=True)[1]
        roots[lowest[~np.isin(part[lowest], part[world.ends])]] = True
    # Searched from a ground below all roots, number S, to the states: each link turned round.
    ground = np.flatnonzero(roots)
    rows, columns = [to, np.full(ground.size, S)], [s, ground]
    costs = [np.ones(s.size), np.ones(ground.size)]
    if undiscounted:
        one_way = ~np.isin(to * S + s, steps)
        rows, columns = [*rows, s[one_way]], [*columns, to[one_way]]
        costs.append(np.full(one_way.sum(), S + 1.0))  # worse than any way along the arrows
    entries = np.concatenate(costs), (np.concatenate(rows), np.concatenate(columns))
    graph = coo_array(entries, shape=(S + 1, S + 1)).tocsr()
    _, nearer = dijkstra(graph, indices=[S], return_predecessors=True)
    nearer = nearer[0, :S].astype(np.int64)
    plan = np.full(S, -1)
    lost = nearer < 0
    moving = np.flatnonzero(~roots & ~lost)
    along = _find(world, moving, nearer[moving])
    against = _find(world, nearer[moving], moving)
    plan[moving] = np.where(along >= 0, along, against)
    plan[lost] = np.searchsorted(world.origin, np.flatnonzero(lost))
    return plan


def _find(world: _World, s: np.ndarray, to: np.ndarray) -> np.ndarray:
    """Return the number of the first transition from s to s', -1 if there is none."""
    keys = world.origin * world.states + world.target
    known, first = np.unique(keys, return_index=True)
    at = np.minimum(np.searchsorted(known, s * world.states + to), max(known.size - 1, 0))
    return np.where(known[at] == s * world.states + to, first[at], -1) if known.size else at - 1


def _fit(world: _World, forest: np.ndarray) -> np.ndarray:
    """Return the only Phi that can be: less what F pays on the way through the forest."""
    following = _following(world, forest)
    return 0.0 - _totals(_paid(world, forest, world.pays), following, world.gamma)


def _steps(world: _World, plan: np.ndarray) -> np.ndarray:
    """Return after how many steps the plan stops, infinity where it never does."""
    steps = _totals((plan >= 0).astype(float), _following(world, plan), 1.0)
    return np.where(steps >= world.states, np.inf, steps)


def _best(
    world: _World, plan: np.ndarray, pays: np.ndarray, scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the most that can be had from each state, and a plan for it: policy iteration.

    Begins with a plan that is worth 0 everywhere.  With gamma 1 the first cycle that a better plan
    laps pays more than 0, and all that leads to it is worth infinity.
    """
    plan, V = plan.copy(), np.zeros(world.states)
    origins, first, counts = np.unique(world.origin, return_index=True, return_counts=True)
    group = np.repeat(np.arange(origins.size), counts)
    noise = _NOISE * scale
    while np.isfinite(V).all():
        values = pays + world.gamma * V[world.target]
        best = np.maximum.reduceat(values, first)
        better = best > V[origins] + noise
        if not better.any():
            break
        chosen = np.flatnonzero(values == best[group])
        chosen = chosen[np.unique(group[chosen], return_index=True)[1]]
        plan[origins[better]] = chosen[better]
        V = _totals(_paid(world, plan, pays), _following(world, plan), world.gamma)
        noise = _noise(world, max(scale, _largest(V)))
        if world.gamma == 1.0:
            V[np.isinf(_steps(world, plan))] = np.inf
    return V, plan


Steps = list[tuple[int, bool]]  # transitions, and whether each is gone against


def _two_routes(
    world: _World, forest: np.ndarray, off: np.ndarray, scale: float
) -> tuple[Route, Route]:
    """Return the best and the worst route from one state, by what F pays beyond Phi."""
    # What goes against transitions comes last, if at all.
    start = np.where(world.origin[forest] == np.arange(world.states), forest, -1)
    most, best = _best(world, start, off, scale)
    least, worst = _best(world, start, -off, scale)
    gains = most + least
    tight, also_tight = _tight(world, best, most, off), _tight(world, worst, least, -off)
    _, detour = _prospects(world, tight)
    steps, another = _prospects(world, also_tight)
    order = np.lexsort((-gains, steps, detour.astype(int) + another))  # the last one counts most
    s = int(order[gains[order] >= 0.5 * gains.max()][0])
    better, better_lap = _way(world._replace(pays=off), best, tight, s, most[s])
    worse, worse_lap = _way(world._replace(pays=-off), worst, also_tight, s, least[s])
    if better_lap is worse_lap is None:
        _complete(world, s, better, worse, forest)
    return _route(world, s, better, better_lap), _route(world, s, worse, worse_lap)


def _tight(world: _World, plan: np.ndarray, V: np.ndarray, pays: np.ndarray) -> np.ndarray:
    """Tell which transitions are as good as those of the plan, which is worth V."""
    finite = np.isfinite(V)
    V = np.where(finite, V, 0.0)
    slack = V[world.origin] - pays - world.gamma * V[world.target]
    noise = _noise(world, max(1.0, _largest(pays), _largest(V)))
    equal = (np.abs(slack) <= noise) & finite[world.target]
    planned = plan[world.origin] == np.arange(pays.size)
    return np.where(finite[world.origin], equal, planned)


def _prospects(world: _World, tight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each state is from an end, and whether a way to a cycle is all that is left.

    By tight transitions alone.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components, dijkstra

    s, to = world.origin[tight], world.target[tight]
    back = coo_array((np.ones(s.size), (to, s)), shape=(world.states, world.states)).tocsr()
    steps = np.full(world.states, np.inf)
    if world.ends.any():
        ends = np.flatnonzero(world.ends)
        steps = dijkstra(back, indices=ends, unweighted=True, min_only=True)
    _, part = connected_components(back, connection="strong")
    on_cycle = np.bincount(part)[part] > 1
    on_cycle[s[s == to]] = True
    return steps, np.isinf(steps) & ~on_cycle


def _way(
    world: _World, plan: np.ndarray, tight: np.ndarray, s: int, worth: float
) -> tuple[Steps, int | None]:
    """Return a route from s that is worth as much as the plan, and where its cycle begins.

    Of all such routes one that ends is best to look at, then a cycle through s.
    """
    loop = None
    if math.isfinite(worth):
        to_end = _shortest(world, tight, s, world.ends)
        if to_end is not None:
            return to_end, None
        if world.gamma < 1.0:
            loop = _shortest(world, tight, s, np.arange(world.states) == s)
        least = worth - _noise(world, max(1.0, abs(worth)))
        if loop and _route(world, s, loop, 0).total < least:  # little losses have added up
            loop = None
    steps: Steps = []
    seen: dict[int, int] = {}
    at = s
    while at not in seen and plan[at] >= 0:
        seen[at] = len(steps)
        steps.append((int(plan[at]), False))
        at = int(world.target[plan[at]])
    if loop and len(loop) <= len(steps):
        return loop, 0
    return steps, seen.get(at)


def _shortest(world: _World, usable: np.ndarray, s: int, goals: np.ndarray) -> Steps | None:
    """Return the shortest way from s to a goal, of one step or more; None if there is none."""
    first = np.searchsorted(world.origin, np.arange(world.states + 1))
    came: dict[int, int] = {}  # by which transition each state was reached
    queue = deque([s])
    while queue:
        at = queue.popleft()
        for i in first[at] + np.flatnonzero(usable[first[at] : first[at + 1]]):
            to = int(world.target[i])
            if to not in came:
                came[to] = int(i)
                queue.append(to)
                if goals[to]:
                    way = [came[to]]
                    while world.origin[way[-1]] != s:
                        way.append(came[int(world.origin[way[-1]])])
                    return [(i, False) for i in reversed(way)]
    return None


def _complete(world: _World, s: int, one: Steps, other: Steps, forest: np.ndarray) -> None:
    """Let two routes from s that stop somewhere go on, until both end or are in the same state."""
    for steps in (one, other):
        at = int(world.target[steps[-1][0]]) if steps else s
        while forest[at] >= 0:
            i = int(forest[at])
            back = bool(world.origin[i] != at)
            steps.append((i, back))
            at = int((world.origin if back else world.target)[i])
    if world.ends[at]:
        return
    # What both do at last is left out; and instead of going against a transition at last, let the
    # other one go along it.
    while True:
        if one and other and one[-1] == other[-1]:
            one.pop()
            other.pop()
        elif one and one[-1][1]:
            other.append((one.pop()[0], False))
        elif other and other[-1][1]:
            one.append((other.pop()[0], False))
        else:
            return


def _route(world: _World, s: int, steps: Steps, lap_from: int | None) -> Route:
    """Return the route with these steps, paid step by step."""
    states, total, lap, discount = [s], 0.0, 0.0, 1.0
    for k, (i, back) in enumerate(steps):
        states.append(int((world.origin if back else world.target)[i]))
        pay = -float(world.pays[i]) if back else float(world.pays[i])
        if lap_from is not None and k >= lap_from:
            lap += world.gamma ** (k - lap_from) * pay
        else:
            total += discount * pay
            discount *= world.gamma
    if lap_from is not None and world.gamma == 1.0:
        total = math.copysign(math.inf, lap)
    elif lap_from is not None and world.gamma > 0.0:  # a geometric series, exact with gamma near 1
        total += discount * lap / -math.expm1((len(steps) - lap_from) * math.log(world.gamma))
    elif lap_from is not None:
        total += discount * lap
    actions = tuple(int(world.action[i]) for i, _ in steps)
    backwards = tuple(back for _, back in steps)
    ends = bool(world.ends[states[-1]])
    return Route(tuple(states), actions, backwards, lap_from, ends, total, lap)


def _hint(world: _World, forest: np.ndarray, off: np.ndarray, most: float) -> str:
    """Return what the mistake may be: another gamma, or a potential where an episode ends."""
    if world.gamma == 1.0:
        return ""
    undiscounted = world._replace(gamma=1.0)
    Phi = _fit(undiscounted, _forest(undiscounted))
    if _largest(world.pays - (Phi[world.target] - Phi[world.origin])) <= most:
        return f"With gamma 1 it would be one; that of F must be that of the MDP, {world.gamma:g}"
    at_end = _at_the_ends(world, forest, off, most)
    named = [f"{at_end[s]:.4g} in state {s}" for s in np.flatnonzero(np.abs(at_end) > most)]
    if not named:
        return ""
    which = ", ".join(named[:3]) + (", ..." if len(named) > 3 else "")
    return f"It would be one if Phi were {which}; but where an episode ends Phi must be 0"


def _at_the_ends(world: _World, forest: np.ndarray, off: np.ndarray, most: float) -> np.ndarray:
    """Return with which Phi of the terminal states F is a potential's; 0 if with none.

    A Phi of c at the end adds ``c gamma**k`` to the Phi of a state k steps away, in the forest.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import lsqr

    following = _following(world, forest)
    entered = np.where(world.ends[following] & (forest >= 0), following, 0).astype(float)
    end = np.where(world.ends, np.arange(world.states), _totals(entered, following, 1.0))
    steps = _steps(world, forest)
    end = np.where(np.isinf(steps), 0, end).astype(np.int64)
    weight = world.gamma**steps
    rows = np.arange(off.size)
    adds = coo_array(
        (
            np.concatenate([world.gamma * weight[world.target], -weight[world.origin]]),
            (np.concatenate([rows, rows]), np.concatenate([end[world.target], end[world.origin]])),
        ),
        shape=(off.size, world.states),
    ).tocsc()
    ends = np.flatnonzero(world.ends)
    for free in (ends[1:], ends):  # more than one may do if only differences count
        Phi = np.zeros(world.states)
        if free.size:
            Phi[free] = lsqr(adds[:, free], off, atol=1e-14, btol=1e-14)[0]
        if _largest(adds @ Phi - off) <= most:
            return Phi
    return np.zeros(world.states)
