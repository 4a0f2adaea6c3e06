"""Cards taken away from the bench at every moment: what was begun is finished by running it again.

A card pulled away at an APDU has heard it, and its answer is lost; had it not, that were one pulled away an APDU ago.
"""

from dataclasses import replace
from datetime import date

import pytest

from headquarters.database import Database
from headquarters.register import Register
from provisioning import cards
from simulation.card import FaultyCard, PullAway, TornWrite, blank_chip
from terminal.core.credential import Training
from terminal.core.presented import Authentic, NoQualifications, NotAuthentic
from terminal.core.revocation import CardStatus
from terminal.errors import CardError
from terminal.ports import CardLost
from tests.card.chips import Held
from tests.provisioning.conftest import EVA, TRAININGS, Workshop
from tests.provisioning.made import (
    UID,
    WRITE_DATA,
    contents,
    gate_reads,
    issued,
    numbers_on,
    profile,
    with_stay_and_template,
)


def test_issue_pulled_away_at_each_apdu_and_run_again_ends_in_the_same_card(workshop: Workshop) -> None:
    held = Held(blank_chip(bytes(7)))
    cards.issue(held, workshop.bench(), EVA)
    assert len(held.sent) > 50
    for at in range(1, len(held.sent) + 1):
        uid = b"\x04" + at.to_bytes(6)
        chip = blank_chip(uid)
        card = FaultyCard(chip, PullAway(at))
        with pytest.raises(CardError):
            cards.issue(Held(card), workshop.bench(), EVA)
        credential = cards.issue(Held(card), workshop.bench(), EVA)
        assert contents(chip) == profile(credential, workshop.bench(), uid, TRAININGS), f"pulled away at APDU {at}"
        assert numbers_on(workshop, uid) == [credential.card_number], "one chip, one card number"


def test_issue_torn_in_the_middle_of_each_write_is_no_card_until_it_is_run_again(workshop: Workshop) -> None:
    held = Held(blank_chip(bytes(7)))
    cards.issue(held, workshop.bench(), EVA)
    writes = sum(apdu[1] == WRITE_DATA for apdu in held.sent)
    assert writes > 6
    for at in range(1, writes + 1):
        for written in (0, 1, 100):
            uid = b"\x04" + at.to_bytes(3) + written.to_bytes(3)
            chip = blank_chip(uid)
            card = FaultyCard(chip, TornWrite(at, WRITE_DATA, written=written))
            with pytest.raises(CardError):
                cards.issue(Held(card), workshop.bench(), EVA)
            if at < writes or written < 2:  # the last write is the two bytes of the credential's length
                assert gate_reads(card, workshop.bench()) == NotAuthentic("no-credential")
            credential = cards.issue(Held(card), workshop.bench(), EVA)
            assert contents(chip) == profile(credential, workshop.bench(), uid, TRAININGS)


def test_other_order_after_one_was_broken_off_blocks_the_first_number(workshop: Workshop) -> None:
    chip = blank_chip(UID)
    with pytest.raises(CardLost):
        cards.issue(Held(FaultyCard(chip, PullAway(60))), workshop.bench(), EVA)
    before = workshop.bench().register.card_on_chip(UID)
    other = cards.issue(Held(chip), workshop.bench(), replace(EVA, personal_number=6))
    assert before is not None
    assert before.card_number != other.card_number
    abandoned = workshop.bench().register.card(before.card_number)
    assert abandoned is not None
    assert abandoned.status is CardStatus.BLOCKED
    assert contents(chip) == profile(other, workshop.bench(), UID, TRAININGS)


def test_update_pulled_away_at_each_apdu_and_run_again(workshop: Workshop) -> None:
    renewed = tuple(Training(f"SITE-{number:04}", date(2030, 1, 31)) for number in range(30))
    chip, _ = issued(workshop)
    held = Held(chip)
    cards.update(held, workshop.bench(), renewed)
    for at in range(1, len(held.sent) + 1):
        chip, credential = issued(workshop, b"\x04" + at.to_bytes(6))
        card = FaultyCard(chip, PullAway(at))
        with pytest.raises(CardError):
            cards.update(Held(card), workshop.bench(), renewed)
        torn = gate_reads(card, workshop.bench())
        assert isinstance(torn, Authentic), f"pulled away at APDU {at}"
        if isinstance(torn.qualifications, NoQualifications):
            assert torn.qualifications is NoQualifications.NONE_ON_CARD
        else:
            assert torn.qualifications.trainings in {TRAININGS, renewed}, "the old, nothing or the new; never a part"
        cards.update(Held(card), workshop.bench(), renewed)
        assert contents(chip) == profile(credential, workshop.bench(), chip.eeprom.uid, renewed)


def test_card_is_blocked_before_anything_on_it_is_erased(workshop: Workshop) -> None:
    chip, _ = issued(workshop)
    with_stay_and_template(chip, workshop.bench())
    held = Held(chip)
    cards.retire(held, workshop.bench())
    for at in range(1, len(held.sent) + 1):
        chip, credential = issued(workshop, b"\x04" + at.to_bytes(6))
        with_stay_and_template(chip, workshop.bench())
        before = contents(chip)
        card = FaultyCard(chip, PullAway(at))
        with pytest.raises(CardError):
            cards.retire(Held(card), workshop.bench())
        record = workshop.bench().register.card(credential.card_number)
        assert record is not None
        assert record.status is CardStatus.BLOCKED or contents(chip) == before, f"pulled away at APDU {at}"
        cards.retire(Held(card), workshop.bench())
        assert contents(chip) == profile(None, workshop.bench(), chip.eeprom.uid)


def test_glitch_does_not_erase_a_card_that_the_register_finds_by_its_credential_alone(workshop: Workshop) -> None:
    chip, credential = issued(workshop)
    other = Database(workshop.path / "other.db")
    elsewhere = replace(workshop.bench(), register=Register(other))
    with pytest.raises(CardError, match="cannot be read"):
        cards.retire(Held(FaultyCard(chip, PullAway(5))), elsewhere)
    other.close()
    assert contents(chip) == profile(credential, workshop.bench(), UID, TRAININGS)
