"""What every problem and learner promises; the classes are found by walking the package."""

import dataclasses
import importlib
import inspect
import pickle
import pkgutil

import numpy as np
import pytest
from instances import (
    BUDGETED,
    COSTS,
    IID,
    KNAPSACKS,
    LEARNERS,
    MDPS,
    PROBLEMS,
    STEPS,
    all_of,
    plays,
    regret_of,
)

import banditkit
import banditkit as bk
from banditkit.catalogue import learners, problems
from banditkit.core.copies import pick, stack
from banditkit.core.play import play, play_interpreted
from banditkit.core.verbs import VERBS

CLASSES = [*problems().values(), *learners().values()]
DESCRIPTIONS = [*all_of(PROBLEMS), *all_of(LEARNERS)]
PAIRS = [(p, x) for p in all_of(IID) for x in all_of(LEARNERS) if plays(x, p)]


# What nobody calls: bases, records, words.
WITHOUT_EXAMPLE = {
    "Advice", "Arms", "Bound", "Contexts", "CostTape", "Description", "ExpertProblem", "Features",
    "Budgeted", "BudgetedFeatures", "Feedback", "Foreign", "Interval", "IIDArms",
    "Demand", "LPSolution", "Model", "NoSuchArm", "NullArmAdded", "Optimum", "Problem", "Purchase",
    "Schedule", "Solution", "Step", "Tabular", "TabularLearner", "Verdict", "Watched",
    "Aggregate", "AidedStep", "Batch", "HyperGradient", "NotAMaximum", "RewardModel",
}  # fmt: skip


def modules():
    for info in pkgutil.walk_packages(banditkit.__path__, "banditkit."):
        if "_chapters" not in info.name:
            yield importlib.import_module(info.name)


def records():
    """Yield the NamedTuple classes of the package."""
    for module in modules():
        for each in vars(module).values():
            if not (inspect.isclass(each) and each.__module__ == module.__name__):
                continue
            if issubclass(each, tuple) and hasattr(each, "_fields"):
                yield each


def public():
    """Yield the names and things that a user sees."""
    for name in banditkit.__all__:
        thing = getattr(bk, name)
        if inspect.ismodule(thing):
            yield from ((f"{name}.{each}", getattr(thing, each)) for each in thing.__all__)
        else:
            yield name, thing


def start(description):
    if isinstance(description, bk.Problem):
        return description.start(100, np.random.default_rng(0))
    return description.start(spec_for(description), 100)


def spec_for(learner):
    """Return three arms, with experts for who needs them; or an MDP with three states."""
    own = {
        bk.Contexts: bk.Contexts(4, 3, costs=learner.costs),
        bk.Interval: bk.Interval(3, 1.0, costs=learner.costs),
        bk.Features: bk.Features(3, 2, lowest=0.0, highest=1.0),
        bk.Budgeted: bk.Budgeted(3, 2, 10.0, (1.0, 0.5), 2),
        bk.BudgetedFeatures: bk.BudgetedFeatures(3, 2, 2, 10.0, (1.0, 0.5), 2),
    }
    if learner.plays[0] in own:
        return own[learner.plays[0]]
    if bk.Tabular in learner.plays:
        return bk.Tabular(3, 2, 0.9, 0.0, 2.0, H=4)
    spec = bk.Arms(3, costs=learner.costs)
    return spec if bk.Arms in learner.plays else bk.Advice(3, 4, costs=True)


def arrays_of(record):
    for field in record:
        if isinstance(field, tuple):
            yield from arrays_of(field)
        elif isinstance(field, np.ndarray):
            yield field


def test_the_walk_finds_the_classes_that_this_file_is_about():
    assert {"Bernoulli", "Gaussian", "Beta", "UniformArms", "TwoPoint", "EmpiricalArms"} <= set(
        problems()
    )
    assert {"UCB1", "KLUCB", "Thompson", "Doubling"} <= set(learners())
    assert sorted(problems()) == sorted(PROBLEMS)
    assert sorted(learners()) == sorted(LEARNERS)


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=repr)
def test_a_description_is_frozen_compares_by_value_and_can_be_sent(description):
    again = pickle.loads(pickle.dumps(description))
    assert again == description
    assert hash(again) == hash(description)
    assert dataclasses.replace(description) == description
    for field in dataclasses.fields(description):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(description, field.name, None)


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=repr)
def test_a_repr_is_short_and_evaluates_to_an_equal_description(description):
    if "<" in repr(description):  # holds too much data to be words
        assert len(repr(description)) < 100
    else:
        assert eval(repr(description), vars(bk) | {name: getattr(bk, name) for name in bk.__all__})


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=repr)
def test_start_gives_a_record_with_the_verbs_and_nothing_shared(description):
    first, second = start(description), start(description)
    needed = ("gap", "respond") if isinstance(description, bk.Problem) else ("select", "update")
    for verb in needed:
        expected = ["self", *VERBS[verb]]
        assert list(inspect.signature(getattr(type(first), verb)).parameters) == expected
    assert all(array.flags.c_contiguous for array in arrays_of(first))
    if isinstance(description, bk.Learner):
        for one, other in zip(arrays_of(first), arrays_of(second), strict=True):
            assert not np.shares_memory(one, other)


@pytest.mark.parametrize("learner", all_of(LEARNERS), ids=repr)
def test_a_policy_can_be_stacked_and_what_a_copy_learns_stays_with_it(learner):
    copies = stack([start(learner) for _ in range(3)])
    before = [array.copy() for array in arrays_of(copies)]
    policy = pick(copies, 1)
    x = None if bk.Arms in learner.plays else np.array([0, 1, 1, 2])
    x = 1 if {bk.Tabular, bk.Contexts, bk.Interval} & {*learner.plays} else x
    if learner.plays[0] in (bk.Features, bk.BudgetedFeatures):
        x = np.array([[1.0, 0.5], [0.0, 1.0], [0.5, 0.5]])
    for t in range(40):
        a = policy.select(t, x, np.random.default_rng(t))
        answers = {
            "bandit": 1.0,
            "full": np.eye(3)[a],
            "step": bk.AidedStep(1.0, 2, False, t % 4 == 3, 0.5),
            "purchase": bk.Purchase(1.0, np.array([0.5, 0.25])),
        }
        policy.update(t, x, a, answers[learner.accepts])
    changed = False
    for old, new in zip(before, arrays_of(copies), strict=True):
        assert (old[[0, 2]] == new[[0, 2]]).all()
        changed |= not np.array_equal(old[1], new[1])
    assert changed or isinstance(learner, bk.Uniform)


@pytest.mark.parametrize(("problem", "learner"), PAIRS, ids=repr)
def test_regret_never_falls_and_is_at_most_the_largest_gap_a_round(problem, learner):
    regret = regret_of(play_interpreted, problem, learner, horizon=60, seed=1)
    steps = np.diff(regret, prepend=0.0)
    assert (steps >= -1e-12).all()
    assert (steps <= max(problem.gaps) + 1e-12).all()
    allowed = np.append(problem.gaps, 0.0)
    assert np.abs(steps[..., None] - allowed).min(axis=-1).max() < 1e-9  # each step is a gap


@pytest.mark.parametrize("problem", all_of(IID), ids=repr)
def test_rewards_have_the_means_and_the_support_that_the_problem_states(problem):
    env, rng, n = problem.start(1, np.random.default_rng(0)), np.random.default_rng(5), 4000
    for arm, mean in enumerate(problem.means):
        rewards = np.array([env.respond(t, None, arm, rng) for t in range(n)])
        assert abs(rewards.mean() - mean) <= 5 * rewards.std() / np.sqrt(n) + 1e-12
        assert problem.spec.lowest <= rewards.min()
        assert rewards.max() <= problem.spec.highest
    assert max(problem.means) - np.array(problem.means) == pytest.approx(problem.gaps, abs=1e-15)
    assert len(problem.means) == problem.spec.K


@pytest.mark.parametrize("problem", all_of(COSTS), ids=repr)
def test_every_learner_plays_every_tape_that_it_agrees_to_play(problem):
    """As Python, since compiling a thousand pairs would take long."""
    players = [learner for learner in all_of(LEARNERS) if plays(learner, problem)]
    if problem.sees_distribution:
        players = [learner for learner in players if tells_or_draws_nothing(learner)]
    assert players
    spec = problem.spec
    most = 2 * (spec.highest - spec.lowest) + 1
    for learner in players:
        regret = regret_of(play_interpreted, problem, learner, horizon=40, seed=2)
        steps = np.diff(regret, prepend=0.0)
        assert np.isfinite(regret).all(), learner
        assert (np.abs(steps) <= most).all(), learner


@pytest.mark.parametrize("problem", all_of(MDPS | STEPS), ids=repr)
def test_an_mdp_is_the_same_compiled_and_interpreted(problem):
    for learner in (bk.QLearning(), bk.QLearning(rate=0.5, epsilon=0.3, initial=1.0)):
        compiled, python = (
            regret_of(loop, problem, learner, horizon=150, seed=3, calls=(70,))
            for loop in (play, play_interpreted)
        )
        assert (compiled == python).all()
        assert (np.diff(compiled) >= 0.0).all()


@pytest.mark.parametrize("learner", all_of(BUDGETED), ids=repr)
def test_every_learner_with_a_budget_is_the_same_compiled_and_interpreted(learner):
    """On every problem that it agrees to play; the second call goes on where the first stopped."""
    for problem in all_of(KNAPSACKS):
        if plays(learner, problem):
            compiled, python = (
                regret_of(loop, problem, learner, horizon=60, seed=3, calls=(25,))
                for loop in (play, play_interpreted)
            )
            assert (compiled == python).all(), problem
            assert np.isfinite(compiled).all(), problem


@pytest.mark.parametrize("problem", all_of(COSTS), ids=repr)
def test_a_tape_is_the_same_compiled_and_interpreted(problem):
    learner = {"bandit": bk.Exp3(), "full": bk.Hedge(second_moment=1.0)}[problem.feedback]
    if not plays(learner, problem):
        learner = {"bandit": bk.UCB1(), "full": bk.AdaHedge()}[problem.feedback]
    compiled, python = (
        regret_of(loop, problem, learner, horizon=150, seed=3, calls=(70,))
        for loop in (play, play_interpreted)
    )
    assert (compiled == python).all()


def tells_or_draws_nothing(learner):
    """Tell whether a learner has a distribution to show."""
    return hasattr(start(learner), "distribution") or "Thompson" not in repr(learner)


def test_records_of_the_package_have_names_of_their_own():
    """Numba tells records apart by the names of their classes."""
    names = [record.__name__ for record in records()]
    assert len(names) > 15
    assert len(set(names)) == len(names)


def test_no_field_of_a_record_hides_a_verb():
    """Numba would find the field, or the tuple's method, and say something else."""
    for record in records():
        if {*VERBS} & {*vars(record)}:
            assert not {*VERBS, "count", "index"} & {*record._fields}, record


@pytest.mark.parametrize("each", CLASSES, ids=lambda each: each.__name__)
def test_a_docstring_names_every_parameter_and_what_is_raised(each):
    doc = inspect.getdoc(each)
    names = [field.name for field in dataclasses.fields(each)]
    if names:
        section = doc.split("Parameters\n----------\n")[1].split("\n\n")
        described = "\n\n".join(section)
        for name in names:
            assert any(
                name in line.split(" : ")[0].split(", ")
                for line in described.splitlines()
                if " : " in line
            ), f"{each.__name__}: {name}"
        assert "Raises\n------\n" in doc


@pytest.mark.parametrize(
    ("name", "thing"), [*public()], ids=lambda value: value if isinstance(value, str) else ""
)
def test_everything_public_is_documented_with_an_example(name, thing):
    if callable(thing):
        doc = inspect.getdoc(thing) or ""
        assert len(doc.splitlines()) >= 1
        if name.split(".")[-1] not in WITHOUT_EXAMPLE:
            assert "Examples\n--------\n" in doc, name


def test_at_most_six_parameters():
    """Records hold what would be more; only what a person calls with words may take more."""
    allowed = {"simulate", "Result", "Experiment"}
    for module in modules():
        for name, each in vars(module).items():
            if getattr(each, "__module__", "") != module.__name__ or name in allowed:
                continue
            if inspect.isfunction(each):
                assert len(inspect.signature(each).parameters) <= 6, f"{module.__name__}.{name}"
