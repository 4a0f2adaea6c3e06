"""Somebody in the middle between clients and their MQTT broker, who loses, doubles, delays and refuses messages.

A stand-in for what brokers and networks were seen to do: acknowledge and drop, refuse with a quota code, deliver
twice or out of order, cut. It ends TLS on both sides, so it has the keys of both. It forges no content: that is
another attack.
"""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from enum import Enum, auto
from types import TracebackType
from typing import Self, TypeAlias

from simulation.mqtt_packets import PUBLISH, QUOTA_EXCEEDED, SUCCESS, Packet, puback, read_packet

HOST = "127.0.0.1"
LATE_S = 0.2
"""A delayed message goes out after so long, or right after the next one."""
STARTED_S = 30.0


class Deed(Enum):
    """What is done with a message. Only those that ask for an acknowledgement (QoS 1) are meddled with."""

    PASS = auto()
    DROP = auto()
    """Acknowledged, and never seen again."""
    REFUSE = auto()
    """Answered with "quota exceeded"; of a message from the broker the same as DROP."""
    TWICE = auto()
    LATE = auto()
    CUT = auto()
    """The connection ends on both sides, the message with it."""


Decide: TypeAlias = Callable[[str, bool, str], Deed]
"""By the client's name, whether the message comes from it, and the topic. Called on the proxy's thread."""


class MqttProxy:
    """The proxy and its thread; a context manager. `port` is where it listens on the loopback interface."""

    def __init__(
        self,
        server: ssl.SSLContext,
        broker: tuple[str, int],
        identities: Mapping[str, ssl.SSLContext],
        decide: Decide,
    ) -> None:
        """`server` is what clients see and asks for their certificates.

        `identities` is what the broker sees of each client, by the common name of its certificate.
        """
        self._server = server
        self._broker = broker
        self._identities = identities
        self._decide = decide
        self._loop = asyncio.new_event_loop()
        self._ending = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()
        self._started = threading.Event()
        self.port = 0
        self._thread = threading.Thread(target=self._run, name="mqtt-proxy", daemon=True)
        self._thread.start()
        if not self._started.wait(STARTED_S):
            raise RuntimeError("the proxy did not start")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def cut(self) -> None:
        """End every connection that there is now; new ones are let in."""
        self._loop.call_soon_threadsafe(self._cut)

    def close(self) -> None:
        """End it for good."""
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()

    def _cut(self) -> None:
        for task in self._connections:
            task.cancel()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, HOST, 0, ssl=self._server)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        async with server:
            await self._ending.wait()
        self._cut()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, near: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._carry(near, to_client))
        self._connections.add(task)
        try:
            with contextlib.suppress(asyncio.CancelledError, EOFError, OSError, ValueError):
                await task
        finally:
            self._connections.discard(task)
            to_client.transport.abort()

    async def _carry(self, near: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        name = _common_name(to_client.get_extra_info("peercert"))
        host, port = self._broker
        far, to_broker = await asyncio.open_connection(host, port, ssl=self._identities[name])
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(near, to_broker, to_client, name, from_client=True))
                both.create_task(self._pump(far, to_client, to_broker, name, from_client=False))
        except* (EOFError, OSError, ValueError):
            pass
        finally:
            to_broker.transport.abort()

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        name: str,
        *,
        from_client: bool,
    ) -> None:
        delayed: list[bytes] = []
        coming: asyncio.Task[Packet] | None = None
        try:
            while True:
                coming = coming or asyncio.ensure_future(read_packet(source))
                done, _ = await asyncio.wait({coming}, timeout=LATE_S if delayed else None)
                if done:
                    packet, coming = coming.result(), None
                    late = self._dealt_with(packet, sink, back, name, from_client=from_client)
                else:
                    late = None
                if late is None or delayed:
                    for each in delayed:
                        sink.write(each)
                    delayed.clear()
                if late is not None:
                    delayed.append(late)
                await sink.drain()
                await back.drain()
        finally:
            if coming is not None:
                coming.cancel()

    def _dealt_with(
        self, packet: Packet, sink: asyncio.StreamWriter, back: asyncio.StreamWriter, name: str, *, from_client: bool
    ) -> bytes | None:
        """Deal with a packet; what is to go out later is returned."""
        is_message = packet.kind == PUBLISH and packet.qos == 1
        match self._decide(name, from_client, packet.topic) if is_message else Deed.PASS:
            case Deed.PASS:
                sink.write(packet.data)
            case Deed.DROP:
                back.write(puback(packet, SUCCESS))
            case Deed.REFUSE:
                back.write(puback(packet, QUOTA_EXCEEDED if from_client else SUCCESS))
            case Deed.TWICE:
                sink.write(packet.data)
                sink.write(packet.again())
            case Deed.LATE:
                return packet.data
            case Deed.CUT:
                raise ConnectionAbortedError("cut")
        return None


def _common_name(certificate: Mapping[str, Iterable[Iterable[tuple[str, str]]]]) -> str:
    return next(value for part in certificate["subject"] for key, value in part if key == "commonName")
