"""What a guard needs in the first second: does every lane work, is anything wrong, is what he sees up to date."""

from dataclasses import dataclass

from terminal.core.barrier_words import Phase
from terminal.web.guard import phrases
from terminal.web.guard.events import Tone
from terminal.web.now import Now
from terminal.words.catalogues import Words

BACKLOG_WAITS = 50
"""Entries that headquarters does not have yet: so many, and the line is worth looking at."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing: `what` it is about, and how it is."""

    what: str
    tone: Tone
    words: str


def glance(now: Now, acknowledged: int | None, words: Words) -> tuple[Item, ...]:
    """All of it. `acknowledged`: how many entries headquarters has; None: there is nothing that tells."""
    if not now.whole:
        return (Item("gate", Tone.BAD, words.gettext("The gate does not answer. What you see is old.")),)
    items = (_lanes(now, words), _alarms(now, words), _lists(now, words), _headquarters(now, acknowledged, words))
    return (*items, *_clock(now, words))


def _lanes(now: Now, words: Words) -> Item:
    shut = {number: lane["shut"] for number, lane in sorted(now.lanes.items()) if lane["shut"] is not None}
    dead = {each["at"] for each in now.readers.values() if each["state"] != "ready"}
    broken = sorted({*shut, *(dead & now.lanes.keys())})
    if not broken:
        return Item("lanes", Tone.GOOD, words.gettext("Every lane works"))
    named = ", ".join(
        f"{number}: {_why(now, number, words)}" if number in shut else f"{number}: {phrases.alarm(words, 'reader')}"
        for number in broken
    )
    meant = all(now.lanes[number]["phase"] in {Phase.LOCKED, Phase.HELD_OPEN, Phase.CLOSED} for number in broken)
    tone = Tone.WAIT if meant and not dead else Tone.BAD
    return Item("lanes", tone, words.gettext("Lane {lanes}", lanes=named))


def _why(now: Now, number: int, words: Words) -> str:
    lane = now.lanes[number]
    return words.gettext(phrases.PHASES[Phase(lane["phase"])]) if not lane["kept"] else kept(lane["kept"], words)


def kept(marks: list[str], words: Words) -> str:
    """What outlives a restart, in words."""
    known = {str(each): text for each, text in phrases.KEPT.items()}
    return ", ".join(words.gettext(known[each]) if each in known else each for each in marks)


def _alarms(now: Now, words: Words) -> Item:
    count = len(now.alarms)
    if not count:
        return Item("alarms", Tone.GOOD, words.gettext("No alarm stands"))
    return Item("alarms", Tone.BAD, words.ngettext("{times} alarm stands", "{times} alarms stand", count))


def _lists(now: Now, words: Words) -> Item:
    if now.site is None or now.at_ms is None:
        return Item("lists", Tone.BAD, words.gettext("No lists are in force"))
    age_s = max(0, now.at_ms // 1000 - now.site["lists_issued_at_s"])
    said = words.gettext("Lists are {age} old", age=words.duration(age_s - age_s % 60))
    if age_s > now.site["list_max_s"]:
        return Item("lists", Tone.BAD, said)
    return Item("lists", Tone.WAIT if age_s > now.site["list_warn_s"] else Tone.GOOD, said)


def _headquarters(now: Now, acknowledged: int | None, words: Words) -> Item:
    if acknowledged is None:
        return Item("headquarters", Tone.WAIT, words.gettext("Not known what headquarters has"))
    waiting = max(0, now.copied - acknowledged)
    if waiting == 0:
        return Item("headquarters", Tone.GOOD, words.gettext("Headquarters has everything"))
    said = words.ngettext("{times} entry waits for headquarters", "{times} entries wait for headquarters", waiting)
    return Item("headquarters", Tone.WAIT if waiting >= BACKLOG_WAITS else Tone.GOOD, said)


def _clock(now: Now, words: Words) -> tuple[Item, ...]:
    if now.clock in {None, "good"}:
        return ()
    return (Item("clock", Tone.BAD, words.gettext("The clock cannot be relied on")),)
