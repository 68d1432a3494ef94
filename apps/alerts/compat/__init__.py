"""The addresses that other people's clients call, so that a detector made for another system works unchanged."""
