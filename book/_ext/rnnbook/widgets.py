"""Directives that this book adds to MyST."""

from typing import Any, ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from .unrolled import MARK, TinyRNN, unrolled_html


def _floats(text: str | None) -> tuple[float, ...]:
    return tuple(float(word) for word in (text or "").replace(",", " ").split())


def _float(text: str | None) -> float:
    return float(text or "")


class UnrolledGraph(SphinxDirective):
    """Numbers as options; the content is what readers without HTML see instead."""

    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"x": _floats} | dict.fromkeys(("w_x", "w_h", "b_h", "w_y", "b_y"), _float)

    def run(self) -> list[nodes.Node]:
        try:
            rnn = TinyRNN(**self.options)
        except (TypeError, ValueError) as error:
            raise self.error(f"{MARK}: {error}") from error
        html = nodes.raw("", unrolled_html(rnn, f"ug{self.env.new_serialno(MARK)}"), format="html", widget=MARK)
        elsewhere = addnodes.only("", expr="not html")
        self.state.nested_parse(self.content, self.content_offset, elsewhere)
        return [html, elsewhere]


def _add_files(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    if doctree and any(raw.get("widget") == MARK for raw in doctree.findall(nodes.raw)):
        app.add_css_file("unrolled.css")
        app.add_js_file("unrolled.js", type="module")


def setup_widgets(app: Sphinx) -> None:
    """Register the directive; its two files are loaded only by pages that use it."""
    app.add_directive(MARK, UnrolledGraph)
    app.connect("html-page-context", _add_files)
