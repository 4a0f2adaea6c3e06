"""A site as headquarters made it, once for many tests: keys, a few publications one after the other, everybody's card.

Nothing is changed after it is made. A test takes a copy: a chip as it was issued, the files of one publication.
"""

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from demonstration.cast import CAST, GATE_TRAINING, NOORDZEE, YEAR, Person
from demonstration.office import SITE, Office
from headquarters.journal.commands import command_key
from headquarters.journal.cosigner import load_cosigner
from headquarters.keys import KeyFolder, load_issuer_key, load_sealing_key
from headquarters.repository.publisher import mirror_files, release
from provisioning import cards
from provisioning.cards import Bench, Order
from simulation.card import DesfireChip, Eeprom, OtherCard, blank_chip
from simulation.vpcd import InsertedCard
from terminal.card.keys import KeyNumber, MasterKeys, SoftwareKey
from terminal.card.stay_file import SiteRecords
from terminal.core.command import Command
from terminal.core.credential import Training
from terminal.core.journal import EntryKey
from terminal.core.policy import DAY_S, LaneRules, Payer, SitePolicy, Zone
from terminal.core.revocation import CardStatus
from terminal.core.sealing import open_sealed
from terminal.core.service import Service
from terminal.trust.documents import ISSUERS
from tests.card.chips import Held

TRAINED_LANE = 1
"""Into the zone that asks for the site's instruction; all others ask for a card alone."""
OPEN_LANE = 2
LANES = (1, 2, 3, 4)
BERTH_LANES = (5, 6)
"""Into the zone that has room for one, and into which a card does not go twice."""
PARK_LANE = 7
"""Into and out of the zone whose stays are charged."""
PARK_ZONE = 4
WEIGHBRIDGE, SHOWER, POWER = 21, 22, 23
"""Service points: of each kind of what is sold one."""
TARIFF = {
    "number": 3,
    "from": "2026-01-01T00:00:00+01:00",
    "vat": "21",
    "lines": [{"kind": "incrementing", "amount": "1.50", "each": "PT1H"}],
    "exit_grace": "PT10M",
    "reentry_gap": "PT30M",
    "max_stay": "PT72H",
}
"""€ 1.50 an hour begun."""
PAYER = Payer(ean=NOORDZEE, offline_cents=5_000, offline_charges=10, card_cents=2_000, list_age_s=7 * DAY_S)
POLICY = SitePolicy(
    site=SITE,
    name="Kade 7",
    time_zone="Europe/Amsterdam",
    zones=(
        Zone(number=1, name="Yard", trainings=(GATE_TRAINING,)),
        Zone(number=2, name="Street"),
        Zone(number=3, name="Berth", anti_passback="hard", capacity=1),
        Zone(number=PARK_ZONE, name="Truck park", anti_passback="hard", paid=True),
    ),
    lanes=(
        *(LaneRules(number=number, zone=1 if number == TRAINED_LANE else 2) for number in LANES),
        *(LaneRules(number=number, zone=3) for number in BERTH_LANES),
        LaneRules(number=PARK_LANE, zone=PARK_ZONE),
    ),
    services=(
        Service(number=WEIGHBRIDGE, what="weighbridge", name="Weighbridge", amount="12.50", vat="21"),
        Service(number=SHOWER, what="shower", name="Shower", sold="time", amount="2.00", vat="9", time_s=480),
        Service(
            number=POWER,
            what="reefer-power",
            name="Trailer power",
            sold="units",
            amount="0.45",
            vat="21",
            unit="kWh",
            max_units=20,
            max_s=24 * 3600,
            idle_s=1800,
        ),
    ),
)
STATUS_OF = {
    "valid": CardStatus.VALID,
    "blocked": CardStatus.BLOCKED,
    "suspended": CardStatus.SUSPENDED,
    "not-activated": CardStatus.NOT_ACTIVATED,
}
CREDENTIAL_FILE = 1


class Site:
    """The publications `good`, `anna-blocked`, `anna-back` and `issuer-withdrawn`, in this order, and the cards."""

    def __init__(self, folder: Path, more: Iterable[Person] = (), payers: Sequence[str] = (NOORDZEE,)) -> None:
        """`more`: people besides the usual cast. `payers`: EANs of the employers that pay on account."""
        self.folder = folder
        policy = replace(POLICY, payers=tuple(replace(PAYER, ean=ean) for ean in payers))
        self._office = Office(folder / "headquarters", lambda: datetime.now(UTC), policy)
        self._chips: dict[str, Eeprom] = {}
        self.numbers: dict[str, bytes] = {}
        for person in (*CAST, *more):
            if person.chip != "other-card":
                self._issue(person)
        tariffs = {"site": SITE, "currency": "EUR", "tz": POLICY.time_zone, "tariffs": [TARIFF]}
        self._office.set_tariffs(json.dumps(tariffs).encode())
        for payer in payers:
            self._office.add_payer(payer)
        anna = self.numbers["anna"]
        self._publications = {"good": self._publish()}
        self._office.set_status(anna, CardStatus.BLOCKED)
        self._publications["anna-blocked"] = self._publish()
        self._office.set_status(anna, CardStatus.VALID)
        self._publications["anna-back"] = self._publish()
        self._withdraw_issuer()
        self._publications["issuer-withdrawn"] = self._publish()
        self.root = self._office.root()
        masters = self._office.card_masters()
        self.keys = MasterKeys({KeyNumber.READ: masters.read, KeyNumber.STAY: (masters.stay,)})
        self.records = SiteRecords(SITE, SoftwareKey(masters.site))
        sealing = load_sealing_key(self._office.keys.sealing)
        self._sealing = {sealing.id: X25519PrivateKey.from_private_bytes(sealing.seed)}
        self._office.close()

    def card(self, name: str) -> InsertedCard:
        """The card of one of the cast, as it was issued."""
        if name not in self._chips:
            return OtherCard(b"\x04" + bytes(6))
        return DesfireChip(copy.deepcopy(self._chips[name]))

    def carry(self, publication: str, mirror: Path) -> None:
        """Bring the files of a publication to a gate's mirror, in the order in which they should come."""
        for _ in release(self.files(publication), mirror):
            pass

    def files(self, publication: str) -> Mapping[str, bytes]:
        """The files of a publication, by name."""
        return self._publications[publication]

    @property
    def keys_of_headquarters(self) -> KeyFolder:
        """Where headquarters keeps its keys, and its register beside them."""
        return self._office.keys

    def opened(self, sealed: bytes, key: EntryKey) -> dict[Any, Any]:
        """The sealed part of an entry, as headquarters opens it."""
        return dict(open_sealed(sealed, key, self._sealing))

    def acknowledge(self, note: bytes) -> bytes:
        """A terminal's checkpoint with headquarters' cosignature."""
        return load_cosigner(self._office.keys).cosign(note, int(datetime.now(UTC).timestamp()))

    def signed_command(self, command: Command) -> bytes:
        """A command as headquarters sends it."""
        return command.signed(command_key(self._office.keys))

    def hand_keys_to(self, folder: Path) -> None:
        """The key files of a gate."""
        folder.mkdir(mode=0o700, exist_ok=True)
        for name, content in {
            "card-keys.json": self._office.keys_for_terminal(),
            "terminal-key": token_hex(32).encode(),
            "journal-key": token_hex(32).encode(),
        }.items():
            (folder / name).touch(mode=0o600)
            (folder / name).write_bytes(content)

    def _issue(self, person: Person) -> None:
        masters = self._office.card_masters()
        bench = Bench(
            keys=cards.masters(masters),
            site_key=SoftwareKey(masters.site),
            issuer=load_issuer_key(self._office.keys.issuer),
            issuers=ISSUERS.parse(self._office.keys.issuers.read_bytes()),
            register=self._office.register,
            change=self._office.change(),
            random=token_bytes,
        )
        chip = blank_chip(b"\x04" + token_bytes(6))
        number = cards.issue(Held(chip), bench, _order(person, datetime.now(UTC))).card_number
        self._office.set_status(number, STATUS_OF[person.status])
        if person.chip == "copy-of-anna":
            (source,), (target,) = self._chips["anna"].applications.values(), chip.eeprom.applications.values()
            target.files[CREDENTIAL_FILE].data = source.files[CREDENTIAL_FILE].data
        self._chips[person.name], self.numbers[person.name] = chip.eeprom, number

    def _publish(self) -> Mapping[str, bytes]:
        self._office.publish_to(self.folder / "mirror")
        return mirror_files(self._office.folder / "published", SITE)

    def _withdraw_issuer(self) -> None:
        path = self._office.keys.issuers
        document = ISSUERS.parse(path.read_bytes())
        ended = datetime.now(UTC) - timedelta(seconds=1)
        path.write_bytes(
            ISSUERS.dump(replace(document, issuers=tuple(replace(key, ends=ended) for key in document.issuers)))
        )


def _order(person: Person, now: datetime) -> Order:
    return Order(
        product=person.product,
        ean=person.ean,
        personal_number=person.personal_number,
        language=person.language,
        not_before=int((now + person.begins).timestamp()),
        expires=int((now + person.ends).timestamp()),
        trainings=(Training(GATE_TRAINING, (now + 2 * YEAR).date()),) if person.trained else (),
    )
