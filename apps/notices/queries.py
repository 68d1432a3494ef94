from django.db.models import QuerySet

from apps.cases.queries import visible_cases
from apps.notices.models import Notice


def visible_notices(user) -> QuerySet[Notice]:
    """Letters of the cases that this person may see."""
    notices = Notice.objects.select_related("case", "decision", "template", "account", "party", "drafted_by")
    return notices.filter(case__in=visible_cases(user)) if user.has_perm("notices.view") else notices.none()
