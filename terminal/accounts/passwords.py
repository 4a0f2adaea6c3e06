"""Passwords: what may be one, and how one is kept and checked (Argon2id, RFC 9106; rules of NIST SP 800-63B).

A check takes 19 MiB and some tenths of a second on a Raspberry Pi: enough to make guessing from a stolen file dear, and
little enough that a page for guards stays small. RFC 9106 would have 64 MiB; that is more than the whole process.
"""

import unicodedata
from functools import cache
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from terminal.errors import ConfigurationError

TIME_COST, MEMORY_KIB, LANES = 3, 19 * 1024, 1
SHORTEST, LONGEST = 12, 128
COMMONEST = frozenset(
    {
        "123456789012",
        "1234567890123",
        "password1234",
        "passwordpassword",
        "qwertyuiop123",
        "welkom123456",
        "welkom012345",
        "wachtwoord123",
        "wachtwoord1234",
        "administrator",
        "letmeinletmein",
        "changeme1234",
    }
)

_hasher = PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=LANES)
_one_at_a_time = Lock()


@cache
def nobodys() -> str:
    """A hash to check where there is no such account, so that it takes as long."""
    return _hasher.hash("nobody has this one")


def normal(password: str) -> str:
    """The password as it is hashed: the same however a keyboard composes its letters (NFKC; RFC 8265, 4.2)."""
    return unicodedata.normalize("NFKC", password)


def mistake(name: str, password: str) -> str | None:
    """What keeps it from being the password of this account, in words; None when nothing does."""
    made = normal(password)
    if not SHORTEST <= len(made) <= LONGEST:
        return f"a password has {SHORTEST} to {LONGEST} letters; a sentence is easier to remember than signs"
    if not made.isprintable():
        return "a password has no line breaks, tabs or control characters"
    plain = made.casefold()
    if plain in COMMONEST or len(set(plain)) < 4:
        return "everybody tries that one first; take another"
    if name in plain and len(plain) < len(name) + SHORTEST // 2:
        return "a password is more than the account's own name"
    return None


def hashed(name: str, password: str) -> str:
    """The hash to be kept.

    Raises:
        ConfigurationError: it may not be a password.
    """
    if (why := mistake(name, password)) is not None:
        raise ConfigurationError(why)
    with _one_at_a_time:
        return _hasher.hash(normal(password))


def is_right(hash_: str, password: str) -> bool:
    """Check a password. Blocks for some tenths of a second, and for the checks before it: there is one at a time."""
    if len(password) > 4 * LONGEST:
        return False
    with _one_at_a_time:
        try:
            return _hasher.verify(hash_, normal(password))
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(hash_: str) -> bool:
    """Whether it was made with less than is asked for today, so that it is made anew at the next log-in."""
    return _hasher.check_needs_rehash(hash_)
