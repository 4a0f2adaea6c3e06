"""A slot of the virtual reader: plugs a card made of software into the real PC/SC daemon.

The `vpcd` driver of vsmartcard listens on one TCP port for each of its two readers; a card in the field is a
connection to that port. Messages are a two-byte big-endian length and that many bytes: a control byte (0 off, 1 on,
2 reset, 4 "which ATR?") or an APDU. Only the ATR request and an APDU are answered.

The daemon has no other way to see a card come or go than to ask for its ATR, every 0.4 s. A card that went and another
that came between two questions would be one card to it; the slot therefore lets a card in only after the daemon has
once asked and got no answer.
"""

import contextlib
import socket
import struct
import threading
from types import TracebackType
from typing import NamedTuple, Protocol, Self

HOST = "127.0.0.1"
RETRY_S = 0.05
CLOSE_S = 30.0

CONTROL_OFF = b"\x00"
CONTROL_ON = b"\x01"
CONTROL_RESET = b"\x02"
CONTROL_ATR = b"\x04"


class VirtualReader(NamedTuple):
    """A reader of the driver: its name as PC/SC shows it, and the port its card connects to."""

    name: str
    port: int


READERS = (VirtualReader("Virtual PCD 00 00", 0x8C7B), VirtualReader("Virtual PCD 00 01", 0x8C7C))


class InsertedCard(Protocol):
    """What lies on the reader. All methods are called on the slot's thread, save `power_off` on `remove`."""

    @property
    def atr(self) -> bytes:
        """Answer to reset, as the reader makes it up for a contactless card."""

    def power_on(self) -> None:
        """The field came up."""

    def power_off(self) -> None:
        """The field is gone, and with it whatever was not committed. May be called twice."""

    def reset(self) -> None:
        """Off and on."""

    def apdu(self, command: bytes) -> bytes | None:
        """Answer one APDU; None answers nothing at all: the reader waits until the card is taken away.

        Raises:
            PulledAway: the card leaves the field now.
        """


class PulledAway(Exception):
    """The card leaves the field; `answer` still got out before it did, None if it did not."""

    def __init__(self, answer: bytes | None = None) -> None:
        super().__init__("the card was pulled away")
        self.answer = answer


class _Insertion:
    """One stay of a card on the reader; the same card put there twice makes two."""

    def __init__(self, card: InsertedCard) -> None:
        self.card = card


class VirtualReaderSlot:
    """Where cards are laid on one virtual reader. Has a thread of its own; use it as a context manager.

    A daemon that is killed and started again finds the card still lying there, as with a real reader.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._changed = threading.Condition()
        self._insertion: _Insertion | None = None
        self._wire: socket.socket | None = None
        self._computing = False
        self._answer_due = False
        self._closed = False
        self._seen_empty = False  # whoever had this reader before may have left a card in the daemon's mind
        self._thread = threading.Thread(target=self._run, name=f"virtual-reader-{port}", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def card(self) -> InsertedCard | None:
        """The card that lies there now; None after `remove` and after the card was pulled away."""
        with self._changed:
            return self._insertion.card if self._insertion else None

    def insert(self, card: InsertedCard) -> None:
        """Lay a card on the reader; returns at once, the daemon sees it within a second.

        Raises:
            RuntimeError: another card lies there, or the slot is closed.
        """
        with self._changed:
            if self._closed:
                raise RuntimeError(f"the slot at port {self._port} is closed")
            if self._insertion is not None:
                raise RuntimeError(f"a card lies on the reader at port {self._port} already; remove it first")
            self._insertion = _Insertion(card)
            self._changed.notify_all()

    def remove(self) -> None:
        """Take the card away; it answers nothing from now on. Without a card this does nothing."""
        with self._changed:
            insertion, self._insertion = self._insertion, None
            if insertion is not None and not self._computing:
                insertion.card.power_off()
            # Somebody waits for an answer: cut the line. Otherwise the next question goes unanswered, which
            # tells the daemon one question earlier than a cut would.
            if self._answer_due:
                self._cut()
            self._changed.notify_all()

    def wait_pulled_away(self, timeout_s: float) -> bool:
        """Block until no card lies there any more, at most `timeout_s`; tells whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._insertion is None, timeout_s)

    def close(self) -> None:
        """Take the card away and end the thread.

        Raises:
            RuntimeError: the card has been at work on an answer for very long.
        """
        self.remove()
        with self._changed:
            self._closed = True
            self._cut()
            self._changed.notify_all()
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            raise RuntimeError(f"the card on the reader at port {self._port} does not come back from an APDU")

    def _cut(self) -> None:
        if self._wire is not None:
            with contextlib.suppress(OSError):
                self._wire.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._insertion is not None or not self._seen_empty)
                if self._closed:
                    return
                insertion = self._insertion if self._seen_empty else None
                try:
                    self._wire = _connect(self._port)
                except OSError:  # no daemon: the one that starts next has seen nothing yet
                    self._seen_empty = True
                    self._changed.wait(RETRY_S)
                    continue
            with self._wire:
                self._seen_empty = self._serve(self._wire, insertion) if insertion else _ignore_question(self._wire)
            with self._changed:
                self._wire = None

    def _serve(self, wire: socket.socket, insertion: _Insertion) -> bool:
        """Answer for one card until it or the daemon goes; tells whether the daemon has seen the field empty."""
        card = insertion.card
        try:
            while (message := _receive(wire)) is not None:
                with self._changed:
                    if self._insertion is not insertion:
                        return message == CONTROL_ATR
                    if len(message) == 1:
                        _control(wire, card, message)
                        continue
                    self._computing = self._answer_due = True
                try:
                    answer, stays = card.apdu(message), True
                except PulledAway as pulled:
                    answer, stays = pulled.answer, False
                with self._changed:
                    self._computing = False
                    if self._insertion is not insertion:
                        return False
                    if answer is not None:
                        _send(wire, answer)
                        self._answer_due = False
                    if not stays:
                        self._insertion = None
                        self._changed.notify_all()
                        return False
        except OSError:  # the daemon died in the middle of a message
            pass
        finally:
            with self._changed:
                self._computing = self._answer_due = False
                if self._insertion in (insertion, None):
                    card.power_off()
        return False


def _control(wire: socket.socket, card: InsertedCard, message: bytes) -> None:
    if message == CONTROL_ATR:
        _send(wire, card.atr)
    elif message == CONTROL_ON:
        card.power_on()
    elif message == CONTROL_OFF:
        card.power_off()
    elif message == CONTROL_RESET:
        card.reset()


def _connect(port: int) -> socket.socket:
    wire = socket.create_connection((HOST, port), timeout=1)
    if wire.getsockname() == wire.getpeername():  # TCP joins a socket to itself when nobody listens on its own port
        wire.close()
        raise ConnectionRefusedError(f"nobody listens on port {port}")
    wire.settimeout(None)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return wire


def _ignore_question(wire: socket.socket) -> bool:
    """Let the daemon ask and hang up: now it has seen the field empty."""
    try:
        return _receive(wire) == CONTROL_ATR
    except OSError:
        return False


def _receive(wire: socket.socket) -> bytes | None:
    """One message, or None when the other side hung up."""
    head = _receive_exactly(wire, 2)
    return None if head is None else _receive_exactly(wire, struct.unpack(">H", head)[0])


def _receive_exactly(wire: socket.socket, size: int) -> bytes | None:
    parts = b""
    while len(parts) < size:
        # The driver writes length and message apart; unless the first is acknowledged at once, Nagle holds the second
        # back for 40 ms. The kernel forgets this setting, so it is made anew for each piece.
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = wire.recv(size - len(parts))
        if not part:
            return None
        parts += part
    return parts


def _send(wire: socket.socket, message: bytes) -> None:
    wire.sendall(struct.pack(">H", len(message)) + message)
