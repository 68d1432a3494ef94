from dataclasses import dataclass
from datetime import date

import msgspec
from django.db.models import Count, Max, QuerySet

from apps.cases.models import Case
from apps.cases.queries import visible_cases
from apps.cases.sampling import Shown, size, upper_bound
from apps.notices import letter
from apps.notices.languages import SOURCE
from apps.notices.letter import Translation
from apps.notices.models import Mailing, Notice, NoticeTemplate, SampledLetter


def visible_notices(user) -> QuerySet[Notice]:
    """Letters of the cases that this person may see; a list of accounts, which may be long, is read when it is asked
    for."""
    notices = Notice.objects.select_related("case", "decision", "template", "account", "party", "drafted_by")
    notices = notices.defer("accounts_csv")
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


def translated_into(case: Case) -> set[str]:
    """The languages in which a letter of the case has translated sentences."""
    others = [language for language in NoticeTemplate.Language.values if language != SOURCE]
    return {language for language in others if translations_made(case, language)}


# --- mailings --------------------------------------------------------------------------------------------------------


def visible_mailings(user) -> QuerySet[Mailing]:
    """Mailings of the cases that this person may see."""
    mailings = Mailing.objects.select_related("case", "decision", "started_by", "approved_by")
    return mailings.filter(case__in=visible_cases(user)) if user.has_perm("notices.view") else mailings.none()


@dataclass(frozen=True)
class Progress:
    """How far a mailing is: its letters by state."""

    drafts: int
    numbered: int
    issued: int
    discarded: int

    @property
    def total(self) -> int:
        return self.drafts + self.numbered + self.issued + self.discarded


def progress(mailing: Mailing) -> Progress:
    states = dict(mailing.notices.order_by().values_list("state").annotate(Count("id")))
    return Progress(
        drafts=states.get(Notice.State.DRAFT, 0),
        numbered=states.get(Notice.State.ISSUING, 0),
        issued=states.get(Notice.State.ISSUED, 0),
        discarded=states.get(Notice.State.DISCARDED, 0),
    )


def sample_of(mailing: Mailing) -> list[SampledLetter]:
    """The letters that were drawn, in their order."""
    drawn = mailing.sample.select_related("notice__account", "notice__template", "marked_by")
    return list(drawn.order_by("position"))


@dataclass(frozen=True)
class ShownByLetters(Shown):
    """`added` of the letters were not drawn from all, but from those of a language: their being right says nothing of
    the others."""

    added: int = 0

    @property
    def most_wrong(self) -> int:
        return upper_bound(self.total, self.looked_at - self.added, self.wrong, self.confidence)


def shown_by(mailing: Mailing, sample: list[SampledLetter]) -> Shown:
    """What the marks of its sample show of all letters."""
    marks = [letter.mark for letter in sample]
    return ShownByLetters(
        added=max(0, len(sample) - size(mailing.notices.count(), mailing.at_most)),
        total=mailing.notices.exclude(state=Notice.State.DISCARDED).count(),
        drawn=len(sample),
        right=marks.count(SampledLetter.Mark.RIGHT),
        wrong=marks.count(SampledLetter.Mark.WRONG),
        unsure=0,
        confidence=0.95,
    )


def wordings_of(mailing: Mailing) -> QuerySet[NoticeTemplate]:
    """The wordings of a mailing, one a language, each with how many `letters` have it."""
    used = NoticeTemplate.objects.filter(notices__mailing=mailing)
    return used.annotate(letters=Count("notices")).order_by("language")


def first_unread(sample: list[SampledLetter]) -> SampledLetter | None:
    return next((letter for letter in sample if not letter.mark), None)


def unread_after(sampled: SampledLetter) -> SampledLetter | None:
    """The next drawn letter that nobody marked: behind this one, or else from the first on."""
    unread = sampled.mailing.sample.filter(mark="").exclude(pk=sampled.pk).order_by("position")
    return unread.filter(position__gt=sampled.position).first() or unread.first()


def problems(mailing: Mailing) -> list[str]:
    """What keeps letters of it from going out, in sentences."""
    found = mailing.pieces.exclude(problem="").order_by("ordinal").values_list("problem", flat=True)
    return [line for text in found for line in text.splitlines()]
