"""Terms of service: documents, their versions as seen, their exact texts and clauses, and what people said of these."""

from apps.policies.models.provisions import Clause, Succession, Tagging
from apps.policies.models.texts import Document, RejectedRecord, Sighting, Text, Version

__all__ = ["Clause", "Document", "RejectedRecord", "Sighting", "Succession", "Tagging", "Text", "Version"]
