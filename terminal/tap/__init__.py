"""A tap: one card, from the field to the order that moves the barrier.

Read `story`, top to bottom; then `ports` (what it needs from outside, and what it comes to) and `entry` (what it
writes).
"""
