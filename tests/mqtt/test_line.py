"""The line against a real broker: what is refused, cut, killed, and comes again."""

from dataclasses import replace
from pathlib import Path

import pytest

from headquarters.broker.authority import make_authority
from terminal.edges.mqtt import Arrived, Connected, LineError, Lost, Will
from tests.mqtt.broker_rig import Rig, now
from tests.mqtt.lines import WAIT_S, connected, line

JOURNAL = "xs/v1/t/gate-1/journal"
ACK = "xs/v1/t/gate-1/ack"
PRESENCE = "xs/v1/t/gate-1/presence"


def test_refused_publish_is_an_error_and_the_connection_goes_on(rig: Rig) -> None:
    gate = rig.terminal("gate-1")
    with connected(rig.headquarters, "hq", JOURNAL) as (_, heard), connected(gate, "gate-1") as (theirs, _):
        with pytest.raises(LineError, match="refuses it: Not authorized"):
            theirs.publish("xs/v1/t/gate-2/journal", b"not mine").result(WAIT_S)
        theirs.publish(JOURNAL, b"mine").result(WAIT_S)
        assert heard.body() == b"mine"


def test_message_beyond_the_bound_is_an_error_and_the_connection_goes_on(rig: Rig) -> None:
    gate = rig.terminal("gate-1")
    with connected(rig.headquarters, "hq", JOURNAL) as (_, heard), connected(gate, "gate-1") as (theirs, _):
        with pytest.raises(LineError, match="takes no message of 263169 bytes"):
            theirs.publish(JOURNAL, bytes(257 * 1024 + 1)).result(WAIT_S)
        theirs.publish(JOURNAL, bytes(256 * 1024)).result(WAIT_S)
        assert heard.body() == bytes(256 * 1024)


def test_message_that_nobody_took_comes_again_on_the_next_connection(rig: Rig) -> None:
    gate = rig.terminal("gate-1")
    with connected(rig.headquarters, "hq", JOURNAL) as (ours, heard), connected(gate, "gate-1") as (theirs, _):
        for body in (b"taken", b"not taken", b"nor this"):
            theirs.publish(JOURNAL, body).result(WAIT_S)
        assert heard.body() == b"taken"
        old = [heard.next(Arrived), heard.next(Arrived)]
        ours.subscribe([JOURNAL], retained=False).result(WAIT_S)  # what was taken before is told with it
        ours.cut("a test")
        assert heard.next(Lost) == Lost("a test")
        assert heard.next(Connected) == Connected(session_kept=True)
        for each in old:
            each.take()  # of the old connection: it does nothing
        assert heard.bodies(2) == [b"not taken", b"nor this"]


def test_no_more_come_than_may_be_untaken(rig: Rig) -> None:
    gate = rig.terminal("gate-1")
    with (
        connected(rig.headquarters, "hq", JOURNAL, receive_maximum=2) as (ours, heard),
        connected(gate, "gate-1") as (theirs, _),
    ):
        for number in range(4):
            theirs.publish(JOURNAL, bytes([number])).result(WAIT_S)
        first, second = heard.next(Arrived), heard.next(Arrived)
        # The broker answers after whatever it would have sent before.
        ours.subscribe(["xs/v1/repo/shared/nothing"], retained=True).result(WAIT_S)
        assert heard.empty()
        first.take()
        assert heard.next(Arrived).body == bytes([2])
        second.take()
        assert heard.next(Arrived).body == bytes([3])


def test_broker_killed_and_started_again(rig: Rig) -> None:
    gate = rig.terminal("gate-1")
    with connected(gate, "gate-1") as (theirs, heard):
        rig.mosquitto.kill()
        assert "ended the connection" in heard.next(Lost).why
        with pytest.raises(LineError):
            theirs.publish(JOURNAL, b"to nobody").result(WAIT_S)
        rig.mosquitto.start()
        heard.until(Connected)
        theirs.publish(JOURNAL, b"to the new one").result(WAIT_S)


def test_broker_restarted_in_order_keeps_the_session(rig: Rig) -> None:
    with connected(rig.headquarters, "hq", ACK, JOURNAL) as (_, heard):
        rig.mosquitto.end()
        rig.mosquitto.start()
        assert heard.until(Connected) == Connected(session_kept=True)


def test_session_that_does_not_outlive_its_connection(rig: Rig) -> None:
    with connected(rig.terminal("gate-1"), "gate-1", ACK, session_expiry_s=0) as (theirs, heard):
        theirs.cut("a test")
        heard.next(Lost)
        assert heard.next(Connected) == Connected(session_kept=False)


def test_what_came_while_nobody_was_there_is_in_the_session(rig: Rig) -> None:
    gate = rig.terminal("gate-1")
    with connected(rig.headquarters, "hq") as (ours, _):
        with connected(gate, "gate-1", ACK):
            pass
        ours.publish(ACK, b"while away").result(WAIT_S)
        with line(gate, "gate-1") as (_, heard):
            assert heard.next(Connected) == Connected(session_kept=True)
            assert heard.body() == b"while away"


def test_retained_message_is_told_as_one(rig: Rig) -> None:
    gate = rig.terminal("gate-1")
    with connected(rig.headquarters, "hq") as (ours, _):
        ours.publish(ACK, b"note", retain=True).result(WAIT_S)
        with connected(gate, "gate-1", ACK) as (_, heard):
            arrived = heard.next(Arrived)
            assert (arrived.topic, arrived.body, arrived.retained) == (ACK, b"note", True)


def test_will_is_spoken_when_the_line_ends_without_a_word(rig: Rig) -> None:
    will = Will(PRESENCE, b"offline")
    gate = rig.terminal("gate-1")
    with connected(rig.headquarters, "hq", PRESENCE) as (_, heard), connected(gate, "gate-1", will=will) as (theirs, _):
        theirs.cut("a test")
        assert heard.body() == b"offline"


def test_will_is_not_spoken_after_a_goodbye(rig: Rig) -> None:
    gate = rig.terminal("gate-1")
    with connected(rig.headquarters, "hq", PRESENCE) as (_, heard):
        with connected(gate, "gate-1", will=Will(PRESENCE, b"offline")):
            pass
        with connected(gate, "gate-1") as (theirs, _):
            theirs.publish(PRESENCE, b"online").result(WAIT_S)
        assert heard.body() == b"online"


def test_receive_maximum_of_the_broker_is_kept_to(rig: Rig) -> None:
    gate = rig.terminal("gate-1")
    configuration = rig.folder / "mosquitto.conf"
    text = configuration.read_text()
    configuration.write_text(text.replace("max_inflight_messages 20", "max_inflight_messages 3"))
    rig.mosquitto.end()
    rig.mosquitto.start()
    with line(gate, "gate-1") as (theirs, told):
        assert told.next(Lost).why == "the broker takes no more than 3 messages at a time"
        told.next(Connected)
        futures = [theirs.publish(JOURNAL, bytes([number])) for number in range(50)]
        for future in futures:
            future.result(WAIT_S)


def test_burst_beyond_what_may_be_in_flight_arrives_in_order(rig: Rig) -> None:
    gate = rig.terminal("gate-1")
    with connected(rig.headquarters, "hq", JOURNAL) as (_, heard), connected(gate, "gate-1") as (theirs, _):
        futures = [theirs.publish(JOURNAL, number.to_bytes(2)) for number in range(500)]
        assert heard.bodies(500) == [number.to_bytes(2) for number in range(500)]
        for future in futures:
            future.result(WAIT_S)


def test_certificate_of_a_foreign_authority_is_not_taken(rig: Rig, tmp_path: Path) -> None:
    gate = rig.terminal("gate-1")
    foreign = make_authority(tmp_path / "foreign", "XS terminals", now())
    foreign.client("gate-1", now=now(), days=1).write(tmp_path / "forged", foreign.pem)
    forged = rig.address(tmp_path / "forged")
    with line(replace(forged, ca=gate.ca), "gate-1") as (_, heard):
        assert "it may not trust our certificate" in heard.next(Lost).why


def test_broker_of_a_foreign_authority_is_not_taken(rig: Rig, tmp_path: Path) -> None:
    gate = rig.terminal("gate-1")
    foreign = make_authority(tmp_path / "foreign", "XS terminals", now())
    (tmp_path / "foreign.pem").write_bytes(foreign.pem)
    with line(replace(gate, ca=tmp_path / "foreign.pem"), "gate-1") as (_, heard):
        assert "is not to be trusted" in heard.next(Lost).why


@pytest.mark.parametrize("which", ["ca", "certificate", "key"])
def test_missing_file_is_named(rig: Rig, tmp_path: Path, which: str) -> None:
    missing = tmp_path / "nothing.pem"
    gate = rig.terminal("gate-1")
    object.__setattr__(gate, which, missing)
    with line(gate, "gate-1") as (_, heard):
        assert heard.next(Lost).why == f"{missing}: cannot be read: No such file or directory"


def test_key_that_is_not_the_certificates_is_named(rig: Rig) -> None:
    gate = rig.terminal("gate-1")
    with line(replace(gate, key=rig.headquarters.key), "gate-1") as (_, heard):
        assert heard.next(Lost).why.startswith(
            f"{gate.certificate}, {rig.headquarters.key}: no certificate with its key"
        )


def test_renewed_certificate_is_read_at_the_next_connection(rig: Rig) -> None:
    gate = rig.terminal("gate-1")
    key = gate.key.read_bytes()
    gate.key.write_bytes(b"")
    with line(gate, "gate-1") as (_, heard):
        heard.next(Lost)
        gate.key.write_bytes(key)
        heard.until(Connected)
