"""One card in one PC/SC reader: what the reader loop and the provisioning bench both stand on.

`list_readers` and `PcscCard.connect` need a context (`pcsc_context`); a context and its cards belong to one thread.

pcsc-lite keeps the contexts and cards of a whole process in lists that only some of its calls lock: `SCardDisconnect`
walks them while another thread's `SCardReleaseContext` frees what it walks over, and the process dies of it (seen with
1.9.9; the code is no different in 2.3). So the calls that change these lists take turns here (`pcsc_turn`). The calls
that only look something up do not: a transmission may take seconds, and one reader must not wait for another's.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from smartcard import scard

from terminal.errors import HardwareError
from terminal.ports import CardLost

TURN_S = 0.25
"""A call that hangs in a driver is long past the lists; the others stop waiting for it after this time."""
LOOK_S = 1.0
"""Readers are looked at anew so often: pcsc-lite has had races in which the event was lost that a card came."""

_turn = threading.Lock()
_PCI = {scard.SCARD_PROTOCOL_T0: scard.SCARD_PCI_T0, scard.SCARD_PROTOCOL_T1: scard.SCARD_PCI_T1}


@contextmanager
def pcsc_turn() -> Iterator[None]:
    """For the calls that make or end a context or a card of this process: one at a time. Waits `TURN_S` at most."""
    taken = _turn.acquire(timeout=TURN_S)
    try:
        yield
    finally:
        if taken:
            _turn.release()


@contextmanager
def pcsc_context() -> Iterator[Any]:
    """A connection to the PC/SC daemon, released at the end.

    Raises:
        HardwareError: the daemon does not answer, or keeps this user out.
    """
    with pcsc_turn():
        result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    if result == scard.SCARD_W_SECURITY_VIOLATION:
        raise HardwareError(
            "the PC/SC daemon keeps this user out: be root, or let the user in as systemd/50-xs-terminal.rules does"
        )
    if result != scard.SCARD_S_SUCCESS:
        raise HardwareError(f"the PC/SC daemon does not answer ({_text(result)}): is pcscd running?")
    try:
        yield context
    finally:
        with pcsc_turn():
            scard.SCardReleaseContext(context)


def list_readers(context: Any) -> tuple[str, ...]:
    """The names of the readers that the daemon knows now.

    Raises:
        HardwareError: the daemon went away.
    """
    result, readers = scard.SCardListReaders(context, [])
    if result == scard.SCARD_E_NO_READERS_AVAILABLE:
        return ()
    if result != scard.SCARD_S_SUCCESS:
        raise HardwareError(f"the PC/SC daemon does not list its readers: {_text(result)}")
    return tuple(readers)


def readers_with_card(context: Any, readers: tuple[str, ...], wait_s: float) -> tuple[str, ...]:
    """Those of `readers` on which a card lies; blocks until there is one, at most `wait_s`.

    Raises:
        HardwareError: a reader or the daemon went away.
    """
    states = [(reader, scard.SCARD_STATE_UNAWARE) for reader in readers]
    end_s = time.monotonic() + wait_s
    while True:
        left_s = max(0.0, end_s - time.monotonic())
        left_ms = int(min(left_s, LOOK_S) * 1000)
        result, seen = scard.SCardGetStatusChange(context, left_ms, states)
        if result not in {scard.SCARD_S_SUCCESS, scard.SCARD_E_TIMEOUT}:
            raise HardwareError(f"the readers cannot be watched: {_text(result)}")
        found = tuple(reader for reader, state, _ in seen if state & scard.SCARD_STATE_PRESENT)
        if found or left_s == 0:
            return found
        states = [(reader, state) for reader, state, _ in seen]


class PcscCard:
    """A connected card; a `CardTransport`. Nobody else may speak to it until `disconnect`."""

    def __init__(self, handle: Any, protocol: int) -> None:
        self._handle = handle
        self._protocol = protocol

    @classmethod
    def connect(cls, context: Any, reader: str) -> Self:
        """Power up and take the card in `reader` for ourselves alone.

        Raises:
            CardLost: no card there, or it does not answer, or somebody else has it.
            HardwareError: there is no such reader, or the daemon went away.
        """
        with pcsc_turn():
            result, handle, protocol = scard.SCardConnect(
                context, reader, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
            )
        if result in {scard.SCARD_E_UNKNOWN_READER, scard.SCARD_E_READER_UNAVAILABLE, scard.SCARD_E_NO_SERVICE}:
            raise HardwareError(f"the reader {reader} cannot be used: {_text(result)}")
        if result != scard.SCARD_S_SUCCESS:
            raise CardLost(f"no card to speak to in {reader}: {_text(result)}")
        return cls(handle, protocol)

    def transceive(self, apdu: bytes) -> tuple[bytes, int]:
        """Send one APDU; returns (data, status word). Blocks until the card, the reader or the driver gives up.

        Raises:
            CardLost: no answer came, or one without a status word.
        """
        result, answer = scard.SCardTransmit(self._handle, _PCI[self._protocol], list(apdu))
        if result != scard.SCARD_S_SUCCESS:
            raise CardLost(f"the card left the reader: {_text(result)}")
        if len(answer) < 2:
            raise CardLost("the reader passed on an answer without a status word")
        return bytes(answer[:-2]), int.from_bytes(answer[-2:])

    def disconnect(self, *, reset: bool = True) -> None:
        """Let go of the card and reset it, so that no authenticated session stays behind. Never raises.

        Without `reset` the card stays as it is: a reset drops the field, which to a contactless reader can look like
        a card that left and one that came.
        """
        with pcsc_turn():
            scard.SCardDisconnect(self._handle, scard.SCARD_RESET_CARD if reset else scard.SCARD_LEAVE_CARD)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.disconnect()


def _text(result: int) -> str:
    return str(scard.SCardGetErrorMessage(result)).rstrip(".")
