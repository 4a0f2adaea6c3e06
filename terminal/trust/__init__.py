"""Signed documents: from files that anybody may have touched to the rules that taps are decided by.

The words: the *mirror* is a folder that others fill; a *role* signs some files (TUF); *seen* is the newest that this
gate was ever shown, *in force* what it decides by; a *list* and its *changes* tell which cards are blocked.

Read in this order: `keeper` (the whole way, and the only door for others), `client` (what is believed), `seen`,
`mirror` (what may be read), `store` and `disk` (what survives a power cut), `contents` (from files to rules),
`status_list`, `documents`. The formats are in docs/repository.md.
"""
