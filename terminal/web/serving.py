"""A web server that silent connections cannot fill: uvicorn, with an end to how long it waits for a request."""

import asyncio
from collections import OrderedDict
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 8.0
"""Longest from a connection to the end of its first request's head."""
MOST_WAITING = 100
"""Connections from which no request has come yet; with one more the oldest of them goes."""


class BoundedProtocol(H11Protocol):
    """One connection. Whoever sends his request waits for nobody who does not, on purpose or by accident."""

    _waiting: "OrderedDict[BoundedProtocol, asyncio.TimerHandle]" = OrderedDict()  # noqa: RUF012 - of all connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._waiting[self] = self.loop.call_later(HEAD_S, self._give_up)
        if len(self._waiting) > MOST_WAITING:
            next(iter(self._waiting))._give_up()

    def data_received(self, data: bytes) -> None:
        """Take what came; with the head of a request the waiting is over."""
        super().data_received(data)
        if self.cycle is not None:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        self._stop_waiting()
        transport: Any = self.transport
        if transport is not None:
            transport.abort()

    def _stop_waiting(self) -> None:
        timer = self._waiting.pop(self, None)
        if timer is not None:
            timer.cancel()
