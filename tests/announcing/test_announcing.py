"""What is published, over a real broker to the gate's own trust code."""

from collections.abc import Callable
from pathlib import Path

import pytest

from headquarters.repository.announcing import Step, messages_of, step_of
from headquarters.repository.publisher import mirror_files
from terminal.core.revocation import CardStatus
from terminal.core.topics import RepositoryTopic
from terminal.trust.status_list import Changes
from tests.announcing.support import Gate, Publisher, Receiver, many_cards, stored
from tests.headquarters.conftest import Office

Receive = Callable[..., Receiver]
CHANGES = RepositoryTopic(None, "revocation/cards-changes")


def test_card_blocked_in_the_register_is_refused_at_the_gate(
    office: Office, publisher: Publisher, receive: Receive, tmp_path: Path
) -> None:
    office.site(4711)
    card = office.issued(1)
    office.register.set_card_status(card.card_number, CardStatus.VALID, office.change)
    gate, receiver = Gate(office, tmp_path / "gate"), receive("gate-1")
    publisher.until_announced()
    receiver.until_has(stored(office))
    rules = gate.refreshed(receiver).rules
    assert rules is not None
    assert rules.cards.status(card.card_index) == CardStatus.VALID
    office.register.set_card_status(card.card_number, CardStatus.BLOCKED, office.change)
    publisher.until_announced()
    receiver.until_has(stored(office))
    outcome = gate.refreshed(receiver)
    assert outcome.refused == ()
    assert outcome.rules is not None
    assert outcome.rules.cards.status(card.card_index) == CardStatus.BLOCKED
    assert publisher.said_of_files == []


def test_messages_are_the_published_files_and_nothing_else(office: Office) -> None:
    office.site(4711)
    office.site(4712)
    files = office.publish().files
    messages = messages_of(files)
    for site in (4711, 4712):
        of_site = {topic.name: body for topic, body in messages.items() if topic.site in {None, site}}
        assert of_site == mirror_files(office.published, site)
    assert len(messages) == len(files)


def test_what_is_signed_goes_out_before_what_signs_it(office: Office, publisher: Publisher, receive: Receive) -> None:
    receiver = receive("gate-1")
    publisher.until_announced()
    receiver.until_has(stored(office))
    steps = [step_of(*message) for message in receiver.log]
    assert steps == sorted(steps)
    assert set(steps) == {Step.TARGETS, Step.ROLES, Step.SNAPSHOT, Step.TIMESTAMP}
    assert [step_of(RepositoryTopic(4711, name), b"x") for name in mirror_order(office)] == sorted(steps)


def mirror_order(office: Office) -> list[str]:
    office.publish()
    return list(mirror_files(office.published, 4711))


def test_sites_see_what_all_share_and_their_own(office: Office, publisher: Publisher, receive: Receive) -> None:
    office.site(4711)
    office.site(4712)
    receivers = [receive(f"gate-{site}", site, ("xs/v1/repo/#",)) for site in (4711, 4712)]
    publisher.until_announced()
    for receiver in receivers:
        receiver.until_has(stored(office))
        assert {topic.site for topic, _ in receiver.log} == {None, receiver.site}


def test_large_list_arrives_whole_in_pieces(
    office: Office, publisher: Publisher, receive: Receive, tmp_path: Path
) -> None:
    office.site(4711)
    statuses = many_cards(1)
    wanted = publisher.announced_with(statuses)
    pieces = [topic for topic in wanted if topic.piece]
    assert {(topic.name, topic.piece.count) for topic in pieces if topic.piece} == {("revocation/cards", len(pieces))}
    assert len(pieces) > 1
    receiver = receive("gate-1")
    receiver.until_has(wanted)
    rules = Gate(office, tmp_path / "gate").refreshed(receiver).rules
    assert rules is not None
    assert [rules.cards.status(index) for index in range(0, 600_000, 9973)] == [
        status for index, status in statuses.not_valid if index % 9973 == 0
    ]


def test_lists_are_renewed_after_five_minutes_without_any_change(
    office: Office, publisher: Publisher, receive: Receive
) -> None:
    receiver = receive("gate-1")
    publisher.until_announced()
    first = stored(office)
    receiver.until_has(first)
    publisher.monotonic_s += 200
    publisher.until_announced()
    assert stored(office) == first
    office.later(seconds=300)
    publisher.monotonic_s += 100
    publisher.until_announced()
    receiver.until_has(stored(office))
    changes = Changes.decode(receiver.held[CHANGES])
    assert (changes.number, changes.issued_at_s) == (2, office.now.timestamp())


@pytest.mark.parametrize("sites", [1, 100])
def test_ten_changes_cost_a_terminal_no_more_than_four_kilobytes(
    office: Office, publisher: Publisher, receive: Receive, sites: int
) -> None:
    for number in range(4711, 4711 + sites):
        office.site(number)
    cards = [office.issued(chip) for chip in range(10)]
    receiver = receive("gate-1")
    publisher.until_announced()
    receiver.until_has(stored(office))
    before = len(receiver.log)
    for card in cards:
        office.register.set_card_status(card.card_number, CardStatus.BLOCKED, office.change)
    publisher.until_announced()
    receiver.until_has(stored(office))
    update = receiver.log[before:]
    assert len(Changes.decode(receiver.held[CHANGES]).changes) == 10
    assert len(update) == 5
    assert sum(len(body) for _, body in update) <= 4096
