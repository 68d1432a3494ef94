from datetime import date

import msgspec
from django.db.models import Max, QuerySet

from apps.cases.models import Case
from apps.cases.queries import visible_cases
from apps.notices import letter
from apps.notices.languages import SOURCE
from apps.notices.letter import Translation
from apps.notices.models import Notice, NoticeTemplate


def visible_notices(user) -> QuerySet[Notice]:
    """Letters of the cases that this person may see."""
    notices = Notice.objects.select_related("case", "decision", "template", "account", "party", "drafted_by")
    return notices.filter(case__in=visible_cases(user)) if user.has_perm("notices.view") else notices.none()


def visible_templates(user) -> QuerySet[NoticeTemplate]:
    """Versions of the letters' wordings, newest first."""
    templates = NoticeTemplate.objects.select_related("proposed_by", "reviewed_by").order_by(
        "kind", "language", "-version"
    )
    return templates if user.has_perm("notices.view") else templates.none()


def template_in_effect(kind: str, language: str, on: date) -> NoticeTemplate | None:
    """The approved wording of a day (UTC); None as long as the built-in one was never used. Of two that take effect on
    one day the later version counts."""
    approved = NoticeTemplate.objects.filter(kind=kind, language=language, state=NoticeTemplate.State.APPROVED)
    return approved.filter(effective_from__lte=on).order_by("-effective_from", "-version").first()


def wording_in_effect(kind: str, language: str, on: date) -> str:
    """The words that a letter of a day takes."""
    found = template_in_effect(kind, language, on)
    return found.content if found else letter.built_in(kind, language)


def wording_before(template: NoticeTemplate) -> NoticeTemplate | None:
    """The approved version that a version takes the place of, or took."""
    approved = NoticeTemplate.objects.filter(
        kind=template.kind, language=template.language, state=NoticeTemplate.State.APPROVED
    )
    return approved.filter(version__lt=template.version).order_by("-version").first()


def next_version(kind: str, language: str) -> int:
    last = NoticeTemplate.objects.filter(kind=kind, language=language).aggregate(last=Max("version"))["last"]
    return (last or 0) + 1


def translations_made(case: Case, language: str) -> tuple[Translation, ...]:
    """What was translated for earlier letters of a case: the latest text of each sentence."""
    if language == SOURCE:
        return ()
    letters = Notice.objects.filter(case=case, template__language=language).order_by("-drafted_at")
    found: dict[str, Translation] = {}
    for made in letters.values_list("facts__translations", flat=True)[:20]:
        for item in msgspec.convert(made or [], list[Translation]):
            if item.text:
                found.setdefault(item.source, item)
    return tuple(found.values())
