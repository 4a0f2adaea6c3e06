"""A line to an MQTT 5 broker that is made again whenever it ends (design 7, 'MQTT 5').

A client that keeps what the broker has not acknowledged, and acknowledges what nobody has read, is not what is wanted
here: what is stored is told by headquarters alone, and a message that was not worked off must come again. So each
connection begins with nothing; what it had not got rid of fails, and whoever sent it decides anew. An arrived message
is acknowledged when it is taken. An acknowledgement that is a refusal is an error.
"""

import ssl
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from terminal.edges.mqtt_connection import (
    ANSWER_S,
    MAX_IN_FLIGHT,
    Arrived,
    BrokerRefuses,
    Connected,
    Connection,
    Event,
    LineError,
    Lost,
    failed,
)
from terminal.errors import ConfigurationError

__all__ = ["Arrived", "Broker", "BrokerRefuses", "Connected", "Event", "Line", "LineError", "Lost", "Will"]

LONGEST_PAUSE_S = 60.0
MAX_OVERHEAD = 1024
"""What a message takes besides its body: topic and properties."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker is, and by what it and we know each other: PEM files, read anew for each connection."""

    host: str
    port: int
    ca: Path
    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """TLS 1.3 with our certificate; the broker's name must stand in its own.

        Raises:
            ConfigurationError: a file cannot be used.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.sslsocket_class = _Wire
        for path in (self.ca, self.certificate, self.key):  # the library does not say which of them it was
            try:
                path.open("rb").close()
            except OSError as error:
                raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
        try:
            context.load_verify_locations(self.ca)
        except OSError as error:
            raise ConfigurationError(f"{self.ca}: no certificate of an authority: {error.strerror or error}") from None
        try:
            context.load_cert_chain(self.certificate, self.key)
        except OSError as error:
            which = f"{self.certificate}, {self.key}"
            raise ConfigurationError(f"{which}: no certificate with its key: {error.strerror or error}") from None
        return context


class _Wire(ssl.SSLSocket):
    """Closes itself when it cannot be used: ssl and paho leave it open then.

    When the other side resets the connection before TLS, ssl reads from the socket while it makes this one of it.
    """

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        try:
            return super().recv(buflen, flags)
        except ConnectionError:
            self.close()
            raise

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us, retained, once we are gone without a word."""

    topic: str
    body: bytes


class Line:
    """The line and its thread. `start` it once, `stop` it once. Thread-safe; nothing blocks but `stop`."""

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        told: Callable[[Event], None],
        *,
        random: Callable[[], float],
        session_expiry_s: int,
        receive_maximum: int = 64,
        max_body_bytes: int = 256 * 1024,
        will: Will | None = None,
        answer_s: float = ANSWER_S,
    ) -> None:
        """`told` hears every event, on the line's thread; it must not block.

        `random` gives numbers from 0 to 1, so that a thousand terminals do not come back in the same second. A broker
        that says nothing for `answer_s` is given up.
        """
        self._broker = broker
        self._client_id = client_id
        self._told = told
        self._random = random
        self._session_expiry_s = session_expiry_s
        self._receive_maximum = receive_maximum
        self._max_body_bytes = max_body_bytes
        self._will = will
        self._answer_s = answer_s
        self._stopping = threading.Event()
        self._in_flight = MAX_IN_FLIGHT
        self._now: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def stop(self, within_s: float = 10.0) -> bool:
        """Say goodbye and end, so that the broker does not speak our will; False: it took longer."""
        self._stopping.set()
        if (connection := self._now) is not None:
            connection.wake()
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def publish(self, topic: str, body: bytes, *, retain: bool = False) -> "Future[None]":
        """Send a message; the future is done when the broker has taken it, which proves no more than that.

        It fails with LineError: not connected, the connection ended before, or the broker refuses it, as it does what
        is larger than it said it takes.
        """
        connection = self._now
        return failed("not connected") if connection is None else connection.publish(topic, body, retain=retain)

    def subscribe(self, filters: Sequence[str], *, retained: bool) -> "Future[None]":
        """Ask for these topics; `retained`: and for what lies there. It fails as `publish` does, for all together."""
        connection = self._now
        return failed("not connected") if connection is None else connection.subscribe(filters, retained=retained)

    def unsubscribe(self, filters: Sequence[str]) -> "Future[None]":
        """Ask no longer for these topics. It fails as `publish` does, for all together."""
        connection = self._now
        return failed("not connected") if connection is None else connection.unsubscribe(filters)

    def cut(self, why: str) -> None:
        """End this connection and make another one: the broker does not do what it should."""
        if (connection := self._now) is not None:
            connection.end(why)

    def _run(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            why, steady = self._connection()
            if self._stopping.is_set():
                return
            self._told(Lost(why))
            attempt = 0 if steady else attempt + 1
            pause_s = min(LONGEST_PAUSE_S, 0.5 * 2 ** min(attempt, 10))
            self._stopping.wait(pause_s * (0.5 + self._random() / 2))

    def _connection(self) -> tuple[str, bool]:
        try:
            connection = Connection(self._client(), self._told, answer_s=self._answer_s)
        except ConfigurationError as error:
            return str(error), False
        self._now = connection
        try:
            connection.run(self._broker.host, self._broker.port, self._properties(), self._stopping)
        finally:
            self._now = None
            self._in_flight = connection.in_flight
        return connection.why, connection.steady()

    def _client(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2, self._client_id, protocol=MQTTv5, reconnect_on_failure=False, manual_ack=True
        )
        client.tls_set_context(self._broker.context())
        client.connect_timeout = self._answer_s
        client.max_inflight_messages_set(self._in_flight)
        if self._will is not None:
            client.will_set(self._will.topic, self._will.body, qos=1, retain=True)
        return client

    def _properties(self) -> Properties:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self._session_expiry_s
        properties.ReceiveMaximum = self._receive_maximum
        properties.MaximumPacketSize = self._max_body_bytes + MAX_OVERHEAD
        return properties
