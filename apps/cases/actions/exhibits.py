"""Evidence in the file, and the explanations it is weighed against."""

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.cases import drills, queries
from apps.cases.claims import grading
from apps.cases.findings import wording
from apps.cases.models import Assessment, Case, Exhibit, Explanation
from apps.cases.standards import alternatives, families
from apps.evidence.fingerprints import TESTS
from apps.evidence.fingerprints.strength import LARGEST_LR
from apps.evidence.models import Item
from apps.evidence.queries import is_damaged

LARGEST_CAP = 6.0  # log10 of LARGEST_LR: beyond it, errors of procedure dominate
assert 10**LARGEST_CAP == LARGEST_LR


@action
def add_exhibit(
    case: Case,
    *,
    item: Item,
    shows: str,
    element: str,
    by,
    dependency_group: str = "",
    family: str = "",
    log10_lr: float | None = None,
    log10_lr_cap: float | None = None,
) -> Exhibit:
    """Put an item into the file as the next exhibit. The strength and family of a test run are its own; no others are
    believed. Without one the family follows from the kind of item.

    A ratio given by hand needs the cap that its validation carries, and is kept no larger. Raises ValidationError for a
    damaged item, a ratio without a cap, or a dependency group that is missing.
    """
    if is_damaged(item):
        raise ValidationError(f"{item.ref} is not what was collected: nothing may rest on it.")
    for other in item.exhibits.select_related("case")[:1]:
        drills.refuse_mixing(case, other.case.drill, f"{item.ref}, {other.label} of {other.case.ref},")
    run = getattr(item, "test_run", None)
    if run is not None:
        if run.unfit_because:
            raise ValidationError(run.unfit_because)
        log10_lr, log10_lr_cap = run.log10_lr_reported, run.log10_lr_cap
        dependency_group = dependency_group or run.dependency_group
        family = TESTS[run.test_id].family if run.test_id in TESTS else families.OTHER
    grading.refuse_strength(item, log10_lr)
    if not dependency_group.strip():
        raise ValidationError(
            {"dependency_group": "Name the source it depends on (a log, a key), so that nothing is counted twice."}
        )
    if not shows.strip():
        raise ValidationError({"shows": "Say in one sentence what it shows."})
    family = family or families.of_kind(item.kind)
    ground = wording.Ground({element}, {family}, words=queries.allowed_words(case))
    wording.check_sentence(shows, field="shows", ground=ground)
    return ledger.create(
        Exhibit,
        case=case,
        number=1 + (case.exhibits.aggregate(last=Max("number"))["last"] or 0),
        item=item,
        shows=shows.strip(),
        element=element,
        family=family,
        dependency_group=dependency_group.strip(),
        added_by=by,
        added_at=timezone.now(),
        **_strength(log10_lr, log10_lr_cap),
    )


def _strength(log10_lr: float | None, cap: float | None) -> dict[str, float | None]:
    if log10_lr is None:
        return {"log10_lr": None, "log10_lr_cap": None}
    if cap is None:
        raise ValidationError(
            {"log10_lr_cap": "A likelihood ratio is worth what its validation carries: give the cap (TPR / FPR bound)."}
        )
    if not 0 <= cap <= LARGEST_CAP:
        raise ValidationError({"log10_lr_cap": f"The cap lies between 0 and {LARGEST_CAP:g}."})
    return {"log10_lr": min(log10_lr, cap), "log10_lr_cap": cap}


@action
def raise_explanation(case: Case, *, hypothesis: str, by) -> Explanation:
    """Put another explanation on the table; it then has to be looked into before anything is concluded."""
    if hypothesis not in alternatives.ALTERNATIVES:
        raise ValidationError({"hypothesis": f"The register has no explanation “{hypothesis}”."})
    return ledger.create(Explanation, case=case, hypothesis=hypothesis, raised_by=by, raised_at=timezone.now())


@action
def assess_explanation(explanation: Explanation, *, status: str, conclusion: str, by) -> None:
    """Say what was looked at and what it showed; or that nobody could test it, why, and that it is not excluded."""
    if status == Explanation.Status.UNTESTED:
        raise ValidationError({"status": "Say what the test showed; an untested explanation needs no assessment."})
    if not conclusion.strip():
        raise ValidationError({"conclusion": "Say what was looked at and what it showed."})
    ground = queries.ground(explanation.case)
    wording.check_sentence(conclusion, field="conclusion", ground=ground)
    ledger.change(explanation, status=status, conclusion=conclusion.strip(), assessed_by=by, assessed_at=timezone.now())


@action
def rate_exhibit(exhibit: Exhibit, *, rating: str, by, explanation: Explanation | None = None) -> Assessment:
    """Fill one cell of the matrix: does the exhibit fit this explanation, or, without one, what is suspected?"""
    if explanation and exhibit.case_id != explanation.case_id:
        raise ValidationError("The exhibit belongs to another case.")
    cell = Assessment.objects.filter(explanation=explanation, exhibit=exhibit).first()
    values = {"rating": rating, "rated_by": by, "rated_at": timezone.now()}
    if cell:
        return ledger.change(cell, **values)
    return ledger.create(Assessment, case_id=exhibit.case_id, explanation=explanation, exhibit=exhibit, **values)
