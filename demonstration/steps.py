"""The steps of a script and of a person, one line each; every key comes down to one of these lines as well.

Steps of the demonstration's own are listed in `HELP`; any other line is a step of a scene (docs/scenes.md), such as
`anna goes`, `fire on`, `jam boom` or `order hold`.
"""

from collections.abc import Callable, Iterable, Iterator

from demonstration.issuing import DEFAULTS
from demonstration.narrators import Narrator
from demonstration.park import spoken_ms
from demonstration.processes import DidNotHappen
from demonstration.serving import NO_POWER
from demonstration.stage import Stage
from simulation.scene_conditions import VEHICLE_IS, Names
from simulation.scene_line import Line, NotUnderstood, read_line
from simulation.scene_seen import Seen
from simulation.scene_steps import action
from simulation.scene_words import After, Happen, Order, Power, Tap, Until
from simulation.vehicle import STOP_LINE_M
from simulation.world import WorldError
from terminal.core.revocation import CardStatus
from terminal.errors import ConfigurationError, HardwareError

HELP = f"""\
  tap NAME         a whole visit: drive up, hold up the card, drive through or back out; the name alone does too
  card NAME        drive up and hold up the card, and wait there: `NAME goes`, `NAME backs out`, …
  passenger NAME   hold up a card in the vehicle that stands at the reader
  leave NAME       the same, out again, in a lane for both ways
  later 15h        time goes by: 90m, 15h, 2d; in a truck park (--park)
  at TIME          the clock goes forward to there, as 2026-11-25T07:30
  block NAME       headquarters blocks the card, publishes, and the gate takes it over
  suspend NAME     the same, suspended
  activate NAME    the card is good again
  issue NAME …     personalise a new card: {" ".join(f"{word}=…" for word in DEFAULTS)}
  cut line         the line to headquarters is cut; `restore line` mends it
  wait acknowledged   until headquarters has acknowledged everything so far
  cast             who is here
  quit             stop the gate and compare the journal with what happened
  and the steps of docs/scenes.md: car ROB comes · ROB follows · fire on · order hold · jam boom · cut power · …"""

STATUS_STEPS = {"block": CardStatus.BLOCKED, "suspend": CardStatus.SUSPENDED, "activate": CardStatus.VALID}
IN_FORCE = "and in force at the gate"
NOT_IN_FORCE = "and the line is cut: the gate goes on by the lists that it has"
AT_READER_S = 120.0
LOOK_MS = 100.0


class Steps:
    """Carries out steps on a stage whose lane is heard by `seen`. `answers` are the decisions that were seen."""

    def __init__(self, stage: Stage, seen: Seen, narrator: Narrator) -> None:
        self._stage = stage
        self._seen = seen
        self._narrator = narrator
        self._unsure: str | None = None
        self._turned_away: set[str] = set()
        self.kind = "van"
        """What whoever comes with a card drives."""

    def carry_out(self, step: str) -> None:
        """Do it; blocks until it is done, for a vehicle that is told to drive until it has been told.

        Raises:
            XsError: it could not be done, or is not understood; the message says why.
        """
        match step.split():
            case ["tap", name]:
                self._visit(name)
            case ["leave" | "later" | "at" as verb, what]:
                self._park_step(verb, what)
            case ["block" | "suspend" | "activate" as verb, name]:
                in_force = self._stage.set_status(name, STATUS_STEPS[verb])
                self._narrator.answered(f"{verb} {name}: published, {IN_FORCE if in_force else NOT_IN_FORCE}")
            case ["issue", name, *details]:
                person = self._stage.issue(name, dict(_pairs(details)))
                self._narrator.answered(f"issue {person.name}: a {person.product.label} card, activated and published")
            case ["cut" | "restore" as verb, "line"]:
                (self._stage.line.cut if verb == "cut" else self._stage.line.restore)()
            case ["wait", "acknowledged"]:
                self._stage.line.wait_until_acknowledged()
                self._narrator.answered("wait acknowledged: headquarters has everything so far")
            case ["cast" | "help" as verb]:
                self._tell(verb)
            case [name] if any(person.name == name for person in self._stage.cast):
                self._visit(name)
            case ["tap" | "leave" | "block" | "suspend" | "activate" | "issue" | "card" | "passenger" as verb]:
                raise ConfigurationError(f"{verb} whom? A name is missing")
            case _:
                self._scene_step(step)

    def _tell(self, verb: str) -> None:
        if verb == "cast":
            self._narrator.ready(self._stage.cast, self._stage.pages)
        else:
            self._narrator.answered(HELP)

    def _visit(self, name: str) -> None:
        answer = self._stage.tap(name, "entry" if self._stage.lane.setup.direction == "both" else None)
        let_in = answer.get("outcome") in {"admit", "admit-wait"}
        (self._turned_away.discard if let_in else self._turned_away.add)(name)

    def _park_step(self, verb: str, what: str) -> None:
        if verb == "leave":
            if self._stage.lane.setup.direction != "both":
                raise ConfigurationError("nobody comes out of this lane; start the demonstration with --park")
            if what in self._turned_away:
                self._narrator.answered(f"{what} was not let in, so there is nobody to leave")
            else:
                self._stage.tap(what, "exit")
            return
        clock = self._stage.clock
        clock.forward(spoken_ms(what) if verb == "later" else clock.until_ms(what))
        self._narrator.answered(f"the clock says {clock.shown()}")

    # ------------------------------------------------------------------------------------------------ steps of a scene

    def _scene_step(self, step: str) -> None:
        try:
            line = read_line(step)
            if line is None:
                return
            match line.words:
                case ["card", name]:
                    self._card(name, line)
                case ["passenger", name]:
                    self._stage.lane.tap(name, line.take_one_of("side", ("entry", "exit")), None)
                case _:
                    self._do(line)
        except (NotUnderstood, WorldError) as error:
            raise ConfigurationError(str(error)) from None

    def _do(self, line: Line) -> None:
        lane = self._stage.lane
        does = action(line, self._names(line.words))
        line.must_be_used_up()
        match does:
            case Happen(message):
                lane.happen(message)
            case Tap(person, side, reader):
                lane.tap(person, side, reader)
            case Order(order, reason, side):
                self._order(order, reason, side)
            case Power(on):
                (lane.power_back if on else lane.cut_power)()
            case After(ms):
                lane.wait(lambda: False, ms)
            case Until(condition, within_ms):
                if not lane.wait(lambda: self._seen.holds(condition), within_ms):
                    raise DidNotHappen(self._seen.instead(condition))
                self._seen.spoken_of(condition)

    def _order(self, order: str, reason: str, side: str | None) -> None:
        """Whoever gives the same order again after being asked whether he is sure, is."""
        answer = self._stage.lane.ask_order(order, reason, side, sure=self._unsure == order)
        self._unsure = order if answer.get("why") == "sure" else None
        if answer.get("result") != "obeyed":
            raise DidNotHappen(str(answer.get("say")))

    def _card(self, name: str, line: Line) -> None:
        """Come, unless the vehicle is here, and hold up the card as soon as it stands at the reader."""
        lane = self._stage.lane
        side = line.take_one_of("side", ("entry", "exit"))
        kind = line.take("kind") or self.kind
        line.must_be_used_up()
        self._stage.person(name)
        if name not in lane.world.look()["vehicles"]:
            comes_from = side if side and lane.setup.direction == "both" else "entry"
            self.carry_out(f"{kind} {name} comes from={comes_from}")
        self._wait_until(lambda: self._at_reader(name), f"{name} does not get to the reader")
        if lane.gate is None:
            raise HardwareError(NO_POWER)
        lane.tap(name, side, None)

    def _at_reader(self, name: str) -> bool:
        vehicle = self._stage.lane.world.look()["vehicles"].get(name)
        if vehicle is None:
            raise DidNotHappen(f"{name} drove away before the card could be held up")
        front_m = -vehicle["front_m"] if vehicle["leaving"] else vehicle["front_m"]
        return bool(front_m >= STOP_LINE_M - 0.5)

    def _wait_until(self, holds: Callable[[], bool], otherwise: str) -> None:
        for _ in range(round(AT_READER_S * 1000 / LOOK_MS)):
            if holds():
                return
            self._stage.lane.wait(lambda: False, LOOK_MS)
        raise DidNotHappen(otherwise)

    def _names(self, words: list[str]) -> Names:
        """Who is here. Vehicles are called as their drivers: what is said of `eva` tells which of them is meant."""
        people = {each.name for each in self._stage.cast}
        of_a_person = words[0] in {"wait", "expect"} and " ".join(words[2:]) not in VEHICLE_IS
        return Names(vehicles=set() if of_a_person else set(self._stage.lane.world.look()["vehicles"]), people=people)


def _pairs(details: Iterable[str]) -> Iterator[tuple[str, str]]:
    for word in details:
        name, equals, value = word.partition("=")
        if not equals:
            raise ConfigurationError(f"{word}: should be word=value")
        yield name, value
