"""A bench with headquarters' real keys and register, and random numbers that are the same in every run."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from headquarters.database import Change, Database
from headquarters.keys import KeyFolder, load_card_keys, load_issuer_key
from headquarters.register import Register
from headquarters.repository.ceremony import init_keys
from provisioning.cards import Bench, Order, masters
from terminal.card.keys import SoftwareKey
from terminal.core.credential import Product, Training
from terminal.trust.documents import ISSUERS
from tests.card.chips import counting

JANSEN = "8712345678906"
NOW = datetime(2026, 9, 15, 12, 0, tzinfo=UTC)
TRAININGS = (Training("VCA-B", date(2027, 1, 31)), Training("GATE-4711", date(2026, 12, 24)))
EVA = Order(
    product=Product.DSP,
    ean=JANSEN,
    personal_number=5,
    language="nl",
    not_before=int(NOW.timestamp()),
    expires=int(NOW.timestamp()) + 86400 * 365,
    trainings=TRAININGS,
)


@dataclass
class Workshop:
    """Where cards are made."""

    keys: KeyFolder
    database: Database
    path: Path

    def bench(self) -> Bench:
        """A bench as each command sets it up anew."""
        card_keys = load_card_keys(self.keys.card_keys)
        return Bench(
            keys=masters(card_keys),
            site_key=SoftwareKey(card_keys.site),
            issuer=load_issuer_key(self.keys.issuer),
            issuers=ISSUERS.parse(self.keys.issuers.read_bytes()),
            register=Register(self.database),
            change=Change("tester", "a test", NOW),
            random=counting(),
        )


@pytest.fixture(scope="session")
def _key_folder(tmp_path_factory: pytest.TempPathFactory) -> KeyFolder:
    return init_keys(tmp_path_factory.mktemp("hq") / "keys", NOW)


@pytest.fixture
def workshop(_key_folder: KeyFolder, tmp_path: Path) -> Iterator[Workshop]:
    workshop = Workshop(_key_folder, Database(tmp_path / "register.db"), tmp_path)
    workshop.bench().register.add_company(JANSEN, "Jansen Transport", Change("tester", "a test", NOW))
    yield workshop
    workshop.database.close()
