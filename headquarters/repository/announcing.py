"""What is published, as retained messages (design 7, 'MQTT 5'; docs/repository.md, 'Over MQTT').

    tree → messages → what the broker should hold → steps → broker

A message's topic says which file it is; a file keeps its topic for ever and a newer one takes its place. Only pieces
of large files have topics that come and go. Those that are superseded are cleared, and to know them again after a
restart everything that is announced is remembered in the database before it goes out.

**Never two whole versions of a file.** Whoever subscribes gets what lies there in no order, so he could not tell the
older from the newer. The last piece of a new version therefore waits until the old one is cleared.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum, auto
from hashlib import sha256

import sqlalchemy as sa

from headquarters.database import Database
from headquarters.tables.announced import announced
from terminal.core.topics import MAX_WHOLE_BYTES, Piece, RepositoryTopic, read_repository

KEPT_S = 30 * 24 * 3600
"""A superseded topic is cleared at each connect for so long: a broker that was killed may have it again."""
_CLEARED = b""

Messages = Mapping[RepositoryTopic, bytes]
"""What a broker should hold, by topic; empty: nothing."""


class Step(IntEnum):
    """When a message goes out: each step begins once the broker has taken the one before."""

    BEGUN = auto()
    """Large files, all but the last piece of each."""
    SUPERSEDED = auto()
    TARGETS = auto()
    ROLES = auto()
    SNAPSHOT = auto()
    TIMESTAMP = auto()


def step_of(topic: RepositoryTopic, body: bytes) -> Step:
    """The order of `publisher.mirror_files`: what is signed before what signs it."""
    if not body:
        return Step.SUPERSEDED
    if topic.piece is not None and topic.piece.n < topic.piece.count - 1:
        return Step.BEGUN
    match topic.name:
        case "timestamp.json":
            return Step.TIMESTAMP
        case "snapshot.json":
            return Step.SNAPSHOT
        case name if name.endswith(".json") and "/" not in name:
            return Step.ROLES
        case _:
            return Step.TARGETS


def messages_of(files: Mapping[str, bytes]) -> dict[RepositoryTopic, bytes]:
    """The messages that a tree is, by its paths `shared/<name>` and `sites/<number>/<name>`."""
    messages: dict[RepositoryTopic, bytes] = {}
    for path, content in files.items():
        where, _, rest = path.partition("/")
        number, _, name = (None, "", rest) if where == "shared" else rest.partition("/")
        site = None if number is None else int(number)
        if len(content) <= MAX_WHOLE_BYTES:
            messages[RepositoryTopic(site, name)] = content
            continue
        digest, count = sha256(content).hexdigest(), -(-len(content) // MAX_WHOLE_BYTES)
        for n in range(count):
            piece = content[n * MAX_WHOLE_BYTES : (n + 1) * MAX_WHOLE_BYTES]
            messages[RepositoryTopic(site, name, Piece(digest, count, n))] = piece
    return messages


def what_to_announce(database: Database, files: Mapping[str, bytes], now_s: int) -> Messages:
    """All that the broker should hold of this tree, with what it should hold no longer. Remembered when it returns.

    Raises:
        StorageError: the database fails; nothing must go out.
    """
    messages = messages_of(files)
    names = {str(topic) for topic in messages}
    with database.transaction() as connection:
        known = {row.topic: row.superseded_at for row in connection.execute(sa.select(announced))}
        if new := names - known.keys():
            connection.execute(announced.insert(), [{"topic": name} for name in sorted(new)])
        gone = known.keys() - names
        _mark(connection, (name for name in gone if known[name] is None), now_s)
        _mark(connection, (name for name in names & known.keys() if known[name] is not None), None)
    cleared = {topic: _CLEARED for name in sorted(gone) if (topic := read_repository(name)) is not None}
    return messages | cleared


def forget_superseded(database: Database, now_s: int) -> None:
    """Forget what was superseded long ago; for whoever has just cleared it once more.

    Raises:
        StorageError: the database fails.
    """
    with database.transaction() as connection:
        connection.execute(announced.delete().where(announced.c.superseded_at < now_s - KEPT_S))


def _mark(connection: sa.Connection, names: Iterable[str], superseded_at: int | None) -> None:
    if rows := [{"name": name} for name in sorted(names)]:
        where = announced.c.topic == sa.bindparam("name")
        connection.execute(announced.update().where(where).values(superseded_at=superseded_at), rows)
