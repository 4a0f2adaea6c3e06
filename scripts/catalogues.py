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

from terminal.words.catalogues import SOURCE, catalogue, languages

ROOT = Path(__file__).parent.parent
FOLDERS = ("terminal", "headquarters")
METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
KEYWORDS = {"gettext": None, "ngettext": (1, 2)}


def messages() -> Catalog:
    """Every message of the code, with where it stands."""
    found = Catalog(fuzzy=False)
    for folder in FOLDERS:
        for file, _line, message, _comments, _context in extract_from_dir(ROOT / folder, METHODS, keywords=KEYWORDS):
            found.add(message, locations=[(f"{folder}/{file}", 0)])
    return found


def updated() -> Iterator[tuple[Path, bytes]]:
    """Each catalogue as it should stand, with what is translated already."""
    for language in languages():
        if language != SOURCE:
            file = ROOT / "terminal/words/locale" / language / "LC_MESSAGES/xs.po"
            known = catalogue(language)
            known.update(messages(), no_fuzzy_matching=True)
            header, _, _ = file.read_bytes().partition(b"\n\n")  # stays as its translators wrote it
            yield file, header + b"\n\n" + _written(known)


def _written(known: Catalog) -> bytes:
    content = BytesIO()
    write_po(content, known, width=100, omit_header=True, sort_output=True, ignore_obsolete=True, include_lineno=False)
    return content.getvalue()


if __name__ == "__main__":
    for path, written in updated():
        path.write_bytes(written)
