"""What comes in from a browser: forms, cookies, languages. Nothing of it is believed before it is looked at."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from terminal.core.barrier_words import GuardOrder, Side
from terminal.web.now import AlarmName
from terminal.words.marking import mark

MOST_ONCE = 64
SHORTEST, LONGEST = 3, 200
"""Letters of a reason."""

Form = Mapping[str, str]


def order(form: Form, account: str) -> dict[str, Any] | str:
    """The order of a form, as the gate is asked; or, for whoever sent it, what is wrong with it."""
    lane, side = form.get("lane", ""), form.get("side", "")
    if form.get("order") not in {each.value for each in GuardOrder} or not lane.isascii() or not lane.isdigit():
        return mark("This is no order of this page.")
    if side not in {"", *(each.value for each in Side)} or not 1 <= int(lane[:4]) <= 255:
        return mark("There is no such lane.")
    reason = form.get("reason", "").strip()
    if not reason.isprintable() or not SHORTEST <= len(reason) <= LONGEST:
        return mark("An order needs a reason, of 3 to 200 letters.")
    once = form.get("once", "")
    if not 1 <= len(once) <= MOST_ONCE or not once.isascii() or not once.isprintable():
        return mark("This form is too old. Please try again.")
    asked: dict[str, Any] = {"version": 1, "ask": "order", "id": once, "order": form["order"], "lane": int(lane)}
    asked |= {"reason": reason, "account": account}
    if side:
        asked["side"] = side
    if form.get("sure") == "yes":
        asked["sure"] = True
    return asked


def key_of(alarm: AlarmName) -> str:
    """Which alarm, as a form says it."""
    return json.dumps(alarm)


def alarm(form: Form, account: str) -> dict[str, Any] | str:
    """What a form says of an alarm, as the gate is asked; or what is wrong with it."""
    try:
        name, lane, about = json.loads(form.get("key", ""))
    except (ValueError, TypeError, RecursionError):
        return mark("This is no order of this page.")
    note = form.get("reason", "").strip()
    if not note.isprintable() or not SHORTEST <= len(note) <= LONGEST:
        return mark("An alarm is acknowledged with a note, of 3 to 200 letters.")
    return {"version": 1, "ask": "alarm", "alarm": name, "lane": lane, "about": about, "note": note, "account": account}


async def form_of(request: Request) -> Form:
    """The fields of a form, each once; nothing where it is none."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    try:
        body = (await request.body()).decode()
        fields = parse_qs(body, keep_blank_values=True, strict_parsing=True, max_num_fields=20)
    except (ValueError, ClientDisconnect):
        return {}
    return {name: values[0] for name, values in fields.items() if len(values) == 1}


def preferred(request: Request) -> list[str]:
    """The languages of a browser, the one it likes best first."""
    ranges = request.headers.get("accept-language", "").split(",")
    return [each.partition(";")[0].strip() for each in ranges[:10] if each.strip()]


def set_cookie(answer: Response, request: Request, name: str, value: str) -> None:
    """A cookie that no script sees and no other site has sent; by HTTPS it never goes in clear."""
    answer.set_cookie(name, value, httponly=True, samesite="strict", secure=request.url.scheme == "https")
