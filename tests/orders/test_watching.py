"""Watching a gate over its socket: all as it is, then every change, and a sign of life; never a card or a person."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from terminal.core.barrier_words import Phase
from terminal.edges import local_socket
from terminal.edges.local_packets import MAX_PACKET_BYTES
from tests.edges.as_user import ask_as, needs_root
from tests.orders.rig import GUARD_UID, STRANGER_UID, VIEWER_UID, Lanes, request
from tests.orders.test_over_the_socket import Served, serving

SOON_S = 30.0
WATCH = {"version": 1, "ask": "watch"}

pytestmark = needs_root  # root may watch


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(Lanes(tmp_path, "entry", "exit")) as served:
        yield served


class Watching:
    """One end that watches."""

    def __init__(self, wire: socket.socket) -> None:
        self.wire = wire

    def next(self) -> dict[str, Any]:
        """The next piece of news that is no sign of life."""
        while (news := json.loads(self.wire.recv(MAX_PACKET_BYTES)))["news"] == "beat":
            pass
        return dict(news)

    def until(self, **wanted: Any) -> list[dict[str, Any]]:
        """All news up to the one that has these values."""
        heard = [self.next()]
        while not all(heard[-1].get(key) == value for key, value in wanted.items()):
            heard.append(self.next())
        return heard


@contextmanager
def watching(served: Served) -> Iterator[Watching]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as wire:
        wire.settimeout(SOON_S)
        wire.connect(str(served.path))
        wire.send(json.dumps(WATCH).encode())
        yield Watching(wire)


def test_all_as_it_is_comes_first(served: Served) -> None:
    served.lanes.alarms.raised("reader", 1, "front")
    with watching(served) as watch:
        heard = watch.until(news="all")
    assert [news["news"] for news in heard] == ["begin", "site", "view", "reader", "lane", "lane", "alarm", "all"]
    assert heard[0] == {"version": 1, "news": "begin", "terminal": "gate-1"}
    assert heard[1] == {"news": "site", "site": None}
    assert heard[3] == {"news": "reader", "at": 1, "reader": "front", "side": "entry", "state": "ready"}
    assert [(news["lane"], news["phase"], news["shut"]) for news in heard[4:6]] == [
        (1, "closed", None),
        (2, "closed", None),
    ]
    assert heard[6] == {"news": "alarm", "step": "alarm-raised", "alarm": "reader", "lane": 1, "about": "front"}


def test_order_of_somebody_else_is_seen_moving_the_boom(served: Served) -> None:
    with watching(served) as watch:
        watch.until(news="all")
        assert served.order("open", lane=2).exit_code == 0
        phases = [news["phase"] for news in watch.until(news="lane", lane=2, phase="open")]
    assert phases[0] in {"opening", "closed"}
    assert "opening" in phases


def test_alarm_is_heard_when_it_is_raised_and_when_it_is_cleared(served: Served) -> None:
    with watching(served) as watch:
        watch.until(news="all")
        served.lanes.alarms.raised("disk", about="short")
        served.lanes.alarms.cleared("disk", about="short")
        steps = [news["step"] for news in watch.until(news="alarm", step="alarm-cleared") if news["news"] == "alarm"]
    assert steps == ["alarm-raised", "alarm-cleared"]


def test_a_quiet_gate_gives_signs_of_life_with_its_clock(served: Served) -> None:
    with watching(served) as watch:
        watch.until(news="all")
        beats: list[dict[str, Any]] = []
        while len(beats) < 3:
            news = json.loads(watch.wire.recv(MAX_PACKET_BYTES))
            beats += [news] if news["news"] == "beat" else []
    assert [set(beat) for beat in beats] == [{"news", "at_ms", "clock"}] * 3


def test_gate_that_ends_hangs_up_on_who_watches(tmp_path: Path) -> None:
    with serving(Lanes(tmp_path)) as served:
        wire = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        wire.settimeout(SOON_S)
        wire.connect(str(served.path))
        wire.send(json.dumps(WATCH).encode())
        Watching(wire).until(news="all")
    with wire:  # `serving` has stopped the socket, in time
        while packet := wire.recv(MAX_PACKET_BYTES):
            assert json.loads(packet)["news"]


def test_who_takes_no_news_is_hung_up_on_and_holds_up_nobody(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_socket, "STREAM_S", 0.1)
    with watching(served) as watch:
        watch.until(news="all")
        for number in range(20_000):  # far more than the kernel holds for him
            served.lanes.live.tell({"news": "view", "copied": number, "padding": "x" * 200})
        heard = 0
        while watch.wire.recv(MAX_PACKET_BYTES):
            heard += 1
    assert heard < 20_000
    assert served.order("open").exit_code == 0
    served.lanes.wait_for(Phase.OPEN)


def test_who_may_only_look_may_not_watch_and_a_stranger_neither(served: Served) -> None:
    for uid in (VIEWER_UID, STRANGER_UID):
        answer = json.loads(ask_as(uid, served.path, [json.dumps(WATCH)])[0])
        assert (answer["result"], answer["why"]) == ("refused", "not-allowed")
        assert '"watch"' in answer["say"]
    assert served.lanes.told() == [], "who wanted to look is not written down"


def test_guard_that_watches_still_gives_orders(served: Served) -> None:
    with watching(served) as watch:
        watch.until(news="all")
        (answer,) = ask_as(GUARD_UID, served.path, [json.dumps(request(lane=2))])
        assert json.loads(answer)["result"] == "obeyed"
        watch.until(news="lane", lane=2, phase="open")
