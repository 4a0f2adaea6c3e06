"""What one journal tells of who went in and out, before anybody is named: taps with what came of them.

A movement is a tap that let somebody in or out. Its person stands in the sealed part of the tap's entry, which is not
opened here. What tells of a passage and of nobody, or cannot be read to its end, is a doubt: told beside the answer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from headquarters.journal.reading import StoredEntry
from terminal.core.barrier_words import GuardOrder, Result, Side
from terminal.core.journal import BY_ORDER, INTENT, SETTLES, EntryKey, Kind, OrderResult, TapResult
from terminal.core.reasons import Outcome

HAPPENED = frozenset({Result.PASSED, Result.ASSUMED, Result.UNKNOWN})
CERTAIN = frozenset({Result.PASSED, Result.ASSUMED})
NOT_LET_THROUGH = frozenset({TapResult.FAILED, TapResult.STORAGE, TapResult.TORN})
FIRE_RELEASE = "fire-release"
UNTAPPED = "untapped"


@dataclass(frozen=True, slots=True)
class Movement:
    """Somebody went in or out; `doubt` says why that is not certain. The tap's entry holds who, sealed."""

    tap: StoredEntry
    side: Side
    passage: EntryKey | None
    doubt: str | None

    @property
    def at_ms(self) -> int:
        """When he tapped, by the terminal's clock."""
        return self.tap.record.time.ms


@dataclass(frozen=True, slots=True)
class FireRelease:
    """From now on it is certain of nobody in this lane's zone whether he is inside."""

    entry: StoredEntry

    @property
    def at_ms(self) -> int:
        """When the boom opened."""
        return self.entry.record.time.ms


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that may have put somebody inside or outside, and names nobody."""

    what: str
    lane: int | None
    entry: EntryKey


@dataclass(slots=True)
class Told:
    """All that one journal tells, up to an instant."""

    movements: list[Movement] = field(default_factory=list)
    fires: list[FireRelease] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)


def told_by(entries: Iterable[StoredEntry], until_ms: int) -> Told:
    """What the entries of one journal tell up to `until_ms`; later ones count as far as they settle earlier ones."""
    return _Journal(tuple(entries), until_ms).told()


class _Journal:
    def __init__(self, entries: tuple[StoredEntry, ...], until_ms: int) -> None:
        self._until_ms = until_ms
        self._entries = entries
        self._outcomes: dict[int, str] = {}
        self._orders: dict[int, StoredEntry] = {}
        self._refused: set[int] = set()
        self._passages: dict[int, StoredEntry] = {}
        for entry in entries:
            public = entry.record.public
            match entry.record.kind, public:
                case Kind.TAP_OUTCOME, {"intent": int(intent), "result": str(result)}:
                    self._outcomes[intent] = result
                case Kind.PASSAGE, {"intent": int(began)} | {"order": int(began)}:
                    self._passages[began] = entry
                case Kind.ORDER, {"settles": int(order), "result": OrderResult.REFUSED}:
                    self._refused.add(order)
                case _:
                    pass

    def told(self) -> Told:
        told = Told()
        intents = {entry.key.sequence for entry in self._entries if entry.record.kind is Kind.TAP_INTENT}
        orders = {entry.key.sequence for entry in self._entries if entry.record.kind is Kind.ORDER}
        for entry in self._entries:
            if entry.record.time.ms > self._until_ms:
                continue
            public = entry.record.public
            match entry.record.kind:
                case Kind.TAP_INTENT:
                    self._tap(told, entry)
                case Kind.TAP_OUTCOME if INTENT not in public:
                    self._without_intent(told, entry)
                case Kind.PASSAGE if _number(public, INTENT) not in intents and _number(public, BY_ORDER) not in orders:
                    self._of_nobody(told, entry)
                case Kind.ORDER if SETTLES not in public:
                    self._order(told, entry)
                case Kind.ALARM_RAISED if public.get("alarm") == FIRE_RELEASE:
                    told.fires.append(FireRelease(entry))
                case _:
                    pass
        return told

    def _tap(self, told: Told, entry: StoredEntry) -> None:
        number = entry.key.sequence
        passage = self._passages.get(number)
        result = None if passage is None else _word(passage.record.public, "result")
        if self._outcomes.get(number) in NOT_LET_THROUGH or (passage is not None and result not in HAPPENED):
            return
        side = _side(entry.record.public)
        if side is None:
            told.doubts.append(Doubt("a tap that let somebody through, and does not say which way", *_where(entry)))
            return
        doubt = None
        if passage is None:
            doubt = "the end of his passage is not known"
        elif result not in CERTAIN:
            doubt = "nobody saw whether he passed"
        told.movements.append(Movement(entry, side, None if passage is None else passage.key, doubt))

    def _without_intent(self, told: Told, entry: StoredEntry) -> None:
        public = entry.record.public
        side = _side(public)
        if _word(public, "outcome") in {Outcome.ADMIT, Outcome.ADMIT_WAIT} and side is not None:
            open_for_fire = "he tapped while the boom was open for a fire"
            unwritten = "the boom opened for him before that could be written down"
            told.movements.append(Movement(entry, side, None, unwritten if "result" in public else open_for_fire))
        elif "outcome" not in public and _word(public, "result") not in NOT_LET_THROUGH:
            told.doubts.append(Doubt("somebody was let out, and who could not be written down", *_where(entry)))

    def _of_nobody(self, told: Told, entry: StoredEntry) -> None:
        result = _word(entry.record.public, "result")
        if result == UNTAPPED:
            told.doubts.append(Doubt("a vehicle passed a boom that was held open, and nobody tapped", *_where(entry)))
        elif result in HAPPENED:
            told.doubts.append(Doubt("somebody passed, and by what tap is not here", *_where(entry)))

    def _order(self, told: Told, entry: StoredEntry) -> None:
        public, number = entry.record.public, entry.key.sequence
        if public.get("order") != GuardOrder.OPEN or "result" in public or number in self._refused:
            return
        passage = self._passages.get(number)
        if passage is not None and _word(passage.record.public, "result") not in HAPPENED:
            return
        way = {Side.ENTRY: " in", Side.EXIT: " out", None: ""}[_side(public)]
        told.doubts.append(Doubt(f"a person had the boom opened for somebody{way}", *_where(entry)))


def _side(public: Mapping[str, Any]) -> Side | None:
    side = _word(public, "side")
    return Side(side) if side in set(Side) else None


def _word(public: Mapping[str, Any], key: str) -> str | None:
    """A word of a terminal's, which may have put anything there."""
    value = public.get(key)
    return value if isinstance(value, str) else None


def _number(public: Mapping[str, Any], key: str) -> int | None:
    value = public.get(key)
    return value if isinstance(value, int) else None


def _where(entry: StoredEntry) -> tuple[int | None, EntryKey]:
    return entry.record.lane, entry.key
