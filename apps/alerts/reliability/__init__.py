"""How often a detector is right: its trials, its measured precision, and how a page shows both."""
