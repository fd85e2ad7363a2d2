"""The unrolled-graph stepper: every number it shows is what `rnncourse.cells.rnn_step` computes."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from rnncourse.cells import rnn_step
from tests.website import ROOT, serve

CHAPTER = ROOT / "book/02_recurrence.ipynb"
EXTENSION = ROOT / "book/_ext"
sys.path.insert(0, str(EXTENSION))

from rnnbook.unrolled import TinyRNN, shown, unrolled_html  # noqa: E402

EXAMPLE = {"x": (1.0, 0.0, 0.0, -1.0), "w_x": 0.8, "w_h": 0.5, "b_h": 0.1, "w_y": 2.0, "b_y": -0.5}
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Stepper</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<link rel="stylesheet" href="unrolled.css"><script type="module" src="unrolled.js"></script></head>
<body>{}</body></html>"""
DIGITS = 3


@pytest.fixture(scope="module")
def stepper(tmp_path_factory) -> Iterator[str]:
    """The address of a page that holds the figure and nothing else."""
    folder = tmp_path_factory.mktemp("widget")
    for name in ("unrolled.js", "unrolled.css"):
        shutil.copy(ROOT / "book/_static" / name, folder)
    (folder / "page.html").write_text(PAGE.format(unrolled_html(TinyRNN(**EXAMPLE), "ug0")), encoding="utf-8")
    with serve(folder) as url:
        yield f"{url}page.html"


def open_page(browser: Browser, stepper: str, *, javascript: bool = True, width: int = 1280) -> Page:
    context = browser.new_context(java_script_enabled=javascript, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.set_default_timeout(5_000)
    page.goto(stepper)
    return page


@pytest.fixture
def page(browser, stepper) -> Iterator[Page]:
    page = open_page(browser, stepper)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.context.close()
    assert not errors


@pytest.fixture
def static_page(browser, stepper) -> Iterator[Page]:
    page = open_page(browser, stepper, javascript=False)
    yield page
    page.context.close()


def wanted(x: tuple[float, ...], w_h: float) -> dict[str, float]:
    """Compute every number with the package: h0, h1, y1, ..."""
    params = {"W_x": np.array([[EXAMPLE["w_x"]]]), "W_h": np.array([[w_h]]), "b_h": np.array([EXAMPLE["b_h"]])}
    h, numbers = np.zeros((1, 1)), {"h0": 0.0}
    for t, x_t in enumerate(x, 1):
        h, _ = rnn_step(np.array([[x_t]]), h, params)
        numbers |= {f"x{t}": x_t, f"h{t}": h.item(), f"y{t}": EXAMPLE["w_y"] * h.item() + EXAMPLE["b_y"]}
    return numbers


def number(text: str) -> float:
    return float(text.strip("()").replace("\N{MINUS SIGN}", "-"))


def visible_numbers(page: Page) -> dict[str, float]:
    """Read the numbers that can be seen in the picture."""
    texts = [text for text in page.locator("svg [data-value]").all() if text.is_visible()]
    return {text.get_attribute("data-value"): number(text.text_content()) for text in texts}


def assert_close(got: dict[str, float], numbers: dict[str, float]) -> None:
    assert got == pytest.approx(numbers, abs=0.5 * 10**-DIGITS + 1e-9)


def up_to(step: int, numbers: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in numbers.items() if name[0] == "x" or int(name[1:]) <= step}


def status_numbers(page: Page) -> list[float]:
    """Read the bold results of the status line: h_t, then y_t."""
    return [number(text) for text in page.get_by_role("status").locator("strong").all_inner_texts()[1:]]


def slide(page: Page, label: str, value: float) -> None:
    page.get_by_role("slider", name=label, exact=True).fill(str(value))


def test_without_javascript_every_number_is_there(static_page):
    numbers = wanted(EXAMPLE["x"], EXAMPLE["w_h"])
    assert_close(visible_numbers(static_page), numbers)
    lines = static_page.get_by_role("listitem")
    assert lines.count() == 5
    for t in range(1, 5):
        results = [number(text) for text in lines.nth(t).locator("strong").all_inner_texts()]
        assert results == pytest.approx([numbers[f"h{t}"], numbers[f"y{t}"]], abs=5.1e-4)
        assert lines.nth(t).is_visible()
    assert static_page.get_by_role("button").count() == 0


def test_starts_before_the_first_step_and_hides_what_lies_ahead(page):
    assert page.get_by_role("status").inner_text().startswith("Step 0 of 4.")
    assert_close(visible_numbers(page), up_to(0, wanted(EXAMPLE["x"], EXAMPLE["w_h"])))


def test_buttons_step_forward_and_back(page):
    numbers = wanted(EXAMPLE["x"], EXAMPLE["w_h"])
    for step in (1, 2, 3, 4, 4):
        page.get_by_role("button", name="Next step").click(force=True)
        assert_close(visible_numbers(page), up_to(step, numbers))
        assert page.get_by_role("status").inner_text().startswith(f"Step {step} of 4.")
        assert status_numbers(page) == pytest.approx([numbers[f"h{step}"], numbers[f"y{step}"]], abs=5.1e-4)
    for step in (3, 2, 1, 0, 0):
        page.get_by_role("button", name="Previous step").click(force=True)
        assert_close(visible_numbers(page), up_to(step, numbers))


def test_arrow_keys_step_while_a_button_has_the_focus(page):
    page.get_by_role("button", name="Next step").focus()
    for key, step in (("ArrowRight", 1), ("Enter", 2), ("ArrowRight", 3), ("ArrowLeft", 2), ("Space", 3)):
        page.keyboard.press(key)
        assert page.get_by_role("status").inner_text().startswith(f"Step {step} of 4.")
    assert page.evaluate("document.activeElement.textContent") == "Next step"


def test_tab_reaches_every_control_and_the_focus_can_be_seen(page):
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.name || document.activeElement.dataset.act"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached == ["previous", "next", "reset", "x1", "x2", "x3", "x4", "w_h"]


@pytest.mark.parametrize(("x", "w_h"), [((-2.0, 0.3, 0.0, 1.7), 0.5), ((1.0, 0.0, 0.0, -1.0), -1.3)])
def test_sliders_change_every_number(page, x, w_h):
    for t, value in enumerate(x, 1):
        slide(page, f"Input x{t}", value)
    slide(page, "Recurrent weight wh", w_h)
    numbers = wanted(x, w_h)
    for step in range(1, 5):
        page.get_by_role("button", name="Next step").click()
        assert status_numbers(page) == pytest.approx([numbers[f"h{step}"], numbers[f"y{step}"]], abs=5.1e-4)
    assert_close(visible_numbers(page), numbers)


def test_the_line_of_a_step_adds_up(page):
    """Evaluate the sum inside the second tanh, as a reader with a calculator would."""
    slide(page, "Recurrent weight wh", -1.3)
    slide(page, "Input x2", -0.7)
    page.get_by_role("button", name="Next step").click()
    page.get_by_role("button", name="Next step").click()
    line = page.get_by_role("status").inner_text().replace("\N{MINUS SIGN}", "-").replace("·", "*")
    total, a = re.search(r"= tanh\(([-+*().\d\s]+)\)\s*= tanh\((-?[\d.]+)\)", line).groups()
    factors = [[float(f.strip("() ")) for f in term.split("*")] for term in total.split(" + ")]
    assert sum(float(np.prod(term)) for term in factors) == pytest.approx(float(a), abs=2e-3)
    assert len(factors) == 3


def test_reset_brings_the_first_page_back(page):
    before = page.get_by_role("status").inner_text()
    slide(page, "Input x1", -1.5)
    page.get_by_role("button", name="Next step").click()
    page.get_by_role("button", name="Reset").click()
    assert page.get_by_role("status").inner_text() == before
    assert page.get_by_role("slider", name="Input x1", exact=True).input_value() == "1"
    assert_close(visible_numbers(page), up_to(0, wanted(EXAMPLE["x"], EXAMPLE["w_h"])))


def test_picture_and_step_buttons_have_names_and_the_status_is_live(page):
    picture = page.get_by_role("img", name="A recurrent network with one hidden unit, unrolled over 4 steps")
    assert picture.count() == 1
    assert page.get_by_role("group", name="Steps of the unrolled graph").get_by_role("button").count() == 3
    assert page.get_by_role("slider").count() == 5


@pytest.mark.parametrize("javascript", [True, False])
def test_fits_a_telephone(browser, stepper, javascript):
    page = open_page(browser, stepper, javascript=javascript, width=390)
    assert page.locator("html").evaluate("e => e.scrollWidth") <= 390
    page.context.close()


def test_printing_shows_every_step(page):
    page.emulate_media(media="print")
    assert_close(visible_numbers(page), wanted(EXAMPLE["x"], EXAMPLE["w_h"]))
    assert page.get_by_role("listitem").count() == 5
    assert page.get_by_role("button").count() == 0


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("h1", -0.0004, "0.000"),
        ("h1", -0.0006, "\N{MINUS SIGN}0.001"),
        ("w_h", -0.5, "\N{MINUS SIGN}0.5"),
        ("x1", 0, "0.0"),
    ],
)
def test_numbers_are_written_without_a_negative_zero(name, value, text):
    assert shown(name, value) == text.replace("-", "\N{MINUS SIGN}")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": ()}, "at least one number"),
        ({"w_h": 0.55}, "at most one decimal, .* got 0.55"),
        ({"x": (1.0, 2.5)}, "between -2 and 2, got 2.5"),
    ],
)
def test_refuses_numbers_that_the_page_cannot_show(change, message):
    with pytest.raises(ValueError, match=message):
        TinyRNN(**EXAMPLE | change)


CONF = """
from rnnbook.widgets import setup_widgets as setup

extensions = ["myst_parser"]
html_theme = "basic"
html_static_path = [{static!r}]
"""
DIRECTIVE = """
```{{unrolled-graph}}
:x: 1 0
:w_x: 0.8
:w_h: {w_h}
:b_h: 0.1
:w_y: 2
:b_y: -0.5

The figure is on the web.
```
"""


def build(folder: Path, builder: str, directive: str) -> subprocess.CompletedProcess[str]:
    """Build two pages in a process of their own, since Sphinx keeps global state; a warning fails."""
    (folder / "conf.py").write_text(CONF.format(static=str(ROOT / "book/_static")), encoding="utf-8")
    (folder / "index.md").write_text("# With\n\n```{toctree}\nplain\n```\n" + directive, encoding="utf-8")
    (folder / "plain.md").write_text("# Without\n", encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", builder, folder, folder / "out"]
    env = os.environ | {"PYTHONPATH": str(EXTENSION)}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)


def test_only_a_page_with_the_directive_loads_its_files(tmp_path):
    assert build(tmp_path, "html", DIRECTIVE.format(w_h=0.5)).returncode == 0
    page, plain = ((tmp_path / "out" / name).read_text(encoding="utf-8") for name in ("index.html", "plain.html"))
    assert unrolled_html(TinyRNN((1.0, 0.0), 0.8, 0.5, 0.1, 2.0, -0.5), "ug0") in page
    assert re.search(r'<script type="module" src="_static/unrolled.js', page)
    assert "_static/unrolled.css" in page
    assert "The figure is on the web." not in page
    assert "unrolled" not in plain


def test_a_reader_without_html_gets_the_text_instead(tmp_path):
    assert build(tmp_path, "text", DIRECTIVE.format(w_h=0.5)).returncode == 0
    assert "The figure is on the web." in (tmp_path / "out/index.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("directive", "message"),
    [
        (DIRECTIVE.format(w_h=3), "x and w_h must lie between -2 and 2, got 3.0"),
        (DIRECTIVE.format(w_h=0.5).replace(":b_h: 0.1\n", ""), "missing 1 required positional argument: 'b_h'"),
        (DIRECTIVE.format(w_h="big"), "could not convert string to float: 'big'"),
    ],
    ids=["out of range", "missing", "not a number"],
)
def test_a_wrong_option_stops_the_build_and_is_named(tmp_path, directive, message):
    done = build(tmp_path, "html", directive)
    assert done.returncode != 0
    assert message in done.stderr


def test_the_chapter_steps_through_the_numbers_its_own_cell_uses():
    cells = nbformat.read(CHAPTER, as_version=4).cells
    [directive] = re.findall(r"```\{unrolled-graph\}\n(.*?)```", "\n".join(c.source for c in cells), re.DOTALL)
    options = dict(re.findall(r"^:(\w+): (.+)$", directive, re.MULTILINE))
    [cell] = [c for c in cells if "tiny-rnn" in c.metadata.get("tags", [])]
    namespace: dict[str, object] = {"np": np}
    exec(cell.source, namespace)
    for name, text in options.items():
        np.testing.assert_array_equal(np.ravel(namespace[name]), [float(word) for word in text.split()])
    assert options.keys() == EXAMPLE.keys()
