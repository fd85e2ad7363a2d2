"""Keep what a person has read: nbgrader asks for it again whenever it grades again."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbgrader import utils
from nbgrader.api import Grade, Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from rnncourse.grading import CourseError
from rnncourse.grading.items import item_of
from rnncourse.grading.notebook_file import read_notebook


def open_gradebook(config: Config) -> Gradebook:
    """Open the gradebook of the course."""
    coursedir = CourseDirectory(config=config)
    return Gradebook(coursedir.db_url, coursedir.course_id)


@contextmanager
def keep_readings(config: Config, student: str) -> Iterator[None]:
    """Around autograding, keep the mark that a person has read an answer, where the answer stays the same."""
    with open_gradebook(config) as gradebook:
        read = {
            grade.name
            for grade in _grades(gradebook, config, student)
            if grade.manual_score is not None and not grade.needs_manual_grade
        }
    before = _answers(config, student)
    yield
    after = _answers(config, student)
    with open_gradebook(config) as gradebook:
        for grade in _grades(gradebook, config, student):
            item = item_of(grade.name)
            if grade.name in read and item in after and after[item] == before.get(item):
                grade.needs_manual_grade = False
        gradebook.db.commit()


def _grades(gradebook: Gradebook, config: Config, student: str) -> list[Grade]:
    try:
        submission = gradebook.find_submission(config.CourseDirectory.assignment_id, student)
    except MissingEntry:
        return []
    return [grade for notebook in submission.notebooks for grade in notebook.grades]


def _answers(config: Config, student: str) -> dict[str, list[str]]:
    """Return the answers to each item in the autograded copy; none where there is no copy."""
    coursedir = CourseDirectory(config=config)
    assignment = coursedir.assignment_id
    folder = Path(coursedir.format_path(coursedir.autograded_directory, student, assignment))
    answers = defaultdict(list)
    try:
        notebook = read_notebook(folder / f"{assignment}.ipynb")
    except CourseError:
        return {}
    for cell in notebook.cells:
        if utils.is_solution(cell):
            answers[item_of(cell.metadata.nbgrader.grade_id)].append(cell.source)
    return answers
