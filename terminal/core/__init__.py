"""The pure part: values in, values out. No I/O, no clock, no random source.

Read `credential` and `presented` (the card), `policy` and `rules` (what headquarters says), `reasons`, `situation` and
`access` (the decision), `barrier` (the cycle after it), `journal` (what is written down).
"""
