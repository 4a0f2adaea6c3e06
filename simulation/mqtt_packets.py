"""Packets of MQTT 5, as far as somebody in the middle has to know them: borders, and what a PUBLISH is for.

OASIS MQTT 5.0: fixed header 2.1, PUBLISH 3.3, PUBACK 3.4.
"""

import asyncio
from dataclasses import dataclass

PUBLISH = 3
PUBACK = 4
DUPLICATE = 0x08
QUOTA_EXCEEDED = 0x97
SUCCESS = 0x00


@dataclass(frozen=True, slots=True)
class Packet:
    """A control packet, whole: `head` is its first byte, `data` all of it."""

    head: int
    data: bytes
    body: bytes

    @property
    def kind(self) -> int:
        """The type of the packet."""
        return self.head >> 4

    @property
    def qos(self) -> int:
        """Of a PUBLISH."""
        return self.head >> 1 & 3

    @property
    def topic(self) -> str:
        """Of a PUBLISH; an alias of one (an empty name) is not resolved."""
        return self.body[2 : 2 + int.from_bytes(self.body[:2])].decode("utf-8", "replace")

    @property
    def identifier(self) -> bytes:
        """The two bytes of a PUBLISH with QoS 1 by which it is acknowledged."""
        at = 2 + int.from_bytes(self.body[:2])
        return self.body[at : at + 2]

    def again(self) -> bytes:
        """The same PUBLISH, marked as one that was sent before."""
        return bytes([self.head | DUPLICATE]) + self.data[1:]


def puback(publish: Packet, reason: int) -> bytes:
    """The answer to a PUBLISH with QoS 1."""
    return bytes([PUBACK << 4, 3]) + publish.identifier + bytes([reason])


async def read_packet(reader: asyncio.StreamReader) -> Packet:
    """The next packet.

    Raises:
        EOFError: the connection ended.
        ValueError: what comes is no MQTT.
    """
    first = await reader.readexactly(1)
    length = bytearray()
    while not length or length[-1] & 0x80:
        if len(length) == 4:
            raise ValueError("the length of a packet has more than four bytes")
        length += await reader.readexactly(1)
    bytes_left = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(length))
    body = await reader.readexactly(bytes_left)
    return Packet(first[0], first + bytes(length) + body, body)
