"""A course with one tiny assignment, so that release, check and grade are tested in seconds."""

import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).parents[1]
ASSIGNMENT = "01_double"
POINTS = {"visible": 2, "hidden": 3, "words": 4}
SOLUTION = """def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION"""
VISIBLE = 'assert double(2) == 4, "double(2): wanted 4; is the factor missing?"'
HIDDEN = """### BEGIN HIDDEN TESTS
assert double(-3) == -6
### END HIDDEN TESTS"""
WORDS = """### BEGIN MARK SCHEME
Two points for linearity.
### END MARK SCHEME
It is linear."""


def graded(cell: NotebookNode, grade_id: str, **settings: object) -> NotebookNode:
    """Mark a cell as nbgrader's."""
    defaults = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    cell.metadata["nbgrader"] = {**defaults, "grade_id": grade_id, **settings}
    return cell


def source_notebook() -> NotebookNode:
    """Return the solution: one autograded item with both kinds of test, and one question read by a person."""
    test = {"grade": True, "locked": True}
    cells = [
        new_code_cell("factor = 2", outputs=[new_output("stream", name="stdout", text="the answer is 2 * x")]),
        graded(new_markdown_cell("Write `double`."), "01_double-double-task", locked=True),
        graded(new_code_cell(SOLUTION), "01_double-double", solution=True),
        new_code_cell("double(1)", metadata={"tags": ["try-it"]}),
        graded(new_code_cell(VISIBLE), "01_double-double-visible", points=POINTS["visible"], **test),
        graded(new_code_cell(HIDDEN), "01_double-double-hidden", points=POINTS["hidden"], **test),
        graded(new_markdown_cell("Say why."), "01_double-words-task", locked=True),
        graded(new_markdown_cell(WORDS), "01_double-words", grade=True, solution=True, points=POINTS["words"]),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "rnncourse": {"needs": []}})


def write(notebook: NotebookNode, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def notebook_path(folder: Path, assignment: str = ASSIGNMENT) -> Path:
    return folder / assignment / f"{assignment}.ipynb"


def make_course(folder: Path) -> Path:
    """Make a course with the real `nbgrader_config.py` and the tiny assignment."""
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    write(source_notebook(), notebook_path(folder / "solutions"))
    return folder
