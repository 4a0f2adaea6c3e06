"""Acknowledgements and pages of stays on their way to a gate that is there, is not, refuses, or cannot judge yet."""

import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from terminal.core import topics
from terminal.core.known_stays import MAX_PAGE_BYTES, MAX_PAGES
from terminal.edges.local_socket import LocalSocket
from terminal.edges.seldom import EVERY_S, Seldom
from terminal.sync import gate as sync_gate
from terminal.sync.gate import MAX_NOTE_BYTES, MAX_WAITING, Handover
from tests.sync.rig import WAIT_S, NoBeats, Until

Answer = Mapping[str, Any]


def note(epoch: int = 0, text: str = "") -> bytes:
    return f"xs-terminal/gate-1/{epoch:032x}\n{text}".encode()


def page(number: int, name: str = "") -> tuple[str, bytes]:
    """Topic and body."""
    return topics.stays_page("gate-1", number), f"{name}{number}".encode()


def handed(*pages: tuple[str, bytes]) -> list[str]:
    """As the gate is given them."""
    return [b64encode(body).decode() for _, body in pages]


class Side:
    """The gate's socket with answers of the test's, and the handover before it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sync_gate, "AGAIN_S", 0.01)
        self.path = folder / "gate.sock"
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[str] = []
        self.believed: list[tuple[bytes, int]] = []
        self.news = Until()
        self.hold = threading.Event()
        self.hold.set()
        self.handover = Handover(self.path, self._believe, heartbeat=NoBeats(), seldom=Seldom())
        self.socket: LocalSocket | None = None

    def serve(self) -> None:
        self.socket = LocalSocket(
            self.path, self._answer, knows=lambda _: True, heartbeat=NoBeats(), trouble=lambda _: None
        )
        self.socket.start()

    def close(self) -> None:
        self.hold.set()
        assert self.handover.stop(WAIT_S)
        if self.socket is not None:
            self.socket.stop()

    def wait_until_asked(self, *notes: bytes) -> None:
        self.news.wait(lambda: self.asked == [each.decode() for each in notes])

    def _believe(self, epoch: bytes, size: int) -> None:
        self.believed.append((epoch, size))
        self.news.tell()

    def _answer(self, _uid: int, request: Mapping[str, Any]) -> Answer:
        what = {"acknowledge": "note", "stays": "page"}[request["ask"]]
        assert set(request) == {"version", "ask", what}
        assert self.hold.wait(WAIT_S)
        self.asked.append(request[what])
        answers = self.answers.get(request[what], [])
        self.news.tell()
        return answers.pop(0) if answers else {"version": 1, "result": "ignored", "why": "old"}


@pytest.fixture
def side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Side]:
    side = Side(tmp_path, monkeypatch)
    yield side
    side.close()


def test_what_the_gate_believes_is_told(side: Side) -> None:
    side.answers[note(5).decode()] = [{"version": 1, "result": "acknowledged", "size": 17}]
    side.serve()
    side.handover.start()
    side.handover.offer(note(5))
    side.news.wait(lambda: side.believed == [((5).to_bytes(16), 17)])


def test_gate_that_is_down_is_asked_when_it_is_back(side: Side) -> None:
    side.handover.start()
    side.handover.offer(note())
    side.serve()
    side.wait_until_asked(note())


@pytest.mark.parametrize(
    "answer",
    [
        {"version": 1, "result": "ignored", "why": "no-keys"},
        {"version": 1, "result": "refused", "why": "not-allowed", "say": "add a [[caller]]"},
        {"version": 1, "result": "unknown", "why": "software"},
    ],
)
def test_gate_that_cannot_judge_now_is_asked_again(side: Side, answer: Answer) -> None:
    side.answers[note().decode()] = [answer]
    side.serve()
    side.handover.start()
    side.handover.offer(note())
    side.wait_until_asked(note(), note())


@pytest.mark.parametrize("result", [{"result": "ignored", "why": "not-cosigned"}, {"result": "other-past"}])
def test_what_the_gate_has_judged_is_not_asked_again(side: Side, result: Answer) -> None:
    side.answers[note(1).decode()] = [{"version": 1, **result}]
    side.serve()
    side.handover.start()
    side.handover.offer(note(1))
    side.wait_until_asked(note(1))
    side.handover.offer(note(2))
    side.wait_until_asked(note(1), note(2))
    assert side.believed == []


def test_of_each_journal_only_the_newest_waits(side: Side) -> None:
    for text in ("a", "b", "c"):
        side.handover.offer(note(1, text))
    side.handover.offer(note(2))
    side.handover.offer(note(2), own_head=True)
    side.serve()
    side.handover.start()
    side.wait_until_asked(note(1, "c"), note(2), note(2))


def test_journals_without_end_do_not_fill_the_memory(side: Side) -> None:
    for epoch in range(100):
        side.handover.offer(note(epoch))
    side.serve()
    side.handover.start()
    side.wait_until_asked(*(note(epoch) for epoch in range(100 - MAX_WAITING, 100)))


def test_note_that_came_while_the_gate_judged_the_one_before_is_not_lost(side: Side) -> None:
    side.hold.clear()
    side.serve()
    side.handover.start()
    side.handover.offer(note(1, "a"))
    side.handover.offer(note(1, "b"))
    side.hold.set()
    side.news.wait(lambda: side.asked[-1:] == [note(1, "b").decode()])


@pytest.mark.parametrize("body", [b"", b"\xff", b"no note", note(0, "x" * MAX_NOTE_BYTES), note() + b"\xff"])
def test_what_is_no_note_is_not_asked(side: Side, body: bytes) -> None:
    side.serve()
    side.handover.start()
    side.handover.offer(body)
    side.handover.offer(note(7))
    side.wait_until_asked(note(7))


def test_what_happens_often_is_said_once_a_minute() -> None:
    now_s = [0.0]
    seldom = Seldom(lambda: now_s[0])
    with capture_logs() as said:
        for _ in range(5):
            seldom.say("odd", why="x")
        seldom.say("other")
        now_s[0] = EVERY_S
        seldom.say("odd", why="y")
    assert [(line["event"], line.get("why"), line.get("times")) for line in said] == [
        ("odd", "x", None),
        ("other", None, None),
        ("odd", "y", 5),
    ]


def test_of_each_page_only_the_newest_is_handed_over_and_none_that_was_cleared(side: Side) -> None:
    for topic, body in (page(0, "old"), page(1), page(0), (page(1)[0], b""), page(2)):
        side.handover.stays(topic, body)
    side.serve()
    side.handover.start()
    side.news.wait(lambda: side.asked == handed(page(0), page(2)))


def test_page_too_large_for_the_gate_is_dropped_and_the_largest_is_not(side: Side) -> None:
    side.handover.stays(page(0)[0], bytes(MAX_PAGE_BYTES + 1))
    largest = page(1)[0], bytes(MAX_PAGE_BYTES)
    side.handover.stays(*largest)
    side.serve()
    side.handover.start()
    side.news.wait(lambda: side.asked == handed(largest))


def test_pages_without_end_do_not_fill_the_memory(side: Side) -> None:
    pages = [page(number) for number in range(MAX_PAGES + 3)]
    for each in pages:
        side.handover.stays(*each)
    side.serve()
    side.handover.start()
    side.news.wait(lambda: set(side.asked) >= set(handed(*pages[3:])))
    assert not set(side.asked) & set(handed(*pages[:3]))  # a gate that did not answer in time is asked again, later


def test_page_that_the_gate_cannot_judge_yet_is_handed_over_again(side: Side) -> None:
    side.answers[handed(page(0))[0]] = [{"version": 1, "result": "ignored", "why": "no-keys"}]
    side.serve()
    side.handover.start()
    side.handover.stays(*page(0))
    side.news.wait(lambda: side.asked == handed(page(0), page(0)))


def test_page_that_the_gate_has_refused_is_not_handed_over_again(side: Side) -> None:
    side.answers[handed(page(0))[0]] = [{"version": 1, "result": "ignored", "why": "not-signed"}]
    side.serve()
    side.handover.start()
    side.handover.stays(*page(0))
    side.news.wait(lambda: side.asked == handed(page(0)))
    side.handover.stays(*page(1))
    side.news.wait(lambda: side.asked == handed(page(0), page(1)))
