"""What a gate shows of itself over its socket: each thing as a JSON object, and all of them as news (docs/socket.md).

Of a tap it tells what a screen needs: no card, no person, no employer. Everything here only looks; nothing blocks.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from terminal.alarms import Alarms
from terminal.core.barrier_answers import green, readiness
from terminal.core.barrier_signals import Closed, Emergency, Unserved
from terminal.core.barrier_words import KEPT, Side, State
from terminal.core.receipt_code import shown_code
from terminal.core.rules import Rules
from terminal.live import News
from terminal.orders import LaneForOrders
from terminal.ports import Clock, ReaderState, ServiceForTap
from terminal.tap.ports import Answer, Sale


class Shown:
    """All that is there, looked at when somebody asks. Thread-safe."""

    def __init__(
        self,
        name: str,
        lanes: Mapping[int, LaneForOrders],
        services: Mapping[int, ServiceForTap],
        readers: Mapping[str, tuple[int, Side | None]],
        *,
        reader_states: Mapping[str, ReaderState],
        alarms: Alarms,
        rules: Callable[[], Rules | None],
        clock: Clock,
        copied: Callable[[], int],
    ) -> None:
        """`readers` says at which lane or service point, and at which side, each one stands.

        `reader_states` is what each said last; `copied` how many entries of the journal the view has.
        """
        self._name = name
        self._lanes = lanes
        self._services = services
        self._readers = readers
        self._reader_states = reader_states
        self._alarms = alarms
        self._rules = rules
        self._clock = clock
        self._copied = copied

    def state(self) -> dict[str, Any]:
        """Lanes, service points and alarms, for who asks once."""
        return {
            "lanes": [lane_state(number, lane.state) for number, lane in sorted(self._lanes.items())],
            "services": [service_state(number, point) for number, point in sorted(self._services.items())],
            "alarms": [
                {"alarm": each.name, "lane": each.lane, "about": each.about} for each in self._alarms.standing()
            ],
        }

    def begin(self) -> News:
        """The first of the news: which terminal this is."""
        return {"news": "begin", "terminal": self._name}

    def everything(self) -> Iterator[News]:
        """All as it is, as news; `all` comes last."""
        yield site_news(self._rules())
        yield view_news(self._copied())
        for reader, (number, side) in self._readers.items():
            yield reader_news(number, reader, side, self._reader_states.get(reader, ReaderState.ABSENT))
        told = self.state()
        for lane in told["lanes"]:
            yield {"news": "lane", **lane}
        for service in told["services"]:
            yield {"news": "service", **service}
        for alarm in told["alarms"]:
            yield {"news": "alarm", "step": "alarm-raised", **alarm}
        for each in self._alarms.acknowledged():
            key = {"alarm": each.name, "lane": each.lane, "about": each.about}
            yield {"news": "alarm", "step": "alarm-acknowledged", **key}
        yield {"news": "all"}

    def beat(self) -> News:
        """A sign of life, with the gate's own clock: silence means that something is wrong."""
        now = self._clock.now()
        return {"news": "beat", "at_ms": now.ms, "clock": str(now.quality)}


def lane_state(number: int, state: State) -> dict[str, Any]:
    """How one lane is."""
    return {
        "lane": number,
        "direction": state.settings.direction,
        "phase": str(state.phase),
        "owed": len(state.owed),
        "contacts": {contact: contact in state.active for contact in sorted(state.settings.fitted)},
        "light": "green" if green(state) else "red",
        "kept": sorted(str(mark) for mark in state.marks & frozenset(KEPT)),
        "shut": _shut(state),
    }


def _shut(state: State) -> str | None:
    """Why the lane lets nobody through by a card; None when it would."""
    match readiness(state, next(side for side in Side if state.settings.serves(side))):
        case Closed(reason) | Unserved(reason):
            return reason
        case Emergency():
            return str(state.phase)
        case _:
            return None


def service_state(number: int, point: ServiceForTap) -> dict[str, Any]:
    """How one service point is; of a purchase nothing that names a person."""
    goes_on = point.goes_on
    told: dict[str, Any] = {"service": number, "has_board": point.has_board, "on": goes_on is not None}
    if goes_on is not None:
        told |= {"what": goes_on.what, "began_ms": goes_on.began_ms, "ends_ms": goes_on.ends_ms}
        if goes_on.pulses_a_unit is not None:
            pulses = goes_on.pulses(point.meter)
            told |= {"thousandths": pulses * 1000 // goes_on.pulses_a_unit, "unit": goes_on.unit}
            told["so_far_cents"] = goes_on.so_far_cents(point.meter)
    return told


def site_news(rules: Rules | None) -> News:
    """What the site's rules say that a screen shows; without rules in force, that there are none."""
    return {"news": "site", "site": None if rules is None else _site(rules)}


def view_news(copied: int) -> News:
    """How many entries the view has: there is something new to read in it."""
    return {"news": "view", "copied": copied}


def reader_news(number: int, reader: str, side: Side | None, state: ReaderState) -> News:
    """How a reader of a lane or service point is."""
    return {"news": "reader", "at": number, "reader": reader, "side": side and side.value, "state": state.value}


def card_news(number: int, reader: str, side: Side | None, what: str) -> News:
    """A card `came` into the field of a reader, `lingers` in it, or `left`: never whose."""
    return {"news": "card", "at": number, "reader": reader, "side": side and side.value, "card": what}


def answer_news(answer: Answer) -> News:
    """What a tap came to, as far as a screen tells it."""
    told: dict[str, Any] = {
        "news": "answer",
        "at": answer.lane,
        "reader": answer.reader,
        "side": answer.side and answer.side.value,
        "language": answer.language,
        "sequence": answer.key.sequence if answer.key else None,
        "card_ms": _rounded(answer.card_ms),
        "durable_ms": _rounded(answer.durable_ms),
        "tap_ms": _rounded(answer.tap_ms),
    }
    if answer.decision is not None:
        told |= {
            "outcome": answer.decision.outcome.value,
            "reason": answer.decision.reason.value,
            "help": answer.decision.help.value,
            "flags": [flag.value for flag in answer.decision.flags],
        }
    if answer.hint is not None:
        told |= {"hint": answer.hint.value, "go_to": list(answer.go_to)}
    if answer.charge is not None:
        told |= {"amount_cents": answer.charge.amount_cents, "receipt": shown_code(answer.charge.receipt)}
    if answer.sale is not None:
        told["sale"] = _sale(answer.sale)
    return told


def _rounded(ms: float | None) -> float | None:
    return None if ms is None else round(ms, 2)


def _sale(sale: Sale) -> dict[str, Any]:
    return {
        "step": sale.step.value,
        "what": sale.what,
        "amount": sale.amount,
        "unit": sale.unit,
        "time_s": sale.time_s,
        "confirm_s": sale.confirm_s,
        "ends_ms": sale.ends_ms,
    }


def _site(rules: Rules) -> dict[str, Any]:
    policy = rules.policy
    limits = policy.list_age[policy.level]
    return {
        "number": policy.site,
        "name": policy.name,
        "time_zone": policy.time_zone,
        "level": policy.level,
        "languages": list(policy.languages),
        "phone": policy.contact.phone,
        "hours": policy.contact.hours,
        "currency": rules.tariffs.currency if rules.tariffs else "EUR",
        "zones": {str(lane.number): zone.name for lane in policy.lanes if (zone := policy.zone(lane.zone)) is not None},
        "list_number": rules.list_number,
        "lists_issued_at_s": rules.lists_issued_at_s,
        "list_warn_s": limits.warn_s,
        "list_max_s": limits.max_s,
    }
