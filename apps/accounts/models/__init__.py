"""Account records, what they accepted, and what they were allowed."""

from apps.accounts.models.authorisations import Authorisation, AuthorisedAccount
from apps.accounts.models.records import Acceptance, Account, Activity, Identifier, Import, ImportRejection

__all__ = [
    "Acceptance",
    "Account",
    "Activity",
    "Authorisation",
    "AuthorisedAccount",
    "Identifier",
    "Import",
    "ImportRejection",
]
