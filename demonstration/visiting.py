"""A whole visit to a lane: drive up, hold up the card, and do what the answer says."""

from demonstration.processes import Event, GateProcess
from demonstration.serving import ServedLane

ANSWER_S = 8.0
PASSAGE_S = 30.0


def visit(lane: ServedLane, gate: GateProcess, name: str, side: str | None) -> Event:
    """Let this person come, from `side` in a lane for both ways; returns the gate's answer once he is through or gone.

    Raises:
        DidNotHappen: no answer, or a barrier that did not move.
        TimeoutError: the simulated vehicle did not do what it was told.
    """
    world = lane.world
    seen, mark = world.mark(), gate.mark()
    leaves = side == "exit" and lane.setup.direction == "both"
    world.vehicle("arrive", name, **({"from": side} if leaves else {}))
    before = "loop_behind" if leaves else "loop_arm"
    world.wait_for(PASSAGE_S, since=seen, what="contact", name=before, on=True)
    lane.tap(name, side, None)
    answer = gate.wait_for(lambda event: event["event"] in {"decision", "drive-forward"}, ANSWER_S, mark)
    if answer.get("outcome") in {"admit", "admit-wait"}:
        _phase(gate, "open", mark)
        world.vehicle("pass", name)
        _phase(gate, "closed", mark)
        gate.wait_for(lambda event: _ends(event, answer["sequence"]), PASSAGE_S, mark)
    else:
        world.vehicle("back-out", name)
        world.wait_for(PASSAGE_S, since=seen, what="vehicle", name=name, **{"is": "gone"})  # who comes is behind him
    return answer


def _phase(gate: GateProcess, phase: str, since: int) -> Event:
    return gate.wait_for(lambda event: event["event"] == "barrier" and event["phase"] == phase, PASSAGE_S, since)


def _ends(event: Event, intent: int) -> bool:
    """Whether this is the journal's entry about how an admission ended."""
    return event.get("kind") == "passage" and event["public"].get("intent") == intent
