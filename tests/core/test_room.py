"""How full is too full: each level is entered at one mark and left at another."""

import pytest

from terminal.core.room import RESERVE_BYTES, Level, Space, level

MIB = 2**20
DISK = 1000 * MIB


def filled(percent: float, free_page_bytes: int = 0) -> Space:
    """A disk with its whole reserve, so full."""
    used = round(DISK * percent / 100)
    return Space(
        used_bytes=used,
        available_bytes=DISK - used,
        free_page_bytes=free_page_bytes,
        reserve_bytes=RESERVE_BYTES,
    )


@pytest.mark.parametrize(
    ("before", "percent", "after"),
    [
        (Level.PLENTY, 79.9, Level.PLENTY),
        (Level.PLENTY, 80.0, Level.SCARCE),
        (Level.SCARCE, 75.0, Level.SCARCE),
        (Level.SCARCE, 74.9, Level.PLENTY),
        (Level.SCARCE, 89.9, Level.SCARCE),
        (Level.PLENTY, 90.0, Level.SHORT),
        (Level.SHORT, 85.0, Level.SHORT),
        (Level.SHORT, 84.9, Level.SCARCE),
        (Level.SHORT, 74.9, Level.PLENTY),
        (Level.ONLY_RESERVE, 86.0, Level.SHORT),
    ],
)
def test_share_that_is_used_makes_the_level(before: Level, percent: float, after: Level) -> None:
    assert level(before, filled(percent)) is after


@pytest.mark.parametrize(
    ("before", "room_bytes", "after"),
    [
        (Level.SHORT, 4 * MIB, Level.SHORT),
        (Level.SHORT, 4 * MIB - 1, Level.ONLY_RESERVE),
        (Level.PLENTY, 4 * MIB - 1, Level.ONLY_RESERVE),
        (Level.ONLY_RESERVE, 8 * MIB - 1, Level.ONLY_RESERVE),
        (Level.ONLY_RESERVE, 8 * MIB, Level.SHORT),
    ],
)
@pytest.mark.parametrize("given", [0, 7 * MIB], ids=["reserve whole", "some of it given back"])
def test_only_the_reserve_is_left_however_much_of_it_was_given_back(
    before: Level, room_bytes: int, after: Level, given: int
) -> None:
    space = Space(
        used_bytes=DISK - room_bytes - given, available_bytes=room_bytes + given, reserve_bytes=RESERVE_BYTES - given
    )
    assert space.room_bytes == room_bytes
    assert level(before, space) is after


def test_free_pages_of_the_journal_are_room_and_still_fill_the_disk_for_everybody_else() -> None:
    space = filled(99.9, free_page_bytes=300 * MIB)
    assert level(Level.ONLY_RESERVE, space) is Level.PLENTY
    assert space.share_on_disk == 0.999


def test_file_system_without_any_blocks_is_full() -> None:
    assert level(Level.PLENTY, Space(used_bytes=0, available_bytes=0)) is Level.ONLY_RESERVE
