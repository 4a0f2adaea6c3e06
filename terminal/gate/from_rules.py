"""What the parts of a gate go by of the rules in force, asked each time anew: keys, time zone, retention."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from zoneinfo import ZoneInfo

from terminal.core.issuers import HeadquartersKey, SealingKey
from terminal.ports import RulesInForce


@dataclass(frozen=True, slots=True)
class FromRules:
    """Each answer is None, or empty, while no rules are in force. Nothing blocks; any thread."""

    rules: RulesInForce

    def sealing_key(self) -> SealingKey | None:
        """The key that entries are sealed to."""
        rules = self.rules.current()
        return rules.issuers.sealing[0] if rules else None

    def cosigners(self) -> Sequence[HeadquartersKey]:
        """Whose acknowledgements are believed."""
        rules = self.rules.current()
        return rules.issuers.acknowledgements if rules else ()

    def command_keys(self) -> Sequence[HeadquartersKey]:
        """Whose commands are carried out."""
        rules = self.rules.current()
        return rules.issuers.commands if rules else ()

    def time_zone(self) -> tzinfo | None:
        """The site's."""
        rules = self.rules.current()
        return ZoneInfo(rules.policy.time_zone) if rules else None

    def kept_days(self) -> int | None:
        """How long entries stay at the terminal once they are acknowledged."""
        rules = self.rules.current()
        return rules.policy.retention.terminal_days if rules else None
