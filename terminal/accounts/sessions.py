"""Who is logged in (OWASP Session Management). Pure; seconds are monotonic. Belongs to one thread.

A session is a random token in a cookie; here only its SHA-256 is kept, in memory, so a restart ends all of them. One
ends when nobody does anything for `IDLE_S`, after `LONGEST_S` whatever happens, and as soon as its account is changed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest

from terminal.accounts.store import Account

TOKEN_BYTES = 32
IDLE_S = 30 * 60.0
LONGEST_S = 12.5 * 3600.0
"""A shift, and the time to hand it over."""
MOST_OF_ONE = 8
MOST = 64

Random = Callable[[int], bytes]


@dataclass(slots=True)
class Session:
    """One log-in. `csrf` stands in each form; `used` are the numbers of forms that were sent already."""

    account: Account
    csrf: str = field(repr=False)
    began_s: float
    seen_s: float
    used: set[str] = field(default_factory=set, repr=False)


class Sessions:
    """All that go on."""

    def __init__(self, random: Random, look_up: Callable[[str], Account | None]) -> None:
        """`look_up` gives an account as it is now."""
        self._random = random
        self._look_up = look_up
        self._all: dict[bytes, Session] = {}

    def begin(self, account: Account, now_s: float) -> str:
        """Log in; returns the token. Of one account the oldest of too many ends, and of all."""
        self._drop(now_s)
        own = [key for key, each in self._all.items() if each.account.name == account.name]
        for key in own[: max(0, len(own) - MOST_OF_ONE + 1)]:
            del self._all[key]
        while len(self._all) >= MOST:
            del self._all[next(iter(self._all))]
        token = self._random(TOKEN_BYTES).hex()
        self._all[_key(token)] = Session(account, self._random(TOKEN_BYTES).hex(), now_s, now_s)
        return token

    def find(self, token: str, now_s: float, *, active: bool = True) -> Session | None:
        """Whose token this is; None: nobody's, or no longer. `active`: a person did something, so he is not idle."""
        key = _key(token)
        session = self._all.get(key)
        if session is None:
            return None
        if _is_over(session, now_s) or self._look_up(session.account.name) != session.account:
            del self._all[key]
            return None
        if active:
            session.seen_s = now_s
        return session

    def end(self, token: str) -> None:
        """Log out."""
        self._all.pop(_key(token), None)

    def _drop(self, now_s: float) -> None:
        self._all = {key: each for key, each in self._all.items() if not _is_over(each, now_s)}


def is_form_of(session: Session, csrf: str) -> bool:
    """Whether a form came from a page of this session: no other site knows its token."""
    return compare_digest(session.csrf.encode(), csrf.encode(errors="surrogatepass"))


def _is_over(session: Session, now_s: float) -> bool:
    return now_s - session.seen_s >= IDLE_S or now_s - session.began_s >= LONGEST_S


def _key(token: str) -> bytes:
    return sha256(token.encode(errors="surrogatepass")).digest()
