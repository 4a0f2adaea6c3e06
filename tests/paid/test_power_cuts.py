"""The power goes at every commit of a paid entry and a paid exit, with what was on the disk and on the card by then.

Over all of them the charges of a stay add up to its one price, a passage has one stay, and the driver gets out.
"""

import copy
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from simulation.card import DesfireChip
from terminal.card.stay import BLANK
from tests.paid.park import AID, MINUTE_MS, STAY_FILE, Park
from tests.tap.one_lane import said

OpenPark = Callable[..., Park]
MOMENTS = range(4)
"""Before the commit of the intent with the charge, of the outcome, of the passage; and after that."""
OPENED = range(1, 4)
"""Those before which the boom may have been told to open."""
ENDED = 3


@dataclass
class PowerCut:
    """What a power cut before the commit number `at` would leave; armed for one tap and its passage."""

    folder: Path
    at: int
    park: Park | None = None
    armed: bool = False
    seen: int = 0
    disk: Path | None = None
    cards: dict[str, DesfireChip] = field(default_factory=dict)
    now_ms: float = 0.0

    def before_commit(self) -> None:
        """On the journal's thread."""
        if self.armed and self.park is not None:
            if self.seen == self.at:
                self.take()
            self.seen += 1

    def take(self) -> None:
        """The disk and the card as they are now."""
        assert self.park is not None
        self.disk = self.folder / "image"
        shutil.copytree(self.park.stage.disk(), self.disk)
        chip = self.park.card("anna")
        assert isinstance(chip, DesfireChip)
        self.cards = {"anna": DesfireChip(copy.deepcopy(chip.eeprom))}

    def over(self) -> None:
        """All was committed; where it was to be cut later than that, it is cut now."""
        assert self.park is not None
        self.armed = False
        self.now_ms = self.park.stage.model_ms
        assert self.seen == ENDED
        if self.disk is None:
            self.take()


@pytest.fixture
def cut(tmp_path: Path, moment: int) -> PowerCut:
    folder = tmp_path / "cut"
    folder.mkdir()
    return PowerCut(folder, moment)


def running(open_park: OpenPark, cut: PowerCut) -> Park:
    """A park whose power will be cut."""
    cut.park = open_park(before_commit=cut.before_commit)
    return cut.park


def power_back(open_park: OpenPark, cut: PowerCut) -> Park:
    """The same park, on what the cut left, a while later."""
    assert cut.disk is not None
    park = open_park(disk=cut.disk, later_ms=cut.now_ms + MINUTE_MS, cards=cut.cards)
    assert all(card is not None for card in park.stage.cards.values())
    return park


def charged(park: Park) -> int:
    """What the charges of his newest stay add up to; each goes on where those before it end."""
    charges = [each.charge for each in park.charges()]
    stays = {charge.stay for charge in charges}
    for stay in stays:
        so_far = 0
        for charge in (each for each in charges if each.stay == stay):
            assert charge.earlier_cents == so_far
            so_far = charge.total_cents
    assert len(stays) == 1
    return sum(charge.amount_cents for charge in charges)


@pytest.mark.parametrize("moment", MOMENTS)
def test_power_cut_during_a_paid_entry_after_which_he_taps_again(open_park: OpenPark, cut: PowerCut) -> None:
    park = running(open_park, cut)
    vehicle = park.comes()
    cut.armed = True
    park.taps("anna")
    park.passes(vehicle)
    cut.over()
    after = power_back(open_park, cut)
    vehicle = after.comes()
    answer = after.taps("anna")
    if cut.at == ENDED:  # it is on the disk that he is inside
        assert said(answer) == ("desk", "already-inside")
        after.goes_back(vehicle)
    else:
        assert said(answer) == ("admit", "ok")
        after.passes(vehicle)
    after.sleeps(2.5)
    assert said(after.drives_out("anna")) == ("admit", "ok")
    assert charged(after) == 450
    assert after.passages[-1] == ("anna", "passed")


@pytest.mark.parametrize("moment", OPENED)
def test_power_cut_during_a_paid_entry_after_which_he_is_inside(open_park: OpenPark, cut: PowerCut) -> None:
    park = running(open_park, cut)
    vehicle = park.comes()
    cut.armed = True
    park.taps("anna")
    park.passes(vehicle)
    cut.over()
    after = power_back(open_park, cut)
    after.sleeps(2.5)
    assert said(after.drives_out("anna")) == ("admit", "ok")
    assert charged(after) == 450


@pytest.mark.parametrize("moment", OPENED)
def test_power_cut_during_a_paid_entry_and_a_card_that_has_lost_its_record(open_park: OpenPark, cut: PowerCut) -> None:
    park = running(open_park, cut)
    vehicle = park.comes()
    cut.armed = True
    park.taps("anna")
    park.passes(vehicle)
    cut.over()
    cut.cards["anna"].eeprom.applications[AID].files[STAY_FILE].data = BLANK
    after = power_back(open_park, cut)
    after.sleeps(2.5)
    assert said(after.drives_out("anna")) == ("admit", "ok")
    assert charged(after) == 450


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("minutes", [2, 20])
def test_power_cut_during_a_paid_exit_after_which_he_taps_again(
    minutes: int, open_park: OpenPark, cut: PowerCut
) -> None:
    park = running(open_park, cut)
    park.drives_in("anna")
    park.sleeps(1.9)
    vehicle = park.comes("exit")
    cut.armed = True
    park.taps("anna", "exit")
    park.passes(vehicle)
    cut.over()
    after = power_back(open_park, cut)
    after.sleeps(minutes / 60)
    assert said(after.drives_out("anna")) == ("admit", "ok")
    if cut.at == ENDED:  # it is on the disk that he has left: a second exit is of no stay that is known
        assert after.cents() == [300, 0]
    else:
        assert charged(after) == (300 if minutes == 2 else 450)


@pytest.mark.parametrize("moment", OPENED)
def test_power_cut_during_a_paid_exit_after_which_he_is_gone_and_comes_back_within_the_gap(
    open_park: OpenPark, cut: PowerCut
) -> None:
    park = running(open_park, cut)
    park.drives_in("anna")
    park.sleeps(0.5)
    vehicle = park.comes("exit")
    cut.armed = True
    park.taps("anna", "exit")
    park.passes(vehicle)
    cut.over()
    after = power_back(open_park, cut)
    after.sleeps(0.2)
    assert said(after.drives_in("anna")) == ("admit", "ok")
    after.sleeps(0.8)
    assert said(after.drives_out("anna")) == ("admit", "ok")
    assert charged(after) == 300


@pytest.mark.parametrize("moment", OPENED)
def test_power_cut_during_a_paid_exit_after_which_he_is_gone_and_comes_again(
    open_park: OpenPark, cut: PowerCut
) -> None:
    park = running(open_park, cut)
    park.drives_in("anna")
    park.sleeps(1.9)
    vehicle = park.comes("exit")
    cut.armed = True
    park.taps("anna", "exit")
    park.passes(vehicle)
    cut.over()
    after = power_back(open_park, cut)
    after.sleeps(3)
    assert said(after.drives_in("anna")) == ("admit", "ok")
    after.sleeps(0.5)
    assert said(after.drives_out("anna")) == ("admit", "ok")
    assert after.cents() == [300, 150]
    first, second = (each.charge.stay for each in after.charges())
    assert first != second


@pytest.mark.parametrize("moment", OPENED)
@pytest.mark.parametrize("remembers", [True, False])
def test_power_cut_while_he_comes_back_within_the_gap_leaves_him_the_same_stay(
    remembers: bool, open_park: OpenPark, cut: PowerCut
) -> None:
    park = running(open_park, cut)
    park.drives_in("anna")
    park.sleeps(0.2)
    park.drives_out("anna")
    park.sleeps(0.1)
    vehicle = park.comes()
    cut.armed = True
    park.taps("anna")
    park.passes(vehicle)
    cut.over()
    if not remembers:
        cut.cards["anna"].eeprom.applications[AID].files[STAY_FILE].data = BLANK
    after = power_back(open_park, cut)
    after.sleeps(0.4)
    assert said(after.drives_out("anna")) == ("admit", "ok")
    assert charged(after) == 150  # an hour begun from the first entry on, and no second one from the second


@pytest.mark.parametrize("moment", OPENED)
def test_power_cut_while_he_comes_back_by_another_terminal_leaves_him_the_same_stay(
    open_park: OpenPark, cut: PowerCut
) -> None:
    other = open_park()
    other.drives_in("anna")
    other.sleeps(0.2)
    other.drives_out("anna")
    (first,) = other.charges()
    cut.park = open_park(
        before_commit=cut.before_commit, later_ms=other.stage.model_ms + 6 * MINUTE_MS, cards=other.stage.cards
    )
    vehicle = cut.park.comes()
    cut.armed = True
    cut.park.taps("anna")
    cut.park.passes(vehicle)
    cut.over()
    after = power_back(open_park, cut)
    after.sleeps(0.4)
    assert said(after.drives_out("anna")) == ("admit", "ok")
    (last,) = after.charges()
    assert (last.charge.stay, last.charge.entered_ms) == (first.charge.stay, first.charge.entered_ms)
    assert (last.charge.earlier_cents, last.charge.amount_cents, last.charge.flags) == (150, 0, ())
