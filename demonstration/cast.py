"""The people of the demonstration: what is on each card, and what headquarters says of it.

Nobody's answer is written here; the gate finds it out from the card, the lists and the rules. `expected` is what a
person who reads this file would say, and only the tests compare with it.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from terminal.core.credential import Product

NOORDZEE, TANKBOUW, ROSSI = "8712345000011", "8712345000028", "8712345000035"

COMPANIES: dict[str, str] = {
    NOORDZEE: "Noordzee Transport B.V.",
    TANKBOUW: "Tankbouw Botlek B.V.",
    ROSSI: "Rossi Autotrasporti S.r.l.",
}
ENDED_COMPANIES = (ROSSI,)

GATE_TRAINING = "GATE"
"""The site instruction that everybody needs here."""

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One card of the cast. Times are relative to the moment of the demonstration."""

    name: str
    story: str
    product: Product = Product.CARGOCARD
    ean: str = NOORDZEE
    personal_number: int
    language: str = "nl"
    begins: timedelta = -YEAR
    ends: timedelta = 3 * YEAR
    trained: bool = True
    status: Literal["valid", "blocked", "suspended", "not-activated"] = "valid"
    chip: Literal["own", "copy-of-anna", "other-card"] = "own"
    expected: tuple[str, str] = field(default=("admit", "ok"))


CAST: tuple[Person, ...] = (
    Person(name="anna", story="drives for a haulier, all in order", personal_number=101),
    Person(
        name="bram",
        story="reported his card lost",
        personal_number=102,
        status="blocked",
        expected=("refuse", "blocked"),
    ),
    Person(
        name="chiara",
        story="her employer's licence expired",
        ean=ROSSI,
        personal_number=103,
        language="en",
        expected=("refuse", "company-blocked"),
    ),
    Person(
        name="dmitri",
        story="a welder without this site's gate instruction",
        product=Product.DSP,
        ean=TANKBOUW,
        personal_number=104,
        language="uk",
        trained=False,
        expected=("desk", "training-missing"),
    ),
    Person(
        name="eva",
        story="a fitter with all her trainings",
        product=Product.DSP,
        ean=TANKBOUW,
        personal_number=105,
        language="de",
    ),
    Person(name="farid", story="works in the port", product=Product.PORTKEY, personal_number=106, language="fr"),
    Person(
        name="greta",
        story="her card ran out last week",
        personal_number=107,
        begins=-2 * YEAR,
        ends=timedelta(days=-7),
        expected=("refuse", "expired"),
    ),
    Person(
        name="hugo",
        story="has not activated his card yet",
        personal_number=108,
        status="not-activated",
        expected=("refuse", "not-activated"),
    ),
    Person(
        name="ivo",
        story="copied what is on anna's card to a chip of his own",
        personal_number=101,
        chip="copy-of-anna",
        expected=("refuse", "not-authentic"),
    ),
    Person(
        name="jana",
        story="suspended while a claim is looked into",
        personal_number=110,
        language="cs",
        status="suspended",
        expected=("refuse", "suspended"),
    ),
    Person(
        name="kim",
        story="holds up a public transport card",
        personal_number=111,
        chip="other-card",
        expected=("refuse", "not-an-xs-key"),
    ),
)
