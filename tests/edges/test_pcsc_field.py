"""What happened on a reader, told from event words as pcscd 1.9.9 sends them."""

from smartcard import scard

from terminal.edges.pcsc_field import Change, Field


def word(counter: int, *bits: int) -> int:
    return int(counter << 16 | sum(bits) | scard.SCARD_STATE_CHANGED)


def empty(counter: int) -> int:
    return word(counter, scard.SCARD_STATE_EMPTY)


def occupied(counter: int, *bits: int) -> int:
    return word(counter, scard.SCARD_STATE_PRESENT, *bits)


def told(*words: int) -> list[tuple[Change, ...]]:
    field = Field()
    return [field.look(each) for each in words]


def test_card_comes_and_goes() -> None:
    assert told(empty(0), occupied(1), empty(2)) == [(), (Change.CAME,), (Change.LEFT,)]


def test_card_left_lying_comes_once() -> None:
    other_program = occupied(1, scard.SCARD_STATE_INUSE)
    assert told(empty(0), occupied(1), other_program, occupied(1)) == [(), (Change.CAME,), (), ()]


def test_card_swapped_between_two_looks() -> None:
    assert told(empty(0), occupied(1), occupied(3)) == [(), (Change.CAME,), (Change.LEFT, Change.CAME)]


def test_card_swapped_as_the_counter_wraps() -> None:
    assert told(empty(0xFFFE), occupied(0xFFFF), occupied(1))[2] == (Change.LEFT, Change.CAME)


def test_card_that_came_and_went_between_two_looks_is_nobody_to_decide_about() -> None:
    assert told(empty(0), empty(2)) == [(), ()]


def test_card_that_lay_there_before_the_first_look_did_not_come() -> None:
    assert told(occupied(0), occupied(0), empty(1), occupied(2)) == [
        (Change.FOUND,),
        (),
        (Change.LEFT,),
        (Change.CAME,),
    ]


def test_card_that_came_while_nobody_looked() -> None:
    field = Field()
    field.look(empty(4))
    field.out_of_sight()
    assert field.look(occupied(0)) == (Change.CAME,)


def test_card_that_left_while_nobody_looked() -> None:
    field = Field()
    field.look(empty(4))
    field.look(occupied(5))
    field.out_of_sight()
    assert field.look(empty(0)) == (Change.LEFT,)


def test_card_whose_tap_was_lost_and_that_is_there_after_nobody_looked_came_again() -> None:
    field = Field()
    field.look(empty(4))
    field.look(occupied(5))
    field.tapped(lost=True)
    assert field.look(occupied(5)) == ()
    field.out_of_sight()
    assert field.look(occupied(0)) == (Change.LEFT, Change.CAME)
    field.tapped(lost=False)
    field.out_of_sight()
    assert field.look(occupied(0)) == ()


def test_card_that_was_answered_and_lies_there_through_a_restart_is_one_tap() -> None:
    field = Field()
    field.look(empty(4))
    field.look(occupied(5))
    field.tapped(lost=False)
    for counter in (0, 7):
        field.out_of_sight()
        assert field.look(occupied(counter)) == ()
    assert field.look(empty(8)) == (Change.LEFT,)
    assert field.look(occupied(9)) == (Change.CAME,)


def test_lost_tap_of_a_card_that_was_taken_away_is_not_the_next_ones() -> None:
    field = Field()
    field.look(empty(4))
    field.look(occupied(5))
    field.tapped(lost=True)
    field.look(empty(6))
    field.look(occupied(7))
    field.out_of_sight()
    assert field.look(occupied(0)) == ()


def test_card_that_lay_there_at_the_first_look_and_after_nobody_looked_is_no_tap() -> None:
    field = Field()
    field.look(occupied(0))
    field.out_of_sight()
    assert field.look(occupied(0)) == ()
