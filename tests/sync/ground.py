"""A real mosquitto with certificates, for tests of sync."""

import datetime as dt
import random
import socket
import ssl
import subprocess
import time
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from terminal.edges.mqtt import Broker

PEM, RAW = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


class Ground:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        folder.chmod(0o755)
        self.ca_key = ec.generate_private_key(ec.SECP256R1())
        self.ca = self.cert("ca", self.ca_key, ca=True)
        (folder / "ca.pem").write_bytes(self.ca.public_bytes(PEM))
        self.issue("localhost")
        self.port = free_port()
        self.extra = ""
        self.process: subprocess.Popen[bytes] | None = None

    def cert(self, name: str, key: ec.EllipticCurvePrivateKey, *, ca: bool = False) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = subject if ca else self.ca.subject
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=30))
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        if name == "localhost":
            names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.ca_key, hashes.SHA256())

    def issue(self, name: str) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate, secret = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(self.cert(name, key).public_bytes(PEM))
        secret.write_bytes(key.private_bytes(PEM, RAW, serialization.NoEncryption()))
        secret.chmod(0o644)
        return certificate, secret

    def broker(self, name: str) -> Broker:
        certificate, key = self.issue(name)
        return Broker(host="127.0.0.1", port=self.port, ca=self.folder / "ca.pem", certificate=certificate, key=key)

    def start(self) -> None:
        configuration = self.folder / "mosquitto.conf"
        configuration.write_text(
            f"listener {self.port} 127.0.0.1\ncafile {self.folder}/ca.pem\ncertfile {self.folder}/localhost.pem\n"
            f"keyfile {self.folder}/localhost.key\ntls_version tlsv1.3\nrequire_certificate true\n"
            f"use_identity_as_username true\nallow_anonymous false\nmax_queued_messages 5000\nuser root\n{self.extra}\n"
        )
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", configuration], stderr=log, stdout=log)
        deadline_s = time.monotonic() + 60
        while True:
            try:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.load_verify_locations(self.folder / "ca.pem")
                with socket.create_connection(("127.0.0.1", self.port)) as wire:
                    context.wrap_socket(wire, server_hostname="127.0.0.1").close()
                    return
            except OSError:
                assert self.process.poll() is None, (self.folder / "mosquitto.log").read_text()
                assert time.monotonic() < deadline_s
                time.sleep(0.02)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def free_port() -> int:
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as wire:
            try:
                wire.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
