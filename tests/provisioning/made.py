"""What is on a chip, what the profile wants there, and chips as the bench made them."""

from provisioning import cards
from provisioning.cards import Bench
from simulation.card import DesfireChip, blank_chip
from simulation.vpcd import InsertedCard
from terminal.card import credential as credential_file
from terminal.card import qualifications as qualifications_file
from terminal.card.diversification import card_key_input, diversify
from terminal.card.keys import KeyNumber
from terminal.card.stay import StayRecord, StayState, encode
from terminal.card.xs_key import read_card
from terminal.core.credential import Credential, Qualifications, Training
from terminal.core.presented import Presented
from tests.card.chips import AID, Held, image
from tests.provisioning.conftest import EVA, NOW, Workshop

UID = bytes.fromhex("04A1B2C3D4E5F6")
WRITE_DATA = 0x8D
STAY = StayRecord(
    state=StayState.INSIDE,
    passenger=False,
    site=4711,
    zone=1,
    lane=1,
    entry_ms=int(NOW.timestamp() * 1000),
    terminal_epoch=bytes(4),
    sequence=1,
    times_written=1,
    tariff=1,
    exit_after_s=0,
    charged_cents=0,
)


def gate_reads(card: InsertedCard, bench: Bench) -> Presented:
    return read_card(Held(card), bench.keys, bench.issuers, bench.now_s, trainings=True, random=bench.random)


def contents(chip: DesfireChip) -> object:
    """All of the chip that lasts, to the byte."""
    application = chip.eeprom.applications[AID]
    files = {
        number: (file.kind.name, file.mode.name, f"{file.access:04x}", file.data)
        for number, file in sorted(application.files.items())
    }
    return application.settings, [key.value for key in application.keys], files


def profile(credential: Credential | None, bench: Bench, uid: bytes, trainings: tuple[Training, ...] = ()) -> object:
    """What the chip must hold: the whole of the profile, made without any chip."""
    keys = [diversify(bench.keys.masters[number][0], card_key_input(uid, number)) for number in KeyNumber]
    file_1 = file_2 = b""
    if credential is not None:
        file_1 = credential_file.sign(credential, bench.issuer.private)
    if credential is not None and trainings:
        held = Qualifications(
            card_number=credential.card_number, issued_at=int(bench.now_s), uid=uid, trainings=trainings
        )
        file_2 = qualifications_file.sign(held, bench.issuer.id, bench.issuer.private)
    files = {
        1: ("STANDARD", "FULL", "1000", image(file_1, 224)),
        2: ("STANDARD", "FULL", "1330", image(file_2, 640)),
        3: ("BACKUP", "FULL", "2220", bytes(48)),
        4: ("STANDARD", "FULL", "4330", bytes(2048)),
    }
    return 0x09, keys, files


def issued(workshop: Workshop, uid: bytes = UID) -> tuple[DesfireChip, Credential]:
    chip = blank_chip(uid)
    return chip, cards.issue(Held(chip), workshop.bench(), EVA)


def numbers_on(workshop: Workshop, uid: bytes) -> list[bytes]:
    with workshop.bench().register.all_cards() as all_cards:
        return [card.card_number for card in all_cards if card.uid == uid]


def with_stay_and_template(chip: DesfireChip, bench: Bench) -> None:
    files = chip.eeprom.applications[AID].files
    files[3].data = encode(STAY, chip.eeprom.uid, bench.site_key)
    files[4].data = image(b"template" * 100, 2048)
