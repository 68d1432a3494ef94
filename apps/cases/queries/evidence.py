"""Exhibits and explanations of a case, and how strong they are together."""

from typing import Any

from django.db.models import QuerySet

from apps.alerts.models import Detector
from apps.cases.models import (
    Case,
    CaseGroup,
    Exhibit,
    Finding,
    FindingClause,
    FindingExhibit,
    Independence,
)
from apps.cases.queries.members import accounts_of_finding
from apps.cases.strength import Combined, Weighed, combine
from apps.cases.wrongful import Calibration, Expected, expected
from apps.evidence.models import Item
from apps.evidence.queries import visible_items

NEWEST_ITEMS = 200


def items_on_offer(user, case: Case) -> QuerySet[Item]:
    """Items that may become an exhibit: the newest ones that are none yet, as many as a choice list can hold."""
    free = visible_items(user).exclude(exhibits__case=case).order_by("-collected_at")
    return Item.objects.filter(pk__in=list(free.values_list("pk", flat=True)[:NEWEST_ITEMS])).order_by("-collected_at")


def groups(case: Case) -> QuerySet[CaseGroup]:
    return case.groups.select_related("group", "added_by").order_by("added_at")


def exhibits(case: Case) -> QuerySet[Exhibit]:
    return case.exhibits.select_related("item", "item__test_run", "added_by").order_by("number")


def exhibits_of_finding(finding: Finding) -> QuerySet[FindingExhibit]:
    return finding.exhibits.select_related("exhibit__item__test_run").order_by("exhibit__number")


def clauses_of_finding(finding: Finding) -> QuerySet[FindingClause]:
    """The clauses that it cites, with their versions, in the order in which they are quoted."""
    rows = finding.clauses.select_related("version__document", "version__text", "clause").defer(
        "version__text__content"
    )
    return rows.order_by("version__document__name", "version__seen_at", "clause__ordinal")


def weighed(found: list[Exhibit]) -> list[Weighed]:
    return [Weighed(e.label, e.dependency_group, e.log10_lr, e.log10_lr_cap, planned=_is_planned(e)) for e in found]


def _is_planned(exhibit: Exhibit) -> bool:
    run = getattr(exhibit.item, "test_run", None)
    return run is not None and not run.is_exploratory


def strength_rows(found: list[Exhibit]) -> list[dict[str, Any]]:
    """Rows of the strength chart."""
    return [
        {"label": f"{e.label} {e.item.title}", "value": e.log10_lr, "cap": e.log10_lr_cap, "note": _note(e)}
        for e in found
    ]


def _note(exhibit: Exhibit) -> str:
    if exhibit.log10_lr is None or exhibit.log10_lr_cap is None or exhibit.log10_lr < exhibit.log10_lr_cap:
        return ""
    return "capped by its validation"


def dependency_groups(case: Case) -> list[str]:
    """What the exhibits that have a likelihood ratio depend on, in order."""
    numbered = case.exhibits.filter(log10_lr__isnull=False)
    return list(numbered.order_by("dependency_group").values_list("dependency_group", flat=True).distinct())


def independence(case: Case) -> Independence | None:
    """The argument that stands, accepted or still to be reviewed."""
    standing = case.independences.exclude(state=Independence.State.REFUSED)
    return standing.select_related("argued_by", "reviewed_by").first()


def combined(case: Case, found: list[Exhibit]) -> Combined:
    """The exhibits together, by what was accepted about their independence."""
    argument = independence(case)
    accepted = argument.groups if argument and argument.state == Independence.State.ACCEPTED else ()
    return combine(weighed(found), accepted)


# What is shown about the accounts themselves, and not about what became of the output.
ABOUT_ACCOUNTS = frozenset(Exhibit.Element) - {Exhibit.Element.TRAINING, Exhibit.Element.BENEFIT}


def calibrations(case: Case) -> list[Calibration]:
    """The detectors whose alerts the case is made of, as far as they have been calibrated."""
    found = Detector.objects.filter(alerts__group__in_case__case=case, calibration_n__isnull=False).distinct()
    return [Calibration(d.name, d.calibration_n, d.calibration_false_positives or 0) for d in found if d.calibration_n]


def expected_wrongful(case: Case, accounts: int, found: list[Exhibit] | None = None) -> Expected:
    """What a measure against so many accounts would hit wrongly; by these exhibits, or by all of the case."""
    carrying = [e for e in (exhibits(case) if found is None else found) if e.element in ABOUT_ACCOUNTS]
    return expected(accounts, combined(case, carrying).log10_lr, calibrations(case))


def wrongful_of(finding: Finding, accounts: int | None = None) -> Expected:
    """What a measure against the accounts of a finding, as they are now, would hit wrongly, by its exhibits."""
    met = accounts_of_finding(finding).count() if accounts is None else accounts
    return expected_wrongful(finding.case, met, [row.exhibit for row in exhibits_of_finding(finding)])
