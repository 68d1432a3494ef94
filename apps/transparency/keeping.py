"""What of the export is held: statements with their letters, files with their statements. Nothing of it is about a
person: that is its rule."""

from apps.records.reach import brings, part_of
from apps.transparency.models import Batch, GeneralText, Statement

part_of(Statement, "notice")
part_of(GeneralText, "case")
brings(Statement, "id", "batch")
brings(Statement, "id", "export")
part_of(Batch, "export")
