"""The broker between headquarters and the terminals: its certificates, its set-up, its address.

Read `authority` (who is who), `setup` (a mosquitto configuration), `settings` (how headquarters reaches its broker).
"""
