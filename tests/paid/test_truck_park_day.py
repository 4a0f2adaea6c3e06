"""A day of a truck park with an entry and an exit terminal that cannot talk to each other, and what it comes to.

The amounts stand here by hand: EUR 1.50 for each hour begun, ten minutes of grace at the exit, a gap of half an hour.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from demonstration.cast import NOORDZEE, TANKBOUW
from demonstration.office import SITE
from headquarters.database import Change, Database
from headquarters.journal.collecting import Collector
from headquarters.journal.cosigner import load_cosigner
from headquarters.journal.terminals import Terminals
from headquarters.keys import load_sealing_key
from headquarters.settlement.correcting import credit
from headquarters.settlement.exporting import exported
from headquarters.settlement.issuing import issue
from headquarters.settlement.periods import month
from headquarters.settlement.settling import Settling
from headquarters.settlement.verifying import verify_ledger
from headquarters.tables.settlement import items
from simulation.card import DesfireChip
from simulation.card.misbehaviour import FaultyCard, PullAway, When
from terminal.card.stay import BLANK
from terminal.core.charge import Flag
from terminal.core.journal import EntryKey
from tests.paid.day import AMSTERDAM, Day
from tests.paid.park import AID, STAY_FILE
from tests.scenes.gate import JOURNAL_KEY
from tests.settlement.ground import SELLER
from tests.settlement.recompute import recompute
from tests.tap.one_lane import said
from tests.tap.site import Site

CHARGES = {
    "ada": [450],  # 2 h 30
    "bas": [600, 150],  # 3 h 30, backs out; leaves after 4 h 20: 5 hours begun
    "cor": [750],  # 4 h 50
    "dirk": [],  # rides with cor
    "els": [0],  # her card has lost the entry, and the line is cut: a person prices it
    "fred": [],  # never came in
    "gijs": [900],  # 5 h 40; credited 1.50 afterwards
    "hans": [1050],  # 6 h 10; the power goes between his tap and his passage, and he taps again
    "ina": [1050],  # 6 h 30; her card is pulled away before it has committed
    "joop": [1200, 150],  # 7 h 05, back after 20 minutes, out 8 h 10 after the first entry: 9 hours begun
}
CREDITED = 150
OWED = {NOORDZEE: 450 + 750 + 750 + 0, TANKBOUW: 900 - CREDITED + 1050 + 1050 + 1350}
VAT = {NOORDZEE: 338, TANKBOUW: 729}  # 1950 and 4200 * 21 / 121, half up


def lived_through(day: Day) -> None:
    """The day, as it happened."""
    for name in ("ada", "bas"):
        assert said(day.way_in.drives_in(name)) == ("admit", "ok")
    vehicle = day.way_in.comes()
    day.way_in.taps("cor")
    day.way_in.taps("dirk")
    day.way_in.passes(vehicle)
    day.way_in.drives_in("els")
    vehicle = day.way_in.comes()
    day.way_in.taps("fred")
    day.way_in.goes_back(vehicle)
    for name in ("gijs", "hans", "ina", "joop"):
        assert said(day.way_in.drives_in(name)) == ("admit", "ok")
    out = day.way_out
    day.at(8, 30)
    out.drives_out("ada")
    day.at(9, 30)
    vehicle = out.comes("exit")
    out.taps("bas", "exit")
    out.backs_out(vehicle)
    day.at(10, 20)
    out.drives_out("bas")
    day.at(10, 50)
    vehicle = out.comes("exit")
    out.taps("dirk", "exit")
    out.taps("cor", "exit")
    out.passes(vehicle)
    day.at(11, 30)
    chip = out.card("els")
    assert isinstance(chip, DesfireChip)
    chip.eeprom.applications[AID].files[STAY_FILE].data = BLANK
    out.drives_out("els")
    day.at(11, 40)
    out.drives_out("gijs")
    day.at(12, 10)
    vehicle = out.comes("exit")
    out.taps("hans", "exit")
    out.stage.cut_power()
    out.stage.power_back()
    assert out.stage.wait(out.stage.closed, 120_000)
    assert said(out.taps("hans", "exit")) == ("admit", "ok")
    out.passes(vehicle)
    day.at(12, 30)
    vehicle = out.comes("exit")
    pulled = out.stage.cards["ina"]
    out.stage.cards["ina"] = FaultyCard(pulled, PullAway(9, when=When.UNANSWERED))
    out.taps("ina", "exit")
    out.stage.cards["ina"] = pulled
    out.passes(vehicle)
    day.at(13, 10)
    out.drives_out("joop")
    day.at(13, 30)
    day.way_in.drives_in("joop")
    day.at(14, 12)
    out.drives_out("joop")


def test_day_of_a_truck_park_comes_to_the_cent(day: Day, day_site: Site) -> None:
    lived_through(day)
    assert day.charges() == CHARGES
    flags = {each.charge.amount_cents: each.charge.flags for each in day.way_out.charges() if each.charge.flags}
    assert flags == {0: (Flag.ENTRY_UNKNOWN,)}

    opened = datetime.fromtimestamp(day.began_ms / 1000, AMSTERDAM)
    period = month(f"{opened:%Y-%m}")
    after = datetime.combine(period.last, datetime.min.time(), UTC) + timedelta(days=3)
    change = Change("auditor", "the month is over", after)
    in_the_evening = Change("desk", "a driver complains", opened + timedelta(hours=12))
    keys = day_site.keys_of_headquarters
    database = Database(keys.path / "register.db")
    collector = Collector(database, load_cosigner(keys))
    public_key = JOURNAL_KEY.public_key().public_bytes_raw()
    for park in (day.way_out, day.way_in):
        Terminals(database).add(park.world.terminal, SITE, public_key, change)
        collector.collect(park.world.terminal, park.stage.gate.batch(), int(after.timestamp()))
    settled = Settling(database, load_sealing_key(keys.sealing)).round(int(after.timestamp()))
    assert (settled.posted, settled.not_settled, settled.waiting) == (sum(map(len, CHARGES.values())), [], [])

    (of_gijs,) = [each.key for each in day.way_out.charges() if each.charge.amount_cents == 900]
    with database.transaction() as connection:
        credit(
            connection,
            in_the_evening,
            EntryKey("gate-2", day.way_out.epoch, of_gijs.sequence),
            CREDITED,
            "the gate was late",
        )

    statements = {payer: issue(database, payer, period, SELLER, change).content for payer in OWED}
    assert {payer: each.gross_cents for payer, each in statements.items()} == OWED
    assert {payer: each.vat_cents for payer, each in statements.items()} == VAT
    with database.transaction(read_only=True) as connection:
        in_ledger = connection.execute(
            sa.select(items.c.payer, sa.func.sum(items.c.amount_cents)).group_by(items.c.payer)
        )
        assert {payer: int(cents) for payer, cents in in_ledger} == OWED
    assert verify_ledger(database).mistakes == []
    books = recompute(exported(database, period))
    assert books.mistakes == []
    assert books.statements == {
        each.number: {"21": (each.net_cents, each.vat_cents, each.gross_cents)} for each in statements.values()
    }
    database.close()
