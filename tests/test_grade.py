"""Grading ends in a score or a reason for each submission."""

import csv
import io
import shutil
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from rnncourse.cli import main
from rnncourse.grading.course import load_config
from rnncourse.grading.release import release
from tests.tiny_course import ASSIGNMENT, POINTS, make_course, notebook_path, source_notebook, write

# nbgrader's own: warnings are errors in our tests, and an error here would be a failed submission.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

AUTOGRADED = POINTS["visible"] + POINTS["hidden"]
TOTAL = sum(POINTS.values())


@dataclass
class Run:
    """A course after `rnncourse grade`."""

    course: Path
    code: int
    out: list[str]
    err: str
    exercises_before: bytes


def grade(course, monkeypatch, assignment=ASSIGNMENT):
    monkeypatch.chdir(course)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # Where alembic is not: the command finds it beside Python.
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = main(["grade", assignment])
    return code, out.getvalue(), err.getvalue()


def submission(course, student):
    return course / "_grading" / "submitted" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("course"))
    release(course)
    exercise = notebook_path(course / "exercises")
    copied = nbformat.read(exercise, as_version=4)
    copied.cells.append(nbformat.from_dict({**copied.cells[4], "id": "copy"}))
    write(copied, submission(course, "ada"))
    submission(course, "ben").parent.mkdir(parents=True)
    write(source_notebook(), submission(course, "cem")).write_text('{"cells": [')
    write(source_notebook(), submission(course, "dora"))
    submission(course, "eve").parent.mkdir(parents=True)
    shutil.copy(exercise, submission(course, "eve"))
    write(source_notebook(), submission(course, "fay").with_name(f"{ASSIGNMENT} (1).ipynb"))
    before = exercise.read_bytes()
    with pytest.MonkeyPatch.context() as monkeypatch:
        code, out, err = grade(course, monkeypatch)
    return Run(course, code, out.splitlines(), err, before)


def line_of(run, student):
    return next(line.split(maxsplit=1)[1] for line in run.out if line.split()[0] == student)


def test_the_untouched_exercise_scores_nothing(run):
    assert line_of(run, "eve") == f"0 / {TOTAL}"


def test_the_solution_scores_all_autograded_points(run):
    assert line_of(run, "dora") == f"{AUTOGRADED} / {TOTAL}, a person has answers to read"


@pytest.mark.parametrize(
    ("student", "reason"),
    [
        ("ada", "FAILED: a graded cell stands twice in the notebook; delete the copy, or ask ada to"),
        ("ben", f"{ASSIGNMENT}.ipynb does not exist; ask ben for the file"),
        ("cem", "is damaged (Expecting value: line 1 column 12 (char 11)); ask cem for the file again"),
        ("fay", f"found '{ASSIGNMENT} (1).ipynb'; rename it to {ASSIGNMENT}.ipynb"),
    ],
)
def test_a_submission_that_cannot_be_graded_is_named_and_stops_no_other(run, student, reason):
    assert reason in line_of(run, student)
    assert run.code == 1


def test_the_csv_holds_the_scores(run):
    with (run.course / "_grading" / f"{ASSIGNMENT}.csv").open() as file:
        scores = {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in csv.DictReader(file)}
    assert scores["dora"] == (AUTOGRADED, TOTAL)
    assert scores["eve"] == (0, TOTAL)


def test_those_without_a_score_are_listed(run):
    """The graded cell that stands twice is found when the gradebook knows ada already."""
    with (run.course / "_grading" / f"{ASSIGNMENT}.csv").open() as file:
        rows = [row["student_id"] for row in csv.DictReader(file)]
    assert sorted(rows) == ["ada", "dora", "eve"]
    assert run.out[-3:] == [
        "Not graded: ada, ben, cem, fay.",
        "The CSV has no row for ben, cem, fay.",
        "The CSV has for ada what the gradebook knew before.",
    ]


def test_feedback_and_gradebook_are_where_the_output_says(run):
    files = dict(line.split() for line in run.out if line.startswith(("Scores", "Gradebook", "Feedback", "Log")))
    files["Feedback"] = files["Feedback"].replace("STUDENT", "dora")
    assert list(files) == ["Scores", "Gradebook", "Feedback", "Log"]
    for path in files.values():
        assert Path(path).is_file(), path
        assert Path(path).is_relative_to(run.course / "_grading")


def test_exercises_are_not_touched(run):
    assert notebook_path(run.course / "exercises").read_bytes() == run.exercises_before
    assert not (run.course / "_grading" / "release").exists()


def test_the_terminal_shows_one_warning_and_no_traceback(run):
    assert (
        run.err == "warning: nbgrader runs the students' code with your own rights; grade only people whom you trust.\n"
    )
    assert "Traceback" not in "\n".join(run.out)


def test_unknown_assignments_and_missing_submissions_get_one_sentence(tmp_path, monkeypatch):
    course = make_course(tmp_path)
    pattern = course / "_grading" / "submitted" / "STUDENT" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    code, out, err = grade(course, monkeypatch)
    assert (code, out, err) == (
        1,
        "",
        f"rnncourse grade: nothing was submitted for {ASSIGNMENT}; put each notebook at {pattern}\n",
    )
    code, out, err = grade(course, monkeypatch, "09_none")
    assert (code, out, err) == (1, "", f"rnncourse grade: there is no assignment '09_none'; there are: {ASSIGNMENT}\n")


def read_by_a_person(course, student):
    """Give the student's words three points, as formgrader does."""
    with Gradebook(load_config(course).CourseDirectory.db_url, "rnncourse") as gradebook:
        words = gradebook.find_grade("01_double-words", ASSIGNMENT, ASSIGNMENT, student)
        words.manual_score, words.needs_manual_grade = 3, False
        gradebook.db.commit()


def test_an_answer_is_read_once_and_again_when_it_changed(tmp_path, monkeypatch):
    course = make_course(tmp_path)
    path = write(source_notebook(), submission(course, "dora"))
    _, out, _ = grade(course, monkeypatch)
    assert f"dora {AUTOGRADED} / {TOTAL}, a person has answers to read" in flat(out)
    read_by_a_person(course, "dora")
    _, out, _ = grade(course, monkeypatch)
    assert out.splitlines()[0].split() == ["dora", f"{AUTOGRADED + 3}", "/", f"{TOTAL}"]
    changed = source_notebook()
    changed.cells[-1].source = "Another answer."
    write(changed, path)
    for _ in range(2):
        _, out, _ = grade(course, monkeypatch)
        assert f"dora {AUTOGRADED + 3} / {TOTAL}, a person has answers to read" in flat(out)


def flat(text):
    return " ".join(text.split())
