"""The list of graded cells that a released notebook carries in its metadata."""

from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from rnncourse.grading import CourseError

_SOLUTION_MARKS = ("### BEGIN SOLUTION", "### BEGIN HIDDEN TESTS", "### BEGIN MARK SCHEME")


@dataclass(frozen=True)
class Entry:
    """One graded cell as it was released."""

    grade_id: str
    cell_type: str
    points: float
    checksum: str | None
    grade: bool
    solution: bool
    locked: bool

    @property
    def is_test(self) -> bool:
        """Whether points come from the cell's outputs."""
        return self.grade and not self.solution

    @property
    def is_question(self) -> bool:
        """Whether a person reads and grades the cell."""
        return self.grade and self.solution


@dataclass(frozen=True)
class Manifest:
    """The graded cells of one assignment, in the order of the notebook."""

    assignment: str
    entries: list[Entry]


def read_manifest(path: Path, notebook: NotebookNode) -> Manifest:
    """Return the manifest in the notebook's metadata.

    Raises
    ------
    CourseError
        If the notebook is the solution, or no exercise of this course.
    """
    try:
        course = notebook.metadata["rnncourse"]
        return Manifest(str(course["assignment"]), [Entry(**entry) for entry in course["manifest"]])
    except (KeyError, TypeError) as error:
        if any(mark in cell.source for cell in notebook.cells for mark in _SOLUTION_MARKS):
            raise CourseError(
                f"{path} is the solution; check the notebook that students get, under exercises/"
            ) from error
        raise CourseError(
            f"{path} is not an exercise of this course: its metadata has no list of graded cells; "
            "check a notebook from exercises/, or download the exercise again"
        ) from error
