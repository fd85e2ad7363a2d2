"""The built site: which pages it must have, how it is built, and a server that answers as GitHub Pages does."""

import fcntl
import functools
import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[1]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
SITE_URL = CONFIG["html"]["baseurl"]
PREFIX = urlsplit(SITE_URL).path
REPOSITORY = CONFIG["repository"]["url"]
BRANCH = CONFIG["repository"]["branch"]
REPOSITORY_FILES = f"{REPOSITORY}/blob/{BRANCH}"
DOCUMENTS = [TOC["root"], *(chapter["file"] for part in TOC["parts"] for chapter in part["chapters"])]
WRITTEN = [f"{document}.html" for document in DOCUMENTS]
GENERATED = ["404.html", "genindex.html", "search.html"]
REDIRECT = "index.html"
PAGES = WRITTEN + GENERATED


def build_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site: the one that RNNCOURSE_SITE names, else one built here, once for all workers."""
    if given := os.environ.get("RNNCOURSE_SITE"):
        assert Path(given, REDIRECT).is_file(), f"RNNCOURSE_SITE={given} holds no site; run `make book OPEN=0` first"
        return Path(given)
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with open(folder / "site.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "site").exists():
            build(ROOT, folder / "site")
    return folder / "site/_build/html"


def build(source: Path, target: Path) -> None:
    """Build a book from nothing; a warning fails."""
    command = [Path(sys.executable).with_name("jupyter-book"), "build", source, "--path-output", target]
    done = subprocess.run(
        [*command, "--all", "-W", "-n", "--keep-going", "--quiet"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"jupyter-book failed:\n{done.stderr[-4000:]}"


class PagesHandler(http.server.SimpleHTTPRequestHandler):
    """Serve the site below the path where it is published, and 404.html for every path that does not exist."""

    def translate_path(self, path: str) -> str:
        inside = path.startswith(PREFIX)
        return super().translate_path("/" + path.removeprefix(PREFIX)) if inside else os.devnull + "/outside"

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        self.error_message_format = Path(self.directory, "404.html").read_text("utf-8").replace("%", "%%")
        super().send_error(code, message, explain)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


@contextmanager
def serve(site: Path) -> Iterator[str]:
    """Yield the address of a server of the site, ending in a slash."""
    handler = functools.partial(PagesHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
        server.shutdown()
