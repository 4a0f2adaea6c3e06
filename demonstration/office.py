"""Headquarters on the desk: real keys, a real register, what it publishes, and what it has of journals."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from demonstration.accounts import statements, write_seller
from demonstration.cast import COMPANIES, ENDED_COMPANIES, GATE_TRAINING, YEAR
from headquarters.broker.setup import LEAF_DAYS, Listening, terminal_certificate, write_access_list, write_broker
from headquarters.database import Change, Database
from headquarters.journal.reading import StoredEntry, Wanted, chosen
from headquarters.journal.terminals import Terminals
from headquarters.keys import CardMasterKeys, KeyFolder, load_card_keys, terminal_card_keys
from headquarters.payers.changes import Payers, Profile
from headquarters.payers.standing import MAX_LIMIT_CENTS, Credit, CreditCheck
from headquarters.register import Register, card_statuses
from headquarters.repository.ceremony import init_keys
from headquarters.repository.lists import ListFiles, next_list_files
from headquarters.repository.publisher import fill_mirror, publish, published_files
from headquarters.sites import Sites
from headquarters.tables.journal import entries, epochs
from terminal.core.journal import Record
from terminal.core.policy import LaneRules, SitePolicy, Zone
from terminal.core.revocation import CardStatus, CompanyStatus
from terminal.trust.status_list import Changes

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
        self.register_file = folder / "register.db"
        self._database = Database(self.register_file)
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
        """The `card-keys.json` of a gate whose cards may remember stays."""
        return terminal_card_keys(self.card_masters(), with_stay=True, with_template=False)

    def root(self) -> bytes:
        """The `root.json` a terminal is born with."""
        return (self.keys.roots / "1.root.json").read_bytes()

    def add_payer(self, ean: str) -> None:
        """One of the companies pays on account from now on: its credit was checked, and is good for a year."""
        change, street = self.change(), "Kade 7"
        payers = Payers(self._database)
        payers.add(
            Profile(ean=ean, name=COMPANIES[ean], street=street, postal_code="3011 AA", city="Rotterdam"), change
        )
        until = (self._now() + YEAR).date()
        payers.set_credit(ean, CreditCheck(Credit.PASSED, limit_cents=MAX_LIMIT_CENTS, until=until), change)

    def statements(self, payers: Iterable[str], now: datetime) -> list[dict[str, Any]]:
        """What each payer owes by what has arrived, an event each."""
        return list(statements(self._database, self.keys, self.folder, payers, now))

    def set_tariffs(self, document: bytes) -> None:
        """What stays at the site cost, for the next `publish_to`; and who sends the statements of it."""
        write_seller(self.folder)
        Sites(self._database).set_tariffs(self.site, document, self.change())

    def set_status(self, card_number: bytes, status: CardStatus) -> None:
        """Change a card in the register; the gate hears of it with the next `publish_to`."""
        self.register.set_card_status(card_number, status, self.change())

    def add_terminal(self, name: str, journal_key: bytes) -> None:
        """Register a terminal of the site."""
        Terminals(self._database).add(name, self.site, journal_key, self.change())

    def set_up_broker(self, folder: Path, host: str, listening: Listening) -> None:
        """Write all that the broker needs into `folder`, for the terminals that are registered."""
        write_broker(self.folder, folder, [host], listening=listening, now=self._now(), days=LEAF_DAYS)
        write_access_list(self._database, folder)

    def give_certificate(self, terminal: str, folder: Path) -> None:
        """Put into `folder` what a terminal comes to the broker with, which has been set up."""
        issued, ca = terminal_certificate(self.folder, self._database, terminal, None, self.change(), days=LEAF_DAYS)
        issued.write(folder, ca)

    def published_number(self) -> int | None:
        """The number of the lists published last; None while they do not say of every card what the register says."""
        files = published_files(self._database)
        name = "shared/revocation/cards"
        lists = ListFiles.of(files.get(name), files.get(f"{name}-changes"))
        if lists is None:
            return None
        with self._database.transaction(read_only=True) as connection:
            anew = next_list_files(card_statuses(connection), lists, lists.issued_at_s)
        published, wanted = Changes.decode(lists.changes), Changes.decode(anew.changes)
        same = (lists.base, published.changes) == (anew.base, wanted.changes)
        return published.number if same else None

    def arrived(self, terminal: str, epoch: bytes, sequences: Iterable[int]) -> tuple[int, set[int]]:
        """How many entries of a journal are stored here, and which of these."""
        which = (epochs.c.terminal == terminal) & (epochs.c.epoch == epoch)
        stored = sa.select(entries.c.sequence).join(epochs).where(which)
        with self._database.transaction(read_only=True) as connection:
            count = connection.scalar(sa.select(sa.func.count()).select_from(stored.subquery())) or 0
            asked = stored.where(entries.c.sequence.in_(tuple(sequences)))
            return count, set(connection.scalars(asked))

    def journal(self, terminal: str, epoch: bytes) -> Mapping[int, Record]:
        """All that is stored here of a journal, by sequence number."""
        with self._database.transaction(read_only=True) as connection:
            rows = connection.execute(chosen(Wanted(terminal=terminal)))
            stored = [StoredEntry.of(row) for row in rows if row.epoch == epoch]
        return {each.key.sequence: each.record for each in stored}

    def publish_to(self, mirror: Path) -> None:
        """Publish, and carry the files to a gate's mirror."""
        published = self.folder / "published"
        publish(self._database, self.keys, published, self._now())
        fill_mirror(published, self.site, mirror)

    def close(self) -> None:
        """Let go of the register."""
        self._database.close()
