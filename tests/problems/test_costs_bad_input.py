"""Tapes, experts, adversaries, and the learners for them: what makes no sense is named at once.

Whatever is wrong, a ValueError says in a line who objects and to what; and nothing is compiled.
"""

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import numba
import numpy as np
import pytest

import banditkit as bk
from banditkit.core.adapters import Draw
from banditkit.core.jit import on_compile
from banditkit.core.spec import NoSuchArm

HUGE = 10**400  # an int that no float can hold

IID, FULL = bk.IIDCosts([0.4, 0.6]), bk.IIDCosts([0.4, 0.6], feedback="full")
WIDE = bk.LossTable([[0.0, 5.0]] * 9, highest=5)
WIDE_FULL = bk.LossTable([[0.0, 5.0]] * 9, highest=5, feedback="full")
BELOW = bk.LossTable([[-1.0, 1.0]] * 9, lowest=-1, feedback="full")
EXPERTS = bk.PerfectExpert(4, feedback="full")
TWO_ROWS = [[0.0, 1.0], [1.0, 0.0]]


def message_of(call):
    """Return the message of the ValueError that `call` raises: one line, in our words."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        call()
    message = str(caught.value)
    assert message
    assert "\n" not in message
    for words_of_others in ("inhomogeneous", "object is not", "has no attribute", "np.float64("):
        assert words_of_others not in message
    return message


def check(call, *words):
    message = message_of(call)
    for word in words:
        assert word in message


def simulate(problem, learner, horizon=5):
    """Play, and assert that nothing was compiled until the mistake was found."""
    compiled = []
    with on_compile(lambda: compiled.append(True)):
        try:
            return bk.simulate(problem, [learner], horizon=horizon, replications=2, seed=0)
        finally:
            assert not compiled


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
def test_the_witness_of_these_tests_hears_a_compilation():
    heard = []
    with on_compile(lambda: heard.append(True)):
        numba.njit(lambda x: x)(1)
    assert heard


# ------------------------------------------------------------------------------------- tables


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        ([[0.0, 1.5]], ["losses must lie in [0, 1]", "row 0 (round 1), arm 1 has 1.5", "rescale"]),
        ([[0.0, 0.5], [-0.25, 0.5]], ["[0, 1]", "row 1 (round 2), arm 0 has -0.25", "lowest and"]),
        ([[0.0, 0.5], [0.5, math.nan]], ["losses must lie in", "row 1 (round 2), arm 1 has nan"]),
        ([[0.0, math.inf]], ["losses must lie in", "row 0 (round 1), arm 1 has inf"]),
        ([[-math.inf, 0.0]], ["losses must lie in", "arm 0 has -inf"]),
        (np.array([[0, 2]], dtype=np.int8), ["arm 1 has 2.0"]),
        ([], ["losses", "shape (0,)"]),
        ([[]], ["losses is empty", "shape (1, 0)"]),
        ([[], []], ["losses is empty", "shape (2, 0)"]),
        (np.zeros((0, 3)), ["losses is empty", "shape (0, 3)"]),
        ([[0.0, 1.0], [1.0]], ["losses must be a table", "row 0 has 2 losses and row 1 has 1"]),
        ([[0.0], [1.0], [1.0, 0.5, 0.5]], ["row 0 has 1 losses and row 2 has 3"]),
        ([[0.0, 1.0], []], ["row 0 has 2 losses and row 1 has 0"]),
        ([[0.0, 1.0], 0.5], ["losses must be a table", "row 0 has 2 losses and row 1 has 1"]),
        ([0.5, [0.0, 1.0]], ["losses must be a table"]),
        ([[0.0, [0.5, 1.0]]], ["losses must be a table"]),
        ([0.1, [0.2, [0.3, 0.4]]], ["losses must be a table"]),
        ([[[0.1], [0.2]], [[0.1, 0.2]]], ["losses must be a table"]),
        ([np.zeros((2, 1)), np.zeros((1, 2))], ["losses must be a table"]),
        ([0.0, 1.0], ["losses must be a table", "shape (2,)"]),
        (np.zeros((2, 2, 2)), ["losses must be a table", "shape (2, 2, 2)"]),
        ([[["0"]]], ["losses must be a table", "shape (1, 1, 1)"]),
        ("0.5", ["losses must be a table", "got '0.5'"]),
        ([["0.5", "0.5"]], ["losses must be numbers"]),
        (["ab", "cd"], ["losses must be a table"]),
        ([[0.5, "x"]], ["losses must be numbers"]),
        (None, ["losses must be a table", "got None"]),
        ([[0.5, None]], ["losses must be numbers"]),
        ([[None]], ["losses must be numbers"]),
        ({}, ["losses must be a table", "got {}"]),
        ({0: [0.0, 1.0]}, ["losses must be a table", "got {0: [0.0, 1.0]}"]),
        ([{0: 0.5}, {0: 0.5}], ["losses must be a table"]),
        ({(0.0, 1.0)}, ["losses must be a table"]),
        (0.5, ["losses must be a table", "got 0.5"]),
        (True, ["losses must be a table", "got True"]),
        ([[0.5j, 0.5]], ["losses must be numbers"]),
        ([[Decimal("0.5")]], ["losses must be numbers"]),
        ([[HUGE, 0]], ["losses must be numbers"]),
        (np.array([["2020-01-01"]], dtype="datetime64[D]"), ["losses must be numbers"]),
        (iter([[0.0, 1.0]]), ["losses must be a table"]),
        (range(3), ["losses must be a table", "shape (3,)"]),
        (bk.LossTable, ["losses must be a table"]),
    ],
    ids=lambda value: str(value)[:40].partition(" object at")[0],
)
def test_losses_that_make_no_sense_are_named(losses, words):
    check(lambda: bk.LossTable(losses), *words)
    check(lambda: bk.ExpertAdvice(losses, [[0]]), *words)


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({"lowest": 2}, ["lowest must not exceed highest", "got 2.0 and 1.0"]),
        ({"highest": -1}, ["lowest must not exceed highest", "got 0.0 and -1.0"]),
        ({"lowest": 0.25}, ["losses must lie in [0.25, 1]", "arm 0 has 0.0"]),
        ({"highest": 0.75}, ["losses must lie in [0, 0.75]", "arm 1 has 1.0"]),
        ({"lowest": -math.inf}, ["lowest must be finite", "got -inf"]),
        ({"highest": math.inf}, ["highest must be finite", "got inf"]),
        ({"highest": math.nan}, ["highest must be finite", "got nan"]),
        ({"lowest": None}, ["lowest must be a number", "got None"]),
        ({"highest": "1"}, ["highest must be a number", "got '1'"]),
        ({"lowest": False}, ["lowest must be a number", "got False"]),
        ({"highest": [1.0]}, ["highest must be a number", "got [1.0]"]),
        ({"highest": 1j}, ["highest must be a number", "got 1j"]),
    ],
    ids=str,
)
def test_a_range_of_losses_that_makes_no_sense_is_named(bounds, words):
    check(lambda: bk.LossTable([[0.0, 1.0]], **bounds), *words)


@pytest.mark.parametrize(
    ("advice", "words"),
    [
        ([[0], [1], [0]], ["advice must have a row for each of the 2 rounds", "shape (3, 1)"]),
        ([[0, 1]], ["advice must have a row for each of the 2 rounds", "shape (1, 2)"]),
        ([], ["advice must have a row", "shape (0,)"]),
        ([[], []], ["advice must have a row", "shape (2, 0)"]),
        ([0, 1], ["advice must have a row", "shape (2,)"]),
        ([[[0]], [[1]]], ["advice must have a row", "shape (2, 1, 1)"]),
        (0, ["advice must have a row", "shape ()"]),
        (None, ["advice must have a row"]),
        ({}, ["advice must have a row"]),
        ("01", ["advice must have a row"]),
        ([[0, 1], [1]], ["advice must have a row", "differ in length"]),
        ([[[0], [1]], [[0, 1]]], ["advice must have a row"]),
        ([[0, 1], [1, 2]], ["advice must be arms", "0 to 1", "row 1 (round 2) expert 1 says 2"]),
        ([[0, -1], [1, 1]], ["advice must be arms", "row 0 (round 1) expert 1 says -1"]),
        ([[0, 0.5], [1, 1]], ["advice must be arms", "row 0 (round 1) expert 1 says 0.5"]),
        ([[math.nan, 1], [1, 1]], ["advice must be arms", "row 0 (round 1) expert 0 says nan"]),
        ([[0, 1], [math.inf, 1]], ["advice must be arms", "row 1 (round 2) expert 0 says inf"]),
        ([[0, 1], [1e300, 1]], ["advice must be arms", "expert 0 says 1e+300"]),
        (np.array([[0], [2**64 - 1]], dtype=np.uint64), ["expert 0 says 18446744073709551615"]),
        ([["0"], ["1"]], ["advice must be numbers of arms"]),
        ([["a"], ["b"]], ["advice must be numbers of arms"]),
        ([[None], [0]], ["advice must be numbers of arms"]),
        ([[1j], [0]], ["advice must be numbers of arms"]),
        ([[HUGE], [0]], ["advice must be numbers of arms"]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_advice_that_makes_no_sense_is_named(advice, words):
    check(lambda: bk.ExpertAdvice(TWO_ROWS, advice), *words)


@pytest.mark.parametrize("horizon", [3, 100, 1e6])
def test_a_horizon_longer_than_the_table_is_named(horizon):
    table = bk.LossTable(TWO_ROWS, feedback="full")
    experts = bk.ExpertAdvice(TWO_ROWS, [[0], [1]], feedback="full")
    words = "2 rounds", f"the horizon is {int(horizon)}"
    for problem in (table, experts, bk.ExpectedRegret(experts)):
        check(lambda problem=problem: simulate(problem, bk.Hedge(), horizon), *words)
    for wrap in (bk.ExpectedRegret, bk.DynamicRegret, bk.ForesightRegret, bk.SwapRegret):
        check(lambda wrap=wrap: simulate(wrap(table), bk.FollowTheLeader(), horizon), *words)
    check(lambda: simulate(bk.ShiftingRegret(table, 1), bk.Hedge(), horizon), *words)
    check(
        lambda: simulate(bk.SwitchingFee(bk.LossTable(TWO_ROWS)), bk.Exp3(), horizon),
        *words,
    )


# -------------------------------------------------------------------------- tapes and experts

TAKES_FEEDBACK = {
    "LossTable": lambda word: bk.LossTable(TWO_ROWS, feedback=word),
    "IIDCosts": lambda word: bk.IIDCosts([0.5], feedback=word),
    "SwitchingCosts": lambda word: bk.SwitchingCosts([[0.5]], feedback=word),
    "AlternatingCosts": lambda word: bk.AlternatingCosts(feedback=word),
    "DriftingCosts": lambda word: bk.DriftingCosts(2, 1.0, feedback=word),
    "HeavyCosts": lambda word: bk.HeavyCosts([0.5], feedback=word),
    "ExpertAdvice": lambda word: bk.ExpertAdvice(TWO_ROWS, [[0], [1]], feedback=word),
    "PerfectExpert": lambda word: bk.PerfectExpert(2, feedback=word),
    "BinaryStrings": lambda word: bk.BinaryStrings(2, feedback=word),
    "BlockAdvice": lambda word: bk.BlockAdvice(2, 2, feedback=word),
    "AdaptiveAdversary": lambda word: bk.AdaptiveAdversary(2, feedback=word),
}


@pytest.mark.parametrize("make", TAKES_FEEDBACK.values(), ids=TAKES_FEEDBACK)
def test_feedback_is_one_of_two_words(make):
    for word in ("semi", "Full", "", None, 1, True, ["full"], {}, bk.Feedback.SEMI, math.nan):
        check(lambda word=word: make(word), f'feedback must be "bandit" or "full"; got {word!r}')
    assert make("full") == make(bk.Feedback.FULL) != make("bandit")


NOT_ROWS = [
    ([], "empty"),
    (None, "None"),
    (0.5, "0.5"),
    ("0.5", "'0.5'"),
    ([0.5, "x"], "numbers"),
    ([[0.5], [0.5]], "(2, 1)"),
    ([[0.5], 0.5], "one row of numbers"),
    ([True, False], "numbers"),
    ([None], "numbers"),
    ({}, "{}"),
    ([0.5, 1.5], "arm 1 has 1.5"),
    ([-0.5], "arm 0 has -0.5"),
    ([0.5, math.nan], "arm 1 has nan"),
    ([math.inf], "arm 0 has inf"),
    ([HUGE], "numbers"),
]


@pytest.mark.parametrize(("values", "word"), NOT_ROWS, ids=lambda value: str(value)[:40])
def test_a_row_of_probabilities_that_makes_no_sense_is_named(values, word):
    check(lambda: bk.IIDCosts(values), "means", word)
    check(lambda: bk.HeavyCosts(values), "probability", word)
    check(lambda: bk.SwitchingCosts([[0.5, 0.5], values]), "means of segment 1", word)


@pytest.mark.parametrize(
    ("means", "words"),
    [
        ([], ["means is empty"]),
        (None, ["means must be rows", "got None"]),
        (0.5, ["means must be rows", "got 0.5"]),
        ([0.5, 0.5], ["means of segment 0"]),
        ([[0.5, 0.5], [0.5]], ["segment 0 has 2 means and segment 1 has 1"]),
        ([[0.5], [0.5], [0.5, 0.5]], ["segment 0 has 1 means and segment 2 has 2"]),
        ("ab", ["means"]),
        ({0: [0.5]}, ["means"]),
        (np.zeros((2, 2, 2)), ["means of segment 0", "shape (2, 2)"]),
        ([[]], ["means of segment 0 is empty"]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_segments_that_make_no_sense_are_named(means, words):
    check(lambda: bk.SwitchingCosts(means), *words)


# Values that are no number, and those that are no whole number.
NO_NUMBERS = [math.nan, math.inf, -math.inf, "1", "", True, False, np.True_, [1], (), {}, 1j, type]
NOT_WHOLE = [*NO_NUMBERS, 2.5, np.float64(1.5)]

# What a class is given, the name of the parameter, and values that make no sense.
PARAMETERS = [
    (lambda v: bk.DriftingCosts(v, 1.0), "K", [*NOT_WHOLE, None, 0, -1]),
    (lambda v: bk.DriftingCosts(2, v), "variation", [*NO_NUMBERS, None, -1, -1e-9]),
    (lambda v: bk.HeavyCosts([0.5], v), "highest", [*NO_NUMBERS, None, 0, 0.0, -1, 1e-7]),
    (lambda v: bk.PerfectExpert(v), "N", [*NOT_WHOLE, None, 0, -3]),
    (lambda v: bk.BinaryStrings(v), "d", [*NOT_WHOLE, None, 0, -3, 21, 1e9]),
    (lambda v: bk.BlockAdvice(v, 2), "K", [*NOT_WHOLE, None, 1, 0, -2, 1025, 1e9]),
    (lambda v: bk.BlockAdvice(2, v), "blocks", [*NOT_WHOLE, None, 0, -2, 21, 1e9]),
    (lambda v: bk.BlockAdvice(2, 2, v), "epsilon", [*NO_NUMBERS, -0.1, 1.1]),
    (lambda v: bk.AdaptiveAdversary(v), "K", [*NOT_WHOLE, None, 0, -1]),
    (lambda v: bk.ShiftingRegret(IID, v), "shifts", [*NOT_WHOLE, None, -1]),
    (lambda v: bk.SwitchingFee(IID, v), "fee", [*NO_NUMBERS, None, -1]),
    (lambda v: bk.Hedge(rate=v), "rate", [*NO_NUMBERS, -0.1, 0.51, 1]),
    (lambda v: bk.Hedge(best_cost=v), "best_cost", [*NO_NUMBERS, -0.1, 0, 0.0, 1.01]),
    (lambda v: bk.Hedge(second_moment=v), "second_moment", [*NO_NUMBERS, -1, 0, 0.0]),
    (lambda v: bk.FixedShare(v), "shifts", [*NOT_WHOLE, None, -1]),
    (lambda v: bk.FixedShare(share=v), "share", [*NO_NUMBERS, -0.1, 1.1]),
    (lambda v: bk.FixedShare(rate=v), "rate", [*NO_NUMBERS, -0.1]),
    (lambda v: bk.OptimisticHedge(v), "rate", [*NO_NUMBERS, -0.1]),
    (lambda v: bk.OnlineGradientDescent(v), "rate", [*NO_NUMBERS, -0.1]),
    (lambda v: bk.WeightedMajority(v), "rate", [*NO_NUMBERS, None, 0, 0.0, 1, 1.0, -0.5]),
    (lambda v: bk.Exp3(rate=v), "rate", [*NO_NUMBERS, -0.1, 0.51]),
    (lambda v: bk.Exp3(mixing=v), "mixing", [*NO_NUMBERS, None, -0.1, 0.51]),
    (lambda v: bk.Exp3Rewards(v), "mixing", [*NO_NUMBERS, -0.1, 1.1]),
    (lambda v: bk.Exp3IX(rate=v), "rate", [*NO_NUMBERS, -0.1]),
    (lambda v: bk.Exp3IX(implicit=v), "implicit", [*NO_NUMBERS, -0.1]),
    (lambda v: bk.Exp3P(v), "delta", [*NO_NUMBERS, None, 0, 0.0, 1, 1.0, -0.1]),
    (lambda v: bk.Exp3S(v), "shifts", [*NOT_WHOLE, None, -1]),
    (lambda v: bk.Exp3S(mixing=v), "mixing", [*NO_NUMBERS, -0.1, 1.1]),
    (lambda v: bk.Exp3S(share=v), "share", [*NO_NUMBERS, -0.1, 1.1]),
    (lambda v: bk.Exp3PlusPlus(alpha=v), "alpha", [*NO_NUMBERS, None, 0, -1]),
    (lambda v: bk.Exp3PlusPlus(scale=v), "scale", [*NO_NUMBERS, None, 0, -1]),
    (lambda v: bk.Exp4(rate=v), "rate", [*NO_NUMBERS, -0.1, 0.51]),
    (lambda v: bk.Exp4(mixing=v), "mixing", [*NO_NUMBERS, None, -0.1, 0.51]),
    (lambda v: bk.Rexp3(v), "variation", [*NO_NUMBERS, None, 0, 0.0, -1]),
    (lambda v: bk.Restarting(bk.Exp3(), v), "every", [*NOT_WHOLE, None, 0, -1]),
    (lambda v: bk.Batched(bk.Exp3(), v), "size", [*NOT_WHOLE, 0, -1]),
]
LEARNERS_INSIDE = [
    (bk.Restarting, [5]),
    (bk.Batched, []),
    (bk.Doubling, []),
    (bk.BlumMansour, []),
]


@pytest.mark.parametrize(
    ("make", "name", "value"),
    [
        pytest.param(make, name, value, id=f"{i}-{name}-{value!r}")
        for i, (make, name, values) in enumerate(PARAMETERS)
        for value in values
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(make, name, value):
    message = message_of(lambda: make(value))
    assert f"{name} must" in message or f"K**{name}" in message or f"{name}**blocks" in message
    plain = value.item() if isinstance(value, np.generic) else value
    number = isinstance(plain, int | float) and not isinstance(plain, bool)
    shown = {repr(plain), repr(value), *((repr(float(plain)), f"{plain:.0f}") if number else ())}
    assert any(f"got {words}" in message or f"**{words}" in message for words in shown)
    interval = re.search(r"must lie in \[(.*), (.*)\]; got (.*)", message)
    if interval:  # what is refused must not seem to lie there
        low, high, got = map(float, interval.groups())
        assert not low <= got <= high


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda v: bk.Hedge(rate=v), "rate"),
        (lambda v: bk.Exp3PlusPlus(scale=v), "scale"),
        (lambda v: bk.DriftingCosts(2, v), "variation"),
        (lambda v: bk.Exp3P(v), "delta"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_int_that_no_float_can_hold_is_named(make, name):
    for value in (HUGE, -HUGE):
        check(lambda value=value: make(value), f"{name} must")


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda v: bk.BinaryStrings(v), "d must"),
        (lambda v: bk.BlockAdvice(2, v), "K**blocks"),
        (lambda v: bk.BlockAdvice(v, 1), "K**blocks"),
        (lambda v: bk.PerfectExpert(-v), "N must"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_count_that_no_float_can_hold_is_named(make, name):
    check(lambda: make(HUGE), name)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"rate": 0.1, "best_cost": 0.5}, "rate and best_cost"),
        ({"rate": 0.1, "second_moment": 4.0}, "rate and second_moment"),
        ({"best_cost": 0.5, "second_moment": 4.0}, "best_cost and second_moment"),
        (
            {"rate": 0.1, "best_cost": 0.5, "second_moment": 4.0},
            "rate and best_cost and second_moment",
        ),
        ({"rate": 0.0, "best_cost": 0.0}, "rate and best_cost"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_hedge_takes_only_one_of_its_settings(settings, words):
    check(lambda: bk.Hedge(**settings), f"give one of {words}")


# ----------------------------------------------------------------------------- what is inside


@pytest.mark.parametrize(("meta", "rest"), LEARNERS_INSIDE, ids=lambda value: str(value)[-30:])
@pytest.mark.parametrize("inside", [3, "Exp3", bk.Exp3, bk.Hedge, IID, [], True, math.nan], ids=str)
def test_what_is_no_learner_is_not_played_inside_another(meta, rest, inside):
    check(lambda: meta(inside, *rest), f"{meta.__name__} needs a learner", f"got {inside!r}")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: bk.Restarting(None, 5), ["Restarting needs a learner", "got None"]),
        (lambda: bk.Batched(None), ["Batched needs a learner", "got None"]),
        (lambda: bk.Batched(bk.Hedge()), ["Batched needs a learner from bandit", "got Hedge()"]),
        (lambda: bk.Batched(bk.Exp4()), ["Batched needs a learner", "got Exp4()"]),
        (lambda: bk.Batched(bk.MajorityVote()), ["Batched needs a learner", "got MajorityVote()"]),
        (
            lambda: bk.Batched(bk.Restarting(bk.Hedge(), 5)),
            ["Batched needs a learner from bandit feedback", "got Restarting(Hedge(), 5)"],
        ),
        (lambda: bk.BlumMansour(bk.Exp3()), ["BlumMansour needs a learner from full", "Exp3()"]),
        (lambda: bk.BlumMansour(bk.UCB1()), ["BlumMansour needs a learner from full", "UCB1()"]),
        (lambda: bk.BlumMansour(bk.MajorityVote()), ["BlumMansour needs", "MajorityVote()"]),
        (lambda: bk.BlumMansour(bk.WeightedMajority()), ["BlumMansour needs", "WeightedMajority"]),
    ],
)
def test_a_learner_that_does_not_fit_inside_another_is_named(make, words):
    check(make, *words)


def test_blum_and_mansour_need_a_learner_that_draws():
    inside = bk.BlumMansour
    check(
        lambda: simulate(IID, inside(bk.FollowTheLeader())),
        "BlumMansour",
        "FollowTheLeader()",
        "draw",
    )


class Unplayable(bk.Problem):
    """Is a problem, and no tape."""

    spec = bk.Arms(2)

    def start(self, horizon, rng):
        raise AssertionError("never started")


@pytest.mark.parametrize("wrap", ["Dynamic", "Foresight", "Swap", "Shifting", "Fee"])
@pytest.mark.parametrize(
    "inside",
    [
        bk.Bernoulli((0.4, 0.6)),
        bk.AdaptiveAdversary(2),
        EXPERTS,
        bk.ExpertAdvice(TWO_ROWS, [[0], [1]]),
        bk.DynamicRegret(IID),
        bk.ExpectedRegret(IID),
        bk.SwapRegret(IID),
        Unplayable(),
        bk.IIDCosts,
        [[0.5, 0.5]],
        [0.4, 0.6],
        "IIDCosts",
        None,
        3,
        bk.Exp3(),
    ],
    ids=lambda value: str(value)[:40],
)
def test_regrets_of_tapes_are_for_tapes(wrap, inside):
    classes = {
        "Dynamic": bk.DynamicRegret,
        "Foresight": bk.ForesightRegret,
        "Swap": bk.SwapRegret,
        "Shifting": lambda tape: bk.ShiftingRegret(tape, 1),
        "Fee": bk.SwitchingFee,
    }
    name = {"Fee": "SwitchingFee"}.get(wrap, f"{wrap}Regret")
    check(lambda: classes[wrap](inside), f"{name} is about a tape", f"got {inside!r}")


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        (bk.AdaptiveAdversary(2), "AdaptiveAdversary(2) is scored by the learner's distributions"),
        (bk.ExpectedRegret(IID), "is scored by the learner's distributions as it is"),
        (bk.SwapRegret(IID), "SwapRegret depend on earlier draws"),
        (bk.SwitchingFee(IID), "SwitchingFee depend on earlier draws"),
        (None, "ExpectedRegret needs a problem"),
        (3, "ExpectedRegret needs a problem"),
        (bk.IIDCosts, "ExpectedRegret needs a problem"),
        ([0.4, 0.6], "ExpectedRegret needs a problem"),
        (bk.Hedge(), "ExpectedRegret needs a problem"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_expected_regret_is_for_what_has_an_expectation(inside, words):
    check(lambda: bk.ExpectedRegret(inside), words)


def test_a_fee_for_a_change_is_about_bandit_feedback():
    check(lambda: bk.SwitchingFee(FULL), "SwitchingFee is about bandit feedback", "full feedback")


# ------------------------------------------------------------------- who can't play what: words

BANDIT_WORDS = "bandit feedback (the reward (or cost) of the chosen action"
FULL_WORDS = "full feedback (the reward (or cost) of every action"

FULL_LEARNERS = [
    bk.Hedge(),
    bk.FixedShare(),
    bk.AdaHedge(),
    bk.OptimisticHedge(),
    bk.OnlineGradientDescent(),
    bk.FollowTheLeader(),
    bk.Restarting(bk.Hedge(), 5),
]
BANDIT_LEARNERS = [
    bk.Exp3(),
    bk.Exp3Rewards(),
    bk.Exp3IX(),
    bk.Exp3P(),
    bk.Exp3S(),
    bk.Exp3PlusPlus(),
    bk.TsallisINF(),
    bk.Rexp3(1.0),
    bk.BlumMansour(),
    bk.UCB1(),
    bk.Batched(bk.Exp3(), 2),
]


def who_objects(learner):
    return type(getattr(learner, "learner", None) or learner).__name__


@pytest.mark.parametrize("learner", FULL_LEARNERS, ids=repr)
@pytest.mark.parametrize(
    "problem",
    [
        IID,
        bk.LossTable([[0.0, 1.0]] * 9),
        bk.Bernoulli((0.4, 0.6)),
        bk.PerfectExpert(4),
        bk.AdaptiveAdversary(2),
        bk.ExpectedRegret(IID),
        bk.DynamicRegret(IID),
        bk.ShiftingRegret(IID, 1),
        bk.SwitchingFee(IID),
    ],
    ids=repr,
)
def test_who_needs_full_feedback_says_so(learner, problem):
    theirs = type(problem).__name__
    check(
        lambda: simulate(problem, learner),
        f"{who_objects(learner)} learns from {FULL_WORDS}",
        f"{theirs} gives {BANDIT_WORDS}",
    )


@pytest.mark.parametrize("learner", [*BANDIT_LEARNERS, bk.Exp4()], ids=repr)
@pytest.mark.parametrize(
    "problem",
    [
        FULL,
        EXPERTS,
        bk.LossTable([[0.0, 1.0]] * 9, feedback="full"),
        bk.AdaptiveAdversary(2, feedback="full"),
        bk.ExpectedRegret(FULL),
        bk.SwapRegret(FULL),
    ],
    ids=repr,
)
def test_who_needs_bandit_feedback_says_so(learner, problem):
    theirs = type(problem).__name__
    check(
        lambda: simulate(problem, learner),
        f"{who_objects(learner)} learns from {BANDIT_WORDS}",
        f"{theirs} gives {FULL_WORDS}",
    )


@pytest.mark.parametrize(
    ("learner", "problem"),
    [
        (bk.Exp4(), IID),
        (bk.Exp4(), bk.Bernoulli((0.4, 0.6))),
        (bk.Exp4(), bk.AdaptiveAdversary(2)),
        (bk.Exp4(), bk.ExpectedRegret(IID)),
        (bk.Exp4(), bk.SwapRegret(IID)),
        (bk.MajorityVote(), FULL),
        (bk.MajorityVote(), bk.AdaptiveAdversary(2, feedback="full")),
        (bk.MajorityVote(), bk.DynamicRegret(FULL)),
        (bk.WeightedMajority(), bk.LossTable(TWO_ROWS * 4, feedback="full")),
        (bk.Restarting(bk.Exp4(), 5), IID),
        (bk.Doubling(bk.MajorityVote()), FULL),
    ],
    ids=repr,
)
def test_who_needs_experts_says_so(learner, problem):
    theirs = type(problem).__name__
    check(
        lambda: simulate(problem, learner),
        f"{who_objects(learner)} learns from the advice of experts, which {theirs} does not show",
        "ExpertAdvice",
    )


@pytest.mark.parametrize(
    ("learner", "problem", "range_"),
    [
        *((learner, WIDE, "[0, 5]") for learner in BANDIT_LEARNERS if learner != bk.UCB1()),
        *(
            (learner, WIDE_FULL, "[0, 5]")
            for learner in FULL_LEARNERS
            if not isinstance(learner, bk.AdaHedge | bk.FollowTheLeader)
        ),
        (bk.Hedge(), BELOW, "[-1, 1]"),
        (bk.Exp3(), bk.HeavyCosts([0.1, 0.2]), "[0, 10]"),
        (bk.Exp3(), bk.ExpectedRegret(WIDE), "[0, 5]"),
        (bk.Exp3(), bk.SwitchingFee(WIDE), "[0, 3]"),
        (bk.Exp3(), bk.Gaussian((0.0, 1.0)), "[-inf, inf]"),
    ],
    ids=repr,
)
def test_who_needs_costs_in_the_unit_interval_says_so(learner, problem, range_):
    message = message_of(lambda: simulate(problem, learner))
    what = "costs" if problem.spec.costs else "rewards"
    assert f"{who_objects(learner)} needs {what} in [0, 1]" in message
    assert f"those of {type(problem).__name__} lie in {range_}" in message
    assert "rescale" in message
    assert (", or use UCB1" in message) == (learner.accepts is bk.Feedback.BANDIT)


def test_hedge_needs_costs_that_are_not_negative():
    check(
        lambda: simulate(BELOW, bk.Hedge(second_moment=1.0)),
        "Hedge needs costs of 0 or more",
        "LossTable go down to -1",
        "AdaHedge",
    )


@pytest.mark.parametrize("learner", [bk.Thompson(), bk.Doubling(bk.Thompson())], ids=repr)
@pytest.mark.parametrize("problem", [bk.AdaptiveAdversary(2), bk.ExpectedRegret(IID)], ids=repr)
def test_who_draws_and_does_not_say_from_what_is_named(learner, problem):
    check(
        lambda: simulate(problem, learner),
        f"{learner!r} draws at random",
        "no method distribution(self, t, x)",
    )


# --------------------------------------------------------- mistakes of somebody's own learners


class LatePolicy(NamedTuple):
    arm: int
    when: int

    def select(self, t, x, rng):
        return self.arm if t >= self.when else 0

    def update(self, t, x, a, y):
        pass


class LateDrawingPolicy(LatePolicy):
    __slots__ = ()

    def distribution(self, t, x):
        return np.array([1.0, 0.0])


@dataclass(frozen=True, repr=False)
class Late(bk.Learner):
    """Plays arm 0, and from some round on another, which may not exist."""

    arm: int
    when: int = 50
    draws: bool = False
    costs = True
    plays = (bk.Arms, bk.Advice)

    def start(self, spec, horizon):
        return (LateDrawingPolicy if self.draws else LatePolicy)(self.arm, self.when)


class LateFull(Late):
    accepts = bk.Feedback.FULL


class LateFollower(LateFull):
    """Plays arms only, so that it takes experts for arms."""

    plays = (bk.Arms,)


NO_ARM = {
    "plain": IID,
    "table": bk.LossTable([[0.25, 0.75]] * 60),
    "fee": bk.SwitchingFee(IID),
    "swap": bk.SwapRegret(IID),
    "shifting": bk.ShiftingRegret(IID, 1),
    "experts": bk.PerfectExpert(3),
    "adversary": bk.AdaptiveAdversary(2),
    "expected": bk.ExpectedRegret(IID),
    "expected-rewards": bk.ExpectedRegret(bk.Bernoulli((0.4, 0.6))),
}


@pytest.mark.parametrize("problem", NO_ARM.values(), ids=NO_ARM)
@pytest.mark.parametrize("arm", [2, -1])
def test_an_arm_that_does_not_exist_is_named_in_the_first_round(problem, arm):
    check(
        lambda: simulate(problem, Late(arm, when=0), horizon=60),
        f"in round 1, select returned {arm}",
        "an arm is a whole number from 0 to 1",
    )


@pytest.mark.parametrize("problem", NO_ARM.values(), ids=NO_ARM)
@pytest.mark.parametrize("arm", [2, 3, -1, -2])
def test_the_world_knows_no_such_arm(problem, arm):
    rng = np.random.default_rng(0)
    env = problem.start(60, rng)
    x = env.observe(0, rng) if hasattr(env, "observe") else None
    action = Draw(arm, np.zeros(2)) if problem.sees_distribution else arm
    with pytest.raises(NoSuchArm) as caught:
        env.gap(0, x, action)
    assert caught.value.args == (0, arm, 2)


# Later it is found by the compiled loop.
@pytest.mark.parametrize(
    ("problem", "learner"),
    [
        (IID, Late(2)),
        (IID, Late(-1)),
        (bk.AdaptiveAdversary(2), Late(2)),
        (bk.AdaptiveAdversary(2), Late(-1)),
        (bk.ExpectedRegret(IID), Late(2)),
        (bk.ExpectedRegret(IID), Late(-1)),
        (bk.ExpectedRegret(FULL), LateFull(2)),
        (bk.ExpectedRegret(FULL), LateFull(-1)),
        (bk.ExpectedRegret(IID), Late(-1, draws=True)),
    ],
    ids=repr,
)
def test_an_arm_that_does_not_exist_is_named_when_it_is_played(problem, learner):
    check(
        lambda: bk.simulate(problem, [learner], horizon=60, replications=2, seed=0),
        f"in round 51, select returned {learner.arm}",
    )


@pytest.mark.parametrize("when", [0, 50])
@pytest.mark.parametrize("expert", [4, -1])
def test_an_expert_that_does_not_exist_is_named(expert, when):
    learner = LateFollower(expert, when)
    check(
        lambda: bk.simulate(EXPERTS, [learner], horizon=60, replications=2, seed=0),
        "LateFollower(",
        "select",
        f"in round {when + 1}",
        str(expert),
    )


class LateDicePolicy(NamedTuple):
    when: int

    def select(self, t, x, rng):
        return int(rng.random() * 2.0) if t >= self.when else 0

    def update(self, t, x, a, y):
        pass


class LateDice(Late):
    """Plays arm 0, and from some round on throws a die, and does not tell."""

    def start(self, spec, horizon):
        return LateDicePolicy(self.when)


@pytest.mark.parametrize("problem", [bk.AdaptiveAdversary(2), bk.ExpectedRegret(IID)], ids=repr)
def test_who_draws_late_and_does_not_say_from_what_is_named_too(problem):
    def play(when):
        return bk.simulate(problem, [LateDice(0, when)], horizon=60, replications=2, seed=0)

    check(lambda: play(50), "LateDice(0) draws at random", "no method distribution(self, t, x)")
    assert play(60).horizon == 60  # it never draws, so there is nothing to tell
