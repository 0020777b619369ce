"""The demo shop: sample machines, sample parts, and the ways to pay for their journey."""
