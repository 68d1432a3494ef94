"""What texts about a case may rest on, for the check of their wording."""

from collections.abc import Iterable

from apps.cases.findings.wording import Ground
from apps.cases.models import AllowedWording, Case, Exhibit, Finding, FindingLevel
from apps.cases.standards.likelihood import SUBSTANTIATED


def allowed_words(case: Case) -> set[str]:
    """Words that counsel let stand in this case, in small letters."""
    return set(case.allowed_wordings.values_list("words", flat=True))


def allowed_wordings(case: Case) -> list[AllowedWording]:
    return list(case.allowed_wordings.select_related("allowed_by").order_by("allowed_at"))


def ground(case: Case, exhibits: Iterable[Exhibit] | None = None) -> Ground:
    """Of what is in the file; or of these exhibits alone."""
    carrying = case.exhibits.only("element", "family") if exhibits is None else exhibits
    pairs = [(exhibit.element, exhibit.family) for exhibit in carrying]
    return Ground({e for e, _ in pairs}, {f for _, f in pairs}, words=allowed_words(case))


def ground_of_finding(finding: Finding) -> Ground:
    """Of its exhibits, and of how far it attributes the conduct."""
    return _confirmed(finding.case, Finding.objects.filter(pk=finding.pk))


def ground_of_report(case: Case) -> Ground:
    """Of the exhibits and attributions of its confirmed findings."""
    return _confirmed(case, case.findings.filter(state=Finding.State.CONFIRMED))


def _confirmed(case: Case, findings) -> Ground:
    pairs = list(Exhibit.objects.filter(findings__finding__in=findings).values_list("element", "family"))
    levels = FindingLevel.objects.filter(finding__in=findings, confidence__in=SUBSTANTIATED)
    return Ground(
        {element for element, _ in pairs},
        {family for _, family in pairs},
        set(levels.values_list("level", flat=True)),
        allowed_words(case),
    )
