"""A storm over the whole line: real gates, syncs, broker, collectors and database, all of them hit at random.

    act       a card laid on a reader, or an order of a person; written down, durably, before it is done
    deed      what the storm does to them: a kill, a cut, a full disk, an old image brought back ...
    weather   what becomes of messages between deeds: dropped, doubled, late, refused
    truth     the acts, and the traces of the simulated boards; never the journal
    promise   the number of an entry that a gate named to whoever acted: so it was durable
    aside     an entry of a past that ended: its terminal or headquarters' quarantine has it, headquarters' journal not

Read `storm` (the whole course), then `ground` (what it stands on), `acts`, `deeds` with `weather`, and `checking` (what
must hold in the end) with `findings` (what is there). `gate` is the gate's process with cards laid into it, `services`
starts processes again as a service manager does. `python -m tests.storm --help`; docs/storm.md.
"""
