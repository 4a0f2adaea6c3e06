"""Why an order was refused, in words for the guard who gave it: what it means, and what to do."""

from collections.abc import Mapping

from terminal.words.marking import mark

SURE, AGAIN = "sure", "busy"

WORDS: Mapping[str, str] = {
    SURE: mark(
        "this is the last lane in service that lets anybody out; if those inside are to stay, order it again and"
        " say that you are sure"
    ),
    AGAIN: mark("the order before it is still being carried out; look at the lane, then order again"),
    "no-such-lane": mark("this gate has no such lane; name one of its own"),
    "no-such-side": mark("nobody drives that way through this lane; leave the side out, or name the other one"),
    "which-side": mark("this lane is driven both ways; say for which side it is to open"),
    "storage": mark("the order could not be written down; see to the disk, or open by the barrier's own controller"),
    # What a lane says (`terminal.core.barrier_answers.refusal`):
    "boot": mark("the lane is just starting; wait a few seconds"),
    "board-lost": mark("the relay board does not answer; call whoever looks after the installation"),
    "unknown": mark("it is not known where the boom is; look at it, and wait until it is down or open"),
    "fault-open": mark("the boom did not open when it was told to; look at the barrier and its controller"),
    "fault-close": mark("the boom did not close, or its contacts contradict each other; look at the barrier"),
    "forced": mark("the boom left its place and nobody ordered that; look at the barrier"),
    "emergency-open": mark("there was a fire, and the boom stays open until the contact is off and you `confirm`"),
    "arm-off": mark("the arm is off; put it back, then `confirm`"),
    "locked": mark("the lane is locked; `unlock` it first"),
    "held-open": mark("the boom is held open already, and lets everybody through; `release` ends that"),
    "lane-busy": mark("a vehicle from the other side has the lane; wait until it is through"),
    "wrong-side": mark("nobody drives that way through this lane; name the other side"),
    "cannot-hold": mark(
        "nothing is wired to this lane that holds the boom open; `open` lets one vehicle through at a time"
    ),
    "paused-already": mark("the lane is paused already"),
    "not-paused": mark("the lane is not paused"),
    "locked-already": mark("the lane is locked already"),
    "not-locked": mark("the lane is not locked"),
    "held-already": mark("the boom is held open already"),
    "not-held": mark("the boom is not held open"),
    "stopping": mark("the gate is being stopped; ask again when it is back"),
    "released-already": mark("the boom is released, and comes down once nothing is under it"),
    "fire-still-on": mark("the fire contact is still on; it goes off at the fire panel, then confirm again"),
    "arm-still-off": mark("the contact says that the arm is still off; put it back, then confirm again"),
    "nothing-to-confirm": mark("no emergency and no arm waits for anybody's word"),
}
"""By the word that stands in the journal."""


def done(lane: int, order: str) -> str:
    """One line for a person: it is so now."""
    return f"lane {lane}: {order} is carried out"


def refused(lane: int, why: str, detail: str = "") -> str:
    """One line for a person: nothing moved, and why."""
    words = WORDS.get(why, f"the lane is not as this order needs it ({why})")
    return f"lane {lane}: nothing moved: {words}" + (f" ({detail})" if detail else "")


def unknown(lane: int, detail: str) -> str:
    """One line for a person: it may have moved."""
    return f"lane {lane}: the relay did not answer, so the boom may move or not; look at the barrier ({detail})"
