"""A person at a terminal: the lane drawn live, a key for everything that may happen at it.

What takes time is done on threads of its own (a card waits for its vehicle, a guard's order for the journal), so that
the picture never stands still.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from queue import SimpleQueue
from typing import Any

from rich.text import Text

from demonstration import keys, words
from demonstration.advice import advice, foremost
from demonstration.picture import pages, picture, plain
from demonstration.screen import Screen
from demonstration.stage import Stage
from demonstration.steps import Steps
from demonstration.view import View
from simulation.stage import Setup
from simulation.world import WorldError
from terminal.errors import XsError

REDRAW_S = 0.1
LAST_STEP_S = 5.0
"""How long the end waits for a step that is under way."""
ENTER, RUB_OUT, ESCAPE = "\r\n", "\x7f\b", "\x1b"


class Live:
    """The picture and its keys. `run` returns when the person has had enough."""

    def __init__(
        self, stage: Stage, steps: Steps, view: View, screen: Screen, change_lane: Callable[[str, str], None]
    ) -> None:
        self._stage = stage
        self._steps = steps
        self._view = view
        self._screen = screen
        self._change_lane = change_lane
        self._names = tuple(person.name for person in stage.cast)
        self._strangers = 0
        self._lanes = 0
        """How many were built after the first."""
        self._going: set[str] = set()
        self._side = next(iter(stage.lane.readers))
        self._asks: tuple[str, Callable[[str], None], bool] | None = None
        """What is asked for, whom the answer goes to, and whether one key is the answer."""
        self._typed = ""
        self._help: int | None = None
        """Which page of it is shown."""
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._busy = threading.Thread(target=self._do_work, name="steps", daemon=True)
        self._done = False

    def run(self) -> None:
        """Draw and take keys until `q`, or the terminal is gone; a Ctrl-C gets through."""
        self._busy.start()
        try:
            while not self._done:
                self._draw()
                for letter in self._screen.key(REDRAW_S):
                    self._pressed(letter)
        except EOFError:
            pass
        finally:
            self._done = True
            self._work.put(None)
            self._busy.join(LAST_STEP_S)

    # ------------------------------------------------------------------------------------------------------ to be seen

    def _draw(self) -> None:
        if self._help is not None:
            every = self._help_pages()
            self._show(every[min(self._help, len(every) - 1)])  # the screen may have grown meanwhile
            return
        lane = self._stage.lane
        try:
            look = lane.world.look()
        except WorldError:  # the lane is being changed for another
            return
        setup = lane.setup
        self._going &= set(look["vehicles"])
        shown = self._view.shown(
            title=_title(setup, self._stage.pages.screens),
            direction=setup.direction,
            look=look,
            advice=advice(
                look,
                self._view.phase,
                self._view.answer,
                self._whose(look),
                owed=self._view.owed,
                paused=self._view.paused,
                gate_on=lane.gate is not None,
            ),
            keys=keys.key_lines(self._names, self._steps.kind, self._side),
            prompt=f"{self._asks[0]} {self._typed}" if self._asks else "",
            gate_on=lane.gate is not None,
            line=words.line(self._stage.line.arrivals.kept(), cut=self._stage.line.is_cut),
        )
        self._show(picture(shown, self._screen.height))

    def _help_pages(self) -> list[list[Text]]:
        return pages("Every key", [*self._stage.pages.lines(), "", *keys.help_lines()], self._screen.height)

    def _show(self, lines: list[Text]) -> None:
        if not self._screen.takes_all_letters:
            lines = [plain(line) for line in lines]
        self._screen.draw(lines + [Text()] * (self._screen.height - len(lines)))

    def _whose(self, look: Mapping[str, Any]) -> str | None:
        return foremost(look, self._view.owed, self._going)

    # ---------------------------------------------------------------------------------------------------------- keys

    def _pressed(self, key: str) -> None:
        if self._help is not None:
            self._help = self._help + 1 if self._help + 1 < len(self._help_pages()) else None
        elif self._asks is not None:
            self._answered(key)
        elif key in keys.DIGITS and keys.DIGITS.index(key) < len(self._names):
            self._card(self._names[keys.DIGITS.index(key)])
        elif key in keys.DRIVERS:
            self._drive(keys.DRIVERS[key][1])
        elif key in keys.GUARD:
            both = self._stage.lane.setup.direction == "both"
            side = f" side={self._side}" if key == "O" and both else ""
            self._do(f'{keys.GUARD[key][1]}{side} reason="pressed in the demonstration"')
        elif key in keys.TROUBLE:
            self._trouble(key)
        else:
            self._other(key)

    def _other(self, key: str) -> None:
        others: dict[str, Callable[[], None]] = {
            keys.FOLLOW: self._follow,
            "t": lambda: self._ask("whose card? ", self._card),
            "p": lambda: self._ask("whose card, in the vehicle at the reader? ", self._passenger),
            "v": self._next_kind,
            "x": self._next_side,
            keys.STICK: lambda: self._ask(keys.WHICH, self._stick, one_key=True),
            keys.CHATTER: lambda: self._ask(keys.WHICH, self._chatter, one_key=True),
            "N": lambda: self._ask(keys.WHICH_LOGIC, self._logic, one_key=True),
            ":": lambda: self._ask("step: ", self._do),
        }
        match key:
            case "?":
                self._help = 0
            case "q":
                self._done = True
            case _ if key in others:
                others[key]()
            case _:
                pass

    def _ask(self, question: str, then: Callable[[str], None], *, one_key: bool = False) -> None:
        self._asks, self._typed = (question, then, one_key), ""

    def _answered(self, key: str) -> None:
        if self._asks is None:
            return
        _, then, one_key = self._asks
        if key == ESCAPE:
            self._asks = None
        elif one_key or key in ENTER:
            answer, self._asks = key if one_key else self._typed.strip(), None
            if answer:
                then(answer)
        elif key in RUB_OUT:
            self._typed = self._typed[:-1]
        elif key.isprintable():
            self._typed += key

    # ----------------------------------------------------------------------------------------- what the keys let happen

    def _card(self, name: str) -> None:
        """Cards wait for their vehicles, each on a thread of its own."""
        self._going.discard(name)
        step = f"card {name} side={self._side}"
        threading.Thread(target=self._carry_out, args=(step,), name=step, daemon=True).start()

    def _passenger(self, name: str) -> None:
        self._do(f"passenger {name} side={self._side}")

    def _drive(self, step: str) -> None:
        try:
            look = self._stage.lane.world.look()
        except WorldError:
            self._view.failed("the lane is just being built; press it again")
            return
        on = any(verb in step for verb in keys.ON)
        name = foremost(look, self._view.owed, self._going if on else ())
        if "NAME" in step:
            if name is None:
                self._view.failed("nobody is here to do that; press 1, and anna drives up")
                return
            self._going = self._going | {name} if on else self._going - {name}
        self._do(step.replace("NAME", name or ""))

    def _follow(self) -> None:
        name = keys.STRANGERS[self._strangers % len(keys.STRANGERS)]
        self._strangers += 1
        comes_from = self._side if self._stage.lane.setup.direction == "both" else "entry"
        for step in keys.FOLLOWS:
            self._do(step.replace("NAME", name).replace("SIDE", comes_from))
        self._work.put(lambda: self._going.add(name))  # not before he is there, or he would be taken for gone
        self._view.answered(f"{name}, who has no card, drives up and follows whoever is before him")

    def _trouble(self, key: str) -> None:
        if key == "K":
            self._power()
            return
        what, begin, end, _ = keys.TROUBLE[key]

        def is_so() -> bool:
            return self._stage.line.is_cut if key == "B" else what in self._view.trouble.words

        self._work.put(lambda: self._carry_out(end if is_so() else begin))

    def _power(self) -> None:
        if self._stage.lane.gate is not None:
            self._view.answered("the gate is killed; press K once more to start it again")
            self._do("cut power")
            self._work.put(self._view.killed)
        else:
            self._do("power back")
            self._work.put(self._view.restarted)

    def _stick(self, digit: str) -> None:
        """On, then off, then free again."""
        contact = keys.CONTACTS.get(digit)
        if contact is not None:
            step = keys.STUCK_NEXT[self._view.trouble.stuck.get(contact)].replace("CONTACT", contact)
            self._do(step)
            self._view.answered(step)

    def _chatter(self, digit: str) -> None:
        contact = keys.CONTACTS.get(digit)
        if contact is not None:
            step = f"{'steady' if f'{contact} chatters' in self._view.trouble.words else 'chatter'} {contact}"
            self._do(step)
            self._view.answered(step)

    def _next_kind(self) -> None:
        self._steps.kind = keys.KINDS[(keys.KINDS.index(self._steps.kind) + 1) % len(keys.KINDS)]

    def _next_side(self) -> None:
        self._side = "exit" if self._side == "entry" else "entry"

    def _logic(self, logic: str) -> None:
        if logic in keys.LOGICS:
            self._ask(keys.WHICH_WAY, lambda way: self._lane(keys.LOGICS[logic], way), one_key=True)

    def _lane(self, logic: str, way: str) -> None:
        if way in keys.DIRECTIONS:
            self._work.put(lambda: self._open_lane(logic, keys.DIRECTIONS[way]))

    def _open_lane(self, logic: str, direction: str) -> None:
        self._lanes += 1
        self._view.answered(f"another lane is built: {logic}, {direction}")
        self._change_lane(logic, direction)
        self._view.begin_anew()
        self._side = next(iter(self._stage.lane.readers))

    # ---------------------------------------------------------------------------------------------------------- work

    def _do(self, step: str) -> None:
        self._work.put(lambda: self._carry_out(step))

    def _carry_out(self, step: str) -> None:
        lane = self._lanes
        try:
            self._steps.carry_out(step)
        except (XsError, WorldError) as error:
            if lane == self._lanes:  # what was still to happen in a lane that is no more is no news
                self._view.failed(str(error))

    def _do_work(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                work()
            except XsError as error:
                self._view.failed(str(error))


def _title(setup: Setup, screens: Sequence[str]) -> str:
    """The driver's screen is in a browser: this is where."""
    title = f"Kade 7, {_way(setup.direction)}, {setup.logic}"
    return title + (f"    screen: {screens[0]}" if screens else "")


def _way(direction: str) -> str:
    return "both directions" if direction == "both" else direction
