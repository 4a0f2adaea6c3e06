"""The reader loop: what happens on one PC/SC reader, told to its owner.

Reading order: `pcsc_card` (one connected card), `pcsc_field` (event words → what happened), `pcsc_tap` (a conversation
with a budget), this loop.

One thread a reader waits in `SCardGetStatusChange` and makes all calls of `ReaderEvents` for that reader, one after the
other. Readers share nothing: two cards on two readers of one lane are two taps at the same time, on two threads, and
whatever belongs to the lane is the lane's to serialise. A second thread a reader carries the APDUs (`pcsc_tap`).

pyscard's own monitor is not used: its thread ends for good when the daemon is absent, and it loses readers that are
plugged in later.
"""

import math
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import wait
from typing import Any

from smartcard import scard

from firmware_config.gate import reader_kind
from terminal.edges.pcsc_card import list_readers, pcsc_context
from terminal.edges.pcsc_field import Change, Field
from terminal.edges.pcsc_tap import CardThread, Tap
from terminal.errors import HardwareError
from terminal.ports import Heartbeat, ReaderEvents, ReaderState

TAP_BUDGET_S = 2.0
LINGER_S = 60.0
TURN_S = 1.0
"""The longest wait of the loop: how often it beats when nothing happens."""
FIRST_PAUSE_S, LAST_PAUSE_S = 0.05, 1.0
"""Back-off while the daemon is absent: doubled from the first to the last."""
LET_GO_S = 0.1
"""How long letting go of a card may take before the reader is called stuck, and how often a stuck one is looked at."""
CANCEL_AGAIN_S = 0.02

_PNP_READER = "\\\\?PnP?\\Notification"
"""A reader of this name changes state when readers are plugged in or out (pcsc-lite and Windows)."""
_GONE = scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE


class ReaderLoop:
    """Watches one reader from `start` to `stop`, through unplugging and restarts of the daemon.

    `reader` is the name as PC/SC lists it; without the two numbers at its end it means the only reader of that kind.
    Events and beats carry this name, not the one found. Once `reader_changed(READY)` was said, every card that comes
    is presented; one that lay there before was not seen to come and is not (it still lingers).

    `on_error` gets the reader and whatever a callback of `events` raised; the loop goes on. Beats are named
    `reader:` and the name.
    """

    def __init__(
        self,
        reader: str,
        events: ReaderEvents,
        *,
        heartbeat: Heartbeat,
        on_error: Callable[[str, Exception], None],
        monotonic_s: Callable[[], float],
        tap_budget_s: float = TAP_BUDGET_S,
        linger_s: float = LINGER_S,
        let_go_s: float = LET_GO_S,
    ) -> None:
        self._reader = reader
        self._events = events
        self._heartbeat = heartbeat
        self._on_error = on_error
        self._monotonic_s = monotonic_s
        self._tap_budget_s = tap_budget_s
        self._linger_s = linger_s
        self._let_go_s = let_go_s
        self._field = Field()
        self._state: ReaderState | None = None
        self._lingers_at_s: float | None = None
        self._context: Any = None
        self._cards = CardThread(reader)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"reader:{reader}", daemon=True)

    def start(self) -> None:
        """Begin; returns at once. May be called once."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """End the loop; tells whether it ended in time. Blocks while a callback runs, at most `timeout_s`.

        An APDU that hangs in a driver does not hold it up.
        """
        self._stopping.set()
        deadline_s = self._monotonic_s() + timeout_s
        while self._thread.is_alive() and self._monotonic_s() < deadline_s:
            context = self._context
            if context is not None:  # a cancel between two waits is forgotten by the daemon: said until the loop ends
                scard.SCardCancel(context)
            self._thread.join(CANCEL_AGAIN_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        self._cards.start()
        pause_s = FIRST_PAUSE_S
        while not self._stopping.is_set():
            self._beat()
            try:
                with pcsc_context() as self._context:
                    pause_s = FIRST_PAUSE_S
                    self._watch(self._context)
            except HardwareError:
                self._cards.submit(self._cards.let_go)  # its context died with the daemon
                self._lose_sight(ReaderState.NO_DAEMON)
                self._stopping.wait(pause_s)
                pause_s = min(2 * pause_s, LAST_PAUSE_S)
            finally:
                self._context = None
        self._cards.end()

    def _watch(self, context: Any) -> None:
        while not self._stopping.is_set():
            self._beat()
            name = find_reader(self._reader, list_readers(context))
            if name is not None:
                self._watch_reader(context, name)
            if not self._stopping.is_set():
                self._lose_sight(ReaderState.ABSENT)
                _status_change(context, TURN_S, _PNP_READER, scard.SCARD_STATE_UNAWARE)

    def _watch_reader(self, context: Any, name: str) -> None:
        """Tell what happens on the reader `name` until it is gone."""
        known = scard.SCARD_STATE_UNAWARE
        while not self._stopping.is_set():
            self._beat()
            event_word = _status_change(context, self._turn_s(), name, known)
            if event_word is None or event_word & _GONE:
                return
            changes = self._field.look(event_word)
            self._say(ReaderState.READY)
            for change in changes:
                self._tell_change(change, name)
            # After a tap the next look returns at once: the card may have left, or the thread that speaks to it hung.
            known = scard.SCARD_STATE_UNAWARE if changes else event_word & ~scard.SCARD_STATE_CHANGED
            self._tell_lingering()

    def _turn_s(self) -> float:
        if self._lingers_at_s is None:
            return TURN_S
        return min(TURN_S, max(0.0, self._lingers_at_s - self._monotonic_s()))

    def _tell_change(self, change: Change, name: str) -> None:
        match change:
            case Change.LEFT:
                self._lingers_at_s = None
                self._tell(lambda: self._events.card_removed(self._reader))
            case Change.FOUND:
                self._lingers_at_s = self._monotonic_s() + self._linger_s
            case Change.CAME:
                self._lingers_at_s = self._monotonic_s() + self._linger_s
                self._present(name)

    def _tell_lingering(self) -> None:
        if self._lingers_at_s is not None and self._monotonic_s() >= self._lingers_at_s:
            self._lingers_at_s = None
            self._tell(lambda: self._events.card_lingers(self._reader))

    def _present(self, name: str) -> None:
        tap = Tap(self._cards, name, budget_s=self._tap_budget_s, monotonic_s=self._monotonic_s, beat=self._beat)
        self._tell(lambda: self._events.card_presented(self._reader, tap))
        self._field.tapped(lost=tap.lost)
        let_go = tap.end()
        while wait([let_go], self._let_go_s).not_done and not self._stopping.is_set():
            self._beat()
            self._say(ReaderState.STUCK)

    def _lose_sight(self, state: ReaderState) -> None:
        self._field.out_of_sight()
        self._say(state)

    def _say(self, state: ReaderState) -> None:
        if state is not self._state:
            self._state = state
            self._tell(lambda: self._events.reader_changed(self._reader, state))

    def _tell(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001 - the edge: one tap that goes wrong must not take the reader with it
            self._on_error(self._reader, error)

    def _beat(self) -> None:
        self._heartbeat.beat(f"reader:{self._reader}")


def readers_present() -> tuple[str, ...]:
    """The names of the readers that PC/SC knows now, for a check or a message that names what is there.

    Raises:
        HardwareError: the daemon does not answer.
    """
    with pcsc_context() as context:
        return list_readers(context)


def find_reader(wanted: str, present: Iterable[str]) -> str | None:
    """The reader that `wanted` names: itself, or the only one that differs in nothing but the numbers at its end.

    PC/SC adds these numbers in the order in which readers were plugged in; a reader plugged in again may get others.
    """
    names = tuple(present)
    if wanted in names:
        return wanted
    alike = [name for name in names if reader_kind(name) == wanted]
    return alike[0] if len(alike) == 1 else None


def _status_change(context: Any, timeout_s: float, reader: str, known: int) -> int | None:
    """The event word of `reader` once it differs from `known` or the time is up; None when there is no such reader.

    Raises:
        HardwareError: the daemon went away.
    """
    result, states = scard.SCardGetStatusChange(context, math.ceil(timeout_s * 1000), [(reader, known)])
    if result == scard.SCARD_E_UNKNOWN_READER:
        return None
    if result not in {scard.SCARD_S_SUCCESS, scard.SCARD_E_TIMEOUT, scard.SCARD_E_CANCELLED}:
        raise HardwareError(f"the PC/SC daemon is gone: {scard.SCardGetErrorMessage(result)}")
    return int(states[0][1])
