"""The command `rnncourse`. Each subcommand imports what it needs when it runs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rnncourse.grading import CourseError, put_scripts_first

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand and return the exit code.

    Mistakes of the user end in one sentence on stderr and the code 1.
    """
    options = _parser().parse_args(arguments)
    put_scripts_first()
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        print("rnncourse: interrupted", file=sys.stderr)
        return INTERRUPTED
    except (CourseError, OSError) as error:
        print(f"rnncourse {options.command}: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rnncourse", description="The tools of the course on recurrent networks.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="student: is this notebook ready to hand in?")
    check.add_argument("notebook", type=Path, metavar="NOTEBOOK")
    check.set_defaults(run=_check)

    doctor = commands.add_parser("doctor", help="is everything installed that this role needs?")
    doctor.add_argument("--role", choices=("student", "instructor", "author"), default="student")
    doctor.set_defaults(run=_doctor)

    data = commands.add_parser("data", help="find IMDB, or download it")
    data.set_defaults(run=_data)

    release = commands.add_parser("release", help="author: regenerate exercises/ from solutions/")
    release.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all of them")
    release.add_argument("--force", action="store_true", help="also replace work that git does not hold")
    release.set_defaults(run=_release)

    grade = commands.add_parser("grade", help="instructor: grade what lies under _grading/submitted/")
    grade.add_argument("assignment", nargs="?", metavar="ASSIGNMENT")
    grade.set_defaults(run=_grade)
    return parser


def _check(options: argparse.Namespace) -> int:
    from rnncourse.grading.course import CELL_TIMEOUT
    from rnncourse.grading.notebook_file import find_notebook, read_notebook
    from rnncourse.grading.preflight import check, format_report

    notebook = find_notebook(options.notebook)
    read_notebook(notebook)  # A file that is no notebook is named before anything is said to run.
    print(f"Running {notebook} in a fresh kernel; a cell may take up to {CELL_TIMEOUT} s ...\n", flush=True)
    report = check(notebook)
    print(format_report(report))
    return 0 if report.is_ready else 1


def _doctor(options: argparse.Namespace) -> int:
    from rnncourse.doctor import examine, format_findings, list_versions

    print(list_versions(), end="\n\n", flush=True)
    findings = examine(options.role)
    print(format_findings(findings, options.role))
    return 0 if all(finding.ok or not finding.needed for finding in findings) else 1


def _data(options: argparse.Namespace) -> int:
    from rnncourse.data.imdb import imdb_folder, load_imdb, load_word_index, require_named_folder

    require_named_folder()
    try:
        if imdb_folder() is None:
            print("Downloading IMDB (17 MB) ...", flush=True)
        (train, _), (test, _) = load_imdb()
        n_words = len(load_word_index())
    except (ValueError, ImportError) as error:
        raise CourseError(error) from error
    print(f"IMDB: {len(train)} reviews to train on, {len(test)} to test on, {n_words} words, in {imdb_folder()}")
    return 0


def _release(options: argparse.Namespace) -> int:
    from rnncourse.grading.course import find_course
    from rnncourse.grading.release import release

    released = release(find_course(), options.assignments, options.force)
    print(f"Released to exercises/: {', '.join(released)}")
    return 0


def _grade(options: argparse.Namespace) -> int:
    from rnncourse.grading.course import find_course, list_assignments
    from rnncourse.grading.grade import grade

    course = find_course()
    if not options.assignment:
        names = ", ".join(list_assignments(course)) or "none yet"
        raise CourseError(f"name the assignment, as in `make grade ASSIGNMENT=NN_topic`; there are: {names}")
    return 0 if grade(course, options.assignment) else 1
