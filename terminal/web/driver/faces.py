"""The whole-screen states that a driver can be shown, and what a screen tells; nothing of wording or time."""

from dataclasses import dataclass, field
from enum import StrEnum

from terminal.core.barrier_words import Side
from terminal.core.reasons import Help


class Tone(StrEnum):
    """What is heard when a screen comes."""

    GOOD = "good"
    """Two notes up."""
    WAIT = "wait"
    """One note."""
    BAD = "bad"
    """Two notes down."""


class Face(StrEnum):
    """One for each thing that a driver is asked to do or to know. The word names pictogram and colours in the page."""

    READY = "ready"
    """Hold up the card."""
    READING = "reading"
    """Keep it there."""
    HOLD_STILL = "hold-still"
    """The card was gone too soon: hold it up again, and still."""
    OTHER_CARD = "other-card"
    """Some other card was held up: use the XS-Key."""
    WELCOME = "welcome"
    """Drive in."""
    WELCOME_WAIT = "welcome-wait"
    """Too early: drive in, and wait where vehicles wait."""
    GOODBYE = "goodbye"
    """Drive out; nothing to pay."""
    THANK_YOU = "thank-you"
    """Drive out; or what was bought has been given: price, and code of the receipt."""
    NEXT = "next"
    """Admitted, and another vehicle goes first."""
    BUSY = "busy"
    """A vehicle from the other side has the lane, or somebody else the service point: wait, then hold up the card."""
    SORRY = "sorry"
    """Not now, not with this card: what, and who can help."""
    DESK = "desk"
    """A person looks at it: come to the desk, or press the call button."""
    DRIVE_FORWARD = "drive-forward"
    """Come closer to the boom, then hold up the card."""
    WRONG_LANE = "wrong-lane"
    """Nobody drives that way here: go to lane n."""
    TURN_AROUND = "turn-around"
    """Nobody drives that way here, nor at any lane of this terminal."""
    TAKE_CARD = "take-card"
    """The card still lies on the reader."""
    OFFER = "offer"
    """What it costs; the same card again confirms."""
    SO_FAR = "so-far"
    """It goes on: what it has come to so far."""
    DRIVE_ON = "drive-on"
    """The boom is held open: no card is needed."""
    CLOSED = "closed"
    """A person shut the lane, or it is outside its hours: use another lane."""
    OUT_OF_SERVICE = "out-of-service"
    """Something is broken: use another lane, or the desk."""
    EMERGENCY = "emergency"
    """Fire: nobody goes in; leave by the exit."""

    @property
    def tone(self) -> Tone | None:
        """What is heard when it comes; most faces come without a sound."""
        return _TONES.get(self)


_TONES = {
    Face.WELCOME: Tone.GOOD,
    Face.WELCOME_WAIT: Tone.GOOD,
    Face.GOODBYE: Tone.GOOD,
    Face.THANK_YOU: Tone.GOOD,
    Face.NEXT: Tone.GOOD,
    Face.OFFER: Tone.WAIT,
    Face.SO_FAR: Tone.GOOD,
    Face.HOLD_STILL: Tone.WAIT,
    Face.BUSY: Tone.WAIT,
    Face.DRIVE_FORWARD: Tone.WAIT,
    Face.TAKE_CARD: Tone.WAIT,
    Face.OTHER_CARD: Tone.BAD,
    Face.WRONG_LANE: Tone.BAD,
    Face.TURN_AROUND: Tone.BAD,
    Face.SORRY: Tone.BAD,
    Face.DESK: Tone.BAD,
    Face.EMERGENCY: Tone.BAD,
}


class What(StrEnum):
    """What a driver is told who is not let in, without shaming him: many reasons are one of these."""

    CARD_ENDED = "card-ended"
    """The card's last day has passed."""
    CARD_NOT_YET = "card-not-yet"
    """Its first day has not come, or it was not activated."""
    CARD_NOT_USABLE = "card-not-usable"
    """It cannot be used here, whatever the reason: lost, blocked, suspended, not genuine, of another kind."""
    EMPLOYER = "employer"
    """The employer has to put something right with the issuer."""
    PAPERS = "papers"
    """Something that this area asks for, such as a training, is not on the card or has ended."""
    NO_VISIT = "no-visit"
    """No visit is known for now."""
    TOO_EARLY = "too-early"
    TOO_LATE = "too-late"
    FULL = "full"
    OUTSIDE_HOURS = "outside-hours"
    ASK = "ask"
    """A person has to look at it; why is his affair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How the desk is reached, as the site's policy says it."""

    phone: str | None = None
    hours: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """All that one screen tells; what a face does not need is left at its default.

    `language` is one of the fifteen. Amounts are in cents of `currency` (ISO 4217). `unit_cents` is the price of one
    use, of `seconds`, or of one `unit`. `so_far_cents` is what goes on has come to, of `thousandths` of a unit;
    `ends_ms` is when it ends at the latest, in milliseconds since the epoch; `confirm_s` how long an offer holds.
    """

    face: Face
    language: str
    side: Side | None = None
    """None: at a service point, or where it does not matter."""
    what: What | None = None
    help: Help | None = None
    contact: Contact = field(default_factory=Contact)
    lanes: tuple[int, ...] = ()
    """Where to go instead."""
    currency: str = "EUR"
    paid_cents: int | None = None
    receipt: str | None = None
    """The code by which the receipt is found, in groups for reading."""
    service: str | None = None
    """What is sold, as charges name it (`terminal.words.services` has the words)."""
    price: str | None = None
    """Of an offer, a decimal text in `currency`: for one use, for `seconds`, or for one `unit`."""
    seconds: int | None = None
    unit: str | None = None
    thousandths: int | None = None
    so_far_cents: int | None = None
    confirm_s: int | None = None
    ends_ms: int | None = None
