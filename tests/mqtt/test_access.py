"""What a terminal tries at the broker that is not its to do. Names are the attacks."""

import pytest

from headquarters.journal.terminals import Terminals
from terminal.edges.mqtt import Broker, Connected, Line, LineError, Lost
from tests.mqtt.broker_rig import Rig, change
from tests.mqtt.lines import WAIT_S, Heard, connected, line

END = "xs/v1/t/gate-1/command"
"""Where gate-1 may read: what it hears first there shows that what came before did not reach it."""


def send(ours: Line, topic: str, body: bytes = b"not yours") -> None:
    ours.publish(topic, body, retain=True).result(WAIT_S)


def nothing_heard_until_the_end(ours: Line, heard: Heard) -> None:
    send(ours, END, b"the end")
    assert heard.body() == b"the end"


@pytest.mark.parametrize(
    ("topic", "ask"),
    [
        ("xs/v1/t/gate-2/ack", "xs/v1/t/gate-2/ack"),
        ("xs/v1/t/gate-2/ack", "xs/v1/t/+/ack"),
        ("xs/v1/t/gate-2/command", "xs/v1/#"),
        ("xs/v1/t/gate-2/replay", "#"),
        ("xs/v1/t/gate-2/stays/0", "xs/v1/t/gate-2/stays/0"),
        ("xs/v1/t/gate-2/stays/1", "xs/v1/t/+/stays/+"),
        ("xs/v1/repo/sites/4712/site-4712.json", "xs/v1/repo/sites/4712/site-4712.json"),
        ("xs/v1/repo/sites/47110/site.json", "xs/v1/repo/sites/#"),
    ],
)
def test_terminal_reads_what_is_for_another(rig: Rig, topic: str, ask: str) -> None:
    gate = rig.terminal("gate-1")
    rig.terminal("gate-2", site=4712)
    with connected(rig.headquarters, "hq") as (ours, _), connected(gate, "gate-1", ask) as (theirs, heard):
        send(ours, topic)
        theirs.subscribe([END], retained=False).result(WAIT_S)
        nothing_heard_until_the_end(ours, heard)
    with connected(rig.headquarters, "hq") as (ours, _), connected(gate, "gate-1", ask) as (theirs, heard):
        nothing_heard_until_the_end(ours, heard)  # nor as a retained message


def test_terminal_reads_its_own_and_its_sites_and_the_shared_files(rig: Rig) -> None:
    gate = rig.terminal("gate-1")
    allowed = ["xs/v1/t/gate-1/ack", "xs/v1/t/gate-1/replay", "xs/v1/repo/shared/1.root.json",
               "xs/v1/repo/sites/4711/timestamp.json"]  # fmt: skip
    with connected(rig.headquarters, "hq") as (ours, _), connected(gate, "gate-1", *allowed) as (_, heard):
        for topic in allowed:
            send(ours, topic, topic.encode())
        assert heard.bodies(4) == [topic.encode() for topic in allowed]


def test_terminal_reads_its_own_head_back(rig: Rig) -> None:
    gate = rig.terminal("gate-1")
    with connected(gate, "gate-1") as (theirs, _):
        send(theirs, "xs/v1/t/gate-1/head", b"head")
    with connected(gate, "gate-1", "xs/v1/t/gate-1/head") as (_, heard):
        assert heard.body() == b"head"


@pytest.mark.parametrize(
    "topic",
    [
        "xs/v1/t/gate-2/journal",
        "xs/v1/t/gate-2/head",
        "xs/v1/t/gate-2/presence",
        "xs/v1/t/gate-1/ack",
        "xs/v1/t/gate-1/command",
        "xs/v1/t/gate-1/replay",
        "xs/v1/repo/shared/1.root.json",
        "xs/v1/repo/sites/4711/timestamp.json",
        "xs/v1/t/gate-1/journal/more",
        "$SYS/broker",
        "anything",
    ],
)
def test_terminal_writes_where_it_may_not(rig: Rig, topic: str) -> None:
    gate = rig.terminal("gate-1")
    rig.terminal("gate-2")
    with connected(gate, "gate-1") as (theirs, _):
        with pytest.raises(LineError, match="Not authorized"):
            theirs.publish(topic, b"mine", retain=True).result(WAIT_S)
        theirs.publish("xs/v1/t/gate-1/journal", b"mine").result(WAIT_S)


@pytest.mark.parametrize("leaf", ["journal", "head", "presence"])
def test_headquarters_writes_no_terminals_words(rig: Rig, leaf: str) -> None:
    rig.terminal("gate-1")
    with connected(rig.headquarters, "hq") as (ours, _), pytest.raises(LineError, match="Not authorized"):
        ours.publish(f"xs/v1/t/gate-1/{leaf}", b"invented").result(WAIT_S)


def test_terminal_takes_over_no_session_by_its_identifier(rig: Rig) -> None:
    first, second = rig.terminal("gate-1"), rig.terminal("gate-2")
    with (
        connected(first, "gate-1", END) as (_, heard),
        connected(rig.headquarters, "hq") as (ours, _),
        line(second, "gate-1") as (_, its),
    ):
        assert its.next(Connected) == Connected(session_kept=False)
        send(ours, END, b"still mine")
        assert heard.body() == b"still mine"  # and no Lost before it


def test_terminal_comes_to_headquarters_listener(rig: Rig) -> None:
    gate = rig.terminal("gate-1")
    there = Broker(host=gate.host, port=rig.headquarters.port, ca=gate.ca, certificate=gate.certificate, key=gate.key)
    with line(there, "hq") as (_, heard):
        assert "it may not trust our certificate" in heard.next(Lost).why


def test_stolen_certificate_of_a_retired_terminal(rig: Rig) -> None:
    gate = rig.terminal("gate-1")
    with connected(rig.headquarters, "hq") as (ours, told), connected(gate, "gate-1", "#") as (theirs, heard):
        send(ours, END, b"before")
        assert heard.body() == b"before"
        theirs.publish("xs/v1/t/gate-1/presence", b"here").result(WAIT_S)  # so the broker has heard that it is taken
        Terminals(rig.database).retire("gate-1", change())
        rig.access_changed()
        told.until(Connected)
        assert heard.until(Connected).session_kept  # it is still subscribed to everything
        for topic in (END, "xs/v1/t/gate-1/ack", "xs/v1/repo/shared/1.root.json"):
            send(ours, topic)
        with pytest.raises(LineError, match="Not authorized"):  # answered after what it would have heard
            theirs.publish("xs/v1/t/gate-1/journal", b"stolen").result(WAIT_S)
        assert heard.empty()
    with connected(gate, "gate-1", "#") as (theirs, heard):
        with pytest.raises(LineError, match="Not authorized"):
            theirs.publish("xs/v1/t/gate-1/presence", b"stolen").result(WAIT_S)
        assert heard.empty()


def test_terminal_is_away_while_others_are_registered(rig: Rig) -> None:
    # By SIGHUP instead of a restart, mosquitto before 2.1 enters such a session twice into a list, and dies of it.
    gate, ack = rig.terminal("gate-1"), "xs/v1/t/gate-1/ack"
    with connected(gate, "gate-1", ack):
        pass
    for number in range(2, 7):
        with connected(rig.headquarters, "hq") as (ours, _):
            send(ours, ack, b"waits")
        rig.terminal(f"gate-{number}")
        with line(gate, "gate-1") as (_, heard):
            assert heard.next(Connected) == Connected(session_kept=True)
            assert heard.body() == b"waits"


def test_terminal_that_joins_the_collectors_reads_nothing(rig: Rig) -> None:
    # It takes messages from them all the same, which docs/broker.md tells: they come again, unacknowledged.
    shared = "$share/collectors/xs/v1/t/+/journal"
    gate, victim = rig.terminal("gate-1"), rig.terminal("gate-2")
    with (
        connected(rig.headquarters, "hq", shared),
        connected(gate, "gate-1", shared, END) as (_, heard),
        connected(victim, "gate-2") as (theirs, _),
    ):
        for number in range(20):
            theirs.publish("xs/v1/t/gate-2/journal", bytes([number])).result(WAIT_S)
        with connected(rig.headquarters, "other") as (ours, _):
            nothing_heard_until_the_end(ours, heard)
