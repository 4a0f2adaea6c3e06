"""Headquarters' key for acknowledgements, by the name under which the gates know it."""

from dataclasses import dataclass

from headquarters.keys import KeyFolder, SigningKey
from terminal.core.checkpoint import cosigned, headquarters_key
from terminal.core.issuers import HeadquartersKey
from terminal.core.signed_note import NoteKey, parse_note
from terminal.errors import ConfigurationError
from terminal.trust.documents import ISSUERS


@dataclass(frozen=True, slots=True)
class Cosigner:
    """Puts headquarters' cosignature on checkpoints."""

    name: str
    key: SigningKey

    @property
    def note_key(self) -> NoteKey:
        """The key by which the cosignatures are verified."""
        return headquarters_key(self.name, self.key.public)

    def cosign(self, note: bytes, now_s: int) -> bytes:
        """The note with our cosignature; one that has it stays as it is."""
        parsed = parse_note(note)
        if parsed.cosigned_at(self.note_key) is not None:
            return note
        return cosigned(parsed, self.name, self.key.private, now_s).encode()


def acknowledgement_keys(keys: KeyFolder) -> tuple[HeadquartersKey, ...]:
    """The keys whose cosignatures the gates believe, as `issuers.json` names them.

    Raises:
        ConfigurationError: `issuers.json` cannot be read.
        DocumentRefused: it has mistakes.
    """
    try:
        document = keys.issuers.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{keys.issuers}: cannot be read: {error.strerror}") from error
    return ISSUERS.parse(document).acknowledgements


def load_cosigner(keys: KeyFolder) -> Cosigner:
    """The acknowledgement key that is in the folder, by the name that `issuers.json` gives it.

    Raises:
        KeyFileError: the key is missing or no key.
        ConfigurationError: `issuers.json` does not name it, so that no gate would believe it.
    """
    key = keys.signing("acknowledgement")
    for known in acknowledgement_keys(keys):
        if known.key == key.public.hex():
            return Cosigner(known.name, key)
    raise ConfigurationError(
        f"{keys.issuers}: names no acknowledgement key {key.public.hex()}; gates would not believe it"
    )
