"""What goes wrong with cards in a lane, as data: faults, and a card that has some.

Each fault names the APDU it strikes by counting from 1 over the card's whole life, or, with `instruction`, by counting
those with that instruction alone: `PullAway(1, 0xC7, When.UNANSWERED)` tears the first commit. What the reader asks for
itself (class FF) is not counted. Each fault strikes once, so the next tap of the same card goes well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from simulation.card.chip import ATR, GET_UID, DesfireChip, IsoStatus
from simulation.card.state import FieldLost
from simulation.vpcd import InsertedCard, PulledAway

CLA_READER = 0xFF
STATUS_LENGTH = 2


class When(Enum):
    """The moment in one exchange at which the card leaves the field."""

    UNHEARD = auto()  # the card never got the command
    UNANSWERED = auto()  # it did what it was told, and the answer was lost
    ANSWERED = auto()  # the answer arrived, and nothing after it will


@dataclass(frozen=True)
class Strike:
    """Which APDU a fault strikes."""

    at: int
    instruction: int | None = None


@dataclass(frozen=True)
class PullAway(Strike):
    """The card is pulled away."""

    when: When = When.UNANSWERED


@dataclass(frozen=True)
class TornWrite(Strike):
    """The card is pulled away in the middle of a write to a standard file: `written` bytes are in."""

    written: int = 0


@dataclass(frozen=True)
class Mute(Strike):
    """The card never answers this one (it does hear it)."""


@dataclass(frozen=True)
class Slow(Strike):
    """The card answers after `wait` has returned."""

    wait: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Garbled(Strike):
    """The answer arrives as `garble` makes it."""

    garble: Callable[[bytes], bytes] = lambda answer: answer


Fault = PullAway | TornWrite | Mute | Slow | Garbled


def bit_flipped(at: int, bit: int, instruction: int | None = None) -> Garbled:
    """A fault: one bit of the answer is the other way round; bits count from the first, or below 0 from the end."""

    def flip(answer: bytes) -> bytes:
        place = bit % (8 * len(answer))
        return bytes(byte ^ (0x80 >> place % 8 if index == place // 8 else 0) for index, byte in enumerate(answer))

    return Garbled(at, instruction, flip)


def wrong_mac(at: int, instruction: int | None = None) -> Garbled:
    """A fault: the last byte before the status words, where a MAC ends, is another."""
    return bit_flipped(at, -8 * STATUS_LENGTH - 1, instruction)


def answered(at: int, answer: bytes, instruction: int | None = None) -> Garbled:
    """A fault: `answer`, data and status words, arrives in place of the chip's."""
    return Garbled(at, instruction, lambda _: answer)


class FaultyCard:
    """A card that misbehaves as `faults` say, and otherwise is the card it wraps."""

    def __init__(self, card: InsertedCard, *faults: Fault) -> None:
        self.card = card
        self._faults = faults
        self._heard: list[int] = []

    @property
    def atr(self) -> bytes:
        """The card's own."""
        return self.card.atr

    @property
    def heard(self) -> tuple[int, ...]:
        """Instructions of all APDUs so far, those of the reader left out."""
        return tuple(self._heard)

    def power_on(self) -> None:
        """The field came up."""
        self.card.power_on()

    def power_off(self) -> None:
        """The field is gone."""
        self.card.power_off()

    def reset(self) -> None:
        """Off and on."""
        self.card.reset()

    def apdu(self, command: bytes) -> bytes | None:
        """Answer as the card would, unless a fault strikes.

        Raises:
            PulledAway: a fault says so.
        """
        if command[0] == CLA_READER or len(command) < STATUS_LENGTH:
            return self.card.apdu(command)
        instruction = command[1]
        self._heard.append(instruction)
        counts = {None: len(self._heard), instruction: self._heard.count(instruction)}
        faults = [fault for fault in self._faults if counts.get(fault.instruction) == fault.at]
        for fault in faults:
            self._before(fault)
        try:
            answer = self.card.apdu(command)
        except FieldLost:
            raise PulledAway from None
        for fault in faults:
            answer = self._after(fault, answer)
        return answer

    def _before(self, fault: Fault) -> None:
        match fault:
            case PullAway(when=When.UNHEARD):
                raise PulledAway
            case TornWrite(written=written):
                if not isinstance(self.card, DesfireChip):
                    raise TypeError("only a DesfireChip can be torn in the middle of a write")
                self.card.tear_next_write(written)
            case _:
                pass

    def _after(self, fault: Fault, answer: bytes | None) -> bytes | None:
        match fault:
            case PullAway(when=When.ANSWERED):
                raise PulledAway(answer)
            case PullAway():
                raise PulledAway
            case Mute():
                return None
            case Slow(wait=wait):
                wait()
            case Garbled(garble=garble) if answer is not None:
                return garble(answer)
            case _:
                pass
        return answer


class OtherCard:
    """Some other contactless card: has a UID, knows no application and no command of ours."""

    def __init__(self, uid: bytes, atr: bytes = ATR) -> None:
        self._uid = uid
        self._atr = atr

    @property
    def atr(self) -> bytes:
        """As given."""
        return self._atr

    def power_on(self) -> None:
        """Nothing to do."""

    def power_off(self) -> None:
        """Nothing to forget."""

    def reset(self) -> None:
        """Nothing to forget."""

    def apdu(self, command: bytes) -> bytes:
        """UID for the reader; file not found, or instruction not supported, for everybody else."""
        if command == GET_UID:
            return self._uid + IsoStatus.OK
        selects = command[:2] == b"\x00\xa4"
        return IsoStatus.NOT_FOUND if selects else IsoStatus.UNKNOWN_INSTRUCTION
