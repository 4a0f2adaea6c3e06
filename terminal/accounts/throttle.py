"""How long whoever fails to log in must wait: by account and by address. Pure; seconds are monotonic.

Each failure doubles the wait. For an account it ends at `ACCOUNT_MOST_S`: who knows a guard's name can slow him down,
and not lock him out. For an address it goes on to `ADDRESS_MOST_S`. After a while without a failure it is forgotten.
"""

from collections import OrderedDict
from dataclasses import dataclass

FREE = 3
"""Failures without a wait: people mistype."""
FIRST_S = 1.0
ACCOUNT_MOST_S = 20.0
ADDRESS_MOST_S = 600.0
FORGET_S = 1800.0
MOST_KEYS = 4096
"""Accounts, and addresses, that are remembered each; the one that failed longest ago is forgotten first."""


@dataclass(slots=True)
class _Failures:
    count: int
    last_s: float


class _Kind:
    """All keys of one kind."""

    def __init__(self, most_s: float) -> None:
        self._most_s = most_s
        self._known: OrderedDict[str, _Failures] = OrderedDict()

    def wait_s(self, key: str, now_s: float) -> float:
        known = self._known.get(key)
        if known is None or now_s - known.last_s >= FORGET_S or known.count <= FREE:
            return 0.0
        wait_s = min(self._most_s, FIRST_S * 2.0 ** min(known.count - FREE - 1, 32))
        return max(0.0, known.last_s + wait_s - now_s)

    def failed(self, key: str, now_s: float) -> None:
        known = self._known.pop(key, None)
        count = known.count if known is not None and now_s - known.last_s < FORGET_S else 0
        self._known[key] = _Failures(count + 1, now_s)
        if len(self._known) > MOST_KEYS:
            self._known.popitem(last=False)

    def forget(self, key: str) -> None:
        self._known.pop(key, None)


class Throttle:
    """What is remembered of failures. Belongs to one thread."""

    def __init__(self) -> None:
        self._accounts = _Kind(ACCOUNT_MOST_S)
        self._addresses = _Kind(ADDRESS_MOST_S)

    def wait_s(self, account: str, address: str, now_s: float) -> float:
        """How long until this may be tried, in seconds; 0: now. Nothing is checked before."""
        return max(self._accounts.wait_s(account, now_s), self._addresses.wait_s(address, now_s))

    def failed(self, account: str, address: str, now_s: float) -> None:
        """It was tried, and was not right."""
        self._accounts.failed(account, now_s)
        self._addresses.failed(address, now_s)

    def succeeded(self, account: str) -> None:
        """It was right. What an address has failed is not forgotten: it may have one account and try for others."""
        self._accounts.forget(account)
