"""The catalogues: nothing missing, empty, doubtful or with other places than the code fills."""

import string
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog, Message

from scripts.catalogues import DOMAINS, messages, updated
from terminal.core.charge import Flag
from terminal.core.policy import Language
from terminal.core.tariff.explanation import Line, What
from terminal.words.catalogues import DRIVER, SOURCE, best_language, catalogue, languages, words
from terminal.words.explaining import explained, remark
from terminal.words.services import service

TRANSLATED = [(language, domain) for domain in DOMAINS for language in languages(domain) if language != SOURCE]
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def forms(message: Message) -> tuple[list[str], list[str]]:
    """What the code says, and what the catalogue says for it."""
    ids = list(message.id) if isinstance(message.id, tuple | list) else [message.id]
    texts = [text or "" for text in (message.string if isinstance(message.string, tuple | list) else [message.string])]
    return ids, texts


def mistakes(found: Catalog, wanted: Catalog) -> list[str]:
    there = {message.id: message for message in found if message.id}
    lines = [f"fuzzy: {message.id}" for message in there.values() if message.fuzzy]
    for message in wanted:
        if message.id:
            _, texts = forms(there[message.id]) if message.id in there else ([], [])
            plural = isinstance(message.id, tuple)
            if len(texts) != (found.num_plurals if plural else 1) or not all(text.strip() for text in texts):
                lines.append(f"missing or empty: {message.id}")
            elif any(places(text) != places(each) for text in texts for each in forms(message)[0]):
                lines.append(f"other places: {message.id}")
    return lines


@pytest.mark.parametrize(("language", "domain"), TRANSLATED)
def test_catalogue_is_complete(language: str, domain: str) -> None:
    assert mistakes(catalogue(language, domain), messages(domain)) == []


def test_driver_s_screen_speaks_fifteen_languages() -> None:
    assert languages(DRIVER) == ("en", *sorted(set(get_args(Language)) - {"en"}))


def test_catalogues_are_as_the_code_wants_them() -> None:
    assert [path for path, content in updated() if path.read_bytes() != content] == []


def test_each_mistake_in_a_catalogue_is_found() -> None:
    wanted, found = Catalog(fuzzy=False), Catalog(locale="de", fuzzy=False)
    for message in ("fine {a}", "empty", "missing", "other {a}", "doubtful", ("{times} one", "{times} many")):
        wanted.add(message)
    found.add("fine {a}", "gut {a}")
    found.add("empty", " ")
    found.add("other {a}", "anders {b}")
    found.add("doubtful", "zweifelhaft", flags=["fuzzy"])
    found.add(("{times} one", "{times} many"), ("{times} eins", ""))
    assert sorted(mistakes(found, wanted)) == [
        "fuzzy: doubtful",
        "missing or empty: ('{times} one', '{times} many')",
        "missing or empty: empty",
        "missing or empty: missing",
        "other places: other {a}",
    ]


@pytest.mark.parametrize(("language", "domain"), TRANSLATED)
def test_catalogue_says_whether_a_speaker_has_read_it(language: str, domain: str) -> None:
    assert "REVIEW" in catalogue(language, domain).header_comment


@pytest.mark.parametrize("language", languages())
def test_every_line_and_every_flag_has_words(language: str) -> None:
    chosen = words(language)
    for what in What:
        for times in (1, 3):
            for each_s in (None, 3600):
                text = explained(chosen, Line(0, what, 1, times, times * 1_500_000), "EUR", each_s)
                assert text
                assert "{" not in text
    assert [flag for flag in Flag if not remark(chosen, flag)] == [
        Flag.OVER_LIMIT,
        Flag.SOURCES_DISAGREE,
        Flag.PAYER_UNKNOWN,
    ]


@pytest.mark.parametrize(
    ("language", "line", "amount", "time"),
    [
        ("en", "3 periods of 1 hr begun, at €1.50 each", "€4.50", "Tuesday, 15 September 2026, 14:00:00 CEST"),
        (
            "nl",
            "3 begonnen periodes van 1 uur, € 1,50 per periode",
            "€ 4,50",
            "dinsdag 15 september 2026, 14:00:00 CEST",
        ),
        (
            "de",
            "3 angefangene Zeiträume von 1 Std. zu je 1,50 €",
            "4,50 €",
            "Dienstag, 15. September 2026, 14:00:00 CEST",
        ),
    ],
)
def test_line_is_written_as_the_language_writes_it(language: str, line: str, amount: str, time: str) -> None:
    chosen = words(language)
    told = Line(0, What.INCREMENT, 1, 3, 4_500_000)
    assert explained(chosen, told, "EUR", 3600).replace("\xa0", " ") == line
    assert chosen.cents(450, "EUR").replace("\xa0", " ") == amount
    assert chosen.instant(1_789_473_600, AMSTERDAM) == time


def test_rate_below_a_cent_keeps_its_digits() -> None:
    assert words("en").amount(89_000, "EUR") == "€0.089"
    assert words("en").amount(-1_500_000, "EUR") == "-€1.50"


def test_hour_that_occurs_twice_says_which() -> None:
    assert words("en").instant(1_792_888_200, AMSTERDAM).endswith("02:30:00 CEST")
    assert words("en").instant(1_792_891_800, AMSTERDAM).endswith("02:30:00 CET")


def test_service_that_nobody_translated_keeps_its_name() -> None:
    assert service(words("de"), "weighbridge") == "Fahrzeugwaage"
    assert service(words("de"), "ferry-berth") == "ferry-berth"


def test_language_that_is_not_there_is_the_source() -> None:
    assert words("xx").language == SOURCE
    assert best_language(["fr-FR", "de-AT", "nl"]) == "de"
    assert best_language(["fr"]) == SOURCE


def test_catalogues_lie_with_the_package() -> None:
    import terminal.words.catalogues  # noqa: PLC0415

    folder = Path(terminal.words.catalogues.__file__).parent / "locale"
    there = [(path.parent.parent.name, path.stem) for path in folder.glob("*/LC_MESSAGES/*.po")]
    assert sorted(there) == sorted(TRANSLATED)
