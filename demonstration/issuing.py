"""A card with typed data: `name product=dsp ean=8712345000028 personal-number=7 trained=no …`."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from demonstration.cast import NOORDZEE, YEAR, Person
from terminal.card.credential import is_language
from terminal.core.credential import Product
from terminal.core.document import is_ean
from terminal.errors import ConfigurationError

DEFAULTS = {
    "product": "cargocard",
    "ean": NOORDZEE,
    "personal-number": "900",
    "language": "nl",
    "trained": "yes",
    "valid-until": "",
}


def typed_person(name: str, details: Mapping[str, str]) -> Person:
    """Whoever was described; what was left out is as for a driver with everything in order.

    Raises:
        ConfigurationError: a word or a value that is not understood.
    """
    for word in details:
        if word not in DEFAULTS:
            raise ConfigurationError(f"{word} is not understood; there are {', '.join(DEFAULTS)}")
    given = {**DEFAULTS, **details}
    products = {product.label: product for product in Product}
    if given["product"] not in products:
        raise ConfigurationError(f"product={given['product']}: should be one of {', '.join(products)}")
    if not is_ean(given["ean"]):
        raise ConfigurationError(f"ean={given['ean']}: should be 13 digits, the last a right check digit")
    if not given["personal-number"].isascii() or not given["personal-number"].isdigit():
        raise ConfigurationError(f"personal-number={given['personal-number']}: should be a number")
    if not is_language(given["language"]):
        raise ConfigurationError(f"language={given['language']}: should be a language code such as nl, de or pt-BR")
    if given["trained"] not in {"yes", "no"}:
        raise ConfigurationError(f"trained={given['trained']}: should be yes or no")
    return Person(
        name=name,
        story="issued just now",
        product=products[given["product"]],
        ean=given["ean"],
        personal_number=int(given["personal-number"]),
        language=given["language"],
        ends=_until(given["valid-until"]),
        trained=given["trained"] == "yes",
    )


def _until(text: str) -> timedelta:
    """From now to the end of that day (UTC); the default is three years."""
    if not text:
        return 3 * YEAR
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"valid-until={text}: should be a date such as 2027-12-31") from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) - datetime.now(UTC)
