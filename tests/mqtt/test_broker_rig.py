"""What other tests stand on."""

import queue
from pathlib import Path

from terminal.edges.mqtt import Arrived, Connected, Event, Line
from tests.mqtt.broker_rig import running_rig


def test_batch_and_acknowledgement_go_through(tmp_path: Path) -> None:
    with running_rig(tmp_path) as rig:
        at_headquarters: queue.Queue[Event] = queue.Queue()
        at_terminal: queue.Queue[Event] = queue.Queue()
        ours = Line(rig.headquarters, "collector-1", at_headquarters.put, random=lambda: 0.0, session_expiry_s=60)
        theirs = Line(rig.terminal("gate-1"), "gate-1", at_terminal.put, random=lambda: 0.0, session_expiry_s=60)
        ours.start()
        theirs.start()
        assert at_headquarters.get(timeout=60) == Connected(False)
        assert at_terminal.get(timeout=60) == Connected(False)
        ours.subscribe(["$share/collectors/xs/v1/t/+/journal"], retained=False).result(60)
        theirs.subscribe(["xs/v1/t/gate-1/ack"], retained=True).result(60)
        theirs.publish("xs/v1/t/gate-1/journal", b"batch").result(60)
        batch = at_headquarters.get(timeout=60)
        assert isinstance(batch, Arrived)
        assert batch.body == b"batch"
        batch.take()
        ours.publish("xs/v1/t/gate-1/ack", b"note", retain=True).result(60)
        ack = at_terminal.get(timeout=60)
        assert isinstance(ack, Arrived)
        assert ack.body == b"note"
        assert ours.stop()
        assert theirs.stop()
