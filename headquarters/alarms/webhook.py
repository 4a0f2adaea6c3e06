"""Posting a notice to a webhook, signed as the Standard Webhooks convention says (standardwebhooks.com)."""

import base64
import hmac
import http.client
from dataclasses import dataclass

from headquarters.alarms.notices import Notice
from headquarters.alarms.settings import Webhook

TIMEOUT_S = 10.0
"""How long a connection, and each answer on it, may take."""
LATER = frozenset({408, 425, 429})
"""Answers that mean the receiver, not this notice; so do all from 500 on."""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """It did not arrive. `by_receiver`: an answer to just this notice, which another try will hardly change."""

    why: str
    by_receiver: bool


def signature(secret: bytes, notice: str, at_s: int, body: bytes) -> str:
    """HMAC-SHA-256 over id, timestamp and body, joined by full stops; in base64, after its version."""
    signed = f"{notice}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()


def post(webhook: Webhook, notice: Notice, now_s: int) -> NotTaken | None:
    """Post one notice; None: the receiver took it. Blocks. No redirect is followed, and no answer's body is read."""
    body = notice.body.encode()
    headers = {
        "content-type": "application/json",
        "user-agent": "xs-headquarters",
        "webhook-id": notice.notice,
        "webhook-timestamp": str(now_s),
        "webhook-signature": signature(webhook.secret, notice.notice, now_s, body),
    }
    connection = http.client.HTTPSConnection(webhook.host, webhook.port, timeout=TIMEOUT_S, context=webhook.tls)
    try:
        connection.request("POST", webhook.path, body, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return NotTaken(str(error) or type(error).__name__, by_receiver=False)
    finally:
        connection.close()
    if 200 <= status < 300:
        return None
    return NotTaken(f"answered {status}", by_receiver=status < 500 and status not in LATER)
