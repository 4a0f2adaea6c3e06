"""The steps of docs/broker.md, and what they make."""

import socket
import ssl
import stat
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner

from headquarters.broker.authority import load_authority, make_authority
from headquarters.broker.settings import load_broker
from headquarters.cli.main import app
from headquarters.database import Database
from headquarters.sites import Sites, plain_policy
from simulation.mosquitto import Mosquitto, MosquittoUnavailable
from terminal.edges.mqtt import Broker
from terminal.errors import ConfigurationError
from tests.mqtt.broker_rig import change, now
from tests.mqtt.lines import WAIT_S, connected

KEY = 64 * "0"


def run(folder: Path, line: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["--folder", str(folder / "hq"), *line.split()], catch_exceptions=False)
    return result.exit_code, result.output


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A mosquitto that was set up by the commands alone."""
    (tmp_path / "hq").mkdir()
    database = Database(tmp_path / "hq" / "register.db")
    Sites(database).add(plain_policy(4711, "a site", "Europe/Amsterdam"), change())
    database.close()
    assert run(tmp_path, f"terminal add gate-1 4711 {KEY}")[0] == 0
    folder = tmp_path / "mosquitto"

    def init(port: int, headquarters_port: int) -> None:
        options = f"--host localhost --host 127.0.0.1 --port {port} --headquarters-port {headquarters_port}"
        assert run(tmp_path, f"broker init {folder} {options}")[0] == 0
        configuration = folder / "mosquitto.conf"
        configuration.write_text(f"user root\n{configuration.read_text()}")

    mosquitto = Mosquitto(folder, init)
    try:
        mosquitto.start()
        yield mosquitto
    finally:
        mosquitto.stop()


def address(broker: Mosquitto, files: Path, key: Path | None = None) -> Broker:
    certificate, key = files / "certificate.pem", key or files / "key.pem"
    return Broker(host="127.0.0.1", port=broker.ports[0], ca=files / "ca.pem", certificate=certificate, key=key)


def test_newcomer_points_a_terminal_at_his_broker(broker: Mosquitto, tmp_path: Path) -> None:
    assert run(tmp_path, f"broker certificate gate-1 --to {tmp_path / 'tls'}")[0] == 0
    gate, ours = address(broker, tmp_path / "tls"), load_broker(tmp_path / "hq")
    with connected(ours, "hq", "xs/v1/t/+/journal") as (_, heard), connected(gate, "gate-1") as (line, _):
        line.publish("xs/v1/t/gate-1/journal", b"batch").result(WAIT_S)
        assert heard.body() == b"batch"
    code, said = run(tmp_path, "changes")
    assert code == 0
    assert "certificate issued  gate-1" in said


def test_key_stays_in_the_terminal(broker: Mosquitto, tmp_path: Path) -> None:
    key, request = tmp_path / "key.pem", tmp_path / "gate-1.csr"
    words = "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=gate-1"
    made = ["openssl", *words.split(), "-keyout", str(key), "-out", str(request)]
    subprocess.run(made, check=True, capture_output=True)
    assert run(tmp_path, f"broker certificate gate-1 --request {request} --to {tmp_path / 'tls'}")[0] == 0
    assert not (tmp_path / "tls" / "key.pem").exists()
    with connected(address(broker, tmp_path / "tls", key), "gate-1") as (line, _):
        line.publish("xs/v1/t/gate-1/journal", b"batch").result(WAIT_S)
    code, said = run(tmp_path, f"terminal add gate-2 4711 {KEY}")
    code, said = run(tmp_path, f"broker certificate gate-2 --request {request} --to {tmp_path / 'other'}")
    assert (code, "made out for gate-1, not for gate-2" in said) == (2, True)


def test_terminal_that_was_added_later_is_let_in_after_acl_and_restart(broker: Mosquitto, tmp_path: Path) -> None:
    run(tmp_path, f"terminal add gate-2 4711 {KEY}")
    assert run(tmp_path, f"broker certificate gate-2 --to {tmp_path / 'tls'}")[0] == 0
    assert run(tmp_path, f"broker acl {broker.folder}")[0] == 0
    broker.restart()
    with connected(address(broker, tmp_path / "tls"), "gate-2") as (line, _):
        line.publish("xs/v1/t/gate-2/journal", b"batch").result(WAIT_S)


def test_set_up_again_keeps_the_terminals_certificates_good(broker: Mosquitto, tmp_path: Path) -> None:
    run(tmp_path, f"broker certificate gate-1 --to {tmp_path / 'tls'}")
    before = (broker.folder / "certificate.pem").read_bytes()
    ports = broker.ports
    broker.end()
    broker._configure(*ports)
    broker.start()
    assert (broker.folder / "certificate.pem").read_bytes() != before
    with connected(address(broker, tmp_path / "tls"), "gate-1"):
        pass


def test_no_secret_is_readable_by_others(broker: Mosquitto, tmp_path: Path) -> None:
    run(tmp_path, f"broker certificate gate-1 --to {tmp_path / 'tls'}")
    keys = list(tmp_path.rglob("*key.pem"))
    assert len(keys) == 5  # broker, headquarters, terminal, two authorities
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("broker certificate gate-9 --to tls", "gate-9 is not registered"),
        ("broker certificate xs_headquarters --to tls", "xs_headquarters is not registered"),
        ("broker init elsewhere --host no.such_host! ", "no host name and no address"),
        ("broker init elsewhere --host localhost --port 8884", "cannot both have port 8884"),
        ("broker certificate gate-1 --to tls --request {0}/hq/register.db", "not a certificate request in PEM"),
        ("broker certificate gate-1 --to tls --request {0}/nothing", "cannot be read"),
    ],
)
def test_mistake_is_one_clear_line(broker: Mosquitto, tmp_path: Path, line: str, why: str) -> None:
    code, said = run(tmp_path, line.format(tmp_path))
    assert (code, len(said.splitlines())) == (2, 1)
    assert why in said


def test_retired_terminal_gets_no_certificate(broker: Mosquitto, tmp_path: Path) -> None:
    run(tmp_path, "terminal retire gate-1 --why stolen")
    code, said = run(tmp_path, f"broker certificate gate-1 --to {tmp_path / 'tls'}")
    assert (code, "is retired" in said) == (2, True)
    assert run(tmp_path, f"broker acl {broker.folder}")[0] == 0
    assert "gate-1" not in (broker.folder / "acl").read_text()


def test_certificates_are_what_they_are_for_and_no_more(tmp_path: Path) -> None:
    authority = make_authority(tmp_path, "XS terminals", now())
    with pytest.raises(ConfigurationError, match="never overwritten"):
        make_authority(tmp_path, "XS terminals", now())
    made = now()
    server = x509.load_pem_x509_certificate(authority.server(["a.example", "10.0.0.1"], now=made, days=3).certificate)
    client = x509.load_pem_x509_certificate(load_authority(tmp_path).client("gate-1", now=made, days=3).certificate)
    for each, usage in ((server, "serverAuth"), (client, "clientAuth")):
        (found,) = each.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert found._name == usage
        assert not each.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert each.not_valid_after_utc == made.replace(microsecond=0) + timedelta(days=3)
        assert each.not_valid_before_utc == made.replace(microsecond=0) - timedelta(days=1)
    assert server.serial_number != client.serial_number


def test_mosquitto_ends_with_whoever_started_it(broker: Mosquitto) -> None:
    process = broker._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()  # as the kernel does when that process is killed
    assert process.wait(WAIT_S) is not None
    assert not broker._answers(broker.ports[0])


def test_mosquitto_that_cannot_start_says_why(tmp_path: Path) -> None:
    def wrong(*_: int) -> None:
        folder = tmp_path / "mosquitto"
        folder.mkdir(exist_ok=True)
        make_authority(folder, "nobody", now())
        (folder / "mosquitto.conf").write_text("no_such_option\n")

    broker = Mosquitto(tmp_path / "mosquitto", wrong)
    with pytest.raises(MosquittoUnavailable, match="no_such_option"):
        broker.start()
    broker.stop()


def test_only_tls_1_3_is_spoken(broker: Mosquitto) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("127.0.0.1", broker.ports[0])) as wire, pytest.raises(OSError, match=r"(?i)version"):
        context.wrap_socket(wire)
