"""Documents of headquarters: what the code refuses the published schema refuses too, as far as a schema can."""

import json
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from scripts import docs
from terminal.trust.documents import (
    COMPANIES,
    ISSUERS,
    KINDS,
    MAX_MISTAKES,
    POLICY,
    TARIFFS,
    VISITS,
    DocumentKind,
    DocumentRefused,
)
from tests.trust.samples import GOOD

GONE = object()
Path = tuple[str | int, ...]


def bent(kind: DocumentKind[Any], path: Path, value: object) -> Any:
    """The good document with one place changed, or taken out."""
    document = deepcopy(GOOD[kind.name])
    at = document
    for step in path[:-1]:
        at = at[step]
    if value is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return document


def schema_takes(kind: DocumentKind[Any], document: Any) -> bool:
    schema = json.loads((docs.DOCS / f"schemas/{kind.name}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema).is_valid(document)


def mistakes(kind: DocumentKind[Any], document: Any) -> tuple[str, ...]:
    try:
        kind.parse(json.dumps(document).encode())
    except DocumentRefused as refused:
        return refused.mistakes
    return ()


def test_published_pages_are_current() -> None:
    assert [path.name for path, _ in docs.stale()] == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_good_document_is_taken_by_both_and_survives_writing(kind: DocumentKind[Any]) -> None:
    assert schema_takes(kind, GOOD[kind.name])
    document = kind.parse(json.dumps(GOOD[kind.name]).encode())
    written = kind.dump(document)
    assert kind.parse(written) == document
    assert schema_takes(kind, json.loads(written))


ZONE: Path = ("zones", 0)
WINDOW: Path = ("lanes", 0, "hours", 0)
VISIT: Path = ("visits", 0)
TARIFF: Path = ("tariffs", 0)
LINE: Path = (*TARIFF, "lines", 0)
ISSUER: Path = ("issuers", 0)


@pytest.mark.parametrize(
    ("kind", "path", "value", "said"),
    [
        (POLICY, ("site",), 0, "site: should be greater than or equal to 1, not 0"),
        (POLICY, ("site",), 2**32, "site: should be less than or equal to 4294967295, not 4294967296"),
        (POLICY, ("site",), "7", 'site: should be a valid integer, not "7"'),
        (POLICY, ("site",), True, "site: should be a valid integer, not true"),
        (POLICY, ("name",), GONE, "name: is missing"),
        (POLICY, ("name",), "", 'name: should have at least 1 character, not ""'),
        (POLICY, ("name",), "x" * 201, "name: should have at most 200 characters"),
        (POLICY, ("nmae",), "x", "nmae: is not a key of this document"),
        (POLICY, ("level",), "4", "level: should be '1', '2' or '3', not \"4\""),
        (POLICY, ("level",), 1, "level: should be '1', '2' or '3', not 1"),
        (POLICY, ("level_since",), "2026-03-29T01:00:00", "level_since: should be an instant with its offset"),
        (POLICY, ("level_since",), "2026-03-29 01:00:00Z", "level_since: should be an instant with its offset"),
        (POLICY, ("level_since",), "1774742400", "level_since: should be an instant with its offset"),
        (POLICY, ("level_since",), "9999-12-31T23:59:59-12:00", "level_since: should be an instant with its offset"),
        (POLICY, ("level_since",), 1774742400, "level_since: should be a valid string"),
        (POLICY, ("zones",), [], "zones: should have at least 1 item"),
        (POLICY, ("zones",), {}, "zones: should be a valid array"),
        (POLICY, (*ZONE, "number"), 256, "zones[0].number: should be less than or equal to 255"),
        (POLICY, (*ZONE, "extra"), 1, "zones[0].extra: is not a key of this document"),
        (POLICY, (*ZONE, "trainings"), ["VCA", ""], "zones[0].trainings[1]: should be a code of 1 to 64"),
        (POLICY, (*ZONE, "trainings"), ["x" * 65], "zones[0].trainings[0]: should be a code of 1 to 64"),
        (POLICY, (*ZONE, "trainings"), ["試"], "zones[0].trainings[0]: should be a code of 1 to 64 printable ASCII"),
        (POLICY, (*ZONE, "trainings"), ["V\tCA"], "zones[0].trainings[0]: should be a code of 1 to 64 printable ASCII"),
        (POLICY, (*ZONE, "trainings"), ["VCA"] * 33, "zones[0].trainings: should have at most 32 items"),
        (POLICY, (*ZONE, "visits"), "on", "zones[0].visits: should be 'required' or 'off'"),
        (
            POLICY,
            (*ZONE, "second_factor_levels"),
            ["1"] * 4,
            "zones[0].second_factor_levels: should have at most 3 items",
        ),
        (POLICY, (*WINDOW, "start"), "9:00", "lanes[0].hours[0].start: should be a time of day, 00:00 to 24:00"),
        (POLICY, (*WINDOW, "end"), "24:01", "lanes[0].hours[0].end: should be a time of day, 00:00 to 24:00"),
        (POLICY, (*WINDOW, "end"), "٠٩:٣٠", "lanes[0].hours[0].end: should be a time of day"),
        (POLICY, ("list_age",), {"4": {"warn_s": 1, "max_s": 2}}, "list_age.4: should be '1', '2' or '3'"),
        (POLICY, ("payers", 0, "ean"), "871234567890", "payers[0].ean: should be an EAN: 13 digits"),
        (POLICY, ("retention",), {"terminal_days": 31}, "retention.terminal_days: should be less than or equal to 30"),
        (POLICY, ("contact",), None, "contact: should be an object"),
        (ISSUERS, (*ISSUER, "id"), "00C0FFEE", "issuers[0].id: should be 4 bytes in hexadecimal, 8 digits 0-9 a-f"),
        (ISSUERS, (*ISSUER, "key"), "ab" * 31, "issuers[0].key: should be 32 bytes in hexadecimal"),
        (ISSUERS, (*ISSUER, "products"), ["ov-chipkaart"], "issuers[0].products[0]: should be 'cargocard'"),
        (ISSUERS, ("sealing",), [], "sealing: should have at least 1 item"),
        (VISITS, (*VISIT, "zone"), -1, "visits[0].zone: should be greater than or equal to 0"),
        (VISITS, (*VISIT, "person"), "A. de Vries", "visits[0].person: is not a key of this document"),
        (COMPANIES, ("companies", 0), "x", "companies[0]: should be an object"),
        (TARIFFS, (*TARIFF, "from_"), "2026-01-01T00:00:00Z", "tariffs[0].from_: is not a key of this document"),
        (TARIFFS, (*TARIFF, "vat"), 21, "tariffs[0].vat: should be a valid string"),
        (TARIFFS, (*TARIFF, "vat"), "100.5", "tariffs[0].vat: should be a percentage"),
        (TARIFFS, (*TARIFF, "max_stay"), "2 days", "tariffs[0].max_stay: should be a duration of at most a year"),
        (TARIFFS, (*TARIFF, "max_stay"), "PT", "tariffs[0].max_stay: should be a duration of at most a year"),
        (
            TARIFFS,
            (*TARIFF, "special_days"),
            {"1704067200": "x"},
            "tariffs[0].special_days.1704067200: should be a day",
        ),
        (TARIFFS, (*LINE, "amount"), "-1", "tariffs[0].lines[0].amount: should be an amount"),
        (TARIFFS, (*LINE, "amount"), 2.5, "tariffs[0].lines[0].amount: should be a valid string"),
    ],
)
def test_mistake_that_both_refuse(kind: DocumentKind[Any], path: Path, value: object, said: str) -> None:
    document = bent(kind, path, value)
    assert not schema_takes(kind, document)
    assert any(mistake.startswith(said) for mistake in mistakes(kind, document)), mistakes(kind, document)


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        (POLICY, (*WINDOW, "end"), "00:00"),
        (POLICY, ("level_since",), None),
        (POLICY, ("level_since",), "2199-12-31T23:59:59.999999-12:00"),
        (POLICY, (*ZONE, "capacity"), 1_000_000),
        (POLICY, ("contact",), GONE),
        (ISSUERS, ("commands",), GONE),
        (TARIFFS, (*TARIFF, "vat"), "000100.000"),
        (TARIFFS, (*LINE, "cap"), "10000.000000"),
        (VISITS, ("visits",), []),
    ],
)
def test_extreme_that_both_take(kind: DocumentKind[Any], path: Path, value: object) -> None:
    document = bent(kind, path, value)
    assert schema_takes(kind, document)
    assert mistakes(kind, document) == ()


@pytest.mark.parametrize(
    ("kind", "path", "value", "said"),
    [
        (
            VISITS,
            (*VISIT, "ean"),
            "8712345678905",
            "visits[0].ean: should be an EAN: 13 digits, the last of them the check",
        ),
        (POLICY, ("time_zone",), "Europe/Rotterdam", "time_zone: should be a time zone of the IANA database"),
        (POLICY, ("level_since",), "2026-02-30T00:00:00Z", "level_since: should be an instant"),
        (POLICY, ("site",), 7.0, "site: should be a valid integer"),
        (POLICY, (*ZONE, "number"), 255, "zones: number 255 is used twice"),
        (POLICY, ("lanes", 0, "zone"), 3, "lanes: lane 1 leads to zone 3, which is not among the zones"),
        (POLICY, (*WINDOW, "end_day"), 0, "hours: the window 22:00-06:00 is empty"),
        (POLICY, ("list_age",), {"1": {"warn_s": 1, "max_s": 2}}, "list_age: level 2 is missing"),
        (ISSUERS, (*ISSUER, "ends"), "2026-01-01T00:00:00Z", "issuers: key 00c0ffee ends at"),
        (ISSUERS, ("sealing",), [{"id": "00000001", "key": "cd" * 32}] * 2, "sealing: id 00000001 is used twice"),
        (VISITS, (*VISIT, "ends"), "2026-01-01T08:00:00Z", "visits: r ends at"),
        (TARIFFS, (*TARIFF, "max_stay"), "P999D", "tariffs[0].max_stay: should be a duration of at most a year"),
    ],
)
def test_mistake_that_only_the_code_can_see(kind: DocumentKind[Any], path: Path, value: object, said: str) -> None:
    document = bent(kind, path, value)
    assert schema_takes(kind, document)
    assert any(mistake.startswith(said) for mistake in mistakes(kind, document)), mistakes(kind, document)


def test_all_mistakes_are_told_at_once_and_none_that_only_follows() -> None:
    document = bent(POLICY, ("zones",), [{"number": 300, "name": ""}, {"name": "x", "colour": "red"}])
    assert mistakes(POLICY, document) == (
        "zones[0].number: should be less than or equal to 255, not 300",
        'zones[0].name: should have at least 1 character, not ""',
        "zones[1].number: is missing",
        "zones[1].colour: is not a key of this document",
    )


def test_no_more_mistakes_are_told_than_somebody_reads() -> None:
    document = bent(COMPANIES, ("companies",), [{}] * 1000)
    assert len(mistakes(COMPANIES, document)) == MAX_MISTAKES


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"site": 7, "site": 8}', ("site: stands there twice",)),
        (b'{"s\\u0069te": 7, "site": 8}', ("site: stands there twice",)),
        (
            b'{"a": [0, {"b": {"c": 1, "c": 1}}], "d": [[{"e": 1, "e": 2}]]}',
            ("a[1].b.c: stands there twice", "d[0][0].e: stands there twice"),
        ),
    ],
)
def test_key_that_stands_there_twice(data: bytes, said: tuple[str, ...]) -> None:
    with pytest.raises(DocumentRefused) as refused:
        POLICY.parse(data)
    assert refused.value.mistakes == said


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b'\xef\xbb\xbf{"site": 7}',
        '{"site": 7}'.encode("utf-16"),
        b'{"site": 7} x',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'"\\ud800"',
        b"null",
        b"[]",
        b"1e999",
        b"1" * 10_000,
    ],
)
def test_bytes_that_are_no_document(data: bytes) -> None:
    with pytest.raises(DocumentRefused):
        POLICY.parse(data)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_document_at_its_bound_and_one_byte_past_it(kind: DocumentKind[Any]) -> None:
    data = json.dumps(GOOD[kind.name]).encode().ljust(kind.max_bytes)
    kind.parse(data)
    with pytest.raises(DocumentRefused, match=f"at most {kind.max_bytes}"):
        kind.parse(data + b" ")


def test_document_that_would_be_refused_is_not_written() -> None:
    document = POLICY.parse(json.dumps(GOOD["policy"]).encode())
    object.__setattr__(document, "time_zone", "Nowhere")
    with pytest.raises(DocumentRefused, match="time_zone"):
        POLICY.dump(document)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(KINDS), st.data())
def test_no_bytes_raise_anything_else(kind: DocumentKind[Any], data: st.DataObject) -> None:
    good = GOOD[kind.name]
    key = data.draw(st.sampled_from(sorted(good)))
    document = good | {key: data.draw(ANYTHING)}
    for candidate in (json.dumps(document).encode(), data.draw(st.binary())):
        with suppress(DocumentRefused):
            kind.parse(candidate)
