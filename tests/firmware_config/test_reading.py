import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_config.check import check_gate
from firmware_config.configuration import read_gate
from firmware_config.gate import Gate
from firmware_config.reading import MAX_FILE_BYTES, ONCE
from tests.firmware_config.gate_file import GATE, GPIO_GATE, mistakes_in, written


def test_file_that_is_not_there() -> None:
    assert mistakes_in(Path("/nowhere/gate.toml")) == [
        "gate.toml: cannot be read: No such file or directory; allowed: a file that this user can read"
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (
            b"[terminal\n",
            "gate.toml: is not TOML: Expected ']' at the end of a table declaration (at line 1, column 10)",
        ),
        (b"a = 1\na = 2\n", f"gate.toml: is not TOML: Cannot overwrite a value (at line 2, column 6); allowed: {ONCE}"),
        (b"[a]\n[a]\n", "gate.toml: is not TOML: Cannot declare ('a',) twice (at line 2, column 3); allowed: each key"),
        (b'name = "\xff"', "gate.toml: byte 9 is no UTF-8; allowed: a text file in UTF-8"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "gate.toml: is not TOML: nested too deeply"),
        (b"a = " + b"9" * 5000, "gate.toml: is not TOML: "),
        (b"a = 0x" + b"f" * 5000, "gate.toml: holds a number or a nesting too large for any gate"),
        (b"#" * (MAX_FILE_BYTES + 1), f"gate.toml: is larger than {MAX_FILE_BYTES} bytes"),
        (b"\0", "gate.toml: is not TOML: "),
    ],
)
def test_file_that_is_no_configuration(tmp_path: Path, content: bytes, line: str) -> None:
    (told,) = mistakes_in(written(tmp_path, content))
    assert told.startswith(line)
    assert told.isprintable()


def test_wiring_before_its_lane_is_told_where_it_belongs(tmp_path: Path) -> None:
    (told,) = mistakes_in(written(tmp_path, b"[lane.wiring]\nopen = 'K11'\n[[lane]]\nnumber = 1\n"))
    assert told.endswith("[lane.wiring] below the [[lane]] that it belongs to")


def test_largest_file_is_read(tmp_path: Path) -> None:
    text = GATE + "#" * (MAX_FILE_BYTES - len(GATE))
    assert read_gate(written(tmp_path, text)) == read_gate(written(tmp_path, GATE))


VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.text(max_size=8), st.floats(), st.just("entry")),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(
    key=st.sampled_from(
        [
            *("site", "name", "number", "direction", "pulse_ms", "gap_ms", "reader", "contacts", "outputs", "wiring"),
            *(
                "normally_closed",
                "logic",
                "side",
                "kind",
                "map",
                "debounce_ms",
                "caller",
                "user",
                "socket",
                "zzz",
                "lane",
            ),
        ]
    ),
    value=VALUES,
    place=st.sampled_from(["[terminal]", "[board]", "[[lane]]", "[[lane.reader]]", "\n"]),
    gate=st.sampled_from([GATE, GPIO_GATE]),
)
def test_any_value_anywhere_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: object, place: str, gate: str
) -> None:
    text = gate.replace(
        place, f"{place}\n{key} = {json.dumps(value).replace('NaN', 'nan').replace('Infinity', 'inf')}", 1
    )
    path = written(tmp_path_factory.mktemp("any"), text)
    read, mistakes = check_gate(path)
    assert isinstance(read, Gate) != bool(mistakes)
    assert all(str(each).isprintable() for each in mistakes)
