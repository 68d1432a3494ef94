"""What programs post about accounts, and what they read of rings."""
