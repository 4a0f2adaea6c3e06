"""The demonstration: the whole system on one desk, virtual cards, a simulated barrier, and nothing faked between.

Read `cast` (who is there), `office` and `cardbench` (headquarters and its bench), `processes` (board and gate), `stage`
(all of it together), `narrators` (what a person or a script sees) and `play` (the prompt and the script).
"""
