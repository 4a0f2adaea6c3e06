"""The story of a tap, with everything real but the wire to the card."""
