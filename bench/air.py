"""The card part on a real reader, worked out: what a recorded conversation costs in air, reader and chip.

Air: ISO 14443-3 type A and 14443-4. A byte takes 9 bits (parity), a frame a bit at its beginning and one at its end; a
bit takes 128/fc at 106 kbit/s and 32/fc at 424. A block is prologue (1), up to `FRAME_BYTES - 3` bytes of an APDU, and
CRC (2); a longer APDU is chained, each block acknowledged by one without content. Between two frames lies the frame
delay time of 1172/fc at least.

Reader and chip: assumptions, written down here. What is left for the chip until the target is worked out besides, since
that holds whatever a chip takes.
"""

from bench.figures import TARGETS, Figures
from bench.taps import CLA_READER, Conversation

FC_HZ = 13.56e6
BIT_S = {106: 128 / FC_HZ, 424: 32 / FC_HZ}
FRAME_DELAY_S = 1172 / FC_HZ
FRAME_BYTES = 64
"""What a DESFire's answer to select says by default; EV2 and EV3 can be set to more."""
BLOCK_OVERHEAD_BYTES = 3
READER_S = 0.002
"""Assumed, each APDU: two USB transfers of a full-speed CCID reader and its firmware."""
CHIP_S = {0x5A: 0.002, 0x71: 0.005, 0x77: 0.005, 0xAF: 0.008, 0xAD: 0.008, 0x8D: 0.010, 0xC7: 0.012}
"""Assumed, by command: SelectApplication, the halves of an authentication, ReadData of up to 224 bytes encrypted,
WriteData of a stay record, CommitTransaction."""


def measure(said: dict[str, Conversation], figures: Figures) -> None:
    """Work out the card part of each kind of tap at each bit rate."""
    for kind, conversation in said.items():
        exchanges = [(command, answer) for command, answer in conversation if command[0] != CLA_READER]
        figures.add(f"air.{kind}.sent_bytes", sum(len(command) for command, _ in exchanges))
        figures.add(f"air.{kind}.received_bytes", sum(len(answer) for _, answer in exchanges))
        for rate, bit_s in BIT_S.items():
            name = f"air.{kind}.{rate}_kbit"
            air_s = sum(apdu_s(len(command), bit_s) + apdu_s(len(answer), bit_s) for command, answer in exchanges)
            reader_s = READER_S * len(exchanges)
            chip_s = sum(CHIP_S[command[1]] for command, _ in exchanges)
            card_part = f"{name}.card_part_ms"
            figures.add(f"{name}.air_ms", air_s * 1000)
            if card_part in TARGETS:
                figures.add(f"{name}.left_for_chip_ms", TARGETS[card_part] - (air_s + reader_s) * 1000)
            figures.add(card_part, (air_s + reader_s + chip_s) * 1000)


def apdu_s(apdu_bytes: int, bit_s: float) -> float:
    """One APDU on its way, in as many blocks as it takes, with the acknowledgements between them."""
    room = FRAME_BYTES - BLOCK_OVERHEAD_BYTES
    blocks = -(-apdu_bytes // room)
    content_s = _frames_s(blocks, apdu_bytes + blocks * BLOCK_OVERHEAD_BYTES, bit_s)
    return content_s + _frames_s(blocks - 1, (blocks - 1) * BLOCK_OVERHEAD_BYTES, bit_s)


def _frames_s(frames: int, total_bytes: int, bit_s: float) -> float:
    return (9 * total_bytes + 2 * frames) * bit_s + frames * FRAME_DELAY_S
