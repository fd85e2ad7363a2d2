"""Turn the outputs of a run into a verdict on each graded item, by nbgrader's own rules."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode
from nbgrader import utils

from rnncourse.grading.items import is_hidden_test, item_of
from rnncourse.grading.manifest import Entry, Manifest
from rnncourse.grading.rerun import Rerun
from rnncourse.grading.structure import is_changed, positions

PASSED, FAILED, NOT_ATTEMPTED, NOT_RUN, ANSWERED = "passed", "failed", "not attempted", "not run", "answered"
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_CELL_FILE = re.compile(r"\S*[/\\]ipykernel_\d+[/\\]\d+\.py:(?P<line>\d+)|\b\d+\.py, line (?P<other>\d+)")
_LONG = 300
_INPUT = "the code asks for typed input with input(), and grading has nobody to type; set the value in the code"


@dataclass(frozen=True)
class Item:
    """The verdict on one item.

    Attributes
    ----------
    name : grade_id of the item
    state : PASSED, FAILED, NOT_ATTEMPTED, NOT_RUN (an earlier item ended the run) or ANSWERED (only grading can judge)
    got, visible : points that the visible tests gave, and could give
    hidden : points of the tests that are run at grading
    read : points that a person gives
    messages : why points are missing
    """

    name: str
    state: str
    got: float
    visible: float
    hidden: float
    read: float
    messages: list[str]

    @property
    def is_ready(self) -> bool:
        """Whether the student has done what can be done before grading."""
        return self.state in (PASSED, ANSWERED)


def judge_items(run: Rerun, manifest: Manifest) -> list[Item]:
    """Return the verdicts in the order of the notebook."""
    names = dict.fromkeys(item_of(entry.grade_id) for entry in manifest.entries if entry.grade)
    return [_judge(name, run, manifest) for name in names]


def is_untouched(notebook: NotebookNode, entry: Entry) -> bool:
    """Say whether an answer cell is still the stub, empty, or gone."""
    cells = [notebook.cells[index] for index in positions(notebook, entry)]
    return all(not cell.source.strip() or not is_changed(cell, entry) for cell in cells)


def describe_error(output: NotebookNode) -> str:
    """Put an error output into one sentence, without the traceback."""
    if output.ename == "StdinNotImplementedError":
        return _INPUT
    if output.ename == "NotImplementedError":
        return "a stub is left: `raise NotImplementedError()` still stands in the code"
    if output.ename == "AssertionError":
        return output.evalue.strip() or f"not true: {_failing_line(output)}"
    return _shorten(f"{output.ename}: {output.evalue.strip()}".rstrip(": "))


def traceback_lines(output: NotebookNode) -> list[str]:
    """Return the lines of an error's traceback, without colors."""
    return [_ESCAPES.sub("", line) for block in output.traceback for line in block.split("\n")]


def _judge(name: str, run: Rerun, manifest: Manifest) -> Item:
    entries = [entry for entry in manifest.entries if item_of(entry.grade_id) == name]
    tests = [entry for entry in entries if entry.is_test and not is_hidden_test(entry.grade_id)]
    outcomes = [_outcome(run, entry) for entry in tests]
    got, visible = sum(points for points, _ in outcomes), sum(entry.points for entry in tests)
    answers = [entry for entry in entries if entry.solution]
    untouched = bool(answers) and all(is_untouched(run.notebook, entry) for entry in answers)
    places = [place for entry in entries for place in positions(run.notebook, entry)]
    reached = not places or min(places) <= run.n_run
    state = _state(got, visible, untouched, reached)
    return Item(
        name=name,
        state=state,
        got=got,
        visible=visible,
        hidden=sum(entry.points for entry in entries if entry.is_test and is_hidden_test(entry.grade_id)),
        read=sum(entry.points for entry in entries if entry.is_question),
        messages=[message for _, message in outcomes if message and state in (FAILED, NOT_RUN)],
    )


def _state(got: float, visible: float, untouched: bool, reached: bool) -> str:
    if visible and got == visible:
        return PASSED
    if untouched:
        return NOT_ATTEMPTED
    if not visible:
        return ANSWERED
    return FAILED if reached else NOT_RUN


def _outcome(run: Rerun, entry: Entry) -> tuple[float, str | None]:
    """Return the points that a visible test gives, and why it gives no more."""
    places = positions(run.notebook, entry)
    if not places:
        return 0, "its test cell is missing"
    cell = run.notebook.cells[places[-1]]
    if is_changed(cell, entry):
        return 0, "its test cell was edited, so that its result says nothing"
    if places[-1] >= run.n_run:
        return 0, f"not run, because cell {run.n_run + 1} ended the run"
    try:
        points, _ = utils.determine_grade(cell)
    except (KeyError, ValueError):
        return 0, "its test cell shows a result that nbgrader takes for points and cannot read"
    return points, None if points == entry.points else next(_complaints(cell), "its test cell gives part of the points")


def _complaints(cell: NotebookNode) -> Iterator[str]:
    for output in cell.outputs:
        if output.output_type == "error":
            yield describe_error(output)
        elif output.output_type == "stream" and output.name == "stderr":
            line = _shorten(output.text.strip().partition("\n")[0])
            yield f"a warning appeared, and any text on stderr costs a test all its points: {line}; remove its cause"


def _shorten(message: str) -> str:
    """Leave out the file that the kernel makes of a cell, and the tail of a long message."""
    message = _CELL_FILE.sub(lambda match: f"line {match['line'] or match['other']}", message)
    return message if len(message) <= _LONG else message[: _LONG - 3] + "..."


def _failing_line(output: NotebookNode) -> str:
    """Find the line that the traceback points at."""
    arrows = [line for line in traceback_lines(output) if re.match(r"-+> *\d+ ", line)]
    return re.sub(r"^-+> *\d+ +", "", arrows[-1]).strip() if arrows else "a test without a message"
