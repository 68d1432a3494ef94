"""Runs of fingerprint tests between their submission and their record: what is declared, planned, sealed, computed."""
