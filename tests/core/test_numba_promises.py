"""What banditkit stands on in Numba, one promise a test: a release that breaks one says so here."""

import math
import os
import subprocess
import sys
from typing import NamedTuple

import numba
import numpy as np
import pytest
from numba.core import ir

import banditkit.core.jit as jit_module
from banditkit.core.copies import pick, stack
from banditkit.core.jit import interpreted, jit, jit_checked, jit_inline
from banditkit.core.play import blank_scorecard, player_of
from banditkit.core.verbs import complete

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="needs the compiler")


class Counter(NamedTuple):
    counts: np.ndarray

    def update(self, t, x, a, y):
        self.counts[a] += y


class Wrapper(NamedTuple):
    inner: Counter
    weight: float

    def update(self, t, x, a, y):
        self.inner.update(t, x, a, self.weight * y)


class Twins(NamedTuple):  # fields of one type: Numba's NamedUniTuple
    first: np.ndarray
    second: np.ndarray

    def update(self, t, x, a, y):
        self.first[a] += y
        self.second[a] -= y


class Unnamed(NamedTuple):
    counts: np.ndarray

    def update(this, now, _, arm, reward):
        this.counts[arm] += reward


@jit
def call_update(policy, a, y):
    policy.update(0, None, a, y)


def test_a_method_of_a_namedtuple_is_found_by_its_class():
    policy = Counter(np.zeros(2))
    call_update(policy, 1, 3.0)
    assert policy.counts.tolist() == [0.0, 3.0]


def test_a_method_of_a_namedtuple_with_fields_of_one_type_is_found():
    policy = Twins(np.zeros(2), np.zeros(2))
    call_update(policy, 0, 1.0)
    assert (policy.first.tolist(), policy.second.tolist()) == ([1.0, 0.0], [-1.0, 0.0])


def test_a_record_inside_a_record_compiles():
    policy = Wrapper(Counter(np.zeros(2)), 0.5)
    call_update(policy, 1, 3.0)
    assert policy.inner.counts[1] == 1.5


def test_arguments_may_have_other_names():
    policy = Unnamed(np.zeros(2))
    call_update(policy, 0, 1.0)
    assert policy.counts[0] == 1.0


def test_classes_of_one_name_do_not_run_each_others_code():
    """Numba tells records apart by the names of their classes: see `play._loop_of`."""

    def player(step):
        class Same(NamedTuple):
            counts: np.ndarray

            def select(self, t, x, rng):
                return 0

            def gap(self, t, x, a):
                return 1.0

            def respond(self, t, x, a, rng):
                return 1.0

            def update(self, t, x, a, y):
                self.counts[a] += step * y

        return complete(Same(np.zeros(1)))

    one, ten = player(1.0), player(10.0)
    for each in (one, ten, one):
        card = blank_scorecard(np.array([1]))
        player_of(each, each)(each, each, card, 1, *map(np.random.default_rng, (0, 1)))
    assert (one.counts[0], ten.counts[0]) == (2.0, 10.0)


def test_what_is_learned_by_a_copy_from_a_stack_is_kept():
    """Numba's removal of dead code would drop these writes: see `_PasteVerbs`."""

    @jit
    def teach(copies, i, a, y):
        pick(copies, i).update(0, None, a, y)

    copies = stack([Wrapper(Counter(np.zeros(2)), 1.0) for _ in range(3)])
    teach(copies, 1, 0, 5.0)
    assert copies.inner.counts.tolist() == [[0.0, 0.0], [5.0, 0.0], [0.0, 0.0]]


def test_what_is_written_through_a_function_of_ones_own_is_kept():
    @jit
    def counts_of(policy):
        return policy.counts

    class Indirect(NamedTuple):
        counts: np.ndarray

        def update(self, t, x, a, y):
            mine = counts_of(self)
            mine[a] += y

    policy = Indirect(np.zeros(2))
    call_update(policy, 1, 2.0)
    assert policy.counts.tolist() == [0.0, 2.0]


def test_what_is_written_while_walking_through_rows_is_kept():
    class Rows(NamedTuple):
        table: np.ndarray

        def update(self, t, x, a, y):
            for row in self.table:
                row[a] += y

    policy = Rows(np.zeros((2, 2)))
    call_update(policy, 1, 2.0)
    assert policy.table.tolist() == [[0.0, 2.0], [0.0, 2.0]]


def test_a_pasted_function_that_changes_its_argument_leaves_the_callers_alone():
    """Pasted code speaks of the caller's arguments directly: see `_call_arguments_by_one_name`."""

    @jit_inline
    def bump(n):
        n += 1
        return n

    @jit_inline
    def as_float(n):
        if n > 2:
            n = 0.5
        return n

    @jit
    def caller(n):
        total = 0.0
        for _ in range(3):
            total += bump(n) + as_float(n)
        return n, total

    assert caller(2) == (2, 15.0)
    assert caller(4) == (4, 16.5)


def test_verbs_left_out_are_given_defaults():
    @jit
    def ask(env, rng):
        return env.observe(0, rng) is None and not env.done()

    assert ask(complete(Counter(np.zeros(1))), np.random.default_rng(0))


@pytest.mark.parametrize("name", ["random", "standard_normal", "standard_exponential"])
def test_a_generator_draws_numpys_own_stream_in_compiled_code(name):
    @jit_inline
    def pasted(rng):
        return getattr_draw(rng)

    getattr_draw = {
        "random": jit(lambda rng: rng.random()),
        "standard_normal": jit(lambda rng: rng.standard_normal()),
        "standard_exponential": jit(lambda rng: rng.standard_exponential()),
    }[name]
    compiled, plain = np.random.default_rng(5), np.random.default_rng(5)
    mine = [pasted(compiled) for _ in range(10_000)]
    assert mine == [getattr(plain, name)() for _ in range(10_000)]
    assert compiled.bit_generator.state == plain.bit_generator.state


@pytest.mark.parametrize("name", ["log", "exp", "sqrt", "log1p", "expm1"])
def test_functions_of_math_agree_to_the_bit(name):
    @jit
    def compiled(x):
        out = np.empty(x.size)
        for i in range(x.size):
            out[i] = function(x[i])
        return out

    function = getattr(math, name)
    x = np.random.default_rng(0).gamma(0.5, size=20_000)
    assert (compiled(x) == interpreted(compiled)(x)).all()


def test_powers_agree_to_the_bit():
    @jit
    def compiled(x):
        out = np.empty(x.size)
        for i in range(x.size):
            out[i] = x[i] ** (1 / 3)
        return out

    x = np.random.default_rng(0).gamma(0.5, size=20_000)
    assert (compiled(x) == interpreted(compiled)(x)).all()


def test_division_by_zero_is_inf_as_it_is_for_numpy_scalars():
    @jit
    def divide(x, y):
        return x[0] / y[0]

    assert divide(np.ones(1), np.zeros(1)) == math.inf


def test_sums_in_loops_are_not_reordered():
    @jit
    def total(x):
        s = 0.0
        for v in x:
            s += v
        return s

    x = np.random.default_rng(0).normal(size=1001)
    assert total(x) == interpreted(total)(x)


def test_a_checked_function_raises_for_an_index_out_of_range():
    @jit_checked
    def learn(policy, a):
        policy.update(0, None, a, 1.0)

    with pytest.raises(IndexError):
        learn(Counter(np.zeros(2)), 7)


def test_an_exception_of_our_own_carries_what_it_was_given():
    from banditkit.problems.arms import NoSuchArm

    @jit
    def fail(t, a):
        raise NoSuchArm(t, a, 10)

    with pytest.raises(NoSuchArm) as caught:
        fail(3, 12)
    assert caught.value.args == (3, 12, 10)


def test_without_the_compiler_a_kernel_is_the_function_itself():
    program = (
        "from banditkit.core import jit, play\n"
        "assert play.play is play.play_interpreted is play._loop_of(())\n"
        "assert jit.jit_inline(play._play) is play._play\n"
    )
    subprocess.run(
        [sys.executable, "-c", program], check=True, env={**os.environ, "NUMBA_DISABLE_JIT": "1"}
    )


def test_every_helper_of_ours_is_pasted_and_every_field_read_once(monkeypatch):
    """Numba's own decorator forgets `inline` after the first function that it is put on."""

    @jit_inline
    def first(counts, a):
        counts[a] += 1.0

    @jit_inline
    def second(counts, a):
        counts[a] += 1.0

    class Nested(NamedTuple):
        inner: Counter

        def update(self, t, x, a, y):
            first(self.inner.counts, a)
            second(self.inner.counts, a)

    seen = []
    one_name = jit_module._call_arguments_by_one_name

    def spy(func_ir, typemap):
        one_name(func_ir, typemap)
        seen.append((func_ir, typemap))

    monkeypatch.setattr(jit_module, "_call_arguments_by_one_name", spy)

    @jit
    def caller(policy, rounds):
        for a in range(rounds):
            policy.update(0, None, a % 2, 1.0)

    policy = Nested(Counter(np.zeros(2)))
    caller(policy, 10)
    assert policy.inner.counts.tolist() == [10.0, 10.0]
    func_ir, typemap = next(each for each in seen if each[0].func_id.func_name == "caller")
    statements = [each for block in func_ir.blocks.values() for each in block.body]
    expressions = [each.value for each in statements if isinstance(each, ir.Assign)]
    reads = [each.attr for each in expressions if getattr(each, "op", "") == "getattr"]
    assert sorted(reads) == ["counts", "inner", "update"]  # the last is never called
    called = [each for each in expressions if getattr(each, "op", "") == "call"]
    kinds = {str(typemap[each.func.name]) for each in called}
    assert kinds
    assert not any("first" in kind or "second" in kind or "update" in kind for kind in kinds)


def test_a_field_of_a_record_that_a_function_returns_is_not_read_beforehand():
    class Flip(NamedTuple):
        here: np.ndarray
        there: np.ndarray

        def update(self, t, x, a, y):
            chosen = pick(Flip(self.there, self.here), a)
            chosen.here[0] += y

    policy = Flip(np.zeros((2, 1)), np.zeros((2, 1)))
    call_update(policy, 1, 2.0)
    assert policy.there.tolist() == [[0.0], [2.0]]
    assert policy.here.tolist() == [[0.0], [0.0]]
