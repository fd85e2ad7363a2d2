"""Fixtures that all test files share."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import numpy as np
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The same examples in every run, and none fails because the machine is busy.
hypothesis.settings.register_profile("course", deadline=None, derandomize=True)
hypothesis.settings.load_profile("course")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    from tests.website import build_once

    return build_once(tmp_path_factory)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A headless Chromium. It ends with the module: Playwright's running event loop would disturb nbval's."""
    from playwright.sync_api import sync_playwright

    from tests.chromium import FLAGS, find_chromium

    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Where the built site is served, ending in a slash."""
    from tests.website import serve

    with serve(site) as url:
        yield url
