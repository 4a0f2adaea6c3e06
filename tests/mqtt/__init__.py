"""The line to a broker, a real one, and what is said on it."""
