"""Two ways of telling what happens: JSON lines for a script, words and colours for a person.

What is told comes from the gate's log and, in a scene, from the board's trace, and nowhere else; docs/demonstration.md
says what each event holds.
"""

import json
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demonstration import words
from demonstration.cast import Person
from demonstration.events import told
from demonstration.pages import Addresses
from demonstration.processes import Event
from simulation.scene_run import Played
from simulation.scene_words import Scene
from simulation.stage import Happening


class Narrator(Protocol):
    """Hears everything; from the threads of gate log, board and play."""

    def progress(self, what: str) -> None:
        """Something is being set up."""

    def ready(self, cast: Iterable[Person], pages: Addresses) -> None:
        """The gate is ready; these people have cards, and there are its pages."""

    def happened(self, event: Event, person: str | None) -> None:
        """The gate's log said something; `person` is whose card it is about."""

    def board(self, line: Happening) -> None:
        """The board's trace said something."""

    def of_line(self, event: Event) -> None:
        """Something came of the line to headquarters."""

    def scene(self, scene: Scene, logic: str) -> None:
        """A scene begins."""

    def played(self, played: Played) -> None:
        """A scene is over."""

    def refused(self, scene: Scene, logic: str, why: str) -> None:
        """A scene cannot be played: no gate takes its lane."""

    def summed_up(self, wanted: int, played: Sequence[Played], refused: Sequence[tuple[Scene, str]]) -> None:
        """Several scenes are over; `wanted` says how many there were to be."""

    def answered(self, what: str) -> None:
        """A step that is no tap was carried out."""

    def failed(self, what: str) -> None:
        """A step could not be carried out."""

    def ended(self, disagreements: Iterable[str]) -> None:
        """The gate has stopped and its journal was compared with what was seen."""


class JsonNarrator:
    """One JSON object a line on standard output."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()

    def progress(self, what: str) -> None:
        """Nothing: set-up is no event."""

    def ready(self, cast: Iterable[Person], pages: Addresses) -> None:
        """Say that it can begin."""
        self._print(
            {
                "event": "ready",
                "cards": [person.name for person in cast],
                "screens": list(pages.screens),
                "guard": {"address": pages.guard, "name": pages.name, "password": pages.password},
            }
        )

    def happened(self, event: Event, person: str | None) -> None:
        """Print it, when it is a public event."""
        public = told(event, person)
        if public is not None:
            self._print(public)

    def board(self, line: Happening) -> None:
        """The line as it stands in the trace."""
        self._print({"event": "board", **line})

    def of_line(self, event: Event) -> None:
        """The event as it is."""
        self._print(event)

    def scene(self, scene: Scene, logic: str) -> None:
        """Which one."""
        self._print({"event": "scene", "scene": scene.name, "title": scene.title, "logic": logic})

    def played(self, played: Played) -> None:
        """Whether it ended as it should, and where it did not."""
        self._print(
            {
                "event": "scene-ended",
                "scene": played.scene.name,
                "logic": played.logic.value,
                "as_it_should": bool(played),
                "failures": [asdict(failure) for failure in played.failures],
            }
        )

    def refused(self, scene: Scene, logic: str, why: str) -> None:
        """In the place of its end."""
        self._print({"event": "scene-refused", "scene": scene.name, "logic": str(logic), "why": why})

    def summed_up(self, wanted: int, played: Sequence[Played], refused: Sequence[tuple[Scene, str]]) -> None:
        """How many there were, and which of them were refused or went otherwise."""
        failed = [(each.scene, each.logic) for each in played if not each]
        named = {
            what: [{"scene": scene.name, "logic": str(logic)} for scene, logic in those]
            for what, those in (("refused", refused), ("failed", failed))
        }
        self._print({"event": "summary", "wanted": wanted, "played": len(played), **named})

    def answered(self, what: str) -> None:
        """Say that a step is done."""
        self._print({"event": "done", "what": what})

    def failed(self, what: str) -> None:
        """Say what could not be done."""
        self._print({"event": "failed", "why": what})

    def ended(self, disagreements: Iterable[str]) -> None:
        """Say whether everything went as the journal says."""
        found = list(disagreements)
        self._print({"event": "ended", "as_journal_says": not found, "disagreements": found})

    def _print(self, event: Event) -> None:
        with self._one_at_a_time:
            sys.stdout.write(json.dumps(event) + "\n")
            sys.stdout.flush()


class PersonNarrator:
    """For somebody who watches a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def progress(self, what: str) -> None:
        """A line for each thing that takes a moment."""
        self._console.print(f"  [dim]·[/] {what}")

    def ready(self, cast: Iterable[Person], pages: Addresses) -> None:
        """Who is here."""
        table = Table(title="Who is here", title_justify="left", box=None, padding=(0, 2))
        for column, style in (("tap", "bold cyan"), ("product", ""), ("story", "")):
            table.add_column(column, style=style)
        for person in cast:
            table.add_row(person.name, person.product.label if person.chip != "other-card" else "—", person.story)
        self._console.print()
        self._console.print(table)
        self._console.print()
        for line in pages.lines():
            self._console.print(f"  {line}", style="bold", markup=False)

    def happened(self, event: Event, person: str | None) -> None:
        """Decisions large, the barrier and the journal beside."""
        match event:
            case {"event": "decision"}:
                self._console.print(_decision(event, person))
            case {"event": "drive-forward" | "wrong-side" as hint}:
                sentence = words.meaning(str(hint), str(hint))
                self._console.print(Panel(sentence, title=person, title_align="left", style="yellow", expand=False))
            case {"event": "barrier", "phase": phase}:
                self._say("lane", words.PHASES.get(str(phase), str(phase)))
            case {"event": "order", "order": order, "result": result}:
                why = f": {event['why']}" if event.get("why") else ""
                self._say("guard", f"{words.ORDERS.get(str(order), str(order))}, {result}{why}")
            case {"event": "journal"}:
                self._entry(event, person)
            case {"event": "in-force"}:
                self._say("lists", f"number {event.get('list_number')} is in force")
            case {"event": "alarm-raised" | "alarm", "alarm": alarm}:
                self._say("ALARM", f"{alarm}: {words.alarm(str(alarm))}", "bold red")
            case {"event": "alarm-cleared", "alarm": alarm}:
                self._say("alarm", f"{alarm} is over", "red")
            case _:
                pass

    def _entry(self, event: Event, person: str | None) -> None:
        kind, public = event["kind"], event.get("public", {})
        if kind == "passage":
            result = str(public["result"])
            self._say("passage", f"{person or 'somebody'} {words.RESULTS.get(result, result)}")
            return
        if kind == "charge":
            self._say("CHARGE", words.charged(person, public), "bold green")
        self._say("journal", f"{event['sequence']:>5}  {kind}  {_facts(public)}", "dim")

    def board(self, line: Happening) -> None:
        """What a person would see who stands there."""
        match line:
            case {"what": "vehicle", "name": name, "does": does}:
                self._say("road", f"{name}: {does}")
            case {"what": "boom", "is": state}:
                self._say("boom", f"is {state}")
            case {"what": "boom", "does": does}:
                self._say("boom", f"{does} {', '.join(line.get('vehicles', ()))}".rstrip())
            case {"what": "wiring", "name": contact, "does": does}:
                self._say("wiring", f"{contact}: {does}")
            case _:
                pass

    def of_line(self, event: Event) -> None:
        """In a sentence."""
        self._say(*words.of_line(event))

    def scene(self, scene: Scene, logic: str) -> None:
        """Its title."""
        self._console.rule(f"[bold]{scene.title}[/] ({scene.name}, controller: {logic})", align="left")

    def played(self, played: Played) -> None:
        """In green or in red."""
        self._console.print(Text(str(played), style="bold green" if played else "bold red"))

    def refused(self, scene: Scene, logic: str, why: str) -> None:
        """In yellow."""
        self._console.print(Text(f"{scene.name}, {logic}: refused\n  {why}", style="yellow"))

    def summed_up(self, wanted: int, played: Sequence[Played], refused: Sequence[tuple[Scene, str]]) -> None:
        """One line, and one for each that went otherwise."""
        failed = [each for each in played if not each]
        missing = wanted - len(played) - len(refused)
        counts = {
            "as they should": len(played) - len(failed),
            "refused as unsafe": len(refused),
            "failed": len(failed),
            "not played": missing,
        }
        line = ", ".join(f"{count} {what}" for what, count in counts.items() if count or what == "failed")
        self._console.rule(align="left")
        self._console.print(Text(f"{wanted} scenes: {line}", style="bold red" if failed or missing else "bold green"))
        for each in failed:
            self._console.print(Text(f"  {each.scene.name}, {each.logic}: {each.failures[0].why}", style="red"))

    def answered(self, what: str) -> None:
        """Plainly."""
        self._console.print(what, markup=False)

    def failed(self, what: str) -> None:
        """In red, and on with it."""
        self._console.print(Text(what, style="red"))

    def ended(self, disagreements: Iterable[str]) -> None:
        """The last word."""
        found = list(disagreements)
        for line in found:
            self._console.print(Text(line, style="bold red"))
        if not found:
            self._console.print("[green]The journal, the barrier and the taps agree.[/]")

    def _say(self, about: str, sentence: str, style: str = "") -> None:
        self._console.print(Text.assemble((f"  {about:<8}", style or "dim"), (sentence, style)))


def _decision(event: Event, person: str | None) -> Panel:
    outcome = str(event["outcome"])
    colour = words.COLOURS.get(outcome, "white")
    help_ = f" · who can help: {event['help']}" if event["reason"] != "ok" else ""
    card = f", of which the card {event['card_ms']:.1f} ms" if event.get("card_ms") is not None else ""
    entry = f"; journal entry {event['sequence']}" if event.get("sequence") is not None else ""
    sentence = Text.assemble(
        (words.sign_of(event), f"bold {colour}"),
        f"\n{outcome} · {event['reason']}{help_}",
        (f"\n{event['tap_ms']:.1f} ms{card}{entry}", "dim"),
    )
    return Panel(sentence, title=person, title_align="left", border_style=colour, expand=False, padding=(0, 2))


def _facts(public: dict[str, Any]) -> str:
    shown = ("outcome", "reason", "intent", "result", "alarm", "list_number", "software", "amount_cents")
    return "  ".join(f"{name}={public[name]}" for name in shown if name in public)
