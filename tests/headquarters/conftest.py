"""A headquarters with real keys, a real database and a clock that tests move."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headquarters.database import Change, Database
from headquarters.keys import KeyFolder
from headquarters.register import CardRecord, Register
from headquarters.repository.ceremony import init_keys
from headquarters.repository.publisher import Publication, publish
from headquarters.sites import Sites, plain_policy
from terminal.core.credential import Product
from tests.mqtt.broker_rig import Rig, running_rig

JANSEN = "8712345678906"
PIETERS = "0012345678905"


@dataclass
class Office:
    keys: KeyFolder
    database: Database
    folder: Path
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    address: Path | str | None = None
    """Of the database, for `--database`; None: where headquarters has it by itself."""

    @property
    def register(self) -> Register:
        return Register(self.database)

    @property
    def sites(self) -> Sites:
        return Sites(self.database)

    @property
    def change(self) -> Change:
        return Change("tester", "a test", self.now)

    @property
    def published(self) -> Path:
        return self.folder / "published"

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def site(self, number: int) -> None:
        self.sites.add(plain_policy(number, f"site {number}", "Europe/Amsterdam"), self.change)

    def allocated(self, chip: int, personal_number: int = 7, ean: str = JANSEN) -> CardRecord:
        return self.register.allocate(
            uid=chip.to_bytes(7),
            ean=ean,
            product=Product.DSP,
            personal_number=personal_number,
            not_before=1_700_000_000,
            expires=1_900_000_000,
            language="nl",
            change=self.change,
        )

    def issued(self, chip: int, personal_number: int = 7, ean: str = JANSEN) -> CardRecord:
        card = self.allocated(chip, personal_number, ean)
        self.register.issued(card.card_number, self.change)
        return card

    def publish(self) -> Publication:
        return publish(self.database, self.keys, self.published, self.now)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    now = datetime.now(UTC).replace(microsecond=0)
    keys = init_keys(tmp_path / "hq", now)
    office = Office(keys, Database(tmp_path / "hq" / "register.db"), tmp_path, now)
    office.register.add_company(JANSEN, "Jansen Transport", office.change)
    yield office
    office.database.close()


@pytest.fixture
def rig(office: Office, tmp_path: Path) -> Iterator[Rig]:
    """A broker as this office sets it up."""
    with running_rig(tmp_path / "line", office.database, office.keys.path) as rig:
        yield rig
