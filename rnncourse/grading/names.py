"""Explain why a name was missing when a notebook ran from top to bottom."""

import re
import symtable
from collections.abc import Iterator

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from rnncourse.grading.structure import describe

_NAME_ERROR = re.compile(r"name '(\w+)' is not defined")


def name_problems(stored: NotebookNode, run: NotebookNode, unfinished: bool) -> Iterator[str]:
    """Yield a sentence for each name that was missing, at the first cell that needed it.

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
        if definers or worked or not unfinished:
            yield f"{describe(run, index)} needs `{name}`, {_reason(run, index, definers, worked)}"


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
