"""The gate terminal: one card, one decision, one barrier, and a journal of all of it.

The words:

    credential   what is on the card, once its signature is believed
    rules        what headquarters says (issuers, status lists, site policy), once its signatures are believed
    decision     admit, admit-wait, desk or refuse, with a reason and who can help
    intent       an admitted tap, durable before anything moves
    lane         contacts and relays of one barrier, and the cycle it goes through
    owed         a vehicle that was admitted and has not passed yet; a lane has a queue of them
    order        what a person wants of a lane, written down before it moves
    mirror       the folder in which headquarters' files arrive; nothing in it is believed until verified

Read `tap.story` first: it is the story of one card, top to bottom. Then `core.access` (the decision), `core.barrier`
with `lane` (after the tap), `tap.service` with `service` (where something is sold), `orders` with `callers` (what
people may want of a lane), `card` (the conversation with the chip), `trust` (why rules are believed), `storage` (the
journal), `edges` (each thing that is plugged in). `gate` and `sync` put a process together each; `cli` starts them.

Upper may import lower, never the reverse: cli, the processes (gate, sync), the stories (tap, places, orders, recovery,
renewal, room), service, lane, alarms, (card, trust, storage, edges), ports, core, errors. The exact rows stand in
`pyproject.toml` and are checked.
"""
