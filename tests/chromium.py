"""Find a Chromium for the browser tests, or install one. Without one they fail: a skip would prove nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
NAMES = ["chromium", "chromium-browser", "google-chrome"]
CURE = (
    "the browser tests need Chromium, which is not installed and could not be: run `sudo apt-get install chromium`, "
    "or `playwright install --with-deps chromium` in .venv, then run the tests again"
)


def find_chromium() -> str:
    """Return the path of an installed Chromium; install one first where none is."""
    found = installed()
    for install in [] if found else [apt_install, playwright_install]:
        install()
        if found := installed():
            break
    if not found:
        raise RuntimeError(CURE)
    return found


def installed() -> str | None:
    """Return the path of a Chromium on PATH or in Playwright's own folder."""
    on_path = next(filter(None, map(shutil.which, NAMES)), None)
    return on_path or playwright_chromium()


def playwright_chromium() -> str | None:
    """Return the path of the Chromium that `playwright install` keeps."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def apt_install() -> None:
    """Install Debian's package, if we may."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")


def playwright_install() -> None:
    """Download Playwright's build."""
    run(sys.executable, "-m", "playwright", "install", "chromium")


def run(*command: str) -> None:
    subprocess.run(command, check=False, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})


if __name__ == "__main__":
    try:
        print(f"The browser tests use {find_chromium()}")
    except RuntimeError as error:
        sys.exit(str(error))
