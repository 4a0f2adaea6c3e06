"""Two readers of one lane at the same moment."""

import threading

from simulation.card import FaultyCard, Slow
from terminal.core.barrier_words import Phase
from tests.edges.pcsc_rig import Latch
from tests.simulation_board.board_process import BoardProcess
from tests.tap.one_lane import Lanes, pulses, said
from tests.tap.site import Site


def test_driver_and_passenger_on_two_readers_at_once_open_once_and_both_are_answered(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    in_the_middle = Latch()
    slow = FaultyCard(site.card("anna"), Slow(2, wait=in_the_middle.pass_through))
    other = FaultyCard(site.card("farid"))
    answers: dict[str, tuple[str, str] | None] = {}
    with one_lane() as lane:
        first = threading.Thread(target=lambda: answers.update(car=said(lane.tap(slow, "car"))))
        second = threading.Thread(target=lambda: answers.update(truck=said(lane.tap(other, "truck"))))
        first.start()
        in_the_middle.wait_arrived()
        second.start()
        in_the_middle.open()
        first.join()
        second.join()
        assert answers == {"car": ("admit", "ok"), "truck": ("admit", "ok")}
        lane.wait_for(Phase.OPENING)
        assert [facts["result"] for kind, facts in lane.told() if kind == "tap-outcome"] == ["opened", "owed"]
    assert len(pulses(board)) == 1


def test_same_card_on_two_readers_opens_once(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    answers: list[tuple[str, str] | None] = []
    with one_lane() as lane:
        taps = [
            threading.Thread(target=lambda: answers.append(said(lane.tap(site.card("anna"))))),
            threading.Thread(target=lambda: answers.append(said(lane.tap(site.card("anna"))))),
        ]
        for tap in taps:
            tap.start()
        for tap in taps:
            tap.join()
        assert answers == [("admit", "ok"), ("admit", "ok")]
        lane.wait_for(Phase.OPENING)
        assert [kind for kind, _ in lane.told()] == ["tap-intent", "tap-outcome"]
    assert len(pulses(board)) == 1
