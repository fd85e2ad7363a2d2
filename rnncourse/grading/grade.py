"""Grade the submissions of one assignment with nbgrader, and write gradebook, feedback and CSV."""

import copy
import csv
import logging
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nbgrader.converters import Autograde, BaseConverter, GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import SchemaTooOldError
from nbgrader.plugins import CsvExportPlugin
from traitlets.config import Config

from rnncourse.grading import CourseError
from rnncourse.grading.course import load_config, require_assignment
from rnncourse.grading.notebook_file import read_notebook
from rnncourse.grading.readings import keep_readings, open_gradebook
from rnncourse.grading.release import convert
from rnncourse.keras_bridge import quiet_stderr

TRUST = "warning: nbgrader runs the students' code with your own rights; grade only people whom you trust."


@dataclass(frozen=True)
class Score:
    """What the gradebook says of one submission."""

    points: float
    maximum: float
    needs_reading: bool


def grade(course: Path, assignment: str) -> bool:
    """Grade what lies under `_grading/submitted/`; print a line per submission, and where the files are.

    Parameters
    ----------
    course : folder that holds `nbgrader_config.py`
    assignment : name of a folder of `solutions/`

    Returns
    -------
    Whether every submission was graded; the others do not stop for one that fails.

    Raises
    ------
    CourseError
        If there is no such assignment, or nothing was submitted.
    """
    require_assignment(course, assignment)
    config = load_config(course)
    config.CourseDirectory.assignment_id = assignment
    students = _submitters(config, assignment)
    print(TRUST, file=sys.stderr)
    folder = course / "_grading"
    with _log_to(folder / f"{assignment}.log"):
        _register(config, assignment, folder)
        failed = [student for student in students if not _grade_one(config, student)]
    _export(config, folder / f"{assignment}.csv", assignment)
    print(_summary(config, folder, assignment))
    if failed:
        print(_not_graded(failed, folder / f"{assignment}.csv"))
    return not failed


def _submitters(config: Config, assignment: str) -> list[str]:
    coursedir = CourseDirectory(config=config)
    folders = Path(coursedir.root, coursedir.submitted_directory).glob(f"*/{assignment}")
    students = sorted(folder.parent.name for folder in folders if folder.is_dir())
    if not students:
        pattern = coursedir.format_path(coursedir.submitted_directory, "STUDENT", assignment)
        raise CourseError(f"nothing was submitted for {assignment}; put each notebook at {pattern}/{assignment}.ipynb")
    return students


def _register(config: Config, assignment: str, folder: Path) -> None:
    """Tell the gradebook the assignment's cells and points. The release this makes is thrown away."""
    config = copy.deepcopy(config)
    release = folder / "release"
    config.CourseDirectory.release_directory = str(release)
    with quiet_stderr():
        convert(config, assignment)
    shutil.rmtree(release)


def _grade_one(config: Config, student: str) -> bool:
    reason = _unreadable(config, student) or _autograde(config, student) or _run(_GenerateFeedback, config, student)
    if reason:
        print(f"  {student:<24} FAILED: {reason}", flush=True)
        return False
    score = _score(config, student)
    reading = ", a person has answers to read" if score.needs_reading else ""
    print(f"  {student:<24} {score.points:g} / {score.maximum:g}{reading}", flush=True)
    return True


def _autograde(config: Config, student: str) -> str | None:
    with keep_readings(config, student):
        return _run(_Autograde, config, student)


def _unreadable(config: Config, student: str) -> str | None:
    """Say why a submission is no notebook, and what the instructor can do."""
    coursedir = CourseDirectory(config=config)
    assignment = coursedir.assignment_id
    path = Path(coursedir.format_path(coursedir.submitted_directory, student, assignment), f"{assignment}.ipynb")
    others = list(path.parent.glob("*.ipynb"))
    if not path.exists():
        if len(others) == 1:
            return f"found {others[0].name!r}; rename it to {path.name}"
        return f"{path} does not exist; ask {student} for the file"
    try:
        read_notebook(path)
    except CourseError as error:
        fault, _, _ = str(error).partition("; ")  # After that it speaks to the student.
        return f"{fault}; ask {student} for the file again"
    return None


class _Remember(BaseConverter):  # type: ignore[misc]
    """Remembers why a submission failed: nbgrader itself only logs it."""

    reason: str | None = None

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        with self._remembering():
            super().init_assignment(assignment_id, student_id)

    def convert_single_notebook(self, notebook_filename: str) -> None:
        with self._remembering():
            super().convert_single_notebook(notebook_filename)

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        try:
            yield
        except SchemaTooOldError:
            student = self.coursedir.student_id
            self.reason = f"a graded cell stands twice in the notebook; delete the copy, or ask {student} to"
            raise
        except Exception as error:
            self.reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise


class _Autograde(_Remember, Autograde):  # type: ignore[misc]
    pass


class _GenerateFeedback(_Remember, GenerateFeedback):  # type: ignore[misc]
    pass


def _run(step: type[_Remember], config: Config, student: str) -> str | None:
    """Run one step of nbgrader for one student; return why it failed."""
    config = copy.deepcopy(config)
    config.CourseDirectory.student_id = student
    converter = step(coursedir=CourseDirectory(config=config), config=config, force=True)
    try:
        with quiet_stderr():
            converter.start()
    except NbGraderException as error:
        return converter.reason or str(error).splitlines()[0]
    return None


def _score(config: Config, student: str) -> Score:
    with open_gradebook(config) as gradebook:
        submission = gradebook.find_submission(config.CourseDirectory.assignment_id, student)
        return Score(submission.score, submission.max_score, submission.needs_manual_grade)


def _export(config: Config, path: Path, assignment: str) -> None:
    plugin = CsvExportPlugin(config=config)
    plugin.to = str(path)
    plugin.assignment = [assignment]
    with open_gradebook(config) as gradebook:
        plugin.export(gradebook)


def _summary(config: Config, folder: Path, assignment: str) -> str:
    coursedir = CourseDirectory(config=config)
    feedback = coursedir.format_path(coursedir.feedback_directory, "STUDENT", assignment)
    lines = [
        f"Scores    {folder / assignment}.csv",
        f"Gradebook {folder / 'gradebook.db'}",
        f"Feedback  {feedback}/{assignment}.html",
        f"Log       {folder / assignment}.log",
    ]
    return "\n".join(lines)


def _not_graded(failed: list[str], table: Path) -> str:
    with table.open(encoding="utf-8", newline="") as file:
        rows = {row["student_id"] for row in csv.DictReader(file)}
    without, known = [name for name in failed if name not in rows], [name for name in failed if name in rows]
    lines = [f"Not graded: {', '.join(failed)}."]
    if without:
        lines.append(f"The CSV has no row for {', '.join(without)}.")
    if known:
        lines.append(f"The CSV has for {', '.join(known)} what the gradebook knew before.")
    return "\n".join(lines)


@contextmanager
def _log_to(path: Path) -> Iterator[None]:
    """Send nbgrader's log to a file, with the tracebacks that the terminal is spared."""
    handler = logging.FileHandler(path, mode="w", encoding="utf-8")
    logger = logging.getLogger("traitlets")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
