"""Records management: what has to be kept (legal holds), what has to go (erasure, retention), and who said so."""

from apps.records.models.erasure import Erasure
from apps.records.models.hold import Custodian, HoldScope, LegalHold
from apps.records.models.retention import Confirmation, RetentionRun

__all__ = ["Confirmation", "Custodian", "Erasure", "HoldScope", "LegalHold", "RetentionRun"]
