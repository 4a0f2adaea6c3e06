"""The demonstration: the whole system on one desk, virtual cards, a simulated barrier, and nothing faked between.

Read `cast` (who is there), `stage` (keys, lists, cards and processes made by the real commands), `events` (what a
person or a script sees) and `play` (the prompt and the script).
"""
