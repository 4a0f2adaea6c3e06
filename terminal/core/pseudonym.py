"""The pseudonym of the day: what the public part of an entry calls a card (design 7, 'Entries').

Under one day key the same card has the same pseudonym, so that a day can be understood on site. The key is random
and destroyed when its day ends; after that nobody can link the day to another or to a card number.
"""

import hmac

DAY_KEY_BYTES = 32
PSEUDONYM_BYTES = 8


def pseudonym(day_key: bytes, card_number: bytes) -> bytes:
    """The first 8 bytes of HMAC-SHA-256(day key, card number)."""
    return hmac.digest(day_key, card_number, "sha256")[:PSEUDONYM_BYTES]
