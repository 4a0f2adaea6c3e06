"""A stay that is charged and settled, at a site with a name that is not harmless, and what is said of it."""

from dataclasses import replace

from headquarters.receipts.finding import find_receipt
from headquarters.receipts.paper import Paper, paper
from headquarters.sites import plain_policy
from terminal.core.charge import Charge
from terminal.core.tariff.explanation import Line, What
from terminal.trust.documents import POLICY
from terminal.words.catalogues import words
from tests.core.charges import CHARGE
from tests.headquarters.box import SITE
from tests.settlement.ground import JANSEN, Ground, at

CODE = b"\x00\x44\x32\x14\xc7\x42\x54\xb6\x35\xcf"
SHOWN = "ABCD EFGH IJKL MNOP"
NIGHT = replace(
    CHARGE,
    receipt=CODE,
    payer=int(JANSEN),
    card_number=bytes.fromhex("0123456789abcdef"),
    total_cents=300,
    earlier_cents=0,
    entered_ms=at(15, 8),
    ended_ms=at(15, 9, 58),
    lines=(
        Line(at(15, 8) // 1000, What.INCREMENT, 1, 2, 3_000_000),
        Line(at(15, 9, 58) // 1000, What.ROUNDING, None, 1, 0),
    ),
    flags=(),
)
TARIFFS_3 = b"""{"site": 4711, "tz": "Europe/Amsterdam", "tariffs": [{"number": 3, "from": "2026-09-01T00:00:00+02:00",
"vat": "21", "otherwise": "free", "lines": [{"kind": "incrementing", "amount": "1.50", "each": "PT1H"}]}]}"""


def settled(ground: Ground, *charges: Charge) -> list[int]:
    """The numbers of these charges, which are settled."""
    numbers = [ground.tell(charge.entry(1, None)) for charge in charges]
    assert ground.settle().not_settled == []
    return numbers


def named(ground: Ground, name: str) -> None:
    """The site gets this name, and a tariff of an hour."""
    policy = plain_policy(SITE, name, "Europe/Amsterdam")
    ground.office.sites.set_policy(SITE, POLICY.dump(policy), ground.office.change)
    ground.office.sites.set_tariffs(SITE, TARIFFS_3, ground.office.change)


def read(ground: Ground, code: bytes = CODE, language: str = "en") -> Paper:
    with ground.office.database.transaction(read_only=True) as connection:
        found = find_receipt(connection, code)
    assert found is not None
    return paper(found, words(language))
