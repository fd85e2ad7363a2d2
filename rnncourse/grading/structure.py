"""Compare the graded cells of a notebook with what was released."""

from collections.abc import Iterator
from dataclasses import asdict

from nbformat import NotebookNode, from_dict
from nbgrader import utils

from rnncourse.grading.manifest import Entry, Manifest

_RESTORE = "download the exercise again and copy your answers into it"
_KEYS = {"code": "Y", "markdown": "M", "raw": "R"}


def restore_settings(notebook: NotebookNode, manifest: Manifest) -> None:
    """Give each graded cell the nbgrader settings it was released with, as grading does.

    Other cells lose theirs, so that damaged settings cannot do harm.
    """
    entries = {entry.grade_id: entry for entry in manifest.entries}
    for cell in notebook.cells:
        entry = entries.get(_grade_id(cell))
        cell.metadata.pop("nbgrader", None)
        if entry:
            cell.metadata["nbgrader"] = from_dict(asdict(entry))  # type: ignore[no-untyped-call]


def positions(notebook: NotebookNode, entry: Entry) -> list[int]:
    """Return the indices of the cells with the entry's grade_id."""
    return [index for index, cell in enumerate(notebook.cells) if _grade_id(cell) == entry.grade_id]


def is_changed(cell: NotebookNode, entry: Entry) -> bool:
    """Say whether the cell's text or type is not what was released."""
    return bool(utils.compute_checksum(cell) != entry.checksum)


def structure_problems(notebook: NotebookNode, manifest: Manifest) -> Iterator[str]:
    """Yield a sentence for each graded cell that is missing, doubled, of another type, or edited though locked."""
    for entry in manifest.entries:
        places = positions(notebook, entry)
        if not places:
            yield f"the {_role(entry)} {entry.grade_id} is missing; {_RESTORE}"
        elif len(places) > 1:
            numbers = " and ".join(str(index + 1) for index in places)
            yield f"cells {numbers} are the same {_role(entry)}, {entry.grade_id}; delete the copy, or grading fails"
        else:
            yield from _cell_problems(notebook, places[0], entry)


def kernel_problems(notebook: NotebookNode) -> Iterator[str]:
    """Yield a sentence if the notebook asks for another kernel than the course's."""
    kernel = notebook.metadata.get("kernelspec", {})
    language = kernel.get("language") or notebook.metadata.get("language_info", {}).get("name") or "python"
    name = kernel.get("name", "python3")
    if name != "python3" or language.lower() != "python":
        yield (
            f"the notebook asks for the kernel {name!r} ({language}); "
            "choose Kernel > Change Kernel > Python 3 (ipykernel) and save"
        )


def describe(notebook: NotebookNode, index: int) -> str:
    """Name a cell by its number, counted from 1, and its first line."""
    line = notebook.cells[index].source.strip().partition("\n")[0]
    shown = line if len(line) <= 40 else line[:37] + "..."
    return f"cell {index + 1} (`{shown}`)" if shown else f"cell {index + 1}"


def _cell_problems(notebook: NotebookNode, index: int, entry: Entry) -> Iterator[str]:
    cell = notebook.cells[index]
    where = describe(notebook, index)
    if cell.cell_type != entry.cell_type:
        yield (
            f"{where} was turned from a {entry.cell_type} cell into a {cell.cell_type} cell; "
            f"select it, press Esc, then {_KEYS[entry.cell_type]}"
        )
    elif entry.locked and is_changed(cell, entry):
        yield f"{where} is a locked {_role(entry)} and was edited ({entry.grade_id}); {_RESTORE}"


def _role(entry: Entry) -> str:
    if entry.is_test:
        return "test cell"
    return "answer cell" if entry.solution else "task cell"


def _grade_id(cell: NotebookNode) -> str:
    settings = cell.metadata.get("nbgrader")
    return str(settings.get("grade_id", "")) if isinstance(settings, dict) else ""
