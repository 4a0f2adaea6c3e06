"""`gate.toml` → `Gate`, or every mistake in it at once.

The file is checked as a whole: what each key may hold (by its type) and what must hold between keys are told
together, in one run.
"""

from pathlib import Path

from firmware_config.crosschecks import crosschecks
from firmware_config.gate import Gate
from firmware_config.mistakes import ConfigurationMistakes
from firmware_config.reading import parsed, typed


def read_gate(path: Path) -> Gate:
    """Read and check a `gate.toml`; looks at no other file but the pin map that it names.

    Raises:
        ConfigurationMistakes: one of them cannot be read or used; all mistakes at once.
    """
    file, content = str(path), parsed(path)
    gate, mistakes = typed(content, file, Gate)
    mistakes += crosschecks(content, file)
    if gate is None or mistakes:
        raise ConfigurationMistakes(tuple(sorted(mistakes, key=lambda each: each.key)))
    return gate
