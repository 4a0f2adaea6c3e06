"""Broker, database, keys and publisher fail; what was published stays, and what is new arrives when they are back."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from headquarters.repository.announcing import Step, step_of
from terminal.core.revocation import CardStatus
from terminal.core.topics import RepositoryTopic
from terminal.errors import NetworkError
from tests.announcing.support import Gate, Publisher, Receiver, stored
from tests.headquarters.conftest import Office
from tests.mqtt.broker_rig import Rig

Receive = Callable[..., Receiver]


def test_publisher_killed_before_the_timestamp_and_the_gate_keeps_what_it_has(
    office: Office, rig: Rig, publisher: Publisher, receive: Receive, tmp_path: Path
) -> None:
    office.site(4711)
    card = office.issued(1)
    office.register.set_card_status(card.card_number, CardStatus.VALID, office.change)
    gate, receiver = Gate(office, tmp_path / "gate"), receive("gate-1")
    publisher.until_announced()
    receiver.until_has(stored(office))
    assert gate.refreshed(receiver).refused == ()

    before = stored(office)
    office.register.set_card_status(card.card_number, CardStatus.BLOCKED, office.change)
    office.publish()
    after = stored(office)
    half = {
        topic: (before if step_of(topic, body) is Step.TIMESTAMP else after)[topic] for topic, body in after.items()
    }
    publisher.send(half)
    publisher.stop()
    receiver.until_has(half)
    outcome = gate.refreshed(receiver)
    assert outcome.applied == {}
    assert outcome.rules is not None
    assert outcome.rules.cards.status(card.card_index) == CardStatus.VALID

    second = Publisher(office, rig)
    second.until_announced()
    second.stop()
    receiver.until_has(stored(office))
    outcome = gate.refreshed(receiver)
    assert outcome.refused == ()
    assert outcome.rules is not None
    assert outcome.rules.cards.status(card.card_index) == CardStatus.BLOCKED


def forgetting(rig: Rig, publisher: Publisher) -> None:
    """Kill the broker and let it begin again with nothing."""
    rig.mosquitto.kill()
    publisher.until_lost()
    for path in (rig.folder / "data").iterdir():
        path.unlink()
    rig.mosquitto.start()


def test_broker_that_was_killed_and_forgot_gets_everything_anew(
    office: Office, rig: Rig, publisher: Publisher, receive: Receive
) -> None:
    office.site(4711)
    publisher.until_announced()
    before = stored(office)
    forgetting(rig, publisher)
    publisher.until_announced()
    assert stored(office) == before
    receive("gate-1").until_has(before)
    assert publisher.said[-1] == "broker: well again"
    assert len(publisher.said) > 1


def test_register_is_away_and_what_was_published_stays_announced(
    office: Office, rig: Rig, publisher: Publisher, receive: Receive
) -> None:
    office.site(4711)
    card = office.issued(1)
    receiver = receive("gate-1")
    publisher.until_announced()
    before = stored(office)
    receiver.until_has(before)
    receiver.stop()

    register = office.keys.path / "register.db"
    office.database.close()
    register.rename(register.with_suffix(".away"))
    publisher.watch.turn()
    assert "register fails" in publisher.troubles.standing["register"]
    forgetting(rig, publisher)
    publisher.until_announced()
    publisher.monotonic_s += 300
    publisher.until_announced()
    assert "what was published stays" in publisher.troubles.standing["publish"]

    office.database.close()
    for path in office.keys.path.glob("register.db*"):
        path.unlink()
    register.with_suffix(".away").rename(register)
    other = receive("gate-2")
    other.until_has(before)
    office.register.set_card_status(card.card_number, CardStatus.BLOCKED, office.change)
    publisher.monotonic_s += 10
    publisher.until_announced()
    other.until_has(stored(office))
    assert other.held != before
    assert publisher.troubles.standing == {}


def test_key_is_missing_and_what_was_published_stays_announced(
    office: Office, rig: Rig, publisher: Publisher, receive: Receive
) -> None:
    office.site(4711)
    card = office.issued(1)
    publisher.until_announced()
    before = stored(office)
    key = office.keys.path / "timestamp.json"
    kept = key.rename(key.with_suffix(".away"))
    office.register.set_card_status(card.card_number, CardStatus.BLOCKED, office.change)
    for _ in range(3):
        publisher.until_announced()
        publisher.monotonic_s += 10
    said = [line for line in publisher.said if line.startswith("publish: ")]
    assert len(said) == 1
    assert "the key file is missing" in said[0]
    forgetting(rig, publisher)
    publisher.until_announced()
    receiver = receive("gate-1")
    receiver.until_has(before)
    kept.rename(key)
    publisher.monotonic_s += 10
    publisher.until_announced()
    receiver.until_has(stored(office))
    assert receiver.held != before
    assert publisher.said_of_files[-1] == "publish: well again"


def test_publisher_that_starts_without_a_key_announces_what_another_published(
    office: Office, rig: Rig, receive: Receive
) -> None:
    office.site(4711)
    office.publish()
    (office.keys.path / "timestamp.json").unlink()
    publisher = Publisher(office, rig)
    publisher.until_announced()
    receive("gate-1").until_has(stored(office))
    assert list(publisher.troubles.standing) == ["publish"]
    publisher.stop()


def is_document_of_refused_site(topic: RepositoryTopic) -> bool:
    """What goes out in the step in which the policy of site 4712 is refused, and may have got through."""
    return topic.site == 4712 and "/" in topic.name and not topic.name.endswith("policy.json")


def test_refused_site_is_told_of_and_tried_again_and_holds_up_no_other(
    office: Office, rig: Rig, publisher: Publisher, receive: Receive
) -> None:
    office.site(4711)
    office.site(4712)
    card = office.issued(1)
    first, other = receive("gate-1", 4711), receive("gate-2", 4712)
    access_list = rig.folder / "acl"
    allowed = access_list.read_text()
    rule = "topic readwrite xs/v1/repo/#"
    assert rule in allowed
    access_list.write_text(allowed.replace(rule, f"{rule}\ntopic deny xs/v1/repo/sites/4712/sites/4712/policy.json"))
    rig.mosquitto.restart()

    while "files for site 4712" not in publisher.troubles.standing:
        assert not publisher.watch.turn()
        publisher.announcer.wait(1)
    first.until_has(stored(office))
    assert "Not authorized" in publisher.troubles.standing["files for site 4712"]
    office.register.set_card_status(card.card_number, CardStatus.BLOCKED, office.change)
    assert not publisher.watch.turn()
    wanted = stored(office)
    first.until_has(wanted)
    other.until_has(
        {topic: body for topic, body in wanted.items() if topic.site is None or is_document_of_refused_site(topic)}
    )

    access_list.write_text(allowed)
    rig.mosquitto.restart()
    publisher.monotonic_s += 29
    assert not publisher.watch.turn()
    publisher.monotonic_s += 1
    publisher.until_announced()
    other.until_has(stored(office))
    assert publisher.said_of_files[-1] == "files for site 4712: well again"
    assert len(publisher.said_of_files) == 2


def test_broker_is_away_and_a_single_publish_says_so(office: Office, rig: Rig) -> None:
    rig.mosquitto.end()
    ticks = count()
    publisher = Publisher(office, rig, lambda: float(next(ticks)))
    publisher.until_lost()
    office.publish()
    with pytest.raises(NetworkError, match=r"has not everything after 3 s, publish again: broker: .*cannot be reached"):
        publisher.announcer.send_all(stored(office), 3)
    publisher.stop()
