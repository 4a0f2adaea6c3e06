"""Whoever connects to the gate's socket, with whatever he sends or does not send."""

import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import structlog.testing

from terminal.edges import local_socket
from terminal.edges.local_client import NoAnswer, NotAsked, ask
from terminal.edges.local_packets import MAX_PACKET_BYTES
from terminal.edges.local_socket import MAX_OF_ONE_USER
from tests.edges.as_user import ask_as, needs_root
from tests.edges.served import HELLO, Served, is_hung_up, serving

STRANGER_UID = 64_321


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that every user can reach, as /run/xs-gate is."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    with serving(folder / "gate.sock") as served:
        yield served


def test_each_request_on_a_connection_is_answered_with_the_user_who_asked(served: Served) -> None:
    with served.connect() as wire:
        for number in range(3):
            told = served.told(wire, json.dumps({"number": number}).encode())
            assert told == {"uid": os.getuid(), "asked": {"number": number}}
    assert ask(served.path, {"ask": "who"}) == {"uid": os.getuid(), "asked": {"ask": "who"}}


@needs_root
def test_another_user_can_connect_and_is_known_by_his_own_number(served: Served) -> None:
    (told,) = ask_as(STRANGER_UID, served.path, ['{"uid": 0}'])
    assert json.loads(told) == {"uid": STRANGER_UID, "asked": {"uid": 0}}


@pytest.mark.parametrize(
    "packet",
    [
        b"\x00",
        b"\xff\xfe",
        b"open sesame",
        b'{"ask": "order", "lane": ',
        b'["ask"]',
        b'"ask"',
        b"null",
        b'{"ask": "state", "ask": "order"}',
        b'{"lane": NaN}',
        '{"ask": "state"}'.encode("utf-16"),
        b"[" * 5_000,
        b'{"lane": ' + b"9" * 5_000 + b"}",
        b'{"reason": "' + b"x" * MAX_PACKET_BYTES + b'"}',
        HELLO + b" " * MAX_PACKET_BYTES,
    ],
    ids=["zero", "not utf-8", "words", "half an object", "list", "string", "null", "a key twice", "NaN", "utf-16",
         "deeply nested", "huge number", "oversize",
         "oversize behind a request"],
)  # fmt: skip
def test_what_is_no_request_is_refused_and_the_next_one_is_answered(packet: bytes, served: Served) -> None:
    with served.connect() as wire:
        assert served.told(wire, packet) == local_socket.GARBAGE
        assert served.told(wire)["asked"] == {"ask": "who"}


def test_largest_packet_that_may_come_comes_whole(served: Served) -> None:
    frame = len(b'{"reason": ""}')
    with served.connect() as wire:
        fits = b'{"reason": "' + b"x" * (MAX_PACKET_BYTES - frame) + b'"}'
        assert len(served.told(wire, fits)["asked"]["reason"]) == MAX_PACKET_BYTES - frame
        assert served.told(wire, fits.replace(b"x", b"xx", 1)) == local_socket.GARBAGE


def test_mistake_in_an_answer_is_told_as_one_and_the_next_request_is_answered(served: Served) -> None:
    with structlog.testing.capture_logs() as log, served.connect() as wire:
        assert served.told(wire, b'{"ask": "mistake"}') == local_socket.FAILED
        assert served.told(wire)["asked"] == {"ask": "who"}
    assert [entry["event"] for entry in log] == ["request-failed"]


def test_client_that_is_silent_holds_up_nobody_and_is_hung_up_on(folder: Path) -> None:
    with serving(folder / "gate.sock") as served, served.connect(), served.connect() as other:
        assert served.told(other)["asked"] == {"ask": "who"}
    with serving(folder / "gate.sock", silence_s=0.05) as served, served.connect() as silent:
        assert is_hung_up(silent)


def test_client_that_takes_no_answers_holds_up_nobody_and_is_hung_up_on(folder: Path) -> None:
    large = b'{"reason": "' + b"x" * 8_000 + b'"}'
    with serving(folder / "gate.sock") as served, served.connect() as greedy, served.connect() as other:
        greedy.settimeout(0.5)
        with suppress(TimeoutError):  # nobody takes any more
            while True:
                greedy.send(large)
        assert served.told(other)["asked"] == {"ask": "who"}
    with (  # noqa: PT012  the first of many that fails
        serving(folder / "gate.sock", silence_s=0.05) as served,
        served.connect() as greedy,
        pytest.raises((BrokenPipeError, ConnectionResetError)),
    ):
        while True:
            greedy.send(large)


def test_answer_that_takes_long_holds_up_its_own_connection_alone(served: Served) -> None:
    with served.connect() as slow, served.connect() as other:
        slow.send(b'{"ask": "hold"}')
        assert served.holding.wait(60)
        assert served.told(other)["asked"] == {"ask": "who"}
        served.held.set()
        assert json.loads(slow.recv(65_536))["asked"] == {"ask": "hold"}


def test_hundred_connections_of_one_user_leave_him_his_share_and_others_theirs(folder: Path) -> None:
    with serving(folder / "gate.sock", knows=lambda uid: uid != STRANGER_UID) as served, ExitStack() as wires:
        connected = [wires.enter_context(served.connect()) for _ in range(100)]
        answered = [wire for wire in connected[:MAX_OF_ONE_USER] if served.told(wire)]
        assert len(answered) == MAX_OF_ONE_USER
        assert all(map(is_hung_up, connected[MAX_OF_ONE_USER:]))
        if os.getuid() == 0:
            assert len(ask_as(STRANGER_UID, served.path, ['{"ask": "who"}'])) == 1
        wires.close()
        give_up_s = time.monotonic() + 60
        while not _is_served(served):  # those that went are counted off as soon as their threads have seen it
            assert time.monotonic() < give_up_s


def _is_served(served: Served) -> bool:
    with served.connect() as wire, suppress(BrokenPipeError, ConnectionResetError):
        wire.send(HELLO)
        return not is_hung_up(wire)
    return False


@needs_root
def test_strangers_share_one_share_whatever_their_number(folder: Path) -> None:
    with serving(folder / "gate.sock", knows=lambda uid: uid == 0) as served, ExitStack() as kept:
        for uid in range(STRANGER_UID, STRANGER_UID + MAX_OF_ONE_USER):
            kept.enter_context(_connected_as(uid, served))
        with _connected_as(STRANGER_UID - 1, served) as late:
            assert is_hung_up(late)
        assert ask(served.path, {"ask": "who"})["uid"] == 0


@contextmanager
def _connected_as(uid: int, served: Served) -> Iterator[socket.socket]:
    """The kernel notes the effective user at the moment of connecting."""
    os.seteuid(uid)
    try:
        wire = served.connect()
    finally:
        os.seteuid(0)
    with wire:
        wire.settimeout(60)
        yield wire


def test_files_that_are_sent_along_are_not_kept(served: Served) -> None:
    with served.connect() as wire:
        served.told(wire)
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(20):
            socket.send_fds(wire, [HELLO], [0, 1, 2])
            assert json.loads(wire.recv(65_536))["asked"] == {"ask": "who"}
        assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_every_user_may_connect_whatever_the_umask(folder: Path) -> None:
    before = os.umask(0o077)
    try:
        with serving(folder / "gate.sock") as served:
            assert served.path.stat().st_mode & 0o777 == 0o666
    finally:
        os.umask(before)


def test_stop_answers_what_was_asked_hangs_up_and_takes_the_socket_away(folder: Path) -> None:
    with serving(folder / "gate.sock") as served, served.connect() as busy, served.connect() as silent:
        busy.send(b'{"ask": "hold"}')
        assert served.holding.wait(60)
        ended: list[bool] = []
        ending = threading.Thread(target=lambda: ended.append(served.socket.stop()))
        ending.start()
        assert is_hung_up(silent)
        served.held.set()
        assert json.loads(busy.recv(65_536))["asked"] == {"ask": "hold"}
        ending.join()
        assert ended == [True]
        assert not served.path.exists()
        with pytest.raises(NotAsked, match="no gate answers there"):
            ask(served.path, {"ask": "who"})


def test_stop_does_not_wait_for_ever_for_an_answer(folder: Path) -> None:
    with serving(folder / "gate.sock") as served, served.connect() as busy:
        busy.send(b'{"ask": "hold"}')
        assert served.holding.wait(60)
        assert not served.socket.stop(within_s=0.05)


# -------------------------------------------------------------------------------------------------- where it is made


def test_socket_that_a_dead_gate_left_is_replaced(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as dead:
        dead.bind(str(folder / "gate.sock"))
    with serving(folder / "gate.sock") as served:
        assert served.troubles == [None]
        assert ask(served.path, {"ask": "who"})["asked"] == {"ask": "who"}


def test_socket_that_another_gate_serves_is_left_to_it(folder: Path) -> None:
    with serving(folder / "gate.sock") as first, structlog.testing.capture_logs():
        with serving(folder / "gate.sock") as second:
            assert len(second.troubles) == 1
            assert "another gate serves there; stop it" in (second.troubles[0] or "")
        assert ask(first.path, {"ask": "who"})["asked"] == {"ask": "who"}


def test_file_that_is_no_socket_stays(folder: Path) -> None:
    (folder / "gate.sock").write_text("notes")
    with structlog.testing.capture_logs(), serving(folder / "gate.sock") as served:
        assert "something else is there; move it away" in (served.troubles[0] or "")
    assert (folder / "gate.sock").read_text() == "notes"


def test_folder_that_is_missing_is_told_and_the_socket_is_there_as_soon_as_it_is(folder: Path) -> None:
    told = threading.Event()
    with structlog.testing.capture_logs(), serving(folder / "run" / "gate.sock") as served:
        assert "No such file or directory" in (served.troubles[0] or "")
        served.troubles.clear()
        (folder / "run").mkdir()
        while served.troubles != [None] and not told.wait(0.02):
            assert served.troubles in ([], [None])
        assert ask(served.path, {"ask": "who"})["asked"] == {"ask": "who"}


# -------------------------------------------------------------------------------------------------------- the client


def test_client_is_told_that_nothing_was_asked_when_no_gate_is_there(folder: Path) -> None:
    with pytest.raises(NotAsked, match=r"no gate answers there \(No such file or directory\); is it running"):
        ask(folder / "gate.sock", {"ask": "who"})


def test_client_does_not_know_what_came_of_it_when_the_gate_is_silent(served: Served) -> None:
    with pytest.raises(NoAnswer, match=r"did not answer within 0\.05 s; it is not known whether anything was done"):
        ask(served.path, {"ask": "hold"}, within_s=0.05)


def test_client_that_is_one_too_many_is_told_that_it_was_hung_up_on(served: Served) -> None:
    with ExitStack() as wires:
        for _ in range(MAX_OF_ONE_USER):
            served.told(wires.enter_context(served.connect()))
        with pytest.raises((NotAsked, NoAnswer), match="the gate hung up"):
            ask(served.path, {"ask": "who"})
