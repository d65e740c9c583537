"""Every problem and learner by name, and how to read one that somebody typed."""

import ast
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import banditkit.learners as learner_package
import banditkit.problems as problem_package
import banditkit.shaping as shaping_package
from banditkit.core.checks import nearest, shorten
from banditkit.core.description import Description, Learner, Problem

__all__ = ["descriptions", "learners", "problems", "read_learner", "read_problem"]


def problems() -> dict[str, type[Problem]]:
    """Return all problems of the package by name."""
    return _concrete(Problem)


def learners() -> dict[str, type[Learner]]:
    """Return all learners of the package by name."""
    return _concrete(Learner)


def descriptions() -> dict[str, type[Description]]:
    """Return all that can be described by name: problems, learners, and what they are made of."""
    return _concrete(Description)


def read_problem(text: str) -> Problem:
    """Make a problem of words such as ``Bernoulli([0.4, 0.6])``.

    Raises
    ------
    ValueError
        If the words are not a problem.
    """
    return _read("problem", text, problems())


def read_learner(text: str) -> Learner:
    """Make a learner of words such as ``UCB1``, ``UCB1(exploration=0.5)`` or ``Doubling(MOSS())``.

    Raises
    ------
    ValueError
        If the words are not a learner.
    """
    return _read("learner", text, learners())


def _concrete(kind: type) -> dict[str, Any]:
    packages = problem_package, learner_package, shaping_package
    public = {name: getattr(package, name) for package in packages for name in package.__all__}
    return {
        name: each
        for name, each in public.items()
        if isinstance(each, type) and issubclass(each, kind) and not inspect.isabstract(each)
    }


def _read(kind: str, text: str, known: Mapping[str, Callable[..., Any]]) -> Any:
    if not isinstance(text, str):
        raise ValueError(f"a {kind} is written as text, such as {next(iter(known))}; got {text!r}")
    fault = f"{shorten(repr(text))} is not a {kind}: it must read like Name(option=number)"
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        if isinstance(tree, ast.Name):  # UCB1 means UCB1()
            tree = ast.Call(tree, [], [])
        if not isinstance(tree, ast.Call):
            raise ValueError(fault)
        return _build(kind, tree, known)
    except (SyntaxError, RecursionError, MemoryError):  # the last two: nested too deeply
        raise ValueError(fault) from None


def _build(kind: str, tree: ast.expr, known: Mapping[str, Callable[..., Any]]) -> Any:
    """Evaluate literals, calls of known names, and lists of these; nothing else."""
    if not isinstance(tree, ast.Call):
        try:
            return ast.literal_eval(tree)
        except (ValueError, TypeError):  # TypeError: a list cannot be in a set
            entries = tree.elts if isinstance(tree, ast.List | ast.Tuple) else []
            if any(isinstance(each, ast.Call) and _called(each) in known for each in entries):
                return [_build(kind, each, known) for each in entries]
            written = ast.unparse(tree)
            hint = f"; write {written}()" if written in known else ""
            raise ValueError(
                f"{shorten(repr(written))} is neither a number, a text, nor a list{hint}"
            ) from None
    words = ast.unparse(tree.func)
    name, _, maker = words.partition(".")
    if name not in known:
        raise ValueError(f"there is no {kind} {shorten(repr(name))}; {nearest(name, list(known))}")
    make = known[name]
    if maker:
        if maker.startswith("_") or not inspect.ismethod(getattr(make, maker, None)):
            raise ValueError(f"{name} has no {maker!r}")
        make = getattr(make, maker)
    inside = descriptions()  # a learner may be made of learners, schedules, tables
    arguments = [_build(kind, argument, inside) for argument in tree.args]
    options: dict[str, Any] = {}
    for each in tree.keywords:
        if each.arg is None:
            raise ValueError(f"write out the options in place of **{ast.unparse(each.value)}")
        if each.arg in options:
            raise ValueError(f"{words} is given {each.arg} twice")
        options[each.arg] = _build(kind, each.value, inside)
    signature = inspect.signature(make)
    try:
        signature.bind(*arguments, **options)
    except TypeError as error:
        raise ValueError(f"{words}({', '.join(signature.parameters)}): {error}") from None
    return make(*arguments, **options)


def _called(tree: ast.Call) -> str:
    """Return the name of the class that is called, perhaps by a method that makes one."""
    return ast.unparse(tree.func).partition(".")[0]
