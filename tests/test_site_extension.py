"""The book's Sphinx extension on a book of one chapter: what it repairs, and what it refuses."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup

from tests.website import CONFIG, REPOSITORY_FILES, ROOT, build

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
ALT = {"mystnb": {"image": {"alt": "One pixel"}}}


def write_book(folder: Path, *cells: nbformat.NotebookNode) -> Path:
    """Write a book whose one chapter, number 7, has the given cells."""
    (folder / "book").mkdir(parents=True)
    for name in ("_ext", "_static"):
        shutil.copytree(ROOT / "book" / name, folder / "book" / name)
    (folder / "_config.yml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    toc = {
        "format": "jb-book",
        "root": "book/index",
        "parts": [{"numbered": 1, "chapters": [{"file": "book/07_last"}]}],
    }
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    (folder / "book/index.md").write_text("# First page\n", encoding="utf-8")
    (folder / "book/references.bib").touch()
    title = nbformat.v4.new_markdown_cell("# Last\n\n$$a = b$$ (eq-only)\n\nSee {eq}`eq-only`.")
    notebook = nbformat.v4.new_notebook(cells=[title, *cells], metadata={"language_info": {"name": "python"}})
    nbformat.write(notebook, folder / "book/07_last.ipynb")
    return folder


def shows(mime: str, data: str, metadata: dict | None = None) -> nbformat.NotebookNode:
    """Return a code cell with one output."""
    output = nbformat.v4.new_output("display_data", data={mime: data, "text/plain": "text"})
    return nbformat.v4.new_code_cell("show()", outputs=[output], metadata=metadata or {}, execution_count=1)


@pytest.fixture(scope="module")
def chapter(tmp_path_factory) -> BeautifulSoup:
    folder = tmp_path_factory.mktemp("tiny")
    table = (
        "<table><thead><tr><th></th><th>loss</th></tr></thead><tbody><tr><th>0</th><td>0.7</td></tr></tbody></table>"
    )
    link = nbformat.v4.new_markdown_cell("[problem set](../exercises/07_last/07_last.ipynb)")
    book = write_book(folder / "source", shows("text/html", table), shows("image/png", PIXEL, ALT), link)
    (book / "exercises/07_last").mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(), book / "exercises/07_last/07_last.ipynb")
    build(book, folder / "target")
    return BeautifulSoup((folder / "target/_build/html/book/07_last.html").read_text("utf-8"), "html.parser").article


def test_chapter_is_numbered_by_its_file_name(chapter):
    assert chapter.h1.get_text().startswith("7. ")
    assert chapter.select_one(".eqno").get_text().startswith("(7.1)")
    assert chapter.select_one('a.reference[href="#equation-eq-only"]').get_text() == "(7.1)"


def test_empty_corner_of_a_table_becomes_a_plain_cell(chapter):
    assert [cell.name for cell in chapter.thead.tr.find_all(["th", "td"])] == ["td", "th"]


def test_link_to_an_exercise_leads_to_the_repository(chapter):
    assert chapter.find("a", string="problem set")["href"] == f"{REPOSITORY_FILES}/exercises/07_last/07_last.ipynb"


def test_missing_exercise_and_missing_alt_text_fail_the_build(tmp_path):
    link = nbformat.v4.new_markdown_cell("[problem set](../exercises/08_none/08_none.ipynb)")
    book = write_book(tmp_path / "source", link, shows("image/png", PIXEL))
    with pytest.raises(AssertionError) as failure:
        build(book, tmp_path / "target")
    assert re.search(r"WARNING: .*08_none", str(failure.value))
    assert re.search(r"WARNING: image .* has no alt text", str(failure.value))
