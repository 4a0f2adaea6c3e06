"""One connection to an MQTT 5 broker, from its beginning to its end; `mqtt.Line` makes one after the other.

The socket is served by whoever calls `serve`, on his thread: paho's own loop thread dies without a word of bytes that
are no MQTT, and never ends while something is unacknowledged.
"""

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from paho.mqtt.client import Client, MQTTMessage, error_string
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from terminal.errors import NetworkError

KEEP_ALIVE_S = 20
"""The line is dead when nothing was heard on it for one and a half times as long."""
ANSWER_S = 15.0
"""Within it the broker answers to a connection, and says whether it takes us."""
STEADY_S = 30.0
"""A connection that lasted so long was a good one."""
GOODBYE_S = 2.0
TURN_S = 1.0
PUBLISH_OVERHEAD = 10
"""What a message of ours takes besides topic and body (MQTT 5, 3.3): header, lengths, identifier, no properties."""
MAX_PACKET_BYTES = 268_435_460
"""The most that MQTT can carry, where the broker names no less."""
MAX_IN_FLIGHT = 20
"""Messages on their way to the broker; fewer where it says so (MQTT 5, 4.9)."""


class LineError(NetworkError):
    """A message did not get to the broker, or the broker refuses it; the text says which."""


class BrokerRefuses(LineError):
    """The broker had the message and does not take it; the connection goes on."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker takes us. `session_kept`: it still has our subscriptions, and what came for them meanwhile."""

    session_kept: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection ended, or could not be made; the next attempt comes by itself."""

    why: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message. The broker sends no more than `receive_maximum` of them before the first is taken."""

    topic: str
    body: bytes
    retained: bool
    take: Callable[[], None]
    """Tell the broker that it is done with, in the order of arrival. For an old connection it does nothing."""


Event: TypeAlias = Connected | Lost | Arrived


class Connection:
    """A connection. `open`, then `serve` until it ends; the other methods are thread-safe and do not block."""

    def __init__(self, client: Client, told: Callable[[Event], None], *, answer_s: float) -> None:
        self.why = ""
        """Why it ended."""
        self.in_flight = client.max_inflight_messages
        """How many messages the broker takes before it has acknowledged the first."""
        self._client = client
        self._told = told
        self._answer_s = answer_s
        self._waiting: dict[int, Future[None]] = {}
        self._ended = threading.Event()
        self._goodbye = False
        self._taken_at_s: float | None = None
        self._max_packet_bytes = MAX_PACKET_BYTES
        self._awake, self._wake = socket.socketpair()
        self._awake.setblocking(False)
        self._wake.setblocking(False)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_unsubscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_socket_register_write = lambda *_: self.wake()  # else paho writes on the thread of whoever publishes

    def steady(self) -> bool:
        """Whether it was a good one, so that the next attempt may come soon."""
        return self._taken_at_s is not None and time.monotonic() - self._taken_at_s >= STEADY_S

    def run(self, host: str, port: int, properties: Properties, stopping: threading.Event) -> None:
        """Connect and serve until it ends or `stopping` is set. `Connected` is told once the broker takes us."""
        try:
            if self._open(host, port, properties, stopping):
                self._serve(stopping)
        except ssl.SSLCertVerificationError as error:
            self.end(f"the certificate of the broker {host}:{port} is not to be trusted: {error.verify_message}")
        except OSError as error:
            self.end(f"the broker {host}:{port} cannot be reached: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001  paho raises what it likes on bytes that are no MQTT
            self.end(f"the broker {host}:{port} sends what is no MQTT 5: {error!r}")
        finally:
            self.end("the connection ended")
            if (wire := self._client.socket()) is not None:
                wire.close()
            self._awake.close()
            self._wake.close()
            for future in list(self._waiting.values()):
                _settle(future, LineError(self.why))

    def _open(self, host: str, port: int, properties: Properties, stopping: threading.Event) -> bool:
        """Connect on a thread that may be left alone: names, TCP and TLS take as long as they like."""
        opened: Future[None] = Future()
        threading.Thread(
            target=self._connect, args=(opened, host, port, properties), name="mqtt-connect", daemon=True
        ).start()
        until_s = time.monotonic() + self._answer_s
        while not opened.done() and not stopping.is_set() and not self._ended.is_set() and time.monotonic() < until_s:
            if select.select([self._awake], [], [], min(TURN_S, self._answer_s))[0]:
                self._awake.recv(4096)
        if opened.cancel():
            self.end(f"the broker {host}:{port} does not answer")
            return False
        opened.result()
        return True

    def _connect(self, opened: "Future[None]", host: str, port: int, properties: Properties) -> None:
        failure: Exception | None = None
        try:
            # Clean start never: what came while we were away is in the session, for as long as it has not expired.
            self._client.connect(host, port, KEEP_ALIVE_S, clean_start=False, properties=properties)
        except Exception as error:  # noqa: BLE001  `run` tells them apart
            failure = error
        if opened.set_running_or_notify_cancel():
            _settle(opened, failure)
            self.wake()
        elif (wire := self._client.socket()) is not None:  # nobody waits for it any more
            wire.close()

    def _serve(self, stopping: threading.Event) -> None:
        opened_at_s = time.monotonic()
        said_goodbye_at_s: float | None = None
        while not self._ended.is_set() and (wire := self._client.socket()) is not None:
            if stopping.is_set() and said_goodbye_at_s is None:
                said_goodbye_at_s = time.monotonic()
                self._client.disconnect()
            if said_goodbye_at_s is not None and time.monotonic() > said_goodbye_at_s + GOODBYE_S:
                return
            if self._taken_at_s is None and time.monotonic() > opened_at_s + self._answer_s:
                self.end("the broker does not say whether it takes us")
                return
            writing = [wire] if self._client.want_write() else []
            readable, writable, _ = select.select([wire, self._awake], writing, [], TURN_S)
            if self._awake in readable:
                with suppress(BlockingIOError):
                    self._awake.recv(4096)
            if wire in readable:
                self._failed(self._client.loop_read())
                while not self._ended.is_set() and _decrypted(wire):
                    self._failed(self._client.loop_read())
            if writable and not self._ended.is_set():
                self._failed(self._client.loop_write())
            if not self._ended.is_set():
                self._failed(self._client.loop_misc())

    def wake(self) -> None:
        """Look again now."""
        with suppress(OSError):  # full: it will look anyway; closed: it has ended
            self._wake.send(b"\0")

    def end(self, why: str) -> None:
        """End it, for this reason if there was none before."""
        if not self._ended.is_set():
            self.why = self.why or why
            self._ended.set()
            self.wake()

    def publish(self, topic: str, body: bytes, *, retain: bool) -> "Future[None]":
        """As `Line.publish`."""
        if len(topic.encode()) + len(body) + PUBLISH_OVERHEAD > self._max_packet_bytes:  # it would end the connection
            return failed(f"the broker takes no message of {len(body)} bytes")
        return self._sent(self._client.publish(topic, body, qos=1, retain=retain).mid)

    def subscribe(self, filters: Sequence[str], *, retained: bool) -> "Future[None]":
        """As `Line.subscribe`."""
        handling = SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE if retained else SubscribeOptions.RETAIN_DO_NOT_SEND
        wanted = [
            # No-local on a shared subscription is a protocol error (MQTT 5, 3.8.3.1).
            (each, SubscribeOptions(1, not each.startswith("$share/"), retainAsPublished=True, retainHandling=handling))
            for each in filters
        ]
        _, mid = self._client.subscribe(wanted)
        return self._sent(mid) if mid is not None else failed("not connected")

    def unsubscribe(self, filters: Sequence[str]) -> "Future[None]":
        """As `Line.unsubscribe`."""
        _, mid = self._client.unsubscribe(list(filters))
        return self._sent(mid) if mid is not None else failed("not connected")

    def _sent(self, mid: int) -> "Future[None]":
        # The answer may be there before we are: whoever comes first makes the future, in one step.
        future = self._waiting.setdefault(mid, Future())
        future.add_done_callback(lambda _: self._waiting.pop(mid, None))
        if self._ended.is_set():
            _settle(future, LineError(self.why))
        return future

    def _failed(self, result: MQTTErrorCode) -> None:
        if result != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._lost(error_string(result))

    def _lost(self, how: str) -> None:
        if self._taken_at_s is None:  # TLS 1.3 says only now that the broker does not like our certificate
            how = f"{how} (before it took us: it may not trust our certificate)"
        self.end(f"the broker ended the connection: {how}")

    # ------------------------------------------------------------------------------- what paho tells, on this thread

    def _on_connect(self, _client: Client, _data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        if reason.is_failure:
            self.end(f"the broker does not take us: {reason}")
            return
        self.in_flight = min(getattr(properties, "ReceiveMaximum", MAX_IN_FLIGHT), MAX_IN_FLIGHT)
        if self.in_flight < self._client.max_inflight_messages:  # it cannot be changed any more for this connection
            self.end(f"the broker takes no more than {self.in_flight} messages at a time")
            return
        self._max_packet_bytes = getattr(properties, "MaximumPacketSize", MAX_PACKET_BYTES)
        self._taken_at_s = time.monotonic()
        self._told(Connected(session_kept=bool(flags.session_present)))

    def _on_disconnect(self, _client: Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        self._lost(str(reason))

    def _on_publish(self, _client: Client, _data: Any, mid: int, reason: ReasonCode, _properties: Any) -> None:
        self._answered(mid, [reason])

    def _on_subscribe(self, _client: Client, _data: Any, mid: int, reasons: list[ReasonCode], _props: Any) -> None:
        self._answered(mid, reasons)

    def _answered(self, mid: int, reasons: Sequence[ReasonCode]) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        error = BrokerRefuses(f"the broker refuses it: {', '.join(refused)}") if refused else None
        _settle(self._waiting.setdefault(mid, Future()), error)

    def _on_message(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        if message.qos != 1:  # nobody of ours sends such, and nothing would bound how many come
            return
        mid = message.mid
        self._told(Arrived(message.topic, bytes(message.payload), message.retain, lambda: self._take(client, mid)))

    def _take(self, client: Client, mid: int) -> None:
        if not self._ended.is_set():
            client.ack(mid, 1)


def _decrypted(wire: object) -> bool:
    """Whether something is there to be read of which the operating system knows nothing any more."""
    return isinstance(wire, ssl.SSLSocket) and wire.pending() > 0


def failed(why: str) -> "Future[None]":
    """A message that did not go out."""
    future: Future[None] = Future()
    future.set_exception(LineError(why))
    return future


def _settle(future: "Future[None]", error: Exception | None) -> None:
    with suppress(InvalidStateError):
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
