"""The tables of headquarters' database beside the register's own: `journal`, `announced`, `commands`, `stays`."""
