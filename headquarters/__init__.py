"""Headquarters' end of the line: keys, register, and what the gates are told.

    key folder   every key of headquarters, a file each; `keys` reads them, `ceremony` makes them and signs the root
    register     sites, companies and cards, with who changed what and why, in one `database`
    list         a status list and all changes since; `lists` makes the two files from the register
    role         signed TUF metadata; `roles` builds and renews them
    tree         everything that is published at one moment, for all sites; `publisher` stores it, then shows it
    mirror       the part of a tree that belongs to one site, as a gate or a USB stick holds it

Read in that order. Command line: docs/headquarters.md; formats: docs/repository.md.
"""
