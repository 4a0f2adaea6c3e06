"""An entry of the journal as one line for a guard. It names nobody: the journal itself does not, on site."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from terminal.core.barrier_words import GuardOrder, Result, Side
from terminal.core.journal import INTENT, SETTLES, Access, Kind, OrderResult, Record, SaleResult, TapResult
from terminal.core.reasons import Help, Outcome, Reason
from terminal.web.guard import phrases
from terminal.words.catalogues import Words
from terminal.words.services import service

Word = TypeVar("Word", bound=StrEnum)


class Tone(StrEnum):
    """How a line is marked, beside its words."""

    GOOD = "good"
    WAIT = "wait"
    BAD = "bad"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line. `number` is the entry's; `at_ms` milliseconds since the epoch."""

    number: int
    at_ms: int
    lane: int | None
    kind: Kind
    tone: Tone
    headline: str
    detail: str = ""
    help: str = ""


def event(record: Record, words: Words) -> Event | None:
    """The line of one entry; None: it says nothing that the lines beside it do not say."""
    line = _LINES.get(record.kind, _plain)(record, record.public, words)
    if line is None:
        return None
    tone, headline, *more = line
    return Event(
        number=record.sequence,
        at_ms=record.time.ms,
        lane=record.lane,
        kind=record.kind,
        tone=tone,
        headline=headline,
        detail=more[0] if more else "",
        help=more[1] if len(more) > 1 else "",
    )


Line = tuple[Tone, str] | tuple[Tone, str, str] | tuple[Tone, str, str, str]
_TONES = {Outcome.ADMIT: Tone.GOOD, Outcome.ADMIT_WAIT: Tone.GOOD, Outcome.DESK: Tone.WAIT, Outcome.REFUSE: Tone.BAD}


def _decided(_: Record, public: Mapping[str, Any], words: Words) -> Line | None:
    """What was decided of a card; of an opening that went as it should its intent says enough."""
    if INTENT in public or "outcome" not in public:
        return _settled(public, words)
    outcome, reason = _known(Outcome, public["outcome"]), _known(Reason, public.get("reason"))
    if outcome is None or reason is None:  # of a newer gate
        return Tone.PLAIN, f"{public['outcome']}: {public.get('reason')}"
    side = _known(Side, public.get("side"))
    headline = words.gettext(phrases.OUTCOMES[outcome])
    if side is not None:
        headline += f" · {words.gettext(phrases.SIDES[side])}"
    flags = [words.gettext(phrases.REASONS[flag]) for each in public.get("flags", ()) if (flag := _known(Reason, each))]
    details = [] if reason is Reason.OK else [words.gettext(phrases.REASONS[reason])]
    if flags:
        details.append(words.gettext("let pass: {what}", what=", ".join(flags)))
    help_ = _known(Help, public.get("help"))
    helped = words.gettext(phrases.HELPS[help_]) if help_ is not None and not outcome.opens else ""
    return _TONES[outcome], headline, "; ".join(details), helped


def _settled(public: Mapping[str, Any], words: Words) -> Line | None:
    result = _known(TapResult, public.get("result"))
    if result in {None, TapResult.OPENED, TapResult.OWED}:
        return None
    return Tone.BAD, words.gettext("Not opened"), words.gettext(phrases.TAP_RESULTS[result])


def _passage(_: Record, public: Mapping[str, Any], words: Words) -> Line | None:
    result = _known(Result, public.get("result"))
    if result is None:
        return Tone.PLAIN, words.gettext("Passage")
    return (Tone.GOOD if result is Result.PASSED else Tone.WAIT), words.gettext(phrases.PASSAGES[result])


def _order(_: Record, public: Mapping[str, Any], words: Words) -> Line | None:
    order = _known(GuardOrder, public.get("order"))
    headline = words.gettext(phrases.ORDERS[order]) if order else str(public.get("order"))
    result = _known(OrderResult, public.get("result"))
    if result is None:
        return Tone.PLAIN, headline, words.gettext("ordered by {user}", user=public.get("by", "?"))
    if result is OrderResult.OBEYED and SETTLES in public:
        return None
    return Tone.WAIT, headline, words.gettext(phrases.ORDER_RESULTS[result])


def _raised(_: Record, public: Mapping[str, Any], words: Words) -> Line:
    about = public.get("about")
    return Tone.BAD, phrases.alarm(words, str(public.get("alarm"))), str(about or "")


def _cleared(_: Record, public: Mapping[str, Any], words: Words) -> Line:
    name = phrases.alarm(words, str(public.get("alarm")))
    return Tone.GOOD, words.gettext("Over: {alarm}", alarm=name), str(public.get("about") or "")


def _sale(_: Record, public: Mapping[str, Any], words: Words) -> Line | None:
    what = service(words, str(public.get("what", "")))
    if "outcome" in public and INTENT not in public:
        return _decided(_, public, words)
    result = _known(SaleResult, public.get("result"))
    if result is None:
        return None
    return (Tone.GOOD if result is SaleResult.GIVEN else Tone.WAIT), what, words.gettext(phrases.SALE_RESULTS[result])


def _charge(_: Record, public: Mapping[str, Any], words: Words) -> Line:
    amount = public.get("amount_cents")
    told = words.cents(amount, "EUR") if isinstance(amount, int) else ""
    return Tone.PLAIN, words.gettext("Charged"), f"{service(words, str(public.get('what', '')))} {told}".strip()


def _lists(_: Record, public: Mapping[str, Any], words: Words) -> Line:
    return Tone.PLAIN, words.gettext("Lists of headquarters in force"), str(public.get("list_number", ""))


def _access(record: Record, public: Mapping[str, Any], words: Words) -> Line:
    what = _known(Access, public.get("what"))
    if what is None:
        return _plain(record, public, words)
    return (Tone.WAIT if what is Access.LOG_IN_FAILED else Tone.PLAIN), words.gettext(phrases.ACCESSES[what])


def _plain(record: Record, _: Mapping[str, Any], words: Words) -> Line:
    return Tone.PLAIN, words.gettext(phrases.KINDS[record.kind])


def _known(kind: type[Word], word: object) -> Word | None:
    """The word, if this software knows it: the journal may be of a newer one."""
    return kind(word) if isinstance(word, str) and word in {each.value for each in kind} else None


_LINES: Mapping[Kind, Callable[[Record, Mapping[str, Any], Words], Line | None]] = {
    Kind.TAP_INTENT: _decided,
    Kind.TAP_OUTCOME: _decided,
    Kind.PASSAGE: _passage,
    Kind.ORDER: _order,
    Kind.ALARM_RAISED: _raised,
    Kind.ALARM_CLEARED: _cleared,
    Kind.SALE_INTENT: lambda *_: None,
    Kind.SALE_OUTCOME: _sale,
    Kind.CHARGE: _charge,
    Kind.LIST_APPLIED: _lists,
    Kind.ACCESS: _access,
}
