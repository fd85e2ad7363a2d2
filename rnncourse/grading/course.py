"""Where a course keeps its assignments, and how nbgrader is configured for it."""

from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from rnncourse.grading import CourseError

CONFIG_FILE = "nbgrader_config.py"
CELL_TIMEOUT = 120
"""Seconds that one cell may run, in the student's check and in grading alike."""


def find_course(start: Path | None = None) -> Path:
    """Return the nearest folder, from `start` (by default the current one) upward, that holds a course.

    Raises
    ------
    CourseError
        If there is none.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / CONFIG_FILE).is_file():
            return folder
    raise CourseError(f"no {CONFIG_FILE} in {start} or above it; run the command inside the course's folder")


def load_config(course: Path) -> Config:
    """Read the course's `nbgrader_config.py`, and nothing of the user's own."""
    config: Config = PyFileConfigLoader(CONFIG_FILE, path=str(course)).load_config()
    return config


def list_assignments(course: Path) -> list[str]:
    """Return the names of the folders of `solutions/` that hold a notebook."""
    source = course / CourseDirectory(config=load_config(course)).source_directory
    return sorted({notebook.parent.name for notebook in source.glob("*/*.ipynb")})


def require_assignment(course: Path, assignment: str) -> None:
    """Raise CourseError, with the names that exist, unless the course has this assignment."""
    known = list_assignments(course)
    if assignment not in known:
        raise CourseError(f"there is no assignment {assignment!r}; there are: {', '.join(known) or 'none yet'}")
