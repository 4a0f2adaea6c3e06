"""Two cars through one lane, the second tapping while the first is passing: to be disturbed at any moment of it.

Whatever happens to them on the way, in the end the lane serves whoever is still there, and the next one who comes.
"""

from collections import Counter
from collections.abc import Callable

from simulation.scene import parse_scene
from simulation.scene_seen import ADMITS, Seen
from simulation.scene_words import Action, Happen, Tap, Until
from simulation.stage import Happening, Stage

CARS = parse_scene(
    """
    scene Two cars, the second tapping while the first is passing
    lane entry
    car C1 comes
    wait C1 at the line
    car C2 comes
    wait C2 stands
    tap anna
    C1 goes
    wait lane passing
    wait C2 at the line
    tap eva
    C2 goes
    wait C2 gone
    wait lane closed
    """,
    "two-cars",
)
CARDS = {"C1": "anna", "C2": "eva", "C3": "farid"}
"""Who drives what."""
HOME_MS = 20_000.0
TURNS = 30


class Trip:
    """What is heard of the cars. `drive` them, disturb them, `bring_home` who is left."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.admitted: Counter[str] = Counter()
        self.ended: Counter[str | None] = Counter()
        self.results: list[tuple[str | None, str]] = []
        self._seen = Seen()
        self._here: dict[str, bool] = {}
        """Who is there, in the order in which they came, and whether he stands."""

    def hear(self, happening: Happening) -> None:
        """As `simulation.stage.Hear`."""
        self._seen.hear(happening)
        match happening:
            case {"what": "phase", "phase": str(phase)}:
                self.phases.append(phase)
            case {"what": "answer", "person": str(person), "outcome": outcome} if outcome in ADMITS:
                self.admitted[person] += 1
            case {"what": "passage", "person": person, "result": result}:
                self.ended[person] += 1
                self.results.append((person, result))
            case {"what": "vehicle", "name": str(name), "is": "gone"}:
                self._here.pop(name, None)
            case {"what": "vehicle", "name": str(name), "is": state}:
                self._here[name] = state == "standing"
            case _:
                pass

    def drive(self, stage: Stage, until: Callable[[], bool]) -> None:
        """Let them drive until the moment comes, or they are through."""
        self._seen.begins(stage.happen({"look": True}))
        for step in CARS.steps:
            if until() or not self._do(stage, step.does, until):
                return

    def bring_home(self, stage: Stage) -> bool:
        """Let whoever is there tap and drive as often as need be; tells whether all came through."""
        for _ in range(TURNS):
            if self._here and self.phases[-1] == "closed":
                first = next(iter(self._here))
                stage.tap(CARDS[first], None, None)
                stage.happen({"vehicle": first, "does": "pass"})
            if stage.wait(lambda: not self._here and self.phases[-1] == "closed", HOME_MS):
                return True
        return False

    def serve_the_next(self, stage: Stage) -> list[tuple[str | None, str]]:
        """Another one comes; how his passage ended, and what else did meanwhile."""
        before = len(self.results)
        stage.happen({"vehicle": "C3", "does": "arrive", "kind": "car"})
        stage.wait(lambda: self._here.get("C3", False), HOME_MS)
        self.bring_home(stage)
        return self.results[before:]

    def owed(self) -> set[str]:
        """Who was admitted and has had no end."""
        return {person for person, times in self.admitted.items() if self.ended[person] < times}

    def closed_over_somebody(self) -> list[str]:
        """When the boom was told to close over a vehicle."""
        return list(self._seen.closed_over())

    def _do(self, stage: Stage, action: Action, until: Callable[[], bool]) -> bool:
        match action:
            case Happen(message):
                stage.happen(message)
            case Tap(person):
                stage.tap(person, None, None)
            case Until(condition, within_ms):
                return stage.wait(lambda: until() or self._seen.holds(condition), within_ms)
            case _:
                raise AssertionError(f"nobody does this on the way: {action}")
        return True
