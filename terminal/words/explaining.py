"""Why an amount is what it is, and what is to be known of a charge, in sentences (design 6, 'Tariffs', 10)."""

from decimal import Decimal

from terminal.core.charge import Flag
from terminal.core.tariff.explanation import Line, What
from terminal.words.catalogues import Words


def explained(words: Words, line: Line, currency: str, each_s: int | None = None, unit: str | None = None) -> str:
    """One line of an explanation, without its time and amount.

    `each_s`: how long a period of its increment is; `unit`: what a meter counted.
    """
    match line.what:
        case What.FREE:
            return words.gettext("Free of charge")
        case What.INCREMENT | What.UNITS | What.THOUSANDTHS:
            return _times(words, line, currency, each_s, unit)
        case What.FLAT:
            return words.gettext("Fixed price, once for the stay")
        case What.FLAT_WINDOW:
            return words.ngettext(
                "Fixed price for {times} night, day or other fixed period",
                "Fixed price for {times} nights, days or other fixed periods",
                line.times,
            )
        case What.CAP_WINDOW:
            return words.gettext("Taken off: the most that such a period costs is reached")
        case What.CAP_DAY:
            return words.gettext("Taken off: the most that a day costs is reached")
        case What.CAP_24H:
            return words.gettext("Taken off: the most that 24 hours cost is reached")
        case What.ROUNDING:
            return words.gettext("Rounded to whole cents")
        case What.SHORTENED:
            return words.ngettext("{times} more item, summed up", "{times} more items, summed up", line.times)


def _times(words: Words, line: Line, currency: str, each_s: int | None, unit: str | None) -> str:
    times = max(line.times, 1)
    if line.what is What.THOUSANDTHS:
        quantity = f"{words.number(Decimal(line.times) / 1000)} {unit or ''}".rstrip()
        rate = words.amount(line.amount_micro * 1000 // times, currency)
        return words.gettext("{quantity}, at {rate} for one", quantity=quantity, rate=rate)
    rate = words.amount(line.amount_micro // times, currency)
    if line.what is What.UNITS:
        return words.ngettext("{times} unit at {rate}", "{times} units at {rate} each", line.times, rate=rate)
    if each_s is None:
        return words.ngettext(
            "{times} period begun, at {rate}", "{times} periods begun, at {rate} each", line.times, rate=rate
        )
    return words.ngettext(
        "{times} period of {length} begun, at {rate}",
        "{times} periods of {length} begun, at {rate} each",
        line.times,
        rate=rate,
        length=words.duration(each_s),
    )


def remark(words: Words, flag: Flag) -> str:
    """What whoever parked should know of a flag; of some, nothing that concerns him: then empty."""
    match flag:
        case Flag.ENTRY_UNKNOWN:
            return words.gettext(
                "It is not known when this stay began. Nothing is charged for it here; a person looks at it."
            )
        case Flag.NOT_CERTAIN:
            return words.gettext(
                "The site was open to anybody for a time. Only the time up to then is charged; a person looks at it."
            )
        case Flag.EMERGENCY:
            return words.gettext("The barrier was open for an emergency. Nothing is charged.")
        case Flag.OVERSTAY:
            return words.gettext("The stay was longer than this site allows. That does not change the price.")
        case Flag.CLOCK_DOUBTFUL:
            return words.gettext("The clock at the gate could not be relied on. The cheaper reading is charged.")
        case Flag.NO_TARIFF:
            return words.gettext("The price could not be worked out at the gate. A person looks at it.")
        case Flag.OVER_LIMIT | Flag.SOURCES_DISAGREE | Flag.PAYER_UNKNOWN:
            return ""
