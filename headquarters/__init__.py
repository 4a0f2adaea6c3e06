"""Headquarters' end of the line: keys, register, what the gates are told, and what they wrote.

    key folder   every key of headquarters, a file each; `keys` reads them, `ceremony` makes them and signs the root
    register     sites, companies and cards, with who changed what and why, in one `database`
    list         a status list and all changes since; `lists` makes the two files from the register
    role         signed TUF metadata; `roles` builds and renews them
    tree         everything that is published at one moment, for all sites; `publisher` stores it, then shows it
    mirror       the part of a tree that belongs to one site, as a gate or a USB stick holds it

    terminal     whose journal is taken, by its journal key; `terminals`
    epoch        a journal of a terminal as it is here: cursor, tree, what waits beyond; `epochs`, in `journal_tables`
    batch        entries that arrived; `arriving` reads, `storing` compares and proves, `collecting` is the transaction
    worker       takes batches from the broker, one after the other, and answers; `worker`, `collect` is its process
    fork         what contradicts a journal; `contradictions` puts it aside and raises the alarm
    alarm        `alarm_entries` hears the terminals', `watching` looks at the clock; `alarms` is the list of all
    notice       what is told of an alarm: `notices` is the outbox, `telling` empties it; `alarm_rounds` does all
    stay         `movements` of one journal, matched by `inside`; `disclosure` says who may be told
    proof        `verifying` recomputes the whole database, `proving` shows one entry to a stranger, `reading` to us

Read in that order. Command line: docs/headquarters.md; formats: docs/repository.md.
"""
