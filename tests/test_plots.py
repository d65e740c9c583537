"""Displays: what is drawn is what was computed, and every name can be read."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text

import banditkit as bk

mpl.use("Agg")

import matplotlib.pyplot as plt

ARMS = bk.Bernoulli((0.1, 0.4, 0.6))
LOGS = pytest.mark.parametrize("log", ["xy", "x", "y", ""])
PLAYERS = [
    bk.ExploreFirst(),
    bk.EpsilonGreedy(),
    bk.SuccessiveElimination(),
    bk.UCB1(),
    bk.UCB1(exploration=0.5),
    bk.KLUCB(),
    bk.Thompson(),
]


def played(learners, problem=ARMS, **options):
    words = {"horizon": 1000, "replications": 5, "seed": 0, "times": [1, 10, 100, 500, 1000]}
    return bk.simulate(problem, learners, **words | options)


@pytest.fixture(scope="module")
def race():
    return played(PLAYERS)


@pytest.fixture(autouse=True)
def no_window(monkeypatch):
    def fail(*arguments, **options):
        raise AssertionError("a library does not open windows")

    monkeypatch.setattr(plt, "show", fail)
    monkeypatch.setattr(Figure, "show", fail)
    yield
    plt.close("all")


def show(result, ax=None, **options):
    """Return a display that has been drawn."""
    display = bk.RegretDisplay.from_result(result).plot(ax, **options)
    display.figure_.canvas.draw()
    return display


def boxes(display):
    """Return the boxes around the labels in pixels, from bottom to top."""
    renderer = display.figure_.canvas.get_renderer()
    extents = [Text.get_window_extent(label, renderer) for label in display.labels_]
    return sorted(extents, key=lambda box: box.y0)


def edges(shade):
    """Return lowest and highest y of a band at each of its times."""
    (path,) = shade.get_paths()
    ends = {}
    for x, y in path.vertices:
        low, high = ends.get(x, (np.inf, -np.inf))
        ends[x] = min(low, y), max(high, y)
    return ends


def test_lines_are_the_means(race):
    display = show(race, log="")
    for line, name, mean in zip(display.lines_, race.names, race.mean(), strict=True):
        assert line.get_label() == name
        assert line.get_xdata().tolist() == race.times.tolist()
        assert line.get_ydata().tolist() == mean.tolist()


def test_on_logarithmic_axes_lines_are_the_means_where_these_are_positive():
    sure = played({"sure": bk.Greedy()}, bk.Bernoulli((1.0, 0.0)))  # no regret in round 1
    (line,) = show(sure).lines_
    assert np.isnan(line.get_ydata()[0])
    assert line.get_ydata()[1:].tolist() == sure.mean()[0, 1:].tolist() == [1.0] * 4


def test_bands_are_two_standard_errors_on_either_side(race):
    display = show(race, log="")
    for shade, mean, stderr in zip(display.bands_, race.mean(), race.stderr(), strict=True):
        for k, (low, high) in enumerate(edges(shade).values()):
            assert low == pytest.approx(mean[k] - 2 * stderr[k])
            assert high == pytest.approx(mean[k] + 2 * stderr[k])
    assert "2 standard errors" in display.ax_.get_title()


def test_bands_may_be_quantiles(race):
    display = show(race, log="", band=(0.1, 0.75))
    lows, highs = np.quantile(race.regret, [0.1, 0.75], axis=1)
    for shade, low, high in zip(display.bands_, lows, highs, strict=True):
        assert list(edges(shade)) == race.times.tolist()
        ends = np.array([*edges(shade).values()])
        assert ends == pytest.approx(np.column_stack([low, high]))
    assert "10% to 75%" in display.ax_.get_title()


def test_a_band_has_the_colour_of_its_line(race):
    display = show(race)
    for line, shade in zip(display.lines_, display.bands_, strict=True):
        assert tuple(shade.get_facecolor()[0][:3]) == to_rgba(line.get_color())[:3]


@LOGS
def test_axes_are_logarithmic_as_asked(race, log):
    ax = show(race, log=log).ax_
    assert ax.get_xscale() == ("log" if "x" in log else "linear")
    assert ax.get_yscale() == ("log" if "y" in log else "linear")
    assert ax.get_xlim() == (1, 1000)


def test_it_draws_where_it_is_told_and_makes_no_other_figure(race):
    figure = Figure()
    left, right = figure.subplots(1, 2)
    display = bk.RegretDisplay.from_result(race)
    assert display.plot(right) is display
    assert display.ax_ is right
    assert display.figure_ is figure
    assert list(right.lines) == display.lines_
    assert list(right.collections) == display.bands_
    assert not left.lines
    assert plt.get_fignums() == []


def test_without_axes_it_makes_a_figure(race):
    display = show(race)
    assert plt.get_fignums() == [display.figure_.number]
    assert display.figure_.axes == [display.ax_]


def test_it_keeps_what_it_drew_last(race):
    display = bk.RegretDisplay.from_result(race)
    first, second = Figure().subplots(1, 2)
    display.plot(first, bounds=True)
    display.plot(second)
    assert display.ax_ is second
    assert len(display.lines_) == len(display.bands_) == len(display.labels_) == len(PLAYERS)
    assert display.bound_lines_ == []


def test_axes_say_what_they_measure(race):
    ax = show(race).ax_
    assert "round" in ax.get_xlabel()
    assert "regret" in ax.get_ylabel()
    assert repr(ARMS) in ax.get_title()
    assert "5 replications" in ax.get_title()


def test_a_title_fits_even_where_a_problem_has_many_arms():
    display = show(played([bk.UCB1()], bk.Bernoulli(np.linspace(0.1, 0.9, 50))))
    title = display.ax_.title.get_window_extent()
    assert title.x0 >= 0
    assert title.x1 <= display.figure_.bbox.x1


def test_many_learners_can_be_told_apart():
    many = played([bk.UCB1(exploration=0.25 * i) for i in range(21)], horizon=20, times="log")
    looks = {(line.get_color(), str(line._dash_pattern)) for line in show(many).lines_}
    assert len(looks) == 21


@LOGS
@pytest.mark.parametrize("bounds", [False, True])
def test_labels_do_not_overlap_and_stay_on_the_page(race, log, bounds):
    display = show(race, log=log, bounds=bounds)
    page = display.figure_.bbox
    for below, above in itertools.pairwise(boxes(display)):
        assert below.y1 <= above.y0
    for box in boxes(display):
        assert page.x0 <= box.x0 < box.x1 <= page.x1
        assert page.y0 <= box.y0 < box.y1 <= page.y1
        assert box.x0 > display.ax_.get_window_extent().x1


@pytest.mark.parametrize("count", [1, 2, 24])
def test_lines_that_end_together_have_labels_side_by_side(count):
    same = played({f"the same, {i}": bk.Greedy() for i in range(count)})
    display = show(same)
    for below, above in itertools.pairwise(boxes(display)):
        assert below.y1 <= above.y0


@pytest.mark.parametrize("count", [3, 12])
def test_labels_do_not_overlap_in_a_small_panel(count):
    many = played([bk.UCB1(exploration=0.25 * i) for i in range(count)])
    _, axes = plt.subplots(2, 2, layout="constrained")
    display = show(many, axes[1, 0])
    for below, above in itertools.pairwise(boxes(display)):
        assert below.y1 <= above.y0


@LOGS
def test_labels_are_in_the_order_of_the_lines_and_point_to_their_ends(race, log):
    display = show(race, plt.subplots()[1], log=log, bounds=True)
    ax, lines = display.ax_, [*display.lines_, *display.bound_lines_]
    assert [label.get_text() for label in display.labels_] == [line.get_label() for line in lines]
    ends = [line.get_ydata()[-1] for line in lines]
    heights = [Text.get_window_extent(label).y0 for label in display.labels_]
    assert np.argsort(ends).tolist() == np.argsort(heights).tolist()
    for label, line, end in zip(display.labels_, lines, ends, strict=True):
        shade = to_rgb(line.get_color())  # the label has the line's hue, darker
        assert label.get_color() == pytest.approx([0.75 * part for part in shade])
        point = label._get_xy(display.figure_.canvas.get_renderer(), label.xy, label.xycoords)
        assert point == pytest.approx(ax.transData.transform((1000, end)), abs=0.5)


def test_a_label_moves_no_further_than_it_has_to():
    apart = played([bk.Uniform(), bk.UCB1(exploration=0.1)])
    display = show(apart, plt.subplots()[1])
    for label, line in zip(display.labels_, display.lines_, strict=True):
        box = Text.get_window_extent(label)
        end = display.ax_.transData.transform((1000, line.get_ydata()[-1]))[1]
        assert (box.y0 + box.y1) / 2 == pytest.approx(end, abs=3.0)


def test_bounds_are_the_theorems_that_hold_each_drawn_once(race):
    display = show(race, bounds=True)
    holds = {}
    for learner, line in zip(PLAYERS, display.lines_, strict=True):
        for bound in bk.bounds.bounds_of(learner, ARMS, 1000):
            holds.setdefault(bound.theorem, (bound, line))
    assert len(holds) >= 5
    assert [line.get_label() for line in display.bound_lines_] == list(holds)
    for line, (bound, of) in zip(display.bound_lines_, holds.values(), strict=True):
        curve = np.broadcast_to(bound.curve(race.times), race.times.shape)
        drawn = np.asarray(line.get_ydata())
        assert drawn[curve > 0].tolist() == curve[curve > 0].tolist()
        assert np.isnan(drawn[curve <= 0]).all()
        assert line.get_color() == of.get_color()
        assert line.get_linestyle() != "-"


def test_a_theorem_that_does_not_hold_is_not_drawn():
    wide = played([bk.UCB1(), bk.UCB1(exploration=0.5)], bk.Gaussian((0.0, 3.0), std=2.0))
    assert show(wide, bounds=True).bound_lines_ == []


def test_without_bounds_there_are_none(race):
    assert show(race).bound_lines_ == []
    assert show(race, bounds={}).bound_lines_ == []


def test_functions_of_ones_own_are_drawn_instead(race):
    bounds = {"root": np.sqrt, "flat": lambda t: 50, "a list": lambda t: [1, 2, 3, 4, 5]}
    display = show(race, bounds=bounds)
    assert [line.get_label() for line in display.bound_lines_] == list(bounds)
    root, flat, listed = (line.get_ydata().tolist() for line in display.bound_lines_)
    assert root == np.sqrt(race.times).tolist()
    assert flat == [50] * 5
    assert listed == [1, 2, 3, 4, 5]
    assert [label.get_text() for label in display.labels_][-3:] == list(bounds)


@LOGS
def test_one_replication_is_drawn_without_a_band_or_a_warning(log):
    one = played([bk.UCB1(), bk.Thompson()], replications=1)
    display = show(one, log=log, bounds=True)
    for shade, line in zip(display.bands_, display.lines_, strict=True):
        drawn = {x: (y, y) for x, y in zip(*line.get_data(), strict=True) if np.isfinite(y)}
        assert edges(shade) == drawn
        assert len(drawn) >= 4
    assert "one replication" in display.ax_.get_title()
    assert "shaded" not in display.ax_.get_title()


@LOGS
@pytest.mark.parametrize("bounds", [False, True])
def test_no_regret_at_all_is_drawn(log, bounds):
    none = played([bk.UCB1(), bk.Uniform()], bk.Bernoulli((0.5,)))
    display = show(none, log=log, bounds=bounds)
    assert len(display.lines_) == 2
    if "y" not in log:
        assert [label.get_text() for label in display.labels_][:2] == list(none.names)


@LOGS
@pytest.mark.parametrize("options", [{"horizon": 1, "times": None}, {"times": [500]}])
def test_a_single_time_is_drawn(log, options):
    display = show(played([bk.UCB1(), bk.Greedy()], **options), log=log, bounds=True)
    assert [label.get_text() for label in display.labels_][:2] == ["UCB1()", "Greedy()"]


def test_drawing_leaves_the_result_as_it_was(race):
    before = race.regret.copy()
    show(race, bounds=True, band=(0.1, 0.9))
    assert (race.regret == before).all()


def test_it_can_be_written_to_a_file(race, tmp_path):
    display = show(race, bounds=True)
    for name in ("regret.png", "regret.pdf", "regret.svg"):
        display.figure_.savefig(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 5000


@pytest.mark.parametrize("log", ["yx", "both", True, None, ["x"]])
def test_a_scale_that_makes_no_sense_is_named(race, log):
    with pytest.raises(ValueError, match='log must be "xy", "x", "y" or ""; got '):
        bk.RegretDisplay.from_result(race).plot(Figure().subplots(), log=log)


@pytest.mark.parametrize(
    "band", [(0.9, 0.1), (0.1,), 0.5, (0.1, 0.5, 0.9), (-0.1, 0.5), (0.5, 1.1), (np.nan, 1), "ab"]
)
def test_a_band_that_makes_no_sense_is_named(race, band):
    with pytest.raises(ValueError, match=r"band|levels must lie in \[0, 1\]"):
        bk.RegretDisplay.from_result(race).plot(Figure().subplots(), band=band)


@pytest.mark.parametrize(
    ("bounds", "word"),
    [
        ({"short": lambda t: t[:3]}, "short"),
        ({"number": 3.0}, "number"),
        ("Thm 1.15", "bounds"),
        (["Thm 1.15"], "bounds"),
        (np.sqrt, "bounds"),
    ],
)
def test_bounds_that_make_no_sense_are_named(race, bounds, word):
    with pytest.raises(ValueError, match=word):
        bk.RegretDisplay.from_result(race).plot(Figure().subplots(), bounds=bounds)


def test_one_theorem_with_two_curves_is_drawn_twice_and_with_one_curve_once():
    learners = [bk.ExploreFirst(N=5), bk.ExploreFirst(N=20), bk.KLUCB(), bk.Thompson()]
    arms = bk.Bernoulli((0.4, 0.6))
    result = bk.simulate(arms, learners, horizon=100, replications=2, seed=0)
    lines = bk.RegretDisplay.from_result(result).plot(bounds=True).bound_lines_
    names = [line.get_label() for line in lines]
    assert names == ["Thm 1.5", "Thm 1.5", "Lai & Robbins, C log t"]
    assert [line.get_color() for line in lines[:2]] == ["#0072B2", "#D55E00"]


# EpisodeDisplay

nan = np.nan
GRID = bk.Episodes(bk.GridWorld("S..G"), 4)


def diary(logs, names=None, problem=GRID, what="steps"):
    """Return a result of which the log is given, shape (learners, replications, episodes)."""
    logs = np.asarray(logs, dtype=float)
    L, R = logs.shape[:2]
    return bk.Result(
        problem=problem,
        learners=(bk.Sarsa(),) * L,
        names=tuple(names or (f"learner {i}" for i in range(L))),
        horizon=100,
        times=np.array([100]),
        regret=np.zeros((L, R, 1)),
        seed=0,
        seconds=np.zeros(L),
        versions={},
        logs={what: logs},
    )


def drawn(result, what="steps", ax=None, **options):
    """Return a display of episodes that has been drawn."""
    display = bk.EpisodeDisplay.from_result(result, what).plot(ax, **options)
    display.figure_.canvas.draw()
    return display


STEPS = np.random.default_rng(0).integers(3, 50, size=(3, 4, 12)).astype(float)


def test_lines_of_episodes_are_means_with_two_standard_errors_around_them():
    display = drawn(diary(STEPS, ["a", "b", "c"]))
    errors = STEPS.std(axis=1, ddof=1) / 2.0
    for i, line in enumerate(display.lines_):
        assert line.get_label() == "abc"[i]
        assert line.get_xdata().tolist() == list(range(1, 13))
        assert line.get_ydata() == pytest.approx(STEPS[i].mean(axis=0))
        bounds = np.array([*edges(display.bands_[i]).values()])
        mean = STEPS[i].mean(axis=0)
        assert bounds[:, 0] == pytest.approx(mean - 2 * errors[i])
        assert bounds[:, 1] == pytest.approx(mean + 2 * errors[i])
    assert len({line.get_color() for line in display.lines_}) == 3
    assert "4 replications, shaded: 2 standard errors" in display.ax_.get_title()
    assert repr(GRID) in display.ax_.get_title()
    assert display.ax_.get_xlabel() == "episode"
    assert display.ax_.get_ylabel() == "steps of the episode"
    assert display.ax_.get_xlim() == (1, 12)


def test_what_nobody_finished_is_left_out_and_else_those_count_who_did():
    steps = [
        [[9, 7, 5, nan, nan], [5, 3, nan, nan, nan]],
        [[8, nan, nan, nan, nan], [6, nan, nan, nan, nan]],
    ]
    display = drawn(diary(steps))
    first, second = (line.get_ydata().tolist() for line in display.lines_)
    assert first == [7.0, 5.0, 5.0]
    assert second[0] == 7.0
    assert np.isnan(second[1:]).all()
    assert display.lines_[0].get_xdata().tolist() == [1, 2, 3]
    assert edges(display.bands_[0])[3] == (5.0, 5.0)  # one replication has no standard error
    assert edges(display.bands_[0])[1] == (7.0 - 4.0, 7.0 + 4.0)
    assert [label.get_text() for label in display.labels_] == ["learner 0", "learner 1"]


def test_a_label_points_to_where_its_line_ends():
    display = drawn(diary([[[9, 8, 7, 6.0]], [[5, 4, nan, nan]]]), ax=plt.subplots()[1])
    renderer = display.figure_.canvas.get_renderer()
    for label, end in zip(display.labels_, [(4, 6.0), (2, 4.0)], strict=True):
        point = label._get_xy(renderer, label.xy, label.xycoords)
        assert point == pytest.approx(display.ax_.transData.transform(end), abs=0.5)


@pytest.mark.parametrize("smooth", [2, 5, 12, 100])
def test_smoothing_is_the_mean_of_the_episodes_up_to_each(smooth):
    display = drawn(diary(STEPS), smooth=smooth)
    for line, shade, steps in zip(display.lines_, display.bands_, STEPS, strict=True):
        parts = [steps[:, max(0, n - smooth) : n].mean(axis=1) for n in range(1, 13)]
        assert line.get_ydata() == pytest.approx([part.mean() for part in parts])
        margins = [part.std(ddof=1) for part in parts]  # twice, over the root of four
        low, high = np.transpose([*edges(shade).values()])
        assert high - low == pytest.approx([2 * margin for margin in margins])
    assert f"mean of {smooth} episodes" in display.ax_.get_ylabel()


def test_smoothing_does_not_reach_beyond_what_was_finished():
    (line,) = drawn(diary([[[9, 7, 5, nan], [9, 7, nan, nan]]]), smooth=2).lines_
    assert line.get_ydata().tolist() == [9.0, 8.0, 6.0]


def test_what_may_be_any_log_with_a_number_for_each_episode():
    for what, words in (
        ("return", "discounted return of the episode, in units of reward"),
        ("regret", "regret of the episode, in units of reward"),
        ("crashes", "crashes"),
    ):
        display = drawn(diary(STEPS, what=what), what)
        assert display.ax_.get_ylabel() == words
        assert display.lines_[0].get_ydata() == pytest.approx(STEPS[0].mean(axis=0))


def test_several_results_are_one_picture():
    shaped = bk.Episodes(bk.Shaped(GRID.problem, [0, 1, 2, 0]), 4)
    results = [diary(STEPS[:1], ["plain"]), diary(STEPS[1:, :, :7], ["a", "b"], shaped)]
    display = drawn(results)
    assert [line.get_label() for line in display.lines_] == ["plain", "a", "b"]
    assert [label.get_text() for label in display.labels_] == ["plain", "a", "b"]
    assert len({line.get_color() for line in display.lines_}) == 3
    assert display.lines_[2].get_ydata()[:7] == pytest.approx(STEPS[2, :, :7].mean(axis=0))
    assert np.isnan(display.lines_[2].get_ydata()[7:]).all()
    assert display.ax_.get_title() == "mean of 4 replications, shaded: 2 standard errors"


@LOGS
def test_levels_are_lines_across_with_labels(log):
    display = drawn(diary(STEPS), log=log, levels={"optimum": 3, "chance": 40.5})
    for line, (name, height) in zip(
        display.level_lines_, [("optimum", 3), ("chance", 40.5)], strict=True
    ):
        assert line.get_label() == name
        assert line.get_ydata().tolist() == [height] * 12
        assert line.get_linestyle() != "-"
    assert [label.get_text() for label in display.labels_][-2:] == ["optimum", "chance"]
    assert [label.get_fontstyle() for label in display.labels_] == ["normal"] * 3 + ["italic"] * 2
    for below, above in itertools.pairwise(boxes(display)):
        assert below.y1 <= above.y0
    ax = display.ax_
    assert ax.get_xscale() == ("log" if "x" in log else "linear")
    assert ax.get_yscale() == ("log" if "y" in log else "linear")


def test_nothing_at_all_is_not_drawn_on_a_logarithmic_axis():
    (line,) = drawn(diary([[[2, 0, 1.0], [4, 0, 3.0]]], what="regret"), "regret", log="y").lines_
    assert line.get_ydata()[[0, 2]].tolist() == [3.0, 2.0]
    assert np.isnan(line.get_ydata()[1])


def test_episodes_are_drawn_where_they_are_told_and_anew():
    display = bk.EpisodeDisplay.from_result(diary(STEPS))
    left, right = Figure().subplots(1, 2)
    assert display.plot(left, levels={"best": 3}) is display.plot(right)
    assert display.ax_ is right
    assert len(display.lines_) == len(display.bands_) == len(display.labels_) == 3
    assert display.level_lines_ == []
    assert plt.get_fignums() == []


def test_one_replication_or_one_episode_of_it_is_drawn():
    display = drawn(diary(STEPS[:, :1, :1]))
    assert "one replication" in display.ax_.get_title()
    assert "shaded" not in display.ax_.get_title()
    assert len(display.labels_) == 3


@pytest.mark.parametrize(
    ("result", "what", "words"),
    [
        (lambda: played([bk.UCB1()], horizon=10, times=None), "steps", "no logs of episodes; play"),
        (lambda: diary(STEPS), "length", "no log 'length'; the result has 'steps'"),
        (lambda: diary(STEPS), ["steps"], r"no log \['steps'\]; the result has 'steps'"),
        (
            lambda: diary(STEPS[:, :, 0]),
            "steps",
            r"no number for each episode; its shape is \(3, 4",
        ),
        (lambda: [], "steps", r"needs a result, or a list of them; got \[\]"),
        (lambda: {"a": diary(STEPS)}, "steps", "needs a result, or a list of them; got {'a'"),
        (lambda: [diary(STEPS), STEPS], "steps", "needs a result, or a list of them"),
        (lambda: [diary(STEPS)] * 2, "steps", "two learners are called 'learner 0'; let them pl"),
        (lambda: [diary(STEPS), diary(STEPS[:, :2])], "steps", "many replications; got 2 and 4"),
    ],
    ids=["none", "unknown", "list", "flat", "empty", "dict", "array", "same name", "replications"],
)
def test_a_display_of_what_has_no_episodes_is_refused(result, what, words):
    with pytest.raises(ValueError, match=words):
        bk.EpisodeDisplay.from_result(result(), what)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"smooth": 0}, "smooth must"),
        ({"smooth": 2.5}, "smooth must"),
        ({"log": "yx"}, 'log must be "xy", "x", "y" or ""'),
        ({"levels": 22}, "levels must be a dict of names and numbers; got 22"),
        ({"levels": {"best": "low"}}, "level 'best' must be a number"),
        ({"levels": {"best": nan}}, "level 'best' must"),
    ],
)
def test_options_of_episodes_that_make_no_sense_are_named(options, words):
    with pytest.raises(ValueError, match=words):
        bk.EpisodeDisplay.from_result(diary(STEPS)).plot(Figure().subplots(), **options)


def test_where_no_episode_was_finished_there_is_nothing_to_draw():
    with pytest.raises(ValueError, match="no episode was finished; give a longer horizon"):
        bk.EpisodeDisplay.from_result(diary(np.full((1, 2, 3), nan))).plot()
    assert plt.get_fignums() == []


# GridDisplay

MAZE = bk.GridWorld("S.#G\n..#.\n....", gamma=0.9)


def shown(problem, *arguments, ax=None, **options):
    """Return a display of a grid that has been drawn."""
    display = bk.GridDisplay.from_values(problem, *arguments).plot(ax, **options)
    display.figure_.canvas.draw()
    return display


def arrows(display):
    """Return the cell in which each arrow is, and by how many rows and columns it points."""
    quiver = display.arrows_
    places = []
    for (x, y), dx, dy in zip(quiver.XY, quiver.U, quiver.V, strict=True):
        cell = round(float(y + dy / 2)), round(float(x + dx / 2))
        places.append((cell, (int(np.sign(round(dy, 9))), int(np.sign(round(dx, 9))))))
    return sorted(places)


def test_the_colour_of_a_cell_is_its_value_and_walls_and_ends_have_none():
    values = np.linspace(-1.0, 1.0, MAZE.spec.S)
    display = shown(MAZE, values)
    drawn = display.image_.get_array()
    assert drawn.shape == (3, 4)
    for (i, j), value in zip(MAZE.cells, values, strict=True):
        assert drawn.mask[i, j] == (MAZE.rows[i][j] == "G")
        assert drawn.mask[i, j] or drawn[i, j] == value
    assert drawn.mask[0, 2] and drawn.mask[1, 2]  # noqa: PT018
    wall, end = (display.ax_.images[0].to_rgba(np.array([number]))[0] for number in (1.0, 0.0))
    assert wall[:3].max() < 0.5 < end[:3].min()
    assert display.arrows_ is None
    assert display.colorbar_.ax.get_ylabel() == "value $V(s)$"
    assert display.image_.get_clim() == (drawn.min(), drawn.max())


def test_letters_stand_in_their_cells():
    display = shown(MAZE, MAZE.solution.V)
    places = {letter.get_text(): letter.get_position() for letter in display.letters_}
    assert places == {"S": (0, 0), "G": (3, 0)}


def test_arrows_show_the_best_actions_of_each_cell():
    V, Q, policy, _ = MAZE.solution
    alive = [s for s in range(MAZE.spec.S) if not MAZE.model.terminal[s]]
    moves = [(-1, 0), (0, 1), (1, 0), (0, -1)]
    one = [(MAZE.cells[s], moves[policy[s]]) for s in alive]
    assert arrows(shown(MAZE, V, policy)) == sorted(one)
    best = [
        (MAZE.cells[s], move)
        for s in alive
        for a, move in enumerate(moves)
        if Q[s, a] >= Q[s].max() - 1e-9
    ]
    assert len(best) > len(one)
    assert arrows(shown(MAZE, V, Q)) == sorted(best)


def test_arrows_stay_in_their_cells_and_can_be_seen_on_them():
    grid = bk.GridWorld.ng(6)
    display = shown(grid, grid.solution.V, np.zeros((grid.spec.S, 4)))  # all are best
    quiver = display.arrows_
    assert quiver.N == 4 * (grid.spec.S - 1)
    tips = quiver.XY + np.column_stack([quiver.U, quiver.V])
    assert (np.abs(tips - np.round((quiver.XY + tips) / 2)) < 0.5).all()
    colours = np.asarray(quiver.get_facecolor())
    assert {tuple(colour) for colour in colours} == {(0.0,) * 3 + (1.0,), (1.0,) * 4}
    darkest, lightest = np.argsort(grid.solution.V)[[0, -2]]  # the last is the goal
    ends = [(row, column) for row, column in (grid.cells[darkest], grid.cells[lightest])]
    where = np.round((quiver.XY + tips) / 2)[:, ::-1].astype(int)
    for end, colour in zip(ends, (1.0, 0.0), strict=True):
        assert (colours[(where == end).all(axis=1), 0] == colour).all()


def test_moves_of_a_king_have_arrows_too():
    grid = bk.WindyGrid(kings=True)
    policy = np.full(grid.spec.S, 5)
    assert {way for _, way in arrows(shown(grid, grid.solution.V, policy))} == {(1, 1)}


def test_of_more_states_than_cells_the_first_are_drawn():
    grid = bk.FlagGrid("2S1G")
    V, Q, *_ = grid.solution
    first = shown(grid, V, Q)
    part = shown(grid, V[:4], Q[:4])
    assert first.image_.get_array().tolist() == part.image_.get_array().tolist() == [V[:4].tolist()]
    assert arrows(first) == arrows(part)
    assert [letter.get_text() for letter in first.letters_] == ["2", "S", "1", "G"]


def test_what_is_not_finite_is_left_out():
    grid = bk.GridWorld("S...G")
    drawn = shown(grid, [0.0, np.nan, np.inf, 2.0, 0.0]).image_.get_array()
    assert drawn.mask.tolist() == [[False, True, True, False, True]]
    shown(grid, np.full(5, np.nan), np.zeros((5, 4)))
    shown(grid, np.zeros(5))


def test_a_grid_is_drawn_where_it_is_told():
    figure = Figure()
    left, right = figure.subplots(1, 2)
    display = shown(MAZE, MAZE.solution.V, ax=right, label="visits")
    assert display.ax_ is right
    assert display.figure_ is figure
    assert display.colorbar_.ax.get_ylabel() == "visits"
    assert not left.images
    assert plt.get_fignums() == []


@pytest.mark.parametrize("n", [5, 10, 20])
def test_letters_fit_into_their_cells(n):
    grid = bk.GridWorld.ng(n)
    display = shown(grid, grid.solution.V)
    size = display.ax_.get_window_extent().height / n
    for letter in display.letters_:
        box = letter.get_window_extent()
        assert 0.2 * size < box.height < size
        assert box.width < size


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bk.GridDisplay.from_values(bk.Chain(), [0] * 7), "needs a grid, such as a GridW"),
        (lambda: bk.GridDisplay.from_values(MAZE, [0.0]), r"10 of them.*float64 of shape \(1,\)"),
        (lambda: bk.GridDisplay.from_values(MAZE, ["a"] * 10), "values must be numbers"),
        (lambda: bk.GridDisplay.from_values(MAZE, np.zeros((10, 1))), r"shape \(10, 1\)"),
        (lambda: bk.GridDisplay.from_values(MAZE, [0] * 10, [4] * 10), "from 0 to 3; state 0 has"),
        (lambda: bk.GridDisplay.from_values(MAZE, [0] * 10, [0] * 9), "policy must have an action"),
        (lambda: bk.GridDisplay.from_values(MAZE, [0] * 10, [0.5] * 10), "policy must have an act"),
    ],
)
def test_a_display_of_what_is_no_grid_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# --- KnapsackDisplay ----------------------------------------------------------------------------

COINS = bk.Knapsack.coins([0.5, 0.25, 0.0], [[0.5], [0.125], [0.0]], budgets=60)
TWO = bk.Knapsack.coins([0.5, 0.25, 0.0], [[0.5, 0.1], [0.125, 0.6], [0.0, 0.0]], budgets=[60, 90])
SPENDERS = [bk.UcbBwK(exploration=0.1), bk.UcbBwK()]


def spent(problem=COINS, learners=SPENDERS, **options):
    words = {"horizon": 300, "replications": 6, "seed": 0, "times": [1, 100, 200, 300]}
    return bk.simulate(problem, learners, **words | options)


def panels(result, axes=None, **options):
    """Return a display that has been drawn, and its three panels."""
    display = bk.KnapsackDisplay.from_result(result).plot(axes, **options)
    display.figure_.canvas.draw()
    return display, (display.reward_, display.left_, display.prices_)


def test_panels_show_the_means_of_what_was_noted():
    result = spent()
    _, drawn_panels = panels(result)
    noted = (
        result.logs["reward"],
        result.logs["left"][..., 0] / 60.0,
        result.logs["prices"][..., 0],
    )
    for panel, log in zip(drawn_panels, noted, strict=True):
        for i, (line, name) in enumerate(zip(panel.lines_, result.names, strict=True)):
            assert line.get_label() == name
            assert line.get_xdata().tolist() == [1, 100, 200, 300]
            assert line.get_ydata() == pytest.approx(log[i].mean(axis=0))
            assert line.get_color() == drawn_panels[0].lines_[i].get_color()
            low, high = edges(panel.bands_[i])[300]
            assert (low + high) / 2 == pytest.approx(log[i, :, -1].mean(), abs=1e-12)
            margin = log[i, :, -1].std(ddof=1) / np.sqrt(6)
            assert (high - low) / 4 == pytest.approx(margin, abs=1e-12)


def test_they_are_compared_with_the_programme():
    result = spent()
    display, drawn_panels = panels(result, levels={"best fixed arm": 50})
    reward, left, prices = (panel.reference_lines_ for panel in drawn_panels)
    best = COINS.lp(300)
    assert reward[0].get_ydata() == pytest.approx(best.value * result.times)
    assert reward[1].get_ydata() == pytest.approx([50.0] * 4)
    assert left[0].get_ydata() == pytest.approx(1.0 - result.times / 300)
    assert prices[0].get_ydata() == pytest.approx([best.prices[0]] * 4)
    texts = [[label.get_text() for label in panel.labels_] for panel in drawn_panels]
    assert texts[0][:2] == texts[2][:2] == list(result.names)
    assert texts[1] == ["spent evenly"]
    assert texts[0][3:] == ["best fixed arm"]
    assert texts[2][2:] == ["LP price"]
    assert display.axes_[0].get_shared_x_axes().joined(*display.axes_[::2])


def test_names_at_the_ends_do_not_overlap_in_any_panel():
    learners = [bk.UcbBwK(exploration=c) for c in (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)]
    _, (reward, _, prices) = panels(spent(learners=learners), levels={"best fixed arm": 50})
    for panel in (reward, prices):
        assert len(panel.labels_) >= 8
        around = boxes(panel)
        for below, above in itertools.pairwise(around):
            assert below.y1 <= above.y0 + 0.5


def test_each_resource_has_a_style():
    result = spent(TWO)
    _, (reward, left, prices) = panels(result)
    for panel, log in ((left, result.logs["left"] / [60.0, 90.0]), (prices, result.logs["prices"])):
        assert len(panel.lines_) == 4
        for i, line in enumerate(panel.lines_):
            resource, learner = divmod(i, 2)
            assert line.get_ydata() == pytest.approx(log[learner, :, :, resource].mean(axis=0))
            assert line.get_color() == reward.lines_[learner].get_color()
        first, _, second, _ = (line.get_linestyle() for line in panel.lines_)
        assert first != second
        legend = panel.ax_.get_legend()
        assert [text.get_text() for text in legend.get_texts()] == ["resource 0", "resource 1"]
    assert [label.get_text() for label in reward.labels_][:2] == list(result.names)
    names = [label.get_text() for label in prices.labels_]
    assert names == ["LP price of resource 0", "LP price of resource 1"]


def test_who_has_no_prices_has_no_line_among_them():
    learners = [bk.UcbBwK(), bk.GreedyBwK()]
    _, (reward, _, prices) = panels(spent(learners=learners))
    assert [label.get_text() for label in prices.labels_] == ["UcbBwK()", "LP price"]
    assert len(reward.labels_) == 3
    _, (reward, _, prices) = panels(spent(learners=learners[1:]))
    assert [label.get_text() for label in prices.labels_] == ["LP price"]
    assert len(reward.labels_) == 2


def test_a_single_replication_has_no_margin():
    result = spent(replications=1)
    display, (reward, *_) = panels(result)
    assert "one replication" in display.axes_[0].get_title()
    low, high = edges(reward.bands_[0])[300]
    assert low == high == result.logs["reward"][0, 0, -1]


def test_linear_knapsacks_are_drawn_with_their_programme():
    problem = bk.LinearKnapsack.random(90, X=5)
    result = spent(problem, [bk.LinearBwK(), bk.UcbBwK()])
    _, (reward, _, prices) = panels(result)
    best = problem.lp(300)
    assert reward.reference_lines_[0].get_ydata()[-1] == pytest.approx(300 * best.value)
    assert prices.reference_lines_[0].get_ydata()[0] == pytest.approx(best.prices[0])


def test_without_a_programme_there_is_less_to_compare_with():
    problem = bk.PhasedKnapsack.two_phase(50, 1.0)
    _, (reward, left, prices) = panels(spent(problem, [bk.UcbBwK()]))
    assert [len(panel.reference_lines_) for panel in (reward, left, prices)] == [0, 1, 0]


def test_the_axis_of_prices_may_end_below_the_largest():
    _, (*_, prices) = panels(spent(), top_price=0.001)
    assert prices.ax_.get_ylim() == (0.0, 0.001)
    inside = prices.ax_.get_window_extent()
    for label in prices.labels_:
        assert 0.0 <= label.xy[1] <= 1.0
    assert boxes(prices)[0].y0 > inside.y0


def test_knapsacks_are_drawn_where_they_are_told():
    figure = Figure()
    display, _ = panels(spent(), figure.subplots(1, 3))
    assert display.figure_ is figure
    assert display.axes_.tolist() == figure.axes
    assert plt.get_fignums() == []


def test_a_knapsack_that_was_saved_is_drawn_again(tmp_path):
    spent().save(tmp_path / "spent.npz")
    _, (reward, *_) = panels(bk.load(tmp_path / "spent.npz"))
    assert len(reward.lines_) == 2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bk.KnapsackDisplay.from_result(3), "needs a result; got 3"),
        (
            lambda: bk.KnapsackDisplay.from_result(played([bk.UCB1()])),
            "no logs of 'reward' and 'left'; play a problem with budgets.*on Bernoulli",
        ),
        (lambda: panels(spent(), levels=[1.0]), "levels must be a dict"),
        (lambda: panels(spent(), levels={"high": "up"}), "level 'high' must be a number"),
        (lambda: panels(spent(), top_price=0), "top_price must be above 0; got 0"),
        (lambda: panels(spent(), top_price="high"), "top_price must be a number"),
        (lambda: panels(spent(), Figure().subplots(1, 2)), "axes must be three"),
    ],
)
def test_a_knapsack_display_says_what_is_wrong(call, words):
    with pytest.raises(ValueError, match=words):
        call()
