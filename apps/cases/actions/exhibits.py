"""Evidence in the file, and the explanations it is weighed against."""

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.cases import grading, wording
from apps.cases.models import Assessment, Case, Exhibit, Explanation
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
    log10_lr: float | None = None,
    log10_lr_cap: float | None = None,
) -> Exhibit:
    """Put an item into the file as the next exhibit. The strength of a test run is its own; no other is believed.

    A ratio given by hand needs the cap that its validation carries, and is kept no larger. Raises ValidationError for a
    damaged item, a ratio without a cap, or a dependency group that is missing.
    """
    if is_damaged(item):
        raise ValidationError(f"{item.ref} is not what was collected: nothing may rest on it.")
    run = getattr(item, "test_run", None)
    if run is not None:
        if run.unfit_because:
            raise ValidationError(run.unfit_because)
        log10_lr, log10_lr_cap = run.log10_lr_reported, run.log10_lr_cap
        dependency_group = dependency_group or run.dependency_group
    grading.refuse_strength(item, log10_lr)
    if not dependency_group.strip():
        raise ValidationError(
            {"dependency_group": "Name the source it depends on (a log, a key), so that nothing is counted twice."}
        )
    if not shows.strip():
        raise ValidationError({"shows": "Say in one sentence what it shows."})
    wording.check_sentence(shows, field="shows", elements={element})
    return ledger.create(
        Exhibit,
        case=case,
        number=1 + (case.exhibits.aggregate(last=Max("number"))["last"] or 0),
        item=item,
        shows=shows.strip(),
        element=element,
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
    """Put an innocent explanation on the table; it then has to be tested before anything is concluded."""
    return ledger.create(Explanation, case=case, hypothesis=hypothesis, raised_by=by, raised_at=timezone.now())


@action
def assess_explanation(explanation: Explanation, *, status: str, conclusion: str, by) -> None:
    """Say what was looked at and what it showed."""
    if status == Explanation.Status.UNTESTED:
        raise ValidationError({"status": "Say what the test showed; an untested explanation needs no assessment."})
    if not conclusion.strip():
        raise ValidationError({"conclusion": "Say what was looked at and what it showed."})
    elements = set(explanation.case.exhibits.values_list("element", flat=True))
    wording.check_sentence(conclusion, field="conclusion", elements=elements)
    ledger.change(explanation, status=status, conclusion=conclusion.strip(), assessed_by=by, assessed_at=timezone.now())


@action
def rate_exhibit(explanation: Explanation, *, exhibit: Exhibit, rating: str, by) -> Assessment:
    """Fill one cell of the matrix: does the exhibit fit the explanation?"""
    if exhibit.case_id != explanation.case_id:
        raise ValidationError("The exhibit belongs to another case.")
    cell = Assessment.objects.filter(explanation=explanation, exhibit=exhibit).first()
    values = {"rating": rating, "rated_by": by, "rated_at": timezone.now()}
    if cell:
        return ledger.change(cell, **values)
    return ledger.create(Assessment, case_id=explanation.case_id, explanation=explanation, exhibit=exhibit, **values)
