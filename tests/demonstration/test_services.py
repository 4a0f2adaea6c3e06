"""What dies is started again, and left alone when it goes on dying."""

import threading
from pathlib import Path

from demonstration.processes import Event
from demonstration.services import MOST_STARTS, ProcessService, Services

WAIT_S = 120.0


def test_process_that_dies_again_and_again_is_left_alone_and_its_last_words_are_told(tmp_path: Path) -> None:
    events: list[Event] = []
    over = threading.Event()

    def tell(event: Event) -> None:
        events.append(event)
        if not event["started_again"]:
            over.set()

    services = Services(tell, dict)
    services.start("sync", ProcessService(["simulation.no_such_program"], tmp_path / "sync.log"))
    assert over.wait(WAIT_S)
    services.stop()
    assert [event["started_again"] for event in events] == [True] * (MOST_STARTS - 1) + [False]
    assert all(event["process"] == "sync" for event in events)
    why = events[-1]["why"]
    assert why.startswith("ended with status 1; its log ")
    assert why.endswith("No module named simulation.no_such_program")
    assert services.given_up == {"sync": why}


def test_process_that_was_asked_to_end_is_not_told_of(tmp_path: Path) -> None:
    events: list[Event] = []
    services = Services(events.append, dict)
    service = ProcessService(["simulation.board", "--socket", str(tmp_path / "board")], tmp_path / "log")
    services.start("board", service)
    assert service.process is not None
    service.process.stop()
    assert service.has_died() is None
    services.stop()
    assert events == []
