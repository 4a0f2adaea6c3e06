"""The JSON documents of headquarters: bytes in, typed values out, or every mistake at once.

The types stand in `terminal.core` as plain dataclasses; here pydantic reads bytes into them, strictly. Publisher and
gate share this module, and `docs/schemas` is generated from it. pydantic's validators are built when first used.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import DictSchema

from terminal.core.issuers import Issuers, issuers_mistakes
from terminal.core.policy import Companies, SitePolicy, Visits, policy_mistakes, visits_mistakes
from terminal.core.tariff.document import Tariffs
from terminal.core.tariff.mistakes import all_mistakes
from terminal.errors import DocumentError
from terminal.trust.mended import mended_tariffs

T = TypeVar("T")
MAX_MISTAKES = 50
_SHOWN = 60  # characters of a wrong value that a message repeats


class DocumentRefused(DocumentError):
    """A JSON document is not what its type asks for; `mistakes` names all that is wrong, a line each."""

    def __init__(self, document: str, mistakes: tuple[str, ...]) -> None:
        self.mistakes = mistakes
        more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
        super().__init__(f"{document}: {mistakes[0]}{more}")


@dataclass(frozen=True, slots=True)
class DocumentKind(Generic[T]):
    """One kind of document: its name in messages and schemas, its type, its bound, the checks between its fields.

    `mended` makes what the types refuse into what they take, for those checks to say what else is wrong with it.
    """

    name: str
    type: type[T]
    max_bytes: int
    mistakes: Callable[[T], tuple[str, ...]]
    mended: Callable[[Any, list[ErrorDetails]], Any] | None = None

    def parse(self, data: bytes) -> T:
        """Read `data`; blocks for as long as parsing takes (some 10 ms for a megabyte).

        Raises:
            DocumentRefused: it is too large, no JSON, or not what the type asks for.
        """
        if len(data) > self.max_bytes:
            raise DocumentRefused(self.name, (f"has {len(data)} bytes; at most {self.max_bytes} are allowed",))
        try:
            twice = _duplicates(json.loads(data.decode(), object_pairs_hook=_look_for_duplicates))
        except (ValueError, RecursionError) as mistake:
            raise DocumentRefused(self.name, (f"is not JSON in UTF-8: {mistake}",)) from None
        if twice:
            raise DocumentRefused(self.name, tuple(f"{path}: stands there twice" for path in twice[:MAX_MISTAKES]))
        try:
            value: T = _adapter(self).validate_json(data, strict=True)
        except ValidationError as refusal:
            raise DocumentRefused(
                self.name, (*_in_words(refusal), *self._others(data, refusal))[:MAX_MISTAKES]
            ) from None
        if mistakes := self.mistakes(value):
            raise DocumentRefused(self.name, mistakes[:MAX_MISTAKES])
        return value

    def _others(self, data: bytes, refusal: ValidationError) -> tuple[str, ...]:
        """What is wrong besides the values that the types refuse."""
        if self.mended is None:
            return ()
        try:
            mended = json.dumps(self.mended(json.loads(data), refusal.errors()))
            value = _adapter(self).validate_json(mended, strict=True)
        except ValidationError:
            return ()
        return self.mistakes(value)

    def dump(self, document: T) -> bytes:
        """The bytes that `parse` reads back as `document`.

        Raises:
            DocumentRefused: `parse` would refuse them.
        """
        data = _adapter(self).dump_json(document)
        self.parse(data)
        return data

    def schema(self) -> dict[str, Any]:
        """The JSON Schema (2020-12) of the document: refuses what `parse` refuses, as far as a schema can."""
        schema = _adapter(self).json_schema(schema_generator=_SchemaWriter)
        return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


class _SchemaWriter(GenerateJsonSchema):
    """Closes maps whose keys have a form: pydantic leaves other keys open there."""

    def dict_schema(self, schema: DictSchema) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        return made | {"additionalProperties": False} if "patternProperties" in made else made


def _no_more(_document: object) -> tuple[str, ...]:
    return ()


ISSUERS = DocumentKind("issuers", Issuers, 64 * 1024, issuers_mistakes)
POLICY = DocumentKind("policy", SitePolicy, 2 * 1024 * 1024, policy_mistakes)
TARIFFS = DocumentKind("tariffs", Tariffs, 4 * 1024 * 1024, all_mistakes, mended_tariffs)
VISITS = DocumentKind("visits", Visits, 16 * 1024 * 1024, visits_mistakes)
COMPANIES = DocumentKind("companies", Companies, 16 * 1024 * 1024, _no_more)
KINDS: tuple[DocumentKind[Any], ...] = (ISSUERS, POLICY, TARIFFS, VISITS, COMPANIES)


@cache
def _adapter(kind: DocumentKind[T]) -> TypeAdapter[T]:
    return TypeAdapter(kind.type)


class _Twice(list[str]):
    """What is left of a JSON object after the search for duplicates: the paths, from here, of keys that came twice."""


def _look_for_duplicates(pairs: list[tuple[str, Any]]) -> _Twice:
    seen: set[str] = set()
    twice = _Twice()
    for key, value in pairs:
        if key in seen:
            twice.append(key)
        seen.add(key)
        twice += [_joined(key, path) for path in _duplicates(value)]
    return twice


def _duplicates(value: Any) -> list[str]:
    match value:
        case _Twice():
            return value
        case list():
            return [_joined(f"[{place}]", path) for place, item in enumerate(value) for path in _duplicates(item)]
        case _:
            return []


def _joined(before: str, after: str) -> str:
    return f"{before}{after}" if after.startswith("[") else f"{before}.{after}"


def _in_words(refusal: ValidationError) -> tuple[str, ...]:
    """A line for each mistake: where, what is wrong, what is allowed."""
    errors = refusal.errors(include_url=False)
    # An array whose items are refused is then also called too short: that is no mistake of its own.
    spoilt = {error["loc"][:depth] for error in errors for depth in range(len(error["loc"]))}
    lines = [
        _line(error["loc"], error["type"], error["msg"], error["input"])
        for error in errors
        if not (error["type"] == "too_short" and error["loc"] in spoilt)
    ]
    return tuple(lines[:MAX_MISTAKES])


def _line(loc: tuple[int | str, ...], kind: str, message: str, value: object) -> str:
    where = ""
    for step in loc:
        if step != "[key]":
            where = _joined(where, f"[{step}]") if isinstance(step, int) else (_joined(where, step) if where else step)
    match kind:
        case "missing":
            wrong = "is missing"
        case "unexpected_keyword_argument":
            wrong = "is not a key of this document"
        case "dataclass_type":
            wrong = "should be an object"
        case _:
            wrong = re.sub(r"^(Value error,|Input|Tuple|String|Dictionary) ", "", message)
            if isinstance(value, str | int | float | None):
                wrong += f", not {json.dumps(value)[:_SHOWN]}"
    return f"{where or 'the document'}: {wrong}"
