"""The messages of the code, and the catalogues brought up to date with them: `python -m scripts.catalogues`.

A message that is new stands in each catalogue without a translation, one that is gone is left out; a test refuses the
first until somebody has translated it.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from terminal.words.catalogues import DRIVER, GUARD, PAPERS, SOURCE, catalogue, languages

ROOT = Path(__file__).parent.parent
FOLDERS = ("terminal", "headquarters")
METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
KEYWORDS = {"gettext": None, "ngettext": (1, 2), "mark": None}
OWN = {DRIVER: ("terminal/web/driver/",), GUARD: ("terminal/web/guard/", "terminal/order_words.py")}
"""Where the messages of a domain stand; all others are those of papers."""
SHARED = "terminal/words/services.py"
"""Its messages are in every domain."""
DOMAINS = (PAPERS, *OWN)


def messages(domain: str) -> Catalog:
    """Every message of the code that belongs to a domain, with where it stands."""
    found = Catalog(fuzzy=False)
    for folder in FOLDERS:
        for file, _line, message, _comments, _context in extract_from_dir(ROOT / folder, METHODS, keywords=KEYWORDS):
            where = f"{folder}/{file}"
            if where == SHARED or _domain(where) == domain:
                found.add(message, locations=[(where, 0)])
    return found


def _domain(where: str) -> str:
    return next((domain for domain, starts in OWN.items() if where.startswith(starts)), PAPERS)


def updated() -> Iterator[tuple[Path, bytes]]:
    """Each catalogue as it should stand, with what is translated already."""
    for domain in DOMAINS:
        wanted = messages(domain)
        for language in languages(domain):
            if language != SOURCE:
                file = ROOT / "terminal/words/locale" / language / "LC_MESSAGES" / f"{domain}.po"
                known = catalogue(language, domain)
                known.update(wanted, no_fuzzy_matching=True)
                header, _, _ = file.read_bytes().partition(b"\n\n")  # stays as its translators wrote it
                yield file, header + b"\n\n" + _written(known)


def _written(known: Catalog) -> bytes:
    content = BytesIO()
    write_po(content, known, width=100, omit_header=True, sort_output=True, ignore_obsolete=True, include_lineno=False)
    return content.getvalue()


if __name__ == "__main__":
    for path, written in updated():
        path.write_bytes(written)
