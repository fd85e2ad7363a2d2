"""Score a notebook as nbgrader does, in this process: a kernel for each of a hundred answers would take minutes."""

import contextlib
import io
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution


@dataclass(frozen=True)
class Score:
    """Points of one test cell, and what it said if it failed."""

    points: float
    message: str = ""


def grade_id(cell: NotebookNode) -> str:
    """Return the cell's grade_id, or an empty string."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def is_test(cell: NotebookNode) -> bool:
    """Say whether the cell is an autograded test."""
    return cell.cell_type == "code" and is_grade(cell) and not is_solution(cell)


def score(notebook: NotebookNode, answers: Mapping[str, str] | None = None) -> dict[str, Score]:
    """Run all code cells in order and return the score of each test cell by its grade_id.

    Parameters
    ----------
    notebook : with answers, or stubs, in its solution cells
    answers : from grade_id to the source that stands in place of that solution cell
    """
    answers = answers or {}
    namespace = {"__name__": "__main__"}
    scores = {}
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = _write_to_stderr
        for cell in notebook.cells:
            if cell.cell_type == "code":
                failure = _run(answers.get(grade_id(cell), cell.source), namespace)
                if is_test(cell):
                    scores[grade_id(cell)] = Score(0 if failure else cell.metadata.nbgrader.points, failure)
    return scores


def _run(source: str, namespace: dict[str, object]) -> str:
    """Run one cell and return why it would score 0, an exception or what stands on stderr; else an empty string."""
    stderr = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(stderr):
        try:
            exec(compile(source, "<cell>", "exec"), namespace)
        except (Exception, SystemExit) as error:
            return f"{type(error).__name__}: {error}"
    return stderr.getvalue()


def _write_to_stderr(message: Warning | str, category: type[Warning], *_: object) -> None:
    """Stand in for `warnings.showwarning`, which pytest makes collect in place of printing."""
    print(f"{category.__name__}: {message}", file=sys.stderr)
