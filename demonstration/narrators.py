"""Two ways of telling what happens: JSON lines for a script, words and colours for a person.

What is told comes from the gate's log and nowhere else; docs/demonstration.md says what each event holds.
"""

import json
import sys
from collections.abc import Iterable
from typing import Any, Protocol

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demonstration.cast import Person
from demonstration.processes import Event

COLOURS = {"admit": "green", "admit-wait": "yellow", "desk": "dark_orange", "refuse": "red"}
SIGNS = {"admit": "✔ WELCOME", "admit-wait": "◷ DRIVE IN AND WAIT", "desk": "☎ ASK THE DESK", "refuse": "✘ SORRY"}
PHASES = {
    "closed": "▬▬▬  closed",
    "opening": "▬/   opening",
    "open": "│    open",
    "passing": "│ ▄▟ a vehicle is under the boom",
    "closing": "▬\\   closing",
    "boot": "no gate drives it",
}
DECISION_FACTS = ("lane", "outcome", "reason", "help", "flags", "sequence", "card_ms", "durable_ms", "tap_ms")


class Narrator(Protocol):
    """Hears everything; from the threads of gate log and play."""

    def progress(self, what: str) -> None:
        """Something is being set up."""

    def ready(self, cast: Iterable[Person]) -> None:
        """The gate is ready; these people have cards."""

    def happened(self, event: Event, holder: str | None) -> None:
        """The gate's log said something; `holder` is whose card lies on the reader."""

    def answered(self, words: str) -> None:
        """A step that is no tap was carried out."""

    def failed(self, words: str) -> None:
        """A step could not be carried out."""

    def ended(self, disagreements: Iterable[str]) -> None:
        """The gate has stopped and its journal was compared with what was seen."""


def told(event: Event, holder: str | None) -> Event | None:
    """The public event that a line of the gate's log makes, if it is one (docs/demonstration.md)."""
    match event:
        case {"event": "decision"}:
            return {"event": "decision", "card": holder, **{name: event.get(name) for name in DECISION_FACTS}}
        case {"event": "drive-forward", "lane": lane}:
            return {"event": "drive-forward", "card": holder, "lane": lane}
        case {"event": "barrier", "lane": lane, "phase": phase, "was": was}:
            return {"event": "barrier", "lane": lane, "phase": phase, "was": was}
        case {"event": "journal", "kind": "passage", "public": {"result": result}, "sequence": sequence}:
            return {"event": "passage", "lane": event.get("lane"), "result": result, "sequence": sequence}
        case {"event": "in-force", "list_number": number}:
            return {"event": "in-force", "list_number": number}
        case {"event": "alarm-raised" | "alarm-cleared" as step, "alarm": alarm}:
            return {"event": step, "alarm": alarm, "lane": event.get("lane")}
        case _:
            return None


class JsonNarrator:
    """One JSON object a line on standard output; progress and failures on standard error."""

    def progress(self, what: str) -> None:
        """Nothing: set-up is no event."""

    def ready(self, cast: Iterable[Person]) -> None:
        """Say that it can begin."""
        self._print({"event": "ready", "cards": [person.name for person in cast]})

    def happened(self, event: Event, holder: str | None) -> None:
        """Print it, when it is a public event."""
        public = told(event, holder)
        if public is not None:
            self._print(public)

    def answered(self, words: str) -> None:
        """Say that a step is done."""
        self._print({"event": "done", "what": words})

    def failed(self, words: str) -> None:
        """Say what could not be done."""
        self._print({"event": "failed", "why": words})

    def ended(self, disagreements: Iterable[str]) -> None:
        """Say whether everything went as the journal says."""
        found = list(disagreements)
        self._print({"event": "ended", "as_journal_says": not found, "disagreements": found})

    def _print(self, event: Event) -> None:
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()


class PersonNarrator:
    """For somebody who watches a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def progress(self, what: str) -> None:
        """A line for each thing that takes a moment."""
        self._console.print(f"  [dim]·[/] {what}")

    def ready(self, cast: Iterable[Person]) -> None:
        """Who is here."""
        table = Table(title="Who is here", title_justify="left", box=None, padding=(0, 2))
        for column, style in (("tap", "bold cyan"), ("product", ""), ("story", "")):
            table.add_column(column, style=style)
        for person in cast:
            table.add_row(person.name, person.product.label if person.chip != "other-card" else "—", person.story)
        self._console.print()
        self._console.print(table)
        self._console.print()

    def happened(self, event: Event, holder: str | None) -> None:
        """Decisions large, the barrier and the journal beside."""
        match event:
            case {"event": "decision"}:
                self._console.print(_decision(event, holder))
            case {"event": "drive-forward"}:
                self._console.print(Panel("drive forward to the barrier and tap again", title=holder, style="yellow"))
            case {"event": "barrier", "phase": phase, "lane": lane}:
                self._console.print(
                    Text.assemble(("  barrier ", "dim"), f"lane {lane}  ", PHASES.get(str(phase), str(phase)))
                )
            case {"event": "journal", "kind": kind, "sequence": sequence}:
                facts = _facts(event.get("public", {}))
                self._console.print(Text.assemble(("  journal ", "dim"), f"{sequence:>5}  {kind}  ", (facts, "dim")))
            case {"event": "in-force"}:
                number = event.get("list_number")
                self._console.print(Text.assemble(("  lists   ", "dim"), f"number {number} is in force"))
            case {"event": "alarm-raised", "alarm": alarm}:
                self._console.print(Text(f"  alarm   {alarm}", style="bold red"))
            case {"event": "alarm-cleared", "alarm": alarm}:
                self._console.print(Text(f"  alarm   {alarm} is over", style="red"))
            case _:
                pass

    def answered(self, words: str) -> None:
        """Plainly."""
        self._console.print(words)

    def failed(self, words: str) -> None:
        """In red, and on with it."""
        self._console.print(Text(words, style="red"))

    def ended(self, disagreements: Iterable[str]) -> None:
        """The last word."""
        found = list(disagreements)
        for line in found:
            self._console.print(Text(line, style="bold red"))
        if not found:
            self._console.print("[green]The journal, the barrier and the taps agree.[/]")


def _decision(event: Event, holder: str | None) -> Panel:
    outcome = str(event["outcome"])
    colour = COLOURS.get(outcome, "white")
    help_ = f" · who can help: {event['help']}" if event["reason"] != "ok" else ""
    card = f", of which the card {event['card_ms']:.1f} ms" if event.get("card_ms") is not None else ""
    entry = f"; journal entry {event['sequence']}" if event.get("sequence") is not None else ""
    words = Text.assemble(
        (SIGNS.get(outcome, outcome), f"bold {colour}"),
        f"\n{outcome} · {event['reason']}{help_}",
        (f"\n{event['tap_ms']:.1f} ms{card}{entry}", "dim"),
    )
    return Panel(words, title=holder, title_align="left", border_style=colour, expand=False, padding=(0, 2))


def _facts(public: dict[str, Any]) -> str:
    shown = ("outcome", "reason", "intent", "result", "alarm", "list_number", "software")
    return "  ".join(f"{name}={public[name]}" for name in shown if name in public)
