"""A detector's record as its page shows it: how often it was right, its trials, and whether it is told."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncDate

from apps.alerts import queries, standing, verdicts
from apps.alerts.models import Calibration, Delivery, Detector, Verdict, Webhook
from apps.alerts.reliability.calibration import false_positive_rate
from apps.alerts.reliability.precision import RIGHT, WRONG, Precision
from apps.core.ui.formats import counted, number

POINTS = 24  # of a chart
State = Delivery.State


def of(detector: Detector, user) -> dict[str, Any]:
    """What the page needs beside the detector; a constant number of queries."""
    measured = verdicts.of_detector(detector)
    weighed = verdicts.that_weigh(detector) if detector.weighed_from else measured
    hook = Webhook.objects.filter(detector=detector).first()
    calibrations = list(Calibration.objects.filter(detector=detector).order_by("-recorded_at", "-id"))
    return {
        "measured": measured,
        "shown": shares(measured),
        "standing": standing.in_words(weighed, detector.declared_rate),
        "declared_share": "" if detector.declared_rate is None else f"{detector.declared_rate:.1%}",
        "declared_label": "" if detector.declared_rate is None else f"declared: {detector.declared_rate:.1%}",
        "course": _course(detector),
        "calibrations": [(one, _rate(one)) for one in calibrations],
        "trials": [_trial(one) for one in _spread(calibrations[::-1])] if len(calibrations) > 1 else [],
        "webhook": hook,
        "deliveries": _counts(detector, user) if hook else {},
    } | queries.signing(detector)


def shares(measured: Precision | None) -> dict[str, str] | None:
    """Precision and false share with their intervals, in per cent; None where nothing was decided."""
    if not measured or not measured.precision or not measured.false_share:
        return None
    names = ("estimate", "lower", "upper")
    true = {name: f"{share:.1%}" for name, share in zip(names, measured.precision, strict=True)}
    false = {f"false_{name}": f"{share:.1%}" for name, share in zip(names, measured.false_share, strict=True)}
    return true | false


def _course(detector: Detector) -> list[dict[str, Any]]:
    """The share of false groups as the record stood at the end of each day on which something was decided."""
    found = verdicts.standing_verdicts(detector).exclude(outcome=Verdict.Outcome.REOPENED)
    days = list(
        found.annotate(day=TruncDate("decided_at"))
        .order_by("day")
        .values_list("day")
        .annotate(
            right=Count("group", filter=Q(outcome__in=RIGHT), distinct=True),
            wrong=Count("group", filter=Q(dismissal__in=WRONG), distinct=True),
        )
    )
    right, wrong = accumulate(day[1] for day in days), accumulate(day[2] for day in days)
    stood = [(day[0], Precision(r, w)) for day, r, w in zip(days, right, wrong, strict=True) if r + w]
    return [
        _point(day, *(record.false_share or (0, 0, 1)), note=f"{number(record.wrong)} of {number(record.decided)}")
        for day, record in _spread(stood)
    ]


def _rate(one: Calibration) -> str:
    estimate, lower, upper = false_positive_rate(one.false_positives, one.n)
    return f"{estimate:.2%} ({lower:.2%} to {upper:.2%})"


def _trial(one: Calibration) -> dict[str, Any]:
    rate = false_positive_rate(one.false_positives, one.n)
    return _point(one.calibrated_on, *rate, note=f"{number(one.false_positives)} of {counted(one.n, 'case')}")


def _point(label: Any, estimate: float, lower: float, upper: float, *, note: str) -> dict[str, Any]:
    return {"label": label, "estimate": estimate, "lower": lower, "upper": upper, "note": note}


def _spread(rows: Sequence[Any]) -> list[Any]:
    """As many as a chart holds, evenly chosen; the newest is always among them."""
    step = -(-len(rows) // POINTS) or 1
    return list(rows[::-1][::step][::-1])


def _counts(detector: Detector, user) -> dict[str, int]:
    found = queries.visible_deliveries(user, detector)
    return found.aggregate(
        waiting=Count("id", filter=Q(state=State.WAITING)),
        delivered=Count("id", filter=Q(state=State.DELIVERED)),
        dead=Count("id", filter=Q(state=State.DEAD)),
    )
