"""Who stands between terminals and broker in later tests does what he says, and nothing else."""

import queue
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

import pytest

from simulation.cut_line import CutLine
from simulation.mqtt_proxy import Deed, MqttProxy
from terminal.edges.mqtt import Arrived, Broker, Connected, Event, Line, LineError, Lost
from tests.mqtt.broker_rig import Rig, running_rig

WAIT_S = 60
JOURNAL, ACK = "xs/v1/t/gate-1/journal", "xs/v1/t/gate-1/ack"
Wanted = TypeVar("Wanted", Connected, Lost, Arrived)


class End:
    """One end of the line, with what it was told."""

    def __init__(self, broker: Broker, name: str) -> None:
        self._told: queue.Queue[Event] = queue.Queue()
        self.line = Line(broker, name, self._told.put, random=lambda: 0.0, session_expiry_s=60)
        self.line.start()
        self.next(Connected)

    def next(self, wanted: type[Wanted]) -> Wanted:
        """What it is told next of this kind; of the others none may come before."""
        event = self._told.get(timeout=WAIT_S)
        assert isinstance(event, wanted), event
        return event

    def bodies(self, count: int) -> list[bytes]:
        """The next messages, taken."""
        found = []
        for _ in range(count):
            message = self.next(Arrived)
            message.take()
            found.append(message.body)
        return found

    def lost(self) -> None:
        while not isinstance(self._told.get(timeout=WAIT_S), Lost):
            pass

    def connected_again(self) -> None:
        while not isinstance(self._told.get(timeout=WAIT_S), Connected):
            pass


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with running_rig(tmp_path_factory.mktemp("rig")) as running:
        yield running


@contextmanager
def both_ends(rig: Rig, broker: Callable[[Broker], Broker]) -> Iterator[tuple[End, End]]:
    """The terminal gate-1, connected by `broker` of its own address, and headquarters beside it."""
    terminal = End(broker(rig.terminal("gate-1")), "gate-1")
    headquarters = End(rig.headquarters, "collector-1")
    try:
        terminal.line.subscribe([ACK], retained=False).result(WAIT_S)
        headquarters.line.subscribe([JOURNAL], retained=False).result(WAIT_S)
        yield terminal, headquarters
    finally:
        for end in (terminal, headquarters):
            assert end.line.stop(WAIT_S)


@contextmanager
def through_proxy(rig: Rig, deeds: list[Deed], *, from_client: bool = True) -> Iterator[tuple[End, End]]:
    """Both ends, with these deeds done to the first messages in that direction."""
    left = list(deeds)

    def decide(name: str, is_from_client: bool, topic: str) -> Deed:
        assert name == "gate-1"
        assert topic in {JOURNAL, ACK}
        return left.pop(0) if left and is_from_client is from_client else Deed.PASS

    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(rig.folder / "certificate.pem", rig.folder / "key.pem")
    server.load_verify_locations(rig.folder / "ca.pem")
    server.verify_mode = ssl.CERT_REQUIRED
    known = rig.terminal("gate-1")
    with (
        MqttProxy(server, (known.host, known.port), {"gate-1": known.context()}, decide) as proxy,
        both_ends(rig, lambda broker: replace(broker, port=proxy.port)) as ends,
    ):
        yield ends


def sent(end: End, *bodies: bytes) -> list[str | None]:
    """Publish these; what was wrong with each, None where nothing was."""
    waiting = [end.line.publish(JOURNAL, body) for body in bodies]
    return [str(error) if (error := each.exception(WAIT_S)) else None for each in waiting]


def test_message_that_the_broker_acknowledges_and_drops(rig: Rig) -> None:
    with through_proxy(rig, [Deed.DROP]) as (terminal, headquarters):
        assert sent(terminal, b"1", b"2") == [None, None]
        assert headquarters.bodies(1) == [b"2"]


def test_message_that_is_refused_for_a_quota(rig: Rig) -> None:
    with through_proxy(rig, [Deed.REFUSE]) as (terminal, headquarters):
        assert sent(terminal, b"1", b"2") == ["the broker refuses it: Quota exceeded", None]
        assert headquarters.bodies(1) == [b"2"]


def test_message_that_comes_twice(rig: Rig) -> None:
    with through_proxy(rig, [Deed.TWICE]) as (terminal, headquarters):
        assert sent(terminal, b"1", b"2") == [None, None]
        assert headquarters.bodies(3) == [b"1", b"1", b"2"]


def test_message_that_is_overtaken(rig: Rig) -> None:
    with through_proxy(rig, [Deed.LATE]) as (terminal, headquarters):
        assert sent(terminal, b"1", b"2") == [None, None]
        assert sorted(headquarters.bodies(2)) == [b"1", b"2"]


def test_message_that_is_late_comes_though_nothing_follows(rig: Rig) -> None:
    with through_proxy(rig, [Deed.LATE]) as (terminal, headquarters):
        assert sent(terminal, b"1") == [None]
        assert headquarters.bodies(1) == [b"1"]


def test_connection_that_is_cut_with_the_message(rig: Rig) -> None:
    with through_proxy(rig, [Deed.CUT]) as (terminal, headquarters):
        with pytest.raises(LineError):
            terminal.line.publish(JOURNAL, b"1").result(WAIT_S)
        terminal.lost()
        terminal.connected_again()
        assert sent(terminal, b"2") == [None]
        assert headquarters.bodies(1) == [b"2"]


def test_acknowledgement_that_is_lost_on_its_way_to_the_terminal(rig: Rig) -> None:
    with through_proxy(rig, [Deed.DROP, Deed.TWICE], from_client=False) as (terminal, headquarters):
        for body in (b"1", b"2", b"3"):
            headquarters.line.publish(ACK, body).result(WAIT_S)
        assert terminal.bodies(3) == [b"2", b"2", b"3"]


def test_line_that_is_cut_and_restored(rig: Rig) -> None:
    known = rig.terminal("gate-1")
    with (
        CutLine("127.0.0.1", known.port) as line,
        both_ends(rig, lambda broker: replace(broker, port=line.port)) as (terminal, headquarters),
    ):
        line.cut()
        assert line.is_cut
        terminal.lost()
        terminal.lost()  # and the next attempt too
        with pytest.raises(LineError):
            terminal.line.publish(JOURNAL, b"1").result(WAIT_S)
        line.restore()
        terminal.connected_again()
        assert sent(terminal, b"2") == [None]
        assert headquarters.bodies(1) == [b"2"]
