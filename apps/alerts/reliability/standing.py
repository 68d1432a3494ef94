"""What a detector's word counts for: whether it is enough to take a group into a case, and when it is demoted."""

from collections.abc import Iterator, Sequence

from apps.alerts import folding
from apps.alerts.models import AlertGroup, Detector
from apps.alerts.reliability.precision import Precision, Standing, enough, standing
from apps.audit import ledger
from apps.core.ui.formats import counted, number

UNDECIDED = (AlertGroup.State.OPEN, AlertGroup.State.CLAIMED)
TOGETHER = 1000  # groups that are ranked anew in one statement


# --- taking a group into a case --------------------------------------------------------------------------------------


def why_not_alone(group: AlertGroup) -> str:
    """Why a person has to give a reason to take the group into a case; "" where one of its detectors stands alone."""
    detectors = list(Detector.objects.filter(slug__in=group.detectors).order_by("slug"))
    if any(detector.stands_alone for detector in detectors):
        return ""
    said = [f"{detector.name} {_fault(detector)}" for detector in detectors]
    if len(said) > 3:
        said = [*said[:2], f"{len(said) - 2} other detectors are no better off"]
    return f"No detector can take this into a case by itself: {', '.join(said)}."


def _fault(detector: Detector) -> str:
    return "is demoted" if detector.demoted_at else "was never tried on innocent cases"


# --- demotion --------------------------------------------------------------------------------------------------------


def why_demoted(measured: Precision, declared: float | None) -> str:
    """The sentence that goes on record with a demotion; "" where the record gives no ground for one."""
    found = standing(measured, declared)
    if declared is None or found not in (Standing.WORSE, Standing.NOT_BORNE_OUT) or not measured.false_share:
        return ""
    _, lower, upper = measured.false_share
    decided = f"{number(measured.wrong)} of {counted(measured.decided, 'decided group')} were false"
    if found == Standing.WORSE:
        return f"{decided}: with 95% confidence at least {lower:.1%} are, and it declares at most {declared:.1%}."
    return f"{decided}: with 95% confidence up to {upper:.1%} may be, and it declares at most {declared:.1%}."


def in_words(measured: Precision, declared: float | None) -> str:
    """How the record stands to the declared rate, and which figure will decide."""
    found = standing(measured, declared)
    if declared is None:
        return "No rate is declared, so nothing can demote it."
    ends = measured.false_share
    wait = f"The upper end is asked from {counted(enough(declared), 'decided group')} on."
    if ends is None:
        return f"It declares at most {declared:.1%}. Nothing is decided yet. {wait}"
    _, lower, upper = ends
    return {
        Standing.WORSE: f"Worse than declared: even the lower end, {lower:.1%}, lies above {declared:.1%}.",
        Standing.NOT_BORNE_OUT: f"Not borne out: the upper end, {upper:.1%}, has passed the declared {declared:.1%}.",
        Standing.BORNE_OUT: f"Borne out: even the upper end, {upper:.1%}, lies within the declared {declared:.1%}.",
    }.get(found, f"Not decided yet: the interval holds the declared {declared:.1%}. {wait}")


# --- the queue after it ----------------------------------------------------------------------------------------------


def undecided_of(detector: Detector) -> Iterator[list[AlertGroup]]:
    """Its undecided groups, so many at a time."""
    found = AlertGroup.objects.filter(state__in=UNDECIDED, detectors__contains=[detector.slug]).order_by("id")
    last = None
    while part := list((found if last is None else found.filter(pk__gt=last))[:TOGETHER]):
        last = part[-1].pk
        yield part


def describe_again(rows: ledger.Batch, groups: Sequence[AlertGroup]) -> None:
    """Write what follows from the facts of groups, which are as they were."""
    locked = AlertGroup.objects.filter(pk__in=[group.pk for group in groups], state__in=UNDECIDED).order_by("id")
    found = list(locked.select_for_update(no_key=True))
    slugs = {slug for group in found for slug in group.facts.get("detectors", [])}
    detectors = {detector.slug: detector for detector in Detector.objects.filter(slug__in=slugs)}
    drafts = []
    for group in found:
        if group.facts:
            known_as = folding.Stored(group.key, group.facts, group.first_received_at)
            drafts.append({"id": str(group.pk)} | folding.describe(known_as, group.facts, detectors))
    folding.update(rows, drafts)
