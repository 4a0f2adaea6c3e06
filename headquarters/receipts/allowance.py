"""How often one address may ask: a bucket each, which fills again with time; bounded in memory."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

BURST = 20
"""So many questions at once."""
AGAIN_EVERY_S = 6.0
"""And one more after each of these: ten a minute. 80 bits want longer than there is time for."""
MAX_ADDRESSES = 10_000
IPV6_BITS = 64
"""A line has a network of its own: every address in it is one asker."""


@dataclass(slots=True)
class Allowance:
    """Counts questions by address. Safe from several threads."""

    monotonic_s: Callable[[], float]
    burst: int = BURST
    again_every_s: float = AGAIN_EVERY_S
    max_addresses: int = MAX_ADDRESSES
    _full_at_s: OrderedDict[str, float] = field(default_factory=OrderedDict)
    """By address: when its bucket will be full again. The one asked longest ago comes first, and is forgotten first."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, address: str) -> bool:
        """Tell whether this address may ask now, and count it if so."""
        who, now_s = asker(address), self.monotonic_s()
        with self._lock:
            full_at_s = max(self._full_at_s.pop(who, now_s), now_s) + self.again_every_s
            allowed = full_at_s - now_s <= self.burst * self.again_every_s
            self._full_at_s[who] = full_at_s if allowed else full_at_s - self.again_every_s
            while len(self._full_at_s) > self.max_addresses:
                self._full_at_s.popitem(last=False)
        return allowed


def asker(address: str) -> str:
    """Who is counted as one: an IPv4 address, the network of an IPv6 address, everybody without an address."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(int(found) >> (128 - IPV6_BITS))
    return str(found)
