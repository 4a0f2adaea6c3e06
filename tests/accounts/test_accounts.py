"""Accounts, passwords, throttle and sessions: what somebody tries who has none."""

import sqlite3
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from terminal.accounts import passwords
from terminal.accounts.roles import MAY, Right, Role
from terminal.accounts.sessions import IDLE_S, LONGEST_S, MOST, MOST_OF_ONE, Sessions, is_form_of
from terminal.accounts.store import Account, Store
from terminal.accounts.throttle import ACCOUNT_MOST_S, ADDRESS_MOST_S, FORGET_S, FREE, MOST_KEYS, Throttle
from terminal.core.barrier_words import GuardOrder
from terminal.errors import ConfigurationError, StorageError

GOOD = "paard batterij nietje"
KAREL = Account(name="k.bakker", full_name="Karel Bakker", role=Role.GUARD, language="nl", hash_="$argon2id$x")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "accounts.db")
    made.add(KAREL)
    return made


# -------------------------------------------------------------------------------------------------------------- roles


def test_every_order_of_a_lane_is_somebodys_right_and_a_viewer_and_an_installer_have_none() -> None:
    assert {order.value for order in GuardOrder} == {right.value for right in Right} - {"see", "alarm"}
    assert MAY[Role.VIEWER] == MAY[Role.INSTALLER] == {Right.SEE}
    assert MAY[Role.VIEWER] < MAY[Role.GUARD] < MAY[Role.CHIEF] == set(Right)


# ----------------------------------------------------------------------------------------------------------- passwords


def test_password_is_known_again_and_another_is_not() -> None:
    kept = passwords.hashed("karel", GOOD)
    assert GOOD not in kept
    assert passwords.is_right(kept, GOOD)
    assert not passwords.is_right(kept, GOOD + " ")
    assert not passwords.is_right("no hash at all", GOOD)
    assert not passwords.is_right(passwords.nobodys(), GOOD)


def test_password_is_the_same_however_a_keyboard_composes_it() -> None:
    composed, apart = (unicodedata.normalize(form, "één café te veel") for form in ("NFC", "NFD"))
    assert composed != apart
    assert passwords.is_right(passwords.hashed("karel", composed), apart)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "12 to 128 letters"),
        ("a b c d e f", "12 to 128 letters"),
        ("abcdefghij" * 13, "12 to 128 letters"),
        ("aaaaaaaaaaaaaaa", "tries that one first"),
        ("Welkom123456", "tries that one first"),
        ("karel.bakker1", "own name"),
        ("first line\nsecond line", "line breaks"),
    ],
)
def test_password_that_anybody_guesses_is_not_taken(password: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        passwords.hashed("karel.bakker", password)


@pytest.mark.parametrize("length", [passwords.SHORTEST, passwords.LONGEST])
def test_bounds_of_length_are_taken(length: int) -> None:
    assert passwords.mistake("karel", ("wagen met paard " * 9)[: length - 1] + "!") is None


def test_million_letters_are_not_even_hashed() -> None:
    assert not passwords.is_right("$argon2id$would-raise", "x" * 1_000_000)


def test_hash_of_weaker_times_is_still_right_and_known_to_be_outdated() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    assert passwords.is_right(weak, GOOD)
    assert passwords.is_outdated(weak)
    assert not passwords.is_outdated(passwords.hashed("karel", GOOD))


# ------------------------------------------------------------------------------------------------------------- throttle


def fail(throttle: Throttle, account: str, address: str, now_s: float, times: int) -> float:
    """Try as soon as it may be tried, so often; returns when that was over."""
    for _ in range(times):
        now_s += throttle.wait_s(account, address, now_s)
        throttle.failed(account, address, now_s)
    return now_s


def test_a_person_who_mistypes_does_not_wait() -> None:
    throttle = Throttle()
    fail(throttle, "karel", "10.0.0.1", 0.0, FREE)
    assert throttle.wait_s("karel", "10.0.0.1", 0.0) == 0


def test_guessing_from_one_address_gets_slower_and_slower() -> None:
    throttle = Throttle()
    end_s = fail(throttle, "karel", "10.0.0.1", 0.0, 30)
    assert throttle.wait_s("somebody else", "10.0.0.1", end_s) == ADDRESS_MOST_S
    assert end_s > 10 * ADDRESS_MOST_S


def test_guessing_at_one_account_from_many_addresses_slows_it_and_locks_nobody_out() -> None:
    throttle = Throttle()
    now_s = 0.0
    for number in range(200):
        now_s += throttle.wait_s("karel", f"10.0.{number}.1", now_s)
        throttle.failed("karel", f"10.0.{number}.1", now_s)
    assert throttle.wait_s("karel", "192.168.0.5", now_s) == ACCOUNT_MOST_S
    assert throttle.wait_s("karel", "192.168.0.5", now_s + ACCOUNT_MOST_S) == 0
    assert throttle.wait_s("anja", "192.168.0.5", now_s) == 0


def test_own_account_does_not_whiten_an_address_that_guesses_at_others() -> None:
    throttle = Throttle()
    now_s = fail(throttle, "karel", "10.0.0.1", 0.0, 10)
    throttle.succeeded("mallory")
    assert throttle.wait_s("mallory", "10.0.0.1", now_s) > 0


def test_failures_are_forgotten_after_a_while_and_a_right_one_forgets_the_account_s() -> None:
    throttle = Throttle()
    now_s = fail(throttle, "karel", "10.0.0.1", 0.0, 20)
    assert throttle.wait_s("karel", "10.0.0.1", now_s + FORGET_S) == 0
    throttle.succeeded("karel")
    assert throttle.wait_s("karel", "10.0.0.2", now_s) == 0


def test_flood_of_addresses_does_not_push_out_an_account() -> None:
    throttle = Throttle()
    now_s = fail(throttle, "karel", "10.0.0.1", 0.0, 20)
    for number in range(MOST_KEYS + 10):
        throttle.failed("nobody", f"addr {number}", now_s)
    assert throttle.wait_s("karel", "192.168.0.5", now_s) > 0


@given(st.lists(st.floats(0, 5000), max_size=60))
def test_wait_is_never_negative_and_never_longer_than_its_most(pauses: list[float]) -> None:
    throttle, now_s = Throttle(), 0.0
    for pause in pauses:
        now_s += pause
        throttle.failed("karel", "a", now_s)
        assert 0 <= throttle.wait_s("karel", "b", now_s) <= ACCOUNT_MOST_S
        assert 0 <= throttle.wait_s("x", "a", now_s) <= ADDRESS_MOST_S


# ------------------------------------------------------------------------------------------------------------- sessions


class Made:
    """Sessions with random bytes that count."""

    def __init__(self, *accounts: Account) -> None:
        self.accounts = {each.name: each for each in accounts}
        self._count = 0
        self.all = Sessions(self._random, self.accounts.get)

    def _random(self, size: int) -> bytes:
        self._count += 1
        return self._count.to_bytes(size)


def test_session_is_found_by_its_token_and_by_no_other() -> None:
    made = Made(KAREL)
    token = made.all.begin(KAREL, 0.0)
    found = made.all.find(token, 1.0)
    assert found is not None
    assert found.account == KAREL
    assert [made.all.find(other, 1.0) for other in ("", token[:-1], token.upper() + "x", "\ud800")] == [None] * 4


def test_session_ends_when_nobody_does_anything_and_after_a_shift_in_any_case() -> None:
    made = Made(KAREL)
    idle, busy = made.all.begin(KAREL, 0.0), made.all.begin(KAREL, 0.0)
    now_s = 0.0
    while now_s + IDLE_S / 2 < LONGEST_S:
        now_s += IDLE_S / 2
        assert made.all.find(busy, now_s) is not None
    assert made.all.find(idle, IDLE_S) is None
    assert made.all.find(busy, LONGEST_S) is None


def test_page_that_asks_by_itself_keeps_nobody_logged_in() -> None:
    made = Made(KAREL)
    token = made.all.begin(KAREL, 0.0)
    assert made.all.find(token, IDLE_S - 1, active=False) is not None
    assert made.all.find(token, IDLE_S, active=False) is None


@pytest.mark.parametrize(
    "changed", [None, replace(KAREL, changed=2, hash_="other"), replace(KAREL, changed=2, role=Role.CHIEF)]
)
def test_stolen_token_is_worth_nothing_once_the_account_is_changed_or_switched_off(changed: Account | None) -> None:
    made = Made(KAREL)
    token = made.all.begin(KAREL, 0.0)
    made.accounts.clear()
    made.accounts |= {} if changed is None else {KAREL.name: changed}
    assert made.all.find(token, 1.0) is None
    made.accounts[KAREL.name] = KAREL
    assert made.all.find(token, 1.0) is None, "what has ended has ended"


def test_log_out_ends_one_session_and_not_the_other() -> None:
    made = Made(KAREL)
    first, second = made.all.begin(KAREL, 0.0), made.all.begin(KAREL, 0.0)
    made.all.end(first)
    assert (made.all.find(first, 0.0), made.all.find(second, 0.0) is None) == (None, False)


def test_sessions_are_bounded_for_one_and_for_all() -> None:
    others = [replace(KAREL, name=f"guard{number}") for number in range(MOST)]
    made = Made(KAREL, *others)
    own = [made.all.begin(KAREL, 0.0) for _ in range(MOST_OF_ONE + 1)]
    assert [made.all.find(token, 0.0) is not None for token in own] == [False] + [True] * MOST_OF_ONE
    tokens = [made.all.begin(each, 0.0) for each in others]
    assert sum(made.all.find(token, 0.0) is not None for token in (*own, *tokens)) == MOST


def test_form_of_another_session_is_not_taken() -> None:
    made = Made(KAREL)
    one, two = (made.all.find(made.all.begin(KAREL, 0.0), 0.0) for _ in range(2))
    assert one is not None
    assert two is not None
    assert is_form_of(one, one.csrf)
    assert not is_form_of(one, two.csrf)
    assert not is_form_of(one, "")
    assert not is_form_of(one, "é\ud800")


# ---------------------------------------------------------------------------------------------------------------- store


def test_account_is_found_as_it_was_made_and_changes_hold_at_once(store: Store) -> None:
    assert store.find("k.bakker") == KAREL
    store.change("k.bakker", role=Role.CHIEF)
    store.change("k.bakker", hash_="new")
    assert store.find("k.bakker") == replace(KAREL, role=Role.CHIEF, hash_="new", changed=3)
    store.change("k.bakker", disabled=True)
    assert store.find("k.bakker") is None
    assert store.all() == (replace(KAREL, role=Role.CHIEF, hash_="new", changed=4, disabled=True),)


def test_name_is_not_used_again_and_unknown_ones_are_said(store: Store) -> None:
    with pytest.raises(ConfigurationError, match="already"):
        store.add(replace(KAREL, full_name="Somebody else"))
    with pytest.raises(ConfigurationError, match="no account anja"):
        store.change("anja", disabled=True)
    assert store.find("k.bakker") == KAREL


@pytest.mark.parametrize(
    "name", ["", "k", "K.Bakker", "1k", "k bakker", "x" * 33, "k'; --", "../../x", "k\n", "\uff4barel"]
)
def test_name_that_is_none_is_refused_and_looked_up_without_harm(store: Store, name: str) -> None:
    with pytest.raises(ConfigurationError, match="no name of an account"):
        store.add(replace(KAREL, name=name))
    assert store.find(name) is None


@pytest.mark.parametrize("full_name", ["", "   ", "x" * 65, "two\nlines"])
def test_full_name_that_is_none_is_refused(store: Store, full_name: str) -> None:
    with pytest.raises(ConfigurationError, match="full name"):
        store.add(replace(KAREL, name="anja", full_name=full_name))


def test_file_is_not_for_everybody_and_no_file_has_no_accounts(tmp_path: Path) -> None:
    store = Store(tmp_path / "accounts.db")
    assert (store.find("karel"), store.all()) == (None, ())
    store.add(KAREL)
    assert (tmp_path / "accounts.db").stat().st_mode & 0o007 == 0


def test_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "accounts.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="left alone"):
        Store(path).add(KAREL)
    with pytest.raises(StorageError, match="no file of accounts"):
        Store(path).find("karel")
    assert path.read_bytes() == before


def test_file_that_is_spoilt_lets_nobody_in(store: Store, tmp_path: Path) -> None:
    (tmp_path / "accounts.db").write_bytes(b"not a database, but something long enough" * 100)
    with pytest.raises(StorageError, match="cannot be read"):
        store.find("k.bakker")


def test_hash_is_in_no_representation(store: Store) -> None:
    assert KAREL.hash_ not in repr(store.find("k.bakker"))
