"""What the end of a passage means for the place that the tap had promised, and for the stay (design 5, last table)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from terminal.core.barrier_words import Result
from terminal.core.charge import EPOCH_PREFIX_BYTES, StayId
from terminal.core.journal import EntryKey
from terminal.core.paid_stay import Account
from terminal.core.stay import Stay, StayChange, ZoneNeutral, ZoneOpened, after_passage
from terminal.lane.journal import Vehicle
from terminal.ports import RulesInForce, Stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The places behind one lane. Called on the lane's thread; never blocks for the disk."""

    lane: int
    rules: RulesInForce
    stays: Stays
    now_ms: Callable[[], int]

    def after(self, result: Result, vehicle: Vehicle) -> StayChange | None:
        """The change of stay to be stored with this passage, which then takes the promised place over.

        The place is given back at once when there is none, since nobody came in or the lane leads nowhere any more, and
        when nobody knows whether he came in: that is held against nobody.
        """
        card = vehicle.credential
        if card is None or vehicle.side is None:
            return None
        zone = self._zone()
        change = None
        if zone is not None:
            promised = self.stays.promised(card.card_number, self.lane, vehicle.tapped_ms)
            stay = Stay(
                zone=zone,
                lane=self.lane,
                entered_ms=vehicle.tapped_ms,
                intent=vehicle.intent.sequence if vehicle.intent else None,
                passenger=vehicle.rides_with is not None,
                account=begun(promised.account, vehicle.intent) if promised else None,
            )
            change = after_passage(result, vehicle.side, card, stay)
        if change is None or result is Result.UNKNOWN:
            self.stays.give_back(card.card_number, self.lane, vehicle.tapped_ms)
        return change

    def after_fire(self) -> StayChange | None:
        """The boom was opened by a fire: who is in the zone is not certain any more (design 4, the exit)."""
        zone = self._zone()
        return None if zone is None else ZoneNeutral(zone, self.lane, self.now_ms())

    def opened(self, to_all: bool) -> StayChange | None:
        """Anybody may drive through from now on, or no longer; where stays are charged (design 6, 'Stays')."""
        rules, zone = self.rules.current(), self._zone()
        known = rules.policy.zone(zone) if rules and zone is not None else None
        if known is None or not (known.paid if to_all else self.stays.is_open_to_all(known.number, self.lane)):
            return None
        return ZoneOpened(known.number, self.lane, self.now_ms(), to_all)

    def _zone(self) -> int | None:
        rules = self.rules.current()
        lane = rules.policy.lane(self.lane) if rules else None
        return lane.zone if lane else None


def begun(account: Account | None, intent: EntryKey | None) -> Account | None:
    """The account of a stay that begins with this intent, unless it goes on with one from before."""
    if account is None or account.stay is not None or intent is None:
        return account
    return replace(account, stay=StayId(intent.epoch[:EPOCH_PREFIX_BYTES], intent.sequence))
