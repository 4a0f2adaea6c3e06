"""What happens in a lane, heard from both of its ends: the board's trace, and the log of the gate.

The happenings are those that `simulation.stage` lists. Who tapped is known here alone: the gate's log names nobody.
"""

from demonstration.processes import Event
from simulation.stage import Happening, Hear

ANSWERS = frozenset({"decision", "drive-forward", "wrong-side"})
"""The lines of the gate's log that are the answer to a card."""
ALARMS = {"alarm-raised": "raised", "alarm-cleared": "cleared"}


class Hearing:
    """Tells `hear` what the gate's log says, as happenings; outlives the gate's restarts."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._person_of: dict[int, str | None] = {}
        self._lies_on: dict[str, str] = {}
        """Whose card lies on which reader, or lay there last."""
        self._laid_last: str | None = None

    def laid(self, reader: str, person: str) -> None:
        """His card is laid there."""
        self._lies_on[reader] = self._laid_last = person

    def person(self, event: Event) -> str | None:
        """Whose card an answer, or the end of a passage, is about."""
        if "reader" in event:
            return self._lies_on.get(str(event["reader"]))
        if event.get("kind") == "charge":  # told before the answer that names its intent
            return self._laid_last
        return self._person_of.get(event.get("public", {}).get("intent"))

    def person_of(self, intent: int) -> str | None:
        """Whose admission an entry is."""
        return self._person_of.get(intent)

    def gate_said(self, event: Event) -> None:
        """A line of the gate's log."""
        happening = self._happening(event)
        if happening is not None:
            self._hear(happening)

    def _happening(self, event: Event) -> Happening | None:
        match event:
            case {"event": "decision", "outcome": outcome, "reason": reason}:
                person = self.person(event)
                if event.get("sequence") is not None:
                    self._person_of[event["sequence"]] = person
                return {"what": "answer", "person": person, "outcome": outcome, "reason": reason}
            case {"event": "drive-forward" as hint}:
                return {"what": "answer", "person": self.person(event), "outcome": hint}
            case {"event": "wrong-side" as hint}:
                return {"what": "answer", "person": self.person(event), "outcome": "refuse", "reason": hint}
            case {"event": "barrier", "phase": phase}:
                return {"what": "phase", "phase": phase}
            case {"event": "journal", "kind": "passage", "public": {"result": "untapped"}}:
                return {"what": "untapped"}
            case {"event": "journal", "kind": "passage", "public": {"result": result, **public}}:
                rides_along = {"passenger": True} if "passenger_of" in public else {}
                return {"what": "passage", "person": self.person(event), "result": result, **rides_along}
            case {"event": "journal", "public": {"about": _}}:  # a reader's, not the lane's
                return None
            case {"event": "journal", "kind": kind, "lane": int(), "public": {"alarm": alarm}} if kind in ALARMS:
                return {"what": "alarm", "name": alarm, "does": ALARMS[str(kind)]}
            case _:
                return None
