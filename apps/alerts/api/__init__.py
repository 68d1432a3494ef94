"""What programs send and read: alerts, and what became of them."""
