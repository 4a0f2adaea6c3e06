"""The process that keeps the stays up to date and tells the terminals, for as long as it lives.

What the broker has taken is believed for as long as the connection lasts: one that was killed forgets, so with each
connection everything goes out anew, under new numbers. Nothing here ends it: while database or broker is away, the
terminals keep what they were told last.
"""

from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from headquarters.database import Database
from headquarters.repository.announcer import Troubles
from headquarters.stays.account import PaidStay
from headquarters.stays.book import Book, tellable
from headquarters.stays.telling import MAX_STAYS, messages_to, terminals_by_site
from terminal.core.known_stays import SALT_BYTES
from terminal.edges.mqtt import Connected, Event, LineError, Lost
from terminal.errors import StorageError

EVERY_S = 5.0
"""Between two rounds: what changes meanwhile is told together."""
A_PAGE_S = 0.5
"""A site that needs many pages is told more seldom: so long for each."""
ANEW_S = 600.0
"""A broker may drop what it has acknowledged; and what ended a day ago is told no more."""
TAKEN_WITHIN_S = 30.0


class Line(Protocol):
    """What is needed of a line to the broker; `terminal.edges.mqtt.Line` is one."""

    def publish(self, topic: str, body: bytes, *, retain: bool = False) -> "Future[None]":
        """Send a message; the future fails when it did not get to the broker. Never blocks."""
        ...

    def cut(self, why: str) -> None:
        """End this connection and make another one."""
        ...


class Telling:
    """Call `turn` again and again, on one thread. It waits for the database and the broker only."""

    def __init__(
        self,
        database: Database,
        book: Book,
        key: Ed25519PrivateKey,
        troubles: Troubles,
        *,
        now_ms: Callable[[], int],
        monotonic_s: Callable[[], float],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self.events: SimpleQueue[Event] = SimpleQueue()
        """What the line tells goes here, from any thread."""
        self._database = database
        self._book = book
        self._key = key
        self._troubles = troubles
        self._now_ms = now_ms
        self._monotonic_s = monotonic_s
        self._random_bytes = random_bytes
        self._connected = False
        self._round_at_s = float("-inf")
        self._told: dict[str, tuple[float, list[tuple[bytes, PaidStay]]]] = {}
        self._not_before_s: dict[str, float] = {}

    def turn(self, line: Line, within_s: float) -> None:
        """Wait for an event, no longer than this; then do a round where one is due."""
        try:
            self._hear(self.events.get(timeout=within_s))
            while True:
                self._hear(self.events.get_nowait())
        except Empty:
            pass
        now_s = self._monotonic_s()
        if now_s < self._round_at_s:
            return
        self._round_at_s = now_s + EVERY_S
        try:
            self._book.round(self._now_ms())
            if self._connected:
                self._tell_all(line, now_s)
        except StorageError as error:
            self._troubles.note("register", str(error))
        except LineError as error:
            self._troubles.note("broker", str(error))
        else:
            self._troubles.note("register", None)

    def _hear(self, event: Event) -> None:
        match event:
            case Connected():
                self._connected = True
                self._told.clear()
                self._not_before_s.clear()
                self._round_at_s = float("-inf")
                self._troubles.note("broker", None)
            case Lost(why):
                self._connected = False
                self._troubles.note("broker", why)
            case _:
                pass

    def _tell_all(self, line: Line, now_s: float) -> None:
        with self._database.transaction(read_only=True) as connection:
            by_site = terminals_by_site(connection)
            found = {site: tellable(connection, site, self._now_ms()) for site in by_site}
        for site, terminals in by_site.items():
            many = f"{len(found[site])} stays; terminals are told of {MAX_STAYS}"
            self._troubles.note(f"site {site}", many if len(found[site]) > MAX_STAYS else None)
            for terminal in terminals:
                self._tell(line, terminal, found[site], now_s)

    def _tell(self, line: Line, terminal: str, found: list[tuple[bytes, PaidStay]], now_s: float) -> None:
        told_at_s, told = self._told.get(terminal, (float("-inf"), None))
        if (found == told and now_s < told_at_s + ANEW_S) or now_s < self._not_before_s.get(terminal, now_s):
            return
        with self._database.transaction() as connection:
            salt = self._random_bytes(SALT_BYTES)
            messages = messages_to(connection, terminal, found, key=self._key, now_ms=self._now_ms(), salt=salt)
        going = [line.publish(topic, body, retain=True) for topic, body in messages]
        for each in going:
            try:
                each.result(TAKEN_WITHIN_S)
            except TimeoutError:
                why = f"the broker takes no message for {TAKEN_WITHIN_S:.0f} s"
                line.cut(why)
                raise LineError(why) from None
        self._told[terminal] = now_s, found
        self._not_before_s[terminal] = now_s + A_PAGE_S * len(messages)
