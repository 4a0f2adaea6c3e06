"""The life of a card on the bench: issue, show, update, retire.

Whatever is interrupted is run again with the same words and ends in the same card: allocation in the register gives
the same number for the same chip and person, a signature over the same claims is the same bytes, and every step on the
chip looks first at what is there. Headquarters must know before the card does: a card is in the register before it is
written, and blocked there before it is erased.
"""

from dataclasses import dataclass, field

from headquarters.database import Change
from headquarters.keys import CardMasterKeys, IssuerSigningKey
from headquarters.register import CardRecord, Register
from provisioning.chip import Chip, UnusableChip
from terminal.card import credential as credential_file
from terminal.card import qualifications as qualifications_file
from terminal.card.apdu import CardGarbled, CardRefused, WrongProof
from terminal.card.ev2 import Random
from terminal.card.keys import KeyNumber, MasterKeys, SoftwareKey
from terminal.card.signed import Forged
from terminal.card.stay import NoStay, StayRecord, decode
from terminal.card.xs_key import CREDENTIAL, QUALIFICATIONS, TEMPLATE, read_card
from terminal.core.credential import Credential, Product, Qualifications, Training
from terminal.core.issuers import Issuers
from terminal.core.presented import Authentic, NoQualifications, NotAnXsKey, Presented, Unreadable
from terminal.errors import CardError, ConfigurationError, DocumentError
from terminal.ports import CardTransport


def masters(keys: CardMasterKeys) -> MasterKeys:
    """Headquarters' card keys in the order of their numbers on the chip."""
    return MasterKeys(
        {
            KeyNumber.APPLICATION: (keys.application,),
            KeyNumber.READ: keys.read,
            KeyNumber.STAY: (keys.stay,),
            KeyNumber.UPDATE: (keys.update,),
            KeyNumber.TEMPLATE: (keys.template,),
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the bench has besides the card. `issuers` is what gates believe; `change` says who works here, and when."""

    keys: MasterKeys
    site_key: SoftwareKey
    issuer: IssuerSigningKey
    issuers: Issuers
    register: Register
    change: Change
    random: Random

    @property
    def now_s(self) -> float:
        """Seconds since the epoch."""
        return self.change.at.timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The card that is wanted: for whom, from when to when (seconds since the epoch), with which trainings."""

    product: Product
    ean: str
    personal_number: int = field(repr=False)
    language: str
    not_before: int
    expires: int
    trainings: tuple[Training, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is on a card, as far as our keys open it; `record` is the register's."""

    uid: bytes
    generation: str
    presented: Presented
    stay: StayRecord | NoStay | None
    template_bytes: int | None
    record: CardRecord | None


def issue(card: CardTransport, bench: Bench, order: Order) -> Credential:
    """Make the chip in the field the card of `order`, read it back as a gate would, and register it as issued.

    Raises:
        ConfigurationError: the order cannot be: an unknown company, a chip that holds another card.
        DocumentError: no gate would believe what our issuer key signs.
        CardError: the chip cannot be used, or was taken away; run it again.
    """
    if order.expires <= order.not_before:
        raise ConfigurationError("the card would expire before it becomes valid")
    chip = Chip.recognise(card, bench.keys, bench.random)
    present = chip.has_application()
    if present:
        chip.require_ours()
        _require_known(_read(card, bench, trainings=False), bench)
    record = bench.register.allocate(
        uid=chip.uid,
        ean=order.ean,
        product=order.product,
        personal_number=order.personal_number,
        not_before=order.not_before,
        expires=order.expires,
        language=order.language,
        change=bench.change,
    )
    credential = _credential(record, bench.issuer)
    signed = _signed_credential(credential, bench)
    qualifications = _signed_qualifications(credential, order.trainings, bench) if order.trainings else b""

    if not present:
        chip.make_application()
    chip.take_keys()
    chip.make_files()
    chip.clear_template()
    chip.clear_stay()
    chip.fill(QUALIFICATIONS, qualifications)
    chip.fill(CREDENTIAL, signed)  # last: now it is an XS-Key

    _require_read_back(card, bench, credential, order.trainings)
    bench.register.issued(record.card_number, bench.change)
    return credential


def show(card: CardTransport, bench: Bench) -> Shown:
    """Tell what is on the card in the field; changes nothing.

    Raises:
        CardError: the chip is no DESFire EV2 or EV3, or was taken away.
    """
    chip = Chip.recognise(card, bench.keys, bench.random)
    presented = _read(card, bench, trainings=True)
    stay: StayRecord | NoStay | None = None
    template_bytes: int | None = None
    if not isinstance(presented, NotAnXsKey):
        try:
            record = chip.stay_record()
            stay = decode(record, chip.uid, int.from_bytes(record[2:6]), bench.site_key)
            template_bytes = chip.template_bytes()
        except (CardRefused, CardGarbled, WrongProof):
            pass  # keys that are not ours; `presented` says so
    return Shown(
        uid=chip.uid,
        generation=chip.generation,
        presented=presented,
        stay=stay,
        template_bytes=template_bytes,
        record=bench.register.card_on_chip(chip.uid),
    )


def update(card: CardTransport, bench: Bench, trainings: tuple[Training, ...]) -> Credential:
    """Replace the trainings on the card in the field; none leaves it without. Returns whose card it is.

    Raises:
        ConfigurationError: headquarters does not know the card, or retired it.
        CardError: it is not authentic, or was taken away; run it again.
    """
    chip = Chip.recognise(card, bench.keys, bench.random)
    presented = _read(card, bench, trainings=False)
    if not isinstance(presented, Authentic):
        raise UnusableChip(f"this card is not one to update: {_in_words(presented)}")
    credential = presented.credential
    _require_in_use(bench.register.card(credential.card_number), credential)
    signed = _signed_qualifications(credential, trainings, bench) if trainings else b""
    chip.fill(QUALIFICATIONS, signed)
    _require_read_back(card, bench, credential, trainings)
    return credential


def retire(card: CardTransport, bench: Bench) -> tuple[bytes, ...]:
    """Block the card in the field for good, then erase it; returns the card numbers that were blocked.

    Raises:
        ConfigurationError: headquarters does not know the card; it is left as it is.
        CardError: it is blocked and could not be erased; run it again, or cut it up.
    """
    chip = Chip.recognise(card, bench.keys, bench.random)
    numbers = _numbers_on(chip, bench)
    for number in numbers:
        bench.register.retire(number, bench.change)
    if chip.has_application():
        chip.require_ours()
        chip.take_keys()
        chip.make_files()
        chip.fill(TEMPLATE, b"")
        chip.clear_stay()
        chip.fill(QUALIFICATIONS, b"")
        chip.fill(CREDENTIAL, b"")  # last: it names the card that is to be blocked, should this be run again
    return numbers


def _numbers_on(chip: Chip, bench: Bench) -> tuple[bytes, ...]:
    """The numbers of the cards that this chip is: by the register, and by its own credential."""
    record = bench.register.card_on_chip(chip.uid)
    numbers = [] if record is None else [record.card_number]
    presented = _read(chip.card, bench, trainings=False)
    if isinstance(presented, Authentic) and presented.credential.card_number not in numbers:
        numbers.append(presented.credential.card_number)
    if not numbers and isinstance(presented, Unreadable):
        raise CardError(f"the card cannot be read ({presented.detail}), so which one it is stays open; try again")
    return tuple(numbers)


def _require_known(presented: Presented, bench: Bench) -> None:
    """Pass unless the chip holds a card that another register would have to block."""
    if isinstance(presented, Authentic) and bench.register.card(presented.credential.card_number) is None:
        number = presented.credential.card_number.hex()
        raise ConfigurationError(f"this chip holds card {number}, which is not in this register; retire it there first")


def _credential(record: CardRecord, issuer: IssuerSigningKey) -> Credential:
    return Credential(
        key_id=issuer.id,
        card_number=record.card_number,
        not_before=record.not_before,
        expires=record.expires,
        product=record.product,
        ean=int(record.ean),
        personal_number=record.personal_number,
        card_index=record.card_index,
        company_index=record.company_index,
        uid=record.uid,
        language=record.language,
    )


def _signed_credential(credential: Credential, bench: Bench) -> bytes:
    """The credential's bytes, which a gate would believe now: found out before the card is touched."""
    try:
        signed = credential_file.sign(credential, bench.issuer.private)
        credential_file.verify(signed, credential.uid, bench.issuers, bench.now_s)
    except Forged as forged:
        raise _disbelieved(forged) from None
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    return signed


def _signed_qualifications(credential: Credential, trainings: tuple[Training, ...], bench: Bench) -> bytes:
    qualifications = Qualifications(
        card_number=credential.card_number, issued_at=int(bench.now_s), uid=credential.uid, trainings=trainings
    )
    try:
        signed = qualifications_file.sign(qualifications, bench.issuer.id, bench.issuer.private)
        qualifications_file.verify(signed, credential, bench.issuers, bench.now_s)
    except Forged as forged:
        raise _disbelieved(forged) from None
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    return signed


def _disbelieved(forged: Forged) -> DocumentError:
    return DocumentError(f"no gate would believe this card ({forged.detail}): look at issuers.json and the issuer key")


def _read(card: CardTransport, bench: Bench, *, trainings: bool) -> Presented:
    return read_card(card, bench.keys, bench.issuers, bench.now_s, trainings=trainings, random=bench.random)


def _require_read_back(
    card: CardTransport, bench: Bench, credential: Credential, trainings: tuple[Training, ...]
) -> None:
    presented = _read(card, bench, trainings=True)
    if not isinstance(presented, Authentic):
        raise CardError(f"the card was written and does not read back: {_in_words(presented)}; run it again")
    held = presented.qualifications
    held_trainings = () if isinstance(held, NoQualifications) else held.trainings
    if presented.credential != credential or held_trainings != trainings:
        raise CardError("the card was written and reads back as another; run it again, or take another chip")


def _require_in_use(record: CardRecord | None, credential: Credential) -> None:
    if record is None:
        raise ConfigurationError(f"card {credential.card_number.hex()} is not in this register")
    if record.retired_at is not None:
        raise ConfigurationError(f"card {credential.card_number.hex()} is retired; issue a new one")


def _in_words(presented: Presented) -> str:
    kind = type(presented).__name__
    return (
        f"{''.join(f' {letter.lower()}' if letter.isupper() else letter for letter in kind)[1:]} ({presented.detail})"
    )
