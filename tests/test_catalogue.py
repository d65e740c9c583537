"""The catalogue names every class, reads what `repr` writes, and evaluates nothing else."""

import inspect

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from instances import LEARNERS, PROBLEMS, all_of

import banditkit as bk
import banditkit.learners
import banditkit.problems
import banditkit.shaping
from banditkit.catalogue import learners, problems, read_learner, read_problem

PARTS = pytest.mark.parametrize(
    ("listed", "packages", "kind"),
    [
        (problems(), (banditkit.problems, banditkit.shaping), bk.Problem),
        (learners(), (banditkit.learners, banditkit.shaping), bk.Learner),
    ],
    ids=["problems", "learners"],
)


@PARTS
def test_every_class_that_can_be_made_is_there_under_its_name(listed, packages, kind):
    public = {name: getattr(package, name) for package in packages for name in package.__all__}
    described = {
        name: each
        for name, each in public.items()
        if isinstance(each, type) and issubclass(each, kind)
    }
    concrete = {name: each for name, each in described.items() if not inspect.isabstract(each)}
    assert listed == concrete
    assert all(name == each.__name__ and issubclass(each, kind) for name, each in listed.items())
    assert len(listed) >= 6


def test_what_problems_have_in_common_is_not_a_problem():
    assert "IIDArms" in banditkit.problems.__all__
    assert "IIDArms" not in problems()


@PARTS
def test_every_class_introduces_itself_in_a_line(listed, packages, kind):
    for each in listed.values():
        first, _, rest = inspect.getdoc(each).partition("\n")
        assert 20 < len(first) < 100
        assert first.endswith(".")
        assert rest.startswith("\n")


@pytest.mark.parametrize("learner", all_of(LEARNERS), ids=repr)
def test_words_of_a_learner_make_an_equal_one(learner):
    assert read_learner(repr(learner)) == learner


@pytest.mark.parametrize(
    "problem",
    [each for each in all_of(PROBLEMS) if "<" not in repr(each)],
    ids=repr,
)
def test_words_of_a_problem_make_an_equal_one(problem):
    assert read_problem(repr(problem)) == problem


K = st.shared(st.integers(1, 6))


def row(low, high):
    """Return rows of K numbers, whole and tiny ones among them."""
    number = st.one_of(st.floats(low, high), st.integers(int(low) + 1, int(high)))
    return K.flatmap(lambda size: st.lists(number, min_size=size, max_size=size))


ends = st.tuples(row(-1e6, 1e6), row(-1e6, 1e6)).map(
    lambda rows: [[*map(pick, *rows)] for pick in (min, max)]
)
some_problems = st.one_of(
    st.builds(bk.Bernoulli, row(0.0, 1.0)),
    st.builds(bk.Gaussian, row(-1e6, 1e6), st.one_of(st.floats(0.0, 1e6), row(0.0, 1e6))),
    st.builds(bk.Beta, row(1e-6, 1e6), row(1e-6, 1e6)),
    ends.map(lambda rows: bk.UniformArms(*rows)),
    st.builds(lambda rows, p: bk.TwoPoint(*rows, p), ends, row(0.0, 1.0)),
)
amounts = st.one_of(st.floats(0.0, 1e12), st.integers(0, 100))
some_learners = st.recursive(
    st.one_of(
        st.builds(bk.UCB1, amounts, st.booleans()),
        st.builds(bk.MOSS, amounts),
        st.builds(bk.UCBV, amounts),
        st.builds(bk.KLUCB, amounts),
        st.builds(bk.SuccessiveElimination, amounts),
        st.builds(bk.ExploreFirst, st.one_of(st.none(), st.integers(1, 10**15))),
        st.builds(bk.EpsilonGreedy, st.one_of(st.none(), st.floats(0.0, 1.0))),
        st.builds(bk.Thompson, st.floats(1e-6, 1e6), st.floats(1e-6, 1e6)),
        st.sampled_from([bk.Uniform(), bk.Greedy(), bk.IMED()]),
    ),
    lambda inner: st.builds(bk.Doubling, inner),
    max_leaves=3,
)


@settings(deadline=None, max_examples=100)
@given(some_problems)
def test_words_of_any_problem_make_an_equal_one(problem):
    assert read_problem(repr(problem)) == problem
    assert eval(repr(problem), vars(banditkit.problems)) == problem


@settings(deadline=None, max_examples=100)
@given(some_learners)
def test_words_of_any_learner_make_an_equal_one(learner):
    assert read_learner(repr(learner)) == learner
    assert eval(repr(learner), vars(banditkit.learners)) == learner


@pytest.mark.parametrize(
    ("text", "learner"),
    [
        ("UCB1", bk.UCB1()),
        ("UCB1()", bk.UCB1()),
        ("  UCB1 ( exploration = 5e-1 ) \n", bk.UCB1(exploration=0.5)),
        ("UCB1(0.5, anytime=False)", bk.UCB1(exploration=0.5, anytime=False)),
        ("ExploreFirst(N=1e3)", bk.ExploreFirst(N=1000)),
        ("EpsilonGreedy(None)", bk.EpsilonGreedy()),
        ("Doubling(MOSS())", bk.Doubling(bk.MOSS())),
        ("Doubling(learner=Doubling(UCB1(0)))", bk.Doubling(bk.Doubling(bk.UCB1(0.0)))),
    ],
)
def test_learners_may_be_written_as_people_do(text, learner):
    assert read_learner(text) == learner


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Bernoulli([0.4, 0.6])", bk.Bernoulli((0.4, 0.6))),
        ("Bernoulli(means=(.4, .6,))", bk.Bernoulli((0.4, 0.6))),
        ("Bernoulli([\n  0.4,\n  0.6,\n])", bk.Bernoulli((0.4, 0.6))),
        ("Gaussian([-1, +1], std=2)", bk.Gaussian((-1.0, 1.0), std=2.0)),
        ("EmpiricalArms([[0, 1], [1]], ['a', 'b'])", bk.EmpiricalArms([[0, 1], [1]], "ab")),
    ],
)
def test_problems_may_be_written_as_people_do(text, problem):
    assert read_problem(text) == problem


def test_a_log_may_be_named(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("page,click\nb,1\na,0\n")
    expected = bk.EmpiricalArms([[0.0], [1.0]], labels=["a", "b"])
    assert (
        read_problem(f"EmpiricalArms.from_csv({str(path)!r}, arm='page', reward='click')")
        == expected
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("UBC1", "there is no learner 'UBC1'; did you mean UCB1?"),
        ("ucb1", "there is no learner 'ucb1'; did you mean UCB1?"),
        ("klucb(c=3)", "there is no learner 'klucb'; did you mean KLUCB?"),
        ("SuccesiveEliminaton", "did you mean SuccessiveElimination?"),
        ("Zzz", "there is no learner 'Zzz'; known are "),
        ("Bernoulli([0.5])", "there is no learner 'Bernoulli'"),
        ("Learner", "there is no learner 'Learner'"),
        ("Doubling(UBC1())", "there is no learner 'UBC1'; did you mean UCB1?"),
        ("Doubling(MOSS)", "MOSS()"),
        ("Doubling", "missing a required argument: 'learner'"),
        ("Doubling(3)", "Doubling needs a learner, as in Doubling(MOSS()); got 3"),
        ("UCB1(explore=1)", "got an unexpected keyword argument 'explore'"),
        ("UCB1(1, True, 3)", "too many positional arguments"),
        ("UCB1(exploration=0.5, exploration=1)", "exploration"),
        ("UCB1(**{'exploration': 1})", "**{'exploration': 1}"),
        ("UCB1(**{'explore': 1})", "**{'explore': 1}"),
        ("UCB1(*[1])", "*[1]"),
        ("UCB1(exploration=-1)", "exploration must be 0 or more; got -1.0"),
        ("UCB1(exploration='a')", "exploration must be a number; got 'a'"),
        ("UCB1(exploration=1e999)", "exploration must be finite; got inf"),
        ("UCB1(anytime='no')", "anytime"),
        ("UCB1(exploration=half)", "half"),
        ("UCB1(exploration=1 / 2)", "1 / 2"),
        ("", "it must read like Name(option=number)"),
        ("UCB1(", "'UCB1(' is not a learner: it must read like Name(option=number)"),
        ("UCB1 KLUCB", "'UCB1 KLUCB' is not a learner"),
        ("UCB1, KLUCB", "'UCB1, KLUCB' is not a learner"),
        ("0.5", "'0.5' is not a learner"),
        ("'UCB1'", "is not a learner"),
    ],
)
def test_what_is_not_a_learner_is_named(text, words):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        read_learner(text)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Bernouli([0.5])", "there is no problem 'Bernouli'; did you mean Bernoulli?"),
        ("gaussian([0, 1])", "did you mean Gaussian?"),
        ("UCB1()", "there is no problem 'UCB1'"),
        ("IIDArms()", "there is no problem 'IIDArms'"),
        ("Bernoulli", "missing a required argument: 'means'"),
        ("Bernoulli([1.3])", "means must lie in [0, 1]; arm 0 has 1.3 - for unbounded rewards use"),
        ("Bernoulli([0.5, 1e999])", "means must lie in [0, 1]; arm 1 has inf"),
        ("Bernoulli([nan])", "nan"),
        ("Bernoulli([])", "means is empty; give one number per arm"),
        (
            "Bernoulli([[0.1], [0.2]])",
            "one row of numbers, one per arm; got an array of shape (2, 1)",
        ),
        ("Bernoulli([[0.1], [0.2, 0.3]])", "means must be one row of numbers, one per arm"),
        ("Bernoulli(0.5)", "means must be a list of numbers, one per arm; got 0.5"),
        ("Bernoulli('0.5')", "means must be a list of numbers, one per arm; got '0.5'"),
        ("Bernoulli({[0.4]})", "'{[0.4]}' is neither a number, a text, nor a list"),
        ("Bernoulli([None])", "means must be numbers; got [None]"),
        ("Bernoulli([0.5 + 2j])", "means must be numbers"),
        ("Gaussian([0, 1], std=-1)", "std must be 0 or more; arm 0 has -1.0"),
        ("Gaussian([0, 1], std=[1, 2, 3])", "got 2 means and 3 std"),
        ("Gaussian([0, 1], std='a')", "std must be"),
        ("UniformArms([1], [0])", "low must not exceed high; arm 0 has low 1.0 and high 0.0"),
        ("EmpiricalArms(3)", "rewards must be"),
        ("EmpiricalArms.from_csv('log.csv')", "argument: 'arm'"),
        ("EmpiricalArms.from_csv", "'EmpiricalArms.from_csv' is not a problem"),
        ("EmpiricalArms.from_json('log')", "EmpiricalArms has no 'from_json'"),
        ("Bernoulli.start(3)", "Bernoulli has no 'start'"),
    ],
)
def test_what_is_not_a_problem_is_named(text, words):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        read_problem(text)
    assert words in str(error.value)
    assert "\n" not in str(error.value)
    assert "array(" not in str(error.value)  # NumPy's way to write what a student wrote as [...]


@pytest.mark.parametrize("value", [3, None, ["UCB1"], bk.UCB1()])
@pytest.mark.parametrize("read", [read_problem, read_learner])
def test_what_is_not_text_is_named(read, value):
    with pytest.raises(ValueError, match="is written as text, such as"):
        read(value)


@pytest.mark.parametrize("read", [read_problem, read_learner])
@pytest.mark.parametrize(
    "text",
    [
        "__import__('pathlib').Path('canary').touch()",
        "open('canary', 'w')",
        "UCB1(exploration=open('canary', 'w'))",
        "Bernoulli([open('canary', 'w')])",
        "Bernoulli([0.5 for x in [open('canary', 'w')]])",
        "(lambda: open('canary', 'w'))()",
        "[].append(open('canary', 'w'))",
        "UCB1(exploration=(x := open('canary', 'w')))",
        "f\"{open('canary', 'w')}\"",
        "UCB1.__init__",
        "UCB1.__init__()",
        "UCB1.__class__.__subclasses__()",
        "Bernoulli.__init__()",
        "Bernoulli([0.5]).__class__([0.5])",
        "EmpiricalArms.from_csv.__globals__",
        "EmpiricalArms.from_csv.__func__('canary')",
        "().__class__.__base__.__subclasses__()",
        "import os",
        "UCB1() or UCB1()",
        "Bernoulli([0.5] * 10**9)",
        "Bernoulli([9**9**9])",
        "Bernoulli(\0)",
    ],
)
def test_nothing_is_run_that_is_not_in_the_catalogue(read, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError) as error:  # noqa: PT011
        read(text)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "(" * 500 + "0.5" + ")" * 500,
        "Bernoulli(" + "[" * 150 + "]" * 150 + ")",
        "Bernoulli([" + "-" * 5000 + "0.5])",
        "Bernoulli([" + "1+" * 20_000 + "1])",
        "Bernoulli([1" + "0" * 5000 + "])",
        "Bernoulli" * 5000,
    ],
    ids=lambda text: text[:12] + "...",
)
def test_a_wall_of_signs_is_refused_in_a_line_that_can_be_read(text):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        read_problem(text)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500
