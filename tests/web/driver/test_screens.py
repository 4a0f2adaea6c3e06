"""Which screen follows from what the gate tells: a driver's story, by the second."""

import dataclasses
from typing import Any

import pytest

from terminal.core.barrier_words import Mark, Phase, Settings, Side, State
from terminal.core.charge import Charge
from terminal.core.journal import EntryKey
from terminal.core.reasons import Help, Hint, Outcome, Reason, SaleStep
from terminal.core.situation import Decision
from terminal.gate.shown import answer_news, card_news, lane_state, reader_news
from terminal.ports import ReaderState
from terminal.tap.ports import Answer, Sale
from terminal.web.driver.faces import Face, What
from terminal.web.driver.screens import (
    DRIVING_S,
    LANGUAGE_S,
    LEAST_S,
    LONG_S,
    READING_S,
    SHORT_S,
    Place,
    Screens,
)
from terminal.web.now import Now

LANE, POINT = 1, 21
SITE = {"languages": ["nl", "en", "de"], "phone": "+31 10 1", "hours": "6-22", "currency": "EUR"}
ENTRY, EXIT, SERVICE = Place(LANE, Side.ENTRY), Place(LANE, Side.EXIT), Place(POINT, None)


class Scene:
    """A screen that hears news by a clock that the test moves."""

    def __init__(self, place: Place = ENTRY, **lane: Any) -> None:
        self.place = place
        self.now = Now()
        self.screens = Screens(place)
        self.at_s = 1000.0
        self.tell({"news": "begin", "terminal": "gate-1"})
        self.tell({"news": "site", "site": SITE})
        self.tell(reader_news(LANE, "front", Side.ENTRY, ReaderState.READY))
        self.tell(reader_news(LANE, "back", Side.EXIT, ReaderState.READY))
        self.tell(reader_news(POINT, "point", None, ReaderState.READY))
        self.lane(**lane)
        self.service()
        self.tell({"news": "all"})

    def tell(self, news: Any) -> None:
        self.now.take(news)
        self.screens.take(news, self.now, self.at_s)

    def lane(self, phase: Phase = Phase.CLOSED, marks: frozenset[Mark] = frozenset(), owed: int = 0) -> None:
        state = State(settings=Settings(direction="both"), phase=phase, marks=marks)
        self.tell({"news": "lane", **lane_state(LANE, state), "owed": owed})

    def service(self, **on: Any) -> None:
        self.tell({"news": "service", "service": POINT, "has_board": True, "on": bool(on), **on})

    def card(self, what: str) -> None:
        self.tell(card_news(self.place.number, "front", self.place.side, what))

    def answer(self, outcome: Outcome | None = None, reason: Reason = Reason.OK, **more: Any) -> None:
        decision = None if outcome is None else Decision(outcome=outcome, reason=reason, help=reason.help)
        told = Answer(
            lane=self.place.number,
            reader="front",
            side=self.place.side,
            decision=decision,
            language="pl",
            key=EntryKey("gate-1", bytes(16), 7),
            card_ms=80.0,
            durable_ms=2.0,
            tap_ms=90.0,
        )
        self.tell(answer_news(dataclasses.replace(told, **more)))

    def after(self, seconds: float) -> "Scene":
        self.at_s += seconds
        return self

    @property
    def face(self) -> Face:
        return self.screens.screen(self.now, self.at_s).face

    @property
    def screen(self) -> Any:
        return self.screens.screen(self.now, self.at_s)


def test_driver_is_welcomed_and_the_screen_is_ready_once_he_has_passed() -> None:
    scene = Scene()
    faces = [scene.face]
    scene.card("came")
    faces.append(scene.face)
    scene.lane(Phase.OPENING, owed=1)
    scene.answer(Outcome.ADMIT)
    faces.append(scene.face)
    assert scene.screen.language == "pl"
    scene.card("left")
    scene.lane(Phase.PASSING, owed=1)
    faces.append(scene.after(LEAST_S + 1).face)
    scene.lane(Phase.CLOSED)
    faces.append(scene.face)
    assert faces == [Face.READY, Face.READING, Face.WELCOME, Face.WELCOME, Face.READY]


def test_welcome_stays_for_a_moment_however_soon_he_is_gone_and_not_for_ever() -> None:
    scene = Scene()
    scene.answer(Outcome.ADMIT)
    assert scene.after(LEAST_S - 0.1).face is Face.WELCOME
    assert scene.after(0.1).face is Face.READY
    scene.lane(Phase.OPEN, owed=1)
    scene.answer(Outcome.ADMIT)
    assert scene.after(DRIVING_S - 0.1).face is Face.WELCOME
    assert scene.after(0.1).face is not Face.WELCOME


@pytest.mark.parametrize(
    ("place", "outcome", "more", "owed", "face"),
    [
        (ENTRY, Outcome.ADMIT_WAIT, {}, 1, Face.WELCOME_WAIT),
        (ENTRY, Outcome.ADMIT, {}, 2, Face.NEXT),
        (EXIT, Outcome.ADMIT, {}, 1, Face.GOODBYE),
    ],
)
def test_whoever_is_let_through_is_told_what_comes_next(
    place: Place, outcome: Outcome, more: dict[str, Any], owed: int, face: Face
) -> None:
    scene = Scene(place, owed=owed)
    scene.answer(outcome, **more)
    assert scene.face is face


def test_paid_stay_ends_with_thanks_price_and_code() -> None:
    scene = Scene(EXIT, owed=1)
    scene.answer(Outcome.ADMIT, charge=CHARGE)
    assert (scene.face, scene.screen.paid_cents, scene.screen.receipt) == (Face.THANK_YOU, 900, "AAAA AAAA AAAA AAAA")


@pytest.mark.parametrize(
    ("reason", "face", "what"),
    [
        (Reason.UNREADABLE, Face.HOLD_STILL, What.ASK),
        (Reason.NOT_AN_XS_KEY, Face.OTHER_CARD, What.ASK),
        (Reason.LANE_BUSY, Face.BUSY, What.ASK),
        (Reason.LANE_CLOSED, Face.CLOSED, What.ASK),
        (Reason.BLOCKED, Face.SORRY, What.CARD_NOT_USABLE),
        (Reason.SUSPENDED, Face.SORRY, What.CARD_NOT_USABLE),
        (Reason.NOT_AUTHENTIC, Face.SORRY, What.CARD_NOT_USABLE),
        (Reason.EXPIRED, Face.SORRY, What.CARD_ENDED),
        (Reason.COMPANY_SUSPENDED, Face.SORRY, What.EMPLOYER),
        (Reason.TOO_EARLY, Face.SORRY, What.TOO_EARLY),
        (Reason.CLOSED, Face.SORRY, What.OUTSIDE_HOURS),
        (Reason.NO_VISIT, Face.DESK, What.NO_VISIT),
        (Reason.FULL, Face.DESK, What.FULL),
        (Reason.PAYMENT_NOT_POSSIBLE, Face.DESK, What.ASK),
    ],
)
def test_whoever_is_turned_away_is_told_what_and_who_can_help(reason: Reason, face: Face, what: What) -> None:
    scene = Scene()
    scene.answer(reason.outcome, reason)
    assert (scene.face, scene.screen.what, scene.screen.help) == (face, what, reason.help)
    shown_s = SHORT_S if face in {Face.HOLD_STILL, Face.OTHER_CARD, Face.BUSY} else LONG_S
    assert scene.after(shown_s - 0.1).face is face
    assert scene.after(0.1).face is Face.READY


def test_a_lost_and_a_blocked_card_cannot_be_told_apart_by_who_stands_behind() -> None:
    told = []
    for reason in (Reason.BLOCKED, Reason.SUSPENDED, Reason.NOT_AUTHENTIC, Reason.UNKNOWN_CARD):
        scene = Scene()
        scene.answer(Outcome.REFUSE, reason)
        told.append(scene.screen)
    assert len(set(told)) == 1


def test_driver_who_stands_wrong_is_told_where_to_go() -> None:
    scene = Scene()
    scene.answer(hint=Hint.DRIVE_FORWARD)
    assert scene.face is Face.DRIVE_FORWARD
    scene.answer(hint=Hint.WRONG_SIDE, go_to=(2, 3))
    assert (scene.face, scene.screen.lanes) == (Face.WRONG_LANE, (2, 3))
    scene.answer(hint=Hint.WRONG_SIDE)
    assert scene.screen.face is Face.TURN_AROUND


def test_card_that_is_left_lying_is_asked_to_be_taken_in_its_owner_s_language() -> None:
    scene = Scene()
    scene.card("came")
    scene.answer(Outcome.REFUSE, Reason.EXPIRED)
    scene.card("lingers")
    assert (scene.face, scene.screen.language) == (Face.TAKE_CARD, "pl")
    scene.card("left")
    assert scene.after(LONG_S).face is Face.READY


def test_tap_that_never_ends_does_not_leave_the_screen_reading() -> None:
    scene = Scene()
    scene.card("came")
    assert scene.after(READING_S - 0.1).face is Face.READING
    assert scene.after(0.1).face is Face.READY


def test_other_side_and_other_lane_change_nothing() -> None:
    scene, other = Scene(ENTRY), Scene(EXIT)
    other.tell(card_news(LANE, "front", Side.ENTRY, "came"))
    scene.tell(card_news(2, "front", Side.ENTRY, "came"))
    assert (scene.face, other.face) == (Face.READY, Face.READY)


@pytest.mark.parametrize(
    ("phase", "marks", "face"),
    [
        (Phase.CLOSED, {Mark.PAUSED}, Face.CLOSED),
        (Phase.LOCKED, {Mark.LOCKED}, Face.CLOSED),
        (Phase.HELD_OPEN, {Mark.HELD}, Face.DRIVE_ON),
        (Phase.BOARD_LOST, set(), Face.OUT_OF_SERVICE),
        (Phase.FAULT_OPEN, set(), Face.OUT_OF_SERVICE),
        (Phase.ARM_OFF, {Mark.SWUNG_OFF}, Face.OUT_OF_SERVICE),
        (Phase.EMERGENCY_OPEN, {Mark.EMERGENCY}, Face.EMERGENCY),
        (Phase.OPEN, set(), Face.READY),
    ],
)
def test_lane_at_rest_says_how_it_is(phase: Phase, marks: set[Mark], face: Face) -> None:
    assert Scene(phase=phase, marks=frozenset(marks)).face is face


def test_fire_is_shown_whatever_else_is_under_way() -> None:
    scene = Scene()
    scene.answer(Outcome.ADMIT)
    scene.lane(Phase.EMERGENCY_OPEN, frozenset({Mark.EMERGENCY}))
    assert scene.face is Face.EMERGENCY


def test_without_gate_rules_or_reader_the_screen_says_out_of_service() -> None:
    lost, no_rules, no_reader = Scene(), Scene(), Scene()
    lost.now.whole = False
    no_rules.tell({"news": "site", "site": None})
    no_reader.tell(reader_news(LANE, "front", Side.ENTRY, ReaderState.ABSENT))
    assert [scene.face for scene in (lost, no_rules, no_reader)] == [Face.OUT_OF_SERVICE] * 3


def test_site_s_languages_take_turns_while_nobody_is_there() -> None:
    scene = Scene()
    spoken = [scene.after(LANGUAGE_S).screen.language for _ in range(6)]
    assert sorted(set(spoken)) == ["de", "en", "nl"]
    assert spoken[:3] == spoken[3:]


def test_screen_is_asked_for_again_when_it_may_change() -> None:
    scene = Scene()
    scene.lane(Phase.OPEN, owed=1)
    scene.answer(Outcome.ADMIT)
    shown = [scene.face]
    for _ in range(30):
        scene.at_s = scene.screens.due_s(scene.now, scene.at_s)
        shown.append(scene.face)
    assert shown[0] is Face.WELCOME
    assert shown[-1] is Face.READY
    changed = scene.screens.due_s(scene.now, scene.at_s) - scene.at_s
    assert 0 < changed <= LANGUAGE_S


SALE = Sale(SaleStep.OFFERED, "reefer-power", "0.475", "kWh", None, 20)


def test_sale_by_units_from_its_price_to_its_receipt() -> None:
    scene = Scene(SERVICE)
    scene.answer(Outcome.ADMIT, sale=SALE)
    offer = scene.screen
    assert (offer.face, offer.price, offer.unit, offer.confirm_s) == (Face.OFFER, "0.475", "kWh", 20)
    scene.answer(Outcome.ADMIT, sale=dataclasses.replace(SALE, step=SaleStep.BEGUN, ends_ms=9))
    assert scene.face is Face.SO_FAR
    scene.service(what="reefer-power", ends_ms=9, unit="kWh", thousandths=1500, so_far_cents=71)
    counting = scene.after(LEAST_S).screen
    assert (counting.face, counting.thousandths, counting.so_far_cents) == (Face.SO_FAR, 1500, 71)
    scene.service()
    scene.answer(Outcome.ADMIT, sale=dataclasses.replace(SALE, step=SaleStep.ENDED), charge=CHARGE)
    assert (scene.face, scene.screen.paid_cents) == (Face.THANK_YOU, 900)
    assert scene.after(LONG_S).face is Face.READY


def test_offer_that_nobody_confirms_goes_away() -> None:
    scene = Scene(SERVICE)
    scene.answer(Outcome.ADMIT, sale=SALE)
    assert scene.after(19.9).face is Face.OFFER
    assert scene.after(0.1).face is Face.READY


def test_service_point_without_board_is_out_of_service() -> None:
    scene = Scene(SERVICE)
    scene.tell({"news": "service", "service": POINT, "has_board": False, "on": False})
    assert scene.face is Face.OUT_OF_SERVICE


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("outcome", Outcome)
def test_every_answer_there_can_be_has_a_screen(outcome: Outcome, reason: Reason) -> None:
    for place in (ENTRY, EXIT, SERVICE):
        scene = Scene(place)
        scene.answer(outcome, reason)
        assert scene.face is not Face.READY
        assert scene.screen.help in {None, *Help}


CHARGE = Charge(
    card_number=bytes(8),
    payer=1,
    person=1,
    receipt=bytes(10),
    total_cents=900,
    vat="21",
    ended_ms=0,
    list_number=1,
    list_age_s=0,
)
