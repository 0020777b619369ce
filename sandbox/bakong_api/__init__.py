"""Bakong's Open API as far as the shop uses it, and a banking app that scans KHQR codes."""
