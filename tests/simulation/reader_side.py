"""The other end of the chip, for its contract tests: a reader that can do what is right and what is wrong.

Built on the chip's own cryptography, which `test_vectors` holds to the published numbers.
"""

from collections.abc import Callable
from typing import Protocol

from simulation.card.crypto import (
    cmac,
    decrypt_cbc,
    encrypt_cbc,
    jam_crc32,
    pad,
    rotated,
    session_keys,
    truncated,
    unpad,
    xor,
)

ZEROS = bytes(16)
XS_KEY = bytes.fromhex("58534B")
PLAIN, MAC, FULL = "plain", "mac", "full"


class Answers(Protocol):
    def apdu(self, command: bytes) -> bytes | None: ...


def wrapped(instruction: int, body: bytes = b"") -> bytes:
    head = bytes((0x90, instruction, 0, 0))
    return head + (bytes((len(body),)) + body if body else b"") + b"\x00"


class Reader:
    """One conversation. Each method returns (data, last status byte); what the chip says is checked with asserts."""

    def __init__(self, card: Answers, rnd_a: bytes = bytes(range(16))) -> None:
        self.card = card
        self.rnd_a = rnd_a
        self.transaction = b""
        self.counter = 0
        self.key_enc = self.key_mac = b""
        self.truncated: Callable[[bytes], bytes] = truncated

    def send(self, instruction: int, body: bytes = b"") -> tuple[bytes, int]:
        answer = self.card.apdu(wrapped(instruction, body))
        assert answer is not None
        assert answer[-2] == 0x91, answer.hex()
        return answer[:-2], answer[-1]

    def select(self, aid: bytes = XS_KEY) -> int:
        self.key_mac = b""
        return self.send(0x5A, aid)[1]

    def authenticate(self, number: int, key: bytes = ZEROS, first: bool = True) -> int:
        """The chip's last status; 0 only when it has proved that it knows the key."""
        challenge, status = self.send(0x71, bytes((number, 0))) if first else self.send(0x77, bytes((number,)))
        if status != 0xAF:
            return status
        rnd_b = decrypt_cbc(key, challenge)
        proof, status = self.send(0xAF, encrypt_cbc(key, self.rnd_a + rotated(rnd_b)))
        if status:
            return status
        plaintext = decrypt_cbc(key, proof)
        if first:
            self.transaction, self.counter = plaintext[:4], 0
            plaintext = plaintext[4:20]
        assert plaintext == rotated(self.rnd_a)
        self.key_enc, self.key_mac = session_keys(key, self.rnd_a, rnd_b)
        return 0

    def command(self, instruction: int, header: bytes = b"", data: bytes = b"", mode: str = MAC) -> tuple[bytes, int]:
        """One command within the session, or in plain without one; the answer opened and its MAC checked."""
        if not self.key_mac:
            mode = PLAIN
        answer, status = self.send(instruction, self.sealed(instruction, header, data, mode))
        frames = answer
        while status == 0xAF:
            answer, status = self.send(0xAF)
            frames += answer
        if status:
            assert frames == b""
            return b"", status
        self.counter += 1
        if mode == PLAIN:
            return frames, 0
        payload, mac = frames[:-8], frames[-8:]
        assert mac == self._mac(0, payload)
        if mode == FULL and payload:
            opened = unpad(decrypt_cbc(self.key_enc, payload, self._iv(b"\x5a\xa5")))
            assert opened is not None
            payload = opened
        return payload, 0

    def sealed(self, instruction: int, header: bytes, data: bytes, mode: str) -> bytes:
        if mode == PLAIN:
            return header + data
        if mode == FULL and data:
            data = encrypt_cbc(self.key_enc, pad(data), self._iv(b"\xa5\x5a"))
        return header + data + self._mac(instruction, header + data)

    def read(self, number: int, offset: int = 0, length: int = 0, mode: str = FULL) -> tuple[bytes, int]:
        return self.command(0xAD, span(number, offset, length), mode=mode)

    def write(self, number: int, data: bytes, offset: int = 0, mode: str = FULL) -> int:
        return self.command(0x8D, span(number, offset, len(data)), data, mode)[1]

    def commit(self) -> int:
        return self.command(0xC7)[1]

    def change_key(self, number: int, old: bytes, new: bytes, version: int = 1) -> int:
        return self.command(0xC4, bytes((number,)), xor(old, new) + bytes((version,)) + jam_crc32(new), FULL)[1]

    def change_own_key(self, number: int, new: bytes, version: int = 1) -> int:
        """Of the key that authenticated: the chip answers without a MAC and the session is over."""
        body = self.sealed(0xC4, bytes((number,)), new + bytes((version,)), FULL)
        answer, status = self.send(0xC4, body)
        assert answer == b""
        self.key_mac = b""
        return status

    def _mac(self, code: int, payload: bytes) -> bytes:
        head = bytes((code,)) + self.counter.to_bytes(2, "little") + self.transaction
        return self.truncated(cmac(self.key_mac, head + payload))

    def _iv(self, label: bytes) -> bytes:
        return encrypt_cbc(self.key_enc, label + self.transaction + self.counter.to_bytes(2, "little") + bytes(8))


def span(number: int, offset: int, length: int) -> bytes:
    return bytes((number,)) + offset.to_bytes(3, "little") + length.to_bytes(3, "little")


def file_settings(number: int, mode: int, access: int, size: int) -> bytes:
    return bytes((number, mode)) + access.to_bytes(2, "little") + size.to_bytes(3, "little")
