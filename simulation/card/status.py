"""What the chip answers when it does not do what it is asked: its status bytes, sent after 91."""

from enum import IntEnum


class Status(IntEnum):
    """Second status byte of a wrapped native command."""

    OK = 0x00
    NO_CHANGES = 0x0C
    OUT_OF_EEPROM = 0x0E
    ILLEGAL_COMMAND = 0x1C
    INTEGRITY_ERROR = 0x1E
    NO_SUCH_KEY = 0x40
    LENGTH_ERROR = 0x7E
    PERMISSION_DENIED = 0x9D
    PARAMETER_ERROR = 0x9E
    APPLICATION_NOT_FOUND = 0xA0
    AUTHENTICATION_ERROR = 0xAE
    ADDITIONAL_FRAME = 0xAF
    BOUNDARY_ERROR = 0xBE
    COMMAND_ABORTED = 0xCA
    DUPLICATE = 0xDE
    FILE_NOT_FOUND = 0xF0


class Refused(Exception):
    """The chip refuses; it answers the status alone, without a MAC, and forgets who authenticated."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


def require(condition: bool, otherwise: Status) -> None:
    """Refuse unless `condition` holds."""
    if not condition:
        raise Refused(otherwise)
