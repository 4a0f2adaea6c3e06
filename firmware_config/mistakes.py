"""A mistake in a configuration, as one line for a person, and the exception that carries all of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """Where, what is wrong, what is allowed. `key` counts tables from 1: `lane[2].reader[1].name`; empty: the file."""

    file: str
    key: str
    wrong: str
    allowed: str

    def __str__(self) -> str:
        place = f"{self.file}: {self.key}" if self.key else self.file
        return f"{place}: {self.wrong}; allowed: {self.allowed}"


class ConfigurationMistakes(Exception):
    """A configuration cannot be used; `mistakes` holds all that is wrong with it, its text has a line for each."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes
