"""What somebody has broken at the lane, as the board's trace tells it; until it is mended."""

from simulation.stage import Happening

IN_WORDS = {"fire": "fire", "tamper": "the housing is open"}
"""Of contacts that somebody holds at a level to play something else than a contact that is stuck."""
BOOM = {
    "jam": ("jam", "the boom is jammed"),
    "free": ("jam", None),
    "arm-off": ("arm", "the arm is off"),
    "arm-on": ("arm", None),
    "hand-up": ("hand", "held up by hand"),
    "hand-down": ("hand", "held down by hand"),
    "hand-off": ("hand", None),
}
"""By what the trace says of the boom: what that is, and in words while it lasts."""


class Trouble:
    """All that is wrong now, oldest first."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        """In at most 22 letters, by what it is: `jam`, `arm`, `mains`, `hand`, the name of a contact that is stuck."""
        self.stuck: dict[str, str] = {}
        """`on` or `off`, by contact."""

    def hear(self, line: Happening) -> None:
        """A line of the trace; most are none of it."""
        match line:
            case {"what": "wiring", "name": str(contact), "does": "stick", "level": level}:
                self.stuck[contact] = "on" if level else "off"
                self._is(contact, IN_WORDS.get(contact, f"{contact} stuck {self.stuck[contact]}"))
            case {"what": "wiring", "name": str(contact), "does": "free"}:
                self.stuck.pop(contact, None)
                self._is(contact, None)
            case {"what": "wiring", "name": str(contact), "does": "cut" | "mend" as does}:
                self._is(f"wire of {contact}", f"{contact} cut" if does == "cut" else None)
            case {"what": "wiring", "name": str(contact), "does": "chatter", "bounces": bounces}:
                self._is(f"{contact} chatters", f"{contact} wobbles" if bounces else None)
            case {"what": "boom", "does": str(does)} if does in BOOM:
                self._is(*BOOM[does])
            case {"what": "controller", "does": "mains-lost" | "mains-back" as does}:
                self._is("mains", "no mains" if does == "mains-lost" else None)
            case _:
                pass

    def _is(self, what: str, words: str | None) -> None:
        self.words.pop(what, None)
        if words is not None:
            self.words[what] = words
