from django.db.models import QuerySet

from apps.cases.queries import visible_cases
from apps.notices.models import Notice, NoticeTemplate


def visible_notices(user) -> QuerySet[Notice]:
    """Letters of the cases that this person may see."""
    notices = Notice.objects.select_related("case", "decision", "template", "account", "party", "drafted_by")
    return notices.filter(case__in=visible_cases(user)) if user.has_perm("notices.view") else notices.none()


def visible_templates(user) -> QuerySet[NoticeTemplate]:
    """Versions of the letters' wordings, newest first."""
    templates = NoticeTemplate.objects.order_by("kind", "-version")
    return templates if user.has_perm("notices.view") else templates.none()


def latest_template(kind: str) -> NoticeTemplate | None:
    """The wording that the next letter of a kind takes; None as long as the built-in one was never used."""
    return NoticeTemplate.objects.filter(kind=kind, language="en").order_by("-version").first()
