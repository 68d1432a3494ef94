"""What workers do for accounts."""

from apps.accounts.tasks import imports, linkage

__all__ = ["imports", "linkage"]
