"""The line to the gate's socket: its news as they come, for as long as this process lives (docs/socket.md, `watch`)."""

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import structlog

from terminal.edges.local_packets import MAX_PACKET_BYTES, parse

SILENCE_S = 3.0
"""The gate gives a sign of life each second: after so long without one it is gone, or hangs."""
AGAIN_S = 0.5
WATCH = {"version": 1, "ask": "watch"}

log = structlog.get_logger()


class GateLine:
    """Watches one gate. `heard` takes each piece of news; `lost` hears why there are none for now, once each time."""

    def __init__(
        self,
        path: Path,
        *,
        heard: Callable[[Mapping[str, Any]], None],
        lost: Callable[[str], None],
        silence_s: float = SILENCE_S,
        again_s: float = AGAIN_S,
    ) -> None:
        self._path = path
        self._heard = heard
        self._lost = lost
        self._silence_s = silence_s
        self._again_s = again_s
        self._said: str | None = None

    async def run(self) -> None:
        """Watch, and begin anew whenever that ends; until it is cancelled."""
        while True:
            why = await self._watch()
            if why != self._said:
                self._said = why
                log.warning("gate-lost", why=why)
            self._lost(why)
            await asyncio.sleep(self._again_s)

    async def _watch(self) -> str:
        """Watch for as long as it goes; tells why it did not go on."""
        loop = asyncio.get_running_loop()
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)) as wire:
            wire.setblocking(False)
            try:
                await asyncio.wait_for(loop.sock_connect(wire, str(self._path)), self._silence_s)
                await loop.sock_sendall(wire, json.dumps(WATCH).encode())
                while packet := await asyncio.wait_for(loop.sock_recv(wire, MAX_PACKET_BYTES), self._silence_s):
                    news = parse(packet)
                    if news is None or "news" not in news:
                        return f"the gate does not let its news be watched: {(news or {}).get('say', 'no answer')}"
                    if news["news"] == "begin":
                        self._said = None
                        log.info("gate-found", terminal=news["terminal"])
                    self._heard(news)
            except TimeoutError:
                return f"{self._path}: the gate has said nothing for {self._silence_s:g} s"
            except OSError as error:
                return f"{self._path}: no gate answers there ({error.strerror or error})"
            return f"{self._path}: the gate hung up"
