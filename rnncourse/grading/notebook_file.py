"""Read a notebook that anyone may have made, and say in a sentence what is wrong with it."""

import json
import warnings
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from rnncourse.grading import CourseError


def find_notebook(given: Path) -> Path:
    """Return where a path leads from this folder or one above it, or from `exercises/` in one of them.

    Where it leads nowhere, it is returned as it was given.
    """
    bases = [folder / below for folder in (Path.cwd(), *Path.cwd().parents) for below in ("", "exercises")]
    return given if given.exists() else next((base / given for base in bases if (base / given).is_file()), given)


def read_notebook(path: Path) -> NotebookNode:
    """Return the notebook at `path` in the current format.

    Raises
    ------
    CourseError
        If there is none, or it is empty, damaged, in another format or no notebook at all.
    """
    content = read_content(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Cells without an id: the format's matter, not the student's.
            notebook: NotebookNode = nbformat.reads(json.dumps(content), as_version=4)  # type: ignore[no-untyped-call]
            nbformat.validate(notebook)
    except (nbformat.ValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CourseError(f"{path} is damaged: {reason}; restore it, or download the exercise again") from error
    return notebook


def read_content(path: Path) -> dict[str, Any]:
    """Return the JSON object of a notebook of format 4, as it stands in the file."""
    content = _parse(path, _read_text(path))
    if not isinstance(content, dict) or not isinstance(content.get("nbformat"), int):
        raise CourseError(f"{path} is not a notebook: it is JSON, but of another kind")
    if content["nbformat"] != 4:
        raise CourseError(
            f"{path} is in notebook format {content['nbformat']}, and this course reads format 4; "
            "open it in JupyterLab and save it again"
        )
    if not isinstance(content.get("cells"), list):
        raise CourseError(f"{path} is damaged: it has no list of cells; restore it, or download the exercise again")
    return content


def _read_text(path: Path) -> str:
    if path.is_dir():
        raise CourseError(f"{path} is a folder; name the notebook in it, such as {path / (path.name + '.ipynb')}")
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise CourseError(
            f"{path} does not exist; name a notebook, such as exercises/NN_topic/NN_topic.ipynb"
        ) from error
    except UnicodeDecodeError as error:
        raise CourseError(f"{path} is not a notebook: it is not text in UTF-8") from error
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from error
    if not text.strip():
        raise CourseError(f"{path} is empty; restore it, or download the exercise again")
    return text


def _parse(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if text.lstrip().startswith("{"):
            raise CourseError(f"{path} is damaged ({error}); restore it, or download the exercise again") from error
        raise CourseError(f"{path} is not a notebook: it does not start like one") from error
