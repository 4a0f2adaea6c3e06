"""What the tests of the reader loop share: a card of a few bytes, and an owner that notes what it is told."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from smartcard import scard

from simulation.vpcd import READERS
from terminal.edges.pcsc import LET_GO_S, ReaderLoop
from terminal.edges.pcsc_card import pcsc_context
from terminal.ports import CardLost, CardTransport, ReaderState

READER = READERS[0].name
OTHER_READER = READERS[1].name
PATIENCE_S = 30.0
QUICKLY_STUCK_S = LET_GO_S
"""How long letting go of a card may take, in tests of a driver that hangs."""
GET_UID = bytes.fromhex("FFCA000000")
ATR = bytes.fromhex("3B8180018080")

READY = (ReaderState.READY, READER)
ABSENT = (ReaderState.ABSENT, READER)
NO_DAEMON = (ReaderState.NO_DAEMON, READER)
STUCK = (ReaderState.STUCK, READER)
PRESENTED = ("presented", READER)
REMOVED = ("removed", READER)
LINGERS = ("lingers", READER)


def tapped(result: object) -> tuple[object, ...]:
    """What `Owner` notes when its tap is through."""
    return ("tapped", result)


class Card:
    """Answers every command with its name; `answer` may be replaced."""

    def __init__(self, name: bytes = b"card", atr: bytes = ATR) -> None:
        self.name = name
        self.atr = atr
        self.commands: list[bytes] = []
        self.answer: Callable[[], bytes | None] = lambda: self.name + b"\x90\x00"

    def apdu(self, command: bytes) -> bytes | None:
        self.commands.append(command)
        return self.answer()

    def power_on(self) -> None: ...

    def power_off(self) -> None: ...

    def reset(self) -> None: ...


def read_name(card: CardTransport) -> str:
    """A tap of one APDU: the name the card gives, or how it was lost."""
    try:
        return card.transceive(GET_UID)[0].decode()
    except CardLost as lost:
        return f"lost: {lost}"


class Owner:
    """`ReaderEvents` that notes each call; a presented card is tapped by `tap`, and its result noted too."""

    def __init__(self, tap: Callable[[CardTransport], object] = read_name) -> None:
        self.tap = tap
        self.events: SimpleQueue[tuple[object, ...]] = SimpleQueue()
        self.beats: SimpleQueue[str] = SimpleQueue()
        self.errors: SimpleQueue[tuple[str, Exception]] = SimpleQueue()

    def card_presented(self, reader: str, card: CardTransport) -> None:
        self.events.put(("presented", reader))
        self.events.put(("tapped", self.tap(card)))

    def card_lingers(self, reader: str) -> None:
        self.events.put(("lingers", reader))

    def card_removed(self, reader: str) -> None:
        self.events.put(("removed", reader))

    def reader_changed(self, reader: str, state: ReaderState) -> None:
        self.events.put((state, reader))

    def beat(self, part: str) -> None:
        self.beats.put(part)

    def on_error(self, reader: str, error: Exception) -> None:
        self.errors.put((reader, error))

    def next(self, count: int = 1) -> list[tuple[object, ...]]:
        """The next `count` calls, in their order."""
        return [self.events.get(timeout=PATIENCE_S) for _ in range(count)]


@contextmanager
def watching(
    owner: Owner,
    reader: str = READER,
    *,
    tap_budget_s: float = PATIENCE_S,
    linger_s: float = 600.0,
    let_go_s: float = PATIENCE_S,
    monotonic_s: Callable[[], float] = time.monotonic,
) -> Iterator[ReaderLoop]:
    """A loop on `reader` that tells `owner`; stopped at the end."""
    loop = ReaderLoop(
        reader,
        owner,
        heartbeat=owner,
        on_error=owner.on_error,
        monotonic_s=monotonic_s,
        tap_budget_s=tap_budget_s,
        linger_s=linger_s,
        let_go_s=let_go_s,
    )
    loop.start()
    try:
        yield loop
    finally:
        assert loop.stop(PATIENCE_S), "the loop did not end"


def daemon_sees(wanted: int, reader: str = READER) -> None:
    """Block until the daemon itself says that the reader is empty, or occupied (a bit of the event word)."""
    with pcsc_context() as context:
        state = scard.SCARD_STATE_UNAWARE
        while not state & wanted:
            result, states = scard.SCardGetStatusChange(context, int(PATIENCE_S * 1000), [(reader, state)])
            assert result == scard.SCARD_S_SUCCESS, scard.SCardGetErrorMessage(result)
            state = states[0][1]


class Latch:
    """Holds a thread up until it is opened, and tells when one has arrived."""

    def __init__(self) -> None:
        self._arrived = threading.Event()
        self._opened = threading.Event()

    def pass_through(self) -> None:
        self._arrived.set()
        assert self._opened.wait(2 * PATIENCE_S), "nobody opened the latch"  # not before who waits for it gives up

    def wait_arrived(self) -> None:
        assert self._arrived.wait(PATIENCE_S), "nobody came to the latch"

    def open(self) -> None:
        self._opened.set()


def held_up(latch: Latch, answer: bytes | None = None) -> Callable[[], bytes | None]:
    """How a card answers that hangs until the latch is opened."""

    def hang() -> bytes | None:
        latch.pass_through()
        return answer

    return hang
