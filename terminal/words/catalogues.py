"""The words of one language: messages out of a catalogue, amounts and times as Babel's locale data write them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from zoneinfo import ZoneInfo

from babel import Locale, negotiate_locale
from babel.dates import format_date, format_datetime
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit

from terminal.core.tariff.explanation import MICRO, MICRO_A_CENT

PAPERS = "xs"
"""Receipts, statements, and why an amount is what it is."""
DRIVER = "driver"
"""The driver's screen."""
GUARD = "guard"
"""The guard's page."""
SOURCE = "en"
"""The language that the code is written in; it has no catalogue."""
_REGIONS = {SOURCE: "en_GB"}
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


@dataclass(frozen=True, slots=True)
class Words:
    """One language. Messages are templates of `str.format` with named places."""

    language: str
    locale: Locale
    translations: NullTranslations

    def gettext(self, message: str, **values: object) -> str:
        """The message in this language, with its places filled."""
        return self.translations.gettext(message).format(**values)

    def ngettext(self, one: str, many: str, times: int, **values: object) -> str:
        """Likewise, as its number wants it; `{times}` stands for the number."""
        return self.translations.ngettext(one, many, times).format(times=self.number(times), **values)

    def number(self, value: int | Decimal) -> str:
        """A number with this language's signs."""
        return format_decimal(value, locale=self.locale, decimal_quantization=False)

    def amount(self, micro: int, currency: str) -> str:
        """An amount in millionths: as many digits as it needs, two at least."""
        whole_cents = micro % MICRO_A_CENT == 0
        return format_currency(Decimal(micro) / MICRO, currency, locale=self.locale, decimal_quantization=whole_cents)

    def cents(self, cents: int, currency: str) -> str:
        """An amount in cents."""
        return self.amount(cents * MICRO_A_CENT, currency)

    def instant(self, seconds: int, zone: ZoneInfo) -> str:
        """Day and time in that time zone, to the second, and how far it is from UTC."""
        local = datetime.fromtimestamp(seconds, UTC).astimezone(zone)
        day = format_date(local, "full", locale=self.locale)
        return f"{day}, {format_datetime(local, 'HH:mm:ss', tzinfo=zone, locale=self.locale)} {local:%Z}"

    def duration(self, seconds: int) -> str:
        """A length of time, such as 2 hr 5 min."""
        parts = []
        for unit, length in _UNITS:
            count, seconds = divmod(seconds, length)
            if count:
                parts.append(format_unit(count, unit, "short", locale=self.locale))
        return " ".join(parts) or format_unit(0, "minute", "short", locale=self.locale)


@cache
def languages(domain: str = PAPERS) -> tuple[str, ...]:
    """Every language that has a catalogue of that domain, the source first."""
    folders = files(__package__).joinpath("locale").iterdir()
    return (SOURCE, *sorted(each.name for each in folders if _file(each.name, domain).is_file()))


@cache
def words(language: str, domain: str = PAPERS) -> Words:
    """The words of one of `languages`; of one that is not there, the source's."""
    if language not in languages(domain):
        language = SOURCE
    locale = Locale.parse(_REGIONS.get(language, language))
    if language == SOURCE:
        return Words(language, locale, NullTranslations())
    compiled = BytesIO()
    write_mo(compiled, catalogue(language, domain))
    compiled.seek(0)
    return Words(language, locale, GNUTranslations(compiled))


def catalogue(language: str, domain: str = PAPERS) -> Catalog:
    """The catalogue of a language, as it stands in the repository."""
    return read_po(BytesIO(_file(language, domain).read_bytes()), locale=language, abort_invalid=True)


def _file(language: str, domain: str) -> Traversable:
    return files(__package__).joinpath("locale", language, "LC_MESSAGES", f"{domain}.po")


def best_language(preferred: Iterable[str], otherwise: str = SOURCE) -> str:
    """The first of what somebody prefers (such as `de-AT`) that is there."""
    return negotiate_locale(preferred, languages(), sep="-") or otherwise
