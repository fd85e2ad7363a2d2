"""The student's check before handing in: run everything anew and say what is missing."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from rnncourse.grading.course import CELL_TIMEOUT
from rnncourse.grading.manifest import Manifest, read_manifest
from rnncourse.grading.names import missing_name, name_problems
from rnncourse.grading.notebook_file import read_notebook
from rnncourse.grading.rerun import Rerun, rerun
from rnncourse.grading.results import FAILED, NOT_ATTEMPTED, NOT_RUN, Item, describe_error, is_untouched, judge_items
from rnncourse.grading.structure import describe, kernel_problems, restore_settings, structure_problems

_WIDTH = 88


@dataclass(frozen=True)
class Report:
    """What the check found.

    Attributes
    ----------
    items : the verdict on each graded item
    problems : sentences about the notebook itself
    """

    items: list[Item]
    problems: list[str]

    @property
    def is_ready(self) -> bool:
        """Whether the notebook can be handed in."""
        return not self.problems and all(item.is_ready for item in self.items)


def check(path: Path, cell_timeout: int = CELL_TIMEOUT) -> Report:
    """Run the notebook in a fresh kernel and judge it; the file stays as it is.

    Parameters
    ----------
    path : a released exercise, as a student has filled it in
    cell_timeout : seconds that one cell may run

    Raises
    ------
    CourseError
        If the file is no exercise of this course, or no kernel starts.
    """
    stored = read_notebook(path)
    manifest = read_manifest(path, stored)
    restore_settings(stored, manifest)
    run = rerun(stored, path.resolve().parent, cell_timeout)
    problems = [*kernel_problems(stored), *structure_problems(stored, manifest), *_run_problems(stored, run, manifest)]
    return Report(judge_items(run, manifest), problems)


def format_report(report: Report) -> str:
    """Write the report for a terminal."""
    got, visible, hidden, read = (
        sum(getattr(item, part) for item in report.items) for part in ("got", "visible", "hidden", "read")
    )
    lines = ["Graded items", *(line for item in report.items for line in _item_lines(item)), ""]
    lines.append(f"Visible tests: {got:g} of {visible:g} points.")
    if hidden:
        lines.append(f"Hidden tests: {hidden:g} points; they are run at grading.")
    if read:
        lines.append(f"Read by a person: {read:g} points.")
    if report.problems:
        lines += ["", "Problems in the notebook"]
        lines += [line for problem in report.problems for line in _bullet(problem)]
    return "\n".join([*lines, "", _verdict(report)])


def _run_problems(stored: NotebookNode, run: Rerun, manifest: Manifest) -> Iterator[str]:
    answers = [entry for entry in manifest.entries if entry.solution and not entry.grade]
    unfinished = any(is_untouched(stored, entry) for entry in answers)
    yield from name_problems(stored, run.notebook, unfinished)
    tests = {entry.grade_id for entry in manifest.entries if entry.is_test}
    for index, cell in enumerate(run.notebook.cells):
        is_test = cell.metadata.get("nbgrader", {}).get("grade_id") in tests
        if not is_test and "raises-exception" not in cell.metadata.get("tags", []):
            yield from _error_problems(run.notebook, index)
    if run.stop:
        yield f"{describe(run.notebook, run.n_run)} {run.stop} The cells after it were not run."


def _error_problems(notebook: NotebookNode, index: int) -> Iterator[str]:
    cell = notebook.cells[index]
    errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
    if errors and errors[0].ename != "NotImplementedError" and missing_name(cell) is None:
        yield f"{describe(notebook, index)} stops with an error: {describe_error(errors[0])}"


def _item_lines(item: Item) -> Iterator[str]:
    yield f"  {item.state:<15}{_points(item):<34}{item.name}"
    for message in item.messages:
        yield from _bullet(message, indent=" " * 17)


def _points(item: Item) -> str:
    parts = [f"{item.got:g} of {item.visible:g} points"] if item.visible else []
    if item.hidden:
        parts.append(f"{item.hidden:g} at grading" if parts else f"{item.hidden:g} points at grading")
    if item.read:
        parts.append(f"{item.read:g} points from a reader")
    return ", ".join(parts)


def _bullet(sentence: str, indent: str = "  - ") -> list[str]:
    rest = " " * len(indent)
    return textwrap.wrap(sentence, _WIDTH, initial_indent=indent, subsequent_indent=rest, break_long_words=False)


def _verdict(report: Report) -> str:
    if report.is_ready:
        return "Ready to hand in."
    open_items = [item for item in report.items if not item.is_ready]
    counts = {state: sum(item.state == state for item in open_items) for state in (FAILED, NOT_ATTEMPTED, NOT_RUN)}
    parts = [f"{count} {state}" for state, count in counts.items() if count]
    if report.problems:
        parts.append("1 problem" if len(report.problems) == 1 else f"{len(report.problems)} problems")
    return f"Not ready to hand in: {', '.join(parts)}."
