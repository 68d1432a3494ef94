"""Account records, what they accepted, what they were allowed, and which belong together."""

from apps.accounts.models.authorisations import Authorisation, AuthorisedAccount
from apps.accounts.models.records import Acceptance, Account, Activity, Identifier, Import, ImportRejection
from apps.accounts.models.rings import CommonValue, Link, LinkageRun, Ring, RingMember, Tie

__all__ = [
    "Acceptance",
    "Account",
    "Activity",
    "Authorisation",
    "AuthorisedAccount",
    "CommonValue",
    "Identifier",
    "Import",
    "ImportRejection",
    "Link",
    "LinkageRun",
    "Ring",
    "RingMember",
    "Tie",
]
