"""An authority of our own for the certificates by which the broker, terminals and headquarters know each other.

X.509 (RFC 5280) with P-256. A certificate is for a server or for a client, never for both, so that a terminal's does
not make a broker. None is taken back: what a certificate may do is said by the broker's access list alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from headquarters.files import write_aside
from terminal.errors import ConfigurationError

CERTIFICATE = "ca.pem"
KEY = "ca-key.pem"
AUTHORITY_DAYS = 20 * 365
BACKDATED = timedelta(days=1)
"""So long before its making a certificate begins: the other side's clock may be behind."""
MAX_HOST = 253
_CURVE = ec.SECP256R1


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its private key, both PEM; no key where it was asked for by a request."""

    certificate: bytes
    key: bytes | None = None

    def write(self, folder: Path, ca: bytes) -> None:
        """Put `ca.pem`, `certificate.pem` and, where it was made here, `key.pem` (0600) into a folder.

        Raises:
            StorageError: they cannot be written.
        """
        write_aside(folder / "ca.pem", ca)
        if self.key is not None:
            write_aside(folder / "key.pem", self.key, mode=0o600)
        write_aside(folder / "certificate.pem", self.certificate)


class Authority:
    """Issues certificates. Its private key lies in its folder, mode 0600."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate = certificate
        self._key = key

    @property
    def pem(self) -> bytes:
        """Its own certificate: what others trust."""
        return self._certificate.public_bytes(Encoding.PEM)

    def server(self, hosts: Sequence[str], *, now: datetime, days: int) -> Issued:
        """A certificate for a server with these names or addresses.

        Raises:
            ConfigurationError: one is no host name and no address.
        """
        names = x509.SubjectAlternativeName([_host(each) for each in hosts])
        key = ec.generate_private_key(_CURVE())
        builder = self._leaf(hosts[0][:64], key.public_key(), now, days).add_extension(names, critical=False)
        return Issued(self._signed(builder, ExtendedKeyUsageOID.SERVER_AUTH), _pem(key))

    def client(self, name: str, *, now: datetime, days: int) -> Issued:
        """A certificate for a client of this name, with a new key."""
        key = ec.generate_private_key(_CURVE())
        builder = self._leaf(name, key.public_key(), now, days)
        return Issued(self._signed(builder, ExtendedKeyUsageOID.CLIENT_AUTH), _pem(key))

    def client_by_request(self, name: str, request: bytes, *, now: datetime, days: int) -> Issued:
        """A certificate for a client whose key never left it; of the request (PKCS #10, PEM) only the key is taken.

        Raises:
            ConfigurationError: it is no request, its key is no P-256, or it is made out for another name.
        """
        try:
            asked = x509.load_pem_x509_csr(request)
            valid = asked.is_signature_valid
            key = asked.public_key()
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ConfigurationError(f"not a certificate request in PEM: {error}") from None
        if not valid or not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, _CURVE):
            raise ConfigurationError("the certificate request wants a P-256 key that signed it")
        names = [str(each.value) for each in asked.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        if names and names != [name]:
            raise ConfigurationError(f"the certificate request is made out for {names[0]}, not for {name}")
        return Issued(self._signed(self._leaf(name, key, now, days), ExtendedKeyUsageOID.CLIENT_AUTH))

    def _leaf(self, name: str, key: ec.EllipticCurvePublicKey, now: datetime, days: int) -> x509.CertificateBuilder:
        issuer = self._certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return (
            _begun(name, key, now, days)
            .issuer_name(self._certificate.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False)
        )

    def _signed(self, builder: x509.CertificateBuilder, usage: x509.ObjectIdentifier) -> bytes:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)


def make_authority(folder: Path, name: str, now: datetime) -> Authority:
    """Make an authority in a folder where none is. Durable when it returns.

    Raises:
        ConfigurationError: there is one.
        StorageError: it cannot be written.
    """
    if (folder / KEY).exists() or (folder / CERTIFICATE).exists():
        raise ConfigurationError(f"{folder} has an authority already; keys are never overwritten")
    key = ec.generate_private_key(_CURVE())
    builder = (
        _begun(name, key.public_key(), now, AUTHORITY_DAYS)
        .issuer_name(_name(name))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    made = Authority(builder.sign(key, hashes.SHA256()), key)
    write_aside(folder / KEY, _pem(key), mode=0o600)
    write_aside(folder / CERTIFICATE, made.pem)
    return made


def load_authority(folder: Path) -> Authority:
    """The authority of a folder.

    Raises:
        ConfigurationError: there is none, its files cannot be read, or its key is another's.
    """
    try:
        certificate = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
        key = load_pem_private_key((folder / KEY).read_bytes(), password=None)
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: no authority for certificates: {error.strerror}; broker init makes one"
        ) from None
    except ValueError as error:
        raise ConfigurationError(f"{folder}: no authority for certificates: {error}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise ConfigurationError(f"{folder}: {KEY} is not the key of {CERTIFICATE}")
    return Authority(certificate, key)


def _begun(name: str, key: ec.EllipticCurvePublicKey, now: datetime, days: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        pass
    labels = text.split(".")
    if len(text) > MAX_HOST or not all(_is_label(label) for label in labels):
        raise ConfigurationError(f"{text}: no host name and no address")
    return x509.DNSName(text)


def _is_label(text: str) -> bool:
    plain = text.replace("-", "").replace("_", "")
    return 0 < len(text) <= 63 and plain.isascii() and plain.isalnum() and not text.startswith("-")


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
