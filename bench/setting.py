"""What there is to measure with: headquarters, issued cards, a published list of many cards, a gate's files."""

import json
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from secrets import token_bytes, token_hex

from demonstration.cast import GATE_TRAINING, NOORDZEE, YEAR
from demonstration.office import Office
from headquarters.keys import load_issuer_key
from headquarters.register import Statuses
from headquarters.repository.publisher import fill_mirror, publish
from provisioning import cards
from simulation.card import DesfireChip, blank_chip
from simulation.vpcd import READERS
from terminal.card.keys import SoftwareKey
from terminal.core.credential import Product, Training
from terminal.core.policy import DAY_S, LaneRules, Payer, SitePolicy, Zone
from terminal.trust.documents import ISSUERS

SITE = 4711
ACCESS_ONLY, WITH_QUALIFICATIONS, WITH_STAY = 1, 2, 3
"""The lanes, by what a tap there reads; the last one writes a stay too."""
TARIFF = {
    "number": 1,
    "from": "2026-01-01T00:00:00Z",
    "vat": "21",
    "lines": [{"kind": "incrementing", "amount": "1.50", "each": "PT1H"}],
}
POLICY = SitePolicy(
    site=SITE,
    name="Bench",
    time_zone="Europe/Amsterdam",
    zones=(
        Zone(number=1, name="Yard"),
        Zone(number=2, name="Tanks", trainings=(GATE_TRAINING,)),
        Zone(number=3, name="Truck park", paid=True),
    ),
    lanes=(
        LaneRules(number=ACCESS_ONLY, zone=1),
        LaneRules(number=WITH_QUALIFICATIONS, zone=2),
        LaneRules(number=WITH_STAY, zone=3),
    ),
    payers=(Payer(ean=NOORDZEE, offline_cents=100_000, offline_charges=1_000, card_cents=100_000, list_age_s=DAY_S),),
)
NOT_VALID_SHARE = 0.01
SPARED = 100
"""So many entries at the beginning of the list stay valid: there are the cards of the bench."""


class Setting(Office):
    """Headquarters of the bench below `folder`, and what it gives a gate."""

    def __init__(self, folder: Path, entries: int) -> None:
        """Make keys and register; `entries` is how many cards the list has."""
        super().__init__(folder / "headquarters", lambda: datetime.now(UTC), POLICY)
        tariffs = {"site": SITE, "currency": "EUR", "tz": POLICY.time_zone, "tariffs": [TARIFF]}
        self.set_tariffs(json.dumps(tariffs).encode())
        self.add_payer(NOORDZEE)
        self._entries = entries
        self.published = self.folder / "published"
        self.mirror = folder / "mirror"
        self.mirror.mkdir()
        self.root_file = folder / "root.json"
        self.root_file.write_bytes(self.root())

    def statuses(self, seed: int, changed: int = 0) -> Statuses:
        """A list with one card in a hundred not valid, others for each `seed`; `changed` of them have changed since."""
        draw = Random(seed)  # noqa: S311 - a list to measure with, no secret
        chosen = draw.sample(range(SPARED, self._entries), int((self._entries - SPARED) * NOT_VALID_SHARE))
        not_valid = {index: draw.choice((1, 2, 3)) for index in chosen}
        for index in chosen[:changed]:
            not_valid[index] = not_valid[index] % 3 + 1
        return Statuses(self._entries, sorted(not_valid.items()))

    def publish_list(self, statuses: Statuses) -> None:
        """Sign and publish a list in place of the register's cards; the mirror does not have it yet."""
        publish(self._database, self.keys, self.published, datetime.now(UTC), statuses)

    def land(self) -> float:
        """Carry what is published to the mirror; returns when the last file got its name there (wall clock, s)."""
        fill_mirror(self.published, SITE, self.mirror)
        return (self.mirror / "timestamp.json").stat().st_ctime_ns / 1e9

    def issue(self, saved: Path, personal_number: int) -> DesfireChip:
        """A card with every training, issued by the real personalisation; kept at `saved` too."""
        chip = blank_chip(b"\x04" + token_bytes(6))
        now = datetime.now(UTC)
        masters = self.card_masters()
        bench = cards.Bench(
            keys=cards.masters(masters),
            site_key=SoftwareKey(masters.site),
            issuer=load_issuer_key(self.keys.issuer),
            issuers=ISSUERS.parse(self.keys.issuers.read_bytes()),
            register=self.register,
            change=self.change("bench"),
            random=token_bytes,
        )
        order = cards.Order(
            product=Product.CARGOCARD,
            ean=NOORDZEE,
            personal_number=personal_number,
            language="nl",
            not_before=int((now - YEAR).timestamp()),
            expires=int((now + 3 * YEAR).timestamp()),
            trainings=(Training(GATE_TRAINING, (now + YEAR).date()),),
        )
        chip.power_on()
        cards.issue(_InHand(chip), bench, order)
        chip.eeprom.save(saved)
        return chip

    def gate_configuration(self, folder: Path, board: Path) -> Path:
        """The `gate.toml` of a gate with both lanes, one reader each; its other files are made beside it."""
        keys = folder / "keys"
        keys.mkdir(mode=0o700)
        for name, content in (
            ("card-keys.json", self.keys_for_terminal()),
            ("terminal-key", token_hex(32).encode()),
            ("journal-key", token_hex(32).encode()),
        ):
            (keys / name).touch(mode=0o600)
            (keys / name).write_bytes(content)
        lanes = zip((ACCESS_ONLY, WITH_QUALIFICATIONS), READERS, strict=True)
        path = folder / "gate.toml"
        path.write_text(
            TERMINAL.format(folder=folder, site=SITE, mirror=self.mirror, root=self.root_file, board=board)
            + "".join(LANE.format(number=number, reader=reader.name) for number, reader in lanes)
        )
        return path


class _InHand:
    """A `CardTransport` without a reader, for issuing only."""

    def __init__(self, chip: DesfireChip) -> None:
        self._chip = chip

    def transceive(self, apdu: bytes) -> tuple[bytes, int]:
        answer = self._chip.apdu(apdu)
        return answer[:-2], int.from_bytes(answer[-2:])


TERMINAL = """\
[terminal]
name = "bench"
site = {site}
data = "{folder}/data"
mirror = "{mirror}"
view = "{folder}/view.db"
root = "{root}"

[keys]
folder = "{folder}/keys"

[socket]
path = "{folder}/gate.sock"

[board]
kind = "simulated"
socket = "{board}"
"""

LANE = """
[[lane]]
number = {number}
direction = "entry"
pulse_ms = 200
travel_ms = 500
passage_s = 5
contacts = ["open_limit", "closed_limit"]

[[lane.reader]]
name = "{reader}"
"""
