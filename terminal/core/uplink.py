"""Which entries go to headquarters next: backlog in order, new ones ahead of it, all again when nobody answers.

    acknowledged ≤ … backlog … < newest when the connection came ≤ … live … < newest now

Headquarters' acknowledgement alone moves the cursor. That the broker took a batch makes room for another one and no
more (design 7, 'MQTT 5', 1). After a silence everything is sent again from the cursor, but only a batch at a time until
somebody answers: a week without collectors costs a batch every half minute.

Nothing here knows a clock, an entry or a connection: times come in, numbers of entries go out. One `Uplink` is for one
epoch and one copy of the journal; with another one a new one begins.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from terminal.core.messages import MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, MAX_BATCH_OVERHEAD, MAX_ENTRY_OVERHEAD

SILENCE_S = 30.0
"""With nothing acknowledged for so long, while something was sent, it is sent again."""
UNTAKEN_S = 60.0
"""A broker that has not taken a batch after so long never will: the connection is to be made anew."""
MAX_LIVE_IN_FLIGHT = 4
MAX_BACKLOG_IN_FLIGHT = 4
"""Batches that the broker has not taken yet. Few, since a new entry comes after them on a slow line."""
MAX_WINDOW = 8
"""Batches of backlog that are sent before headquarters has acknowledged the first. Few, since a new entry waits at the
collectors for those that came before it."""
FIRST_PAUSE_S = 1.0
MAX_PAUSE_S = 60.0
"""After a batch that the broker refuses; it doubles in between."""


class Stream(Enum):
    """Why a batch is sent."""

    LIVE = "live"
    REPLAY = "replay"
    BACKLOG = "backlog"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A batch that is to go: it begins at entry `first` and ends at a checkpoint, not beyond `limit` (a size)."""

    stream: Stream
    first: int
    limit: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A batch on its way to the broker: entries `first` to `end` - 1."""

    stream: Stream
    first: int
    end: int
    at_s: float


class Uplink:
    """The numbers behind that. One thread; nothing blocks."""

    def __init__(self, acknowledged: int) -> None:
        self.cursor = acknowledged
        """Headquarters has every entry below."""
        self._connected = False
        self._backlog = self._live_from = self._live = acknowledged
        self._replay: tuple[int, int] | None = None
        self._in_flight: list[Sent] = []
        self._unacknowledged: list[int] = []
        self._window = MAX_WINDOW
        self._quiet_since_s = 0.0
        self._pause_s = FIRST_PAUSE_S
        self._paused_until_s: float | None = None

    # ------------------------------------------------------------------------------------------------ what happened

    def connected(self, size: int, now_s: float) -> None:
        """A connection begins, with a journal of `size`: what is new from now on goes ahead of the rest."""
        self.lost()
        self._connected = True
        self._window = MAX_WINDOW
        self._from_cursor(size, now_s)

    def lost(self) -> None:
        """The connection ended; what the broker had not taken is nobody's."""
        self._connected = False
        self._in_flight.clear()
        self._replay = None
        self._pause_s, self._paused_until_s = FIRST_PAUSE_S, None

    def acknowledged(self, size: int, now_s: float) -> None:
        """The gate believes that headquarters has every entry below `size`; less than before changes nothing."""
        if size <= self.cursor:
            return
        self.cursor = size
        self._backlog, self._live = max(self._backlog, size), max(self._live, size)
        self._live_from = max(self._live_from, size)
        self._unacknowledged = [end for end in self._unacknowledged if end > size]
        self._window = min(2 * self._window, MAX_WINDOW)
        self._quiet_since_s = now_s

    def asked_again(self, first: int, last: int) -> None:
        """Headquarters asks for the entries `first` to `last`; only its newest wish is kept."""
        self._replay = (first, last)

    def sent(self, wanted: Wanted, end: int, now_s: float) -> Sent:
        """The batch `wanted` went out, and ends at `end`; `taken` or `refused` follows, unless the connection ends."""
        if not self._is_waiting():
            self._quiet_since_s = now_s
        sent = Sent(wanted.stream, wanted.first, end, now_s)
        self._in_flight.append(sent)
        match wanted.stream:
            case Stream.LIVE:
                self._live = max(self._live, end)
            case Stream.BACKLOG:
                self._backlog = max(self._backlog, end)
                self._unacknowledged.append(end)
            case Stream.REPLAY:
                self._replay = (end, self._replay[1]) if self._replay and end <= self._replay[1] else None
        return sent

    def unavailable(self, wanted: Wanted) -> None:
        """There is no such batch. Of what headquarters asked for that is the end; all else is tried again."""
        if wanted.stream is Stream.REPLAY:
            self._replay = None

    def taken(self, sent: Sent) -> None:
        """The broker took it."""
        if self._settled(sent) and self._paused_until_s is None:
            self._pause_s = FIRST_PAUSE_S

    def refused(self, sent: Sent, now_s: float) -> None:
        """The broker refuses it: after a pause all is sent again from the cursor."""
        if self._settled(sent) and self._paused_until_s is None:
            self._paused_until_s = now_s + self._pause_s
            self._pause_s = min(2 * self._pause_s, MAX_PAUSE_S)

    # ------------------------------------------------------------------------------------------------ what follows

    def next(self, size: int, now_s: float) -> Wanted | None:
        """What is to be sent now, of a journal whose newest checkpoint has this `size`; call `sent` when it went."""
        if not self._connected:
            return None
        if self._paused_until_s is not None:
            if now_s < self._paused_until_s:
                return None
            self._paused_until_s = None
            self._from_cursor(size, now_s)
        if self._is_waiting() and now_s - self._quiet_since_s >= SILENCE_S:
            self._window = 1
            self._from_cursor(size, now_s)
        live = sum(each.stream is Stream.LIVE for each in self._in_flight)
        if self._live < size and live < MAX_LIVE_IN_FLIGHT:
            return Wanted(Stream.LIVE, self._live, size)
        if len(self._in_flight) - live >= MAX_BACKLOG_IN_FLIGHT:
            return None
        if self._replay is not None:
            return Wanted(Stream.REPLAY, self._replay[0], size)
        if self._backlog < min(self._live_from, size) and len(self._unacknowledged) < self._window:
            return Wanted(Stream.BACKLOG, self._backlog, min(self._live_from, size))
        return None

    def is_stuck(self, now_s: float) -> bool:
        """Tell whether the broker neither takes nor refuses: the connection is to be cut."""
        return any(now_s - each.at_s >= UNTAKEN_S for each in self._in_flight)

    def _from_cursor(self, size: int, now_s: float) -> None:
        self._backlog = self.cursor
        self._live_from = self._live = max(size, self.cursor)
        self._unacknowledged.clear()
        self._quiet_since_s = now_s

    def _is_waiting(self) -> bool:
        """Something was sent that is not acknowledged."""
        return max(self._backlog, self._live if self._live > self._live_from else 0) > self.cursor

    def _settled(self, sent: Sent) -> bool:
        """Forget it as being on its way; False: it was of an earlier connection."""
        for place, each in enumerate(self._in_flight):
            if each is sent:
                del self._in_flight[place]
                return True
        return False


def fits(first: int, weights: Iterable[int], sizes: Iterable[int], limit: int) -> int | None:
    """Where a batch that begins at `first` ends: the largest of the checkpoints' `sizes` within a batch's bounds.

    `weights` are the bytes of the entries from `first` on, records with their sealed parts; None: no checkpoint there.
    """
    end, left = first, MAX_BATCH_BYTES - MAX_BATCH_OVERHEAD
    for weight in weights:
        left -= weight + MAX_ENTRY_OVERHEAD
        if left < 0 or end - first == MAX_BATCH_ENTRIES or end == limit:
            break
        end += 1
    return max((size for size in sizes if first < size <= end), default=None)
