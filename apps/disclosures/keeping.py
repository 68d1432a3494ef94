"""What of reports is held."""

from apps.disclosures.models import Bundle, Report
from apps.records.reach import part_of

part_of(Report, "case")
part_of(Bundle, "case")
