"""Payers: the employers that accepted the terms, and which of them the gates may let pay on account.

    payer      an employer and how he gets his statements; in the register of settlement
    standing   whether the terms hold, the credit check, the arrears: `standing`, with the rules that judge it
    changes    what commands and files change of it, each written down with who and why: `changes`, `importing`

A site's policy says whom the site lets pay and up to what. What is published is less: those of them that headquarters
knows and whom nothing stands against, with the lower of both limits (docs/payers.md, ADR 39).
"""
