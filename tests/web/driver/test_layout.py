"""Every face in every language on the screens that stand beside lanes: nothing is cut off, and it is large enough."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

from terminal.web.driver.faces import Face
from terminal.web.driver.rendering import DriverPages
from terminal.words.catalogues import DRIVER, languages
from tests.web.browser import chromium
from tests.web.driver.samples import screens

SCREEN_MM = 345
LETTERS_MM = 20
SIZES = ((800, 480), (1280, 800))
CAPITALS = 0.7
"""How high capitals are, of the size of the font."""
ADDRESS = "http://127.0.0.1/driver/1"

# For each message: what sticks out of the picture or of its own box, what lies over something else, and the letters.
MEASURE = """(messages) => messages.map((told) => {
  document.documentElement.dataset.face = told.face;
  document.documentElement.lang = told.language;
  const main = document.querySelector("main");
  main.innerHTML = told.html;
  const boxes = [...main.querySelectorAll(".pictogram, .words > *")].map((each) => {
    const range = document.createRange();
    range.selectNodeContents(each);
    const box = each.matches("svg") ? each.getBoundingClientRect() : range.getBoundingClientRect();
    return { what: each.className.baseVal || each.className || each.localName, ...box.toJSON() };
  });
  const out = boxes.filter((box) =>
    box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight);
  const over = boxes.filter((box, at) => boxes.slice(0, at).some((other) =>
    box.left < other.right - 1 && other.left < box.right - 1 &&
    box.top < other.bottom - 6 && other.top < box.bottom - 6));
  const letters_px = parseFloat(getComputedStyle(main.querySelector("h1")).fontSize);
  const named = (those) => those.map((each) => each.what);
  return { face: told.face, text: main.innerText, out: named(out), over: named(over), letters_px };
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def opened(browser: Browser, width: int, height: int, pages: DriverPages, **more: Any) -> Page:
    """A page that has all it needs and gets no events."""
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", **more)
    page = context.new_page()

    def serve(route: Route) -> None:
        path = "/" + route.request.url.split("/", 3)[3]
        if path == "/driver/1":
            route.fulfill(body=pages.page(screens("en")[0], path), content_type="text/html; charset=utf-8")
        elif path == pages.stylesheet_path:
            route.fulfill(body=pages.stylesheet, content_type="text/css")
        else:
            route.abort()

    page.route("**/*", serve)
    page.goto(ADDRESS)
    return page


@pytest.mark.timeout(120)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_no_face_is_cut_off_in_any_language(browser: Browser, size: tuple[int, int]) -> None:
    pages = DriverPages(SCREEN_MM)
    page = opened(browser, *size, pages)
    wrong = []
    smallest = 1e9
    for language in languages(DRIVER):
        for told in page.evaluate(MEASURE, [pages.message(screen) for screen in screens(language)]):
            smallest = min(smallest, told["letters_px"])
            if told["out"] or told["over"]:
                wrong.append((language, told["face"], told["text"], told["out"], told["over"]))
    page.context.close()
    assert wrong == [], json.dumps(wrong, ensure_ascii=False, indent=1)
    assert smallest * CAPITALS >= LETTERS_MM * size[0] / SCREEN_MM


def test_measuring_finds_what_is_cut_off(browser: Browser) -> None:
    pages = DriverPages(SCREEN_MM)
    page = opened(browser, 800, 480, pages)
    told = pages.message(screens("en")[0])
    long = told | {"html": told["html"].replace("Hold it", "Hold it very " * 60)}
    (measured,) = page.evaluate(MEASURE, [long])
    page.context.close()
    assert "sentence" in measured["out"]


def test_every_face_is_accessible(browser: Browser) -> None:
    pages = DriverPages(SCREEN_MM)
    page = opened(browser, 1280, 800, pages)
    found = {}
    for screen in {screen.face: screen for screen in screens("en")}.values():
        page.evaluate(MEASURE, [pages.message(screen)])
        violations = Axe().run(page).response["violations"]
        if violations:
            found[screen.face] = [each["id"] for each in violations]
    page.context.close()
    assert found == {}


def test_every_face_has_a_pictogram(browser: Browser) -> None:
    page = opened(browser, 800, 480, DriverPages(SCREEN_MM))
    there = page.evaluate("[...document.querySelectorAll('symbol')].map((each) => each.id)")
    page.context.close()
    assert sorted(there) == sorted(Face)
