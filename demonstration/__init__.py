"""The demonstration: the whole system on one desk, virtual cards, a simulated barrier, and nothing faked between.

Read `cast` (who is there), `office` and `cardbench` (headquarters and its bench), `processes` (board and gate),
`line` (to headquarters and back, with `services` that start again what died, and `arrivals`, what came of each tap),
`desk` (all that outlives a lane), `serving` (a lane with board and gate, on which scenes play), `stage` (all of it
together), `steps` (what a line lets happen), `checking` (do the witnesses agree?) and `play` (which of it is wanted).

Then how it is told: `hearing` (what the gate's log means), `narrators` (JSON lines, or words). For a person at a
terminal: `view` and `trouble` (what he knows), `picture` (what he sees), `keys` (what he may press), `screen`, `live`.
"""
