from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from headquarters.register import Statuses
from headquarters.repository.lists import ListFiles, bitmap_of, next_list_files
from terminal.trust.status_list import Changes, inflated

NEW_YEAR_S = 1_767_225_600
NOT_VALID = st.dictionaries(st.integers(0, 400), st.integers(1, 3), max_size=300)


def _read(files: ListFiles) -> list[int]:
    """What a reader of the format makes of the two files, told anew from its description."""
    changes = Changes.decode(files.changes)
    assert changes.of == sha256(files.base).digest()
    statuses = [byte >> shift & 3 for byte in b"".join(inflated(files.base)) for shift in (0, 2, 4, 6)]
    for index, status in changes.changes:
        statuses += [3] * (index + 1 - len(statuses))
        statuses[index] = status
    return statuses + [3] * (-len(statuses) % 4)


def _wanted(size: int, not_valid: dict[int, int]) -> list[int]:
    return [not_valid.get(index, 0) for index in range(size)] + [3] * (-size % 4)


def _statuses(size: int, not_valid: dict[int, int]) -> Statuses:
    return Statuses(size, [(index, status) for index, status in not_valid.items() if index < size])


@given(st.lists(st.tuples(st.integers(0, 400), NOT_VALID), min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_list_and_changes_always_say_what_the_register_says(story: list[tuple[int, dict[int, int]]]) -> None:
    files, size = None, 0
    for number, (more, not_valid) in enumerate(story, start=1):
        size += more
        files = next_list_files(_statuses(size, not_valid), files, NEW_YEAR_S + number)
        assert _read(files) == _wanted(size, not_valid)
        changes = Changes.decode(files.changes)
        assert (changes.number, changes.issued_at_s) == (number, NEW_YEAR_S + number)


def test_nothing_changed_and_only_the_age_and_number_move() -> None:
    first = next_list_files(Statuses(100, [(5, 1)]), None, NEW_YEAR_S)
    second = next_list_files(Statuses(100, [(5, 1)]), first, NEW_YEAR_S + 300)
    assert second.base == first.base
    assert Changes.decode(second.changes) == Changes(
        of=sha256(first.base).digest(), issued_at_s=NEW_YEAR_S + 300, number=2
    )


def test_256_changes_stay_changes_and_one_more_makes_a_new_list() -> None:
    first = next_list_files(Statuses(1000, []), None, NEW_YEAR_S)
    full = next_list_files(Statuses(1000, [(index, 1) for index in range(256)]), first, NEW_YEAR_S + 1)
    assert full.base == first.base
    assert len(Changes.decode(full.changes).changes) == 256
    assert len(full.changes) < 4096 - 2200  # with the signed roles that go along an update stays within 4 KiB
    past = next_list_files(Statuses(1000, [(index, 1) for index in range(257)]), full, NEW_YEAR_S + 2)
    assert past.base != first.base
    assert Changes.decode(past.changes) == Changes(of=sha256(past.base).digest(), issued_at_s=NEW_YEAR_S + 2, number=3)


def test_card_that_was_issued_since_is_not_activated_rather_than_unknown() -> None:
    first = next_list_files(Statuses(4, []), None, NEW_YEAR_S)
    second = next_list_files(Statuses(6, [(4, 3), (5, 3)]), first, NEW_YEAR_S + 1)
    assert Changes.decode(second.changes).changes == ((5, 3),)
    assert _read(second) == [0, 0, 0, 0, 3, 3, 3, 3]


def test_register_put_back_from_an_old_copy_makes_the_cards_it_lost_not_activated() -> None:
    first = next_list_files(Statuses(8, []), None, NEW_YEAR_S)
    second = next_list_files(Statuses(3, []), first, NEW_YEAR_S + 1)
    assert _read(second) == [0, 0, 0, 3, 3, 3, 3, 3]


def test_empty_register_makes_an_empty_list() -> None:
    assert _read(next_list_files(Statuses(0, []), None, NEW_YEAR_S)) == []
    assert bitmap_of(Statuses(0, [])) == bytearray()


def test_ten_million_cards_need_no_ten_million_rows() -> None:
    bitmap = bitmap_of(Statuses(10_000_000, ((index, 1) for index in range(0, 10_000_000, 1000))))
    assert len(bitmap) == 2_500_000
    assert (bitmap[0], bitmap[9_999_000 // 4], bitmap[-1]) == (1, 1, 0)
