"""Everything is tried as Python first, so that a mistake reads like one of Python's."""

import inspect
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from banditkit.core.description import Learner, Problem
from banditkit.core.jit import NumbaError
from banditkit.core.verbs import VERBS, complete

__all__ = ["compile_fault", "rehearse"]


def rehearse(
    problem: Problem,
    learner: Learner,
    horizon: int,
    rounds: int,
    rngs: tuple[np.random.Generator, np.random.Generator],
) -> None:
    """Play some rounds uncompiled, and raise a ValueError that names what is wrong, and where."""
    env = _attempt(problem, "start", problem.start, horizon, rngs[0])
    policy = _attempt(learner, "start", learner.start, problem.spec, horizon)
    _check_methods(problem, env, ("gap", "respond"))
    _check_methods(learner, policy, ("select", "update"))
    complete(env)
    complete(policy)
    for t in range(min(rounds, horizon)):
        if env.done() or policy.done():
            break
        x = _attempt(problem, "observe", env.observe, t, rngs[0])
        a = _attempt(learner, "select", policy.select, t, x, rngs[1])
        fault = problem.spec.fault(a)
        if fault:
            raise ValueError(f"{learner!r}: in round {t + 1}, select returned {fault}")
        _attempt(problem, "gap", env.gap, t, x, a)
        y = _attempt(problem, "respond", env.respond, t, x, a, rngs[0])
        _attempt(learner, "update", policy.update, t, x, a, y)


def compile_fault(problem: Problem, learner: Learner, error: NumbaError) -> ValueError:
    """Say in a line what runs as Python but can't be compiled."""
    # Numba nests its reports; what is wrong stands in the innermost, and the line below it.
    innermost = str(error).rpartition("Failed in nopython mode pipeline")[2]
    lines = [line.strip() for line in innermost.splitlines()[1:] if line.strip()]
    reason = next((line for line in lines if not line.startswith("- ")), type(error).__name__)
    places = [line.rstrip(":") for line in lines if line.startswith("File ")]
    where = f" ({places[0][0].lower()}{places[0][1:]})" if places else ""
    return ValueError(
        f"{learner!r} on {type(problem).__name__} runs as Python but can't be compiled: "
        f"{reason.rstrip('.:')}{where} - use numbers, arrays and loops, or set "
        "NUMBA_DISABLE_JIT=1 to run without compiling"
    )


def _check_methods(owner: Any, player: Any, needed: tuple[str, ...]) -> None:
    name = type(player).__name__
    if not (isinstance(player, tuple) and hasattr(player, "_fields")):
        raise ValueError(f"{owner!r}: start must return a NamedTuple; got {name}")
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


def _attempt(owner: Any, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if frame.filename == function.__code__.co_filename]
        place = (own or frames)[-1]  # the line of theirs, not one of NumPy below it
        where = f'file "{place.filename}", line {place.lineno}'
        raise ValueError(
            f"{owner!r}: {name} raises {type(error).__name__}: {error} ({where})"
        ) from error
