"""What makes mosquitto the broker of these terminals: configuration, access list, certificates (docs/broker.md).

There are two listeners, each with an authority of its own. At the terminals' the name in the certificate is user and
client identifier in one, so that no terminal can take over the session of another. At headquarters' any number of
processes use one certificate, each with an identifier of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from headquarters.broker.authority import CERTIFICATE, KEY, Authority, Issued, load_authority, make_authority
from headquarters.broker.settings import FILE
from headquarters.database import Change, Database, note
from headquarters.files import write_aside
from headquarters.tables.journal import terminals
from terminal.core import topics
from terminal.core.journal import is_terminal_name
from terminal.errors import ConfigurationError

HEADQUARTERS = "xs_headquarters"
"""Headquarters' name in its certificate: the underscore keeps it from being a terminal's."""
CONFIGURATION = "mosquitto.conf"
ACCESS_LIST = "acl"
LEAF_DAYS = 2 * 365
MAX_MESSAGE_BYTES = 256 * 1024
MAX_PACKET_BYTES = MAX_MESSAGE_BYTES + 1024
"""With topic and properties. A client is told, and a larger one ends its connection."""
MAX_QUEUED_MESSAGES = 5_000
"""For each client that is away: a day has 288 renewals of the lists, each of five files."""
MAX_QUEUED_BYTES = 16 * 1024 * 1024
KEEP_SESSIONS = "30d"

TERMINAL_WRITES: tuple[topics.Leaf, ...] = ("journal", "head", "presence")
TERMINAL_READS: tuple[topics.Leaf, ...] = ("ack", "replay", "command", "head")
"""Its own head too: what lies there tells a restored image that it had been further."""
HEADQUARTERS_WRITES: tuple[topics.Leaf, ...] = ("ack", "replay", "command")
HEADQUARTERS_READS: tuple[topics.Leaf, ...] = ("journal", "head", "presence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where the broker listens: on this `address` or on all. `user` is whom it becomes when root runs it."""

    terminals_port: int = 8883
    headquarters_port: int = 8884
    address: str | None = None
    user: str | None = None


def configuration(folder: Path, listening: Listening) -> str:
    """The text of mosquitto.conf (mosquitto 2.0) for a broker whose files lie in `folder`."""
    address = "" if listening.address is None else f" {listening.address}"
    lines = [
        "# Written by `xs-headquarters broker init`, which overwrites it.",
        *([] if listening.user is None else [f"user {listening.user}"]),
        "log_dest stderr",
        *(f"log_type {kind}" for kind in ("error", "warning", "notice", "information")),
        "log_timestamp_format %Y-%m-%dT%H:%M:%S",
        "allow_anonymous false",
        f"acl_file {folder / ACCESS_LIST}",
        f"max_packet_size {MAX_PACKET_BYTES}",
        "max_inflight_messages 20",
        f"max_queued_messages {MAX_QUEUED_MESSAGES}",
        f"max_queued_bytes {MAX_QUEUED_BYTES}",
        "max_keepalive 120",
        "queue_qos0_messages false",
        "set_tcp_nodelay true",
        "sys_interval 0",
        f"persistent_client_expiration {KEEP_SESSIONS}",
        "persistence true",
        f"persistence_location {folder / 'data'}/",
        "autosave_interval 60",
    ]
    for port, authority, more in (
        (listening.terminals_port, "ca.pem", ["use_username_as_clientid true"]),
        (listening.headquarters_port, "headquarters-ca.pem", []),
    ):
        lines += [
            f"listener {port}{address}",
            f"cafile {folder / authority}",
            f"certfile {folder / 'certificate.pem'}",
            f"keyfile {folder / 'key.pem'}",
            "tls_version tlsv1.3",
            "require_certificate true",
            "use_identity_as_username true",
            "allow_zero_length_clientid false",
            *more,
        ]
    return "\n".join(lines) + "\n"


def access_list(registered: Iterable[tuple[str, int]]) -> str:
    """The text of the access list for these terminals, each with its site. Who is not in it may do nothing."""
    lines = ["# Written by `xs-headquarters broker acl` from the register.", f"user {HEADQUARTERS}"]
    lines += [f"topic read {topics.of_all(leaf)}" for leaf in HEADQUARTERS_READS]
    lines += [f"topic write {topics.of_all(leaf)}" for leaf in HEADQUARTERS_WRITES]
    lines += [f"topic write {topics.stays_pages()}", f"topic readwrite {topics.ROOT}/repo/#"]
    for terminal, site in registered:
        lines.append(f"user {terminal}")
        lines += [f"topic write {topics.own(terminal, leaf)}" for leaf in TERMINAL_WRITES]
        lines += [f"topic read {topics.own(terminal, leaf)}" for leaf in TERMINAL_READS]
        lines.append(f"topic read {topics.stays_pages(terminal)}")
        lines += [f"topic read {topics.repository(where)}#" for where in (None, site)]
    return "\n".join(lines) + "\n"


def write_access_list(database: Database, folder: Path) -> int:
    """Write the access list of the terminals that are registered and not retired; says how many. Restart afterwards.

    Raises:
        StorageError: it cannot be written, or the database is at fault.
    """
    query = sa.select(terminals.c.terminal, terminals.c.site).where(terminals.c.retired_at.is_(None))
    with database.transaction(read_only=True) as connection:
        rows = connection.execute(query.order_by(terminals.c.terminal)).all()
    write_aside(folder / ACCESS_LIST, access_list((row.terminal, row.site) for row in rows).encode(), mode=0o640)
    return len(rows)


def write_broker(
    headquarters: Path, folder: Path, hosts: Sequence[str], *, listening: Listening, now: datetime, days: int
) -> None:
    """Write all that a broker needs but the access list into `folder`, and into headquarters' folder how to reach it.

    The authorities are made where they are missing; certificates are issued anew each time.

    Raises:
        ConfigurationError: a host is none, or the authorities' files have mistakes.
        StorageError: something cannot be written.
    """
    folder = folder.absolute()
    ours, theirs = (_authority(headquarters, which, now) for which in ("headquarters", "terminals"))
    broker = theirs.server(hosts, now=now, days=days)
    write_aside(folder / "headquarters-ca.pem", ours.pem)
    broker.write(folder, theirs.pem)
    ours.client(HEADQUARTERS, now=now, days=days).write(headquarters / "broker", theirs.pem)
    (folder / "data").mkdir(mode=0o700, exist_ok=True)
    write_aside(folder / CONFIGURATION, configuration(folder, listening).encode())
    write_aside(headquarters / FILE, _address(hosts[0], listening.headquarters_port).encode())


def terminal_certificate(
    headquarters: Path, database: Database, terminal: str, request: bytes | None, change: Change, *, days: int
) -> tuple[Issued, bytes]:
    """Issue a certificate to a registered terminal, for a key in its `request` or for a new one; and its authority's.

    Raises:
        ConfigurationError: the terminal is not registered or retired, or the request is not to be granted.
    """
    authority = load_authority(_authority_folder(headquarters, "terminals"))
    with database.transaction() as connection:
        row = connection.execute(sa.select(terminals).where(terminals.c.terminal == terminal)).one_or_none()
        if row is None or not is_terminal_name(terminal):
            raise ConfigurationError(f"terminal {terminal} is not registered; add it first (terminal add)")
        if row.retired_at is not None:
            raise ConfigurationError(f"terminal {terminal} is retired; it gets no certificate")
        if request is None:
            issued = authority.client(terminal, now=change.at, days=days)
        else:
            issued = authority.client_by_request(terminal, request, now=change.at, days=days)
        note(connection, change, "certificate issued", terminal)
    return issued, authority.pem


def _authority(headquarters: Path, which: str, now: datetime) -> Authority:
    folder = _authority_folder(headquarters, which)
    if (folder / KEY).exists() or (folder / CERTIFICATE).exists():
        return load_authority(folder)
    return make_authority(folder, f"XS {which}", now)


def _authority_folder(headquarters: Path, which: str) -> Path:
    return headquarters / "authority" / which


def _address(host: str, port: int) -> str:
    files = "".join(f'{name} = "broker/{file}.pem"\n' for name, file in
                    (("ca", "ca"), ("certificate", "certificate"), ("key", "key")))  # fmt: skip
    return f'host = "{host}"\nport = {port}\n{files}'
