"""Whatever a reader sends, the chip answers with status words and keeps what it should."""

from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.card.commands import COMMANDS
from tests.simulation.personalised import KEYS, personalised, session
from tests.simulation.reader_side import FULL, MAC, PLAIN, wrapped

CHIP = personalised()
KEPT = repr(CHIP.eeprom) + "".join(
    file.data.hex() for app in CHIP.eeprom.applications.values() for file in app.files.values()
)
INSTRUCTIONS = st.sampled_from([*COMMANDS, 0x5A, 0x71, 0x77, 0xAF])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(st.binary(max_size=40), st.builds(wrapped, INSTRUCTIONS, st.binary(max_size=40))), max_size=6)
)
def test_bytes_of_any_sort_without_a_key_change_nothing(commands: list[bytes]) -> None:
    """Creating other applications is what a factory chip lets anybody do; ours stays as it is."""
    CHIP.reset()
    ours = CHIP.eeprom.applications[b"XSK"]
    for command in commands:
        assert len(CHIP.apdu(command)) >= 2
    CHIP.eeprom.applications = {b"XSK": ours}
    now = repr(CHIP.eeprom) + "".join(file.data.hex() for file in ours.files.values())
    assert now == KEPT


@settings(max_examples=150, deadline=None)
@given(
    INSTRUCTIONS,
    st.binary(max_size=10),
    st.binary(max_size=40),
    st.sampled_from([PLAIN, MAC, FULL]),
    st.integers(0, len(KEYS) - 1),
)
def test_well_sealed_nonsense_is_answered(
    instruction: int, header: bytes, data: bytes, mode: str, key_number: int
) -> None:
    chip = personalised()
    reader = session(chip, key_number)
    answer = chip.apdu(wrapped(instruction, reader.sealed(instruction, header, data, mode)))
    assert len(answer) >= 2
    assert answer[-2] == 0x91
