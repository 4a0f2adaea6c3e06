"""The life of a card on the bench, and what the bench refuses."""

from dataclasses import replace
from datetime import date

import pytest

from headquarters.database import Database
from headquarters.register import Register
from provisioning import cards
from provisioning.chip import UnusableChip
from simulation.card import DesfireChip, Eeprom, Key, OtherCard, blank_chip
from simulation.vpcd import InsertedCard
from terminal.card.keys import KeyNumber, MasterKeys
from terminal.core.credential import Product, Qualifications, Training
from terminal.core.presented import Authentic, NotAnXsKey, NotAuthentic
from terminal.core.revocation import CardStatus
from terminal.errors import CardError, ConfigurationError, DocumentError
from tests.card.chips import AID, Held, Says, issuers
from tests.provisioning.conftest import EVA, JANSEN, NOW, TRAININGS, Workshop
from tests.provisioning.made import STAY, UID, contents, gate_reads, issued, numbers_on, profile, with_stay_and_template


def test_blank_chip_becomes_the_card_that_was_ordered(workshop: Workshop) -> None:
    bench, chip = workshop.bench(), blank_chip(UID)
    credential = cards.issue(Held(chip), bench, EVA)
    presented = gate_reads(chip, bench)
    assert isinstance(presented, Authentic)
    assert isinstance(presented.qualifications, Qualifications)
    assert (presented.credential, presented.qualifications.trainings) == (credential, TRAININGS)
    assert (credential.product, credential.ean, credential.personal_number) == (Product.DSP, int(JANSEN), 5)
    assert (credential.not_before, credential.expires, credential.language) == (EVA.not_before, EVA.expires, "nl")
    record = bench.register.card_on_chip(UID)
    assert record is not None
    assert (record.card_number, record.card_index) == (credential.card_number, credential.card_index)
    assert (record.status, record.issued_at) == (CardStatus.NOT_ACTIVATED, int(NOW.timestamp()))


def test_chip_is_made_as_the_profile_says_to_the_byte(workshop: Workshop) -> None:
    chip, credential = issued(workshop)
    assert contents(chip) == profile(credential, workshop.bench(), UID, TRAININGS)


def test_card_in_use_is_not_issued_again(workshop: Workshop) -> None:
    chip, credential = issued(workshop)
    with pytest.raises(ConfigurationError, match="retire that one first"):
        cards.issue(Held(chip), workshop.bench(), replace(EVA, personal_number=6))
    assert contents(chip) == profile(credential, workshop.bench(), UID, TRAININGS)


def test_card_of_another_register_is_left_as_it_is(workshop: Workshop) -> None:
    chip, credential = issued(workshop)
    other = Database(workshop.path / "other.db")
    elsewhere = replace(workshop.bench(), register=Register(other))
    elsewhere.register.add_company(JANSEN, "Jansen Transport", elsewhere.change)
    number = credential.card_number.hex()
    with pytest.raises(ConfigurationError, match=f"{number}, which is not in this register"):
        cards.issue(Held(chip), elsewhere, EVA)
    with pytest.raises(ConfigurationError, match=f"{number} is not in this register"):
        cards.update(Held(chip), elsewhere, ())
    with pytest.raises(ConfigurationError, match=f"{number} is not registered"):
        cards.retire(Held(chip), elsewhere)
    other.close()
    assert contents(chip) == profile(credential, workshop.bench(), UID, TRAININGS)


def test_card_of_another_issuer_is_left_as_it_is(workshop: Workshop) -> None:
    chip, _ = issued(workshop)
    stranger = replace(workshop.bench(), keys=MasterKeys(dict.fromkeys(KeyNumber, (bytes(16),))))
    before = contents(chip)
    for work in (lambda held: cards.issue(held, stranger, EVA), lambda held: cards.retire(held, stranger)):
        with pytest.raises(UnusableChip, match="another issuer"):
            work(Held(chip))
    assert contents(chip) == before


def test_card_of_an_older_key_generation_gets_the_newest_when_it_is_issued_anew(workshop: Workshop) -> None:
    chip, _ = issued(workshop)
    bench = workshop.bench()
    cards.retire(Held(chip), bench)
    rolled = dict(bench.keys.masters) | {KeyNumber.READ: (b"the newest, 16 b", *bench.keys.masters[KeyNumber.READ])}
    newer = replace(bench, keys=MasterKeys(rolled))
    credential = cards.issue(Held(chip), newer, EVA)
    assert contents(chip) == profile(credential, newer, UID, TRAININGS)


@pytest.mark.parametrize(
    ("chip", "words"),
    [
        (OtherCard(bytes.fromhex("04112233445566")), "no DESFire"),
        (blank_chip(UID, random_uid=True), "random UID"),
    ],
)
def test_chip_that_cannot_be_an_xs_key(workshop: Workshop, chip: InsertedCard, words: str) -> None:
    with pytest.raises(UnusableChip, match=words):
        cards.issue(Held(chip), workshop.bench(), EVA)
    assert not numbers_on(workshop, UID), "nothing was registered"


def test_chip_of_the_first_generation(workshop: Workshop) -> None:
    chip = blank_chip(UID)
    ev1 = Says(lambda apdu: chip.apdu(apdu).replace(bytes.fromhex("040101120018"), bytes.fromhex("040101010018")))
    with pytest.raises(UnusableChip, match="no MIFARE DESFire EV2 or EV3"):
        cards.issue(Held(ev1), workshop.bench(), EVA)


def test_chip_whose_own_master_key_is_somebody_elses(workshop: Workshop) -> None:
    chip = blank_chip(UID)
    chip.eeprom.picc_key = Key(b"a key we have no")
    chip.eeprom.picc_settings = 0x0B  # creating an application asks for it
    with pytest.raises(UnusableChip, match="not blank"):
        cards.issue(Held(chip), workshop.bench(), EVA)


def test_chip_with_a_file_of_another_size(workshop: Workshop) -> None:
    chip, _ = issued(workshop)
    cards.retire(Held(chip), workshop.bench())
    chip.eeprom.applications[AID].files[2].data = bytes(320)
    with pytest.raises(UnusableChip, match="qualifications file is not that of the profile"):
        cards.issue(Held(chip), workshop.bench(), EVA)


@pytest.mark.parametrize(("file", "words"), [(1, "does not read back"), (2, "does not read back")])
def test_chip_with_worn_out_memory_is_not_registered_as_issued(workshop: Workshop, file: int, words: str) -> None:
    def wear(eeprom: Eeprom) -> None:
        application = eeprom.applications.get(AID)
        if application and file in application.files:
            data = application.files[file].data
            application.files[file].data = data[:60] + bytes([data[60] & 0xF0]) + data[61:]

    with pytest.raises(CardError, match=words):
        cards.issue(Held(DesfireChip(Eeprom(uid=UID), durable=wear)), workshop.bench(), EVA)
    record = workshop.bench().register.card_on_chip(UID)
    assert record is not None
    assert record.issued_at is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ean": "0000012345670"}, "not registered"),
        ({"expires": EVA.not_before}, "expire before"),
        ({"trainings": tuple(Training(f"SITE-{number:04}", date(2027, 1, 1)) for number in range(60))}, "638"),
    ],
)
def test_order_that_cannot_be_leaves_the_chip_blank(workshop: Workshop, change: dict[str, object], words: str) -> None:
    chip = blank_chip(UID)
    with pytest.raises(ConfigurationError, match=words):
        cards.issue(Held(chip), workshop.bench(), replace(EVA, **change))  # type: ignore[arg-type]
    assert AID not in chip.eeprom.applications


def test_card_that_no_gate_would_believe_is_not_written(workshop: Workshop) -> None:
    chip, bench = blank_chip(UID), workshop.bench()
    (ours,) = bench.issuers.issuers
    plain = replace(EVA, trainings=())
    for key, order in (
        (replace(ours, ends=NOW), plain),
        (replace(ours, products=("cargocard", "portkey")), plain),
        (replace(ours, products=("dsp",)), EVA),
        (issuers().issuers[0], plain),
    ):
        untrusting = replace(bench, issuers=replace(bench.issuers, issuers=(key,)))
        with pytest.raises(DocumentError, match="no gate would believe"):
            cards.issue(Held(chip), untrusting, order)
    assert AID not in chip.eeprom.applications


def test_update_replaces_all_trainings(workshop: Workshop) -> None:
    chip, credential = issued(workshop)
    renewed = (Training("VCA-VOL", date(2030, 1, 31)),)
    assert cards.update(Held(chip), workshop.bench(), renewed) == credential
    assert contents(chip) == profile(credential, workshop.bench(), UID, renewed)
    cards.update(Held(chip), workshop.bench(), ())
    assert contents(chip) == profile(credential, workshop.bench(), UID)


def test_retired_card_is_not_updated(workshop: Workshop) -> None:
    chip, credential = issued(workshop)
    bench = workshop.bench()
    bench.register.retire(credential.card_number, bench.change)
    with pytest.raises(ConfigurationError, match="is retired"):
        cards.update(Held(chip), bench, ())


def test_card_that_is_not_authentic_is_not_updated(workshop: Workshop) -> None:
    chip, _ = issued(workshop)
    cards.retire(Held(chip), workshop.bench())
    with pytest.raises(UnusableChip, match=r"not authentic \(no-credential\)"):
        cards.update(Held(chip), workshop.bench(), ())
    with pytest.raises(UnusableChip, match=r"not an xs key \(select-91a0\)"):
        cards.update(Held(blank_chip(UID)), workshop.bench(), ())


def test_retired_card_is_blocked_and_blank_and_can_be_issued_again(workshop: Workshop) -> None:
    chip, credential = issued(workshop)
    with_stay_and_template(chip, workshop.bench())
    assert cards.retire(Held(chip), workshop.bench()) == (credential.card_number,)
    record = workshop.bench().register.card(credential.card_number)
    assert record is not None
    assert record.status is CardStatus.BLOCKED
    assert contents(chip) == profile(None, workshop.bench(), UID)
    assert cards.retire(Held(chip), workshop.bench()) == ()
    again = cards.issue(Held(chip), workshop.bench(), EVA)
    assert again.card_number != credential.card_number
    assert contents(chip) == profile(again, workshop.bench(), UID, TRAININGS)


def test_show_tells_what_is_on_the_card_and_changes_nothing(workshop: Workshop) -> None:
    chip, credential = issued(workshop)
    with_stay_and_template(chip, workshop.bench())
    before = contents(chip)
    shown = cards.show(Held(chip), workshop.bench())
    assert contents(chip) == before
    assert isinstance(shown.presented, Authentic)
    assert (shown.uid, shown.generation, shown.presented.credential) == (UID, "EV2", credential)
    assert (shown.stay, shown.template_bytes) == (STAY, 800)
    assert shown.record is not None
    assert shown.record.card_number == credential.card_number


def test_show_of_a_blank_chip_and_of_a_card_with_other_keys(workshop: Workshop) -> None:
    blank = cards.show(Held(blank_chip(UID)), workshop.bench())
    assert (blank.presented, blank.stay, blank.template_bytes) == (NotAnXsKey("select-91a0"), None, None)
    chip, _ = issued(workshop)
    stranger = replace(workshop.bench(), keys=MasterKeys(dict.fromkeys(KeyNumber, (bytes(16),))))
    shown = cards.show(Held(chip), stranger)
    assert (shown.presented, shown.stay) == (NotAuthentic("authenticate-91ae"), None)


def test_no_repr_of_the_bench_shows_a_key(workshop: Workshop) -> None:
    bench = workshop.bench()
    said = repr(bench)
    secrets = [key for keys in bench.keys.masters.values() for key in keys]
    for secret in (*secrets, bench.site_key.key, bench.issuer.seed):
        assert secret.hex() not in said
        assert repr(secret)[2:-1] not in said
