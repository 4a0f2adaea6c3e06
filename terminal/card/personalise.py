"""What only an issuer does to a chip: create the application and its files, change keys, write.

`docs/card-profile.md` is the format; `provisioning.cards` tells in which order. None of this is on the path of a tap.
"""

import zlib
from dataclasses import dataclass

from terminal.card.apdu import CardGarbled, Command, Status, exchange
from terminal.card.diversification import AID
from terminal.card.ev2 import Session
from terminal.card.keys import KeyNumber
from terminal.card.xs_key import MAX_PIECE, File
from terminal.ports import CardTransport

FACTORY_KEY = bytes(16)
KEY_VERSION = 1
KEY_SETTINGS = 0x09  # settings and master key may change; all else, listing too, asks for the master key
AES_KEYS = 0x80
PICC = bytes(3)
NXP, DESFIRE = 0x04, 0x01
EV2_AND_LATER = {0x12: "EV2", 0x22: "EV2", 0x33: "EV3"}
_FULL = 0x03
_CREATE = {"standard": Command.CREATE_STD_DATA_FILE, "backup": Command.CREATE_BACKUP_DATA_FILE}
_FILE_TYPE = {"standard": 0x00, "backup": 0x01}


@dataclass(frozen=True, slots=True)
class Chip:
    """What GetVersion tells. `generation` is "EV2", "EV3", or None for anything that an XS-Key cannot be."""

    vendor: int
    kind: int
    version: int

    @property
    def generation(self) -> str | None:
        """Which DESFire it is."""
        return EV2_AND_LATER.get(self.version) if (self.vendor, self.kind) == (NXP, DESFIRE) else None


def get_version(card: CardTransport) -> Chip:
    """GetVersion, three APDUs.

    Raises:
        CardRefused: no DESFire.
        CardGarbled, CardLost.
    """
    hardware = exchange(card, Command.GET_VERSION, expect=Status.ADDITIONAL_FRAME)
    exchange(card, Command.ADDITIONAL_FRAME, expect=Status.ADDITIONAL_FRAME)
    exchange(card, Command.ADDITIONAL_FRAME)
    if len(hardware) != 7:
        raise CardGarbled("length")
    return Chip(vendor=hardware[0], kind=hardware[1], version=hardware[3])


def create_application(card: CardTransport) -> None:
    """Make the XS-Key application, with the factory's keys; a factory chip lets anybody do that.

    Raises:
        CardRefused: with 91AE or 919D the chip's own master key is not the factory's.
        CardLost.
    """
    exchange(card, Command.SELECT_APPLICATION, PICC)
    exchange(card, Command.CREATE_APPLICATION, AID + bytes([KEY_SETTINGS, AES_KEYS | len(KeyNumber)]))


def change_other_key(session: Session, number: int, *, old: bytes, new: bytes) -> None:
    """ChangeKey of a key that did not authenticate. The chip takes the new key as a whole or not at all.

    Raises:
        CardRefused: with 911E it held another key than `old`.
        CardGarbled, CardLost.
    """
    mixed = bytes(a ^ b for a, b in zip(new, old, strict=True))
    jam_crc = zlib.crc32(new) ^ 0xFFFFFFFF  # CRC-32 without the last inversion
    session.full(Command.CHANGE_KEY, bytes([number]), mixed + bytes([KEY_VERSION]) + jam_crc.to_bytes(4, "little"))


def change_own_key(session: Session, number: int, *, new: bytes) -> None:
    """ChangeKey of the key that authenticated; the session is over then.

    Raises:
        CardRefused, CardGarbled, CardLost.
    """
    session.full_ending(Command.CHANGE_KEY, bytes([number]), new + bytes([KEY_VERSION]))


def access_rights(file: File) -> bytes:
    """The two bytes of a file's rights: read, write, read and write, change; least significant byte first."""
    digits = file.read << 12 | file.write << 8 | file.read_write << 4 | file.change
    return digits.to_bytes(2, "little")


def create_file(session: Session, file: File) -> None:
    """Make a file of zeros.

    Raises:
        CardRefused, CardGarbled, CardLost.
    """
    session.mac(_CREATE[file.kind], bytes([file.number, _FULL]) + access_rights(file) + file.size.to_bytes(3, "little"))


def file_is_as_it_should(session: Session, file: File) -> bool:
    """Tell whether the chip's file has type, rights and size of the profile.

    Raises:
        CardRefused: with 91F0 there is no such file, and the session is over.
        CardGarbled, CardLost.
    """
    settings = session.mac(Command.GET_FILE_SETTINGS, bytes([file.number]))
    return settings == bytes([_FILE_TYPE[file.kind], _FULL]) + access_rights(file) + file.size.to_bytes(3, "little")


def write(session: Session, file: File, offset: int, data: bytes) -> None:
    """WriteData in pieces that fit a short APDU. To a backup file it counts after `commit` only.

    Raises:
        CardRefused, CardGarbled, CardLost.
    """
    for start in range(0, len(data), MAX_PIECE):
        piece = data[start : start + MAX_PIECE]
        header = bytes([file.number]) + (offset + start).to_bytes(3, "little") + len(piece).to_bytes(3, "little")
        session.full(Command.WRITE_DATA, header, piece)


def write_content(session: Session, file: File, content: bytes) -> None:
    """Fill a file that has no roll-back: length 0, then the data and zeros to the end, then the length.

    Torn anywhere it holds nothing, the whole of `content`, or something that no signature covers.

    Raises:
        ValueError: `content` is too long for the file.
        CardRefused, CardGarbled, CardLost.
    """
    room = file.size - 2
    if len(content) > room:
        raise ValueError(f"{len(content)} bytes do not fit the {file.name} file of {room}")
    write(session, file, 0, bytes(2))
    write(session, file, 2, content.ljust(room, b"\x00"))
    if content:
        write(session, file, 0, len(content).to_bytes(2))


def commit(session: Session) -> None:
    """CommitTransaction: what was written to backup files counts from now on, as a whole.

    Raises:
        CardRefused, CardGarbled, CardLost.
    """
    session.mac(Command.COMMIT_TRANSACTION)
