"""Pages of letters: one, its wording, and the same letter to many."""
