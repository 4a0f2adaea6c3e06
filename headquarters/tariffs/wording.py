"""A tariff in words, as they stand beside its picture."""

from collections.abc import Iterator, Sequence

from terminal.core.hours import WEEKDAYS
from terminal.core.tariff.document import FreeTime, Tariff, TariffLine, TariffWindow, duration_s

_ONE = {"1 h": "hour", "1 min": "minute"}


def line_words(line: TariffLine) -> str:
    """What a line asks for, when."""
    each = duration_words(line.each) if line.each else ""
    said = [f"{line.amount} for each {_ONE.get(each, each)} begun" if each else f"{line.amount} once"]
    if line.kind == "flat-window":
        said = [f"{line.amount} for each window"]
    said.append(_window_words(line.window) if line.window else "always")
    if line.part is not None:
        until = f" to {duration_words(line.part.to)}" if line.part.to else " on"
        said.append(f"from {duration_words(line.part.from_)}{until} of the stay")
    if line.free is not None and line.free.minutes:
        said.append(_free_words(line.free, "each window" if line.window else "the stay"))
    if line.cap is not None:
        said.append(f"at most {line.cap}" + (" a window" if line.window else " a stay"))
    return ", ".join(said)


def stay_words(tariff: Tariff) -> Iterator[str]:
    """What holds for the stay as a whole, a piece each."""
    if tariff.free is not None and tariff.free.minutes:
        yield _free_words(tariff.free, "the stay")
    if tariff.caps.day is not None:
        yield f"at most {tariff.caps.day.amount} a day from {tariff.caps.day.reset}"
    if tariff.caps.h24 is not None:
        yield f"at most {tariff.caps.h24} in each 24 h from entry"
    if tariff.max_stay is not None:
        yield f"longest stay {duration_words(tariff.max_stay)}"
    if tariff.otherwise == "free":
        yield "otherwise free"


def duration_words(text: str) -> str:
    """As `30 min`, `2 h`, `1 h 30 min`, `1 min 15 s`."""
    minutes, seconds = divmod(duration_s(text), 60)
    hours, minutes = divmod(minutes, 60)
    named = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{count} {unit}" for count, unit in named if count) or "0 min"


def euros(cents: int) -> str:
    """As `1.50`."""
    return f"{cents // 100}.{cents % 100:02}"


def _free_words(free: FreeTime, of: str) -> str:
    gone = ", gone when over" if free.mode == "when-gone" else ""
    return f"first {duration_words(f'PT{free.minutes}M')} of {of} free{gone}"


def _window_words(window: TariffWindow) -> str:
    night = " next day" if window.end_day else ""
    return f"{_days(window.days)} {window.start}\u2013{window.end}{night}"


def _days(days: Sequence[str]) -> str:
    """As `every day`, `mon\u2013fri`, `sat, holiday`."""
    places = [place for place, day in enumerate(WEEKDAYS) if day in days]
    others = [day for day in days if day not in WEEKDAYS]
    if len(places) == len(WEEKDAYS):
        return ", ".join(("every day", *others))
    if len(places) > 2 and places[-1] - places[0] == len(places) - 1:
        return ", ".join((f"{WEEKDAYS[places[0]]}\u2013{WEEKDAYS[places[-1]]}", *others))
    return ", ".join((*(WEEKDAYS[place] for place in places), *others))
