"""The trail. Rooms write `from apps.audit.action import action` and `from apps.audit import ledger`."""
