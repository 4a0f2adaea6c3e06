"""Receipts: what a driver finds by the random code on the gate's screen.

    code       80 bits as 16 letters: `terminal.core.receipt_code`; here stands its hash only
    receipt    a charge that is settled, with its credits and what took its place: `finding`
    paper      the same in words, parts and lines, in one language: `paper`
    text, page what is shown of a paper: `text`, `page.html`

`serving` is the page's server, which asks nobody else for anything; `allowance` bounds how often one address may guess.
"""
