"""The keys of the demonstration: small letters are drivers, capitals are guards and trouble, digits are cards.

A key comes down to one line of `demonstration.steps`; `NAME` in it is the vehicle that the key is for.
"""

from collections.abc import Mapping

DRIVERS: Mapping[str, tuple[str, str, str]] = {
    "d": ("drive on", "NAME goes", "drives through, as soon as boom and light let him"),
    "b": ("back out", "NAME backs out", "goes back where he came from"),
    "k": ("creep", "NAME creeps", "drives slowly, from the moment the boom begins to rise"),
    "s": ("shunt", "NAME shunts", "under the boom, back to the stop line, and through"),
    "u": ("stop under", "NAME stops under the boom", "drives under the boom and stays there"),
    "a": ("across", "NAME stops across the boom", "stops with the open space of his trailer under the boom"),
    "e": ("engine dies", "NAME stops", "breaks down where he is"),
    "c": ("call", "press call", "presses the call button"),
}
"""By key: its short name, the step, and what it does."""

ON = ("goes", "creeps", "shunts")
"""Whoever was told one of these is on his way."""
FOLLOW = "f"
FOLLOWS = ("van NAME comes from=SIDE keeps=8.5 reacts=0", "NAME follows")
"""So far behind that the loop under the boom tells the two apart, and so close that the boom is still up."""
STRANGERS = ("zack", "yara", "xavi", "willa")
"""They have no card."""

GUARD: Mapping[str, tuple[str, str, str]] = {
    "O": ("open", "order open", "lets one vehicle through that has no card"),
    "H": ("hold", "order hold", "holds the boom open"),
    "R": ("release", "order release", "lets go of a boom that is held open"),
    "L": ("lock", "order lock", "nobody is let through; the last way out is locked by who presses it twice"),
    "U": ("unlock", "order unlock", "the lane serves again"),
    "P": ("pause", "order pause", "cards are not taken; the boom is left alone"),
    "G": ("go", "order resume", "cards are taken again"),
    "C": ("confirm", "order confirm", "the fire is over, or the arm is back"),
}

TROUBLE: Mapping[str, tuple[str, str, str, str]] = {
    "F": ("fire", "fire on", "fire off", "the fire alarm, which opens the barrier by itself"),
    "A": ("arm", "arm off", "arm on", "the arm is swung off its post, as when a vehicle drives into it"),
    "J": ("jam", "jam boom", "free boom", "the boom stays where it is, whatever it is told"),
    "M": ("mains", "mains off", "mains on", "the barrier loses its mains"),
    "T": ("tamper", "stick tamper on", "free tamper", "the housing is open"),
    "B": ("line", "cut line", "restore line", "the line to headquarters' broker is cut"),
    "K": (
        "power cut",
        "cut power",
        "power back",
        "the gate is killed in the middle of what it does, and started again",
    ),
}
"""By key: its name, also in `trouble`; the step that makes it so, the one that ends it, what it is. It ends it, too."""

CONTACTS: Mapping[str, str] = {
    "1": "loop_arm",
    "2": "loop_safety",
    "3": "loop_behind",
    "4": "open_limit",
    "5": "closed_limit",
}
STICK, CHATTER = "S", "W"
WHICH = "which contact? 1 loop before  2 loop under  3 loop behind  4 boom is up  5 boom is down"
STUCK_NEXT = {None: "stick CONTACT on", "on": "stick CONTACT off", "off": "free CONTACT"}

WHICH_LOGIC = "controller? 1 impulse  2 impulse-count  3 step  4 hold"
WHICH_WAY = "for? 1 entry  2 exit  3 both"
LOGICS: Mapping[str, str] = {"1": "impulse", "2": "impulse-count", "3": "step", "4": "hold"}
DIRECTIONS: Mapping[str, str] = {"1": "entry", "2": "exit", "3": "both"}
KINDS = ("van", "car", "truck", "articulated", "drawbar")
DIGITS = "1234567890"


def key_lines(names: tuple[str, ...], kind: str, side: str) -> tuple[tuple[str, str], ...]:
    """The help that is always in sight: groups of keys, each with what it does."""
    cards = "  ".join(f"{digit} {name}" for digit, name in zip(DIGITS[:5], names, strict=False))
    drivers = "  ".join(f"{key} {short}" for key, (short, _, _) in DRIVERS.items() if key not in "asu")
    guard = "  ".join(f"{key} {short}" for key, (short, _, _) in GUARD.items())
    trouble = "  ".join(f"{key} {short}" for key, (short, *_) in TROUBLE.items() if key != "T")
    return (
        ("cards", f"{cards}  t other  p passenger"),
        ("drivers", f"{drivers}  f follow close"),
        ("guard", guard),
        ("trouble", f"{trouble}  S stuck  W wobble"),
        ("else", f"v next: {kind}  x at {side} side  N new lane  ? help  q quit"),
    )


def help_lines() -> tuple[str, ...]:
    """Every key with a sentence."""
    return (
        "CARDS",
        "  1 to 0  drives up, and holds up his card as soon as he can reach the reader",
        "  t  the same, by name       p  a passenger of the vehicle at the reader",
        "  v  what drives up next     x  the side at which cards are held up",
        "DRIVERS (small letters). A key is for the vehicle in front that still waits.",
        *(f"  {key}  {does}" for key, (_, _, does) in DRIVERS.items()),
        "  f  one without a card follows the one before, whatever boom and light say",
        "GUARD",
        *(f"  {key}  {does}" for key, (_, _, does) in GUARD.items()),
        "TROUBLE (the same key ends it)",
        *(f"  {key}  {does}" for key, (*_, does) in TROUBLE.items()),
        "  S  a contact is stuck: on, then off, then free",
        "  W  a contact wobbles at every change",
        "ELSE",
        "  N  another lane, with another controller or direction",
        "  :  any step of docs/scenes.md, such as `anna goes`",
        "  Escape gives up a question, q ends the demonstration",
    )
