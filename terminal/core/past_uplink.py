"""Which entries of an epoch that has ended go next: all of them once, in order, a batch at a time (design 7, 'MQTT 5').

Unlike the present epoch it does not wait for acknowledgements: where its past forked there will never be one, and all
that the disk still has is to reach headquarters as evidence. What nobody acknowledged is sent again, but seldom.
"""

from terminal.core.uplink import FIRST_PAUSE_S, MAX_PAUSE_S, UNTAKEN_S, Sent, Stream, Wanted

AGAIN_S = 3600.0
"""After all of it was sent and not all was acknowledged. Headquarters asks again by itself no more often."""


class PastUplink:
    """The numbers of one epoch with `size` entries. One thread; nothing blocks."""

    def __init__(self, size: int, acknowledged: int) -> None:
        self.size = size
        self.cursor = acknowledged
        """Headquarters has every entry below."""
        self._next = acknowledged
        self._replay: tuple[int, int] | None = None
        self._in_flight: Sent | None = None
        self._again_at_s = 0.0
        self._paused_until_s = 0.0
        self._pause_s = FIRST_PAUSE_S

    def acknowledged(self, size: int) -> None:
        """Headquarters has every entry below `size`; less than before changes nothing."""
        self.cursor = max(self.cursor, size)
        self._next = max(self._next, size)

    def asked_again(self, first: int, last: int) -> None:
        """Headquarters asks for the entries `first` to `last`; only its newest wish is kept."""
        self._replay = (first, last)

    def lost(self) -> None:
        """The connection ended; what the broker had not taken is nobody's."""
        if self._in_flight is not None:
            self._back(self._in_flight)
        self._pause_s, self._paused_until_s = FIRST_PAUSE_S, 0.0

    def next(self, now_s: float) -> Wanted | None:
        """What is to be sent now; call `sent` when it went, `unavailable` when it cannot."""
        if self._in_flight is not None or now_s < self._paused_until_s or self.cursor >= self.size:
            return None
        if self._replay is not None:
            return Wanted(Stream.REPLAY, self._replay[0], self.size)
        if now_s < self._again_at_s:
            return None
        if self._next >= self.size:
            self._next = self.cursor
        return Wanted(Stream.BACKLOG, self._next, self.size)

    def sent(self, wanted: Wanted, end: int, now_s: float) -> Sent:
        """The batch `wanted` went out, and ends at `end`; `taken` or `refused` follows, unless the connection ends."""
        self._in_flight = Sent(wanted.stream, wanted.first, end, now_s)
        if wanted.stream is Stream.REPLAY:
            self._replay = (end, self._replay[1]) if self._replay and end <= self._replay[1] else None
        else:
            self._next = end
        return self._in_flight

    def unavailable(self, wanted: Wanted, now_s: float) -> None:
        """There is no such batch (yet): it is tried again after a pause, save what headquarters asked for."""
        if wanted.stream is Stream.REPLAY:
            self._replay = None
        self._wait(now_s)

    def taken(self, sent: Sent, now_s: float) -> None:
        """The broker took it."""
        if sent is not self._in_flight:
            return
        self._in_flight, self._pause_s = None, FIRST_PAUSE_S
        if sent.stream is Stream.BACKLOG and self._next >= self.size:
            self._again_at_s = now_s + AGAIN_S

    def refused(self, sent: Sent, now_s: float) -> None:
        """The broker refuses it: it is sent again after a pause."""
        if sent is self._in_flight:
            self._back(sent)
            self._wait(now_s)

    def is_stuck(self, now_s: float) -> bool:
        """Tell whether the broker neither takes nor refuses: the connection is to be cut."""
        return self._in_flight is not None and now_s - self._in_flight.at_s >= UNTAKEN_S

    def _back(self, sent: Sent) -> None:
        self._in_flight = None
        if sent.stream is Stream.BACKLOG:
            self._next = max(min(self._next, sent.first), self.cursor)

    def _wait(self, now_s: float) -> None:
        self._paused_until_s = now_s + self._pause_s
        self._pause_s = min(2 * self._pause_s, MAX_PAUSE_S)
