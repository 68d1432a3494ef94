"""Exhibits and explanations of a case, and how strong they are together."""

import re
from collections.abc import Iterable

from django.db.models import QuerySet

from apps.alerts.models import Detector
from apps.cases import strength
from apps.cases.findings.wrongful import Calibration, Expected, expected
from apps.cases.models import (
    Case,
    CaseGroup,
    Exhibit,
    Finding,
    FindingClause,
    FindingExhibit,
)
from apps.cases.queries.members import accounts_of_finding
from apps.evidence.models import Item, SuspectModel, TestRun
from apps.evidence.queries import visible_items

NEWEST_ITEMS = 200


def items_on_offer(user, case: Case) -> QuerySet[Item]:
    """Items that may become an exhibit: the newest ones that are none yet, as many as a choice list can hold."""
    free = visible_items(user).exclude(exhibits__case=case).order_by("-collected_at")
    return Item.objects.filter(pk__in=list(free.values_list("pk", flat=True)[:NEWEST_ITEMS])).order_by("-collected_at")


def groups(case: Case) -> QuerySet[CaseGroup]:
    return case.groups.select_related("group", "added_by").order_by("added_at")


# What makes a run large; its page alone needs it.
LARGE = ("inputs", "declared", "result", "submitted", "discrepancies", "custody")


def exhibits(case: Case) -> QuerySet[Exhibit]:
    found = case.exhibits.select_related("item", "item__test_run", "added_by").order_by("number")
    return found.defer(*(f"item__test_run__{name}" for name in LARGE))


def runs_on_suspects(found: strength.Strength, *, named_in: Iterable[str] = ()) -> QuerySet[TestRun]:
    """Every run on the suspects that the exhibits are about, and on those whose names stand in the texts."""
    about = {one.key for one in found.suspects} | _named(named_in)
    runs = TestRun.objects.filter(suspect__in=sorted(about, key=str)).select_related("suspect", "key")
    return runs.defer("inputs", "declared", "submitted", "custody")


def _named(texts: Iterable[str]) -> set[object]:
    """Keys of registered suspects whose names are in the texts, as whole words and in any case."""
    text = "\n".join(texts)
    known = SuspectModel.objects.values_list("pk", "name", "aliases") if text else ()
    return {key for key, name, aliases in known if any(_says(text, word) for word in (name, *aliases))}


def _says(text: str, name: str) -> bool:
    return bool(name) and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


def exhibits_of_finding(finding: Finding) -> QuerySet[FindingExhibit]:
    return finding.exhibits.select_related("exhibit__item__test_run").order_by("exhibit__number")


def clauses_of_finding(finding: Finding) -> QuerySet[FindingClause]:
    """The clauses that it cites, with their versions, in the order in which they are quoted."""
    rows = finding.clauses.select_related("version__document", "version__text", "clause").defer(
        "version__text__content"
    )
    return rows.order_by("version__document__name", "version__seen_at", "clause__ordinal")


def dependency_groups(case: Case) -> list[str]:
    """What the exhibits that have a likelihood ratio depend on, in order."""
    numbered = case.exhibits.filter(log10_lr__isnull=False)
    return list(numbered.order_by("dependency_group").values_list("dependency_group", flat=True).distinct())


# What is shown about the accounts themselves, and not about what became of the output.
ABOUT_ACCOUNTS = frozenset(Exhibit.Element) - {Exhibit.Element.TRAINING, Exhibit.Element.BENEFIT}


def calibrations(case: Case) -> list[Calibration]:
    """The detectors whose alerts the case is made of, as far as they have been calibrated."""
    found = Detector.objects.filter(alerts__group__in_case__case=case, calibration_n__isnull=False).distinct()
    return [Calibration(d.name, d.calibration_n, d.calibration_false_positives or 0) for d in found if d.calibration_n]


def expected_wrongful(case: Case, accounts: int, found: list[Exhibit] | None = None) -> Expected:
    """What a measure against so many accounts would hit wrongly; by these exhibits, or by all of the case."""
    carrying = [e for e in (exhibits(case) if found is None else found) if e.element in ABOUT_ACCOUNTS]
    together = strength.of(case, only=[e.pk for e in carrying]).combined
    return expected(accounts, together.log10_lr, calibrations(case))


def wrongful_of(finding: Finding, accounts: int | None = None) -> Expected:
    """What a measure against the accounts of a finding, as they are now, would hit wrongly, by its exhibits."""
    met = accounts_of_finding(finding).count() if accounts is None else accounts
    return expected_wrongful(finding.case, met, [row.exhibit for row in exhibits_of_finding(finding)])
