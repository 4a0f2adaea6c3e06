"""The error tree: every error says whose fault it is.

A refusal that the design foresees (a blocked card, a full site) is a value, never one of these. An exception means
that somebody must look, and its class says who: the holder of the card, whoever published a document, the installer's
hardware, whoever wrote the configuration, the disk.

A message to a person says what happened, what it means for him and what to do. No message holds a key, a plaintext
of a card or an XS-ID.
"""


class XsError(Exception):
    """Anything this system raises on purpose; `fault` names whose it is."""

    fault = "software"


class CardError(XsError):
    """The card, or what it said, is at fault."""

    fault = "card"


class DocumentError(XsError):
    """A signed document, a list or a key file from headquarters is at fault."""

    fault = "document"


class HardwareError(XsError):
    """A reader, a relay board or their drivers are at fault."""

    fault = "hardware"


class PaymentError(XsError):
    """A tariff or a charge is at fault."""

    fault = "payment"


class StorageError(XsError):
    """The disk or a database on it is at fault."""

    fault = "storage"


class NetworkError(XsError):
    """The line to headquarters, or the broker at its end, is at fault."""

    fault = "network"


class ConfigurationError(XsError):
    """What an installer or operator wrote is at fault; `mistakes` lists all of them, a line each."""

    fault = "configuration"

    def __init__(self, message: str, mistakes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.mistakes = mistakes
