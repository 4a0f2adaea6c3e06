"""The guard's page in a real browser, on real lanes: who may see it, what it shows, and what he may order."""

import http.client
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from terminal.accounts.passwords import hashed
from terminal.accounts.roles import Role
from terminal.accounts.store import Account, Store
from terminal.core.barrier_words import Phase
from terminal.core.journal import Entry, Kind
from tests.edges.as_user import needs_root
from tests.orders.rig import Lanes
from tests.orders.test_over_the_socket import Served, serving
from tests.status.status_process import StatusProcess
from tests.web.browser import chromium

pytestmark = needs_root  # root may watch, and order
PASSWORD = "paard batterij nietje"
SITE = {
    "number": 7,
    "name": 'Kade <b>7</b> & "zo"',
    "time_zone": "Europe/Amsterdam",
    "languages": ["nl"],
    "zones": {"1": "Yard <script>alert(1)</script>"},
    "phone": None,
    "hours": None,
    "currency": "EUR",
    "list_number": 3,
    "lists_issued_at_s": 0,
    "list_warn_s": 10**10,
    "list_max_s": 10**10,
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def kept_hash() -> str:
    return hashed("anja", PASSWORD)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(Lanes(tmp_path, "entry", "exit")) as served:
        view = served.lanes.gate.store.view(
            tmp_path / "view.db",
            facts=dict,
            trouble=lambda _: None,
            copied=lambda copied: served.lanes.live.tell({"news": "view", "copied": copied}),
        )
        view.start()
        yield served
        assert view.stop()


@pytest.fixture
def accounts(tmp_path: Path, kept_hash: str) -> Store:
    store = Store(tmp_path / "accounts.db")
    for name, role in (("anja", Role.GUARD), ("vera", Role.VIEWER), ("chef", Role.CHIEF)):
        store.add(Account(name=name, full_name=f"{name} <i>X</i>", role=role, language="en", hash_=kept_hash))
    return store


@pytest.fixture
def status(served: Served, accounts: Store, tmp_path: Path) -> Iterator[StatusProcess]:
    with started(served, tmp_path) as status:
        yield status


def started(served: Served, folder: Path, port: int = 0) -> StatusProcess:
    return StatusProcess(folder, served.path, port, f'accounts = "{folder}/accounts.db"', view=folder / "view.db")


def log_in(browser: Browser | BrowserContext, status: StatusProcess, name: str = "anja", **context: object) -> Page:
    page = browser.new_page(**context)  # type: ignore[arg-type]  # what Playwright takes
    page.goto(f"{status.address}/")
    expect(page).to_have_url(f"{status.address}/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{status.address}/")
    return page


def give(page: Page, lane: int, order: str, reason: str, words: str) -> None:
    card = page.locator(".lane-card").nth(lane - 1)
    card.locator(f'[data-order="{order}"] summary').click()
    card.locator(f'[data-order="{order}"]').get_by_label("Reason, for the journal").fill(reason)
    card.get_by_role("button", name=words).click()


# --------------------------------------------------------------------------------------------------- what a guard sees


def test_order_with_a_reason_moves_the_barrier_and_is_in_the_journal(
    served: Served, browser: Browser, status: StatusProcess
) -> None:
    page = log_in(browser, status)
    give(page, 2, "open", "driver lost his card", "Lane 2: Open once")
    served.lanes.came_to(Phase.OPEN, 2)
    expect(page.locator("#said")).to_have_text("Lane 2, Open once: carried out")
    expect(page.locator("#lane-2 svg.up")).to_be_visible()
    expect(page.locator("#events li").first).to_contain_text("Open once")
    assert served.lanes.told()[0] == (2, {"order": "open", "by": "root"})
    assert unsealed(served, Kind.ORDER)[0] == {"reason": "driver lost his card", "account": "anja"}
    page.close()


def test_what_happens_at_a_lane_is_on_the_page_without_a_reload(
    served: Served, browser: Browser, status: StatusProcess
) -> None:
    page = log_in(browser, status)
    expect(page.locator("#lane-1 .phase")).to_have_text("closed")
    served.order("pause", lane=1)
    expect(page.locator("#lane-1 .kept")).to_have_text("paused, no cards are taken")
    expect(page.locator('.lane-card >> nth=0 >> [data-order="resume"]')).to_be_visible()
    expect(page.locator('.lane-card >> nth=0 >> [data-order="pause"]')).to_be_hidden()
    expect(page.locator("#events li").first).to_contain_text("ordered by root")
    page.close()


def test_alarm_stands_on_the_page_until_its_cause_is_gone(
    served: Served, browser: Browser, status: StatusProcess
) -> None:
    page = log_in(browser, status)
    expect(page.locator("#alarms")).to_contain_text("None.")
    served.lanes.alarms.raised("tamper", 1)
    expect(page.locator("#alarms li")).to_contain_text("Housing was opened · Lane 1")
    served.lanes.alarms.cleared("tamper", 1)
    expect(page.locator("#alarms")).to_contain_text("None.")
    expect(page.locator("#events li").first).to_contain_text("Over: Housing was opened")
    page.close()


def test_alarm_is_acknowledged_with_a_note_stays_and_is_in_the_journal(
    served: Served, browser: Browser, status: StatusProcess
) -> None:
    page = log_in(browser, status)
    about = "front | 'x' \"y\""
    served.lanes.alarms.raised("reader", 1, about)
    page.get_by_label("Note, for whoever").fill("technician is on his way")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#said")).to_have_text("Acknowledged.")
    expect(page.locator("#alarms li.wait em")).to_have_text("acknowledged")
    assert unsealed(served, Kind.ALARM_ACKNOWLEDGED) == [{"note": "technician is on his way", "account": "anja"}]
    served.lanes.alarms.cleared("reader", 1, about)
    expect(page.locator("#alarms")).to_contain_text("None.")
    page.close()


def test_alarm_that_is_gone_already_is_said(served: Served, status: StatusProcess) -> None:
    with httpx.Client(base_url=status.address) as client:
        client_log_in(client)
        csrf = order_form(client)["csrf"]
        for key, say in (
            ('["reader", 1, null]', "This alarm does not stand any more."),
            ("[1]", "This is no order of this page."),
            ("{", "This is no order of this page."),
        ):
            form = {"csrf": csrf, "key": key, "reason": "seen to"}
            answer = client.post("/alarms", data=form, headers={"Accept": "application/json"})
            assert answer.json()["say"] == say
    assert unsealed(served, Kind.ALARM_ACKNOWLEDGED) == []


def test_viewer_acknowledges_nothing(served: Served, status: StatusProcess) -> None:
    served.lanes.alarms.raised("reader", 1)
    with httpx.Client(base_url=status.address) as client:
        client_log_in(client, "vera")
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get("/").text)
        assert csrf is not None
        form = {"csrf": csrf[1], "key": '["reader", 1, null]', "reason": "seen to"}
        assert client.post("/alarms", data=form, headers={"Accept": "application/json"}).status_code == 403
    assert unsealed(served, Kind.ALARM_ACKNOWLEDGED) == []


def test_page_that_lost_its_terminal_says_so_and_goes_on_without_a_gap(
    served: Served, browser: Browser, accounts: Store, tmp_path: Path
) -> None:
    with started(served, tmp_path) as status:
        page = log_in(browser, status)
        port = int(status.address.rsplit(":", 1)[1])
        expect(page.locator("#dead")).to_be_hidden()
    expect(page.locator("#dead")).to_be_visible(timeout=15_000)
    for number in range(3):
        happened(served, f"meanwhile {number}")
    with started(served, tmp_path, port) as status:
        expect(page).to_have_url(re.compile("/login$"), timeout=15_000)  # a restart ends every session
        page.close()
        again = log_in(browser, status)
        expect(again.locator('#events [data-kind="alarm-raised"]')).to_have_count(3)
        again.close()


def test_stream_that_comes_back_gets_each_event_that_it_missed_once(served: Served, status: StatusProcess) -> None:
    with httpx.Client(base_url=status.address) as client:
        cookies = client_log_in(client)
        for number in range(4):
            happened(served, f"one {number}")
        first = stream(status, cookies, "", until=5)
        last = first[1][0]
        later = stream(status, cookies, last, until=3)
    assert [number for _, number in first] == ["0", "1", "2", "3", "4"], "the log-in, and four events"
    assert [number for _, number in later] == ["2", "3", "4"]


def test_stream_of_another_journal_begins_anew(served: Served, status: StatusProcess) -> None:
    happened(served, "something")
    with httpx.Client(base_url=status.address) as client:
        cookies = client_log_in(client)
        stream(status, cookies, "", until=2)
        with raw_stream(status, cookies, "ffffffff-0") as wire:
            assert b"event: again" in read_until(wire, b"event: again")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_is_accessible_and_fits(
    scheme: str, served: Served, browser: Browser, status: StatusProcess, tmp_path: Path
) -> None:
    served.lanes.live.tell({"news": "site", "site": SITE})
    page = log_in(browser, status, "chef", color_scheme=scheme, reduced_motion="reduce")
    served.lanes.alarms.raised("reader", 1, "front")
    expect(page.locator("#alarms li")).to_be_visible()
    give_up = page.locator('.lane-card >> nth=0 >> [data-order="lock"] summary')
    give_up.click()
    for width in (1280, 768, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.screenshot(path=tmp_path / f"{scheme}-{width}.png")
        violations = Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == []
    page.close()


def test_text_of_others_cannot_become_part_of_the_page(served: Served, browser: Browser, status: StatusProcess) -> None:
    said: list[str] = []
    page = log_in(browser, status)
    page.on("dialog", lambda dialog: said.append(dialog.message))
    served.lanes.live.tell({"news": "site", "site": SITE})
    served.lanes.alarms.raised("reader", 1, "<img src=x onerror=alert(2)>")
    expect(page.locator("#alarms li")).to_contain_text("<img src=x onerror=alert(2)>")
    expect(page.locator("#lane-1 h2")).to_contain_text("<script>alert(1)</script>")
    page.reload()
    expect(page.locator(".where")).to_contain_text('Kade <b>7</b> & "zo"')
    expect(page.locator(".who")).to_contain_text("anja <i>X</i>")
    assert (page.locator("img, b, i").count(), said) == (0, [])
    page.close()


def test_order_is_given_by_keyboard_alone(served: Served, browser: Browser, status: StatusProcess) -> None:
    page = browser.new_page()
    page.goto(f"{status.address}/login")
    page.keyboard.press("Tab")
    page.keyboard.type("anja")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{status.address}/")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('[data-order=open]') !== null"):
            break
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("by keyboard alone")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Lane 1, Open once: carried out")
    served.lanes.came_to(Phase.OPEN, 1)
    page.close()


def test_order_works_without_script(served: Served, browser: Browser, status: StatusProcess) -> None:
    page = log_in(browser, status, java_script_enabled=False)
    give(page, 1, "pause", "no script here", "Lane 1: Pause")
    expect(page.locator("#said")).to_have_text("Lane 1, Pause: carried out")
    page.close()


def test_page_is_light_and_asks_nobody_else(served: Served, browser: Browser, status: StatusProcess) -> None:
    sizes: dict[str, int] = {}
    complaints: list[str] = []
    context = browser.new_context()
    context.on(
        "response",
        lambda response: sizes.update(
            {response.url: len(response.body())}
            if response.ok and "/events" not in response.url and response.request.method == "GET"
            else {}
        ),
    )
    context.on("console", lambda said: complaints.append(said.text))
    page = log_in(context, status)
    expect(page.locator("#glance li").first).to_be_visible()
    context.close()
    assert [url for url in sizes if not url.startswith((status.address, "data:"))] == []
    assert complaints == []
    assert sum(sizes.values()) <= 100_000


# ------------------------------------------------------------------------------------------------------- who tries what


def client_log_in(client: httpx.Client, name: str = "anja", password: str = PASSWORD) -> httpx.Cookies:
    form = client.get("/login").text
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', form)
    assert csrf is not None
    client.post("/login", data={"csrf": csrf[1], "name": name, "password": password})
    return client.cookies


def order_form(client: httpx.Client, **changed: str) -> dict[str, str]:
    page = client.get("/").text
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert csrf is not None
    form = {"csrf": csrf[1], "once": "n1", "lane": "1", "order": "open", "side": "", "reason": "as agreed"}
    return {**form, **changed}


def moved(served: Served) -> int:
    return served.lanes.pulses()


@pytest.mark.parametrize("path", ["/", "/guard/events"])
def test_whoever_is_not_logged_in_sees_nothing(path: str, status: StatusProcess) -> None:
    answer = httpx.get(f"{status.address}{path}")
    assert answer.status_code in {303, 403}
    assert "lane" not in answer.text


def test_wrong_password_wrong_name_and_a_form_from_elsewhere_let_nobody_in(status: StatusProcess) -> None:
    for name, password in (("anja", "wrong"), ("nobody", PASSWORD), ("anja' --", PASSWORD), ("", "")):
        with httpx.Client(base_url=status.address) as client:
            client_log_in(client, name, password)
            assert client.get("/").status_code == 303
    with httpx.Client(base_url=status.address) as client:
        refused = client.post("/login", data={"csrf": "guessed", "name": "anja", "password": PASSWORD})
        assert (refused.status_code, "xs-session" in client.cookies) == (403, False)


def test_log_in_failure_and_log_out_are_in_the_journal_and_name_nobody_in_clear(
    served: Served, browser: Browser, status: StatusProcess
) -> None:
    with httpx.Client(base_url=status.address) as client:
        client_log_in(client, "vera", "not her password")
    page = log_in(browser, status)
    expect(page.locator("#events li").first).to_contain_text("Somebody logged in")
    expect(page.locator("#events li").nth(1)).to_contain_text("A log-in failed")
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{status.address}/login")
    page.close()
    assert accesses(served) == [
        ({"what": "log-in-failed", "by": "root"}, {"account": "vera", "address": "127.0.0.1"}),
        ({"what": "logged-in", "by": "root"}, {"account": "anja", "address": "127.0.0.1"}),
        ({"what": "logged-out", "by": "root"}, {"account": "anja", "address": "127.0.0.1"}),
    ]


def test_metrics_tell_of_the_gate_and_name_nobody(served: Served, status: StatusProcess) -> None:
    status.wait_for("gate-found")
    while "xs_lane_shut" not in (text := httpx.get(f"{status.address}/metrics").text):
        pass
    assert 'xs_lane_shut{lane="1",phase="closed"} 0.0' in text
    assert "xs_journal_entries 0.0" in text


def test_guessing_is_slowed_down_and_said_in_words(status: StatusProcess) -> None:
    with httpx.Client(base_url=status.address, headers={"Accept-Language": "nl-NL,nl;q=0.9"}) as client:
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get("/login").text)
        assert csrf is not None
        form = {"csrf": csrf[1], "name": "anja", "password": "wrong wrong wrong"}
        codes = [client.post("/login", data=form).status_code for _ in range(6)]
        said = client.post("/login", data={**form, "password": PASSWORD})
    assert codes[:4] == [403] * 4
    assert 429 in codes
    assert said.status_code == 429
    assert "Te veel pogingen" in said.text


def test_viewer_sees_no_orders_and_may_give_none(served: Served, status: StatusProcess) -> None:
    with httpx.Client(base_url=status.address) as client:
        client_log_in(client, "vera")
        assert "data-order" not in client.get("/").text
        answer = client.post("/orders", data=order_form(client), headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["say"]) == (403, "Your role may not give this order.")
    assert (moved(served), served.lanes.told()) == (0, [])


@pytest.mark.parametrize(
    ("changed", "status_code", "say"),
    [
        ({"csrf": "0" * 64}, 403, "This form is too old. Please try again."),
        ({"csrf": ""}, 403, "This form is too old. Please try again."),
        ({"reason": ""}, 400, "An order needs a reason, of 3 to 200 letters."),
        ({"reason": "x" * 201}, 400, "An order needs a reason, of 3 to 200 letters."),
        ({"reason": "two\nlines"}, 400, "An order needs a reason, of 3 to 200 letters."),
        ({"order": "confirm"}, 403, "Your role may not give this order."),
        ({"order": "explode"}, 400, "This is no order of this page."),
        ({"lane": "1; DROP TABLE"}, 400, "This is no order of this page."),
        ({"lane": "999999999999999999"}, 400, "There is no such lane."),
        (
            {"lane": "9"},
            200,
            "Lane 9, Open once: refused, nothing moved; this gate has no such lane; name one of its own",
        ),
        ({"side": "up"}, 400, "There is no such lane."),
        ({"once": "x" * 65}, 400, "This form is too old. Please try again."),
    ],
)
def test_garbage_opens_nothing_and_is_answered_in_words(
    changed: dict[str, str], status_code: int, say: str, served: Served, status: StatusProcess
) -> None:
    with httpx.Client(base_url=status.address) as client:
        client_log_in(client)
        answer = client.post("/orders", data=order_form(client, **changed), headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["say"]) == (status_code, say)
    assert moved(served) == 0


def test_order_that_is_sent_twice_is_given_once(served: Served, status: StatusProcess) -> None:
    with httpx.Client(base_url=status.address) as client:
        client_log_in(client)
        form = order_form(client)
        answers = [client.post("/orders", data=form, headers={"Accept": "application/json"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert moved(served) == 1


def test_form_of_another_site_comes_without_a_session(served: Served, browser: Browser, status: StatusProcess) -> None:
    context = browser.new_context()
    log_in(context, status)
    other = context.new_page()
    form = urlencode({"lane": 1, "order": "open", "reason": "as agreed", "once": "n", "side": "", "csrf": ""})
    fields = "".join(
        f'<input name="{name}" value="{value}">' for name, _, value in (each.partition("=") for each in form.split("&"))
    )
    other.route(
        "http://evil.example/**",
        lambda route: route.fulfill(
            body=f'<form method="post" action="{status.address}/orders">{fields}</form>', content_type="text/html"
        ),
    )
    other.goto("http://evil.example/")
    other.evaluate("document.querySelector('form').submit()")
    expect(other).to_have_url(re.compile("/login$"))
    assert moved(served) == 0
    context.close()


def test_session_of_an_account_that_is_switched_off_ends_at_once_on_the_open_page(
    browser: Browser, status: StatusProcess, accounts: Store
) -> None:
    page = log_in(browser, status)
    accounts.change("anja", disabled=True)
    expect(page).to_have_url(f"{status.address}/login", timeout=15_000)
    page.close()


def test_log_out_ends_the_session(browser: Browser, status: StatusProcess) -> None:
    page = log_in(browser, status)
    token = {each["name"]: each["value"] for each in page.context.cookies()}["xs-session"]
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{status.address}/login")
    assert httpx.get(f"{status.address}/", cookies={"xs-session": token}).status_code == 303
    page.close()


def test_cookie_is_for_this_site_alone_and_no_script_sees_it(browser: Browser, status: StatusProcess) -> None:
    page = log_in(browser, status)
    (cookie,) = [each for each in page.context.cookies() if each["name"] == "xs-session"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""
    page.close()


def test_accounts_that_cannot_be_read_let_nobody_in_and_say_so(status: StatusProcess, tmp_path: Path) -> None:
    (tmp_path / "accounts.db").write_bytes(b"spoilt" * 1000)
    with httpx.Client(base_url=status.address) as client:
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get("/login").text)
        assert csrf is not None
        answer = client.post("/login", data={"csrf": csrf[1], "name": "anja", "password": PASSWORD})
    assert answer.status_code == 503
    assert "The accounts cannot be read" in answer.text


def test_gate_that_is_gone_is_said_when_an_order_is_given(tmp_path: Path, accounts: Store) -> None:
    with (
        serving(Lanes(tmp_path, "entry")) as served,
        StatusProcess(tmp_path, served.path.with_name("nobody"), 0, f'accounts = "{tmp_path}/accounts.db"') as status,
        httpx.Client(base_url=status.address) as client,
    ):
        client_log_in(client)
        page = client.get("/").text
        answer = client.post("/orders", data=order_form(client), headers={"Accept": "application/json"})
    assert "The gate does not answer. What you see is old." in page
    assert (answer.status_code, answer.json()["say"]) == (503, "The gate does not answer. Look at the boom.")


def test_thousands_of_idle_connections_do_not_keep_a_guard_out(status: StatusProcess) -> None:
    port = int(status.address.rsplit(":", 1)[1])
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(300)]
    try:
        with httpx.Client(base_url=status.address) as client:
            client_log_in(client)
            assert client.get("/").status_code == 200
    finally:
        for each in idle:
            each.close()


def test_slow_head_of_a_request_ends_by_itself(status: StatusProcess) -> None:
    connection = http.client.HTTPConnection(status.address.removeprefix("http://"), timeout=30)
    connection.connect()
    connection.sock.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
    assert connection.sock.recv(100) == b""
    connection.close()


# ------------------------------------------------------------------------------------------------------------- support


def unsealed(served: Served, kind: Kind) -> list[dict[str, str]]:
    """What headquarters reads in the entries of a kind that have a sealed part."""
    served.lanes.told()
    entries = [each for each in served.lanes.gate.entries() if each.record.kind is kind and each.sealed is not None]
    return [served.lanes.unsealed(each.record.sequence) for each in entries]


def accesses(served: Served) -> list[tuple[object, object]]:
    """Public and sealed part of every entry about a log-in."""
    public = [public for _, public in served.lanes.told(Kind.ACCESS)]
    return list(zip(public, unsealed(served, Kind.ACCESS), strict=True))


def happened(served: Served, about: str) -> None:
    entry = Entry(kind=Kind.ALARM_RAISED, public={"alarm": "call", "about": about})
    served.lanes.gate.journal.append(entry).result(30)


def raw_stream(status: StatusProcess, cookies: httpx.Cookies, last: str) -> socket.socket:
    wire = socket.create_connection(("127.0.0.1", int(status.address.rsplit(":", 1)[1])))
    head = f"GET /guard/events HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: xs-session={cookies['xs-session']}\r\n"
    wire.sendall(f"{head}Last-Event-ID: {last}\r\n\r\n".encode())
    wire.settimeout(20)
    return wire


def read_until(wire: socket.socket, wanted: bytes, times: int = 1) -> bytes:
    got = b""
    while got.count(wanted) < times:
        part = wire.recv(4096)
        assert part, got
        got += part
    return got


def stream(status: StatusProcess, cookies: httpx.Cookies, last: str, until: int) -> list[tuple[str, str]]:
    """Ids and numbers of the first so many events of a stream."""
    if last == "":
        page = httpx.get(f"{status.address}/", cookies=cookies).text
        named = re.search(r"last=([0-9a-f]*)-", page)
        last = f"{named[1] if named else ''}-"
    with raw_stream(status, cookies, last) as wire:
        text = read_until(wire, b"event: event\r\n".replace(b"\r\n", b"\n"), until).decode()
    return [(each, each.rpartition("-")[2]) for each in re.findall(r"id: ([0-9a-f]+-\d+)\n", text)][:until]
