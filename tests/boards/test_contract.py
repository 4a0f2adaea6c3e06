"""What a lane relies on, held against every board: `terminal.ports.LaneBoard`."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from terminal.errors import HardwareError
from terminal.ports import Input, LaneBoard, Output
from tests.boards.heard import Heard
from tests.boards.under_test import BoardUnderTest


@pytest.fixture
def taken(board: BoardUnderTest) -> Iterator[LaneBoard]:
    with closing(board.take()) as taken:
        yield taken


def test_taking_sets_every_output_to_its_safe_level(board: BoardUnderTest) -> None:
    with closing(board.take()) as first:
        first.drive(Output.OPEN, True)
        first.drive(Output.LIGHT_RED, True)
    with closing(board.take()) as second:
        assert [board.is_on(output) for output in second.outputs()] == [False] * len(second.outputs())


def test_order_switches_one_relay_and_no_other(board: BoardUnderTest, taken: LaneBoard) -> None:
    seen = []
    for output, on in [(Output.OPEN, True), (Output.LIGHT_RED, True), (Output.OPEN, False)]:
        taken.drive(output, on)
        seen.append((board.is_on(Output.OPEN), board.is_on(Output.LIGHT_RED)))
    assert seen == [(True, False), (True, True), (False, True)]


def test_levels_follow_the_contacts(board: BoardUnderTest, taken: LaneBoard) -> None:
    heard = Heard()
    taken.subscribe(heard)
    assert {taken.levels()[contact] for contact in (Input.CALL, Input.TAMPER)} == {False}
    board.contact(Input.TAMPER, True)
    heard.wait_for(Input.TAMPER, True)
    assert (taken.levels()[Input.TAMPER], taken.levels()[Input.CALL]) == (True, False)


def test_changes_are_told_in_their_order_on_a_thread_of_the_boards_own(board: BoardUnderTest, taken: LaneBoard) -> None:
    heard = Heard()
    taken.subscribe(heard)
    wanted = [(Input.CALL, True), (Input.TAMPER, True), (Input.CALL, False), (Input.TAMPER, False)]
    for contact, on in wanted:
        board.contact(contact, on)
        heard.wait_for(contact, on)
    assert heard.changes == wanted
    assert len(heard.threads) == 1
    assert threading.current_thread() not in heard.threads


def test_second_taker_is_told_who_holds_the_lines(board: BoardUnderTest, taken: LaneBoard) -> None:
    taken.drive(Output.OPEN, True)
    with pytest.raises(HardwareError, match=f"held by {board.holder}"):
        board.take()
    assert board.is_on(Output.OPEN)  # what he tried changed nothing


def test_output_that_is_not_fitted_is_an_error(taken: LaneBoard) -> None:
    absent = min(set(Output) - taken.outputs())
    with pytest.raises(HardwareError, match=absent.value):
        taken.drive(absent, True)


def test_lines_that_were_let_go_of_keep_their_levels(board: BoardUnderTest) -> None:
    taken = board.take()
    taken.drive(Output.OPEN, True)
    taken.close()
    assert board.is_on(Output.OPEN)


def test_nothing_answers_after_the_board_was_let_go_of(taken: LaneBoard) -> None:
    taken.close()
    with pytest.raises(HardwareError):
        taken.drive(Output.OPEN, True)
    with pytest.raises(HardwareError):
        taken.levels()
    taken.close()


def test_board_that_is_gone_fails_every_call_and_can_be_let_go_of(board: BoardUnderTest, taken: LaneBoard) -> None:
    board.vanish()
    for _ in range(2):
        with pytest.raises(HardwareError):
            taken.drive(Output.OPEN, True)
        with pytest.raises(HardwareError):
            taken.levels()
    taken.close()


def test_missing_board_is_an_error(board: BoardUnderTest) -> None:
    board.vanish()
    with pytest.raises(HardwareError):
        board.take()


def test_board_can_be_let_go_of_while_it_tells_a_change(board: BoardUnderTest, taken: LaneBoard) -> None:
    heard = Heard()

    def changed(contact: Input, on: bool) -> None:
        taken.close()
        heard(contact, on)

    taken.subscribe(changed)
    board.contact(Input.CALL, True)
    heard.wait_for(Input.CALL, True)
    with closing(board.take()):
        pass
