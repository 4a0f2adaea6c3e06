"""Telling about alarms: from the outbox to each channel, later again when it does not arrive."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from headquarters.alarms.mailing import send, summed_up
from headquarters.alarms.notices import Notice, claim, failed, sent, sites_due
from headquarters.alarms.settings import AlarmSettings, Mail, Webhook
from headquarters.alarms.webhook import post
from headquarters.database import Database

FIRST_AGAIN_S, LAST_AGAIN_S = 5, 3600
MAX_REFUSED = 10
"""How often a receiver may refuse one and the same notice before that is given up."""
POSTS_AT_ONCE = 50
"""So many are posted to a webhook before the next channel has its turn."""
MAILS_APART_S = 60
MAX_SUMMED_UP = 1000

log = structlog.get_logger()


def again_after_s(failures: int, chance: float) -> int:
    """How long to wait after so many failures: twice as long each time, less up to half of it by `chance` (0 to 1)."""
    longest = min(FIRST_AGAIN_S << min(failures - 1, 16), LAST_AGAIN_S)
    return int(longest * (1 - chance / 2))


@dataclass(slots=True)
class Teller:
    """Sends what is due. `now_s` and `chance` are asked at each step: sending takes time."""

    database: Database
    settings: AlarmSettings
    now_s: Callable[[], int]
    chance: Callable[[], float]
    stop: Callable[[], bool] = lambda: False
    """Asked before each; True: leave the rest for later."""
    _away: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Channels that did not answer: how often in a row, and until when they are left alone."""

    def tell(self) -> int:
        """Send what is due now, within bounds; tells how many notices arrived. Blocks for what the receivers take.

        Raises:
            StorageError: the database is at fault.
        """
        return sum(map(self._post, self.settings.webhooks)) + sum(map(self._mail, self.settings.mails))

    def _post(self, webhook: Webhook) -> int:
        arrived = 0
        for _ in range(POSTS_AT_ONCE):
            if self.stop() or self._is_away(webhook.channel):
                break
            if not (taken := claim(self.database, webhook.channel, self.now_s())):
                break
            refusal = post(webhook, taken[0], self.now_s())
            if refusal is None:
                self._arrived(webhook.channel, taken)
                arrived += 1
            elif refusal.by_receiver:
                self._refused(webhook.channel, taken, refusal.why)
            else:
                self._put_off(webhook.channel, taken, refusal.why)
        return arrived

    def _mail(self, mail: Mail) -> int:
        arrived = 0
        now_s = self.now_s()
        for site in sites_due(self.database, mail.channel, now_s, not_tried_since_s=now_s - MAILS_APART_S):
            if self.stop() or self._is_away(mail.channel):
                break
            taken = claim(self.database, mail.channel, now_s, site=site, limit=MAX_SUMMED_UP)
            if not taken:  # another who watches was faster
                continue
            why = send(mail, summed_up(mail, taken, now_s))
            if why is None:
                self._arrived(mail.channel, taken)
                arrived += len(taken)
            else:
                self._put_off(mail.channel, taken, why)
        return arrived

    def _is_away(self, channel: str) -> bool:
        return channel in self._away and self._away[channel][1] > self.now_s()

    def _arrived(self, channel: str, taken: Sequence[Notice]) -> None:
        self._away.pop(channel, None)
        sent(self.database, taken, self.now_s())

    def _refused(self, channel: str, taken: Sequence[Notice], why: str) -> None:
        hopeless = taken[0].attempts >= MAX_REFUSED
        log.warning("notice-refused", channel=channel, notice=taken[0].notice, why=why, given_up=hopeless)
        due_at = None if hopeless else self.now_s() + again_after_s(taken[0].attempts, self.chance())
        failed(self.database, taken, why, due_at=due_at, now_s=self.now_s())

    def _put_off(self, channel: str, taken: Sequence[Notice], why: str) -> None:
        failures = self._away.get(channel, (0, 0))[0] + 1
        until = self.now_s() + again_after_s(failures, self.chance())
        self._away[channel] = failures, until
        log.warning("notices-wait", channel=channel, why=why, failures=failures)
        failed(self.database, taken, why, due_at=until, now_s=self.now_s())
