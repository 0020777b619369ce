"""How fast the shop is beside the smallest program that does the same work: see README.md."""
