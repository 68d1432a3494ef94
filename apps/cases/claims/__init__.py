"""Claims of others: how they are graded, and how their numbers are said."""
