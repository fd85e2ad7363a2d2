"""Repairs of the stock theme, each at the earliest place where Sphinx lets us make it.

The templates beside this file hold the repairs that are markup: `layout.html` (color mode), `sections/` (landmarks),
`static/webpack-macros.html` (icons). What is a setting stands in `_config.yml`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from markupsafe import escape
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

LOGGER = logging.getLogger(__name__)
TEMPLATES = Path(__file__).parent / "templates"
GENERATED_PAGES = {
    "search": "Search the chapters, the notation and the glossary of this book.",
    "genindex": "Every term of the glossary, in alphabetical order.",
    "404": "There is no page at this address.",
}


def setup_theme(app: Sphinx) -> None:
    """Connect the repairs."""
    app.connect("config-inited", use_own_templates)
    app.connect("config-inited", derive_addresses)
    app.connect("html-collect-pages", redirect_root)
    app.connect("html-page-context", describe_generated_page)
    # The theme fills `header_buttons` at priority 501.
    app.connect("html-page-context", draw_repository_button, priority=600)
    app.add_post_transform(RequireAltText)
    app.add_post_transform(EmptyHeaderToCell)
    app.add_node(nodes.citation, override=True, html=(visit_citation, HTML5Translator.depart_citation))
    app.add_css_file("book.css")


def use_own_templates(app: Sphinx, config: Config) -> None:
    """Look for templates here before the theme's."""
    config.templates_path.append(str(TEMPLATES))


def derive_addresses(app: Sphinx, config: Config) -> None:
    """Give every extension the site's address that `html.baseurl` in `_config.yml` names."""
    config.ogp_site_url = config.html_baseurl
    # A 404 page is served for any path, so its links start at the host's root.
    config.notfound_urls_prefix = urlsplit(config.html_baseurl).path


def redirect_root(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Send the site's root to the first page; the stock redirect has no title, language or link."""
    yield "index", {}, "redirect.html"


def describe_generated_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Describe the pages that sphinxext-opengraph passes over, and keep them out of search engines."""
    if pagename in GENERATED_PAGES:
        context["metatags"] = (
            f'<meta name="description" content="{escape(GENERATED_PAGES[pagename])}" />\n'
            '<meta name="robots" content="noindex" />\n'
        )


def draw_repository_button(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Use a sign from the icon font at hand: GitHub's logo would load a second font of 118 kB."""
    for button in context["header_buttons"]:
        for item in (button, *button.get("buttons", ())):
            if item.get("icon", "").startswith("fab "):
                item["icon"] = "fas fa-code-branch"


class RequireAltText(SphinxPostTransform):
    """Warn about an image without alt text, for which docutils would write the file's path."""

    default_priority = 200

    def run(self, **kwargs: Any) -> None:
        """Report each such image; with -W the build fails."""
        for image in self.document.findall(nodes.image):
            if "alt" not in image:
                LOGGER.warning(
                    "image %s has no alt text; say what it shows in :alt:, or, for a figure that a cell draws, in the "
                    'cell\'s metadata {"mystnb": {"image": {"alt": ...}}}',
                    image["uri"],
                    location=image,
                    type="rnnbook",
                    subtype="alt",
                )


class EmptyHeaderToCell(SphinxPostTransform):
    """Turn the empty corner header that pandas writes into a plain cell: a header must have a name (WCAG 1.3.1)."""

    default_priority = 200

    def run(self, **kwargs: Any) -> None:
        """Rewrite the tables in cell outputs."""
        for raw in self.document.findall(lambda node: isinstance(node, nodes.raw) and node.get("format") == "html"):
            if "<th></th>" in (html := raw.astext()):
                raw.children = [nodes.Text(html.replace("<th></th>", "<td></td>"))]


def visit_citation(self: HTML5Translator, node: nodes.citation) -> None:
    """Open an entry of a bibliography as an item of its list: docutils' role for it is deprecated in DPub-ARIA 1.1."""
    HTML5Translator.visit_citation(self, node)
    self.body[-1] = self.body[-1].replace('role="doc-biblioentry"', 'role="listitem"')
