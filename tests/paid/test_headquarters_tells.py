"""A stay that only headquarters still knows of: from the entry's journal, over a signed page, to the exit's price."""

from base64 import b64encode
from datetime import UTC, datetime

from demonstration.office import SITE
from headquarters.database import Change, Database
from headquarters.journal.collecting import Collector
from headquarters.journal.commands import command_key
from headquarters.journal.cosigner import load_cosigner
from headquarters.journal.terminals import Terminals
from headquarters.keys import load_sealing_key
from headquarters.stays.book import Book, tellable
from headquarters.stays.telling import messages_to
from terminal.core.charge import Flag, StayId
from terminal.core.known_stays import SALT_BYTES
from tests.paid.day import Day
from tests.scenes.gate import JOURNAL_KEY
from tests.tap.site import Site


def journal_arrives(of: Day, database: Database, hq: Site) -> None:
    """That of the entry lane, at headquarters."""
    keys, now_s = hq.keys_of_headquarters, int(of.way_in.stage.now_ms // 1000)
    change = Change("installer", "the park opens", datetime.fromtimestamp(now_s, UTC))
    for terminal in ("gate-1", "gate-2"):
        Terminals(database).add(terminal, SITE, JOURNAL_KEY.public_key().public_bytes_raw(), change)
    Collector(database, load_cosigner(keys)).collect("gate-1", of.way_in.stage.gate.batch(), now_s)
    Book(database, load_sealing_key(keys.sealing)).round(now_s * 1000)


def told_to_the_exit(of: Day, database: Database, hq: Site, to: str = "gate-2") -> list[str]:
    """The pages that go to the exit's terminal, as sync hands them over."""
    now_ms = int(of.way_in.stage.now_ms)
    with database.transaction() as connection:
        found = tellable(connection, SITE, now_ms)
        key = command_key(hq.keys_of_headquarters)
        pages = messages_to(connection, to, found, key=key, now_ms=now_ms, salt=bytes(SALT_BYTES))
    return [b64encode(body).decode() for _, body in pages]


def test_exit_prices_by_what_headquarters_learnt_of_the_entry_when_the_card_has_lost_it(
    day: Day,
    headquarters: Database,
    day_site: Site,
) -> None:
    entry = day.way_in.drives_in("els")
    journal_arrives(day, headquarters, day_site)
    answers = [day.known.take(page) for page in told_to_the_exit(day, headquarters, day_site)]
    assert [answer["result"] for answer in answers] == ["known"]
    day.loses_his_stay("els")
    day.at(11, 30)
    charge = day.leaves("els")
    assert (charge.amount_cents, charge.flags) == (900, ())  # 5 h 30: six hours begun, by the entry at 6:00
    assert entry.key is not None
    stay = StayId(day.way_in.epoch[:4], entry.key.sequence)
    assert charge.stay == stay
    told = f"inside {stay.epoch.hex()}/{stay.sequence} 0"
    assert charge.sources == {"card": "blank", "terminal": "none", "headquarters": told}


def test_exit_with_the_line_cut_charges_nothing_and_lets_him_out(
    day: Day,
    headquarters: Database,
    day_site: Site,
) -> None:
    day.way_in.drives_in("els")
    journal_arrives(day, headquarters, day_site)
    told_to_the_exit(day, headquarters, day_site)  # and nothing of it arrives
    day.loses_his_stay("els")
    day.at(11, 30)
    charge = day.leaves("els")
    assert (charge.amount_cents, charge.flags) == (0, (Flag.ENTRY_UNKNOWN,))


def test_page_for_another_terminal_tells_the_exit_nothing(
    day: Day,
    headquarters: Database,
    day_site: Site,
) -> None:
    day.way_in.drives_in("els")
    journal_arrives(day, headquarters, day_site)
    pages = told_to_the_exit(day, headquarters, day_site, to="gate-1")
    assert [day.known.take(page).get("why") for page in pages] == ["other-terminal"]
    day.loses_his_stay("els")
    day.at(11, 30)
    assert day.leaves("els").flags == (Flag.ENTRY_UNKNOWN,)
