"""Headquarters on the demonstration's desk: real keys, a real register, real publishing into the gate's mirror."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from demonstration.cast import COMPANIES, ENDED_COMPANIES, GATE_TRAINING
from headquarters.database import Change, Database
from headquarters.keys import CardMasterKeys, KeyFolder, load_card_keys, terminal_card_keys
from headquarters.register import Register
from headquarters.repository.ceremony import init_keys
from headquarters.repository.publisher import fill_mirror, publish
from headquarters.sites import Sites
from terminal.core.policy import LaneRules, SitePolicy, Zone
from terminal.core.revocation import CardStatus, CompanyStatus

SITE = 4711
LANE = 1
ZONE = 1

POLICY = SitePolicy(
    site=SITE,
    name="Kade 7",
    time_zone="Europe/Amsterdam",
    zones=(Zone(number=ZONE, name="Yard", trainings=(GATE_TRAINING,)),),
    lanes=(LaneRules(number=LANE, zone=ZONE),),
)


class Office:
    """Everything headquarters does in the demonstration, below one folder, laid out as `xs-headquarters` expects it."""

    def __init__(self, folder: Path, now: Callable[[], datetime], policy: SitePolicy = POLICY) -> None:
        """Make keys, register the site and its companies; publishes nothing yet. `folder` must be new."""
        self._now = now
        self.folder = folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        self.keys: KeyFolder = init_keys(folder, now())
        self._database = Database(folder / "register.db")
        self.register = Register(self._database)
        self.site = policy.site
        sites = Sites(self._database)
        sites.add(policy, self.change())
        for ean, name in COMPANIES.items():
            self.register.add_company(ean, name, self.change())
            sites.add_company(policy.site, ean, self.change())
        for ean in ENDED_COMPANIES:
            self.register.set_company_status(ean, CompanyStatus.ENDED, self.change("licence expired"))

    def change(self, why: str = "demonstration") -> Change:
        """Who changes something here, and when."""
        return Change("demonstration", why, self._now())

    def card_masters(self) -> CardMasterKeys:
        """The master keys of all cards."""
        return load_card_keys(self.keys.card_keys)

    def keys_for_terminal(self) -> bytes:
        """The `card-keys.json` of a gate: the read key alone."""
        return terminal_card_keys(self.card_masters(), with_stay=False, with_template=False)

    def root(self) -> bytes:
        """The `root.json` a terminal is born with."""
        return (self.keys.roots / "1.root.json").read_bytes()

    def set_status(self, card_number: bytes, status: CardStatus) -> None:
        """Change a card in the register; the gate hears of it with the next `publish_to`."""
        self.register.set_card_status(card_number, status, self.change())

    def publish_to(self, mirror: Path) -> None:
        """Publish, and carry the files to a gate's mirror."""
        published = self.folder / "published"
        publish(self._database, self.keys, published, self._now())
        fill_mirror(published, self.site, mirror)

    def close(self) -> None:
        """Let go of the register."""
        self._database.close()
