"""Sphinx extension of the book: repairs of the stock theme, chapter numbers, links out, and the pages' widgets."""

from sphinx.application import Sphinx

from . import chapters, links, theme, widgets


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect every part of the extension."""
    theme.setup_theme(app)
    chapters.setup_chapters(app)
    links.setup_links(app)
    widgets.setup_widgets(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
