"""The gate's local socket, put together: who may ask, what is answered, and how it begins and ends."""

import os
import pwd
import time
from collections.abc import Callable, Mapping

import structlog

from terminal.acknowledging import Acknowledging
from terminal.callers import Callers, Rate
from terminal.commanding import Commanding
from terminal.edges.local_socket import PART, LocalSocket
from terminal.gate.ending import Stage
from terminal.gate.lane import SharedParts, standing
from terminal.gate.requests import ACKNOWLEDGEMENTS_A_MINUTE, DENIALS_A_MINUTE, ORDERS_A_MINUTE, Requests
from terminal.gate.shown import Shown
from terminal.knowing_stays import KnowingStays
from terminal.orders import LaneForOrders, Orders
from terminal.ports import ServiceForTap

SOCKET_WITHIN_S = 20.0

log = structlog.get_logger()


def start_socket(
    shared: SharedParts,
    lanes: Mapping[int, LaneForOrders],
    services: Mapping[int, ServiceForTap],
    *,
    copied: Callable[[], int],
    acknowledging: Acknowledging,
    commanding: Commanding,
    known_stays: KnowingStays,
) -> None:
    """Serve the socket; `shared.ending` stops it. One that cannot be made is an alarm, and tried for again and again.

    `copied` tells how many entries of the journal the view has.
    """
    gate, alarms = shared.gate, shared.alarms
    callers = Callers(((caller.user, caller.may) for caller in gate.caller), os.getuid(), _uid)
    if callers.missing:
        log.warning("callers-missing", users=callers.missing)
    budget_s = gate.timing.intent_budget_ms / 1000
    requests = Requests(
        callers,
        Orders(lanes, shared.journal, alarms, durable_within_s=budget_s),
        acknowledging,
        shared.journal,
        alarms,
        commanding=commanding,
        known_stays=known_stays,
        shown=Shown(
            gate.terminal.name,
            lanes,
            services,
            standing(gate),
            reader_states=shared.reader_states,
            alarms=alarms,
            rules=shared.rules.current,
            clock=shared.clock,
            copied=copied,
        ),
        live=shared.live,
        name_of=_name,
        orders_rate=Rate(ORDERS_A_MINUTE, 60, time.monotonic),
        acknowledgements_rate=Rate(ACKNOWLEDGEMENTS_A_MINUTE, 60, time.monotonic),
        denials_rate=Rate(DENIALS_A_MINUTE, 60, time.monotonic),
    )
    served = LocalSocket(
        gate.socket.path,
        requests.serve,
        knows=requests.knows,
        heartbeat=shared.heartbeats,
        trouble=lambda why: alarms.holds(PART, while_=why is not None, detail=why),
    )
    shared.heartbeats.expect(PART, SOCKET_WITHIN_S)
    served.start()
    shared.ending.add(Stage.TAPS, PART, served.stop)


def _uid(user: str) -> int | None:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None


def _name(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
