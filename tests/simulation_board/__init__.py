"""Tests of the simulated board: the model by a clock that tests move, the process by its socket and its trace."""
