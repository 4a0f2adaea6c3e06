"""One lane after the tap: contacts and timers go in; relays and entries come out.

    inbox     what reaches the lane's thread, in the order in which it came
    lines     the relays and contacts of the lane, as long as there is a board
    acts      what an order of the table does: relays, timers, entries
    journal   what the lane writes down, without waiting for the disk; `bound` holds how often it may say the same
    ends      passages on their way to the disk, of all lanes, in the order in which they ended
    kept      what outlives the run: a fire, an arm that came off, a lock, a hold, a pause

`core.barrier` decides, this obeys. Read `shell` (the thread), then `acts`, `lines` and `journal`; `ports` is what a
lane needs from outside.
"""
