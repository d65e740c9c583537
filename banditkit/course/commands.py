"""``banditkit course``: list, start, check, solution, hints and grade."""

import argparse
import sys
from pathlib import Path
from typing import Any

__all__ = ["add_course"]

_EXAMPLES = """\
examples:
  banditkit course list
  banditkit course start ch01
  banditkit course check ch01.ipynb
  banditkit course check ch01.ipynb ucb-index
  banditkit course solution ucb-index
  banditkit course hints ch01
  banditkit course grade handed_in --output grades.csv
"""


def add_course(commands: Any) -> None:
    """Add the command to the parser of the command line."""
    course = commands.add_parser(
        "course",
        help="chapters with exercises that check themselves",
        description="Chapters with exercises that check themselves.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = course.add_subparsers(title="commands", metavar="COMMAND", required=True)

    names = verbs.add_parser("list", help="chapters and exercises, and what is done in this folder")
    names.set_defaults(run=_list)

    start = verbs.add_parser("start", help="write the notebook of a chapter")
    start.add_argument("chapter", help="such as ch01")
    start.add_argument("folder", nargs="?", default=".", help="by default this one")
    start.add_argument("--teacher", action="store_true", help="with the solutions")
    start.set_defaults(run=_start)

    check = verbs.add_parser("check", help="say what is right, and what is wrong, in a notebook")
    check.add_argument("file", help="a notebook, or a file of Python")
    check.add_argument("exercise", nargs="?", help="such as ucb-index; by default all")
    _add_terms(check)
    check.set_defaults(run=_check)

    solution = verbs.add_parser("solution", help="show the solution of an exercise; asks first")
    solution.add_argument("exercise", help="such as ucb-index")
    solution.add_argument("--yes", action="store_true", help="do not ask")
    solution.set_defaults(run=_solution)

    hints = verbs.add_parser("hints", help="known wrong answers, and what is said of them")
    hints.add_argument("chapter", help="such as ch01")
    hints.set_defaults(run=_hints)

    grade = verbs.add_parser("grade", help="check the notebooks in a folder, and write a table")
    grade.add_argument("folder", help="with a notebook a student, or a folder a student")
    grade.add_argument("--output", default="grades.csv", help="by default grades.csv")
    grade.add_argument("--workers", help="files at a time; by default one for each processor")
    _add_terms(grade)
    grade.set_defaults(run=_grade)


def _add_terms(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--chapter", help="of files that do not say of which they are")
    parser.add_argument("--seed", help="the same seed gives the same instances")
    parser.add_argument("--seconds", help="for each cell and exercise; by default 20")
    parser.add_argument(
        "--memory", help="for answers, and a file that they write, in GiB; by default 2"
    )
    parser.add_argument(
        "--isolate",
        action="store_true",
        help="forbid the network, other programs, and writing outside the folder",
    )


def _list(given: argparse.Namespace) -> int:
    from banditkit.course.contents import chapters
    from banditkit.course.progress import done_in

    done = done_in(Path())
    for chapter in chapters():
        exercises = chapter.exercises
        ready = sum(done.get(exercise.slug, False) for exercise in exercises)
        print(f"{chapter.key}: {chapter.title} - {ready} of {len(exercises)} done")
        width = max((len(exercise.slug) for exercise in exercises), default=0)
        for exercise in exercises:
            mark = "" if exercise.slug not in done else "right" if done[exercise.slug] else "wrong"
            book = f" ({exercise.book})" if exercise.book else ""
            print(
                f"  {mark:5}  {exercise.slug:{width}}  {exercise.minutes:3} min  "
                f"{exercise.title}{book}"
            )
        print()
    return 0


def _start(given: argparse.Namespace) -> int:
    from banditkit.course.contents import chapter
    from banditkit.course.notebooks import notebook
    from banditkit.files import folder_for_files, write_text

    which = chapter(given.chapter)
    text = notebook(which, solutions=given.teacher)
    name = f"{which.key}-teacher.ipynb" if given.teacher else f"{which.key}.ipynb"
    with folder_for_files(Path(given.folder)) as folder:
        path = folder / name
        if path.exists():
            raise ValueError(f"{path} exists and stays as it is - name another folder")
        write_text(path, text)
    print(f"wrote {path}: open it with jupyter lab, or check it with")
    print(f"  banditkit course check {path}")
    return 0


def _check(given: argparse.Namespace) -> int:
    from banditkit.course.exercises import Verdict, shown
    from banditkit.course.grading import judge
    from banditkit.course.progress import remember

    path, verdicts, seed = Path(given.file), {}, _whole(given, "seed", least=0)
    limits = _limits(given)
    for row in judge(path, given.exercise, key=given.chapter, seed=seed, limits=limits):
        verdicts[row.exercise] = row.right
        notes = f" (it {row.notes})" if row.notes else ""
        print(shown(Verdict(row.exercise, row.right, row.line)) + notes, flush=True)
    remember(path.parent, verdicts.items())
    if len(verdicts) > 1:
        print(f"{sum(verdicts.values())} of {len(verdicts)} right")
    return 0 if all(verdicts.values()) else 1


def _solution(given: argparse.Namespace) -> int:
    from banditkit.course.contents import exercise_of
    from banditkit.course.notebooks import solution

    chapter, exercise = exercise_of(given.exercise)
    code = solution(chapter, exercise.slug)
    if not given.yes:
        print(f"Show the solution of {exercise.slug}, {exercise.title}? [y/N] ", end="", flush=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            print("not shown: the hint of `banditkit course check` may be enough")
            return 1
    print(code)
    return 0


def _hints(given: argparse.Namespace) -> int:
    from banditkit.course.contents import chapter

    which = chapter(given.chapter)
    for exercise in which.exercises:
        print(f"{exercise.slug}: {exercise.title}")
        for name, known in which.answers.items():
            if known.slug == exercise.slug and known.hint is not None:
                print(f"  {name}: {exercise.judge(known.answer, seed=0).line}")
        print()
    return 0


def _grade(given: argparse.Namespace) -> int:
    from banditkit.course.grading import grade, write_csv
    from banditkit.files import folder_for_files

    output = Path(given.output)
    if output.is_dir():
        raise ValueError(f"{output} is a folder - name a file: --output {output / 'grades.csv'}")
    with folder_for_files(output.parent):
        rows = grade(
            Path(given.folder),
            key=given.chapter,
            seed=_whole(given, "seed", least=0),
            limits=_limits(given),
            workers=_whole(given, "workers", least=1),
            progress=lambda line: print(line, file=sys.stderr, flush=True),
        )
        write_csv(rows, output)
    students = len({row.student for row in rows})
    print(f"wrote {output}: {students} students, {sum(row.right for row in rows)} right answers")
    return 0


def _whole(given: argparse.Namespace, name: str, *, least: int) -> int | None:
    """Return a whole number that may have been given."""
    from banditkit.core.checks import number_in, whole

    text = getattr(given, name)
    return None if text is None else whole(name, number_in(name, text), least=least)


def _limits(given: argparse.Namespace) -> Any:
    from banditkit.core.checks import number_in
    from banditkit.course.grading import Limits

    words = {
        name: number_in(name, getattr(given, name))
        for name in ("seconds", "memory")
        if getattr(given, name) is not None
    }
    return Limits(**words, isolate=given.isolate)
