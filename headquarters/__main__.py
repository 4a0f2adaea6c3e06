"""`python -m headquarters`: the same as `xs-headquarters`."""

from headquarters.cli.main import main

main()
