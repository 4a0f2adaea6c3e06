"""What the words of the barrier's page mean, for somebody who knows loops, booms and their controllers."""

from collections.abc import Mapping

from terminal.core.barrier_words import Phase, Timer

WORDS = """\
* *Contacts*: `loop_arm` is the loop before the boom, `loop_safety` the one under it, `loop_behind` the one behind it;
  `closed_limit` and `open_limit` are the boom's limit switches; `swing_off` tells that the arm left its hinge,
  `controller_fault` is the controller's fault relay, `tamper` the housing, `call` the button for help, `fire` the fire
  alarm. *Not fitted*: not wired, or a loop that is left out since it is stuck. *X is off*: it is fitted, and off. *X is
  not on*: it is off, or not fitted.
* *Admitted*: a card was accepted, or a person ordered to open once, and that is written down; at an exit also
  when the disk did not write in time.
* *Owed*: admitted, and not through yet. Those who are owed stand in a queue, first come first.
* How it ends for who is owed: *passed*; *assumed*, where no contact could prove a passage; *no-show*, never under the
  boom; *backed-out*, under the boom and back again; *unknown*, nobody can tell. Where a row names the last three, it is
  *unknown* for whom it was too close to tell (below), then *backed-out* where that was seen, else *no-show*.
* *A stranger*: a vehicle under the boom when nobody was owed. *Untapped*: it passed a boom that was held open, and
  nobody had tapped for it.
* *ORDER open*: a pulse on the relay `open`; for the logic `hold` its level. *For the next one owed*: for whom the order
  was not given yet, if there is one; else nothing is ordered. *ORDER close*: a pulse on the relay `close`.
* *Passage done*: the first one owed and his followers have ended so; after a stranger, his followers alone.
* *ALARM*, *INCIDENT*: told to the guard and written down; an incident concerns the security of the system.
* *Note*, *forget*: what the lane remembers, and later rows ask for."""

PHASES: Mapping[Phase, str] = {
    Phase.BOOT: "the terminal starts, or has been stopped",
    Phase.BOARD_LOST: "the relay board does not answer",
    Phase.UNKNOWN: "the boom has not been seen down or up yet",
    Phase.CLOSED: "the boom is down",
    Phase.OPENING: "the boom was told to open",
    Phase.OPEN: "the boom is up, for whoever is owed, or for nobody",
    Phase.PASSING: "something came under the boom, and the loops are not clear again",
    Phase.CLOSING: "the boom may come down, and is not down yet",
    Phase.FAULT_OPEN: "the boom was told to open and did not",
    Phase.FAULT_CLOSE: "the boom did not come down, or both limits were on at once",
    Phase.FORCED: "the boom left its closed position, and nobody ordered that",
    Phase.HELD_OPEN: "a person holds the boom open, or has released it over loops that are not clear",
    Phase.LOCKED: "a person locked the lane",
    Phase.ARM_OFF: "the arm came off, and nobody has confirmed that it is back",
    Phase.EMERGENCY_OPEN: "fire, and nobody has confirmed that it is over",
}
TIMERS: Mapping[Timer, str] = {
    Timer.OPENING: "the boom's travel time: it must be up by then",
    Timer.RETRY: "`hold`: how long the level is off before the second attempt",
    Timer.PASSAGE: "how long who is owed may take to come under the boom",
    Timer.TOO_LONG: "how long the boom may be up for nobody",
    Timer.UNDER_BOOM: "how long something may be under the boom",
    Timer.CLOSING: "how long the boom may take to come down, the controller's own delay included",
    Timer.LEFT_CLOSED: "how long `closed_limit` must be off to tell of a boom that was moved",
    Timer.DOWN: "how long `closed_limit` must be on during a passage: a boom that starts up may rebound",
    Timer.ELSEWHERE: "when `open_limit` comes on by then, somebody else opened the boom",
    Timer.STEADY: "how long `closed_limit` must be on to end a fault",
    Timer.SETTLE: "without `closed_limit`: how long nothing must speak against a boom that is down",
    Timer.SAFETY_GAP: "how long `loop_safety` must be off to be clear",
    Timer.BEHIND_GAP: "the same of `loop_behind`",
    Timer.ARM_GAP: "the same of `loop_arm`, in a lane for both directions",
    Timer.SAFETY_STUCK: "how long `loop_safety` must be on to be stuck",
    Timer.BEHIND_STUCK: "the same of `loop_behind`",
    Timer.ARM_STUCK: "the same of `loop_arm`",
}
