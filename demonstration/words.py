"""What the gate and the board say, in words for somebody who never saw a gate."""

from collections.abc import Mapping
from typing import Any

from demonstration.arrivals import Kept
from terminal.core.reasons import MEANING, Reason

SIGNS: Mapping[str, str] = {
    "admit": "WELCOME",
    "admit-wait": "DRIVE IN AND WAIT",
    "desk": "ASK THE DESK",
    "refuse": "SORRY",
    "drive-forward": "DRIVE FORWARD",
}
GOODBYE = "GOODBYE"
WAIT = "PLEASE WAIT"
"""Of a lane that the other side has, whatever the outcome: no desk can help."""
COLOURS: Mapping[str, str] = {
    "admit": "green",
    "admit-wait": "yellow",
    "desk": "dark_orange",
    "refuse": "red",
    "drive-forward": "yellow",
}

PHASES: Mapping[str, str] = {
    "boot": "the gate starts or ends; nobody is let in",
    "board-lost": "the relay board does not answer; the gate opens for nobody",
    "unknown": "where the boom is has to be seen first; nobody is let in until it is down or up",
    "closed": "closed, ready for a card",
    "opening": "told to open; the boom goes up",
    "open": "open; on green for whoever was let in, on red for nobody",
    "passing": "a vehicle is under the boom",
    "closing": "the boom may come down",
    "fault-open": "OUT OF SERVICE: the boom was told to open and did not",
    "fault-close": "OUT OF SERVICE: the boom did not come down, or its contacts contradict each other",
    "forced": "OUT OF SERVICE: the boom left its place, and nobody ordered that",
    "held-open": "held open by the guard; on green everybody may drive",
    "locked": "LOCKED by the guard; nobody is let through",
    "arm-off": "OUT OF SERVICE: the arm was swung off its post; nobody is let in until it is back and confirmed",
    "emergency-open": "FIRE: the barrier opens by itself, until it is over and confirmed",
}

RESULTS: Mapping[str, str] = {
    "passed": "has passed",
    "assumed": "is taken to have passed; no contact could prove it",
    "no-show": "never came under the boom; the admission is given back",
    "backed-out": "was under the boom and went back; the admission is given back",
    "unknown": "may have passed or not; a person must look",
    "untapped": "drove through without a card; the boom is held open",
}

ALARMS: Mapping[str, str] = {
    "arm-off": "the arm was swung off its post",
    "arm-swung-off": "the arm is off, or nobody has confirmed yet that it is back",
    "board": "the relay board does not answer",
    "charge-flagged": "somebody was charged, and a person must look why it is not certain",
    "call": "somebody asks for help at the lane",
    "contacts-contradict": "the boom says that it is up and down at once",
    "controller-fault": "the barrier's controller reports a fault",
    "did-not-open": "the boom was told to open and did not",
    "drive-through": "something drove under a boom that was down",
    "exit-flagged": "somebody was let out, and his card was not quite in order",
    "fire": "fire, or nobody has confirmed yet that it is over",
    "fire-boom-down": "fire, and the boom is still down",
    "fire-release": "the boom opened for a fire; who is inside is not certain any more",
    "forced": "the boom left its place, and nobody ordered that",
    "open-to-all": "the boom stands open; who drives through is not certain any more",
    "open-too-long": "the boom stays up and is open for nobody",
    "opened-elsewhere": "the boom was opened, and not by this gate",
    "overstay": "somebody stayed longer than the tariff allows",
    "possible-tailgate": "a second vehicle may have slipped through behind the first",
    "reader": "a card reader does not answer",
    "storage": "the disk does not write down in time",
    "stuck-loop-arm": "the loop before the boom has been on for very long, and is left out",
    "stuck-loop-behind": "the loop behind the boom has been on for very long, and is left out",
    "stuck-loop-safety": "the loop under the boom has been on for very long",
    "tailgate": "a vehicle drove in, and nobody had let it in",
    "tamper": "somebody opened the housing",
    "vehicle-under-boom": "a vehicle has been standing under the boom for long",
}

ORDERS: Mapping[str, str] = {
    "open": "open once",
    "hold": "hold open",
    "release": "release",
    "lock": "lock",
    "unlock": "unlock",
    "pause": "take no cards",
    "resume": "take cards again",
    "confirm": "confirm that it is over",
}


def sign(outcome: str, reason: str | None) -> str:
    """An answer in a word or two, as on the driver's screen."""
    return WAIT if reason == Reason.LANE_BUSY else SIGNS.get(outcome, outcome)


def sign_of(decision: Mapping[str, Any]) -> str:
    """The same of a decision in the gate's log: who leaves is told goodbye, and what his stay costs."""
    outcome, cents = str(decision["outcome"]), decision.get("amount_cents")
    if outcome != "admit" or decision.get("side") != "exit":
        return sign(outcome, decision.get("reason"))
    return GOODBYE if cents is None else f"{GOODBYE}. YOUR STAY: {euros(cents)}"


def meaning(outcome: str, reason: str | None) -> str:
    """An answer in one sentence."""
    if outcome == "drive-forward":
        return "Nobody stands before the boom: come closer, then hold up the card."
    if reason == "wrong-side":
        return "Nobody drives this way through this lane."
    return MEANING[Reason(reason)].words if reason in set(Reason) else ""


def charged(person: str | None, charge: Mapping[str, Any]) -> str:
    """What somebody's employer owes for his stay."""
    marks = f" ({', '.join(charge['flags'])})" if charge["flags"] else ""
    return f"{person or 'somebody'}'s employer owes {euros(charge['amount_cents'])}{marks}"


def euros(cents: int) -> str:
    """An amount."""
    return f"\N{EURO SIGN} {cents // 100}.{cents % 100:02}"


def alarm(name: str) -> str:
    """An alarm in words; its name where there are none."""
    return ALARMS.get(name, name)


def of_line(event: Mapping[str, Any]) -> tuple[str, str, str]:
    """What comes of the line to headquarters: what it is about, a sentence, and its style."""
    match event:
        case {"event": "arrived", "card": card, "arrived_ms": ms}:
            return (
                "line",
                f"{card or 'somebody'}'s tap has arrived at headquarters, {_seconds(ms)} after the answer",
                "",
            )
        case {"event": "acknowledged", "card": card, "acknowledged_ms": ms, "size": size, "entries": entries}:
            whose = f"{card or 'somebody'}'s tap: headquarters has it, acknowledged"
            return "line", f"{whose} after {_seconds(ms)}: {size} of {entries}", "green"
        case {"event": "line", "state": "cut"}:
            return "LINE", "the line is cut; the gate goes on, and what it writes waits", "bold red"
        case {"event": "line"}:
            return "line", "the line is whole again; the terminal tries it within a minute", "green"
        case {"event": "at-headquarters", "entries": entries, "arrived": arrived, "acknowledged": size, "line": line}:
            cut = " The line is cut." if line == "cut" else ""
            sentence = f"headquarters has {arrived} of {entries} entries, acknowledged: {size} of {entries}.{cut}"
            return "line", sentence, "green" if size >= entries else "yellow"
        case {"event": "statement", "name": name, "period": period, "charges": count, "gross_cents": gross, **rest}:
            parts = f"{euros(rest['net_cents'])} and {euros(rest['vat_cents'])} VAT"
            return (
                "ACCOUNT",
                f"{name}, {period}: {count} {'charge' if count == 1 else 'charges'}, {euros(gross)} ({parts})",
                "bold green",
            )
        case {"event": "process-ended", "process": name, "why": why, "started_again": again}:
            return "DIED", f"{name} died and {'is started again' if again else 'stays down'}: {why}", "bold red"
        case _:
            return "line", str(event), ""


def line(kept: Kept, *, cut: bool) -> tuple[str, str]:
    """How the line to headquarters is, in one sentence, and its style."""
    count = f"{kept.acknowledged} of {kept.entries}"
    if cut:
        waiting = kept.entries - kept.acknowledged
        wait = f"{waiting or 'nothing'} {'waits' if waiting < 2 else 'wait'} here"
        return f"CUT: {wait}; acknowledged: {count}. B restores it", "bold red"
    if kept.all_acknowledged:
        return f"headquarters has all entries, acknowledged: {count}", ""
    return f"headquarters has {kept.arrived} of {kept.entries} entries, acknowledged: {count}", "yellow"


def _seconds(ms: float) -> str:
    return f"{ms / 1000:.1f} s"
