"""What a chip keeps without power: keys, applications and files, and how they are written to a file on disk.

Durable means here: in an `Eeprom`. Nothing of a session or of a transaction that is not committed is ever in it.
"""

import json
import os
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, Self

from simulation.card.session import CommMode

AES_KEY_BYTES = 16
ALLOCATION_UNIT = 32
FACTORY_SETTINGS = 0x0F
FREE = 0xE
NEVER = 0xF
PICC_AID = bytes(3)


class FileType(IntEnum):
    """First byte of GetFileSettings."""

    STANDARD = 0
    BACKUP = 1


class Setting(IntEnum):
    """Bits of an application's (or the chip's) key settings."""

    MASTER_KEY_CHANGEABLE = 1
    FREE_DIRECTORY = 2
    FREE_CREATE_DELETE = 4
    CONFIGURATION_CHANGEABLE = 8


@dataclass
class Key:
    """An AES key and its version; all zeros until it is changed."""

    value: bytes = field(default=bytes(AES_KEY_BYTES), repr=False)
    version: int = 0


@dataclass
class DataFile:
    """A file with its rights; `access` holds read, write, read+write and change as four digits, E is free, F never."""

    kind: FileType
    mode: CommMode
    access: int
    data: bytes = field(repr=False)

    @property
    def read_keys(self) -> tuple[int, int]:
        """Who may read."""
        return self.access >> 12 & 0xF, self.access >> 4 & 0xF

    @property
    def write_keys(self) -> tuple[int, int]:
        """Who may write."""
        return self.access >> 8 & 0xF, self.access >> 4 & 0xF

    @property
    def allocated(self) -> int:
        """Bytes of memory it takes: whole units, twice for the mirror of a backup file."""
        units = -(-len(self.data) // ALLOCATION_UNIT)
        return units * ALLOCATION_UNIT * (2 if self.kind is FileType.BACKUP else 1)


@dataclass
class Application:
    """An application with its settings, keys by number and files by number."""

    settings: int
    keys: list[Key]
    files: dict[int, DataFile] = field(default_factory=dict)

    def allows(self, setting: Setting) -> bool:
        """Whether that bit of the settings is set."""
        return bool(self.settings & setting)


@dataclass
class Eeprom:
    """The whole chip. `uid` is 7 bytes.

    Without `picc_key` the chip's own master key is the DES key of zeros that a chip leaves the factory with: no AES
    authentication is possible at the level of the chip, and none is needed there, for a factory chip lets anybody
    create an application.
    """

    uid: bytes
    random_uid: bool = False
    size: int = 4096
    picc_settings: int = FACTORY_SETTINGS
    picc_key: Key | None = None
    applications: dict[bytes, Application] = field(default_factory=dict)

    def free_bytes(self) -> int:
        """Memory that no file takes."""
        used = sum(file.allocated for app in self.applications.values() for file in app.files.values())
        return self.size - used

    def save(self, path: Path) -> None:
        """Write to `path`, as a whole or not at all; readable by the owner alone, for it holds keys."""
        text = json.dumps(self._as_json(), indent=1)
        partial = path.with_name(path.name + ".partial")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """What `save` wrote.

        Raises:
            ValueError: that is no saved card.
        """
        try:
            return cls._from_json(json.loads(path.read_text(encoding="ascii")))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(
                f"{path} is no saved card ({type(error).__name__}); delete it and issue the card again"
            ) from error

    def _as_json(self) -> dict[str, Any]:
        return {
            "uid": self.uid.hex(),
            "random_uid": self.random_uid,
            "size": self.size,
            "picc_settings": self.picc_settings,
            "picc_key": _key_as_json(self.picc_key) if self.picc_key else None,
            "applications": {
                aid.hex(): {
                    "settings": app.settings,
                    "keys": [_key_as_json(key) for key in app.keys],
                    "files": {
                        str(number): {
                            "kind": file.kind.name,
                            "mode": file.mode.name,
                            "access": f"{file.access:04x}",
                            "data": file.data.hex(),
                        }
                        for number, file in app.files.items()
                    },
                }
                for aid, app in self.applications.items()
            },
        }

    @classmethod
    def _from_json(cls, saved: dict[str, Any]) -> Self:
        return cls(
            uid=bytes.fromhex(saved["uid"]),
            random_uid=bool(saved["random_uid"]),
            size=int(saved["size"]),
            picc_settings=int(saved["picc_settings"]),
            picc_key=_key_from_json(saved["picc_key"]) if saved["picc_key"] else None,
            applications={
                bytes.fromhex(aid): Application(
                    settings=int(app["settings"]),
                    keys=[_key_from_json(key) for key in app["keys"]],
                    files={
                        int(number): DataFile(
                            kind=FileType[file["kind"]],
                            mode=CommMode[file["mode"]],
                            access=int(file["access"], 16),
                            data=bytes.fromhex(file["data"]),
                        )
                        for number, file in app["files"].items()
                    },
                )
                for aid, app in saved["applications"].items()
            },
        )


def _key_as_json(key: Key) -> dict[str, Any]:
    return {"value": key.value.hex(), "version": key.version}


def _key_from_json(saved: dict[str, Any]) -> Key:
    return Key(bytes.fromhex(saved["value"]), int(saved["version"]))
