"""The same table under our trail, under other people's, and under none; measured by benchmarks/trail.py."""
