"""The bytes of a card, bottom up: one read of a card at the gate, and what personalisation writes.

    apdu             native commands wrapped for ISO 7816, status words, and the ways a card can fail us
    diversification  a key of its own for each card, from a master key
    ev2              mutual authentication, session keys, MACs, encryption
    keys             who holds the master keys
    signed           what the signed files share: an issuer's signature, strict maps
    credential, qualifications, stay    the files' contents
    xs_key           the application on the chip, and `read_card`: start reading here
    personalise      what only an issuer does: create, change keys, write

The format is `docs/card-profile.md`.
"""
