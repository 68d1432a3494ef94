"""What people write on the pages of alerts, by what it is about."""
