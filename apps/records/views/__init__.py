"""Pages of what has to stay and what has to go."""
