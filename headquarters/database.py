"""The database of headquarters: its tables, how it is opened, how it is brought up to date.

SQLAlchemy Core, on SQLite or PostgreSQL. A transaction that changes something takes the write lock at its start, so
that what it read still holds when it writes. Instants are whole seconds since the epoch.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

from headquarters.tables.announced import announced_tables
from headquarters.tables.commands import command_tables
from headquarters.tables.journal import extend_alarms, journal_tables
from headquarters.tables.settlement import settlement_tables
from headquarters.tables.standings import standing_tables
from headquarters.tables.stays import stay_tables
from terminal.errors import ConfigurationError, StorageError

WAIT_FOR_OTHERS_S = 30.0
CONNECT_S = 10
_READ_ONLY = "xs_read_only"
_ALONE = "xs_alone"
_ONE_AT_A_TIME = 0x78732D6871
"""The number of PostgreSQL's lock that those who change the register hold."""

tables = MetaData()

companies = Table(
    "companies",
    tables,
    Column("company_index", Integer, primary_key=True, autoincrement=False),
    Column("ean", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("status", Integer, nullable=False),
)
cards = Table(
    "cards",
    tables,
    Column("card_index", Integer, primary_key=True, autoincrement=False),
    Column("card_number", LargeBinary, nullable=False, unique=True),
    Column("company_index", ForeignKey(companies.c.company_index), nullable=False),
    Column("product", Integer, nullable=False),
    Column("personal_number", BigInteger, nullable=False),
    Column("uid", LargeBinary, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("language", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("issued_at", BigInteger),  # null until the card was read back and found right
    Column("retired_at", BigInteger),
)
Index("cards_of_person", cards.c.company_index, cards.c.personal_number)
Index("cards_on_chip", cards.c.uid)
Index(
    "cards_not_valid",
    cards.c.card_index,
    cards.c.status,
    sqlite_where=cards.c.status != 0,
    postgresql_where=cards.c.status != 0,
)
sites = Table(
    "sites",
    tables,
    Column("site", BigInteger, primary_key=True, autoincrement=False),
    Column("policy", LargeBinary, nullable=False),  # the documents as they are published
    Column("tariffs", LargeBinary, nullable=False),
)
site_companies = Table(
    "site_companies",
    tables,
    Column("site", ForeignKey(sites.c.site), primary_key=True),
    Column("company_index", ForeignKey(companies.c.company_index), primary_key=True),
)
visits = Table(
    "visits",
    tables,
    Column("site", ForeignKey(sites.c.site), primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("company_index", ForeignKey(companies.c.company_index), nullable=False),
    Column("zone", Integer),
    Column("begins", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
)
audit = Table(
    "audit",
    tables,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("why", Text, nullable=False),
)
published = Table(
    "published",
    tables,
    Column("path", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
schema_version = Table("schema_version", MetaData(), Column("version", Integer, nullable=False))

MIGRATIONS: tuple[Callable[[sa.Connection], None], ...] = (
    tables.create_all,
    journal_tables.create_all,
    extend_alarms,
    announced_tables.create_all,
    command_tables.create_all,
    settlement_tables.create_all,
    standing_tables.create_all,
    stay_tables.create_all,
)
"""What each version adds to the one before. A migration and the note that it ran share a transaction."""


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes something, why and when; stands in the audit table beside what was changed."""

    who: str
    why: str
    at: datetime


def note(connection: sa.Connection, change: Change, what: str, subject: str) -> None:
    """Write down a change, in the transaction that makes it."""
    row = {"at": int(change.at.timestamp()), "who": change.who, "why": change.why, "what": what, "subject": subject}
    connection.execute(audit.insert().values(row))


class Unstorable(StorageError):
    """What was brought does not fit this database, or what stands there is damaged: trying again does not help."""


class Database:
    """A database of headquarters that is up to date."""

    def __init__(self, where: Path | str, *, wait_for_others_s: float = WAIT_FOR_OTHERS_S) -> None:
        """Open the SQLite file at a path, made when it is missing, mode 0600; or what is at a `postgresql://` address.

        Brings its tables up to date. What another process holds for longer than `wait_for_others_s` is an error.

        Raises:
            ConfigurationError: no address, or one of another kind of database.
            StorageError: it cannot be opened, is no database, or was written by a newer version.
        """
        if isinstance(where, Path):
            self._name, self._engine = str(where), _file(where, wait_for_others_s)
        else:
            self._name, self._engine = _server(where, wait_for_others_s)
        try:
            with self.transaction() as connection:
                _migrate(connection, self._name)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self, *, read_only: bool = False, alone: bool = True) -> Iterator[sa.Connection]:
        """One transaction: committed and durable when the block ends, undone when it raises.

        May block for another that changes something; a read-only one sees one moment throughout, and neither waits nor
        makes others wait. Who is not `alone` locks by himself what he changes: on PostgreSQL others change meanwhile.

        Raises:
            Unstorable: a value does not fit.
            StorageError: the disk or the database is at fault, or another process held it for too long.
        """
        try:
            with self._engine.connect() as connection:
                connection.execution_options(**{_READ_ONLY: read_only, _ALONE: alone})
                with connection.begin():
                    yield connection
        except (sa.exc.DataError, sa.exc.IntegrityError) as error:
            raise Unstorable(f"{self._name}: the register does not hold it: {error.orig}") from error
        except sa.exc.DBAPIError as error:
            raise StorageError(f"{self._name}: the register fails: {error.orig}") from error

    def close(self) -> None:
        """Let go of it."""
        self._engine.dispose()


def _file(path: Path, wait_for_others_s: float) -> sa.Engine:
    try:
        path.touch(mode=0o600)
    except OSError as error:
        raise StorageError(f"{path}: the register cannot be opened: {error.strerror}") from error
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": wait_for_others_s})
    sa.event.listen(engine, "connect", _prepare_file)
    sa.event.listen(engine, "begin", _begin_in_file)
    return engine


def _server(address: str, wait_for_others_s: float) -> tuple[str, sa.Engine]:
    try:
        url = sa.make_url(address)
        if url.get_backend_name() != "postgresql":
            raise ConfigurationError(f"a database of {url.get_backend_name()}: it wants a file, or PostgreSQL")
        url = url.set(drivername="postgresql+psycopg")
        bound = {"options": f"-c lock_timeout={round(1000 * wait_for_others_s)}", "connect_timeout": CONNECT_S}
        engine = sa.create_engine(url, connect_args=bound)
    except (sa.exc.ArgumentError, ValueError):  # its text may hold a password
        raise ConfigurationError("the database's address is none; it wants postgresql://USER@HOST/NAME") from None
    except ImportError:
        raise ConfigurationError("PostgreSQL wants the Python package psycopg beside this one") from None
    sa.event.listen(engine, "begin", _begin_at_server)
    return url.render_as_string(hide_password=True), engine


def _prepare_file(connection: sa.engine.interfaces.DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # sqlite3 begins no transaction by itself: it would leave out DDL
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_in_file(connection: sa.Connection) -> None:
    read_only = connection.get_execution_options()[_READ_ONLY]
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _begin_at_server(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if options[_READ_ONLY]:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    elif options[_ALONE]:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})")


def _migrate(connection: sa.Connection, name: str) -> None:
    schema_version.create(connection, checkfirst=True)
    version = connection.scalar(sa.select(sa.func.max(schema_version.c.version))) or 0
    if version > len(MIGRATIONS):
        raise StorageError(f"{name}: the register was written by a newer version of this software; use that one")
    for number, migrate in enumerate(MIGRATIONS[version:], start=version + 1):
        migrate(connection)
        connection.execute(schema_version.insert().values(version=number))
