"""Lead links to notebooks outside the book to the repository: `../exercises/...` must work in JupyterLab and here."""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform


def setup_links(app: Sphinx) -> None:
    """Register the transform."""
    app.add_post_transform(LinkToRepository)


class LinkToRepository(SphinxPostTransform):
    """Resolve links to notebooks that exist but are no pages."""

    default_priority = 8  # MyST reports them as unknown at 9.

    def run(self, **kwargs: Any) -> None:
        """Replace each such link."""
        options = self.config.html_theme_options
        base = f"{options['repository_url']}/blob/{options['repository_branch']}"
        for link in list(self.document.findall(pending_xref)):
            file = f"{link['reftarget']}.ipynb"
            is_page = link["reftarget"] in self.env.all_docs
            if link.get("refdomain") == "doc" and not is_page and Path(self.env.srcdir, file).is_file():
                link.replace_self(nodes.reference("", "", *link.children, refuri=f"{base}/{file}", internal=False))
