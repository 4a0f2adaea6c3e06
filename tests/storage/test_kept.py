from pathlib import Path

import pytest

from tests.storage.support import Gate


def test_kept_state_is_there_after_a_restart_as_it_was_last(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        kept = gate.store.kept
        assert kept.get("lane/1/orders") is None
        kept.put("lane/1/orders", b"hold")
        kept.put("lane/1/orders", b"lock").result()
        kept.put("seen/root", bytes(3)).result()
        assert kept.get("lane/1/orders") == b"lock"
    with Gate(tmp_path / "journal") as gate:
        assert (gate.store.kept.get("lane/1/orders"), gate.store.kept.get("seen/root")) == (b"lock", bytes(3))


def test_kept_number_holds_all_of_64_bits_and_no_more(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        floor = gate.store.kept.number("clock-floor")
        assert floor.load() is None
        for number in (0, 2**64 - 1):
            floor.save(number).result()
            assert floor.load() == number
        for number in (-1, 2**64):
            with pytest.raises(OverflowError):
                floor.save(number)


def test_kept_state_has_bounds(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        kept = gate.store.kept
        kept.put("a" * 64, bytes(64 * 1024)).result()
        for name, value in (("a" * 65, b""), ("", b""), ("A", b""), ("a", bytes(64 * 1024 + 1))):
            with pytest.raises(ValueError, match="no kept state"):
                kept.put(name, value)
