"""The stay behind a tap in a paid zone: what its sources tell, what it is charged, what the card is to remember.

Design 6, 'Stays', and 3, 'The stay record'. Of what happens here the entries of the tap say all; a source that cannot
be believed is named, and the others count.
"""

from dataclasses import dataclass, field, replace

import structlog

from terminal.card.apdu import CardRefused
from terminal.card.stay import NoStay, StayRecord, StayState
from terminal.card.stay_file import StayFile, read_stay
from terminal.card.xs_key import Conversation
from terminal.core.barrier_words import Side
from terminal.core.charge import EPOCH_PREFIX_BYTES, RECEIPT_BYTES, Charge, Flag, StayId
from terminal.core.charging import Due, Leaving, due, goes_on, nothing_more
from terminal.core.credential import Credential
from terminal.core.instant import ClockQuality, Now
from terminal.core.paid_stay import Account, Newest, StayTold, account_of, newest
from terminal.core.policy import DAY_S, Zone
from terminal.core.rules import Rules
from terminal.core.stay import Stay
from terminal.core.tariff.document import Tariff
from terminal.core.tariff.pricing import in_force
from terminal.errors import CardError
from terminal.tap.ports import TapPorts
from terminal.tap.risk import risk

FUTURE_S = 120
"""A record whose entry is further ahead of the clock is not believed."""
TERMINAL, CARD, HEADQUARTERS = "terminal", "card", "headquarters"
NOT_BELIEVED_AHEAD, NOT_BELIEVED_OLD = "in-the-future", "implausible"

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Paid:
    """The stay behind one tap, as far as it is known."""

    rules: Rules
    zone: Zone
    card: Credential
    side: Side
    tapped: Now
    file: StayFile | None = None
    told: dict[str, StayTold] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    """What each source said, in a machine's words."""
    found: Newest = field(default_factory=lambda: Newest(None))
    account: Account | None = None
    """By what he stays, from this tap on."""

    @property
    def tariff(self) -> Tariff | None:
        """The version that is in force now: a stay that begins is charged by it, and one that ends has its VAT."""
        return None if self.rules.tariffs is None else in_force(self.rules.tariffs, self.tapped.ms // 1000)

    @property
    def inside(self) -> StayTold | None:
        """The stay that he is in already, by somebody who knows."""
        stay = self.found.stay
        return stay if stay is not None and stay.inside else None


class PaidStays:
    """What one lane does about the stays of its taps. The journal and the boom are its caller's."""

    def __init__(self, ports: TapPorts) -> None:
        self._ports = ports

    def look(self, paid: Paid, conversation: Conversation | None) -> None:
        """Ask all sources. Three APDUs where the card may remember a stay.

        Raises:
            CardError: the card went, or what it says is not believed; holding it up again helps.
        """
        ports = self._ports
        self._take(paid, TERMINAL, ports.stays.told(paid.card.card_number, paid.side))
        self._take(paid, HEADQUARTERS, ports.known.of(paid.card.card_number))
        try:
            if conversation is not None and ports.records is not None:
                paid.file = read_stay(conversation, ports.keys, ports.records, ports.random)
                paid.sources[CARD] = self._believe(paid, paid.file.record)
        except CardRefused as refusal:  # such a card has no stay file for us, today or tomorrow
            log.warning("stay-not-read", lane=ports.number, why=str(refusal))
            paid.sources[CARD] = "refused"
        except CardError:
            paid.sources[CARD] = "unreadable"
            if paid.side is Side.ENTRY:
                raise
        finally:
            paid.found = newest(paid.told)

    def enter(self, paid: Paid) -> Account:
        """By what he will stay who is let in now."""
        tapped_ms = paid.tapped.ms
        before = goes_on(paid.found, paid.rules.tariffs, tapped_ms // 1000)
        if before is not None:
            paid.account = account_of(before)
        else:
            tariff = paid.tariff
            paid.account = Account(stay=None, entered_ms=tapped_ms, tariff=tariff.number if tariff else None)
        return paid.account

    def leave(self, paid: Paid, *, emergency: bool = False) -> Charge | None:
        """The charge of him who is let out now; None: his leaving costs nothing more."""
        owed = self._due(paid, emergency=emergency)
        stay = paid.found.stay if paid.inside else None
        if owed is None:
            paid.account = None if stay is None else account_of(stay)
            return None
        if stay is not None:
            left = replace(account_of(stay), last_exit_ms=paid.tapped.ms, charged_cents=owed.total_cents)
            paid.account = replace(left, tariff=owed.tariff.number) if owed.tariff else left
        now = paid.tariff or owed.tariff
        charge = Charge(
            card_number=paid.card.card_number,
            payer=paid.card.ean,
            person=paid.card.personal_number,
            receipt=self._ports.random(RECEIPT_BYTES),
            total_cents=owed.total_cents,
            earlier_cents=owed.earlier_cents,
            vat=now.vat if now else "0",
            tariff=owed.tariff.number if owed.tariff else None,
            zone=paid.zone.number,
            stay=stay.stay if stay else None,
            entered_ms=stay.entered_ms if stay else None,
            ended_ms=paid.tapped.ms,
            lines=owed.lines,
            flags=owed.flags,
            sources=paid.sources,
            list_number=paid.rules.list_number,
            list_age_s=int(paid.rules.list_age_s(paid.tapped.s)),
        )
        return replace(charge, flags=(*charge.flags, *risk(self._ports.accounts, paid.rules, charge)))

    def kept(self, paid: Paid, own: Stay | None) -> Stay | None:
        """The stay as this terminal is to keep it after the charge: `own` if that is it, else as the source told."""
        stay, account = paid.inside, paid.account
        if stay is None or account is None:
            return None
        if own is not None and own.account is not None and own.account.stay == account.stay:
            return replace(own, account=account)
        return Stay(
            zone=stay.zone, lane=stay.lane, entered_ms=stay.entered_ms, passenger=stay.passenger, account=account
        )

    def write(self, paid: Paid, intent: StayId | None, *, passenger: bool) -> None:
        """Have the card remember: that he is inside, or that he left. Two APDUs, or none.

        Raises:
            CardRefused: this card takes no stay record.
            NotWritten: the card went before it could.
            Torn: nobody knows.
        """
        account = paid.account
        if paid.file is None or account is None:
            return
        stay = account.stay or intent
        if stay is None:
            return
        left = paid.side is Side.EXIT
        at_entry = paid.found.stay if left else None
        after_s = 0 if account.last_exit_ms is None else account.last_exit_ms // 1000 - account.entered_ms // 1000
        paid.file.write(
            StayRecord(
                state=StayState.LEFT if left else StayState.INSIDE,
                passenger=at_entry.passenger if at_entry else passenger,
                site=paid.file.site,
                zone=at_entry.zone if at_entry else paid.zone.number,
                lane=at_entry.lane if at_entry else self._ports.number,
                entry_ms=account.entered_ms,
                terminal_epoch=stay.epoch,
                sequence=stay.sequence,
                times_written=0,
                tariff=account.tariff or 0,
                exit_after_s=after_s,
                charged_cents=account.charged_cents,
            )
        )

    # ------------------------------------------------------------------------------------------------------ the parts

    def _take(self, paid: Paid, source: str, told: StayTold | None) -> None:
        paid.sources[source] = "none" if told is None else told.words()
        if told is not None:
            paid.told[source] = told

    def _believe(self, paid: Paid, record: StayRecord | NoStay) -> str:
        if isinstance(record, NoStay):
            return str(record)
        if record.state is StayState.NONE:
            return "none"
        age_s = (paid.tapped.ms - record.entry_ms) // 1000
        if age_s < -FUTURE_S:
            return NOT_BELIEVED_AHEAD
        if age_s > paid.rules.policy.payment.implausible_after_days * DAY_S:
            return NOT_BELIEVED_OLD
        stay = StayId(record.terminal_epoch, record.sequence)
        exit_ms = (record.entry_ms // 1000 + record.exit_after_s) * 1000 if record.exit_after_s else None
        told = StayTold(
            stay=stay,
            inside=record.state is StayState.INSIDE,
            entered_ms=record.entry_ms,
            zone=record.zone,
            lane=record.lane,
            tariff=record.tariff or None,
            last_exit_ms=exit_ms,
            charged_cents=record.charged_cents,
            passenger=record.passenger,
            certain_until_ms=self._ports.stays.uncertain_from(record.zone, record.entry_ms),
        )
        paid.told[CARD] = told
        return told.words()

    def _due(self, paid: Paid, *, emergency: bool) -> Due | None:
        if emergency:
            return nothing_more(paid.inside, None, (Flag.EMERGENCY,))
        return due(paid.found, paid.rules.tariffs, _leaving(paid))


def stay_id(epoch: bytes, sequence: int) -> StayId:
    """By what a stay is known that begins with this intent."""
    return StayId(epoch[:EPOCH_PREFIX_BYTES], sequence)


def _leaving(paid: Paid) -> Leaving:
    tapped_s = paid.tapped.ms // 1000
    if paid.tapped.quality is ClockQuality.GOOD:
        return Leaving(latest_s=tapped_s, earliest_s=tapped_s)
    cheaper = paid.rules.policy.payment.doubtful_clock == "cheaper"
    earliest_s = min(tapped_s, paid.rules.lists_issued_at_s) if cheaper else tapped_s
    return Leaving(latest_s=tapped_s, earliest_s=earliest_s, doubtful=True)
