"""What answers at the broker's address and is none, or none of ours."""

import os
import select
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from headquarters.broker.authority import Authority, make_authority
from terminal.edges.mqtt import Broker, Connected, LineError, Lost
from tests.mqtt.broker_rig import now
from tests.mqtt.lines import CONNACK, WAIT_S, line, server

Context = Callable[..., ssl.SSLContext]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return make_authority(tmp_path / "authority", "XS terminals", now())


@pytest.fixture
def gate(authority: Authority, tmp_path: Path) -> Broker:
    authority.client("gate-1", now=now(), days=1).write(tmp_path / "gate", authority.pem)
    names = {each: tmp_path / "gate" / f"{each}.pem" for each in ("ca", "certificate", "key")}
    return Broker(host="localhost", port=1, **names)


@pytest.fixture
def context(authority: Authority, tmp_path: Path) -> Context:
    def made(host: str = "localhost", days: int = 1, made_ago: timedelta = timedelta()) -> ssl.SSLContext:
        folder = tmp_path / "server"
        authority.server([host], now=now() - made_ago, days=days).write(folder, authority.pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
        return context

    return made


def silent(wire: socket.socket) -> None:
    """Take what comes and say nothing, until the other side hangs up."""
    while wire.recv(4096):
        pass


def takes_nothing(wire: socket.socket) -> None:
    """Say yes to the connection, and nothing after it."""
    wire.recv(4096)
    wire.sendall(CONNACK)
    silent(wire)


def test_nobody_listens(gate: Broker) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with line(replace(gate, port=nobody.getsockname()[1]), "gate-1") as (_, heard):
            assert heard.next(Lost).why.endswith("cannot be reached: Connection refused")


def test_tcp_that_says_nothing_is_given_up(gate: Broker) -> None:
    with server(silent) as port, line(replace(gate, port=port), "gate-1", answer_s=0.2) as (_, heard):
        assert heard.next(Lost).why.startswith(f"the broker localhost:{port} ")
        heard.next(Lost)  # and tried again


def test_tls_that_says_nothing_is_given_up(gate: Broker, context: Context) -> None:
    with server(silent, context()) as port, line(replace(gate, port=port), "gate-1", answer_s=1) as (_, heard):
        assert heard.next(Lost).why == "the broker does not say whether it takes us"


def test_stop_while_the_connection_is_being_made_does_not_wait_for_it(gate: Broker) -> None:
    with server(silent) as port, line(replace(gate, port=port), "gate-1", answer_s=3600) as (made, _):
        assert made.stop(WAIT_S)


def test_stop_while_the_broker_is_silent_does_not_wait_for_it(gate: Broker, context: Context) -> None:
    with (
        server(silent, context()) as port,
        line(replace(gate, port=port), "gate-1", answer_s=3600) as (made, _),
    ):
        assert made.stop(WAIT_S)


def test_plain_text_instead_of_tls(gate: Broker) -> None:
    with (
        server(lambda wire: wire.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port,
        line(replace(gate, port=port), "gate-1") as (_, heard),
    ):
        assert f"the broker localhost:{port} cannot be reached" in heard.next(Lost).why


def test_connection_that_is_reset_before_tls_leaves_nothing_open(gate: Broker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as ours:
        ours.connect(listening.getsockname())
        theirs, _ = listening.accept()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        theirs.close()
        was_reset = select.poll()
        was_reset.register(ours, 0)
        assert was_reset.poll(WAIT_S * 1000)
        number = ours.fileno()
        with pytest.raises(ConnectionResetError):
            gate.context().wrap_socket(ours, server_hostname="localhost", do_handshake_on_connect=False)
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(number)


@pytest.mark.parametrize(
    "rubbish",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        bytes(64),
        b"\xff" * 64,
        b"\x20\x03\x00\x00\x7f",
        b"\x20\x7f" + b"\xff" * 127,
        CONNACK + b"\x30\x02\xff\xff",
        CONNACK + b"\x40\x01\x00",
        CONNACK + b"\x90\x03\x00\x01\x00",
        os.urandom(512),
    ],
    ids=["http", "zeros", "ones", "properties too long", "connack of ones", "topic too long", "puback too short",
         "suback of nothing", "random"],
)  # fmt: skip
def test_rubbish_within_tls_ends_the_connection_and_not_the_line(
    gate: Broker, context: Context, rubbish: bytes
) -> None:
    def serve(wire: socket.socket) -> None:
        wire.recv(4096)
        wire.sendall(rubbish)

    with server(serve, context()) as port, line(replace(gate, port=port), "gate-1") as (_, heard):
        heard.until(Lost)
        heard.until(Lost)


def test_certificate_that_has_expired(gate: Broker, context: Context) -> None:
    expired = context(days=1, made_ago=timedelta(days=3))
    with server(silent, expired) as port, line(replace(gate, port=port), "gate-1") as (_, heard):
        assert heard.next(Lost).why.endswith("is not to be trusted: certificate has expired")


def test_certificate_of_another_host(gate: Broker, context: Context) -> None:
    with server(silent, context("broker.example")) as port, line(replace(gate, port=port), "g") as (_, heard):
        why = heard.next(Lost).why
        assert "is not to be trusted: Hostname mismatch" in why
        assert "localhost" in why


def test_terminals_certificate_does_not_make_a_broker(gate: Broker) -> None:
    stolen = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    stolen.load_cert_chain(gate.certificate, gate.key)
    with server(silent, stolen) as port, line(replace(gate, port=port), "gate-1") as (_, heard):
        assert "is not to be trusted: unsuitable certificate purpose" in heard.next(Lost).why


def test_broker_that_knows_no_tls_1_3_is_not_taken(gate: Broker, context: Context) -> None:
    old = context()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with server(silent, old) as port, line(replace(gate, port=port), "gate-1") as (_, heard):
        assert "cannot be reached" in heard.next(Lost).why


def test_what_is_in_flight_fails_when_the_connection_ends(gate: Broker, context: Context) -> None:
    with server(takes_nothing, context()) as port, line(replace(gate, port=port), "gate-1") as (made, heard):
        heard.next(Connected)
        futures = [made.publish("xs/v1/t/gate-1/journal", b"batch") for _ in range(100)]
        futures.append(made.subscribe(["xs/v1/t/gate-1/ack"], retained=True))
        assert not any(future.done() for future in futures)
        made.cut("nothing was acknowledged")
        for future in futures:
            with pytest.raises(LineError, match="nothing was acknowledged"):
                future.result(WAIT_S)


def test_goodbye_to_a_broker_that_takes_nothing_does_not_wait_for_it(gate: Broker, context: Context) -> None:
    with server(takes_nothing, context()) as port, line(replace(gate, port=port), "gate-1") as (made, heard):
        heard.next(Connected)
        future = made.publish("xs/v1/t/gate-1/journal", b"batch")
        assert made.stop(WAIT_S)
        with pytest.raises(LineError):
            future.result(WAIT_S)


def test_nothing_is_sent_where_nobody_is_connected(gate: Broker) -> None:
    with server(silent) as port, line(replace(gate, port=port), "gate-1") as (made, _):
        assert made.stop(WAIT_S)
        with pytest.raises(LineError, match="not connected"):
            made.publish("xs/v1/t/gate-1/journal", b"batch").result(WAIT_S)
        with pytest.raises(LineError, match="not connected"):
            made.subscribe(["xs/v1/t/gate-1/ack"], retained=True).result(WAIT_S)
