"""Explain why a name was missing when a notebook ran from top to bottom."""

import re
import symtable
from collections.abc import Iterator

import numpy as np
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from rnncourse.grading.results import traceback_lines
from rnncourse.grading.structure import describe

_NAME_ERROR = re.compile(r"name '(\w+)' is not defined")
_FRAME = re.compile(r"Cell In\[(\d+)\], line \d+")


def name_problems(stored: NotebookNode, run: NotebookNode, unfinished: bool) -> Iterator[str]:
    """Yield a sentence for each name that was missing, with the cell whose code needs it.

    Parameters
    ----------
    stored : the notebook as it was saved
    run : the same with the outputs of a run from top to bottom
    unfinished : whether a stub is left, which may be to define a name that no cell defines
    """
    seen = set()
    for index, cell in enumerate(run.cells):
        name = missing_name(cell)
        if name is None or name in seen:
            continue
        seen.add(name)
        definers = [place for place, other in enumerate(run.cells) if name in defined_names(other)]
        worked = has_worked(stored.cells[index])
        user = _user(run, index)
        # A stub may yet define what a cell needs by itself, but not what a function lacks that numpy has.
        of_numpy = hasattr(np, name) and (user != index or not unfinished)
        if of_numpy and not definers and not worked:
            yield f"{describe(run, user)} needs `{name}`, which no cell defines; did you mean `np.{name}`?"
        elif definers or worked or not unfinished:
            yield f"{describe(run, user)} needs `{name}`, {_reason(run, index, definers, worked)}"


def missing_name(cell: NotebookNode) -> str | None:
    """Return the name that stopped the cell with a NameError."""
    for output in cell.get("outputs", []):
        match = _NAME_ERROR.search(output.get("evalue", "")) if output.get("ename") == "NameError" else None
        if match:
            return match.group(1)
    return None


def defined_names(cell: NotebookNode) -> set[str]:
    """Return the names that a cell binds at the top level."""
    if cell.cell_type != "code":
        return set()
    source = TransformerManager().transform_cell(cell.source)  # type: ignore[no-untyped-call]
    try:
        table = symtable.symtable(source, "cell", "exec")
    except (SyntaxError, ValueError):
        return set(re.findall(r"^(?:def |class )?(\w+)(?= *[(:=])", source, re.MULTILINE))
    return {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}


def has_worked(cell: NotebookNode) -> bool:
    """Say whether the saved cell was run, and without an error."""
    return cell.get("execution_count") is not None and not any(
        output.output_type == "error" for output in cell.get("outputs", [])
    )


def _user(run: NotebookNode, index: int) -> int:
    """Return the cell whose code needed the name: the one that was run, or one with a function that it called."""
    error = next(output for output in run.cells[index].outputs if output.output_type == "error")
    frames = [int(match.group(1)) for line in traceback_lines(error) for match in _FRAME.finditer(line)]
    places = [place for place, cell in enumerate(run.cells) if frames and cell.get("execution_count") == frames[-1]]
    return places[0] if places else index


def _reason(run: NotebookNode, index: int, definers: list[int], worked: bool) -> str:
    later = [place for place in definers if place > index]
    earlier = [place for place in definers if place < index]
    if earlier and any(output.output_type == "error" for output in run.cells[earlier[-1]].outputs):
        return f"which {describe(run, earlier[-1])} was to define, but that cell stops with an error; mend it first"
    if earlier:
        return f"which {describe(run, earlier[-1])} does not define in every case; define it there in any case"
    if later:
        return f"which only {describe(run, later[0])} defines, further down; move that cell above cell {index + 1}"
    if worked:
        return (
            "which no cell defines any more, although the saved output shows that it once worked: "
            f"the cell that defined it was deleted or changed; write it again above cell {index + 1}"
        )
    return "which no cell defines; is it misspelled, or is a cell missing?"
