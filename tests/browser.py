"""Pages as trees, and in a real browser that may ask for nothing: what tests of pages share."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

VOID = {"meta", "br", "link", "hr", "img", "input"}
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip


class Element:
    """One element of a parsed page."""

    def __init__(self, tag: str, attributes: dict[str, str], parent: Element | None) -> None:
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.children: list[Element | str] = []

    def all(self, tag: str = "", name: str = "") -> list[Element]:
        found = []
        for child in self.children:
            if isinstance(child, Element):
                if tag in ("", child.tag) and (not name or name in child.attributes.get("class", "").split()):
                    found.append(child)
                found += child.all(tag, name)
        return found

    @property
    def text(self) -> str:
        told = "".join(child if isinstance(child, str) else child.text + " " for child in self.children)
        return " ".join(told.split())


class Page(HTMLParser):
    """A page as a tree; a tag that is not closed, or closed twice, is an error."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.here = Element("", {}, None)
        self.feed(text)
        self.close()
        assert self.here is self.root, f"{self.here.tag} is not closed"

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        element = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.children.append(element)
        if tag not in VOID:
            self.here = element

    def handle_startendtag(self, tag, attrs):
        self.here.children.append(Element(tag, {name: value or "" for name, value in attrs}, self.here))

    def handle_endtag(self, tag):
        assert tag == self.here.tag, f"{tag} closes {self.here.tag}"
        self.here = self.here.parent

    def handle_data(self, data):
        self.here.children.append(data)

    def all(self, tag: str = "", name: str = "") -> list[Element]:
        return self.root.all(tag, name)

    def at(self, anchor: str) -> Element:
        (found,) = [one for one in self.all() if one.attributes.get("id") == anchor]
        return found


def check_structure(page: Page) -> None:
    """What holds of every page: unique ids, links that lead somewhere, named tables, headings in steps."""
    ids = Counter(one.attributes["id"] for one in page.all() if "id" in one.attributes)
    assert set(ids.values()) == {1}
    for link in page.all("a"):
        assert link.attributes["href"].startswith("#") and link.attributes["href"][1:] in ids
    for named in page.all():
        if "aria-labelledby" in named.attributes:
            assert named.attributes["aria-labelledby"] in ids
    for table in page.all("table"):
        assert table.all("caption")
        for head in table.all("th"):
            assert head.attributes.get("scope") or "colspan" in head.attributes
    levels = [int(one.tag[1]) for one in page.all() if re.fullmatch(r"h[1-6]", one.tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    (html,) = page.all("html")
    assert html.attributes["lang"] == "en-GB"
    assert [len(page.all(tag)) for tag in ("main", "header", "footer", "nav")][0::2] == [1, 1]


@contextmanager
def launched() -> Iterator[Any]:
    """A headless Chromium; the test is skipped where there is none."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on this machine: install it to see the page in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=path, args=QUIET)
        yield found
        found.close()


@contextmanager
def opened(browser: Any, path: Path, *, quiet: bool = True, **more: Any) -> Iterator[Any]:
    """A page from a file; any other request, console message or error fails the test unless not `quiet`."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **more})
    tab = context.new_page()
    heard: list[str] = []

    def only_itself(route: Any) -> None:
        if route.request.url == path.as_uri():
            route.continue_()
        else:
            heard.append(f"asked for {route.request.url}")
            route.abort()

    tab.route("**/*", only_itself)
    tab.on("console", lambda said: heard.append(said.text))
    tab.on("pageerror", lambda said: heard.append(str(said)))
    tab.heard = heard
    tab.goto(path.as_uri())
    yield tab
    context.close()
    if quiet:
        assert heard == []
