"""A truck park with an entry and an exit terminal that cannot talk to each other, by one clock."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from demonstration.cast import NOORDZEE, TANKBOUW, Person
from demonstration.office import SITE
from headquarters.database import Database
from simulation.card import DesfireChip
from terminal.card.stay import BLANK
from terminal.core.charge import Charge
from terminal.edges.clock import FlooredClock
from terminal.gate.from_rules import FromRules
from terminal.knowing_stays import KnowingStays
from terminal.trust.keeper import RulesKeeper
from terminal.trust.seen import SeenDatabase
from tests.lane.rig import MemoryNumber
from tests.paid.park import AID, HOUR_MS, STAY_FILE, Park
from tests.scenes.gate import World
from tests.tap.site import PARK_LANE, Site

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
OPENS_AT_H = 6.0
DRIVERS = {
    **dict.fromkeys(["ada", "bas", "cor", "dirk", "els"], NOORDZEE),
    **dict.fromkeys(["fred", "gijs", "hans", "ina", "joop"], TANKBOUW),
}
PEOPLE = [
    Person(name=name, story="drives", ean=ean, personal_number=number)
    for number, (name, ean) in enumerate(DRIVERS.items(), 500)
]


@dataclass
class Day:
    """Both lanes, by one clock."""

    way_in: Park
    way_out: Park
    began_ms: int
    known: KnowingStays
    """What headquarters has told the exit: nothing, until somebody brings a page."""

    def at(self, hour: float, minute: float = 0) -> None:
        """It has become so late at both."""
        for park in (self.way_in, self.way_out):
            ahead_ms = (hour - OPENS_AT_H + minute / 60) * HOUR_MS - (park.stage.now_ms - self.began_ms)
            assert ahead_ms >= 0
            park.stage.sleep(ahead_ms)

    def charges(self) -> dict[str, list[int]]:
        """What each driver was charged, in order."""
        numbers = {number: name for name, number in self.way_in.world.site.numbers.items()}
        told: dict[str, list[int]] = {name: [] for name in DRIVERS}
        for park in (self.way_in, self.way_out):
            for each in park.charges():
                told[numbers[each.charge.card_number]].append(each.charge.amount_cents)
        return told

    def loses_his_stay(self, person: str) -> None:
        """His card remembers none any more."""
        chip = self.way_out.card(person)
        assert isinstance(chip, DesfireChip)
        chip.eeprom.applications[AID].files[STAY_FILE].data = BLANK

    def leaves(self, person: str) -> Charge:
        """He drives out, as the first one; what he was charged."""
        self.way_out.drives_out(person)
        (charged,) = self.way_out.charges()
        return charged.charge


@pytest.fixture
def headquarters(day_site: Site, tmp_path: Path) -> Iterator[Database]:
    """Its database as it was before the first journal arrived."""
    copy = tmp_path / "register.db"
    with closing(sqlite3.connect(day_site.keys_of_headquarters.path / "register.db")) as register:
        register.execute("VACUUM INTO ?", (str(copy),))
    database = Database(copy)
    yield database
    database.close()


@pytest.fixture(scope="module")
def day_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("day") / "site", PEOPLE, [NOORDZEE, TANKBOUW])


@pytest.fixture
def day(day_site: Site, tmp_path: Path) -> Iterator[Day]:
    root, mirror, state = tmp_path / "root.json", tmp_path / "mirror", tmp_path / "gate"
    root.write_bytes(day_site.root)
    mirror.mkdir()
    state.mkdir(mode=0o700)
    day_site.carry("good", mirror)
    keeper = RulesKeeper(
        site=SITE,
        root=root,
        mirror=mirror,
        state=state / "rules",
        seen=SeenDatabase(state / "seen.db"),
        clock=FlooredClock(MemoryNumber()),
    )
    keeper.refresh()
    tomorrow = (
        datetime.now(AMSTERDAM) + timedelta(days=1)
    ).date()  # nobody believes a card before its issuer's key begins
    opens = datetime.combine(tomorrow, datetime.min.time().replace(hour=int(OPENS_AT_H)), AMSTERDAM)
    began_ms = int(opens.timestamp() * 1000)
    known = KnowingStays("gate-2", FromRules(keeper).command_keys, FlooredClock(MemoryNumber()))
    world = World(day_site, keeper, tmp_path / "unused", began_ms, lane=PARK_LANE, records=day_site.records)
    with ExitStack() as parks:
        way_in = parks.enter_context(Park(tmp_path / "in", world, terminal="gate-1"))
        way_out = parks.enter_context(Park(tmp_path / "out", world, terminal="gate-2", known=known))
        way_out.stage.cards = way_in.stage.cards  # the cards go along with their holders
        yield Day(way_in, way_out, way_in.stage.now_ms, known)
