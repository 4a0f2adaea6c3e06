"""Write the pages of `docs/` that are made from code: `python -m scripts.docs`, or `--check` to compare only.

Each generator gives files below `docs/` by path; add one to `GENERATORS`. A test checks that all are current.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from firmware_config.reference import configuration_page
from scripts.barrier_page import page
from scripts.barrier_picture import NoGraphviz, drawn, graphs
from scripts.tariff_page import tariff_page
from terminal.core.reasons import MEANING
from terminal.trust.documents import KINDS

REASONS_HEAD = """\
# Outcomes and reasons

The codes stand in the journal, in the log and in the demonstration's events, and what they mean never changes. A tap is
answered with `admit`, `admit-wait` (the barrier opens, the screen says where to wait), `desk` (not decided here:
service desk or intercom) or `refuse`. The table gives what follows at an entry, in the order of the checks; a site's
policy can change it for `list-too-old`, `training-missing`, `training-expired`, `too-early` and `already-inside`. At
an exit only the card itself decides, between `admit` and `desk`; everything else becomes a flag of the journal's entry.

Made from `terminal/core/reasons.py`.

| reason | outcome | who can help | what it means |
|---|---|---|---|"""

DOCS = Path(__file__).parent.parent / "docs"


def schemas() -> Mapping[str, str]:
    """The JSON Schema of each document of headquarters."""
    return {f"schemas/{kind.name}.schema.json": json.dumps(kind.schema(), indent=1) + "\n" for kind in KINDS}


def configuration() -> Mapping[str, str]:
    """What may stand in `gate.toml`."""
    return {"configuration.md": configuration_page()}


def reasons() -> Mapping[str, str]:
    """The stable codes of every answer."""
    rows = [f"| `{r}` | {m.outcome} | {m.help} | {m.words} |" for r, m in MEANING.items()]
    return {"reasons.md": "\n".join((REASONS_HEAD, *rows)) + "\n"}


def pictures() -> Mapping[str, str]:
    """The pictures of the barrier's table; takes Graphviz where they are not current."""
    return drawn(DOCS)


GENERATORS: tuple[Callable[[], Mapping[str, str]], ...] = (
    schemas,
    configuration,
    reasons,
    page,
    tariff_page,
    graphs,
    pictures,
)


def stale() -> Iterator[tuple[Path, str]]:
    """Each file that is not what its generator says, and what it should be."""
    for generator in GENERATORS:
        for name, content in generator().items():
            path = DOCS / name
            if not path.exists() or path.read_text() != content:
                yield path, content


def main(arguments: list[str]) -> int:
    """Write what is stale, or with `--check` only name it; returns the exit status."""
    status = 0
    try:
        for path, content in stale():
            print(path.relative_to(DOCS.parent))  # noqa: T201 (a program)
            if "--check" in arguments:
                status = 1
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
    except NoGraphviz as error:
        print(error, file=sys.stderr)  # noqa: T201 (a program)
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
