"""Everything is tried as Python first, so that a mistake reads like one of Python's."""

import inspect
import math
import re
import traceback
from collections.abc import Iterator
from typing import Any

import numpy as np

from banditkit.core.adapters import Draw, adapt, told
from banditkit.core.description import Learner, Problem
from banditkit.core.feedback import AidedStep, Step
from banditkit.core.jit import NumbaError
from banditkit.core.no_dice import DrawsAtRandom, NoDice
from banditkit.core.spec import BudgetedFeatures, Features, NoSuchArm
from banditkit.core.verbs import VERBS

__all__ = ["compile_fault", "hidden_draws", "no_such_arm", "rehearse"]


def rehearse(
    problem: Problem,
    learner: Learner,
    horizon: int,
    rounds: int,
    rngs: tuple[np.random.Generator, np.random.Generator],
) -> None:
    """Play some rounds uncompiled, and raise a ValueError that names what is wrong, and where."""
    env = _attempt(problem, problem, "start", horizon, rngs[0])
    policy = _attempt(learner, learner, "start", told(problem, learner), horizon)
    _check_methods(problem, env, ("gap", "respond"))
    _check_methods(learner, policy, ("select", "update"))
    hidden = problem.sees_distribution and not hasattr(policy, "distribution")
    if hidden:  # then it must not draw: the generator that it gets says so
        rngs = rngs[0], NoDice()  # type: ignore[assignment]
    env, policy = adapt(problem, learner, env, policy)
    for t in range(min(rounds, horizon)):
        if env.done() or policy.done():
            break
        x = _attempt(problem, env, "observe", t, rngs[0])
        _check_features(problem, x)
        a = _attempt(learner, policy, "select", t, x, rngs[1])
        fault = problem.spec.fault(a.arm if isinstance(a, Draw) else a)
        if fault:
            raise ValueError(f"{learner!r}: in round {t + 1}, select returned {fault}")
        _attempt(problem, env, "gap", t, x, a)
        y = _attempt(problem, env, "respond", t, x, a, rngs[0])
        if isinstance(y, Step | AidedStep) and not math.isfinite(y.reward):
            raise ValueError(
                f"{problem!r}: in round {t + 1}, respond returned a reward of {y.reward}; rewards, "
                "and potentials, must be finite"
            )
        if isinstance(y, AidedStep) and not math.isfinite(y.auxiliary):
            raise ValueError(
                f"{problem!r}: in round {t + 1}, the heuristic pays {y.auxiliary}; what it pays "
                "must be finite"
            )
        _attempt(learner, policy, "update", t, x, a, y)


def _check_features(problem: Problem, x: Any) -> None:
    """Raise a ValueError if a problem shows features of another shape than it says."""
    spec = problem.spec
    if isinstance(spec, Features):
        expected = 1 if spec.shared else spec.K, spec.d
    elif isinstance(spec, BudgetedFeatures):
        expected = spec.K, spec.n
    else:
        return
    if np.shape(x) != expected:
        raise ValueError(
            f"{problem!r}: observe must return features of shape {expected}, as spec says; got "
            f"shape {np.shape(x)}"
        )


def compile_fault(problem: Problem, learner: Learner, error: NumbaError) -> ValueError:
    """Say in a line what runs as Python but can't be compiled."""
    # Numba nests its reports; what is wrong stands in the innermost, and the line below it.
    innermost = re.split(r"Failed in nopython mode pipeline.*|a specific error:", str(error))[-1]
    lines = [line.strip() for line in innermost.splitlines() if line.strip()]
    reason = next((line for line in lines if not line.startswith("- ")), type(error).__name__)
    reason = re.sub(r"^\w+Error: ", "", reason)
    places = [line.rstrip(":") for line in lines if line.startswith("File ")]
    where = f" ({places[0][0].lower()}{places[0][1:]})" if places else ""
    return ValueError(
        f"{learner!r} on {type(problem).__name__} runs as Python but can't be compiled: "
        f"{reason.rstrip('.:')}{where} - use numbers, arrays and loops, or set "
        "NUMBA_DISABLE_JIT=1 to run without compiling"
    )


def no_such_arm(learner: Learner, t: int, arm: Any, K: int) -> str:
    """Say that a learner chose an arm that does not exist."""
    wanted = f"a whole number from 0 to {K - 1}" if K > 0 else "a number from 0 to 1"
    return f"{learner!r}: in round {t + 1}, select returned {arm}; an arm is {wanted}"


def hidden_draws(learner: Learner) -> str:
    """Say that a learner draws, and does not tell from which distribution."""
    return (
        f"{learner!r} draws at random, but its policy has no method distribution(self, t, x) "
        "that tells from which distribution: this problem needs to see it"
    )


def _check_methods(owner: Any, player: Any, needed: tuple[str, ...]) -> None:
    name = type(player).__name__
    if not (isinstance(player, tuple) and hasattr(player, "_fields")):
        raise ValueError(f"{owner!r}: start must return a NamedTuple; got {name}")
    for word in {*VERBS, "count", "index"} & {*player._fields}:
        raise ValueError(
            f"{owner!r}: the field {word!r} of {name} hides a method of that name; call it "
            "otherwise"
        )
    for verb in needed:
        if not callable(getattr(player, verb, None)):
            arguments = ", ".join(("self", *VERBS[verb]))
            raise ValueError(f"{owner!r}: {name} has no method {verb}({arguments})")
    for verb, expected in VERBS.items():
        method = getattr(player, verb, None)
        if method is None:
            continue
        try:
            inspect.signature(method).bind(*expected)
        except TypeError:
            yours = ", ".join(("self", *inspect.signature(method).parameters))
            raise ValueError(
                f"{owner!r}: {name}.{verb} must take ({', '.join(('self', *expected))}); "
                f"yours takes ({yours})"
            ) from None


def _attempt(owner: Any, player: Any, method: str, *arguments: Any) -> Any:
    """Call a method of a description or a record; what it raises names `owner` and the line."""
    try:
        return getattr(player, method)(*arguments)
    except DrawsAtRandom:
        raise ValueError(hidden_draws(owner)) from None
    except NoSuchArm as error:
        round_, arm, K = error.args
        raise ValueError(no_such_arm(owner, round_, arm, K)) from None
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if frame.filename in set(_files(owner, player))]
        place = (own or frames)[-1]  # the line of theirs, not one of NumPy below it
        where = f'file "{place.filename}", line {place.lineno}'
        raise ValueError(
            f"{owner!r}: {method} raises {type(error).__name__}: {error} ({where})"
        ) from error


def _files(owner: Any, player: Any) -> Iterator[str]:
    """Yield the files where a description, a record, and the records inside it are written."""
    for each in (owner, player):
        for name in ("start", *VERBS):
            function = getattr(type(each), name, None)
            if inspect.isfunction(function):
                yield function.__code__.co_filename
    if isinstance(player, tuple):
        for field in player:
            if isinstance(field, tuple):
                yield from _files(owner, field)
