"""The package is a stack of floors: a module imports only from floors below its own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "rnncourse"
FLOORS = [
    {"shapes"},
    {"init", "gradcheck"},
    {"losses", "optim", "data", "records"},
    {"cells"},
    {"loops"},
    {"layers"},
    {"training"},
    {"keras_bridge"},
    {"plots"},
    {"checks"},
    {"grading"},
    {"doctor"},
    {"cli"},
]
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
# The download of last resort goes through Keras, so this one import is lazy and points up.
EXCEPTIONS = {("data", "keras_bridge")}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_rooms(path: Path) -> set[str]:
    """Return the modules of the package that a file imports, anywhere in it."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        rooms |= {name.split(".")[1] for name in names if name.startswith("rnncourse.")}
    return rooms & FLOOR.keys()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_only_point_down(path):
    here = room(path)
    assert here in FLOOR, f"{path.name} has no floor: add it to FLOORS"
    for there in imported_rooms(path) - {here}:
        assert FLOOR[there] < FLOOR[here] or (here, there) in EXCEPTIONS, f"{here} must not import {there}"


def test_importing_the_package_loads_only_numpy():
    code = "import sys; before = set(sys.modules); import rnncourse; print(*sys.modules.keys() - before)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    numpy_and_us = {"rnncourse", "numpy", "cython_runtime"}
    outside = {name.split(".")[0] for name in loaded} - set(sys.stdlib_module_names) - numpy_and_us
    assert {name for name in outside if not name.startswith("_")} == set()
