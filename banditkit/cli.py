"""The command line: ``banditkit simulate``, ``banditkit list`` and ``banditkit course``.

Only what parses the words is imported at the top: ``banditkit --help`` answers at once.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from banditkit import __version__
from banditkit.course.commands import add_course

__all__ = ["main"]

_INTERRUPTED = 130  # as shells say it: 128 + SIGINT
_EXAMPLES = """\
examples:
  banditkit simulate
  banditkit simulate --learners UCB1 "UCB1(exploration=0.5)" "Doubling(MOSS())" --horizon 1e6
  banditkit simulate --problem "Gaussian([0, 0.5], std=0.5)" --learners UCB1 Greedy
  banditkit simulate --problem "EmpiricalArms.from_csv('log.csv', arm='page', reward='click')"
  banditkit simulate experiment.toml --seed 7
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {_one_line(message)}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code: 0, 2 for bad words, 130 after Ctrl-C."""
    given = _parser().parse_args(arguments)
    try:
        code: int = given.run(given)
        sys.stdout.flush()
    except ValueError as error:
        print(f"banditkit: {_one_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nbanditkit: interrupted; nothing was written", file=sys.stderr)
        return _INTERRUPTED
    except OSError as error:  # of the output, as in `banditkit list | head`
        sys.stdout = None  # or Python would try again at its end
        if not isinstance(error, BrokenPipeError):
            print(f"banditkit: can't print: {error.strerror}", file=sys.stderr)
            return 2
        return 0
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="banditkit", description="Classic bandits, to learn and to compare with.")
    parser.add_argument("--version", action="version", version=f"banditkit {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    run = commands.add_parser(
        "simulate",
        help="let learners play a problem; without arguments, the race of chapter 1",
        description="Let learners play a problem, and write regret.png, regret.csv and result.npz.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument("file", nargs="?", help="experiment in TOML, with the same words as the flags")
    run.add_argument("--problem", help='such as "Bernoulli([0.4, 0.6])"; see banditkit list')
    run.add_argument("--learners", nargs="+", metavar="LEARNER", help="such as UCB1 KLUCB")
    run.add_argument("--horizon", help="number of rounds, such as 1e6")
    run.add_argument("--replications", help="how often each learner plays")
    run.add_argument("--seed", help="the same seed gives the same numbers")
    run.add_argument("--times", help="when to write regret down: log or linear")
    run.add_argument("--workers", help="number of threads; by default one per processor")
    run.add_argument("--output", help="folder for the files; by default results")
    run.add_argument("--quiet", action="store_true", help="show no progress")
    run.set_defaults(run=_simulate)

    names = commands.add_parser("list", help="name every problem and learner, with a line each")
    names.set_defaults(run=_list)

    add_course(commands)
    return parser


def _simulate(given: argparse.Namespace) -> int:
    from banditkit.core.checks import number_in
    from banditkit.experiment import Experiment, read_toml, table

    words: dict[str, Any] = {} if given.file is None else read_toml(given.file)
    for name in ("problem", "learners", "times", "output"):
        if getattr(given, name) is not None:
            words[name] = getattr(given, name)
    for name in ("horizon", "replications", "seed", "workers"):
        if getattr(given, name) is not None:
            words[name] = number_in(name, getattr(given, name))
    experiment = Experiment(**words)
    result = experiment.run(progress=not given.quiet)
    print(table(result))
    print(f"\nwrote regret.png, regret.csv and result.npz to {experiment.output}")
    return 0


def _list(given: argparse.Namespace) -> int:
    from banditkit.catalogue import learners, problems

    known: dict[str, dict[str, Any]] = {"problems": {**problems()}, "learners": {**learners()}}
    for title, classes in known.items():
        print(f"{title}:")
        width = max(map(len, classes))
        for name, each in sorted(classes.items()):
            line = each.__doc__.splitlines()[0].replace("`", "")
            print(f"  {name:{width}}  {line}")
        print()
    return 0


def _one_line(message: object) -> str:
    return " ".join(str(message).splitlines())
