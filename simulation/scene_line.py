"""One line of a scene: words, and options as `name=value`. `#` begins a comment; quotes keep blanks together."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field


class NotUnderstood(Exception):
    """What is written here is not of the language; the message says what could stand here."""


@dataclass(slots=True)
class Line:
    """A line taken apart. Whoever uses an option takes it away."""

    words: list[str]
    options: dict[str, str] = field(default_factory=dict)

    def take(self, name: str) -> str | None:
        """The value of an option, or None."""
        return self.options.pop(name, None)

    def take_number(self, name: str, least: float, most: float) -> float | None:
        """The value of an option as a number within bounds, or None."""
        value = self.take(name)
        return None if value is None else number(value, least, most, f"{name}=")

    def take_one_of(self, name: str, known: Iterable[str]) -> str | None:
        """The value of an option that is one of a few words, or None."""
        value = self.take(name)
        return None if value is None else one_of(value, known, f"{name}=")

    def must_be_used_up(self) -> None:
        """Nobody had a use for what is left."""
        if self.options:
            raise NotUnderstood(f"{next(iter(self.options))}= has no meaning here; take it out")


def read_line(written: str) -> Line | None:
    """Take a line apart; None when it says nothing."""
    try:
        parts = shlex.split(written, comments=True)
    except ValueError:
        raise NotUnderstood("a quotation mark is not closed; close it") from None
    line = Line(words=[])
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals:
            line.words.append(part)
        elif not name or not value:
            raise NotUnderstood(f"{part}: an option is written name=value")
        elif name in line.options:
            raise NotUnderstood(f"{name}= stands here twice; keep one")
        else:
            line.options[name] = value
    return line if parts else None


def one_of(word: str, known: Iterable[str], what: str) -> str:
    """`word`, which must be among those that are known."""
    words = list(known)
    if word not in words:
        raise NotUnderstood(f"{what} {word}: should be one of {', '.join(words)}".replace("= ", "="))
    return word


def number(text: str, least: float, most: float, what: str) -> float:
    """The number that is written, within bounds."""
    try:
        value = float(text)
    except ValueError:
        raise NotUnderstood(f"{what}{text}: should be a number") from None
    if not least <= value <= most:
        raise NotUnderstood(f"{what}{text}: should lie between {least:g} and {most:g}")
    return value
