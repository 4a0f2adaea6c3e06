"""Simulated terminals in the register: how they come in, and how they go again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from headquarters.broker.authority import load_authority
from headquarters.database import Change, Database, note, sites
from headquarters.tables.journal import (
    alarm_entries,
    alarms,
    compact_ranges,
    entries,
    epochs,
    notices,
    quarantine,
    terminals,
    waiting,
)
from load_test.arrivals import in_portions
from load_test.fleet import Member
from terminal.errors import ConfigurationError

CERTIFICATE_DAYS = 2
_SIMULATED = re.compile(r"sim-[0-9]{4,5}")


@dataclass(frozen=True, slots=True)
class Registered:
    """The terminals that a register has."""

    real: tuple[str, ...]
    simulated: tuple[str, ...]


def name_of(number: int) -> str:
    """The name of the simulated terminal of that number, from 1."""
    return f"sim-{number:04}"


def registered(database: Database) -> Registered:
    """Who is there, by name."""
    with database.transaction(read_only=True) as connection:
        names = connection.scalars(sa.select(terminals.c.terminal).order_by(terminals.c.terminal)).all()
    simulated = tuple(name for name in names if _SIMULATED.fullmatch(name))
    return Registered(tuple(name for name in names if name not in set(simulated)), simulated)


def check(database: Database, site: int, *, beside_real: bool) -> None:
    """Make sure that a load test may run on this register.

    Raises:
        ConfigurationError: it has real terminals and that was not said, simulated ones of another run, or no such site.
    """
    there = registered(database)
    if there.real and not beside_real:
        raise ConfigurationError(
            f"this register has {len(there.real)} real terminals ({there.real[0]} …); a load test slows their journals"
            " down: say --beside-real if that is wanted, or --alone for a headquarters of its own"
        )
    if there.simulated:
        raise ConfigurationError(
            f"{len(there.simulated)} simulated terminals of another run are registered; remove them first"
            " (simulate --remove)"
        )
    with database.transaction(read_only=True) as connection:
        if connection.scalar(sa.select(sites.c.site).where(sites.c.site == site)) is None:
            raise ConfigurationError(f"site {site} is not registered; say another --site, or add it (site add)")


def enrol(database: Database, members: Sequence[Member], change: Change) -> None:
    """Register them, in one transaction."""
    rows = [
        {
            "terminal": each.name,
            "site": each.site,
            "journal_key": Ed25519PrivateKey.from_private_bytes(bytes.fromhex(each.journal_seed))
            .public_key()
            .public_bytes_raw(),
            "added_at": int(change.at.timestamp()),
        }
        for each in members
    ]
    with database.transaction() as connection:
        connection.execute(terminals.insert(), rows)
        note(connection, change, "simulated terminals added", f"{members[0].name} to {members[-1].name}")


def certify(headquarters: Path, folder: Path, names: Sequence[str], now: datetime) -> None:
    """Issue a short-lived certificate to each, into folders of their names; not durable, since they last for a run.

    Raises:
        ConfigurationError: headquarters' folder has no authority (broker init).
    """
    authority = load_authority(headquarters / "authority" / "terminals")
    for name in names:
        issued = authority.client(name, now=now, days=CERTIFICATE_DAYS)
        (folder / name).mkdir(parents=True, mode=0o700)
        for file, content in (
            ("ca.pem", authority.pem),
            ("certificate.pem", issued.certificate),
            ("key.pem", issued.key or b""),
        ):
            (folder / name / file).write_bytes(content)


def remove(database: Database, names: Sequence[str], change: Change) -> None:
    """Take these terminals and all that came of them out of the database; the list of changes still names them."""
    with database.transaction() as connection:
        for some in in_portions(names):
            theirs = sa.select(epochs.c.epoch_id).where(epochs.c.terminal.in_(some))
            for table in (alarm_entries, compact_ranges, waiting, entries):
                connection.execute(table.delete().where(table.c.epoch_id.in_(theirs)))
            raised = sa.select(alarms.c.id).where(alarms.c.terminal.in_(some))
            connection.execute(notices.delete().where(notices.c.alarm.in_(raised)))
            for table in (alarms, quarantine, epochs, terminals):
                connection.execute(table.delete().where(table.c.terminal.in_(some)))
        if names:
            note(connection, change, "simulated terminals removed", f"{names[0]} to {names[-1]}")
