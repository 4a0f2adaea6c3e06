"""A charge and a credit to test with."""

from terminal.core.charge import Charge, Credit, Flag, StayId
from terminal.core.tariff.explanation import Line, What

CHARGE = Charge(
    card_number=b"CARDNUM1",
    payer=8710000000012,
    person=7,
    receipt=bytes(range(10)),
    total_cents=450,
    earlier_cents=300,
    vat="21",
    tariff=3,
    zone=1,
    stay=StayId(b"EPOC", 17),
    entered_ms=1_789_000_000_000,
    ended_ms=1_789_007_500_000,
    lines=(Line(1_789_000_000, What.INCREMENT, 1, 3, 4_500_000), Line(1_789_007_500, What.ROUNDING, None, 1, 0)),
    flags=(Flag.OVERSTAY,),
    sources={"card": "inside"},
    list_number=5,
    list_age_s=60,
)
CREDIT = Credit(
    what="shower",
    charge=41,
    amount_cents=250,
    vat="21",
    why="not-delivered",
    ended_ms=1_789_007_500_000,
    card_number=b"CARDNUM1",
    payer=8710000000012,
    person=7,
)
