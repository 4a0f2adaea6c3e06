"""What a request over the local socket may be: its keys, and what each may hold (docs/socket.md)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from terminal.commanding import MAX_COMMAND_LETTERS
from terminal.core.barrier_words import GuardOrder, Side
from terminal.core.journal import Access
from terminal.knowing_stays import MAX_PAGE_LETTERS

VERSION = 1
MIN_REASON, MAX_REASON = 3, 200
MAX_NAME = 64
MAX_NOTE_BYTES = 8 * 1024


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a request: in words what it may be, and the same as a check."""

    allowed: str
    is_right: Callable[[Any], bool]
    required: bool = True


def _is_text(shortest: int, longest: int) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, str) and value.isprintable() and shortest <= len(value.strip()) and len(value) <= longest
    )


def _is_one_of(words: type[GuardOrder | Side | Access]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in {word.value for word in words}


def _is_lane(value: Any) -> bool:
    return type(value) is int and 1 <= value <= 255


def _is_note(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value.encode(errors="surrogatepass")) <= MAX_NOTE_BYTES


_HEAD = {
    "version": Field("1", lambda value: value == VERSION and type(value) is int),
    "ask": Field("a word of this list", lambda _: True),
}
_ID = f"1 to {MAX_NAME} printable characters"
REQUESTS: Mapping[str, Mapping[str, Field]] = {
    "state": {**_HEAD, "id": Field(_ID, _is_text(1, MAX_NAME), required=False)},
    "watch": {**_HEAD, "id": Field(_ID, _is_text(1, MAX_NAME), required=False)},
    "access": {
        **_HEAD,
        "id": Field(_ID, _is_text(1, MAX_NAME), required=False),
        "what": Field("one of " + ", ".join(Access), _is_one_of(Access)),
        "account": Field(f"1 to {MAX_NAME} printable characters", _is_text(1, MAX_NAME)),
        "address": Field(f"1 to {MAX_NAME} printable characters", _is_text(1, MAX_NAME)),
    },
    "alarm": {
        **_HEAD,
        "id": Field(_ID, _is_text(1, MAX_NAME), required=False),
        "alarm": Field("the name of an alarm", lambda value: isinstance(value, str)),
        "lane": Field("a whole number from 1 to 255, or null", lambda value: value is None or _is_lane(value)),
        "about": Field("as it is told, or null", lambda value: value is None or isinstance(value, str)),
        "note": Field(f"{MIN_REASON} to {MAX_REASON} printable characters", _is_text(MIN_REASON, MAX_REASON)),
        "account": Field(f"1 to {MAX_NAME} printable characters", _is_text(1, MAX_NAME), required=False),
    },
    "order": {
        **_HEAD,
        "id": Field(_ID, _is_text(1, MAX_NAME)),
        "order": Field("one of " + ", ".join(GuardOrder), _is_one_of(GuardOrder)),
        "lane": Field("a whole number from 1 to 255", _is_lane),
        "reason": Field(f"{MIN_REASON} to {MAX_REASON} printable characters", _is_text(MIN_REASON, MAX_REASON)),
        "side": Field("entry or exit", _is_one_of(Side), required=False),
        "sure": Field("true or false", lambda value: isinstance(value, bool), required=False),
        "account": Field(f"1 to {MAX_NAME} printable characters", _is_text(1, MAX_NAME), required=False),
    },
    "acknowledge": {
        **_HEAD,
        "id": Field(_ID, _is_text(1, MAX_NAME), required=False),
        "note": Field(f"a signed note of 1 to {MAX_NOTE_BYTES} bytes", _is_note),
    },
    "command": {
        **_HEAD,
        "id": Field(_ID, _is_text(1, MAX_NAME), required=False),
        "command": Field(f"1 to {MAX_COMMAND_LETTERS} letters of base64", _is_text(1, MAX_COMMAND_LETTERS)),
    },
    "stays": {
        **_HEAD,
        "id": Field(_ID, _is_text(1, MAX_NAME), required=False),
        "page": Field(f"1 to {MAX_PAGE_LETTERS} letters of base64", _is_text(1, MAX_PAGE_LETTERS)),
    },
}


def wrong(asked: Mapping[str, Any]) -> str | None:
    """What keeps the request from being understood, in words; None when nothing does."""
    fields = REQUESTS.get(asked["ask"]) if isinstance(asked.get("ask"), str) else None
    if fields is None:
        return f"`ask` is one of {', '.join(REQUESTS)}"
    for key in asked:
        if key not in fields:
            return f"`{key[:MAX_NAME]}` is no key of `{asked['ask']}`: {', '.join(fields)}"
    for key, field in fields.items():
        if key not in asked and not field.required:
            continue
        if key not in asked or not field.is_right(asked[key]):
            return f"`{key}` is {field.allowed}"
    return None
