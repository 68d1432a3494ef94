"""Pages of alerts, by what is on them."""
