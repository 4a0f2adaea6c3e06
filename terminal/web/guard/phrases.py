"""What a word of the gate means to a guard. English here; Dutch in the catalogue `guard.po`."""

from collections.abc import Mapping

from terminal.core.barrier_words import GuardOrder, Mark, Phase, Result, Side
from terminal.core.journal import Access, Kind, OrderResult, SaleResult, TapResult
from terminal.core.reasons import Help, Outcome, Reason
from terminal.words.catalogues import Words
from terminal.words.marking import mark

PHASES: Mapping[Phase, str] = {
    Phase.BOOT: mark("starting"),
    Phase.BOARD_LOST: mark("relay board does not answer"),
    Phase.UNKNOWN: mark("not known where the boom is"),
    Phase.CLOSED: mark("closed"),
    Phase.OPENING: mark("opening"),
    Phase.OPEN: mark("open"),
    Phase.PASSING: mark("vehicle passing"),
    Phase.CLOSING: mark("closing"),
    Phase.FAULT_OPEN: mark("did not open"),
    Phase.FAULT_CLOSE: mark("did not close"),
    Phase.FORCED: mark("boom moved by force"),
    Phase.HELD_OPEN: mark("held open"),
    Phase.LOCKED: mark("locked"),
    Phase.ARM_OFF: mark("arm is off"),
    Phase.EMERGENCY_OPEN: mark("open for an emergency"),
}
KEPT: Mapping[Mark, str] = {
    Mark.EMERGENCY: mark("emergency, wants confirming"),
    Mark.SWUNG_OFF: mark("arm was off, wants confirming"),
    Mark.LOCKED: mark("locked"),
    Mark.HELD: mark("held open"),
    Mark.PAUSED: mark("paused, no cards are taken"),
}
SIDES: Mapping[Side, str] = {Side.ENTRY: mark("in"), Side.EXIT: mark("out")}
DIRECTIONS: Mapping[str, str] = {"entry": mark("way in"), "exit": mark("way out"), "both": mark("both ways")}
CONTACTS: Mapping[str, str] = {
    "loop_arm": mark("before the boom"),
    "loop_safety": mark("under the boom"),
    "loop_behind": mark("behind the boom"),
    "open_limit": mark("boom is up"),
    "closed_limit": mark("boom is down"),
    "fire": mark("fire"),
    "tamper": mark("housing is open"),
    "swing_off": mark("arm is off"),
    "controller_fault": mark("controller reports a fault"),
    "call": mark("call button"),
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.ADMIT: mark("Let through"),
    Outcome.ADMIT_WAIT: mark("Let in to wait"),
    Outcome.DESK: mark("To the desk"),
    Outcome.REFUSE: mark("Refused"),
}
REASONS: Mapping[Reason, str] = {
    Reason.OK: mark("everything in order"),
    Reason.UNREADABLE: mark("card gone too soon"),
    Reason.NOT_AN_XS_KEY: mark("not an XS-Key"),
    Reason.RANDOM_UID: mark("chip shows a random number"),
    Reason.NOT_AUTHENTIC: mark("card is not genuine"),
    Reason.NOT_YET_VALID: mark("card is not valid yet"),
    Reason.EXPIRED: mark("card has expired"),
    Reason.BLOCKED: mark("card is blocked"),
    Reason.SUSPENDED: mark("card is suspended"),
    Reason.NOT_ACTIVATED: mark("card was not activated"),
    Reason.UNKNOWN_CARD: mark("card is not on the list yet"),
    Reason.COMPANY_BLOCKED: mark("employer is blocked"),
    Reason.COMPANY_SUSPENDED: mark("employer is suspended"),
    Reason.UNKNOWN_COMPANY: mark("employer is not on the list"),
    Reason.LIST_TOO_OLD: mark("lists are too old"),
    Reason.PRODUCT_NOT_ACCEPTED: mark("this kind of card is not accepted here"),
    Reason.CLOSED: mark("outside opening hours"),
    Reason.LANE_CLOSED: mark("lane is closed"),
    Reason.LANE_BUSY: mark("lane is busy"),
    Reason.SECOND_FACTOR_MISSING: mark("second factor is missing"),
    Reason.SECOND_FACTOR_FAILED: mark("second factor did not match"),
    Reason.TRAINING_MISSING: mark("training is missing"),
    Reason.TRAINING_EXPIRED: mark("training has expired"),
    Reason.NO_VISIT: mark("no visit was announced"),
    Reason.VISIT_OTHER_COMPANY: mark("visit is another company's"),
    Reason.TOO_EARLY: mark("too early for the visit"),
    Reason.TOO_LATE: mark("visit is over"),
    Reason.ALREADY_INSIDE: mark("is inside already"),
    Reason.FULL: mark("no place is free"),
    Reason.PAYMENT_NOT_POSSIBLE: mark("payment on account is not possible"),
    Reason.NO_OPEN_STAY: mark("no entry is known"),
    Reason.STORAGE: mark("it could not be written down"),
}
HELPS: Mapping[Help, str] = {
    Help.DRIVER: mark("the driver himself can put it right"),
    Help.PLANNER: mark("his planner can help"),
    Help.EMPLOYER: mark("his employer can help"),
    Help.ISSUER: mark("the issuer of the card can help"),
    Help.DESK: mark("you can help, at the desk"),
}
TAP_RESULTS: Mapping[TapResult, str] = {
    TapResult.OPENED: mark("opened"),
    TapResult.OWED: mark("waits for his turn"),
    TapResult.TORN: mark("card gone while it was written; he taps again"),
    TapResult.FAILED: mark("lane was not ready any more"),
    TapResult.STORAGE: mark("written down too late, nothing moved"),
    TapResult.UNKNOWN: mark("gate stopped in between; look at the lane"),
}
SALE_RESULTS: Mapping[SaleResult, str] = {
    SaleResult.GIVEN: mark("given"),
    SaleResult.FAILED: mark("not given, nothing is charged"),
    SaleResult.STORAGE: mark("written down too late, not given"),
    SaleResult.UNKNOWN: mark("perhaps given, nothing is charged"),
}
PASSAGES: Mapping[Result, str] = {
    Result.PASSED: mark("Passed"),
    Result.ASSUMED: mark("Probably passed"),
    Result.NO_SHOW: mark("Did not drive"),
    Result.BACKED_OUT: mark("Backed out"),
    Result.UNKNOWN: mark("Not known whether he passed"),
}
ORDERS: Mapping[GuardOrder, str] = {
    GuardOrder.OPEN: mark("Open once"),
    GuardOrder.HOLD: mark("Hold open"),
    GuardOrder.RELEASE: mark("Release"),
    GuardOrder.LOCK: mark("Lock"),
    GuardOrder.UNLOCK: mark("Unlock"),
    GuardOrder.PAUSE: mark("Pause"),
    GuardOrder.RESUME: mark("Resume"),
    GuardOrder.CONFIRM: mark("Confirm: it is over"),
}
ORDER_RESULTS: Mapping[OrderResult, str] = {
    OrderResult.OBEYED: mark("carried out"),
    OrderResult.REFUSED: mark("refused, nothing moved"),
    OrderResult.UNKNOWN: mark("look at the boom: not known whether it moved"),
}
ALARMS: Mapping[str, str] = {
    "arm-off": mark("Arm is off"),
    "board": mark("Relay board does not answer"),
    "call": mark("Somebody pressed the call button"),
    "card-lingers": mark("A card is left on the reader"),
    "charge-flagged": mark("A charge wants looking at"),
    "clock": mark("Clock cannot be relied on"),
    "contacts-contradict": mark("Contacts of the boom contradict each other"),
    "controller-fault": mark("Controller reports a fault"),
    "did-not-open": mark("Boom did not open"),
    "disk": mark("Disk is filling up"),
    "disk-short": mark("Disk is short: old entries go sooner"),
    "disk-reserve": mark("Disk is full: entries go to the desk"),
    "drive-through": mark("Vehicle drove through a closed boom"),
    "exit-flagged": mark("An exit wants looking at"),
    "fire-boom-down": mark("Fire, and the boom is down"),
    "fire-release": mark("Fire: the boom was opened"),
    "forced": mark("Boom was moved by force"),
    "hold-forgotten": mark("Hold was forgotten at the restart"),
    "list-old": mark("Lists are old"),
    "list-too-old": mark("Lists are too old"),
    "local-socket": mark("Orders cannot be given"),
    "no-rules": mark("No rules of headquarters are in force"),
    "open-to-all": mark("Lane is open to anybody"),
    "open-too-long": mark("Boom is open for too long"),
    "opened-elsewhere": mark("Boom was opened by somebody else"),
    "other-past": mark("An old copy of the journal was brought back"),
    "overstay": mark("Somebody stayed longer than allowed"),
    "possible-tailgate": mark("Perhaps a second vehicle drove along"),
    "reader": mark("Card reader does not work"),
    "storage": mark("Journal cannot be written"),
    "tailgate": mark("Vehicle drove along without a card"),
    "tamper": mark("Housing was opened"),
    "update-refused": mark("Lists of headquarters were refused"),
    "vehicle-under-boom": mark("Vehicle stands under the boom"),
    "view": mark("This page may be behind"),
}
"""An alarm that is not here shows its own name."""


ACCESSES: Mapping[Access, str] = {
    Access.LOGGED_IN: mark("Somebody logged in"),
    Access.LOGGED_OUT: mark("Somebody logged out"),
    Access.LOG_IN_FAILED: mark("A log-in failed"),
}
KINDS: Mapping[Kind, str] = {
    Kind.START: mark("Gate started"),
    Kind.SALE_ENDED: mark("Service ended"),
    Kind.STAY_OPENED: mark("Stay began"),
    Kind.STAY_CLOSED: mark("Stay ended"),
    Kind.CREDIT: mark("Credited"),
    Kind.ALARM_ACKNOWLEDGED: mark("Alarm acknowledged"),
    Kind.LEVEL_CHANGED: mark("Security level changed"),
    Kind.CONFIGURATION_CHANGED: mark("Configuration changed"),
    Kind.INCIDENT: mark("Incident"),
    Kind.ACCESS: mark("Log-in"),
    Kind.SUPPORT_ACCESS: mark("Support was here"),
    Kind.ERASURE: mark("Old entries erased"),
    Kind.CLOCK: mark("Clock changed"),
    Kind.EPOCH: mark("Journal began anew"),
}
"""Of entries that need no more than that."""


def alarm(words: Words, name: str) -> str:
    """An alarm in words."""
    return words.gettext(ALARMS[name]) if name in ALARMS else name
