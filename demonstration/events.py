"""The public events of the demonstration, made of what the gate's log says (docs/demonstration.md)."""

from demonstration.processes import Event

DECISION_FACTS = ("lane", "outcome", "reason", "help", "flags", "sequence", "card_ms", "durable_ms", "tap_ms")
CHARGE_FACTS = ("what", "amount_cents", "vat", "tariff", "flags")
ORDER_FACTS = ("lane", "order", "by", "result", "why", "sequence")


def told(event: Event, person: str | None) -> Event | None:
    """The public event that a line of the gate's log makes, if it is one (docs/demonstration.md)."""
    match event:
        case {"event": "decision"}:
            return {"event": "decision", "card": person, **{name: event.get(name) for name in DECISION_FACTS}}
        case {"event": "drive-forward" | "wrong-side" as hint, "lane": lane}:
            return {"event": hint, "card": person, "lane": lane}
        case {"event": "barrier", "lane": lane, "phase": phase, "was": was}:
            return {"event": "barrier", "lane": lane, "phase": phase, "was": was}
        case {"event": "order"}:
            return {"event": "order", **{name: event.get(name) for name in ORDER_FACTS}}
        case {"event": "journal", "kind": "passage", "public": {"result": result, **public}, "sequence": sequence}:
            passage = {"event": "passage", "lane": event.get("lane"), "result": result, "sequence": sequence}
            return {**passage, "card": person, "passenger": "passenger_of" in public}
        case {"event": "journal", "kind": "charge", "public": {**public}, "sequence": sequence}:
            facts = {name: public.get(name) for name in CHARGE_FACTS}
            return {"event": "charge", "card": person, "lane": event.get("lane"), **facts, "sequence": sequence}
        case {"event": "in-force", "list_number": number}:
            return {"event": "in-force", "list_number": number}
        case {"event": "alarm-raised" | "alarm-cleared" as step, "alarm": alarm}:
            return {"event": step, "alarm": alarm, "lane": event.get("lane")}
        case {"event": "alarm", "alarm": alarm}:
            return {"event": "alarm", "alarm": alarm, "lane": event.get("lane")}
        case _:
            return None
