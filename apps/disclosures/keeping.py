"""What of reports is held."""

from apps.disclosures.models import Report
from apps.records.reach import part_of

part_of(Report, "case")
