"""Secure messaging on the chip's side: EV2, AES, as one session from an authentication to its end.

A command is MACed over instruction, counter, transaction identifier, header and data; the counter then goes up by one
and the answer is MACed over status, counter, transaction identifier and data (NXP AN12196, section 4).
"""

from dataclasses import dataclass, field
from enum import IntEnum

from simulation.card.crypto import (
    BLOCK,
    MAC_LENGTH,
    cmac,
    decrypt_cbc,
    encrypt_cbc,
    pad,
    same,
    truncated,
    unpad,
)
from simulation.card.status import Status, require

COUNTER_END = 0xFFFF


class CommMode(IntEnum):
    """How data travel, numbered as in a file's settings (2 means plain too)."""

    PLAIN = 0
    MAC = 1
    FULL = 3


@dataclass(kw_only=True)
class Session:
    """What an authentication leaves in the chip's working memory. `key_number` is who authenticated."""

    key_number: int
    transaction: bytes
    key_enc: bytes = field(repr=False)
    key_mac: bytes = field(repr=False)
    counter: int = 0

    def open_command(self, instruction: int, body: bytes, header_length: int, mode: CommMode) -> tuple[bytes, bytes]:
        """Header and plaintext data of a command, checked.

        Raises:
            Refused: too short, a wrong MAC, or wrong padding.
        """
        require(self.counter < COUNTER_END, Status.COMMAND_ABORTED)
        if mode is not CommMode.PLAIN:
            require(len(body) >= header_length + MAC_LENGTH, Status.LENGTH_ERROR)
            body, mac = body[:-MAC_LENGTH], body[-MAC_LENGTH:]
            require(same(mac, self._mac(instruction, body)), Status.INTEGRITY_ERROR)
        header, data = body[:header_length], body[header_length:]
        if mode is CommMode.FULL and data:
            require(len(data) % BLOCK == 0, Status.LENGTH_ERROR)
            plaintext = unpad(decrypt_cbc(self.key_enc, data, self._iv(b"\xa5\x5a")))
            require(plaintext is not None, Status.INTEGRITY_ERROR)
            data = plaintext or b""
        return header, data

    def seal_answer(self, data: bytes, mode: CommMode) -> bytes:
        """The answer to a command that went well; counts it."""
        self.counter += 1
        if mode is CommMode.PLAIN:
            return data
        if mode is CommMode.FULL and data:
            data = encrypt_cbc(self.key_enc, pad(data), self._iv(b"\x5a\xa5"))
        return data + self._mac(Status.OK, data)

    def _mac(self, code: int, data: bytes) -> bytes:
        return truncated(cmac(self.key_mac, bytes((code,)) + self._counter_bytes() + self.transaction + data))

    def _iv(self, label: bytes) -> bytes:
        return encrypt_cbc(self.key_enc, label + self.transaction + self._counter_bytes() + bytes(8))

    def _counter_bytes(self) -> bytes:
        return self.counter.to_bytes(2, "little")
