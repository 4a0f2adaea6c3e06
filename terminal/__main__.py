"""`python -m terminal`: the same as `xs-terminal`."""

from terminal.cli import main

main()
