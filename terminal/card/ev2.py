"""EV2 secure messaging (NXP AN12196): mutual authentication, session keys, MACs and full encryption.

A `CardKey` is all that authentication needs of a key, so that it can stay in a secure access module. A `Session`
carries one transaction identifier, two session keys and the command counter; any failure ends it on the chip too.
Multi-byte numbers are least significant byte first, as on the card.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from terminal.card.apdu import CardGarbled, Command, Status, WrongProof, exchange
from terminal.card.diversification import cmac
from terminal.ports import CardTransport

BLOCK = 16
MAC_BYTES = 8
MAX_COUNTER = 0xFFFF
_NO_CAPABILITIES = b"\x00"

Random = Callable[[int], bytes]


class CardKey(Protocol):
    """An AES-128 key of one card: three operations, none of which shows it."""

    def encrypt(self, data: bytes) -> bytes:
        """AES-CBC with a zero IV over whole blocks."""

    def decrypt(self, data: bytes) -> bytes:
        """The reverse of `encrypt`."""

    def cmac(self, message: bytes) -> bytes:
        """AES-CMAC, 16 bytes."""


def cbc_encrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """AES-128-CBC over whole blocks."""
    encryptor = Cipher(AES128(key), CBC(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def cbc_decrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """AES-128-CBC over whole blocks."""
    decryptor = Cipher(AES128(key), CBC(iv)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def truncate(mac: bytes) -> bytes:
    """The bytes 1, 3 … 15 of a CMAC. (EV1 took the first eight; neither believes the other's.)"""
    return mac[1::2]


def pad(data: bytes) -> bytes:
    """ISO/IEC 9797-1 padding method 2: always one byte 80 and then zeros."""
    return data + b"\x80" + bytes(-(len(data) + 1) % BLOCK)


def unpad(data: bytes) -> bytes:
    """The reverse of `pad`.

    Raises:
        CardGarbled: no such padding.
    """
    stripped = data.rstrip(b"\x00")
    if not stripped.endswith(b"\x80") or len(data) - len(stripped) >= BLOCK:
        raise CardGarbled("padding")
    return stripped[:-1]


def rotate(nonce: bytes) -> bytes:
    """`nonce` turned left by one byte: what proves that it was deciphered."""
    return nonce[1:] + nonce[:1]


def session_vectors(rnd_a: bytes, rnd_b: bytes) -> tuple[bytes, bytes]:
    """SV1 and SV2, whose CMACs under the card key are the session keys for encryption and for MACs."""
    mixed = bytes(a ^ b for a, b in zip(rnd_a[2:8], rnd_b[:6], strict=True))
    context = b"\x00\x01\x00\x80" + rnd_a[:2] + mixed + rnd_b[6:] + rnd_a[8:]
    return b"\xa5\x5a" + context, b"\x5a\xa5" + context


@dataclass(slots=True)
class Session:
    """An authenticated conversation with one card. `counter` counts its commands since AuthenticateEV2First."""

    card: CardTransport
    ti: bytes
    key_enc: bytes = field(repr=False)
    key_mac: bytes = field(repr=False)
    counter: int = 0

    def full(self, command: Command, header: bytes = b"", data: bytes = b"") -> bytes:
        """CommMode.Full: `data` is encrypted, `header` only MACed; returns the decrypted answer.

        Raises:
            CardRefused, CardGarbled, CardLost.
        """
        answer = self.mac(command, header + self._encrypted(data))
        if not answer:
            return b""
        if len(answer) % BLOCK:
            raise CardGarbled("length")
        return unpad(cbc_decrypt(self.key_enc, self._iv(b"\x5a\xa5"), answer))

    def mac(self, command: Command, data: bytes = b"") -> bytes:
        """CommMode.MAC: returns the answer's data, whose MAC was right.

        Raises:
            CardRefused, CardGarbled, CardLost.
        """
        answer = exchange(self.card, command, data + self._mac(command, data))
        self.counter += 1
        return self._believed(answer)

    def full_ending(self, command: Command, header: bytes, data: bytes) -> None:
        """CommMode.Full for a command that ends the session on the chip, so that its answer bears no MAC.

        Raises:
            CardRefused, CardGarbled, CardLost.
        """
        body = header + self._encrypted(data)
        if exchange(self.card, command, body + self._mac(command, body)):
            raise CardGarbled("length")

    def _encrypted(self, data: bytes) -> bytes:
        return cbc_encrypt(self.key_enc, self._iv(b"\xa5\x5a"), pad(data)) if data else b""

    def _believed(self, answer: bytes) -> bytes:
        data, mac = answer[:-MAC_BYTES], answer[-MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(Status.OK & 0xFF, data)):
            raise CardGarbled("mac")
        return data

    def _mac(self, code: int, data: bytes) -> bytes:
        if self.counter >= MAX_COUNTER:
            raise CardGarbled("counter")
        return truncate(cmac(self.key_mac, bytes([code]) + self.counter.to_bytes(2, "little") + self.ti + data))

    def _iv(self, label: bytes) -> bytes:
        encryptor = Cipher(AES128(self.key_enc), ECB()).encryptor()  # noqa: S305  # one block: that is how an IV is made
        return encryptor.update(label + self.ti + self.counter.to_bytes(2, "little") + bytes(8))


def authenticate_first(card: CardTransport, number: int, key: CardKey, random: Random) -> Session:
    """AuthenticateEV2First: a new transaction. Two APDUs. The card's proof is checked before any session key is made.

    Raises:
        CardRefused: with 91AE the card has another key, with 9140 none of this number.
        WrongProof: the card does not hold the key, though it took our proof.
        CardGarbled, CardLost.
    """
    first = bytes([number]) + _NO_CAPABILITIES
    rnd_a, rnd_b, answer = _prove(
        card, Command.AUTHENTICATE_EV2_FIRST, first, key, random=random, answer_bytes=2 * BLOCK
    )
    ti, proof = answer[:4], answer[4:20]
    _check(proof, rnd_a)
    return _session(card, ti, key, rnd_a, rnd_b)


def authenticate_non_first(session: Session, number: int, key: CardKey, random: Random) -> Session:
    """AuthenticateEV2NonFirst: another key in the same transaction, whose identifier and counter are kept. Two APDUs.

    Raises:
        CardRefused, WrongProof, CardGarbled, CardLost: as for `authenticate_first`.
    """
    command = Command.AUTHENTICATE_EV2_NON_FIRST
    rnd_a, rnd_b, proof = _prove(session.card, command, bytes([number]), key, random=random, answer_bytes=BLOCK)
    _check(proof, rnd_a)
    following = _session(session.card, session.ti, key, rnd_a, rnd_b)
    following.counter = session.counter
    return following


def _prove(
    card: CardTransport, command: Command, first: bytes, key: CardKey, *, random: Random, answer_bytes: int
) -> tuple[bytes, bytes, bytes]:
    """Both halves of an authentication; returns RndA, RndB and the deciphered last answer."""
    challenge = exchange(card, command, first, Status.ADDITIONAL_FRAME)
    if len(challenge) != BLOCK:
        raise CardGarbled("length")
    rnd_b = key.decrypt(challenge)
    rnd_a = random(BLOCK)
    answer = exchange(card, Command.ADDITIONAL_FRAME, key.encrypt(rnd_a + rotate(rnd_b)))
    if len(answer) != answer_bytes:
        raise CardGarbled("length")
    return rnd_a, rnd_b, key.decrypt(answer)


def _check(proof: bytes, rnd_a: bytes) -> None:
    if not hmac.compare_digest(proof, rotate(rnd_a)):
        raise WrongProof


def _session(card: CardTransport, ti: bytes, key: CardKey, rnd_a: bytes, rnd_b: bytes) -> Session:
    vector_enc, vector_mac = session_vectors(rnd_a, rnd_b)
    return Session(card, ti, key_enc=key.cmac(vector_enc), key_mac=key.cmac(vector_mac))
