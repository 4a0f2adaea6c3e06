"""Why an update from headquarters is not believed. These travel in an outcome; nobody has to catch them."""

from enum import StrEnum

from terminal.errors import DocumentError


class Why(StrEnum):
    """Why an update was refused."""

    INCOMPLETE = "incomplete"
    """Not all of it is in the mirror yet, or a file there is not the one that was signed."""
    UNSIGNED = "unsigned"
    EXPIRED = "expired"
    ROLLED_BACK = "rolled-back"
    MALFORMED = "malformed"


class UpdateRefused(DocumentError):
    """What is in the mirror is not believed; `why` is for the journal, the message for a person."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why = why


class RootRefused(DocumentError):
    """The root that this gate was born with is missing or is none."""
