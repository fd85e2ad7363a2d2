"""Run a notebook from top to bottom in a fresh kernel, as grading does."""

import copy
import subprocess
from dataclasses import dataclass
from pathlib import Path

from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from rnncourse.grading import CourseError


@dataclass(frozen=True)
class Rerun:
    """What a run left behind.

    Attributes
    ----------
    notebook : copy with the outputs of this run only
    n_run : number of cells that were run to their end
    stop : what the cell after them did to end the run; None if all were run
    """

    notebook: NotebookNode
    n_run: int
    stop: str | None = None


def rerun(notebook: NotebookNode, folder: Path, cell_timeout: int) -> Rerun:
    """Run a copy of the notebook inside `folder`; cells go on after an error.

    Raises
    ------
    CourseError
        If no kernel can be started.
    """
    notebook = _without_outputs(notebook)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=cell_timeout,
        allow_errors=True,
        record_timing=False,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        # Unlike `client.execute`, this leaves Ctrl-C alone and still ends the kernel.
        with client.setup_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            return _run_cells(client, notebook)
    except (NoSuchKernel, RuntimeError) as error:
        raise CourseError(f"the kernel python3 does not start ({error}); run `rnncourse doctor`") from error


def _run_cells(client: NotebookClient, notebook: NotebookNode) -> Rerun:
    for index, cell in enumerate(notebook.cells):
        try:
            client.execute_cell(cell, index)
        except CellTimeoutError:
            return Rerun(notebook, index, f"ran longer than {client.timeout} seconds: is there an endless loop?")
        except DeadKernelError:
            return Rerun(notebook, index, "ended Python itself, by os._exit or by using up the memory.")
    return Rerun(notebook, len(notebook.cells))


def _without_outputs(notebook: NotebookNode) -> NotebookNode:
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    return notebook
