"""The gate's local socket: a Unix socket of packets (SOCK_SEQPACKET), one JSON object each, answered one by one.

Everybody on this machine may connect; who he is the kernel says (SO_PEERCRED, taken when he connected), and what he may
is for whoever answers. A thread a connection, since an order waits for a disk and a relay: who is slow or silent holds
up himself. What one user can take of the gate is bounded: connections, the size of a packet, the time without one.

A question may be answered by packets without end, until either side hangs up; then it is that connection's last one.

Packets, not lines: the kernel keeps their borders, so there is no half a request and nothing to collect.
"""

import errno
import json
import socket
import stat
import struct
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from terminal.edges.local_packets import MAX_PACKET_BYTES, parse
from terminal.ports import Heartbeat

PART = "local-socket"
MAX_OF_ONE_USER = 8
"""Connections; all strangers together count as one user."""
BACKLOG = 64
SILENCE_S = 60.0
"""A connection on which nothing is asked for so long, or whose answers nobody takes, is closed."""
STREAM_S = 5.0
"""Who does not take a packet of a stream for so long is hung up on."""
TURN_S = 1.0
STRANGERS = -1
_SAID = {"version": 1, "result": "refused", "why": "not-understood"}
GARBAGE = {**_SAID, "say": f"a request is one JSON object of at most {MAX_PACKET_BYTES} bytes; see docs/socket.md"}
FAILED = {
    "version": 1,
    "result": "unknown",
    "why": "software",
    "say": "the gate made a mistake, so it is not known what was done; look at the barrier, then at the gate's log",
}


@dataclass(frozen=True, slots=True)
class Packets:
    """An answer that goes on: each of these is a packet, until they end or either side hangs up.

    They must come at least once a second: only with a packet is it noticed that the other side is gone.
    """

    each: Generator[Mapping[str, Any], None, None]


Answering = Callable[[int, Mapping[str, Any]], Mapping[str, Any] | Packets]
"""Takes the uid of whoever asks and his request, gives the answer; called on the connection's thread, may block."""

log = structlog.get_logger()


class LocalSocket:
    """The socket and its threads. `start` it once, `stop` it once."""

    def __init__(
        self,
        path: Path,
        answer: Answering,
        *,
        knows: Callable[[int], bool],
        heartbeat: Heartbeat,
        trouble: Callable[[str | None], None],
        silence_s: float = SILENCE_S,
    ) -> None:
        """`knows` tells users that may ask something from strangers.

        `trouble` hears why the socket cannot be offered, and None once it is; must not block.
        """
        self._path = path
        self._answer = answer
        self._knows = knows
        self._heartbeat = heartbeat
        self._trouble = trouble
        self._silence_s = silence_s
        self._stopping = threading.Event()
        self._told: str | None = None
        self._lock = threading.Lock()
        self._open: dict[socket.socket, tuple[int, threading.Thread]] = {}
        self._streams: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name=PART, daemon=True)

    def start(self) -> None:
        """Begin. A socket that cannot be made is tried for again and again, since lanes work without it."""
        self._listen()
        self._thread.start()

    def stop(self, within_s: float = 5.0) -> bool:
        """Take no more requests; those that are being answered are answered. False: one was not, in that time."""
        end_s = time.monotonic() + within_s
        self._stopping.set()
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(within_s)
        with self._lock:
            left = [(wire, thread) for wire, (_, thread) in self._open.items()]
        for wire, _ in left:
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR if wire in self._streams else socket.SHUT_RD)
        for _, thread in left:
            thread.join(max(0.0, end_s - time.monotonic()))
        return not self._thread.is_alive() and not any(thread.is_alive() for _, thread in left)

    # ------------------------------------------------------------------------------------------ the accepting thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._heartbeat.beat(PART)
            if self._listener is None:
                self._stopping.wait(TURN_S)
                self._listen()
            else:
                self._accept(self._listener)
        if self._listener is not None:
            with suppress(OSError):
                self._path.unlink()
            self._listener.close()

    def _listen(self) -> None:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            _make_room(self._path)
            listener.bind(str(self._path))
            self._path.chmod(0o666)
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            said = f"{self._path} cannot be made a socket ({error.strerror or error}); nobody can give orders"
            if said != self._told:
                log.warning("local-socket", why=said)
            self._told = said
            self._trouble(said)
            return
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(TURN_S), 0))
        self._listener = listener
        self._told = None
        self._trouble(None)

    def _accept(self, listener: socket.socket) -> None:
        try:
            wire, _ = listener.accept()
        except BlockingIOError:  # nobody came in this turn
            return
        except OSError as error:  # at the end of the gate, or no file descriptors are left
            if not self._stopping.wait(TURN_S):
                log.warning("local-socket", why=error.strerror)
            return
        uid: int = struct.unpack("3I", wire.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
        user = uid if self._knows(uid) else STRANGERS
        with self._lock:
            if sum(each == user for each, _ in self._open.values()) >= MAX_OF_ONE_USER:
                wire.close()
                return
            thread = threading.Thread(target=self._serve, args=(wire, uid), name=f"{PART}-{uid}", daemon=True)
            self._open[wire] = (user, thread)
        thread.start()

    # ------------------------------------------------------------------------------------------- a connection's thread

    def _serve(self, wire: socket.socket, uid: int) -> None:
        try:
            wire.settimeout(self._silence_s)
            while not self._stopping.is_set() and (packet := _receive(wire)) is not None:
                answer = self._answered(uid, packet)
                if isinstance(answer, Packets):
                    self._stream(wire, uid, answer)
                    return
                wire.send(json.dumps(answer).encode())
        except OSError:  # silent for too long, does not take his answers, or gone
            pass
        finally:
            with self._lock:
                del self._open[wire]
                self._streams.discard(wire)
            wire.close()

    def _answered(self, uid: int, packet: bytes) -> Mapping[str, Any] | Packets:
        asked = parse(packet)
        if asked is None:
            return GARBAGE
        try:
            return self._answer(uid, asked)
        except Exception:  # whatever one request stumbles over, the next one is to be answered
            log.exception("request-failed", uid=uid)
            return FAILED

    def _stream(self, wire: socket.socket, uid: int, packets: Packets) -> None:
        with self._lock:
            self._streams.add(wire)
        wire.settimeout(STREAM_S)
        with closing(packets.each):
            try:
                for packet in packets.each:
                    if self._stopping.is_set():
                        return
                    wire.send(json.dumps(packet).encode())
            except OSError:
                raise
            except Exception:  # hung up on, it may ask again
                log.exception("request-failed", uid=uid)


def _receive(wire: socket.socket) -> bytes | None:
    """The next packet, None at the end; one that is too long comes as nothing that could be understood."""
    packet, _, flags, _ = wire.recvmsg(MAX_PACKET_BYTES)
    if flags & socket.MSG_TRUNC:
        return b"\0"
    return packet or None


def _make_room(path: Path) -> None:
    """Take away a socket that a dead gate left; whatever else lies there stays, and is an error."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise FileExistsError(errno.EEXIST, "something else is there; move it away")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as other:
        other.settimeout(TURN_S)
        try:
            other.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise FileExistsError(errno.EADDRINUSE, "another gate serves there; stop it")
