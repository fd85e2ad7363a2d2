"""Hygiene of every notebook that people open. What the cells print is nbval's to prove."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("book", "solutions", "exercises")
NOTEBOOKS = sorted(
    path for folder in FOLDERS for path in (ROOT / folder).rglob("*.ipynb") if "-checkpoint" not in path.name
)
EXECUTED = [path for path in NOTEBOOKS if path.parts[len(ROOT.parts)] != "exercises"]
MAX_BYTES = 1_500_000


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code_cells(path: Path) -> list:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def outputs(path: Path) -> list:
    return [output for cell in code_cells(path) for output in cell.outputs]


every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
every_executed_notebook = pytest.mark.parametrize("path", EXECUTED, ids=name)


def test_every_folder_has_a_notebook():
    assert {path.relative_to(ROOT).parts[0] for path in NOTEBOOKS} == set(FOLDERS)


def test_nbval_collects_every_notebook():
    """Run the collection of `make test` and compare it with what git tracks."""
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    [folders] = re.findall(r"--nbval-cell-timeout=120 (.*) tests$", recipe, re.MULTILINE)
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--nbval", "-p", "tests.needs", *folders.split()]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tracked = subprocess.run(["git", "ls-files", "*.ipynb"], cwd=ROOT, capture_output=True, text=True, check=True)
    with_code = {line for line in tracked.stdout.splitlines() if code_cells(ROOT / line)}
    assert {line.split("::")[0] for line in listing.splitlines() if "::" in line} == with_code


@every_notebook
def test_is_valid_and_for_the_python3_kernel(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"


@every_notebook
def test_names_no_version_time_or_tool_in_its_metadata(path):
    notebook = nbformat.read(path, as_version=4)
    assert set(notebook.metadata) <= {"kernelspec", "language_info", "rnncourse"}
    assert "version" not in notebook.metadata.get("language_info", {})
    assert not [cell.id for cell in notebook.cells if "execution" in cell.metadata]


@every_notebook
def test_is_small_enough_to_open_quickly(path):
    assert path.stat().st_size < MAX_BYTES


@every_executed_notebook
def test_was_executed_from_top_to_bottom(path):
    counts = [cell.execution_count for cell in code_cells(path) if cell.source.strip()]
    assert counts == list(range(1, len(counts) + 1))


@every_executed_notebook
def test_holds_no_error_and_no_stderr(path):
    assert not [o for o in outputs(path) if o.output_type == "error" or o.get("name") == "stderr"]


@every_executed_notebook
def test_each_figure_says_what_it_shows(path):
    for cell in code_cells(path):
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) >= 30, f"cell {cell.id}: alt text of at least 30 characters wanted, got {alt!r}"


@every_executed_notebook
def test_outputs_hold_no_address_and_no_path_of_a_machine(path):
    text = json.dumps(
        [{**o, "data": {k: v for k, v in o.get("data", {}).items() if k != "image/png"}} for o in outputs(path)]
    )
    assert not re.findall(r"\b0x[0-9a-f]{6,}|/home/\w+|/Users/\w+|/root/|/tmp/", text)


@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p not in EXECUTED], ids=name)
def test_exercises_hold_no_outputs(path):
    assert not outputs(path)
