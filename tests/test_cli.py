"""The command line: the race, its words, and one line for whatever is wrong with them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import banditkit as bk
from banditkit import cli
from banditkit.catalogue import learners, problems

NAMES = ["regret.csv", "regret.png", "result.npz"]
QUICK = ["--horizon", "100", "--replications", "2", "--seed", "0"]
TWO = ["--problem", "Bernoulli([0.4, 0.6])", "--learners", "UCB1", "Greedy"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Go to an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder="results"):
    """Return everything below a folder, temporary files included."""
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def run(*words):
    """Return the exit code of a command."""
    try:
        return cli.main(words)
    except SystemExit as exit_:  # as argparse does
        return exit_.code


def result(folder="results"):
    return bk.load(Path(folder) / "result.npz")


def refused(capsys, *words):
    """Return the one line that is said of a bad command."""
    before = contents(".")
    assert run(*words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("banditkit")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert contents(".") == before
    return err


def test_without_arguments_it_is_the_race_of_chapter_1(monkeypatch, capsys):
    heard = {}

    def listen(problem, players, **options):
        heard.update(options, problem=problem, players=players)
        return bk.simulate(problem, players, **{**options, "horizon": 50, "replications": 2})

    monkeypatch.setattr("banditkit.experiment.simulate", listen)
    assert run("simulate") == 0
    assert heard["problem"].means == (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
    assert len(heard["players"]) == 7
    assert (heard["horizon"], heard["replications"], heard["seed"]) == (100_000, 100, 0)
    assert sorted(contents()) == NAMES
    out = capsys.readouterr().out
    for name in heard["players"]:
        assert name in out
    for word in ("regret", "+-", "bound", "rounds/s", *NAMES, "results"):
        assert word in out


def test_flags_choose_everything(capsys):
    words = ["--problem", "Gaussian([0, 0.5], std=0.5)", "--learners", "Greedy", "Doubling(MOSS())"]
    words += ["--horizon", "1e3", "--replications", "3", "--seed", "9", "--times", "linear"]
    assert run("simulate", *words, "--workers", "1", "--output", "deep/er", "--quiet") == 0
    got = result("deep/er")
    assert got.problem == bk.Gaussian((0.0, 0.5), std=0.5)
    assert got.learners == (bk.Greedy(), bk.Doubling(bk.MOSS()))
    assert (got.horizon, got.seed, got.regret.shape[1]) == (1000, 9, 3)
    assert got.times.tolist() == bk.linear_times(1000).tolist()
    assert sorted(contents("deep/er")) == NAMES
    out, err = capsys.readouterr()
    assert "deep/er" in out
    assert err == ""


def test_a_file_has_the_same_words_as_the_flags(capsys):
    Path("experiment.toml").write_text(
        'problem = "Bernoulli([0.4, 0.6])"\nlearners = ["UCB1", "Greedy"]\n'
        'horizon = 1e2\nreplications = 2\nseed = 0\noutput = "of file"\n'
    )
    assert run("simulate", "experiment.toml") == 0
    said = capsys.readouterr().out
    assert run("simulate", *TWO, *QUICK, "--output", "of flags") == 0
    assert contents("of file")["regret.csv"] == contents("of flags")["regret.csv"]
    assert contents("of file")["regret.png"] == contents("of flags")["regret.png"]
    assert said.split()[:8] == capsys.readouterr().out.split()[:8]


def test_flags_win_over_the_file():
    Path("experiment.toml").write_text(
        'problem = "Bernoulli([0.1, 0.2])"\nhorizon = 77\nreplications = 5\nseed = 3\n'
        'output = "elsewhere"\n[learners]\nbold = "UCB1(0.1)"\n'
    )
    words = ["--horizon", "50", "--seed", "4", "--output", "here", "--learners", "Greedy"]
    assert run("simulate", "experiment.toml", *words) == 0
    got = result("here")
    assert (got.horizon, got.seed, got.names) == (50, 4, ("Greedy()",))
    assert (got.problem, got.regret.shape[1]) == (bk.Bernoulli((0.1, 0.2)), 5)
    assert not Path("elsewhere").exists()


def test_names_of_a_table_are_the_names_of_the_learners(capsys):
    Path("experiment.toml").write_text('[learners]\n"a bold one" = "UCB1(0.1)"\n')
    assert run("simulate", "experiment.toml", *QUICK) == 0
    assert result().names == ("a bold one",)
    assert "a bold one" in capsys.readouterr().out


@pytest.mark.parametrize("horizon", ["100", "1e2", "100.0", "+100", "1E2"])
def test_numbers_may_be_written_as_people_do(horizon):
    assert run("simulate", *TWO, "--horizon", horizon, "--replications", "2e0") == 0
    assert result().horizon == 100


def test_a_long_seed_is_kept_to_the_last_digit():
    assert run("simulate", *TWO, *QUICK, "--seed", "18446744073709551617") == 0
    assert result().seed == 18446744073709551617


def test_a_log_is_played(capsys):
    Path("log.csv").write_text("page,click\nred,1\nred,0\ngreen,1\n")
    log = "EmpiricalArms.from_csv('log.csv', arm='page', reward='click')"
    assert run("simulate", "--problem", log, "--learners", "UCB1", *QUICK) == 0
    assert result().problem == bk.EmpiricalArms([[1], [1, 0]], labels=["green", "red"])


def test_a_single_round_is_a_game(capsys):
    assert run("simulate", *TWO, "--horizon", "1", "--replications", "1") == 0
    assert result().times.tolist() == [1]


def test_list_names_every_problem_and_learner_with_a_line_each(capsys):
    assert run("list") == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    for name, each in {**problems(), **learners()}.items():
        (line,) = (line for line in lines if line.split()[:1] == [name])
        assert line.split(maxsplit=1)[1] == each.__doc__.splitlines()[0].replace("`", "")
    assert lines.index("problems:") < lines.index("learners:")


@pytest.mark.parametrize("words", [["--help"], ["simulate", "--help"], ["list", "--help"]])
def test_help_helps(capsys, words):
    assert run(*words) == 0
    out, err = capsys.readouterr()
    assert "usage: banditkit" in out
    assert err == ""


def test_the_examples_of_the_help_are_words_that_are_known(capsys):
    from banditkit.catalogue import read_learner

    run("simulate", "--help")
    out = capsys.readouterr().out
    for flag in ("problem", "learners", "horizon", "replications", "seed", "workers", "output"):
        assert f"--{flag}" in out
    assert '"UCB1(exploration=0.5)" "Doubling(MOSS())"' in out
    assert read_learner("Doubling(MOSS())") == bk.Doubling(bk.MOSS())


def test_version(capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out == f"banditkit {bk.__version__}\n"


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ("Bernoulli([0.4, 1.3])", "means must lie in [0, 1]; arm 1 has 1.3"),
        ("Bernoulli([-0.1])", "means must lie in [0, 1]; arm 0 has -0.1"),
        ("Bernoulli([0.4, nan])", "nan"),
        ("Bernoulli([0.4, float('nan')])", "float('nan')"),
        ("Bernoulli([0.4, 1e999])", "means must lie in [0, 1]; arm 1 has inf"),
        ("Bernoulli([])", "means is empty; give one number per arm"),
        ("Bernoulli([[0.4], [0.6]])", "means must be one row of numbers, one per arm"),
        ("Bernoulli(['a'])", "means must be numbers; got ['a']"),
        ("Bernoulli", "means"),
        ("Bernouli([0.4])", "there is no problem 'Bernouli'; did you mean Bernoulli?"),
        ("Roulette()", "there is no problem 'Roulette'; known are MDP, AdaptiveAdversary, "),
        ("Bernoulli([0.4], std=1)", "unexpected keyword argument 'std'"),
        ("Bernoulli([0.4", "must read like Name(option=number)"),
        ("", "must read like Name(option=number)"),
        ("Gaussian([0, 1], std=[-1, 1])", "std must be 0 or more; arm 0 has -1.0"),
        ("Gaussian([0, 1], std=" + repr(["high"] * 100) + ")", "std must be"),
        ("__import__('os').system('touch canary')", "there is no problem"),
        ("Bernoulli.__init__", "Bernoulli.__init__"),
        ("Bernoulli([open('canary', 'w')])", "open('canary', 'w')"),
        ("EmpiricalArms.from_csv('log.csv', arm='page', reward='click')", "log.csv can't be read"),
    ],
)
def test_a_bad_problem_is_one_line(capsys, problem, words):
    assert words in refused(capsys, "simulate", "--problem", problem, *QUICK)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("page,clicks\nred,1\n", "log.csv has no column 'click'; did you mean clicks?"),
        ("pages,click\nred,1\n", "log.csv has no column 'page'; did you mean pages?"),
        ("page,click\nred,1\nred,yes\n", "log.csv, line 3: click must be a number; got 'yes'"),
        ("page,click\nred,1\nred,nan\n", "log.csv, line 3: click must be finite; got 'nan'"),
        ("page,click\n", "log.csv has a header but no rows"),
        ("", "log.csv is empty"),
    ],
)
def test_a_bad_log_is_one_line(capsys, text, words):
    Path("log.csv").write_text(text)
    log = "EmpiricalArms.from_csv('log.csv', arm='page', reward='click')"
    assert words in refused(capsys, "simulate", "--problem", log, *QUICK)


@pytest.mark.parametrize(
    ("learner", "words"),
    [
        ("UBC1", "there is no learner 'UBC1'; did you mean UCB1?"),
        ("thompson(1, 1)", "there is no learner 'thompson'; did you mean Thompson?"),
        ("UCB1(explore=1)", "unexpected keyword argument 'explore'"),
        ("UCB1(exploration=-1)", "exploration must be 0 or more; got -1.0"),
        ("UCB1(anytime='no')", "anytime"),
        ("Doubling(MOSS)", "MOSS()"),
        ("UCB1.__init__", "UCB1.__init__"),
        ("UCB1.__init__()", "UCB1"),
        ("UCB1(**{'exploration': 1})", "**{'exploration': 1}"),
        ("__import__('os').system('touch canary')", "there is no learner"),
        ("UCB1(exploration=open('canary', 'w'))", "open"),
        ("UCB1\nKLUCB", "is not a learner"),
        ("-" * 5000 + "1", "learner"),
    ],
)
def test_a_bad_learner_is_one_line(capsys, learner, words):
    assert words in refused(capsys, "simulate", *QUICK, f"--learners={learner}")


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("horizon", "0", "horizon must be a whole number, 1 or more; got 0"),
        ("horizon", "-5", "horizon must be a whole number, 1 or more; got -5"),
        ("horizon", "1.5", "horizon must be a whole number, 1 or more; got 1.5"),
        ("horizon", "many", "horizon must be a number; got 'many'"),
        ("horizon", "nan", "horizon must be a whole number, 1 or more; got nan"),
        ("horizon", "inf", "horizon must be a whole number, 1 or more; got inf"),
        ("horizon", "", "horizon must be a number; got ''"),
        ("horizon", "1,000", "horizon must be a number; got '1,000'"),
        ("horizon", "²", "horizon must be a number; got '²'"),
        ("horizon", "1e300", "horizon"),
        ("replications", "-3", "replications must be a whole number, 1 or more; got -3"),
        ("replications", "0", "replications must be a whole number, 1 or more; got 0"),
        ("replications", "some", "replications must be a number; got 'some'"),
        ("replications", "1e15", "replications"),
        ("replications", "1e30", "replications"),
        ("seed", "-1", "seed must be a whole number, 0 or more; got -1"),
        ("seed", "0.5", "seed must be a whole number, 0 or more; got 0.5"),
        ("workers", "0", "workers must be a whole number, 1 or more; got 0"),
        ("workers", "two", "workers must be a number; got 'two'"),
        ("times", "lin", "times has no preset 'lin'; did you mean linear?"),
        ("output", "", "output"),
        ("output", "a\0b", "output"),
    ],
)
def test_a_bad_value_is_one_line(capsys, flag, value, words):
    assert words in refused(capsys, "simulate", *TWO, *QUICK, f"--{flag}={value}")


def test_a_learner_that_cannot_play_the_problem_is_one_line(capsys):
    words = ["--problem", "Gaussian([0, 1])", "--learners", "UCB1", "KLUCB"]
    said = refused(capsys, "simulate", *words, *QUICK)
    assert "KLUCB needs rewards in [0, 1]; those of Gaussian lie in [-inf, inf]" in said


def test_a_learner_named_twice_is_one_line(capsys):
    said = refused(capsys, "simulate", *QUICK, "--learners", "UCB1", "UCB1(2.0)")
    assert "UCB1() twice" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("horizon 100\n", "experiment.toml is not TOML"),
        ("horizn = 100\n", "experiment.toml has an unknown key 'horizn'; did you mean horizon?"),
        ("horizon = '1e3'\n", "horizon must be a whole number, 1 or more; got '1e3'"),
        ("horizon = true\n", "horizon must be a whole number, 1 or more; got True"),
        ("seed = 2020-01-01\n", "seed must be a whole number"),
        ("problem = 3\n", "problem"),
        ("learners = 'UCB1'\n", "learners must be a list"),
        ("learners = 3\n", "learners must be a list"),
        ("learners = [3]\n", "a learner is written as text"),
        ("learners = []\n", "learners is empty"),
        ("output = 3\n", "output"),
        ("times = 3\n", "times must be a list"),
        ("times = ['a']\n", "time must be a whole number, 1 or more; got 'a'"),
        ("times = [100001]\n", "times must not exceed the horizon 100000; got 100001"),
        ("workers = 0\n", "workers must be a whole number"),
    ],
)
def test_a_bad_file_is_one_line(capsys, text, words):
    Path("experiment.toml").write_text(text)
    assert words in refused(capsys, "simulate", "experiment.toml", "--replications", "1")


@pytest.mark.parametrize("path", ["nowhere.toml", ".", "", "a\0b", "no\nwhere.toml"])
def test_a_file_that_cannot_be_read_is_one_line(capsys, path):
    assert "can't be read" in refused(capsys, "simulate", path, *QUICK)


@pytest.mark.parametrize("output", ["file", "file/below"])
def test_an_output_that_cannot_be_a_folder_is_one_line(capsys, output):
    Path("file").write_text("in the way")
    said = refused(capsys, "simulate", *TWO, *QUICK, "--output", output)
    assert f"can't write to {output}: " in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "COMMAND"),
        (["simulat"], "simulat"),
        (["simulate", "--frobnicate"], "--frobnicate"),
        (["simulate", "--horizon"], "--horizon"),
        (["simulate", "--learners"], "--learners"),
        (["simulate", "a.toml", "b.toml"], "b.toml"),
        (["list", "learners"], "learners"),
        (["--frob\nnicate", "list"], "--frob"),
    ],
)
def test_a_word_that_is_not_known_is_one_line(capsys, words, said):
    assert said in refused(capsys, *words)


@pytest.mark.parametrize(
    "words",
    [
        ["--learners", "UBC1"],
        ["--problem", "Gaussian([0, 1])", "--learners", "UCB1", "KLUCB"],
        ["--horizon", "0"],
        ["nowhere.toml"],
    ],
)
def test_earlier_results_are_left_alone_by_a_bad_command(capsys, words):
    assert run("simulate", *TWO, *QUICK) == 0
    capsys.readouterr()
    refused(capsys, "simulate", *QUICK, *words)  # which compares what is in the folder
    assert sorted(contents()) == NAMES


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_earlier_results_are_left_alone_by_a_run_that_breaks_off(monkeypatch, capsys, error):
    def fail(file, **arrays):
        file.write(b"half")
        raise error

    assert run("simulate", *TWO, *QUICK) == 0
    before = contents(".")
    capsys.readouterr()
    monkeypatch.setattr("numpy.savez_compressed", fail)
    assert run("simulate", *TWO, *QUICK[:-1], "1", "--quiet") == (
        2 if isinstance(error, OSError) else 130
    )
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert len(err.split("\n")) <= 3
    assert contents(".") == before


def banditkit(*words, **options):
    """Start the command as a process, which hears Ctrl-C even if this one does not."""
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from banditkit.cli import main; sys.exit(main())"
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    return subprocess.Popen([sys.executable, "-c", program, *words], **pipes)


def test_the_installed_command_runs():
    command = Path(sys.executable).with_name("banditkit")
    done = subprocess.run([command, "simulate", *QUICK], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert sorted(contents()) == NAMES
    assert "Thompson()" in done.stdout
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_a_long_run_at_once_and_leaves_the_earlier_results():
    assert run("simulate", *TWO, *QUICK) == 0
    before = contents(".")
    with banditkit("simulate", *TWO, "--horizon", "1e9", "--replications", "2") as process:
        try:
            while process.stderr.readline() != "playing\n":  # compiling, perhaps
                assert process.poll() is None
            time.sleep(0.3)
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
            took = time.monotonic() - began
        finally:
            process.kill()
    assert process.returncode == 130
    assert took < 5.0
    assert out == ""
    assert "interrupted" in err
    assert "Traceback" not in err
    assert contents(".") == before


@pytest.mark.parametrize("words", [["list"], ["simulate", *TWO, *QUICK], ["--help"]])
def test_a_reader_that_has_gone_is_no_reason_for_a_traceback(words):
    reader, writer = os.pipe()
    os.close(reader)
    with banditkit(*words, stdout=writer) as process:
        os.close(writer)
        _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


def test_help_does_not_wait_for_the_compiler():
    program = (
        "import sys\nfrom banditkit.cli import main\n"
        "try:\n    main(['simulate', '--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'numba', 'numpy', 'matplotlib', 'pandas'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr == "[]\n"


@pytest.mark.parametrize(
    ("output", "code", "words"), [("| head -c 1", 0, ""), ("> /dev/full", 2, "can't print")]
)
def test_a_reader_that_goes_away_and_a_full_disk_are_no_traceback(output, code, words):
    command = f"'{sys.executable}' -m banditkit list {output}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert words in done.stderr
    assert done.returncode == code


def test_a_run_that_fails_leaves_no_folder(capsys):
    assert cli.main(["simulate", "--horizon", "0", "--output", "new"]) == 2
    assert not Path("new").exists()
