"""Who has the virtual readers, and that no daemon outlives whoever started it."""

import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from simulation.pcscd import DAEMON_SOCKET, TURN_VARIABLE, PcscDaemon, PcscdUnavailable, reserved_readers
from simulation.vpcd import READERS, VirtualReader
from terminal.edges.pcsc import readers_present
from terminal.errors import HardwareError

DRIVER = Path("/etc/reader.conf.d/vpcd")
TURN = """
import sys
import threading
from pathlib import Path
from simulation.pcscd import reserved_readers
say = lambda word: print(word, flush=True)
with reserved_readers(lambda: say("waits"), Path(sys.argv[1])):
    say("has them")
    sys.stdin.read()
"""
DAEMON = """
import sys
import threading
from simulation.pcscd import running_pcscd
with running_pcscd() as daemon:
    print(daemon.owned, flush=True)
    sys.stdin.read()
"""


def python(program: str, *arguments: str, inherit_turn: bool = False) -> "subprocess.Popen[str]":
    environment = dict(os.environ)
    if not inherit_turn:
        environment.pop(TURN_VARIABLE, None)
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_two_programs_take_turns(tmp_path: Path) -> None:
    lock = str(tmp_path / "lock")
    with python(TURN, lock) as first:
        assert line(first) == "has them"
        with python(TURN, lock) as second:
            assert line(second) == "waits"
            first.communicate("")
            assert line(second) == "has them"


def test_program_that_is_killed_gives_its_turn_back(tmp_path: Path) -> None:
    lock = str(tmp_path / "lock")
    with python(TURN, lock) as first:
        assert line(first) == "has them"
        first.kill()
    with python(TURN, lock) as second:
        assert line(second) == "has them"


def test_child_uses_the_turn_of_its_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TURN_VARIABLE, raising=False)
    lock = tmp_path / "lock"
    with reserved_readers(lock_file=lock), python(TURN, str(lock), inherit_turn=True) as child:
        assert line(child) == "has them"
    assert TURN_VARIABLE not in os.environ


def test_daemon_of_somebody_else_is_used_and_not_killed() -> None:
    with pytest.raises(PcscdUnavailable, match="somebody else"):
        PcscDaemon().kill()


@pytest.mark.pcsc
def test_second_user_does_not_stop_the_daemon_of_the_first(pcscd: PcscDaemon) -> None:
    second = PcscDaemon()
    second.start()
    assert not second.owned
    second.stop()
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(DAEMON_SOCKET))
    client.close()


@pytest.mark.pcsc
def test_daemon_of_somebody_else_without_our_readers_is_said_to_be_so_and_left_alone(pcscd: PcscDaemon) -> None:
    with pytest.raises(PcscdUnavailable, match=r"no virtual reader No such PCD 00 00 \(TCP port 1\); install"):
        PcscDaemon().start([VirtualReader("No such PCD 00 00", 1)])
    assert {reader.name for reader in READERS} <= set(readers_of_the_daemon())


@pytest.mark.pcsc
def test_daemon_ends_when_whoever_started_it_is_killed(pcscd: PcscDaemon) -> None:
    if not pcscd.owned:
        pytest.skip("this machine's own PC/SC daemon runs and is not stopped")
    pcscd.stop()
    try:
        with python(DAEMON) as program, socket.socket(socket.AF_UNIX) as client:
            assert line(program) == "True"
            client.connect(str(DAEMON_SOCKET))
            client.settimeout(60)
            program.kill()
            with suppress(ConnectionResetError):  # or a quiet end, as it happens; a time-out is neither
                assert client.recv(1) == b""
    finally:
        pcscd.start()


@pytest.mark.pcsc
def test_daemon_that_ends_at_once_is_said_to(
    pcscd: PcscDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not pcscd.owned:
        pytest.skip("this machine's own PC/SC daemon runs and is not stopped")
    if os.geteuid() != 0:
        pytest.skip("sudo, which starts the daemon here, looks for it on a path of its own")
    broken = tmp_path / "pcscd"
    broken.write_text("#!/bin/sh\nexit 1\n", encoding="ascii")
    broken.chmod(0o755)
    pcscd.stop()
    try:
        with monkeypatch.context() as patched:
            patched.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
            with pytest.raises(PcscdUnavailable, match="ended as soon as it was started"):
                PcscDaemon().start()
    finally:
        pcscd.start()


@pytest.mark.pcsc
def test_port_of_a_reader_that_a_connection_has_for_the_moment_is_waited_for(pcscd: PcscDaemon, tmp_path: Path) -> None:
    """Linux gives the driver's ports to outgoing connections too, and the driver asks for its port only once."""
    if not pcscd.owned or not DRIVER.exists():
        pytest.skip("this machine's own PC/SC daemon runs and is not stopped")
    elsewhere = tuple(VirtualReader(reader.name, reader.port - 0x1000) for reader in READERS)
    configuration = tmp_path / "reader.conf"
    configuration.write_text(DRIVER.read_text().replace(f"0x{READERS[0].port:X}", f"0x{elsewhere[0].port:X}"))
    pcscd.stop()
    starting = threading.Thread(target=pcscd.start, args=[elsewhere], kwargs={"configuration": configuration})
    try:
        with socket.create_server(("127.0.0.1", 0)) as somebody, socket.socket() as passing:
            passing.bind(("127.0.0.1", elsewhere[1].port))
            passing.connect(somebody.getsockname())
            starting.start()
            assert elsewhere[1].name not in readers_of_the_daemon()
        starting.join()
        assert {reader.name for reader in elsewhere} <= set(readers_of_the_daemon())
    finally:
        starting.join()
        pcscd.stop()
        pcscd.start()


def readers_of_the_daemon() -> tuple[str, ...]:
    """Once one answers."""
    while True:
        with suppress(HardwareError):
            return readers_present()
