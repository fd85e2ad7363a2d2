"""Pytest plugin: notebooks that need data skip, visibly, where it is missing.

A notebook says what it needs in its metadata: {"rnncourse": {"needs": ["imdb"]}}.
"""

import functools
import json
from pathlib import Path

import pytest

from rnncourse.data import imdb_folder


@functools.cache
def missing(path: Path) -> str | None:
    """Return what a notebook needs and this machine lacks, with the cure; None if nothing."""
    needs = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("rnncourse", {}).get("needs", [])
    if "imdb" in needs and imdb_folder() is None:
        return "needs IMDB, which is not on this machine; run `rnncourse data` or set RNNCOURSE_DATA"
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.suffix == ".ipynb" and (reason := missing(item.path)):
            item.add_marker(pytest.mark.skip(reason=f"{item.path.name} {reason}"))
