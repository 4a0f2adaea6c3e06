import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from headquarters.database import MIGRATIONS, Database, audit
from headquarters.register import card_statuses, company_statuses
from terminal.core.revocation import CardStatus, CompanyStatus
from terminal.errors import ConfigurationError, StorageError
from tests.headquarters.conftest import JANSEN, PIETERS, Office
from tests.headquarters.side_by_side import indices_given_out


def _audited(office: Office) -> list[tuple[str, str, str]]:
    with office.database.transaction(read_only=True) as connection:
        rows = connection.execute(sa.select(audit).order_by(audit.c.id))
        return [(row.who, row.what, row.subject) for row in rows]


def test_new_card_is_not_activated_until_somebody_activates_it(office: Office) -> None:
    card = office.issued(1)
    assert (card.status, card.card_index, len(card.card_number)) == (CardStatus.NOT_ACTIVATED, 0, 8)
    office.register.set_card_status(card.card_number, CardStatus.VALID, office.change)
    stored = office.register.card(card.card_number)
    assert stored == replace(card, status=CardStatus.VALID, issued_at=int(office.now.timestamp()))


def test_card_that_was_never_finished_cannot_be_activated(office: Office) -> None:
    card = office.allocated(1)
    with pytest.raises(ConfigurationError, match="never finished; issue it first"):
        office.register.set_card_status(card.card_number, CardStatus.VALID, office.change)
    assert office.register.card(card.card_number) == card


def test_issue_that_broke_off_goes_on_with_the_same_card(office: Office) -> None:
    first = office.allocated(1)
    office.later(hours=1)
    assert office.allocated(1) == first
    office.register.issued(first.card_number, office.change)
    with pytest.raises(ConfigurationError, match=f"this chip holds card {first.card_number.hex()}; retire that one"):
        office.allocated(1)


def test_issue_that_broke_off_for_somebody_else_blocks_that_card_first(office: Office) -> None:
    first = office.allocated(1, personal_number=7)
    second = office.allocated(1, personal_number=8)
    assert second.card_index == first.card_index + 1
    before = office.register.card(first.card_number)
    assert before is not None
    assert (before.status, before.retired_at) == (CardStatus.BLOCKED, int(office.now.timestamp()))
    assert office.register.card_on_chip(second.uid) == second


def test_retired_card_stays_blocked_and_its_chip_and_not_its_index_is_used_again(office: Office) -> None:
    first = office.issued(1)
    office.register.retire(first.card_number, office.change)
    office.register.retire(first.card_number, office.change)
    with pytest.raises(ConfigurationError, match="retired and stays blocked"):
        office.register.set_card_status(first.card_number, CardStatus.VALID, office.change)
    second = office.issued(1)
    assert (second.card_index, second.uid) == (1, first.uid)
    assert office.register.cards_of_person(JANSEN, 7) == (office.register.card(second.card_number),)


def test_personal_number_stands_in_no_repr(office: Office) -> None:
    assert "918273" not in repr(office.allocated(1, personal_number=918273))


def test_company_is_registered_once_and_with_a_right_ean(office: Office) -> None:
    with pytest.raises(ConfigurationError, match="registered already"):
        office.register.add_company(JANSEN, "Jansen", office.change)
    with pytest.raises(ConfigurationError, match="is no EAN"):
        office.register.add_company(JANSEN[:-1] + "7", "Jansen", office.change)
    with pytest.raises(ConfigurationError, match="1 to 200 characters"):
        office.register.add_company(PIETERS, "", office.change)
    assert office.register.add_company(PIETERS, "P", office.change).company_index == 1


def test_card_of_an_unknown_company_is_refused(office: Office) -> None:
    with pytest.raises(ConfigurationError, match=f"company {PIETERS} is not registered; add it first"):
        office.allocated(1, ean=PIETERS)


def test_lists_are_made_of_everything_given_out(office: Office) -> None:
    office.register.add_company(PIETERS, "Pieters", office.change)
    office.register.set_company_status(PIETERS, CompanyStatus.ARREARS, office.change)
    numbers = [office.issued(chip).card_number for chip in range(4)]
    for number, status in zip(numbers, CardStatus, strict=True):
        office.register.set_card_status(number, status, office.change)
    with office.database.transaction(read_only=True) as connection:
        cards, companies = card_statuses(connection), company_statuses(connection)
        assert (cards.size, sorted(map(tuple, cards.not_valid))) == (4, [(1, 1), (2, 2), (3, 3)])
        assert (companies.size, sorted(map(tuple, companies.not_valid))) == (2, [(1, 2)])


def test_publishing_does_not_look_at_every_valid_card(office: Office) -> None:
    statements: list[str] = []
    with office.database.transaction(read_only=True) as connection:
        sa.event.listen(connection, "before_cursor_execute", lambda *call: statements.append(call[2]))
        card_statuses(connection)
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all() for statement in statements[:2]]
    assert any("USING COVERING INDEX cards_not_valid" in str(plan) for plan in plans), plans


def test_every_change_says_who_did_it(office: Office) -> None:
    card = office.issued(1)
    office.register.set_card_status(card.card_number, CardStatus.SUSPENDED, office.change)
    office.register.set_company_status(JANSEN, CompanyStatus.ENDED, office.change)
    number = card.card_number.hex()
    assert _audited(office) == [
        ("tester", "company added", JANSEN),
        ("tester", "card allocated", number),
        ("tester", "card issued", number),
        ("tester", "card suspended", number),
        ("tester", "company ended", JANSEN),
    ]


def test_change_that_fails_leaves_no_trace(office: Office) -> None:
    before = _audited(office)
    with pytest.raises(ConfigurationError, match="is not registered"):
        office.register.set_card_status(bytes(8), CardStatus.BLOCKED, office.change)
    assert _audited(office) == before


def test_two_offices_at_one_register_give_out_different_indices(office: Office) -> None:
    other = replace(office, database=Database(office.keys.path / "register.db"))
    assert indices_given_out(office, other) == list(range(40))
    other.database.close()


def test_long_list_on_a_screen_keeps_nobody_from_blocking_a_card(office: Office) -> None:
    cards = [office.issued(chip) for chip in range(3)]
    with office.register.all_cards() as listed:
        assert next(listed).card_index == 0
        office.register.set_card_status(cards[2].card_number, CardStatus.BLOCKED, office.change)
        assert [card.card_index for card in listed] == [1, 2]
    with office.register.all_cards(status=CardStatus.BLOCKED) as blocked:
        assert [card.card_index for card in blocked] == [2]
    with office.register.all_cards(ean=JANSEN) as of_company:
        assert len(list(of_company)) == 3


def test_register_of_a_newer_version_is_left_alone(office: Office) -> None:
    path = office.keys.path / "register.db"
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO schema_version VALUES (?)", (len(MIGRATIONS) + 1,))
    connection.close()
    with pytest.raises(StorageError, match="written by a newer version"):
        Database(path)


def test_file_that_is_no_register_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    path.write_bytes(b"a letter to the bank, and no database" * 50)
    with pytest.raises(StorageError, match="the register fails: file is not a database"):
        Database(path)
    with pytest.raises(StorageError, match="cannot be opened: No such file"):
        Database(tmp_path / "nowhere" / "register.db")


def test_register_stays_as_it_is_when_opened_again(office: Office) -> None:
    card = office.issued(1)
    office.database.close()
    again = replace(office, database=Database(office.keys.path / "register.db"))
    assert again.register.card(card.card_number) is not None
    assert (office.keys.path / "register.db").stat().st_mode & 0o077 == 0
    again.database.close()
