"""Sphinx extension of the book: what the stock theme gets wrong, chapter numbers, and the pages' widgets."""

from sphinx.application import Sphinx

from . import chapters, theme, widgets


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect every part of the extension."""
    theme.setup_theme(app)
    chapters.setup_chapters(app)
    widgets.setup_widgets(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
