"""The bench of the demonstration: cards of the cast, made by the real personalisation on a reader of their own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_bytes

from demonstration.cast import GATE_TRAINING, YEAR, Person
from demonstration.office import Office
from headquarters.keys import load_issuer_key
from provisioning import cards
from provisioning.cards import Bench, Order
from simulation.card import DesfireChip, OtherCard, blank_chip
from simulation.vpcd import READERS, InsertedCard, VirtualReaderSlot
from terminal.card.keys import SoftwareKey
from terminal.core.credential import Training
from terminal.core.revocation import CardStatus
from terminal.edges.pcsc_card import PcscCard, pcsc_context, readers_with_card
from terminal.errors import HardwareError
from terminal.trust.documents import ISSUERS

BENCH_READER = READERS[1]
CARD_S = 5.0
CREDENTIAL_FILE = 1

STATUS_OF = {
    "valid": CardStatus.VALID,
    "blocked": CardStatus.BLOCKED,
    "suspended": CardStatus.SUSPENDED,
    "not-activated": CardStatus.NOT_ACTIVATED,
}


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a card, and the card. `card_number` is None for a card that headquarters never issued."""

    person: Person
    card: InsertedCard
    card_number: bytes | None


class CardBench:
    """Makes cards on `BENCH_READER`, and registers them at the office."""

    def __init__(self, office: Office, slot: VirtualReaderSlot) -> None:
        self._office = office
        self._slot = slot

    def card_for(self, person: Person, copied_from: InsertedCard | None = None) -> Holder:
        """The card that this person holds, issued and with its status registered where it is a card of ours.

        Raises:
            ConfigurationError: it cannot be issued so.
            HardwareError: no card reader.
        """
        match person.chip:
            case "other-card":
                return Holder(person, OtherCard(token_bytes(7)), None)
            case "own":
                return Holder(person, *self._issued(person))
            case "copy-of-anna":
                chip, number = self._issued(person)
                _copy_credential(copied_from, chip)
                return Holder(person, chip, number)

    def _issued(self, person: Person) -> tuple[DesfireChip, bytes]:
        chip = blank_chip(b"\x04" + token_bytes(6))
        with self._card_on_bench(chip) as card:
            credential = cards.issue(card, self._bench(), _order(person, datetime.now(UTC)))
        self._office.set_status(credential.card_number, STATUS_OF[person.status])
        return chip, credential.card_number

    @contextmanager
    def _card_on_bench(self, chip: InsertedCard) -> Iterator[PcscCard]:
        wait_until_empty(BENCH_READER.name)  # whoever had the readers before may have left just now
        self._slot.insert(chip)
        try:
            with pcsc_context() as context:
                if not readers_with_card(context, (BENCH_READER.name,), CARD_S):
                    raise HardwareError(f"the card did not come up on {BENCH_READER.name}")
                with PcscCard.connect(context, BENCH_READER.name) as card:
                    yield card
        finally:
            self._slot.remove()
            wait_until_empty(BENCH_READER.name)

    def _bench(self) -> Bench:
        masters = self._office.card_masters()
        return Bench(
            keys=cards.masters(masters),
            site_key=SoftwareKey(masters.site),
            issuer=load_issuer_key(self._office.keys.issuer),
            issuers=ISSUERS.parse(self._office.keys.issuers.read_bytes()),
            register=self._office.register,
            change=self._office.change(),
            random=token_bytes,
        )


def wait_until_empty(reader: str) -> None:
    """The daemon looks at a virtual reader some times a second; the next card must not meet its memory of this one."""
    with pcsc_context() as context:
        while readers_with_card(context, (reader,), 0):
            time.sleep(0.02)


def _copy_credential(genuine: InsertedCard | None, other: DesfireChip) -> None:
    """What somebody can do who read one genuine chip and can write another, everything right but the chip itself."""
    if not isinstance(genuine, DesfireChip):
        raise TypeError("only a DESFire chip has a credential")
    (source,), (target,) = genuine.eeprom.applications.values(), other.eeprom.applications.values()
    target.files[CREDENTIAL_FILE].data = source.files[CREDENTIAL_FILE].data


def _order(person: Person, now: datetime) -> Order:
    trained_until = (now + 2 * YEAR).date()
    return Order(
        product=person.product,
        ean=person.ean,
        personal_number=person.personal_number,
        language=person.language,
        not_before=int((now + person.begins).timestamp()),
        expires=int((now + person.ends).timestamp()),
        trainings=(Training(GATE_TRAINING, trained_until),) if person.trained else (),
    )
