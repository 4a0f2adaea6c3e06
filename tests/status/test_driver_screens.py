"""The driver's screens as a browser shows them: live from a gate's socket, and honest when it is gone."""

import http.client
import re
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from terminal.core.barrier_words import Side
from terminal.core.journal import EntryKey
from terminal.core.reasons import Outcome, Reason
from terminal.core.situation import Decision
from terminal.edges.heartbeat import Heartbeats
from terminal.edges.local_socket import LocalSocket
from terminal.gate.shown import answer_news, card_news
from terminal.tap.ports import Answer
from tests.edges.as_user import needs_root
from tests.orders.rig import Lanes
from tests.orders.test_over_the_socket import Served, serving
from tests.status.status_process import EndedError, StatusProcess
from tests.web.browser import chromium

pytestmark = needs_root  # root may watch
SITE = {"languages": ["en"], "phone": "+31 10 123", "hours": None, "currency": "EUR"}
PLANNER_HELPS = "Planlamac\u0131n\u0131z yard\u0131mc\u0131 olabilir."
LANE_2 = "/driver/2"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(Lanes(tmp_path, "both", "exit")) as served:
        yield served


def give_rules(served: Served) -> None:
    """As the news has it when rules come into force: lanes of the rig have none, and its readers stand elsewhere."""
    served.lanes.live.tell({"news": "site", "site": SITE})
    reader = {"news": "reader", "at": 2, "reader": "Reader 02 00", "side": "exit", "state": "ready"}
    served.lanes.live.tell(reader)


def tapped(served: Served, outcome: Outcome, reason: Reason = Reason.OK, language: str = "pl") -> None:
    decision = Decision(outcome=outcome, reason=reason, help=reason.help)
    answer = Answer(
        lane=2,
        reader="Reader 02 00",
        side=Side.EXIT,
        decision=decision,
        language=language,
        key=EntryKey("gate-1", bytes(16), 7),
        card_ms=80.0,
        durable_ms=2.0,
        tap_ms=90.0,
    )
    served.lanes.live.tell(card_news(2, "Reader 02 00", Side.EXIT, "came"))
    served.lanes.live.tell(answer_news(answer))


def shows(page: Page, face: str, language: str) -> None:
    expect(page.locator(f'html[data-face="{face}"][lang="{language}"]')).to_be_attached(timeout=20_000)


def watched(browser: Browser, status: StatusProcess, served: Served) -> Page:
    page = browser.new_page()
    page.goto(f"{status.address}{LANE_2}")
    shows(page, "out-of-service", "en")  # no rules yet
    status.wait_for("gate-found")
    give_rules(served)
    shows(page, "ready", "en")
    return page


def test_tap_is_seen_in_the_driver_s_language_and_gives_way_to_the_next(
    served: Served, browser: Browser, tmp_path: Path
) -> None:
    with StatusProcess(tmp_path, served.path) as status:
        page = watched(browser, status, served)
        tapped(served, Outcome.ADMIT)
        shows(page, "goodbye", "pl")
        expect(page.get_by_role("heading")).to_have_text("Szerokiej drogi")
        tapped(served, Outcome.DESK, Reason.NO_VISIT, "tr")
        shows(page, "desk", "tr")
        expect(page.get_by_text(PLANNER_HELPS)).to_be_visible()
        page.close()


def test_gate_that_is_gone_is_said_so_and_is_found_again(browser: Browser, tmp_path: Path) -> None:
    lanes = Lanes(tmp_path, "both", "exit")
    with lanes, tempfile.TemporaryDirectory() as name:
        path = Path(name) / "gate.sock"
        with StatusProcess(tmp_path, path) as status:
            with listening(lanes, path):
                page = watched(browser, status, Served(lanes, path))
            shows(page, "out-of-service", "en")
            assert httpx.get(f"{status.address}/healthz").status_code == 503
            with listening(lanes, path):
                status.wait_for("gate-found", times=2)
                shows(page, "out-of-service", "en")  # this gate has no rules in force
                give_rules(Served(lanes, path))
                shows(page, "ready", "en")
            page.close()


@contextmanager
def listening(lanes: Lanes, path: Path) -> Iterator[None]:
    gate = LocalSocket(
        path, lanes.requests.serve, knows=lanes.requests.knows, heartbeat=Heartbeats(), trouble=lambda _: None
    )
    gate.start()
    try:
        yield
    finally:
        assert gate.stop()


def test_page_whose_terminal_dies_says_out_of_service_by_itself_and_comes_back(
    served: Served, browser: Browser, tmp_path: Path
) -> None:
    with StatusProcess(tmp_path, served.path) as status:
        page = watched(browser, status, served)
        port = int(status.address.rsplit(":", 1)[1])
    shows(page, "out-of-service", "en")
    with StatusProcess(tmp_path, served.path, port) as status:
        status.wait_for("gate-found")
        give_rules(served)
        shows(page, "ready", "en")
    page.close()


def test_nothing_is_asked_for_elsewhere_and_every_answer_has_its_headers(
    served: Served, browser: Browser, tmp_path: Path
) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    with StatusProcess(tmp_path, served.path) as status:
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda said: complaints.append(said.text))
        page.goto(f"{status.address}{LANE_2}")
        shows(page, "out-of-service", "en")
        weight = len(page.content())
        page.close()
        answers = [httpx.get(f"{status.address}{path}") for path in (LANE_2, "/driver/9", "/healthz", "/nowhere")]
        assets = [httpx.get(url) for url in asked if "/assets/" in url]
    assert [url for url in asked if not url.startswith((status.address, "data:"))] == []
    assert complaints == []
    assert [answer.status_code for answer in answers] == [200, 404, 200, 404]
    for answer in (*answers, *assets):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "server" not in answer.headers
    assert not re.search(r"<(script|style)[^>]*>[^<]|\sstyle=|\son[a-z]+=", answers[0].text)
    assert weight + sum(len(asset.content) for asset in assets) <= 100_000


def test_screens_are_where_the_configuration_says(served: Served, tmp_path: Path) -> None:
    with StatusProcess(tmp_path, served.path) as status:
        paths = [url.removeprefix(status.address) for url in status.screens]
        missing = httpx.get(f"{status.address}/driver/9").text
    assert paths == ["/driver/1/entry", "/driver/1/exit", "/driver/2", "/driver/21"]
    assert missing == "no screen here; there is /driver/1/entry /driver/1/exit /driver/2 /driver/21, by gate.toml\n"


@pytest.mark.parametrize(
    ("method", "headers", "status_code"),
    [
        ("GET", {"Host": "evil.example"}, 421),
        ("DELETE", {}, 405),
        ("POST", {"Content-Length": "999999999"}, 413),
        ("POST", {"Content-Length": "many"}, 400),
    ],
)
def test_strange_requests_are_refused(
    method: str, headers: dict[str, str], status_code: int, served: Served, tmp_path: Path
) -> None:
    with StatusProcess(tmp_path, served.path) as status:
        connection = http.client.HTTPConnection(status.address.removeprefix("http://"), timeout=20)
        connection.putrequest(method, LANE_2, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        assert connection.getresponse().status == status_code
        connection.close()


def test_port_that_is_taken_is_said(served: Served, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status = StatusProcess(tmp_path, served.path, port)
        with pytest.raises(EndedError, match=f"cannot be served at 127.0.0.1, port {port}: Address already in use"):
            status.__enter__()
    assert status.process.wait(20) == 1


def test_signal_ends_it_while_browsers_watch(served: Served, tmp_path: Path) -> None:
    with StatusProcess(tmp_path, served.path) as status:
        streams = [socket.create_connection(("127.0.0.1", int(status.address.rsplit(":", 1)[1]))) for _ in range(5)]
        for stream in streams:
            stream.sendall(f"GET {LANE_2}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            assert b"event: screen" in _until(stream, b"event: screen")
    for stream in streams:
        stream.close()


def _until(stream: socket.socket, wanted: bytes) -> bytes:
    stream.settimeout(20)
    got = b""
    while wanted not in got:
        part = stream.recv(4096)
        assert part, got
        got += part
    return got
