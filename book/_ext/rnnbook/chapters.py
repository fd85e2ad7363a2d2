"""Number chapters by their file name, so that equation (2.1) is in 02_recurrence while chapter 01 is unwritten."""

import re
from pathlib import PurePosixPath

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

CHAPTER = re.compile(r"\d\d(?=_)")


def setup_chapters(app: Sphinx) -> None:
    """Renumber after Sphinx (priority 500) has numbered chapters by their place in the table of contents."""
    app.connect("env-get-updated", number_by_file_name, priority=600)


def number_by_file_name(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Put the number in the file name in place of the first component of every number in that file."""
    for docname, sections in env.toc_secnumbers.items():
        match = CHAPTER.match(PurePosixPath(docname).name)
        if match is None:
            continue
        chapter = int(match[0])
        env.toc_secnumbers[docname] = {anchor: _renumber(number, chapter) for anchor, number in sections.items()}
        for figures in env.toc_fignumbers.get(docname, {}).values():
            figures.update({label: _renumber(number, chapter) for label, number in figures.items()})
        for numbered in (env.titles[docname], *env.tocs[docname].findall(nodes.reference)):
            if numbered.get("secnumber"):
                numbered["secnumber"] = _renumber(numbered["secnumber"], chapter)
    return []


def _renumber(number: tuple[int, ...] | None, chapter: int) -> tuple[int, ...] | None:
    return number and (chapter, *number[1:])
