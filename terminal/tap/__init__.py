"""A tap: one card, from the field to the order that moves the barrier.

Read `story`, top to bottom; then `ports` (what it needs from outside, and what it comes to), `situation` (what it is
decided by), `paid` (the stay behind it, and what that costs), `entry` and `written` (what it writes, and how).
`service` is the story of a card where something is sold, `buying` what came of it, `risk` what a person must hear of a
charge.
"""
