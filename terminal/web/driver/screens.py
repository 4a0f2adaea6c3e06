"""Which screen follows from what a gate tells, at a side of a lane or a service point. Pure: time is an argument.

What a tap came to is shown for as long as it concerns whoever tapped: until his vehicle has passed, or a few seconds;
then it gives way to how the place is. Seconds are monotonic.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from terminal.core.barrier_words import Mark, Phase, Side
from terminal.core.reasons import Help, Hint, Outcome, Reason, SaleStep
from terminal.web.driver.faces import Contact, Face, Screen, What
from terminal.web.now import Now

READING_S = 10.0
"""More than any tap may take: after that something is wrong, and the place is shown as it is."""
LANGUAGE_S = 5.0
"""While nobody is there, the site's languages take turns."""
LEAST_S = 4.0
"""What concerns a vehicle is shown for so long, however soon it is gone."""
DRIVING_S = 45.0
SHORT_S, LONG_S = 6.0, 12.0
FALLBACK = "en"

_SHORT = frozenset({Face.HOLD_STILL, Face.OTHER_CARD, Face.BUSY, Face.DRIVE_FORWARD})
_DRIVING = frozenset({Face.WELCOME, Face.WELCOME_WAIT, Face.GOODBYE, Face.THANK_YOU, Face.NEXT})
_FACES: Mapping[Reason, Face] = {
    Reason.UNREADABLE: Face.HOLD_STILL,
    Reason.NOT_AN_XS_KEY: Face.OTHER_CARD,
    Reason.LANE_BUSY: Face.BUSY,
}
_WHATS: Mapping[Reason, What] = {
    Reason.EXPIRED: What.CARD_ENDED,
    Reason.NOT_YET_VALID: What.CARD_NOT_YET,
    Reason.NOT_ACTIVATED: What.CARD_NOT_YET,
    Reason.COMPANY_BLOCKED: What.EMPLOYER,
    Reason.COMPANY_SUSPENDED: What.EMPLOYER,
    Reason.TRAINING_MISSING: What.PAPERS,
    Reason.TRAINING_EXPIRED: What.PAPERS,
    Reason.NO_VISIT: What.NO_VISIT,
    Reason.VISIT_OTHER_COMPANY: What.NO_VISIT,
    Reason.TOO_EARLY: What.TOO_EARLY,
    Reason.TOO_LATE: What.TOO_LATE,
    Reason.FULL: What.FULL,
    Reason.CLOSED: What.OUTSIDE_HOURS,
    Reason.RANDOM_UID: What.CARD_NOT_USABLE,
    Reason.NOT_AUTHENTIC: What.CARD_NOT_USABLE,
    Reason.BLOCKED: What.CARD_NOT_USABLE,
    Reason.SUSPENDED: What.CARD_NOT_USABLE,
    Reason.UNKNOWN_CARD: What.CARD_NOT_USABLE,
    Reason.UNKNOWN_COMPANY: What.CARD_NOT_USABLE,
    Reason.PRODUCT_NOT_ACCEPTED: What.CARD_NOT_USABLE,
}
"""What a reason comes to on a screen; of all others a person is asked."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a screen stands: the number of a lane and one side of it, or of a service point."""

    number: int
    side: Side | None
    """None: a service point."""


@dataclass(frozen=True, slots=True)
class _Shown:
    news: Mapping[str, Any]
    screen: Screen
    since_s: float
    until_s: float


class Screens:
    """The screen of one place. Belongs to one thread."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._reading_since_s: float | None = None
        self._lingers = False
        self._shown: _Shown | None = None

    def take(self, news: Mapping[str, Any], now: Now, at_s: float) -> None:
        """Take in what happened here; news of other places, and of what `now` holds, change nothing."""
        if news.get("at") != self._place.number or news.get("side") != self._side:
            return
        match news["news"], news.get("card"):
            case "card", "came":
                self._reading_since_s, self._lingers, self._shown = at_s, False, None
            case "card", "lingers":
                self._lingers = True
            case "card", "left":
                self._lingers = False
            case "answer", _:
                self._reading_since_s = None
                screen = self._answer(news, now)
                self._shown = _Shown(news, screen, at_s, at_s + _seconds(screen))
            case _:
                pass

    def screen(self, now: Now, at_s: float) -> Screen:
        """What is to be shown; `now` is how everything is."""
        if not now.whole or now.site is None:
            return self._made(Face.OUT_OF_SERVICE, now, at_s)
        if self._is_fire(now):
            return self._made(Face.EMERGENCY, now, at_s)
        if self._lingers:
            language = self._shown.screen.language if self._shown else None
            return self._made(Face.TAKE_CARD, now, at_s, language=language)
        if self._reading_since_s is not None and at_s < self._reading_since_s + READING_S:
            return self._made(Face.READING, now, self._reading_since_s)
        if self._shown is not None and not self._is_over(self._shown, now, at_s):
            return self._shown.screen
        return self._at_rest(now, at_s)

    def due_s(self, now: Now, at_s: float) -> float:
        """When the screen may change although nothing happens: it is to be asked for again then."""
        due_s = at_s - at_s % LANGUAGE_S + LANGUAGE_S
        if self._reading_since_s is not None and at_s < self._reading_since_s + READING_S:
            due_s = min(due_s, self._reading_since_s + READING_S)
        if self._shown is not None and not self._is_over(self._shown, now, at_s):
            ends_s = (self._shown.until_s, self._shown.since_s + LEAST_S)
            due_s = min(due_s, *(each for each in ends_s if each > at_s))
        return due_s

    @property
    def _side(self) -> str | None:
        return self._place.side and self._place.side.value

    # ------------------------------------------------------------------------------------------------- how a place is

    def _is_fire(self, now: Now) -> bool:
        lane = now.lanes.get(self._place.number)
        return self._place.side is not None and lane is not None and Mark.EMERGENCY in lane["kept"]

    def _is_over(self, shown: _Shown, now: Now, at_s: float) -> bool:
        if at_s >= shown.until_s:
            return True
        lane = now.lanes.get(self._place.number)
        gone = shown.screen.face in _DRIVING and lane is not None and not lane["owed"]
        return gone and at_s >= shown.since_s + LEAST_S

    def _at_rest(self, now: Now, at_s: float) -> Screen:
        if not self._has_reader(now):
            return self._made(Face.OUT_OF_SERVICE, now, at_s)
        if self._place.side is None:
            return self._service(now, at_s)
        lane = now.lanes.get(self._place.number)
        if lane is None:
            return self._made(Face.OUT_OF_SERVICE, now, at_s)
        if lane["shut"] is None:
            face = Face.DRIVE_ON if lane["phase"] == Phase.HELD_OPEN else Face.READY
        elif lane["phase"] == Phase.HELD_OPEN:
            face = Face.DRIVE_ON
        else:
            meant = {Mark.LOCKED, Mark.PAUSED} & set(lane["kept"])
            face = Face.CLOSED if meant and lane["shut"] in {"locked", "paused"} else Face.OUT_OF_SERVICE
        return self._made(face, now, at_s)

    def _service(self, now: Now, at_s: float) -> Screen:
        point = now.services.get(self._place.number)
        if point is None or not point["has_board"]:
            return self._made(Face.OUT_OF_SERVICE, now, at_s)
        if not point["on"]:
            return self._made(Face.READY, now, at_s)
        return self._made(
            Face.SO_FAR,
            now,
            at_s,
            service=point["what"],
            unit=point.get("unit"),
            thousandths=point.get("thousandths"),
            so_far_cents=point.get("so_far_cents"),
            ends_ms=point["ends_ms"],
        )

    def _has_reader(self, now: Now) -> bool:
        here = [each for each in now.readers.values() if (each["at"], each["side"]) == (self._place.number, self._side)]
        return any(each["state"] == "ready" for each in here)

    # ---------------------------------------------------------------------------------------------- what a tap came to

    def _answer(self, news: Mapping[str, Any], now: Now) -> Screen:
        language = news.get("language")
        lanes = tuple(news.get("go_to", ()))
        match news.get("hint"):
            case Hint.DRIVE_FORWARD:
                return self._made(Face.DRIVE_FORWARD, now, 0.0, language=language)
            case Hint.WRONG_SIDE:
                face = Face.WRONG_LANE if lanes else Face.TURN_AROUND
                return self._made(face, now, 0.0, language=language, lanes=lanes)
            case _:
                pass
        if (sale := news.get("sale")) is not None:
            return self._sale(news, sale, now)
        outcome, reason = Outcome(news["outcome"]), Reason(news["reason"])
        if outcome.opens:
            return self._let_through(news, outcome, now)
        return self._turned_away(news, outcome, reason, now)

    def _let_through(self, news: Mapping[str, Any], outcome: Outcome, now: Now) -> Screen:
        lane = now.lanes.get(self._place.number)
        paid = news.get("amount_cents")
        if paid is not None:
            face = Face.THANK_YOU
        elif lane is not None and lane["owed"] > 1:
            face = Face.NEXT
        elif self._place.side is Side.EXIT:
            face = Face.GOODBYE
        else:
            face = Face.WELCOME_WAIT if outcome is Outcome.ADMIT_WAIT else Face.WELCOME
        return self._made(face, now, 0.0, language=news.get("language"), paid_cents=paid, receipt=news.get("receipt"))

    def _turned_away(self, news: Mapping[str, Any], outcome: Outcome, reason: Reason, now: Now) -> Screen:
        if outcome is Outcome.DESK:
            face = Face.DESK
        elif reason is Reason.LANE_CLOSED:
            face = Face.CLOSED
        else:
            face = _FACES.get(reason, Face.SORRY)
        return self._made(
            face,
            now,
            0.0,
            language=news.get("language"),
            what=_WHATS.get(reason, What.ASK),
            help=Help(news["help"]),
        )

    def _sale(self, news: Mapping[str, Any], sale: Mapping[str, Any], now: Now) -> Screen:
        by_units = sale["unit"] is not None
        match SaleStep(sale["step"]):
            case SaleStep.OFFERED:
                face = Face.OFFER
            case SaleStep.BEGUN if by_units:
                face = Face.SO_FAR
            case _:
                face = Face.THANK_YOU
        return self._made(
            face,
            now,
            0.0,
            language=news.get("language"),
            service=sale["what"],
            price=sale["amount"],
            unit=sale["unit"],
            seconds=sale["time_s"],
            confirm_s=sale["confirm_s"],
            ends_ms=sale["ends_ms"],
            paid_cents=news.get("amount_cents"),
            receipt=news.get("receipt"),
        )

    def _made(self, face: Face, now: Now, at_s: float, *, language: str | None = None, **told: Any) -> Screen:
        site = now.site or {}
        languages = site.get("languages") or [FALLBACK]
        turn = int(at_s // LANGUAGE_S) % len(languages) if face in _IN_TURNS else 0
        return Screen(
            face=face,
            language=language or languages[turn],
            side=self._place.side,
            contact=Contact(phone=site.get("phone"), hours=site.get("hours")),
            currency=site.get("currency", "EUR"),
            **told,
        )


_IN_TURNS = frozenset({Face.READY, Face.CLOSED, Face.OUT_OF_SERVICE, Face.DRIVE_ON, Face.EMERGENCY})


def _seconds(screen: Screen) -> float:
    if screen.face is Face.OFFER:
        return float(screen.confirm_s or SHORT_S)
    if screen.side is None:
        return LONG_S if screen.face is not Face.SO_FAR else LEAST_S
    if screen.face in _DRIVING:
        return DRIVING_S
    return SHORT_S if screen.face in _SHORT else LONG_S
