"""A screen in words, in the language of whoever stands there: a headline, a sentence, and what he needs besides."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from terminal.core.barrier_words import Side
from terminal.core.reasons import Help
from terminal.web.driver.faces import Face, Screen, What
from terminal.words.catalogues import Words
from terminal.words.marking import mark
from terminal.words.services import service

MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Worded:
    """The words of one screen. `details` are short lines of their own; `contact` is how the desk is reached."""

    headline: str
    sentence: str
    details: tuple[str, ...] = ()
    help: str | None = None
    contact: str | None = None


def worded(screen: Screen, words: Words) -> Worded:
    """Say what a screen tells."""
    return Worded(
        headline=_headline(screen, words),
        sentence=_sentence(screen, words),
        details=_details(screen, words),
        help=_help(screen, words),
        contact=_contact(screen, words) if screen.face in _TELL_CONTACT else None,
    )


_TURNED_AWAY = frozenset({Face.SORRY, Face.DESK})
_TELL_CONTACT = frozenset({Face.SORRY, Face.DESK, Face.OUT_OF_SERVICE, Face.CLOSED, Face.TURN_AROUND})


_HEADLINES: Mapping[Face, str] = {
    Face.READY: mark("Hold up your card"),
    Face.READING: mark("One moment"),
    Face.HOLD_STILL: mark("Once more, please"),
    Face.OTHER_CARD: mark("Wrong card"),
    Face.WELCOME: mark("Welcome"),
    Face.WELCOME_WAIT: mark("Welcome"),
    Face.GOODBYE: mark("Good journey"),
    Face.THANK_YOU: mark("Thank you"),
    Face.NEXT: mark("You are next"),
    Face.BUSY: mark("Please wait"),
    Face.SORRY: mark("Sorry"),
    Face.DESK: mark("To the desk, please"),
    Face.DRIVE_FORWARD: mark("Drive forward"),
    Face.WRONG_LANE: mark("Wrong lane"),
    Face.TURN_AROUND: mark("Turn around"),
    Face.TAKE_CARD: mark("Take your card"),
    Face.SO_FAR: mark("In use"),
    Face.DRIVE_ON: mark("Drive on"),
    Face.CLOSED: mark("Closed"),
    Face.OUT_OF_SERVICE: mark("Out of service"),
    Face.EMERGENCY: mark("Emergency"),
}
"""Of all but an offer, whose headline is its price."""
_SENTENCES: Mapping[Face, str] = {
    Face.READY: mark("Hold it still until this picture changes."),
    Face.READING: mark("Keep the card at the reader."),
    Face.HOLD_STILL: mark("Hold the card still at the reader."),
    Face.OTHER_CARD: mark("Please use your XS-Key."),
    Face.WELCOME: mark("The barrier opens. Drive in."),
    Face.WELCOME_WAIT: mark("You are early. Drive in and wait at the waiting area."),
    Face.GOODBYE: mark("The barrier opens. Drive out."),
    Face.THANK_YOU: mark("The barrier opens. Drive out."),
    Face.NEXT: mark("Another vehicle goes first. Then it is your turn."),
    Face.BUSY: mark("Wait until it is free, then hold up the card again."),
    Face.DRIVE_FORWARD: mark("Come closer to the barrier, then hold up the card."),
    Face.WRONG_LANE: mark("Your way goes through lane {lanes}."),
    Face.TURN_AROUND: mark("There is no way through here in your direction."),
    Face.TAKE_CARD: mark("It is still at the reader."),
    Face.OFFER: mark("Hold up the card again to confirm."),
    Face.SO_FAR: mark("It ends by itself."),
    Face.DRIVE_ON: mark("No card is needed now."),
    Face.CLOSED: mark("Please use another lane, or ask at the desk."),
    Face.OUT_OF_SERVICE: mark("Please use another lane, or ask at the desk."),
    Face.EMERGENCY: mark("Do not drive in."),
}
"""At a lane, on the way in where it matters; of those who are turned away `_WHATS` says more."""
_AT_A_SERVICE_POINT: Mapping[Face, str] = {
    Face.THANK_YOU: mark("It goes to your employer's account."),
    Face.CLOSED: mark("Please come back later, or ask at the desk."),
    Face.OUT_OF_SERVICE: mark("Please come back later, or ask at the desk."),
}
_WHATS: Mapping[What, str] = {
    What.CARD_ENDED: mark("This card is no longer valid."),
    What.CARD_NOT_YET: mark("This card is not valid yet."),
    What.CARD_NOT_USABLE: mark("This card cannot be used here."),
    What.EMPLOYER: mark("Something has to be arranged first."),
    What.PAPERS: mark("Something that is needed here is missing on the card."),
    What.NO_VISIT: mark("No visit is known for this time."),
    What.TOO_EARLY: mark("It is too early for your visit."),
    What.TOO_LATE: mark("The time of your visit is over."),
    What.FULL: mark("No place is free now."),
    What.OUTSIDE_HOURS: mark("It is closed at this hour."),
    What.ASK: mark("Somebody has to look at this with you."),
}
_HELPS: Mapping[Help, str] = {
    Help.PLANNER: mark("Your planner can help."),
    Help.EMPLOYER: mark("Your employer can help."),
    Help.ISSUER: mark("The issuer of your card can help."),
    Help.DESK: mark("The desk can help. Or press the call button."),
}


def _headline(screen: Screen, words: Words) -> str:
    if screen.face is Face.OFFER:
        return words.amount(int(Decimal(screen.price or 0) * MICRO), screen.currency)
    if screen.face is Face.SO_FAR and screen.so_far_cents is not None:
        return words.cents(screen.so_far_cents, screen.currency)
    return words.gettext(_HEADLINES[screen.face])


def _sentence(screen: Screen, words: Words) -> str:
    if screen.face in _TURNED_AWAY:
        return words.gettext(_WHATS[screen.what or What.ASK])
    if screen.face is Face.SO_FAR and screen.unit is not None:
        return words.gettext("Hold up the card again to end it.")
    if screen.face is Face.EMERGENCY and screen.side is Side.EXIT:
        return words.gettext("Drive out now.")
    if screen.side is None and screen.face in _AT_A_SERVICE_POINT:
        return words.gettext(_AT_A_SERVICE_POINT[screen.face])
    return words.gettext(_SENTENCES[screen.face], lanes=", ".join(map(str, screen.lanes)))


def _help(screen: Screen, words: Words) -> str | None:
    if screen.face not in _TURNED_AWAY or screen.help is None or screen.help is Help.DRIVER:
        return None
    return words.gettext(_HELPS[screen.help])


def _details(screen: Screen, words: Words) -> tuple[str, ...]:
    match screen.face:
        case Face.THANK_YOU:
            lines = [service(words, screen.service)] if screen.service else []
            if screen.paid_cents is not None:
                lines.append(words.cents(screen.paid_cents, screen.currency))
            if screen.receipt is not None:
                lines.append(words.gettext("Receipt: {code}", code=screen.receipt))
            return tuple(lines)
        case Face.OFFER:
            return (service(words, screen.service or ""), _for_what(screen, words))
        case Face.SO_FAR:
            lines = [service(words, screen.service or "")]
            if screen.thousandths is not None:
                lines.append(f"{words.number(Decimal(screen.thousandths) / 1000)} {screen.unit or ''}".rstrip())
            return tuple(lines)
        case _:
            return ()


def _for_what(screen: Screen, words: Words) -> str:
    if screen.unit is not None:
        return words.gettext("for 1 {unit}", unit=screen.unit)
    if screen.seconds is not None:
        return words.gettext("for {time}", time=words.duration(screen.seconds))
    return words.gettext("for one use")


def _contact(screen: Screen, words: Words) -> str | None:
    told = [each for each in (screen.contact.phone, screen.contact.hours) if each]
    return words.gettext("Desk: {contact}", contact=" · ".join(told)) if told else None
