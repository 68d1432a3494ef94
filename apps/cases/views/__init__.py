"""Pages of cases, by what is on them."""
