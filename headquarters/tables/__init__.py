"""The tables of headquarters' database beside the register's own: one module a subject."""
