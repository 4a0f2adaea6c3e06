"""The page of receipts: what it shows, to whom, and what it keeps to itself."""

import asyncio
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import Any

import httpx
import pytest
from lxml import html
from starlette.types import ASGIApp

from headquarters.receipts.allowance import BURST, Allowance, asker
from headquarters.receipts.server import listening, server
from headquarters.receipts.serving import HEADERS, MAX_FORM_BYTES, Receipts, accepted
from terminal.words.catalogues import languages
from tests.receipts.parked import NIGHT, SHOWN, named, settled
from tests.settlement.ground import Ground

HERE = f"/r/{SHOWN.replace(' ', '')}"
NOT_HERE = "/r/AAAAAAAAAAAAAAAA"
EVIL = '<script>alert(1)</script> & "Zn" \''


@dataclass
class Clock:
    s: float = 0.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass
class Page:
    """The application without a socket, as one address asks it."""

    application: ASGIApp

    def get(
        self, path: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        return asyncio.run(self._ask(httpx.Request("GET", f"http://here{path}", params=params, headers=headers)))

    def post(self, path: str, data: Mapping[str, str]) -> httpx.Response:
        return asyncio.run(self._ask(httpx.Request("POST", f"http://here{path}", data=data)))

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        transport = httpx.ASGITransport(self.application, client=("10.0.0.1", 40000))
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.send(request)


@pytest.fixture
def page(ground: Ground, clock: Clock) -> Page:
    return Page(Receipts(ground.office.database, Allowance(clock)).application())


def seen(answer: httpx.Response) -> str:
    """The text that a person sees."""
    return " ".join("".join(map(str, html.fromstring(answer.text).itertext())).split())


def test_receipt_is_found_by_its_code(ground: Ground, page: Page) -> None:
    named(ground, "Anna")
    settled(ground, NIGHT)
    answer = page.get(HERE)
    assert answer.status_code == 200
    for part in ("This is no invoice", "Anna (4711)", "2 periods of 1 hr begun, at €1.50 each", "€0.52", "…cdef"):
        assert part in seen(answer)


def test_typed_code_leads_there_whatever_it_is_typed_like(ground: Ground, page: Page) -> None:
    answer = page.post("/?language=de", data={"code": " abcd-efgh ijkl mnop "})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}?language=de")


def test_code_that_is_not_here_is_answered_alike_until_it_is(ground: Ground, page: Page) -> None:
    ground.tell(NIGHT.entry(1, None))
    before, never = page.get(HERE), page.get(NOT_HERE)
    assert (before.status_code, before.text, before.headers) == (never.status_code, never.text, never.headers)
    assert before.status_code == 404
    assert "it is not here yet, or the code is not right" in seen(before)
    ground.settle()
    assert page.get(HERE).status_code == 200


@pytest.mark.parametrize("typed", ["", "123", SHOWN + "A", "%00", EVIL])
def test_what_is_no_code_is_said_and_not_repeated(page: Page, typed: str) -> None:
    answer = page.post("/", data={"code": typed})
    assert answer.status_code == 400
    assert "That is no code" in seen(answer)
    assert "alert" not in answer.text


def test_form_that_is_too_large_is_not_read(page: Page) -> None:
    large = {"x": "y" * MAX_FORM_BYTES, "code": SHOWN}
    assert page.post("/", data=large).status_code == 400
    assert page.post("/", data={"code": SHOWN}).status_code == 303


def test_every_text_is_escaped(ground: Ground, page: Page) -> None:
    named(ground, EVIL)
    settled(ground, NIGHT)
    answer = page.get(HERE)
    assert "<script" not in answer.text
    assert EVIL in "".join(map(str, html.fromstring(answer.text).itertext()))


@pytest.mark.parametrize("path", ["/", HERE, NOT_HERE, "/r/123", "/receipt.css", "/nowhere"])
def test_every_answer_keeps_everybody_else_out(ground: Ground, page: Page, path: str) -> None:
    settled(ground, NIGHT)
    answer = page.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "set-cookie" not in answer.headers
    if answer.headers["content-type"].startswith("text/html"):
        addresses = _found(answer.text, "//@src | //@href | //@action")
        assert all(each.startswith(("/", "?")) and not each.startswith("//") for each in addresses)
        assert not _found(answer.text, "//script | //@style | //@onclick | //img")


@pytest.mark.parametrize(
    ("asked", "header", "language"),
    [
        ("", "", "en"),
        ("", "de-AT,de;q=0.9", "de"),
        ("", "fr, nl;q=0.8, de;q=0.9", "de"),
        ("nl", "de", "nl"),
        ("xx", "nl-BE", "nl"),
        ("", "*;q=x,;;,=,nl;q=2", "en"),
    ],
)
def test_page_speaks_the_language_that_is_asked_for(page: Page, asked: str, header: str, language: str) -> None:
    answer = page.get("/", params={"language": asked} if asked else {}, headers={"accept-language": header})
    assert _found(answer.text, "/html/@lang") == [language]


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("path", ["/", HERE, NOT_HERE])
def test_page_can_be_read_aloud(ground: Ground, page: Page, path: str, language: str) -> None:
    settled(ground, NIGHT)
    document = page.get(path, params={"language": language}).text
    assert _found(document, "/html/@lang") == [language]
    assert len(_found(document, "//main//h1")) == len(_found(document, "//title")) == 1
    levels = [int(each.tag[1]) for each in _found(document, "//h1 | //h2 | //h3")]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(_found(document, f"//label[@for='{each}']") for each in _found(document, "//input/@id"))
    assert {each.get("lang") for each in _found(document, "//nav//a")} == set(languages())


def test_guessing_is_bounded_for_each_address(page: Page, clock: Clock) -> None:
    assert [page.get(NOT_HERE).status_code for _ in range(BURST + 1)] == [404] * BURST + [429]
    assert page.get("/").status_code == 200
    refused = page.get(HERE)
    assert refused.status_code == 429
    clock.s += int(refused.headers["retry-after"])
    assert [page.get(NOT_HERE).status_code for _ in range(2)] == [404, 429]


def test_addresses_are_counted_apart_and_the_oldest_forgotten(clock: Clock) -> None:
    allowance = Allowance(clock, burst=1, max_addresses=2)
    assert [allowance.take(each) for each in ("10.0.0.1", "10.0.0.1", "10.0.0.2")] == [True, False, True]
    assert allowance.take("10.0.0.3")
    assert allowance.take("10.0.0.1")
    assert not allowance.take("10.0.0.3")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("testclient", "", True),
    ],
)
def test_line_with_a_network_of_its_own_is_one_asker(one: str, other: str, same: bool) -> None:
    assert (asker(one) == asker(other)) is same


def test_languages_of_a_browser_are_taken_in_its_order() -> None:
    assert accepted("nl;q=0.5, de, en;q=0, fr;q=0.7") == ["de", "fr", "nl"]


def test_database_that_is_away_is_said(ground: Ground, page: Page) -> None:
    path = ground.office.folder / "register.db"
    ground.office.database.close()
    path.write_bytes(b"no database at all, for longer than its header" * 100)
    answer = page.get(HERE)
    assert answer.status_code == 503
    assert "Try again later" in seen(answer)


def test_receipt_comes_through_a_real_socket_and_no_code_is_logged(
    ground: Ground, capfd: pytest.CaptureFixture[str]
) -> None:
    settled(ground, NIGHT)
    with listening("127.0.0.1", 0) as listener:
        running = server(ground.office.database, None, monotonic_s=Clock())
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            answer = httpx.get(f"http://127.0.0.1:{listener.getsockname()[1]}{HERE}", timeout=60)
        finally:
            running.should_exit = True
            thread.join(60)
    assert answer.status_code == 200
    assert "€3.00" in seen(answer)
    assert "server" not in answer.headers
    out, err = capfd.readouterr()
    assert HERE not in out + err


def test_every_text_stands_out_from_its_ground_by_day_and_by_night() -> None:
    by_day, by_night = _colours()
    for colours in (by_day, by_night):
        for ink, ground in (
            ("ink", "paper"),
            ("quiet", "paper"),
            ("link", "paper"),
            ("ink", "notice"),
            ("paper", "link"),
        ):
            assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)


def _found(text: str, path: str) -> list[Any]:
    """What an XPath finds in a page."""
    found = html.fromstring(text).xpath(path)
    assert isinstance(found, list)
    return found


def _colours() -> list[dict[str, str]]:
    style = files("headquarters.receipts").joinpath("receipt.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    return [dict(re.findall(r"--(\w+): #([0-9a-f]{6});", block)) for block in blocks]


def _contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2, 1.4.3."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [value / 255 for value in bytes.fromhex(colour)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
