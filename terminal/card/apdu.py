"""Native DESFire commands in ISO 7816-4 wrapping (CLA 90), their status words, and the ways a card can fail us.

Everything a card says enters here. A failure is one of four exceptions, which `terminal.card.xs_key` turns into
meaning in one table: `CardLost` (from the transport), `CardRefused`, `CardGarbled`, `WrongProof`.
"""

from enum import IntEnum

from terminal.errors import CardError
from terminal.ports import CardTransport


class Command(IntEnum):
    """Native command codes."""

    SELECT_APPLICATION = 0x5A
    GET_VERSION = 0x60
    AUTHENTICATE_EV2_FIRST = 0x71
    AUTHENTICATE_EV2_NON_FIRST = 0x77
    READ_DATA = 0xAD
    WRITE_DATA = 0x8D
    COMMIT_TRANSACTION = 0xC7
    GET_FILE_SETTINGS = 0xF5
    CREATE_APPLICATION = 0xCA
    CHANGE_KEY = 0xC4
    CREATE_STD_DATA_FILE = 0xCD
    CREATE_BACKUP_DATA_FILE = 0xCB
    ADDITIONAL_FRAME = 0xAF


class Status(IntEnum):
    """Status words that mean something to us; any other is as good as unknown."""

    OK = 0x9100
    NO_CHANGES = 0x910C
    ILLEGAL_COMMAND = 0x911C
    INTEGRITY_ERROR = 0x911E
    NO_SUCH_KEY = 0x9140
    LENGTH_ERROR = 0x917E
    PERMISSION_DENIED = 0x919D
    APPLICATION_NOT_FOUND = 0x91A0
    AUTHENTICATION_ERROR = 0x91AE
    ADDITIONAL_FRAME = 0x91AF
    BOUNDARY_ERROR = 0x91BE
    DUPLICATE = 0x91DE
    FILE_NOT_FOUND = 0x91F0
    ISO_OK = 0x9000


class CardRefused(CardError):
    """The card answered `command` with a status word that we did not ask for."""

    def __init__(self, command: Command, status: int) -> None:
        super().__init__(f"the card answered {command.name} with {status:04X}")
        self.command = command
        self.status = status


class CardGarbled(CardError):
    """An answer with a wrong MAC, padding or length; nothing it said is believed. `detail` says which."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the card's answer is not believed: {detail}")
        self.detail = detail


class WrongProof(CardError):
    """The card could not prove that it holds the key (`RndA'` is wrong)."""

    def __init__(self) -> None:
        super().__init__("the card does not hold the key it should")


UID_BYTES = 7
_GET_UID = bytes.fromhex("FFCA000000")


def wrap(command: Command, data: bytes = b"") -> bytes:
    """The short APDU that carries a native command; at most 255 bytes of data."""
    length = bytes([len(data)]) if data else b""
    return bytes([0x90, command, 0, 0]) + length + data + b"\x00"


def exchange(card: CardTransport, command: Command, data: bytes = b"", expect: Status = Status.OK) -> bytes:
    """Send a native command; returns the data that came with the status `expect`.

    Raises:
        CardRefused: any other status.
        CardLost: no answer.
    """
    answer, status = card.transceive(wrap(command, data))
    if status != expect:
        raise CardRefused(command, status)
    return answer


def read_uid(card: CardTransport) -> bytes:
    """The UID of the chip, which the reader knows from its anticollision (PC/SC part 3); 4, 7 or 10 bytes.

    Raises:
        CardGarbled: the reader does not say.
        CardLost: no answer.
    """
    uid, status = card.transceive(_GET_UID)
    if status != Status.ISO_OK:
        raise CardGarbled(f"uid-{status:04x}")
    return uid
