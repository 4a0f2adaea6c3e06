"""The card is pulled away at every command of a paid entry and a paid exit, and held up again.

Whatever it remembers of it: one stay a passage, its charges add up to its one price, and the driver gets in and out.
"""

import copy
from collections.abc import Callable

import pytest

from simulation.card import DesfireChip
from simulation.card.misbehaviour import FaultyCard, PullAway, When
from terminal.card.stay import StayRecord, StayState
from terminal.core.charge import StayId
from terminal.core.journal import Kind
from tests.paid.park import HOUR_MS, Park
from tests.tap.one_lane import said

COMMANDS = range(1, 10)
READS_CREDENTIAL = 4
"""The command with which the card has said all that an exit needs of it."""
COMMITS = 9
OpenPark = Callable[..., Park]


def pulled_away(park: Park, at: int, when: When) -> FaultyCard:
    """Anna's card leaves the field at this command of the next tap, once."""
    chip = park.card("anna")
    card = FaultyCard(chip, PullAway(at, when=when))
    park.stage.cards["anna"] = card
    return card


def put_back(park: Park, card: FaultyCard) -> None:
    park.stage.cards["anna"] = card.card


def assert_left_and_paid(park: Park, cents: int) -> None:
    """He is out, once, his charges come to that, and nothing stays open."""
    assert park.passages[-1] == ("anna", "passed")
    charges = [each.charge for each in park.charges()]
    assert sum(charge.amount_cents for charge in charges) == cents
    assert charges[-1].total_cents == cents
    assert len({charge.stay for charge in charges}) == 1


@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize("at", COMMANDS)
def test_card_pulled_away_at_entry_lets_in_once_and_is_charged_once(park: Park, at: int, when: When) -> None:
    vehicle = park.comes()
    card = pulled_away(park, at, when)
    first = park.taps("anna")
    put_back(park, card)
    if at == COMMITS and when is When.ANSWERED:  # it had all it wanted
        assert said(first) == ("admit", "ok")
        second = first
    else:
        assert said(first) == ("refuse", "unreadable")
        second = park.taps("anna")
        assert said(second) == ("admit", "ok")
        assert second.decision is not None
        assert second.decision.flags == ()
    park.passes(vehicle)
    assert park.passages == [("anna", "passed")]
    assert second.key is not None
    inside = park.record("anna")
    assert isinstance(inside, StayRecord)
    assert StayId(inside.terminal_epoch, inside.sequence) == StayId(park.epoch[:4], second.key.sequence)
    park.sleeps(2.5)
    park.drives_out("anna")
    assert_left_and_paid(park, 450)


@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize("at", COMMANDS)
def test_card_pulled_away_at_exit_lets_out_and_is_charged_once(park: Park, at: int, when: When) -> None:
    park.drives_in("anna")
    park.sleeps(2.5)
    vehicle = park.comes("exit")
    card = pulled_away(park, at, when)
    first = park.taps("anna", "exit")
    put_back(park, card)
    if at < READS_CREDENTIAL or (at == READS_CREDENTIAL and when is not When.ANSWERED):
        assert said(first) == ("desk", "unreadable")
        assert said(park.taps("anna", "exit")) == ("admit", "ok")
    else:
        assert said(first) == ("admit", "ok")
    park.passes(vehicle)
    assert_left_and_paid(park, 450)


@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize("at", range(READS_CREDENTIAL + 1, COMMITS + 1))
def test_card_pulled_away_at_an_exit_that_he_backs_out_of_pays_the_difference(park: Park, at: int, when: When) -> None:
    park.drives_in("anna")
    park.sleeps(1.9)
    vehicle = park.comes("exit")
    card = pulled_away(park, at, when)
    park.taps("anna", "exit")
    put_back(park, card)
    park.backs_out(vehicle)
    park.sleeps(0.5)
    park.drives_out("anna")
    assert park.cents() == [300, 150]
    assert_left_and_paid(park, 450)


@pytest.mark.parametrize("when", list(When))
def test_next_entry_after_a_torn_exit_begins_a_stay_of_its_own(park: Park, when: When) -> None:
    park.drives_in("anna")
    park.sleeps(0.5)
    vehicle = park.comes("exit")
    card = pulled_away(park, COMMITS, when)
    park.taps("anna", "exit")
    put_back(park, card)
    park.passes(vehicle)
    park.sleeps(5)
    assert said(park.drives_in("anna")) == ("admit", "ok")
    park.sleeps(0.5)
    park.drives_out("anna")
    assert park.cents() == [150, 150]
    left = park.record("anna")
    assert isinstance(left, StayRecord)
    assert left.state is StayState.LEFT


def test_entry_that_was_torn_says_so_in_the_journal_and_opens_nothing(park: Park) -> None:
    park.comes()
    card = pulled_away(park, COMMITS, When.UNANSWERED)
    park.taps("anna")
    put_back(park, card)
    assert [outcome["result"] for outcome in park.told(Kind.TAP_OUTCOME)] == ["torn"]
    assert park.passages == []


def test_card_without_a_stay_file_is_let_in_and_charged_by_what_the_terminal_knows(park: Park) -> None:
    chip = park.card("anna")
    assert isinstance(chip, DesfireChip)
    (application,) = chip.eeprom.applications.values()
    del application.files[3]
    assert said(park.drives_in("anna")) == ("admit", "ok")
    park.sleeps(0.5)
    assert said(park.drives_out("anna")) == ("admit", "ok")
    (charged,) = park.charges()
    assert (charged.charge.amount_cents, charged.charge.sources["card"]) == (150, "refused")


def test_torn_exit_at_one_terminal_is_not_charged_twice_by_another_that_headquarters_has_told(
    open_park: OpenPark,
) -> None:
    """Of a card that still says inside, a terminal that was told nothing cannot know better; one that was told does."""
    one = open_park()
    one.drives_in("anna")
    one.sleeps(1.5)
    vehicle = one.comes("exit")
    card = pulled_away(one, COMMITS, When.UNHEARD)
    answer = one.taps("anna", "exit")
    put_back(one, card)
    one.backs_out(vehicle)
    assert answer.charge is not None
    told = one.stage.gate.told_of(one.world.site.numbers["anna"])

    class Headquarters:
        def of(self, card_number: bytes) -> object:
            return told if card_number == one.world.site.numbers["anna"] else None

    other = open_park(
        later_ms=1.55 * HOUR_MS, cards={"anna": copy.deepcopy(one.stage.cards["anna"])}, known=Headquarters()
    )
    other.drives_out("anna")
    assert one.cents() == [300]
    assert other.cents() == []
