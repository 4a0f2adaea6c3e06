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
    NothingUnder,
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
    Mark.RETRIED: "a second attempt to open",
    Mark.BOARDING: "another card would be a passenger",
    Mark.UNDER: "something came under the boom",
    Mark.BEHIND: "loop_behind saw the vehicle",
    Mark.STRANGER: "what came under the boom is a stranger",
    Mark.GAP: "loop_safety was clear during this passage",
    Mark.RESTARTED: "who passes may have been let in before the restart",
    Mark.EMERGENCY: "nobody has confirmed that the fire is over",
    Mark.SWUNG_OFF: "nobody has confirmed that the arm is back",
    Mark.LOCKED: "the lane is locked",
    Mark.HELD: "the boom is held open",
    Mark.PAUSED: "no cards are taken",
}


def seconds(timer: Timer) -> str:
    """How long it runs where commissioning says nothing else."""
    return f"{Settings().duration_ms(timer) / 1000:g} s"


HAPPENS: Mapping[type, str] = {
    On: "{contact} on",
    Off: "{contact} off",
    Expired: "timer {timer} runs out",
    Ordered: "a person orders: {order}",
    Entered: "the phase is entered",
    LoopsClear: "loops clear",
    BoardLost: "the board does not answer any more",
    Stopped: "the terminal is stopped",
    Admitted: "admitted",
    ContactsRead: "the board answers, its contacts are read",
}
HOLDS: Mapping[type, str] = {
    On: "{contact} is on",
    Off: "{contact} is not on",
    Absent: "{contact} is not fitted",
    Released: "{contact} is off",
    Rested: "{contact} was clear before it came on",
    Clear: "the loops are clear",
    Without: "not noted: {mark}",
    Owed: "{least} are owed",
    NoneOwedBut: "no more than {most} are owed",
    More: "somebody is owed after this passage",
    FirstUnserved: "no order was given yet for the first one owed",
}
DONE: Mapping[type, str] = {
    Owe: "the vehicle is owed",
    Serve: "ORDER open, for the next one owed",
    Open: "ORDER open",
    LetGo: "ORDER level of open off",
    Close: "ORDER close, where it is wired and the loops are clear",
    Hold: "ORDER level of hold_open on, or else of open",
    PassageDone: "passage done: {result}",
    FirstEnds: "the first one owed ends: {result}",
    AllEnd: "all that are owed end: {result}",
    NobodyCame: "all that are owed end: unknown, backed-out or no-show",
    NothingUnder: "what came on `loop_safety` counts for nobody",
    WentBack: "note: who was under the boom went back",
    Start: "start timer {timer}",
    Cancel: "stop timer {timer}",
    Remember: "note: {mark}",
    Forget: "forget: {mark}",
    Alarm: "ALARM {name}",
    Incident: "INCIDENT {name}",
    Passage: "passage of somebody unnamed: {result}",
    Untapped: "counted as untapped",
}


COUNTED: Mapping[When, str] = {
    Owed(1): "somebody is owed",
    Owed(2): "two or more are owed",
    NoneOwedBut(0): "nobody is owed",
    NoneOwedBut(1): "no more than one is owed",
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
            others = [logic for logic in Logic if logic not in when]
            return f"any logic but {others[0]}" if len(others) == 1 else " or ".join(sorted(when, key=[*Logic].index))
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
