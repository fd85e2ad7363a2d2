"""Every page in the browser: accessible, free of errors, sufficient to itself, operable by keyboard, readable bare."""

import dataclasses
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.website import PAGES, WRITTEN

SCHEMES = ["light", "dark"]
WIDTHS = [1280, 390]
CHAPTER = next(page for page in WRITTEN if "/02_" in page)
# GitHub Pages answers any unknown path with 404.html.
PATHS = {"404.html": "no/such/page.html", "search.html": "search.html?q=state"}
SETTLED = """async () => {
    await window.MathJax?.startup?.promise;
    await document.fonts.ready;
    document.querySelectorAll("details").forEach(details => { details.open = true; });
}"""
# Without preload, axe would fetch style sheets by addresses of its own making.
AXE_OPTIONS = {"resultTypes": ["violations"], "preload": False}
# The search index is text: it grows with the book.
SCRIPT_BYTES = """() => performance.getEntriesByType("resource")
    .filter(entry => entry.initiatorType === "script" && !/mathjax|searchindex/.test(entry.name))
    .reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""


@dataclasses.dataclass(frozen=True)
class Visit:
    """What one visit to a page showed."""

    errors: list[str]
    foreign: list[str]
    violations: str
    width: int
    script_bytes: int


@contextmanager
def open_page(browser: Browser, url: str, **options: object) -> Iterator[Page]:
    """Open a page in a context of its own, without the theme's transitions: axe would measure half-faded colors."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | options)
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()


def look(browser: Browser, address: str, name: str, scheme: str, width: int) -> Visit:
    """Visit a page with an empty cache and write down what happens."""
    url = address + PATHS.get(name, name)
    errors: list[str] = []
    requests: list[str] = []
    with open_page(browser, "about:blank", color_scheme=scheme, viewport={"width": width, "height": 900}) as page:
        page.on("pageerror", lambda error: errors.append(f"{error}"))
        page.on("console", lambda line: errors.append(line.text) if line.type in ("error", "warning") else None)
        page.on("request", lambda request: requests.append(request.url))
        page.route(lambda target: not is_own(target, address), lambda route: route.abort())
        page.goto(url)
        page.evaluate(SETTLED)
        # The 404 page itself answers with status 404, which Chromium reports.
        seen = [error for error in errors if name != "404.html" or "status of 404" not in error]
        weight = page.evaluate(SCRIPT_BYTES)
        page_width = page.evaluate("document.documentElement.scrollWidth")
        foreign = [request for request in requests if not is_own(request, address)]
        violations = Axe().run(page, options=AXE_OPTIONS)
    report = violations.generate_report() if violations.violations_count else ""
    return Visit(seen, foreign, report, page_width, weight)


def is_own(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:", "about:"))


@pytest.fixture(scope="module")
def visit(browser: Browser, address: str) -> Callable[[str, str, int], Visit]:
    """Return a function that visits a page once, however many tests ask."""
    return functools.cache(functools.partial(look, browser, address))


every_page = pytest.mark.parametrize("name", PAGES)
every_look = pytest.mark.parametrize(("scheme", "width"), [(scheme, width) for scheme in SCHEMES for width in WIDTHS])


@every_page
@every_look
def test_page_has_no_accessibility_violation(visit, name, scheme, width):
    assert visit(name, scheme, width).violations == ""


@every_page
@every_look
def test_page_raises_no_error(visit, name, scheme, width):
    assert visit(name, scheme, width).errors == []


@every_page
@every_look
def test_page_asks_no_other_host(visit, name, scheme, width):
    assert visit(name, scheme, width).foreign == []


@every_page
def test_page_does_not_scroll_sideways_on_a_telephone(visit, name):
    assert visit(name, "light", 390).width <= 390


@every_page
def test_page_loads_less_than_200_kB_of_script_besides_mathjax_and_search_index(visit, name):
    assert visit(name, "light", 1280).script_bytes < 200_000


@every_page
def test_page_reads_without_javascript(browser, address, name):
    with open_page(browser, address + PATHS.get(name, name), java_script_enabled=False) as page:
        assert page.locator("main h1:visible").count() == 1
        assert page.locator("nav[aria-label=Main] a:visible").count() == len(WRITTEN) - 1


@every_page
def test_first_tab_reaches_the_skip_link(browser, address, name):
    with open_page(browser, address + PATHS.get(name, name)) as page:
        page.keyboard.press("Tab")
        link = page.locator(":focus")
        assert link.inner_text() == "Skip to main content"
        assert link.is_visible()
        page.keyboard.press("Enter")
        assert page.url.endswith("#main-content")


def test_color_mode_is_switched_by_keyboard_and_kept(browser, address):
    with open_page(browser, address + CHAPTER, color_scheme="light") as page:
        shown = []
        for _ in range(3):
            page.locator(".theme-switch-button").focus()
            page.keyboard.press("Enter")
            shown.append(page.evaluate("document.documentElement.dataset.theme"))
        assert set(shown) == {"light", "dark"}
        while page.evaluate("document.documentElement.dataset.theme") == "light":
            page.locator(".theme-switch-button").focus()
            page.keyboard.press("Space")
        page.reload()
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_search_is_operated_by_keyboard(browser, address):
    with open_page(browser, address + CHAPTER) as page:
        page.keyboard.press("Control+k")
        page.keyboard.type("hidden state")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search.html?q=hidden+state")
        page.locator("#search-results li a").first.wait_for()
        while not page.locator("#search-results a:focus").count():
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/book/**")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("toggle", "dialog"),
    [
        (".primary-toggle", "#pst-primary-sidebar-modal"),
        (".secondary-toggle", "#pst-secondary-sidebar-modal"),
        (".search-button", "#pst-search-dialog"),
    ],
)
def test_dialogs_of_the_telephone_are_accessible(browser, address, scheme, toggle, dialog):
    size = {"width": 390, "height": 800}
    with open_page(browser, address + CHAPTER, viewport=size, color_scheme=scheme) as page:
        page.locator(f"{toggle}:visible").first.focus()
        page.keyboard.press("Enter")
        page.locator(f"{dialog}[open]").wait_for()
        violations = Axe().run(page, options=AXE_OPTIONS)
        assert violations.violations_count == 0, violations.generate_report()
        page.keyboard.press("Escape")
        page.locator(f"{dialog}[open]").wait_for(state="hidden")


def test_icons_are_drawn(browser, address):
    with open_page(browser, address + CHAPTER) as page:
        page.evaluate(SETTLED)
        assert page.evaluate("document.fonts.check('900 16px \"Font Awesome 7 Free\"')")
        for icon in page.locator(".article-header-buttons i").all():
            content = icon.evaluate("icon => getComputedStyle(icon, '::before').content")
            assert content not in ("none", "normal"), icon.evaluate("icon => icon.outerHTML")


def test_site_root_leads_to_the_first_page(browser, address):
    with open_page(browser, address) as page:
        page.wait_for_url(f"**/{WRITTEN[0]}")


def test_no_page_is_left_out(site: Path):
    built = {path.relative_to(site).as_posix() for path in site.rglob("*.html") if "_static" not in path.parts}
    assert built == {*PAGES, "index.html"}
