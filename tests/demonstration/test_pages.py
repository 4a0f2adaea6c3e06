"""Real cards on real readers, and what a real browser shows the driver: by PC/SC, gate, socket, status and stream."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from demonstration.configuration import BRISK
from demonstration.stage import Stage
from simulation.pcscd import PcscDaemon
from simulation.scene_seen import Seen
from tests.web.browser import chromium

pytestmark = pytest.mark.pcsc
SOON_MS = 20_000
REMEMBER = """() => {
  window.seen = [];
  const look = () => window.seen.push([document.documentElement.dataset.face, document.documentElement.lang,
                                       document.querySelector("h1").textContent]);
  new MutationObserver(look).observe(document.querySelector("main"), { childList: true });
}"""


@pytest.fixture(scope="module")
def stage(pcscd: PcscDaemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    seen = Seen()
    with Stage(
        tmp_path_factory.mktemp("pages") / "stage", setup=replace(BRISK, direction="both"), hear=seen.hear, pages=True
    ) as stage:
        yield stage


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def screen(stage: Stage, browser: Browser) -> Iterator[Page]:
    """The driver's screen at the way in."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(stage.pages.screens[0])
    shows(page, "ready")
    page.evaluate(REMEMBER)
    yield page
    page.close()


def shown(page: Page) -> list[list[str]]:
    """Every face, language and headline that the page has shown: a vehicle drives on while a test looks."""
    seen: list[list[str]] = page.evaluate("window.seen")
    return seen


def shows(page: Page, face: str) -> None:
    expect(page.locator(f'html[data-face="{face}"]')).to_be_attached(timeout=SOON_MS)


def test_both_sides_of_the_lane_have_a_screen(stage: Stage) -> None:
    assert [address.partition("/driver")[2] for address in stage.pages.screens] == ["/1/entry", "/1/exit"]


def test_anna_is_welcomed_and_drives_in(stage: Stage, screen: Page) -> None:
    assert stage.tap("anna", "entry")["outcome"] == "admit"
    shows(screen, "ready")
    seen = shown(screen)
    assert ["welcome", "nl", "Welkom"] in seen


def test_bram_is_told_that_it_does_not_work_and_who_can_help_but_not_why(stage: Stage, screen: Page) -> None:
    assert stage.tap("bram", "entry")["reason"] == "blocked"
    shows(screen, "sorry")
    expect(screen.get_by_text("De uitgever van uw kaart kan helpen.")).to_be_visible()
    words = screen.locator("main").inner_text().lower()
    assert not any(word in words for word in ("bram", "geblokkeerd", "blocked", "verloren"))


def test_each_driver_is_spoken_to_in_the_language_of_his_card(stage: Stage, screen: Page) -> None:
    for name, language in (("farid", "fr"), ("dmitri", "uk")):
        stage.tap(name, "entry")
        shows(screen, "ready")
        assert language in {each for _, each, _ in shown(screen)}


def test_lane_that_a_guard_pauses_is_closed_on_the_screen_at_once(stage: Stage, screen: Page) -> None:
    stage.lane.order("pause", "change of shift", None)
    shows(screen, "closed")
    stage.lane.order("resume", "done", None)
    shows(screen, "ready")


def test_power_cut_of_the_gate_is_out_of_service_and_over_when_it_is_back(stage: Stage, screen: Page) -> None:
    stage.lane.cut_power()
    shows(screen, "out-of-service")
    stage.lane.power_back()
    shows(screen, "ready")


def test_screen_is_kept_as_a_picture(stage: Stage, screen: Page, tmp_path: Path) -> None:
    picture = screen.screenshot(path=tmp_path / "ready.png")
    assert picture.startswith(b"\x89PNG")
