"""The outermost wire, made of software: cards that behave like chips, and a lane with its barrier and its vehicles.

chip       a DESFire EV2 as its documentation describes it, with its status words, rights and transactions
slot       where a chip is laid on a virtual reader, and taken away
misbehaviour   what goes wrong with a card in a lane, as data
board      relays and contacts of up to four lanes, as a process that outlives the gate
logic      how a barrier's controller takes orders: impulse, impulse-count, step or hold
body       what a vehicle is to a loop and to the boom; a driver has a temperament and is told movements
wiring     what lies between a contact and what the gate is told: a wire, bounces, debouncing
trace      every change on the board, a JSON object a line
scene      what happens at a lane and what must come of it, as text
stage      what a scene is played on: a lane, its surroundings and a gate

Cards: read `vpcd` (a slot), `pcscd` (the daemon), then the package `card`. The lane: `boom`, `controller`, `logics`,
`vehicle`, `driver`, `traffic`, `wiring`, then `lane`, which joins them, `surroundings` (what the world may do to it),
`board` and `world` (the two ends of its socket). Scenes: `scene_words`, `scene`, `stage`, `scene_run`.
"""
