"""What a terminal is told of the stays of its site: signed pages, each number once (docs/mqtt.md, 'Stays')."""

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from headquarters.stays.account import PaidStay
from headquarters.tables.journal import terminals
from headquarters.tables.stays import stays_told
from terminal.core.known_stays import MAX_PAGES, MAX_STAYS_A_PAGE, pages_of
from terminal.core.topics import stays_page

MAX_STAYS = MAX_PAGES * MAX_STAYS_A_PAGE


def terminals_by_site(connection: sa.Connection) -> dict[int, list[str]]:
    """The terminals that are in use."""
    query = sa.select(terminals.c.site, terminals.c.terminal).where(terminals.c.retired_at.is_(None))
    found: dict[int, list[str]] = {}
    for site, terminal in connection.execute(query.order_by(terminals.c.terminal)):
        found.setdefault(site, []).append(terminal)
    return found


def messages_to(
    connection: sa.Connection,
    terminal: str,
    told: list[tuple[bytes, PaidStay]],
    *,
    key: Ed25519PrivateKey,
    now_ms: int,
    salt: bytes,
) -> list[tuple[str, bytes]]:
    """Topic and body of each page of a new number, and empty bodies where pages of before may lie.

    The number is the clock's where that is ahead: a database that was brought back gives none a second time. Of more
    stays than all pages hold, those that entered first are left out.
    """
    this = stays_told.c.terminal == terminal
    before = connection.execute(sa.select(stays_told).where(this)).one_or_none()
    number = now_ms if before is None else max(now_ms, before.number + 1)
    newest = sorted(told, key=lambda each: each[1].entered_ms)[-MAX_STAYS:]
    stays = [(card_number, stay.told()) for card_number, stay in newest]
    pages = pages_of(stays, terminal=terminal, number=number, issued_ms=now_ms, salt=salt)
    values = {"number": number, "pages": max(len(pages), 0 if before is None else before.pages)}
    if before is None:
        connection.execute(stays_told.insert().values(terminal=terminal, **values))
    else:
        connection.execute(stays_told.update().where(this).values(**values))
    found = [(stays_page(terminal, page.page), page.signed(key)) for page in pages]
    return found + [(stays_page(terminal, each), b"") for each in range(len(pages), values["pages"])]
