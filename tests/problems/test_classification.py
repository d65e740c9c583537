"""Classification as a bandit: what is shown and paid, from data sets and frames, and who learns."""

import math
import pickle

import numpy as np
import pandas as pd
import pytest
from instances import regret_of
from sklearn import datasets
from sklearn.tree import DecisionTreeClassifier

import banditkit as bk
from banditkit.core.play import play, play_interpreted
from banditkit.core.spec import NoSuchArm

RNG = np.random.default_rng(8)
FEATURES = np.column_stack([RNG.normal(5.0, 3.0, 40), RNG.random(40) * 1e6, RNG.normal(size=40)])
CLASSES = np.arange(40) % 3
DATA = bk.Classification(FEATURES, CLASSES)
GUESSES = RNG.integers(0, 3, size=(5, 40))
RIVAL = bk.Classification(FEATURES, CLASSES, comparator=GUESSES)


def rounds_of(problem, n, seed=0):
    """Yield the environment, what it shows, and the row that it has drawn, round by round."""
    rng = np.random.default_rng(seed)
    env = problem.start(n, rng)
    for t in range(n):
        x = env.observe(t, rng)
        yield env, t, x, int(env.row[0]), rng


# --- What is shown, and paid --------------------------------------------------------------------


def test_rows_by_plain_loops():
    for j, column in enumerate(FEATURES.T):
        mean = math.fsum(column) / 40
        spread = math.sqrt(math.fsum((each - mean) ** 2 for each in column) / 40)
        for i in range(40):
            # the constant is 1 before the row is scaled to length 1
            ratio = DATA.rows[i, j] / DATA.rows[i, 3]
            assert ratio == pytest.approx((column[i] - mean) / spread, rel=1e-9, abs=1e-12)
    assert DATA.rows.shape == (40, 4)
    assert np.linalg.norm(DATA.rows, axis=1) == pytest.approx(1.0, abs=1e-12)
    assert (DATA.rows[:, 3] > 0.0).all()


def test_units_of_measurement_do_not_matter():
    other = bk.Classification(FEATURES * [1000.0, 1e-7, -3.0] + [5.0, -1.0, 0.0], CLASSES)
    assert other.rows == pytest.approx(DATA.rows * [1.0, 1.0, -1.0, 1.0], abs=1e-9)


@pytest.mark.parametrize("constant", [0.0, 5.0, 0.1, -1.0 / 3.0, 1e9 / 7.0])
def test_a_column_that_never_changes_says_nothing(constant):
    """Also where its mean, and so its spread, is off by rounding."""
    for n in (3, 40):
        wider = np.column_stack([np.full(n, constant), FEATURES[:n]])
        with_it, without = (bk.Classification(x, CLASSES[:n]) for x in (wider, FEATURES[:n]))
        assert with_it.spec.d == without.spec.d + 1
        assert (with_it.rows[:, 0] == 0.0).all()
        assert with_it.rows[:, 1:] == pytest.approx(without.rows, abs=1e-15)
    same = bk.Classification(np.full((3, 2), constant), [0, 1, 0])
    assert same.rows.tolist() == [[0.0, 0.0, 1.0]] * 3


def test_rounds_show_a_row_and_pay_its_class():
    for env, t, x, row, rng in rounds_of(DATA, 300):
        assert x.shape == (1, 4)
        assert (x[0] == DATA.rows[row]).all()
        for a in range(3):
            right = a == CLASSES[row]
            assert env.respond(t, x, a, rng) == float(right)
            assert env.gap(t, x, a) == float(not right)
        for a in (-1, 3):
            with pytest.raises(NoSuchArm):
                env.gap(t, x, a)
    assert DATA.spec == bk.Features(3, 4, True, 0.0, 1.0)


def test_rows_are_drawn_evenly_with_replacement():
    n = 8000
    counts = np.bincount([row for *_, row, _ in rounds_of(DATA, n)], minlength=40)
    assert np.abs(counts - n / 40).max() < 5.0 * math.sqrt(n / 40)


def test_of_several_comparators_the_best_is_taken():
    right = [sum(int(g == c) for g, c in zip(row, CLASSES, strict=True)) for row in GUESSES]
    assert len(set(right)) > 1
    best = GUESSES[right.index(max(right))]
    assert (RIVAL.comparator == best).all()
    assert (bk.Classification(FEATURES, CLASSES, best).comparator == best).all()
    assert (DATA.comparator == CLASSES).all()
    gaps = []
    for env, t, x, row, _ in rounds_of(RIVAL, 300):
        for a in range(3):
            expected = float(best[row] == CLASSES[row]) - float(a == CLASSES[row])
            assert env.gap(t, x, a) == expected
            gaps.append(expected)
    assert set(gaps) == {-1.0, 0.0, 1.0}


def test_whole_numbers_may_come_as_floats_or_lists():
    for classes in (CLASSES.astype(float), CLASSES.tolist(), CLASSES.astype(np.uint8)):
        assert bk.Classification(FEATURES.tolist(), classes) == DATA


def test_what_was_handed_in_may_change_afterwards():
    features, classes, guesses = FEATURES.copy(), CLASSES.copy(), GUESSES.copy()
    problem = bk.Classification(features, classes, guesses)
    before = problem.rows.copy()
    features[:], classes[:], guesses[:] = 1.0, 0, 0
    assert (problem.rows == before).all()
    assert (problem.classes == CLASSES).all()
    assert problem == RIVAL
    for array in (problem.features, problem.classes, problem.comparator):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_equal_data_are_equal_and_have_one_hash():
    for problem in (DATA, RIVAL, bk.Classification(FEATURES, CLASSES, name="mine")):
        again = pickle.loads(pickle.dumps(problem))
        assert again == problem
        assert hash(again) == hash(problem)
        assert (again.rows == problem.rows).all()
    others = [
        RIVAL,
        bk.Classification(FEATURES, CLASSES[::-1]),
        bk.Classification(FEATURES + 1.0, CLASSES),
        bk.Classification(FEATURES[:39], CLASSES[:39]),
        bk.Classification(FEATURES, CLASSES, name="mine"),
        "something else",
    ]
    assert all(each != DATA for each in others)
    plus, minus = (bk.Classification([[zero], [1.0]], [0, 1]) for zero in (0.0, -0.0))
    assert plus == minus
    assert hash(plus) == hash(minus)


def test_what_it_is_called():
    assert repr(DATA) == "<Classification: 40 rows, 3 features, 3 classes>"
    named = bk.Classification(FEATURES, CLASSES, name="mine")
    assert repr(named) == "<Classification of mine: 40 rows, 3 features, 3 classes>"


# --- Where data come from -----------------------------------------------------------------------

SIZES = {  # as scikit-learn's documentation has them
    "breast_cancer": (569, 30, 2),
    "digits": (1797, 64, 10),
    "iris": (150, 4, 3),
    "wine": (178, 13, 3),
}


@pytest.mark.parametrize("name", SIZES)
def test_the_sets_of_scikit_learn(name):
    problem = bk.Classification.from_sklearn(name)
    n, d, K = SIZES[name]
    assert problem.features.shape == (n, d)
    assert problem.spec == bk.Features(K, d + 1, True, 0.0, 1.0)
    rows, classes = getattr(datasets, f"load_{name}")(return_X_y=True)
    assert (problem.features == rows).all()
    assert (problem.classes == classes).all()
    assert np.isfinite(problem.rows).all()
    constant = np.ptp(rows, axis=0) == 0.0
    assert constant.any() == (name == "digits")
    assert (problem.rows[:, :-1][:, constant] == 0.0).all()
    assert np.linalg.norm(problem.rows, axis=1) == pytest.approx(1.0, abs=1e-12)


def test_a_classifier_as_comparator_knows_everything_and_stays_as_it_was():
    stump = DecisionTreeClassifier(max_depth=1, random_state=0)
    problem = bk.Classification.from_sklearn("iris", comparator=stump)
    rows, classes = datasets.load_iris(return_X_y=True)
    guesses = DecisionTreeClassifier(max_depth=1, random_state=0).fit(rows, classes).predict(rows)
    assert (problem.comparator == guesses).all()
    assert (problem.comparator == classes).sum() == 100  # a stump tells one class from two
    assert not hasattr(stump, "tree_")
    same = bk.Classification.from_sklearn("iris", comparator=guesses)
    assert same == problem


def test_words_of_a_frame_are_numbered_in_sorted_order():
    kinds = ["pear", "apple", "fig", "apple"]
    frame = pd.DataFrame({"kind": kinds, "size": [3, 1, 2, 1], "ripe": [True, False, True, True]})
    problem = bk.Classification.from_frame(frame, "kind", comparator=[2, 0, 1, 1])
    assert problem.classes.tolist() == [2, 0, 1, 0]
    assert problem.features.tolist() == [[3.0, 1.0], [1.0, 0.0], [2.0, 1.0], [1.0, 1.0]]
    assert problem.comparator.tolist() == [2, 0, 1, 1]
    assert repr(problem) == "<Classification of kind: 4 rows, 2 features, 3 classes>"
    frame["kind"] = frame["kind"].astype("category")
    assert bk.Classification.from_frame(frame, "kind", [2, 0, 1, 1]) == problem


def test_numbers_of_a_frame_keep_their_order():
    """As words, 10 would come before 2."""
    frame = pd.DataFrame({"size": np.arange(12.0), "kind": np.arange(12)})
    assert bk.Classification.from_frame(frame, "kind").classes.tolist() == list(range(12))
    frame["kind"] = [-1, 100, 20, 3] * 3
    assert bk.Classification.from_frame(frame, "kind").classes.tolist() == [0, 3, 2, 1] * 3


# --- What makes no sense ------------------------------------------------------------------------

FRAME = pd.DataFrame({"size": [1.0, 2.0], "colour": ["red", "green"], "kind": ["a", "b"]})
GAPPY = pd.DataFrame({"size": [1.0, 2.0, 3.0], "kind": ["a", "b", None]})
TWO = [[0.0, 1.0], [2.0, 3.0]]
BAD = [
    (lambda: bk.Classification([[0.0, math.nan], [0.0, 1.0]], [0, 1]), "row 0, column 1 has nan"),
    (lambda: bk.Classification([[0.0, 1.0], [-math.inf, 1.0]], [0, 1]), "row 1, column 0 has -inf"),
    (lambda: bk.Classification([0.0, 1.0], [0, 1]), "shape (n, d); got (2,)"),
    (lambda: bk.Classification([[], []], [0, 1]), "shape (n, d); got (2, 0)"),
    (lambda: bk.Classification([], []), "shape (n, d); got (0,)"),
    (lambda: bk.Classification([[1.0], [1.0, 2.0]], [0, 1]), "must be a table of numbers"),
    (lambda: bk.Classification([["a"], ["b"]], [0, 1]), "must be a table of numbers"),
    (lambda: bk.Classification(TWO, [0]), "classes must be whole numbers, of shape (2,)"),
    (lambda: bk.Classification(TWO, [0, 1, 1]), "classes must be whole numbers, of shape (2,)"),
    (lambda: bk.Classification(TWO, [0, 0.5]), "classes must be whole numbers"),
    (lambda: bk.Classification(TWO, [0, math.nan]), "classes must be whole numbers"),
    (lambda: bk.Classification(TWO, ["a", "b"]), "of words from_frame makes them"),
    (lambda: bk.Classification(TWO, [[0], [0, 1]]), "classes must be whole numbers, in rows of"),
    (lambda: bk.Classification(TWO, [-1, 0]), "without a gap; -1 is below 0"),
    (lambda: bk.Classification(TWO, [0, 2]), "without a gap; 1 is missing"),
    (lambda: bk.Classification(TWO, [1, 2]), "without a gap; 0 is missing"),
    (lambda: bk.Classification(TWO, [0, 10**12]), "without a gap; 1 is missing"),
    (lambda: bk.Classification(TWO, [0, 1], [0, 2]), "policy 0, row 1 has 2"),
    (lambda: bk.Classification(TWO, [0, 1], [[0, 1], [-1, 0]]), "policy 1, row 0 has -1"),
    (lambda: bk.Classification(TWO, [0, 1], [0]), "a guess for each of 2 rows; got shape (1, 1)"),
    (lambda: bk.Classification(TWO, [0, 1], [[0, 1], [0]]), "comparator must be whole numbers, in"),
    (lambda: bk.Classification(TWO, [0, 1], np.zeros((0, 2), int)), "a guess for each of 2 rows"),
    (lambda: bk.Classification(TWO, [0, 1], [0.5, 1.0]), "comparator must be whole numbers"),
    (lambda: bk.Classification.from_sklearn("diggits"), "no data set 'diggits'; did you mean dig"),
    (lambda: bk.Classification.from_sklearn("mnist_784"), "there is no data set 'mnist_784'"),
    (lambda: bk.Classification.from_frame(FRAME, "kid"), "no column 'kid'; did you mean kind?"),
    (lambda: bk.Classification.from_frame(FRAME, "kind"), "column 'colour' must hold numbers"),
    (
        lambda: bk.Classification.from_frame(GAPPY, "kind"),
        "column 'kind' must name a class in each",
    ),
    (lambda: bk.Classification.from_frame(GAPPY, "kind"), "row 2 has none"),
]


@pytest.mark.parametrize(("call", "words"), BAD, ids=[str(i) for i in range(len(BAD))])
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        call()
    message = str(caught.value)
    assert words in message
    assert "\n" not in message
    assert len(message) < 160
    assert "inhomogeneous" not in message


# --- Who learns ---------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", [DATA, RIVAL], ids=["against the truth", "against a rival"])
def test_games_are_the_same_compiled_and_interpreted(problem):
    for learner in (bk.LinUCB(alpha=0.5), bk.SquareCB()):
        compiled, python = (
            regret_of(loop, problem, learner, horizon=300, seed=1, calls=calls)
            for loop, calls in ((play, (100,)), (play_interpreted, ()))
        )
        assert (compiled == python).all()


def test_regret_against_a_rival_is_regret_less_what_the_rival_misses():
    truth, rival = (
        regret_of(play, problem, bk.LinUCB(alpha=0.5), horizon=300, seed=2)
        for problem in (DATA, RIVAL)
    )
    # both games draw the same rows
    env_rng = np.random.default_rng([2, 0])
    missed, env = [], RIVAL.start(300, env_rng)
    for t in range(300):
        env.observe(t, env_rng)
        row = env.row[0]
        missed.append(RIVAL.comparator[row] != CLASSES[row])
    assert (truth - rival == np.cumsum(missed)).all()


def test_digits_are_learned_from_yes_and_no():
    digits = bk.Classification.from_sklearn("digits")
    learners = [bk.Uniform(), bk.LinUCB(alpha=0.5), bk.SquareCB(), bk.RegressionGreedy()]
    result = bk.simulate(digits, learners, horizon=3000, replications=2, seed=0, times=[3000])
    uniform, linear, square, greedy = result.mean()[:, -1]
    assert uniform == pytest.approx(2700, abs=5.0 * math.sqrt(3000 * 0.09 / 2))
    assert linear < 0.2 * uniform  # measured: 0.11, 0.21 and 0.26
    assert square < 0.4 * uniform
    assert greedy < 0.4 * uniform
