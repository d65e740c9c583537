"""Learners and problems of a user's own: they run like ours, and mistakes read like Python's."""

import subprocess
import sys
from dataclasses import dataclass
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest

import banditkit as bk

# Ten lines, as somebody types them at a prompt.
PROMPT = """\
import math
from typing import NamedTuple
import numpy as np
import banditkit as bk
class MyPolicy(NamedTuple):
    pulls: np.ndarray
    sums: np.ndarray
    def select(self, t, x, rng):
        return t if t < self.pulls.size else int(np.argmax(self.sums / self.pulls + np.sqrt(math.log(t + 1) / self.pulls)))
    def update(self, t, x, a, y):
        self.pulls[a] += 1
        self.sums[a] += y

class MyUCB(bk.Learner):
    def start(self, spec, horizon):
        return MyPolicy(np.zeros(spec.K), np.zeros(spec.K))

result = bk.simulate(bk.Bernoulli((0.2, 0.8)), [MyUCB(), bk.UCB1(exploration=1)], horizon=2000, replications=20, seed=0)
print(result.mean()[:, -1].tolist())
"""


def test_a_learner_typed_at_a_prompt_races_against_ours():
    done = subprocess.run(
        [sys.executable, "-i", "-q"], input=PROMPT, capture_output=True, text=True, check=True
    )
    mine, ours = eval(done.stdout.strip().splitlines()[-1])
    assert mine == pytest.approx(ours, rel=0.05)  # the same index, up to rounding


class FirstArmPolicy(NamedTuple):
    seen: np.ndarray
    rows: np.ndarray

    def select(self, t, x, rng):
        return 0

    def update(self, t, x, a, y):
        self.seen[a] += y


def learner_with(**methods):
    """Return a learner whose policy has these methods instead."""
    parts = {"select": FirstArmPolicy.select, "update": FirstArmPolicy.update, **methods}

    class Policy(NamedTuple):
        seen: np.ndarray
        rows: np.ndarray

    for name, method in parts.items():
        if method is not None:
            setattr(Policy, name, method)

    class Mine(bk.Learner):
        def start(self, spec, horizon):
            return Policy(np.zeros(spec.K), np.zeros((spec.K, 2)))

    return Mine()


def play(learner, horizon=100, problem=None):
    return bk.simulate(
        problem or bk.Bernoulli((0.4, 0.6)), [learner], horizon=horizon, replications=2, seed=0
    )


def test_the_plain_learner_of_these_tests_works():
    assert play(learner_with()).mean()[0, -1] == pytest.approx(20.0)


def select_out_of_range(self, t, x, rng):
    return 2


def select_out_of_range_later(self, t, x, rng):
    return 2 if t == 50 else 0


def select_negative_later(self, t, x, rng):
    return -1 if t == 50 else 0


def select_fraction(self, t, x, rng):
    return 0.5


def select_typo(self, t, x, rng):
    return np.argmx(self.seen)


def select_without_rng(self, t, x):
    return 0


def update_index_error_later(self, t, x, a, y):
    self.seen[a + t // 50 * 9] += y


def select_uncompilable(self, t, x, rng):
    return eval("0")


@pytest.mark.parametrize(
    ("methods", "words"),
    [
        ({"select": None}, r"Policy has no method select\(self, t, x, rng\)"),
        ({"select": select_out_of_range}, "in round 1, select returned 2; an arm is a whole num"),
        (
            {"select": select_out_of_range_later},
            "in round 51, select returned 2; an arm is a whole",
        ),
        ({"select": select_negative_later}, "in round 51, select returned -1; an arm is a whole"),
        ({"select": select_fraction}, "in round 1, select returned 0.5; an arm is a whole number"),
        ({"select": select_typo}, r"select raises AttributeError.*test_own_classes.py\", line \d+"),
        (
            {"select": select_without_rng},
            r"must take \(self, t, x, rng\); yours takes \(self, t, x",
        ),
        (
            {"update": update_index_error_later},
            r"update raises IndexError.*test_own_classes.py\", line \d+",
        ),
        pytest.param(
            {"select": select_uncompilable},
            r"can't be compiled: Untyped global name .eval.*line \d+",
            marks=pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="it runs as Python"),
        ),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, dict) else "",
)
def test_a_mistake_arrives_as_one_line_of_python(methods, words):
    with pytest.raises(ValueError, match=words) as caught:
        play(learner_with(**methods))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("Mine()")


def test_start_must_return_a_namedtuple():
    class Listed(bk.Learner):
        def start(self, spec, horizon):
            return [0.0] * spec.K

    with pytest.raises(ValueError, match=r"Listed\(\): start must return a NamedTuple; got list"):
        play(Listed())


def test_a_class_defined_anew_runs_its_new_code():
    def learner(arm):
        class Policy(NamedTuple):
            zero: np.ndarray

            def select(self, t, x, rng):
                return arm

            def update(self, t, x, a, y):
                pass

        class Fixed(bk.Learner):
            def start(self, spec, horizon):
                return Policy(np.zeros(1))

        return Fixed()

    assert play(learner(0)).mean()[0, -1] == pytest.approx(20.0)
    assert play(learner(1)).mean()[0, -1] == 0.0
    assert play(learner(0)).mean()[0, -1] == pytest.approx(20.0)


class NoisyEnv(NamedTuple):
    """A wrapper: the inner problem, with rewards that are lost now and then."""

    inner: Any
    loss: float

    def gap(self, t, x, a):
        return self.inner.gap(t, x, a)

    def respond(self, t, x, a, rng):
        y = self.inner.respond(t, x, a, rng)
        return 0.0 if rng.random() < self.loss else y


@dataclass(frozen=True, repr=False)
class Lossy(bk.Problem):
    problem: bk.Problem
    loss: float = 0.5

    @property
    def spec(self):
        return self.problem.spec

    def start(self, horizon, rng):
        return NoisyEnv(self.problem.start(horizon, rng), self.loss)


def test_a_problem_of_ones_own_may_wrap_another():
    problem = Lossy(bk.Bernoulli((0.2, 0.8)))
    assert repr(problem) == "Lossy(Bernoulli((0.2, 0.8)))"
    players = [bk.UCB1(), bk.Uniform()]
    result = bk.simulate(problem, players, horizon=3000, replications=10, seed=0)
    assert result.mean()[0, -1] < 0.2 * result.mean()[1, -1]


def test_a_learner_learns_only_from_feedback_it_understands():
    class FullInformation(bk.Learner):
        accepts = bk.Feedback.FULL

        def start(self, spec, horizon):
            raise AssertionError("never started")

    with pytest.raises(
        ValueError, match=r"FullInformation learns from full feedback .* gives band"
    ):
        play(FullInformation())


def test_the_mistake_of_a_problem_is_named_too():
    @dataclass(frozen=True, repr=False)
    class Broken(Lossy):
        def start(self, horizon, rng):
            return self.problem.start(horizon, rng)._replace(gaps=None)

    with pytest.raises(ValueError, match=r"Broken\(.*gap raises AttributeError"):
        play(bk.UCB1(), problem=Broken(bk.Bernoulli((0.2, 0.8))))
