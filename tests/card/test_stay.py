"""The stay record: every field at its place, and nothing believed without the site's MAC."""

from dataclasses import replace

import pytest

from terminal.card.keys import SoftwareKey
from terminal.card.stay import BLANK, NoStay, StayRecord, StayState, decode, encode
from tests.card.chips import OTHER_UID, UID

SITE, KEY = 4711, SoftwareKey(b"site key, 16 byt")
STAY = StayRecord(
    state=StayState.INSIDE,
    passenger=True,
    site=SITE,
    zone=2,
    lane=3,
    entry_ms=0x0102030405060708,
    terminal_epoch=b"\xe1\xe2\xe3\xe4",
    sequence=0x1112131415161718,
    times_written=0x2122,
    tariff=0x3132,
    exit_after_s=0x41424344,
    charged_cents=0x51525354,
)
LARGEST = replace(
    STAY, entry_ms=2**64 - 1, sequence=2**64 - 1, times_written=65535, tariff=65535, exit_after_s=2**32 - 1
)


def test_fields_are_where_the_profile_says() -> None:
    record = encode(STAY, UID, KEY)
    assert record[:40].hex(" ", 4) == (
        "01810000 12670203 01020304 05060708 e1e2e3e4 11121314 15161718 21223132 41424344 51525354"
    )
    assert record[40:] == KEY.cmac(UID + record[:40])[1::2]
    assert len(record) == 48


@pytest.mark.parametrize("record", [STAY, LARGEST, replace(STAY, state=StayState.LEFT, passenger=False)])
def test_record_is_read_back_whole(record: StayRecord) -> None:
    assert decode(encode(record, UID, KEY), UID, SITE, KEY) == record


def test_blank_record_is_no_stay() -> None:
    assert decode(BLANK, UID, SITE, KEY) is NoStay.BLANK


def test_record_of_another_site_is_not_judged() -> None:
    assert decode(encode(replace(STAY, site=1), UID, SoftwareKey(bytes(16))), UID, SITE, KEY) is NoStay.OTHER_SITE


def test_record_copied_from_another_card() -> None:
    assert decode(encode(STAY, OTHER_UID, KEY), UID, SITE, KEY) is NoStay.FORGED


@pytest.mark.parametrize("byte", [1, 6, 8, 16, 20, 28, 30, 32, 39, 40, 47])
def test_record_with_a_byte_changed(byte: int) -> None:
    record = bytearray(encode(STAY, UID, KEY))
    record[byte] ^= 0x01
    assert decode(bytes(record), UID, SITE, KEY) is NoStay.FORGED


@pytest.mark.parametrize("flags", [0x03, 0x0F, 0x11, 0x41])
def test_record_with_unknown_flags_though_its_mac_is_right(flags: int) -> None:
    record = encode(STAY, UID, KEY)[:40]
    record = record[:1] + bytes([flags]) + record[2:]
    assert decode(record + KEY.cmac(UID + record)[1::2], UID, SITE, KEY) is NoStay.UNKNOWN_FORMAT


def test_record_of_a_later_format() -> None:
    assert decode(b"\x02" + encode(STAY, UID, KEY)[1:], UID, SITE, KEY) is NoStay.UNKNOWN_FORMAT


@pytest.mark.parametrize(
    "too_large",
    [
        replace(STAY, site=2**32),
        replace(STAY, zone=256),
        replace(STAY, charged_cents=2**32),
        replace(STAY, charged_cents=-1),
        replace(STAY, times_written=65536),
    ],
)
def test_stay_that_does_not_fit_is_not_encoded(too_large: StayRecord) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        encode(too_large, UID, KEY)
