"""The command line `xs-headquarters`: a module a group of commands; `main` puts them together, `context` is shared."""
