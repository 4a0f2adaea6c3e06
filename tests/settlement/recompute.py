"""A second program: from exported lines to what each statement must say. It imports nothing of ours.

Records are decoded with cbor2, days come from zoneinfo, VAT from decimal.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any
from zoneinfo import ZoneInfo

import cbor2


@dataclass
class Books:
    """What came out: what each statement must say, what is open, what does not fit."""

    statements: dict[str, dict[str, tuple[int, int, int]]] = field(default_factory=dict)
    """Number: rate: net, VAT, gross in cents."""
    items: dict[str, list[int]] = field(default_factory=dict)
    open_cents: dict[str, int] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)


@dataclass
class Item:
    number: int
    ean: str
    day: str
    vat: str
    cents: int


def recompute(lines: Iterable[str]) -> Books:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in map(json.loads, lines):
        found[each["line"]].append(each)
    books = Books()
    zones = {site["site"]: ZoneInfo(site["time_zone"]) for site in found["site"]}
    left = {item.number: item for item in (_item(each, zones, books) for each in found["item"])}
    seen: list[dict[str, Any]] = []
    for stated in found["statement"]:
        spans = [(each["first_day"], each["last_day"]) for each in seen if each["ean"] == stated["ean"]]
        mine = [
            item
            for item in left.values()
            if item.ean == stated["ean"]
            and item.number <= stated["upto_item"]
            and item.day <= stated["last_day"]
            and (item.day >= stated["first_day"] or any(first <= item.day <= last for first, last in spans))
        ]
        for item in mine:
            del left[item.number]
        seen.append(stated)
        if not stated["all_items_here"]:
            continue
        sums = _sums(mine)
        books.statements[stated["number"]], books.items[stated["number"]] = sums, [item.number for item in mine]
        said = {each["percent"]: (each["net_cents"], each["vat_cents"], each["gross_cents"]) for each in stated["vat"]}
        if said != sums or stated["gross_cents"] != sum(gross for _, _, gross in sums.values()):
            books.mistakes.append(f"statement {stated['number']} says {said}, and it comes to {sums}")
    for item in left.values():
        books.open_cents[item.ean] = books.open_cents.get(item.ean, 0) + item.cents
    return books


def _item(line: dict[str, Any], zones: dict[int, ZoneInfo], books: Books) -> Item:
    _, sequence, _, _, kind, _, public, _ = cbor2.loads(bytes.fromhex(line["record"]))
    sealed = line["sealed"]
    if (sequence, kind) != (line["sequence"], line["kind"]):
        books.mistakes.append(f"item {line['item']}: its record is another's")
    cents = public["amount_cents"]
    if kind == "charge":
        explained = sum(each[4] for each in sealed["lines"])
        if cents != sealed["total_cents"] - sealed["earlier_cents"] or explained != sealed["total_cents"] * 10_000:
            books.mistakes.append(f"item {line['item']}: its explanation does not add up")
    vat = str(Decimal(public["vat"]).normalize().__format__("f"))
    instant = datetime.fromtimestamp(sealed["ended_ms"] // 1000, UTC)
    day = instant.astimezone(zones[line["site"]]).date().isoformat()
    return Item(line["item"], f"{sealed['ean']:013}", day, vat, cents if kind == "charge" else -cents)


def _sums(items: list[Item]) -> dict[str, tuple[int, int, int]]:
    gross: dict[str, int] = defaultdict(int)
    for item in items:
        gross[item.vat] += item.cents
    sums = {}
    with localcontext() as context:
        context.prec = 60
        for vat, cents in gross.items():
            rate = Decimal(vat)
            tax = int((Decimal(cents) * rate / (100 + rate)).quantize(Decimal(1), ROUND_HALF_UP))
            sums[vat] = cents - tax, tax, cents
    return sums


if __name__ == "__main__":
    print(recompute(sys.stdin))  # noqa: T201
