"""The gate's local socket, put together: who may ask, what is answered, and how it begins and ends."""

import os
import pwd
import time
from collections.abc import Mapping

import structlog

from firmware_config.gate import Gate
from terminal.acknowledging import Acknowledging
from terminal.alarms import Alarms
from terminal.callers import Callers, Rate
from terminal.commanding import Commanding
from terminal.edges.heartbeat import Heartbeats
from terminal.edges.local_socket import PART, LocalSocket
from terminal.gate.ending import Ending, Stage
from terminal.gate.requests import ACKNOWLEDGEMENTS_A_MINUTE, DENIALS_A_MINUTE, ORDERS_A_MINUTE, Requests
from terminal.knowing_stays import KnowingStays
from terminal.orders import LaneForOrders, Orders
from terminal.ports import Journal, ServiceForTap

SOCKET_WITHIN_S = 20.0

log = structlog.get_logger()


def start_socket(
    gate: Gate,
    lanes: Mapping[int, LaneForOrders],
    services: Mapping[int, ServiceForTap],
    *,
    acknowledging: Acknowledging,
    commanding: Commanding,
    known_stays: KnowingStays,
    journal: Journal,
    alarms: Alarms,
    heartbeats: Heartbeats,
    ending: Ending,
) -> None:
    """Serve the socket; `ending` stops it. One that cannot be made is an alarm, and tried for again and again."""
    callers = Callers(((caller.user, caller.may) for caller in gate.caller), os.getuid(), _uid)
    if callers.missing:
        log.warning("callers-missing", users=callers.missing)
    budget_s = gate.timing.intent_budget_ms / 1000
    requests = Requests(
        callers,
        Orders(lanes, journal, alarms, durable_within_s=budget_s),
        acknowledging,
        journal,
        alarms,
        commanding=commanding,
        known_stays=known_stays,
        services=services,
        name_of=_name,
        orders_rate=Rate(ORDERS_A_MINUTE, 60, time.monotonic),
        acknowledgements_rate=Rate(ACKNOWLEDGEMENTS_A_MINUTE, 60, time.monotonic),
        denials_rate=Rate(DENIALS_A_MINUTE, 60, time.monotonic),
    )
    served = LocalSocket(
        gate.socket.path,
        requests.answer,
        knows=requests.knows,
        heartbeat=heartbeats,
        trouble=lambda why: alarms.holds(PART, while_=why is not None, detail=why),
    )
    heartbeats.expect(PART, SOCKET_WITHIN_S)
    served.start()
    ending.add(Stage.TAPS, PART, served.stop)


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
