"""What the release adds to nbgrader's own steps: tags that let an unfinished notebook run, and the manifest."""

from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import NbGraderPreprocessor

Resources = dict[str, Any]


class TagUnfinishedCells(NbGraderPreprocessor):  # type: ignore[misc]
    """Tag the cells that fail until the student has answered `raises-exception`.

    These are the autograded tests and the cells tagged `try-it`.
    """

    def preprocess_cell(self, cell: NotebookNode, resources: Resources, index: int) -> tuple[NotebookNode, Resources]:
        tags = cell.metadata.get("tags", [])
        if (is_test(cell) or "try-it" in tags) and "raises-exception" not in tags:
            cell.metadata["tags"] = [*tags, "raises-exception"]
        return cell, resources


class WriteManifest(NbGraderPreprocessor):  # type: ignore[misc]
    """List the graded cells in the notebook's metadata, for `rnncourse check`.

    Comes after the last `ComputeChecksums`, whose checksums it copies.
    """

    def preprocess(self, notebook: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        course = notebook.metadata.setdefault("rnncourse", {})
        course["assignment"] = resources["nbgrader"]["assignment"]
        course["manifest"] = [_entry(cell) for cell in notebook.cells if "nbgrader" in cell.metadata]
        return notebook, resources


def release_preprocessors() -> list[type[NbGraderPreprocessor]]:
    """Return nbgrader's steps of a release, followed by ours."""
    steps = GenerateAssignment.class_traits()["preprocessors"].default()
    return [*steps, TagUnfinishedCells, WriteManifest]


def is_test(cell: NotebookNode) -> bool:
    """Say whether nbgrader takes points from this cell's outputs."""
    return cell.cell_type == "code" and utils.is_grade(cell) and not utils.is_solution(cell)


def _entry(cell: NotebookNode) -> dict[str, Any]:
    settings = cell.metadata.nbgrader
    return {
        "grade_id": settings.grade_id,
        "cell_type": cell.cell_type,
        "points": settings.get("points", 0),
        "checksum": settings.get("checksum"),
        "grade": utils.is_grade(cell),
        "solution": utils.is_solution(cell),
        "locked": utils.is_locked(cell),
    }
