"""Commands to terminals: ordered and signed here, carried by any collector, answered by an entry (docs/adr/0032).

Of the open commands of a terminal only the one with the lowest number is on its topic, so that they are carried out in
order: the terminal refuses a number that is not greater than the last. It stays there until its answer is stored or it
ends. Headquarters erases its own copy when it orders.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from headquarters.database import Change, Database, note
from headquarters.journal.cosigner import known_issuers
from headquarters.journal.reading import MAX_WHY, MIN_WHY, shown_key, stored_entry
from headquarters.keys import KeyFolder
from headquarters.tables.commands import commands
from headquarters.tables.journal import entries, epochs, terminals
from terminal.core.command import MAX_ERASED, Command, Erase
from terminal.core.journal import COMMAND, EntryKey, Record
from terminal.core.merkle import MAX_SIZE
from terminal.errors import ConfigurationError

LASTS_S = 90 * 24 * 3600
"""A terminal that is away for longer is to be ordered anew; `terminal commands` shows what it has missed."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """A command as it stands here."""

    terminal: str
    number: int
    what: str
    ordered_at: int
    ends_at: int
    answered_at: int | None
    answered_by: EntryKey | None
    answer: str | None

    def state(self, now_s: int) -> str:
        """`answered`, `expired` or `open`."""
        if self.answered_at is not None:
            return "answered"
        return "expired" if self.ends_at <= now_s else "open"


def command_key(keys: KeyFolder) -> Ed25519PrivateKey:
    """The key that signs commands.

    Raises:
        KeyFileError: the key is missing or no key.
        ConfigurationError: `issuers.json` does not name it, so that no gate would believe it.
    """
    key = keys.signing("command")
    if key.public.hex() not in {known.key for known in known_issuers(keys).commands}:
        raise ConfigurationError(f"{keys.issuers}: names no command key {key.public.hex()}; gates would not believe it")
    return key.private


def order_erasure(
    database: Database, key: Ed25519PrivateKey, which: Sequence[EntryKey], change: Change
) -> list[Ordered]:
    """Erase the sealed parts of these entries here, and order their terminals to. Durable when it returns.

    Raises:
        ConfigurationError: one of them is not here, its terminal is retired, or no reason was given.
    """
    if not MIN_WHY <= len(change.why.strip()) <= MAX_WHY:
        raise ConfigurationError(f"erasing wants a reason of {MIN_WHY} to {MAX_WHY} characters (--reason)")
    now_s = int(change.at.timestamp())
    ordered: list[Ordered] = []
    with database.transaction() as connection:
        for each in which:
            stored_entry(connection, each)
        wanted = sorted(set(which), key=lambda each: (each.terminal, each.epoch, each.sequence))
        for (terminal, epoch), its in groupby(wanted, key=lambda each: (each.terminal, each.epoch)):
            numbers = [each.sequence for each in its]
            for begin in range(0, len(numbers), MAX_ERASED):
                chunk = tuple(numbers[begin : begin + MAX_ERASED])
                _erase(connection, terminal, epoch, chunk)
                ordered.append(_order(connection, key, terminal, Erase(epoch, chunk), now_s))
                subject = ", ".join(shown_key(EntryKey(terminal, epoch, each)) for each in chunk)
                note(connection, change, "sealed parts erased", f"{subject} (command {ordered[-1].number})")
    return ordered


def all_commands(connection: sa.Connection, terminal: str) -> list[Ordered]:
    """The commands to a terminal, oldest first.

    Raises:
        ConfigurationError: there is no such terminal.
    """
    if connection.scalar(sa.select(terminals.c.terminal).where(terminals.c.terminal == terminal)) is None:
        raise ConfigurationError(f"terminal {terminal} is not registered")
    query = sa.select(commands).where(commands.c.terminal == terminal).order_by(commands.c.number)
    return [_ordered(row) for row in connection.execute(query)]


def to_publish(connection: sa.Connection, now_s: int) -> list[tuple[str, bytes]]:
    """What belongs on each terminal's topic now: its command with the lowest number that is open; empty: none."""
    answered = commands.c.answered_at.is_not(None)
    is_open = ~answered & (commands.c.ends_at > now_s) & terminals.c.retired_at.is_(None)
    query = sa.select(commands.c.terminal, sa.func.min(sa.case((is_open, commands.c.number)))).join(terminals)
    found: list[tuple[str, bytes]] = []
    for terminal, number in connection.execute(query.group_by(commands.c.terminal).order_by(commands.c.terminal)).all():
        this = (commands.c.terminal == terminal) & (commands.c.number == number)
        body = None if number is None else connection.scalar(sa.select(commands.c.body).where(this))
        found.append((terminal, body or b""))
    return found


def note_answer(connection: sa.Connection, journal: tuple[str, bytes], record: Record, now_s: int) -> None:
    """A new entry is stored that answers a command: keep that, in the transaction that stores it."""
    number = record.public.get(COMMAND)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < MAX_SIZE:
        return
    terminal, epoch = journal
    facts = [f"{name} {value}" for name in ("count", "missing") if isinstance(value := record.public.get(name), int)]
    this = (commands.c.terminal == terminal) & (commands.c.number == number) & commands.c.answered_at.is_(None)
    values = {"answered_at": now_s, "answered_epoch": epoch, "answered_sequence": record.sequence}
    connection.execute(commands.update().where(this).values(**values, answer=", ".join(facts)[:200]))


def _order(connection: sa.Connection, key: Ed25519PrivateKey, terminal: str, order: Erase, now_s: int) -> Ordered:
    retired = sa.select(terminals.c.retired_at).where(terminals.c.terminal == terminal)
    if connection.scalar(retired) is not None:
        raise ConfigurationError(f"terminal {terminal} is retired: it can be ordered nothing any more")
    last = connection.scalar(sa.select(sa.func.max(commands.c.number)).where(commands.c.terminal == terminal))
    # From the clock, so that a database that was brought back does not give the numbers of lost commands again.
    number = max(now_s, (last or 0) + 1)
    command = Command(terminal=terminal, number=number, ends_s=now_s + LASTS_S, order=order)
    what = f"erase {len(order.sequences)} of epoch {order.epoch.hex()}"
    row = {"terminal": terminal, "number": number, "what": what, "body": command.signed(key)}
    connection.execute(commands.insert().values(**row, ordered_at=now_s, ends_at=command.ends_s))
    return Ordered(terminal, number, what, now_s, command.ends_s, None, None, None)


def _erase(connection: sa.Connection, terminal: str, epoch: bytes, numbers: Sequence[int]) -> None:
    journal = sa.select(epochs.c.epoch_id).where((epochs.c.terminal == terminal) & (epochs.c.epoch == epoch))
    which = (entries.c.epoch_id == journal.scalar_subquery()) & entries.c.sequence.in_(numbers)
    connection.execute(entries.update().where(which).values(sealed=None))


def _ordered(row: "sa.Row[*tuple[object, ...]]") -> Ordered:
    epoch = row.answered_epoch
    by = None if epoch is None else EntryKey(row.terminal, epoch, row.answered_sequence)
    return Ordered(row.terminal, row.number, row.what, row.ordered_at, row.ends_at, row.answered_at, by, row.answer)
