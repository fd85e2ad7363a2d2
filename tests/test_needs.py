"""A notebook is skipped if, and only if, it needs data that is not here."""

import json

import pytest

from rnncourse.data.imdb import IMDB_FILES
from tests.needs import missing


@pytest.fixture(autouse=True)
def no_cache():
    missing.cache_clear()


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A folder for IMDB, still empty, and no other place to find it."""
    monkeypatch.setenv("RNNCOURSE_DATA", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path


def notebook(folder, **metadata):
    path = folder / "page.ipynb"
    path.write_text(json.dumps({"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_a_notebook_without_needs_always_runs(data):
    assert missing(notebook(data)) is None
    assert missing(notebook(data, rnncourse={"needs": []})) is None


def test_a_notebook_that_needs_imdb_runs_where_it_is(data):
    path = notebook(data, rnncourse={"needs": ["imdb"]})
    for name in IMDB_FILES:
        (data / name).touch()
    assert missing(path) is None


def test_a_notebook_that_needs_imdb_skips_with_the_cure_where_it_is_not(data):
    reason = missing(notebook(data, rnncourse={"needs": ["imdb"]}))
    assert reason is not None
    assert reason.startswith("needs IMDB, which is not on this machine; run `rnncourse data`")
