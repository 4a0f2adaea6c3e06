"""What a person with an account may, by his role."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What somebody is on the site."""

    VIEWER = "viewer"
    """Looks on: a dispatcher, a planner."""
    GUARD = "guard"
    """Lets people in and out."""
    CHIEF = "chief"
    """Answers for the guards."""
    INSTALLER = "installer"
    """Looks after the machines. He orders nothing: whoever moves a boom from afar must look at the lane."""


class Right(StrEnum):
    """What may be done on the guard's page; orders to a lane are called as the gate's socket calls them."""

    SEE = "see"
    """Lanes, events, alarms."""
    ALARM = "alarm"
    """Acknowledge one: say that he sees to it."""
    OPEN = "open"
    HOLD = "hold"
    RELEASE = "release"
    LOCK = "lock"
    UNLOCK = "unlock"
    PAUSE = "pause"
    RESUME = "resume"
    CONFIRM = "confirm"
    """After a fire, or an arm that came off: that it is over."""


_GUARD = frozenset(
    {Right.SEE, Right.ALARM, Right.OPEN, Right.HOLD, Right.RELEASE, Right.LOCK, Right.UNLOCK, Right.PAUSE, Right.RESUME}
)
MAY: Mapping[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.SEE}),
    Role.GUARD: _GUARD,
    Role.CHIEF: _GUARD | {Right.CONFIRM},
    Role.INSTALLER: frozenset({Right.SEE}),
}
