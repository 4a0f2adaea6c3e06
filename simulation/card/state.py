"""The chip between two commands: what is selected, who authenticated, what waits for a commit, and who may do what."""

from collections.abc import Callable
from dataclasses import dataclass, field

from simulation.card.eeprom import FREE, NEVER, PICC_AID, Application, DataFile, Eeprom, Key, Setting
from simulation.card.session import CommMode, Session
from simulation.card.status import Refused, Status, require

MASTER_KEY = 0


class FieldLost(Exception):
    """The field went away in the middle of a write to the EEPROM."""


@dataclass
class State:
    """Working memory of a chip over its EEPROM; `durable` is called whenever the EEPROM has changed.

    `tear_after` makes the next write to a standard file stop after that many bytes and the field vanish.
    """

    eeprom: Eeprom
    durable: Callable[[Eeprom], None]
    selected: bytes = PICC_AID
    session: Session | None = None
    staged: dict[int, bytes] = field(default_factory=dict, repr=False)
    tear_after: int | None = None

    def select(self, aid: bytes) -> None:
        """Leave one level for another: nobody is authenticated, nothing waits."""
        self.forget()
        self.selected = aid

    def forget(self) -> None:
        """End the session, and with it a transaction that was not committed."""
        self.session = None
        self.staged = {}

    def stored(self) -> None:
        """The EEPROM has changed; returns when that is durable."""
        self.durable(self.eeprom)

    @property
    def application(self) -> Application:
        """The selected application; at the level of the chip there is none."""
        require(self.selected != PICC_AID, Status.PERMISSION_DENIED)
        return self.eeprom.applications[self.selected]

    @property
    def keys(self) -> list[Key]:
        """AES keys of the selected level."""
        if self.selected == PICC_AID:
            return [self.eeprom.picc_key] if self.eeprom.picc_key else []
        return self.application.keys

    @property
    def settings(self) -> int:
        """Key settings of the selected level."""
        return self.eeprom.picc_settings if self.selected == PICC_AID else self.application.settings

    @property
    def is_master(self) -> bool:
        """Whether the master key of the selected level has authenticated."""
        return self.session is not None and self.session.key_number == MASTER_KEY

    def require_master_unless(self, setting: Setting) -> None:
        """Refuse unless the settings let anybody do it, or the master key has authenticated."""
        require(bool(self.settings & setting) or self.is_master, Status.AUTHENTICATION_ERROR)

    def file(self, number: int) -> DataFile:
        """The file of the selected application with this number."""
        file = self.application.files.get(number)
        if file is None:
            raise Refused(Status.FILE_NOT_FOUND)
        return file

    def mode_for(self, file: DataFile, keys: tuple[int, ...]) -> CommMode:
        """How to talk about a file that any of `keys` gives access to; free access is always plain."""
        if self.session is not None and self.session.key_number in keys:
            return file.mode
        if FREE in keys:
            return CommMode.PLAIN
        denied = all(key == NEVER for key in keys)
        raise Refused(Status.PERMISSION_DENIED if denied else Status.AUTHENTICATION_ERROR)
