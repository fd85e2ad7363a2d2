"""The built site as text: links and anchors lead somewhere, nothing loads from afar, every page says what it is."""

import functools
import re
from pathlib import Path
from urllib.parse import parse_qs, unquote, urljoin, urlsplit
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup, Tag

from tests.website import (
    BRANCH,
    DOCUMENTS,
    PAGES,
    PREFIX,
    REDIRECT,
    REPOSITORY,
    REPOSITORY_FILES,
    ROOT,
    SITE_URL,
    WRITTEN,
)

SLUG = urlsplit(REPOSITORY).path.strip("/")
NOTEBOOKS = [document for document in DOCUMENTS if (ROOT / f"{document}.ipynb").exists()]
LOADING = ["script", "img", "iframe", "source", "video", "audio", "embed"]
LOADING_RELATIONS = {"stylesheet", "preload", "modulepreload", "prefetch", "preconnect", "icon", "manifest"}

every_page = pytest.mark.parametrize("name", PAGES)
every_file = pytest.mark.parametrize("name", [*PAGES, REDIRECT])
every_written_page = pytest.mark.parametrize("name", WRITTEN)
every_notebook = pytest.mark.parametrize("document", NOTEBOOKS)


@functools.cache
def parse(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@functools.cache
def anchors(path: Path) -> set[str]:
    return {tag[key] for tag in parse(path).find_all(True) for key in ("id", "name") if tag.has_attr(key)}


def addresses(soup: BeautifulSoup) -> list[str]:
    """Return every address that a page names, as written."""
    named = [tag[key] for tag in soup.find_all(True) for key in ("href", "src", "poster", "data") if tag.get(key)]
    refreshes = [tag["content"].partition("url=")[2] for tag in soup.find_all("meta", {"http-equiv": "refresh"})]
    pictures = [tag["content"] for tag in soup.find_all("meta", property=re.compile("^og:(url|image)$"))]
    return named + refreshes + pictures


def broken(site: Path, name: str, address: str) -> str | None:
    """Return why an address of the site leads nowhere; None if it leads somewhere or leaves the site."""
    target = urljoin(urljoin(SITE_URL, name), address)
    if not target.startswith(SITE_URL):
        own_host = urlsplit(target).netloc == urlsplit(SITE_URL).netloc
        return f"{address} leaves {PREFIX}" if own_host else None
    parts = urlsplit(target)
    path = site / unquote(parts.path).removeprefix(PREFIX)
    file = path / REDIRECT if path.is_dir() else path
    if not file.is_file():
        return f"{address}: no such file"
    if parts.fragment and file.suffix == ".html" and unquote(parts.fragment) not in anchors(file):
        return f"{address}: no such anchor in {file.relative_to(site)}"
    return None


@every_file
def test_every_internal_link_and_anchor_resolves(site, name):
    found = [broken(site, name, address) for address in addresses(parse(site / name))]
    assert found
    assert [reason for reason in found if reason] == []


def loads(soup: BeautifulSoup) -> list[str]:
    """Return the addresses that a browser fetches by itself when it opens the page."""
    loaded = [tag.get("src", "") for tag in soup.find_all(LOADING)]
    linked = [tag["href"] for tag in soup.find_all("link") if LOADING_RELATIONS & set(tag.get("rel", []))]
    styles = [url for tag in soup.find_all("style") for url in css_addresses(tag.get_text())]
    return loaded + linked + styles


def css_addresses(text: str) -> list[str]:
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return [bare or quoted for bare, quoted in re.findall(r"url\(\s*[\"']?([^)\"']+)|@import\s+[\"']([^\"']+)", code)]


def is_foreign(address: str) -> bool:
    return bool(urlsplit(address).netloc)


@every_file
def test_page_loads_nothing_from_another_host(site, name):
    assert [address for address in loads(parse(site / name)) if is_foreign(address)] == []


def test_style_sheets_load_nothing_from_another_host(site):
    sheets = list(site.rglob("*.css"))
    assert sheets
    found = [(sheet.name, url) for sheet in sheets for url in css_addresses(sheet.read_text(encoding="utf-8"))]
    assert [(sheet, url) for sheet, url in found if is_foreign(url)] == []


@every_page
def test_every_image_has_alt_text_that_is_not_its_path(site, name):
    for image in parse(site / name).find_all("img"):
        assert image.has_attr("alt"), image
        assert not re.search(r"\.(png|svg|jpe?g|gif|webp)$|/", image["alt"]), image


@every_file
def test_every_link_to_a_file_of_the_repository_names_one(site, name):
    links = [address for address in addresses(parse(site / name)) if address.startswith(REPOSITORY_FILES)]
    assert [link for link in links if not (ROOT / link.removeprefix(f"{REPOSITORY_FILES}/")).exists()] == []


def meta(soup: BeautifulSoup, **attributes: str) -> str:
    tag = soup.find("meta", attrs=attributes)
    return tag["content"].strip() if isinstance(tag, Tag) else ""


@every_file
def test_page_says_its_language_title_and_content(site, name):
    soup = parse(site / name)
    assert soup.html["lang"] == "en"
    assert len(soup.title.get_text()) > 10
    assert 30 <= len(meta(soup, name="description")) <= 250


@every_written_page
def test_page_carries_opengraph_tags(site, name):
    soup = parse(site / name)
    assert meta(soup, property="og:url") == SITE_URL + name
    for tag in ("og:title", "og:type", "og:description", "og:site_name", "og:image", "og:image:alt"):
        assert meta(soup, property=tag), tag


def test_titles_and_descriptions_differ_from_page_to_page(site):
    soups = [parse(site / name) for name in PAGES]
    assert len({soup.title.get_text() for soup in soups}) == len(PAGES)
    assert len({meta(soup, name="description") for soup in soups}) == len(PAGES)


def test_sitemap_lists_every_written_page_and_no_other(site):
    places = ElementTree.parse(site / "sitemap.xml").iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    assert sorted(place.text for place in places) == sorted(SITE_URL + name for name in WRITTEN)


@every_written_page
def test_generated_pages_only_are_hidden_from_search_engines(site, name):
    assert meta(parse(site / name), name="robots") == ""
    assert meta(parse(site / "search.html"), name="robots") == "noindex"


def button(site: Path, document: str, label: str) -> str:
    """Return where a button of the page's header leads."""
    tags = parse(site / f"{document}.html").select(f'.article-header-buttons a[title="{label}"]')
    assert len(tags) == 1, label
    return tags[0]["href"]


@every_notebook
def test_launch_buttons_open_this_notebook(site, document):
    binder = urlsplit(button(site, document, "Launch on Binder"))
    assert binder.geturl().startswith(f"https://mybinder.org/v2/gh/{SLUG}/{BRANCH}?")
    assert parse_qs(binder.query)["urlpath"] == [f"lab/tree/{document}.ipynb"]
    colab = f"https://colab.research.google.com/github/{SLUG}/blob/{BRANCH}/{document}.ipynb"
    assert button(site, document, "Launch on Colab") == colab


@pytest.mark.parametrize("document", DOCUMENTS)
def test_edit_and_download_buttons_lead_to_the_source(site, document):
    source = f"{document}.ipynb" if document in NOTEBOOKS else f"{document}.md"
    assert (ROOT / source).is_file()
    assert button(site, document, "Suggest edit") == f"{REPOSITORY}/edit/{BRANCH}/{source}"
    download = urljoin(SITE_URL + document, button(site, document, "Download source file")).removeprefix(SITE_URL)
    assert (site / download).read_bytes() == (ROOT / source).read_bytes()


@every_notebook
def test_equations_and_figures_are_numbered_by_the_file_name(site, document):
    article = parse(site / f"{document}.html").find("article")
    chapter = int(Path(document).name[:2])
    assert article.h1.get_text().startswith(f"{chapter}. ")
    numbers = [tag.get_text().strip("()Fig. ") for tag in article.select(".eqno, .caption-number")]
    assert all(number.startswith(f"{chapter}.") for number in numbers), numbers
