"""What the pages cost: from the gate's news to what a real browser shows, memory with viewers, weight, log-in.

The gate is its socket alone, and tells what a gate tells; `xs-terminal status` and chromium are the real ones.
"""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from bench.figures import Figures
from terminal.accounts.passwords import hashed
from terminal.accounts.roles import Role
from terminal.accounts.store import Account, Store
from terminal.edges.heartbeat import Heartbeats
from terminal.edges.local_socket import LocalSocket, Packets
from terminal.live import Live

CHROMIUM = "/usr/bin/chromium"
VIEWERS = 20
SETTLE_S = 2.0
STARTED_S = 30.0
BEAT_S = 1.0
UNIT = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "65536"}
"""As the unit runs it."""
NAME, PASSWORD = "guard", "nobody else knows it"
LANE = {
    "lane": 1,
    "direction": "entry",
    "phase": "closed",
    "owed": 0,
    "contacts": {"closed_limit": True, "loop_arm": False, "loop_safety": False},
    "light": "red",
    "kept": [],
    "shut": None,
}
SITE = {
    "number": 1,
    "name": "Bench",
    "time_zone": "Europe/Amsterdam",
    "level": "1",
    "languages": ["en"],
    "phone": None,
    "hours": None,
    "currency": "EUR",
    "zones": {"1": "Yard"},
    "list_number": 1,
    "lists_issued_at_s": 0,
    "list_warn_s": 10**10,
    "list_max_s": 10**10,
}
READER = {"news": "reader", "at": 1, "reader": "Reader 00 00", "side": "entry", "state": "ready"}
ANSWER = {
    "news": "answer",
    "at": 1,
    "reader": "Reader 00 00",
    "side": "entry",
    "language": "pl",
    "sequence": 1,
    "outcome": "admit",
    "reason": "ok",
    "help": "driver",
    "flags": [],
}
TOML = """
[terminal]
name = "bench"
site = 1
data = "{folder}/data"
mirror = "{folder}/mirror"
root = "{folder}/root.json"

[socket]
path = "{folder}/gate.sock"

[status]
port = 0
accounts = "{folder}/accounts.db"

[board]
kind = "simulated"
socket = "{folder}/board.sock"

[[lane]]
number = 1
direction = "entry"

[[lane.reader]]
name = "Reader 00 00"
"""

# Notes when the page has become another one, by the same clock as Python's: milliseconds since the epoch.
NOTE = """(selector) => {
  window.seen = [];
  new MutationObserver(() => window.seen.push(performance.timeOrigin + performance.now()))
    .observe(document.querySelector(selector), { childList: true, subtree: true });
}"""


def measure(folder: Path, figures: Figures, progress: Callable[[str], None], *, taps: int) -> None:
    """Measure with so many taps, and so many changes of a lane, with files below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    live = Live()
    Store(folder / "accounts.db").add(
        Account(name=NAME, full_name="Guard", role=Role.GUARD, language="en", hash_=hashed(NAME, PASSWORD))
    )
    with ExitStack() as parts:
        parts.enter_context(_gate(folder / "gate.sock", live))
        address, pid = parts.enter_context(_status(folder))
        time.sleep(SETTLE_S)
        figures.add("pages.status_pss_mb", _pss_mb(pid))
        playwright = parts.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--mute-audio"])
        parts.callback(browser.close)
        progress(f"{taps} taps to the driver's screen, {taps} changes to the guard's page")
        driver = browser.new_page()
        driver.goto(f"{address}/driver/1")
        figures.add_samples("pages.tap_to_driver_ms", _times(driver, "main", live, _taps(taps)), 50, 95)
        guard = _logged_in(browser, address)
        figures.add_samples("pages.change_to_guard_ms", _times(guard, "#lane-1", live, _changes(taps)), 50, 95)
        progress(f"{VIEWERS} viewers")
        with ExitStack() as viewers:
            cookie = guard.context.cookies()[0]["value"]
            for _ in range(VIEWERS):
                viewers.enter_context(closing(_viewer(address, cookie)))
            for news in _changes(200):
                live.tell(news)
            time.sleep(SETTLE_S)
            figures.add("pages.status_20_viewers_pss_mb", _pss_mb(pid))
        figures.add("pages.first_paint_ms", _first_paint_ms(browser, address))
        figures.add("pages.guard_weight_bytes", _weight(browser, address))
        figures.add("pages.driver_weight_bytes", float(len(httpx.get(f"{address}/driver/1").content)))


def _taps(count: int) -> Iterator[Mapping[str, Any]]:
    for number in range(count):
        yield {**ANSWER, "language": ("pl", "de")[number % 2]}


def _changes(count: int) -> Iterator[Mapping[str, Any]]:
    for number in range(count):
        yield {"news": "lane", **LANE, "phase": ("opening", "closed")[number % 2]}


def _times(page: Page, selector: str, live: Live, changes: Iterator[Mapping[str, Any]]) -> list[float]:
    """From telling to the page having changed, each in milliseconds."""
    page.evaluate(NOTE, selector)
    samples = []
    for news in changes:
        before = page.evaluate("window.seen.length")
        told_ms = time.time_ns() / 1e6
        live.tell(news)
        while len(seen := page.evaluate("window.seen")) == before:
            pass
        samples.append(seen[before] - told_ms)
    return samples


@contextmanager
def _gate(path: Path, live: Live) -> Iterator[None]:
    def news() -> Generator[Mapping[str, Any], None, None]:
        with live.watching() as watcher:
            yield {"version": 1, "news": "begin", "terminal": "bench"}
            yield {"news": "site", "site": SITE}
            yield READER
            yield {"news": "lane", **LANE}
            yield {"news": "all"}
            while True:
                yield watcher.next(BEAT_S) or {"news": "beat", "at_ms": time.time_ns() // 10**6, "clock": "good"}

    def answer(_: int, asked: Mapping[str, Any]) -> Mapping[str, Any] | Packets:
        return Packets(news()) if asked.get("ask") == "watch" else {"version": 1, "result": "obeyed"}

    gate = LocalSocket(path, answer, knows=lambda _: True, heartbeat=Heartbeats(), trouble=lambda _: None)
    gate.start()
    try:
        yield
    finally:
        gate.stop()


@contextmanager
def _status(folder: Path) -> Iterator[tuple[str, int]]:
    (folder / "gate.toml").write_text(TOML.format(folder=folder))
    command = [sys.executable, "-m", "terminal", "status", str(folder / "gate.toml")]
    log = folder / "status.log"
    environ = {**os.environ, **UNIT}
    with log.open("wb") as written, subprocess.Popen(command, stderr=written, env=environ) as process:
        try:
            end_s = time.monotonic() + STARTED_S
            while (found := re.search(r'"address": "([^"]+)"', log.read_text())) is None:
                if process.poll() is not None or time.monotonic() > end_s:
                    raise RuntimeError(f"the pages are not served: {log.read_text()}")
                time.sleep(0.01)
            yield found[1], process.pid
        finally:
            process.terminate()


def _logged_in(browser: Browser, address: str) -> Page:
    page = browser.new_context().new_page()
    page.goto(f"{address}/login")
    page.fill("input[name=name]", NAME)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_selector("#lane-1 svg")
    return page


def _viewer(address: str, cookie: str) -> socket.socket:
    wire = socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1])))
    wire.sendall(f"GET /guard/events HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: xs-session={cookie}\r\n\r\n".encode())
    return wire


def _first_paint_ms(browser: Browser, address: str) -> float:
    samples = []
    for _ in range(5):
        page = browser.new_context().new_page()
        page.goto(f"{address}/driver/1")
        entries = "performance.getEntriesByName('first-contentful-paint').map((each) => each.startTime)"
        while not (painted := page.evaluate(entries)):
            pass
        samples.append(painted[0])
        page.context.close()
    return float(median(samples))


def _weight(browser: Browser, address: str) -> float:
    """All that comes for the guard's page, its stream left out."""
    sizes: dict[str, int] = {}
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/login")
    page.on("response", lambda response: sizes.update(_size(response)))
    page.fill("input[name=name]", NAME)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_selector("#lane-1 svg")
    context.close()
    return float(sum(sizes.values()))


def _size(response: Any) -> dict[str, int]:
    if "/events" in response.url or not response.ok:
        return {}
    return {response.url: len(response.body())}


def _pss_mb(pid: int) -> float:
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 / 1e6 if found else 0.0
