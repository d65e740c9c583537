"""Progress is shown where a person looks on, and nowhere else."""

import io
import sys
import time
from types import ModuleType, SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
from numba import config

import banditkit as bk
from banditkit.progress import Reporter

ARMS = bk.Bernoulli((0.4, 0.6))


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


class Bar:
    """Stands in for tqdm: keeps what it is told."""

    made = []

    def __init__(self, total, **options):
        self.total, self.n, self.closed, self.descriptions = total, 0, False, []
        self.made.append(self)

    def set_description(self, text, refresh):
        self.descriptions.append(text)

    def update(self, more):
        assert not self.closed
        self.n += more

    def refresh(self):
        pass

    def close(self):
        self.closed = True


def put_stderr(monkeypatch, stream):
    """Give the module another standard error stream; pytest watches over the real one."""
    words = SimpleNamespace(stderr=stream, modules=sys.modules)
    monkeypatch.setattr("banditkit.progress.sys", words)
    return stream


@pytest.fixture
def screen(monkeypatch):
    return put_stderr(monkeypatch, Screen())


@pytest.fixture
def clock(monkeypatch):
    """Return a clock that is set by hand."""
    hand = SimpleNamespace(now=100.0)
    monkeypatch.setattr("banditkit.progress.time", SimpleNamespace(monotonic=lambda: hand.now))
    return hand


@pytest.fixture
def no_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)


@pytest.fixture
def tqdm(monkeypatch):
    """Put `Bar` where tqdm is looked for, and return the bars that are made."""
    module = ModuleType("tqdm.auto")
    module.tqdm = Bar
    monkeypatch.setattr(Bar, "made", [])
    monkeypatch.setitem(sys.modules, "tqdm", ModuleType("tqdm"))
    monkeypatch.setitem(sys.modules, "tqdm.auto", module)
    return Bar.made


def play(progress, **options):
    words = {"horizon": 300, "replications": 2, "seed": 0, "progress": progress} | options
    return bk.simulate(ARMS, [bk.UCB1(), bk.Greedy()], **words)


def test_a_function_hears_rounds_played_rounds_to_play_and_what_is_done():
    heard = []
    play(lambda *words: heard.append(words), times=[10, 200])
    counts = [done for done, total, doing in heard if doing == "playing"]
    assert counts == sorted(counts)
    assert counts[-1] == 2 * 2 * 200
    assert {total for _, total, _ in heard} == {2 * 2 * 200}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("of the hook")])
def test_an_error_in_the_function_ends_the_work_soon(error):
    def fail(done, total, doing):
        raise error

    began = time.monotonic()
    with pytest.raises(type(error)) as caught:
        play(fail, horizon=10**9)
    assert caught.value is error
    assert time.monotonic() - began < 5.0


class FirstPolicy(NamedTuple):
    pulls: np.ndarray

    def select(self, t, x, rng):
        return 0

    def update(self, t, x, a, y):
        self.pulls[a] += 1


class First(bk.Learner):
    """A learner of one's own, which is compiled anew in each process."""

    def start(self, spec, horizon):
        return FirstPolicy(np.zeros(spec.K))


@pytest.mark.skipif(config.DISABLE_JIT, reason="needs the compiler")
def test_a_function_hears_what_is_compiled():
    heard = []
    words = {"horizon": 10, "replications": 1, "seed": 0}
    bk.simulate(ARMS, [First()], progress=lambda *each: heard.append(each), **words)
    assert heard[0][0] == 0
    assert "compiling First" in heard[0][2]
    assert heard[-1] == (10, 10, "playing")


def test_a_misfit_is_found_before_anything_is_compiled_or_played():
    heard = []
    with pytest.raises(ValueError, match="KLUCB needs rewards in"):
        bk.simulate(
            bk.UniformArms([0, 1], [3, 2]),
            [First(), bk.KLUCB()],
            horizon=10,
            progress=lambda *words: heard.append(words),
        )
    assert heard == []


@pytest.mark.parametrize("progress", [None, False])
def test_where_nobody_looks_nothing_is_said(progress, capfd):
    play(progress)
    assert capfd.readouterr() == ("", "")


def test_where_nobody_looks_nothing_is_said_of_long_work_either(capsys, clock):
    with Reporter(None, total=100) as reporter:
        reporter.say("compiling UCB1")
        clock.now += 60.0
        reporter.update(50, "playing")
    assert capsys.readouterr() == ("", "")


def test_asked_for_off_a_terminal_it_is_a_line_for_each_doing(capsys):
    with Reporter(True, total=100) as reporter:
        reporter.say("compiling UCB1")
        for done in range(0, 101, 10):
            reporter.update(done, "playing")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["compiling UCB1", "playing"]


def test_on_a_terminal_short_work_is_not_worth_a_word(screen, clock, no_tqdm):
    with Reporter(None, total=100) as reporter:
        clock.now += 0.99
        reporter.update(100, "playing")
    assert screen.getvalue() == ""


def test_on_a_terminal_a_line_counts_up_and_is_wiped_away(screen, clock, no_tqdm):
    with Reporter(None, total=2000) as reporter:
        clock.now += 1.01
        for done in (500, 500, 1000):
            reporter.update(done, "playing")
    _, first, second, blank, end = screen.getvalue().split("\r")
    assert (first, second) == ("playing:  25% of 2e+03 rounds", "playing:  50% of 2e+03 rounds")
    assert blank == " " * len(second)
    assert end == ""


def test_a_shorter_line_wipes_out_a_longer_one(screen, clock, no_tqdm):
    with Reporter(True, total=100) as reporter:
        reporter.say("compiling SuccessiveElimination")
        reporter.update(50, "playing")
    _, first, second, *_ = screen.getvalue().split("\r")
    assert len(second) == len(first)


def test_where_tqdm_is_installed_it_is_its_bar(screen, clock, tqdm):
    with Reporter(True, total=100) as reporter:
        reporter.say("compiling UCB1")
        reporter.update(30, "playing")
        reporter.update(100, "playing")
    (bar,) = tqdm
    assert (bar.total, bar.n, bar.closed) == (100, 100, True)
    assert bar.descriptions == ["compiling UCB1", "playing", "playing"]
    assert screen.getvalue() == ""


def test_the_bar_goes_away_when_the_work_fails(screen, clock, tqdm):
    def work():
        with Reporter(True, total=100) as reporter:
            reporter.update(30, "playing")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        work()
    assert tqdm[0].closed


def test_a_notebook_gets_the_bar_too(monkeypatch, capsys, clock, tqdm):
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    with Reporter(None, total=100) as reporter:
        clock.now += 2.0
        reporter.update(30, "playing")
    assert [bar.n for bar in tqdm] == [30]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("progress", [None, False])
def test_without_a_standard_error_stream_there_is_nothing_to_show(monkeypatch, clock, progress):
    put_stderr(monkeypatch, None)
    with Reporter(progress, total=100) as reporter:
        clock.now += 2.0
        reporter.update(30, "playing")
