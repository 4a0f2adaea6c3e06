"""The chip on the bench, brought step by step from whatever state it is in to that of the profile.

Each step looks at what is there and does what is missing, so an interrupted one is run again and ends the same.
"""

from typing import Self

from terminal.card.apdu import UID_BYTES, CardRefused, Status, read_uid
from terminal.card.ev2 import Random, Session, authenticate_first
from terminal.card.keys import KeyNumber, MasterKeys, SoftwareKey
from terminal.card.personalise import (
    FACTORY_KEY,
    change_other_key,
    change_own_key,
    commit,
    create_application,
    create_file,
    file_is_as_it_should,
    get_version,
    write,
    write_content,
)
from terminal.card.stay import BLANK
from terminal.card.xs_key import FILES, STAY, TEMPLATE, File, read_content, read_piece, select
from terminal.errors import CardError
from terminal.ports import CardTransport


class UnusableChip(CardError):
    """A chip that we cannot make an XS-Key of; the message says why and what to do."""


class Chip:
    """A DESFire EV2 or EV3 with a fixed UID. Every method speaks to it and blocks.

    All raise CardLost when it is taken away, CardRefused or CardGarbled when it does not do as it should.
    """

    def __init__(self, card: CardTransport, uid: bytes, generation: str, keys: MasterKeys, random: Random) -> None:
        self.card = card
        self.uid = uid
        self.generation = generation
        self._keys = keys
        self._random = random

    @classmethod
    def recognise(cls, card: CardTransport, keys: MasterKeys, random: Random) -> Self:
        """The chip in the field.

        Raises:
            UnusableChip: not a DESFire EV2 or EV3, or one that shows a random UID.
        """
        uid = read_uid(card)
        try:
            version = get_version(card)
        except CardRefused:
            raise UnusableChip("this is no DESFire chip; an XS-Key takes a MIFARE DESFire EV2 or EV3") from None
        if version.generation is None:
            raise UnusableChip("this chip is no MIFARE DESFire EV2 or EV3; take one of those")
        if len(uid) != UID_BYTES:
            raise UnusableChip("this chip shows a random UID, to which no credential can be bound; take another")
        return cls(card, uid, version.generation, keys, random)

    def has_application(self) -> bool:
        """Tell whether there is an XS-Key application, and select it."""
        try:
            select(self.card)
        except CardRefused as refusal:
            if refusal.status != Status.APPLICATION_NOT_FOUND:
                raise
            return False
        return True

    def require_ours(self) -> None:
        """Pass when the selected application's master key is the factory's or ours.

        Raises:
            UnusableChip: it is somebody else's.
        """
        self._held(KeyNumber.APPLICATION)

    def make_application(self) -> None:
        """Make the application and select it.

        Raises:
            UnusableChip: the chip's own master key is not the factory's.
        """
        try:
            create_application(self.card)
        except CardRefused as refusal:
            if refusal.status not in {Status.AUTHENTICATION_ERROR, Status.PERMISSION_DENIED}:
                raise
            raise UnusableChip("the chip lets nobody create an application: it is not blank; take another") from None
        select(self.card)

    def take_keys(self) -> None:
        """Change every key to ours, the application's master key last.

        Raises:
            UnusableChip: one of them is neither the factory's nor ours.
        """
        master = self._held(KeyNumber.APPLICATION)
        for number in (KeyNumber.READ, KeyNumber.STAY, KeyNumber.UPDATE, KeyNumber.TEMPLATE):
            held = self._held(number)
            if held != self._ours(number):
                session = self._authenticate(KeyNumber.APPLICATION, master)
                change_other_key(session, number, old=held, new=self._ours(number))
        if master != self._ours(KeyNumber.APPLICATION):
            session = self._authenticate(KeyNumber.APPLICATION, master)
            change_own_key(session, KeyNumber.APPLICATION, new=self._ours(KeyNumber.APPLICATION))

    def make_files(self) -> None:
        """Make the files that are missing.

        Raises:
            UnusableChip: one is there with another size or other rights.
        """
        for file in FILES:
            try:
                if not file_is_as_it_should(self.session(KeyNumber.APPLICATION), file):
                    raise UnusableChip(f"the chip's {file.name} file is not that of the profile; take another chip")
            except CardRefused as refusal:
                if refusal.status != Status.FILE_NOT_FOUND:
                    raise
                create_file(self.session(KeyNumber.APPLICATION), file)

    def fill(self, file: File, content: bytes) -> None:
        """Write a file that has its length before its content; empty content leaves zeros alone."""
        write_content(self.session(file.write), file, content)

    def clear_stay(self) -> None:
        """Leave no stay on the card."""
        session = self.session(STAY.write)
        if read_piece(session, STAY, 0, STAY.size) != BLANK:
            write(session, STAY, 0, BLANK)
            commit(session)

    def clear_template(self) -> None:
        """Leave no biometric template on the card; writes only where there is one."""
        if read_piece(self.session(TEMPLATE.read), TEMPLATE, 0, 2) != bytes(2):
            self.fill(TEMPLATE, b"")

    def stay_record(self) -> bytes:
        """The 48 bytes of the stay record."""
        return read_piece(self.session(STAY.read), STAY, 0, STAY.size)

    def template_bytes(self) -> int:
        """How long the biometric template on the card is; 0 without one. The template itself is not read."""
        return int.from_bytes(read_piece(self.session(TEMPLATE.read), TEMPLATE, 0, 2))

    def content(self, file: File) -> bytes:
        """What a file with a length before it holds."""
        return read_content(self.session(file.read), file)

    def session(self, number: KeyNumber) -> Session:
        """A session with our newest key `number` on the selected application."""
        return self._authenticate(number, self._ours(number))

    def _ours(self, number: KeyNumber) -> bytes:
        return self._keys.raw_keys(number, self.uid)[0]

    def _held(self, number: KeyNumber) -> bytes:
        """The key that the chip holds: our newest, an older one of ours, or the factory's."""
        for key in (*self._keys.raw_keys(number, self.uid), FACTORY_KEY):
            try:
                self._authenticate(number, key)
            except CardRefused as refusal:
                if refusal.status != Status.AUTHENTICATION_ERROR:
                    raise
            else:
                return key
        raise UnusableChip(f"key {number.value} of this card is not one of ours; the card is from another issuer")

    def _authenticate(self, number: KeyNumber, key: bytes) -> Session:
        return authenticate_first(self.card, number, SoftwareKey(key), self._random)
