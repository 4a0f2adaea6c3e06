"""Tests of the lane's shell against the simulated board, which runs as a process of its own."""
