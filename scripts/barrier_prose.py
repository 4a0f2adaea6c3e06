"""The barrier's table in words, for its page and its pictures: what happens, what must hold, what is done."""

from collections.abc import Iterable, Mapping

from terminal.core.barrier_rows import (
    Absent,
    AllEnd,
    Asks,
    By,
    Cancel,
    Clear,
    Close,
    Effect,
    FirstEnds,
    FirstUnserved,
    Forget,
    Hold,
    LetGo,
    More,
    NobodyCame,
    NoneOwedBut,
    Open,
    Owe,
    Owed,
    PassageDone,
    Released,
    Remember,
    Rested,
    Serve,
    Start,
    WentBack,
    When,
    Without,
)
from terminal.core.barrier_signals import (
    Admitted,
    Alarm,
    BoardLost,
    ContactsRead,
    Entered,
    Expired,
    Incident,
    LoopsClear,
    Off,
    On,
    Ordered,
    Passage,
    Stopped,
    Untapped,
)
from terminal.core.barrier_words import Logic, Mark, Settings, Timer

MARKS = {
    Mark.RETRIED: "it was tried again already",
    Mark.BOARDING: "another card would be a passenger",
    Mark.UNDER: "something was under the boom",
    Mark.BEHIND: "loop_behind was on",
    Mark.STRANGER: "who is under the boom is a stranger",
    Mark.GAP: "loop_safety was clear meanwhile",
    Mark.RESTARTED: "the boom was not down since the start",
    Mark.EMERGENCY: "emergency",
    Mark.SWUNG_OFF: "arm came off",
    Mark.LOCKED: "locked",
    Mark.HELD: "held",
    Mark.PAUSED: "paused",
}


def seconds(timer: Timer) -> str:
    """How long it runs where commissioning says nothing else."""
    return f"{Settings().duration_ms(timer) / 1000:g} s"


HAPPENS: Mapping[type, str] = {
    On: "{contact} on",
    Off: "{contact} off",
    Expired: "timer {timer} is over",
    Ordered: "a person orders: {order}",
    Entered: "on entering",
    LoopsClear: "loops clear",
    BoardLost: "the board is gone",
    Stopped: "the gate ends",
    Admitted: "admitted",
    ContactsRead: "contacts read",
}
HOLDS: Mapping[type, str] = {
    On: "{contact} is on",
    Off: "{contact} is not on",
    Absent: "no {contact}",
    Released: "{contact} is off",
    Rested: "{contact} was clear before",
    Clear: "the loops are clear",
    Without: "not: {mark}",
    Owed: "{least} are owed",
    NoneOwedBut: "no more than {most} are owed",
    More: "another vehicle is owed",
    FirstUnserved: "the first one owed had no order yet",
}
DONE: Mapping[type, str] = {
    Owe: "owed + 1",
    Serve: "ORDER open, for the next one owed",
    Open: "ORDER open",
    LetGo: "ORDER level off",
    Close: "ORDER close, where wired",
    Hold: "ORDER level on",
    PassageDone: "passage done: {result}",
    FirstEnds: "the first one owed ends: {result}",
    AllEnd: "all that are owed end: {result}",
    NobodyCame: "all that are owed end: unknown, backed-out or no-show",
    WentBack: "who was under the boom went back",
    Start: "timer {timer}",
    Cancel: "no timer {timer}",
    Remember: "note: {mark}",
    Forget: "forget: {mark}",
    Alarm: "ALARM {name}",
    Incident: "INCIDENT {name}",
    Passage: "passage of somebody: {result}",
    Untapped: "counted as untapped",
}


COUNTED: Mapping[When, str] = {
    Owed(1): "somebody is owed",
    Owed(2): "two are owed",
    NoneOwedBut(0): "nobody is owed",
    NoneOwedBut(1): "no second one is owed",
}


def _told(words: Mapping[type, str], part: object) -> str:
    kind = part if isinstance(part, type) else type(part)
    values = {name: getattr(part, name, "") for name in getattr(kind, "__match_args__", ())}
    marks = {name: MARKS[value] for name, value in values.items() if isinstance(value, Mark)}
    return words[kind].format(**values | marks)


def events_in_words(events: Iterable[Asks]) -> str:
    """One of these happens."""
    return " or ".join(_told(HAPPENS, event) for event in events)


def when_in_words(when: When) -> str:
    """It must hold."""
    match when:
        case By():
            return " or ".join(logic for logic in Logic if logic in when)
        case Mark():
            return MARKS[when]
        case Timer():
            return f"timer {when} runs"
        case _:
            return COUNTED.get(when) or _told(HOLDS, when)


def all_of(whens: Iterable[When]) -> str:
    """All of these must hold."""
    return "; ".join(when_in_words(when) for when in whens)


def does(effects: Iterable[Effect]) -> str:
    """All of this is done, in this order."""
    return "; ".join(_told(DONE, effect) for effect in effects)
