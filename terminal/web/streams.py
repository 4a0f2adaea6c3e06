"""Server-sent events: messages to every page that is open, each with an end to how far it may fall behind.

A page that has fallen behind, or comes back, begins anew with everything as it is: its stream is ended, and the
browser opens another one by itself (WHATWG HTML, 9.2).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any

from starlette.responses import Response, StreamingResponse

MOST_WAITING = 256
BEAT_S = 1.0
RETRY_MS = 500
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Message = tuple[str, str, str | None]
"""Type, data, and an id to go on from."""
First = Callable[[], Awaitable[Iterable[Message]]]


def message(kind: str, data: Mapping[str, Any], number: str | None = None) -> Message:
    """One message of type `kind`; `number` is what the browser gives as `Last-Event-ID` when it comes back."""
    return kind, json.dumps(data, ensure_ascii=False, separators=(",", ":")), number


class Stream:
    """Everybody who watches one thing. Belongs to one event loop."""

    def __init__(self, most_open: int = 64) -> None:
        self._most_open = most_open
        self._open: set[asyncio.Queue[Message | None]] = set()
        self._closed = False

    @property
    def viewers(self) -> int:
        """How many pages are open."""
        return len(self._open)

    def send(self, *messages: Message) -> None:
        """Send these to everybody. Who is too far behind is ended: he comes back and gets everything."""
        for each in tuple(self._open):
            for said in messages:
                if each.qsize() >= MOST_WAITING:
                    self._open.discard(each)
                    each.put_nowait(None)
                    break
                each.put_nowait(said)

    def close(self) -> None:
        """End all streams; no more begin."""
        self._closed = True
        for each in self._open:
            each.put_nowait(None)

    def answer(self, first: First, is_welcome: Callable[[], bool] = lambda: True) -> Response:
        """The response that goes on: `first` gives what a page gets to begin with, asked when it begins to listen.

        `is_welcome` is asked at each message: once it is not, the page is told `ended`.
        """
        if self._closed or len(self._open) >= self._most_open:
            return Response(status_code=503, headers={"Retry-After": "5"})
        return StreamingResponse(self._each(first, is_welcome), media_type="text/event-stream", headers=HEADERS)

    async def _each(self, first: First, is_welcome: Callable[[], bool]) -> AsyncIterator[bytes]:
        waiting: asyncio.Queue[Message | None] = asyncio.Queue()
        self._open.add(waiting)
        try:
            yield f"retry: {RETRY_MS}\n\n".encode()
            for each in await first():
                yield _encoded(each)
            while True:
                try:
                    said = await asyncio.wait_for(waiting.get(), BEAT_S)
                except TimeoutError:
                    said = ("beat", "{}", None)
                if said is None:
                    return
                if not is_welcome():
                    yield _encoded(("ended", "{}", None))
                    return
                yield _encoded(said)
        finally:
            self._open.discard(waiting)


def _encoded(said: Message) -> bytes:
    kind, data, number = said
    head = f"id: {number}\n" if number is not None else ""
    return f"{head}event: {kind}\ndata: {data}\n\n".encode()
