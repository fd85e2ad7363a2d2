"""Make `exercises/`, which students see, from `solutions/`: all of it or nothing."""

import filecmp
import re
import shutil
import tempfile
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from rnncourse.grading import CourseError
from rnncourse.grading.course import list_assignments, load_config, require_assignment
from rnncourse.grading.items import is_hidden_test
from rnncourse.grading.notebook_file import read_content
from rnncourse.grading.swap import replace_folder
from rnncourse.grading.unsaved import list_files, record_release, unsaved_files

_STAGING = ".exercises-"
_RECORD = Path("_grading", "released.txt")
_MARKER = re.compile(r"(BEGIN|END) +(SOLUTION|HIDDEN|MARK)", re.IGNORECASE)
_GRADE_ID = re.compile(r"[A-Za-z0-9_-]*")
_HIDDEN_TESTS = "BEGIN HIDDEN TESTS"


def release(course: Path, assignments: Sequence[str] = (), force: bool = False) -> list[str]:
    """Regenerate `exercises/`; an interruption or a failure leaves it as it was.

    Parameters
    ----------
    course : folder that holds `nbgrader_config.py`
    assignments : names to release; all of them if empty, and then everything else in `exercises/` goes
    force : whether to replace also what nothing else holds, such as a student's answers

    Returns
    -------
    The names released.

    Raises
    ------
    CourseError
        If there is no such assignment, or one cannot be released (names notebook and cell),
        or `exercises/` holds work that would be lost.
    """
    for assignment in assignments:
        require_assignment(course, assignment)
    released = list(assignments) or list_assignments(course)
    if not released:
        raise CourseError(f"{course} has no assignment to release; none is left under its solutions")
    exercises = _exercises(course)
    with _staging_folder(exercises) as staging:
        fresh = staging / exercises.name
        if assignments and exercises.is_dir():
            shutil.copytree(exercises, fresh)
        generate(course, fresh, released)
        record = course / _RECORD
        unsaved = [] if force else unsaved_files(exercises, fresh, record)
        if unsaved:
            raise CourseError(
                f"{exercises.name}/ has changes that git does not hold ({', '.join(unsaved)}); "
                "move them away, or use `rnncourse release --force`"
            )
        # Before the exchange, so that a kill between the two leaves nothing unknown behind.
        record_release((fresh / name for name in released), record)
        replace_folder(exercises, fresh)
    return released


def generate(course: Path, folder: Path, assignments: Iterable[str]) -> None:
    """Write the release version of each assignment into `folder`, without touching the gradebook."""
    config = load_config(course)
    config.CourseDirectory.release_directory = str(folder)
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    folder.mkdir(exist_ok=True)
    for assignment in assignments:
        convert(config, assignment)
    leaks = find_leaks(folder)
    if leaks:
        raise CourseError(f"{leaks[0]}; correct the marker in the solution notebook")


def convert(config: Config, assignment: str) -> None:
    """Run nbgrader's release of one assignment as `config` says, with errors in plain words."""
    config.CourseDirectory.assignment_id = assignment
    coursedir = CourseDirectory(config=config)
    _check_sources(Path(coursedir.format_path(coursedir.source_directory, ".", assignment)))
    converter = _Converter(coursedir=coursedir, config=config, force=True)
    try:
        converter.start()
    except NbGraderException as error:
        raise CourseError(converter.failure or f"{assignment}: {error}") from error


def stale_files(course: Path) -> list[str]:
    """Compare `exercises/` byte by byte with a fresh release; name each file that differs."""
    exercises = _exercises(course)
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "fresh"
        generate(course, fresh, list_assignments(course))
        names = {*list_files(exercises), *list_files(fresh)}
        return sorted(name for name in names if not _same(exercises / name, fresh / name))


def find_leaks(folder: Path) -> list[str]:
    """Name each line under `folder` that still marks a solution, a hidden test or a mark scheme."""
    return [
        f"{path.relative_to(folder)}: {marker.group()!r} is left in the release"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for marker in _MARKER.finditer(path.read_text(encoding="utf-8", errors="ignore"))
    ]


class _Converter(GenerateAssignment):  # type: ignore[misc]
    """Remembers in plain words why a notebook could not be released."""

    failure: str | None = None

    def convert_single_notebook(self, notebook_filename: str) -> None:
        try:
            super().convert_single_notebook(notebook_filename)
        except Exception as error:
            self.failure = f"{Path(notebook_filename).name}{_explain(error)}"
            raise


def _explain(error: Exception) -> str:
    """Say what is wrong and in which cell: nbgrader leaves that to its log."""
    origin = error.__context__ or error
    frames = [frame.f_locals for frame, _ in traceback.walk_tb(origin.__traceback__)]
    cell: dict[str, Any] = next((names["cell"] for names in reversed(frames) if "cell" in names), {})
    notebooks = [names["nb"] for names in frames if isinstance(names.get("nb"), NotebookNode)]
    positions = [number for nb in notebooks for number, other in enumerate(nb.cells, 1) if other is cell]
    where = f", {_describe(cell, positions[-1])}" if positions else ""
    return f"{where}: {str(origin).splitlines()[0]}"


def _check_sources(folder: Path) -> None:
    for path in sorted(folder.glob("*.ipynb")):
        for number, cell in enumerate(read_content(path)["cells"], 1):
            fault = _fault(cell)
            if fault:
                raise CourseError(f"{path.name}, {_describe(cell, number)}: {fault}")


def _fault(cell: dict[str, Any]) -> str | None:
    """Say what nbgrader would let pass although the release needs it."""
    if "id" not in cell:
        return "the cell has no id, so that no two releases would be alike; run `make execute` on the notebook"
    if not _GRADE_ID.fullmatch(_grade_id(cell)):
        return "nbgrader allows letters, digits, - and _ in a grade_id; join its parts with -"
    if _HIDDEN_TESTS in "".join(cell["source"]) and not is_hidden_test(_grade_id(cell)):
        return "hidden tests stand in a cell of their own, whose grade_id ends in -hidden"
    return None


def _describe(cell: dict[str, Any], number: int) -> str:
    return f"cell {number} ({_grade_id(cell)})" if _grade_id(cell) else f"cell {number}"


def _grade_id(cell: dict[str, Any]) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def _exercises(course: Path) -> Path:
    return course / str(CourseDirectory(config=load_config(course)).release_directory)


@contextmanager
def _staging_folder(exercises: Path) -> Iterator[Path]:
    """Give a folder on the same file system, rid of what a killed run left behind."""
    for left_behind in exercises.parent.glob(f"{_STAGING}*"):
        shutil.rmtree(left_behind)
    with tempfile.TemporaryDirectory(prefix=_STAGING, dir=exercises.parent) as staging:
        yield Path(staging)


def _same(first: Path, second: Path) -> bool:
    return first.is_file() and second.is_file() and filecmp.cmp(first, second, shallow=False)
