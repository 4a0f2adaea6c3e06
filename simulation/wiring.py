"""What lies between a contact and what the board tells of it: a wire that may be cut, a contact that may be stuck or
chatter, and the debouncing that a kernel does. Times in milliseconds.

The `raw` level is that of the wire. It is told as the contact's level when it has stood still for `debounce_ms`, as the
GPIO character device of Linux does; a glitch that is shorter is never told.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

ACTIVE_WHEN_CUT = frozenset({"fire", "tamper", "swing_off", "controller_fault"})
"""Contacts on a closed circuit: what they report is reported by a cut wire too. Any other reads as off."""

Told = Callable[[str, str, bool], None]
"""Called with `raw` or `contact`, the name and the new level, before it takes effect."""


@dataclass(slots=True)
class _Contact:
    level: bool
    """As the board tells it."""
    raw: bool
    wanted: bool
    settles_ms: float | None = None
    """When `raw` has stood still for long enough to be told."""
    stuck: bool | None = None
    cut: bool = False
    bounces: int = 0
    within_ms: float = 0.0
    flips: list[tuple[float, bool]] = field(default_factory=list)
    """What the wire is going to do, and when."""


class Wiring:
    """The contacts of one lane. Whoever asks for a name that is not fitted gets a KeyError."""

    def __init__(self, fitted: Iterable[str], active: Iterable[str], debounce_ms: float, told: Told) -> None:
        on = set(active)
        self._contacts = {name: _Contact(name in on, name in on, name in on) for name in fitted}
        self._debounce_ms = debounce_ms
        self._told = told

    @property
    def levels(self) -> dict[str, bool]:
        """What the board tells."""
        return {name: contact.level for name, contact in self._contacts.items()}

    def next_ms(self) -> float | None:
        """When a wire changes or settles next by itself, or None."""
        flips = [contact.flips[0][0] for contact in self._contacts.values() if contact.flips]
        settles = [contact.settles_ms for contact in self._contacts.values() if contact.settles_ms is not None]
        return min([*flips, *settles], default=None)

    def advance(self, now_ms: float, truth: Mapping[str, bool]) -> None:
        """Let time go on to `now_ms`, and the contacts be what `truth` says; what it does not name is off."""
        for name, contact in self._contacts.items():
            self._want(contact, _seen(name, contact, truth.get(name, False)), now_ms)
            while contact.flips and contact.flips[0][0] <= now_ms:
                self._flip(name, contact, contact.flips.pop(0)[1], now_ms)
            if contact.settles_ms is not None and now_ms >= contact.settles_ms:
                contact.settles_ms = None
                self._tell(name, contact)

    def stick(self, name: str, level: bool | None) -> None:
        """Hold it at a level whatever is behind it, or let go of it (None)."""
        self._contacts[name].stuck = level

    def cut(self, name: str, cut: bool) -> None:
        """Cut its wire, or mend it."""
        self._contacts[name].cut = cut

    def chatter(self, name: str, bounces: int, within_ms: float, now_ms: float) -> None:
        """Let it bounce now, and at every change from now on, so often within so long; 0 bounces: no more."""
        contact = self._contacts[name]
        contact.bounces, contact.within_ms = bounces, within_ms
        if bounces:
            contact.flips = _bouncing(contact, not contact.wanted, now_ms)[:-1]

    def press(self, name: str, for_ms: float, now_ms: float) -> None:
        """Let it be on for so long, as somebody presses a button."""
        contact = self._contacts[name]
        contact.flips = [(now_ms, True), (now_ms + for_ms, contact.wanted)]

    def _want(self, contact: _Contact, wanted: bool, now_ms: float) -> None:
        if wanted != contact.wanted:
            contact.wanted = wanted
            contact.flips = _bouncing(contact, wanted, now_ms)

    def _flip(self, name: str, contact: _Contact, raw: bool, now_ms: float) -> None:
        if raw == contact.raw:
            return
        if self._debounce_ms > 0:
            self._told("raw", name, raw)
        contact.raw = raw
        contact.settles_ms = now_ms + self._debounce_ms
        if self._debounce_ms <= 0:
            contact.settles_ms = None
            self._tell(name, contact)

    def _tell(self, name: str, contact: _Contact) -> None:
        if contact.raw != contact.level:
            self._told("contact", name, contact.raw)
            contact.level = contact.raw


def _seen(name: str, contact: _Contact, truth: bool) -> bool:
    if contact.cut:
        return name in ACTIVE_WHEN_CUT
    return truth if contact.stuck is None else contact.stuck


def _bouncing(contact: _Contact, level: bool, now_ms: float) -> list[tuple[float, bool]]:
    """The flips of a change to `level`: there, and for each bounce back and there again."""
    flips = 2 * contact.bounces
    step_ms = contact.within_ms / flips if flips else 0.0
    return [(now_ms + nth * step_ms, level if nth % 2 == 0 else not level) for nth in range(flips + 1)]
