"""What the end of a passage means for the place that the tap had promised, and for the stay (design 5, last table)."""

from dataclasses import dataclass
from typing import Literal

from terminal.core.barrier_words import Result
from terminal.core.stay import Stay, StayChange, after_passage
from terminal.lane_journal import Vehicle
from terminal.ports import RulesInForce, Stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The places behind one lane. Called on the lane's thread; never blocks for the disk."""

    lane: int
    direction: Literal["entry", "exit"]
    rules: RulesInForce
    stays: Stays

    def after(self, result: Result, vehicle: Vehicle) -> StayChange | None:
        """The change of stay to be stored with this passage, which then takes the promised place over.

        The place is given back at once when there is none, since nobody came in or the lane leads nowhere any more, and
        when nobody knows whether he came in: that is held against nobody.
        """
        card = vehicle.credential
        if card is None:
            return None
        rules = self.rules.current()
        rules_of_lane = rules.policy.lane(self.lane) if rules else None
        change = None
        if rules_of_lane is not None:
            intent = vehicle.intent.sequence if vehicle.intent else None
            stay = Stay(zone=rules_of_lane.zone, lane=self.lane, entered_ms=vehicle.tapped_ms, intent=intent)
            change = after_passage(result, self.direction, card, stay)
        if change is None or result is Result.UNKNOWN:
            self.stays.give_back(card.card_number, self.lane, vehicle.tapped_ms)
        return change
