"""Mailing notices through a local relay: those of a site that wait become one mail."""

import json
import smtplib
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from headquarters.alarms.notices import Notice
from headquarters.alarms.settings import Mail

TIMEOUT_S = 10.0
MAX_SHOWN = 20
"""So many alarms are told one by one; the others are counted."""


def summed_up(mail: Mail, told: Sequence[Notice], now_s: int) -> EmailMessage:
    """One mail about notices of one site, the oldest first."""
    alarms = [(body["event"], body["alarm"]) for body in (json.loads(each.body) for each in told)]
    site = told[0].site
    message = EmailMessage()
    message["From"] = mail.sender
    message["To"] = ", ".join(mail.to)
    message["Date"] = format_datetime(datetime.fromtimestamp(now_s, UTC))
    message["Message-ID"] = f"<{told[0].notice}@{mail.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    event, alarm = alarms[0]
    more = f" and {len(alarms) - 1} more" if len(alarms) > 1 else ""
    message["Subject"] = f"Site {site}: {alarm['name']} {event} at {alarm['terminal']}{more}"
    lines = [_line(event, alarm) for event, alarm in alarms[:MAX_SHOWN]]
    if len(alarms) > MAX_SHOWN:
        lines.append(f"and {len(alarms) - MAX_SHOWN} more")
    lines += ["", "All of them: xs-headquarters alarms list"]
    message.set_content("\n".join(lines) + "\n")
    return message


def send(mail: Mail, message: EmailMessage) -> str | None:
    """Hand it to the relay; None: it took it, else why not. Blocks."""
    try:
        with smtplib.SMTP(mail.relay, mail.port, timeout=TIMEOUT_S) as relay:
            relay.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        return str(error) or type(error).__name__
    return None


def _line(event: str, alarm: dict[str, Any]) -> str:
    words = [alarm["raised_at"] if event == "raised" else alarm["cleared_at"], f"{event:<7}", alarm["terminal"]]
    words += [] if alarm["lane"] is None else [f"lane {alarm['lane']}"]
    words += [alarm["about"], alarm["name"], alarm["say"]]
    words += [f"{alarm['times']} times"] if alarm["times"] > 1 else []
    return "  ".join(str(word) for word in [*words, f"(alarm {alarm['id']})"] if word)
