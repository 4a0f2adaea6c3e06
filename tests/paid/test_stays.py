"""Stays by account: into the park and out of it, priced by whoever remembers the entry."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from simulation.card import DesfireChip
from simulation.card.misbehaviour import FaultyCard
from terminal.card.stay import BLANK, NoStay, StayRecord, StayState, encode
from terminal.core.charge import Flag, StayId
from terminal.core.journal import Kind
from terminal.core.paid_stay import StayTold
from tests.paid.park import AID, HOUR_MS, STAY_FILE, Park
from tests.tap.one_lane import said
from tests.tap.site import PARK_LANE, PARK_ZONE

OpenPark = Callable[..., Park]


def write_on(park: Park, person: str, data: bytes) -> None:
    """What somebody else has left in the stay file of this card."""
    chip = park.card(person)
    assert isinstance(chip, DesfireChip)
    chip.eeprom.applications[AID].files[STAY_FILE].data = data


def read_from(park: Park, person: str) -> bytes:
    chip = park.card(person)
    assert isinstance(chip, DesfireChip)
    return chip.eeprom.applications[AID].files[STAY_FILE].data


def test_stay_is_charged_by_its_two_taps_and_its_card_knows_it(park: Park) -> None:
    entry = park.drives_in("anna")
    assert said(entry) == ("admit", "ok")
    assert entry.key is not None
    tapped_ms = park.stage.now_ms
    inside = park.record("anna")
    assert isinstance(inside, StayRecord)
    assert (inside.state, inside.site, inside.zone, inside.lane) == (StayState.INSIDE, 4711, PARK_ZONE, PARK_LANE)
    assert (inside.terminal_epoch, inside.sequence) == (park.epoch[:4], entry.key.sequence)
    assert (inside.tariff, inside.times_written, inside.charged_cents, inside.exit_after_s) == (3, 1, 0, 0)
    assert 0 <= tapped_ms - inside.entry_ms < HOUR_MS
    park.sleeps(2.5)
    answer = park.drives_out("anna")
    assert said(answer) == ("admit", "ok")
    (charged,) = park.charges()
    charge = charged.charge
    assert answer.charge == charge
    assert (charge.amount_cents, charge.total_cents, charge.earlier_cents) == (450, 450, 0)
    assert (charge.entered_ms, charge.tariff, charge.vat, charge.zone) == (inside.entry_ms, 3, "21", PARK_ZONE)
    assert charge.stay == StayId(park.epoch[:4], entry.key.sequence)
    assert charge.flags == ()
    said_by_both = f"inside {charge.stay.epoch.hex()}/{charge.stay.sequence} 0"
    assert charge.sources == {"terminal": said_by_both, "card": said_by_both, "headquarters": "none"}
    left = park.record("anna")
    assert isinstance(left, StayRecord)
    assert (left.state, left.charged_cents, left.times_written) == (StayState.LEFT, 450, 2)
    assert charge.entered_ms is not None
    assert left.exit_after_s == charge.ended_ms // 1000 - charge.entered_ms // 1000


def test_tap_with_a_stay_is_nine_commands_to_the_card(park: Park) -> None:
    counted = FaultyCard(park.world.site.card("anna"))
    park.stage.cards["anna"] = counted
    vehicle = park.comes()
    park.taps("anna")
    assert len(counted.heard) == 9
    park.passes(vehicle)
    park.sleeps(1)
    vehicle = park.comes("exit")
    park.taps("anna", "exit")
    assert len(counted.heard) == 18
    park.passes(vehicle)


def test_card_prices_the_stay_where_the_line_to_the_entry_lane_is_cut(open_park: OpenPark) -> None:
    way_in = open_park()
    way_in.drives_in("anna")
    way_out = open_park(later_ms=3.5 * HOUR_MS, cards=way_in.stage.cards)
    answer = way_out.drives_out("anna")
    assert said(answer) == ("admit", "ok")
    (charged,) = way_out.charges()
    assert charged.charge.total_cents == 600
    assert charged.charge.stay is not None
    assert charged.charge.stay.epoch == way_in.epoch[:4]
    assert (charged.charge.sources["terminal"], charged.charge.flags) == ("none", ())


def test_entry_terminal_prices_the_stay_whose_record_is_lost(park: Park) -> None:
    park.drives_in("anna")
    write_on(park, "anna", BLANK)
    park.sleeps(1.5)
    park.drives_out("anna")
    (charged,) = park.charges()
    assert (charged.charge.amount_cents, charged.charge.sources["card"]) == (300, "blank")


class Headquarters:
    """Knows one stay."""

    def __init__(self) -> None:
        self.told: dict[bytes, StayTold] = {}

    def of(self, card_number: bytes) -> StayTold | None:
        return self.told.get(card_number)


def test_headquarters_prices_the_stay_that_neither_card_nor_exit_remember(open_park: OpenPark) -> None:
    way_in = open_park()
    entry = way_in.drives_in("anna")
    assert entry.key is not None
    record = way_in.record("anna")
    assert isinstance(record, StayRecord)
    known = Headquarters()
    known.told[way_in.world.site.numbers["anna"]] = StayTold(
        stay=StayId(way_in.epoch[:4], entry.key.sequence),
        inside=True,
        entered_ms=record.entry_ms,
        zone=PARK_ZONE,
        lane=PARK_LANE,
        tariff=3,
    )
    write_on(way_in, "anna", BLANK)
    way_out = open_park(later_ms=5.5 * HOUR_MS, cards=way_in.stage.cards, known=known)
    way_out.drives_out("anna")
    (charged,) = way_out.charges()
    assert (charged.charge.amount_cents, charged.charge.sources["terminal"]) == (900, "none")


def test_stay_that_nobody_remembers_is_charged_nothing_and_the_driver_gets_out(park: Park) -> None:
    answer = park.drives_out("anna")
    assert said(answer) == ("admit", "ok")
    (charged,) = park.charges()
    assert (charged.charge.amount_cents, charged.charge.flags) == (0, (Flag.ENTRY_UNKNOWN,))
    assert charged.charge.stay is None


@pytest.mark.parametrize(
    ("record", "word"),
    [
        ({"entry_ms": 10 * 60_000}, "in-the-future"),
        ({"entry_ms": -91 * 24 * HOUR_MS}, "implausible"),
    ],
)
def test_record_with_an_entry_that_cannot_be_is_not_believed(park: Park, record: dict[str, Any], word: str) -> None:
    park.drives_in("anna")
    inside = park.record("anna")
    chip = park.card("anna")
    assert isinstance(inside, StayRecord)
    assert isinstance(chip, DesfireChip)
    assert park.world.records is not None
    made = replace(inside, entry_ms=park.stage.now_ms + int(record["entry_ms"]), sequence=inside.sequence + 1)
    write_on(park, "anna", encode(made, chip.eeprom.uid, park.world.records.key))
    park.drives_out("anna")
    (charged,) = park.charges()
    assert (charged.charge.amount_cents, charged.charge.sources["card"]) == (150, word)


def test_record_that_somebody_made_up_is_not_believed(park: Park) -> None:
    park.drives_in("anna")
    park.sleeps(4)
    good = read_from(park, "anna")
    write_on(park, "anna", good[:8] + (park.stage.now_ms - 1000).to_bytes(8) + good[16:])
    assert park.record("anna") is NoStay.FORGED
    park.drives_out("anna")
    (charged,) = park.charges()
    assert (charged.charge.amount_cents, charged.charge.sources["card"]) == (750, "forged")


def test_driver_who_backs_out_at_the_exit_pays_the_difference_when_he_leaves(park: Park) -> None:
    park.drives_in("anna")
    park.sleeps(1.9)
    vehicle = park.comes("exit")
    park.taps("anna", "exit")
    park.backs_out(vehicle)
    assert park.passages[-1] == ("anna", "backed-out")
    park.sleeps(0.4)
    park.drives_out("anna")
    assert park.cents() == [300, 150]
    first, second = (each.charge for each in park.charges())
    assert (second.stay, second.earlier_cents, second.flags) == (first.stay, 300, ())


def test_tap_within_the_exit_grace_adds_nothing(park: Park) -> None:
    park.drives_in("anna")
    park.sleeps(1.95)
    vehicle = park.comes("exit")
    park.taps("anna", "exit")
    park.backs_out(vehicle)
    park.sleeps(0.1)
    park.drives_out("anna")
    assert park.cents() == [300]
    assert park.passages[-1] == ("anna", "passed")


def test_stay_goes_on_when_he_comes_back_within_the_gap(park: Park) -> None:
    park.drives_in("anna")
    park.sleeps(0.8)
    park.drives_out("anna")
    park.sleeps(0.3)
    park.drives_in("anna")
    park.sleeps(0.9)
    park.drives_out("anna")
    assert park.cents() == [150, 300]
    first, second = (each.charge for each in park.charges())
    assert (first.stay, first.entered_ms) == (second.stay, second.entered_ms)


def test_stay_begins_anew_when_he_comes_back_after_the_gap(park: Park) -> None:
    park.drives_in("anna")
    park.sleeps(0.8)
    park.drives_out("anna")
    park.sleeps(0.6)
    park.drives_in("anna")
    park.sleeps(0.9)
    park.drives_out("anna")
    assert park.cents() == [150, 150]
    first, second = (each.charge for each in park.charges())
    assert first.stay != second.stay


def test_no_show_has_no_stay_and_pays_nothing(park: Park) -> None:
    vehicle = park.comes()
    park.taps("anna")
    park.goes_back(vehicle)
    assert park.passages[-1][1] in {"no-show", "backed-out"}
    assert said(park.drives_in("anna")) == ("admit", "ok")
    park.sleeps(0.5)
    park.drives_out("anna")
    assert park.cents() == [150]


def test_passenger_is_not_charged_where_the_tariff_is_per_vehicle(park: Park) -> None:
    vehicle = park.comes()
    park.taps("anna")
    assert said(park.taps("farid")) == ("admit", "ok")
    rides = park.record("farid")
    assert isinstance(rides, StayRecord)
    assert rides.passenger
    park.passes(vehicle)
    park.sleeps(2)
    vehicle = park.comes("exit")
    park.taps("farid", "exit")
    park.taps("anna", "exit")
    park.passes(vehicle)
    assert len(park.charges()) == 1
    assert park.charges()[0].charge.amount_cents == 450


def test_employer_who_does_not_pay_here_is_sent_to_the_desk_at_entry_and_let_out(park: Park) -> None:
    vehicle = park.comes()
    assert said(park.taps("eva")) == ("desk", "payment-not-possible")
    park.goes_back(vehicle)
    assert said(park.drives_out("eva")) == ("admit", "ok")


def test_more_than_the_payer_may_owe_off_line_stops_entries_and_no_exit(park: Park) -> None:
    park.drives_in("anna")
    park.sleeps(24)
    assert said(park.drives_out("anna")) == ("admit", "ok")
    (charged,) = park.charges()
    assert (charged.charge.amount_cents, charged.charge.flags) == (3750, (Flag.OVER_LIMIT,))
    vehicle = park.comes()
    assert said(park.taps("anna")) == ("desk", "payment-not-possible")
    park.goes_back(vehicle)
    assert said(park.drives_in("farid")) == ("admit", "ok")  # his card owes nothing yet


def test_overstay_does_not_change_the_price_and_is_flagged(park: Park) -> None:
    park.drives_in("farid")
    park.sleeps(73)
    park.drives_out("farid")
    (charged,) = park.charges()
    assert charged.charge.amount_cents == 74 * 150
    assert Flag.OVERSTAY in charged.charge.flags
    raised = [(alarm["alarm"], alarm["reasons"]) for alarm in park.told(Kind.ALARM_RAISED)]
    assert raised == [("overstay", ["overstay"]), ("charge-flagged", ["over-limit"])]


def test_stay_is_never_charged_past_the_moment_at_which_the_boom_was_held_open(park: Park) -> None:
    park.drives_in("anna")
    park.sleeps(1.5)
    assert park.stage.order("hold", "a wide load", None) is None
    park.sleeps(0.1)
    assert park.stage.order("release", "it is in", None) is None
    assert park.stage.wait(park.stage.closed, 120_000)
    park.sleeps(6)
    park.drives_out("anna")
    (charged,) = park.charges()
    assert (charged.charge.amount_cents, charged.charge.flags) == (300, (Flag.NOT_CERTAIN,))


def test_stay_that_began_while_the_boom_was_held_open_is_charged_nothing_by_itself(park: Park) -> None:
    assert park.stage.order("hold", "a wide load", None) is None
    park.drives_through("anna")
    park.sleeps(0.5)
    assert park.stage.order("release", "it is in", None) is None
    assert park.stage.wait(park.stage.closed, 120_000)
    park.sleeps(3)
    park.drives_out("anna")
    (charged,) = park.charges()
    assert (charged.charge.amount_cents, charged.charge.flags) == (0, (Flag.NOT_CERTAIN,))


def test_stay_that_began_after_the_boom_came_down_again_is_charged_as_any_other(park: Park) -> None:
    assert park.stage.order("hold", "a wide load", None) is None
    park.sleeps(0.1)
    assert park.stage.order("release", "it is in", None) is None
    assert park.stage.wait(park.stage.closed, 120_000)
    park.drives_in("anna")
    park.sleeps(1.5)
    park.drives_out("anna")
    (charged,) = park.charges()
    assert (charged.charge.amount_cents, charged.charge.flags) == (300, ())


def test_hold_that_ended_with_the_power_makes_no_later_stay_uncertain(park: Park) -> None:
    assert park.stage.order("hold", "a wide load", None) is None
    park.stage.gate.on_disk()
    park.stage.gate.forget_hold()
    park.stage.cut_power()
    park.stage.power_back()
    assert park.stage.wait(park.stage.closed, 120_000)
    park.drives_in("anna")
    park.sleeps(1.5)
    park.drives_out("anna")
    (charged,) = park.charges()
    assert (charged.charge.amount_cents, charged.charge.flags) == (300, ())


def test_who_leaves_while_it_burns_is_charged_nothing_and_his_stay_ends(park: Park) -> None:
    park.drives_in("anna")
    park.sleeps(3)
    park.burns()
    park.taps("anna", "exit")
    (charged,) = park.charges()
    assert (charged.charge.amount_cents, charged.charge.flags) == (0, (Flag.EMERGENCY,))
    assert [entry for entry in park.told(Kind.TAP_OUTCOME) if entry.get("outcome") == "admit"]


def test_nobody_on_site_reads_in_the_journal_since_when_he_stayed(park: Park) -> None:
    park.drives_in("anna")
    park.sleeps(1)
    park.drives_out("anna")
    (public,) = park.told(Kind.CHARGE)
    known = "what amount_cents vat flags list_number list_age_s intent tariff zone who"
    assert set(public) == set(known.split())
    entry = park.told(Kind.TAP_INTENT)[0]
    assert (entry["tariff"], entry["zone"], entry["stay_record"]) == (3, PARK_ZONE, "blank")
