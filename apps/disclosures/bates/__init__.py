"""Bates numbers: every page that leaves the house in a production has one of its own, on a copy."""
