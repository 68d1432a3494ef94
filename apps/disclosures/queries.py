from django.db.models import QuerySet

from apps.cases.queries import visible_cases
from apps.disclosures.models import Report


def visible_reports(user) -> QuerySet[Report]:
    """Reports of the cases that this person may see."""
    reports = Report.objects.select_related("case", "compiled_by", "released_by")
    return reports.filter(case__in=visible_cases(user)) if user.has_perm("disclosures.view") else reports.none()
