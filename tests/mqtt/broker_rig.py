"""A real broker with headquarters' own set-up, for tests of every part that talks through one."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from headquarters.broker.settings import load_broker
from headquarters.broker.setup import ACCESS_LIST, Listening, terminal_certificate, write_access_list, write_broker
from headquarters.database import Change, Database, sites
from headquarters.journal.terminals import Terminals
from headquarters.sites import Sites, plain_policy
from headquarters.tables.journal import terminals
from simulation.mosquitto import Mosquitto
from terminal.edges.mqtt import Broker

HOST = "localhost"
SITE = 4711


class Rig:
    """`headquarters` and `terminal(…)` are the addresses for a `Line`; `mosquitto` is killed and started at will."""

    def __init__(self, folder: Path, database: Database, headquarters_folder: Path) -> None:
        self.folder = folder / "mosquitto"
        self.database = database
        self.headquarters_folder = headquarters_folder
        self.mosquitto = Mosquitto(self.folder, self._configure)
        self._given = folder / "terminals"

    def _configure(self, terminals_port: int, headquarters_port: int) -> None:
        listening = Listening(
            terminals_port=terminals_port, headquarters_port=headquarters_port, address="127.0.0.1", user="root"
        )
        write_broker(self.headquarters_folder, self.folder, [HOST], listening=listening, now=now(), days=30)
        write_access_list(self.database, self.folder)

    @property
    def headquarters(self) -> Broker:
        return load_broker(self.headquarters_folder)

    def terminal(self, name: str, site: int = SITE, journal_key: bytes = bytes(32)) -> Broker:
        """The address for a terminal, which is registered first where it is not (its site too)."""
        with self.database.transaction(read_only=True) as connection:
            known_site = connection.scalar(sa.select(sites.c.site).where(sites.c.site == site))
            known = connection.scalar(sa.select(terminals.c.terminal).where(terminals.c.terminal == name))
        if known is None:
            if known_site is None:
                Sites(self.database).add(plain_policy(site, f"site {site}", "Europe/Amsterdam"), change())
            Terminals(self.database).add(name, site, journal_key, change())
        self.access_changed()
        return self.issued(name)

    def issued(self, name: str) -> Broker:
        """The address for a registered terminal with a new certificate."""
        issued, ca = terminal_certificate(self.headquarters_folder, self.database, name, None, change(), days=30)
        issued.write(self._given / name, ca)
        return self.address(self._given / name)

    def address(self, files: Path) -> Broker:
        """The terminals' listener, for whoever has these files."""
        return Broker(
            host=HOST,
            port=self.mosquitto.ports[0],
            ca=files / "ca.pem",
            certificate=files / "certificate.pem",
            key=files / "key.pem",
        )

    def access_changed(self) -> None:
        """Bring the register's terminals into force at the broker: where they are others, it is started anew."""
        before = (self.folder / ACCESS_LIST).read_bytes()
        write_access_list(self.database, self.folder)
        if (self.folder / ACCESS_LIST).read_bytes() != before:
            self.mosquitto.restart()


@contextmanager
def running_rig(
    folder: Path, database: Database | None = None, headquarters_folder: Path | None = None
) -> Iterator[Rig]:
    """A broker for as long as the block lasts; the database and headquarters' folder are its own, or yours."""
    with ExitStack() as stack:
        if database is None:
            folder.mkdir(parents=True, exist_ok=True)
            database = Database(folder / "register.db")
            stack.callback(database.close)
        rig = Rig(folder, database, headquarters_folder or folder / "headquarters")
        stack.callback(_did_not_crash, rig.mosquitto)
        stack.callback(rig.mosquitto.stop)
        rig.mosquitto.start()
        yield rig


def _did_not_crash(mosquitto: Mosquitto) -> None:
    """A broker that dies of a fault of its own makes tests fail elsewhere, so it is told here what it died of."""
    said = mosquitto.log.read_text(encoding="utf-8", errors="replace") if mosquitto.log.exists() else ""
    assert not any(death in said for death in ("Segmentation fault", "Aborted", "Assertion")), said[-2000:]


def now() -> datetime:
    """The time of certificates: TLS has no other clock than the machine's."""
    return datetime.now(UTC)


def change() -> Change:
    """A change that a test makes."""
    return Change("tester", "a test", now())
