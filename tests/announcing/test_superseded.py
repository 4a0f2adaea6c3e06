"""What a broker should hold no longer."""

from collections.abc import Callable
from queue import SimpleQueue

from headquarters.register import Statuses
from headquarters.repository.announcing import KEPT_S, forget_superseded, what_to_announce
from terminal.core.topics import RepositoryTopic
from terminal.edges.mqtt import Connected, Event, Line
from tests.announcing.support import PATIENCE_S, Publisher, Receiver, many_cards
from tests.headquarters.conftest import Office
from tests.mqtt.broker_rig import Rig

Receive = Callable[..., Receiver]
FEW = Statuses(4, [(1, 1)])
FOREIGN = RepositoryTopic(4711, "not-of-this-publisher")


def put(rig: Rig, topic: RepositoryTopic, body: bytes) -> None:
    """Lay a message down beside what the publisher announces."""
    events: SimpleQueue[Event] = SimpleQueue()
    line = Line(rig.headquarters, "somebody", events.put, random=lambda: 0.0, session_expiry_s=0)
    line.start()
    assert isinstance(events.get(timeout=PATIENCE_S), Connected)
    line.publish(str(topic), body, retain=True).result(PATIENCE_S)
    assert line.stop(PATIENCE_S)


def test_pieces_of_the_list_before_are_cleared_and_nothing_else(
    office: Office, rig: Rig, publisher: Publisher, receive: Receive
) -> None:
    office.site(4711)
    before = publisher.announced_with(many_cards(1))
    put(rig, FOREIGN, b"stays")
    after = publisher.announced_with(many_cards(2))
    gone = before.keys() - {topic for topic, body in after.items() if body}
    assert {topic.name for topic in gone if topic.piece} == {"revocation/cards"}
    assert gone == {topic for topic, body in after.items() if not body}
    receive("gate-1").until_has({**after, FOREIGN: b"stays"})


def test_nobody_is_ever_shown_two_whole_versions_of_a_file(
    office: Office, publisher: Publisher, receive: Receive
) -> None:
    office.site(4711)
    receiver = receive("gate-1")
    for cards in (FEW, many_cards(1), many_cards(2), Statuses(700_000, []), many_cards(1)):
        receiver.until_has(publisher.announced_with(cards))
    log, receiver.held = receiver.log, {}
    for topic, body in log:
        receiver.held[topic] = body
        if not body:
            del receiver.held[topic]
        receiver.files()


def test_old_list_goes_when_no_more_than_the_end_of_the_new_one_is_missing(
    office: Office, publisher: Publisher, receive: Receive
) -> None:
    office.site(4711)
    receiver = receive("gate-1")
    receiver.until_has(publisher.announced_with(many_cards(1)))
    before = len(receiver.log)
    receiver.until_has(publisher.announced_with(many_cards(2)))
    pieces = [(topic.piece.n, bool(body)) for topic, body in receiver.log[before:] if topic.piece]
    assert pieces == [(0, True), (0, False), (1, False), (1, True)]


def test_list_that_became_small_is_one_message_again(office: Office, publisher: Publisher, receive: Receive) -> None:
    office.site(4711)
    publisher.announced_with(many_cards(1))
    wanted = publisher.announced_with(Statuses(600_000, []))
    receiver = receive("gate-1")
    receiver.until_has(wanted)
    assert not [topic for topic in receiver.held if topic.piece]


def test_publisher_killed_before_it_cleared_and_the_next_one_clears(
    office: Office, rig: Rig, publisher: Publisher, receive: Receive
) -> None:
    office.site(4711)
    publisher.announced_with(many_cards(1))
    publisher.made_with(many_cards(2))
    publisher.stop()
    second = Publisher(office, rig)
    wanted = second.announced_with(FEW)
    assert len([topic for topic, body in wanted.items() if topic.piece and not body]) == 4
    receive("gate-1").until_has(wanted)
    second.stop()


def test_broker_that_has_an_old_list_again_is_rid_of_it_at_the_next_connection(
    office: Office, rig: Rig, publisher: Publisher, receive: Receive
) -> None:
    office.site(4711)
    publisher.announced_with(many_cards(1))
    rig.mosquitto.end()
    publisher.until_lost()
    state = rig.folder / "data" / "mosquitto.db"
    kept = state.read_bytes()
    rig.mosquitto.start()
    publisher.announced_with(FEW)
    rig.mosquitto.end()
    publisher.until_lost()
    state.write_bytes(kept)
    rig.mosquitto.start()
    wanted = publisher.announced_with(FEW)
    receive("gate-1").until_has(wanted)


def test_superseded_is_remembered_for_a_month_and_what_comes_back_is_no_longer(office: Office) -> None:
    now_s = 1_790_000_000
    large, small = {"shared/revocation/cards": bytes(200_000)}, {"shared/revocation/cards": bytes(2)}

    def cleared(files: dict[str, bytes], at_s: int) -> int:
        return sum(1 for body in what_to_announce(office.database, files, at_s).values() if not body)

    assert [cleared(large, now_s), cleared(small, now_s), cleared(small, now_s + 9)] == [0, 2, 2]
    assert [cleared(large, now_s + 10), cleared(small, now_s + 20)] == [1, 2]
    forget_superseded(office.database, now_s + 20 + KEPT_S)
    assert cleared(small, now_s + 20 + KEPT_S) == 2
    forget_superseded(office.database, now_s + 21 + KEPT_S)
    assert cleared(small, now_s + 21 + KEPT_S) == 0
